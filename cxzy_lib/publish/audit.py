"""The attack on what is published: every number of all editions side by side, against what they hide."""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.measure.suppression import WHOLE, decide, leaves
from cxzy_lib.present.selection import resolve
from cxzy_lib.present.wording import day_name, group_name, period_name
from cxzy_lib.publish import annex, filed, jobs
from cxzy_lib.publish.attack import Said, attack
from cxzy_lib.publish.passages import passages
from cxzy_lib.publish.reading import Vocabulary, statements, vocabulary
from cxzy_lib.publish.shelf import editions_below, editions_in, root_of
from cxzy_lib.publish.site import Prepared
from cxzy_lib.stored import institutions
from cxzy_lib.tables import Tables, load, read
from cxzy_lib.texts import languages, text

Read = tuple[int, list[Said]]  # how many texts with numbers, and what they say of ballots


@dataclass(frozen=True)
class Audit:
    """What came of an attack: `rows` as from `attack`, `numbers` seen, and those `read` as about ballots."""

    rows: pd.DataFrame
    numbers: int
    read: int

    @property
    def told(self) -> pd.DataFrame:
        """The rows that can be told."""
        return self.rows[self.rows["told"].astype(bool)]

    def by(self, folder: Path, above: Path) -> "Audit":
        """Return the audit of those groups that it takes the pages in `folder` to tell."""
        place = _place(folder, above)
        mine = [
            any(one.page.rpartition("/")[0] == place for one in because or ())
            for because in self.rows["because"]
        ]
        return replace(self, rows=self.rows[mine])


@dataclass(frozen=True)
class Known:
    """An institution: its tables, what of them is shown, and the words that say what a number is about."""

    tables: Tables
    decisions: pd.DataFrame
    words: Vocabulary

    @cached_property
    def hidden(self) -> pd.DataFrame:
        """What is not shown."""
        return self.decisions[~self.decisions["shown"]]


@dataclass
class Auditor:
    """Knows what is hidden, and reads pages as somebody who does not.

    `out` is where a call puts its edition, or the list of its editions: what lies beside it counts, too.
    """

    processed: Path
    campaign_folder: Path
    out: Path | None = None

    _read: dict[Path, Read] = field(default_factory=dict, repr=False)
    _last: dict[str, Known] = field(default_factory=dict, repr=False)

    @cached_property
    def campaign(self) -> Campaign:
        """What is measured."""
        return load_campaign(self.campaign_folder)

    @cached_property
    def _units(self) -> pd.DataFrame:
        return read(self.processed, "units")

    @cached_property
    def _institutions(self) -> list[str]:
        return institutions(self.processed)

    def known(self, institution: str) -> Known:
        """Return what is known of an institution; only the last one asked for is kept."""
        if institution not in self._last:
            tables = load(self.processed, institution)
            decisions = decide(tables.votes, tables.units, tables.people, self.campaign)
            self._read.clear()
            self._last = {institution: Known(tables, decisions, self._words(tables))}
        return self._last[institution]

    def _words(self, tables: Tables) -> Vocabulary:
        """Return the words that say what a number is about."""
        units, votes = tables.units, tables.votes
        names = {*units["unit"].dropna(), *units["branch"].dropna(), *votes["unit"].dropna()}
        dated = votes.dropna(subset=["held_on", "semester"]).drop_duplicates("held_on")
        days: dict[str, str] = {}
        for day, semester in zip(dated["held_on"], dated["semester"], strict=True):
            days |= {f"{day:%Y-%m-%d}": semester} | {day_name(day, lang): semester for lang in languages()}
        return vocabulary(self.campaign, sorted(names), days)

    def check(self, editions: Sequence[Prepared]) -> tuple[Audit, list[tuple[Path, Audit]]]:
        """Attack editions of one institution, which are to replace what stands in their folders.

        What is published beside them counts, too; what stands in their folders does not, as it goes.

        Returns
        -------
        Audit
            What was seen last. What it still tells is told by pages that stay.
        list of (folder, Audit)
            The editions that must not be published: with them a hidden group could be told, this one.
        """
        institution, _ = self._whose(editions[0].manifest)
        hidden = self.known(institution).hidden
        if hidden.empty:
            return Audit(hidden.assign(low=0.0, high=0.0, told=False, because=None), 0, 0), []
        root = root_of(self.out or editions[0].folder)
        left = {one.folder.resolve(): self._pages(one.manifest, _with_strays(one)) for one in editions}
        # A list takes the place of an edition that stood in its folder.
        going = {self.out.resolve()} if self.out and self.out.resolve() not in left else set()
        refused: list[tuple[Path, Audit]] = []
        while True:  # where one is refused, what stands in its folder stays
            mine = [_named(read, folder, root) for folder, read in left.items()]
            beside = self._beside({root}, left.keys() | going, institution, root)
            # What both say is said by those that stay: a new edition is not to blame for it.
            found = self._attack([*beside, *mine], institution)
            guilty = {folder: told for folder in left if len((told := found.by(folder, root)).told)}
            if not guilty:
                break
            refused += guilty.items()
            left = {folder: read for folder, read in left.items() if folder not in guilty}
        for folder in left:
            self._read.pop(folder, None)  # it is about to change
        return found, refused

    def look(self, folder: Path) -> Audit:
        """Attack what is published in `folder` and beside it.

        Raises
        ------
        FileNotFoundError
            If there is no edition.
        """
        mine = editions_in(folder)
        if not mine:
            raise FileNotFoundError(folder)
        roots = {root_of(one) for one in mine}
        above = Path(os.path.commonpath(roots))
        of: dict[str, list[Path]] = {}
        for one in mine:
            of.setdefault(self._whose(jobs.manifest_of(one))[0], []).append(one)
        found = []
        for institution, own in of.items():
            every = [_named(self._published(one), one, above) for one in own]
            found.append(self._attack([*every, *self._beside(roots, own, institution, above)], institution))
        rows = pd.concat([one.rows for one in found], ignore_index=True)
        return Audit(rows, sum(one.numbers for one in found), sum(one.read for one in found))

    def _attack(self, parts: Sequence[Read], institution: str) -> Audit:
        known = self.known(institution)
        tables = known.tables
        every = leaves(tables.votes, tables.units, tables.people, self.campaign)
        said = [one for _, found in parts for one in found]
        rows = attack(every, known.decisions, tables.turnout, said, self.campaign)
        return Audit(rows, sum(numbers for numbers, _ in parts), len(said))

    def _whose(self, manifest: Mapping[str, Any]) -> tuple[str, str]:
        """Return the institution of an edition and the unit that it is about."""
        unit = manifest.get("parameters", {}).get("unit")
        known = self._institutions
        institution = manifest.get("edition", {}).get("institution") or (known[0] if len(known) == 1 else "")
        if unit is None:
            return institution, WHOLE
        try:
            home, part = resolve(self._units, unit, "zh", known)
        except ValueError:  # a unit that is no more
            return institution, str(unit).removeprefix(f"{institution}/")
        return home or institution, part or WHOLE

    def _beside(
        self, roots: Collection[Path], mine: Collection[Path], institution: str, above: Path
    ) -> list[Read]:
        """Return what other editions there say of an institution: earlier, of units, for others."""
        others = [one for one in editions_below(roots) if one not in mine]
        whose = {one: self._whose(jobs.manifest_of(one))[0] for one in others}
        return [_named(self._published(one), one, above) for one in others if whose[one] == institution]

    def _published(self, folder: Path) -> Read:
        """Return what a published edition says, by the notes in its folder if they are about these pages."""
        if folder in self._read:
            return self._read[folder]
        manifest = jobs.manifest_of(folder)
        paths = sorted([*folder.glob("*.html"), *folder.glob(annex.FILE)])
        files = {path.name: path.read_bytes() for path in paths}
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        whose = self._whose(manifest)
        about = json.dumps([self._reading(whose[0]), whose, sums], ensure_ascii=False)
        key = hashlib.sha256(about.encode()).hexdigest()
        found = _noted(folder / jobs.NOTES, key)
        if found is None:
            found = self._pages(manifest, files)
            _note(folder / jobs.NOTES, key, found)
        self._read[folder] = found
        return found

    def _reading(self, institution: str) -> str:
        """Return what decides how a page is read: the words that are known, and this library."""
        words = msgspec.json.encode(dict(self.known(institution).words.words), order="deterministic")
        return self._library + hashlib.sha256(words).hexdigest()

    @cached_property
    def _library(self) -> str:
        return jobs.sources()

    def _pages(self, manifest: Mapping[str, Any], files: Mapping[str, str | bytes]) -> Read:
        institution, scope = self._whose(manifest)
        words = self.known(institution).words
        texts = [
            one for name, content in files.items() for one in passages(name, filed.opened(name, content))
        ]
        said = [(institution, scope, found) for one in texts for found in statements(one, words)]
        return len(texts), said

    def lines(self, found: Audit, lang: str) -> list[str]:
        """Return the result in words: one line, and one for each group that can be told."""
        told = len(found.told)
        numbers = {"hidden": len(found.rows), "numbers": found.numbers, "read": found.read, "told": told}
        leaks = [self._leak(row, lang) for row in found.told.to_dict("records")]
        return [text("audit.done", lang, **numbers), *leaks]

    def _leak(self, row: Mapping[Any, Any], lang: str) -> str:
        item = self.campaign.items.get(row["item"])
        parts = [row["scope"], period_name(self.campaign, row["semester"], lang)]
        parts += [item.label(lang) if item else "", group_name(row["rater_group"], lang)]
        quotes = [text("audit.quote", lang, page=one.page, quote=one.quote) for one in row["because"]]
        most = "…" if row["high"] == float("inf") else f"{row['high']:.0f}"
        width = self.campaign.setting("hidden_width")
        who = " · ".join(part for part in parts if part)
        numbers = {"low": f"{row['low']:.0f}", "high": most, "width": width}
        return text("audit.told", lang, who=who, why="；".join(quotes), **numbers)


def _with_strays(edition: Prepared) -> dict[str, str | bytes]:
    """Return the files of an edition with the pages in its folder that it neither replaces nor removes."""
    known = edition.files.keys() | edition.old
    strays = [path for path in edition.folder.glob("*.html") if path.name not in known]
    return {path.name: path.read_bytes() for path in strays} | dict(edition.files)


def _named(read: Read, folder: Path, above: Path) -> Read:
    """Return what an edition says with its folder, as seen from `above`, before the names of its pages."""
    numbers, said = read
    place = _place(folder, above)
    return numbers, [(who, scope, replace(one, page=f"{place}/{one.page}")) for who, scope, one in said]


def _place(folder: Path, above: Path) -> str:
    return Path(os.path.relpath(folder.resolve(), above)).as_posix()


def _noted(path: Path, key: str) -> Read | None:
    try:
        known, numbers, said = msgspec.json.decode(path.read_bytes(), type=tuple[str, int, list[Said]])
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return (numbers, said) if known == key else None


def _note(path: Path, key: str, found: Read) -> None:
    with contextlib.suppress(OSError):  # a folder that may only be read
        path.write_bytes(msgspec.json.encode((key, *found)))
        path.chmod(0o600)
