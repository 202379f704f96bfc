"""What the ballots of a campaign can show, worked out in one place: every page says the same."""

from dataclasses import dataclass

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import headline, is_true, numbers, vote_days, with_period
from cxzy_lib.measure.changes import judged, period_pairs
from cxzy_lib.measure.comparability import comparisons, conditions
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.linked import with_links
from cxzy_lib.measure.pairs import branch_pairs, distinct, every_two_groups, stage_pairs, with_verdicts
from cxzy_lib.measure.trends import judged_trends, trends

PERIOD = "semester"


@dataclass(frozen=True)
class Verdicts:
    """The rates of each item, what may be compared, and what the comparisons show.

    Parameters
    ----------
    rates : DataFrame
        As from `shown_satisfaction` by semester, item and group, in the order of time.
    registry, graded : DataFrame
        As from `conditions` and `comparisons`.
    changes, trends : DataFrame
        As from `judged` and `judged_trends`: one family of tests.
    stages : DataFrame
        As from `stage_pairs`, with its verdicts; ballots that ``changes`` has already make no further test.
    """

    rates: pd.DataFrame
    registry: pd.DataFrame
    graded: pd.DataFrame
    changes: pd.DataFrame
    trends: pd.DataFrame
    stages: pd.DataFrame

    def headline(self, campaign: Campaign) -> pd.DataFrame:
        """Return the changes of the items that a report leads with."""
        return self.changes[self.changes["item"].isin(headline(campaign))]


def ballot_verdicts(
    votes: pd.DataFrame,
    turnout: pd.DataFrame,
    answers: pd.DataFrame,
    campaign: Campaign,
    occasion: str = "satisfaction",
) -> Verdicts:
    """Return what the ballots of one kind of occasion show, semester by semester.

    Each group is compared with itself over time on every item; on the headline item from stage to stage,
    with the other groups, and branch by branch, and its trends are told. All these are one family of tests:
    the more is asked of the same ballots, the less each can show. Ballots without a semester stand
    under their year.
    """
    rows = with_period(votes[is_true(votes["occasion"].eq(occasion))])
    rates = shown_satisfaction(rows, turnout, campaign, PERIOD, ("item",))
    days = vote_days(rows, campaign).groupby(rows[PERIOD]).max()
    leads = headline(campaign)
    place = {code: at for at, code in enumerate(dict.fromkeys([*leads, *campaign.items]))}
    rates = rates.assign(_day=days.reindex(rates[PERIOD]).array, _at=rates["item"].map(place))
    rates = rates.sort_values(["_day", "_at", "rater_group", "scale"], ignore_index=True)
    rates = rates.drop(columns=["_day", "_at"])
    registry = conditions(rows, turnout, campaign, PERIOD)
    graded = comparisons(registry, campaign, PERIOD)
    first, leading = (frame[frame["item"].isin(leads)] for frame in (rates, rows))
    staged = stage_pairs(leading, turnout, campaign, PERIOD)
    # Linked people first: what they show is no longer what the same ballots show of a stage.
    same = with_period(answers[answers["occasion"].eq(occasion)])
    by_period = with_links(period_pairs(rates, graded, PERIOD), same, campaign, PERIOD)
    pairs = [
        distinct(pd.concat([by_period, staged], ignore_index=True)),
        every_two_groups(first, registry, campaign, PERIOD),
        branch_pairs(leading, turnout, campaign, PERIOD),
    ]
    moved = trends(rows, first, graded, campaign, PERIOD)
    changes = judged(pd.concat(pairs, ignore_index=True), campaign, numbers(moved["p"]))
    moved = judged_trends(moved, campaign, numbers(changes["p"]))
    return Verdicts(rates, registry, graded, changes, moved, with_verdicts(staged, changes))
