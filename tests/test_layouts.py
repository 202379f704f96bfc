"""Every layout with the header that institutions send: what its rows become, and that nothing else is taken for it."""

import ast
import re
import tomllib

import pandas as pd
import pytest
from conftest import ROOT

from cxzy_lib.intake.grid import Sheet
from cxzy_lib.intake.layout import find_table
from cxzy_lib.intake.vocabulary import vocabulary

# The headers of all layouts; a star marks what the figures need.
HEADERS = {
    "T01": "序号|单位(处室)名称*|简称|类别(教学/管理/教辅/离退休)|所属支部(分支)*|负责人|在编人数*|党员人数*|备注",
    "T02": "序号|姓名*|性别|出生年月|民族|入党时间*|转正时间|所在支部*|所在处室*|职务|职称|是否在职*|是否党员干部*"
    "|是否党员领导干部*|是否任课教师*|是否骨干*|骨干类别|备注(转入/转出/预备/退休)",
    "T03": "序号|活动日期*|支部*|活动类型*(支部大会/支委会)|主题*|主讲人|活动方式|载体|地点(党团活动室)"
    "|是否使用现代化设备|应到人数*|实到人数*|请假|缺席|出席率|记录人|备注",
    "T04": "序号|姓名|3.4|3.18|4.15|出勤次数|出勤率",
    "T05a": "测评项目*|满意(票)|比较满意(票)|基本满意(票)|不满意(票)|不了解(票)|弃权|有效票|满意率(%)",
    "T05b": "票号|评议人类别(党员/群众/学员/家长/社区)|测评对象|组织开展创先争优活动情况|承诺践诺情况",
    "T06": "序号|姓名*|所在支部*|自我评价(等次)|党员互评-优秀|党员互评-合格|党员互评-基本合格|党员互评-不合格"
    "|群众评议-优秀|群众评议-合格|群众评议-基本合格|群众评议-不合格|支部评定等次*|组织意见|备注",
    "T06b": "姓名|带头学习提高|带头争创佳绩|带头服务群众|带头遵纪守法|带头弘扬正气|总分|等次",
    "T07": "学期*|报告日期*|报告人|应到党员|实到党员|参加群众|发出|收回|有效|好|较好|一般|差|不了解|弃权|意见建议条数",
    "T08a": "评议对象|职务|在册人数|教职工代表人数|参加测评人数|占在册%|优秀|称职|基本称职|不称职|优点|不足|综合考评意见",
    "T08b": "项目(一级)|评议内容|好|较好|一般|差",
    "T08c": "票类(A领导/B中层/C群众)|权重|优秀|称职|基本称职|不称职|不了解|得分",
    "T08d": "姓名|指标|目标值|完成值|完成率|得分",
    "T08e": "姓名|德|能|勤|绩|廉|总分|等次",
    "T09": "序号|姓名*|支部*|处室|一句话承诺内容*|承诺类别(学习/工作/服务/自律)|承诺日期*|公布方式*(校园网/橱窗)"
    "|公布日期*|完成时限|兑现情况*(已兑现/部分/未兑现/长期)|兑现日期|群众评诺(满意/基本满意/不满意)|备注",
    "T10": "序号|存在问题*|问题来源(谈话/互评/群众评议/测评/上级)|整改措施*|责任领导|责任部门*|责任人*|整改时限*"
    "|完成情况*(已完成/正在整改/长期坚持/未完成)|完成日期|群众认可度|销号|备注",
    "T11": "序号|征求日期|渠道*(个别谈话/座谈会/意见箱)|对象*(党组织/班子/党员个人)|提意见人类别|意见建议内容*|类别"
    "|原始条数*|归并后条数*|处理情况|反馈日期",
    "T12": "序号|姓名*|支部|培训班次(批次)*|培训内容|培训形式*(集中授课/网络教学/自学/考察)|起止时间*|学时*|考核结果"
    "|证书号|年度累计|总累计",
    "T13": "序号|姓名*|支部*|计划名称|提交日期*|审核人|完成情况|备注",
    "T14": "序号|作者*|身份(党员干部/党员教师)*|题目*|类型*(创新课题/业务课题/论文/调研报告/党建文章)"
    "|阶段*(开题/调研/初稿/完成)|初稿日期*|完成日期*|发表刊物|刊期|级别|获奖|备注",
    "T15": "序号|姓名/集体*|类别*(优秀党员/先进党组织)|推荐支部*|推荐层级*(支部/总支/局)|应投票人数|实投|得票数*|得票率*"
    "|是否上报|公示起*|公示止*|异议数|批准机关|批准日期|表彰届次*(2010/2011/2012)|主要事迹",
    "T16": "序号|党员领导干部*|职务|联系处室*|起止时间|到点次数*|到点日期|解决问题|记录",
    "T17": "序号|日期*|渠道*(校园网/橱窗/其他媒介/公开栏/会议)|类别*(先进事迹/党员风采)|标题*|涉及人员|期限(起止)|责任人"
    "|截图/照片编号",
    "T18": "序号|事项*|类别*(改革发展/大额资金)|党组织会议日期*|党员会议日期|决策日期*|执行日期|党员先知道(是/否)*|先讨论*"
    "|先行动*|会议记录编号|备注",
    "T19": "序号|姓名|拟任/免职务|民主推荐|考察|党组织讨论日期*|公示起止|任免文号|后备干部(是/否)|培养措施",
    "T20": "序号|名称*|类别*(实施方案/年度计划/制度/规划/总结/文件)|制定日期*|年度|条目数|完成条目数|保管人",
    "T21": "序号|日期*|人员类别*(党员/干部/教师/学生)|性质*(违规/违纪/违反职业道德/违法犯罪)|查实(是/否)*|处理结果",
    "T22": "项目(一级)|具体内容(二级)|分值|自评分|考评分|扣分原因|佐证材料",
    "T23": "序号|提交答卷时间|所用时间|来源|来源详情|来自IP|1、您的身份是?|2、对学院党政班子是否满意",
    "T24": "年度*|处室|姓名(编号)*|是否党员*|是否教师*|指标名称*(课时量/学员评教/招生人数)|指标值*|单位",
    "T25": "序号|组织(工会/共青团)*|日期*|活动/荣誉*|级别|参加人数|备注",
    "T26": "序号|姓名|处室*|教师(是/否)*|是否骨干教师|进校日期|离校日期*|离校原因(退休/调出/辞职)*|年度",
    "T27": "序号|日期*|支部*|覆盖党员数|主要问题类别|措施|记录编号",
    "T28": "年度*|步骤*(学习动员/公开承诺/集中评议/整改提高/评比表彰)|起|止|负责人|佐证材料编号*|参加人数",
    "T29": "序号|日期*|谈话人*|谈话对象类别|意见条数*",
    "T30": "序号|单位*|类别*(高中/初中/小学)|教职工数|党员数*|支部数|承诺党员数*|承诺公布数|兑现数|群众评议参评人数*|发出"
    "|收回|有效|满意|比较满意|基本满意|不满意|不了解|整改问题数|已整改数|应开展活动次数|实际次数|培训达标人数|表彰数"
    "|自评分|考评分|备注",
}  # fmt: skip
TITLES = {"T04": "第二支部2011年上半年组织活动考勤表", "T08b": "2011年民主评议表 评议对象:张三"}


def header(code):
    return [label.replace("*", "") for label in HEADERS[code].split("|")]


@pytest.mark.parametrize("code", HEADERS)
def test_each_header_is_taken_for_its_own_layout_and_every_column_is_known(campaign, code):
    sheet = Sheet.of("Sheet1", [[TITLES.get(code, "2011年12月20日 评议人:群众")], header(code), ["x"]])
    found = find_table(sheet, "表", vocabulary(campaign))
    assert found is not None
    assert (found.code, found.columns("unknown")) == (code, {})
    assert [use.label for use in found.columns("twin").values()] == []


def test_every_layout_has_its_header_here(campaign):
    assert set(campaign.layouts) == set(HEADERS)


@pytest.fixture
def cleaned(clean_rows):
    """Clean a sheet of a layout; return its rows of a table, and the ledger's (outcome, code) by source row."""

    def run(code, *rows, title="2011年12月20日登记", merges=()):
        tables = clean_rows([[title], header(code), *rows], merges)
        ledger = tables["ledger"].query("source_file == '试验学院/表.xlsx'")
        states = {
            row: (outcome, found if isinstance(found, str) else "")
            for row, outcome, found in zip(
                ledger["source_row"], ledger["outcome"], ledger["code"], strict=True
            )
        }
        assert len(ledger) == len(rows) + 2  # every row that says something is there
        return tables, states

    return run


def rows_of(tables, table, *columns, **where):
    frame = tables[table].query("source_file == '试验学院/表.xlsx'")
    for column, value in where.items():
        frame = frame[frame[column] == value]
    shown = [
        frame[c].dt.strftime("%Y-%m-%d") if frame[c].dtype.kind == "M" else frame[c].astype(object)
        for c in columns
    ]
    table = pd.concat(shown, axis=1)
    return [[None if pd.isna(cell) else cell for cell in row] for row in table.to_numpy().tolist()]


def person(tables, name):
    return tables["people"].set_index("name").loc[name, "person"]


def figures(tables, *columns):
    return rows_of(tables, "figures", *(columns or ("indicator", "value")))


def test_t06b_scores_by_the_five_leads(cleaned):
    tables, states = cleaned("T06b", ["张 三", "优(95)", 90, 88, "92分", 91, 456, "优秀"], ["合计", None])
    assert figures(tables) == [
        ["L1", 95],
        ["L2", 90],
        ["L3", 88],
        ["L4", 92],
        ["L5", 91],
        ["five_leads_total", 456],
    ]
    assert rows_of(tables, "figures", "subject", "year")[0] == [person(tables, "张三"), 2011]
    assert states[4] == ("total", "")


def test_t08a_counts_of_leaders_with_shares_beside(clean_rows):
    upper = [
        "评议对象",
        "职务",
        "在册人数",
        "参加测评人数",
        "优秀",
        None,
        "称职",
        None,
        "基本称职",
        None,
        "不称职",
        None,
    ]
    lower = [None, None, None, None, *["人数", "%"] * 4]
    row = ["张三", "院长", 60, 50, 40, "80%", 8, 16, 2, 4, None, None]
    tables = clean_rows(
        [["2011年12月20日民主评议汇总"], upper, lower, row],
        ("E2:F2", "G2:H2", "I2:J2", "K2:L2"),
    )
    votes = rows_of(tables, "votes", "level", "count", "occasion", "item", "rater_group")
    assert [v[:2] for v in votes] == [["excellent", 40], ["competent", 8], ["basically_competent", 2]]
    assert votes[0][2:] == ["leader", "overall", "all"]
    assert figures(tables) == [["staff_on_register", 60]]


def test_t08b_headings_of_one_leader_named_in_the_title(cleaned):
    tables, _ = cleaned(
        "T08b",
        ["德", "政治思想", 20, 5, 1, 0],
        ["廉", "廉洁自律", 22, 3, 1, 0],
        title="2011年12月 评议对象:张三",
    )
    votes = rows_of(tables, "votes", "appraisee", "item", "level", "count")
    assert votes[0] == [person(tables, "张三"), "political_thought", "good", 20]
    assert votes[4] == [person(tables, "张三"), "integrity", "good", 22]


def test_t08c_kinds_of_ballot_are_rater_groups(cleaned):
    tables, _ = cleaned(
        "T08c",
        ["A领导", 0.3, 5, 1, 0, 0, 0, 95],
        ["C群众", 0.4, 20, 8, 2, 1, 3, 88],
        title="2011年 评议对象:张三",
    )
    votes = rows_of(tables, "votes", "rater_group", "level", "count")
    assert ["leaders", "excellent", 5] in votes
    assert ["nonmember", "unknown", 3] in votes
    assert figures(tables) == [
        ["ballot_weight", 0.3],
        ["weighted_score", 95],
        ["ballot_weight", 0.4],
        ["weighted_score", 88],
    ]


def test_t08d_a_printed_rate_that_the_numbers_do_not_give(cleaned):
    tables, states = cleaned(
        "T08d", ["张三", "招生", 200, 190, "95%", 19], ["李四", "招生", 100, 90, "95%", 18]
    )
    assert figures(tables)[:4] == [
        ["performance_target", 200], ["performance_reached", 190],
        ["performance_score", 19], ["performance_target", 100],
    ]  # fmt: skip
    assert (states[3], states[4]) == (("kept", ""), ("kept", "share_mismatch"))


def test_t08e_points_by_heading(cleaned):
    tables, _ = cleaned("T08e", ["王五", 95, 90, 88, 91, 96, 460, "优秀"])
    assert figures(tables)[:2] == [["cadre_virtue", 95], ["cadre_ability", 90]]


def test_t11_raw_and_merged_counts_are_never_added(cleaned):
    tables, _ = cleaned(
        "T11",
        [1, "2011.3.1", "个别谈话", "党组织", "群众", "多开会的意见", "工作", 252, 155, "已反馈", "2011.4.1"],
    )
    assert figures(tables) == [["opinions_raw", 252], ["opinions_merged", 155]]
    assert rows_of(tables, "events", "kind", "channel", "topic") == [["opinion_collection", "talk", "工作"]]
    assert "多开会" not in tables["events"].to_csv() + tables["ledger"].to_csv()


def test_t13_study_plans(cleaned):
    tables, _ = cleaned("T13", [1, "张三", "第一支部", "2011年学习计划", "2011年3月", None, "已完成", None])
    assert rows_of(tables, "tasks", "kind", "person", "unit", "opened_on", "status") == [
        ["study_plan", person(tables, "张三"), "第一支部", "2011-03-01", "done"]
    ]


def test_t14_several_authors_owe_and_deliver_each(cleaned):
    row = [
        1,
        "张三、王五",
        "党员教师",
        "教改研究",
        "论文",
        "完成",
        "2011.2",
        "2011.7.20",
        "党刊",
        "2011(3)",
        None,
        None,
        None,
    ]
    tables, _ = cleaned("T14", row)
    zhang, wang = person(tables, "张三"), person(tables, "王五")
    assert rows_of(tables, "tasks", "kind", "person", "due_on", "done_on") == [
        ["draft", zhang, "2011-02-28", "2011-02-01"],
        ["draft", wang, "2011-02-28", "2011-02-01"],
        ["final", zhang, "2011-07-31", "2011-07-20"],
        ["final", wang, "2011-07-31", "2011-07-20"],
    ]
    assert rows_of(tables, "events", "kind", "form") == [["paper", "teacher_member"]] * 2


def test_t15_nominations_votes_and_notice(cleaned):
    row = [
        1,
        "张三",
        "优秀党员",
        "第一支部",
        "支部",
        20,
        18,
        16,
        "88.9%",
        "是",
        "2011.6.10",
        "2011.6.17",
        0,
        "局",
        "2011.6.28",
        2011,
        None,
    ]
    tables, states = cleaned("T15", row)
    assert rows_of(tables, "events", "kind", "held_on", "topic") == [
        ["nomination", "2011-06-10", "excellent_member"], ["award", "2011-06-28", "excellent_member"],
    ]  # fmt: skip
    assert rows_of(tables, "votes", "occasion", "level", "count") == [["nomination", "for", 16]]
    assert rows_of(tables, "tasks", "kind", "opened_on", "done_on") == [
        ["public_notice", "2011-06-10", "2011-06-17"]
    ]
    assert states[3] == ("kept", "")


def test_t16_contact_points_and_visits(cleaned):
    tables, _ = cleaned("T16", [1, "张三", "院长", "教务处", "2010.9-2011.6", 4, None, None, None])
    assert rows_of(tables, "tasks", "kind", "unit", "opened_on", "done_on") == [
        ["contact_point", "教务处", "2010-09-01", "2011-06-30"]
    ]
    assert figures(tables) == [["contact_visits", 4]]


def test_t17_publicity_with_two_kinds_in_a_cell(cleaned):
    tables, _ = cleaned(
        "T17", [1, "2011-06-20", "校园网", "先进事迹、党员风采", "身边的榜样", "李四", None, None, None]
    )
    assert rows_of(tables, "events", "kind", "channel") == [
        ["model_deeds", "website"],
        ["member_style", "website"],
    ]


def test_t18_decisions_and_the_three_firsts(cleaned):
    tables, _ = cleaned(
        "T18",
        [1, "购置设备", "大额资金", "2011.3.1", None, "2011.3.10", None, "是", "是", "否", "12号", None],
    )
    assert rows_of(tables, "events", "kind", "form", "held_on") == [["decision", "large_funds", "2011-03-10"]]
    assert rows_of(tables, "tasks", "kind", "status", "done_on", "due_on") == [
        ["prior_discussion", None, "2011-03-01", "2011-03-10"],
        ["know_first", "done", None, "2011-03-10"],
        ["discuss_first", "done", None, "2011-03-10"],
        ["act_first", "open", None, "2011-03-10"],
    ]


def test_t19_appointments_without_names(cleaned):
    tables, _ = cleaned(
        "T19",
        [1, "赵一二", "教务处副处长", "是", "已考察", "2011.5.3", "2011.5.5-5.11", "12号", "是", "挂职"],
    )
    assert rows_of(tables, "events", "kind", "held_on") == [
        ["appointment", "2011-05-03"],
        ["reserve_cadre", "2011-05-03"],
    ]
    assert rows_of(tables, "tasks", "kind", "opened_on", "done_on") == [
        ["public_notice", "2011-05-05", "2011-05-11"]
    ]
    assert not any("赵一二" in frame.to_csv() for frame in tables.values())


def test_t20_documents_and_their_items(cleaned):
    tables, _ = cleaned("T20", [1, "2011年活动计划", "年度计划", "2011.1.10", "2011年", 12, 10, "李四"])
    assert rows_of(tables, "events", "kind", "held_on", "topic") == [
        ["annual_plan", "2011-01-10", "2011年活动计划"]
    ]
    assert figures(tables, "indicator", "value", "year") == [
        ["document_items", 12, 2011],
        ["document_items_done", 10, 2011],
    ]


def test_t21_a_zero_report_is_evidence_and_an_empty_table_is_none(cleaned):
    tables, states = cleaned(
        "T21", [1, "2011.6.30", "本学期无", None, None, None], [2, "2011.9.1", "教师", "违纪", "是", None]
    )
    assert rows_of(tables, "events", "kind", "held_on", "form") == [
        ["zero_report", "2011-06-30", None], ["discipline", "2011-09-01", "confirmed"],
    ]  # fmt: skip
    assert states == {1: ("title", ""), 2: ("header", ""), 3: ("kept", ""), 4: ("kept", "")}
    tables, _ = cleaned("T21")
    assert rows_of(tables, "events", "kind") == []


def test_t22_points_merged_over_rows_are_not_given_to_each(cleaned):
    tables, states = cleaned(
        "T22",
        ["领导班子好", "有计划", 20, 9.5, 9, None, None],
        [None, "有总结", None, 10, 8.5, "少一次扣0.5分", None],
        ["合计", None, 20, 19.5, 17.5, None, None],
        merges=("A3:A4", "C3:C4"),
    )
    assert figures(tables, "indicator", "group", "subject", "value") == [
        ["points_possible", "领导班子好", "有计划", 20],
        ["points_self", "领导班子好", "有计划", 9.5],
        ["points_assessed", "领导班子好", "有计划", 9],
        ["points_self", "领导班子好", "有总结", 10],
        ["points_assessed", "领导班子好", "有总结", 8.5],
    ]
    assert states[4] == ("kept", "merged_number")


def test_t24_members_and_others(cleaned):
    tables, _ = cleaned(
        "T24",
        [2011, "教务处", "张三", "是", "是", "课时量", 320, "课时"],
        [2011, "教务处", "赵六", "否", "是", "课时量", 300, "课时"],
    )
    assert figures(tables, "indicator", "group", "value", "unit_of_measure") == [
        ["class_hours", "member", 320, "课时"], ["class_hours", "nonmember", 300, "课时"],
    ]  # fmt: skip
    assert rows_of(tables, "figures", "subject")[0] == [person(tables, "张三")]
    assert not any("赵六" in frame.to_csv() for frame in tables.values())


def test_t25_union_and_youth_league(cleaned):
    tables, _ = cleaned(
        "T25",
        [1, "工会", "2011.5.1", "劳动竞赛", "校级", 30, None],
        [2, "团委", "2011.5.4", "主题团日", None, 25, None],
    )
    assert rows_of(tables, "events", "kind", "topic", "present") == [
        ["union", "劳动竞赛", 30],
        ["youth_league", "主题团日", 25],
    ]


def test_t26_staff_who_left_and_one_who_is_a_member_too(cleaned):
    tables, _ = cleaned(
        "T26",
        [1, "张三", "教务处", "是", "校级", "1995.9", None, None, 2011],
        [2, "钱七", "总务处", "否", None, "2001.9", "2011.8.31", "调出", 2011],
    )
    staff = rows_of(tables, "people", "person", "is_member", "is_teacher", "left_on", "note")
    assert staff == [
        [person(tables, "张三").iloc[0], None, True, None, None],
        [person(tables, "钱七"), None, False, "2011-08-31", "transferred"],
    ]


def test_t27_t28_t29_counts_without_names_or_texts(cleaned):
    tables, _ = cleaned("T27", [1, "2011.3.2", "第一支部", 18, "学习不够", "谈话", "3号"])
    assert (rows_of(tables, "events", "kind", "unit"), figures(tables)) == (
        [["ideology_analysis", "第一支部"]], [["members_covered", 18]],
    )  # fmt: skip
    tables, _ = cleaned("T28", ["2011年", "公开承诺", "2011.3.1", "2011.3.20", "张三", "A-3", 40])
    assert rows_of(tables, "tasks", "kind", "subject", "opened_on", "done_on") == [
        ["step", "STEP2", "2011-03-01", "2011-03-20"]
    ]
    tables, _ = cleaned("T29", [1, "2011.3.5", "张三", "群众", 3], ["", "", "合计", "", 3])
    assert rows_of(tables, "events", "kind", "held_on") == [["talk", "2011-03-05"]]
    assert figures(tables, "indicator", "group", "value") == [["talk_opinions", "群众", 3]]


def test_t30_one_row_for_each_institution(cleaned):
    row = [
        1,
        "第一中学",
        "高中",
        120,
        60,
        4,
        58,
        58,
        50,
        "1.2万人次",
        100,
        96,
        95,
        80,
        10,
        5,
        None,
        0,
        6,
        5,
        20,
        19,
        40,
        2,
        95,
        93.5,
        None,
    ]
    tables, states = cleaned("T30", row)
    found = dict(figures(tables))
    assert (found["members"], found["mass_raters"], found["score_assessed"]) == (60, 12000, 93.5)
    assert "ballots_dissatisfied" not in found  # blank is not zero
    assert rows_of(tables, "figures", "unit", "group")[0] == ["第一中学", "senior_school"]
    assert states[3] == ("kept", "person_times")


def test_no_header_of_a_layout_stands_in_the_code():
    """Campaigns are data: a header in the code would be read in every campaign."""
    layouts = tomllib.loads((ROOT / "campaign" / "layouts.toml").read_text("utf-8"))["layouts"]
    aliases = {
        alias
        for layout in layouts.values()
        for spec in layout["columns"].values()
        for alias in spec["aliases"]
    }
    aliases = {alias for alias in aliases if len(alias) > 1}
    wrong = []
    for path in (ROOT / "cxzy_lib").rglob("*.py"):
        if "sample" in path.parts:
            continue  # it writes the sheets that the others read
        tree = ast.parse(path.read_text("utf-8"))
        said = {
            n.value.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)
        }
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        wrong += [(path.name, text) for text in texts - said if re.sub(r"\s", "", text) in aliases]
    assert wrong == []
