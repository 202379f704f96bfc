"""What stands in ``campaign/plan.toml``: the calendar, the clauses and how each is measured."""

from datetime import date
from typing import Literal

from cxzy_lib.specs import Goal, Item, Label, Names, Period, Short, Spec


class Criterion(Label, frozen=True):
    """An item of a goal, as printed: `zh` is its short name."""

    text: str = ""
    missing: bool = False


#: What a measure can be asked for besides the usual; `Measure.value`, see ``docs/measures.md``.
VALUES: dict[str, tuple[str, ...]] = {
    "events": (
        "exists",
        "gap",
        "topics",
        "forms",
        "equipment",
        "filled",
        "venue",
        "channel",
        "cells",
        "named_system",
    ),
    "tasks": ("exists", "done", "published", "on_time"),
    "cadence": ("gap",),
    "hours": ("mean",),
    "gap": ("years",),
    "figures": ("mean", "sum"),
    "people": (
        "retention",
        "is_backbone",
        "is_cadre",
        "is_leading_cadre",
        "is_teacher",
        "is_member",
        "in_service",
    ),
}


class Measure(Spec, frozen=True):
    """How a clause is worked out from the processed tables: see ``docs/measures.md``."""

    of: Literal[
        "votes", "events", "tasks", "coverage", "cadence", "appraisal", "report", "hours", "participation",
        "gap", "zero", "figures", "people", "close", "opinions", "nominations",
    ]  # fmt: skip
    kinds: Names = ()
    items: Names = ()
    whole: Names = ()
    groups: Names = ()
    words: Names = ()  # one of which a topic, a category or a venue must hold
    occasion: str = ""
    among: str = ""
    value: str = ""
    by: str = ""
    per: str = ""
    proxy: bool = False  # bears on the clause without asking exactly this


class Clause(Short, frozen=True, kw_only=True):
    """A clause of the plan that can be shown: an indicator or a duty."""

    key: str
    who: Names = ()
    type: str = ""
    evidence: Names = ()
    cadence: str = ""
    target: float | None = None
    assumed: bool = False  # the target is this institution's, not the plan's
    at_most: bool = False
    start: date | None = None
    due: date | None = None
    number: str = ""
    settings: Names = ()
    measure: Measure | None = None
    missing: bool = False


class Document(Label, frozen=True):
    """A document that the plan refers to."""

    key: str
    issuer: str
    aliases: Names = ()  # other titles under which a register has it


class Actor(Label, frozen=True):
    """Who acts or is measured; `held` says where the processed tables have it: table.column=value."""

    key: str
    held: str

    @property
    def in_units(self) -> bool:
        """Whether branches have their own: people of the register, or units of a kind."""
        return self.held.startswith(("people.", "units.kind="))


class ClosedList(Label, frozen=True):
    """A list of the plan, in its own words."""

    values: Names = ()


class Step(Label, frozen=True):
    """A step of every year; `described`: year -> clauses that say what is to be done in it."""

    described: dict[str, Names] = {}


class Award(Label, frozen=True):
    """A commendation: its classes, and the day before which it is held if it is a round."""

    classes: Names = ()
    before: date | None = None
    clauses: Names = ()


class Number(Short, frozen=True, kw_only=True):
    """A number that binds, and the clauses that carry it; one that is a span of time has its ends."""

    clauses: Names
    start: date | None = None
    end: date | None = None
    unit_zh: str = ""  # of its base, or of what is counted where there is none; English: "one|many"
    unit_en: str = ""


class Binding(Spec, frozen=True):
    """The numbers that the plan itself binds."""

    fortnight_days: int
    training_hours: float
    training_start: date
    training_end: date
    owed: Names = ()  # kinds of tasks that can be overdue; all without any
    activities: Names = ()  # kinds of events that are the organisation's activities; all without any


class CampaignSpan(Label, frozen=True):
    """The campaign's name and span."""

    start: date
    end: date


class Plan(Spec, frozen=True):
    """The file ``plan.toml``."""

    campaign: CampaignSpan
    institution: Label
    stages: tuple[Period, ...]
    semesters: tuple[Period, ...]
    binding: Binding
    items: tuple[Item, ...]
    goals: tuple[Goal, ...] = ()
    criteria: dict[str, Criterion] = {}
    indicators: dict[str, Clause] = {}
    duties: dict[str, Clause] = {}
    documents: dict[str, Document] = {}
    actors: dict[str, Actor] = {}
    lists: dict[str, ClosedList] = {}
    steps: dict[str, Step] = {}
    phases: tuple[Period, ...] = ()
    awards: dict[str, Award] = {}
    numbers: dict[str, Number] = {}
    words: dict[str, Label] = {}  # texts of the pages that the campaign words in its own way

    @property
    def clauses(self) -> dict[str, Clause]:
        """The indicators and the duties."""
        return self.indicators | self.duties
