"""One cell -> one value. Pure functions: they know how people write dates, counts and names, and no campaign.

A blank cell gives ``None``. A cell that cannot be read raises :class:`BadValue` with a code that names why;
nothing is guessed.
"""

import math
import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import Any

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}
_MOST = 10**9  # no institution counts further
_BRACKETS = re.compile(r"[((\[【〔][^()()\[\]【】〔〕]*[))\]】〕]")
_NUMBERING = re.compile(r"^(?:第?\d+题?|[一二三四五六七八九十]+)[、.．:：]\s*|^第\d+题")


class BadValue(ValueError):
    """A cell that cannot be read; ``code`` names the reason (a key of texts/intake.toml)."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code)
        self.code, self.hint = code, hint


def text_of(value: Any) -> str:
    """Return the cell as people see it: whole numbers without ``.0``, spaces at the ends removed.

    Examples
    --------
    >>> text_of(12.0), text_of(None), text_of(" 一 支部 ")
    ('12', '', '一 支部')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()


def key_of(value: Any) -> str:
    """Return the form in which words are compared: NFKC, no white space.

    Examples
    --------
    >>> key_of("测 评（票）　"), key_of("１２")
    ('测评(票)', '12')
    """
    return _key(value) if isinstance(value, str) else _key(text_of(value))


@lru_cache(100_000)  # the same words stand in most cells; a sheet's own texts pass through
def _key(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def header_keys(value: Any) -> tuple[str, ...]:
    """Return the forms under which a header may be known: as it stands, without brackets, without its number.

    Examples
    --------
    >>> header_keys("1、您的身份是?")
    ('1、您的身份是?', '您的身份是')
    >>> header_keys("所在支部(盖章)")
    ('所在支部(盖章)', '所在支部')
    """
    full = key_of(value)
    bare = _NUMBERING.sub("", _BRACKETS.sub("", full)).rstrip("?？。:：*")
    return (full, bare) if bare and bare != full else (full,)


def chinese_number(text: str) -> int | None:
    """Read a Chinese numeral below 1,000, or digits one by one (二〇一一); ``None`` if it is none.

    Examples
    --------
    >>> (
    ...     chinese_number("十二"),
    ...     chinese_number("二〇一一"),
    ...     chinese_number("一百零五"),
    ...     chinese_number("x"),
    ... )
    (12, 2011, 105, None)
    """
    if not text or any(c not in _DIGITS and c not in _UNITS for c in text):
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, digit = 0, 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        else:
            total, digit = total + (digit or 1) * _UNITS[c], 0
    return total + digit


def number(value: Any) -> float | None:
    """Read a number with or without a unit of counting; per cent signs give shares.

    Examples
    --------
    >>> number("12票"), number("９５．０％"), number("十二"), number("约20"), number("")
    (12.0, 0.95, 12.0, 20.0, None)
    """
    if isinstance(value, bool):
        raise BadValue("not_a_number")
    if isinstance(value, int | float):
        return _finite(float(value))
    key = key_of(value)
    if not key:
        return None
    if re.search(r"\d,\d", key):
        if not re.search(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)", key):
            raise BadValue("not_a_number")  # 12,5 is no twelve hundred, and nobody knows what it is
        key = key.replace(",", "")
    bare = re.sub(
        r"^[约近]|(?:人次|个月|[票人份张次条名个天])?[余多]?(?:人次|[票人份张次条名个天])?$",
        "",
        key,
    )
    if match := re.fullmatch(r"[-+]?\d+(?:\.\d+)?", bare):
        return _finite(float(match[0]))
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)%", bare):
        return float(match[1]) / 100
    found = chinese_number(bare)
    if found is None:
        raise BadValue("not_a_number")
    return float(found)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise BadValue("not_a_number")
    return value


def count(value: Any) -> int | None:
    """Read a count: a whole number that is not negative.

    Examples
    --------
    >>> count("27人"), count(12.0)
    (27, 12)
    """
    found = number(value)
    if found is None:
        return None
    if found < 0 or not found.is_integer() or found > _MOST:
        raise BadValue("not_a_count")
    return int(found)


def hours(value: Any, hours_per_day: float) -> float | None:
    """Read training hours; days are converted only where no hours are given. Sums and products are not done.

    Examples
    --------
    >>> hours("24学时(3天)", 8), hours("3天", 8), hours("半天", 8), hours(6, 8)
    (24.0, 24.0, 4.0, 6.0)
    """
    key = key_of(value)
    if re.search(r"[-+×*/%]", key):
        raise BadValue("not_hours")
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)(?:学时|小时|课时)(?:\([^()]*\))?", key):
        return float(match[1])
    if match := re.fullmatch(r"(.+?)天", key):
        if match[1] == "半":
            return hours_per_day / 2
        days = number(match[1])
        return None if days is None else days * hours_per_day
    found = number(value)
    if found is not None and found < 0:
        raise BadValue("not_hours")
    return found


def person_name(value: Any) -> tuple[str, str]:
    """Return the name without inner spaces and the mark beside it (``预备``, ``大``, ``*``).

    Examples
    --------
    >>> person_name("张　三(预备)"), person_name("阿依古丽•买买提"), person_name("李四*")
    (('张三', '预备'), ('阿依古丽·买买提', ''), ('李四', '*'))
    """
    key = key_of(value).translate(dict.fromkeys(map(ord, "•・‧●"), "·"))
    marks = "".join(part[1:-1] for part in _BRACKETS.findall(key))
    bare = _BRACKETS.sub("", key)
    return bare.rstrip("*"), marks + ("*" if bare.endswith("*") else "")


def semester(value: Any) -> str | None:
    """Read a semester as ``2010-2011-1`` (autumn) or ``2010-2011-2`` (spring).

    Examples
    --------
    >>> (
    ...     semester("2010-2011学年第一学期"),
    ...     semester("10-11(2)"),
    ...     semester("2010年秋季"),
    ...     semester("2011上半年"),
    ... )
    ('2010-2011-1', '2010-2011-2', '2010-2011-1', '2010-2011-2')
    """
    key = key_of(value)
    if not key:
        return None
    for match in re.finditer(r"(?<!\d)(\d{4}|\d{2})[-—–~/](\d{4}|\d{2})[学年度第(]*([12一二上下春秋])", key):
        first = int(match[1]) % 100 + 2000
        if int(match[2]) % 100 == (first + 1) % 100:
            return f"{first}-{first + 1}-{1 if match[3] in '1一上秋' else 2}"
    if half := re.search(r"(\d{4})年?(春|秋|上半年|下半年)", key):
        year = int(half[1])
        spring = half[2] in ("春", "上半年")
        return f"{year - 1}-{year}-2" if spring else f"{year}-{year + 1}-1"
    raise BadValue("not_a_semester")
