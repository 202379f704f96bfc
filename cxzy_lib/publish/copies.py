"""Notebooks run in copies of a process that has imported everything and opened what they all read.

One process imports (the fork server of `multiprocessing`, see `stack`). A copy of it, the *opener*, opens the
tables of one selection, works out what its pages share, and makes a copy of itself for each notebook. The
caller decides who may work when; a copy that dies, or takes too long, is missed by nobody else.
"""

import contextlib
import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from multiprocessing import Pipe, get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from cxzy_lib.publish.jobs import Job
from cxzy_lib.publish.runner import SECONDS, Result, execute, settle

#: From this many pages on it pays to work out first what most of them ask for.
MANY = 3
#: How often to look whether all is called off, in seconds.
_GLANCE = 0.5
_SELECTION = ("processed", "campaign", "year", "unit")


def available() -> bool:
    """Return whether processes can be copied here; macOS has the call, and libraries that don't bear it."""
    return sys.platform == "linux"


@dataclass
class _Opener:
    """A process that opens a selection: its jobs to come, and those at work."""

    pipe: Any
    process: BaseProcess
    waiting: deque[int]
    running: set[int] = field(default_factory=set)
    opened: bool = False

    @property
    def load(self) -> int:
        """How many processes work here."""
        return len(self.running) if self.opened else 1

    def start(self) -> None:
        """Let the next job begin."""
        n = self.waiting.popleft()
        self.running.add(n)
        with contextlib.suppress(OSError):  # it has died: `told` will say so
            self.pipe.send(n)

    def told(self) -> list[tuple[int, Result | None]]:
        """Return what came in: a result, nothing when all is open, or all that is lost with the process."""
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            lost = [*self.running, *self.waiting]
            self.running, self.waiting = set(), deque()
            return [(n, None) for n in lost]
        finally:
            self.opened = True
        if answer is None:
            return []
        self.running.remove(answer[0])
        return [answer]


def run_in_copies(
    jobs: Mapping[int, Job], workers: int, folder: Path, seconds: int = SECONDS
) -> Generator[tuple[int, Result | None]]:
    """Yield each job's number with its result as it comes in, None where its process was lost.

    At most `workers` processes work at a time, those that open a selection included. A notebook that takes
    longer than `seconds` counts as lost. The next ones start, in a thread, while the caller is busy with a
    result: it publishes editions between two of them. Close it (`contextlib.closing`), or they all run to
    their end.
    """
    found: SimpleQueue[Any] = SimpleQueue()
    called_off = Event()

    def work() -> None:
        try:
            for pair in _dispatched(jobs, workers, folder, seconds, called_off):
                found.put(pair)
            found.put(None)
        except BaseException as error:  # the caller's, who waits
            found.put(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while (pair := found.get()) is not None:
            if isinstance(pair, BaseException):
                raise pair
            yield pair
    finally:
        called_off.set()
        thread.join()


def _dispatched(
    jobs: Mapping[int, Job], workers: int, folder: Path, seconds: int, called_off: Event
) -> Generator[tuple[int, Result | None]]:
    groups, openers = deque(by_selection(jobs)), dict[Any, _Opener]()

    def free() -> bool:
        return sum(opener.load for opener in openers.values()) < workers

    try:
        while (groups or openers) and not called_off.is_set():
            for opener in openers.values():
                while opener.opened and opener.waiting and free():
                    opener.start()
            while groups and free() and len(openers) <= workers:
                begun = _begin(groups.popleft(), jobs, folder, seconds)
                openers[begun.pipe] = begun
            ready: list[Any] = wait(list(openers), _GLANCE)
            for pipe in ready:
                yield from openers[pipe].told()
                if not openers[pipe].waiting and not openers[pipe].running:
                    pipe.close()  # which ends it
                    del openers[pipe]
    finally:
        for opener in openers.values():
            opener.process.kill()


def by_selection(jobs: Mapping[int, Job]) -> list[list[int]]:
    """Return the numbers of the jobs that read the same tables together, in the order of the jobs."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for n, job in jobs.items():
        groups.setdefault(tuple(job.parameters[name] for name in _SELECTION), []).append(n)
    return list(groups.values())


def _begin(numbers: list[int], jobs: Mapping[int, Job], folder: Path, seconds: int) -> _Opener:
    context = get_context("forkserver")
    context.set_forkserver_preload(["cxzy_lib.publish.stack"])
    ours, its = context.Pipe()
    own = {n: jobs[n] for n in numbers}
    process = context.Process(target=_open, args=(its, own, folder, seconds))
    process.start()
    its.close()
    return _Opener(ours, process, deque(numbers))


def _open(pipe: Any, jobs: Mapping[int, Job], folder: Path, seconds: int) -> None:
    """Be the opener: open what the jobs read, then start each when told to, and pass its result on."""
    from cxzy_lib.present.report import keep_open

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what was imported stays: looking through it for garbage takes a tenth of a second each time
    chosen = {name: next(iter(jobs.values())).parameters[name] for name in (*_SELECTION, "lang")}
    # What cannot be opened is told by each notebook, in its own words.
    with contextlib.suppress(Exception):
        keep_open(**chosen, worked_out=len(jobs) >= MANY)
    gc.freeze()  # a copy that collects garbage would copy the memory that it shares
    pipe.send(None)
    running: dict[Any, tuple[int, BaseProcess]] = {}
    while True:
        ready: list[Any] = wait([pipe, *running])
        for one in ready:
            if one is not pipe:
                n, process = running.pop(one)
                pipe.send((n, _received(one)))
                process.join()
                continue
            try:
                n = pipe.recv()
            except EOFError:
                return
            ours, its = Pipe(duplex=False)
            copy = get_context("fork").Process(
                target=_run, args=(its, jobs[n], folder / str(n), seconds), daemon=True
            )
            copy.start()
            its.close()
            running[ours] = (n, copy)


def _received(pipe: Any) -> Result | None:
    try:
        result: Result = pipe.recv()
    except EOFError:
        return None
    return result


def _run(pipe: Any, job: Job, work_dir: Path, seconds: int) -> None:
    """Be the copy: run the notebook, hand over what came of it, and end whatever it left running."""
    from cxzy_lib.publish.engine import NAME

    settle(os.getppid())
    signal.alarm(seconds)  # whose default is the end of the process
    pipe.send(execute(job, work_dir, NAME))
    os._exit(0)
