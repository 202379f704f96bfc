"""Sheets that look harmless: each was once read wrongly, or could be."""

import pytest
from conftest import MEMBERS, UNITS, write_xlsx

from cxzy_lib.intake.clean import clean

pytestmark = pytest.mark.usefixtures("read_here")
TALLY = ["测评项目", "满意", "比较满意", "基本满意", "不满意", "有效票"]
LOG = ["活动日期", "支部", "活动类型", "主题", "应到人数", "实到人数"]


def of(tables, name):
    return tables[name].query("source_file == '试验学院/表.xlsx'").reset_index(drop=True)


def codes(tables):
    ledger = of(tables, "ledger")
    return {
        row: code
        for row, code in zip(ledger["source_row"], ledger["code"], strict=True)
        if isinstance(code, str)
    }


def test_a_record_may_begin_like_a_footer_or_a_total(clean_rows):
    head = ["存在问题", "责任部门", "完成情况"]
    rows = [
        ["制表人职责不清", "教务处", "已完成"],
        ["数据来源不清", "总务处", "未完成"],
        ["合计", "教务处", "已完成"],
    ]
    tables = clean_rows([["整改台账2011年"], head, *rows, ["制表人:李四", None, None]])
    assert of(tables, "tasks")["subject"].tolist() == [row[0] for row in rows]
    assert of(tables, "ledger")["outcome"].tolist() == ["title", "header", "kept", "kept", "kept", "footer"]


def test_rates_and_dates_are_no_counts_of_papers(clean_rows):
    title = (
        "2011年12月23日测评 评议人:群众 发放时间:2011.12.20 发出 30 份 回收率 96.4% 有效率 98% (有效期3天)"
    )
    tables = clean_rows([[title], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    assert of(tables, "turnout")[["issued", "returned", "valid"]].fillna(-1).to_numpy().tolist() == [
        [30, -1, -1]
    ]


def test_the_date_of_the_vote_and_not_of_the_form(clean_rows):
    title = "填报时间:2012.1.5 测评时间:2011.12.23 评议人:群众"
    tables = clean_rows([[title], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    assert set(of(tables, "votes")["occasion_id"]) == {"satisfaction-2011-12-23"}


@pytest.mark.parametrize("said", ["评议人:党员、群众", "参评人员:党员 20 人,群众 8 人"])
def test_papers_of_several_groups_are_not_given_to_one(clean_rows, said):
    tables = clean_rows([["2011年12月23日测评 " + said], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    assert of(tables, "votes").empty
    assert codes(tables)[3] == "no_rater_group"


def test_shares_beside_counts_are_not_added_to_them(clean_rows):
    head = [
        "测评项目",
        "满意(票)",
        "满意(%)",
        "基本满意(票)",
        "基本满意(%)",
        "不满意(票)",
        "不满意(%)",
        "有效票",
    ]
    tables = clean_rows([["2011年12月23日测评 评议人:党员"], head, ["党政班子", 20, 77, 4, 15, 2, 8, 26]])
    assert of(tables, "votes").set_index("level")["count"].to_dict() == {
        "satisfied": 20, "basically_satisfied": 4, "dissatisfied": 2,
    }  # fmt: skip


def test_counts_and_shares_under_each_grade(clean_rows):
    upper = ["测评项目", "满意", None, "基本满意", None, "不满意", None, "有效票"]
    lower = [None, "票数", "比例", "票数", "比例", "票数", "比例", None]
    rows = [["2011年12月23日测评 评议人:党员"], upper, lower, ["党政班子", 20, 0.77, 4, 0.15, 2, 0.08, 26]]
    tables = clean_rows(rows, merges=("A2:A3", "B2:C2", "D2:E2", "F2:G2", "H2:H3"))
    assert of(tables, "votes")["count"].tolist() == [20, 4, 2]


def test_a_level_without_a_column_makes_no_rate(clean_rows):
    head = ["测评项目", "很满", "比较满意", "基本满意", "不满意"]
    tables = clean_rows([["2011年12月23日测评 评议人:党员"], head, ["党政班子", 20, 4, 2, 0]])
    assert of(tables, "votes").empty
    ledger = of(tables, "ledger").set_index("source_row")
    assert ledger.loc[3, ["outcome", "code", "hint"]].tolist() == ["rejected", "missing_level", "满意"]


@pytest.mark.parametrize("bad", ["2O", -16, 1e20, "12,5"])
def test_a_count_that_is_none_withholds_its_row(clean_rows, bad):
    tables = clean_rows([["2011年12月23日测评 评议人:党员"], TALLY, ["党政班子", bad, 4, 2, 0, 26]])
    assert of(tables, "votes").empty
    assert codes(tables)[3] in ("not_a_count", "not_a_number")


def test_a_header_cell_over_two_columns_is_not_always_a_second_row(clean_rows):
    rows = [
        ["2011年活动登记"],
        [*LOG, "备注", None],
        ["2011.3.4", "第一支部", "党课", "党史", 2, 2, "x", "y"],
    ]
    tables = clean_rows(rows, merges=("G2:H2",))
    assert of(tables, "events")["present"].tolist() == [2]


def test_a_questionnaire_on_the_four_level_scale(clean_rows):
    head = ["序号", "提交答卷时间", "1、您的身份是?", "2、您能感受到学院党建工作的浓郁氛围吗?"]
    said = ["满意", "满意", "比较满意", "基本满意", "不满意"]
    rows = [[n, "2012/05/03 12:00:00", "群众", word] for n, word in enumerate(said, 1)]
    votes = of(clean_rows([head, *rows]), "votes")
    assert set(votes["scale"]) == {"sat4"}
    assert votes.set_index("level")["count"]["satisfied"] == 2


def test_papers_that_leave_out_a_level_do_not_change_the_scale(clean_rows):
    head = ["票号", "评议人类别", "党政班子"]
    rows = [[f"{n:03}", "群众", word] for n, word in enumerate(["满意", "基本满意", "不满意"], 1)]
    assert set(of(clean_rows([["2011年6月24日选票"], head, *rows]), "votes")["scale"]) == {"sat4"}


@pytest.mark.parametrize(
    ("title", "header", "days"),
    [
        ("第一支部2010-2011学年第二学期考勤表", "3.4", ["2011-03-04"]),
        ("创先争优活动(2010-2012)第一支部2011年考勤表", "3.4", ["2011-03-04"]),
        ("第一支部2010-2011学年第一学期考勤表", "1.7", ["2011-01-07"]),
        ("第一支部考勤表", "3.4", []),
    ],
)
def test_days_without_a_year_take_it_from_the_title_or_are_not_read(clean_rows, title, header, days):
    tables = clean_rows([[title], ["姓名", header], ["张三", "√"], ["李四", "√"]])
    assert sorted(set(of(tables, "attendance")["held_on"].astype("str"))) == days
    if not days:
        assert codes(tables)[3] == "no_year"


def test_a_header_typed_as_a_number_is_the_first_or_the_tenth(clean_rows):
    tables = clean_rows([["第一支部2011年考勤表"], ["姓名", 3.1, "3.18"], ["张三", "√", "√"]])
    assert of(tables, "attendance")["held_on"].astype("str").tolist() == ["2011-03-18"]
    assert codes(tables)[3] == "ambiguous_day"


def test_a_legend_says_what_the_marks_of_a_sheet_mean(clean_rows):
    rows = [["第一支部2011年考勤表"], ["姓名", "3.4", "3.18"], ["张三", "○", "√"], ["图例:○出勤 √请假"]]
    assert of(clean_rows(rows), "attendance")["status"].tolist() == ["present", "leave_personal"]


def test_a_title_with_another_branchs_number_is_not_taken_for_this_one(clean_rows):
    tables = clean_rows([["第11支部2011年考勤表"], ["姓名", "3.4"], ["张三", "√"]])
    assert of(tables, "attendance").empty
    assert codes(tables)[3] == "no_unit"


def test_an_unregistered_branch_is_no_other_branch(clean_rows):
    tables = clean_rows([["2011年活动登记"], LOG, ["2011.3.4", "党支部(三)", "党课", "党史", 2, 2]])
    assert of(tables, "events").empty
    assert codes(tables)[3] == "unknown_unit"


def test_a_person_on_another_branchs_sheet_is_reported(clean_rows):
    tables = clean_rows([["第二支部2011年考勤表"], ["姓名", "3.4"], ["张三", "√"]])
    assert codes(tables)[3] == "other_branch"


@pytest.mark.parametrize(
    ("hours", "code"),
    [("8学时+4学时", "not_hours"), ("2天(8学时/天)", "not_hours"), ("50%", "not_hours"), (-8, "not_hours"),
     (100000, "too_many_hours"), ("两三天", "not_a_number")],
)  # fmt: skip
def test_hours_that_are_none_are_not_used(clean_rows, hours, code):
    head = ["姓名", "培训班次", "培训形式", "起止时间", "学时"]
    tables = clean_rows([["2011年培训学时登记"], head, ["张三", "轮训班", "集中授课", "2011.4.8", hours]])
    assert of(tables, "hours").empty
    assert codes(tables)[3] == code


def test_a_course_over_new_year_ends_in_the_next(clean_rows):
    head = ["姓名", "培训班次", "培训形式", "起止时间", "学时"]
    tables = clean_rows([["2011年培训"], head, ["张三", "轮训班", "集中授课", "2011.12.30-1.2", 8]])
    assert of(tables, "hours")["ended_on"].astype("str").tolist() == ["2012-01-02"]


def test_the_eve_of_a_festival_is_a_limit(clean_rows):
    head = ["存在问题", "责任部门", "完成情况", "整改时限"]
    rows = [
        ["a", "教务处", "已完成", "七一前夕"],
        ["b", "教务处", "已完成", "2012年七一前"],
        ["c", "教务处", "已完成", "长期"],
    ]
    due = (
        of(clean_rows([["整改台账2011年"], head, *rows]), "tasks")["due_on"]
        .dt.strftime("%Y-%m-%d")
        .fillna("")
        .tolist()
    )
    assert due[:2] == ["2011-06-30", "2012-06-30"]
    assert due[2] == ""


def test_a_number_merged_over_rows_is_not_given_to_each(clean_rows):
    head = ["姓名", "培训班次", "培训形式", "起止时间", "学时"]
    row = ["轮训班", "集中授课", "2011.4.8"]
    rows = [["2011年培训"], head, ["张三", *row, 24], ["李四", *row, None]]
    tables = clean_rows(rows, merges=("E3:E4",))
    assert of(tables, "hours")["hours"].tolist() == [24]
    assert codes(tables)[4] == "merged_number"


def test_semesters_in_words_and_against_the_date(clean_rows):
    head = ["学期", "报告日期", "发出", "收回", "有效", "好", "较好", "一般", "差"]
    row = [30, 28, 26, 20, 4, 2, 0]
    rows = [["2010-2011学年下学期", "2011.6.20", *row], ["2010-2011学年第一学期", "2011.6.21", *row]]
    tables = clean_rows([["书记报告工作测评"], head, *rows])
    assert of(tables, "votes")["semester"].unique().tolist() == ["2010-2011-2", "2010-2011-1"]
    assert codes(tables) == {4: "semester_contradicts"}


def test_counts_of_two_columns_are_added_in_any_order(clean_rows):
    head = ["学期", "报告日期", "参加群众", "实到党员", "有效", "好", "较好", "一般", "差", "发出"]
    tables = clean_rows([["书记报告"], head, ["10-11(2)", "2011.6.20", 10, 25, 26, 20, 4, 2, 0, 30]])
    assert of(tables, "turnout")["present"].tolist() == [35]


def test_more_returned_than_issued_is_named(clean_rows):
    title = "2011年12月23日测评 评议人:群众 发出 28 份 收回 260 份 有效 26 份"
    tables = clean_rows([[title], TALLY, ["党政班子", 20, 4, 2, 0, 26]])
    assert codes(tables)[2] == "returned_over_issued"


def test_two_tables_side_by_side_or_below_are_reported(clean_rows):
    tables = clean_rows([["2011年活动登记"], [*LOG[:4], *LOG[:4]], ["2011.3.4", "第一支部", "党课", "a"] * 2])
    assert of(tables, "events")["topic"].tolist() == ["a"]
    assert "column_twice" in codes(tables)[2]
    swapped = [*LOG[:4], "实到人数", "应到人数"]
    below = clean_rows([["2011年活动登记"], LOG, ["2011.3.4", "第一支部", "党课", "a", 3, 2], swapped,
                        ["2011.3.18", "第一支部", "党课", "b", 2, 3]])  # fmt: skip
    assert of(below, "events")["topic"].tolist() == ["a"]
    assert codes(below)[5] == "other_header"


@pytest.mark.parametrize("title", ["2011年2月30日考勤 第一支部", "登记 2011.13.99 第一支部考勤"])
def test_impossible_dates_in_a_title_stop_nothing(clean_rows, title):
    tables = clean_rows([[title], ["姓名", "3.4"], ["张三", "√"]])
    assert len(of(tables, "attendance")) == 1


def test_two_snapshots_of_the_register_are_the_same_people(tmp_path, campaign):
    raw = tmp_path / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册2010.xlsx", [["截止日期:2010年12月31日"], *MEMBERS])
    moved = [
        ["截止日期:2012年6月30日"],
        [*MEMBERS[0], "备注"],
        [1, "张三", "1998.10", "第二支部", "总务处", "是", None],
    ]
    moved += [[2, "李四", "2010-06-01", "第一支部", "教务处", "是", "2012年3月转出"]]
    write_xlsx(raw / "花名册2012.xlsx", moved)
    hours = [
        ["姓名", "培训班次", "培训形式", "起止时间", "学时"],
        ["张三", "轮训班", "集中授课", "2011.4.8", 8],
    ]
    write_xlsx(raw / "表.xlsx", hours)
    tables = clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=1)
    people = tables["people"]
    assert people.groupby("name")["person"].nunique().to_dict() == {"张三": 1, "李四": 1, "王五": 1}
    assert len(tables["hours"]) == 1
    left = people.dropna(subset=["left_on"])
    assert left[["name", "left_on"]].astype("str").to_numpy().tolist() == [["李四", "2012-03-01"]]


def test_a_task_that_comes_back_next_year_is_no_copy(clean_rows):
    head = ["存在问题", "责任部门", "完成情况", "整改时限"]
    tables = clean_rows(
        [["整改台账2011年"], head, ["联系群众不够", "教务处", "已完成", "2011.6.30"]],
        copy=[["整改台账2012年"], head, ["联系群众不够", "教务处", "未完成", "2012.6.30"],
              ["联系群众不够", "教务处", "已完成", "2011.6.30"]],
    )  # fmt: skip
    assert tables["tasks"]["due_on"].dt.year.tolist() == [2011, 2012]
    copy = tables["ledger"].query("source_file == '试验学院/表2.xlsx'")
    assert copy["outcome"].tolist() == ["title", "header", "kept", "duplicate"]


def test_without_a_member_register_every_row_says_so(tmp_path, campaign):
    write_xlsx(tmp_path / "raw" / "学院" / "名册.xlsx", UNITS)
    hours = [
        ["姓名", "培训班次", "培训形式", "起止时间", "学时"],
        ["张三", "轮训班", "集中授课", "2011.4.8", 8],
    ]
    write_xlsx(tmp_path / "raw" / "学院" / "表.xlsx", hours)
    tables = clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=1)
    assert "no_people_register" in set(tables["ledger"]["code"].dropna())


def test_a_certificate_entered_twice_is_told_and_not_taken_away(clean_rows):
    head = ["姓名", "培训班次", "培训形式", "起止时间", "学时"]
    row = ["张三", "网络班", "网络教学", "2011.4.8", 8]
    tables = clean_rows([["2011年"], head, row, ["李四", *row[1:]], row])
    assert codes(tables) == {5: "said_before"}
    assert of(tables, "hours")["hours"].tolist() == [8, 8, 8]
