"""What stands above the clauses: criteria, binding numbers, documents, awards and steps."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cxzy_lib.measure.basis import shape
from cxzy_lib.measure.evidence import Evidence
from cxzy_lib.measure.rectification import step_cells, step_log
from cxzy_lib.plan_specs import Document, Number

#: From the worst to the best; a group of clauses stands as the worst of them that is judged.
STATES = (
    "not_met", "behind", "undecided", "on_course", "met", "no_evidence", "judgement", "not_due", "of_whole",
    "missing",
)  # fmt: skip
_QUOTES = r"[《》〈〉“”\"\s]"
_COLUMNS = (
    "id level indicator window unit period part kind value low high base other_base target assumed at_most "
    "status hidden proxy rows"
)
_TEXT = "id level indicator window unit period part kind status"
_NUMBER = "value low high target"
#: What a clause's own figure, over its whole time, has none of.
_PLACE = ["window", "unit", "period", "part"]


def typed(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows of the status table with its columns and their types; missing texts are ""."""
    frame = pd.DataFrame(rows, columns=_COLUMNS.split())
    frame[_PLACE] = frame[_PLACE].astype("str").fillna("")
    flags = "assumed at_most hidden proxy"
    frame[flags.split()] = frame[flags.split()].astype("boolean").fillna(False)
    return shape(frame, _COLUMNS, _TEXT, number=_NUMBER, flag=flags)


def above(frame: pd.DataFrame, ev: Evidence) -> list[pd.DataFrame]:
    """Return what stands above or beside the clauses: criteria, numbers, documents, awards, steps."""
    plan, mains = ev.campaign.plan, frame[(frame[_PLACE] == "").all(axis=1)]
    rows = by_criterion(frame)
    found = [
        {"id": code, "level": "criterion", "indicator": code, **overall(rows.get((code, ""), []))}
        for code in plan.criteria
        if code not in plan.clauses
    ]
    for code, number in plan.numbers.items():
        own = mains[mains["indicator"].isin(number.clauses)]
        found.append({"id": code, "level": "number", "indicator": code, **_number(number, own, ev)})
    titles = set(_bare(ev.tables.events["topic"].dropna()))
    for code, document in plan.documents.items():
        status = "met" if titles & _titles(document) else _lacking(ev)
        found.append({"id": code, "level": "document", "indicator": code, "status": status})
    for code, award in plan.awards.items():
        own = mains[mains["indicator"].isin(award.clauses)]
        found.append({"id": code, "level": "award", "indicator": code, **_worst(own["status"])})
    return [typed(found), _steps(ev)]


def unmeasured(ev: Evidence, figure: str) -> list[pd.DataFrame]:
    """Return the rows, with their ``table``, of what has no measure: a step in a year, a document."""
    plan, (code, _, year) = ev.campaign.plan, figure.partition("/")
    if code in plan.steps and year in map(str, ev.campaign.years):
        log = step_log(ev)
        return [log[log["subject"].eq(code) & log["year"].eq(int(year))].assign(table="tasks")]
    if figure in plan.documents:
        events = ev.tables.events
        return [events[_bare(events["topic"]).isin(_titles(plan.documents[figure]))].assign(table="events")]
    return []


def _bare(titles: pd.Series) -> pd.Series:
    return titles.str.replace(_QUOTES, "", regex=True)


def _titles(document: Document) -> set[str]:
    return {re.sub(_QUOTES, "", name) for name in (document.zh, *document.aliases)}


def _number(number: Number, rows: pd.DataFrame, ev: Evidence) -> dict[str, object]:
    """Return how a binding number stands: a span of time by the share of it that is gone."""
    if number.start is None or number.end is None:
        return _worst(rows["status"])
    start, end = pd.Timestamp(number.start), pd.Timestamp(number.end)
    days = (end - start).days + 1
    gone = min(max((ev.day - start).days + 1, 0), days) / days
    state = "on_course" if ev.day <= end else _worst(rows["status"])["status"]
    return {"status": state, "kind": "share", "value": gone, "base": days}


def _worst(states: Iterable[str]) -> dict[str, object]:
    """Return the state of several clauses: that of the worst which is judged, else of what is there."""
    there = set(states)
    worst = next((state for state in STATES if state in there), "missing")
    lacking = "no_evidence" in there and worst in ("met", "on_course")
    return {"status": "no_evidence" if lacking else worst}


def by_criterion(frame: pd.DataFrame) -> dict[tuple[str, str], list[dict[Any, Any]]]:
    """Return the indicators' rows of the status table by (criterion, window): its clauses', by their letter.

    Linked clauses (x) are the goal's and no criterion's. Plain records: a hundred cells look through them.
    """
    found = defaultdict(list)
    for row in frame[frame["level"].eq("indicator")].to_dict("records"):
        code = row["indicator"]
        for criterion in {code, re.sub("[a-z]$", "", code)}:
            found[criterion, row["window"]].append(row)
    return dict(found)


def overall(clauses: Sequence[Mapping[Any, Any]]) -> dict[str, object]:
    """Return how a criterion stands in a window, from its rows there: the worst clause that is judged.

    ``value`` of ``base``: how many of its clauses have any evidence; in a unit's rows those of the whole
    institution do not count. Without rows it is not told by window.
    """
    states = {row["status"] for row in clauses}
    if not clauses or states == {"missing"}:
        return {"status": "missing" if clauses else None}
    # Clauses with a figure of their own, besides those of parts.
    undivided = {row["indicator"] for row in clauses if not row["part"]}
    mains = [row for row in clauses if not (row["unit"] or (row["part"] and row["indicator"] in undivided))]
    known = {row["indicator"] for row in mains if pd.notna(row["value"]) or row["hidden"]}
    asked = {row["indicator"] for row in clauses if row["status"] != "of_whole"}
    worst = _worst(row["status"] for row in mains)
    return {**worst, "kind": "count", "value": len(known), "base": len(asked)}


def _lacking(ev: Evidence) -> str:
    """Return the state of what is not on record and is kept for the whole institution only."""
    return "no_evidence" if ev.unit is None else "of_whole"


def _steps(ev: Evidence) -> pd.DataFrame:
    found = [
        {
            "id": f"{row['step']}/{row['year']}",
            "level": "step",
            "indicator": row["step"],
            "period": str(row["year"]),
            "part": row["state"],
            "status": "met" if row["evidenced"] else _lacking(ev),
        }
        for row in step_cells(ev).to_dict("records")
    ]
    return typed(found)
