"""The dependency rule of docs/design.rst, checked on every import of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent / "netsuite"
PROTOCOLS = frozenset({"smtp", "imap", "pop3", "nntp", "ftp", "http", "telnet", "gopher"})
STORE_PORTS = frozenset(
    f"store.{name}" for name in ("interfaces", "model", "changes", "errors", "query", "tree")
)
ACCOUNT_PORTS = frozenset({"accounts.interfaces"})
ROOF = frozenset({"home", "site", "demo", "daemon", "cli"})

#: Below a protocol's folder, what stands on the Twisted side; all else there is pure.
TWISTED_SIDE = frozenset(
    {"replies", "server", "client", "queue", "delivery", "transaction", "transfer", "messagelog"}
    | {f"http.{each}" for each in ("access", "answers", "files", "listing", "news", "pool")}
    | {
        f"http.{each}"
        for each in ("request", "resources", "router", "xmlrpc.client", "xmlrpc.server")
    }
    | {"telnet.shell"}
)


def layer(module: str) -> str:
    """Name the layer of a module, from its path below netsuite alone."""
    parts = module.split(".")
    top = parts[0]
    if top in PROTOCOLS:
        second = parts[1] if len(parts) > 1 else ""
        if second == "service":
            return f"{top}/service"
        ours = {second, ".".join(parts[:2]), ".".join(parts[:3])} & TWISTED_SIDE
        return f"{top}/twisted" if ours else f"{top}/pure"
    if top == "store":
        return "store/ports" if len(parts) == 1 or ".".join(parts[:2]) in STORE_PORTS else "store"
    return top


def may_import(importer: str, imported: str) -> bool:
    """Say whether the table of docs/design.rst allows one module of ours to import another."""
    mine, theirs = layer(importer), layer(imported)
    top, their_top = importer.split(".")[0], imported.split(".")[0]
    if their_top in ("", "__version__"):
        return True
    if their_top == "testing":
        return top == "testing"
    if top in ROOF or top in ("testing", "__main__"):
        return True
    if top in PROTOCOLS:
        if their_top in PROTOCOLS and their_top != top:
            return False
        pure = {"wire", "message", "sasl", f"{top}/pure"}
        if mine.endswith("/pure"):
            return theirs in pure
        shared = {"connection", "tls", "store/ports", f"{top}/twisted"}
        ports = ".".join(imported.split(".")[:2]) in ACCOUNT_PORTS
        if mine.endswith("/twisted"):
            return theirs in pure | shared or ports
        roof = {"config", "accounts", "home", "site", "daemon"}
        return theirs in pure | shared | roof | {f"{top}/service"}
    allowed = {
        "wire": {"wire"},
        "message": {"message", "wire"},
        "sasl": {"sasl", "wire"},
        "store/ports": {"store/ports", "message"},
        "store": {"store/ports", "store", "message", "wire"},
        "accounts": {"accounts", "store/ports", "sasl", "message", "wire"},
        "connection": {"connection", "tls", "wire"},
        "tls": {"tls", "wire", "connection"},
        "config": {"config"},
    }
    return theirs in allowed[mine]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give every module of the package: its name below netsuite, its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT).with_suffix("")
        parts = [part for part in relative.parts if part != "__init__"]
        yield ".".join(parts), ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give what a module imports, as (top-level package, dotted name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "netsuite" or node.module in ("netsuite.store", "netsuite.accounts"):
                for alias in node.names:
                    yield "netsuite", f"{node.module}.{alias.name}"
            else:
                yield node.module.split(".")[0], node.module


class DependencyRule(SynchronousTestCase):
    """The layers import downwards only."""

    def test_our_own(self) -> None:
        """No module imports one of ours that its layer may not."""
        wrong = [
            f"{module} imports {name}"
            for module, tree in modules()
            for top, name in imports(tree)
            if top == "netsuite"
            and not may_import(module, name.removeprefix("netsuite").lstrip("."))
        ]
        self.assertEqual([], wrong)

    def test_pure_layers_know_no_twisted_no_clock_no_chance(self) -> None:
        """Pure layers import neither Twisted nor anything that does I/O or depends on time."""
        forbidden = {
            "twisted",
            "zope",
            "socket",
            "time",
            "random",
            "secrets",
            "os",
            "select",
            "asyncio",
            "threading",
            "subprocess",
            "logging",
            "ssl",
            "OpenSSL",
        }
        wrong = [
            f"{module} imports {name}"
            for module, tree in modules()
            for top, name in imports(tree)
            if top in forbidden
            and (layer(module) in ("wire", "message", "sasl") or layer(module).endswith("/pure"))
        ]
        self.assertEqual([], wrong)

    def test_no_ambient_reactor(self) -> None:
        """Only the roof and the services import the global reactor."""
        wrong = [
            module
            for module, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and node.module == "twisted.internet"
            and any(alias.name == "reactor" for alias in node.names)
            and module.split(".")[0] not in ROOF | {"testing"}
            and not layer(module).endswith("/service")
        ]
        self.assertEqual([], wrong)

    def test_every_module_says_its_job_first(self) -> None:
        """Every module opens with a docstring whose first line stands alone."""
        wrong = [module for module, tree in modules() if not ast.get_docstring(tree)]
        self.assertEqual([], wrong)

    def test_no_package_file_under_twisted(self) -> None:
        """An __init__.py under twisted/ would overwrite Twisted's own when installed."""
        self.assertEqual([], sorted(ROOT.parent.joinpath("twisted").rglob("__init__.py")))


class Table(SynchronousTestCase):
    """The rule itself can fail."""

    def test_refuses(self) -> None:
        """Imports against the rule are told apart from those along it."""
        for importer, imported in [
            ("wire.reader", "message.structure"),
            ("smtp.dialog", "store.model"),
            ("smtp.server", "imap.view"),
            ("smtp.server", "store.sql"),
            ("smtp.server", "accounts.realm"),
            ("accounts.realm", "store.memory"),
            ("store.memory", "testing"),
            ("config.load", "store.model"),
        ]:
            self.assertFalse(may_import(importer, imported), f"{importer} -> {imported}")
        for importer, imported in [
            ("smtp.dialog", "wire.reader"),
            ("smtp.server", "accounts.interfaces"),
            ("smtp.server", "store.errors"),
            ("smtp.service", "accounts.realm"),
            ("daemon", "store.sql"),
            ("testing.worlds", "store.memory"),
        ]:
            self.assertTrue(may_import(importer, imported), f"{importer} -> {imported}")
