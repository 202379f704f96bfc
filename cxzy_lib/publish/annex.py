"""The tables of an edition as one workbook that an office files: what its pages show, and nothing beyond.

It is made of the published pages, so what is hidden there is in no cell, and numbers are rounded as there.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cxzy_lib.publish.annex_cells import Cell, columns_of
from cxzy_lib.texts import text

FILE = "annex.xlsx"
_HEADS = 6  # the row with the heads of the columns; what is said of the table stands above


@dataclass(frozen=True)
class Table:
    """A table of a page: where it stands, what is said of it, and its texts."""

    page: str
    section: str
    title: str
    base: str
    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(page: str, body: str) -> list[Table]:
    """Return the tables of a page, in their order.

    Parameters
    ----------
    page : str
        Its name, as menus have it.
    body : str
        Its markup.

    Examples
    --------
    >>> head, row = "<th>组</th><th class='num'>有效</th>", "<th>群众</th><td class='num'>22</td>"
    >>> rows = f"<thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody>"
    >>> found = tables_of("满意度", f"<h1>升了</h1><h2>票数</h2><table>{rows}</table>")
    >>> [(one.section, one.heads, one.numeric, one.rows) for one in found]
    [('票数', ('组', '有效'), (False, True), (('群众', '22'),))]
    """
    from lxml import html

    found, section, below = [], "", ""
    whole = html.fragment_fromstring(body, create_parent=True)
    for link in whole.xpath("//a[@class='more']"):  # leads to another page, and is no part of what is said
        link.drop_tree()
    for node in whole.iter("h2", "p", "table"):
        if node.tag == "h2":
            section, below = _words(node), ""
        elif node.tag == "p" and node.getprevious() is not None and node.getprevious().tag == "h2":
            below = _words(node)
        elif node.tag == "table" and (heads := node.xpath("./thead/tr/*")):
            title = next(filter(None, map(_words, node.xpath("ancestor::figure//h3 | ./caption"))), section)
            captions = node.xpath("ancestor::figure//p[@class='caption']")
            base = " ".join(map(_words, captions)) or below
            rows = tuple(tuple(_words(cell) for cell in row) for row in node.xpath("./tbody/tr"))
            numeric = tuple("num" in (head.get("class") or "").split() for head in heads)
            found.append(Table(page, section, title, base, tuple(map(_words, heads)), numeric, rows))
    return found


def _words(node: Any) -> str:
    return " ".join(node.text_content().split())


def workbook(
    pages: Sequence[tuple[str, str]], lang: str, cover: Sequence[tuple[str, str]], title: str
) -> bytes:
    """Return a workbook: cover, contents, notes, and a sheet for each table.

    Parameters
    ----------
    pages : sequence of (name, body)
        As for `tables_of`.
    lang : str
    cover : sequence of (name, value)
        What the first sheet says below the `title`.

    Returns
    -------
    bytes
        An ``.xlsx``. Shares are numbers 0-1 shown as per cent; a column of intervals becomes three, one of
        counts with their shares two (`columns_of`).
        Text that looks like a formula is marked as text.
    """
    from openpyxl import Workbook
    from openpyxl.worksheet.hyperlink import Hyperlink

    book = Workbook()
    book.properties.creator, book.properties.title = "cxzy", _kept(title)
    tables = [table for name, body in pages for table in tables_of(name, body)]
    first: Any = book.active
    first.title = text("annex.cover", lang)
    _write(first, [(title, ""), ("", ""), *cover], widths=(24, 60))
    names = [text("annex.sheet", lang, n=n) for n in range(1, len(tables) + 1)]
    contents: Any = book.create_sheet(text("annex.contents", lang))
    heads = tuple(text(f"annex.{name}", lang) for name in ("number", "page", "section", "title"))
    rows = [(name, one.page, one.section, one.title) for name, one in zip(names, tables, strict=True)]
    _write(contents, [heads, *rows], widths=(10, 20, 36, 50))
    for row, name in enumerate(names, 2):
        contents.cell(row, 1).hyperlink = Hyperlink(ref=f"A{row}", location=f"'{name}'!A1")
        contents.cell(row, 1).style = "Hyperlink"
    notes: Any = book.create_sheet(text("annex.notes", lang))
    known = [*text("annex.notes_text", lang).split("\n"), *_methods(pages)]
    _write(notes, [(text("annex.notes", lang),), *((note,) for note in known)], widths=(110,))
    for name, table in zip(names, tables, strict=True):
        _sheet(book.create_sheet(name), table, lang)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _methods(pages: Sequence[tuple[str, str]]) -> list[str]:
    """Return what the pages say of method and settings, each once."""
    from lxml import html

    bodies = [html.fragment_fromstring(body, create_parent=True) for _, body in pages]
    return list(
        dict.fromkeys(_words(one) for body in bodies for one in body.xpath("//*[@class='method']//li"))
    )


def _write(sheet: Any, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    from openpyxl.styles import Alignment, Font

    for r, row in enumerate(rows, 1):
        for c, words in enumerate(row, 1):
            _put(sheet.cell(r, c), words)
            sheet.cell(r, c).alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font = Font(bold=True, size=14 if len(rows[0]) < 3 else 11)
    for at, width in enumerate(widths):
        sheet.column_dimensions["ABCDEF"[at]].width = width
    _printed(sheet, "portrait")


def _sheet(sheet: Any, table: Table, lang: str) -> None:
    """Write a table below its title, place and base; the heads stay in sight and on every printed sheet."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = _columns(table, lang)
    place = text("annex.place", lang, page=table.page, section=table.section)
    shown = any("*" in row for row in table.rows)
    said = [table.title, place, table.base, text("present.hidden_note", lang) if shown else ""]
    for row, words in enumerate(said, 1):
        _put(sheet.cell(row, 1), words)
    sheet.cell(1, 1).font = Font(bold=True, size=13)
    for at, (head, cells) in enumerate(columns, 1):
        _column(sheet, at, head, cells, lang)
    sheet.freeze_panes = sheet.cell(_HEADS + 1, 2)
    sheet.print_title_rows = f"{_HEADS}:{_HEADS}"
    sheet.auto_filter.ref = f"A{_HEADS}:{get_column_letter(len(columns))}{_HEADS + len(table.rows)}"
    _printed(sheet, "landscape" if len(columns) > 6 else "portrait")


def _columns(table: Table, lang: str) -> list[tuple[str, list[Cell]]]:
    """Return the columns of the sheet, each its head and cells: see `columns_of`."""
    found: list[tuple[str, list[Cell]]] = []
    for at, head in enumerate(table.heads):
        texts = [row[at] if at < len(row) else "" for row in table.rows]
        found += columns_of(head, texts, table.numeric[at], lang)
    return found


def _column(sheet: Any, at: int, head: str, cells: Sequence[Cell], lang: str) -> None:
    """Write a column, as wide as its words need."""
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    top = sheet.cell(_HEADS, at)
    _put(top, head)
    top.font, top.border = Font(bold=True), Border(bottom=Side("thin"))
    top.alignment = Alignment(wrap_text=True, vertical="bottom")
    for row, (value, form) in enumerate(cells, _HEADS + 1):
        cell = sheet.cell(row, at)
        _put(cell, value)
        cell.number_format = form or "General"
        right = form or value in ("*", "—", text("common.no_data", lang))
        cell.alignment = Alignment(wrap_text=not form, vertical="top", horizontal="right" if right else None)
    wide = max((_width(str(value)) for value, _ in cells), default=0)
    sheet.column_dimensions[get_column_letter(at)].width = min(max(8, wide + 2, _width(head) / 2 + 2), 48)


def _printed(sheet: Any, orientation: str) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = orientation, 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)


def _put(cell: Any, value: str | float | int) -> None:
    """Put a value into a cell; text stays text, also where it begins as a formula does."""
    if not isinstance(value, str):
        cell.value = value
    elif value:
        cell.value = _kept(value)
        cell.data_type = "s"
        cell.quotePrefix = value[0] in "=+-@"


def _kept(words: str) -> str:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", words)[:32767]
