"""Published pages -> passages: every text with the words that it stands under, as a reader would see it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NEAR = 3.0  # what lies in one row or column of a picture, in its own units
_NO_WORDS = re.compile(
    r"<(style|script|defs|clipPath)\b.*?</\1>|<path\b[^>]*>|</path>|<use\b[^>]*>|</use>|<!--.*?-->", re.S
)
_LONG = re.compile(r'\s(?:style|class|d|id|xlink:href|href="data:[^"]*|fill)="[^"]*"')
_HEADINGS = ["h1", "h2"]
_BLOCKS = ["p", "li", "dt", "dd", "h1", "h2", "h3", "div", "span", "summary", "strong"]


Above = dict[Any, tuple[str, ...]]  # a node -> the words above it
Found = tuple[str, tuple[str, ...], str]  # place, words above, text


@dataclass(frozen=True)
class Passage:
    """A text of a page: `under` are the words that it stands under, from far to near; `place` says where."""

    page: str
    place: str  # table, text, picture, words for the blind
    under: tuple[str, ...]
    text: str


def passages(page: str, markup: str) -> list[Passage]:
    """Return every text of a page that holds a digit.

    Parameters
    ----------
    page : str
        Its name.
    markup : str
        The published HTML: tables, texts, the labels inside pictures, ``alt``, ``title`` and ``aria-label``,
        and the page's ``<title>`` and ``<meta>``.

    Examples
    --------
    >>> rows = "<tr><th>组</th><th>有效</th></tr><tr><td>群众</td><td>22</td></tr>"
    >>> markup = f"<h1>甲</h1><table><caption>满意度</caption>{rows}</table>"
    >>> [(p.place, p.under, p.text) for p in passages("a.html", markup)]
    [('table', ('甲', '满意度', '群众', '有效'), '22')]
    """
    from lxml import html

    tree = html.document_fromstring(_LONG.sub("", _NO_WORDS.sub("", markup)))
    above = _headings(tree)
    parts = (_tables, _pictures, _attributes, _texts)
    found = [one for part in parts for one in part(tree, above)]
    kept = (one for one in found if any(c.isdigit() for c in one[2]))
    return [Passage(page, place, under, words) for place, under, words in kept]


def _words(node: Any) -> str:
    return " ".join(" ".join(node.itertext()).split())


def _first(node: Any, *names: str) -> Any:
    return next(node.iterdescendants(*names), None)


def _headings(tree: Any) -> Above:
    """Return for each node the headings before it and the title of its figure."""
    last: dict[str, str] = {}
    found: Above = {}
    for node in tree.iter():
        if node.tag in _HEADINGS:
            last = {**last, node.tag: _words(node)} if node.tag == "h2" else {node.tag: _words(node)}
        elif node.tag == "figure":
            title = _first(node, "h3")
            figure = (_words(title),) if title is not None else ()
            found |= dict.fromkeys(node.iterdescendants(), (*last.values(), *figure))
        found.setdefault(node, tuple(last.values()))
    return found


def _tables(tree: Any, headings: Above) -> Iterator[Found]:
    for table in tree.iter("table"):
        caption = _first(table, "caption")
        above = (*headings[table], *([_words(caption)] if caption is not None else []))
        heads: list[str] = []
        for row in table.iterdescendants("tr"):
            cells = list(row.iterdescendants("th", "td"))
            texts = [_words(cell) for cell in cells]
            if not any(cell.tag == "td" for cell in cells):
                heads = texts
                continue
            labels = " · ".join(words for words in texts if words and not _is_number(words))
            for at, words in enumerate(texts):
                yield "table", (*above, labels, heads[at] if at < len(heads) else ""), words


def _is_number(words: str) -> bool:
    return not re.search(r"[^\W\d_]", words)


def _pictures(tree: Any, headings: Above) -> Iterator[Found]:
    """Yield the labels of pictures, under the labels in their column and their row."""
    for svg in tree.iter("svg"):
        above = headings[svg]
        labels = [
            (float(one.get("x", 0)), float(one.get("y", 0)), words)
            for one in svg.iterdescendants("text")
            if (words := _words(one))
        ]
        named = [label for label in labels if not _is_number(label[2])]
        for x, y, words in labels:
            column = [other for a, b, other in named if abs(a - x) < _NEAR and b != y]
            row = [other for a, b, other in sorted(named) if abs(b - y) < _NEAR and a != x]
            yield "picture", (*above, " · ".join(column), " · ".join(row)), words


def _attributes(tree: Any, headings: Above) -> Iterator[Found]:
    for node in tree.iter():
        for name in ("alt", "aria-label", "title", "content", "datetime"):
            if words := node.get(name):
                yield "alt", headings[node], words
        if node.tag == "title":
            inside = next(node.iterancestors("svg"), None) is not None
            yield "alt" if inside else "text", headings[node], _words(node)


def _texts(tree: Any, headings: Above) -> Iterator[Found]:
    """Yield the texts outside tables and pictures, each whole, as it stands in its block."""
    for node in tree.iter(*_BLOCKS):
        inside = next(node.iterancestors("table", "svg"), None) is not None
        if not inside and _first(node, *_BLOCKS, "table", "svg") is None:
            yield "text", headings[node], _words(node)
    for node in tree.iter("div"):  # a tile is one thing: its label, its number, its base
        parts = _first(node, "div", "table", "svg", "p", "ul", "ol") is None
        if parts and _first(node, *_BLOCKS) is not None:
            yield "text", headings[node], _words(node)
