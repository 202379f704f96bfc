"""The same people asked twice: only where a campaign says that a respondent's code is a person's own."""

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape
from cxzy_lib.measure.intervals import wilson

_FOUND = ("base", "start", "end", "difference", "low", "high", "p")


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
        ``base`` (people), ``start``, ``end`` (how many said yes), ``difference`` (-1 to 1), ``low``, ``high``
        (R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based
        on paired data, Statistics in Medicine 17 (1998), 2635-2650, method 10) and ``p`` (the exact test of
        Q. McNemar, Note on the sampling error of the difference between correlated proportions,
        Psychometrika 12 (1947)).

    Examples
    --------
    >>> people = list(range(20))
    >>> before = pd.Series([True] * 10 + [False] * 10, index=people)
    >>> after = pd.Series([True] * 18 + [False] * 2, index=people)
    >>> {name: round(value, 3) for name, value in linked_change(before, after, 0.95).items()}
    {'base': 20, 'start': 10, 'end': 18, 'difference': 0.4, 'low': 0.141, 'high': 0.602, 'p': 0.008}
    """
    from statsmodels.stats.contingency_tables import mcnemar

    both = pd.DataFrame({"before": before, "after": after}).dropna().astype(bool)
    towards, away = (
        int((~both["before"] & both["after"]).sum()),
        int((both["before"] & ~both["after"]).sum()),
    )
    base, moved = len(both), towards + away
    if not base:
        return dict.fromkeys(_FOUND, np.nan) | {"base": 0}
    stayed = int((both["before"] & both["after"]).sum())
    p = mcnemar([[stayed, away], [towards, base - stayed - moved]], exact=True).pvalue if moved else 1.0
    low, high = _paired_interval(stayed, towards, away, base - stayed - moved, level)
    found = {"base": base, "start": stayed + away, "end": stayed + towards}
    return found | {"difference": (towards - away) / base, "low": low, "high": high, "p": float(p)}


def _paired_interval(yes: int, towards: int, away: int, no: int, level: float) -> tuple[float, float]:
    """Return Newcombe's limits: Wilson's of both shares, squared and added with their correlation."""
    base = yes + towards + away + no
    after, before = (yes + towards) / base, (yes + away) / base
    counts, bases = np.array([yes + towards, yes + away], np.float64), np.array([base, base], np.float64)
    (low_after, low_before), (high_after, high_before) = (
        end.tolist() for end in wilson(counts, bases, level)
    )
    sums = (yes + towards) * (away + no) * (yes + away) * (towards + no)
    lean = float(yes * no - towards * away)
    lean = max(lean - base / 2, 0) if lean > 0 else lean  # his correction for continuity
    tie = lean / np.sqrt(sums) if sums else 0.0

    def reach(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 - 2 * tie * one * other + other**2, 0)))

    gap = after - before
    low = gap - reach(after - low_after, high_before - before)
    return max(low, -1.0), min(gap + reach(high_after - after, before - low_before), 1.0)


def with_links(pairs: pd.DataFrame, answers: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Put what the people who answered both times show in the place of pairs of periods.

    Parameters
    ----------
    pairs : DataFrame
        As from `period_pairs`.
    answers : DataFrame
        Processed table, of the kind of occasion that the pairs are of. Occasions count that the setting
        ``linked_respondents`` names: there, and nowhere else, a respondent's code means the same person
        each time. The number of a paper does not.

    Returns
    -------
    DataFrame
        `pairs` with ``linked_base`` (NA: not linked, or fewer people than ``minimum_base``) and
        ``linked_difference``, ``linked_low``, ``linked_high``, ``linked_p`` of `linked_change`. Where there
        are linked people, counts, bases and rates of the pair are theirs; there is no population and no worst
        case.
    """
    level, least = campaign.setting("confidence_level"), campaign.setting("minimum_base")
    named = answers["occasion"].isin(campaign.setting("linked_respondents")) & answers["respondent"].notna()
    grades = pd.DataFrame(
        [(c, v.code, v.strict) for c, scale in campaign.scales.items() for v in scale.levels],
        columns=["scale", "level", "strict"],
    )
    rows = answers[named].merge(grades.astype({"scale": "str", "level": "str"}), on=["scale", "level"])
    told = []
    for row in pairs.to_dict("records"):
        mine = rows[rows["item"].eq(row["item"]) & rows["rater_group"].eq(row["rater_group"])]
        sides = [
            mine[mine[period].eq(row[end])].drop_duplicates("respondent").set_index("respondent")["strict"]
            for end in ("start", "end")
        ]
        found = linked_change(sides[0], sides[1], level) if row["kind"] == "period" else {"base": 0}
        told.append(found if found["base"] >= least else dict.fromkeys(_FOUND, np.nan))
    frame = pd.DataFrame(told, columns=list(_FOUND), index=pairs.index).add_prefix("linked_")
    names = " ".join(frame.columns)
    typed = shape(frame, names, "", number="linked_difference linked_low linked_high linked_p")
    return _of_the_linked(pairs.join(typed.set_axis(pairs.index)))


def _of_the_linked(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs with the figures of the linked people where there are any."""
    linked = pairs["linked_base"].notna()
    changed = pairs.copy()
    for side in ("start", "end"):
        changed[f"{side}_count"] = pairs[f"{side}_count"].mask(linked, pairs[f"linked_{side}"])
        changed[f"{side}_valid"] = pairs[f"{side}_valid"].mask(linked, pairs["linked_base"])
        share = pairs[f"linked_{side}"].astype("Float64") / pairs["linked_base"].astype("Float64")
        changed[f"{side}_rate"] = pairs[f"{side}_rate"].mask(linked, share)
        for name in ("population", "worst_low", "worst_high"):
            changed[f"{side}_{name}"] = pairs[f"{side}_{name}"].mask(linked)
    return changed.drop(columns=["linked_start", "linked_end"])
