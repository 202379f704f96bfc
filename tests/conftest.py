"""What several tests share: the shipped campaign, small workbooks written by hand, a clean run over them."""

import contextlib
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from filelock import FileLock
from hypothesis import settings

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.cli import main
from cxzy_lib.intake import guard
from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.files import digest, problem
from cxzy_lib.intake.grid import Book
from cxzy_lib.intake.workbook import read_file

# As in publish/stack.py: jsonschema (which nbformat imports) would build a grammar of three seconds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

ROOT = Path(__file__).resolve().parents[1]
Rows = list[list[object]]

# How long an example takes says nothing on a busy machine.
settings.register_profile("cxzy", deadline=None)
settings.load_profile("cxzy")


@pytest.fixture(scope="session")
def campaign() -> Campaign:
    return load_campaign(ROOT / "campaign")


def write_xlsx(path: Path, rows: Rows, merges: tuple[str, ...] = (), sheet: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    for cells in merges:
        page.merge_cells(cells)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


UNITS: Rows = [
    ["试验学院2010年处室名册"],
    ["序号", "单位(处室)名称", "简称", "类别", "所属支部", "在编人数", "党员人数"],
    [1, "教务处", "教务", "管理", "第一支部", 6, 2],
    [2, "总务处", None, "教辅", "第二支部", 5, 1],
    ["合计", None, None, None, None, 11, 3],
]
MEMBERS: Rows = [
    ["序号", "姓名", "入党时间", "所在支部", "所在处室", "是否在职"],
    [1, "张 三", "1998.10", "一支部", "教务", "是"],
    [2, "李四(预备)", "2010-06-01", "第一支部", "教务处", "√"],
    [3, "王五", "1971.7.1", "第二支部", "总务处", "否"],
]


@pytest.fixture
def registers() -> tuple[Rows, Rows]:
    return UNITS, MEMBERS


def _here(paths: Sequence[Path], jobs: int, on_read: Callable[[Path], object]) -> Iterator[Book]:
    for path in paths:
        assert not problem(path)
        answer = pickle.dumps(guard._read(read_file, path), protocol=pickle.HIGHEST_PROTOCOL)
        yield replace(pickle.loads(answer), sha256=digest(path))


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files in this process, by what a reading process does: starting one is most of the cleaning of a few rows.

    That no file can harm is shown where that is the point (test_intake_files), with the processes.
    """
    monkeypatch.setattr(import_module("cxzy_lib.intake.clean"), "read_all", _here)


@pytest.fixture
def clean_rows(tmp_path: Path, campaign: Campaign, read_here: None) -> Callable[..., dict[str, pd.DataFrame]]:
    """Clean one sheet beside the two small registers; returns the processed tables."""

    def run(rows: Rows, merges: tuple[str, ...] = (), *, copy: Rows | None = None) -> dict[str, pd.DataFrame]:
        raw = tmp_path / "raw" / "试验学院"
        write_xlsx(raw / "名册.xlsx", UNITS)
        write_xlsx(raw / "花名册.xlsx", MEMBERS)
        write_xlsx(raw / "表.xlsx", rows, merges)
        if copy is not None:
            write_xlsx(raw / "表2.xlsx", copy, merges)
        return clean(tmp_path / "raw", campaign, tmp_path / "processed", jobs=1)

    return run


def cxzy(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in the project's folder."""
    command = [sys.executable, "-m", "cxzy_lib.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def called(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, in `folder`; what it does not handle is raised.

    The process that reports are copied from is then started once for all calls, instead of once for each.
    """
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with contextlib.chdir(folder):
            told = CliRunner().invoke(main, list(map(str, arguments)), prog_name="cxzy")
    finally:
        signal.signal(signal.SIGTERM, handler)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return subprocess.CompletedProcess(arguments, told.exit_code, told.stdout, told.stderr)


def _publish_sample(folder: Path) -> None:
    common = ("--processed", folder / "processed", "--audience", "leadership")
    made = cxzy("report", *common, "--out", folder / "zh")
    assert made.returncode == 0, made.stdout + made.stderr
    made = called(ROOT, "run", *common, "--lang", "en", "--out", folder / "en")
    assert made.returncode == 0, made.stdout + made.stderr
    (folder / "made").touch()


@pytest.fixture(scope="session")
def sample_edition(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Path]:
    """The shipped sample, cleaned and published as `make report` does, in both languages; once for all workers.

    What it holds is read by tests, never changed.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "sample_edition"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "made").exists():
            _publish_sample(folder)
    return {name: folder / name for name in ("processed", "zh", "en")}
