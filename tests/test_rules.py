"""Rules of the house that a machine can hold: the flow of imports, sizes, and words in both languages."""

import ast
import re
import string
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cxzy_lib.texts import catalogue, text

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "cxzy_lib"
MODULES = sorted(LIBRARY.rglob("*.py"))
FLOW = [
    "texts",
    "tables",
    "specs",
    "plan_specs",
    "campaign",
    "intake",
    "measure",
    "present",
    "publish",
    "call",
    "making",
    "cli",
]
HOMES = {
    "matplotlib": "present",
    "seaborn": "present",
    "papermill": "publish",
    "nbclient": "publish",
    "nbconvert": "publish",
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"processed", "campaign", "out", "year", "unit", "lang", "audience"}


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_imports_run_one_way():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if name.startswith("cxzy_lib.") and room(path) in FLOW and (other := name.split(".")[1]) in FLOW
        if FLOW.index(other) > FLOW.index(room(path))
    ]
    assert wrong == []


def test_heavy_libraries_stay_at_home():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if HOMES.get(name.split(".")[0], room(path)) != room(path)
    ]
    assert wrong == []


def test_the_package_and_the_help_import_nothing_heavy():
    code = "import sys, cxzy_lib.cli; print(sorted({'pandas', 'matplotlib', 'papermill', 'scipy'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_files_and_functions_stay_small(path):
    source = path.read_text("utf-8")
    assert source.count("\n") <= 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            length = node.end_lineno - node.lineno - (first.end_lineno - first.lineno + 1 if doc else 0)
            assert length <= 40, node.name


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_text_exists_in_both_languages_with_the_same_fields(key):
    words = catalogue()[key]
    assert set(words) == {"zh", "en"}
    assert fields(words["zh"]) == fields(words["en"])
    plain = words["en"].replace("√", "").replace("×", "")
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub(r"2010-2011学年第一学期|\(大\)|\(小\)|大\) and \(小|[大小]", "", plain)
    )


def test_every_text_asked_for_exists():
    asked = {
        found[1]
        for path in [*MODULES]
        for found in re.finditer(r"(?<!_)\btext\(\s*\"([a-z_]+\.[a-z_0-9]+)\"", path.read_text("utf-8"))
    }
    assert asked
    assert sorted(asked - set(catalogue())) == []


def test_text_fills_in():
    assert text("common.percent", "en", value=12.34) == "12.3%"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_thin_stripped_and_have_the_parameters(path):
    book = nbformat.read(path, 4)
    tagged = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = {
        node.target.id for node in ast.walk(ast.parse(tagged[0].source)) if isinstance(node, ast.AnnAssign)
    }
    if book.metadata.get("cxzy", {}).get("page", True):
        assert names == PARAMETERS
    for line in tagged[0].source.splitlines():
        assert "#" in line, f"every parameter says what it is: {line}"
    for cell in book.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert "def " not in cell.source
            assert cell.source.count("\n") < 16


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 12


def test_functions_are_short():
    lengths = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                said = ast.get_docstring(node)
                lengths.append((node.end_lineno - node.lineno - len((said or "").splitlines()), node.name))
    assert max(lengths)[0] <= 45, max(lengths)
    assert sum(lines <= 15 for lines, _ in lengths) / len(lengths) > 0.8
