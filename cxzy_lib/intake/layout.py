"""A grid -> the table in it: which layout, where the header is, what each column means, what each row is.

The header is found by the names that ``campaign/layouts.toml`` gives, not by its position.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.dates import day_of, find_year
from cxzy_lib.intake.values import BadValue, header_keys, key_of, text_of
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


@dataclass(frozen=True)
class Vocabulary:
    """The campaign's header names in the form in which they are compared."""

    campaign: Campaign
    drop: frozenset[str]
    ignore: frozenset[str]
    raters: dict[str, str]
    items: dict[str, str]
    levels: dict[str, dict[str, str]]
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def _keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(key_of(name) for name in names)


def vocabulary(campaign: Campaign) -> Vocabulary:
    """Return the campaign's words, ready to be compared with headers."""
    special = {key_of(w): code for code, s in campaign.special.items() for w in (s.zh, s.en, *s.aliases)}
    levels = {
        code: {key_of(w): level.code for level in scale.levels for w in (level.zh, level.en, *level.aliases)}
        | special
        for code, scale in campaign.scales.items()
    }
    items = {
        key: item.code
        for item in campaign.items.values()
        for word in (item.zh, item.en, *item.aliases)
        for key in header_keys(word)
    }
    columns = {
        code: {
            key: name for name, spec in layout.columns.items() for a in spec.aliases for key in header_keys(a)
        }
        for code, layout in campaign.layouts.items()
    }
    raters = {key_of(word): code for code, words in campaign.raters.items() for word in words}
    words = campaign.words
    return Vocabulary(campaign, _keys(words.drop), _keys(words.ignore), raters, items, levels, columns)


def _has_second_row(sheet: Sheet, r: int) -> bool:
    """A header goes on below where a merged header cell spans columns and the next row is no title."""
    wide = any(r0 == r1 == r and c1 > c0 for r0, c0, r1, c1 in sheet.merges)
    return wide and r + 1 < len(sheet.rows)


def _labels(sheet: Sheet, r: int) -> tuple[tuple[int, ...], list[tuple[str, str]]]:
    """Return the header's rows and, for each column, its upper and lower label."""
    upper = [text_of(v) for v in spread_right(sheet, r)]
    if not _has_second_row(sheet, r):
        return (r,), [("", label) for label in upper]
    lower = [text_of(v) for v in sheet.rows[r + 1]]
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    return (r, r + 1), [(u, w) if w else ("", u) for u, w in zip(upper, lower, strict=True)]


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
    if layout.grades and (group := _rater_in(label, words)) in layout.grades:
        return Use("grade", shown, group=group)
    if name := next((known[key] for key in keys if key in known), ""):
        return Use("spec", shown, name)
    level = next((words.levels[scale][key] for key in keys if key in words.levels.get(scale, {})), "")
    if layout.shape == "tally" and level:
        return Use("level", shown, level, _rater_in(upper, words))
    item = next((words.items[key] for key in keys if key in words.items), "")
    if layout.shape == "ballot" and item:
        return Use("item", shown, item)
    if layout.shape == "wide" and _is_date(label, year):
        return Use("date", shown, label)
    if any(key in words.ignore for key in keys):
        return Use("ignore", shown)
    return Use("unknown", shown)


def _scale_of_header(layout: Layout, labels: list[tuple[str, str]], words: Vocabulary) -> str:
    """Return that of the layout's scales which explains most of the header's words."""
    keys = {key for _, label in labels for key in header_keys(label)}
    return fitting_scale(layout.scales, keys, words)


def fitting_scale(scales: Iterable[str], keys: set[str], words: Vocabulary) -> str:
    """Return the scale that explains most of the words `keys`; the shortest of equals; ``""`` if none."""
    every = {key for code in scales for key in words.levels[code]}
    special = {key_of(w) for s in words.campaign.special.values() for w in (s.zh, s.en, *s.aliases)}
    seen = (keys & every) - special
    ranked = [
        (-len(seen & set(words.levels[code])), len(words.campaign.scales[code].levels), code)
        for code in scales
        if seen & set(words.levels[code])
    ]
    return min(ranked)[2] if ranked else ""


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
        rows, labels = _labels(sheet, r)
        context = _context(sheet, r, file_name)
        year = find_year(key_of(context))
        keys = {key for _, label in labels for key in header_keys(label)}
        for code, layout in words.campaign.layouts.items():
            if not _titled(layout, context) or not _may_be(code, keys, words):
                continue
            scale = _scale_of_header(layout, labels, words) if layout.shape == "tally" else ""
            uses = {c: _use_of(code, u, w, words, scale, year) for c, (u, w) in enumerate(labels) if w}
            if not _complete(layout, uses):
                continue
            score = sum(use.kind != "unknown" for use in uses.values())
            if best is None or score > best[0]:
                best = (score, Found(code, layout, rows, uses, context, scale))
    return best[1] if best else None


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


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name nearest to `word`, or ``""``; it is only ever shown, never used.

    Examples
    --------
    >>> nearest("教物处", ["教务处", "总务处"])
    '教务处'
    """
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


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
        return "footer"
    totals = _keys(campaign.totals)
    if any(re.sub(r"[::()]", "", cell) in totals for cell in filled[:3] if not cell.isdigit()):
        return "total"
    if len(filled) == 1 and len(found.uses) > 2 and _heads_second_block(sheet, r, found):
        return "title"
    return "body"


def _repeats_header(cells: list[str], found: Found) -> bool:
    matched = sum(cells[c] == key_of(use.label) for c, use in found.uses.items() if c < len(cells))
    return matched >= max(2, len(found.columns("spec")) // 2)


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
