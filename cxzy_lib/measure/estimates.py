"""Rates of votes and their uncertainty: a small body is nearly a census, so its size enters."""

from collections.abc import Sequence

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import headline, is_true, level_table, numbers, shape, share
from cxzy_lib.measure.intervals import body_interval, wilson

_SHARES = "strict strict_low strict_high inclusive inclusive_low inclusive_high worst_low worst_high"
_BASES = "valid population issued returned void unknown abstained strict_count inclusive_count"
_RATES = f"{_BASES} {_SHARES}"
_PAPERS = ["eligible", "issued", "returned", "void", "abstained"]


def _one_question(votes: pd.DataFrame, by: Sequence[str], campaign: Campaign) -> pd.DataFrame:
    """Keep one question per voter, so that a base counts people: see `satisfaction_rates`."""
    groups = sorted(votes["rater_group"].dropna().unique())
    if "rater_group" not in by and len(groups) > 1:
        raise ValueError(f"by={list(by)} would pool rater groups: {', '.join(groups)}")
    if "occasion" not in by and len(votes["occasion"].dropna().unique()) > 1:
        votes = votes[votes["occasion"].eq("satisfaction")]
    if "item" not in by:
        several = votes["occasion_id"].map(votes.groupby("occasion_id")["item"].nunique()) > 1
        votes = votes[votes["item"].isin(headline(campaign)) | ~several]
    return votes


def _grouped(votes: pd.DataFrame, by: Sequence[str], campaign: Campaign) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the votes with their `group` and level's flags, and the groups (one row each)."""
    keys = [*by, "scale"]
    known = _one_question(votes, by, campaign)
    known = known[known["scale"].isin(list(campaign.scales))]
    rows = known.merge(level_table(campaign), on=["scale", "level"], how="left")
    rows["group"] = rows.groupby(keys, dropna=False).ngroup()
    groups = rows.drop_duplicates("group").sort_values("group").set_index("group")[keys]
    return rows, groups


def _turnout(rows: pd.DataFrame, turnout: pd.DataFrame) -> pd.DataFrame:
    """Return the population and the papers of each group's occasions, NA if one's are unknown."""
    keys = ["occasion_id", "rater_group"]
    known = turnout.dropna(subset=keys).drop_duplicates(keys)[[*keys, *_PAPERS]]
    pairs = rows[["group", *keys]].drop_duplicates().merge(known, on=keys, how="left")
    sums = pairs.groupby("group")[_PAPERS].sum(skipna=False)
    return sums.rename(columns={"eligible": "population", "abstained": "blank"})


def _asked_twice(rows: pd.DataFrame) -> pd.Series:
    """Return for each group whether it pools several occasions of the same people.

    Occasions of different units ask different people; one without a unit asks everybody. Where several
    are appraised, each voter stands there as many times.
    """
    grouped = rows.groupby("group")
    units = grouped["unit"].nunique().where(~rows["unit"].isna().groupby(rows["group"]).any(), 1)
    return grouped["occasion_id"].nunique().gt(units) | grouped["appraisee"].nunique().gt(1)


def _with_intervals(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add the rates, their intervals and the band for the silent."""
    valid, body = frame["valid"], frame["population"]
    for name in ("strict", "inclusive"):
        count = frame[f"{name}_count"]
        frame[name] = share(count, valid)
        for end, limit in zip(("low", "high"), body_interval(count, valid, body, level), strict=True):
            frame[f"{name}_{end}"] = pd.array(limit, dtype="Float64")
    frame["worst_low"], frame["worst_high"] = worst_cases(frame["strict_count"], valid, body)
    return frame


def worst_cases(count: pd.Series, valid: pd.Series, population: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the share in favour if all the silent were against, and if all were for (0-1).

    NA where the population is unknown, or fewer than the valid votes.
    """
    body = population.where(is_true(population >= valid))
    return share(count, body), share(count + body - valid, body)


def satisfaction_rates(
    votes: pd.DataFrame,
    turnout: pd.DataFrame,
    campaign: Campaign,
    by: Sequence[str] = ("semester", "rater_group"),
) -> pd.DataFrame:
    """Return the strict and the inclusive satisfaction rate, side by side with bases and limits.

    Parameters
    ----------
    votes, turnout : DataFrame
        Processed tables. One question counts per voter: without ``item`` in `by`, an occasion with
        several items is represented by the headline item; without ``occasion`` in `by`, votes of
        several kinds of occasion by ``satisfaction``.
    by : sequence of str
        Columns of `votes`; scales are never pooled, and neither are rater groups.

    Returns
    -------
    DataFrame
        `by`, ``scale``; ``valid`` (votes on the scale's own levels), ``population`` (eligible),
        ``issued``, ``returned``, ``void``, ``unknown``, ``abstained``, ``strict_count``,
        ``inclusive_count``; ``strict`` and ``inclusive`` (0-1), their ``_low`` and ``_high``: exact
        for the finite population where it is known, Wilson's where not (or under ``valid``), and NA
        where a row pools several occasions of the same people: no interval holds for these ballots;
        ``worst_low``, ``worst_high``: the strict rate if all the silent were against, or for. A count that
        is NA makes its sum NA. Which of them may be compared: see `comparability`.

    Raises
    ------
    ValueError
        If `by` would pool rater groups.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> counts = {"satisfied": 134, "fairly_satisfied": 4, "basically_satisfied": 3}
    >>> base = {"occasion_id": "a", "rater_group": "member", "scale": "sat4"}
    >>> votes = conform("votes", [base | {"level": k, "count": n} for k, n in counts.items()])
    >>> rates = satisfaction_rates(votes, conform("turnout", []), load_campaign("campaign"))
    >>> rates[["valid", "strict", "inclusive"]].round(4)
       valid  strict  inclusive
    0    141  0.9504        1.0
    """
    rows, frame = _grouped(votes, by, campaign)
    own = rows["rank"].notna()
    parts = {
        "valid": own,
        "unknown": rows["level"].eq("unknown"),
        "abstained": rows["level"].eq("abstain"),
        "strict_count": own & rows["is_strict"].eq(True),
        "inclusive_count": own & rows["is_inclusive"].eq(True),
    }
    for name, wanted in parts.items():
        sums = rows[wanted].groupby("group")["count"].sum(skipna=False)
        frame[name] = sums.reindex(frame.index)
    for name in ("strict_count", "inclusive_count"):
        # Nobody chose the level: a true zero, for all valid votes are known to lie elsewhere.
        missing = ~frame.index.isin(rows.loc[parts[name], "group"])
        frame[name] = frame[name].mask(missing & frame["valid"].notna(), 0)
    frame = frame.join(_turnout(rows, turnout))
    frame["abstained"] = frame["abstained"].fillna(frame["blank"])
    frame = _with_intervals(frame, campaign.setting("confidence_level"))
    limits = [f"{name}_{end}" for name in ("strict", "inclusive") for end in ("low", "high")]
    frame[limits] = frame[limits].mask(_asked_twice(rows).reindex(frame.index))
    heads = frame[[*by, "scale"]].reset_index(drop=True)
    return heads.join(shape(frame, _RATES, number=_SHARES))


def answer_limits(rates: pd.DataFrame, level: float) -> pd.DataFrame:
    """Give strict rates the limits that answers given anew would leave them, by which changes are judged.

    Those of `satisfaction_rates` ask something else: what the silent could change. Two of them that do not
    overlap tell two bodies apart, and not that the answers differ by more than chance (see `differences`).

    Parameters
    ----------
    rates : DataFrame
        With ``strict``, ``valid`` and ``strict_low``; where the last is missing, no interval holds.

    Examples
    --------
    >>> rates = pd.DataFrame({"strict": [0.6, 0.6], "valid": [80, 80], "strict_low": [0.58, None]})
    >>> answer_limits(rates, 0.95)[["strict_low", "strict_high"]].round(3).to_numpy().tolist()
    [[0.49, 0.7], [nan, nan]]
    """
    rate, valid = numbers(rates["strict"]), numbers(rates["valid"])
    ends = zip(("low", "high"), wilson(rate * valid, valid, level), strict=True)
    none = rates["strict_low"].isna()
    return rates.assign(**{f"strict_{end}": pd.Series(limit, rates.index).mask(none) for end, limit in ends})


def level_shares(votes: pd.DataFrame, campaign: Campaign, by: Sequence[str]) -> pd.DataFrame:
    """Return the distribution over the levels of each scale, best first.

    `votes` and `by` as in :func:`satisfaction_rates`. The result: `by`, ``scale``, ``level``,
    ``rank`` (0 = best), ``count``, ``valid``, ``share`` (0-1): all levels of the scale, those that
    nobody chose with 0. A count that is NA makes ``valid`` and the shares of its group NA.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import conform
    >>> base = {"item": "service", "rater_group": "all", "scale": "sat3"}
    >>> counts = {"satisfied": 27, "basically_satisfied": 1}
    >>> votes = conform("votes", [base | {"level": k, "count": n} for k, n in counts.items()])
    >>> shares = level_shares(votes, load_campaign("campaign"), by=("item",))
    >>> shares[["level", "count", "valid", "share"]].round(3)
                     level  count  valid  share
    0            satisfied     27     28  0.964
    1  basically_satisfied      1     28  0.036
    2         dissatisfied      0     28    0.0
    """
    rows, groups = _grouped(votes, by, campaign)
    own = rows[rows["rank"].notna()]
    heads = groups.loc[own["group"].unique()].reset_index()
    frame = heads.merge(level_table(campaign)[["scale", "level", "rank"]], on="scale")
    counts = own.groupby(["group", "level"])["count"].sum(skipna=False)
    cells = pd.MultiIndex.from_frame(frame[["group", "level"]])
    frame["count"] = counts.reindex(cells, fill_value=0).array
    valid = own.groupby("group")["count"].sum(skipna=False)
    frame["valid"] = valid.reindex(frame["group"]).array
    frame["share"] = share(frame["count"], frame["valid"])
    frame = frame.sort_values(["group", "rank"], ignore_index=True)
    counts_and_share = shape(frame, "rank count valid share", number="share")
    return frame[[*by, "scale", "level"]].join(counts_and_share)
