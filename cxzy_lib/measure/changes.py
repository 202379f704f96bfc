"""From one period, or group of raters, to another: what the data can show, and what they cannot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import Floats, is_true, numbers, shape
from cxzy_lib.measure.comparability import GRADES, side_by_side
from cxzy_lib.measure.differences import COUNTS, detectable, difference_interval, difference_p
from cxzy_lib.measure.linked import linked_detectable

#: What can be said of a pair: a direction only where `judged` found one.
VERDICTS = ("rose", "fell", "no_detectable_change", "not_comparable")
_SIDES = {"count": "strict_count", "valid": "valid", "population": "population", "rate": "strict"}
_SIDES |= {"worst_low": "worst_low", "worst_high": "worst_high"}
_PAIR = "kind item rater_group start end grade reasons start_scale end_scale"


def period_pairs(rates: pd.DataFrame, graded: pd.DataFrame, period: str) -> pd.DataFrame:
    """Pair the last rate of each item and group with the earliest that it may be compared with.

    A period under the same conditions goes before an earlier one that is only ``flagged``.

    Parameters
    ----------
    rates : DataFrame
        As from `shown_satisfaction` by `period`, ``item`` and ``rater_group``, in the order of time; the
        numbers of hidden rows are NA.
    graded : DataFrame
        As from `comparisons`.

    Returns
    -------
    DataFrame
        ``kind`` ("period"), ``item``, ``rater_group``, ``start``, ``end``, ``grade``, ``reasons``, and of
        both sides ``_scale``, ``_count``, ``_valid``, ``_population``, ``_rate``, ``_worst_low``,
        ``_worst_high``. A group with one known rate, or with none to compare, has ``not_comparable`` and no
        start; its reasons are those of the period before, or ``asked_twice`` where nothing but that stands
        against comparing it: see `asked_twice`.
    """
    rows = [
        _pair(str(item), str(group), part, graded, period)
        for (item, group), part in rates.groupby(["item", "rater_group"], sort=False)
        if part["strict"].notna().any()
    ]
    return as_pairs(rows)


def _pair(item: str, group: str, part: pd.DataFrame, graded: pd.DataFrame, period: str) -> dict[str, object]:
    known = part[part["strict"].notna()]
    end = known.iloc[-1]
    named = {"kind": "period", "item": item, "rater_group": group, "end": end[period]}
    named |= {"end_scale": end["scale"]} | side_of(end, "end")
    if asked_twice(known).iloc[-1]:
        return named | {"grade": GRADES[-1], "reasons": "asked_twice"}
    same = graded["item"].eq(item) & graded["rater_group"].eq(group)
    same &= graded["end"].eq(end[period]) & graded["end_scale"].eq(end["scale"])
    before = graded[same].merge(
        known, left_on=["start", "start_scale"], right_on=[period, "scale"], suffixes=("", "_rate")
    )
    able = before[before["grade"].ne(GRADES[-1])]
    once = able[~asked_twice(able)]
    if len(able) and once.empty:
        return named | {"grade": GRADES[-1], "reasons": "asked_twice"}
    for grade in GRADES[:-1]:
        if once["grade"].eq(grade).any():
            start = once[once["grade"].eq(grade)].iloc[0]
            found = {name: start[name] for name in ("start", "start_scale", "grade", "reasons")}
            return named | found | side_of(start, "start")
    regrouped = graded.loc[same & graded["start"].isna(), "reasons"]
    reasons = ["", *regrouped, *before["reasons"]][-1]
    return named | {"grade": GRADES[-1], "reasons": reasons}


def asked_twice(rates: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rates pool several occasions of the same people: they have no interval, and no test.

    Their ballots are not independent: a test would take them for twice as many people.
    """
    return rates["strict"].notna() & rates["strict_low"].isna()


def side_of(row: Mapping[Any, Any] | pd.Series, side: str) -> dict[str, object]:
    """Return a rate as one side (``start`` or ``end``) of a pair."""
    return {f"{side}_{name}": row[column] for name, column in _SIDES.items()}


def as_pairs(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return rows as the frame of pairs that `judged` takes: see `period_pairs`."""
    shares = [f"{side}_{name}" for side in ("start", "end") for name in ("rate", "worst_low", "worst_high")]
    columns = f"{_PAIR} {' '.join([*COUNTS, *shares])}"
    frame = pd.DataFrame(rows, columns=columns.split())
    return shape(frame, columns, _PAIR, number=" ".join(shares))


def group_pairs(
    rates: pd.DataFrame, told: pd.DataFrame, groups: tuple[str, str], campaign: Campaign, period: str
) -> pd.DataFrame:
    """Pair two groups of raters in the last period in which they were asked under the same conditions.

    Parameters
    ----------
    rates : DataFrame
        As for `period_pairs`.
    told : DataFrame
        As from `conditions`: scale, wording, units and mode of the two are graded as over time.

    Returns
    -------
    DataFrame
        As of `period_pairs`, with the ``kind`` "group": ``start`` and ``end`` are the groups, ``rater_group``
        is the period. A period under the same conditions goes before a later one that is only ``flagged``;
        without either the last has ``not_comparable`` and no start.
    """
    keys = ["item", "rater_group", period, "scale"]
    known = rates[rates["strict"].notna() & ~asked_twice(rates)].merge(told, on=keys, suffixes=("", "_told"))
    rows = []
    for item, part in known.groupby("item", sort=False):
        one, other = (part[part["rater_group"].eq(group)].to_dict("records") for group in groups)
        both = [(start, end) for end in other for start in one if start[period] == end[period]]
        graded = [(*side_by_side(start, end, campaign), start, end) for start, end in both]
        if not graded:
            continue
        grade, reasons, start, end = max(reversed(graded), key=lambda pair: -GRADES.index(pair[0]))
        named = {"kind": "group", "item": item, "rater_group": end[period], "end": groups[1]}
        sides = side_of(end, "end")
        if grade != GRADES[-1]:
            sides |= {"start": groups[0]} | side_of(start, "start")
        rows.append(named | {"grade": grade, "reasons": reasons} | sides)
    return as_pairs(rows)


def judged(pairs: pd.DataFrame, campaign: Campaign, others: Sequence[float] | Floats = ()) -> pd.DataFrame:
    """Say of each pair what the data can show, over all pairs of a page together.

    Parameters
    ----------
    pairs : DataFrame
        All the pairs of a page: as from `period_pairs` and `group_pairs`; `with_links` may have added what
        the same people said twice, which then takes the place of what unlinked ballots show.
    others : sequence of float
        The p values of further tests that the page makes; NaN is none.

    Returns
    -------
    DataFrame
        `pairs` with ``difference`` (end - start, -1 to 1, NA where not comparable), ``low``, ``high`` (its
        interval on the setting ``change_basis``), ``body_low``, ``body_high`` (the same for the bodies
        themselves, where only the silent are unknown), ``p``, ``p_adjusted`` (Benjamini-Hochberg over the
        pairs that are compared), ``compared`` (how many they are), ``verdict`` (see `VERDICTS`),
        ``robust`` (bool: rose or fell whatever the silent would have said), ``rise``, ``fall`` (the
        smallest change (0-1) that so many ballots would have shown with the setting ``power``, each by the
        very test that its row has; NA: none).

    Notes
    -----
    A direction is told only if the adjusted p value is at most 1 - level and the interval leaves out 0.
    Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical
    Society B 57 (1995): where nothing changed at all, at most 1 - level of such pages tell any change.
    ``rise`` and ``fall`` are told for the first step of that procedure, the most demanding: a change of
    that size is found at least as often as the power says.
    """
    level, basis = campaign.setting("confidence_level"), campaign.setting("change_basis")
    frame, able = pairs.reset_index(drop=True), pairs["start_rate"].notna().to_numpy(bool)
    figures = {"difference": numbers(frame["end_rate"] - frame["start_rate"])}
    figures["low"], figures["high"] = difference_interval(frame, level, basis)
    figures["body_low"], figures["body_high"] = difference_interval(frame, level, "body")
    figures["p"] = difference_p(frame, basis)
    for name in ("difference", "low", "high", "p") if "linked_base" in frame else ():
        linked = numbers(frame[f"linked_{name}"])
        figures[name] = np.where(frame["linked_base"].notna(), linked, figures[name])
    compared = int(able.sum() + np.isfinite(np.asarray(others, "float64")).sum())
    figures["p_adjusted"] = adjusted(figures["p"], others)
    error = (1 - level) / max(compared, 1)
    least = [_detectable(row, error, campaign.setting("power"), basis) for row in frame.to_dict("records")]
    figures["rise"], figures["fall"] = (np.array([pair[at] for pair in least], "float64") for at in (0, 1))
    frame = frame.assign(**{name: pd.array(values, "Float64") for name, values in figures.items()})
    sure = figures["p_adjusted"] <= 1 - level + 1e-12
    up, down = (figures["low"] > 0) & sure, (figures["high"] < 0) & sure
    verdict = np.select([~able, up, down], ["not_comparable", "rose", "fell"], "no_detectable_change")
    silent_up = is_true(frame["end_worst_low"] > frame["start_worst_high"])
    silent_down = is_true(frame["end_worst_high"] < frame["start_worst_low"])
    words = pd.Series(verdict, index=frame.index, dtype="str")
    return frame.assign(compared=compared, verdict=words, robust=(up & silent_up) | (down & silent_down))


def adjusted(p: Sequence[float] | Floats, others: Sequence[float] | Floats = ()) -> Floats:
    """Return Benjamini and Hochberg's adjusted p values; NaN stays and does not count.

    Parameters
    ----------
    others : sequence of float
        The p values of the page's other tests: they count, and are not returned.

    Examples
    --------
    >>> adjusted([0.01, float("nan"), 0.04]).round(2).tolist()
    [0.02, nan, 0.04]
    """
    from scipy.stats import false_discovery_control

    values, rest = np.asarray(p, dtype="float64"), np.asarray(others, dtype="float64")
    known = ~np.isnan(values)
    result = np.full(values.shape, np.nan)
    if known.any():
        every = np.concatenate([values[known], rest[~np.isnan(rest)]])
        result[known] = false_discovery_control(every)[: int(known.sum())]
    return result


def _detectable(row: Mapping[Any, Any], error: float, power: float, basis: str) -> tuple[float, float]:
    if pd.isna(row["start_rate"]):
        return np.nan, np.nan
    start, first, second = float(row["start_rate"]), int(row["start_valid"]), int(row["end_valid"])
    if not pd.isna(row.get("linked_base", np.nan)):
        moved = int(row["linked_towards"]), int(row["linked_away"])
        rise, fall = linked_detectable(start, *moved, first, error, power)
    else:
        sizes = (row[f"{side}_population"] for side in ("start", "end"))
        then, now = (np.nan if pd.isna(size) else float(size) for size in sizes)
        rise, fall = detectable(start, first, second, error, power, (then, now) if basis == "body" else None)
    return (np.nan if rise is None else rise), (np.nan if fall is None else fall)


def off_by_one(start: float, end: float, digits: int = 1) -> bool:
    """Return whether the difference of two rounded percentages is not the rounded difference.

    Differences are worked out before anything is rounded; the reader is told where it shows.

    Examples
    --------
    >>> off_by_one(0.58495, 0.52952, 0)  # 53 - 58 is shown as -6
    True
    """
    rounded = [float(f"{100 * value:.{digits}f}") for value in (start, end)]
    shown = float(f"{100 * (end - start):.{digits}f}")
    return bool(abs((rounded[1] - rounded[0]) - shown) > 10**-digits / 2)


def records(frame: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    """Yield the rows with None for what is missing."""
    yield from frame.astype(object).where(frame.notna(), None).to_dict("records")
