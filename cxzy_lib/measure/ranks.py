"""Which ranks the ballots can tell apart, and who stands above a line for sure."""

import numpy as np
import pandas as pd

from cxzy_lib.measure.basis import is_true

_DRAWS, _SEED = 10_000, 1


def vote_ranks(votes: pd.Series, cast: pd.Series, k: int | None, level: float) -> pd.DataFrame:
    """Return the ranks of nominees by their share of the ballots, and who is told from the award line.

    Parameters
    ----------
    votes, cast : Series
        Votes for each nominee and ballots cast on them, with one unique index. Without votes, or with no
        ballots cast, a nominee has no rank and the others are ranked as if they were alone.
    k : int or None
        Places; None: no line.
    level : float
        Confidence level, 0-1.

    Returns
    -------
    DataFrame
        With the index of `votes`: ``rank`` (1 = best; equals share a rank), ``rank_low`` and ``rank_high``
        (quantiles of the simulated ranks), ``top`` (0-1: probability of being among the first `k`, with an
        error of at most 0.005; NA without `k`), ``call``: ``in``, ``out``, or ``indistinguishable`` from the
        line, where ``top`` lies between (1 - `level`) / 2 and 1 less that. The share is drawn from its
        posterior Beta(votes + 1/2, cast - votes + 1/2); the same votes give the same.

    Raises
    ------
    ValueError
        If not 0 <= `votes` <= `cast`, or the index is not unique.

    Notes
    -----
    Source: H. Goldstein and D. J. Spiegelhalter, League tables and their limitations (1996); H. Jeffreys,
    Theory of Probability (3rd ed., 1961), for the prior. Ballots are a sample of what the same body might
    say another day: nominees are independent, and nothing is corrected for a body that voted as a whole.

    Examples
    --------
    >>> votes, cast = pd.Series({"a": 58, "b": 5, "c": None}), pd.Series({"a": 60, "b": 60, "c": 60})
    >>> vote_ranks(votes, cast, k=1, level=0.95)
       rank  rank_low  rank_high   top call
    a     1         1          1   1.0   in
    b     2         2          2   0.0  out
    c  <NA>      <NA>       <NA>  <NA>  NaN
    """
    from scipy.stats import rankdata

    frame = pd.DataFrame({"votes": votes, "cast": cast.reindex(votes.index)}).astype("Float64")
    wrong = frame["votes"].lt(0) | frame["votes"].gt(frame["cast"])
    if not votes.index.is_unique or wrong.any():
        raise ValueError(
            f"0 <= votes <= cast does not hold in {wrong.sum()} rows, or the index is not unique"
        )
    known = frame[is_true(frame["cast"] > 0)].dropna().astype("float64")
    against = known["cast"] - known["votes"]
    drawn = np.random.default_rng(_SEED).beta(known["votes"] + 0.5, against + 0.5, (_DRAWS, len(known)))
    ranks = rankdata(-drawn, method="ordinal", axis=1)
    low, high = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    rank = (known["votes"] / known["cast"]).rank(method="min", ascending=False)
    found = pd.DataFrame({"rank": rank, "rank_low": low, "rank_high": high}, known.index)
    found = found.reindex(votes.index).astype("Int64")
    top = pd.NA if k is None else pd.Series((ranks <= k).mean(axis=0), known.index)
    found["top"] = pd.Series(top, votes.index, dtype="Float64")
    return found.assign(call=_called(found["top"], level))


def _called(top: pd.Series, level: float) -> pd.Series:
    """Return on which side of the award line each stands, as far as `level` can tell."""
    tail = (1 - level) / 2
    call = pd.Series("indistinguishable", top.index, dtype="str").mask(top.isna(), pd.NA)
    return call.mask(is_true(top >= 1 - tail), "in").mask(is_true(top <= tail), "out")
