"""A run over thousands of files that mean harm: it ends by itself, in bounded memory, with a reason for each.

    python benchmarks/hostile.py [FILES]

The files are made from a seed: workbooks cut, with bytes turned over, bombs, entities, wrong names, lying sizes,
empty, encrypted, huge lines. `cxzy clean` reads them; what is printed is each status, the seconds, and the peak
memory of the parent and of its largest child.
"""

import io
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import msoffcrypto.format.ooxml
import openpyxl
import pandas as pd
import xlwt

Maker = Callable[[random.Random], bytes]


def xlsx(rng: random.Random) -> bytes:
    """Return a workbook of some rows."""
    book = openpyxl.Workbook()
    for row in range(rng.randint(1, 40)):
        book.active.append([row, f"第{row}行", rng.random(), None, "2010.10"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rng: random.Random) -> bytes:
    """Return a workbook of the old format."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for row in range(rng.randint(1, 40)):
        sheet.write(row, 0, f"第{row}行")
        sheet.write(row, 1, row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(rng: random.Random) -> bytes:
    """Return a csv in some encoding."""
    rows = "\n".join(f"{n},第{n}行,{rng.random()}" for n in range(rng.randint(1, 60)))
    return rows.encode(rng.choice(["utf-8", "gb18030", "utf-16", "utf-16-le"]))


def cut(rng: random.Random) -> bytes:
    """Return a file that ends too early."""
    data = rng.choice([xlsx, xls, text])(rng)
    return data[: rng.randrange(len(data))]


def flipped(rng: random.Random) -> bytes:
    """Return a file with bits turned over."""
    data = bytearray(rng.choice([xlsx, xls, text])(rng))
    for _ in range(rng.randint(1, 50)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def with_part(part: str, content: bytes, data: bytes) -> bytes:
    """Return a workbook with one part replaced."""
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            made.writestr(name, content if name == part else source.read(name))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def entities(rng: random.Random) -> bytes:
    """Return a workbook that laughs a billion times."""
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    doctype = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + laughs + b"]>"
    return with_part(SHEET, HEAD % doctype + b"<sheetData>&a9;</sheetData></worksheet>", xlsx(rng))


def bomb(rng: random.Random) -> bytes:
    """Return a small workbook that inflates to hundreds of megabytes, and sometimes beyond all limits."""
    row = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
        + b" " * (rng.choice([1, 8, 64]) * 2**20)
        + b"</t></is></c></row>"
    )
    return with_part(
        SHEET, HEAD % b"" + b"<sheetData>" + row * rng.choice([1, 4]) + b"</sheetData></worksheet>", xlsx(rng)
    )


def far(rng: random.Random) -> bytes:
    """Return a workbook with a cell at the far corner, or one that says so."""
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' if rng.random() < 0.5 else b""
    said = b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    return with_part(SHEET, HEAD % b"" + said + cell + b"</sheetData></worksheet>", xlsx(rng))


def deep(rng: random.Random) -> bytes:
    """Return markup nested thousands of levels deep."""
    return b"<html><table>" + b"<tr><td>" * rng.choice([100, 5_000]) + b"x"


def line(rng: random.Random) -> bytes:
    """Return one endless line, or a quote that is never closed."""
    return rng.choice(
        [b"x" * 2_000_000, b"a," * 200_000, b'"' + b"a,b\n" * 2_000, b"\0" * 100_000, b"\xff" * 50_000]
    )


def encrypted(rng: random.Random) -> bytes:
    """Return a workbook with a password."""
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(xlsx(rng))).encrypt("secret", out)
    return out.getvalue()


def noise(rng: random.Random) -> bytes:
    """Return bytes, sometimes behind the first ones of a workbook."""
    return rng.choice([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<?xml "]) + rng.randbytes(
        rng.randint(0, 9000)
    )


MAKERS: tuple[tuple[Maker, int], ...] = (
    (cut, 24), (flipped, 40), (noise, 14), (line, 6), (deep, 3), (entities, 3), (far, 3), (bomb, 1), (encrypted, 2),
    (lambda rng: b"", 2), (xlsx, 1), (xls, 1),
)  # fmt: skip


def make(folder: Path, files: int) -> None:
    """Write the files, under names that often lie."""
    rng = random.Random(2010)
    makers, weights = zip(*MAKERS, strict=True)
    for n in range(files):
        suffix = rng.choice([".xls", ".xlsx", ".csv", ".ods", ".et"])
        (folder / f"{n:05}{suffix}").write_bytes(rng.choices(makers, weights)[0](rng))


RUN = """
import json, resource, sys
from pathlib import Path
from cxzy_lib.campaign import load_campaign
from cxzy_lib.intake.clean import clean
files = clean(sys.argv[1], load_campaign("campaign"), sys.argv[2], jobs=2)["files"]
files.to_parquet(sys.argv[2] + "/files.parquet")
# The system counts what the maker of the files held before this program took its place as this program's, too.
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"SELF": int(own.split()[1]), "CHILDREN": children}))
"""


def main() -> None:
    """Make the files, read them, print what became of them."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        raw.mkdir()
        out.mkdir()
        make(raw, number)
        before = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", RUN, str(raw), str(out)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        seconds, usage = time.perf_counter() - before, json.loads(done.stdout.splitlines()[-1])
        files = pd.read_parquet(out / "files.parquet")
    print(f"{number} files, {len(files)} of them in the list, in {seconds:.0f} s")
    print(files.groupby(["status", "code"], dropna=False).size().to_string())
    print(f"parent {usage['SELF'] / 2**10:.0f} MiB, largest child {usage['CHILDREN'] / 2**10:.0f} MiB")


if __name__ == "__main__":
    main()
