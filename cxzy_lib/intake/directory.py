"""The names an institution uses, learned from its own registers: units, branches and members."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.layout import nearest
from cxzy_lib.intake.values import BadValue, header_keys, key_of, person_name


def pseudonym_key(processed: Path) -> bytes:
    """Return the secret that turns names into pseudonyms; made once and kept with the processed tables."""
    path = processed / ".pseudonym-key"
    if not path.is_file():
        processed.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(secrets.token_bytes(32))
        path.chmod(0o600)
    return path.read_bytes()


def pseudonym(key: bytes, *parts: str) -> str:
    """Return a name's pseudonym: the same for the same key, and not to be turned back without it.

    Examples
    --------
    >>> pseudonym(b"secret", "学院", "张三") == pseudonym(b"secret", "学院", "张三")
    True
    """
    return "p" + hmac.new(key, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()[:12]


@dataclass(frozen=True)
class Directory:
    """Known names of one institution, in the form in which they are compared.

    ``units`` maps every name of a unit to its name in the register; ``people`` a name without marks to the
    (registered name, branch, pseudonym) of everybody who bears it.
    """

    units: dict[str, str] = field(default_factory=dict)
    branches: frozenset[str] = frozenset()
    people: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

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

    def unit_in(self, text: str) -> str:
        """Return the branch whose name stands in `text` (a title), the longest name first; ``""`` if none."""
        key = key_of(text)
        names = sorted((n for n, unit in self.units.items() if unit in self.branches), key=len, reverse=True)
        return next((self.units[name] for name in names if name in key), "")

    def person(self, value: object, branch: str = "") -> str:
        """Return a person's pseudonym; namesakes are told apart by their mark or by their branch.

        Raises
        ------
        BadValue
            ``unknown_person`` with the nearest known name, or ``namesakes``.
        """
        name, mark = person_name(value)
        known = self.people.get(name, [])
        if not known:
            raise BadValue("unknown_person", nearest(name, self.people))
        if len(known) > 1:
            known = [p for p in known if person_name(p[0])[1] == mark and mark] or known
        if len(known) > 1:
            known = [p for p in known if p[1] == branch]
        if len(known) != 1:
            raise BadValue("namesakes")
        return known[0][2]


def learn_units(units: pd.DataFrame, campaign: Campaign) -> Directory:
    """Return the directory of the units in a register: names, short names and the configured aliases."""
    names: dict[str, str] = {}
    branches = sorted(set(units["branch"].dropna()))
    for unit, short in zip(units["unit"], units["short"], strict=True):
        names.update(
            {key: str(unit) for word in (unit, short) if pd.notna(word) for key in header_keys(word)}
        )
    names.update({key: branch for branch in branches for key in header_keys(branch)})
    for unit, aliases in campaign.unit_aliases.items():
        if key_of(unit) in names:
            names.update(
                {key_of(alias): names[key_of(unit)] for alias in aliases if key_of(alias) not in names}
            )
    return Directory(names, frozenset(branches))


def learn_people(directory: Directory, people: pd.DataFrame) -> Directory:
    """Return `directory` with the people of a member register."""
    known: dict[str, list[tuple[str, str, str]]] = {}
    for name, branch, person in zip(people["name"], people["branch"], people["person"], strict=True):
        known.setdefault(person_name(name)[0], []).append((str(name), str(branch), str(person)))
    return Directory(directory.units, directory.branches, known)
