"""Every measure on tables small enough to count by hand; the figure is worked out beside it."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.evidence import Evidence
from cxzy_lib.measure.indicators import status_table, trace, windows
from cxzy_lib.measure.rated import difference_of_means, paired_difference
from cxzy_lib.measure.summaries import by_criterion, overall
from cxzy_lib.plan_specs import Measure
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
END = date(2012, 6, 30)
PEOPLE = [
    {
        "person": p,
        "branch": b,
        "is_member": True,
        "in_service": p != "t",
        "is_cadre": p == "p",
        "is_teacher": p in "pq",
    }
    for p, b in (("p", "a"), ("q", "a"), ("r", "b"), ("s", "b"), ("t", "b"))
]


def evidence(as_of: date = END, campaign: Any = CAMPAIGN, **given: list[dict[str, Any]]) -> Evidence:
    rows = {name: list(enumerate(given.get(name, []), 1)) for name in ALL_SCHEMAS}
    place = {"source_file": "f", "source_sheet": "s", "institution": "i"}
    return Evidence(
        Tables(
            **{
                n: conform(n, [{**place, "source_row": at, **r} for at, r in found])
                for n, found in rows.items()
            }
        ),
        campaign,
        as_of,
    )


def setting(name: str, value: Any) -> Any:
    changed = msgspec.structs.replace(CAMPAIGN.settings[name], value=value)
    return replace(CAMPAIGN, settings=CAMPAIGN.settings | {name: changed})


def answered(ev: Evidence, code: str) -> pd.DataFrame:
    """Return the status table of a plan that has this clause alone: the others have no part in its figures."""
    plan = ev.campaign.plan
    kept = {
        kind: {c: v for c, v in getattr(plan, kind).items() if c == code} for kind in ("indicators", "duties")
    }
    return status_table(
        replace(ev, campaign=replace(ev.campaign, plan=msgspec.structs.replace(plan, **kept)))
    )


def figures(ev: Evidence, code: str) -> dict[str, tuple[Any, Any, str]]:
    """Return id -> value, base, status of a clause's figures over its whole time."""
    table = answered(ev, code)
    own = table[table["indicator"].eq(code) & table["window"].eq("")]
    return {
        row["id"]: tuple(None if pd.isna(row[name]) else row[name] for name in ("value", "base", "status"))
        for row in own.to_dict("records")
    }


def stage(ev: Evidence, figure: str) -> tuple[Any, Any, str]:
    row = answered(ev, figure.partition("/")[0]).set_index("id").loc[figure]
    return tuple(None if pd.isna(row[name]) else row[name] for name in ("value", "base", "status"))


def vote(item: str, group: str, held_on: str, **counts: int) -> list[dict[str, Any]]:
    day = pd.Timestamp(held_on)
    when = {
        "held_on": day, "year": day.year, "semester": CAMPAIGN.semester_of(day.date()),
        "stage": CAMPAIGN.stage_of(day.date()), "occasion_id": f"satisfaction-{held_on}",
    }  # fmt: skip
    base = {"occasion": "satisfaction", "item": item, "rater_group": group, "scale": "sat3", **when}
    return [base | {"level": level, "count": count} for level, count in counts.items()]


def event(kind: str, held_on: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "held_on": held_on, **more}


def test_a_rate_of_votes_stands_by_group_with_its_interval_and_is_left_to_judgement():
    votes = vote("leadership", "member", "2012-06-20", satisfied=45, dissatisfied=5)
    votes += vote("leadership", "nonmember", "2012-06-20", satisfied=12, basically_satisfied=8)
    turnout = [
        {"occasion_id": "satisfaction-2012-06-20", "rater_group": group, "eligible": eligible}
        for group, eligible in (("member", 50), ("nonmember", 20))
    ]
    ev = evidence(votes=votes, turnout=turnout)
    assert figures(ev, "G5.2a") == {
        "G5.2a/member/2011-2012-2": (0.9, 50, "judgement"),  # 45 of 50
        "G5.2a/nonmember/2011-2012-2": (0.6, 20, "judgement"),  # 12 of 20, strict
    }
    table = status_table(ev).set_index("id")
    row = table.loc["G5.2a/member/2011-2012-2"]
    assert (row["low"], row["high"]) == (0.9, 0.9)  # everybody was asked: nothing is left to chance
    assert table.loc["G5.2a/S3/member", "value"] == 0.9
    assert table.loc["G5.2a/S2", "status"] == "no_evidence"


def test_a_threshold_of_the_institution_makes_it_met_or_not():
    votes = vote("leadership", "member", "2012-06-20", satisfied=45, dissatisfied=5)
    for least, said in ((0.9, "met"), (0.91, "not_met")):
        ev = evidence(campaign=setting("thresholds", {"G5.2a": least}), votes=votes)
        assert figures(ev, "G5.2a")["G5.2a/member/2011-2012-2"] == (0.9, 50, said)


def test_four_ballots_are_not_told_and_neither_is_the_rest_of_their_semester():
    votes = vote("leadership", "nonmember", "2010-06-25", satisfied=3, dissatisfied=1)
    votes += vote("leadership", "nonmember", "2010-07-05", satisfied=20)
    table = status_table(evidence(votes=votes)).set_index("id")
    for figure in ("G5.2a/S1/nonmember", "G5.2a/S2/nonmember"):  # 24 in spring less 20 would be 4
        assert table.loc[figure, "hidden"]
        assert table.loc[figure, ["value", "low", "high", "base"]].isna().all()


def test_a_question_in_the_plans_own_words_answers_its_clause():
    assert CAMPAIGN.items["G1.4a"].zh == "班子团结协作"
    votes = vote("G1.4a", "member", "2012-06-20", satisfied=8, dissatisfied=2)
    assert figures(evidence(votes=votes), "G1.4a") == {"G1.4a/member/2011-2012-2": (0.8, 10, "judgement")}


def test_documents_exist_and_yearly_plans_are_counted_by_year():
    events = [
        event("annual_plan", "2010-05-20", topic="计划"),
        event("annual_plan", "2012-02-01", topic="计划"),
    ]
    events += [event("rules", "2010-10-12", topic="党员激励关怀制度")]
    ev = evidence(events=events)
    assert figures(ev, "G1.1c") == {"G1.1c": (pytest.approx(2 / 3), 3, "not_met")}  # 2011 lacks one
    assert figures(ev, "G3.5a") == {"G3.5a": (1, None, "met")}
    assert figures(ev, "G3.3b") == {"G3.3b": (None, None, "no_evidence")}  # no rules on study
    assert stage(ev, "G3.5a/S3") == (1, None, "met")  # made in 2010, it is there ever after
    assert stage(ev, "G3.5a/S1")[2] == "no_evidence"  # but not before


def test_the_execution_of_a_plan_is_a_share_of_its_items():
    events = [
        event("annual_plan", "2010-05-20", topic="计划"),
        event("document", "2011-03-01", topic="落实局党委部署"),
    ]
    rows = [{"indicator": "document_items", "value": 10, "source_row": 1}]
    rows += [{"indicator": "document_items_done", "value": 8, "source_row": 1}]
    rows += [{"indicator": "document_items", "value": 4, "source_row": 2}]
    rows += [{"indicator": "document_items_done", "value": 4, "source_row": 2}]
    ev = evidence(events=events, figures=rows)
    assert figures(ev, "G1.1d") == {"G1.1d": (0.8, 10, "judgement")}  # 8 of 10, the plan only
    assert figures(ev, "G1.1b") == {"G1.1b": (1.0, 4, "met")}  # 4 of 4, the bureau's only


def test_lectures_are_counted_with_their_longest_gap_and_not_judged():
    events = [event("party_lecture", day) for day in ("2011-03-01", "2011-03-31", "2011-06-29")]
    ev = evidence(events=events)
    assert figures(ev, "G1.6c") == {
        "G1.6c": (3, None, "judgement"),
        "G1.6c/longest_gap": (90, None, "judgement"),  # 31 March to 29 June
    }
    own = evidence(campaign=setting("regular_interval", {"G1.6c": 60}), events=events)
    assert figures(own, "G1.6c")["G1.6c/longest_gap"] == (90, None, "not_met")


def test_publicity_needs_every_channel():
    events = [
        event("model_deeds", "2010-06-01", channel="website"),
        event("member_style", "2010-06-02", channel="website"),
    ]
    events += [event("party_education", "2010-06-03", channel="showcase")]
    ev = evidence(events=events)
    found = figures(ev, "G3.5c")
    assert found["G3.5c"] == (2, 3, "not_met")  # other media are missing
    assert found["G3.5c/website.model_deeds"] == (1, None, "judgement")


def test_matters_are_discussed_before_they_are_decided():
    tasks = [
        {"kind": "prior_discussion", "category": "reform", "done_on": "2011-03-01", "due_on": "2011-03-10"},
        {"kind": "prior_discussion", "category": "reform", "done_on": "2011-03-12", "due_on": "2011-03-10"},
        {
            "kind": "prior_discussion",
            "category": "large_funds",
            "done_on": "2011-04-01",
            "due_on": "2011-04-01",
        },
    ]
    assert figures(evidence(tasks=tasks), "G1.3c") == {
        "G1.3c": (pytest.approx(2 / 3), 3, "not_met"),
        "G1.3c/large_funds": (1.0, 1, "met"),
        "G1.3c/reform": (0.5, 2, "not_met"),
    }


def test_every_member_owes_a_pledge_and_publication_has_its_day():
    pledge = {"kind": "pledge", "status": "open"}
    tasks = [{**pledge, "person": p, "opened_on": day, "published_on": published} for p, day, published in (
        ("p", "2010-06-01", "2010-06-20"), ("q", "2010-06-02", "2010-08-05"), ("r", "2010-09-01", None),
    )]  # fmt: skip
    ev = evidence(people=PEOPLE, tasks=tasks)
    assert figures(ev, "D1.3") == {
        "D1.3": (0.4, 5, "not_met"),  # p and q of five, retired t among them
        "D1.3/a": (1.0, 2, "met"),
        "D1.3/b": (0.0, 3, "not_met"),
        "D1.3/late": (1, None, "judgement"),  # r in September
        "D1.3/probationary": (0, None, "judgement"),
    }
    assert figures(ev, "D1.4") == {"D1.4": (0.5, 2, "not_met")}  # of those made by then p's only


def test_drafts_are_owed_by_role_and_who_has_both_is_flagged():
    draft = {"kind": "draft", "status": "done", "due_on": "2011-02-28"}
    tasks = [
        {**draft, "person": "p", "category": "teacher_member", "done_on": "2011-02-28"},
        {**draft, "person": "q", "category": "teacher_member", "done_on": "2011-03-01"},
    ]
    ev = evidence(people=PEOPLE, tasks=tasks)
    assert figures(ev, "D2.8")["D2.8"] == (1.0, 1, "met")  # p is a cadre, and any paper will do
    assert figures(ev, "D2.8")["D2.8/dual_role"] == (1, None, "judgement")
    assert figures(ev, "D2.9")["D2.9"] == (0.5, 2, "not_met")  # q a day late
    assert figures(ev, "D2.9")["D2.9/late"] == (1, None, "judgement")
    both = evidence(campaign=setting("dual_role_rule", "both"), people=PEOPLE, tasks=tasks)
    assert figures(both, "D2.8")["D2.8"] == (0.0, 1, "not_met")  # his was a teacher's paper


def test_before_its_day_a_duty_is_not_due():
    assert figures(evidence(date(2010, 8, 1), people=PEOPLE), "D2.8") == {"D2.8": (None, None, "not_due")}
    early = figures(evidence(date(2011, 1, 1), people=PEOPLE), "D2.8")
    assert early == {"D2.8": (None, None, "not_due")}
    late = figures(evidence(date(2011, 3, 1), people=PEOPLE), "D2.8")
    assert late == {"D2.8": (None, None, "no_evidence")}


def test_every_department_has_a_contact_point():
    units = [{"unit": u, "kind": "department", "branch": "a"} for u in ("u", "v", "w")]
    tasks = [{"kind": "contact_point", "unit": u} for u in ("u", "u", "v")]
    assert figures(evidence(units=units, tasks=tasks), "D7.4") == {
        "D7.4": (pytest.approx(2 / 3), 3, "not_met")
    }


def test_fortnights_by_branch_the_literal_figure_and_the_longest_gap():
    days = ("2012-05-20", "2012-06-10", "2012-06-29")
    ev = evidence(events=[event("branch_meeting", day, unit="a") for day in days])
    found = figures(ev, "G3.2b")
    # 20 May to 2 June, 3 to 16 June, 17 to 30 June: each has one
    assert found["G3.2b"] == (1.0, 3, "met")
    assert found["G3.2b/a"] == (1.0, 3, "met")
    assert found["G3.2b/literal"] == (
        pytest.approx(3 / (792 / 14)),
        57,
        "judgement",
    )  # 792 days are 56.6 fortnights
    assert figures(ev, "G3.x1")["G3.x1"] == (21, 1, "not_met")  # 20 May to 10 June


def test_an_event_that_is_no_activity_makes_no_fortnight():
    days = ("2012-05-20", "2012-06-10", "2012-06-29")
    events = [event("branch_meeting", days[0], unit="a")]
    events += [event("nomination", day, unit="a") for day in days[1:]]
    assert figures(evidence(events=events), "G3.2b")["G3.2b"] == (pytest.approx(1 / 3), 3, "not_met")


def test_one_appraisal_a_year_with_its_coverage():
    cast = {"occasion": "member", "rater_group": "member", "scale": "member4", "level": "excellent"}
    votes = [
        {**cast, "year": y, "appraisee": p, "count": 4} for y, p in ((2010, "p"), (2010, "q"), (2012, "r"))
    ]
    found = figures(evidence(people=PEOPLE, votes=votes), "G3.6a")
    assert found["G3.6a"] == (pytest.approx(2 / 3), 3, "not_met")
    assert found["G3.6a/2011"] == (0, None, "not_met")
    assert found["G3.6a/coverage/2010"] == (0.4, 5, "judgement")  # two of five members


def test_a_report_and_an_appraisal_each_semester():
    cast = {
        "occasion": "secretary",
        "level": "good",
        "scale": "team4",
        "count": 9,
        "item": "secretary_report",
    }
    votes = [{**cast, "semester": "2010-2011-1", "held_on": "2010-12-29", "year": 2010, "rater_group": "all"}]
    found = figures(evidence(votes=votes), "G3.6c")
    assert found["G3.6c"] == (0.2, 5, "not_met")
    assert found["G3.6c/2010-2011-1"] == (1, None, "met")
    assert found["G3.6c/2009-2010-2"] == (0, None, "not_met")


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ((30, 30, 30, 30), (1.0, 4, "met")),
        ((30, 19, 25, 20), (0.25, 4, "on_course")),  # the pro-rata line of 30 June 2012 is 18.7
        ((30, 18, 25, 20), (0.25, 4, "behind")),
    ],
)
def test_thirty_hours_of_those_in_service(hours, said):
    rows = [{"person": p, "started_on": "2011-03-01", "hours": h} for p, h in zip("pqrs", hours, strict=True)]
    ev = evidence(people=PEOPLE, hours=rows)
    assert figures(ev, "D6.1")["D6.1"] == said  # retired t owes none
    table = status_table(ev).set_index("id")
    assert table.loc["N5", "status"] == said[2]
    assert round(table.loc["N4", "value"], 3) == 0.624  # 912 of 1,461 days


def test_nobody_has_the_hours_after_the_window():
    rows = [{"person": "p", "started_on": "2011-03-01", "hours": 31}]
    late = evidence(date(2014, 1, 1), people=PEOPLE, hours=rows)
    assert figures(late, "D6.1")["D6.1"] == (0.25, 4, "not_met")


def test_a_zero_needs_a_report_of_every_semester():
    zeros = [
        event("zero_report", day)
        for day in ("2010-06-30", "2011-01-10", "2011-06-28", "2012-01-06", "2012-06-29")
    ]
    full = evidence(events=zeros)
    assert figures(full, "G4.2e")["G4.2e"] == (0, None, "met")
    short = evidence(events=zeros[:-1])
    assert figures(short, "G4.2e") == {
        "G4.2e": (None, None, "no_evidence"),
        "G4.2e/reported": (4, 5, "judgement"),
    }
    case = event("discipline", "2012-03-01", topic="teacher", form="confirmed")
    found = figures(evidence(events=[*zeros[:-1], case]), "G4.2d")
    assert found["G4.2d"] == (1, None, "not_met")
    assert found["G4.2d/teacher"] == (1, None, "judgement")
    doubt = event("discipline", "2012-03-01", topic="teacher", form="unconfirmed")
    assert figures(evidence(events=[*zeros[:-1], doubt]), "G4.2d")["G4.2d"] == (0, None, "met")


def test_members_against_others_is_a_difference_with_an_interval_and_both_bases():
    rows = [{"indicator": "awards", "group": g, "subject": f"{g}{n}", "value": v, "year": 2011, "is_teacher": n < 2}
            for g, values in (("member", (5, 6, 7)), ("nonmember", (1, 2, 3))) for n, v in enumerate(values)]  # fmt: skip
    ev = evidence(figures=rows)
    found = figures(ev, "G2.3c")
    assert found["G2.3c"] == (1, 1, "met")  # one indicator compared, and shown to be above
    row = status_table(ev).set_index("id").loc["G2.3c/awards"]
    # 6 - 2 = 4; both variances 1, so the standard error is sqrt(2/3), and t(0.975, 4) = 2.776
    assert row["value"] == 4
    assert (row["base"], row["other_base"]) == (3, 3)
    assert (round(row["low"], 3), round(row["high"], 3)) == (1.733, 6.267)
    teachers = status_table(ev).set_index("id").loc["D4.5/awards"]
    assert (teachers["value"], teachers["base"], teachers["other_base"]) == (4, 2, 2)


def test_a_difference_that_the_data_cannot_show_is_undecided():
    rows = [{"indicator": "awards", "group": g, "subject": f"{g}{n}", "value": v, "year": 2011}
            for g, values in (("member", (1, 5, 9)), ("nonmember", (2, 4, 6))) for n, v in enumerate(values)]  # fmt: skip
    assert figures(evidence(figures=rows), "G2.3c")["G2.3c"] == (0, 1, "undecided")


def test_a_rise_needs_two_registers():
    def register(day: str, backbone: str) -> list[dict[str, Any]]:
        return [{**row, "snapshot_on": day, "is_backbone": row["person"] in backbone} for row in PEOPLE]

    one = evidence(people=register("2012-06-30", "pq"))
    assert figures(one, "G4.3a")["G4.3a"] == (0.5, 4, "undecided")  # two of the four in service
    two = evidence(people=[*register("2010-06-30", "p"), *register("2012-06-30", "pq")])
    assert figures(two, "G4.3a")["G4.3a"] == (0.5, 4, "met")
    assert figures(two, "G4.3a")["G4.3a/2010-06-30"] == (0.25, 4, "judgement")


def test_teachers_who_stayed_the_retired_left_out():
    staff = [{"person": f"x{n}", "is_teacher": True, "joined_on": "2000-09-01"} for n in range(10)]
    staff[0] |= {"left_on": "2011-08-31", "note": "retired"}
    staff[1] |= {"left_on": "2011-08-31", "note": "resigned"}
    found = figures(evidence(people=staff), "G4.1e")
    assert found["G4.1e"] == (
        pytest.approx(8 / 9),
        9,
        "judgement",
    )  # one of nine; who retired is not among them
    assert found["G4.1e/retired"] == (1, None, "judgement")


def test_participation_is_present_of_expected():
    events = [event("branch_meeting", "2011-03-01", unit="a", expected=20, present=18)]
    events += [event("party_lecture", "2011-04-01", unit="b", expected=10, present=6)]
    events += [event("nomination", "2011-06-01", unit="b", expected=10, present=1)]
    assert figures(evidence(events=events), "G2.4b")["G2.4b"] == (0.8, 30, "judgement")  # 24 of 30


def test_opinions_by_channel_with_raw_and_merged_apart():
    events = [event("opinion_collection", "2010-10-01", channel=c) for c in ("talk", "peer_appraisal")]
    rows = [{"indicator": f"opinions_{what}", "value": v, "source_row": at, "subject": "member"}
            for at, raw, merged in ((1, 252, 155), (2, 20, 9)) for what, v in (("raw", raw), ("merged", merged))]  # fmt: skip
    assert figures(evidence(events=events, figures=rows), "D2.2") == {
        "D2.2": (2, 3, "not_met"),
        "D2.2/opinions_merged": (164, None, "judgement"),
        "D2.2/opinions_raw": (272, None, "judgement"),
    }


def test_the_state_of_a_criterion_is_its_worst_judged_clause():
    events = [event("annual_plan", day, topic="计划") for day in ("2010-05-20", "2011-02-01", "2012-02-01")]
    table = status_table(evidence(events=events))
    rows = by_criterion(table)
    assert overall(rows["G1.1", ""]) == {"status": "no_evidence", "kind": "count", "value": 1, "base": 4}
    assert overall(rows["G4.4", ""]) == {"status": "missing"}
    assert overall(rows.get(("G4.3", "S1"), [])) == {"status": None}  # not told by stage


def test_stages_do_not_overlap():
    found = {window.code: (window.start.date(), window.end.date()) for window in windows(CAMPAIGN)}
    assert found["S1"] == (date(2010, 5, 1), date(2010, 6, 30))  # July 2010 counts for stage 2
    assert found["S2"][0] == date(2010, 7, 1)
    first = {w.code: (w.start.date(), w.end.date()) for w in windows(setting("overlap_stage", "S1"))}
    assert first["S1"][1] == date(2010, 7, 31)
    assert first["S2"][0] == date(2010, 8, 1)


def test_a_figure_is_traced_to_the_rows_it_counts():
    events = [
        event("branch_meeting", "2012-05-20", unit="a"),
        event("branch_meeting", "2012-05-21", unit="b"),
    ]
    events += [event("union", "2012-05-22", topic="工会")]
    ev = evidence(events=events)
    assert trace(ev, "G3.2b")["source_row"].tolist() == [1, 2]
    assert trace(ev, "G3.2b/b")["source_row"].tolist() == [2]
    assert trace(ev, "N1")["source_row"].tolist() == [1, 2]
    assert trace(ev, "G4.6b").to_dict("records") == [
        {"table": "events", "institution": "i", "source_file": "f", "source_sheet": "s", "source_row": 3}
    ]
    assert trace(ev, "G4.6c").empty


def test_means_that_differ_by_rounding_alone_show_no_difference():
    """0.1 + 0.2 and 0.3 are the same score: nothing is there to estimate an error from."""
    alike = np.array([0.1 + 0.2, 0.3, 0.3])
    value, low, high = difference_of_means(alike, np.full(3, 0.1), 0.95)
    assert (round(value, 6), low, high) == (0.2, None, None)
    assert paired_difference(alike, np.full(3, 0.1), 0.95)[1:] == (None, None)


def test_a_side_that_is_all_alike_has_a_variance_of_nothing():
    """5, 5, 5 against 1, 2, 3: 3 ± t(2) · √(1/3) = 3 ± 4.3027 · 0.57735, and no warning."""
    value, low, high = difference_of_means(np.full(3, 5.0), np.array([1.0, 2, 3]), 0.95)
    assert (value, round(low, 3), round(high, 3)) == (3.0, 0.516, 5.484)


def asking(due: date | None = None, **measure: Any) -> Any:
    """Return the campaign with one clause, G3.2b, that asks for a figure of its own."""
    changed = msgspec.convert({"of": "figures", "items": ["books"], **measure}, Measure)
    clause = msgspec.structs.replace(CAMPAIGN.plan.indicators["G3.2b"], measure=changed, target=10.0, due=due)
    indicators = CAMPAIGN.plan.indicators | {"G3.2b": clause}
    return replace(CAMPAIGN, plan=msgspec.structs.replace(CAMPAIGN.plan, indicators=indicators))


BOOKS = [
    {"indicator": "books", "value": float(n), "subject": subject} for n, subject in ((1, None), (2, None))
]


def test_the_sum_of_a_figure_is_a_count():
    """1 + 2 = 3 books of the 10 wanted, in two rows."""
    found = figures(evidence(campaign=asking(value="sum"), figures=BOOKS), "G3.2b")
    assert found == {"G3.2b": (3.0, 2, "not_met")}


def test_figures_that_are_nobodys_have_no_mean_and_no_verdict():
    """Without people there is no mean of people: no evidence, and not a value that is missed."""
    found = figures(evidence(campaign=asking(value="mean"), figures=BOOKS), "G3.2b")
    assert found == {"G3.2b": (None, None, "no_evidence")}
    named = [row | {"subject": str(at)} for at, row in enumerate(BOOKS)]
    assert figures(evidence(campaign=asking(value="mean"), figures=named), "G3.2b")["G3.2b"][0] == 1.5


def test_a_count_is_held_against_its_target_over_the_whole_time_and_not_in_each_stage():
    """6 loans in 2011 and 5 in 2012 are the 10 wanted; neither stage was asked for 10, and 12 in one are enough."""
    loans = asking(of="events", items=[], kinds=["loan"])

    def stages(in_2011: int, in_2012: int) -> dict[str, tuple[float, str]]:
        days = [f"2011-05-{day:02}" for day in range(1, in_2011 + 1)]
        days += [f"2012-03-{day:02}" for day in range(1, in_2012 + 1)]
        table = answered(
            evidence(campaign=loans, events=[event("loan", day) for day in days]), "G3.2b"
        ).set_index("id")
        return {
            name: tuple(table.loc[name, ["value", "status"]]) for name in ("G3.2b", "G3.2b/S2", "G3.2b/S3")
        }

    assert stages(6, 5) == {
        "G3.2b": (11.0, "met"),
        "G3.2b/S2": (6.0, "judgement"),
        "G3.2b/S3": (5.0, "judgement"),
    }
    assert stages(12, 5)["G3.2b/S2"] == (12.0, "met")


def test_a_department_that_hands_in_after_the_day_has_not_covered_it():
    """Of three departments one was in time, one three months late and one gave no day: 2 of 3."""
    due = asking(due=date(2011, 6, 30), of="coverage", items=[], kinds=["contact_point"], among="departments")
    points = [{"kind": "contact_point", "unit": u, "opened_on": day} for u, day in
              (("a", "2011-05-04"), ("b", "2011-09-30"), ("c", None))]  # fmt: skip
    units = [{"unit": name, "kind": "department"} for name in "abc"]
    found = figures(evidence(campaign=due, units=units, tasks=points), "G3.2b")
    assert (round(found["G3.2b"][0], 4), found["G3.2b"][1]) == (0.6667, 3)
