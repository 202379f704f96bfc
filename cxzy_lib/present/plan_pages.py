"""Parts of the pages about the plan: goals, leads, steps, duties and awards."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cxzy_lib.measure import appraisal
from cxzy_lib.measure.summaries import STATES
from cxzy_lib.present import plan, plan_charts, plan_columns, prepare, wording
from cxzy_lib.present.blocks import Block, KeyNumber, key_numbers, note, section
from cxzy_lib.present.pages import joined, table_figure, table_section
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import counted, named, text

#: Which page shows what is behind a number, by the measure of its first clause; "duties" for the others.
_BEHIND = {
    "cadence": "participation",
    "hours": "participation",
    "report": "satisfaction",
    "votes": "satisfaction",
}
#: How many clauses are told together, and the states that count as each.
_SUMS = {"met": ["met", "on_course"], "short": ["not_met", "behind"], "nothing": ["no_evidence"]}


def tiles(report: Report, rates: pd.DataFrame) -> Block:
    """Return what leads the brief: satisfaction of non-members, then the numbers that bind."""
    status, numbers = report.status, report.campaign.plan.numbers
    states = status[status["level"].eq("number")].set_index("indicator")["status"]
    last = wording.latest(rates[rates["rater_group"].eq("nonmember")])
    items = [_rate_tile(row, report) for row in last.to_dict("records")]
    return key_numbers([*items, *(_tile(code, str(states[code]), report) for code in numbers)], report.lang)


def _rate_tile(row: Mapping[Any, Any], report: Report) -> KeyNumber:
    lang = report.lang
    period = wording.period_name(report.campaign, str(row["semester"]), lang)
    interval = wording.interval_words(row, lang)
    return KeyNumber(
        label=report.say("tile_satisfaction", group=wording.group_name(str(row["rater_group"]), lang)),
        value_text=percent(row["strict"], lang),
        base_text=report.say("tile_satisfaction_base", period=period, valid=row["valid"], interval=interval),
        note=report.say("tile_satisfaction_note", body=wording.body_words(row, lang)),
        href=report.see("satisfaction")[0],
    )


def _tile(code: str, state: str, report: Report) -> KeyNumber:
    """Return the tile of a number that binds: of several clauses the one that stands worst."""
    number, lang = report.campaign.plan.numbers[code], report.lang
    if number.end is not None:
        own = report.status[report.status["id"].eq(code)].iloc[0]
        gone = report.say("tile_elapsed", end=number.end)
        return _tile_of(code, state, report, percent(own["value"], lang), gone, "")
    rows = plan.of_codes(report.status, number.clauses)
    rows = plan.written(rows[rows["part"].eq("") & rows["period"].eq("")], report.campaign, lang)
    order = {name: at for at, name in enumerate(STATES)}
    rows = rows.assign(at=rows["status"].map(order)).sort_values(["at", "value"], kind="stable")
    worst = rows.iloc[0]
    shown = worst["shown"] or ("—" if state == plan.WHOLE else text("common.no_data", lang))
    unit, base = named(number.unit_zh, number.unit_en, lang), worst["shown_base"]
    if unit and worst["shown"] and (worst["kind"] == "count" or not base):  # what is counted, not who of whom
        shown, base = f"{shown} {counted(unit, shown)}", ""
    elif base:
        key, names = ("tile_of", {"name": counted(unit, base)}) if unit else ("tile_n", {})
        base = report.say(key, base=base, **names)
    target = worst["shown_target"] and report.say("tile_target", target=worst["shown_target"])
    base = " · ".join(part for part in (base, target) if part)
    several = report.say("tile_weakest", name=worst["label"]) if len(rows) > 1 and worst["shown"] else ""
    return _tile_of(code, state, report, shown, base, several)


def _tile_of(code: str, state: str, report: Report, value: str, base: str, words: str) -> KeyNumber:
    whole = report.campaign.plan
    number = whole.numbers[code]
    measure = whole.clauses[number.clauses[0]].measure if number.clauses and not number.end else None
    label = f"{code} {number.label(report.lang)}"
    href = report.see(_BEHIND.get(measure.of if measure else "", "duties"))[0]
    return KeyNumber(label, value, base, state, words, href)  # type: ignore[arg-type]


def matrix_figure(report: Report, criteria: list[str], key: str) -> Block:
    """Return criteria by period as a matrix of states; the words are clauses with evidence of all."""
    if not criteria:
        return note(report.say("no_plan"))
    cells = plan.matrix(report.status, report.campaign, criteria, report.lang)
    told = [
        "" if pd.isna(state) else f"{plan.state_words(state, report.lang)} {words}".strip()
        for state, words in zip(cells["status"], cells["words"], strict=True)
    ]
    wide = cells.assign(shown=told).pivot(index="row", columns="column", values="shown")
    wide = wide.loc[cells["row"].unique(), cells["column"].unique()].reset_index()
    return table_figure(
        report,
        plan_charts.status_matrix(cells, report.lang),
        wide,
        plan_columns.wide(wide, report.lang),
        title=report.figure_title(key),
        caption=report.say(f"{key}_caption"),
        alt=wording.series(wide["row"] + " " + wide[text("plan.whole", report.lang)], report.lang),
    )


def clause_tables(report: Report, groups: dict[str, list[str]]) -> Block:
    """Return a section for each group of clauses with every figure about them and its id."""
    parts = []
    for title, codes in groups.items():
        rows = plan.written(plan.of_codes(report.status, codes), report.campaign, report.lang)
        parts.append(table_section(rows, plan.columns(report.lang), report.lang, title))
    return joined(parts)


def goal_groups(report: Report, goals: list[str]) -> dict[str, list[str]]:
    """Return the clauses of each goal under its name."""
    names = {goal.code: goal.name(report.lang) for goal in report.campaign.plan.goals}
    names |= {c: k.name(report.lang) for c, k in report.campaign.plan.criteria.items() if "." not in c}
    indicators = report.campaign.plan.indicators
    return {f"{goal} {names[goal]}": [c for c in indicators if c.startswith(goal)] for goal in goals}


def goal_sentences(report: Report, goals: list[str]) -> list[str]:
    """Return for each goal how many clauses are met, not met, without evidence, and left to judgement."""
    return [
        (report.say("goal_sentence", **row) if row["count"] else report.say("goal_alone", **row))
        + (report.say("goal_whole", **row) if row["whole"] else "")
        for row in _goal_counts(report, goals)
    ]


def _goal_counts(report: Report, goals: list[str]) -> list[dict[str, Any]]:
    return [{"name": name, **_counts(report, codes)} for name, codes in goal_groups(report, goals).items()]


def _counts(report: Report, codes: Sequence[str]) -> dict[str, int]:
    """Return how many of the clauses are met, short, without evidence, and the rest; the whole's apart."""
    states = plan.of_codes(report.status, codes).drop_duplicates("indicator")["status"]
    whole = int(states.eq(plan.WHOLE).sum())
    counts = {key: int(states.isin(at).sum()) for key, at in _SUMS.items()}
    count = len(states) - whole
    return counts | {"count": count, "whole": whole, "rest": count - sum(counts.values())}


def missing_sentence(report: Report) -> str:
    """Return how many clauses of the goals lack their evidence, and of which goals.

    Of a unit its own clauses are told, and apart how many are the whole institution's.
    """
    rows = _goal_counts(report, [goal.code for goal in report.campaign.plan.goals])
    if not rows:
        return report.say("no_plan")
    goals = wording.series((f"{row['name']} {row['nothing']}" for row in rows if row["nothing"]), report.lang)
    count, whole = (sum(row[name] for row in rows) for name in ("nothing", "whole"))
    own = "_unit" if report.unit else ""
    said = report.say(f"missing_sentence{own}" if count else f"missing_none{own}", count=count, goals=goals)
    return said + (report.say("missing_whole", count=whole) if whole else "")


def goals_glance(report: Report) -> Block:
    """Return for each goal of the plan how its clauses stand, those without data among them."""
    goals = [goal.code for goal in report.campaign.plan.goals]
    heading = section(report.say("glance_title"), see=report.see("goods"))
    if not goals:
        return joined([heading, note(report.say("no_plan"))])
    frame = pd.DataFrame(_goal_counts(report, goals))
    counts = ["met", "short", "nothing", "rest", *(["whole"] if frame["whole"].any() else [])]
    heads = [Column("name", report.say("col_goal"))]
    heads += [Column(name, report.say(f"col_goal_{name}"), "count") for name in counts]
    return joined([heading, html_table(frame, heads, report.lang, report.say("glance_title"))])


def brief_title(report: Report, changes: pd.DataFrame) -> str:
    """Return how many of the numbers that bind are met, and whether satisfaction has changed."""
    states = report.status.loc[report.status["level"].eq("number"), "status"]
    sums = _SUMS | {"met": ["met"], "rest": ["on_course", "not_due"], "whole": [plan.WHOLE]}
    counts = {name: int(states.isin(sums[name]).sum()) for name in sums}
    counts["open"] = len(states) - sum(counts.values())
    said = [report.say(f"brief_{name}", count=count) for name, count in counts.items() if count]
    listed = ("，" if report.lang == "zh" else ", ").join(said)
    parts = [report.say("brief_title", count=len(states), states=listed)] if said else []
    parts += [told] if (told := wording.change_title(changes, report.lang)) else []
    name = report.campaign.span.name(report.lang)
    return wording.series(parts, report.lang) or name


def goals_title(report: Report, codes: Sequence[str], key: str = "title_goals") -> str:
    """Return how many of the clauses have evidence, and how many that carry a number fall short."""
    counts = _counts(report, codes)
    return report.say(key, known=counts["count"] - counts["nothing"], **counts)


def points_table(report: Report) -> Block:
    """Return the five goods' own points beside the assessed ones; a total only with configured weights."""
    figures = report.tables.figures
    rows = figures[figures["indicator"].str.startswith("points_", na=False)]
    if rows.empty:
        return note(report.say("no_points"))
    wide = rows.pivot_table(index="group", columns="indicator", values="value", aggfunc="sum", sort=False)
    wide = wide.reindex(columns=["points_possible", "points_self", "points_assessed"]).reset_index()
    wide["score_gap"] = wide["points_self"] - wide["points_assessed"]
    goals, lang = report.campaign.plan.goals, report.lang
    wide["name"] = [
        next((goal.name(lang) for goal in goals if goal.zh in name), name) for name in wide["group"]
    ]
    table = html_table(wide, plan_columns.points(lang), lang, report.say("section_points"))
    return joined([table, _total(wide, report)])


def _total(wide: pd.DataFrame, report: Report) -> Block:
    """Return the weighted total with its weights, or that there is none."""
    weights = report.campaign.setting("weights")
    if not weights:
        return note(report.say("no_total"))
    names = {goal.code: goal for goal in report.campaign.plan.goals}
    shares = wide.assign(share=wide["points_assessed"] / wide["points_possible"])
    total, said = 0.0, []
    for code, weight in weights.items():
        own = shares[shares["group"].str.contains(names[code].zh, regex=False)]
        if own.empty:
            return note(report.say("no_total_lacking", name=names[code].name(report.lang)))
        total += weight * float(own["share"].iloc[0])
        said.append(f"{names[code].name(report.lang)} {percent(weight, report.lang)}")
    listed = wording.series(said, report.lang)
    return note(report.say("total", total=percent(total, report.lang), weights=listed))


def occasion_table(report: Report) -> Block:
    """Return every collection of ballots with its chain, both rates and the index."""
    votes = report.tables.votes
    votes = votes[votes["item"].isin(report.headline) | votes["occasion"].isin(["secretary", "leader"])]
    frame = appraisal.occasions(votes, report.tables.turnout, report.campaign)
    if frame.empty:
        return note(report.no_ballots)
    frame["ballots"] = prepare.counts_words(frame[["issued", "returned", "valid", "unknown"]])
    columns = plan_columns.occasions(report.campaign, report.lang)
    table = html_table(frame, columns, report.lang, report.say("section_occasions"))
    checked = appraisal.ballot_checks(report.tables.turnout)
    voided = int(checked["voided"].sum())
    broken = int(checked["broken"].notna().sum()) - voided
    told = report.say("ballots_checked", checked=len(checked), voided=voided, broken=broken)
    return joined([table, note(told)])


def grades_table(report: Report) -> Block:
    """Return members' appraisal by rater group, and the quota of the top grade."""
    day = report.cutoff.date()
    frame = appraisal.member_grades(report.tables.votes, report.tables.people, report.campaign, day)
    if frame.empty:
        return note(report.say("no_grades"))
    table = html_table(frame, plan_columns.grades(report.lang), report.lang, report.say("section_grades"))
    late = int(frame["probationary_graded"].sum())
    return joined([table, *([note(report.say("probationary_graded", count=late))] if late else [])])


def scores_figure(report: Report, criteria: list[str]) -> Block:
    """Return the five leads' scores as medians and quartiles, groups under the threshold left out."""
    figures = report.tables.figures
    rows = figures[figures["indicator"].isin(criteria)].assign(value=lambda f: f["value"].astype("float64"))
    found = []
    for code in criteria:
        own = rows.loc[rows["indicator"].eq(code)].groupby("subject")["value"].mean()
        if len(own) >= report.minimum_base:
            name = f"{code} {report.campaign.plan.criteria[code].name(report.lang)}"
            low, middle, high = own.quantile([0.25, 0.5, 0.75])
            found.append({"name": name, "low": low, "median": middle, "high": high, "base": len(own)})
    if not found:
        return note(report.say("no_scores"))
    frame = pd.DataFrame(found)
    return table_figure(
        report,
        plan_charts.score_dots(frame, report.lang),
        frame,
        plan_columns.scores(report.lang),
        title=report.figure_title("fig_scores"),
        caption=report.say("fig_scores_caption"),
        alt=wording.series((f"{row['name']} {row['median']:.1f}" for row in found), report.lang),
    )


def reasons(report: Report, codes: list[str], *more: str) -> Block:
    """Return the settings that the clauses rest on, each with its reason: this institution's choices."""
    clauses = report.campaign.plan.clauses
    names = [name for code in codes for name in clauses[code].settings]
    return report.method(*dict.fromkeys([*names, *more]))
