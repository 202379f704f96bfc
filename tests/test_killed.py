"""Killed at whatever moment: every page that is there is whole, and the next run goes on from it."""

import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import called
from test_cli import SHOWS, project
from test_publish_site import done, planned

from cxzy_lib.publish import placing, site
from cxzy_lib.publish.site import Edition, prepare, publish

WORDS = Edition("版次", "zh", "public", "学院", "2010")


def whole(folder, heading):
    """Check that each page is one that was published, from its first to its last character."""
    pages = sorted(folder.glob("*.html"))
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith("<!doctype html>"), page
        assert text.rstrip().endswith("</html>"), page
        if page.name != "index.html":
            assert re.search(rf"<h1>{heading}</h1>", text), page
    return pages


def publish_for_ever(jobs, out, turn, exchanging):
    """Publish edition after edition, slowly where files are written and moved: there a kill is to come."""
    site.embed_font = dict  # which takes longest
    move, write, n = os.replace, Path.write_bytes, 0
    os.replace = lambda *places: (move(*places), time.sleep(0.02))
    if exchanging:
        Path.write_bytes = lambda *content: (write(*content), time.sleep(0.02))
    else:
        placing._exchanged = lambda *_: False
    while True:
        n += 1
        results = [done(job, f"{turn}.{n}-{job.page}" + "x" * 2000) for job in jobs]
        publish(prepare(results, out, WORDS, planned=jobs, inputs={"a": f"{turn}.{n}"}))


@pytest.mark.parametrize("exchanging", [True, False])
def test_a_hundred_kills_while_publishing_leave_whole_pages(tmp_path, exchanging):
    jobs, out = planned(tmp_path, "public"), tmp_path / "out"
    publish(prepare([done(job, "0") for job in jobs], out, WORDS, planned=jobs, inputs={}))
    fork, chance = multiprocessing.get_context("fork"), random.Random(2010)
    cut = 0
    for turn in range(100):
        process = fork.Process(target=publish_for_ever, args=(jobs, out, turn, exchanging))
        process.start()
        time.sleep(chance.uniform(0.02, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        headings = [re.search(r"<h1>(.*?)</h1>", (out / job.page).read_text("utf-8"))[1] for job in jobs]
        cut += len({heading.partition("-")[0] for heading in headings}) > 1
        assert len(whole(out, r"(0|\d+\.\d+-[ab]\.htmlx{2000})")) == 3
        assert json.loads((out / "manifest.json").read_text("utf-8"))["status"] == "done"
    # File by file a kill can come between two pages (each is whole all the same); in one step it cannot.
    assert (cut == 0) if exchanging else (cut >= 5)
    publish(prepare([done(job, "end") for job in jobs], out, WORDS, planned=jobs, inputs={"a": "end"}))
    assert len(whole(out, "end")) == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_command_killed_anywhere_is_finished_by_the_next_call(tmp_path):
    folder = project(tmp_path, "甲学院", a=SHOWS, b=SHOWS, c=SHOWS)
    assert called(folder, "report").returncode == 0
    out, chance = folder / "reports" / "public-zh", random.Random(7)
    for _ in range(5):
        command = [sys.executable, "-m", "cxzy_lib.cli", "run", "--force"]
        run = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 6))
        run.kill()
        run.wait()
        for name in "abc":
            text = (out / f"{name}.html").read_text("utf-8")
            assert "<p>None None zh public</p>" in text
            assert text.rstrip().endswith("</html>")
    assert called(folder, "run", "--force").returncode == 0
    assert {path.name for path in out.iterdir()} == {
        "a.html",
        "b.html",
        "c.html",
        "index.html",
        "manifest.json",
    }
