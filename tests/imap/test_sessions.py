"""Many sessions in one mailbox: whatever they do, what each was told stays true."""

from __future__ import annotations

import random
from collections.abc import Iterable

from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.responses import Exists, Expunged, Tagged
from netsuite.imap.dialog.client import ClientDialog
from netsuite.imap.grammar.compose import Segment
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.events import NEED_DATA
from tests.coroutines import run
from tests.imap.world import World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"


class Follower:
    """A session, and what an honest client knows from what it was told."""

    def __init__(self, world: World) -> None:
        self.client = world.enter(None)
        self.dialog = ClientDialog()
        self.uids: list[int | None] = []
        self.flags: dict[int, frozenset[str]] = {}
        self.idling = False
        self.say(b"s SELECT INBOX")

    def say(self, line: bytes, *, may_expunge: bool = True) -> None:
        """Say a line, and follow the answer."""
        self.dialog.send(Segment(line, last=True, tag=line.partition(b" ")[0]))
        self.hear(self.client.say(line + b"\r\n"), may_expunge=may_expunge)

    def hear(self, octets: bytes, *, may_expunge: bool = True) -> None:
        """Follow what was said."""
        self.dialog.receive(octets)
        while (event := self.dialog.next_event()) is not NEED_DATA:
            match event:
                case Exists(messages):
                    assert messages >= len(self.uids), "EXISTS never takes away"
                    self.uids += [None] * (messages - len(self.uids))
                case Expunged(number):
                    assert may_expunge, "EXPUNGE while numbers are used"
                    gone = self.uids.pop(number - 1)
                    self.flags.pop(gone or 0, None)
                case FetchData(number, uid, flags):
                    if uid is not None:
                        assert self.uids[number - 1] in (None, uid), "the number is another's"
                        self.uids[number - 1] = uid
                    known = self.uids[number - 1]
                    if flags is not None and known is not None:
                        self.flags[known] = flags - {"\\Recent"}
                case Tagged():
                    assert event.status.name != "BAD", event

    def step(self, chance: random.Random) -> None:
        """Do something."""
        if self.idling:
            self.hear(self.client.turn())
            if chance.random() < 0.5:
                self.idling = False
                self.say(b"DONE")
            return
        count = len(self.uids)
        number = chance.randint(1, count) if count else 0
        flag = chance.choice([b"\\Seen", b"\\Flagged", b"\\Deleted", b"$Work"])
        sign = chance.choice([b"+", b"-", b""])
        choice = chance.randrange(9)
        if choice == 0:
            self.say(b"a IDLE")
            self.idling = True
        elif choice == 1:
            self.say(b"a NOOP")
        elif choice == 2:
            self.say(b"a EXPUNGE")
        elif choice == 3:
            self.say(b"a APPEND INBOX {%d+}\r\n%b" % (len(PLAIN), PLAIN))
        elif not number:
            self.say(b"a CHECK")
        elif choice == 4:
            line = b"a STORE %d:* %bFLAGS (%b)" % (number, sign, flag)
            self.say(line, may_expunge=False)
        elif choice == 5:
            self.say(b"a STORE %d FLAGS.SILENT (%b)" % (number, flag), may_expunge=False)
            self.flags.clear()  # silent: what was known is so no longer
        elif choice == 6:
            self.say(b"a FETCH %d:* (UID FLAGS)" % number, may_expunge=False)
        elif choice == 7:
            self.say(b"a UID STORE 1:* %bFLAGS.SILENT (%b)" % (sign or b"+", flag))
            self.flags.clear()
        else:
            self.say(b"a MOVE %d Sent" % number)


class Sessions(SynchronousTestCase):
    """Three sessions and deliveries, in any order."""

    def truth(self, world: World) -> dict[int, frozenset[str]]:
        account = run(world.store.accounts.account("ann"))
        folder = run(world.store.mail.folder(account.id, "INBOX"))
        messages = run(world.store.mail.messages(folder.id, None, account.id))
        return {message.uid: message.flags for message in messages}

    def settle(self, world: World, followers: Iterable[Follower]) -> None:
        """Let every session hear everything; compare with the store."""
        for follower in followers:
            if follower.idling:
                follower.hear(follower.client.turn())
                follower.idling = False
                follower.say(b"DONE")
            follower.say(b"a NOOP")
        truth = self.truth(world)
        for follower in followers:
            self.assertEqual(len(truth), len(follower.uids))
            for known, true in zip(follower.uids, sorted(truth), strict=True):
                self.assertIn(known, (None, true))
            for uid, flags in follower.flags.items():
                self.assertEqual(truth[uid], flags, uid)

    def test_what_was_told_is_true(self) -> None:
        """Numbers, UIDs and flags that clients learned are those of the mailbox."""
        for seed in range(25):
            chance = random.Random(seed)
            world = World()
            world.deliver(*[PLAIN] * 5)
            followers = [Follower(world) for _ in range(3)]
            for _ in range(60):
                if chance.random() < 0.1:
                    world.deliver(PLAIN)
                chance.choice(followers).step(chance)
            self.settle(world, followers)
