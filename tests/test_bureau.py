"""A bureau's roll-up: returns counted by hand, what may not be compared or shown, and which pages it makes."""

import re
from dataclasses import replace
from random import Random

import pandas as pd
import pytest
from conftest import ROOT, UNITS, write_xlsx

from cxzy_lib.intake.clean import clean
from cxzy_lib.measure.rollup import bureau_comparison, returned, score_gaps
from cxzy_lib.present import bureau_pages as pages
from cxzy_lib.present.report import Report
from cxzy_lib.publish.editions import plan
from cxzy_lib.publish.jobs import PARAMETERS
from cxzy_lib.sample import bureau
from cxzy_lib.sample.books import write_book
from cxzy_lib.sample.mess import Mess
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform, save

VOTES = {"ballots_valid": 100, "ballots_issued": 100, "ballots_returned": 100, "ballots_dissatisfied": 1}
# Unit -> satisfied ballots, and what is unusual in its return.
SENT = {
    "甲校": (90, {}),
    "乙校": (90, {}),
    "丙校": (90, {}),
    "丁校": (50, {}),
    "少校": (3, {"ballots_valid": 4}),
    "同校": (41, {"ballots_valid": 41, "ballots_dissatisfied": 0}),
    "率校": (None, {"satisfaction_rate_printed": 0.9321}),
    "缺校": (60, {"ballots_returned": 66}),
    "多校": (88, {"pledged_members": 10, "pledges_fulfilled": 12}),
}


def sent(unit, year=2012, category="senior_school", row=1, **numbers):
    about = {"unit": unit, "year": year, "group": category, "source_file": "汇总.xlsx", "source_sheet": "s"}
    return [
        {"indicator": name, "value": value, "institution": "局", "source_row": row, **about}
        for name, value in numbers.items()
        if value is not None
    ]


@pytest.fixture
def figures():
    rows = []
    for unit, (satisfied, more) in SENT.items():
        rows += sent(unit, ballots_satisfied=satisfied, **(VOTES | more))
    rows += sent("晚校", 2011, ballots_satisfied=70, **VOTES)
    rows += sent("双校", row=1, pledges_fulfilled=9, pledged_members=10, ballots_satisfied=80, **VOTES)
    rows += sent("双校", row=2, pledges_fulfilled=8, pledged_members=10, ballots_satisfied=80, **VOTES)
    rows += sent(
        "小学", category="primary_school", ballots_satisfied=10, **VOTES, score_self=95, score_assessed=91
    )
    return conform("figures", rows)


@pytest.fixture
def compared(figures, campaign):
    fair = campaign.setting("fair_units") | {"least_units": 5}
    return bureau_comparison(figures, campaign.setting("roll_up"), fair, 0.95, 5)


def of(compared, year=2012, measure=0):
    rows = compared[compared["year"].eq(year) & compared["measure"].eq(measure)]
    return rows.set_index("unit")


def test_units_are_compared_with_their_like_only(compared):
    rows = of(compared)
    seniors = rows[rows["comparable"] & rows["category"].eq("senior_school")]
    assert list(seniors.index) == ["丁校", "丙校", "乙校", "双校", "多校", "甲校"]
    # (50 + 90 + 90 + 80 + 88 + 90) of 600; the primary school's 10 % is not among them
    assert seniors["centre"].unique() == pytest.approx([488 / 600])
    assert seniors.loc["丁校", "position"] == "below"
    assert rows.loc["小学", "reason"] == "single_unit"


def test_what_is_not_compared_says_why_and_what_would_tell_a_ballot_has_no_number(compared):
    rows = of(compared)
    why = rows.loc[~rows["comparable"], "reason"].to_dict()
    assert why == {
        "少校": "hidden", "同校": "hidden", "率校": "rate_only", "缺校": "low_turnout", "晚校": "not_returned",
        "小学": "single_unit",
    }  # fmt: skip
    assert rows.loc[["少校", "同校", "晚校"], ["count", "base", "rate"]].isna().all(axis=None)
    assert rows.loc["率校", "rate"] == pytest.approx(0.9321)
    pledges = of(compared, measure=1)["reason"].dropna()
    assert (pledges["双校"], pledges["多校"]) == ("twice", "over_base")
    assert of(compared, 2011).loc["晚校", "reason"] == "single_unit"


def test_the_same_return_sent_twice_is_one(campaign):
    rows = sent("甲校", row=1, ballots_satisfied=90, **VOTES) + sent(
        "甲校", row=2, ballots_satisfied=90, **VOTES
    )
    rows += sent("乙校", ballots_satisfied=80, **VOTES)
    rule, fair = campaign.setting("roll_up"), campaign.setting("fair_units")
    assert len(returned(conform("figures", rows))) == 3
    found = of(bureau_comparison(conform("figures", rows), rule, fair, 0.95, 5))
    assert found["comparable"].tolist() == [True, True]
    assert found["centre"].tolist() == pytest.approx([0.85, 0.85])


VOTE = {"ballots_issued": 40, "ballots_returned": 40, "ballots_valid": 40, "ballots_satisfied": 30}


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({}, None),
        ({"ballots_valid": None}, "no_data"),  # nothing to divide by, and 40 returned: no secret
        ({"ballots_valid": 4, "ballots_satisfied": 3}, "hidden"),
        ({"ballots_valid": None, "ballots_returned": 3, "ballots_satisfied": 2}, "hidden"),
        ({"ballots_valid": None, "ballots_satisfied": 40}, "hidden"),  # all that were returned
        ({"ballots_satisfied": 0, "ballots_dissatisfied": 40}, "hidden"),
        (
            {
                "ballots_valid": None,
                "ballots_satisfied": None,
                "ballots_returned": 3,
                "satisfaction_rate_printed": 0.6667,
            },
            "hidden",
        ),
        ({"ballots_satisfied": None, "satisfaction_rate_printed": 1.0}, "hidden"),
        (dict.fromkeys(["ballots_valid", "ballots_returned", "ballots_issued"]), "hidden"),  # of how many?
        ({"ballots_satisfied": 45}, "over_base"),
        ({"ballots_returned": 26, "ballots_valid": 26, "ballots_satisfied": 20}, "low_turnout"),
        ({"ballots_issued": 60}, None),  # two thirds are enough
    ],
)
def test_a_vote_is_shown_only_where_it_tells_nobody(campaign, numbers, reason):
    rows = sent("甲校", **(VOTE | numbers)) + sent("乙校", **VOTE)
    rule, fair = campaign.setting("roll_up"), campaign.setting("fair_units")
    row = of(bureau_comparison(conform("figures", rows), rule, fair, 0.95, 5)).loc["甲校"]
    assert (None if pd.isna(row["reason"]) else row["reason"]) == reason
    if reason == "hidden":
        assert row[["count", "base", "rate"]].isna().all()


def test_one_early_return_does_not_turn_the_page_to_a_year_without_the_others(figures, opened):
    early = conform("figures", sent("甲校", 2013, ballots_satisfied=90, **VOTES))
    bureau = opened()
    tables = replace(bureau.report.tables, figures=pd.concat([figures, early]))
    assert pages.Bureau(replace(bureau.report, tables=tables)).year == 2012


def test_gaps_of_points(figures, campaign):
    assert score_gaps(figures, campaign.setting("roll_up"))[["unit", "gap"]].values.tolist() == [
        ["小学", 4.0]
    ]


def test_without_a_roll_up_nothing_is_compared(campaign):
    found = bureau_comparison(
        conform("figures", []), campaign.setting("roll_up"), campaign.setting("fair_units"), 0.95, 5
    )
    assert found.empty


@pytest.fixture
def opened(figures, campaign):
    files = conform("files", [{"institution": "局", "layouts": "T30", "status": "read"}])
    frames = {name: conform(name, []) for name in ALL_SCHEMAS} | {"figures": figures, "files": files}
    tables = Tables(**frames)

    def report(lang="zh", audience="leadership"):
        return pages.Bureau(Report(campaign, tables, lang, audience))

    return report


def page(bureau):
    parts = (pages.bureau_head, pages.summary, pages.funnels, pages.to_settle, pages.all_measures, pages.gaps)
    return "".join(part(bureau).html for part in parts)


def test_the_page_says_how_many_stand_apart_and_what_must_be_settled(opened):
    html = page(opened())
    words = re.sub(r"<[^>]+>", " ", html)
    assert "2012年11个单位报数，群众满意率6个可比" in html
    assert re.search(r"1个低于同类", html)
    for told in ("晚校：未报。", "双校：承诺兑现率报了两次，前后不一。", "率校：群众满意率只报比率。"):
        assert told in html
    assert "多校：承诺兑现率实绩多于应有数。" in html
    assert re.search(r"丁校\s+高中\s+50\.0% ▼", words)
    for hidden in ("少校", "同校"):
        row = re.search(rf"<tr><th scope=\"row\">{hidden}</th>.*?</tr>", html.split("各单位各项指标")[-1])
        assert "不公布" in row[0]
        assert not re.search(r"\d", re.sub(r"<[^>]+>", "", row[0]))


def test_the_public_sees_categories_and_no_unit(opened):
    html = page(opened(audience="public"))
    assert "高中" in html
    assert not [unit for unit in [*SENT, "晚校", "双校"] if unit in html]


def test_in_english_only_the_names_are_chinese(opened):
    html = re.sub("|".join([*SENT, "晚校", "双校", "小学", "局"]), "", page(opened("en")))
    assert re.findall("[\u4e00-\u9fff]+", html) == []


def test_an_empty_roll_up_says_so(opened):
    bureau = opened()
    tables = replace(bureau.report.tables, figures=bureau.report.tables.figures.head(0))
    assert "没有局汇总表" in page(pages.Bureau(replace(bureau.report, tables=tables)))


@pytest.mark.parametrize("mess", [0.0, 1.0])
def test_the_samples_roll_up_is_read_as_it_was_sent(campaign, tmp_path, mess):
    sent_in = bureau.returns([(f"第{n}学校", 40 + n) for n in range(24)], 7)
    (tmp_path / "raw" / "局").mkdir(parents=True)
    for name, sheets in bureau.books(sent_in, Mess(Random(1), mess)):
        write_book(tmp_path / "raw" / "局" / name, sheets)
    tables = clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=1)
    keys = ["year", "unit", "group", "indicator", "value"]
    truth = pd.DataFrame(bureau.truth(sent_in))[keys].astype({"value": float}).round(4)
    found = tables["figures"][keys].astype({"value": float, "year": int}).round(4)
    both = [frame.sort_values(keys).to_numpy().tolist() for frame in (truth, found)]
    assert both[1] == both[0]
    assert len(both[0]) > 1000


def test_the_bureaus_page_is_made_where_a_roll_up_is_and_no_other_there(campaign, tmp_path, read_here):
    head = ["单位", "类别", "党员数", "承诺党员数", "群众评议参评人数"]
    write_xlsx(
        tmp_path / "raw" / "教育局" / "2012年局汇总表.xlsx", [["2012年"], head, ["甲校", "高中", 60, 60, 90]]
    )
    write_xlsx(tmp_path / "raw" / "试验学院" / "名册.xlsx", UNITS)
    save(clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1), tmp_path / "p")
    given = dict.fromkeys(PARAMETERS) | {"lang": "zh", "audience": "public", "campaign": ROOT / "campaign"}
    given |= {"processed": tmp_path / "p", "out": tmp_path / "out"}
    made = plan(ROOT / "notebooks", (), given, {})
    pages_of = {one.about.institution: [job.page for job in one.planned] for one in made.editions}
    assert pages_of["教育局"] == ["11_bureau.html"]
    assert len(pages_of["试验学院"]) == 10
    assert "11_bureau.html" not in pages_of["试验学院"]
