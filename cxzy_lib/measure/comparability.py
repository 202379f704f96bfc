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
#: What may differ -> the reason against comparing.
_CONDITIONS = {
    "scale": "scale",
    "criterion": "wording",
    "appraisee_type": "wording",
    "denominator": "denominator",
    "mode": "mode",
}


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
        time: ``first`` and ``day`` (between which its ballots lie; of ballots without a day those of
        their semester or year), ``criterion`` and ``appraisee_type`` (what is asked, and about whom),
        ``denominator`` (units that answered, "-" for the whole body), ``mode`` (that of the spreadsheet,
        else that of the kind of occasion in comparability.toml, else ``paper``), ``population`` (people
        asked, each unit at its largest; NA: unknown). What is not told is NA and differs from nothing.

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
    usual = rows["occasion"].map(campaign.comparability.modes).astype("str").fillna("paper")
    rows = rows.assign(
        first=vote_days(rows, campaign, first=True),
        day=vote_days(rows, campaign),
        denominator=rows["unit"].fillna("-"),
        mode=rows["mode"].fillna(usual),
    )
    keys, told = [*_KEYS, period, "scale"], [*_CONDITIONS][1:]
    found = rows.groupby(keys, dropna=False).agg(
        {"first": "min", "day": "max"} | dict.fromkeys(told, _joined)
    )
    frame = found.reset_index().assign(population=_population(rows, turnout, keys).to_numpy())
    frame = frame.sort_values(["day", *keys], ignore_index=True)
    text = f"{' '.join(_KEYS)} {period} scale {' '.join(told)}"
    return shape(frame, f"{text} first day population", text, date="first day")


def _joined(values: pd.Series) -> object:
    return " ".join(sorted(values.dropna().unique())) or pd.NA


def _population(rows: pd.DataFrame, turnout: pd.DataFrame, keys: list[str]) -> "pd.Series[Any]":
    pair = ["occasion_id", "rater_group"]
    known = turnout.dropna(subset=pair).drop_duplicates(pair)[[*pair, "eligible"]]
    asked = rows[list(dict.fromkeys([*keys, *pair, "denominator"]))].drop_duplicates()
    asked = asked.merge(known, on=pair, how="left")
    # Occasions of one unit ask the same people again, those of several units other people.
    bodies = asked.groupby([*keys, "denominator"], dropna=False)["eligible"].max(skipna=False)
    return bodies.groupby(keys, dropna=False).sum(skipna=False)


def comparisons(told: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Return for each two periods of an item and group whether their figures may be compared.

    Parameters
    ----------
    told : DataFrame
        As from `conditions`.

    Returns
    -------
    DataFrame
        ``occasion``, ``item``, ``rater_group``, ``start``, ``end`` (periods), ``start_scale``,
        ``end_scale``, ``grade`` (the worst that a reason gives: ``comparable``, ``flagged``,
        ``not_comparable``), ``reasons`` (codes separated by spaces, "" without any; ``break-N``: the N-th
        declared in comparability.toml, with ``straddled`` where it lies inside a period). A group whose
        raters were grouped otherwise in the period before has a row more, without a start:
        ``rater_group``.

    Notes
    -----
    Two scales whose top levels have the same words differ by ``scale_top``: their strict rates may be set
    side by side, nothing else. A period with two scales has no figure of its own to compare. Declared
    breaks count if any ballot of the two may lie before and any after: a period that straddles one is
    comparable with neither side. Principle 14 of the European Statistics Code of Practice
    (2017): where comparability over time is broken, the break is told and explained.
    """
    found = []
    for keys, part in told.groupby(_KEYS, dropna=False, sort=False):
        rows = part.to_dict("records")
        for at, end in enumerate(rows):
            for start in rows[:at]:
                grade, names = _worst([*_differing(start, end, campaign), *_moved(start, end, campaign)])
                found.append((*keys, start[period], end[period], start["scale"], end["scale"], grade, names))
    columns = [*_KEYS, "start", "end", "start_scale", "end_scale", "grade", "reasons"]
    frame = pd.DataFrame([*found, *_regrouped(told, campaign, period)], columns=columns)
    return shape(frame, " ".join(columns), " ".join(columns))


def side_by_side(start: Mapping[Any, Any], end: Mapping[Any, Any], campaign: Campaign) -> tuple[str, str]:
    """Return grade and reasons of two groups of one period: as in `comparisons`, but for what needs time.

    Parameters
    ----------
    start, end : mapping
        Rows of `conditions`.
    """
    return _worst([*_differing(start, end, campaign)])


def _worst(reasons: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the worst of the grades, and the codes."""
    grade = max((grade for _, grade in reasons), key=GRADES.index, default=GRADES[0])
    return grade, " ".join(dict.fromkeys(code for code, _ in reasons))


def _differing(
    start: Mapping[Any, Any], end: Mapping[Any, Any], campaign: Campaign
) -> Iterator[tuple[str, str]]:
    """Yield what differs between two rows of `conditions`, with the grade that it gives."""
    for name, reason in _CONDITIONS.items():
        if pd.isna(start[name]) or pd.isna(end[name]) or start[name] == end[name]:
            continue
        code = "scale_top" if name == "scale" and _same_top(start[name], end[name], campaign) else reason
        yield code, campaign.comparability.grades.get(code, GRADES[-1])


def _moved(start: Mapping[Any, Any], end: Mapping[Any, Any], campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Yield what happened from one row of `conditions` to the other, with the grade that it gives."""
    rules = campaign.comparability
    if not pd.isna(start["population"]) and not pd.isna(end["population"]):
        grown = abs(end["population"] - start["population"])
        if grown > rules.population_change * start["population"]:
            yield "population", rules.grades.get("population", GRADES[-1])
    for at, change in enumerate(rules.breaks, 1):
        since = pd.Timestamp(change.since)
        asked = not change.items or end["item"] in change.items
        asked &= not change.groups or end["rater_group"] in change.groups
        if asked and min(start["first"], end["first"]) < since <= max(start["day"], end["day"]):
            yield f"break-{at}", change.grade
            if any(row["first"] < since <= row["day"] for row in (start, end)):
                yield "straddled", change.grade


def _same_top(one: str, other: str, campaign: Campaign) -> bool:
    """Return whether the strict levels of two scales have the same words."""
    words, others = (
        {(level.zh, level.en) for level in campaign.scales[scale].levels if level.strict}
        for scale in (one, other)
    )
    return words == others and bool(words)


def _regrouped(told: pd.DataFrame, campaign: Campaign, period: str) -> Iterator[tuple[object, ...]]:
    """Yield each group of an item in a period whose raters were grouped in another way the period before."""
    grade = campaign.comparability.grades.get("rater_group", GRADES[-1])
    for (occasion, item), part in told.groupby(["occasion", "item"], dropna=False, sort=False):
        parts = [rows for _, rows in part.dropna(subset="rater_group").groupby(period, sort=False)]
        for before, after in pairwise(parts):
            if not set(before["rater_group"]) & set(after["rater_group"]):
                for group, end, scale in after[["rater_group", period, "scale"]].itertuples(index=False):
                    yield occasion, item, group, None, end, None, scale, grade, "rater_group"


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
        With ``grade_before`` (NA in the first row, unless the raters were grouped otherwise before) and
        ``reasons_before`` (""). A rate that is not known is passed over: the next one is graded against
        the last that is.
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
    first = places["start"].isna() & told["grade"].isna()
    # What the registry does not have side by side is not comparable: two scales in one period, say.
    grade = told["grade"].fillna(GRADES[-1]).mask(first).reindex(rates.index)
    return rates.assign(grade_before=grade, reasons_before=told["reasons"].reindex(rates.index).fillna(""))
