"""Complementary cell suppression: the cheapest rows to hide with the unsafe ones.

As M. Fischetti and J. J. Salazar, Models and algorithms for optimizing cell suppression in tabular data with
linear constraints, Journal of the American Statistical Association 95 (2000): solve for the cheapest set, add
a cut for every bound that still gives a row away, until none does.
"""

from dataclasses import dataclass

import numpy as np

from cxzy_lib.measure.basis import Flags, Floats

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Views:
    """The rows that editions could show of one question, and the ballots that they add up from.

    `parts` is views by leaves (1 where a leaf belongs to the view), `counts` leaves by levels.
    """

    parts: Floats
    counts: Floats
    unsafe: Flags
    cost: Floats


def complementary(views: Views, width: float) -> Flags:
    """Return which views must be hidden so that none of the unsafe ones can be told from those shown.

    Parameters
    ----------
    views : Views
    width : float
        The number of ballots of a hidden view must stay unknown by at least so many.

    Returns
    -------
    array of bool
        The unsafe views and the cheapest others with them.
    """
    # Two views with the same ballots are one: to show either is to show both.
    _, first, same = np.unique(views.parts, axis=0, return_index=True, return_inverse=True)
    cost = np.bincount(same, views.cost).astype(np.float64)
    unsafe = np.bincount(same, views.unsafe) > 0
    parts = views.parts[first]
    cuts: list[Flags] = []
    while True:
        hidden = _cheapest(cost, unsafe, cuts)
        found = [
            used
            for target in np.flatnonzero(unsafe)
            if (used := _given_away(parts, ~hidden, views.counts, parts[target], width)) is not None
        ]
        if not found:
            return np.asarray(hidden[same], dtype=bool)
        cuts += found


def _cheapest(cost: Floats, unsafe: Flags, cuts: list[Flags]) -> Flags:
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not cuts:
        return unsafe.copy()
    solved = milp(
        cost,
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=Bounds(unsafe.astype(float), 1),
        constraints=LinearConstraint(np.array(cuts, float), lb=1),
    )
    return np.asarray(np.asarray(solved.x) > 0.5, dtype=bool)


def _given_away(parts: Floats, shown: Flags, counts: Floats, target: Floats, width: float) -> Flags | None:
    """Return the shown views from which `target` can be told; None where it can't.

    It can where its number of ballots is known to less than `width`, where all but one level are known to be
    empty, or where a level is known to hold exactly so many.
    """
    low, high, used = level_bounds(parts[shown], counts, target)
    exactly = (high - low < _TOLERANCE) & (low > _TOLERANCE)
    one_level = (high > 1 - _TOLERANCE).sum() < 2
    if high.sum() - low.sum() >= width and not one_level and not exactly.any():
        return None
    named = np.zeros(len(shown), bool)
    named[np.flatnonzero(shown)[used]] = True
    return named


def level_bounds(parts: Floats, counts: Floats, target: Floats) -> tuple[Floats, Floats, Flags]:
    """Return the least and the most ballots of each level that `target` can have, given sums that are known.

    Parameters
    ----------
    parts : array
        Sums by leaves: which leaves each known sum adds up.
    counts : array
        Leaves by levels: the truth, of which only the sums are used.
    target : array
        Which leaves the unknown sum adds up.

    Returns
    -------
    low, high, used : array
        By level, ``inf`` where nothing bounds it; and which of the known sums bound them.

    Examples
    --------
    >>> counts = np.array([[2.0, 1.0], [20.0, 4.0]])
    >>> low, high, used = level_bounds(np.array([[1.0, 1.0]]), counts, np.array([1.0, 0.0]))
    >>> low.tolist(), high.tolist(), used.tolist()
    ([0.0, 0.0], [22.0, 5.0], [True])
    """
    from scipy.optimize import linprog

    levels = counts.shape[1]
    low, high = np.zeros(levels), np.full(levels, np.inf)
    used = np.zeros(len(parts), bool)
    if not len(parts):
        return low, high, used
    for at, known in enumerate((parts @ counts).T):
        for ends, sign in ((low, 1), (high, -1)):
            solved = linprog(sign * target, A_eq=parts, b_eq=known)
            if solved.status == 0 and solved.fun is not None:  # else unbounded
                ends[at] = sign * solved.fun
                used |= np.abs(solved.eqlin.marginals) > _TOLERANCE
    return low, high, used
