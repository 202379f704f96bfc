"""Frames of figures -> frames as a page shows them: names for codes, groups that are too small hidden."""

from collections.abc import Iterable

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.told import reasons
from cxzy_lib.measure.disclosure import hide_small
from cxzy_lib.measure.estimates import level_shares, satisfaction_rates
from cxzy_lib.present.wording import group_name, percent, period_names, say
from cxzy_lib.texts import text

RATES = (
    "strict",
    "strict_low",
    "strict_high",
    "inclusive",
    "inclusive_low",
    "inclusive_high",
    "worst_low",
    "worst_high",
)
PERSONAL = ("unknown_person", "namesakes")


def shown_rates(
    votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, by: str, lang: str
) -> pd.DataFrame:
    """Return satisfaction rates by period and rater group with groups under the minimum base hidden.

    ``ballots`` writes issued / returned / valid / don't know; ``worst`` is the band of the strict rate if
    everybody who stayed silent had said no, or yes.
    """
    rates = satisfaction_rates(votes, turnout, campaign, by=(by, "rater_group"))
    rates = hide_small(rates, "valid", RATES, campaign.setting("minimum_base"), group=(by,))
    bands = zip(rates["worst_low"], rates["worst_high"], strict=True)
    worst = [None if pd.isna(low) else f"{percent(low, lang)}–{percent(high, lang)}" for low, high in bands]
    order = {code: at for at, code in enumerate(period_names(campaign, lang))}
    counts = rates[["issued", "returned", "valid", "unknown"]].astype(object).to_numpy().tolist()
    ballots = [" / ".join("—" if pd.isna(n) else str(n) for n in row) for row in counts]
    words = pd.DataFrame({"worst": worst, "ballots": ballots}, index=rates.index, dtype="str")
    rates = pd.concat([rates, words], axis=1)
    return rates.sort_values([by, "rater_group"], key=lambda s: s.map(order).fillna(0) if s.name == by else s)


def shown_levels(votes: pd.DataFrame, campaign: Campaign, label: str, lang: str) -> pd.DataFrame:
    """Return the distribution of ballots in rows named by period and rater group, or by item.

    Parameters
    ----------
    label : str
        ``occasion`` (a row for each semester and group), ``item``, or ``item_and_group``.
    """
    names = period_names(campaign, lang)
    keys = ["semester", "rater_group"] if label == "occasion" else ["item", "rater_group"]
    shares = level_shares(votes, campaign, by=keys)
    threshold = campaign.setting("minimum_base")
    shares = shares[shares["valid"].ge(threshold).fillna(False).astype(bool)]
    groups = [group_name(group, lang) for group in shares["rater_group"]]
    if label == "occasion":
        first = [names.get(code, code) for code in shares["semester"]]
    else:
        first = [campaign.items[code].label(lang) for code in shares["item"]]
    words = first if label == "item" else [f"{a} · {b}" for a, b in zip(first, groups, strict=True)]
    shares = shares.assign(**{label: pd.Series(words, index=shares.index, dtype="str")})
    return _ordered(shares, keys[0], {code: at for at, code in enumerate(names)})


def _ordered(shares: pd.DataFrame, key: str, periods: dict[str, int]) -> pd.DataFrame:
    """Order occasions by time and items by the share of the top level; groups stay together."""
    if key == "semester":
        order = shares[key].map(periods)
    else:
        best = shares[shares["rank"] == 0].groupby(key)["share"].max()
        order = -shares[key].map(best)
    ordered = shares.assign(_order=order).sort_values(["_order", key, "rater_group", "rank"], kind="stable")
    return ordered.drop(columns="_order")


def wide_levels(shares: pd.DataFrame, label: str, lang: str) -> pd.DataFrame:
    """Return `shown_levels` with a row for each `label` and a column for each level: count and share."""
    written = [
        say("count_and_share", lang, count=count, share=percent(share, lang))
        for count, share in zip(shares["count"], shares["share"], strict=True)
    ]
    cells = shares.assign(cell=pd.Series(written, index=shares.index, dtype="str"), label=shares[label])
    best_first = list(cells.sort_values("rank")["level"].unique())
    wide = cells.pivot(index="label", columns="level", values="cell")[best_first]
    valid = cells.drop_duplicates("label").set_index("label")["valid"]
    return wide.assign(valid=valid).reindex(cells["label"].unique()).reset_index()


def large_branches(progress: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return `training_progress` without the branches in which a dot could be told to be somebody."""
    size = progress.groupby("unit")["person"].transform("size")
    return progress.loc[size.ge(campaign.setting("minimum_base"))]


def late_by_unit(late: pd.DataFrame) -> pd.DataFrame:
    """Return what is overdue as a row for each unit and kind: how much, since when; the longest first."""
    grouped = late.groupby(["unit", "kind"], as_index=False)
    summed = grouped.agg(late=("days_late", "size"), due_on=("due_on", "min"), days_late=("days_late", "max"))
    return summed.sort_values(["days_late", "late"], ascending=False, ignore_index=True)


def written_years(comparison: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `yearly_comparison` with its values, units and reasons in words."""
    rows = comparison.to_dict("records")
    told = [
        say("comparable_yes", lang) if row["comparable"] else _reason(row["reason"], lang) for row in rows
    ]
    words = {
        "name": [say(f"measure_{row['measure']}", lang) for row in rows],
        "shown": [_number(row["value"], row["kind"], lang) for row in rows],
        "shown_adjusted": [_number(row["adjusted"], row["kind"], lang) for row in rows],
        "told": told,
    }
    return pd.concat([comparison, pd.DataFrame(words, index=comparison.index, dtype="str")], axis=1)


def _number(value: float, kind: str, lang: str) -> str | None:
    if pd.isna(value):
        return None
    return percent(value, lang) if kind == "rate" else f"{value:,.1f}".removesuffix(".0")


def _reason(code: object, lang: str) -> str:
    key = "common.no_data" if code == "no_data" or not isinstance(code, str) else f"present.{code}"
    return text(key, lang)


def told_files(files: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the list of files with the reason in words; names of folders are left out."""
    told = [reasons(row, lang) or None for row in files.to_dict("records")]
    return _short(files).assign(told=pd.Series(told, index=files.index, dtype="str"))


def told_findings(ledger: pd.DataFrame, lang: str, most: int = 200) -> pd.DataFrame:
    """Return the ledger rows that need a look, with the reason in words and without people's names."""
    found = ledger[ledger["severity"].notna() & ledger["layout"].notna()].head(most)
    told = [reasons(_without_names(row, lang), lang) for row in found.to_dict("records")]
    return _short(found).assign(told=pd.Series(told, index=found.index, dtype="str"))


def _without_names(row: dict[object, object], lang: str) -> dict[object, object]:
    if not any(code in str(row["code"]) for code in PERSONAL):
        return row
    count = len(str(row["code"]).split("；"))
    withheld = "；".join([say("withheld", lang)] * count)
    return row | {"value": withheld, "hint": withheld}


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave the folder out of file names where there is one institution."""
    if len(set(frame["institution"])) > 1:
        return frame
    return frame.assign(source_file=frame["source_file"].str.rsplit("/", n=1).str[-1])


def only(
    votes: pd.DataFrame, occasion: str, items: Iterable[str] = (), groups: Iterable[str] = ()
) -> pd.DataFrame:
    """Return the votes of one kind of occasion, some items and some groups; all where none are named."""
    keep = votes["occasion"].eq(occasion)
    for column, wanted in (("item", list(items)), ("rater_group", list(groups))):
        if wanted:
            keep &= votes[column].isin(wanted)
    return votes[keep.fillna(False).astype(bool)]
