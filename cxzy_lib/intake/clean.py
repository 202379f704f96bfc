"""A folder of raw files -> the processed tables, the ledger and the list of files."""

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign, CampaignError
from cxzy_lib.intake.dates import day_of
from cxzy_lib.intake.directory import Directory, learn_people, learn_units, pseudonym, pseudonym_key
from cxzy_lib.intake.files import raw_files
from cxzy_lib.intake.forms import is_note
from cxzy_lib.intake.grid import Book, Sheet
from cxzy_lib.intake.guard import read_all
from cxzy_lib.intake.layout import find_table
from cxzy_lib.intake.ledger import Done, Task, copies, file_row, institution_of, ledger, once, with_origin
from cxzy_lib.intake.rows import filled
from cxzy_lib.intake.sheets import SheetResult, duplicate, failed, note, read_sheet, unrecognised
from cxzy_lib.intake.values import BadValue, key_of, person_name, plain_of
from cxzy_lib.intake.vocabulary import Vocabulary, by_key, vocabulary
from cxzy_lib.tables import SCHEMAS, conform


def _tasks(books: Iterable[Book], raw: Path, words: Vocabulary) -> tuple[list[Book], list[Task]]:
    """Return the books without their cells, and a task for each sheet that says something.

    Cells are kept only where a table was found: thousands of files that hold none must not fill the memory.
    """
    light: list[Book] = []
    tasks: list[Task] = []
    first: dict[tuple[str, str], str] = {}
    for book in books:
        relative = book.path.relative_to(raw)
        institution, file = institution_of(relative, words.campaign), relative.as_posix()
        earlier = first.setdefault((institution, book.sha256), file)
        twin = "" if earlier == file else earlier
        empties = [replace(sheet, columns=[], height=0) for sheet in book.sheets]
        light.append(replace(book, sheets=empties))
        for sheet, empty in zip(book.sheets, empties, strict=True):
            if not filled(sheet).any():
                continue
            found = None if twin or is_note(sheet) else find_table(sheet, book.path.stem, words)
            if found:
                tasks.append(Task(institution, file, sheet, found))
            else:
                tasks.append(Task(institution, file, empty, None, _settled(sheet, twin, words)))
    return light, tasks


def _settled(sheet: Sheet, twin: str, words: Vocabulary) -> SheetResult:
    if twin:
        return duplicate(sheet, twin)
    return note(sheet) if is_note(sheet) else unrecognised(sheet, words)


def _table(done: Done, name: str) -> pd.DataFrame:
    """Return the processed table `name` of everything that was read."""
    parts = []
    for task, result in done:
        frames = [frame for table, frame in result.frames if table == name and len(frame)]
        if len(frames) > 1:  # a frame for each level, item or day: back into the order of the rows
            frames = [pd.concat(frames, ignore_index=True).sort_values("row", kind="stable")]
        parts += [conform(name, with_origin(frame, task)) for frame in frames]
    return pd.concat(parts, ignore_index=True) if parts else conform(name, [])


def _with_branches(units: pd.DataFrame) -> pd.DataFrame:
    """Return the register of departments with a row for each branch: the sums of its departments."""
    if units.empty:
        return units
    units = units.assign(unit=units["unit"].map(_label), branch=units["branch"].map(_label))
    named = units.groupby(["institution", "branch"], sort=False)
    sums = {name: (name, lambda counts: counts.sum(min_count=1)) for name in ("staff_count", "member_count")}
    first = {name: (name, "first") for name in ("source_file", "source_sheet", "source_row")}
    branches = named.agg(**sums, **first).reset_index()
    branches = branches.assign(kind="branch", unit=branches["branch"])
    return pd.concat([units, branches], ignore_index=True)


def _label(name: Any) -> Any:
    """Return a Chinese name without inner spaces; others as they are."""
    return plain_of(name) if isinstance(name, str) and any("\u4e00" <= c <= "\u9fff" for c in name) else name


def _people(rows: pd.DataFrame, campaign: Campaign, key: bytes) -> pd.DataFrame:
    """Return the member register with pseudonyms; a mark like 预备 becomes a flag, others stay."""
    flags = by_key(campaign.words.flags)
    fresh: list[dict[str, Any]] = []
    for record in rows.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        name, mark = person_name(row["name"])
        flagged = {flags[word] for word in (mark, key_of(row.get("note"))) if word in flags}
        registered = name if not mark or mark in flags or mark == "*" else f"{name}({mark})"
        # No mark says no only in a register that sets them: one of members.
        unmarked = False if pd.notna(row.get("is_member")) else None
        marks = {flag: flag in flagged or unmarked for flag in campaign.words.flags}
        noted = {c: day for c, day in _dated(row.get("note"), campaign).items() if pd.isna(row.get(c))}
        fresh.append(row | noted | marks | {"name": registered})
    people = conform("people", fresh)
    sheet = ["institution", "source_file", "source_sheet", "name"]
    twice = people[people.duplicated(sheet, keep=False)]
    namesakes = set(zip(twice["institution"], twice["name"], strict=True))
    # The branch is part of a pseudonym only where it must be: somebody who moves stays the same person.
    homes = people["branch"].fillna(people["unit"]).fillna("")
    parts = (
        (place, name, home if (place, name) in namesakes else "")
        for place, name, home in zip(people["institution"], people["name"], homes, strict=True)
    )
    return people.assign(
        person=pd.Series([pseudonym(key, *p) for p in parts], index=people.index, dtype="str")
    )


def _dated(note: Any, campaign: Campaign) -> dict[str, Any]:
    """Return the dates that a note gives: 2010年9月转出 says when somebody left."""
    for column, words in campaign.words.dated.items():
        for word in words:
            if match := re.search(rf"([\d年月日./-]+){word}", key_of(note)):
                with suppress(BadValue):
                    span = day_of(match[1])
                    return {column: span.start if span else None}
    return {}


def _read_register(tasks: list[Task], table: str, words: Vocabulary, directory: Directory) -> Done:
    mine = [task for task in tasks if task.found and task.found.layout.table == table]
    return [(task, _read(task, words, directory)) for task in mine]


def _read(task: Task, words: Vocabulary, directory: Directory) -> SheetResult:
    """Read one sheet; a sheet that no rule foresaw is reported and stops no other."""
    assert task.found is not None
    try:
        return read_sheet(task.sheet, task.found, words, directory)
    except CampaignError:
        raise
    except Exception as error:  # anything may stand in a sheet
        return failed(task.sheet, f"{type(error).__name__}: {error}")


def _read_institution(tasks: list[Task], words: Vocabulary, key: bytes) -> Done:
    """Read the registers first: everything else is checked against the names they give."""
    done = _read_register(tasks, "units", words, Directory())
    units = _with_branches(_table(done, "units"))
    directory = replace(learn_units(units, words.campaign), key=key, institution=tasks[0].institution)
    members = _read_register(tasks, "people", words, directory)
    directory = learn_people(directory, _people(_table(members, "people"), words.campaign, key))
    done += members
    for task in tasks:
        if task.settled is not None:
            done.append((task, task.settled))
        elif task.found and task.found.layout.table not in ("units", "people"):
            done.append((task, _read(task, words, directory)))
    return done


def _counted(answers: pd.DataFrame) -> pd.DataFrame:
    """Return ballots and questionnaires as votes: how many chose each level of each item."""
    levels = answers[answers["scale"].notna() & answers["level"].notna()]
    keys = "institution occasion occasion_id unit year semester stage item criterion held_on rater_group"
    keys += " scale level mode source_file source_sheet"
    grouped = levels.groupby(keys.split(), dropna=False, sort=False)
    return grouped.agg(count=("respondent", "size"), source_row=("source_row", "min")).reset_index()


def _appraised(votes: pd.DataFrame, campaign: Campaign) -> pd.DataFrame:
    """Return the votes with the kind of body that each is about: by its name, else by what the item asks."""
    bodies = {names[0]: kind for kind, names in campaign.appraisees.items()}
    about = {code: item.about for code, item in campaign.items.items() if item.about}
    named, asked = votes["appraisee"].map(bodies).astype("str"), votes["item"].map(about).astype("str")
    return votes.assign(appraisee_type=named.fillna(votes["appraisee_type"]).fillna(asked))


def clean(
    raw: str | os.PathLike[str],
    campaign: Campaign,
    processed: str | os.PathLike[str],
    *,
    jobs: int = os.cpu_count() or 1,
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
    return read_folder(Path(raw), campaign, Path(processed), jobs, on_read)[1]


def read_folder(
    raw: Path, campaign: Campaign, processed: Path, jobs: int, on_read: Callable[[Path], object]
) -> tuple[Done, dict[str, pd.DataFrame]]:
    """Read every file below `raw`: what each sheet gave, and all tables as `clean` returns them."""
    words = vocabulary(campaign)
    books, tasks = _tasks(read_all(raw_files(raw), jobs, on_read), raw, words)
    key = pseudonym_key(processed)
    done: Done = []
    for institution in sorted({task.institution for task in tasks}):
        done += _read_institution([task for task in tasks if task.institution == institution], words, key)
    done = copies(once(done))
    return done, _tables(books, done, raw, campaign, key)


def _tables(
    books: list[Book], done: Done, raw: Path, campaign: Campaign, key: bytes
) -> dict[str, pd.DataFrame]:
    tables = {name: _table(done, name) for name in SCHEMAS}
    tables["units"] = conform("units", _with_branches(tables["units"]))
    tables["people"] = _people(tables["people"], campaign, key)
    votes = pd.concat([tables["votes"], _counted(tables["answers"])])
    tables["votes"] = conform("votes", _appraised(votes, campaign))
    tables["ledger"] = ledger(done)
    of_file = dict(list(tables["ledger"].groupby("source_file", sort=False)))
    none = tables["ledger"].iloc[:0]
    listed = [
        file_row(book, raw, of_file.get(book.path.relative_to(raw).as_posix(), none), campaign)
        for book in books
    ]
    tables["files"] = conform("files", listed)
    return tables
