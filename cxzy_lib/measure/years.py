"""Years side by side: per day of exposure, and only where they can be compared."""

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import (
    activities,
    activity_days,
    headline,
    is_true,
    last_day,
    only_supported,
    shape,
    share,
    vote_years,
)
from cxzy_lib.measure.comparability import GRADES, comparisons, conditions, with_grades
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.duties import appraisal_years
from cxzy_lib.measure.participation import attendance, members_at
from cxzy_lib.tables import Tables


def _inside(rows: pd.DataFrame, days: pd.Series, campaign: Campaign) -> pd.DataFrame:
    """Return the rows whose day lies in a stage, up to the cut-off, with its `year`."""
    last = last_day(campaign)
    wanted = [day for day in days.dropna().unique() if day <= last and campaign.stage_of(day.date())]
    return rows.assign(year=days.dt.year.astype("Int64"))[days.isin(wanted)]


def _who(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return per year the different values of a column, as one text."""
    known = rows[["year", column]].dropna().drop_duplicates().sort_values(column)
    return known.groupby("year")[column].agg(" ".join)


def _activities(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    days = activity_days(tables.events, campaign, last_day(campaign))
    days = _inside(days, days["held_on"], campaign)
    by_year = days.groupby("year")["unit"]
    return pd.DataFrame(
        {"value": by_year.size(), "base": by_year.nunique(), "denominator": _who(days, "unit")}
    )


def _attendance(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    events = activities(tables.events, campaign)
    rows = _inside(events, events["held_on"], campaign)
    rates = attendance(rows, "year", campaign).set_index("year")
    known = rows.dropna(subset=["expected", "present"])
    frame = rates.rename(columns={"attendance_rate": "value", "expected": "base"})[["value", "base"]]
    return frame.assign(denominator=_who(known, "unit"))


def _appraisal(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    years = appraisal_years(tables.votes, tables.people, campaign, last_day(campaign).date())
    return years.rename(columns={"coverage": "value", "members": "base"}).set_index("year")


def _training(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    rows = _inside(tables.hours, tables.hours["ended_on"].fillna(tables.hours["started_on"]), campaign)
    sums, bases = {}, {}
    for year in rows["year"].unique():
        members = members_at(tables.people, min(pd.Timestamp(year, 12, 31), last_day(campaign)))
        members = members[is_true(members["in_service"])]
        taken = rows[rows["year"].eq(year) & rows["person"].isin(members["person"])]
        sums[year], bases[year] = taken["hours"].sum(skipna=False), len(members)
    base = pd.Series(bases, dtype="Int64")
    return pd.DataFrame({"value": share(pd.Series(sums, dtype="Float64"), base), "base": base})


def _pledges(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    rows = tables.tasks[tables.tasks["kind"].eq("pledge")]
    published, opened = (_inside(rows, rows[name], campaign) for name in ("published_on", "opened_on"))
    recorded = pd.concat([published, opened])
    # A year with pledges of which none is published has a 0; a year without pledges has no figure.
    value = published.groupby("year").size().reindex(recorded["year"].unique(), fill_value=0)
    who = recorded.groupby("year")["unit"].nunique()
    return pd.DataFrame({"value": value, "base": who, "denominator": _who(recorded, "unit")})


def _satisfaction(tables: Tables, campaign: Campaign, group: str) -> pd.DataFrame:
    votes = tables.votes
    votes = votes[votes["occasion"].eq("satisfaction") & votes["item"].isin(headline(campaign))]
    votes = votes.assign(year=vote_years(votes))
    graded = comparisons(conditions(votes, tables.turnout, campaign, "year"), campaign, "year")
    mine = votes[votes["rater_group"].eq(group)]
    rates = shown_satisfaction(mine, tables.turnout, campaign, "year").dropna(subset="year")
    several = rates["year"].duplicated(keep=False)  # a row for each of its scales
    single = with_grades(rates[~several].astype({"year": "str"}), graded, "year")
    single = single.set_index(rates.loc[~several, "year"])
    two = pd.Series("scale_changed", index=rates.loc[several, "year"].unique(), dtype="str")
    parts = {
        "value": single["strict"],
        "base": single["valid"],
        "grade": single["grade_before"],
        "reason": pd.concat([_codes(single["reasons_before"], campaign), two]),
        "hidden": rates.groupby("year")["hidden"].any(),
    }
    return pd.DataFrame(parts)


def _codes(reasons: pd.Series, campaign: Campaign) -> pd.Series:
    """Return the reasons of the registry as those of `yearly_comparison`: a declared one by its kind."""
    declared = {f"break-{at}": change.reason for at, change in enumerate(campaign.comparability.breaks, 1)}
    words: list[str | None] = [
        " ".join(dict.fromkeys(f"{declared.get(code, code)}_changed" for code in codes.split())) or None
        for codes in reasons
    ]
    return pd.Series(words, index=reasons.index, dtype="str")


def _compared(measure: str, kind: str, part: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Give a measure its exposure, its adjusted value, its grade and the reason against comparing a year."""
    columns = ["value", "base", "hidden", "denominator", "grade", "reason"]
    frame = part.reindex(index=pd.Index(campaign.years, name="year"), columns=columns)
    frame["exposure_days"] = [campaign.exposure_days(year) for year in campaign.years]
    missing = frame["value"].isna()
    units = frame.loc[~missing, "denominator"]
    before = units.ffill().shift()  # what a year does not tell has not changed
    changed = (units.ne(before) & units.notna() & before.notna()).reindex(frame.index, fill_value=False)
    reason = frame["reason"].astype("str").mask(changed, "denominator_changed")
    reason = reason.mask(missing & reason.isna(), "no_data")
    reason = reason.mask(missing & is_true(frame["hidden"]), "not_shown")
    grade = frame["grade"].astype("str").fillna(GRADES[0]).mask(changed | missing, GRADES[-1])
    frame = frame.assign(measure=measure, kind=kind, reason=reason, grade=grade)
    frame["comparable"] = grade.eq(GRADES[0])
    per_100 = share(frame["value"], frame["exposure_days"]) * 100
    frame["adjusted"] = frame["value"] if kind == "rate" else per_100
    return frame.reset_index()


def yearly_comparison(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    """Return the campaign's years side by side.

    Counts and hours take only what lies inside the stages. Two years with other reporting units are not
    comparable; those of satisfaction are graded as any two periods: see `comparisons`. A year whose
    ballots have two scales has no single rate.

    Returns
    -------
    DataFrame
        ``measure``, ``kind`` (``count``, ``rate``, ``hours``), ``year``, ``value`` (rates 0-1, hours per
        in-service member), ``base`` (of a count: reporting branches; of a rate: its denominator),
        ``exposure_days`` (in the stages), ``adjusted`` (count and hours per 100 of these days; a
        rate itself), ``grade`` against the last year that has a value, ``comparable`` (whether it is the
        best), ``reason`` (``denominator_changed``; of satisfaction each code of `comparisons` with
        ``_changed``, separated by spaces, a declared break by its kind; ``no_data``, ``not_shown``
        (too few ballots: see `shown_satisfaction`) or NA). A year without records is NA, not 0.
        The base of satisfaction is ballots: who voted twice in a year counts twice.

    Raises
    ------
    CampaignError
        If the setting ``year_basis`` is another than ``calendar``.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS, conform
    >>> empty = {name: conform(name, []) for name in ALL_SCHEMAS}
    >>> events = conform("events", [{"unit": "b", "held_on": f"2011-0{m}-01"} for m in range(1, 8)])
    >>> years = yearly_comparison(Tables(**empty | {"events": events}), load_campaign("campaign"))
    >>> years.loc[years["measure"] == "activities", ["year", "value", "adjusted", "reason"]].round(2)
       year  value  adjusted   reason
    0  2010   <NA>      <NA>  no_data
    1  2011    7.0      1.92      NaN
    2  2012   <NA>      <NA>  no_data
    """
    only_supported(campaign, "year_basis", "calendar")
    measures = [
        ("activities", "count", _activities(tables, campaign)),
        ("attendance", "rate", _attendance(tables, campaign)),
        ("appraisal_coverage", "rate", _appraisal(tables, campaign)),
        ("training_hours", "hours", _training(tables, campaign)),
        ("pledges_published", "count", _pledges(tables, campaign)),
    ]
    for group in ("member", "nonmember"):
        measures.append((f"satisfaction_strict_{group}", "rate", _satisfaction(tables, campaign, group)))
    parts = [_compared(*measure, campaign) for measure in measures]
    columns = "measure kind year value base exposure_days adjusted grade comparable reason"
    number, flag = "value adjusted", "comparable"
    return shape(pd.concat(parts), columns, "measure kind grade reason", number=number, flag=flag)
