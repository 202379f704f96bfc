"""The truth of a synthetic institution: its units, its members and what its branches held.

Drawn with :class:`random.Random`, whose streams do not change between releases.
"""

import calendar
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from importlib import resources
from random import Random
from typing import Any

Row = dict[str, Any]

YEARS = (2010, 2011, 2012)
SNAPSHOT = date(2012, 6, 30)
PLANNED_FROM = date(2012, 6, 18)  # later rows of the activity log are plans: nobody was counted
GAP = (date(2011, 3, 1), date(2011, 5, 20))  # of the fourth branch
VACATIONS = (
    (date(2010, 7, 11), date(2010, 8, 31)),
    (date(2011, 1, 17), date(2011, 2, 20)),
    (date(2011, 7, 11), date(2011, 8, 31)),
    (date(2012, 1, 9), date(2012, 2, 12)),
)


@cache
def words() -> dict[str, Any]:
    """Return ``words.toml``: what names, topics and answers are drawn from and how they are written."""
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def pool(name: str) -> list[Any]:
    """Return one of the lists to draw from."""
    return list(words()["pools"][name])


def period(day: date) -> Row:
    """Return the year, semester and stage of `day` (July 2010 counts for the second stage).

    Examples
    --------
    >>> period(date(2011, 1, 5))
    {'year': 2011, 'semester': '2010-2011-1', 'stage': 'S2'}
    """
    autumn, first = day.month >= 8 or day.month == 1, day.year - (day.month <= 7)
    stage = "S1" if day < date(2010, 7, 1) else "S2" if day < date(2011, 7, 1) else "S3"
    return {"year": day.year, "semester": f"{first}-{first + 1}-{1 if autumn else 2}", "stage": stage}


def institution_name(number: int) -> str:
    """Return the invented name of institution `number`; no two are alike.

    Examples
    --------
    >>> institution_name(0), institution_name(1)
    ('云溪社区学院', '松岭社区学院')
    """
    first, second = map(str, pool("places"))
    turn, place = divmod(number, len(first) * len(second))
    shift, row = divmod(place, len(first))
    kinds = pool("institutions")
    name = first[row] + second[(row + shift) % len(second)] + str(kinds[turn % len(kinds)])
    return name + (str(turn) if turn >= len(kinds) else "")


def draw_units(rng: Random, number: int) -> list[Row]:
    """Draw twelve departments, each in one of the six branches."""
    *core, last = pool("departments")
    chosen = core[:8] + (core[8:11] if number == 0 else rng.sample(core[8:], 3))
    branches = pool("branches")
    homes = [branches[place % 5] for place in range(len(chosen))] + [branches[5]]
    keys = ("unit", "short", "category", "branch")
    placed = zip([*chosen, last], homes, strict=True)
    return [dict(zip(keys, (*named, home), strict=True)) for named, home in placed]


def _names(rng: Random, count: int) -> list[str]:
    surnames, given = words()["pools"]["surnames"], words()["pools"]["given"]
    found = dict.fromkeys(pool("special"))
    while len(found) < count:
        found[rng.choice(surnames) + "".join(rng.sample(given, rng.choice((1, 2, 2))))] = None
    return list(found)


def draw_people(rng: Random, units: list[Row], members: int) -> list[Row]:
    """Draw `members` members: at least two in service in every department, a few retired or new."""
    retired, fresh = max(2, round(members * 0.08)), max(2, round(members * 0.03))
    homes = [*units, *units]
    homes += rng.choices(units[:-1], k=members - retired - len(homes)) + [units[-1]] * retired
    people = []
    for place, (name, home) in enumerate(zip(_names(rng, members), homes, strict=True)):
        serving = place < members - retired
        new = serving and place >= members - retired - fresh
        year = rng.randint(1985, 2009) if serving else rng.randint(1955, 1975)
        joined = date(year, rng.randint(1, 12), rng.choice((1, 1, rng.randint(2, 28))))
        if new:
            joined = date(2011, 7, 1) + timedelta(days=rng.randrange(300))
        cadre = serving and not new and rng.random() < 0.2
        person = {"name": name, "unit": home["unit"], "branch": home["branch"], "snapshot_on": SNAPSHOT}
        person |= {"note": "预备" if new else None if serving else "退休", "joined_on": joined}
        person |= {"is_member": True, "is_probationary": new, "in_service": serving, "is_cadre": cadre}
        person["is_leading_cadre"] = cadre and place < 12
        person["is_teacher"] = serving and home["category"] == "教学" and rng.random() < 0.8
        person["is_backbone"] = serving and rng.random() < 0.3
        people.append(person)
    return people


def roster(people: Iterable[Row], day: date) -> list[Row]:
    """Return those who were members on `day`."""
    return [person for person in people if person["joined_on"] <= day]


def draw_log(rng: Random, branch: str, people: list[Row]) -> list[Row]:
    """Draw what `branch` held, about once a fortnight outside the vacations; the third branch is weak."""
    number, members = pool("branches").index(branch), [p for p in people if p["branch"] == branch]
    missed, shown = (0.28, 0.7) if number == 2 else (0.1, 0.92)
    rows: list[Row] = []
    for turn in range(57):
        day = date(2010, 5, 5) + timedelta(14 * turn + number % 3)
        day += timedelta(rng.choice((0, 0, 0, 1, 5, 6, 7)) if turn else 0)
        day -= timedelta(max(0, day.weekday() - 4))  # never at a weekend
        lost = rng.random() < missed or (number == 3 and GAP[0] <= day <= GAP[1])
        off = day >= SNAPSHOT or any(start <= day <= end for start, end in VACATIONS)
        if not off and not (turn and lost):
            rows.append(_activity(rng, branch, day, members, shown, first=not turn))
    return rows


def _activity(rng: Random, branch: str, day: date, members: list[Row], shown: float, first: bool) -> Row:
    *usual, opening = words()["words"]["kind"]
    kinds = [opening] if first else rng.choices(usual, (12, 4, 3, 3, 2, 2, 2, 1, 1))
    if not first and rng.random() < 0.06:
        kinds = ["party_lecture", "discussion"]
    loose = "branch_meeting" not in kinds and day.month in (3, 4, 6, 9, 10, 11) and rng.random() < 0.05
    present = roster(members, day)[: 5 if "committee_meeting" in kinds else None]
    roll = {} if day >= PLANNED_FROM else _roll(rng, present, shown)
    marks = Counter(roll.values())
    row: Row = {"unit": branch, "kinds": kinds, "held_on": day.replace(day=1) if loose else day}
    row |= {"precision": "month" if loose else "day", "topic": rng.choice(pool("topics"))}
    row |= {"form": rng.choice([*pool("forms"), None]), "channel": rng.choice([*pool("channels")[:2], None])}
    row |= {"venue": rng.choice(pool("venues")), "equipment": rng.random() < 0.4, "expected": len(present)}
    last = calendar.monthrange(day.year, day.month)[1]
    row["ended_on"] = day.replace(day=last) if loose else day
    row["roll"] = roll if "branch_meeting" in kinds else {}
    if roll:
        excused = sum(marks[status] for status in ("leave_personal", "leave_sick", "official"))
        row |= {"present": marks["present"], "excused": excused, "absent": marks["absent"]}
        row["expected"] -= marks["unknown"]  # nobody marked them: they are not counted at all
    return row


def _roll(rng: Random, members: list[Row], shown: float) -> dict[str, str]:
    away = ("leave_personal", "leave_sick", "official", "absent", "unknown")
    weights = (4, 3, 2, 2, 0.5) if shown > 0.8 else (3, 2, 1, 5, 0.5)
    roll = {}
    for person in members:
        here = rng.random() < shown - (0 if person["in_service"] else 0.1)
        roll[person["name"]] = "present" if here else rng.choices(away, weights)[0]
    return roll
