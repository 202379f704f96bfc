"""Notebooks in copies of a process: alone each, in order, and missed by nobody when they die."""

import json
import os
import time
from pathlib import Path

import nbformat
import pytest

from cxzy_lib.publish import copies, jobs, runner

DECLARED = "\n".join(f"{name} = None" for name in jobs.PARAMETERS)
NOTEBOOKS = {
    "01_spoils": ["import json\njson.spoilt = True\nprint('printed', end='')", "1"],
    "02_is_clean": ["import json", "hasattr(json, 'spoilt')"],
    "03_draws": ["import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "'between'", "plt.figure().gca();"],
    "04_raises": ["'before'", "1 / 0", "'never'"],
    "05_dies": ["import os\nos.kill(os.getpid(), 9)"],
    "06_wanders": ["import os\nprint(os.getcwd())", "os.getcwd()"],
    "07_random": ["import numpy as np, random", "(float(np.random.rand()), random.random())"],
    "08_random": ["import numpy as np, random", "(float(np.random.rand()), random.random())"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copies")
    for name, codes in NOTEBOOKS.items():
        first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
        cells = [first, *map(nbformat.v4.new_code_cell, codes)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), root / f"{name}.ipynb")
    return root


def planned(folder: Path, only: tuple[str, ...] = (), **changed: object) -> dict[int, jobs.Job]:
    places = {place: folder / place for place in jobs.PLACES}
    params = places | {"year": None, "unit": None, "lang": "zh", "audience": "public"} | changed
    return dict(enumerate(jobs.plan_jobs(folder, only, params)))


@pytest.fixture(scope="module")
def ran(folder, tmp_path_factory) -> tuple[Path, dict[str, runner.Result | None]]:
    work, todo = tmp_path_factory.mktemp("work"), planned(folder)
    found = dict(copies.run_in_copies(todo, 2, work))
    assert found.keys() == todo.keys()
    return work, {todo[n].notebook.stem: result for n, result in found.items()}


def outputs(ran: tuple[Path, object], name: str) -> list[object]:
    path = next(ran[0].glob(f"*/{name}.ipynb"))
    return [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]


def test_what_one_notebook_does_no_other_sees(ran):
    assert [output.data["text/plain"] for output in outputs(ran, "02_is_clean")] == ["False"]
    printed, value = outputs(ran, "01_spoils")
    assert (printed.text, value.data["text/plain"]) == ("printed", "1")


def test_each_figure_is_drawn_where_its_cell_ends(ran):
    kinds = ["image/png" in output.data for output in outputs(ran, "03_draws")]
    assert kinds == [True, False, True]


def test_an_error_ends_the_notebook_and_is_told(ran):
    result = ran[1]["04_raises"]
    assert (result.status, result.error) == (
        "failed",
        runner.Failure("ZeroDivisionError", "division by zero", 3),
    )
    assert [output.output_type for output in outputs(ran, "04_raises")] == ["display_data", "error"]


def test_a_copy_that_dies_is_lost_alone(ran):
    assert ran[1]["05_dies"] is None
    bad = {name for name, result in ran[1].items() if result is None or result.status == "failed"}
    assert bad == {"04_raises", "05_dies"}


def test_a_notebook_runs_in_its_folder(ran, folder):
    assert outputs(ran, "06_wanders")[1].data["text/plain"] == repr(str(folder))


def test_copies_do_not_share_their_chance(ran):
    first, second = (outputs(ran, f"0{n}_random")[0].data["text/plain"] for n in (7, 8))
    assert all(a != b for a, b in zip(eval(first), eval(second), strict=True))


def test_what_was_lost_or_failed_runs_again_in_a_kernel(folder, tmp_path):
    # The first time, in a copy, it dies; the second time it finds the file and goes through.
    code = "import os, pathlib\nmark = pathlib.Path('mark')\nif not mark.exists():\n    mark.touch()\n    os._exit(3)"
    first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    nbformat.write(
        nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)]), tmp_path / "once.ipynb"
    )
    todo = list(planned(tmp_path).values())
    ((_, result),) = runner.run_jobs(todo, workers=1, work_dir=tmp_path / "work")
    assert result.status == "done"


def test_a_copy_that_takes_too_long_ends(tmp_path):
    code = "import time\ntime.sleep(600)"
    first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    nbformat.write(
        nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)]), tmp_path / "slow.ipynb"
    )
    started = time.monotonic()
    (tmp_path / "work").mkdir()
    assert dict(copies.run_in_copies(planned(tmp_path), 1, tmp_path / "work", seconds=1)) == {0: None}
    assert time.monotonic() - started < 300


def test_selections_are_opened_apart_and_never_more_work_than_may(folder, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    code = (
        "import os, pathlib, time\n"
        f"own = pathlib.Path({str(marks)!r}, str(os.getpid()))\nown.touch()\ntime.sleep(0.2)\n"
        "beside = len(list(own.parent.iterdir()))\nown.unlink()\n"
        "from IPython.display import display\n"
        "display({'application/vnd.cxzy.key-numbers+json': [{'beside': beside, 'unit': unit, 'opener': os.getppid()}]}, raw=True)"
    )
    first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    for name in "ab":
        cells = [first, nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    units = [planned(tmp_path, unit=str(n)) for n in range(4)]
    todo = dict(enumerate(job for one in units for job in one.values()))
    (tmp_path / "work").mkdir()
    found = [result.key_numbers[0] for _, result in copies.run_in_copies(todo, 2, tmp_path / "work")]
    assert max(one["beside"] for one in found) <= 2
    openers = {unit: {one["opener"] for one in found if one["unit"] == unit} for unit in "0123"}
    assert [len(one) for one in openers.values()] == [1, 1, 1, 1]
    assert len(set().union(*openers.values())) == 4
    assert json.dumps(sorted(one["unit"] for one in found)) == json.dumps(sorted("01230123"))
    assert os.getpid() not in set().union(*openers.values())


def test_the_next_notebooks_run_while_the_caller_is_busy(tmp_path):
    """A caller that publishes for long between two results keeps nobody waiting."""
    marks = tmp_path / "marks"
    marks.mkdir()
    first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    for name in "abc":
        code = f"import pathlib\npathlib.Path({str(marks)!r}, {name!r}).touch()"
        notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    (tmp_path / "work").mkdir()
    coming = copies.run_in_copies(planned(tmp_path), 1, tmp_path / "work")
    next(coming)
    waited = time.monotonic()
    while len(list(marks.iterdir())) < 3:  # nobody asks for the others meanwhile
        assert time.monotonic() - waited < 300
        time.sleep(0.1)
    assert len(list(coming)) == 2


def test_what_is_called_off_ends(tmp_path):
    first = nbformat.v4.new_code_cell(DECLARED, metadata={"tags": ["parameters"]})
    for name, code in (("a", "1"), ("b", "import time\ntime.sleep(600)")):
        notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    (tmp_path / "work").mkdir()
    coming = copies.run_in_copies(planned(tmp_path), 1, tmp_path / "work")
    assert next(coming)[0] == 0
    started = time.monotonic()
    coming.close()
    assert time.monotonic() - started < 300
