"""Whether raters agree about those whom they rate."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import shape

Metric = Literal["nominal", "ordinal", "interval", "ratio"]


def agreement(
    counts: pd.DataFrame, scale_levels: Sequence[str] | Mapping[str, float], metric: Metric
) -> pd.DataFrame:
    """Return Krippendorff's alpha of ballots without names: it needs counts, not who rated.

    Parameters
    ----------
    counts : DataFrame
        ``appraisee``, ``level``, ``count`` (ballots). Rows of one cell are added; levels that are not of the
        scale ("don't know") are no ratings. An appraisee with a count that is NA, or with fewer than 2
        ratings, does not count.
    scale_levels : sequence of str, or mapping
        The levels in order; for ``interval`` and ``ratio`` they are worth 0, 1, 2, ... unless a mapping gives
        their points.
    metric : {"nominal", "ordinal", "interval", "ratio"}
        How far two levels are apart.

    Returns
    -------
    DataFrame
        One row: ``appraisees`` and ``ratings`` (that count), ``alpha`` (1 = agreement, 0 = as by chance, can
        be below; NA where nothing varies), ``metric``.

    Raises
    ------
    ValueError
        If `metric` is another word.

    Notes
    -----
    Source: K. Krippendorff, Content Analysis: An Introduction to Its Methodology (2nd ed., 2004), chapter
    11. By krippendorff.

    Examples
    --------
    >>> rows = [("a", "good", 3), ("b", "good", 1), ("b", "poor", 2)]
    >>> counts = pd.DataFrame(rows, columns=["appraisee", "level", "count"])
    >>> agreement(counts, ["good", "poor"], "nominal").round(3)
       appraisees  ratings  alpha   metric
    0           2        6  0.375  nominal
    """
    if metric not in ("nominal", "ordinal", "interval", "ratio"):
        raise ValueError(f"metric={metric!r} must be 'nominal', 'ordinal', 'interval' or 'ratio'")
    worth = {code: float(at) for at, code in enumerate(scale_levels)}
    if isinstance(scale_levels, Mapping) and metric in ("interval", "ratio"):
        worth = {code: float(points) for code, points in scale_levels.items()}
    rows = counts[counts["level"].isin(list(worth))].dropna(subset=["appraisee"]).reset_index(drop=True)
    rows = rows[~rows["count"].isna().groupby(rows["appraisee"]).transform("any")]
    rows = rows.assign(value=rows["level"].map(worth), count=rows["count"].astype("int64"))
    table = rows.groupby(["appraisee", "value"])["count"].sum().unstack(fill_value=0)
    table = table[table.sum(axis=1) >= 2]
    used = table.loc[:, table.sum(axis=0) > 0]
    frame = pd.DataFrame({"appraisees": [len(used)], "ratings": [used.to_numpy().sum()], "metric": [metric]})
    frame["alpha"] = _krippendorff(used, metric)
    return shape(frame, "appraisees ratings alpha metric", "metric", number="alpha")


def _krippendorff(table: pd.DataFrame, metric: Metric) -> float:
    import krippendorff

    if table.shape[1] < 2:
        return np.nan
    domain = table.columns.to_numpy("float64")
    counts = table.to_numpy("int64")
    return float(krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=metric))
