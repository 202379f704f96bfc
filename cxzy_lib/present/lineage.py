"""From a figure to the cells that it comes from, and from a row of a spreadsheet to the figures that it fed.

For the analyst: what the cells say stands here as it was written, names included. No page shows it.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from cxzy_lib.intake.values import plain_of
from cxzy_lib.intake.workbook import read_file
from cxzy_lib.measure import indicators
from cxzy_lib.measure.basis import is_true
from cxzy_lib.measure.evidence import CELL, with_papers
from cxzy_lib.present.columns import RATERS
from cxzy_lib.present.plan import figure_line, nearest_ids
from cxzy_lib.present.report import Report
from cxzy_lib.present.wording import group_name, period_names
from cxzy_lib.tables import SCHEMAS
from cxzy_lib.texts import languages, listed, text


def trace(report: Report, figure: str, raw: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return the rows of the spreadsheets that a figure was worked out from.

    Parameters
    ----------
    report : Report
        As of `open_report`.
    figure : str
        An ``id`` of ``report.status``, as in the first column of the plan's tables: ``N1``,
        ``G3.2b/第四支部``; a clause that has figures of its parts alone stands for all of these. Or, for any
        other number, what it is made of: a processed table (or ``activities``: the events that count as such)
        and the values of its columns, ``votes:semester=2011-2012-2,rater_group=nonmember,item=leadership``;
        names as the pages show them, such as 2012年春, will do, and of a day its month or year.
    raw : path, optional
        The folder of the spreadsheets: then ``says`` holds what stands in each row.

    Returns
    -------
    DataFrame
        ``table`` (the processed table), ``source_file``, ``source_sheet``, ``source_row`` (as the
        spreadsheet counts, from 1) and, with `raw`, ``says``: its cells, parted by bars. A row whose
        file has gone says NA.

    Raises
    ------
    KeyError
        If there is no such figure, table, column or value; the message names the nearest.
    """
    follow = _selected if re.search("[:：]", figure) else _of_figure
    rows = follow(report, figure).drop(columns="institution")
    return rows if raw is None else rows.assign(says=_cells(rows, Path(raw)))


def _of_figure(report: Report, figure: str) -> pd.DataFrame:
    try:
        return indicators.trace(report.evidence, figure)
    except indicators.UnknownFigure:
        near = listed(nearest_ids(report.status, figure), report.lang)
        raise KeyError(text("cli.no_figure", report.lang, id=figure, near=near)) from None


def _selected(report: Report, asked: str) -> pd.DataFrame:
    """Return the source rows of what `asked` selects of a table; see `trace`."""
    name, _, conditions = (part.strip() for part in unicodedata.normalize("NFKC", asked).partition(":"))
    tables = {table: getattr(report.tables, table) for table in SCHEMAS}
    tables["activities"] = report.evidence.activities
    rows = tables[_known(name, tables, report)]
    # A comma that no column follows is part of a value.
    for condition in re.split(r",(?=\s*\w+\s*=)", conditions) if conditions else ():
        column, _, value = (part.strip() for part in condition.partition("="))
        rows = _having(rows, _known(column, rows, report), value, report)
    behind = with_papers({name: rows}, report.tables.answers)
    columns = ["table", *CELL]
    found = pd.concat([part.assign(table=table)[columns] for table, part in behind.items()])
    return found.drop_duplicates().sort_values(columns, ignore_index=True)


def _having(rows: pd.DataFrame, column: str, value: str, report: Report) -> pd.DataFrame:
    """Return the rows with this value: a code or its name; of a day also its month or year."""
    said = rows[column].astype("str").fillna("").str.removesuffix(".0")
    # Brackets and spaces as anybody types them; the names of units keep theirs.
    fits = said.map(plain_of).eq(plain_of(value)) | said.isin(_codes(column, value, report))
    if column.endswith("_on"):
        fits |= said.str.startswith(f"{value}-")
    fits = is_true(fits)
    if not fits.any():
        # Names of people are shown only where the cells are asked for.
        _known(value, () if column == "name" else said[said.ne("")].unique(), report)
    return rows[fits]


def _codes(column: str, value: str, report: Report) -> set[str]:
    """Return the codes of a column that pages, in any language, call `value`."""
    spec, found = report.campaign, set()
    for lang in languages():
        periods = period_names(spec, lang)
        names = {
            "semester": periods,
            "stage": periods,
            "item": {code: item.label(lang) for code, item in spec.items.items()},
            "rater_group": {group: group_name(group, lang) for group in RATERS},
        }
        found |= {code for code, name in names.get(column, {}).items() if plain_of(name) == plain_of(value)}
    return found


def _known(asked: str, known: Iterable[object], report: Report) -> str:
    """Return `asked` if it is known; raise KeyError with the nearest, or with some, if it is not."""
    words = [str(word) for word in known]
    if asked in words:
        return asked
    near = listed((get_close_matches(asked, words, 5) or words)[:5], report.lang) or "—"
    raise KeyError(text("cli.no_selection", report.lang, asked=asked or "—", near=near))


def _cells(rows: pd.DataFrame, raw: Path) -> pd.Series:
    """Return what the spreadsheets say in each row; each file is read once."""
    told = pd.Series(pd.NA, rows.index, dtype="str")
    for file, part in rows.groupby("source_file"):
        path = raw / str(file)
        if not path.is_file():
            continue
        grids = {sheet.name: sheet.rows for sheet in read_file(path).sheets}
        for at, sheet, row in part[["source_sheet", "source_row"]].itertuples(name=None):
            grid = grids.get(sheet, [])
            cells = grid[row - 1] if 0 < row <= len(grid) else []
            # Blank cells keep their places, so that rows can be read one below the other.
            told[at] = " | ".join("" if cell is None else str(cell) for cell in cells).rstrip(" |")
    return told


def fed(report: Report, file: str, row: int, sheet: str | None = None) -> pd.DataFrame:
    """Return the figures that a row of a spreadsheet fed.

    Parameters
    ----------
    report : Report
        As of `open_report`.
    file : str
        The spreadsheet, as ``source_file`` has it; its name alone will do.
    row : int
        As the spreadsheet counts, from 1.
    sheet : str, optional
        Where the file has several.

    Returns
    -------
    DataFrame
        ``id`` (what `trace` follows) and ``says`` (the figure in one line); empty where none used the row,
        as with a title or what only tables and charts by person are made of.
    """
    ids = indicators.fed(report.evidence, file, row, sheet)
    told = [figure_line(report.status, report.campaign, one, report.lang) for one in ids]
    return pd.DataFrame({"id": pd.Series(ids, dtype="str"), "says": pd.Series(told, dtype="str")})
