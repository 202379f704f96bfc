"""Ballots by occasion: the chain from eligible to valid, both rates and the index; members' grades."""

from datetime import date

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.awards import quota
from cxzy_lib.measure.basis import is_hidden, shape
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
    broken = pd.Series(pd.NA, index=turnout.index, dtype="str")
    spent = turnout["valid"] + turnout["void"].fillna(0)
    links = [
        ("present>eligible", turnout["present"] > turnout["eligible"]),
        ("returned>issued", turnout["returned"] > turnout["issued"]),
        ("valid>returned", spent > turnout["returned"]),
    ]
    for name, wrong in reversed(links):
        broken = broken.mask(wrong.fillna(False).astype(bool), name)
    voided = (turnout["returned"] > turnout["issued"]).fillna(False).astype(bool)
    return turnout.assign(broken=broken, voided=voided)


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
    pair = ["occasion_id", "rater_group"]
    lost = pd.MultiIndex.from_frame(checked.loc[checked["voided"], pair])
    voided = pd.MultiIndex.from_frame(votes[pair]).isin(lost)
    rates = satisfaction_rates(votes, turnout, campaign, by=tuple(_KEYS[:-1]))
    points = index_scores(votes, campaign, _KEYS)[[*_KEYS, "index"]]
    rates = rates.merge(points, on=_KEYS, how="left")
    bad = votes.loc[voided, _KEYS].drop_duplicates()
    gone = pd.MultiIndex.from_frame(rates[_KEYS]).isin(pd.MultiIndex.from_frame(bad))
    small = rates["valid"].lt(campaign.setting("minimum_base")).fillna(False).astype(bool)
    barred = votes.loc[is_hidden(votes), _KEYS].drop_duplicates()
    small |= pd.MultiIndex.from_frame(rates[_KEYS]).isin(pd.MultiIndex.from_frame(barred))
    numbers = ["strict", "strict_low", "strict_high", "inclusive", "inclusive_low", "inclusive_high", "index"]
    lacking = small | pd.Series(gone, index=rates.index)
    rates[numbers] = rates[numbers].mask(lacking)
    counts = ["issued", "returned", "valid", "void", "unknown", "abstained"]
    rates[counts] = rates[counts].mask(small)
    order = {term.code: at for at, term in enumerate(campaign.semesters)}
    rates = rates.assign(voided=gone, hidden=small, _at=rates["semester"].map(order))
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
    top = {code: scale.levels[0].code for code, scale in campaign.scales.items()}
    rows = votes[votes["occasion"].eq("member") & votes["scale"].isin(list(top))]
    known = {(code, level.code) for code, scale in campaign.scales.items() for level in scale.levels}
    graded = [pair in known for pair in zip(rows["scale"], rows["level"], strict=True)]
    rows = rows[pd.Series(graded, rows.index, dtype="bool") & rows["count"].gt(0).fillna(False).astype(bool)]
    rows = rows.assign(best=rows["count"].where(rows["level"].eq(rows["scale"].map(top)), 0))
    found = []
    for (year, group), part in rows.groupby(["year", "rater_group"]):
        members = members_at(people, min(date(int(str(year)), 12, 31), as_of))
        new = members.loc[members["is_probationary"].eq(True).fillna(False).astype(bool), "person"]
        full, own = len(members) - len(new), group == "organisation"
        allowed = quota(full, campaign.setting("excellent_quota")) if own else None
        best, of = int(part["best"].sum()), int(part["count"].sum())
        late = part.loc[part["appraisee"].isin(new), "appraisee"].nunique() if own else 0
        over = allowed is not None and best > allowed
        found.append(
            (year, group, part["appraisee"].nunique(), best, of, best / of, full, allowed, over, late)
        )
    columns = "year rater_group members excellent graded excellent_share full_members quota over_quota"
    columns += " probationary_graded"
    frame = pd.DataFrame(found, columns=columns.split())
    return shape(frame, columns, "rater_group", number="excellent_share", flag="over_quota")
