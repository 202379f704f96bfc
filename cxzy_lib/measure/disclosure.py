"""What may be shown of satisfaction: a rate with its base, or that it is hidden."""

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_hidden
from cxzy_lib.measure.estimates import satisfaction_rates

#: What a hidden row does not tell: every number that comes from its ballots.
HIDDEN = ["valid", "issued", "returned", "void", "unknown", "abstained", "strict_count", "inclusive_count"]
HIDDEN += [f"{rate}{end}" for rate in ("strict", "inclusive") for end in ("", "_low", "_high")]
HIDDEN += ["worst_low", "worst_high"]


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
    keys = [by, *also, "rater_group", "scale"]
    rates = satisfaction_rates(votes, turnout, campaign, by=(by, *also, "rater_group"))
    hidden = rates["valid"].lt(campaign.setting("minimum_base")).fillna(False).astype(bool)
    barred = votes.loc[is_hidden(votes), keys].drop_duplicates().assign(barred=True)
    if len(barred):
        hidden |= rates[keys].merge(barred, on=keys, how="left")["barred"].eq(True).set_axis(rates.index)
    shown = rates.copy()
    shown[HIDDEN] = shown[HIDDEN].mask(hidden | shown["valid"].isna())
    return shown.assign(hidden=hidden)
