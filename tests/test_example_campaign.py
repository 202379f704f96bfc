"""Another campaign, in English, with its own scales, items and units: the same code reads and reports it."""

import html
import re
import runpy
import shutil

import pandas as pd
import pytest
from conftest import ROOT, called

EXAMPLE = ROOT / "examples" / "staff_survey"
_MADE = runpy.run_path(str(EXAMPLE / "make_raw.py"))
LAST, LEADERSHIP, WORKLOAD = (_MADE[name] for name in ("LAST", "LEADERSHIP", "WORKLOAD"))


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """The example, copied, cleaned and published in English."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE / "campaign", folder / "campaign")
    shutil.copytree(EXAMPLE / "raw", folder / "raw")
    places = [
        part for name in ("campaign", "raw", "processed", "out") for part in (f"--{name}", folder / name)
    ]
    made = called(ROOT, "report", *places, "--lang", "en")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def table(edition, name):
    return pd.read_parquet(edition / "processed" / f"{name}.parquet")


def page(edition, name):
    source = (edition / "out" / f"{name}.html").read_text("utf-8")
    bare = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", source, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_every_file_is_read_whole_and_without_a_finding(edition):
    assert table(edition, "files")[["status", "findings"]].drop_duplicates().to_numpy().tolist() == [
        ["read", 0]
    ]
    assert (table(edition, "ledger")["outcome"] == "rejected").sum() == 0


def test_the_answers_are_those_that_were_given(edition):
    levels = {
        "v": "very_satisfied",
        "s": "satisfied",
        "n": "neither",
        "f": "dissatisfied",
        "d": "very_dissatisfied",
        "x": "abstain",
    }
    votes = table(edition, "votes").query("item == 'leadership'")
    found = votes.set_index(["year", "rater_group", "level"])["count"].to_dict()
    groups = {"Yes": "member", "No": "nonmember"}
    assert found == {
        (year, groups[group], levels[letter]): letters.count(letter)
        for year, said in LEADERSHIP.items()
        for group, letters in said.items()
        for letter in set(letters)
    }
    load = table(edition, "votes").query("item == 'workload' and year == 2023 and level == 'very_satisfied'")
    assert load["count"].sum() == 2 * WORKLOAD[2023].count("v")


def test_a_question_reworded_is_the_same_and_one_replaced_is_not(edition):
    asked = table(edition, "votes").groupby("year")["item"].unique()
    assert len({LAST[2021], LAST[2022], LAST[2023]}) == 3
    assert {year: sorted(set(items) & {"recommend", "stay"}) for year, items in asked.items()} == {
        2021: ["recommend"], 2022: ["recommend"], 2023: ["stay"],
    }  # fmt: skip
    scales = table(edition, "votes").groupby("item")["scale"].unique()
    assert {item: list(found) for item, found in scales.items()} == {
        "leadership": ["sat5"], "workload": ["sat5"], "recommend": ["agree5"], "stay": ["agree5"],
    }  # fmt: skip


def test_choices_are_counted_and_neither_mails_nor_comments_are_kept(edition):
    answers = table(edition, "answers").query("item == 'help' and answered_on.dt.year == 2021")
    assert answers["level"].value_counts().to_dict() == {
        "Training": 14,
        "Flexible hours": 8,
        "A quiet room": 6,
    }
    written = "".join(table(edition, name).astype(str).to_csv() for name in ("answers", "ledger", "votes"))
    assert "example.org" not in written
    assert "José" not in written


def test_dates_are_read_month_first_and_in_words(edition):
    events = table(edition, "events").query("held_on.dt.year == 2022").sort_values(["held_on", "unit"])
    assert events["held_on"].dt.strftime("%m-%d").tolist() == [
        "03-03",
        "03-03",
        "03-17",
        "03-17",
        "04-05",
        "04-26",
    ]


def test_the_pages_say_what_can_be_counted_by_hand(edition):
    said = page(edition, "02_satisfaction")
    for year, group, n, strict, inclusive in (
        (2021, "Members", 10, "20.0%", "50.0%"), (2021, "Non-members", 10, "10.0%", "40.0%"),
        (2022, "Members", 10, "30.0%", "70.0%"), (2022, "Non-members", 9, "11.1%", "55.6%"),
        (2023, "Members", 10, "50.0%", "80.0%"), (2023, "Non-members", 10, "20.0%", "70.0%"),
    ):  # fmt: skip
        row = rf"Wave {year} {group} Satisfaction, five levels — / — / 10 / {n} / — {strict} \(.*?\) [^%]*?{inclusive} "
        assert re.search(row, said), row
    brief = page(edition, "01_brief")
    assert "N1 12 training hours 100.0% of 24" in brief
    assert "N2 Problems closed 66.7% of 3" in brief
    assert "Rectification 1 2023-10-31 61" in brief  # 31 October to 31 December


def test_the_english_pages_are_english(edition):
    pages = sorted(path.stem for path in (edition / "out").glob("*.html"))
    assert len(pages) == 11
    chinese = [name for name in pages if re.search("[\u4e00-\u9fff]", page(edition, name))]
    assert chinese == []
