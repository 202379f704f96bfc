"""What a file holds: books of sheets, and sheets of columns. Each column keeps its distinct cells once.

A word like 第一支部 stands in thousands of cells and is read once: everything after the readers asks the
distinct cells of a column, never its cells one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MAX_COLUMNS = 16_384  # no spreadsheet program knows more
MAX_CELLS = 20_000_000
MAX_TEXT = 32_767  # characters in a cell
#: What stands in a cell whose formula was saved without a value.
NO_VALUE = "#FORMULA!"

Codes = np.ndarray[tuple[int], np.dtype[np.int32]]
Cell = tuple[type, Any, str]  # 1, 1.0 and True are three: type, value, number format
BLANK: Cell = (type(None), None, "")


class Refused(Exception):
    """The file cannot be read; ``code`` names the reason (a key of texts/intake.toml)."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code, hint)
        self.code, self.hint = code, hint


@dataclass(frozen=True)
class Column:
    """A column of cells: `codes` names each row's cell among the distinct ``values``; code 0 is blank.

    ``formats`` holds the number format of each distinct cell, ``""`` for none and for ``General``: 2010.1
    with the format ``0.00`` and 2010.1 without are two.
    """

    codes: Codes
    values: list[Any]
    formats: list[str]

    @property
    def distinct(self) -> list[Any]:
        """The values of the cells that stand in the column, each once."""
        return [self.values[k] for k in np.unique(self.codes)]

    def take(self, rows: slice) -> "Column":
        """Return the column at `rows` (all its values stay)."""
        return Column(self.codes[rows], self.values, self.formats)


def column_of(cells: Iterable[Any], formats: dict[int, str] | None = None) -> Column:
    """Return the column of `cells`; ``formats`` names the number format of some rows.

    Examples
    --------
    >>> column = column_of(["a", None, "a", 1, 1.0, True])
    >>> column.codes.tolist(), column.values
    ([1, 0, 1, 2, 3, 4], [None, 'a', 1, 1.0, True])
    """
    known, codes = {BLANK: 0}, []
    formats = formats or {}
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            # A text longer than a spreadsheet's cell can be shows by its end that it was cut.
            cell = (cell if len(cell) <= MAX_TEXT else cell[: MAX_TEXT - 1] + "…") or None
        codes.append(known.setdefault((type(cell), cell, formats.get(row, "")), len(known)))
    return coded(codes, known)


def coded(codes: list[int], known: dict[Cell, int]) -> Column:
    """Return the column of which `codes` names the cells, and `known` says which cell has which code."""
    return Column(np.array(codes, dtype=np.int32), [cell[1] for cell in known], [cell[2] for cell in known])


@dataclass(frozen=True)
class Sheet:
    """A grid of cells, rows and columns counted from 0.

    ``merges`` are (first row, first column, last row, last column); ``date1904`` says that day numbers count
    from 1904 and not from 1900; ``hidden`` names what people do not see there (``sheet``, ``rows``,
    ``columns``) with their number.
    """

    name: str
    height: int
    columns: list[Column]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    date1904: bool = False
    unformatted: bool = False  # a csv: what was typed as 2010.10 may stand there as 2010.1

    @classmethod
    def of(
        cls,
        name: str,
        rows: Sequence[Sequence[Any]],
        formats: dict[tuple[int, int], str] | None = None,
        **more: Any,
    ) -> "Sheet":
        """Return the sheet of `rows`, with the number formats of some cells by (row, column)."""
        width = max(map(len, rows), default=0)
        if width > MAX_COLUMNS or width * len(rows) > MAX_CELLS:
            raise Refused("too_large", f"{name}: {len(rows)} × {width}")
        by_column: dict[int, dict[int, str]] = {}
        for (r, c), code in (formats or {}).items():
            by_column.setdefault(c, {})[r] = code
        columns = [
            column_of((row[c] if c < len(row) else None for row in rows), by_column.get(c))
            for c in range(width)
        ]
        return cls(name, len(rows), columns, **more)

    @property
    def rows(self) -> list[list[Any]]:
        """All cells, row by row: for looking at small sheets."""
        return [self.row(r) for r in range(self.height)]

    def value(self, r: int, c: int) -> Any:
        """Return a cell, ``None`` where it is blank or outside."""
        return self.columns[c].values[self.columns[c].codes[r]] if c < len(self.columns) else None

    def format(self, r: int, c: int) -> str:
        """Return a cell's number format."""
        return self.columns[c].formats[self.columns[c].codes[r]] if c < len(self.columns) else ""

    def row(self, r: int) -> list[Any]:
        """Return the cells of a row."""
        return [self.value(r, c) for c in range(len(self.columns))]


@dataclass(frozen=True)
class Book:
    """What a file holds, or why it was refused (``code``, ``hint``)."""

    path: Path
    format: str = ""
    sheets: list[Sheet] = field(default_factory=list)
    sha256: str = ""
    code: str = ""
    hint: str = ""


def decimals_in(number_format: str) -> int:
    """Return how many decimals a number format shows.

    Examples
    --------
    >>> decimals_in("0.00_ "), decimals_in("")
    (2, 0)
    """
    return len(number_format.partition(".")[2].rstrip("_) "))


def spread_right(sheet: Sheet, r: int) -> list[Any]:
    """Return row `r` with every horizontally merged value repeated over its range."""
    row = sheet.row(r)
    for r0, c0, r1, c1 in sheet.merges:
        if r0 <= r <= r1 and c1 > c0:
            row += [None] * (c1 + 1 - len(row))
            row[c0 : c1 + 1] = [sheet.value(r0, c0)] * (c1 + 1 - c0)
    return row
