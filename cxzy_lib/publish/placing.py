"""Files put into a folder at once: whoever reads it sees all of the old ones or all of the new ones."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".cxzy-edition-"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux


def place(files: Mapping[str, str | bytes], gone: Collection[str], folder: Path) -> None:
    """Put `files` into `folder`, in their order, and take away those named in `gone`; other files stay.

    A new folder takes the place of the old one in a single step. Where that cannot be done - the system or
    the disk does not exchange folders, the one above may not be written to, there is more than files inside,
    the folder is a mount, another's, or where this process works - each file is moved into its place whole,
    one after the other. What a killed process left beside is cleared away.
    """
    for left in [*folder.parent.glob(f"{_PREFIX}*"), *folder.glob(f"{_PREFIX}*")]:
        if not _at_work(left):
            shutil.rmtree(left, ignore_errors=True)
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
    if _exchanged(files, gone, folder):
        return
    with _beside(folder) as beside:  # a move on one disk is whole
        _write(files, beside)
        for name in files:
            os.replace(beside / name, folder / name)
    for name in set(gone) - files.keys():
        (folder / name).unlink(missing_ok=True)


def _at_work(left: Path) -> bool:
    """Return whether the process that a folder is named by is still there."""
    try:
        os.kill(int(left.name.removeprefix(_PREFIX).partition("-")[0]), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # another user's
        pass
    return True


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Give a private folder in `folder`, named by this process."""
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True) as made:
        yield Path(made)


def _write(files: Mapping[str, str | bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / name).chmod(0o600)


def _exchanged(files: Mapping[str, str | bytes], gone: Collection[str], folder: Path) -> bool:
    """Exchange the folder for one with the new files, False where it cannot be done."""
    there = list(folder.iterdir())
    odd = folder.is_symlink() or os.path.ismount(folder) or _works_in(folder)
    if not sys.platform.startswith("linux") or odd or any(p.is_symlink() or not p.is_file() for p in there):
        return False
    told = -1
    # A C library without the call, or a folder above that may not be written to.
    with suppress(OSError, AttributeError), _beside(folder.parent) as beside:
        new = beside / folder.name
        new.mkdir()
        shutil.copystat(folder, new)
        owner = folder.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
        _write(files, new)
        for path in there:
            if path.name not in files and path.name not in gone:
                os.link(path, new / path.name)
        libc = ctypes.CDLL(None, use_errno=True)
        told = libc.renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(folder), _EXCHANGE)
    return told == 0  # what was there went with the folder beside


def _works_in(folder: Path) -> bool:
    try:
        return Path.cwd().is_relative_to(folder.resolve())
    except FileNotFoundError:
        return True
