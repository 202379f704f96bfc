"""What became of every row and every file; and what two files say twice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.layout import Found
from cxzy_lib.intake.sheets import Account, SheetResult
from cxzy_lib.intake.told import explain
from cxzy_lib.intake.workbook import Book, Sheet
from cxzy_lib.tables import conform


@dataclass(frozen=True)
class Task:
    """A sheet to be read, with where it stands and the table found in it."""

    institution: str
    file: str
    book: Book
    sheet: Sheet
    found: Found | None
    twin: str = ""  # an earlier file with the same content


def institution_of(relative: Path, campaign: Campaign) -> str:
    """Return the name of the top folder, or the configured name for files that lie in no folder."""
    return relative.parts[0] if len(relative.parts) > 1 else campaign.institution.zh


def origin(task: Task, row: int) -> dict[str, Any]:
    """Return where a row (counted from 0) stands."""
    return {
        "institution": task.institution,
        "source_file": task.file,
        "source_sheet": task.sheet.name,
        "source_row": row + 1,
    }


_ITEM = ("item", "occasion_id", "unit", "rater_group", "appraisee", "item")
#: What makes two records the same, by table: its kind (ballots are votes once more), then the columns.
SAME: dict[str, tuple[str, ...]] = {
    "votes": _ITEM,
    "answers": _ITEM,
    "events": ("event", "unit", "kind", "held_on", "topic"),
    "attendance": ("attendance", "person", "unit", "held_on"),
    "hours": ("hours", "person", "batch", "started_on"),
    # A pledge renewed in another year, or a problem that comes back, is another task.
    "tasks": ("task", "kind", "person", "unit", "subject", "opened_on", "due_on"),
}


def once(done: list[tuple[Task, SheetResult]]) -> list[tuple[Task, SheetResult]]:
    """Drop what an earlier sheet gives already: two versions of one file are not added, but named."""
    first: dict[tuple[Any, ...], Task] = {}
    kept = []
    for task, result in sorted(
        done, key=lambda pair: any(table == "answers" for table, _, _ in pair[1].records)
    ):
        again: dict[int, str] = {}
        for table, row, record in result.records:
            if table not in SAME:
                continue
            what, *names = SAME[table]
            key = (task.institution, what, *(record.get(name) for name in names))
            earlier = first.setdefault(key, task) if table != "answers" else first.get(key, task)
            if earlier is not task:
                again[row] = earlier.file
        kept.append((task, result.without(again) if again else result))
    return kept


def ledger(done: list[tuple[Task, SheetResult]]) -> pd.DataFrame:
    """Return the table ``ledger``: a row for every source row that is not blank."""
    rows = [_ledger_row(task, account) for task, result in done for account in result.accounts]
    return conform("ledger", rows).sort_values(
        ["institution", "source_file", "source_sheet", "source_row"],
        ignore_index=True,
        kind="stable",
    )


def _ledger_row(task: Task, account: Account) -> dict[str, Any]:
    found = account.findings
    base = {
        **origin(task, account.row),
        "layout": task.found.code if task.found else None,
        "table": account.table or None,
        "outcome": account.outcome,
    }
    if not found:
        return base
    worst = "error" if any(f.severity == "error" for f in found) else "warning"
    parts = ("column", "value", "code", "hint")
    joined = {part: "；".join(str(getattr(f, part)).replace("；", ";") for f in found) for part in parts}
    return (
        base
        | joined
        | {
            "severity": worst,
            "reason": " ".join(explain(f.code, f.column, f.value, f.hint) for f in found),
        }
    )


def file_row(book: Book, raw: Path, ledger: pd.DataFrame, campaign: Campaign) -> dict[str, Any]:
    """Return a file's row of the table ``files``: what it is, what was used of it, and why not all."""
    relative = book.path.relative_to(raw)
    rows = ledger[ledger["source_file"] == relative.as_posix()]
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
        "findings": int(rows["severity"].notna().sum()),
        "code": code or None,
        "column": column or None,
        "hint": hint or None,
        "reason": explain(code, column, "", hint) if code else None,
    }
