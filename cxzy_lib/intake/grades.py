"""Grades and shares as people write them: words, scores, both in one cell, percentages. Pure functions.

A word is a level only if it is the whole word: 满意 stands in 不满意, 称职 in 基本称职.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from cxzy_lib.intake.values import BadValue, Noted, check_error, chinese_number, key_of, plain_of, used
from cxzy_lib.intake.vocabulary import Vocabulary

_FORCED = 0.0002  # shares are often forced to add up to 100.00: 0.02 points are left to whoever did so
_SCORE = r"(\d{1,3}(?:\.\d+)?)"


def graded(value: Any) -> tuple[str, Any]:
    """Return the grade word and the score of a cell, each ``""`` or ``None`` where there is none.

    Examples
    --------
    >>> graded("优(95)"), graded("95(优)"), graded("优-95"), graded("95分"), graded("九十五")
    (('优', 95.0), ('优', 95.0), ('优', 95.0), ('', 95.0), ('', 95.0))
    >>> graded("A"), graded("优+"), graded("95/100"), graded("≥90")
    (('A', None), ('优', None), ('', 95.0), ('', Noted(value=90.0, code='approximate', hint='')))
    """
    key = plain_of(value)
    if match := re.fullmatch(rf"[≥>=]+{_SCORE}分?", key):
        return "", Noted(float(match[1]), "approximate")
    if match := re.fullmatch(rf"{_SCORE}(?:分|/100)?", key):
        return "", float(match[1])
    if (spoken := chinese_number(key.removesuffix("分"))) is not None:
        return "", float(spoken)
    if match := re.fullmatch(rf"([^\d()]+?)[(:-]?{_SCORE}分?\)?", key):
        return match[1].rstrip("+"), float(match[2])
    if match := re.fullmatch(rf"{_SCORE}分?[(-]?([^\d()]+?)\)?", key):
        return match[2].rstrip("+"), float(match[1])
    return key.rstrip("+"), None


def score(value: Any) -> Any:
    """Read a score, with or without a grade beside it.

    Examples
    --------
    >>> score("优(95)"), score(92), score("")
    (95.0, 92.0, None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise BadValue("not_a_score")
        return float(value)
    if not key_of(value):
        return None
    found = graded(value)[1]
    if found is None:
        raise BadValue("not_a_score")
    return found


def words_in(raw: Any) -> tuple[str, str]:
    """Return what in a cell may name a level: the whole, and what follows an option's letter (C. 一般)."""
    key = key_of(raw)
    return key, re.sub(r"^[A-Za-z][.、．:：]", "", key)


def level_of(raw: Any, scale: str, words: Vocabulary) -> tuple[str, float | None, str]:
    """Return the level of `scale` that a cell names, its score, and the code of what is wrong with it.

    The word counts before the score; a score alone is a level only where the scale has bands.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.intake.vocabulary import vocabulary
    >>> words = vocabulary(load_campaign("campaign"))
    >>> level_of("C. 一般", "sat5", words), level_of("优(95)", "member3", words)
    (('fair', None, ''), ('excellent', 95.0, ''))
    >>> level_of("92", "member3", words)
    ('', 92.0, 'score_without_bands')
    """
    known = words.levels.get(scale, {})
    for word in words_in(raw):
        if word in known:
            return known[word], None, ""
    word, found = graded(raw)
    number = used(found)
    banded = _band(number, scale, words)
    if key_of(word) in known:
        code = "grade_contradicts_score" if banded and banded != known[key_of(word)] else ""
        return known[key_of(word)], number, code
    if word:
        return "", number, "unknown_level"
    return (banded, number, "") if banded else ("", number, "score_without_bands")


def _band(number: float | None, scale: str, words: Vocabulary) -> str:
    if number is None:
        return ""
    levels = words.campaign.scales[scale].levels if scale in words.campaign.scales else ()
    return next((level.code for level in levels if level.lowest is not None and number >= level.lowest), "")


def direction(header: str, scale: str, words: Vocabulary) -> dict[str, str]:
    """Return what numbers mean by a header that says so (1=非常不满意，5=非常满意); {} if it does not.

    The two ends that it names must be the ends of `scale`, as far apart as the scale is long.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.intake.vocabulary import vocabulary
    >>> words = vocabulary(load_campaign("campaign"))
    >>> direction("3、您满意吗（1=很不满意，5=很满意）", "sat5", words)["5"]
    'very_satisfied'
    """
    said = {
        int(number): words.levels.get(scale, {}).get(key_of(word), "")
        for number, word in re.findall(r"(\d+)\s*[=＝:：]\s*([^\d,，;；()（）=＝\[\]]+)", header)
    }
    codes = [level.code for level in words.campaign.scales[scale].levels]
    if len(said) < 2 or max(said) - min(said) != len(codes) - 1:
        return {}
    low, high = min(said), max(said)
    if [said[low], said[high]] == [codes[-1], codes[0]]:
        codes = codes[::-1]
    elif [said[low], said[high]] != [codes[0], codes[-1]]:
        return {}
    made = {str(low + at): code for at, code in enumerate(codes)}
    return made if all(made[str(n)] == level for n, level in said.items() if level) else {}


def shares(column: Iterable[Any]) -> dict[Any, Any]:
    """Return the share (0–1), ``Noted`` or BadValue for each distinct cell of a column of shares.

    A column with a per cent sign, or with a number above 1, is in per cent; a number up to 1 among numbers
    above 1 is told. A bare 1 with nothing beside it could be 1 % or 100 %.

    Examples
    --------
    >>> shares(["95.04%", "95.04", "９５％", "九成五"])
    {'95.04%': 0.9504, '95.04': 0.9504, '９５％': 0.95, '九成五': 0.95}
    >>> shares([0.9504, 1])
    {0.9504: 0.9504, 1: 1.0}
    """
    cells = list(dict.fromkeys(column))
    plain = {cell: _bare_number(cell) for cell in cells}
    numbers = [n for n in plain.values() if n is not None]
    per_cent = any(n > 1 for n in numbers)
    fractions = any(0 < n < 1 for n in numbers)
    found: dict[Any, Any] = {}
    for cell in cells:
        number = plain[cell]
        if number is None:
            found[cell] = _spoken_share(cell)
        elif per_cent and 0 < number < 1:
            found[cell] = Noted(number, "mixed_shares")
        elif number == 1 and not per_cent and not fractions:
            found[cell] = BadValue("ambiguous_share")
        else:
            share = number / 100 if per_cent else number
            found[cell] = round(share, 10) if 0 <= share <= 1 else BadValue("not_a_share")
    return found


def _bare_number(cell: Any) -> float | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    key = key_of(cell)
    return float(key) if re.fullmatch(r"\d+(?:\.\d+)?", key) else None


def _spoken_share(cell: Any) -> Any:
    key = key_of(cell)
    try:
        check_error(cell)
    except BadValue as bad:
        return bad
    if not key or key in ("/", "-", "—"):
        return None
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)%", key):
        share = float(match[1]) / 100
    elif match := re.fullmatch(r"([一二三四五六七八九十])成([一二三四五六七八九])?", key):
        share = ((chinese_number(match[1]) or 0) + (chinese_number(match[2] or "") or 0) / 10) / 10
    else:
        return BadValue("not_a_share")
    return round(share, 10) if share <= 1 else BadValue("not_a_share")


def counts_from_shares(printed: Sequence[float | None], n: int) -> list[int] | None:
    """Return the only counts out of `n` that printed shares can stand for; ``None`` if there are none.

    Examples
    --------
    >>> counts_from_shares([0.9504, 0.0284, 0.0212, 0.0], 141)
    [134, 4, 3, 0]
    >>> counts_from_shares([0.5, 0.3, 0.2], 7) is None
    True
    """
    given = [share for share in printed if share is not None]
    if len(given) < len(printed) or n <= 0:
        return None
    counts = [round(share * n) for share in given]
    near = all(
        abs(count / n - share) <= _FORCED + 0.00005 for count, share in zip(counts, given, strict=True)
    )
    return counts if near and sum(counts) == n else None


def printed_tolerance(share: float) -> float:
    """Return how far a printed share may be from the true one: half of its last digit, and what was forced.

    Examples
    --------
    >>> printed_tolerance(0.97), printed_tolerance(0.9504)
    (0.0052, 0.00025)
    """
    digits = next((d for d in (0, 1) if abs(share * 100 - round(share * 100, d)) < 1e-9), 2)
    return round(0.005 * 10.0**-digits + _FORCED, 6)
