"""What in ``plan.toml`` names something that is not there, or asks a measure for what it cannot give."""

import re
from collections.abc import Collection, Iterator

from cxzy_lib.plan_specs import VALUES, Clause, Plan


def problems(plan: Plan, layouts: Collection[str]) -> Iterator[str]:
    """Yield each problem: the place, what stands there and what may stand there, in both languages."""
    for code, number in plan.numbers.items():
        if missing := [name for name in number.clauses if name not in plan.clauses]:
            yield f"{code}.clauses: {missing} 未定义 / not defined"
    for code, clause in plan.clauses.items():
        # a spreadsheet may come in several forms: T05 as T05a and T05b
        if missing := [name for name in clause.evidence if not _held(name, layouts)]:
            yield f"{code}.evidence: {missing} 不在 layouts.toml 中 / not in layouts.toml"
        yield from _of_measure(code, clause)


def _held(name: str, layouts: Collection[str]) -> bool:
    return any(re.fullmatch(rf"{re.escape(name)}[a-z]?", one) for one in layouts)


def _of_measure(code: str, clause: Clause) -> Iterator[str]:
    if (measure := clause.measure) is None:
        return
    known = VALUES.get(measure.of, ())
    if measure.value and measure.value not in known:
        words = ", ".join(known) or "—"
        yield f"{code}.measure.value = {measure.value!r}: 应为 / must be one of {words}"
    if measure.of == "figures" and not (measure.value or measure.whole):
        yield f'{code}.measure: 需要 / needs value = "mean", value = "sum" or whole'
