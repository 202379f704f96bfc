"""Which notebooks run, with which parameters, what is stale; and running them side by side.

Planning and staleness need the standard library only: a run with nothing to do answers at once.
"""

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from cxzy_lib.texts import text

#: The notebooks' parameters; the first three are places, whose contents count and not their names.
PARAMETERS = ("processed", "campaign", "out", "year", "unit", "lang", "audience")
PLACES = PARAMETERS[:3]
LIBRARIES = ("pandas", "matplotlib", "seaborn", "papermill", "nbconvert")
PAGE = "application/vnd.cxzy.page+json"
KEY_NUMBERS = "application/vnd.cxzy.key-numbers+json"
_SOURCES = {".py", ".toml", ".j2", ".css", ".js", ".json"}
_FOLDERS = re.compile(r"(?<![\w/<:.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/:'\"<>|]+[\\/])+")


class NotebookError(ValueError):
    """The call names a notebook or a parameter that is not there."""


@dataclass(frozen=True)
class Job:
    """One notebook to be run with its parameters, and the name of the page it becomes."""

    notebook: Path
    parameters: Mapping[str, Any]
    page: str


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


def plan_jobs(notebooks_dir: str | Path, only: Iterable[str], params: Mapping[str, Any]) -> list[Job]:
    """Return a job for each notebook of the folder, in the order of their names.

    Parameters
    ----------
    notebooks_dir : path
        Its ``*.ipynb`` are run, those that start with a dot or an underscore are not.
    only : iterable of str
        Names (with or without ``.ipynb``, a folder before them does not matter); empty for all.
    params : mapping
        Exactly `PARAMETERS`; ``year`` and ``unit`` may be None.

    Raises
    ------
    NotebookError
        If a name is unknown (lists the known ones) or the parameters are not those of the contract.
    """
    if set(params) != set(PARAMETERS):
        raise NotebookError(f"parameters: {', '.join(sorted(set(params) ^ set(PARAMETERS)))}")
    found = {path.stem: path.resolve() for path in sorted(Path(notebooks_dir).glob("[!._]*.ipynb"))}
    names = {Path(name).name.removesuffix(".ipynb") for name in only}
    for name in sorted(names - set(found)):
        known = ", ".join(found) or "-"
        raise NotebookError(text("publish.unknown_notebook", params["lang"], name=name, known=known))
    given = {key: str(value) if isinstance(value, Path) else value for key, value in params.items()}
    return [Job(path, given, f"{n}.html") for n, path in found.items() if not names or n in names]


def versions() -> dict[str, str]:
    """Return the versions of the libraries that shape a page."""
    return {name: metadata.version(name) for name in LIBRARIES}


def inputs(campaign: str | Path, processed: str | Path) -> dict[str, str]:
    """Return what every page depends on: name -> sha256 of the file (or version of the library).

    The sources of this library count as one entry.
    """
    package = Path(__file__).parents[1]
    sources = sorted(path for path in package.rglob("*") if path.suffix in _SOURCES)
    code = "".join(f"{path.relative_to(package).as_posix()} {_sha256(path)}\n" for path in sources)
    found = {"cxzy_lib": hashlib.sha256(code.encode()).hexdigest()}
    for folder, pattern in ((Path(campaign), "*.toml"), (Path(processed), "*.parquet")):
        kind = "campaign" if pattern == "*.toml" else "processed"
        found |= {f"{kind}/{path.name}": _sha256(path) for path in sorted(folder.glob(pattern))}
    return found | versions()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(job: Job, inputs_digest: Mapping[str, str]) -> str:
    """Return one number over all that the job's page depends on: notebook, parameters and `inputs`."""
    everything = [job.page, _sha256(job.notebook), settings(job), dict(inputs_digest)]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def read_manifest(out: str | Path) -> dict[str, Any]:
    """Return the manifest of the edition in `out`, {} without one; pages whose file has gone are left out."""
    folder = Path(out)
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        pages = {
            name: entry
            for name, entry in manifest["pages"].items()
            if (folder / name).is_file() or entry["made"] is None
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return manifest | {"pages": pages} if (folder / "index.html").is_file() else {}


def settings(job: Job) -> dict[str, Any]:
    """Return the job's parameters without its places."""
    return {name: value for name, value in job.parameters.items() if name not in PLACES}


def stale(job: Job, manifest: Mapping[str, Any], inputs_digest: Mapping[str, str]) -> bool:
    """Return whether the job must run: no page, a failure last time, or a change in its inputs."""
    entry: dict[str, Any] = manifest.get("pages", {}).get(job.page, {})
    return entry.get("status") != "done" or entry.get("digest") != digest(job, inputs_digest)


def run_jobs(
    jobs: Sequence[Job],
    *,
    workers: int,
    work_dir: str | Path,
    progress: Callable[[Result], object] = lambda result: None,
) -> list[Result]:
    """Execute the jobs in `workers` processes and return their results in the order of the jobs.

    Parameters
    ----------
    jobs : sequence of Job
        One that fails does not touch the others; nor does one that takes its process down with it.
    workers : int
        At least 1.
    work_dir : path
        Private folder for the executed notebooks, which hold data that no page shows.
    progress : callable
        Called with each result as it comes in.
    """
    folder = Path(work_dir).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    results: dict[str, Result] = {}
    lost: list[Job] = []
    for job, result in _pool(jobs, workers, folder):
        if result is None:
            lost.append(job)
        else:
            results[job.page] = result
            progress(result)
    # A process that dies breaks its whole pool: whoever was in it runs again, each in one of its own.
    for job, result in (pair for alone in lost for pair in _pool([alone], 1, folder)):
        message = text("publish.lost", job.parameters["lang"])
        failed = Result(job, "failed", title=job.notebook.stem, error=Failure("BrokenProcessPool", message))
        results[job.page] = result or failed
        progress(results[job.page])
    return [results[job.page] for job in jobs]


def _pool(jobs: Sequence[Job], workers: int, folder: Path) -> Iterator[tuple[Job, Result | None]]:
    """Yield each job with its result as it comes in, None where the process was lost."""
    size = max(1, min(workers, len(jobs)))
    with ProcessPoolExecutor(size, mp_context=get_context("spawn")) as pool:
        futures = {_submit(pool, job, folder): job for job in jobs}
        for future in as_completed(futures):
            lost = isinstance(future.exception(), BrokenProcessPool)
            yield futures[future], None if lost else future.result()


def _submit(pool: ProcessPoolExecutor, job: Job, folder: Path) -> "Future[Result]":
    try:
        return pool.submit(execute, job, folder)
    except BrokenProcessPool as error:
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


def execute(job: Job, work_dir: Path) -> Result:
    """Run one job in this process and return its result; what goes wrong in the notebook is a result, too."""
    started = time.perf_counter()
    try:
        result = published(job, _executed(job, work_dir))
    except Exception as error:
        result = Result(job, "failed", title=job.notebook.stem, error=_failure(job, error))
    return replace(result, seconds=round(time.perf_counter() - started, 2))


def _executed(job: Job, work_dir: Path) -> Any:
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
    for last in (False, True):
        try:
            return papermill.execute_notebook(
                source,
                target,
                dict(job.parameters),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                request_save_on_cell_execute=False,
                cwd=str(job.notebook.parent),
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # its chatter is not for the terminal
            )
        except RuntimeError as error:
            # Two kernels that start at once can pick the same port: then one dies before it says a word.
            if last or "before replying" not in str(error):
                raise
    raise AssertionError("unreachable")


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
