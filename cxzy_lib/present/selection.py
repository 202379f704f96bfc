"""Which rows a page is about: one institution, a unit of it, a year."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

import msgspec
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import is_true
from cxzy_lib.tables import Tables
from cxzy_lib.texts import listed, text


def branches(units: pd.DataFrame) -> list[tuple[str, str]]:
    """Return institution and branch of all branches that the register names, in its order.

    Examples
    --------
    >>> units = {"institution": "甲校", "unit": ["一支部", "教务处"], "kind": ["branch", "office"]}
    >>> branches(pd.DataFrame(units | {"branch": [None, "二支部"]}))
    [('甲校', '一支部'), ('甲校', '二支部')]
    """
    rows = units[["institution", "unit"]][units["kind"].eq("branch")]
    above = units[["institution", "branch"]].rename(columns={"branch": "unit"})
    both = pd.concat([rows, above]).dropna().drop_duplicates()
    return list(both.itertuples(index=False, name=None))


def resolve(
    units: pd.DataFrame, unit: str | None, lang: str, others: Iterable[str] = ()
) -> tuple[str | None, str | None]:
    """Return the institution and the branch or department that `unit` names; None where all are meant.

    Parameters
    ----------
    units : DataFrame
        The processed register.
    unit : str, optional
        A branch, a department, an institution, or ``institution/unit``.
    others : iterable of str
        Institutions that have files but no register.

    Raises
    ------
    ValueError
        If the name is unknown, or it is not clear which institution is meant: institutions are
        never taken together. The message gives the names that are known.

    Examples
    --------
    >>> units = pd.DataFrame({"unit": ["一支部"], "institution": ["甲校"]})
    >>> resolve(units, "甲校/一支部", "zh"), resolve(units, "甲校", "zh"), resolve(units, None, "zh")
    (('甲校', '一支部'), ('甲校', None), (None, None))
    """
    known = sorted({*units["institution"].dropna(), *others})
    if unit is None:
        if len(known) > 1:
            raise ValueError(text("pages.several_institutions", lang, known=listed(known, lang)))
        return None, None
    if unit in known:
        return unit, None
    inside, name = units, unit
    first, _, rest = unit.partition("/")
    if first in known and rest:
        inside, name = units[units["institution"].eq(first)], rest
    homes = sorted(set(inside.loc[inside["unit"].eq(name), "institution"]))
    if len(homes) > 1:
        full = listed((f"{home}/{unit}" for home in homes), lang)
        raise ValueError(text("pages.ambiguous_unit", lang, unit=unit, known=full))
    if not homes:
        names = [*(known if len(known) > 1 else []), *inside["unit"].dropna()]
        nearest_first = dict.fromkeys([*get_close_matches(name, names, cutoff=0.4), *names])
        raise ValueError(text("pages.unknown_unit", lang, unit=unit, known=listed(nearest_first, lang)))
    return homes[0], name


def clipped(campaign: Campaign, year: int | None, lang: str) -> Campaign:
    """Return the campaign as it stood at the end of `year`: span, cut-off and semesters of that year.

    Raises
    ------
    ValueError
        If the campaign does not touch the year; names the years that it does.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> campaign = clipped(load_campaign("campaign"), 2010, "zh")
    >>> str(campaign.span.end), campaign.setting("cutoff"), [s.code for s in campaign.semesters]
    ('2010-12-31', '2010-12-31', ['2009-2010-2', '2010-2011-1'])
    """
    if year is None:
        return campaign
    if year not in campaign.years:
        known = listed(map(str, campaign.years), lang)
        raise ValueError(text("pages.unknown_year", lang, year=year, known=known))
    first, last = pd.Timestamp(year, 1, 1).date(), pd.Timestamp(year, 12, 31).date()
    span, cutoff = campaign.span, campaign.settings["cutoff"]
    end = min(pd.Timestamp(cutoff.value).date(), last)
    return replace(
        campaign,
        span=msgspec.structs.replace(span, start=max(span.start, first), end=min(span.end, last)),
        semesters=tuple(term for term in campaign.semesters if term.start.year == year),
        settings=campaign.settings | {"cutoff": msgspec.structs.replace(cutoff, value=end.isoformat())},
    )


def of_unit(tables: Tables, unit: str | None) -> Tables:
    """Return the rows of one branch (with its departments) or department; the ledger stays whole.

    What is recorded by person belongs to the unit of the person.
    """
    if unit is None:
        return tables
    units = tables.units[tables.units["unit"].eq(unit) | tables.units["branch"].eq(unit)]
    people = tables.people[tables.people["unit"].eq(unit) | tables.people["branch"].eq(unit)]
    names, persons = {unit, *units["unit"]}, set(people["person"].dropna())
    kept = {"units": units, "people": people}
    for name in ("votes", "turnout", "answers", "events", "attendance", "tasks", "hours", "figures"):
        frame = getattr(tables, name)
        mine = frame["unit"].isin(names)
        for column in ("person", "appraisee", "subject"):
            if column in frame:
                mine |= frame[column].isin(persons)
        kept[name] = frame[mine]
    return replace(tables, **kept)


def of_year(tables: Tables, year: int | None) -> Tables:
    """Return the rows about one year: votes, answers and activities of it, hours and tasks up to its end."""
    if year is None:
        return tables
    end = pd.Timestamp(year, 12, 31)
    kept = {"figures": tables.figures[is_true(tables.figures["year"].eq(year))]}
    for name in ("votes", "turnout", "answers"):
        frame = getattr(tables, name)
        when = frame["year"].fillna(frame["held_on"].dt.year.astype("Int64"))
        kept[name] = frame[is_true(when.eq(year))]
    for name in ("events", "attendance"):
        frame = getattr(tables, name)
        kept[name] = frame[frame["held_on"].dt.year.eq(year)]
    kept["tasks"] = tables.tasks[~(tables.tasks["opened_on"] > end)]
    taken = tables.hours["ended_on"].fillna(tables.hours["started_on"])
    return replace(tables, **kept, hours=tables.hours[~(taken > end)])
