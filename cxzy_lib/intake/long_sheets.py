"""Long sheets of .xlsx: the careful reader takes head, tail, merges, what is hidden; the fast one the body.

openpyxl needs minutes for half a million rows, fastexcel seconds. But fastexcel gives every column one type:
2010.1 typed as a number and "2010.1" typed as text come out alike. What it cannot tell is looked up in the
XML itself, and where that does not settle it either, openpyxl reads all of it, slowly, in little memory.
"""

import io
import math
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from cxzy_lib.intake.grid import BLANK, NO_VALUE, Cell, Column, Sheet, coded, column_of
from cxzy_lib.intake.xlsx import cells_of, column_index, format_of, hidden_in, merges_of, sheet_of, unsaved

_CHUNK = 4 * 2**20
_ENDS = 2**17  # bytes of XML at either end that are read carefully
_PICTURES = ("xl/media", "xl/drawings", "xl/charts", "xl/embeddings")
_COMMON = 3  # rows that both readers read, at either end: they must agree
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]* t="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_INLINE = re.compile(rb"<t(?: [^>]*)?>([-+\d.TFtf][^<]{0,40})</t>")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?")


class Unsure(Exception):
    """The fast reader may have lost something."""


@dataclass
class Scan:
    """What the XML of a long sheet says: its ends in whole rows, and what only it can tell."""

    head: bytes = b""
    tail: bytes = b""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: int = 0
    inline: set[str] = field(default_factory=set)


def read_long(
    data: bytes, package: zipfile.ZipFile, parts: dict[str, str], long_parts: set[str]
) -> list[Sheet]:
    """Return the sheets of a workbook of which some parts are long."""
    import openpyxl

    scans = {part: _scan(package, part) for part in long_parts}
    short = _shortened(package, parts, scans)
    book = openpyxl.load_workbook(io.BytesIO(short), data_only=True)
    from_1904 = book.epoch.year == 1904
    found = []
    for ws in book.worksheets:
        part = parts.get(ws.title, "")
        if part not in scans:
            found.append(sheet_of(ws, from_1904, package, part))
            continue
        try:
            found.append(_fast(data, package, ws, scans[part], from_1904))
        except Unsure:
            found.append(_slow(data, ws, scans[part], from_1904))
    return found


def _scan(package: zipfile.ZipFile, part: str) -> Scan:
    """Pass once over the XML of a sheet."""
    scan, rest = Scan(), b""
    with package.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            window = rest + chunk  # a cell may lie across the border of two chunks
            if not scan.head:
                scan.head = window[: _ENDS + window.find(b"<sheetData")]
            if b't="e"' in window:
                found = _ERROR.findall(window)
                scan.errors |= {(int(r) - 1, column_index(c)): text.decode() for c, r, text in found}
            scan.errors |= dict.fromkeys(unsaved(window), NO_VALUE)
            if b"hidden=" in window:
                scan.hidden_rows += len(_HIDDEN.findall(window)) - len(_HIDDEN.findall(rest))
            if b"<is>" in window:
                scan.inline |= {text.decode("utf-8", "replace") for text in _INLINE.findall(window)}
            if scan.tail:
                scan.tail += chunk
            elif (end := window.find(b"</sheetData>")) >= 0:
                scan.tail = window[max(0, end - _ENDS) :]
            rest = window[-_ENDS:]
    scan.head = scan.head[: scan.head.rfind(b"</row>") + len(b"</row>")]
    scan.tail = scan.tail[scan.tail.find(b"<row ") :]
    return scan


def _shortened(package: zipfile.ZipFile, parts: dict[str, str], scans: dict[str, Scan]) -> bytes:
    """Return the workbook with only the first and the last rows of its long sheets."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as short:
        for name in package.namelist():
            if name in scans:
                short.writestr(name, scans[name].head + scans[name].tail)
            elif not name.startswith(_PICTURES):
                short.writestr(name, package.read(name))
    return made.getvalue()


def _rows_of(xml: bytes) -> list[int]:
    return [int(r) for r in re.findall(rb'<row [^>]*?r="(\d+)"', xml)]


def _fast(data: bytes, package: zipfile.ZipFile, ws: Any, scan: Scan, from_1904: bool) -> Sheet:
    """Read the body by columns, and put head and tail around it."""
    head, tail = _rows_of(scan.head), _rows_of(scan.tail)
    if len(head) <= _COMMON or len(tail) <= _COMMON or from_1904:
        raise Unsure
    # Counted from 1, the fast rows follow `first` and end before `last`; three at either end are read twice.
    first, last = head[-_COMMON - 1], tail[_COMMON]
    between = last - 1 - first
    if between < _COMMON:
        raise Unsure  # hardly a row lies between the ends
    before, after = (Sheet.of("", *cells_of(ws, *ends)) for ends in ((1, head[-1]), (tail[0], ws.max_row)))
    if not before.columns or not before.columns[0].codes.any() or all(v is None for v in before.row(0)):
        raise Unsure  # the fast reader counts from the first cell that is filled
    texts = _shared_texts(package) | scan.inline
    columns = [_column(array, texts) for array in _load(data, ws.title, first, between)]
    doubtful = [c for c, column in enumerate(columns) if _is_doubtful(column, texts)]
    if doubtful:  # raises where one of these columns holds numbers, too
        _load(data, ws.title, first, between, use_columns=doubtful, dtype_coercion="strict")
    parts = ((before.columns, before.height), (columns, between), (after.columns, after.height))
    shared = last - tail[0]  # rows of the tail that the fast reader has read, too
    made = []
    for c in range(max(len(of) for of, _ in parts)):
        above, middle, below = (of[c] if c < len(of) else column_of([None] * height) for of, height in parts)
        _agree(above, middle, range(first, first + _COMMON), 0)
        _agree(below, middle, range(shared), between - shared)
        made.append(_joined(above.take(slice(0, first)), middle, below.take(slice(shared, None))))
    return _sheet(ws, ws.max_row, made, scan, from_1904)


def _is_doubtful(column: Column, texts: set[str]) -> bool:
    """Whether a column holds a text that could stand there as a number, a date or a truth value as well."""
    return any(isinstance(value, str) and value in texts and _looks_typed(value) for value in column.values)


def _looks_typed(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _MOMENT.fullmatch(text) or text in ("true", "false"))


def _load(data: bytes, name: str, skip: int, rows: int, **more: Any) -> list[Any]:
    import fastexcel

    try:
        book = fastexcel.read_excel(data)
        batch = book.load_sheet(
            name, header_row=None, skip_rows=skip, n_rows=rows, schema_sample_rows=None, eager=True, **more
        )
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic is no Exception
        raise Unsure from error
    if batch.num_rows != rows:
        raise Unsure
    return list(batch.columns)


def _shared_texts(package: zipfile.ZipFile) -> set[str]:
    """Return the shared texts that look like numbers, dates or truth values."""
    if "xl/sharedStrings.xml" not in package.namelist():
        return set()
    found = _INLINE.findall(package.read("xl/sharedStrings.xml"))
    return {text.decode("utf-8", "replace") for text in found}


def _column(array: Any, texts: set[str]) -> Column:
    """Return an Arrow column as a Column: its distinct cells with the types that stand in the sheet."""
    coded = array.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32) + 1
    values = [None, *(_cell(value, texts) for value in coded.dictionary.to_pylist())]
    return Column(codes, values, [""] * len(values))


def _cell(value: Any, texts: set[str]) -> Any:
    if isinstance(value, str):
        return _typed(value, texts)
    if isinstance(value, float):
        if 1900 <= value < 2100 and re.fullmatch(r"\d{4}\.1", repr(value)):
            raise Unsure  # January or October: only the number format tells
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def _typed(text: str, texts: set[str]) -> Any:
    """Return a cell of a column of several types, which all come as text.

    A number typed as text stands among the workbook's texts; one that does not was a number.
    """
    if not text.strip():
        return text or None
    if text in texts or not _looks_typed(text):
        return text
    if _NUMBER.fullmatch(text):
        value = float(text)
        return _cell(value, texts) if math.isfinite(value) else text
    return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else text == "true"


def _agree(careful: Column, quick: Column, at: range, quick_at: int) -> None:
    """Raise Unsure unless both readers see the same in the rows that both have read."""
    for k, r in enumerate(at):
        seen, read = careful.values[careful.codes[r]], quick.values[quick.codes[quick_at + k]]
        numbers = isinstance(seen, int | float) and isinstance(read, int | float)
        alike = math.isclose(seen, read, rel_tol=1e-8) if numbers else seen == read
        error = isinstance(seen, str) and seen.startswith("#") and read is None
        if not alike and not error:
            raise Unsure


def _joined(*parts: Column) -> Column:
    """Return columns that follow each other as one."""
    codes, values, formats = [], [None], [""]
    for part in parts:
        codes.append(np.where(part.codes > 0, part.codes + len(values) - 1, 0).astype(np.int32))
        values, formats = [*values, *part.values[1:]], [*formats, *part.formats[1:]]
    return Column(np.concatenate(codes), values, formats)


def _sheet(ws: Any, height: int, columns: list[Column], scan: Scan, from_1904: bool) -> Sheet:
    """Return a long sheet, with the errors and the formulas without a value that only its XML tells."""
    columns = list(columns)
    for (r, c), text in scan.errors.items():
        if r < height and c < len(columns):
            column = columns[c]
            codes = column.codes.copy()
            codes[r] = len(column.values)
            columns[c] = Column(codes, [*column.values, text], [*column.formats, ""])
    hidden = hidden_in(ws) | ({"rows": scan.hidden_rows} if scan.hidden_rows else {})
    return Sheet(ws.title, height, columns, merges_of(ws), hidden, from_1904)


def _slow(data: bytes, ws: Any, scan: Scan, from_1904: bool) -> Sheet:
    """Read a long sheet with openpyxl, row by row into columns."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=True)
    known: list[dict[Cell, int]] = []
    codes: list[list[int]] = []
    height = 0
    for line in book[ws.title].iter_rows():
        for c, cell in enumerate(line):
            if c == len(codes):
                known.append({BLANK: 0})
                codes.append([0] * height)
            key = (type(cell.value), cell.value, format_of(cell))
            codes[c].append(known[c].setdefault(key, len(known[c])))
        height += 1
        for column in codes[len(line) :]:
            column.append(0)
    columns = [coded(of, cells) for of, cells in zip(codes, known, strict=True)]
    return _sheet(ws, height, columns, scan, from_1904)
