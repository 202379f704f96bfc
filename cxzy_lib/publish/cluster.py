"""The same jobs on many machines: the workers of a scheduler of `distributed` run them.

A task is some pages of one selection. Its worker starts a process of its own for it, so that what goes wrong
there costs a worker nothing, and an idle worker needs no more memory than `distributed` does.
"""

import math
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

from cxzy_lib.intake.files import end_with_parent
from cxzy_lib.publish import jobs as planning
from cxzy_lib.publish.copies import by_selection
from cxzy_lib.publish.jobs import Job
from cxzy_lib.publish.runner import Result, run_jobs
from cxzy_lib.texts import text


class ClusterError(ValueError):
    """The scheduler cannot be reached, has no workers, or they have another version of this library."""


def run_in_cluster(address: str, jobs: Mapping[int, Job]) -> Generator[tuple[int, Result | None]]:
    """Yield each job's number with its result as it comes in, None where its worker was lost for good.

    Parameters
    ----------
    address : str
        Of the scheduler, as in ``tcp://10.0.0.5:8786``. Its workers see the same folders under the same
        names, and have the same library.
    jobs : mapping
        Number -> job.

    Raises
    ------
    ClusterError
        If the work cannot be begun there; what to do is in the message.
    """
    lang = next(iter(jobs.values())).parameters["lang"]
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ClusterError(text("publish.cluster_missing", lang)) from error
    try:
        client = Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(text("publish.cluster_silent", lang, address=address)) from error
    with client:
        told = {str(version) for version in client.run(_version, on_error="return").values()}
        if told != {_version()}:
            key = "cluster_other" if told else "cluster_empty"
            raise ClusterError(text(f"publish.{key}", lang, address=address))
        pieces = _pieces(jobs, sum(client.nthreads().values()))
        futures = {client.submit(_away, {n: jobs[n] for n in piece}, pure=False): piece for piece in pieces}
        for future in as_completed(futures, loop=client.loop):
            lost = future.status != "finished"
            yield from ((n, None) for n in futures[future]) if lost else future.result().items()
            future.release()


def _version() -> str:
    """Return what shapes a page, apart from data: this library and those that a manifest names."""
    return f"{planning.sources()} {planning.versions()}"


def _pieces(jobs: Mapping[int, Job], threads: int) -> list[list[int]]:
    """Return the numbers of the jobs of each task: of one selection, and some tasks for every thread."""
    size = math.ceil(len(jobs) / (2 * max(1, threads)))
    return [numbers[at : at + size] for numbers in by_selection(jobs) for at in range(0, len(numbers), size)]


def _away(jobs: Mapping[int, Job]) -> dict[int, Result]:
    """Run the jobs in a process of their own: a worker may have no children of `multiprocessing`."""
    command = [sys.executable, "-m", "cxzy_lib.publish.cluster"]
    done = subprocess.run(command, input=pickle.dumps(dict(jobs)), stdout=subprocess.PIPE, check=True)
    results: dict[int, Result] = pickle.loads(done.stdout)
    return results


def main() -> None:
    """Be that process: jobs come in and results go out, pickled; what is printed on the way is let go."""
    end_with_parent(os.getppid())
    target = os.dup(1)
    os.dup2(2, 1)
    jobs: dict[int, Job] = pickle.load(sys.stdin.buffer)
    with tempfile.TemporaryDirectory() as work:
        numbers = list(jobs)
        found = run_jobs(list(jobs.values()), workers=1, work_dir=Path(work))
        results = {numbers[at]: result for at, result in found}
    with os.fdopen(target, "wb") as out:
        pickle.dump(results, out)


if __name__ == "__main__":
    main()
