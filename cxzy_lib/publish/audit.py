"""The attack on what is published: every number of all editions side by side, against what they hide."""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.measure.suppression import WHOLE, decide, leaves
from cxzy_lib.present.selection import resolve
from cxzy_lib.present.wording import day_name, group_name, period_name
from cxzy_lib.publish import annex, filed, jobs
from cxzy_lib.publish.attack import attack
from cxzy_lib.publish.passages import passages
from cxzy_lib.publish.reading import LANGUAGES, Statement, Vocabulary, statements, vocabulary
from cxzy_lib.publish.site import Prepared
from cxzy_lib.tables import Tables, load
from cxzy_lib.texts import text

Said = tuple[str, str, Statement]
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
        place = folder.relative_to(above).as_posix()
        mine = [
            any(one.page.rpartition("/")[0] == place for one in because or ())
            for because in self.rows["because"]
        ]
        return replace(self, rows=self.rows[mine])


@dataclass
class Auditor:
    """Knows what is hidden, and reads pages as somebody who does not.

    `out` is where a call puts its edition, or the list of its editions: what lies beside it counts, too.
    """

    processed: Path
    campaign_folder: Path
    out: Path | None = None

    _read: dict[Path, Read] = field(default_factory=dict, repr=False)

    @cached_property
    def campaign(self) -> Campaign:
        """What is measured."""
        return load_campaign(self.campaign_folder)

    @cached_property
    def tables(self) -> Tables:
        """The processed tables."""
        return load(self.processed)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """What is shown and what is not."""
        tables = self.tables
        return decide(tables.votes, tables.units, tables.people, self.campaign)

    @cached_property
    def words(self) -> Vocabulary:
        """The words that say what a number is about."""
        units, votes = self.tables.units, self.tables.votes
        names = {*units["unit"].dropna(), *units["branch"].dropna(), *votes["unit"].dropna()}
        dated = votes.dropna(subset=["held_on", "semester"]).drop_duplicates("held_on")
        days: dict[str, str] = {}
        for day, semester in zip(dated["held_on"], dated["semester"], strict=True):
            days |= {f"{day:%Y-%m-%d}": semester} | {day_name(day, lang): semester for lang in LANGUAGES}
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
        hidden = self.decisions[~self.decisions["shown"] & self.decisions["institution"].eq(institution)]
        if hidden.empty:
            return Audit(hidden.assign(low=0.0, high=0.0, told=False, because=None), 0, 0), []
        root = _root(self.out or editions[0].folder)
        left = {one.folder.resolve(): self._pages(one.manifest, one.files) for one in editions}
        refused: list[tuple[Path, Audit]] = []
        while True:  # where one is refused, what stands in its folder stays
            mine = [_named(read, folder, root) for folder, read in left.items()]
            found = self._attack(
                [*mine, *self._beside({root}, left.keys(), {institution}, root)], institution
            )
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
        roots = {_root(one) for one in mine}
        above = Path(os.path.commonpath(roots))
        every = [_named(self._published(one), one, above) for one in mine]
        whose = {self._whose(_manifest(one))[0] for one in mine}
        found = self._attack([*every, *self._beside(roots, mine, whose, above)], None)
        return replace(found, rows=found.rows[found.rows["institution"].isin(whose)])

    def _attack(self, read: Iterable[Read], institution: str | None) -> Audit:
        tables, parts = self.tables, list(read)
        every = leaves(tables.votes, tables.units, tables.people, self.campaign)
        decisions = self.decisions
        if institution is not None:
            decisions = decisions[decisions["institution"].eq(institution)]
        said = [one for _, found in parts for one in found]
        rows = attack(every, decisions, tables.turnout, said, self.campaign)
        return Audit(rows, sum(numbers for numbers, _ in parts), len(said))

    def _whose(self, manifest: Mapping[str, Any]) -> tuple[str, str]:
        """Return the institution of an edition and the unit that it is about."""
        unit = manifest.get("parameters", {}).get("unit")
        known = sorted(self.tables.files["institution"].dropna().unique())
        institution = manifest.get("edition", {}).get("institution") or (known[0] if len(known) == 1 else "")
        if unit is None:
            return institution, WHOLE
        try:
            home, part = resolve(self.tables.units, unit, "zh", known)
        except ValueError:  # a unit that is no more
            return institution, unit
        return home or institution, part or WHOLE

    def _beside(
        self, roots: set[Path], mine: Collection[Path], whose: set[str], above: Path
    ) -> Iterator[Read]:
        """Yield what other editions there say of these institutions: earlier, of units, for others."""
        places = {place for root in roots for place in (root, *_folders(root))}
        others = {one for place in places for one in editions_in(place)}.difference(mine)
        for one in sorted(others):
            if self._whose(_manifest(one))[0] in whose:
                yield _named(self._published(one), one, above)

    def _published(self, folder: Path) -> Read:
        """Return what a published edition says, by the notes in its folder if they are about these pages."""
        if folder in self._read:
            return self._read[folder]
        manifest = _manifest(folder)
        paths = sorted([*folder.glob("*.html"), *folder.glob(annex.FILE)])
        files = {path.name: path.read_bytes() for path in paths}
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        about = json.dumps([self._reading, self._whose(manifest), sums], ensure_ascii=False)
        key = hashlib.sha256(about.encode()).hexdigest()
        found = _noted(folder / jobs.NOTES, key)
        if found is None:
            found = self._pages(manifest, files)
            _note(folder / jobs.NOTES, key, found)
        self._read[folder] = found
        return found

    @cached_property
    def _reading(self) -> str:
        """What decides how a page is read: the words that are known, and this library."""
        import msgspec

        words = msgspec.json.encode(dict(self.words.words), order="deterministic")
        return jobs.sources() + hashlib.sha256(words).hexdigest()

    def _pages(self, manifest: Mapping[str, Any], files: Mapping[str, str | bytes]) -> Read:
        institution, scope = self._whose(manifest)
        texts = [one for name, content in files.items() for one in passages(name, _markup(name, content))]
        said = [(institution, scope, found) for one in texts for found in statements(one, self.words)]
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


def editions_in(folder: Path) -> list[Path]:
    """Return the folders with an edition of pages: `folder` itself and those directly below it."""
    places = (one.resolve() for one in (folder, *_folders(folder)))
    return [one for one in places if _manifest(one).get("pages")]


def _markup(name: str, content: str | bytes) -> str:
    if isinstance(content, str):
        return content
    return filed.markup(content) if name == annex.FILE else content.decode()


def _named(read: Read, folder: Path, above: Path) -> Read:
    """Return what an edition says with its folder, as seen from `above`, before the names of its pages."""
    numbers, said = read
    place = folder.resolve().relative_to(above).as_posix()
    return numbers, [(who, scope, replace(one, page=f"{place}/{one.page}")) for who, scope, one in said]


def _root(folder: Path) -> Path:
    """Return where the editions beside `folder` lie: above it, or above the list that it is in."""
    above = folder.resolve().parent
    # Lists made before branches and years had editions of their own call them institutions.
    return above.parent if {"editions", "institutions"} & _manifest(above).keys() else above


def _noted(path: Path, key: str) -> Read | None:
    import msgspec

    try:
        known, numbers, said = msgspec.json.decode(path.read_bytes(), type=tuple[str, int, list[Said]])
    except (OSError, ValueError):
        return None
    return (numbers, said) if known == key else None


def _note(path: Path, key: str, found: Read) -> None:
    import msgspec

    with contextlib.suppress(OSError):  # a folder that may only be read
        path.write_bytes(msgspec.json.encode((key, *found)))
        path.chmod(0o600)


def _folders(place: Path) -> list[Path]:
    return sorted(one for one in place.iterdir() if one.is_dir()) if place.is_dir() else []


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
