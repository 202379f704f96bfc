"""Ballots: the chain from eligible to valid, both rates and the index, published figures, members' grades."""

from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.appraisal import ballot_checks, member_grades, occasions
from cxzy_lib.measure.estimates import satisfaction_rates
from cxzy_lib.measure.indices import index_scores
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
NONE = conform("turnout", [])


def cast(item: str, scale: str, **counts: int | None) -> list[dict[str, object]]:
    base = {
        "occasion": "satisfaction",
        "occasion_id": "a",
        "item": item,
        "rater_group": "member",
        "scale": scale,
    }
    return [base | {"level": level, "count": count} for level, count in counts.items()]


# A school's published table, n = 141: satisfied, fairly, basically; nobody dissatisfied; shares as printed.
SCHOOL = {
    "a": (134, 4, 3, "95.04", "2.84", "2.12"), "b": (134, 5, 2, "95.04", "3.55", "1.41"),
    "c": (127, 8, 6, "90.07", "5.67", "4.26"), "d": (126, 9, 6, "89.36", "6.38", "4.26"),
    "e": (132, 7, 2, "93.62", "4.96", "1.42"),
}  # fmt: skip


@pytest.mark.parametrize("item", SCHOOL)
def test_the_schools_published_table_to_the_digit(item):
    satisfied, fairly, basically, *printed = SCHOOL[item]
    votes = conform("votes", cast(
        item, "sat4", satisfied=satisfied, fairly_satisfied=fairly, basically_satisfied=basically, dissatisfied=0,
    ))  # fmt: skip
    row = satisfaction_rates(votes, NONE, CAMPAIGN, by=("item", "rater_group")).iloc[0]
    assert row["valid"] == 141
    assert f"{100 * row['strict']:.2f}" == printed[0]
    assert row["inclusive"] == 1  # "satisfaction 100 %": the same ballots
    # The last share is printed so that the three add up to 100: 2.13 became 2.12, 1.42 became 1.41.
    shares = [100 * count / 141 for count in (satisfied, fairly, basically)]
    assert all(abs(share - float(said)) < 0.0101 for share, said in zip(shares, printed, strict=True))


def test_turnout_of_that_school_is_printed_as_79_3():
    assert f"{100 * 111 / 140:.1f}" == "79.3"
    turnout = conform(
        "turnout", [{"occasion_id": "a", "rater_group": "member", "eligible": 140, "returned": 111}]
    )
    votes = conform("votes", cast("a", "sat4", satisfied=111))
    row = satisfaction_rates(votes, turnout, CAMPAIGN, by=("item", "rater_group")).iloc[0]
    assert f"{100 * row['returned'] / row['population']:.1f}" == "79.3"


def test_a_citys_two_rates_of_2010_are_the_same_ballots():
    # 27.832 % satisfied and 94.659 % satisfied, fairly or basically: of 100,000 papers
    votes = conform("votes", cast(
        "city", "sat4", satisfied=27_832, fairly_satisfied=40_000, basically_satisfied=26_827, dissatisfied=5_341,
    ))  # fmt: skip
    row = satisfaction_rates(votes, NONE, CAMPAIGN, by=("item", "rater_group")).iloc[0]
    assert (f"{100 * row['strict']:.3f}", f"{100 * row['inclusive']:.3f}") == ("27.832", "94.659")


def test_27_of_28_is_96_4_strict_and_100_inclusive():
    votes = conform("votes", cast("a", "sat3", satisfied=27, basically_satisfied=1, dissatisfied=0))
    row = satisfaction_rates(votes, NONE, CAMPAIGN, by=("item", "rater_group")).iloc[0]
    assert (f"{100 * row['strict']:.1f}", row["inclusive"]) == ("96.4", 1)
    # (27 * 100 + 1 * 70) / 28 = 98.93
    assert index_scores(votes, CAMPAIGN, ["item"])["index"].round(2).tolist() == [98.93]


def test_a_congress_of_29_whose_blanks_are_zeros():
    rows = [(28, 1, 0), (20, 8, 1), (26, 3, 0), (29, 0, 0), (17, 11, 1), (26, 3, 0), (17, 11, 1), (28, 1, 0)]
    votes = [
        row
        for n, (top, middle, low) in enumerate(rows)
        for row in cast(str(n), "sat3", satisfied=top, basically_satisfied=middle, dissatisfied=low)
    ]
    rates = satisfaction_rates(conform("votes", votes), NONE, CAMPAIGN, by=("item", "rater_group"))
    assert rates["valid"].tolist() == [29] * 8
    assert rates["strict_count"].tolist() == [28, 20, 26, 29, 17, 26, 17, 28]
    assert rates["inclusive"].tolist() == [1, 28 / 29, 1, 1, 28 / 29, 1, 28 / 29, 1]


@pytest.mark.parametrize(
    ("counts", "broken", "voided"),
    [
        ({"eligible": 50, "present": 45, "issued": 45, "returned": 44, "valid": 43, "void": 1}, None, False),
        ({"eligible": 50, "present": 51}, "present>eligible", False),
        ({"issued": 40, "returned": 41}, "returned>issued", True),
        ({"issued": 40, "returned": 40, "valid": 40, "void": 1}, "valid>returned", False),
        ({"valid": 40}, None, False),  # what is not known breaks nothing
    ],
)
def test_the_chain_of_ballots(counts, broken, voided):
    row = ballot_checks(conform("turnout", [counts])).iloc[0]
    assert (row["broken"] if pd.notna(row["broken"]) else None, row["voided"]) == (broken, voided)


def test_more_returned_than_issued_voids_the_rates_but_not_the_counts():
    votes = [row | {"occasion_id": o, "year": y} for o, y in (("a", 2010), ("b", 2011))
             for row in cast("leadership", "sat3", satisfied=20, dissatisfied=5)]  # fmt: skip
    turnout = conform("turnout", [
        {"occasion_id": "a", "rater_group": "member", "issued": 24, "returned": 25},
        {"occasion_id": "b", "rater_group": "member", "issued": 25, "returned": 25},
    ])  # fmt: skip
    frame = occasions(conform("votes", votes), turnout, CAMPAIGN).sort_values("year")
    assert frame["voided"].tolist() == [True, False]
    assert frame["strict"].tolist() == [pd.NA, 0.8]
    assert frame["index"].tolist() == [pd.NA, 86]  # (20 * 100 + 5 * 30) / 25
    assert frame["valid"].tolist() == [25, 25]


def test_an_unknown_and_an_abstention_are_no_votes():
    votes = cast("leadership", "sat3", satisfied=8, dissatisfied=2, unknown=5, abstain=3)
    row = occasions(conform("votes", votes), NONE, CAMPAIGN).iloc[0]
    assert (row["valid"], row["unknown"], row["abstained"], row["strict"]) == (10, 5, 3, 0.8)
    assert row["index"] == 86


def test_the_three_bodies_are_never_taken_together():
    bodies = ("leadership_team", "party_admin_team", "principal_leader")
    votes = [row | {"appraisee_type": body} for n, body in enumerate(bodies)
             for row in cast("overall", "sat3", satisfied=10 + n, dissatisfied=10 - n)]  # fmt: skip
    frame = occasions(conform("votes", votes), NONE, CAMPAIGN).set_index("appraisee_type")
    assert frame["strict"].to_dict() == {bodies[0]: 0.5, bodies[1]: 0.55, bodies[2]: 0.6}


def test_votes_on_two_leaders_are_no_interval_of_twice_the_people():
    votes = [row | {"appraisee": who, "appraisee_type": "leader"} for who in ("x", "y")
             for row in cast("overall", "sat3", satisfied=8, dissatisfied=2)]  # fmt: skip
    row = occasions(conform("votes", votes), NONE, CAMPAIGN).iloc[0]
    assert (row["valid"], row["strict"]) == (20, 0.8)
    assert row[["strict_low", "strict_high", "inclusive_low", "inclusive_high"]].isna().all()


def test_four_ballots_have_no_numbers():
    row = occasions(conform("votes", cast("leadership", "sat3", satisfied=4)), NONE, CAMPAIGN).iloc[0]
    assert row["hidden"]
    assert row[["strict", "inclusive", "index", "valid"]].isna().all()


PEOPLE = conform(
    "people",
    [{"person": f"p{n}", "is_member": True, "is_probationary": n == 9, "branch": "a"} for n in range(10)],
)


def test_members_grades_by_group_quota_and_probation():
    def grade(group: str, person: str, level: str, count: int = 1) -> dict[str, object]:
        base = {"occasion": "member", "year": 2011, "scale": "member4", "rater_group": group}
        return base | {"appraisee": person, "level": level, "count": count}

    rows = [grade("self", "p0", "excellent"), grade("self", "p1", "qualified")]
    rows += [grade("member", "p0", "excellent", 6), grade("member", "p0", "qualified", 2)]
    rows += [grade("nonmember", "p0", "excellent", 1), grade("nonmember", "p0", "qualified", 3)]
    rows += [grade("organisation", f"p{n}", "excellent") for n in range(4)] + [
        grade("organisation", "p9", "qualified")
    ]
    frame = member_grades(conform("votes", rows), PEOPLE, CAMPAIGN, date(2012, 6, 30)).set_index(
        "rater_group"
    )
    assert frame["excellent_share"].to_dict() == {
        "member": 0.75, "nonmember": 0.25, "organisation": 0.8, "self": 0.5,
    }  # fmt: skip
    # nine full members: a third is three, and four are excellent
    assert frame.loc["organisation", ["full_members", "quota", "over_quota"]].tolist() == [9, 3, True]
    assert frame.loc["organisation", "probationary_graded"] == 1  # p9 rates and gets no grade
    assert frame.loc[["self", "member", "nonmember"], "quota"].isna().all()
