"""Years side by side: per day of exposure, and only where they can be compared."""

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import activities, activity_days, last_day, only_supported, shape, share
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.duties import appraisal_years
from cxzy_lib.measure.participation import attendance, members_at
from cxzy_lib.tables import Tables

#: What may differ between years -> the reason against comparing them; later ones prevail.
_CHANGES = {
    "denominator": "denominator_changed",
    "criterion": "wording_changed",
    "appraisee_type": "wording_changed",
    "declared": "conditions_changed",
    "scale": "scale_changed",
}


def _inside(rows: pd.DataFrame, days: pd.Series, campaign: Campaign) -> pd.DataFrame:
    """Return the rows whose day lies in a stage, up to the cut-off, with its `year`."""
    last = last_day(campaign)
    wanted = [day for day in days.dropna().unique() if day <= last and campaign.stage_of(day.date())]
    kept = days.isin(wanted)
    return rows[kept].assign(year=days[kept].dt.year.astype("Int64"))


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
        members = members[members["in_service"].eq(True).fillna(False).astype(bool)]
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
    headline = [item.code for item in campaign.items.values() if item.headline]
    votes = tables.votes
    votes = votes[votes["occasion"].eq("satisfaction") & votes["rater_group"].eq(group)]
    votes = votes[votes["item"].isin(headline)]
    votes = votes.assign(year=votes["year"].fillna(votes["held_on"].dt.year.astype("Int64")))
    rates = shown_satisfaction(votes, tables.turnout, campaign, "year")
    single = rates.drop_duplicates("year", keep=False).set_index("year")
    whom = votes.assign(denominator=votes["unit"].fillna("-"))
    parts = {name: _who(whom, name) for name in ("criterion", "appraisee_type", "denominator")}
    parts |= {"scale": _who(rates, "scale"), "value": single["strict"], "base": single["valid"]}
    parts["declared"] = _declared(votes, headline, group, campaign)
    parts["hidden"] = rates.groupby("year")["hidden"].any()
    return pd.DataFrame(parts)


def _declared(votes: pd.DataFrame, items: list[str], group: str, campaign: Campaign) -> pd.Series:
    """Return per year how many of the breaks that comparability.toml declares lie before its last ballot."""
    last = votes.groupby("year")["held_on"].max()
    mine = [
        pd.Timestamp(change.since)
        for change in campaign.comparability.breaks
        if not (change.items and not {*change.items} & {*items}) and group in (change.groups or (group,))
    ]
    return last.map(lambda day: str(sum(since <= day for since in mine))).astype("str")


def _compared(measure: str, kind: str, part: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Give a measure its exposure, its adjusted value and the reason against comparing a year."""
    columns = ["value", "base", "hidden", *_CHANGES]
    frame = part.reindex(index=pd.Index(campaign.years, name="year"), columns=columns)
    frame["exposure_days"] = [campaign.exposure_days(year) for year in campaign.years]
    known = frame[frame["value"].notna()]
    reason = pd.Series(pd.NA, index=frame.index, dtype="str").mask(frame["value"].isna(), "no_data")
    for name, words in _CHANGES.items():
        before = known[name].ffill().shift()  # what a year does not tell has not changed
        changed = known[name].ne(before) & known[name].notna() & before.notna()
        reason = reason.mask(changed.reindex(frame.index, fill_value=False), words)
    mixed = frame["value"].isna() & frame["scale"].astype("str").str.contains(" ", na=False)
    reason = reason.mask(mixed, _CHANGES["scale"])
    reason = reason.mask(frame["hidden"].eq(True).fillna(False) & frame["value"].isna(), "not_shown")
    frame = frame.assign(measure=measure, kind=kind, reason=reason, comparable=reason.isna())
    per_100 = share(frame["value"], frame["exposure_days"]) * 100
    frame["adjusted"] = frame["value"] if kind == "rate" else per_100
    return frame.reset_index()


def yearly_comparison(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    """Return the campaign's years side by side.

    Counts and hours take only what lies inside the stages. Two years with another scale, wording
    (criterion or appraisee) or denominator (reporting units) are not comparable; a year whose
    ballots have two scales has no single rate.

    Returns
    -------
    DataFrame
        ``measure``, ``kind`` (``count``, ``rate``, ``hours``), ``year``, ``value`` (rates 0-1, hours per
        in-service member), ``base`` (of a count: reporting branches; of a rate: its denominator),
        ``exposure_days`` (in the stages), ``adjusted`` (count and hours per 100 of these days; a
        rate itself), ``comparable`` with the last year that has a value, ``reason``
        (``scale_changed``, ``wording_changed``, ``denominator_changed``, ``conditions_changed`` (a break that
        comparability.toml declares), ``no_data``, ``not_shown``
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
    parts = [
        _compared("activities", "count", _activities(tables, campaign), campaign),
        _compared("attendance", "rate", _attendance(tables, campaign), campaign),
        _compared("appraisal_coverage", "rate", _appraisal(tables, campaign), campaign),
        _compared("training_hours", "hours", _training(tables, campaign), campaign),
        _compared("pledges_published", "count", _pledges(tables, campaign), campaign),
    ]
    for group in ("member", "nonmember"):
        rates = _satisfaction(tables, campaign, group)
        parts.append(_compared(f"satisfaction_strict_{group}", "rate", rates, campaign))
    columns = "measure kind year value base exposure_days adjusted comparable reason"
    number, flag = "value adjusted", "comparable"
    return shape(pd.concat(parts), columns, "measure kind reason", number=number, flag=flag)
