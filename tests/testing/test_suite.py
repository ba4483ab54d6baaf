"""A suite under test: its services and accounts, what it knows of them, how it begins and ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from netsuite.connection.listening import CannotStart
from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.imap import client as imap
from netsuite.smtp import Result, send
from netsuite.store.errors import NoSuchAccount
from netsuite.testing.certificates import Authority
from netsuite.testing.faults import Faults
from netsuite.testing.faults.rules import UnmetExpectation
from netsuite.testing.grounds import Memory
from netsuite.testing.requests import Request
from netsuite.testing.suite import SERVICES, Suite, at_once
from tests.testing.worlds import in_memory


async def sent(suite: Suite, recipient: str = "ann@example.test") -> Result:
    """Send a message by SMTP; return what became of it."""
    (result,) = await send(
        b"Subject: Hi\r\n\r\n",
        "a@example.net",
        [recipient],
        to=suite.smtp.endpoint,
        reactor=suite.clock,
    )
    return result


def test_a_service_has_all_faults() -> None:
    """``smtp.refusing`` is ``smtp.faults.refusing``, and no other name of a service hides one."""
    with in_memory("smtp") as suite:
        for name, of_class in vars(Faults).items():
            if callable(of_class) and not name.startswith("_"):
                assert getattr(suite.smtp, name).__func__ is of_class, name


def test_services() -> None:
    """All, where none is named; each by its name, on a port of its own, and one under TLS."""
    with in_memory() as suite:
        assert tuple(each.name for each in suite) == SERVICES
        ports = {each.port for each in suite}
        assert len(ports) == len(SERVICES)
        for name in SERVICES:
            service = suite[name]
            assert getattr(suite, name, service) is service
            assert service.address == (service.host, service.port) == ("127.0.0.1", service.port)
            assert service.url == f"{name}://127.0.0.1:{service.port}/"
            if name not in ("lmtp", "gopher"):
                assert service.tls_port not in ports
        assert suite.transcripts() == "no session has begun"


def test_unknown() -> None:
    """What there is not is named."""
    with pytest.raises(ValueError, match="no service: uucp, x25; there are"):
        Suite("smtp", "x25", "uucp", ground=Memory())
    with in_memory("smtp") as suite, pytest.raises(KeyError):
        suite.imap  # noqa: B018


def test_sessions() -> None:
    """How many there are now; they end when a test says so."""
    with in_memory("imap") as suite:

        async def body() -> None:
            for _ in range(2):
                await imap.connect(suite.imap.endpoint, clock=suite.clock)
            assert suite.imap.sessions == len(suite.imap.transcripts) == 2

        suite.ground.run(body)
        suite.imap.end_sessions()
        suite.ground.reactor.settle()
        assert suite.imap.sessions == 0
        assert all(each.ended for each in suite.imap.transcripts)


def test_tls() -> None:
    """By STARTTLS and from the first octet, with what the authority has signed."""
    house = Authority("of this test")
    ground = Memory()
    suite = Suite("imap", ground=ground, authority=house)
    ground.run(suite.start)

    async def body() -> None:
        tls = house.client_options("127.0.0.1")
        for endpoint, implicit in ((suite.imap.endpoint, False), (suite.imap.tls_endpoint, True)):
            client = await imap.connect(
                endpoint, clock=suite.clock, tls_context=tls, implicit=implicit
            )
            assert client.peer.tls_version == "TLSv1.3"
            await client.logout()

    ground.run(body)
    ground.run(suite.stop)


def test_anybody() -> None:
    """Each recipient is made, of whatever domain; else those alone whom a test has made."""
    with in_memory("smtp") as suite:

        async def body() -> None:
            for recipient in (
                "ann@example.test",
                "bob+tag@elsewhere.test",
                "postmaster@example.test",
            ):
                assert (await sent(suite, recipient)).taken, recipient
            assert len(await suite.mailbox("bob").wait(1)) == 1

        suite.ground.run(body)
    ground = Memory()
    strict = Suite("smtp", ground=ground, anybody=False)
    ground.run(strict.start)
    assert ground.run(lambda: sent(strict)).reply.code == 550
    strict.mailbox("ann")
    assert ground.run(lambda: sent(strict)).reply.code == 250
    ground.run(strict.stop)


def test_mailboxes() -> None:
    """An account is made once, with the password of the first time; files make it, too."""
    with in_memory("imap") as suite:

        async def body() -> None:
            ann = suite.mailbox("ann", "of my own")
            assert suite.mailbox("ann") is ann
            suite.files("bob")
            for name, password in (("ann", "of my own"), ("bob", "secret")):
                client = await imap.connect(suite.imap.endpoint, clock=suite.clock)
                await client.login(name, password)
                await client.logout()

        suite.ground.run(body)


def test_requests() -> None:
    """What HTTP was asked."""
    with in_memory("http") as suite:

        async def body() -> None:
            client = HTTPClient(suite.reactor)
            async with await client.get(
                f"{suite.http.url}a?b=c", fields=Fields([("X-Test", "y")])
            ) as found:
                assert found.status == 404
            await client.close()
            (asked,) = suite.http.requests
            assert (asked.method, asked.path, asked.query) == ("GET", "/a", "b=c")
            assert asked.fields["x-test"] == "y"
            assert Request("GET", "/", "").fields == {}

        suite.ground.run(body)


def test_seed() -> None:
    """The same seed gives the same ids and dates, those of 2026."""

    def transcript(seed: int | None) -> tuple[str, datetime]:
        with in_memory("smtp", seed=seed) as suite:
            suite.ground.run(lambda: sent(suite))
            account = at_once(suite.store.accounts.account("ann"))
            inbox = at_once(suite.store.mail.folder(account.id, "INBOX"))
            (message,) = at_once(suite.store.mail.messages(inbox.id, None, account.id))
            return str(message.content), message.internal_date

    assert transcript(1) == transcript(1)
    assert transcript(1)[1].year == 2026
    assert transcript(None)[1].year >= 2026


def test_reset() -> None:
    """Everything is as at the start, and goes on from there."""
    with in_memory("smtp", "imap", "http") as suite:

        async def body() -> None:
            suite.smtp.refusing("RCPT", 550)
            assert not (await sent(suite)).taken
            await suite.mailbox("ann").deliver()
            await suite.group("local.test").post()
            await suite.files().put("a.txt", "a")
            await imap.connect(suite.imap.endpoint, clock=suite.clock)
            await suite.reset()
            assert suite.imap.sessions == len(suite.smtp.transcripts) == 0
            assert await suite.store.accounts.accounts() == []
            with pytest.raises(NoSuchAccount):
                await suite.store.accounts.account("ann")
            assert await suite.mailbox("ann").messages() == []
            assert await suite.group("local.test").articles() == []
            assert await suite.files().names() == []
            assert (await sent(suite)).taken
            assert len(await suite.mailbox("ann").wait(1)) == 1

        suite.ground.run(body)


def test_load(tmp_path: Path) -> None:
    """What a directory has, in the order of names; line ends are those of mail."""
    for name, text in (
        ("mail/ann/2.eml", "Subject: two\n\nHi.\n"),
        ("mail/ann/1.eml", "Subject: one\r\n\r\nHi.\r\n"),
        ("mail/ann/Lists/News/1.eml", "Subject: three\n\n"),
        ("news/local.test/1", "Subject: four\nNewsgroups: local.test\n\n"),
        ("files/public/a/b.txt", "five"),
        ("files/home/bob/c.txt", "six\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    with in_memory("imap") as suite:

        async def body() -> None:
            await suite.load(tmp_path)
            ann = suite.mailbox("ann")
            assert [each["Subject"] for each in await ann.messages()] == ["one", "two"]
            assert (await ann.messages())[1].octets == b"Subject: two\r\n\r\nHi.\r\n"
            assert len(await ann.messages("Lists/News")) == 1
            assert len(await suite.group("local.test").articles()) == 1
            assert await suite.files().read("a/b.txt") == b"five"
            assert await suite.files("bob").read("c.txt") == b"six\n"
            await suite.load(tmp_path / "nothing")

        suite.ground.run(body)


def test_stop() -> None:
    """It may be stopped twice, or before it was started; what has not happened is told."""
    ground = Memory()
    suite = Suite("smtp", ground=ground)
    ground.run(suite.stop)
    ground.run(suite.start)
    suite.smtp.refusing("RCPT", 451, times=1)
    with pytest.raises(UnmetExpectation, match="RCPT"):
        ground.run(suite.stop)
    ground.run(suite.stop)
    assert not ground.open()


def test_ports() -> None:
    """A port may be chosen; one that is taken is told of."""
    ground = Memory()
    suite = Suite("smtp", ground=ground, ports={"smtp": 2525, "smtp-tls": 4650})
    ground.run(suite.start)
    assert (suite.smtp.port, suite.smtp.tls_port) == (2525, 4650)
    other = Suite("imap", ground=ground, ports={"imap": 2525})
    with pytest.raises(CannotStart):
        ground.run(other.start)
    ground.run(suite.stop)
    ground.run(other.stop)


def test_at_once() -> None:
    """What does not wait has a result, or raises; what waits is a fault."""

    async def returns() -> str:
        return "it"

    async def raises() -> None:
        raise KeyError("seven")

    assert at_once(returns()) == "it"
    with pytest.raises(KeyError, match="seven"):
        at_once(raises())
    with pytest.raises(AssertionError, match="it has to wait"):
        at_once(Deferred[None]())
