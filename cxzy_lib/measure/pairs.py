"""Which figures of the ballots are set side by side besides semesters: groups, stages, branches."""

from itertools import combinations

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import share, vote_days
from cxzy_lib.measure.changes import as_pairs, group_pairs, period_pairs, side_of
from cxzy_lib.measure.comparability import GRADES, comparisons, conditions
from cxzy_lib.measure.differences import COUNTS
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.estimates import worst_cases

#: The side of a pair that is all the other branches together.
REST = ""
#: What tells that two pairs are the same ballots: they make one test.
_SAME = ["item", "rater_group", *COUNTS]


def every_two_groups(
    rates: pd.DataFrame, told: pd.DataFrame, campaign: Campaign, period: str
) -> pd.DataFrame:
    """Return `group_pairs` of every two groups of raters that `rates` has; `told` are their conditions.

    In the order of the campaign's list the later group is the ``start`` that the earlier one is set against.
    ``all`` holds the others and is compared with none.
    """
    asked = set(rates["rater_group"]) - {"all"}
    groups = [group for group in campaign.raters if group in asked]
    pairs = [(other, one) for one, other in combinations(groups, 2)]
    found = [group_pairs(rates, told, pair, campaign, period) for pair in pairs]
    return pd.concat([as_pairs([]), *found], ignore_index=True)


def stage_pairs(votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Pair the last stage with the earliest that it may be compared with, one occasion for each stage.

    Parameters
    ----------
    votes, turnout : DataFrame
        Of an edition, of one kind of occasion, with a `period`. A stage asks the same people several times,
        and no test holds for their ballots taken together: its last `period` stands for it. Where even that
        asked them twice, the stage is passed over.

    Returns
    -------
    DataFrame
        As `period_pairs`, with the ``kind`` "stage"; ``start`` and ``end`` are stages.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> base = {"item": "leadership", "rater_group": "member", "scale": "sat4", "level": "satisfied"}
    >>> asked = [("2010-2011-1", "S2", 20), ("2010-2011-2", "S2", 30), ("2011-2012-2", "S3", 40)]
    >>> votes = [base | {"semester": s, "occasion_id": s, "stage": at, "count": n} for s, at, n in asked]
    >>> nobody, campaign = conform("turnout", []), load_campaign("campaign")
    >>> found = stage_pairs(conform("votes", votes), nobody, campaign, "semester")
    >>> found[["start", "end", "start_valid", "end_valid"]].to_numpy().tolist()
    [['S2', 'S3', 30, 40]]
    """
    rows = votes[votes["stage"].notna()]
    if rows.empty:
        return as_pairs([])
    rows = rows.assign(_day=vote_days(rows, campaign)).sort_values("_day", kind="stable")
    last = rows.groupby(["stage", "item", "rater_group"], dropna=False)[period].transform("last")
    rows = rows[rows[period].eq(last)]
    rates = shown_satisfaction(rows, turnout, campaign, "stage", ("item",))
    order = list(rows["stage"].unique())  # by the day of the last occasion
    rates = rates.sort_values(
        "stage", key=lambda stages: stages.map(order.index), kind="stable", ignore_index=True
    )
    rates = _asked_once(rates)
    graded = comparisons(conditions(rows, turnout, campaign, "stage"), campaign, "stage")
    return period_pairs(rates, graded, "stage").assign(kind="stage")


def branch_turnout(votes: pd.DataFrame, turnout: pd.DataFrame) -> pd.DataFrame:
    """Return the turnout of occasions of one ``branch``: that of several is not that of any of them."""
    branches = votes.groupby("occasion_id")["branch"].nunique()
    return turnout[turnout["unit"].notna() & turnout["occasion_id"].isin(branches.index[branches.eq(1)])]


def branch_pairs(votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Pair each branch with all the others together, in the last `period` in which ballots tell the branch.

    Parameters
    ----------
    votes, turnout : DataFrame
        As for `stage_pairs`. ``branch`` is that of `suppression.masked`: only branches whose ballots may be
        told apart are there; without this column nothing is compared.

    Returns
    -------
    DataFrame
        As `period_pairs`, with the ``kind`` "branch": ``end`` is the branch, ``start`` is `REST`. Only on
        the same scale; two branches make one pair.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> base = {"item": "leadership", "rater_group": "member", "scale": "sat4", "semester": "2011-2012-2"}
    >>> counts = {"A": (9, 1), "B": (6, 4), "C": (12, 8)}
    >>> votes = [
    ...     base | {"unit": unit, "occasion_id": unit, "level": level, "count": n}
    ...     for unit, pair in counts.items()
    ...     for level, n in zip(("satisfied", "dissatisfied"), pair, strict=True)
    ... ]
    >>> votes = conform("votes", votes).assign(branch=lambda rows: rows["unit"])
    >>> found = branch_pairs(votes, conform("turnout", []), load_campaign("campaign"), "semester")
    >>> found[["end", "end_count", "end_valid", "start_count", "start_valid"]].to_numpy().tolist()
    [['A', 9, 10, 18, 30], ['B', 6, 10, 21, 30], ['C', 12, 20, 15, 20]]
    """
    known = votes[votes["branch"].notna()] if "branch" in votes else votes.iloc[:0].assign(branch=None)
    if len(known):
        known = known[known[period].eq(known.loc[[vote_days(known, campaign).idxmax()], period].iloc[0])]
    own_turnout = branch_turnout(known, turnout)
    rates = _asked_once(shown_satisfaction(known, own_turnout, campaign, "branch", ("item",)))
    found = []
    by_scale = rates[rates["strict"].notna()].groupby(["item", "rater_group", "scale"], sort=False)
    for (item, group, _), part in by_scale:
        pairs = len(part) if len(part) > 2 else len(part) - 1
        for at in range(pairs):
            own, rest = part.iloc[at], _together(part.drop(index=part.index[at]))
            named = {"kind": "branch", "item": item, "rater_group": group, "grade": GRADES[0], "reasons": ""}
            named |= {"start": REST, "end": own["branch"]}
            found.append(named | side_of(own, "end") | side_of(rest, "start"))
    return as_pairs(found)


def _asked_once(rates: pd.DataFrame) -> pd.DataFrame:
    """Take the rates away for which no interval holds: several ballots of the same people."""
    return rates.assign(strict=rates["strict"].mask(rates["strict_low"].isna()))


def _together(rates: pd.DataFrame) -> pd.Series:
    """Return the rates of several branches as one row."""
    counts = ["strict_count", "valid", "population"]
    one = rates.iloc[:1].assign(**rates[counts].sum(skipna=False))
    low, high = worst_cases(one["strict_count"], one["valid"], one["population"])
    return one.assign(strict=share(one["strict_count"], one["valid"]), worst_low=low, worst_high=high).iloc[0]


def distinct(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs without those that set the same ballots side by side as one before: one test each."""
    return pairs.drop_duplicates(_SAME, ignore_index=True)


def with_verdicts(pairs: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Return `pairs` with what `judged` said of the same ballots, whatever they were called there."""
    same = changes["kind"].isin(["period", *pairs["kind"].unique()])
    told = [*_SAME, *(name for name in changes if name not in pairs)]
    return pairs.merge(changes.loc[same, told].drop_duplicates(_SAME), on=_SAME, how="left")
