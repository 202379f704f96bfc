"""Units side by side without a league table: what differs beyond chance, and how sure a place is."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.measure.basis import Floats, broadcast, is_true, shape, share

_NUMBERS = "rate centre low high low_alarm high_alarm level alarm shrunken shrunken_low shrunken_high"
_COUNTS, _WORDS = "rank rank_low rank_high units", "position tier reason"
# How finely chance is simulated; a quantile of 4,000 draws is stable to about a tenth of the interval.
_DRAWS, _STEPS, _SEED = 4000, 100, 20050430


def _lower_limit(centre: Floats, base: Floats, tail: float) -> Floats:
    """Return the count below which fewer than `tail` of the chances lie, between two whole numbers."""
    from scipy.stats import binom

    least = binom.ppf(tail, base, centre)
    reached, before = binom.cdf(least, base, centre), binom.cdf(least - 1, base, centre)
    over = np.clip((reached - tail) / (reached - before), 0, 1)
    return np.clip(least - over, 0, base)


def funnel_curve(centre: npt.ArrayLike, bases: npt.ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Return between which rates a unit of a given base lies by chance alone.

    Parameters
    ----------
    centre : array-like
        The rate (0-1) that all units are supposed to share.
    bases : array-like
        How many each rate is taken of; with NaN, or 0, there are no limits.
    level : float
        Of units with the rate `centre`, at least this share (0-1) lies inside.

    Returns
    -------
    low, high : ndarray
        Rates (0-1): exact binomial limits, interpolated between two counts so that the curve is smooth.
        A count lies outside exactly if its tail is less likely than (1 - `level`) / 2.

    Notes
    -----
    D. J. Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24
    (2005) 1185-1202, appendix A.1.1, for the lower limit. The upper one is the lower one of those who
    are not in favour: taken literally, the formula draws it up to one count too low, and a unit would
    be called above more easily than below.

    Examples
    --------
    >>> low, high = funnel_curve(0.9, [20, 100, 1000], 0.95)
    >>> low.round(3), high.round(3)
    (array([0.722, 0.832, 0.881]), array([1.   , 0.96 , 0.919]))
    """
    middle, base = broadcast(centre, bases)
    low = np.full(base.shape, np.nan)
    high, tail = low.copy(), (1 - level) / 2
    known = (base > 0) & ~np.isnan(middle)
    p, n = middle[known], base[known]
    low[known] = _lower_limit(p, n, tail) / n
    high[known] = (n - _lower_limit(1 - p, n, tail)) / n
    return low, high


def _positions(count: Floats, base: Floats, centre: float, level: float) -> npt.NDArray[np.str_]:
    """Return where each unit lies, allowing for how many are looked at (Benjamini and Hochberg 1995)."""
    from scipy.stats import binom, false_discovery_control

    tails = np.minimum(binom.cdf(count, base, centre), binom.sf(count - 1, base, centre))
    unlikely = false_discovery_control(np.minimum(2 * tails, 1)) < 1 - level
    side = np.where(count / base > centre, "above", "below")
    return np.where(unlikely, side, "within")


def _strength(count: Floats, base: Floats) -> float:
    """Return how many votes the category's rate weighs as; infinite without variance beyond chance.

    Kleinman's moments (JASA 68 (1973) 46-54) with the bases as weights: a + b of the beta distribution.
    """
    total, centre = base.sum(), count.sum() / base.sum()
    by_chance = centre * (1 - centre) * (len(base) - 1)
    found = float((base * (count / base - centre) ** 2).sum())
    most = centre * (1 - centre) * (total - (base**2).sum() / total) - by_chance
    if found <= by_chance or most <= 0:
        return np.inf
    return float(max(most / (found - by_chance) - 1, 0.0))


def _draws(count: Floats, base: Floats) -> Floats:
    """Draw what the true rates may be (a row per draw), not knowing how much units differ.

    Few units do not tell their spread: taken as known, 95 % intervals of 4 to 8 units hold the truth in
    half of the cases. So it is drawn, too, from the beta-binomial likelihood and a uniform prior of the
    shrinkage (Deely and Lindley, JASA 76 (1981); Christiansen and Morris, JASA 92 (1997)), and so is
    the common rate, about its weighted estimate.
    """
    from scipy.special import betaln

    chance = np.random.default_rng(_SEED)
    middle = (count.sum() + 0.5) / (base.sum() + 1)  # inside 0 and 1 even if all are satisfied
    kept = (np.arange(_STEPS) + 0.5) / _STEPS
    strength = (base.mean() * kept / (1 - kept))[:, None]
    a, b = strength * middle, strength * (1 - middle)
    likely = (betaln(count + a, base - count + b) - betaln(a, b)).sum(axis=1)
    weight = np.exp(likely - likely.max())
    m = chance.choice(strength[:, 0], _DRAWS, p=weight / weight.sum())[:, None]
    known = (base / (1 + (base - 1) / (m + 1))).sum(axis=1, keepdims=True)
    common = np.clip(chance.beta(middle * known, (1 - middle) * known), 1e-9, 1 - 1e-9)
    drawn: Floats = chance.beta(count + m * common, base - count + m * (1 - common))
    return drawn


def _places(draws: Floats, part: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the place of each unit, 1 for the highest rate, and between which places it may lie."""
    rank = part["shrunken"].rank(method="min", ascending=False)
    drawn = (-draws).argsort(axis=1).argsort(axis=1) + 1
    ends = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    limits = pd.DataFrame(ends.T, part.index, columns=["rank_low", "rank_high"])
    # Units that share an estimate share its places: nothing tells which of them is ahead.
    shared = limits.groupby(part["shrunken"])
    low, high = shared["rank_low"].transform("min"), shared["rank_high"].transform("max")
    last = rank + part["shrunken"].groupby(part["shrunken"]).transform("size") - 1
    places = {"rank": rank, "rank_low": low.clip(upper=rank), "rank_high": high.clip(lower=last)}
    return pd.DataFrame(places)


def _compared(part: pd.DataFrame, level: float, alarm: float, least_units: int) -> pd.DataFrame:
    """Return what comparing the comparable units of one category adds to them."""
    count, base = (part[name].to_numpy(np.float64) for name in ("count", "base"))
    centre, weight = count.sum() / base.sum(), _strength(count, base)
    # The pooled rate is taken as it is where nothing else is left, or equal units would not be equal.
    pull = 1.0 if np.isinf(weight) else weight / (base + weight)
    found = pd.DataFrame({"centre": centre, "level": level, "alarm": alarm}, index=part.index)
    found["low"], found["high"] = funnel_curve(centre, base, level)
    found["low_alarm"], found["high_alarm"] = funnel_curve(centre, base, alarm)
    found["position"] = _positions(count, base, centre, level)
    found["shrunken"] = centre * pull + count / base * (1 - pull)
    draws = _draws(count, base)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    found["shrunken_low"] = np.minimum(low, found["shrunken"])
    found["shrunken_high"] = np.maximum(high, found["shrunken"])
    found["units"] = len(part)
    if len(part) >= least_units:
        return found.join(_places(draws, found, level))
    apart = [found["shrunken_low"] > centre, found["shrunken_high"] < centre]
    return found.assign(tier=np.select(apart, ["upper", "lower"], "middle"))


def _unlike(texts: pd.Series, group: pd.Series, judged: pd.Series) -> pd.Series:
    """Return which of the judged rows have another text than most of their group.

    Where no text is the most frequent one, all differ. An NA is taken to agree.
    """
    known = texts[judged & texts.notna()].astype("str")
    usual = known.groupby(group[known.index]).transform(_most_frequent)
    return known.ne(usual).reindex(texts.index, fill_value=False)


def _most_frequent(texts: pd.Series) -> str:
    """Return the text that is the most frequent one alone, "" without."""
    modes = texts.mode()
    return str(modes.iloc[0]) if len(modes) == 1 else ""


def _reasons(rows: pd.DataFrame, group: pd.Series, least_base: int) -> pd.Series:
    """Return why a row is not comparable with the others of its group, NA where it is."""
    reason = pd.Series(pd.NA, index=rows.index, dtype="str")
    reason = reason.mask(rows["rate"].isna(), "no_data")
    for name in ("scale", "denominator"):
        reason = reason.mask(_unlike(rows[name], group, reason.isna()), f"{name}_differs")
    small = is_true(rows["base"] < least_base)
    reason = reason.mask(small & reason.isna(), "small_base")
    alone = reason.isna().groupby(group).transform("sum").eq(1)
    return reason.mask(alone & reason.isna(), "single_unit")


def _refuse(rows: pd.DataFrame, level: float, alarm: float) -> None:
    if not 0 < level < alarm < 1:
        raise ValueError(f"0 < level < alarm < 1 does not hold for level={level:g}, alarm={alarm:g}")
    wrong = is_true((rows["count"] < 0) | (rows["count"] > rows["base"]))
    if wrong.any():
        unit, count, base = rows.loc[wrong, ["unit", "count", "base"]].iloc[0]
        raise ValueError(f"0 <= count <= base does not hold for {unit}: count={count}, base={base}")
    twice = rows.loc[rows.duplicated(["category", "unit"]), ["category", "unit"]]
    if len(twice):
        raise ValueError(f"more than one row for {twice.iloc[0].to_dict()}")


def fair_comparison(
    frame: pd.DataFrame, level: float, least_units: int, least_base: int, alarm: float = 0.998
) -> pd.DataFrame:
    """Return for each unit whether it differs from its like by more than chance, and how sure its place is.

    Parameters
    ----------
    frame : DataFrame
        One row per unit: ``unit``, ``category`` (NA, or no such column: one common category), ``count``
        of ``base`` (whole numbers), ``scale`` and ``denominator`` (texts that must agree for units to be
        comparable; NA, or no such column, is taken to agree).
    level, alarm : float
        Levels (0-1) of the inner and the outer limits; `level` is also that of the intervals, and
        1 - `level` the share of false findings that is put up with.
    least_units : int
        Fewer comparable units than this are not ranked, but told apart in tiers.
    least_base : int
        A unit with a smaller base is not compared.

    Returns
    -------
    DataFrame
        `frame`, its rows and index as they were, with ``rate`` (0-1), ``comparable`` (bool) and
        ``reason``: ``no_data`` (count or base NA, or base 0), ``scale_differs``, ``denominator_differs``
        (from most of the category; where none is the most frequent, all differ), ``small_base``,
        ``single_unit`` (nothing to compare with), else NA. The rest is NA unless comparable:

        ``centre`` (pooled rate of the category's comparable units), ``level``, ``alarm``, ``units`` (how
        many are compared); ``low``, ``high``, ``low_alarm``, ``high_alarm``: see `funnel_curve`.

        ``position``: ``above``, ``below``, ``within``. Among many units some lie outside the limits by
        chance (of 40 units 2, at 0.95), so that alone is no finding: the exact two-sided p value, too,
        must remain below 1 - `level` when corrected for the number of units. Whoever is not within is
        outside the limits, but not the other way round.

        ``shrunken`` (the rate moved towards the centre, the more the smaller its base; the centre itself
        where units vary no more than by chance), ``shrunken_low``, ``shrunken_high``.

        ``rank`` (1 = highest ``shrunken``; equals share it), ``rank_low``, ``rank_high`` (places that
        the simulation leaves open, 1 <= ``rank_low`` <= ``rank`` <= ``rank_high``): NA with fewer than
        `least_units`. ``tier``: only there, ``upper`` or ``lower`` if the interval of ``shrunken`` lies
        wholly above or below the centre, else ``middle``.

    Raises
    ------
    ValueError
        If a count is negative or exceeds its base, a category has two rows for a unit, or the levels
        are not 0 < `level` < `alarm` < 1.

    Notes
    -----
    Votes are taken as drawn from what the unit would always give, also where everybody voted. Whether
    a high rate is a good one is not known here. Sources: limits, Spiegelhalter (2005); correction,
    Benjamini and Hochberg, JRSS B 57 (1995); estimates, Efron and Morris, JASA 70 (1975), Kleinman, JASA
    68 (1973), Casella, The American Statistician 39 (1985); their intervals with an unknown spread,
    Deely and Lindley, JASA 76 (1981); places, Goldstein and Spiegelhalter, JRSS A 159 (1996).

    Examples
    --------
    >>> units = pd.DataFrame({"unit": list("abcd"), "count": [46, 45, 30, 3], "base": [50, 50, 50, 3]})
    >>> found = fair_comparison(units, level=0.95, least_units=8, least_base=5)
    >>> found[["unit", "rate", "position", "tier", "reason"]]
      unit  rate position    tier      reason
    0    a  0.92   within  middle         NaN
    1    b   0.9   within  middle         NaN
    2    c   0.6    below   lower         NaN
    3    d   1.0      NaN     NaN  small_base
    """
    columns = ["unit", "category", "count", "base", "scale", "denominator"]
    rows = frame.reindex(columns=columns).reset_index(drop=True)
    rows = rows.astype({"count": "Int64", "base": "Int64"})
    _refuse(rows, level, alarm)
    group = rows.groupby("category", dropna=False).ngroup()
    rows["rate"] = share(rows["count"], rows["base"])
    rows["reason"] = _reasons(rows, group, least_base)
    rows["comparable"] = rows["reason"].isna()
    same = rows[rows["comparable"]].groupby(group[rows["comparable"]])
    parts = [_compared(part, level, alarm, least_units) for _, part in same]
    told = rows.join(pd.concat(parts)) if parts else rows
    names = f"{_NUMBERS} {_COUNTS} {_WORDS} comparable"
    added = shape(told, names, _WORDS, number=_NUMBERS, flag="comparable")
    return frame.assign(**{name: added[name].array for name in names.split()})
