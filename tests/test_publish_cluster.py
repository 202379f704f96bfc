"""The same jobs on the workers of a real scheduler; one worker is killed on the way."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from conftest import ROOT

from cxzy_lib.publish import cluster, jobs, runner

SHOWS = """
import os, time
from IPython.display import HTML, display
time.sleep(PAUSE)
display(HTML(f"<h1>{unit}</h1><p>{len(str(os.getpid()))} {os.environ['PART']}</p>"))
"""


@contextlib.contextmanager
def started(*command, cwd, **variables):
    """Start a process and end it, with all that it started."""
    log = cwd / f"{command[0]}-{len(list(cwd.iterdir()))}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, command)],
            stderr=file, stdout=file, cwd=cwd, start_new_session=True, env=os.environ | variables,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def scheduler(tmp_path):
    folder = tmp_path / "scheduler"
    folder.mkdir()
    with started(
        "scheduler", "--port", 0, "--host", "127.0.0.1", "--no-dashboard", "--no-show", cwd=folder
    ) as (_, log):
        yield folder, until(lambda: re.search(r"(tcp://127\.0\.0\.1:\d+)", log.read_text()), "scheduler")[1]


def until(found, what, seconds=60):
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return result


def todo(folder, count, pause):
    cells = [
        nbformat.v4.new_code_cell(
            "\n".join(f"{n} = None" for n in jobs.PARAMETERS), metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell(SHOWS.replace("PAUSE", str(pause))),
    ]
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / "a.ipynb")
    common = {
        "campaign": ROOT / "campaign",
        "processed": folder,
        "year": None,
        "lang": "zh",
        "audience": "public",
    }
    return [
        job
        for n in range(count)
        for job in jobs.plan_jobs(notebooks, (), common | {"unit": f"甲{n}", "out": folder / str(n)})
    ]


def worker(address, folder, name):
    return started("worker", address, "--nthreads", 1, "--no-dashboard", cwd=folder, PART=name)


def test_workers_run_the_jobs_and_one_killed_loses_nothing(tmp_path, scheduler):
    folder, address = scheduler
    planned = todo(tmp_path, 6, 2)
    with worker(address, folder, "first") as (one, _), worker(address, folder, "second"):
        threads_of(address, 2)
        found = {}
        for n, result in runner.run_jobs(planned, workers=1, work_dir=tmp_path / "work", cluster=address):
            found[n] = result
            if len(found) == 1:  # the others are at work, or wait
                os.killpg(one.pid, signal.SIGKILL)
    assert sorted(found) == list(range(6))
    for n, result in found.items():
        assert (result.status, result.job, result.title) == ("done", planned[n], "a")
        assert result.html.startswith(f"<h1>甲{n}</h1>")
    assert {re.search(r" (\w+)</p>", result.html)[1] for result in found.values()} >= {"second"}


def threads_of(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_call_that_cannot_begin_says_what_to_do(tmp_path, scheduler, monkeypatch):
    _, address = scheduler
    planned = dict(enumerate(todo(tmp_path, 1, 0)))
    with pytest.raises(cluster.ClusterError, match=r"dask worker tcp://127"):
        list(cluster.run_in_cluster(address, planned))
    with worker(address, tmp_path, "x"):
        threads_of(address, 1)
        monkeypatch.setattr(jobs, "sources", lambda: "another version")
        with pytest.raises(cluster.ClusterError, match="cxzy"):
            list(cluster.run_in_cluster(address, planned))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.ClusterError, match=r"cxzy\[cluster\]"):
        list(cluster.run_in_cluster(address, planned))


def test_the_command_makes_the_edition_with_the_cluster(tmp_path, scheduler):
    folder, address = scheduler
    (tmp_path / "data").mkdir()
    todo(tmp_path, 0, 0)
    command = [sys.executable, "-m", "cxzy_lib.cli", "run", "--campaign", ROOT / "campaign", "--out", "out"]
    command = [*map(str, command), "--cluster"]
    from test_tables import tables

    from cxzy_lib.tables import save

    save(tables([("甲校", 1)]), tmp_path / "data" / "processed")
    silent = subprocess.run(
        [*command, "tcp://127.0.0.1:9"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert silent.returncode == 2
    assert "tcp://127.0.0.1:9" in silent.stderr
    with worker(address, folder, "there"):
        threads_of(address, 1)
        made = subprocess.run([*command, address], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert " there</p>" in (tmp_path / "out" / "a.html").read_text("utf-8")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["status"] == "done"
