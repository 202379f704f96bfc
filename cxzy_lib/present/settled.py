"""Whether a figure that was laid out needs it again: laying out takes longer than drawing."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text


def mark(figure: Figure) -> None:
    """Note that `figure` is laid out as it is now."""
    figure.stale = False
    figure.__dict__["settled"] = _measured(figure)


def holds(figure: Figure) -> bool:
    """Return whether nothing has changed since `mark` that the layout depends on."""
    return not figure.stale and figure.__dict__.get("settled") == _measured(figure)


def _measured(figure: Figure) -> tuple[Any, ...]:
    """Return what matplotlib measures for a layout and does not mark as stale when it changes."""
    words = [
        (text.get_text(), text.get_visible(), text.get_fontsize(), text.get_rotation())
        for text in figure.findobj(Text)
    ]
    pads = [axis.labelpad for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    engine = figure.get_layout_engine()
    return words, pads, {} if engine is None else dict(engine.get())
