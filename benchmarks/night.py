"""How long a night's reports take: `papermill` and `nbconvert` as programs, our ordinary kernels, our copies.

    python benchmarks/night.py PROCESSED [ROUNDS]

PROCESSED is a folder that `cxzy clean` wrote. Every way makes all notebooks of one edition, two at a time,
ROUNDS times in turn; the medians and their ratios are printed. The command's ways end with the pages'
markup in memory; the programs' with an HTML file a notebook.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cxzy_lib.publish import copies, jobs, runner

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
WORKERS = 2


def planned(processed: Path, out: Path) -> dict[int, jobs.Job]:
    """Return the jobs of the leadership's edition."""
    places = {"processed": processed.resolve(), "campaign": ROOT / "campaign", "out": out}
    chosen = {"year": None, "unit": None, "lang": "zh", "audience": "leadership"}
    return dict(enumerate(jobs.plan_jobs(ROOT / "notebooks", (), places | chosen)))


def programs(todo: dict[int, jobs.Job], folder: Path) -> None:
    """Make each page with the two programs that most people use."""

    def one(job: jobs.Job) -> None:
        made = folder / job.notebook.name
        given = [
            word
            for name, value in job.parameters.items()
            if value is not None
            for word in ("-p", name, value)
        ]
        for command in (
            [
                BIN / "papermill",
                job.notebook,
                made,
                "--cwd",
                job.notebook.parent,
                "--no-progress-bar",
                *given,
            ],
            [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", made],
        ):
            subprocess.run([str(part) for part in command], check=True, capture_output=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, todo.values()))


def kernels(todo: dict[int, jobs.Job], folder: Path) -> None:
    """Make each page in a process and a kernel of its own."""
    done(runner._pool(todo, WORKERS, folder))


def forked(todo: dict[int, jobs.Job], folder: Path) -> None:
    """Make each page in a copy of a process that has everything open."""
    done(copies.run_in_copies(todo, WORKERS, folder))


def done(found: object) -> None:
    """Check that every page was made."""
    results = [result for _, result in found]  # type: ignore[attr-defined]
    assert all(result and result.status == "done" for result in results), results


WAYS: tuple[Callable[[dict[int, jobs.Job], Path], None], ...] = (programs, kernels, forked)


def main() -> None:
    """Time each way in turn and print the table."""
    processed, rounds = Path(sys.argv[1]), int((sys.argv[2:] or ["1"])[0])
    seconds: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            with tempfile.TemporaryDirectory() as work:
                todo = planned(processed, Path(work) / "out")
                started = time.perf_counter()
                way(todo, Path(work))
                seconds[way.__name__].append(time.perf_counter() - started)
    fastest = statistics.median(seconds["forked"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(
            f"{name:9} {middle:7.1f} s, {middle / len(todo):5.2f} s a page, {middle / fastest:5.2f} x forked"
        )


if __name__ == "__main__":
    main()
