"""Which figures may be set side by side: the conditions of each, and a grade with reasons for each two."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape, vote_days

#: From the best to the worst.
GRADES = ("comparable", "flagged", "not_comparable")
_KEYS = ["occasion", "item", "rater_group"]
_CONDITIONS = "scale wording denominator mode"


def conditions(votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Return the registry of items: under which conditions each was asked in each period.

    Parameters
    ----------
    votes, turnout : DataFrame
        Processed tables.
    period : str
        ``semester``, ``stage`` or ``year``; votes without one are left out.

    Returns
    -------
    DataFrame
        A row for each ``occasion``, ``item``, ``rater_group``, `period` and ``scale``, in the order of
        time: ``day`` (the last of the period's), ``wording`` (criterion and body asked about),
        ``denominator`` (units that answered, "-" for the whole body), ``mode`` (``paper`` unless
        comparability.toml says otherwise), ``population`` (NA: unknown). What is not told is NA and
        differs from nothing.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> rows = [{"occasion": "survey", "item": "climate", "semester": "2011-2012-2", "scale": "sat5"}]
    >>> told = conditions(
    ...     conform("votes", rows), conform("turnout", []), load_campaign("campaign"), "semester"
    ... )
    >>> told[["item", "scale", "denominator", "mode"]].to_numpy().tolist()
    [['climate', 'sat5', '-', 'web']]
    """
    rows = votes[votes[period].notna() & votes["scale"].isin(list(campaign.scales))]
    about = rows["criterion"].fillna("") + "/" + rows["appraisee_type"].fillna("")
    rows = rows.assign(
        day=vote_days(rows, campaign),
        wording=about.mask(about.eq("/")),
        denominator=rows["unit"].fillna("-"),
        mode=[campaign.comparability.modes.get(kind, "paper") for kind in rows["occasion"].fillna("")],
    )
    keys = [*_KEYS, period, "scale"]
    found = rows.groupby(keys, dropna=False).agg(
        day=("day", "max"), wording=("wording", _all), denominator=("denominator", _all), mode=("mode", _all)
    )
    frame = found.reset_index().assign(population=_population(rows, turnout, keys).to_numpy())
    frame = frame.sort_values(["day", *keys], ignore_index=True)
    columns = f"{' '.join(_KEYS)} {period} scale day wording denominator mode population"
    return shape(frame, columns, columns.removesuffix(" population").replace(" day", ""), date="day")


def _all(values: pd.Series) -> object:
    known = sorted(values.dropna().unique())
    return " ".join(known) if known else pd.NA


def _population(rows: pd.DataFrame, turnout: pd.DataFrame, keys: list[str]) -> "pd.Series[Any]":
    pair = ["occasion_id", "rater_group"]
    known = turnout.dropna(subset=pair).drop_duplicates(pair)[[*pair, "eligible"]]
    asked = rows[list(dict.fromkeys([*keys, *pair]))].drop_duplicates().merge(known, on=pair, how="left")
    return asked.groupby(keys, dropna=False)["eligible"].sum(skipna=False)


def comparisons(told: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Return for each two periods of an item and group whether their figures may be compared.

    Parameters
    ----------
    told : DataFrame
        As from `conditions`.

    Returns
    -------
    DataFrame
        ``occasion``, ``item``, ``rater_group``, ``start``, ``end`` (periods), ``grade`` (the worst that a
        reason gives: ``comparable``, ``flagged``, ``not_comparable``), ``reasons`` (codes separated by
        spaces, "" without any; ``break-N``: the N-th declared in comparability.toml).

    Notes
    -----
    Two scales whose top levels have the same words differ by ``scale_top``: their strict rates may be set
    side by side, nothing else. A period with two scales has no figure of its own to compare. Declared
    breaks count if they lie between the two days. Principle 14 of the European Statistics Code of Practice
    (2017): where comparability over time is broken, the break is told and explained.
    """
    found = []
    for keys, part in told.groupby(_KEYS, dropna=False, sort=False):
        rows = part.to_dict("records")
        for at, end in enumerate(rows):
            for start in rows[:at]:
                reasons = [*_reasons(start, end, campaign)]
                grade = max((reason[1] for reason in reasons), key=GRADES.index, default=GRADES[0])
                names = " ".join(reason[0] for reason in reasons)
                found.append((*keys, start[period], end[period], start["scale"], end["scale"], grade, names))
    columns = [*_KEYS, "start", "end", "start_scale", "end_scale", "grade", "reasons"]
    frame = pd.DataFrame([*found, *_regrouped(told, campaign, period)], columns=columns)
    return shape(frame, " ".join(columns), " ".join(columns))


def _reasons(
    start: Mapping[Any, Any], end: Mapping[Any, Any], campaign: Campaign
) -> Iterator[tuple[str, str]]:
    """Yield each reason against comparing two rows of `conditions`, with the grade that it gives."""
    rules = campaign.comparability
    for name in _CONDITIONS.split():
        if pd.isna(start[name]) or pd.isna(end[name]) or start[name] == end[name]:
            continue
        code = name if name != "scale" or not _same_top(start[name], end[name], campaign) else "scale_top"
        yield code, rules.grades.get(code, GRADES[-1])
    if not pd.isna(start["population"]) and not pd.isna(end["population"]):
        grown = abs(end["population"] - start["population"])
        if grown > rules.population_change * start["population"]:
            yield "population", rules.grades.get("population", GRADES[-1])
    for at, change in enumerate(rules.breaks, 1):
        inside = start["day"] < pd.Timestamp(change.since) <= end["day"]
        named = (not change.items or end["item"] in change.items) and (
            not change.groups or end["rater_group"] in change.groups
        )
        if inside and named:
            yield f"break-{at}", change.grade


def _same_top(one: str, other: str, campaign: Campaign) -> bool:
    """Return whether the strict levels of two scales have the same words."""
    words = [
        {(level.zh, level.en) for level in campaign.scales[scale].levels if level.strict}
        for scale in (one, other)
    ]
    return words[0] == words[1] and bool(words[0])


def _regrouped(told: pd.DataFrame, campaign: Campaign, period: str) -> Iterator[tuple[object, ...]]:
    """Yield the two periods next to each other of an item whose raters are grouped in another way."""
    grade = campaign.comparability.grades.get("rater_group", GRADES[-1])
    for (occasion, item), part in told.groupby(["occasion", "item"], dropna=False, sort=False):
        periods = list(dict.fromkeys(part[period]))
        groups = {name: set(part.loc[part[period].eq(name), "rater_group"].dropna()) for name in periods}
        for start, end in pairwise(periods):
            if not groups[start] & groups[end]:
                named = "/".join(sorted(groups[end]))
                yield occasion, item, named, start, end, None, None, grade, "rater_group"


def with_grades(rates: pd.DataFrame, graded: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return `rates` with the grade of each row against the row before of the same item and group.

    Parameters
    ----------
    rates : DataFrame
        In the order of time: `period`, ``rater_group``, ``scale``, ``strict``, and ``item`` if there are
        several.
    graded : DataFrame
        As from `comparisons`, of one kind of occasion.

    Returns
    -------
    DataFrame
        With ``grade_before`` (NA in the first row) and ``reasons_before`` (""). A rate that is not known
        is passed over: the next one is graded against the last that is.
    """
    names = [name for name in ("item", "rater_group") if name in rates]
    pairs = ["start", "end", "start_scale", "end_scale"]
    known = rates[rates["strict"].notna()]
    grouped = known.groupby(names, dropna=False)
    places = known[[*names]].assign(
        start=grouped[period].shift(),
        end=known[period],
        start_scale=grouped["scale"].shift(),
        end_scale=known["scale"],
    )
    table = graded.drop_duplicates([*names, *pairs])[[*names, *pairs, "grade", "reasons"]]
    told = places.merge(table, on=[*names, *pairs], how="left").set_index(places.index)
    first = places["start"].isna()
    # What the registry does not have side by side is not comparable: two scales in one period, say.
    grade = told["grade"].fillna(GRADES[-1]).mask(first).reindex(rates.index)
    return rates.assign(grade_before=grade, reasons_before=told["reasons"].reindex(rates.index).fillna(""))
