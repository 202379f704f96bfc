"""A cell -> a value, as its column in ``campaign/layouts.toml`` asks."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from cxzy_lib.intake import values
from cxzy_lib.intake.dates import day_of, find_year, semester
from cxzy_lib.intake.directory import Directory
from cxzy_lib.intake.grades import score
from cxzy_lib.intake.values import BadValue, Noted, check_error, header_keys, key_of, scrub, text_of, used
from cxzy_lib.intake.vocabulary import Vocabulary, by_key, keys_of, nearest
from cxzy_lib.specs import ColumnSpec

_LIST_MARKS = re.compile(r"[、,，;；/+┋|]")
_NAME_MARKS = re.compile(r"[、,，;；/┋|\n]")


@dataclass(frozen=True)
class Context:
    """What a cell's meaning may depend on beside the cell: names, the title's year, the row's branch."""

    words: Vocabulary
    directory: Directory
    year: int | None = None
    branch: str = ""
    format: str = ""
    date1904: bool = False
    unformatted: bool = False


def _by_words(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    known = by_key(spec.words)
    key = key_of(raw)
    if key in known:
        return known[key]
    parts = [part for part in _LIST_MARKS.split(key) if part]
    if spec.split and len(parts) > 1 and all(part in known for part in parts):
        return [known[part] for part in parts]
    raise BadValue("unknown_word", nearest(key, known))


def _tick(spec: ColumnSpec, raw: Any, context: Context) -> bool:
    words = context.words.campaign.words
    key = key_of(raw)
    if raw is True or key in keys_of((*words.yes, *spec.yes)):
        return True
    if raw is False or key in keys_of(words.no):
        return False
    raise BadValue("unknown_tick")


def _coded(known: dict[str, str], code: str, raw: Any) -> str:
    for key in header_keys(raw):
        if key in known:
            return known[key]
    raise BadValue(code, nearest(key_of(raw), known))


def _rater(spec: ColumnSpec, raw: Any, context: Context) -> str:
    return _coded(context.words.raters | by_key(spec.words), "unknown_rater", raw)


def _date(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    if context.unformatted and re.fullmatch(r"\d{4}\.1", key_of(raw)):
        raise BadValue("ambiguous_month")
    words = context.words.campaign.words
    for word, day in words.festivals.items():
        if match := re.fullmatch(rf"(\d{{4}}年)?[“\"]?{key_of(word)}[”\"]?(?:前夕|前)?", key_of(raw)):
            found = day_of(f"{match[1] or ''}{day}", year=context.year)
            if found is None:
                return None
            eve = replace(used(found), precision="vague")
            return replace(found, value=eve) if isinstance(found, Noted) else eve
    return day_of(
        raw,
        year=context.year,
        number_format=context.format,
        date1904=context.date1904,
        month_first=words.month_first,
    )


def _count(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    """Read a count; one of seconds may be written as a duration."""
    return values.seconds(raw) if spec.unit_of_measure == "seconds" else values.count(raw)


def _hours(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    campaign = context.words.campaign
    found = values.hours(raw, float(campaign.setting("hours_per_day")))
    if found is not None and used(found) > campaign.setting("hours_limit"):
        raise BadValue("too_many_hours", str(campaign.setting("hours_limit")))
    return found


def _person(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    parts = [part for part in _NAME_MARKS.split(text_of(raw)) if part.strip()] if spec.split else [raw]
    found = [context.directory.person(part, context.branch, spec.anyone) for part in parts]
    return found if len(found) > 1 else found[0]


def _year(spec: ColumnSpec, raw: Any, context: Context) -> int:
    key = key_of(raw)
    found = find_year(key if re.search(r"[年度]|^\d+$", key) else f"{key}年")
    if found is None:
        raise BadValue("not_a_year")
    return found


_READERS: dict[str, Callable[[ColumnSpec, Any, Context], Any]] = {
    "text": lambda spec, raw, context: scrub(" ".join(text_of(raw).split())),
    "person": _person,
    "party": lambda spec, raw, context: context.directory.party(raw, context.branch, spec.anyone),
    "unit": lambda spec, raw, context: context.directory.unit(raw),
    "branch": lambda spec, raw, context: context.directory.branch(raw),
    "date": _date,
    "year": _year,
    "count": _count,
    "number": lambda spec, raw, context: values.number(raw),
    "score": lambda spec, raw, context: score(raw),
    "hours": _hours,
    "tick": _tick,
    "item": lambda spec, raw, context: _coded(context.words.items, "unknown_item", raw),
    "semester": lambda spec, raw, context: semester(raw, context.year),
    "rater": _rater,
    "words": _by_words,
}


def is_blank(raw: Any, context: Context, words: Iterable[str] = ()) -> bool:
    """Whether a cell says nothing: empty, a dash, or one of the `words` that mean so in its column."""
    key = key_of(raw)
    return not key or key in keys_of((*context.words.campaign.words.not_applicable, *words))


def read_cell(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    """Return the value of a cell, ``None`` if it is blank, ``Noted`` if it is used and not as it stands.

    Raises
    ------
    BadValue
        With the reason and, for names, the nearest known one.
    """
    check_error(raw)
    if is_blank(raw, context, spec.blank):
        return None
    return _READERS[spec.type](spec, raw, context)
