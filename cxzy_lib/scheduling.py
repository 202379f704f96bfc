"""The command ``cxzy schedule``: units for systemd, or a line for cron, that make the report every night."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cxzy_lib.call import Call, common
from cxzy_lib.texts import text

_UNIT = "cxzy-report"
_PLAIN = re.compile(r"[\w@+:,./-]+", re.ASCII)


def command_of(call: Call) -> list[str]:
    """Return the call of ``cxzy report`` with the options given, its places absolute."""
    places = {"campaign": call.campaign, "raw": call.raw, "processed": call.processed, "out": call.out}
    words = [str(Path(sys.executable).with_name("cxzy")), "report", "--quiet"]
    for name, place in places.items():
        words += [f"--{name}", str(place.absolute())] if place is not None else []
    words += ["--lang", call.lang, "--audience", call.audience]
    for name, value in (("year", call.year), ("unit", call.unit)):
        words += [f"--{name}", str(value)] if value is not None else []
    words += [word for name in call.each for word in ("--each", name)]
    return [*words, *(["--annex"] if call.annex else []), "--jobs", str(call.jobs)]


def systemd(command: Sequence[str], folder: Path, at: str, lang: str) -> dict[str, str]:
    r"""Return the two units that run `command` in `folder` every day at a time: name -> text.

    Examples
    --------
    >>> units = systemd(["/a b/cxzy", "report"], Path("/a b"), "02:30", "en")
    >>> [line for line in units["cxzy-report.service"].split("\n") if "/a b" in line]
    ['WorkingDirectory=/a b', 'ExecStart="/a b/cxzy" report']
    """
    about = text("schedule.about", lang)
    service = (
        f"[Unit]\nDescription={about}\n\n[Service]\nType=oneshot\nWorkingDirectory={_percent(str(folder))}\n"
        f"ExecStart={' '.join(map(_quoted, command))}\nUMask=0077\nNice=10\nTimeoutStartSec=12h\n"
    )
    timer = (
        f"[Unit]\nDescription={about}\n\n[Timer]\nOnCalendar=*-*-* {at}:00\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    return {f"{_UNIT}.service": service, f"{_UNIT}.timer": timer}


def _percent(words: str) -> str:
    return words.replace("%", "%%")  # systemd takes % for a name of its own


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_percent(escaped)}"'


def cron(command: Sequence[str], folder: Path, at: str) -> str:
    r"""Return the line for a crontab; what the command prints is mailed by cron.

    Examples
    --------
    >>> cron(["/a b/cxzy", "report"], Path("/50%"), "02:30")
    "30 2 * * * cd /50\\% && '/a b/cxzy' report"
    """
    hour, minute = (int(part) for part in at.split(":"))
    words = f"cd {shlex.quote(str(folder))} && {shlex.join(command)}"
    return f"{minute} {hour} * * * " + words.replace("%", "\\%")  # cron takes % for the end of a line


def _time(_: object, __: object, value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise click.BadParameter("HH:MM")
    return value


@click.command()
@click.option("--systemd", "kind", flag_value="systemd", default="systemd", help="systemd 单元 / units")
@click.option("--cron", "kind", flag_value="cron", help="crontab 一行 / a line for crontab")
@click.option("--at", default="02:30", show_default=True, callback=_time, help="每天几点 / when, HH:MM")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="写入文件夹 / write them there")
@common()
def schedule(call: Call, kind: str, at: str, to: Path | None) -> int:
    """打印每夜定时制作报告的设置 / Print what makes the report every night; the options are the report's."""
    command, folder = command_of(call), Path.cwd()
    if kind == "cron":
        click.echo(cron(command, folder, at))
        return 0
    units = systemd(command, folder, at, call.lang)
    for name, unit in units.items():
        if to is None:
            click.echo(f"# {name}\n{unit}")
        else:
            to.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(unit, "utf-8")
            click.echo(str(to / name))
    click.echo(text("schedule.then", call.lang, unit=_UNIT), err=True)
    return 0
