"""Workbooks (.xlsx): read by openpyxl, which knows merges, number formats and what is hidden.

Long sheets go another way: see :mod:`cxzy_lib.intake.long_sheets`.
"""

import io
import posixpath
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

from cxzy_lib.intake.grid import MAX_CELLS, NO_VALUE, Refused, Sheet

LONG_PART = 16 * 2**20  # bytes of XML; what is longer is read by columns
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_UNSAVED = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>(?:<f[^>/]*/>|<f[^>]*>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>')
Merges = list[tuple[int, int, int, int]]
Formats = dict[tuple[int, int], str]


def refuse_entities(package: zipfile.ZipFile) -> None:
    """Raise Refused (``dangerous``) if a part declares entities: no spreadsheet program writes any."""
    for name in package.namelist():
        if name.endswith((".xml", ".rels")):
            with package.open(name) as part:
                if b"<!" in part.read(1024).replace(b"<!--", b""):
                    raise Refused("dangerous", "DOCTYPE")


def sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of the package that holds each sheet, by the sheet's name."""
    links = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    book = ElementTree.fromstring(package.read("xl/workbook.xml"))
    found = {}
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_LINK), "")
        place = posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if place in package.namelist():
            found[sheet.get("name", "")] = place
    return found


def sheets(data: bytes, package: zipfile.ZipFile, long_part: int = LONG_PART) -> list[Sheet]:
    """Return the sheets of an .xlsx file; those whose XML is longer than `long_part` are read by columns."""
    import openpyxl

    refuse_entities(package)
    parts = sheet_parts(package)
    sizes = {member.filename: member.file_size for member in package.infolist()}
    if any(sizes[part] > long_part for part in parts.values()):
        from cxzy_lib.intake.long_sheets import read_long

        return read_long(data, package, parts, {p for p in parts.values() if sizes[p] > long_part})
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    from_1904 = book.epoch.year == 1904
    return [sheet_of(ws, from_1904, package, parts.get(ws.title, "")) for ws in book.worksheets]


def unsaved(xml: bytes) -> list[tuple[int, int]]:
    """Return the cells (row, column) whose formula has no value: what wrote them never counted."""
    if b"<f" not in xml:
        return []
    return [(int(row) - 1, column_index(column)) for column, row in _UNSAVED.findall(xml)]


def column_index(letters: bytes) -> int:
    """Return the index of a column from its letters.

    Examples
    --------
    >>> column_index(b"A"), column_index(b"AB")
    (0, 27)
    """
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def merges_of(ws: Any) -> Merges:
    """Return the merged ranges of an openpyxl sheet, rows and columns counted from 0."""
    return sorted(
        (m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in ws.merged_cells.ranges
    )


def hidden_in(ws: Any) -> dict[str, int]:
    """Return how many rows and columns are hidden, and whether the sheet is."""
    hidden = {
        "sheet": int(ws.sheet_state != "visible"),
        "rows": sum(bool(info.hidden) for info in ws.row_dimensions.values()),
        "columns": sum(
            (info.max or 1) - (info.min or 1) + 1
            for info in ws.column_dimensions.values()
            if info.hidden and (info.min or 1) <= (ws.max_column or 1)
        ),
    }
    return {what: number for what, number in hidden.items() if number}


def sheet_of(ws: Any, date1904: bool, package: zipfile.ZipFile, part: str) -> Sheet:
    """Return an openpyxl sheet as a grid; only its `part` of the package tells formulas without a value."""
    if (ws.max_row or 0) * (ws.max_column or 0) > MAX_CELLS:
        raise Refused("too_large", f"{ws.title}: {ws.max_row} × {ws.max_column}")
    rows, formats = cells_of(ws)
    for r, c in unsaved(package.read(part)) if part else []:
        if r < len(rows) and c < len(rows[r]):
            rows[r][c] = NO_VALUE
    return Sheet.of(ws.title, rows, formats, merges=merges_of(ws), hidden=hidden_in(ws), date1904=date1904)


def cells_of(ws: Any, first: int = 1, last: int | None = None) -> tuple[list[list[Any]], Formats]:
    """Return the cells of some rows (counted from 1) and the number formats of the numbers among them.

    Rows and columns of the formats are counted from 0, the rows from `first`.
    """
    rows: list[list[Any]] = []
    formats: Formats = {}
    for r, line in enumerate(ws.iter_rows(min_row=first, max_row=last)):
        rows.append([cell.value for cell in line])
        for c, cell in enumerate(line):
            if number_format := format_of(cell):
                formats[r, c] = number_format
    return rows, formats


def format_of(cell: Any) -> str:
    """Return the number format of a cell that holds a number; ``""`` for ``General`` and for other cells."""
    told = isinstance(cell.value, int | float) and cell.number_format != "General"
    return str(cell.number_format) if told else ""
