"""What is known of counts that nobody shows, and between which limits it leaves them: integer programming."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cxzy_lib.publish.reading import Statement

Floats = npt.NDArray[np.float64]


def floats(values: Any) -> Floats:
    """Return flags or counts as numbers to calculate with."""
    return np.asarray(values, dtype=np.float64)


@dataclass
class System:
    """What is known of the leaves of one item: ``low <= rows @ counts <= high``, and who said it.

    `leaves` are the columns of the table of that name, as arrays.
    """

    leaves: Mapping[str, npt.NDArray[Any]]
    confidence: float
    rows: list[Floats] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    said: list[Statement | None] = field(default_factory=list)
    masks: dict[Hashable, Any] = field(default_factory=dict)  # of leaves, worked out before

    def add(self, row: Floats, low: float, high: float, said: Statement | None) -> None:
        """Note one more thing that is known."""
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)
        self.said.append(said)

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


def linked(system: System, target: Floats, used: list[int]) -> list[int]:
    """Return which of the rows `used` have to do with the target, through whatever number of others."""
    reach, left, chosen = target > 0, set(used), []
    while near := [at for at in left if (reach & (system.rows[at] != 0)).any()]:
        for at in near:
            reach = reach | (system.rows[at] != 0)
        chosen += near
        left -= set(near)
    return sorted(chosen)


def bounds(system: System, target: Floats, rows: list[int]) -> tuple[float, float]:
    """Return the least and the most that the leaves of the target can have together, by the rows given."""
    from scipy.optimize import LinearConstraint, milp

    # Leaves that no row tells apart are one unknown; what several pages say alike is said once.
    matrix = np.vstack([target, *(system.rows[at] for at in rows)])
    matrix = np.unique(matrix, axis=1)
    ends_of = [[system.low[at] for at in rows], [system.high[at] for at in rows]]
    known = np.unique(np.column_stack([matrix[1:], *ends_of]), axis=0)
    target, limits = matrix[0], LinearConstraint(known[:, :-2], known[:, -2], known[:, -1])
    ends = []
    for sign in (1, -1):
        solved = milp(sign * target, integrality=np.ones(len(target), dtype=np.int64), constraints=limits)
        ends.append(
            sign * solved.fun
            if solved.status == 0 and solved.fun is not None
            else (0.0 if sign > 0 else np.inf)
        )
    return round(ends[0], 6), round(ends[1], 6)
