"""docs/extending.md does what it says: every block is run, in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as new
import pytest
from conftest import ROOT

from cxzy_lib.texts import READ_BY_AUDIT

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
#: Registers, and a log of each kind, are enough for what the page claims.
RAW = ("处室名册", "党员花名册", "教职工名册", "2011年组织活动登记", "征求意见汇总")


@pytest.fixture
def copy(tmp_path):
    for name in ("campaign", "cxzy_lib", "notebooks", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)  # compiled, as `make env` leaves it
    target = tmp_path / "data" / "raw" / "云溪社区学院"
    target.mkdir(parents=True)
    for path in (ROOT / "data" / "raw" / "云溪社区学院").iterdir():
        if path.stem in RAW:
            shutil.copy(path, target)
    return tmp_path


def ended(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True, env=env)


def run(root: Path, *command: str) -> str:
    done = ended(root, *command)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def write(path: Path, kind: str, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".ipynb":
        cells = [part.partition("\n") for part in re.split(r"^# %%", body, flags=re.M)[1:]]
        tagged = [{"tags": ["parameters"]} if "parameters" in head else {} for head, _, _ in cells]
        notebook = new.new_notebook(
            cells=[
                new.new_code_cell(source, metadata=tags)
                for (_, _, source), tags in zip(cells, tagged, strict=True)
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path.write_text(new.writes(notebook), "utf-8")
    else:
        before = path.read_text("utf-8") + "\n" if path.exists() else ""
        path.write_text(before + body, "utf-8")


def test_every_worked_example_works(copy):
    printed, checked = "", 0
    for kind, name, body in BLOCK.findall((ROOT / "docs" / "extending.md").read_text("utf-8")):
        if name:
            write(copy / name, kind, body)
        elif kind == "sh":
            printed = "".join(
                run(copy, "-m", "cxzy_lib.cli", *line.split()[1:]) for line in body.strip().split("\n")
            )
        elif kind == "python":
            printed = run(copy, "-c", body)
        else:
            assert kind == "text"
            said = " ".join(printed.split())
            for line in body.strip().split("\n"):
                assert " ".join(line.split()) in said, (line, printed)
                checked += 1
    assert checked >= 12


GOOD = "\n".join(
    f'"audit.{kind}_words" = "{word}"'
    for kind, word in zip(
        READ_BY_AUDIT, ("gültig", "Tage", "Anteil", "Mittel", "andere", "gesamt"), strict=True
    )
)


@pytest.mark.parametrize(
    ("name", "texts", "told"),
    [
        ("de", '"pages.page_steps" = "Schritte"', r"audit\.valid_words.*missing"),
        ("de", GOOD.replace("gültig", ""), r"audit\.valid_words.*missing"),
        ("de", GOOD.replace("Tage", "Tage n"), r"audit\.other_words: \['n'\].*another language"),
        ("de", GOOD + '\n"common.percent" = "{value:.1f} Prozent"', r"common\.percent.*%"),
        ("de", GOOD + '\n"common.percent" = "{wert:.1f} %"', r"common\.percent.*\['value'\].*\['wert'\]"),
        ("de", GOOD + '\n"pages.no_such" = "x"', r"pages\.no_such.*unknown"),
        ("de", GOOD + '\n"cli.busy" = 3', r"cli\.busy.*must be text"),
        ("de", GOOD + '\n"cli.busy" = "} {"', r"cli\.busy.*placeholders"),
        ("de", '"pages.page_steps" = ', r"de\.toml.*line 2"),
        ("README", GOOD, r"README.*de\.toml"),
    ],
)
def test_a_language_that_the_audit_could_not_read_is_refused_before_anything_is_made(copy, name, texts, told):
    """All languages are words of the audit: a page in Chinese is not made either."""
    write(copy / f"cxzy_lib/texts/languages/{name}.toml", "toml", f"[texts]\n{texts}\n")
    found = ended(copy, "-m", "cxzy_lib.cli", "clean")
    assert found.returncode == 2
    assert re.search(told, found.stderr, re.DOTALL), found.stderr
    assert "Traceback" not in found.stderr
