"""The words that people read, in Chinese and English: one table per part, looked up by key."""

import string
import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every text: key -> language -> words. Keys are ``part.name``, part being the file's name."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            part = file.name.removesuffix(".toml")
            for name, words in tomllib.loads(file.read_text("utf-8")).items():
                found[f"{part}.{name}"] = words
    return found


def counted(words: str, count: object) -> str:
    """Return the form of "one|many" that goes with a count, given as a number or written out.

    Examples
    --------
    >>> counted("year|years", 1), counted("year|years", "1,030"), counted("recorded", 1)
    ('year', 'years', 'recorded')
    """
    one, _, many = words.partition("|")
    return one if str(count) == "1" or not many else many


class _Words(string.Formatter):
    """Fills in values; ``{count:row|rows}`` becomes the form that goes with the count."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return counted(format_spec, value) if "|" in format_spec else format(value, format_spec)


def text(key: str, lang: str = "zh", /, **values: Any) -> str:
    """Return the words of `key` in `lang` (``zh`` or ``en``) with `values` filled in.

    ``{count}`` is a value, ``{count:row|rows}`` the word that goes with it.

    Raises
    ------
    KeyError
        If there is no such text: a mistake in the code, not in the data.

    Examples
    --------
    >>> text("common.percent", "en", value=95.04)
    '95.0%'
    """
    return filled(catalogue()[key][lang], **values)


def filled(words: str, /, **values: Any) -> str:
    """Return words with `values` filled in, as `text` does.

    Examples
    --------
    >>> filled("{count} {count:row|rows}", count=1)
    '1 row'
    """
    return _Words().format(words, **values)
