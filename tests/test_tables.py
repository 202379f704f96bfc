"""The processed tables on the disk: an institution can be read, and known to be unchanged, without the others."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pyarrow import parquet

from cxzy_lib.publish import jobs
from cxzy_lib.stored import institutions, parts
from cxzy_lib.tables import ALL_SCHEMAS, conform, load, save

ROWS = [("乙校", 1), ("甲校", 2), ("乙校", 3), (None, 4)]


def tables(rows=ROWS) -> dict[str, pd.DataFrame]:
    of = [
        {"institution": name, "source_row": n, "hours": n / 2, "started_on": "2011-03-01"} for name, n in rows
    ]
    files = [{"institution": name, "source_file": "a.xls"} for name, _ in rows]
    made = {name: conform(name, []) for name in ALL_SCHEMAS}
    return made | {"hours": conform("hours", of), "files": conform("files", files)}


def test_what_is_written_is_what_was_given(tmp_path):
    save(tables(), tmp_path)
    whole = load(tmp_path)
    for name, given in tables().items():
        found = getattr(whole, name)
        assert found.dtypes.tolist() == given.dtypes.tolist(), name
        assert len(found) == len(given)
    # The rows of an institution lie together, in their order.
    assert whole.hours["source_row"].tolist() == [1, 3, 2, 4]
    assert institutions(tmp_path) == ["乙校", "甲校"]


def test_one_institution_is_read_without_the_others(tmp_path):
    save(tables(), tmp_path)
    mine = load(tmp_path, "乙校")
    expected = tables()["hours"].iloc[[0, 2]].reset_index(drop=True)
    assert_frame_equal(mine.hours, expected)
    assert mine.votes.dtypes.tolist() == conform("votes", []).dtypes.tolist()
    found = parquet.read_metadata(tmp_path / "hours.parquet")
    groups = [found.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert groups == [2, 1, 1]
    assert load(tmp_path, "丙校").hours.empty


def test_a_change_in_one_institution_is_a_change_of_its_inputs_alone(tmp_path):
    def inputs():
        found = jobs.inputs(tmp_path, tmp_path)
        return jobs.of_institutions(found, tmp_path, ["甲校", "乙校"])

    save(tables(), tmp_path)
    before = inputs()
    save(tables([*ROWS[:1], ("甲校", 20), *ROWS[2:]]), tmp_path)
    after = inputs()
    assert after["乙校"] == before["乙校"]
    assert {name for name, value in after["甲校"].items() if value != before["甲校"][name]} == {
        "processed/hours.parquet"
    }
    save(tables([*ROWS[:3], (None, 40)]), tmp_path)  # what is nobody's is everybody's
    assert all(inputs()[name] != before[name] for name in before)


@pytest.mark.parametrize("rewrite", ["pandas", "arrow"])
def test_a_table_written_by_something_else_counts_whole(tmp_path, rewrite):
    save(tables(), tmp_path)
    path = tmp_path / "hours.parquet"
    if rewrite == "pandas":
        tables()["hours"].to_parquet(path)
    else:  # which keeps what the file says of itself
        parquet.write_table(parquet.read_table(path).slice(0, 3), path)
    assert parts(tmp_path / "hours.parquet") == {}
    whole = jobs.inputs(tmp_path, tmp_path)
    of = jobs.of_institutions(whole, tmp_path, ["甲校"])["甲校"]
    assert of["processed/hours.parquet"] == whole["processed/hours.parquet"]
    assert of["processed/files.parquet"] != whole["processed/files.parquet"]


def test_without_tables_one_is_told_what_to_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="cxzy clean"):
        load(tmp_path)
