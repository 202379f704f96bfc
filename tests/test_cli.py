"""The command: where editions go, what a wrong call is, how a run ends, what is left when it is cut off."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from conftest import MEMBERS, ROOT, UNITS, called, write_xlsx
from pyarrow.parquet import ParquetWriter

from cxzy_lib import tables
from cxzy_lib.intake.files import (
    Busy,
    changed_since,
    digest,
    inputs_digest,
    locked,
    raw_files,
    read_state,
    seen,
    write_state,
)
from cxzy_lib.intake.guard import read_all
from cxzy_lib.publish import site
from cxzy_lib.publish.editions import folder_name, institutions

PARAMETERS = (
    "processed = None\ncampaign = None\nout = None\nyear = None\nunit = None\nlang = None\naudience = None"
)
SHOWS = "from IPython.display import HTML, display\ndisplay(HTML(f'<p>{unit} {year} {lang} {audience}</p>'))"


def cxzy(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cxzy_lib.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write_notebooks(folder: Path, **codes: str) -> None:
    folder.mkdir()
    for name, code in codes.items():
        first = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        book = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)])
        nbformat.write(book, folder / f"{name}.ipynb")


def project(folder: Path, *colleges: str, **codes: str) -> Path:
    """Make a project with the shipped campaign, two registers for each college, and small notebooks."""
    (folder / "campaign").symlink_to(ROOT / "campaign")
    write_notebooks(folder / "notebooks", **codes)
    for college in colleges:
        write_xlsx(folder / "data" / "raw" / college / "处室名册.xlsx", UNITS)
        write_xlsx(folder / "data" / "raw" / college / "党员花名册.xlsx", MEMBERS)
    return folder


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of one institution, cleaned, with two notebooks."""
    folder = project(tmp_path_factory.mktemp("one"), "试验学院", a=SHOWS, b=SHOWS)
    told = cxzy(folder, "clean")
    assert told.returncode == 0, told.stdout + told.stderr
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_selection_has_a_folder_of_its_own(one):
    assert called(one, "run").returncode == 0
    before = contents(one / "reports" / "public-zh")
    assert set(before) == {"a.html", "b.html", "index.html", "manifest.json"}
    assert "试验学院" in before["index.html"].decode()
    assert called(one, "run", "a", "--year", 2011, "--lang", "en").returncode == 0
    assert set(contents(one / "reports" / "public-en-2011")) == {"a.html", "index.html", "manifest.json"}
    assert called(one, "run", "b", "--unit", "第一支部").returncode == 0
    assert "<p>第一支部 None zh public</p>" in (one / "reports" / "public-zh-第一支部" / "b.html").read_text(
        "utf-8"
    )
    assert contents(one / "reports" / "public-zh") == before
    told = called(one, "run")
    assert "无需重做" in told.stdout
    assert contents(one / "reports" / "public-zh") == before


def test_another_edition_in_the_folder_is_a_wrong_call(one):
    assert called(one, "run", "--out", "mine", "--audience", "leadership").returncode == 0
    before = contents(one / "mine")
    for other in (("--audience", "public"), ("--audience", "leadership", "--year", 2011)):
        told = called(one, "run", "--out", "mine", "--lang", "en", *other)
        assert told.returncode == 2
        assert "mine holds another edition (leadership zh)" in told.stderr
    assert contents(one / "mine") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--year", 1999), "2010–2012"),
        (("--out", "data/processed/units.parquet"), "units.parquet"),
        (("--out", "data/processed/units.parquet/deeper"), "units.parquet"),
        (("--unit", "没有这个支部"), "没有这个支部"),
        (("nothing",), "nothing"),
        (("--processed", "none"), "cxzy clean"),
    ],
)
def test_wrong_calls_make_nothing(one, arguments, message):
    before = sorted((one / "reports").rglob("*"))
    told = called(one, "run", "--audience", "branch", *arguments)
    assert (told.returncode, "Traceback" in told.stderr) == (2, False)
    assert message in told.stderr
    assert [path for path in sorted((one / "reports").rglob("*")) if path.is_file()] == [
        path for path in before if path.is_file()
    ]


def test_outside_of_the_project_is_a_wrong_call(tmp_path):
    for command in ("run", "report"):
        told = called(tmp_path, command)
        assert told.returncode == 2
        assert str(tmp_path / "notebooks") in told.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def no_font(monkeypatch):
    """Leave the font out: cutting it to each edition's characters takes longest, and test_browser looks at it."""
    monkeypatch.setattr(site, "embed_font", dict)


def test_several_institutions_have_an_edition_each_and_a_list(tmp_path, no_font):
    folder = project(tmp_path, "甲 学院", "乙学院", a=SHOWS, b="assert unit != '乙学院'\n" + SHOWS)
    (folder / "data" / "raw" / "丙学院").mkdir()
    write_xlsx(folder / "data" / "raw" / "丙学院" / "菜单.xlsx", [["菜名", "价格"], ["米饭", 1]])
    made = called(folder, "report")
    assert made.returncode == 1
    assert "丙学院：没有单位名册" in made.stdout  # told by the cleaning; its edition says so, too
    assert "乙学院/b.html：失败" in made.stdout
    out = folder / "reports" / "public-zh"
    index = (out / "index.html").read_text("utf-8")
    links = [unquote(link) for link in re.findall(r'<h3><a href="([^"]+)"', index)]
    assert len(links) == 3
    for name, link in zip(("丙学院", "乙学院", "甲 学院"), links, strict=True):
        assert (out / link).is_file()
        assert f"<p>{name} None zh public</p>" in (out / link).with_name("a.html").read_text("utf-8")
        assert name in (out / link).read_text("utf-8")
    whole = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [(found["name"], found["status"]) for found in whole["editions"]] == [
        ("丙学院", "done"),
        ("乙学院", "failed"),
        ("甲 学院", "done"),
    ]
    alone = json.loads((out / links[2]).with_name("manifest.json").read_text("utf-8"))
    assert alone["parameters"]["unit"] == "甲 学院"
    shutil.rmtree(folder / "data" / "raw" / "丙学院")
    write_shows(folder / "notebooks" / "b.ipynb")
    assert called(folder, "report").returncode == 0
    before = (out / "index.html").stat().st_mtime_ns
    assert "丙学院" not in (out / "index.html").read_text("utf-8")
    assert "4 页已是最新" in called(folder, "run").stdout
    assert (out / "index.html").stat().st_mtime_ns == before
    single = called(folder, "run", "a", "--unit", "乙学院", "--out", "alone")
    assert single.returncode == 0, single.stderr
    assert "<p>乙学院 None zh public</p>" in (folder / "alone" / "a.html").read_text("utf-8")


def test_each_branch_and_year_has_an_edition_in_one_list(tmp_path, no_font):
    folder = project(tmp_path, "甲学院", a=SHOWS, b="assert unit != '甲学院/第二支部'\n" + SHOWS)
    called(folder, "clean")
    each = ("--each", "branch", "--each", "year")
    made = called(folder, "run", *each)
    assert "甲学院·第二支部·2011/b.html：失败" in made.stdout
    assert made.returncode == 1
    out = folder / "reports" / "public-zh-each-branch-each-year"
    found = json.loads((out / "manifest.json").read_text("utf-8"))["editions"]
    years = ["", " · 2010年", " · 2011年", " · 2012年"]
    units = ["甲学院", "甲学院 · 第一支部", "甲学院 · 第二支部"]
    assert [entry["name"] for entry in found] == [unit + year for unit in units for year in years]
    assert [entry["status"] for entry in found] == ["done"] * 8 + ["failed"] * 4
    page = (out / "甲学院·第一支部·2011" / "a.html").read_text("utf-8")
    assert "<p>甲学院/第一支部 2011 zh public</p>" in page
    assert "AssertionError" in (out / "index.html").read_text("utf-8")
    again = called(folder, "run", "a", *each)
    assert "12 页已是最新" in again.stdout
    # A call for one edition would take the list's place, and would leave what is below it to nobody.
    alone = called(folder, "run", "a", "--out", str(out))
    assert (alone.returncode, "--each branch --each year" in alone.stderr) == (2, True)
    # A second institution: the branches' editions stay where they are.
    shutil.copytree(folder / "data" / "raw" / "甲学院", folder / "data" / "raw" / "乙学院")
    called(folder, "clean")
    called(folder, "run", "a", *each)
    both = json.loads((out / "manifest.json").read_text("utf-8"))["editions"]
    assert [entry for entry in both if entry["name"].startswith("乙")]
    assert [entry["folder"] for entry in both if entry["name"].startswith("甲")] == [
        entry["folder"] for entry in found
    ]


def test_each_of_what_was_already_chosen_is_refused(one):
    for options, word in (
        (("--unit", "第一支部", "--each", "branch"), "第一支部"),
        (("--year", "2011", "--each", "year"), "2011"),
    ):
        told = called(one, "run", *options)
        assert told.returncode == 2
        assert word in told.stderr
        assert "--each" in told.stderr


def write_shows(path: Path) -> None:
    book = nbformat.read(path, 4)
    book.cells[1].source = SHOWS
    nbformat.write(book, path)


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "/etc", ".hidden", "a\\b", "a\0b", "index.html", "长" * 300, ""]
)
def test_a_name_becomes_one_harmless_folder(name):
    made = folder_name(name)
    assert made
    assert made[0] not in ".-"
    assert not set("/\\\0.") & set(made)
    assert len(made.encode()) < 200


def test_a_missing_register_is_told_and_is_no_success(tmp_path):
    folder = project(tmp_path, "试验学院", a=SHOWS)
    assert called(folder, "clean").returncode == 0
    (folder / "data" / "raw" / "试验学院" / "处室名册.xlsx").unlink()
    told = called(folder, "clean")
    assert told.returncode == 1
    assert "试验学院：没有单位名册（处室名册）" in told.stdout
    again = called(folder, "clean")
    assert (again.returncode, "缺少名册" in again.stdout) == (1, True)


def test_a_sheet_that_is_not_recognised_is_no_success(tmp_path):
    import openpyxl

    folder = project(tmp_path, "试验学院", a=SHOWS)
    path = folder / "data" / "raw" / "试验学院" / "处室名册.xlsx"
    book = openpyxl.load_workbook(path)
    book.create_sheet("菜单").append(["菜名", "价格"])
    book["菜单"].append(["米饭", 1])
    book.save(path)
    assert called(folder, "clean").returncode == 1


def test_check_tells_everything_and_clean_the_first_twenty(tmp_path):
    folder = project(tmp_path, "试验学院", a=SHOWS)
    rows = [[n, f"职工{n}", "某年某月", "第一支部", "教务处", "是"] for n in range(1, 31)]
    write_xlsx(folder / "data" / "raw" / "试验学院" / "党员花名册.xlsx", [MEMBERS[0], *rows])
    finding = re.compile(r"^  试验学院/党员花名册.xlsx / Sheet1 / 第 \d+ 行", re.M)
    checked, cleaned = called(folder, "check"), called(folder, "clean")
    assert len(finding.findall(checked.stdout)) == 30
    assert len(finding.findall(cleaned.stdout)) == 20
    assert "另有 10 条，运行 cxzy check" in cleaned.stdout
    assert cleaned.returncode == 0


def test_a_run_says_that_raw_files_have_changed_since(tmp_path):
    folder = project(tmp_path, "试验学院", a=SHOWS)
    raw, words = folder / "data" / "raw" / "试验学院", "在上次清洗之后有增减或改动"

    def told() -> list[bool]:
        asked = [("run",), ("trace", "G1.1a"), ("run", "--lang", "en", "--quiet")]
        found = [called(folder, *arguments).stderr for arguments in asked]
        return [words in said or "since they were last cleaned" in said for said in found]

    assert called(folder, "clean").returncode == 0
    assert told() == [False] * 3
    write_xlsx(raw / "新表.xlsx", UNITS)
    assert told() == [True] * 3
    assert called(folder, "clean").returncode == 0
    (raw / "~$新表.xlsx").write_text("somebody has it open")
    assert told() == [False] * 3
    (raw / "新表.xlsx").unlink()
    assert told() == [True] * 3
    assert called(folder, "clean").returncode == 0
    (raw / "党员花名册.xlsx").touch()
    assert told() == [True] * 3
    assert "无变化" in called(folder, "clean").stdout  # touched, and the same: it is not told again
    assert told() == [False] * 3
    assert "上次清洗" not in called(folder, "report").stderr
    (folder / "data" / "raw").rename(folder / "elsewhere")  # nobody knows
    assert told() == [False] * 3


@pytest.mark.parametrize("change", ["edit", "rename", "target"])
def test_a_change_is_seen_whatever_the_other_files_are(tmp_path, change):
    raw, processed = tmp_path / "here" / "raw", tmp_path / "here" / "processed"
    for name in ("A/a.csv", "A/late.csv", "B/b.csv"):
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text("1")
    os.utime(raw / "A" / "late.csv", (4e9, 4e9))  # in the next century
    (tmp_path / "elsewhere.csv").write_text("1")
    (raw / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    processed.mkdir()
    assert not changed_since(processed)  # never cleaned
    write_state(processed, {"digest": "", "status": 0, "tables": [], **seen(raw, processed)})
    assert not changed_since(processed)
    (raw / "A" / "a.csv").chmod(0o600)
    assert not changed_since(processed)  # nobody wrote into it
    if change == "edit":
        (raw / "A" / "a.csv").write_text("22")
    if change == "rename":
        (raw / "B").rename(raw / "C")
    if change == "target":
        (tmp_path / "elsewhere.csv").write_text("22")
    assert changed_since(processed)
    (tmp_path / "here").rename(tmp_path / "there")
    assert changed_since(tmp_path / "there" / "processed")


def test_tables_may_stand_behind_a_link(tmp_path):
    raw, processed = tmp_path / "data" / "raw", tmp_path / "data" / "processed"
    raw.mkdir(parents=True)
    (tmp_path / "disk" / "raw").mkdir(parents=True)  # beside the tables, and not theirs
    (tmp_path / "disk" / "tables").mkdir()
    processed.symlink_to(tmp_path / "disk" / "tables")
    (raw / "a.csv").write_text("1")
    write_state(processed, {"digest": "", "status": 0, "tables": [], **seen(raw, processed)})
    assert not changed_since(processed)
    (raw / "a.csv").write_text("22")
    assert changed_since(processed)


def test_what_cannot_be_listed_is_not_said_to_have_changed(tmp_path, monkeypatch):
    raw, processed = tmp_path / "raw", tmp_path / "processed"
    raw.mkdir()
    processed.mkdir()
    write_state(processed, {"digest": "", "status": 0, "tables": [], **seen(raw, processed)})
    (raw / "a.csv").write_text("1")
    assert changed_since(processed)

    def gone(path: object) -> None:
        raise OSError(107, "Transport endpoint is not connected")  # a mount that died

    monkeypatch.setattr(os, "scandir", gone)
    assert (changed_since(processed), seen(raw, processed)) == (False, {})


def test_clean_need_not_write_that_nothing_has_changed(tmp_path, monkeypatch):
    folder = project(tmp_path, "试验学院", a=SHOWS)
    assert called(folder, "clean").returncode == 0
    state = folder / "data" / "processed" / ".clean.json"
    before = state.read_bytes()
    next((folder / "data" / "raw").rglob("*.xlsx")).touch()

    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("cxzy_lib.intake.files.write_state", refused)
    told = called(folder, "clean")
    assert (told.returncode, "无变化" in told.stdout, state.read_bytes()) == (0, True, before)
    monkeypatch.undo()
    with locked(folder / "data" / "processed"):  # somebody else is at work there
        assert called(folder, "clean").returncode == 0
    assert state.read_bytes() == before
    assert called(folder, "clean").returncode == 0
    assert state.read_bytes() != before


def test_cleaned_is_only_what_came_to_an_end(one):
    processed = one / "data" / "processed"
    state = (processed / ".clean.json").read_bytes()
    assert "无变化" in called(one, "clean").stdout
    for spoil in (
        lambda: (processed / "hours.parquet").unlink(),
        lambda: (processed / ".clean.json").write_text("{"),
        lambda: (processed / ".clean.json").write_text("[1]"),
        lambda: (processed / ".clean.json").unlink(),
    ):
        spoil()
        assert read_state(processed) == {}
        told = called(one, "clean")
        assert (told.returncode, "清洗完成" in told.stdout) == (0, True)
        assert (processed / ".clean.json").read_bytes() == state
    assert sorted(path.name for path in processed.iterdir() if path.suffix != ".parquet") == sorted(
        path.name for path in processed.iterdir() if path.name.startswith(".") and "lock" not in path.name
    )


def test_a_write_that_fails_changes_no_table(tmp_path, monkeypatch):
    units = tables.conform("units", [{"unit": "教务处"}])
    tables.save({"units": units, "hours": tables.conform("hours", [])}, tmp_path)
    before = contents(tmp_path)
    write = ParquetWriter.write_table

    def full(writer, rows, **options):
        if "hours" in rows.column_names:  # the first table is written by then
            raise OSError("disk full")
        write(writer, rows, **options)

    monkeypatch.setattr(ParquetWriter, "write_table", full)
    with pytest.raises(OSError, match="disk full"):
        tables.save(
            {"units": units.assign(unit="总务处"), "hours": tables.conform("hours", [{"hours": 1}])}, tmp_path
        )
    assert contents(tmp_path) == before


def test_two_at_work_in_one_folder_do_not_mix(one):
    processed, out = one / "data" / "processed", one / "reports" / "busy"
    (out / ".edition-left").mkdir(parents=True)
    with locked(processed, ".tables-*"), locked(out, ".edition-*"):
        assert not (out / ".edition-left").exists()
        with pytest.raises(Busy), locked(out, ".edition-*"):
            pass
        for arguments in (("clean", "--force"), ("run", "--out", out)):
            told = cxzy(one, *arguments, "--lang", "en")
            assert told.returncode == 1
            assert f"Process {os.getpid()} has been at work" in told.stderr
    assert not (processed / ".lock").exists()
    (out / ".lock").write_text("1 1999-01-01 00:00")  # whoever left it is gone
    with locked(out, ".edition-*"):
        assert (out / ".lock").read_text().startswith(f"{os.getpid()} ")


def test_what_is_no_readable_file_is_refused_and_stops_nothing(tmp_path):
    raw = tmp_path / "学院"
    good = write_xlsx(raw / "a.xlsx", UNITS)
    (raw / "dangling.xlsx").symlink_to(tmp_path / "nowhere")
    (raw / "device.xlsx").symlink_to("/dev/zero")
    (raw / "elsewhere").symlink_to(ROOT)
    os.mkfifo(raw / "pipe.csv")
    (raw / os.fsdecode(b"\xd6\xd0.csv")).write_text("1")
    gone = raw / "gone.csv"
    paths = [*raw_files(tmp_path), gone]
    assert len(paths) == 7
    started = time.monotonic()
    books = {book.path.name: book for book in read_all(paths, jobs=2)}
    assert {name: book.code for name, book in books.items()} == {
        "a.xlsx": "",
        "dangling.xlsx": "not_a_file",
        "device.xlsx": "not_a_file",
        "elsewhere": "not_a_file",
        "gone.csv": "unreadable",
        "pipe.csv": "not_a_file",
        "\\xd6\\xd0.csv": "not_utf8",
    }
    assert len(inputs_digest(paths)) == 64
    assert [digest(path) != "" for path in paths] == [
        path == good or path.name.endswith("\udcd0.csv") for path in paths
    ]
    assert time.monotonic() - started < 30


def test_a_folder_with_such_files_is_cleaned(tmp_path):
    folder = project(tmp_path, "试验学院", a=SHOWS)
    raw = folder / "data" / "raw" / "试验学院"
    (raw / "dangling.xlsx").symlink_to(tmp_path / "nowhere")
    (raw / os.fsdecode(b"\xd6\xd0.csv")).write_text("1")
    told = called(folder, "clean")
    assert told.returncode == 1, told.stderr
    assert "断开的链接" in told.stdout
    files = pd.read_parquet(folder / "data" / "processed" / "files.parquet")
    assert files["status"].value_counts().to_dict() == {"read": 2, "refused": 2}
    assert institutions(folder / "data" / "processed") == ["试验学院"]


SLEEPS = "import os, pathlib, time\npathlib.Path('pid').write_text(f'{os.getpid()} {os.getppid()}')\ntime.sleep(300)"


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text() if Path("/proc").is_dir() else True
    return False


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_called_off_leaves_nobody_at_work(tmp_path, sent):
    folder = project(tmp_path, "试验学院", a=SLEEPS)
    assert called(folder, "clean").returncode == 0
    command = [sys.executable, "-m", "cxzy_lib.cli", "run", "--lang", "en"]
    run = subprocess.Popen(
        command,
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have had this signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    pid, until = folder / "notebooks" / "pid", time.monotonic() + 60
    while not (pid.is_file() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    run.send_signal(sent)
    told, said = run.communicate(timeout=30)
    kernel, worker = map(int, pid.read_text().split())
    until = time.monotonic() + 15
    while (alive(kernel) or alive(worker)) and time.monotonic() < until:
        time.sleep(0.1)
    assert (alive(kernel), alive(worker)) == (False, False)
    ends = {signal.SIGINT: (130, "Interrupted.\n"), signal.SIGTERM: (143, ""), signal.SIGKILL: (-9, "")}
    said = re.sub(r".*resource_tracker.*\n.*\n", "", said)  # what a killed process leaves behind is tidied up
    assert (run.returncode, said) == ends[sent]
    assert told == ""
    if sent != signal.SIGKILL:
        assert list((folder / "reports" / "public-en").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "count"), [("check", 5), ("clean", 8), ("run", 14), ("report", 15), ("sample", 7)]
)
def test_every_option_says_what_it_is_in_both_languages(command, count):
    told = " ".join(called(ROOT, command, "--help").stdout.split())
    options = re.split(r" (?=-h, --|(?<!-h, )--[a-z]+ )", told.partition("Options:")[2])[1:]
    assert len(options) == count
    assert [option for option in options if not re.search(r"[\u4e00-\u9fff].* / [a-z0-9]", option)] == []


def test_a_commands_help_lists_what_it_uses_and_the_rest_is_taken_all_the_same(tmp_path):
    """So that a script can give the same options to each command."""
    told = called(ROOT, "check", "--help").stdout
    assert "--raw" in told
    assert "--audience" not in told
    ended = called(ROOT, "check", "--audience", "leadership", "--raw", tmp_path / "none")
    assert (ended.returncode, "--audience" in ended.stderr) == (2, False)


def test_sample_takes_what_the_generator_takes(tmp_path):
    told = called(tmp_path, "sample", "more", "--members", 29)
    assert told.returncode == 2
    (tmp_path / "file").write_text("1")
    assert called(tmp_path, "sample", "file").returncode == 2
    assert called(tmp_path, "sample", "more", "--members", 30, "--mess", 0).returncode == 0
