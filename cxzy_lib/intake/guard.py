"""Reads files in child processes with limits, so that no file can crash, hang or starve the run."""

import contextlib
import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from time import monotonic

from cxzy_lib.intake.workbook import Book, Refused, read_file

Reader = Callable[[Path], Book]
MEMORY_BYTES = 2 * 2**30
SECONDS_PER_FILE = 120.0


def digest(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows; the time limit still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _serve(pipe: Connection, reader: Reader) -> None:
    """Read the files named on the pipe until it closes; every answer is a Book."""
    _limit_memory()
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            path: Path = pipe.recv()
            try:
                book = reader(path)
            except Refused as refusal:
                book = Book(path, "", [], code=refusal.code, hint=refusal.hint)
            except MemoryError:
                book = Book(path, "", [], code="too_large")
            except Exception as error:
                book = Book(path, "", [], code="broken", hint=type(error).__name__)
            pipe.send(book)


class _Child:
    """A reading process, the file it has in hand and when it must be done."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(other, reader), daemon=True)
        self.reader, self.seconds = reader, seconds
        self.process.start()
        other.close()
        self.path: Path | None = None
        self.deadline = 0.0

    def take(self, path: Path) -> None:
        self.path, self.deadline = path, monotonic() + self.seconds
        self.pipe.send(path)

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()

    def answer(self) -> Book | None:
        """Return the book if there is an answer, a refusal if the child died or is late, else ``None``."""
        assert self.path is not None
        try:
            if self.pipe.poll():
                book: Book = self.pipe.recv()
                return book
        except (EOFError, OSError):
            return Book(self.path, "", [], code="crashed")
        return Book(self.path, "", [], code="timeout") if monotonic() > self.deadline else None


def read_all(
    paths: Sequence[Path],
    jobs: int = 2,
    on_read: Callable[[Path], object] = lambda path: None,
    *,
    reader: Reader = read_file,
    seconds: float = SECONDS_PER_FILE,
) -> Iterator[Book]:
    """Read `paths` side by side in `jobs` child processes and yield their books in the order of `paths`.

    A file that takes longer than `seconds` is given up. `reader` is replaced only by tests of the limits.

    A file that cannot be read gives a Book without sheets whose ``code`` says why; nothing is raised.
    """
    todo = list(reversed(paths))
    done: dict[Path, Book] = {}
    children = [_Child(reader, seconds) for _ in range(max(1, min(jobs, len(todo))))] if todo else []
    for child in children:
        child.take(todo.pop())
    position = 0
    try:
        while position < len(paths):
            if paths[position] in done:
                yield done.pop(paths[position])
                position += 1
                continue
            wait([child.pipe for child in children if child.path], timeout=1.0)
            children = [_next_file(child, todo, done, on_read) for child in children]
    finally:
        for child in children:
            child.stop()


def _next_file(
    child: _Child, todo: list[Path], done: dict[Path, Book], on_read: Callable[[Path], object]
) -> _Child:
    book = child.answer() if child.path else None
    if book is None or child.path is None:
        return child
    done[child.path] = replace(book, sha256=digest(child.path))
    on_read(child.path)
    if book.code in ("crashed", "timeout"):
        child.stop()
        child = _Child(child.reader, child.seconds) if todo else child
    child.path = None
    if todo:
        child.take(todo.pop())
    return child
