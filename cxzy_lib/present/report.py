"""What a notebook works with: the campaign, the tables it asked for, the language and who will read it."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.measure.basis import headline, is_hidden
from cxzy_lib.measure.evidence import Evidence
from cxzy_lib.measure.indicators import status_table
from cxzy_lib.measure.suppression import QUESTION, WHOLE, decide, masked
from cxzy_lib.measure.verdicts import Verdicts, ballot_verdicts
from cxzy_lib.present.blocks import Block, See, head, method
from cxzy_lib.present.selection import branches, clipped, of_unit, of_year, resolve
from cxzy_lib.stored import institutions
from cxzy_lib.tables import Tables, load, read
from cxzy_lib.texts import filled, languages, listed, text

#: The notebook behind each page.
PAGES = {
    "satisfaction": "02_satisfaction",
    "participation": "03_participation",
    "goods": "05_five_goods",
    "duties": "08_duties",
    "quality": "10_data_quality",
}
_WORKED_OUT = ("evidence", "status", "verdicts")
# Filled by `keep_open` alone, in the process whose copies make the pages of one selection.
_kept_open: "dict[tuple[object, ...], Report]" = {}


@dataclass(frozen=True)
class Report:
    """A notebook's context; made by :func:`open_report`."""

    campaign: Campaign = field(repr=False)
    tables: Tables = field(repr=False)
    lang: str
    audience: str
    year: int | None = None
    unit: str | None = None
    #: Names of the people of the institution's registers: no page shows them.
    names: frozenset[str] = field(default=frozenset(), repr=False)
    #: Registers that the institution did not hand in: ``units``, ``people``.
    missing: tuple[str, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def cutoff(self) -> pd.Timestamp:
        """The day up to which the figures count."""
        return pd.Timestamp(self.campaign.setting("cutoff"))

    @cached_property
    def evidence(self) -> Evidence:
        """What the plan's clauses are answered from."""
        return Evidence(self.tables, self.campaign, self.cutoff.date(), self.unit)

    @cached_property
    def status(self) -> pd.DataFrame:
        """The status of every clause of the plan: see `status_table`."""
        return status_table(self.evidence)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What the satisfaction ballots can show: see `ballot_verdicts`."""
        tables = self.tables
        return ballot_verdicts(tables.votes, tables.turnout, tables.answers, self.campaign)

    def for_readers(self, lang: str, audience: str) -> "Report":
        """Return this report for other readers: what is worked out stays, figures count from 1."""
        other = replace(self, lang=lang, audience=audience, numbers={})
        vars(other).update({name: vars(self)[name] for name in _WORKED_OUT if name in vars(self)})
        return other

    @property
    def rights(self) -> frozenset[str]:
        """What the audience may see: its list in the setting ``audiences``."""
        return frozenset(self.campaign.setting("audiences")[self.audience])

    @property
    def branches(self) -> list[str]:
        """The branches of the register, in its order."""
        return list(dict.fromkeys(branch for _, branch in branches(self.tables.units)))

    @property
    def headline(self) -> list[str]:
        """The items by which satisfaction is told in short."""
        return headline(self.campaign)

    @property
    def confidence(self) -> str:
        """The level of the intervals, as words."""
        return f"{self.campaign.setting('confidence_level'):.0%}"

    @property
    def minimum_base(self) -> int:
        """The least number of people whose results are shown."""
        return int(self.campaign.setting("minimum_base"))

    @property
    def no_ballots(self) -> str:
        """Why there is no satisfaction: ballots that are not recorded by branch, or none at all."""
        return self.say("no_ballots_by_unit" if self.unit else "no_ballots")

    @property
    def no_ballots_title(self) -> str:
        """The title of a page without satisfaction."""
        return self.say("no_ballots_by_unit_title" if self.unit else "no_ballots")

    def say(self, key: str, **values: Any) -> str:
        """Return a text of the pages in the report's language."""
        own = self.campaign.plan.words.get(key)  # a campaign may have a name of its own for a part
        return filled(own.name(self.lang), **values) if own else text(f"pages.{key}", self.lang, **values)

    def see(self, page: str) -> See:
        """Return the address and the name of another page."""
        return f"{PAGES[page]}.html", self.say(f"page_{page}")

    def figure_title(self, key: str, **values: Any) -> str:
        """Return the title of a figure with its number: figures count in the order in which they ask."""
        asked = f"{key} {sorted(values.items())}"
        return self.say(key, n=self.numbers.setdefault(asked, len(self.numbers) + 1), **values)

    def head(self, page: str, title: str, *, one_sheet: bool = False) -> Block:
        """Return the head of `page`: institution, period, cut-off, and what became of the files."""
        facts = self.file_facts(self.evidence.by_unit if self.unit else self.campaign.evidence)
        facts += [(self.say("register"), self.say(f"missing_{name}")) for name in self.missing]
        votes = self.tables.votes
        hidden = len(votes.loc[is_hidden(votes), QUESTION].drop_duplicates())
        facts += [(self.say("hidden_groups"), self.say("hidden_count", count=hidden))] if hidden else []
        if self.unit or self.year:
            facts.append((self.say("selection"), " ".join(str(v) for v in (self.unit, self.year) if v)))
        subtitle, name = self.say(f"{page}_subtitle"), self.say(f"page_{page}")
        return head(title, subtitle, facts, name=name, one_sheet=one_sheet)

    def file_facts(self, asked: Iterable[str]) -> list[tuple[str, str]]:
        """Return institution, period, cut-off and files; of the layouts `asked`, how many are missing."""
        files, ledger = self.tables.files, self.tables.ledger
        used = int(files["status"].isin(["read", "partly"]).sum())
        told = self.say("files_value", used=used, bad=len(files) - used)
        read = files["layouts"].fillna("").str.cat(sep=" ")
        if missing := [code for code in asked if not re.search(rf"\b{code}", read)]:
            told += self.say("files_missing", count=len(missing))
        if rejected := int(ledger["outcome"].eq("rejected").sum()):
            told += self.say("rows_rejected", rows=rejected)
        return [
            (self.say("institution"), listed(sorted(set(files["institution"].dropna())), self.lang)),
            (self.say("period"), f"{self.campaign.span.start} – {self.campaign.span.end}"),
            (self.say("cutoff"), f"{self.cutoff:%Y-%m-%d}"),
            (self.say("files"), told),
        ]

    def method(self, *names: str) -> Block:
        """Return the reasons of the settings `names`; one that the campaign does not have decides nothing."""
        known = (self.campaign.settings[name] for name in names if name in self.campaign.settings)
        return method(known, self.lang)


def open_report(
    *,
    processed: str | os.PathLike[str],
    campaign: str | os.PathLike[str],
    out: str | os.PathLike[str] = "",
    year: int | None = None,
    unit: str | None = None,
    lang: str = "zh",
    audience: Literal["public", "leadership", "branch"] = "public",
) -> Report:
    """Open the processed tables for a notebook.

    Parameters
    ----------
    processed, campaign : path
        Folders; a relative one is looked for from the working folder.
    out : path
        Where the edition goes; nothing is written there by this function.
    year : int, optional
        As at the end of this calendar year: votes and activities of it, hours and tasks up to its
        end, and the campaign cut to it.
    unit : str, optional
        A branch, a department, an institution, or ``institution/unit``. With several institutions one
        must be chosen: they are never taken together.
    lang, audience : str
        Language (one of ``texts.languages()``) and readers of the page.

    Raises
    ------
    ValueError
        For an unknown unit, year, language or audience, or if several institutions are there and none is
        chosen; the message gives the names that are known.
    """
    if lang not in languages():
        raise ValueError(f"lang = {lang!r}: 应为 / must be one of {', '.join(languages())}")
    kept = _kept_open.get((str(processed), str(campaign), year, unit))
    report = kept or opened(processed, load_campaign(campaign), year, unit, lang)
    if audience not in (known := report.campaign.setting("audiences")):
        raise ValueError(f"audience = {audience!r}: 应为 / must be one of {', '.join(known)}")
    return report.for_readers(lang, audience)


def keep_open(
    *,
    processed: str | os.PathLike[str],
    campaign: str | os.PathLike[str],
    year: int | None,
    unit: str | None,
    lang: str,
    worked_out: bool,
) -> None:
    """Open a selection once for all that this process, or a copy of it, will open with these values.

    With `worked_out` also the status of the clauses and the verdicts on the ballots, which take longest.
    From now on the process keeps texts as Python's own: tables have a few hundred rows, and calling pyarrow
    for each column and step takes longer than the step. Words and missing values stay the same; what sorting
    leaves equal may stand in another order, unless ``kind="stable"`` is asked for.

    Raises
    ------
    ValueError
        As `open_report`.
    """
    pd.options.mode.string_storage = "python"
    report = opened(processed, load_campaign(campaign), year, unit, lang)
    _kept_open[str(processed), str(campaign), year, unit] = report
    for name in _WORKED_OUT if worked_out else ():
        getattr(report, name)


def opened(
    processed: str | os.PathLike[str], campaign: Campaign, year: int | None, unit: str | None, lang: str
) -> Report:
    """Return a selection of the processed tables; what must not be shown is hidden by the settings."""
    spec, units = clipped(campaign, year, lang), read(processed, "units")
    chosen, part = resolve(units, unit, lang, institutions(processed))
    tables = load(processed, chosen)
    missing = tuple(name for name in ("units", "people") if getattr(tables, name).empty)
    # Over all units and years, so that every edition hides the same.
    decisions = decide(tables.votes, tables.units, tables.people, spec)
    names = (re.sub(r"[(（].*|\s", "", name) for name in tables.people["name"].dropna())
    kept = masked(of_year(of_unit(tables, part), year), decisions, part or WHOLE)
    known = frozenset(name for name in names if name)
    return Report(spec, kept, lang, "public", year, part, names=known, missing=missing)
