"""The shape ``ballot``: a source row is one paper or one respondent, a column is an item."""

import re
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cxzy_lib.intake.body import Body, Finding, Findings, Reading, Record, Specs
from cxzy_lib.intake.cells import is_blank
from cxzy_lib.intake.dates import minute_of
from cxzy_lib.intake.grades import direction, level_of, words_in
from cxzy_lib.intake.grid import Column
from cxzy_lib.intake.layout import Use
from cxzy_lib.intake.occasions import criteria, dated, title_turnout
from cxzy_lib.intake.records import read_specs, typed
from cxzy_lib.intake.shapes import setting
from cxzy_lib.intake.values import key_of, text_of
from cxzy_lib.intake.vocabulary import fitting_scale, keys_of, nearest
from cxzy_lib.specs import Item
from cxzy_lib.tables import COUNT, TEXT

_MARKS = ("┋", "|", "；;", "、，,", "/")
_OTHER = re.compile(r"〖[^〗]*〗|【[^】]*】")


def read_ballot(body: Body) -> Reading:
    """Read a paper or a respondent a row."""
    findings = Findings()
    specs = dated(body, read_specs(body, findings), findings)
    specs = Specs(_handed_in(body, _respondents(body, specs.frame, findings)), specs.usable)
    columns = {c: body.column(c) for c in body.found.columns("item")}
    scales = _scales(body, columns)
    rates = any(_item(body, use).kind == "level" for use in body.found.columns("item").values())
    if not scales and rates and not _all_numbers(columns):
        findings.add(body.rows, Finding("no_scale", "error"))
        specs = Specs(specs.frame, specs.usable & False)
    frames = []
    for c in columns:
        frame = _answers(body, specs, c, columns[c], scales.get(c, ""), findings)
        if len(frame):
            frames.append(("answers", frame))
    kept = {row for _, frame in frames for row in frame["row"]}
    papers = specs.frame[specs.frame["row"].isin(kept)]
    return Reading(findings, [*frames, *title_turnout(body, _papers(papers, body.facts["stated"]))])


def _respondents(body: Body, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the records with respondents told apart: stacked exports number theirs anew."""
    if "respondent" not in frame:
        return frame.assign(respondent=(frame["row"] + 1).astype(str).astype(pandas_dtype(TEXT)))
    times = frame.groupby("respondent", dropna=False).cumcount()
    again = times.gt(0) & frame["respondent"].notna()
    if not again.any():
        return frame
    findings.add(frame.loc[again, "row"], Finding("respondent_again", "note"))
    marked = frame["respondent"] + "(" + (times + 1).astype(str).astype(pandas_dtype(TEXT)) + ")"
    return frame.assign(respondent=frame["respondent"].where(~again, marked))


def _handed_in(body: Body, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the minute of the day, beside the day on which each paper was handed in."""
    for c, use in body.found.columns("spec").items():
        if use.target == "answered_on":
            column = body.column(c)
            return frame.assign(minute=typed([minute_of(v) for v in column.values], column.codes, COUNT))
    return frame


def _item(body: Body, use: Use) -> Item:
    return body.campaign.items[use.target]


def _all_numbers(columns: dict[int, Column]) -> bool:
    """Whether the answers are numbers of options: the finding is then the direction that nobody gave."""
    cells = (cell for column in columns.values() for cell in column.distinct)
    return all(re.fullmatch(r"-?\d+|", key_of(cell)) for cell in cells)


def _scales(body: Body, columns: dict[int, Column]) -> dict[int, str]:
    """Return the scale of each rated column: the item's own; otherwise one for all columns that it fits.

    The words of all columns together tell the scale, because 满意 alone stands in several. Columns none of
    whose words it holds have another one.
    """
    words, uses = body.context.words, body.found.columns("item")
    rated = {c: _item(body, use) for c, use in uses.items() if _item(body, use).kind == "level"}
    found = {c: scale for c, item in rated.items() if (scale := _own_scale(body, item))}
    said = {
        c: {word for cell in columns[c].distinct for word in words_in(cell)} | keys_of(_ends_named(body, c))
        for c in rated
        if c not in found
    }
    while said:
        every = set().union(*said.values())
        scale = fitting_scale(body.layout.scales, every, words, whole=False)
        if not scale:
            break
        fitting = [c for c, keys in said.items() if keys & words.levels[scale].keys()]
        found |= dict.fromkeys(fitting, scale)
        said = {c: keys for c, keys in said.items() if c not in fitting}
    return found


def _own_scale(body: Body, item: Item) -> str:
    """Return the scale that the plan gives to an item, by name or by the levels of its options."""
    scales = body.campaign.scales
    holds = (code for code in body.layout.scales if {*item.codes} <= {v.code for v in scales[code].levels})
    return item.scale or (next(holds, "") if item.codes else "")


def _ends_named(body: Body, c: int) -> list[str]:
    """Return the words that a header gives to its numbers: 1=非常不满意."""
    return re.findall(r"\d+\s*[=＝:：]\s*([^\d,，;；()（）=＝]+)", _stem(body, c))


def _stem(body: Body, c: int) -> str:
    """Return a column's header with its question's stem: of a matrix, only the first column has it."""
    label = body.found.uses[c].label
    number = _question_number(label)
    if "=" in label or "＝" in label or not number:
        return label
    return next(use.label for use in body.found.uses.values() if _question_number(use.label) == number)


def _question_number(label: str) -> str:
    match = re.match(r"\s*(\d+)\s*[、.．:：]", label)
    return match[1] if match else ""


def _numbers(body: Body, c: int) -> dict[str, str]:
    """Return what numbers in a column mean, level by number; {} where neither header nor plan says so."""
    item = _item(body, body.found.uses[c])
    if item.codes:
        return {str(at): level for at, level in enumerate(item.codes, 1)}
    for scale in (item.scale,) if item.scale else body.layout.scales:
        if known := direction(_stem(body, c), scale, body.context.words):
            return known
    return {}


def _answers(
    body: Body, specs: Specs, c: int, column: Column, scale: str, findings: Findings
) -> pd.DataFrame:
    """Return what everybody said on one item: one level, none, or several choices."""
    use, numbers = body.found.uses[c], _numbers(body, c)
    item = _item(body, use)
    if item.kind == "text":
        return pd.DataFrame()  # it can name its author; it is counted where opinions are, not stored here
    levels: list[Any] = [None] * len(column.values)
    mark = _list_mark(column) if item.kind == "multiple" else ""
    for k in np.unique(column.codes):
        raw = column.values[k]
        if item.kind == "multiple":
            levels[k] = _choices(body, raw, mark)
            continue
        levels[k], code = _level(body, raw, scale, numbers)
        if code:
            hint = nearest(key_of(raw), body.context.words.levels.get(scale, {}))
            unread = Finding(code, "warning", use.label, text_of(raw), hint)
            findings.add(body.rows[column.codes == k], unread)
    said = typed(levels, column.codes)
    frame = specs.frame.assign(item=item.code, level=said)[specs.usable & said.notna().to_numpy()]
    frame = frame.assign(criterion=criteria(frame["item"], body.campaign))
    return frame.explode("level") if item.kind == "multiple" else frame.assign(scale=scale)


def _level(body: Body, raw: Any, scale: str, numbers: dict[str, str]) -> tuple[str | None, str]:
    """Return the level that one answer names, and what is wrong with it."""
    words, told = body.context.words, body.campaign.words
    key = key_of(raw)
    if key in keys_of(told.skipped):
        return None, ""
    if is_blank(raw, body.context, told.unanswered):
        return ("abstain" if setting(body, "no_tick", "abstain", "void") == "abstain" else None), ""
    if key in numbers:
        return numbers[key], ""
    level, _, code = level_of(raw, scale, words)
    if level:
        return level, ""
    known = words.levels.get(scale, {})
    ticked = {known[part] for part in _ticked(key) if part in known}
    setting(body, "two_ticks", "void")
    if len(ticked) == 1:
        return ticked.pop(), ""
    if len(ticked) > 1:
        return None, "two_ticks"
    return None, ("no_direction" if re.fullmatch(r"-?\d+", key) else code or "unknown_level")


def _ticked(key: str) -> list[str]:
    for mark in "√✓✔☑、,;┋|/":
        key = key.replace(mark, " ")
    return key.split()


def _list_mark(column: Column) -> str:
    """Return the mark that parts choices in a column: the strongest that stands in any of its cells."""
    texts = [text_of(value) for value in column.distinct]
    return next((marks for marks in _MARKS if any(mark in text for mark in marks for text in texts)), "")


def _choices(body: Body, raw: Any, mark: str) -> list[str] | None:
    """Return the choices in a cell; what somebody wrote behind 其他 may name its author and is left out."""
    words = body.campaign.words
    if is_blank(raw, body.context, (*words.skipped, *words.unanswered)):
        return None
    plain = _OTHER.sub("", text_of(raw))
    parts = re.split(f"[{re.escape(mark)}]", plain) if mark else [plain]
    return [part.strip() for part in parts if part.strip()] or None


def _papers(frame: pd.DataFrame, stated: dict[str, Record]) -> dict[str, Record]:
    """Count the papers of each rater group; what the title states of the group stands beside the count."""
    groups: dict[str, Record] = {}
    if "rater_group" not in frame:
        return groups
    for group, papers in frame.groupby("rater_group", sort=False):
        said = stated.get(str(group), {})
        counts: Record = {"returned": len(papers)} | said | {"valid": len(papers)}
        if "returned" in said:
            counts["void"] = max(counts["returned"] - len(papers), 0)
        if "answered_on" in papers:
            counts["answered_on"] = papers["answered_on"].iloc[0]
        groups[str(group)] = counts
    return groups
