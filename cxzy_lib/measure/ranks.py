"""Which ranks the ballots can tell apart, and who stands above a line for sure."""

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import Floats


def _called(top: pd.Series, level: float) -> pd.Series:
    """Return on which side of the award line each stands, as far as `level` can tell."""
    tail = (1 - level) / 2
    call = pd.Series("indistinguishable", top.index, dtype="str").mask(top.isna(), pd.NA)
    return call.mask(top.ge(1 - tail).fillna(False), "in").mask(top.le(tail).fillna(False), "out")


def _ranked(
    values: pd.Series, drawn: Floats, k: int | None, level: float, generator: np.random.Generator
) -> pd.DataFrame:
    """Return the ranks of the known `values` (the rest is NA); `drawn` holds a row for each simulation."""
    known = values.dropna()
    # Of equals in a simulation (no uncertainty at all) one has to stand before the other: by lot.
    order = np.lexsort((generator.random(drawn.shape), -drawn), axis=-1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, drawn.shape[1] + 1)[None, :], axis=-1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf") if len(known) else np.empty((2, 0))
    found = {"rank": known.rank(method="min", ascending=False), "rank_low": low, "rank_high": high}
    frame = pd.DataFrame(found, index=known.index).reindex(values.index).astype("Int64")
    top = pd.NA if k is None else pd.Series((ranks <= k).mean(axis=0), known.index)
    frame["top"] = pd.Series(top, values.index, dtype="Float64")
    return frame.assign(call=_called(frame["top"], level))


def rank_intervals(
    scores: pd.Series, ses: pd.Series, k: int | None, level: float, draws: int = 10_000, seed: int = 1
) -> pd.DataFrame:
    """Return the ranks of scores with their uncertainty, and who is told from the award line.

    Parameters
    ----------
    scores, ses : Series
        Scores (more is better) and their standard errors, with one unique index. Where either is NA, the
        row has no rank and the others are ranked as if it were not there.
    k : int or None
        Places; None: no line.
    level : float
        Confidence level, 0-1.
    draws, seed : int
        Simulations, and where the generator starts: the same gives the same. With 10,000 the error of
        ``top`` is at most 0.005.

    Returns
    -------
    DataFrame
        With the index of `scores`: ``rank`` (1 = best; equals share a rank), ``rank_low`` and ``rank_high``
        (quantiles of the simulated ranks), ``top`` (0-1: probability of being among the first `k`; NA
        without `k`), ``call``: ``in``, ``out``, or ``indistinguishable`` from the line, where ``top`` lies
        between (1 - `level`) / 2 and 1 less that. Equals without any error are ranked by lot.

    Raises
    ------
    ValueError
        If an error is negative, or the index is not unique.

    Notes
    -----
    Source: H. Goldstein and D. J. Spiegelhalter, League tables and their limitations (1996). Errors are
    normal and independent.

    Examples
    --------
    >>> scores = pd.Series({"a": 90.0, "b": 89.0, "c": 70.0})
    >>> ranks = rank_intervals(scores, pd.Series({"a": 1.0, "b": 1.0, "c": 1.0}), k=1, level=0.95)
    >>> ranks[["rank", "rank_low", "rank_high", "call"]]
       rank  rank_low  rank_high               call
    a     1         1          2  indistinguishable
    b     2         1          2  indistinguishable
    c     3         3          3                out
    """
    frame = pd.DataFrame({"score": scores, "se": ses.reindex(scores.index)}).astype("Float64")
    if not scores.index.is_unique or frame["se"].lt(0).any():
        raise ValueError("errors must not be negative, and the index of the scores must be unique")
    known = frame.dropna().astype("float64")
    generator = np.random.default_rng(seed)
    drawn = generator.normal(known["score"], known["se"], size=(draws, len(known)))
    return _ranked(known["score"].reindex(scores.index), drawn, k, level, generator)


def vote_ranks(
    votes: pd.Series,
    cast: pd.Series,
    k: int | None,
    level: float,
    draws: int = 10_000,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the ranks of nominees by their share of the ballots, with the uncertainty of each.

    Parameters
    ----------
    votes, cast : Series
        Votes for each nominee and ballots cast on them, with one unique index. Without votes, or with no
        ballots cast, a nominee has no rank and the others are ranked as if they were alone.
    k, level, draws, seed
        As in :func:`rank_intervals`.

    Returns
    -------
    DataFrame
        As of :func:`rank_intervals`, with the index of `votes`; the share is drawn from its posterior
        Beta(votes + 1/2, cast - votes + 1/2).

    Raises
    ------
    ValueError
        If not 0 <= `votes` <= `cast`, or the index is not unique.

    Notes
    -----
    Source: Goldstein and Spiegelhalter, as above; H. Jeffreys, Theory of Probability (3rd ed., 1961), for
    the prior. Ballots are a sample of what the same body might say another day: nominees are independent,
    and nothing is corrected for a body that voted as a whole.

    Examples
    --------
    >>> votes, cast = pd.Series({"a": 58, "b": 5, "c": None}), pd.Series({"a": 60, "b": 60, "c": 60})
    >>> vote_ranks(votes, cast, k=1, level=0.95)
       rank  rank_low  rank_high   top call
    a     1         1          1   1.0   in
    b     2         2          2   0.0  out
    c  <NA>      <NA>       <NA>  <NA>  NaN
    """
    frame = pd.DataFrame({"votes": votes, "cast": cast.reindex(votes.index)}).astype("Float64")
    wrong = frame["votes"].lt(0) | frame["votes"].gt(frame["cast"])
    if not votes.index.is_unique or wrong.any():
        raise ValueError(
            f"0 <= votes <= cast does not hold in {wrong.sum()} rows, or the index is not unique"
        )
    known = frame[frame["cast"].gt(0).fillna(False)].dropna().astype("float64")
    generator = np.random.default_rng(seed)
    against = known["cast"] - known["votes"]
    drawn = generator.beta(known["votes"] + 0.5, against + 0.5, size=(draws, len(known)))
    shares = (known["votes"] / known["cast"]).reindex(votes.index)
    return _ranked(shares, drawn, k, level, generator)
