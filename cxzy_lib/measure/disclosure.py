"""What may be shown: results of small groups are hidden, and so is what would give them away."""

from collections.abc import Sequence

import pandas as pd


def hide_small(
    frame: pd.DataFrame, base: str, columns: Sequence[str], threshold: int, group: Sequence[str] = ()
) -> pd.DataFrame:
    """Hide `columns` (as NA) in rows whose base is under the threshold or NA.

    Parameters
    ----------
    frame : DataFrame
        Rows of which a total may be shown elsewhere.
    base : str
        Column with the number of people behind a row.
    columns : sequence of str
        What is hidden; name `base` too where the number itself gives something away.
    threshold : int
        Least base that is shown.
    group : sequence of str
        Columns that name the rows with a common total; by default all rows have one.

    Returns
    -------
    DataFrame
        A copy with the bool ``hidden``. Where the hidden rows of a group together stay under the
        threshold (as a single one always does), their sum could be computed from the total, so
        the next smallest row is hidden too.

    Examples
    --------
    >>> frame = pd.DataFrame({"valid": [3, 20, 30], "strict": [0.1, 0.2, 0.3]})
    >>> hide_small(frame, "valid", ["strict"], 5)["hidden"].tolist()
    [True, True, False]
    """
    size = frame[base].astype("Float64").fillna(0)
    hidden = (size < threshold).astype(bool)
    key = frame.groupby(list(group), dropna=False).ngroup() if group else pd.Series(0, index=frame.index)
    exposed = size.where(hidden, 0).groupby(key).transform("sum") < threshold
    exposed &= hidden.groupby(key).transform("any")
    following = size.mask(hidden).groupby(key).rank(method="first").eq(1).fillna(False)
    hidden |= (exposed & following).astype(bool)
    shown = frame.copy()
    shown[list(columns)] = shown[list(columns)].mask(hidden)
    return shown.assign(hidden=hidden)
