"""Files as they come: broken, encrypted, mislabelled, dangerous. Each gets its reason, none stops the others."""

import os
import random
import time
import zipfile
from pathlib import Path

import pytest
from conftest import MEMBERS, ROOT, UNITS, write_xlsx

from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.files import raw_files
from cxzy_lib.intake.grid import Book, Refused
from cxzy_lib.intake.guard import read_all
from cxzy_lib.intake.told import explain
from cxzy_lib.intake.workbook import read_file

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def hostile_reader(path: Path) -> Book:
    if path.stem == "abort":
        os.abort()
    if path.stem == "hang":
        time.sleep(60)
    if path.stem == "hungry":
        return Book(path, "x", [], hint=str(len(bytearray(6 * 2**30))))
    return Book(path, "fine", [])


def test_a_reader_that_aborts_hangs_or_starves_costs_only_its_own_file(tmp_path):
    paths = [tmp_path / f"{name}.xls" for name in ("abort", "good1", "hang", "hungry", "good2")]
    for path in paths:
        path.write_bytes(b"x")
    books = list(read_all(paths, jobs=2, reader="test_intake_files:hostile_reader", seconds=10))
    assert [book.code for book in books] == ["crashed", "", "timeout", "too_large", ""]
    assert [book.path for book in books] == paths


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("zero.xlsx", b"", "empty"),
        ("locked.xlsx", OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("cut.xls", OLE + b"\0" * 2000, "broken"),
        ("page.xls", b"<html><p>no table</p></html>", "markup_not_workbook"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_spreadsheet"),
        ("cut.xlsx", b"PK\x03\x04" + b"x" * 100, "broken"),
    ],
)
def test_refused_with_its_reason(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        read_file(path)
    assert refusal.value.code == code


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "notes.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(Refused, match="not_a_spreadsheet"):
        read_file(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_any_usual_encoding(tmp_path, encoding):
    path = tmp_path / "表.csv"
    path.write_bytes("姓名,学时\n张三,8\n".encode(encoding))
    assert read_file(path).sheets[0].rows == [["姓名", "学时"], ["张三", "8"]]


def test_formats_are_told_by_content_not_by_name(tmp_path):
    path = write_xlsx(tmp_path / "really_xlsx.xls", [["a", 1.5]])
    book = read_file(path)
    assert book.format == "xlsx"
    assert book.sheets[0].rows == [["a", 1.5]]


def test_bad_files_among_good_ones(tmp_path, campaign):
    raw = tmp_path / "raw"
    write_xlsx(raw / "学院" / "名册.xlsx", UNITS)
    write_xlsx(raw / "学院" / "花名册.xlsx", MEMBERS)
    write_xlsx(raw / "学院" / "复件 名册.xlsx", UNITS)
    (raw / "学院" / "复件 名册.xlsx").write_bytes((raw / "学院" / "名册.xlsx").read_bytes())
    (raw / "学院" / "坏.xlsx").write_bytes((raw / "学院" / "名册.xlsx").read_bytes()[:900])
    (raw / "学院" / "密.xlsx").write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    (raw / "学院" / "~$名册.xlsx").write_bytes(b"lock")
    tables = clean(raw, campaign, tmp_path / "processed", jobs=2)
    files = tables["files"].set_index("source_file")
    status = files["status"].to_dict()
    assert status == {
        "学院/名册.xlsx": "read",
        "学院/复件 名册.xlsx": "read",
        "学院/坏.xlsx": "refused",
        "学院/密.xlsx": "refused",
        "学院/花名册.xlsx": "read",
    }
    assert files.loc["学院/密.xlsx", "reason"].startswith("文件已加密")
    # Five rows stand in each copy; the second is accounted for, and not counted twice.
    assert (tables["ledger"]["outcome"] == "duplicate").sum() == 5
    assert len(tables["units"]) == 4
    assert len(raw_files(raw)) == 5


def test_flipped_bytes_never_stop_the_run(tmp_path):
    college = next((ROOT / "data" / "raw").iterdir())
    sources = [college / name for name in ("处室名册.xlsx", "书记报告工作测评.xls", "承诺践诺台账.csv")]
    chance = random.Random(1)
    paths = []
    for n in range(90):
        source = sources[n % 3]
        data = bytearray(source.read_bytes())
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        if n % 10 == 0:
            data = data[: chance.randrange(1, len(data))]
        paths.append(tmp_path / f"{n}{source.suffix}")
        paths[-1].write_bytes(data)
    books = list(read_all(paths, jobs=2, seconds=30))
    assert [book.path for book in books] == paths
    # Each was read or refused with a reason that has words.
    assert all(bool(book.sheets) != bool(book.code) for book in books)
    for code in {book.code for book in books if book.code}:
        assert explain(code, hint="x")
    assert {bool(book.code) for book in books} == {True, False}
