"""What a process tells of itself and its sessions, and the ending of those."""

from __future__ import annotations

import json
import os

from netsuite import __version__
from netsuite.control.questions import KICK, SESSIONS, STATUS, ServiceStatus, Session, Status
from tests.control.worlds import LOGINS, World


class Telling(World):
    """STATUS and SESSIONS."""

    def test_status(self) -> None:
        """A process has a number, a version, services; all of it can be written as JSON."""
        self.logged_in("imap")
        self.client("smtp")
        status: Status = self.ask(STATUS)
        self.assertEqual(Status.__required_keys__, status.keys())
        self.assertEqual((os.getpid(), 0), (status["pid"], status["worker"]))
        self.assertEqual((__version__, "memory"), (status["version"], status["store"]))
        self.assertEqual((True, 0), (status["ready"], status["queue"]))
        self.assertGreater(status["memory_octets"], 1_000_000)
        services = {each["name"]: each for each in status["services"]}
        self.assertEqual({each.name for each in self.suite}, services.keys())
        expected: ServiceStatus = {
            "name": "imap",
            "urls": [
                f"imap://127.0.0.1:{self.suite.imap.port}/",
                f"imaps://127.0.0.1:{self.suite.imap.tls_port}/",
            ],
            "sessions": 1,
            "accepted": 1,
            "turned_away": 0,
            "logins": 1,
        }
        self.assertEqual(expected, services["imap"])
        self.assertEqual((1, 0), (services["smtp"]["sessions"], services["smtp"]["logins"]))
        json.dumps(status)

    def test_sessions(self) -> None:
        """A session is known by its account, its last command, and what has passed."""
        client = self.logged_in("imap")
        self.fabric.advance(5)
        (session,) = self.ask(SESSIONS)
        self.assertEqual(Session.__required_keys__, session.keys())
        self.assertEqual("ann", session["account"])
        self.assertEqual(("imap", "imap-1", 0), (
            session["service"], session["session"], session["worker"]
        ))  # fmt: skip
        self.assertEqual(("Login", 1, False), (
            session["doing"], session["commands"], session["busy"]
        ))  # fmt: skip
        self.assertEqual(("127.0.0.1", ""), (session["address"], session["tls"]))
        self.assertEqual(5.0, session["idle_seconds"])
        self.assertEqual(len(b"1 LOGIN ann secret\r\n"), session["octets_in"])
        self.assertEqual(len(client.heard), session["octets_out"])
        json.dumps(session)

    def test_who_it_is(self) -> None:
        """Every protocol tells who has logged in, and nobody before that."""
        for service in LOGINS:
            client = self.client(service)
            (session,) = self.ask(SESSIONS, {"service": service})
            self.assertEqual("", session["account"], service)
            client.say(*LOGINS[service])
            (session,) = self.ask(SESSIONS, {"service": service})
            self.assertEqual("ann", session["account"], service)
        client = self.client("http")
        client.say(b"PUT /~ann/x HTTP/1.1", b"Host: x", b"Content-Length: 0",
                   b"Authorization: Basic YW5uOnNlY3JldA==", b"")  # fmt: skip
        self.assertIn(b" 201 ", client.heard)
        (session,) = self.ask(SESSIONS, {"service": "http"})
        self.assertEqual("ann", session["account"])
        logins = {each["name"]: each["logins"] for each in self.ask(STATUS)["services"]}
        self.assertEqual(dict.fromkeys((*LOGINS, "http"), 1), {
            name: count for name, count in logins.items() if count
        })  # fmt: skip

    def test_wanted(self) -> None:
        """Only those that are like what is asked for are told, and so many as are."""
        self.logged_in("imap")
        self.logged_in("pop3")
        self.client("imap")
        names = lambda value: [each["session"] for each in self.ask(SESSIONS, value)]  # noqa: E731
        self.assertEqual(["imap-1", "pop3-1"], sorted(names({"account": "ann"})))
        self.assertEqual(["imap-1"], names({"account": "ann", "service": "imap"}))
        self.assertEqual([], names({"account": "nobody"}))
        self.assertEqual(3, len(names({"address": "127.0.0.1"})))
        self.assertEqual(2, len(names({"limit": 2})))
        for strange in ("x", 7, ["account"], {"account": 7}, {"what": "x"}, {"limit": "2"}):
            self.assertEqual(3, len(names(strange)), strange)


class Kicking(World):
    """KICK."""

    def test_goodbye(self) -> None:
        """Each protocol says so in its own words, where it has any, and the connection ends."""
        words = {
            "imap": b"* BYE An administrator has ended the session\r\n",
            "submission": b"421 4.3.2 An administrator has ended the session\r\n",
            "pop3": b"",  # it would be taken for the answer to the next command
            "nntp": b"400 An administrator has ended the session\r\n",
            "ftp": b"421 An administrator has ended the session\r\n",
            "telnet": b"An administrator has ended the session. Goodbye.\r\n",
        }
        for service in LOGINS:
            client = self.logged_in(service)
            heard = client.heard
            self.assertEqual(1, self.ask(KICK, {"account": "ann", "service": service}))
            self.assertTrue(client.since(heard).endswith(words[service]), client.heard)
            self.assertTrue(client.lost, service)

    def test_others_stay(self) -> None:
        """Whoever is not meant stays, and nothing at all means nobody."""
        client = self.logged_in("imap")
        for nobody in (
            None,
            {},
            {"account": "bob"},
            {"session": "imap-2"},
            {"session": 1},
            "imap-1",
        ):
            self.assertEqual(0, self.ask(KICK, nobody))
        self.fabric.settle()
        self.assertFalse(client.lost)
        self.assertEqual(1, self.ask(KICK, {"session": "imap-1"}))
        self.assertIn(b"* BYE", client.since(b""))

    def test_under_way(self) -> None:
        """What is under way may end, if it does soon."""
        client = self.logged_in("submission")
        client.say(b"MAIL FROM:<ann@example.test>", b"RCPT TO:<bob@example.test>", b"DATA", b"a")
        self.assertEqual(1, self.ask(KICK, {"account": "ann"}))
        self.fabric.advance(5)
        said = client.say(b".")
        self.assertIn(b"250 2.6.0", said)
        self.assertIn(b"421 4.3.2", said)
        self.assertTrue(client.lost)

    def test_never_ends(self) -> None:
        """A message that does not end in time is not waited for."""
        client = self.logged_in("submission")
        client.say(b"MAIL FROM:<ann@example.test>", b"RCPT TO:<bob@example.test>", b"DATA", b"a")
        self.assertEqual(1, self.ask(KICK, {"account": "ann"}))
        self.assertEqual(1, self.ask(KICK, {"account": "ann"}))  # it is there still
        self.fabric.advance(9)
        self.assertFalse(client.lost)
        self.fabric.advance(2)
        self.assertTrue(client.lost)
        self.assertEqual([], self.ask(SESSIONS))
