"""Which columns of a frame a page shows, under which headings: one function for each table of the pages."""

from collections.abc import Collection

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.present.tables import Column, Kind
from cxzy_lib.present.wording import group_name, period_names, say
from cxzy_lib.texts import text

RATERS = ("member", "nonmember", "student", "parent", "community", "self", "organisation", "all")


def _columns(lang: str, names: str, kind: Kind) -> list[Column]:
    return [Column(name, say(f"col_{label}", lang), kind) for name, _, label in _split(names)]


def _split(names: str) -> list[tuple[str, str, str]]:
    """Read ``name`` or ``name=heading`` separated by spaces."""
    parts = [word.partition("=") for word in names.split()]
    return [(name, sep, label or name) for name, sep, label in parts]


def _group(lang: str) -> Column:
    return Column("rater_group", say("col_group", lang), words={g: group_name(g, lang) for g in RATERS})


def _scale(campaign: Campaign, lang: str) -> Column:
    words = {code: scale.name(lang) for code, scale in campaign.scales.items()}
    return Column("scale", say("col_scale", lang), "id", words=words)


def rates(campaign: Campaign, lang: str, by: str = "semester") -> list[Column]:
    """Columns of `shown_rates`: body and ballots in one column, then both rates with their intervals.

    The band of those who stayed silent stands beside the strict rate.
    """
    return [
        Column(by, say(f"col_{by}", lang), words=period_names(campaign, lang)),
        _group(lang),
        _scale(campaign, lang),
        Column("ballots", say("col_body_ballots", lang), "cell"),
        Column("strict", say("col_strict", lang), "share", "strict_low", "strict_high"),
        *_columns(lang, "worst", "cell"),
        Column("inclusive", say("col_inclusive", lang), "share", "inclusive_low", "inclusive_high"),
    ]


def ballots(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `shown_rates` that count the ballots, and the band of those who stayed silent."""
    return [
        Column("semester", say("col_semester", lang), words=period_names(campaign, lang)),
        _group(lang),
        *_columns(lang, "population issued returned void unknown abstained valid", "count"),
        Column("worst", say("col_worst", lang), "cell"),
    ]


def levels(wide: pd.DataFrame, campaign: Campaign, lang: str, heading: str) -> list[Column]:
    """Columns of `wide_levels`: a row for each bar of the chart, a column for each level."""
    names = {level.code: level.name(lang) for scale in campaign.scales.values() for level in scale.levels}
    cells = [Column(code, names[code], "cell") for code in wide.columns if code in names]
    return [Column("label", say(f"col_{heading}", lang)), *cells, *_columns(lang, "valid", "count")]


def attendance(lang: str) -> list[Column]:
    """Columns of `attendance_by_unit`."""
    counts = _columns(lang, "meetings expected present excused absent not_counted", "count")
    shares = _columns(lang, "attendance_rate=attendance unexcused_absence_rate=unexcused", "share")
    return [Column("unit", say("col_branch", lang)), *counts[:5], *shares, counts[5]]


def fortnights(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `fortnight_summary`: vacations left out, and the literal reading beside it."""
    days = campaign.binding.fortnight_days
    return [
        Column("unit", say("col_branch", lang)),
        *_columns(lang, "due held", "count"),
        *_columns(lang, "rate", "share"),
        Column("activities", say("col_meetings", lang), "count"),
        Column("literal_due", say("col_literal", lang, days=days), "number"),
        Column("literal_rate", say("col_literal_rate", lang), "number", digits=2),
        *_columns(lang, "longest_gap_days=gap", "count"),
        *_columns(lang, "gap_from gap_to", "date"),
    ]


def training(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `training_summary`."""
    hours = f"{campaign.binding.training_hours:g}"
    return [
        Column("unit", say("col_branch", lang)),
        *_columns(lang, "members", "count"),
        Column("reached", say("col_reached", lang, hours=hours), "count"),
        *_columns(lang, "on_course behind", "count"),
        *_columns(lang, "reached_share", "share"),
        Column("median_hours", say("col_median", lang), "number"),
    ]


def years(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `yearly_comparison` as `written_years` prepares it."""
    return [
        Column("name", say("col_measure", lang)),
        Column("year", say("col_year", lang)),
        Column("shown", say("col_value", lang)),
        *_columns(lang, "base", "count"),
        Column("exposure_days", say("col_exposure", lang), "count"),
        Column("shown_adjusted", say("col_adjusted", lang)),
        Column("told", say("col_comparable", lang), "prose"),
    ]


def late(lang: str, rights: Collection[str]) -> list[Column]:
    """Columns of what is overdue, by unit and kind; for the public by kind alone."""
    kinds = {kind: say(f"kind_{kind}", lang) for kind in ("pledge", "rectification", "both")}
    unit = [] if "units" not in rights else [Column("unit", say("col_unit", lang))]
    return [
        *unit,
        Column("kind", say("col_kind", lang), words=kinds),
        *_columns(lang, "late", "count"),
        *_columns(lang, "due_on", "date"),
        *_columns(lang, "days_late", "count"),
    ]


def files(lang: str) -> list[Column]:
    """Columns of the list of files."""
    words = {name: say(f"status_{name}", lang) for name in ("read", "partly", "unrecognised", "refused")}
    return [
        Column("source_file", say("col_file", lang)),
        Column("status", say("col_status", lang), words=words),
        *_columns(lang, "rows kept findings", "count"),
        Column("told", say("col_reason", lang), "prose"),
    ]


def findings(lang: str, rights: Collection[str]) -> list[Column]:
    """Columns of the rows to check; the public is not told the names of sheets."""
    sheet = [] if "cells" not in rights else [Column("source_sheet", say("col_sheet", lang))]
    return [
        Column("source_file", say("col_file", lang)),
        *sheet,
        Column("source_row", say("col_row", lang), "count"),
        Column("told", say("col_reason", lang), "prose"),
    ]


def no_data(lang: str) -> str:
    """The word for a missing figure."""
    return text("common.no_data", lang)
