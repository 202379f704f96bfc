"""The workbook beside an edition, read as markup: what an office filed counts as much as a page."""

import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from zipfile import BadZipFile

from cxzy_lib.publish.annex import FILE
from cxzy_lib.texts import languages, text

_FORM = re.compile(r'(?:"([^"]*)")?(\+?)(#,##)?(0(?:\.0+)?)(%?)(?:"([^"]*)")?')


def opened(name: str, content: str | bytes) -> str:
    """Return a published file as markup: a page as it is, a workbook as by `markup`.

    What nobody can open tells nobody anything: of a workbook that is cut off nothing is left.
    """
    if isinstance(content, str):
        return content
    if name != FILE:
        return content.decode(errors="replace")
    try:
        return markup(content)
    except (BadZipFile, KeyError, ValueError, OSError):
        return "<p></p>"


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
    page, title, *said = [*above[1:2], *above[:1], *above[2:]] if len(above) > 1 else ["", sheet.title]
    columns = list(_columns(rows[first - 1] if first else [""] * sheet.max_column))
    lines = [_row("th", [head for head, _ in columns])] if first else []
    lines += [_row("td", [_joined(row[place]) for _, place in columns]) for row in rows[first:]]
    words = [_tag("h1", escape(page)), _tag("h2", escape(title)), *(_tag("p", escape(one)) for one in said)]
    return "".join([*words, _tag("table", "".join(lines))])


def _row(kind: str, cells: Sequence[str]) -> str:
    return _tag("tr", "".join(_tag(kind, escape(words)) for words in cells))


def _tag(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"


def _columns(heads: Sequence[str]) -> Iterator[tuple[str, slice]]:
    """Yield the head of each column of the page, and the columns of the sheet that it became."""
    at = 0
    while at < len(heads):
        head, count = _interval(heads, at) or (heads[at], 1)
        yield head, slice(at, at + count)
        at += count


def _interval(heads: Sequence[str], at: int) -> tuple[str, int] | None:
    """Return the head of an interval that begins at a column, and how many columns it has, if it is one."""
    for lang in languages():
        low, high = (text(f"annex.{end}", lang, head="") for end in ("low", "high"))
        for first in (at, at + 1):  # alone, or after the value
            pair = list(heads[first : first + 2])
            head = pair[0].removesuffix(low) if pair else ""
            if pair == [head + low, head + high] and head and (first == at or heads[at] == head):
                return head, first + 2 - at
    return None


def _joined(cells: Sequence[str]) -> str:
    """Return what the page has in one cell: the ends of an interval with their value, if they have one."""
    if len(cells) == 1:
        return cells[0]
    *value, low, high = cells
    if not (low and high):
        return next(filter(None, cells), "")
    return f"{value[0]} ({low} – {high})" if value else f"{low} – {high}"


def _shown(cell: Any) -> str:
    """Return a cell as it is shown: with its places and sign, and with the words that its format holds."""
    value = cell.value
    shown = _FORM.fullmatch(cell.number_format.partition(";")[0])
    if not isinstance(value, int | float) or shown is None:
        return "" if value is None else str(value)
    before, sign, grouped, zeros, share, after = shown.groups()
    places = len(zeros.partition(".")[2])
    return f"{before or ''}{value:{sign}{',' if grouped else ''}.{places}{share or 'f'}}{after or ''}"
