"""What a clause is answered from: the tables as they stood on a day, a window of time, and the answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import activities, is_among, took_place
from cxzy_lib.measure.disclosure import not_to_show
from cxzy_lib.measure.duties import settled
from cxzy_lib.measure.estimates import satisfaction_rates
from cxzy_lib.measure.participation import fortnight_summary, fortnights, members_at, training_progress
from cxzy_lib.plan_specs import Clause, Measure
from cxzy_lib.tables import Tables

_OF_UNITS = ("branch", "unit", "person")  # types of columns
#: Where a row of a processed table comes from.
CELL = ["institution", "source_file", "source_sheet", "source_row"]
#: What a vote that was counted from papers has in common with each of them.
PAPER = [
    *CELL[1:3],
    "occasion_id",
    "unit",
    "year",
    "semester",
    "stage",
    "item",
    "rater_group",
    "scale",
    "level",
]


@dataclass(frozen=True)
class Window:
    """A span of time, both ends inside; the code of the whole is ""."""

    code: str
    start: pd.Timestamp
    end: pd.Timestamp

    def holds(self, days: pd.Series) -> "pd.Series[bool]":
        """Return which days lie inside; an unknown day does not."""
        return days.between(self.start, self.end)


@dataclass(frozen=True)
class Answer:
    """A figure about a clause, with the rows of the processed tables that it was worked out from.

    Parameters
    ----------
    value : float, optional
        None: there is nothing to tell it from, which is not zero.
    kind : str
        ``share`` (0-1), ``count``, ``days``, ``mean`` or ``difference``.
    state : str
        The status, where it does not follow from value and target.
    rows : mapping
        Processed table -> the rows used.
    """

    value: float | None
    kind: str
    base: int | None = None
    low: float | None = None
    high: float | None = None
    other_base: int | None = None
    unit: str = ""
    period: str = ""
    part: str = ""
    state: str = ""
    target: float | None = None
    rows: Mapping[str, pd.DataFrame] = field(default_factory=dict)


Answers = list[Answer]


@dataclass(frozen=True)
class Ask:
    """A clause with its measure, and the window in which it is asked."""

    code: str
    clause: Clause
    measure: Measure
    window: Window

    @property
    def whole(self) -> bool:
        """Whether the whole time of the clause is meant, and not a stage of it."""
        return not self.window.code


@dataclass(frozen=True)
class Evidence:
    """The tables of one institution as they stood at `as_of`; what many clauses share is made once."""

    tables: Tables
    campaign: Campaign
    as_of: date
    #: The branch or department whose rows these are; None: the whole institution's.
    unit: str | None = None
    _made: dict[object, pd.DataFrame] = field(init=False, default_factory=dict, repr=False, compare=False)

    @cached_property
    def by_unit(self) -> frozenset[str]:
        """The spreadsheets whose rows name a branch, a department or a person."""
        kept = {
            code
            for code, layout in self.campaign.layouts.items()
            if any(column.type in _OF_UNITS for column in layout.columns.values())
        }
        return frozenset(
            code for code in self.campaign.evidence if any(re.fullmatch(rf"{code}[a-z]?", k) for k in kept)
        )

    def of_whole(self, clause: Clause) -> bool:
        """Whether a clause is the whole institution's while these rows are a unit's.

        It is the unit's where it asks somebody whom a unit has (`Actor.in_units`), and every spreadsheet that
        can carry it is kept by unit or by person.
        """
        actors = self.campaign.plan.actors
        asked = any(actors[code].in_units for code in clause.who)
        return self.unit is not None and not (asked and self.by_unit.issuperset(clause.evidence))

    @property
    def day(self) -> pd.Timestamp:
        """The day as of which everything is told."""
        return pd.Timestamp(self.as_of)

    @cached_property
    def events(self) -> pd.DataFrame:
        """The events that took place by then, a row for each kind."""
        held = took_place(self.tables.events)
        return held[~(held["held_on"] > self.day)]

    def events_of(self, kinds: tuple[str, ...], words: tuple[str, ...]) -> pd.DataFrame:
        """Those of `events` that are of one of the kinds and have one of the words in their topic.

        A clause asks for them once for its whole time and once for each stage.
        """
        if (kinds, words) not in self._made:
            mine = holding(self.events["topic"], words)
            mine &= self.events["kind"].isin(kinds) if kinds else True
            self._made[kinds, words] = self.events[mine]
        return self._made[kinds, words]

    def members(self, day: pd.Timestamp) -> pd.DataFrame:
        """The members at a day: see `members_at`."""
        if day not in self._made:
            self._made[day] = members_at(self.tables.people, day)
        return self._made[day]

    @cached_property
    def activities(self) -> pd.DataFrame:
        """Those of `events` that are activities of the organisation."""
        return activities(self.events, self.campaign)

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """The tasks as they stood: see `settled`."""
        return settled(self.tables.tasks, self.as_of)

    @cached_property
    def calendar(self) -> pd.DataFrame:
        """The fortnights of every branch."""
        return fortnights(self.tables.events, self.campaign, self.tables.units, self.as_of)

    @cached_property
    def rhythm(self) -> pd.DataFrame:
        """The summary of `calendar`."""
        return fortnight_summary(self.calendar, self.tables.events, self.campaign, self.as_of)

    @cached_property
    def training(self) -> pd.DataFrame:
        """The hours of every in-service member."""
        return training_progress(self.tables.hours, self.tables.people, self.campaign, self.as_of)

    @cached_property
    def ballots(self) -> dict[Any, pd.DataFrame]:
        """The rows of votes by occasion, semester, item and group of raters; "" for what is missing."""
        votes = self.tables.votes
        keys = [votes[name].fillna("") for name in ("occasion", "semester", "item", "rater_group")]
        return {key: part for key, part in votes.groupby(keys)}

    @cached_property
    def rates(self) -> pd.DataFrame:
        """The satisfaction of each item, occasion, period and group of raters; ``order`` is that of time.

        ``hidden`` where the ballots must not be shown, or the rest of the same semester must not.
        """
        votes = self.tables.votes
        votes = votes[~(votes["held_on"] > self.day)]
        by = ["item", "occasion", "semester", "stage", "year", "rater_group"]
        rates = satisfaction_rates(votes, self.tables.turnout, self.campaign, by=tuple(by))
        small = not_to_show(rates, votes, self.campaign, by)
        together = ["item", "occasion", "semester", "rater_group", "scale"]
        hidden = small.groupby([rates[name] for name in together], dropna=False).transform("any")
        order = {term.code: at for at, term in enumerate(self.campaign.semesters)}
        place = rates["semester"].map(order).astype("Float64").fillna(-1)
        return rates.assign(hidden=hidden, order=place + rates["year"].astype("Float64") / 1e4)

    @cached_property
    def rated(self) -> list[dict[str, Any]]:
        """The rows of `rates` that can answer a clause, in the order of time: what others said of somebody.

        Plain records: a hundred clauses look through these few rows.
        """
        rates = self.rates
        others = ~rates["rater_group"].isin(["self", "organisation"])
        known = rates[others & (rates["valid"].notna() | rates["hidden"])]
        rows: Any = known.sort_values("order", kind="stable").to_dict("records")
        return list(rows)


def with_papers(rows: Mapping[str, pd.DataFrame], answers: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """Return the rows under a figure; votes that were counted from papers stand as these papers, all of them.

    A vote has the row of the first paper only.
    """
    if "votes" not in rows:
        return rows
    papers = answers[is_among(answers, rows["votes"], PAPER)]
    return {**rows, "votes": rows["votes"][~is_among(rows["votes"], papers, PAPER)], "answers": papers}


def same_cells(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the `rows` that come from the same source rows as `others`."""
    return rows[is_among(rows, others, CELL)]


def source_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each source row: what makes several kinds in a table is one thing."""
    return frame.drop_duplicates(CELL)


def holding(texts: pd.Series, words: tuple[str, ...]) -> "pd.Series[bool]":
    """Return which texts hold one of the words; without words all of them."""
    # Without words the pattern is empty, which every text holds.
    return texts.fillna("").str.contains("|".join(map(re.escape, words))).astype(bool)


def share_of(part: float, whole: float) -> float | None:
    """Return `part` / `whole`, None without a whole."""
    return part / whole if whole else None
