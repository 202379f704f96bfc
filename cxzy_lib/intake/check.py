"""What a folder of raw files would give, before anything is written: for people, and as tidy tables."""

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.clean import read_folder
from cxzy_lib.intake.layout import is_skipped
from cxzy_lib.intake.ledger import Done, Task
from cxzy_lib.intake.values import header_keys, spaced
from cxzy_lib.intake.vocabulary import Vocabulary, nearest, vocabulary


@dataclass(frozen=True)
class Check:
    """What was found: each part is a tidy table.

    ``files``: a row a file. ``columns``: a row for each column of each table, with what it was taken for, the
    nearest name where it was not, and the line of TOML to paste. ``findings``: a row for each ledger row with
    a finding, the worst first. ``evidence``: a row for each spreadsheet that the plan asks for. ``tables``:
    what `clean` returns.
    """

    files: pd.DataFrame
    columns: pd.DataFrame
    findings: pd.DataFrame
    evidence: pd.DataFrame
    tables: dict[str, pd.DataFrame]


def check(
    raw: str | os.PathLike[str],
    campaign: Campaign,
    *,
    jobs: int = os.cpu_count() or 1,
    on_read: Callable[[Path], object] = lambda path: None,
) -> Check:
    """Read every file below `raw` and say what it is; nothing is written.

    Parameters
    ----------
    raw : path
        Folder of spreadsheets; a folder below it is an institution.
    campaign : Campaign
        What to look for.
    jobs : int
        Files read side by side.
    on_read : callable
        Called with each path when it has been read.

    Returns
    -------
    Check

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> found = check("data/raw", load_campaign("campaign"))
    >>> found.files["status"].unique().tolist()
    ['read']
    """
    with tempfile.TemporaryDirectory() as scratch:
        done, tables = read_folder(Path(raw), campaign, Path(scratch), jobs, on_read)
    ledger = tables["ledger"]
    rank = ledger["severity"].map({"error": 0, "warning": 1, "note": 2})
    findings = ledger[rank.notna()].assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank")
    return Check(
        tables["files"],
        columns_of(done, campaign),
        findings.reset_index(drop=True),
        evidence_of(tables["files"], done, campaign),
        tables,
    )


def columns_of(done: Done, campaign: Campaign) -> pd.DataFrame:
    """Return what each column of each table was taken for.

    Columns: institution, source_file, source_sheet, layout, column, taken_for (the processed column, a level,
    an item …), kind, nearest (a known name), line (of layouts.toml), toml (what should stand there instead).
    """
    words = vocabulary(campaign)
    rows = [
        {
            "institution": task.institution,
            "source_file": task.file,
            "source_sheet": task.sheet.name,
            "layout": task.found.code,
            "column": spaced(use.label),
            "kind": "ignore" if is_skipped(task.found.layout, use) else use.kind,
            "taken_for": "·".join(part for part in (use.group, use.target) if part) or None,
            **(_remedy(task, use.label, words) if use.kind == "unknown" else {}),
        }
        for task, _ in done
        if task.found is not None
        for use in task.found.uses.values()
    ]
    shape = "institution source_file source_sheet layout column kind taken_for nearest line toml"
    return pd.DataFrame(rows, columns=shape.split())


def _remedy(task: Task, label: str, words: Vocabulary) -> dict[str, object]:
    """Return the known name nearest to an unknown column, and the line of layouts.toml that would know it."""
    assert task.found is not None
    layout = task.found.layout
    known = {alias: name for name, spec in layout.columns.items() for alias in spec.aliases}
    alias = header_keys(label)[-1]
    near = nearest(alias, known)
    if not near:
        return {}
    line, text = alias_line(words.campaign, task.found.code, known[near], alias)
    return {"nearest": near, "line": line, "toml": text}


def alias_line(campaign: Campaign, code: str, column: str, alias: str) -> tuple[int | None, str | None]:
    """Return the line of ``layouts.toml`` that declares a column, counted from 1, with one more alias.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> alias_line(load_campaign("campaign"), "T13", "reviewer", "审阅人")[1]
    'reviewer = { type = "skip", aliases = ["审核人", "审阅人"] }'
    """
    lines = (campaign.folder / "layouts.toml").read_text("utf-8").splitlines()
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith("["):
            inside = line.strip() == f"[layouts.{code}.columns]"
        elif inside and re.match(rf"{re.escape(column)}\s*=", line):
            return number, re.sub(r"(aliases = \[[^\]]*)\]", rf'\1, "{alias}"]', line)
    return None, None


def evidence_of(files: pd.DataFrame, done: Done, campaign: Campaign) -> pd.DataFrame:
    """Return for each institution and spreadsheet that the plan asks for how many files carry it.

    Columns: institution, evidence (a layout's code, or the beginning of several), zh, en, clauses (a list of
    those of the plan), files (0: no file carries it yet, which is not the same as nothing to show).
    """
    found: dict[tuple[str, str], set[str]] = {}
    for task, result in done:
        if task.found is not None and (result.outcomes == "kept").any():
            for code in campaign.evidence:
                if task.found.code.startswith(code):
                    found.setdefault((task.institution, code), set()).add(task.file)
    rows = [
        {
            "institution": institution,
            "evidence": code,
            "zh": layout.zh,
            "en": layout.en,
            "clauses": list(clauses),
            "files": len(found.get((institution, code), ())),
        }
        for institution in sorted(set(files["institution"].dropna()))
        for code, clauses in campaign.evidence.items()
        if (layout := next((la for c, la in campaign.layouts.items() if c.startswith(code)), None))
    ]
    return pd.DataFrame(rows, columns=["institution", "evidence", "zh", "en", "clauses", "files"])
