"""The shape ``tally``: a source row holds counts of ballots, a column per level and rater group."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.intake.body import Body, Finding, Findings, Frames, Reading, Specs
from cxzy_lib.intake.cells import is_blank
from cxzy_lib.intake.grades import counts_from_shares, level_of, printed_tolerance, shares
from cxzy_lib.intake.layout import Use
from cxzy_lib.intake.occasions import criteria, dated, title_turnout
from cxzy_lib.intake.records import contradictions, given, read_specs, typed
from cxzy_lib.intake.rows import Mask
from cxzy_lib.intake.shapes import besides, setting
from cxzy_lib.intake.values import BadValue, Noted, count, key_of, text_of, used
from cxzy_lib.tables import COUNT, SCHEMAS, TEXT

Counts = dict[int, pd.Series]


def read_tally(body: Body) -> Reading:
    """Read a row of counts for each item, person or occasion."""
    findings = Findings()
    specs = dated(body, read_specs(body, findings), findings)
    groups = _groups(body)
    usable = specs.usable & _rated(body, specs, groups, findings)
    made: dict[str, Counts] = {}
    for group, uses in groups.items():
        made[group], right = _read_group(body, uses, specs, findings)
        usable = usable & right
    frames: Frames = []
    for group, counts in made.items():
        frames += _votes(body, specs, usable, group, counts)
    frames += _grades(body, specs, usable, findings)
    frames += besides(body, specs.frame[usable])
    contradictions(specs.frame, findings)
    if not any(table == "turnout" for table, _ in frames):
        own = _title_rater(body)
        said = {group or own: counts for group, counts in body.facts["stated"].items() if group or own}
        turnout = title_turnout(body, said)
        for _, frame in turnout:
            contradictions(frame, findings, row=body.found.header[0])
        frames += turnout
    return Reading(findings, frames)


def _groups(body: Body) -> dict[str, dict[int, Use]]:
    """Return the level columns (of counts, or of shares where no counts are) by rater group."""
    layout = body.layout
    groups: dict[str, dict[int, Use]] = {}
    for kind in ("level", "share"):
        for c, use in body.found.columns(kind).items():
            group = use.group or layout.set.get("rater_group") or body.facts.get("rater", "")
            groups.setdefault(group, {})[c] = use
    return groups


def _title_rater(body: Body) -> str:
    """Return whose ballots the title counts, ``""`` if nothing says so."""
    return str(body.facts.get("rater") or body.layout.facts_rater)


def _rated(body: Body, specs: Specs, groups: dict[str, dict[int, Use]], findings: Findings) -> Mask:
    """Return the rows of which it is known who the raters were; report the others."""
    if "" not in groups:
        return np.ones(body.rows.size, dtype=bool)
    said = given(specs.frame, "rater_group", TEXT).notna().to_numpy(dtype=bool)
    findings.add(body.rows[~said], Finding("no_rater_group", "error"))
    return said


def _read_group(body: Body, uses: dict[int, Use], specs: Specs, findings: Findings) -> tuple[Counts, Mask]:
    """Read one rater group's columns: the counts by column, and which rows are right."""
    printed = {c: use for c, use in uses.items() if use.kind == "share"}
    if len(printed) == len(uses):
        return _from_shares(body, printed, specs, findings)
    right = np.ones(body.rows.size, dtype=bool)
    counts: Counts = {}
    for c in (c for c in uses if c not in printed):
        counts[c], unread = _read_counts(body, c, findings)
        right &= ~unread
    there = {uses[c].target for c in counts}
    missing = [name for level, name in _names_of_levels(body).items() if level not in there]
    if missing:
        findings.add(body.rows, Finding("missing_level", "error", hint="、".join(missing)))
        return counts, right & False
    setting(body, "blank_count", "zero_if_total_agrees")
    right &= _agree(body, counts, specs, right, findings)
    _compare_shares(body, counts, printed, findings)
    return counts, right


def _names_of_levels(body: Body) -> dict[str, str]:
    """Return the levels of the table's scale; 不了解 and 弃权 are none of them."""
    return {level.code: level.zh for level in body.campaign.scales[body.found.scale].levels}


def _read_counts(body: Body, c: int, findings: Findings) -> tuple[pd.Series, Mask]:
    """Read one column of counts; missing where blank; and which rows could not be read."""
    column, lent, label = body.column(c), body.is_lent(c), body.found.uses[c].label
    known: list[int | None] = [None] * len(column.values)
    unread = np.zeros(body.rows.size, dtype=bool)
    for k in np.unique(column.codes):
        raw, at = column.values[k], column.codes == k
        try:
            value = None if is_blank(raw, body.context) else count(raw)
            if value is not None and (lent & at).any():
                findings.add(body.rows[lent & at], Finding("merged_number", "error", label, text_of(raw)))
                unread |= lent & at
            if isinstance(value, Noted):
                findings.add(body.rows[at], Finding(value.code, "note", label, text_of(raw), value.hint))
            known[k] = used(value)
        except BadValue as bad:
            findings.add(body.rows[at], Finding(bad.code, "error", label, text_of(raw)))
            unread |= at
    return typed(known, column.codes, COUNT), unread


def _agree(body: Body, counts: Counts, specs: Specs, readable: Mask, findings: Findings) -> Mask:
    """Compare each row's grades with its valid ballots; only if they agree is a blank count a zero.

    Counts that contradict each other are no evidence: they are named, and the row is not used. Blanks become
    zeros in `counts` where the row agrees.
    """
    table, uses, levels = pd.DataFrame(counts), body.found.uses, _names_of_levels(body)
    total = table[[c for c in counts if uses[c].target in levels]].sum(axis=1).astype(pandas_dtype(COUNT))
    valid = given(specs.frame, "valid", COUNT)
    agrees = (total == valid).fillna(False).to_numpy(dtype=bool)
    stated = valid.notna().to_numpy()
    for c in counts:
        blank = counts[c].isna().to_numpy() & ~agrees & readable
        findings.add(body.rows[blank & stated], Finding("blank_count", "error", uses[c].label))
        findings.add(body.rows[blank & ~stated], Finding("blank_count", "warning", uses[c].label))
        counts[c] = counts[c].mask(counts[c].isna() & agrees, 0)
    wrong = stated & ~agrees
    for at in np.flatnonzero(wrong & readable & ~table.isna().any(axis=1).to_numpy()):
        findings.add([body.rows[at]], Finding("sum_mismatch", "error", "", str(total[at]), str(valid[at])))
    return ~wrong


def _from_shares(body: Body, uses: dict[int, Use], specs: Specs, findings: Findings) -> tuple[Counts, Mask]:
    """Recover counts from printed shares, where the valid ballots are given and one set of counts fits."""
    valid, stated = given(specs.frame, "valid", COUNT), body.facts["stated"]
    in_title = stated.get(_title_rater(body), {}) | stated.get("", {})
    found: list[list[int] | None] = []
    for at, row in enumerate(_shares(body, uses)):
        n = valid[at] if not pd.isna(valid[at]) else in_title.get("valid", in_title.get("returned"))
        counts = counts_from_shares(row, int(n or 0))
        code = ("counts_recovered", "note") if counts else ("shares_only", "error")
        findings.add([body.rows[at]], Finding(*code, hint=str(n or "")))
        found.append(counts)
    right = np.array([counts is not None for counts in found], dtype=bool)
    made = {c: pd.Series([f[j] if f else None for f in found], dtype=COUNT) for j, c in enumerate(uses)}
    return made, right


def _shares(body: Body, uses: dict[int, Use]) -> list[list[float | None]]:
    """Return the printed shares of each row; what is no share is missing."""
    columns = {c: body.column(c) for c in uses}
    known = shares([value for column in columns.values() for value in column.distinct if value is not None])

    def share(value: Any) -> float | None:
        found = used(known.get(value)) if value is not None else 0.0
        return found if isinstance(found, float) else None

    return [
        [share(column.values[column.codes[at]]) for column in columns.values()]
        for at in range(body.rows.size)
    ]


def _compare_shares(body: Body, counts: Counts, printed: dict[int, Use], findings: Findings) -> None:
    """Report printed shares that the counts beside them do not give, of the valid or of all ballots."""
    if not printed:
        return
    table = pd.DataFrame({body.found.uses[c].target: count for c, count in counts.items()})
    whole, valid = table.sum(axis=1), table[list(_names_of_levels(body))].sum(axis=1)
    for at, row in enumerate(_shares(body, printed)):
        for use, share in zip(printed.values(), row, strict=True):
            n = table[use.target][at] if use.target in table else pd.NA
            if share is None or pd.isna(n) or not valid[at]:
                continue
            if min(abs(share - n / base[at]) for base in (valid, whole)) > printed_tolerance(share):
                said, computed = f"{share:.2%}", f"{n}/{valid[at]}"
                findings.add([body.rows[at]], Finding("share_mismatch", "warning", use.label, said, computed))


def _votes(body: Body, specs: Specs, usable: Mask, group: str, counts: Counts) -> Frames:
    """Return the counts of one rater group as votes, and the turnout where the row gives it."""
    base = specs.frame.assign(scale=body.found.scale)
    own = given(base, "rater_group", TEXT)
    base = base.assign(rater_group=own.fillna(group) if group else own)
    if "item" in base:
        base = base.assign(criterion=criteria(base["item"], body.campaign))
    made = [
        ("votes", base.assign(level=body.found.uses[c].target, count=n)[usable & n.notna().to_numpy()])
        for c, n in counts.items()
    ]
    if {"issued", "returned", "present"} & set(base):
        said = [c for c in (*SCHEMAS["turnout"], "item") if c in base]  # several may be voted on at once
        made.append(("turnout", base[usable].drop_duplicates(said)))
    return made


def _grades(body: Body, specs: Specs, usable: Mask, findings: Findings) -> Frames:
    """Read the columns that hold one grade each (self-appraisal, the branch's decision)."""
    scale = body.found.scale
    made = []
    for c, use in body.found.columns("grade").items():
        column = body.column(c)
        known: list[str | None] = [None] * len(column.values)
        for k in np.unique(column.codes):
            raw = column.values[k]
            if is_blank(raw, body.context):
                continue
            level, _, code = level_of(raw, scale, body.context.words)
            known[k] = level or None
            if code:
                hint = "" if level else key_of(raw)
                unclear = Finding(code, "warning", use.label, text_of(raw), hint)
                findings.add(body.rows[column.codes == k], unclear)
        levels = typed(known, column.codes)
        graded = specs.frame.assign(rater_group=use.group, scale=scale, level=levels, count=1)
        made.append(("votes", graded[usable & levels.notna().to_numpy()]))
    return made
