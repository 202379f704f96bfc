"""The shipped sample, cleaned, equals its known truth exactly; every source row is accounted for."""

from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.clean import clean
from cxzy_lib.intake.files import raw_files
from cxzy_lib.intake.values import key_of
from cxzy_lib.intake.workbook import read_file
from cxzy_lib.sample import make_sample
from cxzy_lib.tables import SCHEMAS, conform

RAW, TRUTH = ROOT / "data" / "raw", ROOT / "tests" / "truth"
TABLES = ["units", "people", "votes", "turnout", "answers", "events", "attendance", "tasks", "hours"]
TABLES += ["figures"]


def read_truth(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{table}.csv", dtype="str", keep_default_na=False, na_values=[""])


def typed(truth: pd.DataFrame, table: str) -> pd.DataFrame:
    """Give the truth the types of the processed table; ``name`` stands where that has a pseudonym."""
    kinds = {"name": "str"} | SCHEMAS[table]
    frame = truth.copy()
    for column in frame.columns:
        kind = kinds[column]
        if kind == "boolean":
            frame[column] = frame[column].map({"True": True, "False": False}).astype(kind)
        elif kind.startswith("datetime"):
            frame[column] = pd.to_datetime(frame[column]).astype(kind)
        else:
            frame[column] = frame[column].astype(kind)
    return frame


def named(tables: dict[str, pd.DataFrame], table: str) -> pd.DataFrame:
    """Turn pseudonyms back into names with the member register, as only the register's owner can."""
    names = tables["people"].drop_duplicates("person").set_index("person")["name"]
    frame = tables[table].copy()
    if table == "votes":
        frame["appraisee"] = frame["appraisee"].map(names).fillna(frame["appraisee"])
        frame = frame[frame["count"] > 0]
    elif table == "figures":
        frame["subject"] = frame["subject"].map(names).fillna(frame["subject"])
    elif "person" in frame and table != "people":
        frame["name"] = frame["person"].map(names)
    return frame


def comparable(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame[columns].sort_values(columns, ignore_index=True, na_position="last")


def compare(tables: dict[str, pd.DataFrame], truth: pd.DataFrame, table: str) -> None:
    if table == "votes":
        truth = truth[truth["count"] > 0]
    columns = list(truth.columns)
    pd.testing.assert_frame_equal(
        comparable(named(tables, table), columns), comparable(truth, columns), check_dtype=False
    )


@pytest.fixture(scope="module")
def sample(campaign: Campaign, tmp_path_factory) -> dict[str, pd.DataFrame]:
    return clean(RAW, campaign, tmp_path_factory.mktemp("processed"))


@pytest.mark.parametrize("table", TABLES)
def test_the_shipped_sample_is_recovered_exactly(sample, table):
    folder = next(path for path in TRUTH.iterdir() if path.is_dir())
    compare(sample, typed(read_truth(folder, table), table), table)


def test_every_row_that_is_not_blank_is_in_the_ledger_once(sample):
    filled = [
        (path.relative_to(RAW).as_posix(), sheet.name, r + 1)
        for path in raw_files(RAW)
        for sheet in read_file(path).sheets
        for r, row in enumerate(sheet.rows)
        if any(key_of(value) for value in row)
    ]
    ledger = sample["ledger"]
    listed = list(zip(ledger["source_file"], ledger["source_sheet"], ledger["source_row"], strict=True))
    assert sorted(listed) == sorted(filled)


def test_no_identity_column_reaches_the_processed_tables(sample):
    seen = "".join(frame.astype("str").to_csv() for frame in sample.values())
    planted = [
        str(value)
        for path in raw_files(RAW)
        for sheet in read_file(path).sheets
        for header in [
            r
            for r, row in enumerate(sheet.rows)
            if "来自IP" in map(key_of, row) or "身份证号" in map(key_of, row)
        ]
        for c, label in enumerate(map(key_of, sheet.rows[header]))
        if label in ("来自IP", "身份证号", "手机号")
        for row in sheet.rows[header + 1 :]
        for value in row[c : c + 1]
        if value and key_of(value) not in ("来自IP", "身份证号", "手机号")
    ]
    assert len(planted) > 50
    assert [value for value in planted if value in seen] == []


@pytest.mark.parametrize(("seed", "mess"), [(1, 0.0), (3, 1.0)])
def test_other_samples_are_recovered_exactly_too(campaign, tmp_path, seed, mess):
    truth = make_sample(tmp_path / "raw", seed=seed, members=60, institutions=2, mess=mess)
    tables = clean(tmp_path / "raw", campaign, tmp_path / "processed")
    assert set(tables["files"]["status"]) == {"read"}
    for institution, known in truth.items():
        mine = {name: frame[frame["institution"] == institution] for name, frame in tables.items()}
        for table in TABLES:
            compare(mine, conform_truth(known[table], table), table)


def conform_truth(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    whole = conform(table, frame.assign(name=frame["name"]) if table == "people" else frame)
    if "name" in frame and table != "people":
        whole = whole.assign(name=frame["name"].to_numpy())
    return whole[list(frame.columns)]
