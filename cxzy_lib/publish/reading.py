"""What the numbers on published pages say of ballots, read by the words around them, as an attacker would."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cxzy_lib.campaign import Campaign
from cxzy_lib.publish.passages import Passage
from cxzy_lib.texts import READ_BY_AUDIT, languages, text

_BREAK = re.compile(r"[，、；。,;:：|｜\n]\s*|\.\s")
_INTERVAL = r"(?P<low>\d+(?:\.\d+)?)\s*%?\s*[–~至-]\s*(?P<high>\d+(?:\.\d+)?)\s*%"
_SHARE = r"(?P<share>\d+(?:\.\d+)?)\s*%"
_FRACTION = r"\d{1,3}(?:,\d{3})+\.\d"  # of thousands: no count is inside
_COUNT = rf"(?!{_FRACTION})(?P<count>\d{{1,3}}(?:,\d{{3}})+|\d+)(?!\d|\.\d|\s*[%/]\s*\d|-\d)"
_INDEX = r"(?P<index>\d{1,3}\.\d+)(?!\d|\.\d|\s*[%/–~-])"
_NUMBER = re.compile(
    rf"(?<![\d.+–-]){_INTERVAL}|(?<![\d.+–-]){_SHARE}|(?<![\d.,+/–-]){_COUNT}|(?<![\d.,+/–-]){_INDEX}"
)
_SLASHED = re.compile(r"\s/\s")
_LETTER = r"[^\W\d_\u2e80-\uffff]"  # of an alphabet: Chinese words stand without a space between them


@dataclass(frozen=True)
class Statement:
    """A number with what it is about; a dimension that the words leave open is None.

    `kind` is ``count`` (of valid ballots, or of those of the `level`), ``share``, ``interval`` or ``index``
    (mean of the levels' points); `low` and `high` are the number itself, or the ends of the interval; `half`
    is half a unit of the last place shown. `period` is a pair like (``semester``, code), `group` may be
    "all"; with `rest` the words may mean all other parts than `scope`. Statements that say the
    same are equal.
    """

    page: str = field(compare=False)
    quote: str = field(compare=False)
    kind: str
    low: float
    high: float
    half: float
    period: tuple[str, str] | None
    group: str | None
    item: str | None
    scope: str | None
    level: frozenset[str] | None
    rest: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The words of a campaign: what each means, as pairs of a dimension and a value."""

    words: Mapping[str, tuple[tuple[str, Any], ...]]
    pattern: re.Pattern[str]
    known: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)  # texts met before


def vocabulary(campaign: Campaign, units: Iterable[str], days: Mapping[str, str]) -> Vocabulary:
    """Return the words for periods, groups, items, levels, units and measures, in every language.

    Parameters
    ----------
    campaign : Campaign
    units : iterable of str
        The names of branches and departments.
    days : mapping
        The days of votes, as pages write them -> semester.
    """
    found: dict[str, list[tuple[str, Any]]] = {}

    def add(words: str, dimension: str, value: Any) -> None:
        if key := words.casefold().strip():
            found.setdefault(key, []).append((dimension, value))

    for unit in units:
        add(unit, "scope", unit)
    for day, semester in days.items():
        add(day, "period", ("semester", semester))
    for lang in languages():
        _add_campaign(campaign, lang, add)
        _add_measures(lang, add)
    longest = sorted(found, key=len, reverse=True)
    pattern = "|".join(map(_whole_word, longest))
    return Vocabulary(
        {word: tuple(dict.fromkeys(means)) for word, means in found.items()}, re.compile(pattern)
    )


def _whole_word(word: str) -> str:
    """Return the pattern of a word that is no part of a longer one."""
    before, after = (re.match(_LETTER, end) for end in (word[0], word[-1]))
    return (rf"(?<!{_LETTER})" if before else "") + re.escape(word) + (rf"(?!{_LETTER})" if after else "")


def _add_measures(lang: str, add: Any) -> None:
    means = {"all": ("group", "all"), "rest": ("rest", True)}
    for kind in READ_BY_AUDIT:
        for word in text(f"audit.{kind}_words", lang).split():
            add(word.replace("_", " "), *means.get(kind, ("measure", kind)))
    for head in ("strict", "inclusive"):
        add(text(f"pages.col_{head}", lang), "measure", "rate")


def _add_campaign(campaign: Campaign, lang: str, add: Any) -> None:
    for kind, periods in (("semester", campaign.semesters), ("stage", campaign.stages)):
        for period in periods:
            add(period.name(lang), "period", (kind, period.code))
    for year in campaign.years:
        add(text("present.year", lang, year=year), "period", ("year", str(year)))
    for item in campaign.items.values():
        add(item.label(lang), "item", item.code)
    names: dict[str, set[str]] = {}
    for code, scale in campaign.scales.items():
        # A group's or a level's name in that of a scale is not read: the longest word counts.
        add(scale.name(lang), "scale", code)
        add(scale.name(lang), "measure", "rate")
        for level in scale.levels:
            names.setdefault(level.name(lang), set()).add(level.code)
    for name, codes in names.items():
        add(name, "level", frozenset(codes))
    for group in campaign.raters:
        add(text(f"common.{group}", lang), "group", group)


def statements(passage: Passage, words: Vocabulary) -> list[Statement]:
    """Return what the numbers of a passage say.

    Each number has the nearest word before it of every kind: in its own text first, then in those that the
    passage stands under, from near to far. Numbers inside such words (the year of a semester) are none.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> words = vocabulary(load_campaign("campaign"), [], {})
    >>> one = Passage("a.html", "text", (), "2010年秋，群众“满意”占 50.0%（有效 24 票）。")
    >>> [(s.kind, s.low, s.period, s.group) for s in statements(one, words)][0]
    ('share', 50.0, ('semester', '2010-2011-1'), 'nonmember')
    >>> [(s.kind, s.low) for s in statements(one, words)]
    [('share', 50.0), ('count', 24.0)]
    >>> more = Passage("a.html", "text", (), "有效 1,234 票；有效 1200,300 票；有效 1,234.5 票。")
    >>> [(s.kind, s.low) for s in statements(more, words)]
    [('count', 1234.0), ('count', 1200.0)]
    """
    heads, values = _SLASHED.split(passage.under[-1] if passage.under else ""), _SLASHED.split(passage.text)
    if len(heads) == len(values) > 1:  # a column of several measures: issued / returned / valid
        above = passage.under[:-1]
        parts = zip(heads, values, strict=True)
        split = (Passage(passage.page, passage.place, (*above, head), value) for head, value in parts)
        return [found for one in split for found in statements(one, words)]
    known: dict[str, Any] = {}
    for under in passage.under:
        known |= _meanings(under, words)
    own = passage.text.casefold()
    labels = list(words.pattern.finditer(own))
    found = []
    for number in _NUMBER.finditer(own):
        if any(label.start() <= number.start() < label.end() for label in labels):
            continue
        here = dict(known)
        for label in labels:
            if label.start() < number.start():
                here |= dict(words.words[label.group()])
        here["measure"] = _measure(own, number, labels, words, known, passage.place)
        if statement := _statement(passage, number, here):
            found.append(statement)
    return found


def _meanings(words: str, vocabulary: Vocabulary) -> dict[str, Any]:
    if words in vocabulary.known:
        return vocabulary.known[words]
    found: dict[str, Any] = vocabulary.known.setdefault(words, {})
    for label in vocabulary.pattern.finditer(words.casefold()):
        found |= dict(vocabulary.words[label.group()])
    return found


def _measure(
    own: str,
    number: re.Match[str],
    labels: list[re.Match[str]],
    words: Vocabulary,
    known: Mapping[str, Any],
    place: str,
) -> str | None:
    """Return what the number measures by the words of its own clause, else by those above it."""
    before = [match.end() for match in _BREAK.finditer(own) if match.end() <= number.start()]
    after = [match.start() for match in _BREAK.finditer(own) if match.start() >= number.end()]
    start, end = max(before, default=0), min(after, default=len(own))
    clause = [label for label in labels if start <= label.start() < end]
    means = {value for label in clause for kind, value in words.words[label.group()] if kind == "measure"}
    if "other" in means:
        return "other"
    if means:
        order = ("index", "valid", "rate") if number["index"] else ("valid", "rate", "index")
        return next(kind for kind in order if kind in means)
    return "rate" if place == "picture" and known.get("measure") is None else known.get("measure")


def _statement(passage: Passage, number: re.Match[str], here: Mapping[str, Any]) -> Statement | None:
    measure = here["measure"]
    if number["high"]:
        kind, ends = "interval", (number["low"], number["high"])
    else:
        kind = str(number.lastgroup)
        ends = (number[kind], number[kind])
    of_ballots = measure == "valid" or here.get("level") is not None or passage.place == "picture"
    if measure == "other":
        return None
    if (kind == "index" and measure != "index") or (kind == "count" and not of_ballots):
        return None
    low, high = (float(end.replace(",", "")) for end in ends)
    places = len(ends[1].partition(".")[2])
    about = {name: here.get(name) for name in ("period", "group", "item", "scope", "level")}
    quote = " ".join(passage.text[max(0, number.start() - 24) : number.end() + 8].split())
    rest = bool(here.get("rest"))
    return Statement(passage.page, quote, kind, low, high, 0.5 * 10**-places, **about, rest=rest)
