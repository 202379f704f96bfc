"""Which files of the raw folder count. Needs the standard library only."""

import hashlib
import os
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

LOCK_PREFIXES = ("~$", ".~", ".")


def raw_files(raw: Path) -> list[Path]:
    """Return the files below `raw` in order, without lock files and hidden ones."""
    files = (Path(top) / name for top, _, names in os.walk(raw) for name in names)
    return sorted(
        path
        for path in files
        if not any(part.startswith(LOCK_PREFIXES) for part in path.relative_to(raw).parts)
    )


def inputs_digest(paths: Iterable[Path]) -> str:
    """Return one number over all that the processed tables depend on: `paths`, this library and pandas."""
    package = Path(__file__).parents[1]
    rooms = ("intake", "texts", "tables.py", "specs.py", "campaign.py")
    sources = [
        path for room in rooms for path in (package / room).rglob("*") if path.suffix in (".py", ".toml")
    ]
    sources += [package / room for room in rooms if room.endswith(".py")]
    total = hashlib.sha256(metadata.version("pandas").encode())
    for path in [*sorted(sources), *paths]:
        with path.open("rb") as file:
            total.update(f"{path}\0{hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return total.hexdigest()
