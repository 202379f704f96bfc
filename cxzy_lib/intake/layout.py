"""A grid -> the table in it: which layout, where the header is, what each column means, what each row is.

The header is found by the names that ``campaign/layouts.toml`` gives, not by its position.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from cxzy_lib.intake.dates import day_of, find_year
from cxzy_lib.intake.values import BadValue, header_keys, key_of, text_of
from cxzy_lib.intake.vocabulary import Vocabulary, fitting_scale, keys_of
from cxzy_lib.intake.workbook import Sheet, spread_right
from cxzy_lib.specs import Layout

HEADER_SEARCH_ROWS = 15


@dataclass(frozen=True)
class Use:
    """What a column is for: ``kind`` is spec, level, item, date, drop, ignore or unknown."""

    kind: str
    label: str
    target: str = ""
    group: str = ""


@dataclass(frozen=True)
class Found:
    """The table found in a sheet. Rows are counted from 0."""

    code: str
    layout: Layout
    header: tuple[int, ...]
    uses: dict[int, Use]
    title: str
    scale: str = ""

    def columns(self, kind: str) -> dict[int, Use]:
        """Return the columns of one kind."""
        return {c: use for c, use in self.uses.items() if use.kind == kind}

    @property
    def unknown(self) -> list[str]:
        """Labels of the columns that no name matched."""
        return [use.label for use in self.columns("unknown").values()]


def _written(sheet: Sheet, r: int, c: int, value: Any) -> str:
    """Return a header cell as it is shown: 3.1 with the format 0.00 is 3.10."""
    decimals = len(sheet.formats.get((r, c), "").partition(".")[2].rstrip("_) "))
    return f"{value:.{decimals}f}" if decimals and isinstance(value, float) else text_of(value)


def _labels(sheet: Sheet, r: int) -> Iterator[tuple[tuple[int, ...], list[tuple[str, str]]]]:
    """Yield the header that may begin in row `r`, of one row and of two: its rows, and for each column
    its upper and lower label. There are two only where a cell of the first spans columns.
    """  # noqa: D205
    upper = [_written(sheet, r, c, v) for c, v in enumerate(spread_right(sheet, r))]
    yield (r,), [("", label) for label in upper]
    if r + 1 < len(sheet.rows) and any(r0 == r1 == r and c1 > c0 for r0, c0, r1, c1 in sheet.merges):
        lower = [_written(sheet, r + 1, c, v) for c, v in enumerate(sheet.rows[r + 1])]
        pairs = zip_longest(upper, lower, fillvalue="")
        yield (r, r + 1), [(u, w) if w else ("", u) for u, w in pairs]


def _rater_in(text: str, words: Vocabulary) -> str:
    return next((words.raters[key] for key in header_keys(text) if key in words.raters), "")


def _is_date(label: str, year: int | None) -> bool:
    try:
        return bool(label) and day_of(label, year=year or 2000) is not None
    except BadValue:
        return False


def _use_of(code: str, upper: str, label: str, words: Vocabulary, scale: str, year: int | None) -> Use:
    """Say what one column of layout `code` is for."""
    layout = words.campaign.layouts[code]
    known = words.columns[code]
    keys = header_keys(label)
    shown = f"{upper}-{label}" if upper else label
    if any(key in words.drop for key in keys):
        return Use("drop", shown)
    if layout.shape == "tally" and re.search(r"[%‰]|比例|率", key_of(label)):
        return Use("ignore", shown)  # a share beside a count is the same ballots once more
    if layout.grades and (group := _rater_in(label, words)) in layout.grades:
        return Use("grade", shown, group=group)
    if name := next((known[key] for key in keys if key in known), ""):
        return Use("spec", shown, name)
    if layout.shape == "tally" and (level := _level_in(upper, label, words, scale)):
        return Use("level", shown, level, _rater_in(upper, words))
    item = next((words.items[key] for key in keys if key in words.items), "")
    if layout.shape == "ballot" and item:
        return Use("item", shown, item)
    if layout.shape == "wide" and _is_date(label, year):
        return Use("date", shown, label)
    if any(key in words.ignore for key in keys):
        return Use("ignore", shown)
    return Use("unknown", shown)


def _level_in(upper: str, label: str, words: Vocabulary, scale: str) -> str:
    """Return the level a column counts: named by its label, or above it where the label says 票数."""
    known = words.levels.get(scale, {})
    counted = key_of(label) in keys_of(words.campaign.words.counts)
    return next((known[key] for key in header_keys(upper if counted else label) if key in known), "")


def _may_be(code: str, keys: set[str], words: Vocabulary) -> bool:
    """Whether every required column of a layout has a name among the header's words."""
    found = {words.columns[code][key] for key in keys if key in words.columns[code]}
    return all(
        name in found for name, column in words.campaign.layouts[code].columns.items() if column.required
    )


def _complete(layout: Layout, uses: dict[int, Use]) -> bool:
    """Whether every required column is there, and what the shape lives by."""
    kinds = [use.kind for use in uses.values()]
    targets = {use.target for use in uses.values() if use.kind == "spec"}
    need = {"tally": ("level", 2), "ballot": ("item", 1), "wide": ("date", 1)}.get(layout.shape)
    required = {name for name, column in layout.columns.items() if column.required}
    return required <= targets and (need is None or kinds.count(need[0]) >= need[1])


def _context(sheet: Sheet, r: int, file_name: str) -> str:
    above = [text_of(v) for row in sheet.rows[:r] for v in row if text_of(v)]
    return "\n".join([*above, sheet.name, file_name])


def _titled(layout: Layout, context: str) -> bool:
    return not layout.title or any(word in key_of(context) for word in map(key_of, layout.title))


def find_table(sheet: Sheet, file_name: str, words: Vocabulary) -> Found | None:
    """Return the table in `sheet`, or ``None`` if no layout has all its required columns in one row.

    Among the layouts that fit, the one that explains most columns wins; then the upper row; then the order
    of ``layouts.toml``.
    """
    best: tuple[int, Found] | None = None
    for r in range(min(HEADER_SEARCH_ROWS, len(sheet.rows))):
        if sum(bool(text_of(v)) for v in sheet.rows[r]) < 2:
            continue
        context = _context(sheet, r, file_name)
        for rows, labels in _labels(sheet, r):
            for score, found in _readings(rows, labels, context, words):
                if best is None or score > best[0]:
                    best = (score, found)
    return best[1] if best else None


def _readings(
    rows: tuple[int, ...], labels: list[tuple[str, str]], context: str, words: Vocabulary
) -> Iterator[tuple[int, Found]]:
    """Yield every layout that a header can be, with the number of columns it explains."""
    year = find_year(key_of(context))
    keys = {key for pair in labels for label in pair for key in header_keys(label)}
    for code, layout in words.campaign.layouts.items():
        if not _titled(layout, context) or not _may_be(code, keys, words):
            continue
        scale = fitting_scale(layout.scales, keys, words, whole=True) if layout.shape == "tally" else ""
        uses = {c: _use_of(code, u, w, words, scale, year) for c, (u, w) in enumerate(labels) if w}
        uses = _first_of_twins(uses, layout)
        if _complete(layout, uses):
            yield (
                sum(use.kind != "unknown" for use in uses.values()),
                Found(code, layout, rows, uses, context, scale),
            )


def _first_of_twins(uses: dict[int, Use], layout: Layout) -> dict[int, Use]:
    """Keep the first of two columns that mean the same, and report the other: neither is added nor lost."""
    seen: set[tuple[str, str, str]] = set()
    kept = {}
    for c, use in uses.items():
        meaning = (use.kind, use.target, use.group)
        twin = use.kind in ("spec", "level", "item", "grade", "date") and meaning in seen
        kept[c] = Use("twin", use.label) if twin else use
        seen.add(meaning)
    return kept


def nearest_layout(sheet: Sheet, words: Vocabulary) -> tuple[str, list[str]]:
    """Return the layout that a sheet without a table comes closest to, and the required columns it lacks."""
    best: tuple[float, str, list[str]] = (0.0, "", [])
    for row in sheet.rows[:HEADER_SEARCH_ROWS]:
        keys = {key for value in row for key in header_keys(value)}
        for code, layout in words.campaign.layouts.items():
            required = [name for name, column in layout.columns.items() if column.required]
            lacking = [name for name in required if not keys & set(map(key_of, layout.columns[name].aliases))]
            share = 1 - len(lacking) / len(required)
            if share > best[0]:
                best = (share, code, [layout.columns[name].aliases[0] for name in lacking])
    return best[1], best[2]


def row_kind(sheet: Sheet, r: int, found: Found, words: Vocabulary) -> str:
    """Say what a row is: ``blank``, ``title``, ``header``, ``total``, ``footer`` or ``body``."""
    cells = [key_of(v) for v in sheet.rows[r]]
    filled = [cell for cell in cells if cell]
    if not filled:
        return "blank"
    if r in found.header:
        return "header"
    if r < found.header[0]:
        return "title"
    if _repeats_header(cells, found):
        return "header"
    campaign = words.campaign.words
    footers = tuple(key_of(word) for word in campaign.footers)
    if filled[0].startswith(footers) or (len(filled) == 1 and any(f in filled[0] for f in footers)):
        return "body" if _is_record(cells, cells.index(filled[0]), found) else "footer"
    totals = keys_of(campaign.totals)
    for cell in filled[:3]:
        if not cell.isdigit() and re.sub(r"[::()]", "", cell) in totals:
            return "body" if _is_record(cells, cells.index(cell), found, total=True) else "total"
    if len(filled) == 1 and len(found.uses) > 2 and _heads_second_block(sheet, r, found):
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
    labels = {c: key_of(use.label.rpartition("-")[2]) for c, use in found.uses.items() if c < len(cells)}
    return len(labels) > 1 and all(cells[c] in (label, "") for c, label in labels.items()) and any(cells)


def other_header(sheet: Sheet, r: int, found: Found, words: Vocabulary) -> bool:
    """Whether a row within the body is another header: most of its cells are names of columns."""
    cells = [key_of(v) for v in sheet.rows[r] if key_of(v)]
    names = words.columns[found.code].keys() | words.ignore | words.drop
    return len(cells) > 2 and sum(cell in names for cell in cells) > 0.7 * len(cells)


def _heads_second_block(sheet: Sheet, r: int, found: Found) -> bool:
    following = ([key_of(v) for v in row] for row in sheet.rows[r + 1 : r + 4])
    return any(_repeats_header(cells, found) for cells in following if any(cells))


def fill_down(sheet: Sheet, found: Found) -> dict[tuple[int, int], Any]:
    """Return the values that vertically merged cells lend to the rows below their first one.

    Only merged ranges are filled: a truly blank cell stays blank.
    """
    top = found.header[-1]
    return {
        (r, c): sheet.rows[r0][c0]
        for r0, c0, r1, c1 in sheet.merges
        if r0 > top and r1 > r0
        for r in range(r0 + 1, r1 + 1)
        for c in range(c0, c1 + 1)
    }
