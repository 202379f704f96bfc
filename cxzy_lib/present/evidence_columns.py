"""The columns of tables that say how sure a figure is, and the frames that need their codes written out."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.changes import records
from cxzy_lib.present.columns import RATERS
from cxzy_lib.present.tables import Column, Kind
from cxzy_lib.present.wording import (
    group_name,
    percent,
    period_name,
    period_names,
    points,
    reasons_words,
    say,
    series,
    side_name,
)
from cxzy_lib.texts import text


def _heads(lang: str, names: str, kind: Kind = "cell") -> list[Column]:
    return [Column(name, say(f"col_{name}", lang), kind) for name in names.split()]


def _item(code: object, campaign: Campaign, lang: str) -> str:
    return campaign.items[str(code)].label(lang) if code in campaign.items else str(code)


def _group(lang: str) -> Column:
    return Column("rater_group", say("col_group", lang), words={g: group_name(g, lang) for g in RATERS})


def p_words(p: float | None) -> str | None:
    """Return a p value as it is written.

    Examples
    --------
    >>> p_words(0.356), p_words(0.0004), p_words(None)
    ('0.36', '<0.01', None)
    """
    if p is None or pd.isna(p):
        return None
    return "<0.01" if p < 0.01 else f"{p:.2f}"


def _span(row: Mapping[Any, Any], low: str, high: str) -> str | None:
    return None if row[low] is None else f"{100 * row[low]:+.1f} – {100 * row[high]:+.1f}"


def _change(row: Mapping[Any, Any]) -> str:
    return f"{100 * row['difference']:+.1f} ({_span(row, 'low', 'high')})"


def _least(row: Mapping[Any, Any]) -> str:
    """Return the smallest rise and fall that would have shown, in points; a dash where none would."""
    told = (points(row[name]) if row[name] is not None else "—" for name in ("rise", "fall"))
    return "↑{} ↓{}".format(*told)


def written_changes(changes: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return `judged` with every figure written out: a row for each comparison, those not made included."""
    rows = []
    for row in records(changes):
        sides = {
            side: say(
                "side",
                lang,
                name=side_name(row, side, campaign, lang),
                rate=percent(row[f"{side}_rate"], lang),
                valid=row[f"{side}_valid"],
            )
            if row[f"{side}_rate"] is not None
            else None
            for side in ("start", "end")
        }
        group = (
            say("between_groups", lang, **{side: group_name(row[side], lang) for side in ("start", "end")})
            if row["kind"] == "group"
            else group_name(row["rater_group"], lang)
        )
        compared = row["verdict"] != "not_comparable"
        why = reasons_words(row["reasons"] or "", campaign, lang)
        why = say("because", lang, reasons=why) if why else ""
        rows.append(
            {
                "name": f"{_item(row['item'], campaign, lang)} · {group}{why}",
                **sides,
                "points": f"{100 * row['difference']:+.1f} ({_span(row, 'low', 'high')})"
                if compared
                else None,
                "body": _span(row, "body_low", "body_high") if compared else None,
                "p": p_words(row["p_adjusted"]),
                "detectable": _least(row) if compared else None,
                "verdict": text(f"present.short_{row['verdict']}", lang),
            }
        )
    return pd.DataFrame(rows)


def changes(lang: str) -> list[Column]:
    """Columns of `written_changes`."""
    return [
        Column("name", say("col_content", lang), "prose"),
        *_heads(lang, "start end points body", "id"),
        *_heads(lang, "p"),
        *_heads(lang, "detectable", "id"),
        *_heads(lang, "verdict", "text"),
    ]


def written_trends(trends: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return `with_odds` written out."""
    rows = []
    for row in records(trends):
        odds = [row[name] for name in ("odds", "odds_low", "odds_high")]
        known = all(value is not None and not pd.isna(value) for value in odds)
        periods = [period_name(campaign, row[end], lang) for end in ("start", "end")]
        rows.append(
            {
                "name": f"{_item(row['item'], campaign, lang)} · {group_name(row['rater_group'], lang)}",
                "run": " – ".join(periods),
                "periods": row["periods"],
                "ballots": row["ballots"],
                "odds": f"{odds[0]:.2f} ({odds[1]:.2f} – {odds[2]:.2f})" if known else None,
                "p": p_words(row["p_adjusted"]),
                "least": p_words(row["smallest_p"]),
                "verdict": say(f"short_{row['verdict']}", lang),
            }
        )
    return pd.DataFrame(rows)


def trends(lang: str) -> list[Column]:
    """Columns of `written_trends`."""
    return [
        Column("name", say("col_content", lang), "prose"),
        *_heads(lang, "run", "id"),
        Column("periods", say("col_rounds", lang), "count"),
        Column("ballots", say("col_valid", lang), "count"),
        *_heads(lang, "odds", "id"),
        *_heads(lang, "p least"),
        *_heads(lang, "verdict", "text"),
    ]


def written_registry(rows: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return `conditions` with the grade against the period before and its reasons in words."""
    grades = [
        say(f"grade_{grade}", lang) if isinstance(grade, str) else say("grade_first", lang)
        for grade in rows["grade_before"].astype(object).where(rows["grade_before"].notna(), None)
    ]
    return rows.assign(
        name=[_item(code, campaign, lang) for code in rows["item"]],
        grade=grades,
        reasons=_texts(reasons_words(codes, campaign, lang) for codes in rows["reasons_before"]),
        mode=[series((say(f"mode_{mode}", lang) for mode in modes.split()), lang) for modes in rows["mode"]],
    )


def _texts(words: Iterable[str]) -> "pd.api.extensions.ExtensionArray":
    """Return texts as a column in which none is missing."""
    return pd.array([word or pd.NA for word in words], "str")


def registry(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `written_registry`."""
    scales = {code: scale.name(lang) for code, scale in campaign.scales.items()}
    return [
        Column("name", say("col_item", lang), "prose"),
        _group(lang),
        Column("semester", say("col_semester", lang), words=period_names(campaign, lang)),
        Column("scale", say("col_scale", lang), "id", words=scales),
        Column("population", say("col_population", lang), "count"),
        *_heads(lang, "mode grade", "id"),
        *_heads(lang, "reasons", "prose"),
    ]


def written_index(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `index_by_period` with intervals, and the branches asked of all there are, written out."""
    rows = list(records(table))
    names = {
        "index_interval": ("index", "low", "high"),
        "score_interval": ("score", "score_low", "score_high"),
    }
    written = {name: _texts(_mean(row, *ends, lang) for row in rows) for name, ends in names.items()}
    return table.assign(**written)


def _mean(row: Mapping[Any, Any], value: str, low: str, high: str, lang: str) -> str:
    """Return a mean with its interval, "" without a mean."""
    if row[value] is None:
        return ""
    ends = say("index_alone", lang) if row[low] is None else f"{row[low]:.1f} – {row[high]:.1f}"
    sampled = row["branches"] is not None
    return f"{row[value]:.1f} ({ends})" + (say("of_branches", lang, **row) if sampled else "")


def index(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `written_index`."""
    scales = {code: scale.name(lang) for code, scale in campaign.scales.items()}
    return [
        Column("semester", say("col_semester", lang), words=period_names(campaign, lang)),
        _group(lang),
        Column("scale", say("col_scale", lang), "id", words=scales),
        *_heads(lang, "index_interval"),
        *_heads(lang, "sd", "number"),
        *_heads(lang, "valid", "count"),
        *_heads(lang, "score_interval"),
        *_heads(lang, "respondents", "count"),
    ]


def response(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `response_by_group`."""
    return [
        Column("semester", say("col_semester", lang), words=period_names(campaign, lang)),
        _group(lang),
        Column("eligible", say("col_population", lang), "count"),
        *_heads(lang, "issued returned valid silent", "count"),
        *_heads(lang, "return_rate response_rate", "share"),
    ]


def item_rest(lang: str) -> list[Column]:
    """Columns of `item_rest`."""
    return [
        Column("item", say("col_item", lang)),
        Column("base", say("col_base", lang), "count"),
        *(
            Column(name, say(f"col_{name}", lang), "number", digits=2)
            for name in ("item_rest", "alpha_without")
        ),
    ]


def agreement(lang: str) -> list[Column]:
    """Columns of `agreement`, a row for each group of raters."""
    return [
        _group(lang),
        Column("appraisees", say("col_appraised", lang), "count"),
        Column("ratings", say("col_graded", lang), "count"),
        Column("alpha", say("col_alpha", lang), "number", digits=2),
    ]


def severity(lang: str) -> list[Column]:
    """Columns of the raters of `severity`."""
    groups = {group: group_name(group, lang) for group in RATERS}
    return [
        Column("rater", say("col_group", lang), words=groups),
        Column("ratings", say("col_graded", lang), "count"),
        Column("raw", say("col_raw_mean", lang), "number"),
        Column("severity", say("col_severity", lang), "number", digits=2),
    ]


def units(lang: str, unit: str = "", rate: str = "") -> list[Column]:
    """Columns of `fair_comparison`: the raw rate first, then what can be said for sure.

    `unit` and `rate` head the units' names (by default branches) and what the rate is (pledges kept).
    """
    words = {
        "position": ("above", "below", "within"),
        "tier": ("upper", "middle", "lower"),
        "reason": (
            *("scale_differs", "denominator_differs", "small_base", "no_data", "single_unit"),
            *("not_returned", "twice", "rate_only", "over_base", "low_turnout", "hidden"),
        ),
    }
    names = {key: {code: text(f"units.{code}", lang) for code in codes} for key, codes in words.items()}
    return [
        Column("unit", unit or say("col_branch", lang)),
        *_heads(lang, "count base", "count"),
        Column("rate", rate or say("col_kept_rate", lang), "share"),
        Column("shrunken", say("col_shrunken", lang), "share", "shrunken_low", "shrunken_high"),
        Column("position", say("col_position", lang), words=names["position"]),
        Column("rank_low", say("col_rank_low", lang), "count"),
        Column("rank_high", say("col_rank_high", lang), "count"),
        Column("tier", say("col_tier", lang), words=names["tier"]),
        Column("reason", say("col_reasons", lang), words=names["reason"]),
    ]
