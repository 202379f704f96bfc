"""Workbooks of the years before 2007 (.xls, and .et of WPS), with number formats, merges and hidden rows."""

import io
from typing import Any

from cxzy_lib.intake.grid import Refused, Sheet


def _value(cell: Any, datemode: int) -> Any:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERR")
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def sheets(data: bytes) -> list[Sheet]:
    """Return the sheets of an .xls file.

    Raises
    ------
    Refused
        ``encrypted`` or ``broken``.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        raise Refused("encrypted" if "ncrypted" in str(error) else "broken", str(error)) from error
    return [_sheet(book, ws) for ws in book.sheets()]


def _sheet(book: Any, ws: Any) -> Sheet:
    rows = [[_value(cell, book.datemode) for cell in ws.row(r)] for r in range(ws.nrows)]
    formats = {
        (r, c): book.format_map[book.xf_list[ws.cell_xf_index(r, c)].format_key].format_str
        for r, line in enumerate(rows)
        for c, value in enumerate(line)
        if isinstance(value, float)
    }
    hidden = {
        "sheet": int(bool(ws.visibility)),
        "rows": sum(bool(info.hidden) for r, info in ws.rowinfo_map.items() if r < ws.nrows),
        "columns": sum(bool(info.hidden) for c, info in ws.colinfo_map.items() if c < ws.ncols),
    }
    return Sheet.of(
        ws.name,
        rows,
        {place: code for place, code in formats.items() if code != "General"},
        merges=sorted((r0, c0, r1 - 1, c1 - 1) for r0, r1, c0, c1 in ws.merged_cells),
        hidden={what: number for what, number in hidden.items() if number},
        date1904=bool(book.datemode),
    )
