"""The synthetic sample: the same call gives the same files, and its truth agrees with itself."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlrd

from cxzy_lib.sample import Truth, make_sample, write_truth
from cxzy_lib.sample.world import institution_name

ROOT = Path(__file__).resolve().parents[1]
NAME = "云溪社区学院"
Tables = dict[str, pd.DataFrame]
TABLES = {
    "units",
    "people",
    "votes",
    "turnout",
    "answers",
    "events",
    "attendance",
    "tasks",
    "hours",
    "figures",
}


def cells(path: Path) -> object:
    """Return what a file holds: its bytes as text, or the values and merges of its sheets."""
    if path.suffix == ".csv":
        return path.read_bytes()
    if path.suffix == ".xls":
        book = xlrd.open_workbook(path, formatting_info=True)
        return [(s.name, s.merged_cells, [s.row_values(r) for r in range(s.nrows)]) for s in book.sheets()]
    pages = openpyxl.load_workbook(path).worksheets
    return [
        (p.title, sorted(map(str, p.merged_cells.ranges)), list(p.iter_rows(values_only=True))) for p in pages
    ]


def contents(folder: Path) -> dict[str, object]:
    return {p.relative_to(folder).as_posix(): cells(p) for p in sorted(folder.rglob("*.*")) if p.is_file()}


def same(one: Truth, other: Truth) -> None:
    assert one.keys() == other.keys()
    for institution, tables in one.items():
        assert tables.keys() == TABLES
        for name, frame in tables.items():
            pd.testing.assert_frame_equal(frame, other[institution][name])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def truth(folder: Path) -> Tables:
    made = make_sample(folder / "raw")
    write_truth(made, folder / "truth")
    return made[NAME]


def test_shipped_files_are_what_the_generator_makes(folder: Path, truth: Tables) -> None:
    assert contents(ROOT / "data" / "raw" / NAME) == contents(folder / "raw" / NAME)
    assert contents(ROOT / "tests" / "truth") == contents(folder / "truth")


def test_shipped_files_are_small_and_of_four_kinds() -> None:
    files = sorted((ROOT / "data" / "raw" / NAME).iterdir())
    assert len(files) == 46
    assert sum(file.stat().st_size for file in files) < 1_500_000
    first = {file.name: file.read_bytes()[:8] for file in files}
    assert sum(head.startswith(b"\xd0\xcf\x11\xe0") for head in first.values()) == 20  # xls
    assert sum(head.startswith(b"PK") for head in first.values()) == 23  # xlsx
    assert first["承诺践诺台账.csv"].startswith(b"\xef\xbb\xbf")
    for name in ("2012年组织活动登记.csv", "2011年6月满意度选票.csv"):
        assert "合成样例" in (ROOT / "data" / "raw" / NAME / name).read_text("gb18030")


@pytest.mark.parametrize("mess", [0, 0.5, 1])
def test_every_sheet_says_that_it_is_synthetic(tmp_path: Path, mess: float) -> None:
    make_sample(tmp_path, members=30, mess=mess)
    for path in (tmp_path / NAME).iterdir():
        if path.suffix != ".csv":
            found = cells(path)
            assert isinstance(found, list)
            assert all("本表为合成样例" in str(rows) for _, _, rows in found), path


def test_the_truth_does_not_depend_on_the_mess(tmp_path: Path) -> None:
    plain = make_sample(tmp_path / "0", members=40, mess=0)
    same(plain, make_sample(tmp_path / "05", members=40, mess=0.5))
    same(plain, make_sample(tmp_path / "1", members=40, mess=1))
    assert contents(tmp_path / "0") != contents(tmp_path / "1")


def test_an_institution_is_the_same_however_many_there_are(tmp_path: Path) -> None:
    three = make_sample(tmp_path / "3", seed=7, members=30, institutions=3)
    two = make_sample(tmp_path / "2", seed=7, members=30, institutions=2)
    assert list(three)[:2] == list(two)
    same({name: three[name] for name in two}, two)
    first, second = list(two)
    assert not two[first]["people"].equals(two[second]["people"])
    files = contents(tmp_path / "3")
    assert len(files) == 3 * 46
    assert {k: v for k, v in files.items() if k.split("/")[0] in two} == contents(tmp_path / "2")


def test_names_of_institutions_are_all_different() -> None:
    names = [institution_name(number) for number in range(3000)]
    assert len(set(names)) == 3000
    assert not any("南开" in name for name in names)


def test_a_larger_college(tmp_path: Path) -> None:
    tables = make_sample(tmp_path, members=440)[NAME]
    people = tables["people"].query("is_member == True")
    assert len(people) == people["name"].nunique() == 440
    departments = tables["units"].query("kind == 'department'")
    assert departments["staff_count"].sum() == 560  # 14/11 of 440


@pytest.mark.parametrize("wrong", [{"members": 29}, {"institutions": 0}, {"mess": 1.1}, {"mess": -0.1}])
def test_sizes_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be|from 0 to 1|≥ 1"):
        make_sample(tmp_path, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_rosters(truth: Tables) -> None:
    units, people = truth["units"], truth["people"].query("is_member == True")
    departments, branches = (
        units[units["kind"] == kind].set_index("unit") for kind in ("department", "branch")
    )
    assert (len(departments), len(branches), len(people)) == (12, 6, 110)
    assert (departments["staff_count"].sum(), departments["member_count"].sum()) == (140, 110)
    assert people.groupby("unit").size().to_dict() == departments["member_count"].to_dict()
    assert people.groupby("branch").size().to_dict() == branches["member_count"].to_dict()
    assert (people["branch"] == people["unit"].map(departments["branch"])).all()
    namesakes = people[people["name"].isin(["张伟(大)", "张伟(小)"])]
    assert namesakes["branch"].nunique() == 2
    assert set(people.loc[~people["in_service"], "branch"]) == {"离退休支部"}
    assert people["is_probationary"].sum() == 3


def test_tallies_add_up_to_the_papers_that_count(truth: Tables) -> None:
    votes, turnout = truth["votes"], truth["turnout"].query("occasion == 'satisfaction'")
    assert (turnout["returned"] - turnout["void"] == turnout["valid"]).all()
    assert (turnout["issued"] <= turnout["eligible"]).all()
    assert (turnout["returned"] <= turnout["issued"]).all()
    sums = (
        votes.query("occasion == 'satisfaction'")
        .groupby(["occasion_id", "rater_group", "item"])["count"]
        .sum()
    )
    valid = turnout.set_index(["occasion_id", "rater_group"])["valid"]
    lost = sums.index.droplevel("item").map(valid) - sums
    assert lost.sum() == 2  # the two items with two ticks
    assert set(lost[lost > 0].index.get_level_values("occasion_id")) == {"satisfaction-2011-06-24"}


def test_secretary_votes_add_up(truth: Tables) -> None:
    turnout = truth["turnout"].query("occasion == 'secretary'").set_index("occasion_id")
    assert set(turnout["semester"]) == {"2009-2010-2", "2010-2011-1", "2011-2012-1", "2011-2012-2"}
    votes = truth["votes"].query("occasion == 'secretary'")
    assert votes.groupby("occasion_id")["count"].sum().to_dict() == turnout["returned"].to_dict()
    levels = votes[~votes["level"].isin(["unknown", "abstain"])]
    assert levels.groupby("occasion_id")["count"].sum().to_dict() == turnout["valid"].to_dict()


def test_answers_are_counted_into_votes(truth: Tables) -> None:
    keys = ["occasion_id", "item", "rater_group", "level"]
    counted = truth["answers"].dropna(subset="scale").groupby(keys).size()
    votes = truth["votes"][
        truth["votes"]["occasion_id"].isin(["satisfaction-2011-06-24", "survey-2011-2012-2"])
    ]
    assert counted.to_dict() == votes.set_index(keys)["count"].to_dict()


def test_nobody_votes_on_himself_and_new_members_get_no_grade(truth: Tables) -> None:
    votes = truth["votes"].query("occasion == 'member'")
    peers = votes[votes["rater_group"] == "member"].groupby(["occasion_id", "appraisee"])["count"].sum()
    spans = peers.groupby("occasion_id").agg(["min", "max"])  # of one branch: all but oneself
    assert spans["min"].equals(spans["max"])
    graded = votes[votes["rater_group"] == "organisation"]
    new = set(truth["people"].query("is_probationary")["name"])
    assert not new & set(graded["appraisee"])
    assert (graded["count"] == 1).all()
    last = graded[graded["held_on"] == "2012-05-23"]
    assert len(last) == 110 - len(new)


def test_the_staff_register_names_everybody_in_service_once(truth: Tables) -> None:
    people = truth["people"]
    staff, members = people[people["is_member"].isna()], people.query("is_member == True")
    assert staff["name"].nunique() == len(staff)
    serving = set(members.query("in_service")["name"])
    assert serving <= set(staff["name"])
    assert len(staff) - len(serving) == 30  # 140 on the staff, 110 of them members
    assert staff["note"].value_counts().to_dict() == {"retired": 2, "transferred": 1, "resigned": 1}


def logged(truth: Tables) -> pd.DataFrame:
    kinds = ["branch_meeting", "committee_meeting", "group_meeting", "party_lecture", "study_group"]
    kinds += ["theme_activity", "mobilisation", "visit", "volunteering", "discussion"]
    return truth["events"][truth["events"]["kind"].isin(kinds)]


def test_events(truth: Tables) -> None:
    events = logged(truth)
    assert truth["events"]["held_on"].dropna().between("2010-05-01", "2012-06-30").mean() > 0.98
    assert events["held_on"].between("2010-05-01", "2012-06-30").all()
    counted = events.dropna(subset="present")
    assert (counted["expected"] == counted["present"] + counted["excused"] + counted["absent"]).all()
    planned = events[events["present"].isna()]
    assert len(planned) >= 3
    assert planned["held_on"].min() >= pd.Timestamp("2012-06-18")
    assert events.duplicated(["unit", "held_on"]).any()  # two kinds in one row
    days = events.query("unit == '第四支部'")["held_on"].drop_duplicates().sort_values()
    assert days.diff().max() > pd.Timedelta(days=80)


def test_attendance_agrees_with_the_activity_log(truth: Tables) -> None:
    marks = truth["attendance"]
    assert not marks.duplicated(["name", "held_on"]).any()
    counts = pd.crosstab([marks["unit"], marks["held_on"]], marks["status"])
    meetings = truth["events"].query("kind == 'branch_meeting'").dropna(subset="present")
    meetings = meetings.set_index(["unit", "held_on"]).sort_index()
    assert list(meetings.index) == list(counts.index)
    assert counts["present"].tolist() == meetings["present"].tolist()
    assert counts["absent"].tolist() == meetings["absent"].tolist()
    excused = counts[["leave_sick", "leave_personal", "official"]].sum(axis=1)
    assert excused.tolist() == meetings["excused"].tolist()


def test_what_the_sample_shows(truth: Tables) -> None:
    votes = truth["votes"].query("item == 'leadership'")
    held = (
        votes[~votes["level"].isin(["unknown", "abstain"])].groupby(["rater_group", "held_on"])["count"].sum()
    )
    top = votes[votes["level"] == "satisfied"].groupby(["rater_group", "held_on"])["count"].sum() / held
    assert top["member"].min() > 0.8
    assert top["nonmember"].max() < top["member"].min()
    assert top["nonmember"].tail(2).min() > top["nonmember"].head(3).max() + 0.1
    shown = logged(truth).dropna(subset="present").groupby("unit")[["present", "expected"]].sum()
    rates = shown["present"] / shown["expected"]
    assert rates.idxmin() == "第三支部"
    assert rates.min() < 0.75 < 0.85 < rates.median()
    serving = truth["people"].query("is_member == True and in_service == True")["name"]
    hours = truth["hours"].groupby("name")["hours"].sum().reindex(serving, fill_value=0)
    due = 30 * 912 / 1461  # days gone of the four years on 2012-06-30
    assert (hours >= due).mean() > 0.6
    assert (hours >= 30).sum() > 10
    assert (hours < due).sum() > 5
