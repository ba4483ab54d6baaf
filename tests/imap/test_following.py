"""Clients that follow a mailbox as a strict reader of the RFCs would, whatever others do to it.

Each keeps what it was told: numbers, UIDs, flags, and with QRESYNC the mod-sequence up to which it
knows all, with which it comes back. After a NOOP it agrees with the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from netsuite.imap.commands.responses import Status, Tagged
from netsuite.imap.dialog.client import ClientDialog
from netsuite.imap.grammar.compose import Segment
from netsuite.wire.events import NEED_DATA
from tests.coroutines import run
from tests.imap.known import Known
from tests.imap.world import World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"
FLAGS = (b"\\Seen", b"\\Flagged", b"\\Deleted", b"$Work", b"$Junk")
ALL_EVENTS = b"(MessageNew MessageExpunge FlagChange)"


@dataclass(frozen=True)
class Kind:
    """What a client says when it has logged in, and whether it may be told of EXPUNGE always."""

    begins: Sequence[bytes] = ()
    qresync: bool = False
    modseqs: bool = False
    at_once: bool = False


KINDS = (
    Kind(),
    Kind((b"b ENABLE CONDSTORE",), modseqs=True),
    Kind((b"b ENABLE QRESYNC",), qresync=True, modseqs=True),
    Kind((b"b NOTIFY SET (selected %b) (personal %b)" % (ALL_EVENTS, ALL_EVENTS),), at_once=True),
    Kind(
        (b"b ENABLE QRESYNC", b"b NOTIFY SET (selected-delayed %b)" % ALL_EVENTS),
        qresync=True,
        modseqs=True,
    ),
)


class Strict(Known):
    """A client, and what it knows."""

    def __init__(self, world: World, kind: Kind, recent: dict[int, object]) -> None:
        super().__init__(recent, qresync=kind.qresync, at_once=kind.at_once)
        self.world = world
        self.kind = kind
        self.idling = False
        self.connect()

    def connect(self) -> None:
        """Log in, and open the mailbox with what is known of it."""
        self.client = self.world.enter(None)
        self.dialog = ClientDialog()
        for line in self.kind.begins:
            self.say(line)
        self.select()

    def select(self) -> None:
        """Open the mailbox."""
        self.say(b"s SELECT INBOX" + self.selects())
        self.selected()

    def leave(self) -> None:
        """Lose the connection; what was known stays so."""
        self.client.transport.loseConnection()
        self.idling = False

    def say(self, line: bytes, *, may_expunge: bool = True) -> None:
        """Say a line, and follow the answer."""
        self.dialog.send(Segment(line, last=True, tag=line.partition(b" ")[0]))
        self.follow(self.client.say(line + b"\r\n"), may_expunge=may_expunge)

    def follow(self, octets: bytes, *, may_expunge: bool = True) -> None:
        """Follow what was said."""
        self.dialog.receive(octets)
        while (event := self.dialog.next_event()) is not NEED_DATA:
            self.hear(event, may_expunge=may_expunge)
            if isinstance(event, Tagged):
                assert event.status is not Status.BAD, event


class Following(RuleBasedStateMachine):
    """Clients of each kind in one mailbox, and deliveries."""

    @initialize()
    def begin(self) -> None:
        """Put some messages there, and connect."""
        self.world = World()
        self.world.deliver(*[PLAIN] * 4)
        recent: dict[int, object] = {}
        self.clients = [Strict(self.world, kind, recent) for kind in KINDS]

    def awake(self, number: int) -> Strict:
        """Return a client that can say something."""
        client = self.clients[number % len(self.clients)]
        self.hear(client)
        if client.idling:
            client.idling = False
            client.say(b"DONE")
        return client

    def hear(self, client: Strict) -> None:
        """Let a client hear what it is told unasked."""
        idle, kind = client.idling, client.kind
        may = idle or kind.at_once
        client.follow(client.client.heard(), may_expunge=may)

    @rule(count=st.integers(1, 3), flag=st.sampled_from(["", "\\Seen", "$New"]))
    def deliver(self, count: int, flag: str) -> None:
        """Mail comes."""
        self.world.deliver(*[PLAIN] * count, flags=[flag] if flag else [])

    @rule()
    def turn(self) -> None:
        """The reactor turns, and everybody hears what there is."""
        for _ in range(3):
            self.world.clock.advance(0)
        for client in self.clients:
            self.hear(client)

    @rule(who=st.integers(0, 4))
    def idle(self, who: int) -> None:
        """A client waits."""
        client = self.awake(who)
        client.say(b"a IDLE")
        client.idling = True

    @rule(who=st.integers(0, 4), what=st.sampled_from([b"NOOP", b"CHECK", b"EXPUNGE"]))
    def plain(self, who: int, what: bytes) -> None:
        """A client says something without numbers."""
        self.awake(who).say(b"a " + what)

    @rule(
        who=st.integers(0, 4),
        at=st.integers(0, 9),
        to=st.integers(0, 9),
        sign=st.sampled_from([b"", b"+", b"-"]),
        flag=st.sampled_from(FLAGS),
        silent=st.booleans(),
        by_uid=st.booleans(),
    )
    def store(
        self, who: int, at: int, to: int, sign: bytes, flag: bytes, silent: bool, by_uid: bool
    ) -> None:
        """A client changes flags; after a silent one it knows what it has done."""
        client = self.awake(who)
        if by_uid:
            numbers, named = b"1:*", list(client.flags)
        elif client.uids and not client.kind.at_once:
            low, high = sorted((at % len(client.uids), to % len(client.uids)))
            numbers = b"%d:%d" % (low + 1, high + 1)
            named = [uid for uid in client.uids[low : high + 1] if uid is not None]
        else:
            return
        known = {uid: client.flags[uid] for uid in named if uid in client.flags}
        text = flag.decode()
        if silent:
            client.flags.update((uid, _applied(sign, has, text)) for uid, has in known.items())
        line = b"a %bSTORE %b %bFLAGS%b (%b)" % (
            b"UID " if by_uid else b"", numbers, sign, b".SILENT" if silent else b"", flag,
        )  # fmt: skip
        client.say(line, may_expunge=by_uid)

    @rule(
        who=st.integers(0, 4),
        at=st.integers(0, 9),
        what=st.sampled_from([b"FETCH %b (UID FLAGS)", b"FETCH %b FLAGS", b"FETCH %b BODY[]"]),
        by_uid=st.booleans(),
    )
    def fetch(self, who: int, at: int, what: bytes, by_uid: bool) -> None:
        """A client looks; with BODY[] it changes what it looks at."""
        client = self.awake(who)
        if by_uid:
            client.say(b"a UID " + what % b"1:*")
        elif client.uids and not client.kind.at_once:
            client.say(b"a " + what % (b"%d:*" % (at % len(client.uids) + 1)), may_expunge=False)

    @rule(who=st.integers(0, 4), at=st.integers(0, 9), move=st.booleans())
    def copy(self, who: int, at: int, move: bool) -> None:
        """A client copies into the same mailbox, or moves out of it."""
        client = self.awake(who)
        uids = [uid for uid in client.uids if uid is not None]
        if uids:
            uid = uids[at % len(uids)]
            client.say(b"a UID MOVE %d Sent" % uid if move else b"a UID COPY %d INBOX" % uid)

    @rule(who=st.integers(0, 4))
    def append(self, who: int) -> None:
        """A client brings a message."""
        self.awake(who).say(b"a APPEND INBOX (\\Seen) {%d+}\r\n%b" % (len(PLAIN), PLAIN))

    @rule(who=st.integers(0, 4), how=st.sampled_from(["select", "unselect", "connect"]))
    def return_(self, who: int, how: str) -> None:
        """A client leaves, and comes back with what it knows."""
        client = self.awake(who)
        if how == "connect":
            client.leave()
            client.connect()
            return
        if how == "unselect":
            client.say(b"a UNSELECT")
        client.select()
        self._learn(client)

    def _learn(self, client: Strict) -> None:
        """Have a client look at what is new to it."""
        client.say(b"a UID FETCH 1:* (UID FLAGS)")

    @rule(who=st.integers(0, 4))
    def settle(self, who: int) -> None:
        """After a NOOP a client agrees with the store."""
        client = self.awake(who)
        client.say(b"a NOOP")
        truth = self.truth()
        if client.kind.qresync and len(client.uids) < len(truth):
            self._learn(client)
        assert len(client.uids) == len(truth), client.kind
        for known, true in zip(client.uids, sorted(truth), strict=True):
            assert known in (None, true)
        for uid, flags in client.flags.items():
            assert truth[uid] == flags, (uid, client.kind)

    def truth(self) -> dict[int, frozenset[str]]:
        """Return what is there."""
        mail = self.world.store.mail
        account = run(self.world.store.accounts.account("ann"))
        folder = run(mail.folder(account.id, "INBOX"))
        messages = run(mail.messages(folder.id, None, account.id))
        return {message.uid: message.flags for message in messages}

    @invariant()
    def nobody_is_thrown_out(self) -> None:
        """No connection ends by itself."""
        for client in getattr(self, "clients", ()):
            assert not client.client.server.closing

    def teardown(self) -> None:
        """Have all of them settle."""
        for number in range(len(getattr(self, "clients", ()))):
            self.settle(number)


def _applied(sign: bytes, flags: frozenset[str], flag: str) -> frozenset[str]:
    actions: dict[bytes, Callable[[], frozenset[str]]] = {
        b"+": lambda: flags | {flag},
        b"-": lambda: flags - {flag},
        b"": lambda: frozenset({flag}),
    }
    return actions[sign]()


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
