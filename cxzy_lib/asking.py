"""The commands that ask about what was made: where a figure comes from, what a report gives away."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxzy_lib.call import FOLDER, Call, Wrong, common, short
from cxzy_lib.texts import text

if TYPE_CHECKING:
    from cxzy_lib.publish.audit import Audit, Auditor
    from cxzy_lib.publish.making import Made


@click.command()
@click.argument("figure")
@click.option("--row", type=click.IntRange(1), help="FIGURE 为文件名时的行号 / FIGURE names a file: its row")
@click.option("--cells", is_flag=True, help="并列出各行原文（含姓名）/ also what the rows say, with names")
@common("campaign raw processed lang year unit")
def trace(call: Call, figure: str, row: int | None, cells: bool) -> int:
    """列出一个数字所依据的文件、工作表和行 / Say from which files, sheets and rows a figure comes.

    给出文件名和 --row，则列出该行用于哪些数字 / With a file's name and --row: which figures the row fed.
    """
    from cxzy_lib.present import lineage, plan
    from cxzy_lib.present.report import open_report

    call.need_tables()
    call.tell_changed()
    chosen = {name: getattr(call, name) for name in ("processed", "campaign", "year", "unit", "lang")}
    try:
        report = open_report(**chosen, audience="leadership")
    except ValueError as error:
        raise Wrong(str(error)) from error
    if row is not None:
        found = lineage.fed(report, figure, row)
        nothing = [text("cli.fed_nothing", call.lang, file=figure, row=row)]
        for line in found["says"] if len(found) else nothing:
            click.echo(line)
        return 0
    try:
        rows = lineage.trace(report, figure, call.raw if cells else None)
    except KeyError as error:
        raise Wrong(error.args[0]) from None
    click.echo(plan.figure_line(report.status, report.campaign, figure, call.lang))
    for line in plan.trace_lines(rows, call.lang):
        click.echo(line)
    for line in rows["says"].dropna() if cells else ():
        click.echo(f"  {line}")
    return 0


@click.command()
@click.argument("folder", type=FOLDER)
@common("campaign processed lang")
def audit(call: Call, folder: Path) -> int:
    """试由已发布的报告推算未公布的票 / Try to tell hidden ballots from FOLDER and what is beside it."""
    from cxzy_lib.publish.audit import Auditor

    call.need_tables()
    auditor = Auditor(call.processed, call.campaign)
    try:
        found = auditor.look(folder)
    except FileNotFoundError:
        raise call.wrong("no_edition", folder=folder) from None
    for line in auditor.lines(found, call.lang):
        click.echo(line)
    return int(len(found.told) > 0)


def tell_audit(call: Call, auditor: "Auditor", made: "Made") -> bool:
    """Print what the attack on the editions of a call came to; return whether it told anything."""
    for folder, found in made.withheld:
        _tell(call, auditor, found, text("cli.withheld", call.lang, folder=short(folder)))
    rest = [found for found in made.audited if len(found.told)]
    for found in rest:
        _tell(call, auditor, found, text("cli.told_by_others", call.lang))
    hidden = sum(len(found.rows) for found in made.audited)
    if hidden and not rest:
        numbers = sum(found.numbers for found in made.audited)
        call.say("audited", hidden=hidden, numbers=numbers, seconds=made.audit_seconds)
    return bool(rest or made.withheld)


def _tell(call: Call, auditor: "Auditor", found: "Audit", head: str) -> None:
    click.echo("\n  ".join([head, *auditor.lines(found, call.lang)[1:]]), err=True)
