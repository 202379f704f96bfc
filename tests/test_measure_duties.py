"""The binding numbers, late tasks and coverages on tables small enough to count by hand."""

from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.duties import (
    appraisal_years,
    late_tasks,
    secretary_semesters,
)
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
END = date(2012, 6, 30)
PEOPLE = conform(
    "people",
    [
        {"person": person, "branch": branch, "is_member": True, "in_service": True}
        for person, branch in (("p", "a"), ("q", "a"), ("r", "b"))
    ],
)


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


def test_a_missing_table_is_no_evidence_and_no_zero():
    votes, none = conform("votes", []), conform("turnout", [])
    assert appraisal_years(votes, PEOPLE, CAMPAIGN, END)["held"].isna().all()
    assert secretary_semesters(votes, none, CAMPAIGN, END)["met"].isna().all()


def test_rows_of_nothing_but_unknowns_are_read():
    assert late_tasks(conform("tasks", [{}]), END).empty
    assert late_tasks(conform("tasks", []), END).dtypes["days_late"] == "Int64"
