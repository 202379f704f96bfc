"""What the plan binds: yearly appraisal, the secretary's report, pledges, rectification."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_true, shape, share, vote_years
from cxzy_lib.measure.participation import members_at


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
    cast = cast[is_true(cast["count"] > 0)]
    years = vote_years(cast)
    records = []
    for year in campaign.years:
        end = min(date(year, 12, 31), campaign.span.end)
        members = members_at(people, min(end, as_of))["person"]
        rows = cast[is_true(years.eq(year))]
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
    frame["appraised"] = is_true(frame["valid"] > 0).astype("Int64")
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

    `kinds` are those of tasks; without any, all of them.

    The result: ``unit``, ``kind``, ``subject``, ``due_on``, ``days_late``.

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> task = {"kind": "rectification", "unit": "d", "due_on": "2012-06-20", "status": "open"}
    >>> late_tasks(conform("tasks", [task]), date(2012, 6, 30))[["unit", "days_late"]]
      unit  days_late
    0    d         10
    """
    return late_by_person(tasks, as_of, kinds).drop(columns="person")


def late_by_person(tasks: pd.DataFrame, as_of: date, kinds: Sequence[str] = ()) -> pd.DataFrame:
    """Return `late_tasks` with the ``person`` (pseudonym; NA: the unit's): only for those who may see names.

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> task = {"kind": "pledge", "person": "p1", "due_on": "2012-06-20", "status": "open"}
    >>> late_by_person(conform("tasks", [task]), date(2012, 6, 30))[["person", "days_late"]].values.tolist()
    [['p1', 10]]
    """
    rows = settled(tasks, as_of)
    rows = rows[rows["overdue"] & (rows["kind"].isin(kinds) if kinds else True)]
    rows = rows.assign(days_late=(pd.Timestamp(as_of) - rows["due_on"]).dt.days)
    rows = rows.sort_values(["days_late", "unit"], ascending=[False, True])
    columns = "unit person kind subject due_on days_late"
    return shape(rows, columns, "unit person kind subject", date="due_on")
