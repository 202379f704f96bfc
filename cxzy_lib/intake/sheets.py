"""One sheet -> its records and the account of every row that is not blank."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.cells import Context
from cxzy_lib.intake.directory import Directory
from cxzy_lib.intake.layout import Found, fill_down, nearest_layout, other_header, row_kind
from cxzy_lib.intake.records import Body, Finding, Record, Row, contradictions
from cxzy_lib.intake.shapes import READERS
from cxzy_lib.intake.titles import title_facts
from cxzy_lib.intake.values import BadValue, count, key_of
from cxzy_lib.intake.vocabulary import Vocabulary, nearest
from cxzy_lib.intake.workbook import Sheet


@dataclass(frozen=True)
class Account:
    """What became of one source row, counted from 0."""

    row: int
    outcome: str
    table: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class SheetResult:
    """Everything read from one sheet: (table, row, record) and an account for each row."""

    records: list[tuple[str, int, Record]]
    accounts: list[Account]

    def without(self, rows: Mapping[int, str]) -> "SheetResult":
        """Return the result without what came from `rows` (row -> the file that gives it already)."""
        accounts = [
            Account(a.row, "duplicate", a.table, (Finding("second_file", "error", hint=rows[a.row]),))
            if a.row in rows
            else a
            for a in self.accounts
        ]
        # Row 0 stands for the title: where a vote stands twice, so does the turnout that its title states.
        return SheetResult([r for r in self.records if r[1] not in {0, *rows}], accounts)


def unrecognised(sheet: Sheet, words: Vocabulary) -> SheetResult:
    """Account for a sheet in which no table was found, naming the layout that comes nearest."""
    code, lacking = nearest_layout(sheet, words)
    finding = Finding("no_table", "error")
    if code:
        layout = words.campaign.layouts[code]
        finding = Finding("nearly", "error", f"{code} {layout.zh}", "", "、".join(lacking))
    return _all_rows(sheet, "unrecognised", finding)


def duplicate(sheet: Sheet, earlier: str) -> SheetResult:
    """Account for a sheet of a file that has the same content as an `earlier` one."""
    return _all_rows(sheet, "duplicate", Finding("same_file", "warning", hint=earlier))


def failed(sheet: Sheet, why: str) -> SheetResult:
    """Account for a sheet that could not be read although its table was found."""
    return _all_rows(sheet, "unrecognised", Finding("sheet_failed", "error", hint=why))


def _all_rows(sheet: Sheet, outcome: str, finding: Finding) -> SheetResult:
    filled = [r for r, row in enumerate(sheet.rows) if any(key_of(v) for v in row)]
    accounts = [Account(r, outcome, "", (finding,) if r == filled[0] else ()) for r in filled]
    return SheetResult([], accounts)


def _body(sheet: Sheet, found: Found, rows: list[int], words: Vocabulary, directory: Directory) -> Body:
    facts = title_facts(found.title, words.campaign, words)
    context = Context(
        words,
        directory,
        facts["year"],
        directory.unit_in(found.title),
        date1904=sheet.date1904,
        unformatted=sheet.unformatted,
    )
    return Body(sheet, found, rows, fill_down(sheet, found), context, facts)


def _occasion(record: Record, facts: Record, campaign: Campaign) -> Record:
    """Return when an occasion was: from the row, else from the title; missing parts follow from the date."""
    day: date | None = record.get("held_on") or facts["held_on"] or record.get("answered_on")
    if "answered_on" in record and facts["held_on"] is None:
        day = None  # answers come in over days: one questionnaire is one occasion, told by its semester
    term = record.get("semester") or (campaign.semester_of(day) if day else facts.get("semester"))
    if "answered_on" in record and not term:
        term = campaign.semester_of(record["answered_on"])
    year = (
        day.year
        if day
        else facts["year"] or (record["answered_on"].year if "answered_on" in record else None)
    )
    known = day or record.get("answered_on")
    stage = campaign.stage_of(known) if known else None
    return {"held_on": day, "semester": term, "year": year, "stage": stage}


def _with_occasion(table: str, record: Record, facts: Record, campaign: Campaign) -> Record:
    if table not in ("votes", "turnout", "answers"):
        return record
    when = _occasion(record, facts, campaign)
    period = when["held_on"].isoformat() if when["held_on"] else when["semester"] or str(when["year"] or "")
    parts = [record["occasion"], period, record.get("unit", "")]
    item = campaign.items.get(record.get("item", ""))
    criterion = {"criterion": item.criterion or None} if item else {}
    return record | when | criterion | {"occasion_id": "-".join(part for part in parts if part)}


def _title_turnout(body: Body, rows: list[Row], campaign: Campaign) -> list[tuple[str, int, Record]]:
    """Return the turnout that the title states, or that the papers themselves show."""
    layout, facts = body.found.layout, body.facts
    base = {"occasion": layout.set.get("occasion")}
    found: list[Record] = []
    if layout.shape == "ballot":
        found = [base | paper for paper in _papers(rows, facts["stated"])]
    elif layout.shape == "tally" and not _own_turnout(rows):
        own = facts.get("rater") or layout.facts_rater
        stated = {group or own: counts for group, counts in facts["stated"].items() if group or own}
        found = [base | counts | {"rater_group": group} for group, counts in stated.items()]
    return [("turnout", 0, _with_occasion("turnout", record, facts, campaign)) for record in found]


def _papers(rows: list[Row], stated: dict[str, Record]) -> Iterator[Record]:
    """Count the papers of each rater group; what the title states of the group stands beside the count."""
    groups: dict[str, list[Record]] = {}
    for row in rows:
        for _, record in row.records[:1]:
            groups.setdefault(record["rater_group"], []).append(record)
    for group, papers in groups.items():
        counts: Record = {"returned": len(papers)} | stated.get(group, {}) | {"valid": len(papers)}
        if "returned" in stated.get(group, {}):
            counts["void"] = max(counts["returned"] - len(papers), 0)
        day = {"answered_on": papers[0]["answered_on"]} if "answered_on" in papers[0] else {}
        yield counts | day | {"rater_group": group}


def _own_turnout(rows: list[Row]) -> bool:
    return any(table == "turnout" for row in rows for table, _ in row.records)


def _check_total(body: Body, r: int) -> tuple[Finding, ...]:
    """Compare a total row with the rows just above it, as many of them as explain most of its columns.

    A subtotal may stand under some groups and not under others: so its rows may begin at any row above.
    """
    columns = body.found.layout.columns
    uses = body.found.columns("level") | {
        c: use for c, use in body.found.columns("spec").items() if columns[use.target].type == "count"
    }
    written = {c: n for c in uses if (n := _count_or_none(body.raw(r, c))) is not None}
    sums, best = dict.fromkeys(written, 0), dict.fromkeys(written, 0)
    for q in reversed([q for q in body.rows if q < r]):
        sums = {c: total + (_count_or_none(body.raw(q, c)) or 0) for c, total in sums.items()}
        agreed, most = (sum(s[c] == written[c] for c in written) for s in (sums, best))
        if agreed >= most:
            best = sums
    return tuple(
        Finding("total_mismatch", "warning", uses[c].label, str(written[c]), str(best[c]))
        for c in written
        if best[c] != written[c]
    )


def _count_or_none(raw: Any) -> int | None:
    try:
        return count(raw)
    except BadValue:
        return None


def _header_findings(found: Found, words: Vocabulary) -> tuple[Finding, ...]:
    known = [alias for spec in found.layout.columns.values() for alias in spec.aliases]
    twins = tuple(Finding("column_twice", "error", use.label) for use in found.columns("twin").values())
    return twins + tuple(
        Finding("unknown_column", "warning", label, "", nearest(key_of(label), known))
        for label in found.unknown
    )


def read_sheet(sheet: Sheet, found: Found, words: Vocabulary, directory: Directory) -> SheetResult:
    """Read the table found in a sheet: its records, and an account of every row that is not blank."""
    kinds = {r: row_kind(sheet, r, found, words) for r in range(len(sheet.rows))}
    rows = [r for r, kind in kinds.items() if kind == "body"]
    body = _body(sheet, found, rows, words, directory)
    needs_occasion = found.layout.table in ("votes", "answers")
    reader: Callable[[Body], Any] = READERS[found.layout.shape]
    read = list(reader(body))
    if needs_occasion:
        read = [_dated(row, body.facts, words.campaign) for row in read]
    records = [
        (table, row.number, _with_occasion(table, record, body.facts, words.campaign))
        for row in read
        for table, record in row.records
    ]
    if found.layout.table == "people":
        records = [
            (table, row, {"snapshot_on": body.facts["held_on"]} | record) for table, row, record in records
        ]
    stated = _title_turnout(body, read, words.campaign)
    records += stated
    wrong = [finding for _, _, record in stated for finding in contradictions(record)]
    by_row = {row.number: row for row in read}
    accounts, lost = [], False
    for r, kind in kinds.items():
        if kind == "body":
            row = by_row[r]
            lost = lost or other_header(sheet, r, found, words)
            if lost:  # another table begins here, and its columns are not those of the first
                row = replace(row, records=[], findings=[Finding("other_header", "error")])
                records = [record for record in records if record[1] != r]
            outcome = "kept" if row.records else "rejected"
            accounts.append(Account(r, outcome, found.layout.table, tuple(row.findings)))
        elif kind == "total":
            accounts.append(Account(r, kind, found.layout.table, _check_total(body, r)))
        elif kind != "blank":
            findings = (*_header_findings(found, words), *wrong) if r == found.header[0] else ()
            accounts.append(Account(r, kind, found.layout.table, findings))
    return SheetResult(records, accounts)


def _dated(row: Row, facts: Record, campaign: Campaign) -> Row:
    """Reject a row of votes that belongs to no occasion; report a date outside the semester beside it."""
    first = row.records[0][1] if row.records else {}
    term = first.get("semester")
    if term and first.get("held_on") and campaign.semester_of(first["held_on"]) not in (None, term):
        row = replace(row, findings=[*row.findings, Finding("semester_contradicts", "error", "", term)])
    dated = facts["held_on"] or facts["year"] or facts.get("semester")
    if dated or all(
        rec.get("held_on") or rec.get("semester") or rec.get("answered_on") for _, rec in row.records
    ):
        return row
    return replace(row, records=[], findings=[*row.findings, Finding("no_occasion", "error")])
