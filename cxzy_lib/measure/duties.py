"""What the plan binds: yearly appraisal, the secretary's report, pledges, rectification."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import last_day, shape, share
from cxzy_lib.measure.participation import (
    fortnight_summary,
    fortnights,
    members_at,
    training_progress,
)
from cxzy_lib.tables import Tables


def _held(rows: pd.DataFrame, occasion: str, as_of: date) -> pd.DataFrame:
    return rows[rows["occasion"].eq(occasion) & ~(rows["held_on"] > pd.Timestamp(as_of))]


def appraisal_years(
    votes: pd.DataFrame, people: pd.DataFrame, campaign: Campaign, as_of: date
) -> pd.DataFrame:
    """Return for each year of the campaign whether members were appraised, and how many.

    The result: ``year``, ``due`` (bool: the year is over at `as_of`), ``held`` (1, 0), ``held_on``
    (first day), ``appraised`` (members of that year's register with votes), ``members``,
    ``coverage`` (0-1). Without any appraisal in `votes` ``held`` is NA; a year without has no
    ``appraised``.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> people = conform("people", [{"person": p, "is_member": True} for p in "pq"])
    >>> vote = {"occasion": "member", "year": 2011, "appraisee": "p", "count": 9}
    >>> votes = conform("votes", [vote])
    >>> years = appraisal_years(votes, people, load_campaign("campaign"), date(2012, 6, 30))
    >>> years[["year", "held", "appraised", "coverage"]]
       year  held  appraised  coverage
    0  2010     0       <NA>      <NA>
    1  2011     1          1       0.5
    2  2012     0       <NA>      <NA>
    """
    cast = _held(votes, "member", as_of)
    cast = cast[(cast["count"] > 0).fillna(False).astype(bool)]
    years = cast["year"].fillna(cast["held_on"].dt.year.astype("Int64"))
    records = []
    for year in campaign.years:
        end = min(date(year, 12, 31), campaign.span.end)
        members = members_at(people, min(end, as_of))["person"]
        rows = cast[years.eq(year).fillna(False).astype(bool)]
        found = members.isin(rows["appraisee"]).sum() if len(rows) and len(members) else pd.NA
        held = pd.NA if cast.empty else int(len(rows) > 0)
        records.append((year, end <= as_of, held, rows["held_on"].min(), found, len(members) or pd.NA))
    columns = "year due held held_on appraised members"
    frame = shape(pd.DataFrame(records, columns=columns.split()), columns, date="held_on", flag="due")
    return frame.assign(coverage=share(frame["appraised"], frame["members"]))


def secretary_semesters(
    votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, as_of: date
) -> pd.DataFrame:
    """Return for each semester whether the secretary reported and was appraised.

    The result: ``semester``, ``due`` (bool: it is over at `as_of`), ``held_on`` (first report),
    ``reported``, ``appraised``, ``met`` (both; 1, 0), ``valid`` (votes on a level). Without any
    report in either table the three are NA, as is ``valid`` where there was no vote.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> vote = {"occasion": "secretary", "semester": "2010-2011-1", "held_on": "2011-01-10"}
    >>> votes, none = conform("votes", [vote | {"level": "good", "count": 90}]), conform("turnout", [])
    >>> frame = secretary_semesters(votes, none, load_campaign("campaign"), date(2012, 6, 30))
    >>> frame["met"].tolist()
    [0, 1, 0, 0, 0]
    """
    cast, papers = (_held(rows, "secretary", as_of) for rows in (votes, turnout))
    cast = cast[~cast["level"].isin(list(campaign.special))]
    reports = pd.concat([rows[["semester", "held_on"]] for rows in (cast, papers)]).dropna()
    first = reports.groupby("semester")["held_on"].min()
    terms = {term.code: min(term.end, campaign.span.end) for term in campaign.semesters}
    frame = pd.DataFrame(
        {"due": [end <= as_of for end in terms.values()]}, index=pd.Index(terms, dtype="str")
    )
    frame["held_on"] = first.reindex(frame.index)
    frame["valid"] = cast.groupby("semester")["count"].sum(skipna=False, min_count=1).reindex(frame.index)
    frame["reported"] = frame["held_on"].notna().astype("Int64")
    frame["appraised"] = (frame["valid"] > 0).fillna(False).astype("Int64")
    frame["met"] = frame["reported"] * frame["appraised"]
    if cast.empty and papers.empty:
        frame[["reported", "appraised", "met"]] = pd.NA
    columns = "semester due held_on reported appraised met valid"
    return shape(frame.rename_axis("semester").reset_index(), columns, "semester", date="held_on", flag="due")


def settled(tasks: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the tasks opened by `as_of` with bool columns that say how they stood on that day.

    ``done``, ``long_term`` (neither done nor open), ``open``, ``overdue`` (open after its due day),
    ``published``, ``judged`` (done with both dates known, or overdue), ``on_time``.
    """
    day = pd.Timestamp(as_of)
    rows = tasks[~(tasks["opened_on"] > day)]
    closed, later = rows["status"].eq("done"), rows["done_on"] > day
    rows = rows.assign(done=closed & ~later, long_term=rows["status"].eq("long_term"))
    rows["open"] = rows["status"].isin(["open", "partial"]) | (closed & later)
    rows["overdue"] = rows["open"] & (rows["due_on"] < day)
    rows["published"] = rows["published_on"] <= day
    dated = rows["done"] & rows["done_on"].notna() & rows["due_on"].notna()
    rows["judged"] = dated | rows["overdue"]
    rows["on_time"] = dated & (rows["done_on"] <= rows["due_on"])
    return rows


def late_tasks(tasks: pd.DataFrame, as_of: date, kinds: Sequence[str] = ()) -> pd.DataFrame:
    """Return what was overdue at `as_of`, the latest first: no names, and nothing long-term.

    `kinds` of tasks, all of them without any.

    The result: ``unit``, ``kind``, ``subject``, ``due_on``, ``days_late``.

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> task = {"kind": "rectification", "unit": "d", "due_on": "2012-06-20", "status": "open"}
    >>> late_tasks(conform("tasks", [task]), date(2012, 6, 30))[["unit", "days_late"]]
      unit  days_late
    0    d         10
    """
    rows = settled(tasks, as_of)
    rows = rows[rows["overdue"] & (rows["kind"].isin(kinds) if kinds else True)]
    rows = rows.assign(days_late=(pd.Timestamp(as_of) - rows["due_on"]).dt.days)
    rows = rows.sort_values(["days_late", "unit"], ascending=[False, True])
    return shape(rows, "unit kind subject due_on days_late", "unit kind subject", date="due_on")


def _line(
    code: str, value: int, base: int, known: bool, on_course: bool = False, not_due: bool = False
) -> dict[str, object]:
    """Return a row of `binding_numbers`; without evidence there is no value, not even 0."""
    if not known or base == 0:
        return {"code": code, "state": "no_evidence"}
    short = "behind" if not_due else "not_met"
    state = "met" if value >= base else "on_course" if on_course else short
    return {"code": code, "value": value, "base": base, "target": base, "state": state}


def _yearly(code: str, frame: pd.DataFrame, met: str) -> dict[str, object]:
    overdue = frame["due"] & frame[met].eq(0).fillna(False)
    return _line(code, int(frame[met].sum()), len(frame), bool(frame[met].notna().any()), not overdue.any())


def binding_numbers(tables: Tables, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Return the plan's binding numbers at `as_of`, one row each.

    Returns
    -------
    DataFrame
        ``code`` (fortnight, appraisal_year, secretary_semester, training, pledge, pledge_published,
        rectification), ``value`` of ``base``, ``target`` (the value that meets the plan: all of the
        base), ``share`` (0-1), ``state``: ``met``; ``on_course`` (nothing that is due by `as_of` is
        missing); ``behind`` (not due yet, and short of the pro-rata line); ``not_met``;
        ``no_evidence`` (then the numbers are NA).

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS, conform
    >>> tables = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    >>> binding_numbers(tables, load_campaign("campaign"), date(2012, 6, 30))["state"].unique().tolist()
    ['no_evidence']
    """
    votes, people, tasks = tables.votes, tables.people, tables.tasks
    end = last_day(campaign, as_of).date()
    calendar = fortnights(tables.events, campaign, tables.units, end)
    rhythm = fortnight_summary(calendar, tables.events, campaign, end)
    training = training_progress(tables.hours, people, campaign, as_of)["status"]
    late = ~training.isin(["reached", "on_course"])
    not_due = as_of <= campaign.binding.training_end
    members = members_at(people, as_of)["person"]
    made = settled(tasks[tasks["kind"].eq("pledge")], as_of)
    work = settled(tasks[tasks["kind"].eq("rectification")], as_of)
    owed = work[~work["long_term"]]
    reached, trained = int(training.eq("reached").sum()), bool(training.notna().any())
    pledged = int(members.isin(made["person"].dropna()).sum())
    lines = [
        _line("fortnight", int(rhythm["held"].sum()), int(rhythm["due"].sum()), not rhythm.empty),
        _yearly("appraisal_year", appraisal_years(votes, people, campaign, as_of), "held"),
        _yearly("secretary_semester", secretary_semesters(votes, tables.turnout, campaign, as_of), "met"),
        _line("training", reached, len(training), trained, not late.any(), not_due),
        _line("pledge", pledged, len(members), not made.empty),
        _line("pledge_published", int(made["published"].sum()), len(made), True),
        _line("rectification", int(owed["done"].sum()), len(owed), True, not owed["overdue"].any()),
    ]
    frame = pd.DataFrame(lines, columns=["code", "value", "base", "target", "share", "state"])
    frame["share"] = share(frame["value"], frame["base"])
    return shape(frame, "code value base target share state", "code state", number="share")
