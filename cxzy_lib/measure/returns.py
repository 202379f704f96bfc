"""What is unusual about the papers that came back: things to check, none of which proves anything."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_true, level_table, shape, share, vote_days
from cxzy_lib.measure.evidence import CELL
from cxzy_lib.tables import Tables, conform

_OCCASION = ["institution", "occasion_id", "occasion", "period", "unit"]
_GROUP = [*_OCCASION, "rater_group"]
_SHEET = ["source_file", "source_sheet"]
_VOTED = ["institution", "occasion_id", "rater_group"]
_TEXTS = "kind occasion_id occasion period unit rater_group other source_file source_sheet"
_COLUMNS = "kind occasion_id occasion period unit rater_group count base other value source_file source_sheet"
#: (appraised, item) -> (scale, level) -> votes.
Counts = dict[tuple[str, str], dict[tuple[str, str], int]]


def _period(frame: pd.DataFrame) -> pd.Series:
    return frame["semester"].fillna(frame["year"].astype("str"))


def _joined(names: pd.Series) -> str | None:
    return "、".join(names.dropna().unique()) or None


_SHEETS: dict[str, Any] = {name: (name, _joined) for name in _SHEET}  # for an aggregation


def _papers(answers: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return a row for each paper: what it says (`pattern`) on how many items, and its best and worst rank.

    ``items`` counts all that was answered, ``rated`` only the scale's own levels (not "don't know"); ``pace``
    is seconds for each of these.
    """
    rows = answers.dropna(subset=["scale", "level"])
    rows = rows.merge(level_table(campaign), on=["scale", "level"], how="left")
    said = rows["item"].fillna("") + "=" + rows["level"]
    rows = rows.assign(period=_period(rows), said=said, own=rows["scale"].where(rows["rank"].notna()))
    rows = rows.sort_values([*_SHEET, "source_row", "item"], kind="stable")
    first = {name: (name, "first") for name in ("answered_on", "seconds", "minute")}
    grouped = rows.groupby([*_GROUP, *_SHEET, "source_row"], dropna=False, sort=False)
    papers = grouped.agg(
        pattern=("said", " ".join),
        items=("said", "size"),
        rated=("rank", "count"),
        best=("rank", "min"),
        worst=("rank", "max"),
        scales=("own", "nunique"),
        **first,
    )
    return papers.assign(pace=share(papers["seconds"], papers["rated"])).reset_index()


def _identical(papers: pd.DataFrame, rule: Mapping[str, float], least: int) -> pd.DataFrame:
    """Find the runs of papers that say the very same: see `returns_to_check` for when one is unusual."""
    alike = [*_GROUP, "pattern"]
    all_best = is_true(papers["worst"].eq(0)) & papers["rated"].eq(papers["items"])
    whole = all_best.groupby([papers[name] for name in _OCCASION], dropna=False).transform("mean")
    rows = papers.assign(
        base=papers.groupby(_GROUP, dropna=False)["items"].transform("size"),
        alike=papers.groupby(alike, dropna=False)["items"].transform("size"),
        usual=all_best & (whole > 0.5),  # what most papers say
    ).sort_values([*_SHEET, "source_row"], kind="stable")
    same = rows.groupby([*alike, *_SHEET], dropna=False).ngroup()
    rows["run"] = same.ne(same.shift()).cumsum()
    runs: pd.DataFrame = rows.drop_duplicates("run").set_index("run")
    by_run = rows.groupby("run")["source_row"]
    runs = runs.assign(count=by_run.size(), value=share(runs["alike"], runs["base"]))
    runs["other"] = runs["source_row"].astype("str") + "-" + by_run.max().astype("str")
    # How common it is elsewhere in the group: a run tells nothing of how likely it is itself.
    apart = (runs["alike"] - runs["count"] + 1) / (runs["base"] - runs["count"] + 2)
    varied = is_true(runs["best"].ne(runs["worst"]))
    improbable = apart ** runs["count"] * runs["base"] < rule["chance"]
    improbable |= runs["alike"].eq(runs["base"]) & varied
    long = (runs["count"] >= max(rule["identical_run"], least)) & (runs["rated"] >= rule["identical_items"])
    return runs[long & improbable & ~runs["usual"]]


def _by_group(papers: pd.DataFrame, hit: pd.Series, least: int) -> pd.DataFrame:
    """Return how many papers of each large enough group are a `hit`, and the median of ``pace``."""
    grouped = papers.assign(hit=is_true(hit)).groupby(_GROUP, dropna=False)
    rows = grouped.agg(count=("hit", "sum"), base=("hit", "size"), pace=("pace", "median"), **_SHEETS)
    groups: pd.DataFrame = rows.reset_index()
    return groups[groups["base"] >= least]


def _straight(papers: pd.DataFrame, rule: Mapping[str, float], least: int) -> pd.DataFrame:
    """Find the groups in which many papers give all items one level that is not the best."""
    papers = papers[papers["rated"] >= rule["identical_items"]]
    one = papers["scales"].eq(1) & papers["best"].eq(papers["worst"]) & papers["best"].gt(0)
    groups = _by_group(papers, one, least)
    groups["value"] = share(groups["count"], groups["base"])
    return groups[groups["value"] >= rule["straight_share"]]


def _too_fast(papers: pd.DataFrame, rule: Mapping[str, float], least: int) -> pd.DataFrame:
    """Find the groups with papers answered in less time than their rated items alone take to read."""
    timed = papers[papers["seconds"].notna()]
    groups = _by_group(timed, timed["pace"] < rule["seconds_per_item"], least)
    return groups[groups["count"] > 0].rename(columns={"pace": "value"})


def _same_moment(papers: pd.DataFrame, rule: Mapping[str, float], least: int) -> pd.DataFrame:
    """Find the minutes in which many papers of an occasion were handed in, whoever they are from."""
    timed = papers[papers["minute"].notna() & papers["answered_on"].notna()]
    moment = timed["answered_on"] + pd.to_timedelta(timed["minute"].astype("int64"), unit="min")
    base = timed.groupby(_OCCASION, dropna=False)["items"].transform("size")
    timed = timed.assign(other=moment.dt.strftime("%Y-%m-%d %H:%M"), base=base)
    grouped = timed.groupby([*_OCCASION, "other", "base"], dropna=False)
    groups = ("rater_group", lambda names: names.iloc[0] if len({*names}) == 1 else None)
    minutes: pd.DataFrame = grouped.agg(count=("items", "size"), rater_group=groups, **_SHEETS).reset_index()
    minutes["value"] = share(minutes["count"], minutes["base"])
    return minutes[minutes["count"] >= max(rule["same_minute"], least)]


def _opinions(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    """Return the opinions on record (raw, before they were merged) with the semester and the year."""
    events = tables.events[tables.events["kind"].eq("opinion_collection")].drop_duplicates(CELL)
    known = tables.figures["indicator"].eq("opinions_raw") & is_true(tables.figures["value"] > 0)
    told = tables.figures[known].drop(columns="unit")
    told = told.merge(events[[*CELL, "held_on", "unit"]], on=CELL)
    terms = [None if pd.isna(day) else campaign.semester_of(day.date()) for day in told["held_on"]]
    told = told.assign(filed_semester=pd.Series(terms, told.index, dtype="str"))
    names = {"unit": "filed_unit", "year": "filed_year", "value": "opinions"}
    return told.rename(columns=names)[["institution", "filed_semester", *names.values()]]


def _all_satisfied(votes: pd.DataFrame, campaign: Campaign, least: int) -> pd.DataFrame:
    """Return the collections whose valid votes are all satisfied (in the wider sense) on every item."""
    rows = votes.dropna(subset=["item"]).merge(level_table(campaign), on=["scale", "level"])
    against = ~rows["is_inclusive"].astype(bool) & rows["count"].ne(0).fillna(True)
    rows = rows.assign(other=(against | rows["count"].isna()).astype(bool))  # an unknown count may be one
    groups = rows.groupby(_VOTED).agg(other=("other", "any"), valid=("count", "sum")).reset_index()
    return groups[~groups["other"] & (groups["valid"] >= least)][_VOTED]


def _full_returns(tables: Tables, campaign: Campaign, least: int) -> pd.DataFrame:
    """Find the collections in which all papers came back, all satisfied, while opinions were filed."""
    papers = tables.turnout.dropna(subset=_VOTED[1:]).drop_duplicates(_VOTED)
    whole = papers["issued"].eq(papers["returned"]) & papers["issued"].ge(least)
    full = papers[is_true(whole)]
    full = full.merge(_all_satisfied(tables.votes, campaign, least), on=_VOTED)
    pairs = full.merge(_opinions(tables, campaign), on="institution")
    undated = pairs["semester"].isna() | pairs["filed_semester"].isna()
    then = pairs["semester"].eq(pairs["filed_semester"])
    then |= undated & is_true(pairs["year"].eq(pairs["filed_year"]))
    there = pairs["unit"].isna() | pairs["filed_unit"].isna() | pairs["unit"].eq(pairs["filed_unit"])
    pairs = pairs[then & there]
    sums = pairs.groupby(_VOTED)["opinions"].sum().rename("value").reset_index()
    found = full.merge(sums, on=_VOTED)
    return found.assign(period=_period(found), count=found["returned"], base=found["issued"])


def _counts(votes: pd.DataFrame) -> Counts:
    """Return what was voted on each (appraised, item); those with an unknown count are left out."""
    cells: Counts = {}
    unknown = set()
    rows = votes[["appraisee", "item", "scale", "level", "count"]]
    for who, item, scale, level, count in rows.itertuples(index=False):
        if pd.isna(count):
            unknown.add((who, item))
        elif count:
            levels = cells.setdefault((who, item), {})
            levels[scale, level] = levels.get((scale, level), 0) + int(count)
    return {cell: levels for cell, levels in cells.items() if cell not in unknown}


def _agreement(one: Counts, other: Counts, rule: Mapping[str, float], least: int) -> tuple[int, int] | None:
    """Return on how many items two occasions agree, and the fewest votes on one; ``None`` if they do not."""
    both = one.keys() & other.keys()
    if len(both) < rule["identical_items"] or any(one[cell] != other[cell] for cell in both):
        return None
    fewest = min(sum(one[cell].values()) for cell in both)
    levels = {level for cell in both for level in one[cell]}
    return (len(both), fewest) if fewest >= least and len(levels) > 1 else None


def _same_counts(
    votes: pd.DataFrame, campaign: Campaign, rule: Mapping[str, float], least: int
) -> pd.DataFrame:
    """Find the occasions whose counts are those of an earlier period; the last such period is named."""
    rows = votes.dropna(subset=["occasion_id", "rater_group"])
    rows = rows.merge(level_table(campaign)[["scale", "level"]], on=["scale", "level"])
    rows = rows.assign(
        period=_period(rows),
        when=vote_days(rows, campaign, first=True),
        appraisee=rows["appraisee"].fillna(""),
        item=rows["item"].fillna(""),
    )
    found = []
    for _, part in rows.groupby(["institution", "occasion", "unit", "rater_group"], dropna=False):
        before: list[tuple[pd.Series, Counts]] = []
        for _, own in part.sort_values("when", kind="stable").groupby("occasion_id", sort=False):
            head, counts = own.iloc[0], _counts(own)
            for earlier, known in reversed(before):
                later = earlier["period"] != head["period"] and earlier["when"] < head["when"]
                if later and (agreed := _agreement(counts, known, rule, least)):
                    sheets = {name: _joined(own[name]) for name in _SHEET}
                    numbers = {"count": agreed[0], "base": agreed[1], "other": earlier["occasion_id"]}
                    found.append({name: head[name] for name in _GROUP} | numbers | sheets)
                    break
            before.append((head, counts))
    return pd.DataFrame(found)


def returns_to_check(tables: Tables, campaign: Campaign, rule: Mapping[str, float]) -> pd.DataFrame:
    """Return what is unusual about the papers that came back, as a list of things to check (请核实).

    Each has an innocent explanation and proves nothing. Groups and blocks of fewer than the setting
    ``minimum_base`` are left out, respondents are not named.

    Parameters
    ----------
    tables : Tables
        ``answers``, ``votes``, ``turnout``, ``events`` and ``figures`` are read.
    campaign : Campaign
        Its scales, semesters and ``minimum_base``.
    rule : mapping
        ``identical_run`` (papers), ``identical_items`` (items), ``chance`` (expected number),
        ``straight_share`` (0-1), ``seconds_per_item`` (seconds), ``same_minute`` (papers).

    Returns
    -------
    DataFrame
        ``kind``, ``occasion_id``, ``occasion``, ``period`` (semester, else year), ``unit``, ``rater_group``
        (NA: several), ``count`` of ``base``, ``other``, ``value``, ``source_file``, ``source_sheet``. NA is
        what a kind does not have. What is unknown (answers, counts, times) is never taken for a sign.

        ``identical_ballots``
            ``count`` consecutive papers (one sheet, one group, rows ``other``) give the very same answers on
            at least `identical_items` items, of ``base`` papers of the group, of which the share ``value``
            (0-1) says the same. Identical papers are common where most are content: a block is unusual only
            if it is improbable. With p, the share of that answer among the papers outside the run by
            Laplace's rule of succession, (alike + 1) / (others + 2), papers * p ** run such blocks are
            expected by chance; one is listed below `chance`. So is a group wholly alike on several levels;
            never a run all on the best level as most papers of the occasion are. Near-duplicates were taken
            for a sign by Kuriakose and Robbins (2016, Statistical Journal of the IAOS 32); Simmons et al.
            (2016, ibid.) showed that few items and like-minded people make them. See Blasius & Thiessen 2012.
        ``straight_lining``
            ``count`` of ``base`` papers with at least `identical_items` rated items have all on one level
            (``value``: 0-1, at least `straight_share`). The best level is left out, for a content rater
            has no other way to say so (satisficing: Krosnick 1991, Applied Cognitive Psychology 5).
        ``full_return_all_satisfied``
            All papers came back (``count`` = ``base`` = issued) and every valid vote on every item is
            satisfied, yet ``value`` opinions were filed in the same semester (year, where one has no
            semester). Reported of bought or demanded ratings by Legal Daily (2025), China Teacher (2025).
        ``same_counts_as_before``
            The counts by level of all items that both occasions asked (``count``, at least
            `identical_items`, with at least ``base`` valid votes each, not all on one level) are those of
            the earlier occasion ``other``. An item is told by what it is about, too.
        ``too_fast``
            ``count`` of ``base`` online answers took less than `seconds_per_item` seconds for each rated
            item; ``value``: the group's median seconds for an item. Two seconds are the rule of Huang et al.
            (2012, Journal of Business and Psychology 27).
        ``same_moment``
            ``count`` of the occasion's ``base`` answers (``value``: 0-1) were handed in within the minute
            ``other`` of the clock, at least `same_minute`.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS
    >>> said = {"scale": "sat4", "level": "basically_satisfied", "rater_group": "nonmember"}
    >>> rows = [said | {"source_row": n, "item": item} for n in range(8) for item in "abc"]
    >>> tables = {name: conform(name, rows if name == "answers" else []) for name in ALL_SCHEMAS}
    >>> rule = {"identical_run": 6, "identical_items": 3, "chance": 0.001, "straight_share": 0.5}
    >>> rule |= {"seconds_per_item": 2, "same_minute": 5}
    >>> found = returns_to_check(Tables(**tables), load_campaign("campaign"), rule)
    >>> found[["kind", "rater_group", "count", "base", "value"]]
                  kind rater_group  count  base  value
    0  straight_lining   nonmember      8     8    1.0
    """
    least = int(campaign.setting("minimum_base"))
    papers = _papers(conform("answers", tables.answers), campaign)
    found = {
        "identical_ballots": _identical(papers, rule, least),
        "straight_lining": _straight(papers, rule, least),
        "full_return_all_satisfied": _full_returns(tables, campaign, least),
        "same_counts_as_before": _same_counts(tables.votes, campaign, rule, least),
        "too_fast": _too_fast(papers, rule, least),
        "same_moment": _same_moment(papers, rule, least),
    }
    frames = [shape(rows.assign(kind=kind), _COLUMNS, _TEXTS, number="value") for kind, rows in found.items()]
    return pd.concat(frames, ignore_index=True)
