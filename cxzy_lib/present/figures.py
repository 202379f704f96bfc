"""Two verbs for a question at the desk, rates and comparing them; what they return shows itself."""

from collections.abc import Iterable, Sequence

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import with_period
from cxzy_lib.measure.disclosure import shown_satisfaction
from cxzy_lib.measure.pairs import branch_turnout
from cxzy_lib.present import columns, evidence_columns
from cxzy_lib.present.blocks import Block, note
from cxzy_lib.present.prepare import only
from cxzy_lib.present.report import Report
from cxzy_lib.present.tables import Column, html_table
from cxzy_lib.present.wording import compared_sentence, period_names, say
from cxzy_lib.texts import text

_GROUPINGS = ("semester", "stage", "year", "item", "branch", "rater_group")
_KINDS = ("period", "stage", "group", "branch")
_VERDICT = (
    *("item", "rater_group", "start", "end", "start_rate", "end_rate"),
    *("difference", "low", "high", "p_adjusted", "verdict", "rise", "fall"),
)


class Figures(pd.DataFrame):
    """A frame that shows itself with title, bases and notes; what is made from it is an ordinary frame."""

    _metadata = ["html", "made"]  # noqa: RUF012
    html: str
    made: pd.DataFrame  # what `html` shows

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        plain = pd.DataFrame(self)
        return self.html if plain.equals(self.made) else str(plain._repr_html_())  # type: ignore[operator]


def _figures(frame: pd.DataFrame, table: Block, notes: Iterable[str]) -> Figures:
    found = Figures(frame)
    found.html, found.made = table.html + "".join(note(one).html for one in notes), frame.copy()
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
        ``semester``, ``stage``, ``year``, ``item``, ``branch``; groups of raters and scales stand in rows of
        their own in any case. Without ``item`` an occasion counts by its headline item.
    items, groups : iterable of str
        Codes of the items and the groups wanted (``report.campaign.items``, ``.raters``); all where none are
        named. Of several items each has rows of its own.
    occasion : str
        The kind of occasion, such as ``satisfaction`` or ``survey``: one whose ballots have levels.

    Returns
    -------
    Figures
        The columns of `satisfaction_rates` (shares 0-1) and ``hidden``: the numbers of such a row are NA.
        What pools ballots that must not be told apart, be it one branch of one semester, is hidden whole.

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
    asked, items, groups = [by] if isinstance(by, str) else list(by), list(items), list(groups)
    votes, spec, lang = report.tables.votes, report.campaign, report.lang
    with_levels = {"satisfaction", *votes["occasion"].dropna()} - set(spec.setting("votes_for"))
    _known("by", asked, _GROUPINGS, lang)
    _known("items", items, spec.items, lang)
    _known("groups", groups, spec.raters, lang)
    _known("occasion", [occasion], with_levels, lang)
    keys = [key for key in dict.fromkeys(asked) if key != "rater_group"]
    keys += ["item"] if len(items) > 1 and "item" not in keys else []
    rows, turnout = only(votes, occasion, items, groups), report.tables.turnout
    if "branch" in keys:
        rows = _by_branch(rows)
        turnout = branch_turnout(rows, turnout)
    first, *also = keys or ["occasion"]
    frame = shown_satisfaction(with_period(rows), turnout, spec, first, tuple(also))
    heads = [*_keys(report, keys), *_heads(report)]
    notes = [text("desk.rates_note", lang, level=report.confidence), *_notes(frame, lang)]
    by_names = " × ".join(head.label for head in heads[: len(keys) or 1])
    title = text("desk.rates_title", lang, kind=_kind(occasion, spec, lang), by=by_names)
    return _figures(frame, html_table(frame, heads, lang, title), notes)


def _by_branch(votes: pd.DataFrame) -> pd.DataFrame:
    """Return the votes that tell the branch; those that must not be told apart are hidden."""
    if "branch" not in votes:
        return votes.iloc[:0].assign(branch=None)
    rows = votes[votes["branch_of"].notna()]
    closed = rows["branch"].isna()
    return rows.assign(
        branch=rows["branch_of"], count=rows["count"].mask(closed), hidden=rows["hidden"] | closed
    )


def _kind(occasion: str, campaign: Campaign, lang: str) -> str:
    """Return what the shares are of: satisfaction, or the top level of the spreadsheet's ballots."""
    names = [one.name(lang) for one in campaign.layouts.values() if one.set.get("occasion") == occasion]
    if occasion == "satisfaction" or not names:
        return text("desk.satisfaction", lang)
    return text("desk.top_level", lang, kind=names[0])


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
        ``period``: the last occasion with the earliest that is comparable; ``stage``; ``group``: between
        groups of raters; ``branch``: each with the others.
    items : iterable of str
        Codes of the items wanted. However few are asked for, the p values are those of the whole family.

    Returns
    -------
    Figures
        The columns of `changes.judged`, first what the verdict rests on: ``start_rate`` and ``end_rate``
        (0-1), their ``difference`` (-1 to 1) with its interval, ``p_adjusted``, ``verdict``, and the smallest
        ``rise`` and ``fall`` that would have shown.

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
    verdicts, lang, spec, items = report.verdicts, report.lang, report.campaign, list(items)
    _known("kind", [kind], _KINDS, lang)
    _known("items", items, spec.items, lang)
    # Stages that set the same ballots side by side as the semesters stand in `stages` alone.
    changes = verdicts.changes
    every = verdicts.stages if kind == "stage" else changes[changes["kind"].eq(kind)]
    mine = (every[every["item"].isin(items)] if items else every).reset_index(drop=True)
    notes = [compared_sentence(changes, verdicts.trends, spec, lang)]
    title = text("desk.compare_title", lang, kind=text(f"desk.kind_{kind}", lang))
    heads = evidence_columns.changes(lang)
    written = evidence_columns.written_changes(mine, spec, lang)
    # Nothing compared: a table of heads alone.
    written = written.reindex(columns=[head.name for head in heads])
    in_order = [*_VERDICT, *(name for name in mine if name not in _VERDICT)]
    return _figures(mine[in_order], html_table(written, heads, lang, title), notes)
