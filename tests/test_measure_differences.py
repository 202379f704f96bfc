"""Differences of two shares: against published figures, scipy and simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, boschloo_exact, hypergeom
from statsmodels.stats.proportion import confint_proportions_2indep

from cxzy_lib.measure.differences import (
    detectable,
    difference_interval,
    difference_p,
    fisher_limits,
    rejected,
)


def pairs(*rows):
    names = ["start_count", "start_valid", "start_population", "end_count", "end_valid", "end_population"]
    return pd.DataFrame(rows, columns=names).astype("Float64")


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [  # Newcombe 1998, table II, method 10 (his difference is the first less the second)
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombes_published_intervals(one, other, low, high):
    found = difference_interval(pairs((*other, None, *one, None)), 0.95, "answers")
    assert [end[0] for end in found] == pytest.approx([low, high], abs=0.00006)


@given(st.integers(1, 80), st.integers(1, 80), st.floats(0, 1), st.floats(0, 1))
def test_the_interval_is_that_of_statsmodels(first, second, one, other):
    counts = round(one * first), round(other * second)
    found = difference_interval(pairs((counts[0], first, None, counts[1], second, None)), 0.95, "answers")
    low, high = confint_proportions_2indep(counts[1], second, counts[0], first, method="newcomb")
    assert [end[0] for end in found] == pytest.approx([max(low, -1), min(high, 1)], abs=1e-9)


def test_a_census_has_no_interval_of_the_bodies_but_one_of_the_answers():
    row = pairs((17, 18, 18, 16, 18, 18))
    assert [end[0] for end in difference_interval(row, 0.95, "body")] == pytest.approx([-1 / 18, -1 / 18])
    low, high = (end[0] for end in difference_interval(row, 0.95, "answers"))
    assert low < 0 < high
    assert difference_p(row, "body")[0] < 1e-12  # one person of 18 did answer otherwise
    assert difference_p(row, "answers")[0] > 0.5  # which is no change that anybody should act on


def test_unknown_counts_have_neither_interval_nor_p():
    row = pairs((None, 18, 18, 16, 18, 18))
    assert np.isnan([*difference_interval(row, 0.95, "body"), difference_p(row, "answers")]).all()


def test_differences_of_bodies_are_covered_at_every_truth():
    """Both bodies' silent are drawn at random; squared and added, the limits would hold only 86 % of the time."""
    draw = np.random.default_rng(3)
    for size, valid in ((18, 15), (60, 45), (110, 100)):
        for favour, later in ((size - 1, size - 3), (size // 2, size // 2 + 4), (size, size - 2)):
            counts = [draw.hypergeometric(k, size - k, valid, 4000) for k in (favour, later)]
            rows = pairs(*((a, valid, size, b, valid, size) for a, b in zip(*counts, strict=True)))
            low, high = difference_interval(rows, 0.95, "body")
            truth = (later - favour) / size
            assert ((low - 1e-9 <= truth) & (truth <= high + 1e-9)).mean() >= 0.945


@settings(max_examples=15)
@given(st.integers(3, 25), st.integers(3, 25), st.floats(0, 1), st.floats(0, 1))
def test_the_p_value_and_the_rejected_tables_are_boschloos(first, second, one, other):
    counts = round(one * first), round(other * second)
    p = difference_p(pairs((counts[0], first, None, counts[1], second, None)), "answers")[0]
    table = [[counts[0], counts[1]], [first - counts[0], second - counts[1]]]
    assert p == pytest.approx(boschloo_exact(table).pvalue)
    if abs(p - 0.05) > 0.002:  # scipy and we look at different common shares
        assert bool(rejected(first, second, 0.05)[counts]) == (p <= 0.05)


@pytest.mark.parametrize(("first", "second"), [(18, 18), (26, 24), (100, 104)])
def test_no_common_share_makes_the_exact_test_err_more_often_than_it_says(first, second):
    found = rejected(first, second, 0.05)
    for share in np.linspace(0.01, 0.99, 60):
        ones, others = (binom.pmf(np.arange(n + 1), n, share) for n in (first, second))
        assert ones @ found @ others <= 0.0502


def test_large_groups_are_told_apart_by_fishers_test():
    p = difference_p(pairs((800, 1000, None, 840, 1000, None)), "answers")[0]
    # z = 2.33 by hand, 2.27 with a ballot's correction: 0.039 / sqrt(0.82 * 0.18 * 2 / 1000)
    assert p == pytest.approx(0.0233, abs=0.001)


@pytest.mark.parametrize(("first", "second"), [(30, 4100), (12, 10_001), (400, 400)])
@pytest.mark.parametrize("error", [0.05, 0.05 / 15])
def test_the_test_errs_no_oftener_than_it_says_however_unequal_the_groups(first, second, error):
    told = rejected(first, second, error)
    for share in (0.5, 0.9, 0.95, 0.99):
        ones, others = (binom.pmf(np.arange(n + 1), n, share) for n in (first, second))
        assert ones @ told @ others <= error
    less, more = fisher_limits(first, second, error)
    one = round(0.9 * first)
    for told_apart, other in (
        (True, less[one]),
        (False, less[one] + 1),
        (False, more[one] - 1),
        (True, more[one]),
    ):
        if 0 <= other <= second:
            p = difference_p(pairs((one, first, None, other, second, None)), "answers")[0]
            assert (p <= error) == told_apart
    # The same as asked of single tables: 28 of 30 beside 4,090 of 4,100.
    p = difference_p(pairs((28, 30, None, 4090, 4100, None)), "answers")[0]
    assert p == pytest.approx(2 * hypergeom.cdf(28, 4130, 4118, 30), rel=1e-9)
    assert p > 0.003


@pytest.mark.parametrize(("first", "second"), [(26, 24), (103, 102), (60, 4100)])
def test_a_change_of_the_smallest_size_is_found_as_often_as_said(first, second):
    draw = np.random.default_rng(5)
    rise, fall = detectable(0.7, first, second, 0.05, 0.8)
    for end in (0.7 + rise, 0.7 - fall):
        counts = draw.binomial(first, 0.7, 40_000), draw.binomial(second, end, 40_000)
        assert rejected(first, second, 0.05)[counts].mean() == pytest.approx(0.8, abs=0.01)


def test_where_no_change_is_left_to_show_there_is_none():
    assert detectable(0.97, 18, 18, 0.05, 0.8)[0] is None
    rise, fall = detectable(0.5, 1000, 1000, 0.05, 0.8)
    assert rise == pytest.approx(0.0632, abs=0.0005)  # 2.8 * sqrt(2 * 0.25 / 1000) and a ballot's correction
    assert fall == pytest.approx(rise)
