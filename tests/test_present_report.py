"""What a report is about: which rows, which campaign, what must not be told, and the words around it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.measure.participation import attendance_by_unit, fortnight_summary, fortnights
from cxzy_lib.present import columns, duty_pages, page_words, pages, plan_pages, prepare, wording
from cxzy_lib.present.report import Report, open_report
from cxzy_lib.present.selection import resolve
from cxzy_lib.present.tables import html_table
from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform, save
from cxzy_lib.texts import counted, text

ROOT = Path(__file__).resolve().parents[1]
Rows = list[dict[str, object]]
Opener = Callable[..., Report]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Open a report on tables that are written by hand."""

    def run(given: dict[str, Rows], **chosen: object) -> Report:
        save({name: conform(name, given.get(name, [])) for name in ALL_SCHEMAS}, tmp_path)
        return open_report(processed=tmp_path, campaign=ROOT / "campaign", **chosen)  # type: ignore[arg-type]

    return run


def unit(name: str, institution: str = "甲校", **more: object) -> dict[str, object]:
    return {"unit": name, "kind": "branch", "institution": institution} | more


def event(branch: str, day: str, institution: str = "甲校", **more: object) -> dict[str, object]:
    return {"unit": branch, "held_on": day, "institution": institution} | more


TWO = {
    "units": [unit("一支部"), unit("二支部"), unit("一支部", "乙校"), unit("三支部", "乙校")],
    "events": [event("一支部", "2011-03-01"), event("一支部", "2011-03-02", "乙校")],
    "files": [
        {"institution": name, "status": "read", "source_file": f"{name}/a.xls"} for name in ("甲校", "乙校")
    ],
}


def test_institutions_are_never_taken_together(opened: Opener) -> None:
    with pytest.raises(ValueError, match=r"乙校、甲校.*unit"):
        opened(TWO)
    with pytest.raises(ValueError, match="甲校/一支部"):
        opened(TWO, unit="一支部")
    with pytest.raises(ValueError, match=r"没有单位“四支部”.*三支部"):
        opened(TWO, unit="四支部")
    with pytest.raises(ValueError, match="甲校/三支部"):
        opened(TWO, unit="甲校/三支部")
    days = {
        chosen: opened(TWO, unit=chosen).tables.events["held_on"].dt.day.tolist()
        for chosen in ("甲校", "乙校", "乙校/一支部", "三支部")
    }
    assert days == {"甲校": [1], "乙校": [2], "乙校/一支部": [2], "三支部": []}
    report = opened(TWO, unit="乙校")
    assert report.branches == ["一支部", "三支部"]
    assert "乙校" in report.head("brief", "题").html
    assert "甲校" not in report.head("brief", "题").html


def test_institutions_that_have_files_and_no_register_count_too(opened: Opener) -> None:
    with pytest.raises(ValueError, match="乙校、甲校"):
        opened(TWO | {"units": TWO["units"][:2]})


def test_the_command_can_check_a_selection() -> None:
    units = conform("units", TWO["units"])
    resolve(units, "乙校/三支部", "zh")
    resolve(units[:2], None, "zh")
    with pytest.raises(ValueError, match=r"乙校、甲校.*--unit"):
        resolve(units, None, "zh")
    with pytest.raises(ValueError, match="several institutions"):
        resolve(units, None, "en")


ONE: dict[str, Rows] = {
    "units": [unit("一支部"), unit("二支部"), unit("教务处", kind="department", branch="一支部")],
    "people": [
        {"person": p, "name": name, "branch": branch, "unit": "教务处", "is_member": True, "in_service": True}
        for p, name, branch in (("p", "张三", "一支部"), ("q", "李 四(大)", "二支部"))
    ],
    "events": [event("一支部", "2011-03-01"), event("二支部", "2011-03-02")],
    "hours": [{"person": p, "hours": 8, "started_on": "2011-03-01"} for p in "pq"],
    "tasks": [
        {"kind": "rectification", "unit": "教务处"},
        {"kind": "pledge", "unit": "二支部", "person": "q"},
    ],
    "votes": [{"occasion": "satisfaction", "semester": "2010-2011-2", "rater_group": "member", "count": 9}],
}


def test_a_branch_takes_its_own_rows_of_every_table(opened: Opener) -> None:
    report = opened(
        {name: [row | {"institution": "甲校"} for row in rows] for name, rows in ONE.items()}, unit="一支部"
    )
    found = report.tables
    assert found.units["unit"].tolist() == ["一支部", "教务处"]
    assert report.branches == ["一支部"]
    assert found.events["unit"].tolist() == ["一支部"]
    assert found.hours["person"].tolist() == ["p"]
    assert found.tasks["unit"].tolist() == ["教务处"]
    calendar = fortnights(found.events, report.campaign, found.units)
    assert set(calendar["unit"]) == {"一支部"}
    assert found.votes.empty
    rates = prepare.shown_rates(found.votes, found.turnout, report.campaign, "semester", "zh")
    for block in (
        pages.trend_figure(report, rates, html_table(rates, [])),
        pages.rates_table(report, rates, "semester", "表"),
        pages.level_figures(report, found.votes),
        pages.item_figure(report),
    ):
        assert block.html == f'<p class="note">{report.no_ballots}</p>'
    assert "不按支部" in report.no_ballots
    assert wording.change_title(report.verdicts.headline(report.campaign), "zh") == ""


def test_a_year_is_the_campaign_as_at_its_end(opened: Opener) -> None:
    rows = {
        "events": [event("一支部", day) for day in ("2010-12-28", "2011-01-11", "2011-12-30", "2012-01-10")],
        "hours": [
            {"person": "p", "hours": 8, "started_on": day}
            for day in ("2010-06-01", "2011-06-01", "2012-06-01")
        ],
        "tasks": [{"kind": "pledge", "opened_on": day} for day in ("2010-06-01", "2012-06-01", None)],
        "votes": [{"year": 2010}, {"held_on": "2011-06-24"}, {"year": 2012}, {}],
    }
    report = opened(rows, year=2011)
    found, span = report.tables, report.campaign.span
    assert (str(span.start), str(span.end)) == ("2011-01-01", "2011-12-31")
    assert report.cutoff == pd.Timestamp(2011, 12, 31)
    assert [term.code for term in report.campaign.semesters] == ["2010-2011-2", "2011-2012-1"]
    assert [len(getattr(found, name)) for name in ("events", "hours", "tasks", "votes")] == [2, 2, 2, 1]
    calendar = fortnights(found.events, report.campaign, found.units, report.cutoff)
    summary = fortnight_summary(calendar, found.events, report.campaign, report.cutoff)
    # 2011-01-11 is ten days in: no whole fortnight before it; then 25 of them to 2011-12-26
    assert calendar["start"].min() == pd.Timestamp(2011, 1, 11)
    assert calendar["end"].max() == pd.Timestamp(2011, 12, 26)
    assert summary[["gap_from", "gap_to"]].to_numpy().tolist() == [
        [pd.Timestamp(2011, 1, 11), pd.Timestamp(2011, 12, 30)]
    ]
    with pytest.raises(ValueError, match=r"2009.*2010、2011、2012"):
        opened(rows, year=2009)
    assert "2012-06-30" in opened(rows, year=2012).head("brief", "题").html


def test_a_year_that_begins_in_silence_shows_it(opened: Opener) -> None:
    report = opened({"events": [event("一支部", "2011-03-01"), event("一支部", "2011-03-20")]}, year=2011)
    events = report.tables.events
    calendar = fortnights(events, report.campaign, report.tables.units, report.cutoff)
    # 59 days before 1 March: four whole fortnights, from 4 January on, in step with it
    assert calendar["start"].iloc[0] == pd.Timestamp(2011, 1, 4)
    assert calendar["state"].iloc[4] == "held"
    summary = fortnight_summary(calendar, events, report.campaign, report.cutoff)
    assert summary["longest_gap_days"].tolist() == [286]  # 20 March to 31 December
    late = open_gap(report, ["2011-12-01", "2011-12-20"])
    assert late["gap_from"].tolist() == [pd.Timestamp(2011, 1, 1)]


def open_gap(report: Report, days: list[str]) -> pd.DataFrame:
    events = conform("events", [event("一支部", day) for day in days])
    calendar = fortnights(events, report.campaign, report.tables.units, report.cutoff)
    return fortnight_summary(calendar, events, report.campaign, report.cutoff)


def test_the_head_tells_what_is_missing(opened: Opener) -> None:
    ledger = [{"outcome": outcome} for outcome in ("kept", "rejected", "rejected")]
    html = opened({"ledger": ledger}).head("brief", "题").html
    assert "另有 2 行未取用" in html
    assert "缺少单位名册" in html
    assert "缺少党员花名册" in html
    html = opened(ONE).head("brief", "题").html
    assert "未取用" not in html
    assert "缺少" not in html


def test_figures_are_numbered_as_they_come_and_keep_their_number(opened: Opener) -> None:
    report = opened({})
    titles = [report.figure_title(key) for key in ("fig_trend", "fig_fortnights", "fig_trend")]
    assert [title.partition(" ")[0] for title in titles] == ["图1", "图2", "图1"]


BASE = {
    "occasion": "satisfaction",
    "rater_group": "nonmember",
    "item": "leadership",
    "scale": "sat3",
    "stage": "S2",
}


def ballots(semester: str | None, satisfied: int, not_satisfied: int, **more: object) -> Rows:
    row = BASE | {"semester": semester, "occasion_id": f"satisfaction-{semester}"} | more
    return [
        row | {"level": "satisfied", "count": satisfied},
        row | {"level": "dissatisfied", "count": not_satisfied},
    ]


def test_nothing_lets_one_compute_the_four_ballots_of_autumn(opened: Opener) -> None:
    votes = ballots("2010-2011-1", 3, 1) + ballots("2010-2011-2", 17, 9)
    turnout = [
        {"occasion_id": f"satisfaction-{term}", "rater_group": "nonmember", "eligible": 33, "returned": n + 2}
        for term, n in (("2010-2011-1", 4), ("2010-2011-2", 26))
    ]
    report = opened({"votes": votes, "turnout": turnout})
    found, lang = report.tables, "zh"
    rates, stages = (
        prepare.shown_rates(found.votes, found.turnout, report.campaign, by, lang)
        for by in ("semester", "stage")
    )
    page = [
        html_table(rates, columns.ballots(report.campaign, lang)).html,
        pages.rates_table(report, rates, "semester", "表").html,
        pages.rates_table(report, stages, "stage", "表").html,
        pages.trend_figure(report, rates, html_table(rates, [])).html,
        pages.level_figures(report, found.votes).html,
        plan_pages.tiles(report, rates).html,
        *wording.rate_sentences(rates, report.campaign, lang),
        page_words.trend_words(rates, report.campaign, lang),
    ]
    assert "65.4%" in page[1]  # 17 of 26 in spring
    page = [re.sub(r"<[^>]*>|N\d ", " ", part) for part in page]
    seen = [set(re.findall(r"[\d.]+%?", part)) for part in page]
    # 3 of 4 in autumn, 20 of 30 in the stage; 6 returned in autumn and 34 in both
    assert not set().union(*seen) & {"75.0%", "25.0%", "66.7%", "33.3%", "4", "6", "34"}
    assert not set().union(*seen[:3], seen[4]) & {"30"}  # elsewhere it is the hours of training
    assert "不公布" in page_words.trend_words(rates, report.campaign, lang)
    assert stages["hidden"].tolist() == [True]


def test_ballots_without_a_semester_stand_under_their_year_and_last(opened: Opener) -> None:
    votes = ballots("2010-2011-2", 17, 9) + ballots(None, 20, 2, year=2012)
    report = opened({"votes": votes})
    found = report.tables
    rates = prepare.shown_rates(found.votes, found.turnout, report.campaign, "semester", "zh")
    assert rates["semester"].tolist() == ["2010-2011-2", "2012"]
    page = pages.trend_figure(report, rates, html_table(rates, [])).html
    page += pages.level_figures(report, found.votes).html + plan_pages.tiles(report, rates).html
    page += "".join(wording.rate_sentences(rates, report.campaign, "zh"))
    assert "2012年" in page
    assert "nan" not in page.lower().replace("nanum", "")
    assert "2012年群众" in pages.item_figure(report).html


def test_the_last_occasion_is_the_last_in_time(campaign: Campaign) -> None:
    def last(*rows: dict[str, object]) -> list[str]:
        return prepare.last_occasion(conform("votes", list(rows)), campaign)["occasion_id"].tolist()

    spring = {"occasion_id": "z", "semester": "2010-2011-2"}
    autumn = {"occasion_id": "a", "semester": "2011-2012-1"}
    assert last(spring, autumn) == ["a"]
    assert last(spring, autumn, {"occasion_id": "b", "year": 2012}) == ["b"]
    assert last(autumn, {"occasion_id": "c", "held_on": "2011-06-01"}) == ["a"]
    branches = [autumn | {"occasion_id": name, "unit": name} for name in ("x", "y")]
    assert last(spring, *branches) == ["x", "y"]
    assert last() == []


def test_the_tile_is_that_of_non_members_and_small_ballots_are_no_chart(opened: Opener) -> None:
    few = ballots("2010-2011-2", 17, 9, rater_group="member") + ballots("2010-2011-2", 0, 0)
    report = opened({"votes": few})
    rates = prepare.shown_rates(report.tables.votes, report.tables.turnout, report.campaign, "semester", "zh")
    assert "满意率" not in plan_pages.tiles(report, rates).html
    assert pages.item_figure(report).html == '<p class="note">无数据</p>'


LATE = pd.DataFrame(
    {
        "unit": ["甲", "乙", "丙", "丁", "戊", "己", "己"],
        "kind": ["pledge"] * 5 + ["rectification"] * 2,
        "due_on": pd.to_datetime(["2010-12-31"] * 3 + ["2011-06-30"] * 4),
        "days_late": pd.array([547, 547, 547, 300, 200, 100, 90], dtype="Int64"),
    }
)


def test_what_is_late_is_summed_up_and_names_nobody_for_the_public() -> None:
    shown = prepare.late_by_unit(LATE, "zh", ("units",))
    assert shown["unit"].tolist() == ["甲", "乙", "丙", "丁", "其余 2 个单位"]
    assert shown[["kind", "late", "days_late"]].to_numpy().tolist()[-1] == ["several", 3, 200]
    assert prepare.late_by_unit(LATE[:5], "zh", ("units",))["unit"].tolist() == ["甲", "乙", "丙", "丁", "戊"]
    day = pd.Timestamp(2012, 6, 30)
    assert page_words.late_sentence(LATE, day, "zh", ("units",)).endswith(
        "最长逾期 547 天（甲等 3 个单位）。"
    )
    public = prepare.late_by_unit(LATE, "zh", ())
    assert public[["kind", "late"]].to_numpy().tolist() == [["pledge", 5], ["rectification", 2]]
    plans = prepare.late_by_unit(LATE[:1].assign(kind="study_plan"), "zh", ())
    assert "个人学习计划" in html_table(plans, columns.late("zh", ())).html
    told = html_table(public, columns.late("zh", ())).html + page_words.late_sentence(LATE, day, "zh", ())
    assert not [name for name in "甲乙丙丁戊己" if name in told]


def test_tables_of_branches_are_in_the_registers_order(campaign: Campaign) -> None:
    events = conform("events", [event(b, "2011-03-01", expected=9, present=8) for b in ("一", "二", "外")])
    frame = attendance_by_unit(events, campaign)
    assert prepare.in_order(frame, ["二", "一"])["unit"].tolist() == ["二", "一", "外"]


def findings(audience: str) -> tuple[str, str]:
    names = frozenset({"张三", "李四"})
    ledger = conform(
        "ledger",
        [
            {
                "layout": "T03",
                "severity": "warning",
                "source_file": "甲校/张三的表.xls",
                "source_sheet": "李四",
            }
            | {
                "code": "unknown_unit；not_a_number",
                "column": "支部；人数",
                "value": "张 三；八",
                "hint": "李四；",
            },
            {"layout": "T03", "severity": "warning", "source_file": "甲校/好.xls", "source_sheet": "表"}
            | {
                "code": "unknown_person；not_a_number",
                "column": "姓名；人数",
                "value": "欧阳某；九",
                "hint": "欧阳；",
            },
        ],
    )
    files = conform(
        "files",
        [
            {"source_file": f"甲校/{name}", "status": "partly", "code": "some_rows", "hint": "2"}
            for name in ("张三的表.xls", "好.xls")
        ],
    )
    rights = load_campaign("campaign").setting("audiences")[audience]
    told = prepare.told_findings(ledger, files, names, rights, "zh")
    table = html_table(told, columns.findings("zh", rights)).html
    listed = html_table(prepare.told_files(files, names, rights, "zh"), columns.files("zh")).html
    drawn = prepare.nameless(ledger, files, names, "zh")["source_file"].tolist()
    assert drawn == ["文件1", "甲校/好.xls"]
    return table, listed


@pytest.mark.parametrize("audience", ["public", "leadership", "branch"])
def test_the_quality_page_names_nobody_part_by_part(audience: str) -> None:
    table, listed = findings(audience)
    assert not [name for name in ("张三", "张 三", "李四", "欧阳") if name in table + listed]
    assert "文件1" in table
    assert "文件1" in listed
    assert ">好.xls<" in listed
    assert "2 行" in listed
    assert ("八" in table, "九" in table, "工作表" in table) == ((audience != "public"),) * 3


def test_a_report_of_its_own_counts_its_own_figures(campaign: Campaign) -> None:
    empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    one = Report(campaign, empty, "zh", "public")
    other = replace(one, numbers={})
    assert one.figure_title("fig_trend") == other.figure_title("fig_trend")


BRANCH_AND_WHOLE = {
    "units": [unit("一支部")],
    "people": [
        {"person": f"p{n}", "is_member": True, "unit": "一支部", "branch": "一支部", "institution": "甲校"}
        for n in range(6)
    ],
    "events": [event("一支部", "2010-06-01", kind="branch_meeting", topic="学习")],
    "figures": [
        {"indicator": "L1", "subject": f"p{n}", "value": 90.0, "institution": "甲校"} for n in range(6)
    ],
    "files": [{"institution": "甲校", "status": "read", "source_file": "a.xls"}],
}


def states(report: Report) -> dict[str, str]:
    rows = report.status[report.status["window"].eq("") & report.status["part"].eq("")]
    return dict(zip(rows["indicator"], rows["status"], strict=True))


def test_what_is_the_institutions_is_no_lack_of_a_branch(opened):
    whole, own = states(opened(BRANCH_AND_WHOLE)), states(opened(BRANCH_AND_WHOLE, unit="一支部"))
    # The register of documents, the secretary's report and ballots are not kept by branch; appraisals are.
    for code in ("G1.1c", "G3.6c", "G3.5b", "G2.2c", "D1.2", "N3", "R5"):
        assert (code, whole[code], own[code]) == (code, "no_evidence", "of_whole")
    for code in ("G3.6b", "D1.3", "N2"):
        assert (code, own[code]) == (code, "no_evidence")
    assert "of_whole" not in whole.values()


@pytest.mark.parametrize(
    ("lang", "named", "gone"),
    [
        ("zh", "另有 {n} 条属全单位，不按支部或处室，见全单位版。", "方案各条中"),
        (
            "en",
            "Clauses of the whole institution, not by branch or department: {n}; see its own edition.",
            "the plan's clauses",
        ),
    ],
)
def test_the_brief_of_a_branch_names_what_is_the_institutions_and_does_not_count_it(
    opened, lang, named, gone
):
    whole, own = opened(BRANCH_AND_WHOLE, lang=lang), opened(BRANCH_AND_WHOLE, unit="一支部", lang=lang)
    goals = [goal.code for goal in own.campaign.plan.goals]
    counts = plan_pages._goal_counts(own, goals)
    apart = sum(row["whole"] for row in counts)
    assert apart > 50
    assert sum(row["whole"] + row["count"] for row in counts) == sum(
        row["count"] for row in plan_pages._goal_counts(whole, goals)
    )
    said = plan_pages.missing_sentence(own)
    assert named.format(n=apart) in said
    assert gone not in said
    assert gone in plan_pages.missing_sentence(whole)
    assert own.say("col_goal_whole") in plan_pages.goals_glance(own).html
    assert own.say("col_goal_whole") not in plan_pages.goals_glance(whole).html
    tiles = plan_pages.tiles(own, pd.DataFrame(columns=["rater_group", "semester", "strict"])).html
    assert 'tile--of_whole"><p class="tile-label"><a href="08_duties.html">N6' in tiles.replace("05_", "08_")
    assert own.say("brief_whole", count=2) in plan_pages.brief_title(own, own.verdicts.changes)
    assert whole.say("brief_whole", count=2) not in plan_pages.brief_title(whole, whole.verdicts.changes)


def test_the_duties_of_a_branch_are_its_own(opened):
    own = opened(BRANCH_AND_WHOLE, unit="一支部")
    listed, _, told = duty_pages.duties_tables(own).html.rpartition("</table>")
    for code in ("D1.2", "D7.8"):
        assert f">{code}<" not in listed
        assert code in told
    assert ">D1.3<" in listed
    assert "书记每学期" not in duty_pages.coverage_figure(own).html
    assert "属全单位" in duty_pages.steps_figure(own).html
    assert "步骤格" not in duty_pages.steps_title(own)


def test_scores_of_a_branchs_people_are_its_own_and_those_of_a_few_are_hidden(opened):
    rows = opened(BRANCH_AND_WHOLE, unit="一支部").status.set_index("id")
    assert (rows.loc["L1a", "value"], rows.loc["L1a", "base"]) == (90, 6)
    few = BRANCH_AND_WHOLE | {"figures": BRANCH_AND_WHOLE["figures"][:4]}
    row = opened(few, unit="一支部").status.set_index("id").loc["L1a"]
    assert pd.isna(row["value"])
    assert row["hidden"]


def test_a_campaign_has_names_of_its_own_and_another_one_neutral_ones(opened):
    report = opened(TWO, unit="乙校", lang="en")
    assert report.say("glance_title") == "The five goods at a glance"
    plain = replace(report, campaign=load_campaign(ROOT / "examples" / "staff_survey" / "campaign"))
    assert plain.say("glance_title") == "The goals at a glance"
    assert "five" not in " ".join(plain.say(key).lower() for key in ("page_goods", "page_leads", "no_scores"))


@pytest.mark.parametrize(
    ("key", "values", "one", "many"),
    [
        ("late_sentence", {"cutoff": "x", "days": "1", "where": ""}, "1 duty was overdue, by 1 day.",
         "2 duties were overdue, the longest by 1 day."),
        ("missing_sentence", {"goals": "G1 1"}, "1 of the plan's clauses lacks its", "2 of the plan's clauses lack their"),
        ("brief_title", {"states": ""}, "1 binding number:", "2 binding numbers:"),
        ("more_findings", {}, "1 more row is not listed", "2 more rows are not listed"),
        ("hidden_count", {}, "1 group (", "2 groups ("),
    ],
)  # fmt: skip
def test_a_count_of_one_takes_the_singular(key, values, one, many):
    assert one in text(f"pages.{key}", "en", count=1, **values)
    assert many in text(f"pages.{key}", "en", count=2, **values)


def test_a_tile_says_one_year_and_no_lowest_where_there_is_nothing(opened):
    report = opened(BRANCH_AND_WHOLE, lang="en")
    number = report.campaign.plan.numbers["N2"]
    assert (counted(number.unit_en, "1"), counted(number.unit_en, "3")) == ("year", "years")
    tiles = plan_pages.tiles(report, pd.DataFrame(columns=["rater_group", "semester", "strict"])).html
    nothing = re.search(r'<li class="tile tile--no_evidence">(?:(?!</li>).)*N6.*?</li>', tiles)[0]
    assert "no data" in nothing
    assert "Lowest" not in nothing
