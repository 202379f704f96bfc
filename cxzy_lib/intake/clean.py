"""A folder of raw files -> the processed tables, the ledger and the list of files."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.directory import Directory, learn_people, learn_units, pseudonym, pseudonym_key
from cxzy_lib.intake.files import raw_files
from cxzy_lib.intake.guard import read_all
from cxzy_lib.intake.layout import Found, Vocabulary, find_table, vocabulary
from cxzy_lib.intake.sheets import Account, SheetResult, duplicate, read_sheet, unrecognised
from cxzy_lib.intake.values import key_of, person_name
from cxzy_lib.intake.workbook import Book, Sheet
from cxzy_lib.tables import SCHEMAS, conform
from cxzy_lib.texts import text

#: What makes a count of ballots the same count.
VOTE = ("occasion_id", "unit", "rater_group", "appraisee", "item", "level")


@dataclass(frozen=True)
class Task:
    """A sheet to be read, with where it stands and the table found in it."""

    institution: str
    file: str
    book: Book
    sheet: Sheet
    found: Found | None
    twin: str = ""  # an earlier file with the same content


def _institution(relative: Path, campaign: Campaign) -> str:
    """Return the name of the top folder, or the configured name for files that lie in no folder."""
    return relative.parts[0] if len(relative.parts) > 1 else campaign.institution.zh


def _tasks(books: Iterable[Book], raw: Path, words: Vocabulary) -> list[Task]:
    tasks: list[Task] = []
    first: dict[tuple[str, str], str] = {}
    for book in books:
        relative = book.path.relative_to(raw)
        institution, file = _institution(relative, words.campaign), relative.as_posix()
        earlier = first.setdefault((institution, book.sha256), file)
        twin = "" if earlier == file else earlier
        for sheet in book.sheets:
            if any(key_of(v) for row in sheet.rows for v in row):
                found = find_table(sheet, book.path.stem, words)
                tasks.append(Task(institution, file, book, sheet, found, twin))
    return tasks


def _origin(task: Task, row: int) -> dict[str, Any]:
    return {
        "institution": task.institution,
        "source_file": task.file,
        "source_sheet": task.sheet.name,
        "source_row": row + 1,
    }


def _frames(done: list[tuple[Task, SheetResult]]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for task, result in done:
        for table, row, record in result.records:
            rows[table].append(record | _origin(task, row))
    return rows


def _with_branches(units: pd.DataFrame) -> pd.DataFrame:
    """Return the register of departments with a row for each branch: the sums of its departments."""
    if units.empty:
        return units
    units = units.assign(unit=units["unit"].map(_label), branch=units["branch"].map(_label))
    named = units.groupby(["institution", "branch"], sort=False)
    sums = {name: (name, lambda counts: counts.sum(min_count=1)) for name in ("staff_count", "member_count")}
    origin = {name: (name, "first") for name in ("source_file", "source_sheet", "source_row")}
    branches = named.agg(**sums, **origin).reset_index()
    branches = branches.assign(kind="branch", unit=branches["branch"])
    return pd.concat([units, branches], ignore_index=True)


def _label(name: Any) -> Any:
    """Return a Chinese name without inner spaces; others as they are."""
    return key_of(name) if isinstance(name, str) and any("\u4e00" <= c <= "\u9fff" for c in name) else name


def _people(rows: list[dict[str, Any]], campaign: Campaign, key: bytes) -> pd.DataFrame:
    """Return the member register with pseudonyms; a mark like 预备 becomes a flag, others stay."""
    flags = {key_of(word): flag for flag, words in campaign.words.flags.items() for word in words}
    fresh = []
    for row in rows:
        name, mark = person_name(row["name"])
        noted = {flags[word] for word in flags if word in key_of(row.get("note")) or word == mark}
        registered = name if not mark or mark in flags or mark == "*" else f"{name}({mark})"
        person = pseudonym(key, row["institution"], registered, str(row.get("branch")))
        marks = {flag: flag in noted for flag in campaign.words.flags}
        fresh.append(row | marks | {"name": registered, "person": person})
    return conform("people", fresh)


def _read_register(
    tasks: list[Task], table: str, words: Vocabulary, directory: Directory
) -> list[tuple[Task, SheetResult]]:
    mine = [task for task in tasks if task.found and task.found.layout.table == table and not task.twin]
    return [(task, read_sheet(task.sheet, task.found, words, directory)) for task in mine if task.found]


def _read_institution(tasks: list[Task], words: Vocabulary, key: bytes) -> list[tuple[Task, SheetResult]]:
    """Read the registers first: everything else is checked against the names they give."""
    done = _read_register(tasks, "units", words, Directory())
    units = _with_branches(conform("units", _frames(done)["units"]))
    directory = learn_units(units, words.campaign)
    members = _read_register(tasks, "people", words, directory)
    directory = learn_people(directory, _people(_frames(members)["people"], words.campaign, key))
    done += members
    for task in tasks:
        if task.twin:
            done.append((task, duplicate(task.sheet, task.twin)))
        elif task.found is None:
            done.append((task, unrecognised(task.sheet, words)))
        elif task.found.layout.table not in ("units", "people"):
            done.append((task, read_sheet(task.sheet, task.found, words, directory)))
    return done


def _once(done: list[tuple[Task, SheetResult]]) -> list[tuple[Task, SheetResult]]:
    """Drop votes that an earlier sheet gives already: two versions of one file are not added, but named."""
    first: dict[tuple[Any, ...], Task] = {}
    kept = []
    for task, result in done:
        again: dict[int, str] = {}
        for table, row, record in result.records:
            if table == "votes":
                key = tuple(record.get(name) for name in VOTE)
                earlier = first.setdefault((task.institution, *key), task)
                if earlier is not task:
                    again[row] = earlier.file
        kept.append((task, result.without(again) if again else result))
    return kept


def _counted(answers: pd.DataFrame) -> pd.DataFrame:
    """Return ballots and questionnaires as votes: how many chose each level of each item."""
    levels = answers[answers["scale"].notna() & answers["level"].notna()]
    keys = [
        "institution",
        "occasion",
        "occasion_id",
        "unit",
        "year",
        "semester",
        "stage",
        "item",
        "criterion",
    ]
    keys += ["held_on", "rater_group", "scale", "level", "source_file", "source_sheet"]
    grouped = levels.groupby(keys, dropna=False, sort=False)
    return grouped.agg(count=("respondent", "size"), source_row=("source_row", "min")).reset_index()


def _ledger(done: list[tuple[Task, SheetResult]]) -> pd.DataFrame:
    rows = [_ledger_row(task, account) for task, result in done for account in result.accounts]
    return conform("ledger", rows).sort_values(
        ["institution", "source_file", "source_sheet", "source_row"],
        ignore_index=True,
        kind="stable",
    )


def _ledger_row(task: Task, account: Account) -> dict[str, Any]:
    found = account.findings
    base = {
        **_origin(task, account.row),
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


def explain(code: str, column: str = "", value: str = "", hint: str = "", lang: str = "zh") -> str:
    """Return the sentence for a finding: what is wrong and what to do.

    Examples
    --------
    >>> explain("missing", column="Name", lang="en")
    '“Name” is blank, so the row was not used. Fill it in.'
    """
    return text(f"intake.{code}", lang, column=column, value=value, hint=hint or "—")


def _file_row(book: Book, raw: Path, ledger: pd.DataFrame, campaign: Campaign) -> dict[str, Any]:
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
        "institution": _institution(relative, campaign),
        "source_file": relative.as_posix(),
        "sha256": book.sha256,
        "format": book.format,
        "status": status,
        "layouts": "、".join(sorted(set(rows["layout"].dropna()))),
        "sheets": len(book.sheets),
        "rows": len(rows),
        "kept": int((rows["outcome"] == "kept").sum()),
        "findings": int(rows["severity"].notna().sum()),
        "code": code or None,
        "column": column or None,
        "hint": hint or None,
        "reason": explain(code, column, "", hint) if code else None,
    }


def clean(
    raw: str | os.PathLike[str],
    campaign: Campaign,
    processed: str | os.PathLike[str],
    *,
    jobs: int = 2,
    on_read: Callable[[Path], object] = lambda path: None,
) -> dict[str, pd.DataFrame]:
    """Read every file below `raw` and return the processed tables, the ledger and the list of files.

    Parameters
    ----------
    raw : path
        Folder of spreadsheets; a folder below it is an institution and gives its name.
    campaign : Campaign
        What to look for.
    processed : path
        Only the key of the pseudonyms is read from (and at first written to) this folder.
    jobs : int
        Files read side by side.
    on_read : callable
        Called with each path when it has been read.

    Returns
    -------
    dict
        Name -> frame for the ten processed tables, ``ledger`` and ``files``. Nothing is written.
    """
    raw = Path(raw)
    words = vocabulary(campaign)
    books = list(read_all(raw_files(raw), jobs, on_read))
    tasks = _tasks(books, raw, words)
    key = pseudonym_key(Path(processed))
    done: list[tuple[Task, SheetResult]] = []
    for institution in sorted({task.institution for task in tasks}):
        done += _read_institution([task for task in tasks if task.institution == institution], words, key)
    done = _once(done)
    rows = _frames(done)
    tables = {name: conform(name, rows[name]) for name in SCHEMAS}
    tables["units"] = conform("units", _with_branches(tables["units"]))
    tables["people"] = _people(rows["people"], campaign, key)
    tables["votes"] = conform("votes", pd.concat([tables["votes"], _counted(tables["answers"])]))
    tables["ledger"] = _ledger(done)
    listed = [_file_row(book, raw, tables["ledger"], campaign) for book in books]
    tables["files"] = conform("files", listed)
    return tables
