"""When a vote was taken: from its row, else from the title; and how many ballots the title speaks of."""

from datetime import date
from typing import Any

import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.body import Body, Finding, Findings, Frames, Record, Specs
from cxzy_lib.tables import COUNT, DATE, TEXT

_GIVEN = ["held_on", "semester", "answered_on", "unit", "occasion"]


def _plain(name: str, value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.date() if name.endswith("_on") else value


def _occasion(record: Record, facts: Record, campaign: Campaign) -> Record:
    """Return when an occasion was: from the row, else from the title; missing parts follow from the date."""
    answered = record.get("answered_on")
    day: date | None = record.get("held_on") or facts["held_on"] or answered
    if answered and facts["held_on"] is None:
        day = None  # answers come in over days: one questionnaire is one occasion, told by its semester
    term = record.get("semester") or (campaign.semester_of(day) if day else facts.get("semester"))
    if answered and not term:
        term = campaign.semester_of(answered)
    year = day.year if day else facts["year"] or (answered.year if answered else None)
    known = day or answered
    period = day.isoformat() if day else term or str(year or "")
    parts = [record.get("occasion"), period, record.get("unit")]
    return {
        "held_on": day,
        "semester": term,
        "year": year,
        "stage": campaign.stage_of(known) if known else None,
        "occasion_id": "-".join(str(part) for part in parts if part),
    }


def with_occasion(body: Body, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the occasion of each row: its day, semester, year, stage and id.

    Asked once for each distinct combination of what the rows say.
    """
    given = [name for name in _GIVEN if name in frame]
    distinct = frame[given].drop_duplicates()
    records = [
        {name: _plain(name, value) for name, value in zip(given, row, strict=True)}
        for row in distinct.itertuples(index=False)
    ]
    found = pd.DataFrame([_occasion(r, body.facts, body.campaign) for r in records], index=distinct.index)
    kinds = {"held_on": DATE, "semester": TEXT, "year": COUNT, "stage": TEXT, "occasion_id": TEXT}
    found = found.reindex(columns=list(kinds)).astype(kinds)
    if len(distinct) == 1 or not given:
        return frame.assign(**{name: found[name].iloc[0] for name in kinds} if len(found) else {})
    group = frame.groupby(given, dropna=False, sort=False).ngroup().to_numpy()
    return frame.assign(**{name: found[name].take(group).set_axis(frame.index) for name in kinds})


def dated(body: Body, specs: Specs, findings: Findings) -> Specs:
    """Return the records of a vote with their occasions; a row that belongs to none cannot be used."""
    frame, facts = specs.frame, body.facts
    campaign = body.campaign
    if not frame.empty and {"semester", "held_on"} <= set(frame):
        for row, term, day in frame[["row", "semester", "held_on"]].dropna().itertuples(index=False):
            if campaign.semester_of(day.date()) not in (None, term):
                findings.add([row], Finding("semester_contradicts", "error", "", term))
    usable = specs.usable
    if not (facts["held_on"] or facts["year"] or facts.get("semester")):
        own = [frame[name].notna() for name in ("held_on", "semester", "answered_on") if name in frame]
        known = pd.concat(own, axis=1).any(axis=1).to_numpy() if own else ~usable & False
        findings.add(body.rows[usable & ~known], Finding("no_occasion", "error"))
        usable = usable & known
    return Specs(with_occasion(body, frame), usable)


def criteria(items: pd.Series, campaign: Campaign) -> pd.Series:
    """Return the criterion of each item, missing where it has none."""
    known = {code: item.criterion or None for code, item in campaign.items.items()}
    return items.map(known).astype(pandas_dtype(TEXT))


def title_turnout(body: Body, groups: dict[str, Record]) -> Frames:
    """Return the turnout of `groups` (rater group -> counts) as a frame that stands at the title's row."""
    base = {"occasion": body.layout.set.get("occasion"), "row": 0}
    if body.context.branch:
        base["unit"] = body.context.branch
    rows = [base | counts | {"rater_group": group} for group, counts in groups.items()]
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    if "answered_on" in frame:
        frame["answered_on"] = frame["answered_on"].astype(pandas_dtype(DATE))
    return [("turnout", with_occasion(body, frame))]
