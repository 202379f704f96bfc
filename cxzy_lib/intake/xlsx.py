"""Workbooks (.xlsx): cells with their number formats, merges, what is hidden, formulas without a value.

A cell is told from its XML in one place, :meth:`Styled.cell`. Small sheets are parsed element by element;
long ones are cut up by :mod:`cxzy_lib.intake.fast`, which asks for each distinct cell only once.
"""

import io
import math
import re
import warnings
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse

import numpy as np

from cxzy_lib.intake.grid import NO_VALUE, Codes, Column, Refused, Sheet

MAX_CELLS = 100_000_000  # of columns: a number of four bytes a cell
LONG_PART = 16 * 2**20  # bytes of XML; what is longer is read by columns
LAST_ROW, LAST_COLUMN = 2**20, 2**14
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EXACT = 2**53  # whole numbers below are exact
#: Built-in number formats that are dates only in East Asian programs; openpyxl does not know them.
_EAST_ASIAN_DATES = {*range(27, 37), *range(50, 59)}
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\0!\0D|\0<\0!\0D")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
Merge = tuple[int, int, int, int]


class Cells:
    """A column while it is read: its distinct cells, and the row and the code of each cell."""

    def __init__(self) -> None:
        self.known: dict[tuple[type, Any, str], int] = {(type(None), None, ""): 0}
        self.rows: Any = array("i")
        self.codes: Any = array("i")

    def code(self, value: Any, format: str) -> int:
        """Return the number of a distinct cell."""
        return self.known.setdefault((type(value), value, format), len(self.known))


@dataclass
class Grid:
    """A sheet while it is read: its columns, and what its XML says besides."""

    columns: dict[int, Cells] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Styled:
    """What the cells of a workbook refer to: shared texts, number formats, the day they count from."""

    texts: list[str]
    formats: list[str]
    dates: set[int]
    durations: set[int]
    epoch: datetime

    def cell(self, kind: str, style: int, text: str, formula: bool) -> tuple[Any, str]:
        """Return a cell's value, ``None`` if it is blank, and its number format.

        A number has one type: 3, 3.0 and 3E0 are the same int, as they are in the program that shows them.
        """
        if not text:
            # A formula that gives an empty text has the type `str`; any other has not been counted.
            return (NO_VALUE if formula and kind != "str" else None), ""
        if kind == "s":
            return self.texts[int(text)] or None, ""
        if kind == "b":
            return text.strip() in ("1", "true"), ""
        if kind == "d":
            return _iso(text), ""
        if kind != "n":
            return text, ""
        number = number_of(text)
        if isinstance(number, str):
            return number, ""
        if style in self.dates and (day := self._day(number, style in self.durations)) is not None:
            return day, ""
        return number, self.formats[style] if style < len(self.formats) else ""

    def _day(self, number: float, duration: bool) -> Any:
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(number, self.epoch, timedelta=duration)
        except (OverflowError, ValueError):  # no day has this number
            return None


def number_of(text: str) -> int | float | str:
    """Return the number that `text` writes, `text` itself if it is none.

    Examples
    --------
    >>> number_of("3.0"), number_of("2010.1"), number_of("1E400")
    (3, 2010.1, '1E400')
    """
    try:
        if text.isdigit() and text.isascii():
            return int(text)
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _iso(text: str) -> Any:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text


def sheets(data: bytes, package: zipfile.ZipFile, long_part: int = LONG_PART) -> list[Sheet]:
    """Return the sheets of an .xlsx file; those whose XML is longer than `long_part` are read by columns.

    Refused: ``dangerous`` if a part declares entities (no spreadsheet program writes any), ``too_large``.
    """
    from cxzy_lib.intake import fast

    for name in package.namelist():
        if name.endswith((".xml", ".rels")):
            with package.open(name) as part:
                if _DOCTYPE.search(part.read(4096)):
                    raise Refused("dangerous", "DOCTYPE")
    styled, places = _opened(data)
    found = []
    for name, place, state in places:
        if package.getinfo(place).file_size > long_part:
            sheet = fast.sheet(package, place, name, styled)
        else:
            with package.open(place) as part:
                sheet = sheet_of(name, read(part, styled), styled)
        if state != "visible":
            sheet.hidden["sheet"] = 1
        found.append(sheet)
    if not found:
        raise ValueError("no sheets")
    return found


def _opened(data: bytes) -> tuple[Styled, list[tuple[str, str, str]]]:
    """Return what cells refer to, and the name, part and state of each sheet."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
    from openpyxl.styles.stylesheet import apply_stylesheet

    with warnings.catch_warnings():  # about parts of the workbook that are not read here
        warnings.simplefilter("ignore")
        reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        places = [
            (sheet.name, rel.target, str(sheet.state))
            for sheet, rel in reader.parser.find_sheets()
            if rel.target in reader.valid_files and "chartsheet" not in rel.Type
        ]
    book: Any = reader.wb
    codes = [style.numFmtId for style in book._cell_styles]
    known = dict(enumerate(book._number_formats, BUILTIN_FORMATS_MAX_SIZE)) | BUILTIN_FORMATS
    formats = ["" if known.get(code) in (None, "General") else str(known[code]) for code in codes]
    dates = {at for at, code in enumerate(codes) if code in _EAST_ASIAN_DATES} | set(book._date_formats)
    return Styled(reader.shared_strings, formats, dates, set(book._timedelta_formats), book.epoch), places


def read(part: IO[bytes], styled: Styled) -> Grid:
    """Read the XML of a sheet, element by element."""
    grid, row, column = Grid(), 0, 0
    rows: Element | None = None
    for event, element in iterparse(part, events=("start", "end")):
        tag = element.tag.removeprefix(_MAIN)
        if event == "start":
            if tag == "sheetData":
                rows = element
            elif tag == "row":
                row, column = int(float(element.get("r", row + 1))), 0
        elif tag == "c":
            row, column = _place(element.get("r"), row, column + 1)
            cells = grid.columns.setdefault(column - 1, Cells())
            cells.rows.append(row - 1)
            cells.codes.append(cells.code(*cell_of(element, styled)))
            element.clear()
        else:
            _look(tag, element, row, grid)
            if tag == "row" and rows is not None:
                rows.clear()
    return grid


def _look(tag: str, element: Element, row: int, grid: Grid) -> None:
    if tag == "mergeCell":
        grid.merges.append(merge_of(element.get("ref", "")))
    elif element.get("hidden") in ("1", "true"):
        if tag == "row":
            grid.hidden_rows.add(row - 1)
        elif tag == "col":
            grid.hidden_columns.append((int(element.get("min", 1)), int(element.get("max", 1))))


def _place(reference: str | None, row: int, column: int) -> tuple[int, int]:
    if reference is None:
        return row, column
    if (match := _REFERENCE.fullmatch(reference)) is None:
        raise ValueError(reference)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    if not (0 < row <= LAST_ROW and column <= LAST_COLUMN):
        raise ValueError(reference)
    return row, column


def cell_of(element: Element, styled: Styled) -> tuple[Any, str]:
    """Return the value and the number format of a cell's element."""
    kind, style = element.get("t", "n"), int(element.get("s", 0))
    text = element.findtext(f"{_MAIN}v") or ""
    formula = element.find(f"{_MAIN}f") is not None
    if kind == "inlineStr":
        inline = element.find(f"{_MAIN}is")
        text = "" if inline is None else "".join(_runs(inline))
    elif kind == "str" and element.find(f"{_MAIN}v") is None:
        kind = "n"
    return styled.cell(kind, style, text, formula)


def _runs(inline: Element) -> Iterator[str]:
    """Yield the parts of a text; its phonetic reading is none of them."""
    for child in inline:
        if child.tag == f"{_MAIN}t":
            yield child.text or ""
        elif child.tag == f"{_MAIN}r":
            yield child.findtext(f"{_MAIN}t") or ""


def merge_of(reference: str) -> Merge:
    """Return a merged range by row and column of its corners, counted from 0.

    Examples
    --------
    >>> merge_of("B2:AA3")
    (1, 1, 2, 26)
    """
    first, _, last = reference.replace("$", "").partition(":")
    (r0, c0), (r1, c1) = _place(first, 0, 0), _place(last or first, 0, 0)
    return min(r0, r1) - 1, min(c0, c1) - 1, max(r0, r1) - 1, max(c0, c1) - 1


def sheet_of(name: str, grid: Grid, styled: Styled) -> Sheet:
    """Return what was read of a sheet, without the blank rows and columns at its ends."""
    filled: dict[int, tuple[Cells, Codes, Codes]] = {}
    for c, cells in grid.columns.items():
        rows, codes = np.asarray(cells.rows, np.int32), np.asarray(cells.codes, np.int32)
        if codes.any():
            kept = rows <= rows[codes > 0].max()
            filled[c] = cells, rows[kept], codes[kept]
    height = max((int(rows.max()) for _, rows, _ in filled.values()), default=-1) + 1
    width = max(filled, default=-1) + 1
    if height * width > MAX_CELLS:
        raise Refused("too_large", f"{name}: {height} × {width}")
    columns = []
    for c in range(width):
        codes_of = np.zeros(height, np.int32)
        distinct = [(type(None), None, "")]
        if c in filled:
            cells, rows, codes = filled[c]
            codes_of[rows], distinct = codes, list(cells.known)
        columns.append(Column(codes_of, [key[1] for key in distinct], [key[2] for key in distinct]))
    merges = _bounded(grid.merges, height)
    for r0, c0, r1, c1 in merges:  # only the first cell of a merged range is to be seen
        for c in range(c0, min(c1 + 1, width)):
            columns[c].codes[r0 + (c == c0) : r1 + 1] = 0
    hidden = _hidden(grid, height, width)
    return Sheet(name, height, columns, merges, hidden, styled.epoch.year == 1904)


def _bounded(merges: list[Merge], height: int) -> list[Merge]:
    cut = ((r0, c0, min(r1, height - 1), c1) for r0, c0, r1, c1 in merges if r0 < height)
    return sorted({merge for merge in cut if merge[:2] != merge[2:]})


def _hidden(grid: Grid, height: int, width: int) -> dict[str, int]:
    """Return how many of the rows and columns with cells are hidden."""
    columns = {c for first, last in grid.hidden_columns for c in range(first, min(last, width) + 1)}
    counts = {"rows": sum(r < height for r in grid.hidden_rows), "columns": len(columns)}
    return {what: number for what, number in counts.items() if number}
