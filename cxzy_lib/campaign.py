"""Reads and checks the folder ``campaign/``: what is measured, as frozen data. No tables are touched here."""

import os
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from cxzy_lib.tables import SCHEMAS

Named = tuple[str, ...]
T = TypeVar("T")


class CampaignError(ValueError):
    """The campaign's files are wrong: the message names the file, the place and the remedy."""


class _Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from TOML: unknown keys are errors, nothing can be changed later."""


class Label(_Spec, frozen=True):
    """Something with a Chinese and an English name."""

    zh: str
    en: str

    def name(self, lang: str) -> str:
        """Return the name in `lang`."""
        return self.en if lang == "en" else self.zh


class Period(Label, frozen=True):
    """A stage or a semester; both ends are inside."""

    code: str
    start: date
    end: date
    theme_zh: str = ""
    theme_en: str = ""


class Item(Label, frozen=True):
    """A question that raters are asked."""

    code: str
    criterion: str = ""
    aliases: Named = ()
    kind: Literal["level", "multiple", "text"] = "level"
    headline: bool = False


class Goal(Label, frozen=True):
    """One of the goals of the organisation."""

    code: str


class Binding(_Spec, frozen=True):
    """The numbers that the plan itself binds."""

    fortnight_days: int
    training_hours: float
    training_start: date
    training_end: date


class CampaignSpan(Label, frozen=True):
    """The campaign's name and span."""

    start: date
    end: date


class Level(Label, frozen=True):
    """A grade of a scale."""

    code: str
    aliases: Named = ()
    strict: bool = False
    inclusive: bool = False
    neutral: bool = False


class SpecialLevel(Label, frozen=True):
    """An answer outside every scale, such as "don't know"."""

    aliases: Named = ()


class Scale(Label, frozen=True):
    """A closed list of levels, best first."""

    levels: tuple[Level, ...]


class Setting(Label, frozen=True):
    """A parameter with its reason (`zh`, `en`)."""

    value: Any


class ColumnSpec(_Spec, frozen=True):
    """Where a column of a layout goes and how its cells are read."""

    type: Literal[
        "text", "person", "unit", "branch", "date", "count", "number", "hours",
        "tick", "item", "semester", "rater", "words", "skip",
    ]  # fmt: skip
    aliases: Named = ()
    required: bool = False
    to: str = ""  # another target than the column's own name; counts with one target are added
    ended: str = ""  # where the last day of a span goes
    last: bool = False  # a period counts by its last day (a limit), not by its first
    split: bool = False  # several words in one cell make several rows
    yes: Named = ()
    blank: Named = ()  # words that mean "nothing here" in this column
    words: dict[str, Named] = {}


class Layout(Label, frozen=True):
    """A spreadsheet that institutions send: how to know it and where its rows go."""

    shape: Literal["rows", "tally", "ballot", "wide"]
    table: str
    columns: dict[str, ColumnSpec]
    set: dict[str, Any] = {}
    title: Named = ()
    scales: Named = ()
    grades: Named = ()
    facts_rater: str = ""  # whose ballots the title counts, where it does not say
    marks: dict[str, Named] = {}


class Words(_Spec, frozen=True):
    """Words with a meaning in every table."""

    totals: Named
    footers: Named
    not_applicable: Named
    skipped: Named
    ditto: Named
    yes: Named
    no: Named
    drop: Named
    ignore: Named
    flags: dict[str, Named] = {}


class _Plan(_Spec, frozen=True):
    campaign: CampaignSpan
    institution: Label
    stages: tuple[Period, ...]
    semesters: tuple[Period, ...]
    binding: Binding
    items: tuple[Item, ...]
    goals: tuple[Goal, ...] = ()


class _Scales(_Spec, frozen=True):
    special: dict[str, SpecialLevel]
    scales: dict[str, Scale]


class _Layouts(_Spec, frozen=True):
    words: Words
    facts: dict[str, Named]
    raters: dict[str, Named]
    layouts: dict[str, Layout]


class _Units(_Spec, frozen=True):
    aliases: dict[str, Named] = {}


@dataclass(frozen=True)
class Campaign:
    """A whole campaign as read from its folder by :func:`load_campaign`."""

    folder: Path
    span: CampaignSpan
    institution: Label
    stages: tuple[Period, ...]
    semesters: tuple[Period, ...]
    binding: Binding
    items: dict[str, Item]
    goals: dict[str, Goal]
    special: dict[str, SpecialLevel]
    scales: dict[str, Scale]
    settings: dict[str, Setting]
    words: Words
    facts: dict[str, Named]
    raters: dict[str, Named]
    layouts: dict[str, Layout]
    unit_aliases: dict[str, Named]

    def setting(self, name: str) -> Any:
        """Return the value of a setting; a setting that is not there is an error that names it."""
        if name not in self.settings:
            raise CampaignError(f"{self.folder / 'settings.toml'}: [{name}] 缺失 / is missing")
        return self.settings[name].value

    def stage_of(self, day: date) -> str | None:
        """Return the code of the stage that holds `day`.

        Where two stages overlap, the setting ``overlap_stage`` says which of them counts.
        """
        found = [stage.code for stage in self.stages if stage.start <= day <= stage.end]
        preferred = [code for code in found if code == self.setting("overlap_stage")]
        return next(iter(preferred + found), None)

    def semester_of(self, day: date) -> str | None:
        """Return the code of the semester that holds `day`."""
        return next((s.code for s in self.semesters if s.start <= day <= s.end), None)

    def exposure_days(self, year: int) -> int:
        """Return how many days of the calendar `year` lie inside the stages.

        Years are compared per day of exposure, because the first and the last are cut.
        """
        start = max(min(stage.start for stage in self.stages), date(year, 1, 1))
        days = (start + timedelta(n) for n in range((date(year, 12, 31) - start).days + 1))
        return sum(self.stage_of(day) is not None for day in days)

    @property
    def years(self) -> list[int]:
        """The calendar years that the campaign touches."""
        return list(range(self.span.start.year, self.span.end.year + 1))


def _read(folder: Path, name: str, shape: type[T]) -> T:
    path = folder / name
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), shape)
    except FileNotFoundError as error:
        raise CampaignError(f"{path}: 文件不存在 / no such file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CampaignError(f"{path}: {error}") from error


def _check_layouts(path: Path, campaign: Campaign) -> None:
    for code, layout in campaign.layouts.items():
        where = f"{path}: [layouts.{code}]"
        if layout.table not in SCHEMAS:
            raise CampaignError(
                f"{where} table = {layout.table!r}: 应为 / must be one of {', '.join(SCHEMAS)}"
            )
        unknown = set(layout.scales) - set(campaign.scales)
        if unknown:
            raise CampaignError(f"{where} scales: {sorted(unknown)} 不在 scales.toml / not in scales.toml")
        if not any(column.required for column in layout.columns.values()):
            raise CampaignError(f"{where}: 至少一列须 required = true / at least one column must be required")


def load_campaign(folder: str | os.PathLike[str]) -> Campaign:
    """Read and check a campaign folder.

    Parameters
    ----------
    folder : path
        Holds ``plan.toml``, ``scales.toml``, ``settings.toml``, ``layouts.toml`` and ``units.toml``.

    Raises
    ------
    CampaignError
        Names the file, the key and what is expected there.

    Examples
    --------
    >>> campaign = load_campaign("campaign")
    >>> [campaign.exposure_days(year) for year in campaign.years]
    [245, 365, 182]
    """
    root = Path(folder)
    plan = _read(root, "plan.toml", _Plan)
    scales = _read(root, "scales.toml", _Scales)
    layouts = _read(root, "layouts.toml", _Layouts)
    campaign = Campaign(
        folder=root,
        span=plan.campaign,
        institution=plan.institution,
        stages=plan.stages,
        semesters=plan.semesters,
        binding=plan.binding,
        items={item.code: item for item in plan.items},
        goals={goal.code: goal for goal in plan.goals},
        special=scales.special,
        scales=scales.scales,
        settings=_read(root, "settings.toml", dict[str, Setting]),
        words=layouts.words,
        facts=layouts.facts,
        raters=layouts.raters,
        layouts=layouts.layouts,
        unit_aliases=_read(root, "units.toml", _Units).aliases,
    )
    _check_layouts(root / "layouts.toml", campaign)
    return campaign
