"""The NNTP server on a memory transport: what newsreaders see, and what is stored."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import LoginUnavailable, Throttled
from netsuite.connection.deadlines import CloseReason
from netsuite.store.errors import Busy, NoSuchMessage
from netsuite.testing.cases import SynchronousTestCase
from tests.connection.unused_tls import SERVER_TLS
from tests.coroutines import run
from tests.nntp.fakes import HOST, NOW, World, article, xref

HEADER = b"From: Ann <ann@example.test>\r\nNewsgroups: misc.test\r\nSubject: hi\r\n"
ASKED = b"340 Send the article; end it with a dot on a line of its own\r\n"
EXISTS = b"441 There is an article with that Message-ID already\r\n"

#: A command, and what it is answered before a group is selected, in an empty group, with one.
STATES = [
    ("GROUP no.where", 411, 411, 411),
    ("GROUP Notices", 411, 411, 411),
    ("LISTGROUP no.where", 411, 411, 411),
    ("LISTGROUP", 412, 211, 211),
    ("NEXT", 412, 420, 223),
    ("LAST", 412, 420, 422),
    ("ARTICLE", 412, 420, 220),
    ("HEAD", 412, 420, 221),
    ("BODY", 412, 420, 222),
    ("STAT", 412, 420, 223),
    ("ARTICLE 2", 412, 423, 220),
    ("HEAD 2", 412, 423, 221),
    ("BODY 2", 412, 423, 222),
    ("STAT 2", 412, 423, 223),
    ("STAT 0", 412, 423, 423),
    ("STAT 4", 412, 423, 423),
    ("STAT 9999999999999999", 412, 423, 423),
    ("ARTICLE <2@example.test>", 220, 220, 220),
    ("HEAD <2@example.test>", 221, 221, 221),
    ("BODY <2@example.test>", 222, 222, 222),
    ("STAT <2@example.test>", 223, 223, 223),
    ("ARTICLE <no@where>", 430, 430, 430),
    ("STAT <no@where>", 430, 430, 430),
    ("OVER", 412, 420, 224),
    ("OVER 1-", 412, 423, 224),
    ("OVER 2", 412, 423, 224),
    ("OVER 3-1", 412, 423, 423),
    ("OVER 9-", 412, 423, 423),
    ("OVER <2@example.test>", 224, 224, 224),
    ("OVER <no@where>", 430, 430, 430),
    ("XOVER", 412, 420, 224),
    ("XOVER 1-", 412, 420, 224),
    ("XOVER 9", 412, 420, 420),
    ("HDR subject", 412, 420, 225),
    ("HDR subject 1-", 412, 423, 225),
    ("HDR from 1-", 412, 423, 225),
    ("HDR :bytes <2@example.test>", 225, 225, 225),
    ("HDR :nothing 1-", 503, 503, 503),
    ("HDR x <no@where>", 430, 430, 430),
    ("XHDR subject 1-", 412, 420, 221),
    ("LIST MOTD", 503, 503, 503),
    ("LIST MOTD *", 501, 501, 501),
    ("LIST SUBSCRIPTIONS *", 503, 503, 503),
    ("LIST DISTRIBUTIONS", 503, 503, 503),
    ("LIST DISTRIB.PATS", 503, 503, 503),
    ("LIST MODERATORS", 215, 215, 215),
    ("LIST MODERATORS misc.*", 501, 501, 501),
    ("LIST ACTIVE u[ks].*", 501, 501, 501),
    ("NEWGROUPS 20260230 000000", 501, 501, 501),
    ("NEWGROUPS 19991231 256060", 501, 501, 501),
    ("AUTHINFO PASS x", 482, 482, 482),
    ("AUTHINFO SASL NOTHING", 503, 503, 503),
    ("STARTTLS", 580, 580, 580),
    ("POST", 480, 480, 480),
    ("MODE READER", 200, 200, 200),
    ("DATE", 111, 111, 111),
    ("HELP", 100, 100, 100),
    ("CAPABILITIES", 101, 101, 101),
    ("NEWNEWS * 260101 000000", 230, 230, 230),
    ("NEWNEWS * 260101 000000 GMT", 230, 230, 230),
    ("NEWNEWS * 260101 000000 CET", 501, 501, 501),
    ("NEWNEWS 260101 000000", 501, 501, 501),
    ("NEWNEWS [a] 260101 000000", 501, 501, 501),
    ("NEWNEWS * 260230 000000", 501, 501, 501),
]  # fmt: skip


def raising(error: Exception) -> Any:
    """Give a method of a store that fails."""

    async def method(*_: object, **__: object) -> Any:
        raise error

    return method


class Reading(SynchronousTestCase):
    """Somebody reads the news."""

    def setUp(self) -> None:
        self.world = World()

    def test_every_command_in_every_state(self) -> None:
        """The code of RFC 3977 for each command: no group, an empty one, one with articles."""
        for command, *codes in STATES:
            for before, code in zip(
                ("", "GROUP misc.empty", "GROUP misc.test"), codes, strict=True
            ):
                session = self.world.connect()
                if before:
                    session.ask(before)
                answer = session.ask(command)
                self.assertEqual(str(code), answer[:3], (command, before, answer))
                body = code in (100, 101, 215, 220, 221, 222, 224, 225, 230, 231) or (
                    "LISTGROUP" in command and code == 211
                )
                self.assertEqual(body, answer.endswith("\r\n.\r\n"), (command, before, answer))
                self.assertEqual("111", session.ask("DATE")[:3], command)

    def test_who_must_log_in_first(self) -> None:
        """Where nothing is for everybody, everything but what leads to a login is refused."""
        session = self.world.connect(anonymous="none")
        for command, *_ in STATES:
            answer = session.ask(command)[:3]
            if command.split()[0] in (
                "MODE",
                "DATE",
                "HELP",
                "CAPABILITIES",
                "AUTHINFO",
                "STARTTLS",
            ):
                self.assertNotEqual("480", answer, command)
            elif answer not in ("500", "501"):
                self.assertEqual("480", answer, command)
        session.say(b"AUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\n")
        self.assertEqual("211 3 1 3 misc.test\r\n", session.ask("GROUP misc.test"))

    def test_water_marks(self) -> None:
        """Marks never sink; an empty group's high mark is one less than its low mark."""
        session = self.world.connect()
        self.assertEqual("211 0 1 0 misc.empty\r\n", session.ask("GROUP misc.empty"))
        self.assertEqual("211 3 1 3 misc.test\r\n", session.ask("GROUP misc.test"))
        self.world.remove(1)
        self.assertEqual("211 2 2 3 misc.test\r\n", session.ask("GROUP misc.test"))
        self.world.put(article(4))
        self.world.remove(3)
        self.assertEqual("211 2 2 4 misc.test\r\n", session.ask("GROUP misc.test"))
        self.world.remove(2, 4)
        self.assertEqual("211 0 5 4 misc.test\r\n", session.ask("GROUP misc.test"))
        self.assertIn("misc.test 4 5 y\r\n", session.ask("LIST ACTIVE misc.test"))
        self.world.put(article(5))
        self.assertEqual("211 1 5 5 misc.test\r\n", session.ask("GROUP misc.test"))
        self.assertIn("misc.test 5 5 1 y\r\n", session.ask("LIST COUNTS misc.test"))

    def test_marks_of_a_group_nobody_has_opened(self) -> None:
        """LIST tells true marks though no article number was ever read."""
        session = self.world.connect()
        session.ask("LIST")
        self.world.put(article(4))
        self.world.remove(1, 2)
        self.assertIn("misc.test 4 3 y\r\n", session.ask("LIST"))
        self.world.remove(3, 4)
        self.assertIn("misc.test 4 5 y\r\n", session.ask("LIST"))

    def test_current_article(self) -> None:
        """Which commands move the pointer, and which do not (RFC 3977, 6.1 and 6.2)."""
        session = self.world.connect()
        session.ask("GROUP misc.test")
        self.world.remove(2)
        for command, answer in [
            ("STAT", "223 1 <1@example.test>"),
            ("STAT <3@example.test>", "223 0 <3@example.test>"),
            ("STAT", "223 1 <1@example.test>"),
            ("STAT 2", "423 No article with that number"),
            ("STAT", "223 1 <1@example.test>"),
            ("NEXT", "223 3 <3@example.test>"),
            ("NEXT", "421 No next article in this group"),
            ("STAT", "223 3 <3@example.test>"),
            ("LAST", "223 1 <1@example.test>"),
            ("LAST", "422 No previous article in this group"),
            ("STAT 3", "223 3 <3@example.test>"),
            ("GROUP no.where", "411 No such newsgroup"),
            ("STAT", "223 3 <3@example.test>"),
        ]:
            self.assertEqual(answer + "\r\n", session.ask(command), command)
        self.world.remove(3)
        self.assertEqual("420", session.ask("STAT")[:3])
        self.assertEqual("223 1 <1@example.test>\r\n", session.ask("LAST"))
        session.ask("LISTGROUP misc.test 9-")
        self.assertEqual("223 1 <1@example.test>\r\n", session.ask("STAT"))

    def test_group_that_goes(self) -> None:
        """A group removed while it is selected is none any more; one renamed goes on."""
        session = self.world.connect()
        session.ask("GROUP misc.test")
        folder = run(self.world.store.mail.folder(None, "misc.test"))
        run(self.world.store.mail.rename_folder(folder.id, "misc.renamed"))
        self.assertEqual("223", session.ask("STAT 2")[:3])
        self.assertEqual("411", session.ask("GROUP misc.test")[:3])
        self.assertEqual("211 3 1 3 misc.renamed\r\n", session.ask("GROUP misc.renamed"))
        run(self.world.store.mail.delete_folder(folder.id))
        for command in ("STAT", "STAT 2", "NEXT", "OVER 1-", "LISTGROUP"):
            self.assertEqual("412", session.ask(command)[:3], command)
        self.assertEqual("430", session.ask("STAT <2@example.test>")[:3])
        self.world.add_group("misc.test", "again")
        self.assertEqual("211 0 1 0 misc.test\r\n", session.ask("GROUP misc.test"))

    def test_crosspost(self) -> None:
        """An article in two groups has a number in each; Xref tells both, as they are now."""
        self.world.put(article(9, "misc.test,talk.other"), "misc.test", "talk.other")
        session = self.world.connect()
        session.ask("GROUP talk.other")
        self.assertIn(f"\tXref: {HOST} misc.test:4 talk.other:1\r\n", session.ask("OVER 1"))
        self.assertIn(
            f"\r\n0 {HOST} misc.test:4 talk.other:1\r\n", session.ask("HDR xref <9@example.test>")
        )
        field = xref("misc.test:4", "talk.other:1")
        stored = article(9, "misc.test,talk.other")
        given = session.say(b"ARTICLE 1\r\n")
        self.assertEqual(b"220 1 <9@example.test>\r\n" + field + stored + b".\r\n", given)
        self.assertEqual(f"225 Headers follow\r\n1 {len(field + stored)}\r\n.\r\n",
                         session.ask("HDR :bytes 1"))  # fmt: skip
        self.assertIn(b"\r\n" + field, session.say(b"HEAD <9@example.test>\r\n"))
        self.assertNotIn("Xref", session.ask("BODY 1"))
        self.world.remove(4)
        self.assertIn(f"\tXref: {HOST} talk.other:1\r\n", session.ask("OVER 1"))
        self.assertEqual("223", session.ask("STAT <9@example.test>")[:3])

    def test_overview_of_odd_articles(self) -> None:
        """TAB, CR, LF and NUL cannot break a line; what lacks is empty; counts are true."""
        octets = b'Subject: a\tb\r\n\tc\0d\r\nFrom: "A, B" <a@b>\r\nReferences: <x@y>\r\n <z@y>\r\n\r\n1\r\n2\r\n'
        self.world.put(octets)
        self.world.put(b"nothing")
        session = self.world.connect()
        session.ask("GROUP misc.test")
        lines = session.ask("OVER 4-5").split("\r\n")[1:-2]
        four, five = (line.split("\t") for line in lines)
        self.assertEqual("a b c d", four[1].replace("  ", " "))
        self.assertEqual(['"A, B" <a@b>', ""], four[2:4])
        self.assertEqual(
            [
                "<x@y> <z@y>",
                str(len(octets) + len(xref("misc.test:4"))),
                "2",
                f"Xref: {HOST} misc.test:4",
            ],
            four[5:],
        )
        self.assertEqual(["5", "", "", ""], five[:4])
        made = five[4]
        self.assertTrue(made.endswith("@no-message-id.invalid>"))
        self.assertEqual(f"223 5 {made}\r\n", session.ask("STAT 5"))
        self.assertEqual(
            "225 Headers follow\r\n1 \r\n2 \r\n3 \r\n4 <x@y> <z@y>\r\n5 \r\n.\r\n",
            session.ask("HDR references 1-"),
        )

    def test_head_and_body_at_every_size(self) -> None:
        """The header without its empty line, the body behind it; from memory and streamed."""
        for head, body in [
            (b"A: b\r\n", b"\r\nbody\r\n"), (b"A: b\n", b"\nbody\n"), (b"A: b\r\n", b"\r\n"), (b"A: b\r\n", b""),
            (b"", b"\r\n.dot\r\n"), (b"A: b\r\n", b"\r\n\r\n.\r\n..\r\n\r\n"),
        ]:  # fmt: skip
            for large in (b"", b"x" * 70 + b"\r\n"):
                world = World(articles=0)
                octets = head + body + (large * 20_000 if body else b"")
                world.put(octets)
                session = world.connect()
                session.ask("GROUP misc.test")
                wire = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                empty = len(body.replace(b"\r", b"").split(b"\n")[0]) + 2 if body else 0
                cut = len(head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
                for command, wanted in (
                    ("ARTICLE", xref("misc.test:1") + wire),
                    ("HEAD", xref("misc.test:1") + wire[:cut]),
                    ("BODY", wire[cut + empty :]),
                ):
                    line, _, said = session.say(f"{command} 1\r\n".encode()).partition(b"\r\n")
                    self.assertEqual(b"22", line[:2])
                    self.assertTrue(said.endswith(b".\r\n"))
                    plain = said[:-3].replace(b"\r\n..", b"\r\n.")
                    plain = plain[1:] if plain.startswith(b"..") else plain
                    self.assertEqual(wanted, plain, (command, head, body))

    def test_lists(self) -> None:
        """Wildmats choose; groups without a description are left out; descriptions are one line."""
        session = self.world.connect()
        self.assertEqual("215 Newsgroups follow\r\nmisc.closed 0 1 n\r\nmisc.empty 0 1 y\r\n.\r\n",
                         session.ask("LIST ACTIVE misc.*,!*t*,*e?pty,!*.m*"))  # fmt: skip
        self.assertEqual("215 Newsgroups follow\r\nmisc.test\tFor tests\r\ntalk.other\tElsewhere.\r\n.\r\n",
                         session.ask("LIST NEWSGROUPS *t*,!*ted"))  # fmt: skip
        self.assertEqual("215 Newsgroups follow\r\n.\r\n", session.ask("LIST NEWSGROUPS nothing"))
        self.assertNotIn("Notices", session.ask("LIST"))

    def test_others_have_their_turn(self) -> None:
        """A list of many groups is made in pieces, between which others are answered."""
        for number in range(1100):
            self.world.add_group(f"a.g{number:04}", "")
        session, other = self.world.connect(), self.world.connect()
        session.ask("LIST ACTIVE nothing")  # reads the groups
        for line, last in (("LIST ACTIVE a.g1*", b"a.g1099"), ("NEWNEWS * 260101 000000", b"")):
            session.server.dataReceived(line.encode() + b"\r\n")
            said = session.transport.said()
            self.assertEqual("111", other.ask("DATE")[:3])
            self.assertFalse(said.endswith(b"\r\n.\r\n"))
            for _ in range(3):
                self.world.clock.advance(0)
            said += session.transport.said()
            self.assertTrue(said.endswith(b"\r\n.\r\n"))
            self.assertIn(last, said)

    def test_new_groups(self) -> None:
        """Only groups made since then, by the second."""
        session = self.world.connect()
        self.world.clock.advance(10)
        self.world.add_group("new.group", "")
        for when, wanted in (
            ("20260301 115959", 6),
            ("20260301 120001", 1),
            ("260301 120010", 1),
            ("20260301 120011", 0),
        ):
            self.assertEqual(wanted, session.ask(f"NEWGROUPS {when} GMT").count("\r\n") - 2, when)

    def test_new_news(self) -> None:
        """Articles come since then, by the second, in groups that match; removed ones are not."""
        for number in range(4, 40):
            self.world.clock.advance(10)
            self.world.put(article(number), "misc.test", *(["talk.other"] if number == 9 else []))
        self.world.remove(3, 21, 22, 39)
        session = self.world.connect()
        for wildmat, seconds, numbers in [
            ("*", 0, [1, 2, *range(4, 21), *range(23, 39), 9]),
            ("misc.*", 60, [*range(9, 21), *range(23, 39)]),
            ("misc.*", 61, [*range(10, 21), *range(23, 39)]),
            ("talk.*", 60, [9]), ("talk.*", 61, []), ("!*", 0, None), ("misc.*,!misc.test", 0, []),
            ("*", 350, [38]), ("*", 351, []), ("*", 10_000, []),
        ]:  # fmt: skip
            when = f"{NOW + timedelta(seconds=seconds):%Y%m%d %H%M%S}"
            answer = session.ask(f"NEWNEWS {wildmat} {when} GMT").split("\r\n")
            if numbers is None:
                self.assertEqual("501", answer[0][:3])
            else:
                wanted = [f"<{number}@example.test>" for number in numbers]
                self.assertEqual(["230 New articles follow", *wanted, ".", ""], answer)

    def test_pipelined_at_every_cut(self) -> None:
        """All commands at once, or cut anywhere, get the same answers in the same order."""
        everything = (
            b"CAPABILITIES\r\nAUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\nGROUP misc.test\r\nOVER 1-2\r\n"
            b"ARTICLE 1\r\nPOST\r\n" + HEADER + b"Message-ID: <own@x>\r\n\r\n..dot\r\n.\r\nSTAT <own@x>\r\nXYZ\r\n"
            b"HDR from 1-\r\nNEXT\r\nQUIT\r\n"
        )  # fmt: skip
        answer = World().connect().say(everything)
        self.assertTrue(answer.endswith(b"205 Bye\r\n"), answer)
        for cut in range(1, len(everything)):
            world = World()
            session = world.connect()
            self.assertEqual(
                answer, session.say(everything[:cut]) + session.say(everything[cut:]), cut
            )
            self.assertTrue(session.closed)
            self.assertTrue(world.stored()[-1].endswith(b"\r\n\r\n.dot\r\n"))

    def test_reload(self) -> None:
        """Settings that change while a client is there hold for what it asks next."""
        session = self.world.connect()
        self.assertEqual("503", session.ask("LIST MOTD")[:3])
        shared = session.factory.shared
        told = shared.settings.model_copy(update={"motd": "Hello."})
        session.factory.configure(dataclasses.replace(shared, settings=told))
        self.assertEqual("215 Message of the day\r\nHello.\r\n.\r\n", session.ask("LIST MOTD"))

    def test_slow_reader(self) -> None:
        """A client that does not read is not read for."""
        session = self.world.connect()
        session.ask("GROUP misc.test")
        session.server.writer.pauseProducing()
        self.assertEqual(b"", session.say(b"ARTICLE 1\r\nDATE\r\n"))
        session.server.writer.resumeProducing()
        self.assertTrue(session.transport.said().endswith(b"111 20260301120000\r\n"))

    def test_lines_that_are_none(self) -> None:
        """Too long, bare CR or LF, NUL: each gets one answer, and the session goes on."""
        session = self.world.connect(bad_commands=0)
        for octets, code in [
            (b"STAT " + b"1" * 600 + b"\r\n", b"501"), (b"x" * 20_000 + b"\r\n", b"501"), (b"DATE\n", b"501"),
            (b"DA\rTE\r\n", b"501"), (b"DATE\0\r\n", b"500"), (b"GROUP \0\r\n", b"501"), (b"\r\n", b"500"),
            (b"\xff\xfe\r\n", b"500"), (b"GROUP \xff\r\n", b"501"),
        ]:  # fmt: skip
            answer = session.say(octets)
            self.assertEqual(code, answer[:3], octets[:20])
            self.assertEqual(1, answer.count(b"\r\n"))
        self.assertEqual("111", session.ask("DATE")[:3])

    def test_limits(self) -> None:
        """Who only says nonsense is sent away; one connection too many is told why."""
        session = self.world.connect(bad_commands=3)
        self.assertEqual(
            b"500 Unknown command\r\n" * 3 + b"400 Too many commands were refused\r\n",
            session.say(b"X\r\n" * 9),
        )
        self.assertTrue(session.closed)
        session = self.world.connect(turned_away=CloseReason.BUSY)
        self.assertEqual(b"400 Too many connections; try again later\r\n", session.greeting)

    def test_reading_takes_no_login(self) -> None:
        """Where everybody may read, nobody is hurried to log in, nor cut off for not doing so."""
        session = self.world.connect(idle_seconds=600.0)
        for _ in range(200):
            self.assertEqual("111", session.ask("DATE")[:3])
            self.world.clock.advance(60)
        self.world.clock.advance(541)
        self.assertTrue(session.closed)
        self.assertEqual(b"", session.transport.said())  # RFC 3977, 3.1: without a word

    def test_store_that_fails(self) -> None:
        """403 and on it goes; never a word of the error."""
        session = self.world.connect()
        session.ask("GROUP misc.test")
        mail: Any = self.world.store.mail

        for error, code in (
            (Busy("secret"), "403"),
            (NoSuchMessage("secret"), "4"),
            (RuntimeError("secret"), "403"),
        ):
            for reading in ("described", "columns"):
                self.patch(mail, reading, raising(error))
            for command in ("STAT 2", "OVER 1-", "HDR from 1-"):
                answer = session.ask(command)
                self.assertTrue(answer.startswith(code), (command, answer))
                self.assertNotIn("secret", answer)
        self.assertTrue(self.flushLoggedErrors(RuntimeError))


class LoggingIn(SynchronousTestCase):
    """AUTHINFO and what CAPABILITIES says of it."""

    def setUp(self) -> None:
        self.world = World()

    def labels(self, session: Any) -> dict[str, str]:
        lines = session.ask("CAPABILITIES").split("\r\n")[1:-2]
        self.assertEqual("VERSION 2", lines[0])
        return {line.split()[0]: line for line in lines}

    def test_lists_that_settings_make(self) -> None:
        """What the operator has written is listed and announced; else neither (RFC 6048, 2)."""
        session = self.world.connect(
            motd="Hello.\n.\nBye.\n",
            subscriptions=("talk.other", "misc.gone", "misc.test", "talk.other"),
            distributions=("local Local  to here", "world"),
            distribution_patterns=("10:misc.*:local",),
        )
        for line, lines in [
            ("LIST MOTD", ["Hello.", "..", "Bye."]),
            ("LIST SUBSCRIPTIONS", ["talk.other", "misc.test"]),
            ("LIST SUBSCRIPTIONS m*", ["misc.test"]),
            ("LIST DISTRIBUTIONS", ["local\tLocal  to here", "world"]),
            ("LIST DISTRIB.PATS", ["10:misc.*:local"]),
            ("LIST MODERATORS", ["misc.moderated:ben@example.test"]),
        ]:
            answer = session.ask(line)
            self.assertEqual(["215", *lines, ".", ""], [answer[:3], *answer.split("\r\n")[1:]])
        self.assertEqual("501", session.ask("LIST SUBSCRIPTIONS ]")[:3])
        every = set(self.labels(session)["LIST"].split())
        self.assertLessEqual({"MOTD", "SUBSCRIPTIONS", "DISTRIBUTIONS", "DISTRIB.PATS"}, every)
        few = set(self.labels(self.world.connect())["LIST"].split())
        self.assertEqual(
            "ACTIVE ACTIVE.TIMES COUNTS HEADERS LIST MODERATORS NEWSGROUPS OVERVIEW.FMT",
            " ".join(sorted(few)),
        )

    def test_moderators_have_addresses(self) -> None:
        """A percent sign of an address is doubled; where there is no mail, there is no line."""
        self.world.add_group("a.percent", "", moderator="b%s@elsewhere.test")
        self.assertIn("\r\na.percent:b%%s@elsewhere.test\r\nmisc.moderated:ben@",
                      self.world.connect().ask("LIST MODERATORS"))  # fmt: skip
        self.assertNotIn("misc.moderated", self.world.connect(domain="").ask("LIST MODERATORS"))

    def test_capabilities_by_state(self) -> None:
        """STARTTLS and AUTHINFO are listed while they can be used."""
        session = self.world.connect(context=SERVER_TLS)
        self.assertLessEqual(
            {"STARTTLS", "SASL", "POST", "OVER", "HDR", "READER"}, set(self.labels(session))
        )
        self.assertEqual("AUTHINFO USER SASL", self.labels(session)["AUTHINFO"])
        self.world.authenticator.passwords = False
        self.assertEqual("AUTHINFO SASL", self.labels(session)["AUTHINFO"])
        self.world.authenticator.offered = []
        self.assertEqual("AUTHINFO", self.labels(session)["AUTHINFO"])
        self.world.authenticator.passwords = True
        session.say(b"AUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\n")
        self.assertTrue({"STARTTLS", "AUTHINFO", "SASL"}.isdisjoint(self.labels(session)))
        self.assertNotIn("POST", self.labels(self.world.connect(posting="none")))

    def test_out_of_sequence(self) -> None:
        """PASS without USER, twice USER, any of them after a login."""
        session = self.world.connect()
        for line, code in [
            ("AUTHINFO PASS x", 482), ("AUTHINFO USER ben", 381), ("AUTHINFO USER ann", 381), ("DATE", 111),
            ("AUTHINFO PASS wrong", 481), ("AUTHINFO PASS se cret", 482), ("AUTHINFO USER ann", 381),
            ("AUTHINFO PASS se cret", 281), ("AUTHINFO USER ann", 502), ("AUTHINFO PASS x", 502),
            ("AUTHINFO SASL PLAIN", 502), ("STARTTLS", 502),
        ]:  # fmt: skip
            self.assertEqual(str(code), session.ask(line)[:3], line)

    def test_sasl(self) -> None:
        """With and without an initial response, cancelled, broken, with data at the end."""
        good = "AGFubgBzZSBjcmV0"
        for lines, codes in [
            ((f"AUTHINFO SASL PLAIN {good}",), (281,)),
            (("AUTHINFO SASL plain", good), (383, 281)),
            (("AUTHINFO SASL PLAIN", "*"), (383, 481)),
            (("AUTHINFO SASL PLAIN", "A"), (383, 504)),
            (("AUTHINFO SASL PLAIN", ""), (383, 504)),
            (("AUTHINFO SASL PLAIN", "x" * 13_000), (383, 501)),
            (("AUTHINFO SASL PLAIN ="), ()),
            (("AUTHINFO SASL PLAIN AA==",), (482,)),
            ((f"AUTHINFO SASL X-DATA {good}",), (283,)),
        ]:  # fmt: skip
            session = self.world.connect()
            for line, code in zip(lines, codes, strict=False):
                self.assertEqual(str(code), session.ask(line)[:3], (lines, line))
            self.assertEqual("111", session.ask("DATE")[:3], lines)
        session = self.world.connect()
        self.assertEqual("383 =\r\n", session.ask("AUTHINFO SASL PLAIN"))
        self.assertEqual("281 Logged in\r\n", session.ask(good))
        self.assertEqual("283 dj14\r\n", self.world.connect().ask(f"AUTHINFO SASL X-DATA {good}"))

    def test_in_the_clear(self) -> None:
        """Where a password may not be sent it is refused before it is sent."""
        self.world.authenticator.passwords = False
        self.world.authenticator.offered = []
        session = self.world.connect()
        self.assertEqual("483", session.ask("AUTHINFO USER ann")[:3])
        self.assertEqual("483", session.ask("AUTHINFO SASL PLAIN")[:3])
        self.assertEqual("482", session.ask("AUTHINFO PASS x")[:3])

    def test_refusals(self) -> None:
        """Throttled and unavailable are told apart from wrong; nothing of the reason is said."""
        for error, code in ((Throttled("secret"), 481), (LoginUnavailable("secret"), 403)):
            self.world.authenticator.error = error
            session = self.world.connect()
            answer = session.say(b"AUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\n").split(b"\r\n")[
                1
            ]
            self.assertEqual(str(code).encode(), answer[:3])
            self.assertNotIn(b"secret", answer)

    def test_gone_while_logging_in(self) -> None:
        """A client that leaves meanwhile leaves nothing behind."""
        self.world.authenticator.waits = Deferred()
        session = self.world.connect()
        session.say(b"AUTHINFO USER ann\r\nAUTHINFO PASS se cret\r\n")
        session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([], self.flushLoggedErrors())


class Posting(SynchronousTestCase):
    """Articles on their way in."""

    def setUp(self) -> None:
        self.world = World(articles=0)

    def post(self, octets: bytes, name: str = "ann", **settings: Any) -> bytes:
        session = self.world.enter(name, **settings)
        answer = session.say(b"POST\r\n" + octets)
        self.assertTrue(answer.startswith(ASKED), answer)
        self.assertEqual("111", session.ask("DATE")[:3])
        return answer[len(ASKED) :]

    def test_posted(self) -> None:
        """240 names the article; it is there at once, with its trace fields, its body untouched."""
        answer = self.post(HEADER + b"\r\n..dot\r\n...\r\n \r\n.\r\n")
        self.assertEqual(b"240 Article received <word1@%b>\r\n" % HOST.encode(), answer)
        (stored,) = self.world.stored()
        header, _, body = stored.partition(b"\r\n\r\n")
        self.assertEqual(b".dot\r\n..\r\n \r\n", body)
        self.assertTrue(
            header.startswith(b"Path: news.example.test!.POSTED!not-for-mail\r\n" + HEADER)
        )
        self.assertIn(b'posting-account="ann"', header)

    def test_who_may(self) -> None:
        """Nobody, those who have logged in, or everybody; as it is set."""
        octets = b"POST\r\n" + HEADER + b"\r\nx\r\n.\r\n"
        for posting, greeting, anonymous, known in (
            ("none", b"201", b"440", b"440"), ("login", b"200", b"480", b"340"), ("open", b"200", b"340", b"340"),
        ):  # fmt: skip
            session = self.world.connect(posting=posting, bad_commands=0)
            self.assertEqual(greeting, session.greeting[:3])
            self.assertEqual(greeting, session.say(b"MODE READER\r\n")[:3])
            self.assertEqual(anonymous, session.say(b"POST\r\n")[:3])
            self.assertEqual(known, self.world.enter(posting=posting).say(b"POST\r\n")[:3])
        self.assertEqual(b"240", self.world.connect(posting="open").say(octets)[len(ASKED) :][:3])
        self.assertNotIn(b"posting-account", self.world.stored()[0])

    def test_refused(self) -> None:
        """441 with the reason, after the article has come whole; nothing is stored."""
        other = HEADER.replace(b"misc.test", b"%b")
        many = b",".join(b"g%d" % number for number in range(11))
        for octets, why in [
            (HEADER + b"Control: cancel <a@b>\r\n\r\nx\r\n", b"Control"),
            (HEADER + b"Xref: a\r\n\r\nx\r\n", b"Xref"),
            (other % b"no.where" + b"\r\nx\r\n", b"There is no newsgroup no.where here"),
            (other % b"misc.test,no.where" + b"\r\nx\r\n", b"There is no newsgroup no.where here"),
            (other % b"Notices" + b"\r\nx\r\n", b"There is no newsgroup Notices here"),
            (other % b"misc.closed" + b"\r\nx\r\n", b"misc.closed does not take articles"),
            (other % b"misc.moderated" + b"\r\nx\r\n", b"misc.moderated is moderated"),
            (other % b"misc.test,misc.moderated" + b"\r\nx\r\n", b"misc.moderated is moderated"),
            (other % b"misc.moderated" + b"Approved: a@b.c\r\n\r\nx\r\n", b"You are not a moderator"),
            (HEADER + b"Approved: a@b.c\r\n\r\nx\r\n", b"You are not a moderator of misc.test"),
            (other % many + b"\r\nx\r\n", b"more than 10 newsgroups"),
            (HEADER + b"\r\nbare\nlf\r\n", b"CR LF"),
            (HEADER + b"\r\nbare\rcr\r\n", b"CR LF"),
            (HEADER + b"\r\nnul\0\r\n", b"NUL"),
            (HEADER + b"X-A: \0\r\n\r\nx\r\n", b"NUL"),
            (HEADER, b"no empty line"),
            (b"", b"no empty line"),
            (b"\r\nbody\r\n", b"no field"),
            (b"x" * 70_000, b"header is too large"),
            (HEADER + b"X-A: y\r\n" * 7_800 + b"\r\nx\r\n", b"header is too large"),
            (HEADER + b"\r\n" + b"x" * 5_000_000 + b"\r\n", b"article is too large"),
        ]:  # fmt: skip
            ended = octets + (b"" if octets.endswith(b"\r\n") or not octets else b"\r\n") + b".\r\n"
            answer = self.post(ended)
            self.assertEqual(b"441 ", answer[:4], octets[:200])
            self.assertIn(why, answer)
            self.assertEqual(1, answer.count(b"\r\n"))
        self.assertEqual([], self.world.stored())
        self.assertEqual([], self.world.stored("misc.moderated"))

    def test_moderators(self) -> None:
        """A group's moderator and admins may approve; elsewhere only admins."""
        approved = (
            HEADER.replace(b"misc.test", b"misc.moderated")
            + b"Approved: ben@example.test\r\n\r\nx\r\n.\r\n"
        )
        self.assertEqual(b"240", self.post(approved, "ben")[:3])
        self.assertEqual(b"240", self.post(approved, "root")[:3])
        both = approved.replace(b"misc.moderated", b"misc.moderated,misc.test")
        self.assertEqual(b"441 You are not a moderator of misc.test", self.post(both, "ben")[:40])

    def test_largest_header(self) -> None:
        """However large a header is taken, the article is found by the Message-ID it was given."""
        answer = self.post(HEADER + b"X-A: y\r\n" * 7_600 + b"\r\nx\r\n.\r\n")
        self.assertEqual(b"240 Article received <word1@%b>\r\n" % HOST.encode(), answer)
        self.assertEqual(
            f"223 0 <word1@{HOST}>\r\n", self.world.connect().ask(f"STAT <word1@{HOST}>")
        )

    def test_only_once(self) -> None:
        """The same Message-ID is taken once, in whichever group it is."""
        own = b"Message-ID: <own@x>\r\n\r\nx\r\n.\r\n"
        self.assertEqual(b"240 Article received <own@x>\r\n", self.post(HEADER + own))
        self.assertEqual(EXISTS, self.post(HEADER + own))
        self.assertEqual(EXISTS, self.post(HEADER.replace(b"misc.test", b"talk.other") + own))
        self.assertEqual(1, len(self.world.stored()))

    def test_only_once_at_the_same_time(self) -> None:
        """Of several that send the same Message-ID at once, the first to end is taken."""
        own = HEADER + b"Message-ID: <own@x>\r\n\r\nx\r\n"
        sessions = [self.world.enter() for _ in range(3)]
        for octets in (b"POST\r\n", own):
            for session in sessions:
                session.say(octets)
        codes = [session.say(b".\r\n")[:3] for session in sessions]
        self.assertEqual([b"240", b"441", b"441"], codes)
        self.assertEqual(1, len(self.world.stored()))

    def test_crosspost_is_stored_once(self) -> None:
        """One content in all its groups."""
        self.post(
            HEADER.replace(b"misc.test", b"misc.test, talk.other,misc.test") + b"\r\nx\r\n.\r\n"
        )
        contents = set()
        for name in ("misc.test", "talk.other"):
            folder = run(self.world.store.mail.folder(None, name))
            (message,) = run(self.world.store.mail.messages(folder.id, None, None))
            contents.add(message.content)
        self.assertEqual(1, len(contents))

    def test_at_every_cut(self) -> None:
        """Dot-stuffing and the end of the header are found wherever the network cuts."""
        octets = HEADER + b"Message-ID: <own@x>\r\n\r\n..\r\n...a\r\n\r\n\r\n.\r\n"
        for cut in range(1, len(octets)):
            world = World(articles=0)
            session = world.enter()
            session.say(b"POST\r\n")
            answer = session.say(octets[:cut]) + session.say(octets[cut:])
            self.assertEqual(b"240 Article received <own@x>\r\n", answer, cut)
            self.assertTrue(world.stored()[0].endswith(b"\r\n\r\n.\r\n..a\r\n\r\n\r\n"))
        world = World(articles=0)
        session = world.enter()
        session.say(b"POST\r\n")
        answer = b"".join(session.say(octets[at : at + 1]) for at in range(len(octets)))
        self.assertEqual(b"240 Article received <own@x>\r\n", answer)

    def test_bare_line_ends_do_not_end_it(self) -> None:
        """No dot between bare line ends is the end: nothing behind it becomes a command."""
        for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"):
            answer = self.post(HEADER + b"\r\nx" + end + b"QUIT\r\nx\r\n.\r\n")
            self.assertEqual(b"441 CR or LF stands alone: lines end with CR LF\r\n", answer, end)

    def test_abrupt_end(self) -> None:
        """A connection that goes within an article leaves nothing of it."""
        for octets in (b"", HEADER, HEADER + b"\r\nx\r\n", HEADER + b"\r\nx\r\n."):
            for ending in ("lost", "half"):
                session = self.world.enter()
                session.say(b"POST\r\n" + octets)
                if ending == "half":
                    session.server.readConnectionLost()
                    self.assertTrue(session.closed)
                session.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([], self.world.stored())
        self.assertEqual([], self.flushLoggedErrors())

    def test_store_that_fails(self) -> None:
        """An article that could not be stored is not acknowledged."""
        mail: Any = self.world.store.mail

        for error in (Busy("secret"), RuntimeError("secret")):
            self.patch(mail, "commit", raising(error))
            answer = self.post(HEADER + b"\r\nx\r\n.\r\n")
            self.assertEqual(b"441 The article could not be stored; try again later\r\n", answer)
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))
