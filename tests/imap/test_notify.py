"""NOTIFY: what a client is told of, in the selected mailbox and in others (RFC 5465)."""

from __future__ import annotations

from netsuite.imap.server import notify
from netsuite.store.model import FlagAction
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import Client, World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"
ALL_OF_MESSAGES = b"(MessageNew MessageExpunge FlagChange)"


class Case(SynchronousTestCase):
    """A client that has logged in, and another that does things."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(PLAIN, PLAIN)
        self.client = self.world.enter(None)
        self.other = self.world.enter(None)

    def told(self, client: Client | None = None) -> list[bytes]:
        """Return what a client is told unasked."""
        client = client or self.client
        said = b"".join(iter(client.turn, b""))
        return said.split(b"\r\n")[:-1]

    def notify(self, groups: bytes, client: Client | None = None) -> list[bytes]:
        """Send NOTIFY SET; return the answer's lines before its end."""
        lines = (client or self.client).lines(b"n NOTIFY SET " + groups)
        self.assertEqual(b"n OK Watching", lines[-1])
        return lines[:-1]


class Others(Case):
    """Mailboxes that are not selected."""

    def test_messages(self) -> None:
        """A burst in another mailbox is one STATUS, between commands, of what was asked for."""
        self.assertEqual([], self.notify(b"(mailboxes (Sent INBOX Nowhere) %b)" % ALL_OF_MESSAGES))
        self.world.deliver(PLAIN, PLAIN, folder="Sent")
        self.world.deliver(PLAIN, folder="Lists/python")
        self.assertEqual([b"* STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 8)"], self.told())
        self.other.say(b"s SELECT Sent\r\na STORE 1 +FLAGS \\Deleted\r\n")
        self.assertEqual([b"* STATUS Sent (UIDVALIDITY 8 UNSEEN 2)"], self.told())
        self.client.say(b"e ENABLE CONDSTORE\r\n")
        self.other.say(b"a EXPUNGE\r\n")
        self.assertEqual(
            [b"* STATUS Sent (MESSAGES 1 UIDNEXT 3 UIDVALIDITY 8 HIGHESTMODSEQ 5)"], self.told()
        )

    def test_not_asked_for(self) -> None:
        """Of what was not asked for nothing is told: an event, a mailbox, after NONE anything."""
        self.notify(b"(mailboxes Sent (MessageNew MessageExpunge))")
        self.world.deliver(PLAIN, folder="Sent")
        self.told()
        self.other.say(b"s SELECT Sent\r\na STORE 1 +FLAGS \\Seen\r\nc CREATE Sent/2026\r\n")
        self.assertEqual([], self.told())
        self.assertEqual([b"n OK Watching nothing"], self.client.lines(b"n NOTIFY NONE"))
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([], self.told())

    def test_status(self) -> None:
        """With STATUS, what is in the mailboxes is told at once, but for the selected one."""
        self.client.say(b"s SELECT INBOX\r\n")
        self.assertEqual(
            [
                b"* STATUS Lists/python (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 10)",
                b"* STATUS Sent (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 8)",
            ],
            sorted(
                line
                for line in self.notify(b"STATUS (personal (MessageNew MessageExpunge))")
                if b"Lists " not in line
            ),
        )
        self.world.deliver(PLAIN)  # of the selected one SELECTED says, which is not there
        self.assertEqual([], self.told())
        self.assertEqual([b"a OK Nothing done"], self.client.lines(b"a NOOP"))

    def test_names(self) -> None:
        """Mailboxes that are made, renamed and removed, with the parent that is affected."""
        self.other.say(b"u UNSUBSCRIBE Sent\r\nu UNSUBSCRIBE Lists\r\n")
        self.notify(b"(subtree (Lists Work) (MailboxName))")
        self.other.say(b"c CREATE Lists/ruby\r\nc CREATE Apart\r\n")
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren) "/" Lists/ruby',
                b'* LIST (\\HasChildren) "/" Lists',
            ],
            self.told(),
        )
        self.other.say(b"c RENAME Lists Work\r\n")
        self.assertEqual([b'* LIST (\\HasChildren) "/" Work ("OLDNAME" (Lists))'], self.told())
        self.other.say(b"c CREATE Work/ruby/rails/old\r\n")
        self.told()
        self.other.say(b"c RENAME Work Lists\r\n")
        self.assertEqual([b'* LIST (\\HasChildren) "/" Lists ("OLDNAME" (Work))'], self.told())
        self.other.say(b"c DELETE Lists/ruby/rails/old\r\nc DELETE Lists/ruby/rails\r\n")
        self.other.say(b"c RENAME Lists Work\r\n")
        self.told()
        self.other.say(b"c DELETE Work/ruby\r\n")
        self.assertEqual(
            [b'* LIST (\\NonExistent) "/" Work/ruby', b'* LIST (\\HasChildren) "/" Work'],
            self.told(),
        )
        self.client.say(b"c CREATE Work/mine\r\n")
        self.assertEqual([], self.told())  # of its own doing it knows

    def test_subscriptions(self) -> None:
        """A name that is subscribed is told with its attributes."""
        self.other.say(b"u UNSUBSCRIBE Sent\r\nu UNSUBSCRIBE Lists\r\n")
        self.notify(b"(personal (SubscriptionChange))")
        self.other.say(b"c SUBSCRIBE Sent\r\n")
        self.assertEqual([b'* LIST (\\HasNoChildren \\Subscribed) "/" Sent'], self.told())
        self.other.say(b"c UNSUBSCRIBE Sent\r\n")
        self.assertEqual([b'* LIST (\\HasNoChildren) "/" Sent'], self.told())

    def test_sets_that_change(self) -> None:
        """Which mailboxes are subscribed, or there, is looked at again when that changes."""
        self.other.say(b"u UNSUBSCRIBE Sent\r\nu UNSUBSCRIBE Lists\r\n")
        self.notify(b"(subscribed (MessageNew MessageExpunge))")
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([], self.told())
        self.other.say(b"c SUBSCRIBE Sent\r\n")
        self.told()
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([b"* STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 8)"], self.told())
        self.other.say(b"c RENAME Sent Gone\r\n")
        self.told()
        self.other.say(b"c DELETE Gone\r\n")
        self.assertEqual([], self.told())

    def test_while_a_command_is_answered(self) -> None:
        """What happens meanwhile waits for the end of the command."""
        self.notify(b"(mailboxes Sent (MessageNew MessageExpunge))")
        self.client.say(b"a APPEND Lists/python {5}\r\n")
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([], self.told())
        self.assertIn(b"a OK", self.client.say(b"hello\r\n"))
        self.assertEqual([b"* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 8)"], self.told())
        self.client.say(b"i IDLE\r\n")
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([b"* STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 8)"], self.told())

    def test_refused(self) -> None:
        """Events that nobody is told of here are refused with those that there are; what was
        asked for before goes on."""
        self.notify(b"(mailboxes Sent (MessageNew MessageExpunge))")
        refused = (
            b"n NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName "
            b"SubscriptionChange MailboxMetadataChange ServerMetadataChange)] Of some of that "
            b"nobody is told here"
        )
        for events in (b"(MessageNew MessageExpunge AnnotationChange)", b"(x)"):
            self.assertEqual([refused], self.client.lines(b"n NOTIFY SET (personal %b)" % events))
        self.patch(notify, "WATCHED", 2)
        self.assertEqual(
            [b"n NO [NOTIFICATIONOVERFLOW] That is too much to watch"],
            self.client.lines(b"n NOTIFY SET (personal %b)" % ALL_OF_MESSAGES),
        )
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual(1, len(self.told()))

    def test_overflow(self) -> None:
        """A client that would be told of too much is told so, and of nothing more."""
        self.notify(b"(personal (MailboxName MessageNew MessageExpunge))")
        self.patch(notify, "NAMES", 3)
        for name in b"abcd":
            self.other.say(b"c CREATE %c\r\n" % name)
        self.assertEqual([b"* OK [NOTIFICATIONOVERFLOW] Too much happens"], self.told())
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([], self.told())

    def test_the_end(self) -> None:
        """With the connection everything ends: nobody hears of anything any more."""
        self.notify(b"(personal %b)" % ALL_OF_MESSAGES)
        self.world.deliver(PLAIN, folder="Sent")
        self.client.say(b"o LOGOUT\r\n")
        self.client.transport.loseConnection()
        self.world.deliver(PLAIN, folder="Sent")
        self.assertEqual([], self.told())


class Annotations(Case):
    """Entries of METADATA that others change (RFC 5465, 5.6 and 5.7)."""

    def test_of_mailboxes(self) -> None:
        """The names of entries come between commands, of the mailboxes that are watched; of what
        it sets itself a client is not told."""
        self.notify(b"(mailboxes Sent (MailboxMetadataChange))")
        for place in (b"Sent", b"INBOX", b'""'):
            self.other.say(b'a SETMETADATA %b (/shared/a "1" /private/b "2")\r\n' % place)
        self.assertEqual([b"* METADATA Sent /shared/a /private/b"], self.told())
        self.other.say(b"a SETMETADATA Sent (/shared/a NIL)\r\n")
        self.client.say(b'a SETMETADATA Sent (/private/c "1")\r\n')
        self.assertEqual([b"* METADATA Sent /shared/a"], self.told())

    def test_of_the_server(self) -> None:
        """Those of the server are told by themselves."""
        self.notify(b"(inboxes (ServerMetadataChange))")
        self.other.say(b'a SETMETADATA Sent (/shared/a "1")\r\n')
        self.assertEqual([], self.told())
        self.other.say(b'a SETMETADATA "" (/private/a "1")\r\n')
        self.assertEqual([b'* METADATA "" /private/a'], self.told())

    def test_enabled_besides(self) -> None:
        """Who has enabled METADATA, too, is told once."""
        self.client.say(b"e ENABLE METADATA\r\n")
        self.notify(b"(personal (MailboxMetadataChange ServerMetadataChange))")
        self.other.say(b'a SETMETADATA Sent (/shared/a "1")\r\n')
        self.assertEqual([], self.told())
        self.assertEqual(
            [b"* METADATA Sent /shared/a", b"a OK Nothing done"], self.client.lines(b"a NOOP")
        )

    def test_overflow(self) -> None:
        """Too many of them are told as such."""
        self.notify(b"(inboxes (ServerMetadataChange))")
        self.patch(notify, "NAMES", 1)
        self.other.say(b'a SETMETADATA "" (/private/a "1" /private/b "1")\r\n')
        self.assertEqual([b"* OK [NOTIFICATIONOVERFLOW] Too much happens"], self.told())


class Rights(Case):
    """Mailboxes of others that come and go with the rights on them (RFC 5465, 5.4 and 5.9)."""

    NAME = b'"Other Users/ben/Lists"'

    def setUp(self) -> None:
        super().setUp()
        self.ben = self.world.enter(None, name=b"ben")

    def give(self, letters: bytes) -> None:
        """Have Ben give rights."""
        answer = self.ben.lines(b'a SETACL Lists ann "%b"' % letters)
        self.assertEqual([b"a OK Rights changed"], answer)

    def names(self) -> None:
        """Have Ann told of names, and of messages."""
        self.notify(b'(subtree "Other Users" (MailboxName %b))' % ALL_OF_MESSAGES[1:-1])

    def test_names(self) -> None:
        """With ``l`` a mailbox comes, without it it goes; without ``r`` there is no access."""
        self.names()
        self.give(b"lr")
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren) "/" ' + self.NAME,
                b'* LIST (\\Noselect \\HasChildren) "/" "Other Users/ben"',
            ],
            self.told(),
        )
        self.world.deliver(PLAIN, name="ben", folder="Lists")
        status = b"* STATUS " + self.NAME + b" (MESSAGES %d UIDNEXT %d UIDVALIDITY 13)"
        self.assertEqual([status % (1, 2)], self.told())
        self.give(b"l")
        self.assertEqual([b'* LIST (\\HasNoChildren \\NoAccess) "/" ' + self.NAME], self.told())
        self.world.deliver(PLAIN, name="ben", folder="Lists")
        self.assertEqual([], self.told())
        self.give(b"lrs")
        self.assertEqual([b'* LIST (\\HasNoChildren) "/" ' + self.NAME], self.told())
        self.give(b"lr")  # of which nothing depends
        self.assertEqual([], self.told())
        self.world.deliver(PLAIN, name="ben", folder="Lists")
        self.assertEqual([status % (3, 4)], self.told())
        self.give(b"")
        self.assertEqual(
            [
                b'* LIST (\\NonExistent \\NoAccess) "/" ' + self.NAME,
                b'* LIST (\\NonExistent) "/" "Other Users/ben"',
            ],
            self.told(),
        )

    def test_without_names(self) -> None:
        """That there is no access any more is told to who wants to hear of messages alone."""
        self.give(b"lr")
        self.notify(b"(mailboxes %b %b)" % (self.NAME, ALL_OF_MESSAGES))
        self.give(b"")
        self.assertEqual([b'* LIST (\\NonExistent \\NoAccess) "/" ' + self.NAME], self.told())
        self.give(b"lr")
        self.told()
        self.world.deliver(PLAIN, name="ben", folder="Lists")
        self.assertEqual(1, len(self.told()))

    def test_no_access(self) -> None:
        """That a mailbox may not be read is told at once, and of the others everything is."""
        self.give(b"l")
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren \\NoAccess) "/" ' + self.NAME,
                b"* STATUS Sent (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 8)",
            ],
            self.notify(b"STATUS (mailboxes (%b Sent) (MessageNew MessageExpunge))" % self.NAME),
        )

    def test_unseen(self) -> None:
        """Of what one has no rights on nothing is told, nor of what is not asked for."""
        self.names()
        self.ben.say(b"a SETACL Lists -ann l\r\na SETACL Sent ann p\r\n")
        self.assertEqual([], self.told())
        self.notify(b"(personal (MailboxName))")
        self.give(b"lr")
        self.assertEqual([], self.told())

    def test_made_below(self) -> None:
        """A mailbox that begins with the rights of the one above it."""
        self.give(b"lr")
        self.names()
        self.ben.say(b"a CREATE Lists/new\r\n")
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren) "/" "Other Users/ben/Lists/new"',
                b'* LIST (\\HasChildren) "/" ' + self.NAME,
            ],
            self.told(),
        )
        self.world.deliver(PLAIN, name="ben", folder="Lists/new")
        self.assertEqual(1, len(self.told()))

    def test_gone(self) -> None:
        """A mailbox that its owner renames or deletes."""
        self.give(b"lr")
        self.names()
        self.ben.say(b"a RENAME Lists New\r\n")
        new = b'"Other Users/ben/New"'
        self.assertIn(
            b'* LIST (\\HasNoChildren) "/" ' + new + b' ("OLDNAME" (' + self.NAME + b"))",
            self.told(),
        )
        self.ben.say(b"a DELETE New\r\n")
        self.assertEqual(b'* LIST (\\NonExistent) "/" ' + new, self.told()[0])

    def test_renamed_tree(self) -> None:
        """Of those below a mailbox that is renamed there is no word of their own."""
        self.give(b"lr")
        self.ben.say(b"a CREATE Lists/a\r\na CREATE Lists/a/b\r\n")
        self.names()
        self.ben.say(b"a RENAME Lists New\r\n")
        self.assertEqual(
            [b'* LIST (\\HasChildren) "/" "Other Users/ben/New" ("OLDNAME" (' + self.NAME + b"))"],
            self.told(),
        )

    def test_gone_unread(self) -> None:
        """One that can only be seen tells of its end, too."""
        self.give(b"l")
        self.names()
        self.ben.say(b"a DELETE Lists\r\n")
        self.assertEqual(b'* LIST (\\NonExistent) "/" ' + self.NAME, self.told()[0])

    def test_public(self) -> None:
        """A public mailbox that is removed is so, whatever its rights were."""
        account = run(self.world.store.accounts.account("ben"))
        run(self.world.store.accounts.update_account(account.id, groups=frozenset({"admin"})))
        admin = self.world.enter(None, name=b"ben")
        admin.say(b"a CREATE Public/club\r\n")
        self.notify(b"(subtree Public (MailboxName MessageNew MessageExpunge))")
        admin.say(b"a SETACL Public/club ann lrs\r\na SETACL Public/club -ann s\r\n")
        self.assertEqual([], self.told())
        admin.say(b"a DELETE Public/club\r\n")
        self.assertEqual(
            [
                b'* LIST (\\NonExistent) "/" Public/club',
                b'* LIST (\\NonExistent) "/" Public',
            ],
            self.told(),
        )


class TheSelected(Case):
    """The mailbox that is selected."""

    def setUp(self) -> None:
        super().setUp()
        self.client.say(b"s SELECT INBOX\r\n")
        self.other.say(b"s SELECT INBOX\r\n")

    def test_at_once(self) -> None:
        """SELECTED: everything is told at once, whatever is asked."""
        self.notify(b"(selected %b)" % ALL_OF_MESSAGES)
        self.other.say(b"a STORE 1 +FLAGS (\\Deleted)\r\na EXPUNGE\r\n")
        self.assertEqual([b"* 1 EXPUNGE"], self.told())
        self.other.say(b"a STORE 1 +FLAGS (\\Flagged)\r\n")
        self.assertEqual([b"* 1 FETCH (UID 2 FLAGS (\\Flagged \\Recent))"], self.told())

    def test_delayed(self) -> None:
        """SELECTED-DELAYED: an expunge waits for a command that it may be told with."""
        self.notify(b"(selected-delayed %b)" % ALL_OF_MESSAGES)
        self.other.say(b"a STORE 1 +FLAGS (\\Deleted)\r\na EXPUNGE\r\n")
        self.world.deliver(PLAIN)
        self.assertEqual([b"* 3 EXISTS", b"* 3 RECENT"], self.told())
        self.assertNotIn(b"EXPUNGE", self.client.say(b"a FETCH 2 FLAGS\r\n"))
        self.assertIn(b"* 1 EXPUNGE\r\n", self.client.say(b"a NOOP\r\n"))

    def test_how_far_it_knows(self) -> None:
        """Who is told of flags while an expunge waits is told up to where it knows all: it would
        come back with the mod-sequence of the flags, and never hear what is gone."""
        self.client.say(b"e ENABLE QRESYNC\r\n")
        self.notify(b"(selected-delayed %b)" % ALL_OF_MESSAGES)
        self.other.say(b"a STORE 1 +FLAGS.SILENT (\\Deleted)\r\n")
        self.told()
        self.other.say(b"a EXPUNGE\r\na STORE 1 +FLAGS (\\Seen)\r\n")
        self.assertEqual(
            [
                b"* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent) MODSEQ (6))",
                b"* OK [HIGHESTMODSEQ 4] All is known up to it",
            ],
            self.told(),
        )
        self.assertEqual(
            [b"* VANISHED 1", b"a OK [HIGHESTMODSEQ 6] Nothing done"], self.client.lines(b"a NOOP")
        )

    def test_crossing(self) -> None:
        """Who was told of flags unasked is told what its own silent STORE makes of them: it may
        have sent that before it heard of them (RFC 3501, 6.4.6: there is no race)."""
        self.notify(b"(selected %b)" % ALL_OF_MESSAGES)
        self.other.say(b"a STORE 1 FLAGS.SILENT (\\Answered)\r\n")
        self.told()
        silent = b"a STORE 1:2 FLAGS.SILENT (\\Seen)"
        self.assertEqual(
            [b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))", b"a OK Stored"],
            self.client.lines(silent),
        )
        silent = b"a STORE 1:2 FLAGS.SILENT (\\Flagged)"
        self.assertEqual([b"a OK Stored"], self.client.lines(silent))

    def test_fetched(self) -> None:
        """Of new messages is fetched what was asked for, but not of those it brought itself."""
        self.notify(b"(selected (MessageNew (FLAGS BODY.PEEK[TEXT]) MessageExpunge))")
        self.world.deliver(PLAIN, PLAIN)
        told = b"* %d FETCH (UID %d FLAGS (\\Recent) BODY[TEXT] {6}"
        self.assertEqual(
            [b"* 4 EXISTS", b"* 4 RECENT", told % (3, 3), b"body", b")", told % (4, 4), b"body",
             b")"],
            self.told(),
        )  # fmt: skip
        self.assertIn(b"* 5 EXISTS", self.client.say(b"a APPEND INBOX {5+}\r\nhello\r\n"))
        self.assertEqual([], self.told())

    def test_none(self) -> None:
        """Who does not ask for the selected mailbox is not told of it; who asks again is told what
        has gathered."""
        self.client.say(b"n NOTIFY NONE\r\n")
        self.other.say(b"a STORE 1 +FLAGS (\\Deleted)\r\na EXPUNGE\r\n")
        self.world.deliver(PLAIN)
        self.assertEqual([b"a OK Nothing done"], self.client.lines(b"a NOOP"))
        self.client.say(b"i IDLE\r\n")
        self.assertEqual([], self.told())
        self.client.say(b"DONE\r\n")
        self.assertEqual(
            [b"* 1 EXPUNGE", b"* 2 EXISTS", b"* 2 RECENT"],
            self.notify(b"(selected (MessageNew MessageExpunge))"),
        )

    def test_flags_not_asked_for(self) -> None:
        """Without FlagChange flags are not told."""
        self.notify(b"(selected (MessageNew MessageExpunge))")
        self.other.say(b"a STORE 1 +FLAGS (\\Flagged)\r\n")
        self.assertEqual([], self.told())
        self.assertEqual([b"a OK Nothing done"], self.client.lines(b"a NOOP"))

    def test_own_flags(self) -> None:
        """The selected mailbox is SELECTED's, though others name it, too."""
        self.notify(b"(selected NONE) (personal %b)" % ALL_OF_MESSAGES)
        account = run(self.world.store.accounts.account("ann"))
        inbox = run(self.world.store.mail.folder(account.id, "INBOX"))
        flagged = frozenset({"\\Flagged"})
        run(self.world.store.mail.store_flags(inbox.id, [1], FlagAction.ADD, flagged, account.id))
        self.assertEqual([], self.told())
        self.client.say(b"u UNSELECT\r\n")
        self.world.deliver(PLAIN)
        self.assertEqual([b"* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7)"], self.told())
