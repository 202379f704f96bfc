"""Reads files in child processes with limits, so that no file can crash, hang or starve the run.

A child is this module run as a program: unlike a multiprocessing worker it never imports the caller's script.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Timer

from cxzy_lib.intake.files import digest, end_with_parent, problem
from cxzy_lib.intake.grid import Book, Refused

MEMORY_BYTES = 2 * 2**30
SECONDS_PER_FILE = 120.0
READER = "cxzy_lib.intake.workbook:read_file"


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows; the time limit still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _read(reader: Callable[[Path], Book], path: Path) -> Book:
    try:
        return reader(path)
    except Refused as refusal:
        return Book(path, code=refusal.code, hint=refusal.hint)
    except MemoryError:
        return Book(path, code="too_large")
    except Exception as error:
        # The system's own errors have a number: the file has gone, or may not or cannot be read.
        code = "unreadable" if isinstance(error, OSError) and error.errno else "broken"
        return Book(path, code=code, hint=type(error).__name__)


def serve(reader: str) -> None:
    """Read the files named on standard input, a JSON string a line, and answer each with a pickled Book."""
    module, _, name = reader.partition(":")
    read: Callable[[Path], Book] = getattr(import_module(module), name)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    _limit_memory()
    end_with_parent(os.getppid())
    for line in sys.stdin.buffer:
        pickle.dump(_read(read, Path(json.loads(line))), answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


class _Child:
    """A reading process; started when it is first needed, and anew after it died."""

    def __init__(self, reader: str, seconds: float) -> None:
        self.reader, self.seconds = reader, seconds
        self.process: subprocess.Popen[bytes] | None = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, self.reader],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        return self.process

    def read(self, path: Path) -> Book:
        process = self._started()
        late = Timer(self.seconds, process.kill)
        late.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            process.stdin.flush()
            book: Book = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            code = "crashed" if late.is_alive() else "timeout"
            self.stop()
            return Book(path, code=code)
        finally:
            late.cancel()
        return book

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            self.process.wait()
            self.process = None


def read_all(
    paths: Sequence[Path],
    jobs: int = 2,
    on_read: Callable[[Path], object] = lambda path: None,
    *,
    reader: str = READER,
    seconds: float = SECONDS_PER_FILE,
) -> Iterator[Book]:
    """Read `paths` side by side in `jobs` child processes and yield their books in the order of `paths`.

    A file that cannot be read gives a Book without sheets whose ``code`` says why; nothing is raised.

    Parameters
    ----------
    paths : sequence of Path
    jobs : int
        How many children; at least one.
    on_read : callable
        Called with each path when its book is there.
    reader : str
        ``module:function`` that a child calls; replaced only by tests of the limits.
    seconds : float
        After which a file is given up.
    """
    children = [_Child(reader, seconds) for _ in range(max(1, min(jobs, len(paths))))]
    free: SimpleQueue[_Child] = SimpleQueue()
    for child in children:
        free.put(child)

    def read(path: Path) -> Book:
        if code := problem(path):
            on_read(path)
            # A name that is not UTF-8 is written with its bytes, as \\xd6: no table could hold it otherwise.
            return Book(Path(os.fsencode(path).decode("utf-8", "backslashreplace")), code=code)
        child = free.get()
        try:
            return replace(child.read(path), sha256=digest(path))
        finally:
            free.put(child)
            on_read(path)

    with ThreadPoolExecutor(len(children)) as threads:
        try:
            # Only a few ahead of the one asked for: books that nobody has taken would fill the memory.
            waiting: deque[Future[Book]] = deque()
            for path in paths:
                waiting.append(threads.submit(read, path))
                if len(waiting) > 2 * len(children):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # before the threads are waited for: when the run is called off, theirs is called off, too
            for child in children:
                child.stop()


if __name__ == "__main__":
    serve(sys.argv[1])
