"""What leaves with a page, and what lies on the disk: nobody's name, number, words or machine."""

import re
import socket
import stat
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, called

from cxzy_lib.intake.files import raw_files
from cxzy_lib.intake.values import key_of
from cxzy_lib.intake.workbook import read_file

RAW = ROOT / "data" / "raw"
#: Columns of the raw files that no page may hold a word of.
IDENTITY = ("来自IP", "身份证号", "手机号", "手机", "联系电话", "出生年月")
WORDS = (
    "意见建议内容",
    "6、您对活动有何意见建议?",
    "您对活动有何意见建议",
    "一句话承诺内容",
    "存在问题",
    "谈话内容",
    "备注",
)


@pytest.fixture(scope="module")
def planted() -> dict[str, set[str]]:
    """The values of the raw files' columns of identities and of free words."""
    found: dict[str, set[str]] = {"identity": set(), "words": set()}
    labels = {key_of(label): "identity" for label in IDENTITY} | {key_of(label): "words" for label in WORDS}
    for path in raw_files(RAW):
        for sheet in read_file(path).sheets:
            rows = [list(row) for row in sheet.rows]
            for r, row in enumerate(rows[:12]):
                for c, cell in enumerate(row):
                    if kind := labels.get(key_of(cell)):
                        below = (other[c] for other in rows[r + 1 :] if c < len(other))
                        found[kind] |= {
                            str(value).strip() for value in below if len(str(value or "").strip()) >= 6
                        }
    return found


def texts(folder: Path) -> dict[str, str]:
    """Return all that the published files hold but their font: what is shown and what is not."""
    font = re.compile(r"url\(.data:font[^)]*\)")
    files = (path for path in sorted(folder.iterdir()) if path.suffix in (".html", ".json"))
    return {path.name: unescape(font.sub("", path.read_text("utf-8"))) for path in files}


def test_pages_hold_no_identity_and_no_free_words(sample_edition, planted):
    assert len(planted["identity"]) >= 3  # a number, a day of birth, an address: the same in every row
    assert len(planted["words"]) > 10  # the same sentences come many times
    for lang in ("zh", "en"):
        for name, page in texts(sample_edition[lang]).items():
            assert [value for value in planted["identity"] if value in page] == [], name
            assert [value for value in planted["words"] if value in page] == [], name


def test_pages_say_nothing_of_the_machine_or_the_notebook(sample_edition):
    secrets = [str(ROOT), str(sample_edition["processed"]), str(Path.home()), socket.gethostname()]
    secrets += [
        "open_report",
        "import cxzy_lib",
        "kernelspec",
        "Traceback",
        "dataframe",
        "<!-- x",
        "data:image/png",
    ]
    for lang in ("zh", "en"):
        for name, page in texts(sample_edition[lang]).items():
            assert [secret for secret in secrets if secret in page] == [], name


def test_grades_of_single_people_are_on_no_page(sample_edition):
    """A code stands in the shortlist of the leadership only, and no row with a code has a grade."""
    people = pd.read_parquet(sample_edition["processed"] / "people.parquet")["person"].dropna().unique()
    codes = {f"({person[:6]}" for person in people}  # as much of it as tells nominees apart
    for name, page in texts(sample_edition["zh"]).items():
        rows = re.findall(r"<tr[^>]*>.*?</tr>", page, re.S)
        named = [row for row in rows if any(code in row for code in codes)]
        assert bool(named) == (name == "09_awards.html"), name
        assert [row for row in named if re.search("(优秀|合格)(?!党员)", row)] == [], name
        outside = re.sub(r"<tr[^>]*>.*?</tr>", "", page, flags=re.S)
        assert [person for person in people if person in outside] == [], name


def test_only_ones_own_branch_is_told_who_is_overdue(sample_edition, tmp_path):
    people = pd.read_parquet(sample_edition["processed"] / "people.parquet").dropna(subset=["name"])
    unit = people["branch"].dropna().iloc[0]
    named = {}
    for audience in ("branch", "public"):
        places = ("--processed", sample_edition["processed"], "--out", tmp_path / audience)
        made = called(ROOT, "run", "08_duties", *places, "--audience", audience, "--unit", unit)
        assert made.returncode == 0, made.stderr
        page = (tmp_path / audience / "08_duties.html").read_text("utf-8")
        cells = {unescape(cell) for cell in re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page)}
        named[audience] = {name for name in people["name"] if name in cells}
    assert named["public"] == set()
    assert named["branch"]
    assert named["branch"] <= set(people.loc[people["branch"].eq(unit), "name"])


def test_processed_tables_and_pages_are_readable_by_their_owner_only(sample_edition):
    for place in ("processed", "zh", "en"):
        folder = sample_edition[place]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, place
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()} == {
            0o600
        }, place


def test_identities_are_in_no_processed_table(sample_edition, planted):
    tables = sorted(sample_edition["processed"].glob("*.parquet"))
    seen = "".join(pd.read_parquet(path).astype("str").to_csv() for path in tables)
    assert [value for value in planted["identity"] if value in seen] == []
