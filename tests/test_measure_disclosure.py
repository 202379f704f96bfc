"""What is hidden, and that nothing hidden can be computed from a total or from another edition."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.complementary import level_bounds
from cxzy_lib.measure.disclosure import HIDDEN, shown_satisfaction
from cxzy_lib.measure.suppression import WHOLE, decide, masked
from cxzy_lib.tables import Tables, conform

CAMPAIGN = load_campaign("campaign")
LEAST = CAMPAIGN.setting("minimum_base")
WIDTH = CAMPAIGN.setting("hidden_width")
NO_TURNOUT = conform("turnout", [])
#: Of semesters, the stage and the calendar year of their ballots.
TERMS = {
    "2009-2010-2": ("S1", 2010),
    "2010-2011-1": ("S2", 2010),
    "2010-2011-2": ("S2", 2011),
    "2011-2012-1": ("S3", 2011),
    "2011-2012-2": ("S3", 2012),
}


def tables(**given: pd.DataFrame) -> Tables:
    return Tables(**{f.name: given.get(f.name, conform(f.name, [])) for f in fields(Tables)})


def votes(counts: dict[str, int | None], group: str = "nonmember", against: int = 1) -> pd.DataFrame:
    """Ballots of semesters, one of them (if there is any) dissatisfied."""
    rows = [
        {"semester": term, "stage": TERMS[term][0], "year": TERMS[term][1], "occasion_id": term}
        | {"occasion": "satisfaction", "rater_group": group, "scale": "sat3", "level": level, "count": number}
        for term, count in counts.items()
        for level, number in (
            ("satisfied", count and count - against),
            ("dissatisfied", count and against),
        )
    ]
    return conform("votes", rows)


def edition(table: pd.DataFrame, scope: str = WHOLE, **more: pd.DataFrame) -> Tables:
    every = tables(votes=table, **more)
    decisions = decide(every.votes, every.units, every.people, CAMPAIGN)
    mine = table if scope == WHOLE else table[table["unit"].eq(scope)]
    return masked(tables(**(more | {"votes": mine})), decisions, scope)


def shown(table: pd.DataFrame, by: str) -> dict[str, int | None]:
    frame = shown_satisfaction(edition(table).votes, NO_TURNOUT, CAMPAIGN, by)
    assert frame.loc[frame["valid"].isna(), HIDDEN].isna().all(axis=None)
    assert frame.loc[frame["hidden"], "valid"].isna().all()
    valid = frame["valid"].astype(object).where(frame["valid"].notna(), None)
    return dict(zip(frame[by].astype(str), valid, strict=True))


def test_four_of_autumn_cannot_be_computed_from_stage_or_year_less_spring():
    table = votes({"2010-2011-1": 4, "2010-2011-2": 26})
    assert shown(table, "semester") == {"2010-2011-1": None, "2010-2011-2": 26}
    assert shown(table, "stage") == {"S2": None}  # 30 less 26 would be the 4
    assert shown(table, "year") == {"2010": None, "2011": 26}


def test_a_small_group_hides_no_other():
    table = pd.concat([votes({"2010-2011-1": 4}), votes({"2010-2011-1": 99}, "member")], ignore_index=True)
    frame = shown_satisfaction(edition(table).votes, NO_TURNOUT, CAMPAIGN, "semester").set_index(
        "rater_group"
    )
    assert frame["hidden"].to_dict() == {"member": False, "nonmember": True}
    assert frame.loc["member", "valid"] == 99


def test_a_semester_in_two_stages_gives_neither_part_away():
    both = votes({"2009-2010-2": 40})
    july = votes({"2009-2010-2": 3}).assign(stage="S2", occasion_id="july")
    table = pd.concat([both, july], ignore_index=True)
    assert shown(table, "semester") == {"2009-2010-2": None}
    assert shown(table, "stage") == {"S1": None, "S2": None}


def test_an_unknown_number_tells_nothing_and_an_empty_one_gives_nothing_away():
    assert shown(votes({"2010-2011-2": 26}), "stage") == {"S2": 26}
    none = shown_satisfaction(conform("votes", []), NO_TURNOUT, CAMPAIGN, "semester")
    assert none.empty
    assert none["hidden"].dtype == bool


def test_where_all_said_the_same_nothing_is_told():
    same = votes({"2010-2011-1": 30}, against=0)
    other = votes({"2010-2011-2": 30})
    table = pd.concat([same, other], ignore_index=True)
    assert shown(table, "semester") == {"2010-2011-1": None, "2010-2011-2": 30}
    made = decide(table, conform("units", []), conform("people", []), CAMPAIGN)
    assert made["reason"].tolist() == ["unanimous", ""]


def test_the_papers_of_a_hidden_group_are_hidden_and_the_size_of_the_body_is_not():
    papers = {"occasion": "satisfaction", "semester": "2010-2011-1", "rater_group": "nonmember"}
    turnout = conform(
        "turnout", [papers | {"eligible": 6, "issued": 5, "returned": 4, "valid": 4, "void": 0}]
    )
    answers = conform("answers", [papers | {"respondent": "1", "scale": "sat3", "level": "satisfied"}])
    made = edition(votes({"2010-2011-1": 4}), turnout=turnout, answers=answers)
    assert made.turnout[["issued", "returned", "valid", "void"]].isna().all(axis=None)
    assert made.turnout["eligible"].tolist() == [6]
    assert made.answers.empty


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(sorted(TERMS)), st.integers(2, 12), min_size=1))
def test_a_remainder_never_shows_a_small_number(counts):
    table = votes(counts)
    before = table.copy(deep=True)
    terms = shown(table, "semester")
    for by, place in (("stage", 0), ("year", 1)):
        for period, total in shown(table, by).items():
            parts = [terms[term] for term in counts if str(TERMS[term][place]) == period]
            if total is not None:
                left = total - sum(part or 0 for part in parts)
                assert left == 0 or left >= LEAST
    pd.testing.assert_frame_equal(table, before)


# --- units and the institution ---------------------------------------------------------------------------------


def by_unit(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    base = {
        "occasion": "satisfaction",
        "semester": "2010-2011-1",
        "rater_group": "nonmember",
        "scale": "sat3",
    }
    rows = [
        base | {"unit": unit, "occasion_id": unit, "level": level, "count": number}
        for unit, pair in counts.items()
        for level, number in zip(("satisfied", "dissatisfied"), pair, strict=True)
    ]
    return conform("votes", rows)


def reasons(table: pd.DataFrame, people: pd.DataFrame | None = None) -> dict[str, str]:
    people = conform("people", []) if people is None else people
    made = decide(table, conform("units", []), people, CAMPAIGN)
    return dict(zip(made["scope"], made["reason"], strict=True))


def test_the_smallest_other_unit_is_hidden_with_a_small_one_and_the_total_is_kept():
    # 37 less 24 less 10 would be the 3 of A.
    table = by_unit({"A": (2, 1), "B": (20, 4), "C": (7, 3)})
    assert reasons(table) == {"": "", "A": "small", "B": "", "C": "complementary"}
    for scope, numbers in (("", [7, 20, 2]), ("A", [None]), ("B", [20]), ("C", [None])):
        mine = edition(table, scope).votes
        found = mine.loc[mine["level"].eq("satisfied"), "count"]
        assert sorted(n for n in found if pd.notna(n)) == sorted(n for n in numbers if n is not None)


def test_two_small_units_hide_each_other():
    assert reasons(by_unit({"A": (2, 1), "B": (20, 4), "C": (2, 2)})) == {
        "": "",
        "A": "small",
        "B": "",
        "C": "small",
    }


def test_two_units_that_said_the_same_do_not_hide_each_other():
    # A and C together are 9 ballots, all satisfied: from the total less B everybody's vote would be known.
    found = reasons(by_unit({"A": (4, 0), "B": (20, 4), "C": (5, 0)}))
    assert found == {"": "", "A": "small", "B": "complementary", "C": "unanimous"}


def test_with_two_units_both_are_hidden_or_the_total():
    assert reasons(by_unit({"A": (2, 1), "B": (20, 4)})) == {"": "", "A": "small", "B": "complementary"}


APPRAISAL = {
    "occasion": "member",
    "semester": "2010-2011-1",
    "scale": "member3",
    "occasion_id": "x",
    "unit": "A",
}


def test_a_few_who_rate_many_are_few():
    rows = [
        APPRAISAL | {"rater_group": group, "appraisee": f"p{n}", "level": level, "count": count}
        for group, each in (("nonmember", 2), ("self", 1))
        for n in range(9)
        for level, count in (("excellent", each if n % 2 else 0), ("qualified", 0 if n % 2 else each))
    ]
    made = decide(conform("votes", rows), conform("units", []), conform("people", []), CAMPAIGN)
    found = made.set_index(["rater_group", "scope"])[["raters", "valid", "reason"]]
    assert found.loc[("nonmember", "A")].tolist() == [2, 18, "small"]  # eighteen votes of two people
    assert found.loc[("self", "A")].tolist() == [9, 9, ""]  # nine people, each of himself


def test_where_few_are_appraised_their_grades_are_not_shown():
    rows = [
        APPRAISAL | {"rater_group": "member", "appraisee": person, "level": level, "count": 5}
        for person in ("p1", "p2", "p3")
        for level in ("excellent", "qualified")
    ]
    assert reasons(conform("votes", rows)) == {"": "few", "A": "few"}


def test_a_department_of_a_branch_is_an_edition_too():
    """Votes of the branch on people of two departments: the branch less one is the other."""
    rows = [
        APPRAISAL | {"rater_group": "member", "appraisee": f"p{n}", "level": level, "count": count}
        for n in range(12)
        for level, count in (("excellent", 5 + n % 3), ("qualified", 4 - n % 3))
    ]
    homes = [{"person": f"p{n}", "unit": "甲室" if n < 3 else "乙室", "branch": "A"} for n in range(12)]
    found = reasons(conform("votes", rows), conform("people", homes))
    assert found["甲室"] == "few"
    assert found["乙室"] == "complementary"
    assert found["A"] == found[""] == ""


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_no_hidden_unit_can_be_told_from_those_shown(pairs):
    counts = {chr(65 + n): pair for n, pair in enumerate(pairs) if sum(pair)}
    if not counts:
        return
    found = reasons(by_unit(counts))
    names = list(counts)
    parts = {name: np.array([float(other == name) for other in names]) for name in names}
    parts[""] = np.ones(len(names))
    truth = np.array([counts[name] for name in names], float)
    known = np.array([parts[scope] for scope, reason in found.items() if not reason]).reshape(-1, len(names))
    for scope, reason in found.items():
        assert (reason == "") or scope not in [s for s, r in found.items() if not r]
        if reason in ("small", "unanimous"):
            low, high, _ = level_bounds(known, truth, parts[scope])
            assert high.sum() - low.sum() >= WIDTH
            assert (high >= 1).sum() >= 2
        if not reason:
            mine = parts[scope] @ truth
            assert mine.sum() >= LEAST
            assert (mine > 0).sum() > 1


def test_nominations_are_no_distribution():
    rows = [
        {"occasion": "nomination", "semester": "2010-2011-1", "scale": "vote", "level": "for", "count": 9}
    ]
    assert decide(conform("votes", rows), conform("units", []), conform("people", []), CAMPAIGN).empty


@pytest.mark.parametrize("name", ["votes", "turnout", "answers"])
def test_without_rows_there_is_nothing_to_hide(name):
    assert getattr(edition(conform("votes", [])), name).empty
