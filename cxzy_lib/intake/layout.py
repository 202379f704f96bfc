"""A grid -> the table in it: which layout, where the header is, what each column means.

The header is found by the names that ``campaign/layouts.toml`` gives, not by its position.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from cxzy_lib.intake.dates import day_of, find_year
from cxzy_lib.intake.grid import Sheet, decimals_in, spread_right
from cxzy_lib.intake.values import BadValue, header_keys, key_of, text_of
from cxzy_lib.intake.vocabulary import Vocabulary, fitting_scale, keys_of
from cxzy_lib.specs import Layout

HEADER_SEARCH_ROWS = 15


@dataclass(frozen=True)
class Use:
    """What a column is for.

    ``kind`` is spec, level, share, grade, item, date, drop, ignore, twin or unknown.
    """

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


def _written(sheet: Sheet, r: int, c: int, value: Any) -> str:
    """Return a header cell as it is shown: 3.1 with the format 0.00 is 3.10."""
    decimals = decimals_in(sheet.format(r, c))
    return f"{value:.{decimals}f}" if decimals and isinstance(value, float) else text_of(value)


def _labels(sheet: Sheet, r: int) -> Iterator[tuple[tuple[int, ...], list[tuple[str, str]]]]:
    """Yield the header that may begin in row `r`: its rows, and for each column its upper and lower label.

    It has two rows only where a cell of the first spans columns.
    """
    upper = [_written(sheet, r, c, v) for c, v in enumerate(spread_right(sheet, r))]
    yield (r,), [("", label) for label in upper]
    if r + 1 < sheet.height and any(r0 == r1 == r and c1 > c0 for r0, c0, r1, c1 in sheet.merges):
        lower = [_written(sheet, r + 1, c, v) for c, v in enumerate(sheet.row(r + 1))]
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
    if layout.grades and (group := _rater_in(label, words)) in layout.grades:
        return Use("grade", shown, group=group)
    if name := next((known[key] for key in keys if key in known), ""):
        return Use("spec", shown, name)
    if layout.shape == "tally" and (use := _tally_use(upper, label, shown, words, scale)):
        return use
    item = next((words.items[key] for key in question_keys(label) if key in words.items), "")
    if layout.shape == "ballot" and item:
        return Use("item", shown, item)
    if layout.shape == "wide" and _is_date(label, year):
        return Use("date", shown, label)
    if any(key in words.ignore for key in keys):
        return Use("ignore", shown)
    return Use("unknown", shown)


def question_keys(label: str) -> tuple[str, ...]:
    """Return the forms under which a question may be known; of a matrix, its line is known without the stem.

    Examples
    --------
    >>> question_keys("7、请评分：—给老师讲课的评价")[-1]
    '给老师讲课的评价'
    >>> question_keys("How satisfied are you with … [Your workload]")[-1]
    'yourworkload'
    >>> question_keys("第6题(对班子是否满意)")[-1]
    '对班子是否满意'
    """
    line = re.search(r"[—–]+\s*([^—–]+)$|\[([^\]]+)\]\s*$|^\D?\d+\D?\s*[(（](.+)[)）]\s*$", label)
    return header_keys(label) + (header_keys(line[1] or line[2] or line[3]) if line else ())


def _tally_use(upper: str, label: str, shown: str, words: Vocabulary, scale: str) -> Use | None:
    """Say which level of which raters a column counts, or whose share it gives; ``None`` if neither."""
    level, group = _level_in(upper, label, words, scale), _rater_in(upper, words)
    if re.search(r"[%‰]|比例|率", key_of(label)):
        # A share beside a count is the same ballots once more: it is compared, and used only without counts.
        level = level or _level_in(upper, upper, words, scale)
        return Use("share" if level else "ignore", shown, level, group)
    return Use("level", shown, level, group) if level else None


def _level_in(upper: str, label: str, words: Vocabulary, scale: str) -> str:
    """Return the level a column counts: named by its label, or above it where the label says 票数."""
    known = words.levels.get(scale, {})
    counted = key_of(label) in keys_of(words.campaign.words.counts)
    return next((known[key] for key in header_keys(upper if counted else label) if key in known), "")


def _required(layout: Layout) -> set[str]:
    return {name for name, spec in layout.columns.items() if spec.required and not spec.titled}


def _may_be(code: str, keys: set[str], words: Vocabulary) -> bool:
    """Whether every required column of a layout has a name among the header's words."""
    found = {words.columns[code][key] for key in keys if key in words.columns[code]}
    return _required(words.campaign.layouts[code]) <= found


def _complete(layout: Layout, uses: dict[int, Use]) -> bool:
    """Whether every required column is there, and what the shape lives by."""
    kinds = [use.kind for use in uses.values()]
    targets = {use.target for use in uses.values() if use.kind == "spec"}
    least = {"tally": 2, "ballot": 1, "wide": 1}.get(layout.shape, 0)
    lives_by = {"tally": "level", "ballot": "item", "wide": "date"}.get(layout.shape, "")
    enough = kinds.count(lives_by) >= least or (lives_by == "level" and kinds.count("share") >= least)
    return _required(layout) <= targets and enough


def _context(sheet: Sheet, r: int, file_name: str) -> str:
    above = [text_of(v) for q in range(r) for v in sheet.row(q) if text_of(v)]
    return "\n".join([*above, sheet.name, file_name])


def _titled(layout: Layout, context: str) -> bool:
    return not layout.title or any(key_of(word) in key_of(context) for word in layout.title)


def find_table(sheet: Sheet, file_name: str, words: Vocabulary) -> Found | None:
    """Return the table in `sheet`, or ``None`` if no layout has all its required columns in one row.

    Among the layouts that fit, the one that explains most columns wins; then the upper row; then the order
    of ``layouts.toml``.
    """
    readings = (
        found
        for r in range(min(HEADER_SEARCH_ROWS, sheet.height))
        if sum(bool(text_of(v)) for v in sheet.row(r)) > 1
        for rows, labels in _labels(sheet, r)
        for found in _readings(rows, labels, _context(sheet, r, file_name), words)
    )
    return max(readings, key=lambda found: len(found.uses) - len(found.columns("unknown")), default=None)


def _readings(
    rows: tuple[int, ...], labels: list[tuple[str, str]], context: str, words: Vocabulary
) -> Iterator[Found]:
    """Yield every layout that a header can be."""
    year = find_year(key_of(context))
    labels = [_parted(upper, label, words) for upper, label in labels]
    keys = {key for pair in labels for label in pair for key in header_keys(label)}
    for code, layout in words.campaign.layouts.items():
        if not _titled(layout, context) or not _may_be(code, keys, words):
            continue
        scale = fitting_scale(layout.scales, keys, words, whole=True) if layout.shape == "tally" else ""
        uses = {c: _use_of(code, u, w, words, scale, year) for c, (u, w) in enumerate(labels) if w}
        uses = _first_of_twins(uses, layout)
        if _complete(layout, uses):
            yield Found(code, layout, rows, uses, context, scale)


def _parted(upper: str, label: str, words: Vocabulary) -> tuple[str, str]:
    """Return the rater group and the level of 党员互评-优秀, which stands in one cell instead of two."""
    group, mark, level = label.rpartition("-")
    return (group, level) if mark and not upper and _rater_in(group, words) else (upper, label)


def is_skipped(layout: Layout, use: Use) -> bool:
    """Whether a column is known, and none of its cells is wanted."""
    return use.kind == "spec" and layout.columns[use.target].type == "skip"


def _first_of_twins(uses: dict[int, Use], layout: Layout) -> dict[int, Use]:
    """Keep the first of two columns that mean the same, and report the other: neither is added nor lost."""
    seen: set[tuple[str, str, str]] = set()
    kept = {}
    for c, use in uses.items():
        meaning = (use.kind, use.target, use.group)
        means = use.kind not in ("drop", "ignore", "unknown") and not is_skipped(layout, use)
        kept[c] = Use("twin", use.label) if means and meaning in seen else use
        seen.add(meaning)
    return kept


def nearest_layout(sheet: Sheet, words: Vocabulary) -> tuple[str, list[str]]:
    """Return the layout that a sheet without a table comes closest to, and the required columns it lacks."""
    best: tuple[float, str, list[str]] = (0.0, "", [])
    for r in range(min(HEADER_SEARCH_ROWS, sheet.height)):
        keys = {key for value in sheet.row(r) for key in header_keys(value)}
        for code, layout in words.campaign.layouts.items():
            required = _required(layout)
            lacking = [name for name in required if keys.isdisjoint(keys_of(layout.columns[name].aliases))]
            share = 1 - len(lacking) / len(required)
            if share > best[0]:
                best = (share, code, [layout.columns[name].aliases[0] for name in lacking])
    return best[1], best[2]
