"""The wide shape: a person a row, a date a column, a mark a cell."""

import re
from collections.abc import Iterator
from datetime import date

from cxzy_lib.intake.dates import day_of
from cxzy_lib.intake.records import Body, Finding, Row, read_specs
from cxzy_lib.intake.values import BadValue, key_of, text_of


def read_wide(body: Body) -> Iterator[Row]:
    """Read the shape ``wide``: a person a row, a date a column, a mark a cell."""
    marks = {key_of(mark): status for status, words in body.found.layout.marks.items() for mark in words}
    marks |= _legend(body)
    days, undated = _days(body)
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        findings += undated
        if not body.context.branch:
            findings, usable = [*findings, Finding("no_unit", "error")], False
        if not days:
            usable = False
        records = []
        for c, day in days.items():
            mark = key_of(body.raw(r, c))
            status = marks.get(mark, "unknown")
            if mark and mark not in marks:
                findings.append(Finding("unknown_tick", "warning", body.found.uses[c].label, mark))
            fresh = {"unit": body.context.branch, "held_on": day, "status": status, "precision": "day"}
            records.append((body.found.layout.table, record | fresh))
        yield Row(r, records if usable else [], findings)


def _legend(body: Body) -> dict[str, str]:
    """Return what this sheet says its marks mean: legends differ from branch to branch."""
    meanings = {key_of(word): status for status, words in body.found.layout.legend.items() for word in words}
    any_word = "|".join(sorted(map(re.escape, meanings), key=len, reverse=True))
    texts = [text_of(v) for r, row in enumerate(body.sheet.rows) if r not in body.rows for v in row]
    pairs = (
        re.findall(rf"([^\w\s,，、;；:：()（）])[\s:：=为]*({any_word})", "\n".join(texts))
        if any_word
        else []
    )
    return {key_of(mark): meanings[word] for mark, word in pairs}


def _days(body: Body) -> tuple[dict[int, date], list[Finding]]:
    """Return the day of each date column, and what is wrong with the others.

    A day without a year takes the title's; where the title names a semester only, the year in which the
    semester has that month. 3.1 as a number, or in a csv, may have been 3.10: it is not read.
    """
    days: dict[int, date] = {}
    findings = []
    for c, use in body.found.columns("date").items():
        try:
            if _is_doubtful(body, c) and re.fullmatch(r"\d{1,2}\.[123]", use.target):
                raise BadValue("ambiguous_day")
            span = day_of(use.target, year=body.context.year or 2000)
            assert span is not None
            days[c] = span.start if body.context.year else _in_semester(span.start, body)
        except BadValue as bad:
            findings.append(Finding(bad.code, "error", use.label, use.target))
    return days, findings


def _is_doubtful(body: Body, c: int) -> bool:
    """Whether a header cell may have lost a zero at its end: a bare number, or any cell of a csv."""
    r = body.found.header[-1]
    row = body.sheet.rows[r]
    number = c < len(row) and isinstance(row[c], float) and (r, c) not in body.sheet.formats
    return number or body.sheet.unformatted


def _in_semester(day: date, body: Body) -> date:
    semesters = body.context.words.campaign.semesters
    term = next((s for s in semesters if s.code == body.facts.get("semester")), None)
    if term is None:
        raise BadValue("no_year")
    return day.replace(year=term.start.year if day.month >= term.start.month else term.end.year)
