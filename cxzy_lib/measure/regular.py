"""Measures of what recurs and adds up: fortnights, yearly and semester rounds, hours, attendance."""

import pandas as pd

from cxzy_lib.measure.basis import inside_campaign, is_true
from cxzy_lib.measure.duties import appraisal_years, secretary_semesters
from cxzy_lib.measure.evidence import Answer, Answers, Ask, Evidence, share_of
from cxzy_lib.measure.participation import attendance


def cadence(ask: Ask, ev: Evidence) -> Answers:
    """Return the fortnights held of those due, or the longest gap: in all and for each branch."""
    if ev.calendar.empty:
        return [Answer(None, "share")]
    held, inside = ev.activities, inside_campaign(ev.activities, ev.campaign, ev.day)
    used = held[held["unit"].isin(inside["unit"].dropna()) & ask.window.holds(held["held_on"])]
    if ask.measure.value == "gap":
        return _longest(ev, used) if ask.whole else []
    cells = ev.calendar[ask.window.holds(ev.calendar["start"]) & ev.calendar["due"]]
    if cells.empty:
        return [Answer(None, "share")]
    done = cells["state"].eq("held")
    whole = Answer(float(done.mean()), "share", base=len(cells), rows={"events": used})
    units = [
        Answer(float(part.mean()), "share", len(part), unit=str(unit), rows=_of_unit(used, str(unit)))
        for unit, part in done.groupby(cells["unit"], sort=False)
    ]
    return [whole, *units, *([_literal(ev, used)] if ask.whole else [])]


def _of_unit(events: pd.DataFrame, unit: str) -> dict[str, pd.DataFrame]:
    return {"events": events[events["unit"].eq(unit)]}


def _literal(ev: Evidence, used: pd.DataFrame) -> Answer:
    """Return the literal reading: activities for each 14 days of the campaign, vacations and all."""
    due, held = float(ev.rhythm["literal_due"].sum()), int(ev.rhythm["activities"].sum())
    return Answer(share_of(held, due), "share", base=round(due), part="literal", rows={"events": used})


def _longest(ev: Evidence, used: pd.DataFrame) -> Answers:
    gaps = ev.rhythm.dropna(subset=["longest_gap_days"])
    if gaps.empty:
        return [Answer(None, "days")]
    days = gaps["longest_gap_days"].astype(float)
    whole = Answer(days.max(), "days", base=len(gaps), rows={"events": used})
    units = zip(gaps["unit"], days, strict=True)
    return [whole, *(Answer(gap, "days", unit=str(unit), rows=_of_unit(used, unit)) for unit, gap in units)]


def appraisal(ask: Ask, ev: Evidence) -> Answers:
    """Return in how many years members were appraised, and each year's coverage."""
    if not ask.whole:
        return []
    years = appraisal_years(ev.tables.votes, ev.tables.people, ev.campaign, ev.as_of)
    votes = ev.tables.votes[ev.tables.votes["occasion"].eq("member")]
    return _rounds(years, "year", "held", votes)


def report(ask: Ask, ev: Evidence) -> Answers:
    """Return in how many semesters the secretary reported and was appraised."""
    if not ask.whole:
        return []
    terms = secretary_semesters(ev.tables.votes, ev.tables.turnout, ev.campaign, ev.as_of)
    votes = ev.tables.votes[ev.tables.votes["occasion"].eq("secretary")]
    return _rounds(terms, "semester", "met", votes)


def _rounds(rounds: pd.DataFrame, by: str, met: str, votes: pd.DataFrame) -> Answers:
    if rounds[met].isna().all():
        return [Answer(None, "share")]
    missed = (rounds["due"] & rounds[met].eq(0)).any()
    value = float(rounds[met].sum()) / len(rounds)
    state = "met" if value >= 1 else "not_met" if missed else "on_course"
    found = [Answer(value, "share", base=len(rounds), state=state, rows={"votes": votes})]
    for row in rounds.to_dict("records"):
        state = "met" if row[met] else "not_met" if row["due"] else "not_due"
        own = votes[is_true(votes[by].eq(row[by]))]
        period, rows = str(row[by]), {"votes": own}
        found.append(Answer(float(row[met]), "count", period=period, state=state, target=1, rows=rows))
        if pd.notna(row.get("coverage")):
            covered, members = float(row["coverage"]), int(row["members"])
            found.append(Answer(covered, "share", members, period=period, part="coverage"))
    return found


def hours(ask: Ask, ev: Evidence) -> Answers:
    """Return the share of in-service members with the hours, or the mean hours of cadres."""
    if not ask.whole:
        return []
    known = ev.training[ev.training["status"].notna()]
    if known.empty:
        return [Answer(None, "share")]
    used = ev.tables.hours
    if ask.measure.value == "mean":
        people = ev.tables.people
        cadres = people.loc[is_true(people["is_cadre"]), "person"]
        own = known[known["person"].isin(cadres)]
        rows = {"hours": used[used["person"].isin(cadres)]}
        return [Answer(float(own["hours"].mean()) if len(own) else None, "mean", len(own), rows=rows)]
    whole = _reached(known, ev, {"hours": used[used["person"].isin(known["person"])]})
    return [whole, *(_reached(part, ev, {}, str(unit)) for unit, part in known.groupby("unit"))]


def _reached(known: pd.DataFrame, ev: Evidence, rows: dict[str, pd.DataFrame], unit: str = "") -> Answer:
    reached, behind = known["status"].eq("reached"), known["status"].eq("behind")
    over = ev.as_of > ev.campaign.binding.training_end
    short = "not_met" if over else "behind" if behind.any() else "on_course"
    state = "met" if reached.all() else short
    return Answer(float(reached.mean()), "share", base=len(known), unit=unit, state=state, rows=rows)


def participation(ask: Ask, ev: Evidence) -> Answers:
    """Return the attendance of the activities in the window."""
    rows = ev.activities
    rows = rows[ask.window.holds(rows["held_on"]) & rows["expected"].notna()]
    if rows.empty:
        return [Answer(None, "share")]
    sums = attendance(rows.assign(all="all"), "all", ev.campaign).iloc[0]
    value = None if pd.isna(sums["attendance_rate"]) else float(sums["attendance_rate"])
    base = None if pd.isna(sums["expected"]) else int(sums["expected"])
    return [Answer(value, "share", base=base, rows={"events": rows})]
