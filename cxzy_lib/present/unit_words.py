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
        values = {"unit": row["unit"], "base": row["base"], "units": row["units"]}
        values |= {
            name: percent(row[name], lang) if row[name] is not None else "" for name in ("rate", "centre")
        }
        reason = text(f"units.{row['reason']}", lang) if row["reason"] else ""
        found.append(say(f"unit_{key}", lang, reason=reason, **values))
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
        values = dict(row)
        where = [period_name(campaign, row["period"], lang) if row["period"] else "", row["unit"] or ""]
        where.append(group_name(row["rater_group"], lang) if row["rater_group"] else "")
        values["where"] = " ".join(word for word in where if word)
        values["other"] = row["other"] or ""
        values["share"] = (
            percent(row["value"], lang) if row["value"] is not None and row["value"] <= 1 else ""
        )
        values["number"] = f"{row['value']:.1f}".removesuffix(".0") if row["value"] is not None else ""
        sentences.append(say(f"return_{row['kind']}", lang, **values))
    return sentences
