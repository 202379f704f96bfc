"""One cell -> one value. Pure functions: they know how people write dates, counts and names, and no campaign.

A blank cell gives ``None``. A cell that cannot be read raises :class:`BadValue` with a code that names why;
nothing is guessed.
"""

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from cxzy_lib.intake.grid import NO_VALUE

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}
_WORD = 100  # characters; longer texts are no words and not worth remembering
_MOST = 10**9  # no institution counts further
_ERRORS = {"#DIV/0!", "#REF!", "#N/A", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#ERR"}
_BRACKETS = re.compile(r"[((\[【〔][^()()\[\]【】〔〕]*[))\]】〕]")
_NUMBERING = re.compile(
    r"^(?:【[^】]*】)*(?:第?\d+题?|[Qq]\d+|[一二三四五六七八九十]+|[(（]?\d+[)）])[、.．:：]\s*|^第\d+题|^[①-⑳]"
)
_COUNTED = r"人次|个月|[票人份张次条名个天件篇项]"


class BadValue(ValueError):
    """A cell that cannot be read; ``code`` names the reason (a key of texts/intake.toml)."""

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(code)
        self.code, self.hint = code, hint


@dataclass(frozen=True)
class Noted:
    """A value that is used, and not quite as it stands; ``code`` is a key of texts/intake.toml."""

    value: Any
    code: str
    hint: str = ""


def used(found: Any) -> Any:
    """Return the value of what was read, without what was noted beside it."""
    return found.value if isinstance(found, Noted) else found


def check_error(value: Any) -> None:
    """Raise BadValue for what a formula leaves when it fails: ``#DIV/0!`` and its kin."""
    if isinstance(value, str) and value.startswith("#"):
        if value in _ERRORS:
            raise BadValue("formula_error")
        if value == NO_VALUE:
            raise BadValue("formula_unsaved")


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
    """Return the form in which words are compared: NFKC, no white space, small letters.

    Examples
    --------
    >>> key_of("测 评（票）　"), key_of("１２"), key_of("Very satisfied")
    ('测评(票)', '12', 'verysatisfied')
    """
    text = value if isinstance(value, str) else text_of(value)
    return _key(text) if len(text) < _WORD else plain_of(text).casefold()


def plain_of(value: Any) -> str:
    """Return a cell in NFKC without white space, capitals as they are.

    Examples
    --------
    >>> plain_of("张　三"), plain_of("Ａ 楼")
    ('张三', 'A楼')
    """
    return "".join(unicodedata.normalize("NFKC", text_of(value)).split())


@lru_cache(100_000)  # the same words stand in most cells; a sheet's own texts pass through
def _key(text: str) -> str:
    return plain_of(text).casefold()


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
    >>> [chinese_number(text) for text in ("十二", "二〇一一", "一百零五", "x")]
    [12, 2011, 105, None]
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


def number(value: Any) -> Any:
    """Read a number with or without a unit of counting; per cent signs give shares.

    Returns
    -------
    float, Noted or None
        ``Noted`` where the number is approximate (约20), one of several (3/27), or counts visits and not
        people (12人次).

    Examples
    --------
    >>> number("12票"), number("９５．０％"), number("十二"), number("1.2万"), number("")
    (12.0, 0.95, 12.0, 12000.0, None)
    >>> number("约20"), number("3/27").hint
    (Noted(value=20.0, code='approximate', hint=''), '27')
    """
    if isinstance(value, bool):
        raise BadValue("not_a_number")
    if isinstance(value, int | float):
        return _finite(float(value))
    key = key_of(value).lstrip("'")
    if not key:
        return None
    if match := re.fullmatch(r"(\d+)/(\d+)", key):
        return Noted(float(match[1]), "of_total", match[2])
    if re.search(r"\d,\d", key):
        if not re.search(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)", key):
            raise BadValue("not_a_number")  # 12,5 is no twelve hundred, and nobody knows what it is
        key = key.replace(",", "")
    found = _plain_number(re.sub(rf"^[约近]|(?:{_COUNTED})?[余多]?(?:{_COUNTED})?$", "", key))
    if re.search(r"^[约近]|[余多]", key):
        return Noted(found, "approximate")
    return Noted(found, "person_times") if key.endswith("人次") else found


def _plain_number(key: str) -> float:
    if match := re.fullmatch(r"([-+]?\d+(?:\.\d+)?)(万?)", key):
        return _finite(round(float(match[1]) * (10_000 if match[2] else 1), 6))
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)%", key):
        return float(match[1]) / 100
    found = chinese_number(key)
    if found is None or re.fullmatch("[一二三四五六七八九两]{2,}", key):  # 两三 are two or three, and not 23
        raise BadValue("not_a_number")
    return float(found)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise BadValue("not_a_number")
    return value


def count(value: Any) -> Any:
    """Read a count: a whole number that is not negative, ``Noted`` as :func:`number` does.

    Examples
    --------
    >>> count("27人"), count(12.0)
    (27, 12)
    """
    found = number(value)
    if found is None:
        return None
    plain = used(found)
    if plain < 0 or not plain.is_integer() or plain > _MOST:
        raise BadValue("not_a_count")
    return replace(found, value=int(plain)) if isinstance(found, Noted) else int(plain)


def seconds(value: Any) -> Any:
    """Read how long something took, in whole seconds; a bare number is seconds.

    Examples
    --------
    >>> seconds("123秒"), seconds("2分3秒"), seconds(123), seconds("1小时2分")
    (123, 123, 123, 3720)
    """
    match = re.fullmatch(r"(?:(\d{1,6})小?时)?(?:(\d{1,6})分钟?)?(?:(\d{1,9})秒)?", key_of(value))
    if not match or not match[0]:
        return count(value)
    hour, minute, second = (int(part or 0) for part in match.groups())
    return 3600 * hour + 60 * minute + second


def hours(value: Any, hours_per_day: float) -> Any:
    """Read training hours; days are converted only where no hours are given, and that is noted.

    Sums and products are not done.

    Examples
    --------
    >>> hours("24学时(3天)", 8), hours(6, 8), hours("半天", 8)
    (24.0, 6.0, Noted(value=4.0, code='days_as_hours', hint='4'))
    >>> [used(hours(written, 8)) for written in ("3天", "一天半")]
    [24.0, 12.0]
    """
    key = key_of(value)
    if re.search(r"[-+×*/%]", key):
        raise BadValue("not_hours")
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)(?:学时|小时|课时)(?:\([^()]*\))?", key):
        return float(match[1])
    if match := re.fullmatch(r"(半)天|(.+?)天(半)?", key):
        days: float | None = 0.0 if match[1] else used(number(match[2]))
        half = 0.5 if match[1] or match[3] else 0.0
        if days is None:
            return None
        converted = (days + half) * hours_per_day
        return Noted(converted, "days_as_hours", f"{converted:g}")
    found: float | None = used(number(value))
    if found is not None and found < 0:
        raise BadValue("not_hours")
    return found


def spaced(text: str) -> str:
    """Return a name with single spaces, and with none where it is Chinese.

    Examples
    --------
    >>> spaced("张　三"), spaced("Ada  Ash")
    ('张三', 'Ada Ash')
    """
    plain = unicodedata.normalize("NFKC", text)
    return "".join(plain.split()) if re.search("[\u4e00-\u9fff]", plain) else " ".join(plain.split())


def person_name(value: Any) -> tuple[str, str]:
    """Return the name and the mark beside it (``预备``, ``大``, ``*``); Chinese names have no inner spaces.

    Examples
    --------
    >>> person_name("张　三(预备)"), person_name("阿依古丽•买买提"), person_name("李四*")
    (('张三', '预备'), ('阿依古丽·买买提', ''), ('李四', '*'))
    """
    key = spaced(text_of(value)).translate(dict.fromkeys(map(ord, "•・‧●∙⋅"), "·"))
    marks = "".join(part[1:-1] for part in _BRACKETS.findall(key))
    bare = _BRACKETS.sub("", key).strip()
    return bare.rstrip("*"), marks + ("*" if bare.endswith("*") else "")


_IDENTITY = re.compile(
    r"(?<!\d)(?:[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"|[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
    r"|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)"
    r"|(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
    r"|[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)


def scrub(text: str) -> str:
    """Return `text` without identity numbers, mobile phones, network and e-mail addresses.

    Examples
    --------
    >>> scrub("张三 11010519491231002X，电话 138 1234 5678"), scrub("20100701 起，共 12000 元")
    ('张三 […]，电话 […]', '20100701 起，共 12000 元')
    """
    return _IDENTITY.sub("[…]", text)
