"""The report page: what of an executed notebook is shown, filtered, in our own template, with its font."""

import base64
import hashlib
import html as entities
import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cxzy_lib.texts import text

TEMPLATES = Path(__file__).parent / "templates"
FONT_SLOT = "/* font */"
START, END = "<!-- report -->", "<!-- /report -->"  # the filter removes comments: there is only one pair

_TAGS = (
    "figcaption section tfoot svg circle clipPath defs desc ellipse g image line linearGradient marker "
    "mask path pattern polygon polyline rect stop symbol text textPath title tspan use"
)
_ATTRIBUTES = (
    "class id lang role scope style tabindex title alt colspan datetime headers height href open "
    "rowspan span src start width clipPathUnits cx cy d dx dy fill gradientTransform gradientUnits mask "
    "markerHeight markerUnits markerWidth offset opacity orient patternTransform patternUnits points "
    "preserveAspectRatio r refX refY rotate rx ry stroke transform viewBox x x1 x2 xlink:href y y1 y2"
)
_PREFIXES = {"aria-", "clip-", "fill-", "font-", "marker-", "stop-", "stroke-", "text-"}
_LINK = re.compile(r"#[^\s\"']*|(?!\.)[\w.%-]+\.html(#[^\s\"']*)?")
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")
# Controls, and marks that turn the direction of what follows: a reader must see that one stood there.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FOREIGN = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(", re.I)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name in ("href", "src"):
        allowed = _PICTURE if tag in ("img", "image") else _LINK
        return value if allowed.fullmatch(value.strip()) else None
    return None if _FOREIGN.search(value) else value


def clean(markup: str) -> str:
    """Return `markup` without scripts, event handlers, style sheets and addresses outside the edition.

    The blocks of `present` escape what they are given; this is the second lock. SVG stays as it was.

    Examples
    --------
    >>> clean('<p onclick="x()">95% <a href="https://example.org">1</a><script>x()</script></p>')
    '<p>95% <a>1</a></p>'
    """
    import nh3

    return nh3.clean(
        markup,
        tags=nh3.ALLOWED_TAGS | set(_TAGS.split()),
        attributes={"*": set(_ATTRIBUTES.split())},
        generic_attribute_prefixes=_PREFIXES,
        attribute_filter=_attribute,
        clean_content_tags={"script", "style", "metadata", "template", "iframe", "object", "noscript"},
        url_schemes={"data"},  # and only where `_attribute` lets it pass
        link_rel=None,
    )


def export(notebook_node: Any, *, title: str, lang: str) -> str:
    r"""Return what an executed notebook publishes, as the markup inside the page's ``<main>``.

    Parameters
    ----------
    notebook_node : NotebookNode
        Executed. Shown are its outputs of the types ``text/html``, ``image/svg+xml`` and ``image/png``
        (with the ``alt`` of the output's metadata) and markdown cells tagged ``publish``; nothing else.
    title : str
        Becomes the heading where the notebook gives none.
    lang : str
        ``zh`` or ``en``.

    Examples
    --------
    >>> import nbformat
    >>> output = nbformat.v4.new_output("display_data", {"text/html": "<p>95%</p>"})
    >>> cell = nbformat.v4.new_code_cell("secret()", outputs=[output])
    >>> export(nbformat.v4.new_notebook(cells=[cell]), title="Trends", lang="en")
    '<h1>Trends</h1>\n<p>95%</p>'
    """
    from nbconvert.exporters.templateexporter import TemplateExporter

    # Not the exporter's own: it parses the whole page once more, for parts that our template has not.
    fill: Any = TemplateExporter.from_notebook_node
    body = str(fill(_exporter(lang), notebook_node)[0]).strip()
    return _with_contents(body if "<h1" in body else f"<h1>{entities.escape(title)}</h1>\n{body}", lang)


@cache
def _exporter(lang: str) -> Any:
    """Return the exporter: one for each language, for it reads its template anew each time it is made."""
    from nbconvert.exporters.html import HTMLExporter

    untyped: Any = HTMLExporter
    exporter = untyped(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        language_code=lang,
        exclude_anchor_links=True,
    )
    exporter.register_filter("clean", clean)
    return exporter


def _with_contents(body: str, lang: str) -> str:
    """Put links to the sections after what the page says first, where there are several.

    Figures that stand there get a heading above theirs, for those who go by headings.
    """
    sections = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body)
    before, section, rest = body.partition("<h2")
    said, figure, first = before.partition("<figure")
    if len(sections) >= 3:
        links = "".join(f'<li><a href="#{anchor}">{name}</a></li>' for anchor, name in sections)
        label = text("publish.contents", lang)
        said += f'<nav class="contents" aria-label="{label}"><ul>{links}</ul></nav>\n'
    if "<h3" in first:
        said += f'<h2 class="unseen">{text("publish.first", lang)}</h2>\n'
    return said + figure + first + section + rest


def render(template: str, lang: str, **values: Any) -> str:
    """Return one of the templates filled in; it finds the texts of this part as ``t(name, …)``."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES / "report"), autoescape=True, undefined=StrictUndefined
    )

    def words(name: str, **given: Any) -> str:
        return text(f"publish.{name}", lang, **given)

    return found.get_template(template).render(lang=lang, t=words, **values)


def page(body: str, *, lang: str, **values: Any) -> str:
    """Return a whole page around `body`: one file, no request, its only script allowed by its hash.

    `values` are the page's ``title``, ``page`` (file name), ``siblings`` ((file name, title) …), ``edition``,
    ``made`` and ``versions``. The place of the font is left open for
    :func:`embed_font`. Control characters and marks of direction become replacement characters.
    """
    script, style = ((TEMPLATES / "report" / name).read_text("utf-8") for name in ("script.js", "style.css"))
    values |= {
        "body": body,
        "start": START,
        "end": END,
        "font_slot": FONT_SLOT,
        "style": style,
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", render("page.html.j2", lang, **values))


def body_of(whole: str) -> str | None:
    """Return the `body` that `page` made the `whole` page from, or None where it is not one of ours.

    Examples
    --------
    >>> body_of("<main><!-- report --><h1>A</h1><!-- /report --></main>")
    '<h1>A</h1>'
    """
    _, start, rest = whole.partition(START)
    body, end, _ = rest.rpartition(END)
    return body if start and end else None


def embed_font(pages: Mapping[str, str]) -> dict[str, str]:
    """Return `pages` (name -> markup) with the Chinese font cut down to the characters they use.

    One cut serves the whole edition. A character that the font lacks is left to the reader's machine.
    """
    characters = "".join(sorted(set(entities.unescape("".join(pages.values())))))
    font = base64.b64encode(_subset(characters)).decode()
    face = (
        "/* Noto Sans SC, (c) Adobe and Google, SIL Open Font License 1.1 */\n"
        '@font-face { font-family: "Noto Sans SC"; font-weight: 100 900; '
        f'src: url("data:font/woff2;base64,{font}") format("woff2"); }}'
    )
    return {name: markup.replace(FONT_SLOT, face, 1) for name, markup in pages.items()}


def _subset(characters: str) -> bytes:
    from fontTools import subset
    from pylopdf_fonts_zh_cn import sans_path

    options = subset.Options(flavor="woff2", layout_features=[], hinting=False, notdef_outline=True)
    options.desubroutinize = True  # quicker to make, and smaller once compressed
    target = io.BytesIO()
    with subset.load_font(str(sans_path()), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=characters)
        subsetter.subset(font)
        subset.save_font(font, target, options)
    return target.getvalue()
