"""From a figure to the cells that it comes from, and from a row of a spreadsheet to the figures that it fed.

For the analyst: what the cells say stands here as it was written, names included. No page shows it.
"""

import os
from pathlib import Path

import pandas as pd

from cxzy_lib.intake.workbook import read_file
from cxzy_lib.measure import indicators
from cxzy_lib.present.plan import figure_line, nearest_ids
from cxzy_lib.present.report import Report
from cxzy_lib.texts import listed, text


def trace(report: Report, figure: str, raw: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return the rows of the spreadsheets that a figure was worked out from.

    Parameters
    ----------
    report : Report
        As of `open_report`.
    figure : str
        An ``id`` of ``report.status``, as in the first column of the pages' tables: ``N1``,
        ``G3.2b/第四支部``; a clause that has figures of its parts alone stands for all of these.
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
        If there is no such figure; the message names the nearest.
    """
    try:
        rows = indicators.trace(report.evidence, figure)
    except indicators.UnknownFigure:
        near = listed(nearest_ids(report.status, figure), report.lang)
        raise KeyError(text("cli.no_figure", report.lang, id=figure, near=near)) from None
    rows = rows.drop(columns="institution")
    return rows if raw is None else rows.assign(says=_cells(rows, Path(raw)))


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
            told[at] = " | ".join(str(cell) for cell in cells if cell not in (None, ""))
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
