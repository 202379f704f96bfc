"""Blocks and tables: what is given is shown as it is, and never run."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from msgspec.structs import replace

from cxzy_lib.campaign import Campaign
from cxzy_lib.present import blocks, charts, settled, theme
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.texts import catalogue

BAD = '<script>alert("支部")</script>'


@pytest.fixture(autouse=True)
def _agg() -> None:
    mpl.use("Agg")


def drawn(campaign: Campaign, names: list[str]) -> plt.Axes:
    frame = pd.DataFrame({"unit": names, "expected": 10, "present": 8, "excused": 0})
    return charts.attendance_dots(frame.assign(attendance_rate=0.8), campaign)


def figure(campaign: Campaign, title: str = "出席率") -> blocks.Block:
    ax = drawn(campaign, ["甲支部", BAD])
    return blocks.figure(ax, title=title, caption="应到人次", alt="各支部" + BAD)


def svg_of(block: blocks.Block) -> ElementTree.Element:
    found = re.search(r"<svg.*</svg>", block.html, re.S)
    assert found is not None
    return ElementTree.fromstring(found[0])


def test_two_figures_of_one_page_share_no_id_and_refer_to_their_own(campaign: Campaign) -> None:
    page = [svg_of(figure(campaign, title)) for title in ("甲", "乙")]
    ids = [[e.get("id") for e in svg.iter() if e.get("id")] for svg in page]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    assert all(len(own) == len(set(own)) for own in ids)
    for svg, own in zip(page, ids, strict=True):
        values = [value for e in svg.iter() for value in e.attrib.values()]
        referred = {r for v in values for r in re.findall(r"url\(#([^)]+)\)", v)}
        referred |= {str(e.get("href"))[1:] for e in svg.iter() if e.get("href")}
        assert referred == set(own)


def test_a_figure_is_a_picture_with_words_and_nothing_else(campaign: Campaign) -> None:
    block = figure(campaign)
    svg = svg_of(block)
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "各支部" + BAD)
    assert (svg.get("width"), svg.get("height")) == ("100%", None)
    assert svg[0].tag == "title"
    assert svg[0].text == "出席率"
    seen = ["".join(e.itertext()) for e in svg.iter("text")]
    assert {"甲支部", BAD, "80.0%"} <= set(seen)
    assert not {"style", "metadata", "script"} & {e.tag for e in svg.iter()}
    assert "<script" not in block.html
    assert not re.search(r"<\?xml|<!DOCTYPE|<!--|xmlns|https?:", block.html)
    fonts = {e.get("style", "") for e in svg.iter("text")}
    assert all("'Noto Sans SC'" in style for style in fonts)
    sizes = [float(size) for style in fonts for size in re.findall(r"([\d.]+)px", style)]
    assert min(sizes) >= 10.5


def test_a_figure_is_the_same_each_time_and_leaves_no_open_figure(campaign: Campaign) -> None:
    plt.close("all")
    assert figure(campaign).html == figure(campaign).html
    assert plt.get_fignums() == []


CHANGES = {
    "a label of three lines": lambda ax: ax.xaxis.label.set_text("应到\n实到\n请假"),
    "a larger label": lambda ax: ax.yaxis.label.set_fontsize(30),
    "an upright label": lambda ax: ax.yaxis.label.set_rotation(0),
    "a label farther off": lambda ax: setattr(ax.xaxis, "labelpad", 30),
    "a label that is gone": lambda ax: ax.xaxis.label.set_visible(False),
    "a legend's title": lambda ax: ax.get_figure().legends[0].set_title("说\n明"),
    "wider margins": lambda ax: ax.get_figure().get_layout_engine().set(w_pad=0.5),
    "a title": lambda ax: ax.set_title("出席\n情况"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_figure_changed_after_it_was_laid_out_is_laid_out_anew(campaign: Campaign, change: str) -> None:
    """It looks as if it had never been; only one that is as it was is drawn without."""
    made = []
    for known in (True, False):
        with theme.theme():
            ax = drawn(campaign, ["甲支部", "乙支部"])
            ax.set(xlabel="人次", ylabel="支部")
            theme.legend(ax, [ax.plot([], [], label="实到")[0]])
            theme.settle(ax)
            assert settled.holds(theme.figure_of(ax))
            CHANGES[change](ax)
        if not known:
            theme.figure_of(ax).stale = True
        assert not settled.holds(theme.figure_of(ax))
        made.append(blocks.figure(ax, title="出席", caption="", alt="").html)
    assert made[0] == made[1]


def test_the_numbers_of_a_figure_are_in_a_table_to_unfold(campaign: Campaign) -> None:
    table = html_table(pd.DataFrame({"unit": ["甲"]}), [Column("unit", "支部")])
    ax = drawn(campaign, ["甲"])
    html = blocks.figure(ax, title="t", caption="c", alt="a", table=table, lang="en").html
    assert f'<details class="data"><summary>Data</summary>{table.html}</details></figure>' in html
    # Picture and caption stay together on paper; the table to unfold may go over.
    assert re.search(
        r'<figure class="chart"><div class="keep"><figcaption>.*</svg></div></div><details', html
    )


def test_every_block_escapes_what_it_is_given(campaign: Campaign) -> None:
    number = blocks.KeyNumber(BAD, BAD, BAD, "met", BAD, 'x" onclick="y')
    setting = campaign.settings["cutoff"]
    made = [
        blocks.head(BAD, BAD, [(BAD, BAD)]),
        blocks.key_numbers([number]),
        blocks.section(BAD, BAD),
        blocks.findings([BAD]),
        blocks.note(BAD),
        blocks.method([replace(setting, zh=BAD)]),
        html_table(pd.DataFrame({BAD: [BAD]}), [Column(BAD, BAD)], caption=BAD),
    ]
    for block in made:
        ElementTree.fromstring(f"<div>{block._repr_html_()}</div>")
        assert "<script" not in block.html
        assert "&lt;script&gt;" in block.html
        assert 'onclick="' not in block.html.replace("&quot;", "'")
        assert BAD not in repr(block)


def test_heads_and_key_numbers_travel_as_data_too() -> None:
    bundle = blocks.head("标题", "副题")._repr_mimebundle_()
    assert bundle["application/vnd.cxzy.page+json"] == {"title": "标题", "subtitle": "副题", "name": "标题"}
    item = blocks.KeyNumber("隔周活动", "41/44", "应开展44次", "on_course", href="a.html")
    block = blocks.key_numbers([item], "en")
    kept = block._repr_mimebundle_()["application/vnd.cxzy.key-numbers+json"]
    assert [blocks.KeyNumber(**number) for number in kept] == [item]
    assert 'class="tile tile--on_course"' in block.html
    assert '<span class="mark" aria-hidden="true">→</span> On course' in block.html
    assert "tile-state" not in blocks.key_numbers([blocks.KeyNumber("a", "1", "n=2")]).html


def test_the_method_gives_the_reason_and_whose_choice_it_is_and_no_code(campaign: Campaign) -> None:
    names = ("confidence_level", "vacations", "excused_in_denominator")
    html = blocks.method(campaign.settings[name] for name in names).html
    assert html.count("本单位设定，方案未规定") == 3
    assert campaign.settings["confidence_level"].zh in html
    assert not re.search("confidence_level|2010-07-11|=|code", re.sub("<[^>]*>", "", html))


FRAME = pd.DataFrame(
    {
        "unit": ["甲", "乙", "丙"],
        "rate": pd.array([0.9214, None, 0.5], dtype="Float64"),
        "low": pd.array([0.88, None, 0.1], dtype="Float64"),
        "high": pd.array([0.952, None, 0.9], dtype="Float64"),
        "n": pd.array([1234, None, 3], dtype="Int64"),
        "on": pd.to_datetime(["2011-06-30", None, "2011-07-01"]),
        "level": ["good", None, "poor"],
        "hidden": [False, False, True],
    }
)
COLUMNS = [
    Column("unit", "支部"),
    Column("rate", "满意率", "share", low="low", high="high"),
    Column("n", "有效票", "count"),
    Column("on", "日期", "date"),
    Column("level", "等次", "level", words={"good": "好"}),
    Column("n", "间隔", "days"),
    Column("rate", "值", "number", digits=2),
]


def cells(lang: str, row: int) -> list[str]:
    html = re.sub(r"<p .*</p>", "", html_table(FRAME, COLUMNS, lang, "表").html)
    body = ElementTree.fromstring(html).findall(".//tbody/tr")
    return ["".join(cell.itertext()) for cell in body[row]]


def test_cells_are_written_by_kind() -> None:
    assert cells("zh", 0) == ["甲", "92.1%(88.0–95.2%)", "1,234", "2011-06-30", "好", "1,234天", "0.92"]
    assert cells("en", 0)[1] == "92.1% (88.0–95.2%)"


def test_missing_and_hidden_cells_are_named_and_hidden_numbers_are_not_in_the_page() -> None:
    html = html_table(FRAME, COLUMNS).html
    assert cells("zh", 1) == ["乙", *["—"] * 6]
    assert cells("zh", 2) == ["丙", "*", "*", "2011-07-01", "poor", "*", "*"]
    assert html.count('aria-label="无数据"') == 6
    assert html.count('aria-label="为保护填票人不公布"') == 4
    assert "50.0" not in html
    assert html.endswith(
        '<p class="note">* 人数过少、意见全同，或会使他人答案可推知，为保护填票人不公布。</p>'
    )


def test_a_table_has_heads_for_columns_and_rows_and_scrolls_by_itself() -> None:
    html = html_table(FRAME.drop(columns="hidden"), COLUMNS, "zh", "按支部").html
    wrap = ElementTree.fromstring(html)
    assert wrap.attrib == {
        "class": "table-wrap", "tabindex": "0", "role": "group", "aria-label": "按支部",
    }  # fmt: skip
    assert wrap.findtext("table/caption") == "按支部"
    heads = wrap.findall(".//thead/tr/th")
    assert [th.get("class") for th in heads] == [None, "num", "num", None, None, "num", "num"]
    assert {th.get("scope") for th in heads} == {"col"}
    assert [th.get("scope") for th in wrap.findall(".//tbody/tr/th")] == ["row"] * 3


def test_every_text_has_both_languages_with_the_same_places() -> None:
    for key, words in catalogue().items():
        if key.startswith("present."):
            places = [set(re.findall(r"\{(\w+)", words[lang])) for lang in ("zh", "en")]
            assert places[0] == places[1], key


def points_told(x, y, words):
    """Draw points between 0 and 3 that say their words; return the title of each mark that is drawn."""
    ax = plt.figure().subplots()
    (marks,) = ax.plot(x, y, "o")
    ax.set_xlim(0, 3)
    ax.set_ylim(0, 5)
    blocks.tell(marks, words)
    html = blocks.figure(ax, title="t", caption="c", alt="a").html
    return re.findall(r"<use[^>]*><title>([^<]*)</title>", html)


def test_a_point_that_is_no_number_takes_its_words_along():
    nan = float("nan")
    assert points_told([0, nan, 1, 2], [1, 1, nan, 2], list("甲乙丙丁")) == ["甲", "丁"]
    with pytest.raises(ValueError, match="argument"):
        points_told([0, 1], [1, 1], ["甲"])


def test_a_gap_and_a_point_outside_do_not_shift_the_words():
    # The line is cut where it leaves the picture and where it comes back: a mark more, and with the gap's
    # words counted the numbers would agree.
    with pytest.raises(ValueError, match="3 points have words, and 4 marks"):
        points_told([0, 1, 2, float("nan")], [1, 99, 2, 1], ["甲", "乙", "丙", ""])
