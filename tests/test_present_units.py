"""Charts of units side by side, tested by the geometry and the text of what is drawn."""

import itertools
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from cxzy_lib.measure.fair import fair_comparison, funnel_curve
from cxzy_lib.present import theme, unit_charts
from cxzy_lib.texts import text

LONG = "成人教育与社区教育中心第一支部"
SIX = [
    LONG,
    "成人教育与社区教育中心第二支部",
    "机关与后勤管理服务中心支部",
    "教务处",
    "离退休干部工作委员会支部",
    "继续教育学院远程教学支部",
]


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


def six() -> pd.DataFrame:
    frame = pd.DataFrame({"unit": SIX, "count": [45, 52, 28, 88, 20, 3], "base": [48, 60, 45, 95, 24, 4]})
    return fair_comparison(frame, 0.95, 8, 5)


def forty() -> pd.DataFrame:
    chance = np.random.default_rng(4)
    base, rate = chance.integers(15, 220, 40), chance.beta(60, 6, 40)
    rate[3], rate[20], base[20], base[30] = 0.7, 0.99, 210, 150
    count = pd.array(chance.binomial(base, rate), "Int64")
    frame = pd.DataFrame(
        {"unit": [f"{SIX[at % 6][:11]}第{at}支部" for at in range(40)], "count": count, "base": base}
    )
    frame["scale"] = ["sat4"] * 38 + ["sat3", "sat4"]
    frame.loc[39, "count"] = pd.NA
    frame.loc[5, ["count", "base"]] = [4, 4]
    return fair_comparison(frame, 0.95, 8, 5)


def crowded(size: int = 40) -> pd.DataFrame:
    """Half of the units far above, half far below, all of them with much the same base."""
    names = [f"{LONG[:-2]}{at}支部" for at in range(size)]
    counts = [195 - at % 2 * 100 - at % 3 for at in range(size)]
    frame = pd.DataFrame({"unit": names, "count": counts, "base": [200 + at % 5 for at in range(size)]})
    return fair_comparison(frame, 0.95, 8, 5)


def texts(ax: Axes) -> list[Text]:
    theme.figure_of(ax).draw_without_rendering()
    found = theme.figure_of(ax).findobj(lambda x: isinstance(x, Text) and x.get_visible() and x.get_text())
    low, high = ax.get_xlim()
    spare = {t for at, t in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if not low <= at <= high}
    return [t for t in found if isinstance(t, Text) and t not in spare]


def words(ax: Axes) -> list[str]:
    return [t.get_text() for t in texts(ax)]


def assert_apart(ax: Axes) -> None:
    """No two texts touch, and none leaves the picture."""
    boxes = [(t.get_text(), Text.get_window_extent(t)) for t in texts(ax)]
    whole = theme.figure_of(ax).bbox
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


def points(ax: Axes, mark: str, face: str | None = None) -> set[tuple[float, float]]:
    lines = [line for line in ax.lines if line.get_marker() == mark]
    lines = [line for line in lines if face is None or line.get_markerfacecolor() == face]
    return {(float(x), round(float(y), 9)) for line in lines for x, y in zip(*line.get_data(), strict=True)}


def where(frame: pd.DataFrame, rows: pd.Series) -> set[tuple[float, float]]:
    chosen = frame[rows.fillna(False).astype(bool)]
    return {(float(n), round(float(rate), 9)) for n, rate in zip(chosen["base"], chosen["rate"], strict=True)}


DRAW = [unit_charts.funnel, unit_charts.unit_intervals]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("frame", [six(), forty(), crowded()], ids=["six", "forty", "crowded"])
@pytest.mark.parametrize("draw", DRAW)
def test_no_words_touch_and_no_glyph_is_missing(draw, frame: pd.DataFrame, lang: str) -> None:  # type: ignore[no-untyped-def]
    before = frame.copy()
    ax = draw(frame, lang)
    assert_apart(ax)
    with theme.theme():  # a missing glyph warns, and a warning is an error
        theme.figure_of(ax).savefig("/dev/null", format="png")
    assert theme.figure_of(ax).get_figwidth() == theme.WIDTH
    assert theme.figure_of(ax).get_figheight() < 9.7  # the text of an A4 page
    pd.testing.assert_frame_equal(frame, before)


def test_a_mark_stands_at_its_base_and_rate_and_its_shape_tells_the_position() -> None:
    frame = forty()
    ax = unit_charts.funnel(frame)
    assert points(ax, "^") == where(frame, frame["position"].eq("above"))
    assert points(ax, "v") == where(frame, frame["position"].eq("below"))
    compared = frame["comparable"]
    assert points(ax, "o", "white") == where(frame, ~compared & frame["rate"].notna())
    assert points(ax, "o") == where(frame, frame["position"].eq("within") | ~compared & frame["rate"].notna())
    assert len(points(ax, "^")) >= 1
    assert len(points(ax, "v")) >= 2


def test_the_curves_are_the_limits_and_the_line_is_the_centre() -> None:
    frame = forty()
    ax = unit_charts.funnel(frame)
    centre = frame["centre"].dropna().iloc[0]
    curves = [line for line in ax.lines if line.get_marker() == "None" and len(line.get_xdata()) > 2]
    assert [line.get_linestyle() for line in curves] == ["-", "-", "--", "--"]
    for pair, level in ((curves[:2], 0.95), (curves[2:], 0.998)):
        limits = funnel_curve(centre, pair[0].get_xdata(), level)
        for line, limit in zip(pair, limits, strict=True):
            assert line.get_ydata() == pytest.approx(limit)
    assert any(list(line.get_ydata()) == [centre, centre] for line in ax.lines)
    assert text("units.centre", "zh", value=f"{100 * centre:.1f}%") in words(ax)
    assert {text("units.limits", "zh", level=level) for level in ("95%", "99.8%")} <= set(words(ax))


def test_who_stands_out_is_named_in_full_with_value_base_or_reason_and_nobody_else() -> None:
    frame = six()
    said = words(unit_charts.funnel(frame, words="满意率"))
    assert "继续教育学院远程教学支部\n75.0%（n=4，基数过小）" in said
    out = dict(zip(frame["unit"], frame["position"].ne("within"), strict=True))
    assert {name: any(word.startswith(name + "\n") for word in said) for name in SIX} == out
    assert set(out.values()) == {True, False}
    assert "满意率·数轴自50%起" in said


def test_of_many_units_those_beyond_chance_and_the_uncompared_are_named() -> None:
    frame = forty()
    said = words(unit_charts.funnel(frame, "en"))
    named = frame[frame["position"].isin(["above", "below"]) | ~frame["comparable"] & frame["rate"].notna()]
    assert len(named) == sum("\n" in word and "(n=" in word for word in said)
    assert all(any(word.startswith(name) for word in said) for name in named["unit"])
    assert any("other scale" in word for word in said)
    (below,) = [word for word in said if word.startswith(text("units.base_axis", "en"))]
    outside = (frame["rate"] < frame["low"]) | (frame["rate"] > frame["high"])
    count = int((outside & frame["position"].eq("within")).sum())
    assert count > 0
    told = {"level": "95%", "count": count, "units": 37, "expected": 1.85}
    assert text("units.by_chance", "en", **told) in below
    assert text("units.unnamed", "en", names=frame["unit"][39]) in below


def test_a_name_is_joined_to_its_mark_and_names_keep_the_order_of_the_rates() -> None:
    frame = six()
    ax = unit_charts.funnel(frame)
    notes = [note for note in texts(ax) if isinstance(note, Annotation) and note.arrow_patch is not None]
    ordered = sorted(notes, key=lambda note: note.xy[1])
    heights = [note.xyann[1] for note in ordered]
    assert heights == sorted(heights)
    assert {(float(n.xy[0]), round(float(n.xy[1]), 9)) for n in notes if "n=" in n.get_text()} == where(
        frame, frame["rate"].notna() & frame["position"].ne("within")
    )


def test_a_crowd_of_names_fits_the_page_and_says_how_many_are_left_out() -> None:
    frame = crowded()
    assert frame["position"].ne("within").all()
    said = words(unit_charts.funnel(frame))
    assert sum("（n=" in word for word in said) == 15
    assert any(text("units.more", "zh", count=25) in word for word in said)


def test_intervals_have_a_row_each_in_the_order_of_the_frame() -> None:
    frame = forty().sort_values("rate", ascending=False, kind="stable")
    ax = unit_charts.unit_intervals(frame)
    assert [t.get_text() for t in ax.get_yticklabels()] == [theme.shorten(name) for name in frame["unit"]]
    marks = {line.get_marker(): line for line in ax.lines if line.get_marker() in ("o", "d")}
    for mark, column in (("o", "shrunken"), ("d", "rate")):
        assert marks[mark].get_xdata() == pytest.approx(theme.floats(frame[column]), nan_ok=True)
        assert list(marks[mark].get_ydata()) == list(range(40))
    (bars,) = ax.collections
    drawn = [path.vertices[:, 0].tolist() for path in bars.get_paths()]
    ends = [theme.floats(frame[f"shrunken_{end}"]).tolist() for end in ("low", "high")]
    assert drawn == [pytest.approx(pair, nan_ok=True) for pair in zip(*ends, strict=True)]
    centre = frame["centre"].dropna().iloc[0]
    assert any(isinstance(line, Line2D) and list(line.get_xdata()) == [centre, centre] for line in ax.lines)
    said = words(ax)
    first = frame[frame["comparable"]].iloc[0]
    assert f"{first['rank_low']}–{first['rank_high']}/37" in said
    assert {"基数过小", "量表不同", "无数据", "名次范围"} <= set(said)


def test_few_units_have_tiers_and_no_places() -> None:
    said = words(unit_charts.unit_intervals(six()))
    assert said.count("居中") == 4
    assert {"偏低", "基数过小", "档次"} <= set(said)
    assert "名次范围" not in said


@pytest.mark.parametrize("draw", DRAW)
def test_where_nothing_can_be_compared_the_rates_stand_alone(draw) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame({"unit": ["甲", "乙"], "count": [9, 2], "base": [10, 3]})
    ax = draw(fair_comparison(frame, 0.95, 8, 5))
    said = " ".join(words(ax))
    assert "无同类可比" in said
    assert "90.0%" in said
    assert "同类合计" not in said
    assert "nan" not in said
    assert_apart(ax)


@pytest.mark.parametrize("draw", DRAW)
def test_without_units_a_chart_says_so(draw) -> None:  # type: ignore[no-untyped-def]
    assert words(draw(six().iloc[:0], "en")) == ["no data"]


@pytest.mark.parametrize("draw", DRAW)
def test_categories_are_not_mixed_and_given_axes_are_drawn_on(draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="one category"):
        draw(six().assign(category=["a", "b"] * 3))
    with pytest.raises(ValueError, match="more than one row"):
        draw(pd.concat([six(), six()]))
    figure, ax = plt.subplots(figsize=(9, 6), layout="constrained")
    assert draw(six(), ax=ax) is ax
    assert tuple(figure.get_size_inches()) == (9, 6)
