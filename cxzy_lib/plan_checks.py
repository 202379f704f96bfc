"""What in ``plan.toml`` names something that is not there, or asks a measure for what it cannot give."""

import re
from collections.abc import Collection, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from cxzy_lib.plan_specs import VALUES, Measure

if TYPE_CHECKING:
    from cxzy_lib.campaign import Campaign


def problems(campaign: "Campaign") -> Iterator[str]:
    """Yield each problem: the place, what stands there and what may stand there, in both languages."""
    plan = campaign.plan
    for code, number in plan.numbers.items():
        yield from _undefined(f"{code}.clauses", number.clauses, plan.clauses)
    for code, clause in plan.clauses.items():
        yield from _undefined(f"{code}.settings", clause.settings, campaign.settings)
        yield from _undefined(f"{code}.who", clause.who, plan.actors)
        yield from _undefined(f"{code}.number", filter(None, [clause.number]), plan.numbers)
        # a spreadsheet may come in several forms: T05 as T05a and T05b
        if missing := [name for name in clause.evidence if not _held(name, campaign.layouts)]:
            yield f"{code}.evidence: {missing} 不在 layouts.toml 中 / not in layouts.toml"
        if clause.measure is not None:
            yield from _of_measure(f"{code}.measure", clause.measure, campaign.items)


def _undefined(where: str, names: Iterable[str], known: Container[str]) -> Iterator[str]:
    if missing := [name for name in names if name not in known]:
        yield f"{where}: {missing} 未定义 / not defined"


def _held(name: str, layouts: Collection[str]) -> bool:
    return any(re.fullmatch(rf"{re.escape(name)}[a-z]?", one) for one in layouts)


def _of_measure(where: str, measure: Measure, items: Container[str]) -> Iterator[str]:
    if measure.of == "votes":
        yield from _undefined(f"{where}.items", measure.items, items)
    known = VALUES.get(measure.of, ())
    if measure.value and measure.value not in known:
        words = ", ".join(known) or "—"
        yield f"{where}.value = {measure.value!r}: 应为 / must be one of {words}"
    if measure.of == "figures" and not (measure.value or measure.whole):
        yield f'{where}: 需要 / needs value = "mean", value = "sum" or whole'
