"""Which notebooks become which pages, with which parameters, and what is stale.

Imports little: a run with nothing to do answers at once.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from cxzy_lib.texts import text

#: The notebooks' parameters; the first three are places, whose contents count and not their names.
PARAMETERS = ("processed", "campaign", "out", "year", "unit", "lang", "audience")
PLACES = PARAMETERS[:3]
#: What the audit has read in an edition, kept in its folder.
NOTES = ".audit.json"
LIBRARIES = ("pandas", "matplotlib", "seaborn", "papermill", "nbconvert")
_SOURCES = {".py", ".toml", ".j2", ".css", ".js", ".json"}


class NotebookError(ValueError):
    """The call names a notebook or a parameter that is not there."""


class OtherEdition(ValueError):
    """The folder holds an edition of another selection: `folder` and its `parameters`."""

    def __init__(self, folder: Path, parameters: Mapping[str, Any]) -> None:
        super().__init__(f"{folder}: {parameters}")
        self.folder, self.parameters = folder, parameters


@dataclass(frozen=True)
class Job:
    """One notebook to be run with its parameters, and the name of the page it becomes."""

    notebook: Path
    parameters: Mapping[str, Any]
    page: str


def plan_jobs(notebooks_dir: str | Path, only: Iterable[str], params: Mapping[str, Any]) -> list[Job]:
    """Return a job for each notebook of the folder, in the order of their names.

    Parameters
    ----------
    notebooks_dir : path
        Its ``*.ipynb`` are run, those that start with a dot or an underscore are not.
    only : iterable of str
        Names (with or without ``.ipynb``, a folder before them does not matter); empty for all.
    params : mapping
        Exactly `PARAMETERS`; ``year`` and ``unit`` may be None.

    Raises
    ------
    NotebookError
        If a name is unknown (lists the known ones) or the parameters are not those of the contract.
    """
    if set(params) != set(PARAMETERS):
        raise NotebookError(f"parameters: {', '.join(sorted(set(params) ^ set(PARAMETERS)))}")
    found = {path.stem: path.resolve() for path in sorted(Path(notebooks_dir).glob("[!._]*.ipynb"))}
    names = {Path(name).name.removesuffix(".ipynb") for name in only}
    for name in sorted(names - set(found)):
        known = ", ".join(found) or "-"
        raise NotebookError(text("publish.unknown_notebook", params["lang"], name=name, known=known))
    given = {key: str(value) if isinstance(value, Path) else value for key, value in params.items()}
    return [Job(path, given, f"{n}.html") for n, path in found.items() if not names or n in names]


def own_layouts(notebooks_dir: str | Path) -> dict[str, frozenset[str] | None]:
    """Return which layouts each notebook is for, by its metadata; None where it is no page, most are for any.

    ``{"cxzy": {"layouts": [...]}}`` names them, ``{"cxzy": {"page": false}}`` is for people at a desk only.
    """
    found: dict[str, frozenset[str] | None] = {}
    for path in Path(notebooks_dir).glob("[!._]*.ipynb"):
        try:
            about = json.loads(path.read_text("utf-8"))["metadata"]["cxzy"]
            layouts, page = about.get("layouts", []), about.get("page", True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # most have none; a broken one fails when it is run
        if not isinstance(layouts, list):
            raise NotebookError(f'{path.name}: cxzy.layouts = {layouts!r}: ["…"]')
        found[path.resolve().name] = frozenset(layouts) if page else None
    return found


def fitting(
    planned: Iterable[Job], held: Collection[str], own: Mapping[str, frozenset[str] | None]
) -> tuple[Job, ...]:
    """Return the jobs whose notebooks suit the layouts that an institution's files had.

    A notebook with layouts of its `own` (as of `own_layouts`) is run where one of them is there. An
    institution that has nothing but such layouts gets only these pages.

    Examples
    --------
    >>> jobs = [Job(Path(f"{name}.ipynb"), {}, f"{name}.html") for name in ("01_brief", "11_bureau")]
    >>> own = {"01_brief.ipynb": frozenset(), "11_bureau.ipynb": frozenset({"T30"})}
    >>> [[job.page for job in fitting(jobs, held, own)] for held in ({"T30"}, {"T05a"}, {"T30", "T05a"})]
    [['11_bureau.html'], ['01_brief.html'], ['01_brief.html', '11_bureau.html']]
    """
    special = frozenset[str]().union(*filter(None, own.values()))
    usual = not held or not set(held) <= special

    def suits(mine: frozenset[str] | None) -> bool:
        return mine is not None and (bool(mine & set(held)) if mine else usual)

    return tuple(job for job in planned if suits(own.get(job.notebook.name, frozenset())))


def versions() -> dict[str, str]:
    """Return the versions of the libraries that shape a page."""
    return {name: metadata.version(name) for name in LIBRARIES}


def inputs(campaign: str | Path, processed: str | Path) -> dict[str, str]:
    """Return what every page depends on: name -> sha256 of the file (or version of the library).

    The sources of this library count as one entry.
    """
    found = {"cxzy_lib": sources()}
    for kind, folder, pattern in (("campaign", campaign, "*.toml"), ("processed", processed, "*.parquet")):
        found |= {f"{kind}/{path.name}": _sha256(path) for path in sorted(Path(folder).glob(pattern))}
    return found | versions()


def of_institutions(
    found: Mapping[str, str], processed: str | Path, institutions: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return `inputs` as the pages of each institution have them: of a table only its own rows count.

    Rows without an institution are everybody's. A table whose parts are not apart counts whole.
    """
    from cxzy_lib.stored import parts

    known = {f"processed/{path.name}": parts(path) for path in Path(processed).glob("*.parquet")}
    return {
        one: {
            name: f"{of.get(one, '')} {of.get('', '')}" if one and (of := known.get(name)) else whole
            for name, whole in found.items()
        }
        for one in institutions
    }


def sources() -> str:
    """Return one number over the sources of this library."""
    package = Path(__file__).parents[1]
    files = sorted(path for path in package.rglob("*") if path.suffix in _SOURCES)
    code = "".join(f"{path.relative_to(package).as_posix()} {_sha256(path)}\n" for path in files)
    return hashlib.sha256(code.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(job: Job, inputs_digest: Mapping[str, str]) -> str:
    """Return one number over all that the job's page depends on: notebook, parameters and `inputs`."""
    everything = [job.page, _sha256(job.notebook), settings(job), dict(inputs_digest)]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest in `folder` as it stands, {} without one."""
    try:
        found = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of an edition, {} without one; pages whose file has gone are left out."""
    manifest = manifest_of(folder)
    try:
        pages = {
            name: entry
            for name, entry in manifest["pages"].items()
            if (folder / name).is_file() or entry["made"] is None
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return manifest | {"pages": pages} if (folder / "index.html").is_file() else {}


def check_edition(folder: Path, parameters: Mapping[str, Any]) -> None:
    """Raise `OtherEdition` where a folder holds an edition for another year, unit, language or audience.

    A page made for the leadership must never be shown as one of the public edition, nor be lost to it.
    """
    manifest = manifest_of(folder)
    try:
        entries = [manifest, *manifest["pages"].values()]
        there = next((entry["parameters"] for entry in entries if "parameters" in entry), parameters)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return
    if there != parameters:
        raise OtherEdition(folder, there)


def settings(job: Job) -> dict[str, Any]:
    """Return the job's parameters without its places."""
    return {name: value for name, value in job.parameters.items() if name not in PLACES}


def stale(job: Job, manifest: Mapping[str, Any], inputs_digest: Mapping[str, str]) -> bool:
    """Return whether the job must run: no page, a failure last time, or a change in its inputs."""
    entry: dict[str, Any] = manifest.get("pages", {}).get(job.page, {})
    return entry.get("status") != "done" or entry.get("digest") != digest(job, inputs_digest)
