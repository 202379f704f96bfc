"""What each row of a sheet is: title, header, body, total or footer; and whether a total row is right.

Only rows that hold a word of one of these are looked at one by one: a long sheet has few of them.
"""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from cxzy_lib.intake.grid import Column, Sheet
from cxzy_lib.intake.layout import Found
from cxzy_lib.intake.values import BadValue, count, hours, key_of, number, used
from cxzy_lib.intake.vocabulary import Vocabulary, keys_of

Mask = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.object_]


def cells_where(sheet: Sheet, test: Callable[[int, Any], bool]) -> list[Mask]:
    """Return for each column the rows whose cell passes `test` (column, cell), asked once per cell."""
    return [
        np.array([test(c, value) for value in column.values], dtype=bool)[column.codes]
        for c, column in enumerate(sheet.columns)
    ]


def _has_text(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def filled(sheet: Sheet) -> npt.NDArray[np.int64]:
    """Return how many cells of each row say something."""
    masks = cells_where(sheet, lambda _, value: _has_text(value))
    return np.sum(masks, axis=0) if masks else np.zeros(sheet.height, dtype=np.int64)


def row_kinds(sheet: Sheet, found: Found, words: Vocabulary) -> Kinds:
    """Return what each row is: ``blank``, ``title``, ``header``, ``total``, ``footer`` or ``body``."""
    cells = filled(sheet)
    kinds = np.where(cells == 0, "blank", "body").astype(object)
    labels = _labels(found)
    footers = tuple(key_of(word) for word in words.campaign.words.footers)
    totals = _total_words(words)

    def is_special(c: int, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        key = key_of(value)
        return bool(key) and (key.startswith(footers) or _bare(key) in totals or labels.get(c) == key)

    special = np.any([cells == 1, *cells_where(sheet, is_special)], axis=0) & (cells > 0)
    special[: found.header[-1] + 1] = cells[: found.header[-1] + 1] > 0
    for r in np.flatnonzero(special):
        kinds[r] = _row_kind(sheet, int(r), found, words)
    return kinds


def _total_words(words: Vocabulary) -> frozenset[str]:
    return keys_of((*words.campaign.words.totals, *words.campaign.words.averages))


def _labels(found: Found) -> dict[int, str]:
    """Return what the header's last row says in each column."""
    return {c: key_of(use.label.rpartition("-")[2]) for c, use in found.uses.items()}


def _bare(key: str) -> str:
    return re.sub(r"[::()]", "", key)


def _row_kind(sheet: Sheet, r: int, found: Found, words: Vocabulary) -> str:
    """Say what a row that is not blank is."""
    cells = [key_of(v) for v in sheet.row(r)]
    said = [cell for cell in cells if cell]
    if r < found.header[0]:
        return "title"
    if r in found.header or _repeats_header(cells, found):
        return "header"
    campaign = words.campaign.words
    footers = tuple(key_of(word) for word in campaign.footers)
    if said[0].startswith(footers) or (len(said) == 1 and any(f in said[0] for f in footers)):
        return "body" if _is_record(cells, cells.index(said[0]), found) else "footer"
    totals = _total_words(words)
    for cell in said[:3]:
        if not cell.isdigit() and _bare(cell) in totals:
            return "body" if _is_record(cells, cells.index(cell), found, total=True) else "total"
    if len(said) == 1 and len(found.uses) > 2 and _heads_second_block(sheet, r, found):
        return "title"
    return "body"


def _is_record(cells: list[str], at: int, found: Found, total: bool = False) -> bool:
    """Whether a row that begins like a footer or a total is a record: all else that a record needs is there.

    A pledge may be called 合计 and a problem 制表人职责不清.
    """
    columns = found.layout.columns
    needed = [c for c, use in found.columns("spec").items() if columns[use.target].required and c != at]
    if needed:
        return all(c < len(cells) and cells[c] for c in needed)
    counted = sum(c < len(cells) and cells[c].isdigit() for c in found.columns("level"))
    return counted >= 2 and not total


def _repeats_header(cells: list[str], found: Found) -> bool:
    """Whether a row is the header once more; one with other words in the same places is not taken for it."""
    labels = {c: label for c, label in _labels(found).items() if c < len(cells)}
    return len(labels) > 1 and all(cells[c] in (label, "") for c, label in labels.items()) and any(cells)


def _heads_second_block(sheet: Sheet, r: int, found: Found) -> bool:
    following = ([key_of(v) for v in sheet.row(q)] for q in range(r + 1, min(r + 4, sheet.height)))
    return any(_repeats_header(cells, found) for cells in following if any(cells))


def end_of_table(sheet: Sheet, kinds: Kinds, found: Found, words: Vocabulary) -> int:
    """Return the first body row that is another table's header, the height of the sheet if there is none.

    Most of the cells of such a row are names of columns.
    """
    names = words.columns[found.code].keys() | words.ignore | words.drop
    named = np.sum(
        cells_where(sheet, lambda _, value: isinstance(value, str) and key_of(value) in names), axis=0
    )
    cells = filled(sheet)
    others = np.flatnonzero((kinds == "body") & (cells > 2) & (named > 0.7 * cells))
    return int(others[0]) if others.size else sheet.height


#: The numbers of a column, NaN where a cell cannot be read, and which cells say one.
Numbers = tuple[npt.NDArray[np.float64], Mask]


def wrong_totals(
    sheet: Sheet, found: Found, kinds: Kinds, rows: npt.NDArray[np.intp], words: Vocabulary
) -> Iterator[tuple[int, str, str, str]]:
    """Compare each total row with the body's `rows` above it; yield (row, column, written, added) if wrong.

    A row of averages is no sum; and where a cell above cannot be read, which is told in its row, nobody knows
    the sum.
    """
    totals, averages = np.flatnonzero(kinds == "total"), keys_of(words.campaign.words.averages)
    columns = _added_up(sheet, found, words) if totals.size else {}
    for r in map(int, totals):
        above = rows[rows < r]
        if above.size and not any(_bare(key_of(value)) in averages for value in sheet.row(r)):
            yield from ((r, *off) for off in _off(sheet, found, r, above, columns))


def _off(
    sheet: Sheet, found: Found, r: int, above: npt.NDArray[np.intp], columns: dict[int, Numbers]
) -> Iterator[tuple[str, str, str]]:
    """Yield the columns in which total row `r` is not the sum of the rows above it.

    A subtotal may stand under some groups and not under others: so its rows may begin at the body's first
    row, after any row that is no record, and where a group (a branch, a kind) begins. Of these beginnings the
    one that explains most columns counts.
    """
    written = {c: n[r] for c, (n, said) in columns.items() if said[r] and not np.isnan(n[r])}
    if not written:
        return
    starts = _group_starts(sheet, found, above)
    sums = {c: np.cumsum(columns[c][0][above][::-1])[::-1][starts] for c in written}
    agrees = {c: np.isclose(sums[c], n, rtol=0, atol=1e-6) for c, n in written.items()}
    best = int(np.argmax(np.sum(list(agrees.values()), axis=0)))
    for c, n in written.items():
        if not agrees[c][best] and not np.isnan(sums[c][best]):
            yield found.uses[c].label, f"{n:.12g}", f"{sums[c][best]:.12g}"


def _added_up(sheet: Sheet, found: Found, words: Vocabulary) -> dict[int, Numbers]:
    """Return the numbers of the columns that make a sum."""
    types = {
        "count": count,
        "number": number,
        "hours": lambda cell: hours(cell, float(words.campaign.setting("hours_per_day"))),
    }
    columns = found.layout.columns
    kept = {c: columns[use.target].type for c, use in found.columns("spec").items()}
    read = dict.fromkeys(found.columns("level"), count) | {c: types[t] for c, t in kept.items() if t in types}
    blank = keys_of(words.campaign.words.not_applicable)
    return {c: _numbers(sheet.columns[c], how, blank) for c, how in read.items()}


def _numbers(column: Column, read: Callable[[Any], Any], blank: frozenset[str]) -> Numbers:
    """Return what each cell of a column adds to its sum: nothing where it says that there is none."""
    cells = [None if key_of(value) in blank else _number_or_nan(read, value) for value in column.values]
    said = np.array([cell is not None for cell in cells], dtype=bool)
    return np.array([cell or 0.0 for cell in cells])[column.codes], said[column.codes]


def _number_or_nan(read: Callable[[Any], Any], raw: Any) -> float | None:
    with suppress(BadValue):
        found = used(read(raw))
        return None if found is None else float(found)
    return math.nan


def _group_starts(sheet: Sheet, found: Found, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the places in `rows` at which rows that belong together may begin."""
    columns = found.layout.columns
    kinds = ("branch", "unit", "words", "rater", "semester")
    begins = np.diff(rows, prepend=rows[0] - 2) > 1
    for c, use in found.columns("spec").items():
        if columns[use.target].type in kinds:
            codes = sheet.columns[c].codes[rows]
            begins |= (np.diff(codes, prepend=codes[0]) != 0) & (codes != 0)
    for r0, _, r1, _ in sheet.merges:
        begins |= (rows == r0) & (r1 > r0)
    return np.flatnonzero(begins)
