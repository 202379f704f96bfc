"""A call of the ``cxzy`` command: its options, what is wrong with it, and how it ends."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cxzy_lib.texts import check_languages, languages, text


class Wrong(click.ClickException):
    """The call or the campaign's files are wrong."""

    exit_code = 2


FOLDER = click.Path(path_type=Path)


def _folder(default: str, said: str) -> dict[str, Any]:
    return {"default": default, "type": FOLDER, "show_default": True, "help": said}


LANG: dict[str, Any] = {
    "default": "zh",
    "type": click.Choice(languages()),
    "show_default": True,
    "help": "语言 / language",
}
HELP = click.help_option("-h", "--help", help="帮助 / this help")
COMMON: dict[str, dict[str, Any]] = {
    "campaign": _folder("campaign", "设定 / what is measured"),
    "raw": _folder("data/raw", "原始数据 / raw files"),
    "processed": _folder("data/processed", "处理后的表 / tables"),
    "out": {
        "type": FOLDER,
        "help": "报告文件夹 / the report  [default: reports/AUDIENCE-LANG[-YEAR][-UNIT][-each-…]]",
    },
    "lang": LANG,
    "audience": {
        "default": "public",
        "type": click.Choice(["public", "leadership", "branch"]),
        "show_default": True,
        "help": "读者 / readers",
    },
    "year": {"type": int, "help": "只看这一年 / only this calendar year"},
    "unit": {"help": "只看该单位、支部或处室 / only this institution, branch or department"},
    "each": {
        "multiple": True,
        "type": click.Choice(["branch", "year"]),
        "help": "另为每个支部、每一年各出一份 / also an edition for each branch, each year",
    },
    "annex": {"is_flag": True, "help": "附各表工作簿 / also a workbook of the tables"},
    "jobs": {"default": os.cpu_count() or 1, "type": click.IntRange(1), "help": "并行数 / side by side"},
    "cluster": {"help": "调度器地址 / a scheduler whose workers run the notebooks"},
    "quiet": {"is_flag": True, "help": "只打印结果一行 / print one line: what came of it"},
    "force": {"is_flag": True, "help": "未变的也重做 / also what is up to date"},
}


@dataclass(frozen=True)
class Call:
    """The common options of a call."""

    campaign: Path
    raw: Path
    processed: Path
    out: Path | None
    lang: str
    audience: str
    year: int | None
    unit: str | None
    each: tuple[str, ...]
    annex: bool
    jobs: int
    cluster: str | None
    quiet: bool
    force: bool

    @property
    def folder(self) -> Path:
        """Where the edition goes: one folder for each selection, unless it was named."""
        from cxzy_lib.publish.editions import folder_name

        unit = self.unit and folder_name(self.unit)
        parts = (self.audience, self.lang, self.year, unit, *(f"each-{name}" for name in sorted(self.each)))
        return self.out or Path("reports") / "-".join(str(part) for part in parts if part)

    def say(self, key: str, *, err: bool = False, **values: Any) -> None:
        """Print a line in the call's language."""
        click.echo(text(f"cli.{key}", self.lang, **values), err=err)

    def wrong(self, key: str, **values: Any) -> Wrong:
        """Return the error of a wrong call, in its language."""
        return Wrong(text(f"cli.{key}", self.lang, **values))

    def need_tables(self) -> None:
        """Raise `Wrong` where nothing has been cleaned yet."""
        if not all((self.processed / f"{name}.parquet").is_file() for name in ("units", "files")):
            raise self.wrong("not_cleaned", folder=self.processed)

    def tell_changed(self) -> None:
        """Say where raw files have changed since the tables were made of them."""
        from cxzy_lib.intake.files import changed_since

        if changed_since(self.processed):
            self.say("raw_changed", err=True)


def common(used: str = " ".join(COMMON)) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Give a command the common options as a Call; what it returns is the exit status.

    Every command takes them all, so that a script can give them to each; its help lists those `used`.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., None]:
        def run(**options: Any) -> None:
            own = {name: value for name, value in options.items() if name not in COMMON}
            call = Call(**{name: value for name, value in options.items() if name in COMMON})
            sys.exit(_status(call, lambda: command(call, **own)))

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        decorated: Callable[..., None] = HELP(run)
        for name, kind in reversed(COMMON.items()):
            decorated = click.option(f"--{name}", hidden=name not in used.split(), **kind)(decorated)
        return decorated

    return decorate


def _status(call: Call, command: Callable[[], int]) -> int:
    """Return how a command ended; raise `Wrong` where the call or the campaign's files are."""
    from cxzy_lib.campaign import CampaignError
    from cxzy_lib.intake.files import Busy

    # Ended from outside, it ends what it started and removes what it wrote on the way, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        check_languages()
    except ValueError as error:
        raise Wrong(str(error)) from error
    try:
        return command()
    except (CampaignError, PermissionError, NotADirectoryError) as error:
        raise Wrong(str(error)) from error
    except Busy as busy:
        call.say("busy", err=True, folder=busy.folder, pid=busy.pid, since=busy.since)
        return 1
    except KeyboardInterrupt:
        call.say("interrupted", err=True)
        return 130


def summed(call: Call, *steps: Callable[[], int]) -> int:
    """Take the steps and return the worst exit status; with ``--quiet`` print their last lines in one."""
    if not call.quiet:
        return max(step() for step in steps)
    found, lines = [], []
    for step in steps:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            found.append(step())
        lines += told.getvalue().strip().splitlines()[-1:]
    click.echo(" ".join(["cxzy", text(f"cli.ended_{max(found)}", call.lang), *lines]))
    return max(found)


def short(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@contextlib.contextmanager
def stepper(total: int, label: str) -> Iterator[Callable[[Any], object]]:
    """Give what to call after each step: it moves a bar on a terminal, and does nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=label, leave=False) as bar:
        yield lambda _: bar.update()
