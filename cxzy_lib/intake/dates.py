"""Dates as people write them -> spans of days with their precision. Pure functions; nothing is guessed."""

import calendar
import math
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cxzy_lib.intake.grid import decimals_in
from cxzy_lib.intake.values import BadValue, Noted, chinese_number, key_of, text_of

_SPELLINGS = (
    r"(?P<y>\d{4})([-./])(?P<m>\d{1,2})\2(?P<d>\d{1,2})",
    r"(?P<y>\d{4})年(?P<m>\d{1,2})[月.](?P<d>\d{1,2})日?",
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    r"(?P<yy>\d{2})([./])(?P<m>\d{1,2})\2(?P<d>\d{1,2})",
    r"(?P<y>\d{4})[-./年](?P<m>\d{1,2})月?起?",
    r"(?P<m>\d{1,2})[./月](?P<d>\d{1,2})日?",
)
_MONTHS = {name: at for at, name in enumerate(calendar.month_abbr) if name}
_CLOCK = re.compile(r"[T\s]+([上下]午)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[AaPp][Mm])?$")
_PIVOT = 50  # 98.7.1 is in the last century, 10.7.1 in this one
_SERIALS = (10_000, 80_000)  # day numbers of 1927 to 2119; smaller ones could be years


@dataclass(frozen=True)
class Span:
    """A date as written: first and last day and how exact it is (``day``, ``month`` or ``vague``)."""

    start: date
    end: date
    precision: str


def _month(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), "month")


def _vague(key: str, year: int | None) -> Span | None:
    """Read 2011年底前, 6月底, 3月上旬: a period, of which the last day is the limit."""
    match = re.fullmatch(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(底|末|初|中旬|上旬|下旬|中)?(?:以?前|之前)?", key)
    chosen = int(match[1]) if match and match[1] else year
    if not match or not match[0] or chosen is None:
        return None
    month, part = match[2], match[3]
    if month is None:
        return Span(date(chosen, 12, 31), date(chosen, 12, 31), "vague") if part in ("底", "末") else None
    whole = _month(chosen, int(month))
    cuts = {"上旬": (1, 10), "初": (1, 10), "中旬": (11, 20), "中": (11, 20)}
    first, last = cuts.get(part or "", (21 if part else 1, whole.end.day))
    precision = "vague" if part or key.endswith("前") else "month"
    return Span(whole.start.replace(day=first), whole.start.replace(day=last), precision)


def _written_date(key: str, year: int | None) -> Span | None:
    """Read a date in one of the usual spellings; a date without a year takes `year`."""
    for pattern in _SPELLINGS:
        if match := re.fullmatch(pattern, key):
            break
    else:
        return None
    part = {name: int(number) for name, number in match.groupdict().items() if number}
    if "yy" in part:
        part["y"] = part["yy"] + (2000 if part["yy"] < _PIVOT else 1900)
    chosen = part.get("y", year)
    if chosen is None:
        return None
    if "d" not in part:
        return _month(chosen, part["m"])
    day = date(chosen, part["m"], part["d"])
    return Span(day, day, "day")


def _numeric_date(value: float, number_format: str, date1904: bool, year: int | None) -> Any:
    """Read a date typed as a number: 2010.10 is stored as 2010.1, and only its number format tells which."""
    if not math.isfinite(value):
        raise BadValue("not_a_date")
    if 19000101 <= value < 21000101:
        return _checked(str(int(value)), None)
    if value.is_integer() and _SERIALS[0] <= value <= _SERIALS[1]:
        day = (date(1904, 1, 1) if date1904 else date(1899, 12, 30)) + timedelta(days=int(value))
        return Span(day, day, "day")
    decimals = decimals_in(number_format)
    written = f"{value:.{decimals}f}" if decimals else repr(value)
    if 1900 <= value < 2100:
        if not decimals and re.fullmatch(r"\d{4}\.1", written):
            raise BadValue("ambiguous_month")
        return _checked(written, None)
    if year is None or not re.fullmatch(r"\d{1,2}\.\d{1,2}", written):
        raise BadValue("not_a_date")
    if not decimals and re.fullmatch(r"\d{1,2}\.[123]", written):
        raise BadValue("ambiguous_day")  # 7.1 may have been typed as 7.10
    return Noted(_checked(written, year), "year_assumed", str(year))


def _checked(key: str, year: int | None) -> Span:
    try:
        found = _written_date(key, year) or _vague(key, year)
    except ValueError as error:
        raise BadValue("not_a_date") from error
    if found is None:
        raise BadValue("not_a_date")
    return found


def day_of(
    value: Any,
    *,
    year: int | None = None,
    number_format: str = "",
    date1904: bool = False,
    month_first: bool | None = None,
) -> Any:
    """Read a date or a span of dates.

    Parameters
    ----------
    value : cell
        A date cell, a number or text.
    year : int, optional
        Taken where the cell gives none; the value is then ``Noted``.
    number_format : str
        Of a numeric cell; ``0.00`` proves that 2010.1 was typed as 2010.10.
    date1904 : bool
        The workbook counts its days from 1904.
    month_first : bool, optional
        Whether 3/4/2011 is in March; unsaid, such a day is not read where it could be either.

    Returns
    -------
    Span, Noted or None

    Raises
    ------
    BadValue
        ``not_a_date``, ``ambiguous_month`` or ``ambiguous_day``.

    Examples
    --------
    >>> day_of("2010年7月1日").start, day_of("2010.7.1-7.3").end, day_of("6月底", year=2011).value.end
    (datetime.date(2010, 7, 1), datetime.date(2010, 7, 3), datetime.date(2011, 6, 30))
    >>> day_of(2010.1, number_format="0.00").start, day_of("3 September 2011").start
    (datetime.date(2010, 10, 1), datetime.date(2011, 9, 3))
    """
    if isinstance(value, datetime):
        return Span(value.date(), value.date(), "day")
    if isinstance(value, date):
        return Span(value, value, "day")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _numeric_date(float(value), number_format, date1904, year)
    text = _CLOCK.sub("", unicodedata.normalize("NFKC", text_of(value)).strip())
    if (western := _western(text, month_first)) is not None:
        return western
    key = "".join(text.split())
    if not key:
        return None
    found = _span_of(key, year)
    if year is None or re.search(r"\d{4}|^\d{2}[./]\d{1,2}[./]", key):
        return found
    return Noted(found, "year_assumed", str(year))


def minute_of(value: Any) -> int | None:
    """Return the minute of the day (0-1439) in a cell; ``None`` where it gives a day only.

    Midnight sharp is how spreadsheets keep a day without a time, and is taken for none.

    Examples
    --------
    >>> minute_of("2012/05/03 12:05:59"), minute_of("2012-05-03 下午 1:00"), minute_of("2012/5/3")
    (725, 780, None)
    """
    if isinstance(value, datetime):
        hour, minute, second = value.hour, value.minute, value.second
    elif match := _CLOCK.search(unicodedata.normalize("NFKC", text_of(value)).strip()):
        hour, minute, second = (int(match[n] or 0) for n in (2, 3, 4))
        half = f"{match[1] or ''}{match[5] or ''}".casefold()
        if half in ("上午", "am", "下午", "pm"):
            hour = hour % 12 + (12 if half in ("下午", "pm") else 0) if hour <= 12 else hour
    else:
        return None
    known = hour < 24 and minute < 60 and hour + minute + second > 0
    return 60 * hour + minute if known else None


def _western(text: str, month_first: bool | None) -> Span | None:
    """Read 3 September 2011, Sep 3, 2011 and 9/3/2011; ``None`` where it is spelt otherwise."""
    if match := re.fullmatch(r"(\d{1,2})\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})", text):
        day, name, year = match.groups()
    elif match := re.fullmatch(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})", text):
        name, day, year = match.groups()
    elif match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        first, second = int(match[1]), int(match[2])
        if month_first is None and first <= 12 and second <= 12 and first != second:
            raise BadValue("ambiguous_day")
        is_month = month_first if month_first is not None and max(first, second) <= 12 else first <= 12
        month, number = (first, second) if is_month else (second, first)
        return _checked(f"{match[3]}-{month}-{number}", None)
    else:
        return None
    if (at := _MONTHS.get(name[:3].title())) is None:
        raise BadValue("not_a_date")
    return _checked(f"{year}-{at}-{day}", None)


def _span_of(key: str, year: int | None) -> Span:
    parts = re.split(r"[-—~至](?=\d{1,2}[.月/]\d|\d{4}[-.年/])|至|—|~", key)
    if len(parts) == 2 and parts[1] and not re.fullmatch(r"\d{4}", parts[0]):
        first = _checked(parts[0], year)
        last = _checked(parts[1], first.start.year)
        if last.end < first.start and not re.match(r"\d{4}", parts[1]):
            last = _checked(parts[1], first.start.year + 1)  # 12.30-1.2 goes over New Year
        if last.end < first.start:
            raise BadValue("ends_before_start")
        return Span(first.start, last.end, "day" if first.precision == last.precision == "day" else "vague")
    return _checked(key, year)


def find_date(text: str) -> Span | None:
    """Return the first full date (with a year) that stands in a longer text such as a title.

    Examples
    --------
    >>> find_date("填报单位:教务处 填报时间:2011.12.20 单位:票").start
    datetime.date(2011, 12, 20)
    """
    for match in re.finditer(r"(?<!\d)\d{4}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}日?(?!\d)", text):
        with suppress(BadValue):
            return _checked("".join(match[0].split()), None)
    return None


def find_year(text: str) -> int | None:
    """Return the first year that stands in a text; a span of years (2010-2012) is none.

    Examples
    --------
    >>> find_year("第二支部2011年上半年考勤表"), find_year("二〇一一年度"), find_year("2010-2011学年")
    (2011, 2011, None)
    """
    text = re.sub(r"(?<!\d)\d{4}\s*[-—–~至]\s*\d{4}(?!\d)(?:学年|年)?", " ", text)
    if match := re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", text):
        return int(match[1])
    match = re.search(r"[二一][〇零九][〇零一二三四五六七八九]{2}(?=年)", text)
    return chinese_number(match[0]) if match else None


def semester(value: Any, year: int | None = None) -> Any:
    """Read a semester as ``2010-2011-1`` (autumn) or ``2010-2011-2`` (spring).

    Examples
    --------
    >>> [semester(text) for text in ("2010-2011学年第一学期", "10-11(2)", "2010年秋季", "2011上半年")]
    ['2010-2011-1', '2010-2011-2', '2010-2011-1', '2010-2011-2']
    """
    key = key_of(value)
    if not key:
        return None
    for match in re.finditer(r"(?<!\d)(\d{4}|\d{2})[-—–~/](\d{4}|\d{2})[学年度第(]*([12一二上下春秋])", key):
        first = int(match[1]) % 100 + 2000
        if int(match[2]) % 100 == (first + 1) % 100:
            return f"{first}-{first + 1}-{1 if match[3] in '1一上秋' else 2}"
    if half := re.search(r"(\d{4})年?(春|秋|上半年|下半年)", key):
        return _half_year(int(half[1]), half[2][0])
    # 上半年 is spring by the calendar; 上学期 would be autumn by the school year, and is not guessed.
    if year is not None and re.fullmatch(r"[春秋]季?(?:学期)?|[上下]半年", key):
        return Noted(_half_year(year, key[0]), "year_assumed", str(year))
    raise BadValue("not_a_semester")


def _half_year(year: int, half: str) -> str:
    """Return the semester in a half (春, 秋, 上, 下) of a calendar year."""
    return f"{year - 1}-{year}-2" if half in "春上" else f"{year}-{year + 1}-1"
