"""Two shares side by side: how far they are apart, whether chance explains it, what could have been seen.

Two questions are kept apart. *The body*: did its share differ, where only those who stayed silent are
unknown? *The answers*: is the difference more than answers given anew would show by chance? Between two
years the second is asked: a census has chance in it, too (W. E. Deming and F. F. Stephan, On the
interpretation of censuses as samples, Journal of the American Statistical Association 36 (1941);
W. G. Cochran, Sampling Techniques (1977), section 2.14).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import Flags, Floats, Integers, numbers
from cxzy_lib.measure.intervals import body_interval, wilson

Limits = tuple[Floats, Floats]
Power = Callable[[float], float]
Sizes = tuple[float, float]

#: What the ballots of a pair are, side by side.
COUNTS = [f"{side}_{name}" for side in ("start", "end") for name in ("count", "valid", "population")]
#: Up to so many tables Boschloo's test is worked out; beyond, Fisher's, which errs less often still.
_EXACT_TABLES = 120_000
_NUISANCE = np.linspace(0.005, 0.995, 199)
_STEPS = 40  # of a bisection


def square_and_add(one: Floats, one_limits: Limits, other: Floats, other_limits: Limits) -> Limits:
    """Return the limits of `other` - `one` from Wilson's limits of each.

    R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998), method 10.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = np.array([48 / 80]), np.array([56 / 70])
    >>> low, high = square_and_add(one, wilson(48, 80, 0.95), other, wilson(56, 70, 0.95))
    >>> low.round(4), high.round(4)  # printed there, with the opposite sign: 0.0524 to 0.3339
    (array([0.0524]), array([0.3339]))
    """
    gap = other - one
    low = gap - np.hypot(other - other_limits[0], one_limits[1] - one)
    high = gap + np.hypot(other_limits[1] - other, one - one_limits[0])
    return np.clip(low, -1, 1), np.clip(high, -1, 1)


def difference_interval(pairs: pd.DataFrame, level: float | Floats, basis: str) -> Limits:
    """Return the limits of the difference end - start of each pair of shares, -1 to 1.

    Parameters
    ----------
    pairs : DataFrame
        ``start_count``, ``start_valid``, ``start_population`` and the same of ``end``; NA gives NaN.
    basis : str
        ``answers``: Newcombe's interval, populations not used. ``body``: the least and the most that two
        exact intervals for finite populations (Wilson's where one is unknown) leave, each at the square root
        of `level`, so that both hold together (Z. Šidák, Rectangular confidence regions, Journal of the
        American Statistical Association 62 (1967)). Squared and added, they would not: with few silent
        people both shares lie at their limits at once too often.

    Examples
    --------
    >>> pairs = pd.DataFrame(
    ...     {
    ...         "start_count": [45],
    ...         "start_valid": [50],
    ...         "start_population": [50],
    ...         "end_count": [40],
    ...         "end_valid": [50],
    ...         "end_population": [50],
    ...     }
    ... )
    >>> [end.round(3).tolist() for end in difference_interval(pairs, 0.95, "body")]
    [[-0.1], [-0.1]]
    >>> [end.round(3).tolist() for end in difference_interval(pairs, 0.95, "answers")]
    [[-0.242], [0.043]]
    """
    shares, limits = zip(*(_side(pairs, side, level, basis) for side in ("start", "end")), strict=True)
    if basis == "body":
        return limits[1][0] - limits[0][1], limits[1][1] - limits[0][0]
    return square_and_add(shares[0], limits[0], shares[1], limits[1])


def _side(pairs: pd.DataFrame, side: str, level: float | Floats, basis: str) -> tuple[Floats, Limits]:
    count, valid, body = (numbers(pairs[f"{side}_{name}"]) for name in ("count", "valid", "population"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return count / valid, _limits(count, valid, body, level, basis)


def _limits(count: Floats, valid: Floats, body: Floats, level: float | Floats, basis: str) -> Limits:
    if basis == "answers":
        return wilson(count, valid, level)
    return body_interval(count, valid, body, np.sqrt(level))


def difference_p(pairs: pd.DataFrame, basis: str) -> Floats:
    """Return for each pair of shares the two-sided p value of no difference; NaN where one is unknown.

    ``answers``: Boschloo's exact unconditional test, which never errs more often than it says (R. D.
    Boschloo, Raised conditional level of significance for the 2 x 2 table, Statistica Neerlandica 24
    (1970)); where there are too many tables for it Fisher's, twice the smaller side, which errs less often
    still, however unequal the groups. ``body``: the smallest 1 - level at which the interval of
    `difference_interval` leaves 0 out.

    Examples
    --------
    >>> columns = ["start_count", "start_valid", "start_population", "end_count", "end_valid"]
    >>> pairs = pd.DataFrame([[7, 12, None, 11, 12]], columns=columns).assign(end_population=None)
    >>> difference_p(pairs, "answers").round(3).tolist()
    [0.072]
    """
    from scipy.stats import boschloo_exact

    # The same ballots come many times: each distinct pair is worked out once.
    distinct = pairs[COUNTS].drop_duplicates(ignore_index=True)
    if basis == "body":
        found = _inverted(distinct)
    else:
        one, first, _, other, second, _ = (numbers(distinct[name]) for name in COUNTS)
        found = np.minimum(1, 2 * np.minimum(*_fisher(one, first, other, second)))
        for at in np.flatnonzero((first * second <= _EXACT_TABLES) & ~np.isnan(found)):
            cells = [one[at], other[at], first[at] - one[at], second[at] - other[at]]
            found[at] = boschloo_exact(np.array(cells, dtype=int).reshape(2, 2)).pvalue
    told = pairs[COUNTS].merge(distinct.assign(p=found), on=COUNTS, how="left")
    return numbers(told["p"])


def _fisher(one: Floats, first: Floats | int, other: Floats, second: Floats | int) -> Limits:
    """Return Fisher's one-sided p values: that the second share is as high, or as low, as it is."""
    from scipy.stats import hypergeom

    table = (first + second, one + other, second)
    return np.asarray(hypergeom.sf(other - 1, *table)), np.asarray(hypergeom.cdf(other, *table))


def _inverted(pairs: pd.DataFrame) -> Floats:
    """Return the smallest 1 - level, by bisection on its logarithm, at which the interval leaves out 0."""
    known = ~np.isnan(difference_interval(pairs, 0.5, "body")[0])
    least, most = np.full(len(pairs), -30.0), np.zeros(len(pairs))
    for _ in range(_STEPS):
        middle = (least + most) / 2
        low, high = difference_interval(pairs, 1 - np.exp(middle), "body")
        apart = (low > 0) | (high < 0)
        least, most = np.where(apart, least, middle), np.where(apart, middle, most)
    return np.where(known, np.exp(most), np.nan)


def rejected(first: int, second: int, error: float) -> Flags:
    """Return which tables (rows: count of the first group, columns: of the second) the exact test rejects.

    Boschloo's or Fisher's, twice the smaller side, as in `difference_p`; no common share makes a rejection
    likelier than `error`.

    Examples
    --------
    >>> found = rejected(12, 12, 0.05)
    >>> found.shape, bool(found[7, 11]), bool(found[5, 11])
    ((13, 13), False, True)
    """
    from scipy.stats import binom

    one, other = (np.arange(n + 1, dtype=np.float64) for n in (first, second))
    if first * second > _EXACT_TABLES:
        less, more = fisher_limits(first, second, error)
        return np.asarray((other >= more[:, None]) | (other <= less[:, None]))
    sides = _fisher(one[:, None], first, other[None, :], second)
    ones, others = (binom.pmf(np.arange(n + 1), n, _NUISANCE[:, None]) for n in (first, second))
    found = np.zeros((first + 1, second + 1), dtype=bool)
    for fisher in sides:
        values = np.unique(fisher) * (1 + 1e-9)
        low, high = -1, len(values) - 1  # the last value that is still rejected
        while low < high:
            middle = (low + high + 1) // 2
            likeliest = ((ones @ (fisher <= values[middle])) * others).sum(axis=1).max()
            low, high = (middle, high) if likeliest <= error / 2 else (low, middle - 1)
        found |= fisher <= (values[low] if low >= 0 else -1)
    return found


def fisher_limits(first: int, second: int, error: float) -> tuple[Integers, Integers]:
    """Return for each count of the first group the counts of the second from which Fisher's test rejects.

    The most that it calls less (-1: none) and the least that it calls more (``second`` + 1: none): by
    bisection, so that large groups need no table of all counts.

    Examples
    --------
    >>> less, more = fisher_limits(3, 12, 0.05)  # none of 3 in favour: 10 of 12 are more
    >>> less.tolist(), more.tolist()
    ([-1, -1, -1, 2], [10, 13, 13, 13])
    """
    one = np.arange(first + 1, dtype=np.float64)
    low, high = np.zeros(first + 1, dtype=np.int64), np.full(first + 1, second + 1)
    while (open_ := low < high).any():
        middle = (low[open_] + high[open_]) // 2
        more = _fisher(one[open_], first, middle.astype(np.float64), second)[0] <= error / 2
        low[open_] = np.where(more, low[open_], middle + 1)
        high[open_] = np.where(more, middle, high[open_])
    return second - low[::-1], low  # those against are counted the other way round


def detectable(
    start: float, first: int, second: int, error: float, wanted: float, bodies: Sizes | None = None
) -> tuple[float | None, float | None]:
    """Return the smallest rise and the smallest fall from `start` that so many ballots would show.

    Parameters
    ----------
    start : float
        The share (0-1) from which it changes.
    first, second : int
        Valid ballots then and now.
    error : float
        How often the test may call a change where there is none.
    wanted : float
        The power: how often a change of that size is to be called one.
    bodies : tuple of float, optional
        Given: the change of the bodies is asked for, of so many people then and now (NaN: unknown).

    Returns
    -------
    tuple
        Rise and fall as shares (0-1), None where no change that is left to that side would be shown. Exact
        for the test of `difference_p`: the probabilities of all that it rejects are added up.

    Examples
    --------
    >>> [round(change, 2) for change in detectable(0.5, 100, 100, 0.05, 0.8)]
    [0.19, 0.19]
    >>> detectable(0.97, 18, 18, 0.05, 0.8)[0] is None
    True
    >>> [round(change, 3) for change in detectable(17 / 18, 18, 18, 0.05, 0.8, (18, 18))]  # one person of 18
    [0.056, 0.056]
    """
    if bodies:
        power_of = _body_power(start, (first, second), bodies, error)
    else:
        boschloo = first * second <= _EXACT_TABLES
        power_of = (_boschloo_power if boschloo else _fisher_power)(start, first, second, error)
    rise, fall = (least_shown(power_of, start, bound, wanted) for bound in (1.0, 0.0))
    return rise, fall


def _boschloo_power(start: float, first: int, second: int, error: float) -> Power:
    from scipy.stats import binom

    before = binom.pmf(np.arange(first + 1), first, start) @ rejected(first, second, error)
    counts = np.arange(second + 1)
    return lambda end: float(before @ binom.pmf(counts, second, end))


def _fisher_power(start: float, first: int, second: int, error: float) -> Power:
    from scipy.stats import binom

    less, more = fisher_limits(first, second, error)
    before = binom.pmf(np.arange(first + 1), first, start)
    return lambda end: float(before @ (binom.sf(more - 1, second, end) + binom.cdf(less, second, end)))


def _body_power(start: float, valid: tuple[int, int], bodies: Sizes, error: float) -> Power:
    (low, high), (end_low, end_high) = (
        _limits(np.arange(n + 1.0), np.full(n + 1, float(n)), np.full(n + 1, float(body)), 1 - error, "body")
        for n, body in zip(valid, bodies, strict=True)
    )
    apart = (end_low > high[:, None]) | (end_high < low[:, None])
    before = _likely(valid[0], bodies[0], start, start) @ apart
    return lambda end: float(before @ _likely(valid[1], bodies[1], end, start))


def _likely(valid: int, body: float, share: float, origin: float) -> Floats:
    """Return the probability of each count of `valid` who answer for a body; `origin`: its share before."""
    from scipy.stats import binom, hypergeom

    counts = np.arange(valid + 1)
    if not body >= valid:  # unknown, too
        return np.asarray(binom.pmf(counts, valid, share))
    # On the way from the share before, a part of a person has not changed yet.
    whole = {0: np.rint, 1: np.floor, -1: np.ceil}[int(np.sign(share - origin))]
    return np.asarray(hypergeom.pmf(counts, int(body), int(whole(round(share * body, 6))), valid))


def least_shown(power_of: Power, start: float, bound: float, wanted: float) -> float | None:
    """Return how far from `start` towards `bound` the power reaches `wanted`, None if it nowhere does."""
    if power_of(bound) < wanted:
        return None
    near, far = start, bound
    for _ in range(_STEPS // 2):
        middle = (near + far) / 2
        near, far = (near, middle) if power_of(middle) >= wanted else (middle, far)
    return abs(far - start)
