"""The commands that ask about what was made: where a figure comes from, what a report gives away."""

from pathlib import Path

import click

from cxzy_lib.call import FOLDER, Call, Wrong, common


@click.command()
@click.argument("figure")
@common
def trace(call: Call, figure: str) -> int:
    """列出一个数字所依据的文件、工作表和行 / Say from which files, sheets and rows a figure comes."""
    from cxzy_lib.measure.indicators import status_table
    from cxzy_lib.measure.indicators import trace as rows_of
    from cxzy_lib.present import plan
    from cxzy_lib.present.report import open_report

    if not (call.processed / "units.parquet").is_file():
        raise call.wrong("cli.not_cleaned", folder=call.processed)
    chosen = {name: getattr(call, name) for name in ("processed", "campaign", "year", "unit", "lang")}
    try:
        report = open_report(**chosen, audience="leadership")
    except ValueError as error:
        raise Wrong(str(error)) from error
    table = status_table(report.evidence)
    try:
        rows = rows_of(report.evidence, figure)
    except KeyError:
        near = plan.nearest_ids(table, figure)
        raise call.wrong("cli.no_figure", id=figure, near="、".join(near)) from None
    click.echo(plan.figure_line(table, report.campaign, figure, call.lang))
    for line in plan.trace_lines(rows, call.lang):
        click.echo(line)
    return 0


@click.command()
@click.argument("folder", type=FOLDER)
@common
def audit(call: Call, folder: Path) -> int:
    """试由已发布的报告推算未公布的票 / Try to tell hidden ballots from FOLDER and what is beside it."""
    from cxzy_lib.publish.audit import Auditor

    if not (call.processed / "units.parquet").is_file():
        raise call.wrong("cli.not_cleaned", folder=call.processed)
    auditor = Auditor(call.processed, call.campaign)
    try:
        found = auditor.look(folder)
    except FileNotFoundError:
        raise call.wrong("audit.no_edition", folder=folder) from None
    for line in auditor.lines(found, call.lang):
        click.echo(line)
    return int(len(found.told) > 0)
