"""A cell -> a value, as its column in ``campaign/layouts.toml`` asks."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cxzy_lib.intake import values
from cxzy_lib.intake.dates import Span, day_of
from cxzy_lib.intake.directory import Directory
from cxzy_lib.intake.values import BadValue, header_keys, key_of, text_of
from cxzy_lib.intake.vocabulary import Vocabulary, nearest
from cxzy_lib.specs import ColumnSpec

_LIST_MARKS = re.compile(r"[、,，;；/+┋|]")


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
    known = {key_of(word): code for code, words in spec.words.items() for word in words}
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
    if key in map(key_of, (*words.yes, *spec.yes)):
        return True
    if key in map(key_of, words.no):
        return False
    raise BadValue("unknown_tick")


def _coded(known: dict[str, str], code: str) -> Callable[[Any], str]:
    def look_up(raw: Any) -> str:
        for key in header_keys(raw):
            if key in known:
                return known[key]
        raise BadValue(code, nearest(key_of(raw), known))

    return look_up


def _date(spec: ColumnSpec, raw: Any, context: Context) -> Span | None:
    if context.unformatted and re.fullmatch(r"\d{4}\.1", key_of(raw)):
        raise BadValue("ambiguous_month")
    for word, day in context.words.campaign.words.festivals.items():
        if match := re.fullmatch(rf"(\d{{4}}年)?[“\"]?{key_of(word)}[”\"]?(?:前夕|前)?", key_of(raw)):
            eve = day_of(f"{match[1] or ''}{day}", year=context.year)
            return replace(eve, precision="vague") if eve else None
    return day_of(raw, year=context.year, number_format=context.format, date1904=context.date1904)


def _hours(spec: ColumnSpec, raw: Any, context: Context) -> float | None:
    campaign = context.words.campaign
    found = values.hours(raw, float(campaign.setting("hours_per_day")))
    if found is not None and found > campaign.setting("hours_limit"):
        raise BadValue("too_many_hours", str(campaign.setting("hours_limit")))
    return found


_READERS: dict[str, Callable[[ColumnSpec, Any, Context], Any]] = {
    "text": lambda spec, raw, context: " ".join(text_of(raw).split()),
    "person": lambda spec, raw, context: context.directory.person(raw, context.branch),
    "unit": lambda spec, raw, context: context.directory.unit(raw),
    "branch": lambda spec, raw, context: context.directory.branch(raw),
    "date": _date,
    "count": lambda spec, raw, context: values.count(raw),
    "number": lambda spec, raw, context: values.number(raw),
    "hours": _hours,
    "tick": _tick,
    "item": lambda spec, raw, context: _coded(context.words.items, "unknown_item")(raw),
    "semester": lambda spec, raw, context: values.semester(raw),
    "rater": lambda spec, raw, context: _coded(context.words.raters, "unknown_rater")(raw),
    "words": _by_words,
}


def is_blank(raw: Any, spec: ColumnSpec, context: Context) -> bool:
    """Whether a cell says nothing: empty, a dash, or a word that means so in its column."""
    key = key_of(raw)
    return not key or key in map(key_of, (*context.words.campaign.words.not_applicable, *spec.blank))


def read_cell(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    """Return the value of a cell, ``None`` if it is blank.

    Raises
    ------
    BadValue
        With the reason and, for names, the nearest known one.
    """
    if is_blank(raw, spec, context):
        return None
    return _READERS[spec.type](spec, raw, context)
