"""Charts with a row per branch or per file; nobody is named: a dot may be a person, unnamed."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.participation import attendance_base
from cxzy_lib.present import theme as look
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import text

_DAY, _EPOCH = pd.Timedelta(days=1), pd.Timestamp("1970-01-01")
_FRAME = ("title", "header", "total", "footer")
_KINDS = {"kept": look.BLUE, "frame": look.NEUTRAL, "unused": look.ORANGE}
_STATUS = {"reached": look.BLUE, "on_course": look.PALE_BLUE, "behind": "white"}
_STATES = {
    "vacation": (look.NEUTRAL, "none"),
    "held": (look.BLUE, "white"),
    "missed": ("white", look.ORANGE),
}


@look.theme()
def attendance_dots(
    attendance: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None
) -> Axes:
    """Draw the attendance rate of each branch, highest on top, against all branches together.

    Parameters
    ----------
    attendance : DataFrame
        As of ``attendance_by_unit``: unit, expected, present, excused, attendance_rate (share).
        A branch without a rate stands at the end and says so.
    campaign : Campaign
        Its setting ``excused_in_denominator`` says what the base is.
    """
    if attendance.empty:
        return look.no_data(ax, lang)
    look.single(attendance, ["unit"])
    rows = attendance.sort_values("attendance_rate", ascending=False, kind="stable")
    rate, base = look.floats(rows["attendance_rate"]), attendance_base(rows, campaign)
    ax = look.rows_axes(list(rows["unit"]), ax)
    title = text("present.attendance_axis", lang)
    ax.set_xlabel(look.share_axis(ax, "x", rate, title, lang))
    ax.plot(rate, np.arange(len(rate)), "o", color=look.BLUE, markersize=7, zorder=3)
    known = ~np.isnan(rate)
    if known.any():
        total = look.floats(rows["present"])[known].sum() / look.floats(base)[known].sum()
        words = text("present.all_branches", lang, value=percent(total, lang))
        _line(ax, total, words, "right" if total > np.mean(ax.get_xlim()) else "left")
    look.right_columns(
        ax,
        (text("present.attendance_head", lang), [percent(value, lang) for value in rate]),
        (text("present.expected_head", lang), look.bases(rows.assign(base=base), "base", lang)),
    )
    return look.settle(ax)


def _line(ax: Axes, at: float, words: str, side: str, dashed: bool = False) -> None:
    ax.axvline(at, color=look.INK, linewidth=1, linestyle=look.DASHED if dashed else "-", zorder=1)
    by = (3 if side == "left" else -3, 3)
    look.put(ax, words, (at, 1), by, ("data", "axes fraction"), ha=side, va="bottom")


@look.theme()
def fortnight_calendar(
    fortnights: pd.DataFrame,
    campaign: Campaign,
    lang: str = "zh",
    ax: Axes | None = None,
    *,
    summary: pd.DataFrame | None = None,
) -> Axes:
    """Draw each branch's fortnights along time: filled if held, crossed out if missed.

    Parameters
    ----------
    fortnights : DataFrame
        As of ``fortnights``: unit, start, end, due, state. Branches' fortnights begin on different
        days, so the cells lie at their dates and not in a grid.
    summary : DataFrame, optional
        As of ``fortnight_summary``: adds each longest gap, and a bracket over the longest of all.
    """
    if fortnights.empty:
        return look.no_data(ax, lang)
    units = list(dict.fromkeys(fortnights["unit"]))
    ax = look.rows_axes(units, ax, extra=1.1)
    for state, (face, edge) in _STATES.items():
        chosen = fortnights[fortnights["state"].eq(state)]
        row = np.array([units.index(unit) for unit in chosen["unit"]])
        start, end = _days(chosen["start"]), _days(chosen["end"]) + 1
        if state == "missed":
            ax.plot((start + end) / 2, row, "x", color=look.ORANGE, ms=4.5, mew=1.2, clip_on=False)
        if len(chosen):
            ax.add_patch(PathPatch(_cells(start, end, row), fc=face, ec=edge, lw=0.6)).set_clip_on(False)
    _months(ax, fortnights["start"].min(), fortnights["end"].max(), lang)
    due = fortnights[look.flags(fortnights["due"])]
    held = due["state"].eq("held").groupby(due["unit"]).agg(["sum", "size"])
    shown = [f"{n}/{of}" for n, of in held.reindex(units, fill_value=0).itertuples(index=False)]
    columns, marks = [(text("present.due_head", lang), shown)], _state_marks(lang)
    if summary is not None:
        gaps = summary.set_index("unit").reindex(units)
        columns.append((text("present.gap_head", lang), _gap_words(gaps, lang)))
        marks += _longest_gap(ax, gaps, lang)
    look.right_columns(ax, *columns)
    look.legend(ax, marks)
    return look.settle(ax)


def _days(dates: pd.Series | pd.DatetimeIndex) -> look.Floats:
    return np.asarray((dates - _EPOCH) / _DAY, dtype="float64")


def _cells(start: look.Floats, end: look.Floats, row: look.Floats) -> Path:
    # One path for all cells of a state keeps the picture small.
    low, high = row - 0.32, row + 0.32
    corners = [(start, low), (end, low), (end, high), (start, high), (start, low)]
    shapes = np.stack([np.column_stack(corner) for corner in corners], axis=1)
    return Path.make_compound_path(*(Path(shape, closed=True) for shape in shapes))


def _state_marks(lang: str) -> list[Artist]:
    names = {state: text(f"present.{state}", lang) for state in _STATES}
    missed = Line2D([], [], label=names["missed"], linestyle="", marker="x", color=look.ORANGE)
    missed.set(markersize=6, markeredgewidth=1.4)
    patches = [Patch(fc=_STATES[state][0], label=names[state]) for state in ("held", "vacation")]
    return [patches[0], missed, patches[1]]


def _months(ax: Axes, first: pd.Timestamp, last: pd.Timestamp, lang: str) -> None:
    starts = pd.date_range(first.normalize(), last, freq="MS")
    names, labels = text("present.months", lang).split(), []
    quarters = [day for day in starts if day.month % 3 == 1]
    for day in quarters:
        year = text("present.year", lang, year=day.year)
        is_first = day is quarters[0] or day.month == 1
        labels.append(names[day.month - 1] + (f"\n{year}" if is_first else ""))
    ax.set_xticks(_days(starts), minor=True)
    ax.set_xticks(_days(pd.DatetimeIndex(quarters)), labels)
    ax.set_xlim((first - _EPOCH) / _DAY, (last - _EPOCH) / _DAY + 1)


def _gap_words(gaps: pd.DataFrame, lang: str) -> list[str]:
    days = gaps["longest_gap_days"]
    return ["—" if pd.isna(n) else text("present.days", lang, value=int(n)) for n in days]


def _longest_gap(ax: Axes, gaps: pd.DataFrame, lang: str) -> list[Artist]:
    """Draw a bracket over the longest gap of all; return what the legend names."""
    days = look.floats(gaps["longest_gap_days"])
    if np.isnan(days).all():
        return []
    row = int(np.nanargmax(days))
    a, b = _days(gaps[["gap_from", "gap_to"]].iloc[row])
    y = [row - 0.3, row - 0.45, row - 0.45, row - 0.3]
    label = text("present.longest_gap", lang)
    return list(ax.plot([a, a, b, b], y, color=look.INK, linewidth=1.4, label=label))


@look.theme()
def training_strip(
    progress: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None
) -> Axes:
    """Draw each member's hours as an unnamed dot, by branch, against target and pro-rata line.

    Parameters
    ----------
    progress : DataFrame
        As of ``training_progress``: unit, hours, target, expected, status. Where all hours are
        missing (nothing was registered), the chart says so.
    """
    import seaborn

    if progress.empty:
        return look.no_data(ax, lang)
    units = progress["unit"].fillna(text("present.no_branch", lang))
    dots = progress.assign(hours=look.floats(progress["hours"]), unit=units)
    middle = dots.groupby("unit")["hours"].median().sort_values(ascending=False, kind="stable")
    order, at = list(middle.index), np.arange(len(middle))
    ax = look.rows_axes(order, ax)
    known = bool(dots["hours"].notna().any())
    if known:
        style: dict[str, Any] = {"size": 5, "linewidth": 0.6, "edgecolor": look.BLUE}
        style |= {"hue": "status", "palette": _STATUS, "legend": False, "jitter": 0.22, "ax": ax}
        before = np.random.get_state()
        np.random.seed(0)  # seaborn's jitter draws from the global generator
        seaborn.stripplot(dots, x="hours", y="unit", order=order, orient="h", **style)
        np.random.set_state(before)
        ax.vlines(middle, at - 0.36, at + 0.36, color=look.INK, zorder=4)
    else:
        look.put(ax, text("common.no_data", lang), (0, 0.5), (8, 0), "axes fraction")
    look.label_rows(ax, order)
    target, expected = float(dots["target"].max()), float(dots["expected"].max())
    _line(ax, target, text("present.target_line", lang, value=target), "left")
    if expected < target:
        _line(ax, expected, text("present.prorata_line", lang, value=expected), "right", dashed=True)
    ax.set_xlim(-0.03 * target, np.nanmax([target * 1.4, dots["hours"].max() * 1.03]))
    ax.set_xlabel(text("present.hours_axis", lang))
    reached = dots["status"].eq("reached").groupby(dots["unit"]).agg(["sum", "size"])
    shown = [f"{n if known else '—'}/{of}" for n, of in reached.reindex(order).itertuples(index=False)]
    look.right_columns(ax, (text("present.reached_head", lang), shown))
    return look.settle(ax)


@look.theme()
def outcome_bars(ledger: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw what became of each source file's non-blank rows, as shares of them.

    Parameters
    ----------
    ledger : DataFrame
        The table ``ledger``: source_file, source_sheet, source_row, outcome. A row with several
        entries counts once. Files with the most rows not used come first.
    """
    keys = ["source_file", "source_sheet", "source_row"]
    rows = ledger.dropna(subset=["source_row"]).drop_duplicates(keys, ignore_index=True)
    if rows.empty:
        return look.no_data(ax, lang)
    kinds = rows["outcome"].map({"kept": "kept"} | dict.fromkeys(_FRAME, "frame")).fillna("unused")
    counts = pd.crosstab(rows["source_file"], kinds).reindex(columns=list(_KINDS), fill_value=0)
    counts = counts.sort_values("unused", ascending=False, kind="stable")
    colours, total = list(_KINDS.values()), counts.sum(axis=1)
    shares = counts.div(total, axis=0).to_numpy("float64")
    short = counts.index.str.rpartition("/").get_level_values(2)  # without folders, if that is enough
    ax = look.rows_axes(list(counts.index.where(short.duplicated(keep=False), short)), ax)
    starts = look.stacked(ax, shares, np.zeros(len(shares)), colours)
    ax.set_xlim(0, 1)
    names = [text(f"present.row_{kind}", lang) for kind in _KINDS]
    look.right_columns(
        ax,
        (names[-1], [f"{n:,}" for n in counts["unused"]]),
        (text("present.rows_head", lang), [f"{n:,}" for n in total]),
    )
    look.legend(ax, [Patch(color=colour, label=name) for colour, name in zip(colours, names, strict=True)])
    words = [[f"{n:,}" for n in row] for row in counts.to_numpy().tolist()]
    look.inside(ax, starts, shares, words, colours)
    return ax
