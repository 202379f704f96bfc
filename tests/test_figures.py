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
    tables = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    votes = conform("votes", rows)
    hidden = decide(votes, tables.units, tables.people, CAMPAIGN)
    return Report(CAMPAIGN, masked(replace(tables, votes=votes), hidden, "the whole"), lang, "public")


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
    assert "1 行因人数过少不公布" in found._repr_html_()


def test_what_is_made_from_figures_is_an_ordinary_frame():
    found = cx.rates(report(MANY))
    for other in (found.query("rater_group == 'member'"), found.head(1), found.pipe(lambda f: f[["strict"]])):
        assert type(other) is pd.DataFrame
    assert "<table" in found.head(1)._repr_html_()


def test_a_comparison_is_that_of_the_pages():
    asked = report(MANY)
    found = cx.compare(asked, items=[ITEM]).set_index("rater_group")
    assert found.loc["nonmember", "verdict"] == "rose"  # 50 % -> 90 %, 30 ballots each
    assert round(found.loc["nonmember", "difference"], 4) == 0.4
    whole = asked.verdicts.changes
    pages = whole[whole["kind"].eq("period")].set_index("rater_group")
    assert found["p_adjusted"].to_dict() == pages["p_adjusted"].to_dict()
    html = cx.compare(asked)._repr_html_()
    assert "+40.0" in html
    assert "Benjamini" in html


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
