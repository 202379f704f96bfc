"""Charts are tested by the geometry and the text of what is drawn, never by picture."""

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import msgspec
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text

from cxzy_lib.campaign import Campaign
from cxzy_lib.present import charts, theme
from cxzy_lib.present.branch_charts import _EPOCH
from cxzy_lib.specs import Break
from cxzy_lib.texts import text

SVG = "{http://www.w3.org/2000/svg}"
LONG = "成人教育与社区教育中心第一支部"


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


def words(drawn: Axes | Figure) -> list[str]:
    """Return every text that is seen."""
    return [t.get_text() for t in texts(drawn)]


def texts(drawn: Axes | Figure) -> list[Text]:
    figure = drawn if isinstance(drawn, Figure) else theme.figure_of(drawn)
    found = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text()]
    svg = io.StringIO()
    with theme.theme():  # which of them are really drawn, is seen in the picture
        figure.savefig(svg, format="svg")
        figure.draw_without_rendering()
    seen = {"".join(e.itertext()) for e in ElementTree.fromstring(svg.getvalue()).iter(f"{SVG}text")}
    drawn_once = {(t.get_text(), str(t.get_window_extent())): t for t in found}  # ticks keep spare labels
    return [t for t in drawn_once.values() if t.get_text().split("\n")[0] in seen]


def assert_apart(drawn: Axes | Figure) -> None:
    """No two texts touch, and none leaves the picture."""
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(drawn)]
    whole = (drawn if isinstance(drawn, Figure) else theme.figure_of(drawn)).bbox
    for word, box in boxes:
        assert box.x0 >= whole.x0 - 1, word
        assert box.x1 <= whole.x1 + 1, word
        assert box.y0 >= whole.y0 - 1, word
        assert box.y1 <= whole.y1 + 1, word
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        # The boxes of lines hold room above the letters: a sixth of a line may be shared.
        assert not (wide > 1 and high > 3), (one, other)


RATES = {"member": [0.90, 0.92, 0.80, 0.85, 0.861], "nonmember": [0.70, 0.74, 0.60, None, 0.655]}


def rates() -> pd.DataFrame:
    codes = ["2009-2010-2", "2010-2011-1", "2010-2011-2", "2011-2012-1", "2011-2012-2"]
    rows = [
        {"semester": code, "rater_group": group, "strict": rate, "valid": 20 + at}
        | {"grade_before": "not_comparable" if at == 2 else "comparable", "hidden": rate is None}
        | {"reasons_before": "scale" if at == 2 else ""}
        for group, values in RATES.items()
        for at, (code, rate) in enumerate(zip(codes, values, strict=True))
    ]
    frame = pd.DataFrame(rows).astype({"strict": "Float64"})
    return frame.assign(strict_low=frame["strict"] - 0.04, strict_high=frame["strict"] + 0.03)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_trend_is_broken_where_the_scale_changes_and_where_nothing_is_shown(
    campaign: Campaign, lang: str
) -> None:
    ax = charts.satisfaction_trend(rates(), campaign, lang)
    lines = {
        group: [list(line.get_xdata()) for line in ax.lines if line.get_label() == group] for group in RATES
    }
    assert lines == {"member": [[0, 1], [2, 3, 4]], "nonmember": [[0, 1], [2], [4]]}
    first = next(line for line in ax.lines if line.get_label() == "member")
    assert list(first.get_ydata()) == [0.90, 0.92]
    assert words(ax).count(text("present.scale_changed", lang)) == 1
    mark = next(line for line in ax.lines if list(line.get_xdata()) == [1.5, 1.5])
    assert mark.get_linestyle() == "--"
    assert {text("common.member", lang) + " 86.1%", text("common.nonmember", lang) + " 65.5%"} <= set(
        words(ax)
    )
    assert words(ax).count(text("present.not_shown", lang)) == 1
    # The lowest end of a band, 60 % of 22, is 0.39: the next tenth at least 0.05 below is 0.3, and it is said.
    assert ax.get_ylim()[0] == 0.3
    assert "30%" in ax.get_title(loc="left")
    assert_apart(ax)


def test_groups_differ_in_mark_and_a_break_of_one_group_is_named(campaign: Campaign) -> None:
    frame = rates()
    frame.loc[frame["rater_group"] == "nonmember", "grade_before"] = "comparable"
    ax = charts.satisfaction_trend(frame, campaign)
    assert "量表变化\n(党员)" in words(ax)
    marks = {str(line.get_label()): line.get_marker() for line in ax.lines if line.get_label() in RATES}
    assert marks == {"member": "o", "nonmember": "s"}


def test_what_is_only_flagged_is_joined_by_a_broken_line_and_what_is_not_comparable_by_none(
    campaign: Campaign,
) -> None:
    frame = rates()
    frame.loc[frame["semester"].eq("2010-2011-2"), ["grade_before", "reasons_before"]] = [
        "flagged",
        "scale_top",
    ]
    ax = charts.satisfaction_trend(frame, campaign)
    broken = [line for line in ax.lines if list(line.get_xdata()) == [1, 2]]
    assert [list(line.get_ydata()) for line in broken] == [[0.92, 0.80], [0.74, 0.60]]
    assert all(line.is_dashed() for line in broken)
    assert "量表变化\n只比最高等次" in words(ax)
    # A gap is joined by nothing, flagged or not.
    frame.loc[frame["semester"].eq("2010-2011-1"), "strict"] = None
    ax = charts.satisfaction_trend(frame, campaign)
    assert not [line for line in ax.lines if list(line.get_xdata()) == [1, 2]]


def test_a_declared_break_is_named_by_its_reason(campaign: Campaign) -> None:
    change = Break(
        since=date(2011, 1, 1), reason="mode", grade="not_comparable", zh="改为网上填写", en="On the web"
    )
    declared = msgspec.structs.replace(campaign.comparability, breaks=(change,))
    frame = rates().replace({"reasons_before": {"scale": "break-1"}})
    ax = charts.satisfaction_trend(frame, replace(campaign, comparability=declared))
    assert "填答方式变化" in words(ax)


def test_a_group_without_the_last_semester_says_from_when_its_value_is(campaign: Campaign) -> None:
    frame = rates()
    frame = frame[(frame["rater_group"] == "member") | (frame["semester"] < "2010-2011-2")]
    assert "群众 74.0%\n(2010年秋)" in words(charts.satisfaction_trend(frame, campaign))


@pytest.mark.parametrize("low", [False, True])
def test_the_band_is_that_of_the_verdict_and_no_line_of_the_grid_crosses_a_remark(campaign, low) -> None:
    # Census-like: the silent could change little, so that the table's intervals of 54 % and 75 % are apart;
    # as answers given anew the two do not differ, and the bands overlap as the test says.
    frame = rates().assign(strict=0.9, valid=100, strict_low=0.89, strict_high=0.91, hidden=False)
    others = frame["rater_group"] == "nonmember"
    frame.loc[others, "strict"] = [0.6, 0.5, 13 / 24, 0.7, 0.75]
    frame.loc[others, ["valid", "strict_low", "strict_high"]] = [24, 0.74, 0.76]
    ax = charts.satisfaction_trend(frame, campaign, ax=theme.axes(1.8) if low else None)
    band = next(p for p in ax.collections if len(p.get_paths()[0].vertices) == 9 and p.get_array() is None
                and p.get_paths()[0].vertices[:, 1].min() < 0.5)  # fmt: skip
    ends = {
        x: band.get_paths()[0].vertices[np.isclose(band.get_paths()[0].vertices[:, 0], x), 1] for x in (2, 4)
    }
    assert [round(end, 3) for end in (ends[2].min(), ends[2].max())] == [0.351, 0.721]  # Wilson, 13 of 24
    assert ends[4].min() < ends[2].max()
    remark = next(t for t in ax.texts if "量表变化" in t.get_text())
    patch = remark.get_bbox_patch()
    assert to_hex(patch.get_facecolor()) == "#ffffff"
    assert ax.get_axisbelow() is True  # the grid
    assert remark.get_zorder() > max(p.get_zorder() for p in ax.collections)
    assert remark.get_zorder() < ax.spines["bottom"].get_zorder()
    assert_apart(ax)


def test_a_verdict_about_the_body_has_the_bodys_band(campaign: Campaign) -> None:
    basis = msgspec.structs.replace(campaign.settings["change_basis"], value="body")
    other = replace(campaign, settings=campaign.settings | {"change_basis": basis})
    title = charts.satisfaction_trend(rates(), other).get_title(loc="left")
    assert "未投票者可能的出入" in title
    assert "数轴自50%起" in title


def test_labels_of_lines_that_end_together_are_pushed_apart_in_their_order(campaign: Campaign) -> None:
    frame = rates().assign(strict=0.9, strict_low=0.88, strict_high=0.92, hidden=False)
    frame.loc[frame["rater_group"] == "member", "strict"] = 0.902
    ax = charts.satisfaction_trend(frame, campaign)
    assert_apart(ax)
    ends = {t.get_text(): t.get_window_extent().y0 for t in texts(ax)}
    assert ends["党员 90.2%"] > ends["群众 90.0%"]


def test_the_trend_refuses_two_rows_for_one_point(campaign: Campaign) -> None:
    twice = pd.concat([rates(), rates()])
    with pytest.raises(ValueError, match="2009-2010-2"):
        charts.satisfaction_trend(twice, campaign)


def shares(scale: str, counts: dict[str, list[int]], campaign: Campaign) -> pd.DataFrame:
    codes = [level.code for level in campaign.scales[scale].levels]
    rows = [
        {"item": item, "scale": scale, "level": code, "valid": sum(n), "share": count / sum(n)}
        for item, n in counts.items()
        for code, count in zip(codes, n, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bars_are_as_long_as_the_shares_and_centred_on_neutral(campaign: Campaign, lang: str) -> None:
    # 100 ballots: 50 satisfied, 30 fairly, 16 basically (neutral), 4 dissatisfied.
    counts = {LONG: [50, 30, 16, 4], "师德": [98, 0, 0, 2]}
    ax = charts.level_bars(shares("sat4", counts, campaign), campaign, lang)
    bars = [p for p in ax.patches if isinstance(p, Rectangle)]
    first = [(bar.get_x(), bar.get_width(), bar.get_facecolor()) for bar in bars[::2]]
    assert [bar[1] for bar in first] == pytest.approx([0.04, 0.16, 0.30, 0.50])
    # Half of 16 % neutral lies on each side of 0: the bars begin at -(0.04 + 0.08).
    assert [bar[0] for bar in first] == pytest.approx([-0.12, -0.08, 0.08, 0.38])
    assert [mpl.colors.to_hex(bar[2]) for bar in first] == [
        theme.ORANGE, theme.NEUTRAL, theme.PALE_BLUE, theme.BLUE,
    ]  # fmt: skip
    # 4 % and 2 % are too narrow for their number, which stands outside: the worst is always told.
    assert {"50.0%", "30.0%", "4.0%", "98.0%", "2.0%", "100"} <= set(words(ax))
    assert "0.0%" not in words(ax)
    assert_apart(ax)


def test_scales_are_not_mixed(campaign: Campaign) -> None:
    mixed = [shares(scale, {"a": [1] * n}, campaign) for scale, n in (("sat4", 4), ("sat3", 3))]
    with pytest.raises(ValueError, match=r"sat3 \(满意三级\), sat4 \(满意四级\)"):
        charts.level_bars(pd.concat(mixed), campaign)


def test_level_colours_differ_in_lightness_between_neighbours_in_every_scale(campaign: Campaign) -> None:
    for scale in campaign.scales.values():
        rgb = [mpl.colors.to_rgb(colour) for colour in charts.level_colours(scale.levels)]
        grey = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in rgb]
        assert all(abs(a - b) > 0.1 for a, b in itertools.pairwise(grey)), scale.zh


def attendance(names: list[str]) -> pd.DataFrame:
    present = [60 + at % 40 for at in range(len(names))]
    frame = pd.DataFrame({"unit": names, "expected": 100, "present": present, "excused": 0})
    return frame.assign(attendance_rate=frame["present"] / 100).astype({"attendance_rate": "Float64"})


def test_attendance_is_sorted_and_compared_with_all_branches_together(campaign: Campaign) -> None:
    frame = attendance(["甲", "乙", "丙", LONG])
    # 80 of 100 and 30 of 50 make 110 of 150 = 73.3 %, not the mean of 80 % and 60 %.
    frame["present"], frame["expected"] = [80, 30, 0, 0], [100, 50, 40, 40]
    frame["attendance_rate"] = pd.array([0.8, 0.6, None, None], dtype="Float64")
    ax = charts.attendance_dots(frame.iloc[[1, 0, 2, 3]], campaign)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["甲", "乙", "丙", LONG]
    dots = np.asarray(ax.lines[0].get_xdata(), dtype=float)
    assert dots[:2].tolist() == [0.8, 0.6]
    assert np.isnan(dots[2:]).all()
    assert next(line for line in ax.lines[1:]).get_xdata()[0] == pytest.approx(110 / 150)
    assert {"各支部合计 73.3%", "80.0%", "100", "无数据"} <= set(words(ax))
    assert ax.get_xlim()[0] == 0.5
    assert "50%" in ax.get_xlabel()
    assert_apart(ax)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_forty_branches_with_long_names_fit_on_a_page(campaign: Campaign, lang: str) -> None:
    ax = charts.attendance_dots(
        attendance([f"成人教育与社区教育中心第{n}支部" for n in range(40)]), campaign, lang
    )
    width, height = theme.figure_of(ax).get_size_inches()
    assert (width, height) <= (6.7, 9.5)
    assert len(ax.get_yticklabels()) == 40
    assert min(t.get_fontsize() for t in texts(ax)) >= 10.5
    assert_apart(ax)


def fortnights() -> pd.DataFrame:
    states = ["held", "missed", "vacation", "held"]
    start = pd.date_range("2010-06-01", periods=4, freq="14D")
    frame = pd.DataFrame({"unit": "甲", "start": start, "state": states})
    frame["due"] = frame["state"] != "vacation"
    other = frame.assign(unit=LONG, start=start + pd.Timedelta(days=3), state="held", due=True)
    both = pd.concat([frame, other], ignore_index=True)
    return both.assign(end=both["start"] + pd.Timedelta(days=13))


def day(date: str) -> float:
    return float((pd.Timestamp(date) - _EPOCH).days)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_fortnights_lie_at_their_dates_and_missed_ones_are_crossed_out(campaign: Campaign, lang: str) -> None:
    gaps = {"unit": ["甲", LONG], "longest_gap_days": [40, 14]}
    gaps |= {"gap_from": ["2010-06-05", "2010-06-04"], "gap_to": ["2010-07-15", "2010-06-18"]}
    summary = pd.DataFrame(gaps).astype(dict.fromkeys(["gap_from", "gap_to"], "datetime64[us]"))
    ax = charts.fortnight_calendar(fortnights(), campaign, lang, summary=summary)
    cells = {
        mpl.colors.to_hex(patch.get_facecolor()): patch.get_path().vertices.reshape(-1, 5, 2)
        for patch in ax.patches
        if isinstance(patch, PathPatch)
    }
    # Both ends are inside: the cell of 1–14 June ends where the 15th begins.
    held = cells[theme.BLUE]
    assert (held[0, 0, 0], held[0, 1, 0]) == (day("2010-06-01"), day("2010-06-15"))
    assert [len(cells[colour]) for colour in (theme.BLUE, "#ffffff", theme.NEUTRAL)] == [6, 1, 1]
    cross = next(line for line in ax.lines if line.get_marker() == "x")
    assert cross.get_xdata().tolist() == [day("2010-06-22")]
    assert cross.get_ydata().tolist() == [0]
    bracket = next(line for line in ax.lines if len(line.get_xdata()) == 4)
    assert (bracket.get_xdata()[0], bracket.get_xdata()[-1]) == (day("2010-06-05"), day("2010-07-15"))
    assert round(float(np.mean(bracket.get_ydata()))) == 0
    assert {"2/3", "4/4", text("present.days", lang, value=40)} <= set(words(ax))
    assert_apart(ax)


def progress() -> pd.DataFrame:
    hours = [30.0, 20, 10, 34, 0]
    status = ["reached", "on_course", "behind", "reached", "behind"]
    frame = pd.DataFrame({"person": list("abcde"), "unit": ["甲", "甲", "甲", LONG, LONG], "hours": hours})
    return frame.assign(target=30.0, expected=18.7, status=status).astype({"hours": "Float64"})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_training_has_a_dot_a_member_without_a_name_and_both_lines_named(
    campaign: Campaign, lang: str
) -> None:
    before = np.random.get_state()[1].tolist()
    ax = charts.training_strip(progress(), campaign, lang)
    assert np.random.get_state()[1].tolist() == before
    dots = [tuple(at) for c in ax.collections[:2] for at in c.get_offsets().tolist()]
    assert sorted(x for x, _ in dots) == [0, 10, 20, 30, 34]
    # Medians 20 (甲) and 17: 甲 is on top.
    assert ax.get_yticklabels()[0].get_text() == "甲"
    assert all(round(y) == (0 if x in (10, 20, 30) else 1) for x, y in dots)
    assert {line.get_xdata()[0] for line in ax.lines} == {30.0, 18.7}
    said = words(ax)
    assert text("present.target_line", lang, value=30.0) in said
    assert text("present.prorata_line", lang, value=18.7) in said
    assert {"1/3", "1/2"} <= set(said)
    assert not set("abcde") & set(said)
    assert_apart(ax)
    again = charts.training_strip(progress(), campaign, lang)
    assert [tuple(at) for c in again.collections[:2] for at in c.get_offsets().tolist()] == dots


def test_training_that_nobody_registered_is_no_data_and_not_zero(campaign: Campaign) -> None:
    frame = progress().assign(hours=pd.array([None] * 5, dtype="Float64"), status=None)
    said = words(charts.training_strip(frame, campaign))
    assert "无数据" in said
    assert {"—/3", "—/2"} <= set(said)


def comparison() -> pd.DataFrame:
    rows = [
        ("activities", "count", 2010, 40.0, True, None),
        ("activities", "count", 2011, 41.5, True, None),
        ("activities", "count", 2012, None, False, "no_data"),
        ("satisfaction_strict_member", "rate", 2010, 0.92, True, None),
        ("satisfaction_strict_member", "rate", 2011, 0.80, False, "scale_top_changed"),
        ("satisfaction_strict_member", "rate", 2012, 0.85, True, None),
        ("pledges_published", "count", 2010, 39.6, True, None),
        ("pledges_published", "count", 2011, 0.3, False, "denominator_changed"),
        ("pledges_published", "count", 2012, 0.5, False, "denominator_changed"),
        ("attendance", "rate", 2010, 0.9, True, None),
        ("attendance", "rate", 2011, None, False, "scale_changed"),
        ("attendance", "rate", 2012, 0.91, True, None),
    ]
    names = ["measure", "kind", "year", "adjusted", "comparable", "reason"]
    frame = pd.DataFrame(rows, columns=names).assign(base=100, exposure_days=245)
    frame["grade"] = ["comparable" if known else "not_comparable" for known in frame["comparable"]]
    frame.loc[frame["reason"].eq("scale_top_changed"), "grade"] = "flagged"
    return frame.astype({"adjusted": "Float64", "comparable": "boolean", "reason": "str"})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_years_are_joined_only_where_they_are_comparable(campaign: Campaign, lang: str) -> None:
    figure = charts.yearly_dots(comparison(), campaign, lang)
    counts, rate, _, gap = figure.axes
    lines = [[line for line in ax.lines if len(line.get_xdata()) > 1] for ax in figure.axes]
    assert [[list(line.get_xdata()) for line in every] for every in lines] == [
        [[0, 1]],
        [[1, 2], [0, 1]],
        [],
        [],
    ]
    assert [line.is_dashed() for line in lines[1]] == [False, True]  # what is only flagged
    dots = [line.get_markerfacecolor() for line in rate.lines if line.get_marker() == "o"]
    assert dots == [theme.BLUE, "white", theme.BLUE]
    assert {"40.0", "41.5", text("common.no_data", lang)} <= {t.get_text() for t in counts.texts}
    assert rate.get_xticklabels()[1].get_text().split("\n") == [
        "2011", "n=100", *text("present.scale_top_changed", lang).split("\n"),
    ]  # fmt: skip
    assert counts.get_xticklabels()[0].get_text().split("\n")[1] == text("present.days", lang, value=245)
    assert [t.get_text() for t in gap.texts][1] == "—"
    assert all(ax.get_ylim()[0] == 0 for ax in figure.axes)
    assert_apart(figure)


def ledger(name: str, outcomes: dict[str, int]) -> pd.DataFrame:
    kinds = [kind for kind, n in outcomes.items() for _ in range(n)]
    frame = pd.DataFrame({"outcome": kinds, "source_row": range(1, len(kinds) + 1)})
    return frame.assign(source_file=name, source_sheet="Sheet1")


def test_rows_of_a_file_are_shown_by_what_became_of_them(campaign: Campaign) -> None:
    good = ledger("好.xlsx", {"title": 1, "header": 1, "kept": 7, "total": 1})
    bad = ledger("坏.xls", {"kept": 12, "duplicate": 1, "rejected": 3, "unrecognised": 2, "footer": 2})
    # A second finding about a row does not make it two rows.
    ax = charts.outcome_bars(pd.concat([good, bad, bad.iloc[[0]]]), campaign)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["坏.xls", "好.xlsx"]
    widths = [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)]
    # 坏: 12, 2 and 6 of 20 rows; 好: 7, 3 and 0 of 10.
    assert widths == pytest.approx([0.6, 0.7, 0.1, 0.3, 0.3, 0.0])
    assert {"20", "10", "6", "0"} <= set(words(ax))
    assert_apart(ax)


def test_files_lose_their_folders_unless_their_names_are_the_same(campaign: Campaign) -> None:
    files = ["raw/a/册.xls", "raw/b/册.xls", "raw/a/表.xls"]
    ax = charts.outcome_bars(pd.concat(ledger(name, {"kept": 1}) for name in files), campaign)
    assert {t.get_text() for t in ax.get_yticklabels()} == {"raw/a/册.xls", "raw/b/册.xls", "表.xls"}


@pytest.mark.parametrize(
    ("draw", "frame"),
    [
        (charts.satisfaction_trend, rates()),
        (charts.attendance_dots, attendance(["甲"])),
        (charts.fortnight_calendar, fortnights()),
        (charts.training_strip, progress()),
        (charts.outcome_bars, ledger("a", {"kept": 1})),
        (charts.level_bars, pd.DataFrame({"item": ["a"], "scale": "sat4"})),
    ],
)
def test_without_rows_a_chart_says_so(draw, frame: pd.DataFrame, campaign: Campaign) -> None:  # type: ignore[no-untyped-def]
    assert words(draw(frame.iloc[:0], campaign, "en")) == ["no data"]


def test_nothing_outlasts_the_theme_and_a_dollar_is_no_formula(campaign: Campaign) -> None:
    before = dict(mpl.rcParams)
    colours = dict(mpl.colors.colorConverter.colors)
    names = ["$x_1$ 支部", "<script>alert(1)</script>"]
    ax = charts.attendance_dots(attendance(names), campaign)
    assert set(names) <= set(words(ax))
    assert dict(mpl.rcParams) == before
    assert dict(mpl.colors.colorConverter.colors) == colours


def test_given_axes_are_drawn_on(campaign: Campaign) -> None:
    figure, axes = plt.subplots(1, 2, layout="constrained", figsize=(14, 4))
    assert charts.attendance_dots(attendance(["甲"]), campaign, ax=axes[1]) is axes[1]
    assert tuple(figure.get_size_inches()) == (14, 4)
    assert not axes[0].texts


def test_what_marks_a_break_stands_where_no_point_is():
    _, ax = plt.subplots()
    ax.set_ylim(0.3, 1.0)
    # 0.50 and 0.89 lie at 2/7 and 59/70 of the axis: the middle between them is 79/140.
    assert theme.widest_gap(ax, np.array([0.5, 0.89, np.nan])) == pytest.approx(79 / 140)
    assert theme.widest_gap(ax, np.array([])) == 0.5
