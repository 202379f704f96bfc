"""Reliability of scales, against R's psych and figures worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.reliability import item_rest, scale_reliability, wide_points
from cxzy_lib.specs import Level, Scale
from cxzy_lib.tables import conform

REVERSED = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")


@pytest.fixture(scope="module")
def bfi():
    lines = Path("tests/data/psych_bfi.txt").read_text().split()
    names = [f"{scale}{at}" for scale in "ACENO" for at in range(1, 6)]
    frame = pd.DataFrame([list(line) for line in lines], columns=names).replace("-", None).astype("Float64")
    return frame.assign(**{name: 7 - frame[name] for name in REVERSED})


def of_scale(frame, letter):
    return frame[[name for name in frame.columns if name.startswith(letter)]]


@pytest.mark.parametrize(
    ("letter", "alpha"), [("A", 0.70), ("C", 0.72), ("E", 0.76), ("N", 0.81), ("O", 0.60)]
)
def test_alphas_published_for_r_psych(bfi, letter, alpha):
    (row,) = scale_reliability(of_scale(bfi, letter), "median", 0.95).to_dict("records")
    assert round(row["alpha"], 2) == alpha
    assert (row["items"], row["missing"]) == (5, "median")
    assert row["low"] < row["alpha"] < row["high"]
    assert row["high"] - row["low"] < 0.06  # of 2800 respondents


def test_reversed_items_left_as_they_are_spoil_the_scale(bfi):
    wrong = of_scale(bfi, "A").assign(A1=7 - bfi["A1"])
    assert scale_reliability(wrong, "median", 0.95)["alpha"].item() == pytest.approx(0.43, abs=0.02)
    # psych prints .43 without the key; the item alone goes against its rest
    assert item_rest(wrong, "median").set_index("item")["item_rest"]["A1"] < 0


def test_rules_for_missing_answers_take_other_bases():
    wide = pd.DataFrame(
        {"a": [1, 2, 3, 4, None, None], "b": [1, 3, 3, 2, 1, None], "c": [1, 1, 3, None, 5, None]}
    )
    bases = {rule: scale_reliability(wide, rule, 0.9) for rule in ("pairwise", "listwise", "median")}
    assert {rule: frame["respondents"].item() for rule, frame in bases.items()} == {
        "pairwise": 5,
        "listwise": 3,
        "median": 5,
    }
    whole = scale_reliability(wide.iloc[:3], "listwise", 0.9)
    pd.testing.assert_frame_equal(bases["listwise"], whole)  # the interval, too, is that of three
    covariances = wide.cov().to_numpy()
    expected = 3 / 2 * (1 - np.trace(covariances) / covariances.sum())
    assert bases["pairwise"]["alpha"].item() == pytest.approx(expected)
    filled = wide.iloc[:5].assign(a=[1, 2, 3, 4, 2.5], c=[1, 1, 3, 2, 5]).cov().to_numpy()
    expected = 3 / 2 * (1 - np.trace(filled) / filled.sum())
    assert bases["median"]["alpha"].item() == pytest.approx(expected)


def test_interval_is_feldts_at_the_level_asked_for():
    wide = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [2, 1, 4, 3, 5]})
    # covariance 2, variances 2.5: alpha 2 * (1 - 5 / 9)
    for level, f_low, f_high in ((0.95, 9.6045, 1 / 9.6045), (0.8, 4.1073, 1 / 4.1073)):  # F of 4 and 4
        (row,) = scale_reliability(wide, "listwise", level).to_dict("records")
        assert row["alpha"] == pytest.approx(8 / 9)
        assert row["low"] == pytest.approx(1 - f_low / 9, abs=6e-4)
        assert row["high"] == pytest.approx(1 - f_high / 9, abs=6e-4)


@pytest.mark.parametrize(
    ("reason", "wide"),
    [
        ("one_item", pd.DataFrame({"a": [1, 2, 3]})),
        ("one_item", pd.DataFrame({"a": [1, 2, 3], "b": [None] * 3})),  # an item that nobody answered
        ("no_variance", pd.DataFrame({"a": [1, 1, 1], "b": [2, 2, 2]})),
        ("few", pd.DataFrame({"a": [1, None], "b": [2, None]})),
        ("no_pair", pd.DataFrame({"a": [1, 2, None, None], "b": [None, None, 1, 2]})),  # nobody answered both
        ("no_variance", pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]})),  # sums do not vary
        ("one_item", pd.DataFrame({"a": [], "b": []})),
        # Of a, b and c any two go together in the pairs, but b and c against each other: no scores do that.
        ("not_definite", pd.DataFrame({"a": [1, 3, 1, 3, None, None], "b": [1, 3, None, None, 1, 3],
                                       "c": [None, None, 1, 3, 3, 1]})),
    ],
)  # fmt: skip
def test_no_alpha_without_two_items_or_variance(reason, wide):
    (row,) = scale_reliability(wide, "pairwise", 0.95).to_dict("records")
    assert row["reason"] == reason
    assert pd.isna([row["alpha"], row["low"], row["high"]]).all()
    assert item_rest(wide, "pairwise")["alpha_without"].isna().all()


def test_pairs_of_other_people_give_no_alpha_above_one():
    wide = pd.DataFrame(
        [[4, 3, 4], [2, 1, 2], [1, 1, None], [None, 2, None], [4, None, 3], [3, None, 4]], columns=list("abc")
    )
    (row,) = scale_reliability(wide, "pairwise", 0.95).to_dict("records")
    assert (row["reason"], pd.isna(row["alpha"])) == ("not_definite", True)  # by the formula 1.06
    (row,) = scale_reliability(wide, "listwise", 0.95).to_dict("records")
    assert (row["alpha"], pd.isna(row["reason"])) == (1, True)  # 4 3 4 and 2 1 2


def test_another_rule_is_refused():
    with pytest.raises(ValueError, match="missing='mean'"):
        scale_reliability(pd.DataFrame({"a": [1], "b": [2]}), "mean", 0.95)


def test_item_rest_by_hand_and_without_variance():
    wide = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [4, 1, 3, 2], "d": [5, 5, 5, 5]})
    found = item_rest(wide, "listwise").set_index("item")
    # a with b + c + d = 11 8 12 11: 2 / sqrt(5 * 9)
    assert found.loc["a", "item_rest"] == pytest.approx(2 / np.sqrt(5 * 9))
    assert found["item_rest"].isna().to_dict() == {"a": False, "b": False, "c": False, "d": True}
    three = scale_reliability(wide[["a", "b", "c"]], "listwise", 0.95)["alpha"].item()
    assert found.loc["d", "alpha_without"] == pytest.approx(three)
    # 1 has answered nothing but a: it says nothing about a and its rest
    short = pd.DataFrame({"a": [1, 2, 3, 4], "b": [None, 2, 4, 5], "c": [None, 1, None, 3]})
    pairs = item_rest(short, "pairwise").set_index("item")
    assert pairs["base"].to_dict() == {"a": 3, "b": 3, "c": 2}
    # 2 3 4 with 1.5 4 4: 2.5 / sqrt(2 * 25 / 6)
    assert pairs.loc["a", "item_rest"] == pytest.approx(2.5 / np.sqrt(2 * 25 / 6))


@settings(max_examples=30)  # the first example imports pingouin
@given(
    st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=4, max_size=12),
    st.integers(-50, 50),
    st.integers(1, 9),
)
def test_alpha_is_not_touched_by_a_shift_of_an_item_or_by_another_unit(rows, shift, unit):
    wide = pd.DataFrame(rows, columns=["a", "b", "c"])
    assume(len(set(wide.sum(axis=1))) > 1)
    shifted = wide.assign(b=wide["b"] + shift)
    first = scale_reliability(wide, "listwise", 0.95)
    moved = scale_reliability(shifted * unit, "listwise", 0.95)
    assert first["alpha"].item() <= 1 + 1e-9
    assert moved["alpha"].item() == pytest.approx(first["alpha"].item())
    rest, moved_rest = item_rest(wide, "listwise"), item_rest(shifted, "listwise")
    known = rest["item_rest"].dropna().tolist()
    assert moved_rest["item_rest"].dropna().tolist() == pytest.approx(known, abs=1e-7)


def test_wide_points_of_answers():
    levels = (Level(code="yes", zh="是", en="Yes", points=100), Level(code="no", zh="否", en="No", points=0))
    scales = {
        "two": Scale(zh="两级", en="Two", levels=levels),
        "bare": Scale(zh="无分", en="Bare", levels=(Level(code="x", zh="某", en="X"),)),
    }
    campaign = replace(load_campaign("campaign"), scales=scales)
    said = [
        ("f", "1", "a", "two", "yes"), ("f", "1", "b", "two", "no"), ("f", "1", "a", "two", "no"),
        ("g", "1", "a", "two", "no"), ("g", "1", "b", "two", "unknown"),
        ("g", "2", "b", "two", "yes"), ("g", "2", "z", "two", "yes"), ("g", "2", "c", "bare", "x"),
        ("g", None, "a", "two", "yes"), ("g", "3", "z", "two", "yes"),
    ]  # fmt: skip
    keys = ("source_file", "respondent", "item", "scale", "level")
    table = conform("answers", [dict(zip(keys, row, strict=True)) for row in said])
    wide = wide_points(table, campaign, ["b", "a", "c"])
    assert wide.index.tolist() == ["1", "1", "2"]
    assert wide.columns.tolist() == ["b", "a", "c"]
    # paper 1 of f answered a twice
    assert wide.astype(object).where(wide.notna(), None).to_numpy().tolist() == [
        [0, 50, None],
        [None, 0, None],
        [100, None, None],
    ]
    assert wide_points(table.iloc[:0], campaign, ["a"]).shape == (0, 1)
