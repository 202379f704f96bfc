"""Trends are told of ballots, and not told where no arrangement of them could have shown one."""

from math import comb, factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.trends import association_p, judged_trends, odds_ratio, smallest_p, with_odds
from cxzy_lib.measure.verdicts import ballot_verdicts
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
LEVELS = ("satisfied", "fairly_satisfied", "basically_satisfied", "dissatisfied")
DAYS = {"2010-2011-1": "2010-12-20", "2010-2011-2": "2011-06-20", "2011-2012-1": "2011-12-20"}


@pytest.mark.parametrize("points", [3, 4, 5, 6])
def test_yearly_points_reach_no_less_than_two_of_all_their_orders(points):
    """Mann and Kendall on n points: 2 / n!; three years never fall below 0.33, so nothing is tested on them."""
    assert smallest_p(np.eye(points)) == pytest.approx(2 / factorial(points))


def test_two_periods_and_two_levels_are_fishers_smallest_p():
    # 12 ballots a period, 3 of 24 against: all three in one period, or all in the other.
    assert smallest_p(np.array([[12.0, 0], [9, 3]])) == pytest.approx(2 * comb(12, 3) / comb(24, 3))
    assert smallest_p(np.array([[11.0, 1], [12, 0]])) == pytest.approx(1.0)


def test_the_two_ends_are_added_only_where_they_are_equally_far():
    # One of 4 ballots is against, in the years 0, 1, 2, 2 (mean 1.25): 1.25, 0.25 or 0.75 from the mean.
    assert smallest_p(np.array([[1.0, 0], [0, 1], [0, 2]])) == pytest.approx(1 / 4)
    # Two of 6 are against, two ballots a year: both in the first or both in the last, of 15 pairs.
    assert smallest_p(np.array([[2.0, 0], [1, 1], [1, 1]])) == pytest.approx(2 / 15)


@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=3), min_size=3, max_size=3))
def test_no_rearrangement_has_a_smaller_p(rows):
    counts = np.array([row[:2] for row in rows], dtype=float)
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        return
    assert 0 < smallest_p(counts) <= 1
    # The p value over rearrangements is at least the smallest there is, but for one of 10,000 draws.
    assert association_p(counts) >= min(smallest_p(counts), 1) - 0.012


def test_the_association_is_the_correlation_of_the_ballots():
    counts = np.array([[40.0, 40, 20], [50, 30, 20], [60, 30, 10]])
    when, what = (np.repeat(i.ravel(), counts.ravel().astype(int)) for i in np.indices(counts.shape))
    z = np.corrcoef(when, what)[0, 1] * np.sqrt(len(when) - 1)
    from scipy.stats import norm

    assert association_p(counts) == pytest.approx(2 * norm.sf(abs(z)))
    few = np.array([[9.0, 1], [8, 2], [2, 8]])  # expected counts under 5: over rearrangements
    assert 0.0005 < association_p(few) < 0.006
    assert association_p(few) == association_p(few)


def test_two_periods_odds_ratio_is_that_of_the_table():
    ratio, low, high = odds_ratio(np.array([[30.0, 70], [60, 40]]), 0.95)
    assert ratio == pytest.approx((60 / 40) / (30 / 70), rel=1e-3)
    half = 1.959963985 * np.sqrt(1 / 30 + 1 / 70 + 1 / 60 + 1 / 40)  # Woolf
    assert np.log([low, high]) == pytest.approx([np.log(ratio) - half, np.log(ratio) + half], abs=0.01)
    assert np.isnan(odds_ratio(np.array([[30.0], [60]]), 0.95)).all()
    assert np.isnan(odds_ratio(np.array([[30.0, 0], [0, 30]]), 0.95)).all()


def found(*counts, scales=("sat4", "sat4", "sat4"), semesters=tuple(DAYS)):
    rows = [
        {"occasion": "satisfaction", "occasion_id": semester, "semester": semester, "held_on": DAYS[semester]}
        | {"item": "leadership", "rater_group": "member", "criterion": "G5.2", "scale": scale}
        | {"level": level, "count": count}
        for semester, scale, ballots in zip(semesters, scales, counts, strict=True)
        for level, count in zip(LEVELS, ballots, strict=True)
    ]
    return conform("votes", rows), ballot_verdicts(
        conform("votes", rows), conform("turnout", []), conform("answers", []), CAMPAIGN
    )


@pytest.mark.parametrize(
    ("last", "verdict", "slope"),
    [
        ((95, 5, 0, 0), "rising", 1),
        ((20, 40, 30, 10), "falling", -1),
        ((60, 30, 8, 2), "no_detectable_trend", None),
    ],
)
def test_verdicts_follow_the_ballots(last, verdict, slope):
    votes, verdicts = found((60, 30, 8, 2), (60, 30, 8, 2), last)
    row = verdicts.trends.iloc[0]
    assert (row["verdict"], row["periods"], row["ballots"]) == (verdict, 3, 300)
    odds = with_odds(verdicts.trends, votes, verdicts.rates, verdicts.graded, CAMPAIGN, "semester").iloc[0]
    if slope:
        assert row["slope"] == slope
        assert (odds["odds_low"] > 1) == (slope > 0)
        assert (odds["odds_high"] < 1) == (slope < 0)


def test_one_dissenting_ballot_in_all_is_declined_with_the_p_that_it_could_reach():
    row = found((10, 0, 0, 0), (10, 0, 0, 0), (9, 0, 0, 1))[1].trends.iloc[0]
    assert row["verdict"] == "declined"
    assert row["smallest_p"] == pytest.approx(2 / 3)  # it lies in the first period or in the last
    assert pd.isna(row["p"])


def test_all_of_one_mind_is_declined():
    assert found((10, 0, 0, 0), (10, 0, 0, 0), (10, 0, 0, 0))[1].trends["verdict"].tolist() == ["declined"]


def test_two_periods_or_a_change_of_scale_are_no_trend():
    two = found((60, 30, 8, 2), (90, 5, 3, 2), scales=("sat4", "sat4"), semesters=tuple(DAYS)[:2])[1]
    assert two.trends["verdict"].tolist() == ["not_comparable"]
    assert two.changes["verdict"].tolist() == ["rose"]
    mixed = found((60, 0, 38, 2), (60, 30, 8, 2), (90, 5, 3, 2), scales=("sat3", "sat4", "sat4"))[1]
    assert mixed.trends[["periods", "verdict"]].to_numpy().tolist() == [[2, "not_comparable"]]


def test_trends_and_changes_are_one_family():
    verdicts = found((60, 30, 8, 2), (62, 30, 6, 2), (75, 20, 4, 1))[1]
    assert verdicts.changes["compared"].tolist() == [2]
    again = judged_trends(verdicts.trends, CAMPAIGN, np.array([]))
    assert (again["p_adjusted"] <= verdicts.trends["p_adjusted"]).all()
