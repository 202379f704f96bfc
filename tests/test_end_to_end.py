"""The chain as a user runs it: what the pages say is what the sample's truth says; bad files stop nothing."""

import json
import os
import re
import shutil
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, called
from test_intake_files import OLE
from test_sample_cleaned import TRUTH, read_truth, typed

from cxzy_lib.tables import ALL_SCHEMAS

PAGES = [
    "01_brief",
    "02_satisfaction",
    "03_participation",
    "04_yearly",
    "05_five_goods",
    "06_five_leads",
    "07_steps",
    "08_duties",
    "09_awards",
    "10_data_quality",
]
PROPER_NAMES = re.compile(r"云溪社区学院|第[一二三四五]支部|离退休支部|学院办公室|[^ ]*\\.(?:xlsx?|csv)")


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    folder = next(path for path in TRUTH.iterdir() if path.is_dir())
    return {path.stem: typed(read_truth(folder, path.stem), path.stem) for path in folder.glob("*.csv")}


def words(page: Path) -> str:
    """Return what a reader sees of a page, pictures included."""
    body = page.read_text("utf-8").partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_an_edition_has_every_page_an_index_and_a_manifest(sample_edition):
    out = sample_edition["zh"]
    assert sorted(path.name for path in out.glob("*.html")) == sorted(
        [*(f"{p}.html" for p in PAGES), "index.html"]
    )
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert {entry["status"] for entry in manifest["pages"].values()} == {"done"}
    assert set(manifest["versions"]) >= {"pandas", "papermill"}
    index = (out / "index.html").read_text("utf-8")
    assert [page for page in PAGES if f'href="{page}.html"' not in index] == []
    assert index.count('class="tile tile--') == 8  # satisfaction and the seven numbers that bind
    brief = words(out / "01_brief.html")
    assert "268 个应开展的隔周 · 要求 ≥ 100% × 未达到" in brief  # a share: whose, and what is asked
    assert "1 起 要求 ≤ 0 × 未达到" in brief  # a count


def test_the_headline_is_the_truths_ballots(sample_edition, truth):
    votes = truth["votes"]
    last = votes[
        votes["occasion"].eq("satisfaction")
        & votes["item"].eq("leadership")
        & votes["rater_group"].eq("nonmember")
        & votes["semester"].eq("2011-2012-2")
    ].set_index("level")["count"]
    # Don't know and abstained are no valid votes.
    valid = int(last.drop(["unknown", "abstain"], errors="ignore").sum())
    strict = f"{100 * int(last['satisfied']) / valid:.1f}%"
    assert f"{strict}" in words(sample_edition["zh"] / "01_brief.html")
    assert f"有效 {valid} 票" in words(sample_edition["zh"] / "01_brief.html")
    inclusive = int(last[["satisfied", "fairly_satisfied", "basically_satisfied"]].sum())
    page = words(sample_edition["zh"] / "02_satisfaction.html")
    assert f"{100 * inclusive / valid:.1f}%" in page
    paper = (
        truth["turnout"]
        .query("occasion == 'satisfaction' and rater_group == 'nonmember' and semester == '2011-2012-2'")
        .iloc[0]
    )
    assert f"{paper['issued']} / {paper['returned']} / {valid} / {int(last.get('unknown', 0))}" in page


def test_attendance_is_the_truths_sums(sample_edition, truth, campaign):
    held = truth["events"][truth["events"]["kind"].isin(campaign.binding.activities)]
    held = held.dropna(subset=["present"]).drop_duplicates(["unit", "held_on", "topic"])
    sums = held.groupby("unit")[["present", "expected"]].sum()
    page = words(sample_edition["zh"] / "03_participation.html")
    for unit, row in sums.iterrows():
        assert f"{100 * row['present'] / row['expected']:.1f}%" in page, unit
    assert f"应到 {sums['expected'].sum():,} 人次" in page


def test_years_are_compared_per_day_and_the_change_of_scale_is_marked(sample_edition):
    page = words(sample_edition["zh"] / "04_yearly.html")
    assert "2010年 245 天、2011年 365 天、2012年 182 天" in page
    assert "量表变化" in page


def test_english_pages_have_no_chinese_but_proper_names(sample_edition, truth):
    departments = re.compile("|".join(map(re.escape, [*truth["units"]["unit"], *truth["people"]["name"]])))
    for page in [*PAGES[:-1], "index"]:
        left = PROPER_NAMES.sub("", departments.sub("", words(sample_edition["en"] / f"{page}.html")))
        assert re.findall(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+", left) == [], page
    # The data quality page quotes the sources' own words; its own are English.
    quality = words(sample_edition["en"] / "10_data_quality.html")
    assert "All 46 source files accounted for" in quality
    assert "需要核实" not in quality


CELL = re.compile(r"<(td|th|li|dd|figcaption|text)\b[^>]*>(.*?)</\1>", re.S)


def cells(page: Path) -> list[str]:
    body = page.read_text("utf-8").partition("<main")[2].partition("</main>")[0]
    found = (unescape(re.sub(r"<[^>]+>", "", cell[2])) for cell in CELL.finditer(body))
    return ["".join(cell.split()) for cell in found]


def test_pages_name_nobody_but_those_commended(sample_edition, truth):
    every = {re.sub(r"\(.*\)", "", name) for name in truth["people"]["name"]}
    people = pd.read_parquet(sample_edition["processed"] / "people.parquet").dropna(subset=["person"])
    people = people.drop_duplicates("person").set_index("person")["name"]
    events = pd.read_parquet(sample_edition["processed"] / "events.parquet")
    commended = events.loc[events["kind"].eq("award"), "person"].dropna().map(people)
    posted = {re.sub(r"\(.*\)", "", name) for name in commended}
    assert len(posted) > 5
    assert {len(name) for name in every} >= {2, 3}
    for lang in ("zh", "en"):
        for page in sample_edition[lang].glob("*.html"):
            told, names = cells(page), every
            if page.name == "09_awards.html":  # nor is who has a part of a longer name
                names = {name for name in every if not any(name in other for other in posted)}
            assert told
            assert [name for name in names if any(name in cell for cell in told)] == [], page.name
            assert [name for name in names if len(name) > 2 and name in words(page)] == [], page.name


@pytest.mark.parametrize("audience", ["public", "leadership"])
def test_a_name_in_the_wrong_cell_reaches_no_page(sample_edition, tmp_path, truth, audience):
    name = next(name for name in truth["people"]["name"] if len(name) == 2)
    ledger = pd.read_parquet(sample_edition["processed"] / "ledger.parquet")
    planted = ledger[ledger["layout"].notna()].head(1)
    planted = planted.assign(severity="warning", code="unknown_unit", column="支部", value=name, hint=name)
    shutil.copytree(sample_edition["processed"], tmp_path / "processed")
    pd.concat([planted, ledger], ignore_index=True).to_parquet(tmp_path / "processed" / "ledger.parquet")
    places = ("--processed", tmp_path / "processed", "--out", tmp_path / "out", "--audience", audience)
    assert called(ROOT, "run", "10_data_quality", *places).returncode == 0
    page = tmp_path / "out" / "10_data_quality.html"
    assert name not in words(page)
    assert "单位“（姓名略）”" in words(page)


def test_a_second_run_has_nothing_to_do_and_says_so(sample_edition):
    before = {path.name: path.stat().st_mtime_ns for path in sample_edition["zh"].iterdir()}
    again = called(
        ROOT,
        "report",
        "--processed",
        sample_edition["processed"],
        "--audience",
        "leadership",
        "--out",
        sample_edition["zh"],
    )
    assert again.returncode == 0
    assert "无变化" in again.stdout
    assert "无需重做" in again.stdout
    assert {path.name: path.stat().st_mtime_ns for path in sample_edition["zh"].iterdir()} == before


def test_bad_files_are_named_with_their_reason_and_the_rest_is_reported(tmp_path):
    source = next((ROOT / "data" / "raw").iterdir())
    college = tmp_path / "raw" / source.name
    college.mkdir(parents=True)
    for name in ("处室名册.xlsx", "党员花名册.xls", "整改台账.xlsx", "2012年6月满意度测评.xlsx"):
        shutil.copy(source / name, college)
    (college / "损坏.xlsx").write_bytes((college / "整改台账.xlsx").read_bytes()[:3000])
    (college / "加密.xlsx").write_bytes(OLE + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"))
    (college / "食堂菜单.csv").write_text("菜名,价格\n米饭,1\n", "utf-8")
    made = called(
        ROOT,
        "report",
        "--raw",
        tmp_path / "raw",
        "--processed",
        tmp_path / "processed",
        "--out",
        tmp_path / "out",
    )
    assert made.returncode == 1
    lines = {
        line.split("：")[0].split("/")[-1]: line
        for line in made.stdout.splitlines()
        if line.startswith(source.name)
    }
    assert "未取用 2 行，未认出或未能读取 3 个文件" in made.stdout  # the menu's two rows
    assert "已损坏" in lines["损坏.xlsx"]
    assert "已加密" in lines["加密.xlsx"]
    assert "未认出" in lines["食堂菜单.csv"]
    assert "未能采用" in words(tmp_path / "out" / "10_data_quality.html")
    assert "采用 4 个，未采用 3 个" in words(tmp_path / "out" / "01_brief.html")


def _own_files() -> set[Path]:
    """Return what is in the repository, but for environments and caches, which are long and grow by themselves."""
    found = set()
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if not name.startswith(".") and "cache" not in name]
        found |= {Path(folder, name) for name in (*inside, *files)}
    return found


def test_check_writes_nothing(tmp_path):
    before = _own_files()
    told = called(ROOT, "check", "--processed", tmp_path / "none", "--lang", "en")
    assert told.returncode == 0
    assert "Checked, nothing written: 46 files" in told.stdout
    assert not (tmp_path / "none").exists()
    assert _own_files() == before
    assert ROOT / "data" / "raw" in before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("clean", "--raw", "/nowhere"), "/nowhere"),
        (("run", "99_nothing"), "99_nothing"),
        (("run", "--unit", "没有这个支部"), "没有这个支部"),
        (("run", "--processed", "/nowhere"), "cxzy clean"),
        (("clean", "--campaign", "/nowhere"), "plan.toml"),
        (("clean", "--lang", "fr"), "fr"),
    ],
)
def test_a_wrong_call_is_two_and_says_why(sample_edition, arguments, message):
    places = () if "--processed" in arguments else ("--processed", sample_edition["processed"])
    made = ROOT / "reports" / "public-zh"
    before = made.exists()
    told = called(ROOT, *arguments, *places)
    assert made.exists() == before  # nothing is made by a wrong call
    assert told.returncode == 2
    assert message in told.stderr


def test_sample_writes_raw_files_and_their_truth(tmp_path):
    told = called(
        ROOT, "sample", tmp_path / "more", "--seed", 3, "--members", 30, "--institutions", 2, "--mess", 1
    )
    assert told.returncode == 0
    assert len(list((tmp_path / "more" / "raw").iterdir())) == 2
    assert {path.stem for path in (tmp_path / "more" / "truth").rglob("*.csv")} <= set(ALL_SCHEMAS)
    assert called(ROOT, "sample", tmp_path / "more").returncode == 2
