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
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_LONG.sub("", _NO_WORDS.sub("", markup)), "html.parser")
    above = _headings(soup)
    parts = (_tables, _pictures, _attributes, _texts)
    found = [one for part in parts for one in part(soup, above)]
    kept = (one for one in found if any(c.isdigit() for c in one[2]))
    return [Passage(page, place, under, words) for place, under, words in kept]


Found = tuple[str, tuple[str, ...], str]
Above = dict[int, tuple[str, ...]]


def _words(node: Any) -> str:
    return " ".join(node.get_text(" ").split())


def _headings(soup: Any) -> Above:
    """Return for each node, by its identity, the headings before it and the title of its figure."""
    last: dict[str, str] = {}
    found: Above = {}
    for node in soup.find_all(True):
        if node.name in _HEADINGS:
            last = {**last, node.name: _words(node)} if node.name == "h2" else {node.name: _words(node)}
        elif node.name == "figure":
            title = node.find("h3")
            figure = (_words(title),) if title else ()
            for inner in node.find_all(True):
                found[id(inner)] = (*last.values(), *figure)
        found.setdefault(id(node), tuple(last.values()))
    return found


def _tables(soup: Any, headings: Above) -> Iterator[Found]:
    for table in soup.find_all("table"):
        caption = table.find("caption")
        above = (*headings[id(table)], *([_words(caption)] if caption else []))
        heads: list[str] = []
        for row in table.find_all("tr"):
            cells = row.find_all(["th", "td"])
            if not row.find("td"):
                heads = [_words(cell) for cell in cells]
                continue
            texts = [_words(cell) for cell in cells]
            labels = " · ".join(words for words in texts if words and not _is_number(words))
            for at, words in enumerate(texts):
                yield "table", (*above, labels, heads[at] if at < len(heads) else ""), words


def _is_number(words: str) -> bool:
    return not re.search(r"[^\W\d_]", words)


def _pictures(soup: Any, headings: Above) -> Iterator[Found]:
    """Yield the labels of pictures, under the labels in their column and their row."""
    for svg in soup.find_all("svg"):
        above = headings[id(svg)]
        labels = [
            (float(one.get("x", 0)), float(one.get("y", 0)), words)
            for one in svg.find_all("text")
            if (words := _words(one))
        ]
        named = [label for label in labels if not _is_number(label[2])]
        for x, y, words in labels:
            column = [other for a, b, other in named if abs(a - x) < _NEAR and b != y]
            row = [other for a, b, other in sorted(named) if abs(b - y) < _NEAR and a != x]
            yield "picture", (*above, " · ".join(column), " · ".join(row)), words


def _attributes(soup: Any, headings: Above) -> Iterator[Found]:
    for node in soup.find_all(True):
        for name in ("alt", "aria-label", "title", "content", "datetime"):
            if words := node.attrs.get(name):
                yield "alt", headings[id(node)], words
        if node.name == "title":
            yield ("alt" if node.find_parent("svg") else "text"), headings[id(node)], _words(node)


def _texts(soup: Any, headings: Above) -> Iterator[Found]:
    """Yield the texts outside tables and pictures, each whole, as it stands in its block."""
    for node in soup.find_all(_BLOCKS):
        if node.find_parent(["table", "svg"]) or node.find(_BLOCKS) or node.find(["table", "svg"]):
            continue
        yield "text", headings[id(node)], _words(node)
    for node in soup.find_all("div"):  # a tile is one thing: its label, its number, its base
        if not node.find(["div", "table", "svg", "p", "ul", "ol"]) and node.find(_BLOCKS):
            yield "text", headings[id(node)], _words(node)
