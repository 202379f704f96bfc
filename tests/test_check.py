"""What `cxzy check` tells: what each column was taken for, the line to paste, what is missing; and that pasting it helps."""

import shutil

import pytest
from conftest import MEMBERS, ROOT, UNITS, cxzy, write_xlsx

import cxzy_lib as cx
from cxzy_lib.campaign import load_campaign


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw" / "试验学院"
    write_xlsx(folder / "名册.xlsx", UNITS)
    write_xlsx(folder / "花名册.xlsx", [*MEMBERS, [4, "赵六", "1998.10", "不明支部", "教务", "是"]])
    write_xlsx(
        folder / "表.xlsx",
        [
            ["2011年培训"],
            ["姓名", "培训名目", "培训班次", "培训形式", "起止时间", "学时"],
            ["张三", "x", "轮训班", "自学", "4.8", 8],
        ],
    )
    return tmp_path / "raw"


def test_each_column_with_what_it_was_taken_for(raw):
    found = cx.check(raw, load_campaign(ROOT / "campaign"), jobs=1)
    mine = found.columns[found.columns["source_file"] == "试验学院/表.xlsx"].set_index("column")
    assert mine["taken_for"].to_dict()["学时"] == "hours"
    assert mine["kind"].to_dict()["培训名目"] == "unknown"
    assert mine["nearest"]["培训名目"] in (
        "培训内容",
        "培训时间",
        "培训班次",
        "培训日期",
        "培训形式",
        "培训学时",
    )


def test_findings_the_worst_first(raw):
    found = cx.check(raw, load_campaign(ROOT / "campaign"), jobs=1).findings
    assert found["severity"].tolist() == ["error", "warning", "note"]
    assert found["code"].tolist() == ["unknown_unit", "unknown_column", "year_assumed"]


def test_the_evidence_that_no_file_carries_yet(raw):
    found = cx.check(raw, load_campaign(ROOT / "campaign"), jobs=1).evidence.set_index("evidence")
    assert found["files"].to_dict()["T12"] == 1
    assert found["files"].to_dict()["T13"] == 0
    assert found.loc["T13", "clauses"] == ["G2.2a", "D1.8"]
    assert found["clauses"].explode().nunique() > 100


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_says_all_that_and_writes_nothing(raw, lang):
    before = sorted(raw.parent.rglob("*"))
    told = cxzy("check", "--raw", raw, "--processed", raw.parent / "none", "--lang", lang)
    assert told.returncode == 0, told.stderr  # single rows do not fail a run
    assert sorted(raw.parent.rglob("*")) == before
    for words in ("培训班次→batch", "aliases = [", "T13", "layouts.toml"):
        assert words in told.stdout
    heads = {
        "zh": ("错误", "提醒", "说明", "还没有文件"),
        "en": ("Errors", "Warnings", "Notes", "no file carries"),
    }
    places = [told.stdout.index(head) for head in heads[lang]]
    assert places == sorted(places)


def test_pasting_the_line_makes_the_column_known(raw, tmp_path):
    campaign = tmp_path / "campaign"
    shutil.copytree(ROOT / "campaign", campaign)
    write_xlsx(
        raw / "试验学院" / "表.xlsx",
        [
            ["2011年"],
            ["姓名", "培训班次", "培训形式", "起止时间", "学时", "培训的内容"],
            ["张三", "甲", "自学", "4.8", 8, "x"],
        ],
    )
    found = cx.check(raw, load_campaign(campaign), jobs=1).columns.dropna(subset=["toml"])
    assert found["nearest"].tolist() == ["培训内容"]
    lines = (campaign / "layouts.toml").read_text("utf-8").splitlines()
    lines[int(found["line"].iloc[0]) - 1] = found["toml"].iloc[0]
    (campaign / "layouts.toml").write_text("\n".join(lines), "utf-8")
    again = cx.check(raw, load_campaign(campaign), jobs=1).columns
    assert "unknown" not in set(again["kind"])
