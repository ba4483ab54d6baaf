"""``control.sock`` in memory: its commands, and what nobody should say to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.logger import Logger

from netsuite.bus import Value
from netsuite.control.service import ControlService
from netsuite.control.session import SETTINGS
from netsuite.control.tracing import TRACES
from netsuite.testing.recordings import Recordings, shown
from tests.control.worlds import LOGINS, Client, World


class Steered(MultiService):
    """A daemon that is steered."""

    lines: Sequence[str] | Deferred[Sequence[str]] | Exception = ()

    def reload(self) -> Any:
        if isinstance(self.lines, Exception):
            raise self.lines
        return self.lines


class Socket(World):
    """A test of the socket."""

    log = Logger()

    def setUp(self) -> None:
        """Let it listen."""
        super().setUp()
        self.daemon = Steered()
        self.service = ControlService(self.suite.site, Path("/srv/control.sock"))
        self.service.setServiceParent(self.daemon)
        self.daemon.startService()
        self.addCleanup(lambda: self.run_(self.service.stopService()))
        self.control = self.connect()

    def connect(self) -> Client:
        client = Client(self.fabric)
        endpoint = UNIXClientEndpoint(self.fabric, "/srv/control.sock")
        self.run_(connectProtocol(endpoint, client))
        return client

    def begin(self, do: str, /, **arguments: Value) -> None:
        self.control.transport.write(json.dumps({"netsuite": 1, "do": do, **arguments}).encode())
        self.control.transport.write(b"\n")
        self.fabric.settle()

    def said(self) -> list[Any]:
        """Return the lines that were heard since the last look."""
        self.fabric.settle()
        heard, self.control.heard = self.control.heard, b""
        return [json.loads(line) for line in heard.splitlines()]

    def told(self, do: str, /, **arguments: Value) -> list[Any]:
        """Return what a command tells."""
        self.begin(do, **arguments)
        *values, last = self.said()
        self.assertEqual({"done": True}, last)
        return [each["value"] for each in values]

    def error(self, do: str, /, **arguments: Value) -> str:
        """Return why a command is refused."""
        self.begin(do, **arguments)
        (last,) = self.said()
        return str(last["error"])


class Commands(Socket):
    """What can be asked for."""

    def test_status(self) -> None:
        """The status of each process."""
        (status,) = self.told("status")
        self.assertEqual(
            {each.name for each in self.suite}, {e["name"] for e in status["services"]}
        )

    def test_deeds_are_noted(self) -> None:
        """Who steers the daemon is in the audit log: what ends sessions, shows them, changes it."""
        self.told("kick", account="ann")
        self.told("reload")
        self.told("sessions")
        (first, second) = self.run_(self.suite.site.store.accounts.logins(None, 10))[::-1]
        self.assertEqual("ended 0 sessions of account ann", first.outcome)
        self.assertEqual("had configuration and certificates read again", second.outcome)
        self.assertEqual(
            {("control", "somebody")}, {(e.protocol, e.mechanism) for e in (first, second)}
        )

    def test_sessions_and_kick(self) -> None:
        """Sessions, those that are like what is asked for; their end."""
        clients = [self.logged_in("imap"), self.logged_in("ftp"), self.client("imap")]
        self.assertEqual(3, len(self.told("sessions")))
        (session,) = self.told("sessions", account="ann", service="ftp")
        self.assertEqual("ftp-1", session["session"])
        self.assertEqual(1, len(self.told("sessions", limit=1)))
        self.assertEqual([2], self.told("kick", account="ann"))
        self.assertEqual([True, True, False], [client.lost for client in clients])

    def test_reload(self) -> None:
        """What has changed, in lines, however long that takes."""
        self.daemon.lines = ["a", "b"]
        self.assertEqual(["a", "b"], self.told("reload"))
        later: Deferred[Sequence[str]] = Deferred()
        self.daemon.lines = later
        self.begin("reload")
        self.begin("status")
        self.assertEqual([], self.said())
        later.callback(["c"])
        first, second, _, last = self.said()
        self.assertEqual([{"value": "c"}, {"done": True}, {"done": True}], [first, second, last])

    def test_goes_wrong(self) -> None:
        """What nobody foresaw is in the log, and nothing of it is said; all goes on."""
        self.daemon.lines = ZeroDivisionError("secret")
        self.assertNotIn("secret", self.error("reload"))
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
        self.daemon.lines = ()
        self.assertEqual([], self.told("reload"))

    def test_stop(self) -> None:
        """The reactor is stopped once that is answered."""
        self.assertEqual([], self.told("stop"))
        self.assertFalse(self.fabric.running)

    def test_log(self) -> None:
        """The last lines; then those that come, until the client says something."""
        for word in ("one", "two"):
            self.log.info("{word}", word=word)
        (line,) = self.told("log", lines=1)
        self.assertTrue(line.endswith(" two"), line)
        self.begin("log", lines=0, follow=True)
        self.log.info("three")
        self.log.info("four\nfive")
        lines = [each["value"] for each in self.said()]
        self.assertEqual(3, len(lines))
        self.assertTrue(lines[0].endswith("three"))
        self.begin("status")
        self.assertEqual({"done": True}, self.said()[0])
        self.log.info("six")
        self.assertEqual([], self.said())

    def test_refused(self) -> None:
        """What cannot be done is said in a line, and the next is answered."""
        for do, arguments, reason in (
            ("dance", {}, "there is no command 'dance'; there are status, "),
            ("x" * 1000, {}, "there is no command 'xxxx"),
            ("status", {"x": 1}, "there is no argument 'x'; there are none"),
            ("kick", {}, "say which sessions: by session, account, address, service"),
            ("kick", {"account": ""}, '"account" must be a string, and not empty'),
            ("kick", {"account": 7}, '"account" must be a string'),
            ("sessions", {"limit": -1}, '"limit" must be a number'),
            ("sessions", {"limit": "5"}, '"limit" must be a number'),
            ("sessions", {"limit": True}, '"limit" must be a number'),
            ("log", {"lines": 1e300}, '"lines" must be a number'),
            ("log", {"follow": "yes"}, '"follow" must be true or false'),
            ("trace", {}, '"account" or "address" must say'),
            ("trace", {"account": "ann", "seconds": 1e6}, '"seconds" may be 3600 at most'),
        ):
            found = self.error(do, **arguments)
            self.assertTrue(found.startswith(reason), (do, arguments, found))
        self.assertEqual(1, len(self.told("status")))


class Hostile(Socket):
    """Who says what is no request."""

    def test_garbage(self) -> None:
        """It is refused with the reason; after too much of it the connection is closed."""
        self.control.transport.write(b"GET / HTTP/1.1\r\n")
        (answer,) = self.said()
        self.assertEqual({"error": "no JSON"}, answer)
        self.control.transport.write(b"\0\xff\n" * 100)
        self.assertEqual(SETTINGS.bad_commands - 1, len(self.said()))
        self.assertTrue(self.control.lost)
        self.control = self.connect()
        self.assertEqual(1, len(self.told("status")))

    def test_does_not_read(self) -> None:
        """A client that does not read what it asked for holds up nobody."""
        self.begin("log", lines=0, follow=True)
        self.control.transport.pauseProducing()
        for number in range(3000):
            self.log.info("line {number} {more}", number=number, more="x" * 200)
        self.fabric.settle()
        session: Any = next(iter(self.service.factory))
        self.assertLess(len(self.control.heard), 1_000_000)
        self.assertGreater(session.left_out, 100)
        self.control.transport.resumeProducing()
        self.fabric.settle()
        self.log.info("the last")
        lines = [each["value"] for each in self.said()]
        (left_out,) = [each["left_out"] for each in lines if isinstance(each, dict)]
        self.assertEqual(3001, left_out + len(lines) - 1)

    def test_says_nothing(self) -> None:
        """Who says nothing is not waited for for ever."""
        self.fabric.advance(SETTINGS.greeting_seconds + 1)
        self.assertTrue(self.control.lost)


class Tracing(Socket):
    """What is said on some connections."""

    def setUp(self) -> None:
        """Have no transcripts beside those of the trace."""
        super().setUp()
        for name in (*LOGINS, "http"):
            factory = self.listening(name)
            factory.configure(replace(factory.shared, transcript=None))

    def test_account(self) -> None:
        """Of connections that come, from their first line on, once it is known whose they are."""
        self.begin("trace", account="ann", seconds=5)
        self.client("imap").say(b"1 LOGIN bob secret", b"2 NOOP")
        self.logged_in("imap").say(b"2 NOOP")
        self.fabric.advance(1)
        lines = [each["value"] for each in self.said()]
        self.assertEqual({"imap-2"}, {line["session"] for line in lines})
        client = [line["text"] for line in lines if line["side"] == "C"]
        self.assertEqual(["1 LOGIN ***", "2 NOOP"], client)
        self.fabric.advance(5)
        self.assertEqual({"done": True}, self.said()[-1])

    def test_no_secret(self) -> None:
        """In no protocol is there anything of a password in it."""
        self.begin("trace", address="127.0.0.1", seconds=30)
        for service in LOGINS:
            self.logged_in(service)
        client = self.client("http")
        client.say(b"PUT /~ann/x HTTP/1.1", b"Host: x", b"Content-Length: 0",
                   b"Authorization: Basic YW5uOnNlY3JldA==", b"")  # fmt: skip
        telnet = self.logged_in("telnet")
        telnet.say(b"passwd", b"secret", b"quite another", b"quite another")
        self.fabric.advance(1)
        lines = self.said()
        self.assertGreater(len(lines), 30)
        text = json.dumps(lines)
        for secret in ("secret", "AGFubgBzZWNyZXQ", "YW5uOnNlY3JldA", "quite another"):
            self.assertNotIn(secret, text)

    def test_late(self) -> None:
        """On a connection that is there already nothing is shown that may be part of a secret."""
        ftp, imap = self.client("ftp"), self.client("imap")
        ftp.say(b"USER ann")
        ftp.transport.write(b"PASS sec")
        imap.transport.write(b"1 LOGIN ann {6}\r\n")
        self.fabric.settle()
        self.begin("trace", address="127.0.0.1", seconds=30)
        ftp.say(b"ret")
        imap.say(b"secret")
        self.assertIn(b"230", ftp.heard)
        self.assertIn(b"1 OK", imap.heard)
        for _ in range(2):
            ftp.say(b"PWD")
            imap.say(b"2 NOOP")
        self.fabric.advance(1)
        lines = [each["value"] for each in self.said()]
        text = json.dumps(lines)
        self.assertNotIn("sec", text)
        self.assertNotIn("ret", text)
        client = {line["text"] for line in lines if line["side"] == "C"}
        self.assertLessEqual({"***", "PWD", "2 NOOP"}, client)

    def test_late_in_an_exchange(self) -> None:
        """Nor of an exchange that is under way."""
        client = self.client("submission")
        client.say(b"EHLO c", b"AUTH LOGIN", b"YW5u")
        self.begin("trace", address="127.0.0.1", seconds=30)
        self.assertIn(b"235", client.say(b"c2VjcmV0"))
        client.say(b"NOOP", b"NOOP")
        self.fabric.advance(1)
        text = json.dumps(self.said())
        self.assertNotIn("c2VjcmV0", text)
        self.assertIn("235", text)
        self.assertIn("NOOP", text)

    def test_ends_with_the_client(self) -> None:
        """When the client goes nothing is kept any longer; nor when nobody asks any more."""
        self.logged_in("imap")
        (connection,) = list(self.listening("imap"))
        self.begin("trace", account="ann", seconds=30)
        self.assertIsNotNone(connection.transcript)
        self.control.transport.loseConnection()
        self.fabric.settle()
        self.assertIsNone(connection.transcript)
        self.ask("trace", {"trace": "x", "account": "ann"})
        self.assertIsNotNone(connection.transcript)
        self.fabric.advance(11)
        self.assertIsNone(connection.transcript)
        self.assertIsNone(self.listening("imap").made)

    def test_beside_a_transcript(self) -> None:
        """Where a transcript is kept already, that goes on as it was."""
        factory, kept = self.listening("imap"), Recordings(self.fabric)
        factory.configure(replace(factory.shared, transcript=kept.transcript))
        client = self.logged_in("imap")
        (connection,) = list(factory)
        before = connection.transcript
        self.begin("trace", address="127.0.0.1", seconds=1)
        client.say(b"2 NOOP")
        self.fabric.advance(2)
        self.assertIn("2 NOOP", {line["value"]["text"] for line in self.said()[:-1]})
        client.say(b"3 NOOP")
        self.assertIs(before, connection.transcript)
        self.assertIn("3 NOOP", shown([kept]))

    def test_so_many(self) -> None:
        """More than some at once are refused, and tell so."""
        for number in range(TRACES):
            self.assertEqual([], self.ask("trace", {"trace": f"{number}", "account": "ann"}))
        self.assertIn("refused", self.ask("trace", {"trace": "more", "account": "ann"})[0])
        strange: Any
        for strange in (None, {}, {"trace": 1}, {"trace": "y"}, {"trace": "y", "account": 7}):
            self.assertEqual([], self.ask("trace", strange))

    def listening(self, name: str) -> Any:
        daemon: Any = self.suite.site.parent
        return daemon.getServiceNamed(name).factory


class Ending(Socket):
    """The daemon stops."""

    def test_stream(self) -> None:
        """A stream does not hold it up."""
        self.begin("log", follow=True)
        self.run_(self.service.stopService())
        self.fabric.settle()
        self.assertTrue(self.control.lost)
        self.assertEqual(0, len(self.service.factory))
