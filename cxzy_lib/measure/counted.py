"""Measures of what was held, owed and taken part in: each turns an ask into its answers."""

import pandas as pd

from cxzy_lib.measure.basis import is_true
from cxzy_lib.measure.evidence import (
    Answer,
    Answers,
    Ask,
    Evidence,
    Window,
    holding,
    same_cells,
    share_of,
    source_rows,
)

_ROLES = {"cadres": ("is_cadre", "cadre_member"), "teachers": ("is_teacher", "teacher_member")}
_DUAL = "cadre_and_teacher"
_WHERE = ("venue", "channel")  # what a measure's words are looked for in, where it is not the topic


def events(ask: Ask, ev: Evidence) -> Answers:
    """Count what was held or written: in all, by year, in how many forms, or with which gap."""
    measure, window = ask.measure, ask.window
    wanted = measure.kinds
    if measure.value == "named_system":
        wanted = tuple(ev.campaign.setting("named_system"))
        if not wanted:  # nobody said which system is meant
            return [Answer(None, "count", state="missing")]
    if measure.value == "exists":  # what was made once is there ever after
        window = Window(window.code, min(window.start, pd.Timestamp(ev.campaign.span.start)), window.end)
    words = () if measure.value in _WHERE else measure.words
    every = ev.events_of(wanted, words) if wanted or measure.words else ev.events.iloc[:0]
    found = every[window.holds(every["held_on"])]
    if found.empty:
        return [Answer(None, "count", rows={"events": found})]
    rows = source_rows(found)
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
            told = rows[rows[how].notna() & holding(rows[how], ask.measure.words)]
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
    if not ask.whole:
        return []
    rows = ev.tasks[ev.tasks["kind"].isin(ask.measure.kinds)]
    if rows.empty:
        return [Answer(None, "share")]
    owing = ev.members(min(ask.window.end, ev.day))
    flag, role = _ROLES.get(ask.measure.among, ("", ""))
    if flag:
        owing = owing[is_true(owing[flag]) & is_true(owing["in_service"])]
        if ev.campaign.setting("dual_role_rule") == "both":
            rows = rows[rows["category"].isin([role, _DUAL])]
    in_time = rows[~(rows["opened_on"].fillna(rows["done_on"]) > ask.window.end)]
    if ask.measure.among == "departments":
        return _departments(in_time, ev)
    branches = [_covered(part, in_time, str(branch)) for branch, part in owing.groupby("branch")]
    return [_covered(owing, in_time), *branches, *_beside(owing, rows, in_time, bool(flag))]


def _covered(owing: pd.DataFrame, in_time: pd.DataFrame, unit: str = "") -> Answer:
    have = owing["person"].isin(in_time["person"].dropna())
    used = in_time[in_time["person"].isin(owing["person"])]
    return Answer(share_of(have.sum(), len(owing)), "share", len(owing), unit=unit, rows={"tasks": used})


def _beside(owing: pd.DataFrame, rows: pd.DataFrame, in_time: pd.DataFrame, roles: bool) -> Answers:
    """Return who handed in late, who has both roles, and who is on probation: counts beside the share."""
    late = rows[~rows["person"].isin(in_time["person"]) & rows["person"].isin(owing["person"])]
    both = is_true(owing["is_cadre"]) & is_true(owing["is_teacher"])
    part, among = ("dual_role", both) if roles else ("probationary", is_true(owing["is_probationary"]))
    return [
        Answer(late["person"].nunique(), "count", part="late", rows={"tasks": late}),
        Answer(int(among.sum()), "count", part=part),
    ]


def _departments(rows: pd.DataFrame, ev: Evidence) -> Answers:
    units = ev.tables.units
    owing = units[units["kind"].eq("department")]
    have = owing["unit"].isin(rows["unit"])
    return [Answer(share_of(have.sum(), len(owing)), "share", len(owing), rows={"tasks": rows})]


def zero(ask: Ask, ev: Evidence) -> Answers:
    """Return the confirmed incidents: 0 only where every semester sent a report, be it that of none."""
    kinds, groups = ask.measure.kinds, ask.measure.groups
    inside = ev.events[ask.window.holds(ev.events["held_on"])]
    said = ev.events["form"].isin(["confirmed", "unconfirmed"])
    reports = ev.events[ev.events["kind"].eq("zero_report") | said]
    found = inside[inside["kind"].isin(kinds) & inside["topic"].isin(groups)]
    confirmed = found[found["form"].eq("confirmed")]
    last = min(ask.window.end, ev.day)
    terms = [
        term
        for term in ev.campaign.semesters
        if pd.Timestamp(term.start) <= last and pd.Timestamp(term.end) >= ask.window.start
    ]
    told = {ev.campaign.semester_of(day.date()) for day in reports["held_on"].dropna()}
    silent = [term for term in terms if term.code not in told]
    used = {"events": reports}
    heard = Answer(len(terms) - len(silent), "count", base=len(terms), part="reported", rows=used)
    if confirmed.empty and silent:
        return [Answer(None, "count", rows=used), heard]
    parts = [Answer(int(confirmed["topic"].eq(group).sum()), "count", part=group) for group in groups]
    used = {"events": confirmed} if len(confirmed) else used
    whole = Answer(len(source_rows(confirmed)), "count", rows=used)
    return [whole, heard, *(parts if len(parts) > 1 else [])]


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
