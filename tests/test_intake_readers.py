"""The readers: what is in a file however it was written, and that the fast one sees what the careful one sees."""

import contextlib
import io
import random
import zipfile
from datetime import datetime

import msoffcrypto
import openpyxl
import pytest
import xlwt
from conftest import write_xlsx
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile
from python_calamine import CalamineWorkbook

from cxzy_lib.intake import long_sheets, plain, workbook, xlsx
from cxzy_lib.intake.grid import NO_VALUE, Refused, Sheet
from cxzy_lib.intake.guard import read_all
from cxzy_lib.intake.workbook import read_file


def saved(rows, *, formats=(), merges=(), hidden=(), epoch=None):
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    for row in rows:
        book.active.append(row)
    for place, code in formats:
        book.active[place].number_format = code
    for cells in merges:
        book.active.merge_cells(cells)
    for row in hidden:
        book.active.row_dimensions[row].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data, long_part=xlsx.LONG_PART):
    return xlsx.sheets(data, zipfile.ZipFile(io.BytesIO(data)), long_part)[0]


def cells(sheet):
    return [
        [(type(v).__name__ if not isinstance(v, int | float) else "n", v) for v in row] for row in sheet.rows
    ]


# --- long sheets -------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["满意", "第一支部", "12", "2011.3", "0012", "true", "-", " x ", "2011-03-04 00:00:00", "#N/A"]
    ),
    st.integers(-5, 10**6),
    st.floats(0.001, 999).map(lambda x: round(x, 4)),
    st.booleans(),
    st.datetimes(datetime(2010, 1, 1), datetime(2012, 12, 31)).map(lambda d: d.replace(microsecond=0)),
)
KINDS = st.one_of(
    st.just(VALUES), st.sampled_from([st.integers(0, 99), st.text("甲乙丙", max_size=3), VALUES])
)


@st.composite
def tables(draw):
    """Draw a table with a serial number first, so that a row that slipped would be seen."""
    columns = draw(st.lists(KINDS, min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*columns), min_size=60, max_size=120))
    return [
        ["标题"],
        ["序号", *(f"列{c}" for c in range(len(columns)))],
        *([n, *row] for n, row in enumerate(rows)),
    ]


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(tables())
def test_the_fast_reader_gives_what_the_careful_one_gives(rows):
    data = saved(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_sheets, "_ENDS", 2000)
        fast = read(data, long_part=0)
    careful = read(data)
    assert cells(fast) == cells(careful)
    assert (fast.merges, fast.hidden, fast.height) == (careful.merges, careful.hidden, careful.height)


@pytest.fixture
def short_ends(monkeypatch):
    """Read only a few rows at either end carefully; count how often the slow way is gone."""
    slow = []
    original = long_sheets._slow
    monkeypatch.setattr(long_sheets, "_ENDS", 2000)
    monkeypatch.setattr(long_sheets, "_slow", lambda *args: slow.append(1) or original(*args))
    return slow


def long_rows(*special, at=60, n=150):
    rows = [["2011年登记"], ["序号", "值"], *([k, k * 2] for k in range(n))]
    for k, value in enumerate(special):
        rows[at + k][1] = value
    return rows


def test_a_regular_long_sheet_goes_the_fast_way_with_its_merges_and_hidden_rows(short_ends):
    data = saved(long_rows(), merges=("A70:A72",), hidden=(80, 81))
    sheet = read(data, long_part=0)
    assert short_ends == []
    assert sheet.merges == [(69, 0, 71, 0)]
    assert sheet.hidden == {"rows": 2}
    assert sheet.value(151, 1) == 298


def test_hidden_rows_are_counted_wherever_a_chunk_of_the_xml_ends(short_ends, monkeypatch):
    data = saved(long_rows(), hidden=range(30, 130))
    for size in range(4000, 4100, 8):
        monkeypatch.setattr(long_sheets, "_CHUNK", size)
        assert read(data, long_part=0).hidden == {"rows": 100}


def test_ends_that_meet_are_read_the_careful_way(short_ends):
    for n in range(30, 60):  # with 42 to 44 rows none, one or two lie between the ends
        data = saved(long_rows(n=n, at=0))
        assert cells(read(data, long_part=0)) == cells(read(data))
    assert 0 < len(short_ends) < 30


def test_text_and_number_that_look_alike_stay_two(short_ends):
    sheet = read(saved(long_rows("12", 12, "0012", "true", True)), long_part=0)
    assert [sheet.value(60 + k, 1) for k in range(5)] == ["12", 12, "0012", "true", True]
    assert short_ends == [1]


def test_codes_typed_as_text_throughout_go_the_fast_way(short_ends):
    rows = [["2011年"], ["序号", "编号"], *([k, f"{k:04}"] for k in range(150))]
    sheet = read(saved(rows), long_part=0)
    assert short_ends == []
    assert (sheet.value(60, 1), sheet.value(60, 0)) == ("0058", 58)
    sheet = read(saved(long_rows("甲", 3.5, 7)), long_part=0)  # numbers among words, and none of them as text
    assert short_ends == []
    assert [sheet.value(60 + k, 1) for k in range(3)] == ["甲", 3.5, 7]


def test_text_and_number_are_told_by_their_types(short_ends):
    sheet = read(saved(long_rows("12", 12, "0012")), long_part=0)
    assert [type(sheet.value(60 + k, 1)) for k in range(3)] == [str, int, str]


def test_errors_and_formulas_without_a_value_are_seen_in_a_long_sheet(short_ends):
    sheet = read(saved(long_rows("=1+1", "#DIV/0!")), long_part=0)
    assert sheet.value(60, 1) == NO_VALUE
    assert sheet.value(61, 1) == "#DIV/0!"


def test_what_only_a_number_format_can_tell_is_read_the_careful_way(short_ends):
    data = saved(long_rows(2010.1, 2010.1), formats=[("B61", "0.00")])
    sheet = read(data, long_part=0)
    assert short_ends == [1]
    assert [sheet.format(60, 1), sheet.format(61, 1)] == ["0.00", ""]


# --- careful readers and calamine --------------------------------------------------------------------------

PLAIN = st.one_of(
    st.none(),
    st.integers(0, 10**6),
    st.floats(0, 100).map(lambda x: round(x, 3)),
    st.text("甲乙ab12.", min_size=1, max_size=6),
)


@settings(max_examples=25)
@given(st.lists(st.lists(PLAIN, min_size=3, max_size=3), min_size=1, max_size=12))
def test_the_careful_readers_and_calamine_agree(rows):
    rows = [["头", "头", "头"], *rows, ["尾", "尾", "尾"]]
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value)
    old = io.BytesIO()
    book.save(old)
    from cxzy_lib.intake import xls

    for data, careful in ((saved(rows), read(saved(rows))), (old.getvalue(), xls.sheets(old.getvalue())[0])):
        other = (
            CalamineWorkbook.from_filelike(io.BytesIO(data))
            .get_sheet_by_index(0)
            .to_python(skip_empty_area=False)
        )
        seen = [[None if v == "" else v for v in row] for row in other]
        # calamine loses rows at the end of some xls: then the careful reader's are the right ones.
        assert careful.rows[: len(seen)] == seen
        assert careful.rows == rows


# --- formats ------------------------------------------------------------------------------------------------

CHINESE = "测评项目,满意,不满意\r\n党政班子,20,4\r\n承诺践诺情况,18,6\r\n"
WESTERN = "Name;Abteilung;Zufriedenheit für Arbeit\r\nJosé;Größe;café\r\nZoë;naïve;El Niño\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_chinese_text_in_every_encoding(encoding):
    name, (sheet,) = plain.sheets(CHINESE.encode(encoding), "表")
    assert sheet.rows[1] == ["党政班子", "20", "4"]
    assert name.startswith("csv")


def test_western_text_is_not_taken_for_chinese():
    name, (sheet,) = plain.sheets(WESTERN.encode("cp1252"), "表")
    assert name == "csv (cp1252)"
    assert sheet.rows[1] == ["José", "Größe", "café"]


@given(
    st.text(
        "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生",
        min_size=2,
        max_size=60,
    )
)
def test_chinese_is_never_taken_for_western(text):
    with contextlib.suppress(UnicodeDecodeError):
        text.encode("gb18030").decode()
        reject()  # a few words are the same bytes as other words in UTF-8
    assert plain.decode(text.encode("gb18030")) == (text, "gb18030")


def test_line_ends_of_old_macs_quotes_and_their_want():
    _, (sheet,) = plain.sheets('甲,"两\r行"\r乙,丙\r'.encode(), "表")
    assert sheet.rows == [["甲", "两\r行"], ["乙", "丙"]]
    _, (sheet,) = plain.sheets('甲,"乙\n丙,丁\n'.encode(), "表")  # one quote too many swallows nothing
    assert sheet.rows == [["甲", '"乙'], ["丙", "丁"]]


def test_a_web_page_with_spans_and_one_without_a_table():
    page = "<html><table><tr><th colspan=2>等次</th></tr><tr><td rowspan=2>甲</td><td>1</td></tr><tr><td>2<br>3</td></tr></table></html>"
    kind, (sheet,) = plain.sheets(page.encode(), "表")
    assert (kind, sheet.rows) == ("html", [["等次", None], ["甲", "1"], [None, "2\n3"]])
    assert sheet.merges == [(0, 0, 0, 1), (1, 0, 2, 0)]
    with pytest.raises(Refused, match="markup_not_workbook"):
        plain.sheets(b"<html><p>x</p></html>", "x")


def test_the_xml_of_2003():
    book = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
    <Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
    <Worksheet ss:Name="甲"><Table><Row><Cell ss:MergeAcross="1"><Data ss:Type="String">头</Data></Cell></Row>
    <Row ss:Index="3"><Cell ss:Index="2"><Data ss:Type="Number">2.5</Data></Cell>
    <Cell><Data ss:Type="DateTime">2011-03-04T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>"""
    kind, (sheet,) = plain.sheets(book.encode(), "x")
    assert (kind, sheet.name, sheet.merges) == ("xml", "甲", [(0, 0, 0, 1)])
    assert sheet.row(2) == [None, 2.5, datetime(2011, 3, 4)]


# --- files that mean harm, and files that were locked ---------------------------------------------------------


def refusal(tmp_path, data, name="x.xlsx"):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Refused) as caught:
        read_file(path)
    return caught.value.code


def with_part(name, content, data=None):
    source = zipfile.ZipFile(io.BytesIO(data or saved([["甲", 1]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.namelist():
            made.writestr(part, content if part == name else source.read(part))
    return out.getvalue()


def test_encrypted_workbooks_of_today_and_of_before(tmp_path):
    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(saved([["甲", 1]]))).encrypt("secret", locked)
    assert msoffcrypto.OfficeFile(io.BytesIO(locked.getvalue())).is_encrypted()
    assert refusal(tmp_path, locked.getvalue()) == "encrypted"
    # FILEPASS, the record that an encrypted .xls begins with, behind the record that begins the workbook.
    begin = bytes.fromhex("0908100000060500bb0dcc07c100000006030000")
    assert (
        refusal(tmp_path, begin + bytes.fromhex("2f000600000000000000") + b"\0" * 64, "x.xls") == "encrypted"
    )
    names = io.BytesIO()
    with zipfile.ZipFile(names, "w") as made:
        made.writestr("content.xml", b"\0" * 64)
        made.writestr(
            "META-INF/manifest.xml", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
        )
    assert refusal(tmp_path, names.getvalue(), "x.ods") == "encrypted"


def test_entities_in_a_part_are_refused(tmp_path):
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    )
    assert refusal(tmp_path, with_part("xl/worksheets/sheet1.xml", laughs)) == "dangerous"
    assert (
        refusal(
            tmp_path,
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&a;</Workbook>',
        )
        == "dangerous"
    )


def test_a_bomb_is_refused_before_it_goes_off(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_INFLATED", 2**26)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("xl/workbook.xml", "<workbook/>")
        with made.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(65):
                part.write(b" " * 2**20)
    assert len(out.getvalue()) < 2**17
    assert refusal(tmp_path, out.getvalue()) == "too_large"


def test_a_cell_at_the_far_corner(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "甲"
    book.active.cell(1048576, 16384, "乙")
    path = tmp_path / "x.xlsx"
    book.save(path)
    (found,) = read_all([path], jobs=1)
    assert found.code == "too_large"


def test_a_dimension_that_lies_costs_nothing(tmp_path):
    xml = zipfile.ZipFile(io.BytesIO(saved([["甲", 1], ["乙", 2]]))).read("xl/worksheets/sheet1.xml")
    lying = xml.replace(b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"')
    assert lying != xml
    path = tmp_path / "x.xlsx"
    path.write_bytes(with_part("xl/worksheets/sheet1.xml", lying))
    assert read_file(path).sheets[0].rows == [["甲", 1], ["乙", 2]]


def mutations(data, rng):
    """Yield a workbook cut at every tenth, and with bytes turned over."""
    for tenth in range(1, 10):
        yield data[: len(data) * tenth // 10]
    for _ in range(40):
        flipped = bytearray(data)
        for _ in range(rng.randint(1, 20)):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        yield bytes(flipped)


def test_mutilated_workbooks_never_reach_the_parent(tmp_path):
    rng = random.Random(7)
    old = xlwt.Workbook()
    sheet = old.add_sheet("甲")
    for r in range(20):
        sheet.write(r, 0, f"第{r}行")
    out = io.BytesIO()
    old.save(out)
    sources = [saved([[f"第{n}行", n] for n in range(30)]), out.getvalue(), CHINESE.encode("gb18030")]
    paths = []
    for kind, data in enumerate(sources):
        for at, content in enumerate(mutations(data, rng)):
            paths.append(tmp_path / f"{kind}-{at}.xls")
            paths[-1].write_bytes(content)
    good = write_xlsx(tmp_path / "good.xlsx", [["甲", 1]])
    books = list(read_all([*paths, good], jobs=2, seconds=30))
    assert [book.path for book in books] == [*paths, good]
    assert all(book.code or book.sheets is not None for book in books)
    assert isinstance(books[-1].sheets[0], Sheet)
    assert {"", "broken"} <= {book.code for book in books}
