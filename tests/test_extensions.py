"""Extensions: a file of handlers, an installed package, a function; and what is wrong with one."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from unittest import mock

from netsuite import extensions
from netsuite.compose import Site, compose
from netsuite.config.check import problems
from netsuite.config.load import read
from netsuite.extensions import NAMES, extend, extend_by_name, extend_from_file
from netsuite.home import SiteError
from netsuite.plugin import plugin
from netsuite.telnet.shell.command import command
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric

HANDLERS = """
from own_part import TEXT  # a module beside it
from netsuite.http.commands import Response
from netsuite.smtp.policy.interface import Policy
from netsuite.telnet.shell.command import command
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

told = []

async def on_mail(envelope, message):
    told.append(envelope)

def on_upload(file): ...

on_article = [told.append, print]
policies = {"submission": [Policy()], "lmtp": Policy()}

async def hello(request):
    return Response(200, (), TEXT)

routes = {"GET /hello": hello, "/short": hello, "PUT POST /both": hello}
mounts = {"/app/": hello}
rpc = {"add": lambda a, b: a + b}
checkers = [InMemoryUsernamePasswordDatabaseDontUse()]

@command("weather", "", "tell the weather")
async def weather(shell, words): ...

shell_commands = [weather]

def extend(site):
    site.extended = True
"""


class Case(SynchronousTestCase):
    """A site to be extended."""

    def setUp(self) -> None:
        self.site = Site(memory=True, reactor=Fabric())
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        before = list(sys.path), set(sys.modules)

        def restore() -> None:
            sys.path[:] = before[0]
            for name in set(sys.modules) - before[1]:
                if name.startswith("own_"):
                    del sys.modules[name]

        self.addCleanup(restore)

    def file(self, text: str, name: str = "own_handlers.py") -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def refused(self, text: str) -> str:
        """Return why a file of handlers is refused."""
        with self.assertRaises(SiteError) as caught:
            extend_from_file(self.site, self.file(text))
        message = str(caught.exception)
        self.assertEqual(1, len(message.splitlines()))
        self.assertIn("own_handlers.py", message)
        return message


class Files(Case):
    """Files of handlers."""

    def test_everything(self) -> None:
        """Each name adds what it has."""
        self.file('TEXT = b"hello"', "own_part.py")
        extend_from_file(self.site, self.file(HANDLERS))
        site = self.site
        arrivals = site.arrivals
        self.assertEqual(1, len(arrivals.mail))
        self.assertEqual(1, len(arrivals.files))
        self.assertEqual(2, len(arrivals.articles))
        self.assertEqual((0, 1, 1), tuple(
            len(site.policies.of(each)) for each in ("smtp", "submission", "lmtp")
        ))  # fmt: skip
        self.assertIn("weather", [each.name for each in site.shell_commands])
        self.assertTrue(vars(site)["extended"])
        for route in ("/hello", "/short", "/both", "/app/"):
            with self.assertRaises(ValueError, msg=route):
                site.http.add("GET PUT", "/hello", lambda request: None)  # type: ignore[arg-type, return-value]

    def test_wrong(self) -> None:
        """What is wrong is said in a line, with the line of the file."""
        for text, said in (
            ("x = 1\n", f"has nothing to add: none of {', '.join(NAMES)}"),
            ("x = \n", "line 1: invalid syntax"),
            ("\n1 / 0\n", "ZeroDivisionError: division by zero (line 2 of"),
            ("import own_nothing\n", "ModuleNotFoundError: No module named 'own_nothing' (line 1"),
            ("policies = [1]\n", "policies TypeError: 1 is no netsuite.smtp.policy"),
            ("routes = {'GET hello': print}\n", "routes ValueError: 'GET hello': a path begins"),
            ("mounts = {'/x': print}\n", "mounts ValueError: '/x': a prefix begins and ends"),
            ("def extend(site):\n    open('/nothing')\n", "(line 2 of"),
            ("import pathlib\n\npathlib.Path('/nothing').read_text()\n", "(line 3 of"),
            (
                "from netsuite.compose import Policy\npolicies = {'smpt': Policy()}\n",
                "policies judge smtp, submission, lmtp, not 'smpt'",
            ),
            ("on_mails = print\nrpc = {}\n", "has on_mails, of which nobody is told"),
            ("from . import part\n", "ImportError: attempted relative import"),
            ("x = '\0'\n", "null bytes"),
            ("routes = 3\n", "routes AttributeError"),
            ("checkers = [1]\n", "checkers TypeError"),
            ("def extend(site):\n    site.nothing\n", "extend AttributeError"),
        ):
            self.assertIn(said, self.refused(text))
        self.file("\nx = = 1\n", "own_part.py")
        self.assertRegex(self.refused("import own_part\n"), r"line 2 of .*own_part.py: invalid")
        with self.assertRaises(SiteError):
            extend_from_file(self.site, self.folder / "nothing.py")
        with self.assertRaises(SiteError):
            extend_from_file(self.site, self.folder)

    def test_names(self) -> None:
        """Files that are called alike, or as a module of Python's, are modules of their own."""
        text = (
            "from __future__ import annotations\n"
            "from dataclasses import dataclass\nfrom typing import get_type_hints\n"
            "class {0}: ...\n@dataclass\nclass Noted:\n    what: {0}\n"
            "get_type_hints(Noted)\nrpc = {{'{0}': lambda: 1}}\n"
        )
        (self.folder / "deeper").mkdir()
        for name, word in (("own_handlers.py", "A"), ("deeper/own_handlers.py", "B"),
                           ("email.py", "C")):  # fmt: skip
            extend_from_file(self.site, self.file(text.format(word), name))
            self.assertIn(word, self.site.rpc._methods)
        self.assertEqual({"own_handlers", "own_handlers_2", "email_2"}, {
            name for name in ("own_handlers", "own_handlers_2", "email_2") if name in sys.modules
        })  # fmt: skip
        del sys.modules["email_2"]
        self.file("1 / 0", "own_wrong.py")
        with self.assertRaises(SiteError):
            extend_from_file(self.site, self.folder / "own_wrong.py")
        self.assertNotIn("own_wrong", sys.modules)

    def test_of_the_plugin(self) -> None:
        """``--handlers`` adds them to the daemon's site; a wrong one ends the start."""
        path = self.file("def extend(site):\n    site.extended = True\n")
        options_class, make = plugin("smtp", "SMTP.")
        options = options_class()
        options.parseOptions(["--memory", "--handlers", str(path), "--listen", "tcp:0"])
        with mock.patch("netsuite.plugin.measure_time_by_itself"):
            daemon = make(options)
            self.assertTrue(vars(vars(daemon)["site"])["extended"])
            path.write_text("1 / 0")
            with self.assertRaises(SystemExit) as caught:
                make(options)
        self.assertIn("own_handlers.py cannot be run", str(caught.exception))


@command("weather", "", "tell the weather")
async def weather(shell: object, words: object) -> None:
    """A command."""


def add_weather(site: Site) -> None:
    """Add a command: an extension that is a function."""
    site.shell_commands.add(weather)


class Installed(Case):
    """Extensions of installed packages, by their entry points."""

    def setUp(self) -> None:
        super().setUp()
        module = ModuleType("own_module")
        vars(module)["rpc"] = {"one": lambda: 1}
        sys.modules["own_module"] = module
        there = [
            EntryPoint("weather", "tests.test_extensions:add_weather", "netsuite.extensions"),
            EntryPoint("methods", "own_module", "netsuite.extensions"),
            EntryPoint("gone", "own_gone", "netsuite.extensions"),
            EntryPoint("number", "tests.test_extensions:NUMBER", "netsuite.extensions"),
        ]
        for where in (extensions, sys.modules["netsuite.config.check"]):
            self.patch(where, "entry_points", lambda group: there)

    def test_named(self) -> None:
        """Those that settings name add what they have; others do nothing."""
        extend_by_name(self.site, [])
        self.assertNotIn("weather", [each.name for each in self.site.shell_commands])
        self.site.configure("site", extensions=["weather", "methods"])
        compose(self.site)
        self.assertIn("weather", [each.name for each in self.site.shell_commands])
        self.assertIn("one", self.site.rpc._methods)

    def test_wrong(self) -> None:
        """One that is not there, cannot be loaded or is nothing of use is named."""
        for name, said in (
            ("snow", "no extension snow is installed; there are: gone, methods, number, weather"),
            ("gone", "the extension gone cannot be loaded: ModuleNotFoundError"),
            ("number", "the extension number is neither a module nor a function"),
        ):
            with self.assertRaises(SiteError) as caught:
                extend_by_name(self.site, [name])
            self.assertIn(said, str(caught.exception))

    def test_checked(self) -> None:
        """``check-config`` finds one that is not installed."""
        configuration = read(None, ['site.extensions=["weather", "snow"]'])
        (problem,) = problems(configuration, self.folder.absolute(), Fabric())
        self.assertEqual("site.extensions", problem.key)
        self.assertIn("'snow'", problem.message)

    def test_a_function(self) -> None:
        """A function is an extension, and another thing is none."""
        extend(self.site, add_weather)
        self.assertIn("weather", [each.name for each in self.site.shell_commands])
        with self.assertRaises(SiteError):
            extend(self.site, NUMBER)


NUMBER = 7
