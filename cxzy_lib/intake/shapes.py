"""The four shapes of spreadsheets: body rows -> records of the processed tables, and findings on the way."""

from collections.abc import Iterator

from cxzy_lib.campaign import CampaignError
from cxzy_lib.intake.cells import is_blank
from cxzy_lib.intake.layout import Use
from cxzy_lib.intake.records import Body, Finding, Record, Row, contradictions, read_specs
from cxzy_lib.intake.values import BadValue, count, key_of, text_of
from cxzy_lib.intake.vocabulary import fitting_scale, nearest
from cxzy_lib.intake.wide import read_wide
from cxzy_lib.specs import ColumnSpec


def read_rows(body: Body) -> Iterator[Row]:
    """Read the shape ``rows``: one source row is one row of the table, or one for each of several kinds."""
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        several = next((name for name, value in record.items() if isinstance(value, list)), None)
        records = [record]
        if several:
            records = [record | {several: value} for value in record[several]]
        findings += contradictions(record)
        yield Row(r, [(body.found.layout.table, rec) for rec in records] if usable else [], findings)


def _counts(body: Body, r: int, uses: dict[int, Use]) -> tuple[dict[int, int | None], list[Finding]]:
    """Read the count columns of one rater group; ``None`` where blank."""
    found: dict[int, int | None] = {}
    findings = []
    blank = ColumnSpec(type="count")
    for c, use in uses.items():
        raw = body.raw(r, c)
        try:
            if (r, c) in body.lent:
                raise BadValue("merged_number")
            found[c] = None if is_blank(raw, blank, body.context) else count(raw)
        except BadValue as bad:
            findings.append(Finding(bad.code, "error", use.label, text_of(raw)))
    return found, findings


def _check_counts(
    counts: dict[int, int | None], uses: dict[int, Use], valid: int | None, levels: set[str]
) -> tuple[dict[int, int | None], list[Finding]]:
    """Compare a row's grades with its valid ballots; only if they agree is a blank count a zero.

    Counts that contradict each other are no evidence: they are named, and the row is not used.
    """
    total = sum(n or 0 for c, n in counts.items() if uses[c].target in levels)
    blanks = [c for c, n in counts.items() if n is None]
    if valid is not None and total == valid:
        return {c: n or 0 for c, n in counts.items()}, []
    severity = "warning" if valid is None else "error"
    findings = [Finding("blank_count", severity, uses[c].label) for c in blanks]
    if valid is not None and not blanks:
        findings.append(Finding("sum_mismatch", "error", "", str(total), str(valid)))
    return counts, findings


def read_tally(body: Body) -> Iterator[Row]:
    """Read the shape ``tally``: a row of counts for each item, person or occasion."""
    layout, scale = body.found.layout, body.found.scale
    names = {level.code: level.zh for level in body.context.words.campaign.scales[scale].levels}
    by_group: dict[str, dict[int, Use]] = {}
    for c, use in body.found.columns("level").items():
        by_group.setdefault(use.group or layout.set.get("rater_group") or body.facts.get("rater", ""), {})[
            c
        ] = use
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        if "" in by_group:
            findings, usable = [*findings, Finding("no_rater_group", "error")], False
        records: list[tuple[str, Record]] = []
        for group, uses in by_group.items():
            counts, wrong = _counts(body, r, uses)
            missing = [names[code] for code in names if code not in {use.target for use in uses.values()}]
            if missing:
                wrong.append(Finding("missing_level", "error", hint="、".join(missing)))
            if not wrong:
                _choice(body, "blank_count", "zero_if_total_agrees")
                counts, wrong = _check_counts(counts, uses, record.get("valid"), set(names))
            usable = usable and all(finding.severity != "error" for finding in wrong)
            findings += wrong
            vote = record | {"rater_group": group, "scale": scale}
            records += [
                ("votes", vote | {"level": uses[c].target, "count": n})
                for c, n in counts.items()
                if n is not None
            ]
            if "issued" in record or "returned" in record:
                records.append(("turnout", record | {"rater_group": group}))
        records += _grades(body, r, record, findings)
        findings += contradictions(record)
        yield Row(r, records if usable else [], findings)


def _grades(body: Body, r: int, record: Record, findings: list[Finding]) -> Iterator[tuple[str, Record]]:
    """Read the columns that hold one grade each (self-appraisal, the branch's decision)."""
    scale = body.found.scale
    known = body.context.words.levels[scale]
    for c, use in body.found.columns("grade").items():
        key = key_of(body.raw(r, c))
        if is_blank(key, ColumnSpec(type="text"), body.context):
            continue
        if key not in known:
            findings.append(Finding("unknown_level", "warning", use.label, key, nearest(key, known)))
            continue
        yield (
            "votes",
            record | {"rater_group": use.group, "scale": scale, "level": known[key], "count": 1},
        )


def read_ballot(body: Body) -> Iterator[Row]:
    """Read the shape ``ballot``: a paper or a respondent a row, an item a column."""
    uses = body.found.columns("item")
    seen = {key_of(body.raw(r, c)) for r in body.rows for c in uses}
    scale = fitting_scale(body.found.layout.scales, seen, body.context.words, whole=False)
    for r in body.rows:
        record, findings, usable = read_specs(body, r)
        if not scale:
            findings, usable = [*findings, Finding("no_scale", "error")], False
        records: list[tuple[str, Record]] = []
        for c, use in uses.items():
            records += [("answers", record | a) for a in _answers(body, r, c, use, scale, findings)]
        yield Row(r, records if usable else [], findings)


def _answers(body: Body, r: int, c: int, use: Use, scale: str, findings: list[Finding]) -> list[Record]:
    """Return what one respondent said on one item: one level, none, or several choices."""
    raw, words = body.raw(r, c), body.context.words
    item = words.campaign.items[use.target]
    blank = is_blank(raw, ColumnSpec(type="text"), body.context)
    if item.kind == "text" or key_of(raw) in map(key_of, words.campaign.words.skipped):
        return []  # free text can name its author; it is counted where opinions are, not stored here
    if item.kind == "multiple":
        parts = [] if blank else [part.strip() for part in text_of(raw).replace("|", "┋").split("┋")]
        return [{"item": item.code, "level": part} for part in parts if part]
    if blank:
        abstains = _choice(body, "no_tick", "abstain", "void") == "abstain"
        return [{"item": item.code, "scale": scale, "level": "abstain"}] if abstains else []
    known = words.levels.get(scale, {})
    if (key := key_of(raw)) in known:
        return [{"item": item.code, "scale": scale, "level": known[key]}]
    ticked = {known[part] for part in _ticked(key) if part in known}
    code = "two_ticks" if len(ticked) > 1 else "unknown_level"
    _choice(body, "two_ticks", "void")
    if len(ticked) == 1:
        return [{"item": item.code, "scale": scale, "level": ticked.pop()}]
    findings.append(Finding(code, "warning", use.label, text_of(raw), nearest(key, known)))
    return []


def _choice(body: Body, name: str, *known: str) -> str:
    """Return a setting's value; one that the code does not know is an error and not ignored."""
    campaign = body.context.words.campaign
    value = str(campaign.setting(name))
    if value not in known:
        where = campaign.folder / "settings.toml"
        raise CampaignError(f"{where}: [{name}] value = {value!r}: {' / '.join(known)}")
    return value


def _ticked(key: str) -> list[str]:
    for mark in "√✓✔☑、,;┋|/":
        key = key.replace(mark, " ")
    return key.split()


READERS = {"rows": read_rows, "wide": read_wide, "tally": read_tally, "ballot": read_ballot}
