"""The ``cxzy`` command. Exit status: 0 all done; 1 something was refused or failed; 2 the call is wrong."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxzy_lib.texts import text

if TYPE_CHECKING:
    import pandas as pd

    from cxzy_lib.campaign import Campaign

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


def _common(command: Callable[..., int]) -> Callable[..., None]:
    """Give a command the common options; what it returns is the exit status."""

    @wraps(command)
    def run(**options: Any) -> None:
        from cxzy_lib.campaign import CampaignError

        try:
            sys.exit(command(**options))
        except CampaignError as error:
            raise Wrong(str(error)) from error

    decorated: Callable[..., None] = run
    for option in reversed(_COMMON):
        decorated = option(decorated)
    return decorated


def _say(key: str, lang: str, **values: Any) -> None:
    click.echo(text(f"cli.{key}", lang, **values))


def _stepper(total: int, label: str) -> tuple[Callable[[Any], object], Callable[[], None]]:
    """Return what to call after each step and at the end: a progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None, lambda: None
    from tqdm import tqdm

    bar = tqdm(total=total, desc=label, leave=False)
    return lambda _: bar.update(), bar.close


def _files_below(raw: Path, lang: str) -> list[Path]:
    from cxzy_lib.intake.files import raw_files

    if not raw.is_dir():
        raise Wrong(text("cli.no_raw", lang, folder=raw))
    if not (files := raw_files(raw)):
        raise Wrong(text("cli.no_files", lang, folder=raw))
    return files


def _cleaned(
    raw: Path, campaign: "Campaign", processed: Path, lang: str, jobs: int
) -> "dict[str, pd.DataFrame]":
    from cxzy_lib.intake.clean import clean as clean_tables

    step, close = _stepper(len(_files_below(raw, lang)), text("cli.reading", lang))
    try:
        return clean_tables(raw, campaign, processed, jobs=jobs, on_read=step)
    finally:
        close()


def _tell_files(tables: "dict[str, pd.DataFrame]", lang: str) -> int:
    """Print a line for each file and the first findings; return the exit status."""
    from cxzy_lib.intake.told import file_lines, finding_lines

    findings = finding_lines(tables["ledger"], lang)
    files = tables["files"]
    if sys.stdout.isatty():  # a progress bar has shown the others
        files = files[files["code"].notna()]
    for line in [*file_lines(files, lang), *findings[:SHOWN_FINDINGS]]:
        click.echo(line)
    if len(findings) > SHOWN_FINDINGS:
        _say("more_findings", lang, count=len(findings) - SHOWN_FINDINGS)
    return int(tables["files"]["status"].isin(["refused", "unrecognised"]).any())


def _clean(campaign: Path, raw: Path, processed: Path, lang: str, jobs: int, force: bool) -> int:
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.intake.files import inputs_digest

    state = processed / ".clean.json"
    digest = inputs_digest([*sorted(campaign.glob("*.toml")), *_files_below(raw, lang)])
    before = json.loads(state.read_text("utf-8")) if state.is_file() else {}
    if not force and before.get("digest") == digest:
        _say("clean_unchanged", lang)
        return int(before["status"])
    from cxzy_lib.tables import save

    tables = _cleaned(raw, load_campaign(campaign), processed, lang, jobs)
    save(tables, processed)
    status = _tell_files(tables, lang)
    files, outcome = tables["files"], tables["ledger"]["outcome"]
    bad = int(files["status"].isin(["refused", "unrecognised"]).sum())
    kept, rejected = int((outcome == "kept").sum()), int((outcome == "rejected").sum())
    _say("clean_done", lang, files=len(files), kept=kept, rejected=rejected, bad=bad)
    state.write_text(json.dumps({"digest": digest, "status": status}), "utf-8")
    return status


def _run(
    notebooks: Sequence[str],
    campaign: Path,
    processed: Path,
    out: Path | None,
    lang: str,
    audience: str,
    year: int | None,
    unit: str | None,
    jobs: int,
    force: bool,
) -> int:
    from cxzy_lib.campaign import load_campaign
    from cxzy_lib.publish import runner

    spec = load_campaign(campaign)
    if not (processed / "files.parquet").is_file():
        raise Wrong(text("cli.not_cleaned", lang, folder=processed))
    folder = out or Path("reports") / f"{audience}-{lang}"
    if unit is not None:
        _check_unit(processed, unit, lang)
    places = {"processed": processed.resolve(), "campaign": campaign.resolve(), "out": folder.resolve()}
    params = places | {"year": year, "unit": unit, "lang": lang, "audience": audience}
    try:
        planned = runner.plan_jobs("notebooks", (), params)
        chosen = runner.plan_jobs("notebooks", notebooks, params)
    except runner.NotebookError as error:
        raise Wrong(str(error)) from error
    inputs = runner.inputs(campaign, processed)
    manifest = runner.read_manifest(folder)
    todo = [job for job in chosen if force or runner.stale(job, manifest, inputs)]
    if not todo:
        _say("pages_unchanged", lang, count=len(chosen), index=folder / "index.html")
        return 0
    return _publish(todo, planned, len(chosen), folder, spec, inputs, lang, audience, jobs)


def _check_unit(processed: Path, unit: str, lang: str) -> None:
    from cxzy_lib.tables import load

    known = load(processed).units["unit"].tolist()
    if unit not in known:
        raise Wrong(text("pages.unknown_unit", lang, unit=unit, known="、".join(known)))


def _publish(
    todo: "list[Any]",
    planned: "list[Any]",
    chosen: int,
    folder: Path,
    spec: "Campaign",
    inputs: dict[str, str],
    lang: str,
    audience: str,
    jobs: int,
) -> int:
    from cxzy_lib.publish import runner, site

    step, close = _stepper(len(todo), text("cli.running", lang))
    lines: list[Any] = []

    def tell(result: Any) -> None:
        step(result)
        lines.append(result)
        if result.status == "done":
            if sys.stdout.isatty():
                return
            _say("page_done", lang, page=result.job.page, seconds=result.seconds)
        else:
            _say(
                "page_failed",
                lang,
                page=result.job.page,
                reason=site.why(asdict(result.error), lang),
            )

    with tempfile.TemporaryDirectory() as work:
        results = runner.run_jobs(todo, workers=jobs, work_dir=work, progress=tell)
    close()
    edition = site.Edition(
        spec.span.name(lang), lang, audience, period=f"{spec.span.start} – {spec.span.end}"
    )
    index = site.publish(results, folder, edition, planned=planned, inputs=inputs)
    failed = sum(result.status == "failed" for result in results)
    _say("run_done", lang, index=index, done=len(results) - failed, kept=chosen - len(todo), failed=failed)
    return int(failed > 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cxzy")
def main() -> None:
    """Messy spreadsheets in, a defensible report out. / 原始表格进,可核对的报告出。"""


@main.command()
@_common
def check(campaign: Path, raw: Path, lang: str, jobs: int, **_: Any) -> int:
    """Look at the raw files and say what each is; write nothing. / 检查原始文件,不写入。"""
    from cxzy_lib.campaign import load_campaign

    spec = load_campaign(campaign)
    with tempfile.TemporaryDirectory() as scratch:
        tables = _cleaned(raw, spec, Path(scratch), lang, jobs)
    status = _tell_files(tables, lang)
    files, ledger = tables["files"], tables["ledger"]
    kept, findings = int((ledger["outcome"] == "kept").sum()), int(ledger["severity"].notna().sum())
    bad = int(files["status"].isin(["refused", "unrecognised"]).sum())
    _say("check_done", lang, files=len(files), kept=kept, findings=findings, bad=bad)
    return status


@main.command()
@_common
def clean(campaign: Path, raw: Path, processed: Path, lang: str, jobs: int, force: bool, **_: Any) -> int:
    """Clean the raw files into the processed tables. / 清洗原始文件。"""
    return _clean(campaign, raw, processed, lang, jobs, force)


@main.command()
@click.argument("notebooks", nargs=-1)
@_common
def run(notebooks: tuple[str, ...], raw: Path, **options: Any) -> int:
    """Run the notebooks (all, or those named) and publish their pages. / 运行并发布报告页。"""
    return _run(notebooks, **options)


@main.command()
@_common
def report(raw: Path, **options: Any) -> int:
    """Clean, run and publish: the whole chain. / 清洗、运行并发布。"""
    shared = {name: options[name] for name in ("campaign", "processed", "lang", "jobs", "force")}
    status = _clean(raw=raw, **shared)
    return max(status, _run((), **options))


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
    _say("sample_done", lang, folder=folder, institutions=len(truth), files=files)


if __name__ == "__main__":
    main()
