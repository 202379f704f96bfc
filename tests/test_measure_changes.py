"""A change is called a change only where the intervals part, and only on one scale."""

import pandas as pd
import pytest

from cxzy_lib.measure.changes import changes


def rates(*rows):
    names = ["semester", "rater_group", "strict", "strict_low", "strict_high", "break_before"]
    return pd.DataFrame(rows, columns=names).assign(worst_low=0.0, worst_high=1.0)


@pytest.mark.parametrize(
    ("last", "verdict", "difference"),
    [
        ((0.80, 0.71, 0.90), "rose", 0.30),  # 0.71 lies above 0.60
        ((0.65, 0.59, 0.70), "no_detectable_change", 0.15),  # 0.59 does not
        ((0.20, 0.10, 0.39), "fell", -0.30),  # 0.39 lies below 0.40
    ],
)
def test_verdicts(last, verdict, difference):
    found = changes(rates(("1", "member", 0.5, 0.4, 0.6, False), ("2", "member", *last, False))).iloc[0]
    assert found["verdict"] == verdict
    assert found["difference"] == pytest.approx(difference)


def test_never_across_a_break():
    found = changes(
        rates(
            ("1", "member", 0.1, 0.05, 0.2, False),
            ("2", "member", 0.9, 0.85, 0.95, True),
        )
    ).iloc[0]
    assert found["verdict"] == "not_comparable"
    assert pd.isna(found["difference"])


def test_starts_after_the_last_break_and_skips_hidden_rates():
    found = changes(
        rates(
            ("1", "member", 0.1, 0.05, 0.2, False),
            ("2", "member", None, None, None, True),
            ("3", "member", 0.5, 0.4, 0.6, False),
            ("4", "member", 0.5, 0.4, 0.6, False),
        )
    ).iloc[0]
    assert (found["start"], found["end"], found["verdict"]) == ("3", "4", "no_detectable_change")


def test_nothing_known_is_not_comparable_and_nothing_given_is_empty():
    assert changes(rates(("1", "member", None, None, None, False)))["verdict"].tolist() == ["not_comparable"]
    assert changes(rates()).empty


@pytest.mark.parametrize(
    ("worst", "robust"),
    [
        ((0.30, 0.60, 0.61, 0.90), True),
        ((0.30, 0.60, 0.60, 0.90), False),  # the silent could have evened it out
        ((None, None, 0.61, 0.90), False),  # nobody knows how many were silent
    ],
)
def test_a_change_is_robust_if_the_silent_could_not_undo_it(worst, robust):
    frame = rates(("1", "member", 0.5, 0.4, 0.55, False), ("2", "member", 0.8, 0.7, 0.9, False))
    frame["worst_low"], frame["worst_high"] = [worst[0], worst[2]], [worst[1], worst[3]]
    assert changes(frame)[["verdict", "robust"]].to_numpy().tolist() == [["rose", robust]]
    fell = frame.iloc[::-1]
    assert changes(fell)[["verdict", "robust"]].to_numpy().tolist() == [["fell", robust]]


def test_no_change_is_not_robust():
    frame = rates(("1", "member", 0.5, 0.4, 0.6, False), ("2", "member", 0.5, 0.4, 0.6, False))
    frame["worst_low"], frame["worst_high"] = [0.1, 0.8], [0.2, 0.9]
    assert changes(frame)["robust"].tolist() == [False]
