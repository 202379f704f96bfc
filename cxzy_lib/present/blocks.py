"""The parts of a page, as values of notebook cells: the same cell shows in JupyterLab and on the page.

Every text given to them is data and is escaped.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

import numpy as np

from cxzy_lib.specs import Setting
from cxzy_lib.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

HEAD_JSON = "application/vnd.cxzy.page+json"
KEY_NUMBERS_JSON = "application/vnd.cxzy.key-numbers+json"
State = Literal["met", "on_course", "behind", "not_met", "no_evidence", "of_whole", "none"]
#: A page of the edition: its file, and its name in menus.
See = tuple[str, str]
_TOLD = "told "  # the beginning of the id of marks in a picture that have words of their own


@dataclass(frozen=True, repr=False)
class Block:
    """A piece of a page: its HTML, and data for the site by media type."""

    html: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Keep the content out of a notebook's plain text."""
        return f"<{type(self).__name__}, {len(self.html)} characters>"

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/html": self.html, "text/plain": repr(self), **self.data}


@dataclass(frozen=True)
class KeyNumber:
    """A number that leaders look at first, written out: value, base, and whether it meets what is asked."""

    label: str
    value_text: str
    base_text: str
    state: State = "none"
    note: str = ""
    href: str = ""


def head(
    title: str,
    subtitle: str = "",
    facts: Iterable[tuple[str, str]] = (),
    *,
    name: str = "",
    one_sheet: bool = False,
) -> Block:
    """Return the head of a page: its title, a line below it, and facts as (name, value).

    `name` is the page's short name in menus; `one_sheet` prints the page on one sheet of A4.

    Examples
    --------
    >>> head("满意度").html
    '<header class="head"><h1>满意度</h1></header>'
    """
    line = f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else ""
    pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    listed = f'<dl class="facts">{pairs}</dl>' if pairs else ""
    kind = "head one-sheet" if one_sheet else "head"
    # No line ends between a number and what it counts.
    whole = re.sub(r"(?<=\d) (?=[^\W\d_])", "\N{NO-BREAK SPACE}", escape(title))
    html = f'<header class="{kind}"><h1>{whole}</h1>{line}{listed}</header>'
    return Block(html, {HEAD_JSON: {"title": title, "subtitle": subtitle, "name": name or title}})


def key_numbers(items: Sequence[KeyNumber], lang: str = "zh") -> Block:
    """Return the numbers as tiles; a state is shown by a mark and a word, not by colour alone."""
    tiles = "".join(_tile(item, lang) for item in items)
    return Block(f'<ul class="tiles">{tiles}</ul>', {KEY_NUMBERS_JSON: [asdict(item) for item in items]})


def _tile(item: KeyNumber, lang: str) -> str:
    label = escape(item.label)
    if item.href:
        label = f'<a href="{escape(item.href)}">{label}</a>'
    parts = [("label", label), ("value", escape(item.value_text)), ("base", escape(item.base_text))]
    if item.state != "none":
        mark, word = (escape(text(f"present.{part}_{item.state}", lang)) for part in ("mark", "state"))
        parts.append(("state", f'<span class="mark" aria-hidden="true">{mark}</span> {word}'))
    parts.append(("note", escape(item.note)))
    lines = "".join(f'<p class="tile-{name}">{words}</p>' for name, words in parts if words)
    return f'<li class="tile tile--{item.state}">{lines}</li>'


def _more(see: See | None) -> str:
    return f' <a class="more" href="{escape(see[0])}">{escape(see[1])}</a>' if see else ""


def side_by_side(*blocks: Block) -> Block:
    """Return blocks that stand beside each other on paper; on a screen one follows the other."""
    parts = "".join(f"<div>{block.html}</div>" for block in blocks)
    return Block(f'<div class="beside">{parts}</div>')


def section(title: str, words: str = "", see: See | None = None) -> Block:
    """Return a heading with an id to link to, and a paragraph below it; `see` is the page with more of it.

    Examples
    --------
    >>> section("出席 <按支部>").html
    '<h2 id="出席-按支部">出席 &lt;按支部&gt;</h2>'
    """
    slug = re.sub(r"\W+", "-", title.lower()).strip("-")
    paragraph = f"<p>{escape(words)}</p>" if words else ""
    more = f"<p>{_more(see)}</p>" if see else ""
    return Block(f'<h2 id="{slug}">{escape(title)}</h2>{paragraph}{more}')


def findings(sentences: Iterable[str | tuple[str, See]]) -> Block:
    """Return the findings as a numbered list, the most important first; each may name a page with more."""
    pairs = ((one, None) if isinstance(one, str) else one for one in sentences)
    items = "".join(f"<li>{escape(sentence)}{_more(see)}</li>" for sentence, see in pairs)
    return Block(f'<ol class="findings">{items}</ol>')


def note(words: str) -> Block:
    """Return a remark."""
    return Block(f'<p class="note">{escape(words)}</p>')


def method(settings: Iterable[Setting], lang: str = "zh") -> Block:
    """Return the settings that a page rests on, each with its reason and that the plan does not give it."""
    ours = f'<span class="our-choice">{escape(text("common.our_choice", lang))}</span>'
    items = "".join(f"<li>{escape(setting.name(lang))} {ours}</li>" for setting in settings)
    heading, source = (escape(text(f"present.{key}", lang)) for key in ("method", "traceable"))
    inside = f'<h2 id="method">{heading}</h2><ul>{items}</ul><p>{source}</p>'
    return Block(f'<section class="method">{inside}</section>')


def unfold(table: Block, lang: str = "zh") -> Block:
    """Return a table that opens on demand; on paper it is open."""
    summary = escape(text("present.data", lang))
    return Block(f'<details class="data"><summary>{summary}</summary>{table.html}</details>')


def figure(
    drawn: "Axes | Figure",
    *,
    title: str,
    caption: str,
    alt: str,
    table: Block | None = None,
    lang: str = "zh",
    see: See | None = None,
) -> Block:
    """Return a chart as a figure of the page, with its numbers in a table to unfold.

    The chart becomes inline SVG with its text as text. The pyplot figure is closed, so that no
    second picture follows. The same input gives the same characters.

    Parameters
    ----------
    drawn : Axes or Figure
        What a function of `charts` returned.
    title : str
        The finding, as a sentence.
    caption : str
        What is shown: base, period, source.
    alt : str
        The picture in words, for those who don't see it.
    see : (address, name), optional
        The page with more of it.
    """
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from cxzy_lib.present import settled
    from cxzy_lib.present.theme import theme

    whole, buffer = drawn.get_figure(root=True), io.StringIO()
    assert whole is not None
    if settled.holds(whole):
        whole.set_layout_engine("none")  # it is laid out already
    with theme():
        # Not `savefig`: that draws twice, the first time for the margins that the layout has given already.
        canvas: Any = FigureCanvasSVG(whole)
        canvas.print_svg(buffer, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    plt.close(whole)
    svg, data = _inline(buffer.getvalue(), title, alt), unfold(table, lang).html if table else ""
    return Block(
        f'<figure class="chart"><div class="keep"><figcaption><h3 class="chart-title">{escape(title)}</h3>'
        f'<p class="caption">{escape(caption)}{_more(see)}</p></figcaption>'
        f'<div class="plot" tabindex="0">{svg}</div></div>{data}</figure>'
    )


def tell(line: "Line2D", words: Sequence[str]) -> None:
    """Let each mark of a line say its words when it is pointed at: a text for each point, in their order.

    A point that is no number is not drawn, and its words are left out.

    Raises
    ------
    ValueError
        If there are more points than words, or fewer.
    """
    drawn = np.isfinite(np.asarray(line.get_xydata(), "float64")).all(axis=1)
    told = [said for said, there in zip(words, drawn, strict=True) if there]
    line.set_gid(_TOLD + json.dumps(told, ensure_ascii=False))


def _write_titles(line: ElementTree.Element, words: list[str]) -> None:
    """Give each mark of a line its words, which browsers show where it is pointed at.

    Where a point lies outside, the picture has marks more or fewer, and nobody knows whose: an error of the
    chart.
    """
    marks = [element for element in line.iter() if element.tag.rpartition("}")[2] == "use"]
    if len(marks) != len(words):
        raise ValueError(f"{len(words)} points have words, and {len(marks)} marks are in the picture")
    for mark, told in zip(marks, words, strict=True):
        ElementTree.SubElement(mark, "title").text = told


def _inline(svg: str, title: str, alt: str) -> str:
    root = ElementTree.fromstring(svg)
    own = "c" + hashlib.sha256((title + svg).encode()).hexdigest()[:10]
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))  # the other ids are dropped
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag.endswith(("}metadata", "}style"))]:
            parent.remove(child)
    for element in list(root.iter()):
        element.tag = element.tag.rpartition("}")[2]
        if (words := element.get("id", "")).startswith(_TOLD):
            _write_titles(element, json.loads(words.removeprefix(_TOLD)))
        given = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
        if given.get("id") in used:
            given["id"] = f"{own}-{given['id']}"
        else:
            given.pop("id", None)
        for name, value in given.items():
            if name == "href" or "url(#" in value:
                given[name] = re.sub(r"^#|(?<=url\()#", f"#{own}-", value)
        if "d" in given:  # a hundredth of a point is enough, and half the size
            given["d"] = re.sub(r"(\.\d\d)\d+|\s+(?=\s)", r"\1", given["d"]).strip()
        element.attrib = given
        if element.tag not in ("text", "title"):
            element.text = None
        element.tail = None
    # The joins stood in a style element, which would reach beyond the picture.
    joins = "stroke-linejoin: round; stroke-linecap: butt"
    size = {"viewBox": root.attrib["viewBox"], "width": "100%", "style": joins}
    root.attrib = size | {"role": "img", "aria-label": alt}
    heading = ElementTree.Element("title")
    heading.text = title
    root.insert(0, heading)
    return ElementTree.tostring(root, encoding="unicode")


def draw_once() -> None:
    """Draw a chart and throw it away, so that fonts are open; not with pyplot, which chooses a backend."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.registry import backend_registry
    from matplotlib.figure import Figure

    from cxzy_lib.present.theme import theme

    backends: Any = backend_registry
    backends.list_all()  # looks for backends through all that is installed; each copy would do it for itself
    with theme():
        drawn = Figure(layout="constrained")
        FigureCanvasAgg(drawn)
        drawn.add_subplot(title="满意率 100%", xlabel="2012").barh([0], [1])
        drawn.draw_without_rendering()
        drawn.savefig(io.StringIO(), format="svg")
