"""Cells as people write them. Literal examples first, then properties over generated ones."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxzy_lib.intake import values
from cxzy_lib.intake.dates import day_of, find_date, find_year, semester
from cxzy_lib.intake.values import BadValue

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)


@pytest.mark.parametrize(
    ("written", "start", "end", "precision"),
    [
        ("2010.7.1", "2010-07-01", "2010-07-01", "day"),
        ("2010-07-01", "2010-07-01", "2010-07-01", "day"),
        ("2010/7/1", "2010-07-01", "2010-07-01", "day"),
        ("2010年7月1日", "2010-07-01", "2010-07-01", "day"),
        ("2010 年 7 月 1 日", "2010-07-01", "2010-07-01", "day"),
        ("２０１０.７.１", "2010-07-01", "2010-07-01", "day"),
        ("20100701", "2010-07-01", "2010-07-01", "day"),
        ("10.7.1", "2010-07-01", "2010-07-01", "day"),
        ("2010年7月", "2010-07-01", "2010-07-31", "month"),
        ("1998.10", "1998-10-01", "1998-10-31", "month"),
        ("2010.7.1-7.3", "2010-07-01", "2010-07-03", "day"),
        ("2010.12.30-2011.1.2", "2010-12-30", "2011-01-02", "day"),
        ("2010年5月起", "2010-05-01", "2010-05-31", "month"),
        ("2010年7月上旬", "2010-07-01", "2010-07-10", "vague"),
        ("2011年底前", "2011-12-31", "2011-12-31", "vague"),
        ("2012/05/03 12:00:00", "2012-05-03", "2012-05-03", "day"),
        (datetime(2010, 7, 1, 9, 30), "2010-07-01", "2010-07-01", "day"),
        (20100701, "2010-07-01", "2010-07-01", "day"),
        (20100701.0, "2010-07-01", "2010-07-01", "day"),
    ],
)
def test_dates_with_a_year(written, start, end, precision):
    span = day_of(written)
    assert (span.start.isoformat(), span.end.isoformat(), span.precision) == (start, end, precision)


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("7月1日", "2011-07-01", "2011-07-01"),
        ("7.1", "2011-07-01", "2011-07-01"),
        ("6月底", "2011-06-21", "2011-06-30"),
    ],
)
def test_dates_that_take_the_year_of_the_title(written, start, end):
    noted = day_of(written, year=2011)
    assert (noted.code, noted.hint) == ("year_assumed", "2011")
    assert (noted.value.start.isoformat(), noted.value.end.isoformat()) == (start, end)
    with pytest.raises(BadValue, match="not_a_date"):
        day_of(written)


def test_october_typed_as_a_number_is_never_read_as_january():
    with pytest.raises(BadValue, match="ambiguous_month"):
        day_of(2010.1)
    assert day_of(2010.1, number_format="0.00").start == date(2010, 10, 1)
    assert day_of(2010.12).start == date(2010, 12, 1)
    assert day_of(2010.7).start == date(2010, 7, 1)


@pytest.mark.parametrize("written", ["2010.13.1", "2011.2.30", "待定", "0", 12.0, 1.5, True])
def test_what_is_no_date_is_refused(written):
    with pytest.raises(BadValue, match="not_a"):
        day_of(written) if written is not True else values.number(True)


@pytest.mark.parametrize(
    ("serial", "from_1904", "day"),
    [
        (40360, False, date(2010, 7, 1)),
        (40602, False, date(2011, 2, 28)),
        (41090.0, False, date(2012, 6, 30)),
        (38898, True, date(2010, 7, 1)),
    ],
)
def test_day_numbers_count_from_the_workbooks_first_day(serial, from_1904, day):
    assert day_of(serial, date1904=from_1904).start == day


@given(
    DAYS,
    st.sampled_from(
        ["{y}.{m}.{d}", "{y}-{m:02}-{d:02}", "{y}/{m}/{d}", "{y}年{m}月{d}日", " {y} . {m} . {d} "]
    ),
)
def test_every_day_survives_every_spelling(day, spelling):
    span = day_of(spelling.format(y=day.year, m=day.month, d=day.day))
    assert span.start == span.end == day


@given(DAYS, st.integers(0, 40))
def test_spans_keep_both_ends(day, length):
    last = day + timedelta(days=length)
    span = day_of(f"{day:%Y.%m.%d}-{last:%Y.%m.%d}")
    assert (span.start, span.end) == (day, last)


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_a_bad_value(text):
    try:
        span = day_of(text, year=2011)
    except BadValue:
        return
    assert span is None or span.start <= span.end


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_bad_value(text):
    try:
        found = values.number(text)
    except BadValue:
        return
    assert found is None or isinstance(found, float | values.Noted)


@given(st.integers(0, 10**6), st.sampled_from(["{}", "{}票", " {} 人", "{}.0", "'{}"]))
def test_counts_survive_their_units(number, spelling):
    assert values.count(spelling.format(number)) == number


@pytest.mark.parametrize(
    ("written", "number", "code"),
    [("约20", 20, "approximate"), ("30余", 30, "approximate"), ("12人次", 12, "person_times")],
)
def test_counts_that_are_not_quite_counts_say_so(written, number, code):
    assert values.count(written) == values.Noted(number, code)


@pytest.mark.parametrize("written", ["-1", "1.5", "若干", "3/2/7"])
def test_what_is_no_count_is_refused(written):
    with pytest.raises(BadValue, match="not_a"):
        values.count(written)


@given(
    HAN, st.sampled_from(["{}", " {} ", "{}(预备)", "{}（预备）", "{}*"]), st.sampled_from(["", " ", "　"])
)
def test_names_survive_spaces_and_marks(name, spelling, gap):
    assert values.person_name(spelling.format(gap.join(name)))[0] == values.key_of(name)


@pytest.mark.parametrize("dot", ["·", "•", "・", "‧"])
def test_middle_dots_are_one(dot):
    assert values.person_name(f"阿依古丽{dot}买买提")[0] == "阿依古丽·买买提"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2010-2011学年第一学期", "2010-2011-1"),
        ("10-11(1)", "2010-2011-1"),
        ("10-11（2）", "2010-2011-2"),
        ("2010年秋季", "2010-2011-1"),
        ("2010下半年", "2010-2011-1"),
        ("2012年春季学期", "2011-2012-2"),
    ],
)
def test_semesters(written, code):
    assert semester(written) == code


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("3天", 24),
        ("半天", 4),
        ("24学时(3天)", 24),
        ("16", 16),
        (8.5, 8.5),
        ("两天", 16),
        ("两天半", 20),
        ("2天半", 20),
        ("'天", None),
        ("", None),
    ],
)
def test_hours(written, hours):
    assert values.used(values.hours(written, 8)) == hours


@pytest.mark.parametrize(("written", "read"), [("二〇", 20), ("一〇五", 105), ("十五", 15), ("三人", 3)])
def test_numerals_are_read(written, read):
    assert values.count(written) == read


@pytest.mark.parametrize("written", ["两三人", "五六", "一二"])
def test_two_numerals_side_by_side_are_about_so_many(written):
    with pytest.raises(BadValue):
        values.count(written)


def test_what_a_title_says():
    title = "试验学院2011年民主评议汇总表 填报时间:2011.12.20 单位:票"
    assert find_date(title).start == date(2011, 12, 20)
    assert find_year(title) == 2011
    assert find_year("12345678") is None
