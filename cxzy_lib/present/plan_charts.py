"""Charts about the plan: the matrix of states, shares against their targets, time to close, scores."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from cxzy_lib.measure.rectification import TimeToClose
from cxzy_lib.present import theme as look
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import text

#: Fill and ink of each state: dark ones differ by their mark, not by colour alone.
STATES = {
    "met": (look.BLUE, "white"),
    "on_course": (look.PALE_BLUE, look.INK),
    "not_met": (look.ORANGE, "white"),
    "behind": (look.PALE_ORANGE, look.INK),
    "undecided": (look.NEUTRAL, look.INK),
    "judgement": (look.NEUTRAL, look.INK),
    "no_evidence": ("white", look.INK),
    "not_due": ("white", look.MUTED),
    "of_whole": ("white", look.MUTED),
    "missing": ("white", look.MUTED),
}
_GAP = 0.08
_QUARTERS = [0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"]


@look.theme()
def status_matrix(cells: pd.DataFrame, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw a cell for each row and column: filled by its state, with the state's mark and words.

    Parameters
    ----------
    cells : DataFrame
        ``row``, ``column``, ``status`` (a key of `STATES`), ``words`` (what stands in the cell after the
        mark). Rows and columns keep their order of first appearance; without a status a cell stays blank.
    """
    if cells.empty:
        return look.no_data(ax, lang)
    look.single(cells, ["row", "column"])
    known = cells[cells["status"].notna()]  # what is not told by a period has no cell
    rows, columns = (list(dict.fromkeys(cells[name])) for name in ("row", "column"))
    ax = look.rows_axes(rows, ax, extra=0.95)
    for cell in known.to_dict("records"):
        at = (columns.index(cell["column"]), rows.index(cell["row"]))
        face, ink = STATES[cell["status"]]
        corner, size = (at[0] - 0.5 + _GAP / 2, at[1] - 0.42), (1 - _GAP, 0.84)
        ax.add_patch(Rectangle(corner, *size, facecolor=face, edgecolor=look.MUTED, linewidth=0.6))
        mark = text(f"present.mark_{cell['status']}", lang)
        ax.text(*at, f"{mark} {cell['words']}".strip(), ha="center", va="center", color=ink)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.xaxis.set_ticks_position("top")
    ax.set_xticks(range(len(columns)), [look.two_lines(name, 14) for name in columns])
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    there = [state for state in STATES if cells["status"].eq(state).any()]
    look.legend(ax, [_mark(state, lang) for state in there])
    return look.settle(ax)


def _mark(state: str, lang: str) -> Patch:
    words = f"{text(f'present.mark_{state}', lang)} {text(f'present.state_{state}', lang)}"
    return Patch(facecolor=STATES[state][0], edgecolor=look.MUTED, linewidth=0.6, label=words)


@look.theme()
def target_bars(shares: pd.DataFrame, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw each share as a bar towards its target, which is a mark across the bar.

    Parameters
    ----------
    shares : DataFrame
        ``label``, ``value`` and ``target`` (0-1; NA without one), ``base``, ``status``. A missing value is
        written as such and has no bar.
    """
    if shares.empty:
        return look.no_data(ax, lang)
    look.single(shares, ["label"])
    ax = look.rows_axes(list(shares["label"]), ax)
    values, targets = look.floats(shares["value"]), look.floats(shares["target"])
    at = np.arange(len(values))
    colours = [look.ORANGE if state in ("not_met", "behind") else look.BLUE for state in shares["status"]]
    ax.barh(at, 1, height=0.56, color="#f2f2f2", linewidth=0)
    ax.barh(at, np.nan_to_num(values), height=0.56, color=colours, linewidth=0)
    ax.vlines(targets, at - 0.4, at + 0.4, color=look.INK, linewidth=2)
    ax.set_xlim(0, 1.005)
    ax.set_xticks(*_QUARTERS)
    ax.set_xlabel(text("plan.target_axis", lang))
    marks = [text(f"present.mark_{state}", lang) for state in shares["status"]]
    shown = [f"{mark} {percent(value, lang)}" for mark, value in zip(marks, values, strict=True)]
    bases = look.bases(shares, "base", lang)
    look.right_columns(ax, ("", shown), (text("pages.col_base", lang), bases))
    return look.settle(ax)


@look.theme()
def survival_curve(found: TimeToClose, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw the share of problems still open by the days since they were raised, and the median.

    Parameters
    ----------
    found : TimeToClose
        As of ``time_to_close``. Without any problem the chart says so.
    """
    curve = found.curve
    if not int(curve["at_risk"].max()):
        return look.no_data(ax, lang)
    ax = look.axes(3.0, ax)
    days, left = look.floats(curve["days"]), look.floats(curve["open_share"])
    ax.step([*days, days[-1] * 1.05 + 10], [*left, left[-1]], where="post", color=look.BLUE, linewidth=2)
    ax.set_ylim(0, 1.03)
    ax.set_yticks(*_QUARTERS)
    ax.set_xlim(left=0)
    ax.set_xlabel(text("plan.survival_axis", lang))
    ax.set_ylabel(text("plan.survival_y", lang))
    ax.grid(axis="y", color=look.RULE, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    words = text("plan.survival_no_median", lang)
    if found.median is not None:
        words = text("plan.survival_median", lang, days=f"{found.median:.0f}")
        down = [0, found.median, found.median]
        ax.plot(down, [0.5, 0.5, 0], color=look.INK, linewidth=1, linestyle=look.DASHED)
    count = text("plan.at_risk", lang, count=int(curve["at_risk"].max()))
    look.put(ax, words + count, (1, 1), (0, 4), "axes fraction", ha="right", va="bottom")
    return look.settle(ax)


@look.theme()
def score_dots(scores: pd.DataFrame, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw the median score of each heading with its quartiles, nobody's own score.

    Parameters
    ----------
    scores : DataFrame
        ``name``, ``median``, ``low``, ``high`` (quartiles, points), ``base`` (people).
    """
    if scores.empty:
        return look.no_data(ax, lang)
    look.single(scores, ["name"])
    ax = look.rows_axes(list(scores["name"]), ax)
    at = np.arange(len(scores))
    low, middle, high = (look.floats(scores[name]) for name in ("low", "median", "high"))
    ax.hlines(at, low, high, color=look.PALE_BLUE, linewidth=6)
    ax.plot(middle, at, "o", color=look.BLUE, markersize=7, zorder=3)
    ax.set_xlabel(text("plan.points_axis", lang))
    ax.grid(axis="x", color=look.RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    shown = ["—" if np.isnan(n) else f"{n:.1f}" for n in middle]
    bases = look.bases(scores, "base", lang)
    look.right_columns(ax, ("", shown), (text("plan.members_head", lang), bases))
    return look.settle(ax)
