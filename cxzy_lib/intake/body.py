"""The body of a table: its cells with what merges and 同上 lend them, and what is found while it is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.cells import Context
from cxzy_lib.intake.grid import Column, Sheet, column_of
from cxzy_lib.intake.layout import Found
from cxzy_lib.intake.rows import Mask
from cxzy_lib.intake.values import key_of
from cxzy_lib.intake.vocabulary import keys_of
from cxzy_lib.specs import Layout

Record = dict[str, Any]
Frames = list[tuple[str, pd.DataFrame]]  # with the table that each belongs to


@dataclass(frozen=True)
class Finding:
    """Something about a cell that people should look at.

    ``error``: the row or the file could not be used, or contradicts itself; ``warning``: the cell was not
    used; ``note``: it was used, and not quite as it stands.
    """

    code: str
    severity: str
    column: str = ""
    value: str = ""
    hint: str = ""


class Findings:
    """Findings by source row, collected while a sheet is read."""

    def __init__(self) -> None:
        self.by_row: dict[int, list[Finding]] = {}

    def add(self, rows: Iterable[int], finding: Finding) -> None:
        """Add `finding` to each of `rows`."""
        for row in rows:
            self.by_row.setdefault(int(row), []).append(finding)


@dataclass(frozen=True)
class Body:
    """The body of a table with what its cells may depend on; ``rows`` are the source rows of its records."""

    sheet: Sheet
    found: Found
    rows: npt.NDArray[np.intp]
    context: Context
    facts: Record

    @property
    def campaign(self) -> Campaign:
        """The campaign whose words are read."""
        return self.context.words.campaign

    @property
    def layout(self) -> Layout:
        """The layout of the table."""
        return self.found.layout

    def column(self, c: int) -> Column:
        """Return a column at the body's rows; merged cells lend their value down, 同上 copies the cell above.

        Only merged ranges are filled: a truly blank cell stays blank.
        """
        column = self._lent(c)
        ditto = keys_of(self.campaign.words.ditto)
        same = np.array([isinstance(v, str) and key_of(v) in ditto for v in column.values], dtype=bool)
        codes = column.codes[self.rows]
        if same.any():
            above = np.maximum.accumulate(np.where(same[codes], -1, np.arange(codes.size)))
            codes = codes[np.where(above < 0, np.arange(codes.size), above)]
        return Column(codes, column.values, column.formats)

    def _lent(self, c: int) -> Column:
        if c >= len(self.sheet.columns):
            return column_of([None] * self.sheet.height)
        column = self.sheet.columns[c]
        codes, values, formats = column.codes, column.values, column.formats
        for r0, c0, r1 in self._merges(c):
            codes = codes.copy() if codes is column.codes else codes
            if c0 == c:
                codes[r0 + 1 : r1 + 1] = column.codes[r0]
            else:
                values = [*values, self.sheet.value(r0, c0)]
                formats = [*formats, self.sheet.format(r0, c0)]
                codes[r0 + 1 : r1 + 1] = len(values) - 1
        return Column(codes, values, formats)

    def _merges(self, c: int) -> list[tuple[int, int, int]]:
        top = self.found.header[-1]
        return [
            (r0, c0, r1) for r0, c0, r1, c1 in self.sheet.merges if r0 > top and r1 > r0 and c0 <= c <= c1
        ]

    def is_lent(self, c: int) -> Mask:
        """Return at which of the body's rows a merged cell above lends its value."""
        lent = np.zeros(self.sheet.height, dtype=bool)
        for r0, _, r1 in self._merges(c):
            lent[r0 + 1 : r1 + 1] = True
        return lent[self.rows]


@dataclass
class Reading:
    """What a body gives: frames by table, each with the source ``row`` of its records, and the findings."""

    findings: Findings
    frames: Frames = field(default_factory=list)


@dataclass(frozen=True)
class Specs:
    """The declared columns of a body: a frame with a row for each source row, and which rows can be used."""

    frame: pd.DataFrame
    usable: Mask
