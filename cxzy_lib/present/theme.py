"""How charts look: font, colours, sizes, and the few parts that charts share.

Sizes are those of paper: a figure is as wide as the text of an A4 page, so a point is a point.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal
from unicodedata import east_asian_width

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from cxzy_lib.present import settled
from cxzy_lib.texts import text

Floats = npt.NDArray[np.float64]
FAMILY = ["Noto Sans SC", "DejaVu Sans"]
WIDTH, SIZE = 6.7, 10.5
INK, MUTED, RULE = "#222222", "#595959", "#d0d0d0"
DASHED = (0, (4, 3))
#: Dark, pale, neutral, pale, dark: neighbours differ in lightness, hence also in grey.
BLUE, PALE_BLUE, NEUTRAL = "#1b4f8a", "#8db8dd", "#e6e6e6"
PALE_ORANGE, ORANGE = "#f3b27a", "#b8510d"
#: Colour and mark of each rater group in every chart; the mark tells them apart in grey.
GROUPS = {
    "member": (BLUE, "o"),
    "nonmember": (ORANGE, "s"),
    "student": ("#00735c", "^"),
    "parent": ("#7b3f8c", "D"),
    "community": ("#6b5b00", "v"),
    "all": (INK, "P"),
    "self": (MUTED, "<"),
    "organisation": (MUTED, ">"),
}


@cache
def _add_font() -> None:
    # A bare machine has no Chinese glyphs: the font comes with the environment.
    from pylopdf_fonts_zh_cn import sans_path

    mpl.font_manager.fontManager.addfont(sans_path())


@contextmanager
def theme() -> Iterator[None]:
    """Set font and style for what is drawn inside; is a decorator, too. Nothing outlasts it.

    Examples
    --------
    >>> with theme():
    ...     print(mpl.rcParams["font.family"][0], mpl.rcParams["font.size"])
    Noto Sans SC 10.5
    """
    import seaborn

    _add_font()
    sizes = "font.size axes.titlesize axes.labelsize xtick.labelsize ytick.labelsize"
    ours = dict.fromkeys([*sizes.split(), "legend.fontsize"], SIZE) | {
        "font.family": FAMILY,
        "axes.unicode_minus": False,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "axes.titlelocation": "left",
        "text.color": INK,
        "text.parse_math": False,  # a "$" in a unit's name starts no formula
        "text.hinting": "no_hinting",  # so that sizes are measured as the page draws them
        "svg.fonttype": "none",  # text stays text: the page embeds the same font
        "svg.hashsalt": "cxzy",
    }
    with mpl.rc_context():
        # color_codes would redefine "b", "g", … for the whole process.
        seaborn.set_theme(style="ticks", color_codes=False, rc=ours)
        yield


def floats(values: pd.Series) -> Floats:
    """Return `values` as floats, missing ones as NaN."""
    return values.to_numpy("float64", na_value=np.nan)


def flags(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Return `values` as truth values, missing ones as false."""
    return values.astype("boolean").fillna(False).to_numpy(bool)


def bases(frame: pd.DataFrame, column: str, lang: str) -> list[str]:
    """Return counts as texts: a missing one is a dash, one in a `hidden` row says so."""
    hidden = flags(frame["hidden"]) if "hidden" in frame else np.zeros(len(frame), bool)
    shown = ["—" if np.isnan(n) else f"{n:,.0f}" for n in floats(frame[column])]
    words = text("present.not_shown", lang)
    return [words if hide else count for count, hide in zip(shown, hidden, strict=True)]


def single(frame: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse several rows for the same `keys` with a ValueError: one would hide the other."""
    twice = frame.loc[frame.duplicated(list(keys)), list(keys)]
    if len(twice):
        raise ValueError(f"more than one row for {twice.iloc[0].to_dict()}")


def floor_of(values: Floats) -> float:
    """Return where an axis of shares may start: a tenth at least 0.05 below all `values`, or 0.

    Examples
    --------
    >>> floor_of(np.array([0.83, 0.97])), floor_of(np.array([0.31, np.nan]))
    (0.7, 0.0)
    """
    known = values[~np.isnan(values)]
    floor = math.floor((known.min() - 0.05) * 10) / 10 if known.size else 0.0
    return floor if floor >= 0.3 else 0.0


def widest_gap(ax: Axes, values: Floats) -> float:
    """Return the middle of the widest gap that `values` leave on the y axis, as a fraction of the axis."""
    low, high = ax.get_ylim()
    places = np.sort(np.concatenate([[0, 1], (values[~np.isnan(values)] - low) / (high - low)]))
    widest = np.diff(places).argmax()
    return float(places[widest : widest + 2].mean())


def share_axis(ax: Axes, which: Literal["x", "y"], values: Floats, title: str, lang: str) -> str:
    """Let an axis end at 100 % and start at :func:`floor_of`; return its title, which says so."""
    axis, floor = (ax.xaxis if which == "x" else ax.yaxis), floor_of(values)
    step = (0.2 if floor else 0.5) if which == "y" and is_low(ax) else (0.1 if floor else 0.2)
    ticks = np.arange(1, floor - 0.001, -step)[::-1]
    axis.set_ticks(list(ticks), [f"{tick:.0%}" for tick in ticks])
    (ax.set_xlim if which == "x" else ax.set_ylim)(floor, 1.02)
    ax.grid(axis=which, color=RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis=which, length=0)
    return text("present.axis_floor", lang, axis=title, floor=f"{floor:.0%}") if floor else title


def _wide(name: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in name)


def shorten(name: str, width: int = 32) -> str:
    """Return `name` cut in the middle to `width` half-widths: the ends tell units apart.

    Examples
    --------
    >>> shorten("成人教育与社区教育中心第一支部", 16)
    '成人教育…第一支部'
    """
    if _wide(name) <= width:
        return name
    head = next(i for i in range(len(name), 0, -1) if _wide(name[:i]) <= width // 2)
    tail = next(i for i in range(len(name)) if _wide(name[i:]) <= width // 2)
    return f"{name[:head]}…{name[tail:]}"


def two_lines(name: str, width: int = 32) -> str:
    r"""Return `name` on two lines if it is wider than `width`, and cut if they are not enough.

    Examples
    --------
    >>> two_lines("Adult and Community Education Branch")
    'Adult and Community Education\nBranch'
    """
    if _wide(name) <= width:
        return name
    at = next(i for i in range(len(name), 0, -1) if _wide(name[:i]) <= width)
    at = name.rfind(" ", width // 2, at + 1) if " " in name[width // 2 : at + 1] else at
    return f"{name[:at]}\n{shorten(name[at:].strip(), width)}"


def axes(height: float, ax: Axes | None = None) -> Axes:
    """Return new axes on a figure of `height` (inches), or `ax` emptied."""
    if ax is None:
        return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]
    ax.clear()  # its labels were made outside the theme
    return ax


def rows_axes(names: Sequence[str], ax: Axes | None = None, extra: float = 0.9) -> Axes:
    """Return axes with a row for each of `names`, the first on top; 40 rows fit on a page.

    `extra` is the height of the rest, in inches. Given `ax`, its size is left alone.
    """
    row = 0.2 if len(names) > 12 else 0.42 if any(_wide(name) > 32 for name in names) else 0.3
    label_rows(ax := axes(max(extra + row * len(names), 1.6), ax), names)
    return ax


def label_rows(ax: Axes, names: Sequence[str]) -> None:
    """Label the rows of `ax`; needed again after a seaborn function, which sets its own."""
    labels = [shorten(name, 44) if len(names) > 12 else two_lines(name) for name in names]
    ax.set_yticks(range(len(names)), labels, linespacing=1.35, va="center")
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)
    ax.set_ylabel("")
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "top", "right"]].set_visible(False)


def no_data(ax: Axes | None, lang: str) -> Axes:
    """Return axes that say that there is no data."""
    ax = rows_axes([], ax)
    ax.set_xticks([])
    ax.set_axis_off()
    put(ax, text("common.no_data", lang), (0, 0.5), (0, 0), "axes fraction")
    return settle(ax)


def put(
    ax: Axes, words: str, at: tuple[float, float], by: tuple[float, float], where: Any = "data", **style: Any
) -> Annotation:
    """Write `words` at `at` (in the coordinates `where`), moved `by` points; clipped by nothing."""
    everywhere: dict[str, Any] = {"va": "center", "textcoords": "offset points"}
    return ax.annotate(words, at, by, xycoords=where, annotation_clip=False, **everywhere | style)


def right_columns(ax: Axes, *columns: tuple[str, Sequence[str]]) -> None:
    """Write columns (a heading, and a text for each row) beside the rows, right-aligned."""
    offset = 8.0  # points
    for head, words in columns:
        notes = [put(ax, v, (1, row), (offset, 0), ("axes fraction", "data")) for row, v in enumerate(words)]
        notes.append(put(ax, head, (1, 1), (offset, 3), "axes fraction", va="bottom", color=MUTED))
        end = offset + max(width_of(note) for note in notes)
        for note in notes:
            note.set_horizontalalignment("right")
            note.xyann = (end, note.xyann[1])
        offset = end + 12


def width_of(note: Text) -> float:
    """Return how wide a text is drawn, in points."""
    return float(note.get_window_extent().width) * 72 / figure_of(note).dpi


def is_low(ax: Axes) -> bool:
    """Return whether there is little height: for fewer ticks, and words on one line."""
    return figure_of(ax).get_figheight() < 2.5


def figure_of(artist: Artist) -> Figure:
    """Return the whole figure that an artist belongs to."""
    figure = artist.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def settle(ax: Axes) -> Axes:
    """Lay the figure out, so that sizes can be measured and drawing it later needs no theme."""
    if (engine := figure_of(ax).get_layout_engine()) is not None:
        engine.execute(figure_of(ax))
        settled.mark(figure_of(ax))  # `blocks.figure` lays it out anew only if something changes
    return ax


def legend(ax: Axes, marks: list[Artist]) -> None:
    """Name the `marks` above the chart, in one row or, if their names are long, in several."""
    style: dict[str, Any] = {"frameon": False, "handlelength": 1.1, "columnspacing": 1.2}
    figure = figure_of(ax)
    names = [(_wide(str(mark.get_label())) + 7) * SIZE / 144 for mark in marks]  # half an em each, in inches
    width = figure.get_figwidth()
    across = len(names) if sum(names) <= width else max(1, int(width // max(names)))
    figure.legend(handles=marks, ncols=across, loc="outside upper left", **style)


def stacked(ax: Axes, table: Floats, left: Floats, colours: Sequence[str]) -> list[Floats]:
    """Draw the columns of `table` as bars end to end from `left`; return the bars' left ends."""
    ends = left[:, None] + np.cumsum(table, axis=1)
    starts = list((ends - table).T)
    for width, start, colour in zip(table.T, starts, colours, strict=True):
        ax.barh(range(len(table)), width, left=start, height=0.74, color=colour, linewidth=0)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    return starts


def inside(
    ax: Axes, starts: list[Floats], table: Floats, words: list[list[str]], colours: Sequence[str]
) -> list[tuple[int, int]]:
    """Write `words` (by row and column) into the bars; return (row, column) of those too wide."""
    settle(ax)
    (x0, _), (x1, _) = ax.transData.transform([(0, 0), (1, 0)])
    unit, tight = (x1 - x0) * 72 / figure_of(ax).dpi, []
    for row, column in np.argwhere(table > 0).tolist():
        width, ink = table[row, column], "white" if colours[column] in (BLUE, ORANGE) else INK
        at = (starts[column][row] + width / 2, row)
        note = ax.text(*at, words[row][column], ha="center", va="center", color=ink)
        if width_of(note) + 3 > width * unit:
            note.remove()
            tight.append((row, column))
    settled.mark(figure_of(ax))  # what lies inside the bars moves nothing
    return tight
