"""Awards: votes against their base, the chain of levels, quotas, working days, finals that came too late."""

from datetime import date

import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.awards import nominees, quota, round_of, shortlist, votes_cast, working_days
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
END = date(2012, 6, 30)
PEOPLE = [{"person": p, "is_member": True, "in_service": True, "is_probationary": p == "q"} for p in "pqr"]


def nomination(
    row: int, who: str, level: str, votes: int, cast: int, eligible: int = 20, year: int = 2011, **notice
):
    """Return the processed rows of one source row, as intake makes them."""
    cell = {"institution": "i", "source_file": "f", "source_sheet": str(year), "source_row": row}
    start, end = notice.get("start", f"{year}-06-08"), notice.get("end", f"{year}-06-14")
    head = cell | {"unit": "a"}
    events = [head | {"kind": "nomination", "topic": "excellent_member", "form": level, "expected": eligible,
                      "present": cast, "held_on": start, "person": who}]  # fmt: skip
    if notice.get("awarded"):
        events.append(head | {"kind": "award", "topic": "excellent_member", "held_on": f"{year}-06-28"})
    vote = head | {"occasion": "nomination", "appraisee": who, "count": votes, "year": year, "held_on": start}
    task = head | {"kind": "public_notice", "person": who, "opened_on": start, "done_on": end}
    figure = head | {"indicator": "objections", "value": notice.get("objections", 0), "subject": who}
    return {"events": events, "votes": [vote], "tasks": [task], "figures": [figure]}


def tables(*parts: dict[str, list[dict[str, object]]], **more: list[dict[str, object]]) -> Tables:
    rows = {name: [row for part in parts for row in part.get(name, [])] for name in ALL_SCHEMAS}
    return Tables(**{name: conform(name, [*rows[name], *more.get(name, [])]) for name in ALL_SCHEMAS})


@pytest.mark.parametrize(
    ("members", "share", "down", "up", "half_up"),
    [
        (110, 0.05, 5, 6, 6),
        (108, 1 / 3, 36, 36, 36),
        (45, 0.1, 4, 5, 5),
        (44, 0.1, 4, 5, 4),
        (0, 0.2, 0, 0, 0),
    ],
)
def test_quotas_round_as_the_rule_says(members, share, down, up, half_up):
    found = [quota(members, {"share": share, "rounding": way}) for way in ("down", "up", "half_up")]
    assert found == [down, up, half_up]


def test_without_a_share_there_is_no_quota():
    assert quota(110, {"share": 0.0, "rounding": "down"}) is None
    assert CAMPAIGN.setting("award_rule")["share"] == 0  # the plan prints none


def test_working_days_leave_out_weekends_and_holidays():
    # 8 June 2011 was a Wednesday: 8, 9, 10, 13, 14 June
    start, end = pd.Series(pd.to_datetime(["2011-06-08"])), pd.Series(pd.to_datetime(["2011-06-14"]))
    assert working_days(start, end, []).tolist() == [5]
    assert working_days(start, end, ["2011-06-10"]).tolist() == [4]
    assert working_days(end, start, []).tolist() == [pd.NA]  # it ends before it begins


def test_votes_have_their_base_and_impossible_ones_are_void():
    found = votes_cast(
        tables(nomination(3, "p", "branch", 15, 18), nomination(4, "q", "branch", 19, 18), nomination(5, "r", "branch", 5, 21)),
        CAMPAIGN, END,
    ).set_index("nominee")  # fmt: skip
    assert found.loc["p", "vote_share"] == 15 / 18  # of those cast
    assert found["void"].to_dict() == {"p": False, "q": True, "r": True}  # 19 of 18; 21 cast by 20
    assert found.loc[["q", "r"], "vote_share"].isna().all()


def test_a_notice_of_four_working_days_is_short():
    parts = [
        nomination(3, "p", "branch", 15, 18),
        nomination(4, "q", "branch", 15, 18, end="2011-06-13", objections=1),
    ]
    found = votes_cast(tables(*parts), CAMPAIGN, END).set_index("nominee")
    assert found["notice_days"].to_dict() == {"p": 5, "q": 4}
    assert found["notice_short"].to_dict() == {"p": False, "q": True}
    assert found["objections"].to_dict() == {"p": 0, "q": 1}


def test_the_chain_from_branch_to_bureau():
    parts = [nomination(3, "p", "branch", 15, 18), nomination(4, "p", "general_branch", 90, 100, 110)]
    parts += [nomination(5, "p", "bureau", 9, 10, 10), nomination(6, "q", "general_branch", 80, 100, 110)]
    found = nominees(tables(*parts), CAMPAIGN, END).set_index("nominee")
    assert found["highest"].to_dict() == {"p": "bureau", "q": "general_branch"}
    assert found["from_branch"].to_dict() == {"p": True, "q": False}  # nobody in a branch voted on q
    assert found.loc["p", "vote_share"] == 15 / 18  # the branch's


def test_rounds_are_told_by_their_day():
    parts = [nomination(3, "p", "branch", 15, 18, year=year) for year in (2010, 2011, 2012)]
    assert votes_cast(tables(*parts), CAMPAIGN, END)["round"].tolist() == ["W1", "W2", "W3"]
    assert votes_cast(tables(*parts), CAMPAIGN, date(2011, 1, 1))["round"].tolist() == ["W1"]
    assert round_of(pd.Timestamp("2010-06-30"), CAMPAIGN) == "W1"
    assert round_of(pd.NaT, CAMPAIGN) is None


def test_a_final_handed_in_in_july_2011_counts_for_2012_only():
    parts = [nomination(3, "p", "branch", 15, 18), nomination(3, "p", "branch", 16, 18, year=2012)]
    final = {
        "kind": "final",
        "status": "done",
        "person": "p",
        "due_on": "2011-07-31",
        "done_on": "2011-07-20",
    }
    found = shortlist(tables(*parts, people=PEOPLE, tasks=[final]), CAMPAIGN, END).set_index("round")
    assert found["finals"].to_dict() == {"W2": 0, "W3": 1}
    assert found["late_finals"].to_dict() == {"W2": 1, "W3": 0}


def test_a_shortlist_shows_evidence_in_the_order_of_the_branchs_vote_and_no_score():
    parts = [nomination(3, "p", "branch", 12, 18), nomination(4, "q", "branch", 17, 18)]
    tasks = [{"kind": "pledge", "status": "done", "person": "q", "opened_on": "2010-06-01", "done_on": "2011-01-01"},
             {"kind": "study_plan", "person": "p", "opened_on": "2010-06-01"}]  # fmt: skip
    hours = [{"person": "q", "started_on": "2011-03-01", "hours": 16}]
    found = shortlist(tables(*parts, people=PEOPLE, tasks=tasks, hours=hours), CAMPAIGN, END)
    assert found["nominee"].tolist() == ["q", "p"]
    assert found["pledge_done"].tolist() == [True, False]
    assert found["study_plan"].tolist() == [False, True]
    assert found["hours"].tolist() == [16, 0]
    assert found["is_probationary"].tolist() == [True, False]
    assert not {"score", "rank", "total"} & set(found)


def told(*parts):
    found = shortlist(tables(*parts, people=PEOPLE), CAMPAIGN, END).set_index("nominee")
    places = ["rank_low", "rank_high", "top", "call"]
    return found, found[places].astype(object).where(found[places].notna(), None)


def test_the_line_counts_only_those_sent_up_who_have_votes():
    sent = nomination(3, "p", "general_branch", 90, 100, 110)  # no branch's vote on p is on record
    rest = [nomination(4, "q", "branch", 30, 40, 40), nomination(5, "r", "branch", 10, 40, 40)]
    found, places = told(sent, *rest)
    assert found["call"].isna().all()  # of those with votes nobody was sent up
    assert places.loc["q"].tolist() == [1, 1, None, None]
    second = nomination(6, "q", "general_branch", 60, 100, 110)
    found, _ = told(sent, *rest, second)
    assert found["call"].astype(object).where(found["call"].notna(), None).to_dict() == {
        "p": None, "q": "in", "r": "out"
    }  # fmt: skip
    assert found["top"]["q"] > 0.99


def test_a_secret_vote_is_told_by_no_place_call_or_order():
    up = nomination(7, "p", "general_branch", 60, 100, 110)
    rest = [nomination(4, "q", "branch", 12, 20), nomination(5, "r", "branch", 6, 20)]
    for_all, places = told(nomination(3, "p", "branch", 20, 20), *rest, up)
    assert places.isna().all(axis=None)  # a place of another would tell that p's is the first
    assert for_all["vote_share"].astype(object).where(for_all["vote_share"].notna(), None).to_dict() == {
        "q": 0.6, "r": 0.3, "p": None
    }  # fmt: skip
    for_none, _ = told(nomination(3, "p", "branch", 0, 20), *rest, up)
    assert list(for_all.index) == list(for_none.index) == ["q", "r", "p"]
    plain, places = told(nomination(3, "p", "branch", 19, 20), *rest, up)
    assert list(plain.index) == ["p", "q", "r"]
    assert places.loc[["p", "r"], "call"].tolist() == ["in", "out"]
    few = [nomination(at, who, "branch", 2, 4, 4) for at, who in enumerate("pqr", 3)]
    assert told(*few, up)[1].isna().all(axis=None)


def test_without_nominations_everything_is_empty():
    assert votes_cast(tables(people=PEOPLE), CAMPAIGN, END).empty
    assert shortlist(tables(people=PEOPLE), CAMPAIGN, END).empty
