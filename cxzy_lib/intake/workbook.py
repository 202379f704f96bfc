"""Any file -> grids of cells. Knows no campaign; formats are told by content, never by the file's name.

Reading happens in child processes with limits on time and memory (:func:`read_all`): a workbook that makes a
library loop, allocate or abort costs one child and one line in the list of files.
"""

import csv
import io
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES = 200 * 2**20
MAX_CELLS = 20_000_000
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


class Refused(Exception):
    """The file cannot be read; ``code`` names the reason (a key of texts/intake.toml)."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code, hint)
        self.code, self.hint = code, hint


@dataclass(frozen=True)
class Sheet:
    """A grid of cells, rows and columns counted from 0.

    ``merges`` are (first row, first column, last row, last column); ``formats`` holds the number format of
    numeric cells that have one; ``date1904`` says that day numbers count from 1904 and not from 1900.
    """

    name: str
    rows: list[list[Any]]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: bool = False
    date1904: bool = False
    unformatted: bool = False  # a csv: what was typed as 2010.10 may stand there as 2010.1


@dataclass(frozen=True)
class Book:
    """What a file holds, or why it was refused (``code``, ``hint``)."""

    path: Path
    format: str
    sheets: list[Sheet]
    sha256: str = ""
    code: str = ""
    hint: str = ""


def spread_right(sheet: Sheet, r: int) -> list[Any]:
    """Return row `r` with every horizontally merged value repeated over its range."""
    row = list(sheet.rows[r])
    for r0, c0, r1, c1 in sheet.merges:
        if r0 <= r <= r1 and c1 > c0:
            row += [None] * (c1 + 1 - len(row))
            row[c0 : c1 + 1] = [sheet.rows[r0][c0]] * (c1 + 1 - c0)
    return row


def _xlsx_sheets(data: bytes) -> list[Sheet]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    from_1904 = book.epoch.year == 1904
    sheets = []
    for ws in book.worksheets:
        if (ws.max_row or 0) * (ws.max_column or 0) > MAX_CELLS:
            raise Refused("too_large", f"{ws.title}: {ws.max_row} × {ws.max_column}")
        rows = [list(row) for row in ws.iter_rows(values_only=True)]
        formats = {
            (cell.row - 1, cell.column - 1): str(cell.number_format)
            for line in ws.iter_rows()
            for cell in line
            if isinstance(cell.value, int | float) and cell.number_format != "General"
        }
        merges = [
            (m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in ws.merged_cells.ranges
        ]
        sheets.append(Sheet(ws.title, rows, sorted(merges), formats, ws.sheet_state != "visible", from_1904))
    return sheets


def _xls_value(cell: Any, datemode: int) -> Any:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERR")
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def _xls_sheets(data: bytes) -> list[Sheet]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        raise Refused("encrypted" if "ncrypted" in str(error) else "broken", str(error)) from error
    sheets = []
    for ws in book.sheets():
        rows = [[_xls_value(cell, book.datemode) for cell in ws.row(r)] for r in range(ws.nrows)]
        formats = {
            (r, c): book.format_map[book.xf_list[ws.cell_xf_index(r, c)].format_key].format_str
            for r, line in enumerate(rows)
            for c, value in enumerate(line)
            if isinstance(value, float)
        }
        formats = {place: code for place, code in formats.items() if code != "General"}
        merges = sorted((r0, c0, r1 - 1, c1 - 1) for r0, r1, c0, c1 in ws.merged_cells)
        sheets.append(Sheet(ws.name, rows, merges, formats, bool(ws.visibility), bool(book.datemode)))
    return sheets


def _calamine_sheets(data: bytes) -> list[Sheet]:
    """Read with calamine what the careful readers cannot; number formats are lost."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        sheets.append(Sheet(name, [[None if v == "" else v for v in row] for row in rows]))
    return sheets


def _decode(data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16"), "utf-16"
    if b"\0" in data:
        raise Refused("not_a_spreadsheet")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise Refused("not_a_spreadsheet")


def _csv_sheets(text: str, name: str) -> list[Sheet]:
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype", "<table", "<?xml")):
        raise Refused("markup_not_workbook")
    sample = text[:20_000]
    delimiter = max(",;\t", key=sample.count)
    rows = [
        [cell or None for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    ]
    return [Sheet(name, rows, unformatted=True)]


def _read_workbook(data: bytes, kind: str) -> list[Sheet]:
    careful = _xlsx_sheets if kind == "xlsx" else _xls_sheets
    try:
        return careful(data)
    except Refused as refusal:
        if refusal.code != "broken":
            raise
        return _second_reader(data, refusal)
    except Exception as error:
        return _second_reader(data, error)


def _second_reader(data: bytes, first: Exception) -> list[Sheet]:
    try:
        return _calamine_sheets(data)
    except BaseException as error:  # calamine's panics are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise Refused("broken", type(first).__name__) from error


def read_file(path: Path) -> Book:
    """Read one file into grids in this process.

    Raises
    ------
    Refused
        With a code: ``empty``, ``too_large``, ``encrypted``, ``broken``, ``markup_not_workbook``,
        ``not_a_spreadsheet``.
    """
    size = os.path.getsize(path)
    if size == 0:
        raise Refused("empty")
    if size > MAX_BYTES:
        raise Refused("too_large", f"{size / 2**20:.0f} MiB")
    data = path.read_bytes()
    if data.startswith(_OLE):
        if _ENCRYPTED_STREAM in data:
            raise Refused("encrypted")
        return Book(path, "xls", _read_workbook(data, "xls"))
    if data.startswith(_ZIP):
        return Book(path, *_read_zip(data))
    text, encoding = _decode(data)
    return Book(path, f"csv ({encoding})", _csv_sheets(text, path.stem))


def _read_zip(data: bytes) -> tuple[str, list[Sheet]]:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except zipfile.BadZipFile as error:
        raise Refused("broken", "zip") from error
    if "xl/workbook.xml" in names:
        return "xlsx", _read_workbook(data, "xlsx")
    if "xl/workbook.bin" in names or "content.xml" in names:
        return ("xlsb" if "xl/workbook.bin" in names else "ods"), _second_reader(data, ValueError())
    raise Refused("not_a_spreadsheet")
