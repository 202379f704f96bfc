"""The shape ``wide``: a person a row, a date a column, a mark a cell."""

import re
from datetime import date

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.intake.body import Body, Finding, Findings, Reading
from cxzy_lib.intake.dates import day_of
from cxzy_lib.intake.records import read_specs, typed
from cxzy_lib.intake.values import BadValue, key_of, text_of, used
from cxzy_lib.intake.vocabulary import by_key
from cxzy_lib.tables import DATE


def read_wide(body: Body) -> Reading:
    """Read a person a row."""
    findings = Findings()
    specs = read_specs(body, findings)
    marks = by_key(body.layout.marks) | _legend(body)
    days = _days(body, findings)
    if not body.context.branch:
        findings.add(body.rows, Finding("no_unit", "error"))
        return Reading(findings)
    frames = []
    for c, day in days.items():
        column = body.column(c)
        keys = [key_of(value) for value in column.values]
        for k in np.unique(column.codes):
            if keys[k] and keys[k] not in marks:
                unknown = Finding("unknown_tick", "warning", body.found.uses[c].label, keys[k])
                findings.add(body.rows[column.codes == k], unknown)
        status = typed([marks.get(key, "unknown") for key in keys], column.codes)
        held_on = pd.Series(pd.Timestamp(day), specs.frame.index).astype(pandas_dtype(DATE))
        frame = specs.frame.assign(status=status, held_on=held_on, precision="day", unit=body.context.branch)
        frames.append((body.layout.table, frame[specs.usable]))
    return Reading(findings, frames)


def _legend(body: Body) -> dict[str, str]:
    """Return what this sheet says its marks mean: legends differ from branch to branch."""
    meanings = by_key(body.layout.legend)
    any_word = "|".join(sorted(map(re.escape, meanings), key=len, reverse=True))
    if not any_word:
        return {}
    others = np.setdiff1d(np.arange(body.sheet.height), body.rows)
    texts = "\n".join(text_of(v) for r in others for v in body.sheet.row(int(r)))
    pairs = re.findall(rf"([^\w\s,，、;；:：()（）])[\s:：=为]*({any_word})", texts)
    return {key_of(mark): meanings[word] for mark, word in pairs}


def _days(body: Body, findings: Findings) -> dict[int, date]:
    """Return the day of each date column; report what is wrong with the others.

    A day without a year takes the title's; where the title names a semester only, the year in which the
    semester has that month. 3.1 as a number, or in a csv, may have been 3.10: it is not read.
    """
    days: dict[int, date] = {}
    for c, use in body.found.columns("date").items():
        try:
            if _is_doubtful(body, c) and re.fullmatch(r"\d{1,2}\.[123]", use.target):
                raise BadValue("ambiguous_day")
            span = used(day_of(use.target, year=body.context.year or 2000))
            days[c] = span.start if body.context.year else _in_semester(span.start, body)
        except BadValue as bad:
            findings.add(body.rows, Finding(bad.code, "error", use.label, use.target))
    return days


def _is_doubtful(body: Body, c: int) -> bool:
    """Whether a header cell may have lost a zero at its end: a bare number, or any cell of a csv."""
    r = body.found.header[-1]
    bare = isinstance(body.sheet.value(r, c), float) and not body.sheet.format(r, c)
    return bare or body.sheet.unformatted


def _in_semester(day: date, body: Body) -> date:
    semesters = body.campaign.semesters
    term = next((s for s in semesters if s.code == body.facts.get("semester")), None)
    if term is None:
        raise BadValue("no_year")
    return day.replace(year=term.start.year if day.month >= term.start.month else term.end.year)
