"""Parts of the pages about what is to be done: steps, rectification, duties, awards."""

import pandas as pd

from cxzy_lib.measure import appraisal, awards, rectification
from cxzy_lib.present import plan, plan_charts, plan_columns, unit_words, wording
from cxzy_lib.present.blocks import Block, figure, note, section
from cxzy_lib.present.pages import joined
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import text


def steps_title(report: Report) -> str:
    """Return how many steps have evidence, and how the problems stand."""
    cells = rectification.step_cells(report.evidence)
    tasks = report.evidence.tasks
    tasks = tasks[tasks["kind"].eq("rectification")]
    counts = {name: int(tasks[name].sum()) for name in ("done", "overdue")}
    return report.say(
        "title_steps_unit" if report.unit else "title_steps",
        count=len(cells),
        known=int(cells["evidenced"].sum()),
        problems=len(tasks),
        done=counts["done"],
        late=counts["overdue"],
    )


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
    wide = shown.pivot(index="row", columns="column", values="words").loc[list(dict.fromkeys(shown["row"]))]
    wide = wide.reset_index()
    return figure(
        plan_charts.status_matrix(shown, lang),
        title=report.figure_title("fig_steps"),
        caption=report.say(
            "fig_steps_caption", steps=len(steps), count=len(cells), described=int(cells["described"].sum())
        ),
        alt=wording.series(
            (f"{r} {c} {w}" for r, c, w in shown[["row", "column", "words"]].itertuples(index=False)),
            lang,
        ),
        table=html_table(wide, plan_columns.wide(wide, lang), lang, report.figure_title("fig_steps")),
        lang=lang,
    )


def rectification_parts(report: Report) -> Block:
    """Return the chain of the problems, how long they stay open, how old the open ones are."""
    tasks = report.evidence.tasks
    tasks = tasks[tasks["kind"].eq("rectification")]
    if tasks.empty:
        return note(report.say("no_rectification"))
    lang = report.lang
    chain, day = rectification.chain(tasks), report.cutoff
    found = rectification.time_to_close(tasks[~tasks["long_term"]], day, report.campaign)
    ages = plan_columns.written_ages(rectification.ageing(tasks, day), lang)
    curve = figure(
        plan_charts.survival_curve(found, lang),
        title=report.figure_title("fig_survival"),
        caption=report.say("fig_survival_caption"),
        alt=report.say(
            "survival_alt", count=int(found.curve["at_risk"].max()), days=_days(found.median, lang)
        ),
        table=html_table(found.curve, plan_columns.curve(lang), lang, report.figure_title("fig_survival")),
        lang=lang,
    )
    tables = [
        section(report.say("section_chain"), report.say("section_chain_text")),
        html_table(chain, plan_columns.chain(lang), lang, report.say("section_chain")),
        section(report.say("section_ages")),
        html_table(ages, plan_columns.ages(lang), lang, report.say("section_ages")),
    ]
    if "problems" in report.rights:  # whose each is, is not for everybody
        items, title = rectification.chain_items(tasks, day), report.say("section_items_chain")
        if lang == "en":  # the files' own words are Chinese: whether there is one is told
            told = {True: text("plan.yes", lang), False: text("plan.no", lang)}
            items = items.assign(**{name: items[name].notna().map(told) for name in ("source", "verdict")})
        tables += [section(title), html_table(items, plan_columns.chain_items(lang), lang, title)]
    return joined([curve, *tables])


def _days(value: float | None, lang: str) -> str:
    return text("common.no_data", lang) if value is None else text("present.days", lang, value=round(value))


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
    caption = report.say("fig_coverage_caption")
    title = report.figure_title("fig_coverage")
    return figure(
        plan_charts.target_bars(frame, report.lang),
        title=title,
        caption=caption,
        alt=wording.series(
            (f"{row['label']} {row['shown']}" for row in frame.to_dict("records")), report.lang
        ),
        table=html_table(frame, plan.columns(report.lang), report.lang, title),
        lang=report.lang,
    )


def duties_tables(report: Report) -> Block:
    """Return what is late, what is due next, and all duties."""
    frame = plan.duties(report.status, report.campaign, report.cutoff, report.lang)
    whole = frame["status"].eq(plan.WHOLE)
    others, frame = list(frame.loc[whole, "indicator"]), frame[~whole]
    columns = plan_columns.duties(report.lang)
    late, coming = frame[frame["late"]], frame[frame["due"].gt(report.cutoff)]
    parts = [section(report.say("section_late_duties"))]
    parts.append(_or_none(late, columns, report, "section_late_duties"))
    parts += [section(report.say("section_next")), _or_none(coming, columns, report, "section_next")]
    order = frame.sort_values("indicator", key=lambda codes: codes.map(_place(report)), kind="stable")
    parts += [section(report.say("section_duties")), _or_none(order, columns, report, "section_duties")]
    comma = "、" if report.lang == "zh" else ", "
    codes = comma.join(sorted(others, key=list(_place(report)).index))
    told = report.say("duties_whole", count=len(others), codes=codes)
    return joined([*parts, *([note(told)] if others else [])])


def _place(report: Report) -> dict[str, int]:
    return {code: at for at, code in enumerate(report.campaign.plan.duties)}


def _or_none(frame: pd.DataFrame, columns: list[Column], report: Report, key: str) -> Block:
    if frame.empty:
        return note(report.say("none_of_these"))
    return html_table(frame, columns, report.lang, report.say(key))


def documents_table(report: Report) -> Block:
    """Return the documents that the plan refers to, and whether the register has them."""
    rows = report.status[report.status["level"].eq("document")]
    documents = report.campaign.plan.documents
    frame = rows.assign(
        name=[documents[code].name(report.lang) for code in rows["indicator"]],
        state=[plan.state_words(state, report.lang) for state in rows["status"]],
    )
    return html_table(
        frame, plan_columns.documents(report.lang), report.lang, report.say("section_documents")
    )


def award_parts(report: Report) -> Block:
    """Return the rounds, the chain from branch to bureau, and the shortlist; the decision is people's."""
    day, lang = report.cutoff.date(), report.lang
    cast = awards.votes_cast(report.tables, report.campaign, day)
    if cast.empty:
        return note(report.say("no_nominations"))
    chain = plan_columns.chain_of_levels(cast, report.campaign, lang)
    parts = [
        section(report.say("section_levels_chain"), report.say("section_levels_chain_text")),
        html_table(chain, plan_columns.level_chain(lang), lang, report.say("section_levels_chain")),
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
    rows = report.status[report.status["level"].eq("award")]
    plan_awards = report.campaign.plan.awards
    frame = rows.assign(
        name=[plan_awards[code].name(report.lang) for code in rows["indicator"]],
        due=pd.to_datetime(pd.Series([plan_awards[c].before for c in rows["indicator"]], index=rows.index)),
        state=[plan.state_words(state, report.lang) for state in rows["status"]],
    )
    return html_table(frame, plan_columns.awards(report.lang), report.lang, report.say("section_awards"))
