"""Files put into a folder at once: whoever reads it sees all of the old ones or all of the new ones."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

_PREFIX = ".edition-"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux


def place(files: Mapping[str, str | bytes], gone: Collection[str], folder: Path) -> None:
    """Put `files` into `folder`, in their order, and take away those named in `gone`; other files stay.

    A new folder takes the place of the old one in a single step. Where that cannot be done - the system or
    the disk does not exchange folders, the one above may not be written to, there are folders inside or the
    folder is a mount - each file is moved into its place whole, one after the other.

    Whoever fills a folder must be the only one: what a killed process left beside it is cleared away.
    """
    for left in [*folder.parent.glob(f"{_PREFIX}*"), *folder.glob(f"{_PREFIX}*")]:
        shutil.rmtree(left, ignore_errors=True)
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
    if _exchanged(files, gone, folder):
        return
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as beside:  # a move on one disk is whole
        _write(files, Path(beside))
        for name in files:
            os.replace(Path(beside, name), folder / name)
    for name in set(gone) - files.keys():
        (folder / name).unlink(missing_ok=True)


def _write(files: Mapping[str, str | bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / name).chmod(0o600)


def _exchanged(files: Mapping[str, str | bytes], gone: Collection[str], folder: Path) -> bool:
    """Exchange the folder for one with the new files, False where it cannot be done."""
    others = [path for path in folder.iterdir() if path.name not in files and path.name not in gone]
    odd = folder.is_symlink() or os.path.ismount(folder)
    if not sys.platform.startswith("linux") or odd or any(p.is_symlink() or not p.is_file() for p in others):
        return False
    try:
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder.parent) as beside:
            new = Path(beside, folder.name)
            new.mkdir()
            shutil.copystat(folder, new)
            _write(files, new)
            for path in others:
                os.link(path, new / path.name)
            libc = ctypes.CDLL(None, use_errno=True)
            told = libc.renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(folder), _EXCHANGE)
            return int(told) == 0  # what was there is now beside, and goes with it
    except (OSError, AttributeError):  # a C library without the call
        return False
