"""Mailboxes of others, and what who may do with them, as clients see it (RFC 4314)."""

from __future__ import annotations

from netsuite.store.model import FlagAction
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import Client, World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"
NOT_THERE = [b"a NO [NONEXISTENT] There is no such mailbox"]
NOT_PERMITTED = [b"a NO [NOPERM] That is not permitted"]


class Case(SynchronousTestCase):
    """Ann, who owns mailboxes, and Ben, who sees some of them."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(PLAIN, PLAIN, folder="Lists")
        self.ann = self.world.enter(None)
        self.ben = self.world.enter(None, name=b"ben")

    def give(self, rights: str, mailbox: str = "Lists", who: str = "ben") -> None:
        """Have Ann give rights."""
        line = f'a SETACL {mailbox} {who} "{rights}"'.encode()
        self.assertEqual([b"a OK Rights changed"], self.ann.lines(line))

    def listed(self, client: Client, arguments: bytes = b'"" *') -> list[bytes]:
        """Return the names that LIST shows."""
        return [
            line.split(b'"/" ')[1]
            for line in client.lines(b"a LIST " + arguments)
            if b'"/"' in line
        ]


class Commands(Case):
    """Rights are given, taken and told."""

    def test_set(self) -> None:
        """What is given is listed, with what RFC 2086 called it; the owner has all."""
        self.give("lrs")
        self.give("+cd")
        self.give("-k")
        self.give("w", who="-group=staff")
        self.give("lr", who="ANYONE")
        self.assertEqual(
            [
                b"* ACL Lists ann lrswipkxteacd ben lrsxtecd -$staff w anyone lr",
                b"a OK Rights listed",
            ],
            self.ann.lines(b"a GETACL Lists"),
        )
        self.assertEqual([b"a OK Rights taken"], self.ann.lines(b"a DELETEACL Lists ben"))
        self.assertEqual([b"a OK Rights taken"], self.ann.lines(b"a DELETEACL Lists nobody"))
        self.give("", who="-$staff")
        self.assertEqual(
            b"* ACL Lists ann lrswipkxteacd anyone lr", self.ann.lines(b"a GETACL Lists")[0]
        )

    def test_refused(self) -> None:
        """Nobody is given rights who is not there, nobody loses what he always has."""
        for words in (b"carol l", b"-carol l", b"$ l", b"group= l"):
            self.assertEqual(
                [b"a NO Nobody has that identifier"], self.ann.lines(b"a SETACL Lists " + words)
            )
        self.assertEqual(NOT_PERMITTED, self.ann.lines(b"a SETACL Lists ann lr"))
        self.assertEqual(NOT_PERMITTED, self.ann.lines(b"a DELETEACL Lists ann"))
        self.assertEqual(NOT_THERE, self.ann.lines(b"a SETACL Nowhere ben l"))
        self.assertEqual([b"a OK Rights changed"], self.ann.lines(b"a SETACL Lists ann +lr"))

    def test_told(self) -> None:
        """What may be given, and what one has."""
        self.assertEqual(
            [b'* LISTRIGHTS Lists Ben "" l r s w i p k x t e a c d', b"a OK Rights listed"],
            self.ann.lines(b"a LISTRIGHTS Lists Ben"),
        )
        self.assertEqual(
            [b"* LISTRIGHTS Lists ann lrswipkxteacd", b"a OK Rights listed"],
            self.ann.lines(b"a LISTRIGHTS Lists ann"),
        )
        self.assertEqual(
            [b"* MYRIGHTS INBOX lrswipkxteacd", b"a OK Rights listed"],
            self.ann.lines(b"a MYRIGHTS INBOX"),
        )
        self.give("lrs")
        name = b'"Other Users/ann/Lists"'
        self.assertEqual(
            [b"* MYRIGHTS " + name + b" lrs", b"a OK Rights listed"],
            self.ben.lines(b"a MYRIGHTS " + name),
        )
        for command in (b"GETACL " + name, b"LISTRIGHTS " + name + b" ann"):
            self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a " + command))

    def test_administered_by_another(self) -> None:
        """Whoever has ``a`` gives rights, to himself, too."""
        self.give("la")
        name = b'"Other Users/ann/Lists"'
        self.assertEqual([b"a OK Rights changed"], self.ben.lines(b"a SETACL " + name + b" ben +r"))
        self.assertEqual(b"a OK [READ-ONLY] Selected", self.ben.lines(b"a SELECT " + name)[-1])

    def test_unseen(self) -> None:
        """Of what may not be seen nothing tells that it is there."""
        self.give("p")  # of no use to IMAP
        for name in (b"Lists", b"Sent", b"Nowhere"):
            quoted = b'"Other Users/ann/' + name + b'"'
            for command in (
                b"SELECT %b",
                b"STATUS %b (MESSAGES)",
                b"MYRIGHTS %b",
                b"GETACL %b",
                b"SETACL %b ben lr",
                b"DELETE %b",
                b"RENAME %b x",
                b"GETMETADATA %b /shared/a",
                b"GETQUOTAROOT %b",
            ):
                line = b"a " + command % quoted
                self.assertEqual(NOT_THERE, self.ben.lines(line)[-1:], line)
        for name in (b'"Other Users/carol/x"', b'"Other Users/ann/x"', b'"Other Users/ben/x"'):
            self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a CREATE " + name))


class Mailboxes(Case):
    """Where mailboxes of others stand, and what may be done with them as such."""

    def test_namespaces(self) -> None:
        """Others' mailboxes and public ones have namespaces (RFC 2342)."""
        self.assertEqual(
            [
                b'* NAMESPACE (("" "/")) (("Other Users/" "/")) (("Public/" "/"))',
                b"a OK Namespaces given",
            ],
            self.ben.lines(b"a NAMESPACE"),
        )
        for name in (b'"Other Users"', b'"Other Users/"', b'"Other Users/ann"', b"Public"):
            answer = [b"a NO [CANNOT] That cannot be a mailbox's name"]
            self.assertEqual(answer, self.ben.lines(b"a CREATE " + name))

    def test_listed(self) -> None:
        """They are listed for who may see them, with the names above."""
        self.assertNotIn(b'"Other Users"', self.listed(self.ben))
        self.give("l", who="anyone")
        self.give("l", who="-ben")
        self.assertNotIn(b'"Other Users"', self.listed(self.ben))
        self.give("", who="-ben")
        self.assertEqual(
            [b'"Other Users"', b'"Other Users/ann"', b'"Other Users/ann/Lists"'],
            self.listed(self.ben, b'"Other Users" *'),
        )
        self.assertEqual(
            [b'* LIST (\\Noselect \\HasChildren) "/" "Other Users"', b"a OK Listed"],
            self.ben.lines(b'a LIST "" "Other Users"'),
        )
        self.assertNotIn(b'"Other Users"', self.listed(self.ann))

    def test_list_rights(self) -> None:
        """LIST tells of rights (RFC 8440), of annotations (RFC 9590), of counts as they allow."""
        self.give("lr")
        self.give("l", "Sent")
        self.ann.say(b'a SETMETADATA Lists (/shared/comment "x")\r\n')
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren) "/" "Other Users/ann/Lists"',
                b'* MYRIGHTS "Other Users/ann/Lists" lr',
                b'* STATUS "Other Users/ann/Lists" (MESSAGES 2)',
                b'* METADATA "Other Users/ann/Lists" (/shared/comment x)'.replace(b" x)", b' "x")'),
                b'* LIST (\\HasNoChildren \\Noselect) "/" "Other Users/ann/Sent"',
                b'* MYRIGHTS "Other Users/ann/Sent" l',
                b"a OK Listed",
            ],
            self.ben.lines(
                b'a LIST "Other Users/" ann/% RETURN'
                b" (MYRIGHTS STATUS (MESSAGES) METADATA (/shared/comment))"
            ),
        )

    def test_made_below(self) -> None:
        """``k`` makes mailboxes below, which begin with the rights of the one above, ``x``
        removes and renames; they stay their owner's."""
        self.give("lr")
        name = b'"Other Users/ann/Lists/new"'
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a CREATE " + name))
        self.give("lrk")
        self.assertRegex(self.ben.say(b"a CREATE %b\r\n" % name), rb"^a OK .* Created")
        self.assertIn(b"Lists/new", self.listed(self.ann))
        self.assertEqual(b"* MYRIGHTS " + name + b" lrkc", self.ben.lines(b"a MYRIGHTS " + name)[0])
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a DELETE " + name))
        self.give("lrkx", "Lists/new")
        for target in (b'"Other Users/ann/new"', b"new", b"Public/new"):
            self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a RENAME " + name + b" " + target))
        moved = b'"Other Users/ann/Lists/old"'
        self.ben.say(b"a SUBSCRIBE " + name + b"\r\n")
        self.assertEqual([b"a OK Renamed"], self.ben.lines(b"a RENAME " + name + b" " + moved))
        self.assertIn(b'* LSUB () "/" ' + moved, self.ben.lines(b'a LSUB "" *'))
        self.assertEqual([b"a OK Deleted"], self.ben.lines(b"a DELETE " + moved))
        self.assertNotIn(b"Lists/old", self.listed(self.ann))

    def test_inbox_of_another(self) -> None:
        """Somebody's INBOX can be shared; it is found in any case."""
        self.give("lr", "INBOX")
        self.assertEqual(
            [b'"Other Users/ann/INBOX"'], self.listed(self.ben, b'"" "Other Users/ann/%"')
        )
        selected = self.ben.lines(b'a SELECT "Other Users/ann/inbox"')
        self.assertEqual(b"a OK [READ-ONLY] Selected", selected[-1])


class Messages(Case):
    """What may be done with messages in a mailbox of another."""

    def select(self, rights: str) -> list[bytes]:
        """Have Ben open Ann's mailbox with some rights; return the answer."""
        self.give(rights)
        return self.ben.lines(b'a SELECT "Other Users/ann/Lists"')

    def test_open(self) -> None:
        """What may be changed is told (RFC 4314, 5.1.1 and 5.2)."""
        for rights, mode, flags in (
            ("lr", b"READ-ONLY", b"()"),
            ("lrs", b"READ-WRITE", b"(\\Seen)"),
            ("lrt", b"READ-WRITE", b"(\\Deleted)"),
            ("lrsw", b"READ-WRITE", b"(\\Answered \\Flagged \\Seen \\Draft \\*)"),
            ("lri", b"READ-WRITE", b"()"),
        ):
            answer = self.select(rights)
            self.assertEqual(b"a OK [%b] Selected" % mode, answer[-1], rights)
            self.assertIn(b"* OK [PERMANENTFLAGS %b] Flags that stay" % flags, answer, rights)
        self.assertEqual(NOT_PERMITTED, self.select("l")[-1:])
        self.assertEqual(NOT_THERE, self.select("p")[-1:])

    def test_seen(self) -> None:
        """What Ben has seen Ann has not; without ``s`` FETCH notes nothing, nor fails."""
        self.select("lr")
        self.assertEqual(b"a OK Fetched", self.ben.lines(b"a FETCH 1 BODY[TEXT]")[-1])
        self.assertNotIn(b"\\Seen", self.ben.say(b"a FETCH 1 FLAGS\r\n"))
        self.select("lrs")
        self.assertIn(b"FLAGS (\\Seen)", self.ben.say(b"a FETCH 1 BODY[TEXT]\r\n"))
        self.ann.say(b"a SELECT Lists\r\n")
        self.assertNotIn(b"\\Seen", self.ann.say(b"a FETCH 1 FLAGS\r\n"))
        self.assertEqual(
            b'* STATUS "Other Users/ann/Lists" (UNSEEN 1)',
            self.ben.lines(b'a STATUS "Other Users/ann/Lists" (UNSEEN)')[0],
        )
        self.assertEqual(
            b"* STATUS Lists (UNSEEN 2)", self.ann.lines(b"a STATUS Lists (UNSEEN)")[0]
        )

    def test_flags(self) -> None:
        """Flags are changed as rights allow; NO only where none may be."""
        self.ann.say(b"a SELECT Lists\r\na STORE 1:2 +FLAGS (\\Deleted)\r\n")
        self.select("lrsw")
        self.assertIn(
            b"* 1 FETCH (FLAGS (\\Deleted \\Flagged \\Seen))",
            self.ben.lines(b"a STORE 1 FLAGS (\\Seen \\Flagged)"),
        )
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a STORE 1 -FLAGS (\\Deleted)")[-1:])
        self.assertEqual(b"a OK Stored", self.ben.lines(b"a STORE 1 -FLAGS (\\Deleted $x)")[-1])
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a EXPUNGE")[-1:])
        self.assertEqual([b"a OK Closed"], self.ben.lines(b"a CLOSE"))
        # Ann hears of what is shared, and of nothing else.
        self.assertEqual(
            [
                b"* 1 FETCH (UID 1 FLAGS (\\Deleted \\Flagged \\Recent))",
                b"* STATUS Lists (MESSAGES 2)",
            ],
            sorted(self.ann.lines(b"a STATUS Lists (MESSAGES)")[:2]),
        )

    def test_change_is_told(self) -> None:
        """Who watches hears of messages, flags as he sees them, and expunges."""
        self.select("lrswt")
        self.ben.say(b"a STORE 1 +FLAGS \\Seen\r\na IDLE\r\n")
        self.ann.say(b"a SELECT Lists\r\na STORE 1:2 +FLAGS (\\Seen \\Flagged)\r\n")
        told = self.ben.turn() + self.ben.turn()
        self.assertIn(b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen)", told)
        self.assertIn(b"* 2 FETCH (UID 2 FLAGS (\\Flagged)", told)
        self.ann.say(b"a STORE 1 +FLAGS \\Deleted\r\na EXPUNGE\r\n")
        self.assertIn(b"* 1 EXPUNGE", self.ben.turn() + self.ben.turn())

    def test_rights_taken(self) -> None:
        """Who loses the right to read loses the mailbox that is open."""
        self.select("lr")
        self.ben.say(b"a IDLE\r\n")
        self.give("l")
        self.assertIn(b"* BYE", self.ben.turn())

    def test_rights_changed(self) -> None:
        """Who has a mailbox open is told which flags stay now, and whether it is to be read only;
        but for the latter nothing changes for who has only looked into it."""
        self.select("lr")
        self.give("lrsw")
        flags = b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)"
        staying = b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Seen \\Draft \\*)] Flags that stay"
        told = [flags, staying, b"* OK [READ-WRITE] Your rights have changed"]
        self.assertEqual([*told, b"a OK Nothing done"], self.ben.lines(b"a NOOP"))
        self.assertEqual([b"a OK Nothing done"], self.ben.lines(b"a NOOP"))
        self.assertEqual(b"a OK Stored", self.ben.lines(b"a STORE 1 +FLAGS (\\Flagged)")[-1])
        self.ben.say(b"a IDLE\r\n")
        self.give("lr")
        self.assertEqual(
            flags + b"\r\n* OK [PERMANENTFLAGS ()] Flags that stay\r\n"
            b"* OK [READ-ONLY] Your rights have changed\r\n",
            self.ben.turn(),
        )
        self.ben.say(b"DONE\r\n")
        self.assertEqual(
            [b"a NO The mailbox is open for reading only"],
            self.ben.lines(b"a STORE 1 -FLAGS (\\Flagged)"),
        )
        self.give("lrt", who="ANYONE")  # by another identifier, in the very next command
        self.assertIn(b"a OK Stored", self.ben.lines(b"a STORE 1 +FLAGS (\\Deleted)"))
        self.ben.say(b'a EXAMINE "Other Users/ann/Lists"\r\n')
        self.give("lrs")
        self.assertEqual(
            [flags, b"* OK [PERMANENTFLAGS ()] Flags that stay", b"a OK Nothing done"],
            self.ben.lines(b"a NOOP"),
        )

    def test_put_there(self) -> None:
        """``i`` lets one put messages there: what flags they may have, and whose quota counts."""
        name = b'"Other Users/ann/Lists"'
        self.assertEqual([b"a NO [TRYCREATE] There is no such mailbox"], self.append(name))
        self.give("lrs")
        self.assertEqual(NOT_PERMITTED, self.append(name))
        self.give("lrsi")
        self.assertIn(b"a OK [APPENDUID", self.append(name)[-1])
        self.ben.say(b"a SELECT " + name + b"\r\n")
        self.assertIn(b"FLAGS (\\Seen)", self.ben.say(b"a FETCH 3 FLAGS\r\n"))
        account = run(self.world.store.accounts.account("ann"))
        run(self.world.store.accounts.update_account(account.id, quota_messages=3))
        self.assertEqual([b"a NO [OVERQUOTA] The quota would be exceeded"], self.append(name)[-1:])
        self.assertEqual(
            [
                b"* QUOTAROOT " + name + b" ann",
                b"* QUOTA ann (MESSAGE 3 3)",
                b"a OK Quota roots given",
            ],
            self.ben.lines(b"a GETQUOTAROOT " + name),
        )

    def append(self, name: bytes) -> list[bytes]:
        """Have Ben append a message."""
        return self.ben.say(
            b"a APPEND " + name + b" (\\Seen \\Flagged \\Deleted) {1+}\r\nx\r\n"
        ).split(b"\r\n")[:-1][-1:]

    def test_put_unseen(self) -> None:
        """Who may put messages into a mailbox and not open it is not told their UIDs there (RFC
        4315, 3); LIST says that it cannot be selected."""
        name = b'"Other Users/ann/Lists"'
        self.give("li")
        self.assertEqual([b"a OK Appended"], self.append(name))
        self.ben.say(b"a APPEND INBOX {1+}\r\nx\r\na SELECT INBOX\r\n")
        self.assertEqual([b"a OK Copied"], self.ben.lines(b"a COPY 1 " + name))
        self.assertEqual([b"* 1 EXPUNGE", b"a OK Moved"], self.ben.lines(b"a MOVE 1 " + name))
        self.assertEqual(
            [b'* LIST (\\HasNoChildren \\Noselect) "/" ' + name, b"a OK Listed"],
            self.ben.lines(b'a LIST "" "Other Users/*/*" RETURN (STATUS (MESSAGES))'),
        )

    def test_moved(self) -> None:
        """MOVE needs ``t`` and ``e`` where messages come from, ``i`` where they go."""
        self.select("lrs")
        self.assertIn(b"a OK [COPYUID", self.ben.lines(b"a COPY 1 Sent")[-1])
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a MOVE 1 Sent")[-1:])
        self.select("lrte")
        self.assertEqual(b"a OK Moved", self.ben.lines(b"a MOVE 1 Sent")[-1])
        self.assertEqual(
            b"* STATUS Lists (MESSAGES 1)", self.ann.lines(b"a STATUS Lists (MESSAGES)")[0]
        )


class Public(Case):
    """Rights on public mailboxes, which administrators keep."""

    def setUp(self) -> None:
        super().setUp()
        account = run(self.world.store.accounts.account("ann"))
        run(self.world.store.accounts.update_account(account.id, groups=frozenset({"admin"})))
        self.ann = self.world.enter(None)
        self.ann.say(b"a CREATE Public/club\r\n")

    def test_usual(self) -> None:
        """Everybody may read them, and mark what he has read."""
        self.assertEqual(
            [b"* ACL Public/club $admin lrswipkxteacd anyone lrs", b"a OK Rights listed"],
            self.ann.lines(b"a GETACL Public/club"),
        )
        self.assertEqual(
            b"* MYRIGHTS Public/club lrs", self.ben.lines(b"a MYRIGHTS Public/club")[0]
        )
        self.assertEqual(
            b"* LISTRIGHTS Public/club anyone lr s w i p k x t e a c d",
            self.ann.lines(b"a LISTRIGHTS Public/club anyone")[0],
        )

    def test_given(self) -> None:
        """Others are let in to add to them, and to keep order."""
        self.give("+i", "Public/club", "ben")
        self.give("wte", "Public/club", "$club")
        self.assertIn(b"a OK", self.ben.say(b"a APPEND Public/club {1+}\r\nx\r\n"))
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a CREATE Public/club/new"))
        # News shows them to everybody, so that cannot be taken back here.
        for words in (b'anyone ""', b"anyone -r", b"-ben r"):
            self.assertEqual(NOT_PERMITTED, self.ann.lines(b"a SETACL Public/club " + words), words)
        self.assertEqual(NOT_PERMITTED, self.ann.lines(b"a SETACL Public/club $admin lr"))
        self.give("lr", "Public/club", "anyone")
        self.assertEqual(
            b"* MYRIGHTS Public/club lri", self.ben.lines(b"a MYRIGHTS Public/club")[0]
        )

    def test_of_the_group(self) -> None:
        """Members of a group have its rights."""
        self.give("lrswite", "Public/club", "$club")
        account = run(self.world.store.accounts.account("ben"))
        run(self.world.store.accounts.update_account(account.id, groups=frozenset({"club"})))
        ben = self.world.enter(None, name=b"ben")
        self.assertEqual(
            b"* MYRIGHTS Public/club lrswited", ben.lines(b"a MYRIGHTS Public/club")[0]
        )


class Rows(SynchronousTestCase):
    """What is kept, read by more than one."""

    def test_kept(self) -> None:
        """A change by IMAP is a row of the store."""
        world = World()
        world.enter(None).say(b"a SETACL Lists ben lr\r\n")
        ann = run(world.store.accounts.account("ann"))
        folder = run(world.store.mail.folder(ann.id, "Lists"))
        self.assertEqual({"ben": "lr"}, dict(run(world.store.rights.rows(folder.id))))
        run(world.store.rights.change(folder.id, "ben", FlagAction.ADD, "s"))
        self.assertIn(b"ben lrs", world.enter(None).say(b"a GETACL Lists\r\n"))
