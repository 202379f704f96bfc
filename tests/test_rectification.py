"""Steps, opinions, the chain of rectification and how long problems stay open."""

from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.duties import settled
from cxzy_lib.measure.evidence import Evidence
from cxzy_lib.measure.rectification import ageing, chain, chain_items, opinions, step_cells, time_to_close
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
DAY = pd.Timestamp("2011-12-31")


def tables(**given):
    return Tables(**{name: conform(name, given.get(name, [])) for name in ALL_SCHEMAS})


def problems(*rows):
    tasks = [
        {"kind": "rectification", "opened_on": o, "done_on": d, "status": "done" if d else "open"}
        for o, d in rows
    ]
    return settled(conform("tasks", tasks), DAY.date())


def test_open_problems_are_censored_and_not_left_out():
    # ten days, twenty, open for 30, forty: at 10 three of 4 are left, at 20 half, at 40 the one at risk closes
    rows = problems(
        ("2011-01-01", "2011-01-11"),
        ("2011-01-01", "2011-01-21"),
        ("2011-12-01", None),
        ("2011-01-01", "2011-02-10"),
    )
    found = time_to_close(rows, DAY, CAMPAIGN)
    assert found.curve["days"].tolist() == [0, 10, 20, 40]
    assert found.curve["open_share"].round(4).tolist() == [1, 0.75, 0.5, 0]
    assert found.curve["at_risk"].tolist() == [4, 4, 3, 1]
    assert found.median == 20


def test_while_more_than_half_are_open_there_is_no_median():
    found = time_to_close(
        problems(("2011-01-01", "2011-01-11"), ("2011-12-01", None), ("2011-12-01", None)), DAY, CAMPAIGN
    )
    assert found.median is None
    none = time_to_close(problems(("2011-12-01", None)), DAY, CAMPAIGN)
    assert (none.median, none.curve["open_share"].tolist()) == (None, [1.0])


def test_the_ages_of_what_is_open():
    rows = problems(
        ("2011-12-20", None), ("2011-10-01", None), ("2011-01-01", None), ("2011-01-01", "2011-02-01")
    )
    rows.loc[2, "overdue"] = True
    assert ageing(rows, DAY)[["from_days", "problems", "overdue"]].to_numpy().tolist() == [
        [0, 1, 0],  # 11 days
        [30, 0, 0],
        [90, 1, 0],  # 91 days
        [180, 1, 1],  # 364 days
    ]


def test_each_link_of_the_chain_is_counted():
    rows = [
        {"subject": "a", "source": "群众评议", "measures": "m", "unit": "u", "due_on": "2011-06-30", "status": "done",
         "done_on": "2011-06-01", "verdict": "满意"},
        {"subject": "b", "measures": "m", "unit": "u", "status": "long_term"},
        {"subject": "c", "status": "done"},
        {"subject": "d", "unit": "u", "due_on": "2011-06-30", "status": "open"},
    ]  # fmt: skip
    found = chain(settled(conform("tasks", rows), DAY.date())).set_index("link")
    assert found["problems"].to_dict() == {
        "problem": 4, "source": 1, "measures": 2, "owner": 3, "due": 3, "done": 2, "dated": 1, "rerated": 1,
    }  # fmt: skip
    assert found.loc["owner", "share"] == 0.75


def test_each_problem_has_one_chain_in_the_order_of_its_day():
    rows = [
        {"unit": "u", "source": "群众评议", "measures": "m", "opened_on": "2011-03-01", "due_on": "2011-06-30",
         "status": "done", "done_on": "2011-06-01", "verdict": "满意"},
        {"unit": "v", "opened_on": "2011-01-01", "due_on": "2011-06-30", "status": "open"},
        {"unit": "w", "opened_on": "2011-05-01", "status": "long_term"},
    ]  # fmt: skip
    found = chain_items(settled(conform("tasks", rows), DAY.date()), DAY)
    assert found[["unit", "planned", "days", "state"]].to_numpy().tolist() == [
        ["v", False, 364, "overdue"],
        ["u", True, 92, "done"],
        ["w", False, pd.NA, "long_term"],
    ]
    assert found["verdict"].tolist()[1] == "满意"
    assert not {"subject", "measures", "person"} & set(found)


def test_opinions_raw_and_merged_stand_apart_by_channel_and_object():
    place = {"institution": "i", "source_file": "f", "source_sheet": "s"}
    events = [
        place | {"source_row": n, "kind": "opinion_collection", "channel": c}
        for n, c in ((3, "talk"), (4, "talk"), (5, "box"))
    ]
    figures = [place | {"source_row": n, "indicator": f"opinions_{what}", "value": v, "subject": s} for n, s, raw, merged in
               ((3, "organisation", 252, 155), (4, "member", 20, None), (5, "member", 7, 7)) for what, v in (("raw", raw), ("merged", merged))
               if v is not None]  # fmt: skip
    found = opinions(tables(events=events, figures=figures)).set_index(["channel", "object"])
    assert found.loc[("talk", "organisation")].tolist() == [1, 252, 155]
    assert found.loc[("talk", "member"), "raw"] == 20
    assert pd.isna(found.loc[("talk", "member"), "merged"])  # not recorded: no zero
    assert found.loc[("box", "member")].tolist() == [1, 7, 7]


@pytest.fixture
def cells():
    log = [
        {"kind": "step", "subject": s, "opened_on": d}
        for s, d in (("STEP1", "2010-05-05"), ("STEP1", "2011-03-01"))
    ]
    ev = Evidence(tables(tasks=log), CAMPAIGN, date(2012, 6, 30))
    return step_cells(ev).set_index(["step", "year"])["state"]


def test_fifteen_cells_of_which_seven_are_described(cells):
    assert len(cells) == 15
    assert cells["STEP1", 2010] == "described_and_evidenced"
    assert cells["STEP1", 2011] == "required_and_evidenced"  # by the yearly rule, not described
    assert cells["STEP1", 2012] == "required_but_no_evidence"
    assert cells["STEP2", 2010] == "described_no_evidence"
    assert cells.str.startswith("described").sum() == 7


def test_a_step_after_the_day_is_no_evidence_yet():
    log = [{"kind": "step", "subject": "STEP1", "opened_on": "2011-03-01"}]
    found = step_cells(Evidence(tables(tasks=log), CAMPAIGN, date(2010, 12, 31))).set_index(["step", "year"])
    assert not found.loc[("STEP1", 2011), "evidenced"]
