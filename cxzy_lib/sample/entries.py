"""What the makers of the further books share: their words, and rows together with what they mean."""

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from cxzy_lib.sample.mess import Cell
from cxzy_lib.sample.world import Row

Meant = tuple[str, Row]  # a processed table and a row of it
Entry = tuple[list[Cell], list[Meant]]  # the cells of a source row and what they mean
START, EVE = date(2010, 5, 31), {2010: (6, 9), 2011: (6, 8), 2012: (6, 5)}


@cache
def data() -> dict[str, Any]:
    """Return ``evidence.toml``: the files, their headers, and the words to draw from."""
    return tomllib.loads(resources.files(__package__).joinpath("evidence.toml").read_text("utf-8"))


def says(code: str) -> str:
    """Return how people write a code."""
    return str(data()["words"][code])


def draw(name: str) -> list[Any]:
    """Return one of the lists to draw from."""
    return list(data()["draw"][name])


def yes(true: bool) -> str:
    """Return how people write that something is so, or not."""
    return "是" if true else "否"


def event(kind: str, day: date | None, **more: Any) -> Meant:
    """Return an event of one day."""
    known = {"held_on": day, "precision": "day"} if day else {}
    return "events", {"kind": kind, **known, **more}


def figure(indicator: str, value: float | None, measured_in: str, **more: Any) -> Meant:
    """Return a figure."""
    return "figures", {"indicator": indicator, "value": value, "unit_of_measure": measured_in, **more}
