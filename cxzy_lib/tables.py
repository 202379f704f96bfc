"""The ten processed tables, the ledger and the list of files: their columns, types, reading and writing.

Everything downstream of intake knows only these shapes. Shares are 0–1, dates are ``datetime64[us]``,
counts are nullable ``Int64``, ticks are nullable ``boolean``; a missing value is ``NA``, never 0.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

TEXT, DATE, COUNT, NUMBER, FLAG = "str", "datetime64[us]", "Int64", "Float64", "boolean"
_ORIGIN = {"institution": TEXT, "source_file": TEXT, "source_sheet": TEXT, "source_row": COUNT}


def _columns(
    text: str = "", date: str = "", count: str = "", number: str = "", flag: str = ""
) -> dict[str, str]:
    groups = ((text, TEXT), (date, DATE), (count, COUNT), (number, NUMBER), (flag, FLAG))
    return {name: kind for names, kind in groups for name in names.split()}


_VOTE_KEYS = (
    "occasion occasion_id unit semester stage appraisee_type appraisee item criterion rater_group scale level"
    " mode"  # paper or web; NA where the spreadsheet does not say
)

#: Name of each processed table -> its columns and their types, in order.
SCHEMAS: dict[str, dict[str, str]] = {
    "units": _columns("unit kind short category branch", "valid_from valid_to", "staff_count member_count"),
    "people": _columns(
        "person name unit branch note",
        "snapshot_on joined_on left_on",
        flag="is_member is_probationary in_service is_cadre is_leading_cadre is_teacher is_backbone",
    ),
    "votes": _columns(_VOTE_KEYS, "held_on", "year count"),
    "turnout": _columns(
        "occasion occasion_id unit semester stage rater_group",
        "held_on",
        "year eligible present issued returned valid void abstained",
    ),
    "answers": _columns(
        "respondent occasion occasion_id unit semester stage item criterion rater_group scale level mode",
        "held_on answered_on",
        "year seconds minute",  # how long the answers took; minute of the day (0-1439) they were handed in
        "score",
    ),
    "events": _columns(
        "kind unit person topic lead form channel venue precision",
        "held_on ended_on",
        "expected present excused absent",
        flag="equipment",
    ),
    "attendance": _columns("person unit status precision", "held_on"),
    "tasks": _columns(
        "kind person unit subject category source measures channel status verdict",
        "opened_on due_on done_on published_on",
    ),
    "hours": _columns("person unit mode batch precision", "started_on ended_on", number="hours"),
    "figures": _columns("indicator subject unit group unit_of_measure", "", "year", "value", "is_teacher"),
}
for _schema in SCHEMAS.values():
    _schema.update(_ORIGIN)

LEDGER = _columns(
    "institution source_file source_sheet layout table outcome severity column value code hint reason",
    count="source_row",
)
FILES = _columns(
    "institution source_file sha256 format status layouts column code hint reason",
    count="sheets rows kept findings",
)
ALL_SCHEMAS = {**SCHEMAS, "ledger": LEDGER, "files": FILES}


def conform(name: str, rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return `rows` as the processed table `name`: its columns, in order, with their types.

    Parameters
    ----------
    name : str
        A key of ``ALL_SCHEMAS``.
    rows : DataFrame or iterable of mappings
        Missing columns become NA; columns the table does not have are dropped.

    Returns
    -------
    DataFrame
        A new frame with a fresh index.

    Examples
    --------
    >>> conform("hours", [{"person": "p1", "hours": 8}])[["person", "mode", "hours"]]
      person mode  hours
    0     p1  NaN    8.0
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame.from_records(list(rows))
    return _typed(name, frame) if len(frame) else _empty(name).copy()


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    schema = ALL_SCHEMAS[name]
    return frame.reindex(columns=list(schema)).reset_index(drop=True).astype(schema)


@cache  # small folders leave most tables empty, and giving each column its type takes longer than a copy
def _empty(name: str) -> pd.DataFrame:
    return _typed(name, pd.DataFrame())


def to_look_at(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger rows of recognised tables in which something was not used or contradicts itself.

    Notes are left out: what they speak of was used, and not quite as it stands.
    """
    return ledger[ledger["severity"].isin(["error", "warning"]) & ledger["layout"].notna()]


@dataclass(frozen=True)
class Tables:
    """The processed tables of one folder, as frames named like the tables."""

    units: pd.DataFrame
    people: pd.DataFrame
    votes: pd.DataFrame
    turnout: pd.DataFrame
    answers: pd.DataFrame
    events: pd.DataFrame
    attendance: pd.DataFrame
    tasks: pd.DataFrame
    hours: pd.DataFrame
    figures: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame


def load(processed: str | os.PathLike[str], institution: str | None = None) -> Tables:
    """Read the processed tables from the folder `processed`.

    Parameters
    ----------
    processed : path
    institution : str, optional
        Only the rows of this one: the others are not read from the disk.

    Raises
    ------
    FileNotFoundError
        If `processed` holds no processed tables; says to run ``cxzy clean``.
    """
    folder = _there(processed)
    return Tables(**{name: read(folder, name, institution) for name in ALL_SCHEMAS})


def read(processed: str | os.PathLike[str], name: str, institution: str | None = None) -> pd.DataFrame:
    """Read the processed table `name`; see `load`."""
    rows = [("institution", "==", institution)] if institution is not None else None
    return pd.read_parquet(_there(processed) / f"{name}.parquet", filters=rows)


def _there(processed: str | os.PathLike[str]) -> Path:
    folder = Path(processed)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: 文件夹不存在 / no such folder")
    missing = [name for name in ALL_SCHEMAS if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}: {len(missing)} 个处理后的表不存在({', '.join(missing)}),请先运行 cxzy clean。"
            f" / {len(missing)} processed tables are missing; run `cxzy clean` first."
        )
    return folder


def save(tables: Mapping[str, pd.DataFrame], processed: str | os.PathLike[str]) -> None:
    """Write `tables` (name -> frame) as parquet into `processed`, readable by the owner only.

    The rows of each institution lie together, so that one can be read without the others.

    All are written beside their places first, then moved one after the other. So each file is whole at any
    time, and nothing has changed when writing fails (a full disk). A run cut off while the files are moved
    can leave some new and some old: ``cxzy clean`` marks the folder as cleaned only after the last.

    Raises
    ------
    OSError
        If the folder cannot be made or written to.
    """
    folder = Path(processed)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".tables-", dir=folder) as beside:
        for name, frame in tables.items():
            part = Path(beside) / name
            _write(frame, part)
            part.chmod(0o600)
        for name in tables:
            os.replace(Path(beside) / name, folder / f"{name}.parquet")


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table with a row group for each institution."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.Table.from_pandas(frame.head(0), preserve_index=False).schema
    with parquet.ParquetWriter(path, schema) as writer:
        for _, rows in frame.groupby("institution", sort=False, dropna=False):
            table = pa.Table.from_pandas(rows, preserve_index=False)
            writer.write_table(table.cast(schema), row_group_size=len(table))
