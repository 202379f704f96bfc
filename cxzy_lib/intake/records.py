"""The body of a table -> a frame of records, a row for each source row, with what is wrong in it.

Every cell is read once per distinct cell of its column: 500,000 rows of six branches are six readings.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.intake.body import Body, Finding, Findings, Record, Specs
from cxzy_lib.intake.cells import Context, read_cell
from cxzy_lib.intake.dates import Span, find_year
from cxzy_lib.intake.grades import printed_tolerance, shares
from cxzy_lib.intake.grid import Codes, Column
from cxzy_lib.intake.layout import Use
from cxzy_lib.intake.rows import Mask
from cxzy_lib.intake.values import BadValue, Noted, text_of
from cxzy_lib.specs import ColumnSpec
from cxzy_lib.tables import COUNT, DATE, FLAG, NUMBER, TEXT

Values = list[Any]  # of the distinct cells of a column, by their codes
_NUMBERS = ("count", "number", "hours", "share", "score")
_DTYPES = dict.fromkeys(_NUMBERS, NUMBER) | {"date": DATE, "count": COUNT, "year": COUNT, "tick": FLAG}


def typed(values: Sequence[Any], codes: Codes, dtype: str = TEXT) -> pd.Series:
    """Return the series that has at each place the value its code names; ``None`` is missing."""
    series = pd.Series(list(values), dtype=object)
    if not any(isinstance(value, list) for value in values):  # parts of a list get their type apart
        series = series.astype(pandas_dtype(dtype))
    return series.take(codes).reset_index(drop=True)


def given(frame: pd.DataFrame, name: str, dtype: str) -> pd.Series:
    """Return a column of `frame`; one that is not there is missing in each row."""
    return frame[name] if name in frame else pd.Series(None, frame.index, dtype=pandas_dtype(dtype))


def _outcome(spec: ColumnSpec, raw: Any, context: Context) -> Any:
    try:
        return read_cell(spec, raw, context)
    except BadValue as bad:
        return bad


def _shares(column: Column) -> Values:
    """Read a column of shares as a whole: whether 95 is per cent or not only the others can tell."""
    known = shares(column.distinct)
    return [known.get(value) for value in column.values]


def _read_column(body: Body, use: Use, c: int, branches: pd.Series) -> tuple[Codes, Values, Values]:
    """Return a column's outcomes (values, Noted or BadValue), the code of each row, and the raw cells."""
    spec = body.layout.columns[use.target]
    column = body.column(c)
    codes, raw, formats = column.codes, column.values, column.formats
    context = _with_year(body.context, column) if spec.type == "date" else body.context
    if spec.type in ("person", "party") and branches.notna().any():
        # A namesake is told by the branch that stands in the same row.
        own, names = pd.factorize(branches.fillna(""))
        pairs, codes = np.unique(codes.astype(np.int64) * len(names) + own, return_inverse=True)
        raw = [column.values[k // len(names)] for k in pairs]
        where = [replace(context, branch=str(names[k % len(names)]) or context.branch) for k in pairs]
        outcomes = [_outcome(spec, v, w) for v, w in zip(raw, where, strict=True)]
        return codes.astype(np.int32), outcomes, raw
    if spec.type == "share":
        return codes, _shares(column), raw
    outcomes = [None] * len(raw)
    for k in np.unique(codes):
        outcomes[k] = _outcome(spec, raw[k], replace(context, format=formats[k]))
    return codes, outcomes, raw


def _with_year(context: Context, column: Column) -> Context:
    """Return the context with the only year that a column's dates name, where the title names none."""
    if context.year is not None:
        return context
    years = {find_year(text_of(value)) for value in column.distinct} - {None}
    return replace(context, year=years.pop()) if len(years) == 1 else context


def _judge(
    body: Body, use: Use, codes: Codes, outcomes: Values, raw: Values, findings: Findings
) -> tuple[Values, Mask]:
    """Report what is wrong with a column; return its plain values and the rows that it makes unusable."""
    spec = body.layout.columns[use.target]
    span = body.campaign.span
    severity = "error" if spec.required else "warning"
    plain: Values = [None] * len(outcomes)
    bad = np.zeros(len(outcomes), dtype=bool)
    for k in np.unique(codes):
        outcome, found = outcomes[k], []
        plain[k] = outcome
        if isinstance(outcome, Noted):
            found.append(Finding(outcome.code, "note", use.label, text_of(raw[k]), outcome.hint))
            plain[k] = outcome.value
        if plain[k] is None and spec.required:
            outcome = plain[k] = BadValue("missing")
        if isinstance(outcome, BadValue):
            found.append(Finding(outcome.code, severity, use.label, text_of(raw[k]), outcome.hint))
            plain[k], bad[k] = None, True
        elif spec.inside and isinstance(plain[k], Span) and not span.start <= plain[k].start <= span.end:
            found.append(Finding("outside_campaign", "warning", use.label, text_of(raw[k])))
        for finding in found:
            findings.add(body.rows[codes == k], finding)
    unusable = bad[codes] if spec.required else np.zeros(codes.size, dtype=bool)
    return plain, unusable


def _put(frame: dict[str, pd.Series], spec: ColumnSpec, name: str, values: Values, codes: Codes) -> None:
    """Put a column where its spec says; counts with one target are added, others fill what is blank."""
    target, dtype = spec.to or name, _DTYPES.get(spec.type, TEXT)
    if spec.type == "date":
        precision = typed([v.precision if v else None for v in values], codes)
        frame["precision"] = frame["precision"].fillna(precision) if "precision" in frame else precision
        if spec.ended:
            frame[spec.ended] = typed([v.end if v else None for v in values], codes, DATE)
        values = [(v.end if spec.last else v.start) if v else None for v in values]
    new = typed(values, codes, dtype)
    if target not in frame:
        frame[target] = new
    elif spec.type == "count":
        frame[target] = frame[target].add(new, fill_value=0)
    else:
        frame[target] = new.fillna(frame[target].astype(new.dtype))


def read_specs(body: Body, findings: Findings) -> Specs:
    """Read the declared columns of a body.

    A row is usable if every required cell is there and can be read; what cannot be read is always reported.
    """
    layout, context = body.layout, body.context
    size = body.rows.size
    frame: dict[str, pd.Series] = {"row": pd.Series(body.rows)}
    usable = np.ones(size, dtype=bool)
    branches = pd.Series([context.branch or None] * size, dtype=TEXT)
    specs = body.found.columns("spec")
    # Branches first: a namesake is told by the branch that stands in the same row.
    for c, use in sorted(specs.items(), key=lambda cu: layout.columns[cu[1].target].type != "branch"):
        spec = layout.columns[use.target]
        if spec.type == "skip":
            continue
        codes, outcomes, raw = _read_column(body, use, c, branches)
        if spec.type in _NUMBERS and (lent := body.is_lent(c)).any():
            # One number for several rows: for each of them, or for all?
            codes, outcomes, raw = _merged_numbers(codes, outcomes, raw, lent)
        values, unusable = _judge(body, use, codes, outcomes, raw, findings)
        usable &= ~unusable
        _put(frame, spec, use.target, values, codes)
        if spec.type == "branch":
            branches = frame[spec.to or use.target].fillna(branches)
        if spec.type == "person":
            _check_branch(body, use, codes, values, raw, branches, findings)
    _add_constants(body, frame, size)
    _check_ratios(body, frame, findings)
    return Specs(pd.DataFrame(frame), usable & _has_titled(body, frame, findings))


def _merged_numbers(codes: Codes, outcomes: Values, raw: Values, lent: Mask) -> tuple[Codes, Values, Values]:
    """Return the outcomes with a refusal in place of every number that a merged cell lends."""
    refused = [BadValue("merged_number") if value is not None else None for value in raw]
    moved = np.where(lent, codes + len(raw), codes).astype(np.int32)
    return moved, [*outcomes, *refused], [*raw, *raw]


def _check_branch(
    body: Body,
    use: Use,
    codes: Codes,
    values: Values,
    raw: Values,
    branches: pd.Series,
    findings: Findings,
) -> None:
    """Report people whose branch is not the register's."""
    # A person's cell has a code for each branch beside it: the first row tells the branch of all.
    for k, first in zip(*np.unique(codes, return_index=True), strict=True):
        person, branch = values[k], branches[first]
        if isinstance(person, str) and pd.notna(branch) and not body.context.directory.is_in(person, branch):
            said = Finding("other_branch", "warning", use.label, text_of(raw[k]), branch)
            findings.add(body.rows[codes == k], said)


def _add_constants(body: Body, frame: dict[str, pd.Series], size: int) -> None:
    """Add what the layout sets and what the title says: the branch, who was appraised."""
    layout = body.layout
    said: Record = dict(layout.set)
    if layout.table not in ("units", "people") and body.context.branch:
        said["unit"] = body.context.branch
    if layout.table == "votes" and body.facts.get("appraisee"):
        said["appraisee"] = body.facts["appraisee"]
    for name, value in said.items():
        kind = {bool: FLAG, str: TEXT, int: COUNT, float: NUMBER}.get(type(value), DATE)
        constant = typed([value], np.zeros(size, dtype=np.int32), kind)
        frame[name] = frame[name].fillna(constant) if name in frame else constant


def _check_ratios(body: Body, frame: dict[str, pd.Series], findings: Findings) -> None:
    """Report printed shares that are not what the counts beside them give."""
    for c, use in body.found.columns("spec").items():
        spec = body.layout.columns[use.target]
        name = spec.to or use.target
        if spec.type != "share" or not spec.ratio or not {name, *spec.ratio} <= frame.keys():
            continue
        part, whole = (frame[column].astype(pandas_dtype(NUMBER)) for column in spec.ratio)
        tolerance = frame[name].map(printed_tolerance, na_action="ignore")
        off = (frame[name] - part / whole.where(whole > 0)).abs() > tolerance
        for at in np.flatnonzero(off.fillna(False).astype(bool)):
            said = text_of(body.column(c).values[body.column(c).codes[at]])
            computed = f"{part[at]:g}/{whole[at]:g}"
            findings.add([body.rows[at]], Finding("share_mismatch", "error", use.label, said, computed))


def _has_titled(body: Body, frame: dict[str, pd.Series], findings: Findings) -> Mask:
    """Return which rows have what may stand in the title instead of a column; report the others."""
    there = np.ones(body.rows.size, dtype=bool)
    for name, spec in body.layout.columns.items():
        if spec.required and spec.titled and name not in {u.target for u in body.found.uses.values()}:
            missing = frame[name].isna().to_numpy() if name in frame else ~np.zeros_like(there)
            findings.add(body.rows[missing], Finding("no_unit", "error"))
            there &= ~missing
    return there


_PAIRS = (
    ("returned", "issued", "returned_over_issued"),
    ("valid", "returned", "valid_over_returned"),
    ("present", "expected", "present_over_expected"),
)


def contradictions(frame: pd.DataFrame, findings: Findings, row: int | None = None) -> None:
    """Report counts that cannot both be true, for each row of `frame` (all at source row `row`, if given)."""
    for part, whole, code in _PAIRS:
        if part not in frame or whole not in frame:
            continue
        for record in frame[(frame[part] > frame[whole]).fillna(False).astype(bool)].to_dict("records"):
            finding = Finding(code, "error", part, str(record[part]), str(record[whole]))
            findings.add([record["row"] if row is None else row], finding)
