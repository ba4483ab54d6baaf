"""The rule of docs/testing.rst: where the tests of each module stand.

Each module has tests of its own, or those of its nearest package, or those that the table below
names; and each test module is some module's, or says here what it tries.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from netsuite.testing.cases import SynchronousTestCase

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
#: What is run by a process or imported by a name that is put together.
RUN_BY = {
    "netsuite.testing.daemon": ("netsuite.daemon",),
    "tests.suite.fleet": ("netsuite.workers.worker",),
    "tests.cli.commands": ("netsuite.cli", "netsuite.__main__"),
    "tests.testing.test_pytest_plugin": ("netsuite.testing.pytest_plugin",),
    "netsuite.cli.client.transfers": tuple(
        f"netsuite.cli.client.{name}" for name in ("ftp", "gopher", "http", "imap", "nntp", "pop3")
    ),
    **{
        f"netsuite.cli.client.{verb}": tuple(
            f"netsuite.cli.client.{verb}.{name}" for name in protocols.split()
        )
        for verb, protocols in {
            "changing": "ftp http imap pop3",
            "searching": "ftp gopher http imap nntp",
            "watching": "ftp http imap nntp",
            "capabilities": "ftp gopher http imap nntp pop3 smtp telnet",
        }.items()
    },
    "netsuite.store.sql.migrate": tuple(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "netsuite/store/sql/migrations").rglob("*.py"))
    ),
}

#: (modules, their test module, why not one of their own); the first that fits. ``{p}`` is the
#: module's first folder.
ELSEWHERE = (
    ("accounts.news*", "accounts/test_news", "one newsroom, and its groups"),
    ("accounts.posting", "nntp/test_server", "its refusals are seen as POST's"),
    ("accounts.checkers", "accounts/test_authentication", "asked by the authenticator alone"),
    ("accounts.realm", "accounts/test_authentication", "what the authenticator logs in to"),
    ("accounts.interfaces", "accounts/test_authentication", "Protocol classes"),
    ("accounts.naming", "cli/test_account", "judges the names an operator types"),
    ("accounts.answers", "accounts/test_filtering", "what scripts have sent"),
    ("accounts.refusals", "accounts/test_filtering", "what scripts refuse"),
    ("accounts.file_rules", "accounts/test_permissions", "what they are decided by"),
    ("accounts.*", "accounts/test_facets", "what a login is given"),
    ("cli.client.keymap", "cli/test_telnet", "a part of netsuite telnet"),
    ("cli.client.terminal", "cli/test_telnet", "a part of netsuite telnet"),
    ("cli.client.urls", "cli/test_client_urls", "tried with what each URL leads to"),
    ("cli.client.problems", "cli/test_exit_codes", "each problem has its exit code"),
    ("cli.client.running", "cli/test_exit_codes", "ends with a code and a line"),
    ("cli.client.*", "interop/test_netsuite_command", "the command, with real servers"),
    ("console.*", "console/test_console", "what a browser meets"),
    ("cli.dns", "cli/test_dkim", "publishes keys among others"),
    ("cli.alias", "cli/test_account", "aliases are refused as accounts are"),
    ("cli.exporting", "cli/test_transfer", "the work of the command"),
    ("cli.filling", "cli/test_transfer", "what import fills"),
    ("cli.importing", "cli/test_transfer", "the work of the command"),
    ("cli.leftout", "cli/test_transfer", "what import and export complain of"),
    ("cli.tables", "cli/test_copy_store", "the work of the command"),
    ("cli.message_bar", "cli/test_transfer", "what import and export show"),
    ("cli.homecheck", "cli/test_check", "the files' part of the command"),
    ("cli.tallycheck", "cli/test_check", "the files' part of the command"),
    ("cli.ftpcheck", "cli/test_ftp", "the work of the command"),
    ("cli.restoration", "cli/test_restore", "the work of the command"),
    ("cli.status", "cli/test_top", "shown alike"),
    ("cli.sessions", "cli/test_top", "shown alike"),
    ("cli.control", "suite/test_control", "asks a running daemon"),
    ("cli.running", "suite/test_control", "asks a running daemon"),
    ("cli.steering", "suite/test_control", "asks a running daemon"),
    ("cli.log", "suite/test_control", "asks a running daemon"),
    ("cli*", "cli/test_command", "the command as a whole"),
    ("smtp", "smtp/test_mailer", "names of the client"),
    ("smtp.delivery.explain", "cli/test_queue", "one line of netsuite queue why"),
    ("smtp.delivery.facts", "cli/test_queue", "the lines of netsuite queue show"),
    ("smtp.delivery.*", "smtp/delivery/test_agent", "parts of one delivery"),
    ("testing", "testing/test_trial", "its names, each imported when it is asked for"),
    ("testing.__main__", "testing/test_foreground", "the command line of what runs there"),
    ("testing.names", "test_dns", "what the DNS client asks"),
    ("*.settings", "config/test_load", "declarations, tried by what reads them"),
    ("config.*", "config/test_load", "what loading consists of"),
    ("health.*", "health/test_service", "what machines ask, from the numbers to their text"),
    ("control.questions", "control/test_answers", "shapes of the answers"),
    ("control.*", "control/test_service", "what is behind the socket"),
    ("connection.errors", "connection/test_client", "raised by the client's half"),
    ("connection.session_group", "ftp/test_client", "FTP alone resumes sessions"),
    ("connection.listening", "test_daemon", "binds real ports"),
    ("connection.peer", "connection/test_factory", "by its peers it counts"),
    ("connection.counts", "connection/test_factory", "by which it counts"),
    ("connection.readlog", "logs/test_form", "lines as text and as JSON"),
    ("connection.*", "connection/test_pump", "objects that the pump holds"),
    ("*.service", "test_daemon", "a plugin's body; the daemon makes them all"),
    ("*.replies", "{p}/test_server", "a table, tried by what the server says"),
    ("ftp.transfer.incoming", "ftp/test_accepting", "reads what was accepted"),
    ("ftp.transfer.*", "ftp/test_transfers", "one transfer"),
    ("ftp.mirror.*", "ftp/mirror/test_mirror", "parts of one mirror"),
    ("ftp.*", "ftp/test_grammar", "the pure parts"),
    ("gopher.maps.parts", "gopher/maps/test_gophermap", "what all forms are made of"),
    ("gopher.*", "gopher/test_grammar", "the pure parts"),
    ("http.conditions", "http/test_files", "preconditions of files"),
    ("http.ranges", "http/test_files", "ranges of files"),
    ("http.listing", "http/test_files", "listings of directories"),
    ("http.response_cache", "http/test_files", "remembers files"),
    ("http.pool", "http/test_client", "the client's connections"),
    ("http.exchange", "http/test_server", "what a request is answered on"),
    ("http.request", "http/test_files", "what a handler is given, with all it asks"),
    ("http.responses", "http/test_server", "what a handler returns"),
    ("http.router", "http/test_server", "what finds a handler"),
    ("http.*", "http/test_pure", "the pure parts"),
    ("imap.limits", "imap/test_dialog", "values that the dialog keeps to"),
    ("imap.commands*", "imap/test_grammar", "values, read and printed"),
    ("message.structure", "message/test_scan", "what the scanner makes"),
    ("message.reading", "http/test_news", "an article for reading, as a page"),
    ("message.news", "nntp/test_server", "an article's own fields"),
    ("message.fields", "message/test_scan", "the scanner's headers"),
    ("message.bounce", "message/test_build", "composed as messages are"),
    ("message.*", "message/test_headers", "parts of a header field"),
    ("nntp.dialog", "nntp/test_splits", "any conversation, cut anywhere"),
    ("nntp.overview", "nntp/test_server", "OVER's lines"),
    ("nntp.*", "nntp/test_grammar", "the pure parts"),
    ("pop3.*", "pop3/test_dialog", "the pure parts"),
    ("managesieve.commands", "managesieve/test_grammar", "values, read and printed"),
    ("sasl.lines", "smtp/test_grammar", "read and printed by the grammars of two protocols"),
    ("sasl.*", "sasl/test_mechanisms", "each mechanism, both its sides"),
    ("sieve.script", "sieve/test_compiler", "what is compiled"),
    ("sieve.commands", "sieve/test_compiler", "the table it goes by"),
    ("sieve.checks", "sieve/test_compiler", "what it refuses"),
    ("sieve.encoded", "sieve/test_compiler", "characters of strings"),
    ("sieve.*", "sieve/test_interpreter", "parts of a run"),
    ("smtp.policy.authors", "smtp/policy/test_signing", "whose messages are signed"),
    ("smtp.policy.content", "smtp/policy/test_verification", "what is verified"),
    ("smtp.policy.dkim", "smtp/policy/test_verification", "signatures, verified"),
    ("smtp.policy.milter_packets", "smtp/policy/test_milter", "its packets"),
    ("smtp.policy.names", "smtp/policy/test_greeting", "the policy that asks for them"),
    ("smtp.policy.spf_record", "smtp/policy/test_spf", "records, evaluated"),
    ("smtp.commands", "smtp/test_grammar", "values, read and printed"),
    ("smtp", "smtp/test_mailer", "the names of its client"),
    ("smtp.header_rewriter", "smtp/test_server", "seen in what is stored"),
    ("store.files.openat", "store/files/test_escapes", "that nothing leads out"),
    ("store.files.subtree", "store/files/test_memory", "a tree like the others"),
    ("store.files.syscalls", "store/files/test_uploads", "with a kernel that fails"),
    ("store.files.errors", "store/files/test_uploads", "with a kernel that fails"),
    ("store.files.inotify", "store/files/test_watching", "what the kernel says"),
    ("store.files*", "store/files/test_disk", "the contract of trees"),
    ("store.octet_locks", "store/test_turns", "what turns are made of"),
    ("store.tree", "store/files/test_disk", "the contract of trees"),
    ("store.*", "store/test_memory", "the contract of stores"),
    ("telnet.commands", "telnet/test_grammar", "values, read and printed"),
    ("testing.files_contract*", "store/files/test_disk", "tests themselves"),
    ("testing.store_contract*", "store/test_memory", "tests themselves"),
    ("testing.case", "testing/test_trial", "as trial runs it"),
    ("testing.anybody", "testing/test_mail", "whose mailbox a recipient's is"),
    ("testing.requests", "testing/test_suite", "what HTTP was asked"),
    ("testing.*", "pop3/test_server", "what servers are tried with"),
    ("workers.process", "workers/test_crew", "one of the crew"),
    ("workers.worker", "suite/test_workers", "a process of its own"),
    ("wire.errors", "connection/test_server", "the guard looks into the table"),
    ("wire.events", "wire/test_multiline", "values that dialogs give"),
    ("site", "test_daemon", "what the daemon consists of"),
    ("certificates", "test_tls", "what a server begins TLS with"),
    ("openings", "test_compose", "where what is composed listens"),
    ("home", "test_daemon", "what the daemon consists of"),
    ("__main__", "cli/test_command", "runs the command"),
)

#: Test modules that are no module's, and what they try.
WIDER = {
    "*/test_transcripts": "conversations as text files",
    "*/test_splits": "any conversation, cut anywhere",
    "*/test_hostile*": "what is sent to do harm",
    "*/test_crash": "a process killed in the midst",
    "*/test_power_cut": "what a disk has after any call",
    "accounts/test_exchange": "the authenticator's exchanges and the throttle's turns together",
    "suite/*": "across protocols",
    "interop/*": "other people's clients",
    "fuzz/*": "every server, mutated conversations",
    "regressions/*": "what once went wrong, across parts",
    "connection/test_shapes": "one connection for protocols of every shape",
    "*/test_starttls": "what came in the clear is never executed",
    "ftp/mirror/test_cuts": "any tree, over connections that break anywhere",
    "ftp/test_codes": "every command in every state",
    "ftp/test_facts": "what drafts and custom have added: facts of files",
    "ftp/test_hashes": "... hashes of files, and parts of them",
    "ftp/test_hosts": "... hosts of one server, and who the client is",
    "ftp/test_limits": "bandwidth, in transfers",
    "ftp/test_mode_z": "deflated transfers",
    "imap/test_client_extensions": "the client's methods for extensions",
    "imap/test_enable": "what ENABLE changes, all over the session",
    "imap/test_following": "clients that follow a mailbox, strictly",
    "imap/test_sessions": "many sessions in one mailbox",
    "smtp/test_with_accounts": "with real accounts, SASL and TLS",
    "smtp/test_with_policies": "sessions that are judged",
    "store/test_batches": "many deliveries in one transaction",
    "store/test_upgrade": "all migrations, on what the first release had written",
    "store/test_random_queries": "both stores, and a plain reading of the messages",
    "store/test_same": "two stores with one history",
    "store/test_sqlite": "the contract on SQLite",
    "store/test_postgresql": "the contract on PostgreSQL",
    "store/test_distributed": "the contract without what some databases lack",
    "smtp/delivery/test_scripts": "scripts at the end of the queue",
    "telnet/test_shell_*": "the shell, as its users see it",
    "testing/faults/test_ftp_data": "what a protocol has beside its session: FTP's transfers",
    "testing/test_one_body": "the same test on every ground",
    "test_architecture": "the dependency rule",
    "test_conformance": "what servers announce is documented",
    "test_design": "what the design names is there",
    "test_docs_*": "the examples in the documentation",
    "test_mirror": "this rule",
    "test_packaging": "a wheel in a fresh environment",
}


def modules() -> Iterator[str]:
    """Return the names of the modules that have something to be tried, from below netsuite."""
    for path in sorted((ROOT / "netsuite").rglob("*.py")):
        parts = path.relative_to(ROOT / "netsuite").with_suffix("").parts
        if parts[-1] != "__init__":
            yield ".".join(parts)
        elif _defines(path):
            yield ".".join(parts[:-1])


def _defines(path: Path) -> bool:
    """Return whether a package's own file has more than imports and names."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, kinds) for node in ast.parse(path.read_text()).body)


def candidates(module: str) -> Iterator[str]:
    """Return the test modules that the rule allows, the best first: ``tests/a/b/test_c.py`` or
    ``tests/a/test_c.py`` for ``netsuite/a/b/c.py``, then the same for ``netsuite/a/b``."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        *folders, name = parts[:end]
        for depth in range(len(folders), min(len(folders), 1) - 1, -1):
            yield "/".join([*folders[:depth], f"test_{name}"])


def by_rule(module: str) -> str | None:
    """Return where the tests of a module stand by the rule alone, or None."""
    return next((each for each in candidates(module) if (TESTS / f"{each}.py").exists()), None)


def where_tested(module: str) -> str | None:
    """Return where the tests of a module stand, or None."""
    found = by_rule(module)
    if found is not None:
        return found
    for pattern, tests, _ in ELSEWHERE:
        if fnmatchcase(module, pattern):
            return tests.format(p=module.split(".")[0])
    return None


def _file(dotted: str) -> Path | None:
    """Return the file of a module of ours."""
    base = ROOT.joinpath(*dotted.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


@functools.cache
def imported(dotted: str) -> frozenset[str]:
    """Return the modules of ours that a module imports, itself."""
    path = _file(dotted)
    assert path is not None, dotted
    found = set(RUN_BY.get(dotted, ()))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)  # a command's module, which is imported when it is wanted
    ours = {name for name in found if name.startswith(("netsuite", "tests"))}
    packages = {name.rpartition(".")[0] for name in ours} - {""}
    return frozenset(name for name in ours | packages if _file(name))


def reached(start: str) -> set[str]:
    """Return the modules of ours that a module imports, by way of others too."""
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imported(name)
    return seen


class Mirror(SynchronousTestCase):
    """Modules and their tests."""

    def test_each_module_is_tested(self) -> None:
        """Each has a test module, which is there."""
        for module in modules():
            found = where_tested(module)
            self.assertIsNotNone(found, module)
            self.assertTrue((TESTS / f"{found}.py").exists(), f"{module}: {found}")

    def test_tests_reach_their_module(self) -> None:
        """A test module imports what it is said to try, if only by way of others."""
        missed = []
        for module in modules():
            found = where_tested(module) or ""
            if f"netsuite.{module}" not in reached("tests." + found.replace("/", ".")):
                missed.append(f"{found} does not reach {module}")
        self.assertEqual([], missed)

    def test_each_test_module_belongs_somewhere(self) -> None:
        """Each is some module's, or is named in the table of those that are wider."""
        named = {where_tested(module) for module in modules()}
        for path in sorted(TESTS.rglob("test_*.py")):
            name = path.relative_to(TESTS).with_suffix("").as_posix()
            wider = [pattern for pattern in WIDER if fnmatchcase(name, pattern)]
            self.assertTrue(name in named or wider, f"{name} belongs to no module")

    def test_no_entry_is_left_over(self) -> None:
        """An entry of either table that stands for nothing is taken out."""
        patterns = [pattern for pattern, _, _ in ELSEWHERE]
        others = [module for module in modules() if by_rule(module) is None]
        used = {next(each for each in patterns if fnmatchcase(module, each)) for module in others}
        self.assertEqual(set(), set(patterns) - used)
        files = [p.relative_to(TESTS).with_suffix("").as_posix() for p in TESTS.rglob("test_*.py")]
        for pattern in WIDER:
            self.assertTrue(any(fnmatchcase(name, pattern) for name in files), pattern)
