"""What the texts of a table's column are as cells of a workbook: numbers wherever they are numbers.

A column splits where nearly all of its cells have one of the shapes in which a page writes several numbers.
"""

import re
from collections.abc import Sequence

from cxzy_lib.texts import text

Cell = tuple[str | float | int, str]  # a value and its number format; "" for text
Parts = tuple[str, list[Cell]]  # the shape of a text, and its numbers

_N = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_LEAD, _TAIL = r"(?P<lead>[≥≤] ?)?", r"(?P<tail>[^\d+–—/\x22;-]*)"  # a tail such as " d" or "（代用）"
#: Shape -> how a page writes it; the groups without a name are its numbers.
_SHAPES = {
    "one": rf"{_LEAD}({_N}%?){_TAIL}",
    "interval": rf"({_N}%?) ?[(（]({_N}%?) ?(?:–|to) ?({_N}%?)[)）]{_TAIL}",
    "range": rf"({_N}%?) ?(?:–|to) ?({_N}%?)",
    "share": rf"({_N}) ?[(（]({_N}%)[)）]",
}
_HEADS = {"interval": ("", "low", "high"), "range": ("low", "high"), "share": ("count", "share")}
_SLASH = " / "
_NEARLY = 0.9  # of a column's texts that tell a number


def parse(words: str) -> Parts | None:
    """Return the shape of a text and the numbers in it; None where it is not one of the shapes.

    Examples
    --------
    >>> parse("-0.5 (-1.2 – +0.3)")
    ('interval', [(-0.5, '#,##0.0'), (-1.2, '#,##0.0'), (0.3, '+#,##0.0;-#,##0.0;+0.0')])
    >>> parse("89.7–94.4%")
    ('range', [(0.897, '0.0%'), (0.944, '0.0%')])
    >>> parse("96（94.1%）"), parse("≥ 100%（自定）")
    (('share', [(96, '#,##0'), (0.941, '0.0%')]), ('one', [(1.0, '"≥ "0%"（自定）"')]))
    >>> parse("1232")
    ('one', [(1232, '0')])
    >>> parse("2012-06-30"), parse("—"), parse("<0.001")
    (None, None, None)
    """
    for shape, pattern in _SHAPES.items():
        if found := re.fullmatch(pattern, words):
            named = found.groupdict()
            around = found.re.groupindex.values()
            numbers = [part for at, part in enumerate(found.groups(), 1) if at not in around]
            per_cent = shape in ("interval", "range") and any(part.endswith("%") for part in numbers)
            cells = [_number(part.rstrip("%") + "%" if per_cent else part) for part in numbers]
            value, form = cells[0]
            return shape, [(value, _around(form, named.get("lead"), named.get("tail"))), *cells[1:]]
    return None


def _number(words: str) -> Cell:
    """Return a number as a page writes it, and the format that shows it so."""
    plain = words.replace(",", "").rstrip("%")
    places = len(plain.partition(".")[2])
    zeros = "0" + "." * bool(places) + "0" * places
    share = words.endswith("%")
    grouped = "," in words or len(plain.lstrip("+-").partition(".")[0]) < 4  # as the page has it
    form = f"{zeros}%" if share else f"#,##{zeros}" if grouped else zeros
    if words[0] == "+" or (words[0] == "-" and not float(plain)):  # the page tells the sign, also of 0
        form = f"+{form};-{form};{words[0]}{zeros}{'%' * share}"
    if share:
        return round(float(plain) / 100, places + 2), form
    return (float(plain) if places else int(plain)), form


def _around(form: str, lead: str | None, tail: str | None) -> str:
    """Put what a page writes around a number into its format."""
    before, after = (f'"{part}"' if part else "" for part in (lead, tail))
    return ";".join(f"{before}{section}{after}" for section in form.split(";"))


def columns_of(head: str, texts: Sequence[str], numeric: bool, lang: str) -> list[tuple[str, list[Cell]]]:
    """Return a column of a page as one or more columns of a workbook: each its head and cells.

    Parameters
    ----------
    numeric : bool
        Whether the page sets it as numbers: a year or a code in another column stays text.

    Examples
    --------
    >>> columns_of("满意", ["96（94.1%）", "—"], True, "zh")
    [('满意：计数', [(96, '#,##0'), ('—', '')]), ('满意：占比', [(0.941, '0.0%'), ('', '')])]
    >>> [head for head, _ in columns_of("发出 / 有效", ["9 / 8", "— / 8"], True, "zh")]
    ['发出', '有效']
    """
    heads = head.split(_SLASH)
    rows = [words.split(_SLASH) for words in texts]
    if len(heads) > 1 and all(len(row) == len(heads) or not _told("".join(row)) for row in rows):
        filled = [row + [""] * (len(heads) - len(row)) for row in rows]
        return [(name, [_cell(row[at]) for row in filled]) for at, name in enumerate(heads)]
    told = [parse(words) for words in texts if _told(words)]
    shape = _shape([found for found in told if found], len(told), numeric)
    if shape is None:
        return [(head, [(words, "") for words in texts])]
    if shape == "one":
        return [(head, [_cell(words) for words in texts])]
    names = [text(f"annex.{name}", lang, head=head) if name else head for name in _HEADS[shape]]
    cells = [_several(words, shape, len(names)) for words in texts]
    return list(zip(names, map(list, zip(*cells, strict=True)), strict=True))


def _told(words: str) -> bool:
    """Return whether a text tells a number; without one it is a gap, or hidden."""
    return any(letter.isdigit() for letter in words)


def _shape(parsed: Sequence[Parts], count: int, numeric: bool) -> str | None:
    """Return in which shape a column is taken apart; None where it stays text."""
    several = [shape for shape, _ in parsed if shape != "one"]
    if several and len(parsed) >= _NEARLY * count and (numeric or len(several) == count):
        return max(dict.fromkeys(several), key=several.count)
    return "one" if numeric else None


def _cell(words: str) -> Cell:
    found = parse(words)
    return found[1][0] if found and found[0] == "one" else (words, "")


def _several(words: str, shape: str, count: int) -> list[Cell]:
    """Return the cells of a text in a column of a shape; a single number is the first of them."""
    found = parse(words)
    if found and found[0] == shape:
        return found[1]
    return [_cell(words), *[("", "")] * (count - 1)]
