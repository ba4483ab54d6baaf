"""The pieces of Python in the documentation use what is there, with the arguments it takes."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase

DOCS = Path(__file__).resolve().parent.parent / "docs"
#: A block and what is indented below it.
BLOCK = re.compile(r"^\.\. code-block:: python\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)


def pieces() -> Iterator[tuple[str, ast.Module]]:
    """Return each piece of Python with the name of its file; what awaits is within a function."""
    for path in sorted(DOCS.rglob("*.rst")):
        for block in BLOCK.finditer(path.read_text()):
            text = textwrap.indent(textwrap.dedent(block.group(1)), "    ")
            yield path.name, ast.parse(f"async def piece():\n{text}")
    yield "example.tac", ast.parse((DOCS / "howto" / "example.tac").read_text())


def imported(tree: ast.Module) -> dict[str, object]:
    """Return what a piece imports of ours, by name. Raises ImportError, AttributeError."""
    found: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("netsuite"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = getattr(module, alias.name)
    return found


def made_by(value: ast.expr, known: dict[str, object]) -> type | None:
    """Return the class of what an expression makes, where that is plain to see."""
    call = value.value if isinstance(value, ast.Await) else value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return None
    function = known.get(call.func.id)
    if isinstance(function, type):
        return function
    if inspect.isfunction(function):
        result = typing.get_type_hints(function).get("return")
        return result if isinstance(result, type) else None
    return None


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, Callable[..., object], bool]]:
    """Return calls of what is ours: the call, what it calls, whether that is a method."""
    known = imported(tree)
    variables: dict[str, type] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made = made_by(node.value, known)
            if made is not None:
                variables[node.targets[0].id] = made
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(name):
                function = known.get(name)
                if callable(function):
                    yield node, function, False
            case ast.Attribute(ast.Name(name), method) if name in variables:
                yield node, getattr(variables[name], method), True


class Pieces(SynchronousTestCase):
    """Pieces of Python in the documentation."""

    def test_calls(self) -> None:
        """Every call of ours could be made as it is written."""
        found = 0
        for name, tree in pieces():
            for call, function, is_method in calls(tree):
                arguments = [*([None] if is_method else []), *([None] * len(call.args))]
                keywords = {each.arg: None for each in call.keywords if each.arg}
                try:
                    inspect.signature(function).bind(*arguments, **keywords)
                except TypeError as error:
                    self.fail(f"{name}: {ast.unparse(call)}: {error}")
                found += 1
        self.assertGreater(found, 30)

    def test_every_client(self) -> None:
        """The page of each protocol has a piece that uses its client."""
        used = {name for name, tree in pieces() if any(True for _ in calls(tree))}
        pages = {path.name for path in (DOCS / "protocols").glob("*.rst")}
        pages -= {"index.rst", "managesieve.rst", "telnet-shell.rst"}  # of servers alone
        self.assertEqual(set(), pages - used)
