"""Groups of raters with weights, and groups that are missing: nothing is made up for silently."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import Floats, level_table, shape, share

_CHAIN = ["eligible", "issued", "returned", "valid"]


def response_by_group(turnout: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return who answered: the chain from those entitled to valid papers, by group.

    Parameters
    ----------
    turnout : DataFrame
        Processed table.
    by : list of str
        Its columns, such as ``semester``, ``rater_group``.

    Returns
    -------
    DataFrame
        `by`; ``eligible``, ``issued``, ``returned``, ``valid`` (NA if unknown for one collection),
        ``return_rate`` (returned / issued) and ``response_rate`` (valid / eligible; AAPOR's response rate 1
        where everybody is entitled), 0-1, and ``silent`` (eligible less valid).

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> rows = [{"rater_group": "member", "eligible": 110, "issued": 108, "returned": 105, "valid": 103}]
    >>> found = response_by_group(conform("turnout", rows), ["rater_group"])
    >>> found[["return_rate", "response_rate", "silent"]].round(3).to_numpy().tolist()
    [[0.972, 0.936, 7]]
    """
    sums = turnout.groupby(by, dropna=False, sort=False)[_CHAIN].sum(skipna=False).reset_index()
    sums["return_rate"] = share(sums["returned"], sums["issued"])
    sums["response_rate"] = share(sums["valid"], sums["eligible"])
    sums["silent"] = sums["eligible"] - sums["valid"]
    columns = f"{' '.join(by)} {' '.join(_CHAIN)} return_rate response_rate silent"
    return shape(sums, columns, " ".join(by), number="return_rate response_rate")


def weighted_rate(rates: pd.DataFrame, weights: Mapping[str, float]) -> dict[str, Any]:
    """Return a rate weighted by groups of raters (leaders, peers, masses), and what is missing from it.

    Parameters
    ----------
    rates : DataFrame
        One row per group: ``rater_group``, ``strict`` (0-1, NA where unknown or hidden).
    weights : mapping
        Group -> weight; they add up to 1.

    Returns
    -------
    dict
        ``value`` (0-1; None if a group with a weight has no rate: the rest is never scaled up in its place),
        ``low``, ``high`` (if the missing groups had all said no, or yes), ``missing`` (their names),
        ``renormalised`` (what the rest alone would give, to be named as such; None where all is there).

    Raises
    ------
    ValueError
        If the weights do not add up to 1, or two rows are of one group.

    Examples
    --------
    >>> rates = pd.DataFrame({"rater_group": ["member", "nonmember"], "strict": [0.9, 0.8]})
    >>> told = weighted_rate(rates, {"member": 0.3, "nonmember": 0.4, "organisation": 0.3})
    >>> told["value"], told["missing"], round(told["low"], 2), round(told["high"], 2)
    (None, ['organisation'], 0.59, 0.89)
    >>> round(told["renormalised"], 3)
    0.843
    """
    if abs(sum(weights.values()) - 1) > 1e-9:
        raise ValueError(f"weights add up to {sum(weights.values()):g}, not to 1: {dict(weights)}")
    if rates["rater_group"].duplicated().any():
        raise ValueError(f"several rows of one group: {list(rates['rater_group'])}")
    known = rates.dropna(subset=["strict"]).set_index("rater_group")["strict"].astype("float64")
    missing = [group for group, weight in weights.items() if weight and group not in known.index]
    sum_known = float(sum(weight * known[group] for group, weight in weights.items() if group in known.index))
    absent = float(sum(weights[group] for group in missing))
    return {
        "value": None if missing else sum_known,
        "low": sum_known,
        "high": sum_known + absent,
        "missing": missing,
        "renormalised": sum_known / (1 - absent) if missing and absent < 1 else None,
    }


def _not_raked(cells: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return why these answers cannot be weighted to these sizes, an empty mapping where they can."""
    if cells[["count", "valid"]].isna().any(axis=None):
        return {"reason": "unknown_count"}
    if not cells["valid"].sum() > 0:
        return {"reason": "no_answers"}
    for column, sizes in margins.items():
        there = set(cells.loc[cells["valid"].gt(0), column].astype(object))  # an unknown category is one, too
        if there != set(sizes):
            return {"reason": "categories", "column": column, "odd": len(there ^ set(sizes))}
    totals = [sum(sizes.values()) for sizes in margins.values()]
    return {} if np.allclose(totals, totals[:1], rtol=1e-9) else {"reason": "sums"}


def _fitted(cells: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]) -> tuple[Floats, bool]:
    """Return the weight of each cell by iterative proportional fitting, and whether all margins are met."""
    weight = cells["valid"].to_numpy("float64")
    for _ in range(1000):
        gaps = [0.0]
        for column, sizes in margins.items():
            sums = pd.Series(weight).groupby(cells[column].to_numpy()).transform("sum").to_numpy("float64")
            ratio = cells[column].map(sizes).to_numpy("float64") / np.where(sums > 0, sums, 1)
            gaps.append(float(np.abs(ratio[sums > 0] - 1).max()))
            weight = np.where(sums > 0, weight * ratio, 0)
        if max(gaps) < 1e-9:
            return weight, True
    return weight, False


def raked_rate(cells: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return a rate as it is and with the answers weighted to known sizes of the groups they come from.

    Parameters
    ----------
    cells : DataFrame
        One row per combination of the columns in `margins`: those columns, ``count`` (in favour), ``valid``,
        as from `cells`: of one group of raters on one scale.
    margins : mapping
        Column -> category -> its size in the whole of that group.

    Returns
    -------
    dict
        ``raw`` and ``raked`` (0-1), ``design_effect`` (Kish: by how much unequal weights widen the
        variance, 1 or more), ``base``, ``reason`` (None). Where nothing can be weighted there is only the
        ``reason``, and the raw rate has to stand: ``unknown_count`` (a count is NA), ``no_answers``,
        ``categories`` (nobody of a category answered, or answers come from one without a size: ``odd`` of
        them in ``column``), ``sums`` (the margins add up to different totals), ``no_fit`` (no weights meet
        all margins at once).

    Notes
    -----
    Raking by iterative proportional fitting: W. E. Deming and F. F. Stephan, On a least squares adjustment,
    Annals of Mathematical Statistics 11 (1940); L. Kish, Weighting for unequal P_i, Journal of Official
    Statistics 8 (1992). No library in use here has it.

    Examples
    --------
    >>> cells = pd.DataFrame({"unit": ["a", "b"], "count": [9, 2], "valid": [10, 10]})
    >>> told = raked_rate(cells, {"unit": {"a": 10, "b": 90}})
    >>> round(told["raw"], 2), round(told["raked"], 2), round(told["design_effect"], 2)
    (0.55, 0.27, 1.64)
    """
    if wrong := _not_raked(cells, margins):
        return wrong
    used = cells[cells["valid"].gt(0)]
    valid, count = used["valid"].to_numpy("float64"), used["count"].to_numpy("float64")
    weight, met = _fitted(used, margins)
    if not met:
        return {"reason": "no_fit"}
    rates, each = count / valid, weight / valid  # each: the weight of one answer
    effect = valid.sum() * (valid * each**2).sum() / (valid * each).sum() ** 2
    return {
        "raw": float(count.sum() / valid.sum()),
        "raked": float((weight * rates).sum() / weight.sum()),
        "design_effect": float(effect),
        "base": float(valid.sum()),
        "reason": None,
    }


def cells(votes: pd.DataFrame, campaign: Campaign, columns: list[str]) -> pd.DataFrame:
    """Return the valid votes and those on the strict levels by `columns`: what `raked_rate` takes.

    `votes` are on one scale (ValueError otherwise: another top level is another rate). A sum with an unknown
    count is NA.
    """
    if len(scales := set(votes["scale"].dropna())) > 1:
        raise ValueError(f"votes on several scales: {sorted(scales)}")
    rows = votes.merge(level_table(campaign), on=["scale", "level"])
    rows["count_strict"] = rows["count"].where(rows["is_strict"], 0)
    sums = rows.groupby(columns, dropna=False)[["count_strict", "count"]].sum(skipna=False).reset_index()
    return sums.set_axis([*columns, "count", "valid"], axis=1)
