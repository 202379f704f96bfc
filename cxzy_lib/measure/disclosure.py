"""What may be shown: results of small groups are hidden, and so is what would give them away."""

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.estimates import satisfaction_rates

#: What a hidden row does not tell: every number that comes from its ballots.
HIDDEN = ["valid", "issued", "returned", "void", "unknown", "abstained", "strict_count", "inclusive_count"]
HIDDEN += [f"{rate}{end}" for rate in ("strict", "inclusive") for end in ("", "_low", "_high")]
HIDDEN += ["worst_low", "worst_high"]
#: The parts that another table of the edition may show of the same ballots.
_PARTS = (["semester"], ["semester", "stage", "year"])


def shown_satisfaction(
    votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, by: str, also: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return `satisfaction_rates` by the period `by`, rater group and `also`, without what must not be shown.

    Semesters, stages and years stand in one edition and add up from the same ballots. A row is hidden
    if its valid ballots are fewer than ``minimum_base``, and also if its parts that are hidden
    elsewhere are together fewer than that: the row less the parts shown would give them away.
    Groups of raters have no common total: a small one hides no other.

    Returns
    -------
    DataFrame
        With the bool ``hidden``; the numbers of a hidden row, and of one whose valid ballots are
        unknown, are NA, but for ``population``.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> base = {"rater_group": "nonmember", "stage": "S2", "scale": "sat3", "level": "satisfied"}
    >>> terms = {"2010-2011-1": 4, "2010-2011-2": 26}
    >>> votes = conform("votes", [base | {"semester": s, "count": n} for s, n in terms.items()])
    >>> none, campaign = conform("turnout", []), load_campaign("campaign")
    >>> shown_satisfaction(votes, none, campaign, "semester")["valid"].tolist()
    [<NA>, 26]
    >>> shown_satisfaction(votes, none, campaign, "stage")["valid"].tolist()
    [<NA>]
    """
    least = campaign.setting("minimum_base")
    keys = [by, *also, "rater_group", "scale"]
    rates = satisfaction_rates(votes, turnout, campaign, by=(by, *also, "rater_group"))
    hidden = rates["valid"].lt(least).fillna(False).astype(bool)
    for names in _PARTS:
        wanted = dict.fromkeys([by, *also, *names, "rater_group"])
        parts = satisfaction_rates(votes, turnout, campaign, by=tuple(wanted))
        small = parts[(parts["valid"] < least).fillna(False).astype(bool)]
        sums = small.groupby(keys, dropna=False)["valid"].sum().rename("small").reset_index()
        left = rates[keys].merge(sums, on=keys, how="left")["small"].fillna(0)
        hidden |= left.between(1, least - 1).astype(bool).set_axis(rates.index)
    shown = rates.copy()
    shown[HIDDEN] = shown[HIDDEN].mask(hidden | shown["valid"].isna())
    return shown.assign(hidden=hidden)
