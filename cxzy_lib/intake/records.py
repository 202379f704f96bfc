"""The body of a table -> a record for each row, with what is wrong in it."""

from dataclasses import dataclass, replace
from typing import Any

from cxzy_lib.intake.cells import Context, read_cell
from cxzy_lib.intake.dates import Span
from cxzy_lib.intake.layout import Found
from cxzy_lib.intake.values import BadValue, key_of, text_of
from cxzy_lib.intake.workbook import Sheet
from cxzy_lib.specs import ColumnSpec

Record = dict[str, Any]
NUMBERS = ("count", "number", "hours")


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
    elif spec.type == "count" and isinstance(value, int):
        record[target] = (record.get(target) or 0) + value  # two columns may go to one target
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
            if (r, c) in body.lent and spec.type in NUMBERS:
                raise BadValue("merged_number")  # one number for several rows: for each of them, or for all?
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
        if spec.type == "person" and value and not context.directory.is_in(value, context.branch):
            findings.append(Finding("other_branch", "warning", use.label, text_of(raw), context.branch))
    return record, findings, usable


def contradictions(record: Record) -> list[Finding]:
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
