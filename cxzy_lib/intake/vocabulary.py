"""The campaign's words in the form in which they are compared: names of columns, items, raters and levels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.values import header_keys, key_of
from cxzy_lib.specs import Item, Level, SpecialLevel


@dataclass(frozen=True)
class Vocabulary:
    """The campaign, and its words in the form in which they are compared -> what they stand for.

    ``levels`` are by scale and hold the special ones, too; ``columns`` are by layout.
    """

    campaign: Campaign
    drop: frozenset[str]
    ignore: frozenset[str]
    raters: dict[str, str]
    items: dict[str, str]
    special: dict[str, str]
    levels: dict[str, dict[str, str]]
    columns: dict[str, dict[str, str]]


def keys_of(names: Iterable[str]) -> frozenset[str]:
    """Return words in the form in which they are compared."""
    return frozenset(key_of(name) for name in names)


def by_key(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return what each word stands for: `words` maps a code to the words that mean it.

    Examples
    --------
    >>> by_key({"yes": ("是", "Yes"), "no": ("否",)})
    {'是': 'yes', 'yes': 'yes', '否': 'no'}
    """
    return {key_of(word): code for code, meant in words.items() for word in meant}


def _names(named: Item | Level | SpecialLevel) -> tuple[str, ...]:
    return named.zh, named.en, *named.aliases


def _by_header(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {key: code for code, meant in words.items() for word in meant for key in header_keys(word)}


def vocabulary(campaign: Campaign) -> Vocabulary:
    """Return the campaign's words, ready to be compared with headers and cells."""
    special = by_key({code: _names(level) for code, level in campaign.special.items()})
    return Vocabulary(
        campaign,
        drop=keys_of(campaign.words.drop),
        ignore=keys_of(campaign.words.ignore),
        raters=by_key(campaign.raters),
        items=_by_header({item.code: _names(item) for item in campaign.items.values()}),
        special=special,
        levels={
            code: by_key({level.code: _names(level) for level in scale.levels}) | special
            for code, scale in campaign.scales.items()
        },
        columns={
            code: _by_header({name: spec.aliases for name, spec in layout.columns.items()})
            for code, layout in campaign.layouts.items()
        },
    )


def fitting_scale(scales: Iterable[str], keys: set[str], words: Vocabulary, *, whole: bool) -> str:
    """Return the scale that explains most of the words `keys`, ``""`` if none explains any.

    Of those that explain as many: for a header (`whole`) the one of which every name is there; then the one
    that calls most of them by its own name and not by an alias; then the first of `scales`. On papers a level
    may be missing only because nobody chose it.
    """
    ranked = []
    for at, code in enumerate(scales):
        names = keys_of(level.zh for level in words.campaign.scales[code].levels)
        explained = (keys & words.levels[code].keys()) - words.special.keys()
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
