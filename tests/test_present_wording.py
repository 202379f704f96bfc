"""Sentences: direction, size, base, certainty and caveat come from the table, and none says more than its verdict."""

import itertools
import re
from dataclasses import replace
from datetime import date

import msgspec
import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure import changes as measured
from cxzy_lib.measure import trends as moved
from cxzy_lib.measure.returns import returns_to_check
from cxzy_lib.present import unit_words, wording
from cxzy_lib.specs import Break
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform
from cxzy_lib.texts import catalogue

CAMPAIGN = load_campaign("campaign")
#: Words that claim a change or a difference, by what they claim.
CLAIMS = {
    ("period", "rose"): {"zh": ["可以认为有上升", "升至"], "en": ["this is a rise", "up "]},
    ("period", "fell"): {"zh": ["可以认为有下降", "降至"], "en": ["this is a fall", "down "]},
    ("group", "rose"): {"zh": ["可以认为有差别", "高于"], "en": ["this is a difference", "above"]},
    ("group", "fell"): {"zh": ["可以认为有差别", "低于"], "en": ["this is a difference", "below"]},
}
DOUBTS = {"zh": "不足以说明", "en": "does not show a"}


def change(verdict, kind="period", **more):
    down = verdict == "fell"
    rates = (0.8, 0.6) if down else (0.6, 0.8)
    if verdict == "no_detectable_change":
        rates = (0.6, 0.65)
    known = verdict != "not_comparable"
    row = {
        "kind": kind,
        "item": "leadership",
        "rater_group": "member" if kind == "period" else "2011-2012-2",
        "start": ("2010-2011-1" if kind == "period" else "nonmember") if known else None,
        "end": "2011-2012-2" if kind == "period" else "member",
        "start_rate": rates[0] if known else None,
        "end_rate": rates[1],
        "difference": rates[1] - rates[0] if known else None,
        "low": -0.051 if known else None,
        "high": 0.152 if known else None,
        "start_valid": 98,
        "end_valid": 103,
        "grade": "comparable" if known else "not_comparable",
        "reasons": "",
        "verdict": verdict,
        "robust": True,
        "rise": 0.12,
        "fall": 0.14,
        "compared": 3,
    }
    return pd.DataFrame([row | more])


def sentence(verdict, lang, kind="period", campaign=CAMPAIGN, short=False, **more):
    (told,) = wording.change_sentences(change(verdict, kind, **more), campaign, lang, short=short)
    return told


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["period", "group"])
@pytest.mark.parametrize("verdict", measured.VERDICTS)
def test_a_sentence_claims_what_its_verdict_says_and_nothing_else(verdict, kind, lang):
    for grade, robust, short in itertools.product(("comparable", "flagged"), (True, False), (True, False)):
        more = {"robust": robust}
        if verdict != "not_comparable":
            more |= {"grade": grade, "reasons": "scale_top" if grade == "flagged" else ""}
        told = sentence(verdict, lang, kind, short=short, **more)
        own = CLAIMS.get((kind, verdict), {"zh": [], "en": []})[lang]
        assert all(words in told for words in own)
        others = {w for by in CLAIMS.values() for w in by[lang]} - set(own)
        assert not [words for words in others if words in told]
        assert (DOUBTS[lang] in told) == (verdict == "no_detectable_change")
        if verdict == "not_comparable":
            assert not re.search(r"\d\.\d", told)  # no figure to take for a change
            continue
        assert {"98", "103"} <= set(re.findall(r"\d+", told))  # both bases
        size = "5.0" if verdict == "no_detectable_change" else "20.0"
        assert size in told
        assert ("-5.1" in told, "+15.2" in told) == ((not short), (not short))
        assert ("供参照" in told or "reference only" in told) == (grade == "flagged")
        doubtful = verdict in ("rose", "fell") and not robust
        assert ("未表态的人" in told or "stayed silent" in told) == doubtful


def test_the_sentences_in_full():
    assert sentence("rose", "zh") == (
        "党员满意率：由2010年秋的 60.0% 升至2012年春的 80.0%，上升 20.0 个百分点"
        "（区间 -5.1 至 +15.2，有效 98、103 票），可以认为有上升。"
    )
    assert sentence("no_detectable_change", "zh", item="service") == (
        "党员对“为群众办实事做好事解难事情况”的满意率：2010年秋 60.0%、2012年春 65.0%，相差 +5.0 个百分点"
        "（区间 -5.1 至 +15.2，有效 98、103 票），在现有票数下不足以说明有变化；"
        "要看得出，至少须升 12.0 或降 14.0 个百分点。"
    )
    assert (
        sentence("not_comparable", "zh", reasons="wording")
        == "党员满意率：2012年春没有可以相比的前次结果（提法变化）。"
    )
    assert (
        sentence("not_comparable", "zh", "group", reasons="wording")
        == "满意率：2012年春各类评议人测评的条件不同，不可比（提法变化）。"
    )
    assert sentence("fell", "en", robust=False) == (
        "Satisfaction, Members: down 20.0 points from 80.0% (Autumn 2010) to 60.0% (Spring 2012; interval -5.1 to"
        " +15.2; 98 and 103 valid ballots): this is a fall. But if those who stayed silent had answered otherwise,"
        " it could not be told."
    )


@pytest.mark.parametrize(
    ("rise", "fall", "words"),
    [
        (None, 0.2, "至少须降 20.0 个百分点；再升也看不出"),
        (0.2, None, "至少须升 20.0 个百分点；再降也看不出"),
        (None, None, "升降多少都看不出"),
    ],
)
def test_what_no_number_of_votes_could_show_is_said(rise, fall, words):
    assert words in sentence("no_detectable_change", "zh", rise=rise, fall=fall)


def test_differences_are_of_unrounded_figures_and_it_is_said_where_that_shows():
    odd = {"start_rate": 0.9314, "end_rate": 0.9406, "difference": 0.0092}  # 93.1, 94.1 and 0.9
    assert "相差 +0.9 个百分点" in sentence("no_detectable_change", "zh", **odd)
    assert "未四舍五入" in sentence("no_detectable_change", "zh", **odd)
    assert "未四舍五入" not in sentence("no_detectable_change", "zh")


def test_a_declared_break_is_told_in_its_own_words():
    broken = Break(since=date(2011, 1, 1), reason="wording", grade="flagged", zh="题目改写", en="Reworded")
    rules = msgspec.structs.replace(CAMPAIGN.comparability, breaks=(broken,))
    declared = replace(CAMPAIGN, comparability=rules)
    told = sentence("rose", "zh", campaign=declared, grade="flagged", reasons="break-1 mode")
    assert told.endswith("供参照：题目改写；填答方式变化。")


def test_every_reason_has_words_of_its_own():
    for lang in ("zh", "en"):
        told = [wording.reasons_words(reason, CAMPAIGN, lang) for reason in CAMPAIGN.comparability.grades]
        assert len(set(told)) == len(told) == 7
        assert all(told)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verdict", moved.VERDICTS)
def test_a_trend_is_told_as_its_verdict_says(verdict, lang):
    row = {
        "item": "leadership",
        "rater_group": "member",
        "start": "2010-2011-1",
        "end": "2011-2012-2",
        "periods": 3,
        "ballots": 305,
        "smallest_p": 0.67,
        "verdict": verdict,
    }
    (told,) = wording.trend_sentences(pd.DataFrame([row]), CAMPAIGN, lang)
    claims = {"rising": ("趋好", "moved up"), "falling": ("趋差", "moved down")}
    for name, words in claims.items():
        assert any(word in told for word in words) == (name == verdict)
    assert ("0.67" in told) == (verdict == "declined")


def test_the_number_of_comparisons_is_told_with_how_many_show_something():
    found = pd.concat([change("rose"), change("no_detectable_change"), change("not_comparable")])
    trends = pd.DataFrame({"verdict": ["rising", "declined"]})
    told = wording.compared_sentence(found, trends, CAMPAIGN, "zh")
    assert "共作 3 项" in told
    assert "不超过 5%" in told
    assert "有 2 项" in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_missing_group_is_named_and_its_range_told_instead_of_a_rate(lang):
    given = {"organisation": 0.3, "nonmember": 0.7}
    whole = {"value": 0.8, "low": 0.8, "high": 0.8, "missing": [], "renormalised": None}
    lacking = {"value": None, "low": 0.56, "high": 0.86, "missing": ["organisation"], "renormalised": 0.81}
    assert "80.0%" in wording.weighted_sentence(whole, given, "P", lang)
    told = wording.weighted_sentence(lacking, given, "P", lang)
    assert ("支部评定" if lang == "zh" else "Branch decision") in told
    assert re.findall(r"(?<=\D)(?:56|86|81)\.0%", told) == ["56.0%", "86.0%", "81.0%"]
    assert ("不能代替" if lang == "zh" else "does not stand for it") in told


@pytest.mark.parametrize(
    ("position", "comparable", "words"),
    [
        ("above", True, "高于偶然波动范围"),
        ("below", True, "低于偶然波动范围"),
        ("within", True, "不足以认定"),
        (None, False, "不参加比较（基数过小）"),
    ],
)
def test_a_unit_is_told_as_its_position_says(position, comparable, words):
    row = {"unit": "第一支部", "base": 30, "units": 6, "rate": 0.567, "centre": 0.681, "position": position}
    row |= {"comparable": comparable, "reason": None if comparable else "small_base"}
    (told,) = unit_words.unit_sentences(pd.DataFrame([row]), "zh")
    assert words in told
    for other in ("高于偶然", "低于偶然", "不足以认定", "不参加"):
        assert (other in told) == (other in words)


def test_who_cannot_be_told_from_the_award_line_is_counted():
    calls = pd.DataFrame({"call": ["in", "indistinguishable", "indistinguishable", "out", None]})
    told = unit_words.rank_sentence(calls, "zh")
    assert "可与入围线相比的 4 人次" in told
    assert "2 人次与入围线分不清" in told
    assert "由评委会决定" in told
    ranked = calls.iloc[4:].assign(rank_low=1)
    assert "没有可以判断的入围线" in unit_words.rank_sentence(ranked, "zh")
    assert "没有可以列出的得票" in unit_words.rank_sentence(ranked.assign(rank_low=None), "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_returns_are_a_request_to_look_and_accuse_nobody(lang):
    kinds = [key.removeprefix("pages.return_") for key in catalogue() if key.startswith("pages.return_")]
    row = {
        "occasion_id": "a",
        "occasion": "survey",
        "period": "2011-2012-2",
        "unit": None,
        "count": 7,
        "base": 20,
    }
    row |= {"rater_group": "member", "other": "12-18", "value": 0.25, "source_file": "f", "source_sheet": "s"}
    frame = pd.DataFrame([row | {"kind": kind} for kind in kinds])
    told = unit_words.return_sentences(frame, CAMPAIGN, lang)
    assert len(told) == 6
    for line in told:
        assert ("请核实" if lang == "zh" else "please check") in line
        assert "{" not in line
        assert not re.search("造假|作弊|违规|舞弊|fraud|cheat|fake|forg", line)
    empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    assert returns_to_check(empty, CAMPAIGN, CAMPAIGN.setting("return_checks")).empty


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verdict", measured.VERDICTS)
def test_no_title_is_surer_than_its_sentence(verdict, lang):
    flagged, cast = ("供参照", "有效票") if lang == "zh" else ("reference only", "ballots cast")
    for grade, robust in itertools.product(("comparable", "flagged"), (True, False)):
        title = wording.change_title(change(verdict, grade=grade, robust=robust), lang)
        told = verdict in ("rose", "fell")
        assert (flagged in title) == (told and grade == "flagged")
        assert (cast in title) == (told and not robust)
        linked = wording.change_title(change(verdict, grade=grade, robust=robust, linked_base=40), lang)
        assert linked == title + (
            "（前后都作答的人）" if lang == "zh" else " (of those who answered both times)"
        )
    assert wording.change_title(change(verdict, "group"), lang) == ""


def test_points_are_rounded_after_they_are_worked_out():
    """58.495 and 52.952 % stand as 58.5 and 53.0, 5.5 apart: they are 5.5; with 58.46 and 52.94 a note is due."""
    told = sentence("fell", "zh", start_rate=0.5846, end_rate=0.5294, difference=0.5294 - 0.5846)
    assert "58.5%" in told
    assert "52.9%" in told
    assert "5.5 个百分点" in told
    assert "四舍五入" in told
