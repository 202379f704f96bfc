"""The ``cxzy`` command. Exit status: 0 all done; 1 something was refused or failed; 2 the call is wrong."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxzy_lib.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from cxzy_lib.campaign import Campaign
    from cxzy_lib.publish.runner import Job, Result

SHOWN_FINDINGS = 20


class Wrong(click.ClickException):
    """The call or the campaign's files are wrong."""

    exit_code = 2


_COMMON = (
    click.option(
        "--campaign", "campaign", default="campaign", type=click.Path(path_type=Path), show_default=True
    ),
    click.option("--raw", default="data/raw", type=click.Path(path_type=Path), show_default=True),
    click.option("--processed", default="data/processed", type=click.Path(path_type=Path), show_default=True),
    click.option("--out", type=click.Path(path_type=Path), help="Default: reports/AUDIENCE-LANG."),
    click.option("--lang", default="zh", type=click.Choice(["zh", "en"]), show_default=True),
    click.option(
        "--audience",
        default="public",
        type=click.Choice(["public", "leadership", "branch"]),
        show_default=True,
    ),
    click.option("--year", type=int, help="Only this calendar year."),
    click.option("--unit", help="Only this branch or department."),
    click.option("--jobs", default=os.cpu_count() or 1, type=click.IntRange(1), help="Side by side."),
    click.option("--force", is_flag=True, help="Also what is up to date."),
)


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
    jobs: int
    force: bool

    @property
    def folder(self) -> Path:
        """Where the edition goes."""
        return self.out or Path("reports") / f"{self.audience}-{self.lang}"

    def say(self, key: str, **values: Any) -> None:
        """Print a line in the call's language."""
        click.echo(text(f"cli.{key}", self.lang, **values))

    def wrong(self, key: str, **values: Any) -> Wrong:
        """Return the error of a wrong call, in its language."""
        return Wrong(text(key, self.lang, **values))


def _common(command: Callable[..., int]) -> Callable[..., None]:
    """Give a command the common options as a Call; what it returns is the exit status."""

    def run(notebooks: tuple[str, ...] = (), **options: Any) -> None:
        from cxzy_lib.campaign import CampaignError

        arguments = (Call(**options), notebooks) if command.__name__ == "run" else (Call(**options),)
        try:
            sys.exit(command(*arguments))
        except CampaignError as error:
            raise Wrong(str(error)) from error

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    decorated: Callable[..., None] = run
    for option in reversed(_COMMON):
        decorated = option(decorated)
    return decorated


def _stepper(total: int, label: str) -> tuple[Callable[[Any], object], Callable[[], None]]:
    """Return what to call after each step and at the end: a progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None, lambda: None
    from tqdm import tqdm

    bar = tqdm(total=total, desc=label, leave=False)
    return lambda _: bar.update(), bar.close


def _raw_files(call: Call) -> list[Path]:
    from cxzy_lib.intake.files import raw_files

    if not call.raw.is_dir():
        raise call.wrong("cli.no_raw", folder=call.raw)
    if not (files := raw_files(call.raw)):
        raise call.wrong("cli.no_files", folder=call.raw)
    return files


def _cleaned(call: Call, processed: Path) -> "dict[str, pd.DataFrame]":
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.intake.clean import clean as clean_tables

    step, close = _stepper(len(_raw_files(call)), text("cli.reading", call.lang))
    try:
        return clean_tables(call.raw, load_campaign(call.campaign), processed, jobs=call.jobs, on_read=step)
    finally:
        close()


def _tell(call: Call, files: "pd.DataFrame", ledger: "pd.DataFrame", done: str) -> int:
    """Print a line for each file, the first findings and the sum; return the exit status."""
    from cxzy_lib.intake.told import file_lines, finding_lines

    findings = finding_lines(ledger, call.lang)
    shown = files[files["code"].notna()] if sys.stdout.isatty() else files  # a bar has shown the others
    for line in [*file_lines(shown, call.lang), *findings[:SHOWN_FINDINGS]]:
        click.echo(line)
    if len(findings) > SHOWN_FINDINGS:
        call.say("more_findings", count=len(findings) - SHOWN_FINDINGS)
    bad = int(files["status"].isin(["refused", "unrecognised"]).sum())
    kept, rejected = (int((ledger["outcome"] == name).sum()) for name in ("kept", "rejected"))
    call.say(done, files=len(files), kept=kept, rejected=rejected, findings=len(findings), bad=bad)
    return int(bad > 0)


def _clean(call: Call) -> int:
    from cxzy_lib.intake.files import inputs_digest

    state = call.processed / ".clean.json"
    digest = inputs_digest([*sorted(call.campaign.glob("*.toml")), *_raw_files(call)])
    before = json.loads(state.read_text("utf-8")) if state.is_file() else {}
    if not call.force and before.get("digest") == digest:
        call.say("clean_unchanged" if not before["status"] else "clean_unchanged_bad")
        return int(before["status"])
    from cxzy_lib.tables import save

    tables = _cleaned(call, call.processed)
    save(tables, call.processed)
    status = _tell(call, tables["files"], tables["ledger"], "clean_done")
    state.write_text(json.dumps({"digest": digest, "status": status}), "utf-8")
    return status


def _run(call: Call, notebooks: Sequence[str] = ()) -> int:
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.publish import runner

    spec = load_campaign(call.campaign)
    if not (call.processed / "files.parquet").is_file():
        raise call.wrong("cli.not_cleaned", folder=call.processed)
    if call.unit is not None:
        _check_unit(call, call.unit)
    places = {name: getattr(call, name).resolve() for name in ("processed", "campaign")}
    chosen_by = {name: getattr(call, name) for name in ("year", "unit", "lang", "audience")}
    params = places | {"out": call.folder.resolve()} | chosen_by
    try:
        planned = runner.plan_jobs("notebooks", (), params)
        chosen = runner.plan_jobs("notebooks", notebooks, params)
    except runner.NotebookError as error:
        raise Wrong(str(error)) from error
    inputs = runner.inputs(call.campaign, call.processed)
    manifest = runner.read_manifest(call.folder)
    todo = [job for job in chosen if call.force or runner.stale(job, manifest, inputs)]
    if not todo:
        call.say("pages_unchanged", count=len(chosen), index=call.folder / "index.html")
        return 0
    failed, index = _publish(call, todo, planned, spec, inputs)
    same = len(chosen) - len(todo)
    call.say("run_done", index=index, done=len(todo) - failed, kept=same, failed=failed)
    return int(failed > 0)


def _check_unit(call: Call, unit: str) -> None:
    from cxzy_lib.tables import load

    known = load(call.processed).units["unit"].tolist()
    if unit not in known:
        raise call.wrong("pages.unknown_unit", unit=unit, known="、".join(known))


def _publish(
    call: Call, todo: "list[Job]", planned: "list[Job]", spec: "Campaign", inputs: dict[str, str]
) -> tuple[int, Path]:
    """Run the jobs and publish what came of them; return how many failed, and the index."""
    from cxzy_lib.publish import runner, site

    step, close = _stepper(len(todo), text("cli.running", call.lang))

    def tell(result: "Result") -> None:
        step(result)
        if result.error is not None:
            call.say("page_failed", page=result.job.page, reason=site.why(asdict(result.error), call.lang))
        elif not sys.stdout.isatty():
            call.say("page_done", page=result.job.page, seconds=result.seconds)

    with tempfile.TemporaryDirectory() as work:
        results = runner.run_jobs(todo, workers=call.jobs, work_dir=work, progress=tell)
    close()
    period = f"{spec.span.start} – {spec.span.end}"
    edition = site.Edition(spec.span.name(call.lang), call.lang, call.audience, period=period)
    index = site.publish(results, call.folder, edition, planned=planned, inputs=inputs)
    return sum(result.status == "failed" for result in results), index


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cxzy")
def main() -> None:
    """Messy spreadsheets in, a defensible report out. / 原始表格进，可核对的报告出。"""


@main.command()
@_common
def check(call: Call) -> int:
    """Look at the raw files and say what each is; write nothing. / 检查原始文件，不写入。"""
    with tempfile.TemporaryDirectory() as scratch:
        tables = _cleaned(call, Path(scratch))
    return _tell(call, tables["files"], tables["ledger"], "check_done")


@main.command()
@_common
def clean(call: Call) -> int:
    """Clean the raw files into the processed tables. / 清洗原始文件。"""
    return _clean(call)


@main.command()
@click.argument("notebooks", nargs=-1)
@_common
def run(call: Call, notebooks: tuple[str, ...]) -> int:
    """Run the notebooks (all, or those named) and publish their pages. / 运行并发布报告页。"""
    return _run(call, notebooks)


@main.command()
@_common
def report(call: Call) -> int:
    """Clean, run and publish: the whole chain. / 清洗、运行并发布。"""
    return max(_clean(call), _run(call))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=2010, show_default=True)
@click.option("--members", default=110, show_default=True, type=click.IntRange(20))
@click.option("--institutions", default=1, show_default=True, type=click.IntRange(1))
@click.option(
    "--mess", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="0 clean … 1 all of it."
)
@click.option("--lang", default="zh", type=click.Choice(["zh", "en"]), show_default=True)
def sample(folder: Path, seed: int, members: int, institutions: int, mess: float, lang: str) -> None:
    """Write synthetic raw files and their known truth into FOLDER. / 生成合成样例。"""
    if folder.exists() and any(folder.iterdir()):
        raise Wrong(text("cli.sample_not_empty", lang, folder=folder))
    from cxzy_lib.sample import make_sample, write_truth

    truth = make_sample(folder / "raw", seed=seed, members=members, institutions=institutions, mess=mess)
    write_truth(truth, folder / "truth")
    files = sum(path.is_file() for path in (folder / "raw").rglob("*"))
    click.echo(text("cli.sample_done", lang, folder=folder, institutions=len(truth), files=files))


if __name__ == "__main__":
    main()
