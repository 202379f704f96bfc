"""Blank workbooks: what they ask for, what they let in, and that they are read back without one finding."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.forms import above, fields, make_forms, rules

PEOPLE = ("张三", "李四", "王五")
BY_TYPE = {
    "count": (12, 3, 7), "number": (12.5, 3, 7), "score": (95, 88, 90.5), "share": ("95.0%", "88.0%", "90.5%"),
    "hours": (8, 4, 6.5), "date": ("2011-09-01", "2011-10-08", "2011-11-30"), "year": (2011, 2011, 2011),
    "person": PEOPLE, "party": PEOPLE, "branch": ("第一支部", "第一支部", "第二支部"), "unit": ("教务处", "教务处", "总务处"),
    "text": ("甲项", "乙项", "丙项"),
}  # fmt: skip
#: What must agree within a row: a share with its counts, a name with a register, a term with a day.
BY_LABEL = {
    "单位名称": ("教务处", "总务处", "保卫处"), "简称": ("教务", "总务", "保卫"), "所属支部": ("第一支部", "第二支部", "第二支部"),
    "姓名": PEOPLE, "出席率": ("25%", "100%", "50%"), "实到人数": (3, 3, 3), "应到人数": (12, 3, 6),
    "完成率": ("50%", "100%", "25%"), "完成值": (5, 4, 2), "目标值": (10, 4, 8), "年度": (2011, 2011, 2011),
    "收回": (10, 10, 10), "发出": (12, 12, 12), "有效": (10, 10, 10), "有效票": (10, 10, 10), "实投": (10, 10, 10),
    "应投票人数": (12, 12, 12), "应到党员": (12, 12, 12), "实到党员": (10, 10, 10), "学期": ("2011-2012学年第一学期",) * 3,
    "备注": (None, None, None), "启用日期": (None,) * 3, "停用日期": (None,) * 3, "离校日期": (None,) * 3, "测评项目": ("对党政班子的满意度", "承诺践诺情况", "推动中心工作和重点任务完成情况"),
    "评议内容": ("政治思想", "民主作风", "廉洁自律"), "票类": ("A", "B", "C"), "序号": ("1", "2", "3"), "票号": ("1", "2", "3"),
}  # fmt: skip
ABOVE = {
    "测评时间:": "2011-12-20",
    "评议人:": "群众",
    "评议对象:": "张三",
    "发出:": "12 份",
    "收回:": "10 份",
}


def values_of(layout, asked, row):
    """Return what the filler writes into one row; the levels of a row add up to 10."""
    levels = (
        {f.label for f in asked if f.required and f.type == "count"} if layout.shape == "tally" else set()
    )
    per_group = {}
    said = []
    for field in asked:
        group = field.label.partition("-")[0] if "-" in field.label else ""
        if field.label in levels and field.label not in BY_LABEL:
            n = per_group[group] = per_group.get(group, 0) + 1
            said.append({1: 6, 2: 3, 3: 1}.get(n, 0))
        elif field.label in BY_LABEL:
            said.append(BY_LABEL[field.label][row])
        elif field.words:
            said.append(field.words[row % len(field.words)])
        else:
            said.append(BY_TYPE[field.type][row])
    return said


def fill(path, layout, campaign):
    book = openpyxl.load_workbook(path)
    form = book.worksheets[0]
    asked = fields(layout, campaign, "zh")
    top = above(layout, campaign, "zh")
    form.cell(
        1,
        1,
        form.cell(1, 1).value.replace(
            "　　　　　", "试验学院" + ("第一支部" if layout.shape == "wide" else "") + "2011年"
        ),
    )
    for r, line in enumerate(top[1:], 2):
        form.cell(
            r, 1, line + (ABOVE[line] if layout.shape == "tally" else ABOVE[line].replace("12-20", "11-20"))
        )
    header = len(top) + 1
    days = [c for c, field in enumerate(asked, 1) if field.type == "day"]
    for at, c in enumerate(days):
        form.cell(header, c, f"9.{at + 5}")
    for row in range(3):
        for c, value in enumerate(values_of(layout, asked, row) if not days else [None] * len(asked), 1):
            form.cell(header + 1 + row, c, value)
        if days:
            form.cell(header + 1 + row, 1, PEOPLE[row] if row < 2 else "李四")
            for c in days:
                form.cell(header + 1 + row, c, asked[days[0] - 1].words[row])
    if layout.shape == "wide":
        form.delete_rows(header + 3)  # 王五 is of another branch
    book.save(path)
    return 2 if layout.shape == "wide" else 3


@pytest.fixture(scope="module")
def filled(tmp_path_factory, campaign):
    """Every form, filled in with three rows and cleaned: the tables and the rows written by code."""
    folder = tmp_path_factory.mktemp("forms")
    paths = make_forms(campaign, folder / "raw" / "试验学院")
    written = {
        code: fill(path, layout, campaign)
        for path, (code, layout) in zip(paths, campaign.layouts.items(), strict=True)
    }
    return clean(folder / "raw", campaign, folder / "processed", jobs=2), written, paths


def test_every_filled_form_is_read_whole_and_without_one_finding(filled):
    tables, written, _ = filled
    ledger = tables["ledger"]
    found = ledger[ledger["code"].notna()]
    assert found[["source_file", "source_row", "code", "column", "value", "hint"]].to_numpy().tolist() == []
    assert set(tables["files"]["status"]) == {"read"}
    kept = ledger[ledger["outcome"] == "kept"].groupby("layout").size().to_dict()
    assert kept == written


def test_what_was_filled_in_arrives(filled):
    tables, _, _ = filled
    code = tables["people"].drop_duplicates("name").set_index("name")["person"]
    pledge = tables["tasks"].query("kind == 'pledge'").iloc[0]
    assert (pledge["person"], pledge["subject"], pledge["status"]) == (code["张三"], "甲项", "done")
    votes = tables["votes"].query(
        "occasion == 'satisfaction' and item == 'leadership' and source_file.str.contains('T05a')"
    )
    assert votes["count"].tolist() == [6, 3, 1, 0]
    assert set(votes["rater_group"]) == {"nonmember"}
    turnout = tables["turnout"].query("source_file.str.contains('T05a')")
    assert turnout[["issued", "returned"]].to_numpy().tolist() == [[12, 10]]
    assert tables["hours"]["hours"].tolist() == [8, 4, 6.5]
    seen = tables["attendance"].query(f"person == '{code['张三']}'")
    assert seen["held_on"].dt.strftime("%m-%d").tolist()[:2] == ["09-05", "09-06"]
    assert set(seen["status"]) == {"present"}


def test_headers_are_whole_and_unmerged(filled, campaign):
    for path, layout in zip(filled[2], campaign.layouts.values(), strict=True):
        book = openpyxl.load_workbook(path)
        assert [ws.merged_cells.ranges for ws in book.worksheets] == [set()] * 3
        form = book.worksheets[0]
        header = len(above(layout, campaign, "zh")) + 1
        labels = [cell.value for cell in form[header] if cell.value]
        assert [f.label for f in fields(layout, campaign, "zh") if f.label] == labels[
            : len(labels) - 8 * (layout.shape == "wide")
        ]
        assert form.freeze_panes == f"A{header + 1}"


def test_drop_downs_offer_words_that_are_read(tmp_path, campaign):
    units = pd.DataFrame({"unit": ["教务处", "第一支部"], "kind": ["department", "branch"]})
    path = next(p for p in make_forms(campaign, tmp_path, "zh", units) if p.name.startswith("T03"))
    book = openpyxl.load_workbook(path)
    lists = book["选项"]
    columns = {
        column[0].value if column[0].row == 1 else None: [c.value for c in column[1:] if c.value]
        for column in lists.iter_cols(min_col=2)
    }
    assert columns["支部"] == ["第一支部"]
    assert columns["活动类型"][:2] == ["支部大会", "支委会"]
    assert columns["是否使用现代化设备"] == ["对", "否"]
    rule = next(v for v in book.worksheets[0].data_validations.dataValidation if v.type == "whole")
    assert (rule.operator, rule.formula1) == ("greaterThanOrEqual", "0")


def test_the_rules_name_what_is_required_and_what_must_never_be_written(campaign):
    said = "\n".join(rules(campaign.layouts["T12"], campaign, "zh"))
    assert "姓名、培训班次、培训形式、起止时间、学时" in said
    assert "身份证号" in said
    said = "\n".join(rules(campaign.layouts["T12"], campaign, "en"))
    assert "identity numbers" in said


def test_blank_forms_are_no_evidence_and_no_error(tmp_path, campaign):
    make_forms(campaign, tmp_path / "raw" / "试验学院")
    tables = clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=2)
    assert (tables["ledger"]["outcome"] == "kept").sum() == 0
    assert "error" not in set(tables["ledger"].loc[tables["ledger"]["layout"].notna(), "severity"])
    assert {Path(f).name[:3] for f in tables["files"].query("status == 'unrecognised'")["source_file"]} <= {
        "T04"
    }
