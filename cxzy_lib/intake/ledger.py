"""What became of every row and every file; and what two files say twice."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.body import Finding
from cxzy_lib.intake.dates import find_year
from cxzy_lib.intake.grid import Book, Sheet
from cxzy_lib.intake.layout import Found
from cxzy_lib.intake.sheets import SheetResult
from cxzy_lib.intake.told import explain
from cxzy_lib.intake.values import scrub
from cxzy_lib.specs import Layout
from cxzy_lib.tables import conform

_SAME_PAPERS = 3  # respondents that must agree in everything before two exports are taken for one
_ITEM = ("item", "occasion_id", "unit", "rater_group", "appraisee", "item")
#: What makes two records the same, by table: its kind (ballots are votes once more), then the columns.
SAME: dict[str, tuple[str, ...]] = {
    "votes": _ITEM,
    "answers": _ITEM,
    "events": ("event", "unit", "kind", "held_on", "topic", "person", "form"),
    "attendance": ("attendance", "person", "unit", "held_on"),
    "hours": ("hours", "person", "batch", "started_on"),
    # A pledge renewed in another year, or a problem that comes back, is another task.
    "tasks": ("task", "kind", "person", "unit", "subject", "opened_on", "due_on"),
    "figures": ("figure", "indicator", "subject", "unit", "group", "year"),
}


@dataclass(frozen=True)
class Task:
    """A sheet to be read, with where it stands and the table found in it."""

    institution: str
    file: str
    sheet: Sheet
    found: Found | None
    settled: SheetResult | None = None  # what became of a sheet without a table: its cells are let go of


Done = list[tuple[Task, SheetResult]]


def institution_of(relative: Path, campaign: Campaign) -> str:
    """Return the name of the top folder, or the configured name for files that lie in no folder."""
    return relative.parts[0] if len(relative.parts) > 1 else campaign.institution.zh


def with_origin(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return `frame` with where its rows stand; ``row`` counts from 0 and ``source_row`` from 1."""
    place = {"institution": task.institution, "source_file": task.file, "source_sheet": task.sheet.name}
    return frame.drop(columns="row").assign(**place, source_row=frame["row"] + 1)


def once(done: Done) -> Done:
    """Drop what an earlier sheet gives already: two versions of one file are not added, but named.

    Sheets of counts go before papers: the papers are counted only where nobody counted them.
    """
    done = sorted(done, key=lambda pair: any(table == "answers" for table, _ in pair[1].frames))
    first: dict[tuple[Any, ...], int] = {}
    again: dict[int, dict[int, str]] = {}
    for at, table, distinct in _keys(done):
        for key, rows in distinct.items():
            earlier = first.get(key, at) if table == "answers" else first.setdefault(key, at)
            if earlier != at:
                again.setdefault(at, {}).update(dict.fromkeys(rows, done[earlier][0].file))
    for at, file in _same_papers(done).items():
        rows = [int(r) for _, frame in done[at][1].frames for r in frame["row"] if r]
        again.setdefault(at, {}).update(dict.fromkeys(rows, file))
    return [
        (task, result.without(again[at]) if at in again else result) for at, (task, result) in enumerate(done)
    ]


def _same_papers(done: Done) -> dict[int, str]:
    """Return the sheets of papers that another sheet holds already (the texts and the codes of one export).

    The same respondents on the same days who all said the same: by chance this does not happen to many.
    """
    key = ["occasion_id", "respondent", "answered_on", "item"]
    seen: list[tuple[Task, pd.DataFrame]] = []
    twice: dict[int, str] = {}
    for at, (task, result) in enumerate(done):
        papers = [frame for table, frame in result.frames if table == "answers" and len(frame)]
        if not papers or any("answered_on" not in frame for frame in papers):
            continue
        said = pd.concat(papers)[[*key, "level"]]
        for other, earlier in seen:
            if other.institution != task.institution or said["respondent"].nunique() < _SAME_PAPERS:
                continue
            both = said.merge(earlier, on=key, suffixes=("", "_before"))
            if len(both) == len(said) and (both["level"] == both["level_before"]).all():
                twice[at] = other.file
        seen.append((task, said))
    return twice


def _keys(done: Done) -> list[tuple[int, str, dict[tuple[Any, ...], list[int]]]]:
    """Return for each frame that could say something twice its distinct records, with their rows.

    Where only one sheet of an institution speaks of a kind, nothing can be twice.
    """
    homes: dict[tuple[str, str], set[int]] = {}
    for at, (task, result) in enumerate(done):
        for table, _ in result.frames:
            if table in SAME:
                homes.setdefault((task.institution, SAME[table][0]), set()).add(at)
    found = []
    for at, (task, result) in enumerate(done):
        for table, frame in result.frames:
            if table not in SAME or len(homes[task.institution, SAME[table][0]]) < 2 or frame.empty:
                continue
            what, *names = SAME[table]
            there = frame.reindex(columns=names).astype(object)
            groups = frame["row"].groupby([there[n] for n in names], dropna=False)
            distinct = {(task.institution, what, *map(_or_none, key)): list(rows) for key, rows in groups}
            found.append((at, table, distinct))
    return found


def _or_none(part: Any) -> Any:
    return None if pd.isna(part) else part


def copies(done: Done) -> Done:
    """Name sheets whose records are another year's, word for word, and rows that say what one above says.

    The first is an old file with a new title. Nothing is dropped: both may be right.
    """
    seen: dict[tuple[Any, ...], tuple[Task, int]] = {}
    kept = []
    for task, result in done:
        if task.found is not None:
            year = find_year(task.found.title)
            key = _content(task, task.found, result) if year else None
            if year is not None and key is not None:
                earlier, other = seen.setdefault(key, (task, year))
                if other != year:
                    copied = Finding("copied", "warning", hint=earlier.file)
                    result = result.noting(task.found.header[0], copied)
            result = _telling_repeats(task.found.layout, result)
        kept.append((task, result))
    return kept


def _telling_repeats(layout: Layout, result: SheetResult) -> SheetResult:
    """Return the result with a finding at each row that says what a row above says already; it stays."""
    if layout.shape != "rows" or layout.table not in SAME:
        return result
    _, *names = SAME[layout.table]
    for table, frame in result.frames:
        if table != layout.table:
            continue
        said = frame.reindex(columns=["row", *names]).drop_duplicates()
        again = said.duplicated(names) & said[names[0]].notna()
        for row in said.loc[again, "row"].unique():  # a row can make many figures
            result = result.noting(int(row), Finding("said_before", "warning"))
    return result


def _content(task: Task, found: Found, result: SheetResult) -> tuple[Any, ...] | None:
    """Return what a sheet says apart from its dates, ``None`` where it says too little to be a copy."""
    layout = found.layout
    frames = [frame for table, frame in result.frames if table == layout.table]
    registered = layout.table in ("units", "people")
    if layout.shape not in ("rows", "tally") or registered or sum(map(len, frames)) < 5:
        return None
    dates = {"row", "year", "semester", "stage", "occasion_id", "precision"}
    said = []
    for frame in frames:
        names = sorted(name for name in set(map(str, frame)) - dates if not name.endswith("_on"))
        said.append((*names, int(pd.util.hash_pandas_object(frame[names].astype(str), index=False).sum())))
    return (task.institution, found.code, *said)


def ledger(done: Done) -> pd.DataFrame:
    """Return the table ``ledger``: a row for every source row that is not blank."""
    ordered = sorted(done, key=lambda pair: (pair[0].institution, pair[0].file, pair[0].sheet.name))
    parts = [_sheet_rows(task, result) for task, result in ordered]
    return conform("ledger", pd.concat(parts, ignore_index=True) if parts else [])


def _sheet_rows(task: Task, result: SheetResult) -> pd.DataFrame:
    rows = np.flatnonzero(result.outcomes != "blank")
    frame = pd.DataFrame({"row": rows, "outcome": result.outcomes[rows]})
    if task.found:
        frame = frame.assign(layout=task.found.code, table=task.found.layout.table)
        frame["table"] = frame["table"].mask(frame["outcome"].isin(["title", "header", "footer"]))
    said = pd.DataFrame.from_records(
        [{"row": row, **_told(found)} for row, found in result.findings.items() if found]
    )
    frame = frame.merge(said, on="row", how="left") if len(said) else frame
    return conform("ledger", with_origin(frame, task))


def _told(found: list[Finding]) -> dict[str, str]:
    """Return the findings of one row in the columns of the ledger; no identity number gets there."""
    severities = {f.severity for f in found}
    worst = next(name for name in ("error", "warning", "note") if name in severities)
    clean = [replace(f, column=scrub(f.column), value=scrub(f.value), hint=scrub(f.hint)) for f in found]
    parts = ("column", "value", "code", "hint")
    joined = {part: "；".join(getattr(f, part).replace("；", ";") for f in clean) for part in parts}
    reason = " ".join(explain(f.code, f.column, f.value, f.hint) for f in clean)
    return joined | {"severity": worst, "reason": reason}


def file_row(book: Book, raw: Path, rows: pd.DataFrame, campaign: Campaign) -> dict[str, Any]:
    """Return a file's row of the table ``files``: what it is, what was used of it, and why not all.

    `rows` are those of the ledger that are this file's.
    """
    relative = book.path.relative_to(raw)
    twice = (rows["outcome"] == "duplicate") & (rows["code"] == "second_file")
    rejected = int((rows["outcome"] == "rejected").sum() + twice.sum())
    lost = sorted(set(rows.loc[rows["outcome"] == "unrecognised", "source_sheet"]))
    status, code, hint = "read", "", ""
    if book.code:
        status, code, hint = "refused", book.code, book.hint
    elif (rows["code"] == "same_file").any():
        code, hint = "same_file", str(rows["hint"].dropna().iloc[0])
    elif rows["layout"].isna().all():
        first = rows[rows["code"].notna()].head(1)
        status, code = "unrecognised", str(first["code"].iloc[0]) if len(first) else "no_table"
        hint = str(first["hint"].iloc[0]) if len(first) else ""
    elif lost:
        status, code, hint = "partly", "some_sheets", "、".join(lost)
    elif rejected:
        status, code, hint = "partly", "some_rows", str(rejected)
    column = str(rows["column"].dropna().iloc[0]) if code == "nearly" else ""
    return {
        "institution": institution_of(relative, campaign),
        "source_file": relative.as_posix(),
        "sha256": book.sha256,
        "format": book.format,
        "status": status,
        "layouts": "、".join(f"{c} {campaign.layouts[c].zh}" for c in sorted(set(rows["layout"].dropna()))),
        "sheets": len(book.sheets),
        "rows": len(rows),
        "kept": int((rows["outcome"] == "kept").sum()),
        "findings": int(rows["severity"].isin(["error", "warning"]).sum()),
        "code": code or None,
        "column": column or None,
        "hint": hint or None,
        "reason": explain(code, column, "", hint) if code else None,
    }
