"""Rewritten senders: read back by whoever wrote them, for a while, and by nobody else."""

from __future__ import annotations

from netsuite.accounts.srs import VALID_DAYS, SenderRewriting
from netsuite.testing.cases import SynchronousTestCase


class Rewriting(SynchronousTestCase):
    """One forwarder, and a second behind it."""

    def setUp(self) -> None:
        self.day = 20_000
        self.srs = SenderRewriting(lambda: b"s" * 32, "ours.test", lambda: self.day)
        self.other = SenderRewriting(lambda: b"t" * 32, "other.test", lambda: self.day)

    def original(self, address: str) -> str | None:
        return self.srs.original(address.rpartition("@")[0])

    def test_there_and_back(self) -> None:
        """Also where somebody on the way has changed the case."""
        made = self.srs.rewritten("Ann=x@sender.test")
        self.assertRegex(made, r"^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=sender\.test=Ann=x@ours\.test$")
        self.assertEqual("Ann=x@sender.test", self.original(made))
        self.assertEqual("ANN=X@SENDER.TEST", self.original(made.upper()))

    def test_by_a_second_forwarder(self) -> None:
        """Its bounces go to the first; a third changes nothing but the hash."""
        first = self.other.rewritten("ann@sender.test")
        second = self.srs.rewritten(first)
        self.assertRegex(second, r"^SRS1=[a-z2-7]{8}=other\.test==.*@ours\.test$")
        self.assertEqual(first, self.original(second))
        third = SenderRewriting(lambda: b"u" * 32, "third.test", lambda: self.day).rewritten(second)
        self.assertEqual(
            third.split("=", 2)[2].split("@")[0], second.split("=", 2)[2].split("@")[0]
        )

    def test_what_is_not_ours(self) -> None:
        """A changed name, day or hash, an old one, and what is none at all."""
        made = self.srs.rewritten("ann@sender.test")
        for wrong in (
            made.replace("ann", "eve"),
            made.replace("sender", "sendor"),
            made.replace("SRS0=", "SRS0=x"),
            self.other.rewritten("ann@sender.test"),
            "SRS0=@ours.test",
            "SRS0@ours.test",
            "SRS1=a=b@ours.test",
            "SRS0=a=b=c@ours.test",
            "ann@ours.test",
        ):
            self.assertIsNone(self.original(wrong), wrong)
        self.day += VALID_DAYS
        self.assertEqual("ann@sender.test", self.original(made))
        self.day += 1
        self.assertIsNone(self.original(made))

    def test_what_stays(self) -> None:
        """What cannot be rewritten leaves as it is."""
        for sender in (
            "",
            '"a b"@sender.test',
            f"{'x' * 300}@sender.test",
            "ann@[192.0.2.1]",
            "SRS1=h=[192.0.2.1]==hh=tt=x=ann@sender.test",
        ):
            self.assertEqual(sender, self.srs.rewritten(sender))
