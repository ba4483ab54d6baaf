"""The dependency rule of docs/design.rst, checked on every import of the package."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from netsuite.connection.server import ServerConnection
from netsuite.testing.cases import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent / "netsuite"
#: Of the roof, what a service stands on.
SERVICE_ROOF = frozenset(
    {"bus", "home", "site", "plugin", "autoconfig.routes", "autoconfig.servers"}
)
PROTOCOLS = frozenset(
    {"smtp", "imap", "pop3", "managesieve", "nntp", "ftp", "http", "telnet", "gopher"}
)
STORE_PORTS = frozenset(
    f"store.{name}"
    for name in (
        "interfaces",
        "model",
        "outgoing",
        "changes",
        "errors",
        "file_locks",
        "file_usage",
        "query",
        "rights",
        "sharing",
        "tally",
        "tree",
    )
)
ACCOUNT_PORTS = frozenset({"accounts.interfaces"})
ROOF = frozenset(
    {
        "home",
        "bus",
        "workers",
        "control",
        "health",
        "console",
        "acme",
        "autoconfig",
        "logs",
        "openings",
        "storage",
        "site",
        "compose",
        "extensions",
        "demo",
        "daemon",
        "plugin",
        "clients",
        "aio",
        "blocking",
        "cli",
    }
)
#: Of ``config``: what settings are declared with, and may be by anybody; the rest is roof.
DECLARATIONS = frozenset({"config", "config.sections", "config.values"})

#: Below a protocol's folder, what is pure by its name; all else may know Twisted.
PURE = frozenset({"commands", "grammar", "dialog"})
#: Pure too, by the word of the module's own first lines: rules, tables and text of one protocol.
PURE_HELPERS = {
    "ftp": {"ascii", "list_forms", "listing", "paths", "reply_grammar"},
    "gopher": {"maps", "plus", "types", "urls"},
    "http": {"conditions", "decoding", "framing", "limits", "media", "paths", "ranges"},
    "imap": {"limits", "mutf7", "patterns", "sections", "sequences", "view"},
    "managesieve": set(),
    "nntp": {"overview", "wildmat"},
    "pop3": {"top"},
    "smtp": {"parameters", "relay"},
    "telnet": {"editing", "options", "sanitize"},
}
#: Imports that the rule would refuse, each with its reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def layer(module: str) -> str:
    """Name the layer of a module, from its path below netsuite alone."""
    parts = module.split(".")
    top = parts[0]
    if top in PROTOCOLS:
        second = parts[1] if len(parts) > 1 else ""
        if second in ("service", "settings"):
            return f"{top}/{second}"
        if parts[-1] == "settings":
            return f"{top}/settings"
        pure = second in PURE | PURE_HELPERS[top] or module == top
        pure = pure or module in ("http.xmlrpc", "http.xmlrpc.values")
        return f"{top}/pure" if pure else f"{top}/twisted"
    if top == "store":
        return "store/ports" if len(parts) == 1 or ".".join(parts[:2]) in STORE_PORTS else "store"
    if top == "config":
        return "declarations" if module in DECLARATIONS else "roof"
    return "roof" if top in ROOF else top


def may_import(importer: str, imported: str) -> bool:
    """Say whether the table of docs/design.rst allows one module of ours to import another."""
    mine, theirs = layer(importer), layer(imported)
    top, their_top = importer.split(".")[0], imported.split(".")[0]
    if their_top in ("", "__version__"):
        return True
    if their_top == "testing":
        return top == "testing"
    if mine == "roof" or top in ("testing", "__main__"):
        return True
    if top in PROTOCOLS:
        return _protocol_may(top, mine, imported, theirs)
    allowed = {
        "wire": {"wire"},
        "message": {"message", "wire"},
        "sasl": {"sasl", "wire"},
        "sieve": {"sieve", "message", "wire"},
        "store/ports": {"store/ports", "message"},
        "store": {"store/ports", "store", "message", "wire"},
        "accounts": {"accounts", "store/ports", "sasl", "sieve", "message", "wire"},
        "connection": {"connection", "certificates", "tls", "wire", "declarations"},
        "certificates": {"certificates", "connection"},
        "tls": {"tls", "certificates"},
        "dns": {"dns"},
        "declarations": {"declarations"},
    }
    return theirs in allowed[mine]


def _protocol_may(top: str, mine: str, imported: str, theirs: str) -> bool:
    their_top = imported.split(".")[0]
    if their_top in PROTOCOLS and their_top != top:
        return False
    pure = {"wire", "message", "sasl", f"{top}/pure"}
    if top == "managesieve":
        pure.add("sieve")
    if mine.endswith("/pure"):
        return theirs in pure
    if mine.endswith("/settings"):
        return theirs in pure | {"declarations", "connection"}
    shared = {"connection", "dns", "tls", "store/ports", f"{top}/twisted", f"{top}/settings"}
    if mine.endswith("/twisted"):
        return theirs in pure | shared or ".".join(imported.split(".")[:2]) in ACCOUNT_PORTS
    return (
        theirs in pure | shared | {"accounts", "certificates", f"{top}/service"}
        or imported in SERVICE_ROOF
    )


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give every module of the package: its name below netsuite, its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT).with_suffix("")
        parts = [part for part in relative.parts if part != "__init__"]
        yield ".".join(parts), ast.parse(path.read_text())


#: Every module of the package.
NAMES = frozenset(f"netsuite.{name}" if name else "netsuite" for name, _ in modules())


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give what a module imports, as (top-level package, dotted name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            top = node.module.split(".")[0]
            if top != "netsuite":
                yield top, node.module
                continue
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield top, name if name in NAMES or node.module == "netsuite" else node.module


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the sets of modules that import each other, directly or by way of others."""
    reaches: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += graph.get(each, ())
        reaches[start] = seen
    found = {
        tuple(sorted(other for other in seen if start in reaches.get(other, ())))
        for start, seen in reaches.items()
        if start in seen
    }
    return sorted(list(each) for each in found)


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
            and (module, name.removeprefix("netsuite").lstrip(".")) not in EXCEPTIONS
        ]
        self.assertEqual([], wrong)
        self.assertLessEqual(len(EXCEPTIONS), 5)

    def test_no_circles(self) -> None:
        """No module takes part in an import circle, imports for types alone included."""
        graph = {
            f"netsuite.{module}": {name for _, name in imports(tree) if name in NAMES}
            for module, tree in modules()
            if module
        }
        self.assertEqual([], circles(graph))
        self.assertEqual([["a", "b"]], circles({"a": {"b"}, "b": {"a", "c"}, "c": set()}))

    def test_types_are_imported_like_all_else(self) -> None:
        """Imports for types alone are for the few modules that must start quickly."""
        found = [module for module, tree in modules() if "TYPE_CHECKING" in ast.dump(tree)]
        self.assertLessEqual(len(found), 5, found)

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
            and (
                layer(module) in ("wire", "message", "sasl", "sieve")
                or layer(module).endswith("/pure")
            )
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
            ("config.sections", "store.model"),
            ("pop3.server.session", "config.check"),
            ("pop3.service", "daemon"),
        ]:
            self.assertFalse(may_import(importer, imported), f"{importer} -> {imported}")
        for importer, imported in [
            ("smtp.dialog", "wire.reader"),
            ("smtp.server", "accounts.interfaces"),
            ("smtp.settings", "config.values"),
            ("config.check", "store.model"),
            ("smtp.server", "store.errors"),
            ("smtp.service", "accounts.realm"),
            ("daemon", "store.sql"),
            ("testing.worlds", "store.memory"),
        ]:
            self.assertTrue(may_import(importer, imported), f"{importer} -> {imported}")


class Handlers(SynchronousTestCase):
    """Every command has its handler, and no handler is without a command."""

    def test_both_directions(self) -> None:
        """What a dialog says it gives is handled, or is what handlers take themselves."""
        for protocol in sorted(PROTOCOLS):
            dialog = importlib.import_module(f"netsuite.{protocol}.dialog")
            server = importlib.import_module(f"netsuite.{protocol}.server.dispatch")
            (made,) = [
                each
                for name, each in vars(server).items()
                if name.endswith("Server")
                and isinstance(each, type)
                and issubclass(each, ServerConnection)
            ]
            given, handled = set(get_args(dialog.ServerEvent)), set(made.handlers)
            with self.subTest(protocol):
                self.assertTrue(given)
                taken = given - handled
                self.assertEqual(set(), {each.__name__ for each in taken} - TAKEN[protocol])
                if protocol != "imap":  # its handlers' keys are what its commands carry
                    self.assertEqual(set(), handled - given)


#: By protocol, the events that handlers take themselves, or that the connection answers.
_BODY = {"BodyChunk", "EndOfBody", "EndOfInput"}
TAKEN = {
    "ftp": {"EndOfInput"},
    "gopher": {"EndOfInput"},
    "http": _BODY,
    "imap": _BODY | {"AppendMore", "AuthenticateResponse", "AuthenticateCancelled"},
    "managesieve": {"AuthResponse", "EndOfInput"},
    "nntp": _BODY | {"SASLResponse"},
    "pop3": _BODY | {"AuthResponse"},
    "smtp": _BODY | {"AuthResponse"},
    "telnet": {"EndOfInput"},
}


class Typing(SynchronousTestCase):
    """What types leave open."""

    def test_little_is_left_open(self) -> None:
        """Few annotations are a bare Any, few values cast, few imports for types alone."""
        bare = casts = guarded = 0
        for path in ROOT.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                for part in ("annotation", "returns"):
                    found = getattr(node, part, None)
                    bare += isinstance(found, ast.Name) and found.id == "Any"
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    casts += node.func.id == "cast"
                if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
                    guarded += node.test.id == "TYPE_CHECKING"
        self.assertLess(bare, 60)
        self.assertLessEqual(casts, 2)
        self.assertLessEqual(guarded, 5)
