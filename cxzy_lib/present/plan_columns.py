"""The columns of the tables about the plan, and the frames that need their codes written out."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.present.columns import columns_of, group_column, period_column, scale_column
from cxzy_lib.present.plan import code_name
from cxzy_lib.present.tables import Column
from cxzy_lib.present.wording import say
from cxzy_lib.texts import catalogue, text


def _words(prefix: str, lang: str) -> dict[str, str]:
    """Return code -> name of the texts that begin with `prefix`."""
    start = f"plan.{prefix}_"
    return {key.removeprefix(start): text(key, lang) for key in catalogue() if key.startswith(start)}


def wide(frame: pd.DataFrame, lang: str) -> list[Column]:
    """Columns of a matrix: its rows' names, then a column for each period."""
    first, *rest = frame.columns
    return [Column(first, say("col_content", lang)), *(Column(name, str(name), "id") for name in rest)]


def points(lang: str) -> list[Column]:
    """Columns of the five goods' points."""
    numbers = columns_of(lang, "points_possible points_self points_assessed score_gap", "number")
    return [*columns_of(lang, "name=content"), *numbers]


def occasions(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `occasions`."""
    group = group_column(lang)
    return [
        Column("appraisee_type", say("col_object", lang), "id", words=_words("object", lang)),
        period_column(campaign, lang),
        replace(group, words={**group.words, **_words("part", lang)}),
        scale_column(campaign, lang),
        *columns_of(lang, "ballots", "cell"),
        Column("strict", say("col_strict", lang), "share", "strict_low", "strict_high"),
        *columns_of(lang, "inclusive=inclusive_short", "share"),
        *columns_of(lang, "index", "number"),
    ]


def grades(lang: str) -> list[Column]:
    """Columns of `member_grades`."""
    return [
        *columns_of(lang, "year"),
        group_column(lang),
        *columns_of(lang, "members=appraised excellent graded", "count"),
        *columns_of(lang, "excellent_share", "share"),
        *columns_of(lang, "full_members quota", "count"),
    ]


def scores(lang: str) -> list[Column]:
    """Columns of the five leads' scores."""
    return [
        *columns_of(lang, "name=content"),
        *columns_of(lang, "median=middle low high", "number"),
        *columns_of(lang, "base", "count"),
    ]


def chain(lang: str) -> list[Column]:
    """Columns of `chain`."""
    link = Column("link", say("col_link", lang), words=_words("link", lang))
    return [link, *columns_of(lang, "problems", "count"), *columns_of(lang, "share", "share")]


def chain_items(lang: str) -> list[Column]:
    """Columns of `chain_items`."""
    words = {"True": text("plan.yes", lang), "False": text("plan.no", lang)}
    return [
        *columns_of(lang, "unit=owner source", "id"),
        Column("planned", say("col_planned", lang), words=words),
        *columns_of(lang, "opened_on due_on=due_day done_on", "date"),
        *columns_of(lang, "days", "count"),
        Column("state", say("col_state", lang), words=_words("item", lang)),
        Column("verdict", text("plan.link_rerated", lang)),
    ]


def curve(lang: str) -> list[Column]:
    """Columns of the survival curve."""
    return [
        *columns_of(lang, "days", "count"),
        *columns_of(lang, "open_share", "share"),
        *columns_of(lang, "at_risk", "count"),
    ]


def written_ages(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `ageing` with its bands in words."""
    starts = list(frame["from_days"])
    names = [text("plan.age_between", lang, start=start, end=end - 1) for start, end in pairwise(starts)]
    return frame.assign(name=[*names, text("plan.age_band", lang, start=starts[-1])])


def ages(lang: str) -> list[Column]:
    """Columns of `written_ages`."""
    return [*columns_of(lang, "name=age"), *columns_of(lang, "problems overdue", "count")]


def opinions(frame: pd.DataFrame, campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `opinions`."""
    known = {code: code_name(code, campaign, lang) for code in frame["channel"].dropna().unique()}
    return [
        Column("channel", say("col_channel", lang), words=known),
        Column("object", say("col_object", lang), words=_words("object", lang)),
        *columns_of(lang, "rounds raw merged", "count"),
    ]


def duties(lang: str) -> list[Column]:
    """Columns of `duties`."""
    return [
        *columns_of(lang, "indicator=clause"),
        *columns_of(lang, "name=content", "prose"),
        *columns_of(lang, "who", "id"),
        *columns_of(lang, "due=due_day", "date"),
        *columns_of(lang, "shown=result shown_target=target", "cell"),
        *columns_of(lang, "state"),
    ]


def documents(lang: str) -> list[Column]:
    """Columns of the documents that the plan refers to."""
    return [
        *columns_of(lang, "indicator=clause"),
        *columns_of(lang, "name=content", "prose"),
        *columns_of(lang, "state"),
    ]


def awards(lang: str) -> list[Column]:
    """Columns of the commendations."""
    *names, state = documents(lang)
    return [*names, *columns_of(lang, "due=before", "date"), state]


def chain_of_levels(cast: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return for each round and class the nominees of each level, and the shortest notice."""
    levels = ("branch", "general_branch", "bureau")
    counts = cast.groupby(["round", "award", "level"])["nominee"].nunique().unstack("level")
    frame = counts.reindex(columns=list(levels)).astype("Int64")
    grouped = cast.groupby(["round", "award"])
    frame["notice_least"] = grouped["notice_days"].min()
    frame["objections"] = grouped["objections"].sum(min_count=1)
    frame["voided"] = grouped["void"].sum()
    frame = frame.reset_index()
    days = {code: award.before for code, award in campaign.plan.awards.items() if award.before}
    frame["round"] = [f"{code} · {days[code].year}" for code in frame["round"]]
    frame["award"] = [code_name(code, campaign, lang) for code in frame["award"]]
    return frame


def level_chain(lang: str) -> list[Column]:
    """Columns of `chain_of_levels`."""
    levels = [Column(name, word, "count") for name, word in _words("level", lang).items()]
    return [
        *columns_of(lang, "round award"),
        *levels,
        *columns_of(lang, "notice_least objections voided", "count"),
    ]


def written_shortlist(frame: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return the shortlist with names of codes; a nominee is a number in its branch, nobody's name.

    Of the pseudonym as much as tells the nominees apart.
    """
    codes = set(frame["nominee"])
    short = next(n for n in range(6, 99) if len({code[:n] for code in codes}) == len(codes))
    number = frame.groupby(["round", "award"]).cumcount() + 1
    words = {True: text("plan.yes", lang), False: text("plan.no", lang)}
    return frame.assign(
        nominee=[f"{n} ({person[:short]})" for n, person in zip(number, frame["nominee"], strict=True)],
        award=[
            f"{code} {code_name(award, campaign, lang)}"
            for code, award in zip(frame["round"], frame["award"], strict=True)
        ],
        highest=[text(f"plan.level_{code}", lang) for code in frame["highest"]],
        pledge_done=frame["pledge_done"].map(words),
        study_plan=frame["study_plan"].map(words),
        places=[_places(row, lang) for row in frame.to_dict("records")],
        top=pd.array([_chance(top) for top in frame["top"]], "str"),
    )


def _places(row: dict[Any, Any], lang: str) -> str:
    """Return the range of places in the branch, and on which side of the line it lies."""
    low, high = row["rank_low"], row["rank_high"]
    if pd.isna(low):
        return "—"
    call = say(f"call_{row['call']}", lang) if isinstance(row["call"], str) else ""
    return f"{low} {call}".strip() if low == high else f"{low}–{high} {call}".strip()


def _chance(top: float) -> str | None:
    """Return a probability per cent; by simulation, so never as certain.

    Examples
    --------
    >>> [_chance(top) for top in (0.994, 0.996, 0.5, 0.004, 0.0)]
    ['99%', '>99%', '50%', '<1%', '<1%']
    """
    if pd.isna(top):
        return None
    percent = round(100 * float(top))
    return ">99%" if percent > 99 else "<1%" if percent < 1 else f"{percent}%"


def shortlist(lang: str) -> list[Column]:
    """Columns of `written_shortlist`."""
    return [
        *columns_of(lang, "award nominee unit", "id"),
        *columns_of(lang, "highest"),
        *columns_of(lang, "vote_share", "share"),
        *columns_of(lang, "places", "id"),
        *columns_of(lang, "top", "cell"),
        *columns_of(lang, "notice_days", "count"),
        *columns_of(lang, "pledge_done study_plan", "cell"),
        *columns_of(lang, "hours", "number"),
        *columns_of(lang, "finals late_finals", "count"),
    ]
