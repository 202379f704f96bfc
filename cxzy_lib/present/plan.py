"""The plan's status as people read it: clauses by name, figures written out, what is next and late."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.indicators import windows
from cxzy_lib.measure.summaries import by_criterion, overall
from cxzy_lib.plan_specs import Clause
from cxzy_lib.present.columns import columns_of
from cxzy_lib.present.tables import Column
from cxzy_lib.present.wording import percent, period_name, say
from cxzy_lib.texts import catalogue, listed, text

#: The state of what is the whole institution's, in an edition of a unit: it is no lack of the unit's.
WHOLE = "of_whole"
SHOWN_ROWS = 12  # of one sheet, when a figure is traced


def state_words(status: str, lang: str) -> str:
    """Return a status as mark and word.

    Examples
    --------
    >>> state_words("met", "zh"), state_words("no_evidence", "en")
    ('✓ 达到', '? No evidence yet')
    """
    words = text(f"present.state_{status}", lang).split("（")[0].split(", no number")[0]
    return f"{text(f'present.mark_{status}', lang)} {words}"


def code_name(code: str, campaign: Campaign, lang: str) -> str:
    """Return the name of a rater group, a kind or a channel, as the layouts have it.

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> code_name("website.model_deeds", load_campaign("campaign"), "zh")
    '校园网·先进事迹'
    """
    return "·".join(_one_name(part, campaign, lang) for part in code.split("."))


def _one_name(code: str, campaign: Campaign, lang: str) -> str:
    for key in (f"common.{code}", f"plan.part_{code}"):
        if key in catalogue():
            return text(key, lang)
    if code in campaign.plan.criteria:
        return campaign.plan.criteria[code].name(lang)
    if lang == "zh":
        for layout in campaign.layouts.values():
            for spec in layout.columns.values():
                if code in spec.words:
                    return spec.words[code][0]
    return code.replace("_", " ")


def value_words(row: Mapping[Any, Any], lang: str) -> str:
    """Return a figure with its interval, as its kind is written; "" where there is none."""
    if row["hidden"]:
        return "*"
    if pd.isna(row["value"]):
        return ""
    names = ("value", "low", "high")
    shown = {name: _of_kind(row[name], row["kind"], lang) for name in names if not pd.isna(row[name])}
    return say("with_interval", lang, **shown) if len(shown) == len(names) else shown["value"]


def _of_kind(value: float, kind: str, lang: str) -> str:
    match kind:
        case "share":
            return percent(value, lang)
        case "days":
            return text("present.days", lang, value=round(value))
        case "difference":
            return f"{value:+.2f}"
        case "mean":
            return f"{value:.1f}"
        case _:  # a sum of hours may have a fraction: rounded to the hour it could seem to be the target
            return f"{value:,.2f}".rstrip("0").rstrip(".")


def base_words(row: Mapping[Any, Any]) -> str:
    """Return the base of a figure; of a comparison both sides."""
    if row["hidden"] or pd.isna(row["base"]):
        return ""
    both = "" if pd.isna(row["other_base"]) else f" / {int(row['other_base']):,}"
    return f"{int(row['base']):,}{both}"


def target_words(row: Mapping[Any, Any], clause: Clause | None, lang: str) -> str:
    """Return the target, marked where it is this institution's and not the plan's."""
    if pd.isna(row["target"]) or row["part"]:
        return ""
    measure = clause.measure if clause else None
    in_words = {"people": "rising", "gap": "ahead"}.get(measure.of if measure else "")
    if in_words and row["kind"] != "share":
        return text(f"plan.{in_words}", lang)
    kind = "count" if row["kind"] == "difference" else row["kind"]
    shown = f"{row['target']:.0%}" if kind == "share" else _of_kind(row["target"], kind, lang)
    sign, ours = "≤" if row["at_most"] else "≥", text("plan.ours", lang) if row["assumed"] else ""
    return f"{sign} {shown}{ours}"


def written(status: pd.DataFrame, campaign: Campaign, lang: str) -> pd.DataFrame:
    """Return rows of the status table as a page shows them.

    Adds ``name`` (the clause, and the group or unit), ``label``, ``shown``, ``shown_base``,
    ``shown_target`` and ``state``.
    """
    clauses, above, found = campaign.plan.clauses, None, []
    for row in status.to_dict("records"):
        clause = clauses.get(row["indicator"])
        again, above = row["indicator"] == above, row["indicator"]
        proxy = row["proxy"] and not pd.isna(row["value"])
        # A figure that stands beside the clause's own has no status of its own.
        beside = row["part"] and row["status"] == "judgement" and row["kind"] == "count"
        found.append(
            {
                "name": _name(row, None if again else clause, campaign, lang),
                "label": clause.label(lang) if clause else "",
                "shown": value_words(row, lang) + (text("plan.proxy", lang) if proxy else ""),
                "shown_base": base_words(row),
                "shown_target": target_words(row, clause, lang),
                "state": "" if beside else state_words(row["status"], lang),
            }
        )
    names = ["name", "label", "shown", "shown_base", "shown_target", "state"]
    return status.join(pd.DataFrame(found, status.index, names, dtype="str"))


def _name(row: Mapping[Any, Any], clause: Clause | None, campaign: Campaign, lang: str) -> str:
    if row["unit"]:
        return str(row["unit"])
    plan = campaign.plan
    others = {**plan.criteria, **plan.numbers, **plan.documents, **plan.awards, **plan.steps}
    is_clause = row["level"] in ("indicator", "duty") and not (clause and clause.missing)
    known = clause if is_clause else others.get(row["indicator"])
    words = known.name(lang) if known else ""
    beside = [code_name(row["part"], campaign, lang)] if row["part"] else []
    if row["period"] and not row["window"]:
        beside.append(period_name(campaign, row["period"], lang))
    return f"{words} — {'·'.join(beside)}".strip() if beside else words


def columns(lang: str) -> list[Column]:
    """Columns of `written`; the first is the id that ``cxzy trace`` follows."""
    return [
        *columns_of(lang, "id=figure", "id"),
        *columns_of(lang, "name=content", "prose"),
        *columns_of(lang, "shown=result shown_base=base shown_target=target", "cell"),
        *columns_of(lang, "state"),
    ]


def of_codes(status: pd.DataFrame, codes: Iterable[str]) -> pd.DataFrame:
    """Return the rows of the clauses over their whole time, without single units, in the order of `codes`."""
    order = {code: at for at, code in enumerate(codes)}
    own = status[status["indicator"].isin(list(order)) & status["window"].eq("") & status["unit"].eq("")]
    own = own[own["level"].isin(["indicator", "duty"])]
    return own.sort_values("indicator", key=lambda column: column.map(order), kind="stable")


def matrix(status: pd.DataFrame, campaign: Campaign, criteria: Sequence[str], lang: str) -> pd.DataFrame:
    """Return the cells of criteria by period: ``row``, ``column``, ``status``, ``words`` (evidence n/m)."""
    found, rows = [], by_criterion(status)
    heads = {window.code: period_name(campaign, window.code, lang) for window in windows(campaign)}
    for code in criteria:
        name = f"{code} {campaign.plan.criteria[code].name(lang)}"
        for window, head in {**heads, "": text("plan.whole", lang)}.items():
            cell = overall(rows.get((code, window), []))
            words = f"{cell['value']}/{cell['base']}" if cell.get("base") else ""
            found.append({"row": name, "column": head, "status": cell["status"], "words": words})
    return pd.DataFrame(found)


def who(clause: Clause, campaign: Campaign, lang: str) -> str:
    """Return who owes a duty; without anybody named, the institution."""
    names = [campaign.plan.actors[code].name(lang) for code in clause.who]
    return listed(names, lang) or campaign.institution.name(lang)


def duties(status: pd.DataFrame, campaign: Campaign, day: pd.Timestamp, lang: str) -> pd.DataFrame:
    """Return the duties with who owes them and when: what is late first, then what is due next.

    Adds to `written`: ``who``, ``due``, ``days_left`` (negative: past), ``late`` (bool: due, and not met).
    """
    rows = of_codes(status, campaign.plan.duties).drop_duplicates("indicator")
    frame = written(rows.assign(low=None, high=None), campaign, lang)
    own = frame["indicator"].map(campaign.plan.duties)
    due = pd.to_datetime(pd.Series([clause.due for clause in own], index=frame.index))
    frame = frame.assign(who=[who(clause, campaign, lang) for clause in own], due=due)
    frame["days_left"] = (frame["due"] - day).dt.days.astype("Int64")
    frame["late"] = frame["status"].isin(["not_met", "no_evidence"]) & (frame["due"] <= day)
    return frame.sort_values(["late", "due"], ascending=[False, True], kind="stable", ignore_index=True)


def nearest_ids(status: pd.DataFrame, figure: str) -> list[str]:
    """Return the ids that are nearest to one that is not there; where none is, one of each level."""
    ids, examples = list(status["id"]), list(status.drop_duplicates("level")["id"])
    same = [name for name in ids if name.split("/")[0] == figure.split("/")[0]]
    near = difflib.get_close_matches
    return (near(figure, same, 5) or same or near(figure, ids, 5) or examples)[:5]


def figure_line(status: pd.DataFrame, campaign: Campaign, figure: str, lang: str) -> str:
    """Return a figure in one line: what it is, value, base, target and status."""
    found = status[status["id"].eq(figure)]
    if found.empty:
        return figure
    row = written(found, campaign, lang).iloc[0]
    parts = [row["shown"], row["shown_base"] and f"n={row['shown_base']}", row["shown_target"], row["state"]]
    return f"{figure}  {row['name']}: " + "  ".join(part for part in parts if part)


def trace_lines(rows: pd.DataFrame, lang: str) -> list[str]:
    """Return a line for each sheet that a figure was worked out from, with its rows."""
    if rows.empty:
        return [text("plan.no_rows", lang)]
    lines = []
    for (table, file, sheet), part in rows.groupby(["table", "source_file", "source_sheet"], dropna=False):
        numbers = [int(n) for n in part["source_row"].dropna()]
        shown = listed(map(str, numbers[:SHOWN_ROWS]), lang) + ("…" if len(numbers) > SHOWN_ROWS else "")
        lines.append(
            text("plan.trace_line", lang, table=table, file=file, sheet=sheet, rows=shown, count=len(numbers))
        )
    return lines
