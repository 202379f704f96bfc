"""Notebooks run side by side: what comes back, what fails alone, what is stale."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from cxzy_lib.publish import jobs, runner
from cxzy_lib.publish.runner import Failure

DECLARED = "processed = campaign = out = ''\nprocessed = ''\ncampaign = ''\nout = ''\nyear = None\nunit = None\nlang = 'zh'\n"
SHOWS = """from IPython.display import display
html = f"<p>{processed}/votes.parquet {lang} {year}</p>"
number = {"label": "n", "value_text": "1", "base_text": "2"}
display({"text/html": html, "application/vnd.cxzy.page+json": {"title": "满意度", "subtitle": "s"},
         "application/vnd.cxzy.key-numbers+json": [number]}, raw=True)"""
NOTEBOOKS = {
    "01_good": (DECLARED + "audience = ''", "# words", SHOWS),
    "02_raises": (
        DECLARED + "audience = ''",
        "# words",
        "1",
        "open(f'{processed}/里/a.csv, /srv/b/c/e.csv')",
    ),
    "03_undeclared": (DECLARED, "# words", SHOWS),
    "04_kills_its_worker": (DECLARED + "audience = ''", "# words", "import os\nos.kill(os.getppid(), 9)"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with braces in its name, which papermill takes for a template."""
    root = tmp_path_factory.mktemp("a{b}")
    for name, (declared, words, *codes) in NOTEBOOKS.items():
        first = nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]})
        cells = [first, nbformat.v4.new_markdown_cell(words), *map(nbformat.v4.new_code_cell, codes)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), root / f"{name}.ipynb")
    for place, file in (("processed", "votes.parquet"), ("campaign", "plan.toml"), ("out", "index.html")):
        (root / place).mkdir()
        (root / place / file).write_text("1")
    return root


@pytest.fixture(scope="module")
def params(folder: Path) -> dict[str, object]:
    places = {place: folder / place for place in jobs.PLACES}
    return places | {"year": 2011, "unit": None, "lang": "zh", "audience": "public"}


@pytest.fixture(scope="module")
def results(folder, params, tmp_path_factory) -> dict[str, runner.Result]:
    todo = jobs.plan_jobs(folder, (), params)
    work = tmp_path_factory.mktemp("work") / "new"
    found = dict(runner.run_jobs(todo, workers=2, work_dir=work))
    assert [found[n].job for n in range(len(todo))] == todo
    assert (work / "0" / "01_good.ipynb").is_file()
    return {result.job.notebook.stem: result for result in found.values()}


def test_a_result_carries_what_the_notebook_shows(results):
    good = results["01_good"]
    assert (good.status, good.error, good.title, good.subtitle) == ("done", None, "满意度", "s")
    assert good.key_numbers == ({"label": "n", "value_text": "1", "base_text": "2"},)
    assert good.html == "<h1>满意度</h1>\n<p>processed/votes.parquet zh 2011</p>"
    assert good.seconds > 0


def test_an_error_names_the_code_cell_and_no_folder(results):
    # code cells: parameters 1, "1" 2, open(…) 3
    message = "[Errno 2] No such file or directory: 'processed/里/a.csv, e.csv'"
    assert results["02_raises"].error == Failure("FileNotFoundError", message, 3)


def test_a_parameter_that_is_not_declared_is_an_error(results):
    error = results["03_undeclared"].error
    assert (error.kind, error.cell) == ("NotebookError", None)
    assert "audience" in error.message


def test_a_lost_worker_takes_nobody_with_it(results):
    assert results["04_kills_its_worker"].error.kind == "BrokenProcessPool"
    states = {name: result.status for name, result in results.items()}
    assert states == {name: "done" if name == "01_good" else "failed" for name in NOTEBOOKS}


def test_a_cell_that_hangs_in_a_kernel_is_ended(tmp_path, params, monkeypatch):
    first = nbformat.v4.new_code_cell(DECLARED + "audience = ''", metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell("import time\ntime.sleep(120)")])
    nbformat.write(book, tmp_path / "hangs.ipynb")
    monkeypatch.setattr(runner, "SECONDS", 2)
    result = runner.execute(jobs.plan_jobs(tmp_path, (), params)[0], tmp_path / "work")
    assert (result.status, result.error.kind) == ("failed", "CellTimeoutError")
    assert result.seconds < 60


def test_plans_all_or_those_named(folder, params):
    assert [job.page for job in jobs.plan_jobs(folder, (), params)] == [f"{name}.html" for name in NOTEBOOKS]
    named = jobs.plan_jobs(folder, ["notebooks/02_raises.ipynb", "01_good"], params)
    assert [job.page for job in named] == ["01_good.html", "02_raises.html"]
    with pytest.raises(jobs.NotebookError, match=r"05_x.*01_good"):
        jobs.plan_jobs(folder, ["05_x"], params)
    with pytest.raises(jobs.NotebookError, match="quarter"):
        jobs.plan_jobs(folder, (), params | {"quarter": 1})


def test_stale_is_what_depends_on_a_change(folder, params):
    job = jobs.plan_jobs(folder, ["01_good"], params)[0]
    inputs = jobs.inputs(folder / "campaign", folder / "processed")
    assert {"cxzy_lib", "campaign/plan.toml", "processed/votes.parquet", "papermill"} <= set(inputs)
    entry = {"status": "done", "made": "m", "digest": jobs.digest(job, inputs)}

    def kept(**changed: object) -> bool:
        pages = {job.page: entry | changed}
        (folder / "out" / "manifest.json").write_text(json.dumps({"pages": pages}))
        return not jobs.stale(job, jobs.read_manifest(folder / "out"), inputs)

    assert not kept()  # the page itself is not there
    (folder / "out" / job.page).write_text("page")
    assert kept()
    assert not kept(status="failed")
    manifest = {"pages": {job.page: entry}}
    assert not jobs.stale(job, manifest, inputs)
    assert jobs.stale(job, manifest, inputs | {"processed/votes.parquet": "other"})
    assert jobs.stale(replace(job, parameters=job.parameters | {"year": 2012}), manifest, inputs)
    (folder / "out" / "manifest.json").write_text("{")
    assert jobs.read_manifest(folder / "out") == {}


def test_finding_nothing_to_do_loads_nothing_heavy(folder, params):
    places = {name: str(value) if name in jobs.PLACES else value for name, value in params.items()}
    code = f"""
import sys
from pathlib import Path
from cxzy_lib.publish import jobs, runner
inputs = jobs.inputs({places["campaign"]!r}, {places["processed"]!r})
for job in jobs.plan_jobs({str(folder)!r}, (), {places!r}):
    assert jobs.stale(job, jobs.read_manifest(Path({places["out"]!r})), inputs)
print(*(set(sys.modules) & {{"pandas", "numpy", "papermill", "nbconvert", "nbformat", "jinja2"}}))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""
