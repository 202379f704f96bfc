"""What the measures share: the types of their frames, shares, levels, and which days and events count."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.campaign import Campaign, CampaignError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def shape(
    frame: pd.DataFrame, columns: str, text: str = "unit", number: str = "", date: str = "", flag: str = ""
) -> pd.DataFrame:
    """Return `columns` of `frame`, in order and typed (``Int64`` unless named), with a fresh index."""
    groups = ((text, "str"), (number, "Float64"), (date, "datetime64[us]"), (flag, "bool"))
    named = {name: kind for names, kind in groups for name in names.split()}
    types = {name: named.get(name, "Int64") for name in columns.split()}
    return frame.reindex(columns=list(types)).astype(types).reset_index(drop=True)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return `part` / `whole` (0-1, ``Float64``): NA where either is NA or the whole is 0."""
    base = whole.astype("Float64")
    return part.astype("Float64").div(base.mask(base <= 0))


def numbers(column: pd.Series) -> Floats:
    """Return a column as floats, NaN for what is missing."""
    return np.asarray(column.astype("Float64").to_numpy("float64", na_value=np.nan), dtype=np.float64)


def broadcast(*given: npt.ArrayLike) -> tuple[Floats, ...]:
    """Return all that is given as floats of one shape, NaN for what is missing."""
    return np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in given))


def is_true(flags: pd.Series) -> "pd.Series[bool]":
    """Return which flags are known to be true: what is missing is not."""
    return flags.eq(True).fillna(False).astype(bool)


def is_among(frame: pd.DataFrame, others: pd.DataFrame, keys: Sequence[str]) -> "pd.Series[bool]":
    """Return which rows have the `keys` of one of the `others`; a missing key is like another missing one."""
    mine, theirs = (pd.MultiIndex.from_frame(rows[list(keys)]) for rows in (frame, others))
    return pd.Series(mine.isin(theirs), frame.index)


def is_hidden(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows `suppression.masked` has hidden: none where it was not asked."""
    return frame["hidden"].astype(bool) if "hidden" in frame else pd.Series(False, frame.index, dtype="bool")


def last_day(campaign: Campaign, end: date | None = None) -> pd.Timestamp:
    """Return `end` (by default the cut-off), but no day after the campaign."""
    return min(pd.Timestamp(end or campaign.setting("cutoff")), pd.Timestamp(campaign.span.end))


def only_supported(campaign: Campaign, name: str, value: str) -> None:
    """Refuse a setting that has another value than the one that is worked out here.

    Raises
    ------
    CampaignError
        Names the file, the setting, its value and the supported one.
    """
    if (given := campaign.setting(name)) != value:
        where = f"{campaign.folder / 'settings.toml'}: [{name}]"
        raise CampaignError(f"{where} value = {given!r}: 只支持 / only {value!r} is supported")


def headline(campaign: Campaign) -> list[str]:
    """Return the items that a report leads with."""
    return [item.code for item in campaign.items.values() if item.headline]


def level_table(campaign: Campaign) -> pd.DataFrame:
    """Return the levels of every scale: ``rank`` (0 best), ``points`` (NA: none), and the rates it is in."""
    rows = [
        (code, level.code, rank, level.points, level.strict, level.inclusive)
        for code, scale in campaign.scales.items()
        for rank, level in enumerate(scale.levels)
    ]
    frame = pd.DataFrame(rows, columns=["scale", "level", "rank", "points", "is_strict", "is_inclusive"])
    return frame.astype({"scale": "str", "level": "str", "rank": "Int64", "points": "Float64"})


def took_place(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events that took place.

    A row without the number of those present is a plan that was not carried out, unless its whole log
    (``institution`` and ``source_file``) records no such number; a row with nobody present is none.

    Examples
    --------
    >>> from cxzy_lib.tables import conform
    >>> log = [{"source_file": "a", "present": n} for n in (18, None, 0)] + [{"source_file": "b"}]
    >>> took_place(conform("events", log))["source_file"].tolist()
    ['a', 'b']
    """
    lines = events["source_row"].fillna(pd.Series(-1 - np.arange(len(events)), events.index, dtype="Int64"))
    place = [events["institution"], events["source_file"], events["source_sheet"], lines]
    # A row may make several events, such as a nomination and an award: what one records holds for all.
    known = events["present"].notna().groupby(place, dropna=False).transform("any").astype(bool)
    log = [events["institution"], events["source_file"]]
    recorded = known.groupby(log, dropna=False).transform("any").astype(bool)
    return events[(known | ~recorded) & (events["present"] != 0).fillna(True).astype(bool)]


def vote_days(votes: pd.DataFrame, campaign: Campaign, *, first: bool = False) -> pd.Series:
    """Return the day of each vote: its own, else the end of its semester, else that of its year.

    With `first` the beginning of these: the day before which it cannot have been.
    """
    ends = {term.code: pd.Timestamp(term.start if first else term.end) for term in campaign.semesters}
    edge = "-01-01" if first else "-12-31"
    year = pd.to_datetime(votes["year"].astype("str") + edge, errors="coerce")
    return votes["held_on"].fillna(votes["semester"].map(ends)).fillna(year).astype("datetime64[us]")


def vote_years(votes: pd.DataFrame) -> pd.Series:
    """Return the year of each vote: that on record, else that of its day."""
    return votes["year"].fillna(votes["held_on"].dt.year.astype("Int64"))


def with_period(votes: pd.DataFrame) -> pd.DataFrame:
    """Return the votes with the year, as text, where the semester is not known."""
    semester = votes["semester"].fillna(vote_years(votes).astype("str"))
    return votes.assign(semester=semester).dropna(subset=["semester"])


def activities(events: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the events that took place and are activities of the organisation (``binding.activities``).

    Without kinds in the plan every event is one; so is one of unknown kind.
    """
    held, kinds = took_place(events), campaign.binding.activities
    return held[held["kind"].isin(kinds) | held["kind"].isna()] if kinds else held


def inside_campaign(events: pd.DataFrame, campaign: Campaign, last: pd.Timestamp) -> pd.DataFrame:
    """Return the events whose day lies in the campaign, up to `last`."""
    return events[events["held_on"].between(pd.Timestamp(campaign.span.start), last)]


def activity_days(events: pd.DataFrame, campaign: Campaign, last: pd.Timestamp) -> pd.DataFrame:
    """Return the distinct days (``unit``, ``held_on``) with an activity, in the campaign up to `last`.

    Two events of a branch on one day are one activity; see `took_place` for what is none.
    """
    held = inside_campaign(activities(events, campaign), campaign, last)
    return held[["unit", "held_on"]].dropna().drop_duplicates().sort_values(["unit", "held_on"])
