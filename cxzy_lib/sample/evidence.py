"""The other spreadsheets of a world: what was asked, written, decided, published and awarded.

Each source row comes with the processed rows that it means, so that the truth is known. The defects are
deliberate: members without a study plan, papers after their day, a department without a contact point,
matters decided before the Party meeting, a semester without a report, steps that were not taken.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random

from cxzy_lib.sample import papers
from cxzy_lib.sample.entries import EVE, START, Entry, Meant, data, draw, event, figure, says, yes
from cxzy_lib.sample.mess import Cell, Mess, Sheet
from cxzy_lib.sample.rounds import World
from cxzy_lib.sample.world import pool, roster


def evidence(world: World, seed: str) -> dict[str, list[Entry]]:
    """Return the rows of every further book with what they mean: a layout's code (and year) -> entries."""
    makers = {
        "T11": _opinions, "T13": _study_plans, "T14": papers.outputs, "T16": _contact_points,
        "T17": papers.news,
        "T18": _matters, "T19": _posts, "T20": _documents, "T21": _incidents, "T22": papers.points,
        "T24": papers.work, "T25": _mass, "T26": papers.staff, "T27": _thinking, "T28": _steps, "T29": _talks,
        "T06b": papers.leads, "T08a": papers.leaders,
    }  # fmt: skip
    found = {code: list(make(world, Random(f"{seed}-{code}"))) for code, make in makers.items()}
    for year in EVE:
        found[f"T15 {year}"] = list(papers.nominations(world, Random(f"{seed}-T15-{year}"), year))
    return found


def books(name: str, found: Mapping[str, list[Entry]], mess: Mess) -> Iterator[tuple[str, list[Sheet]]]:
    """Yield the further files of an institution: their names and sheets, days as people write them."""
    for code, entries in found.items():
        layout, _, year = code.partition(" ")
        book = data()["books"][layout]
        mess.year, mess.cells = 0, not book["file"].endswith("csv")
        header: list[Cell] = [*book["columns"].split("|")]
        body = [[mess.day(c) if isinstance(c, date) else c for c in cells] for cells, _ in entries]
        numbered = [[n, *row] for n, row in enumerate(body, 1)] if header[0] == "序号" else body
        title = book["title"].format(name=name, year=year)
        yield book["file"].format(year=year), [mess.sheet("Sheet1", [title], [header], numbered)]


def truth(found: Mapping[str, list[Entry]]) -> Iterator[Meant]:
    """Yield what the further files mean: table and row."""
    yield from (meant for entries in found.values() for _, rows in entries for meant in rows)


def _opinions(world: World, rng: Random) -> Iterator[Entry]:
    for n in range(12):
        channel = ("talk", "peer_appraisal", "appraisal_form")[n % 3]
        about = ("organisation", "member")[n // 3 % 2]
        day = date(2010, 9, 14) + timedelta(24 * n)
        raw = rng.randrange(8, 60)
        merged = raw - rng.randrange(1, raw // 2)
        asked = "党员和群众"
        words: list[Cell] = [says(channel), says(about), asked, "内容不进入统计", "工作作风"]
        about_it = {"subject": about, "group": asked, "year": day.year}
        rows = [event("opinion_collection", day, channel=channel, topic="工作作风")]
        rows += [figure("opinions_raw", raw, "opinions", **about_it)]
        rows += [figure("opinions_merged", merged, "opinions", **about_it)]
        yield [day, *words, raw, merged, "已梳理", day + timedelta(20)], rows


def _study_plans(world: World, rng: Random) -> Iterator[Entry]:
    for person in roster(world.people, START):
        if rng.random() < 0.08:
            continue
        day, subject = date(2010, 6, 7) + timedelta(rng.randrange(40)), "2010-2012年个人学习计划"
        status = rng.choice(("done", "partial", "open"))
        said = {"done": "已完成", "partial": "基本完成", "open": "进行中"}[status]
        row = {"kind": "study_plan", "name": person["name"], "unit": person["branch"], "subject": subject}
        cells: list[Cell] = [person["name"], person["branch"], subject, day, None, said, None]
        yield cells, [("tasks", {**row, "opened_on": day, "status": status})]


def _contact_points(world: World, rng: Random) -> Iterator[Entry]:
    leaders = [person["name"] for person in world.people if person["is_cadre"]] or [world.people[0]["name"]]
    for n, unit in enumerate(world.units[:-1]):  # the last department has none
        name, visits = leaders[n % len(leaders)], rng.randrange(1, 7)
        row = {"kind": "contact_point", "name": name, "unit": unit["unit"]}
        row |= {"opened_on": date(2010, 9, 1), "done_on": date(2012, 6, 30)}
        figures = figure("contact_visits", visits, "visits", unit=unit["unit"], subject=name)
        cells: list[Cell] = [name, None, unit["unit"], "2010年9月-2012年6月", visits, None, None, None]
        yield cells, [("tasks", row), figures]


def _matters(world: World, rng: Random) -> Iterator[Entry]:
    for topic, kind, party, members, decided, executed, *firsts in draw("matters"):
        head = {"subject": topic, "category": kind, "due_on": decided}
        rows = [event("decision", decided, topic=topic, form=kind)]
        rows += [("tasks", {**head, "kind": "prior_discussion", "done_on": party})]
        for name, good in zip(("know_first", "discuss_first", "act_first"), firsts, strict=True):
            rows.append(("tasks", {**head, "kind": name, "status": "done" if good else "open"}))
        told = [yes(good) for good in firsts]
        yield [topic, says(kind), party, members, decided, executed, *told, None, None], rows


def _posts(world: World, rng: Random) -> Iterator[Entry]:
    for topic, recommended, day, start, end, reserve in draw("posts"):
        rows = [event("appointment", day, topic=topic, form=recommended or None)]
        if reserve:
            rows.append(event("reserve_cadre", day, topic=topic))
        notice = {"kind": "public_notice", "subject": topic, "opened_on": start, "done_on": end}
        span = f"{start.isoformat()}至{end.isoformat()}"
        told: list[Cell] = [topic, recommended, "已考察", day, span, None, yes(reserve)]
        yield [None, *told, None], [*rows, ("tasks", notice)]


def _documents(world: World, rng: Random) -> Iterator[Entry]:
    for topic, kind, day, *items in draw("documents"):
        rows = [event(kind, day, topic=topic)]
        for name, count in zip(("document_items", "document_items_done"), items, strict=False):
            rows.append(figure(name, count, "items", year=day.year))
        yield [topic, says(kind), day, f"{day.year}年", *(items or [None, None]), None], rows


def _incidents(world: World, rng: Random) -> Iterator[Entry]:
    for day, *told in draw("incidents"):
        if not told:
            yield [day, "本学期无", None, None, None], [event("zero_report", day, topic="none")]
            continue
        who, what, sure = told
        row = event(what, day, topic=who, form="confirmed" if sure else "unconfirmed")
        yield [day, says(who), says(what), yes(sure), None], [row]


def _mass(world: World, rng: Random) -> Iterator[Entry]:
    for kind, day, topic, rank, present in draw("mass"):
        row = event(kind, day, topic=topic, form=rank, present=present)
        yield [says(kind), day, topic, rank, present, None], [row]


def _thinking(world: World, rng: Random) -> Iterator[Entry]:
    for n, branch in enumerate(pool("branches")):
        for day in (date(2010, 11, 10), date(2011, 5, 11), date(2011, 11, 9), date(2012, 5, 9)):
            if (n, day.year) == (3, 2011):
                continue  # one branch left a year out
            held = day + timedelta(n)
            covered = sum(person["branch"] == branch for person in roster(world.people, held))
            row = event("ideology_analysis", held, unit=branch)
            told = figure("members_covered", covered, "people", unit=branch, year=held.year)
            yield [held, branch, covered, "学习", "谈心", f"{n}-{held.year}"], [row, told]


def _steps(world: World, rng: Random) -> Iterator[Entry]:
    for year, step, start, end, proof in draw("steps"):
        row = {"kind": "step", "subject": step, "opened_on": start, "done_on": end, "measures": proof}
        people = len(roster(world.people, start))
        told = figure("step_participants", people, "people", subject=step, year=year)
        yield [f"{year}年", says(step), start, end, None, proof, people], [("tasks", row), told]


def _talks(world: World, rng: Random) -> Iterator[Entry]:
    for n in range(10):
        day, count = date(2010, 9, 20) + timedelta(27 * n), rng.randrange(1, 6)
        told = figure("talk_opinions", count, "opinions", group="教师", year=day.year)
        yield [day, "党总支委员", "教师", count], [event("talk", day), told]
