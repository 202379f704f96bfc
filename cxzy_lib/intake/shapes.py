"""The shapes of spreadsheets: a body -> frames of the processed tables, and findings on the way.

``rows`` are read here; ``tally``, ``ballot`` and ``wide`` stand in files of their own.
"""

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.campaign import CampaignError
from cxzy_lib.intake.body import Body, Findings, Frames, Reading
from cxzy_lib.intake.occasions import with_occasion
from cxzy_lib.intake.records import contradictions, given, read_specs
from cxzy_lib.intake.rows import Mask, cells_where
from cxzy_lib.intake.values import key_of
from cxzy_lib.specs import Also
from cxzy_lib.tables import COUNT, DATE, NUMBER

_SUBJECT = ["row", "subject", "unit", "group", "is_teacher"]


def read_rows(body: Body) -> Reading:
    """Read the shape ``rows``: one source row is one row of the table, and of whatever it gives besides."""
    findings, zero = Findings(), _says_zero(body)
    specs = read_specs(body, findings)
    reading = Reading(findings, _main(body, specs.frame[specs.usable & ~zero]))
    contradictions(specs.frame, findings)
    if zero.any() and (report := body.layout.zero):
        for row in body.rows[zero]:
            findings.by_row.pop(int(row), None)  # what it lacks it need not have
        day = pd.Series(pd.Timestamp(body.facts["held_on"]), specs.frame.index)
        held_on = given(specs.frame, "held_on", DATE).fillna(day)
        frame = specs.frame.assign(held_on=held_on, **report.set)[zero]
        reading.frames.append((body.layout.table, frame))
    return reading


def _says_zero(body: Body) -> Mask:
    """Return which rows say that there was nothing to report."""
    report = body.layout.zero
    if report is None:
        return np.zeros(body.rows.size, dtype=bool)
    words = tuple(map(key_of, report.words))
    says = cells_where(
        body.sheet, lambda _, value: isinstance(value, str) and key_of(value).startswith(words)
    )
    return np.asarray(np.any(says, axis=0)[body.rows], dtype=bool)


def _main(body: Body, frame: pd.DataFrame) -> Frames:
    """Return the table's own records, and whatever the rows give besides."""
    for column in map(str, list(frame)):  # 党课、讨论 are two events, 张三、李四 two authors
        if isinstance(frame[column].dtype, np.dtype) and frame[column].dtype.kind == "O":
            frame = frame.explode(column, ignore_index=True)
    figures = any(spec.figure for spec in body.layout.columns.values())
    only_figures = body.layout.table == "figures" and figures
    own = [] if only_figures else [(body.layout.table, frame)]
    return [*own, *besides(body, frame)]


def besides(body: Body, frame: pd.DataFrame) -> Frames:
    """Return what rows give beside the records of their table: those of ``also``, and figures."""
    second = [pair for also in body.layout.also for pair in _also(body, also, frame)]
    return [*second, *_figures(body, frame)]


def _also(body: Body, also: Also, frame: pd.DataFrame) -> Frames:
    """Return the second records that rows make."""
    if any(name not in frame for name in also.when):
        return []
    for name in also.when:
        frame = frame[frame[name].notna() & frame[name].ne(False).fillna(False)]
    taken = {to: frame[name] for to, name in also.take.items() if name in frame}
    made = pd.DataFrame(
        {"row": frame["row"], **{c: frame[c] for c in ("unit", "held_on", "precision") if c in frame}}
    )
    made = made.assign(**taken).assign(**also.set)
    if also.table in ("votes", "turnout"):
        made = with_occasion(body, made)
    return [(also.table, made)] if len(made) else []


def _figures(body: Body, frame: pd.DataFrame) -> Frames:
    """Return a figure for every number in a column that is one."""
    subject = frame[[c for c in _SUBJECT if c in frame]]
    whose = next((name for name in ("subject", "person", "appraisee") if name in frame), None)
    if whose:
        subject = subject.assign(subject=frame[whose])
    year = given(frame, "year", COUNT).astype(pandas_dtype(COUNT))
    if "held_on" in frame:
        year = year.fillna(frame["held_on"].dt.year.astype(pandas_dtype(COUNT)))
    subject = subject.assign(year=year.fillna(body.facts["year"]) if body.facts["year"] else year)
    made = []
    for name, spec in body.layout.columns.items():
        if not spec.figure or (spec.to or name) not in frame:
            continue
        values = frame[spec.to or name].astype(pandas_dtype(NUMBER))
        there = values.notna()
        figure = {"indicator": spec.figure, "value": values, "unit_of_measure": spec.unit_of_measure or None}
        if there.any():
            made.append(("figures", subject.assign(**figure)[there]))
    return made


def setting(body: Body, name: str, *known: str) -> str:
    """Return a setting's value; one that the code does not know is an error and not ignored."""
    campaign = body.campaign
    value = str(campaign.setting(name))
    if value not in known:
        where = campaign.folder / "settings.toml"
        raise CampaignError(f"{where}: [{name}] value = {value!r}: {' / '.join(known)}")
    return value
