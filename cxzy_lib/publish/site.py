"""The edition as a folder: its pages, the table of contents and the manifest, each put in place whole."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cxzy_lib.publish import annex
from cxzy_lib.publish.html import body_of, embed_font, page, render
from cxzy_lib.publish.jobs import NOTES, Job, check_edition, digest, read_manifest, settings, versions
from cxzy_lib.publish.placing import place
from cxzy_lib.publish.runner import Result
from cxzy_lib.texts import text


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


@dataclass(frozen=True)
class Prepared:
    """An edition, or the list of several, as it is to stand in its folder; `old` are names of files there."""

    folder: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, str | bytes]
    old: frozenset[str]


def prepare(
    results: Sequence[Result],
    folder: Path,
    edition: Edition,
    *,
    planned: Sequence[Job],
    inputs: Mapping[str, str],
    with_annex: bool = False,
) -> Prepared:
    """Return the edition that the results make of what stands in its folder; nothing is written.

    Parameters
    ----------
    results : sequence of Result
        Those of this run. A failed one leaves the last good page as it was; the index says so.
    folder : path
        Pages of earlier runs that are not among the results stay, in the new edition's frame.
    edition : Edition
        The words around every page.
    planned : sequence of Job
        Every notebook there is, in the order of the index; the first one's key numbers lead it.
        Pages of notebooks that are no more are removed.
    inputs : mapping
        As given by `jobs.of_institutions`.
    with_annex : bool
        Also the workbook of its tables; one that is there is made anew in any case.

    Raises
    ------
    OtherEdition
        If the folder holds an edition for another audience, language, year or unit.
    """
    parameters = settings(planned[0])
    check_edition(folder, parameters)
    there: dict[str, Any] = read_manifest(folder).get("pages", {})
    made = datetime.now().isoformat(" ", "minutes")
    fresh = {result.job.page: result for result in results}
    entries = _entries(fresh, there, planned, made, inputs)
    bodies = {name: _body(folder / name, fresh.get(name)) for name, entry in entries.items() if entry["made"]}
    with_annex = with_annex or (folder / annex.FILE).is_file()
    files: dict[str, str | bytes] = {**embed_font(_pages(bodies, entries, edition, made, with_annex))}
    if with_annex:
        files[annex.FILE] = _annex(bodies, entries, edition, made)
    manifest = _manifest(edition, parameters, made, entries.values(), inputs) | {"pages": entries}
    return Prepared(folder, manifest, files, frozenset(there))


def _entries(
    fresh: Mapping[str, Result],
    there: Mapping[str, Any],
    planned: Sequence[Job],
    made: str,
    inputs: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    entries = {}
    for job in planned:
        if job.page in fresh or job.page in there:
            entry = _entry(fresh.get(job.page), there.get(job.page, {}), made, inputs)
            entry["stale"] = bool(entry["made"]) and entry["digest"] != digest(job, inputs)
            entries[job.page] = entry
    return entries


def _annex(bodies: Mapping[str, str], entries: Mapping[str, Any], edition: Edition, made: str) -> bytes:
    facts = {name: getattr(edition, name) for name in ("institution", "about", "period", "readers")}
    facts |= {"made": made, "versions": _software()}
    cover = [(text(f"annex.{name}", edition.lang), value) for name, value in facts.items() if value]
    pages = [(str(entries[name]["name"]), body) for name, body in bodies.items()]
    return annex.workbook(pages, edition.lang, cover, edition.title)


def prepare_list(
    editions: Sequence[Mapping[str, Any]],
    folder: Path,
    edition: Edition,
    *,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, str],
) -> Prepared:
    """Return the list of several editions - of institutions, branches, years - as it is to stand in `folder`.

    Parameters
    ----------
    editions : sequence of mappings
        ``name``, ``folder`` (its name below that of the list), ``status`` (``done``, ``failed``, or
        ``withheld`` where its new pages would have told what is hidden), ``made`` (None without pages),
        ``title`` (its first page's), ``pages`` (how many) and ``failed`` (pairs of a page's name and its
        error).
    folder, edition
        As for `prepare`.
    inputs : mapping
        As given by `jobs.inputs`.
    parameters : mapping
        Year, unit, language and audience of the call, and ``each``.

    Raises
    ------
    OtherEdition
        As for `prepare`.
    """
    check_edition(folder, parameters)
    made = datetime.now().isoformat(" ", "minutes")
    words = {"edition": edition, "editions": editions, "why": lambda error: why(error, edition.lang)}
    contents = render("editions.html.j2", edition.lang, **words)
    frame = {"edition": edition, "siblings": [], "versions": _software(), "page": "index.html"}
    whole = page(contents, lang=edition.lang, title=edition.title, made=made, **frame)
    manifest = _manifest(edition, parameters, made, editions, inputs)
    manifest |= {"editions": [dict(entry) for entry in editions], "pages": {}}
    # What else an edition that stood here has left would be renewed, linked and audited by nobody.
    old = frozenset([*read_manifest(folder).get("pages", {}), annex.FILE, NOTES])
    return Prepared(folder, manifest, embed_font({"index.html": whole}), old)


def _manifest(
    edition: Edition,
    parameters: Mapping[str, Any],
    made: str,
    entries: Iterable[Mapping[str, Any]],
    inputs: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "edition": asdict(edition),
        "parameters": dict(parameters),
        "made": made,
        "status": "done" if all(entry["status"] == "done" for entry in entries) else "failed",
        "inputs": dict(inputs),
        "versions": versions(),
    }


def publish(prepared: Prepared) -> None:
    """Put an edition, or a list of editions, into its folder.

    In one step where the system can (`placing.place`); those of `old` that are no longer made are removed.
    """
    words = json.dumps(prepared.manifest, ensure_ascii=False, indent=1) + "\n"
    # What the audit noted is about pages that go.
    place({**prepared.files, "manifest.json": words}, prepared.old | {NOTES}, prepared.folder)


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
    words = {
        "title": result.title,
        "subtitle": result.subtitle,
        "name": result.name or result.title,
        "key_numbers": list(result.key_numbers),
    }
    if result.status == "failed":  # the last good page stays
        return {**words, "made": None, "digest": None, **before, **told}
    return told | words | {"made": made, "digest": digest(job, inputs)}


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
