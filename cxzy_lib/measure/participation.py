"""Who took part: attendance, the rhythm of fortnights, training."""

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import (
    activities,
    activity_days,
    inside_campaign,
    is_true,
    last_day,
    only_supported,
    shape,
    share,
    took_place,
)

_SAME_MEETING = "unit held_on topic expected present excused absent source_file source_sheet source_row"
_ATTENDANCE = "meetings expected present excused absent attendance_rate unexcused_absence_rate not_counted"
_DAY = pd.Timedelta(days=1)
_DAYTYPE: Final = "datetime64[us]"


def attendance(events: pd.DataFrame, by: str, campaign: Campaign | None = None) -> pd.DataFrame:
    """Return the frame of :func:`attendance_by_unit` per value of the column `by`."""
    held = took_place(events) if campaign is None else activities(events, campaign)
    rows = held.drop_duplicates([by, *_SAME_MEETING.split()]).dropna(subset=[by])
    if campaign is not None:
        rows = inside_campaign(rows, campaign, last_day(campaign))
    known = is_true(rows["present"] <= rows["expected"])
    away = rows["expected"] - rows["present"]
    none = away.mask(away != 0)  # nobody away: nobody excused and nobody absent
    given = rows[["excused", "absent"]]
    for name, other in (("excused", "absent"), ("absent", "excused")):
        left = (away - given[other]).fillna(none)
        rows[name] = rows[name].fillna(left.mask(left < 0))
    sums = rows[known].groupby(by)[["expected", "present", "excused", "absent"]].sum(skipna=False)
    frame = sums.reindex(pd.Index(sorted(rows[by].unique()), name=by))
    days, counted = (part.drop_duplicates([by, "unit", "held_on"]) for part in (rows, rows[known]))
    frame["meetings"] = days.groupby(by).size()
    frame["not_counted"] = frame["meetings"] - counted.groupby(by).size().reindex(frame.index).fillna(0)
    frame["attendance_rate"] = share(frame["present"], attendance_base(frame, campaign))
    frame["unexcused_absence_rate"] = share(frame["absent"], frame["expected"])
    frame = frame.reset_index()
    return frame[[by]].join(shape(frame, _ATTENDANCE, number="attendance_rate unexcused_absence_rate"))


def attendance_base(attendance: pd.DataFrame, campaign: Campaign | None = None) -> pd.Series:
    """Return what ``attendance_rate`` is a share of: those expected, with or without the excused."""
    if campaign is None or campaign.setting("excused_in_denominator"):
        return attendance["expected"]
    return attendance["expected"] - attendance["excused"]


def attendance_by_unit(events: pd.DataFrame, campaign: Campaign | None = None) -> pd.DataFrame:
    """Return attendance per branch, over the activities that took place and whose numbers are known.

    Parameters
    ----------
    events : DataFrame
        Processed table. Rows that a meeting has for its several kinds count once. Plans that were not
        carried out are left out: see `took_place`.
    campaign : Campaign, optional
        Only days of the campaign up to its cut-off count; ``excused_in_denominator``. Without a
        campaign all days do, and the excused stay in the denominator.

    Returns
    -------
    DataFrame
        ``unit``, ``meetings`` (days with an activity, as in `fortnight_summary`), ``expected``,
        ``present``, ``excused``, ``absent`` (persons, summed), ``attendance_rate``,
        ``unexcused_absence_rate`` (0-1), ``not_counted`` (of the meetings, those with expected or
        present NA, or more present than expected). Where only one of excused and absent is NA, it is
        what remains of the expected; a meeting with both unknown makes the sums NA.

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> events = conform("events", [{"unit": "b", "expected": 20, "present": 18, "excused": 1}])
    >>> attendance_by_unit(events)[["unit", "meetings", "absent", "attendance_rate"]]
      unit  meetings  absent  attendance_rate
    0    b         1       1              0.9
    """
    return attendance(events, "unit", campaign)


def _under_way(campaign: Campaign) -> bool:
    """Return whether the span begins later than the stages: as of a year that is looked at alone."""
    return campaign.span.start > min(stage.start for stage in campaign.stages)


def fortnights(
    events: pd.DataFrame, campaign: Campaign, units: pd.DataFrame, end: date | None = None
) -> pd.DataFrame:
    """Return every whole fortnight of every branch, from its first activity to `end`.

    A branch of `units` without any activity starts with the campaign. Where the campaign's span is cut
    to a later year, the whole fortnights before the first activity are counted, too. A fortnight with
    more than half its days in the vacations is not due. Without any activity at all the result is
    empty: nothing is known.

    Returns
    -------
    DataFrame
        ``unit``, ``start``, ``end`` (both inside), ``due`` (bool), ``state`` (``held``, ``missed``,
        ``vacation``: not due and nothing held), ``activities``.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> events = conform("events", [{"unit": "b", "held_on": "2010-06-01"}])
    >>> campaign, units = load_campaign("campaign"), conform("units", [])
    >>> fortnights(events, campaign, units, date(2010, 7, 14))["state"].tolist()
    ['held', 'missed', 'missed']
    """
    last, size = last_day(campaign, end), campaign.binding.fortnight_days
    days = activity_days(events, campaign, last)
    branches = [*units["unit"].where(units["kind"].eq("branch")), *units["branch"], *days["unit"]]
    start = pd.Timestamp(campaign.span.start)
    order = pd.Index(pd.Series(branches, dtype="str").dropna().unique(), name="unit")
    anchors = days.groupby("unit")["held_on"].min().reindex(order).fillna(start).astype(_DAYTYPE)
    if _under_way(campaign):
        anchors -= (anchors - start).dt.days // size * size * _DAY
    whole = ((last - anchors).dt.days + 1).clip(lower=0) // size * (not days.empty)
    frame = anchors.loc[anchors.index.repeat(whole)].rename("start").reset_index()
    number = frame.groupby("unit").cumcount()
    frame["start"] += number * size * _DAY
    frame["end"] = frame["start"] + (size - 1) * _DAY
    days = days.join(anchors.rename("anchor"), on="unit")
    days["number"] = (days["held_on"] - days["anchor"]).dt.days // size
    held = days.groupby(["unit", "number"]).size()
    cells = pd.MultiIndex.from_arrays([frame["unit"], number], names=["unit", "number"])
    frame["activities"] = held.reindex(cells, fill_value=0).array
    breaks = [pd.date_range(*ends).to_series() for ends in campaign.setting("vacations")]
    off = pd.concat([anchors.iloc[:0], *breaks]).drop_duplicates().sort_values()
    free = off.searchsorted(frame["end"], side="right") - off.searchsorted(frame["start"])
    frame["due"] = free * 2 <= size
    frame["state"] = np.select([frame["activities"] > 0, ~frame["due"]], ["held", "vacation"], "missed")
    return shape(frame, "unit start end due state activities", "unit state", date="start end", flag="due")


def fortnight_summary(
    fortnights: pd.DataFrame, events: pd.DataFrame, campaign: Campaign, end: date | None = None
) -> pd.DataFrame:
    """Return per branch how many of the fortnights due were held, and the longest gap.

    Returns
    -------
    DataFrame
        ``unit``, ``due``, ``held`` (of those due), ``rate`` (0-1), ``activities``, ``literal_due``
        (days of the campaign up to `end` / 14), ``literal_rate`` (may exceed 1), ``longest_gap_days``,
        ``gap_from``, ``gap_to`` (from one activity to the next or to `end`, vacations included; where
        the span is cut to a later year, from its first day on).

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> events = conform("events", [{"unit": "b", "held_on": "2010-06-01"}])
    >>> campaign, last = load_campaign("campaign"), date(2010, 7, 14)
    >>> calendar = fortnights(events, campaign, conform("units", []), last)
    >>> summary = fortnight_summary(calendar, events, campaign, last)
    >>> summary[["due", "held", "literal_due", "longest_gap_days"]].round(2)
       due  held  literal_due  longest_gap_days
    0    3     1         5.36                43
    """
    last, start = last_day(campaign, end), pd.Timestamp(campaign.span.start)
    days = activity_days(events, campaign, last)
    order = pd.Index([*fortnights["unit"], *days["unit"]], dtype="str").unique()
    due = fortnights[fortnights["due"]]
    frame = pd.DataFrame({"unit": order}, index=order)
    for name, rows in {"due": due, "held": due[due["state"] == "held"], "activities": days}.items():
        frame[name] = rows.groupby("unit").size().reindex(order, fill_value=0)
    frame["rate"] = share(frame["held"], frame["due"])
    frame["literal_due"] = ((last - start).days + 1) / campaign.binding.fortnight_days
    frame["literal_rate"] = share(frame["activities"], frame["literal_due"])
    from_start = order if _under_way(campaign) else order.difference(days["unit"])
    gaps = pd.concat([days, pd.DataFrame({"unit": from_start, "held_on": start})], ignore_index=True)
    gaps = gaps.rename(columns={"held_on": "gap_from"}).sort_values(["unit", "gap_from"])
    gaps["gap_to"] = gaps.groupby("unit")["gap_from"].shift(-1).fillna(last)
    gaps["longest_gap_days"] = (gaps["gap_to"] - gaps["gap_from"]).dt.days
    longest = gaps.sort_values(["longest_gap_days", "gap_from"], ascending=[False, True])
    frame = frame.join(longest.drop_duplicates("unit").set_index("unit"))
    columns = "unit due held rate activities literal_due literal_rate longest_gap_days gap_from gap_to"
    return shape(frame, columns, number="rate literal_due literal_rate", date="gap_from gap_to")


def members_at(people: pd.DataFrame, as_of: date | pd.Timestamp) -> pd.DataFrame:
    """Return one row per member: the latest snapshot of each branch at `as_of`, else its first.

    Who joined after `as_of`, or had left by then, is left out; an unknown day says nothing.
    """
    taken = people["snapshot_on"].fillna(pd.Timestamp(0)).astype(_DAYTYPE)
    by_branch = [people["branch"].fillna("")]
    past = taken.where(taken <= pd.Timestamp(as_of)).groupby(by_branch).transform("max")
    wanted = past.fillna(taken.groupby(by_branch).transform("min"))
    away = (people["left_on"] <= pd.Timestamp(as_of)) | (people["joined_on"] > pd.Timestamp(as_of))
    there = taken.eq(wanted) & is_true(people["is_member"]) & ~away
    rows = people[there].dropna(subset=["person"])
    return rows.sort_values("snapshot_on").drop_duplicates("person", keep="last").sort_index()


def training_progress(
    hours: pd.DataFrame, people: pd.DataFrame, campaign: Campaign, as_of: date
) -> pd.DataFrame:
    """Return the training of every in-service member against the target, at `as_of`.

    Parameters
    ----------
    hours, people : DataFrame
        Processed tables. Training counts on its last day, inside the window of the plan; a member
        without a row has 0 hours, but if `hours` is empty altogether, hours and status are NA.

    Returns
    -------
    DataFrame
        ``person``, ``unit`` (branch), ``hours``, ``target``, ``expected`` (pro rata of the window),
        ``status`` (``reached``, ``on_course``, ``behind``).

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> people = conform("people", [{"person": "p", "is_member": True, "in_service": True}])
    >>> hours = conform("hours", [{"person": "p", "started_on": "2011-03-01", "hours": 24}])
    >>> training_progress(hours, people, load_campaign("campaign"), date(2012, 6, 30)).round(1)
      person unit  hours  target  expected     status
    0      p  NaN   24.0    30.0      18.7  on_course
    """
    only_supported(campaign, "training_basis", "cumulative")
    plan = campaign.binding
    start, stop = pd.Timestamp(plan.training_start), pd.Timestamp(plan.training_end)
    last = min(pd.Timestamp(as_of), stop)
    rows = members_at(people, as_of)
    frame = rows[is_true(rows["in_service"])][["person", "branch"]]
    frame = frame.rename(columns={"branch": "unit"})
    inside = hours["ended_on"].fillna(hours["started_on"]).between(start, last)
    sums = hours[inside].groupby("person")["hours"].sum(skipna=False)
    frame["hours"] = pd.NA if hours.empty else sums.reindex(frame["person"], fill_value=0.0).array
    frame["target"] = plan.training_hours
    elapsed = ((last - start).days + 1) / ((stop - start).days + 1)
    frame["expected"] = plan.training_hours * max(0.0, elapsed)
    columns = "person unit hours target expected"
    frame = shape(frame, columns, "person unit", number="hours target expected")
    marks = {"reached": frame["target"], "on_course": frame["expected"]}
    passed = [is_true(frame["hours"] >= mark) for mark in marks.values()]
    status = pd.Series(np.select(passed, list(marks), "behind"), frame.index, dtype="str")
    return frame.assign(status=status.where(frame["hours"].notna()))


def training_summary(progress: pd.DataFrame) -> pd.DataFrame:
    """Return :func:`training_progress` per branch; a member of unknown status makes the counts NA.

    The result: ``unit``, ``members``, ``reached``, ``on_course``, ``behind``, ``reached_share``
    (0-1), ``median_hours``.

    Examples
    --------
    >>> status = ["reached", "behind"]
    >>> frame = pd.DataFrame({"person": ["p", "q"], "unit": "b", "hours": [32.0, 8], "status": status})
    >>> training_summary(frame)[["unit", "members", "reached", "reached_share", "median_hours"]]
      unit  members  reached  reached_share  median_hours
    0    b        2        1            0.5          20.0
    """
    grouped = progress.groupby("unit")
    frame = grouped.size().to_frame("members")
    for name in ("reached", "on_course", "behind"):
        flag = progress["status"].eq(name).astype("Int64").where(progress["status"].notna())
        frame[name] = flag.groupby(progress["unit"]).sum(skipna=False)
    frame["reached_share"] = share(frame["reached"], frame["members"])
    frame["median_hours"] = grouped["hours"].median()
    columns = "unit members reached on_course behind reached_share median_hours"
    return shape(frame.reset_index(), columns, number="reached_share median_hours")
