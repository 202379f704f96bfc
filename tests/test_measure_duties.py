"""The binding numbers, late tasks and coverages on tables small enough to count by hand."""

from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.duties import (
    appraisal_years,
    binding_numbers,
    late_tasks,
    secretary_semesters,
)
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
END = date(2012, 6, 30)
PEOPLE = conform(
    "people",
    [
        {"person": person, "branch": branch, "is_member": True, "in_service": True}
        for person, branch in (("p", "a"), ("q", "a"), ("r", "b"))
    ],
)


def tables(**given: list[dict[str, object]] | pd.DataFrame) -> Tables:
    return Tables(**{name: conform(name, given.get(name, [])) for name in ALL_SCHEMAS})


def appraisal(year: int, person: str, count: int | None = 9, **more: object) -> dict[str, object]:
    return {"occasion": "member", "year": year, "appraisee": person, "count": count} | more


def report(semester: str, held_on: str, level: str = "good", count: int | None = 90) -> dict[str, object]:
    return {"occasion": "secretary", "semester": semester, "held_on": held_on, "level": level, "count": count}


def task(kind: str, unit: str, status: str, **more: object) -> dict[str, object]:
    return {"kind": kind, "unit": unit, "status": status} | more


def test_years_with_an_appraisal_and_their_coverage():
    rows = [appraisal(2010, "p"), appraisal(2010, "p"), appraisal(2010, "gone"), appraisal(2011, "p", 0)]
    rows += [appraisal(2011, "q"), appraisal(2011, "r", held_on="2011-12-20"), appraisal(2012, "q", None)]
    years = appraisal_years(conform("votes", rows), PEOPLE, CAMPAIGN, END)
    assert years["held"].tolist() == [1, 1, 0]
    assert years["appraised"].tolist() == [1, 2, pd.NA]  # p; q and r; a count unknown is no vote
    assert years["coverage"].tolist() == [pytest.approx(1 / 3), pytest.approx(2 / 3), pd.NA]
    assert years["due"].all()  # the campaign ends on the day
    earlier = appraisal_years(conform("votes", rows), PEOPLE, CAMPAIGN, date(2011, 6, 30))
    assert earlier["due"].tolist() == [True, False, False]
    assert earlier["appraised"].tolist() == [1, 1, pd.NA]  # r's was yet to come


def test_semesters_with_report_and_appraisal():
    rows = [report("2009-2010-2", "2010-06-30"), report("2009-2010-2", "2010-06-30", "poor", 3)]
    rows += [report("2010-2011-1", "2011-01-10", count=0), report("2010-2011-2", "2011-06-30", "unknown")]
    papers = conform(
        "turnout", [{"occasion": "secretary", "semester": "2011-2012-1", "held_on": "2012-01-05"}]
    )
    frame = secretary_semesters(conform("votes", rows), papers, CAMPAIGN, END)
    assert frame["reported"].tolist() == [1, 1, 0, 1, 0]
    assert frame["appraised"].tolist() == [1, 0, 0, 0, 0]
    assert frame["met"].tolist() == [1, 0, 0, 0, 0]
    assert frame["valid"].tolist() == [93, 0, pd.NA, pd.NA, pd.NA]
    assert frame["due"].all()


RECTIFICATION = [
    task("rectification", "d", "done", due_on="2011-06-30", done_on="2011-06-30"),
    task("rectification", "d", "done", due_on="2011-06-30", done_on="2011-07-02"),
    task("rectification", "d", "done", due_on="2011-06-30"),  # when is unknown
    task("rectification", "d", "open", due_on="2012-06-20", subject="roof"),
    task("rectification", "d", "open", due_on="2012-06-30"),  # due on the day itself
    task("rectification", "d", "open"),  # without a limit
    task("rectification", "d", "long_term", due_on="2011-06-30"),
    task("rectification", "e", "done", due_on="2012-06-01", done_on="2012-07-05", subject="gate"),
    task("rectification", "e", None, due_on="2011-06-30"),
]


def test_late_tasks_latest_first():
    late = late_tasks(conform("tasks", RECTIFICATION), END)
    assert late[["unit", "subject", "days_late"]].to_numpy().tolist() == [
        ["e", "gate", 29],
        ["d", "roof", 10],
    ]
    assert list(late) == ["unit", "kind", "subject", "due_on", "days_late"]


def lines(found: Tables, as_of: date = END) -> dict[str, list[object]]:
    frame = binding_numbers(found, CAMPAIGN, as_of)
    return {row["code"]: [row["value"], row["base"], row["state"]] for row in frame.to_dict("records")}


def test_the_binding_numbers():
    found = tables(
        people=PEOPLE,
        events=[{"unit": "a", "held_on": day} for day in ("2012-05-20", "2012-06-10", "2012-06-29")],
        votes=[appraisal(year, "p") for year in (2010, 2011, 2012)] + [report("2010-2011-1", "2011-01-10")],
        hours=[
            {"person": p, "started_on": "2011-03-01", "hours": h}
            for p, h in zip("pqr", (30, 19, 25), strict=True)
        ],
        tasks=[
            *(
                task("pledge", "a", "open", person=p, published_on=d)
                for p, d in (("p", "2010-07-01"), ("q", None))
            ),
            task("rectification", "d", "done"),
            task("rectification", "d", "open", due_on="2012-07-31"),
            task("rectification", "d", "long_term"),
        ],
    )
    assert lines(found) == {
        # 2012-05-20..06-02 and 06-03..06-16, both held; 06-17..06-30 too: 3 of 3
        "fortnight": [3, 3, "met"],
        "appraisal_year": [3, 3, "met"],
        "secretary_semester": [1, 5, "not_met"],
        "training": [1, 3, "on_course"],  # the line is at 18.7
        "pledge": [2, 3, "not_met"],
        "pledge_published": [1, 2, "not_met"],
        "rectification": [1, 2, "on_course"],  # the open one is due in July
    }
    shares = binding_numbers(found, CAMPAIGN, END)["share"].round(3).tolist()
    assert shares == [1.0, 1.0, 0.2, 0.333, 0.667, 0.5, 0.5]


def test_before_its_time_nothing_is_missed():
    votes = [appraisal(2010, "p"), report("2009-2010-2", "2010-06-30")]
    found = lines(tables(votes=votes, people=PEOPLE), date(2010, 12, 31))
    assert found["appraisal_year"] == [1, 3, "on_course"]
    assert found["secretary_semester"] == [1, 5, "on_course"]  # autumn ends in January


def test_a_missing_table_is_no_evidence_and_no_zero():
    found = binding_numbers(tables(people=PEOPLE), CAMPAIGN, END)
    assert found["state"].tolist() == ["no_evidence"] * 7
    assert found[["value", "base", "target", "share"]].isna().all(axis=None)
    votes, none = conform("votes", []), conform("turnout", [])
    assert appraisal_years(votes, PEOPLE, CAMPAIGN, END)["held"].isna().all()
    assert secretary_semesters(votes, none, CAMPAIGN, END)["met"].isna().all()


def test_rows_of_nothing_but_unknowns_are_read():
    blank = {name: [{}] for name in ALL_SCHEMAS}
    assert set(binding_numbers(tables(**blank), CAMPAIGN, END)["state"]) == {"no_evidence"}
    assert late_tasks(conform("tasks", [{}]), END).empty
    assert late_tasks(conform("tasks", []), END).dtypes["days_late"] == "Int64"
