"""What stands in the files of ``campaign/``: their keys and types. Unknown keys are errors."""

from datetime import date
from typing import Any, Literal

import msgspec

from cxzy_lib.texts import named

Names = tuple[str, ...]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from TOML: unknown keys are errors, nothing can be changed later."""


class Label(Spec, frozen=True):
    """Something with a Chinese and an English name."""

    zh: str
    en: str

    def name(self, lang: str) -> str:
        """Return the name in `lang`."""
        return named(self.zh, self.en, lang)


class Period(Label, frozen=True):
    """A stage or a semester; both ends are inside."""

    code: str
    start: date
    end: date
    theme_zh: str = ""
    theme_en: str = ""


class Short(Label, frozen=True, kw_only=True):
    """Something with a short name, too: for tiles and charts."""

    short_zh: str = ""
    short_en: str = ""

    def label(self, lang: str) -> str:
        """Return the short name in `lang` where there is one."""
        return named(self.short_zh or self.zh, self.short_en or self.en, lang)


class Item(Short, frozen=True, kw_only=True):
    """A question that raters are asked."""

    code: str
    criterion: str = ""
    aliases: Names = ()
    kind: Literal["level", "multiple", "text"] = "level"
    headline: bool = False
    scale: str = ""  # its own scale; otherwise the words on the papers tell which of the layout's it is
    codes: Names = ()  # levels in the order of the options, for exports that give the options' numbers
    about: str = ""  # the kind of body that it asks about, where the layout does not say


class Goal(Label, frozen=True):
    """One of the goals of the organisation."""

    code: str


class Level(Label, frozen=True):
    """A grade of a scale."""

    code: str
    aliases: Names = ()
    strict: bool = False
    inclusive: bool = False
    neutral: bool = False
    lowest: float | None = None  # the least score of this grade, where the scale has bands: 优(95)
    points: float | None = None  # what the level counts in an index, 0-100


class SpecialLevel(Label, frozen=True):
    """An answer outside every scale, such as "don't know"."""

    aliases: Names = ()


class Scale(Label, frozen=True):
    """A closed list of levels, best first."""

    levels: tuple[Level, ...]


class Setting(Label, frozen=True):
    """A parameter with its reason (`zh`, `en`)."""

    value: Any
    ambiguity: str = ""  # the number of the unclear point in the plan that it settles
    choices: tuple[Any, ...] = ()  # the only values there are


class ColumnSpec(Spec, frozen=True):
    """Where a column of a layout goes and how its cells are read."""

    type: Literal[
        "text", "person", "party", "unit", "branch", "date", "year", "count", "number", "share", "score",
        "hours", "tick", "item", "semester", "rater", "words", "skip",
    ]  # fmt: skip
    aliases: Names = ()
    required: bool = False
    to: str = ""  # another target than the column's own name; counts with one target are added
    ended: str = ""  # where the last day of a span goes
    last: bool = False  # a period counts by its last day (a limit), not by its first
    inside: bool = False  # a day outside the campaign is reported
    split: bool = False  # several words, or several people, in one cell make several rows
    titled: bool = False  # a required branch may stand in the title instead of a column
    anyone: bool = False  # a person need not be in a register: others get a pseudonym, too
    figure: str = ""  # a number that makes a row of `figures` with this indicator
    unit_of_measure: str = ""  # of that figure
    ratio: Names = ()  # a printed share is checked against these two columns: part, whole
    yes: Names = ()
    blank: Names = ()  # words that mean "nothing here" in this column
    words: dict[str, Names] = {}


class Also(Spec, frozen=True):
    """A second row that a source row makes: in `table`, with constants and with columns of the first.

    ``take`` maps the columns of `table` to columns of the layout; ``when`` names columns that must hold
    something (a tick must be true).
    """

    table: str
    set: dict[str, Any] = {}
    take: dict[str, str] = {}
    when: Names = ()


class ZeroReport(Spec, frozen=True):
    """A row that says that there was nothing to report: evidence, which a missing file is not."""

    words: Names
    set: dict[str, Any]


class Layout(Label, frozen=True):
    """A spreadsheet that institutions send: how to know it and where its rows go."""

    shape: Literal["rows", "tally", "ballot", "wide"]
    table: str
    columns: dict[str, ColumnSpec]
    set: dict[str, Any] = {}
    title: Names = ()
    scales: Names = ()
    grades: Names = ()
    facts_rater: str = ""  # whose ballots the title counts, where it does not say
    marks: dict[str, Names] = {}
    legend: dict[str, Names] = {}
    also: tuple[Also, ...] = ()
    zero: ZeroReport | None = None
    rules: dict[str, str] = {}  # zh, en: what the blank form says to those who fill it in


class Words(Spec, frozen=True):
    """Words with a meaning in every table."""

    totals: Names  # begin a row of sums
    footers: Names
    not_applicable: Names
    skipped: Names
    ditto: Names
    yes: Names
    no: Names
    drop: Names
    ignore: Names
    averages: Names = ()  # begin a row of means
    counts: Names = ()
    unanswered: Names = ()  # on a paper: nothing was chosen
    month_first: bool | None = None  # 3/4/2011 is 4 March; unsaid, such a day is not read
    festivals: dict[str, str] = {}
    flags: dict[str, Names] = {}
    dated: dict[str, Names] = {}


class Scales(Spec, frozen=True):
    """The file ``scales.toml``."""

    special: dict[str, SpecialLevel]
    scales: dict[str, Scale]


class Layouts(Spec, frozen=True):
    """The file ``layouts.toml``."""

    words: Words
    facts: dict[str, Names]
    raters: dict[str, Names]
    layouts: dict[str, Layout]
    appraisees: dict[str, Names] = {}  # kinds of bodies that are appraised and are no persons -> their names


Grade = Literal["comparable", "flagged", "not_comparable"]


class Break(Label, frozen=True, kw_only=True):
    """Something that changed on a day and that the files do not tell; `zh` and `en` say what."""

    since: date
    reason: Literal["wording", "scale", "denominator", "rater_group", "mode"]
    grade: Grade
    items: Names = ()  # all without any
    groups: Names = ()  # of raters; all without any


class Comparability(Spec, frozen=True):
    """The file ``comparability.toml``: what a change of conditions does to a comparison."""

    grades: dict[str, Grade] = {}  # reason that the files tell -> what it does
    population_change: float = 1.0  # a body that grew or shrank by more than this share is said
    modes: dict[str, str] = {}  # kind of occasion -> how it is answered, where not on paper
    breaks: tuple[Break, ...] = ()


class Units(Spec, frozen=True):
    """The file ``units.toml``."""

    aliases: dict[str, Names] = {}
