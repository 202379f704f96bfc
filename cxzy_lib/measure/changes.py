"""From one period to another: what the data can show to have changed, and what they cannot."""

import pandas as pd

from cxzy_lib.measure.basis import shape


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
        (no earlier rate on the scale), ``robust`` (bool: it rose or fell whatever those who stayed
        silent would have said: the ``worst_`` bands do not overlap either; false where one is NA).

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
    ...         "worst_low": [0.3, 0.5],
    ...         "worst_high": [0.7, 0.9],
    ...     }
    ... )
    >>> changes(rates)[["difference", "verdict", "robust"]].round(2)
       difference verdict  robust
    0         0.3    rose   False
    """
    rows = [_change(part, period) | {group: name} for name, part in rates.groupby(group, sort=False)]
    columns = f"{group} start end difference verdict robust"
    frame = pd.DataFrame(rows, columns=columns.split())
    return shape(frame, columns, text=f"{group} start end verdict", number="difference", flag="robust")


def _direction(start: pd.Series, end: pd.Series, band: str) -> str:
    """Return whether the `band` of the end lies wholly above or below that of the start."""
    low, high = f"{band}_low", f"{band}_high"
    if pd.isna([start[low], start[high], end[low], end[high]]).any():
        return "no_detectable_change"
    if end[low] > start[high]:
        return "rose"
    return "fell" if end[high] < start[low] else "no_detectable_change"


def _change(part: pd.DataFrame, period: str) -> dict[str, object]:
    part = part.reset_index(drop=True)
    breaks = part.index[part["break_before"].fillna(False).astype(bool)]
    known = part[part["strict"].notna()]
    nothing: dict[str, object] = dict.fromkeys(("start", "end", "difference"))
    nothing |= {"verdict": "not_comparable", "robust": False}
    if known.empty:
        return nothing
    end = known.iloc[-1]
    begin = max((at for at in breaks if at <= known.index[-1]), default=0)
    same = known.loc[begin:]
    start = same.iloc[0]
    if len(same) < 2:
        return nothing | {"end": end[period]}
    verdict = _direction(start, end, "strict")
    robust = verdict != "no_detectable_change" and _direction(start, end, "worst") == verdict
    found = {"start": start[period], "end": end[period], "difference": end["strict"] - start["strict"]}
    return found | {"verdict": verdict, "robust": robust}
