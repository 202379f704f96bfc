"""How closely hidden groups of ballots can be told from what was published, by integer programming."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.indices import level_points
from cxzy_lib.measure.intervals import hypergeometric_interval, wilson
from cxzy_lib.measure.suppression import WHOLE
from cxzy_lib.publish.bounds import Floats, Limit, System, bounds, floats, linked
from cxzy_lib.publish.reading import Statement

FAMILY = ["institution", "occasion", "item"]
_COLUMNS = ["semester", "stage", "year", "item", "rater_group", "scale", "level"]
Said = tuple[str, str, Statement]  # the institution and the scope of the edition that says it
_Scoped = tuple[str, Statement]
_SLACK = 1e-6
_MOST = 400  # no interval is looked up for more ballots


def attack(
    leaves: pd.DataFrame,
    decisions: pd.DataFrame,
    turnout: pd.DataFrame,
    found: Iterable[Said],
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
    said = _by_item(found)
    points = level_points(campaign)
    leaves = leaves.merge(points, on=["scale", "level"], how="left")
    families = {key: rows for key, rows in leaves.groupby(FAMILY, dropna=False)}
    parts = []
    for key, targets in unsafe.groupby(FAMILY, dropna=False):
        system = _system(families[key], turnout, said.get(str(key[0]), {}), campaign)
        parts += [_bounded(system, row, campaign) for row in targets.to_dict("records")]
    columns = [*decisions.columns, "low", "high", "told", "because"]
    return pd.DataFrame(parts, columns=columns)


def _by_item(found: Iterable[Said]) -> dict[str, dict[str | None, list[_Scoped]]]:
    """Return what was said of each institution and item, each thing once, however many pages say it."""
    said: dict[str, dict[str | None, dict[_Scoped, None]]] = {}
    for institution, scope, one in found:
        said.setdefault(institution, {}).setdefault(one.item, {}).setdefault((scope, one))
    return {who: {item: [*once] for item, once in items.items()} for who, items in said.items()}


def _system(
    leaves: pd.DataFrame, turnout: pd.DataFrame, said: Mapping[str | None, list[_Scoped]], campaign: Campaign
) -> System:
    columns = {name: leaves[name].astype("str").to_numpy(object) for name in _COLUMNS}
    columns |= {"scopes": leaves["scopes"].to_numpy(object), "count": leaves["count"].to_numpy(float)}
    columns |= {"points": leaves["points"].to_numpy(float, na_value=np.nan)}
    system = System(columns, campaign.setting("confidence_level"))
    item = columns["item"][0]
    default = item == "" or getattr(campaign.items.get(item), "headline", False)
    bodies = _bodies(leaves, turnout)
    for (semester, group), body in bodies.items():
        mask = system.column("semester", semester) & system.column("rater_group", group)
        system.add(floats(mask), 0, body, None)
    sets = _level_sets(campaign)
    for scope, one in [*said.get(item, ()), *(said.get(None, ()) if default else ())]:
        for part in _masks(system, scope, one):
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


def _masks(system: System, scope: str, one: Statement) -> list[Floats]:
    """Return which leaves a statement may be about: none where it names no group; all periods if none."""
    if one.group is None:
        return []
    kind, code = one.period or ("", "")
    mask = system.column(kind, code) if kind else np.ones(len(system.leaves["count"]), bool)
    if kind == "year":
        mask = mask | system.column("semester", code)
    where = one.scope or scope
    parts = [mask & system.inside(where)] if where != WHOLE else [mask]
    if one.rest and where != WHOLE:  # "the other branches", or the one that they are compared with
        parts.append(mask & ~system.inside(where))
    group = system.column("rater_group", one.group)
    parts = [part & group for part in parts] + (parts if one.group == "all" else [])
    return [floats(part) for part in parts if part.any()]


def _state(
    system: System,
    mask: Floats,
    one: Statement,
    sets: Mapping[str, list[frozenset[str]]],
    bodies: Mapping[tuple[str, str], int],
) -> None:
    """Add what a statement says, in each reading of it that holds."""
    truth = system.leaves["count"]
    if one.kind == "index":
        points = system.leaves["points"]
        if not np.isnan(points[mask > 0]).any():
            _state_ratio(system, mask, np.where(mask > 0, points, 0.0), one)
        return
    if one.kind == "count" and mask @ truth == one.low:
        system.add(mask, one.low, one.low, one)
    if one.kind == "count" and one.level is None:
        return
    scales = dict.fromkeys(system.leaves["scale"][mask > 0])
    candidates = [one.level] if one.level else list(dict.fromkeys(s for scale in scales for s in sets[scale]))
    for levels in candidates:
        part = mask * system.levels(levels)
        if not part.any():
            continue
        if one.kind == "count" and part @ truth == one.low:
            system.add(part, one.low, one.low, one)
        elif one.kind == "share":
            _state_ratio(system, mask, 100 * part, one)
        elif one.kind == "interval":
            _state_interval(system, mask, part, one, bodies)


def _state_ratio(system: System, mask: Floats, points: Floats, one: Statement) -> None:
    """Add that the ballots of `mask` have so many points each: a share counts 100 for each of its part."""
    truth = system.leaves["count"]
    whole = mask @ truth
    if whole and abs(points @ truth / whole - one.low) <= one.half + _SLACK:
        system.add(mask, 1, np.inf, one)  # of no ballots there is no share
        system.add(points - (one.low + one.half) * mask, -np.inf, _SLACK, one)
        system.add(points - (one.low - one.half) * mask, -_SLACK, np.inf, one)


def _state_interval(
    system: System, mask: Floats, part: Floats, one: Statement, bodies: Mapping[tuple[str, str], int]
) -> None:
    leaves, truth = system.leaves, system.leaves["count"]
    keys = {*zip(leaves["semester"][mask > 0], leaves["rater_group"][mask > 0], strict=True)}
    body = bodies.get(next(iter(keys)), 0) if len(keys) == 1 else 0
    shown = (one.low, one.high, one.half, body, system.confidence)
    whole = mask @ truth
    if whole > _MOST or not _have(np.array([[part @ truth, whole]]), *shown).any():
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
    mine = system.column("semester", row["semester"]) & system.column("rater_group", row["rater_group"])
    mine = mine & system.column("scale", row["scale"])
    if row["scope"] != WHOLE:
        mine = mine & system.inside(row["scope"])
    target = floats(mine)
    width = campaign.setting("hidden_width")
    low, high, told = _tell(system, target, width, system.limits)
    because = _needed(system, target, width) if told else []
    return {**row, "low": low, "high": high, "told": told, "because": because}


def _tell(system: System, target: Floats, width: float, limits: Sequence[Limit]) -> tuple[float, float, bool]:
    """Return the least and the most ballots of the target and whether that gives it away."""
    near = linked(target, limits)
    if not any(limit.said for limit in near):
        return 0.0, np.inf, False
    low, high = bounds(target, near)
    told = high - low < width
    ends = [
        bounds(target * system.column("level", level), near)
        for level in dict.fromkeys(system.leaves["level"][target > 0])
    ]
    told |= any(one == most > 0 for one, most in ends) or sum(most >= 1 for _, most in ends) < 2
    return low, high, bool(told)


def _needed(system: System, target: Floats, width: float) -> list[Statement]:
    """Return statements without any one of which the target could not be told, the first ones rather."""
    always = [limit for limit in system.limits if limit.said is None]
    said = dict.fromkeys(limit.said for limit in system.limits if limit.said is not None)
    for one in reversed(list(said)):
        without = [limit for limit in system.limits if limit.said in said and limit.said != one]
        if _tell(system, target, width, [*always, *without])[2]:
            del said[one]
    return list(said)
