"""Which editions a call makes - one, or one for each institution and a list of them - and making them."""

import hashlib
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cxzy_lib.publish import jobs
from cxzy_lib.publish.audit import Audit, Auditor, GivenAway
from cxzy_lib.publish.jobs import Job
from cxzy_lib.publish.runner import Result, run_jobs
from cxzy_lib.publish.site import Edition, publish, publish_list


@dataclass(frozen=True)
class Plan:
    """An edition to be made: where, whose, all its pages, those asked for and those that must run."""

    folder: Path
    institution: str
    planned: tuple[Job, ...]
    chosen: tuple[Job, ...]
    todo: tuple[Job, ...]


@dataclass(frozen=True)
class Plans:
    """All editions of a call; where they are `listed`, `out` holds the list of them."""

    out: Path
    inputs: dict[str, str]
    parameters: dict[str, Any]
    editions: tuple[Plan, ...]
    listed: bool

    @property
    def todo(self) -> list[Job]:
        """What must run, of all editions."""
        return [job for plan in self.editions for job in plan.todo]

    @property
    def up_to_date(self) -> bool:
        """Whether there is nothing to run and the list is the one that is there."""
        if self.todo or not self.listed:
            return not self.todo
        manifest = jobs.read_manifest(self.out)
        names = [entry["name"] for entry in manifest.get("institutions", [])]
        return manifest.get("inputs") == self.inputs and names == [plan.institution for plan in self.editions]


def folder_name(name: str) -> str:
    """Return `name` as the name of one folder: letters, digits, brackets and dashes, no leading dash.

    Examples
    --------
    >>> folder_name("第一支部"), folder_name("../甲 学院/b"), folder_name("..")
    ('第一支部', '甲_学院_b', '_')
    """
    return re.sub(r"[^\w（）()·-]+", "_", name).lstrip("_-")[:60] or "_"


def institutions(processed: Path) -> list[str]:
    """Return the institutions of the processed tables: those that sent a file."""
    from pyarrow import parquet

    column = parquet.read_table(processed / "files.parquet", columns=["institution"])["institution"]
    return sorted(name for name in column.unique().to_pylist() if name)


def plan(
    notebooks: str | Path, only: Iterable[str], params: Mapping[str, Any], *, force: bool = False
) -> Plans:
    """Return what a call with `params` makes.

    Parameters
    ----------
    notebooks, only, params
        As for `jobs.plan_jobs`. Without a ``unit``, and with several institutions in the processed tables,
        there is one edition for each in a folder of its name below ``out``.
    force : bool
        Run also what is up to date.

    Raises
    ------
    NotebookError
        For an unknown notebook or parameter.
    OtherEdition
        If a folder holds an edition of another selection.
    """
    out, only = Path(params["out"]), tuple(only)
    inputs = jobs.inputs(params["campaign"], params["processed"])
    known = institutions(Path(params["processed"]))

    def one(institution: str, changed: Mapping[str, Any]) -> Plan:
        given = {**params, **changed}
        planned = tuple(jobs.plan_jobs(notebooks, (), given))
        chosen = tuple(jobs.plan_jobs(notebooks, only, given))
        manifest = jobs.read_manifest(given["out"])
        todo = tuple(job for job in chosen if force or jobs.stale(job, manifest, inputs))
        if planned:
            jobs.check_edition(given["out"], jobs.settings(planned[0]))
        return Plan(Path(given["out"]), institution, planned, chosen, todo)

    parameters = {name: params[name] for name in jobs.PARAMETERS if name not in jobs.PLACES}
    if params["unit"] is not None or len(known) < 2:
        return Plans(out, inputs, parameters, (one(_institution(params["unit"], known), {}),), listed=False)
    jobs.check_edition(out, parameters)
    folders = _folders(known)
    editions = tuple(one(name, {"unit": name, "out": out / folders[name]}) for name in known)
    return Plans(out, inputs, parameters, editions, listed=True)


def _institution(unit: str | None, known: Sequence[str]) -> str:
    if len(known) == 1:
        return known[0]
    return next((name for name in known if unit == name or str(unit).startswith(f"{name}/")), "")


def _folders(names: Iterable[str]) -> dict[str, str]:
    """Return the folder of each institution; one whose name had to be changed gets a number of its own."""
    folders = {name: folder_name(name) for name in names}
    return {
        name: folder if folder == name else f"{folder}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        for name, folder in folders.items()
    }


@dataclass(frozen=True)
class Made:
    """What came of it: how many pages `failed`, and the editions that would have given a ballot away."""

    failed: int
    withheld: tuple[GivenAway, ...]
    audited: tuple[Audit, ...]
    audit_seconds: float


def make(
    plans: Plans, edition: Edition, auditor: Auditor, *, workers: int, progress: Callable[[Result], object]
) -> Made:
    """Run what must run, all editions through one pool, audit and publish.

    Parameters
    ----------
    plans : Plans
    edition : Edition
        The words around every page; each edition gets its institution.
    auditor : Auditor
        An edition from which a hidden group can be told is not published; the others are.
    workers : int
        Processes side by side.
    progress : callable
        Called with each result as it comes in.
    """
    with tempfile.TemporaryDirectory() as work:
        results = run_jobs(plans.todo, workers=workers, work_dir=work, progress=progress)
    left = iter(results)
    withheld, audited, seconds = [], [], 0.0

    def check(*pages: Any) -> None:
        nonlocal seconds
        started = time.perf_counter()
        try:
            audited.append(auditor.check(*pages))
        finally:
            seconds += time.perf_counter() - started

    for one in plans.editions:
        mine = [next(left) for _ in one.todo]
        if mine:
            words = replace(edition, institution=one.institution)
            try:
                publish(mine, one.folder, words, planned=one.planned, inputs=plans.inputs, check=check)
            except GivenAway as error:
                withheld.append(error)
    if plans.listed:
        entries = [_entry(one) for one in plans.editions]
        publish_list(entries, plans.out, edition, parameters=plans.parameters, inputs=plans.inputs)
    failed = sum(result.status == "failed" for result in results)
    return Made(failed, tuple(withheld), tuple(audited), seconds)


def _entry(one: Plan) -> dict[str, Any]:
    """Return what the list says of an institution."""
    manifest = jobs.read_manifest(one.folder)
    pages = manifest.get("pages", {}).values()
    return {
        "name": one.institution,
        "folder": one.folder.name,
        "status": manifest.get("status", "failed"),
        "made": manifest.get("made"),
        "pages": len(pages),
        "failed": sum(page["status"] == "failed" for page in pages),
    }
