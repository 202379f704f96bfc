"""What a bureau has of its institutions: a row for each and year, as they sent it."""

from collections.abc import Iterator, Sequence
from random import Random

from cxzy_lib.sample.books import Book
from cxzy_lib.sample.mess import Cell, Mess
from cxzy_lib.sample.world import YEARS, Row, pool, words

# What is done of how many: its columns, and the share of the middle institution.
SHARES = (
    (("pledged_members", "members"), 0.97),
    (("pledges_published", "pledged_members"), 0.93),
    (("pledges_fulfilled", "pledged_members"), 0.8),
    (("rectified_problems", "rectification_problems"), 0.75),
    (("activities_held", "activities_due"), 0.9),
    (("members_trained", "members"), 0.7),
)
LEVELS = ("satisfied", "fairly_satisfied", "basically_satisfied", "dissatisfied", "unknown")


def returns(schools: Sequence[tuple[str, int]], seed: int) -> dict[int, list[Row]]:
    """Draw what each of `schools` (name, members) sent for each year; some sent nothing, rates only or twice.

    A few are far above or below their like, the others differ a little.
    """
    found: dict[int, list[Row]] = {year: [] for year in YEARS}
    categories = pool("categories")
    for number, (name, members) in enumerate(schools):
        rng = Random(f"{seed}-bureau-{number}")
        level = {0: 0.62, 1: 0.97}.get(number % 11, rng.betavariate(86, 14))
        for year in YEARS:
            row = _numbers(rng, members, min(0.99, level + 0.02 * (year - 2011)))
            row |= {"unit": name, "group": categories[number % len(categories)]}
            if number % 13 == 5:  # rates only
                row["satisfaction_rate_printed"] = row["ballots_satisfied"] / row["ballots_valid"]
                row |= dict.fromkeys([f"ballots_{level}" for level in LEVELS])
            if (number + year) % 11 != 6:  # some are missing each year
                found[year] += [row]
            if (number + year) % 17 == 7:  # corrected, and both are there
                found[year] += [row | {"pledges_fulfilled": max(0, row["pledges_fulfilled"] - 1)}]
    return found


def _numbers(rng: Random, members: int, level: float) -> Row:
    row: Row = {"staff": round(members * 1.3), "members": members, "branches": max(1, members // 18)}
    row |= {"rectification_problems": rng.randrange(6, 30), "activities_due": 20 * int(row["branches"])}
    for (count, base), share in SHARES:
        zeal = min(1.0, rng.gauss(share, 0.03))
        row[count] = sum(rng.random() < zeal for _ in range(row[base]))
    row["mass_raters"] = rng.randrange(90, 900)
    row["ballots_issued"] = row["mass_raters"] - rng.randrange(12)
    row["ballots_returned"] = round(row["ballots_issued"] * rng.uniform(0.86, 0.99))
    row["ballots_valid"] = row["ballots_returned"] - rng.randrange(3)
    weights = (level, (1 - level) * 0.6, (1 - level) * 0.25, (1 - level) * 0.1, (1 - level) * 0.05)
    votes = rng.choices(LEVELS, weights, k=row["ballots_valid"])
    row |= {f"ballots_{name}": votes.count(name) for name in LEVELS}
    row["awards"], own = rng.randrange(6), round(rng.uniform(88, 99), 1)
    return row | {"score_self": own, "score_assessed": round(own - rng.uniform(0, 6), 1)}


def books(found: dict[int, list[Row]], mess: Mess) -> Iterator[Book]:
    """Yield a workbook for each year, with a sheet for each category and headings of its own."""
    about = words()["bureau"]
    specs = [part.split() for part in about["columns"].split("|")]
    for year, rows in found.items():
        sheets = []
        for group in pool("categories"):
            header = [mess.header(label) for label, *_ in specs]
            own = [row for row in rows if row["group"] == group]
            body = [[_cell(row, n, *spec[1:]) for spec in specs] for n, row in enumerate(own, 1)]
            title = about["title"].format(name=about["name"], year=year)
            sheets += [mess.sheet(group, [title], [header], body)] if own else []
        yield f"{year}年局汇总表.{'xls' if year == 2010 else 'xlsx'}", sheets


def _cell(row: Row, number: int, key: str = "") -> Cell:
    if key == "n":
        return number
    value = row.get(key)
    return f"{100 * value:.2f}%" if key == "satisfaction_rate_printed" and value is not None else value


def truth(found: dict[int, list[Row]]) -> Iterator[Row]:
    """Yield every number of the returns as a row of ``figures``."""
    measured, codes = words()["bureau"]["measured_in"], words()["bureau"]["codes"]
    for year, rows in found.items():
        for row in rows:
            about = {"unit": row["unit"], "group": codes[row["group"]], "year": year}
            for key, value in row.items():
                if key not in about and value is not None:
                    value = round(value, 4) if isinstance(value, float) else value
                    yield {"indicator": key, "value": value, "unit_of_measure": measured[key], **about}
