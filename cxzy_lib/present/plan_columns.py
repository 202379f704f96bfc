"""The columns of the tables about the plan, and the frames that need their codes written out."""

from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.present.columns import RATERS
from cxzy_lib.present.plan import code_name
from cxzy_lib.present.tables import Column
from cxzy_lib.present.wording import group_name, period_names, say
from cxzy_lib.texts import catalogue, text


def _heads(lang: str, names: str, kind: str = "count") -> list[Column]:
    return [Column(name, say(f"col_{name}", lang), kind) for name in names.split()]  # type: ignore[arg-type]


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
    numbers = _heads(lang, "points_possible points_self points_assessed score_gap", "number")
    return [Column("name", say("col_content", lang)), *numbers]


def occasions(campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `occasions`."""
    groups = {group: group_name(group, lang) for group in RATERS}
    scales = {code: scale.name(lang) for code, scale in campaign.scales.items()}
    return [
        Column("appraisee_type", say("col_object", lang), "id", words=_words("object", lang)),
        Column("semester", say("col_semester", lang), words=period_names(campaign, lang)),
        Column("rater_group", say("col_group", lang), words=groups | _words("part", lang)),
        Column("scale", say("col_scale", lang), "id", words=scales),
        Column("ballots", say("col_ballots", lang), "cell"),
        Column("strict", say("col_strict", lang), "share", "strict_low", "strict_high"),
        Column("inclusive", say("col_inclusive_short", lang), "share"),
        Column("index", say("col_index", lang), "number"),
    ]


def grades(lang: str) -> list[Column]:
    """Columns of `member_grades`."""
    groups = {group: group_name(group, lang) for group in RATERS}
    return [
        Column("year", say("col_year", lang)),
        Column("rater_group", say("col_group", lang), words=groups),
        Column("members", say("col_appraised", lang), "count"),
        *_heads(lang, "excellent graded"),
        Column("excellent_share", say("col_excellent_share", lang), "share"),
        *_heads(lang, "full_members quota"),
    ]


def scores(lang: str) -> list[Column]:
    """Columns of the five leads' scores."""
    middle = Column("median", say("col_middle", lang), "number")
    ends = _heads(lang, "low high", "number")
    return [Column("name", say("col_content", lang)), middle, *ends, *_heads(lang, "base")]


def chain(lang: str) -> list[Column]:
    """Columns of `chain`."""
    link = Column("link", say("col_link", lang), words=_words("link", lang))
    return [link, *_heads(lang, "problems"), Column("share", say("col_share", lang), "share")]


def chain_items(lang: str) -> list[Column]:
    """Columns of `chain_items`."""
    words = {"True": text("plan.yes", lang), "False": text("plan.no", lang)}
    return [
        Column("unit", say("col_owner", lang), "id"),
        Column("source", say("col_source", lang), "id"),
        Column("planned", say("col_planned", lang), words=words),
        *_heads(lang, "opened_on", "date"),
        Column("due_on", say("col_due_day", lang), "date"),
        *_heads(lang, "done_on", "date"),
        *_heads(lang, "days"),
        Column("state", say("col_state", lang), words=_words("item", lang)),
        Column("verdict", text("plan.link_rerated", lang)),
    ]


def curve(lang: str) -> list[Column]:
    """Columns of the survival curve."""
    return [*_heads(lang, "days"), Column("open_share", say("col_open_share", lang), "share"),
            *_heads(lang, "at_risk")]  # fmt: skip


def written_ages(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `ageing` with its bands in words."""
    starts = list(frame["from_days"])
    ends = [*(start - 1 for start in starts[1:]), None]
    names = [
        text("plan.age_band", lang, start=start) if end is None
        else text("plan.age_between", lang, start=start, end=end)
        for start, end in zip(starts, ends, strict=True)
    ]  # fmt: skip
    return frame.assign(name=names)


def ages(lang: str) -> list[Column]:
    """Columns of `written_ages`."""
    return [Column("name", say("col_age", lang)), *_heads(lang, "problems overdue")]


def opinions(frame: pd.DataFrame, campaign: Campaign, lang: str) -> list[Column]:
    """Columns of `opinions`."""
    known = {code: code_name(code, campaign, lang) for code in frame["channel"].dropna().unique()}
    return [
        Column("channel", say("col_channel", lang), words=known),
        Column("object", say("col_object", lang), words=_words("object", lang)),
        *_heads(lang, "rounds raw merged"),
    ]


def duties(lang: str) -> list[Column]:
    """Columns of `duties`."""
    return [
        Column("indicator", say("col_clause", lang)),
        Column("name", say("col_content", lang), "prose"),
        Column("who", say("col_who", lang), "id"),
        Column("due", say("col_due_day", lang), "date"),
        Column("shown", say("col_result", lang), "cell"),
        Column("shown_target", say("col_target", lang), "cell"),
        Column("state", say("col_state", lang)),
    ]


def documents(lang: str) -> list[Column]:
    """Columns of the documents that the plan refers to."""
    return [Column("indicator", say("col_clause", lang)), Column("name", say("col_content", lang), "prose"),
            Column("state", say("col_state", lang))]  # fmt: skip


def awards(lang: str) -> list[Column]:
    """Columns of the commendations."""
    first, name, state = documents(lang)
    return [first, name, Column("due", say("col_before", lang), "date"), state]


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
    return [*_heads(lang, "round award", "text"), *levels, *_heads(lang, "notice_least objections voided")]


def written_shortlist(frame: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return the shortlist with names of codes; a nominee is a number in its branch, nobody's name.

    Of the pseudonym as much as tells the nominees apart.
    """
    codes = set(frame["nominee"])
    short = next(n for n in range(6, 99) if len({code[:n] for code in codes}) == len(codes))
    number = frame.groupby(["round", "award"]).cumcount() + 1
    yes, no = text("plan.yes", lang), text("plan.no", lang)
    words = {True: yes, False: no}
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
        *_heads(lang, "award nominee unit", "id"),
        *_heads(lang, "highest", "text"),
        Column("vote_share", say("col_vote_share", lang), "share"),
        *_heads(lang, "places", "id"),
        Column("top", say("col_top", lang), "cell"),
        *_heads(lang, "notice_days"),
        *_heads(lang, "pledge_done study_plan", "cell"),
        *_heads(lang, "hours", "number"),
        *_heads(lang, "finals late_finals"),
    ]
