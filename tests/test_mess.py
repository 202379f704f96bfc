"""The mess that people really produce, item by item (M01–M32), each with the example it was seen as."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest
import xlwt
from conftest import MEMBERS, UNITS, write_xlsx

from cxzy_lib.intake.cells import Context, read_cell
from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.dates import day_of
from cxzy_lib.intake.directory import Directory
from cxzy_lib.intake.grades import counts_from_shares, graded, level_of, shares
from cxzy_lib.intake.values import BadValue, Noted, key_of, number, person_name, scrub
from cxzy_lib.intake.vocabulary import vocabulary
from cxzy_lib.intake.workbook import read_file
from cxzy_lib.specs import ColumnSpec

pytestmark = pytest.mark.usefixtures("read_here")
FILE = "试验学院/表.xlsx"
HOURS = ["姓名", "培训班次", "培训形式", "起止时间", "学时"]
COURSE = ["轮训班", "集中授课", "2011.4.8"]
TALLY = ["测评项目", "满意", "比较满意", "基本满意", "不满意", "有效票"]
VOTED = "2011年12月23日测评 评议人:群众"
LOG = ["活动日期", "支部", "活动类型", "主题", "应到人数", "实到人数", "出席率"]


def of(tables, name, file=FILE):
    frame = tables[name]
    return frame[frame["source_file"] == file].reset_index(drop=True)


def told(tables, file=FILE):
    """Return the codes of the findings by source row."""
    ledger = of(tables, "ledger", file)
    return {r: c for r, c in zip(ledger["source_row"], ledger["code"], strict=True) if isinstance(c, str)}


def outcomes(tables, file=FILE):
    return of(tables, "ledger", file)["outcome"].tolist()


@pytest.fixture
def words(campaign):
    return vocabulary(campaign)


@pytest.fixture
def cell(words):
    """Read one cell as a column of a type would."""

    def read(kind, raw, year=None, **spec):
        return read_cell(ColumnSpec(type=kind, **spec), raw, Context(words, Directory(), year))

    return read


def test_m01_titles_above_the_header(clean_rows):
    rows = [
        ["南开社区学院2011年党员民主评议汇总表"],
        ["填报单位:教务处   填报时间:2011.12.20   单位:票"],
        [None],
        HOURS,
        ["张三", *COURSE, 8],
    ]
    tables = clean_rows(rows)
    assert outcomes(tables) == ["title", "title", "header", "kept"]


def test_m02_two_row_header_merged_across(clean_rows):
    rows = [
        [VOTED],
        ["测评项目", "测评等次", None, None, "有效票"],
        [None, "满意", "基本满意", "不满意", None],
        ["党政班子", 20, 4, 2, 26],
    ]
    tables = clean_rows(rows, ("B2:D2", "A2:A3", "E2:E3"))
    assert of(tables, "votes")["count"].tolist() == [20, 4, 2]
    assert of(tables, "votes")["scale"].unique().tolist() == ["sat3"]


def test_m03_filled_down_only_inside_the_merged_range(clean_rows):
    head = ["支部", "姓名", *HOURS[1:]]
    rows = [
        ["2011年"],
        head,
        ["第一支部", "张三", *COURSE, 8],
        [None, "李四", *COURSE, 8],
        [None, "李四", "另一班", *COURSE[1:], 4],
    ]
    tables = clean_rows(rows, ("A3:A4",))
    assert of(tables, "hours")["unit"].fillna("").tolist() == ["第一支部", "第一支部", ""]


@pytest.mark.parametrize("word", ["合计", "合 计", "合计:", "小计", "总计", "共计", "总 人 数"])
def test_m04_totals_are_taken_out_and_checked(clean_rows, word):
    head = [*LOG[:-1]]
    rows = [
        ["2011年"],
        head,
        ["2011.3.4", "第一支部", "党课", "学习", 20, 18],
        ["2011.3.18", "第一支部", "党课", "讨论", 20, 15],
    ]
    tables = clean_rows([*rows, [word, None, None, None, 40, 34]])
    assert outcomes(tables)[-1] == "total"
    assert told(tables) == {5: "total_mismatch"}  # 18 + 15 = 33
    assert of(tables, "events")["present"].tolist() == [18, 15]


@pytest.mark.parametrize(
    ("word", "written", "code"),
    [
        ("合计", "12.5学时", None),  # 1 day = 8 hours, and 4.5
        ("合计", 12, "total_mismatch"),
        ("平均", 6.25, None),  # a mean is no sum
    ],
)
def test_m04_totals_of_hours_are_checked_and_means_are_none(clean_rows, word, written, code):
    rows = [["张三", *COURSE, "1天"], ["李四", *COURSE, 4.5], [word, *[None] * len(COURSE), written]]
    tables = clean_rows([["2011年"], HOURS, *rows])
    assert outcomes(tables)[-1] == "total"
    assert told(tables) == {3: "days_as_hours"} | ({5: code} if code else {})
    assert of(tables, "ledger").iloc[2][["outcome", "severity", "value", "hint"]].tolist() == [
        "kept",
        "note",
        "1天",
        "8",
    ]
    if code:
        assert of(tables, "ledger").iloc[-1][["value", "hint"]].tolist() == ["12", "12.5"]


def test_m04_thirds_of_an_hour_add_up_to_whole_hours(clean_rows):
    rows = [[name, *COURSE, 20 / 3] for name in ("张三", "李四", "王五")]
    tables = clean_rows([["2011年"], HOURS, *rows, ["合计", *[None] * len(COURSE), 20]])
    assert outcomes(tables)[-1] == "total"
    assert told(tables) == {}


@pytest.mark.parametrize(("cell", "wrong"), [("—", True), ("很多", False)])
def test_m04_a_total_over_a_cell_that_cannot_be_read_is_not_said_to_be_wrong(clean_rows, cell, wrong):
    """A dash says that there are none, and 8 is not 12; what 很多 would add nobody knows."""
    rows = [["张三", *COURSE, 8], ["李四", *COURSE, cell], ["合计", *[None] * len(COURSE), 12]]
    tables = clean_rows([["2011年"], HOURS, *rows])
    assert outcomes(tables)[-1] == "total"
    assert (told(tables).get(5) == "total_mismatch") is wrong


@pytest.mark.parametrize(
    "footer", ["制表人:李 四  审核人:  2011年12月20日", "注:未到者另附", "说明:1.本表一式两份", "(盖章)"]
)
def test_m05_footers_are_kept_as_notes(clean_rows, footer):
    tables = clean_rows([["2011年"], HOURS, ["张三", *COURSE, 8], [footer]])
    assert outcomes(tables) == ["title", "header", "kept", "footer"]


def test_m06_serial_numbers_are_never_a_key(clean_rows):
    head = ["序号", *HOURS]
    marks = [1, None, "①", "一、", "1、", "001"]
    rows = [[mark, "张三", f"班{at}", *COURSE[1:], 8] for at, mark in enumerate(marks)]
    tables = clean_rows([["2011年"], head, *rows])
    assert len(of(tables, "hours")) == 6


@pytest.mark.parametrize(
    "name", ["教务处", "教务科", "教学处", "教务", "教务处(本部)", "教务处(盖章)", "教 务 处"]
)
def test_m07_units_by_their_other_names(clean_rows, name):
    head = ["存在问题", "责任部门", "完成情况"]
    tables = clean_rows([["2011年"], head, ["会多", name, "已完成"]])
    assert of(tables, "tasks")["unit"].tolist() == ["教务处"]


def test_m07_unmatched_units_are_reported_and_never_guessed(clean_rows):
    head = ["存在问题", "责任部门", "完成情况"]
    tables = clean_rows([["2011年"], head, ["会多", "总雾处", "已完成"]])
    assert of(tables, "tasks").empty
    assert of(tables, "ledger")["hint"].dropna().tolist() == ["总务处"]


@pytest.mark.parametrize(
    ("written", "name", "mark"),
    [
        ("张 三", "张三", ""), ("张　三", "张三", ""), ("张三(预备)", "张三", "预备"), ("张三*", "张三", "*"),
        ("张三(女)", "张三", "女"), ("张伟(大)", "张伟", "大"), ("张伟(小)", "张伟", "小"),
        ("阿依古丽·买买提", "阿依古丽·买买提", ""), ("阿依古丽•买买提", "阿依古丽·买买提", ""),
        ("阿依古丽・买买提", "阿依古丽·买买提", ""),
    ],
)  # fmt: skip
def test_m08_names(written, name, mark):
    assert person_name(written) == (name, mark)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("１２", 12), ("９５．０％", 0.95), ("十二", 12), ("30余", Noted(30, "approximate")),
        ("约20", Noted(20, "approximate")), ("20多", Noted(20, "approximate")),
    ],
)  # fmt: skip
def test_m09_full_width_and_chinese_numerals(written, value):
    assert number(written) == value


def test_m09_a_year_in_chinese_numerals(cell):
    assert cell("year", "二〇一一年") == 2011


@pytest.mark.parametrize(
    ("written", "first", "last", "precision"),
    [
        ("2010.7.1", "2010-07-01", "2010-07-01", "day"), ("2010-07-01", "2010-07-01", "2010-07-01", "day"),
        ("2010/7/1", "2010-07-01", "2010-07-01", "day"), ("2010年7月1日", "2010-07-01", "2010-07-01", "day"),
        ("2010年7月", "2010-07-01", "2010-07-31", "month"), ("7月1日", "2010-07-01", "2010-07-01", "day"),
        ("7.1", "2010-07-01", "2010-07-01", "day"), ("10.7.1", "2010-07-01", "2010-07-01", "day"),
        ("20100701", "2010-07-01", "2010-07-01", "day"), ("2010.7.1-7.3", "2010-07-01", "2010-07-03", "day"),
        ("2010年7月上旬", "2010-07-01", "2010-07-10", "vague"), ("七一前夕", "2010-06-30", "2010-06-30", "vague"),
        ("6月底", "2010-06-21", "2010-06-30", "vague"), ("2010年5月起", "2010-05-01", "2010-05-31", "month"),
    ],
)  # fmt: skip
def test_m10_dates(cell, written, first, last, precision):
    found = cell("date", written, 2010)
    span = found.value if isinstance(found, Noted) else found
    assert (span.start.isoformat(), span.end.isoformat(), span.precision) == (first, last, precision)
    assert isinstance(found, Noted) == ("2010" not in written and written != "10.7.1")


def test_m10_without_a_year_in_the_title_the_neighbours_tell(clean_rows):
    rows = [HOURS, ["张三", "甲班", "自学", "2011.3.4", 8], ["李四", "乙班", "自学", "4月1日", 8]]
    tables = clean_rows(rows)
    assert of(tables, "hours")["started_on"].dt.date.tolist() == [date(2011, 3, 4), date(2011, 4, 1)]
    assert told(tables) == {3: "year_assumed"}


@pytest.mark.parametrize(
    ("serial", "day"), [(40360, "2010-07-01"), (40602, "2011-02-28"), (41090, "2012-06-30")]
)
def test_m11_serials_of_both_date_systems(serial, day):
    assert day_of(serial).start.isoformat() == day
    assert day_of(serial - 1462, date1904=True).start.isoformat() == day


def test_m11_a_workbook_of_1904(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append([38898])
    book.save(tmp_path / "1904.xlsx")
    sheet = read_file(tmp_path / "1904.xlsx").sheets[0]
    assert sheet.date1904
    assert day_of(sheet.value(0, 0), date1904=sheet.date1904).start == date(2010, 7, 1)


def test_m12_october_typed_as_a_number_is_not_january(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", MEMBERS)
    book = openpyxl.Workbook()
    for row in [["2010年"], HOURS, ["张三", "甲", "自学", 2010.10, 8], ["李四", "甲", "自学", 2010.10, 8]]:
        book.active.append(row)
    book.active["D4"].number_format = "0.00"
    book.save(raw / "表.xlsx")
    tables = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)
    assert of(tables, "hours")["started_on"].dt.date.tolist() == [date(2010, 10, 1)]
    assert told(tables) == {3: "ambiguous_month"}
    with pytest.raises(BadValue, match="ambiguous_day"):
        day_of(7.1, year=2010)  # typed as 7.10?
    assert day_of(7.1, year=2010, number_format="0.00").value.start == date(2010, 7, 10)


@pytest.mark.parametrize(
    "mark", ["√", "✓", "✔", "☑", "对", "是", "1", 1, "Y", "V", "v", "●", "ü", "\uf0fc", "P", "R", True]
)
def test_m13_ticks(cell, mark):
    assert cell("tick", mark) is True


def test_m13_an_unknown_mark_is_reported(cell):
    with pytest.raises(BadValue, match="unknown_tick"):
        cell("tick", "☆")


@pytest.mark.parametrize(("total", "counts"), [(24, [20, 4, 0, 0]), (25, [])])
def test_m14_a_blank_count_is_zero_only_if_the_total_agrees(clean_rows, total, counts):
    tables = clean_rows([[VOTED], TALLY, ["党政班子", 20, 4, None, "/", total]])
    assert of(tables, "votes")["count"].tolist() == counts


@pytest.mark.parametrize("blank", ["/", "—", "无", "免", None])
def test_m14_words_for_nothing(cell, blank):
    assert cell("count", blank) is None


@pytest.mark.parametrize("ditto", ["同上", "〃"])
def test_m14_ditto_copies_the_cell_above(clean_rows, ditto):
    rows = [["2011年"], HOURS, ["张三", *COURSE, 8], ["李四", ditto, ditto, ditto, 4]]
    tables = clean_rows(rows)
    assert of(tables, "hours")["batch"].tolist() == ["轮训班", "轮训班"]


@pytest.mark.parametrize(
    ("written", "grade", "score"),
    [
        ("优(95)", "优", 95), ("95(优)", "优", 95), ("优-95", "优", 95), ("95分", "", 95), ("A", "A", None),
        ("优+", "优", None), ("九十五", "", 95), ("95/100", "", 95), ("≥90", "", Noted(90, "approximate")),
    ],
)  # fmt: skip
def test_m15_grade_and_score_in_one_cell(written, grade, score):
    assert graded(written) == (grade, score)


def test_m15_a_grade_that_its_score_contradicts(words):
    assert level_of("好(95)", "class4", words) == ("good", 95.0, "")
    assert level_of("好(70)", "class4", words) == ("good", 70.0, "grade_contradicts_score")
    assert level_of("85", "class4", words) == ("fairly_good", 85.0, "")
    assert level_of("92", "member4", words)[2] == "score_without_bands"


@pytest.mark.parametrize(
    ("scale", "word", "level"),
    [
        ("sat4", "满意", "satisfied"), ("sat4", "不满意", "dissatisfied"), ("sat4", "基本满意", "basically_satisfied"),
        ("sat4", "比较满意", "fairly_satisfied"), ("sat5", "非常满意", "very_satisfied"),
        ("cadre4", "称职", "competent"), ("cadre4", "基本称职", "basically_competent"), ("cadre4", "不称职", "incompetent"),
        ("member4", "合格", "qualified"), ("member4", "基本合格", "basically_qualified"), ("member4", "不合格", "unqualified"),
        ("team4", "好", "good"), ("team4", "较好", "fairly_good"), ("team4", "差", "poor"), ("team4", "较差", "poor"),
    ],
)  # fmt: skip
def test_m16_a_grade_is_the_whole_word(words, scale, word, level):
    assert level_of(word, scale, words)[0] == level
    assert level_of(f"很{word}吗", scale, words)[2] == "unknown_level"


@pytest.mark.parametrize(
    ("head", "counts", "scale", "neutral"),
    [(["满意", "基本满意", "不满意"], [20, 4, 2], "sat3", "basically_satisfied"), (["满意", "比较满意", "基本满意", "不满意"], [20, 3, 2, 1], "sat4", "basically_satisfied")],
)  # fmt: skip
def test_m16_the_scale_is_fixed_per_sheet_and_not_per_word(clean_rows, head, counts, scale, neutral):
    tables = clean_rows([[VOTED], ["测评项目", *head, "有效票"], ["党政班子", *counts, 26]])
    votes = of(tables, "votes")
    assert votes["scale"].unique().tolist() == [scale]
    assert votes.set_index("level")["count"][neutral] == counts[head.index("基本满意")]


def test_m17_shares_by_column():
    assert shares(["95.04%", "９５％", "九成五"]) == {"95.04%": 0.9504, "９５％": 0.95, "九成五": 0.95}
    assert shares([95.04, 88]) == {95.04: 0.9504, 88: 0.88}
    assert shares([0.9504, 1]) == {0.9504: 0.9504, 1: 1.0}
    assert shares([1])[1].code == "ambiguous_share"
    assert shares(["95.04", "0.9504"]) == {"95.04": 0.9504, "0.9504": Noted(0.9504, "mixed_shares")}


@pytest.mark.parametrize(
    ("printed", "counts"),
    [
        ([95.04, 2.84, 2.12, 0], [134, 4, 3, 0]), ([95.04, 3.55, 1.41, 0], [134, 5, 2, 0]),
        ([90.07, 5.67, 4.26, 0], [127, 8, 6, 0]), ([89.36, 6.38, 4.26, 0], [126, 9, 6, 0]),
        ([93.62, 4.96, 1.42, 0], [132, 7, 2, 0]),
    ],
)  # fmt: skip
def test_m18_published_shares_forced_to_a_hundred(clean_rows, printed, counts):
    assert counts_from_shares([share / 100 for share in printed], 141) == counts
    head = ["测评项目", "满意(%)", "比较满意(%)", "基本满意(%)", "不满意(%)", "有效票"]
    tables = clean_rows([[VOTED], head, ["党政班子", *printed, 141]])
    assert of(tables, "votes")["count"].tolist() == counts
    assert told(tables) == {3: "counts_recovered"}


def test_m18_shares_that_stand_for_no_counts_are_not_used(clean_rows):
    head = ["测评项目", "满意(%)", "比较满意(%)", "基本满意(%)", "不满意(%)", "有效票"]
    tables = clean_rows([[VOTED], head, ["党政班子", 50, 30, 15, 5, 7]])
    assert of(tables, "votes").empty
    assert told(tables) == {3: "shares_only"}


def test_m18_printed_shares_beside_counts_may_be_off_by_their_forcing(clean_rows):
    head = ["测评项目", "满意", "满意(%)", "基本满意", "基本满意(%)", "不满意", "不满意(%)", "有效票"]
    good = ["党政班子", 134, 95.04, 4, 2.84, 3, 2.12, 141]  # 3 of 141 is 2.1277 %
    bad = ["承诺践诺情况", 134, 97.04, 4, 2.84, 3, 2.12, 141]
    tables = clean_rows([[VOTED], head, good, bad])
    assert told(tables) == {4: "share_mismatch"}
    assert of(tables, "votes")["count"].sum() == 282


def test_m19_several_choices_in_one_cell(clean_rows):
    head = ["活动日期", "支部", "活动类型", "主题"]
    tables = clean_rows([["2011年"], head, ["2011.3.4", "第一支部", "党课、讨论", "学习"]])
    assert of(tables, "events")["kind"].tolist() == ["party_lecture", "discussion"]


@pytest.mark.parametrize("error", ["#DIV/0!", "#REF!", "#N/A", "#VALUE!"])
def test_m20_results_of_formulas_that_failed(clean_rows, error):
    tables = clean_rows([["2011年"], HOURS, ["张三", *COURSE, error], ["李四", *COURSE, 4]])
    assert told(tables) == {3: "formula_error"}
    assert of(tables, "hours")["hours"].tolist() == [4]


def test_m20_a_formula_saved_without_its_value_is_told(clean_rows):
    tables = clean_rows([["2011年"], HOURS, ["张三", *COURSE, "=4+4"], ["李四", *COURSE, 4]])
    assert told(tables) == {3: "formula_unsaved"}


@pytest.mark.parametrize(
    ("written", "value"),
    [("'12", 12), ("12 ", 12), ("12票", 12), ("12人", 12), ("12人次", Noted(12, "person_times")), ("3/27", Noted(3, "of_total", "27"))],
)  # fmt: skip
def test_m21_numbers_stored_as_text(cell, written, value):
    assert cell("count", written) == value


@pytest.mark.parametrize("label", ["姓 名", "姓\n名", "姓　名", "姓名*", "姓名(签字)"])
def test_m22_headers_with_spaces_and_line_breaks(clean_rows, label):
    tables = clean_rows([["2011年"], [label, *HOURS[1:]], ["张三", *COURSE, 8]])
    assert len(of(tables, "hours")) == 1
    assert key_of("测评\n等次") == "测评等次"


def test_m23_one_sheet_per_branch_names_its_branch_in_title_or_sheet(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", MEMBERS)
    book = openpyxl.Workbook()
    head = ["活动日期", "活动类型", "主题"]
    for name, title in (
        ("第二支部", "2011年组织活动登记"),
        ("Sheet2", "第一支部2011年组织活动登记"),
        ("新建", "2011年组织活动登记"),
    ):
        sheet = book.create_sheet(name)
        for row in [[title], head, ["3.4", "党课", name]]:
            sheet.append(row)
    del book["Sheet"]
    book.save(raw / "表.xlsx")
    tables = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)
    assert of(tables, "events")[["unit", "topic"]].to_numpy().tolist() == [
        ["第二支部", "第二支部"],
        ["第一支部", "Sheet2"],
    ]
    lost = of(tables, "ledger").query("source_sheet == '新建' and outcome == 'rejected'")
    assert lost["code"].str.contains("no_unit").all()


def test_m24_two_versions_of_a_file_are_named_and_not_added(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", MEMBERS)
    first, second = "教务处2011年民主评议(最终版)(改).xlsx", "复件 汇总.xlsx"
    write_xlsx(raw / first, [[VOTED], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    write_xlsx(raw / second, [[VOTED], TALLY, ["党政班子", 21, 3, 2, 0, 26]])
    tables = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)
    assert tables["votes"]["count"].sum() == 26
    files = tables["files"].set_index("source_file")["code"].dropna().to_dict()
    assert list(files.values()) == ["some_rows"]
    assert (tables["ledger"]["code"] == "second_file").sum() == 1


def test_m25_formats_are_told_by_content(tmp_path, campaign):
    rows = [["2011年培训"], HOURS, ["张三", *COURSE, 8]]
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    book.save(str(tmp_path / "old.et"))
    lines = "\r\n".join(",".join(map(str, row)) for row in rows)
    (tmp_path / "gbk.csv").write_bytes(lines.encode("gbk"))
    (tmp_path / "named.xlsx").write_bytes(lines.encode("utf-8-sig"))
    (tmp_path / "mac.csv").write_bytes(lines.replace("\r\n", "\r").encode())
    (tmp_path / "wide.csv").write_bytes(lines.replace(",", "\t").encode("utf-16"))
    cells = "".join("<tr>" + "".join(f"<td>{v}</td>" for v in row) + "</tr>" for row in rows)
    (tmp_path / "page.xls").write_text(f"<html><body><table>{cells}</table></body></html>", "utf-8")
    found = {p.name: read_file(p) for p in sorted(tmp_path.iterdir())}
    assert {name: book.format for name, book in found.items()} == {
        "gbk.csv": "csv (gb18030)", "mac.csv": "csv (utf-8)", "named.xlsx": "csv (utf-8)", "old.et": "xls",
        "page.xls": "html", "wide.csv": "csv (utf-16)",
    }  # fmt: skip
    for book in found.values():
        sheet = book.sheets[0]
        assert [str(v) for v in sheet.row(2)[:4]] == ["张三", *COURSE]
        assert float(sheet.value(2, 4)) == 8


def test_m26_last_years_file_with_a_new_title(clean_rows):
    head = ["活动日期", "支部", "活动类型", "主题"]
    body = [[f"{m}.4", "第一支部", "党课", f"第{m}讲"] for m in range(1, 7)]
    tables = clean_rows([["2010年组织活动登记"], head, *body], copy=[["2011年组织活动登记"], head, *body])
    assert told(tables, "试验学院/表2.xlsx")[2] == "copied"
    assert "copied" not in told(tables).values()


def test_m27_one_person_in_two_branches_is_one_person(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册2010.xlsx", [["截止日期:2010年12月31日"], *MEMBERS])
    moved = [
        [1, "张三", "1998.10", "第二支部", "总务处", "是"],
        [2, "李四", "2010-06-01", "第一支部", "教务处", "是"],
    ]
    write_xlsx(raw / "花名册2011.xlsx", [["截止日期:2011年12月31日"], MEMBERS[0], *moved])
    people = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)["people"]
    zhang = people.query("name == '张三'")
    assert len(set(zhang["person"])) == 1
    assert zhang[["snapshot_on", "branch"]].astype(str).to_numpy().tolist() == [
        ["2010-12-31", "第一支部"],
        ["2011-12-31", "第二支部"],
    ]


def test_m28_hidden_rows_columns_and_sheets_are_read_and_listed(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", MEMBERS)
    book = openpyxl.Workbook()
    book.create_sheet("空")
    sheet = book.worksheets[0]
    for row in [["2011年"], HOURS, ["张三", *COURSE, 8], ["李四", *COURSE, 4]]:
        sheet.append(row)
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.sheet_state = "hidden"
    book.active = 1
    book.save(raw / "表.xlsx")
    tables = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)
    assert of(tables, "hours")["hours"].tolist() == [8, 4]
    assert told(tables) == {2: "hidden_sheet；hidden_rows；hidden_columns"}


def test_m29_counts_that_contradict_each_other(clean_rows):
    tables = clean_rows([[VOTED + " 发出 20 份 收回 26 份"], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    assert told(tables) == {2: "returned_over_issued"}
    tables = clean_rows([[VOTED], TALLY, ["党政班子", 20, 4, 2, 0, 27]])
    assert told(tables) == {3: "sum_mismatch"}
    log = [
        ["2011年"],
        LOG,
        ["2011.3.4", "第一支部", "党课", "学习", 20, 22, "110%"],
        ["2011.3.18", "第一支部", "党课", "讨论", 20, 18, "95%"],
    ]
    tables = clean_rows(log)
    assert told(tables) == {3: "not_a_share；present_over_expected", 4: "share_mismatch"}
    ledger = of(tables, "ledger").query("source_row == 4")
    assert (ledger["value"].item(), ledger["hint"].item()) == ("95%", "18/20")


def test_m30_identity_data_is_dropped_at_load(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    secret = ["11010519491231002X", "13800138000", "wx_张三", "1960.3", "幸福路1号", "10.0.0.7"]
    head = ["身份证号", "手机号", "微信昵称", "出生年月", "家庭住址", "来自IP"]
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", [MEMBERS[0] + head, *[row + secret for row in MEMBERS[1:]]])
    topic = "张三 11010519491231002X 电话138-0013-8000 主讲"
    write_xlsx(
        raw / "表.xlsx",
        [
            ["2011年"],
            LOG[:-1],
            ["2011.3.4", "第一支部", "党课", topic, 20, 18],
            ["13800138000", "第一支部", "党课", topic, 20, 18],
        ],
    )
    tables = clean(tmp_path / "raw", campaign, tmp_path / "p", jobs=1)
    written = "".join(frame.astype(str).to_csv() for frame in tables.values())
    assert not [word for word in [*secret, "138-0013-8000"] if word in written]
    assert of(tables, "events")["topic"].tolist() == ["张三 […] 电话[…] 主讲"]
    assert (
        scrub("20100701 至 2012.6.30，12000 元，第 2011-03 号")
        == "20100701 至 2012.6.30，12000 元，第 2011-03 号"
    )


def test_m31_line_breaks_and_lists_in_a_cell_stay_one_record(clean_rows):
    head = ["存在问题", "整改措施", "责任部门", "完成情况"]
    tables = clean_rows([["2011年"], head, ["会多", "1、少开会\n2、开短会", "教务处", "已完成"]])
    assert of(tables, "tasks")["measures"].tolist() == ["1、少开会 2、开短会"]


def test_m32_seals_are_ignored(clean_rows):
    tables = clean_rows([["2011年"], HOURS, ["张三", *COURSE, 8], [None, None, "(公章)"]])
    assert outcomes(tables) == ["title", "header", "kept", "footer"]
    assert told(tables) == {}


def test_a_date_cell_is_a_date(cell):
    assert cell("date", datetime(2011, 3, 4)).start == date(2011, 3, 4)
    assert pd.isna(cell("date", None)) or cell("date", None) is None
