"""Measures of what was voted, scored and compared: each turns an ask into its answers."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.measure.awards import nominees
from cxzy_lib.measure.basis import Floats, is_true, numbers
from cxzy_lib.measure.evidence import Answer, Answers, Ask, Evidence, holding, same_cells, share_of
from cxzy_lib.measure.rectification import time_to_close

#: A difference with its limits.
Difference = tuple[float | None, float | None, float | None]
_RATE = ("strict", "strict_low", "strict_high", "valid")


def votes(ask: Ask, ev: Evidence) -> Answers:
    """Return the last strict rate of each group of raters in the window; groups are never pooled.

    The whole has no rate of its own: the clause stands as its groups do.
    """
    measure, basis = ask.measure, ev.campaign.setting("trend_basis")
    wanted = measure.items or ((ask.code,) if not measure.occasion else ())
    kinds = [measure.occasion] if measure.occasion else ["satisfaction", "survey"]
    last: dict[str, dict[str, Any]] = {}
    for row in ev.rated:
        mine = row["occasion"] in kinds and (not wanted or row["item"] in wanted)
        if mine and (ask.whole or str(row[basis]) == ask.window.code):
            last.pop(row["rater_group"], None)  # the groups stand in the order of their last
            last[row["rater_group"]] = row
    return [_rate(row, ev) for row in last.values()] or [Answer(None, "share")]


def _rate(row: Mapping[Any, Any], ev: Evidence) -> Answer:
    names = ("occasion", "semester", "item", "rater_group")
    key = tuple("" if pd.isna(row[name]) else str(row[name]) for name in names)
    used, said = {"votes": ev.ballots.get(key, ev.tables.votes.iloc[:0])}, str(row["rater_group"])
    period = "" if pd.isna(row["semester"]) else str(row["semester"])
    if row["hidden"]:
        return Answer(None, "share", part=said, period=period, state="hidden", rows=used)
    number = {name: None if pd.isna(row[name]) else float(row[name]) for name in _RATE}
    value, low, high, valid = number.values()
    return Answer(value, "share", int(valid or 0), low, high, part=said, period=period, rows=used)


def figures(ask: Ask, ev: Evidence) -> Answers:
    """Return the mean of a figure (of people's own means), its sum, or what share one sum is of another."""
    measure, every = ask.measure, ev.tables.figures
    if not ask.whole:
        return []
    if measure.groups:
        every = every[holding(every["group"], measure.groups)]
    if measure.words or measure.kinds:
        told = ev.tables.events[holding(ev.tables.events["topic"], measure.words)]
        told = told[told["kind"].isin(measure.kinds)] if measure.kinds else told
        every = same_cells(every, told)
    top = every[every["indicator"].isin(measure.items)]
    if top.empty:
        return [Answer(None, "share")]
    if measure.value == "mean":
        means = top.groupby("subject")["value"].mean().dropna().astype("float64")
        if means.empty:  # figures that are nobody's have no mean of people
            return [Answer(None, "mean", rows={"figures": top})]
        if ev.unit and len(means) < ev.campaign.setting("minimum_base"):  # near to telling somebody's own
            return [Answer(None, "mean", state="hidden", rows={"figures": top})]
        return [Answer(float(means.mean()), "mean", base=len(means), rows={"figures": top})]
    if measure.value == "sum":
        return [Answer(float(top["value"].sum()), "count", base=len(top), rows={"figures": top})]
    below = every[every["indicator"].isin(measure.whole)]
    whole = float(below["value"].sum())
    value = share_of(float(top["value"].sum()), whole)
    return [Answer(value, "share", base=round(whole), rows={"figures": pd.concat([top, below])})]


def gap(ask: Ask, ev: Evidence) -> Answers:
    """Return for each indicator the difference of means with its interval, people on both sides.

    Members against non-members, or members' last year against their first (``value = "years"``: paired over
    those who are in both, for there the linkage is real). The clause is met if every difference is shown to
    be above 0, not met if one is shown to be below; otherwise the data cannot decide.
    """
    if not ask.whole:
        return []
    rows = ev.tables.figures
    rows = rows[rows["indicator"].isin(ask.measure.items) & rows["group"].isin(["member", "nonmember"])]
    if ask.measure.among == "teachers":
        rows = rows[is_true(rows["is_teacher"])]
    if rows.empty:
        return [Answer(None, "difference")]
    level, across = ev.campaign.setting("confidence_level"), ask.measure.value == "years"
    parts = [_difference(str(name), part, level, across) for name, part in rows.groupby("indicator")]
    known = [part for part in parts if part.value is not None]
    above = sum(part.state == "met" for part in known)
    below = any(part.state == "not_met" for part in known)
    state = "not_met" if below else "met" if known and above == len(known) else "undecided"
    if not known:
        return [Answer(None, "difference"), *parts]
    whole = Answer(above, "count", base=len(known), state=state, target=len(known), rows={"figures": rows})
    return [whole, *parts]


def _difference(name: str, rows: pd.DataFrame, level: float, across: bool) -> Answer:
    one, other = rows[rows["group"].eq("member")], rows[rows["group"].eq("nonmember")]
    if across:
        years = one["year"].dropna()
        one, other = one[one["year"].eq(years.max())], one[one["year"].eq(years.min())]
        if years.nunique() < 2:
            return Answer(None, "difference", part=name)
    means = [part.groupby("subject")["value"].mean().astype("float64") for part in (one, other)]
    both = means[0].index.intersection(means[1].index)
    linked = across and len(both) > 1  # the same people in two years: each is compared with himself
    sides = [side.loc[both] if linked else side for side in means]
    test = paired_difference if linked else difference_of_means
    value, low, high = test(numbers(sides[0]), numbers(sides[1]), level)
    state = "undecided" if low is None or high is None else _shown(low, high)
    sizes = [len(side) for side in sides]
    used = {"figures": pd.concat([one, other])}
    return Answer(value, "difference", sizes[0], low, high, sizes[1], part=name, state=state, rows=used)


def _shown(low: float, high: float) -> str:
    return "met" if low > 0 else "not_met" if high < 0 else "undecided"


def difference_of_means(one: Floats, other: Floats, level: float) -> Difference:
    """Return the difference of two means and its limits by Welch's t, None where there are too few.

    Source: B. L. Welch, The generalization of "Student's" problem, Biometrika 34 (1947).

    Examples
    --------
    >>> import numpy as np
    >>> value, low, high = difference_of_means(np.array([5.0, 6, 7]), np.array([1.0, 2, 3]), 0.95)
    >>> round(value, 2), round(low, 2), round(high, 2)
    (4.0, 1.73, 6.27)
    """
    from scipy.stats import ttest_ind

    if not len(one) or not len(other):
        return None, None, None
    value = float(one.mean() - other.mean())
    if min(len(one), len(other)) < 2 or (_alike(one) and _alike(other)):
        return value, None, None
    with warnings.catch_warnings():  # one side may be all alike: its variance is 0 and known
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        limits = ttest_ind(one, other, equal_var=False).confidence_interval(level)
    return value, float(limits.low), float(limits.high)


def _alike(values: Floats) -> bool:
    """Return whether values differ by no more than the rounding of their arithmetic."""
    return bool(np.ptp(values) <= 1e-9 * max(1.0, float(np.abs(values).max())))


def paired_difference(one: Floats, other: Floats, level: float) -> Difference:
    """Return the mean difference of people measured twice, in the same order, with Student's limits.

    None where nobody's difference differs from the others': there is nothing to estimate the error from.
    Source: Student, The probable error of a mean, Biometrika 6 (1908).

    Examples
    --------
    >>> import numpy as np
    >>> value, low, high = paired_difference(np.array([5.0, 6, 9]), np.array([4.0, 4, 6]), 0.95)
    >>> round(value, 2), round(low, 2), round(high, 2)
    (2.0, -0.48, 4.48)
    """
    from scipy.stats import ttest_rel

    value = float((one - other).mean())
    if len(one) < 2 or _alike(one - other):
        return value, None, None
    limits = ttest_rel(one, other).confidence_interval(level)
    return value, float(limits.low), float(limits.high)


def people(ask: Ask, ev: Evidence) -> Answers:
    """Return the share of people of a kind, or of teachers who stayed; a rise needs two registers."""
    if ask.measure.value == "retention":
        return _retention(ask, ev)
    if not ask.whole:
        return []
    snapshots = sorted(ev.tables.people["snapshot_on"].dropna().unique())
    told = [_flagged(ask, ev, pd.Timestamp(day)) for day in snapshots if pd.Timestamp(day) <= ev.day]
    told = [part for part in told if part.value is not None]
    if not told:
        return [Answer(None, "share")]
    first, last = told[0], told[-1]
    state, target = "undecided", None  # one register shows no rise
    if len(told) > 1:
        state, target = "met" if (last.value or 0) > (first.value or 0) else "not_met", first.value
    return [replace(last, period="", state=state, target=target), *told]


def _flagged(ask: Ask, ev: Evidence, day: pd.Timestamp) -> Answer:
    among, flag = ask.measure.among, ask.measure.value
    rows = ev.members(day)
    rows = rows[is_true(rows[among]) & rows[flag].notna()]
    value = None if rows.empty else float(rows[flag].mean())
    # A register by itself shows no rise.
    return Answer(
        value, "share", len(rows), period=f"{day:%Y-%m-%d}", state="judgement", rows={"people": rows}
    )


def _retention(ask: Ask, ev: Evidence) -> Answers:
    """Return the teachers who stayed of those at the window's start; who retired is not counted at all."""
    rows = ev.tables.people
    rows = rows[is_true(rows["is_teacher"]) & rows["is_member"].isna()]
    start, end = ask.window.start, min(ask.window.end, ev.day)
    there = rows[~(rows["left_on"] < start) & ~(rows["joined_on"] > start)].drop_duplicates("person")
    left = there[there["left_on"].between(start, end)]
    retired = left[left["note"].eq("retired")]
    base = len(there) - len(retired)
    if not base:
        return [Answer(None, "share")]
    value = 1 - (len(left) - len(retired)) / base
    return [
        Answer(value, "share", base=base, rows={"people": there}),
        Answer(len(retired), "count", part="retired", rows={"people": retired}),
    ]


def close(ask: Ask, ev: Evidence) -> Answers:
    """Return the median days to close a problem, open ones counted as such, and how many are open."""
    rows = ev.tasks[ev.tasks["kind"].isin(ask.measure.kinds)]
    rows = rows[ask.window.holds(rows["opened_on"]) & ~rows["long_term"]]
    if rows.empty:
        return [Answer(None, "days")]
    used, found = {"tasks": rows}, time_to_close(rows, ev.day, ev.campaign)
    median = Answer(found.median, "days", len(rows), found.low, found.high, rows=used)
    if found.median is None:  # half of them are still open
        median = replace(median, low=None, high=None, state="judgement")
    done = Answer(float(rows["done"].mean()), "share", len(rows), part="done", rows=used)
    return [median, done]


def nominations(ask: Ask, ev: Evidence) -> Answers:
    """Return the share of those nominated above the branch whose nomination by a branch is on record."""
    if not ask.whole:
        return []
    found = nominees(ev.tables, ev.campaign, ev.as_of)
    higher = found[found["highest"].ne("branch")]
    if higher.empty:
        return [Answer(None, "share")]
    rows = {"events": ev.events[ev.events["kind"].eq("nomination")]}
    return [Answer(float(higher["from_branch"].mean()), "share", len(higher), rows=rows)]
