"""The columns of tables that say how sure a figure is, and the frames that need their codes written out."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.changes import records
from cxzy_lib.present.columns import columns_of, group_column, period_column, scale_column
from cxzy_lib.present.tables import Column
from cxzy_lib.present.wording import (
    group_name,
    item_name,
    percent,
    period_name,
    points,
    reasons_words,
    say,
    series,
    side_name,
)
from cxzy_lib.texts import text


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
        compared = row["verdict"] != "not_comparable"
        rows.append(
            {
                "name": _compared(row, campaign, lang),
                "start": _side(row, "start", campaign, lang),
                "end": _side(row, "end", campaign, lang),
                "points": _change(row) if compared else None,
                "body": _span(row, "body_low", "body_high") if compared else None,
                "p": p_words(row["p_adjusted"]),
                "detectable": _least(row) if compared else None,
                "verdict": text(f"present.short_{row['verdict']}", lang),
            }
        )
    return pd.DataFrame(rows)


def _compared(row: Mapping[Any, Any], campaign: Campaign, lang: str) -> str:
    """Return what is compared, and why not or only for reference."""
    if row["kind"] == "group":
        group = say("between_groups", lang, **{end: group_name(row[end], lang) for end in ("start", "end")})
    else:
        group = group_name(row["rater_group"], lang)
    why = reasons_words(row["reasons"] or "", campaign, lang)
    why = say("because", lang, reasons=why) if why else ""
    return f"{item_name(row['item'], campaign, lang)} · {group}{why}"


def _side(row: Mapping[Any, Any], side: str, campaign: Campaign, lang: str) -> str | None:
    if row[f"{side}_rate"] is None:
        return None
    name, rate = side_name(row, side, campaign, lang), percent(row[f"{side}_rate"], lang)
    return say("side", lang, name=name, rate=rate, valid=row[f"{side}_valid"])


def changes(lang: str) -> list[Column]:
    """Columns of `written_changes`."""
    return [
        *columns_of(lang, "name=content", "prose"),
        *columns_of(lang, "start end points body", "id"),
        *columns_of(lang, "p", "cell"),
        *columns_of(lang, "detectable", "id"),
        *columns_of(lang, "verdict"),
    ]


def written_trends(trends: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return `with_odds` written out."""
    rows = []
    for row in records(trends):
        odds = [row[name] for name in ("odds", "odds_low", "odds_high")]
        periods = [period_name(campaign, row[end], lang) for end in ("start", "end")]
        rows.append(
            {
                "name": f"{item_name(row['item'], campaign, lang)} · {group_name(row['rater_group'], lang)}",
                "run": " – ".join(periods),
                "periods": row["periods"],
                "ballots": row["ballots"],
                "odds": None if None in odds else "{:.2f} ({:.2f} – {:.2f})".format(*odds),
                "p": p_words(row["p_adjusted"]),
                "least": p_words(row["smallest_p"]),
                "verdict": say(f"short_{row['verdict']}", lang),
            }
        )
    return pd.DataFrame(rows)


def trends(lang: str) -> list[Column]:
    """Columns of `written_trends`."""
    return [
        *columns_of(lang, "name=content", "prose"),
        *columns_of(lang, "run", "id"),
        *columns_of(lang, "periods=rounds ballots=valid", "count"),
        *columns_of(lang, "odds", "id"),
        *columns_of(lang, "p least", "cell"),
        *columns_of(lang, "verdict"),
    ]


def written_registry(rows: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return `conditions` with the grade against the period before and its reasons in words."""
    grades = rows["grade_before"].fillna("first")
    return rows.assign(
        name=[item_name(code, campaign, lang) for code in rows["item"]],
        grade=[say(f"grade_{grade}", lang) for grade in grades],
        reasons=_texts(reasons_words(codes, campaign, lang) for codes in rows["reasons_before"]),
        mode=[series((say(f"mode_{mode}", lang) for mode in modes.split()), lang) for modes in rows["mode"]],
    )


def _texts(words: Iterable[str]) -> "pd.api.extensions.ExtensionArray":
    """Return texts as a column in which none is missing."""
    return pd.array([word or pd.NA for word in words], "str")


def registry(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `written_registry`."""
    return [
        *columns_of(lang, "name=item", "prose"),
        group_column(lang),
        period_column(campaign, lang),
        scale_column(campaign, lang),
        *columns_of(lang, "population", "count"),
        *columns_of(lang, "mode grade", "id"),
        *columns_of(lang, "reasons", "prose"),
    ]


def written_index(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `index_by_period` with intervals, and the branches asked of all there are, written out."""
    rows = list(records(table))
    return table.assign(
        index_interval=_texts(_mean(row, "index", "low", "high", lang) for row in rows),
        score_interval=_texts(_mean(row, "score", "score_low", "score_high", lang) for row in rows),
    )


def _mean(row: Mapping[Any, Any], value: str, low: str, high: str, lang: str) -> str:
    """Return a mean with its interval, "" without a mean."""
    if row[value] is None:
        return ""
    ends = say("index_alone", lang) if row[low] is None else f"{row[low]:.1f} – {row[high]:.1f}"
    sampled = row["branches"] is not None
    return f"{row[value]:.1f} ({ends})" + (say("of_branches", lang, **row) if sampled else "")


def index(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `written_index`."""
    return [
        period_column(campaign, lang),
        group_column(lang),
        scale_column(campaign, lang),
        *columns_of(lang, "index_interval", "cell"),
        *columns_of(lang, "sd", "number"),
        *columns_of(lang, "valid", "count"),
        *columns_of(lang, "score_interval", "cell"),
        *columns_of(lang, "respondents", "count"),
    ]


def response(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `response_by_group`."""
    return [
        period_column(campaign, lang),
        group_column(lang),
        *columns_of(lang, "eligible=population issued returned valid silent", "count"),
        *columns_of(lang, "return_rate response_rate", "share"),
    ]


def item_rest(lang: str) -> list[Column]:
    """Columns of `item_rest`."""
    return [
        *columns_of(lang, "item"),
        *columns_of(lang, "base", "count"),
        *columns_of(lang, "item_rest alpha_without", "number", digits=2),
    ]


def agreement(lang: str) -> list[Column]:
    """Columns of `agreement`, a row for each group of raters."""
    return [
        group_column(lang),
        *columns_of(lang, "appraisees=appraised ratings=graded", "count"),
        *columns_of(lang, "alpha", "number", digits=2),
    ]


def severity(lang: str) -> list[Column]:
    """Columns of the raters of `severity`."""
    return [
        group_column(lang, "rater"),
        *columns_of(lang, "ratings=graded", "count"),
        *columns_of(lang, "raw=raw_mean", "number"),
        *columns_of(lang, "severity", "number", digits=2),
    ]


def units(lang: str, unit: str = "", rate: str = "") -> list[Column]:
    """Columns of `fair_comparison`: the raw rate first, then what can be said for sure.

    `unit` and `rate` head the units' names (by default branches) and what the rate is (pledges kept).
    """
    codes = "above below within upper middle lower scale_differs denominator_differs small_base no_data"
    codes += " single_unit not_returned twice rate_only over_base low_turnout hidden"
    words = {code: text(f"units.{code}", lang) for code in codes.split()}
    return [
        Column("unit", unit or say("col_branch", lang)),
        *columns_of(lang, "count base", "count"),
        Column("rate", rate or say("col_kept_rate", lang), "share"),
        Column("shrunken", say("col_shrunken", lang), "share", "shrunken_low", "shrunken_high"),
        Column("position", say("col_position", lang), words=words),
        *columns_of(lang, "rank_low rank_high", "count"),
        Column("tier", say("col_tier", lang), words=words),
        Column("reason", say("col_reasons", lang), words=words),
    ]
