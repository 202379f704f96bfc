"""Awards: who was nominated on which level, votes against their base, notice, and what evidence there is.

Nothing here decides. A shortlist is an order by votes with the evidence beside it; people decide.
"""

import math
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_true, shape, share
from cxzy_lib.measure.duties import settled
from cxzy_lib.measure.evidence import CELL
from cxzy_lib.measure.participation import members_at, training_progress
from cxzy_lib.measure.ranks import vote_ranks
from cxzy_lib.tables import Tables

_LEVELS = ("branch", "general_branch", "bureau")
_VOTE = ["round", "award", "unit"]  # the nominees of a branch, on whom the same people voted


def rounds(campaign: Campaign) -> dict[str, date]:
    """Return the award rounds of the plan: code -> the day before which they are held."""
    return {code: award.before for code, award in campaign.plan.awards.items() if award.before}


def round_of(day: pd.Timestamp | None, campaign: Campaign) -> str | None:
    """Return the round that `day` belongs to: the first whose day is not past.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> campaign = load_campaign("campaign")
    >>> [round_of(pd.Timestamp(day), campaign) for day in ("2011-06-20", "2011-07-01", "2013-01-01")]
    ['W2', 'W3', None]
    """
    if day is None or pd.isna(day):
        return None
    return next((code for code, before in rounds(campaign).items() if day < pd.Timestamp(before)), None)


def quota(members: int, rule: dict[str, Any]) -> int | None:
    """Return how many may be chosen of `members`, None where no share is set.

    Parameters
    ----------
    rule : dict
        ``share`` (0-1) and ``rounding``: ``down`` ("not more than"), ``up`` or ``half_up``.

    Examples
    --------
    >>> [quota(110, {"share": 0.05, "rounding": way}) for way in ("down", "up", "half_up")]
    [5, 6, 6]
    """
    if not rule["share"]:
        return None
    exact = round(members * rule["share"], 9)  # a third of 108 is 36, not 35.99…
    ways = {"down": math.floor(exact), "up": math.ceil(exact), "half_up": math.floor(exact + 0.5)}
    return int(ways[rule["rounding"]])


def working_days(start: pd.Series, end: pd.Series, holidays: list[str]) -> pd.Series:
    """Return the working days from `start` to `end`, both inside: no weekends, none of `holidays`.

    Examples
    --------
    >>> days = pd.to_datetime(pd.Series(["2011-06-17", "2011-06-23"]))
    >>> int(working_days(days.iloc[[0]], days.iloc[[1]].set_axis([0]), [])[0])
    5
    """
    known = start.notna() & end.notna() & (start <= end)
    first, last = (day[known].to_numpy("datetime64[D]") for day in (start, end))
    counts = np.busday_count(first, last + np.timedelta64(1, "D"), holidays=holidays)
    return pd.Series(counts, index=start.index[known]).reindex(start.index).astype("Int64")


def votes_cast(tables: Tables, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Return each nomination as it was voted: a row for each nominee, class, level and branch.

    Returns
    -------
    DataFrame
        ``round``, ``year``, ``award`` (class), ``level``, ``unit``, ``nominee``, ``eligible``, ``cast``,
        ``votes``, ``vote_share`` (0-1, of the base that the setting ``award_rule`` names), ``void``
        (more votes than papers: it does not count), ``notice_days`` (working days), ``notice_short``,
        ``objections``.
    """
    rule = campaign.setting("award_rule")
    events = tables.events[tables.events["kind"].eq("nomination")].drop_duplicates(CELL)
    votes = tables.votes[tables.votes["occasion"].eq("nomination")]
    names = {"appraisee": "nominee", "count": "votes", "year": "year", "held_on": "voted_on"}
    rows = _beside(events, votes, names, how="inner")
    notices = tables.tasks[tables.tasks["kind"].eq("public_notice")]
    rows = _beside(rows, notices, {"opened_on": "opened_on", "done_on": "done_on"})
    objections = tables.figures[tables.figures["indicator"].eq("objections")]
    rows = _beside(rows, objections, {"value": "objections"})
    awarded = tables.events[tables.events["kind"].eq("award")]
    rows = _beside(rows, awarded, {"held_on": "awarded_on"})
    day = rows["opened_on"].fillna(rows["awarded_on"]).fillna(rows["voted_on"]).astype("datetime64[us]")
    rows["year"] = rows["year"].fillna(day.dt.year.astype("Int64"))
    day = day.fillna(pd.to_datetime(rows["year"].astype("str") + "-06-30", errors="coerce"))
    rows["round"] = [round_of(each, campaign) for each in day]
    rows = rows.rename(columns={"topic": "award", "form": "level", "expected": "eligible", "present": "cast"})
    base = rows["cast"] if rule["votes_of"] == "present" else rows["eligible"]
    rows["void"] = is_true((rows["votes"] > rows["cast"]) | (rows["cast"] > rows["eligible"]))
    rows["vote_share"] = share(rows["votes"], base).mask(rows["void"])
    rows["notice_days"] = working_days(rows["opened_on"], rows["done_on"], rule["holidays"])
    rows["notice_short"] = is_true(rows["notice_days"] < rule["notice_days"])
    kept = rows[~(day > pd.Timestamp(as_of))]
    columns = "round year award level unit nominee eligible cast votes vote_share void notice_days"
    columns += " notice_short objections"
    text = "round award level unit nominee"
    return shape(kept, columns, text, number="vote_share", flag="void notice_short")


def _beside(
    rows: pd.DataFrame, others: pd.DataFrame, names: dict[str, str], how: Literal["inner", "left"] = "left"
) -> pd.DataFrame:
    """Put columns of what the same source rows made in another table beside `rows`, by new names."""
    told = others.drop_duplicates(CELL)[[*CELL, *names]].rename(columns=names)
    return rows.merge(told, on=CELL, how=how)


def posted(tables: Tables, as_of: date) -> pd.DataFrame:
    """Return those whose names are posted anyhow: commended so far, or in their notice period at `as_of`.

    Returns
    -------
    DataFrame
        ``award`` (class), ``unit``, ``person`` (NA for a unit), ``day`` (of the commendation, or the last of
        the notice), ``state`` (``awarded`` or ``notice``); the latest first.

    Examples
    --------
    >>> from dataclasses import fields
    >>> from cxzy_lib.tables import Tables, conform
    >>> given = {f.name: conform(f.name, []) for f in fields(Tables)}
    >>> given["events"] = conform("events", [{"kind": "award", "person": "p1", "held_on": "2011-06-28"}])
    >>> posted(Tables(**given), date(2011, 12, 31))[["person", "state"]].values.tolist()
    [['p1', 'awarded']]
    """
    now = pd.Timestamp(as_of)
    awarded = tables.events[tables.events["kind"].eq("award") & (tables.events["held_on"] <= now)]
    awarded = awarded.assign(award=awarded["topic"], day=awarded["held_on"], state="awarded")
    notices = tables.tasks[tables.tasks["kind"].eq("public_notice")]
    notices = notices[(notices["opened_on"] <= now) & (notices["done_on"] >= now)]
    notices = notices.assign(award=notices["subject"], day=notices["done_on"], state="notice")
    columns = ["award", "unit", "person", "day", "state"]
    both = pd.concat([awarded[columns], notices[columns]]).drop_duplicates()
    both = both.sort_values(["day", "award", "unit", "person"], ascending=[False, True, True, True])
    return shape(both, " ".join(columns), "award unit person state", date="day")


def nominees(tables: Tables, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Return one row for each nominee, round and class: how high the nomination came, and its votes.

    The result: ``round``, ``award``, ``nominee``, ``unit``, ``highest`` (level), ``from_branch`` (bool: a
    branch's vote is on record), ``vote_share``, ``votes``, ``cast`` (of the branch; NA where it is void),
    ``notice_days``, ``notice_short``.
    """
    cast = votes_cast(tables, campaign, as_of)
    rank = cast["level"].map({level: at for at, level in enumerate(_LEVELS)}).fillna(-1)
    cast = cast.assign(rank=rank).sort_values("rank", kind="stable")
    keys = ["round", "award", "nominee"]
    last = cast.drop_duplicates(keys, keep="last").set_index(keys)
    branch = cast[cast["level"].eq("branch")].drop_duplicates(keys).set_index(keys)
    frame = last[["level"]].rename(columns={"level": "highest"})
    frame["from_branch"] = last.index.isin(branch.index)
    frame["unit"] = branch["unit"].reindex(frame.index).fillna(last["unit"])
    frame["vote_share"] = branch["vote_share"].reindex(frame.index).fillna(last["vote_share"])
    counted = branch[~branch["void"]]
    frame = frame.join(counted[["votes", "cast"]])
    frame["notice_days"] = cast.groupby(keys)["notice_days"].max()
    frame["notice_short"] = is_true(frame["notice_days"] < campaign.setting("award_rule")["notice_days"])
    columns = "round award nominee unit highest from_branch vote_share votes cast notice_days notice_short"
    text = "round award nominee unit highest"
    return shape(frame.reset_index(), columns, text, number="vote_share", flag="from_branch notice_short")


def shortlist(tables: Tables, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Return the nominees who are people, with the evidence about each, by round and votes.

    Evidence is what was on record before the round's day: a final handed in after it counts for the next
    round only (setting ``late_finals``). No score is made of it: the order is that of the branch's vote.

    Returns
    -------
    DataFrame
        As `nominees`, with ``pledge_done`` (bool), ``study_plan`` (bool), ``hours``, ``finals`` (before
        the round's day), ``late_finals`` (after it, not counted), ``is_probationary``, ``quota`` (of the
        round; NA without one), and how far the branch's votes tell its nominees apart: ``rank_low``,
        ``rank_high``, ``top`` (0-1), ``call`` of `vote_ranks`, with the number of those sent up among the
        branch's nominees with votes as the line (NA where it is all or none of them). ``vote_share`` is NA,
        too, where it would tell how each voted: in a vote of fewer than ``minimum_base``, or one in which all
        or none were for; with it go the places of all nominees of that branch: each tells the others'.
    """
    found = nominees(tables, campaign, as_of)
    found = found[found["nominee"].isin(tables.people["person"].dropna())]
    parts = [
        _with_evidence(part, str(code), tables, campaign, as_of) for code, part in found.groupby("round")
    ]
    columns = "round award nominee unit highest from_branch vote_share notice_days notice_short pledge_done"
    columns += " study_plan hours finals late_finals is_probationary quota rank_low rank_high top call"
    frame = _told_apart(pd.concat(parts, ignore_index=True) if parts else found, campaign)
    # Masked before it is sorted: the order would tell a vote of all from one of none.
    frame = _masked(frame, campaign.setting("minimum_base")).sort_values(
        ["round", "award", "vote_share"], ascending=[True, True, False], kind="stable", na_position="last"
    )
    text = "round award nominee unit highest call"
    flags = "from_branch notice_short pledge_done study_plan is_probationary"
    return shape(frame, columns, text, number="vote_share hours top", flag=flags)


def _told_apart(frame: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Add the ranks of the nominees of each branch, who were voted on by the same people."""
    level = campaign.setting("confidence_level")
    parts = []
    for _, part in frame.groupby(_VOTE, dropna=False, sort=False):
        voted = part["votes"].notna() & is_true(part["cast"] > 0)
        sent = int((voted & part["highest"].ne("branch")).sum())
        line = sent if 0 < sent < voted.sum() else None  # all or nobody sent up: there is no line among them
        parts.append(part.join(vote_ranks(part["votes"], part["cast"], line, level)))
    return pd.concat(parts) if parts else frame


def _masked(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """Hide what would tell how each voted: the share of such a vote, and the places of its branch."""
    if frame.empty:
        return frame
    # A vote in which all did the same tells what each did.
    secret = is_true((frame["cast"] < least) | frame["votes"].eq(0) | frame["votes"].eq(frame["cast"]))
    whole = secret.groupby([frame[name] for name in _VOTE], dropna=False).transform("any")
    places = {name: frame[name].mask(whole) for name in ("rank_low", "rank_high", "top", "call")}
    return frame.assign(vote_share=frame["vote_share"].mask(secret), **places)


def _with_evidence(
    part: pd.DataFrame, code: str, tables: Tables, campaign: Campaign, as_of: date
) -> pd.DataFrame:
    before = rounds(campaign)[code]
    day = min(before, as_of)
    members = members_at(tables.people, day)
    tasks = settled(tables.tasks, day).dropna(subset=["person"])
    pledges = tasks.loc[tasks["kind"].eq("pledge") & tasks["done"], "person"]
    plans = tasks.loc[tasks["kind"].eq("study_plan"), "person"]
    hours = training_progress(tables.hours, tables.people, campaign, day).set_index("person")["hours"]
    finals = tables.tasks[tables.tasks["kind"].eq("final") & tables.tasks["done_on"].notna()]
    same = campaign.setting("late_finals") == "same_round"
    in_time = finals[(finals["done_on"] < pd.Timestamp(before)) | same]
    late = finals[~finals.index.isin(in_time.index) & ~(finals["done_on"] > pd.Timestamp(as_of))]
    probationary = members.loc[is_true(members["is_probationary"]), "person"]
    who = part["nominee"]
    return part.assign(
        pledge_done=who.isin(pledges),
        study_plan=who.isin(plans),
        hours=hours.reindex(who).to_numpy(),
        finals=who.map(in_time["person"].value_counts()).fillna(0),
        late_finals=who.map(late["person"].value_counts()).fillna(0),
        is_probationary=who.isin(probationary),
        quota=quota(len(members), campaign.setting("award_rule")),
    )
