"""Reads and checks the folder ``campaign/``: what is measured, as frozen data. No tables are touched here."""

import os
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cxzy_lib.plan_checks import problems
from cxzy_lib.plan_specs import Binding, CampaignSpan, Plan
from cxzy_lib.specs import (
    Comparability,
    Goal,
    Item,
    Label,
    Layout,
    Layouts,
    Names,
    Period,
    Scale,
    Scales,
    Setting,
    SpecialLevel,
    Units,
    Words,
)
from cxzy_lib.tables import SCHEMAS

T = TypeVar("T")
#: How an occasion may be answered, and what the voters' known sizes may be told by.
MODES, MARGINS = ("paper", "web"), ("unit",)


class CampaignError(ValueError):
    """The campaign's files are wrong: the message names the file, the place and the remedy."""


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
    facts: dict[str, Names]
    raters: dict[str, Names]
    appraisees: dict[str, Names]
    layouts: dict[str, Layout]
    unit_aliases: dict[str, Names]
    plan: Plan
    comparability: Comparability

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
    def evidence(self) -> dict[str, list[str]]:
        """The spreadsheets that the plan asks for (a layout's code, or its beginning) -> their clauses."""
        found: dict[str, list[str]] = {}
        for code, clause in self.plan.clauses.items():
            for layout in clause.evidence:
                found.setdefault(layout, []).append(code)
        return dict(sorted(found.items()))

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


def _targets(layout: Layout) -> set[str]:
    """Return the names that the columns of a layout give to a row."""
    named = {part for name, spec in layout.columns.items() for part in (spec.to or name, spec.ended)}
    return named | set(layout.set)


def _check_one_of(where: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise CampaignError(f"{where} = {value!r}: 应为 / must be one of {', '.join(known)}")


def _check_layouts(path: Path, campaign: Campaign) -> None:
    for code, layout in campaign.layouts.items():
        where = f"{path}: [layouts.{code}]"
        _check_one_of(f"{where} table", layout.table, SCHEMAS)
        for also in layout.also:
            _check_one_of(f"{where} also.table", also.table, SCHEMAS)
            missing = {*also.take.values(), *also.when} - _targets(layout)
            if missing:
                raise CampaignError(
                    f"{where} also: {sorted(missing)} 不是该表的列 / are no columns of this layout"
                )
        unknown = set(layout.scales) - set(campaign.scales)
        if unknown:
            raise CampaignError(f"{where} scales: {sorted(unknown)} 不在 scales.toml / not in scales.toml")
        if not any(column.required for column in layout.columns.values()):
            raise CampaignError(f"{where}: 至少一列须 required = true / at least one column must be required")


def _asked(plan: Plan) -> Iterator[Item]:
    """Yield an item for each clause that only ballots can carry: asked in the plan's words it is known."""
    taken = {key for item in plan.items for key in (item.code, item.zh, *item.aliases)}
    for code, clause in plan.clauses.items():
        measure = clause.measure
        if measure is None or measure.of != "votes" or measure.items or measure.occasion:
            continue
        if clause.zh not in taken:
            yield Item(code=code, criterion=code, zh=clause.zh, en=clause.en)


def _check_settings(path: Path, campaign: Campaign) -> None:
    for name, setting in campaign.settings.items():
        if setting.choices and setting.value not in setting.choices:
            known = ", ".join(map(repr, setting.choices))
            raise CampaignError(
                f"{path}: [{name}] value = {setting.value!r}: 只支持 / must be one of {known}"
            )


def _check_groups(path: Path, campaign: Campaign) -> None:
    known = ", ".join(campaign.raters)
    given = {
        name: campaign.setting(name) for name in ("group_weights", "raking") if name in campaign.settings
    }
    for name, groups in given.items():
        if unknown := sorted(set(groups) - set(campaign.raters)):
            raise CampaignError(
                f"{path}: [{name}] {unknown}: 不是评议人类别，应为 / are no raters, must be among {known}"
            )
    weights = given.get("group_weights") or {}
    total = sum(weight if _number(weight) else float("nan") for weight in weights.values())
    if weights and not abs(total - 1) <= 1e-9:
        raise CampaignError(
            f"{path}: [group_weights] value = {weights}: 合计应为 1，现为 / must add up to 1, not {total:g}"
        )
    for group, margins in given.get("raking", {}).items():
        _check_margins(f"{path}: [raking] {group} = {margins}", margins)


def _check_margins(where: str, margins: object) -> None:
    """Refuse what is no table of column -> category -> size."""
    form = f'应如 / must be like {{ {MARGINS[0]} = {{ "…" = 20 }} }}'
    if not isinstance(margins, dict) or not margins or not set(margins) <= set(MARGINS):
        raise CampaignError(f"{where}: {form}")
    for sizes in margins.values():
        if not isinstance(sizes, dict) or not sizes or not all(_number(n) and n > 0 for n in sizes.values()):
            raise CampaignError(f"{where}: {form}")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _check_breaks(path: Path, campaign: Campaign) -> None:
    for occasion, mode in campaign.comparability.modes.items():
        _check_one_of(f"{path}: modes {occasion}", mode, MODES)
    for at, change in enumerate(campaign.comparability.breaks, 1):
        if unknown := set(change.items) - set(campaign.items):
            known = ", ".join(campaign.items)
            raise CampaignError(
                f"{path}: breaks {at}: items {sorted(unknown)} 未定义 / not defined; 已有 / known: {known}"
            )


def load_campaign(folder: str | os.PathLike[str]) -> Campaign:
    """Read and check a campaign folder.

    Parameters
    ----------
    folder : path
        Holds ``plan.toml``, ``scales.toml``, ``settings.toml``, ``layouts.toml``, ``units.toml`` and
        ``comparability.toml``.

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
    plan = _read(root, "plan.toml", Plan)
    scales = _read(root, "scales.toml", Scales)
    layouts = _read(root, "layouts.toml", Layouts)
    campaign = Campaign(
        folder=root,
        span=plan.campaign,
        institution=plan.institution,
        stages=plan.stages,
        semesters=plan.semesters,
        binding=plan.binding,
        items={item.code: item for item in (*plan.items, *_asked(plan))},
        goals={goal.code: goal for goal in plan.goals},
        special=scales.special,
        scales=scales.scales,
        settings=_read(root, "settings.toml", dict[str, Setting]),
        words=layouts.words,
        facts=layouts.facts,
        raters=layouts.raters,
        appraisees=layouts.appraisees,
        layouts=layouts.layouts,
        unit_aliases=_read(root, "units.toml", Units).aliases,
        plan=plan,
        comparability=_read(root, "comparability.toml", Comparability),
    )
    _check_settings(root / "settings.toml", campaign)
    _check_groups(root / "settings.toml", campaign)
    if problem := next(problems(campaign), None):
        raise CampaignError(f"{root / 'plan.toml'}: {problem}")
    _check_layouts(root / "layouts.toml", campaign)
    _check_breaks(root / "comparability.toml", campaign)
    return campaign
