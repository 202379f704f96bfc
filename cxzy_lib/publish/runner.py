"""Running notebooks side by side, and what comes of each."""

import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any, Literal

from cxzy_lib.intake.files import end_with_parent
from cxzy_lib.publish.jobs import PLACES, Job, NotebookError
from cxzy_lib.texts import text

PAGE = "application/vnd.cxzy.page+json"
KEY_NUMBERS = "application/vnd.cxzy.key-numbers+json"
#: Longest time for a notebook in a copy, and for a cell in a kernel.
SECONDS = 900
_FOLDERS = re.compile(r"(?<![\w/<:.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/:'\"<>|]+[\\/])+")


@dataclass(frozen=True)
class Failure:
    """Why a job failed: the code cell (counted from 1), the exception and its message."""

    kind: str
    message: str
    cell: int | None = None


@dataclass(frozen=True)
class Result:
    """What became of a job; `html` is the markup inside the page's ``<main>``."""

    job: Job
    status: Literal["done", "failed"]
    seconds: float = 0.0
    error: Failure | None = None
    title: str = ""
    subtitle: str = ""
    key_numbers: tuple[dict[str, Any], ...] = ()
    html: str = ""
    name: str = ""  # short, for menus


def run_jobs(
    jobs: Sequence[Job], *, workers: int, work_dir: str | Path, cluster: str | None = None
) -> Generator[tuple[int, Result]]:
    """Execute the jobs in `workers` processes; yield the place of each in `jobs` and its result as it comes.

    Each is first run in a copy of a process that has everything open (`copies`); one that failed there,
    or was lost, runs once more in a process and a kernel of its own.

    Parameters
    ----------
    jobs : sequence of Job
        One that fails does not touch the others; nor does one that takes its process down with it.
    workers : int
        At least 1.
    work_dir : path
        Private folder for the executed notebooks, which hold data that no page shows; each in one of its
        own, named by its place in `jobs`.
    cluster : str, optional
        Run them on the workers of this scheduler instead; here only what is lost there (`cluster`).
    """
    folder = Path(work_dir).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    again = dict(enumerate(jobs))
    for first in _ways(cluster):
        todo, again = again, {}
        if todo:
            with closing(first(todo, workers, folder)) as coming:
                for n, result in coming:
                    if result is None or (first is not _pool and result.status == "failed"):
                        again[n] = todo[n]
                    else:
                        yield n, result
    # A process that dies breaks its whole pool: whoever was in it runs again, each in one of its own.
    for n, job in again.items():
        [(_, result)] = _pool({n: job}, 1, folder)
        lost = Failure("BrokenProcessPool", text("publish.lost", job.parameters["lang"]))
        yield n, result or Result(job, "failed", title=job.notebook.stem, error=lost)


def _ways(cluster: str | None) -> list[Any]:
    """Return how jobs are run, first and once more."""
    from cxzy_lib.publish.copies import available, run_in_copies

    if cluster is None:
        return [run_in_copies, _pool] if available() else [_pool]
    from cxzy_lib.publish.cluster import run_in_cluster

    return [lambda jobs, workers, folder: run_in_cluster(cluster, jobs), _pool]


def _pool(jobs: Mapping[int, Job], workers: int, folder: Path) -> Generator[tuple[int, Result | None]]:
    """Yield each job's number with its result as it comes in, None where the process was lost."""
    with ProcessPoolExecutor(min(workers, len(jobs)), get_context("spawn"), settle, (os.getpid(),)) as pool:
        try:
            futures = {_submit(pool, job, folder / str(n)): n for n, job in jobs.items()}
            for future in as_completed(futures):
                lost = isinstance(future.exception(), BrokenProcessPool)
                yield futures[future], None if lost else future.result()
        except BaseException:  # called off: nobody waits for what is running
            for child in active_children():
                child.kill()
            raise


def settle(parent: int) -> None:
    """Prepare a worker: it ends with `parent` (and its kernel with it), and leaves Ctrl-C to that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    # As in `stack`: papermill's libraries would build a grammar of three seconds that no notebook needs.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _submit(pool: ProcessPoolExecutor, job: Job, folder: Path) -> "Future[Result]":
    try:
        return pool.submit(execute, job, folder)
    except BrokenProcessPool as error:
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


def execute(job: Job, work_dir: Path, engine: str | None = None) -> Result:
    """Run one job and return its result; what goes wrong in the notebook is a result, too.

    In a kernel, or with another of papermill's engines.
    """
    started = time.perf_counter()
    work_dir.mkdir(exist_ok=True, mode=0o700)
    try:
        result = published(job, _executed(job, work_dir, engine))
    except Exception as error:
        result = Result(job, "failed", title=job.notebook.stem, error=_failure(job, error))
    return replace(result, seconds=round(time.perf_counter() - started, 2))


def _executed(job: Job, work_dir: Path, engine: str | None) -> Any:
    import papermill
    from papermill.iorw import load_notebook_node
    from papermill.translators import PythonTranslator

    cells = load_notebook_node(str(job.notebook)).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])][:1]
    declared = {found.name for cell in tagged for found in PythonTranslator.inspect(cell)}
    if undeclared := sorted(set(job.parameters) - declared):  # papermill itself would only warn
        names = ", ".join(undeclared)
        raise NotebookError(text("publish.undeclared", job.parameters["lang"], names=names))
    source, target = (_unformatted(path) for path in (job.notebook, work_dir / job.notebook.name))
    own = {"home": str(work_dir)} if engine else {}
    run = partial(
        papermill.execute_notebook,
        source,
        target,
        dict(job.parameters),
        engine_name=engine,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        execution_timeout=SECONDS,
        cwd=str(job.notebook.parent),
        extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # its chatter is not for the terminal
        **own,
    )
    try:
        return run()
    except RuntimeError as error:
        # Two kernels that start at once can pick the same port: then one dies before it says a word.
        if not any(words in str(error) for words in ("before replying", "didn't respond")):
            raise
    return run()


def _unformatted(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill takes paths for templates


def published(job: Job, node: Any) -> Result:
    """Return what an executed notebook publishes: its markup, title and key numbers."""
    from cxzy_lib.publish.html import export

    outputs = [output for cell in node.cells for output in cell.get("outputs", [])]
    found = [output.data for output in outputs if "data" in output]
    about: dict[str, Any] = next((dict(data[PAGE]) for data in found if PAGE in data), {})
    numbers = tuple(dict(number) for data in found for number in data.get(KEY_NUMBERS, ()))
    title = str(about.get("title") or job.notebook.stem)
    markup = without_places(export(node, title=title, lang=job.parameters["lang"]), job)
    subtitle, name = str(about.get("subtitle", "")), str(about.get("name") or title)
    return Result(job, "done", title=title, subtitle=subtitle, key_numbers=numbers, html=markup, name=name)


def _failure(job: Job, error: Exception) -> Failure:
    from papermill.exceptions import PapermillExecutionError

    if not isinstance(error, PapermillExecutionError):
        return Failure(type(error).__name__, _message(str(error), job))
    # as numbered in JupyterLab, where the cell that papermill puts in does not run
    number = max(1, (error.exec_count or 1) - 1)
    return Failure(error.ename, _message(error.evalue, job), number)


def _message(words: str, job: Job) -> str:
    first = without_places(words, job).strip().split("\n")[0]
    return _FOLDERS.sub("", first)[:500]


def without_places(words: str, job: Job) -> str:
    """Return `words` with the folders of this machine shortened to their last name."""
    places = [Path(str(job.parameters[name])) for name in PLACES] + [job.notebook.parent]
    short = {str(place): place.name for place in places if place.is_absolute()}
    for folder in (Path.home(), Path.cwd(), Path(__file__).parents[2], Path(tempfile.gettempdir())):
        short.setdefault(str(folder), "~")
    # Not inside a longer word: the text of a picture (base64) has slashes, too.
    known = "|".join(map(re.escape, sorted(short.keys() - {"/"}, key=len, reverse=True)))
    return re.sub(rf"(?<![\w/+])({known})(?![\w+])", lambda found: short[found[0]], words)
