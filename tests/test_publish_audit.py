"""The audit reads published pages as a stranger would, and tells which hidden group can be told."""

import json
import subprocess
import sys
import time
from dataclasses import fields, replace
from threading import Thread

import nbformat
import pytest
from conftest import ROOT

from cxzy_lib.intake.files import locked
from cxzy_lib.measure.intervals import hypergeometric_interval, wilson
from cxzy_lib.publish import annex, making
from cxzy_lib.publish.audit import Auditor
from cxzy_lib.publish.jobs import PARAMETERS
from cxzy_lib.publish.passages import passages
from cxzy_lib.publish.site import Prepared
from cxzy_lib.tables import Tables, conform, save

#: Ballots of four semesters: in autumn 2010 four non-members voted, three of them satisfied; six could.
BALLOTS = {
    ("2010-2011-1", "S2", 2010, "nonmember"): (3, 0, 1),
    ("2010-2011-2", "S2", 2011, "nonmember"): (20, 4, 2),
    ("2010-2011-1", "S2", 2010, "member"): (27, 2, 1),
    ("2010-2011-2", "S2", 2011, "member"): (25, 2, 1),
    ("2011-2012-1", "S3", 2011, "nonmember"): (12, 0, 0),  # all the same
}
ELIGIBLE = {"2010-2011-1": 6, "2010-2011-2": 30, "2011-2012-1": 30}
LEVELS = ("satisfied", "basically_satisfied", "dissatisfied")


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    votes = [
        {"institution": "甲校", "occasion": "satisfaction", "semester": term, "stage": stage, "year": year}
        | {"rater_group": group, "item": "leadership", "scale": "sat3", "level": level, "count": count}
        | {"occasion_id": term, "held_on": f"{year}-12-20"}
        for (term, stage, year, group), counts in BALLOTS.items()
        for level, count in zip(LEVELS, counts, strict=True)
    ]
    turnout = [
        {"institution": "甲校", "occasion": "satisfaction", "semester": term, "occasion_id": term}
        | {"rater_group": "nonmember", "eligible": body}
        for term, body in ELIGIBLE.items()
    ]
    tables = {field.name: conform(field.name, []) for field in fields(Tables)}
    tables |= {"votes": conform("votes", votes), "turnout": conform("turnout", turnout)}
    tables["files"] = conform(
        "files", [{"institution": "甲校", "source_file": "甲校/a.xls", "status": "read"}]
    )
    folder = tmp_path_factory.mktemp("audit") / "processed"
    save(tables, folder)
    return folder


@pytest.fixture
def auditor(processed):
    return Auditor(processed, ROOT / "campaign")


def table(*rows):
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows[1:]]
    heads = "".join(f"<th>{cell}</th>" for cell in rows[0])
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><caption>满意度</caption><tr>{heads}</tr>{body}</table>"


def picture(*labels, alt=""):
    texts = "".join(f'<text x="{x}" y="{y}">{words}</text>' for x, y, words in labels)
    return f'<figure><h3>满意率</h3><svg role="img" aria-label="{alt}">{texts}</svg></figure>'


#: What may be shown: the other semester, the members, and that the two groups are hidden.
CLEAN = table(
    ("学期", "评议人", "发出 / 收回 / 有效 / 不了解", "满意率"),
    ("2010年秋", "党员", "31 / 31 / 30 / 0", "90.0%"),
    ("2010年秋", "群众", "*", "*"),
    ("2011年春", "党员", "30 / 29 / 28 / 0", "89.3%"),
    ("2011年春", "群众", "28 / 27 / 26 / 0", "76.9%"),
    ("2011年秋", "群众", "*", "*"),
) + picture(
    (10, 10, "2011年春 · 群众"),
    (50, 10, "76.9%"),
    (90, 10, "26"),
    (90, 1, "有效票"),
    alt="群众：2011年春：76.9%",
)

LOW, HIGH = (100 * end[0] for end in hypergeometric_interval([3], [4], [6], 0.95))
LEAKS = {
    # 30 less the 26 of spring.
    "a total": {"b.html": table(("阶段", "评议人", "有效"), ("第二阶段", "群众", "30"))},
    # 34 on one page less the 30 members on another.
    "a difference between two pages": {"b.html": "<p>2010年秋合计收到有效票 34 票。</p>"},
    "a label in a chart": {"b.html": picture((10, 10, "2010年秋 · 群众"), (90, 10, "4"), (90, 1, "有效票"))},
    # Of at most 6 only 4 can be three quarters.
    "words for the blind": {"b.html": picture(alt="群众：2010年秋：75.0%；2011年春：76.9%。")},
    "a rounded share of few": {"b.html": table(("学期", "评议人", "不满意"), ("2010年秋", "群众", "25.0%"))},
    "an interval": {"b.html": f"<p>2010年秋，群众满意率的区间为 {LOW:.1f}%–{HIGH:.1f}%。</p>"},
    # With 100, 70 and 30 points only 3, 0 and 1 of at most 6 ballots have this mean.
    "an index": {"b.html": "<p>2010年秋，群众满意度指数 82.5。</p>"},
    "a count beside an index": {"b.html": "<p>2010年秋，群众（有效 4 票）满意度指数高于党员。</p>"},
    "a count beside an index in English": {
        "b.html": "<p>Autumn 2010, non-members: index higher (n = 4) than members'.</p>"
    },
    "that all said the same": {"b.html": "<p>2011年秋，群众“满意”占 100.0%。</p>"},
    "an index when all said the same": {"b.html": "<p>2011年秋，群众的指数为 100.0。</p>"},
    "a title": {"b.html": "<title>2010年秋群众有效票 4 票</title>"},
    "in English": {"b.html": "<p>Non-members, Autumn 2010: 3 satisfied of 4 valid ballots.</p>"},
    # The scale's name, 党员评议三等, is not about members.
    "a scale named after a group": {
        "b.html": table(("学期", "评议人", "量表", "有效"), ("2010年秋", "群众", "党员评议三等", "4"))
    },
    # What is said of changes is no reason to overlook the shares below.
    "a share under a title of changes": {
        "b.html": "<h2>Non-members: no detectable change</h2>"
        + table(("Semester", "Raters", "Top level only"), ("Autumn 2010", "Non-members", "75.0%"))
    },
    "a year": {"b.html": table(("年", "评议人", "有效"), ("2010年", "群众", "4"))},
}


def put(folder, files, **parameters):
    folder.mkdir(parents=True)
    for name, markup in files.items():
        (folder / name).write_text(f"<h1>满意度</h1>{markup}", "utf-8")
    manifest = {
        "edition": {"institution": "甲校"},
        "parameters": {"unit": None} | parameters,
        "pages": {"a.html": {}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def prepared(folder, files, **parameters):
    """Return an edition of pages that is to stand in `folder`."""
    manifest = {"edition": {"institution": "甲校"}, "parameters": {"unit": None} | parameters}
    return Prepared(folder, manifest, files, frozenset(["a.html", "b.html"]))


def test_what_may_be_shown_gives_nothing_away(auditor, tmp_path):
    found = auditor.look(put(tmp_path / "out", {"a.html": CLEAN}))
    assert found.rows[["semester", "rater_group", "reason"]].to_numpy().tolist() == [
        ["2010-2011-1", "nonmember", "small"],
        ["2011-2012-1", "nonmember", "unanimous"],
    ]
    assert found.told.empty
    assert found.read >= 9
    assert auditor.lines(found, "zh")[0].startswith("已核对：隐去 2 组")


@pytest.mark.parametrize("kind", LEAKS)
def test_every_kind_of_leak_is_found_and_its_page_named(auditor, tmp_path, kind):
    found = auditor.look(put(tmp_path / "out", {"a.html": CLEAN} | LEAKS[kind]))
    assert len(found.told) == 1
    row = found.told.iloc[0]
    assert row["semester"] == ("2011-2012-1" if "same" in kind else "2010-2011-1")
    if "same" not in kind:
        assert (row["low"], row["high"]) == (4, 4)
    assert "out/b.html" in {one.page for one in row["because"]}
    for lang in ("zh", "en"):
        assert "out/b.html" in auditor.lines(found, lang)[1]


#: 3 ballots, too few; 10, hidden with them; 24; all others than the first therefore 34.
BRANCHES = {"第一支部": (2, 1, 0), "第三支部": (7, 3, 0), "第二支部": (20, 3, 1)}


@pytest.fixture(scope="module")
def by_branch(tmp_path_factory):
    base = {"institution": "甲校", "occasion": "satisfaction", "semester": "2010-2011-1", "stage": "S2"}
    base |= {"rater_group": "nonmember", "item": "leadership", "scale": "sat3", "year": 2010}
    votes = [
        base | {"level": level, "count": count, "occasion_id": unit, "unit": unit}
        for unit, counts in BRANCHES.items()
        for level, count in zip(LEVELS, counts, strict=True)
    ]
    tables = {field.name: conform(field.name, []) for field in fields(Tables)}
    tables |= {"votes": conform("votes", votes)}
    tables["files"] = conform(
        "files", [{"institution": "甲校", "source_file": "甲校/a.xls", "status": "read"}]
    )
    folder = tmp_path_factory.mktemp("branches") / "processed"
    save(tables, folder)
    return Auditor(folder, ROOT / "campaign")


SHOWN = table(
    ("学期", "评议人", "支部", "有效"), ("2010年秋", "群众", "第二支部", "24"), ("2010年秋", "群众", "", "37")
)


@pytest.mark.parametrize(
    "words",
    [
        "2010年秋，群众：第一支部之外，其余支部有效 34 票。",
        "Autumn 2010, non-members: beside 第一支部, the other branches had n = 34.",
        "2010年秋，群众：第三支部有效 10 票。",
        "群众：第三支部有效 10 票。",
    ],
)
def test_a_branch_hidden_is_told_by_all_the_others(by_branch, tmp_path, words):
    assert by_branch.look(put(tmp_path / "clean", {"a.html": SHOWN})).told.empty
    found = by_branch.look(put(tmp_path / "x" / "out", {"a.html": SHOWN, "b.html": f"<p>{words}</p>"}))
    assert found.told[["scope", "low", "high"]].to_numpy().tolist() == [["第一支部", 3, 3]]


def test_an_earlier_edition_and_one_for_others_count(auditor, tmp_path):
    put(tmp_path / "public", {"a.html": CLEAN})
    put(
        tmp_path / "2010", {"a.html": table(("学期", "评议人", "有效"), ("2010年秋", "群众", "4"))}, year=2010
    )
    found = auditor.look(tmp_path / "public")
    assert len(found.told) == 1
    assert {one.page for one in found.told.iloc[0]["because"]} == {"2010/a.html"}


def test_editions_of_other_calls_count_before_there_is_a_list(processed, tmp_path):
    """A call that makes several editions writes their list last: its place is known all the same."""
    leak = {"a.html": table(("学期", "评议人", "有效"), ("2010年秋", "群众", "4"))}
    put(tmp_path / "leadership" / "甲校·2010", leak, year=2010)
    auditor = Auditor(processed, ROOT / "campaign", tmp_path / "public")
    # These pages alone tell nothing: it is the others that do, and they stay.
    found, refused = auditor.check([prepared(tmp_path / "public" / "甲校", {"a.html": CLEAN})])
    assert refused == []
    assert {one.page for one in found.told.iloc[0]["because"]} == {"leadership/甲校·2010/a.html"}


@pytest.mark.parametrize("key", ["editions", "institutions"])
def test_editions_inside_lists_count_wherever_one_looks_from(processed, tmp_path, key):
    put(tmp_path / "reports" / "public", {"a.html": CLEAN})
    leak = {"a.html": table(("学期", "评议人", "有效"), ("2010年秋", "群众", "4"))}
    put(tmp_path / "reports" / "leadership" / "甲校", leak)
    other = put(tmp_path / "reports" / "branch" / "甲校", {"a.html": CLEAN})
    for name in ("leadership", "branch"):
        (tmp_path / "reports" / name / "manifest.json").write_text(
            json.dumps({key: [], "pages": {}}), "utf-8"
        )
    for folder in (tmp_path / "reports", tmp_path / "reports" / "public", other, other.parent):
        assert len(Auditor(processed, ROOT / "campaign").look(folder).told) == 1, folder
    # A call for one edition inside a list.
    auditor = Auditor(processed, ROOT / "campaign", other)
    assert len(auditor.check([prepared(other, {"a.html": CLEAN})])[0].told) == 1


def test_an_interval_of_a_thousand_ballots_is_no_stumbling_block(tmp_path):
    base = {
        "institution": "甲校",
        "occasion": "satisfaction",
        "stage": "S2",
        "item": "leadership",
        "scale": "sat3",
    }
    large = {"semester": "2010-2011-1", "rater_group": "member", "occasion_id": "1", "year": 2010}
    votes = [
        base | large | {"level": level, "count": n} for level, n in (("satisfied", 941), ("dissatisfied", 81))
    ]
    small = {"semester": "2010-2011-1", "rater_group": "nonmember", "occasion_id": "1", "year": 2010}
    votes += [base | small | {"level": "satisfied", "count": 3}]
    tables = {field.name: conform(field.name, []) for field in fields(Tables)} | {
        "votes": conform("votes", votes)
    }
    tables["files"] = conform(
        "files", [{"institution": "甲校", "source_file": "甲校/a.xls", "status": "read"}]
    )
    save(tables, tmp_path / "processed")
    low, high = (100 * end[0] for end in wilson([941], [1022], 0.95))
    page = {"a.html": f"<p>2010年秋，党员满意率的区间为 {low:.1f}%–{high:.1f}%。</p>"}
    found = Auditor(tmp_path / "processed", ROOT / "campaign").look(put(tmp_path / "out", page))
    assert found.read >= 1
    assert found.told.empty


def test_what_was_read_is_noted_and_read_anew_after_a_change(processed, tmp_path):
    put(tmp_path / "public", {"a.html": CLEAN})
    other = put(tmp_path / "other", {"a.html": CLEAN})

    def look():
        return Auditor(processed, ROOT / "campaign").look(tmp_path / "public")

    first = look()
    notes = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/.audit.json")}
    assert len(notes) == 2
    again = look()
    assert {path: path.stat().st_mtime_ns for path in notes} == notes
    assert (again.numbers, again.read) == (first.numbers, first.read)
    (other / "a.html").write_text(CLEAN + LEAKS["a total"]["b.html"], "utf-8")
    assert len(look().told) == 1
    (other / ".audit.json").write_text('["x"', "utf-8")
    assert len(look().told) == 1


def test_the_edition_of_another_institution_is_about_other_ballots(auditor, tmp_path):
    put(tmp_path / "public", {"a.html": CLEAN})
    other = put(tmp_path / "other", {"a.html": table(("学期", "评议人", "有效"), ("2010年秋", "群众", "4"))})
    manifest = json.loads((other / "manifest.json").read_text("utf-8"))
    manifest["edition"]["institution"] = "乙校"
    (other / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert auditor.look(tmp_path / "public").told.empty


@pytest.mark.parametrize(
    "words",
    [
        "<p>2010年秋群众发出 4 份。</p>",  # papers given out
        "<p>2011年春群众有效 4 票。</p>",  # not true of that spring: another number
        "<p>第四支部最长间隔 4 天。</p>",
        "<p>2010年12月4日，群众 4 人发言。</p>",
        table(("学期", "评议人", "应参加"), ("2010年秋", "群众", "6")),
    ],
)
def test_numbers_about_something_else_are_no_leak(auditor, tmp_path, words):
    assert auditor.look(put(tmp_path / "out", {"a.html": CLEAN, "b.html": words})).told.empty


def test_pages_that_would_tell_are_not_let_through(auditor, tmp_path):
    found, refused = auditor.check([prepared(tmp_path / "out", {"a.html": CLEAN})])
    assert (len(found.told), refused) == (0, [])
    both = {"a.html": CLEAN} | LEAKS["a total"]
    found, [(folder, why)] = auditor.check([prepared(tmp_path / "out", both)])
    assert folder == tmp_path / "out"
    assert len(why.told) == 1
    assert found.told.empty  # what is left is nothing


def test_new_pages_are_not_measured_by_those_that_they_replace(auditor, tmp_path):
    """After a stricter rule every old page may tell: the editions of a call would wait for each other."""
    for name in ("甲校", "甲校·2010"):
        put(tmp_path / "list" / name, {"a.html": CLEAN, "b.html": LEAKS["a year"]["b.html"]})
    auditor.out = tmp_path / "list"
    new = [prepared(tmp_path / "list" / name, {"a.html": CLEAN}) for name in ("甲校", "甲校·2010")]
    found, refused = auditor.check(new)
    assert (len(found.told), refused) == (0, [])
    found, refused = auditor.check(new[:1])  # the other one stays, and tells: no fault of the new one
    assert refused == []
    assert {one.page for one in found.told.iloc[0]["because"]} == {"list/甲校·2010/b.html"}


def test_a_page_that_nobody_knows_of_counts_with_the_edition_in_its_folder(auditor, tmp_path):
    put(tmp_path / "out", {"a.html": CLEAN, "left.html": LEAKS["a year"]["b.html"]})
    _, [(folder, why)] = auditor.check([prepared(tmp_path / "out", {"a.html": CLEAN})])
    assert folder == tmp_path / "out"
    assert {one.page for one in why.told.iloc[0]["because"]} == {"out/left.html"}


def test_what_others_say_too_is_no_fault_of_a_new_edition(auditor, tmp_path):
    """Two calls would wait for each other: each edition that stays tells, and both say the stage's total."""
    total = LEAKS["a total"]["b.html"]  # 30, less the 26 of spring that CLEAN has
    put(tmp_path / "other", {"a.html": CLEAN, "b.html": total})
    found, refused = auditor.check([prepared(tmp_path / "mine", {"a.html": CLEAN, "b.html": total})])
    assert refused == []
    assert {one.page for one in found.told.iloc[0]["because"]} <= {"other/a.html", "other/b.html"}


def test_a_list_takes_the_place_of_an_edition_that_stood_there(auditor, tmp_path):
    put(tmp_path / "list", {"a.html": LEAKS["a year"]["b.html"]})
    auditor.out = tmp_path / "list"
    found, refused = auditor.check([prepared(tmp_path / "list" / "甲校", {"a.html": CLEAN})])
    assert (len(found.told), refused) == (0, [])


def test_the_edition_of_a_branch_that_is_no_more_counts_and_odd_neighbours_do_no_harm(by_branch, tmp_path):
    leak = "2010年秋，群众：第三支部有效 10 票。"
    put(tmp_path / "old", {"a.html": f"<p>{leak}</p>"}, unit="甲校/第九支部")
    put(tmp_path / "elsewhere" / "x", {"a.html": "<p>2010年秋，群众有效 37 票。</p>"})
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere" / "x")
    out = put(tmp_path / "out", {"a.html": SHOWN})
    (out / "annex.xlsx").write_bytes(b"PK\3\4 cut off")
    assert len(by_branch.look(out).told) == 1


def test_two_new_editions_that_tell_together_are_both_withheld(auditor, tmp_path):
    total = {"a.html": "<p>2010年秋合计收到有效票 34 票。</p>"}  # less the 30 members
    new = [prepared(tmp_path / "x", {"a.html": CLEAN}), prepared(tmp_path / "y", total)]
    assert [auditor.check([one])[1] for one in new] == [[], []]
    _, refused = auditor.check([*new, prepared(tmp_path / "z", {"a.html": picture(alt="2012年")})])
    assert {folder.name for folder, _ in refused} == {"x", "y"}
    for _, why in refused:
        assert {one.page for row in why.told["because"] for one in row} == {"x/a.html", "y/a.html"}


def test_an_edition_withheld_leaves_the_old_one_which_counts(auditor, tmp_path):
    """What replaces an old page that tells with another one may not go; then what it tells with it may not."""
    put(tmp_path / "x", {"a.html": "<p>2010年秋合计收到有效票 34 票。</p>"})
    new = [prepared(tmp_path / "x", LEAKS["a year"]), prepared(tmp_path / "y", {"a.html": CLEAN})]
    _, refused = auditor.check(new)
    assert [folder.name for folder, _ in refused] == ["x", "y"]


def test_two_calls_at_once_see_each_others_pages(auditor, tmp_path):
    """Each alone tells nothing; whoever comes second is told what they tell together."""
    total = {"a.html": "<p>2010年秋合计收到有效票 34 票。</p>"}  # less the 30 members
    pages = {"x": {"a.html": CLEAN}, "y": total}
    made = {name: making.Made() for name in pages}

    def call(name):
        own = Auditor(auditor.processed, auditor.campaign_folder, tmp_path / name)
        edition = prepared(tmp_path / name, pages[name])
        edition = replace(edition, manifest=edition.manifest | {"pages": {"a.html": {}}})
        making._issue([edition], own, made[name])

    calls = [Thread(target=call, args=[name]) for name in pages]
    with locked(tmp_path, "no"):  # both wait
        for one in calls:
            one.start()
        time.sleep(1)
        assert not any(made[name].audited for name in pages)
    for one in calls:
        one.join()
    withheld = [folder.name for name in pages for folder, _ in made[name].withheld]
    assert len(withheld) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({*pages} - {*withheld})


def test_a_workbook_left_by_a_page_that_went_is_read(auditor, tmp_path):
    leak = table(("学期", "评议人", "有效"), ("2010年秋", "群众", "4")).replace(
        "<table>", "<table><thead>", 1
    )
    leak = leak.replace("<caption>满意度</caption>", "").replace("</tr><tr>", "</tr></thead><tbody><tr>", 1)
    leak = leak.replace("<th>有效", "<th class='num'>有效").replace("</table>", "</tbody></table>")
    book = annex.workbook([("满意度", f"<h1>满意度</h1><h2>票数</h2>{leak}")], "zh", [], "年报")
    out = put(tmp_path / "out", {"a.html": CLEAN})
    assert auditor.look(out).told.empty
    (out / "annex.xlsx").write_bytes(book)
    found = Auditor(auditor.processed, auditor.campaign_folder).look(out)
    assert {one.page for one in found.told.iloc[0]["because"]} == {"out/annex.xlsx"}
    new = prepared(tmp_path / "new", {"a.html": CLEAN, "annex.xlsx": book})
    assert [folder.name for folder, _ in auditor.check([new])[1]] == ["new"]


def test_an_interval_in_a_workbook_is_one(auditor, tmp_path):
    cells = f"<th class='num'>满意率</th></tr></thead><tbody><tr><td class='num'>75.1% ({LOW:.1f}% – {HIGH:.1f}%)</td>"
    markup = f"<h1>甲</h1><h2>2010年秋，群众</h2><table><thead><tr>{cells}</tr></tbody></table>"
    book = annex.workbook([("满意度", markup)], "zh", [], "年报")
    out = put(tmp_path / "out", {"a.html": CLEAN})
    (out / "annex.xlsx").write_bytes(book)
    found = auditor.look(out)
    assert {one.kind for one in found.told.iloc[0]["because"]} == {"interval"}  # the share is none of theirs
    assert found.told["low"].tolist() == [4]


def test_every_text_of_a_page_is_seen():
    markup = (
        '<html><head><title>T 1</title><meta name="description" content="M 2"></head><body><h1>甲 3</h1><h2>乙</h2>'
        '<p>P 4</p><ul><li>L <b>5</b></li></ul><img alt="A 6"><figure><h3>图</h3><svg aria-label="V 7"><title>S 8</title>'
        '<text x="1" y="1">行</text><text x="9" y="1">9</text></svg></figure><details><summary>D 10</summary>'
        "<table><tr><th>H</th></tr><tr><td>11</td></tr></table></details>"
        "<script>12</script><style>p{margin:13px}</style></body></html>"
    )
    found = passages("x.html", markup)
    seen = " ".join(one.text for one in found)
    assert [str(n) for n in range(1, 12) if str(n) not in seen.split() and f" {n}" not in seen] == []
    assert "12" not in seen
    assert "13" not in seen
    label = next(one for one in found if one.text == "9")
    assert label.under == ("甲 3", "乙", "图", "", "行")


def test_a_page_that_tells_is_not_published_and_the_one_before_stays(processed, tmp_path):
    cells = [
        nbformat.v4.new_code_cell(
            "\n".join(f"{n} = None" for n in PARAMETERS), metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell("from IPython.display import HTML\nHTML(WORDS)"),
    ]
    (tmp_path / "notebooks").mkdir()
    command = [
        sys.executable,
        "-m",
        "cxzy_lib.cli",
        "run",
        "--campaign",
        ROOT / "campaign",
        "--processed",
        processed,
    ]
    told = {}
    for name, markup in (("clean", CLEAN), ("leak", CLEAN + LEAKS["a total"]["b.html"])):
        cells[1].source = f"from IPython.display import HTML\nHTML({'<h1>满意度</h1>' + markup!r})"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "a.ipynb")
        told[name] = subprocess.run(
            [*map(str, command), "--out", "out"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert told["clean"].returncode == 0, told["clean"].stderr
    assert "推算检查：未公布 2 组" in told["clean"].stdout
    assert told["leak"].returncode == 1
    assert "没有发布" in told["leak"].stderr
    assert "群众" in told["leak"].stderr
    assert "第二阶段" not in (tmp_path / "out" / "a.html").read_text("utf-8")
