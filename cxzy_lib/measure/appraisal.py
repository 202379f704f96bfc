"""Ballots by occasion: the chain from eligible to valid, both rates and the index; members' grades."""

from datetime import date

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.awards import quota
from cxzy_lib.measure.basis import is_among, is_true, level_table, shape
from cxzy_lib.measure.disclosure import not_to_show
from cxzy_lib.measure.estimates import satisfaction_rates
from cxzy_lib.measure.indices import index_scores
from cxzy_lib.measure.participation import members_at

_KEYS = ["occasion", "appraisee_type", "item", "semester", "year", "rater_group", "scale"]


def ballot_checks(turnout: pd.DataFrame) -> pd.DataFrame:
    """Return where the chain eligible >= present, issued >= returned >= valid + void does not hold.

    More papers returned than issued void the whole collection; the rest is to be checked.

    Returns
    -------
    DataFrame
        `turnout` with ``broken`` (the first link that does not hold, such as ``returned>issued``; NA: the
        chain holds as far as it is known) and ``voided`` (bool).

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> turnout = conform("turnout", [{"issued": 40, "returned": 41}, {"issued": 40, "returned": 38}])
    >>> ballot_checks(turnout)[["broken", "voided"]].astype(object).values.tolist()
    [['returned>issued', True], [nan, False]]
    """
    spent = turnout["valid"] + turnout["void"].fillna(0)
    links = {
        "present>eligible": is_true(turnout["present"] > turnout["eligible"]),
        "returned>issued": is_true(turnout["returned"] > turnout["issued"]),
        "valid>returned": is_true(spent > turnout["returned"]),
    }
    broken = pd.Series(pd.NA, index=turnout.index, dtype="str")
    for name, wrong in reversed(links.items()):
        broken = broken.mask(wrong, name)
    return turnout.assign(broken=broken, voided=links["returned>issued"])


def occasions(votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return every collection of ballots with its chain, both satisfaction rates and the index.

    A row for each occasion, object of appraisal, item, period and group of raters: objects (leadership
    team, Party and administrative team, principal leaders, …) are never taken together.

    Returns
    -------
    DataFrame
        ``occasion``, ``appraisee_type``, ``item``, ``semester``, ``year``, ``rater_group``, ``scale``,
        ``population``, ``issued``, ``returned``, ``valid``, ``void``, ``unknown``, ``abstained``,
        ``strict``, ``inclusive`` with limits (0-1), ``index`` (0-100), ``voided`` (more returned than
        issued: no rates), ``hidden`` (it must not be shown: no numbers).
    """
    checked = ballot_checks(turnout)
    lost = is_among(votes, checked[checked["voided"]], ["occasion_id", "rater_group"])
    rates = satisfaction_rates(votes, turnout, campaign, by=tuple(_KEYS[:-1]))
    points = index_scores(votes, campaign, _KEYS)[[*_KEYS, "index"]]
    rates = rates.merge(points, on=_KEYS, how="left")
    voided = is_among(rates, votes[lost], _KEYS)
    hidden = not_to_show(rates, votes, campaign, _KEYS)
    numbers = ["strict", "strict_low", "strict_high", "inclusive", "inclusive_low", "inclusive_high", "index"]
    rates[numbers] = rates[numbers].mask(hidden | voided)
    counts = ["issued", "returned", "valid", "void", "unknown", "abstained"]
    rates[counts] = rates[counts].mask(hidden)
    order = {term.code: at for at, term in enumerate(campaign.semesters)}
    rates = rates.assign(voided=voided, hidden=hidden, _at=rates["semester"].map(order))
    return rates.sort_values(["occasion", "appraisee_type", "item", "_at"], ignore_index=True)


def member_grades(votes: pd.DataFrame, people: pd.DataFrame, campaign: Campaign, as_of: date) -> pd.DataFrame:
    """Return members' appraisal by year and rater group: self, peers, masses and organisation apart.

    Self-appraisals stand in a group of their own; peers' ballots hold none. A member on probation rates
    and gets no grade: what the organisation gave one is counted as ``probationary_graded``.

    Returns
    -------
    DataFrame
        ``year``, ``rater_group``, ``members`` (appraised), ``excellent`` and ``graded`` (votes on the top
        level, on any), ``excellent_share`` (0-1), ``full_members``, ``quota`` (of the setting
        ``excellent_quota``; organisation only), ``over_quota`` (bool), ``probationary_graded``.
    """
    rows = votes[votes["occasion"].eq("member") & is_true(votes["count"] > 0)]
    rows = rows.merge(level_table(campaign)[["scale", "level", "rank"]], on=["scale", "level"])
    rows = rows.assign(best=rows["count"].where(rows["rank"].eq(0), 0))
    ends = {year: min(date(int(year), 12, 31), as_of) for year in rows["year"].dropna().unique()}
    at_end = {year: members_at(people, day) for year, day in ends.items()}
    found = []
    for (year, group), part in rows.groupby(["year", "rater_group"]):
        members = at_end[year]
        new = members.loc[is_true(members["is_probationary"]), "person"]
        full, own = len(members) - len(new), group == "organisation"
        allowed = quota(full, campaign.setting("excellent_quota")) if own else None
        best, graded = int(part["best"].sum()), int(part["count"].sum())
        wrongly = part.loc[part["appraisee"].isin(new), "appraisee"].nunique() if own else 0
        over = allowed is not None and best > allowed
        appraised = part["appraisee"].nunique()
        found.append((year, group, appraised, best, graded, best / graded, full, allowed, over, wrongly))
    columns = "year rater_group members excellent graded excellent_share full_members quota over_quota"
    columns += " probationary_graded"
    frame = pd.DataFrame(found, columns=columns.split())
    return shape(frame, columns, "rater_group", number="excellent_share", flag="over_quota")
