"""The index by period, and its uncertainty where only some of the branches were asked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape
from cxzy_lib.measure.indices import index_scores, respondent_index, respondent_scores

_LIMITS = ["low", "high", "score_low", "score_high"]


def cluster_mean(values: pd.Series, clusters: pd.Series, of: float) -> dict[str, Any]:
    """Return the mean over a sample of whole clusters with its linearised (Taylor) standard error.

    Parameters
    ----------
    values, clusters : Series
        An element a row, and where it belongs. A missing value does not count, but its cluster was sampled
        all the same.
    of : float
        How many clusters there are, sampled or not: each was as likely to be.

    Returns
    -------
    dict
        ``mean``, ``se`` (NaN if a single one of the sampled clusters has values), ``base`` (values),
        ``clusters`` (sampled).

    Raises
    ------
    ValueError
        If a row has no cluster, one cluster of several was sampled, or more than there are.

    Notes
    -----
    Source: C.-E. Särndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling (1992), section 5.7;
    S. L. Lohr, Sampling: Design and Analysis (2nd ed., 2010), section 9.1; as R's survey::svymean.

    Examples
    --------
    >>> told = cluster_mean(pd.Series([80.0, 90, 60, 70]), pd.Series(["a", "a", "b", "b"]), 8)
    >>> told["mean"], round(told["se"], 2), told["clusters"]
    (75.0, 8.66, 2)
    """
    # By hand, although the package svy has it: that brings polars, 220 MB for these lines.
    if holes := int(clusters.isna().sum()):
        raise ValueError(f"{holes} of {len(clusters)} rows have no cluster")
    sampled = clusters.nunique()
    if sampled > of or 1 == sampled < of:
        raise ValueError(f"{sampled} of {of:g} clusters: it takes two or more, or all that there are")
    known = values.dropna().astype("float64")
    away = (known - known.mean()).groupby(clusters).sum() / len(known)
    variance = (1 - sampled / of) * sampled / max(sampled - 1, 1) * (away**2).sum()
    told = len(away) > 1 or (len(away) == 1 and sampled == of)
    se = float(variance) ** 0.5 if told else np.nan
    return {"mean": float(known.mean()), "se": se, "base": len(known), "clusters": sampled}


def branch_sample_index(
    answers: pd.DataFrame, campaign: Campaign, branches: int, least: float
) -> pd.DataFrame:
    """Return the index of all respondents where only some of the branches were asked.

    Parameters
    ----------
    answers : DataFrame
        The processed table; ``unit`` is the branch, asked as a whole: the cluster of the design.
    branches : int
        How many branches there are, asked or not.
    least : float
        As in :func:`respondent_scores`; respondents without a score don't count.

    Returns
    -------
    DataFrame
        One row: ``index`` (0-100), ``se``, ``low``, ``high`` (Student's t at ``confidence_level``, within
        0-100), ``base`` (respondents), ``clusters`` (branches asked), ``branches``, ``degrees``. With all
        branches asked ``se`` is 0: a census.

    Raises
    ------
    ValueError
        If a respondent has no branch, if one branch of several was asked, or more than there are.

    Notes
    -----
    Source: as :func:`cluster_mean`.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> row = {"item": "a", "scale": "sat3"}
    >>> said = [("u1", "1", "satisfied"), ("u1", "2", "satisfied"), ("u2", "3", "basically_satisfied")]
    >>> rows = [row | {"unit": u, "respondent": k, "level": v} for u, k, v in said]
    >>> found = branch_sample_index(conform("answers", rows), load_campaign("campaign"), 8, least=1)
    >>> found[["index", "se", "base", "clusters", "branches"]].round(2)
       index     se  base  clusters  branches
    0   90.0  11.55     3         2         8
    """
    from scipy.stats import t

    scores = respondent_scores(answers, campaign, ["unit"], least)
    found = cluster_mean(scores["score"], scores["unit"], branches)
    degrees = found["clusters"] - 1
    apart = t.ppf((1 + campaign.setting("confidence_level")) / 2, max(degrees, 1)) * found["se"]
    low, high = np.clip([found["mean"] - apart, found["mean"] + apart], 0, 100)
    found |= {"index": found["mean"], "low": low, "high": high, "branches": branches, "degrees": degrees}
    columns = "index se low high base clusters branches degrees"
    return shape(pd.DataFrame([found]), columns, number="index se low high")


def index_by_period(
    votes: pd.DataFrame, answers: pd.DataFrame, rates: pd.DataFrame, campaign: Campaign, period: str
) -> pd.DataFrame:
    """Return the index of an item and, where there are papers, the mean of the respondents' own scores.

    Parameters
    ----------
    votes, answers : DataFrame
        Of one kind of occasion, with a `period`: the votes of the item, the papers with all their items.
    rates : DataFrame
        As from `shown_satisfaction` by `period` and ``item``: its rows, ``hidden`` and ``population``.

    Returns
    -------
    DataFrame
        `period`, ``item``, ``rater_group``, ``scale``, ``hidden``; ``index``, ``low``, ``high`` (0-100),
        ``sd``, ``valid`` as from `index_scores`; ``score``, ``score_low``, ``score_high``, ``respondents``
        as from `respondent_index` over all items (at least the share ``score_least`` of them answered), NA
        without papers, or with fewer than ``minimum_base``. Where ``sampled_branches`` says that the
        occasion asked some branches only, the limits are those of `branch_sample_index`, and ``clusters``
        and ``branches`` (NA: no sample) say how many of how many; without limits where the branch of a
        ballot is not known, one branch was asked, or more than there are.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.measure.disclosure import shown_satisfaction
    >>> from cxzy_lib.tables import conform
    >>> base = {"item": "leadership", "semester": "2011-2012-2", "rater_group": "member", "scale": "sat3"}
    >>> counts = {"satisfied": 8, "basically_satisfied": 2}
    >>> votes = conform("votes", [base | {"level": k, "count": n} for k, n in counts.items()])
    >>> campaign, nobody = load_campaign("campaign"), conform("turnout", [])
    >>> rates = shown_satisfaction(votes, nobody, campaign, "semester", ("item",))
    >>> found = index_by_period(votes, conform("answers", []), rates, campaign, "semester")
    >>> found[["index", "low", "high", "valid", "score"]].round(1)
       index   low   high  valid  score
    0   94.0  85.0  100.0     10   <NA>
    """
    keys, whole = [period, "item", "rater_group", "scale"], [period, "rater_group", "scale"]
    places = rates[[*keys, "hidden", "population"]]
    body = index_scores(votes, campaign, keys)[keys].merge(places, on=keys, how="left")["population"]
    frame = places.merge(index_scores(votes, campaign, keys, body), on=keys, how="left")
    frame = frame.merge(
        _scores(answers, places.drop_duplicates(whole), campaign, whole), on=whole, how="left"
    )
    papers = _as_papers(votes)
    limits = [
        _sampled(_same(papers, row, keys), _same(answers, row, whole), campaign)
        for row in frame.to_dict("records")
    ]
    told = pd.DataFrame(limits, frame.index, [*_LIMITS, "clusters", "branches"]).astype("Float64")
    of_some = told["branches"].notna()
    for name in _LIMITS:
        frame[name] = frame[name].mask(of_some, told[name])
    return frame.assign(**told[["clusters", "branches"]].astype("Int64")).drop(columns="population")


def _scores(answers: pd.DataFrame, places: pd.DataFrame, campaign: Campaign, by: list[str]) -> pd.DataFrame:
    """Return `respondent_index` under the names of `index_by_period`, small groups left out."""
    least = campaign.setting("score_least")
    groups = respondent_index(answers, campaign, by, least)[by]
    body = groups.merge(places, on=by, how="left")["population"]
    found = respondent_index(answers, campaign, by, least, body)
    found = found[found["base"].ge(campaign.setting("minimum_base"))]
    names = {"index": "score", "low": "score_low", "high": "score_high", "base": "respondents"}
    return found[[*by, *names]].rename(columns=names)


def _same(frame: pd.DataFrame, row: Mapping[Any, Any], names: list[str]) -> pd.DataFrame:
    return frame[(frame[names] == [row[name] for name in names]).all(axis=1)]


def _as_papers(votes: pd.DataFrame) -> pd.DataFrame:
    """Return counted votes as papers of one item: a row for each ballot."""
    rows = votes.loc[votes.index.repeat(votes["count"].fillna(0).astype("int64"))].reset_index(drop=True)
    return rows.assign(respondent=rows.index.astype("str"))


def _sampled(ballots: pd.DataFrame, papers: pd.DataFrame, campaign: Campaign) -> list[object]:
    """Return the limits of index and score, and how many branches of how many; NA where all were asked."""
    branches = ballots["occasion"].map(campaign.setting("sampled_branches")).max()
    asked = ballots["unit"].nunique()
    if pd.isna(branches) or asked == branches:
        return [pd.NA] * 6
    own = _limits(ballots, campaign, int(branches), 0)
    scored = _limits(papers, campaign, int(branches), campaign.setting("score_least"))
    return [*own, *scored, asked, int(branches)]


def _limits(papers: pd.DataFrame, campaign: Campaign, branches: int, least: float) -> list[object]:
    if papers["unit"].isna().any() or not 2 <= papers["unit"].nunique() < branches:
        return [pd.NA, pd.NA]
    return branch_sample_index(papers, campaign, branches, least)[["low", "high"]].iloc[0].tolist()
