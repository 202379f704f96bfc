"""The parts of a bureau's page: its units inside their categories, and what must be settled first."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from cxzy_lib.measure.rollup import bureau_comparison, score_gaps
from cxzy_lib.present import evidence_columns, unit_charts
from cxzy_lib.present.blocks import Block, findings, head, note, section
from cxzy_lib.present.pages import joined, table_figure, table_section
from cxzy_lib.present.plan import code_name
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column
from cxzy_lib.present.unit_words import unit_sentences
from cxzy_lib.present.wording import percent
from cxzy_lib.texts import listed, text

_MARKS = {"above": "▲", "below": "▼", "within": "○"}
#: What a unit must be asked about.
_TO_SETTLE = ("not_returned", "twice", "rate_only", "over_base")


class Bureau:
    """What a report holds of a bureau's units in the last year that enough of them returned."""

    def __init__(self, report: Report) -> None:
        self.report, self.lang = report, report.lang
        self.rule: Mapping[str, Any] = report.campaign.setting("roll_up")

    def say(self, key: str, **values: Any) -> str:
        """Return a text of the bureau's page."""
        return text(f"bureau.{key}", self.lang, **values)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """As of `bureau_comparison`, of the last year that enough of them returned."""
        fair, level = (self.report.campaign.setting(name) for name in ("fair_units", "confidence_level"))
        figures, least = self.report.tables.figures, self.report.minimum_base
        rows = bureau_comparison(figures, self.rule, fair, level, least)
        there = rows["reason"].ne("not_returned").fillna(True).groupby(rows["year"]).mean()
        enough = there[there.ge(self.rule["returned"])].index
        return rows[rows["year"].eq(max(enough, default=rows["year"].max()))]

    @cached_property
    def year(self) -> int:
        """The year that is told."""
        return int(self.rows["year"].iloc[0])

    @property
    def first(self) -> pd.DataFrame:
        """The rows of the measure that leads."""
        return self.rows[self.rows["measure"].eq(0)]

    def measure(self, place: int) -> str:
        """Return the name of a measure."""
        return str(self.rule["measures"][place][self.lang])

    def category(self, code: str) -> str:
        """Return the name of a category."""
        return code_name(code, self.report.campaign, self.lang)

    def shown(self) -> bool:
        """Return whether these readers may see units."""
        return "units" in self.report.rights and len(self.rows) > 0


def bureau_head(bureau: Bureau) -> Block:
    """Return the head of the page; the title says how many units stand apart from their like."""
    report, rows = bureau.report, bureau.first
    facts = report.file_facts(("T30",))
    title = bureau.say("nothing")
    if len(rows):
        title = bureau.say("title", year=bureau.year, measure=bureau.measure(0), **_counts(rows))
    return head(title, bureau.say("subtitle"), facts, name=bureau.say("page"))


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    sides = {side: int(rows["position"].eq(side).sum()) for side in ("above", "below")}
    there = int(rows["reason"].ne("not_returned").fillna(True).sum())
    return {"units": len(rows), "returned": there, "compared": int(rows["comparable"].sum()), **sides}


def summary(bureau: Bureau) -> Block:
    """Return a table of the categories: how many units returned, are compared, stand apart."""
    if bureau.first.empty:
        return note(bureau.say("nothing"))
    found = [
        {"category": code, **_counts(part), "centre": part["centre"].max()}
        for code, part in bureau.first.groupby("category")
    ]
    frame = pd.DataFrame(found)
    names = {code: bureau.category(code) for code in frame["category"]}
    columns = [Column("category", bureau.say("col_category"), words=names)]
    counts = ("units", "returned", "compared", "above", "below")
    columns += [Column(name, bureau.say(f"col_{name}"), "count") for name in counts]
    columns += [Column("centre", bureau.say("col_centre"), "share")]
    words = bureau.say("section_summary_text", measure=bureau.measure(0), year=bureau.year)
    table = table_section(frame, columns, bureau.lang, bureau.say("section_summary"), words)
    hidden = int(bureau.first["reason"].eq("hidden").sum())
    return joined([table, *([note(bureau.say("hidden_units", count=hidden))] if hidden else [])])


def funnels(bureau: Bureau) -> Block:
    """Return a funnel for each category, with its units' numbers."""
    if not bureau.shown():
        return note(bureau.report.say("units_not_shown")) if len(bureau.rows) else Block("")
    return joined(_funnel(bureau, str(code)) for code in sorted(bureau.first["category"].unique()))


def _funnel(bureau: Bureau, code: str) -> Block:
    lang, part = bureau.lang, bureau.first[bureau.first["category"].eq(code)]
    words = {"category": bureau.category(code), "measure": bureau.measure(0)}
    if not part["comparable"].any():
        return note(bureau.say("none_compared", **words))
    title = bureau.report.figure_title("fig_bureau", **words)
    rule, level = bureau.report.campaign.setting("fair_units"), bureau.report.confidence
    heads = evidence_columns.units(lang, bureau.say("col_unit"), bureau.measure(0))
    drawn = part.assign(rate=part["rate"].mask(part["base"].isna()))
    return table_figure(
        bureau.report,
        unit_charts.funnel(drawn, lang, words=bureau.measure(0)),
        part,
        heads,
        title=title,
        caption=bureau.say("fig_funnel_caption", level=level, alarm=f"{100 * rule['alarm']:g}%"),
        alt=" ".join(unit_sentences(part[part["position"].isin(["above", "below"])], lang)) or title,
    )


def all_measures(bureau: Bureau) -> Block:
    """Return every measure of every unit with its mark, in the order of categories and names."""
    if not bureau.shown():
        return Block("")
    rows = bureau.rows.assign(cell=[_cell(row, bureau.lang) for row in bureau.rows.to_dict("records")])
    wide = rows.pivot(index=["category", "unit"], columns="measure", values="cell")
    wide = wide.rename(columns=lambda place: f"m{place}").reset_index()
    names = {code: bureau.category(code) for code in wide["category"]}
    columns = [Column("unit", bureau.say("col_unit"))]
    columns += [Column("category", bureau.say("col_category"), words=names)]
    columns += [Column(f"m{n}", bureau.measure(n), "cell") for n in range(len(bureau.rule["measures"]))]
    words = bureau.say("section_all_text")
    return table_section(wide, columns, bureau.lang, bureau.say("section_all"), words)


def _cell(row: Mapping[Any, Any], lang: str) -> str:
    known = "" if pd.isna(row["rate"]) else percent(row["rate"], lang)
    if row["comparable"]:
        return f"{known} {_MARKS[row['position']]}"
    reason = text(f"units.{row['reason']}", lang)
    return f"{known} {reason}".strip()


def to_settle(bureau: Bureau) -> Block:
    """Return which returns a person must ask about."""
    if not bureau.shown():
        return Block("")
    sentences = list(_settle(bureau))
    told = findings(sentences) if sentences else note(bureau.say("nothing_to_check"))
    return joined([section(bureau.say("section_check"), bureau.say("section_check_text")), told])


def _settle(bureau: Bureau) -> Iterator[str]:
    rows = bureau.rows[bureau.rows["reason"].isin(_TO_SETTLE)]
    every = len(bureau.rule["measures"])
    for (unit, reason), part in rows.groupby(["unit", "reason"], sort=True):
        names = listed(map(bureau.measure, part["measure"]), bureau.lang)
        key = "check_all" if len(part) == every else "check"
        yield bureau.say(key, unit=unit, measures=names, reason=text(f"units.{reason}", bureau.lang))


def gaps(bureau: Bureau) -> Block:
    """Return own and assessed points, the widest gap first."""
    if not bureau.shown():
        return Block("")
    found = score_gaps(bureau.report.tables.figures, bureau.rule)
    found = found[found["year"].eq(bureau.year) & found["gap"].notna()]
    if found.empty:
        return Block("")
    found = found.sort_values("gap", ascending=False, kind="stable")
    columns = [Column("unit", bureau.say("col_unit"))]
    columns += [Column(name, bureau.say(f"col_{name}"), "number") for name in ("own", "assessed", "gap")]
    words = bureau.say("section_gap_text", year=bureau.year, gap=f"{found['gap'].median():.1f}")
    return table_section(found, columns, bureau.lang, bureau.say("section_gap"), words)
