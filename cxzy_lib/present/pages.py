"""Parts of pages that take more than a line, such as a chart for each scale."""

from collections.abc import Iterable

import pandas as pd

from cxzy_lib.measure.basis import with_period
from cxzy_lib.present import charts, columns, page_words, prepare, theme, wording
from cxzy_lib.present.blocks import Block, See, figure, note
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import html_table


def joined(blocks: Iterable[Block]) -> Block:
    """Return several blocks as one."""
    return Block("".join(block.html for block in blocks))


def _level_figure(shares: pd.DataFrame, label: str, report: Report, title: str, caption: str) -> Block:
    lang = report.lang
    heading = "item" if label == "item" else "group"
    top = shares[shares["rank"] == 0]
    wide = prepare.wide_levels(shares, label, lang)
    return figure(
        charts.level_bars(shares, report.campaign, lang, label=label),
        title=title,
        caption=caption,
        alt=page_words.listing(top, label, "share", {}, lang),
        table=html_table(wide, columns.levels(wide, report.campaign, lang, heading), lang, title),
        lang=lang,
    )


def trend_figure(
    report: Report,
    rates: pd.DataFrame,
    table: Block,
    height: float | None = None,
    see: See | None = None,
) -> Block:
    """Return the trend of satisfaction with its numbers in `table`, or why there is none."""
    if rates.empty:
        return note(report.no_ballots)
    if rates.duplicated(["semester", "rater_group"]).any():
        return joined([note(report.say("trend_several")), table])
    axes, basis = theme.axes(height) if height else None, report.campaign.setting("change_basis")
    return figure(
        charts.satisfaction_trend(rates, report.campaign, report.lang, axes),
        title=report.figure_title("fig_trend"),
        caption=report.say(f"fig_trend_caption_{basis}", level=report.confidence),
        alt=page_words.trend_words(rates, report.campaign, report.lang),
        table=table,
        lang=report.lang,
        see=see,
    )


def rates_table(report: Report, rates: pd.DataFrame, by: str, caption: str) -> Block:
    """Return satisfaction by the period `by` as a table, or why there is none."""
    if rates.empty:
        return note(report.no_ballots)
    return html_table(rates, columns.rates(report.campaign, report.lang, by), report.lang, caption)


def calendar_figure(
    report: Report, strip: pd.DataFrame, gaps: pd.DataFrame, most: int | None = None, see: See | None = None
) -> Block:
    """Return the calendar of fortnights with its numbers; of more than `most` branches those that held least.

    Parameters
    ----------
    strip, gaps : DataFrame
        As of ``fortnights`` and ``fortnight_summary``.
    most : int, optional
        For a page with little room: so many rows, and closer ones.
    """
    lang, title = report.lang, report.figure_title("fig_fortnights")
    caption = report.say("fig_fortnights_caption", days=report.campaign.binding.fortnight_days)
    if most is not None and len(gaps) > most:
        caption += report.say("fig_fortnights_cut", most=most, count=len(gaps))
        least = gaps.sort_values("rate", kind="stable")["unit"].head(most)
        gaps = gaps[gaps["unit"].isin(least)]
        strip = strip[strip["unit"].isin(least)]
    axes = theme.axes(max(1.7, 0.95 + 0.21 * len(gaps))) if most else None
    return figure(
        charts.fortnight_calendar(strip, report.campaign, lang, axes, summary=gaps),
        title=title,
        caption=caption,
        alt=page_words.listing(gaps, "unit", "rate", {}, lang),
        table=html_table(gaps, columns.fortnights(report.campaign, lang), lang, title),
        lang=lang,
        see=see,
    )


def level_figures(report: Report, votes: pd.DataFrame, key: str = "fig_levels") -> Block:
    """Return the distribution by occasion and group, a figure for each scale; `key` is that of its title."""
    shares = prepare.shown_levels(votes, report.campaign, "occasion", report.lang)
    if shares.empty:
        return note(report.no_ballots if votes.empty else columns.no_data(report.lang))
    figures = []
    for scale, part in shares.groupby("scale", sort=False):
        name = report.campaign.scales[str(scale)].name(report.lang)
        title = report.figure_title(key, scale=name)
        figures.append(_level_figure(part, "occasion", report, title, report.say("fig_levels_caption")))
    return joined(figures)


def item_figure(report: Report) -> Block:
    """Return non-members' ballots on every item of the last satisfaction occasion."""
    votes = prepare.only(report.tables.votes, "satisfaction", groups=["nonmember"])
    caption = report.say("fig_items_caption")
    return _last_figure(report, votes, "item", ("fig_items", caption), report.no_ballots)


def survey_figure(report: Report) -> Block:
    """Return the answers to the last web questionnaire: a row for each item and large enough group."""
    votes = prepare.only(report.tables.votes, "survey")
    caption = report.say("fig_survey_caption", threshold=report.minimum_base)
    return _last_figure(report, votes, "item_and_group", ("fig_survey", caption), report.say("no_survey"))


def _last_figure(
    report: Report, votes: pd.DataFrame, label: str, words: tuple[str, str], nothing: str
) -> Block:
    """Return the items of the last occasion, a figure for each scale; `words` are title key and caption."""
    last = prepare.last_occasion(votes, report.campaign)
    if last.empty:
        return note(nothing)
    shares = prepare.shown_levels(last, report.campaign, label, report.lang)
    if shares.empty:
        return note(columns.no_data(report.lang))
    code = str(with_period(last)["semester"].iloc[0])
    period = wording.period_name(report.campaign, code, report.lang)
    figures = []
    for scale, part in shares.groupby("scale", sort=False):
        name = report.campaign.scales[str(scale)].name(report.lang)
        title = report.figure_title(words[0], period=period, scale=name)
        figures.append(_level_figure(part, label, report, title, words[1]))
    return joined(figures)


def findings_table(report: Report, findings: pd.DataFrame, most: int = 200) -> Block:
    """Return the rows to check as a table, and how many more there are."""
    heads = columns.findings(report.lang, report.rights)
    parts = [html_table(findings.head(most), heads, report.lang, report.say("section_findings"))]
    if len(findings) > most:
        parts.append(note(report.say("more_findings", count=len(findings) - most)))
    if notes := int(report.tables.ledger["severity"].eq("note").sum()):
        parts.append(note(report.say("rows_noted", count=notes)))
    return joined(parts)
