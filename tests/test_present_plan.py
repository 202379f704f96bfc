"""What the pages of the plan show: names, figures written out, matrices, bars, curves and tiles."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, cxzy
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.rectification import TimeToClose
from cxzy_lib.present import plan, plan_charts
from cxzy_lib.present import theme as look

CAMPAIGN = load_campaign("campaign")


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def row(**more):
    base = {
        "hidden": False,
        "value": 0.5,
        "kind": "share",
        "low": None,
        "high": None,
        "base": 12,
        "other_base": None,
    }
    return base | {"target": 1.0, "assumed": False, "at_most": False, "part": "", "unit": ""} | more


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (row(), "50.0%"),
        (row(low=0.4, high=0.6), "50.0%（40.0%–60.0%）"),
        (row(kind="count", value=1234), "1,234"),
        (row(kind="count", value=22.5), "22.5"),  # hours: 22 would be another number
        (row(kind="count", value=22.76), "22.76"),  # and not the 22.8 that were wanted
        (row(kind="days", value=71.0), "71天"),
        (row(kind="difference", value=-3.449, low=-40.59, high=33.69), "-3.45（-40.59–+33.69）"),
        (row(kind="mean", value=90.74), "90.7"),
        (row(value=pd.NA), ""),
        (row(hidden=True), "*"),
    ],
)
def test_figures_are_written_as_their_kind_is(given, said):
    assert plan.value_words(given, "zh") == said


def test_a_hidden_base_is_not_written_and_a_comparison_has_two():
    assert plan.base_words(row(hidden=True)) == ""
    assert plan.base_words(row(base=33, other_base=30)) == "33 / 30"


def test_targets_say_whose_they_are():
    clause = CAMPAIGN.plan.indicators["G3.2b"]
    assert plan.target_words(row(), clause, "zh") == "≥ 100%"
    assert plan.target_words(row(assumed=True), clause, "zh") == "≥ 100%（自定）"
    assert (
        plan.target_words(row(at_most=True, kind="days", target=14, assumed=True), clause, "en")
        == "≤ 14 d (ours)"
    )
    assert plan.target_words(row(part="late"), clause, "zh") == ""


def test_who_owes_a_duty_is_named_from_the_plan():
    duties = CAMPAIGN.plan.duties
    assert plan.who(duties["D7.4"], CAMPAIGN, "zh") == "学院其他党员领导干部"
    assert plan.who(duties["D1.3"], CAMPAIGN, "en") == "Every member"


CELLS = pd.DataFrame(
    {
        "row": ["G1.1 十四个汉字的部门名称一二三四", "G1.1 十四个汉字的部门名称一二三四", "G1.2 乙"],
        "column": ["第一阶段", "第二阶段", "第一阶段"],
        "status": ["met", None, "not_met"],
        "words": ["3/4", "", "1/2"],
    }
)


def test_the_matrix_fills_a_cell_by_its_state_and_leaves_out_what_is_not_told():
    ax = plan_charts.status_matrix(CELLS, "zh")
    boxes = {
        (round(box.get_x() + 0.46), round(box.get_y() + 0.42)): to_hex(box.get_facecolor())
        for box in ax.patches if isinstance(box, Rectangle)
    }  # fmt: skip
    assert boxes == {(0, 0): look.BLUE, (0, 1): look.ORANGE}
    assert words(ax) == ["✓ 3/4", "× 1/2"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["第一阶段", "第二阶段"]
    assert len({mark for mark in ("✓", "×", "?", "·", "≈", "○", "∅", "!", "→", "◇")}) == len(
        plan_charts.STATES
    )


def test_states_differ_without_colour():
    from cxzy_lib.texts import text

    for lang in ("zh", "en"):
        marks = [text(f"present.mark_{state}", lang) for state in plan_charts.STATES]
        assert len(set(marks)) == len(marks)


def test_bars_end_at_their_share_and_a_missing_one_has_none():
    shares = pd.DataFrame(
        {"label": ["甲", "乙", "丙"], "value": [0.8, 1.0, None], "target": [1.0, 1.0, 1.0], "base": [5, 3, None],
         "status": ["not_met", "met", "no_evidence"]}
    )  # fmt: skip
    ax = plan_charts.target_bars(shares, "zh")
    widths = [box.get_width() for box in ax.patches][3:]  # the first three are the ground
    assert widths == [0.8, 1.0, 0.0]
    assert [to_hex(box.get_facecolor()) for box in ax.patches][3:5] == [look.ORANGE, look.BLUE]
    assert {"× 80.0%", "✓ 100.0%", "? 无数据", "5", "3", "—"} <= set(words(ax))


def test_the_curve_steps_down_and_names_the_median():
    curve = pd.DataFrame({"days": [0.0, 10, 20], "open_share": [1.0, 0.75, 0.5], "at_risk": [4, 4, 3]})
    ax = plan_charts.survival_curve(TimeToClose(curve, 20.0, None, None), "zh")
    x, y = ax.lines[0].get_data()
    assert np.asarray(x)[:3].tolist() == [0, 10, 20]
    assert np.asarray(y).tolist() == [1.0, 0.75, 0.5, 0.5]  # and on to the end: half are open
    assert words(ax) == ["半数在 20 天内完成（在观察 4 项）"]
    none = plan_charts.survival_curve(TimeToClose(curve, None, None, None), "en")
    assert words(none) == ["fewer than half closed so far (4 under observation)"]


def test_scores_are_medians_with_quartiles():
    scores = pd.DataFrame(
        {"name": ["L1 带头学习提高"], "low": [88.0], "median": [90.0], "high": [94.0], "base": [107]}
    )
    ax = plan_charts.score_dots(scores, "zh")
    assert ax.lines[0].get_xdata().tolist() == [90.0]
    (bar,) = ax.collections[0].get_segments()
    assert bar[:, 0].tolist() == [88.0, 94.0]
    assert {"90.0", "107"} <= set(words(ax))


def test_every_chart_says_so_when_there_is_nothing():
    none = TimeToClose(pd.DataFrame({"days": [0.0], "open_share": [1.0], "at_risk": [0]}), None, None, None)
    for ax in (
        plan_charts.status_matrix(CELLS.iloc[:0]), plan_charts.target_bars(pd.DataFrame()),
        plan_charts.survival_curve(none), plan_charts.score_dots(pd.DataFrame()),
    ):  # fmt: skip
        assert words(ax) == ["无数据"]


@pytest.fixture(scope="module")
def processed(sample_edition):
    return sample_edition["processed"]


def traced(processed, *arguments):
    return cxzy("trace", *arguments, "--processed", processed)


def test_trace_prints_the_figure_and_its_rows(processed):
    made = traced(processed, "G3.2b/第四支部")
    assert made.returncode == 0, made.stderr
    head, *lines = made.stdout.splitlines()
    assert head.startswith("G3.2b/第四支部  第四支部: ")
    assert "× 未达到" in head
    assert len(lines) == 3  # a log for each year
    assert all("组织活动登记" in line for line in lines)


def test_trace_of_a_number_that_binds_and_in_english(processed):
    made = traced(processed, "N6", "--lang", "en")
    assert made.returncode == 0
    assert made.stdout.startswith("N6  No violations, no crimes: × Not met")
    assert "违规违纪情况登记.xls" in made.stdout


def test_an_unknown_figure_is_told_with_the_nearest(processed):
    made = traced(processed, "G3.2z")
    assert made.returncode == 2
    assert "G3.2z" in made.stderr
    assert "G3.2b" in made.stderr


def test_a_table_without_rows_says_why(processed):
    made = traced(processed, "G3.2a")
    assert made.returncode == 0
    assert "原文缺" in made.stdout


def page(edition, name):
    return (edition / name).read_text("utf-8")


def test_the_brief_leads_with_the_seven_numbers(sample_edition):
    brief = page(sample_edition["zh"], "01_brief.html")
    at = [brief.index(f">{code} ") for code in ("N1", "N2", "N3", "N4", "N5", "N6", "N7")]
    assert at == sorted(at)
    assert at[-1] < brief.index("<figure")  # before any picture


def test_each_page_of_the_plan_shows_its_clauses(sample_edition):
    for lang in ("zh", "en"):
        goods, leads = (
            page(sample_edition[lang], name) for name in ("05_five_goods.html", "06_five_leads.html")
        )
        for code in CAMPAIGN.plan.indicators:
            assert f">{code}<" in goods + leads or f">{code}/<wbr" in goods + leads, code
        duties = page(sample_edition[lang], "08_duties.html")
        assert [code for code in CAMPAIGN.plan.duties if f">{code}<" not in duties] == []
        assert [code for code in CAMPAIGN.plan.documents if f">{code}<" not in duties] == []


def test_no_total_without_weights_and_the_reason_beside(sample_edition):
    goods = page(sample_edition["zh"], "05_five_goods.html")
    assert "方案没有给“五个好”规定分值，故不计总分" in goods
    assert "本单位设定，方案未规定" in goods


def test_a_total_stands_with_its_weights(sample_edition, tmp_path):
    from dataclasses import replace

    import msgspec

    from cxzy_lib.present.plan_pages import points_table
    from cxzy_lib.present.report import open_report

    report = open_report(processed=sample_edition["processed"], campaign=ROOT / "campaign")
    weights = dict.fromkeys(("G1", "G2", "G3", "G4", "G5"), 0.2)
    changed = msgspec.structs.replace(report.campaign.settings["weights"], value=weights)
    campaign = replace(report.campaign, settings=report.campaign.settings | {"weights": changed})
    html = points_table(replace(report, campaign=campaign)).html
    figures = report.tables.figures
    sums = {
        name: figures.loc[figures["indicator"].eq(f"points_{name}"), "value"].sum()
        for name in ("assessed", "possible")
    }
    assert (
        f"{100 * sums['assessed'] / sums['possible']:.1f}%" in html
    )  # five blocks of 20: the mean is the whole
    assert "领导班子好 20.0%" in html


def test_nobody_is_named_and_the_public_sees_no_shortlist(sample_edition, tmp_path):
    processed = sample_edition["processed"]
    names = pd.read_parquet(processed / "people.parquet")["name"].dropna().unique()
    made = cxzy("run", "09_awards", "08_duties", "--processed", processed, "--out", tmp_path / "public")
    assert made.returncode == 0, made.stdout
    public = page(tmp_path / "public", "09_awards.html")
    assert "候选名单只在领导版列出" in public
    persons = pd.read_parquet(processed / "people.parquet")["person"].dropna().unique()
    assert [code for code in persons if code in public] == []
    for name in ("05_five_goods.html", "06_five_leads.html", "08_duties.html"):
        shown = page(sample_edition["zh"], name)
        assert [person for person in names if len(person) > 2 and person in shown] == []


def test_the_day_decides_what_is_next():
    frame = plan.duties(_status(date(2010, 12, 31)), CAMPAIGN, pd.Timestamp("2010-12-31"), "zh").set_index(
        "indicator"
    )
    assert frame.loc["D2.8", "days_left"] == 59  # 28 February 2011
    assert not frame.loc["D2.8", "late"]
    assert frame.loc["D1.3", "late"]  # it was due on 31 July 2010, and nothing shows it
    assert frame.index[0].startswith("D1")


def _status(day: date) -> pd.DataFrame:
    from cxzy_lib.measure.evidence import Evidence
    from cxzy_lib.measure.indicators import status_table
    from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

    return status_table(Evidence(Tables(**{n: conform(n, []) for n in ALL_SCHEMAS}), CAMPAIGN, day))


def test_whoever_asks_for_a_figure_that_is_not_there_is_told_of_some_that_are():
    status = pd.DataFrame(
        {"id": ["G3.2b", "G3.2b/甲", "N1", "N2"], "level": ["indicator", "unit", "number", "number"]}
    )
    assert plan.nearest_ids(status, "G3.2b/乙")[:2] == ["G3.2b/甲", "G3.2b"]
    assert plan.nearest_ids(status, "N11") == ["N1"]
    assert plan.nearest_ids(status, "???") == ["G3.2b", "G3.2b/甲", "N1"]
