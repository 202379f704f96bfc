"""What is hidden, and that nothing hidden can be computed from a total."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from cxzy_lib.measure.disclosure import hide_small

sizes = st.one_of(st.none(), st.integers(0, 12))
tables = st.lists(st.tuples(st.sampled_from("ab"), sizes), max_size=12)


def table(rows: list[tuple[str, int | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["group", "base"])
    frame["base"] = frame["base"].astype("Int64")
    return frame.assign(count=frame["base"])


def test_small_and_unknown_bases_are_hidden():
    hidden = hide_small(table([("a", 4), ("a", None), ("a", 5), ("a", 9), ("a", 8)]), "base", ["count"], 5)
    # 4 and the unknown stay together under 5 for all we know, so the next smallest, 5, goes too
    assert hidden["hidden"].tolist() == [True, True, True, False, False]
    assert hidden["count"].tolist() == [pd.NA, pd.NA, pd.NA, 9, 8]
    assert hidden["base"].tolist() == [4, pd.NA, 5, 9, 8]


def test_a_single_hidden_row_takes_the_next_smallest_of_its_group_along():
    rows = [("a", 3), ("a", 20), ("a", 10), ("b", 7), ("b", 6)]
    frame = hide_small(table(rows), "base", ["count"], 5, group=["group"])
    assert frame["hidden"].tolist() == [True, False, True, False, False]


def test_an_empty_row_protects_nothing():
    # 43 in all less the 40 shown would give the 3 away: the 0 beside it is no cover
    assert hide_small(table([("a", 0), ("a", 3), ("a", 40)]), "base", ["count"], 5)["hidden"].all()


def test_enough_hidden_together_need_no_further_row():
    frame = hide_small(table([("a", 3), ("a", 4), ("a", 40)]), "base", ["count"], 5)
    assert frame["hidden"].tolist() == [True, True, False]


@given(tables, st.integers(1, 8))
def test_a_remainder_never_shows_a_small_group(rows, threshold):
    frame = table(rows)
    before = frame.copy(deep=True)
    result = hide_small(frame, "base", ["count"], threshold, group=["group"])
    pd.testing.assert_frame_equal(frame, before)
    small = (frame["base"] < threshold).fillna(True)
    assert result.loc[small, "hidden"].all()
    assert result["count"].isna().equals((result["hidden"] | frame["base"].isna()).astype(bool))
    for _, group in result.groupby("group"):
        assert len(group) < 2 or group["hidden"].sum() != 1
        shown, hidden = group[~group["hidden"]], group[group["hidden"]]
        assert shown.empty or hidden.empty or hidden["base"].sum() >= threshold


def test_an_empty_frame_stays_empty():
    frame = hide_small(table([]), "base", ["count"], 5, group=["group"])
    assert list(frame) == ["group", "base", "count", "hidden"]
    assert frame["hidden"].dtype == bool
    assert hide_small(table([]), "base", ["count"], 5).empty
