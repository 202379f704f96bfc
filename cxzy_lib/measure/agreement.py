"""Whether raters agree about those whom they rate."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import shape

Metric = Literal["nominal", "ordinal", "interval", "ratio"]

#: Shrout and Fleiss's names of the forms, in the order of pingouin's rows.
_FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


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


def icc(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return Shrout and Fleiss's six intraclass correlations.

    Parameters
    ----------
    ratings : DataFrame
        ``appraisee``, ``rater``, ``score``, each pair once. Appraisees that some rater did not score are left
        out: the forms are defined for complete tables.

    Returns
    -------
    DataFrame
        ``form`` (``ICC(1,1)``: each appraisee has other raters; ``ICC(2,1)``: raters stand for others;
        ``ICC(3,1)``: only these raters; ``k``: of the mean of the raters), ``appraisees``, ``raters``,
        ``icc`` (at most 1), ``low_95`` and ``high_95`` (pingouin knows this level only, and two decimals).
        NA with fewer than 2 appraisees or raters, or where no score differs.

    Raises
    ------
    ValueError
        If a rater scored an appraisee twice.

    Notes
    -----
    Source: P. E. Shrout and J. L. Fleiss, Intraclass correlations: uses in assessing rater reliability
    (1979). By pingouin.

    Examples
    --------
    >>> scores = [("a", "r", 9), ("a", "s", 7), ("b", "r", 6), ("b", "s", 5), ("c", "r", 3), ("c", "s", 1)]
    >>> icc(pd.DataFrame(scores, columns=["appraisee", "rater", "score"]))[["form", "icc"]].round(2).head(3)
           form   icc
    0  ICC(1,1)  0.85
    1  ICC(2,1)  0.86
    2  ICC(3,1)  0.98
    """
    known = ratings.dropna(subset=["appraisee", "rater", "score"])
    if (twice := known.duplicated(["appraisee", "rater"]).sum()) > 0:
        raise ValueError(f"{twice} ratings are of an appraisee that the rater has scored before")
    table = known.pivot(index="appraisee", columns="rater", values="score").astype("float64").dropna()
    frame = pd.DataFrame({"form": _FORMS, "appraisees": len(table), "raters": table.shape[1]})
    if min(table.shape) >= 2 and np.ptp(table.to_numpy()) > 0:
        frame = frame.join(_forms(table))
    return shape(frame, "form appraisees raters icc low_95 high_95", "form", number="icc low_95 high_95")


def _forms(table: pd.DataFrame) -> pd.DataFrame:
    import warnings

    import pingouin

    rows = table.melt(ignore_index=False, var_name="rater", value_name="score").reset_index()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # pingouin 0.7 calls pandas as pandas 4 will not allow; raters who agree in all divide by zero.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.filterwarnings("ignore", category=pd.errors.Pandas4Warning)
        found = pingouin.intraclass_corr(rows, targets="appraisee", raters="rater", ratings="score")
    limits = pd.DataFrame(found["CI95"].tolist(), columns=["low_95", "high_95"])
    return limits.assign(icc=found["ICC"].to_numpy())
