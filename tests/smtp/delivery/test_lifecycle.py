"""The life of one recipient: what may follow what, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

from automat import NoTransition

from netsuite.message.bounce import Action
from netsuite.smtp.commands import reply
from netsuite.smtp.delivery.lifecycle import Said, Tried, is_wanted, status_of
from netsuite.store.model import ContentId
from netsuite.store.outgoing import Envelope, QueueItem, QueueRecipient, QueueState
from netsuite.testing.cases import SynchronousTestCase
from tests.smtp.delivery.worlds import BEGAN

LATER = BEGAN + timedelta(minutes=5)
ENDS = BEGAN + timedelta(days=5)


def tried() -> Tried:
    """Return an item that is being tried."""
    recipient = QueueRecipient("x@there.test", "there.test", ENDS, original="rfc822;o@x")
    return Tried(
        QueueItem(
            7, 3, ContentId(1), 10, Envelope("a@b"), recipient, QueueState.TRYING, False, 99, 1,
            BEGAN, LATER,
        )
    )  # fmt: skip


class Life(SynchronousTestCase):
    """One attempt."""

    def test_what_decides(self) -> None:
        """The reply, and the time."""
        for code, now, state, action, status in (
            (250, BEGAN, QueueState.DELIVERED, Action.RELAYED, "2.1.5"),
            (550, BEGAN, QueueState.FAILED, Action.FAILED, "2.1.5"),
            (450, BEGAN, QueueState.DEFERRED, Action.DELAYED, "2.1.5"),
            (450, ENDS, QueueState.EXPIRED, Action.FAILED, "4.4.7"),
            (550, ENDS, QueueState.FAILED, Action.FAILED, "2.1.5"),
        ):
            with self.subTest(code=code, now=now):
                one = tried()
                one.decide(Said(reply(code, "2.1.5", "Words"), "mx[1]"), now, LATER)
                assert one.settlement is not None
                assert one.outcome is not None
                self.assertEqual(
                    (7, 99, state, f"{code} 2.1.5 Words", "mx[1]"),
                    (
                        one.settlement.item, one.settlement.lease, one.settlement.state,
                        one.settlement.last_reply, one.settlement.remote,
                    ),
                )  # fmt: skip
                waits = state is QueueState.DEFERRED
                self.assertEqual(LATER if waits else None, one.settlement.next_attempt)
                self.assertEqual(
                    (action, status, "rfc822;o@x", ENDS if waits else None),
                    (
                        one.outcome.action, one.outcome.status, one.outcome.original,
                        one.outcome.retry_until,
                    ),
                )  # fmt: skip

    def test_in_a_mailbox(self) -> None:
        """What nobody else has taken charge of has been delivered."""
        one = tried()
        one.decide(Said(reply(250, "2.0.0", "OK")), BEGAN, LATER)
        assert one.outcome is not None
        self.assertIs(Action.DELIVERED, one.outcome.action)

    def test_who_reports(self) -> None:
        """A server that reports itself leaves nothing to tell."""
        one = tried()
        one.decide(Said(reply(250, "2.0.0", "OK"), "mx[1]", reports=True), BEGAN, LATER)
        self.assertIsNone(one.outcome)

    def test_untried(self) -> None:
        """It counts for nothing."""
        one = tried()
        one.life.untried(LATER)
        assert one.settlement is not None
        self.assertIs(QueueState.QUEUED, one.settlement.state)
        self.assertIsNone(one.outcome)

    def test_one_end(self) -> None:
        """What has ended cannot end again; what was put off is tried before anything else."""
        ended, put_off = tried(), tried()
        said = Said(reply(250, "", "OK"))
        ended.life.accepted(said, BEGAN)
        put_off.life.put_off(said, BEGAN, LATER)
        for one in (ended, put_off):
            with self.assertRaises(NoTransition):
                one.life.accepted(said, BEGAN)
        put_off.life.claimed()
        put_off.life.refused(said, BEGAN)


class Words(SynchronousTestCase):
    """Status codes and wishes."""

    def test_status(self) -> None:
        """The server's, or that of the class."""
        for code, enhanced, status in (
            (550, "5.1.1", "5.1.1"),
            (550, "", "5.0.0"),
            (450, "", "4.0.0"),
            (250, "", "2.0.0"),
            (354, "", "3.0.0"),
        ):
            self.assertEqual(status, status_of(reply(code, enhanced, "x")))

    def test_wishes(self) -> None:
        """RFC 3461, 4.1; without NOTIFY failures and delays are told."""
        for notify, wanted in (
            ("", {Action.FAILED, Action.DELAYED}),
            ("NEVER", set()),
            ("FAILURE", {Action.FAILED}),
            ("DELAY", {Action.DELAYED}),
            ("SUCCESS", {Action.DELIVERED, Action.RELAYED, Action.EXPANDED}),
            ("SUCCESS,FAILURE,DELAY", set(Action)),
        ):
            self.assertEqual(wanted, {each for each in Action if is_wanted(notify, each)}, notify)
