"""A change is called a change only where the ballots can show one, and only between what is comparable."""

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, multinomial

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.changes import (
    adjusted,
    group_pairs,
    judged,
    off_by_one,
    period_pairs,
)
from cxzy_lib.measure.linked import _paired_interval, linked_change, linked_detectable, with_links
from cxzy_lib.measure.verdicts import ballot_verdicts
from cxzy_lib.present.evidence_columns import written_changes
from cxzy_lib.present.wording import change_sentences
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
BODY = msgspec.structs.replace(CAMPAIGN.settings["change_basis"], value="body")


def rates(*rows):
    """Rows of (semester, group, scale, in favour, valid, population); nothing known where count is None."""
    names = ["semester", "rater_group", "scale", "strict_count", "valid", "population"]
    frame = pd.DataFrame(rows, columns=names)
    frame[names[3:]] = frame[names[3:]].astype("Int64")
    frame["strict"] = frame["strict_count"].astype("Float64") / frame["valid"].astype("Float64")
    frame["strict_low"] = frame["strict"]
    frame["worst_low"] = frame["strict_count"] / frame["population"]
    frame["worst_high"] = (frame["strict_count"] + frame["population"] - frame["valid"]) / frame["population"]
    return frame.assign(item="leadership")


def graded(*rows):
    names = ["start", "end", "start_scale", "end_scale", "grade", "reasons"]
    return pd.DataFrame(rows, columns=names).assign(item="leadership", rater_group="member")


SAME = ("1", "2", "sat4", "sat4", "comparable", "")


def change(start, end, grade=SAME, others=()):
    frame = rates(("1", "member", "sat4", *start), ("2", "member", "sat4", *end))
    return judged(period_pairs(frame, graded(grade), "semester"), CAMPAIGN, others).iloc[0]


@pytest.mark.parametrize(
    ("start", "end", "verdict"),
    [
        ((50, 100, 110), (80, 100, 110), "rose"),
        ((80, 100, 110), (50, 100, 110), "fell"),
        ((17, 18, 18), (16, 18, 18), "no_detectable_change"),  # from 94 to 89 % in a branch of 18
        ((50, 100, 110), (55, 100, 110), "no_detectable_change"),
        ((100, 100, 100), (100, 100, 100), "no_detectable_change"),
    ],
)
def test_verdicts(start, end, verdict):
    found = change(start, end)
    assert found["verdict"] == verdict
    assert found["difference"] == pytest.approx(end[0] / end[1] - start[0] / start[1])
    assert found["low"] <= found["difference"] <= found["high"]
    assert found["body_low"] <= found["difference"] <= found["body_high"]


def test_a_change_needs_more_where_more_is_asked():
    alone = change((60, 100, 110), (75, 100, 110))
    assert (alone["verdict"], alone["compared"]) == ("rose", 1)
    among = change((60, 100, 110), (75, 100, 110), others=[0.5] * 14)
    assert (among["verdict"], among["compared"]) == ("no_detectable_change", 15)
    assert among["p_adjusted"] == pytest.approx(min(1, alone["p"] * 15))
    assert among["rise"] > alone["rise"]
    assert among["low"] > 0  # the interval of this one pair by itself leaves out 0: it does not decide


def test_neither_difference_nor_test_across_a_break():
    found = change((10, 100, 110), (90, 100, 110), ("1", "2", "sat4", "sat4", "not_comparable", "wording"))
    assert found["verdict"] == "not_comparable"
    assert found["reasons"] == "wording"
    assert found[["difference", "low", "high", "body_low", "p", "rise", "fall", "start_rate"]].isna().all()
    assert found["compared"] == 0


def test_the_earliest_comparable_period_goes_before_a_flagged_one_and_hidden_ones_are_passed_over():
    frame = rates(
        ("1", "member", "sat3", 10, 100, 110),
        ("2", "member", "sat4", None, None, 110),
        ("3", "member", "sat4", 50, 100, 110),
        ("4", "member", "sat4", 60, 100, 110),
        ("5", "member", "sat4", 70, 100, 110),
    )
    table = [("1", "5", "sat3", "sat4", "flagged", "scale_top")]
    table += [(at, "5", "sat4", "sat4", "comparable", "") for at in "234"]
    found = period_pairs(frame, graded(*table), "semester").iloc[0]
    assert found[["start", "end", "grade"]].tolist() == ["3", "5", "comparable"]
    found = period_pairs(frame, graded(table[0]), "semester").iloc[0]
    assert found[["start", "end", "grade", "reasons"]].tolist() == ["1", "5", "flagged", "scale_top"]


def test_a_single_period_has_nothing_to_compare_with_and_nothing_known_makes_no_row():
    one = judged(period_pairs(rates(("1", "member", "sat4", 5, 9, 9)), graded(), "semester"), CAMPAIGN)
    assert one[["end", "verdict"]].to_numpy().tolist() == [["1", "not_comparable"]]
    nothing = rates(("1", "member", "sat4", None, None, 9))
    assert judged(period_pairs(nothing, graded(), "semester"), CAMPAIGN).empty


@pytest.mark.parametrize(
    ("population", "robust"),
    [(100, True), (160, False)],  # 60 silent people could have evened out 30 votes
)
def test_a_change_is_robust_if_the_silent_could_not_undo_it(population, robust):
    up, down = (50, 100, population), (80, 100, population)
    assert change(up, down)[["verdict", "robust"]].tolist() == ["rose", robust]
    assert change(down, up)[["verdict", "robust"]].tolist() == ["fell", robust]
    unknown = change((50, 100, None), (80, 100, None))
    assert unknown[["verdict", "robust"]].tolist() == ["rose", False]


def told(*rows):
    """The registry of rows of (semester, group, scale), as `conditions` makes it; more may differ."""
    same = {"item": "leadership", "criterion": "G5.2", "denominator": "-", "mode": "paper"}
    names = ["semester", "rater_group", "scale"]
    found = [same | dict(zip(names, row[:3], strict=True)) | (row[3] if row[3:] else {}) for row in rows]
    return pd.DataFrame(found).assign(appraisee_type=None)


GROUPS = ("nonmember", "member")


def test_groups_are_compared_in_the_last_period_in_which_they_were_asked_the_same():
    frame = rates(
        ("1", "member", "sat4", 90, 100, 110),
        ("1", "nonmember", "sat4", 10, 25, 30),
        ("2", "member", "sat4", 95, 100, 110),
        ("2", "nonmember", "sat3", 20, 25, 30),
    )
    registry = told(*((at, group, scale) for at, group, scale in frame.iloc[:, :3].to_numpy()))
    found = judged(group_pairs(frame, registry, GROUPS, CAMPAIGN, "semester"), CAMPAIGN).iloc[0]
    assert found[["kind", "start", "end", "rater_group"]].tolist() == ["group", "nonmember", "member", "1"]
    assert found["difference"] == pytest.approx(0.5)
    assert found["verdict"] == "rose"
    late = group_pairs(frame.iloc[2:], registry, GROUPS, CAMPAIGN, "semester").iloc[0]
    assert late[["rater_group", "grade", "reasons"]].tolist() == ["2", "flagged", "scale_top"]


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        ({"criterion": "G3.5"}, "wording"),
        ({"denominator": "a b"}, "denominator"),
        ({"mode": "web"}, "mode"),
        ({"criterion": None}, ""),
        ({"population": 1}, ""),  # two groups need not be of one size
    ],
)
def test_groups_that_were_not_asked_the_same_are_graded_as_periods_are(other, reasons):
    """90 of 100 and 10 of 100: a difference that any test would find."""
    frame = rates(("1", "member", "sat4", 90, 100, 100), ("1", "nonmember", "sat4", 10, 100, 100))
    registry = told(("1", "member", "sat4"), ("1", "nonmember", "sat4", other))
    found = judged(group_pairs(frame, registry, GROUPS, CAMPAIGN, "semester"), CAMPAIGN).iloc[0]
    barred = reasons in ("wording", "denominator")
    assert found["reasons"] == reasons
    assert found["verdict"] == ("not_comparable" if barred else "rose")
    assert found[["start_rate", "difference", "p"]].isna().all() == barred
    assert found["compared"] == (0 if barred else 1)


def test_benjamini_and_hochbergs_fifteen():
    """Four of fifteen are found at 5 % (Benjamini and Hochberg 1995, section 3.2); Bonferroni finds three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (adjusted(p) <= 0.05).tolist() == [True] * 4 + [False] * 11
    apart = adjusted(p[:3], p[3:])
    assert apart == pytest.approx(adjusted(p)[:3])
    assert np.isnan(adjusted([float("nan")])).all()


def test_linked_people_show_what_unlinked_ballots_do_not():
    people = list(range(40))
    before = pd.Series([True] * 30 + [False] * 10, index=people)
    after = before.copy()
    after.iloc[30:36] = True  # six of forty changed, all one way
    found = linked_change(before, after, 0.95)
    assert found["p"] == pytest.approx(2 * 0.5**6)
    assert (found["difference"], found["base"]) == (6 / 40, 40)
    assert found["low"] > 0
    assert change((30, 40, 40), (36, 40, 40))["verdict"] == "no_detectable_change"
    # Who answered once does not count; nobody changing shows nothing.
    assert linked_change(before, after.iloc[:30], 0.95) == {
        "base": 30,
        "start": 30,
        "end": 30,
        "towards": 0,
        "away": 0,
        "difference": 0.0,
        "low": pytest.approx(-0.1135, abs=0.0001),
        "high": pytest.approx(0.1135, abs=0.0001),  # 1 less Wilson's 30 of 30: 3.8415 / 33.8415
        "p": 1.0,
    }
    assert np.isnan(linked_change(before, after.set_axis(range(40, 80)), 0.95)["difference"])


def test_papers_are_linked_only_where_the_campaign_says_that_the_code_is_a_persons():
    """40 people, six changed towards the top level: papers of the same number are nobody unless it is said."""
    said = [
        {"occasion": "survey", "semester": at, "respondent": f"p{who}", "item": "leadership"}
        | {"rater_group": "member", "scale": "sat4", "level": "satisfied" if yes else "dissatisfied"}
        for at, happy in (("1", 30), ("2", 36))
        for who, yes in enumerate([True] * happy + [False] * (40 - happy))
    ]
    answers = conform("answers", said)
    frame = rates(("1", "member", "sat4", 30, 40, 40), ("2", "member", "sat4", 36, 40, 40))
    pairs = period_pairs(frame, graded(SAME), "semester")
    apart = judged(with_links(pairs, answers, CAMPAIGN, "semester"), CAMPAIGN).iloc[0]
    assert (apart["verdict"], pd.isna(apart["linked_base"])) == ("no_detectable_change", True)
    rule = msgspec.structs.replace(CAMPAIGN.settings["linked_respondents"], value=["survey"])
    linking = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"linked_respondents": rule})
    same = judged(with_links(pairs, answers, linking, "semester"), linking).iloc[0]
    assert (same["verdict"], same["linked_base"]) == ("rose", 40)
    assert (same["start_rate"], same["end_rate"], same["end_valid"]) == (30 / 40, 36 / 40, 40)
    assert same["rise"] == pytest.approx(linked_detectable(0.75, 6, 0, 40, 0.05, 0.8)[0])
    assert same["robust"]  # all 40 of the body are linked: nobody was silent
    assert same["p"] == pytest.approx(2 * 0.5**6)
    few = with_links(pairs, answers[answers["respondent"].isin(["p0", "p30"])], linking, "semester")
    assert few["linked_base"].isna().all()
    other = with_links(pairs, answers.assign(scale="sat5"), linking, "semester")
    assert other["linked_base"].isna().all()  # the ballots are on four levels
    body = replace(linking, settings=linking.settings | {"change_basis": BODY})
    assert with_links(pairs, answers, body, "semester")["linked_base"].isna().all()


@pytest.mark.parametrize(("valid", "linked"), [(40, True), (41, False), (44, False), (45, True)])
def test_who_answered_only_once_cannot_be_worked_out_from_the_linked(valid, linked):
    """Beside 35 of 45 ballots, 30 of the 40 linked people tell five others; beside 31 of 41 they tell one."""
    said = [
        {"occasion": "survey", "semester": at, "respondent": f"p{who}", "item": "leadership"}
        | {"rater_group": "member", "scale": "sat4", "level": "satisfied" if who < yes else "dissatisfied"}
        for at, yes in (("1", 30), ("2", 36))
        for who in range(40)
    ]
    frame = rates(("1", "member", "sat4", valid - 10, valid, 50), ("2", "member", "sat4", 36, 40, 50))
    rule = msgspec.structs.replace(CAMPAIGN.settings["linked_respondents"], value=["survey"])
    linking = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"linked_respondents": rule})
    pairs = period_pairs(frame, graded(SAME), "semester")
    found = judged(with_links(pairs, conform("answers", said), linking, "semester"), linking).iloc[0]
    assert pd.notna(found["linked_base"]) == linked
    if linked:  # 30 of 40 in a body of 50: at worst 40 of it before, and 36 after
        assert found[["start_worst_high", "end_worst_low"]].tolist() == [40 / 50, 36 / 50]
        assert found[["verdict", "robust"]].tolist() == ["rose", False]


def test_the_smallest_change_of_linked_people_is_found_as_often_as_said():
    """Fixed seed: 60 people of whom 6 turn from yes; as many more as the rise says turn to it."""
    draw = np.random.default_rng(7)
    rise, fall = linked_detectable(0.5, 3, 6, 60, 0.05, 0.8)
    for shares in ((0.1 + rise, 0.1), (0.05, 0.05 + fall)):
        tables = draw.multinomial(60, (*shares, 1 - sum(shares)), 20_000)
        p = 2 * binom.cdf(tables[:, :2].min(axis=1), tables[:, :2].sum(axis=1), 0.5)
        assert (p <= 0.05).mean() == pytest.approx(0.8, abs=0.01)
    assert linked_detectable(0.5, 0, 0, 5, 0.05, 0.8) == (None, None)  # 2 / 2**5 is more than 5 %


def test_answers_of_another_kind_of_occasion_take_nobodys_place():
    """The ballots fell from 80 to 70 of 100; a survey among linked people rose: that is another question."""
    votes = [
        {
            "occasion": "satisfaction",
            "occasion_id": term,
            "semester": term,
            "held_on": day,
            "item": "leadership",
        }
        | {"rater_group": "member", "scale": "sat4", "level": level, "count": count, "criterion": "G5.2"}
        for term, day, yes in (("2010-2011-1", "2010-12-20", 80), ("2011-2012-1", "2011-12-20", 70))
        for level, count in (("satisfied", yes), ("dissatisfied", 100 - yes))
    ]
    said = [
        {"occasion": "survey", "semester": term, "respondent": f"p{who}", "item": "leadership"}
        | {
            "rater_group": "member",
            "scale": "sat5",
            "level": "very_satisfied" if who < yes else "dissatisfied",
        }
        for term, yes in (("2010-2011-1", 20), ("2011-2012-1", 36))
        for who in range(40)
    ]
    rule = msgspec.structs.replace(CAMPAIGN.settings["linked_respondents"], value=["survey"])
    linking = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"linked_respondents": rule})
    made = ballot_verdicts(conform("votes", votes), conform("turnout", []), conform("answers", said), linking)
    row = made.changes[made.changes["kind"].eq("period")].iloc[0]
    assert row["difference"] == pytest.approx(-0.1)
    assert pd.isna(row["linked_base"])


def test_linked_people_stand_for_their_period_and_leave_the_stages_to_the_ballots():
    """28 of 40 known people said yes, then 36: a rise; with six others no, the ballots of two stages show none."""
    terms = (("2010-2011-1", "S2", "2010-12-20", 28), ("2011-2012-1", "S3", "2011-12-20", 36))
    same = {"occasion": "satisfaction", "item": "leadership", "rater_group": "member", "scale": "sat4"}
    votes, said = [], []
    for term, stage, day, yes in terms:
        base = same | {"occasion_id": term, "semester": term, "stage": stage, "held_on": day}
        levels = ["satisfied"] * yes + ["dissatisfied"] * (40 - yes)
        counts = {"satisfied": yes, "dissatisfied": 46 - yes}
        votes += [base | {"level": at, "count": count} for at, count in counts.items()]
        said += [base | {"level": at, "respondent": f"p{who}"} for who, at in enumerate(levels)]
    rule = msgspec.structs.replace(CAMPAIGN.settings["linked_respondents"], value=["satisfaction"])
    linking = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"linked_respondents": rule})
    tables = conform("votes", votes), conform("turnout", []), conform("answers", said)
    for campaign, verdict in ((CAMPAIGN, "no_detectable_change"), (linking, "rose")):
        made = ballot_verdicts(*tables, campaign)
        over_time = made.changes[made.changes["kind"].eq("period")]
        assert over_time["verdict"].tolist() == [verdict]
        assert made.stages["verdict"].tolist() == ["no_detectable_change"]


@pytest.mark.parametrize("shares", [(0.1, 0.3), (0.02, 0.15), (0.0, 0.1), (0.05, 0.05)])
def test_the_paired_interval_covers(shares):
    """Every table of 30 people, weighted by its probability; of those who did not move half said yes."""
    down, up = shares
    cells = [(1 - down - up) / 2, up, down, (1 - down - up) / 2]
    covered = 0.0
    for up_count in range(31):
        for down_count in range(31 - up_count):
            rest = 30 - up_count - down_count
            for yes in range(rest + 1):
                table = [yes, up_count, down_count, rest - yes]
                chance = multinomial.pmf(table, 30, cells)
                if chance < 1e-7:
                    continue
                low, high = _paired_interval(*table, 0.95)
                covered += chance * (low <= up - down <= high)
    assert covered >= 0.94


def test_newcombes_published_paired_interval():
    """Newcombe 1998 (paired), table II: 36, 12, 2 and 0 of 50, method 10."""
    assert _paired_interval(36, 12, 2, 0, 0.95) == pytest.approx((0.0569, 0.3404), abs=0.00006)


def test_people_asked_twice_in_a_period_are_not_twice_as_many():
    """44 then 56 of 60 ballots of the same 30 people: as independent ballots that would be a rise."""
    frame = rates(("1", "member", "sat4", 44, 60, 60), ("2", "member", "sat4", 56, 60, 60))
    told = judged(period_pairs(frame.assign(strict_low=0.5), graded(SAME), "semester"), CAMPAIGN).iloc[0]
    assert told["verdict"] == "rose"
    for known in ([None, None], [0.5, None], [None, 0.5]):
        none = frame.assign(strict_low=pd.array(known, dtype="Float64"))
        found = judged(period_pairs(none, graded(SAME), "semester"), CAMPAIGN).iloc[0]
        assert (found["verdict"], found["reasons"]) == ("not_comparable", "asked_twice")
        assert pd.isna(found["p"])


@pytest.mark.parametrize(
    ("count", "valid", "rise", "fall"),
    [
        (17, 18, 1 / 18, 1 / 18),  # everybody answered: one person who turns is seen
        (18, 18, None, 1 / 18),
        (0, 5, None, None),  # 5 of 18 answered, none in favour: no 5 others can tell the bodies apart
    ],
)
def test_on_the_body_basis_the_smallest_change_is_that_of_the_bodies(count, valid, rise, fall):
    body = replace(CAMPAIGN, settings=CAMPAIGN.settings | {"change_basis": BODY})
    frame = rates(("1", "member", "sat4", count, valid, 18), ("2", "member", "sat4", count, valid, 18))
    found = judged(period_pairs(frame, graded(SAME), "semester"), body).iloc[0]
    told = [
        None if pd.isna(found[name]) else pytest.approx(found[name], abs=1e-4) for name in ("rise", "fall")
    ]
    assert told == [rise, fall]


def test_rounding_comes_last():
    """Civil Service People Survey 2017: 52.952 less 58.495 is shown as -6, beside 53 and 58.

    The pages show one decimal: the same digits, a place lower.
    """
    pairs = period_pairs(
        rates(("1", "member", "sat4", 58, 1000, 1100), ("2", "member", "sat4", 53, 1000, 1100)),
        graded(SAME),
        "semester",
    )
    found = judged(pairs.assign(start_rate=0.058495, end_rate=0.052952), CAMPAIGN)
    assert written_changes(found, CAMPAIGN, "zh")["points"].iloc[0].startswith("-0.6 (")
    (told,) = change_sentences(found, CAMPAIGN, "zh")
    assert all(words in told for words in ("5.8%", "5.3%", "0.6 个百分点", "未四舍五入"))
    assert off_by_one(0.58495, 0.52952, 0)
    assert not off_by_one(0.58, 0.53, 0)
    assert off_by_one(0.9314, 0.9406)  # 94.1 - 93.1 is not 0.9
    assert not off_by_one(0.89, 0.8824)
