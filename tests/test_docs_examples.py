"""The projects of docs/examples, each run by the command its README names, against a wheel."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wheels import ROOT, built, environment, run

EXAMPLES = ROOT / "docs" / "examples"
#: Each with what it needs beside netsuite.
NEEDS = {"blocking": ("pytest",), "pytest_twisted": ("pytest", "pytest-twisted"), "trial": ()}
#: What a test may have.
MOST_LINES = 8
#: Of one command.
SECONDS = 60.0

_COMMAND = re.compile(r"^    \$ python -m (.+)$", re.MULTILINE)
_INSTALL = re.compile(r"^    \$ pip install netsuite ?(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a wheel of what is committed."""
    place = tmp_path_factory.mktemp("wheel")
    yield built(place)
    shutil.rmtree(place, ignore_errors=True)


def functions(example: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the tests of an example."""
    return [
        node
        for path in sorted((EXAMPLES / example).glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]


@pytest.mark.long
@pytest.mark.parametrize("example", NEEDS)
def test_example(example: str, wheel: Path, tmp_path: Path) -> None:
    """All its tests pass, with what its README has one install, and by its command."""
    readme = (EXAMPLES / example / "README.md").read_text()
    (command,), (needs,) = _COMMAND.findall(readme), _INSTALL.findall(readme)
    assert needs.split() == list(NEEDS[example])
    binaries = environment(tmp_path / "env", wheel, *NEEDS[example])
    project = tmp_path / "project"
    leave = shutil.ignore_patterns("__pycache__", ".pytest_cache", "_trial_temp*")
    shutil.copytree(EXAMPLES / example, project, ignore=leave)
    printed = run(binaries / "python", "-m", *command.split(), cwd=project, seconds=SECONDS)
    passed = re.search(r"(\d+) passed|successes=(\d+)\)", printed)
    assert passed, printed
    assert int(passed[1] or passed[2]) >= len(functions(example)) > 0
    assert "skip" not in printed.lower()
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_all_are_run() -> None:
    """There is no other example with tests that nobody runs."""
    assert {path.parent.name for path in EXAMPLES.glob("*/test_*.py")} == set(NEEDS)


@pytest.mark.parametrize("example", NEEDS)
def test_short(example: str) -> None:
    """Each test is short."""
    for test in functions(example):
        assert (test.end_lineno or 0) - test.lineno < MOST_LINES, test.name
