"""Whether what people said moved over several periods: on the ballots, not on one rate a year."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import Floats, numbers, shape
from cxzy_lib.measure.changes import adjusted, asked_twice
from cxzy_lib.measure.estimates import level_shares

#: What can be said of a trend; ``declined``: so many ballots could not have shown any.
VERDICTS = ("rising", "falling", "no_detectable_trend", "declined", "not_comparable")
_FEWEST_PERIODS = 3  # two are a comparison
_EXPECTED = 5  # the least expected count of a cell for the normal distribution (Cochran's rule)
_DRAWS = 9999


def smallest_p(counts: Floats) -> float:
    """Return the smallest two-sided p value that any arrangement of these ballots could have.

    Parameters
    ----------
    counts : array
        Periods by levels, both in order; only their sums count.

    Returns
    -------
    float
        The probability, with both sums fixed, of the table in which all went one way, the one farther from
        no association or, where they are equally far, both: the multivariate hypergeometric one
        (J. H. Halton, A rigorous derivation of the exact contingency formula, Proceedings of the Cambridge
        Philosophical Society 65 (1969)).

    Examples
    --------
    >>> import numpy as np
    >>> round(smallest_p(np.eye(3)), 4)  # three yearly values, as Mann and Kendall's test would have: 2 / 3!
    0.3333
    """
    from scipy.stats import random_table

    ends = [_sorted_table(counts), _sorted_table(counts[:, ::-1])[:, ::-1]]
    far = np.array([_association(table) for table in ends])
    farthest = [table for table, value in zip(ends, far, strict=True) if np.isclose(value, far.max())]
    apart = len(farthest) > 1 and not np.array_equal(farthest[0], farthest[1])
    given = random_table(counts.sum(axis=1).astype(int), counts.sum(axis=0).astype(int))
    return min(1.0, sum(float(given.pmf(table.astype(int))) for table in farthest[: 1 + apart]))


def _association(counts: Floats) -> float:
    """Return how far the sum of period times level is from what it is where neither depends on the other."""
    from scipy.stats.contingency import expected_freq

    when, what = (np.arange(size, dtype=np.float64) for size in counts.shape)
    return abs(float(when @ (counts - expected_freq(counts)) @ what))


def _sorted_table(counts: Floats) -> Floats:
    """Return the table with the same sums in which the first rows have the first columns (north-west)."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    row_ends, column_ends = np.cumsum(rows), np.cumsum(columns)
    low = np.maximum.outer(row_ends - rows, column_ends - columns)
    high = np.minimum.outer(row_ends, column_ends)
    return np.asarray(np.clip(high - low, 0, None), dtype=np.float64)


def association_p(counts: Floats) -> float:
    """Return the p value of a linear association between period and level.

    Statsmodels' test of ordinal association (linear by linear: A. Agresti, Categorical Data Analysis (2002),
    section 3.4.1) where every expected count is 5 or more; otherwise the same statistic over 9,999
    rearrangements of the ballots (with a fixed seed).

    Examples
    --------
    >>> import numpy as np
    >>> round(association_p(np.array([[40.0, 40.0], [50.0, 30.0], [60.0, 20.0]])), 4)
    0.0011
    """
    from scipy.stats.contingency import expected_freq
    from statsmodels.stats.contingency_tables import Table

    if expected_freq(counts).min() >= _EXPECTED:
        return float(Table(counts, shift_zeros=False).test_ordinal_association().pvalue)
    return _rearranged(counts)


def _rearranged(counts: Floats) -> float:
    from scipy.stats import random_table

    rows, columns = (counts.sum(axis=axis).astype(int) for axis in (1, 0))
    when, what = np.arange(len(rows)) - np.arange(len(rows)) @ rows / rows.sum(), np.arange(len(columns))
    draws = random_table(rows, columns).rvs(size=_DRAWS, random_state=0)
    found = np.abs(when @ draws @ what)
    return float((1 + (found >= abs(when @ counts @ what) - 1e-9).sum()) / (1 + _DRAWS))


def odds_ratio(counts: Floats, level: float) -> tuple[float, float, float]:
    """Return by what the odds of a better level are multiplied from one period to the next, with limits.

    The proportional-odds model on the single ballots (P. McCullagh, Regression models for ordinal data,
    Journal of the Royal Statistical Society B 42 (1980)); levels best first. NaN where the ballots do not
    settle it (one level alone, or periods that share none).

    Examples
    --------
    >>> import numpy as np
    >>> [round(value, 2) for value in odds_ratio(np.array([[40.0, 40.0], [50.0, 30.0], [60.0, 20.0]]), 0.95)]
    [1.73, 1.24, 2.41]
    """
    import warnings

    from statsmodels.miscmodels.ordinal_model import OrderedModel

    when, what = _ballots(counts)
    better = pd.Series(pd.Categorical(-what, ordered=True))
    if len(better.cat.categories) < 2:
        return np.nan, np.nan, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it came to an answer is looked at below
        fit = OrderedModel(better, when[:, None], distr="logit").fit(method="bfgs", disp=False)
        slope, (low, high) = fit.params.iloc[0], fit.conf_int(1 - level).iloc[0]
    settled = fit.mle_retvals["converged"] and np.isfinite([slope, low, high]).all() and abs(slope) < 10
    return tuple(np.exp([slope, low, high]).tolist()) if settled else (np.nan,) * 3


def trends(
    votes: pd.DataFrame, rates: pd.DataFrame, graded: pd.DataFrame, campaign: Campaign, period: str
) -> pd.DataFrame:
    """Return for each item and group whether its ballots moved over the periods that can be compared.

    Parameters
    ----------
    votes : DataFrame
        Processed table, of one kind of occasion.
    rates, graded : DataFrame
        As for `period_pairs`: hidden periods are left out, and so is what is not ``comparable`` with the
        last one (a level in common is not enough here).

    Returns
    -------
    DataFrame
        ``item``, ``rater_group``, ``start``, ``end``, ``periods``, ``ballots``, ``p`` (NA where declined),
        ``smallest_p``, ``slope`` (+1 towards the better levels, -1 away, 0 neither). A verdict is added by
        `judged_trends`, and odds by `with_odds`.
    """
    error = 1 - campaign.setting("confidence_level")
    rows = []
    for item, group, counts in _tables(votes, rates, graded, campaign, period):
        named: dict[str, object] = {"item": item, "rater_group": group, "periods": len(counts)}
        if len(counts) >= _FEWEST_PERIODS:
            named |= {"start": counts.index[0], "end": counts.index[-1]} | _tested(_used(counts), error)
        rows.append(named)
    columns = "item rater_group start end periods ballots p smallest_p slope"
    frame = pd.DataFrame(rows, columns=columns.split())
    return shape(frame, columns, "item rater_group start end", number="p smallest_p slope")


def _tables(
    votes: pd.DataFrame, rates: pd.DataFrame, graded: pd.DataFrame, campaign: Campaign, period: str
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield for each item and group its ballots: comparable periods by levels, both in order."""
    shares = level_shares(votes, campaign, by=(period, "item", "rater_group"))
    for keys, part in rates.groupby(["item", "rater_group"], sort=False):
        item, group = map(str, keys)
        run, scale = _run(part[~asked_twice(part)], graded, item, group, period)
        own = shares["item"].eq(item) & shares["rater_group"].eq(group) & shares["scale"].eq(scale)
        wide = shares[own & shares[period].isin(run)].pivot(index=period, columns="rank", values="count")
        yield item, group, wide.reindex(run)


def _used(counts: pd.DataFrame) -> Floats:
    """Return the counts without the levels that nobody ever chose."""
    table = counts.to_numpy("float64")
    return np.asarray(table[:, table.sum(axis=0) > 0])


def with_odds(
    found: pd.DataFrame,
    votes: pd.DataFrame,
    rates: pd.DataFrame,
    graded: pd.DataFrame,
    campaign: Campaign,
    period: str,
) -> pd.DataFrame:
    """Add ``odds``, ``odds_low``, ``odds_high``: see `odds_ratio`."""
    wanted = set(zip(found["item"], found["rater_group"], strict=True))
    known = {
        (item, group): odds_ratio(_used(counts), campaign.setting("confidence_level"))
        for item, group, counts in _tables(votes, rates, graded, campaign, period)
        if (item, group) in wanted and len(counts) >= _FEWEST_PERIODS
    }
    rows = [known.get(pair, (np.nan,) * 3) for pair in zip(found["item"], found["rater_group"], strict=True)]
    names = ("odds", "odds_low", "odds_high")
    return found.assign(**{name: pd.array([r[at] for r in rows], "Float64") for at, name in enumerate(names)})


def _run(
    part: pd.DataFrame, graded: pd.DataFrame, item: str, group: str, period: str
) -> tuple[list[str], str]:
    """Return the periods, in order, that are comparable with the last one that is known, and their scale."""
    known = part[part["strict"].notna()]
    if known.empty:
        return [], ""
    end = known.iloc[-1]
    same = graded["item"].eq(item) & graded["rater_group"].eq(group) & graded["end"].eq(end[period])
    good = graded[same & graded["end_scale"].eq(end["scale"]) & graded["grade"].eq("comparable")]
    periods = {end[period], *good["start"]}
    mine = known[known["scale"].eq(end["scale"]) & known[period].isin(periods)]
    return list(mine[period]), str(end["scale"])


def _tested(counts: Floats, error: float) -> dict[str, object]:
    least = smallest_p(counts)
    told: dict[str, object] = {"ballots": int(counts.sum()), "smallest_p": least}
    if least > error:
        return told
    when, what = _ballots(counts)
    slope = -np.sign((when - when.mean()) @ what)  # levels stand best first
    return told | {"p": association_p(counts), "slope": slope}


def _ballots(counts: Floats) -> tuple[Floats, Floats]:
    """Return period and level of every single ballot."""
    each = counts.ravel().astype(int)
    when, what = (np.repeat(places.ravel(), each).astype(float) for places in np.indices(counts.shape))
    return when, what


def judged_trends(found: pd.DataFrame, campaign: Campaign, others: Floats) -> pd.DataFrame:
    """Add ``p_adjusted`` (with the p values `others` of the same page) and ``verdict`` to `trends`."""
    error = 1 - campaign.setting("confidence_level")
    p = adjusted(numbers(found["p"]), others)
    verdicts = [_verdict(row, at, error) for row, at in zip(found.to_dict("records"), p, strict=True)]
    return found.assign(
        p_adjusted=pd.array(p, "Float64"), verdict=pd.Series(verdicts, found.index, dtype="str")
    )


def _verdict(row: Mapping[Any, Any], p: float, error: float) -> str:
    if row["periods"] < _FEWEST_PERIODS:
        return "not_comparable"
    if np.isnan(p):
        return "declined"
    if p > error or row["slope"] == 0:
        return "no_detectable_trend"
    return "rising" if row["slope"] > 0 else "falling"
