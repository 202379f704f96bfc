"""What people were asked, promised and learned: ballots, appraisals, ledgers and courses of a world."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from cxzy_lib.sample import world as w
from cxzy_lib.sample.world import SNAPSHOT, Row, pool, roster, words

# Share of the top grade among members (high and steady) and others (lower, rising after 2011).
TALLIES = (
    (date(2010, 6, 25), "sat3", 0.92, 0.5),
    (date(2010, 12, 24), "sat3", 0.91, 0.55),
    (date(2011, 12, 23), "sat4", 0.92, 0.72),
    (date(2012, 6, 20), "sat4", 0.93, 0.82),
)
BALLOTS = (date(2011, 6, 24), "sat4", 0.91, 0.58)
APPRAISALS = (
    (date(2010, 12, 22), "member3"),
    (date(2011, 12, 21), "member4"),
    (date(2012, 5, 23), "member4"),
)
# The report of spring 2011 is missing.
REPORTS = (date(2010, 7, 2), date(2010, 12, 29), date(2011, 12, 28), date(2012, 6, 15))
COURSES = (  # batch, mode, first day, days (0 = the whole month), hours, share of members
    ("2010年暑期党员轮训班", "classroom", date(2010, 7, 5), 2, 16, 0.8),
    ("2010年秋季网络课程", "online", date(2010, 11, 1), 0, 4, 0.6),
    ("2011年春季党员轮训班", "classroom", date(2011, 4, 12), 1, 8, 0.7),
    ("2011年骨干培训班", "classroom", date(2011, 7, 4), 3, 24, 0.1),
    ("2011年自学读书活动", "self_study", date(2011, 10, 1), 0, 4, 0.5),
    ("2012年春季考察学习", "visit", date(2012, 4, 17), 1, 4, 0.4),
    ("2012年网络专题学习", "online", date(2012, 5, 1), 0, 6, 0.5),
)
# Respondents of the questionnaire: share of the top grade, weight.
REPLIES = {
    "member": (0.75, 30), "nonmember": (0.6, 16), "student": (0.65, 20),
    "parent": (0.5, 8), "community": (0.55, 6),
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """One synthetic institution: the plain records behind both its truth and its files."""

    name: str
    units: list[Row]
    people: list[Row]
    logs: list[Row]
    tallies: list[Row]
    ballots: Row
    appraisals: list[Row]
    reports: list[Row]
    pledges: list[Row]
    problems: list[Row]
    hours: list[Row]
    replies: list[Row]


def draw_world(number: int, seed: int, members: int) -> World:
    """Draw institution `number` with `members` members; the same call gives the same world."""
    rng = Random(f"{seed}-{number}-world")
    units = w.draw_units(rng, number)
    people = w.draw_people(rng, units, members)
    size = round(members * 14 / 11) - members
    listed = Counter(person["unit"] for person in people)
    others = Counter(unit["unit"] for unit in rng.choices(units, k=size))
    for unit in units:
        unit["member_count"] = listed[unit["unit"]]
        unit["staff_count"] = listed[unit["unit"]] + others[unit["unit"]]
    return World(
        name=w.institution_name(number),
        units=units,
        people=people,
        logs=[row for branch in pool("branches") for row in w.draw_log(rng, branch, people)],
        tallies=[_tally(rng, held, people, size) for held in TALLIES],
        ballots=_ballots(rng, people, size),
        appraisals=[_appraisal(rng, *held, people, units) for held in APPRAISALS],
        reports=[_report(rng, day, people, size) for day in REPORTS],
        pledges=[_pledge(rng, person) for person in people if rng.random() > 0.03],
        problems=[_problem(rng, number, people, units) for number in range(20)],
        hours=_hours(rng, people),
        replies=_replies(rng, members),
    )


def _weights(levels: Iterable[str], top: float, unknown: float = 0) -> dict[str, float]:
    rest = ((1 - top) * 0.7 * 0.3**place for place in range(9))
    weights = dict(zip(levels, (top, *rest), strict=False))
    return {**weights, "unknown": unknown, "abstain": unknown / 2} if unknown else weights


def _split(rng: Random, count: int, weights: Mapping[str, float]) -> Row:
    drawn = Counter(rng.choices(list(weights), list(weights.values()), k=count))
    return {level: drawn[level] for level in weights}


def _groups(rng: Random, held: tuple[date, str, float, float], people: list[Row], others: int) -> list[Row]:
    """Draw how many papers went to and came back from members and others."""
    day, scale, top, low = held
    groups = []
    for name, eligible, share, unknown in (
        ("member", len(roster(people, day)), top, 0.01),
        ("nonmember", others, low, 0.06),
    ):
        issued = eligible - round(eligible * rng.uniform(0, 0.06))
        returned = issued - round(issued * rng.uniform(0.01, 0.02 + unknown))
        group = {"rater_group": name, "eligible": eligible, "issued": issued, "returned": returned}
        groups.append(group | {"weights": _weights(words()["scales"][scale], share, unknown)})
    return groups


def _tally(rng: Random, held: tuple[date, str, float, float], people: list[Row], others: int) -> Row:
    groups = _groups(rng, held, people, others)
    for group in groups:
        group["void"] = rng.randrange(3)
        group["valid"] = group["returned"] - group["void"]
        items = words()["words"]["item"]
        group["counts"] = {item: _split(rng, group["valid"], group["weights"]) for item in items}
    return {"held_on": held[0], "scale": held[1], "groups": groups}


def _ballots(rng: Random, people: list[Row], others: int) -> Row:
    groups, items = _groups(rng, BALLOTS, people, others), list(words()["words"]["item"])
    papers = []
    for group in groups:
        group |= {"valid": group["returned"], "void": 0}
        for _ in range(group["returned"]):
            grades = rng.choices(list(group["weights"]), [*group["weights"].values()], k=len(items))
            papers.append({"rater_group": group["rater_group"], **dict(zip(items, grades, strict=True))})
    rng.shuffle(papers)
    for paper in rng.sample(papers, 2):
        paper[rng.choice(items)] = "two ticks"
    numbered = [{"respondent": f"{number:03d}", **paper} for number, paper in enumerate(papers, 1)]
    return {"held_on": BALLOTS[0], "scale": BALLOTS[1], "groups": groups, "papers": numbered}


def _appraisal(rng: Random, day: date, scale: str, people: list[Row], units: list[Row]) -> Row:
    rows, listed, levels = [], roster(people, day), list(words()["scales"][scale])
    present = masses = 0
    for branch in pool("branches"):
        members = [p for p in listed if p["branch"] == branch]
        raters = len(members) - rng.randrange(max(2, len(members) // 8))
        others = sum(u["staff_count"] - u["member_count"] for u in units if u["branch"] == branch)
        present, masses = present + raters, masses + others
        for person in members:
            top = rng.uniform(0.3, 0.95)
            grade = "excellent" if top > 0.75 else "qualified" if top > 0.32 else levels[-2]
            row = {"name": person["name"], "unit": branch, "new": person["is_probationary"]}
            row["member"] = _split(rng, raters - 1, _weights(levels, top))  # nobody votes on himself
            row["nonmember"] = _split(rng, others, _weights(levels, top - 0.1))
            row["self"] = {rng.choice(("excellent", "qualified", "qualified")): 1}
            row["organisation"] = {} if row["new"] else {grade: 1}
            rows.append(row)
    held = {"held_on": day, "scale": scale, "eligible": len(listed), "present": present, "masses": masses}
    return {**held, "rows": rows}


def _report(rng: Random, day: date, people: list[Row], others: int) -> Row:
    size = len(roster(people, day))
    present, masses = size - rng.randrange(2, 9), others - rng.randrange(others // 3)
    returned = present + masses - rng.randrange(4)
    counts = _split(rng, returned, _weights(words()["scales"]["team4"], rng.uniform(0.7, 0.9), 0.02))
    row = {"held_on": day, "eligible": size, "present": present, "masses": masses, "returned": returned}
    row |= {"issued": present + masses, "valid": returned - counts["unknown"] - counts["abstain"]}
    return {**row, **w.period(day), "counts": counts}


def _pledge(rng: Random, person: Row) -> Row:
    category, subject = rng.choice(pool("promises"))
    opened = max(date(2010, 5, 20), person["joined_on"]) + timedelta(rng.randrange(1, 30))
    due = rng.choice([d for d in (date(2010, 12, 31), date(2011, 12, 31), SNAPSHOT) if d > opened])
    row = {"kind": "pledge", "name": person["name"], "unit": person["branch"], "opened_on": opened}
    row |= {"subject": subject, "category": category}
    row["status"] = rng.choices(("done", "partial", "open", "long_term"), (60, 15, 10, 15))[0]
    if rng.random() < 0.85:
        published = opened + timedelta(rng.randrange(2, 12))
        row |= {"channel": rng.choice(pool("channels")), "published_on": published}
    if row["status"] != "long_term":
        row["due_on"] = due
    if row["status"] == "done":
        row["done_on"] = max(opened, due - timedelta(rng.randrange(60)))
    return row


def _problem(rng: Random, number: int, people: list[Row], units: list[Row]) -> Row:
    unit, opened = rng.choice(units), date(2011, 1, 10) + timedelta(number * 15)
    names = [p["name"] for p in people if p["unit"] == unit["unit"] and p["in_service"]]
    ends = (date(2011, 6, 30), date(2011, 9, 30), date(2011, 12, 31), date(2012, 3, 31))
    due = rng.choice([end for end in ends if end > opened + timedelta(20)]) - timedelta(rng.choice((0, 0, 5)))
    row = {"kind": "rectification", "name": rng.choice(names), "unit": unit["unit"], "opened_on": opened}
    row |= {key: rng.choice(pool(f"{key}s")) for key in ("source", "measure")}
    row |= {"subject": rng.choice(pool("problems")), "measures": row.pop("measure")}
    row["status"] = rng.choices(("done", "open", "long_term"), (6, 3, 2))[0]
    if row["status"] != "long_term":
        row["due_on"] = due
    if row["status"] == "done":
        row["done_on"] = due + timedelta(rng.randrange(-14, 12))
    return row


def _hours(rng: Random, people: list[Row]) -> list[Row]:
    rows = []
    zeal = {person["name"]: rng.uniform(0.6, 1.4) for person in people if person["in_service"]}
    for batch, mode, start, days, hours, share in COURSES:
        last = start + timedelta(days - 1) if days else date(start.year, start.month + 1, 1) - timedelta(1)
        course = {"mode": mode, "batch": batch, "hours": float(hours), "started_on": start, "ended_on": last}
        course["precision"] = "day" if days else "month"
        for person in roster(people, start):
            if rng.random() < share * zeal.get(person["name"], 0):
                rows.append({"name": person["name"], "unit": person["branch"], **course})
    return rows


def _replies(rng: Random, members: int) -> list[Row]:
    rows, clock, questions = [], datetime(2012, 5, 8, 8, 30), words()["words"]["question"]
    for number in range(1, max(20, round(members * 0.73)) + 1):
        clock += timedelta(seconds=rng.randrange(1, 3_300_000 // members))
        group = rng.choices(list(REPLIES), [weight for _, weight in REPLIES.values()])[0]
        weights = _weights(words()["scales"]["sat5"], REPLIES[group][0], 0.03)
        levels = rng.choices(list(weights), list(weights.values()), k=len(questions))
        row = {"respondent": str(number), "answered_at": clock, "rater_group": group}
        row["seconds"] = 60 + number % 90
        row |= dict(zip(questions, levels, strict=True))
        if group in ("parent", "community"):
            row["member_teaching"] = "skipped"
        row["channels"] = [channel for channel in pool("channels") if rng.random() < 0.5]
        rows.append({**row, "comment": rng.choice([*pool("comments"), None, None])})
    return rows
