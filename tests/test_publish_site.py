"""An edition as a folder: what stays, what goes, what is said of it."""

import json
from pathlib import Path

import pytest

from cxzy_lib.publish import jobs as planning
from cxzy_lib.publish.html import body_of
from cxzy_lib.publish.jobs import Job, OtherEdition
from cxzy_lib.publish.runner import Failure, Result
from cxzy_lib.publish.site import Edition, prepare, prepare_list, publish

NUMBER = {
    "label": "完成率",
    "value_text": "96.2%",
    "base_text": "306/318",
    "state": "met",
    "href": "b.html#x",
}


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    return planned(tmp_path, "public")


def planned(folder: Path, audience: str) -> list[Job]:
    places = {place: str(folder / place) for place in planning.PLACES}
    params = places | {"year": None, "unit": None, "lang": "zh", "audience": audience}
    for name in "ab":
        (folder / f"{name}.ipynb").write_text("{}")
    return planning.plan_jobs(folder, (), params)


def done(job: Job, words: str) -> Result:
    name = job.notebook.stem.upper()
    return Result(job, "done", 1.5, None, f"{name} <1>", "", (NUMBER,), f"<h1>{words}</h1>")


def failed(job: Job) -> Result:
    return Result(job, "failed", 0.1, Failure("KeyError", "'<x>'", 4), job.notebook.stem)


def issue(results: list[Result], jobs: list[Job]) -> tuple[Path, dict]:
    out = jobs[0].notebook.parent / "out"
    edition = Edition("版次", "zh", jobs[0].parameters["audience"], "学院", "2010")
    publish(prepare(results, out, edition, planned=jobs, inputs={"campaign/plan.toml": "1"}))
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".html") == ["manifest.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in out.iterdir())
    assert not any(str(out.parent) in path.read_text("utf-8") for path in out.iterdir())
    return out, json.loads((out / "manifest.json").read_text("utf-8"))


def test_the_index_leads_with_the_numbers_and_lists_every_page(jobs):
    out, manifest = issue([done(jobs[0], "甲"), failed(jobs[1])], jobs)
    index = (out / "index.html").read_text("utf-8")
    assert '<p class="tile-value">96.2%</p>' in index
    assert '<a href="a.html">A &lt;1&gt;</a>' in index
    assert "第 4 个代码单元出错：KeyError：&#39;&lt;x&gt;&#39;" in index
    assert "b.html" not in index  # there is no such page yet: neither the tile nor the list links it
    assert manifest["status"] == "failed"
    assert manifest["inputs"] == {"campaign/plan.toml": "1"}
    assert manifest["parameters"] == {"year": None, "unit": None, "lang": "zh", "audience": "public"}
    assert "学院 · 版次 · 2010" in index
    assert set(manifest["versions"]) == set(planning.LIBRARIES)
    page = manifest["pages"]["a.html"]
    assert (page["status"], page["seconds"], page["notebook"]) == ("done", 1.5, "a.ipynb")
    assert page["parameters"] == {"year": None, "unit": None, "lang": "zh", "audience": "public"}
    assert not planning.stale(jobs[0], manifest, manifest["inputs"])
    assert planning.stale(jobs[1], manifest, manifest["inputs"])


def test_the_index_says_which_page_is_behind_its_data(jobs):
    out, _ = issue([done(jobs[0], "甲"), done(jobs[1], "乙")], jobs)
    assert "尚未重做" not in (out / "index.html").read_text("utf-8")
    edition = Edition("版次", "zh", "public", "学院", "2010", "第一支部 · 2011年")
    publish(prepare([done(jobs[0], "丙")], out, edition, planned=jobs, inputs={"campaign/plan.toml": "2"}))
    index = (out / "index.html").read_text("utf-8")
    assert index.count("尚未重做") == 1
    assert index.index("B &lt;1&gt;") < index.index("尚未重做")
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [page["stale"] for page in manifest["pages"].values()] == [False, True]
    for name in ("a.html", "index.html"):  # each says what it is about
        assert "第一支部 · 2011年 · 公开版" in (out / name).read_text("utf-8")


def test_a_failure_never_replaces_the_last_good_page(jobs):
    _, before = issue([done(jobs[0], "甲"), done(jobs[1], "乙")], jobs)
    out, manifest = issue([failed(jobs[1])], jobs)
    assert body_of((out / "b.html").read_text("utf-8")) == "<h1>乙</h1>"
    assert manifest["pages"]["a.html"] == before["pages"]["a.html"]
    assert manifest["pages"]["b.html"]["made"] == before["pages"]["b.html"]["made"]
    assert manifest["pages"]["b.html"]["title"] == "B <1>"
    assert "本次未能更新" in (out / "index.html").read_text("utf-8")
    issue([done(jobs[1], "丙")], jobs)
    assert body_of((out / "b.html").read_text("utf-8")) == "<h1>丙</h1>"
    assert '<a href="b.html">' in (out / "a.html").read_text("utf-8")


def test_pages_of_removed_notebooks_go(jobs):
    issue([done(jobs[0], "甲"), done(jobs[1], "乙")], jobs)
    out, manifest = issue([done(jobs[0], "甲")], jobs[:1])
    assert list(manifest["pages"]) == ["a.html"]
    assert not (out / "b.html").exists()


def test_a_page_for_another_audience_is_neither_relabelled_nor_lost(tmp_path, jobs):
    inside = planned(tmp_path, "leadership")
    out, _ = issue([done(inside[0], "甲"), done(inside[1], "乙")], inside)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(OtherEdition) as other:
        issue([done(jobs[0], "丙")], jobs)
    assert other.value.folder == out
    assert other.value.parameters == planning.settings(inside[0])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_list_of_institutions_names_each_with_its_state(tmp_path):
    parameters = {"year": None, "unit": None, "lang": "zh", "audience": "public"}
    why = {"kind": "ValueError", "message": "不行", "cell": 3}
    entry = {
        "folder": "甲学院",
        "status": "done",
        "made": "2012-06-30 08:00",
        "pages": 5,
        "failed": [],
        "title": "A",
    }
    listed = [
        {"name": "甲学院", **entry},
        {
            "name": "乙<学院>",
            **entry,
            "folder": "乙_学院_-1 a",
            "status": "failed",
            "failed": [["丙", why], ["丁", why]],
        },
        {"name": "丙学院", **entry, "folder": "丙学院", "status": "withheld"},
        {"name": "丁学院", **entry, "folder": "丁学院", "status": "withheld", "made": None, "title": ""},
    ]
    edition = Edition("版次", "zh", "public", period="2010")
    for name in ("annex.xlsx", ".audit.json"):  # of an edition that stood here
        (tmp_path / name).write_text("old")
    publish(prepare_list(listed, tmp_path, edition, parameters=parameters, inputs={"a": "1"}))
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "manifest.json"}
    markup = (tmp_path / "index.html").read_text("utf-8")
    assert '<a href="%E7%94%B2%E5%AD%A6%E9%99%A2/index.html">甲学院</a>' in markup
    assert '/index.html">乙&lt;学院&gt;</a>' in markup
    assert "5 页中有 2 页未能完成" in markup
    assert markup.count("本次未发布") == 2
    assert "<h3>丁学院</h3>" in markup  # never published: there is nothing to lead to
    assert "丁 · 第 3 个代码单元出错：ValueError：不行" in markup
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert (manifest["status"], manifest["parameters"], manifest["inputs"]) == (
        "failed",
        parameters,
        {"a": "1"},
    )
    assert [found["name"] for found in manifest["editions"]] == ["甲学院", "乙<学院>", "丙学院", "丁学院"]
