"""What may be shown of satisfaction: a rate with its base, or that it is hidden."""

from collections.abc import Sequence

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_among, is_hidden, is_true
from cxzy_lib.measure.estimates import satisfaction_rates

#: What a hidden row does not tell: every number that comes from its ballots.
HIDDEN = ["valid", "issued", "returned", "void", "unknown", "abstained", "strict_count", "inclusive_count"]
HIDDEN += [f"{rate}{end}" for rate in ("strict", "inclusive") for end in ("", "_low", "_high")]
HIDDEN += ["worst_low", "worst_high"]


def not_to_show(
    rates: pd.DataFrame, votes: pd.DataFrame, campaign: Campaign, keys: Sequence[str]
) -> "pd.Series[bool]":
    """Return which rates have fewer valid ballots than ``minimum_base``, or hidden votes by their `keys`."""
    small = is_true(rates["valid"] < campaign.setting("minimum_base"))
    return small | is_among(rates, votes[is_hidden(votes)], keys)


def shown_satisfaction(
    votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, by: str, also: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return `satisfaction_rates` by the period `by`, rater group and `also`, without what must not be shown.

    Parameters
    ----------
    votes, turnout : DataFrame
        Of an edition, as from `suppression.masked`: a stage or a year with a hidden semester is hidden, too.
        A row of fewer valid ballots than ``minimum_base`` is hidden in any case.

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
    >>> shown = shown_satisfaction(votes, conform("turnout", []), load_campaign("campaign"), "semester")
    >>> shown["valid"].tolist(), shown["hidden"].tolist()
    ([<NA>, 26], [True, False])
    """
    rates = satisfaction_rates(votes, turnout, campaign, by=(by, *also, "rater_group"))
    hidden = not_to_show(rates, votes, campaign, [by, *also, "rater_group", "scale"])
    shown = rates.copy()
    shown[HIDDEN] = shown[HIDDEN].mask(hidden | shown["valid"].isna())
    return shown.assign(hidden=hidden)
