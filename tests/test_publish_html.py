"""What a page shows of a notebook, and what it keeps out."""

import nbformat
import pytest

from cxzy_lib.publish.html import body_of, clean, embed_font, export, page
from cxzy_lib.publish.site import Edition

new = nbformat.v4
KEPT = (
    '<svg viewBox="0 0 9 9" role="img" aria-label="x"><defs><clipPath id="a"><rect width="3"></rect></clipPath>'
    '</defs><g clip-path="url(#a)" style="fill: #123456"><path d="M0 0L1 1"></path><text x="1">满意 &lt;b&gt;</text>'
    '<use xlink:href="#a"></use></g></svg>',
    '<a href="02_satisfaction.html#总体">1</a>',
    '<a href="#top">1</a>',
    '<details class="data"><summary>1</summary><table><tbody><tr><th scope="row">1</th></tr></tbody></table></details>',
    '<img src="data:image/png;base64,iVBORw0=" alt="x">',
)
DROPPED = (
    ("<script>alert(1)</script>", ""),
    ('<p onclick="alert(1)">1</p>', "<p>1</p>"),
    ('<img src="x" onerror="alert(1)">', "<img>"),
    ('<a href="https://example.org/a.html">1</a>', "<a>1</a>"),
    ('<a href="//example.org/a.html">1</a>', "<a>1</a>"),
    ('<a href="../other.html">1</a>', "<a>1</a>"),
    ('<a href="javascript:alert(1)">1</a>', "<a>1</a>"),
    ('<a href="data:text/html,1">1</a>', "<a>1</a>"),
    ('<p style="background: url(https://example.org)">1</p>', "<p>1</p>"),
    ('<svg><use href="https://example.org/a.svg#b"></use></svg>', "<svg><use></use></svg>"),
    ("<svg><metadata>2010</metadata><style>*{}</style></svg>", "<svg></svg>"),
    ("<iframe src='x'></iframe><!-- /report --><form><input></form>", ""),
)


@pytest.mark.parametrize("markup", KEPT)
def test_the_filter_keeps_what_reports_are_made_of(markup):
    assert clean(markup) == markup


@pytest.mark.parametrize(("markup", "left"), DROPPED)
def test_the_filter_drops_what_could_run_or_ask(markup, left):
    assert clean(markup) == left


def test_only_outputs_made_to_be_seen_are_exported():
    outputs = [
        new.output_from_msg({"header": {"msg_type": "stream"}, "content": {"name": name, "text": "PRINTED"}})
        for name in ("stdout", "stderr")
    ]
    outputs += [
        new.new_output("error", ename="KeyError", evalue="HIDDEN", traceback=["HIDDEN"]),
        new.new_output("execute_result", {"text/plain": "HIDDEN"}),
        new.new_output("execute_result", {"text/plain": "HIDDEN", "text/html": "<h1>满意度</h1><p>1"}),
        new.new_output("display_data", {"image/png": "iVBO\nRw0="}, metadata={"alt": "图 & 表"}),
    ]
    cells = [
        new.new_markdown_cell("HIDDEN"),
        new.new_markdown_cell("**shown** <script>HIDDEN</script>", metadata={"tags": ["publish"]}),
        new.new_code_cell("HIDDEN = 1", outputs=outputs),
    ]
    markup = export(new.new_notebook(cells=cells, metadata={"title": "HIDDEN"}), title="x", lang="zh")
    assert "HIDDEN" not in markup
    assert "PRINTED" not in markup
    assert "<strong>shown</strong>" in markup
    assert "<h1>满意度</h1><p>1</p>" in markup  # closed, so that it can't swallow what follows
    assert '<img src="data:image/png;base64,iVBORw0=" alt="图 &amp; 表">' in markup


def whole(body: str, lang: str = "zh") -> str:
    words = {
        "title": "A & B",
        "page": "a.html",
        "siblings": [("a.html", "A & B")],
        "made": "m",
        "versions": "v",
    }
    return page(body, lang=lang, edition=Edition("E", lang, "public"), **words)


@pytest.mark.parametrize(("lang", "code"), [("zh", "zh-CN"), ("en", "en")])
def test_a_page_gives_back_its_body(lang, code):
    made = whole("<h1>1</h1>\n", lang)
    assert body_of(made) == "<h1>1</h1>\n"
    assert made.startswith(f'<!doctype html>\n<html lang="{code}">')
    assert "<title>A &amp; B - E</title>" in made
    assert body_of("<html></html>") is None


def test_the_font_is_cut_to_the_characters_of_all_pages():
    few, more = (
        embed_font({"a": whole("一")}),
        embed_font({"a": whole("一"), "b": whole("一二三四五六七八九十")}),
    )
    assert "data:font/woff2;base64,d09GMk" in few["a"]  # wOF2
    assert len(more["a"]) > len(few["a"]) + 500
    assert embed_font({"a": whole("一")}) == few
