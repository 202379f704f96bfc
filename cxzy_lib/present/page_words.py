"""What pages say of participation, years, duties and files, in Chinese and English."""

from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.participation import attendance_base
from cxzy_lib.present.wording import (
    day_name,
    declared_break,
    group_name,
    percent,
    period_name,
    reasons_words,
    say,
    series,
)
from cxzy_lib.texts import listed, text


def exposure_words(campaign: Campaign, lang: str) -> str:
    """Return how many days of each year lie inside the campaign."""
    days = {year: campaign.exposure_days(year) for year in campaign.years}
    return listed((say("days_of_year", lang, year=year, days=n) for year, n in days.items()), lang)


def years_words(written: pd.DataFrame, lang: str) -> str:
    """Return the yearly comparison in words, measure by measure."""
    colon = "：" if lang == "zh" else ": "
    parts = []
    for name, part in written.groupby("name", sort=False):
        shown = part["shown_adjusted"].fillna(text("common.no_data", lang))
        values = [f"{year} {value}" for year, value in zip(part["year"], shown, strict=True)]
        parts.append(f"{name}{colon}{listed(values, lang)}")
    return series(parts, lang)


def units_words(units: Iterable[str], lang: str) -> str:
    """Return one unit by name, and of several the first with their number: no one is singled out.

    Examples
    --------
    >>> units_words(["一支部"], "zh"), units_words(["一支部", "二支部"], "zh")
    ('一支部', '一支部等 2 个单位')
    """
    names = list(dict.fromkeys(units))
    return names[0] if len(names) == 1 else say("several_units", lang, unit=names[0], count=len(names))


def attendance_caption(campaign: Campaign, lang: str) -> str:
    """Return what the chart of attendance shows, and whether the excused are in its base."""
    return say("fig_attendance_caption", lang, base=say(_excused(campaign), lang))


def _excused(campaign: Campaign) -> str:
    return "excused_in" if campaign.setting("excused_in_denominator") else "excused_out"


def attendance_sentence(attendance: pd.DataFrame, campaign: Campaign, lang: str) -> str:
    """Return the attendance of all branches together, the best and the weakest."""
    known = attendance[attendance["attendance_rate"].notna()].sort_values("attendance_rate")
    if known.empty:
        return say("no_events", lang)
    best, worst, base = known.iloc[-1], known.iloc[0], attendance_base(known, campaign).sum()
    return say(
        "attendance_sentence" if len(known) > 1 else "attendance_one",
        lang,
        rate=percent(known["present"].sum() / base, lang),
        expected=f"{base:,}",
        best=best["unit"],
        best_rate=percent(best["attendance_rate"], lang),
        worst=worst["unit"],
        worst_rate=percent(worst["attendance_rate"], lang),
    )


def _of_fortnights(key: str, summary: pd.DataFrame, lang: str) -> str:
    known = summary[summary["longest_gap_days"].notna()]
    if known.empty or not summary["due"].sum():
        return say("no_events", lang)
    longest = known[known["longest_gap_days"].eq(known["longest_gap_days"].max())]
    worst = longest.iloc[0]
    due, held = int(summary["due"].sum()), int(summary["held"].sum())
    return say(
        key,
        lang,
        due=due,
        held=held,
        rate=percent(held / due, lang),
        worst=units_words(longest["unit"], lang),
        days=worst["longest_gap_days"],
        start=day_name(worst["gap_from"], lang),
        end=day_name(worst["gap_to"], lang),
    )


def fortnight_sentence(summary: pd.DataFrame, lang: str) -> str:
    """Return how many fortnights due were held, and the longest gap."""
    return _of_fortnights("fortnight_sentence", summary, lang)


def participation_title(summary: pd.DataFrame, lang: str) -> str:
    """Return the finding of the page on participation."""
    return _of_fortnights("participation_title", summary, lang)


def training_sentence(progress: pd.DataFrame, lang: str) -> str:
    """Return how many in-service members reached the hours, are on course or behind."""
    known = progress[progress["status"].notna()]
    if known.empty:
        return text("common.no_data", lang)
    counts = known["status"].value_counts()
    return say(
        "training_sentence",
        lang,
        members=len(known),
        target=f"{known['target'].iloc[0]:g}",
        expected=f"{known['expected'].iloc[0]:.1f}",
        **{name: counts.get(name, 0) for name in ("reached", "on_course", "behind")},
    )


def late_sentence(late: pd.DataFrame, cutoff: pd.Timestamp, lang: str, rights: Collection[str]) -> str:
    """Return how much is overdue and, but for the public, where it is longest overdue."""
    day = day_name(cutoff, lang)
    if late.empty:
        return say("late_none", lang, cutoff=day)
    days = late["days_late"].max()
    units = late.loc[late["days_late"].eq(days), "unit"].fillna(text("present.no_branch", lang))
    where = say("late_where", lang, unit=units_words(units, lang)) if "units" in rights else ""
    return say("late_sentence", lang, cutoff=day, count=len(late), days=days, where=where)


def yearly_title(comparison: pd.DataFrame, lang: str) -> str:
    """Return how many measures can be compared over all years."""
    known = comparison[comparison["value"].notna()]
    whole, years = known.groupby("measure")["comparable"].all(), comparison["year"].unique()
    if len(years) == 1:
        return say("yearly_title_one", lang, year=years[0])
    comparable, count = int(whole.sum()), len(years)
    return say(
        "yearly_title", lang, count=count, comparable=comparable, not_comparable=len(whole) - comparable
    )


def quality_title(files: pd.DataFrame, findings: int, lang: str) -> str:
    """Return whether every file was used, and how many rows need a look."""
    bad = int(files["status"].isin(["refused", "unrecognised"]).sum())
    key = "quality_title_bad" if bad else "quality_title"
    return say(key, lang, files=len(files), findings=findings, bad=bad)


def quality_sentence(ledger: pd.DataFrame, lang: str) -> str:
    """Return what became of all rows."""
    counts = ledger["outcome"].value_counts()
    named = {name: int(counts.get(name, 0)) for name in ("kept", "rejected", "unrecognised")}
    frame = len(ledger) - sum(named.values())
    return say("quality_sentence", lang, rows=len(ledger), frame=frame, **named)


def trend_words(rates: pd.DataFrame, campaign: Campaign, lang: str) -> str:
    """Return the trend in words: each group's strict rate, period by period, and where it is broken."""
    colon, stop = ("：", "。") if lang == "zh" else (": ", ". ")
    parts = []
    for group, part in rates.groupby("rater_group", sort=False):
        names = {code: period_name(campaign, code, lang) for code in part["semester"]}
        for row in part.to_dict("records"):
            if row["reasons_before"]:
                reasons = reasons_words(row["reasons_before"], campaign, lang)
                code = row["semester"]
                names[code] = say("broken", lang, period=names[code], reasons=reasons)
        told = listing(part, "semester", "strict", names, lang)
        parts.append(f"{group_name(str(group), lang)}{colon}{told}{stop}")
    return "".join(parts).strip()


def listing(frame: pd.DataFrame, name: str, value: str, words: Mapping[str, str], lang: str) -> str:
    """Return a column of shares as words: what an eye would read off a chart, for those who cannot.

    Examples
    --------
    >>> listing(pd.DataFrame({"unit": ["a", "b"], "rate": [0.5, None]}), "unit", "rate", {}, "en")
    'a: 50.0%; b: no data'
    """
    parts = []
    hidden = frame["hidden"] if "hidden" in frame else [False] * len(frame)
    for label, share, hide in zip(frame[name], frame[value], hidden, strict=True):
        shown = text("present.not_shown", lang) if hide and pd.isna(share) else percent(share, lang)
        parts.append(f"{words.get(label, label)}{'：' if lang == 'zh' else ': '}{shown}")
    return series(parts, lang)


def point_words(part: pd.DataFrame, group: str, campaign: Campaign, lang: str) -> list[str]:
    """Return each point of a group's trend in words: period, rate and valid ballots; "" without.

    Parameters
    ----------
    part : DataFrame
        As for `charts.satisfaction_trend`, of one group, its index the semesters.
    """
    found = []
    for code, row in part.iterrows():
        if pd.isna(row["strict"]):
            found.append("")
            continue
        name = f"{group_name(group, lang)} · {period_name(campaign, str(code), lang)}"
        found.append(f"{name} {percent(row['strict'], lang)} n = {row['valid']}")
    return found


def short_reasons(reasons: str, campaign: Campaign, lang: str) -> str:
    """Return why two figures are flagged or not comparable, in a few words that fit into a chart."""
    pairs = ((code, declared_break(code, campaign)) for code in reasons.split())
    codes = dict.fromkeys(known.reason if known else code for code, known in pairs)
    return "\n".join(text(f"present.{code}_changed", lang) for code in codes)
