"""Making the editions of a call: running their notebooks, auditing and publishing each institution's."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cxzy_lib.intake.files import Busy, locked
from cxzy_lib.publish import jobs
from cxzy_lib.publish.audit import Audit, Auditor
from cxzy_lib.publish.editions import Plan, Plans
from cxzy_lib.publish.runner import Result, run_jobs
from cxzy_lib.publish.shelf import root_of
from cxzy_lib.publish.site import Edition, Prepared, prepare, prepare_list, publish


@dataclass
class Made:
    """What came of it: how many pages `failed`, and the editions that would have given a ballot away."""

    failed: int = 0
    withheld: list[tuple[Path, Audit]] = field(default_factory=list)
    audited: list[Audit] = field(default_factory=list)
    audit_seconds: float = 0.0


def make(
    plans: Plans,
    edition: Edition,
    auditor: Auditor,
    *,
    workers: int,
    progress: Callable[[Result], object],
    cluster: str | None = None,
) -> Made:
    """Run what must run, all editions through one pool; audit and publish those of an institution together.

    That is done as soon as they are whole: what was called off later goes on from there. Pages that failed
    run again when the others are through, and their institution waits for them.

    Parameters
    ----------
    plans : Plans
    edition : Edition
        The words around every page; each edition gets its institution.
    auditor : Auditor
        An edition with which a hidden group could be told is not published; the others are.
    workers : int
        Processes side by side.
    progress : callable
        Called with each result as it comes in.
    cluster : str, optional
        As for `run_jobs`.
    """
    made = Made()
    parts = _by_institution(plans.due)
    todo = [(place, one.folder, job) for place, of in parts.items() for one in of for job in one.todo]
    missing = Counter(place for place, _, _ in todo)
    results: dict[Path, list[Result]] = {one.folder: [] for one in plans.due}

    def issue(place: str) -> None:
        ready = [_prepared(plans, one, results.pop(one.folder), edition) for one in parts[place]]
        _issue(ready, auditor, made)

    for place in parts.keys() - missing.keys():  # nothing but a workbook
        issue(place)
    chosen = [job for *_, job in todo]
    with (
        tempfile.TemporaryDirectory() as work,
        closing(run_jobs(chosen, workers=workers, work_dir=work, cluster=cluster)) as coming,
    ):
        for n, result in coming:
            progress(result)
            shutil.rmtree(Path(work, str(n)), ignore_errors=True)
            place, folder, _ = todo[n]
            results[folder].append(result)
            made.failed += result.status == "failed"
            missing[place] -= 1
            if not missing[place]:
                issue(place)
    if plans.listed:
        _list(plans, edition, {folder for folder, _ in made.withheld})
    return made


def _list(plans: Plans, edition: Edition, withheld: Collection[Path]) -> None:
    """Publish the list of a call's editions, without those that it does not touch and that are not there."""
    there = [one for one in plans.editions if one.chosen or jobs.manifest_of(one.folder)]
    entries = [_entry(one, edition.lang, withheld) for one in there]
    whole = prepare_list(entries, plans.out, edition, parameters=plans.parameters, inputs=plans.inputs)
    with _alone(root_of(plans.out)):
        publish(whole)


def _by_institution(editions: Iterable[Plan]) -> dict[str, list[Plan]]:
    found: dict[str, list[Plan]] = {}
    for one in editions:
        found.setdefault(one.about.institution, []).append(one)
    return found


def _issue(ready: Sequence[Prepared], auditor: Auditor, made: Made) -> None:
    """Publish those editions of an institution that may be."""
    with _alone(root_of(auditor.out or ready[0].folder)):
        started = time.perf_counter()
        found, refused = auditor.check(ready)
        made.audit_seconds += time.perf_counter() - started
        made.audited.append(found)
        made.withheld += refused
        for one in ready:
            if one.folder.resolve() not in dict(refused):
                publish(one)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other call checks and publishes in `root`: each is to see the other's pages."""
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(root))
                break
            except Busy:
                time.sleep(0.2)
            except PermissionError:  # a folder that only others may write to: nobody can hold it
                break
        yield


def _prepared(plans: Plans, one: Plan, results: Sequence[Result], edition: Edition) -> Prepared:
    words = replace(edition, institution=one.about.institution, about=one.about.part(edition.lang))
    return prepare(
        results, one.folder, words, planned=one.planned, inputs=one.inputs, with_annex=plans.with_annex
    )


def _entry(one: Plan, lang: str, withheld: Collection[Path]) -> dict[str, Any]:
    """Return what the list says of an edition: its first page's title, and what failed and why."""
    manifest = jobs.read_manifest(one.folder)
    pages = manifest.get("pages", {}).values()
    status = "withheld" if one.folder.resolve() in withheld else manifest.get("status", "failed")
    return {
        "name": one.about.name(lang),
        "folder": one.folder.name,
        "status": status,
        "made": manifest.get("made"),
        "title": next((page["title"] for page in pages if page["made"]), ""),
        "pages": len(pages),
        "failed": [[page["name"], page["error"]] for page in pages if page["status"] == "failed"],
    }
