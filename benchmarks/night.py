"""How long a night's reports take: ours beside the programs that most people use, R Markdown and the floor.

    python benchmarks/night.py PROCESSED [--reports 48] [--rounds 1] [--ways floor,forked,…]

PROCESSED is a folder that `cxzy clean` wrote. Every way makes the same reports, two at a time, ROUNDS times in
turn; medians of wall time, and each beside ours (`forked`), are printed. A report is one of the ten notebooks for
the whole campaign, a year or a branch. The ways:

- ``programs``: ``papermill`` and ``jupyter nbconvert``, a process each;
- ``execute``: ``jupyter nbconvert --execute`` of notebooks with their parameters put in;
- ``kernels``: our runner with a process and an ordinary kernel for each report;
- ``warm``: ``papermill -k cxzy-warm`` from one process: a kernel that is a copy, the rest as usual;
- ``forked``: what ``cxzy run`` does;
- ``floor``: the cells' code in copies, the markup joined by hand: no papermill, no nbconvert, no page;
- ``rmarkdown``: forked R with rmarkdown, knitr and ggplot2 loaded, where R has them: `peer.Rmd` draws six
  charts and three tables of the same data and does nothing else.
"""

import argparse
import ast
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from cxzy_lib.publish import copies, jobs, runner
from cxzy_lib.tables import load

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
WORKERS = 2
Jobs = dict[int, jobs.Job]


def planned(processed: Path, out: Path, count: int) -> Jobs:
    """Return `count` reports of the leadership: all pages of the campaign, then of each year, then of branches."""
    tables = load(processed)
    branches = tables.units.loc[tables.units["kind"].eq("branch"), "unit"].tolist()
    about = [(None, None), *((year, None) for year in (2010, 2011, 2012)), *((None, b) for b in branches)]
    places = {"processed": processed.resolve(), "campaign": ROOT / "campaign", "out": out}
    whose, own = places | {"lang": "zh", "audience": "leadership"}, jobs.own_layouts(ROOT / "notebooks")
    found = (
        job
        for year, unit in about
        for job in jobs.fitting(
            jobs.plan_jobs(ROOT / "notebooks", (), whose | {"year": year, "unit": unit}), (), own
        )
    )
    return dict(enumerate(islice(found, count)))


def programs(todo: Jobs, folder: Path) -> None:
    """Make each page with papermill and nbconvert."""

    def one(job: jobs.Job, made: Path) -> None:
        given = [w for n, v in job.parameters.items() if v is not None for w in ("-p", n, str(v))]
        places = ["--cwd", job.notebook.parent, "--no-progress-bar"]
        _call(BIN / "papermill", job.notebook, made, *places, *given)
        _call(BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", made)

    _side_by_side(one, todo, folder)


def execute(todo: Jobs, folder: Path) -> None:
    """Make each page with nbconvert alone, of a notebook with its parameters put in."""
    from papermill.iorw import load_notebook_node, write_ipynb
    from papermill.parameterize import parameterize_notebook

    def one(job: jobs.Job, made: Path) -> None:
        node = load_notebook_node(str(job.notebook))
        write_ipynb(
            parameterize_notebook(node, dict(job.parameters), kernel_name="python3", language="python"),
            str(made),
        )
        _call(BIN / "jupyter", "nbconvert", "--execute", "--to", "html", "--no-input", made)

    _side_by_side(one, todo, folder)


def _side_by_side(one: Callable[[jobs.Job, Path], None], todo: Jobs, folder: Path) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda item: one(item[1], folder / f"{item[0]}.ipynb"), todo.items()))


def _call(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def kernels(todo: Jobs, folder: Path) -> None:
    """Make each page in a process and a kernel of its own."""
    _done(runner._pool(todo, WORKERS, folder))


def warm(todo: Jobs, folder: Path) -> None:
    """Make each page with papermill's function and our kernelspec; nbconvert's exporter once."""
    import papermill
    from nbconvert.exporters.html import HTMLExporter

    exporter = HTMLExporter(exclude_input=True)  # type: ignore[no-untyped-call]

    def one(job: jobs.Job, made: Path) -> None:
        given = {n: v for n, v in job.parameters.items() if v is not None}
        papermill.execute_notebook(
            job.notebook,
            made,
            given,
            kernel_name="cxzy-warm",
            cwd=str(job.notebook.parent),
            progress_bar=False,
        )
        made.with_suffix(".html").write_text(exporter.from_filename(str(made))[0], "utf-8")

    _side_by_side(one, todo, folder)


def forked(todo: Jobs, folder: Path) -> None:
    """Make each page in a copy of a process that has everything open."""
    _done(copies.run_in_copies(todo, WORKERS, folder))


def _done(found: object) -> None:
    results = [result for _, result in found]  # type: ignore[attr-defined]
    assert all(result and result.status == "done" for result in results), results


def floor(todo: Jobs, folder: Path) -> None:
    """Run the cells' code in copies of a process that has everything imported and open, nothing around it."""
    import cxzy_lib.publish.stack  # noqa: F401
    from cxzy_lib.present.report import keep_open

    running: dict[int, int] = {}
    opened = None
    for n, job in todo.items():
        if len(running) == WORKERS:
            _wait(running)
        places = {name: job.parameters[name] for name in ("processed", "campaign", "year", "unit", "lang")}
        if places != opened:  # as ours does it: once for the pages of a selection
            keep_open(**places, worked_out=True)
            opened = places
        pid = os.fork()
        if not pid:
            _plain(job, folder / f"{n}.html")
        running[pid] = n
    while running:
        _wait(running)


def _wait(running: dict[int, int]) -> None:
    pid, status = os.wait()
    assert not status, running[pid]
    running.pop(pid)


def _plain(job: jobs.Job, target: Path) -> None:
    """Run a notebook's code and join what its cells' last lines show; never returns."""
    code = 1
    with contextlib.suppress(BaseException):
        space: dict[str, object] = {}
        shown: list[str] = []
        for cell in json.loads(job.notebook.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                tree = ast.parse("".join(cell["source"]))
                last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
                exec(compile(tree, "cell", "exec"), space)
                if "parameters" in cell["metadata"].get("tags", []):
                    space |= job.parameters
                if isinstance(last, ast.Expr):
                    value = eval(compile(ast.Expression(last.value), "cell", "eval"), space)
                    shown.append(getattr(value, "html", ""))
        target.write_text("\n".join(shown), "utf-8")
        code = 0
    os._exit(code)


def rmarkdown(todo: Jobs, folder: Path) -> None:
    """Render the peer's report as often as there are reports, in forks of one R."""
    processed = Path(str(todo[0].parameters["processed"]))
    tables = load(processed)
    for name in ("votes", "attendance", "events", "hours", "tasks", "people"):
        getattr(tables, name).to_csv(folder / f"{name}.csv", index=False)
    shutil.copy(Path(__file__).with_name("peer.Rmd"), folder)
    script = (
        "library(rmarkdown); library(knitr); library(ggplot2);"
        "root <- getwd(); one <- function(n) { d <- file.path(root, n); dir.create(d); file.copy('peer.Rmd', d);"
        # forks draw the same names of temporary files unless they begin elsewhere
        " replicate(200 * as.integer(n), tempfile());"
        " render(file.path(d, 'peer.Rmd'), params = list(data = root), quiet = TRUE) };"
        f" found <- parallel::mclapply(as.character(1:{len(todo)}), one, mc.cores = {WORKERS},"
        " mc.preschedule = FALSE); lost <- Filter(function(one) inherits(one, 'try-error'), found);"
        " if (length(lost)) stop(lost[[1]])"
    )
    done = subprocess.run(["Rscript", "-e", script], cwd=folder, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-2000:]
    assert len(list(folder.glob("*/peer.html"))) == len(todo)


WAYS = (programs, execute, kernels, warm, forked, floor, rmarkdown)


def _has_r() -> bool:
    asked = "stopifnot(requireNamespace('rmarkdown'), requireNamespace('ggplot2'))"
    return (
        bool(shutil.which("Rscript"))
        and not subprocess.run(["Rscript", "-e", asked], capture_output=True).returncode
    )


def main() -> None:
    """Time each way in turn and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("processed", type=Path)
    parser.add_argument("--reports", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ways", default=",".join(way.__name__ for way in WAYS))
    given = parser.parse_args()
    ways = [way for way in WAYS if way.__name__ in given.ways.split(",")]
    if rmarkdown in ways and not _has_r():
        print("rmarkdown: not installed, left out")
        ways.remove(rmarkdown)
    seconds: dict[str, list[float]] = {way.__name__: [] for way in ways}
    for _ in range(given.rounds):
        for way in ways:
            with tempfile.TemporaryDirectory() as work:
                todo = planned(given.processed, Path(work) / "out", given.reports)
                started = time.perf_counter()
                way(todo, Path(work))
                seconds[way.__name__].append(time.perf_counter() - started)
                print(f"  {way.__name__} {seconds[way.__name__][-1]:.1f} s", file=sys.stderr, flush=True)
    middle = {name: statistics.median(taken) for name, taken in seconds.items()}
    ours = middle.get("forked", next(iter(middle.values())))
    print(f"{given.reports} reports, {WORKERS} at a time, median of {given.rounds}")
    for name, taken in middle.items():
        print(
            f"{name:10} {taken:7.1f} s  {taken / given.reports:5.2f} s a report  {taken / ours:5.2f} x ours"
        )


if __name__ == "__main__":
    main()
