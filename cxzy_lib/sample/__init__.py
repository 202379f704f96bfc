"""Synthetic campaigns of any size with their known truth: everything in them is invented."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd

from cxzy_lib.sample import bureau as roll_up
from cxzy_lib.sample import evidence
from cxzy_lib.sample.books import Book, books, registers, write_book
from cxzy_lib.sample.entries import Meant
from cxzy_lib.sample.mess import Mess
from cxzy_lib.sample.rounds import World, draw_world
from cxzy_lib.sample.world import Row, period, pool, words
from cxzy_lib.tables import SCHEMAS, conform

Truth = dict[str, dict[str, pd.DataFrame]]
__all__ = ["make_sample", "write_truth"]


def make_sample(
    folder: str | os.PathLike[str], *, seed: int = 2010, members: int = 110, institutions: int = 1,
    mess: float = 0.5, bureau: bool = False,
) -> Truth:  # fmt: skip
    """Write the raw files of synthetic institutions and return what is true of them.

    Parameters
    ----------
    folder : path
        Receives one folder per institution.
    seed : int
        The same arguments give the same files; institution k is the same however many there are.
    members : int
        Party members of each institution, at least 30; the staff is 14/11 of them.
    institutions : int
        How many.
    mess : float
        0 (plain tables) to 1 (every kind of mess everywhere). The truth does not depend on it.
    bureau : bool
        Also the folder of a bureau with what the institutions sent it each year.

    Returns
    -------
    dict
        Institution -> table -> frame with the columns of the processed table, but ``name`` (as
        registered) for ``person``, and without the columns that tell where a row came from.

    Raises
    ------
    ValueError
        If `members`, `institutions` or `mess` is out of range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = make_sample(folder, members=30, mess=0)
    >>> [len(truth["云溪社区学院"][table]) for table in ("units", "hours")]
    [18, 92]
    """
    if members < 30 or institutions < 1 or not 0 <= mess <= 1:
        raise ValueError(
            f"members={members}, institutions={institutions}, mess={mess}: "
            "须 members ≥ 30、institutions ≥ 1、0 ≤ mess ≤ 1"
            " / members must be ≥ 30, institutions ≥ 1, mess from 0 to 1"
        )
    truth = {}
    for number in range(institutions):
        world = draw_world(number, seed, members)
        more = f"{seed}-{number}-evidence"
        further = evidence.evidence(world, more)
        target = Path(folder) / world.name
        _write(target, books(world, Mess(Random(f"{seed}-{number}-mess"), mess)))
        _write(target, evidence.books(world.name, further, Mess(Random(more), mess)))
        truth[world.name] = _truth(world, evidence.truth(further))
    if bureau:
        truth |= _bureau(Path(folder), truth, seed, mess)
    return truth


def _write(folder: Path, files: Iterable[Book]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheets in files:
        write_book(folder / name, sheets)


def _bureau(folder: Path, truth: Truth, seed: int, mess: float) -> Truth:
    """Write the bureau's roll-ups and return what is true of them."""
    name = str(words()["bureau"]["name"])
    schools = [(school, int(of["people"]["is_member"].sum())) for school, of in truth.items()]
    returns = roll_up.returns(schools, seed)
    _write(folder / name, roll_up.books(returns, Mess(Random(f"{seed}-bureau-mess"), mess)))
    nothing: dict[str, list[Row]] = {table: [] for table in SCHEMAS}
    return {name: _frames(nothing | {"figures": list(roll_up.truth(returns))})}


def write_truth(truth: Truth, folder: str | os.PathLike[str]) -> None:
    """Write `truth` as UTF-8 csv, one file for each table: ``folder/INSTITUTION/TABLE.csv``."""
    for institution, tables in truth.items():
        target = Path(folder) / institution
        target.mkdir(parents=True, exist_ok=True)
        for name, frame in tables.items():
            frame.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _truth(world: World, further: Iterable[Meant]) -> dict[str, pd.DataFrame]:
    answers = list(_answers(world))
    rows: dict[str, list[Row]] = {
        "units": [*({**unit, "kind": "department"} for unit in world.units), *_branches(world.units)],
        "people": world.people,
        "votes": [*_votes(world), *_counted(answers)],
        "turnout": list(_turnout(world)),
        "answers": answers,
        "events": [{**log, "kind": kind} for log in world.logs for kind in log["kinds"]],
        "attendance": list(_attendance(world)),
        "tasks": [*world.pledges, *world.problems],
        "hours": world.hours,
        "figures": [],
    }
    for table, row in further:
        rows[table] = [*rows[table], row]
    return _frames(rows)


def _frames(rows: dict[str, list[Row]]) -> dict[str, pd.DataFrame]:
    frames = {}
    for table, listed in rows.items():
        frame = conform(table, [{"person": row.get("name"), **row} for row in listed])
        frame = frame.drop(columns=["institution", "source_file", "source_sheet", "source_row"])
        frames[table] = frame.drop(columns="name", errors="ignore").rename(columns={"person": "name"})
    return frames


def _branches(units: list[Row]) -> Iterator[Row]:
    for branch in pool("branches"):
        own = [unit for unit in units if unit["branch"] == branch]
        sums = {key: sum(unit[key] for unit in own) for key in ("staff_count", "member_count")}
        yield {"unit": branch, "kind": "branch", "branch": branch, **sums}


def _occasion(kind: str, day: date, **more: object) -> Row:
    return {"occasion": kind, "occasion_id": f"{kind}-{day}", "held_on": day, **period(day), **more}


def _survey(day: date) -> Row:
    """The export names no day on which the survey was held, so the semester names it."""
    head = _occasion("survey", day)
    return {**head, "occasion_id": f"survey-{head['semester']}", "held_on": None}


def _spread(head: Row, counts: Row) -> Iterator[Row]:
    yield from ({**head, "level": level, "count": count} for level, count in counts.items())


def _votes(world: World) -> Iterator[Row]:
    for tally in world.tallies:
        head = _occasion("satisfaction", tally["held_on"], scale=tally["scale"])
        for group in tally["groups"]:
            for item, counts in group["counts"].items():
                asked = {"item": item, "criterion": words()["words"]["item"][item][1], **_about(item)}
                yield from _spread({**head, **asked, "rater_group": group["rater_group"]}, counts)
    for report in world.reports:
        head = _occasion("secretary", report["held_on"], appraisee_type="secretary", scale="team4")
        yield from _spread({**head, "item": "secretary_report", "rater_group": "all"}, report["counts"])
    for held in world.appraisals:
        head = _occasion("member", held["held_on"], appraisee_type="member", scale=held["scale"])
        for row in held["rows"]:
            own = {"unit": row["unit"], "appraisee": row["name"]}
            own["occasion_id"] = f"{head['occasion_id']}-{row['unit']}"
            for who in ("member", "nonmember", "self", "organisation"):
                yield from _spread({**head, **own, "rater_group": who}, row[who])


def _about(item: str) -> Row:
    """The object of an item on satisfaction: the team, or else the organisation."""
    return {"appraisee_type": "party_admin_team" if item == "leadership" else "general_branch"}


def _answers(world: World) -> Iterator[Row]:
    held, coded = world.ballots, words()["words"]
    for paper in held["papers"]:
        head = _occasion("satisfaction", held["held_on"], scale=held["scale"])
        head |= {key: paper[key] for key in ("respondent", "rater_group")}
        for item, (_, criterion) in coded["item"].items():
            if paper[item] != "two ticks":  # they void the item
                yield {**head, "item": item, "criterion": criterion, "level": paper[item]}
    for reply in world.replies:
        at = reply["answered_at"]
        head = _survey(at.date()) | {"mode": "web", "answered_on": at.date()}
        head |= {"minute": 60 * at.hour + at.minute}
        head |= {key: reply[key] for key in ("respondent", "rater_group", "seconds")}
        for item, (_, criterion) in coded["question"].items():
            if reply[item] != "skipped":  # they were not asked
                yield {**head, "scale": "sat5", "item": item, "criterion": criterion, "level": reply[item]}
        yield from ({**head, "item": "channels", "level": channel} for channel in reply["channels"])


def _counted(answers: list[Row]) -> Iterator[Row]:
    graded = (row for row in answers if "scale" in row)
    apart = ("respondent", "answered_on", "seconds", "minute")
    alike = ({k: v for k, v in row.items() if k not in apart} for row in graded)
    for keys, count in Counter(tuple(row.items()) for row in alike).items():
        asked = _about(dict(keys)["item"]) if dict(keys)["occasion"] == "satisfaction" else {}
        yield {**dict(keys), **asked, "count": count}


def _turnout(world: World) -> Iterator[Row]:
    for held in (*world.tallies, world.ballots):
        yield from ({**_occasion("satisfaction", held["held_on"]), **group} for group in held["groups"])
    for report in world.reports:
        present = report["present"] + report["masses"]
        yield {**report, **_occasion("secretary", report["held_on"], rater_group="all", present=present)}
    for held in world.appraisals:
        head = _occasion("member", held["held_on"])
        yield {**head, "rater_group": "member", "eligible": held["eligible"], "present": held["present"]}
        yield {**head, "rater_group": "nonmember", "present": held["masses"]}
    head = _survey(world.replies[0]["answered_at"].date())
    for group, count in Counter(reply["rater_group"] for reply in world.replies).items():
        yield {**head, "rater_group": group, "returned": count, "valid": count}


def _attendance(world: World) -> Iterator[Row]:
    for _, branch, logs, names in registers(world):
        for log in logs:
            head = {"unit": branch, "precision": "day", "held_on": log["held_on"]}
            yield from ({**head, "name": name, "status": log["roll"].get(name, "unknown")} for name in names)
