"""Following a mailbox: with our server and with servers that misbehave, in virtual time."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionLost,
    ConnectionRefused,
    PermanentRefusal,
    ProtocolViolation,
    Timeout,
)
from netsuite.imap.client import (
    Change,
    FlagsChanged,
    Goodbye,
    IMAPClient,
    KnownMailbox,
    MailboxWatch,
    MessageAdded,
    MessageRemoved,
    Pace,
    Renumbered,
    WatchTimes,
    connect,
)
from netsuite.imap.server import IMAPServerFactory
from netsuite.imap.settings import Settings
from netsuite.store.model import FlagAction
from netsuite.testing.fabric import Fabric
from tests.connection.joined import JoinedCase, Saying, reached
from tests.coroutines import run
from tests.imap.world import World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"
#: What servers lack: nothing, QRESYNC, both ways to tell what has changed, IDLE as well.
LACKING: Final = (
    frozenset[str](),
    frozenset({"QRESYNC"}),
    frozenset({"QRESYNC", "CONDSTORE"}),
    frozenset({"QRESYNC", "CONDSTORE", "ESEARCH", "IDLE"}),
    frozenset({"IDLE"}),
)
SEEN = frozenset({"\\Seen"})
NONE: Final = frozenset[str]()


class Follower:
    """Takes changes, and keeps what it was told; each must be one."""

    def __init__(self, watch: MailboxWatch, known: dict[int, frozenset[str]] | None = None) -> None:
        self.watch = watch
        self.known = dict(known or {})
        self.told: list[Change] = []
        self.marked: Counter[int] = Counter()  # how often flags have changed that were not told yet
        self.running: Deferred[None] = ensureDeferred(self.follow())

    async def follow(self) -> None:
        async with self.watch as changes:
            async for change in changes:
                self.take(change)

    def take(self, change: Change) -> None:
        """Accept a change, which must say something new."""
        self.told.append(change)
        match change:
            case MessageAdded(uid, flags):
                assert uid not in self.known, change
                self.known[uid] = flags
            case FlagsChanged(uid, flags):
                # The same flags may be told where they have changed, and back, meanwhile.
                assert self.known[uid] != flags or self.marked[uid] > 0, change
                self.marked[uid] -= 1
                self.known[uid] = flags
            case MessageRemoved(uid):
                del self.known[uid]
            case Renumbered():
                self.known.clear()

    def news(self) -> list[Change]:
        """Return what was told since the last look."""
        told, self.told = self.told, []
        return told


class Case(JoinedCase):
    """Ann's mailbox, with two messages in it, on our server."""

    lacking: frozenset[str] = frozenset()

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.watches: list[MailboxWatch] = []
        self.troubles: list[tuple[type[ClientError], float]] = []
        self.listen()
        self.world.deliver(PLAIN, PLAIN)

    def again(self) -> None:
        """Begin anew."""
        self.tearDown()
        self.setUp()

    def listen(self) -> None:
        """Have the server listen."""
        self.endpoint = reached(self.fabric, IMAPServerFactory(self.world.shared()), port=143)

    async def connect(self) -> IMAPClient:
        timeouts = ClientTimeouts(connect_seconds=10.0, reply_seconds=30.0)
        return await connect(self.endpoint, clock=self.fabric, timeouts=timeouts)

    async def log_in(self, client: IMAPClient) -> None:
        await client.login("ann", "secret")
        client.commands.capabilities -= {*self.lacking, "IMAP4REV2"}

    def watch(self, mailbox: str = "INBOX", **more: Any) -> MailboxWatch:
        """Return a watch."""
        more = {"dice": lambda: 0.5, "trouble": self.trouble, **more}
        watch = MailboxWatch(self.connect, self.log_in, mailbox, clock=self.fabric, **more)
        self.watches.append(watch)
        return watch

    def trouble(self, error: ClientError, seconds: float) -> None:
        self.troubles.append((type(error), seconds))

    def followed(self, mailbox: str = "INBOX", **more: Any) -> Follower:
        """Return one who follows, in step."""
        follower = Follower(self.watch(mailbox, **more), self.truth(mailbox))
        self.fabric.settle()
        self.assertTrue(follower.watch.in_step)
        return follower

    def truth(self, mailbox: str = "INBOX") -> dict[int, frozenset[str]]:
        """Return what is there."""
        mail = self.world.store.mail
        account = run(self.world.store.accounts.account("ann"))
        folder = run(mail.folder(account.id, mailbox))
        messages = run(mail.messages(folder.id, None, account.id))
        return {message.uid: message.flags for message in messages}

    def mark(self, uids: Iterable[int], *flags: str, action: FlagAction = FlagAction.ADD) -> None:
        """Change flags, by another session."""
        mail = self.world.store.mail
        account = run(self.world.store.accounts.account("ann"))
        folder = run(mail.folder(account.id, "INBOX"))
        run(mail.store_flags(folder.id, list(uids), action, frozenset(flags), account.id))

    def expunge(self, *uids: int) -> None:
        """Remove messages, by another session."""
        mail = self.world.store.mail
        account = run(self.world.store.accounts.account("ann"))
        folder = run(mail.folder(account.id, "INBOX"))
        run(mail.expunge(folder.id, list(uids), deleted_only=False))

    def drop(self) -> None:
        """Break all connections."""
        for connection in self.fabric.connections:
            connection.server.abortConnection()
        self.fabric.settle()

    def pass_(self, seconds: float) -> None:
        """Let time pass, in steps in which all is done that can be."""
        self.fabric.advance(seconds)
        self.fabric.settle()

    def tearDown(self) -> None:
        """Have all watches end."""
        for each in self.watches:
            ensureDeferred(each.__aexit__())
        self.pass_(6)


class Following(Case):
    """What happens is told, at once."""

    def test_each_change(self) -> None:
        """New messages, flags and what is gone, by UID, whatever the server offers."""
        for self.lacking in LACKING:
            self.again()
            follower = self.followed()
            self.assertEqual([], follower.news())
            self.world.deliver(PLAIN, flags=["\\Seen"])
            self.pass_(60)
            self.assertEqual([MessageAdded(3, SEEN)], follower.news(), self.lacking)
            self.mark([1, 3], "\\Flagged")
            self.pass_(60)
            self.assertEqual(
                [FlagsChanged(1, frozenset({"\\Flagged"})), FlagsChanged(3, SEEN | {"\\Flagged"})],
                follower.news(),
            )
            self.expunge(1, 3)
            self.pass_(60)
            self.assertEqual([MessageRemoved(1), MessageRemoved(3)], follower.news())
            self.world.deliver(PLAIN, PLAIN)
            self.expunge(4)
            self.pass_(60)
            self.pass_(60)
            self.assertEqual({2: NONE, 5: NONE}, follower.known)
            self.assertEqual([], self.troubles)

    def test_renewal(self) -> None:
        """IDLE is begun again, and goes on telling."""
        follower = self.followed(times=WatchTimes(renewal_seconds=600.0))
        for uid in (3, 4, 5):
            self.pass_(600)
            self.world.deliver(PLAIN)
            self.fabric.settle()
            self.assertEqual([MessageAdded(uid, NONE)], follower.news())
        self.assertEqual(1, len(self.fabric.connections))
        self.assertEqual([], self.troubles)

    def test_all_that_is_there(self) -> None:
        """Who knows nothing is told all, once."""
        for self.lacking in LACKING:
            self.again()
            follower = Follower(self.watch(known=KnownMailbox()))
            self.fabric.settle()
            self.assertEqual([MessageAdded(1, NONE), MessageAdded(2, NONE)], follower.news())
            self.drop()
            self.pass_(2)
            self.assertEqual([], follower.news())
            self.assertTrue(follower.watch.in_step)

    def test_joined(self) -> None:
        """Changes that nobody takes are joined: of each message there is one at most."""

        async def enter(watch: MailboxWatch) -> None:
            await watch.__aenter__()

        watch = self.watch()
        self.run_(enter(watch))
        self.world.deliver(PLAIN)
        self.fabric.settle()
        for flag in ("a", "b", "c"):
            self.mark([1, 2, 3], flag)
            self.fabric.settle()
        self.world.deliver(PLAIN)
        self.fabric.settle()
        self.expunge(2, 4)
        self.fabric.settle()
        changes: list[Change] = []

        async def take(count: int) -> None:
            changes.extend([await anext(watch) for _ in range(count)])

        self.run_(take(3))
        abc = frozenset("abc")
        told = {MessageAdded(3, abc), FlagsChanged(1, abc), MessageRemoved(2)}
        self.assertEqual(told, set(changes))
        waiting = ensureDeferred(anext(watch))
        self.assertNoResult(waiting)
        self.run_(watch.__aexit__())
        self.failureResultOf(waiting, StopAsyncIteration)

    def test_leaving(self) -> None:
        """Who leaves says LOGOUT, and nothing is left behind."""

        async def look() -> Change | None:
            async with self.watch() as changes:
                async for change in changes:
                    return change
            return None

        looking = self.begin(look())
        self.world.deliver(PLAIN)
        self.fabric.settle()
        self.assertEqual(MessageAdded(3, NONE), self.successResultOf(looking))
        self.assertTrue(self.fabric.connections[0].client.written.endswith(b" LOGOUT\r\n"))
        self.assertEqual([], self.fabric.getDelayedCalls())

    def test_leaving_at_any_time(self) -> None:
        """Whatever it waits for, leaving ends it, within seconds."""
        for self.lacking in LACKING:
            for turns in range(40):
                self.again()
                watch = self.watch(pace=Pace(self.fabric, 1.0))
                ensureDeferred(watch.__aenter__())
                for _ in range(turns):
                    self.fabric.advance(0)
                leaving = ensureDeferred(watch.__aexit__())
                self.pass_(6)
                self.successResultOf(leaving)
                self.assertEqual(
                    [], [each for each in self.fabric.leftovers() if "port" not in each]
                )

    def test_for_good(self) -> None:
        """What will not get better ends the watch: a login that is refused, no such mailbox."""
        watching = Follower(self.watch("Nowhere")).running
        self.fabric.settle()
        self.failureResultOf(watching, PermanentRefusal)

        async def wrong(client: IMAPClient) -> None:
            await client.login("ann", "wrong")

        watch = MailboxWatch(self.connect, wrong, clock=self.fabric)
        self.watches.append(watch)
        watching = Follower(watch).running
        self.fabric.settle()
        self.failureResultOf(watching, AuthenticationFailed)
        self.assertTrue(all(each.client.disconnected for each in self.fabric.connections))


class Reconnecting(Case):
    """Connections that are lost."""

    def test_meanwhile(self) -> None:
        """What has happened meanwhile is told once, however the server tells of it."""
        for self.lacking in LACKING:
            self.again()
            self.world.deliver(PLAIN, PLAIN)
            follower = self.followed()
            self.mark([4], "\\Seen")
            self.pass_(60)
            self.assertEqual([FlagsChanged(4, SEEN)], follower.news())
            self.drop()
            self.expunge(1)
            self.mark([2], "\\Seen")
            self.world.deliver(PLAIN, PLAIN)
            self.expunge(6)
            self.pass_(2)
            told = {MessageRemoved(1), FlagsChanged(2, SEEN), MessageAdded(5, NONE)}
            news = follower.news()
            self.assertEqual((told, 3), (set(news), len(news)), self.lacking)
            self.assertEqual([(ConnectionLost, 1.0)], self.troubles)

    def test_renumbered(self) -> None:
        """Another UIDVALIDITY is told as such, and then what is there now."""
        for self.lacking in LACKING:
            self.again()
            other = self.run_(self.connect())
            self.run_(other.login("ann", "secret"))
            self.run_(other.create("x"))
            self.run_(other.append("x", PLAIN))
            self.run_(other.append("x", PLAIN))
            follower = self.followed("x")
            self.drop()
            other = self.run_(self.connect())
            self.run_(other.login("ann", "secret"))
            self.run_(other.delete("x"))
            self.run_(other.create("x"))
            self.run_(other.append("x", PLAIN, flags=["\\Seen"]))
            self.pass_(2)
            renumbered, added = follower.news()
            self.assertIsInstance(renumbered, Renumbered)
            self.assertEqual(MessageAdded(1, SEEN), added)

    def test_waits(self) -> None:
        """It is tried again later and later, but not too late, and soon after a good session."""
        follower = self.followed()
        port = self.fabric.ports[0]
        stopped = port.stopListening()
        self.fabric.settle()
        self.successResultOf(stopped)
        self.drop()
        for _ in range(200):
            self.pass_(10)
        waits = [seconds for _, seconds in self.troubles]
        self.assertEqual([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0], waits[:10])
        self.assertEqual(300.0, max(waits))
        self.assertEqual({ConnectionLost, ConnectionRefused}, {each for each, _ in self.troubles})
        self.world.deliver(PLAIN)
        self.listen()
        self.pass_(300)
        self.assertEqual([MessageAdded(3, NONE)], follower.news())
        self.pass_(60)
        self.troubles.clear()
        self.drop()
        self.assertEqual([(ConnectionLost, 1.0)], self.troubles)

    def test_dice(self) -> None:
        """Waits differ by half, so that not all come back together."""
        for dice, seconds in ((0.0, 0.5), (1.0, 1.5)):
            self.again()
            self.followed(dice=lambda dice=dice: dice)
            self.drop()
            self.assertEqual([(ConnectionLost, seconds)], self.troubles)

    def test_goodbye(self) -> None:
        """A server that says BYE is left, and asked again later."""
        follower = self.followed()
        server: Any = self.fabric.connections[0].server.protocol
        server.drain()
        self.fabric.settle()
        self.assertEqual([(Goodbye, 1.0)], self.troubles)
        self.world.deliver(PLAIN)
        self.pass_(2)
        self.assertEqual([MessageAdded(3, NONE)], follower.news())

    def test_silence(self) -> None:
        """A server that says nothing any more is left when IDLE is to be begun again."""
        follower = self.followed(times=WatchTimes(renewal_seconds=600.0))
        self.fabric.connections[0].server.protocol.dataReceived = lambda data: None  # type: ignore
        self.pass_(600)
        self.pass_(30)
        self.assertEqual([(Timeout, 1.0)], self.troubles)
        self.world.deliver(PLAIN)
        self.pass_(2)
        self.assertEqual([MessageAdded(3, NONE)], follower.news())

    def test_another_process(self) -> None:
        """What was told is all that another watch needs to go on, whatever the server offers."""
        for self.lacking in LACKING:
            self.again()
            follower = self.followed()
            self.mark([1], "\\Seen")
            self.world.deliver(PLAIN)
            self.pass_(60)
            known = follower.watch.known
            assert known is not None
            self.assertEqual(b"1:3", bytes(known.uids))
            self.run_(follower.watch.__aexit__())
            self.mark([2], "\\Seen")
            self.expunge(3)
            self.world.deliver(PLAIN)
            told = follower.known
            follower = Follower(self.watch(known=known), told)
            self.fabric.settle()
            self.assertEqual(self.truth(), follower.known)
            self.assertEqual(3, len(follower.news()))


class Anywhere(Case):
    """Connections that break at any point, while anything happens."""

    def one(self, seed: int) -> None:
        """Have a watch follow random changes, and break its connections at random points."""
        self.tearDown()
        dice = random.Random(seed)
        self.watches = []
        self.lacking = LACKING[seed % len(LACKING)]
        self.world = World()
        self.fabric = self.world.clock = Fabric(seed=seed, record=True)
        self.troubles = []
        self.listen()
        self.world.deliver(*[PLAIN] * dice.randint(0, 5))
        follower = Follower(self.watch(known=KnownMailbox()))
        for _ in range(60):
            known = list(self.truth())
            some = dice.sample(known, min(len(known), dice.randint(1, 3)))
            match dice.randint(0, 6):
                case 0 | 1:
                    self.world.deliver(*[PLAIN] * dice.randint(1, 3))
                case 2 if some:
                    self.mark(some, dice.choice(["\\Seen", "\\Flagged", "$x"]))
                    follower.marked.update(some)
                case 3 if some:
                    self.mark(some, "\\Seen", action=FlagAction.REMOVE)
                    follower.marked.update(some)
                case 4 if some:
                    self.expunge(*some)
                case 5 if self.fabric.connections:
                    self.fabric.connections[-1].server.abortConnection()
                case _:
                    self.fabric.advance(dice.choice([0.5, 2.0, 60.0]))
            for _ in range(dice.randint(0, 12)):
                self.fabric.advance(0)
        self.pass_(400)
        self.pass_(60)
        self.pass_(60)
        self.assertNoResult(follower.running)
        self.assertEqual(self.truth(), follower.known, (seed, self.lacking))
        self.assertLessEqual(
            {each for each, _ in self.troubles}, {ConnectionLost, Timeout}, self.troubles
        )

    def test_at_any_point(self) -> None:
        """Nothing is missed, and nothing told that was known."""
        for seed in range(100):
            self.one(seed)


class OddServers(JoinedCase):
    """Servers that a watch must not ask without end."""

    def asked(self, *words: bytes) -> tuple[bytes, list[type[ClientError]]]:
        """Watch for ten minutes on a server that says the same each time; return what is said to
        it on the last connection, and what went wrong."""
        self.fabric = Fabric(record=True)
        factory = Saying(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n", *words)
        endpoint = reached(self.fabric, factory)
        troubles: list[type[ClientError]] = []

        async def log_in(client: IMAPClient) -> None:
            pass

        watch = MailboxWatch(
            lambda: connect(endpoint, clock=self.fabric),
            log_in,
            clock=self.fabric,
            trouble=lambda error, seconds: troubles.append(type(error)),
        )
        self.run_(watch.__aenter__())
        for _ in range(60):
            self.fabric.advance(10)
            self.fabric.settle()
        ended = ensureDeferred(watch.__aexit__())
        self.fabric.advance(6)
        self.fabric.settle()
        self.successResultOf(ended)
        return self.fabric.connections[-1].client.written, troubles

    def test_idle_that_ends_at_once(self) -> None:
        """Where IDLE is no way to wait, NOOP is."""
        opened = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nn1 OK [READ-ONLY] x\r\n"
        for answer in (b"+ idling\r\nn%d OK done\r\n", b"n%d NO not now\r\n"):
            answers = [
                line for n in range(2, 40, 2) for line in (answer % n, b"n%d OK x\r\n" % (n + 1))
            ]
            said, troubles = self.asked(opened, *answers)
            self.assertEqual([], troubles)
            self.assertIn(said.count(b"IDLE"), (10, 11))
            self.assertIn(said.count(b"NOOP"), (9, 10))

    def test_messages_that_cannot_be_fetched(self) -> None:
        """They are not asked for at once again, but on another connection, later and later."""
        opened = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nn1 OK [READ-ONLY] x\r\n"
        _, troubles = self.asked(opened, b"n2 OK nothing\r\n", b"n3 OK nothing\r\n")
        self.assertEqual({ProtocolViolation}, set(troubles))
        self.assertLess(len(troubles), 14)


#: What a watch of a mailbox with 1,000 messages may take; measured 23,100.
WATCH_OCTETS: Final = 30_000


class Crowd(JoinedCase):
    """A thousand mailboxes, one process."""

    COUNT = 1000

    def test_a_thousand(self) -> None:
        """They are connected at the pace that was set, again too, and hear what happens; each
        costs little."""
        world = World()
        self.fabric = world.clock = Fabric()
        settings = Settings(connections_per_address=2 * self.COUNT)
        factory = IMAPServerFactory(world.shared(settings))
        made: list[float] = []
        servers: list[Any] = []
        build = factory.buildProtocol

        def build_and_note(addr: Any) -> Any:
            made.append(self.fabric.seconds())
            servers.append(build(addr))
            return servers[-1]

        factory.buildProtocol = build_and_note  # type: ignore[method-assign]
        endpoint = reached(self.fabric, factory)
        world.deliver(*[PLAIN] * 20)
        pace = Pace(self.fabric, per_second=50.0)

        async def log_in(client: IMAPClient) -> None:
            await client.login("ann", "secret")

        def watch() -> MailboxWatch:
            return MailboxWatch(
                lambda: connect(endpoint, clock=self.fabric),
                log_in,
                clock=self.fabric,
                pace=pace,
                dice=lambda: 0.5,
            )

        self.followers = [
            Follower(watch(), dict.fromkeys(range(1, 21), NONE)) for _ in range(self.COUNT)
        ]
        self.check_pace(made)
        world.deliver(PLAIN)
        self.fabric.settle()
        for each in self.followers:
            self.assertEqual([MessageAdded(21, NONE)], each.news())
        made.clear()
        for server in servers:
            server.abort()
        self.fabric.settle()
        world.deliver(PLAIN)
        self.check_pace(made)
        for each in self.followers:
            self.assertEqual([MessageAdded(22, NONE)], each.news())

    def check_pace(self, made: list[float]) -> None:
        """Have all connect; see how many do in one second."""
        for _ in range(250):
            self.fabric.advance(0.1)
            self.fabric.settle()
        self.assertEqual(self.COUNT, len(made))
        for place, at in enumerate(made[50:]):
            self.assertGreaterEqual(at - made[place], 0.9)
        self.assertTrue(all(each.watch.in_step for each in self.followers))

    def tearDown(self) -> None:
        """Have all watches end."""
        ending = [ensureDeferred(each.watch.__aexit__()) for each in self.followers]
        for _ in range(30):
            self.fabric.advance(1.0)
            self.fabric.settle()
        for each in ending:
            self.successResultOf(each)

    def test_memory(self) -> None:
        """What one watch of a mailbox with 1,000 messages takes, its connection included."""
        self.fabric = Fabric()
        server = Saying(
            b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE ENABLE QRESYNC ESEARCH] hi\r\n",
            b"* ENABLED QRESYNC\r\nn1 OK x\r\n",
            b"* 1000 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [HIGHESTMODSEQ 9] x\r\nn2 OK x\r\n",
            b'* ESEARCH (TAG "n3") UID ALL 1:1000\r\nn3 OK x\r\n',
            b"+ idling\r\n",
            b"n4 OK x\r\n",
            b"* BYE bye\r\nn5 OK x\r\n",
        )
        endpoint = reached(self.fabric, server)

        async def log_in(client: IMAPClient) -> None:
            pass

        def watch() -> MailboxWatch:
            return MailboxWatch(
                lambda: connect(endpoint, clock=self.fabric), log_in, clock=self.fabric
            )

        self.followers = [Follower(watch())]  # what all share is made once
        self.fabric.settle()
        tracemalloc.start()
        try:
            self.followers += [Follower(watch()) for _ in range(self.COUNT)]
            self.fabric.settle()
            gc.collect()
            snapshot = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
        self.assertTrue(all(each.watch.in_step for each in self.followers))
        others = "*/tests/*", "*/testing/*", "*tracemalloc*"
        ours = snapshot.filter_traces([tracemalloc.Filter(False, each) for each in others])
        each_octets = sum(each.size for each in ours.statistics("filename")) // self.COUNT
        self.assertLess(each_octets, WATCH_OCTETS)
