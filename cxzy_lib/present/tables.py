"""Frames as HTML tables: numbers right-aligned, gaps and hidden cells named, nothing run as markup."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

import pandas as pd

from cxzy_lib.present.blocks import Block
from cxzy_lib.texts import text

Kind = Literal["text", "prose", "id", "cell", "count", "share", "number", "date", "days", "level"]


@dataclass(frozen=True)
class Column:
    """A column to show: its name in the frame, its heading, and how its values are written.

    Parameters
    ----------
    kind
        ``prose`` is text that may wrap, ``id`` a code that may break anywhere, ``cell`` numbers already
        written; ``share``: 0–1 in the frame, per cent with one decimal on the page; `low` and `high` name
        the columns of its interval. ``number``: `digits` decimals. ``level`` and ``text``: looked up in
        `words`, code -> name, where it is there.
    """

    name: str
    label: str
    kind: Kind = "text"
    low: str = ""
    high: str = ""
    digits: int = 1
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        """Whether the column stands on the right."""
        return self.kind not in ("text", "prose", "id", "level", "date")


def html_table(frame: pd.DataFrame, columns: Sequence[Column], lang: str = "zh", caption: str = "") -> Block:
    """Return the `columns` of `frame` as an HTML table; the first column heads its rows.

    A missing value is a dash with an accessible word. Where the column `hidden` is true, the row's
    numbers are ``*`` whatever the frame holds, and a note below the table says why.

    Raises
    ------
    KeyError
        If the frame lacks one of the columns.

    Examples
    --------
    >>> table = html_table(
    ...     pd.DataFrame({"unit": ["一支部"], "rate": [0.921]}), [Column("rate", "率", "share")]
    ... )
    >>> "92.1%" in table.html
    True
    """
    hidden = frame["hidden"].eq(True) if "hidden" in frame else pd.Series(False, index=frame.index)
    heads = "".join(f'<th scope="col"{_class(column)}>{escape(column.label)}</th>' for column in columns)
    body = "".join(
        f"<tr>{''.join(_cell(row, column, hide, at == 0, lang) for at, column in enumerate(columns))}</tr>"
        for row, hide in zip(frame.to_dict("records"), hidden, strict=True)
    )
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    below = f'<p class="note">{escape(text("present.hidden_note", lang))}</p>' if hidden.any() else ""
    region = escape(caption or text("present.data", lang))
    return Block(
        f'<div class="table-wrap" tabindex="0" role="group" aria-label="{region}"><table>{named}'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{below}"
    )


def _class(column: Column) -> str:
    if column.kind in ("prose", "id"):
        return f' class="{column.kind}"'
    return ' class="num"' if column.is_number else ""


def _cell(row: Mapping[Any, Any], column: Column, hide: bool, first: bool, lang: str) -> str:
    value = row[column.name]
    if hide and column.is_number:
        shown = _sign("*", text("present.hidden", lang))
    elif pd.isna(value):
        shown = _sign("—", text("common.no_data", lang))
    else:
        shown = escape(_write(value, row, column, lang))
        shown = re.sub(r"(?<=[/_])(?=\w)", "<wbr>", shown) if column.kind == "id" else shown
    if first:
        return f'<th scope="row"{_class(column)}>{shown}</th>'
    return f"<td{_class(column)}>{shown}</td>"


def _sign(sign: str, word: str) -> str:
    return f'<span role="img" aria-label="{escape(word)}">{sign}</span>'


def _write(value: Any, row: Mapping[Any, Any], column: Column, lang: str) -> str:
    match column.kind:
        case "count":
            return f"{value:,.0f}"
        case "number":
            return f"{value:,.{column.digits}f}"
        case "days":
            return text("present.days", lang, value=int(value))
        case "date":
            return pd.Timestamp(value).date().isoformat()
        case "share":
            return _share(value, row, column, lang)
        case _:
            return column.words.get(str(value), str(value))


def _share(value: float, row: Mapping[Any, Any], column: Column, lang: str) -> str:
    shown = text("common.percent", lang, value=100 * value)
    if not column.low or pd.isna(row[column.low]) or pd.isna(row[column.high]):
        return shown
    low, high = 100 * row[column.low], 100 * row[column.high]
    return text("present.interval", lang, value=shown, low=low, high=high)
