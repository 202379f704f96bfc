"""Long sheets of .xlsx, read by columns: numpy cuts the XML into cells, and each distinct cell is told once.

Half a million rows take openpyxl minutes. Here no Python runs for a cell: the bytes between one cell's
reference and the next cell are a word, a column is a list of such words, and Arrow numbers the distinct ones.
Only these are parsed, by the reader of small sheets, so both give the same values, types and formats.
XML written in an unusual way (prefixes, comments, cells without a reference) goes to that reader wholly.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from cxzy_lib.intake import xlsx
from cxzy_lib.intake.grid import Codes, Sheet
from cxzy_lib.intake.xlsx import Cells, Styled

_CHUNK = 8 * 2**20
_PAD = b" " * 16  # so that looking ahead never leaves the piece
_LONGEST = 128 * 2**20  # bytes between two row ends: merges and validations below the rows are shorter
_HIDDEN = re.compile(rb'<row [^>]*?\bhidden="(?:1|true)"[^>]*>')
_ROW = re.compile(rb'\br="(\d{1,7})"')
_OTHER_ENCODING = re.compile(rb"encoding=[\"'](?!(?i:utf-8)[\"'])")
_USUAL = re.compile(rb'(?: s="(\d{1,6})")?(?: t="(n|s|b|e|str)")?>(?:<v>([^<&]*)</v>)</c>')
_BLANK = re.compile(rb'(?: s="\d{1,6}")?(?:/>|></c>)')
Part = dict[int, tuple[Codes, Any]]


class Unusual(Exception):
    """The XML is not written as the usual programs write it."""


def sheet(package: zipfile.ZipFile, place: str, name: str, styled: Styled) -> Sheet:
    """Return a long sheet; `place` is its part in the package."""
    try:
        pieces = _Pieces(package, place)
        parts = list(_parts(pieces))
        with io.BytesIO(pieces.frame) as frame:
            grid = xlsx.read(frame, styled)
    except (Unusual, ElementTree.ParseError):
        with package.open(place) as part:
            return xlsx.sheet_of(name, xlsx.read(part, styled), styled)
    grid.hidden_rows |= pieces.hidden
    for c in set[int]().union(*parts):
        grid.columns[c] = _column([part[c] for part in parts if c in part], styled)
    return xlsx.sheet_of(name, grid, styled)


class _Pieces:
    """Passes once over the XML: yields whole rows, keeps what stands around them and which are hidden."""

    def __init__(self, package: zipfile.ZipFile, place: str) -> None:
        self.package, self.place = package, place
        self.frame, self.hidden = b"", set[int]()

    def __iter__(self) -> Iterator[bytes]:
        rest, head = b"", b""
        with self.package.open(self.place) as stream:
            while block := stream.read(_CHUNK):
                rest += block
                if not head:
                    head, rest = self._head(rest)
                cut = rest.rfind(b"</row>") + len(b"</row>")
                if cut >= len(b"</row>"):
                    piece, rest = rest[:cut], rest[cut:]
                    self._look(piece)
                    yield piece
                if len(rest) > _LONGEST:
                    raise Unusual
        self._look(rest)
        if not rest.lstrip().startswith((b"</sheetData>", b"<row ")) or b"<c " in rest:
            raise Unusual
        self.frame = head + rest

    def _head(self, start: bytes) -> tuple[bytes, bytes]:
        at = start.find(b"<sheetData>") + len(b"<sheetData>")
        if (
            at < len(b"<sheetData>")
            or b"<worksheet" not in start[:4096]
            or _OTHER_ENCODING.search(start[:200])
        ):
            raise Unusual
        return start[:at], start[at:]

    def _look(self, piece: bytes) -> None:
        if b"<!" in piece or b"<?" in piece:
            raise Unusual
        if b"hidden" in piece:
            for tag in _HIDDEN.findall(piece):
                if (row := _ROW.search(tag)) is None:
                    raise Unusual
                self.hidden.add(int(row[1]) - 1)


def _parts(pieces: _Pieces) -> Iterator[Part]:
    """Cut the pieces two at a time: numpy, Arrow and zlib let other threads work meanwhile."""
    with ThreadPoolExecutor(2) as threads:
        waiting = []
        for piece in pieces:
            waiting.append(threads.submit(_cut, piece))
            if len(waiting) > 2:
                yield waiting.pop(0).result()
        for cut in waiting:
            yield cut.result()


def _cut(piece: bytes) -> Part:
    """Return for each column the rows of its cells (from 0) and their XML after the reference, numbered."""
    import pyarrow as pa

    padded = piece + _PAD
    text = np.frombuffer(padded, np.uint8)
    second, third = text[1:], text[2:]
    opened = text[:-1] == ord("<")
    cells = np.flatnonzero(opened & (second == ord("c")))
    if not cells.size:
        return {}
    ends = np.flatnonzero(opened[:-1] & (second[:-1] == ord("/")) & (third == ord("r")))
    ends = ends[text[ends + 3] == ord("o")]  # </row>, and not the </r> of a text with several fonts
    column, row, after = _references(text, cells)
    starts = np.append(cells[1:], len(piece))
    row_end = np.append(ends, len(piece))[np.searchsorted(ends, cells)]
    bounds = np.empty(2 * cells.size, np.int32)
    bounds[::2], bounds[1::2] = after, np.minimum(starts, row_end)
    words = pa.Array.from_buffers(
        pa.binary(), bounds.size - 1, [None, pa.py_buffer(bounds), pa.py_buffer(padded)]
    )
    order = np.argsort(column, kind="stable")
    words, row, column = words.take(pa.array(order * 2)), row[order], column[order]
    edges = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), column.size]
    return {int(column[a]): (row[a:b], words.slice(a, b - a).dictionary_encode()) for a, b in pairwise(edges)}


def _references(
    text: npt.NDArray[np.uint8], cells: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return column and row (from 0) of each cell, and where its reference has ended."""
    for ahead, letter in enumerate(b' r="', 2):
        if (text[cells + ahead] != letter).any():
            raise Unusual
    column, row = np.zeros(cells.size, np.int32), np.zeros(cells.size, np.int32)
    at, more = cells + 6, np.ones(cells.size, bool)
    for most, first, base, number in ((3, ord("A") - 1, 26, column), (7, ord("0"), 10, row)):
        more[:] = True
        for _ in range(most):
            digit = text[at].astype(np.int32) - first
            more &= (digit >= (base == 26)) & (digit < base + (base == 26))
            np.copyto(number, number * base + digit, where=more)
            at += more
            if not more.any():
                break
    wrong = (text[at] != ord('"')) | (row < 1) | (row > xlsx.LAST_ROW)
    if (wrong | (column < 1) | (column > xlsx.LAST_COLUMN)).any():
        raise Unusual
    return (column - 1).astype(np.uint16), row - 1, at + 1


def _column(parts: list[tuple[Codes, Any]], styled: Styled) -> Cells:
    """Tell the distinct cells of a column, and number its cells by them."""
    import pyarrow as pa

    whole = pa.chunked_array([words for _, words in parts]).unify_dictionaries()
    cells = Cells()
    told = [cells.code(*_cell(word, styled)) for word in whole.chunk(0).dictionary.to_pylist()]
    cells.codes = np.array(told, np.int32)[np.concatenate([words.indices for words in whole.chunks])]
    cells.rows = np.concatenate([rows for rows, _ in parts])
    return cells


def _cell(word: bytes, styled: Styled) -> tuple[Any, str]:
    """Tell a cell from its XML without the reference."""
    if match := _USUAL.fullmatch(word):
        style, kind, text = match.groups()
        return styled.cell((kind or b"n").decode(), int(style or 0), text.decode(), False)
    if _BLANK.fullmatch(word):
        return None, ""
    whole = b'<c xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"' + word
    return xlsx.cell_of(ElementTree.fromstring(whole), styled)
