"""The pieces of Python that show clients, in the documentation, run as they stand.

Names of hosts lead to servers of a suite, on whose certificates the clients rely.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import endpoints
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from netsuite import tls
from netsuite.clients import opening
from netsuite.http import client as http_client
from netsuite.testing import BlockingSuite, authority, serve

DOCS = Path(__file__).resolve().parent.parent / "docs"
#: A block and what is indented below it.
BLOCK = re.compile(r"^\.\. code-block:: python\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
CLIENT = re.compile(r"^(?:Client|The client)\n-+\n(.*?)(?=^[^\n]+\n--+\n|\Z)", re.M | re.S)
#: The services behind the ports that URLs mean.
PORTS = {
    21: "ftp", 23: "telnet", 25: "smtp", 70: "gopher", 80: "http", 110: "pop3", 119: "nntp",
    143: "imap", 587: "submission",
}  # fmt: skip
TLS_PORTS = {443: "http", 563: "nntp", 990: "ftp", 992: "telnet", 993: "imap", 995: "pop3"}
PASSWORDS = {"ann": "secret", "alice": "netsuite"}


@pytest.fixture(scope="module")
def suite() -> Iterator[BlockingSuite]:
    """What the pieces speak to."""
    with serve(domain="example.org") as suite:
        for name in ("ann", "alice", "bob"):
            suite.mailbox(name, PASSWORDS.get(name)).deliver(subject="One")
        suite.group("comp.lang.python").post(subject="A question")
        for name in ("picture.gif", "big", "notes.txt"):
            suite.files()[name] = f"This is {name}."
        suite.files("ann")["public/page.txt"] = "A page."
        yield suite


@pytest.fixture
def world(suite: BlockingSuite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BlockingSuite:
    """Have every host be the suite, and the directory an empty one but for an answer to post."""
    original, options = endpoints.HostnameEndpoint, tls.client_options
    pem = authority.write(tmp_path / "authority.pem")

    def here(reactor: Any, host: str, port: int, **named: Any) -> Any:
        assert host.endswith(".example.org") or port not in {*PORTS, *TLS_PORTS}
        if port in PORTS:
            port = suite[PORTS[port]].port
        elif port in TLS_PORTS:
            port = suite[TLS_PORTS[port]].tls_port
        return original(reactor, "127.0.0.1", port, **named)

    def trusted(host: str, **named: Any) -> tls.ClientContext:
        assert host.endswith(".example.org")
        return options("localhost", **{**named, "authorities": pem})

    for module in (endpoints, opening, http_client):
        monkeypatch.setattr(module, "HostnameEndpoint", here)
    for owner in (tls, opening):
        monkeypatch.setattr(owner, "client_options", trusted)
    monkeypatch.chdir(tmp_path)
    Path("answer.eml").write_text(
        "From: ann@example.org\nNewsgroups: comp.lang.python\nSubject: An answer\n\nIt is so.\n"
    )
    return suite


def pieces_of(text: str) -> list[str]:
    """Return the pieces of Python in a text."""
    return [textwrap.dedent(piece) for piece in BLOCK.findall(text)]


async def run(piece: str, printed: list[str]) -> None:
    """Run a piece that awaits at its top."""
    made: dict[str, Callable[[], Awaitable[None]]] = {}
    names = {"print": lambda *words, sep=" ": printed.append(sep.join(map(str, words)))}
    exec(f"async def piece():\n{textwrap.indent(piece, '    ')}", names, made)
    await made["piece"]()


#: By page, what a line that is printed by its pieces begins with; and files that are made.
PAGES: dict[str, tuple[list[str], list[str]]] = {
    "ftp": ([], ["page.txt", "public/page.txt"]),
    "gopher": (["1 comp.lang.python"], ["picture.gif"]),
    "http": (["['system."], ["big"]),
    "imap": (["Exists(messages="], []),
    "nntp": (["1 A question"], ["article.eml"]),
    "pop3": ([], ["*.eml"]),
    "smtp": (["bob@example.org 250"], []),
    "telnet": (["0 "], []),
}


@pytest.mark.parametrize("page", PAGES)
async def test_pages_of_protocols(world: BlockingSuite, page: str) -> None:
    """Each piece of a page's section on its client does what it says."""
    (section,) = CLIENT.findall((DOCS / "protocols" / f"{page}.rst").read_text())
    printed: list[str] = []
    ann = world.mailbox("ann")
    arriving = LoopingCall(deferToThread, ann.deliver, subject="Another")
    if page == "imap":
        arriving.start(0.1).addErrback(lambda failure: None)
    pieces = pieces_of(section)
    assert pieces
    for piece in pieces:
        await run(piece, printed)
    if arriving.running:
        arriving.stop()
    lines, files = PAGES[page]
    for line in lines:
        assert [each for each in printed if each.startswith(line)], printed
    for file in files:
        assert [each for each in Path().glob(file) if each.stat().st_size], list(Path().iterdir())


def python_clients() -> list[str]:
    """Return the pieces of the page on the clients."""
    return pieces_of((DOCS / "howto" / "python-clients.rst").read_text())


async def test_awaited(world: BlockingSuite) -> None:
    """Those of ``netsuite.clients``."""
    printed: list[str] = []
    for piece in python_clients():
        if "import clients" in piece:
            await run(piece, printed)
    assert printed[0].isdigit()
    assert printed[-1] == "10 of 10"
    assert Path("copy.txt").read_bytes() == b"Remember.\n"


def test_waited_for(world: BlockingSuite) -> None:
    """Those of ``netsuite.aio`` and ``netsuite.blocking``."""
    printed: list[str] = []
    names: dict[str, object] = {}
    for piece in python_clients():
        if "import clients" not in piece:
            names["print"] = lambda *words, sep=" ": printed.append(sep.join(map(str, words)))
            exec(piece, names)
    assert [each for each in printed[:2] if each.isdigit()] == printed[:2]
    assert printed[2:] == ["200 b'This is notes.txt.'"]
