"""What a notebook works with: the campaign, the tables it asked for, the language and who will read it."""

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.present.blocks import Block, head, method
from cxzy_lib.tables import Tables, load
from cxzy_lib.texts import text


@dataclass(frozen=True)
class Report:
    """A notebook's context; made by :func:`open_report`."""

    campaign: Campaign
    tables: Tables
    lang: str
    audience: str
    year: int | None = None
    unit: str | None = None

    @property
    def cutoff(self) -> pd.Timestamp:
        """The day up to which the figures count."""
        return pd.Timestamp(self.campaign.setting("cutoff"))

    @property
    def branches(self) -> list[str]:
        """The branches of the register, in its order."""
        units = self.tables.units
        return units.loc[units["kind"] == "branch", "unit"].tolist()

    @property
    def confidence(self) -> str:
        """The level of the intervals, as words."""
        return f"{self.campaign.setting('confidence_level'):.0%}"

    @property
    def minimum_base(self) -> int:
        """The least number of people whose results are shown."""
        return int(self.campaign.setting("minimum_base"))

    def say(self, key: str, **values: Any) -> str:
        """Return a text of the pages in the report's language."""
        return text(f"pages.{key}", self.lang, **values)

    def head(self, page: str, title: str, *, one_sheet: bool = False) -> Block:
        """Return the head of `page`: institution, period, cut-off, and what became of the files."""
        status = self.tables.files["status"].value_counts()
        used = int(status.get("read", 0) + status.get("partly", 0))
        names = sorted(set(self.tables.files["institution"].dropna()))
        facts = [
            (self.say("institution"), "、".join(names[:3]) + ("…" if len(names) > 3 else "")),
            (self.say("period"), f"{self.campaign.span.start} – {self.campaign.span.end}"),
            (self.say("cutoff"), f"{self.cutoff:%Y-%m-%d}"),
            (self.say("files"), self.say("files_value", used=used, bad=len(self.tables.files) - used)),
        ]
        if self.unit or self.year:
            facts.append((self.say("selection"), " ".join(str(v) for v in (self.unit, self.year) if v)))
        subtitle, name = self.say(f"{page}_subtitle"), self.say(f"page_{page}")
        return head(title, subtitle, facts, name=name, one_sheet=one_sheet)

    def method(self, *names: str) -> Block:
        """Return the settings `names` with their reasons."""
        return method({name: self.campaign.settings[name] for name in names}, self.lang)


def open_report(
    *,
    processed: str | os.PathLike[str],
    campaign: str | os.PathLike[str],
    out: str | os.PathLike[str] = "",
    year: int | None = None,
    unit: str | None = None,
    lang: Literal["zh", "en"] = "zh",
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
        Keep only the rows of this calendar year (tables that have dates).
    unit : str, optional
        Keep only the rows of this branch or department; an unknown one is an error that names the known ones.
    lang, audience : str
        Language and readers of the page.

    Raises
    ------
    ValueError
        For an unknown unit.
    """
    spec, tables = load_campaign(campaign), load(Path(processed))
    if unit is not None and unit not in set(tables.units["unit"]):
        known = "、".join(tables.units["unit"])
        raise ValueError(text("pages.unknown_unit", lang, unit=unit, known=known))
    kept = {field.name: _select(getattr(tables, field.name), year, unit) for field in fields(tables)}
    registers = {name: getattr(tables, name) for name in ("units", "files", "ledger")}
    return Report(spec, replace(tables, **(kept | registers)), lang, audience, year, unit)


_DATES = ("held_on", "started_on", "opened_on", "answered_on")


def _select(frame: pd.DataFrame, year: int | None, unit: str | None) -> pd.DataFrame:
    """Return the rows of one year and one unit; a table without such a column stays whole."""
    keep = pd.Series(True, index=frame.index)
    if year is not None:
        day = next((name for name in _DATES if name in frame), None)
        if "year" in frame:
            keep &= frame["year"].eq(year).fillna(False)
        elif day:
            keep &= frame[day].dt.year.eq(year).fillna(False)
    if unit is not None and "unit" in frame:
        branch = frame["branch"] if "branch" in frame else frame["unit"]
        keep &= (frame["unit"].eq(unit) | branch.eq(unit)).fillna(False)
    return frame[keep.astype(bool)]
