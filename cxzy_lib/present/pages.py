"""Parts of pages that take more than a line, such as a chart for each scale."""

from collections.abc import Iterable, Sequence

import pandas as pd
from matplotlib.axes import Axes

from cxzy_lib.measure.basis import with_period
from cxzy_lib.present import charts, columns, page_words, prepare, theme, wording
from cxzy_lib.present.blocks import Block, See, figure, note, section
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.texts import text


def joined(blocks: Iterable[Block]) -> Block:
    """Return several blocks as one."""
    return Block("".join(block.html for block in blocks))


def table_figure(
    report: Report,
    drawn: Axes,
    frame: pd.DataFrame,
    heads: Sequence[Column],
    *,
    title: str,
    caption: str,
    alt: str,
    see: See | None = None,
) -> Block:
    """Return a chart as a figure, with the columns `heads` of `frame` under the same title to unfold."""
    table = html_table(frame, heads, report.lang, title)
    return figure(drawn, title=title, caption=caption, alt=alt, table=table, lang=report.lang, see=see)


def table_section(
    frame: pd.DataFrame, heads: Sequence[Column], lang: str, title: str, words: str = ""
) -> Block:
    """Return a table below a heading, its caption too; `words` stand between."""
    return joined([section(title, words), html_table(frame, heads, lang, title)])


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
    return table_figure(
        report,
        charts.fortnight_calendar(strip, report.campaign, lang, axes, summary=gaps),
        gaps,
        columns.fortnights(report.campaign, lang),
        title=title,
        caption=caption,
        alt=page_words.listing(gaps, "unit", "rate", {}, lang),
        see=see,
    )


def level_figures(report: Report, votes: pd.DataFrame, key: str = "fig_levels") -> Block:
    """Return the distribution by occasion and group, a figure for each scale; `key` is that of its title."""
    if votes.empty:
        return note(report.no_ballots)
    return _by_scale(report, votes, "occasion", key, report.say("fig_levels_caption"))


def item_figure(report: Report) -> Block:
    """Return non-members' ballots on every item of the last satisfaction occasion."""
    votes = prepare.only(report.tables.votes, "satisfaction", groups=["nonmember"])
    return _last_figures(report, votes, "item", "fig_items") or note(report.no_ballots)


def survey_figure(report: Report) -> Block:
    """Return the answers to the last web questionnaire: a row for each item and large enough group."""
    votes = prepare.only(report.tables.votes, "survey")
    return _last_figures(report, votes, "item_and_group", "fig_survey") or note(report.say("no_survey"))


def _last_figures(report: Report, votes: pd.DataFrame, label: str, key: str) -> Block | None:
    """Return the items of the last occasion, None without any."""
    last = prepare.last_occasion(votes, report.campaign)
    if last.empty:
        return None
    code = str(with_period(last)["semester"].iloc[0])
    period = wording.period_name(report.campaign, code, report.lang)
    caption = report.say(f"{key}_caption", threshold=report.minimum_base)
    return _by_scale(report, last, label, key, caption, period=period)


def _by_scale(report: Report, votes: pd.DataFrame, label: str, key: str, caption: str, **named: str) -> Block:
    """Return the distribution in rows of `label`, a figure for each scale; `named` goes into its title."""
    campaign, lang, figures = report.campaign, report.lang, []
    shares = prepare.shown_levels(votes, campaign, label, lang)
    for scale, part in shares.groupby("scale", sort=False):
        wide = prepare.wide_levels(part, label, lang)
        block = table_figure(
            report,
            charts.level_bars(part, campaign, lang, label=label),
            wide,
            columns.levels(wide, campaign, lang, "item" if label == "item" else "group"),
            title=report.figure_title(key, scale=campaign.scales[str(scale)].name(lang), **named),
            caption=caption,
            alt=page_words.listing(part[part["rank"] == 0], label, "share", {}, lang),
        )
        figures.append(block)
    return joined(figures) if figures else note(text("common.no_data", lang))


def findings_table(report: Report, findings: pd.DataFrame, most: int = 200) -> Block:
    """Return the rows to check as a table, and how many more there are."""
    heads = columns.findings(report.lang, report.rights)
    parts = [html_table(findings.head(most), heads, report.lang, report.say("section_findings"))]
    if len(findings) > most:
        parts.append(note(report.say("more_findings", count=len(findings) - most)))
    if notes := int(report.tables.ledger["severity"].eq("note").sum()):
        parts.append(note(report.say("rows_noted", count=notes)))
    return joined(parts)
