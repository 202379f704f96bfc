"""Tables in text files: csv in any of the usual encodings, web pages and XML that go by the name of .xls."""

import csv
import io
import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from cxzy_lib.intake.grid import MAX_COLUMNS, Refused, Sheet

_MARKUP = re.compile(r"<(?:html|!doctype html|table|body|head|div|style|meta|\?xml|workbook)")
_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def sheets(data: bytes, name: str) -> tuple[str, list[Sheet]]:
    """Return what a text file is, and its tables.

    Raises
    ------
    Refused
        ``not_a_spreadsheet``, ``broken`` or ``dangerous``.
    """
    text, encoding = decode(data)
    start = text.lstrip("\ufeff \t\r\n")[:2000].lower()
    if not _MARKUP.match(start):
        return f"csv ({encoding})", [_csv(text, name)]
    if "office:spreadsheet" in start or "<workbook" in start:
        return "xml", _spreadsheetml(text)
    return "html", _html(text, name)


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and its encoding.

    Bytes that are no UTF-8 are GB18030 or cp1252, and many byte sequences are valid in both. In Chinese text
    high bytes come in pairs; in western text single ones stand between letters. The more frequent decides.

    Examples
    --------
    >>> decode("满意".encode("gb18030")), decode("für".encode("cp1252"))
    (('满意', 'gb18030'), ('für', 'cp1252'))
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        if (text := _decoded(data, "utf-16")) is None:
            raise Refused("broken", "utf-16")
        return text, "utf-16"
    if b"\0" in data:
        return _utf16(data), "utf-16"
    if (text := _decoded(data, "utf-8-sig")) is not None:
        return text, "utf-8"
    pairs = len(_PAIR.findall(data))
    single = len(_HIGH.findall(_PAIR.sub(b"", data)))
    if pairs >= single and (text := _decoded(data, "gb18030")) is not None:
        return text, "gb18030"
    text = data.decode("cp1252", "replace")
    if sum(not (c.isprintable() or c in "\t\r\n") for c in text) > 0.01 * len(text):
        raise Refused("not_a_spreadsheet")
    if "\ufffd" in text:
        raise Refused("broken", "encoding")
    return text, "cp1252"


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _utf16(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark: the order that gives text and no control characters."""
    for encoding in ("utf-16-le", "utf-16-be"):
        if (text := _decoded(data, encoding)) is None:
            continue
        known = sum(
            c in "\t\r\n" or " " <= c <= "~" or "\u4e00" <= c <= "\u9fff" or c in "，。、（）" for c in text
        )
        if known > 0.9 * len(text):
            return text
    raise Refused("not_a_spreadsheet")


def _csv(text: str, name: str) -> Sheet:
    sample = text[:20_000]
    delimiter = max(",;\t", key=sample.count)
    # One quote too many would swallow the rest of the file into one cell.
    odd = text.count('"') % 2
    lines = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if odd else csv.QUOTE_MINIMAL,
    )
    try:
        rows = [[cell or None for cell in row] for row in lines]
    except csv.Error as error:
        raise Refused("broken", str(error)) from error
    return Sheet.of(name, rows, unformatted=True)


def _html(text: str, name: str) -> list[Sheet]:
    from bs4 import BeautifulSoup

    if text.lower().count("<td") > 1.1 * text.lower().count("</td") + 10:
        # Rows and cells that nobody closed would nest into each other, thousands deep.
        text = re.sub(r"<(tr|td|th)\b", r"</\1><\1", text, flags=re.IGNORECASE)
    page = BeautifulSoup(text, "html.parser")
    found = [table for table in page.find_all("table") if not table.find("table")]
    made = [
        _html_table(table, f"{name} {at}" if len(found) > 1 else name) for at, table in enumerate(found, 1)
    ]
    if not any(sheet.height for sheet in made):
        raise Refused("markup_not_workbook")
    return [sheet for sheet in made if sheet.height]


def _html_table(table: Any, name: str) -> Sheet:
    cells: dict[tuple[int, int], Any] = {}
    merges = []
    lines = table.find_all("tr")
    for r, line in enumerate(lines):
        c = 0
        for cell in line.find_all(["td", "th"]):
            while (r, c) in cells:
                c += 1
            down, across = (min(_span(cell.get(name)), 1000) for name in ("rowspan", "colspan"))
            text = re.sub(r"[ \t\r\f\v\xa0]+", " ", cell.get_text("\n" if cell.find("br") else "")).strip()
            for q in range(r, min(r + down, len(lines))):
                cells.update({(q, k): None for k in range(c, c + across)})
            cells[r, c] = text or None
            if down > 1 or across > 1:
                merges.append((r, c, min(r + down, len(lines)) - 1, c + across - 1))
            c += across
    width = max((c for _, c in cells), default=-1) + 1
    rows = [[cells.get((r, c)) for c in range(width)] for r in range(len(lines))]
    return Sheet.of(name, rows, merges=merges, unformatted=True)


def _span(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isdigit() and int(value) else 1


def _spreadsheetml(text: str) -> list[Sheet]:
    """Read the XML that spreadsheet programs of 2003 wrote."""
    if "<!DOCTYPE" in text[:2000] or "<!ENTITY" in text:
        raise Refused("dangerous", "DOCTYPE")
    try:
        book = ElementTree.fromstring(text.lstrip("\ufeff \t\r\n").encode())
    except (ElementTree.ParseError, ValueError) as error:
        raise Refused("broken", "xml") from error
    return [_xml_sheet(sheet) for sheet in book.iter(f"{_SS}Worksheet")]


def _xml_sheet(sheet: Any) -> Sheet:
    rows: list[list[Any]] = []
    merges = []
    for line in sheet.iter(f"{_SS}Row"):
        at = int(line.get(f"{_SS}Index", len(rows) + 1)) - 1
        if at > 2**20:
            raise Refused("broken", "xml")
        rows += [[] for _ in range(at + 1 - len(rows))]
        row: list[Any] = []
        for cell in line.iter(f"{_SS}Cell"):
            c = int(cell.get(f"{_SS}Index", len(row) + 1)) - 1
            if c > MAX_COLUMNS:
                raise Refused("broken", "xml")
            across, down = (int(cell.get(f"{_SS}Merge{side}", 0)) for side in ("Across", "Down"))
            row += [None] * (c - len(row))
            row.append(_xml_value(cell.find(f"{_SS}Data")))
            row += [None] * min(across, MAX_COLUMNS)
            if across or down:
                merges.append((at, c, at + down, c + across))
        rows[at] = row
    return Sheet.of(sheet.get(f"{_SS}Name", ""), rows, merges=merges)


def _xml_value(data: Any) -> Any:
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get(f"{_SS}Type", "String")
    try:
        if kind == "Number":
            return float(text) if "." in text or "e" in text.lower() else int(text)
        if kind == "DateTime":
            return datetime.fromisoformat(text.removesuffix(".000"))
    except ValueError:
        return text or None
    return text or None
