"""The plan's clauses -> their status. Each names one of a few measures; a figure leads back to cells."""

import re
from collections.abc import Callable, Iterator

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure import counted, rated, regular
from cxzy_lib.measure.basis import is_among, is_true
from cxzy_lib.measure.evidence import CELL, PAPER, Answer, Ask, Evidence, Window, with_papers
from cxzy_lib.measure.summaries import above, typed, unmeasured
from cxzy_lib.plan_specs import Clause

_OWN = ("unit", "part", "kind", "value", "low", "high", "base", "other_base")  # of an answer
#: What a measure in plan.toml is called -> what answers it.
MEASURES: dict[str, Callable[[Ask, Evidence], list[Answer]]] = {
    "votes": rated.votes,
    "events": counted.events,
    "tasks": counted.tasks,
    "coverage": counted.coverage,
    "cadence": regular.cadence,
    "appraisal": regular.appraisal,
    "report": regular.report,
    "hours": regular.hours,
    "participation": regular.participation,
    "gap": rated.gap,
    "zero": counted.zero,
    "figures": rated.figures,
    "people": rated.people,
    "close": rated.close,
    "opinions": counted.opinions,
    "nominations": rated.nominations,
}


def windows(campaign: Campaign) -> list[Window]:
    """Return the periods of the setting ``trend_basis``: stages, which may be cut so that none overlap."""
    match campaign.setting("trend_basis"):
        case "stage":
            spans = [(s.code, s.start, s.end) for s in campaign.stages]
        case "semester":
            spans = [(s.code, s.start, s.end) for s in campaign.semesters]
        case _:
            spans = [(str(y), pd.Timestamp(y, 1, 1), pd.Timestamp(y, 12, 31)) for y in campaign.years]
    found = [Window(code, pd.Timestamp(start), pd.Timestamp(end)) for code, start, end in spans]
    return [_cut(window, found, campaign) for window in found]


def _cut(window: Window, others: list[Window], campaign: Campaign) -> Window:
    """Take from a stage the days that another one has by the setting ``overlap_stage``."""
    winner = campaign.setting("overlap_stage")
    for other in others:
        if other.code == winner and window.code != winner:
            if window.start < other.start <= window.end:
                return Window(window.code, window.start, other.start - pd.Timedelta(days=1))
            if window.start <= other.end < window.end:
                return Window(window.code, other.end + pd.Timedelta(days=1), window.end)
    return window


def _whole(clause: Clause, ev: Evidence) -> Window:
    span = ev.campaign.span
    start, end = clause.start or span.start, clause.due or span.end
    return Window("", pd.Timestamp(start), min(pd.Timestamp(end), ev.day))


def _answers(code: str, clause: Clause, ev: Evidence, window: Window) -> list[Answer]:
    if clause.measure is None:
        return [Answer(None, "count", state="missing" if clause.missing else "judgement")]
    return MEASURES[clause.measure.of](Ask(code, clause, clause.measure, window), ev)


def _target(clause: Clause, code: str, answer: Answer, ev: Evidence) -> float | None:
    if answer.part and answer.target is not None:
        return answer.target
    if answer.part and clause.measure and clause.measure.of not in ("votes", "tasks"):
        return None  # a figure beside the clause's own
    threshold = ev.campaign.setting("thresholds").get(code)
    wanted = threshold if threshold is not None else clause.target
    return answer.target if answer.target is not None and wanted is not None else wanted


def _status(answer: Answer, clause: Clause, target: float | None, ev: Evidence, window: Window) -> str:
    if answer.state in ("missing", "judgement") or (answer.state and answer.period and not answer.part):
        return answer.state
    if (target is None and answer.value is not None) or answer.state == "hidden":
        return "judgement"
    if answer.state:
        return answer.state
    due = pd.Timestamp(clause.due or window.end)
    early = (clause.start is not None and ev.day < pd.Timestamp(clause.start)) or window.start > ev.day
    if answer.value is None:
        if early or (ev.day < due and clause.due):
            return "not_due"
        return "of_whole" if ev.of_whole(clause) else "no_evidence"
    assert target is not None
    good = answer.value <= target if clause.at_most else answer.value >= target
    if good:
        return "met"
    if window.code and answer.kind == "count" and not clause.at_most:
        return "judgement"  # what adds up over the whole time has no number to reach in a part of it
    return "not_met" if ev.day >= due or not clause.due else "not_due"


def _figures(code: str, clause: Clause, ev: Evidence, window: Window) -> Iterator[tuple[str, Answer]]:
    """Yield the answers about a clause in a window, each with its id."""
    for answer in _answers(code, clause, ev, window):
        if window.code and answer.unit:
            continue  # a stage has its own figure and those of its groups
        period = answer.period if not window.code else ""
        names = (code, window.code, answer.unit, answer.part, period)
        yield "/".join(name for name in names if name), answer


def _every_figure(code: str, clause: Clause, ev: Evidence) -> Iterator[tuple[str, Answer]]:
    for window in (_whole(clause, ev), *windows(ev.campaign)):
        yield from _figures(code, clause, ev, window)


def _rows(code: str, level: str, clause: Clause, ev: Evidence, window: Window) -> Iterator[dict[str, object]]:
    fixed = {"level": level, "indicator": code, "assumed": clause.assumed, "at_most": clause.at_most}
    fixed["proxy"] = bool(clause.measure and clause.measure.proxy)
    for figure, answer in _figures(code, clause, ev, window):
        target = _target(clause, code, answer, ev)
        yield {
            **fixed,
            "id": figure,
            "window": window.code,
            "period": answer.period or window.code,
            "target": target,
            "status": _status(answer, clause, target, ev, window),
            "hidden": answer.state == "hidden",
            "rows": sum(len(frame) for frame in answer.rows.values()),
            **{name: getattr(answer, name) for name in _OWN},
        }


def status_table(ev: Evidence) -> pd.DataFrame:
    """Return the status of every clause of the plan at ``ev.as_of``, with the figures behind it.

    Parameters
    ----------
    ev : Evidence
        The tables of one institution, the campaign and the day.

    Returns
    -------
    DataFrame
        ``id`` (what ``cxzy trace`` follows), ``level`` (indicator, duty, criterion, number, document, award,
        step), ``indicator`` (the clause), ``unit`` (a branch; "" for all), ``period`` (a stage, a semester, a
        year; "" for the clause's whole time), ``part`` (a group of raters, a channel, …; "" for the clause
        itself), ``kind`` of ``value`` (share 0-1, count, days, mean, difference), ``low``, ``high``,
        ``base``, ``other_base`` (of the group compared with), ``target``, ``assumed`` (the target is this
        institution's), ``at_most``, ``status``, ``hidden`` (too few ballots: no numbers), ``proxy``,
        ``rows`` (source rows used). A clause without evidence has NA, never 0.

        The status: ``met``, ``not_met``, ``on_course``, ``behind`` (not due yet, and short of the pro-rata
        line), ``undecided`` (compared, and the data can show no difference), ``no_evidence`` (required),
        ``judgement`` (no number to reach), ``missing`` (in the source), ``not_due``, ``of_whole`` (the
        whole institution's, where the rows are a unit's).

    Examples
    --------
    >>> from datetime import date
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform
    >>> empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    >>> table = status_table(Evidence(empty, load_campaign("campaign"), date(2012, 6, 30)))
    >>> table.loc[table["indicator"].isin(["G3.2b", "G4.4"]) & table["period"].eq(""), "status"].tolist()
    ['no_evidence', 'missing']
    """
    plan = ev.campaign.plan
    rows: list[dict[str, object]] = []
    for level, clauses in (("indicator", plan.indicators), ("duty", plan.duties)):
        for code, clause in clauses.items():
            rows += _rows(code, level, clause, ev, _whole(clause, ev))
            for window in windows(ev.campaign) if level == "indicator" and not clause.missing else ():
                rows += _rows(code, level, clause, ev, window)
    frame = typed(rows)
    return pd.concat([frame, *above(frame, ev)], ignore_index=True)


class UnknownFigure(KeyError):
    """No clause has a figure of this id."""


def trace(ev: Evidence, figure: str) -> pd.DataFrame:
    """Return the source rows of a figure: ``table``, institution, source_file, source_sheet, source_row.

    Parameters
    ----------
    figure : str
        An ``id`` of `status_table`; a clause that has figures of its parts alone stands for all of these.

    Raises
    ------
    UnknownFigure
        If there is no such figure.
    """
    code, plan = figure.partition("/")[0], ev.campaign.plan
    carried = plan.numbers[code].clauses if code in plan.numbers else ()
    if code in plan.awards:
        carried = plan.awards[code].clauses
    if code in plan.criteria and code not in plan.clauses:
        carried = tuple(name for name in plan.clauses if re.fullmatch(rf"{re.escape(code)}[a-z]", name))
    if carried and figure != code:  # what stands above clauses has no parts
        raise UnknownFigure(figure)
    wanted = [(name, name) for name in carried] or [(code, figure)]
    found = [part for name, each in wanted for part in _traced(ev, name, each)] or unmeasured(ev, figure)
    if not found:
        raise UnknownFigure(figure)
    columns = ["table", *CELL]
    return pd.concat(found)[columns].drop_duplicates().sort_values(columns, ignore_index=True)


def _traced(ev: Evidence, code: str, figure: str) -> Iterator[pd.DataFrame]:
    """Yield the rows of each table under a figure; a figure without rows yields an empty frame."""
    clause = ev.campaign.plan.clauses.get(code)
    if clause is None:
        return
    every = list(_every_figure(code, clause, ev))
    own = [answer for name, answer in every if name == figure]
    for answer in own or [answer for _, answer in every if figure == code]:
        yield pd.DataFrame(columns=["table", *CELL])
        behind = with_papers(answer.rows, ev.tables.answers)
        yield from (rows.assign(table=table)[["table", *CELL]] for table, rows in behind.items())


def fed(ev: Evidence, file: str, row: int, sheet: str | None = None) -> list[str]:
    """Return the ids of the clauses' figures that used a row of a source file: see `lineage.fed`."""
    answers = ev.tables.answers
    papers = answers[_at(answers, file, row, sheet)]

    def uses(table: str, rows: pd.DataFrame) -> bool:
        own = table == "votes" and len(papers) > 0 and is_among(papers, rows, PAPER).any()
        return bool(own or _at(rows, file, row, sheet).any())

    found = [
        name
        for code, clause in ev.campaign.plan.clauses.items()
        for name, answer in _every_figure(code, clause, ev)
        if any(uses(table, rows) for table, rows in answer.rows.items())
    ]
    return list(dict.fromkeys(found))


def _at(rows: pd.DataFrame, file: str, row: int, sheet: str | None) -> "pd.Series[bool]":
    names = rows["source_file"]
    mine = (names.eq(file) | names.str.endswith(f"/{file}")) & rows["source_row"].eq(row)
    if sheet is not None:
        mine &= rows["source_sheet"].eq(sheet)
    return is_true(mine)
