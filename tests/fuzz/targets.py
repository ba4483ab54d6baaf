"""The servers in memory, as the fuzzer needs them: sessions to begin with, answers' forms."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twisted.internet.defer import ensureDeferred

from netsuite.store.memory import MemoryStore
from netsuite.testing.transcripts import Peer
from tests.coroutines import run
from tests.ftp import fakes as ftp
from tests.ftp.test_transcripts import peer as ftp_peer
from tests.gopher import worlds as gopher
from tests.gopher.test_transcripts import Peer as GopherPeer
from tests.http import worlds as http
from tests.http.test_transcripts import peer as http_peer
from tests.imap import world as imap
from tests.imap.test_transcripts import Peer as IMAPPeer
from tests.managesieve.test_transcripts import peer as managesieve_peer
from tests.nntp import fakes as nntp
from tests.nntp.test_transcripts import peer as nntp_peer
from tests.pop3.fakes import FakeDrop
from tests.pop3.test_transcripts import peer as pop3_peer
from tests.smtp.test_transcripts import peer as smtp_peer
from tests.telnet import worlds as telnet
from tests.telnet.test_transcripts import Peer as TelnetPeer

FOLDER: Final = Path(__file__).resolve().parent.parent / "transcripts"

#: Makes a world, and gives what connects to it.
World = Callable[[], Callable[[], Peer]]


@dataclass(frozen=True, slots=True)
class Target:
    """One protocol's server.

    Args:
        name: the protocol's.
        world: makes a new one.
        form: what all answers of a session match, as one.
        good: what is said to see that the server serves.
        answer: what its answer has in it.
        disordered: octets with this in them, in lower case, may be answered otherwise when they
            are cut otherwise.
    """

    name: str
    world: World
    form: re.Pattern[bytes]
    good: bytes
    answer: bytes
    disordered: bytes | None = None

    def seeds(self) -> list[bytes]:
        """Give what the clients of each conversation say, all of a conversation as one session."""
        return [
            b"".join(_said(path.read_text("utf-8")))
            for path in sorted((FOLDER / self.name).glob("*.txt"))
        ] + [self.good]


def _said(text: str) -> Iterator[bytes]:
    for line in text.splitlines():
        found = re.fullmatch(r"[0-9]*C([:\\]) ?(.*)", line)
        if found is None:
            continue
        how, said = found.groups()
        if how == "\\":
            yield ast.literal_eval(f"b'''{said}'''")
        else:
            yield said.encode() + b"\r\n"


def _imap() -> Callable[[], Peer]:
    world = imap.World()
    for subject in (b"one", b"two"):
        world.deliver(b"Subject: " + subject + b"\r\n\r\nbody\r\n")
    before: list[IMAPPeer] = []

    def connect() -> Peer:
        # Who is still there has what is recent (RFC 3501, 2.3.2), at a turn of its own.
        while before:
            before.pop().leave()
        before.append(IMAPPeer(world))
        return before[0]

    return connect


def _pop3() -> Callable[[], Peer]:
    drops: list[FakeDrop] = []
    return lambda: pop3_peer(drops)


def _managesieve() -> Callable[[], Peer]:
    store = MemoryStore()
    run(store.accounts.add_account("alice", None))
    return lambda: managesieve_peer(store)


def _nntp() -> Callable[[], Peer]:
    world = nntp.World()
    return lambda: nntp_peer(world)


def _ftp() -> Callable[[], Peer]:
    world = ftp.World()
    return lambda: ftp_peer(world)


def _http() -> Callable[[], Peer]:
    world = http.World()
    world.put("a.txt", b"0123456789\r\n")
    run(world.store.accounts.add_account("alice", None))
    return lambda: http_peer(world)


def _telnet() -> Callable[[], Peer]:
    world = telnet.World()
    ensureDeferred(world.fill())
    return lambda: TelnetPeer(world)


def _gopher() -> Callable[[], Peer]:
    world = gopher.World()
    ensureDeferred(world.fill())
    return lambda: GopherPeer(world)


def _form(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_CODES: Final = rb"(?:[1-5][0-9]{2}[ -][^\r\n]*\r\n)*"

TARGETS: Final = (
    Target("smtp", lambda: smtp_peer, _form(_CODES), b"EHLO x\r\nQUIT\r\n", b"\r\n221 2.0.0 "),
    Target(
        "imap", _imap, _form(rb"(?:(?:\*|\+|[!-~]+) [^\r\n].*)?(?:\r\n)?"),
        b"a LOGIN ann secret\r\nb SELECT INBOX\r\nc LOGOUT\r\n", b"\r\nc OK ", disordered=b"notify",
    ),
    Target("pop3", _pop3, _form(rb"\+OK .*\r\n"), b"CAPA\r\nQUIT\r\n", b"\r\n.\r\n+OK "),
    Target("nntp", _nntp, _form(rb"20[01] .*\r\n"), b"DATE\r\nQUIT\r\n", b"\r\n205 "),
    Target("ftp", _ftp, _form(rb"220[ -].*\r\n"), b"SYST\r\nQUIT\r\n", b"\r\n221 "),
    Target(
        "http", _http, _form(rb"(?:HTTP/1\.1 [1-5][0-9]{2} .*)?"),
        b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\nhello", disordered=b"expect",
    ),
    Target("telnet", _telnet, _form(rb".*"), b"\r\n", b"", disordered=b""),
    Target(
        "managesieve", _managesieve, _form(rb'"IMPLEMENTATION" .*\r\n'),
        b"CAPABILITY\r\nLOGOUT\r\n", b"\r\nOK \"Goodbye",
    ),
    Target("gopher", _gopher, _form(rb".*"), b"caps.txt\r\n", b"CAPS"),
)  # fmt: skip
