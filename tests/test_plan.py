"""The plan as data: nothing of it is missing and nothing is invented; every clause has its row in the sample."""

import re
from datetime import date

import pandas as pd
import pytest
from conftest import ROOT

from cxzy_lib.campaign import Campaign, CampaignError, load_campaign
from cxzy_lib.intake.clean import clean
from cxzy_lib.measure.evidence import Evidence
from cxzy_lib.measure.indicators import MEASURES, status_table, trace
from cxzy_lib.measure.summaries import STATES
from cxzy_lib.tables import ALL_SCHEMAS, SCHEMAS, Tables, conform

PLAN = (ROOT / "tests" / "data" / "plan.zh.txt").read_text("utf-8")
# The letters printed under each item, counted in the plan by hand: 24 + 14 + 25 + 22 + 5 + 21 = 111 clauses.
LETTERS = {
    "G1.1": "abcd", "G1.2": "abc", "G1.3": "abc", "G1.4": "abcd", "G1.5": "abcde", "G1.6": "abcde",
    "G2.1": "abcd", "G2.2": "abc", "G2.3": "abcd", "G2.4": "abc",
    "G3.1": "abcd", "G3.2": "abcd", "G3.3": "abcd", "G3.4": "ab", "G3.5": "abcd", "G3.6": "abcde", "G3.7": "ab",
    "G4.1": "abcdefgh", "G4.2": "abcde", "G4.3": "a", "G4.5": "abcde", "G4.6": "abc",
    "G5.1": "abcd", "G5.2": "a",
    "L1": "abc", "L2": "abcd", "L3": "abcdef", "L4": "abcd", "L5": "abcd",
}  # fmt: skip
LINKED = [
    f"{goal}.x{n}"
    for goal, count in (("G1", 2), ("G2", 1), ("G3", 3), ("G4", 5))
    for n in range(1, count + 1)
]
DUTIES = [f"D4.{n}" for n in range(1, 7)] + ["D1.1", "D1.1b", *(f"D1.{n}" for n in range(2, 9))]
DUTIES += [f"D2.{n}" for n in range(1, 13)] + [f"D3.{n}" for n in range(1, 4)]
DUTIES += [f"D6.{n}" for n in range(1, 4)] + [f"D7.{n}" for n in range(1, 9)]
PRINTED = [item + letter for item, letters in LETTERS.items() for letter in letters]


@pytest.fixture(scope="module")
def plan(campaign: Campaign):
    return campaign.plan


@pytest.fixture(scope="module")
def sample(campaign: Campaign, tmp_path_factory) -> Tables:
    tables = clean(ROOT / "data" / "raw", campaign, tmp_path_factory.mktemp("processed"))
    return Tables(**tables)


@pytest.fixture(scope="module")
def evidence(campaign: Campaign, sample: Tables) -> Evidence:
    return Evidence(sample, campaign, date(2012, 6, 30))


@pytest.fixture(scope="module")
def status(evidence: Evidence) -> pd.DataFrame:
    return status_table(evidence)


def test_the_printed_items_and_clauses_are_all_there_and_no_others(plan):
    assert (len(PRINTED), len(LINKED), len(DUTIES)) == (111, 11, 41)
    assert set(plan.indicators) == {*PRINTED, *LINKED, "G4.4"}
    assert set(plan.duties) == set(DUTIES)
    assert set(plan.criteria) == {*LETTERS, "G4.4"}  # 29, and the one that the source lacks
    assert [code for code, criterion in plan.criteria.items() if criterion.missing] == ["G4.4"]
    assert plan.indicators["G4.4"].missing
    assert plan.indicators["G4.4"].measure is None


def test_documents_actors_lists_steps_phases_awards_and_numbers_are_counted(plan, campaign):
    assert list(plan.documents) == [f"R{n}" for n in range(1, 9)]
    assert list(plan.actors) == [f"P{n}" for n in range(1, 25)]
    assert list(plan.lists) == [f"K{n}" for n in range(21)]
    assert list(plan.steps) == [f"STEP{n}" for n in range(1, 6)]
    assert [phase.code for phase in plan.phases] == ["LP0", "LP1", "LP2"]
    assert list(plan.awards) == [f"W{n}" for n in range(1, 8)]
    assert sum(award.before is not None for award in plan.awards.values()) == 3
    assert list(plan.numbers) == [f"N{n}" for n in range(1, 8)]
    assert len(campaign.stages) == 3
    described = [(year, step) for step, found in plan.steps.items() for year in found.described]
    assert len(described) == 7  # of 15: three in 2010, three in 2011, one in 2012
    assert [sum(year == y for y, _ in described) for year in ("2010", "2011", "2012")] == [3, 3, 1]


def test_every_wording_is_the_plans_own(plan):
    said = {code: clause.zh for code, clause in plan.clauses.items()}
    said |= {code: criterion.text for code, criterion in plan.criteria.items()}
    said |= {code: award.zh for code, award in plan.awards.items()}
    said |= {code: found.zh for code, found in plan.lists.items()}
    said |= {code: document.zh for code, document in plan.documents.items()}
    assert {code for code, words in said.items() if words not in PLAN} == set()
    assert {code for code, words in said.items() if not words} == {"G4.4"}
    for code, found in plan.lists.items():
        assert [value for value in found.values if value not in PLAN] == [], code


def test_the_deleted_name_stays_deleted(plan, campaign):
    assert plan.indicators["G3.2a"].zh == "坚持和完善“”制度"
    assert campaign.setting("named_system") == []


def test_every_clause_has_an_english_name_without_chinese(plan):
    named = {**plan.clauses, **plan.criteria, **plan.documents, **plan.actors, **plan.lists, **plan.numbers}
    assert [code for code, one in named.items() if not one.en or re.search(r"[\u4e00-\u9fff]", one.en)] == []


def test_the_27_ambiguities_are_settings_with_a_reason_in_both_languages(campaign):
    found = [setting for setting in campaign.settings.values() if setting.ambiguity]
    assert {setting.ambiguity for setting in found} == {f"X{n}" for n in range(1, 28)}
    assert all(setting.zh and setting.en for setting in campaign.settings.values())


def test_a_value_that_is_no_choice_is_refused_with_the_choices(tmp_path):
    for path in (ROOT / "campaign").glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    settings = tmp_path / "settings.toml"
    wrong = settings.read_text("utf-8").replace('value = "either"', 'value = "neither"')
    settings.write_text(wrong, "utf-8")
    with pytest.raises(CampaignError, match=r"settings.toml: \[dual_role_rule\] value = 'neither'.*'both'"):
        load_campaign(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("settings", "[group_weights]\nvalue = {}", "[group_weights]\nvalue = { members = 1.0 }",
         r"settings.toml: \[group_weights\] \['members'\].*among member, nonmember"),
        ("settings", "[group_weights]\nvalue = {}", "[group_weights]\nvalue = { member = 0.9 }",
         r"settings.toml: \[group_weights\] value = .*must add up to 1, not 0.9"),
        ("settings", "[group_weights]\nvalue = {}", '[group_weights]\nvalue = { member = "1" }', "must add up to 1"),
        ("settings", "[raking]\nvalue = {}", "[raking]\nvalue = { unit = { a = 20 } }", r"\[raking\] \['unit'\]"),
        ("settings", "[raking]\nvalue = {}", "[raking]\nvalue = { member = { appraisee_type = { a = 20 } } }",
         r"\[raking\] member = .*must be like { unit = "),
        ("settings", "[raking]\nvalue = {}", "[raking]\nvalue = { member = { unit = { a = 0 } } }", "must be like"),
        ("comparability", 'survey = "web"', 'survey = "web", satisfaction = "phone"',
         r"comparability.toml: modes satisfaction = 'phone'.*one of paper, web"),
    ],
)  # fmt: skip
def test_a_setting_that_no_page_could_tell_is_refused_with_its_remedy(tmp_path, file, old, new, told):
    for path in (ROOT / "campaign").glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    path = tmp_path / f"{file}.toml"
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CampaignError, match=told):
        load_campaign(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('settings = ["named_system"]', 'settings = ["no_such"]', r"G3.2a.settings: \['no_such'\]"),
        ('number = "N1"', 'number = "N9"', r"G3.2b.number: \['N9'\]"),
        ('items = ["climate"]', 'items = ["weather"]', r"G3.5d.measure.items: \['weather'\]"),
        ('of = "cadence"', 'of = "rhythm"', "rhythm"),
        ('clauses = ["G3.2b"]', 'clauses = ["G3.2z"]', r"N1.clauses: \['G3.2z'\]"),
        ('evidence = ["T20"]', 'evidence = ["T99"]', r"evidence: \['T99'\].*layouts.toml"),
        ('value = "exists"', 'value = "exist"', "measure.value = 'exist': .*exists, gap"),
        ('of = "cadence"', 'of = "figures", items = ["x"]', r'G3.2b.measure: .*"mean".*"sum"'),
    ],
)
def test_a_clause_that_names_what_is_not_there_is_refused(tmp_path, old, new, told):
    for path in (ROOT / "campaign").glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CampaignError, match=told):
        load_campaign(tmp_path)


def test_evidence_names_layouts_and_measures_are_known(plan, campaign):
    for code, clause in plan.clauses.items():
        for name in clause.evidence:
            assert any(layout.startswith(name) for layout in campaign.layouts), (code, name)
        assert clause.measure is None or clause.measure.of in MEASURES, code
    without = [code for code, clause in plan.clauses.items() if clause.measure is None]
    assert without == ["G4.4", "G4.x3"]  # not printed; context that nothing can measure


def test_the_tables_hold_every_actor(plan):
    for code, actor in plan.actors.items():
        place, _, _ = actor.held.partition("=")
        table, _, column = place.partition(".")
        assert table in SCHEMAS, code
        assert not column or column in SCHEMAS[table], code


def test_each_clause_number_document_award_and_step_has_a_row_in_the_sample(status, plan, campaign):
    ids = set(status["id"])
    assert {*plan.criteria, *plan.numbers, *plan.documents, *plan.awards} <= ids
    assert {*plan.indicators, *plan.duties} <= set(
        status["indicator"]
    )  # some only by group of raters: never pooled
    assert {f"{step}/{year}" for step in plan.steps for year in campaign.years} <= ids
    assert not status["id"].duplicated().any()
    assert set(status["status"]) <= set(STATES)


def test_what_has_no_evidence_has_no_value(status):
    nothing = status[status["status"].isin(["no_evidence", "missing", "not_due"])]
    told = nothing[nothing["level"].isin(["indicator", "duty"]) & nothing["value"].notna()]
    assert told[told["status"].ne("not_due")]["id"].tolist() == []


def test_without_any_table_no_clause_is_zero_or_met(campaign):
    empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    table = status_table(Evidence(empty, campaign, date(2012, 6, 30)))
    clauses = table[table["level"].isin(["indicator", "duty"]) & table["part"].eq("")]
    assert clauses["value"].dropna().tolist() == []
    assert set(clauses["status"]) == {"no_evidence", "missing", "judgement", "not_due"}
    assert set(clauses.loc[clauses["status"].eq("not_due"), "indicator"]) == {
        "D6.1"
    }  # due at the end of 2013
    assert clauses.loc[clauses["status"].eq("judgement"), "indicator"].unique().tolist() == ["G4.x3"]
    assert set(clauses.loc[clauses["status"].eq("missing"), "indicator"]) == {"G4.4", "G3.2a"}


def test_a_figure_leads_to_rows_that_the_ledger_kept(evidence, status, sample):
    kept = sample.ledger[sample.ledger["outcome"].isin(["kept", "title"])]
    known = set(zip(kept["source_file"], kept["source_sheet"], kept["source_row"], strict=True))
    shown = status[status["value"].notna() & status["rows"].gt(0)]
    some = shown.drop_duplicates(["indicator", "part"])["id"].tolist()
    assert len(some) > 150
    for figure in some[::3]:
        rows = trace(evidence, figure)
        assert len(rows), figure
        assert (
            set(zip(rows["source_file"], rows["source_sheet"], rows["source_row"], strict=True)) <= known
        ), figure


def test_an_unknown_figure_is_an_error(evidence):
    with pytest.raises(KeyError, match=r"G9\.9"):
        trace(evidence, "G9.9")
    with pytest.raises(KeyError, match=r"G3\.2b/nobody"):
        trace(evidence, "G3.2b/nobody")


def test_every_setting_is_read_or_printed_beside_a_clause(campaign):
    code = "".join(path.read_text("utf-8") for path in (ROOT / "cxzy_lib").rglob("*.py"))
    notebooks = "".join(path.read_text("utf-8") for path in (ROOT / "notebooks").glob("*.ipynb"))
    cited = {name for clause in campaign.plan.clauses.values() for name in clause.settings}
    unused = [n for n in campaign.settings if n not in cited and f'"{n}"' not in code and n not in notebooks]
    assert unused == []
