"""How many useful rows each way of hiding keeps, and how many hidden ones an attack on the rest tells.

Run: .venv/bin/python benchmarks/disclosure.py
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from cxzy_lib.campaign import Campaign, load_campaign
from cxzy_lib.intake.clean import clean
from cxzy_lib.measure.complementary import level_bounds
from cxzy_lib.measure.suppression import QUESTION, WHOLE, decide, leaves
from cxzy_lib.sample import make_sample
from cxzy_lib.tables import Tables

SIZES = (60, 110, 200)


def questions(tables: Tables, campaign: Campaign) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    """Return for each question its rows, which leaves each of them adds up, and the leaves' counts."""
    made = decide(tables.votes, tables.units, tables.people, campaign)
    every = leaves(tables.votes, tables.units, tables.people, campaign)
    found = []
    for key, rows in made.groupby(QUESTION, dropna=False):
        mine = every[every[QUESTION].eq(list(key)).all(axis=1)]
        counts = mine.groupby(["scopes", "level"])["count"].sum().unstack(fill_value=0)
        parts = [[scope == WHOLE or scope in inside for inside in counts.index] for scope in rows["scope"]]
        found.append((rows, np.array(parts, float), counts.to_numpy(float)))
    return found


def told(rows: pd.DataFrame, parts: np.ndarray, counts: np.ndarray, shown: np.ndarray, width: float) -> int:
    """Return how many unsafe rows can be told from those shown."""
    unsafe = rows["reason"].isin(["small", "unanimous", "few"]).to_numpy()
    found = 0
    for at in np.flatnonzero(unsafe):
        low, high, _ = level_bounds(parts[shown], counts, parts[at])
        found += bool(high.sum() - low.sum() < width or (high >= 1).sum() < 2)
    return found


def main() -> None:
    """Print the table."""
    campaign = load_campaign(Path(__file__).parents[1] / "campaign")
    width = campaign.setting("hidden_width")
    print(f"{'members':>8} {'rows':>6} {'unsafe':>7}  {'way':<22} {'kept':>6} {'told':>5}")
    for members in SIZES:
        with tempfile.TemporaryDirectory() as place:
            make_sample(Path(place) / "raw", seed=5, members=members, mess=0.0)
            tables = Tables(**clean(Path(place) / "raw", campaign, Path(place) / "processed"))
        started = time.perf_counter()
        asked = questions(tables, campaign)
        seconds = time.perf_counter() - started
        total = sum(len(rows) for rows, *_ in asked)
        unsafe = sum(rows["reason"].isin(["small", "unanimous", "few"]).sum() for rows, *_ in asked)
        for way in ("hide the whole table", "threshold only", "complementary"):
            kept = leaked = 0
            for rows, parts, counts in asked:
                bad = rows["reason"].isin(["small", "unanimous", "few"]).to_numpy()
                whole = np.full(len(rows), not bad.any())
                shown = {"hide the whole table": whole, "threshold only": ~bad}.get(
                    way, rows["shown"].to_numpy(bool)
                )
                kept += shown.sum()
                leaked += told(rows, parts, counts, shown, width)
            print(
                f"{members:>8} {total:>6} {unsafe:>7}  {way:<22} {kept / (total - unsafe):>6.1%} {leaked:>5}"
            )
        print(f"{'':>8} decided in {seconds:.1f} s")


if __name__ == "__main__":
    main()
