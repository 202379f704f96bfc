"""Units side by side: limits against scipy, chance against simulation, and nothing across categories."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom, binom, binomtest

from cxzy_lib.measure.fair import _strength, fair_comparison, funnel_curve

ADDED = (
    "rate centre low high low_alarm high_alarm level alarm shrunken shrunken_low shrunken_high rank rank_low"
)
ADDED += " rank_high units position tier reason comparable"
NEEDS_COMPARISON = [name for name in ADDED.split() if name not in ("rate", "reason", "comparable")]


def units(counts: list[int | None], bases: list[int | None], **columns: list[object]) -> pd.DataFrame:
    names = [f"u{at}" for at in range(len(counts))]
    frame = pd.DataFrame({"unit": names, "count": counts, "base": bases} | columns)
    return frame.astype({"count": "Int64", "base": "Int64"})


def compare(
    frame: pd.DataFrame, level: float = 0.95, least_units: int = 4, least_base: int = 5
) -> pd.DataFrame:
    return fair_comparison(frame, level, least_units, least_base)


def test_the_rows_their_index_and_their_columns_stay():
    frame = units([9, None, 3], [10, 10, 10], note=["x", None, "y"]).set_axis([7, 7, 2])
    before = frame.copy()
    found = compare(frame)
    pd.testing.assert_frame_equal(found[list(frame)], before)
    pd.testing.assert_frame_equal(frame, before)
    assert list(found) == [*frame, *ADDED.split()]


def test_counted_by_hand():
    # 90 + 80 + 85 + 45 of 100 each: 300 of 400
    found = compare(units([90, 80, 85, 45], [100] * 4))
    assert found["rate"].tolist() == [0.9, 0.8, 0.85, 0.45]
    assert found["centre"].tolist() == [0.75] * 4
    assert found["position"].tolist() == ["above", "within", "above", "below"]
    assert found["rank"].tolist() == [1, 3, 2, 4]
    assert (found["rank_low"][3], found["rank_high"][3]) == (4, 4)
    assert found["tier"].isna().all()
    assert found["units"].tolist() == [4] * 4
    # by Kleinman: S = 100 (.0225 + .0025 + .01 + .09) = 12.5; chance .1875 * 3; most .1875 * (400 - 100 - 3)
    weight = (0.1875 * 297) / (12.5 - 0.5625) - 1
    assert _strength(np.array([90.0, 80, 85, 45]), np.full(4, 100.0)) == pytest.approx(weight)
    assert found["shrunken"][0] == pytest.approx((90 + weight * 0.75) / (100 + weight))


@pytest.mark.parametrize(("base", "centre"), [(1, 0.5), (7, 0.93), (40, 0.5), (60, 0.9), (500, 0.02)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.998])
def test_the_limits_are_the_exact_binomial_ones(base, centre, level):
    (low,), (high,) = funnel_curve(centre, [base], level)
    tail = (1 - level) / 2
    for count in range(base + 1):
        assert (count / base < low) == (binom.cdf(count, base, centre) < tail)
        assert (count / base > high) == (binom.sf(count - 1, base, centre) < tail)
    # interpolated between the last count outside and the first inside
    first = binom.ppf(tail, base, centre)
    below, above = (binom.cdf(count, base, centre) for count in (first - 1, first))
    assert low * base == pytest.approx(max(first - (above - tail) / (above - below), 0))


def test_both_sides_of_the_funnel_are_equally_strict():
    low, high = funnel_curve([0.2, 0.8], 37, 0.95)
    assert low + high[::-1] == pytest.approx([1, 1])


@pytest.mark.parametrize(("centre", "base"), [(np.nan, 5), (0.5, 0), (0.5, np.nan)])
def test_without_a_base_there_are_no_limits(centre, base):
    assert np.isnan(funnel_curve(centre, base, 0.95)).all()


def test_a_position_is_outside_the_limits_and_survives_the_correction():
    # 20 units at the centre, one just outside the 95 % limits: expected of 21 units, hence no finding
    found = compare(units([50] * 20 + [61], [100] * 21))
    assert found["rate"][20] > found["high"][20]
    assert found["position"].unique().tolist() == ["within"]
    alone = compare(units([50] * 2 + [65], [100] * 3))
    p = binomtest(65, 100, 165 / 300).pvalue
    assert p * 3 > 0.05
    assert alone["position"].tolist() == ["within"] * 3
    assert compare(units([50] * 2 + [75], [100] * 3))["position"].tolist() == ["within", "within", "above"]


def drawn(categories: int, size: int, least: int, most: int, spread: float, seed: int) -> pd.DataFrame:
    """Draw categories of units about 0.85, with their true rates, which vary by `spread` (or not at all)."""
    chance, shape = np.random.default_rng(seed), (categories, size)
    base, truth = chance.integers(least, most, shape), np.full(shape, 0.85)
    if spread:
        truth = chance.beta(0.85 * (1 / spread - 1), 0.15 * (1 / spread - 1), shape)
    count = chance.binomial(base, truth)
    names = [str(at) for at in range(categories) for _ in range(size)]
    return units(list(count.flat), list(base.flat), category=names, truth=list(truth.flat))


def test_with_equal_true_rates_one_category_in_twenty_at_most_shows_anything():
    found = compare(drawn(200, 12, 20, 300, spread=0, seed=1), least_units=99)
    outside = found["position"].ne("within")
    assert ((found["rate"] < found["low"]) | (found["rate"] > found["high"]))[outside].all()
    assert outside.groupby(found["category"]).any().mean() <= 0.05


@pytest.mark.parametrize(("least", "spread"), [(0.9, 0.05), (0.93, 0.0)])
def test_intervals_hold_the_truth_also_where_few_units_hardly_tell_their_spread(least, spread):
    found = compare(drawn(80, 6, 15, 60, spread, seed=2), least_units=99)
    held = (found["shrunken_low"] <= found["truth"]) & (found["truth"] <= found["shrunken_high"])
    assert held.mean() >= least


def test_the_strength_is_that_of_the_beta_distribution_the_units_come_from():
    base = np.random.default_rng(3).integers(20, 200, 4000)
    count = betabinom.rvs(base, 16, 4, random_state=3)
    assert _strength(count.astype(float), base.astype(float)) == pytest.approx(20, rel=0.1)


rows = st.lists(
    st.integers(5, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=9
)


@settings(max_examples=40)
@given(rows)
def test_an_estimate_lies_between_rate_and_centre_and_nearer_the_centre_if_the_base_is_small(given_rows):
    counts, bases = (list(column) for column in zip(*given_rows, strict=True))
    found = compare(units(counts, bases)).astype({"rate": float, "centre": float, "shrunken": float})
    away, left = found["rate"] - found["centre"], found["shrunken"] - found["centre"]
    slack = 1e-12
    assert (left.abs() <= away.abs() + slack).all()
    assert (left * away >= -slack).all()
    kept = (left / away)[away.abs() > 1e-9]
    order = found["base"][kept.index].sort_values(kind="stable").index
    assert (kept[order].diff().dropna() >= -1e-9).all()
    for low, middle, high in [("low", "centre", "high"), ("shrunken_low", "shrunken", "shrunken_high")]:
        assert (found[low] <= found[middle] + slack).all()
        assert (found[middle] <= found[high] + slack).all()
    assert (found["low_alarm"] <= found["low"] + slack).all()
    assert (found["high"] <= found["high_alarm"] + slack).all()
    if len(found) >= 4:
        assert found["rank_low"].ge(1).all()
        assert (found["rank_low"] <= found["rank"]).all()
        assert (found["rank"] <= found["rank_high"]).all()
        assert found["rank_high"].le(len(found)).all()


def test_without_variance_beyond_chance_all_units_are_the_pooled_rate_and_share_every_place():
    found = compare(units([45, 44, 46, 45], [50] * 4))
    assert found["shrunken"].tolist() == [0.9] * 4
    assert found[["rank", "rank_low", "rank_high"]].drop_duplicates().to_numpy().tolist() == [[1, 1, 4]]
    assert (found["shrunken_low"] < 0.88).all()  # that the spread was found to be none is no certainty


@pytest.mark.parametrize("count", [0, 20])
def test_units_with_nobody_or_everybody_in_favour(count):
    found = compare(units([count] * 5, [20] * 5))
    assert found["shrunken"].tolist() == [count / 20] * 5
    assert found["position"].tolist() == ["within"] * 5
    assert found[["shrunken_low", "shrunken_high"]].notna().all(axis=None)


def test_equal_units_share_a_place_and_its_limits():
    found = compare(units([95, 60, 95, 30, 80], [100] * 5))
    assert found["rank"].tolist() == [1, 4, 1, 5, 3]
    assert (
        found.loc[0, ["rank_low", "rank_high"]].tolist() == found.loc[2, ["rank_low", "rank_high"]].tolist()
    )
    assert found["rank_high"][0] >= 2


def test_a_category_is_compared_and_ranked_within_itself():
    one = units([95, 60, 95, 30], [100] * 4)
    other = units([20, 10, 30, 15], [40] * 4)
    both = pd.concat([one.assign(category="管理"), other.assign(category=None)], ignore_index=True)
    mixed = both.iloc[[0, 4, 1, 5, 2, 6, 3, 7]]
    found = compare(mixed).sort_index()
    for part, alone in ((found[:4], compare(one)), (found[4:], compare(other))):
        pd.testing.assert_frame_equal(part[ADDED.split()].reset_index(drop=True), alone[ADDED.split()])
    assert found["rank"].max() == 4


def test_few_units_are_told_apart_in_tiers_and_never_ranked():
    found = compare(units([95, 75, 40], [100] * 3))
    assert found["tier"].tolist() == ["upper", "middle", "lower"]
    assert found[["rank", "rank_low", "rank_high"]].isna().all(axis=None)
    # 2 of them have no data: 3 are left, fewer than four
    found = compare(units([95, 75, 40, None, None], [100] * 5))
    assert found["tier"].tolist()[:3] == ["upper", "middle", "lower"]
    assert found["rank"].isna().all()


def test_who_is_not_comparable_says_why_and_is_in_nobodys_centre():
    scale = ["sat4", "sat4", "sat3", None, "sat4", "sat4"]
    covered = ["all", "all", "all", "all", "members", None]
    frame = units([90, 80, 99, 70, 10, 2], [100, 100, 100, 100, 100, 4], scale=scale, denominator=covered)
    empty = units([None, 0], [9, 0]).assign(scale="sat9", unit=["x", "y"])
    found = compare(pd.concat([frame, empty], ignore_index=True))
    reasons = [None, None, "scale_differs", None, "denominator_differs", "small_base", "no_data", "no_data"]
    assert [None if pd.isna(x) else x for x in found["reason"]] == reasons
    assert found["comparable"].tolist() == [reason is None for reason in reasons]
    assert found["centre"].dropna().tolist() == [0.8] * 3
    assert found.loc[~found["comparable"], NEEDS_COMPARISON].isna().all(axis=None)
    assert found["rate"].isna().tolist() == [False] * 6 + [True] * 2
    assert found["rate"][5] == 0.5


def test_where_no_text_is_the_most_frequent_all_differ():
    found = compare(units([9, 8, 7, 6], [10] * 4, scale=["a", "a", "b", "b"]))
    assert found["reason"].tolist() == ["scale_differs"] * 4


def test_a_single_unit_is_no_comparison():
    found = compare(units([9, 1, None], [10, 2, None]))
    assert found["reason"].tolist() == ["single_unit", "small_base", "no_data"]
    assert found[NEEDS_COMPARISON].isna().all(axis=None)


def test_no_unit_at_all():
    found = compare(units([], []))
    assert found.empty
    assert set(ADDED.split()) <= set(found)


def test_twice_the_same_is_the_same():
    frame = units([95, 60, 90, 30], [100] * 4)
    pd.testing.assert_frame_equal(compare(frame), compare(frame))


@pytest.mark.parametrize(
    ("frame", "levels", "words"),
    [
        (units([5, 11], [10, 10]), (0.95, 0.998), "u1: count=11, base=10"),
        (units([-1, 1], [10, 10]), (0.95, 0.998), "u0: count=-1"),
        (units([5, 5], [10, 10]), (0.95, 0.9), "level=0.95, alarm=0.9"),
        (units([5, 5], [10, 10]).assign(unit="甲"), (0.95, 0.998), "more than one row .*甲"),
    ],
)
def test_what_cannot_be_is_refused(frame, levels, words):
    with pytest.raises(ValueError, match=words):
        fair_comparison(frame, levels[0], 4, 5, alarm=levels[1])
