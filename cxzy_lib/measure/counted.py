"""Measures of what was held, owed and taken part in: each turns an ask into its answers."""

import pandas as pd

from cxzy_lib.measure.basis import activities, activity_days
from cxzy_lib.measure.duties import appraisal_years, secretary_semesters
from cxzy_lib.measure.evidence import (
    Answer,
    Ask,
    Evidence,
    Window,
    holding,
    same_cells,
    share_of,
    source_rows,
)
from cxzy_lib.measure.participation import attendance, members_at

Answers = list[Answer]
_ROLES = {"cadres": ("is_cadre", "cadre_member"), "teachers": ("is_teacher", "teacher_member")}
_DUAL = "cadre_and_teacher"
_VENUE = {"venue": "venue", "channel": "channel"}


def events(ask: Ask, ev: Evidence) -> Answers:
    """Count what was held or written: in all, by year, in how many forms, or with which gap."""
    wanted, measure = ask.measure.kinds, ask.measure
    if measure.value == "named_system":
        wanted = tuple(ev.campaign.setting("named_system"))
        if not wanted:  # nobody said which system is meant
            return [Answer(None, "count", state="missing")]
    window = ask.window
    if measure.value == "exists":  # what was made once is there ever after
        window = Window(window.code, min(window.start, pd.Timestamp(ev.campaign.span.start)), window.end)
    found = ev.events[window.holds(ev.events["held_on"])]
    if wanted:
        found = found[found["kind"].isin(wanted)]
    if measure.value not in _VENUE:
        found = found[holding(found["topic"], measure.words)]
    if not wanted and not measure.words:
        found = found.iloc[:0]
    rows, used = source_rows(found), {"events": found}
    if rows.empty:
        return [Answer(None, "count", rows=used)]
    if measure.per == "year":
        return [_each_year(ask, ev, rows)]
    return _counted(ask, ev, rows, found)


def _each_year(ask: Ask, ev: Evidence, rows: pd.DataFrame) -> Answer:
    years = [y for y in ev.campaign.years if ask.window.start.year <= y <= ask.window.end.year]
    have = rows["held_on"].dt.year[rows["held_on"].dt.year.isin(years)]
    value = share_of(have.nunique(), len(years))
    return Answer(value, "share", base=len(years), rows={"events": rows})


def _counted(ask: Ask, ev: Evidence, rows: pd.DataFrame, found: pd.DataFrame) -> Answers:
    how, used = ask.measure.value, {"events": rows}
    match how:
        case "topics" | "forms":
            column = "topic" if how == "topics" else "form"
            return [Answer(rows[column].nunique(), "count", base=len(rows), rows=used)]
        case "equipment":
            known = rows["equipment"].dropna()
            return [Answer(share_of(known.sum(), len(known)), "share", base=len(known), rows=used)]
        case "filled":
            return [Answer(rows["form"].notna().mean(), "share", base=len(rows), rows=used)]
        case "venue" | "channel":
            told = rows[rows[_VENUE[how]].notna() & holding(rows[_VENUE[how]], ask.measure.words)]
            return [Answer(len(told) or None, "count", base=len(rows), rows={"events": told})]
        case "cells":
            return _cells(ask, found)
        case "gap":
            return [Answer(len(rows), "count", rows=used), *_gaps(ask, ev, rows)]
        case _:
            years = rows.groupby(rows["held_on"].dt.year) if ask.measure.by == "year" and ask.whole else ()
            each = [Answer(len(part), "count", period=str(y), rows={"events": part}) for y, part in years]
            return [Answer(len(rows), "count", rows=used), *each]


def _cells(ask: Ask, found: pd.DataFrame) -> Answers:
    """Return in how many of the channels something was published, and how much in each."""
    channels = found[found["channel"].isin(ask.measure.groups)]
    parts = [
        Answer(len(part), "count", part=f"{channel}.{kind}", rows={"events": part})
        for (channel, kind), part in channels.groupby(["channel", "kind"])
    ]
    value = channels["channel"].nunique() or None
    return [Answer(value, "count", base=len(ask.measure.groups), rows={"events": channels}), *parts]


def _gaps(ask: Ask, ev: Evidence, rows: pd.DataFrame) -> Answers:
    """Return the longest gap in days: judged only where an interval was set."""
    if not ask.whole or len(rows) < 2:
        return []
    days = rows["held_on"].drop_duplicates().sort_values()
    longest = days.diff().dt.days.max()
    allowed = ev.campaign.setting("regular_interval").get(ask.code)
    state = "" if allowed is None else "met" if longest <= allowed else "not_met"
    return [Answer(longest, "days", part="longest_gap", state=state, target=allowed, rows={"events": rows})]


def tasks(ask: Ask, ev: Evidence) -> Answers:
    """Return how many tasks there are, or the share of them that is done, published or on time."""
    rows = ev.tasks[ev.tasks["kind"].isin(ask.measure.kinds)]
    when = rows["opened_on"].fillna(rows["due_on"]).fillna(rows["done_on"])
    rows = rows[ask.window.holds(when) & holding(rows["category"], ask.measure.words)]
    rows = rows if ask.measure.value == "exists" else rows[~rows["long_term"]]
    if rows.empty:
        return [Answer(None, "share")]
    if ask.measure.value == "exists":
        return [Answer(len(rows), "count", rows={"tasks": rows})]
    by = ask.measure.by or ("kind" if len(ask.measure.kinds) > 1 else "")
    parts = [_state_of(part, ask, str(name)) for name, part in rows.groupby(by)] if by else []
    return [_state_of(rows, ask), *parts]


def _state_of(rows: pd.DataFrame, ask: Ask, part: str = "") -> Answer:
    how = ask.measure.value
    # What is owed before a day, such as a discussion before a decision, is on time or it is not.
    good = rows["done_on"] <= rows["due_on"] if how == "on_time" else rows[how]
    if how == "published" and ask.clause.due:
        good = rows["published_on"] <= pd.Timestamp(ask.clause.due)
    return Answer(share_of(good.sum(), len(rows)), "share", base=len(rows), part=part, rows={"tasks": rows})


def coverage(ask: Ask, ev: Evidence) -> Answers:
    """Return the share of those who owe something that handed it in, for all and for each branch."""
    rows = ev.tasks[ev.tasks["kind"].isin(ask.measure.kinds)]
    if not ask.whole:
        return []
    if rows.empty:
        return [Answer(None, "share")]
    if ask.measure.among == "departments":
        return _departments(rows, ev)
    owing = members_at(ev.tables.people, min(ask.window.end, ev.day))
    flag, role = _ROLES.get(ask.measure.among, ("", ""))
    if flag:
        owing = owing[owing[flag].fillna(False).astype(bool) & owing["in_service"].fillna(False).astype(bool)]
        if ev.campaign.setting("dual_role_rule") == "both":
            rows = rows[rows["category"].isin([role, _DUAL])]
    in_time = rows[~(rows["opened_on"].fillna(rows["done_on"]) > ask.window.end)]
    whole = _covered(owing, in_time, rows)
    found = [whole] if whole.value is None else [whole, *_branches(owing, in_time)]
    return [*found, *_said(owing, rows, in_time, bool(flag))]


def _covered(owing: pd.DataFrame, in_time: pd.DataFrame, rows: pd.DataFrame, unit: str = "") -> Answer:
    have = owing["person"].isin(in_time["person"].dropna())
    used = in_time[in_time["person"].isin(owing["person"])]
    return Answer(share_of(have.sum(), len(owing)), "share", len(owing), unit=unit, rows={"tasks": used})


def _branches(owing: pd.DataFrame, in_time: pd.DataFrame) -> Answers:
    return [_covered(part, in_time, in_time, str(branch)) for branch, part in owing.groupby("branch")]


def _said(owing: pd.DataFrame, rows: pd.DataFrame, in_time: pd.DataFrame, roles: bool) -> Answers:
    """Return who handed in late, who has both roles, and who is on probation: counts beside the share."""
    late = rows[~rows["person"].isin(in_time["person"]) & rows["person"].isin(owing["person"])]
    found = [Answer(late["person"].nunique(), "count", part="late", rows={"tasks": late})]
    if roles:
        both = owing["is_cadre"].eq(True) & owing["is_teacher"].eq(True)
        found.append(Answer(int(both.fillna(False).sum()), "count", part="dual_role"))
    else:
        new = int(owing["is_probationary"].eq(True).fillna(False).sum())
        found.append(Answer(new, "count", part="probationary"))
    return found


def _departments(rows: pd.DataFrame, ev: Evidence) -> Answers:
    units = ev.tables.units
    owing = units[units["kind"].eq("department")]
    have = owing["unit"].isin(rows["unit"])
    return [Answer(share_of(have.sum(), len(owing)), "share", len(owing), rows={"tasks": rows})]


def cadence(ask: Ask, ev: Evidence) -> Answers:
    """Return the fortnights held of those due, or the longest gap: in all and for each branch."""
    if ev.calendar.empty:
        return [Answer(None, "share")]
    days = activity_days(ev.tables.events, ev.campaign, ev.day)
    held = activities(ev.events, ev.campaign)
    used = held[held["unit"].isin(days["unit"]) & ask.window.holds(held["held_on"])]
    if ask.measure.value == "gap":
        return _longest(ev, used) if ask.whole else []
    cells = ev.calendar[ask.window.holds(ev.calendar["start"]) & ev.calendar["due"]]
    if cells.empty:
        return [Answer(None, "share")]
    done = cells["state"].eq("held")
    whole = Answer(float(done.mean()), "share", base=len(cells), rows={"events": used})
    units = [
        Answer(
            float(part.mean()), "share", len(part), unit=str(unit), rows={"events": _of_unit(used, str(unit))}
        )
        for unit, part in done.groupby(cells["unit"], sort=False)
    ]
    return [whole, *units, *_literal(ev, used, ask.whole)]


def _of_unit(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    return rows[rows["unit"].eq(unit)]


def _literal(ev: Evidence, used: pd.DataFrame, whole: bool) -> Answers:
    """Return the literal reading: activities for each 14 days of the campaign, vacations and all."""
    if not whole:
        return []
    due, held = float(ev.rhythm["literal_due"].sum()), int(ev.rhythm["activities"].sum())
    return [Answer(share_of(held, due), "share", base=round(due), part="literal", rows={"events": used})]


def _longest(ev: Evidence, used: pd.DataFrame) -> Answers:
    gaps = ev.rhythm.dropna(subset=["longest_gap_days"])
    if gaps.empty:
        return [Answer(None, "days")]
    units = [
        Answer(float(days), "days", unit=str(unit), rows={"events": _of_unit(used, str(unit))})
        for unit, days in zip(gaps["unit"], gaps["longest_gap_days"], strict=True)
    ]
    return [
        Answer(float(gaps["longest_gap_days"].max()), "days", base=len(gaps), rows={"events": used}),
        *units,
    ]


def appraisal(ask: Ask, ev: Evidence) -> Answers:
    """Return in how many years members were appraised, and each year's coverage."""
    years = appraisal_years(ev.tables.votes, ev.tables.people, ev.campaign, ev.as_of)
    votes = ev.tables.votes[ev.tables.votes["occasion"].eq("member")]
    return _rounds(ask, years, "year", "held", "coverage", votes)


def report(ask: Ask, ev: Evidence) -> Answers:
    """Return in how many semesters the secretary reported and was appraised."""
    terms = secretary_semesters(ev.tables.votes, ev.tables.turnout, ev.campaign, ev.as_of)
    votes = ev.tables.votes[ev.tables.votes["occasion"].eq("secretary")]
    return _rounds(ask, terms, "semester", "met", "", votes)


def _rounds(ask: Ask, rounds: pd.DataFrame, by: str, met: str, share: str, votes: pd.DataFrame) -> Answers:
    if not ask.whole:
        return []
    if rounds[met].isna().all():
        return [Answer(None, "share")]
    missed = (rounds["due"] & rounds[met].eq(0)).any()
    value = float(rounds[met].sum()) / len(rounds)
    state = "met" if value >= 1 else "not_met" if missed else "on_course"
    found = [Answer(value, "share", base=len(rounds), state=state, rows={"votes": votes})]
    for row in rounds.to_dict("records"):
        state = "met" if row[met] else "not_met" if row["due"] else "not_due"
        own = votes[votes[by].eq(row[by]).fillna(False).astype(bool)]
        found.append(
            Answer(float(row[met]), "count", period=str(row[by]), state=state, target=1, rows={"votes": own})
        )
        if share and pd.notna(row[share]):
            told = Answer(
                float(row[share]), "share", int(row["members"]), period=str(row[by]), part="coverage"
            )
            found.append(told)
    return found


def hours(ask: Ask, ev: Evidence) -> Answers:
    """Return the share of in-service members with the hours, or the mean hours of cadres."""
    progress = ev.training
    known = progress[progress["status"].notna()]
    if not ask.whole:
        return []
    if known.empty:
        return [Answer(None, "share")]
    used = ev.tables.hours
    if ask.measure.value == "mean":
        cadres = ev.tables.people.loc[
            ev.tables.people["is_cadre"].eq(True).fillna(False).astype(bool), "person"
        ]
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
    rows = activities(ev.events, ev.campaign)
    rows = rows[ask.window.holds(rows["held_on"]) & rows["expected"].notna()]
    if rows.empty:
        return [Answer(None, "share")]
    sums = attendance(rows.assign(all="all"), "all", ev.campaign).iloc[0]
    value = None if pd.isna(sums["attendance_rate"]) else float(sums["attendance_rate"])
    base = None if pd.isna(sums["expected"]) else int(sums["expected"])
    return [Answer(value, "share", base=base, rows={"events": rows})]


def zero(ask: Ask, ev: Evidence) -> Answers:
    """Return the confirmed incidents: 0 only where every semester sent a report, be it that of none."""
    kinds, groups = ask.measure.kinds, ask.measure.groups
    inside = ev.events[ask.window.holds(ev.events["held_on"])]
    said = ev.events["form"].isin(["confirmed", "unconfirmed"])
    reports = ev.events[ev.events["kind"].eq("zero_report") | said]
    found = inside[inside["kind"].isin(kinds) & inside["topic"].isin(groups)]
    confirmed = found[found["form"].eq("confirmed")]
    terms = [
        t for t in ev.campaign.semesters
        if pd.Timestamp(t.start) <= ask.window.end and pd.Timestamp(t.end) >= ask.window.start
        and pd.Timestamp(t.start) <= ev.day
    ]  # fmt: skip
    told = {ev.campaign.semester_of(day.date()) for day in reports["held_on"].dropna()}
    silent = [term for term in terms if term.code not in told]
    used = {"events": reports}
    heard = Answer(len(terms) - len(silent), "count", base=len(terms), part="reported", rows=used)
    if confirmed.empty and silent:
        return [Answer(None, "count", rows=used), heard]
    parts = [
        Answer(int(confirmed["topic"].eq(group).sum()), "count", part=group)
        for group in groups[1:] and groups
    ]
    return [
        Answer(
            len(source_rows(confirmed)), "count", rows={"events": confirmed if len(confirmed) else reports}
        ),
        heard,
        *parts,
    ]


def opinions(ask: Ask, ev: Evidence) -> Answers:
    """Return through how many of the channels opinions were sought; raw and merged ones apart."""
    rows = ev.events[ev.events["kind"].eq("opinion_collection")]
    rows = rows[ask.window.holds(rows["held_on"])]
    if rows.empty:
        return [Answer(None, "count")]
    told = same_cells(ev.tables.figures, rows)
    parts = [
        Answer(float(part["value"].sum()), "count", part=str(name), rows={"figures": part})
        for name, part in told.groupby("indicator")
    ]
    used = rows[rows["channel"].isin(ask.measure.groups)]
    count, base = used["channel"].nunique(), len(ask.measure.groups)
    return [Answer(count, "count", base=base, rows={"events": rows}), *parts]
