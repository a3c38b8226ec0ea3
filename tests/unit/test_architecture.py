"""The house: the core knows nothing of the edges, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "copilot_metrics_action"
CORE = {
    "charts",
    "counting_changes",
    "drafts",
    "effects",
    "errors",
    "escape",
    "export",
    "history",
    "intake",
    "legacy",
    "metrics",
    "people",
    "places",
    "refusals",
    "report",
    "symptoms",
    "teams",
    "templates",
    "trends",
    "triage",
}
# What reaches the outside: the network, files, the environment, the clock, other processes.
OUTSIDE = {
    "github",
    "http",
    "os",
    "pathlib",
    "requests",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "time",
    "urllib3",
}


def module_of(file: Path) -> str:
    return file.relative_to(ROOT / PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Every imported module and name, wherever in the file, but for those that only types need."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            yield from ((node.module or "", alias.name) for alias in node.names)


def ours(file: Path) -> set[str]:
    """The modules of the package that a file imports."""
    found = set()
    for module, name in imports(file):
        parts = module.split(".")
        if parts[0] == PACKAGE:
            found.add(parts[1] if len(parts) > 1 else name)
    return found


def test_architecture__every_module_has_its_place() -> None:
    """The page that explains the house names all of its top level, and nothing that is not there."""
    tables = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Where a new thing goes")[0]
    rows = [line for line in tables.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    modules = {module_of(file) for file in FILES} - {"__init__"}
    assert modules <= named, f"not in docs/architecture.md: {sorted(modules - named)}"
    first = {row.split("`")[1] for row in rows}
    assert first <= modules, f"no such module: {sorted(first - modules)}"


FILES = sorted((ROOT / PACKAGE).rglob("*.py"))
CORE_FILES = [file for file in FILES if module_of(file) in CORE]


def test_core__is_all_there() -> None:
    assert {module_of(file) for file in CORE_FILES} == CORE


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda file: file.relative_to(ROOT / PACKAGE).as_posix())
def test_core__imports_no_edge(file: Path) -> None:
    assert ours(file) - CORE == set()
    assert {module.split(".")[0] for module, _ in imports(file)} & OUTSIDE == set()


@pytest.mark.parametrize("file", CORE_FILES, ids=lambda file: file.relative_to(ROOT / PACKAGE).as_posix())
def test_core__asks_no_clock_and_opens_no_file(file: Path) -> None:
    called = {node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)}
    names = {node.id for node in called if isinstance(node, ast.Name)}
    names |= {node.attr for node in called if isinstance(node, ast.Attribute)}
    assert names & {"open", "today", "now", "utcnow", "getenv", "write_text", "write_bytes", "print", "input"} == set()


def test_stages__import_in_the_order_of_the_pipeline() -> None:
    order = ["errors", "metrics", "people", "history", "trends", "effects", "symptoms", "charts", "report"]
    for file in CORE_FILES:
        module = module_of(file)
        later = set(order[order.index(module) + 1 :]) if module in order else set()
        assert ours(file) & later == set(), file


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after running this."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import__nothing_heavy_before_something_is_drawn() -> None:
    loaded = loaded_by(f"import {PACKAGE}.cli, {PACKAGE}.pipeline, {PACKAGE}.check, {PACKAGE}.made_up")
    assert PACKAGE in loaded
    # NumPy serves the statistics as well, so it is there.
    assert loaded & {"matplotlib", "PIL", "pandas", "holidays"} == set()
    # Of PyGithub only what sends requests; without what signs the tokens of Apps.
    assert loaded & {"github", "jwt", "cryptography", "nacl"} == set()
    assert "requests" in loaded


def test_import__the_package_alone_is_light() -> None:
    loaded = loaded_by(f"import {PACKAGE}")
    assert loaded & {"github", "requests", "yaml", "jinja2", "matplotlib", "numpy"} == set()
