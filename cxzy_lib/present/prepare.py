"""Frames of figures -> frames as a page shows them: names for codes, groups that are too small hidden."""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.told import reasons
from cxzy_lib.measure.basis import is_true, vote_days, with_period
from cxzy_lib.measure.comparability import comparisons, conditions, with_grades
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.estimates import level_shares
from cxzy_lib.present.wording import group_name, one_line, percent, period_name, period_names, say, series
from cxzy_lib.tables import conform, to_look_at
from cxzy_lib.texts import text

PERSONAL = ("unknown_person", "namesakes")


def period_order(periods: pd.Series, campaign: Campaign, lang: str) -> pd.Series:
    """Return numbers that put semesters and stages into their order, and years after them."""
    order = {code: at for at, code in enumerate(period_names(campaign, lang))}
    years = pd.to_numeric(periods.where(~periods.isin(list(order))), errors="coerce")
    return periods.map(order).fillna(years).fillna(0)


def shown_rates(
    votes: pd.DataFrame, turnout: pd.DataFrame, campaign: Campaign, by: str, lang: str
) -> pd.DataFrame:
    """Return satisfaction rates by period and rater group, in the order of time, small ones hidden.

    ``ballots`` writes entitled / issued / returned / valid / don't know; ``worst`` is the strict rate
    if everybody who stayed silent had said no, or yes. ``grade_before`` and ``reasons_before``: see
    `with_grades`. Ballots without a semester stand under their year.
    """
    rows = with_period(votes)
    rates = shown_satisfaction(rows, turnout, campaign, by)
    rates = rates.sort_values(
        [by, "rater_group", "scale"],
        key=lambda column: period_order(column, campaign, lang) if column.name == by else column,
        ignore_index=True,
    )
    graded = comparisons(conditions(rows, turnout, campaign, by), campaign, by)
    rates = with_grades(rates, graded, by)
    bands = zip(rates["worst_low"], rates["worst_high"], strict=True)
    worst = [None if pd.isna(low) else f"{100 * low:.1f}–{percent(high, lang)}" for low, high in bands]
    ballots = counts_words(rates[["population", "issued", "returned", "valid", "unknown"]])
    words = pd.DataFrame({"worst": worst, "ballots": ballots}, index=rates.index, dtype="str")
    return pd.concat([rates, words.mask(rates["hidden"])], axis=1)


def counts_words(counts: pd.DataFrame) -> list[str]:
    """Return the counts of each row as one text, a missing one as a dash."""
    return [" / ".join("—" if pd.isna(n) else f"{n}" for n in row) for row in counts.itertuples(index=False)]


def shown_levels(votes: pd.DataFrame, campaign: Campaign, label: str, lang: str) -> pd.DataFrame:
    """Return the distribution of ballots in rows named by period and rater group, or by item.

    Parameters
    ----------
    label : str
        ``occasion`` (a row for each semester and group), ``item``, or ``item_and_group``.
    """
    known = with_period(votes)
    keys = ["semester", "rater_group"] if label == "occasion" else ["item", "rater_group"]
    shares = level_shares(known, campaign, by=keys)
    shares = shares[is_true(shares["valid"] >= campaign.setting("minimum_base"))]
    if label == "occasion":
        rates = shown_satisfaction(known, conform("turnout", []), campaign, "semester")
        hidden = pd.MultiIndex.from_frame(rates.loc[rates["hidden"], [*keys, "scale"]])
        shares = shares[~pd.MultiIndex.from_frame(shares[[*keys, "scale"]]).isin(hidden)]
        words = [period_name(campaign, code, lang) for code in shares["semester"]]
    else:
        words = [campaign.items[code].label(lang) for code in shares["item"]]
    if label != "item":
        groups = [group_name(group, lang) for group in shares["rater_group"]]
        words = [f"{first} · {group}" for first, group in zip(words, groups, strict=True)]
    shares = shares.assign(**{label: pd.Series(words, index=shares.index, dtype="str")})
    return _ordered(shares, keys[0], campaign, lang)


def _ordered(shares: pd.DataFrame, key: str, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Order occasions by time and items by the share of the top level; groups stay together."""
    if key == "semester":
        order = period_order(shares[key], campaign, lang)
    else:
        best = shares[shares["rank"] == 0].groupby(key)["share"].max()
        order = -shares[key].map(best).astype("Float64")
    ordered = shares.assign(_order=order).sort_values(["_order", key, "rater_group", "rank"], kind="stable")
    return ordered.drop(columns="_order")


def last_occasion(votes: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the votes of the last occasion: by its day, else the end of its semester or its year.

    If the last one is that of a unit, those of the other units in the same period belong to it.
    """
    day = vote_days(votes, campaign)
    if day.isna().all():
        return votes.iloc[:0]
    last = with_period(votes.loc[[day.idxmax()]]).iloc[0]
    if pd.isna(last["unit"]):
        return votes[votes["occasion_id"].eq(last["occasion_id"])]
    same = with_period(votes)["semester"].eq(last["semester"]).reindex(votes.index, fill_value=False)
    return votes[same & votes["unit"].notna()]


def in_order(frame: pd.DataFrame, branches: Sequence[str]) -> pd.DataFrame:
    """Return the rows of `frame` in the register's order of their `unit`; the others come after."""
    order = {unit: at for at, unit in enumerate(branches)}
    return frame.sort_values(
        "unit", key=lambda units: units.map(order).fillna(len(order)), kind="stable", ignore_index=True
    )


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


def late_by_unit(late: pd.DataFrame, lang: str, rights: Collection[str], most: int = 5) -> pd.DataFrame:
    """Return what is overdue by unit and kind, the longest first: how much, since when, how long.

    There are at most `most` rows: the last one sums up the other units. For the public it is by kind
    alone.
    """
    keys = ["kind"] if "units" not in rights else ["unit", "kind"]
    grouped = late.groupby(keys, as_index=False, sort=False)
    summed = grouped.agg(late=("days_late", "size"), due_on=("due_on", "min"), days_late=("days_late", "max"))
    summed = summed.sort_values(["days_late", "late"], ascending=False, kind="stable", ignore_index=True)
    if len(summed) <= most:
        return summed
    rest = summed.iloc[most - 1 :]
    kinds = rest["kind"].unique()
    row = {
        "unit": say("other_units", lang, count=rest["unit"].nunique()),
        "kind": kinds[0] if len(kinds) == 1 else "several",
        "late": rest["late"].sum(),
        "due_on": rest["due_on"].min(),
        "days_late": rest["days_late"].max(),
    }
    return pd.concat([summed.iloc[: most - 1], pd.DataFrame([row])], ignore_index=True)


def written_years(comparison: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `yearly_comparison` with its values, units and reasons in words."""
    rows = comparison.to_dict("records")
    words = {
        "name": [text(f"present.measure_{row['measure']}", lang) for row in rows],
        "shown": [_number(row["value"], row["kind"], lang) for row in rows],
        "shown_adjusted": [_number(row["adjusted"], row["kind"], lang) for row in rows],
        "told": [_years_told(row["grade"], row["reason"], lang) for row in rows],
    }
    return pd.concat([comparison, pd.DataFrame(words, index=comparison.index, dtype="str")], axis=1)


def _number(value: float, kind: str, lang: str) -> str | None:
    if pd.isna(value):
        return None
    return percent(value, lang) if kind == "rate" else f"{value:,.1f}".removesuffix(".0")


def _years_told(grade: str, reason: object, lang: str) -> str:
    if grade == "comparable":
        return say("comparable_yes", lang)
    if reason == "no_data" or not isinstance(reason, str):
        return text("common.no_data", lang)
    words = series((one_line(code, lang) for code in reason.split()), lang)
    return say("comparable_flagged", lang, reasons=words) if grade == "flagged" else words


def mentions(value: object, names: AbstractSet[str]) -> bool:
    """Return whether a cell's words hold one of the people's names, with or without spaces inside."""
    words = "".join(value.split()) if isinstance(value, str) else ""
    return any(name in words for name in names)


def nameless(frame: pd.DataFrame, files: pd.DataFrame, names: AbstractSet[str], lang: str) -> pd.DataFrame:
    """Return `frame` with a number for every file, and no sheet, whose name holds that of a person."""
    unsafe = [file for file in dict.fromkeys(files["source_file"]) if mentions(file, names)]
    words = {file: say("file_number", lang, n=n) for n, file in enumerate(unsafe, 1)}
    shown = frame.assign(source_file=frame["source_file"].replace(words))
    if "source_sheet" in frame:
        sheets = dict.fromkeys(sheet for sheet in frame["source_sheet"].unique() if mentions(sheet, names))
        shown["source_sheet"] = frame["source_sheet"].replace({s: say("withheld", lang) for s in sheets})
    return shown


def told_files(
    files: pd.DataFrame, names: AbstractSet[str], rights: Collection[str], lang: str
) -> pd.DataFrame:
    """Return the list of files with the reason in words; names of folders and people are left out."""
    return _told(files, files, names, rights, lang)


def told_findings(
    ledger: pd.DataFrame, files: pd.DataFrame, names: AbstractSet[str], rights: Collection[str], lang: str
) -> pd.DataFrame:
    """Return the ledger rows that need a look, with the reason in words and without people's names.

    For the public no cell's value is told at all.
    """
    return _told(to_look_at(ledger), files, names, rights, lang)


def _told(
    frame: pd.DataFrame, files: pd.DataFrame, names: AbstractSet[str], rights: Collection[str], lang: str
) -> pd.DataFrame:
    rows = (_discreet(row, names, rights, lang) for row in frame.to_dict("records"))
    told = pd.Series([reasons(row, lang) or None for row in rows], index=frame.index, dtype="str")
    shown = nameless(frame, files, names, lang)
    return shown.assign(told=told, source_file=shown["source_file"].str.rsplit("/", n=1).str[-1])


def _discreet(
    row: dict[Any, Any], names: AbstractSet[str], rights: Collection[str], lang: str
) -> dict[Any, Any]:
    """Return a row of the ledger or the list of files with what must not be told replaced, part by part."""
    codes = str(row["code"]).split("；")
    told = {}
    for column in ("column", "value", "hint"):
        parts = str(row[column]).split("；") if isinstance(row.get(column), str) else []
        cell = column != "column"
        for at, part in enumerate(parts):
            personal = cell and at < len(codes) and codes[at] in PERSONAL
            if part and (personal or mentions(part, names)):
                parts[at] = say("withheld", lang)
            elif part and cell and "cells" not in rights and not ("kept" in row and part.isdigit()):
                parts[at] = say("withheld_value", lang)  # but the number of rows of a file
        told[column] = "；".join(parts)
    return row | told


def only(
    votes: pd.DataFrame, occasion: str, items: Iterable[str] = (), groups: Iterable[str] = ()
) -> pd.DataFrame:
    """Return the votes of one kind of occasion, some items and some groups; all where none are named."""
    keep = votes["occasion"].eq(occasion)
    for column, wanted in (("item", list(items)), ("rater_group", list(groups))):
        if wanted:
            keep &= votes[column].isin(wanted)
    return votes[is_true(keep)]
