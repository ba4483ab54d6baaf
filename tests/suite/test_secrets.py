"""No transcript, no log and no client's conversation has a password in it, or what proves one.

Each protocol and each mechanism, right and wrong, over one suite in memory; then all that was
written down is searched for all that was secret, in every form in which it was said.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import traceback
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from twisted.internet.protocol import Protocol
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher
from zope.interface import implementer

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import parse_url
from netsuite.connection import errors
from netsuite.connection.client import OneConnection
from netsuite.connection.transcript import Transcript
from netsuite.ftp import client as ftp
from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.imap import client as imap
from netsuite.nntp import client as nntp
from netsuite.pop3 import client as pop3
from netsuite.sasl import registry
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.smtp.client import connection as smtp
from netsuite.telnet import client as telnet
from netsuite.testing.grounds import Memory
from netsuite.testing.health import settled
from netsuite.testing.suite import Suite

USER: Final = "ann"
RIGHT: Final = "open-sesame-7731"
WRONG: Final = "close-sesame-4402"
TOKEN: Final = "eyJhbGciOi.good-token-5566"
BAD_TOKEN: Final = "eyJhbGciOi.bad-token-9911"
MECHANISMS: Final = tuple(
    name for name in registry.STRONGEST_FIRST if name not in ("EXTERNAL", "ANONYMOUS")
)
#: Service to its URL's scheme.
SCHEMES: Final = {
    "smtp": "smtp",
    "submission": "smtp",
    "imap": "imap",
    "pop3": "pop3",
    "nntp": "nntp",
}

SASLClient: TypeAlias = smtp.SMTPClient | imap.IMAPClient | pop3.POP3Client | nntp.NNTPClient


class Told(typing.Protocol):
    """A client that tells what was said."""

    def conversation(self) -> Sequence[str]:
        """Return the last lines."""

    def abort(self) -> None:
        """Drop the connection."""


class Secrets:
    """All that must not be found, each with what it is, in every form in which it may be said."""

    def __init__(self) -> None:
        self.forms: dict[str, str] = {}
        for secret in (RIGHT, WRONG, TOKEN, BAD_TOKEN):
            self.add(secret.encode(), secret)

    def add(self, octets: bytes, what: str) -> None:
        """Add octets: clear, hexadecimal, and base64 of them behind whatever stands before."""
        self.forms.setdefault(octets.decode("latin-1"), what)
        for form in (octets.hex(), octets.hex().upper()):
            self.forms.setdefault(form, f"{what} in hexadecimal")
        for before in range(3):
            encoded = base64.b64encode(bytes(before) + octets).decode()
            # Those of its letters that are of these octets alone.
            first, last = -(-before * 8 // 6), (before + len(octets)) * 8 // 6
            self.forms.setdefault(encoded[first:last], f"{what} in base64")

    def found_in(self, text: str) -> list[str]:
        """Return what is found in a text."""
        return sorted({what for form, what in self.forms.items() if form in text})


class Noting:
    """A mechanism whose exchange is secret: the proof, the server's, the salt, digests."""

    def __init__(self, mechanism: ClientMechanism, secrets: Secrets) -> None:
        self.name = mechanism.name
        self._mechanism = mechanism
        self._secrets = secrets

    def initial(self) -> bytes | None:
        """As the mechanism has it."""
        initial = self._mechanism.initial()
        if initial is not None:
            self._note(initial, "initial response")
        return initial

    def respond(self, challenge: bytes) -> bytes:
        """As the mechanism has it."""
        self._note(challenge, "challenge")
        response = self._mechanism.respond(challenge)
        self._note(response, "response")
        return response

    def finished(self, octets: bytes | None) -> None:
        """As the mechanism has it."""
        if octets is not None:
            self._note(octets, "data with the success")
        self._mechanism.finished(octets)

    def _note(self, octets: bytes, what: str) -> None:
        if self.name.startswith("SCRAM"):
            for each in octets.split(b","):
                if each[:2] in (b"p=", b"v=", b"s="):
                    self._secrets.add(each, f"{self.name}'s {what} {each[:2].decode()}")
        elif self.name != "CRAM-MD5":
            return  # in which nothing is secret but the password, or the token
        if octets:
            self._secrets.add(octets, f"{self.name}'s {what}")


@implementer(ILogObserver)
class World:
    """A suite, everything that is written down of it, and everything that is secret."""

    def __init__(self, suite: Suite, authorities: Path) -> None:
        self.suite = suite
        self.secrets = Secrets()
        self.written: list[tuple[str, str]] = []
        self._authorities = authorities

    def __call__(self, event: LogEvent) -> None:
        """Write down an event: its text, with the traceback, and all that is in it."""
        self.write("log", eventAsText(event))
        self.write("log event", repr(dict(event)))

    def write(self, where: str, text: str) -> None:
        """Write down a text."""
        self.written.append((where, text))

    def leaks(self) -> list[str]:
        """Return all that was found where it should not be."""
        told = [
            (f"transcript of {session.name}", str(session))
            for service in self.suite
            for session in service.transcripts
        ]
        return [
            f"{where}: {what}: {text}"
            for where, text in [*told, *self.written]
            for what in self.secrets.found_in(text)
        ]

    def session(self, name: str, *, under_tls: bool = False, scheme: str = "") -> ClientSession:
        """Return the command's session with a service, as with -v."""
        service = self.suite[name]
        port = service.tls_port if under_tls else service.port
        url = f"{scheme or SCHEMES.get(name, name)}{'s' if under_tls else ''}://127.0.0.1:{port}/"

        def observe(side: str, text: str, seconds: float) -> None:
            self.write(f"-v of {name}", f"{side}: {text}")

        access = Access(tls=TLSUse.NONE, authorities=self._authorities, observer=observe)
        return ClientSession(self.suite.reactor, parse_url(url), access, (USER, RIGHT))

    @asynccontextmanager
    async def telling(self, client: Told) -> AsyncIterator[None]:
        """Write down a client's conversation, and its error."""
        try:
            yield
        except errors.ClientError as error:
            self.write("an error", "\n".join([repr(error), str(error), *error.conversation]))
            self.write("a traceback", "".join(traceback.format_exception(error)))
            self.write("what an error has", repr(vars(error)))
        finally:
            self.write("a conversation", "\n".join(client.conversation()))
            client.abort()
            await settled(self.suite.clock)

    def run(self, work: LoggingIn) -> None:
        """Run something with clients in it."""
        self.suite.ground.run(lambda: work(self))


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Give a suite of all services, whose log is written down."""
    settings = ("accounts.cram_md5=true", "smtp.offer_auth=true")
    suite = Suite(ground=Memory(), settings=settings)
    made = World(suite, suite.authority.write(folder / "authority.pem"))

    def check_token(username: str, token: str) -> str | None:
        return username if token == TOKEN else None

    suite.site.authenticator.check_token = check_token
    globalLogPublisher.addObserver(made)
    try:
        suite.ground.run(suite.start)
        suite.mailbox(USER, RIGHT)
        yield made
        suite.ground.run(suite.stop)
    finally:
        globalLogPublisher.removeObserver(made)


async def connected(session: ClientSession, name: str) -> SASLClient:
    """Connect a client with which one can log in by SASL."""
    endpoint, way = session.endpoint(), session.way()
    if name == "imap":
        return await imap.connect(endpoint, **way)
    if name == "pop3":
        return await pop3.connect(endpoint, **way)
    if name == "nntp":
        return await nntp.connect(endpoint, **way)
    return await smtp.connect(endpoint, helo="client.example.test", **way)


async def by_mechanisms(world: World) -> None:
    """Log in to each protocol by each mechanism, right and wrong; where channels are bound, under
    TLS."""
    nonces = (f"nonce{number}".encode() for number in itertools.count())
    for service, name, right in itertools.product(SCHEMES, MECHANISMS, (True, False)):
        session = world.session(service, under_tls=name.endswith("PLUS"))
        client = await connected(session, service)
        mechanism = registry.client(
            name,
            nonce=lambda: next(nonces),
            username=USER,
            password=RIGHT if right else WRONG,
            token=TOKEN if right else BAD_TOKEN,
            binding=client.peer.binding,
        )
        assert mechanism is not None, name
        assert name in client.mechanisms, (service, name)
        let_in = False
        async with world.telling(client):
            await client.authenticate(Noting(mechanism, world.secrets))
            let_in = True
        assert let_in is right, (service, name)


async def by_passwords(world: World) -> None:
    """Log in with name and password, as each protocol has it, right and wrong."""
    for password in (RIGHT, WRONG):
        for service in ("imap", "pop3", "nntp"):
            client = await connected(world.session(service), service)
            async with world.telling(client):
                assert not isinstance(client, smtp.SMTPClient)
                await client.login(USER, password)
        session = world.session("ftp")
        reach = session.data_endpoint
        files = await ftp.connect(session.endpoint(), reach=reach, **session.way())
        async with world.telling(files):
            await files.login(USER, password)
        session = world.session("telnet")
        shell = await telnet.connect(session.endpoint(), clock=session.clock)
        async with world.telling(shell):
            await shell.login(USER, password, seconds=60.0)
            await shell.write_line(f"passwd\n{password}")
            await shell.write_line("quit")
            await shell.read_all(seconds=60.0)


async def by_http(world: World) -> None:
    """Log in by HTTP, in a field and in the URL; with a token and cookies, too."""
    session = world.session("http")
    client = HTTPClient(
        session.reactor, endpoint=lambda origin: session.endpoint(origin.host, origin.port)
    )
    for password in (RIGHT, WRONG):
        fields = Fields(
            [("Cookie", f"session={password}"), ("Proxy-Authorization", f"Bearer {TOKEN}")]
        )
        url = f"{world.suite.http.url}~{USER}/"
        for target, login in (
            (url, (USER, password)),
            (url.replace("://", f"://{USER}:{password}@"), None),
        ):
            response = await client.request(
                "PUT", f"{target}x", body=b"x", fields=fields, login=login
            )
            await response.read()
            world.write("a response", repr(response))
    await client.close()


#: Conversations of clients that are not ours, in the pieces in which they come: what is pipelined,
#: what is in no grammar. ``{0}`` is the password, ``{plain}`` and ``{b64}`` what SASL makes of it.
TYPED: Final = (
    ("pop3", ["USER ann\r\nPASS {0}\r\n"]),
    ("pop3", ["USER ann\r\n", " PASS {0}\r\n", "pass\t{0}\r\n", "PASS  {0}\r\n"]),
    ("pop3", ["NOOP\r\nAUTH PLAIN\r\n", "{plain}\r\n"]),
    ("pop3", ["CAPA\r\nAUTH LOGIN\r\n", "YW5u\r\n", "{b64}", "\r\nNOOP\r\n"]),
    ("pop3", ["APOP ann {digest}\r\n"]),
    ("pop3", ["AUTH  PLAIN {plain}\r\n", 'AUTH "PLAIN" {plain}\r\n']),
    ("imap", ['a LOGIN ann "{0}"\r\n', "b  LOGIN ann {0}\r\n", " c LOGIN ann {0}\r\n"]),
    ("imap", ["a NOOP\r\nb LOGIN ann {{16}}\r\n", "{0}\r\n"]),
    ("imap", ["a NOOP\r\nb LOGIN {{3}}\r\n", "ann {{16}}\r\n", "{0}\r\nc NOOP\r\n"]),
    ("imap", ["a NOOP\r\nb LOGIN {{3+}}\r\nann {{16+}}\r\n", "{0}\r\n"]),
    ("imap", ["a NOOP\r\nb AUTHENTICATE PLAIN\r\n", "{plain}\r\n"]),
    ("imap", ["x" * 100 + " LOGIN ann {0}\r\n"]),
    ("nntp", ["AUTHINFO USER ann\r\nAUTHINFO PASS {0}\r\n"]),
    ("nntp", ["authinfo user ann\r\n", "authinfo  pass {0}\r\n"]),
    ("nntp", ["DATE\r\nAUTHINFO SASL PLAIN\r\n", "{plain}\r\n"]),
    ("nntp", ["AUTHINFO SIMPLE {0}\r\n", "AUTHINFO GENERIC any ann {0}\r\n"]),
    ("ftp", ["USER ann\r\nPASS {0}\r\nACCT {0}\r\n"]),
    ("ftp", ["USER ann\r\n", " pass {0}\r\n", "PASS\t{0}\r\n"]),
    ("smtp", ["EHLO x\r\nNOOP\r\nAUTH PLAIN\r\n", "{plain}\r\n"]),
    ("submission", ["EHLO x\r\n", "NOOP\r\nAUTH LOGIN\r\n", "YW5u\r\n", "{b64}\r\n"]),
    ("submission", ["EHLO x\r\n", "AUTH LOGIN YW5u\r\n{b64}\r\n", "auth  plain {plain}\r\n"]),
    ("http", ["PUT /~ann/x HTTP/1.1\r\nHost: x\r\nAuthorization: Basic\r\n  {plain}\r\n\r\n"]),
    ("http", ["GET http://ann:{0}@x/ HTTP/1.1\r\nHost: x\r\ncookie : a={0}\r\n\r\n"]),
    ("telnet", ["ann\r\n{0}\r\n"]),
    ("telnet", ["ann\r\n", *RIGHT, "\r\n", "passwd\r\n", f"{RIGHT}\r\n{{0}}\r\n{{0}}\r\n"]),
)  # fmt: skip


async def as_typed(world: World) -> None:
    """Say what is in no client of ours."""
    for (service, pieces), password in itertools.product(TYPED, (RIGHT, WRONG)):
        forms = {
            "plain": base64.b64encode(f"\0{USER}\0{password}".encode()).decode(),
            "b64": base64.b64encode(password.encode()).decode(),
            "digest": hashlib.md5(f"<1@example.test>{password}".encode()).hexdigest(),
        }
        world.secrets.add(forms["digest"].encode(), "an APOP digest")
        wire = Protocol()
        await world.suite[service].endpoint.connect(OneConnection(wire))
        await settled(world.suite.clock)
        for piece in pieces:
            octets = piece.format(password, **forms).encode()
            assert wire.transport is not None
            wire.transport.write(octets)
            await settled(world.suite.clock)
        assert wire.transport is not None
        wire.transport.loseConnection()
        await settled(world.suite.clock)


LoggingIn: TypeAlias = Callable[[World], Awaitable[None]]

EVERY: Final = (by_mechanisms, by_passwords, by_http, as_typed)


@pytest.mark.parametrize("logging_in", EVERY)
def test_secrets(logging_in: LoggingIn, tmp_path: Path) -> None:
    """Nothing secret is found in what is written down."""
    with world(tmp_path) as here:
        here.run(logging_in)
        assert here.leaks() == []


@pytest.mark.parametrize("logging_in", EVERY)
def test_they_would_be_found(
    logging_in: LoggingIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without masks, they are: in every transcript and conversation."""
    monkeypatch.setattr(Transcript, "_masked", lambda self, side, line: line)
    monkeypatch.setattr(
        Transcript, "typed", lambda self, line, *, secret: self._line("C", line.encode())
    )
    with world(tmp_path) as here:
        here.run(logging_in)
        leaks = "\n".join(here.leaks())
        services: dict[LoggingIn, Collection[str]] = {
            by_mechanisms: SCHEMES,
            by_passwords: ("imap", "pop3", "nntp", "ftp", "telnet"),
            by_http: ("http",),
            as_typed: dict(TYPED),
        }
        for service in services[logging_in]:
            assert f"transcript of {service}" in leaks
            assert logging_in is as_typed or f"-v of {service}" in leaks
        if logging_in is by_mechanisms:
            for name in registry.SCRAM:
                assert f"{name}'s challenge v=" in leaks
