"""Charts of comparisons: how far two figures are apart, and whether the data can show it."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cxzy_lib.campaign import Campaign
from cxzy_lib.present import theme as look
from cxzy_lib.present.wording import group_name, item_name
from cxzy_lib.texts import text


@look.theme()
def change_dots(changes: pd.DataFrame, campaign: Campaign, lang: str = "zh", ax: Axes | None = None) -> Axes:
    """Draw each change over time with its interval, in points, around no change.

    Parameters
    ----------
    changes : DataFrame
        As from `judged`. Only what may be compared is drawn: a dot without a line to anything, filled where
        the verdict is a rise or a fall, hollow where the data cannot tell; a diamond instead of a dot where
        the two are only ``flagged``.
    """
    rows = changes[changes["kind"].eq("period") & changes["difference"].notna()]
    if rows.empty:
        return look.no_data(ax, lang)
    each = zip(rows["item"], rows["rater_group"], strict=True)
    names = [f"{item_name(item, campaign, lang)} · {group_name(group, lang)}" for item, group in each]
    ax = look.rows_axes(names, ax, extra=1.2)
    places = np.arange(len(rows))
    value, low, high = (100 * look.floats(rows[name]) for name in ("difference", "low", "high"))
    sure = rows["verdict"].isin(["rose", "fell"]).to_numpy(bool)
    ax.hlines(places, low, high, color=look.BLUE, linewidth=1.6, zorder=2)
    flagged = rows["grade"].eq("flagged").to_numpy(bool)
    for marker, kind in (("o", ~flagged), ("D", flagged)):
        for face, chosen in ((look.BLUE, kind & sure), ("white", kind & ~sure)):
            ax.plot(value[chosen], places[chosen], marker, ms=7, color=look.BLUE, mfc=face, zorder=3)
    ax.axvline(0, color=look.INK, linewidth=1, zorder=1)
    ax.set_xlabel(text("present.points_axis", lang))
    ax.xaxis.set_major_formatter(lambda at, _: f"{at:+.0f}" if round(at) else "0")
    told = [text(f"present.short_{verdict}", lang) for verdict in rows["verdict"]]
    look.right_columns(
        ax,
        (text("present.points_head", lang), [f"{point:+.1f}" for point in value]),
        (text("present.verdict_head", lang), told),
    )
    marks = [("o", look.BLUE, "told"), ("o", "white", "untold"), ("D", "white", "flagged")]
    handles: list[Artist] = []
    for marker, face, key in marks[: 2 + flagged.any()]:
        label = text(f"present.change_{key}", lang)
        handles.append(Line2D([], [], marker=marker, ls="", color=look.BLUE, mfc=face, label=label))
    look.legend(ax, handles)
    return look.settle(ax)
