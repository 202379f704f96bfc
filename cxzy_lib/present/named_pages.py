"""The only parts of a page that name people: what is posted anyhow, and what one's own branch owes."""

import pandas as pd

from cxzy_lib.measure import awards, duties
from cxzy_lib.present.blocks import Block, note, section
from cxzy_lib.present.columns import columns_of
from cxzy_lib.present.pages import joined
from cxzy_lib.present.plan import code_name
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import html_table
from cxzy_lib.texts import catalogue, text


def posted_part(report: Report) -> Block:
    """Return who was commended or is in the notice period, by name where the audience may see it."""
    frame = awards.posted(report.tables, report.cutoff.date())
    title, lang = report.say("section_posted"), report.lang
    parts = [section(title, report.say("section_posted_text"))]
    if "posted_names" not in report.rights:
        return joined([*parts, note(report.say("names_not_shown"))])
    if frame.empty:
        return joined([*parts, note(report.say("none_of_these"))])
    frame = frame.assign(
        award=[code_name(code, report.campaign, lang) for code in frame["award"]],
        name=_names(frame["person"], report.tables.people),
        state=[text(f"plan.posted_{state}", lang) for state in frame["state"]],
    )
    columns = [
        *columns_of(lang, "award name unit", "id"),
        *columns_of(lang, "day", "date"),
        *columns_of(lang, "state", "id"),
    ]
    return joined([*parts, html_table(frame, columns, lang, title)])


def own_overdue_part(report: Report) -> Block:
    """Return what the members of the report's own unit owe, by name; only an edition of a unit has it."""
    if "own_overdue" not in report.rights or report.unit is None:
        return Block("")
    late = duties.late_by_person(report.tables.tasks, report.cutoff.date(), report.campaign.binding.owed)
    late = late[late["person"].notna()]
    title, lang = report.say("section_own_overdue"), report.lang
    parts = [section(title, report.say("section_own_overdue_text", unit=report.unit))]
    if late.empty:
        return joined([*parts, note(report.say("none_of_these"))])
    late = late.assign(
        name=_names(late["person"], report.tables.people),
        kind=[_kind(kind, report) for kind in late["kind"]],
    )
    columns = [
        *columns_of(lang, "name kind", "id"),
        *columns_of(lang, "due_on=deadline", "date"),
        *columns_of(lang, "days_late=late_days", "count"),
    ]
    return joined([*parts, html_table(late, columns, lang, title)])


def _kind(kind: str, report: Report) -> str:
    key = f"pages.kind_{kind}"
    return text(key, report.lang) if key in catalogue() else code_name(kind, report.campaign, report.lang)


def _names(persons: pd.Series, people: pd.DataFrame) -> pd.Series:
    """Return the register's names of pseudonyms."""
    names = people.dropna(subset=["person"]).drop_duplicates("person").set_index("person")["name"]
    return persons.map(names)
