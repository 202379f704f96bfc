"""Questionnaires as the survey services really export them: words and codes, matrices, several choices, drift."""

import dataclasses
from datetime import datetime

import pandas as pd
import pytest
from conftest import MEMBERS, ROOT, UNITS, write_xlsx

from cxzy_lib.campaign import load_campaign
from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.files import raw_files
from cxzy_lib.specs import Item

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "总分"]
SEEN = ["2012/05/03 12:00:00", "123秒", "微信", "N/A", "10.0.0.1(天津)", None]


def item(code, zh, *, kind="level", **more):
    return Item(code=code, zh=zh, en=code, kind=kind, **more)


ITEMS = (
    item("teaching", "给老师讲课的评价"),
    item("fear", "我害怕考试"),
    item("training", "参加过哪些培训", kind="multiple"),
    item("wishes", "您有什么建议", kind="text"),
    item(
        "coded",
        "对食堂的评价",
        codes=("very_satisfied", "satisfied", "fair", "rather_dissatisfied", "dissatisfied"),
    ),
)


@pytest.fixture(scope="module")
def campaign():
    shipped = load_campaign(ROOT / "campaign")
    return dataclasses.replace(shipped, items=shipped.items | {i.code: i for i in ITEMS})


@pytest.fixture
def survey(tmp_path, campaign):
    def run(columns, *rows, title=None, name="问卷.xlsx"):
        raw = tmp_path / "raw" / "试验学院"
        write_xlsx(raw / "名册.xlsx", UNITS)
        write_xlsx(raw / "花名册.xlsx", MEMBERS)
        write_xlsx(raw / name, [*([[title]] if title else []), [*META, *columns], *rows])
        tables = clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=1)
        frame = tables["answers"]
        said = {
            (r, i): None if pd.isna(level) else level
            for r, i, level in zip(frame["respondent"], frame["item"], frame["level"], strict=True)
        }
        return tables, said

    return run


def codes(tables, name="问卷.xlsx"):
    ledger = tables["ledger"].query(f"source_file == '试验学院/{name}'")
    return dict(zip(ledger["source_row"], ledger["code"].fillna(""), strict=True))


ROLE = "1、您的身份是?【必答】"
LEADERS = "第6题(对学院党政班子是否满意)"


def test_the_words_of_an_export_with_required_marks_and_question_numbers(survey):
    tables, said = survey(
        [ROLE, LEADERS],
        [1, *SEEN, "党员", "很满意"],
        [2, *SEEN, "群众", "一般"],
        [3, *SEEN, "群众", "(空)"],
        [4, *SEEN, "群众", "(跳过)"],
    )
    assert said == {
        ("1", "leadership"): "very_satisfied",
        ("2", "leadership"): "fair",
        ("3", "leadership"): "abstain",
    }
    assert set(tables["answers"]["scale"]) == {"sat5"}


def test_nothing_that_tells_who_answered_is_written(survey):
    tables, _ = survey([ROLE, LEADERS], [1, *SEEN, "党员", "很满意"])
    written = "".join(frame.astype(str).to_csv() for frame in tables.values())
    assert "10.0.0.1" not in written
    assert "天津" not in written


def test_how_long_it_took_and_when_it_was_handed_in(survey):
    times = ["123秒", "2分3秒", 123, "很快", None]
    days = [
        "2012/05/03 12:00:59",
        "2012-05-03 下午 12:01",
        datetime(2012, 5, 3, 9, 30),
        "2012年5月3日",
        datetime(2012, 5, 3),
    ]
    rows = [
        [n, day, time, *SEEN[2:], "党员", "满意"]
        for n, (day, time) in enumerate(zip(days, times, strict=True), 1)
    ]
    tables, _ = survey([ROLE, LEADERS], *rows)
    assert set(tables["answers"]["mode"]) == set(tables["votes"]["mode"]) == {"web"}
    found = tables["answers"][["seconds", "minute"]].astype(object)
    assert found.where(found.notna(), None).to_numpy().tolist() == [
        [123, 720], [123, 721], [123, 570], [None, None], [None, None],
    ]  # fmt: skip
    assert set(tables["answers"]["answered_on"].dt.strftime("%Y-%m-%d")) == {"2012-05-03"}
    assert codes(tables)[5] == "not_a_number"  # reported, and the answers are used


def test_options_with_letters_and_labels_that_drift_between_waves(survey):
    _, said = survey(
        [ROLE, LEADERS],
        [1, *SEEN, "群众", "C. 一般"],
        [2, *SEEN, "群众", "A、非常满意"],
        [3, *SEEN, "群众", "中立"],
    )
    assert [said[r, "leadership"] for r in "123"] == ["fair", "very_satisfied", "fair"]


def test_of_a_matrix_only_the_first_column_has_the_stem_and_the_direction(survey):
    columns = [ROLE, "7、请根据情况评分（1=非常不满意，5=非常满意）：—给老师讲课的评价", "7、我害怕考试"]
    _, said = survey(columns, [1, *SEEN, "群众", 5, 1], [2, *SEEN, "群众", "4", "2"])
    assert said == {
        ("1", "teaching"): "very_satisfied", ("1", "fear"): "dissatisfied",
        ("2", "teaching"): "satisfied", ("2", "fear"): "rather_dissatisfied",
    }  # fmt: skip


def test_a_direction_the_other_way_round(survey):
    _, said = survey([ROLE, "7、我害怕考试（1=很满意，5=不满意）"], [1, *SEEN, "群众", 1])
    assert said["1", "fear"] == "very_satisfied"


def test_numbers_without_a_direction_are_refused_and_not_guessed(survey):
    tables, said = survey([ROLE, LEADERS, "8、我害怕考试"], [1, *SEEN, "群众", "满意", 4])
    assert ("1", "fear") not in said
    assert codes(tables)[2] == "no_direction"


def test_codes_of_options_minus_two_and_minus_three(survey):
    tables, said = survey(
        [ROLE, "9、对食堂的评价"],
        [1, *SEEN, "群众", 1],
        [2, *SEEN, "群众", -2],
        [3, *SEEN, "群众", -3],
        [4, *SEEN, "群众", 5],
    )
    assert said == {
        ("1", "coded"): "very_satisfied",
        ("2", "coded"): "abstain",
        ("4", "coded"): "dissatisfied",
    }
    assert codes(tables) == {1: "", 2: "", 3: "", 4: "nothing_there", 5: ""}  # who skipped all said nothing


@pytest.mark.parametrize(
    ("cell", "choices"),
    [
        ("培训┋讲座┋自学", ["培训", "讲座", "自学"]),
        ("培训|讲座", ["培训", "讲座"]),
        ("培训;讲座", ["培训", "讲座"]),
        ("培训、讲座", ["培训", "讲座"]),
        ("培训┋其他〖我是张三，电话13800138000〗", ["培训", "其他"]),
        ("培训、讲座┋自学", ["培训、讲座", "自学"]),
    ],
)
def test_several_choices_in_a_cell(survey, cell, choices):
    tables, _ = survey([ROLE, LEADERS, "3、(多选题)参加过哪些培训"], [1, *SEEN, "群众", "满意", cell])
    found = tables["answers"].query("item == 'training'")
    assert found["level"].tolist() == choices
    assert found["scale"].isna().all()


def test_free_text_is_not_kept(survey):
    tables, _ = survey(
        [ROLE, LEADERS, "10、您有什么建议"], [1, *SEEN, "群众", "满意", "张三 11010519491231002X 说食堂不好"]
    )
    assert not any("食堂不好" in frame.astype(str).to_csv() for frame in tables.values())


def test_exports_stacked_below_each_other_with_footers(survey):
    again = [*META, ROLE, LEADERS]
    tables, said = survey(
        [ROLE, LEADERS],
        [1, *SEEN, "群众", "满意"],
        [2, *SEEN, "群众", "一般"],
        again,
        [1, *SEEN, "党员", "很满意"],
        ["数据来源:问卷星"],
    )
    assert said == {
        ("1", "leadership"): "satisfied",
        ("2", "leadership"): "fair",
        ("1(2)", "leadership"): "very_satisfied",
    }
    outcomes = tables["ledger"].query("source_file == '试验学院/问卷.xlsx'")["outcome"].tolist()
    assert outcomes == ["header", "kept", "kept", "header", "kept", "footer"]
    assert codes(tables)[5] == "respondent_again"
    assert tables["turnout"].set_index("rater_group")["valid"].to_dict() == {"nonmember": 2, "member": 1}


def test_two_scales_in_one_questionnaire(survey):
    columns = [ROLE, LEADERS, "给老师讲课的评价", "我害怕考试"]
    tables, _ = survey(
        columns, [1, *SEEN, "群众", "很满意", "不太满意", "好"], [2, *SEEN, "群众", "一般", "满意", "较好"]
    )
    scales = tables["answers"].groupby("item")["scale"].first().to_dict()
    assert scales == {"leadership": "sat5", "teaching": "sat5"}
    assert codes(tables)[2] == "unknown_level"  # 好 is in no scale that this layout names


def test_the_text_export_and_the_code_export_of_one_survey_count_once(survey, tmp_path):
    columns = [ROLE, "对食堂的评价"]
    texts = [[n, *SEEN, "群众", word] for n, word in enumerate(["很满意", "一般", "满意"], 1)]
    numbers = [[n, *SEEN, "群众", code] for n, code in enumerate([1, 3, 2], 1)]
    write_xlsx(tmp_path / "raw" / "试验学院" / "问卷(序号).xlsx", [[*META, *columns], *numbers])
    tables, said = survey(columns, *texts)
    assert said == {("1", "coded"): "very_satisfied", ("2", "coded"): "fair", ("3", "coded"): "satisfied"}
    assert sorted({*codes(tables).values(), *codes(tables, "问卷(序号).xlsx").values()}) == [
        "",
        "second_file",
    ]
    assert tables["turnout"]["valid"].tolist() == [3]


def test_lock_files_beside_an_export_are_passed_over(tmp_path):
    for name in ("~$问卷.xlsx", ".~lock.问卷.xlsx#", "问卷.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in raw_files(tmp_path)] == ["问卷.xlsx"]
