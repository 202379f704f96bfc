"""Readers against each other: long sheets as small ones, small ones as openpyxl, .xls as .xlsx; and odd XML."""

import io
import zipfile
from datetime import datetime
from unittest import mock
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from cxzy_lib.intake import fast, xls, xlsx
from cxzy_lib.intake.grid import NO_VALUE, Sheet

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMATS = ["General", "0.00", "yyyy-mm-dd", "[h]:mm", 'yyyy"年"m"月"', "@", "0%"]
NEVER = 2**62
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)


def package(sheet_xml: str, texts: tuple[str, ...] = (), *, from_1904: bool = False) -> bytes:
    """A workbook whose only sheet has this XML; style 0 to 6 are FORMATS, style 7 the Chinese date format 57."""
    book = openpyxl.Workbook()
    page = book.active
    for row, format in enumerate(FORMATS, 1):
        page.cell(row, 1, 1).number_format = format
    if from_1904:
        book.epoch = openpyxl.utils.datetime.MAC_EPOCH
    made, whole = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = sheet_xml.encode()
            if name == "xl/styles.xml":
                content = content.replace(
                    b"</cellXfs>", b'<xf numFmtId="57" fontId="0" fillId="0" borderId="0"/></cellXfs>'
                )
            if name == "[Content_Types].xml":
                content = content.replace(b"</Types>", SHARED_TYPE + b"</Types>")
            new.writestr(name, content)
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
    return whole.getvalue()


def sheet_xml(body: str, after: str = "", before: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{body}</sheetData>{after}</worksheet>'


def read(data: bytes, long_part: int) -> Sheet:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return xlsx.sheets(data, opened, long_part)[0]


def all_of(sheet: Sheet) -> dict[str, object]:
    cells = {
        (r, c): (type(v), v, sheet.format(r, c))
        for r, row in enumerate(sheet.rows)
        for c, v in enumerate(row)
    }
    return {
        "cells": cells,
        "merges": sheet.merges,
        "hidden": sheet.hidden,
        "1904": sheet.date1904,
        "height": sheet.height,
    }


def both(data: bytes) -> Sheet:
    """Read as a long and as a small sheet; they must be the same, wherever the XML is cut."""
    careful = read(data, NEVER)
    for chunk in (60, 333, 2**20):
        with mock.patch.object(fast, "_CHUNK", chunk):
            assert all_of(read(data, -1)) == all_of(careful)
    return careful


TEXTS = ("满意", "2010.1", "3", "a < b & c", "第一\n行", "true", " 空 格 ")
NUMBERS = st.one_of(
    st.integers(-5, 50_000).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        [
            "2010.1",
            "2010.10",
            "3.0",
            "1E3",
            "1.0E7",
            "0.30000000000000004",
            "110101199001011234",
            "59",
            "60",
            "61",
            "1E400",
            "9" * 400,
            "-0",
            "0",
        ]
    ),
)
STYLES = st.integers(0, 7).map(lambda style: f' s="{style}"' if style else "")
CELLS = st.one_of(
    st.builds("<c {r}{s}><v>{v}</v></c>".replace("{r}{s}", "{{r}}{s}").format, s=STYLES, v=NUMBERS),
    st.builds('<c {{r}}{s} t="s"><v>{v}</v></c>'.format, s=STYLES, v=st.integers(0, len(TEXTS) - 1)),
    st.builds('<c {{r}}{s} t="n"><f>A1*2</f><v>{v}</v></c>'.format, s=STYLES, v=NUMBERS),
    st.builds("<c {{r}}{s}/>".format, s=STYLES),
    st.sampled_from(
        [
            '<c {r} t="b"><v>1</v></c>',
            '<c {r} t="b"><v>0</v></c>',
            '<c {r} t="e"><v>#DIV/0!</v></c>',
            '<c {r} t="e"><f>1/0</f><v>#N/A</v></c>',
            '<c {r} t="str"><f>A1&amp;"x"</f><v>a &amp; b</v></c>',
            '<c {r} t="str"><f>""</f><v></v></c>',
            "<c {r}><f>SUM(B1:B3)</f><v></v></c>",
            "<c {r}><f>SUM(B1:B3)</f></c>",
            '<c {r}><f t="shared" si="0"/><v/></c>',
            '<c {r} t="inlineStr"><is><t>2010.1</t></is></c>',
            '<c {r} t="inlineStr"><is><r><t>张</t></r><r><t xml:space="preserve"> 三</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh></is></c>',
            '<c {r} t="d"><v>2011-03-01T00:00:00</v></c>',
            "<c {r}></c>",
        ]
    ),
)


@st.composite
def worksheets(draw: st.DrawFn) -> str:
    rows = []
    for r in sorted(draw(st.sets(st.integers(1, 14), max_size=9))):
        cells = [
            draw(CELLS).format(r=f'r="{openpyxl.utils.get_column_letter(c)}{r}"')
            for c in sorted(draw(st.sets(st.sampled_from([1, 2, 3, 4, 26, 27]), max_size=5)))
        ]
        hidden = draw(st.sampled_from(["", "", ' hidden="1"', ' ht="20" hidden="0"']))
        rows.append(
            f'<row r="{r}" spans="1:5"{hidden}>{"".join(cells)}</row>' if cells else f'<row r="{r}"{hidden}/>'
        )
    merges = draw(
        st.sampled_from(
            ["", '<mergeCells count="2"><mergeCell ref="A1:B3"/><mergeCell ref="D4:D9"/></mergeCells>']
        )
    )
    columns = draw(st.sampled_from(["", '<cols><col min="2" max="3" width="9" hidden="1"/></cols>']))
    return sheet_xml("".join(rows), merges, columns)


@settings(max_examples=150, deadline=None)
@given(worksheets(), st.booleans())
def test_a_long_sheet_gives_what_a_small_one_gives(xml, from_1904):
    both(package(xml, TEXTS, from_1904=from_1904))


def test_cells_of_every_kind_by_hand():
    body = (
        '<row r="1"><c r="A1"><v>2010.1</v></c><c r="B1" s="1"><v>2010.1</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="2" hidden="1"><c r="A2"><v>3.0</v></c><c r="B2" s="2"><v>40603</v></c><c r="C2" s="7"><v>40603</v></c></row>'
        '<row r="4"><c r="A4"><f>SUM(A1:A2)</f></c><c r="B4" t="e"><v>#REF!</v></c><c r="C4" t="str"><f>""</f><v></v></c></row>'
        '<row r="9"><c r="A9" s="1"/></row>'
    )
    sheet = both(package(sheet_xml(body), TEXTS))
    day = datetime(2011, 3, 1)
    assert sheet.rows == [[2010.1, 2010.1, "2010.1"], [3, day, day], [None] * 3, [NO_VALUE, "#REF!", None]]
    assert [sheet.format(0, c) for c in range(3)] == ["", "0.00", ""]
    assert sheet.hidden == {"rows": 1}


def test_1904_and_a_day_that_no_calendar_has():
    body = '<row r="1"><c r="A1" s="2"><v>39141</v></c><c r="B1" s="2"><v>99999999</v></c></row>'
    sheet = both(package(sheet_xml(body), from_1904=True))
    assert sheet.rows == [[datetime(2011, 3, 1), 99999999]]
    assert sheet.date1904


@pytest.mark.parametrize(
    "xml",
    [
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>',
        sheet_xml('<row r="1"><!-- <c r="B1"> --><c r="A1"><v>7</v></c></row>'),
        sheet_xml("<row><c><v>7</v></c></row>"),
        sheet_xml('<row r="1"><c s="0" r="A1"><v>7</v></c></row>'),
        sheet_xml("<row r='1'><c r='A1'><v>7</v></c></row>"),
        sheet_xml('<row r="1"><c r="A1" ><v>7</v></c></row>'),
        sheet_xml('<row r="1"><c r="A1" foo="a &gt; b"><v> 7 </v></c></row>'),
    ],
    ids=["prefix", "comment", "no reference", "other order", "single quotes", "blank in tag", "attribute"],
)
def test_xml_as_no_usual_program_writes_it(xml):
    assert both(package(xml)).rows == [[7]]


def test_only_the_first_cell_of_a_merged_range_is_seen():
    body = "".join(
        f'<row r="{r}"><c r="A{r}"><v>{r}</v></c><c r="B{r}"><v>{r}</v></c></row>' for r in (1, 2, 3)
    )
    merged = '<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B3:B1048576"/></mergeCells>'
    sheet = both(package(sheet_xml(body, merged)))
    assert sheet.rows == [[1, None], [None, None], [3, 3]]
    assert sheet.merges == [(0, 0, 1, 1)]


def test_a_dimension_that_lies_and_a_cell_at_the_far_corner():
    body = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2"><v>2</v></c></row>'
    sheet = both(package(sheet_xml(body, before='<dimension ref="A1:XFD1048576"/>')))
    assert sheet.rows == [[1, None], [None, 2]]
    far = package(sheet_xml(body + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    for long_part in (-1, NEVER):
        with pytest.raises(xlsx.Refused, match="too_large"):
            read(far, long_part)
    blank = package(sheet_xml(body + '<row r="1048576"><c r="XFD1048576" s="1"/></row>'))
    assert both(blank).height == 2


CELL_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 6)),
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)).map(lambda day: day.replace(microsecond=0)),
    st.text("满意不是第支部abc 1.,\n", max_size=6).filter(lambda text: text == text.strip()),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(CELL_VALUES, min_size=3, max_size=3), min_size=1, max_size=8))
def test_xlsx_as_openpyxl_and_xls_give_the_same(rows):
    book, old = openpyxl.Workbook(), xlwt.Workbook()
    page, old_page = book.active, old.add_sheet("a")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value not in (None, ""):
                page.cell(r + 1, c + 1).value = value
                old_page.write(r, c, value, *([day] if isinstance(value, datetime) else []))
    made, old_made = io.BytesIO(), io.BytesIO()
    book.save(made)
    old.save(old_made)
    new = both(made.getvalue()).rows
    theirs = [list(row) for row in openpyxl.load_workbook(made).active.iter_rows(values_only=True)]
    assert new == trimmed(theirs)
    assert trimmed(xls.sheets(old_made.getvalue())[0].rows) == new


def trimmed(rows: list[list[object]]) -> list[list[object]]:
    """Without the blank rows and columns at the ends."""
    while rows and all(value is None for value in rows[-1]):
        rows = rows[:-1]
    while rows and rows[0] and all(row[-1] is None for row in rows):
        rows = [row[:-1] for row in rows]
    return rows
