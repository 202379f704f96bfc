"""What is hidden, and that nothing hidden can be computed from a total."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.disclosure import HIDDEN, shown_satisfaction
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
LEAST = CAMPAIGN.setting("minimum_base")
NO_TURNOUT = conform("turnout", [])
#: Of semesters, the stage and the calendar year of their ballots.
TERMS = {
    "2009-2010-2": ("S1", 2010),
    "2010-2011-1": ("S2", 2010),
    "2010-2011-2": ("S2", 2011),
    "2011-2012-1": ("S3", 2011),
    "2011-2012-2": ("S3", 2012),
}


def votes(counts: dict[str, int | None], group: str = "nonmember") -> pd.DataFrame:
    rows = [
        {"semester": term, "stage": TERMS[term][0], "year": TERMS[term][1], "occasion_id": term}
        | {"rater_group": group, "scale": "sat3", "level": "satisfied", "count": count}
        for term, count in counts.items()
    ]
    return conform("votes", rows)


def shown(table: pd.DataFrame, by: str) -> dict[str, int | None]:
    frame = shown_satisfaction(table, NO_TURNOUT, CAMPAIGN, by)
    assert frame.loc[frame["valid"].isna(), HIDDEN].isna().all(axis=None)
    assert frame.loc[frame["hidden"], "valid"].isna().all()
    valid = frame["valid"].astype(object).where(frame["valid"].notna(), None)
    return dict(zip(frame[by].astype(str), valid, strict=True))


def test_four_of_autumn_cannot_be_computed_from_stage_or_year_less_spring():
    table = votes({"2010-2011-1": 4, "2010-2011-2": 26})
    assert shown(table, "semester") == {"2010-2011-1": None, "2010-2011-2": 26}
    assert shown(table, "stage") == {"S2": None}  # 30 less 26 would be the 4
    assert shown(table, "year") == {"2010": None, "2011": 26}


def test_small_parts_that_are_enough_together_may_be_told_as_one():
    table = votes({"2010-2011-1": 4, "2010-2011-2": 3})
    assert shown(table, "semester") == {"2010-2011-1": None, "2010-2011-2": None}
    assert shown(table, "stage") == {"S2": 7}


def test_a_small_group_hides_no_other():
    table = pd.concat([votes({"2010-2011-1": 4}), votes({"2010-2011-1": 99}, "member")])
    frame = shown_satisfaction(table, NO_TURNOUT, CAMPAIGN, "semester").set_index("rater_group")
    assert frame["hidden"].to_dict() == {"member": False, "nonmember": True}
    assert frame.loc["member", "valid"] == 99


def test_a_semester_in_two_stages_gives_neither_part_away():
    both = votes({"2009-2010-2": 40})
    july = both.assign(stage="S2", occasion_id="july", count=3)
    table = pd.concat([both, july], ignore_index=True)
    assert shown(table, "semester") == {"2009-2010-2": None}
    assert shown(table, "stage") == {"S1": 40, "S2": None}


def test_an_unknown_number_tells_nothing_and_an_empty_one_gives_nothing_away():
    assert shown(votes({"2010-2011-1": None}), "semester") == {"2010-2011-1": None}
    assert shown(votes({"2010-2011-1": 0, "2010-2011-2": 26}), "stage") == {"S2": 26}
    none = shown_satisfaction(conform("votes", []), NO_TURNOUT, CAMPAIGN, "semester")
    assert none.empty
    assert none["hidden"].dtype == bool


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(sorted(TERMS)), st.integers(0, 12), min_size=1))
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
