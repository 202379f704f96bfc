"""Attendance, fortnights and training on tables small enough to count by hand."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import Campaign, CampaignError, load_campaign
from cxzy_lib.measure.participation import (
    attendance_by_unit,
    fortnight_summary,
    fortnights,
    members_at,
    training_progress,
    training_summary,
)
from cxzy_lib.present.page_words import attendance_caption, attendance_sentence
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
END = date(2012, 6, 30)
NO_UNITS = conform("units", [])


def events(*rows: dict[str, object]) -> pd.DataFrame:
    return conform("events", list(rows))


def held(unit: str, *days: str) -> list[dict[str, object]]:
    return [{"unit": unit, "held_on": day, "kind": "branch_meeting"} for day in days]


def test_attendance_counts_persons_and_leaves_out_what_is_unknown():
    table = events(
        {"unit": "b", "held_on": "2011-03-04", "expected": 20, "present": 18, "excused": 1, "absent": 1},
        {"unit": "b", "held_on": "2011-03-18", "expected": 20, "present": 17, "excused": 2},  # 1 absent
        {"unit": "b", "held_on": "2011-04-01", "expected": 20, "present": 20},  # nobody away
        {"unit": "b", "held_on": "2011-04-15", "expected": 20},
        {"unit": "b", "held_on": "2011-04-29", "expected": 20, "present": 23},  # contradicts itself
        {"unit": "c", "held_on": "2011-04-29", "present": 9},
    )
    first, second = attendance_by_unit(table, CAMPAIGN).to_dict("records")
    counts = ("meetings", "expected", "present", "excused", "absent", "not_counted")
    # 2011-04-15 was planned and did not take place; of four days, one has no usable numbers
    assert [first[name] for name in counts] == [4, 60, 55, 3, 2, 1]
    # 55 of 60 present, 2 of 60 absent without excuse
    assert (first["attendance_rate"], first["unexcused_absence_rate"]) == pytest.approx((55 / 60, 2 / 60))
    assert [second[name] for name in counts] == [1, None, None, None, None, 1]
    assert second["attendance_rate"] is None


def test_the_excused_leave_the_denominator_where_the_setting_says_so():
    other = other_setting("excused_in_denominator", False)
    table = events({"unit": "b", "held_on": "2011-03-04", "expected": 20, "present": 15, "excused": 4})
    assert attendance_by_unit(table, CAMPAIGN)["attendance_rate"].tolist() == [0.75]
    assert attendance_by_unit(table)["attendance_rate"].tolist() == [0.75]
    assert attendance_by_unit(table, other)["attendance_rate"].tolist() == [15 / 16]
    told = attendance_sentence(attendance_by_unit(table, other), other, "zh")  # 15 of 20 less 4
    assert "93.8%（应到 16 人次）" in told
    assert "75.0%（应到 20 人次）" in attendance_sentence(attendance_by_unit(table), CAMPAIGN, "zh")
    assert "不计入应到" in attendance_caption(other, "zh")
    assert "公出计入应到" in attendance_caption(CAMPAIGN, "zh")


def test_a_meeting_of_two_kinds_counts_once_and_an_unknown_absence_is_no_zero():
    meeting = {"unit": "b", "held_on": "2011-03-04", "source_file": "f", "source_row": 3}
    numbers = {"expected": 20, "present": 17}
    table = events(*(meeting | numbers | {"kind": kind} for kind in ("party_lecture", "discussion")))
    (row,) = attendance_by_unit(table).to_dict("records")
    assert (row["meetings"], row["expected"]) == (1, 20)
    assert row["excused"] is None
    assert row["unexcused_absence_rate"] is None


def test_fortnights_held_missed_and_in_vacation():
    # From 2010-06-01: 06-01..06-14 held; 06-15..06-28 held (two events of a day: one activity);
    # 06-29..07-12 missed (2 of 14 days in the vacation from 07-11); 07-13.. and 07-27..: vacation;
    # 08-10..08-23 held though not due; 08-24..09-06: 8 of 14 days to 08-31, so not due;
    # 09-07..09-20 missed; 09-21..10-04 is cut by the end and left out.
    days = ("2010-06-01", "2010-06-14", "2010-06-15", "2010-06-15", "2010-08-20", "2010-10-01")
    table, end = events(*held("b", *days)), date(2010, 10, 3)
    calendar = fortnights(table, CAMPAIGN, NO_UNITS, end)
    states = ["held", "held", "missed", "vacation", "vacation", "held", "vacation", "missed"]
    assert calendar["state"].tolist() == states
    assert calendar["due"].tolist() == [True, True, True, False, False, False, False, True]
    assert calendar["activities"].tolist() == [2, 1, 0, 0, 0, 1, 0, 0]
    assert calendar["start"].iloc[-1] == pd.Timestamp(2010, 9, 7)
    assert calendar["end"].iloc[-1] == pd.Timestamp(2010, 9, 20)
    (row,) = fortnight_summary(calendar, table, CAMPAIGN, end).to_dict("records")
    # Held of those due: 2 of 4. 5 days with an activity; 2010-05-01..10-03 = 156 days = 11.14 fortnights.
    assert (row["due"], row["held"], row["rate"], row["activities"]) == (4, 2, 0.5, 5)
    assert (row["literal_due"], row["literal_rate"]) == pytest.approx((156 / 14, 5 * 14 / 156))
    # 06-15 to 08-20: 15 + 31 + 20 days
    assert row["longest_gap_days"] == 66
    assert (row["gap_from"], row["gap_to"]) == (pd.Timestamp(2010, 6, 15), pd.Timestamp(2010, 8, 20))


def test_exactly_half_a_fortnight_in_the_vacation_is_still_due():
    # 2010-07-04..07-17: 7 of 14 days from 07-11 on. 2010-07-05..07-18: 8 of them.
    for day, due in (("2010-07-04", True), ("2010-07-05", False)):
        calendar = fortnights(events(*held("b", day)), CAMPAIGN, NO_UNITS, date(2010, 7, 18))
        assert calendar["due"].tolist() == [due]


def test_literal_fortnights_of_the_whole_campaign_and_the_open_gap_at_its_end():
    # 792 days from 2010-05-01 to 2012-06-30 are 56.6 fortnights; 2012-05-31 to the end are 30 days
    table = events(*held("b", "2012-05-01", "2012-05-31"))
    (row,) = fortnight_summary(fortnights(table, CAMPAIGN, NO_UNITS), table, CAMPAIGN).to_dict("records")
    assert round(row["literal_due"], 1) == 56.6
    assert (row["longest_gap_days"], row["gap_from"]) == (30, pd.Timestamp(2012, 5, 1))
    table = events(*held("b", "2012-05-01", "2012-05-25"))
    (row,) = fortnight_summary(fortnights(table, CAMPAIGN, NO_UNITS), table, CAMPAIGN).to_dict("records")
    assert (row["longest_gap_days"], row["gap_to"]) == (36, pd.Timestamp(END))


def test_a_branch_of_the_register_without_an_activity_has_missed_from_the_start():
    units = conform("units", [{"unit": "d", "kind": "department", "branch": "silent"}])
    table = events(*held("b", "2010-05-01"))
    calendar = fortnights(table, CAMPAIGN, units, date(2010, 5, 28))
    assert calendar[["unit", "state"]].to_numpy().tolist() == [
        ["silent", "missed"],
        ["silent", "missed"],
        ["b", "held"],
        ["b", "missed"],
    ]
    summary = fortnight_summary(calendar, table, CAMPAIGN, date(2010, 5, 28)).set_index("unit")
    assert summary.loc["silent", ["due", "held", "activities", "longest_gap_days"]].tolist() == [2, 0, 0, 27]
    assert fortnights(events(), CAMPAIGN, units).empty  # no log is no evidence


def test_what_nobody_attended_or_lies_outside_the_campaign_is_no_activity():
    rows = [{"unit": "b", "held_on": "2010-05-03", "present": 0}, {"unit": "b"}, {"held_on": "2010-05-03"}]
    table = events(*rows, *held("b", "2010-04-30", "2012-07-01"))
    assert fortnights(table, CAMPAIGN, NO_UNITS).empty
    assert fortnight_summary(fortnights(table, CAMPAIGN, NO_UNITS), table, CAMPAIGN).empty


def test_a_plan_that_was_not_carried_out_counts_nowhere_unless_the_log_has_no_numbers():
    numbers = {"expected": 20, "present": 18, "excused": 2}
    days = ("2011-03-04", "2011-03-18", "2011-04-01")
    log = [{"unit": "b", "held_on": day, "source_file": "x", "institution": "i"} for day in days]
    table = events(log[0] | numbers, log[1] | numbers, log[2])
    (row,) = attendance_by_unit(table, CAMPAIGN).to_dict("records")
    assert (row["meetings"], row["not_counted"], row["expected"]) == (2, 0, 40)
    end = date(2011, 4, 14)
    calendar = fortnights(table, CAMPAIGN, NO_UNITS, end)
    assert calendar["state"].tolist() == ["held", "held", "missed"]
    assert fortnight_summary(calendar, table, CAMPAIGN, end)["activities"].tolist() == [2]
    # The log of another institution has no numbers at all: there the three count.
    silent = events(*(row | {"unit": "c", "institution": "j"} for row in log))
    both = pd.concat([table, silent], ignore_index=True)
    calendar = fortnights(both, CAMPAIGN, NO_UNITS, end)
    assert fortnight_summary(calendar, both, CAMPAIGN, end)["activities"].tolist() == [2, 3]
    assert attendance_by_unit(both, CAMPAIGN)[["meetings", "not_counted"]].to_numpy().tolist() == [
        [2, 0],
        [3, 3],
    ]


def test_every_table_has_the_same_number_of_activities():
    numbers = {"expected": 20, "present": 18}
    rows = [{"unit": "b", "held_on": "2011-03-04", "topic": topic} | numbers for topic in "xy"]
    rows += [{"unit": "b", "held_on": day} | numbers for day in ("2010-01-04", "2011-05-04", "2012-07-04")]
    table = events(*rows)
    calendar = fortnights(table, CAMPAIGN, NO_UNITS)
    (row,) = attendance_by_unit(table, CAMPAIGN).to_dict("records")
    # two meetings of a day are one activity, and two of the days lie outside the campaign
    assert (row["meetings"], row["expected"]) == (2, 60)
    assert fortnight_summary(calendar, table, CAMPAIGN)["activities"].tolist() == [2]


def people(*rows: tuple[str, str, str | None, bool]) -> pd.DataFrame:
    names = ("person", "branch", "snapshot_on", "in_service")
    return conform("people", [dict(zip(names, row, strict=True)) | {"is_member": True} for row in rows])


def test_members_are_those_of_each_branchs_latest_snapshot():
    table = people(
        ("p", "a", "2010-05-01", True),
        ("q", "a", "2010-05-01", True),
        ("p", "a", "2012-05-01", True),  # q is no longer listed
        ("r", "b", "2010-06-01", True),  # b has one list only
        ("p", "b", "2010-06-01", True),  # p was in b, and is in a since
    )
    now = members_at(table, END)
    assert now[["person", "branch"]].to_numpy().tolist() == [["p", "a"], ["r", "b"]]
    assert members_at(table, date(2011, 1, 1))["person"].tolist() == ["q", "r", "p"]
    assert members_at(table, date(2010, 1, 1))["person"].tolist() == ["q", "r", "p"]
    undated = people(("p", "a", None, True), ("q", "a", None, True))
    assert members_at(undated, END)["person"].tolist() == ["p", "q"]


def test_members_have_joined_and_not_left():
    row = {"branch": "b", "is_member": True, "snapshot_on": "2012-06-30"}
    days = {"p": (None, None), "q": ("2011-03-01", None), "r": ("1990-01-01", "2011-03-01")}
    table = conform(
        "people", [row | {"person": p, "joined_on": a, "left_on": b} for p, (a, b) in days.items()]
    )
    assert members_at(table, date(2011, 2, 28))["person"].tolist() == ["p", "r"]
    assert members_at(table, date(2011, 3, 1))["person"].tolist() == ["p", "q"]


def other_setting(name: str, value: object) -> Campaign:
    setting = type(CAMPAIGN.settings[name])(zh="", en="", value=value)
    return replace(CAMPAIGN, settings=CAMPAIGN.settings | {name: setting})


def test_a_reading_that_is_not_worked_out_is_refused_by_name():
    other = other_setting("training_basis", "yearly")
    with pytest.raises(CampaignError, match=r"\[training_basis\] value = 'yearly'.*'cumulative'"):
        training_progress(conform("hours", []), conform("people", []), other, END)


def test_training_against_the_target_and_the_line():
    # 912 of 1461 days are over on 2012-06-30: 62.4 % of 30 hours are 18.7
    register = people(*((name, "b", None, name != "old") for name in ("p", "q", "r", "s", "old")))
    rows = [("p", "2010-03-01", 16.0), ("p", "2011-03-01", 14.0), ("q", "2011-03-01", 20.0)]
    rows += [("r", "2011-03-01", 18.0), ("s", "2012-07-01", 40.0), ("old", "2011-03-01", 40.0)]
    hours = conform("hours", [dict(zip(("person", "started_on", "hours"), row, strict=True)) for row in rows])
    progress = training_progress(hours, register, CAMPAIGN, END)
    assert progress["person"].tolist() == ["p", "q", "r", "s"]
    assert progress["hours"].tolist() == [30.0, 20.0, 18.0, 0.0]  # what s took came later
    assert progress["expected"].round(3).unique().tolist() == [round(30 * 912 / 1461, 3)]
    assert progress["status"].tolist() == ["reached", "on_course", "behind", "behind"]
    (row,) = training_summary(progress).to_dict("records")
    counts = ("members", "reached", "on_course", "behind")
    assert [row[name] for name in counts] == [4, 1, 1, 2]
    assert (row["reached_share"], row["median_hours"]) == (0.25, 19.0)


def test_without_any_training_record_nothing_is_known():
    progress = training_progress(conform("hours", []), people(("p", "b", None, True)), CAMPAIGN, END)
    assert progress["hours"].isna().all()
    assert progress["status"].isna().all()
    (row,) = training_summary(progress).to_dict("records")
    assert row["members"] == 1
    assert all(row[name] is None for name in ("reached", "behind", "reached_share", "median_hours"))
    unknown = conform("hours", [{"person": "p", "started_on": "2011-03-01"}])
    progress = training_progress(unknown, people(("p", "b", None, True)), CAMPAIGN, END)
    assert progress["status"].isna().all()


def test_empty_tables_give_empty_frames_with_their_types():
    none, register = events(), conform("people", [])
    assert attendance_by_unit(none).dtypes["attendance_rate"] == "Float64"
    calendar = fortnights(none, CAMPAIGN, NO_UNITS)
    some = fortnights(events(*held("b", "2011-03-04")), CAMPAIGN, NO_UNITS)
    assert calendar.dtypes.to_dict() == some.dtypes.to_dict()
    assert fortnight_summary(calendar, none, CAMPAIGN).empty
    progress = training_progress(conform("hours", []), register, CAMPAIGN, END)
    assert list(progress) == ["person", "unit", "hours", "target", "expected", "status"]
    assert training_summary(progress).empty
    assert attendance_by_unit(events({"expected": 3, "present": 2})).empty  # of no branch
