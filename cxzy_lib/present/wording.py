"""Figures -> sentences, in Chinese and English. No sentence says more than its table does."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.changes import off_by_one, records
from cxzy_lib.measure.pairs import REST
from cxzy_lib.specs import Break
from cxzy_lib.texts import listed, text


def say(key: str, lang: str, **values: Any) -> str:
    """Return a text of the pages."""
    return text(f"pages.{key}", lang, **values)


def percent(share: float | None, lang: str) -> str:
    """Return a share (0–1) as per cent with one decimal; a missing one in words.

    Examples
    --------
    >>> percent(0.9504, "zh"), percent(None, "en")
    ('95.0%', 'no data')
    """
    return text("common.no_data", lang) if pd.isna(share) else text("common.percent", lang, value=100 * share)


def group_name(group: str, lang: str) -> str:
    """Return the name of a group of raters."""
    return text(f"common.{group}", lang)


def item_name(code: object, campaign: Campaign, lang: str) -> str:
    """Return the short name of an item; a code that the campaign does not have as it is."""
    return campaign.items[str(code)].label(lang) if code in campaign.items else str(code)


def day_name(day: pd.Timestamp, lang: str) -> str:
    """Return a day as people write it.

    Examples
    --------
    >>> day_name(pd.Timestamp("2010-07-01"), "zh"), day_name(pd.Timestamp("2010-07-01"), "en")
    ('2010年7月1日', '1 Jul 2010')
    """
    month = text("present.months", lang).split()[day.month - 1]
    return say("day", lang, year=day.year, month=month, day=day.day)


def period_name(campaign: Campaign, code: str, lang: str) -> str:
    """Return the name of a semester, a stage or a year."""
    year = text("present.year", lang, year=code) if code.isdigit() else code
    return period_names(campaign, lang).get(code, year)


def period_names(campaign: Campaign, lang: str) -> dict[str, str]:
    """Return code -> name of every semester and stage."""
    return {period.code: period.name(lang) for period in (*campaign.semesters, *campaign.stages)}


def latest(rates: pd.DataFrame) -> pd.DataFrame:
    """Return the last shown rate of each group of raters."""
    return rates[rates["strict"].notna()].drop_duplicates("rater_group", keep="last")


def interval_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return the interval of the strict rate, or why there is none."""
    if pd.isna(row["strict_low"]):
        return say("no_interval", lang)
    return f"{percent(row['strict_low'], lang)}–{percent(row['strict_high'], lang)}"


def body_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return how many could have voted, and how far those who did not could have moved the strict rate."""
    if pd.isna(row["population"]):
        return say("body_unknown", lang)
    silent = not pd.isna(row["worst_low"]) and row["population"] > row["valid"]
    ends = {end: percent(row[f"worst_{end}"], lang) if silent else "" for end in ("low", "high")}
    return say("body_silent" if silent else "body", lang, population=row["population"], **ends)


def rate_sentences(rates: pd.DataFrame, campaign: Campaign, lang: str) -> list[str]:
    """Return for each group what its last rate is, with interval, base, population and worst-case band."""
    return [
        say(
            "rate_now",
            lang,
            period=period_name(campaign, row["semester"], lang),
            group=group_name(row["rater_group"], lang),
            strict=percent(row["strict"], lang),
            interval=interval_words(row, lang),
            valid=row["valid"],
            body=body_words(row, lang),
            inclusive=percent(row["inclusive"], lang),
        )
        for row in latest(rates).to_dict("records")
    ]


def subject(row: Mapping[Any, Any], campaign: Campaign, lang: str) -> str:
    """Return whom a finding is about: the group, and the item unless it is the headline."""
    item = campaign.items.get(str(row["item"]))
    named = "" if item is None or item.headline else say("about_item", lang, item=item.label(lang))
    if row.get("kind") == "group":
        return say("subject_groups", lang, item=named)
    return say("subject", lang, group=group_name(str(row["rater_group"]), lang), item=named)


def side_name(row: Mapping[Any, Any], side: str, campaign: Campaign, lang: str) -> str:
    """Return the name of one side of a comparison: a period, a group of raters, or a branch."""
    if row[side] is None:  # nothing to compare with
        return ""
    code = str(row[side])
    if row["kind"] == "group":
        return group_name(code, lang)
    if row["kind"] == "branch":
        return say("other_branches", lang) if code == REST else code
    return period_name(campaign, code, lang)


def reasons_words(reasons: object, campaign: Campaign, lang: str) -> str:
    """Return why two figures are flagged or not comparable; codes are those of `comparisons`."""
    pairs = ((code, declared_break(code, campaign)) for code in str(reasons).split())
    words = (known.name(lang) if known else one_line(f"{code}_changed", lang) for code, known in pairs)
    return series(words, lang)


def declared_break(code: str, campaign: Campaign) -> Break | None:
    """Return the break of ``comparability.toml`` that a reason names by its place, such as ``break-2``."""
    kind, _, place = code.partition("-")
    return campaign.comparability.breaks[int(place) - 1] if kind == "break" else None


def one_line(key: str, lang: str) -> str:
    """Return a text that stands in several lines of a chart as words of a sentence."""
    return text(f"present.{key}", lang).replace("\n", "，" if lang == "zh" else " ")


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, without its sign."""
    return f"{abs(100 * difference):.1f}"


def change_sentences(
    changes: pd.DataFrame, campaign: Campaign, lang: str, *, short: bool = False
) -> list[str]:
    """Return for each comparison what it shows, as strongly as its verdict and no stronger.

    Parameters
    ----------
    changes : DataFrame
        As from `judged`: direction and size come from the verdict and the difference, then the base, how
        sure it is, and what has to be kept in mind.
    short : bool
        Leave out the interval and the smallest change that would have shown: for a page that has both below.
    """
    return [_change_sentence(row, campaign, lang, short) for row in records(changes)]


def _change_sentence(row: Mapping[Any, Any], campaign: Campaign, lang: str, short: bool) -> str:
    about, reasons = subject(row, campaign, lang), reasons_words(row["reasons"] or "", campaign, lang)
    end = side_name(row, "end", campaign, lang)
    if row["verdict"] == "not_comparable":  # there is no start
        why = say("because", lang, reasons=reasons) if reasons else ""
        if row["kind"] in ("group", "branch"):
            period = period_name(campaign, row["rater_group"], lang) if row["kind"] == "group" else ""
            return say("group_not_comparable", lang, subject=about, period=period, reasons=why)
        return say("change_not_comparable", lang, subject=about, end=end, reasons=why)
    values = {
        "subject": about,
        "start": side_name(row, "start", campaign, lang),
        "end": end,
        "start_rate": percent(row["start_rate"], lang),
        "end_rate": percent(row["end_rate"], lang),
        "points": points(row["difference"]),
        "signed": f"{100 * row['difference']:+.1f}",
        "start_valid": row["start_valid"],
        "end_valid": row["end_valid"],
        "detectable": "" if short else say("and_so", lang, words=detectable_words(row, lang)),
    }
    ends = {end: f"{100 * row[end]:+.1f}" for end in ("low", "high")}
    values |= {key: "" if short else say(f"{key}_of", lang, **ends) for key in ("interval", "between")}
    key = "period" if row["kind"] in ("period", "stage") else "group"
    return say(f"{key}_{row['verdict']}", lang, **values) + _caveats(row, reasons, lang)


def _caveats(row: Mapping[Any, Any], reasons: str, lang: str) -> str:
    told = [say("flagged", lang, reasons=reasons)] if row["grade"] == "flagged" else []
    if row["verdict"] in ("rose", "fell") and not row["robust"]:
        told.append(say("not_robust", lang))
    if row.get("linked_base"):
        told.append(say("linked", lang, base=row["linked_base"]))
    if off_by_one(row["start_rate"], row["end_rate"]):
        told.append(say("rounded_last", lang))
    return "".join(told)


def detectable_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return the smallest rise and fall that so many ballots would have shown."""
    given = {name: points(row[name]) for name in ("rise", "fall") if not pd.isna(row[name])}
    return say("_".join(["detectable", *given]), lang, **given)


def change_title(changes: pd.DataFrame, lang: str) -> str:
    """Return the verdicts over time as a title, "" without any."""
    groups: dict[str, list[str]] = {}  # those of whom the same is said, together
    for row in changes[changes["kind"].eq("period")].to_dict("records"):
        title = say(f"verdict_{row['verdict']}", lang)
        if row["verdict"] in ("rose", "fell"):  # no title is surer than its sentence
            title += say("title_flagged", lang) if row["grade"] == "flagged" else ""
            title += "" if row["robust"] else say("title_not_robust", lang)
        title += "" if pd.isna(row.get("linked_base")) else say("title_linked", lang)
        groups.setdefault(title, []).append(group_name(row["rater_group"], lang))
    parts = [
        say("title_verdict", lang, group=listed(names, lang), verdict=title)
        for title, names in groups.items()
    ]
    return ("，" if lang == "zh" else "; ").join(parts)


def compared_sentence(changes: pd.DataFrame, trends: pd.DataFrame, campaign: Campaign, lang: str) -> str:
    """Return how many comparisons and tests were made, what that does to them, and what they show."""
    count = int(changes["compared"].iloc[0]) if len(changes) else 0
    found = int(changes["verdict"].isin(["rose", "fell"]).sum())
    found += int(trends["verdict"].isin(["rising", "falling"]).sum())
    error = f"{1 - campaign.setting('confidence_level'):.0%}"
    return say("compared", lang, count=count, found=found, error=error)


def trend_sentences(trends: pd.DataFrame, campaign: Campaign, lang: str) -> list[str]:
    """Return for each item and group what its ballots show over three periods or more."""
    found = []
    for row in records(trends):
        about = subject(row, campaign, lang)
        periods = [period_name(campaign, row[end], lang) if row[end] else "" for end in ("start", "end")]
        counts = {"periods": row["periods"], "ballots": row["ballots"]}
        least = f"{row['smallest_p']:.2f}" if row["smallest_p"] is not None else ""
        named = {"subject": about, "start": periods[0], "end": periods[1], "least": least}
        found.append(say(f"trend_{row['verdict']}", lang, **named, **counts))
    return found


def series(parts: Iterable[str], lang: str) -> str:
    """Return several short texts as one."""
    return ("；" if lang == "zh" else "; ").join(parts)


def weighted_sentence(told: Mapping[str, Any], given: Mapping[str, float], period: str, lang: str) -> str:
    """Return the rate weighted by groups, or which group is missing and what is possible without it."""
    shares = series(
        (f"{group_name(group, lang)} {percent(weight, lang)}" for group, weight in given.items()), lang
    )
    if told["value"] is not None:
        return say("weighted", lang, period=period, value=percent(told["value"], lang), weights=shares)
    missing = listed((group_name(group, lang) for group in told["missing"]), lang)
    ends = {end: percent(told[end], lang) for end in ("low", "high")}
    alone = percent(told["renormalised"], lang)
    return say("weighted_missing", lang, period=period, weights=shares, missing=missing, alone=alone, **ends)


def raked_sentence(told: Mapping[str, Any], group: str, columns: Iterable[str], lang: str) -> str:
    """Return a rate as it is beside the same weighted to known sizes, or why it cannot be weighted."""
    if told["reason"]:
        column = say(f"col_{told['column']}", lang) if "column" in told else ""
        why = say(f"raked_{told['reason']}", lang, column=column, odd=told.get("odd"))
        return say("raked_not", lang, group=group_name(group, lang), reason=why)
    rates = {name: percent(told[name], lang) for name in ("raw", "raked")}
    named = series((say(f"col_{column}", lang) for column in columns), lang)
    effect = f"{told['design_effect']:.2f}"
    return say(
        "raked",
        lang,
        group=group_name(group, lang),
        columns=named,
        effect=effect,
        base=round(told["base"]),
        **rates,
    )
