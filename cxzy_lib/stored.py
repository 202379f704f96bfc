"""What the processed tables hold, without opening them: a run with nothing to do needs no more."""

import hashlib
import os
import re
from pathlib import Path


def institutions(processed: str | os.PathLike[str]) -> list[str]:
    """Return the institutions of the processed tables: those that sent a file."""
    return sorted(filter(None, layouts(processed)))


def layouts(processed: str | os.PathLike[str]) -> dict[str, set[str]]:
    """Return which layouts each institution's files had, by their codes; no institution is ""."""
    from pyarrow import parquet

    rows = parquet.read_table(Path(processed) / "files.parquet", columns=["institution", "layouts"])
    found: dict[str, set[str]] = {}
    for home, told in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        found.setdefault(home or "", set()).update(re.findall(r"(?:^|、)(\w+) ", told or ""))
    return found


def parts(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the institutions of a processed table, "" for rows without one, each with its rows' SHA-256.

    {} for a table in which the rows of an institution do not lie apart from the others'.
    """
    from pyarrow import parquet

    about = parquet.read_metadata(path)
    at = about.schema.names.index("institution")
    found: dict[str, str] = {}
    with open(path, "rb") as file:
        for group in map(about.row_group, range(about.num_row_groups)):
            told = group.column(at).statistics
            names = (told.min, told.max) if told and told.has_min_max else ("", "")
            if told is None or names[0] != names[1] or told.null_count not in (0, group.num_rows):
                return {}
            columns = [group.column(n) for n in range(group.num_columns)]
            file.seek(min(column.dictionary_page_offset or column.data_page_offset for column in columns))
            content = file.read(sum(column.total_compressed_size for column in columns))
            found[names[0]] = found.get(names[0], "") + hashlib.sha256(content).hexdigest()
    return found
