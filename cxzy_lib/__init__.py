"""cxzy: messy spreadsheets in, a defensible report out. ``import cxzy_lib as cx``.

Names are imported when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "cxzy_lib.campaign": "Campaign CampaignError load_campaign",
    "cxzy_lib.tables": "Tables load",
    "cxzy_lib.intake.clean": "clean",
    "cxzy_lib.intake.check": "check",
    "cxzy_lib.measure.estimates": "satisfaction_rates",
    "cxzy_lib.present.blocks": "Block KeyNumber figure findings head key_numbers note section side_by_side",
    "cxzy_lib.present.figures": "compare rates",
    "cxzy_lib.present.lineage": "fed trace",
    "cxzy_lib.present.report": "Report open_report",
    "cxzy_lib.present.tables": "Column html_table",
    "cxzy_lib.present.what_if": "what_if",
}
_NAMES = {name: home for home, names in _HOMES.items() for name in names.split()}
_MODULES = {
    "measure": (
        "agreement",
        "appraisal",
        "awards",
        "changes",
        "comparability",
        "design",
        "differences",
        "disclosure",
        "duties",
        "estimates",
        "fair",
        "indicators",
        "indices",
        "intervals",
        "linked",
        "pairs",
        "participation",
        "ranks",
        "raters",
        "rectification",
        "reliability",
        "returns",
        "rollup",
        "suppression",
        "trends",
        "verdicts",
        "weights",
        "years",
    ),
    "present": (
        "bureau_pages",
        "change_charts",
        "charts",
        "columns",
        "duty_pages",
        "evidence_pages",
        "named_pages",
        "page_words",
        "pages",
        "plan",
        "plan_charts",
        "plan_pages",
        "prepare",
        "theme",
        "unit_charts",
        "unit_words",
        "wording",
    ),
}
_PLACES = {name: f"cxzy_lib.{part}.{name}" for part, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    if name in _PLACES:
        return import_module(_PLACES[name])
    raise AttributeError(f"module 'cxzy_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_NAMES, *_PLACES])
