"""Two verbs for a question at the desk, rates and comparing them; what they return shows itself."""

from collections.abc import Iterable, Sequence

import pandas as pd

from cxzy_lib.measure.basis import with_period
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.present import columns, evidence_columns
from cxzy_lib.present.blocks import Block, note
from cxzy_lib.present.prepare import only
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.present.wording import compared_sentence, period_names, say
from cxzy_lib.texts import text

_GROUPINGS = ("semester", "stage", "year", "item", "unit", "occasion", "rater_group")
_KINDS = ("period", "stage", "group", "branch")


class Figures(pd.DataFrame):
    """A frame that shows itself with title, bases and notes; what is made from it is an ordinary frame."""

    _metadata = ["shown"]  # noqa: RUF012
    shown: str

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return self.shown


def _figures(frame: pd.DataFrame, table: Block, notes: Iterable[str]) -> Figures:
    found = Figures(frame)
    found.shown = table.html + "".join(note(one).html for one in notes)
    return found


def _check_report(report: object) -> None:
    if not isinstance(report, Report):
        kind = type(report).__name__
        raise TypeError(" / ".join(text("desk.no_report", lang, kind=kind) for lang in ("zh", "en")))


def _known(name: str, found: Iterable[str], known: Iterable[str], lang: str) -> None:
    known = list(known)
    if unknown := [one for one in found if one not in known]:
        words = {"name": name, "found": ", ".join(unknown), "known": ", ".join(known)}
        raise ValueError(text("desk.unknown", lang, **words))


def rates(
    report: Report,
    by: str | Sequence[str] = "semester",
    *,
    items: Iterable[str] = (),
    groups: Iterable[str] = (),
    occasion: str = "satisfaction",
) -> Figures:
    """Return the satisfaction of each group of raters, by any grouping, without what must not be shown.

    Parameters
    ----------
    report : Report
        As from ``cx.open_report(processed="data/processed", campaign="campaign")``.
    by : str or sequence of str
        ``semester``, ``stage``, ``year``, ``item``, ``unit``, ``occasion``; groups of raters and scales stand
        in rows of their own in any case. Without ``item`` an occasion counts by its headline item.
    items, groups : iterable of str
        Codes of the items and the groups wanted (``report.campaign.items``, ``.raters``); all where none are
        named.
    occasion : str
        The kind of occasion, such as ``satisfaction`` or ``survey``.

    Returns
    -------
    Figures
        The columns of `satisfaction_rates` (shares 0-1) and ``hidden``; the numbers of a hidden row are NA.

    Raises
    ------
    ValueError
        For a grouping, an item, a group or an occasion that is not there; names those that are.
    TypeError
        For anything but a report.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform
    >>> empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    >>> rates(Report(load_campaign("campaign"), empty, "en", "public"), "item").empty
    True
    """
    _check_report(report)
    keys, items, groups = list(dict.fromkeys([by] if isinstance(by, str) else by)), list(items), list(groups)
    votes = report.tables.votes
    _known("by", keys, _GROUPINGS, report.lang)
    _known("items", items, report.campaign.items, report.lang)
    _known("groups", groups, report.campaign.raters, report.lang)
    _known("occasion", [occasion], {"satisfaction", *votes["occasion"].dropna()}, report.lang)
    first, *also = [key for key in keys if key != "rater_group"] or ["occasion"]
    rows = with_period(only(votes, occasion, items, groups))
    frame = shown_satisfaction(rows, report.tables.turnout, report.campaign, first, tuple(also))
    heads = [*_keys(report, [first, *also]), *_heads(report)]
    names = " × ".join(head.label for head in heads[: 1 + len(also)])
    notes = [text("desk.rates_note", report.lang, level=report.confidence), *_notes(frame, report.lang)]
    title = text("desk.rates_title", report.lang, by=names)
    return _figures(frame, html_table(frame, heads, report.lang, title), notes)


def _keys(report: Report, keys: Iterable[str]) -> list[Column]:
    words = {
        "item": {code: item.label(report.lang) for code, item in report.campaign.items.items()},
        "semester": period_names(report.campaign, report.lang),
        "stage": period_names(report.campaign, report.lang),
    }
    return [Column(key, say(f"col_{key}", report.lang), words=words.get(key, {})) for key in keys]


def _heads(report: Report) -> list[Column]:
    heads = {head.name: head for head in columns.rates(report.campaign, report.lang)}
    heads["valid"] = Column("valid", "n", "count")
    return [heads[name] for name in ("rater_group", "scale", "valid", "strict", "inclusive")]


def _notes(frame: pd.DataFrame, lang: str) -> list[str]:
    pooled = frame["strict"].notna() & frame["strict_low"].isna()
    counts = {"hidden_note": int(frame["hidden"].sum()), "pooled_note": int(pooled.sum())}
    return [text(f"desk.{name}", lang, count=count) for name, count in counts.items() if count]


def compare(report: Report, kind: str = "period", *, items: Iterable[str] = ()) -> Figures:
    """Return what the ballots can show of changes and differences, over all comparisons of a report together.

    Parameters
    ----------
    report : Report
        As from `open_report`.
    kind : str
        ``period``: with the last occasion that is comparable; ``stage``; ``group``: between groups of raters;
        ``branch``: each with the others.
    items : iterable of str
        Codes of the items wanted. However few are asked for, the p values are those of the whole family.

    Returns
    -------
    Figures
        The columns of `changes.judged`: ``difference`` (-1 to 1) with its interval, ``p_adjusted``,
        ``verdict``, and the smallest ``rise`` and ``fall`` that would have shown.

    Raises
    ------
    ValueError
        For a kind or an item that is not there; names those that are.
    TypeError
        For anything but a report.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> from cxzy_lib.tables import ALL_SCHEMAS, Tables, conform
    >>> empty = Tables(**{name: conform(name, []) for name in ALL_SCHEMAS})
    >>> compare(Report(load_campaign("campaign"), empty, "en", "public")).empty
    True
    """
    _check_report(report)
    changes, items = report.verdicts.changes, list(items)
    _known("kind", [kind], _KINDS, report.lang)
    _known("items", items, report.campaign.items, report.lang)
    wanted = set(items) or set(changes["item"])
    mine = changes[changes["kind"].eq(kind) & changes["item"].isin(wanted)].reset_index(drop=True)
    lang, spec = report.lang, report.campaign
    notes = [compared_sentence(changes, report.verdicts.trends, spec, lang)]
    title = text("desk.compare_title", lang, kind=text(f"desk.kind_{kind}", lang))
    heads = evidence_columns.changes(lang)
    written = evidence_columns.written_changes(mine, spec, lang)
    # Nothing compared: a table of heads alone.
    written = written.reindex(columns=[head.name for head in heads])
    return _figures(mine, html_table(written, heads, lang, title), notes)
