"""Parts of pages that say how sure a figure is: changes, comparability, indices, raters, returns, units."""

import pandas as pd

from cxzy_lib.measure import agreement, design, fair, raters, reliability, returns, trends, weights
from cxzy_lib.measure.basis import is_true, with_period
from cxzy_lib.measure.comparability import GRADES, with_grades
from cxzy_lib.measure.verdicts import PERIOD
from cxzy_lib.present import change_charts, evidence_columns, unit_charts, unit_words, wording
from cxzy_lib.present.blocks import Block, figure, findings, note, section, unfold
from cxzy_lib.present.pages import joined, table_figure
from cxzy_lib.present.prepare import last_occasion, only
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import html_table


def changes_part(report: Report) -> Block:
    """Return every comparison of the satisfaction ballots: how many there are, and what each shows."""
    found, lang = report.verdicts, report.lang
    if found.changes.empty:
        return note(report.no_ballots)
    compared = wording.compared_sentence(found.changes, found.trends, report.campaign, lang)
    listed = found.changes[found.changes["kind"].ne("branch") | ("units" in report.rights)]
    if len(listed) < len(found.changes):
        compared += report.say("branches_not_shown")
    table = evidence_columns.written_changes(listed, report.campaign, lang)
    sentences = wording.change_sentences(listed, report.campaign, lang)
    chart = table_figure(
        report,
        change_charts.change_dots(found.changes, report.campaign, lang),
        table,
        evidence_columns.changes(lang),
        title=report.figure_title("fig_changes"),
        caption=report.say("fig_changes_caption", level=report.confidence),
        alt=" ".join(sentences),
    )
    told = wording.trend_sentences(found.trends, report.campaign, lang)
    return joined([note(compared), chart, *([findings(told)] if told else []), _odds(report)])


def _odds(report: Report) -> Block:
    """Return by how much the odds of a better judgement moved, where three periods or more are comparable."""
    found, campaign, lang = report.verdicts, report.campaign, report.lang
    run = found.trends[found.trends["ballots"].notna()]
    if run.empty:
        return Block("")
    votes = with_period(only(report.tables.votes, "satisfaction"))
    table = trends.with_odds(run, votes, found.rates, found.graded, campaign, PERIOD)
    return html_table(
        evidence_columns.written_trends(table, campaign, lang),
        evidence_columns.trends(lang),
        lang,
        report.say("table_trends"),
    )


def stages_part(report: Report) -> Block:
    """Return what the stages show, each by its last occasion."""
    sentences = wording.change_sentences(report.verdicts.stages, report.campaign, report.lang)
    return findings(sentences) if sentences else note(report.no_ballots)


def branches_part(report: Report) -> Block:
    """Return what each branch shows beside the others, as far as the audience may see branches."""
    if "units" not in report.rights:
        return note(report.say("branches_not_shown"))
    found = report.verdicts.changes
    found = found[found["kind"].eq("branch")]
    sentences = wording.change_sentences(found, report.campaign, report.lang)
    return findings(sentences) if sentences else note(report.say("branches_none"))


def yearly_verdicts(report: Report) -> Block:
    """Return what the single occasions show about satisfaction: a year pools several of the same people."""
    told = wording.change_title(report.verdicts.headline(report.campaign), report.lang)
    return note(report.say("yearly_verdicts", verdicts=told) if told else report.no_ballots)


def registry_table(report: Report) -> Block:
    """Return the registry of items: the conditions of each period, and the grade against the one before."""
    found, lang = report.verdicts, report.lang
    if found.registry.empty:
        return note(report.no_ballots)
    rows = with_grades(found.registry.assign(strict=1.0), found.graded, PERIOD)
    rows = rows.sort_values(["item", "rater_group", "day"], kind="stable")
    shown = evidence_columns.written_registry(rows, report.campaign, lang)
    counts = {grade: int(rows["grade_before"].eq(grade).sum()) for grade in GRADES}
    first = int(rows["grade_before"].isna().sum())
    told = note(report.say("registry_told", count=len(rows), first=first, **counts))
    heads = evidence_columns.registry(report.campaign, lang)
    return joined([told, unfold(html_table(shown, heads, lang, report.say("section_registry")), lang)])


def index_table(report: Report) -> Block:
    """Return the index of the headline item and the mean of the papers' scores, each with its interval."""
    found, campaign, lang = report.verdicts, report.campaign, report.lang
    rates = found.rates[found.rates["item"].isin(report.headline)].reset_index(drop=True)
    if rates.empty:
        return note(report.no_ballots)
    votes = with_period(only(report.tables.votes, "satisfaction", report.headline))
    answers = with_period(only(report.tables.answers, "satisfaction"))
    table = design.index_by_period(votes, answers, rates, campaign, PERIOD)
    columns, title = evidence_columns.index(campaign, lang), report.say("section_index")
    parts = [html_table(evidence_columns.written_index(table, lang), columns, lang, title)]
    if table["branches"].notna().any():
        parts.append(note(report.say("index_sampled")))
    return joined(parts)


def response_table(report: Report) -> Block:
    """Return who answered and who stayed silent by semester and group, and the weighted rate if any."""
    lang, rates = report.lang, report.verdicts.rates
    rates = rates[rates["item"].isin(report.headline)]
    if rates.empty:
        return note(report.no_ballots)
    known = with_period(only(report.tables.turnout, "satisfaction"))
    found = weights.response_by_group(known, [PERIOD, "rater_group"])
    hidden = rates[[PERIOD, "rater_group", "hidden"]].drop_duplicates([PERIOD, "rater_group"])
    table = found.merge(hidden, on=[PERIOD, "rater_group"], how="left")
    order = {code: at for at, code in enumerate(dict.fromkeys(rates[PERIOD]))}
    table = table.sort_values(PERIOD, key=lambda codes: codes.map(order), kind="stable", ignore_index=True)
    columns = evidence_columns.response(report.campaign, lang)
    shown = html_table(table, columns, lang, report.say("section_response"))
    return joined([shown, _weighted(report, rates), *_raked(report, rates)])


def _weighted(report: Report, rates: pd.DataFrame) -> Block:
    given = report.campaign.setting("group_weights")
    if not given:
        return note(report.say("no_weights"))
    last = rates[rates[PERIOD].eq(rates[PERIOD].iloc[-1])]
    period = wording.period_name(report.campaign, str(last[PERIOD].iloc[0]), report.lang)
    last = last[last["rater_group"].isin(given)]
    if len(set(last["scale"])) > 1:
        return note(report.say("weighted_scales", period=period))
    told = weights.weighted_rate(last.drop_duplicates("rater_group", keep="last"), given)
    return note(wording.weighted_sentence(told, given, period, report.lang))


def _raked(report: Report, rates: pd.DataFrame) -> list[Block]:
    """Return the last rate of each group with known sizes beside what it is if weighted to them."""
    found, sizes = [], report.campaign.setting("raking")
    votes = with_period(only(report.tables.votes, "satisfaction", report.headline))
    last = wording.latest(rates[rates["rater_group"].isin(sizes)])
    for row in last.to_dict("records"):
        group = str(row["rater_group"])
        same = pd.concat([votes[k].eq(row[k]) for k in (PERIOD, "item", "rater_group", "scale")], axis=1)
        cells = weights.cells(votes[same.all(axis=1)], report.campaign, list(sizes[group]))
        told = weights.raked_rate(cells, sizes[group])
        found.append(note(wording.raked_sentence(told, group, sizes[group], report.lang)))
    return found


def reliability_table(report: Report) -> Block:
    """Return whether the items of the last papers hang together: alpha, and each item against the rest."""
    campaign, lang = report.campaign, report.lang
    papers = only(report.tables.answers, "satisfaction")
    if papers.empty:
        return note(report.say("no_papers"))
    last = last_occasion(papers, campaign)
    rule, level = campaign.setting("scale_missing"), campaign.setting("confidence_level")
    items = [code for code in campaign.items if code in set(last["item"].dropna())]
    wide = reliability.wide_points(last, campaign, items)
    if len(wide) < report.minimum_base:
        return note(report.say("alpha_few", least=report.minimum_base))
    whole = reliability.scale_reliability(wide, rule, level).iloc[0]
    if pd.isna(whole["alpha"]):
        return note(report.say(f"alpha_{whole['reason']}", least=report.minimum_base))
    rest = reliability.item_rest(wide, rule)
    shown = rest.assign(item=[campaign.items[code].label(lang) for code in rest["item"]])
    numbers = {name: f"{whole[name]:.2f}" for name in ("alpha", "low", "high")}
    counts = {"items": whole["items"], "respondents": whole["respondents"]}
    told = report.say("alpha", rule=report.say(f"missing_{rule}"), **numbers, **counts)
    table = html_table(shown, evidence_columns.item_rest(lang), lang, report.say("section_reliability"))
    return joined([note(told), table])


def raters_part(report: Report) -> Block:
    """Return how far raters agree about members, and how severe each group is with the same members."""
    campaign, lang = report.campaign, report.lang
    rows = only(report.tables.votes, "member")
    rows = rows[is_true(rows["count"] > 0)]
    if rows["year"].isna().all():
        return note(report.say("no_grades" if rows.empty else "grades_undated"))
    last = rows[rows["year"].eq(rows["year"].max())]
    scale = str(last["scale"].mode().iloc[0])
    last = last[last["scale"].eq(scale)]
    levels = {v.code: v.points for v in campaign.scales[scale].levels if v.points is not None}
    rated, order = last[last["level"].isin(levels)], list(levels)[::-1]  # from the worst to the best
    found = []
    for group in ("member", "nonmember"):
        alpha = agreement.agreement(rated[rated["rater_group"].eq(group)], order, "ordinal").iloc[0]
        found.append({"rater_group": group, **alpha.to_dict()})
    table = pd.DataFrame(found)
    heads = evidence_columns.agreement(lang)
    parts = [html_table(table, heads, lang, report.say("table_agreement")), *_severity(report, rated, levels)]
    return joined([note(report.say("raters_text", year=int(last["year"].iloc[0]))), *parts])


def _severity(report: Report, rated: pd.DataFrame, levels: dict[str, float]) -> list[Block]:
    frame = rated.assign(rater=rated["rater_group"], score=rated["level"].map(levels))
    frame = frame[["rater", "appraisee", "score", "count"]].dropna()
    apart = raters.connected(frame)["part"].nunique()
    if apart > 1:
        return [note(report.say("severity_apart", parts=apart))]
    severe, corrected = raters.severity(frame, report.campaign.setting("confidence_level"))
    heads = evidence_columns.severity(report.lang)
    told, least = raters.standing(corrected), report.campaign.setting("minimum_appraised")
    parts = [html_table(severe, heads, report.lang, report.say("table_severity"))]
    parts.append(note(report.say("severity_no_limits")))  # its ballots are not independent: see `severity`
    # Of a few, how many stand elsewhere could tell somebody's grade.
    if told["appraised"] >= least.get("member", 0):
        parts.append(note(report.say("severity_corrected", **told)))
    return parts


def units_part(report: Report) -> Block:
    """Return how branches keep their pledges: a funnel, and places with their uncertainty."""
    if "units" not in report.rights:
        return note(report.say("units_not_shown"))
    tasks = report.evidence.tasks
    tasks = tasks[tasks["kind"].eq("pledge") & ~tasks["long_term"] & tasks["unit"].notna()]
    counts = tasks.groupby("unit")["done"].agg(count="sum", base="size").reset_index()
    counts = counts[counts["base"].ge(report.minimum_base)]
    if len(counts) < 2:
        return note(report.say("units_too_few"))
    rule, level = report.campaign.setting("fair_units"), report.campaign.setting("confidence_level")
    frame = fair.fair_comparison(counts.assign(category="branch"), level, **rule)
    frame = frame.set_index("unit").reindex([u for u in report.branches if u in set(frame["unit"])])
    frame, lang = frame.reset_index(), report.lang
    title = "fig_funnel_some" if frame["position"].isin(["above", "below"]).any() else "fig_funnel_none"
    alarm, sentences = f"{100 * rule['alarm']:g}%", " ".join(unit_words.unit_sentences(frame, lang))
    funnel = table_figure(
        report,
        unit_charts.funnel(frame, lang),
        frame,
        evidence_columns.units(lang),
        title=report.figure_title(title),
        caption=report.say("fig_funnel_caption", level=report.confidence, alarm=alarm),
        alt=sentences,
    )
    places = figure(
        unit_charts.unit_intervals(frame, lang),
        title=report.figure_title("fig_places"),
        caption=report.say("fig_places_caption", level=report.confidence),
        alt=sentences,
        lang=lang,
    )
    return joined([section(report.say("section_units"), report.say("section_units_text")), funnel, places])


def returns_part(report: Report) -> Block:
    """Return what should be looked at among the returns, without accusing anybody."""
    if "returns" not in report.rights:
        return note(report.say("returns_not_shown"))
    rule = report.campaign.setting("return_checks")
    found = returns.returns_to_check(report.tables, report.campaign, rule)
    if found.empty:
        return note(report.say("returns_none"))
    return findings(unit_words.return_sentences(found, report.campaign, report.lang))
