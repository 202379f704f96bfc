"""The same people asked twice: only where a campaign says that a respondent's code is a person's own."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import level_table, shape, share
from cxzy_lib.measure.differences import least_shown
from cxzy_lib.measure.estimates import worst_cases
from cxzy_lib.measure.intervals import wilson

_FOUND = ("base", "start", "end", "towards", "away", "difference", "low", "high", "p")


def linked_change(before: pd.Series, after: pd.Series, level: float) -> dict[str, float]:
    """Return the change of a share among people who were asked twice and are known to be the same.

    Parameters
    ----------
    before, after : Series
        Booleans (NA: no answer) indexed by person; only who answered both times counts. Paper numbers are
        no persons: use this only where the linkage is real.

    Returns
    -------
    dict
        ``base`` (people), ``start``, ``end`` (how many said yes), ``towards``, ``away`` (how many changed to
        yes and from it), ``difference`` (-1 to 1), ``low``, ``high``
        (R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based
        on paired data, Statistics in Medicine 17 (1998), 2635-2650, method 10) and ``p`` (the exact test of
        Q. McNemar, Note on the sampling error of the difference between correlated proportions,
        Psychometrika 12 (1947)).

    Examples
    --------
    >>> people = list(range(20))
    >>> before = pd.Series([True] * 10 + [False] * 10, index=people)
    >>> after = pd.Series([True] * 18 + [False] * 2, index=people)
    >>> found = linked_change(before, after, 0.95)
    >>> [round(found[name], 3) for name in ("base", "start", "end", "towards", "difference", "p")]
    [20, 10, 18, 8, 0.4, 0.008]
    >>> round(found["low"], 3), round(found["high"], 3)
    (0.141, 0.602)
    """
    from statsmodels.stats.contingency_tables import mcnemar

    both = pd.DataFrame({"before": before, "after": after}).dropna().astype(bool)
    towards = int((~both["before"] & both["after"]).sum())
    away = int((both["before"] & ~both["after"]).sum())
    base = len(both)
    if not base:
        return dict.fromkeys(_FOUND, np.nan) | {"base": 0}
    yes = int((both["before"] & both["after"]).sum())
    no = base - yes - towards - away
    p = mcnemar([[yes, away], [towards, no]], exact=True).pvalue if towards + away else 1.0
    low, high = _paired_interval(yes, towards, away, no, level)
    counts = (base, yes + away, yes + towards, towards, away)
    return dict(zip(_FOUND, (*counts, (towards - away) / base, low, high, float(p)), strict=True))


def _paired_interval(yes: int, towards: int, away: int, no: int, level: float) -> tuple[float, float]:
    """Return Newcombe's limits: Wilson's of both shares, squared and added with their correlation."""
    base = yes + towards + away + no
    after, before = (yes + towards) / base, (yes + away) / base
    limits = wilson([yes + towards, yes + away], base, level)
    (low_after, low_before), (high_after, high_before) = (end.tolist() for end in limits)
    sums = (yes + towards) * (away + no) * (yes + away) * (towards + no)
    lean = float(yes * no - towards * away)
    lean = max(lean - base / 2, 0) if lean > 0 else lean  # his correction for continuity
    tie = lean / np.sqrt(sums) if sums else 0.0

    def reach(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 - 2 * tie * one * other + other**2, 0)))

    gap = after - before
    low = gap - reach(after - low_after, high_before - before)
    return max(low, -1.0), min(gap + reach(high_after - after, before - low_before), 1.0)


def linked_detectable(
    start: float, towards: int, away: int, base: int, error: float, wanted: float
) -> tuple[float | None, float | None]:
    """Return the smallest rise and fall among the same people that McNemar's exact test would show.

    Parameters
    ----------
    start : float
        The share (0-1) that said yes before.
    towards, away, base : int
        Who changed to yes and from it, and of how many. The rise is the smallest if as many turn from yes as
        did, the fall if as many turn to it.
    error, wanted : float
        As for `differences.detectable`.

    Returns
    -------
    tuple
        The net change as shares (0-1) of `base`, None where none that is left to that side would be shown.

    Examples
    --------
    >>> [round(change, 2) for change in linked_detectable(0.75, 6, 0, 40, 0.05, 0.8)]  # 8 one way: 2 / 2**8
    [0.19, 0.37]
    """
    from scipy.stats import binom

    moved = np.arange(base + 1)
    least = binom.isf(error / 2, moved, 0.5)  # so many of those who moved are still half of them by chance

    def change(against: float, most: float) -> float | None:
        def power_of(share: float) -> float:
            either = min(share + against, 1.0)
            shown = binom.sf(least, moved, share / either if either else 0.5)
            return float(binom.pmf(moved, base, either) @ shown)

        return least_shown(power_of, against, max(most, against), wanted)

    return change(away / base, 1 - start), change(towards / base, start)


def with_links(pairs: pd.DataFrame, answers: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Put what the people who answered both times show in the place of pairs of periods.

    Parameters
    ----------
    pairs : DataFrame
        As from `period_pairs`.
    answers : DataFrame
        Processed table, of the kind of occasion that the pairs are of. Only answers on the scale of each side
        count, and only those of occasions that the setting ``linked_respondents`` names: there, and nowhere
        else, a respondent's code means the same person each time. The number of a paper does not.

    Returns
    -------
    DataFrame
        `pairs` with ``linked_base``, ``linked_towards``, ``linked_away`` (people), ``linked_difference``,
        ``linked_low``, ``linked_high``, ``linked_p`` of `linked_change`; NA where nobody is linked. Where
        somebody is, counts, bases, rates and worst cases of the pair are theirs, all others being silent.

    Notes
    -----
    Nobody is linked where they, or those who answered only once, are fewer than ``minimum_base``: the
    difference of two bases would tell the answers of so few. Nor where ``change_basis`` is ``body``: what
    one body thought is known but for its silent people, whoever answered before.
    """
    rows = _told_by_known_people(answers, campaign)
    told = [_linked(row, rows, campaign, period) for row in pairs.to_dict("records")]
    frame = pd.DataFrame(told, columns=list(_FOUND), index=pairs.index).add_prefix("linked_")
    names = " ".join(frame.columns)
    typed = shape(frame, names, "", number="linked_difference linked_low linked_high linked_p")
    return _of_the_linked(pairs.join(typed.set_axis(pairs.index)))


def _told_by_known_people(answers: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the answers of people who are known, with ``is_strict``."""
    named = answers["occasion"].isin(campaign.setting("linked_respondents")) & answers["respondent"].notna()
    named &= campaign.setting("change_basis") != "body"
    rows: pd.DataFrame = answers[named]
    return rows.merge(level_table(campaign), on=["scale", "level"])


def _linked(row: Mapping[Any, Any], rows: pd.DataFrame, campaign: Campaign, period: str) -> dict[str, float]:
    least, mine = campaign.setting("minimum_base"), rows[rows["item"].eq(row["item"])]
    mine = mine[mine["rater_group"].eq(row["rater_group"])]
    if row["kind"] != "period" or pd.isna(row["start_rate"]) or mine.empty:
        return {}
    sides = [
        mine[mine[period].eq(row[side]) & mine["scale"].eq(row[f"{side}_scale"])]
        .drop_duplicates("respondent")
        .set_index("respondent")["is_strict"]
        for side in ("start", "end")
    ]
    found = linked_change(sides[0], sides[1], campaign.setting("confidence_level"))
    others = [row[f"{side}_valid"] - found["base"] for side in ("start", "end")]
    return found if found["base"] >= least and not any(0 < rest < least for rest in others) else {}


def _of_the_linked(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with the figures of the linked people where there are any."""
    linked, base = pairs["linked_base"].notna(), pairs["linked_base"]
    changed = pairs.copy()
    for side in ("start", "end"):
        count = pairs[f"linked_{side}"]
        low, high = worst_cases(count, base, pairs[f"{side}_population"])
        theirs = {"count": count, "valid": base, "rate": share(count, base)}
        theirs |= {"worst_low": low, "worst_high": high}
        for name, values in theirs.items():
            changed[f"{side}_{name}"] = pairs[f"{side}_{name}"].mask(linked, values)
    return changed.drop(columns=["linked_start", "linked_end"])
