"""Whole pages of comparisons, simulated: how often they call a change where there is none, and where there is one."""

import numpy as np
import pandas as pd
import pytest

from cxzy_lib.campaign import load_campaign
from cxzy_lib.measure.changes import judged, period_pairs
from cxzy_lib.measure.differences import detectable
from cxzy_lib.measure.verdicts import ballot_verdicts
from cxzy_lib.tables import conform

CAMPAIGN = load_campaign("campaign")
ITEMS = ("leadership", "campaign", "service")
GROUPS = {"member": (24, 22), "nonmember": (12, 10)}  # the body, and how many of it answer
SAME = ("1", "2", "sat4", "sat4", "comparable", "")


def page(draw, share, changed=None):
    """Return the judged comparisons of a page: three items, two groups, two occasions."""
    rows, pairs = [], []
    for item in ITEMS:
        for group, (body, valid) in GROUPS.items():
            for period in ("1", "2"):
                moved = changed and period == "2" and (item, group) == ("service", "member")
                count = draw.binomial(valid, changed if moved else share)
                rows.append((item, group, period, count, valid, body))
            pairs.append((item, group, *SAME))
    names = ["item", "rater_group", "semester", "strict_count", "valid", "population"]
    rates = pd.DataFrame(rows, columns=names).assign(scale="sat4")
    rates["strict"] = rates["strict_low"] = rates["strict_count"] / rates["valid"]
    rates["worst_low"], rates["worst_high"] = 0.0, 1.0
    graded = pd.DataFrame(
        pairs, columns=["item", "rater_group", "start", "end", "start_scale", "end_scale", "grade", "reasons"]
    )
    return judged(period_pairs(rates, graded, "semester"), CAMPAIGN)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_where_nothing_changed_at_most_one_page_in_twenty_tells_a_change(share):
    draw = np.random.default_rng(11)
    pages = [page(draw, share) for _ in range(60)]
    told = [bool(one["verdict"].isin(["rose", "fell"]).any()) for one in pages]
    assert sum(told) <= 0.05 * len(pages)
    assert all((one["compared"] == 6).all() for one in pages)


def test_a_change_of_the_stated_size_is_found_at_least_as_often_as_the_power_says():
    draw = np.random.default_rng(12)
    _, fall = detectable(0.9, 22, 22, 0.05 / 6, CAMPAIGN.setting("power"))
    pages = [page(draw, 0.9, 0.9 - fall) for _ in range(80)]
    found = [
        one.loc[one["item"].eq("service") & one["rater_group"].eq("member"), "verdict"].iloc[0]
        for one in pages
    ]
    assert set(found) <= {"fell", "no_detectable_change"}
    # Eighty pages: two standard errors of a share of 0.8 are 0.09.
    assert found.count("fell") / len(found) >= CAMPAIGN.setting("power") - 0.09
    others = [one[~(one["item"].eq("service") & one["rater_group"].eq("member"))] for one in pages]
    wrong = sum(bool(one["verdict"].isin(["rose", "fell"]).any()) for one in others)
    assert wrong <= 0.05 * len(pages)


def test_a_whole_campaign_without_any_change_read_from_its_ballots():
    """From the votes themselves: five semesters, both groups, every item."""
    days = {"2009-2010-2": "2010-06-20", "2010-2011-1": "2010-12-20", "2010-2011-2": "2011-06-20"}
    days |= {"2011-2012-1": "2011-12-20", "2011-2012-2": "2012-06-20"}
    levels = ("satisfied", "fairly_satisfied", "basically_satisfied", "dissatisfied")
    draw, told = np.random.default_rng(13), 0
    for _ in range(6):
        rows = [
            {"occasion": "satisfaction", "occasion_id": day, "semester": term, "held_on": day, "item": item}
            | {"rater_group": group, "criterion": "G5.2", "scale": "sat4", "level": level, "count": count}
            for term, day in days.items()
            for item in ITEMS
            for group, (_, valid) in GROUPS.items()
            for level, count in zip(levels, draw.multinomial(valid, (0.85, 0.08, 0.05, 0.02)), strict=True)
        ]
        verdicts = ballot_verdicts(
            conform("votes", rows), conform("turnout", []), conform("answers", []), CAMPAIGN
        )
        assert verdicts.changes["compared"].iloc[0] == 9  # 6 items and groups, members and others, two trends
        told += bool(verdicts.changes["verdict"].isin(["rose", "fell"]).any())
        told += bool(verdicts.trends["verdict"].isin(["rising", "falling"]).any())
    assert told <= 1
