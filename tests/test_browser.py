"""The pages as a reader meets them: in Chromium, from a file, on a screen, a phone and on paper."""

import base64
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from playwright.sync_api import Browser, Page, sync_playwright

from cxzy_lib import campaign
from cxzy_lib.present import blocks
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.present.theme import theme
from cxzy_lib.publish.html import export
from cxzy_lib.publish.jobs import PARAMETERS, PLACES, Job
from cxzy_lib.publish.runner import Failure, Result, published
from cxzy_lib.publish.site import Edition, prepare, publish

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (CI installs it)")


def drawing() -> Figure:
    """Return what the charts are made of: text, a clipped line, markers, hatching."""
    with theme():
        drawn, axes = plt.subplots(figsize=(6.7, 3))
        axes.plot(["2010年春", "2010年秋", "2011年春"], [78.1, 83, 88.4], marker="o", linewidth=4)
        axes.bar(["2010年春", "2011年春"], [20, 30], hatch="//")
    return drawn


def chart() -> blocks.Block:
    rates = pd.DataFrame(
        {"term": ["2010年春"], "valid": [101], "rate": [0.781], "low": [0.7], "high": [0.85]}
    )
    columns = [Column("term", "学期"), Column("valid", "有效票", "count")]
    columns.append(Column("rate", "满意率", "share", "low", "high"))
    return blocks.figure(
        drawing(),
        title="党员满意率两个学期升高 10.3 个百分点",
        caption="满意率为“满意”票占有效票的比例。发出 110 份,收回 104 份,有效 101 份。",
        alt="折线图:满意率从 78.1% 升到 88.4%。",
        table=html_table(rates, columns, caption="满意率,按学期"),
    )


def notebook(*parts: blocks.Block) -> nbformat.NotebookNode:
    outputs = [nbformat.v4.new_output("display_data", part._repr_mimebundle_()) for part in parts]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=outputs)])


def pages() -> dict[str, nbformat.NotebookNode | None]:
    """Return the executed notebooks of a small edition: every kind of block, and a notebook that failed."""
    number = blocks.KeyNumber
    tiles = [
        number("隔周活动完成率", "96.2%", "应开展 318 次,已开展 306 次", "met", "最长间隔 31 天"),
        number("培训满 30 学时", "81.5%", "在职党员 108 人,达标 88 人", "on_course"),
        number("整改完成率", "66.7%", "18 项中完成 12 项", "not_met", href="02_satisfaction.html"),
        number("书记报告工作并接受测评", "—", "5 个学期", "no_evidence", "未收到材料"),
        number("党员满意率(2012年春)", "88.4%", "有效票 103 张"),
    ]
    said = ["党员满意率由 78.1% 升至 88.4%。", "群众满意率低于党员 9.3 个百分点,两者不合并。"]
    facts = [("单位", "示例社区学院"), ("时段", "2010年5月至2012年6月"), ("数据截止", "2012-06-30")]
    reason = campaign.Setting(zh="请假计入应到人数", en="Excused absences stay in the base", value=True)
    return {
        "01_brief": notebook(
            blocks.head("领导简报", "一页看完:约束性指标、满意度、参与情况", facts),
            blocks.key_numbers(tiles),
            blocks.findings(said),
        ),
        "02_satisfaction": notebook(
            blocks.head("满意度趋势", "党员与群众,按学期"),
            blocks.section("总体满意率", "点为满意率,竖线为 95% 置信区间;量表变化处不连线。"),
            chart(),
            blocks.note("2010年秋起使用四级量表。"),
            blocks.method([reason]),
        ),
        "03_participation": None,
    }


@pytest.fixture(scope="module", params=["parts", "sample", "sample in English"])
def edition(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a published edition: one of every kind of part, and those of the sample."""
    if request.param != "parts":
        made = request.getfixturevalue("sample_edition")
        return made["en" if "English" in request.param else "zh"]
    return parts_edition(tmp_path_factory.mktemp("edition"))


def parts_edition(folder: Path) -> Path:
    parameters = dict.fromkeys(PARAMETERS) | {"lang": "zh", "audience": "leadership"}
    results = []
    for name, node in pages().items():
        (folder / f"{name}.ipynb").write_text("{}")
        job = Job(folder / f"{name}.ipynb", parameters | dict.fromkeys(PLACES, ""), f"{name}.html")
        failed = Result(job, "failed", 1.0, Failure("KeyError", "'semester'", 4), name)
        results.append(failed if node is None else published(job, node))
    words = Edition("创先争优活动(2010–2012)", "zh", "leadership", "示例社区学院", "2010年5月至2012年6月")
    publish(prepare(results, folder / "out", words, planned=[result.job for result in results], inputs={}))
    return folder / "out"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, edition: Path) -> Iterator[list[Page]]:
    """Yield every page of the edition, open; afterwards none may have said or asked for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("request", lambda request: asked.append(request.url))
    pages = []
    for path in sorted(edition.glob("*.html")):
        pages.append(context.new_page())
        pages[-1].goto(path.as_uri())
        pages[-1].evaluate("document.fonts.ready")
    assert pages
    yield pages
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page.url for page in pages]


def test_one_heading_and_a_name_for_every_picture(opened):
    for page in opened:
        assert page.locator("h1").count() == 1
        assert page.title().endswith(page.locator(".site-name").inner_text())
        for picture in page.locator("svg[role=img], img").all():
            name = picture.get_attribute("aria-label") or picture.get_attribute("alt") or ""
            labelled = picture.get_attribute("aria-labelledby") or ""
            name += "".join(page.locator(f"#{part}").text_content() or "" for part in labelled.split())
            assert name.strip(), page.url
        assert page.locator("svg:not([role=img]):not([aria-hidden=true]):not(svg svg)").count() == 0


def test_axe_finds_no_barrier_at_any_width(browser, edition):
    """With all that unfolds unfolded; the pages' own policy would keep the checker's script out."""
    context = browser.new_context(bypass_csp=True)
    page, rules = (
        context.new_page(),
        ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    )
    for path in sorted(edition.glob("*.html")):
        page.goto(path.as_uri())
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        page.add_script_tag(path=AXE)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate(
                # of what passes one element a rule is enough; naming them all takes most of the time
                "tags => axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })",
                rules,
            )
            broken = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
            assert (path.name, width, broken) == (path.name, width, [])
            assert len(found["passes"]) > 20  # it did look
    context.close()


def test_a_page_is_one_small_file(edition):
    for path in edition.glob("*.html"):
        assert path.stat().st_size <= 400 * 1024, path.name


def test_a_table_is_sorted_by_its_heads_and_gaps_stay_last(browser, tmp_path):
    frame = pd.DataFrame({"unit": list("甲乙丙丁戊"), "n": [1200, 30, None, 4, 500]})
    page = browser.new_page()
    sheet = html_table(frame, [Column("unit", "支部"), Column("n", "票", "count")])
    (tmp_path / "a.ipynb").write_text("{}")
    job = Job(
        tmp_path / "a.ipynb", dict.fromkeys(PARAMETERS) | dict.fromkeys(PLACES, "") | {"lang": "zh"}, "a.html"
    )
    words = Edition("活动", "zh", "public")
    publish(prepare([published(job, notebook(sheet))], tmp_path / "out", words, planned=[job], inputs={}))
    page.goto((tmp_path / "out" / "a.html").as_uri())
    order = "rows => rows.map(row => row.cells[0].textContent).join('')"
    head = page.locator("thead th", has_text="票")
    assert page.locator("tbody tr").evaluate_all(order) == "甲乙丙丁戊"
    for key, expected, state in (("Enter", "丁乙戊甲丙", "ascending"), ("Space", "甲戊乙丁丙", "descending")):
        head.get_by_role("button").press(key)
        assert page.locator("tbody tr").evaluate_all(order) == expected
        assert head.get_attribute("aria-sort") == state
    page.close()


def test_words_are_sorted_as_words_with_2_before_10_and_gaps_last_both_ways(browser, tmp_path):
    codes = ["D1.10", "—", "D1.2", "D2.1", "*", "D1.1b"]
    days = ["2011-03-01", "2010-12-05", "—", "2012-01-01", "2010-06-30", "2011-01-01"]
    found = ["3.5 (1.0 – 6.0)", "无数据", "-2.0", "*", "+12.0", "0.5"]
    frame = pd.DataFrame({"code": codes, "day": days, "found": found})
    heads = [Column("code", "条目"), Column("day", "日期"), Column("found", "结果", "cell")]
    (tmp_path / "a.ipynb").write_text("{}")
    job = Job(
        tmp_path / "a.ipynb", dict.fromkeys(PARAMETERS) | dict.fromkeys(PLACES, "") | {"lang": "zh"}, "a.html"
    )
    words = Edition("活动", "zh", "public")
    made = [published(job, notebook(html_table(frame, heads)))]
    publish(prepare(made, tmp_path / "out", words, planned=[job], inputs={}))
    page = browser.new_page()
    page.goto((tmp_path / "out" / "a.html").as_uri())
    for at, (name, gaps) in enumerate((("条目", "—*"), ("日期", "—"), ("结果", "无数据*"))):
        told = f"rows => rows.map(row => row.cells[{at}].textContent)"
        orders = []
        for _ in range(2):
            page.locator("thead th", has_text=name).get_by_role("button").click()
            orders.append(page.locator("tbody tr").evaluate_all(told))
        up, down = orders
        count = 1 if gaps == "—" else 2
        assert set("".join(up[-count:])) == set("".join(down[-count:])) == set(gaps)
        assert up[:-count] == down[:-count][::-1]
        if name == "条目":
            assert up[:-count] == ["D1.1b", "D1.2", "D1.10", "D2.1"]
        elif name == "日期":
            assert up[:-count] == sorted(up[:-count])
        else:
            assert up[:-count] == ["-2.0", "0.5", "3.5 (1.0 – 6.0)", "+12.0"]
    page.close()


def test_paper_has_the_notes_of_tiles_and_breaks_no_word(sample_edition, browser):
    """On A4 every word of a table stands in one piece, unless it is longer than a column may be."""
    whole = """() => [...document.querySelectorAll("tbody .id")].flatMap(cell => {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
        while (walker.nextNode())
            for (const found of walker.currentNode.data.matchAll(/[A-Za-z]{2,14}/g)) {
                const range = document.createRange();
                range.setStart(walker.currentNode, found.index);
                range.setEnd(walker.currentNode, found.index + found[0].length);
                if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1)
                    broken.push(found[0]);
            }
        return broken;
    })"""
    page = browser.new_page(viewport={"width": 680, "height": 1000})
    page.emulate_media(media="print")
    for path in sorted(sample_edition["en"].glob("*.html")):
        page.goto(path.as_uri())
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert page.evaluate(whole) == [], path.name
        notes = page.locator(".tile-note")
        assert all(notes.nth(at).is_visible() for at in range(notes.count())), path.name
        if "brief" in path.name:
            assert notes.count() > 1
    page.close()


def test_the_index_is_searched_in_place(opened):
    page = next(page for page in opened if page.url.endswith("index.html"))
    entries = page.locator(".pages > li")
    total = entries.count()
    words = page.locator(".page-name").last.inner_text()
    page.get_by_role("searchbox").fill(words.upper())
    assert page.locator(".pages > li:visible").all_inner_texts() == [entries.last.inner_text()]
    assert page.locator("output").inner_text() == f"1 / {total}"
    page.get_by_role("searchbox").fill("")
    assert page.locator(".pages > li:visible").count() == total


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_the_screen(opened, width):
    for page in opened:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_every_character_is_in_the_font_that_the_page_brings(opened):
    for page in opened:
        assert page.evaluate("[...document.fonts].map(font => [font.family, font.status].join())") in (
            ['"Noto Sans SC",loaded'],
            ["Noto Sans SC,loaded"],
        )
        font = re.search(r"data:font/woff2;base64,([^\"]+)", page.content())
        known = TTFont(io.BytesIO(base64.b64decode(font[1]))).getBestCmap()
        shown = page.locator("body").evaluate("body => body.innerText")
        drawn = "".join(page.locator("svg text").all_text_contents())
        assert {c for c in shown + drawn if not c.isspace() and ord(c) not in known} == set()


def test_links_lead_to_pages_of_the_edition(opened, edition):
    for page in opened:
        for link in page.locator("a[href]").all():
            name, _, anchor = link.get_attribute("href").partition("#")
            assert (edition / name).is_file() if name else page.locator(f"#{anchor}").count() == 1


def printed(page: Page, target: Path) -> str:
    """Return the words of the page printed to `target`, as a reader of the PDF finds them, without blanks."""
    page.pdf(path=target, prefer_css_page_size=True, tagged=True)
    if shutil.which("pdftotext"):
        words = subprocess.run(["pdftotext", target, "-"], check=True, capture_output=True, text=True).stdout
    else:
        page.emulate_media(media="print")
        words = page.locator("body").inner_text()
    return "".join(words.split())


def test_prints_on_a4_with_what_was_folded(opened, tmp_path):
    for page in opened:
        words = printed(page, tmp_path / "page.pdf")
        title = "".join(page.locator("h1").inner_text().split())
        assert title.replace("-", "") in words.replace("-", "")  # a line may end at a hyphen
        folded = "details tbody tr:first-child th"
        if page.locator(".one-sheet").count():  # its tables are on the pages it links to
            folded = "main > * > .table-wrap tbody tr:first-child th"
            assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())) == 1
        for cell in page.locator(folded).all_text_contents():
            assert "".join(cell.split()) in words
        width, height = re.search(
            rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "page.pdf").read_bytes()
        ).groups()
        assert (round(float(width)), round(float(height))) == (595, 842)
        # Tagged, in a language: a screen reader finds headings and tables on paper, too.
        assert b"/StructTreeRoot" in (tmp_path / "page.pdf").read_bytes()
        assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", (tmp_path / "page.pdf").read_bytes())
        assert b"/Lang" in (tmp_path / "page.pdf").read_bytes()


def test_no_table_is_wider_than_the_paper_and_no_heading_ends_a_sheet(opened, tmp_path):
    for page in opened:
        words = printed_lines(page, tmp_path / "page.pdf")
        headings = {"".join(text.split()) for text in page.locator("h2, h3").all_inner_texts()}
        assert [line for line in words if line in headings] == [], page.url
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 680, "height": 1000})  # 180 mm
        wide = "tables => tables.filter(t => t.offsetWidth > t.closest('main').clientWidth).map(t => t.innerText)"
        assert page.locator("table").evaluate_all(wide) == [], page.url
        assert set(
            page.locator(":not(.prose):not(.id):is(td)").evaluate_all(
                "all => all.map(cell => getComputedStyle(cell).whiteSpace)"
            )
        ) <= {"nowrap"}


def printed_lines(page: Page, target: Path) -> list[str]:
    """Return the last line of each sheet of the page printed to `target`, without blanks."""
    page.pdf(path=target, prefer_css_page_size=True)
    if not shutil.which("pdftotext"):
        return []
    words = subprocess.run(["pdftotext", target, "-"], check=True, capture_output=True, text=True).stdout
    sheets = [sheet.split("\n") for sheet in words.split("\f") if sheet.strip()]
    return ["".join([line for line in sheet if line.strip()][-1].split()) for sheet in sheets]


HINT = "all => all.map(e => [e.scrollWidth > e.clientWidth, getComputedStyle(e, '::after').content])"


def test_what_is_wider_than_a_phone_says_that_it_can_be_swiped(opened):
    for page in opened:
        chinese = page.locator("html").get_attribute("lang") == "zh-CN"
        words = '"左右滑动查看全部 ↔"' if chinese else '"Swipe to see the rest ↔"'
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(400)  # a page of many rows is laid out again first
            for wide, hint in page.locator(".plot, .table-wrap").evaluate_all(HINT):
                assert hint == (words if wide else "none"), (page.url, width)


def test_publishing_changes_no_pixel_of_a_chart(browser):
    page = browser.new_page()
    drawn = chart()
    shots = []
    exported = export(notebook(drawn), title="x", lang="zh")
    for markup in (drawn.html, exported[exported.index("<figure") :]):
        page.set_content(markup)
        shots.append(page.locator("figure").screenshot())
    page.close()
    assert shots[0] == shots[1]
    assert len(shots[0]) > 5000  # something is drawn
