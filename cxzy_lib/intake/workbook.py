"""Any file -> grids of cells. Knows no campaign; formats are told by content, never by the file's name.

Reading happens in child processes with limits on time and memory (:func:`cxzy_lib.intake.guard.read_all`): a
workbook that makes a library loop, allocate or abort costs one child and one line in the list of files.
"""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from cxzy_lib.intake import plain, xls, xlsx
from cxzy_lib.intake.grid import Book, Refused, Sheet

MAX_BYTES = 200 * 2**20
MAX_INFLATED = 3 * 2**30
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def _second_reader(data: bytes, first: Exception) -> list[Sheet]:
    """Read with calamine what the careful readers cannot; number formats and merges are lost."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [
            Sheet.of(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
            for name in book.sheet_names
        ]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # calamine's panics are no Exception
        raise Refused("broken", type(first).__name__) from error


def _read(data: bytes, kind: str, careful: Callable[[bytes], list[Sheet]]) -> tuple[str, list[Sheet]]:
    """Read with the careful reader, or else with the other one: the format then says so."""
    try:
        return kind, careful(data)
    except Exception as error:
        if isinstance(error, MemoryError) or (isinstance(error, Refused) and error.code != "broken"):
            raise
        return f"{kind} (calamine)", _second_reader(data, error)


def read_file(path: Path) -> Book:
    """Read one file into grids in this process.

    Raises
    ------
    Refused
        With a code: ``empty``, ``too_large``, ``encrypted``, ``broken``, ``not_a_spreadsheet``.
    """
    size = os.path.getsize(path)
    if size == 0:
        raise Refused("empty")
    if size > MAX_BYTES:
        raise Refused("too_large", f"{size / 2**20:.0f} MiB")
    data = path.read_bytes()
    if data.startswith(_ZIP):
        return Book(path, *_read_zip(data))
    if data.startswith(_OLE) and _ENCRYPTED_STREAM in data:
        raise Refused("encrypted")
    # A BIFF stream of the days before OLE files begins with a tab.
    if data.startswith(_OLE) or (data[:1] == b"\t" and data[1:2] in b"\x00\x02\x04\x08"):
        return Book(path, *_read(data, "xls", xls.sheets))
    return Book(path, *plain.sheets(data, path.stem))


def _read_zip(data: bytes) -> tuple[str, list[Sheet]]:
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise Refused("broken", "zip") from error
    members = package.infolist()
    names = {member.filename for member in members}
    if any(member.flag_bits & 1 for member in members):
        raise Refused("encrypted")
    inflated = sum(member.file_size for member in members)
    if inflated > MAX_INFLATED:
        raise Refused("too_large", f"{inflated / 2**30:.1f} GiB")
    if "xl/workbook.xml" in names:
        return _read(data, "xlsx", lambda data: xlsx.sheets(data, package))
    if "xl/workbook.bin" in names:
        return "xlsb", _second_reader(data, ValueError())
    if "content.xml" in names:
        if b"encryption-data" in package.read("META-INF/manifest.xml")[:100_000]:
            raise Refused("encrypted")
        return "ods", _second_reader(data, ValueError())
    raise Refused("not_a_spreadsheet")
