"""Intervals for a share: exact where the size of the body is known, Wilson's where it is not."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.measure.basis import Floats, Integers, broadcast


def _least(count: Integers, valid: Integers, population: Integers, tail: Floats) -> Integers:
    """Return the least K of the population for which `count` or more is likelier than `tail`."""
    from scipy.stats import hypergeom

    low, high = count.copy(), population - valid + count
    while (open_ := low < high).any():
        middle = (low[open_] + high[open_]) // 2
        likely = hypergeom.sf(count[open_] - 1, population[open_], middle, valid[open_]) > tail[open_]
        low[open_] = np.where(likely, low[open_], middle + 1)
        high[open_] = np.where(likely, middle, high[open_])
    return low


def _refuse_impossible(count: Floats, valid: Floats, population: Floats) -> None:
    wrong = (count < 0) | (count > valid) | (valid > population)
    if wrong.any():
        row = int(wrong.argmax())
        values = f"count={count[row]:g}, valid={valid[row]:g}, population={population[row]:g}"
        where = f"{wrong.sum()} of {wrong.size} rows, first row {row}: {values}"
        raise ValueError(f"0 <= count <= valid <= population does not hold in {where}")


def hypergeometric_interval(
    count: npt.ArrayLike, valid: npt.ArrayLike, population: npt.ArrayLike, level: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return exact limits for the share of a finite population, from `valid` of its members.

    Parameters
    ----------
    count, valid, population : array-like
        In favour, asked, and all that could be asked; NA gives NaN, and so does ``valid`` = 0.
    level : array-like
        Confidence level, 0-1: one for all, or one for each.

    Returns
    -------
    low, high : ndarray
        Shares (0-1) of the population: the fewest and the most in favour whose tail probability
        exceeds (1 - `level`) / 2. With everybody asked both are the share itself. The coverage is at
        least `level` at every true share: see `coverage`.

    Raises
    ------
    ValueError
        If ``count`` > ``valid`` or ``valid`` > ``population``: how many rows, and the first.

    Notes
    -----
    The hypergeometric form of Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26
    (1934); W. G. Cochran, Sampling Techniques (1977), section 3.6.

    Examples
    --------
    >>> low, high = hypergeometric_interval([40, 60], [45, 60], [60, 60], 0.95)
    >>> (low * 60).round(), (high * 60).round()
    (array([50., 60.]), array([55., 60.]))
    """
    c, n, size, sure = broadcast(count, valid, population, level)
    _refuse_impossible(c, n, size)
    low = np.full(c.shape, np.nan)
    high = low.copy()
    known = ~np.isnan(c) & (n > 0) & (size > 0)
    # The same ballots come many times: each distinct case is worked out once.
    cases = np.column_stack([x[known] for x in (c, n, size, sure)])
    once, place = np.unique(cases, axis=0, return_inverse=True)
    k, m, total = once[:, :3].T.astype(np.int64)
    tail = (1 - once[:, 3]) / 2
    # The share of the asked can lie between two shares that the whole body can have: keep it inside.
    least = np.minimum(k / m, _least(k, m, total, tail) / total)
    most = np.maximum(k / m, (total - _least(m - k, m, total, tail)) / total)
    low[known], high[known] = least[place.ravel()], most[place.ravel()]
    return low, high


def coverage(valid: int, population: int, level: float) -> pd.DataFrame:
    """Return how often the exact interval holds the truth, for every share that the body can have.

    Returns
    -------
    DataFrame
        ``share`` (0-1, of the population) and ``covered`` (0-1): the probability, over which `valid` of
        the `population` answer, that the interval of level `level` contains the share.

    Examples
    --------
    >>> told = coverage(45, 60, 0.95)
    >>> len(told), bool(told["covered"].min() >= 0.95)
    (61, True)
    """
    from scipy.stats import hypergeom

    counts, inside = np.arange(valid + 1), np.arange(population + 1)
    low, high = hypergeometric_interval(counts, valid, population, level)
    holds = (inside[:, None] >= low * population - 1e-9) & (inside[:, None] <= high * population + 1e-9)
    likely = hypergeom.pmf(counts, population, inside[:, None], valid)
    return pd.DataFrame({"share": inside / population, "covered": (likely * holds).sum(axis=1)})


def wilson(count: npt.ArrayLike, valid: npt.ArrayLike, level: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return Wilson's limits (0-1) for `count` of `valid` where the population is unknown.

    NA and ``valid`` = 0 give NaN. E. B. Wilson, Probable inference, Journal of the American Statistical
    Association 22 (1927).

    Examples
    --------
    >>> low, high = wilson([134], [141], 0.95)
    >>> low.round(4), high.round(4)
    (array([0.9011]), array([0.9757]))
    """
    from statsmodels.stats.proportion import proportion_confint

    c, n, sure = broadcast(count, valid, level)
    limits = np.full((2, *c.shape), np.nan)
    known = ~np.isnan(c) & (n > 0)
    if known.any():
        limits[:, known] = proportion_confint(c[known], n[known], 1 - sure[known], method="wilson")
    return limits[0], limits[1]


def body_interval(
    count: npt.ArrayLike, valid: npt.ArrayLike, population: npt.ArrayLike, level: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return the exact limits where the population is known and not under `valid`, else Wilson's."""
    c, n, size, sure = broadcast(count, valid, population, level)
    low, high = hypergeometric_interval(c, n, np.where(size >= n, size, np.nan), sure)
    unbounded = wilson(c, n, sure)
    return np.where(np.isnan(low), unbounded[0], low), np.where(np.isnan(high), unbounded[1], high)
