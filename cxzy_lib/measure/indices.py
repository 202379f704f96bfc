"""Indices (0-100): means of the levels' points, with the uncertainty that their design leaves."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import Floats, numbers, share

#: What tells one paper from another: respondents are numbered anew in every sheet.
PAPER = ["institution", "occasion_id", "source_file", "source_sheet", "respondent"]


def level_points(campaign: Campaign) -> pd.DataFrame:
    """Return the points of every level: ``scale``, ``level``, ``points`` (0-100, NA: it has none)."""
    points = [
        (code, level.code, level.points) for code, scale in campaign.scales.items() for level in scale.levels
    ]
    table = pd.DataFrame(points, columns=["scale", "level", "points"])
    return table.astype({"scale": "str", "level": "str", "points": "Float64"})


def mean_interval(
    mean: npt.ArrayLike,
    sd: npt.ArrayLike,
    n: npt.ArrayLike,
    population: npt.ArrayLike,
    level: float,
    *,
    normal: bool = False,
) -> tuple[Floats, Floats, Floats]:
    """Return the standard error and the limits of means of finite populations.

    Parameters
    ----------
    mean, sd, n, population : array-like
        Mean, its standard deviation (n - 1 in the denominator), those asked, and all who could be. A
        population that is NaN, or less than `n`, leaves the error without its correction.
    level : float
        Confidence level, 0-1.
    normal : bool
        Take the normal distribution, as tables of margins of shares do, and not Student's.

    Returns
    -------
    se, low, high : ndarray
        In the units of `mean`: se = sd / sqrt(n) * sqrt(1 - n / population); NaN with ``n`` < 2. With
        everybody asked the error is 0. Where all said the same and others were not asked there are no limits
        (NaN): how far those others differ cannot be told from people who do not.

    Notes
    -----
    Source: W. G. Cochran, Sampling Techniques (3rd ed., 1977), formula (2.20).

    Examples
    --------
    >>> se, low, high = mean_interval([80.0], [10.0], [25], [100], 0.95)
    >>> se.round(3), low.round(2), high.round(2)
    (array([1.732]), array([76.43]), array([83.57]))
    """
    from scipy.stats import norm, t

    given = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (mean, sd, n, population))
    centre, spread, asked, body = np.broadcast_arrays(*given)
    few = ~(asked >= 2)  # NaN is few
    base = np.where(few, 2.0, asked)
    left = np.where(body >= base, 1 - base / np.where(body > 0, body, 1), 1.0)
    se = np.where(few, np.nan, spread / np.sqrt(base) * np.sqrt(left))
    times = norm.ppf((1 + level) / 2) if normal else t.ppf((1 + level) / 2, base - 1)
    apart = np.where((spread == 0) & (left > 0), np.nan, times * se)
    return se, centre - apart, centre + apart


def _with_error(
    frame: pd.DataFrame, count: str, population: pd.Series | None, campaign: Campaign
) -> pd.DataFrame:
    """Add ``se``, ``low`` and ``high`` to ``index`` and ``sd``, whose base is the column `count`."""
    body = np.nan if population is None else numbers(population.reindex(frame.index))
    mean, sd, n = (numbers(frame[name]) for name in ("index", "sd", count))
    se, low, high = mean_interval(mean, sd, n, body, campaign.setting("confidence_level"))
    told = {"se": se, "low": low.clip(0, 100), "high": high.clip(0, 100)}
    return frame.assign(**{name: pd.array(values, "Float64") for name, values in told.items()})


def index_scores(
    votes: pd.DataFrame, campaign: Campaign, by: Sequence[str], population: pd.Series | None = None
) -> pd.DataFrame:
    """Return the mean of the levels' points over the valid votes, with its interval.

    Parameters
    ----------
    votes : DataFrame
        The processed table; votes outside the levels of a scale ("don't know") are no valid votes.
    by : sequence of str
        Columns of `votes`; without ``scale`` among them, scales are pooled by their points.
    population : Series, optional
        How many could have voted, for each row of the result (same index); NA: unknown.

    Returns
    -------
    DataFrame
        `by`, ``index`` (0-100), ``valid`` (votes), ``sd`` (of the points among the votes, n - 1),
        ``se`` (as `mean_interval`: corrected where the population is known and not under ``valid``),
        ``low`` and ``high`` (Student's t at the setting ``confidence_level``, kept within 0-100). A scale
        without points, or a count that is NA, has no index; with fewer than 2 votes there is no ``sd``,
        and where all are alike and it is no census no interval.

    Notes
    -----
    Source: as `mean_interval`. The points are those of scales.toml.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> counts = {"satisfied": 27, "basically_satisfied": 1}
    >>> votes = conform(
    ...     "votes", [{"item": "a", "scale": "sat3", "level": k, "count": n} for k, n in counts.items()]
    ... )
    >>> index_scores(votes, load_campaign("campaign"), ["item"], pd.Series([40])).round(2)
      item  index  valid    sd    se    low   high
    0    a  98.93     28  5.67  0.59  97.72  100.0
    """
    keys = list(by)
    rows = votes.merge(level_points(campaign), on=["scale", "level"])
    rows["sum"] = rows["count"].astype("Float64") * rows["points"]
    sums = rows.groupby(keys, dropna=False)[["sum", "count"]].sum(skipna=False).reset_index()
    frame = sums.assign(index=share(sums["sum"], sums["count"]), valid=sums["count"])
    # Squares of distances, not of points: the difference of two large sums would lose digits.
    group = rows.groupby(keys, dropna=False).ngroup()
    away = rows["points"] - group.map(frame["index"])
    squares = (rows["count"].astype("Float64") * away * away).groupby(group).sum(skipna=False)
    frame["sd"] = share(squares.reindex(frame.index), frame["valid"] - 1) ** 0.5
    return _with_error(frame[[*keys, "index", "valid", "sd"]], "valid", population, campaign)


def scored(answers: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the answers of respondents on scales with points, with ``points`` (NA: "don't know")."""
    table = level_points(campaign)
    pointed = table.loc[table["points"].notna(), "scale"].unique()
    # Without a respondent nobody can tell which answers belong together.
    known = answers[answers["scale"].isin(pointed) & answers["respondent"].notna() & answers["item"].notna()]
    return known.merge(table, on=["scale", "level"], how="left")


def respondent_scores(
    answers: pd.DataFrame, campaign: Campaign, by: Sequence[str], least: float
) -> pd.DataFrame:
    """Return each respondent's score: the mean of the points of the items that they answered.

    Parameters
    ----------
    answers : DataFrame
        The processed table. Only items on scales with points count; an item that a paper answers twice
        counts once, by its mean. Rows without a respondent or an item are left out.
    by : sequence of str
        Columns of `answers` that make the groups, such as ``unit``; not ``item``.
    least : float
        Share (0-1) of the group's items (all that appear in the group) that must be answered by a level
        with points; under it, or without any answer, the score is NA. Nothing is imputed.

    Returns
    -------
    DataFrame
        `by`, the columns `PAPER`, ``items`` (of the group), ``answered``, ``score`` (0-100).

    Raises
    ------
    ValueError
        If `least` is no share, or `by` holds ``item``.

    Notes
    -----
    Source: Civil Service People Survey 2017, Technical Guide (Cabinet Office, 2017), for the score of a
    respondent; J. L. Schafer and J. W. Graham, Missing Data: Our View of the State of the Art (2002), for
    the rule of averaging the available items.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> row = {"respondent": "1", "scale": "sat3"}
    >>> said = {"a": "satisfied", "b": "basically_satisfied", "c": "unknown"}
    >>> answers = conform("answers", [row | {"item": k, "level": v} for k, v in said.items()])
    >>> scores = respondent_scores(answers, load_campaign("campaign"), [], least=0.6)
    >>> scores[["respondent", "items", "answered", "score"]]
      respondent  items  answered  score
    0          1      3         2   85.0
    """
    if not 0 <= least <= 1 or "item" in by:
        raise ValueError(f"least={least} must be a share (0-1), and by={list(by)} must not hold 'item'")
    keys = [*by, *(name for name in PAPER if name not in by)]
    rows = scored(answers, campaign)
    each = rows.groupby([*keys, "item"], dropna=False)["points"].mean().reset_index()
    groups = each.groupby(list(by), dropna=False) if by else each.groupby(lambda _: "all")
    each = each.assign(items=groups["item"].transform("nunique"))
    told = {"items": ("items", "first"), "answered": ("points", "count"), "score": ("points", "mean")}
    papers = each.groupby(keys, dropna=False).agg(**told).reset_index()
    papers = papers.astype({"items": "Int64", "answered": "Int64", "score": "Float64"})
    few = share(papers["answered"], papers["items"]).lt(least)
    return papers.assign(score=papers["score"].mask(few))[[*keys, "items", "answered", "score"]]


def respondent_index(
    answers: pd.DataFrame,
    campaign: Campaign,
    by: Sequence[str],
    least: float,
    population: pd.Series | None = None,
) -> pd.DataFrame:
    """Return the mean of the respondents' scores: every respondent counts once.

    Parameters and errors as in :func:`respondent_scores`; `population` as in :func:`index_scores`.

    Returns
    -------
    DataFrame
        `by`, ``index`` (0-100), ``base`` (respondents with a score), ``respondents`` (with or without),
        ``sd`` (of the scores, n - 1), ``se``, ``low``, ``high`` as in :func:`index_scores`.

    Notes
    -----
    Source: Civil Service People Survey 2017, Technical Guide (Cabinet Office, 2017): the index of a group.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> row = {"unit": "u", "item": "a", "scale": "sat3"}
    >>> said = {"1": "satisfied", "2": "basically_satisfied", "3": "unknown"}
    >>> answers = conform("answers", [row | {"respondent": k, "level": v} for k, v in said.items()])
    >>> found = respondent_index(answers, load_campaign("campaign"), ["unit"], least=0.5)
    >>> found[["unit", "index", "base", "respondents", "sd", "se"]].round(2)
      unit  index  base  respondents     sd    se
    0    u   85.0     2            3  21.21  15.0
    """
    scores = respondent_scores(answers, campaign, by, least)
    # Without columns to group by there is one group: all.
    keys = list(by) or ["all"]
    groups = scores.assign(all="all").groupby(keys, dropna=False)["score"]
    frame = groups.agg(index="mean", base="count", respondents="size", sd="std").reset_index()
    frame = frame[[*by, "index", "base", "respondents", "sd"]].astype(
        {"index": "Float64", "base": "Int64", "respondents": "Int64", "sd": "Float64"}
    )
    return _with_error(frame, "base", population, campaign)
