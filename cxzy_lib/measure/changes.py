"""From one period to another: what the data can show to have changed, and what they cannot."""

import pandas as pd

from cxzy_lib.measure.estimates import shape


def changes(rates: pd.DataFrame, period: str = "semester", group: str = "rater_group") -> pd.DataFrame:
    """Compare each group's last strict rate with its first on the same scale.

    Two rates differ only if their intervals do not overlap: stricter than a test of the difference at
    the same level, and no weaker claim is made from it.

    Parameters
    ----------
    rates : DataFrame
        As from `satisfaction_rates` by `period` and `group`, in the order of time; hidden rows are NA.

    Returns
    -------
    DataFrame
        `group`, ``start``, ``end`` (periods), ``difference`` (end minus start, -1 to 1; NA where not
        comparable), ``verdict``: ``rose``, ``fell``, ``no_detectable_change`` or ``not_comparable``
        (no earlier rate on the scale).

    Examples
    --------
    >>> rates = pd.DataFrame(
    ...     {
    ...         "semester": ["1", "2"],
    ...         "rater_group": "member",
    ...         "break_before": False,
    ...         "strict": [0.5, 0.8],
    ...         "strict_low": [0.4, 0.7],
    ...         "strict_high": [0.6, 0.9],
    ...     }
    ... )
    >>> changes(rates)[["difference", "verdict"]].round(2)
       difference verdict
    0         0.3    rose
    """
    rows = [_change(part, period) | {group: name} for name, part in rates.groupby(group, sort=False)]
    columns = f"{group} start end difference verdict"
    frame = pd.DataFrame(rows, columns=columns.split())
    return shape(frame, columns, text=f"{group} start end verdict", number="difference")


def _change(part: pd.DataFrame, period: str) -> dict[str, object]:
    part = part.reset_index(drop=True)
    breaks = part.index[part["break_before"].fillna(False).astype(bool)]
    known = part[part["strict"].notna()]
    if known.empty:
        return {"start": None, "end": None, "difference": None, "verdict": "not_comparable"}
    end = known.iloc[-1]
    begin = max((at for at in breaks if at <= known.index[-1]), default=0)
    same = known.loc[begin:]
    start = same.iloc[0]
    if len(same) < 2:
        return {"start": None, "end": end[period], "difference": None, "verdict": "not_comparable"}
    verdict = "no_detectable_change"
    if end["strict_low"] > start["strict_high"]:
        verdict = "rose"
    elif end["strict_high"] < start["strict_low"]:
        verdict = "fell"
    difference = end["strict"] - start["strict"]
    return {"start": start[period], "end": end[period], "difference": difference, "verdict": verdict}
