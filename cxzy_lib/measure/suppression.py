"""Which groups of ballots may be shown in any edition: primary and complementary cell suppression.

The terms are those of A. Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_among, level_table, with_period
from cxzy_lib.measure.complementary import Views, complementary
from cxzy_lib.tables import Tables

#: What one question is: its ballots add up from unit to institution, and to nothing else.
QUESTION = ["institution", "occasion", "semester", "item", "rater_group", "scale"]
#: The scope that is the whole institution.
WHOLE = ""
_COLUMNS = [*QUESTION, "scope", "raters", "valid", "shown", "reason"]


def scopes(votes: pd.DataFrame, units: pd.DataFrame, people: pd.DataFrame) -> pd.Series:
    """Return for each vote the units whose edition holds it (a sorted tuple), as `selection.of_unit` has it.

    Its own unit, the branch of that, and unit and branch of who is appraised; the institution holds all.

    Examples
    --------
    >>> votes = pd.DataFrame({"unit": ["甲室", None], "appraisee": [None, "p1"]})
    >>> units = pd.DataFrame({"unit": ["甲室"], "branch": ["一支部"]})
    >>> scopes(
    ...     votes, units, pd.DataFrame({"person": ["p1"], "unit": ["乙室"], "branch": ["一支部"]})
    ... ).tolist()
    [('一支部', '甲室'), ('一支部', '乙室')]
    """
    above = _homes(units, "unit", ["branch"])
    homes = _homes(people, "person", ["unit", "branch"])
    pairs = votes[["unit", "appraisee"]].astype(object).where(votes[["unit", "appraisee"]].notna(), None)
    known = {
        (unit, person): tuple(
            sorted({*([unit] if unit else []), *above.get(unit, ()), *homes.get(person, ())})
        )
        for unit, person in pairs.drop_duplicates().itertuples(index=False)
    }
    return pd.Series([known[pair] for pair in pairs.itertuples(index=False, name=None)], votes.index, object)


def _homes(frame: pd.DataFrame, key: str, columns: list[str]) -> dict[Any, set[str]]:
    long = frame[[key, *columns]].melt(key, value_name="home")[[key, "home"]].dropna()
    return {name: set(group) for name, group in long.groupby(key)["home"]}


def decide(
    votes: pd.DataFrame, units: pd.DataFrame, people: pd.DataFrame, campaign: Campaign
) -> pd.DataFrame:
    """Return which rows of ballots may be shown, the same for every page, audience and edition.

    Parameters
    ----------
    votes, units, people : DataFrame
        Processed tables, of all units and periods.

    Returns
    -------
    DataFrame
        A row for each question (``institution``, ``occasion``, ``semester``, ``item``, ``rater_group``,
        ``scale``) and ``scope`` (a unit, or "" for the whole institution): ``valid`` (ballots on the scale's
        levels), ``raters`` (the people who cast them; where each appraises several, they count once),
        ``shown``, and ``reason`` where it is not: ``small`` (fewer raters than ``minimum_base``), ``few``
        (fewer appraised than ``minimum_appraised``), ``unanimous`` (all gave the same level, be it in one of
        its stages or years) or ``complementary`` (it would give another away: the cheapest such set, see
        ``usefulness``).

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> counts = {"一支部": (2, 1), "二支部": (20, 4), "三支部": (7, 3)}
    >>> base = {"occasion": "satisfaction", "semester": "2010-2011-1", "item": "leadership", "scale": "sat3"}
    >>> votes = [
    ...     base | {"rater_group": "nonmember", "occasion_id": unit, "unit": unit, "level": level, "count": n}
    ...     for unit, pair in counts.items()
    ...     for level, n in zip(("satisfied", "dissatisfied"), pair, strict=True)
    ... ]
    >>> none = {name: conform(name, []) for name in ("units", "people")}
    >>> made = decide(conform("votes", votes), **none, campaign=load_campaign("campaign"))
    >>> made[["scope", "valid", "reason"]].astype(object).values.tolist()
    [['', 37, ''], ['一支部', 3, 'small'], ['三支部', 10, 'complementary'], ['二支部', 24, '']]
    """
    cells = _cells(votes, units, people, campaign)
    if cells.empty:
        return pd.DataFrame(columns=_COLUMNS).astype({"shown": "bool"})
    views = _views(cells, campaign)
    shown = views["reason"].eq("")
    for where, leaves in _open_questions(views, cells):
        one = views.loc[where]
        hidden = complementary(_model(one, leaves, campaign), campaign.setting("hidden_width"))
        shown.loc[where] = ~hidden
    reason = views["reason"].where(shown | views["reason"].ne(""), "complementary")
    return views.assign(shown=shown, reason=reason)[_COLUMNS].reset_index(drop=True)


def _cells(
    votes: pd.DataFrame, units: pd.DataFrame, people: pd.DataFrame, campaign: Campaign
) -> pd.DataFrame:
    """Return the counted votes on the scales' own levels, with their period, ``rank`` and ``scopes``."""
    known = with_period(votes)
    levels = level_table(campaign)[["scale", "level", "rank"]]
    known = known[~known["occasion"].isin(campaign.setting("votes_for"))]  # no distribution: see `awards`
    known = known.merge(levels, on=["scale", "level"], how="inner")
    known = known.assign(item=known["item"].fillna(""), institution=known["institution"].fillna(""))
    return known.assign(scopes=scopes(known, units, people), count=known["count"].fillna(0).astype("int64"))


def leaves(
    votes: pd.DataFrame, units: pd.DataFrame, people: pd.DataFrame, campaign: Campaign
) -> pd.DataFrame:
    """Return the smallest parts that published numbers add up from: a row for each and each of its levels.

    Returns
    -------
    DataFrame
        The columns of a question, ``stage``, ``year``, ``scopes`` (tuples), ``level`` and ``count``, which
        is 0 for the levels of the scale that nobody gave.
    """
    cells = _cells(votes, units, people, campaign)
    keys = [*QUESTION, "stage", "year", "scopes"]
    counts = cells.groupby([*keys, "level"], dropna=False)["count"].sum().reset_index()
    every = counts[keys].drop_duplicates().merge(level_table(campaign)[["scale", "level"]], on="scale")
    # Stage and year may be missing: a merge takes one missing value for another.
    found = every.merge(counts, on=[*keys, "level"], how="left")
    return found.assign(count=found["count"].fillna(0).astype("int64"))


def _views(cells: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return a row for each question and scope, with its base and why it may not be shown on its own."""
    every = pd.Series([(WHOLE, *inside) for inside in cells["scopes"]], cells.index, dtype="object")
    rows = cells.assign(scope=every).explode("scope")
    keys = [*QUESTION, "scope"]
    grouped = rows.groupby(keys, dropna=False)
    views = grouped.agg(valid=("count", "sum"), appraised=("appraisee", "nunique"))
    # Where a semester lies in two stages or years, their tables show its parts.
    given = rows[rows["count"] > 0].groupby([*keys, "stage", "year"], dropna=False)["level"].nunique()
    views["levels"] = given.groupby(level=keys, dropna=False).min().reindex(views.index, fill_value=0)
    papers = [*keys, "stage", "year", "occasion_id", "unit", "appraisee"]
    each = rows.groupby(papers, dropna=False)["count"].sum()
    most = each.groupby(level=[*keys, "occasion_id", "unit"], dropna=False).max()
    views["raters"] = most.groupby(level=keys, dropna=False).sum()
    parts = each.groupby(level=[*keys, "stage", "year", "occasion_id", "unit"], dropna=False).max()
    parts = parts.groupby(level=[*keys, "stage", "year"], dropna=False).sum()
    views["least"] = parts[parts > 0].groupby(level=keys, dropna=False).min()
    views = views.reset_index()
    own = views["rater_group"].isin(campaign.setting("one_each")) & views["appraised"].gt(0)
    views["raters"] = views["raters"].where(~own, views["appraised"])
    views["least"] = views["least"].where(~own, views["raters"]).fillna(0)
    least = views["occasion"].map(campaign.setting("minimum_appraised")).fillna(0)
    reason = pd.Series("", views.index, dtype="str")
    reason = reason.mask(views["levels"].eq(1), "unanimous")
    reason = reason.mask(views["appraised"].between(1, least - 1), "few")
    return views.assign(reason=reason.mask(views["least"] < campaign.setting("minimum_base"), "small"))


def _open_questions(views: pd.DataFrame, cells: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield the views of each question in which something is hidden beside something else, with its votes."""
    keyed = {key: rows for key, rows in cells.groupby(QUESTION, dropna=False)}
    for key, one in views.groupby(QUESTION, dropna=False):
        if one["reason"].ne("").any() and len(one) > 1:
            yield one.index, keyed[key]


def _model(views: pd.DataFrame, votes: pd.DataFrame, campaign: Campaign) -> Views:
    levels = campaign.scales[votes["scale"].iloc[0]].levels
    counts = votes.groupby(["scopes", "rank"])["count"].sum().unstack(fill_value=0)
    counts = counts.reindex(columns=range(len(levels)), fill_value=0)
    parts = [[scope == WHOLE or scope in inside for inside in counts.index] for scope in views["scope"]]
    worth = campaign.setting("usefulness")
    cost = np.where(views["scope"].eq(WHOLE), worth["institution"], worth["unit"]).astype(float)
    # Among equals the one with fewer ballots goes.
    cost = cost * (1 + views["valid"].to_numpy(float) / (1 + views["valid"].sum()))
    unsafe = views["reason"].ne("").to_numpy(bool)
    return Views(np.array(parts, float), counts.to_numpy(float), unsafe, cost)


def masked(tables: Tables, decisions: pd.DataFrame, scope: str = WHOLE) -> Tables:
    """Return the tables of `scope` without what must not be shown: no figure can then be made of it.

    Parameters
    ----------
    tables : Tables
        What an edition is about: the rows of `scope`, perhaps of one year.
    decisions : DataFrame
        As from `decide`, over all units and periods.

    Returns
    -------
    Tables
        ``votes`` and ``turnout`` with the bool column ``hidden``: there ``count`` and the numbers of papers
        are NA (``eligible`` and ``present`` come from no ballot and stay); ``answers`` without those hidden.
        ``branch`` of ``votes``: that of its unit, or the unit, where its ballots may be told apart, else NA;
        ``branch_of``: in any case.
    """
    barred = decisions[decisions["scope"].eq(scope) & ~decisions["shown"]]
    votes, turnout = tables.votes, tables.turnout
    above = tables.units.drop_duplicates("unit").set_index("unit")["branch"].dropna().to_dict()
    branch = votes["unit"].astype(object).replace(above).astype("str")
    closed = _among(votes.assign(scope=branch), decisions[~decisions["shown"]], [*QUESTION, "scope"])
    gone = _among(votes, barred, QUESTION)
    papers = _among(turnout, barred, [name for name in QUESTION if name not in ("item", "scale")])
    numbers = ["issued", "returned", "valid", "void", "abstained"]
    return replace(
        tables,
        votes=votes.assign(
            count=votes["count"].mask(gone), hidden=gone, branch=branch.mask(closed), branch_of=branch
        ),
        turnout=turnout.assign(**{name: turnout[name].mask(papers) for name in numbers}, hidden=papers),
        answers=tables.answers[~_among(tables.answers, barred, QUESTION)],
    )


def _among(frame: pd.DataFrame, barred: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return which rows belong to one of the questions that are barred."""
    mine = with_period(frame)[keys].fillna("")
    return is_among(mine, barred, keys).reindex(frame.index, fill_value=False)
