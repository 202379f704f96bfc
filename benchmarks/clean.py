"""Cleaning one long workbook: `cxzy clean` beside a pandas script that does the same cell by cell.

    python benchmarks/clean.py [ROWS]

All ways run one after the other on the same file of 30 columns; what counts is the ratios, absolute times mean
little on a shared machine. The script reads with pandas and openpyxl and cleans every cell with the library's
own functions, so that only the way of going about it differs.
"""

import datetime as dt
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl

HEAD = [
    "序号",
    "活动日期",
    "支部",
    "活动类型",
    "主题",
    "主讲人",
    "活动方式",
    "载体",
    "地点",
    "是否使用现代化设备",
]
HEAD += ["应到人数", "实到人数", "请假", "缺席", "出席率", "记录人", "备注", *(f"附{n}" for n in range(13))]
BRANCHES = [f"第{n}支部" for n in "一二三四五六"]
KINDS = ["支部大会", "支委会", "党课", "主题活动"]

SCRIPT = """
import sys
import pandas as pd
from cxzy_lib.intake.dates import day_of
from cxzy_lib.intake.values import count, key_of
raw, out = sys.argv[1:]
frame = pd.read_excel(raw, engine="openpyxl", header=None, dtype=object)
kinds = {"支部大会": "branch_meeting", "支委会": "committee_meeting", "党课": "party_lecture", "主题活动": "theme"}
branches = {f"第{n}支部" for n in "一二三四五六"}
records, ledger = [], []
for number, row in enumerate(frame.itertuples(index=False, name=None), 1):
    cells = [None if pd.isna(cell) else cell for cell in row]
    if number < 3:
        ledger.append((number, "title", None))
        continue
    day = day_of(cells[1])
    branch, kind = key_of(cells[2]), kinds.get(key_of(cells[3]))
    if day is None or branch not in branches or kind is None:
        ledger.append((number, "rejected", "missing"))
        continue
    records.append({
        "held_on": day.start, "ended_on": day.end, "unit": branch, "kind": kind,
        "topic": " ".join(str(cells[4]).split()), "form": key_of(cells[6]), "channel": key_of(cells[7]),
        "venue": key_of(cells[8]), "equipment": key_of(cells[9]) == "√", "expected": count(cells[10]),
        "present": count(cells[11]), "excused": count(cells[12]), "absent": count(cells[13]), "row": number,
    })
    for cell in cells[14:]:
        key_of(cell)
    ledger.append((number, "kept", None))
pd.DataFrame(records).to_parquet(out + "/events.parquet")
pd.DataFrame(ledger, columns=["row", "outcome", "reason"]).to_parquet(out + "/ledger.parquet")
"""
READ = "import sys, fastexcel; fastexcel.read_excel(sys.argv[1]).load_sheet(0, header_row=None).to_arrow()"


def make(folder: Path, rows: int) -> Path:
    """Write the registers and an activity log of `rows` rows and 30 columns."""
    rng = random.Random(1)
    units = openpyxl.Workbook()
    for row in [["处室名称", "所属支部", "在编人数", "党员人数"], *([f"处{b}", b, 5, 3] for b in BRANCHES)]:
        units.active.append(row)
    units.save(folder / "名册.xlsx")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("登记")
    sheet.append(["2011年组织活动登记"])
    sheet.append(HEAD)
    start = dt.datetime(2010, 5, 1)
    for n in range(rows):
        due = rng.randint(10, 30)
        came = rng.randint(5, due)
        row = [
            n + 1,
            start + dt.timedelta(days=n % 790),
            BRANCHES[n % 6],
            KINDS[n % 4],
            f"主题{n % 997}",
            "张三",
        ]
        row += ["集中", "报告", "活动室", "√", due, came, due - came, 0, round(came / due, 4), "李四", None]
        sheet.append(row + [rng.choice(["甲", "乙", n % 100, n % 1000 / 10]) for _ in range(13)])
    book.save(folder / "登记.xlsx")
    return folder / "登记.xlsx"


def timed(*command: object) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory of the largest process in GiB."""
    before = time.perf_counter()
    code = (
        "import resource, subprocess, sys; status = subprocess.call(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - before, int(done.stdout.split()[-1]) / 2**20


def main() -> None:
    """Make the file, run the three ways, print seconds, memory and ratios."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        raw.mkdir()
        out.mkdir()
        path = make(raw, rows)
        print(f"{rows} rows x 30 columns, {path.stat().st_size / 2**20:.0f} MiB")
        ways = {
            "cxzy clean": (
                sys.executable,
                "-m",
                "cxzy_lib.cli",
                "clean",
                "--raw",
                raw,
                "--processed",
                out / "p",
            ),
            "fastexcel, reading alone": (sys.executable, "-c", READ, path),
            "pandas + openpyxl, cell by cell": (sys.executable, "-c", SCRIPT, path, out),
        }
        found = {}
        for name, command in ways.items():
            found[name] = timed(*command)
            print(f"{name:32} {found[name][0]:7.1f} s  {found[name][1]:5.2f} GiB", flush=True)
        ours, reading, script = (found[name][0] for name in ways)
        print(f"cxzy clean is {script / ours:.1f} x as fast as the script (aim: 10)")
        print(f"cxzy clean takes {ours / reading:.2f} x what reading alone takes (aim: at most 2.5)")


if __name__ == "__main__":
    main()
