"""What if a setting were another: which figures would move, and by how much."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from numbers import Real
from typing import Any

import msgspec
import pandas as pd

from cxzy_lib.campaign import Campaign, CampaignError, load_campaign
from cxzy_lib.measure.basis import is_true
from cxzy_lib.present.report import opened
from cxzy_lib.specs import Setting

_TOLD = ["value", "low", "high", "base", "target", "status"]


def what_if(
    changes: Mapping[str, Any],
    *,
    processed: str | os.PathLike[str],
    campaign: str | os.PathLike[str],
    year: int | None = None,
    unit: str | None = None,
    lang: str = "zh",
) -> pd.DataFrame:
    """Return the figures of the plan that other settings would move, as they are and as they would be.

    Parameters
    ----------
    changes : mapping
        Names of ``settings.toml`` and the values to try; of a table the keys to try. Nothing is written.
    processed, campaign, year, unit
        As for `open_report`.

    Returns
    -------
    DataFrame
        ``id`` and, each with ``_before`` and ``_after``: ``value``, ``low``, ``high``, ``base``, ``target``,
        ``status``; ``moved`` (the value after less that before, in its own unit: 0.01 of a share is a point).
        A figure that is there in one case only has NA in the other.

    Raises
    ------
    CampaignError
        For an unknown setting or a value that is none of its choices or of another type; names what there is.
    """
    before = load_campaign(campaign)
    tables = [opened(processed, spec, year, unit, lang).status for spec in (before, changed(before, changes))]
    columns = ["id", *_TOLD]
    both = tables[0][columns].merge(tables[1][columns], on="id", how="outer", suffixes=("_before", "_after"))
    same = pd.Series(True, both.index)
    for name in _TOLD:
        one, other = both[f"{name}_before"], both[f"{name}_after"]
        same &= is_true(one.eq(other)) | (one.isna() & other.isna())
    moved = both["value_after"].astype("Float64") - both["value_before"].astype("Float64")
    return both.assign(moved=moved)[~same].reset_index(drop=True)


def changed(campaign: Campaign, changes: Mapping[str, Any]) -> Campaign:
    """Return the campaign with other values of its settings; see `what_if` for the errors."""
    known, where = campaign.settings, campaign.folder / "settings.toml"
    for name, value in changes.items():
        if name not in known:
            raise CampaignError(
                f"{where}: [{name}] 没有这项设定 / no such setting; {', '.join(sorted(known))}"
            )
        if (choices := known[name].choices) and value not in choices:
            raise CampaignError(
                f"{where}: [{name}] value = {value!r}: 只能取 / must be one of {list(choices)}"
            )
        if not choices and not _alike(known[name].value, value):
            raise CampaignError(
                f"{where}: [{name}] value = {value!r}: 应与现值同类 / must be like {known[name].value!r}"
            )
    new = {name: _with(known[name], value) for name, value in changes.items()}
    return replace(campaign, settings=known | new)


def _alike(now: Any, value: Any) -> bool:
    """Whether a value is of the type of the one that is there; numbers are alike, and days in text or not."""
    for kinds in ((bool,), (Real,), (str, date), (list, tuple), (Mapping,)):
        if isinstance(now, kinds) or isinstance(value, kinds):
            return isinstance(now, kinds) and isinstance(value, kinds)
    return type(now) is type(value)


def _with(setting: Setting, value: Any) -> Setting:
    """Return a setting with another value; of a table only the keys that are given."""
    both = isinstance(setting.value, dict) and isinstance(value, Mapping)
    return msgspec.structs.replace(setting, value=setting.value | dict(value) if both else value)
