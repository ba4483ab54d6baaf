"""The shell's news, as its users see it: unread counts, followups, catching up, searching."""

from __future__ import annotations

from netsuite.store.model import FolderKind
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, Terminal, World

ARTICLE = (
    b"From: Bob <bob@example.test>\r\nNewsgroups: example.talk,example.more\r\n"
    b"Subject: Re: Cafes\r\nMessage-ID: <3@example.test>\r\nReferences: <1@example.test>\r\n%s\r\n"
    b"A third one.\r\n-- \r\nBob\r\n"
)


class News(TestCase):
    """What is read and written."""

    async def world(self, more: bytes = b"") -> tuple[World, Terminal]:
        """Give a world with a third article, and ann's terminal."""
        world = await World().fill()
        mail = world.store.mail
        await mail.create_folder(None, "example.more", kind=FolderKind.GROUP)
        group = await mail.folder(None, "example.talk")
        await world.put(group.id, ARTICLE % more)
        return world, world.enter()

    async def test_unread(self) -> None:
        """What is new is counted, for each user alone, and marked in the list; what is read is new
        no longer."""
        world, terminal = await self.world()
        self.assertIn(b"     3 new        3 example.talk  Talk\r\n", terminal.ask(b"news"))
        self.assertEqual(3, terminal.ask(b"news list example.talk").count(b" N "))
        terminal.ask(b"news 2")
        self.assertEqual(2, terminal.ask(b"news list").count(b" N "))
        self.assertIn(b"2 new        3 example.talk", terminal.ask(b"news"))
        self.assertIn(b"3 new        3 example.talk", world.enter(name=b"bob").ask(b"news"))

    async def test_next(self) -> None:
        """One after the other, until nothing is new."""
        _, terminal = await self.world()
        self.assertIn(b"In example.talk:\r\nFrom:", terminal.ask(b"news next"))
        self.assertIn(b"Subject: Article 2", terminal.ask(b"news next"))
        self.assertIn(b"A third one.", terminal.ask(b"NEWS NEXT"))
        self.assertEqual(b"There is nothing new.\r\n", terminal.ask(b"news next"))

    async def test_catch_up(self) -> None:
        """All of a group is marked as read."""
        _, terminal = await self.world()
        self.assertEqual(b"3 of example.talk marked as read.\r\n",
                         terminal.ask(b"news catchup example.talk"))  # fmt: skip
        self.assertEqual(b"0 of example.talk marked as read.\r\n", terminal.ask(b"news catchup"))
        self.assertNotIn(b"new", terminal.ask(b"news"))

    async def test_search(self) -> None:
        """Articles that have all words are listed, by their own numbers."""
        _, terminal = await self.world()
        self.assertIn(b"Say which group", terminal.ask(b"news search third"))
        terminal.ask(b"news list example.talk")
        found = terminal.ask(b"news search THIRD one")
        self.assertEqual((1, True), (found.count(b"\r\n"), b"   3 N" in found))
        self.assertIn(b"Nothing in example.talk has that.", terminal.ask(b"news search nowhere"))

    async def test_follow(self) -> None:
        """A followup quotes, names what it follows, and goes to all of its groups."""
        world, terminal = await self.world()
        terminal.say(b"news follow example.talk 3\r\n")
        self.assertIn(b"Subject: Re: Cafes\r\nSubject: ", terminal.heard())
        terminal.say(b"\r\nIndeed.\r\n~a notes.txt\r\n~s Re: Other\r\n.\r\n")
        heard = terminal.heard()
        self.assertIn(b"2 lines of quotation", heard)
        self.assertIn(b"an article has a subject alone", heard)
        self.assertIn(b"Posted to example.talk,example.more.\r\n", heard)
        group = await world.store.mail.folder(None, "example.more")
        (found,) = await world.store.mail.described(
            group.id, await world.store.mail.uids(group.id), None
        )
        octets = await world.store.mail.content(found.message.content)
        self.assertIn(b"References: <1@example.test> <3@example.test>\r\n", octets)
        self.assertNotIn(b"In-Reply-To", octets)
        self.assertIn(b"Subject: Re: Other\r\n", octets)
        self.assertTrue(octets.endswith(b"Bob wrote:\r\n> A third one.\r\nIndeed.\r\n"), octets)

    async def test_followup_to(self) -> None:
        """Where its author wants answers elsewhere they go there, or by mail."""
        for more, answer in [
            (b"Followup-To: poster\r\n", b"by mail: mail write Bob <bob@example.test>\r\n"),
            (b"Followup-To: not.here\r\n", b"None of its groups is here: not.here.\r\n"),
            (b"Followup-To: example.closed\r\n", b"example.closed does not take articles"),
        ]:
            _, terminal = await self.world(more)
            self.assertIn(answer, terminal.ask(b"news follow example.talk 3"))

    async def test_narrow(self) -> None:
        """Groups and articles fit into 40 columns and into 20."""
        world, _ = await self.world()
        for columns in (20, 40):
            terminal = world.enter(
                CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0%c\0\xc8\xff\xf0" % columns
            )
            for line in (b"news\r\0", b"news list example.talk\r\0"):
                terminal.say(line)
                rows = terminal.heard().split(b"\r\n")[1:-1]
                self.assertEqual(3, len(rows))
                self.assertTrue(all(len(row) < columns for row in rows), rows)
