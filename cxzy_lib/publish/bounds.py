"""What is known of counts that nobody shows, and between which limits it leaves them: integer programming."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cxzy_lib.publish.reading import Statement

Floats = npt.NDArray[np.float64]


def floats(values: Any) -> Floats:
    """Return flags or counts as numbers to calculate with."""
    return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Limit:
    """Something that is known of the leaves: ``low <= row @ counts <= high``, and who said it."""

    row: Floats
    low: float
    high: float
    said: Statement | None


@dataclass
class System:
    """What is known of the leaves of one item; they are the columns of the table of that name, as arrays."""

    leaves: Mapping[str, npt.NDArray[Any]]
    confidence: float
    limits: list[Limit] = field(default_factory=list)
    masks: dict[Hashable, Any] = field(default_factory=dict)  # of leaves, worked out before
    seen: set[Hashable] = field(default_factory=set)

    def add(self, row: Floats, low: float, high: float, said: Statement | None) -> None:
        """Note one more thing that is known, unless it is."""
        thing = (row.tobytes(), low, high)
        if thing not in self.seen:
            self.seen.add(thing)
            self.limits.append(Limit(row, low, high, said))

    def where(self, name: Hashable, holds: Callable[[], Any]) -> Any:
        """Return the flags of the leaves for which it `holds`, worked out once for each `name`."""
        if name not in self.masks:
            self.masks[name] = np.asarray(holds(), dtype=bool)
        return self.masks[name]

    def column(self, name: str, value: str) -> Any:
        """Return the flags of the leaves with this value."""
        return self.where((name, value), lambda: self.leaves[name] == value)

    def inside(self, scope: str) -> Any:
        """Return the flags of the leaves that the edition of a unit holds."""
        return self.where(("scopes", scope), lambda: [scope in inside for inside in self.leaves["scopes"]])

    def levels(self, levels: frozenset[str]) -> Any:
        """Return the flags of the leaves with one of these levels."""
        return self.where(levels, lambda: [level in levels for level in self.leaves["level"]])


def linked(target: Floats, limits: Sequence[Limit]) -> list[Limit]:
    """Return which of the limits have to do with the target, through whatever number of others."""
    parts = np.array([limit.row for limit in limits]) != 0
    reach, before = target > 0, None
    while limits and before != (before := int(reach.sum())):
        near = (parts & reach).any(axis=1)
        reach = reach | parts[near].any(axis=0)
    return [limit for limit, hit in zip(limits, near, strict=True) if hit] if limits else []


def bounds(target: Floats, limits: Sequence[Limit]) -> tuple[float, float]:
    """Return the least and the most that the leaves of the target can have together, by the limits given."""
    from scipy.optimize import LinearConstraint, milp

    # Leaves that no row tells apart are one unknown.
    matrix = np.unique(np.vstack([target, *(limit.row for limit in limits)]), axis=1)
    low, high = [limit.low for limit in limits], [limit.high for limit in limits]
    target, known = matrix[0], LinearConstraint(matrix[1:], low, high)
    ends = []
    for sign in (1, -1):
        solved = milp(sign * target, integrality=np.ones(len(target), dtype=np.int64), constraints=known)
        if solved.status == 0 and solved.fun is not None:
            ends.append(sign * solved.fun)
        else:
            ends.append(0.0 if sign > 0 else np.inf)
    return round(ends[0], 6), round(ends[1], 6)
