"""The lines above a table -> what they state: ballots by rater group, who the raters are, when it was."""

import re
import unicodedata
from contextlib import suppress

from cxzy_lib.intake.body import Record
from cxzy_lib.intake.dates import find_date, find_year, semester
from cxzy_lib.intake.values import BadValue, count, key_of
from cxzy_lib.intake.vocabulary import Vocabulary

# What must stand around a stated number: 发出 45 份, and not 发放时间 or 回收率.
_STATED = r"(?!时间|日期)[^\d\s率期时间:]{0,4}[\s_:为共]*(\d+)(?=[\s_]*(?:份|人|张|票|名|[,、;。)|]|$)|\s)"


def title_facts(title: str, words: Vocabulary) -> Record:
    """Return what the lines above a table state: counts of ballots, the raters, the date, the semester.

    ``stated`` holds the counts by rater group, ``""`` for those of no group. Counts stand after one of the
    names in ``[facts]``: 发出 45 份; raters after 评议人, or they are the whole name of the sheet.
    """
    facts: Record = {"stated": {}}
    plain = unicodedata.normalize("NFKC", title)
    for line in plain.splitlines():
        speaks_of = words.raters.get(key_of(line.split(":")[0]), "")
        for name, aliases in words.campaign.facts.items():
            for alias in aliases:
                _note(facts, name, speaks_of, line, unicodedata.normalize("NFKC", alias), words)
        if key_of(line) in words.raters:
            facts.setdefault("rater", words.raters[key_of(line)])
        with suppress(BadValue):
            facts["semester"] = facts.get("semester") or semester(line)
    found = find_date(plain)
    return {"held_on": found.start if found else None} | facts | {"year": find_year(key_of(plain))}


def _note(facts: Record, name: str, speaks_of: str, line: str, alias: str, words: Vocabulary) -> None:
    """Add to `facts` what `line` says behind `alias`."""
    if name == "rater":
        _note_rater(facts, line, alias, words)
    elif name == "appraisee":
        if match := re.search(rf"{re.escape(alias)}\s*:\s*([^\s,、;。:]+)", line):
            facts.setdefault("appraisee", match[1])
    elif name == "held_on":
        # The date of the vote, rather than that of the form's filling in.
        match = re.search(rf"{re.escape(alias)}\s*:?\s*(.+)", line)
        if match and (found := find_date(match[1])):
            facts.setdefault("held_on", found.start)
    elif match := re.search(rf"{re.escape(alias)}{_STATED}", line):
        group, _, part = name.rpartition(".")
        facts["stated"].setdefault(group or speaks_of, {}).setdefault(part, count(match[1]))


def _note_rater(facts: Record, line: str, alias: str, words: Vocabulary) -> None:
    """Note who the raters are; where several groups are named, nobody can say whose the papers are."""
    for match in re.finditer(rf"{re.escape(alias)}\s*:\s*(.+)", line):
        said = [key_of(word) for word in re.split(r"[\s,、;。及和]|\d+\s*人", match[1])]
        groups = {words.raters[word] for word in said if word in words.raters}
        if len(groups) == 1:
            facts.setdefault("rater", groups.pop())
