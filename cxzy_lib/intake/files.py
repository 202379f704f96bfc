"""Which files of the raw folder count, and who may write where. Needs the standard library only."""

import hashlib
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

LOCK_PREFIXES = ("~$", ".~", ".")
STATE = ".clean.json"


class Busy(Exception):
    """Another process is at work in `folder`: `pid`, `since`."""

    def __init__(self, folder: Path, pid: str, since: str) -> None:
        super().__init__(folder, pid, since)
        self.folder, self.pid, self.since = folder, pid, since


def raw_files(raw: Path) -> list[Path]:
    """Return the files below `raw` in order, without lock files and hidden ones.

    Links to folders (they are not followed) and folders that cannot be listed are among them: they are
    refused with a reason instead of being passed over.
    """
    found: list[Path] = []

    def unlisted(error: OSError) -> None:
        if Path(error.filename) != raw:
            found.append(Path(error.filename))

    for top, folders, names in os.walk(raw, onerror=unlisted):
        found += (Path(top) / name for name in names)
        found += (path for name in folders if (path := Path(top) / name).is_symlink())
    return sorted(
        path
        for path in found
        if not any(part.startswith(LOCK_PREFIXES) for part in path.relative_to(raw).parts)
    )


def problem(path: Path) -> str:
    """Return the code of why `path` is not to be opened at all, "" where it can be tried."""
    try:
        str(path).encode()
        mode = path.stat().st_mode
    except UnicodeEncodeError:
        return "not_utf8"
    except OSError:
        return "not_a_file" if path.is_symlink() else "unreadable"
    if stat.S_ISDIR(mode) and not path.is_symlink():
        return "unreadable"  # a folder comes here only when it could not be listed
    return "" if stat.S_ISREG(mode) else "not_a_file"


def digest(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal, "" for what is no file or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever, a device would never end
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def inputs_digest(paths: Iterable[Path]) -> str:
    """Return one number over all that the processed tables depend on: `paths`, this library and pandas."""
    package = Path(__file__).parents[1]
    patterns = (
        "intake/*.py",
        "texts/*.py",
        "texts/**/*.toml",
        "tables.py",
        "*specs.py",
        "plan_checks.py",
        "campaign.py",
    )
    sources = [path for pattern in patterns for path in package.glob(pattern)]
    total = hashlib.sha256(metadata.version("pandas").encode())
    for path in [*sorted(sources), *paths]:
        total.update(os.fsencode(path) + b"\0" + digest(path).encode())
    return total.hexdigest()


def stamp(raw: Path) -> str:
    """Return one number over the names, sizes and times of the raw files; no file is opened.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    with os.scandir(raw):
        pass  # `raw_files` would pass over it
    total = hashlib.sha256()
    for path in raw_files(raw):
        about = path.lstat() if problem(path) else path.stat()
        told = (os.fsencode(path.relative_to(raw)), about.st_size, about.st_mtime_ns)
        total.update(repr(told).encode())
    return total.hexdigest()


def seen(raw: Path, processed: Path) -> dict[str, str]:
    """Return what `changed_since` compares: where the raw files are from `processed`, and their stamp.

    {} where nobody could say later whether they have changed.
    """
    with suppress(OSError, ValueError):  # another drive has no way from here
        # Of links followed: `..` of a linked folder is not where the link stands.
        return {"raw": os.path.relpath(raw.resolve(), processed.resolve()), "stamp": stamp(raw)}
    return {}


def changed_since(processed: Path) -> bool:
    """Return whether raw files have come, gone or changed since `processed` was cleaned from them.

    False where that is not known: they cannot be read, are gone, or the tables come from elsewhere.
    """
    state = read_state(processed)
    with suppress(OSError, KeyError, TypeError):
        return stamp(processed.resolve() / state["raw"]) != str(state["stamp"])
    return False


def read_state(processed: Path) -> dict[str, Any]:
    """Return what the last cleaning left in `processed` (digest, status, tables, raw, stamp).

    {} where it came to no end, its record is unreadable or one of its tables has gone: clean again.
    """
    try:
        state: dict[str, Any] = json.loads((processed / STATE).read_text("utf-8"))
        there = all((processed / f"{name}.parquet").is_file() for name in state["tables"])
        return state if there and {"digest", "status"} <= set(state) else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def write_state(processed: Path, state: dict[str, Any]) -> None:
    """Write what `read_state` returns, whole or not at all; the last thing that a cleaning does."""
    part = processed / f"{STATE}.part"
    part.write_text(json.dumps(state), "utf-8")
    part.chmod(0o600)
    os.replace(part, processed / STATE)


@contextmanager
def locked(folder: Path, leftovers: str = "") -> Iterator[None]:
    """Let one process at a time write into `folder`, which is made if need be.

    The system holds the lock and lets go of it when the process ends, however it ends; the file only says
    who has it. Where there are none (Windows), nothing is held.

    Parameters
    ----------
    folder : path
    leftovers : str
        Pattern of the folders that a run cut off leaves in `folder`; they are removed. "": it leaves none.

    Raises
    ------
    Busy
        If another process is at work there.
    """
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
    lock = folder / ".lock"
    file = _taken(lock)
    try:
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()} {datetime.now():%Y-%m-%d %H:%M}".encode(), 0)
        for left in folder.glob(leftovers) if leftovers else ():
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        with suppress(OSError):
            lock.unlink()
        os.close(file)


def _taken(lock: Path) -> int:
    """Return the lock file, open and ours."""
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid, _, since = os.pread(file, 100, 0).decode().partition(" ")
            os.close(file)
            raise Busy(lock.parent, pid or "?", since or "?") from error
        except (ImportError, OSError):
            return file
        with suppress(OSError):  # it may have been let go of, and removed, between our opening and taking it
            if os.path.samestat(os.fstat(file), lock.stat()):
                return file
        os.close(file)


def end_with_parent(parent: int, every: float = 0.5) -> None:
    """Start a thread that ends this process when `parent`, which started it, is gone, however it went."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
