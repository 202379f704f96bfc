"""pyproject.toml, environment.yml and the two locks agree, and what is imported is declared."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
FILES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("pyproject.toml", "environment.yml", "requirements.lock", "requirements.oldest.lock")
}
ENTRY = re.compile(r"^(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.M)


def wanted(pyproject: str) -> dict[str, Requirement]:
    """Return the direct dependencies by name, those of development included."""
    project = tomllib.loads(pyproject)
    lines = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    return {canonicalize_name(line.name): line for line in map(Requirement, lines)}


def conda(environment: str) -> dict[str, Requirement]:
    """Return what environment.yml asks for, whether from conda or from pip."""
    listed = yaml.safe_load(environment)["dependencies"]
    pip = next(item for item in listed if isinstance(item, dict))["pip"]
    lines = [item for item in listed if isinstance(item, str) and item != "pip"]
    lines += [item for item in pip if item != "--editable ."]
    return {canonicalize_name(line.name): line for line in map(Requirement, lines)}


def locked(lock: str) -> dict[str, list[tuple[Version, int]]]:
    """Return the locked versions of each package, each with its number of hashes."""
    found: dict[str, list[tuple[Version, int]]] = {}
    for entry in ENTRY.finditer(lock):
        hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry["rest"]))
        name = canonicalize_name(entry["name"])
        found.setdefault(name, []).append((Version(entry["version"]), hashes))
    return found


def conda_problems(pyproject: str, environment: str) -> list[str]:
    want, have = wanted(pyproject), conda(environment)
    python = tomllib.loads(pyproject)["project"]["requires-python"]
    want["python"] = Requirement(f"python{python}")
    return [
        f"{name}: pyproject.toml says {want.get(name)}, environment.yml {have.get(name)}"
        for name in sorted(want.keys() | have.keys())
        if str(want.get(name)) != str(have.get(name))
    ]


def oldest_problems(pyproject: str, lock: str) -> list[str]:
    """Name the direct dependencies whose lower bound is not what the tests were run with."""
    have = locked(lock)
    return [
        f"{want}: requirements.oldest.lock has {version}, so nobody knows whether the bound holds"
        for name, want in wanted(pyproject).items()
        for version, _ in have.get(name, [])
        if not any(one.operator == ">=" and Version(one.version) == version for one in want.specifier)
    ]


def lock_problems(pyproject: str, lock: str) -> list[str]:
    have = locked(lock)
    # make env builds without isolation: the build's requirements must be locked too
    builds = map(Requirement, tomllib.loads(pyproject)["build-system"]["requires"])
    problems = [
        f"{want}: the lock has {[str(version) for version, _ in have.get(name, [])]}"
        for name, want in [*wanted(pyproject).items(), *((b.name, b) for b in builds)]
        if name not in have or any(version not in want.specifier for version, _ in have[name])
    ]
    problems += [f"{n}: no hash" for n, all_ in have.items() if not all(count for _, count in all_)]
    outside = re.findall(r"^.*(?:://|\s@\s|^\s*--(?!hash=sha256:)).*$", lock, re.M)
    return problems + [f"not a pinned, hashed package: {line}" for line in outside]


@cache
def imported(folder: Path) -> set[str]:
    """Return the top-level names that the folder's modules import, wherever in them, from outside the project."""
    paths = sorted(folder.rglob("*.py"))
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) if node.module and not node.level
    }
    own = {"cxzy_lib", *(path.stem for path in paths)}
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - own


distributions = cache(packages_distributions)


def undeclared(pyproject: str) -> list[str]:
    """Return the imports that no direct dependency brings; the library may not lean on those of development."""
    everything = wanted(pyproject)
    project = tomllib.loads(pyproject)["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    reports = {canonicalize_name(Requirement(line).name) for line in [*project["dependencies"], *extras]}
    brought_by = distributions()
    return [
        f"{folder} imports {name}, which no dependency in pyproject.toml brings"
        for folder, declared in (
            ("cxzy_lib", reports),
            ("tests", set(everything)),
            ("benchmarks", set(everything)),
        )
        for name in sorted(imported(ROOT / folder))
        if declared.isdisjoint(map(canonicalize_name, brought_by.get(name, [])))
    ]


def problems(pyproject: str, environment: str, newest: str, oldest: str) -> list[str]:
    found = conda_problems(pyproject, environment) + undeclared(pyproject)
    found += lock_problems(pyproject, newest) + lock_problems(pyproject, oldest)
    return found + oldest_problems(pyproject, oldest)


def test_the_files_agree():
    assert problems(*FILES.values()) == []


def test_everything_is_read():
    assert len(wanted(FILES["pyproject.toml"])) > 30
    assert len(locked(FILES["requirements.lock"])) > 100
    assert {"pandas", "msgspec", "fontTools"} <= imported(ROOT / "cxzy_lib")
    assert {"pytest", "yaml"} <= imported(ROOT / "tests")


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "named"),
    [
        ("pyproject.toml", r'"pandas>=3"', '"pandas>=4"', "pandas"),
        ("pyproject.toml", r'"pandas>=3"', '"pandas>=3", "cxzy-none"', "cxzy-none"),
        ("pyproject.toml", r'"hatchling>=1.27"\]', '"hatchling>=999"]', "hatchling>=999"),
        ("pyproject.toml", r'requires-python = ">=3.11"', 'requires-python = ">=3.12"', "python"),
        ("pyproject.toml", r'"msgspec>=\S*",', "", "cxzy_lib imports msgspec"),
        ("pyproject.toml", r'"pyyaml>=\S*",', "", "tests imports yaml"),
        (
            "pyproject.toml",
            r'("fonttools\[woff\]>=4.55",)((?s:.*)dev = \[)',
            r"\2 \1",
            "cxzy_lib imports fontTools",
        ),
        ("environment.yml", r"- matplotlib>=3.10.7,<3.13", "- matplotlib>=3.10.7", "matplotlib"),
        ("environment.yml", r"- fonttools\[woff\]", "- fonttools", "fonttools"),
        ("environment.yml", r"- nbval\S*\n", "\n", "nbval"),
        ("environment.yml", r"- nbval", "- pyspark\n  - nbval", "pyspark"),
        ("requirements.lock", r"^seaborn==\S+", "seaborn==0.13.1", "seaborn"),
        ("requirements.lock", r"^matplotlib==\S+", "matplotlib==3.13.0", "matplotlib"),
        ("requirements.lock", r"^tqdm==(.*\n)(    --hash.*\n)+", "", "tqdm"),
        ("requirements.lock", r"^tqdm==(\S+).*\n(    --hash.*\n)+", r"tqdm==\1\n", "tqdm"),
        ("requirements.oldest.lock", r"^pandas==\S+", "pandas==3.0.1", "pandas>=3: requirements.oldest.lock"),
        ("requirements.oldest.lock", r"^seaborn==\S+", "seaborn==0.13.1", "seaborn"),
        ("requirements.lock", r"\A", "--extra-index-url somewhere\n", "somewhere"),
        ("requirements.lock", r"\A", "# https://example.org\n", "example.org"),
        ("requirements.lock", r"\A", "six @ file:///six.whl\n", "six.whl"),
    ],
)
def test_a_difference_is_named(file, pattern, replacement, named):
    changed, count = re.subn(pattern, replacement, FILES[file], count=1, flags=re.M)
    assert count == 1
    assert named in "\n".join(problems(*(FILES | {file: changed}).values()))
