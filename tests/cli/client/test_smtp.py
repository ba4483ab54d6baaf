"""``netsuite send`` to a server in memory: what is said to it, and what is printed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from netsuite.cli.client import smtp
from netsuite.cli.client.access import Access
from netsuite.cli.client.envelope import Envelope
from netsuite.cli.client.files import Letter
from netsuite.cli.client.problems import CommandError, Exit
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import parse_url
from netsuite.message.address import Address
from netsuite.smtp.server import SMTPServerFactory
from netsuite.smtp.settings import Mode
from netsuite.testing.fabric import Fabric
from tests.connection.joined import reached
from tests.smtp.fakes import FakeReceiver, make_shared

BOB, NOBODY = Address("bob", "example.test"), Address("nobody", "example.test")


class MemorySession(ClientSession):
    """A session with a server in memory."""

    def __init__(self, url: str, mode: Mode, **settings: Any) -> None:
        self.fabric = Fabric()
        shared = make_shared(mode, clock=self.fabric, **settings)
        assert isinstance(shared.resolver, FakeReceiver)
        super().__init__(self.fabric, parse_url(url), Access(progress=False), None)
        self.receiver = shared.resolver
        self.memory = reached(self.fabric, SMTPServerFactory(shared))

    def endpoint(self, host: str = "", port: int = 0) -> IStreamClientEndpoint:
        return self.memory

    def send(self, envelope: Envelope) -> Exit:
        """Send a message; return the exit code."""
        octets = b"Subject: x\r\n\r\nx\r\n"
        letter = Letter(BytesIO(octets), len(octets), True)
        try:
            self.fabric.run(smtp.send(self, letter, envelope), timeout=0)
        except CommandError as error:
            print(error)
            return error.code
        return Exit.DONE


def test_results(capsys: pytest.CaptureFixture[str]) -> None:
    """Each recipient is told with the code and the words; that some were taken has a code of its
    own."""
    for recipients, code, printed in (
        ([BOB], Exit.DONE, "bob@example.test: 250 2.6.0 Message taken\n"),
        ([NOBODY], Exit.REFUSED, "nobody@example.test: 550 5.1.1 No such recipient here\n"),
        (
            [NOBODY, BOB],
            Exit.PARTLY,
            "bob@example.test: 250 2.6.0 Message taken\n"
            "nobody@example.test: 550 5.1.1 No such recipient here\n",
        ),
    ):
        session = MemorySession("smtp://127.0.0.1", Mode.RELAY)
        assert session.send(Envelope(None, recipients)) is code
        assert capsys.readouterr() == (printed, "")


def test_lmtp(capsys: pytest.CaptureFixture[str]) -> None:
    """LMTP has an answer for each that it had taken before."""
    full = Address("full", "example.test")
    for url in ("lmtp://127.0.0.1:2424/", "lmtp:///run/lmtp.sock"):
        session = MemorySession(url, Mode.LMTP)
        session.receiver.without_room = ["full@example.test"]
        assert session.send(Envelope(None, [full, BOB])) is Exit.PARTLY
        assert capsys.readouterr().out == (
            "bob@example.test: 250 2.6.0 Message taken\nfull@example.test: 552 5.2.2 Mailbox full\n"
        )


def test_reports(capsys: pytest.CaptureFixture[str]) -> None:
    """What is to be reported is said to who can; that a server cannot is told."""
    envelope = Envelope(None, [BOB], "FAILURE,DELAY", "HDRS", "order 9")
    session = MemorySession("smtp://127.0.0.1", Mode.RELAY)
    assert session.send(envelope) is Exit.DONE
    (call,) = session.receiver.calls
    assert (call.envelope.ret, call.envelope.envelope_id) == ("HDRS", "order 9")
    assert call.recipients[0].notify == "FAILURE,DELAY"
    assert capsys.readouterr().err == ""
    session = MemorySession("smtp://127.0.0.1", Mode.RELAY, not_offered=["DSN"])
    assert session.send(envelope) is Exit.DONE
    assert session.receiver.calls[0].recipients[0].notify == ""
    expected = "netsuite: 127.0.0.1 offers no DSN: no reports are asked for\n"
    assert capsys.readouterr().err == expected


def test_where() -> None:
    """A Unix socket is connected to as one."""
    session = ClientSession(Fabric(), parse_url("lmtp:///run/x"), Access(progress=False), None)
    assert isinstance(session.endpoint(), UNIXClientEndpoint)
