"""One sheet -> its records and the account of every row that is not blank."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxzy_lib.intake.ballot import read_ballot
from cxzy_lib.intake.body import Body, Finding, Frames, Reading
from cxzy_lib.intake.cells import Context, read_cell
from cxzy_lib.intake.directory import Directory
from cxzy_lib.intake.grid import Sheet
from cxzy_lib.intake.layout import Found, nearest_layout
from cxzy_lib.intake.records import given
from cxzy_lib.intake.rows import Kinds, end_of_table, filled, row_kinds, wrong_totals
from cxzy_lib.intake.shapes import read_rows
from cxzy_lib.intake.tally import read_tally
from cxzy_lib.intake.titles import title_facts
from cxzy_lib.intake.values import BadValue, key_of, used
from cxzy_lib.intake.vocabulary import Vocabulary, nearest
from cxzy_lib.intake.wide import read_wide
from cxzy_lib.specs import ColumnSpec
from cxzy_lib.tables import DATE

READERS = {"rows": read_rows, "wide": read_wide, "tally": read_tally, "ballot": read_ballot}


@dataclass(frozen=True)
class SheetResult:
    """Everything read from one sheet.

    ``frames`` are records by table with their source ``row`` (0 stands for the title); ``outcomes`` says what
    became of each source row, ``blank`` for those that say nothing.
    """

    frames: Frames
    outcomes: Kinds
    findings: dict[int, list[Finding]] = field(default_factory=dict)

    def without(self, rows: Mapping[int, str]) -> "SheetResult":
        """Return the result without what came from `rows` (row -> the file that gives it already)."""
        # Where a vote stands twice, so does the turnout that its title states.
        gone = [0, *rows]
        frames = [(table, frame[~frame["row"].isin(gone)]) for table, frame in self.frames]
        outcomes = self.outcomes.copy()
        outcomes[list(rows)] = "duplicate"
        again = {r: [Finding("second_file", "error", hint=file)] for r, file in rows.items()}
        return SheetResult(frames, outcomes, self.findings | again)

    def noting(self, row: int, finding: Finding) -> "SheetResult":
        """Return the result with one more finding."""
        more = {row: [*self.findings.get(row, []), finding]}
        return replace(self, findings=self.findings | more)


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


def note(sheet: Sheet) -> SheetResult:
    """Account for a sheet that only explains: the rules and lists of a form."""
    return _all_rows(sheet, "title", None)


def _all_rows(sheet: Sheet, outcome: str, finding: Finding | None) -> SheetResult:
    said = filled(sheet) > 0
    outcomes = np.where(said, outcome, "blank").astype(object)
    first = int(np.argmax(said)) if said.any() else 0
    return SheetResult([], outcomes, {first: [finding]} if finding else {})


def _body(sheet: Sheet, found: Found, rows: Any, words: Vocabulary, directory: Directory) -> Body:
    facts = title_facts(found.title, words)
    context = Context(
        words,
        directory,
        facts["year"],
        directory.branch_in(found.title),
        date1904=sheet.date1904,
        unformatted=sheet.unformatted,
    )
    return Body(sheet, found, rows, context, facts)


def _with_appraisee(body: Body) -> tuple[Body, list[Finding]]:
    """Return the body with the person or unit that its title says was appraised, as a pseudonym or name."""
    said = body.facts.get("appraisee")
    if not said:
        return body, []
    try:
        who = used(read_cell(ColumnSpec(type="party", anyone=True), said, body.context))
        return replace(body, facts=body.facts | {"appraisee": who}), []
    except BadValue as bad:
        facts = {name: value for name, value in body.facts.items() if name != "appraisee"}
        return replace(body, facts=facts), [Finding(bad.code, "warning", "", said, bad.hint)]


def _header_findings(sheet: Sheet, found: Found, words: Vocabulary) -> Iterable[Finding]:
    known = [alias for spec in found.layout.columns.values() for alias in spec.aliases]
    for use in found.columns("twin").values():
        yield Finding("column_twice", "error", use.label)
    for use in found.columns("unknown").values():
        yield Finding("unknown_column", "warning", use.label, "", nearest(key_of(use.label), known))
    for what, number in sheet.hidden.items():
        yield Finding(f"hidden_{what}", "note", hint=str(number))


def read_sheet(sheet: Sheet, found: Found, words: Vocabulary, directory: Directory) -> SheetResult:
    """Read the table found in a sheet: its records, and an account of every row that is not blank."""
    kinds = row_kinds(sheet, found, words)
    rows, end = np.flatnonzero(kinds == "body"), end_of_table(sheet, kinds, found, words)
    rows, beyond = rows[rows < end], rows[rows >= end]
    body, wrong = _with_appraisee(_body(sheet, found, rows, words, directory))
    reading = READERS[found.layout.shape](body)
    if found.layout.table == "people":
        reading.frames = [(t, _with_snapshot(frame, body.facts["held_on"])) for t, frame in reading.frames]
    findings = reading.findings
    for finding in [*wrong, *_header_findings(sheet, found, words)]:
        findings.add([found.header[0]], finding)
    for r, *off in wrong_totals(sheet, found, kinds, rows, words):
        findings.add([r], Finding("total_mismatch", "warning", *off))
    outcomes = _outcomes(kinds, rows, reading)
    findings.add(beyond, Finding("other_header", "error"))
    _explain_rest(rows, outcomes, reading)
    return SheetResult(reading.frames, outcomes, findings.by_row)


def _with_snapshot(frame: pd.DataFrame, day: Any) -> pd.DataFrame:
    own = given(frame, "snapshot_on", DATE)
    return frame.assign(snapshot_on=own.fillna(pd.Timestamp(day)) if day else own)


def _outcomes(kinds: Kinds, rows: npt.NDArray[np.intp], reading: Reading) -> Kinds:
    outcomes = np.where(kinds == "body", "rejected", kinds).astype(object)
    for _, frame in reading.frames:
        source = frame["row"].to_numpy(dtype=np.intp)
        outcomes[source[np.isin(source, rows)]] = "kept"
    return outcomes


def _explain_rest(rows: npt.NDArray[np.intp], outcomes: Kinds, reading: Reading) -> None:
    """Give a reason to every row that was not used and in which nothing was found wrong."""
    silent = [r for r in rows[outcomes[rows] == "rejected"] if int(r) not in reading.findings.by_row]
    reading.findings.add(silent, Finding("nothing_there", "warning"))
