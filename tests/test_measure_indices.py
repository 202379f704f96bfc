"""Indices and sampled designs, against published figures and figures worked out by hand."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.design import branch_sample_index, design_mean
from cxzy_lib.measure.estimates import level_shares
from cxzy_lib.measure.indices import index_scores, mean_interval, respondent_index, respondent_scores
from cxzy_lib.specs import Level, Scale
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")


def campaign_with(points, positive=2):
    """Return a campaign with one scale, ``five``, of these points, best first."""
    levels = (
        Level(code=f"l{at}", zh=str(at), en=str(at), points=value, inclusive=at <= positive)
        for at, value in enumerate(points, 1)
    )
    return replace(CAMPAIGN, scales={"five": Scale(zh="五级", en="Five levels", levels=tuple(levels))})


FIVE = campaign_with((100, 75, 50, 25, 0))


def votes(counts, scale="sat3", **rest):
    """Build votes from counts by level."""
    rows = [{"item": "a", "scale": scale, "level": k, "count": n} | rest for k, n in counts.items()]
    return conform("votes", rows)


def answers(said, scale="five", **rest):
    """Build answers from respondent -> the numbers of the levels of the items, None: not answered."""
    rows = [
        {"respondent": who, "item": f"i{at}", "scale": scale, "level": f"l{level}"} | rest
        for who, levels in said.items()
        for at, level in enumerate(levels)
        if level is not None
    ]
    return conform("answers", rows)


def test_index_with_its_spread_and_interval_by_hand():
    # 100 100 70 70: mean 85, squares 4 * 225, sd sqrt(900 / 3); of 10: se sd / 2 * sqrt(0.6)
    table = votes({"satisfied": 2, "basically_satisfied": 2, "unknown": 5})
    (row,) = index_scores(table, CAMPAIGN, ["item"], pd.Series([10])).to_dict("records")
    assert (row["index"], row["valid"]) == (85.0, 4)
    assert row["sd"] == pytest.approx(sqrt(300))
    assert row["se"] == pytest.approx(sqrt(300) / 2 * sqrt(0.6))
    assert row["low"] == pytest.approx(85 - 3.182446 * row["se"], abs=1e-4)  # t of 3 degrees, 97.5 %
    assert row["high"] == 100.0  # 106.3
    setting = structs.replace(CAMPAIGN.settings["confidence_level"], value=0.5)
    wider = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"confidence_level": setting})
    (half,) = index_scores(table, wider, ["item"], pd.Series([10])).to_dict("records")
    assert half["low"] == pytest.approx(85 - 0.764892 * row["se"], abs=1e-4)


@pytest.mark.parametrize(
    ("population", "correction"),
    [(None, 1), ([None], 1), ([3], 1), ([0], 1), ([4], 0), ([16], sqrt(0.75))],
)
def test_population_corrects_only_where_known_and_not_under_the_votes(population, correction):
    table = votes({"satisfied": 2, "basically_satisfied": 2})
    body = None if population is None else pd.Series(population, dtype="Int64")
    found = index_scores(table, CAMPAIGN, ["item"], body)
    assert found["se"].tolist() == pytest.approx([sqrt(300) / 2 * correction])
    if correction == 0:
        assert found["low"].tolist() == found["high"].tolist() == [85.0]


def test_population_is_matched_by_the_index_of_the_result():
    table = pd.concat(votes({"satisfied": 2, "basically_satisfied": 2}, unit=u) for u in "abc")
    found = index_scores(table, CAMPAIGN, ["unit"], pd.Series({2: 4, 0: 16}))
    assert found["se"].tolist() == pytest.approx([sqrt(300) / 2 * sqrt(0.75), sqrt(300) / 2, 0])


def test_what_has_no_index_and_what_has_no_spread():
    table = pd.concat(
        [
            votes({"satisfied": 1}, unit="one vote"),
            votes({"satisfied": 3, "dissatisfied": None}, unit="unknown count"),
            votes({"satisfied": 0}, unit="nobody"),
            votes({"l1": 3}, scale="five", unit="no points"),
        ]
    )
    both = replace(CAMPAIGN, scales=CAMPAIGN.scales | campaign_with((None, None)).scales)
    found = index_scores(table, both, ["unit"]).set_index("unit")
    assert found.loc["one vote", ["index", "valid"]].tolist() == [100, 1]
    assert found.loc["one vote", ["sd", "se", "low", "high"]].isna().all()
    assert found.drop("one vote").drop(columns="valid").isna().all(axis=None)
    assert found["valid"].to_dict() == {"no points": 3, "nobody": 0, "one vote": 1, "unknown count": None}


def test_ballots_all_alike_have_an_interval_only_where_everybody_voted():
    table = pd.concat(votes({"satisfied": 5}, unit=unit) for unit in "abc")
    found = index_scores(table, CAMPAIGN, ["unit"], pd.Series([None, 40, 5], dtype="Int64"))
    assert found["index"].tolist() == [100, 100, 100]
    assert found[["low", "high"]].isna().all(axis=1).tolist() == [True, True, False]
    assert found.loc[2, ["low", "high"]].tolist() == [100, 100]


def test_two_organisations_alike_in_positive_shares_differ_in_their_index():
    # People Survey technical guide 2017: 50 % positive each, 49 % and 63 %; constructed to that result.
    table = pd.concat(
        [
            votes({"l1": 10, "l2": 40, "l3": 10, "l4": 16, "l5": 24}, scale="five", unit="A"),
            votes({"l1": 30, "l2": 20, "l3": 30, "l4": 12, "l5": 8}, scale="five", unit="B"),
        ]
    )
    shares = level_shares(table, FIVE, ("unit",))
    positive = shares[shares["level"].isin(["l1", "l2"])].groupby("unit")["share"].sum()
    assert positive.tolist() == pytest.approx([0.5, 0.5])
    assert index_scores(table, FIVE, ["unit"])["index"].tolist() == [49.0, 63.0]


def test_published_distribution_of_magazines():
    # R's likert, pisaitems, magazines: low, neutral, high, mean and SD as printed there
    counts = dict(zip(("l1", "l2", "l3", "l4", "l5"), (6682, 13143, 13995, 20353, 11436), strict=True))
    ordered = campaign_with((1, 2, 3, 4, 5))
    table = votes(counts, scale="five")
    shares = level_shares(table, ordered, ("item",))["share"] * 100
    assert shares[:2].sum() == pytest.approx(30.21689, abs=5e-6)
    assert shares[2] == pytest.approx(21.33091, abs=5e-6)
    assert shares[3:].sum() == pytest.approx(48.45219, abs=5e-6)
    (row,) = index_scores(table, ordered, ["item"]).to_dict("records")
    assert row["valid"] == 65609
    assert (row["index"], row["sd"]) == pytest.approx((3.254813, 1.245086), abs=5e-7)


@pytest.mark.parametrize(
    ("population", "n", "per_cent", "margin"),
    [(200, 120, 43, 6), (150, 80, 50, 8), (50, 40, 30, 6), (500, 375, 60, 2)],
)
def test_published_margins_of_finite_populations(population, n, per_cent, margin):
    sd = sqrt(per_cent * (100 - per_cent) * n / (n - 1))  # of n noughts and hundreds
    se, low, high = mean_interval(per_cent, sd, n, population, 0.95, normal=True)
    assert round(per_cent - low[0]) == round(high[0] - per_cent) == margin
    assert se[0] ** 2 == pytest.approx(sd**2 / n * (population - n) / population)


def test_students_interval_is_wider_and_few_have_none():
    # 30 % of 40 of 50: 6.4 points by the normal distribution, 6.6 by Student's
    sd = sqrt(30 * 70 * 40 / 39)
    assert mean_interval(30, sd, 40, 50, 0.95)[2][0] - 30 == pytest.approx(6.638, abs=5e-4)
    found = mean_interval([1.0] * 4, [1.0] * 4, [0, 1, np.nan, 2], [10] * 4, 0.95)
    assert [np.isnan(part).tolist() for part in found] == [[True, True, True, False]] * 3


@settings(max_examples=30)
@given(st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any), st.integers(0, 400))
def test_index_lies_between_the_points_chosen_and_its_limits_around_it(counts, size):
    table = votes({f"l{at}": n for at, n in enumerate(counts, 1)}, scale="five")
    (row,) = index_scores(table, FIVE, ["item"], pd.Series([size])).to_dict("records")
    points = [p for p, n in zip((100, 75, 50, 25, 0), counts, strict=True) for _ in range(n)]
    assert min(points) - 1e-9 <= row["index"] <= max(points) + 1e-9
    assert row["index"] == pytest.approx(np.mean(points))
    if len(points) > 1:
        assert row["sd"] == pytest.approx(np.std(points, ddof=1), abs=1e-9)
    if len(set(points)) > 1 or 1 < len(points) == size:
        assert 0 <= row["low"] <= row["index"] <= row["high"] <= 100


def test_score_of_a_respondent_and_index_of_a_group_of_the_people_survey():
    # technical guide 2017: strongly agree, agree, agree, neither, disagree = 65; group 53 (65 40 50 55 55)
    said = {
        "1": (1, 2, 2, 3, 4),
        "2": (3, 3, 3, 4, 4),
        "3": (3, 3, 3, 3, 3),
        "4": (2, 3, 3, 3, 3),
        "5": (3, 2, 3, 3, 3),
    }
    scores = respondent_scores(answers(said), FIVE, ["occasion"], least=1)
    assert scores["score"].tolist() == [65, 40, 50, 55, 55]
    (row,) = respondent_index(answers(said), FIVE, [], least=1).to_dict("records")
    assert (row["index"], row["base"], row["respondents"]) == (53.0, 5, 5)
    # distances 12, -13, -3, 2, 2: squares 330
    assert (row["sd"], row["se"]) == pytest.approx((sqrt(330 / 4), sqrt(330 / 20)))
    assert row["high"] - 53 == pytest.approx(2.776445 * row["se"], abs=1e-4)


def test_too_few_answers_make_no_score_and_exactly_enough_do():
    said = {"1": (1, 1, 1, 5, 5), "2": (1, 1, 5, None, None), "3": (1, 1, None, None, None)}
    table = pd.concat([answers(said, unit="u"), answers({"4": (3, 9)}, unit="v")])  # 9 is no level
    scores = respondent_scores(table, FIVE, ["unit"], least=0.6).set_index("respondent")
    assert scores["items"].to_dict() == {"1": 5, "2": 5, "3": 5, "4": 2}
    assert scores["answered"].to_dict() == {"1": 5, "2": 3, "3": 2, "4": 1}
    assert scores["score"].to_dict() == {"1": 60.0, "2": pytest.approx(200 / 3), "3": None, "4": None}
    assert respondent_scores(table, FIVE, ["unit"], least=0.4)["score"].tolist()[2:] == [100.0, 50.0]
    found = respondent_index(table, FIVE, ["unit"], 0.6, pd.Series([2, 5])).set_index("unit")
    assert found["base"].to_dict() == {"u": 2, "v": 0}
    assert found["respondents"].to_dict() == {"u": 3, "v": 1}
    assert found.loc["u", ["index", "se"]].tolist() == pytest.approx([190 / 3, 0])  # both of the two
    assert found.loc["v", ["index", "sd", "se", "low", "high"]].isna().all()


def test_papers_of_two_sheets_are_two_people_and_an_item_twice_on_one_counts_once():
    one = answers({"1": (1, 5)}, source_file="a")
    other = answers({"1": (3, 3)}, source_file="b")
    again = one.iloc[:1].assign(level="l3")  # i0 by 100 and by 50
    scores = respondent_scores(pd.concat([one, other, again]), FIVE, [], least=1)
    assert scores[["source_file", "answered", "score"]].to_numpy().tolist() == [["a", 2, 37.5], ["b", 2, 50]]
    nameless = one.assign(respondent=None).astype({"respondent": "str"})
    assert respondent_scores(nameless, FIVE, [], least=1).empty


@pytest.mark.parametrize(("by", "least"), [(["item"], 0.5), ([], 1.1), ([], -0.1)])
def test_respondent_scores_refuse_what_makes_no_sense(by, least):
    with pytest.raises(ValueError, match="least="):
        respondent_scores(answers({"1": (1,)}), FIVE, by, least)


R_FPC = pd.DataFrame(
    {
        "stratid": [1] * 5 + [2] * 3,
        "psuid": [1, 2, 3, 4, 5, 1, 2, 3],
        "weight": [3] * 5 + [4] * 3,
        "Nh": [15] * 5 + [12] * 3,
        "x": [2.8, 4.1, 6.8, 6.8, 9.2, 3.7, 6.6, 4.2],
    }
)


def published(frame, value, mean, se, digits, **columns):
    (row,) = design_mean(frame, value, **columns).to_dict("records")
    assert row["mean"] == pytest.approx(mean, abs=0.5 * 10 ** -digits[0])
    assert row["se"] == pytest.approx(se, abs=0.5 * 10 ** -digits[1])
    return row


def test_designs_published_for_r_survey():
    simple = pd.read_csv("tests/data/survey_apisrs.csv")
    strata = pd.read_csv("tests/data/survey_apistrat.csv")
    clusters = pd.read_csv("tests/data/survey_apiclus1.csv")
    row = published(simple, "api00", 656.585, 9.2497, (3, 4), size="fpc")
    assert (row["base"], row["clusters"], row["degrees"]) == (200, 200, 199)
    published(strata, "api00", 662.287, 9.4089, (3, 4), weight="pw", stratum="stype", size="fpc")
    published(strata, "api00", 662.287, 9.4089, (3, 4), stratum="stype", size="fpc")  # weights from sizes
    row = published(clusters, "api00", 644.17, 23.542, (2, 3), weight="pw", cluster="dnum", size="fpc")
    assert (row["base"], row["clusters"], row["degrees"]) == (183, 15, 14)


def test_two_strata_of_r_survey_with_and_without_correction():
    columns = {"weight": "weight", "stratum": "stratid", "cluster": "psuid"}
    row = published(R_FPC, "x", 5.4481, 0.7413, (4, 4), **columns)
    assert (row["clusters"], row["degrees"]) == (8, 6)
    published(R_FPC, "x", 5.4481, 0.6160, (4, 4), size="Nh", **columns)


def test_strata_that_show_no_variance_are_named():
    lone = R_FPC[(R_FPC["stratid"] == 1) | (R_FPC["psuid"] == 1)]
    with pytest.raises(ValueError, match=r"stratum 2: 1 primary units of 12"):
        design_mean(lone, "x", "weight", "stratid", "psuid", "Nh")
    with pytest.raises(ValueError, match="stratum 2: 1 primary units"):
        design_mean(lone, "x", "weight", "stratid", "psuid")
    with pytest.raises(ValueError, match="stratum 1: 5 primary units of 4"):
        design_mean(R_FPC.assign(Nh=[4] * 5 + [12] * 3), "x", "weight", "stratid", "psuid", "Nh")
    with pytest.raises(ValueError, match="stratum 2: 3 primary units of 12 to 13"):
        design_mean(R_FPC.assign(Nh=[15] * 5 + [12, 12, 13]), "x", "weight", "stratid", "psuid", "Nh")
    with pytest.raises(ValueError, match="1 of 8 rows lack one of weight"):
        design_mean(R_FPC.assign(weight=[None] + [3] * 7), "x", "weight")
    whole = lone.assign(Nh=[15] * 5 + [1])  # the one there is: certain, and adds no error
    x, w = lone["x"].to_numpy(), np.array([3] * 5 + [4])
    z = w[:5] * (x[:5] - np.average(x, weights=w)) / w.sum()
    (row,) = design_mean(whole, "x", "weight", "stratid", "psuid", "Nh").to_dict("records")
    assert row["se"] == pytest.approx(sqrt(10 / 15 * 5 * z.var(ddof=1)))


def test_a_missing_value_leaves_its_cluster_in_the_design():
    frame = pd.DataFrame({"x": [1.0, 3.0, 8.0, None], "unit": ["a", "a", "b", "c"]})
    (row,) = design_mean(frame, "x", cluster="unit").to_dict("records")
    # mean 4; by cluster (-3 - 1) / 3, 4 / 3, 0: variance 3 / 2 * 32 / 9
    assert (row["mean"], row["base"], row["clusters"]) == (4.0, 3, 3)
    assert row["se"] == pytest.approx(sqrt(1.5 * 32 / 9))
    nobody = design_mean(frame.assign(x=np.nan), "x", cluster="unit")
    assert nobody[["mean", "se"]].isna().all(axis=None)
    only = design_mean(frame.assign(x=[1.0, 3, None, None]), "x", cluster="unit")
    assert (only["mean"].item(), only["se"].item()) == (2.0, pd.NA)  # between clusters nothing is known


@settings(max_examples=30)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=30), st.integers(0, 40))
def test_a_simple_sample_has_the_textbook_error(values, more):
    size = len(values) + more
    frame = pd.DataFrame({"x": values, "size": size})
    (row,) = design_mean(frame, "x", size="size").to_dict("records")
    expected = mean_interval(np.mean(values), np.std(values, ddof=1), len(values), size, 0.95)[0][0]
    assert (row["mean"], row["se"]) == pytest.approx((np.mean(values), expected), abs=1e-9)


def branch_answers():
    said = {"a": {"1": (1,), "2": (1,)}, "b": {"3": (3,)}, "c": {"4": (5,), "5": (4,)}}
    return pd.concat([answers(people, unit=unit) for unit, people in said.items()])


def test_index_of_a_sample_of_branches_by_hand():
    # 100 100 | 50 | 0 25: mean 55; totals of distances 90, -5, -85, over 5
    (row,) = branch_sample_index(branch_answers(), FIVE, 12, least=1).to_dict("records")
    assert (row["index"], row["base"], row["clusters"], row["branches"]) == (55.0, 5, 3, 12)
    se = sqrt(9 / 12 * 3 / 2 * (18**2 + 1 + 17**2))
    assert row["se"] == pytest.approx(se)
    assert (row["low"], row["high"]) == (0, 100)  # 4.3 * 26
    with pytest.raises(ValueError, match="3 primary units of 2"):
        branch_sample_index(branch_answers(), FIVE, 2, least=1)
    with pytest.raises(ValueError, match="1 primary units of 9"):
        branch_sample_index(answers({"1": (1,)}, unit="a"), FIVE, 9, least=1)
    with pytest.raises(ValueError, match="1 of 1 rows lack one of unit"):
        branch_sample_index(answers({"1": (1,)}), FIVE, 9, least=1)


def test_all_branches_asked_are_a_census():
    found = branch_sample_index(branch_answers(), FIVE, 3, least=1)
    assert found[["index", "se", "low", "high"]].to_numpy().tolist() == [[55.0, 0.0, 55.0, 55.0]]
    one = branch_sample_index(answers({"1": (1,), "2": (3,)}, unit="a"), FIVE, 1, least=1)
    assert one[["index", "se", "low", "high"]].to_numpy().tolist() == [[75.0, 0.0, 75.0, 75.0]]


def test_inputs_are_not_changed_and_empty_tables_give_empty_frames():
    table, said = votes({"satisfied": 2}), branch_answers()
    before = table.copy(deep=True), said.copy(deep=True)
    index_scores(table, CAMPAIGN, ["item"], pd.Series([9]))
    respondent_index(said, FIVE, ["unit"], 1)
    branch_sample_index(said, FIVE, 5, 1)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(said, before[1])
    nothing = index_scores(conform("votes", []), CAMPAIGN, ["item"])
    assert nothing.dtypes.to_dict() == index_scores(table, CAMPAIGN, ["item"]).dtypes.to_dict()
    for by in ([], ["unit"]):
        full = respondent_index(said, FIVE, by, 1)
        empty = respondent_index(conform("answers", []), FIVE, by, 1)
        assert empty.empty
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()
