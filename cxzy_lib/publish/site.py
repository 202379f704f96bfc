"""The edition as a folder: its pages, the table of contents and the manifest, each put in place whole."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cxzy_lib.publish import annex
from cxzy_lib.publish.html import body_of, embed_font, page, render
from cxzy_lib.publish.jobs import NOTES, Job, check_edition, digest, read_manifest, settings, versions
from cxzy_lib.publish.runner import Result
from cxzy_lib.texts import text

#: What is asked before pages are moved into place.
Check = Callable[[Path, Mapping[str, Any], Mapping[str, str]], object]


@dataclass(frozen=True)
class Edition:
    """What every page of an edition says of it."""

    title: str
    lang: str
    audience: str
    institution: str = ""
    period: str = ""
    about: str = ""  # a branch, a year

    @property
    def readers(self) -> str:
        """Return for whom it is, after what it is about."""
        return " · ".join(filter(None, (self.about, text(f"publish.audience_{self.audience}", self.lang))))


def publish(
    results: Sequence[Result],
    out: str | Path,
    edition: Edition,
    *,
    planned: Sequence[Job],
    inputs: Mapping[str, str],
    check: Check = lambda *_: None,
    with_annex: bool = False,
) -> Path:
    """Put the results into the edition in `out` and return the path of its index.

    Parameters
    ----------
    results : sequence of Result
        Those of this run. A failed one leaves the last good page as it was; the index says so.
    out : path
        Pages of earlier runs that are not among the results stay, in the new edition's frame.
    edition : Edition
        The words around every page.
    planned : sequence of Job
        Every notebook there is, in the order of the index; the first one's key numbers lead it.
        Pages of notebooks that are no more are removed.
    inputs : mapping
        As given by `jobs.inputs`.
    check : callable
        Called with the folder, the manifest and the pages before any is moved into place; what it raises
        leaves the edition as it was.
    with_annex : bool
        Also the workbook of its tables; one that is there is made anew in any case.

    Raises
    ------
    OtherEdition
        If `out` holds an edition for another audience, language, year or unit; nothing is changed.
    """
    folder = Path(out)
    parameters = settings(planned[0])
    check_edition(folder, parameters)
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
    there: dict[str, Any] = read_manifest(folder).get("pages", {})
    before = {job.page: there[job.page] for job in planned if job.page in there}
    fresh = {result.job.page: result for result in results}
    made = datetime.now().isoformat(" ", "minutes")
    entries = {
        job.page: _entry(fresh.get(job.page), before.get(job.page, {}), made, inputs)
        for job in planned
        if job.page in fresh or job.page in before
    }
    jobs = {job.page: job for job in planned}
    for name, entry in entries.items():
        entry["stale"] = bool(entry["made"]) and entry["digest"] != digest(jobs[name], inputs)
    bodies = {name: _body(folder / name, fresh.get(name)) for name, entry in entries.items() if entry["made"]}
    with_annex = with_annex or (folder / annex.FILE).is_file()
    files = embed_font(_pages(bodies, entries, edition, made, with_annex))
    status = "done" if all(entry["status"] == "done" for entry in entries.values()) else "failed"
    manifest = _manifest(edition, parameters, made, status, inputs) | {"pages": entries}
    check(folder, manifest, files)
    return _issue({**files, **_annex(bodies, entries, edition, made, with_annex)}, manifest, folder, there)


def _annex(
    bodies: Mapping[str, str], entries: Mapping[str, Any], edition: Edition, made: str, wanted: bool
) -> dict[str, bytes]:
    facts = {name: getattr(edition, name) for name in ("title", "institution", "about", "period", "readers")}
    facts |= {"made": made, "versions": _software()}
    return {annex.FILE: annex.of_edition(bodies, entries, edition.lang, facts)} if wanted else {}


def publish_list(
    editions: Sequence[Mapping[str, Any]],
    out: str | Path,
    edition: Edition,
    *,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, str],
) -> Path:
    """Put the list of several editions - of institutions, branches, years - into `out` and return its path.

    Parameters
    ----------
    editions : sequence of mappings
        ``name``, ``folder`` below `out`, ``status`` (``done`` or ``failed``), ``made``, ``title`` (its first
        page's), ``pages`` (how many) and ``failed`` (pairs of a page's name and its error).
    out, edition, inputs
        As for `publish`.
    parameters : mapping
        Year, unit (None), language and audience.

    Raises
    ------
    OtherEdition
        As for `publish`.
    """
    folder = Path(out)
    check_edition(folder, parameters)
    made = datetime.now().isoformat(" ", "minutes")
    words = {"edition": edition, "editions": editions, "why": lambda error: why(error, edition.lang)}
    contents = render("editions.html.j2", edition.lang, **words)
    frame = {"edition": edition, "siblings": [], "versions": _software(), "page": "index.html"}
    whole = page(contents, lang=edition.lang, title=edition.title, made=made, **frame)
    status = "done" if all(entry["status"] == "done" for entry in editions) else "failed"
    manifest = _manifest(edition, parameters, made, status, inputs)
    manifest |= {"editions": [dict(entry) for entry in editions], "pages": {}}
    # What else an edition that stood here has left would be renewed, linked and audited by nobody.
    there = {**read_manifest(folder).get("pages", {}), annex.FILE: None, NOTES: None}
    return _issue(embed_font({"index.html": whole}), manifest, folder, there)


def _manifest(
    edition: Edition, parameters: Mapping[str, Any], made: str, status: str, inputs: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "edition": asdict(edition),
        "parameters": dict(parameters),
        "made": made,
        "status": status,
        "inputs": dict(inputs),
        "versions": versions(),
    }


def _issue(
    files: Mapping[str, str | bytes], manifest: Mapping[str, Any], folder: Path, there: Mapping[str, Any]
) -> Path:
    """Put the files and their manifest into `folder`; remove those of `there` that are no longer made."""
    words = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    _put({**files, "manifest.json": words}, folder)
    for name in there.keys() - files.keys():
        (folder / name).unlink(missing_ok=True)
    return folder / "index.html"


def _entry(
    result: Result | None, before: Mapping[str, Any], made: str, inputs: Mapping[str, str]
) -> dict[str, Any]:
    if result is None:
        return dict(before)
    job = result.job
    told = {
        "notebook": job.notebook.name,
        "parameters": settings(job),
        "status": result.status,
        "seconds": result.seconds,
        "error": asdict(result.error) if result.error else None,
    }
    if result.status == "failed":
        nothing: dict[str, Any] = {
            "subtitle": "",
            "name": result.title,
            "key_numbers": [],
            "made": None,
            "digest": None,
        }
        return {"title": result.title, **nothing, **before, **told}
    return told | {
        "title": result.title,
        "subtitle": result.subtitle,
        "name": result.name or result.title,
        "key_numbers": list(result.key_numbers),
        "made": made,
        "digest": digest(job, inputs),
    }


def _body(path: Path, result: Result | None) -> str:
    if result is not None and result.status == "done":
        return result.html
    return body_of(path.read_text("utf-8")) or ""


def _pages(
    bodies: Mapping[str, str],
    entries: Mapping[str, Mapping[str, Any]],
    edition: Edition,
    made: str,
    with_annex: bool,
) -> dict[str, str]:
    siblings = [(name, entries[name]["name"]) for name in bodies]
    frame = {"edition": edition, "siblings": siblings, "versions": _software()}
    files = {
        name: page(
            body,
            lang=edition.lang,
            title=entries[name]["title"],
            page=name,
            made=entries[name]["made"],
            **frame,
        )
        for name, body in bodies.items()
    }
    contents = render(
        "contents.html.j2",
        edition.lang,
        edition=edition,
        pages=entries,
        tiles=_tiles(entries, edition.lang),
        annex=annex.FILE if with_annex else "",
        annex_link=text("annex.link", edition.lang),
        why=lambda error: why(error, edition.lang),
    )
    files["index.html"] = page(
        contents, lang=edition.lang, title=edition.title, page="index.html", made=made, **frame
    )
    return files


def _tiles(entries: Mapping[str, Mapping[str, Any]], lang: str) -> str:
    """Return the key numbers of the first page that has any; a link to a page that isn't there is dropped."""
    from cxzy_lib.present.blocks import KeyNumber, key_numbers

    numbers: list[Any] = next(
        (entry["key_numbers"] for entry in entries.values() if entry["key_numbers"]), []
    )
    there = {name for name, entry in entries.items() if entry["made"]}
    items = [KeyNumber(**number) for number in numbers]
    items = [item if item.href.partition("#")[0] in there else replace(item, href="") for item in items]
    return key_numbers(items, lang).html if items else ""


def why(error: Mapping[str, Any], lang: str) -> str:
    """Return what went wrong in a notebook, as a sentence."""
    key = "publish.failed" if error["cell"] is None else "publish.failed_in_cell"
    return text(key, lang, **error)


def _software() -> str:
    found = {"cxzy": metadata.version("cxzy")} | versions()
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _put(files: Mapping[str, str | bytes], folder: Path) -> None:
    """Write the files beside their places, then move each into it, the manifest last."""
    # On the same disk: a move is whole or not at all.
    with tempfile.TemporaryDirectory(prefix=".edition-", dir=folder) as beside:
        part = Path(beside)
        for name, content in files.items():
            (part / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            (part / name).chmod(0o600)
        for name in files:
            os.replace(part / name, folder / name)
