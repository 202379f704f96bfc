"""Which editions a call makes: one, or many with a list (by institution, branch, year)."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cxzy_lib.publish import annex, jobs
from cxzy_lib.publish.jobs import Job
from cxzy_lib.stored import institutions, layouts
from cxzy_lib.texts import text


@dataclass(frozen=True)
class Selection:
    """What an edition is about: an institution or a branch of it, and perhaps one year."""

    institution: str
    unit: str | None  # as the notebooks are given it
    branch: str = ""
    year: int | None = None

    def part(self, lang: str) -> str:
        """Return the branch and the year that it is about, "" for all."""
        year = self.year and text("present.year", lang, year=self.year)
        return " · ".join(part for part in (self.branch, year) if part)

    def name(self, lang: str) -> str:
        """Return its name for a list of editions."""
        return " · ".join(part for part in (self.institution, self.part(lang)) if part)


@dataclass(frozen=True)
class Plan:
    """An edition to be made: where, about what, all its pages, those asked for and those that must run."""

    folder: Path
    about: Selection
    planned: tuple[Job, ...]
    chosen: tuple[Job, ...]
    todo: tuple[Job, ...]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Plans:
    """All editions of a call; where they are `listed`, `out` holds the list of them."""

    out: Path
    inputs: dict[str, str]
    parameters: dict[str, Any]
    editions: tuple[Plan, ...]
    listed: bool
    with_annex: bool = False

    @property
    def due(self) -> list[Plan]:
        """The editions of which something is to be made: pages, or a workbook that is asked for."""
        return [
            one
            for one in self.editions
            if one.todo or (one.chosen and self.with_annex and not (one.folder / annex.FILE).is_file())
        ]

    @property
    def todo(self) -> list[Job]:
        """What must run, of all editions."""
        return [job for plan in self.editions for job in plan.todo]

    @property
    def up_to_date(self) -> bool:
        """Whether there is nothing to run and the list is the one that is there."""
        if self.due:
            return False
        if not self.listed:
            return True
        manifest = jobs.read_manifest(self.out)
        folders = [entry["folder"] for entry in manifest.get("editions", [])]
        return manifest.get("inputs") == self.inputs and folders == [
            plan.folder.name for plan in self.editions
        ]


def folder_name(name: str) -> str:
    """Return `name` as the name of one folder: letters, digits, brackets and dashes, no leading dash.

    Examples
    --------
    >>> folder_name("第一支部"), folder_name("../甲 学院/b"), folder_name("..")
    ('第一支部', '甲_学院_b', '_')
    """
    return re.sub(r"[^\w（）()·-]+", "_", name).lstrip("_-")[:60] or "_"


def selections(params: Mapping[str, Any], each: Mapping[str, Sequence[Any]]) -> list[Selection]:
    """Return what the editions of a call are about.

    Parameters
    ----------
    params : mapping
        As for `plan`.
    each : mapping
        ``branch``: pairs of institution and branch; ``year``: years. For each of them there is an edition,
        too: for a branch where its institution has one, for a year where the call names none.
    """
    known, unit = institutions(Path(params["processed"])), params["unit"]
    if unit is not None:
        home = _home(params, known)
        found = [Selection(home, unit, "" if unit == home else str(unit).removeprefix(f"{home}/"))]
    elif len(known) > 1 or each:
        found = [Selection(name, name) for name in known]
    else:
        found = [Selection(known[0] if known else "", None)]
    # Named whole, a branch keeps its edition when a second institution comes.
    of = {one.institution: [one] for one in found if one.unit in (None, one.institution)}
    for home, branch in each.get("branch", ()):
        of.get(home, []).append(Selection(home, f"{home}/{branch}", branch))
    found = [part for one in found for part in of.get(one.institution, [one])]
    years = [params["year"]] if params["year"] is not None else [None, *each.get("year", ())]
    return [replace(one, year=year) for one in found for year in years]


def _home(params: Mapping[str, Any], known: Sequence[str]) -> str:
    from cxzy_lib.present.selection import resolve
    from cxzy_lib.tables import read

    return resolve(read(params["processed"], "units"), params["unit"], params["lang"], known)[0] or ""


def plan(
    notebooks: str | Path,
    only: Iterable[str],
    params: Mapping[str, Any],
    each: Mapping[str, Sequence[Any]],
    *,
    force: bool = False,
    with_annex: bool = False,
) -> Plans:
    """Return what a call with `params` makes.

    Parameters
    ----------
    notebooks, only, params
        As for `jobs.plan_jobs`. Without a ``unit``, and with several institutions in the processed tables,
        there is one edition for each in a folder of its name below ``out``.
    each : mapping
        As for `selections`.
    force : bool
        Run also what is up to date.
    with_annex : bool
        Give each edition the workbook of its tables, too.

    Raises
    ------
    NotebookError
        For an unknown notebook or parameter.
    OtherEdition
        If a folder holds an edition of another selection.
    """
    out, only = Path(params["out"]), tuple(only)
    inputs = jobs.inputs(params["campaign"], params["processed"])
    about = selections(params, each)
    listed = bool(each) or len(about) > 1
    folders = _folders(about) if listed else {about[0]: ""}
    held, special = layouts(params["processed"]), jobs.own_layouts(notebooks)
    own = jobs.of_institutions(inputs, params["processed"], {one.institution for one in about})

    def one(selection: Selection) -> Plan:
        of = {"unit": selection.unit, "year": selection.year, "out": out / folders[selection]}
        given = {**params, **of}
        mine = held.get(selection.institution, ())
        planned = jobs.fitting(jobs.plan_jobs(notebooks, (), given), mine, special)
        chosen = tuple(job for job in jobs.plan_jobs(notebooks, only, given) if job in planned)
        manifest = jobs.read_manifest(given["out"])
        of_it = own[selection.institution]
        todo = tuple(job for job in chosen if force or jobs.stale(job, manifest, of_it))
        if planned:
            jobs.check_edition(given["out"], jobs.settings(planned[0]))
        return Plan(given["out"], selection, planned, chosen, todo, of_it)

    editions = tuple(map(one, about))
    if only and not any(edition.chosen for edition in editions):
        raise jobs.NotebookError(text("publish.unfit_notebook", params["lang"], names="、".join(only)))
    parameters = {name: params[name] for name in jobs.PARAMETERS if name not in jobs.PLACES}
    parameters |= {"each": sorted(each)} if each else {}
    if listed:
        jobs.check_edition(out, parameters)
    return Plans(out, inputs, parameters, editions, listed, with_annex)


def _folders(about: Iterable[Selection]) -> dict[Selection, str]:
    """Return the folder of each edition; one whose name had to be changed gets a number of its own."""
    folders: dict[Selection, str] = {}
    for one in about:
        name = "·".join(str(part) for part in (one.institution, one.branch, one.year) if part)
        folder = folder_name(name)
        if folder != name or folder in folders.values():
            folder += f"-{hashlib.sha256(repr(one).encode()).hexdigest()[:6]}"
        folders[one] = folder
    return folders
