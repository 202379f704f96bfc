"""Which periods may be set side by side: what the files tell, what the campaign declares."""

from dataclasses import replace
from datetime import date

import msgspec
import pandas as pd
import pytest

from cxzy_lib.campaign import CampaignError, load_campaign
from cxzy_lib.measure.changes import period_pairs
from cxzy_lib.measure.comparability import comparisons, conditions, with_grades
from cxzy_lib.specs import Break
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
FIRST = {"occasion": "satisfaction", "occasion_id": "one", "semester": "2010-2011-1", "held_on": "2010-12-20"}
LAST = {"occasion": "satisfaction", "occasion_id": "two", "semester": "2010-2011-2", "held_on": "2011-06-20"}
SAME = {
    "item": "leadership",
    "rater_group": "member",
    "scale": "sat4",
    "criterion": "G5.2",
    "appraisee_type": "team",
    "level": "satisfied",
}


def graded(first=None, last=None, campaign=CAMPAIGN, turnout=()):
    votes = conform("votes", [FIRST | SAME | (first or {}), LAST | SAME | (last or {})])
    told = conditions(votes, conform("turnout", list(turnout)), campaign, "semester")
    return comparisons(told, campaign, "semester")


@pytest.mark.parametrize(
    ("last", "grade", "reasons"),
    [
        ({}, "comparable", ""),
        ({"scale": "sat3"}, "flagged", "scale_top"),  # 满意 is the top of both
        ({"scale": "sat5"}, "not_comparable", "scale"),  # 很满意 is not
        ({"scale": "member4"}, "not_comparable", "scale"),
        ({"criterion": "G3.5"}, "not_comparable", "wording"),
        ({"appraisee_type": "leader"}, "not_comparable", "wording"),
        ({"criterion": "G3.5", "appraisee_type": "leader"}, "not_comparable", "wording"),  # said once
        ({"criterion": None}, "comparable", ""),  # what is not told differs from nothing
        ({"appraisee_type": None}, "comparable", ""),
        ({"criterion": None, "appraisee_type": "leader"}, "not_comparable", "wording"),  # but the rest does
        ({"mode": "web"}, "flagged", "mode"),  # paper, where the spreadsheet says nothing
        ({"mode": "paper"}, "comparable", ""),
        ({"unit": "一支部"}, "not_comparable", "denominator"),
        ({"scale": "sat3", "unit": "一支部"}, "not_comparable", "scale_top denominator"),
        ({"rater_group": "all"}, "not_comparable", "rater_group"),
    ],
)
def test_what_the_files_tell(last, grade, reasons):
    assert graded(last=last)[["grade", "reasons"]].to_numpy().tolist() == [[grade, reasons]]


@pytest.mark.parametrize(("eligible", "grade"), [(120, "comparable"), (121, "flagged"), (79, "flagged")])
def test_a_body_that_grew_by_more_than_a_fifth_is_flagged(eligible, grade):
    papers = [
        {"occasion_id": occasion, "rater_group": "member", "eligible": count}
        for occasion, count in (("one", 100), ("two", eligible))
    ]
    assert graded(turnout=papers)["grade"].tolist() == [grade]


def test_people_asked_twice_in_a_period_are_one_body_and_units_add_up():
    """100 people asked twice in the first period and 110 once in the second: a body that grew by a tenth."""
    rows = [FIRST | SAME, FIRST | SAME | {"occasion_id": "again"}, LAST | SAME]
    papers = [("one", 100), ("again", 100), ("two", 110)]
    assert bodies(rows, papers) == [100, 110]
    rows = [FIRST | SAME | {"unit": "a"}, FIRST | SAME | {"unit": "b", "occasion_id": "again"}, LAST | SAME]
    assert bodies(rows, papers) == [200, 110]
    assert bodies(rows, papers[1:]) == [None, 110]


def bodies(rows, papers):
    names = ("occasion_id", "eligible")
    turnout = [{"rater_group": "member"} | dict(zip(names, paper, strict=True)) for paper in papers]
    told = conditions(conform("votes", rows), conform("turnout", turnout), CAMPAIGN, "semester")
    return told["population"].astype(object).where(told["population"].notna(), None).tolist()


def test_the_mode_is_that_of_the_spreadsheet_and_else_that_of_the_kind_of_occasion():
    rules = msgspec.structs.replace(CAMPAIGN.comparability, modes={"satisfaction": "web"})
    online = replace(CAMPAIGN, comparability=rules)
    assert graded(campaign=online)["reasons"].tolist() == [""]
    assert graded(last={"mode": "paper"}, campaign=online)["reasons"].tolist() == ["mode"]
    assert graded(first={"mode": "web"}, campaign=online)["reasons"].tolist() == [""]


def declared(**change):
    given = {
        "since": date(2011, 3, 1),
        "reason": "wording",
        "grade": "flagged",
        "zh": "改了题目",
        "en": "Reworded",
    }
    rules = msgspec.structs.replace(CAMPAIGN.comparability, breaks=(Break(**given | change),))
    return replace(CAMPAIGN, comparability=rules)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, "break-1"),
        ({"items": ("leadership",)}, "break-1"),
        ({"items": ("service",)}, ""),
        ({"groups": ("nonmember",)}, ""),
        ({"since": date(2010, 12, 20)}, ""),  # both lie after it
        ({"since": date(2010, 12, 21)}, "break-1"),
        ({"since": date(2011, 6, 20)}, "break-1"),
        ({"since": date(2011, 6, 21)}, ""),  # both lie before it
    ],
)
def test_a_declared_break_counts_between_two_days_for_its_items_and_groups(change, reasons):
    assert graded(campaign=declared(**change))["reasons"].tolist() == [reasons]


def test_a_period_that_lies_on_both_sides_of_a_break_is_comparable_with_neither():
    """October and December 2010, a break in November between them: what holds for one half is no comparison."""
    before = FIRST | SAME | {"semester": "2009-2010-2", "occasion_id": "zero", "held_on": "2010-06-20"}
    autumn = FIRST | SAME | {"occasion_id": "half", "held_on": "2010-10-20"}
    rows = [before, autumn, FIRST | SAME, LAST | SAME, LAST | SAME | {"occasion_id": "last"}]
    rows[-1] |= {"semester": "2011-2012-1", "held_on": "2011-12-20"}
    campaign = declared(since=date(2010, 11, 15), grade="not_comparable")
    told = conditions(conform("votes", rows), conform("turnout", []), campaign, "semester")
    found = comparisons(told, campaign, "semester").set_index(["start", "end"])["reasons"]
    assert found.to_dict() == {
        ("2009-2010-2", "2010-2011-1"): "break-1 straddled",
        ("2009-2010-2", "2010-2011-2"): "break-1",
        ("2009-2010-2", "2011-2012-1"): "break-1",
        ("2010-2011-1", "2010-2011-2"): "break-1 straddled",
        ("2010-2011-1", "2011-2012-1"): "break-1 straddled",
        ("2010-2011-2", "2011-2012-1"): "",
    }


@pytest.mark.parametrize(
    ("since", "reasons"),
    [
        (date(2010, 8, 1), ""),  # the first day of the semester
        (date(2010, 11, 15), "break-1 straddled"),  # they may lie on either side
        (date(2011, 3, 1), "break-1"),
    ],
)
def test_ballots_without_a_day_may_lie_anywhere_in_their_semester(since, reasons):
    assert CAMPAIGN.semesters[1].start == date(2010, 8, 1)
    found = graded(first={"held_on": None}, campaign=declared(since=since))
    assert found["reasons"].tolist() == [reasons]


def test_the_worst_reason_gives_the_grade():
    found = graded(last={"scale": "sat3"}, campaign=declared(grade="not_comparable"))
    assert found[["grade", "reasons"]].to_numpy().tolist() == [["not_comparable", "scale_top break-1"]]


def test_a_scale_that_comes_back_is_comparable_with_its_own_past():
    third = LAST | {"occasion_id": "three", "semester": "2011-2012-1", "held_on": "2011-12-20"}
    votes = conform("votes", [FIRST | SAME, LAST | SAME | {"scale": "sat5"}, third | SAME])
    found = comparisons(conditions(votes, conform("turnout", []), CAMPAIGN, "semester"), CAMPAIGN, "semester")
    assert found[["start", "end", "grade"]].to_numpy().tolist() == [
        ["2010-2011-1", "2010-2011-2", "not_comparable"],
        ["2010-2011-1", "2011-2012-1", "comparable"],
        ["2010-2011-2", "2011-2012-1", "not_comparable"],
    ]


def regrouped(*groups):
    """Return the registry and the grades of periods in which these groups of raters answered."""
    terms = ["2010-2011-1", "2010-2011-2", "2011-2012-1"]
    days = ["2010-12-20", "2011-06-20", "2011-12-20"]
    rows = [
        FIRST | SAME | {"semester": term, "held_on": day, "occasion_id": day, "rater_group": group}
        for term, day, named in zip(terms, days, groups, strict=False)
        for group in named
    ]
    told = conditions(conform("votes", rows), conform("turnout", []), CAMPAIGN, "semester")
    return told, comparisons(told, CAMPAIGN, "semester")


def test_each_group_of_raters_that_were_grouped_otherwise_before_is_not_comparable():
    told, found = regrouped(["all"], ["member", "nonmember"], ["member", "nonmember"])
    rows = with_grades(told.assign(strict=0.9), found, "semester").set_index(["semester", "rater_group"])
    assert rows["grade_before"].fillna("first").to_dict() == {
        ("2010-2011-1", "all"): "first",
        ("2010-2011-2", "member"): "not_comparable",
        ("2010-2011-2", "nonmember"): "not_comparable",
        ("2011-2012-1", "member"): "comparable",
        ("2011-2012-1", "nonmember"): "comparable",
    }
    assert rows["reasons_before"].tolist() == ["", "rater_group", "rater_group", "", ""]
    rates = told.assign(strict=0.9, strict_low=0.8, strict_count=9, valid=10, worst_low=0.9, worst_high=0.9)
    pairs = period_pairs(rates[rates["semester"] < "2011"], found, "semester")
    assert pairs.set_index("rater_group")["reasons"].to_dict() == {
        "all": "",
        "member": "rater_group",
        "nonmember": "rater_group",
    }
    again = period_pairs(rates, found, "semester").set_index("rater_group")
    assert again.loc["member", ["start", "grade"]].tolist() == ["2010-2011-2", "comparable"]


def test_groups_that_come_back_are_comparable_with_their_own_past_and_one_group_more_changes_nothing():
    told, found = regrouped(["member"], ["all"], ["member"])
    rows = with_grades(told.assign(strict=0.9), found, "semester")
    assert rows["grade_before"].fillna("first").tolist() == ["first", "not_comparable", "comparable"]
    assert regrouped(["member"], ["member", "nonmember"])[1]["reasons"].tolist() == [""]


def test_a_rate_is_graded_against_the_last_one_that_is_known():
    rates = pd.DataFrame(
        {
            "semester": ["a", "b", "c"],
            "rater_group": "member",
            "scale": ["sat4", "sat5", "sat4"],
            "strict": [0.9, None, 0.8],
        }
    )
    pairs = [
        ("a", "b", "sat4", "sat5", "not_comparable", "scale"),
        ("a", "c", "sat4", "sat4", "flagged", "mode"),
    ]
    names = ["start", "end", "start_scale", "end_scale", "grade", "reasons"]
    table = pd.DataFrame(pairs, columns=names).assign(rater_group="member")
    found = with_grades(rates, table, "semester")
    assert found["grade_before"].isna().tolist() == [True, True, False]
    assert found.loc[2, ["grade_before", "reasons_before"]].tolist() == ["flagged", "mode"]
    # What the registry does not have side by side is never joined.
    assert with_grades(rates, table.iloc[:1], "semester")["grade_before"].iloc[2] == "not_comparable"


def test_a_break_of_an_item_that_does_not_exist_is_named(tmp_path):
    for file in CAMPAIGN.folder.glob("*.toml"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with (tmp_path / "comparability.toml").open("a", encoding="utf-8") as rules:
        rules.write(
            '[[breaks]]\nitems = ["leaders"]\nsince = 2011-01-01\nreason = "wording"\n'
            'grade = "flagged"\nzh = "改"\nen = "x"\n'
        )
    with pytest.raises(CampaignError, match=r"breaks 1: items \['leaders'\].*leadership"):
        load_campaign(tmp_path)
