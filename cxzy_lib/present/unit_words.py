"""The sentences about units, nominees and returns; those about change are in `wording`."""

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.changes import records
from cxzy_lib.present.wording import group_name, percent, period_name, say
from cxzy_lib.texts import text


def unit_sentences(units: pd.DataFrame, lang: str) -> list[str]:
    """Return for each unit what its rate shows beside the others: nothing more than position and tier."""
    found = []
    for row in records(units):
        key = row["position"] if row["comparable"] else "not_comparable"
        values = {name: row[name] for name in ("unit", "base", "units")}
        values |= {name: percent(row[name], lang) for name in ("rate", "centre")}
        values["reason"] = text(f"units.{row['reason']}", lang) if row["reason"] else ""
        found.append(say(f"unit_{key}", lang, **values))
    return found


def rank_sentence(shortlist: pd.DataFrame, lang: str) -> str:
    """Return how many nominees the votes cannot tell from the award line, or why there is no line."""
    known = shortlist[shortlist["call"].notna()]
    if known.empty:
        return say("no_line" if shortlist["rank_low"].notna().any() else "no_line_votes", lang)
    counts = {name: int(known["call"].eq(name).sum()) for name in ("in", "out", "indistinguishable")}
    return say(
        "award_line",
        lang,
        count=len(known),
        sure=counts["in"],
        beyond=counts["out"],
        open=counts["indistinguishable"],
    )


def return_sentences(found: pd.DataFrame, campaign: Campaign, lang: str) -> list[str]:
    """Return each return that should be looked at, as a request and never as a reproach."""
    sentences = []
    for row in records(found):
        period = period_name(campaign, row["period"], lang) if row["period"] else ""
        group = group_name(row["rater_group"], lang) if row["rater_group"] else ""
        told = {
            "where": " ".join(word for word in (period, row["unit"], group) if word),
            "other": row["other"] or "",
            "share": percent(row["value"], lang),
            "number": "" if row["value"] is None else f"{row['value']:.1f}".removesuffix(".0"),
        }
        sentences.append(say(f"return_{row['kind']}", lang, **(row | told)))
    return sentences
