"""Parts of pages that say how sure a figure is, over the shipped sample and over small tables."""

import re
from dataclasses import replace

import msgspec
import pandas as pd
import pytest
from conftest import ROOT

from cxzy_lib.measure.comparability import GRADES
from cxzy_lib.present import change_charts, evidence_columns, evidence_pages, pages
from cxzy_lib.present.blocks import Block
from cxzy_lib.present.report import open_report

PARTS = ("changes", "registry", "index", "response", "reliability", "raters", "units", "returns")
CHINESE = re.compile("[\u4e00-\u9fff]")


def words(block):
    return re.sub(r"<[^>]+>", " ", block.html)


def part(report, name):
    function = getattr(evidence_pages, f"{name}_part", None) or getattr(evidence_pages, f"{name}_table")
    return function(report)


@pytest.fixture(scope="module")
def report(sample_edition):
    return open_report(
        processed=sample_edition["processed"], campaign=ROOT / "campaign", audience="leadership"
    )


def setting(report, name, value):
    settings = report.campaign.settings
    changed = {name: msgspec.structs.replace(settings[name], value=value)}
    return replace(report, campaign=replace(report.campaign, settings=settings | changed), numbers={})


def test_every_comparison_of_the_page_is_counted_drawn_and_told(report):
    html = part(report, "changes").html
    found = report.verdicts.changes
    assert f"共作 {found['compared'].iloc[0]} 项比较和检验" in html
    assert (found["verdict"] != "not_comparable").sum() + len(report.verdicts.trends) == found[
        "compared"
    ].iloc[0]
    rows = evidence_columns.written_changes(found, report.campaign, "zh")
    assert len(rows) == len(found) == 13
    assert html.count('<th scope="row"') == len(rows) + len(report.verdicts.trends)


def test_only_what_is_comparable_is_drawn_and_only_what_is_told_is_filled(report):
    found = report.verdicts.changes.copy()
    found.loc[0, ["verdict", "difference", "low", "high"]] = ["rose", 0.2, 0.1, 0.3]
    found.loc[1, "verdict"] = "not_comparable"
    found.loc[1, ["difference", "low", "high"]] = pd.NA
    ax = change_charts.change_dots(found, report.campaign)
    filled, hollow = [line for line in ax.lines if line.get_marker() == "o"]
    assert filled.get_markerfacecolor() != "white"
    assert hollow.get_markerfacecolor() == "white"
    assert list(filled.get_xdata()) == [pytest.approx(20)]
    assert len(hollow.get_xdata()) == 10  # twelve over time, one told and one not comparable
    spans = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    assert spans[0] == pytest.approx([10, 30])
    assert not [
        line for line in ax.lines if line is not filled and line is not hollow and len(line.get_xdata()) > 2
    ]


def test_the_registry_counts_its_grades_and_tells_why(report):
    told = words(part(report, "registry"))
    assert "共登记 60 项次：可比 36，供参照 12，不可比 0，首次 12。" in told
    assert told.count("量表变化，只比最高等次") == 12
    assert set(GRADES) == {"comparable", "flagged", "not_comparable"}


def test_the_index_stands_with_its_interval_and_dispersion(report):
    told = re.sub(r"\s+", " ", words(part(report, "index")))
    # 24 ballots of 30: 18 at 100, 4 at 80, 1 at 60, 1 at 40 points.
    assert "2012年春 群众 满意四级 92.5 (89.6 – 95.4) 15.4 24" in told


def test_the_silent_are_counted_by_group_and_weights_never_fill_a_gap(report):
    told = re.sub(r"\s+", " ", words(part(report, "response")))
    assert "2012年春 群众 30 29 27 26 4 93.1% 86.7%" in told
    assert "没有设定各类评议人的权重" in told
    weighted = setting(report, "group_weights", {"member": 0.6, "nonmember": 0.4})
    assert "折合满意率 82.9%" in words(part(weighted, "response"))  # 0.6 * 88.2 + 0.4 * 75
    lacking = setting(report, "group_weights", {"member": 0.5, "nonmember": 0.3, "organisation": 0.2})
    told = words(part(lacking, "response"))
    assert "缺支部评定的结果，不计加权满意率" in told
    assert "66.6% 至 86.6%" in told


def test_raking_stands_beside_the_raw_rate_or_says_why_it_cannot(report):
    sizes = {"member": {"unit": {"第一支部": 110}}, "nonmember": {"unit": {"第二支部": 30}}}
    tables = {
        name: frame.assign(unit=frame["unit"].mask(frame["occasion"].eq("satisfaction"), "第一支部"))
        for name, frame in (("votes", report.tables.votes), ("turnout", report.tables.turnout))
    }
    here = replace(report, tables=replace(report.tables, **tables), numbers={})
    told = words(part(setting(here, "raking", sizes), "response"))
    assert "党员满意率未加权 88.2%，按单位的已知人数加权后 88.2%（设计效应 1.00，102 票）" in told
    assert "群众满意率不能按已知人数加权：单位中有 2 类只有票或只有人数，对不上。" in told
    only = words(part(setting(here, "raking", {"member": sizes["member"]}), "response"))
    assert "群众满意率" not in only  # sizes are those of a group of raters, never of all


def test_groups_on_two_scales_are_not_weighted_together_and_draw_no_line(report):
    votes = report.tables.votes.copy()
    last = votes["occasion_id"].eq("satisfaction-2012-06-20")
    votes.loc[last & votes["rater_group"].eq("member"), "scale"] = "sat3"
    apart = replace(report, tables=replace(report.tables, votes=votes), numbers={})
    told = words(part(setting(apart, "group_weights", {"member": 0.6, "nonmember": 0.4}), "response"))
    assert "所用的量表不同，满意率不能加权合成" in told
    assert "折合满意率" not in told
    rates = pd.DataFrame(
        {"semester": ["2011-2012-2"] * 2, "rater_group": "member", "scale": ["sat3", "sat4"]}
    )
    block = pages.trend_figure(apart, rates, Block("<table></table>"))
    assert "几种量表" in block.html
    assert "<table>" in block.html


def test_the_scale_of_several_items_says_its_rule_for_missing_answers(report):
    told = words(part(report, "reliability"))
    assert "6 题、130 份答卷，Cronbach α = 0.02" in told
    assert "缺答成对删除" in told
    assert "只用各题都答的答卷" in words(part(setting(report, "scale_missing", "listwise"), "reliability"))


def test_raters_are_told_by_group_and_nobody_by_name(report):
    told = words(part(report, "raters"))
    assert "2012年民主评议" in told
    for group in ("党员", "群众", "自评", "支部评定"):
        assert group in told
    assert not [name for name in report.names if name in told]
    assert "选票不记名" in told
    assert re.search(r"被评议的 110 人中有 \d+ 人的先后次序会变", told)
    assert "区间下限" not in told
    votes = report.tables.votes
    undated = votes.assign(year=votes["year"].mask(votes["occasion"].eq("member")))
    nothing = replace(report, tables=replace(report.tables, votes=undated), numbers={})
    assert "没有写明年份" in words(part(nothing, "raters"))


def test_branches_are_compared_without_a_league_table(report):
    html = part(report, "units").html
    order = [html.index(f'<th scope="row">{name}') for name in report.branches]
    assert order == sorted(order)  # in the register's order
    assert "没有支部越出偶然波动范围" in html
    assert "名次范围" in html
    assert "95%和99.8%的偶然波动范围" in html
    rule = report.campaign.setting("fair_units") | {"alarm": 0.99}
    assert "95%和99%的偶然波动范围" in part(setting(report, "fair_units", rule), "units").html
    public = replace(report, audience="public", numbers={})
    assert "第一支部" not in part(public, "units").html
    assert "第一支部" not in part(public, "returns").html


def test_a_return_to_look_at_is_listed(report):
    turnout, votes = report.tables.turnout.copy(), report.tables.votes.copy()
    # Opinions were filed in that semester: in the last one there were none.
    mine = turnout["semester"].eq("2010-2011-2") & turnout["rater_group"].eq("member")
    mine &= turnout["occasion"].eq("satisfaction")
    turnout.loc[mine, ["issued", "returned"]] = 103
    own = votes["occasion_id"].isin(turnout.loc[mine, "occasion_id"]) & votes["rater_group"].eq("member")
    votes.loc[own & votes["level"].ne("satisfied"), "count"] = 0
    tables = replace(report.tables, turnout=turnout, votes=votes)
    told = words(part(replace(report, tables=tables, numbers={}), "returns"))
    assert "发出 103 份、收回 103 份，均为满意" in told
    assert "没有需要核实的回收情况" in words(part(report, "returns"))


def test_an_empty_report_says_why_there_is_nothing(report):
    nothing = {name: frame.iloc[:0] for name, frame in vars(report.tables).items()}
    empty = replace(report, tables=replace(report.tables, **nothing), numbers={})
    for name in PARTS:
        told = words(part(empty, name))
        assert "没有" in told or "不足" in told, name


def test_in_english_no_word_is_chinese_but_names(sample_edition):
    report = open_report(
        processed=sample_edition["processed"], campaign=ROOT / "campaign", audience="leadership", lang="en"
    )
    for name in PARTS:
        told = words(part(report, name))
        for branch in report.branches:
            told = told.replace(branch, "")
        assert not CHINESE.search(told), name
