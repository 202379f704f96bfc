"""What intake found, as lines for people: a line a file, a line a finding."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxzy_lib.texts import listed, text


def explain(code: str, column: str = "", value: str = "", hint: str = "", lang: str = "zh") -> str:
    """Return the sentence for a finding: what is wrong and what to do.

    Examples
    --------
    >>> explain("missing", column="Name", lang="en")
    '“Name” is blank, so the row was not used. Fill it in.'
    """
    near = text("intake.nearest", lang, hint=hint) if hint else ""
    return text(f"intake.{code}", lang, column=column, value=value, hint=hint or "—", nearest=near)


def file_lines(files: pd.DataFrame, lang: str) -> list[str]:
    """Return a line for each row of the table ``files``: what it is, what was used, and why not all of it."""
    lines = []
    for row in files.to_dict("records"):
        reason = reasons(row, lang) if isinstance(row["code"], str) else ""
        shown = {name: row[name] for name in ("layouts", "kept", "rows")}
        line = text(f"intake.file_{row['status']}", lang, file=row["source_file"], reason=reason, **shown)
        lines.append(line.rstrip())
    return lines


def finding_lines(ledger: pd.DataFrame, lang: str) -> list[str]:
    """Return a line for each ledger row with a finding, in files in which a table was recognised."""
    found = ledger[ledger["severity"].notna() & ledger["layout"].notna()]
    return [
        text(
            "intake.finding",
            lang,
            file=row["source_file"],
            sheet=row["source_sheet"],
            row=row["source_row"],
            reason=reasons(row, lang),
        )
        for row in found.to_dict("records")
    ]


def reasons(row: Mapping[Any, Any], lang: str) -> str:
    """Return what a row of ``ledger`` or ``files`` says is wrong, in `lang`.

    Examples
    --------
    >>> reasons({"code": "missing", "column": "Name", "value": "", "hint": ""}, "en")
    '“Name” is blank, so the row was not used. Fill it in.'
    """
    columns = ("code", "column", "value", "hint")
    parts = [str(row[name]).split("；") if isinstance(row.get(name), str) else [] for name in columns]
    codes = parts[0]
    filled = [[*part, *[""] * (len(codes) - len(part))] for part in parts[1:]]
    told = zip(codes, *filled, strict=False)
    return " ".join(explain(code, column, value, hint, lang) for code, column, value, hint in told)


def column_lines(columns: pd.DataFrame, file: str, lang: str) -> list[str]:
    """Return for each sheet of `file` what its columns were taken for, and the remedy where it is unknown."""
    lines = []
    for sheet, found in columns[columns["source_file"] == file].groupby("source_sheet", sort=False):
        used = found[found["kind"].isin(["spec", "level", "share", "grade", "item", "date"])]
        pairs = zip(used["column"], used["taken_for"], strict=True)
        comma, mark = ("，", "、") if lang == "zh" else (", ", ", ")
        taken = comma.join(column if column == name else f"{column}→{name}" for column, name in pairs)
        passed = mark.join(found.loc[found["kind"].isin(["ignore", "drop"]), "column"]) or "—"
        lines.append(text("intake.columns", lang, sheet=str(sheet), columns=taken, passed=passed))
        for row in found[found["kind"] == "unknown"].to_dict("records"):
            if isinstance(row["toml"], str):
                shown = {name: row[name] for name in ("column", "nearest", "toml")}
                lines.append(text("intake.column_nearest", lang, line=int(row["line"]), **shown))
            else:
                lines.append(text("intake.column_unknown", lang, column=row["column"]))
    return lines


def evidence_lines(evidence: pd.DataFrame, lang: str) -> list[str]:
    """Return a line for each spreadsheet that the plan asks for and no file carries."""
    missing = evidence.loc[evidence["files"] == 0, ["institution", "evidence", lang, "clauses"]]
    return [
        text("intake.evidence", lang, institution=i, code=code, name=name, clauses=listed(clauses, lang))
        for i, code, name, clauses in missing.itertuples(index=False)
    ]
