"""The campaign's words in the form in which they are compared: names of columns, items, raters and levels."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.values import header_keys, key_of


@dataclass(frozen=True)
class Vocabulary:
    """The campaign's header names in the form in which they are compared."""

    campaign: Campaign
    drop: frozenset[str]
    ignore: frozenset[str]
    raters: dict[str, str]
    items: dict[str, str]
    levels: dict[str, dict[str, str]]
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def keys_of(names: Iterable[str]) -> frozenset[str]:
    """Return words in the form in which they are compared."""
    return frozenset(key_of(name) for name in names)


def vocabulary(campaign: Campaign) -> Vocabulary:
    """Return the campaign's words, ready to be compared with headers."""
    special = {key_of(w): code for code, s in campaign.special.items() for w in (s.zh, s.en, *s.aliases)}
    levels = {
        code: {key_of(w): level.code for level in scale.levels for w in (level.zh, level.en, *level.aliases)}
        | special
        for code, scale in campaign.scales.items()
    }
    items = {
        key: item.code
        for item in campaign.items.values()
        for word in (item.zh, item.en, *item.aliases)
        for key in header_keys(word)
    }
    columns = {
        code: {
            key: name for name, spec in layout.columns.items() for a in spec.aliases for key in header_keys(a)
        }
        for code, layout in campaign.layouts.items()
    }
    raters = {key_of(word): code for code, words in campaign.raters.items() for word in words}
    words = campaign.words
    return Vocabulary(campaign, keys_of(words.drop), keys_of(words.ignore), raters, items, levels, columns)


def fitting_scale(scales: Iterable[str], keys: set[str], words: Vocabulary, *, whole: bool) -> str:
    """Return the scale that explains most of the words `keys`, ``""`` if none explains any.

    Of those that explain as many: for a header (`whole`) the one of which every name is there; then the one
    that calls most of them by its own name and not by an alias; then the first of `scales`. On papers a level
    may be missing only because nobody chose it.
    """
    special = {key_of(w) for s in words.campaign.special.values() for w in (s.zh, s.en, *s.aliases)}
    ranked = []
    for at, code in enumerate(scales):
        names = {key_of(level.zh) for level in words.campaign.scales[code].levels}
        explained = (keys & set(words.levels[code])) - special
        if explained:
            ranked.append((-len(explained), whole and not names <= keys, -len(names & keys), at, code))
    return min(ranked)[4] if ranked else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name nearest to `word`, or ``""``; it is only ever shown, never used.

    Examples
    --------
    >>> nearest("教物处", ["教务处", "总务处"])
    '教务处'
    """
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), "")
