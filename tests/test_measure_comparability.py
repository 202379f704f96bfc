"""Which periods may be set side by side: what the files tell, what the campaign declares."""

from dataclasses import replace
from datetime import date

import msgspec
import pandas as pd
import pytest

from cxzy_lib.campaign import CampaignError, load_campaign
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
        ({"criterion": None}, "comparable", ""),  # what is not told differs from nothing
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


def test_paper_and_web_are_flagged_where_one_occasion_changes_its_mode():
    rules = msgspec.structs.replace(CAMPAIGN.comparability, modes={"online": "web"})
    votes = conform("votes", [FIRST | SAME, LAST | SAME])
    told = conditions(votes, conform("turnout", []), replace(CAMPAIGN, comparability=rules), "semester")
    told.loc[1, "mode"] = "web"
    assert comparisons(told, CAMPAIGN, "semester")["reasons"].tolist() == ["mode"]


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
