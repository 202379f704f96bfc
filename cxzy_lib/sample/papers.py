"""Further books that are about people: papers, awards, work, the staff register, scores."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from cxzy_lib.sample.entries import EVE, START, Entry, Meant, draw, event, figure, says, yes
from cxzy_lib.sample.mess import Cell
from cxzy_lib.sample.rounds import World
from cxzy_lib.sample.world import YEARS, Row, period, pool, roster, words

AUTHORS = {"cadre_member": "innovation_topic", "teacher_member": "professional_topic"}
DRAFT, FINAL = date(2011, 2, 28), date(2011, 7, 31)
NEWS = (
    "model_deeds", "member_style", "party_education", "party_affairs_disclosure", "school_affairs_disclosure",
)  # fmt: skip
Head = tuple[str, str, int, int, int]  # nominee, branch, entitled, cast, votes


def outputs(world: World, rng: Random) -> Iterator[Entry]:
    """Yield drafts and finals: of seven in ten cadres and six in ten teachers, some after their day."""
    for person in roster(world.people, START):
        roles = [role for role, flag in zip(AUTHORS, ("is_cadre", "is_teacher"), strict=True) if person[flag]]
        if not roles or rng.random() > (0.75 if person["is_cadre"] else 0.65):
            continue
        role = "cadre_and_teacher" if len(roles) == 2 else roles[0]
        kind, title = AUTHORS[roles[0]], rng.choice(draw("titles"))
        drafted = DRAFT - timedelta(rng.randrange(-12, 70))
        done = FINAL - timedelta(rng.randrange(-40, 60)) if rng.random() < 0.85 else None
        yield _output(person["name"], role, title, kind, drafted, done)
    for title, day, journal in draw("articles"):
        name = world.people[0]["name"]
        cells: list[Cell] = [name, says("cadre_member"), title, says("party_article"), says("done")]
        about = {"topic": title, "form": "cadre_member", "channel": "done", "venue": journal, "name": name}
        rows = [event("party_article", day, **about)]
        task: Row = {"kind": "final", "due_on": FINAL, "status": "done", "name": name, "subject": title}
        rows.append(("tasks", {**task, "category": "cadre_member", "done_on": day}))
        yield [*cells, None, day, journal, None, None, None, None], rows


def _output(name: str, role: str, title: str, kind: str, drafted: date, done: date | None) -> Entry:
    stage = "done" if done else "draft"
    cells: list[Cell] = [name, says(role), title, says(kind), says(stage), drafted, done]
    head: Row = {"status": "done", "name": name, "subject": title, "category": role}
    rows = [event(kind, done, topic=title, form=role, channel=stage, name=name, precision="day")]
    rows.append(("tasks", {**head, "kind": "draft", "due_on": DRAFT, "done_on": drafted}))
    if done:
        rows.append(("tasks", {**head, "kind": "final", "due_on": FINAL, "done_on": done}))
    return [*cells, None, None, None, None, None], rows


def nominations(world: World, rng: Random, year: int) -> Iterator[Entry]:
    """Yield the nominations of a year: a member or two of each branch, some of them taken further."""
    start = date(year, *EVE[year])
    end, day = start + timedelta(8 if year != 2011 else 5), date(year, 6, 28)
    members = roster(world.people, start)
    for n, branch in enumerate(pool("branches")):
        own = [person["name"] for person in members if person["branch"] == branch]
        cast = len(own) - rng.randrange(max(1, len(own) // 6))
        for name in rng.sample(own, min(2, len(own))):
            got = rng.randrange(max(1, cast // 2), cast + 1)
            objections = 1 if (n, year) == (1, 2011) else 0
            taken = got > 0.7 * cast
            head: Head = (name, branch, len(own), cast, got)
            yield _nomination(head, "branch", (start, end), objections, None, year)
            if taken:
                total = len(members)
                yield _nomination((name, branch, total, total - 4, total - 9), "general_branch",
                                  (start, end), 0, day, year)  # fmt: skip


def _nomination(
    head: Head, level: str, notice: tuple[date, date], objections: int,
    awarded: date | None, year: int,
) -> Entry:  # fmt: skip
    name, branch, expected, cast, got = head
    start, end = notice
    cells: list[Cell] = [name, says("excellent_member"), branch, says(level), expected, cast, got]
    cells += [yes(awarded is not None), start, end, objections, None, awarded, f"{year}年", None]
    kind = {"topic": "excellent_member", "unit": branch, "form": level}
    rows = [event("nomination", start, **kind, expected=expected, present=cast, name=name)]
    if awarded:
        rows.append(event("award", awarded, **kind, name=name))
    vote: Row = {"occasion": "nomination", "appraisee_type": "nominee", "rater_group": "member"}
    vote |= {"scale": "vote", "level": "for", "item": level, "appraisee": name, "count": got}
    vote |= {"held_on": start, "unit": branch}
    rows.append(("votes", {**vote, "occasion_id": f"nomination-{start}-{branch}", **period(start)}))
    task = {"kind": "public_notice", "name": name, "subject": "excellent_member", "unit": branch}
    rows.append(("tasks", {**task, "opened_on": start, "done_on": end}))
    rows.append(figure("objections", objections, "objections", subject=name, unit=branch, year=year))
    return cells, rows


def news(world: World, rng: Random) -> Iterator[Entry]:
    """Yield what was published: pledges in June 2010, award notices each June, deeds all along."""
    fixed = [(date(2010, 6, 21), "website", "pledge_announcement"), (date(2010, 6, 22), "showcase",
             "pledge_announcement")]  # fmt: skip
    fixed += [(date(year, *eve), "notice_board", "award_notice") for year, eve in EVE.items()]
    for n in range(40):
        channel = ("website", "showcase", "website", "other_media", "notice_board")[n % 5]
        fixed.append((date(2010, 6, 1) + timedelta(18 * n + rng.randrange(9)), channel, NEWS[(n // 2) % 5]))
    for day, channel, kind in sorted(fixed):
        title = rng.choice(draw("news"))
        yield (
            [day, says(channel), says(kind), title, None, None, None, None],
            [event(kind, day, channel=channel, topic=title)],
        )


def points(world: World, rng: Random) -> Iterator[Entry]:
    """Yield the points of the five goods; the own score is rarely lower than the assessed one."""
    for block, count, *possible in draw("blocks"):
        for n, most in zip(range(1, count + 1), possible, strict=True):
            own = most - rng.choice((0, 0, 0, 0.5))
            assessed = max(0.0, own - rng.choice((0, 0, 0.5, 0.5, 1, 1.5)))
            head = {"subject": f"第{n}项", "group": block}
            named = (("points_possible", most), ("points_self", own), ("points_assessed", assessed))
            rows = [figure(name, value, "points", **head) for name, value in named]
            yield [block, f"第{n}项", most, own, assessed, None, None], rows


def others(world: World) -> list[Row]:
    """Return the staff who are not members: invented names, by department."""
    rng = Random(f"{world.name}-staff")
    known = {person["name"] for person in world.people}
    surnames, given = words()["pools"]["surnames"], words()["pools"]["given"]
    found: list[Row] = []
    for unit in world.units:
        for _ in range(unit["staff_count"] - unit["member_count"]):
            name = next(iter(known))
            while name in known:
                name = rng.choice(surnames) + "".join(rng.sample(given, 2))
            known.add(name)
            teacher = unit["category"] == "教学" and rng.random() < 0.8
            found.append({"name": name, "unit": unit["unit"], "is_teacher": teacher, "is_member": False})
    return found


def _all_staff(world: World) -> list[Row]:
    serving = [person for person in world.people if person["in_service"]]
    return [*serving, *others(world)]


def work(world: World, rng: Random) -> Iterator[Entry]:
    """Yield what can be compared: members do a little better in awards and papers, alike in hours."""
    measures: dict[str, tuple[str, float, float, float]] = {
        "class_hours": ("课时", 260, 60, 0),
        "student_rating": ("分", 88, 5, 2),
    }
    measures |= {"awards": ("项", 1.2, 1, 0.8), "papers": ("篇", 1, 1, 0.5), "major_tasks": ("项", 2, 1, 0.7)}
    people = [person for person in _all_staff(world) if person["is_teacher"]]
    for year in YEARS:
        for person in people:
            for code, (unit, middle, spread, more) in measures.items():
                better = more * person["is_member"] * (1 + 0.2 * (year - 2010))
                value = max(0, round(rng.gauss(middle + better, spread)))
                group = "member" if person["is_member"] else "nonmember"
                row = figure(code, value, unit, subject=person["name"], unit=person["unit"], group=group)
                row[1].update(year=year, is_teacher=True)
                who = [person["unit"], person["name"], yes(person["is_member"]), yes(True)]
                yield [year, *who, says(code), value, unit], [row]


def staff(world: World, rng: Random) -> Iterator[Entry]:
    """Yield the whole staff with those who left: two retired, one transferred, one resigned."""
    people = _all_staff(world)
    teachers = [n for n, person in enumerate(people) if person["is_teacher"]]
    reasons = ("retired", "transferred", "resigned", "retired")
    gone = dict(zip(teachers[-4:], reasons, strict=False))
    for n, person in enumerate(people):
        joined = date(rng.randrange(1982, 2008), 9, 1)
        left = date(2011, 8, 31) if n in gone else None
        note = gone.get(n)
        row: Row = {"name": person["name"], "unit": person["unit"], "is_teacher": person["is_teacher"]}
        row |= {"joined_on": joined, "left_on": left, "note": note, "is_probationary": None}
        cells: list[Cell] = [person["name"], person["unit"], yes(person["is_teacher"]), None, joined, left]
        yield [*cells, note and says(note), None], [("people", row)]


def leads(world: World, rng: Random) -> Iterator[Entry]:
    """Yield the scores of the five leads of 2011, of full members."""
    for person in roster(world.people, date(2011, 12, 21)):
        if person["is_probationary"]:
            continue
        scores = [min(100, max(60, round(rng.gauss(middle, 4)))) for middle in (91, 88, 90, 95, 92)]
        head = {"subject": person["name"], "year": 2011}
        named = zip(("L1", "L2", "L3", "L4", "L5"), scores, strict=True)
        rows = [figure(code, score, "points", **head) for code, score in named]
        rows.append(figure("five_leads_total", sum(scores), "points", **head))
        yield [person["name"], *scores, sum(scores), None], rows


def leaders(world: World, rng: Random) -> Iterator[Entry]:
    """Yield the votes on the leadership team and on two leading cadres at the end of 2011."""
    day, size = date(2011, 12, 30), sum(unit["staff_count"] for unit in world.units)
    names = [person["name"] for person in world.people if person["is_cadre"]][:2]
    present = size - rng.randrange(3, 9)
    for n, who in enumerate(("领导班子", *names)):
        parts = [0.8, 0.15, 0.04]
        counts = [round(present * part) for part in parts]
        counts.append(present - sum(counts))
        head: Row = {"occasion": "leader", "occasion_id": f"leader-{day}", "held_on": day, **period(day)}
        kind = "leadership_team" if who == "领导班子" else "leader"
        vote = {**head, "appraisee_type": kind, "appraisee": who, "item": "overall", "rater_group": "all"}
        levels = ("excellent", "competent", "basically_competent", "incompetent")
        rows: list[Meant] = [
            ("votes", {**vote, "scale": "cadre4", "level": level, "count": count})
            for level, count in zip(levels, counts, strict=True)
        ]
        turnout = {**head, "rater_group": "all", "eligible": size - 2, "present": present}
        rows += [] if n else [("turnout", turnout)]
        rows.append(figure("staff_on_register", size, "people", subject=who, year=2011))
        yield [who, None, size, size - 2, present, *counts, None, None, None], rows
