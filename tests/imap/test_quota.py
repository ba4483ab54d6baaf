"""Quotas, as clients see them (RFC 9208)."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import World

NOT_PERMITTED = [b"a NO [NOPERM] That is not permitted"]


class Quotas(SynchronousTestCase):
    """What is used of a quota, who is told, who sets it."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(b"x" * 1500, b"y" * 100)
        self.limit(quota_octets=4096, quota_messages=10)
        self.ann = self.world.enter(None)
        self.ben = self.world.enter(None, name=b"ben")

    def limit(self, *, quota_octets: int | None, quota_messages: int | None) -> None:
        """Limit what Ann may have."""
        accounts = self.world.store.accounts
        ann = run(accounts.account("ann"))
        run(
            accounts.update_account(
                ann.id, quota_octets=quota_octets, quota_messages=quota_messages
            )
        )

    def admin(self) -> bytes:
        """Make Ben an administrator who has just logged in; return his capabilities."""
        accounts = self.world.store.accounts
        ben = run(accounts.account("ben"))
        run(accounts.update_account(ben.id, groups=frozenset({"admin"})))
        self.ben = self.world.enter(None, name=b"ben")
        return self.ben.say(b"a CAPABILITY\r\n")

    def test_told(self) -> None:
        """One's own quota is told, in units of 1,024 octets; what is not limited is left out."""
        told = [b"* QUOTA ann (STORAGE 2 4 MESSAGE 2 10)", b"a OK Quota given"]
        self.assertEqual(told, self.ann.lines(b"a GETQUOTA ann"))
        for mailbox in (b"INBOX", b"Nowhere"):
            self.assertEqual(
                [b"* QUOTAROOT " + mailbox + b" ann", told[0], b"a OK Quota roots given"],
                self.ann.lines(b"a GETQUOTAROOT " + mailbox),
            )
        self.limit(quota_octets=None, quota_messages=10)
        self.assertEqual(b"* QUOTA ann (MESSAGE 2 10)", self.ann.lines(b"a GETQUOTA ann")[0])
        self.assertEqual(b"* QUOTA ben ()", self.ben.lines(b"a GETQUOTA ben")[0])
        self.assertEqual(
            [b"* QUOTAROOT Public/x", b"a OK Quota roots given"],
            self.ben.lines(b"a GETQUOTAROOT Public/x"),
        )

    def test_of_others(self) -> None:
        """Others' quotas are told to administrators, whether there are such accounts or not."""
        for root in (b"ann", b"nobody", b'""'):
            self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a GETQUOTA " + root))
        self.assertEqual(NOT_PERMITTED, self.ben.lines(b"a SETQUOTA ben ()"))
        self.assertNotIn(b"QUOTASET", self.ben.say(b"a CAPABILITY\r\n"))
        self.assertIn(b"QUOTASET", self.admin())
        self.assertEqual(b"a OK Quota given", self.ben.lines(b"a GETQUOTA ann")[-1])
        missing = [b"a NO [NONEXISTENT] There is no such quota root"]
        for command in (b"GETQUOTA nobody", b"SETQUOTA nobody ()", b'GETQUOTA "a b"'):
            self.assertEqual(missing, self.ben.lines(b"a " + command))

    def test_set(self) -> None:
        """Limits are set, and those not named are gone (RFC 9208, 4.1.3)."""
        self.admin()
        self.assertEqual(
            [b"* QUOTA ann (STORAGE 2 512)", b"a OK Quota set"],
            self.ben.lines(b"a SETQUOTA ann (STORAGE 512)"),
        )
        self.assertEqual(b"* QUOTA ann (STORAGE 2 512)", self.ann.lines(b"a GETQUOTA ann")[0])
        self.assertEqual(
            b"* QUOTA ann (STORAGE 2 9007199254740991 MESSAGE 2 5)",
            self.ben.lines(b"a SETQUOTA ann (MESSAGE 5 STORAGE 9223372036854775807)")[0],
        )
        self.assertEqual(
            [b"a NO [CANNOT] There is no such resource"],
            self.ben.lines(b"a SETQUOTA ann (MAILBOX 5)"),
        )
        self.assertEqual(b"* QUOTA ann ()", self.ben.lines(b"a SETQUOTA ann ()")[0])

    def test_exceeded(self) -> None:
        """APPEND, COPY and MOVE say OVERQUOTA, and store nothing; a MOVE of one's own needs no
        room."""
        self.limit(quota_octets=4096, quota_messages=2)
        self.ann.say(b"a SELECT INBOX\r\n")
        over = b"a NO [OVERQUOTA] The quota would be exceeded"
        self.assertEqual([over], self.ann.lines(b"a APPEND INBOX {1+}\r\nx")[-1:])
        self.assertEqual([over], self.ann.lines(b"a COPY 1 Sent"))
        self.assertEqual(b"a OK Moved", self.ann.lines(b"a MOVE 1 Sent")[-1])
        self.limit(quota_octets=2000, quota_messages=None)
        self.assertEqual([over], self.ann.lines(b"a APPEND INBOX {500}")[-1:])

    def test_status(self) -> None:
        """What an EXPUNGE would give back is counted (RFC 9208, 4.1.4)."""
        self.ann.say(b"a SELECT INBOX\r\na STORE 1 +FLAGS \\Deleted\r\n")
        self.assertEqual(
            b"* STATUS INBOX (DELETED 1 DELETED-STORAGE 1500)",
            self.ann.lines(b"a STATUS INBOX (DELETED DELETED-STORAGE)")[0],
        )
