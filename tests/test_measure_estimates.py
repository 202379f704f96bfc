"""Rates and intervals, against published figures and against enumeration."""

from math import comb, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.basis import share
from cxzy_lib.measure.estimates import level_shares, satisfaction_rates, worst_cases
from cxzy_lib.measure.intervals import coverage, hypergeometric_interval, wilson
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
SAT4 = ("satisfied", "fairly_satisfied", "basically_satisfied", "dissatisfied")


def votes(*rows: tuple[str, str, str, str, dict[str, int | None]]) -> pd.DataFrame:
    """Build votes from (semester, rater group, item, scale, counts by level)."""
    return conform(
        "votes",
        [
            {"occasion": "satisfaction", "occasion_id": f"satisfaction-{semester}", "semester": semester}
            | {"rater_group": group, "item": item, "scale": scale, "level": level, "count": count}
            for semester, group, item, scale, counts in rows
            for level, count in counts.items()
        ],
    )


def turnout(semester: str, group: str, **numbers: int) -> dict[str, object]:
    return {"occasion_id": f"satisfaction-{semester}", "rater_group": group, **numbers}


NO_TURNOUT = conform("turnout", [])
intervals = st.integers(1, 120).flatmap(
    lambda size: st.integers(1, size).flatmap(
        lambda valid: st.tuples(st.integers(0, valid), st.just(valid), st.just(size))
    )
)


def tail(count: int, valid: int, size: int, favour: int) -> float:
    """Return the probability of `count` or more among `valid`, by counting combinations."""
    ways = sum(comb(favour, k) * comb(size - favour, valid - k) for k in range(count, min(valid, favour) + 1))
    return ways / comb(size, valid)


def test_interval_equals_the_definition_by_enumeration():
    for count in range(8):
        low, high = hypergeometric_interval(count, 7, 12, 0.9)
        possible = [
            k
            for k in range(count, 12 - 7 + count + 1)
            if tail(count, 7, 12, k) > 0.05 and 1 - tail(count + 1, 7, 12, k) > 0.05
        ]
        # widened by the share of the seven, where that lies beyond the outermost possible twelfth
        limits = min(min(possible) / 12, count / 7), max(max(possible) / 12, count / 7)
        assert (low[0], high[0]) == pytest.approx(limits)


def test_coverage_of_60_with_45_asked_is_at_least_95_per_cent_at_every_true_share():
    size, valid = 60, 45
    counts = np.arange(valid + 1)
    low, high = hypergeometric_interval(counts, valid, size, 0.95)
    for favour in range(size + 1):
        chance = [
            comb(favour, k) * comb(size - favour, valid - k) / comb(size, valid) if k <= favour else 0.0
            for k in counts
        ]
        inside = (low - 1e-12 <= favour / size) & (favour / size <= high + 1e-12)
        assert np.dot(chance, inside) >= 0.95


@given(intervals, st.floats(0.5, 0.99), st.floats(0.0, 0.009))
def test_interval_holds_the_share_and_widens_with_the_level(sizes, level, more):
    count, valid, _ = sizes
    low, high = hypergeometric_interval(*sizes, level)
    wider_low, wider_high = hypergeometric_interval(*sizes, level + more)
    assert 0 <= wider_low[0] <= low[0] <= count / valid <= high[0] <= wider_high[0] <= 1


@given(intervals, st.floats(0.5, 0.99), st.floats(0.0, 0.009))
def test_wilson_holds_the_share_and_widens_with_the_level(sizes, level, more):
    count, valid, _ = sizes
    low, high = wilson(count, valid, level)
    wider_low, wider_high = wilson(count, valid, level + more)
    slack = 1e-12
    assert -slack <= wider_low[0] <= low[0] + slack
    assert low[0] - slack <= count / valid <= high[0] + slack
    assert high[0] <= wider_high[0] + slack <= 1 + 2 * slack


def test_wilson_by_its_formula():
    z, n, p = 1.959963985, 141, 134 / 141
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = wilson(134, 141, 0.95)
    assert (low[0], high[0]) == pytest.approx((middle - half, middle + half))


def test_everybody_asked_leaves_no_interval_and_nobody_asked_leaves_no_limits():
    count, valid = pd.array([3, 0, 1], "Int64"), pd.array([10, 0, None], "Int64")
    low, high = hypergeometric_interval(count, valid, 10, 0.95)
    assert (low[0], high[0]) == (0.3, 0.3)
    assert np.isnan([*low[1:], *high[1:]]).all()


@pytest.mark.parametrize(
    ("count", "valid", "population", "words"),
    [
        ([1, 6], [5, 5], [9, 9], "1 of 2 rows, first row 1: count=6, valid=5, population=9"),
        ([1, 2], [9, 9], [8, 8], "2 of 2 rows, first row 0: count=1, valid=9, population=8"),
        ([-1], [9], [9], "1 of 1 rows, first row 0: count=-1"),
    ],
)
def test_impossible_counts_are_refused_by_row_and_value(count, valid, population, words):
    with pytest.raises(ValueError, match=words):
        hypergeometric_interval(count, valid, population, 0.95)


def test_many_intervals_at_once_are_those_of_one_at_a_time():
    draw = np.random.default_rng(1)
    size = draw.integers(10, 300, 200)
    valid = draw.integers(1, size + 1)
    count = draw.integers(0, valid + 1)
    low, high = hypergeometric_interval(count, valid, size, 0.95)
    each = [hypergeometric_interval(*case, 0.95) for case in zip(count, valid, size, strict=True)]
    assert list(zip(low, high, strict=True)) == [(one[0], other[0]) for one, other in each]


def test_known_facts_about_60_of_whom_45_answer():
    """The exact interval keeps its word, Wilson's does so at twice the width, Wald's with a correction fails."""
    size, valid, counts = 60, 45, np.arange(46)
    told = coverage(valid, size, 0.95)
    assert told["share"].tolist() == [k / 60 for k in range(61)]
    assert told["covered"].min() >= 0.95
    ways = np.array(
        [
            [comb(k, c) * comb(60 - k, 45 - c) / comb(60, 45) if c <= k else 0.0 for c in counts]
            for k in range(61)
        ]
    )

    def covered(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        truth = np.arange(61)[:, None] / 60
        return (ways * ((low - 1e-9 <= truth) & (truth <= high + 1e-9))).sum(axis=1)

    exact, score = hypergeometric_interval(counts, valid, size, 0.95), wilson(counts, valid, 0.95)
    assert told["covered"].to_numpy() == pytest.approx(covered(*exact))
    assert covered(*score).min() > 0.999
    middle = slice(10, 36)  # where neither end of the scale is near
    ratio = (score[1] - score[0])[middle] / (exact[1] - exact[0])[middle]
    assert 1.6 < ratio.mean() < 2.1
    share_ = counts / valid
    half = 1.959963985 * np.sqrt(share_ * (1 - share_) / valid * (1 - valid / size))
    assert covered(share_ - half, share_ + half)[1:-1].min() == pytest.approx(0.75, abs=0.005)


def test_simulated_bodies_are_covered_as_often_as_said():
    draw = np.random.default_rng(7)
    for size, valid, favour in ((18, 15, 17), (60, 45, 57), (110, 103, 96), (400, 90, 300)):
        counts = draw.hypergeometric(favour, size - favour, valid, 20_000)
        low, high = hypergeometric_interval(counts, valid, size, 0.95)
        inside = ((low <= favour / size + 1e-9) & (favour / size <= high + 1e-9)).mean()
        said = coverage(valid, size, 0.95)["covered"].iloc[favour]
        assert inside == pytest.approx(said, abs=0.006)
        assert said >= 0.95


def test_share_of_nothing_is_unknown():
    part, whole = pd.Series([1, 0, 1, None], dtype="Int64"), pd.Series([4, 0, None, 3], dtype="Int64")
    result = share(part, whole)
    assert result.isna().tolist() == [False, True, True, True]
    assert result[0] == 0.25


@pytest.mark.parametrize(
    ("counts", "strict", "inclusive"),
    [
        # n = 141, printed 95.04 2.84 2.12: 134/141 satisfied, nobody dissatisfied
        ((134, 4, 3, 0), 95.04, 100.0),
        ((127, 8, 6, 0), 90.07, 100.0),
        ((126, 9, 6, 0), 89.36, 100.0),
        # 27.832 % against 94.659 %: of 100,000 votes 27,832 satisfied, 66,827 in the next two levels
        ((27_832, 40_000, 26_827, 5_341), 27.832, 94.659),
    ],
)
def test_published_rates_on_four_levels(counts, strict, inclusive):
    table = votes(("2010-2011-1", "member", "leadership", "sat4", dict(zip(SAT4, counts, strict=True))))
    (row,) = satisfaction_rates(table, NO_TURNOUT, CAMPAIGN).to_dict("records")
    assert row["valid"] == sum(counts)
    assert row["strict"] * 100 == pytest.approx(strict, abs=0.005)
    assert row["inclusive"] * 100 == pytest.approx(inclusive, abs=0.005)


def test_published_rate_on_three_levels():
    # 27 satisfied and 1 basically satisfied of 28: 96.4 % strict, 100 % inclusive
    counts = {"satisfied": 27, "basically_satisfied": 1}
    table = votes(("2010-2011-1", "member", "leadership", "sat3", counts))
    (row,) = satisfaction_rates(table, NO_TURNOUT, CAMPAIGN).to_dict("records")
    assert round(row["strict"] * 100, 1) == 96.4
    assert (row["strict_count"], row["inclusive_count"], row["inclusive"]) == (27, 28, 1.0)


def test_bases_papers_and_the_band_for_the_silent():
    # 60 eligible, 50 issued, 48 returned, 2 void; 40 satisfied + 5 not = 45 valid; 1 did not know.
    counts = {"satisfied": 40, "dissatisfied": 5, "unknown": 1}
    table = votes(("2010-2011-1", "nonmember", "leadership", "sat4", counts))
    papers = turnout("2010-2011-1", "nonmember", eligible=60, issued=50, returned=48, void=2, abstained=0)
    (row,) = satisfaction_rates(table, conform("turnout", [papers]), CAMPAIGN).to_dict("records")
    bases = ("valid", "population", "issued", "returned", "void", "unknown", "abstained", "strict_count")
    assert [row[name] for name in bases] == [45, 60, 50, 48, 2, 1, 0, 40]
    low, high = hypergeometric_interval(40, 45, 60, 0.95)
    assert (row["strict_low"], row["strict_high"]) == (low[0], high[0])
    # 15 of 60 silent: at worst 40/60, at best 55/60
    assert (row["worst_low"], row["worst_high"]) == pytest.approx((40 / 60, 55 / 60))


def test_without_population_or_with_one_too_small_the_interval_is_wilsons():
    counts = {"satisfied": 40, "dissatisfied": 5}
    table = votes(*((f"2010-2011-{n}", "member", "leadership", "sat4", counts) for n in (1, 2)))
    papers = conform("turnout", [turnout("2010-2011-2", "member", eligible=44)])  # 45 voted
    rates = satisfaction_rates(table, papers, CAMPAIGN)
    low, high = wilson(40, 45, 0.95)
    assert rates["strict_low"].tolist() == pytest.approx([low[0]] * 2)
    assert rates["strict_high"].tolist() == pytest.approx([high[0]] * 2)
    assert rates["population"].tolist() == [pd.NA, 44]
    assert rates[["worst_low", "worst_high", "issued", "unknown"]].isna().all(axis=None)


def test_population_is_unknown_if_one_occasion_is_unknown():
    counts = {"satisfied": 4, "dissatisfied": 1}
    table = votes(*((f"2010-2011-{n}", "member", "leadership", "sat4", counts) for n in (1, 2)))
    one = [turnout("2010-2011-1", "member", eligible=9)]
    both = [*one, turnout("2010-2011-2", "member", eligible=8)]
    by = ("rater_group",)
    assert satisfaction_rates(table, conform("turnout", one), CAMPAIGN, by)["population"].isna().all()
    assert satisfaction_rates(table, conform("turnout", both), CAMPAIGN, by)["population"].tolist() == [17]


def test_the_silent_are_unknown_where_the_body_is_or_is_smaller_than_its_ballots():
    numbers = pd.DataFrame(
        {"count": [9, 9, 9], "valid": [10, 10, 10], "population": [12, 8, None]}, dtype="Int64"
    )
    low, high = worst_cases(numbers["count"], numbers["valid"], numbers["population"])
    assert (low.tolist(), high.tolist()) == ([9 / 12, pd.NA, pd.NA], [11 / 12, pd.NA, pd.NA])


def test_the_same_people_asked_twice_have_no_interval_and_two_branches_have_one():
    counts = {"satisfied": 4, "dissatisfied": 1}
    table = votes(*((f"2010-2011-{n}", "member", "leadership", "sat4", counts) for n in (1, 2)))
    papers = conform("turnout", [turnout(f"2010-2011-{n}", "member", eligible=9) for n in (1, 2)])
    limits = ["strict_low", "strict_high", "inclusive_low", "inclusive_high"]
    (row,) = satisfaction_rates(table, papers, CAMPAIGN, ("rater_group",)).to_dict("records")
    assert (row["valid"], row["strict"]) == (10, 0.8)
    assert [row[name] for name in limits] == [None] * 4
    branches = table.assign(unit=table["semester"])  # each occasion is that of another branch
    (row,) = satisfaction_rates(branches, papers, CAMPAIGN, ("rater_group",)).to_dict("records")
    assert (row["strict_low"], row["strict_high"]) == tuple(
        end[0] for end in hypergeometric_interval(8, 10, 18, 0.95)
    )
    mixed = table.assign(unit=table["semester"].where(table["semester"] == "2010-2011-1"))
    assert satisfaction_rates(mixed, papers, CAMPAIGN, ("rater_group",))[limits].isna().all(axis=None)


def test_one_question_counts_per_voter_unless_items_are_asked_for():
    table = votes(
        ("2010-2011-1", "member", "leadership", "sat4", {"satisfied": 8}),
        ("2010-2011-1", "member", "service", "sat4", {"satisfied": 5}),
    )
    assert satisfaction_rates(table, NO_TURNOUT, CAMPAIGN)["valid"].tolist() == [8]
    by_item = satisfaction_rates(table, NO_TURNOUT, CAMPAIGN, by=("item", "rater_group"))
    assert by_item[["item", "valid"]].to_numpy().tolist() == [["leadership", 8], ["service", 5]]
    survey = table.assign(occasion="survey", occasion_id="survey", count=99)
    both = pd.concat([table, survey], ignore_index=True)
    assert satisfaction_rates(both, NO_TURNOUT, CAMPAIGN)["valid"].tolist() == [8]


def test_rounding_comes_last_in_a_published_distribution():
    """Civil Service People Survey 2017, technical guide: 18 and 29 are shown beside 48 % positive, not 47."""
    counts = dict(
        zip(
            ("very_satisfied", "satisfied", "fair", "rather_dissatisfied", "dissatisfied"),
            (103, 166, 176, 96, 24),
            strict=True,
        )
    )
    table = votes(("2010-2011-1", "member", "leadership", "sat5", counts))
    shares = level_shares(table, CAMPAIGN, by=("item",))
    assert [f"{100 * share:.0f}" for share in shares["share"]] == ["18", "29", "31", "17", "4"]
    rates = satisfaction_rates(table, NO_TURNOUT, CAMPAIGN)
    assert f"{100 * rates['inclusive'].iloc[0]:.0f}" == "48"


def test_rater_groups_are_never_pooled():
    table = votes(
        *(("2010-2011-1", g, "leadership", "sat4", {"satisfied": 8}) for g in ("member", "nonmember"))
    )
    with pytest.raises(ValueError, match="member, nonmember"):
        satisfaction_rates(table, NO_TURNOUT, CAMPAIGN, by=("semester",))


def test_a_count_that_is_unknown_is_no_zero():
    table = votes(
        ("2010-2011-1", "member", "leadership", "sat4", {"satisfied": 8, "dissatisfied": None}),
        ("2010-2011-2", "member", "leadership", "sat4", {"unknown": 3}),
        ("2011-2012-1", "member", "leadership", "sat4", {"satisfied": 0, "dissatisfied": 0}),
        ("2011-2012-2", "member", "leadership", "sat4", {"dissatisfied": 7}),
    )
    rates = satisfaction_rates(table, NO_TURNOUT, CAMPAIGN)
    assert rates["valid"].tolist() == [pd.NA, pd.NA, 0, 7]
    assert rates["strict"].tolist() == [pd.NA, pd.NA, pd.NA, 0.0]
    assert rates["strict_high"].isna().tolist() == [True, True, True, False]


def test_shares_of_levels_best_first_with_the_level_nobody_chose():
    # 134/4/3 of 141 (95.04, 2.84, 2.13 %), nobody dissatisfied; "don't know" is no valid vote
    counts = {"satisfied": 134, "fairly_satisfied": 4, "basically_satisfied": 3, "unknown": 9}
    shares = level_shares(votes(("t", "member", "leadership", "sat4", counts)), CAMPAIGN, ("rater_group",))
    assert shares["level"].tolist() == list(SAT4)
    assert shares["rank"].tolist() == [0, 1, 2, 3]
    assert shares["count"].tolist() == [134, 4, 3, 0]
    assert (shares["share"] * 100).round(2).tolist() == [95.04, 2.84, 2.13, 0.0]
    hole = votes(("t", "member", "leadership", "sat4", {"satisfied": 8, "dissatisfied": None}))
    assert level_shares(hole, CAMPAIGN, ("rater_group",))["share"].isna().all()


def test_empty_tables_give_empty_frames_with_their_types():
    empty = conform("votes", [])
    rates = satisfaction_rates(empty, NO_TURNOUT, CAMPAIGN)
    full = satisfaction_rates(
        votes(("t", "member", "leadership", "sat4", {"satisfied": 1})), NO_TURNOUT, CAMPAIGN
    )
    assert rates.empty
    assert rates.dtypes.to_dict() == full.dtypes.to_dict()
    assert list(rates)[:4] == ["semester", "rater_group", "scale", "valid"]
    assert level_shares(empty, CAMPAIGN, ("item",)).empty
    nothing = conform("votes", [{"count": None}, {"level": "satisfied"}])
    assert satisfaction_rates(nothing, NO_TURNOUT, CAMPAIGN).empty


def test_inputs_are_not_changed():
    table = votes(("t", "member", "leadership", "sat4", {"satisfied": 1}))
    before = table.copy(deep=True)
    satisfaction_rates(table, NO_TURNOUT, CAMPAIGN)
    level_shares(table, CAMPAIGN, ("item",))
    pd.testing.assert_frame_equal(table, before)
