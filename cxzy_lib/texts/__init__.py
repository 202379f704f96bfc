"""The words that people read, in Chinese and English: one table per part, looked up by key."""

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


def text(key: str, lang: str = "zh", /, **values: Any) -> str:
    """Return the words of `key` in `lang` (``zh`` or ``en``) with `values` filled in.

    Raises
    ------
    KeyError
        If there is no such text: a mistake in the code, not in the data.

    Examples
    --------
    >>> text("common.percent", "en", value=95.04)
    '95.0%'
    """
    return catalogue()[key][lang].format(**values)
