"""The names an institution uses, learned from its own registers: units, branches and members."""

import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.values import BadValue, header_keys, key_of, person_name
from cxzy_lib.intake.vocabulary import nearest

KEY_BYTES = 32


def pseudonym_key(processed: Path) -> bytes:
    """Return the secret that turns names into pseudonyms; made once and kept with the processed tables."""
    path = processed / ".pseudonym-key"
    processed.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        fresh = processed / f".pseudonym-key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(fresh, path)  # whole or not at all, and never over a key that is there
        finally:
            fresh.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(
            f"{path}: {len(key)} B, 应为 / must be {KEY_BYTES} B. 请删除后重试 / Delete it and try again."
        )
    return key


def pseudonym(key: bytes, *parts: str) -> str:
    """Return a name's pseudonym: the same for the same key, and not to be turned back without it.

    Examples
    --------
    >>> pseudonym(b"secret", "学院", "张三") == pseudonym(b"secret", "学院", "张三")
    True
    """
    return "p" + hmac.new(key, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()[:12]


@dataclass(frozen=True)
class Person:
    """Somebody in the member register: the name there, every branch it gives, the pseudonym."""

    name: str
    branches: frozenset[str]
    code: str


@dataclass(frozen=True)
class Directory:
    """Known names of one institution, in the form in which they are compared.

    ``units`` maps every name of a unit to its name in the register; ``people`` a name without marks to
    everybody who bears it.
    """

    units: dict[str, str] = field(default_factory=dict)
    branches: frozenset[str] = frozenset()
    people: dict[str, list[Person]] = field(default_factory=dict)
    homes: dict[str, frozenset[str]] = field(default_factory=dict)  # a pseudonym's branches
    # What is appraised and is no person -> its first name.
    bodies: dict[str, str] = field(default_factory=dict)
    key: bytes = b""  # for the pseudonyms of people in no register
    institution: str = ""

    def unit(self, value: object) -> str:
        """Return the registered name of a unit, or raise with the nearest known name."""
        for key in header_keys(value):
            if key in self.units:
                return self.units[key]
        if not self.units:
            raise BadValue("no_register")
        raise BadValue("unknown_unit", nearest(key_of(value), self.units))

    def branch(self, value: object) -> str:
        """Return the registered name of a branch, or raise."""
        name = self.unit(value)
        if name not in self.branches:
            raise BadValue("not_a_branch", nearest(key_of(value), sorted(self.branches)))
        return name

    def branch_in(self, text: str) -> str:
        """Return the branch whose name stands in `text` (a title), the longest name first; ``""`` if none.

        第11支部 does not hold the name 1支部.
        """
        key = key_of(text)
        names = sorted((n for n, unit in self.units.items() if unit in self.branches), key=len, reverse=True)
        found = (name for name in names if re.search(rf"(?<![\d一二三四五六七八九十]){re.escape(name)}", key))
        return next((self.units[name] for name in found), "")

    def person(self, value: object, branch: str = "", anyone: bool = False) -> str:
        """Return a person's pseudonym; namesakes are told apart by their mark or by their branch.

        With `anyone`, somebody in no register has a pseudonym, too.

        Raises
        ------
        BadValue
            ``no_people_register``, ``unknown_person`` with the nearest known name, or ``namesakes``.
        """
        name, mark = person_name(value)
        known = self.people.get(name, [])
        if not known and anyone and name:
            return pseudonym(self.key, self.institution, name, "")
        if not self.people:
            raise BadValue("no_people_register")
        if not known:
            raise BadValue("unknown_person", nearest(name, self.people))
        if len(known) > 1:
            known = [p for p in known if mark and person_name(p.name)[1] == mark] or known
        if len(known) > 1:
            known = [p for p in known if branch in p.branches]
        if len(known) != 1:
            raise BadValue("namesakes")
        return known[0].code

    def party(self, value: object, branch: str = "", anyone: bool = False) -> str:
        """Return the registered name of a unit, or else a person's pseudonym."""
        for key in header_keys(value):
            for known in (self.units, self.bodies):
                if key in known:
                    return known[key]
        return self.person(value, branch, anyone)

    def is_in(self, code: str, branch: str) -> bool:
        """Whether the register has a person in `branch`, in any of its snapshots; without a branch, yes."""
        return not branch or branch in self.homes.get(code, frozenset([branch]))


def learn_units(units: pd.DataFrame, campaign: Campaign) -> Directory:
    """Return the directory of the units in a register: names, short names and the configured aliases.

    A name without its brackets is known too, if only one unit can be meant.
    """
    names: dict[str, str] = {}
    branches = sorted(set(units["branch"].dropna()))
    for unit, short in zip(units["unit"], units["short"], strict=True):
        names.update({key_of(word): str(unit) for word in (unit, short) if pd.notna(word)})
    names.update({key_of(branch): branch for branch in branches})
    for unit, aliases in campaign.unit_aliases.items():
        if key_of(unit) in names:
            names = {key_of(alias): names[key_of(unit)] for alias in aliases} | names
    bare: dict[str, set[str]] = {}
    for unit in {*units["unit"], *branches}:
        bare.setdefault(header_keys(unit)[-1], set()).add(str(unit))
    names = {key: min(meant) for key, meant in bare.items() if len(meant) == 1} | names
    bodies = {key_of(word): said[0] for said in campaign.appraisees.values() for word in said}
    return Directory(names, frozenset(branches), bodies=bodies)


def learn_people(directory: Directory, people: pd.DataFrame) -> Directory:
    """Return `directory` with the people of a member register; several snapshots of one person are one."""
    known: dict[str, dict[str, Person]] = {}
    for name, branch, code in zip(people["name"], people["branch"], people["person"], strict=True):
        same = known.setdefault(person_name(name)[0], {})
        before = same[code].branches if code in same else frozenset[str]()
        now = before | {str(branch)} if pd.notna(branch) else before
        same[code] = Person(str(name), now, str(code))
    found = {name: list(same.values()) for name, same in known.items()}
    homes = {p.code: p.branches for same in known.values() for p in same.values() if p.branches}
    return replace(directory, people=found, homes=homes)
