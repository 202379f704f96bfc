"""Which columns of a frame a page shows, under which headings: one function for each table of the pages."""

from collections.abc import Collection

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.present.tables import Column, Kind
from cxzy_lib.present.wording import group_name, period_names, say
from cxzy_lib.texts import catalogue, text

RATERS = ("member", "nonmember", "student", "parent", "community", "self", "organisation", "all")


def columns_of(lang: str, names: str, kind: Kind = "text", digits: int = 1) -> list[Column]:
    """Return columns of one `kind`: ``name``, or ``name=heading`` where its text has another key.

    Examples
    --------
    >>> [(column.name, column.label) for column in columns_of("en", "valid unit=branch")]
    [('valid', 'Valid'), ('unit', 'Branch')]
    """
    parts = [word.partition("=") for word in names.split()]
    return [Column(name, say(f"col_{key or name}", lang), kind, digits=digits) for name, _, key in parts]


def period_column(campaign: Campaign, lang: str, by: str = "semester") -> Column:
    """Return the column of a semester or a stage."""
    return Column(by, say(f"col_{by}", lang), words=period_names(campaign, lang))


def group_column(lang: str, name: str = "rater_group") -> Column:
    """Return the column of the group of raters."""
    return Column(name, say("col_group", lang), words={group: group_name(group, lang) for group in RATERS})


def scale_column(campaign: Campaign, lang: str) -> Column:
    """Return the column of the scale."""
    words = {code: scale.name(lang) for code, scale in campaign.scales.items()}
    return Column("scale", say("col_scale", lang), "id", words=words)


def rates(campaign: Campaign, lang: str, by: str = "semester") -> list[Column]:
    """Columns of `shown_rates`: body and ballots in one column, then both rates with their intervals.

    The band of those who stayed silent stands beside the strict rate.
    """
    return [
        period_column(campaign, lang, by),
        group_column(lang),
        scale_column(campaign, lang),
        *columns_of(lang, "ballots=body_ballots", "cell"),
        Column("strict", say("col_strict", lang), "share", "strict_low", "strict_high"),
        *columns_of(lang, "worst", "cell"),
        Column("inclusive", say("col_inclusive", lang), "share", "inclusive_low", "inclusive_high"),
    ]


def ballots(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `shown_rates` that count the ballots, and the band of those who stayed silent."""
    return [
        period_column(campaign, lang),
        group_column(lang),
        *columns_of(lang, "population issued returned void unknown abstained valid", "count"),
        *columns_of(lang, "worst", "cell"),
    ]


def levels(wide: pd.DataFrame, campaign: Campaign, lang: str, heading: str) -> list[Column]:
    """Columns of `wide_levels`: a row for each bar of the chart, a column for each level."""
    names = {level.code: level.name(lang) for scale in campaign.scales.values() for level in scale.levels}
    cells = [Column(code, names[code], "cell") for code in wide.columns if code in names]
    return [*columns_of(lang, f"label={heading}"), *cells, *columns_of(lang, "valid", "count")]


def attendance(lang: str) -> list[Column]:
    """Columns of `attendance_by_unit`."""
    return [
        *columns_of(lang, "unit=branch"),
        *columns_of(lang, "meetings expected present excused absent", "count"),
        *columns_of(lang, "attendance_rate=attendance unexcused_absence_rate=unexcused", "share"),
        *columns_of(lang, "not_counted", "count"),
    ]


def fortnights(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `fortnight_summary`: vacations left out, and the literal reading beside it."""
    literal = say("col_literal", lang, days=campaign.binding.fortnight_days)
    return [
        *columns_of(lang, "unit=branch"),
        *columns_of(lang, "due held", "count"),
        *columns_of(lang, "rate", "share"),
        *columns_of(lang, "activities=meetings", "count"),
        Column("literal_due", literal, "number"),
        *columns_of(lang, "literal_rate", "number", digits=2),
        *columns_of(lang, "longest_gap_days=gap", "count"),
        *columns_of(lang, "gap_from gap_to", "date"),
    ]


def training(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `training_summary`."""
    hours = f"{campaign.binding.training_hours:g}"
    return [
        *columns_of(lang, "unit=branch"),
        *columns_of(lang, "members", "count"),
        Column("reached", say("col_reached", lang, hours=hours), "count"),
        *columns_of(lang, "on_course behind", "count"),
        *columns_of(lang, "reached_share", "share"),
        *columns_of(lang, "median_hours=median", "number"),
    ]


def years(lang: str) -> list[Column]:
    """Columns of `yearly_comparison` as `written_years` prepares it."""
    return [
        *columns_of(lang, "name=measure year shown=value"),
        *columns_of(lang, "base exposure_days=exposure", "count"),
        *columns_of(lang, "shown_adjusted=adjusted"),
        *columns_of(lang, "told=comparable", "prose"),
    ]


def late(lang: str, rights: Collection[str]) -> list[Column]:
    """Columns of what is overdue, by unit and kind; for the public by kind alone."""
    start = "pages.kind_"
    kinds = {key.removeprefix(start): text(key, lang) for key in catalogue() if key.startswith(start)}
    return [
        *(columns_of(lang, "unit") if "units" in rights else []),
        Column("kind", say("col_kind", lang), words=kinds),
        *columns_of(lang, "late", "count"),
        *columns_of(lang, "due_on", "date"),
        *columns_of(lang, "days_late", "count"),
    ]


def files(lang: str) -> list[Column]:
    """Columns of the list of files."""
    words = {name: say(f"status_{name}", lang) for name in ("read", "partly", "unrecognised", "refused")}
    return [
        *columns_of(lang, "source_file=file"),
        Column("status", say("col_status", lang), words=words),
        *columns_of(lang, "rows kept findings", "count"),
        *columns_of(lang, "told=reason", "prose"),
    ]


def findings(lang: str, rights: Collection[str]) -> list[Column]:
    """Columns of the rows to check; the public is not told the names of sheets."""
    sheet = " source_sheet=sheet" if "cells" in rights else ""
    return [
        *columns_of(lang, f"source_file=file{sheet}"),
        *columns_of(lang, "source_row=row", "count"),
        *columns_of(lang, "told=reason", "prose"),
    ]
