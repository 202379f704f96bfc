"""The two verbs of the desk: figures worked out by hand, what they show, and that they hide what pages hide."""

from dataclasses import replace

import pandas as pd
import pytest

import cxzy_lib as cx
from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.suppression import decide, masked
from cxzy_lib.present.report import Report
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform

CAMPAIGN = load_campaign("campaign")
TERMS = {"2010-2011-1": ("S2", 2010, "2010-12-20"), "2011-2012-1": ("S3", 2011, "2011-12-20")}


def report(counts: dict[tuple[str, str, str], tuple[int, int]], lang: str = "zh") -> Report:
    """Ballots by (semester, item, group): so many satisfied, so many not."""
    rows = [
        {
            "semester": term,
            "stage": TERMS[term][0],
            "year": TERMS[term][1],
            "held_on": pd.Timestamp(TERMS[term][2]),
        }
        | {
            "occasion": "satisfaction",
            "occasion_id": term,
            "item": item,
            "rater_group": group,
            "scale": "sat3",
        }
        | {"level": level, "count": number}
        for (term, item, group), numbers in counts.items()
        for level, number in zip(("satisfied", "dissatisfied"), numbers, strict=True)
    ]
    return reported(conform("votes", rows), lang)


def reported(votes: pd.DataFrame, lang: str = "zh") -> Report:
    tables = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    hidden = decide(votes, tables.units, tables.people, CAMPAIGN)
    return Report(CAMPAIGN, masked(replace(tables, votes=votes), hidden), lang, "public")


def by_branch(
    counts: dict[str, tuple[int, int]], semester: str = "2010-2011-1", **about: object
) -> list[dict[str, object]]:
    """Rows of the others' ballots, by branch: so many satisfied, so many not."""
    stage, year, day = TERMS[semester]
    base = {"occasion": "satisfaction", "item": ITEM, "rater_group": "nonmember", "scale": "sat3"}
    base |= {"semester": semester, "stage": stage, "year": year, "held_on": pd.Timestamp(day)} | about
    return [
        base | {"occasion_id": f"{unit} {semester}", "unit": unit, "level": level, "count": number}
        for unit, numbers in counts.items()
        for level, number in zip(("satisfied", "dissatisfied"), numbers, strict=True)
    ]


ITEM = "leadership"
MANY = {
    ("2010-2011-1", ITEM, "member"): (40, 10),
    ("2010-2011-1", ITEM, "nonmember"): (15, 15),
    ("2011-2012-1", ITEM, "member"): (48, 2),
    ("2011-2012-1", ITEM, "nonmember"): (27, 3),
}


def test_rates_are_those_counted_by_hand():
    """Members 40 of 50 = 80 %, then 48 of 50 = 96 %; the others 15 of 30 = 50 %, then 27 of 30 = 90 %."""
    found = cx.rates(report(MANY), "semester").set_index(["semester", "rater_group"])["strict"]
    assert found.round(4).to_dict() == {
        ("2010-2011-1", "member"): 0.8,
        ("2010-2011-1", "nonmember"): 0.5,
        ("2011-2012-1", "member"): 0.96,
        ("2011-2012-1", "nonmember"): 0.9,
    }


def test_groups_are_never_pooled_whatever_is_asked():
    """All ballots of the members: 88 of 100. The same people twice: no interval, and it is said."""
    found = cx.rates(report(MANY), ["rater_group"])
    members = found.set_index("rater_group").loc["member"]
    assert (members["valid"], members["strict"]) == (100, 0.88)
    assert pd.isna(members["strict_low"])
    assert "2 行含同一批人的多次测评" in found._repr_html_()


def test_items_and_groups_can_be_chosen():
    found = cx.rates(report(MANY), ["semester", "item"], items=[ITEM], groups=["member"])
    assert found["strict"].tolist() == [0.8, 0.96]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_figures_show_their_title_bases_and_notes(lang):
    html = cx.rates(report(MANY, lang), ["semester", "item"])._repr_html_()
    assert {"zh": "满意率（学期 × 测评项目）", "en": "Satisfaction (Semester × Item)"}[lang] in html
    assert ">50<" in html
    assert "80.0%" in html
    assert CAMPAIGN.items[ITEM].label(lang) in html
    assert {"zh": "括号内为95%区间", "en": "in brackets 95% intervals"}[lang] in html


def test_a_group_too_small_has_no_number_anywhere():
    """Four of the others answered, three of them satisfied: neither 3, 4 nor 75 % may be read."""
    few = MANY | {("2011-2012-1", ITEM, "nonmember"): (3, 1)}
    found = cx.rates(report(few), "semester")
    row = found.set_index(["semester", "rater_group"]).loc[("2011-2012-1", "nonmember")]
    assert row["hidden"]
    assert row[["valid", "strict", "strict_count", "inclusive"]].isna().all()
    assert "75.0%" not in found._repr_html_()
    assert "1 行不公布" in found._repr_html_()


def test_what_is_made_from_figures_is_an_ordinary_frame():
    found = cx.rates(report(MANY))
    for other in (found.query("rater_group == 'member'"), found.head(1), found.pipe(lambda f: f[["strict"]])):
        assert type(other) is pd.DataFrame
    assert "<table" in found.head(1)._repr_html_()


def test_figures_changed_in_place_show_what_they_hold():
    found = cx.rates(report(MANY))
    assert "80.0%" in found._repr_html_()
    found["strict"] = 0.125
    assert "80.0%" not in found._repr_html_()
    assert "0.125" in found._repr_html_()


#: 3 ballots must not be seen, nor the 10 of which, with the 37 of all, they could be told.
BRANCHES = {"一支部": (2, 1), "二支部": (20, 4), "三支部": (7, 3)}


@pytest.mark.parametrize("by", ["branch", ["branch", "semester"], ["branch", "stage"], ["year", "branch"]])
def test_branches_that_may_not_be_told_apart_have_no_number(by):
    asked = reported(conform("votes", by_branch(BRANCHES)))
    found = cx.rates(asked, by).set_index("branch")
    assert found["hidden"].to_dict() == {"一支部": True, "三支部": True, "二支部": False}
    assert found["valid"].dropna().to_dict() == {"二支部": 24}
    assert cx.rates(asked)["valid"].tolist() == [37]


def test_a_sum_over_semesters_is_hidden_if_one_of_them_must_be():
    """The first branch's second semester alone would do; with the 3 ballots of its first it has no number."""
    later = by_branch({"一支部": (15, 5), "二支部": (20, 4), "三支部": (7, 3)}, "2011-2012-1")
    asked = reported(conform("votes", [*by_branch(BRANCHES), *later]))
    whole = cx.rates(asked, "branch").set_index("branch")
    assert whole["valid"].dropna().to_dict() == {"二支部": 48}
    terms = cx.rates(asked, ["branch", "semester"]).set_index(["branch", "semester"])["valid"].dropna()
    assert terms.loc["一支部"].to_dict() == {"2011-2012-1": 20}


def test_the_turnout_of_all_branches_is_that_of_none():
    """50 papers for both branches: what was issued in one of them is not known, and its silent are not counted."""
    rows = [row | {"occasion_id": "both"} for row in by_branch({"一支部": (12, 8), "二支部": (15, 5)})]
    turnout = [{"occasion": "satisfaction", "occasion_id": "both", "rater_group": "nonmember"}]
    turnout = conform("turnout", [turnout[0] | {"semester": "2010-2011-1", "eligible": 50, "issued": 50}])
    asked = reported(conform("votes", rows))
    asked = replace(asked, tables=replace(asked.tables, turnout=turnout))
    assert cx.rates(asked)[["valid", "population", "issued"]].to_numpy().tolist() == [[40, 50, 50]]
    found = cx.rates(asked, "branch")
    assert found["valid"].tolist() == [20, 20]
    assert found[["population", "issued"]].isna().all(axis=None)


def test_a_branch_of_one_mind_has_no_number():
    asked = reported(conform("votes", by_branch({"一支部": (12, 0), "二支部": (20, 4), "三支部": (17, 3)})))
    assert bool(cx.rates(asked, "branch").set_index("branch").loc["一支部", "hidden"])


def test_a_part_of_one_mind_hides_its_semester():
    """A semester in two stages: 9 of 9 in the second would be read off a table by stage."""
    rows = by_branch({"一支部": (8, 5)}) + by_branch({"一支部": (9, 0)}, stage="S3", year=2011)
    asked = reported(conform("votes", [row | {"unit": None, "occasion_id": row["stage"]} for row in rows]))
    for by in ("semester", "stage", "year"):
        assert cx.rates(asked, by)["hidden"].all()


def test_several_items_have_rows_of_their_own():
    other = next(code for code in CAMPAIGN.items if code != ITEM)
    two = {**MANY, ("2011-2012-1", other, "member"): (30, 20)}
    found = cx.rates(report(two), items=[other, ITEM], groups=["member"])
    assert found.groupby("item")["valid"].sum().to_dict() == {ITEM: 100, other: 50}
    assert "测评项目" in found._repr_html_()


def test_ballots_that_are_all_for_somebody_have_no_share():
    rows = by_branch(BRANCHES, occasion="nomination", scale="vote")
    asked = reported(conform("votes", [*by_branch(BRANCHES), *(row | {"level": "for"} for row in rows)]))
    with pytest.raises(ValueError, match=r"occasion.*nomination.*satisfaction"):
        cx.rates(asked, occasion="nomination")


def test_what_other_occasions_share_is_no_satisfaction():
    rows = by_branch(BRANCHES, occasion="member")
    html = cx.rates(reported(conform("votes", rows)), occasion="member")._repr_html_()
    assert CAMPAIGN.layouts["T06"].name("zh") + "：最高等次占比（学期）" in html
    assert "满意率" not in html.partition("<table")[0]


def test_a_comparison_is_that_of_the_pages():
    asked = report(MANY)
    found = cx.compare(asked, items=[ITEM]).set_index("rater_group")
    assert found.loc["nonmember", "verdict"] == "rose"  # 50 % -> 90 %, 30 ballots each
    assert round(found.loc["nonmember", "difference"], 4) == 0.4
    whole = asked.verdicts.changes
    pages = whole[whole["kind"].eq("period")].set_index("rater_group")
    assert found["p_adjusted"].to_dict() == pages["p_adjusted"].to_dict()
    assert found.columns[:6].tolist() == ["item", "start", "end", "start_rate", "end_rate", "difference"]
    html = cx.compare(asked)._repr_html_()
    assert "+40.0" in html
    assert "Benjamini" in html


def test_stages_are_compared_though_semesters_set_the_same_ballots_side_by_side():
    """S2 and S3 have an occasion each: what the stages show is what the semesters show, and no further test."""
    found = cx.compare(report(MANY), "stage").set_index("rater_group")
    assert found["verdict"].to_dict() == {"member": "rose", "nonmember": "rose"}
    assert round(found.loc["nonmember", "difference"], 4) == 0.4


def test_groups_are_compared_and_branches_are_not_there():
    asked = report(MANY)
    assert cx.compare(asked, "group")["kind"].unique().tolist() == ["group"]
    assert cx.compare(asked, "branch").empty
    assert "<thead" in cx.compare(asked, "branch")._repr_html_()


@pytest.mark.parametrize(
    ("call", "asked", "known"),
    [
        (cx.rates, {"by": "weekday"}, "rater_group"),
        (cx.rates, {"items": ["weekday"]}, ITEM),
        (cx.rates, {"groups": ["weekday"]}, "nonmember"),
        (cx.rates, {"occasion": "weekday"}, "satisfaction"),
        (cx.compare, {"kind": "weekday"}, "branch"),
        (cx.compare, {"items": ["weekday"]}, ITEM),
    ],
)
def test_an_unknown_question_is_told_what_there_is(call, asked, known):
    with pytest.raises(ValueError, match=f"weekday.*{known}"):
        call(report(MANY, "en"), **asked)


@pytest.mark.parametrize("call", [cx.rates, cx.compare])
def test_tables_are_no_report_and_it_is_said_what_is(call):
    with pytest.raises(TypeError, match=r"cx\.open_report.*Tables"):
        call(report(MANY).tables)


def test_a_report_is_named_briefly():
    assert len(repr(report(MANY))) < 200
