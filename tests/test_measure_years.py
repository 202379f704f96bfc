"""Years per exposure, and the marks where they cannot be compared."""

from dataclasses import replace
from datetime import date

import msgspec
import pandas as pd
import pytest

from cxzy_lib.campaign import Campaign, CampaignError, load_campaign
from cxzy_lib.measure.suppression import decide, masked
from cxzy_lib.measure.years import yearly_comparison
from cxzy_lib.specs import Break
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")


def compared(measure: str, campaign: Campaign = CAMPAIGN, **given: list[dict[str, object]]) -> pd.DataFrame:
    found = Tables(**{name: conform(name, given.get(name, [])) for name in ALL_SCHEMAS})
    years = yearly_comparison(found, campaign)
    return years[years["measure"] == measure].set_index("year")


def held(unit: str, *days: str, **more: object) -> list[dict[str, object]]:
    return [{"unit": unit, "held_on": day} | more for day in days]


def ballots(year: int, scale: str = "sat4", group: str = "member", **more: object) -> list[dict[str, object]]:
    base = {"occasion": "satisfaction", "occasion_id": f"s-{year}-{scale}", "year": year, "scale": scale}
    base |= {"rater_group": group, "item": "leadership", "criterion": "G5.2"} | more
    return [base | {"level": level, "count": n} for level, n in (("satisfied", 8), ("dissatisfied", 2))]


def test_activities_per_hundred_days_of_exposure():
    # 2010: 2 days in the stages (January is before them) of 245; 2011: 3 of 365; 2012: none on record
    days = held("b", "2010-01-15", "2010-05-03", "2010-06-03", "2010-06-03")
    days += held("b", "2011-01-10", "2011-02-28", "2011-12-31", "2012-07-01")
    frame = compared("activities", events=days)
    assert frame["exposure_days"].tolist() == [245, 365, 182]
    assert frame["value"].tolist() == [2.0, 3.0, pd.NA]
    assert frame["adjusted"].tolist() == [pytest.approx(200 / 245), pytest.approx(300 / 365), pd.NA]
    assert frame["comparable"].tolist() == [True, True, False]
    assert frame["reason"].tolist()[2] == "no_data"
    assert frame["base"].tolist() == [1, 1, pd.NA]


def test_another_body_of_reporting_branches_is_another_denominator():
    days = held("a", "2010-05-03", "2011-05-03", "2012-05-03", expected=10, present=9)
    days += held("b", "2010-05-03", "2011-05-03", expected=10, present=7)
    for measure in ("activities", "attendance"):
        frame = compared(measure, events=days)
        assert frame["reason"].fillna("").tolist() == ["", "", "denominator_changed"]
        assert frame["comparable"].tolist() == [True, True, False]
    # 16 of 20 twice, then 9 of 10: a rate is its own adjusted value
    assert frame["value"].tolist() == frame["adjusted"].tolist() == [0.8, 0.8, 0.9]
    assert frame["base"].tolist() == [20, 20, 10]


def test_satisfaction_keeps_groups_apart_and_stops_at_a_change_of_scale():
    rows = ballots(2010, "sat3") + ballots(2011) + ballots(2012) + ballots(2011, group="nonmember")
    frame = compared("satisfaction_strict_member", votes=rows)
    assert frame["value"].tolist() == [0.8, 0.8, 0.8]  # 8 of 10
    assert frame["reason"].fillna("").tolist() == ["", "scale_top_changed", ""]  # 满意 is the top of both
    assert frame["grade"].tolist() == ["comparable", "flagged", "comparable"]
    assert frame["comparable"].tolist() == [True, False, True]
    other = compared("satisfaction_strict_nonmember", votes=rows)
    assert other["value"].tolist() == [pd.NA, 0.8, pd.NA]
    assert other["reason"].fillna("").tolist() == ["no_data", "", "no_data"]


def test_two_scales_in_a_year_give_no_single_rate():
    frame = compared(
        "satisfaction_strict_member", votes=ballots(2010) + ballots(2011) + ballots(2011, "sat3")
    )
    assert frame["value"].tolist() == [0.8, pd.NA, pd.NA]
    assert frame["reason"].fillna("").tolist() == ["", "scale_changed", "no_data"]


def test_what_the_ballots_do_not_tell_is_no_change_and_an_unknown_count_no_rate():
    rows = ballots(2010, criterion=None) + [vote | {"count": None} for vote in ballots(2011, criterion=None)]
    frame = compared("satisfaction_strict_member", votes=rows)
    assert frame["value"].tolist() == [0.8, pd.NA, pd.NA]
    assert frame["reason"].fillna("").tolist() == ["", "no_data", "no_data"]


def test_another_question_or_another_body_is_marked():
    rows = ballots(2010, appraisee_type="leadership_team") + ballots(2011, appraisee_type="secretary")
    rows += ballots(2012, appraisee_type="secretary", unit="b")
    frame = compared("satisfaction_strict_member", votes=rows)
    assert frame["reason"].fillna("").tolist() == ["", "wording_changed", "denominator_changed"]
    # Ballot forms do not name the appraisee: unknown is no change.
    rows = ballots(2010, appraisee_type="leadership_team") + ballots(2010, occasion_id="s")
    rows += ballots(2011, appraisee_type="leadership_team") + ballots(2012)
    frame = compared("satisfaction_strict_member", votes=rows)
    assert frame["comparable"].all()
    other_items = ballots(2010) + ballots(2011, item="service")
    frame = compared("satisfaction_strict_member", votes=other_items)
    assert frame["value"].tolist() == [0.8, pd.NA, pd.NA]


def broken(since: date) -> Campaign:
    change = Break(since=since, reason="wording", grade="not_comparable", zh="改写", en="Reworded")
    rules = msgspec.structs.replace(CAMPAIGN.comparability, breaks=(change,))
    return replace(CAMPAIGN, comparability=rules)


def test_a_year_that_a_break_runs_through_is_comparable_with_neither_side() -> None:
    days = ["2010-06-20", "2011-06-20", "2011-12-20", "2012-06-20"]
    rows = [vote for day in days for vote in ballots(int(day[:4]), held_on=day, occasion_id=day)]
    frame = compared("satisfaction_strict_member", broken(date(2011, 9, 1)), votes=rows)
    assert frame["value"].tolist() == [0.8, 0.8, 0.8]
    assert frame["grade"].tolist() == ["comparable", "not_comparable", "not_comparable"]
    assert frame["reason"].fillna("").tolist() == ["", *["wording_changed straddled_changed"] * 2]
    frame = compared("satisfaction_strict_member", broken(date(2012, 1, 1)), votes=rows)
    assert frame["reason"].fillna("").tolist() == ["", "", "wording_changed"]


def test_a_break_is_seen_where_ballots_have_no_day() -> None:
    frame = compared(
        "satisfaction_strict_member", broken(date(2011, 1, 1)), votes=ballots(2010) + ballots(2011)
    )
    assert frame["reason"].fillna("").tolist() == ["", "wording_changed", "no_data"]


def test_a_body_that_grew_flags_the_year_and_one_that_was_asked_twice_has_not_grown() -> None:
    rows = ballots(2010) + ballots(2010, occasion_id="again") + ballots(2011) + ballots(2012)
    bodies = {"s-2010-sat4": 100, "again": 100, "s-2011-sat4": 110, "s-2012-sat4": 300}
    papers = [{"occasion_id": at, "rater_group": "member", "eligible": n} for at, n in bodies.items()]
    frame = compared("satisfaction_strict_member", votes=rows, turnout=papers)
    assert frame["grade"].tolist() == ["comparable", "comparable", "flagged"]
    assert frame["reason"].fillna("").tolist() == ["", "", "population_changed"]


def test_years_in_which_raters_were_grouped_otherwise_are_not_comparable() -> None:
    rows = ballots(2010, group="all") + ballots(2011) + ballots(2012)
    frame = compared("satisfaction_strict_member", votes=rows)
    assert frame["reason"].fillna("").tolist() == ["no_data", "rater_group_changed", ""]


def test_training_coverage_and_pledges():
    people = [{"person": p, "branch": "b", "is_member": True, "in_service": p != "r"} for p in "pqr"]
    hours = [("p", "2010-03-01", 9), ("p", "2010-06-01", 8), ("q", "2010-07-01", 4), ("r", "2010-07-01", 40)]
    hours = [dict(zip(("person", "started_on", "hours"), row, strict=True)) for row in hours]
    frame = compared("training_hours", people=people, hours=hours)
    # p and q are in service; March is before the stages: 8 + 4 hours for 2 members
    assert frame["value"].tolist() == [6.0, pd.NA, pd.NA]
    assert frame["adjusted"].tolist()[0] == pytest.approx(600 / 245)
    assert frame["base"].tolist()[0] == 2
    votes = [{"occasion": "member", "year": 2011, "appraisee": p, "count": 5} for p in "pq"]
    frame = compared("appraisal_coverage", people=people, votes=votes)
    assert frame["value"].tolist() == [pd.NA, pytest.approx(2 / 3), pd.NA]
    pledge = {"kind": "pledge", "unit": "b", "opened_on": "2010-06-01"}
    tasks = [pledge | {"published_on": "2010-07-01"}, pledge, pledge | {"opened_on": "2011-06-01"}]
    frame = compared("pledges_published", tasks=tasks)
    assert frame["value"].tolist() == [1.0, 0.0, pd.NA]  # 2011 has a pledge, and none published


def test_without_tables_every_year_is_without_data():
    for given in ({}, {name: [{}] for name in ALL_SCHEMAS}):
        found = Tables(**{name: conform(name, given.get(name, [])) for name in ALL_SCHEMAS})
        years = yearly_comparison(found, CAMPAIGN)
        assert len(years) == 7 * 3
        assert set(years["reason"]) == {"no_data"}
        assert years[["value", "adjusted"]].isna().all(axis=None)
        assert not years["comparable"].any()
        assert years.dtypes[["value", "base", "comparable"]].tolist() == ["Float64", "Int64", "bool"]


def test_a_small_part_of_a_year_hides_the_year_as_its_semester_is_hidden():
    one = [row | {"semester": "2010-2011-2"} for row in ballots(2011)]
    few = [row | {"semester": "2011-2012-1", "occasion_id": "o", "count": 2} for row in ballots(2011)]
    table = conform("votes", ballots(2010) + one + few)
    decisions = decide(table, conform("units", []), conform("people", []), CAMPAIGN)
    every = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS} | {"votes": table})
    shown = yearly_comparison(masked(every, decisions), CAMPAIGN)
    frame = shown[shown["measure"].eq("satisfaction_strict_member")].set_index("year")
    assert frame["value"].tolist() == [0.8, pd.NA, pd.NA]
    assert frame["base"].tolist() == [10, pd.NA, pd.NA]
    assert frame["reason"].fillna("").tolist() == ["", "not_shown", "no_data"]
    assert not frame.loc[2011, "comparable"]


def test_another_basis_of_years_is_refused_by_name():
    setting = type(CAMPAIGN.settings["cutoff"])(zh="", en="", value="academic")
    other = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"year_basis": setting})
    found = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    with pytest.raises(CampaignError, match=r"\[year_basis\] value = 'academic'.*'calendar'"):
        yearly_comparison(found, other)
