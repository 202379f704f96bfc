"""How closely hidden groups of ballots can be told from what was published, by integer programming."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.intervals import hypergeometric_interval, wilson
from cxzy_lib.measure.suppression import WHOLE
from cxzy_lib.publish.reading import Statement

Floats = npt.NDArray[np.float64]
FAMILY = ["institution", "occasion", "item"]
_SLACK = 1e-6
_MOST = 400  # no interval is looked up for more ballots


def _numbers(flags: "pd.Series[bool]") -> Floats:
    return np.asarray(flags, dtype=np.float64)


@dataclass
class System:
    """What is known of the leaves of one item: ``low <= rows @ counts <= high``, and who said it."""

    leaves: pd.DataFrame
    confidence: float
    rows: list[Floats] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    said: list[Statement | None] = field(default_factory=list)

    def add(self, row: Floats, low: float, high: float, said: Statement | None) -> None:
        """Note one more thing that is known."""
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)
        self.said.append(said)


def attack(
    leaves: pd.DataFrame,
    decisions: pd.DataFrame,
    turnout: pd.DataFrame,
    found: Iterable[tuple[str, str, Statement]],
    campaign: Campaign,
) -> pd.DataFrame:
    """Return how closely each unsafe row can be told.

    Parameters
    ----------
    leaves, decisions : DataFrame
        As from `suppression.leaves` and `suppression.decide`.
    turnout : DataFrame
        Its ``eligible`` is known to everybody and bounds the ballots.
    found : iterable of (institution, scope, Statement)
        What was published, and by the edition of whom. A statement that does not hold for the ballots it
        seems to be about is about something else and is left out.

    Returns
    -------
    DataFrame
        The unsafe rows of `decisions` with ``low`` and ``high``, the least and the most ballots that the row
        can have; ``told`` (fewer than ``hidden_width`` are open, one level is known to hold exactly so many,
        or all but one are known to be empty); and ``because``, the statements that it takes.
    """
    unsafe = decisions[~decisions["shown"] & decisions["reason"].ne("complementary")].reset_index(drop=True)
    said = list(found)
    parts = []
    for key, targets in unsafe.groupby(FAMILY, dropna=False):
        mine = leaves[leaves[FAMILY].eq(list(key)).all(axis=1)].reset_index(drop=True)
        system = _system(mine, turnout, [(s, x) for where, s, x in said if where == key[0]], campaign)
        parts += [_bounded(system, row, campaign) for row in targets.to_dict("records")]
    columns = [*decisions.columns, "low", "high", "told", "because"]
    return pd.DataFrame(parts, columns=columns)


def _system(
    leaves: pd.DataFrame, turnout: pd.DataFrame, said: Sequence[tuple[str, Statement]], campaign: Campaign
) -> System:
    system = System(leaves, campaign.setting("confidence_level"))
    item = leaves["item"].iloc[0]
    default = item == "" or getattr(campaign.items.get(item), "headline", False)
    bodies = _bodies(leaves, turnout)
    for (semester, group), body in bodies.items():
        mask = leaves["semester"].eq(semester) & leaves["rater_group"].eq(group)
        system.add(_numbers(mask), 0, body, None)
    sets = _level_sets(campaign)
    seen = set()
    for scope, one in said:
        about = (
            scope,
            one.kind,
            one.low,
            one.high,
            one.half,
            one.period,
            one.group,
            one.item,
            one.scope,
            one.level,
        )
        if about in seen or not (one.item == item or (one.item is None and default)):
            continue
        seen.add(about)
        for part in _masks(leaves, scope, one):
            _state(system, part, one, sets, bodies)
    return system


def _bodies(leaves: pd.DataFrame, turnout: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many could vote, by semester and group; not where each voter appraises several."""
    occasion = leaves["occasion"].iloc[0]
    known = turnout[turnout["occasion"].eq(occasion) & turnout["unit"].isna()].dropna(subset=["eligible"])
    sums = known.groupby(["semester", "rater_group"])["eligible"].sum()
    most = leaves.groupby(["semester", "rater_group"])["count"].sum()
    bodies = {(str(key[0]), str(key[1])): int(body) for key, body in zip(sums.index, sums, strict=True)}
    return {key: body for key, body in bodies.items() if body >= most.get(key, body + 1)}


def _level_sets(campaign: Campaign) -> dict[str, list[frozenset[str]]]:
    """Return for each scale what a share may be of: its two rates, or one of its levels."""
    sets = {}
    for code, scale in campaign.scales.items():
        rates = [
            frozenset(v.code for v in scale.levels if getattr(v, rate)) for rate in ("strict", "inclusive")
        ]
        sets[code] = list(dict.fromkeys([*rates, *(frozenset([level.code]) for level in scale.levels)]))
    return sets


def _masks(leaves: pd.DataFrame, scope: str, one: Statement) -> list[Floats]:
    """Return which leaves a statement may be about: none where the words leave it open."""
    if one.period is None or one.group is None:
        return []
    kind, code = one.period
    mask = leaves[kind].astype("str").eq(code)
    if kind == "year":
        mask |= leaves["semester"].eq(code)
    where = one.scope or scope
    if where != WHOLE:
        mask &= leaves["scopes"].map(lambda inside: where in inside).astype(bool)
    groups = [mask & leaves["rater_group"].eq(one.group)]
    if one.group == "all":
        groups.append(mask)
    return [_numbers(group) for group in groups if group.any()]


def _state(
    system: System,
    mask: Floats,
    one: Statement,
    sets: Mapping[str, list[frozenset[str]]],
    bodies: Mapping[tuple[str, str], int],
) -> None:
    """Add what a statement says, in each reading of it that holds."""
    leaves = system.leaves
    truth = leaves["count"].to_numpy(float)
    if one.kind == "count" and mask @ truth == one.low:
        system.add(mask, one.low, one.low, one)
    if one.kind == "count" and one.level is None:
        return
    scales = set(leaves.loc[mask > 0, "scale"])
    candidates = [one.level] if one.level else list(dict.fromkeys(s for scale in scales for s in sets[scale]))
    for levels in candidates:
        part = mask * _numbers(leaves["level"].isin(levels))
        if not part.any():
            continue
        if one.kind == "count" and part @ truth == one.low:
            system.add(part, one.low, one.low, one)
        elif one.kind == "share":
            _state_share(system, mask, part, truth, one)
        elif one.kind == "interval":
            _state_interval(system, mask, part, truth, one, bodies)


def _state_share(system: System, mask: Floats, part: Floats, truth: Floats, one: Statement) -> None:
    whole = mask @ truth
    if whole and abs(100 * (part @ truth) / whole - one.low) <= one.half + _SLACK:
        system.add(mask, 1, np.inf, one)  # of no ballots there is no share
        system.add(100 * part - (one.low + one.half) * mask, -np.inf, _SLACK, one)
        system.add(100 * part - (one.low - one.half) * mask, -_SLACK, np.inf, one)


def _state_interval(
    system: System,
    mask: Floats,
    part: Floats,
    truth: Floats,
    one: Statement,
    bodies: Mapping[tuple[str, str], int],
) -> None:
    rows = system.leaves[mask > 0]
    keys = set(rows[["semester", "rater_group"]].itertuples(index=False, name=None))
    body = bodies.get(next(iter(keys)), 0) if len(keys) == 1 else 0
    shown = (one.low, one.high, one.half, body, system.confidence)
    if not _have(np.array([[part @ truth, mask @ truth]]), *shown).any():
        return
    possible = _possible(*shown)
    for row, values in ((mask, [n for _, n in possible]), (part, [k for k, _ in possible])):
        system.add(row, min(values), max(values), one)


@cache
def _possible(low: float, high: float, half: float, body: int, level: float) -> list[tuple[int, int]]:
    most = min(body or _MOST, _MOST)
    pairs = np.array([(k, n) for n in range(1, most + 1) for k in range(n + 1)], dtype=np.float64)
    return [(int(k), int(n)) for k, n in pairs[_have(pairs, low, high, half, body, level)]]


def _have(pairs: Floats, low: float, high: float, half: float, body: int, level: float) -> Any:
    """Return which pairs (so many of so many ballots) have this interval, as it is rounded."""
    if body:
        ends = hypergeometric_interval(pairs[:, 0], pairs[:, 1], np.full(len(pairs), body), level)
    else:
        ends = wilson(pairs[:, 0], pairs[:, 1], level)
    apart = [abs(100 * np.asarray(end) - at) for end, at in zip(ends, (low, high), strict=True)]
    return np.maximum(*apart) <= half + _SLACK


def _bounded(system: System, row: Mapping[Any, Any], campaign: Campaign) -> dict[str, Any]:
    leaves = system.leaves
    mine = (
        leaves[["semester", "rater_group", "scale"]] == [row[k] for k in ("semester", "rater_group", "scale")]
    ).all(axis=1)
    if row["scope"] != WHOLE:
        mine &= leaves["scopes"].map(lambda inside: row["scope"] in inside).astype(bool)
    target = _numbers(mine)
    width = campaign.setting("hidden_width")
    low, high, told = _tell(system, target, width, range(len(system.rows)))
    because: list[Statement] = []
    if told:
        because = _needed(system, target, width)
    return {**row, "low": low, "high": high, "told": told, "because": because}


def _tell(system: System, target: Floats, width: float, used: Iterable[int]) -> tuple[float, float, bool]:
    """Return the least and the most ballots of the target and whether that gives it away."""
    rows = _linked(system, target, list(used))
    if not any(system.said[at] for at in rows):
        return 0.0, np.inf, False
    low, high = _bounds(system, target, rows)
    told = high - low < width
    ends = [
        _bounds(system, target * _numbers(system.leaves["level"].eq(level)), rows)
        for level in dict.fromkeys(system.leaves.loc[target > 0, "level"])
    ]
    told |= any(one == most > 0 for one, most in ends) or sum(most >= 1 for _, most in ends) < 2
    return low, high, bool(told)


def _linked(system: System, target: Floats, used: list[int]) -> list[int]:
    """Return which of the rows have to do with the target, through whatever number of others."""
    reach, left, chosen = target > 0, set(used), []
    while near := [at for at in left if (reach & (system.rows[at] != 0)).any()]:
        for at in near:
            reach = reach | (system.rows[at] != 0)
        chosen += near
        left -= set(near)
    return sorted(chosen)


def _bounds(system: System, target: Floats, rows: list[int]) -> tuple[float, float]:
    from scipy.optimize import LinearConstraint, milp

    limits = LinearConstraint(
        np.array([system.rows[at] for at in rows]),
        [system.low[at] for at in rows],
        [system.high[at] for at in rows],
    )
    ends = []
    for sign in (1, -1):
        solved = milp(sign * target, integrality=np.ones(len(target), dtype=np.int64), constraints=limits)
        ends.append(
            sign * solved.fun
            if solved.status == 0 and solved.fun is not None
            else (0.0 if sign > 0 else np.inf)
        )
    return round(ends[0], 6), round(ends[1], 6)


def _needed(system: System, target: Floats, width: float) -> list[Statement]:
    """Return statements without any one of which the target could not be told."""
    kept = [at for at in range(len(system.rows)) if system.said[at] is not None]
    always = [at for at in range(len(system.rows)) if system.said[at] is None]
    for one in dict.fromkeys(said for said in system.said if said is not None):
        without = [at for at in kept if system.said[at] != one]
        if _tell(system, target, width, [*always, *without])[2]:
            kept = without
    return list(dict.fromkeys(said for at in kept if (said := system.said[at]) is not None))
