"""The Telnet server: login, every command, paging, and what it does with nobody at the keys."""

from __future__ import annotations

import time

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.connection.transcript import Transcript
from netsuite.store.errors import Busy
from netsuite.telnet.sanitize import width
from netsuite.telnet.shell.terminal import _rows
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, GREETING, PASSWORD, World

SECRET = PASSWORD.encode()
WINDOW = b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0%s\xff\xf0"


class Entering(TestCase):
    """Logging in."""

    async def test_no_waiting(self) -> None:
        """The greeting and the question come at once, whatever the client negotiates."""
        world = await World().fill()
        self.assertEqual(GREETING, world.connect().heard())

    async def test_every_client(self) -> None:
        """A client that agrees, one that refuses and one that never answers get in alike; of the
        password nothing is ever sent back."""
        for first in (b"", CHARACTERS, b"\xff\xfe\x01\xff\xfe\x03\xff\xfc\x18\xff\xfc\x1f"):
            for end in (b"\r\n", b"\r\0", b"\n", b"\r"):
                world = await World().fill()
                terminal = world.connect()
                terminal.say(first)
                terminal.say(b"ann" + end)
                terminal.say(SECRET)
                self.assertNotIn(SECRET[:3], terminal.heard())
                terminal.say(end)
                heard = terminal.heard()
                self.assertIn(b"Welcome, ann; `help` lists the commands.\r\n", heard)
                self.assertIn(b"You have new mail: 2 of 2.\r\n", heard)
                self.assertNotIn(SECRET[:3], heard)
                terminal.say(b"pwd" + end)
                echoed = b"pwd\r\n" if first is CHARACTERS else b""
                self.assertTrue(terminal.heard().startswith(echoed + b"/\r\n"))

    async def test_all_in_one_piece(self) -> None:
        """Name, password and commands may come in one packet, with the end behind them."""
        world = await World().fill()
        terminal = world.connect()
        terminal.say(b"ann\n" + SECRET + b"\npwd\nquit\n")
        self.assertTrue(terminal.heard().endswith(b"ann:/> /\r\nann:/> Goodbye.\r\n"))
        self.assertTrue(terminal.closed)

    async def test_three_tries(self) -> None:
        """Wrong passwords are told so, no more; after three the connection ends."""
        world = await World().fill()
        terminal = world.connect()
        for name in (b"ann", b"nobody"):
            terminal.heard()
            terminal.say(name + b"\r\nwrong\r\n")
            self.assertEqual(b"Password: Login incorrect.\r\nlogin: ", terminal.heard())
        terminal.say(b"ann\r\n\r\n")
        self.assertEqual(b"Password: Login incorrect.\r\nGoodbye.\r\n", terminal.heard())
        self.assertTrue(terminal.closed)

    async def test_guesses_are_slowed_down(self) -> None:
        """The door's throttle counts them, over all connections."""
        world = await World().fill()
        for _ in range(2):
            terminal = world.connect()
            terminal.say(b"ann\nwrong\n" * 3)
        self.assertTrue(terminal.closed)
        terminal = world.connect()
        terminal.say(b"ann\n" + SECRET + b"\n")
        self.assertIn(b"Too many wrong guesses; try again later.\r\nGoodbye.", terminal.heard())
        self.assertTrue(terminal.closed)
        self.assertEqual({"ann"}, {each.account for each in await world.store.accounts.logins()})

    async def test_empty_names(self) -> None:
        """Asked again, and not for ever; ^C asks again too, ^D leaves."""
        world = await World().fill()
        terminal = world.connect()
        terminal.say(b"\r\n\x03")
        self.assertFalse(terminal.closed)
        terminal.say(b"\r\n" * 20)
        self.assertTrue(terminal.closed)
        terminal = world.connect()
        terminal.say(b"\x04")
        self.assertTrue(terminal.closed)

    async def test_no_clear_text(self) -> None:
        """From elsewhere nobody is asked for a password in the clear, and is told why."""
        world = await World().fill()
        terminal = world.connect("192.0.2.7")
        heard = terminal.heard()
        self.assertIn(b"Passwords are not taken here without TLS", heard)
        self.assertIn(b"992", heard)
        self.assertNotIn(b"login", heard)
        self.assertTrue(terminal.closed)

    async def test_slow_login(self) -> None:
        """Who does not log in is not waited for, whatever else is said."""
        world = await World().fill()
        terminal = world.connect()
        for _ in range(13):
            world.clock.advance(10)
            terminal.say(b"\xff\xf1x")
        self.assertTrue(terminal.heard().endswith(b"\r\nNobody has logged in. Goodbye.\r\n"))
        self.assertTrue(terminal.closed)

    async def test_all_the_time_for_a_login(self) -> None:
        """Where ``login_seconds`` is 0, only who says nothing at all is not waited for."""
        world = await World(login_seconds=0, idle_seconds=100).fill()
        terminal = world.connect()
        for _ in range(100):
            world.clock.advance(90)
            terminal.say(b"x")
        self.assertFalse(terminal.closed)
        world.clock.advance(101)
        self.assertTrue(terminal.closed)

    async def test_no_word(self) -> None:
        """Where a time is set for the first word, a client that negotiates has said it."""
        world = await World(greeting_seconds=30).fill()
        silent, negotiating = world.connect(), world.connect()
        negotiating.say(CHARACTERS)
        world.clock.advance(31)
        self.assertEqual((True, False), (silent.closed, negotiating.closed))

    async def test_too_many(self) -> None:
        """One connection more than allowed hears so."""
        world = await World(connections=1).fill()
        world.connect()
        terminal = world.connect()
        self.assertEqual(b"Too many are being served; try again later.\r\n", terminal.heard())
        self.assertTrue(terminal.closed)

    async def test_greeting(self) -> None:
        """A site's own greeting is shown, and acts on nobody's terminal."""
        world = await World(greeting="Hi \x1b[5m").fill()
        self.assertIn(b"Hi ^[[5m\r\nlogin: ", world.connect().heard())


SEVERAL_TEXTS = b"""\
From: x@example.test\r
Subject: several\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain\r
\r
First.\r
--a\r
Content-Type: text/html\r
\r
<p>First.\r
--a--\r
--m\r
Content-Type: text/x-diff\r
\r
- old\r
--m\r
Content-Type: text/plain\r
Content-Disposition: attachment; filename=a.txt\r
\r
abc\r
--m\r
Content-Type: text/plain\r
\r
The list's footer.\r
--m--\r
"""
FORWARDED = b"""\
From: x@example.test\r
Subject: forwarded\r
MIME-Version: 1.0\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
Inner text.\r
"""


class Commands(TestCase):
    """What can be done."""

    async def asked(self, *lines: bytes, name: bytes = b"ann") -> list[bytes]:
        """Give what is shown for each line."""
        world = await World().fill()
        terminal = world.enter(name=name)
        return [terminal.ask(line) for line in lines]

    async def test_help(self) -> None:
        """Every command is listed, and groups of them can be asked for."""
        everything, mail, one, none = await self.asked(
            b"help", b"help mail", b"? ", b"help \x1bnope"
        )
        for name in (b"mail list", b"news post", b"ls", b"cd", b"cat", b"who", b"passwd", b"quit"):
            self.assertIn(b"\r\n  " + name, b"\r\n" + everything)
        self.assertEqual(everything, one)
        self.assertEqual(17, mail.count(b"\r\n"))
        self.assertIn(b"There is no command", none)

    async def test_help_fits(self) -> None:
        """No word of it is broken at the edge of a window, however narrow."""
        for columns in (80, 60, 40):
            world = await World().fill()
            terminal = world.enter(
                CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0%c\x03\xe8\xff\xf0" % columns
            )
            terminal.say(b"help\r\n")
            shown = terminal.heard()
            self.assertNotIn(b"--More--", shown)
            for words in (b"  quit", b"articles\r\n", b" one\r\n", b" log out\r\n"):
                self.assertIn(words, shown)
            self.assertLessEqual(max(map(len, shown.splitlines())), columns)

    async def test_unknown(self) -> None:
        """What is no command, or called wrongly, is told so."""
        for line, answer in [
            (b"frob", b"There is no command frob; `help` lists those there are.\r\n"),
            (b"mail frob", b"`help mail` lists what can be done with mail.\r\n"),
            (b"''", b"There is no command ; `help` lists those there are.\r\n"),
            (b"cat 'x", b"A quotation mark or a backslash has nothing behind it.\r\n"),
            (b"cat", b"usage: cat FILE...\r\n"),
            (b"mail read x", b"usage: mail read NUMBER\r\n"),
            (b"mail read 1 2", b"usage: mail read NUMBER\r\n"),
            (b"mail read 99999999999999999999", b"usage: mail read NUMBER\r\n"),
            (b"mail read \xc2\xb2", b"usage: mail read NUMBER\r\n"),
            (b"news list a b", b"usage: news list [GROUP]\r\n"),
            (b"quit now", b"usage: quit\r\n"),
            (b"", b""),
            (b"   ", b""),
        ]:
            (heard,) = await self.asked(line)
            self.assertEqual(answer, heard, line)

    async def test_files(self) -> None:
        """ls, cd, pwd, cat; no path leaves the root."""
        listing, _, site, _, up, text, no_cd, missing, both = await self.asked(
            b"ls", b"cd site", b"ls", b"cd ../../..", b"pwd", b"cat /site/welcome.txt",
            b"cd notes.txt", b"ls none", b"cat none public notes.txt",
        )  # fmt: skip
        self.assertEqual(
            [b"notes.txt", b"public/", b"site/"],
            [line.split()[-1] for line in listing.splitlines()],
        )
        self.assertIn(b"welcome.txt\r\n", site)
        self.assertEqual(b"/\r\n", up)
        self.assertEqual(b"Gr??e\r\n", text)
        self.assertEqual(b"That is not a directory.\r\n", no_cd)
        self.assertEqual(b"There is no such file or directory.\r\n", missing)
        self.assertTrue(
            both.startswith(
                b"none: There is no such file or directory.\r\npublic: That is a directory.\r\n"
                b"line 1\r\nline 2\r\n"
            )
        )

    async def test_habits(self) -> None:
        """What fingers type behind ls is taken for what it is: -l and -a change nothing."""
        plain, *others = await self.asked(b"ls", b"ls -l", b"ls -la", b"ls -a public", b"ls -z")
        self.assertEqual([plain, plain], others[:2])
        self.assertIn(b"wild.txt", others[2])
        self.assertEqual(b"There is no such file or directory.\r\n", others[3])

    async def test_content_is_harmless(self) -> None:
        """Escapes in files, mail and subjects are shown, and do nothing."""
        file, mail, letter = await self.asked(b"cat public/wild.txt", b"mail", b"mail read 1")
        self.assertEqual(b"^[]0;owned^G <U+202E>right <U+009B>1m\r\n", file)
        self.assertIn(b"Caf?^[]0;x^G", mail)
        self.assertIn(b"Hello^[[2J you\r\n", letter)
        for heard in (file, mail, letter):
            self.assertTrue(all(octet >= 0x20 or octet in b"\r\n" for octet in heard))

    async def test_mail(self) -> None:
        """List, read, delete; what was read is no longer new, numbers stay while one works."""
        first, letter, second, gone, trash, still = await self.asked(
            b"mail", b"mail read 1", b"mail", b"mail delete 1", b"mail list Trash", b"mail list"
        )
        self.assertEqual(
            [b"1", b"N", b"2", b"N"],
            [word for line in first.splitlines() for word in line.split()[:2]],
        )
        self.assertTrue(letter.startswith(b"From:    Bob <bob@example.test>\r\n"
                                          b"To:      ann@example.test and 1 more\r\n"))  # fmt: skip
        self.assertIn(b"\r\nSubject: First\r\n\r\n", letter)
        self.assertEqual(1, second.count(b" N "))
        self.assertEqual(b"1 moved to Trash.\r\n", gone)
        self.assertIn(b"First", trash)
        self.assertNotIn(b"First", still)

    async def test_every_text(self) -> None:
        """All texts of a letter are shown, of alternatives one; what is not is named."""
        world = await World().fill()
        ann = await world.store.accounts.account("ann")
        inbox = await world.store.mail.folder(ann.id, "INBOX")
        await world.put(inbox.id, SEVERAL_TEXTS)
        await world.put(inbox.id, FORWARDED)
        terminal = world.enter()
        terminal.ask(b"mail")
        _, shown = terminal.ask(b"mail read 3").split(b"\r\n\r\n", 1)
        self.assertEqual(
            b"First.\r\n\r\nThe list's footer.\r\n[ text/x-diff, 5 octets]\r\n"
            b"[a.txt text/plain, 3 octets]\r\n",
            shown,
        )
        self.assertTrue(terminal.ask(b"mail read 4").endswith(b"\r\n\r\nInner text.\r\n"))

    async def test_mail_refused(self) -> None:
        """What is not there, and what may not be changed."""
        none, folder, public, empty, gone = await self.asked(
            b"mail read 7", b"mail list Nowhere", b"mail list Public/example.talk",
            b"mail delete 1", b"mail list Trash",
        )  # fmt: skip
        self.assertEqual(b"There is no message 7 in INBOX.\r\n", none)
        self.assertEqual(b"There is no such folder or group.\r\n", folder)
        self.assertIn(b"Article 1", public)
        self.assertEqual(b"You may not do that.\r\n", empty)
        self.assertEqual(b"There is nothing in Trash.\r\n", gone)

    async def test_deleted_elsewhere(self) -> None:
        """Who deletes what another session has deleted is told that it is not there."""
        world = await World().fill()
        one, other = world.enter(), world.enter()
        for terminal in (one, other):
            terminal.ask(b"mail")
        self.assertEqual(b"1 moved to Trash.\r\n", one.ask(b"mail delete 1"))
        gone = b"That message is not there, or not any more.\r\n"
        self.assertEqual(gone, other.ask(b"mail delete 1"))
        self.assertEqual(b"1 moved to Trash.\r\n", other.ask(b"mail delete 1 2"))

    async def test_deleted_for_good(self) -> None:
        """What is deleted in the trash is gone."""
        *_, gone, listed = await self.asked(
            b"mail", b"mail delete 1 2", b"mail list Trash", b"mail delete 1 2", b"mail list Trash"
        )
        self.assertEqual(b"2 deleted.\r\n", gone)
        self.assertEqual(b"There is nothing in Trash.\r\n", listed)

    async def test_news(self) -> None:
        """Groups, their articles, an article; the group is remembered."""
        groups, no_group, articles, article, other, none = await self.asked(
            b"news", b"news list", b"news list example.talk", b"news read 2",
            b"news read example.talk 1", b"news read 9",
        )  # fmt: skip
        self.assertIn(b"2 example.talk  Talk\r\n", groups)
        self.assertEqual(b"Say which group; `news groups` lists them.\r\n", no_group)
        self.assertIn(b"Article 1", articles)
        self.assertIn(b"Subject: Article 2\r\n\r\nAn article.\r\n", article)
        self.assertIn(b"Subject: Article 1\r\n", other)
        self.assertEqual(b"That message is not there, or not any more.\r\n", none)

    async def test_post(self) -> None:
        """An article is asked for, posted, and there for everybody."""
        world = await World().fill()
        terminal = world.enter()
        terminal.ask(b"news list example.talk")
        terminal.say(b"news post\r\n")
        self.assertEqual(b"Subject: ", terminal.heard())
        terminal.say("Grüße\r\nfirst\r\n..\r\n.\r\n".encode())
        self.assertIn(b"Posted to example.talk.\r\n", terminal.heard())
        posted = world.enter(name=b"bob").ask(b"news read example.talk 3")
        self.assertIn(b"From:    ann <ann@example.test>\r\n", posted)
        self.assertIn(b"Subject: Gr??e\r\n\r\nfirst\r\n..\r\n", posted)

    async def test_not_posted(self) -> None:
        """What is broken off, empty or not allowed is not posted; the session goes on."""
        world = await World().fill()
        terminal = world.enter()
        for said in (b"news post example.talk\r\n\r\n", b"news post example.talk\r\nx\r\n.\r\n",
                     b"news post example.talk\r\nx\r\ntext\x03", b"news post example.closed\r\n",
                     b"news post example.talk\r\n\x04"):  # fmt: skip
            terminal.say(said)
            if said.endswith(b"\x04"):
                self.assertTrue(terminal.closed)
            else:
                self.assertTrue(terminal.heard().endswith(b"ann:/> "), said)
        self.assertIn(b"2 example.talk", world.enter().ask(b"news"))

    async def test_who(self) -> None:
        """Who is logged in here, from where, since when; nobody who is not."""
        world = await World().fill()
        terminal = world.enter()
        world.connect()
        world.enter(name=b"bob")
        lines = terminal.ask(b"who").splitlines()
        self.assertEqual(
            [[b"ann", b"127.0.0.1", b"2026-03-01", b"12:00"],
             [b"bob", b"127.0.0.1", b"2026-03-01", b"12:00"]],
            [line.split() for line in lines],
        )  # fmt: skip

    async def test_password(self) -> None:
        """The password is changed by who knows the old one, and nothing of either is shown."""
        world = await World().fill()
        terminal = world.enter(CHARACTERS)
        terminal.say(b"passwd\r\n" + SECRET + b"\r\nnew secret\r\nnew secret\r\n")
        heard = terminal.heard()
        self.assertIn(b"Your password is changed.\r\n", heard)
        self.assertNotIn(b"secret", heard)
        again = world.connect()
        again.say(b"ann\r\n" + SECRET + b"\r\nann\r\nnew secret\r\n")
        self.assertIn(b"Login incorrect.", again.heard())
        self.assertFalse(again.closed)

    async def test_password_not_changed(self) -> None:
        """Not by who does not know the old one, nor to a bad one, nor when mistyped."""
        world = await World().fill()
        for said, answer in [
            (b"wrong\r\n", b"That is not your password.\r\n"),
            (SECRET + b"\r\nshort\r\n", b"Nothing was changed: a password has at least 8"),
            (SECRET + b"\r\nlong enough\r\nlong enouhg\r\n", b"the two are not the same.\r\n"),
            (SECRET + b"\r\nlong enough\x03", b""),
        ]:
            terminal = world.enter()
            terminal.say(b"passwd\r\n" + said)
            self.assertIn(answer, terminal.heard())
            self.assertFalse(terminal.closed)
        world.enter()

    async def test_store_refuses(self) -> None:
        """What the store cannot do now is said in words, and the session goes on."""
        world = await World().fill()
        terminal = world.enter()

        def busy(*arguments: object) -> None:
            raise Busy("the lock was not free")

        self.patch(world.store.mail, "uids", busy)
        self.assertEqual(
            b"That cannot be done just now; try again later.\r\n", terminal.ask(b"mail")
        )

    async def test_broken(self) -> None:
        """A fault of ours is logged, told without its text, and the session goes on."""
        world = await World().fill()
        terminal = world.enter()

        def broken(*arguments: object) -> None:
            raise ZeroDivisionError("inner text")

        self.patch(world.store.mail, "uids", broken)
        self.assertEqual(b"Something went wrong here; try again later.\r\n", terminal.ask(b"mail"))
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))


class Transcribed(TestCase):
    """What an operator who looks for faults reads."""

    async def test_no_password(self) -> None:
        """Commands are told; no password is, wherever it is typed, even ahead of its prompt."""
        world = await World().fill()
        told: list[str] = []
        world.configure(
            transcript=lambda name: Transcript(
                lambda side, text, seconds: told.append(f"{side}: {text}"), world.clock
            )
        )
        terminal = world.enter()
        terminal.say(b"pwd\r\n")
        terminal.say(b"passwd\r\n")
        for line in (SECRET, b"new sesame", b"new sesame"):
            terminal.say(line + b"\r\n")
        terminal.say(b"quit\r\n")
        self.assertNotIn("sesame", "".join(told))
        self.assertEqual(
            ["C: ***", "C: ***", "C: pwd", "C: passwd", "C: ***", "C: ***", "C: ***", "C: quit"],
            [line for line in told if line.startswith("C: ")],
        )


class Paging(TestCase):
    """A screen at a time."""

    async def paged(self, first: bytes, *keys: bytes) -> list[bytes]:
        """Give what is shown of thirty lines, and for each key."""
        world = await World().fill()
        terminal = world.enter(first)
        terminal.say(b"cat notes.txt\r\n")
        shown = [terminal.heard()]
        for key in keys:
            terminal.say(key)
            shown.append(terminal.heard())
        return shown

    async def test_keys(self) -> None:
        """Space shows a screen, Enter a line, q ends it, other keys do nothing."""
        first, line, nothing, screen, end = await self.paged(
            CHARACTERS + WINDOW % b"\x06", b"\r\0", b"x", b" ", b"q"
        )
        wipe = b"\r" + b" " * 8 + b"\r"
        lines = [b"line %d\r\n" % number for number in range(1, 12)]
        self.assertEqual(b"cat notes.txt\r\n" + b"".join(lines[:5]) + b"--More--", first)
        self.assertEqual(wipe + lines[5] + b"--More--", line)
        self.assertEqual(wipe + b"--More--", nothing)
        self.assertEqual(wipe + b"".join(lines[6:11]) + b"--More--", screen)
        self.assertEqual(wipe + b"ann:/> ", end)

    async def test_resized(self) -> None:
        """A window that was made larger while it waited is filled; without a size, all is shown."""
        *_, larger, rest = await self.paged(
            CHARACTERS + WINDOW % b"\x06", WINDOW % b"\x0b", b" ", WINDOW % b"\x00" + b" "
        )
        self.assertEqual(10, larger.count(b"line "))
        self.assertEqual(15, rest.count(b"line "))
        self.assertTrue(rest.endswith(b"line 30\r\nann:/> "))

    async def test_lines(self) -> None:
        """A client that sends lines pages with Enter."""
        first, screen, end = await self.paged(WINDOW % b"\x15", b"\r\n", b"ls\r\n")
        self.assertTrue(first.endswith(b"line 20\r\n--More-- (Enter: go on, q: stop) "))
        self.assertTrue(screen.endswith(b"line 30\r\nann:/> "))
        self.assertIn(b"notes.txt", end)

    async def test_interrupt(self) -> None:
        """^C ends it."""
        _, end = await self.paged(CHARACTERS + WINDOW % b"\x06", b"\x03")
        self.assertTrue(end.endswith(b"\rann:/> "))

    async def test_no_window(self) -> None:
        """Where the height is not known nothing is paged: scripts see everything."""
        (shown,) = await self.paged(b"")
        self.assertTrue(shown.endswith(b"line 30\r\nann:/> "))

    async def test_wide_lines(self) -> None:
        """A line that is wider than the window takes as many rows as it needs."""
        world = await World().fill()
        home = await world.homes.home("ann")
        await world.write(home, ("wide",), b"x" * 200 + b"\n" + "日".encode() * 60 + b"\n")
        terminal = world.enter(CHARACTERS + WINDOW % b"\x04")
        terminal.say(b"cat wide\r\n")
        self.assertEqual(
            b"cat wide\r\n"
            + b"x" * 80
            + b"\r\n"
            + b"x" * 80
            + b"\r\n"
            + b"x" * 40
            + b"\r\n--More--",
            terminal.heard(),
        )
        terminal.say(b" ")
        self.assertTrue(terminal.heard().endswith(b"?" * 40 + b"\r\n" + b"?" * 20 + b"\r\nann:/> "))

    async def test_line_without_end(self) -> None:
        """A screen of a line that does not end costs what is shown, not what the line holds."""
        for text in ("é" * 200_000, "a" + "\u0301" * 200_000, "日" * 200_000):
            rows = _rows(text, 20)
            began = time.process_time()
            screen = [next(rows) for _ in range(1000)]
            self.assertLess(time.process_time() - began, 1.0)
            self.assertTrue(text.startswith("".join(screen)))
            self.assertTrue(all(0 < width(row) <= 20 for row in screen[:1]))
            self.assertEqual(text, "".join(screen) + "".join(rows))


class Enduring(TestCase):
    """Idle users, slow readers, sudden ends."""

    async def test_idle(self) -> None:
        """Who types nothing for long is told so; keys and AYT count as life."""
        world = await World(idle_seconds=100).fill()
        terminal = world.enter(CHARACTERS)
        for octets in (b"x", b"\xff\xf6", b"\xff\xf1", b"y"):
            world.clock.advance(90)
            terminal.say(octets)
        self.assertFalse(terminal.closed)
        world.clock.advance(101)
        self.assertTrue(
            terminal.heard().endswith(b"\r\nYou have said nothing for long. Goodbye.\r\n")
        )
        self.assertTrue(terminal.closed)

    async def test_half_a_command(self) -> None:
        """A subnegotiation that is not ended is not waited for, as a typed line is."""
        world = await World().fill()
        for octets, closed in ((b"half a line", False), (b"\xff\xfa\x18", True), (b"\xff", True)):
            terminal = world.enter()
            terminal.say(octets)
            world.clock.advance(121)
            self.assertEqual(closed, terminal.closed, octets)

    async def test_slow_reader(self) -> None:
        """A terminal that takes nothing is not written to on and on."""
        world = await World().fill()
        home = await world.homes.home("ann")
        await world.write(home, ("big",), b"a line of some length\n" * 200_000)
        terminal = world.enter()
        terminal.transport.full_at = 65_536
        terminal.say(b"cat big\r\n")
        heard = terminal.heard()
        self.assertLess(len(heard), 300_000)
        for _ in range(3):
            self.assertGreater(len(heard), 0)
            terminal.transport.drain()
            heard = terminal.heard()
            self.assertLess(len(heard), 300_000)
        world.clock.advance(121)
        self.assertTrue(terminal.closed)
        self.assertEqual([], self.flushLoggedErrors())

    async def test_interrupted_output(self) -> None:
        """^C stops a long file where it is."""
        world = await World().fill()
        home = await world.homes.home("ann")
        await world.write(home, ("big",), b"a line of some length\n" * 200_000)
        terminal = world.enter()
        terminal.transport.full_at = 0
        terminal.say(b"cat big\r\n")
        terminal.say(b"\xff\xf4")
        terminal.heard()
        terminal.transport.drain()
        self.assertTrue(terminal.heard().endswith(b"ann:/> "))

    async def test_abrupt_end(self) -> None:
        """A client that goes in the middle of anything leaves nothing behind."""
        world = await World().fill()
        login = b"ann\r\n" + SECRET + b"\r\n"
        for octets in (b"", b"\xff", b"\xff\xfa\x18ab", b"an", b"ann\r\n", b"ann\r\nsec", login,
                       login + b"cat no", login + b"passwd\r\n" + SECRET + b"\r\nnew",
                       login + b"news post example.talk\r\nx\r\ntext",
                       WINDOW % b"\x06" + login + b"cat notes.txt\r\n"):  # fmt: skip
            terminal = world.connect()
            if octets:
                terminal.say(octets)
            terminal.connection.connectionLost(Failure(ConnectionLost()))
            self.assertEqual(0, len(world.factory), octets)
        self.assertEqual([], world.clock.getDelayedCalls())
        self.assertEqual([], self.flushLoggedErrors())

    async def test_half_closed(self) -> None:
        """After the client's half is closed what was typed is still done."""
        world = await World().fill()
        terminal = world.connect()
        terminal.say(b"ann\n" + SECRET + b"\npwd\nls")
        terminal.connection.readConnectionLost()
        self.assertTrue(terminal.heard().endswith(b"ann:/> /\r\nann:/> "))
        self.assertTrue(terminal.closed)

    async def test_stop(self) -> None:
        """When the service stops, users are told so."""
        world = await World().fill()
        terminals = [world.connect(), world.enter()]
        world.factory.drain()
        for terminal in terminals:
            self.assertTrue(terminal.heard().endswith(b"\r\nThe server is stopping. Goodbye.\r\n"))
            self.assertTrue(terminal.closed)
