"""What docs/design.rst names is there: modules, folders, classes, functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "netsuite"
PROTOCOLS = ("smtp", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet", "gopher")
#: What stands between double backquotes.
QUOTED = re.findall(r"``([^`]+)``", (REPOSITORY / "docs" / "design.rst").read_text())
#: The first folder of a path that is one of ours.
FOLDERS = frozenset(path.name for path in PACKAGE.iterdir()) | {"docs", "tests"}
#: Files that every protocol's ``server/`` has.
SERVER_FILES = ("session.py", "shared.py", "dispatch.py", "factory.py")


def is_path(text: str) -> bool:
    """Return whether a quoted text is the path of a module or folder."""
    if not re.fullmatch(r"[\w<>/]+(\.py|\.rst)?", text) or text in SERVER_FILES:
        return False
    return text.endswith(".py") or ("/" in text and text.partition("/")[0] in FOLDERS)


def exists(path: str) -> bool:
    """Return whether a module or folder is there: below the package, or in the repository."""
    places = (PACKAGE / path, PACKAGE / f"{path}.py", REPOSITORY / path)
    return any(place.exists() for place in places)


def defined(tree: ast.AST) -> set[str]:
    """Return the names of the classes and functions of a module, and of the values it names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


class Design(SynchronousTestCase):
    """The page about the design."""

    def test_paths(self) -> None:
        """Every path is there; that of ``<protocol>`` for each of them."""
        paths = {text.partition(":")[0] for text in QUOTED}
        paths = {path for path in paths if is_path(path) and "<group>" not in path}
        self.assertGreater(len(paths), 40)
        for path in paths:
            for protocol in PROTOCOLS if "<protocol>" in path else ("",):
                named = path.replace("<protocol>", protocol)
                self.assertTrue(exists(named), f"docs/design.rst names {named}")

    def test_servers(self) -> None:
        """Every server has the files of the table."""
        for protocol in PROTOCOLS:
            for name in SERVER_FILES:
                self.assertIn(name, QUOTED)
                self.assertTrue(exists(f"{protocol}/server/{name}"), f"{protocol}/server/{name}")

    def test_classes(self) -> None:
        """Every class that is named by a word of its own is defined."""
        names = set[str]()
        for path in PACKAGE.rglob("*.py"):
            names |= defined(ast.parse(path.read_text()))
        classes = {re.match(r"[A-Z]\w*", text) for text in QUOTED if "/" not in text}
        for found in classes - {None}:
            assert found is not None
            if re.search(r"[a-z]", found.group()):
                self.assertIn(found.group(), names)

    def test_functions(self) -> None:
        """What is named as ``module.py: function`` is defined there."""
        for text in QUOTED:
            path, colon, name = text.partition(": ")
            if colon and is_path(path):
                self.assertIn(name, defined(ast.parse((PACKAGE / path).read_text())))
