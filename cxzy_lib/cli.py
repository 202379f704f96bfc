"""The ``cxzy`` command.

Exit status: 0 all done (single rows may have been rejected: the last line counts them); 1 a file, a sheet
or a page failed, rows could not be checked for want of a register, or another process is at work there;
2 the call or the campaign's files are wrong; 130 interrupted.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxzy_lib.asking import audit, tell_audit, trace
from cxzy_lib.call import HELP, Call, Wrong, common, short, stepper, summed
from cxzy_lib.making import forms, sample
from cxzy_lib.scheduling import schedule
from cxzy_lib.texts import listed, text

if TYPE_CHECKING:
    import pandas as pd

    from cxzy_lib.campaign import Campaign
    from cxzy_lib.publish.editions import Plans
    from cxzy_lib.publish.runner import Result

SHOWN_FINDINGS = 20  # by clean and report; check shows all
_WITH_NAMES = ("votes", "turnout", "answers", "events", "attendance", "tasks", "hours")


def _raw_files(call: Call) -> list[Path]:
    from cxzy_lib.intake.files import raw_files

    if not call.raw.is_dir():
        raise call.wrong("no_raw", folder=call.raw)
    if not (files := raw_files(call.raw)):
        raise call.wrong("no_files", folder=call.raw)
    return files


def _tell(call: Call, tables: "dict[str, pd.DataFrame]") -> int:
    """Print a line for each file, the first findings and the sum; return the exit status."""
    from cxzy_lib.intake import told
    from cxzy_lib.tables import to_look_at

    files, ledger = tables["files"], tables["ledger"]
    findings = told.finding_lines(to_look_at(ledger), call.lang)
    shown = files[files["code"].notna()] if sys.stdout.isatty() else files  # a bar has shown the others
    for line in [*told.file_lines(shown, call.lang), *findings[:SHOWN_FINDINGS]]:
        click.echo(line)
    if len(findings) > SHOWN_FINDINGS:
        call.say("more_findings", count=len(findings) - SHOWN_FINDINGS)
    return _sum_up(call, tables, "clean_done")


def _sum_up(call: Call, tables: "dict[str, pd.DataFrame]", done: str) -> int:
    """Print the sum over all files and what is missing; return the exit status."""
    from cxzy_lib.tables import to_look_at

    files, ledger = tables["files"], tables["ledger"]
    found = len(to_look_at(ledger))
    lost = files["status"].isin(["refused", "unrecognised"]) | files["code"].eq("some_sheets")
    kept = int(ledger["outcome"].eq("kept").sum())
    rejected = int(ledger["outcome"].isin(["rejected", "unrecognised"]).sum())
    bad = int(lost.sum())
    call.say(done, files=len(files), kept=kept, rejected=rejected, findings=found, bad=bad)
    # Who sent figures only, such as a bureau its roll-up, has no names to look up.
    looked_up = [tables[name] for name in _WITH_NAMES] + [ledger[ledger["outcome"].eq("rejected")]]
    named = {home for frame in looked_up for home in frame["institution"].dropna()}
    senders = set(files["institution"].dropna()) - (set(tables["figures"]["institution"]) - named)
    for register in ("units", "people"):
        without = sorted(senders - set(tables[register]["institution"]))
        if without:
            call.say(f"no_{register}", names=listed(without, call.lang))
    unchecked = ledger["code"].str.contains("no_register|no_people_register", na=False)
    return int(bad > 0 or bool((unchecked & ledger["outcome"].eq("rejected")).any()))


def _clean(call: Call) -> int:
    from cxzy_lib.intake.files import STATE, inputs_digest, locked, read_state, seen, write_state

    looked = seen(call.raw, call.processed)  # before anything is read: what changes meanwhile is told
    files = _raw_files(call)
    digest = inputs_digest([*sorted(call.campaign.glob("*.toml")), *files])
    before = read_state(call.processed)
    if not call.force and before.get("digest") == digest:
        return _unchanged(call, before, looked)
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.intake.clean import clean as clean_tables
    from cxzy_lib.tables import save

    spec = load_campaign(call.campaign)
    with locked(call.processed, ".tables-*"):
        with stepper(len(files), text("cli.reading", call.lang)) as step:
            tables = clean_tables(call.raw, spec, call.processed, jobs=call.jobs, on_read=step)
        (call.processed / STATE).unlink(missing_ok=True)
        save(tables, call.processed)
        status = _tell(call, tables)
        write_state(call.processed, {"digest": digest, "status": status, "tables": list(tables), **looked})
    return status


def _unchanged(call: Call, before: dict[str, Any], looked: dict[str, str]) -> int:
    """Say that the files say the same as before, even if somebody has saved one again; return the status."""
    from cxzy_lib.intake.files import Busy, locked, read_state, write_state

    if before | looked != before:
        # Where nothing can be written, or somebody else is at work, `run` says so once more: no harm.
        with suppress(OSError, Busy), locked(call.processed):
            if read_state(call.processed) == before:
                write_state(call.processed, before | looked)
    call.say("clean_unchanged" if not before["status"] else "clean_unchanged_bad")
    return int(before["status"])


def _check_call(call: Call) -> None:
    """Raise what is wrong with the call before anything is done."""
    from cxzy_lib.campaign import load_campaign

    if not any(Path("notebooks").glob("[!._]*.ipynb")):
        raise call.wrong("no_notebooks", folder=Path("notebooks").absolute())
    there = next(path for path in (call.folder, *call.folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise call.wrong("out_is_file", out=there)
    if call.year is not None and call.year not in (years := load_campaign(call.campaign).years):
        raise call.wrong("unknown_year", year=call.year, known=f"{years[0]}–{years[-1]}")


def _run(call: Call, notebooks: Sequence[str] = ()) -> int:
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.intake.files import locked
    from cxzy_lib.publish import editions
    from cxzy_lib.publish.jobs import NotebookError, OtherEdition, plan_jobs

    _check_call(call)
    spec = load_campaign(call.campaign)
    call.need_tables()
    call.tell_changed()
    _check_unit(call)
    places = {name: getattr(call, name).resolve() for name in ("processed", "campaign")}
    chosen_by = {name: getattr(call, name) for name in ("year", "unit", "lang", "audience")}
    params = places | {"out": call.folder.resolve()} | chosen_by
    try:
        plan_jobs("notebooks", notebooks, params)  # a wrong name is told before anything is made
        with locked(call.folder):
            plans = editions.plan(
                "notebooks", notebooks, params, _each(call, spec), force=call.force, with_annex=call.annex
            )
            return _publish(call, plans, spec)
    except NotebookError as error:
        raise Wrong(str(error)) from error
    except OtherEdition as other:
        chosen = [other.parameters.get(name) for name in ("audience", "lang", "year", "unit")]
        chosen += [f"--each {name}" for name in other.parameters.get("each", ())]
        there = " ".join(str(value) for value in chosen if value)
        raise call.wrong("other_edition", folder=short(other.folder), there=there) from other


def _each(call: Call, spec: "Campaign") -> dict[str, list[Any]]:
    """Return the branches and years that have an edition of their own."""
    if "year" in call.each and call.year is not None:
        raise call.wrong("each_year", year=call.year)
    found: dict[str, list[Any]] = {"year": list(spec.years)} if "year" in call.each else {}
    if "branch" in call.each:
        import pandas as pd

        from cxzy_lib.present.selection import branches
        from cxzy_lib.stored import institutions

        if call.unit is not None and call.unit not in institutions(call.processed):
            raise call.wrong("each_branch", unit=call.unit)
        found["branch"] = branches(pd.read_parquet(call.processed / "units.parquet"))
    return found


def _check_unit(call: Call) -> None:
    if call.unit is None:
        return
    import pandas as pd

    from cxzy_lib.present.selection import resolve
    from cxzy_lib.stored import institutions

    units = pd.read_parquet(call.processed / "units.parquet")
    try:
        resolve(units, call.unit, call.lang, institutions(call.processed))
    except ValueError as error:
        raise Wrong(str(error)) from error


def _publish(call: Call, plans: "Plans", spec: "Campaign") -> int:
    """Make the editions that are not up to date, tell of each page, and return the exit status."""
    chosen, todo = sum(len(plan.chosen) for plan in plans.editions), plans.todo
    if plans.up_to_date:
        call.say("pages_unchanged", count=chosen, index=call.folder / "index.html")
        return 0
    from cxzy_lib.publish import making, site
    from cxzy_lib.publish.audit import Auditor
    from cxzy_lib.publish.cluster import ClusterError

    period = f"{spec.span.start} – {spec.span.end}"
    edition = site.Edition(spec.span.name(call.lang), call.lang, call.audience, period=period)
    auditor = Auditor(call.processed, call.campaign, call.folder.resolve())
    with stepper(len(todo), text("cli.running", call.lang)) as step:

        def tell(result: "Result") -> None:
            step(result)
            _tell_page(call, result, plans.listed)

        try:
            made = making.make(
                plans, edition, auditor, workers=call.jobs, progress=tell, cluster=call.cluster
            )
        except ClusterError as error:
            raise Wrong(str(error)) from error
    told = tell_audit(call, auditor, made)
    index, same, failed = call.folder / "index.html", chosen - len(todo), made.failed
    if not plans.listed and made.withheld:
        return 1
    call.say("run_done", index=index, done=len(todo) - failed, kept=same, failed=failed)
    return int(failed > 0 or told)


def _tell_page(call: Call, result: "Result", listed: bool) -> None:
    from cxzy_lib.publish.site import why

    page = result.job.page
    if listed:
        page = f"{Path(result.job.parameters['out']).name}/{page}"
    if result.error is not None:
        call.say("page_failed", page=page, reason=why(asdict(result.error), call.lang))
    elif not sys.stdout.isatty():
        call.say("page_done", page=page, seconds=result.seconds)


@click.group()
@click.version_option(package_name="cxzy", help="版本 / version")
@HELP
def main() -> None:
    """原始表格进，可核对的报告出 / Messy spreadsheets in, a defensible report out."""


@main.command()
@common("campaign raw lang jobs")
def check(call: Call) -> int:
    """检查原始文件，不写入 / Say what each raw file is, write nothing."""
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.intake import told
    from cxzy_lib.intake.check import check as check_raw

    spec = load_campaign(call.campaign)
    with stepper(len(_raw_files(call)), text("cli.reading", call.lang)) as step:
        found = check_raw(call.raw, spec, jobs=call.jobs, on_read=step)
    for file, line in zip(found.files["source_file"], told.file_lines(found.files, call.lang), strict=True):
        click.echo("\n".join([line, *told.column_lines(found.columns, file, call.lang)]))
    for severity in ("error", "warning", "note"):
        of = found.findings[found.findings["severity"] == severity]
        if lines := told.finding_lines(of, call.lang):
            head = text(f"intake.severity_{severity}", call.lang, count=len(lines))
            click.echo("\n".join([head, *lines]))
    if missing := told.evidence_lines(found.evidence, call.lang):
        click.echo("\n".join([text("intake.evidence_head", call.lang), *missing]))
    return _sum_up(call, found.tables, "check_done")


@main.command()
@common("campaign raw processed lang jobs quiet force")
def clean(call: Call) -> int:
    """清洗原始文件 / Clean the raw files into tables."""
    return summed(call, lambda: _clean(call))


@main.command()
@click.argument("notebooks", nargs=-1)
@common("campaign processed out lang audience year unit each annex jobs cluster quiet force")
def run(call: Call, notebooks: tuple[str, ...]) -> int:
    """制作报告页（全部或指定） / Make the pages, all or those named."""
    return summed(call, lambda: _run(call, notebooks))


@main.command()
@common()
def report(call: Call) -> int:
    """清洗并制作报告 / Clean, then make the report."""
    _check_call(call)
    return summed(call, lambda: _clean(call), lambda: _run(call))


for command in (trace, audit, sample, forms, schedule):
    main.add_command(command)


if __name__ == "__main__":
    main()
