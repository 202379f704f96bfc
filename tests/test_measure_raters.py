"""Raters: published coefficients, simulated severities, and ranks that can be worked out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxzy_lib.measure.agreement import agreement, icc
from cxzy_lib.measure.ranks import rank_intervals, vote_ranks
from cxzy_lib.measure.raters import connected, severity, standing

KRIPPENDORFF = (
    "* * * * * 3 4 1 2 1 1 3 3 * 3",
    "1 * 2 1 3 3 4 3 * * * * * * *",
    "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
)
LEVELS = ["1", "2", "3", "4"]


def counted(coders):
    """Count the levels of each unit: who coded is lost, as on ballots."""
    said = [(str(unit), level) for line in coders for unit, level in enumerate(line.split()) if level != "*"]
    frame = pd.DataFrame(said, columns=["appraisee", "level"])
    return frame.value_counts(sort=False).rename("count").reset_index()


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.691), ("interval", 0.811)])
def test_alpha_of_three_coders_of_krippendorff(metric, alpha):
    (row,) = agreement(counted(KRIPPENDORFF), LEVELS, metric).to_dict("records")
    assert round(row["alpha"], 3) == alpha
    # units 1, 2 and 14 have fewer than two codes: 26 codes of 12 units can be paired
    assert (row["appraisees"], row["ratings"], row["metric"]) == (12, 26, metric)


def test_points_of_a_mapping_count_for_interval_only():
    counts = counted(KRIPPENDORFF)
    even = {level: 20.0 * at for at, level in enumerate(LEVELS)}
    uneven = even | {"4": 500.0}
    alphas = [agreement(counts, scale, "interval")["alpha"].item() for scale in (LEVELS, even, uneven)]
    assert alphas[0] == pytest.approx(alphas[1])
    assert abs(alphas[2] - alphas[0]) > 0.05
    for metric in ("nominal", "ordinal"):
        values = [agreement(counts, scale, metric)["alpha"].item() for scale in (LEVELS, uneven)]
        assert values[0] == values[1]


def test_what_does_not_count_for_agreement():
    rows = [("a", "good", 3), ("b", "good", 1), ("b", "poor", 2)]
    more = [
        ("c", "poor", 1), ("a", "unknown", 7), ("d", "good", 5), ("d", "poor", None), (None, "poor", 4),
    ]  # fmt: skip
    columns = ["appraisee", "level", "count"]
    plain = agreement(pd.DataFrame(rows, columns=columns), ["good", "poor"], "nominal")
    # coincidences: 4 alike of 6, 1 - (2 / 6) / (16 / 30)
    assert plain["alpha"].item() == pytest.approx(0.375)
    table = pd.DataFrame(rows + more, columns=columns).astype({"count": "Int64"})
    pd.testing.assert_frame_equal(agreement(table, ["good", "poor"], "nominal"), plain)
    assert plain[["appraisees", "ratings"]].to_numpy().tolist() == [[2, 6]]


def test_no_variation_is_no_agreement_and_another_metric_is_refused():
    same = pd.DataFrame({"appraisee": ["a", "b"], "level": "good", "count": [5, 4]})
    (row,) = agreement(same, ["good", "poor"], "ordinal").to_dict("records")
    assert pd.isna(row["alpha"])
    assert (row["appraisees"], row["ratings"]) == (2, 9)
    worth_the_same = pd.DataFrame({"appraisee": "a", "level": ["good", "poor"], "count": [5, 4]})
    assert agreement(worth_the_same, {"good": 1.0, "poor": 1.0}, "interval")["alpha"].isna().all()
    (row,) = agreement(same.iloc[:0], ["good"], "nominal").to_dict("records")
    assert (row["appraisees"], row["ratings"]) == (0, 0)
    with pytest.raises(ValueError, match="metric='odd'"):
        agreement(same, ["good"], "odd")


SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))


def long(table):
    rows = [(f"a{a}", f"r{r}", s) for a, line in enumerate(table) for r, s in enumerate(line)]
    return pd.DataFrame(rows, columns=["appraisee", "rater", "score"])


def test_six_forms_of_shrout_and_fleiss():
    found = icc(long(SHROUT_FLEISS)).set_index("form")
    expected = {
        "ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71,
        "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91,
    }  # fmt: skip
    assert found["icc"].astype("float64").round(2).to_dict() == expected
    assert found.loc["ICC(3,1)", ["low_95", "high_95"]].tolist() == [0.34, 0.95]  # as psych prints them
    assert (found["appraisees"] == 6).all()
    assert (found["raters"] == 4).all()
    missing = pd.concat(
        [long(SHROUT_FLEISS), pd.DataFrame([("a7", "r0", 9.0)], columns=["appraisee", "rater", "score"])]
    )
    pd.testing.assert_frame_equal(icc(missing).set_index("form"), found)


def test_icc_of_raters_who_agree_in_all_who_never_differ_or_score_twice():
    alike = icc(long(((9, 9, 9), (5, 5, 5), (2, 2, 2))))
    assert alike["icc"].tolist() == pytest.approx([1.0] * 6)
    assert icc(long(((5, 5), (5, 5))))["icc"].isna().all()
    assert icc(long(((5, 6),)))["icc"].isna().all()
    assert icc(long(()))["icc"].isna().all()
    with pytest.raises(ValueError, match="2 ratings are of an appraisee"):
        icc(pd.concat([long(((1, 2), (3, 4))), long(((1, 2),))]))


def test_parts_that_no_rater_links():
    rows = [("b", "r", 1), ("a", "s", 1), ("c", "r", 1), ("d", "t", 1), ("d", "s", None), ("a", "u", 2)]
    ratings = pd.DataFrame(rows, columns=["appraisee", "rater", "score"])
    assert connected(ratings).to_numpy().tolist() == [["a", 1], ["b", 2], ["c", 2], ["d", 3]]
    # a name is no link: an appraisee called as a rater is
    crossed = pd.DataFrame([("x", "y", 1), ("y", "x", 1)], columns=["appraisee", "rater", "score"])
    assert connected(crossed)["part"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="3 parts"):
        severity(ratings, 0.95)
    linked = pd.concat([ratings, pd.DataFrame({"appraisee": list("bd"), "rater": "s", "score": 1})])
    assert connected(linked)["part"].tolist() == [1, 1, 1, 1]
    unlinked = linked.assign(count=[1] * 6 + [0] * 2)  # no ballot, no link
    assert connected(unlinked)["part"].tolist() == [1, 2, 2, 3]
    assert connected(ratings.iloc[:0]).empty


def simulated(seed, appraisees=30, raters=8, each=3, spread=3.0):
    """Simulate ratings in which every appraisee meets other raters; return them with the truth."""
    draw = np.random.default_rng(seed)
    severe = draw.normal(0, 8, raters)
    severe -= severe.mean()
    true = draw.normal(75, 5, appraisees)
    rows = [
        (f"a{a:02d}", f"r{r}", true[a] - severe[r] + draw.normal(0, spread))
        for a in range(appraisees)
        for r in draw.choice(raters, each, replace=False)
    ]
    return pd.DataFrame(rows, columns=["appraisee", "rater", "score"]), severe, true


def test_known_severities_are_recovered_and_correction_ranks_better():
    ratings, severe, true = simulated(1)
    raters, appraisees = severity(ratings, 0.95)
    assert set(raters["method"]) == {"mixed"}
    assert raters["reason"].isna().all()
    assert np.abs(raters["severity"] - severe).max() < 3 * 1.2  # error of a severity: about 1.1
    assert raters["severity"].sum() == pytest.approx(0, abs=1e-9)
    of_raw, of_corrected = (appraisees[c].corr(pd.Series(true), "spearman") for c in ("raw", "corrected"))
    assert of_corrected > 0.9 > 0.8 > of_raw
    assert np.sqrt(((appraisees["corrected"] - true) ** 2).mean()) < 2.5
    assert appraisees["ratings"].tolist() == [3] * 30


def test_intervals_of_severities_and_of_corrected_scores_cover_the_truth():
    inside = {"severity": [], "corrected": []}
    for seed in range(30):
        ratings, severe, true = simulated(100 + seed)
        for frame, truth, name in zip(severity(ratings, 0.9), (severe, true), inside, strict=True):
            inside[name] += (frame["low"].le(truth) & frame["high"].ge(truth)).tolist()
    assert 0.84 < np.mean(inside["severity"]) < 0.95  # 240 of them
    assert 0.87 < np.mean(inside["corrected"]) < 0.93  # 900


def test_a_complete_table_corrects_nothing_and_has_the_textbook_errors():
    table = np.array(SHROUT_FLEISS, dtype=float)
    raters, appraisees = severity(long(SHROUT_FLEISS), 0.95)
    assert appraisees["corrected"].tolist() == pytest.approx(table.mean(axis=1).tolist())
    assert raters["severity"].tolist() == pytest.approx((table.mean() - table.mean(axis=0)).tolist())
    # mean square of the residuals 1.02 (Shrout and Fleiss, table 3): by REML the same
    assert appraisees["se"].tolist() == pytest.approx([np.sqrt(1.0194 / 4)] * 6, rel=1e-3)
    assert raters["se"].tolist() == pytest.approx([np.sqrt(1.0194 / 6 * 3 / 4)] * 4, rel=1e-3)
    assert (raters["high"] - raters["severity"]).tolist() == pytest.approx((1.959964 * raters["se"]).tolist())


def test_cells_of_named_groups_count_by_their_ballots():
    cells = pd.DataFrame(
        [
            ("a", "peers", 100, 6), ("a", "peers", 80, 2), ("a", "masses", 80, 9), ("a", "masses", 60, 3),
            ("b", "peers", 100, 2), ("b", "peers", 80, 6), ("b", "masses", 60, 12), ("b", "masses", 80, 0),
            ("c", "peers", 100, 5), ("c", "peers", 60, None),
        ],
        columns=["appraisee", "rater", "score", "count"],
    ).astype({"count": "Int64"})  # fmt: skip
    known = cells.dropna()
    one = known.loc[known.index.repeat(known["count"].astype(int))].drop(columns="count")
    for left, right in zip(severity(cells, 0.95), severity(one, 0.95), strict=True):
        pd.testing.assert_frame_equal(left, right)
    raters, appraisees = severity(cells, 0.95)
    assert raters["ratings"].to_dict() == {0: 24, 1: 21}
    assert raters.set_index("rater")["severity"]["masses"] > 5
    # c met peers only, who are mild: corrected down
    assert appraisees.set_index("appraisee")["corrected"]["c"] < 95


def test_ballots_of_voters_who_cannot_be_told_apart_have_severities_and_no_limits():
    # Each of the same two peers marks both members: four ballots of them are not four raters.
    rows = [("a", "peers", 90), ("a", "peers", 70), ("b", "peers", 80), ("b", "peers", 60), ("a", "boss", 70),
            ("b", "boss", 60)]  # fmt: skip
    raters, appraisees = severity(pd.DataFrame(rows, columns=["appraisee", "rater", "score"]), 0.95)
    assert raters["severity"].tolist() == pytest.approx([5, -5])
    assert appraisees["corrected"].tolist() == pytest.approx([76 + 2 / 3 - 5 / 3, 66 + 2 / 3 - 5 / 3])
    for frame in (raters, appraisees):
        assert frame[["se", "low", "high"]].isna().all(axis=None)
    named = [
        (who, f"{rater}{at % 2}" if rater == "peers" else rater, score)
        for at, (who, rater, score) in enumerate(rows)
    ]
    raters, _ = severity(pd.DataFrame(named, columns=["appraisee", "rater", "score"]), 0.95)
    assert raters["se"].notna().all()  # each is a rater of their own


def test_what_the_correction_does_is_told_for_all_together():
    frame = pd.DataFrame({"raw": [90.0, 80.0, 70.0, 60.0], "corrected": [88.0, 74.0, 78.0, 60.0]})
    told = standing(frame)  # the second and the third change places
    assert told == {"appraised": 4, "moved": 2, "raw": 75.0, "corrected": 75.0, "shift": 4.0}
    assert standing(frame.assign(corrected=frame["raw"] + 1e-9))["moved"] == 0
    assert standing(frame.assign(corrected=[None, 74.0, 78.0, 60.0]))["appraised"] == 3


def additive():
    """Return scores without any error; c is scored by the strict one alone."""
    rows = [("a", "r", 85), ("a", "s", 75), ("b", "r", 95), ("b", "s", 85), ("c", "s", 65)]
    return pd.DataFrame(rows, columns=["appraisee", "rater", "score"])


def test_scores_without_error_are_corrected_exactly():
    raters, appraisees = severity(additive(), 0.95)
    assert raters["severity"].tolist() == pytest.approx([-5, 5], abs=1e-3)
    assert appraisees["raw"].tolist() == pytest.approx([80, 90, 65])
    assert appraisees["corrected"].tolist() == pytest.approx([80, 90, 70], abs=1e-3)
    assert appraisees["se"].tolist() == pytest.approx([0, 0, 0], abs=0.01)


def test_where_no_mixed_model_can_be_had_least_squares_stand_with_the_reason(monkeypatch):
    from statsmodels.regression.mixed_linear_model import MixedLM

    def singular(*_, **__):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(MixedLM, "fit", singular)
    raters, appraisees = severity(additive(), 0.95)
    for frame in (raters, appraisees):
        assert set(frame["method"]) == {"fixed"}
        assert set(frame["reason"]) == {"no mixed model: Singular matrix"}
    assert raters["severity"].tolist() == pytest.approx([-5, 5])
    assert appraisees["corrected"].tolist() == pytest.approx([80, 90, 70])
    # least squares with the scores moved by +1 -1 -1 +1: severities the same, 4 squares, 1 degree
    moved = additive().assign(score=[86, 74, 94, 86, 65])
    raters, appraisees = severity(moved, 0.95)
    assert raters["severity"].tolist() == pytest.approx([-5, 5])
    assert raters["se"].tolist() == pytest.approx([np.sqrt(4 * 1 / 4)] * 2)  # half a difference of two means
    assert appraisees["se"].tolist() == pytest.approx([np.sqrt(4 / 2)] * 2 + [np.sqrt(4 + 1)])
    assert appraisees["high"][2] - 70 == pytest.approx(12.7062 * np.sqrt(5), abs=1e-3)  # t of 1 degree


def test_appraisees_alike_are_on_the_boundary_and_raise_no_warning():
    rows = [("a", "r", 1), ("a", "s", 5), ("b", "r", 5), ("b", "s", 1), ("c", "r", 3), ("c", "s", 3.5)]
    raters, appraisees = severity(pd.DataFrame(rows, columns=["appraisee", "rater", "score"]), 0.95)
    assert set(raters["method"]) == {"fixed"}
    # raters' means 3 and 19 / 6; residuals' squares 15.79 with 2 degrees
    assert raters["severity"].tolist() == pytest.approx([1 / 12, -1 / 12])
    left = 16 + 0.125 - 6 * (1 / 12) ** 2
    assert appraisees["se"].tolist() == pytest.approx([np.sqrt(left / 2 / 2)] * 3)
    assert appraisees["high"][0] - 3 == pytest.approx(4.302653 * appraisees["se"][0], abs=1e-4)


def test_severity_of_one_rater_of_none_and_where_nothing_is_left_for_errors():
    raters, appraisees = severity(long(((80,), (90,))), 0.95)
    assert raters["severity"].tolist() == [0]
    assert appraisees["corrected"].tolist() == [80, 90]
    assert appraisees[["se", "low", "high"]].isna().all(axis=None)
    assert appraisees["reason"].tolist() == ["no mixed model: no second appraisee or rater"] * 2
    for frame in severity(long(()), 0.95):
        assert frame.empty


def test_votes_that_cannot_be_told_apart_and_votes_that_can():
    close = vote_ranks(pd.Series([60, 59]), pd.Series([60, 60]), 1, 0.95)
    assert close["rank"].tolist() == [1, 2]
    assert close["call"].tolist() == ["indistinguishable"] * 2
    assert close[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    # P(Beta(60.5, 0.5) > Beta(59.5, 1.5)), by integration
    from scipy.integrate import quad
    from scipy.stats import beta

    # By the complement, for the density of the first is not bounded at 1.
    less = quad(lambda x: beta.pdf(x, 59.5, 1.5) * beta.cdf(x, 60.5, 0.5), 0, 1)[0]
    assert close["top"].tolist() == pytest.approx([1 - less, less], abs=0.015)
    clear = vote_ranks(pd.Series([5, 58]), pd.Series([60, 60]), 1, 0.95)
    assert clear["call"].tolist() == ["out", "in"]
    assert clear["top"].tolist() == [0, 1]
    assert clear[["rank", "rank_low", "rank_high"]].to_numpy().tolist() == [[2, 2, 2], [1, 1, 1]]


def test_without_a_line_there_are_ranks_and_no_calls():
    found = vote_ranks(pd.Series([58, 5]), pd.Series([60, 60]), None, 0.95)
    assert found["rank"].tolist() == [1, 2]
    assert found[["top", "call"]].isna().all(axis=None)


def test_equal_votes_share_a_rank_and_a_nominee_without_votes_changes_nobody():
    votes, cast = pd.Series([30, 50, 50, 10], list("abcd")), pd.Series([60] * 4, list("abcd"))
    plain = vote_ranks(votes, cast, 2, 0.95)
    assert plain["rank"].tolist() == [3, 1, 1, 4]
    more = pd.Series({"x": None, "a": 30, "b": 50, "y": 3, "c": 50, "d": 10}, dtype="Int64")
    cast = cast.astype("Int64").reindex([*"xabycd"]).mask([True, *[False] * 5], 60)
    found = vote_ranks(more, cast, 2, 0.95)  # nobody knows of how many y has 3
    pd.testing.assert_frame_equal(found.loc[list("abcd")], plain)
    assert found.loc[["x", "y"]].isna().all(axis=None)
    nobody = vote_ranks(pd.Series([None, 0], dtype="Int64"), pd.Series([5, 0]), 1, 0.95)
    assert nobody.isna().all(axis=None)


@pytest.mark.parametrize(("votes", "cast"), [([61], [60]), ([-1], [60])])
def test_impossible_votes_are_refused(votes, cast):
    with pytest.raises(ValueError, match="in 1 rows"):
        vote_ranks(pd.Series(votes), pd.Series(cast), 1, 0.95)


def test_the_order_of_shares_counts_where_ballots_differ():
    found = vote_ranks(pd.Series([30, 20, 10]), pd.Series([60, 20, 20]), 1, 0.95)
    assert found["rank"].tolist() == [2, 1, 2]


def test_ranks_of_scores_by_hand():
    scores, ses = pd.Series([90.0, 88.0, 60.0]), pd.Series([3.0, 4.0, 1.0])
    found = rank_intervals(scores, ses, 1, 0.95)
    # P(first above second) = Phi(2 / 5)
    assert found["top"].tolist() == pytest.approx([0.6554, 0.3446, 0], abs=0.015)
    assert found["call"].tolist() == ["indistinguishable", "indistinguishable", "out"]
    assert rank_intervals(scores, ses, 2, 0.95)["call"].tolist() == ["in", "in", "out"]
    # at a level of 20 % anything from 0.6 is clear
    assert rank_intervals(scores, ses, 1, 0.2)["call"].tolist() == ["in", "out", "out"]
    assert rank_intervals(scores, ses, 1, 0.2)["rank_high"].tolist() == [1, 2, 3]


def test_scores_without_error_are_told_apart_and_equals_are_not():
    found = rank_intervals(pd.Series([9.0, 9.0, 8.0]), pd.Series([0.0, 0.0, 0.0]), 1, 0.95)
    assert found["rank"].tolist() == [1, 1, 3]
    assert found["call"].tolist() == ["indistinguishable", "indistinguishable", "out"]
    assert found["top"].tolist() == pytest.approx([0.5, 0.5, 0], abs=0.02)
    with pytest.raises(ValueError, match="must not be negative"):
        rank_intervals(pd.Series([9.0]), pd.Series([-1.0]), 1, 0.95)
    with pytest.raises(ValueError, match="unique"):
        rank_intervals(pd.Series([9.0, 8.0], [1, 1]), pd.Series([1.0], [1]), 1, 0.95)


def test_same_seed_same_ranks_and_missing_scores_are_left_out():
    scores, ses = pd.Series([90, 88, 87, 60.0]), pd.Series([3, 4, 4, 1.0])
    first, second, third = (rank_intervals(scores, ses, 2, 0.95, draws=500, seed=n) for n in (1, 1, 2))
    pd.testing.assert_frame_equal(first, second)
    assert first["top"].tolist() != third["top"].tolist()
    found = rank_intervals(
        pd.Series([90, None, 88, 87, 95, 60]), pd.Series([3, 1, 4, 4, None, 1]), 2, 0.95, 500
    )
    pd.testing.assert_frame_equal(found.iloc[[0, 2, 3, 5]].reset_index(drop=True), first)
    assert found.iloc[[1, 4]].isna().all(axis=None)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(0, 8))
def test_places_are_shared_out_whole_and_competition_ranks_are_counted(votes, k):
    found = vote_ranks(pd.Series(votes), pd.Series([20] * len(votes)), k, 0.9, draws=200)
    assert found["top"].sum() == pytest.approx(min(k, len(votes)))
    assert found["rank"].tolist() == [1 + sum(other > own for other in votes) for own in votes]
    assert (found["rank_low"] <= found["rank_high"]).all()
    assert found["rank_low"].ge(1).all()
    assert found["rank_high"].le(len(votes)).all()


def test_inputs_are_not_changed():
    ratings = simulated(3)[0]
    before = ratings.copy(deep=True)
    severity(ratings, 0.95)
    icc(ratings)
    pd.testing.assert_frame_equal(ratings, before)
