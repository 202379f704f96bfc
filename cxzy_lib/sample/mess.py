"""Makes tidy words, dates and tables as untidy as people do; at level 0 it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from cxzy_lib.sample.world import Row, words

Cell = str | int | float | date | None
Grid = list[list[Cell]]
SYNTHETIC = "本表为合成样例,数据均为虚构"
DATES = ("{y}.{m}.{d}", "{y}/{m}/{d}", "{y}年{m}月{d}日", "{y}-{m:02}-{d:02}", "{y}{m:02}{d:02}")


@dataclass
class Sheet:
    """A sheet as it will be written; merges are (top, left, bottom, right), all inside."""

    name: str
    rows: Grid
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


@cache
def _aliases() -> dict[str, list[str]]:
    return {known: others for known, *others in words()["pools"]["aliases"]}


def wide(text: str) -> str:
    """Return `text` with full-width letters and digits.

    Examples
    --------
    >>> wide("12")
    '１２'
    """
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


class Mess:
    """A source of mess of the given `level`: 0 none, 1 every kind everywhere.

    `year` is that of the table's title: a date of that year may be written without it. `cells` tells
    whether the file can hold true dates. Each method named in the books of ``words.toml`` writes one value.
    """

    def __init__(self, rng: Random, level: float) -> None:
        self.rng, self.level, self.year, self.cells = rng, level, 0, True

    def chance(self, share: float) -> bool:
        """Return whether mess strikes, `share` being how often it does at level 1."""
        return self.level > 0 and self.rng.random() < share * self.level

    def word(self, text: str, share: float = 0.5) -> str:
        """Return `text` or another name of it."""
        return self.rng.choice(_aliases().get(text, [text])) if self.chance(share) else text

    def header(self, text: Cell) -> Cell:
        """Return a column's name: another one, or with a space or a line break inside."""
        if not isinstance(text, str):
            return text
        text = self.word(text)
        gap = self.rng.choice(" 　\n") if self.chance(0.4) else ""
        return text[:1] + gap + text[1:] if len(text) == 2 else text

    def name(self, name: str, new: bool = False, register: bool = False) -> str:
        """Return a person's name with inner spaces, other brackets or dots, or a mark in brackets."""
        if len(name) == 2 and self.chance(0.5):
            name = name[0] + self.rng.choice(" 　") + name[1]
        elif not register and self.chance(0.6):
            name = name.replace("(", "（").replace(")", "）").replace("·", self.rng.choice("•・"))
        return name + ("(预备)" if new and self.chance(0.6) else "")

    def joined(self, day: date) -> Cell:
        """Return a date of joining, on the first of a month sometimes by month only."""
        return self.month(day) if day.day == 1 and self.chance(0.7) else self.day(day)

    def month(self, day: date) -> Cell:
        """Return the month of `day`."""
        return f"{day.year}年{day.month}月" if self.chance(1) else day.isoformat()[:7]

    def day(self, day: date | None) -> Cell:
        """Return `day` in one of many spellings."""
        if day is None or not self.chance(1):
            return day.isoformat() if day else None
        spellings = [spelling.format(y=day.year, m=day.month, d=day.day) for spelling in DATES]
        spellings.append(wide(spellings[0]))
        if day.year == self.year:
            spellings += [f"{day.month}月{day.day}日", f"{day.month}.{day.day}", spellings[0][2:]]
        serial = (day - date(1899, 12, 30)).days
        cells: list[Cell] = [*spellings, day, day, serial] if self.cells else [*spellings]
        return self.rng.choice(cells)

    def span(self, start: date, end: date) -> Cell:
        """Return the days from `start` to `end`."""
        first = f"{start.year}.{start.month}.{start.day}"
        dotted, long = f"{first}-{end.month}.{end.day}", f"{first}-{end.year}.{end.month}.{end.day}"
        plain = f"{start.isoformat()}至{end.isoformat()}"
        return self.rng.choice((dotted, long)) if self.chance(1) else plain

    def due(self, day: date | None) -> Cell:
        """Return a time limit; the last day of a month may be written as the end of that month."""
        if day is None:
            return "长期"
        if (day + timedelta(1)).day > 1 or not self.chance(1.5):
            return day.isoformat()
        ends = [f"{day.year}年{day.month}月底", f"{day.year}年{day.month}月"]
        ends += [f"{day.year}年底前", f"{day.year}年底"] if day.month == 12 else []
        return self.rng.choice([*ends, f"{day.month}月底"] if day.year == self.year else ends)

    def tick(self, yes: bool, marks: Sequence[str] = ("√", "1", "是")) -> str:
        """Return a yes or a no."""
        if self.chance(0.8):
            return self.rng.choice(marks if yes else ("×", "否", "0"))
        return "是" if yes else "否"

    def rank(self, yes: bool) -> str:
        """Return a yes or a no, a yes also by its rank."""
        return self.tick(yes, ("校级", "市级", "√"))

    def count(self, number: int | None, unit: str = "人") -> Cell:
        """Return a count, sometimes as text, with its unit or in full-width digits."""
        if number is None or not self.chance(0.15):
            return number
        return self.rng.choice((f"{number}{unit}", wide(str(number)), f"{number} "))

    def blank(self, text: Cell) -> Cell:
        """Return `text`; where it is missing, sometimes a dash or the like."""
        return self.rng.choice(("/", "—", "无")) if text is None and self.chance(0.6) else text

    def hours(self, hours: float) -> Cell:
        """Return credit hours, or the days they make (8 a day)."""
        days = "半天" if hours == 4 else f"{hours / 8:g}天" if hours % 8 == 0 else ""
        if not days or not self.chance(1):
            return int(hours)
        return self.rng.choice((days, f"{hours:g}学时", f"{hours:g}学时({days})"))

    def semester(self, code: str) -> str:
        """Return a semester's name."""
        first, second, part = code.split("-")
        spring, year = part == "2", second if part == "2" else first
        if not self.chance(1.4):
            return f"{first}-{second}学年第{'二' if spring else '一'}学期"
        seasons = (f"{year}年{'春' if spring else '秋'}季", f"{year}{'上' if spring else '下'}半年")
        return self.rng.choice((f"{first[2:]}-{second[2:]}({part})", *seasons))

    def table(self, code: str, rows: Sequence[Row]) -> tuple[list[Cell], Grid]:
        """Return header and body of the book `code` of ``words.toml``, one line for each of `rows`."""
        specs = [part.split() for part in words()["books"][code]["columns"].split("|")]
        header = [self.header(spec[0]) for spec in specs]
        return header, [[self._cell(n, row, *spec[1:]) for spec in specs] for n, row in enumerate(rows, 1)]

    def _cell(self, n: int, row: Row, how: str = "", key: str = "") -> Cell:
        coded, value = words()["words"], row.get(key)
        if how in ("", "n"):
            return n if how else None
        if how == "kind":
            return "、".join(self.word(coded["kind"][kind]) for kind in row[key])
        if how == "name":
            return self.name(row[key], bool(row.get("is_probationary")), "is_probationary" in row)
        if key in ("held_on", "started_on") and row.get("precision") == "month":
            return self.month(row[key])
        if how == "span" and row["ended_on"] > row[key]:
            return self.span(row[key], row["ended_on"])
        if how in coded:
            return self.word(coded[how][value])
        writers: dict[str, Any] = {"is": lambda same: same, "span": self.day}
        written: Cell = (writers.get(how) or getattr(self, how))(value)
        return written

    def sheet(
        self,
        name: str,
        titles: Sequence[str],
        header: Sequence[Sequence[Cell]],
        body: Grid,
        *,
        total: Sequence[Cell] = (),
        notes: Sequence[str] = (),
        merges: Sequence[tuple[int, int, int, int]] = (),
    ) -> Sheet:
        """Put a table together; `merges` count from the first header row."""
        rows: Grid = [[title] for title in titles]
        rows += [[]] if titles and self.chance(1) else []
        top = len(rows)
        rows += [list(line) for line in header]
        for line in body:
            rows += [[]] if not merges and self.chance(0.06) else []
            rows.append(line)
        rows += [list(total)] if total and self.chance(2) else []
        rows += [[]] if self.chance(1) else []
        rows += [[note] for note in notes]
        rows += [["制表人:李 敏    审核人:    2012.7.2"]] if titles and self.chance(1.2) else []
        banner = [(0, 0, 0, len(header[0]) - 1)] if titles and self.chance(2) else []
        moved = [(a + top, left, b + top, right) for a, left, b, right in merges]
        return Sheet(name, [*rows, [SYNTHETIC]], banner + moved)
