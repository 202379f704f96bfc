"""How severe each rater is, and how the appraised would stand with raters of one mind."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import Floats, shape


def _ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the known ratings, a row each (cells by their ``count``)."""
    keys = ["appraisee", "rater", "score"]
    known = ratings.dropna(subset=[*keys, "count"] if "count" in ratings else keys).reset_index(drop=True)
    if "count" in known:
        known = known.loc[known.index.repeat(known["count"].astype("int64"))]
    return known[keys].astype({"score": "float64"}).reset_index(drop=True)


def connected(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return which appraisees are linked by common raters, directly or through others.

    Only within a connected part can a severe rater be told from a weak appraisee.

    Parameters
    ----------
    ratings : DataFrame
        ``appraisee``, ``rater``, ``score`` and, where a row stands for several ratings, ``count``. Rows with
        a missing value link nothing.

    Returns
    -------
    DataFrame
        ``appraisee`` (sorted), ``part`` (1, 2, ... in the order of the first appraisee).

    Notes
    -----
    Source: J. A. Eccleston and A. Hedayat, On the theory of connected designs (1974); J. M. Linacre,
    Many-Facet Rasch Measurement (1989), on disjoint subsets. By scipy.

    Examples
    --------
    >>> rows = [("a", "r", 80), ("b", "r", 90), ("b", "s", 70), ("c", "t", 75)]
    >>> connected(pd.DataFrame(rows, columns=["appraisee", "rater", "score"]))
      appraisee  part
    0         a     1
    1         b     1
    2         c     2
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = _ratings(ratings)
    one, names = pd.factorize(rows["appraisee"], sort=True)
    other, raters = pd.factorize(rows["rater"], sort=True)
    size = len(names) + len(raters)
    links = coo_array((np.ones(len(rows)), (one, other + len(names))), shape=(size, size))
    labels = connected_components(links, directed=False)[1] if size else np.empty(0)
    parts = pd.factorize(labels[: len(names)])[0] + 1
    return shape(pd.DataFrame({"appraisee": names, "part": parts}), "appraisee part", "appraisee")


def _variances(rows: pd.DataFrame, raters: Floats) -> tuple[float, float, str]:
    """Return the variance of appraisees (inf: not estimated), that of errors, and why not by REML."""
    import warnings

    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings(record=True) as said, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            model = MixedLM(rows["score"].to_numpy(), raters, groups=rows["appraisee"].to_numpy())
            fit = model.fit(reml=True)
            between, within, done = float(fit.cov_re[0, 0]), float(fit.scale), bool(fit.converged)
        except (np.linalg.LinAlgError, ValueError) as error:
            return np.inf, np.nan, f"no mixed model: {error}"
    # On the boundary the model would take raw means of raters for severities: nothing is corrected.
    if not done or said or not (between > 0 and within > 0):
        why = str(said[0].message).splitlines()[0] if said else "no convergence"
        return np.inf, np.nan, f"no mixed model: {why}"
    return between, within, ""


def _fitted(
    rows: pd.DataFrame, raters: Floats, between: float, within: float
) -> tuple[Floats, Floats, float]:
    """Return raters' effects, their covariances (over the error's variance), and the squares left."""
    groups = rows["appraisee"]
    # Generalised least squares by quasi-demeaning; with `between` infinite, least squares on both factors.
    size = groups.map(groups.value_counts()).to_numpy("float64")
    part = np.ones(len(rows)) if np.isinf(between) else 1 - np.sqrt(within / (within + size * between))
    both = pd.DataFrame(np.column_stack([rows["score"].to_numpy(), raters]))
    moved = both.to_numpy() - part[:, None] * both.groupby(groups.to_numpy()).transform("mean").to_numpy()
    y, x = moved[:, 0], moved[:, 1:]
    spread = np.linalg.pinv(x.T @ x, hermitian=True)
    effects = spread @ x.T @ y
    return effects, spread, float(((y - x @ effects) ** 2).sum())


def severity(ratings: pd.DataFrame, level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how severe each rater is, and the appraisals as an average rater would have made them.

    The model is score = appraisee - severity of the rater + error, with the appraisees' variance by REML and
    raters as fixed effects. A corrected score is the mean of the appraisee's scores plus the severities of
    those who gave them: it is not shrunk towards the others.

    Parameters
    ----------
    ratings : DataFrame
        ``appraisee``, ``rater`` (a person or a named group, such as peers), ``score`` (points) and, where a
        row stands for several ballots, ``count``. Rows with a missing value are left out.
    level : float
        Confidence level, 0-1.

    Returns
    -------
    raters : DataFrame
        ``rater``, ``ratings``, ``raw`` (mean given), ``severity`` (points; 0 = the mean rater, above = gives
        less), ``se``, ``low``, ``high``, ``method``, ``reason``.
    appraisees : DataFrame
        ``appraisee``, ``ratings``, ``raw``, ``corrected`` (points), ``se``, ``low``, ``high``, ``method``,
        ``reason``. The errors hold the uncertainty of the severities, too.

        ``method`` is ``mixed`` (limits by the normal distribution); or ``fixed``, least squares on appraisees
        and raters (Student's t), where the variance could not be estimated, as ``reason`` says. The errors
        are NA where nothing is left to estimate them from, and where a rater scored somebody more than
        once: it is a group, whose members cannot be told apart. Each of them scores all of the appraised
        with the same leniency, so their ballots are not independent, and limits from their number alone
        would be far too narrow.

    Raises
    ------
    ValueError
        If the ratings fall into several parts; says how many. See :func:`connected`.

    Notes
    -----
    Source: N. T. Longford, Models for Uncertainty in Educational Testing (1995), chapter 2 (additive rater
    severity); S. R. Searle, G. Casella and C. E. McCulloch, Variance Components (1992), for REML and
    generalised least squares. By statsmodels.

    Examples
    --------
    >>> rows = [("a", "mild", 90), ("a", "strict", 80), ("b", "mild", 88), ("c", "strict", 82)]
    >>> raters, appraisees = severity(pd.DataFrame(rows, columns=["appraisee", "rater", "score"]), 0.95)
    >>> raters[["rater", "severity", "method"]].round(2)
        rater  severity method
    0    mild      -5.0  fixed
    1  strict       5.0  fixed
    >>> appraisees[["appraisee", "raw", "corrected"]].round(2)
      appraisee   raw  corrected
    0         a  85.0       85.0
    1         b  88.0       83.0
    2         c  82.0       87.0
    """
    rows = _ratings(ratings)
    if (parts := connected(rows)["part"].nunique()) > 1:
        raise ValueError(f"the ratings fall into {parts} parts without a common rater: see `connected`")
    given = pd.get_dummies(rows["rater"], dtype="float64")
    between, within, reason = np.inf, np.nan, "no mixed model: no second appraisee or rater"
    by_person = rows.groupby("appraisee")["score"]
    if given.shape[1] > 1 and by_person.ngroups > 1:
        between, within, reason = _variances(rows, given.to_numpy())
    effects, spread, left = _fitted(rows, given.to_numpy(), between, within)
    degrees = len(rows) - by_person.ngroups - given.shape[1] + 1
    if reason:
        within = left / degrees if degrees > 0 else np.nan
    times = _times(level, max(degrees, 1) if reason else None)
    centre = np.eye(given.shape[1]) - 1 / max(given.shape[1], 1)
    severe, own = -centre @ effects, np.diag(centre @ spread @ centre)
    if rows.duplicated(["appraisee", "rater"]).any():
        within = np.nan
    met = given.groupby(rows["appraisee"]).mean().to_numpy()
    corrected = by_person.mean().to_numpy() + met @ severe
    ballots = by_person.size().to_numpy("float64")
    # The mean error of an appraisee's own ballots is part of the severities that correct it.
    shared = np.zeros(len(met)) if reason else within / (within + ballots * between)
    moved = met @ centre
    variance = 1 / ballots + ((moved - 2 * shared[:, None] * met) @ spread * moved).sum(axis=1)
    said = {"method": "fixed" if reason else "mixed", "reason": reason or pd.NA}
    return (
        _limits(rows, "rater", "severity", severe, within * own, times, said),
        _limits(rows, "appraisee", "corrected", corrected, within * variance, times, said),
    )


def standing(appraisees: pd.DataFrame) -> dict[str, float]:
    """Return what the correction does to the order of the appraised, as a whole: nobody is named.

    Parameters
    ----------
    appraisees : DataFrame
        As from `severity`: ``raw`` and ``corrected`` (points); rows with either missing are left out.

    Returns
    -------
    dict
        ``appraised`` (how many), ``moved`` (how many have another place by ``corrected`` than by ``raw``;
        equals share a place, and what differs by less than a millionth of a point is equal), ``raw`` and
        ``corrected`` (means, points), ``shift`` (mean size of the correction, points); NaN without anybody.

    Notes
    -----
    Source: competition ranking, as in `cxzy_lib.measure.ranks`; the rest are means.

    Examples
    --------
    >>> standing(pd.DataFrame({"raw": [85.0, 88.0, 82.0], "corrected": [85.0, 83.0, 87.0]}))
    {'appraised': 3, 'moved': 2, 'raw': 85.0, 'corrected': 85.0, 'shift': 3.3333333333333335}
    """
    both = appraisees[["raw", "corrected"]].dropna().astype("float64")
    places = both.round(6).rank(method="min", ascending=False)
    return {
        "appraised": len(both),
        "moved": int(places["raw"].ne(places["corrected"]).sum()),
        "raw": float(both["raw"].mean()),
        "corrected": float(both["corrected"].mean()),
        "shift": float((both["corrected"] - both["raw"]).abs().mean()),
    }


def _times(level: float, degrees: int | None) -> float:
    """Return how many standard errors the limits are away: the normal distribution's, or Student's."""
    from scipy.stats import norm, t

    middle = (1 + level) / 2
    return float(norm.ppf(middle) if degrees is None else t.ppf(middle, degrees))


def _limits(
    rows: pd.DataFrame,
    who: str,
    name: str,
    values: Floats,
    variance: Floats,
    times: float,
    said: Mapping[str, object],
) -> pd.DataFrame:
    frame = rows.groupby(who)["score"].agg(ratings="size", raw="mean").reset_index()
    frame = frame.assign(**{name: values, "se": np.sqrt(variance.clip(min=0)), **said})
    frame = frame.assign(low=frame[name] - times * frame["se"], high=frame[name] + times * frame["se"])
    columns = f"{who} ratings raw {name} se low high method reason"
    return shape(frame, columns, f"{who} method reason", number=f"raw {name} se low high")
