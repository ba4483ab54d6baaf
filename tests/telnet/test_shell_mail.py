"""The shell's mail, as its users see it: written, answered, sent on, searched, saved."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from email.message import EmailMessage

from netsuite.store.errors import Busy, NoSuchFile, NoSuchFolder
from netsuite.store.model import ANSWERED, SEEN, Described, SpecialUse
from netsuite.testing.cases import TestCase
from tests.telnet.worlds import CHARACTERS, LETTER, Terminal, World

WITH_PARTS = b"""\
From: x@example.test\r
Subject: parts\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: text/plain\r
\r
See there.\r
--m\r
Content-Type: application/octet-stream\r
Content-Transfer-Encoding: base64\r
Content-Disposition: attachment; filename="../../.e\x1bvil"\r
\r
AAEC\r
/v8=\r
--m--\r
"""
ANSWERABLE = b"""\
From: "Bob, the other" <bob@example.test>\r
To: ann@example.test, cy@elsewhere.test\r
Cc: dee@elsewhere.test\r
Reply-To: bob+here@example.test\r
Message-ID: <2@elsewhere.test>\r
Date: Sat, 28 Feb 2026 23:30:00 -0200\r
References: <1@elsewhere.test>\r
Subject: Re: Plans\r
\r
Shall we?\r
\r
-- \r
Bob\r
"""


def text_of(message: EmailMessage) -> str:
    """Give the text of a message, lines ended by LF."""
    return str(message.get_content()).replace("\r\n", "\n")


class MailWorld(World):
    """A world that is asked what became of mail."""

    async def folder(self, account: str, name: str = "INBOX") -> Sequence[Described]:
        """Return what is in a folder."""
        mail = self.store.mail
        owner = await self.store.accounts.account(account)
        folder = await mail.folder(owner.id, name)
        return await mail.described(folder.id, await mail.uids(folder.id), owner.id)

    async def last(self, account: str, name: str = "INBOX") -> EmailMessage:
        """Return the last message of a folder, as the standard library reads it."""
        found = (await self.folder(account, name))[-1]
        octets = await self.store.mail.content(found.message.content)
        read = email.message_from_bytes(octets, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        return read

    async def put_for_ann(self, octets: bytes) -> None:
        """Put a message into ann's INBOX: the third."""
        ann = await self.store.accounts.account("ann")
        await self.put((await self.store.mail.folder(ann.id, "INBOX")).id, octets)


class Writing(TestCase):
    """Mail that leaves."""

    async def world(self) -> tuple[MailWorld, Terminal]:
        """Give a world, and ann's terminal in it."""
        world = MailWorld()
        await world.fill()
        return world, world.enter()

    async def test_write(self) -> None:
        """A letter is asked for, and there for who it is for at once; a copy is in Sent."""
        world, terminal = await self.world()
        terminal.say(b"mail write bob\r\n")
        self.assertTrue(terminal.heard().endswith(b"To: bob@example.test\r\nTo: "))
        terminal.say(b"\r\n")
        self.assertEqual(b"Cc: ", terminal.heard())
        terminal.say("\r\nGrüße\r\nHello,\r\n..\r\n~~x\r\n".encode())
        self.assertIn(b"Subject: ", terminal.heard())
        heard = terminal.ask(b".")
        self.assertEqual(b"Sent to bob@example.test.\r\n", heard)
        for where in ("bob", "ann"):
            message = await world.last(where, "INBOX" if where == "bob" else "Sent")
            self.assertEqual("ann <ann@example.test>", message["From"])
            self.assertEqual("bob@example.test", message["To"])
            self.assertEqual("Grüße", message["Subject"])
            self.assertEqual("Hello,\n..\n~x\n", text_of(message))
            self.assertEqual("Sun, 01 Mar 2026 12:00:00 +0000", message["Date"])
            self.assertRegex(message["Message-ID"], r"^<[0-9a-f]+@telnet\.test>$")
        received = (await world.last("bob"))["Received"]
        self.assertNotIn("127.0.0.1", received)
        self.assertIn(SEEN, (await world.folder("ann", "Sent"))[-1].message.flags)

    async def test_real_name(self) -> None:
        """What one writes has one's name on it; the name may be changed."""
        world, terminal = await self.world()
        self.assertEqual(
            b'You write as Ann Other, "B" <ann@example.test>.\r\n',
            terminal.ask(b"name Ann Other, '\"B\"'"),
        )
        terminal.say(b"mail write bob\r\n\r\n\r\nx\r\ntext\r\n.\r\n")
        message = await world.last("bob")
        self.assertEqual('"Ann Other, \\"B\\"" <ann@example.test>', message["From"])
        for name in ("name a\u202eb".encode(), b"name " + b"x" * 101):
            terminal.heard()
            self.assertNotIn(b"You write as", terminal.ask(name))

    async def test_onward(self) -> None:
        """Mail for other hosts is queued, and says who has submitted it."""
        world, terminal = await self.world()
        terminal.say(b"mail write cy@elsewhere.test\r\n\r\nbob\r\nx\r\ntext\r\n.\r\n")
        self.assertIn(b"Sent to cy@elsewhere.test, bob@example.test.", terminal.heard())
        (item,) = await world.store.queue.items()
        ann = await world.store.accounts.account("ann")
        self.assertEqual("cy@elsewhere.test", item.recipient.address)
        self.assertEqual(("ann@example.test", ann.id),
                         (item.envelope.sender, item.envelope.account))  # fmt: skip

    async def test_refused_addresses(self) -> None:
        """Who cannot be written to is told at once, and asked for again; nothing is sent."""
        world, terminal = await self.world()
        for words, answer in [
            (b"nobody", b"nobody@example.test: there is nobody of that name here.\r\n"),
            (b"'<>'", b"<> is no address.\r\n"),
        ]:
            self.assertIn(answer, terminal.ask(b"mail write " + words))
        terminal.heard()
        terminal.say(b"mail write\r\nnobody, bob\r\n")
        self.assertIn(b"there is nobody of that name here.\r\nTo: ", terminal.heard())
        terminal.say(b"bob\r\n\r\nx\r\ntext\r\n.\r\n")
        self.assertIn(b"Sent to bob@example.test.", terminal.heard())
        self.assertEqual(1, len(await world.folder("bob")))

    async def test_nothing_sent(self) -> None:
        """What is thrown away, broken off, empty or for nobody is not sent, and said to be so."""
        world, terminal = await self.world()
        for said in (
            b"mail write\r\n\r\n", b"mail write bob\r\n\x03", b"mail write bob\r\n\x04",
            b"mail write bob\r\n\r\n\r\nx\r\ntext\r\n~q\r\n",
            b"mail write bob\r\n\r\n\r\nx\r\ntext\x03", b"mail write bob\r\n\r\n\r\nx\r\n.\r\n",
            b"mail write bob\r\n\r\n\r\nx\r\n" + (b"z" * 4000 + b"\r\n") * 270,
        ):  # fmt: skip
            terminal.say(said)
            heard = terminal.heard()
            self.assertIn(b"Nothing was sent.", heard, said[:60])
            if len(said) > 10_000:
                terminal = world.enter()
        self.assertEqual(0, len(await world.folder("bob")))

    async def test_hung_up(self) -> None:
        """Who goes in the midst of a letter sends nothing; it is kept among the drafts, and can be
        gone on with."""
        world, terminal = await self.world()
        ann = await world.store.accounts.account("ann")
        await world.store.mail.create_folder(ann.id, "Drafts", special_use=SpecialUse.DRAFTS)
        terminal.say(b"mail write bob\r\n\r\ncy@elsewhere.test\r\nx\r\nIt begins\r\n")
        terminal.connection.readConnectionLost()
        self.assertTrue(terminal.closed)
        self.assertEqual(0, len(await world.folder("bob")))
        terminal = world.enter()
        self.assertIn(b"That is no draft;", terminal.ask(b"mail resume 1"))
        terminal.ask(b"mail list Drafts")
        terminal.say(b"mail resume 1\r\n\r\n\r\n\r\nand ends.\r\n.\r\n")
        self.assertIn(b"1 line of the draft; ~p shows what is written.", terminal.heard())
        message = await world.last("bob")
        self.assertEqual("It begins\nand ends.\n", text_of(message))
        self.assertEqual(("x", "cy@elsewhere.test"), (message["Subject"], message["Cc"]))
        self.assertEqual(0, len(await world.folder("ann", "Drafts")))

    async def test_hung_up_without_drafts(self) -> None:
        """Where there is no folder for it the letter is gone, and nothing goes wrong."""
        world, terminal = await self.world()
        terminal.say(b"mail write bob\r\n\r\n\r\nx\r\ntext\r\n")
        terminal.connection.readConnectionLost()
        self.assertEqual(0, len(await world.folder("bob")))
        self.assertEqual([], self.flushLoggedErrors())

    async def test_tilde_commands(self) -> None:
        """What is written can be looked at and changed, and so can its header."""
        world, terminal = await self.world()
        terminal.say(b"mail write bob\r\n\r\n\r\nx\r\none\r\ntwo\r\nthree\r\n")
        terminal.heard()
        terminal.say(b"~p\r\n")
        self.assertEqual(b"  1 one\r\n  2 two\r\n  3 three\r\n", terminal.heard())
        terminal.say(b"~e 2\r\n")
        self.assertEqual(b"2: two\r\n2: ", terminal.heard())
        terminal.say(b"TWO\r\n~d 3\r\n~s New subject\r\n~t nobody\r\n")
        self.assertIn(b"there is nobody", terminal.heard())
        terminal.say(b"~c ann\r\n~?\r\n")
        self.assertIn(b"~q           throws all of it away", terminal.heard())
        terminal.say(b"~r notes.txt\r\n~r none\r\n~d 4-32\r\n")
        self.assertIn(b"30 lines of notes.txt.", terminal.heard())
        terminal.say(b".\r\n")
        message = await world.last("bob")
        self.assertEqual("one\nTWO\nline 1\n", text_of(message))
        self.assertEqual(("New subject", "ann@example.test"), (message["Subject"], message["Cc"]))

    async def test_edited_in_place(self) -> None:
        """Where keys come one by one, what is there stands in the line, to be edited."""
        world, _ = await self.world()
        terminal = world.enter(CHARACTERS)
        terminal.say(b"mail write bob\r\0\r\0\r\0x\r\0one\r\0~e 1\r\0")
        self.assertTrue(terminal.heard().endswith(b"1: one"))
        terminal.say(b"\x7f\x7fff\r\0.\r\0")
        self.assertEqual("off\n", text_of(await world.last("bob")))

    async def test_attachment(self) -> None:
        """A file goes with it, its name and its octets unchanged."""
        world, terminal = await self.world()
        home = await world.homes.home("ann")
        octets = bytes(range(256)) * 700
        await world.write(home, ("Grüße.pdf",), octets)
        terminal.say("mail write bob\r\n\r\n\r\nx\r\n~a Grüße.pdf\r\n~a none\r\n.\r\n".encode())
        heard = terminal.heard()
        self.assertIn(b"179200 octets, goes with it.", heard)
        self.assertIn(b"There is no such file or directory.", heard)
        (attached,) = (await world.last("bob")).iter_attachments()
        self.assertEqual(("Grüße.pdf", "application/pdf", octets),
                         (attached.get_filename(), attached.get_content_type(),
                          attached.get_payload(decode=True)))  # fmt: skip

    async def test_too_large(self) -> None:
        """More than a message may have is refused, and nobody gets it."""
        world, terminal = await self.world()
        world.limits = (500, 1)
        terminal.say(b"mail write bob\r\n\r\n\r\nx\r\n" + b"y" * 500 + b"\r\n.\r\n")
        self.assertIn(b"Nothing was sent. It is larger than 500 octets.", terminal.heard())
        terminal.say(b"mail write bob ann\r\n\r\n\r\nx\r\ny\r\n.\r\n")
        self.assertIn(b"Nothing was sent. It is for more than 1.", terminal.heard())
        self.assertEqual(0, len(await world.folder("bob")))

    async def test_store_refuses(self) -> None:
        """What cannot be done now is said so, and the session goes on."""
        world, terminal = await self.world()

        async def busy(*arguments: object, **others: object) -> None:
            raise Busy("the lock was not free")

        self.patch(world.delivery, "deliver", busy)
        terminal.say(b"mail write bob\r\n\r\n\r\nx\r\ny\r\n.\r\n")
        self.assertIn(b"That cannot be done just now; try again later.\r\n", terminal.heard())
        with self.assertRaises(NoSuchFolder):
            await world.folder("ann", "Sent")

    async def test_no_way_out(self) -> None:
        """Where nothing can be sent that is said before anything is typed."""
        world, _ = await self.world()
        world.sends = False
        other = world.enter()
        self.assertEqual(b"Mail cannot be sent from here.\r\n", other.ask(b"mail write bob"))


class Answering(TestCase):
    """Answers, and what is sent on."""

    async def world(self, octets: bytes = ANSWERABLE) -> tuple[MailWorld, Terminal]:
        """Give a world with one message more for ann, and her terminal."""
        world = MailWorld()
        await world.fill()
        await world.put_for_ann(octets)
        terminal = world.enter()
        terminal.ask(b"mail")
        return world, terminal

    async def test_reply(self) -> None:
        """It goes to Reply-To, quotes without the signature, and continues the thread."""
        world, terminal = await self.world()
        terminal.say(b"mail reply 3\r\n\r\n\r\n\r\nYes.\r\n.\r\n")
        self.assertIn(b"2 lines of quotation; ~p shows what is written.", terminal.heard())
        message = await world.last("bob")
        self.assertEqual("bob+here@example.test", message["To"])
        self.assertEqual("Re: Plans", message["Subject"])
        self.assertEqual("<2@elsewhere.test>", message["In-Reply-To"])
        self.assertEqual("<1@elsewhere.test> <2@elsewhere.test>", message["References"])
        self.assertEqual(
            "On 2026-02-28, Bob, the other wrote:\n> Shall we?\nYes.\n", text_of(message)
        )
        self.assertIn(ANSWERED, (await world.folder("ann"))[-1].message.flags)
        self.assertIsNone(message["Cc"])

    async def test_reply_all(self) -> None:
        """All who got it get a copy, but oneself."""
        world, terminal = await self.world()
        terminal.say(b"mail reply-all 3\r\n\r\n\r\n\r\nYes.\r\n.\r\n")
        message = await world.last("bob")
        self.assertEqual("cy@elsewhere.test, dee@elsewhere.test", message["Cc"])
        queued = {item.recipient.address for item in await world.store.queue.items()}
        self.assertEqual({"cy@elsewhere.test", "dee@elsewhere.test"}, queued)

    async def test_wild(self) -> None:
        """A header that would do harm is shown harmlessly, and no field of an answer."""
        world, terminal = await self.world(
            b"From: =?utf-8?q?Evil=1B=5B2J=0D=0ABcc=3A_all=40x=2Etest?= <bob@example.test>\r\n"
            b"Subject: =?utf-8?q?=1B=5B2J=0D=0AX-Evil=3A_1?=\r\n"
            b"Message-ID: <\x1b@x>\r\n\r\n\x1b[2J\r\n"
        )
        terminal.say(b"mail reply 3\r\n\r\n\r\n\r\nx\r\n~p\r\n.\r\n")
        heard = terminal.heard()
        self.assertTrue(all(octet >= 0x20 or octet in b"\r\n" for octet in heard))
        self.assertIn(b"Sent to bob@example.test.", heard)
        message = await world.last("bob")
        self.assertEqual([None, None], [message["Bcc"], message["X-Evil"]])

    async def test_forward(self) -> None:
        """It goes as it is, header and all, within a message; eight bits stay eight."""
        original = ANSWERABLE + "Grüße\r\n".encode() * 10_000
        world, terminal = await self.world(original)
        terminal.say(b"mail forward 3 bob\r\n\r\n\r\n\r\nSee below.\r\n.\r\n")
        self.assertIn(b"goes with it.", terminal.heard())
        found = (await world.folder("bob"))[-1]
        octets = await world.store.mail.content(found.message.content)
        self.assertIn(original, octets)
        self.assertEqual("Fwd: Re: Plans", found.summary.subject)
        kinds = [part.type for part in found.summary.root.walk()]
        self.assertEqual([b"mixed", b"plain", b"rfc822", b"plain"], [kind[1] for kind in kinds])
        self.assertEqual(2, octets.count(b"Content-Transfer-Encoding: 8bit\r\n"))
        self.assertIn("$Forwarded", (await world.folder("ann"))[-1].message.flags)

    async def test_forward_without_words(self) -> None:
        """There need be no text."""
        _, terminal = await self.world()
        terminal.say(b"mail forward 3 bob\r\n\r\n\r\n\r\n.\r\n")
        self.assertIn(b"Sent to", terminal.heard())

    async def test_wrong_calls(self) -> None:
        """What is no number, or none of the list."""
        _, terminal = await self.world()
        for line, answer in [
            (b"mail reply", b"usage: mail reply NUMBER"), (b"mail reply 1 2", b"usage:"),
            (b"mail reply 1-2", b"usage:"), (b"mail reply 9", b"There is no message 9 in INBOX."),
            (b"mail forward", b"usage:"), (b"mail delete 3-9", b"There is no message 9"),
        ]:  # fmt: skip
            self.assertIn(answer, terminal.ask(line), line)


class Keeping(TestCase):
    """Search, move, save."""

    async def world(self) -> tuple[MailWorld, Terminal]:
        """Give a world with a message that has parts, and ann's terminal."""
        world = MailWorld()
        await world.fill()
        await world.put_for_ann(WITH_PARTS)
        return world, world.enter()

    async def test_number_alone(self) -> None:
        """``mail 1`` reads it, whatever the case."""
        _, terminal = await self.world()
        self.assertIn(b"Subject: First\r\n", terminal.ask(b"MAIL 1"))

    async def test_search(self) -> None:
        """What has all words is listed; the numbers are then those of what was found."""
        _, terminal = await self.world()
        self.assertEqual(1, terminal.ask(b"mail search second").count(b"\r\n"))
        self.assertIn(b"Second.", terminal.ask(b"mail read 1"))
        self.assertEqual(b"There is no message 2 in INBOX.\r\n", terminal.ask(b"mail read 2"))
        self.assertEqual(
            b"Nothing in INBOX has that.\r\n", terminal.ask(b"mail search hello second")
        )
        self.assertIn(b"usage:", terminal.ask(b"mail search"))

    async def test_move(self) -> None:
        """Ranges of messages are moved; what is not there is told."""
        world, terminal = await self.world()
        self.assertEqual(b"2 moved to Trash.\r\n", terminal.ask(b"mail move 1-2 Trash"))
        self.assertEqual(1, len(await world.folder("ann")))
        self.assertIn(b"not there", terminal.ask(b"mail move 1 Trash"))
        self.assertIn(b"no such folder", terminal.ask(b"mail move 3 Nowhere"))
        self.assertIn(b"They are in INBOX", terminal.ask(b"mail move 3 INBOX"))

    async def test_save(self) -> None:
        """A message is written into a new file, as it came; nothing is overwritten."""
        world, terminal = await self.world()
        self.assertIn(b" octets in /third.eml.", terminal.ask(b"mail save 3 third.eml"))
        home = await world.homes.home("ann")
        file = await home.open(("third.eml",))
        self.assertEqual(WITH_PARTS, await file.read(0, 10_000))
        file.close()
        self.assertIn(b"has that name already", terminal.ask(b"mail save 3 third.eml"))
        self.assertIn(b" in /public/message-3.eml.", terminal.ask(b"mail save 3 public"))

    async def test_parts(self) -> None:
        """Parts are listed with numbers; one is written into a file, its coding undone, and no
        name that its sender gave leads anywhere."""
        world, terminal = await self.world()
        listed = terminal.ask(b"mail parts 3")
        self.assertIn(b"1     text/plain 10\r\n", listed)
        self.assertIn(b"2     application/octet-stream 10 ../../.e^[vil\r\n", listed)
        self.assertIn(b"5 octets in /data.", terminal.ask(b"mail part 3 2 data"))
        file = await (await world.homes.home("ann")).open(("data",))
        self.assertEqual(b"\0\1\2\xfe\xff", await file.read(0, 100))
        file.close()
        self.assertIn(b"5 octets in /e_vil.", terminal.ask(b"mail part 3 2"))
        self.assertIn(b"There is no part 7", terminal.ask(b"mail part 3 7 x"))
        with self.assertRaises(NoSuchFile):
            await (await world.homes.home("ann")).entry(("x",))

    async def test_narrow(self) -> None:
        """A list fits into 40 columns and into 20."""
        world, _ = await self.world()
        for columns in (20, 40, 60, 80):
            terminal = world.enter(
                CHARACTERS + b"\xff\xfb\x1f\xff\xfa\x1f\0%c\0\xc8\xff\xf0" % columns
            )
            terminal.say(b"mail\r\0")
            rows = terminal.heard().split(b"\r\n")[1:-1]
            self.assertEqual(3, len(rows))
            self.assertTrue(all(len(row) < columns for row in rows), rows)
            self.assertTrue(all(b"Bob" in row for row in rows[:2]), rows)

    async def test_new_mail(self) -> None:
        """What comes is told at once, below what is being typed, which stays."""
        world, _ = await self.world()
        terminal = world.enter(CHARACTERS)
        terminal.say(b"pw")
        terminal.heard()
        await world.put_for_ann(LETTER % (b"new", b"text\r\n"))
        heard = terminal.heard()
        self.assertIn(b"New mail: a message; `mail` lists what there is.\r\n", heard)
        self.assertTrue(heard.endswith(b"ann:/> pw"), heard)
        terminal.say(b"d\r\0")
        self.assertIn(b"/\r\n", terminal.heard())

    async def test_new_mail_waits(self) -> None:
        """While a command asks for something it is not told, but at the next prompt; afterwards
        nobody listens."""
        world, terminal = await self.world()
        terminal.say(b"mail write bob\r\n")
        terminal.heard()
        for _ in range(2):
            await world.put_for_ann(LETTER % (b"new", b"text\r\n"))
        self.assertEqual(b"", terminal.heard())
        terminal.say(b"\x03")
        self.assertIn(b"New mail: 2 messages; `mail` lists what there is.\r\n", terminal.heard())
        terminal.say(b"quit\r\n")
        terminal.heard()
        await world.put_for_ann(LETTER % (b"new", b"text\r\n"))
        self.assertEqual(b"", terminal.heard())
