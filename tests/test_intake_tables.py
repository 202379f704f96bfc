"""Sheets of a few rows, written by hand: what they become, and that every row is accounted for."""

import pandas as pd


def rows_of(tables, name):
    return tables[name].query("source_file == '试验学院/表.xlsx'").reset_index(drop=True)


def outcomes(tables):
    return rows_of(tables, "ledger")["outcome"].tolist()


def test_registers_give_units_branches_and_members(clean_rows):
    tables = clean_rows([["无关的表", "x"], ["a", "b"]])
    units = tables["units"]
    assert units["unit"].tolist() == ["教务处", "总务处", "第一支部", "第二支部"]
    assert units["kind"].tolist() == ["department"] * 2 + ["branch"] * 2
    people = tables["people"]
    assert people["name"].tolist() == ["张三", "李四", "王五"]
    assert people["branch"].tolist() == ["第一支部", "第一支部", "第二支部"]
    assert people["unit"].tolist() == ["教务处", "教务处", "总务处"]
    assert people["is_probationary"].tolist() == [False, True, False]
    assert people["in_service"].tolist() == [True, True, False]
    assert people["is_cadre"].isna().all()  # this register has no such column
    assert people["joined_on"].dt.strftime("%Y-%m").tolist() == ["1998-10", "2010-06", "1971-07"]


def test_a_staff_list_does_not_say_who_is_on_probation(clean_rows):
    head = ["姓名", "处室", "教师(是/否)", "离校日期", "离校原因"]
    tables = clean_rows([["2011年教职工名册"], head, ["张三", "教务处", "是", None, None]])
    staff = tables["people"].query("source_file == '试验学院/表.xlsx'")
    assert staff["is_teacher"].tolist() == [True]
    assert staff[["is_member", "is_probationary"]].isna().all(axis=None)


def test_an_unrelated_workbook_is_named_and_its_rows_are_counted(clean_rows):
    tables = clean_rows([["食堂菜单", "价格"], ["米饭", 1]])
    files = tables["files"].set_index("source_file")
    assert files.loc["试验学院/表.xlsx", "status"] == "unrecognised"
    assert files.loc["试验学院/名册.xlsx", "status"] == "read"
    assert outcomes(tables) == ["unrecognised", "unrecognised"]


def test_tally_with_merged_header_totals_and_footer(clean_rows):
    tables = clean_rows(
        [
            ["试验学院群众满意度测评统计表", None, None, None, None, None, None],
            ["2011年12月23日  评议人:群众  应参加 30 人 发出 28 份 收回 27 份 有效 27 份"],
            ["测评项目", "测评等次", None, None, None, "不了解", "有效票"],
            [None, "满意(票)", "比较满意(票)", "基本满意(票)", "不满意(票)", None, None],
            ["党政班子", 20, 4, 2, None, 1, 26],
            ["承诺践诺情况", 21, 4, 2, None, None, 26],
            ["合计", 41, 8, 4, 0, 1, 52],
            ["制表人:李 四"],
        ],
        merges=("A3:A4", "B3:E3", "F3:F4", "G3:G4"),
    )
    votes = rows_of(tables, "votes")
    first = votes[votes["item"] == "leadership"].set_index("level")["count"]
    # 20 + 4 + 2 = 26 agrees with the valid ballots, so the blank is a zero.
    assert first.to_dict() == {
        "satisfied": 20, "fairly_satisfied": 4, "basically_satisfied": 2, "dissatisfied": 0, "unknown": 1,
    }  # fmt: skip
    assert set(votes["scale"]) == {"sat4"}
    assert set(votes["rater_group"]) == {"nonmember"}
    assert set(votes["semester"]) == {"2011-2012-1"}
    assert set(votes["occasion_id"]) == {"satisfaction-2011-12-23"}
    # 21 + 4 + 2 = 27 is not 26: no blank may be taken as zero, and counts that contradict are no evidence.
    assert "pledges" not in set(votes["item"])
    turnout = rows_of(tables, "turnout")
    assert turnout[["eligible", "issued", "returned", "valid"]].to_numpy().tolist() == [[30, 28, 27, 27]]
    assert outcomes(tables) == ["title", "title", "header", "header", "kept", "rejected", "total", "footer"]


def test_attendance_wide_form(clean_rows):
    tables = clean_rows(
        [
            ["第一支部2011年上半年组织活动考勤表"],
            ["序号", "姓名", "3.4", "3.18", "出勤次数", "出勤率"],
            [1, "张 三", "√", "△", 1, "50%"],
            [2, "李四", "×", None, 0, "0%"],
            [3, "赵六", "√", "√", 2, "100%"],
            ["图例:√出勤 △请假 ×缺席"],
        ]
    )
    seen = rows_of(tables, "attendance")
    assert seen["status"].tolist() == ["present", "leave_personal", "absent", "unknown"]
    assert seen["held_on"].dt.strftime("%Y-%m-%d").tolist() == ["2011-03-04", "2011-03-18"] * 2
    ledger = rows_of(tables, "ledger")
    rejected = ledger[ledger["outcome"] == "rejected"].iloc[0]
    assert (rejected["code"], rejected["value"], rejected["source_row"]) == (
        "unknown_person",
        "赵六",
        5,
    )
    assert "赵六" in rejected["reason"]


def test_activity_log_two_kinds_and_contradiction(clean_rows):
    tables = clean_rows(
        [
            ["2011年组织活动登记表"],
            ["活动日期", "支部", "活动类型", "主题", "应到人数", "实到人数", "请假", "缺席"],
            ["3月4日", "1支部", "党课、讨论", "学党史", 2, 2, 0, 0],
            ["2011.3.18", "第二支部", "支部大会", "选举", 1, 2, 0, 0],
            ["2011.4.1", "第九支部", "支部大会", "选举", 1, 1, 0, 0],
        ]
    )
    events = rows_of(tables, "events")
    assert events["kind"].tolist() == ["party_lecture", "discussion", "branch_meeting"]
    ledger = rows_of(tables, "ledger").set_index("source_row")
    assert ledger.loc[4, "code"] == "present_over_expected"
    assert ledger.loc[4, "outcome"] == "kept"
    assert ledger.loc[5, "code"] == "unknown_unit"
    assert ledger.loc[5, "outcome"] == "rejected"


def test_several_days_and_a_day_outside_the_campaign(clean_rows):
    tables = clean_rows(
        [
            ["2011年组织活动登记表"],
            ["活动日期", "支部", "活动类型", "主题", "负责干事"],
            ["2011.4.8-4.10", "第一支部", "参观", "红色教育", "x"],
            ["2001.4.1", "第一支部", "支部大会", "选举", "y"],
        ]
    )
    events = rows_of(tables, "events")
    days = events[["held_on", "ended_on"]].astype("str").to_numpy().tolist()
    assert days == [["2011-04-08", "2011-04-10"], ["2001-04-01", "2001-04-01"]]
    ledger = rows_of(tables, "ledger").set_index("source_row")
    assert ledger.loc[4, ["outcome", "code", "value"]].tolist() == ["kept", "outside_campaign", "2001.4.1"]
    # A column that nobody knows is reported with the nearest name, on the row of the header.
    assert ledger.loc[2, ["outcome", "code", "column"]].tolist() == ["header", "unknown_column", "负责干事"]


def test_totals_are_checked_against_the_rows_above_them(clean_rows):
    head = ["测评项目", "满意", "比较满意", "基本满意", "不满意", "有效票"]
    tables = clean_rows(
        [
            ["2011年12月23日满意度测评 评议人:党员"],
            head,
            ["党政班子", 20, 4, 2, 0, 26],
            ["小计", 20, 4, 2, 0, 26],
            ["承诺践诺情况", 20, 4, 3, 0, 26],
            ["合计", 40, 8, 6, 0, 52],
        ]
    )
    ledger = rows_of(tables, "ledger").set_index("source_row")
    assert ledger["outcome"].tolist() == ["title", "header", "kept", "total", "rejected", "total"]
    assert ledger["code"].fillna("").tolist() == ["", "", "", "", "sum_mismatch", "total_mismatch"]
    # 20 + 4 + 3 = 27 grades on 26 valid ballots; 2 + 3 = 5 is not 6.
    assert ledger.loc[5, ["value", "hint"]].tolist() == ["27", "26"]
    assert ledger.loc[6, ["column", "value", "hint"]].tolist() == ["基本满意", "6", "5"]


def test_the_same_vote_in_two_files_is_counted_once_and_named(clean_rows):
    rows = [
        ["2011年12月23日满意度测评 评议人:党员 发出 30 份 收回 28 份 有效 26 份"],
        ["测评项目", "满意", "比较满意", "基本满意", "不满意", "有效票"],
        ["党政班子", 20, 4, 2, 0, 26],
    ]
    tables = clean_rows(rows, copy=[rows[0], rows[1], ["党政班子", 21, 4, 1, 0, 26]])
    assert tables["votes"]["count"].sum() == 26
    assert len(tables["turnout"]) == 1
    ledger = tables["ledger"].query("source_file == '试验学院/表2.xlsx'").set_index("source_row")
    assert ledger.loc[3, ["outcome", "code", "hint"]].tolist() == [
        "duplicate",
        "second_file",
        "试验学院/表.xlsx",
    ]
    files = tables["files"].set_index("source_file")
    assert files.loc["试验学院/表2.xlsx", "status"] == "partly"


def test_ballots_collected_branch_by_branch_are_not_taken_for_copies(clean_rows):
    head = ["测评项目", "满意", "比较满意", "基本满意", "不满意", "有效票"]
    title = "支部2011年12月23日满意度测评 评议人:党员"
    tables = clean_rows(
        [["第一" + title], head, ["党政班子", 5, 1, 0, 0, 6]],
        copy=[["第二" + title], head, ["党政班子", 4, 1, 0, 0, 5]],
    )
    assert tables["votes"].groupby("unit")["count"].sum().to_dict() == {"第一支部": 6, "第二支部": 5}


def test_member_appraisal_merged_down(clean_rows):
    tables = clean_rows(
        [
            ["试验学院2011年民主评议党员汇总表 2011.12.20"],
            ["应参评党员 3 人 实际参评 3 人 参加评议群众 4 人"],
            [
                "序号",
                "姓名",
                "所在支部",
                "自我评价(等次)",
                "党员互评",
                None,
                None,
                "群众评议",
                None,
                None,
                "支部评定等次",
            ],
            [None, None, None, None, "优秀", "合格", "不合格", "优秀", "合格", "不合格", None],
            [1, "张三", "第一支部", "优秀", 2, 1, 0, 3, 1, 0, "优秀"],
            [2, "李四(预备)", None, "合格", 1, 2, 0, 2, 2, 0, None],
        ],
        merges=("A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:G3", "H3:J3", "K3:K4", "C5:C6"),
    )
    votes = rows_of(tables, "votes")
    assert set(votes["unit"]) == {"第一支部"}
    people = tables["people"].set_index("name")["person"]
    mine = votes[votes["appraisee"] == people["张三"]].set_index(["rater_group", "level"])["count"]
    assert mine["member", "excellent"] == 2
    assert mine["nonmember", "excellent"] == 3
    assert mine["self", "excellent"] == 1
    assert mine["organisation", "excellent"] == 1
    assert not ((votes["appraisee"] == people["李四"]) & (votes["rater_group"] == "organisation")).any()
    assert set(votes["scale"]) == {"member3"}


def test_questionnaire_export(clean_rows):
    head = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "1、您的身份是?"]
    items = [
        "2、您能感受到学院党建工作的浓郁氛围吗?",
        "3、您通过哪些渠道了解活动情况?",
        "4、您对活动有何意见建议?",
    ]
    tables = clean_rows(
        [
            head + items,
            [
                1,
                "2012/05/03 12:00:00",
                "63秒",
                "微信",
                "x",
                "10.1.2.3",
                "党员",
                "非常满意",
                "橱窗┋校园网",
                "很好",
            ],
            [
                2,
                "2012/05/03 12:10:00",
                "40秒",
                "微信",
                "x",
                "10.1.2.4",
                "学员",
                "一般",
                "(空)",
                "(空)",
            ],
        ]
    )
    answers = rows_of(tables, "answers")
    assert answers[["respondent", "item", "level"]].to_numpy().tolist() == [
        ["1", "climate", "very_satisfied"], ["1", "channels", "橱窗"], ["1", "channels", "校园网"], ["2", "climate", "fair"],
    ]  # fmt: skip
    assert set(answers["scale"].dropna()) == {"sat5"}
    votes = rows_of(tables, "votes")
    assert votes["count"].sum() == 2
    assert not any("10.1.2" in str(frame.to_dict()) for frame in tables.values())


def test_every_filled_row_is_in_the_ledger_once(clean_rows):
    tables = clean_rows([["a", "b"], [None, None], ["c", None]])
    ledger = rows_of(tables, "ledger")
    assert ledger["source_row"].tolist() == [1, 3]
    assert isinstance(ledger, pd.DataFrame)
