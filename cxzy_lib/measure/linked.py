"""The same people asked twice: only where a campaign says that a respondent's code is a person's own."""

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape

_FOUND = ("base", "difference", "low", "high", "p")


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
        ``base`` (people), ``difference`` (-1 to 1), ``low``, ``high``, ``p``: McNemar's exact test, and the
        interval that belongs to it: Clopper and Pearson's for the share of those who changed towards yes,
        times the share who changed at all. Q. McNemar, Note on the sampling error of the difference between
        correlated proportions, Psychometrika 12 (1947).

    Examples
    --------
    >>> people = list(range(20))
    >>> before = pd.Series([True] * 10 + [False] * 10, index=people)
    >>> after = pd.Series([True] * 18 + [False] * 2, index=people)
    >>> {name: round(value, 3) for name, value in linked_change(before, after, 0.95).items()}
    {'base': 20, 'difference': 0.4, 'low': 0.104, 'high': 0.4, 'p': 0.008}
    """
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.proportion import proportion_confint

    both = pd.DataFrame({"before": before, "after": after}).dropna().astype(bool)
    towards, away = (
        int((~both["before"] & both["after"]).sum()),
        int((both["before"] & ~both["after"]).sum()),
    )
    base, moved = len(both), towards + away
    if not base:
        return dict.fromkeys(("difference", "low", "high", "p"), np.nan) | {"base": 0}
    stayed = int((both["before"] & both["after"]).sum())
    p = mcnemar([[stayed, away], [towards, base - stayed - moved]], exact=True).pvalue if moved else 1.0
    low, high = proportion_confint(towards, moved, 1 - level, method="beta") if moved else (0.5, 0.5)
    limits = [(2 * limit - 1) * moved / base for limit in (low, high)]
    found = {"base": base, "difference": (towards - away) / base}
    return found | {"low": limits[0], "high": limits[1], "p": float(p)}


def with_links(pairs: pd.DataFrame, answers: pd.DataFrame, campaign: Campaign, period: str) -> pd.DataFrame:
    """Add to pairs of periods what the people who answered both times show.

    Parameters
    ----------
    pairs : DataFrame
        As from `period_pairs`.
    answers : DataFrame
        Processed table. Occasions count that the setting ``linked_respondents`` names: there, and nowhere
        else, a respondent's code means the same person each time. The number of a paper does not.

    Returns
    -------
    DataFrame
        `pairs` with ``linked_base`` (NA: not linked, or fewer people than ``minimum_base``) and
        ``linked_difference``, ``linked_low``, ``linked_high``, ``linked_p`` of `linked_change`.
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
    typed = shape(frame, names, "", number=names.replace("linked_base ", "")).set_axis(pairs.index)
    return pairs.join(typed)
