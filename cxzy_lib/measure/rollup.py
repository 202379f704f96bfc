"""What the units of a bureau returned, side by side: rates inside categories, and what is not compared."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxzy_lib.measure.basis import is_among, is_true, share
from cxzy_lib.measure.fair import fair_comparison

_ROW = ["year", "unit", "source_file", "source_sheet", "source_row"]
_ABOUT = ["year", "unit", "category"]


def returned(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the returns of a roll-up, a row for each row of the source and a column for each number.

    Parameters
    ----------
    figures : DataFrame
        The processed table; only rows with a unit and a category (``group``) are of a roll-up.

    Returns
    -------
    DataFrame
        ``year``, ``unit``, ``category``, the source, and every indicator (``Float64``, NA where blank).

    Examples
    --------
    >>> rows = {"year": 2012, "unit": "甲校", "group": "senior_school", "source_row": 3}
    >>> rows |= {
    ...     "indicator": ["members", "staff"],
    ...     "value": [60, 80],
    ...     "source_file": "f",
    ...     "source_sheet": "s",
    ... }
    >>> returned(pd.DataFrame(rows))[["unit", "category", "members", "staff"]].values.tolist()
    [['甲校', 'senior_school', 60.0, 80.0]]
    """
    rows = figures[figures["unit"].notna() & figures["group"].notna()]
    rows = rows.assign(value=rows["value"].astype("Float64")).rename(columns={"group": "category"})
    keys = [*_ROW, "category"]
    wide = rows.drop_duplicates([*keys, "indicator"]).set_index([*keys, "indicator"])["value"]
    return wide.unstack().reset_index().rename_axis(columns=None)


def roll_up(figures: pd.DataFrame, rule: Mapping[str, Any], least: int) -> pd.DataFrame:
    """Return what each unit returned for each measure and year, and why it is not compared.

    Parameters
    ----------
    figures : DataFrame
        The processed table.
    rule : mapping
        The setting ``roll_up``: ``measures``, each with ``count`` and ``base`` (indicators), ``ballots``
        (the levels' indicators, where it is a vote) and ``printed`` (a rate that some send instead);
        ``turnout`` (``count``, ``base`` and the ``least`` share below which a vote is not compared).
    least : int
        Smaller votes are hidden, and those of which nothing tells how many voted.

    Returns
    -------
    DataFrame
        ``measure`` (its place in the rule), ``year``, ``unit``, ``category``, ``count``, ``base``
        (``Int64``), ``rate`` (0-1) and ``reason``: ``not_returned`` (in another year it did),
        ``twice`` (two rows that differ), ``hidden`` (too few ballots, or all alike), ``rate_only``,
        ``over_base``, ``low_turnout``, NA where nothing forbids to compare. What is hidden has no numbers.
    """
    wide = returned(figures)
    if wide.empty:
        return pd.DataFrame(columns=["measure", *_ABOUT, "count", "base", "rate", "reason"])
    parts = [_one(wide, measure, rule, least).assign(measure=n) for n, measure in enumerate(rule["measures"])]
    return pd.concat(parts, ignore_index=True)


def _one(wide: pd.DataFrame, measure: Mapping[str, Any], rule: Mapping[str, Any], least: int) -> pd.DataFrame:
    votes = list(measure.get("ballots", ()))
    names = [measure["count"], measure["base"], measure.get("printed", ""), *votes]
    names += [rule["turnout"]["count"], rule["turnout"]["base"]]
    known = wide.reindex(columns=[*_ABOUT, *dict.fromkeys(filter(None, names))])
    known = known.astype(dict.fromkeys(known.columns[3:], "Float64"))
    same = known.drop_duplicates()  # sent twice in the same words is sent once
    twice = same.duplicated(["year", "unit"], keep=False)
    first = _every_year(same.drop_duplicates(["year", "unit"]), same[twice])
    count, base = first[measure["count"]], first[measure["base"]]
    found = first[_ABOUT].assign(
        count=count.round().astype("Int64"), base=base.round().astype("Int64"), rate=share(count, base)
    )
    printed = first[measure["printed"]] if "printed" in measure else pd.Series(pd.NA, first.index, "Float64")
    reason = first["reason"].mask(count.isna() & printed.notna() & first["reason"].isna(), "rate_only")
    found["rate"] = found["rate"].mask(reason.eq("rate_only"), printed)
    reason = reason.mask(is_true(count > base) & reason.isna(), "over_base")
    if votes:
        turnout = share(first[rule["turnout"]["count"]], first[rule["turnout"]["base"]])
        reason = reason.mask(is_true(turnout < rule["turnout"]["least"]) & reason.isna(), "low_turnout")
        voted = base.fillna(first[votes].sum(axis=1, min_count=len(votes)))
        for name in ("count", "base"):
            voted = voted.fillna(first[rule["turnout"][name]])
        reason = reason.mask(_tells(first[votes], voted, found["rate"], least), "hidden")
    gone = reason.isin(["twice", "hidden"])
    found = found.assign(reason=reason, **{n: found[n].mask(gone) for n in ("count", "base", "rate")})
    return found.assign(rate=found["rate"].mask(reason.eq("over_base")))


def _every_year(rows: pd.DataFrame, twice: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each unit and year, with the reason of those that are not there or there twice."""
    units = rows.sort_values("year", kind="stable").drop_duplicates("unit", keep="last")
    every = units[["unit", "category"]].merge(rows[["year"]].drop_duplicates(), how="cross")
    whole = every.merge(rows, on=["year", "unit"], how="left", suffixes=("", "_own"), indicator=True)
    whole["category"] = whole["category_own"].fillna(whole["category"])
    reason = pd.Series(pd.NA, whole.index, dtype="str").mask(whole["_merge"].eq("left_only"), "not_returned")
    reason = reason.mask(is_among(whole, twice, ["year", "unit"]), "twice")
    return whole.drop(columns=["category_own", "_merge"]).assign(reason=reason)


def _tells(votes: pd.DataFrame, voted: pd.Series, rate: pd.Series, least: int) -> "pd.Series[bool]":
    """Return which votes would give ballots away: too few, nobody knows of how many, or all of them alike."""
    said = votes.notna().any(axis=1) | rate.notna()
    alike = votes.eq(voted, axis=0).any(axis=1) | rate.isin([0, 1])
    return is_true(said & (alike | voted.lt(least).fillna(True)))


def bureau_comparison(
    figures: pd.DataFrame, rule: Mapping[str, Any], fair: Mapping[str, Any], level: float, least: int
) -> pd.DataFrame:
    """Return `roll_up` with what `fair_comparison` says inside each category of each year.

    Parameters
    ----------
    figures, rule, least
        As for `roll_up`.
    fair : mapping
        The setting ``fair_units``: what `fair_comparison` takes.
    level : float
        Level (0-1) of the intervals.

    Returns
    -------
    DataFrame
        As of `roll_up` and `fair_comparison`. A unit with a reason of the roll-up is not compared and
        leaves the others' pooled rate alone.
    """
    rows = roll_up(figures, rule, least)
    parts = []
    for _, part in rows.groupby(["measure", "year"]):
        asked = part.assign(**{name: part[name].mask(part["reason"].notna()) for name in ("count", "base")})
        found = fair_comparison(asked.drop(columns=["rate", "reason"]), level, **fair)
        found["reason"] = part["reason"].fillna(found["reason"])
        parts.append(found.assign(**{name: part[name] for name in ("count", "base", "rate")}))
    return pd.concat(parts) if parts else rows.assign(comparable=False, position=None)


def score_gaps(figures: pd.DataFrame, rule: Mapping[str, Any]) -> pd.DataFrame:
    """Return points of each unit and year: ``own``, ``assessed`` and ``gap`` (own less assessed).

    A unit with two rows that differ has none.
    """
    columns = [*_ABOUT, rule["scores"]["own"], rule["scores"]["assessed"]]
    wide = returned(figures).reindex(columns=columns).drop_duplicates()
    wide = wide.set_axis([*_ABOUT, "own", "assessed"], axis=1)
    wide = wide[~wide.duplicated(["year", "unit"], keep=False)].dropna(subset=["own", "assessed"], how="all")
    return wide.assign(gap=(wide["own"] - wide["assessed"]).round(2))
