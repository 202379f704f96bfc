"""The four shapes of spreadsheets: body rows -> records of the processed tables, and findings on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cxzy_lib.intake.cells import Context, is_blank, read_cell
from cxzy_lib.intake.dates import Span, day_of
from cxzy_lib.intake.layout import Found, Use, fitting_scale, nearest
from cxzy_lib.intake.values import BadValue, count, key_of, text_of
from cxzy_lib.intake.workbook import Sheet
from cxzy_lib.specs import ColumnSpec

Record = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """Something about a cell that people should look at; ``error`` where the row could not be used."""

    code: str
    severity: str
    column: str = ""
    value: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """A body row after reading: its records by table (none if it was rejected) and its findings."""

    number: int
    records: list[tuple[str, Record]]
    findings: list[Finding]


@dataclass(frozen=True)
class Body:
    """The body of a table with what its cells may depend on."""

    sheet: Sheet
    found: Found
    rows: list[int]
    lent: dict[tuple[int, int], Any]
    context: Context
    facts: Record

    def raw(self, r: int, c: int) -> Any:
        """Return a cell: its own value, or what a merged cell above lends it."""
        if (r, c) in self.lent:
            return self.lent[r, c]
        row = self.sheet.rows[r]
        return row[c] if c < len(row) else None


def _raw_of_spec(body: Body, r: int, c: int) -> Any:
    """Return a cell, following 同上 up to the row it copies."""
    ditto = set(map(key_of, body.context.words.campaign.words.ditto))
    raw = body.raw(r, c)
    if key_of(raw) not in ditto:
        return raw
    above = [q for q in body.rows if q < r and key_of(body.raw(q, c)) not in ditto]
    return body.raw(above[-1], c) if above else raw


def _put(record: Record, spec: ColumnSpec, name: str, value: Any) -> None:
    target = spec.to or name
    if isinstance(value, Span):
        record[target] = value.end if spec.last else value.start
        record.setdefault("precision", value.precision)
        if spec.ended:
            record[spec.ended] = value.end
    elif spec.to and isinstance(value, int):
        record[target] = (record.get(target) or 0) + value
    elif value is not None:
        record[target] = value


def read_specs(body: Body, r: int) -> tuple[Record, list[Finding], bool]:
    """Read the declared columns of a row: the record, the findings, and whether the row can be used."""
    record: Record = dict(body.found.layout.set)
    if body.context.branch and body.found.layout.shape != "rows":
        record["unit"] = body.context.branch
    findings, usable, context = [], True, body.context
    specs = body.found.columns("spec")
    # Branches first: a namesake is told by the branch that stands in the same row.
    ordered = sorted(specs.items(), key=lambda cu: body.found.layout.columns[cu[1].target].type != "branch")
    for c, use in ordered:
        spec = body.found.layout.columns[use.target]
        if spec.type == "skip":
            continue
        raw = _raw_of_spec(body, r, c)
        try:
            value = read_cell(spec, raw, replace(context, format=body.sheet.formats.get((r, c), "")))
            if value is None and spec.required:
                raise BadValue("missing")
        except BadValue as bad:
            severity = "error" if spec.required else "warning"
            findings.append(Finding(bad.code, severity, use.label, text_of(raw), bad.hint))
            usable = usable and not spec.required
            continue
        span = context.words.campaign.span
        if spec.inside and isinstance(value, Span) and not span.start <= value.start <= span.end:
            findings.append(Finding("outside_campaign", "warning", use.label, text_of(raw)))
        _put(record, spec, use.target, value)
        if spec.type == "branch" and value:
            context = replace(context, branch=value)
    return record, findings, usable


def _contradictions(record: Record) -> list[Finding]:
    """Counts that cannot both be true; they are reported, and the row stays."""
    pairs = (
        ("returned", "issued", "returned_over_issued"),
        ("valid", "returned", "valid_over_returned"),
        ("present", "expected", "present_over_expected"),
    )
    return [
        Finding(code, "error", part, str(record[part]), str(record[whole]))
        for part, whole, code in pairs
        if record.get(part) is not None and record.get(whole) is not None and record[part] > record[whole]
    ]


def read_rows(body: Body) -> Iterator[Row]:
    """Read the shape ``rows``: one source row is one row of the table, or one for each of several kinds."""
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        several = next((name for name, value in record.items() if isinstance(value, list)), None)
        records = [record]
        if several:
            records = [record | {several: value} for value in record[several]]
        findings += _contradictions(record)
        yield Row(r, [(body.found.layout.table, rec) for rec in records] if usable else [], findings)


def read_wide(body: Body) -> Iterator[Row]:
    """Read the shape ``wide``: a person a row, a date a column, a mark a cell."""
    marks = {key_of(mark): status for status, words in body.found.layout.marks.items() for mark in words}
    days = {c: day_of(use.target, year=body.context.year) for c, use in body.found.columns("date").items()}
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        if not body.context.branch:
            findings, usable = [*findings, Finding("no_unit", "error")], False
        records = []
        for c, day in days.items():
            mark = key_of(body.raw(r, c))
            status = marks.get(mark, "unknown")
            if mark and mark not in marks:
                findings.append(Finding("unknown_tick", "warning", body.found.uses[c].label, mark))
            if day is not None:
                fresh = {
                    "unit": body.context.branch,
                    "held_on": day.start,
                    "status": status,
                    "precision": "day",
                }
                records.append((body.found.layout.table, record | fresh))
        yield Row(r, records if usable else [], findings)


def _counts(body: Body, r: int, uses: dict[int, Use]) -> tuple[dict[int, int | None], list[Finding]]:
    """Read the count columns of one rater group; ``None`` where blank."""
    found: dict[int, int | None] = {}
    findings = []
    blank = ColumnSpec(type="count")
    for c, use in uses.items():
        raw = body.raw(r, c)
        try:
            found[c] = None if is_blank(raw, blank, body.context) else count(raw)
        except BadValue as bad:
            findings.append(Finding(bad.code, "warning", use.label, text_of(raw)))
            found[c] = None
    return found, findings


def _check_counts(
    counts: dict[int, int | None], uses: dict[int, Use], valid: int | None, levels: set[str]
) -> tuple[dict[int, int | None], list[Finding]]:
    """Compare a row's grades with its valid ballots; only if they agree is a blank count a zero."""
    total = sum(n or 0 for c, n in counts.items() if uses[c].target in levels)
    blanks = [c for c, n in counts.items() if n is None]
    if valid is not None and total == valid:
        return {c: n or 0 for c, n in counts.items()}, []
    findings = [Finding("blank_count", "warning", uses[c].label) for c in blanks]
    if valid is not None and not blanks:
        findings.append(Finding("sum_mismatch", "error", "", str(total), str(valid)))
    return counts, findings


def read_tally(body: Body) -> Iterator[Row]:
    """Read the shape ``tally``: a row of counts for each item, person or occasion."""
    layout, scale = body.found.layout, body.found.scale
    levels = {level.code for level in body.context.words.campaign.scales[scale].levels}
    by_group: dict[str, dict[int, Use]] = {}
    for c, use in body.found.columns("level").items():
        by_group.setdefault(use.group or layout.set.get("rater_group") or body.facts.get("rater", ""), {})[
            c
        ] = use
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        if "" in by_group:
            findings, usable = [*findings, Finding("no_rater_group", "error")], False
        records: list[tuple[str, Record]] = []
        for group, uses in by_group.items():
            counts, bad = _counts(body, r, uses)
            counts, wrong = _check_counts(counts, uses, record.get("valid"), levels)
            findings += bad + wrong
            vote = record | {"rater_group": group, "scale": scale}
            records += [
                ("votes", vote | {"level": uses[c].target, "count": n})
                for c, n in counts.items()
                if n is not None
            ]
            if "issued" in record or "returned" in record:
                records.append(("turnout", record | {"rater_group": group}))
        records += _grades(body, r, record, findings)
        findings += _contradictions(record)
        yield Row(r, records if usable else [], findings)


def _grades(body: Body, r: int, record: Record, findings: list[Finding]) -> Iterator[tuple[str, Record]]:
    """Read the columns that hold one grade each (self-appraisal, the branch's decision)."""
    scale = body.found.scale
    known = body.context.words.levels[scale]
    for c, use in body.found.columns("grade").items():
        key = key_of(body.raw(r, c))
        if is_blank(key, ColumnSpec(type="text"), body.context):
            continue
        if key not in known:
            findings.append(Finding("unknown_level", "warning", use.label, key, nearest(key, known)))
            continue
        yield (
            "votes",
            record | {"rater_group": use.group, "scale": scale, "level": known[key], "count": 1},
        )


def read_ballot(body: Body) -> Iterator[Row]:
    """Read the shape ``ballot``: a paper or a respondent a row, an item a column."""
    uses = body.found.columns("item")
    seen = {key_of(body.raw(r, c)) for r in body.rows for c in uses}
    scale = fitting_scale(body.found.layout.scales, seen, body.context.words)
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        if not scale:
            findings, usable = [*findings, Finding("no_scale", "error")], False
        records: list[tuple[str, Record]] = []
        for c, use in uses.items():
            records += [("answers", record | a) for a in _answers(body, r, c, use, scale, findings)]
        yield Row(r, records if usable else [], findings)


def _answers(body: Body, r: int, c: int, use: Use, scale: str, findings: list[Finding]) -> list[Record]:
    """Return what one respondent said on one item: one level, none, or several choices."""
    raw, words = body.raw(r, c), body.context.words
    item = words.campaign.items[use.target]
    blank = is_blank(raw, ColumnSpec(type="text"), body.context)
    if item.kind == "text" or key_of(raw) in map(key_of, words.campaign.words.skipped):
        return []  # free text can name its author; it is counted where opinions are, not stored here
    if item.kind == "multiple":
        parts = [] if blank else [part.strip() for part in text_of(raw).replace("|", "┋").split("┋")]
        return [{"item": item.code, "level": part} for part in parts if part]
    if blank:
        return [{"item": item.code, "scale": scale, "level": "abstain"}]
    known = words.levels.get(scale, {})
    if (key := key_of(raw)) in known:
        return [{"item": item.code, "scale": scale, "level": known[key]}]
    ticked = {known[part] for part in _ticked(key) if part in known}
    code = "two_ticks" if len(ticked) > 1 else "unknown_level"
    if len(ticked) == 1:
        return [{"item": item.code, "scale": scale, "level": ticked.pop()}]
    findings.append(Finding(code, "warning", use.label, text_of(raw), nearest(key, known)))
    return []


def _ticked(key: str) -> list[str]:
    for mark in "√✓✔☑、,;┋|/":
        key = key.replace(mark, " ")
    return key.split()


READERS = {"rows": read_rows, "wide": read_wide, "tally": read_tally, "ballot": read_ballot}
