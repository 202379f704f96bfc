"""The words that people read: one table per part, looked up by key.

Chinese and English stand beside each other. Another language is a file ``languages/CODE.toml``: ``[texts]``
(key -> words) and ``[names]`` (a campaign's English name -> the name in that language). What it leaves out is
told in English.
"""

import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that pages can be made in.

    Examples
    --------
    >>> languages()[:2]
    ('zh', 'en')
    """
    folder = resources.files(__name__).joinpath("languages")
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return ("zh", "en", *sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


#: By what the audit knows the words of a page: without them it would be blind to one in that language.
READ_BY_AUDIT = ("valid", "other", "rate", "index", "rest", "all")


@cache
def _other(lang: str) -> dict[str, dict[str, str]]:
    if lang not in languages()[2:]:
        raise KeyError(f"no language {lang!r}; there are {', '.join(languages())}")
    file = resources.files(__name__).joinpath("languages", f"{lang}.toml")
    try:
        words: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    found = {part: words.get(part, {}) for part in ("texts", "names")}
    problems = list(_problems(found["texts"]))
    if not re.fullmatch("[a-z]{2,3}", lang):
        problems.insert(
            0, f"{lang!r}: 文件名应为语言代码 / the file's name must be a language code (de.toml)"
        )
    if problems:
        raise ValueError(f"{file}:\n  " + "\n  ".join(problems))
    return found


def _problems(texts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a language's words; most of it would make the audit blind to its pages."""
    for key in [key for key, words in texts.items() if not isinstance(words, str)]:
        yield f"{key}: 应为文字 / must be text"
    texts = {key: words for key, words in texts.items() if isinstance(words, str)}
    for key in sorted(set(texts) - set(catalogue())):
        yield f"{key}: 未知 / unknown"
    for key in sorted(set(texts) & set(catalogue())):
        if (has := _fields(texts[key])) != (wants := _fields(catalogue()[key]["en"])):
            yield f"{key}: 占位符应为 / placeholders must be {sorted(wants)}, 而非 / not {sorted(has)}"
    if "%" not in texts.get("common.percent", "%"):
        yield "common.percent: 缺少 / must hold %"
    taken = {
        word: kind for lang in ("zh", "en") for kind in READ_BY_AUDIT for word in _audit_words(kind, lang)
    }
    for kind in READ_BY_AUDIT:
        words = texts.get(f"audit.{kind}_words", "").casefold().split()
        if not words:
            yield f"audit.{kind}_words: 缺少 / missing"
        if clash := [word for word in words if taken.get(word, kind) != kind]:
            yield f"audit.{kind}_words: {clash} 在其他语言中另有所指 / mean otherwise in another language"
        taken |= dict.fromkeys(words, kind)


def _audit_words(kind: str, lang: str) -> list[str]:
    return catalogue()[f"audit.{kind}_words"][lang].casefold().split()


def _fields(words: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
    except ValueError:  # a brace without its other half
        return {words}


def check_languages() -> None:
    """Raise what is wrong with a file in ``languages``: all of them are needed, whatever a page is in.

    Raises
    ------
    ValueError
        Names the file, the key and what is wanted.
    """
    for lang in languages()[2:]:
        _other(lang)


def words_of(key: str, lang: str) -> str:
    """Return the words of `key` in `lang` as they stand; another language's gaps are filled by English."""
    words = catalogue()[key]
    return words[lang] if lang in words else _other(lang)["texts"].get(key, words["en"])


def named(zh: str, en: str, lang: str) -> str:
    """Return a name of the campaign's in `lang`.

    Examples
    --------
    >>> named("春", "Spring", "zh"), named("春", "Spring", "en")
    ('春', 'Spring')
    """
    if lang in ("zh", "en"):
        return zh if lang == "zh" else en
    return _other(lang)["names"].get(en, en)


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
    """Return the words of `key` in `lang` (one of `languages`) with `values` filled in.

    ``{count}`` is a value, ``{count:row|rows}`` the word that goes with it.

    Raises
    ------
    KeyError
        If there is no such text or language: a mistake in the code, not in the data.
    ValueError
        If the language's file is wrong, see `check_languages`.

    Examples
    --------
    >>> text("common.percent", "en", value=95.04)
    '95.0%'
    """
    return filled(words_of(key, lang), **values)


def filled(words: str, /, **values: Any) -> str:
    """Return words with `values` filled in, as `text` does.

    Examples
    --------
    >>> filled("{count} {count:row|rows}", count=1)
    '1 row'
    """
    return _Words().format(words, **values)


def listed(names: Iterable[str], lang: str) -> str:
    """Return several names as one text.

    Examples
    --------
    >>> listed(["甲", "乙"], "zh"), listed(["A", "B"], "en")
    ('甲、乙', 'A, B')
    """
    return ("、" if lang == "zh" else ", ").join(names)
