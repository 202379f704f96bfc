"""Cells and files at the edge of what can be read: each is refused with its reason, or read as it is meant."""

import io
import math
import os
import zipfile
from datetime import date, datetime

import pytest
import xlrd
from conftest import ROOT

from cxzy_lib.campaign import load_campaign
from cxzy_lib.intake import dates, files, grades, long_sheets, plain, values, workbook, xls
from cxzy_lib.intake.cells import Context, read_cell
from cxzy_lib.intake.directory import Directory, Person, pseudonym_key
from cxzy_lib.intake.grid import MAX_COLUMNS, Refused, Sheet
from cxzy_lib.intake.values import BadValue, Noted
from cxzy_lib.intake.vocabulary import vocabulary
from cxzy_lib.specs import ColumnSpec

WORDS = vocabulary(load_campaign(ROOT / "campaign"))


@pytest.mark.parametrize(
    ("read", "cell", "code"),
    [
        (dates.day_of, math.inf, "not_a_date"),
        (dates.day_of, "3/4/2011", "ambiguous_day"),  # 3 April or March 4
        (dates.day_of, "3 Foo 2011", "not_a_date"),
        (dates.day_of, "2011.3.5-2011.3.1", "ends_before_start"),
        (dates.semester, "第三学期", "not_a_semester"),
        (grades.score, math.nan, "not_a_score"),
        (grades.score, "优", "not_a_score"),
        (values.number, "12,5", "not_a_number"),
        (values.number, math.inf, "not_a_number"),
        (lambda cell: values.hours(cell, 8), -3, "not_hours"),
        (lambda cell: values.hours(cell, 8), "-3", "not_hours"),
        (
            lambda cell: read_cell(ColumnSpec(type="year"), cell, Context(WORDS, Directory())),
            "今年",
            "not_a_year",
        ),
        # In a csv 2010.10 may have become 2010.1, and nothing tells which it was.
        (
            lambda cell: read_cell(
                ColumnSpec(type="date"), cell, Context(WORDS, Directory(), unformatted=True)
            ),
            "2010.1",
            "ambiguous_month",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_reason(read, cell, code):
    with pytest.raises(BadValue) as refused:
        read(cell)
    assert refused.value.code == code


def test_days_and_semesters_are_read_as_they_are_spelt():
    assert dates.day_of(date(2011, 3, 4)).start == date(2011, 3, 4)
    assert dates.day_of("Sep 3, 2011").start == date(2011, 9, 3)
    assert dates.semester("") is None
    assert dates.semester("秋季学期", 2010) == Noted("2010-2011-1", "year_assumed", "2010")
    assert dates.minute_of("2012-05-03 上午 12:30") == 30


def test_words_that_begin_like_an_error_are_words():
    values.check_error("#1 教学楼")
    with pytest.raises(BadValue):
        values.check_error("#N/A")


def test_the_fast_reader_gives_what_the_careful_one_does():
    assert long_sheets._cell(date(2011, 3, 4), set()) == datetime(2011, 3, 4)
    assert long_sheets._cell(True, set()) is True
    assert long_sheets._cell("  ", set()) == "  "
    assert long_sheets._cell("", set()) is None


def test_thousands_may_be_set_apart():
    assert values.number("1,200") == 1200


def test_an_error_in_an_old_workbook_stays_one_and_an_impossible_day_its_number():
    assert xls._value(xlrd.sheet.Cell(xlrd.XL_CELL_ERROR, 7), 0) == "#DIV/0!"
    assert xls._value(xlrd.sheet.Cell(xlrd.XL_CELL_DATE, 1e12), 0) == 1e12


def test_shares_in_words_and_what_is_no_share():
    """Eight and a half tenths; 120 % is no share; an error of the spreadsheet stays one."""
    found = grades.shares(["八成五", "120%", "多数", "#DIV/0!", "—"])
    assert found["八成五"] == 0.85
    assert {cell: bad.code for cell, bad in found.items() if isinstance(bad, BadValue)} == {
        "120%": "not_a_share",
        "多数": "not_a_share",
        "#DIV/0!": "formula_error",
    }
    assert found["—"] is None


def test_counts_cannot_be_told_from_shares_that_are_missing():
    assert grades.counts_from_shares([None, 0.5], 10) is None
    assert grades.counts_from_shares([0.5, 0.5], 0) is None


def test_a_header_whose_ends_are_not_those_of_the_scale_says_nothing():
    """1 = very satisfied and 5 = neutral name no two ends of five levels."""
    assert grades.direction("您满意吗（1=很满意，5=一般）", "sat5", WORDS) == {}


KNOWN = Directory(
    units={"一支部": "第一支部", "教务处": "教务处"},
    branches=frozenset(["第一支部"]),
    people={"张三": [Person("张三", frozenset(["甲"]), f"p{n}") for n in (1, 2)]},
)


@pytest.mark.parametrize(
    ("directory", "ask", "code"),
    [
        (Directory(), lambda known: known.unit("教务处"), "no_register"),
        (KNOWN, lambda known: known.unit("学生处"), "unknown_unit"),
        (KNOWN, lambda known: known.branch("教务处"), "not_a_branch"),
        (Directory(), lambda known: known.person("张三"), "no_people_register"),
        (KNOWN, lambda known: known.person("李四"), "unknown_person"),
        (KNOWN, lambda known: known.person("张三", "甲"), "namesakes"),
    ],
)
def test_who_is_not_known_is_told_why(directory, ask, code):
    with pytest.raises(BadValue) as refused:
        ask(directory)
    assert refused.value.code == code


def test_a_damaged_key_is_not_replaced(tmp_path):
    key = pseudonym_key(tmp_path)
    assert pseudonym_key(tmp_path) == key
    next(tmp_path.iterdir()).write_bytes(b"short")
    with pytest.raises(ValueError, match=r"5 B, .*Delete it"):
        pseudonym_key(tmp_path)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfea", "broken"),  # half a character of UTF-16
        (bytes(range(1, 9)) * 50 + b"\x80", "not_a_spreadsheet"),
        (b"caf\xe9,\x81\n" * 30, "broken"),  # 0x81 is nothing in cp1252
    ],
)
def test_bytes_that_are_no_text_are_refused(data, code):
    with pytest.raises(Refused) as refused:
        plain.decode(data)
    assert refused.value.code == code


def test_utf_16_without_its_mark_is_read_by_the_order_that_gives_text():
    assert plain.decode("评议,满意\n第一支部,12\n".encode("utf-16-be"))[0].startswith("评议")


def test_cells_that_nobody_closed_do_not_nest(tmp_path):
    path = tmp_path / "a.xls"
    path.write_text("<html><table>" + "<tr><td>甲<td>1" * 20 + "</table></html>", "utf-8")
    (sheet,) = workbook.read_file(path).sheets
    assert sheet.rows == [["甲", "1"]] * 20


def test_a_sheet_wider_than_any_is_refused():
    with pytest.raises(Refused) as refused:
        Sheet.of("甲", [[None] * (MAX_COLUMNS + 1)])
    assert refused.value.code == "too_large"


def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path):
    """A pipe would wait for ever; a folder comes here only where it could not be listed."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert [files.problem(tmp_path / name) for name in ("pipe", "gone", "", "none")] == [
        "not_a_file",
        "not_a_file",
        "unreadable",
        "unreadable",
    ]
    assert files.digest(tmp_path / "pipe") == files.digest(tmp_path / "none") == ""


def test_leftovers_of_a_run_cut_off_are_removed_by_the_next(tmp_path):
    (tmp_path / ".tables-old").mkdir()
    with files.locked(tmp_path, ".tables-*"):
        assert not (tmp_path / ".tables-old").exists()


def packed(members: dict[str, bytes], encrypted: bool = False) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as package:
        for name, data in members.items():
            package.writestr(name, data)
    data = bytearray(whole.getvalue())
    if encrypted:  # the flag in the directory at the end, by which a reader knows
        data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


MANIFEST = "META-INF/manifest.xml"
UNOPENED = {  # by name: the bytes of a package hold the second in which they were packed
    "nothing": (b"", "empty"),
    "too long": (b"x" * 101, "too_large"),
    "cut off": (b"PK\x03\x04 cut off", "broken"),
    "a member with a password": (packed({"a": b""}, encrypted=True), "encrypted"),
    "xlsb of nothing": (packed({"xl/workbook.bin": b""}), "broken"),
    "ods with a password": (packed({"content.xml": b"", MANIFEST: b"<encryption-data/>"}), "encrypted"),
    "ods of nothing": (packed({"content.xml": b"", MANIFEST: b""}), "broken"),
    "a letter": (packed({"word/document.xml": b""}), "not_a_spreadsheet"),
}


@pytest.mark.parametrize(("data", "code"), UNOPENED.values(), ids=UNOPENED)
def test_files_that_are_no_open_spreadsheet_are_refused(tmp_path, monkeypatch, data, code):
    monkeypatch.setattr(workbook, "MAX_BYTES", 1000 if data[:2] == b"PK" else 100)
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        workbook.read_file(path)
    assert refused.value.code == code


OFFICE = "urn:schemas-microsoft-com:office:spreadsheet"


def spreadsheet(path, rows):
    inside = f"<Worksheet ss:Name='甲'><Table>{rows}</Table></Worksheet>"
    path.write_text(
        f"<?xml version='1.0'?><Workbook xmlns='{OFFICE}' xmlns:ss='{OFFICE}'>{inside}</Workbook>", "utf-8"
    )
    return path


def test_an_xml_spreadsheet_has_gaps_days_and_numbers_that_are_none(tmp_path):
    rows = (
        "<Row ss:Index='2'><Cell ss:Index='2'><Data ss:Type='Number'>2.5</Data></Cell><Cell/>"
        "<Cell><Data ss:Type='DateTime'>2011-03-04T00:00:00.000</Data></Cell>"
        "<Cell><Data ss:Type='Number'>many</Data></Cell></Row>"
    )
    (sheet,) = workbook.read_file(spreadsheet(tmp_path / "a.xml", rows)).sheets
    assert sheet.rows[1] == [None, 2.5, None, datetime(2011, 3, 4), "many"]


@pytest.mark.parametrize("row", ["<Row ss:Index='2000000'/>", "<Row><Cell ss:Index='99999'/></Row>"])
def test_an_xml_spreadsheet_of_absurd_size_is_refused(tmp_path, row):
    path = spreadsheet(tmp_path / "a.xml", row)
    with pytest.raises(Refused) as refused:
        workbook.read_file(path)
    assert refused.value.code == "broken"
