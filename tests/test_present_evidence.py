"""Parts of pages that say how sure a figure is, over the shipped sample and over small tables."""

import re
from dataclasses import replace

import msgspec
import pandas as pd
import pytest
from conftest import ROOT

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.comparability import GRADES
from cxzy_lib.measure.pairs import every_two_groups, stage_pairs
from cxzy_lib.measure.suppression import decide, masked
from cxzy_lib.present import change_charts, evidence_columns, evidence_pages, pages
from cxzy_lib.present.blocks import Block
from cxzy_lib.present.report import open_report
from cxzy_lib.tables import Tables, conform

PARTS = (
    "changes",
    "stages",
    "branches",
    "registry",
    "index",
    "response",
    "reliability",
    "raters",
    "units",
    "returns",
)
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


def test_the_groups_that_are_compared_are_those_of_the_ballots(report):
    first = report.verdicts.rates.query("item == 'leadership'")
    more = first[first["rater_group"].eq("nonmember")].assign(rater_group="student")
    registry = report.verdicts.registry
    asked = registry[registry["rater_group"].eq("nonmember")].assign(rater_group="student")
    told = pd.concat([registry, asked], ignore_index=True)
    found = every_two_groups(pd.concat([first, more]), told, report.campaign, "semester")
    pairs = [["nonmember", "member"], ["student", "member"], ["student", "nonmember"]]
    assert found[["start", "end"]].to_numpy().tolist() == pairs
    assert every_two_groups(more, told, report.campaign, "semester").empty


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
    assert not [line for line in ax.lines if line.get_marker() == "D" and len(line.get_xdata())]
    flagged = change_charts.change_dots(found.assign(grade="flagged"), report.campaign)
    drawn = {line.get_marker(): line for line in flagged.lines if len(line.get_xdata())}
    assert "o" not in drawn
    assert "D" in drawn
    assert "供参照" in [label.get_text() for label in flagged.figure.legends[0].get_texts()]
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
    assert "2012年春 群众 满意四级 92.5 (89.6 – 95.4) 15.4 24 — —" in told
    assert "2011年春 群众 满意四级 88.3 (85.6 – 91.0) 14.3 24 90.2 (89.6 – 90.8) 27" in told  # six items


def branch_ballots(report, counts, name="2011-2012-2"):
    """A report of one semester: members' ballots of each branch, ``satisfied`` and ``dissatisfied``."""
    base = {"occasion": "satisfaction", "item": "leadership", "rater_group": "member", "scale": "sat4"}
    base |= {"semester": name, "held_on": "2012-06-20"}
    rows = [
        base | {"occasion_id": unit, "unit": unit, "level": level, "count": n}
        for unit, pair in counts.items()
        for level, n in zip(("satisfied", "dissatisfied"), pair, strict=True)
    ]
    papers = [
        {key: value for key, value in row.items() if key != "count"} | {"respondent": f"{row['level']}{n}"}
        for row in rows
        for n in range(row["count"])
    ]
    empty = {table: frame.iloc[:0] for table, frame in vars(report.tables).items()}
    tables = Tables(**empty | {"votes": conform("votes", rows), "answers": conform("answers", papers)})
    decisions = decide(tables.votes, tables.units, tables.people, report.campaign)
    return replace(report, tables=masked(tables, decisions), numbers={})


def test_where_branches_were_sampled_the_interval_counts_branches_and_says_so(report):
    found = branch_ballots(report, {"甲": (20, 2), "乙": (12, 10), "丙": (16, 6)})
    ballots = re.sub(r"\s+", " ", words(part(found, "index")))
    clusters = re.sub(
        r"\s+", " ", words(part(setting(found, "sampled_branches", {"satisfaction": 12}), "index"))
    )
    mean, low, high = (
        float(n) for n in re.search(r"满意四级 ([\d.]+) \(([\d.]+) – ([\d.]+)\)", ballots).groups()
    )
    wide = re.search(r"满意四级 ([\d.]+) \(([\d.]+) – ([\d.]+)\)，抽 3/12 个支部", clusters).groups()
    assert float(wide[0]) == mean
    # The branches' means of the points 100 and 40 are 94.5, 72.7 and 83.6: sd 10.9, t 4.303 with 2 degrees.
    half = 4.3027 * (0.75 * 10.909**2 / 3) ** 0.5
    assert [float(n) for n in wide[1:]] == pytest.approx([mean - half, min(mean + half, 100)], abs=0.1)
    assert float(wide[1]) < low < high < float(wide[2])
    assert clusters.count("抽 3/12 个支部") == 2  # of the ballots and of the papers
    assert "按支部（而不按单张选票）计算" in clusters
    assert "抽" not in ballots
    all_asked = words(part(setting(found, "sampled_branches", {"satisfaction": 3}), "index"))
    assert re.sub(r"\s+", " ", all_asked) == ballots
    too_many = re.sub(
        r"\s+", " ", words(part(setting(found, "sampled_branches", {"satisfaction": 2}), "index"))
    )
    assert f"满意四级 {mean} (无区间)，抽 3/2 个支部" in too_many  # without an interval


def test_branches_are_compared_with_the_rest_counted_and_told_to_who_may_see_them(report):
    found = branch_ballots(report, {"甲": (39, 1), "乙": (22, 18), "丙": (36, 4)})
    changes = found.verdicts.changes
    assert changes.loc[changes["kind"].eq("branch"), "verdict"].tolist() == [
        "no_detectable_change",
        "fell",
        "rose",
    ]
    assert changes["compared"].iloc[0] == 3  # nothing over time, one group
    told = words(part(found, "branches"))
    assert "党员满意率：乙（55.0%，有效 40 票）低于其余支部（93.8%，80 票）38.7 个百分点" in told
    public = replace(found, audience="public", numbers={})
    assert "乙" not in words(part(public, "branches")) + words(part(public, "changes"))
    assert "支部之间的比较不在本版列出" in words(part(public, "changes"))
    assert "共作 3 项" in words(part(public, "changes"))


def test_a_branch_that_may_not_be_told_apart_is_in_no_comparison(report):
    # All of 甲 said the same; with 乙 and the whole it could be worked out.
    found = branch_ballots(
        report, {"甲": (20, 0), "乙": (22, 18), "丙": (36, 4), "丁": (9, 6)}
    ).verdicts.changes
    sides = found.loc[found["kind"].eq("branch")]
    assert "甲" not in set(sides["end"])
    assert len(sides) in (1, 3)  # one more is hidden with it, or none
    assert sides["start_valid"].max() < 95


def test_stages_stand_by_their_last_occasion_and_the_same_ballots_are_one_test(report):
    found = report.verdicts
    assert found.stages[["rater_group", "start", "end"]].to_numpy().tolist() == [
        ["member", "S2", "S3"],
        ["nonmember", "S2", "S3"],
    ]
    same = found.changes[found.changes["kind"].eq("period") & found.changes["item"].eq("leadership")]
    assert found.stages["p"].tolist() == same["p"].tolist()
    assert not found.changes["kind"].eq("stage").any()
    assert "党员满意率：第二阶段 89.0%、第三阶段 88.2%" in words(part(report, "stages"))


def test_a_stage_that_asked_the_same_people_twice_in_its_last_semester_is_not_tested():
    base = {"occasion": "satisfaction", "item": "leadership", "rater_group": "member", "scale": "sat4"}
    asked = [("a", "2010-2011-1", "S2"), ("b", "2011-2012-1", "S3"), ("c", "2011-2012-1", "S3")]
    rows = [
        base | {"occasion_id": at, "semester": term, "stage": stage, "level": "satisfied", "count": 20}
        for at, term, stage in asked
    ]
    campaign, nobody = load_campaign(ROOT / "campaign"), conform("turnout", [])
    once = stage_pairs(conform("votes", rows[:2]), nobody, campaign, "semester")
    assert once["start"].tolist() == ["S2"]
    twice = stage_pairs(conform("votes", rows), nobody, campaign, "semester")
    assert twice["start"].isna().all()


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
