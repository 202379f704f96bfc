"""Groups with weights, silent people and known sizes: what is missing is said and never made up for."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.weights import cells, raked_rate, response_by_group, weighted_rate
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
GIVEN = {"organisation": 0.2, "member": 0.4, "nonmember": 0.4}


def rates(**known):
    return pd.DataFrame({"rater_group": list(known), "strict": pd.array(list(known.values()), "Float64")})


def test_a_weighted_rate_by_hand():
    told = weighted_rate(rates(organisation=1.0, member=0.9, nonmember=0.6), GIVEN)
    assert told["value"] == pytest.approx(0.2 + 0.36 + 0.24)
    assert (told["missing"], told["renormalised"]) == ([], None)


@pytest.mark.parametrize(
    "known", [{"member": 0.9, "nonmember": 0.6}, {"member": 0.9, "nonmember": 0.6, "organisation": None}]
)
def test_a_missing_group_leaves_no_rate_but_a_range(known):
    told = weighted_rate(rates(**known), GIVEN)
    assert told["value"] is None
    assert told["missing"] == ["organisation"]
    assert (told["low"], told["high"]) == pytest.approx((0.6, 0.8))
    assert told["renormalised"] == pytest.approx(0.75)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(0, 2))
def test_the_rate_with_all_groups_lies_in_the_range_without_one(values, gone):
    names = list(GIVEN)
    whole = weighted_rate(rates(**dict(zip(names, values, strict=True))), GIVEN)
    rest = {name: value for at, (name, value) in enumerate(zip(names, values, strict=True)) if at != gone}
    told = weighted_rate(rates(**rest), GIVEN)
    assert told["low"] - 1e-9 <= whole["value"] <= told["high"] + 1e-9


def test_weights_that_do_not_add_up_and_groups_that_stand_twice_are_refused():
    with pytest.raises(ValueError, match=r"add up to 0\.9"):
        weighted_rate(rates(member=0.9), {"member": 0.9})
    with pytest.raises(ValueError, match="several rows"):
        weighted_rate(pd.concat([rates(member=0.9)] * 2), {"member": 1.0})


def test_response_sums_collections_and_an_unknown_one_leaves_the_sum_unknown():
    rows = [
        {"semester": "1", "rater_group": "member", "eligible": 50, "issued": 48, "returned": 45, "valid": 44},
        {"semester": "1", "rater_group": "member", "eligible": 60, "issued": 60, "returned": 55, "valid": 55},
        {
            "semester": "1",
            "rater_group": "nonmember",
            "eligible": None,
            "issued": 20,
            "returned": 10,
            "valid": 9,
        },
    ]
    found = response_by_group(conform("turnout", rows), ["semester", "rater_group"])
    assert found["silent"].tolist() == [11, pd.NA]
    assert found["return_rate"].tolist() == pytest.approx([100 / 108, 0.5])
    assert found["response_rate"].tolist() == [pytest.approx(99 / 110), pd.NA]


def test_raking_to_one_margin_is_the_mean_of_the_strata():
    table = pd.DataFrame({"unit": ["a", "b"], "count": [9, 2], "valid": [10, 20]})
    told = raked_rate(table, {"unit": {"a": 30, "b": 10}})
    assert told["raw"] == pytest.approx(11 / 30)
    assert told["raked"] == pytest.approx((30 * 0.9 + 10 * 0.1) / 40)
    each = [3.0] * 10 + [0.5] * 20
    assert told["design_effect"] == pytest.approx(30 * sum(w * w for w in each) / sum(each) ** 2)


def test_raking_to_two_margins_fits_both():
    table = pd.DataFrame(
        {"unit": list("aabb"), "sex": list("mfmf"), "count": [4, 2, 3, 9], "valid": [5, 10, 15, 10]}
    )
    sizes = {"unit": {"a": 60, "b": 40}, "sex": {"m": 50, "f": 50}}
    told = raked_rate(table, sizes)
    odds = 5 * 10 / (10 * 15)  # the product of the odds of the cells stays as it was
    x = 60 - 50  # the cells are a: (m, f), b: (m, f) with these sums; solve for a/m
    best = min(
        (abs(am * (50 - 60 + am) / ((60 - am) * (50 - am)) - odds), am)
        for am in (step / 1000 for step in range(10_001, 49_999))
    )[1]
    weights = [best, 60 - best, 50 - best, best - x]
    by_hand = sum(w * c / v for w, c, v in zip(weights, table["count"], table["valid"], strict=True)) / 100
    assert told["raked"] == pytest.approx(by_hand, abs=1e-4)


def test_known_sizes_as_answered_change_nothing():
    table = pd.DataFrame({"unit": ["a", "b"], "count": [9, 2], "valid": [10, 20]})
    told = raked_rate(table, {"unit": {"a": 10, "b": 20}})
    assert told["raked"] == pytest.approx(told["raw"])
    assert told["design_effect"] == pytest.approx(1)


@pytest.mark.parametrize("sizes", [{"a": 10}, {"a": 10, "b": 20, "c": 5}])
def test_a_group_without_answers_or_without_a_size_is_no_ground_for_weights(sizes):
    table = pd.DataFrame({"unit": ["a", "b"], "count": [9, 2], "valid": [10, 20]})
    assert raked_rate(table, {"unit": sizes}) == {"reason": "categories", "column": "unit", "odd": 1}


def test_sizes_that_do_not_fit_each_other_give_a_reason_and_no_figure():
    table = pd.DataFrame(
        {"unit": list("aabb"), "sex": list("mfmf"), "count": [4, 2, 3, 9], "valid": [5, 10, 15, 10]}
    )
    sizes = {"unit": {"a": 60, "b": 40}, "sex": {"m": 500, "f": 50}}
    assert raked_rate(table, sizes) == {"reason": "sums"}
    # All of a are m and all of b are f: they cannot be 60 and 40 one way and half and half the other.
    apart = table.assign(count=[4, 0, 0, 9], valid=[5, 0, 0, 10])
    assert raked_rate(apart, sizes | {"sex": {"m": 50, "f": 50}}) == {"reason": "no_fit"}
    assert raked_rate(apart, sizes | {"sex": {"m": 60, "f": 40}})["raked"] == pytest.approx(
        0.6 * 0.8 + 0.4 * 0.9
    )


def test_an_unknown_count_or_no_votes_give_a_reason_and_no_figure():
    rows = [
        {"unit": unit, "scale": "sat4", "level": "satisfied", "count": n}
        for unit, n in (("a", 5), ("b", None))
    ]
    found = cells(conform("votes", rows), CAMPAIGN, ["unit"])
    assert found["valid"].tolist() == [5, pd.NA]
    assert raked_rate(found, {"unit": {"a": 10, "b": 10}}) == {"reason": "unknown_count"}
    assert raked_rate(found.iloc[:0], {"unit": {"a": 10}}) == {"reason": "no_answers"}
    with pytest.raises(ValueError, match="several scales"):
        cells(conform("votes", [*rows, rows[0] | {"scale": "sat5"}]), CAMPAIGN, ["unit"])


def test_cells_count_valid_votes_and_those_on_the_top_level():
    rows = [
        {"unit": unit, "scale": "sat4", "level": level, "count": count}
        for unit, level, count in (
            ("a", "satisfied", 5),
            ("a", "dissatisfied", 2),
            ("b", "unknown", 3),
            ("b", "satisfied", 1),
        )
    ]
    found = cells(conform("votes", rows), CAMPAIGN, ["unit"])
    assert found.to_numpy().tolist() == [["a", 5, 7], ["b", 1, 1]]
