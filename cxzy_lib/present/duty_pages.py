"""Parts of the pages about what is to be done: steps, rectification, duties, awards."""

from collections.abc import Mapping

import pandas as pd

from cxzy_lib.measure import appraisal, awards, rectification
from cxzy_lib.present import plan, plan_charts, plan_columns, unit_words, wording
from cxzy_lib.present.blocks import Block, note, section
from cxzy_lib.present.pages import joined, table_figure, table_section
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import html_table
from cxzy_lib.present.wording import percent
from cxzy_lib.specs import Label
from cxzy_lib.texts import listed, text


def steps_title(report: Report) -> str:
    """Return how many steps have evidence, and how the problems stand."""
    cells = rectification.step_cells(report.evidence)
    tasks = _problems(report)
    return report.say(
        "title_steps_unit" if report.unit else "title_steps",
        count=len(cells),
        known=int(cells["evidenced"].sum()),
        problems=len(tasks),
        done=int(tasks["done"].sum()),
        late=int(tasks["overdue"].sum()),
    )


def _problems(report: Report) -> pd.DataFrame:
    tasks = report.evidence.tasks
    return tasks[tasks["kind"].eq("rectification")]


def duties_title(report: Report) -> str:
    """Return how many duties are late and how many are still to come."""
    frame = plan.duties(report.status, report.campaign, report.cutoff, report.lang)
    frame = frame[frame["status"].ne(plan.WHOLE)]
    late, coming = int(frame["late"].sum()), int(frame["due"].gt(report.cutoff).sum())
    return report.say("title_duties", late=late, coming=coming)


def leads_title(report: Report) -> str:
    """Return what share of the peers' last ballots is on the top grade."""
    day = report.cutoff.date()
    frame = appraisal.member_grades(report.tables.votes, report.tables.people, report.campaign, day)
    peers = frame[frame["rater_group"].eq("member")]
    if peers.empty:
        return report.say("title_leads_none")
    last = peers.iloc[-1]
    share = percent(float(last["excellent_share"]), report.lang)
    return report.say("title_leads", share=share, graded=f"{int(last['graded']):,}")


def awards_title(report: Report) -> str:
    """Return how many commendations are on record, and how many were nominated."""
    rows = report.status[report.status["level"].eq("award")]
    rounds = awards.rounds(report.campaign)
    met = int(rows.loc[rows["indicator"].isin(rounds), "status"].eq("met").sum())
    cast = awards.votes_cast(report.tables, report.campaign, report.cutoff.date())
    return report.say("title_awards", count=len(rounds), met=met, cast=len(cast))


def steps_figure(report: Report) -> Block:
    """Return the steps of each year as a matrix of states."""
    cells = rectification.step_cells(report.evidence)
    if cells.empty:
        return note(report.say("no_plan"))
    if report.unit:  # the log of steps is the institution's: what it has not is no lack of a unit
        return note(report.say("steps_whole"))
    lang, steps = report.lang, report.campaign.plan.steps
    shown = pd.DataFrame(
        {
            "row": [steps[code].name(lang) for code in cells["step"]],
            "column": cells["year"].astype("str"),
            "status": ["met" if known else "no_evidence" for known in cells["evidenced"]],
            "words": [text(f"plan.cell_{state}", lang) for state in cells["state"]],
        }
    )
    wide = shown.pivot(index="row", columns="column", values="words")
    wide = wide.loc[shown["row"].unique()].reset_index()
    counts = {"steps": len(steps), "count": len(cells), "described": int(cells["described"].sum())}
    return table_figure(
        report,
        plan_charts.status_matrix(shown, lang),
        wide,
        plan_columns.wide(wide, lang),
        title=report.figure_title("fig_steps"),
        caption=report.say("fig_steps_caption", **counts),
        alt=wording.series(shown["row"] + " " + shown["column"] + " " + shown["words"], lang),
    )


def rectification_parts(report: Report) -> Block:
    """Return the chain of the problems, how long they stay open, how old the open ones are."""
    tasks, lang, day = _problems(report), report.lang, report.cutoff
    if tasks.empty:
        return note(report.say("no_rectification"))
    chain = rectification.chain(tasks)
    ages = plan_columns.written_ages(rectification.ageing(tasks, day), lang)
    words = report.say("section_chain_text")
    parts = [
        _time_to_close(report, tasks),
        table_section(chain, plan_columns.chain(lang), lang, report.say("section_chain"), words),
        table_section(ages, plan_columns.ages(lang), lang, report.say("section_ages")),
    ]
    if "problems" in report.rights:  # whose each is, is not for everybody
        items = rectification.chain_items(tasks, day)
        if lang != "zh":  # the files' own words are Chinese: whether there is one is told
            told = {True: text("plan.yes", lang), False: text("plan.no", lang)}
            items = items.assign(**{name: items[name].notna().map(told) for name in ("source", "verdict")})
        title = report.say("section_items_chain")
        parts.append(table_section(items, plan_columns.chain_items(lang), lang, title))
    return joined(parts)


def _time_to_close(report: Report, tasks: pd.DataFrame) -> Block:
    found = rectification.time_to_close(tasks[~tasks["long_term"]], report.cutoff, report.campaign)
    days = text("common.no_data", report.lang)
    if found.median is not None:
        days = text("present.days", report.lang, value=round(found.median))
    return table_figure(
        report,
        plan_charts.survival_curve(found, report.lang),
        found.curve,
        plan_columns.curve(report.lang),
        title=report.figure_title("fig_survival"),
        caption=report.say("fig_survival_caption"),
        alt=report.say("survival_alt", count=int(found.curve["at_risk"].max()), days=days),
    )


def opinions_table(report: Report) -> Block:
    """Return opinions by channel and object; raw and merged counts stand side by side."""
    frame = rectification.opinions(report.tables)
    if frame.empty:
        return note(report.say("no_opinions"))
    columns = plan_columns.opinions(frame, report.campaign, report.lang)
    return html_table(frame, columns, report.lang, report.say("section_opinions"))


def coverage_figure(report: Report) -> Block:
    """Return the shares that the plan binds, each towards its target."""
    numbers = report.campaign.plan.numbers
    codes = [clause for number in numbers.values() for clause in number.clauses]
    rows = plan.of_codes(report.status, dict.fromkeys(codes))
    if rows.empty:
        return note(report.say("no_plan"))
    rows = rows[rows["part"].eq("") & rows["period"].eq("") & rows["kind"].eq("share")]
    rows = rows[rows["status"].ne(plan.WHOLE)]
    frame = plan.written(rows, report.campaign, report.lang)
    return table_figure(
        report,
        plan_charts.target_bars(frame, report.lang),
        frame,
        plan.columns(report.lang),
        title=report.figure_title("fig_coverage"),
        caption=report.say("fig_coverage_caption"),
        alt=wording.series(frame["label"] + " " + frame["shown"], report.lang),
    )


def duties_tables(report: Report) -> Block:
    """Return what is late, what is due next, and all duties."""
    frame = plan.duties(report.status, report.campaign, report.cutoff, report.lang)
    whole = frame["status"].eq(plan.WHOLE)
    place = {code: at for at, code in enumerate(report.campaign.plan.duties)}
    others, frame = set(frame.loc[whole, "indicator"]), frame[~whole]
    in_order = frame.sort_values("indicator", key=lambda codes: codes.map(place), kind="stable")
    parts = [
        _duties_table(report, frame[frame["late"]], "section_late_duties"),
        _duties_table(report, frame[frame["due"].gt(report.cutoff)], "section_next"),
        _duties_table(report, in_order, "section_duties"),
    ]
    if others:
        codes = listed((code for code in place if code in others), report.lang)
        parts.append(note(report.say("duties_whole", count=len(others), codes=codes)))
    return joined(parts)


def _duties_table(report: Report, frame: pd.DataFrame, key: str) -> Block:
    if frame.empty:
        return joined([section(report.say(key)), note(report.say("none_of_these"))])
    return table_section(frame, plan_columns.duties(report.lang), report.lang, report.say(key))


def documents_table(report: Report) -> Block:
    """Return the documents that the plan refers to, and whether the register has them."""
    frame = _told(report, "document", report.campaign.plan.documents)
    columns, title = plan_columns.documents(report.lang), report.say("section_documents")
    return html_table(frame, columns, report.lang, title)


def _told(report: Report, level: str, known: Mapping[str, Label]) -> pd.DataFrame:
    """Return the rows of the status table of one `level`, with names and states in words."""
    rows, lang = report.status[report.status["level"].eq(level)], report.lang
    return rows.assign(
        name=[known[code].name(lang) for code in rows["indicator"]],
        state=[plan.state_words(state, lang) for state in rows["status"]],
    )


def award_parts(report: Report) -> Block:
    """Return the rounds, the chain from branch to bureau, and the shortlist; the decision is people's."""
    day, lang = report.cutoff.date(), report.lang
    cast = awards.votes_cast(report.tables, report.campaign, day)
    if cast.empty:
        return note(report.say("no_nominations"))
    chain = plan_columns.chain_of_levels(cast, report.campaign, lang)
    title, words = report.say("section_levels_chain"), report.say("section_levels_chain_text")
    parts = [
        table_section(chain, plan_columns.level_chain(lang), lang, title, words),
        section(report.say("section_shortlist"), report.say("section_shortlist_text")),
    ]
    if "shortlist" not in report.rights:
        return joined([*parts, note(report.say("shortlist_not_shown"))])
    frame = awards.shortlist(report.tables, report.campaign, day)
    shown = plan_columns.written_shortlist(frame, report.campaign, lang)
    columns, told = plan_columns.shortlist(lang), note(unit_words.rank_sentence(frame, lang))
    return joined([*parts, told, html_table(shown, columns, lang, report.say("section_shortlist"))])


def award_statuses(report: Report) -> Block:
    """Return how each commendation of the plan stands."""
    known = report.campaign.plan.awards
    before = {code: award.before for code, award in known.items()}
    frame = _told(report, "award", known)
    frame["due"] = pd.to_datetime(frame["indicator"].map(before))
    return html_table(frame, plan_columns.awards(report.lang), report.lang, report.say("section_awards"))
