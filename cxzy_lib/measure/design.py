"""The index by period, and its uncertainty where only some of the branches were asked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import numbers
from cxzy_lib.measure.indices import index_scores, respondent_index, respondent_scores


def _design(
    frame: pd.DataFrame,
    value: str,
    weight: str | None,
    stratum: str | None,
    cluster: str | None,
    size: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the elements (``x`` ``w`` ``stratum`` ``psu``) and per stratum its ``psus`` and ``size``."""
    named = [name for name in (weight, stratum, cluster, size) if name is not None]
    if (holes := frame[named].isna().any(axis=1).sum()) > 0:
        raise ValueError(f"{holes} of {len(frame)} rows lack one of {', '.join(named)}")
    rows = pd.DataFrame({"x": numbers(frame[value])})
    rows["stratum"] = "all" if stratum is None else frame[stratum].to_numpy()
    rows["psu"] = np.arange(len(rows)) if cluster is None else frame[cluster].to_numpy()
    rows["size"] = np.inf if size is None else numbers(frame[size])
    strata = rows.groupby("stratum").agg(psus=("psu", "nunique"), least=("size", "min"), size=("size", "max"))
    wrong = (strata["least"] != strata["size"]) | (strata["size"] < strata["psus"])
    # One primary unit shows no variance, unless it is the whole stratum.
    wrong |= strata["psus"].eq(1) & strata["size"].gt(1)
    if wrong.any():
        first = strata[wrong].reset_index().to_dict("records")[0]
        sizes = " to ".join(f"{end:g}" for end in dict.fromkeys([first["least"], first["size"]]))
        raise ValueError(
            f"stratum {first['stratum']}: {first['psus']} primary units of {sizes}; it takes two or more, or"
            " all that there are, and one size that is not below their number"
        )
    equal = (rows["size"] / rows["stratum"].map(strata["psus"])).to_numpy() if size else 1.0
    rows["w"] = equal if weight is None else numbers(frame[weight])
    return rows.assign(w=rows["w"].where(rows["x"].notna(), 0), x=rows["x"].fillna(0)), strata


def design_mean(
    frame: pd.DataFrame,
    value: str,
    weight: str | None = None,
    stratum: str | None = None,
    cluster: str | None = None,
    size: str | None = None,
) -> pd.DataFrame:
    """Return the mean of a sampled design with its linearised (Taylor) standard error.

    Parameters
    ----------
    frame : DataFrame
        An element a row. A missing `value` gets the weight 0 (a domain: its cluster was sampled all the
        same); any other missing value is an error.
    value, weight, stratum, cluster, size : str
        Columns: the value, the design weight (without: size / sampled of the stratum, or 1), the stratum,
        the primary unit (numbered within its stratum; without: the row), and how many primary units the
        stratum has in the population (without: no correction).

    Returns
    -------
    DataFrame
        One row: ``mean`` and ``se`` (units of `value`; ``se`` is NA if a single sampled primary unit has
        values), ``base`` (elements with a value), ``clusters``, ``degrees`` (clusters less strata).

    Raises
    ------
    ValueError
        Names a stratum with one primary unit of several, of several sizes or of a size below its sample.

    Notes
    -----
    Source: C.-E. Särndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling (1992), section 5.7;
    S. L. Lohr, Sampling: Design and Analysis (2nd ed., 2010), section 9.1; as R's survey::svymean.

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [80.0, 90, 60, 70], "unit": ["a", "a", "b", "b"], "units": 8})
    >>> design_mean(frame, "score", cluster="unit", size="units").round(3)
       mean    se  base  clusters  degrees
    0  75.0  8.66     4         2        1
    """
    # By hand, although the package svy has it: that brings polars, 220 MB for these lines.
    rows, strata = _design(frame, value, weight, stratum, cluster, size)
    total, base = rows["w"].sum(), int(frame[value].notna().sum())
    mean = (rows["w"] * rows["x"]).sum() / total if total > 0 else np.nan
    rows["z"] = rows["w"] * (rows["x"] - mean) / (total if total > 0 else np.nan)
    sums = rows.groupby(["stratum", "psu"])[["z", "w"]].sum()
    away = sums["z"] - sums.groupby("stratum")["z"].transform("mean")
    squares = (away**2).groupby("stratum").sum(skipna=False)
    n, left = strata["psus"], 1 - strata["psus"] / strata["size"]
    variance = (left * n / (n - 1).clip(lower=1) * squares).sum(skipna=False)
    alone = sums["w"].gt(0).sum() < 2 and left.gt(0).any()
    values = {
        "mean": [mean],
        "se": [np.nan if alone or base == 0 else variance**0.5],
        "base": [base],
        "clusters": [len(sums)],
        "degrees": [len(sums) - len(strata)],
    }
    return pd.DataFrame(values).astype(
        {"mean": "Float64", "se": "Float64"} | dict.fromkeys(list(values)[2:], "Int64")
    )


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
    Source: as :func:`design_mean`; equal weights, for each branch was as likely to be asked.

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

    scores = respondent_scores(answers, campaign, ["unit"], least).assign(branches=branches)
    found = design_mean(scores, "score", cluster="unit", size="branches")
    found = found.rename(columns={"mean": "index"}).assign(branches=branches)
    times = t.ppf(
        (1 + campaign.setting("confidence_level")) / 2, found["degrees"].clip(lower=1).astype("int64")
    )
    found["low"] = (found["index"] - times * found["se"]).clip(lower=0)
    found["high"] = (found["index"] + times * found["se"]).clip(upper=100)
    return found[["index", "se", "low", "high", "base", "clusters", "branches", "degrees"]]


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


_LIMITS = ["low", "high", "score_low", "score_high"]


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
