"""Blank workbooks to collect the next round: their own header, filled in, is read without one finding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.intake.grid import Sheet
from cxzy_lib.intake.values import key_of
from cxzy_lib.intake.vocabulary import keys_of
from cxzy_lib.specs import ColumnSpec, Layout
from cxzy_lib.texts import catalogue, text

ROWS = 500  # that drop-downs reach down to
WIDE_DATES = 8
_REQUIRED, _OPTIONAL = "FFF2CC", "DEEAF6"


@dataclass(frozen=True)
class Field:
    """A column of a form: its header, how it is filled in, and the words to choose from."""

    label: str
    type: str
    required: bool = False
    words: tuple[str, ...] = ()


def is_note(sheet: Sheet) -> bool:
    """Whether a sheet is a form's page of rules or of lists: there is nothing on it to read."""
    markers = keys_of(
        words for name in ("rules_marker", "lists_marker") for words in catalogue()[f"forms.{name}"].values()
    )
    return sheet.height > 0 and key_of(sheet.value(0, 0)) in markers


def fields(layout: Layout, campaign: Campaign, lang: str, units: pd.DataFrame | None = None) -> list[Field]:
    """Return the columns of a layout's form: what is read, in the order of the layout."""
    read = [
        Field(spec.aliases[0], spec.type, spec.required, _words(spec, campaign, units))
        for spec in layout.columns.values()
        if spec.type != "skip"
    ]
    return [*read, *_levels(layout, campaign, lang), *_items(layout, campaign, lang), *_days(layout)]


def _words(spec: ColumnSpec, campaign: Campaign, units: pd.DataFrame | None) -> tuple[str, ...]:
    """Return the words that may stand in a column, the first spelling of each."""
    if spec.type == "words":
        return tuple(words[0] for words in spec.words.values())
    if spec.type == "tick":
        return (_spoken(campaign.words.yes), _spoken(campaign.words.no))
    if spec.type == "rater":
        return tuple(words[0] for words in (spec.words or campaign.raters).values())
    if spec.type == "semester":
        return tuple(term.zh for term in campaign.semesters)
    if spec.type == "item":
        return tuple(item.zh for item in campaign.items.values() if item.kind == "level")
    if spec.type in ("branch", "unit") and units is not None and len(units):
        wanted = units[units["kind"].eq("branch")] if spec.type == "branch" else units
        return tuple(wanted["unit"].dropna().unique())
    return ()


def _spoken(words: tuple[str, ...]) -> str:
    """Return the word among marks: 是 rather than √, which keyboards lack."""
    return next(
        (word for word in words if word.isalpha() and len(word) == 1 and not word.isascii()), words[0]
    )


def _levels(layout: Layout, campaign: Campaign, lang: str) -> Iterator[Field]:
    """Yield a column of counts for each level; where several groups rate, for each of them."""
    if layout.shape != "tally":
        return
    scale = campaign.scales[layout.scales[0]]
    names = [level.name(lang) for level in scale.levels]
    named = "rater_group" in {**layout.set, **layout.columns} or not layout.grades
    groups = [""] if named else [campaign.raters[code][0] for code in ("member", "nonmember")]
    for group in groups:
        yield from (Field(f"{group}-{name}" if group else name, "count", True) for name in names)
    for code in layout.grades:
        yield Field(campaign.raters[code][0], "words", False, tuple(names))


def _items(layout: Layout, campaign: Campaign, lang: str) -> Iterator[Field]:
    if layout.shape == "ballot":
        words = tuple(level.name(lang) for level in campaign.scales[layout.scales[0]].levels)
        yield from (
            Field(item.name(lang), "words", True, words)
            for item in campaign.items.values()
            if item.kind == "level" and not item.scale
        )


def _days(layout: Layout) -> Iterator[Field]:
    if layout.shape == "wide":
        marks = tuple(words[0] for words in layout.marks.values())
        yield from (Field("", "day", False, marks) for _ in range(WIDE_DATES))


def above(layout: Layout, campaign: Campaign, lang: str) -> list[str]:
    """Return the lines above the header: the title, and what only a title can say of ballots."""
    lines = [text("forms.title", lang, name=layout.name(lang))]
    if layout.table not in ("votes", "answers"):
        return lines
    given = {spec.type for spec in layout.columns.values()} | set(layout.columns)
    wanted = [] if "held_on" in given or "answered_on" in given else ["held_on"]
    if not {"rater", "rater_group"} & (given | set(layout.set)) and not layout.grades:
        wanted.append("rater")
    if layout.shape == "tally":
        if "appraisee" not in given and "appraisee_type" in layout.set and layout.title:
            wanted.append("appraisee")
        if "issued" not in given and not layout.grades:
            wanted += ["issued", "returned"]
    return lines + [f"{campaign.facts[name][0]}:" for name in wanted if name in campaign.facts]


def rules(layout: Layout, campaign: Campaign, lang: str) -> list[str]:
    """Return what the page of rules says."""
    asked = fields(layout, campaign, lang)
    required = "、".join(field.label for field in asked if field.required)
    lines = [text("forms.rules_marker", lang), layout.name(lang)]
    lines += [layout.rules[lang]] if lang in layout.rules else []
    lines += [text(f"forms.rule_{name}", lang) for name in ("rows", "dates", "blank", "identity")]
    lines.insert(3, text("forms.rule_required", lang, names=required))
    if layout.shape == "tally":
        lines.append(text("forms.rule_ballots", lang))
    if layout.shape == "wide":
        marks = "，".join(f"{w[0]} {layout.legend[code][0]}" for code, w in layout.marks.items())
        lines.append(text("forms.rule_wide", lang, marks=marks))
    lists = {field.label: field.words for field in asked if field.words and field.label}
    return lines + [text("forms.rule_lists", lang, column=c, words="、".join(w)) for c, w in lists.items()]


def make_forms(
    campaign: Campaign, folder: Path, lang: str = "zh", units: pd.DataFrame | None = None
) -> list[Path]:
    """Write a blank workbook for each layout of the campaign.

    Parameters
    ----------
    campaign : Campaign
        Its layouts, scales and words.
    folder : Path
        Made if need be; a form that is there is replaced.
    lang : str
        ``zh`` or ``en``: of the rules; headers are the first names in ``layouts.toml``.
    units : DataFrame, optional
        The processed table ``units``: its names become drop-downs.

    Returns
    -------
    list of Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for code, layout in campaign.layouts.items():
        path = folder / f"{code} {layout.name(lang).replace('/', '-')}.xlsx"
        _book(layout, campaign, lang, units).save(path)
        made.append(path)
    return made


def _book(layout: Layout, campaign: Campaign, lang: str, units: pd.DataFrame | None) -> Any:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.worksheet.properties import PageSetupProperties

    book = openpyxl.Workbook()
    form, notes, lists = book.active, book.create_sheet(), book.create_sheet()
    assert form is not None
    form.title = (layout.name(lang).translate(dict.fromkeys(map(ord, "[]:*?/\\"), "-")))[:31]
    notes.title, lists.title = text("forms.rules_sheet", lang), text("forms.lists_sheet", lang)
    asked = fields(layout, campaign, lang, units)
    top = above(layout, campaign, lang)
    for r, line in enumerate(top, 1):
        form.cell(r, 1, line).font = Font(bold=r == 1, size=14 if r == 1 else 11)
    for r, line in enumerate(rules(layout, campaign, lang), 1):
        notes.cell(r, 1, line)
    notes.column_dimensions["A"].width = 100
    lists.cell(1, 1, text("forms.lists_marker", lang))
    _fill_header(form, asked, len(top) + 1)
    for at, field in enumerate(asked, 1):
        _validate(form, lists, field, at, len(top) + 2, campaign, lang)
    form.freeze_panes = f"A{len(top) + 2}"
    form.print_title_rows = f"{len(top) + 1}:{len(top) + 1}"
    form.page_setup.orientation, form.page_setup.paperSize = "landscape", 9
    form.page_setup.fitToWidth, form.page_setup.fitToHeight = 1, 0
    form.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return book


def _fill_header(form: Any, asked: list[Field], row: int) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    line = Side(style="thin", color="999999")
    for at, field in enumerate(asked, 1):
        cell = form.cell(row, at, field.label or None)
        needed = field.required or field.type == "day"
        cell.fill = PatternFill("solid", fgColor=_REQUIRED if needed else _OPTIONAL)
        cell.font, cell.border = Font(bold=True), Border(line, line, line, line)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if field.type == "day":
            cell.number_format = "@"
        form.column_dimensions[cell.column_letter].width = max(10, min(2.2 * len(field.label) + 2, 28))
    form.row_dimensions[row].height = 32


def _validate(
    form: Any, lists: Any, field: Field, at: int, first: int, campaign: Campaign, lang: str
) -> None:
    """Let a column take only what can be read in it."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = get_column_letter(at)
    cells = f"{letter}{first}:{letter}{first + ROWS - 1}"
    if field.words:
        column = (lists.max_column or 0) + 1
        for r, word in enumerate((field.label, *field.words), 1):
            lists.cell(r, column, word)
        there = get_column_letter(column)
        source = f"'{lists.title}'!${there}$2:${there}${len(field.words) + 1}"
        rule = DataValidation("list", formula1=source, error=text("forms.wrong_word", lang))
    elif field.type == "count":
        error = text("forms.wrong_count", lang)
        rule = DataValidation("whole", operator="greaterThanOrEqual", formula1="0", error=error)
    elif field.type == "date":
        for r in range(first, first + ROWS):
            form.cell(r, at).number_format = "yyyy-mm-dd"
        error = text("forms.wrong_date", lang)
        rule = DataValidation("date", operator="greaterThan", formula1="1", error=error, errorStyle="warning")
    elif field.type == "hours":
        limit = str(campaign.setting("hours_limit"))
        rule = DataValidation(
            "decimal", operator="between", formula1="0", formula2=limit, error=text("forms.wrong_count", lang)
        )
    else:
        return
    rule.allow_blank, rule.showErrorMessage = True, True
    form.add_data_validation(rule)
    rule.add(cells)
