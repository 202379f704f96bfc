"""Charts of satisfaction and of years; those with a row per branch are in `branch_charts`.

Each takes a frame of `measure` and returns what it drew on. Only what a table could show is drawn.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Annotation

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.estimates import answer_limits
from cxzy_lib.present import theme as look
from cxzy_lib.present.blocks import tell
from cxzy_lib.present.branch_charts import attendance_dots, fortnight_calendar, outcome_bars, training_strip
from cxzy_lib.present.page_words import point_words, short_reasons
from cxzy_lib.present.wording import group_name, percent, period_name
from cxzy_lib.specs import Level
from cxzy_lib.texts import text

__all__ = ["attendance_dots", "fortnight_calendar", "level_bars", "outcome_bars"]
__all__ += ["satisfaction_trend", "training_strip", "yearly_dots"]
_BELOW = ("data", "axes fraction")
_TICK = 15  # letters below a year: as many as do not touch the next


def runs(values: look.Floats, breaks: Sequence[bool]) -> list[list[int]]:
    """Return the positions that one line may join: none missing, no break but before the first.

    Examples
    --------
    >>> runs(np.array([0.8, 0.9, np.nan, 0.7, 0.6]), [False, False, False, False, True])
    [[0, 1], [3], [4]]
    """
    found: list[list[int]] = []
    for at in np.flatnonzero(~np.isnan(values)).tolist():
        if breaks[at] or not found or found[-1][-1] != at - 1:
            found.append([])
        found[-1].append(at)
    return found


@look.theme()
def satisfaction_trend(
    rates: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None
) -> Axes:
    """Draw the strict satisfaction rate by semester: a line with its interval per rater group.

    Parameters
    ----------
    rates : DataFrame
        One row per semester and rater group: semester, rater_group, strict, strict_low, strict_high
        (shares), valid, grade_before and reasons_before as from `with_grades`, and `hidden` if something
        is. A missing rate leaves a gap; nothing is joined across what is not comparable, and a broken line
        joins what is only flagged.
    campaign : Campaign
        Its semesters are the axis, whether they have data or not; other periods stand after them.

    Raises
    ------
    ValueError
        If a semester and group have several rows.
    """
    if rates.empty:
        return look.no_data(ax, lang)
    look.single(rates, ["semester", "rater_group"])
    if campaign.setting("change_basis") == "answers":  # the band is that of the verdict
        rates = answer_limits(rates, campaign.setting("confidence_level"))
    groups = sorted(set(rates["rater_group"]), key=list(look.GROUPS).index)
    codes = list(dict.fromkeys([*(semester.code for semester in campaign.semesters), *rates["semester"]]))
    parts = {g: rates[rates["rater_group"] == g].set_index("semester").reindex(codes) for g in groups}
    ax = look.axes(3.3 + 0.22 * len(parts), ax)
    _trend_axes(ax, rates, codes, campaign, lang)
    for row, (group, part) in enumerate(parts.items()):
        _draw_group(ax, part, group, point_words(part, group, campaign, lang))
        _bases(ax, part, group, row, lang)
    _mark_breaks(ax, parts, campaign, lang)
    _end_labels(ax, parts, campaign, lang)
    return ax


def _trend_axes(ax: Axes, rates: pd.DataFrame, codes: Sequence[str], campaign: Campaign, lang: str) -> None:
    level = campaign.setting("confidence_level")
    basis = campaign.setting("change_basis")
    title = text(f"present.satisfaction_axis_{basis}", lang, level=f"{level:.0%}")
    lowest = rates[["strict", "strict_low"]].min(axis=1)
    ax.set_title(look.share_axis(ax, "y", look.floats(lowest), title, lang), pad=10)
    names = [period_name(campaign, code, lang).replace(" ", "\n") for code in codes]
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.4, len(names) - 0.7)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _draw_group(ax: Axes, part: pd.DataFrame, group: str, words: Sequence[str]) -> None:
    colour, mark = look.GROUPS[group]
    rate, low, high = (look.floats(part[name]) for name in ("strict", "strict_low", "strict_high"))
    fresh = part["grade_before"].isin(["flagged", "not_comparable"])
    for run in runs(rate, list(fresh)):
        (line,) = ax.plot(run, rate[run], color=colour, marker=mark, markersize=6, label=group, zorder=3)
        tell(line, [words[at] for at in run])
        if len(run) > 1:
            ax.fill_between(run, low[run], high[run], color=colour, alpha=0.13, linewidth=0)
        else:  # a band needs two points
            ax.vlines(run, low[run], high[run], color=colour, alpha=0.35, linewidth=3)
    _broken_line(ax, rate, part["grade_before"], colour)


def _broken_line(ax: Axes, values: look.Floats, grades: pd.Series, colour: str) -> None:
    for at in np.flatnonzero(grades.eq("flagged")):
        if at and not np.isnan(values[at - 1 : at + 1]).any():
            ax.plot([at - 1, at], values[at - 1 : at + 1], color=colour, linewidth=1, linestyle=(0, (2, 3)))


def _bases(ax: Axes, part: pd.DataFrame, group: str, row: int, lang: str) -> None:
    down = -30 - 15 * row - (13 if "\n" in ax.get_xticklabels()[0].get_text() else 0)
    colour = look.GROUPS[group][0]
    name = text("present.valid_of", lang, group=group_name(group, lang))
    look.put(ax, name, (0, 0), (-8, down), "axes fraction", ha="right", color=colour)
    for at, words in enumerate(look.bases(part, "valid", lang)):
        look.put(ax, words, (at, 0), (0, down), _BELOW, ha="center", color=colour)


def _mark_breaks(ax: Axes, parts: dict[str, pd.DataFrame], campaign: Campaign, lang: str) -> None:
    changed: dict[tuple[int, str], list[str]] = {}
    for group, part in parts.items():
        for at in np.flatnonzero(part["grade_before"].isin(["flagged", "not_comparable"])).tolist():
            words = short_reasons(str(part["reasons_before"].iloc[at]), campaign, lang)
            changed.setdefault((at, words), []).append(group_name(group, lang))
    for (at, words), groups in sorted(changed.items()):
        said = words if len(groups) == len(parts) else f"{words}\n({'/'.join(groups)})"
        ax.axvline(at - 0.5, color=look.MUTED, linewidth=0.8, linestyle=look.DASHED)
        near = [look.floats(part["strict"].iloc[max(at - 1, 0) : at + 1]) for part in parts.values()]
        height = look.widest_gap(ax, np.concatenate(near))  # where it covers no point
        if look.is_low(ax):
            said, height = said.replace("\n", " "), 0.15
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # no line of the grid crosses it
        look.put(ax, said, (at - 0.5, height), (4, 0), _BELOW, color=look.MUTED, zorder=2.2, bbox=behind)


def _end_labels(ax: Axes, parts: dict[str, pd.DataFrame], campaign: Campaign, lang: str) -> None:
    labels: list[Annotation] = []
    for group, part in parts.items():
        known = part["strict"].dropna()
        if len(known):
            end = part.index.get_loc(known.index[-1]) == len(part) - 1
            when = period_name(campaign, str(known.index[-1]), lang)
            value = percent(known.iloc[-1], lang)
            names = {"group": group_name(group, lang), "value": value, "when": when}
            words = text(f"present.end_label{'' if end else '_earlier'}", lang, **names)
            at = (len(part) - 1, known.iloc[-1])
            labels.append(look.put(ax, words, at, (9, 0), color=look.GROUPS[group][0]))
    look.settle(ax)
    top = -np.inf  # labels of lines that end close together are pushed apart, in their order
    for label in sorted(labels, key=lambda note: float(note.xy[1])):
        box = label.get_window_extent()
        shift = max(0.0, top - box.y0)
        label.xyann = (9, shift * 72 / look.figure_of(label).dpi)
        top = box.y1 + shift


def _sides(levels: Sequence[Level]) -> list[int]:
    neutral = [at for at, level in enumerate(levels) if level.neutral]
    if neutral:
        return [(at < neutral[0]) - (at > neutral[-1]) for at in range(len(levels))]
    return [1 if level.inclusive else -1 for level in levels]


def level_colours(levels: Sequence[Level]) -> list[str]:
    """Return the colours of `levels` (best first): blue above the neutral one, orange below.

    Without a neutral level, those that count as satisfied (`inclusive`) are above.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> level_colours(load_campaign("campaign").scales["sat3"].levels)
    ['#1b4f8a', '#e6e6e6', '#b8510d']
    """
    import seaborn

    sides = _sides(levels)
    above, below = sides.count(1), sides.count(-1)
    blues = seaborn.blend_palette([look.BLUE, look.PALE_BLUE], max(above, 1)).as_hex()
    oranges = seaborn.blend_palette([look.ORANGE, look.PALE_ORANGE], max(below, 1)).as_hex()
    return [*blues[:above], *[look.NEUTRAL] * sides.count(0), *oranges[:below][::-1]]


@look.theme()
def level_bars(
    shares: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None, *, label: str = "item"
) -> Axes:
    """Draw the whole distribution, a row per `label`, around the middle of the neutral level.

    Parameters
    ----------
    shares : DataFrame
        As of ``level_shares``: `label`, scale, level, valid, share. A row without shares says so.

    Raises
    ------
    ValueError
        If scales are mixed (their levels do not mean the same), or a level has several rows.
    """
    if shares.empty:
        return look.no_data(ax, lang)
    scales = sorted(shares["scale"].dropna().unique())
    if len(scales) != 1:
        names = ", ".join(f"{code} ({campaign.scales[code].name(lang)})" for code in scales)
        raise ValueError(f"one chart shows one scale, not {len(scales)}: {names}")
    look.single(shares, [label, "level"])
    # From the worst level on the left to the best on the right, half of the neutral one either side.
    levels, rows = campaign.scales[scales[0]].levels[::-1], list(dict.fromkeys(shares[label]))
    colours, sides = level_colours(levels[::-1])[::-1], np.array(_sides(levels[::-1]))[::-1]
    wide = shares.set_index([label, "level"])["share"].unstack()
    table = wide.reindex(rows, columns=[v.code for v in levels]).to_numpy("float64", na_value=np.nan)
    known = np.nan_to_num(table)
    left = -known[:, sides < 0].sum(axis=1) - known[:, sides == 0].sum(axis=1) / 2
    ax = look.rows_axes(rows, ax, extra=0.75)
    starts = look.stacked(ax, known, left, colours)
    ax.axvline(0, color=look.MUTED, linewidth=0.8, zorder=0)  # seen between the bars
    ax.set_xlim(left.min() - 0.14, (left + known.sum(axis=1)).max())
    bases = look.bases(shares.drop_duplicates(label), "valid", lang)
    look.right_columns(ax, (text("present.valid_head", lang), bases))
    marks = zip(colours, levels, strict=True)
    look.legend(ax, [Patch(color=colour, label=level.name(lang)) for colour, level in marks])
    words = [[percent(share, lang) for share in row] for row in known]
    for row, column in look.inside(ax, starts, known, words, colours):
        if column == 0:  # the worst level is never left without its number
            at = (left[row], row)
            look.put(ax, words[row][0], at, (-3, 0), ha="right", color=colours[0])
    return ax


@look.theme()
def yearly_dots(comparison: pd.DataFrame, campaign: Campaign, lang: str = "zh") -> Figure:
    """Draw a small panel per measure: the adjusted value of each year, from zero.

    Years are joined only where the later is comparable, by a broken line where it is only flagged; else its
    dot is hollow and says why.

    Parameters
    ----------
    comparison : DataFrame
        As of ``yearly_comparison``: measure, kind, year, base, exposure_days, adjusted, grade,
        comparable, reason. A missing value is written as such.
    """
    look.single(comparison, ["measure", "year"])
    measures, years = list(dict.fromkeys(comparison["measure"])), sorted(set(comparison["year"]))
    high = -(-len(measures) // 2)
    parts = [comparison[comparison["measure"] == name].set_index("year").reindex(years) for name in measures]
    ticks = [[_year(year, row, lang) for year, row in rows.iterrows()] for rows in parts]
    lines = max(4, *(words.count("\n") + 1 for row in ticks for words in row))
    size = (look.WIDTH, 0.2 + (0.86 + 0.19 * lines) * high)
    figure, panels = plt.subplots(high, 2, figsize=size, layout="constrained", squeeze=False)
    for panel in panels.flat[len(measures) :]:
        panel.remove()
    for panel, measure, rows, words in zip(panels.flat, measures, parts, ticks, strict=False):
        kind, name = rows["kind"].dropna().iloc[0], text(f"present.measure_{measure}", lang)
        panel.set_title(text(f"present.unit_{kind}", lang, name=name), pad=12)
        _panel(panel, rows, kind == "rate", lang)
        panel.set_xticks(range(len(years)), words, linespacing=1.4)
    look.settle(panels[0, 0])
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, is_share: bool, lang: str) -> None:
    values, fresh = look.floats(rows["adjusted"]), list(~look.flags(rows["comparable"]))
    for run in runs(values, fresh):
        ax.plot(run, values[run], color=look.BLUE, linewidth=1.5)
    _broken_line(ax, values, rows["grade"], look.BLUE)
    for at, value in enumerate(values):
        words = percent(value, lang) if is_share else f"{value:.1f}"
        if np.isnan(value):  # no data, or the reason stands below
            words = text("common.no_data", lang) if rows["reason"].iloc[at] == "no_data" else "—"
        face = "white" if fresh[at] else look.BLUE
        ax.plot(at, value, "o", ms=7, color=look.BLUE, markerfacecolor=face, clip_on=False)
        look.put(ax, words, (at, np.nan_to_num(value)), (0, 6), ha="center", va="bottom")
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_ylim(0, 1.35 * (1.0 if is_share else np.nanmax(values, initial=1e-9)))
    ax.yaxis.set_visible(False)
    ax.spines[["left", "top", "right"]].set_visible(False)


def _year(year: Any, row: pd.Series, lang: str) -> str:
    key, column = ("days", "exposure_days") if row["kind"] == "count" else ("n", "base")
    base = "" if pd.isna(row[column]) else text(f"present.{key}", lang, value=int(row[column]))
    codes = [] if pd.isna(row["reason"]) or row["reason"] == "no_data" else row["reason"].split()
    said = [line for code in codes for line in text(f"present.{code}", lang).splitlines()]
    return "\n".join([str(year), base, *(part for line in said for part in textwrap.wrap(line, _TICK))])
