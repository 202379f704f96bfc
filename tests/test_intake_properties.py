"""Whatever the mess: what is cleaned equals what was meant, every row is accounted for, order does not matter."""

import random
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import MEMBERS, ROOT, UNITS, write_xlsx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxzy_lib.campaign import load_campaign
from cxzy_lib.intake.clean import clean

SPELT_DAYS = ("{:%Y-%m-%d}", "{:%Y/%m/%d}", "{:%Y年%m月%d日}", "{:%Y.%m.%d}", "{:%Y%m%d}")
SPELT_NAMES = ("{}", " {} ", "{}　", "{}*")
SPELT_HOURS = ("{}", "{}学时", "{}小时", "{}.0", "{}课时")
PEOPLE = {"张三": "第一支部", "李四": "第一支部", "王五": "第二支部"}
BRANCHES = {
    "第一支部": ("第一支部", "一支部", "1支部", "第 一 支部"),
    "第二支部": ("第二支部", "二支部", "党支部(二)"),
}
MODES = {"classroom": ("集中授课", "面授"), "online": ("网络教学", "在线学习"), "self_study": ("自学",)}
HEADS = (
    ("姓名", "参训人员"),
    ("支部", "所在支部"),
    ("培训班次", "批次", "培训班次（批次）"),
    ("培训形式", "形式"),
    ("起止时间", "培训日期"),
    ("学时", "培训学时"),
)

RECORDS = st.lists(
    st.tuples(
        st.sampled_from(sorted(PEOPLE)),
        st.sampled_from(sorted(MODES)),
        st.dates(date(2010, 5, 1), date(2012, 6, 30)),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=12,
)


def messy(records, rng):
    """Write records as offices do: other names, other spellings, totals, footers, blank rows, another order."""
    order = list(range(6))
    rng.shuffle(order)
    rows = [["关于培训的登记"]] if rng.random() < 0.5 else []
    if rng.random() < 0.5:
        rows.append([None])
    rows.append([rng.choice(HEADS[c]) for c in order])
    for n, (name, mode, day, hours) in enumerate(records):
        cells = [
            rng.choice(SPELT_NAMES).format(name),
            rng.choice(BRANCHES[PEOPLE[name]]),
            f"第{n}期",
            rng.choice(MODES[mode]),
            rng.choice(SPELT_DAYS).format(day),
            rng.choice(SPELT_HOURS).format(hours),
        ]
        rows.append([cells[c] for c in order])
        if rng.random() < 0.15:
            rows.append([None])
    if rng.random() < 0.5:
        total = [None] * 6
        total[order.index(0)] = rng.choice(["合计", "合 计", "总计："])
        total[order.index(5)] = sum(hours for *_, hours in records)
        rows.append(total)
    if rng.random() < 0.5:
        rows.append([rng.choice(["制表人：李四", "注：含网络学时", "（盖章）"])])
    return rows


@pytest.fixture(scope="module")
def shipped():
    return load_campaign(ROOT / "campaign")


@pytest.mark.usefixtures("read_here")
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(records=RECORDS, seed=st.integers(0, 10**6))
def test_what_is_cleaned_is_what_was_meant(records, seed, shipped, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mess")
    raw = folder / "raw" / "试验学院"
    write_xlsx(raw / "名册.xlsx", UNITS)
    write_xlsx(raw / "花名册.xlsx", MEMBERS)
    rows = messy(records, random.Random(seed))
    write_xlsx(raw / "表.xlsx", rows)
    tables = clean(folder / "raw", shipped, folder / "processed", jobs=1)
    names = tables["people"].set_index("person")["name"]
    hours = tables["hours"]
    assert [
        (names[person], unit, batch, mode, day.date(), total)
        for person, unit, batch, mode, day, total in hours[
            ["person", "unit", "batch", "mode", "started_on", "hours"]
        ].itertuples(index=False)
    ] == [
        (name, PEOPLE[name], f"第{n}期", mode, day, total)
        for n, (name, mode, day, total) in enumerate(records)
    ]
    ledger = tables["ledger"].query("source_file == '试验学院/表.xlsx'")
    spoken = [n for n, row in enumerate(rows, 1) if any(cell is not None for cell in row)]
    assert ledger["source_row"].tolist() == spoken
    assert (ledger["outcome"] == "kept").sum() == len(records)
    assert ledger["code"].isna().all()


def contents(tables):
    """Return what the tables say, whichever file says it and whatever the pseudonyms are."""
    names = tables["people"].drop_duplicates("person").set_index("person")["name"]
    said = {}
    for name, frame in tables.items():
        if name in ("files", "ledger"):
            continue
        frame = frame.drop(columns=["source_file", "source_sheet"])  # a csv has its name for a sheet
        for column in ("person", "appraisee", "subject"):
            if column in frame:
                frame = frame.assign(**{column: frame[column].map(names).fillna(frame[column])})
        said[name] = sorted(map(str, frame.astype(str).to_numpy().tolist()))
    return said


@pytest.fixture(scope="module")
def cleaned(shipped, tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    return clean(ROOT / "data" / "raw", shipped, folder, jobs=2), folder


def test_cleaning_again_changes_nothing(cleaned, shipped):
    tables, processed = cleaned
    again = clean(ROOT / "data" / "raw", shipped, processed, jobs=1)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, again[name])


def test_the_order_of_the_files_does_not_matter(cleaned, shipped, tmp_path):
    college = next((ROOT / "data" / "raw").iterdir())
    files = sorted(path for path in college.iterdir() if path.is_file())
    target = tmp_path / "raw" / college.name
    target.mkdir(parents=True)
    for at, path in enumerate(files):
        shutil.copy(path, target / Path(f"{len(files) - at:02} {path.name}"))
    turned = clean(tmp_path / "raw", shipped, tmp_path / "processed", jobs=2)
    before, after = contents(cleaned[0]), contents(turned)
    assert {name: before[name] == after[name] for name in before} == {name: True for name in before}
