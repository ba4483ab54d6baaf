"""Annotations of mailboxes and of the server, as clients see them (RFC 5464)."""

from __future__ import annotations

from netsuite.imap.server.metadata import ENTRIES, VALUE_OCTETS
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import World

SET = [b"a OK Annotations set"]
GIVEN = b"a OK Annotations given"


class Case(SynchronousTestCase):
    """Ann and Ben, each with a connection."""

    def setUp(self) -> None:
        self.world = World()
        self.ann = self.world.enter(None)
        self.ben = self.world.enter(None, name=b"ben")


class Metadata(Case):
    """Ann's annotations, and what Ben sees of them."""

    def make_admin(self) -> None:
        """Make Ann an administrator."""
        account = run(self.world.store.accounts.account("ann"))
        run(self.world.store.accounts.update_account(account.id, groups=frozenset({"admin"})))
        self.ann = self.world.enter(None)

    def test_set_and_get(self) -> None:
        """Values of any octets are set, given back, and removed; names are without case."""
        self.assertEqual(
            SET,
            self.ann.lines(
                b'a SETMETADATA INBOX (/PRIVATE/Comment "mine" /shared/vendor/x/y ~{3+}\r\na\0b'
                b' /shared/comment "")'
            ),
        )
        self.assertEqual(
            b'* METADATA INBOX (/private/comment "mine" /shared/vendor/x/y ~{3}\r\na\0b'
            b' /shared/comment "" /shared/none NIL)\r\n' + GIVEN + b"\r\n",
            self.ann.say(
                b"a GETMETADATA INBOX (/private/comment /shared/vendor/x/y /shared/comment"
                b" /shared/none)\r\n"
            ),
        )
        self.assertEqual(SET, self.ann.lines(b"a SETMETADATA INBOX (/private/comment NIL)"))
        self.assertEqual(
            [b"* METADATA INBOX (/private/comment NIL)", GIVEN],
            self.ann.lines(b"a GETMETADATA INBOX /private/comment"),
        )

    def test_depth(self) -> None:
        """What lies below an entry is given as deep as it is wanted."""
        names = (b"/shared/a", b"/shared/a/b", b"/shared/a/b/c", b"/shared/ab")
        values = b" ".join(b'%b "x"' % name for name in names)
        self.ann.say(b"a SETMETADATA Sent (" + values + b")\r\n")
        for depth, found in (
            (b"0", names[:1]),
            (b"1", names[:2]),
            (b"infinity", names[:3]),
        ):
            shown = b" ".join(b'%b "x"' % name for name in found)
            self.assertEqual(
                [b"* METADATA Sent (" + shown + b")", GIVEN],
                self.ann.lines(b"a GETMETADATA (DEPTH " + depth + b") Sent (/shared/a)"),
            )
        self.assertEqual(
            4, self.ann.say(b"a GETMETADATA Sent (DEPTH infinity) /shared\r\n").count(b'"x"')
        )
        self.assertEqual([GIVEN], self.ann.lines(b"a GETMETADATA Sent (DEPTH 1) /private/a"))

    def test_sizes(self) -> None:
        """Longer values than are wanted are left out, and the longest is told; too long ones are
        not taken."""
        self.ann.say(b'a SETMETADATA Sent (/shared/a "1234" /shared/b "12" /shared/c "123456")\r\n')
        self.assertEqual(
            [
                b'* METADATA Sent (/shared/b "12")',
                b"a OK [METADATA LONGENTRIES 6] Annotations given",
            ],
            self.ann.lines(b"a GETMETADATA Sent (MAXSIZE 3) (/shared/a /shared/b /shared/c)"),
        )
        long = b"x" * (VALUE_OCTETS + 1)
        line = b"a SETMETADATA Sent (/shared/d {%d+}\r\n%b)" % (len(long), long)
        refusal = b"a NO [METADATA MAXSIZE %d] A value is too long" % VALUE_OCTETS
        self.assertEqual([refusal], self.ann.lines(line))
        fits = long[1:]
        line = b"a SETMETADATA Sent (/shared/d {%d+}\r\n%b)" % (len(fits), fits)
        self.assertEqual(SET, self.ann.lines(line))
        self.assertIn(fits, self.ann.say(b"a GETMETADATA Sent /shared/d\r\n"))

    def test_too_many(self) -> None:
        """There are only so many entries."""
        for first in range(0, ENTRIES, 50):
            values = b" ".join(b'/shared/%d "x"' % each for each in range(first, first + 50))
            self.assertEqual(SET, self.ann.lines(b"a SETMETADATA Sent (" + values + b")"))
        self.assertEqual(
            [b"a NO [METADATA TOOMANY] There are too many entries"],
            self.ann.lines(b'a SETMETADATA Sent (/shared/more "x")'),
        )
        self.assertEqual(SET, self.ann.lines(b'a SETMETADATA Sent (/shared/1 "y")'))
        self.assertEqual(SET, self.ann.lines(b'a SETMETADATA Sent (/private/more "x")'))

    def test_server(self) -> None:
        """Everybody has private entries on the server; shared ones are the administrators'."""
        refused = [b"a NO [NOPERM] That is not permitted"]
        self.assertEqual(refused, self.ann.lines(b'a SETMETADATA "" (/shared/comment "x")'))
        self.assertEqual(SET, self.ann.lines(b'a SETMETADATA "" (/private/comment "x")'))
        self.make_admin()
        self.assertEqual(SET, self.ann.lines(b'a SETMETADATA "" (/shared/comment "x")'))
        self.assertEqual(
            [b"a NO [NOPERM] The server sets that itself"],
            self.ann.lines(b'a SETMETADATA "" (/shared/admin "mailto:x@example.test")'),
        )
        self.assertEqual(
            [b'* METADATA "" (/shared/comment "x" /private/comment NIL)', GIVEN],
            self.ben.lines(b'a GETMETADATA "" (/shared/comment /private/comment)'),
        )

    def test_of_another(self) -> None:
        """Who may see a mailbox and do something in it has annotations there; shared ones change
        with ``w``."""
        name = b'"Other Users/ann/Sent"'
        self.ann.say(b'a SETMETADATA Sent (/shared/a "s" /private/a "p")\r\n')
        get = b"a GETMETADATA " + name + b" (/shared/a /private/a)"
        self.assertEqual([b"a NO [NONEXISTENT] There is no such mailbox"], self.ben.lines(get))
        self.ann.say(b"a SETACL Sent ben l\r\n")
        self.assertEqual([b"a NO [NOPERM] That is not permitted"], self.ben.lines(get))
        self.ann.say(b"a SETACL Sent ben lr\r\n")
        self.assertEqual(
            [b"* METADATA " + name + b' (/shared/a "s" /private/a NIL)', GIVEN],
            self.ben.lines(get),
        )
        self.assertEqual(SET, self.ben.lines(b"a SETMETADATA " + name + b' (/private/a "b")'))
        change = b"a SETMETADATA " + name + b' (/shared/a "b")'
        self.assertEqual([b"a NO [NOPERM] That is not permitted"], self.ben.lines(change))
        self.ann.say(b"a SETACL Sent ben +w\r\n")
        self.assertEqual(SET, self.ben.lines(change))
        self.assertEqual(
            [b'* METADATA Sent (/private/a "p")', GIVEN],
            self.ann.lines(b"a GETMETADATA Sent /private/a"),
        )

    def test_with_the_mailbox(self) -> None:
        """They follow a mailbox that is renamed, and go with one that is deleted."""
        self.ann.say(b'a SETMETADATA Sent (/shared/a "1")\r\na RENAME Sent Out\r\n')
        get = b"a GETMETADATA %b /shared/a"
        self.assertEqual(b'* METADATA Out (/shared/a "1")', self.ann.lines(get % b"Out")[0])
        self.ann.say(b"a DELETE Out\r\na CREATE Out\r\n")
        self.assertEqual(b"* METADATA Out (/shared/a NIL)", self.ann.lines(get % b"Out")[0])


class Unsolicited(Case):
    """What others change is told to who has enabled that."""

    def test_told(self) -> None:
        """The names of entries come with the next completion, or in IDLE at once; nobody is told of
        what he sets himself."""
        other = self.world.enter(None)
        self.assertEqual(
            [b"* ENABLED METADATA", b"a OK Enabled what is known"],
            self.ann.lines(b"a ENABLE METADATA"),
        )
        self.assertEqual(b"* ENABLED", self.ann.lines(b"a ENABLE METADATA")[0])
        self.ann.say(b'a SETMETADATA Sent (/shared/a "1")\r\n')
        self.assertEqual([b"a OK Nothing done"], self.ann.lines(b"a NOOP"))
        other.say(b'a SETMETADATA Sent (/shared/a "2" /private/b "3")\r\n')
        other.say(b'a SETMETADATA "" (/private/c "3")\r\n')
        self.assertEqual(
            [
                b'* METADATA "" /private/c',
                b"* METADATA Sent /shared/a /private/b",
                b"a OK Nothing done",
            ],
            sorted(self.ann.lines(b"a NOOP")),
        )
        self.ann.say(b"a IDLE\r\n")
        other.say(b"a SETMETADATA Sent (/shared/a NIL)\r\n")
        self.assertEqual(b"* METADATA Sent /shared/a\r\n", self.ann.turn())

    def test_of_others(self) -> None:
        """Of mailboxes of others one hears what one may see, and of nobody's private entries."""
        self.ben.say(b"a ENABLE METADATA\r\n")
        self.ann.say(b'a SETMETADATA Sent (/shared/a "1")\r\n')
        self.assertEqual([b"a OK Nothing done"], self.ben.lines(b"a NOOP"))
        self.ann.say(b"a SETACL Sent ben lr\r\n")
        self.ann.say(b'a SETMETADATA Sent (/shared/a "2" /private/a "2")\r\n')
        self.assertEqual(
            [b'* METADATA "Other Users/ann/Sent" /shared/a', b"a OK Nothing done"],
            self.ben.lines(b"a NOOP"),
        )
