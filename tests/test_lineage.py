"""From a figure to its cells and back, and what another setting would move, over the shipped sample."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, called

from cxzy_lib import CampaignError, fed, load_campaign, open_report, trace, what_if
from cxzy_lib.present.what_if import changed


@pytest.fixture(scope="module")
def report(sample_edition):
    return open_report(
        processed=sample_edition["processed"], campaign=ROOT / "campaign", audience="leadership"
    )


def test_a_figure_leads_to_what_the_cells_say(report):
    rows = trace(report, "D2.8", ROOT / "data" / "raw")
    assert set(rows["source_file"]) <= set(report.tables.files["source_file"])
    assert rows["says"].notna().all()
    # each of those rows is about a draft of a cadre: it says so in its own words
    assert rows.loc[rows["table"].eq("tasks"), "says"].str.contains("初稿|调研|论文|课题|创新").all()


def test_what_a_row_fed_is_what_leads_to_it(report):
    for figure in ("D2.8", "G3.2b", "D1.4"):
        row = trace(report, figure).dropna(subset=["source_row"]).iloc[0]
        found = fed(report, row["source_file"], row["source_row"], row["source_sheet"])
        assert figure in set(found["id"])
        assert found["says"].str.len().gt(0).all()


def test_a_title_fed_nothing_and_a_figure_that_is_not_there_names_the_nearest(report):
    file = trace(report, "D2.8")["source_file"].iloc[0]
    assert fed(report, file, 1).empty
    with pytest.raises(KeyError, match=r"G3\.2d"):
        trace(report, "G3.2x")


def test_a_clause_that_has_figures_of_parts_alone_stands_for_all_of_them(report):
    own = report.status[report.status["indicator"].eq("D6.2")]
    parts = [name for name in own["id"] if name != "D6.2"]
    assert "D6.2" not in set(own["id"])
    each = pd.concat([trace(report, part) for part in parts]).drop_duplicates()
    whole = trace(report, "D6.2")
    assert not whole.empty
    assert len(whole) == len(each) == len(pd.concat([whole, each]).drop_duplicates())


def test_votes_counted_from_papers_lead_to_each_paper(report):
    """27 papers of non-members came back in June 2011; a vote itself has the row of the first of a level only."""
    rows = trace(report, "G5.2a/S2/nonmember", ROOT / "data" / "raw")
    assert set(rows["table"]) == {"answers"}
    assert len(rows) == 27
    cells = rows["says"].str.split(" | ", regex=False)
    assert cells.str[1].eq("群众").all()
    assert cells.str[2].eq("党政班子").all()  # blank cells keep their places
    last = rows.iloc[-1]
    assert "G5.2a/S2/nonmember" in set(fed(report, last["source_file"], last["source_row"])["id"])


def test_what_has_no_id_is_traced_by_what_it_is_made_of_and_every_example_of_the_documents_is(report):
    examples = re.findall(r"`(\w+:[^`]+=[^`]+)`", (ROOT / "docs" / "tables.md").read_text("utf-8"))
    assert len(examples) > 15
    for asked in examples:
        assert not trace(report, asked).empty, asked
    vote = "votes:occasion=satisfaction,semester={},rater_group={},item=leadership"
    asked = (vote.format("2010-2011-2", "nonmember"), vote.format("2011年春", "群众"), "G5.2a/S2/nonmember")
    by_code, by_name, by_id = (trace(report, one).to_numpy().tolist() for one in asked)
    assert by_code == by_name == by_id
    spaced = trace(report, " votes：semester = 2011年春，rater_group＝Non-members, item=leadership")
    assert spaced.to_numpy().tolist() == by_code
    file = "云溪社区学院/2012年5月满意度问卷(问卷星导出).xlsx"  # with brackets of either width
    wide = trace(report, f"answers:source_file={file.replace('(', '（').replace(')', '）')}")
    assert set(wide["source_file"]) == {file}
    assert not trace(report, "hours:hours=8").empty  # which the table has as 8.0
    # what did not take place, or is no activity, is no activity
    everything, held = (trace(report, f"{table}:unit=第一支部") for table in ("events", "activities"))
    assert 0 < len(held) < len(everything)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("vote:semester=2011-2012-2", "votes"),
        ("votes:semster=2011-2012-2", "semester"),
        ("votes:item=leader", "leadership"),
        ("activities:held_on=1999", "2010-05-05"),
        ("activities:held_on=2011-1", "2011-1[0-2]-"),  # no month begins another
        ("activities:held_on", "没有 —"),
        ("people:name=张", "例如：—"),  # names are shown only where the cells are asked for
        ("STEP9/2010", "STEP1/2010"),
        ("N1/第四支部", "例如：N1。"),  # what stands above clauses has no parts
    ],
)
def test_what_cannot_be_traced_is_named_with_the_nearest(report, asked, near):
    with pytest.raises(KeyError, match=near):
        trace(report, asked)


def test_steps_and_documents_have_rows_and_no_measure(report):
    """The learning step of 2010 has one row in the log of steps; nobody's register has the bureau's plan."""
    assert trace(report, "STEP1/2010")[["table", "source_row"]].to_numpy().tolist() == [["tasks", 3]]
    assert trace(report, "R1").empty


def test_the_command_tells_both_ways(report, sample_edition):
    places = ("--processed", sample_edition["processed"], "--raw", ROOT / "data" / "raw")
    one = called(ROOT, "trace", "D2.8", "--cells", *places)
    assert one.returncode == 0
    row = trace(report, "D2.8", ROOT / "data" / "raw").iloc[0]
    assert row["says"] in one.stdout
    other = called(ROOT, "trace", row["source_file"], "--row", row["source_row"], *places)
    assert "D2.8" in other.stdout
    nothing = called(ROOT, "trace", row["source_file"], "--row", "1", *places)
    assert "没有用于" in nothing.stdout


def test_another_setting_moves_what_depends_on_it_and_nothing_else(sample_edition, report):
    places = {"processed": sample_edition["processed"], "campaign": ROOT / "campaign"}
    moved = what_if({"confidence_level": 0.99}, **places)
    # wider limits; no share or mean is another, only how many differences are shown
    kinds = report.status.set_index("id")["kind"]
    assert set(kinds[moved.loc[moved["moved"].fillna(0).ne(0), "id"]]) <= {"count"}
    wider = moved.dropna(subset=["low_before", "low_after"])
    assert len(wider) > 10
    assert (wider["low_after"] <= wider["low_before"]).all()
    assert (wider["high_after"] >= wider["high_before"]).all()
    assert set(moved["id"]) < set(report.status["id"])
    assert what_if({}, **places).empty


def test_a_setting_that_is_not_there_and_a_value_that_is_no_choice_are_refused(sample_edition):
    places = {"processed": sample_edition["processed"], "campaign": ROOT / "campaign"}
    with pytest.raises(CampaignError, match=r"minimum_bases.*minimum_base"):
        what_if({"minimum_bases": 3}, **places)
    with pytest.raises(CampaignError, match=r"S3.*S1.*S2"):
        what_if({"overlap_stage": "S3"}, **places)


@pytest.mark.parametrize(
    "changes", [{"minimum_base": np.int64(8)}, {"cutoff": date(2011, 12, 31)}, {"thresholds": {"G1.6d": 3}}]
)
def test_a_value_of_the_same_kind_is_tried(changes):
    assert changed(load_campaign(ROOT / "campaign"), changes).setting(next(iter(changes)))


@pytest.mark.parametrize("value", ["0.9", True, [0.9]])
def test_a_value_of_another_type_is_refused_before_anything_is_worked_out(sample_edition, value):
    with pytest.raises(CampaignError, match=r"confidence_level.*0\.95"):
        what_if(
            {"confidence_level": value}, processed=sample_edition["processed"], campaign=ROOT / "campaign"
        )
