"""Things to check about the papers that came back: found with their numbers, and the nearest case that is not."""

import dataclasses
from itertools import cycle, islice

import numpy as np
import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.returns import returns_to_check
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
RULE = {"identical_run": 6, "identical_items": 3, "chance": 0.001}
RULE |= {"straight_share": 0.5, "seconds_per_item": 2, "same_minute": 5}
BEST, GOOD, FAIR, BAD = "satisfied", "fairly_satisfied", "basically_satisfied", "dissatisfied"
LEVELS = (BEST, GOOD, FAIR, BAD)
COLUMNS = "kind occasion_id occasion period unit rater_group count base other value source_file source_sheet"


def tables(**rows):
    frames = {name: conform(name, rows.get(name, [])) for name in ALL_SCHEMAS}
    return Tables(**frames)


def papers(*said, group="nonmember", first=10, sheet="选票", occasion="2011-06-24", **more):
    """Build answers: each paper is a word of levels, 1 the best, 0 an abstention, - no answer at all."""
    codes = dict(zip("12340", (*LEVELS, "abstain"), strict=True))
    head = {"institution": "甲", "occasion": "satisfaction", "occasion_id": f"satisfaction-{occasion}"}
    head |= {"semester": "2010-2011-2", "year": 2011, "rater_group": group, "scale": "sat4"}
    head |= {"source_file": "甲/选票.csv", "source_sheet": sheet}
    return [
        head
        | {"respondent": f"R{sheet}{row}", "source_row": row, "item": f"item{n}", "level": codes[level]}
        | {name: values[row - first] if isinstance(values, list) else values for name, values in more.items()}
        for row, paper in enumerate(said, first)
        for n, level in enumerate(paper)
        if level != "-"
    ]


def found(kind=None, campaign=CAMPAIGN, rule=RULE, **rows):
    frame = returns_to_check(tables(**rows), campaign, rule)
    assert list(frame) == COLUMNS.split()
    return frame if kind is None else frame[frame["kind"] == kind].reset_index(drop=True)


def mixed(count):
    """Papers of which no two neighbours are alike."""
    return list(islice(cycle(["1112", "1121", "1211", "1122", "2111", "1221", "1111"]), count))


def numbers(frame):
    return frame[["count", "base", "other"]].astype(object).to_numpy().tolist()


# Identical papers


def test_a_block_of_identical_papers_is_found_with_its_rows_and_share():
    said = [*mixed(20), *["1231"] * 6, *mixed(24)]
    (row,) = found("identical_ballots", answers=papers(*said)).to_dict("records")
    assert (row["count"], row["base"], row["other"]) == (6, 50, "30-35")
    assert row["value"] == pytest.approx(6 / 50)  # 0.12 ** 6 * 50 = 0.00015 blocks by chance
    assert (row["occasion_id"], row["occasion"]) == ("satisfaction-2011-06-24", "satisfaction")
    assert (row["period"], row["rater_group"]) == ("2010-2011-2", "nonmember")
    assert (row["source_file"], row["source_sheet"]) == ("甲/选票.csv", "选票")


@pytest.mark.parametrize(
    "said",
    [
        [*mixed(20), *["1231"] * 5, *mixed(25)],  # a paper fewer
        [*mixed(20), *["1231"] * 3, "1331", *["1231"] * 3, *mixed(23)],  # not in a row
        [*mixed(20), *["32--"] * 6, *mixed(24)],  # two items only
        [*mixed(20), *["1200"] * 6, *mixed(24)],  # abstentions are no answers
        [*["1231", "1112"] * 8, *["1231"] * 6],  # 8 of 16 others: (9/18) ** 6 * 22 = 0.34: may well happen
        ["1231", *["1231", "1121"] * 2, *["1231"] * 6][::-1],  # (4/7) ** 7 * 11 = 0.2, of few
        ["2222"] * 6,  # (1/2) ** 6 * 6 = 0.09, and one level: see straight-lining
        ["1231"] * 5,  # all alike, but a paper fewer
    ],
)
def test_no_block_of_identical_papers(said):
    assert found("identical_ballots", answers=papers(*said)).empty


@pytest.mark.parametrize(("run", "base"), [(30, 30), (29, 30), (15, 30), (10, 20), (6, 18), (6, 6)])
def test_the_longer_the_block_the_surer_it_is_listed(run, base):
    said = [*["1231"] * run, *mixed(base - run)]
    assert numbers(found("identical_ballots", answers=papers(*said))) == [[run, base, f"10-{9 + run}"]]


def test_identical_papers_all_on_the_best_level_are_common_where_most_say_so():
    most = [*["1111"] * 19, *mixed(6), *["1112", "2111"] * 6]  # 20 of 37: 0.54 ** 19 * 37 = 0.0003
    assert found("identical_ballots", answers=papers(*most)).empty
    fewer = [*most, *["1121", "1211"] * 3]  # 20 of 43 are fewer than half
    assert numbers(found("identical_ballots", answers=papers(*fewer))) == [[19, 43, "10-28"]]


def test_a_block_stands_in_one_sheet_and_one_group():
    one = papers(*mixed(24), *["1231"] * 4)
    other = papers(*["1231"] * 4, *mixed(24), sheet="续")
    assert found("identical_ballots", answers=[*one, *other]).empty
    group = papers(*["1231"] * 4, *mixed(24), first=38, group="member")
    assert found("identical_ballots", answers=[*one, *group]).empty
    assert len(found("identical_ballots", answers=[*one, *papers(*["1231"] * 4, first=38)])) == 1


def test_a_block_smaller_than_what_may_be_shown_is_left_out():
    rule = RULE | {"identical_run": 3}
    rows = {size: papers(*mixed(50), *["1234"] * size, *mixed(50)) for size in (4, 5)}
    assert found("identical_ballots", rule=rule, answers=rows[4]).empty
    assert numbers(found("identical_ballots", rule=rule, answers=rows[5])) == [[5, 105, "60-64"]]


# One level throughout


def test_one_level_throughout_is_found_from_the_share_on():
    said = ["2222", "333", "4444", "1112", "1111", "2221"]
    (row,) = found("straight_lining", answers=papers(*said)).to_dict("records")
    assert (row["count"], row["base"], row["value"]) == (3, 6, 0.5)


@pytest.mark.parametrize(
    "said",
    [
        ["2222", "333", "1112", "1111", "2221", "1221"],  # 2 of 6
        ["1111"] * 6,  # the best level
        ["22", "33", "44", "22", "33", "44"],  # two items are too few
        ["2222", "2222", "2222", "2222"],  # four papers are not shown
        ["0000"] * 6,  # who says nothing follows no line
    ],
)
def test_no_group_with_one_level_throughout(said):
    assert found("straight_lining", answers=papers(*said)).empty


def test_who_does_not_know_one_item_still_keeps_to_one_level_on_the_others():
    assert found("straight_lining", answers=papers(*["2220"] * 5))["count"].tolist() == [5]


# All back, all satisfied


def opinions(day="2011-04-01", count=7, **more):
    place = {"institution": "甲", "source_file": "甲/征求意见.xlsx", "source_sheet": "1", "source_row": 4}
    event = place | {"kind": "opinion_collection", "held_on": day} | more
    figure = {"indicator": "opinions_raw", "value": count, "year": 2011, "subject": "organisation"}
    return {"events": [event], "figures": [place | figure]}


def collection(issued=30, returned=30, semester="2010-2011-2", **against):
    head = {"institution": "甲", "occasion_id": "satisfaction-x", "occasion": "satisfaction", "year": 2011}
    head |= {"rater_group": "nonmember", "semester": semester}
    votes = [
        head | {"item": item, "scale": "sat4", "level": level, "count": count}
        for item in ("leadership", "service")
        for level, count in {BEST: 20, FAIR: 9, BAD: 0, "unknown": 1, **against}.items()
    ]
    turnout = [head | {"issued": issued, "returned": returned, "source_file": "甲/测评.xls"}]
    return {"votes": votes, "turnout": turnout}


def test_all_papers_back_and_all_satisfied_while_opinions_were_filed():
    (row,) = found(**collection(), **opinions()).to_dict("records")
    assert row["kind"] == "full_return_all_satisfied"
    assert (row["count"], row["base"], row["value"]) == (30, 30, 7)
    assert (row["period"], row["source_file"]) == ("2010-2011-2", "甲/测评.xls")


@pytest.mark.parametrize(
    ("held", "filed"),
    [
        (collection(returned=29), opinions()),
        (collection(issued=4, returned=4), opinions()),
        (collection(dissatisfied=1), opinions()),
        (collection(dissatisfied=None), opinions()),  # nobody knows how many
        (collection(issued=None, returned=None), opinions()),
        (collection(), {}),
        (collection(), opinions(count=0)),
        (collection(), opinions(day="2011-10-01")),  # another semester
        (collection(), opinions(institution="乙")),
    ],
)
def test_no_full_return(held, filed):
    assert found(**held, **filed).empty


def test_where_the_semester_of_one_is_unknown_the_year_counts():
    (row,) = found(**collection(semester=None), **opinions()).to_dict("records")
    assert row["period"] == "2011"
    assert len(found(**collection(), **opinions(day=None))) == 1


# The same counts once more


def counts(semester, *by_item, day=None, group="member", **more):
    head = {"institution": "甲", "occasion": "satisfaction", "occasion_id": f"satisfaction-{semester}"}
    head |= {"semester": semester, "rater_group": group, "held_on": day, "source_file": f"甲/{semester}.xls"}
    return [
        head | {"item": f"item{n}", "scale": "sat4", "level": level, "count": count} | more
        for n, item in enumerate(by_item)
        for level, count in zip(LEVELS, item, strict=True)
    ]


ONE = (20, 3, 1, 0), (18, 4, 2, 0), (22, 1, 0, 1)


def test_the_same_counts_as_in_an_earlier_period():
    rows = [
        *counts("2010-2011-1", *ONE),
        *counts("2010-2011-2", (9, 9, 6, 0), *ONE[1:]),
        *counts("2011-2012-1", *ONE),
    ]
    (row,) = found(votes=rows).to_dict("records")
    assert (row["kind"], row["occasion_id"]) == ("same_counts_as_before", "satisfaction-2011-2012-1")
    assert (row["count"], row["base"], row["other"]) == (3, 24, "satisfaction-2010-2011-1")
    assert (row["period"], row["source_file"]) == ("2011-2012-1", "甲/2011-2012-1.xls")


def test_an_item_that_only_one_occasion_asked_is_not_compared():
    rows = [*counts("2010-2011-1", *ONE), *counts("2010-2011-2", *ONE, (5, 5, 5, 9))]
    assert found(votes=rows)["count"].tolist() == [3]


@pytest.mark.parametrize(
    "later",
    [
        counts("2010-2011-2", *ONE[:2]),  # two items
        counts("2010-2011-2", *ONE[:2], (21, 2, 0, 1)),
        counts("2010-2011-2", *ONE[:2], (22, 1, None, 1)),  # a count is unknown: two items are left
        counts("2010-2011-2", *ONE, group="nonmember"),
        counts("2010-2011-2", *ONE, unit="第一支部"),
        counts("2010-2011-2", *ONE, institution="乙"),
        counts("2010-2011-1", *ONE, occasion_id="again"),  # of one period
    ],
)
def test_no_same_counts(later):
    assert found(votes=[*counts("2010-2011-1", *ONE), *later]).empty


def test_small_groups_and_votes_all_on_one_level_are_often_the_same():
    few, level = [(3, 1, 0, 0)] * 3, [(24, 0, 0, 0)] * 3
    for same in (few, level):
        assert found(votes=[*counts("2010-2011-1", *same), *counts("2010-2011-2", *same)]).empty


# Times


def test_answers_faster_than_reading():
    rows = papers(*mixed(8), seconds=[7, 7, 8, 20, 30, 40, 50, None])  # 4 items: under 8 seconds
    (row,) = found(answers=rows).to_dict("records")
    assert (row["kind"], row["count"], row["base"], row["value"]) == ("too_fast", 2, 7, 5.0)


@pytest.mark.parametrize("seconds", [[8, 8, 9, 9, 9], [7, 7, 7, 7, None], [None] * 5])
def test_no_answers_faster_than_reading(seconds):
    assert found(answers=papers(*mixed(5), seconds=seconds)).empty


def test_many_answers_in_one_minute_whoever_they_are_from():
    when = {"answered_on": "2012-05-03"}
    rows = papers(*mixed(9), minute=[725, 725, 725, 725, 700, 701, 726, 726, None], **when)
    assert found(answers=rows).empty  # four
    other = papers("1111", first=30, group="member", minute=725, **when)
    (row,) = found(answers=[*rows, *other]).to_dict("records")
    assert (row["kind"], row["count"], row["base"], row["value"]) == ("same_moment", 5, 9, 5 / 9)
    assert row["other"] == "2012-05-03 12:05"
    assert pd.isna(row["rater_group"])
    next_day = papers("1111", first=30, group="member", minute=725, answered_on="2012-05-04")
    assert found(answers=[*rows, *next_day]).empty


# In general


def honest(seed, size=200, items=6):
    """Papers of a campaign in which 85 % of the answers are the best level, online, over ten days."""
    draw = np.random.default_rng(seed)
    said = ["".join(draw.choice(list("1234"), items, p=[0.85, 0.08, 0.05, 0.02])) for _ in range(size)]
    times = {
        "seconds": draw.integers(25, 300, size).tolist(),
        "minute": draw.integers(480, 1200, size).tolist(),
    }
    days = [f"2011-06-{day:02}" for day in draw.integers(10, 20, size)]
    half = size // 2
    first = {name: values[:half] for name, values in times.items()}
    second = {name: values[half:] for name, values in times.items()}
    return [
        *papers(*said[:half], answered_on=days[:half], **first),
        *papers(*said[half:], answered_on=days[half:], group="member", first=10 + half, **second),
    ]


def voted(answers):
    keys = [
        "institution",
        "occasion",
        "occasion_id",
        "semester",
        "year",
        "rater_group",
        "item",
        "scale",
        "level",
    ]
    return conform("answers", answers).groupby(keys).size().rename("count").reset_index()


def test_an_honest_campaign_has_nothing_to_check():
    now = honest(1)
    then = [
        row | {"semester": "2009-2010-2", "year": 2010, "occasion_id": "satisfaction-2010-06-25"}
        for row in honest(2)
    ]
    votes = pd.concat([voted(now), voted(then)], ignore_index=True)
    papers_back = {"institution": "甲", "occasion_id": "satisfaction-2011-06-24", "semester": "2010-2011-2"}
    turnout = [
        papers_back | {"rater_group": group, "issued": 100, "returned": 100}
        for group in ("member", "nonmember")
    ]
    assert found(answers=now + then, votes=votes, turnout=turnout, **opinions()).empty


def test_nothing_tells_who_answered():
    rows = papers(*mixed(20), *["1231"] * 6, *mixed(24), seconds=3)
    frame = found(answers=rows)
    assert set(frame["kind"]) == {"identical_ballots", "too_fast"}
    assert "R选票" not in frame.astype(str).to_csv()


def test_nothing_gives_an_empty_frame_with_its_types_and_inputs_are_not_changed():
    empty, full = found(), found(answers=papers(*["2222"] * 6))
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    given = tables(answers=papers(*["2222"] * 6), **collection(), **opinions())
    before = {name: getattr(given, name).copy(deep=True) for name in ALL_SCHEMAS}
    returns_to_check(given, CAMPAIGN, RULE)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(given, name), frame)


def test_tables_written_before_times_were_kept_are_read():
    given = tables(answers=papers(*["2222"] * 6))
    old = dataclasses.replace(given, answers=given.answers.drop(columns=["seconds", "minute"]))
    assert returns_to_check(old, CAMPAIGN, RULE)["kind"].tolist() == ["straight_lining"]
