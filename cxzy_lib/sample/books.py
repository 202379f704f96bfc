"""Writes a world as the spreadsheets that an institution keeps, in the formats of their time."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from cxzy_lib.sample.mess import Cell, Grid, Mess, Sheet
from cxzy_lib.sample.rounds import World
from cxzy_lib.sample.world import YEARS, Row, words

Book = tuple[str, list[Sheet]]


def registers(world: World) -> list[tuple[str, str, list[Row], list[str]]]:
    """Return each branch's attendance sheet: half-year, branch, meetings and the names listed.

    Everybody who was at a meeting of the half-year is listed; who joined later has blanks before.
    """
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for log in world.logs:
        if log["roll"]:
            half = f"{log['held_on'].year}年{'上' if log['held_on'].month < 7 else '下'}半年"
            found[half, log["unit"]].append(log)
    listed = [
        (half, branch, logs, list(dict.fromkeys(name for log in logs for name in log["roll"])))
        for (half, branch), logs in found.items()
    ]
    return sorted(listed, key=itemgetter(0))  # stable: branches stay in order; 上 sorts before 下


def books(world: World, mess: Mess) -> Iterator[Book]:
    """Yield every file of the institution: its name and its sheets."""
    yield _units(world, mess)
    yield _people(world, mess)
    yield from _yearly(world, mess, "events", _log_rows(world), "组织活动登记", ("xls", "xlsx", "csv"))
    yield from _attendance(world, mess)
    yield from (_tally(world, mess, tally) for tally in world.tallies)
    yield _ballots(world, mess)
    yield from (_appraisal(world, mess, held) for held in world.appraisals)
    reports = [{**report, **report["counts"]} for report in world.reports]
    yield _simple(world, mess, "reports", reports, "书记报告工作测评.xls")
    yield _simple(world, mess, "pledges", world.pledges, "承诺践诺台账.csv")
    yield _simple(world, mess, "problems", world.problems, "整改台账.xlsx", 2011)
    yield from _yearly(world, mess, "hours", _hour_rows(world, mess), "培训学时登记", ("xls", "xlsx", "xlsx"))
    yield _questionnaire(world, mess)


def _simple(world: World, mess: Mess, code: str, rows: list[Row], file: str, year: int = 0) -> Book:
    mess.year, mess.cells = year, not file.endswith("csv")
    header, body = mess.table(code, rows)
    return file, [mess.sheet(str(year or "Sheet1"), [_title(world, code, year)], [header], body)]


def _title(world: World, code: str, year: int = 0) -> str:
    return str(words()["books"][code]["title"].format(name=world.name, year=year))


def _yearly(
    world: World, mess: Mess, code: str, rows: list[Row], file: str, endings: tuple[str, ...]
) -> Iterator[Book]:
    for ending, year in zip(endings, YEARS, strict=True):
        of_year = [row for row in rows if row["year"] == year]
        yield _simple(world, mess, code, of_year, f"{year}年{file}.{ending}", year)


def _units(world: World, mess: Mess) -> Book:
    header, body = mess.table("units", world.units)
    sums = [sum(unit[key] for unit in world.units) for key in ("staff_count", "member_count")]
    titles = [_title(world, "units"), f"填报单位:{world.name}(盖章)    填报时间:2012年6月"]
    total = [None, "合 计", None, None, None, None, *sums]
    return "处室名册.xlsx", [mess.sheet("Sheet1", titles, [header], body, total=total)]


def _people(world: World, mess: Mess) -> Book:
    """Identity columns hold values that no person can have; intake must drop them."""
    mess.year = 0
    fake = {"sex": "女", "born": "1900.01", "nation": "汉族", "identity": "000000190001010000"}
    rows = [{**fake, **person} for person in world.people]
    header, body = mess.table("people", rows)
    if mess.chance(2):
        first = next(n for n, person in enumerate(world.people) if not person["in_service"])
        body[first:first] = [["离退休党员"], header]
    titles = [_title(world, "people"), "截止日期:2012年6月30日"]
    return "党员花名册.xls", [mess.sheet("党员", titles, [header], body)]


def _log_rows(world: World) -> list[Row]:
    rows = []
    for log in sorted(world.logs, key=itemgetter("held_on")):
        held = "present" in log
        rate = f"{log['present'] / max(1, log['expected']):.1%}" if held else None
        rows.append({**log, "year": log["held_on"].year, "rate": rate, "remark": None if held else "计划"})
    return rows


def _hour_rows(world: World, mess: Mess) -> list[Row]:
    rows: list[Row] = []
    for row in world.hours:
        same = bool(rows) and rows[-1]["batch"] == row["batch"] and mess.chance(0.5)
        shown = mess.rng.choice(("同上", "〃")) if same else row["batch"]
        rows.append({**row, "year": row["started_on"].year, "shown": shown})
    return rows


def _attendance(world: World, mess: Mess) -> Iterator[Book]:
    endings = iter(("xls", "xls", "xlsx", "xlsx", "xls"))
    for half, group in groupby(registers(world), key=itemgetter(0)):
        sheets = []
        for _, branch, logs, names in group:
            days = [log["held_on"] for log in logs]
            heads = [f"{day.month}.{day.day}" if mess.level else day.isoformat() for day in days]
            body: Grid = []
            for n, name in enumerate(names, 1):
                marks = [words()["words"]["mark"].get(log["roll"].get(name)) for log in logs]
                here = marks.count("√")
                body.append([n, mess.name(name), *marks, here, f"{here / len(logs):.0%}"])
            header = ["序号", mess.header("姓名"), *heads, "出勤次数", "出勤率"]
            notes = ["图例:√出席 △事假 病病假 ○公出 ×缺席"]
            title = f"{branch}{half}组织活动考勤表"
            sheets.append(mess.sheet(mess.word(branch), [title], [header], body, notes=notes))
        yield f"{half}考勤表.{next(endings)}", sheets


def _facts(group: Row, *keys: str) -> str:
    patterns = {"eligible": "应参加 {} 人", "issued": "发出 {} 份", "returned": "收回 {} 份"}
    patterns |= {"valid": "有效 {} 份", "void": "作废 {} 份"}
    return "  ".join(patterns[key].format(group[key]) for key in keys)


def _held(world: World, day: date, what: str, when: str) -> list[str]:
    return [f"{world.name}{day.year}年{what}", f"{when}时间:{day.year}年{day.month}月{day.day}日"]


def _tally(world: World, mess: Mess, tally: Row) -> Book:
    day, levels, sheets = tally["held_on"], words()["scales"][tally["scale"]], []
    for group in tally["groups"]:
        who = words()["words"]["rater"][group["rater_group"]]
        body = [_tally_line(mess, item, group["counts"][item], list(levels)) for item in group["counts"]]
        rest: list[Cell] = [mess.header(label) for label in ("不了解", "弃权", "有效票")] + ["满意率(%)"]
        item, size = mess.header("测评项目"), len(levels)
        header: Grid = [[item, *levels.values(), *rest]]
        merges: list[tuple[int, int, int, int]] = []
        if mess.chance(2):
            header = [[item, "测评等次", *[None] * (size - 1), *rest], [None, *levels.values()]]
            merges = [(0, 1, 0, size), *((0, c, 1, c) for c in (0, *range(size + 1, size + 5)))]
        half = "上" if day.month < 7 else "下"
        titles = _held(world, day, f"{half}半年满意度测评统计表({who})", "测评")
        titles += [f"评议人:{who}  {_facts(group, 'eligible', 'issued', 'returned', 'valid', 'void')}"]
        sheets.append(mess.sheet(who, titles, header, body, merges=merges))
    return f"{day.year}年{day.month}月满意度测评.{'xls' if day.year == 2010 else 'xlsx'}", sheets


def _tally_line(mess: Mess, item: str, counts: Row, levels: list[str]) -> list[Cell]:
    valid = sum(counts[level] for level in levels)
    votes = [mess.count(counts[level], "票") for level in levels]
    if not counts[levels[-1]] and mess.chance(1):
        votes[-1] = None  # that the row adds up shows that this is a zero
    rate = round(100 * counts[levels[0]] / max(1, valid), 2)
    name = mess.word(words()["words"]["item"][item][0])
    return [name, *votes, counts["unknown"], counts["abstain"], valid, rate]


def _ballots(world: World, mess: Mess) -> Book:
    held, coded = world.ballots, words()["words"]
    grades = {**words()["scales"][held["scale"]], "unknown": "不了解", "abstain": None}
    grades["two ticks"] = "满意√ 基本满意√" if mess.level else "满意、基本满意"
    raters = coded["rater"]
    body: Grid = []
    for paper in held["papers"]:
        cells = [grades[paper[item]] for item in coded["item"]]
        line = [paper["respondent"], mess.word(raters[paper["rater_group"]], 0.2), "党政班子"]
        body.append([*line, *(cell and mess.word(cell, 0.3) for cell in cells)])
    titles = _held(world, held["held_on"], "上半年满意度测评选票登记表", "测评")
    for group in held["groups"]:
        titles.append(f"{raters[group['rater_group']]}:{_facts(group, 'eligible', 'issued', 'returned')}")
    items = [mess.word(name) for name, _ in coded["item"].values()]
    header = [mess.header("票号"), "评议人类别", "测评对象", *items]
    return "2011年6月满意度选票.csv", [mess.sheet("选票", titles, [header], body)]


def _appraisal(world: World, mess: Mess, held: Row) -> Book:
    day, levels = held["held_on"], words()["scales"][held["scale"]]
    size, joined, sums = len(levels), mess.chance(2), Counter[int]()
    gap: list[Cell] = [None] * (size - 1)
    upper: list[Cell] = [mess.header(label) for label in ("序号", "姓名", "所在支部")]
    upper += ["自我评价", "党员互评", *gap, "群众评议", *gap, "支部评定等次", "备注"]
    header = [upper, [None] * 4 + list(levels.values()) * 2]
    merges = [(0, c, 1, c) for c in (0, 1, 2, 3, 4 + 2 * size, 5 + 2 * size)]
    merges += [(0, c, 0, c + size - 1) for c in (4, 4 + size)]
    body: Grid = []
    for branch, group in groupby(held["rows"], key=itemgetter("unit")):
        first, label, before = len(body), mess.word(branch), sums.copy()
        for row in group:
            body.append(_appraisal_line(mess, row, levels, len(body) + 1))
            body[-1][2] = None if joined and len(body) > first + 1 else label
            sums.update({c: cell for c, cell in enumerate(body[-1]) if isinstance(cell, int) and c})
        merges += [(first + 2, 2, len(body) + 1, 2)] if joined and len(body) > first + 1 else []
        part = [sums[c] - before[c] for c in range(4, 4 + 2 * size)]
        body += [[None, "小计", None, None, *part]] if mess.chance(2) else []
    counts = [f"应参评党员 {held['eligible']} 人", f"实际参评 {held['present']} 人"]
    titles = _held(world, day, "民主评议党员汇总表", "评议")
    titles += ["  ".join([*counts, f"参加评议群众 {held['masses']} 人"])]
    total = [None, "合 计", None, None, *(sums[c] for c in range(4, 4 + 2 * size))]
    sheet = mess.sheet("汇总", titles, header, body, total=total, merges=merges)
    return f"{day.year}年民主评议党员汇总.{'xls' if day.year == 2010 else 'xlsx'}", [sheet]


def _appraisal_line(mess: Mess, row: Row, levels: dict[str, str], n: int) -> list[Cell]:
    counts = [*row["member"].values(), *row["nonmember"].values()]
    own, grade = (
        next((mess.word(levels[code], 0.3) for code in row[who]), None) for who in ("self", "organisation")
    )
    note = "预备党员,不定等次" if row["new"] else None
    return [n, mess.name(row["name"], row["new"]), None, own, *counts, grade, note]


def _questionnaire(world: World, mess: Mess) -> Book:
    asked, dot = words()["words"]["question"], mess.rng.choice("、.") if mess.level else "、"
    questions = [
        "您的身份是",
        *(name for name, _ in asked.values()),
        "您通过哪些渠道了解活动情况",
        "您对活动有何意见建议",
    ]
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
    header += [f"{n}{dot}{question}?" for n, question in enumerate(questions, 1)]
    grades = {**words()["scales"]["sat5"], "unknown": "不了解", "abstain": "(空)", "skipped": "(跳过)"}
    body: Grid = []
    for n, reply in enumerate(world.replies, 1):
        at: datetime = reply["answered_at"]
        day = f"{at.year}/{at.month}/{at.day}" if mess.level else f"{at.year}/{at.month:02}/{at.day:02}"
        who = mess.word(words()["words"]["rater"][reply["rater_group"]], 0.2)
        line: list[Cell] = [n, f"{day} {at.time()}", f"{reply['seconds']}秒"]
        line += ["链接", "直接访问", "192.0.2.1", who]
        line += [mess.word(grades[reply[item]], 0.2) for item in asked]
        body.append([*line, "┋".join(reply["channels"]) or "(空)", reply["comment"] or "(空)"])
    return "2012年5月满意度问卷(问卷星导出).xlsx", [mess.sheet("Sheet1", [], [header], body)]


def write_book(path: Path, sheets: list[Sheet]) -> None:
    """Write `sheets` to `path` in the format that its suffix names."""
    {".csv": _write_csv, ".xls": _write_xls, ".xlsx": _write_xlsx}[path.suffix](path, sheets)


def _write_csv(path: Path, sheets: list[Sheet]) -> None:
    encoding = "utf-8-sig" if path.stem == "承诺践诺台账" else "gb18030"
    width = max(len(row) for row in sheets[0].rows)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([*row, *[None] * (width - len(row))] for row in sheets[0].rows)


def _write_xls(path: Path, sheets: list[Sheet]) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    style, day = xlwt.easyxf(), xlwt.easyxf(num_format_str="yyyy/m/d")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        ends = {(a, left): (b, right) for a, left, b, right in sheet.merges}
        for r, row in enumerate(sheet.rows):
            for c, cell in enumerate(row):
                look = day if isinstance(cell, date) else style
                if (r, c) in ends:
                    page.write_merge(r, ends[r, c][0], c, ends[r, c][1], cell, look)
                elif cell is not None:
                    page.write(r, c, cell, look)
    book.save(str(path))


def _write_xlsx(path: Path, sheets: list[Sheet]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.created = datetime(2012, 7, 2)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        for r, row in enumerate(sheet.rows, 1):
            for c, cell in enumerate(row, 1):
                if cell is not None:
                    page.cell(r, c, cell).number_format = "yyyy/m/d" if isinstance(cell, date) else "General"
        for a, left, b, right in sheet.merges:
            page.merge_cells(None, a + 1, left + 1, b + 1, right + 1)
    book.save(path)
