"""Reliability of the scores of respondents: do the items of a scale tell the same?"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape
from cxzy_lib.measure.indices import PAPER, scored

Missing = Literal["pairwise", "listwise", "median"]


def wide_points(answers: pd.DataFrame, campaign: Campaign, items: Sequence[str]) -> pd.DataFrame:
    """Return respondents x items of points.

    Parameters
    ----------
    answers : DataFrame
        The processed table; an item that a paper answers twice has the mean of both.
    items : sequence of str
        Codes of the items, on scales with points.

    Returns
    -------
    DataFrame
        A row for each paper with any of the `items`, its index the ``respondent`` (numbered anew in every
        sheet, so it may repeat), a column for each item in the order of `items`: points (0-100); NA where it
        was not answered, or by a level without points ("don't know").

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> said = [("1", "a", "satisfied"), ("1", "b", "dissatisfied"), ("2", "a", "unknown")]
    >>> rows = [{"respondent": k, "item": i, "scale": "sat3", "level": v} for k, i, v in said]
    >>> wide_points(conform("answers", rows), load_campaign("campaign"), ["b", "a"]).reset_index()
      respondent     b      a
    0          1  30.0  100.0
    1          2  <NA>   <NA>
    """
    rows = scored(answers[answers["item"].isin(list(items))], campaign)
    papers = rows.groupby(PAPER, dropna=False)
    rows = rows.assign(paper=papers.ngroup())
    cells = rows.groupby(["paper", "item"])["points"].mean().unstack("item")
    names = rows.drop_duplicates("paper").set_index("paper")["respondent"]
    wide = cells.reindex(columns=list(items)).astype("Float64")
    return wide.set_axis(pd.Index(names.reindex(wide.index), name="respondent"), axis=0).rename_axis(
        columns=None
    )


def _prepared(wide: pd.DataFrame, missing: Missing) -> pd.DataFrame:
    """Return the answered items and the respondents that count, with NaN for what is missing."""
    if missing not in ("pairwise", "listwise", "median"):
        raise ValueError(f"missing={missing!r} must be 'pairwise', 'listwise' or 'median'")
    known = wide.astype("float64").dropna(axis=1, how="all").dropna(axis=0, how="all")
    if missing == "median":
        return known.fillna(known.median())
    return known.dropna() if missing == "listwise" else known


def _undefined(points: pd.DataFrame) -> str | None:
    """Return why there is no alpha, None where there is one; see `scale_reliability`."""
    respondents, items = points.shape
    if items < 2:
        return "one_item"
    if respondents < 2:
        return "few"
    covariances = points.cov().to_numpy()
    # A pair of items that hardly anybody answered both would be passed over in the sum, as a covariance of 0.
    if np.isnan(covariances).any():
        return "no_pair"
    values = np.linalg.eigvalsh(covariances)
    # Pairwise covariances are of different people each: together they may be those of no scores at all.
    if values[0] < -1e-9 * values[-1]:
        return "not_definite"
    return None if covariances.sum() > 1e-9 * values[-1] else "no_variance"


def _alpha(points: pd.DataFrame, level: float) -> tuple[float, float, float]:
    """Return alpha and its limits, NaN where it is not defined."""
    # No stubs come with it.
    import pingouin

    if _undefined(points):
        return np.nan, np.nan, np.nan
    alpha, limits = pingouin.cronbach_alpha(points, ci=level)
    return float(alpha), float(limits[0]), float(limits[1])


def scale_reliability(wide: pd.DataFrame, missing: Missing, level: float) -> pd.DataFrame:
    """Return Cronbach's alpha of the items of a scale, with Feldt's interval.

    Parameters
    ----------
    wide : DataFrame
        Respondents x items, numbers on one scale and in one direction; see :func:`wide_points`.
    missing : {"pairwise", "listwise", "median"}
        Covariances from those who answered both items; from those who answered all; or with the item's
        median in place of what is missing (as the scores of R's psych). Items that nobody answered, and
        respondents who answered none, never count.
    level : float
        Confidence level, 0-1.

    Returns
    -------
    DataFrame
        One row: ``items``, ``respondents``, ``alpha`` (at most 1, can be below 0), ``low``, ``high`` (three
        decimals), ``missing``, ``reason`` (why there is no alpha, else NA): ``one_item`` (fewer than 2),
        ``few`` (fewer than 2 respondents), ``no_variance`` (the sums do not vary), ``no_pair`` (fewer than 2
        respondents answered some pair of items), ``not_definite`` (pairwise covariances that no scores could
        have: with them alpha can exceed 1).

    Raises
    ------
    ValueError
        If `missing` is another word.

    Notes
    -----
    Source: L. J. Cronbach, Coefficient alpha and the internal structure of tests (1951); L. S. Feldt,
    D. J. Woodruff and F. A. Salih, Statistical inference for coefficient alpha (1987). By pingouin. On
    pairwise covariances: R. J. A. Little and D. B. Rubin, Statistical Analysis with Missing Data (2002), 3.4.

    Examples
    --------
    >>> wide = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [1, 3, 3, None]})
    >>> scale_reliability(wide, "listwise", 0.95).round(3)
       items  respondents  alpha    low   high   missing reason
    0      3            3  0.889 -0.183  0.997  listwise    NaN
    """
    points = _prepared(wide, missing)
    alpha, low, high = _alpha(points, level)
    row = {"items": points.shape[1], "respondents": len(points), "alpha": alpha, "low": low, "high": high}
    frame = pd.DataFrame([row | {"missing": missing, "reason": _undefined(points)}])
    columns = "items respondents alpha low high missing reason"
    return shape(frame, columns, "missing reason", number="alpha low high")


def item_rest(wide: pd.DataFrame, missing: Missing) -> pd.DataFrame:
    """Return how each item goes with the rest of its scale, and alpha without it.

    Parameters and errors as in :func:`scale_reliability`.

    Returns
    -------
    DataFrame
        ``item``, ``base`` (respondents who answered it and any other), ``item_rest`` (-1 to 1: Pearson's
        correlation with the mean of the other items that the respondent answered; the same as with their
        sum where all are answered), ``alpha_without`` (NA as alpha is). NA without variance.

    Notes
    -----
    Source: J. C. Nunnally and I. H. Bernstein, Psychometric Theory (3rd ed., 1994), chapter 8: the
    corrected item-total correlation.

    Examples
    --------
    >>> wide = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [4, 1, 3, 2]})
    >>> item_rest(wide, "listwise").round(3)
      item  base  item_rest  alpha_without
    0    a     4      0.298            0.0
    1    b     4      0.816         -1.333
    2    c     4     -0.217          0.941
    """
    points = _prepared(wide, missing)
    rows = []
    for name in points.columns:
        others = points.drop(columns=name)
        both = pd.DataFrame({"item": points[name], "rest": others.mean(axis=1)}).dropna()
        varied = len(both) > 1 and both.nunique().gt(1).all()
        r = both["item"].corr(both["rest"]) if varied else np.nan
        # The level does not touch alpha itself.
        rest = others.dropna(axis=0, how="all")
        rows.append((name, len(both), r, _alpha(rest, level=0.95)[0]))
    frame = pd.DataFrame(rows, columns=["item", "base", "item_rest", "alpha_without"])
    return shape(frame, "item base item_rest alpha_without", "item", number="item_rest alpha_without")
