"""What makes the report every night: units that systemd takes, a line that a shell runs, one line of outcome."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import called
from test_cli import SHOWS, project, write_shows

from cxzy_lib.scheduling import cron, systemd

HOSTILE = ["echo", "第一 支部", 'a"b', "c'd", "50%", "$HOME", "e\\f", "; rm -rf /"]


def unit(text: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str
    found.read_string(text)
    return found


def test_the_units_run_the_report_at_the_time_in_the_project(tmp_path):
    told = called(
        tmp_path, "schedule", "--to", "units", "--audience", "leadership", "--at", "03:15", "--annex"
    )
    assert told.returncode == 0, told.stderr
    service, timer = (
        unit((tmp_path / "units" / f"cxzy-report.{kind}").read_text("utf-8")) for kind in ("service", "timer")
    )
    assert timer["Timer"]["OnCalendar"] == "*-*-* 03:15:00"
    assert service["Service"]["WorkingDirectory"] == str(tmp_path)
    words = service["Service"]["ExecStart"].split()
    assert words[:3] == [str(Path(sys.executable).with_name("cxzy")), "report", "--quiet"]
    assert words[words.index("--raw") + 1] == str(tmp_path / "data" / "raw")
    assert words[words.index("--audience") + 1] == "leadership"
    assert "--annex" in words
    assert "systemctl --user enable --now cxzy-report.timer" in told.stderr
    if shutil.which("systemd-analyze"):
        files = [tmp_path / "units" / f"cxzy-report.{kind}" for kind in ("service", "timer")]
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--recursive-errors=no", *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_line_for_cron_gives_the_words_as_they_are(tmp_path):
    folder = tmp_path / "50% $x 'y'"
    folder.mkdir()
    line = cron(
        [sys.executable, "-c", "import os, sys; print(os.getcwd(), sys.argv[1:])", *HOSTILE], folder, "00:05"
    )
    when, _, command = line.partition(" * * * ")
    assert when == "5 0"
    assert command.count("\\%") == command.count("%") == 2  # cron gives the shell a plain %
    run = subprocess.run(
        ["sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{folder} {HOSTILE}\n"


def test_what_systemd_reads_otherwise_is_escaped():
    service = systemd(HOSTILE, Path("/a/50%"), "02:30", "zh")["cxzy-report.service"]
    assert "WorkingDirectory=/a/50%%\n" in service
    told = r'"第一 支部" "a\"b" "c' + r"'d" + r'" "50%%" "$$HOME" "e\\f" "; rm -rf /"'
    assert f"ExecStart=echo {told}\n" in service


@pytest.mark.parametrize("at", ["25:00", "2:30", "noon", "02:30; x"])
def test_a_time_that_is_none_is_refused(tmp_path, at):
    assert called(tmp_path, "schedule", "--at", at).returncode == 2


def test_quiet_is_one_line_for_a_mail(tmp_path):
    folder = project(tmp_path, "甲学院", a=SHOWS, b="1 / 0")
    told = called(folder, "report", "--quiet")
    assert told.returncode == 1
    assert told.stdout.count("\n") == 1
    assert told.stdout.startswith("cxzy [有问题] 清洗完成：2 个文件")
    assert "1 页新做，0 页未变，1 页失败" in told.stdout
    write_shows(folder / "notebooks" / "b.ipynb")
    told = called(folder, "report", "--quiet", "--lang", "en", "--out", "en")
    assert told.stdout.startswith("cxzy [ok] Raw files and campaign are unchanged")
    assert (told.returncode, told.stdout.count("\n")) == (0, 1)
