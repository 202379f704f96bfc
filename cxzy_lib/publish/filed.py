"""The workbook beside an edition, read as markup: what an office filed counts as much as a page."""

import io
from collections.abc import Sequence
from html import escape
from typing import Any

from cxzy_lib.publish.reading import LANGUAGES
from cxzy_lib.texts import text


def markup(content: bytes) -> str:
    """Return the sheets of a workbook as tables, each cell as it is shown.

    What stands above the heads (in the rows that stay in sight) becomes headings and paragraphs, a value
    with its low and high end one cell again.

    Parameters
    ----------
    content : bytes
        An ``.xlsx`` as from `annex.workbook`.

    Examples
    --------
    >>> from cxzy_lib.publish.annex import workbook
    >>> head, row = "<th class='num'>满意率</th>", "<td class='num'>92.1% (88.0% – 95.5%)</td>"
    >>> table = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table>"
    >>> found = markup(workbook([("满意度", f"<h1>甲</h1><h2>乙</h2>{table}")], "zh", [], "年报"))
    >>> found[found.rindex("<table>") : -7]
    '<table><tr><th>满意率</th></tr><tr><td>92.1% (88.0% – 95.5%)</td></tr></table>'
    """
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content))
    return "<body>" + "".join(map(_sheet, book.worksheets)) + "</body>"


def _sheet(sheet: Any) -> str:
    rows = [[_shown(cell) for cell in row] for row in sheet.iter_rows()]
    pane = sheet.freeze_panes  # the first cell that moves
    first = int("".join(filter(str.isdigit, pane))) - 1 if pane else 0
    above = [words for row in rows[: max(0, first - 1)] for words in row if words]
    place, title, *said = [*above[1:2], *above[:1], *above[2:]] if len(above) > 1 else ["", sheet.title]
    heads, body = (rows[first - 1], rows[first:]) if first else ([], rows)
    lines = [_row("td", _joined(heads, row)) for row in body]
    if heads:
        lines.insert(0, _row("th", _joined(heads, heads)))
    words = [_tag("h1", escape(place)), _tag("h2", escape(title)), *(_tag("p", escape(one)) for one in said)]
    return "".join([*words, _tag("table", "".join(lines))])


def _row(kind: str, cells: Sequence[str]) -> str:
    return _tag("tr", "".join(_tag(kind, escape(words)) for words in cells))


def _tag(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"


def _joined(heads: Sequence[str], row: Sequence[str]) -> list[str]:
    """Return the row with a value and its two ends in one cell, under the head of the value."""
    found, at = [], 0
    while at < len(row):
        head, words, ends = (heads[at] if at < len(heads) else ""), row[at], row[at + 1 : at + 3]
        if len(ends) == 2 and tuple(heads[at + 1 : at + 3]) in _ends(head):
            found.append(f"{words} ({ends[0]} – {ends[1]})" if row is not heads and all(ends) else words)
            at += 3
        else:
            found.append(words)
            at += 1
    return found


def _ends(head: str) -> set[tuple[str, ...]]:
    return {
        tuple(text(f"annex.{end}", lang, head=head) for end in ("low", "high")) for lang in LANGUAGES if head
    }


def _shown(cell: Any) -> str:
    """Return a cell's value with as many places as its number format has."""
    value, form = cell.value, cell.number_format
    if value is None or isinstance(value, str) or form == "General":
        return "" if value is None else str(value)
    places = len(form.partition(".")[2].rstrip("%"))
    return f"{value:.{places}%}" if form.endswith("%") else f"{value:,.{places}f}"
