"""Parts of pages that take more than a line: the tiles of the brief, a chart for each scale."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cxzy_lib.measure.duties import binding_numbers
from cxzy_lib.present import charts, columns, prepare, wording
from cxzy_lib.present.blocks import Block, KeyNumber, figure, key_numbers, note
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import html_table

#: The binding numbers that lead the brief, and the page that shows what is behind each.
TILES = {
    "fortnight": "03_participation.html",
    "secretary_semester": "02_satisfaction.html",
    "training": "03_participation.html",
    "pledge_published": "04_yearly.html",
    "rectification": "01_brief.html",
}


def joined(blocks: Iterable[Block]) -> Block:
    """Return several blocks as one."""
    return Block("".join(block.html for block in blocks))


def tiles(report: Report, rates: pd.DataFrame) -> Block:
    """Return the five or six numbers that matter: satisfaction of non-members, then the binding ones."""
    numbers = binding_numbers(report.tables, report.campaign, report.cutoff.date())
    rows = numbers.set_index("code").to_dict("index")
    items = [_rate_tile(row, report) for row in wording.latest(rates).to_dict("records")]
    items = [item for item in items if item][-1:]
    items += [_binding_tile(code, rows[code], href, report) for code, href in TILES.items()]
    return key_numbers(items, report.lang)


def _rate_tile(row: Mapping[Any, Any], report: Report) -> KeyNumber:
    lang = report.lang
    low, high, rate = (wording.percent(row[name], lang) for name in ("strict_low", "strict_high", "strict"))
    return KeyNumber(
        label=report.say("tile_satisfaction", group=wording.group_name(str(row["rater_group"]), lang)),
        value_text=rate,
        base_text=report.say(
            "tile_satisfaction_base",
            period=wording.period_name(report.campaign, str(row["semester"]), lang),
            valid=row["valid"],
            low=low,
            high=high,
        ),
        note=report.say("tile_satisfaction_note"),
        href="02_satisfaction.html",
    )


def _binding_tile(code: str, row: Mapping[Any, Any], href: str, report: Report) -> KeyNumber:
    known = row["state"] != "no_evidence"
    share = wording.percent(row["share"], report.lang) if known else columns.no_data(report.lang)
    base = report.say("tile_base", value=row["value"], base=row["base"]) if known else ""
    binding = report.campaign.binding
    return KeyNumber(
        label=report.say(f"tile_{code}", hours=f"{binding.training_hours:g}"),
        value_text=share,
        base_text=base,
        state=row["state"],
        note=report.say(f"tile_{code}_note", end=binding.training_end),
        href=href,
    )


def _level_figure(shares: pd.DataFrame, label: str, report: Report, title: str, caption: str) -> Block:
    lang = report.lang
    heading = "item" if label == "item" else "group"
    top = shares[shares["rank"] == 0]
    wide = prepare.wide_levels(shares, label, lang)
    return figure(
        charts.level_bars(shares, report.campaign, lang, label=label),
        title=title,
        caption=caption,
        alt=wording.listing(top, label, "share", {}, lang),
        table=html_table(wide, columns.levels(wide, report.campaign, lang, heading), lang, title),
        lang=lang,
    )


def level_figures(report: Report, votes: pd.DataFrame, start: int) -> Block:
    """Return the distribution by occasion and group, a figure for each scale, numbered from `start`."""
    shares = prepare.shown_levels(votes, report.campaign, "occasion", report.lang)
    figures = []
    for n, (scale, part) in enumerate(shares.groupby("scale", sort=False), start):
        name = report.campaign.scales[str(scale)].name(report.lang)
        title = report.say("fig_levels", n=n, scale=name)
        figures.append(_level_figure(part, "occasion", report, title, report.say("fig_levels_caption")))
    return joined(figures)


def item_figure(report: Report, number: int) -> Block:
    """Return non-members' ballots on every item of the last satisfaction occasion."""
    votes = prepare.only(report.tables.votes, "satisfaction", groups=["nonmember"])
    if votes.empty:
        return note(report.say("no_ballots"))
    last = votes[votes["occasion_id"].eq(votes["occasion_id"].max())]
    period = wording.period_name(report.campaign, str(last["semester"].iloc[0]), report.lang)
    shares = prepare.shown_levels(last, report.campaign, "item", report.lang)
    title = report.say("fig_items", n=number, period=period)
    return _level_figure(shares, "item", report, title, report.say("fig_items_caption"))


def survey_figure(report: Report, number: int) -> Block:
    """Return the answers to the last web questionnaire: a row for each item and large enough group."""
    votes = prepare.only(report.tables.votes, "survey")
    if votes.empty:
        return note(report.say("no_survey"))
    last = votes[votes["occasion_id"].eq(votes["occasion_id"].max())]
    period = wording.period_name(report.campaign, str(last["semester"].iloc[0]), report.lang)
    shares = prepare.shown_levels(last, report.campaign, "item_and_group", report.lang)
    title = report.say("fig_survey", n=number, period=period)
    caption = report.say("fig_survey_caption", threshold=report.campaign.setting("minimum_base"))
    return _level_figure(shares, "item_and_group", report, title, caption)
