"""Charts of units side by side: what lies beyond chance, and how sure each figure is. No league table."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from cxzy_lib.measure.fair import funnel_curve
from cxzy_lib.present import theme as look
from cxzy_lib.present.blocks import tell
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import listed, text

#: Colour, mark and fill of each position: the marks tell them apart in grey.
_MARKS = {
    "above": (look.BLUE, "^", look.BLUE, 9),
    "below": (look.ORANGE, "v", look.ORANGE, 9),
    "within": (look.MUTED, "o", "#a8a8a8", 6),
    "not_comparable": (look.MUTED, "o", "white", 6),
}
_MOST = 15  # so many names fit on a page
_GREY = "#8c8c8c"


def _one_category(frame: pd.DataFrame) -> None:
    look.single(frame, ["unit"])
    categories = frame.get("category", pd.Series(dtype="str")).drop_duplicates().tolist()
    if len(categories) > 1:
        raise ValueError(f"one chart compares one category, not {len(categories)}: {categories}")


def _first(values: pd.Series) -> float:
    """Return what all compared units share (the centre, a level), NaN if none is compared."""
    known = values.dropna()
    return float(known.iloc[0]) if len(known) else np.nan


def _states(frame: pd.DataFrame) -> pd.Series:
    return frame["position"].where(look.flags(frame["comparable"]), "not_comparable")


@look.theme()
def funnel(frame: pd.DataFrame, lang: str = "zh", ax: Axes | None = None, words: str = "") -> Axes:
    """Draw each unit's rate over its base, and the funnel in which chance alone would leave it.

    Named are the units beyond chance and those that are not compared, with the reason; all, if there are
    few. Without a rate a unit has no mark and is named below.

    Parameters
    ----------
    frame : DataFrame
        As of ``fair_comparison``, of one category: unit, base, rate (share), centre, low, high, level,
        alarm, position, comparable, reason.
    words : str, optional
        What the rate is: the title of its axis.

    Raises
    ------
    ValueError
        If there are several categories, or two rows for a unit.
    """
    _one_category(frame)
    rows = frame[frame["rate"].notna()].reset_index(drop=True)
    if rows.empty:
        return look.no_data(ax, lang)
    states = _states(rows)
    named, below = _named(rows, states), [text("units.base_axis", lang)]
    below += _remarks(frame, states, named, lang)
    lines = "\n".join(below).count("\n")
    ax = look.axes(max(4.0, 1.6 + 0.47 * (len(named) + 1)) + 0.23 * lines, ax)
    lowest = look.floats(rows[["rate", "low"]].min(axis=1))
    ax.set_title(look.share_axis(ax, "y", lowest, words or text("units.rate_axis", lang), lang), pad=8)
    ax.set_xlim(0, float(rows["base"].max()) * 1.06)
    ax.locator_params(axis="x", integer=True, nbins=6)
    ax.set_xlabel("\n".join(below), loc="left")
    ax.xaxis.label.set(multialignment="left", linespacing=1.5)
    ax.spines[["top", "right", "left"]].set_visible(False)
    look.legend(ax, _units(ax, rows, states, lang) + _curves(ax, rows, lang))
    _names(ax, rows, states, named, lang)
    return look.settle(ax)


def _named(rows: pd.DataFrame, states: pd.Series) -> list[int]:
    """Return the rows that have their name beside the chart: those beyond chance first, if room is short."""
    beyond = states.isin(["above", "below"])
    away = (rows["rate"] - rows["centre"]).abs() / (rows["high"] - rows["low"]).replace(0, pd.NA)
    wanted = rows.assign(beyond=beyond, away=look.floats(away))
    wanted = wanted[states.ne("within")]  # inside the funnel nobody stands out, and nobody is named
    return wanted.sort_values(["beyond", "away"], ascending=False, kind="stable").index[:_MOST].tolist()


def _remarks(frame: pd.DataFrame, states: pd.Series, named: list[int], lang: str) -> list[str]:
    """Return what the chart does not show, a line each."""
    said: list[str] = []
    inside = look.flags(frame["position"].eq("within"))
    beyond = look.flags((frame["rate"] < frame["low"]) | (frame["rate"] > frame["high"])) & inside
    if count := int(beyond.sum()):
        level, units = _first(frame["level"]), int(_first(frame["units"]))
        values = {"level": _level(frame["level"]), "expected": (1 - level) * units}
        said.append(text("units.by_chance", lang, count=count, units=units, **values))
    if more := int(states.ne("within").sum()) - len(named):
        said.append(text("units.more", lang, count=more))
    empty = list(frame.loc[frame["rate"].isna(), "unit"])
    if empty:
        names = listed((look.shorten(name) for name in empty[:2]), lang)
        key = "units.unnamed" if len(empty) <= 2 else "units.unnamed_more"
        said.append(text(key, lang, names=names, count=len(empty)))
    return said


def _level(levels: pd.Series) -> str:
    return f"{100 * _first(levels):.4g}%"


def _units(ax: Axes, rows: pd.DataFrame, states: pd.Series, lang: str) -> list[Artist]:
    drawn: list[Artist] = []
    for state, (edge, mark, face, size) in _MARKS.items():
        some = rows[states.eq(state)]
        if len(some):
            style: dict[str, Any] = {"markersize": size, "markeredgecolor": edge, "markerfacecolor": face}
            style |= {"label": text(f"units.{state}", lang), "zorder": 4, "clip_on": False}
            (marks,) = ax.plot(look.floats(some["base"]), look.floats(some["rate"]), mark, **style)
            each = zip(some["unit"], some["rate"], some["base"], strict=True)
            tell(marks, [f"{unit} {percent(rate, lang)} n = {base}" for unit, rate, base in each])
            drawn.append(marks)
    return drawn


def _curves(ax: Axes, rows: pd.DataFrame, lang: str) -> list[Artist]:
    """Draw the centre and the limits; return what the legend names."""
    centre = _first(rows["centre"])
    if np.isnan(centre):
        return []
    ax.axhline(centre, color=look.INK, linewidth=1, zorder=2)
    drawn: list[Artist] = []
    grid = np.unique(np.linspace(1, float(ax.get_xlim()[1]), 300).round())
    for name, style in (("level", "-"), ("alarm", look.DASHED)):
        label = text("units.limits", lang, level=_level(rows[name]))
        for limit in funnel_curve(centre, grid, _first(rows[name])):
            (line,) = ax.plot(grid, limit, color=_GREY, linewidth=1, linestyle=style, label=label, zorder=2)
        drawn.append(line)
    return drawn


def _names(ax: Axes, rows: pd.DataFrame, states: pd.Series, named: list[int], lang: str) -> None:
    """Write the names beside the chart, joined to their marks, pushed apart in the order of the rates."""
    notes: list[Annotation] = []
    centre = _first(rows["centre"])
    if not np.isnan(centre):
        said = text("units.centre", lang, value=percent(centre, lang))
        notes.append(_note(ax, said, (float(ax.get_xlim()[1]), centre), look.INK, gap=0))
    for at in named:
        rate, base = float(rows["rate"][at]), int(rows["base"][at])
        values = {"name": look.shorten(rows["unit"][at]), "value": percent(rate, lang), "base": base}
        key, colour = "units.named", look.INK
        if states[at] == "not_comparable":
            key, colour = "units.named_reason", look.MUTED
            values["reason"] = text(f"units.{rows['reason'][at]}", lang)
        notes.append(_note(ax, text(key, lang, **values), (base, rate), colour))
    look.settle(ax)
    _push_apart(ax, sorted(notes, key=lambda note: float(note.xy[1])))


def _note(ax: Axes, words: str, at: tuple[float, float], colour: str, gap: float = 4) -> Annotation:
    joined: dict[str, Any] = {"arrowstyle": "-", "color": _GREY, "linewidth": 0.6, "relpos": (0, 0.5)}
    joined |= {"shrinkA": 2, "shrinkB": gap}
    where: Any = ("axes fraction", "data")
    note = ax.annotate(words, at, (1.04, at[1]), textcoords=where, annotation_clip=False, arrowprops=joined)
    note.set(va="center", color=colour, linespacing=1.25, zorder=5)
    return note


def _push_apart(ax: Axes, notes: list[Annotation]) -> None:
    """Move the notes (lowest first) no further than it takes for none to touch another."""
    to_data = ax.transData.inverted()
    half = [float(Text.get_window_extent(note).height) / 2 for note in notes]
    at = [float(ax.transData.transform((0, float(note.xy[1])))[1]) for note in notes]
    for row in range(1, len(at)):
        at[row] = max(at[row], at[row - 1] + half[row - 1] + half[row] + 1)
    above = float(ax.transData.transform((0, ax.get_ylim()[1]))[1]) + half[-1] if half else 0.0
    for row in reversed(range(len(at))):
        at[row] = min(at[row], above - half[row] - 1)
        above = at[row] - half[row]
    for note, y in zip(notes, at, strict=True):
        note.xyann = (1.04, float(to_data.transform((0, y))[1]))


@look.theme()
def unit_intervals(frame: pd.DataFrame, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw each unit's estimate with its interval, and its rate as counted, against the centre.

    Parameters
    ----------
    frame : DataFrame
        As of ``fair_comparison``, of one category, a row each in its order: unit, base, rate, centre,
        level, shrunken, shrunken_low, shrunken_high (shares), rank_low, rank_high, tier, units,
        comparable, reason. A unit that is not compared has its rate only, and the reason.

    Raises
    ------
    ValueError
        If there are several categories, or two rows for a unit.
    """
    if frame.empty:
        return look.no_data(ax, lang)
    _one_category(frame)
    ax = look.rows_axes(list(frame["unit"]), ax, extra=1.15)
    names = ("rate", "shrunken", "shrunken_low", "shrunken_high")
    rate, middle, low, high = (look.floats(frame[name]) for name in names)
    at, title = np.arange(len(frame)), text("units.rate_axis", lang)
    ax.set_xlabel(look.share_axis(ax, "x", np.fmin(rate, low), title, lang))
    if len(ticks := ax.get_xticks()[::-1]) > 6:  # the columns beside leave little room
        ax.set_xticks(ticks[::2], [f"{tick:.0%}" for tick in ticks[::2]])
    ax.hlines(at, low, high, color=look.PALE_BLUE, linewidth=4, zorder=2)
    style: dict[str, Any] = {"linestyle": "", "zorder": 4, "clip_on": False}
    ax.plot(middle, at, marker="o", color=look.BLUE, markersize=6, **style)
    style |= {"markeredgecolor": look.INK, "markerfacecolor": "white", "markersize": 4.5}
    (counted,) = ax.plot(rate, at, marker="d", label=text("units.rate_mark", lang), **style)
    centre, marks = _first(frame["centre"]), [counted]
    if not np.isnan(centre):
        ax.axvline(centre, color=look.INK, linewidth=1, zorder=1)
        words = text("units.centre", lang, value=percent(centre, lang))
        side = "right" if centre > np.mean(ax.get_xlim()) else "left"
        look.put(ax, words, (centre, 1), (0, 3), ("data", "axes fraction"), ha=side, va="bottom")
        label = text("units.estimate_mark", lang, level=_level(frame["level"]))
        estimate = Line2D([], [], color=look.PALE_BLUE, linewidth=4, marker="o", label=label)
        estimate.set(markerfacecolor=look.BLUE, markeredgecolor=look.BLUE, markersize=6)
        marks = [estimate, counted]
    _columns(ax, frame, lang)
    look.legend(ax, list[Artist](marks))
    return look.settle(ax)


def _columns(ax: Axes, frame: pd.DataFrame, lang: str) -> None:
    place = "place_head" if frame["rank"].notna().any() else "tier_head"
    look.right_columns(
        ax,
        (text("units.rate_head", lang), [percent(rate, lang) for rate in frame["rate"]]),
        (text(f"units.{place}", lang), [_place(row, lang) for row in frame.to_dict("records")]),
        (text("units.base_head", lang), look.bases(frame, "base", lang)),
    )


def _place(row: dict[Any, Any], lang: str) -> str:
    if not row["comparable"]:
        return text(f"units.{row['reason']}", lang)
    if pd.isna(row["rank"]):
        return text(f"units.{row['tier']}", lang)
    ends = {"low": int(row["rank_low"]), "high": int(row["rank_high"]), "units": int(row["units"])}
    return text("units.place" if ends["low"] < ends["high"] else "units.place_sure", lang, **ends)
