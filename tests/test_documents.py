"""The documents: two READMEs in step, links that lead somewhere, settings that are explained."""

import re
import subprocess
import sys
from itertools import pairwise

from conftest import ROOT

from cxzy_lib.tables import ALL_SCHEMAS


def test_the_two_readmes_are_in_step():
    english, chinese = (ROOT.joinpath(name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
    for pattern in (r"^#+ ", r"^```\w*$", r"^\| ", r"^!\["):
        assert len(re.findall(pattern, english, re.M)) == len(re.findall(pattern, chinese, re.M)), pattern
    commands = [
        re.findall(r"^(?:\.venv/bin/cxzy|make|git|cd) [^#\n]*", text, re.M) for text in (english, chinese)
    ]
    assert [c.split() for c in commands[0]] == [c.split() for c in commands[1]]
    links = [sorted(set(re.findall(r"\]\(([^)]+)\)", text))) for text in (english, chinese)]
    assert [link for link in links[0] if "README" not in link] == [
        link for link in links[1] if "README" not in link
    ]


def test_every_document_that_is_linked_is_there():
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    for path in documents:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / link).exists(), (path.name, link)


def test_the_documents_become_pages_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", ROOT / "docs", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "api.html").read_text("utf-8")
    for name in ("open_report", "rates", "compare", "trace", "what_if"):
        assert f'<span class="pre">{name}</span>' in page, name


def test_every_column_of_every_processed_table_is_explained():
    """Under the heading of its table: a column that is added has to be explained, and one that went must go here."""
    sections = {}
    for part in (ROOT / "docs" / "tables.md").read_text("utf-8").split("\n## ")[1:]:
        heading, _, body = part.partition("\n")
        told = {
            name for line in body.splitlines() for name in re.findall(r"`(\w+)`", line.partition(" | ")[0])
        }
        for table in heading.split(", "):
            sections[table] = told
    sections.pop("From a number on a page to its rows")
    assert sections.keys() == ALL_SCHEMAS.keys()
    for table, told in sections.items():
        together = {name for other, its in sections.items() if its == told for name in ALL_SCHEMAS[other]}
        # A row's place, and whose it is, are explained once, above the sections.
        own = set(ALL_SCHEMAS[table]) - {"institution", "source_file", "source_sheet", "source_row"}
        assert own - told <= {"unit"}, table
        assert told <= together, table


def test_settings_stand_in_the_order_in_which_they_are_explained():
    """Each setting of campaign/settings.toml is explained in both languages, directly under its name."""
    text = (ROOT / "campaign" / "settings.toml").read_text("utf-8")
    heads = [m.start() for m in re.finditer(r"^\[(?!\[)\w+\]$", text, re.M)]
    for start, end in pairwise([*heads, len(text)]):
        assert {"zh", "en"} <= set(re.findall(r"^(zh|en) = ", text[start:end], re.M)), text[
            start : start + 40
        ]
