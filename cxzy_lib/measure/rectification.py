"""From opinion to remedy: the steps of each year, opinions by channel, and how long problems stay open."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign
from cxzy_lib.measure.basis import shape, share
from cxzy_lib.measure.evidence import CELL, Evidence
from cxzy_lib.tables import Tables

_AGES = (0, 30, 90, 180)
#: Whether the plan describes a step in a year, and whether it is on record there -> its state.
_STEP_STATES = {
    (True, True): "described_and_evidenced",
    (False, True): "required_and_evidenced",
    (False, False): "required_but_no_evidence",
    (True, False): "described_no_evidence",
}


@dataclass(frozen=True)
class TimeToClose:
    """The survival of open problems: `curve` has days, open_share (0-1), at_risk; the median with limits."""

    curve: pd.DataFrame
    median: float | None
    low: float | None
    high: float | None


def time_to_close(tasks: pd.DataFrame, day: pd.Timestamp, campaign: Campaign) -> TimeToClose:
    """Return how long problems stay open, by Kaplan and Meier: those open on `day` are censored.

    Parameters
    ----------
    tasks : DataFrame
        As of `settled`: opened_on, done_on, done. One without the day it was opened is left out.

    Returns
    -------
    TimeToClose
        The median is None while more than half are open; its limits are those of the log-log interval.

    Notes
    -----
    E. L. Kaplan, P. Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958).

    Examples
    --------
    >>> from cxzy_lib.campaign import load_campaign
    >>> days = pd.to_datetime(["2011-01-11", "2011-01-21", None])
    >>> tasks = pd.DataFrame({"opened_on": pd.Timestamp("2011-01-01"), "done_on": days})
    >>> tasks["done"] = tasks["done_on"].notna()
    >>> found = time_to_close(tasks, pd.Timestamp("2011-02-10"), load_campaign("campaign"))
    >>> found.median, found.curve["open_share"].round(3).tolist()
    (20.0, [1.0, 0.667, 0.333])
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    known = tasks[tasks["opened_on"].notna() & ~(tasks["done"] & tasks["done_on"].isna())]
    end = known["done_on"].where(known["done"], day)
    length = (end - known["opened_on"]).dt.days.clip(lower=0).to_numpy("float64")
    start = pd.DataFrame({"days": [0.0], "open_share": [1.0], "at_risk": [len(known)]})
    if not known["done"].any():
        return TimeToClose(start, None, None, None)
    fitted = SurvfuncRight(length, known["done"].to_numpy("int64"))
    steps = pd.DataFrame(
        {"days": fitted.surv_times, "open_share": fitted.surv_prob, "at_risk": fitted.n_risk.astype("int64")}
    )
    curve = pd.concat([start, steps[steps["days"] > 0]], ignore_index=True)
    alpha = 1 - campaign.setting("confidence_level")
    with np.errstate(divide="ignore", invalid="ignore"):  # the last step, where nothing is left open
        low, high = (_known(x) for x in fitted.quantile_ci(0.5, alpha))
    # The first day on which no more than half are open; statsmodels' quantile wants fewer than half.
    half = curve.loc[curve["open_share"] <= 0.5 + 1e-12, "days"]
    return TimeToClose(curve, None if half.empty else float(half.iloc[0]), low, high)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def ageing(tasks: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the problems that are open on `day` by how long: ``from_days``, ``problems``, ``overdue``.

    Examples
    --------
    >>> rows = [{"opened_on": pd.Timestamp("2011-01-01"), "open": True, "overdue": True}]
    >>> ageing(pd.DataFrame(rows), pd.Timestamp("2011-03-01")).query("problems > 0").values.tolist()
    [[30, 1, 1]]
    """
    rows = tasks[tasks["open"] & tasks["opened_on"].notna()]
    days = (day - rows["opened_on"]).dt.days
    bands = pd.cut(days, [*_AGES, float("inf")], right=False, labels=list(_AGES))
    counts = rows.groupby(bands, observed=False)["overdue"].agg(problems="size", overdue="sum")
    return counts.set_axis(list(_AGES)).rename_axis("from_days").reset_index()


def chain(tasks: pd.DataFrame) -> pd.DataFrame:
    """Return how far each problem came: for each link of the chain how many problems have it on record.

    The links, in order: ``problem``, ``source`` (where the opinion came from), ``measures``, ``owner``,
    ``due``, ``done``, ``dated`` (done with its day), ``rerated`` (people judged it again). The result:
    ``link``, ``problems``, ``share`` of all.
    """
    links = {
        "problem": tasks["subject"].notna(),
        "source": tasks["source"].notna(),
        "measures": tasks["measures"].notna(),
        "owner": tasks["unit"].notna() | tasks["person"].notna(),
        "due": tasks["due_on"].notna() | tasks["long_term"],
        "done": tasks["done"],
        "dated": tasks["done"] & tasks["done_on"].notna(),
        "rerated": tasks["done"] & tasks["verdict"].notna(),
    }
    frame = pd.DataFrame({"link": list(links), "problems": [int(known.sum()) for known in links.values()]})
    frame["share"] = share(frame["problems"], pd.Series(len(tasks), index=frame.index))
    return frame


def chain_items(tasks: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return each problem's way from the opinion to the second judgement, without its words or a name.

    The result, in the order in which they were raised: ``unit`` (who owns it), ``source``, ``planned``
    (bool: measures are on record), ``opened_on``, ``due_on``, ``done_on``, ``days`` (to its end, or so far),
    ``state`` (``done``, ``overdue``, ``open``, ``long_term``), ``verdict``.

    Examples
    --------
    >>> from cxzy_lib.measure.duties import settled
    >>> from cxzy_lib.tables import conform
    >>> task = {"unit": "u", "opened_on": "2011-03-01", "due_on": "2011-06-30", "status": "open"}
    >>> day = pd.Timestamp("2011-07-10")
    >>> chain_items(settled(conform("tasks", [task]), day.date()), day)[["unit", "days", "state"]]
      unit  days    state
    0    u   131  overdue
    """
    rows = tasks.sort_values(["opened_on", "due_on"], kind="stable")
    states = ["done", "overdue", "long_term"]
    state = np.select([rows[name].astype(bool) for name in states], states, "open")
    end = rows["done_on"].where(rows["done"], day)
    days = (end - rows["opened_on"]).dt.days.mask(rows["long_term"].astype(bool))
    rows = rows.assign(state=state, planned=rows["measures"].notna(), days=days)
    columns = "unit source planned opened_on due_on done_on days state verdict"
    return shape(rows, columns, "unit source state verdict", date="opened_on due_on done_on", flag="planned")


def opinions(tables: Tables) -> pd.DataFrame:
    """Return the opinions by channel and object, raw and merged counts side by side and never added.

    The result: ``channel``, ``object``, ``rounds``, ``raw``, ``merged`` (NA: not recorded).
    """
    events = tables.events[tables.events["kind"].eq("opinion_collection")]
    wanted = {"opinions_raw": "raw", "opinions_merged": "merged"}
    told = tables.figures[tables.figures["indicator"].isin(list(wanted))]
    told = told.assign(what=told["indicator"].map(wanted)).drop_duplicates([*CELL, "what"])
    wide = told.pivot(index=CELL, columns="what", values="value").reset_index()
    objects = told.drop_duplicates(CELL)[[*CELL, "subject"]].rename(columns={"subject": "object"})
    rows = events.drop_duplicates(CELL)[[*CELL, "channel"]].merge(objects, on=CELL, how="left")
    rows = rows.merge(wide.reindex(columns=[*CELL, "raw", "merged"]), on=CELL, how="left")
    grouped = rows.groupby(["channel", "object"], dropna=False)
    frame = grouped[["raw", "merged"]].sum(min_count=1).assign(rounds=grouped.size()).reset_index()
    return shape(frame, "channel object rounds raw merged", "channel object")


def step_log(ev: Evidence) -> pd.DataFrame:
    """Return the rows of the log of steps that were done by then, with their day (``when``) and ``year``."""
    log = ev.tables.tasks[ev.tables.tasks["kind"].eq("step")]
    when = log["opened_on"].fillna(log["done_on"])
    return log.assign(year=when.dt.year, when=when)[when <= ev.day]


def step_cells(ev: Evidence) -> pd.DataFrame:
    """Return the state of every step in every year of the campaign: 15 cells for three years of five steps.

    Returns
    -------
    DataFrame
        ``year``, ``step``, ``described`` (bool: the text says what to do in that year), ``evidenced``
        (bool: a row of the step log has its days), ``state``: ``described_and_evidenced``,
        ``required_and_evidenced``, ``required_but_no_evidence``, ``described_no_evidence``; ``opened_on``.
    """
    log, rows = step_log(ev), []
    for code, step in ev.campaign.plan.steps.items():
        for year in ev.campaign.years:
            own = log[log["subject"].eq(code) & log["year"].eq(year)]
            described, evidenced = str(year) in step.described, not own.empty
            state = _STEP_STATES[described, evidenced]
            rows.append((year, code, described, evidenced, state, own["when"].min()))
    columns = "year step described evidenced state opened_on"
    frame = pd.DataFrame(rows, columns=columns.split())
    return shape(frame, columns, "step state", date="opened_on", flag="described evidenced")
