"""Following a mailbox for as long as one likes, over whatever connections that takes.

IDLE tells what happens, NOOP asks where there is no IDLE. A connection that is lost, or silent, is
made again, later and later; what has happened meanwhile is found out by QRESYNC, else by CONDSTORE,
else by a look at all UIDs and flags. Nothing is missed and nothing told twice.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netsuite.connection.errors import ClientError, NotOffered, PermanentRefusal, Refusal
from netsuite.imap.client.client import IMAPClient
from netsuite.imap.client.idle import RENEWAL_SECONDS, Idling
from netsuite.imap.client.tracking import Change, KnownMailbox, Tracker
from netsuite.imap.commands.fetch import Item
from netsuite.imap.commands.requests import Resync
from netsuite.imap.commands.responses import Response
from netsuite.imap.commands.search import AllMessages
from netsuite.imap.sequences import SequenceSet

_EVERYTHING: Final = AllMessages()
_WANTED: Final = (Item.UID, Item.FLAGS)
_WITH_MODSEQ: Final = (*_WANTED, Item.MODSEQ)
#: Who leaves waits so long for the server's farewell.
_FAREWELL_SECONDS: Final = 5.0
#: A session that was in step for so long was a good one: the next wait is the first again.
_GOOD_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """Times in seconds.

    Args:
        renewal_seconds: IDLE is begun again after so long, which tells whether the server is there.
        poll_seconds: between two looks at a server that has no IDLE.
        first_wait_seconds: before a connection is made again; doubled each time that fails.
        longest_wait_seconds: between any two.
    """

    renewal_seconds: float = RENEWAL_SECONDS
    poll_seconds: float = 60.0
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 300.0


class Pace:
    """Lets many begin something one after the other, not more than so many a second.

    Args:
        clock: for the waiting.
        per_second: how many.
    """

    def __init__(self, clock: IReactorTime, per_second: float) -> None:
        self._clock = clock
        self._gap = 1.0 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for one's turn, in the order of asking."""
        now = self._clock.seconds()
        at = max(now, self._next)
        self._next = at + self._gap
        if at > now:
            await deferLater(self._clock, at - now)


class MailboxWatch:
    """Changes of one mailbox, as they happen.

    ::

        async with MailboxWatch(connect, log_in, "INBOX", clock=reactor) as changes:
            async for change in changes:
                ...

    What is wrong with a server for good ends it: a login that is refused, a mailbox that is not
    there. Anything else does not; ``trouble`` is told of it.

    Args:
        connect: makes a connection, as ``netsuite.imap.client.connect`` does.
        log_in: logs in on it.
        mailbox: its name. It is opened for reading only.
        clock: for all times.
        known: what was told before, to go on from there; ``KnownMailbox()`` to be told all that is
            there as new; None for what happens from now on.
        pace: of connections, one for all watches of a program.
        times: how long to wait for what.
        trouble: told of each connection that has failed, and how many seconds there are to the
            next; what it raises ends the watch.
        in_step: called each time when all that had happened before is known.
        dice: returns a number from 0 to 1: waits are shorter or longer by half, so that what was
            lost together does not come back together.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[IMAPClient]],
        log_in: Callable[[IMAPClient], Awaitable[None]],
        mailbox: str = "INBOX",
        *,
        clock: IReactorTime,
        known: KnownMailbox | None = None,
        pace: Pace | None = None,
        times: WatchTimes | None = None,
        trouble: Callable[[ClientError, float], None] = lambda error, seconds: None,
        in_step: Callable[[], None] = lambda: None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._connect, self._log_in = connect, log_in
        self.mailbox = mailbox
        self._clock = clock
        self._tracker = Tracker(known)
        self._pace = pace
        self._times = times or WatchTimes()
        self._trouble = trouble
        self._told_in_step = in_step
        self._dice = dice
        self._client: IMAPClient | None = None
        self._idling: Idling | None = None
        self._running: Deferred[None] | None = None
        self._sleeping: Deferred[None] | None = None
        self._waiting: Deferred[None] | None = None
        self._left: Deferred[None] | None = None
        self._error: Failure | None = None
        self._leaving = False
        self._in_step_at: float | None = None

    @property
    def in_step(self) -> bool:
        """Whether a change is heard of at once now."""
        return self._client is not None and not self._client.lost and self._tracker.in_step

    @property
    def known(self) -> KnownMailbox | None:
        """What has been told so far, for another watch to go on from; None before the mailbox was
        looked at. A change that was told last may then be told again, none is missed."""
        return self._tracker.known()

    # -- the iterator -------------------------------------------------------------------------

    async def __aenter__(self) -> MailboxWatch:
        self._running = ensureDeferred(self._run())
        self._running.addBoth(self._ended)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._leaving = True
        running = self._running
        if running is None:
            return
        if error and error[0] is GeneratorExit:  # nobody is left who could wait
            self._abort()
            running.cancel()
            return
        ended = self._left = Deferred()
        late = self._clock.callLater(_FAREWELL_SECONDS, self._abort)
        if self._idling is not None:
            self._idling.stop()
        elif self._sleeping is not None:
            self._awake()
        elif self._client is None:
            running.cancel()
        await ended
        if late.active():
            late.cancel()

    def _abort(self) -> None:
        if self._client is not None:
            self._client.abort()

    def __aiter__(self) -> MailboxWatch:
        return self

    async def __anext__(self) -> Change:
        while (change := self._tracker.take()) is None:
            if self._error is not None:
                raise self._error.value or RuntimeError
            if self._is_over():
                raise StopAsyncIteration
            self._waiting = Deferred()
            await self._waiting
        return change

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def _ended(self, result: Failure | None) -> None:
        self._running = None
        if not self._leaving:
            self._error = result
        self._wake()
        if self._left is not None:
            self._left.callback(None)

    def _is_over(self) -> bool:
        return self._leaving

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until somebody leaves, or the connection does."""
        sleeping = self._sleeping = deferLater(self._clock, seconds)
        try:
            await sleeping
        except CancelledError:
            if self._sleeping is sleeping:  # it was not us
                raise
        finally:
            self._sleeping = None

    def _awake(self) -> None:
        sleeping, self._sleeping = self._sleeping, None
        if sleeping is not None:
            sleeping.cancel()

    # -- connections --------------------------------------------------------------------------

    async def _run(self) -> None:
        failures = 0
        while not self._is_over():
            try:
                if self._pace is not None:
                    await self._pace.turn()
                await self._session()
            except (PermanentRefusal, NotOffered):
                raise
            except ClientError as error:
                if self._is_over():
                    return
                failures = 0 if self._was_good() else failures + 1
                seconds = self._wait(failures)
                self._trouble(error, seconds)
                await self._sleep(seconds)

    def _was_good(self) -> bool:
        since, self._in_step_at = self._in_step_at, None
        return since is not None and self._clock.seconds() - since >= _GOOD_SECONDS

    def _wait(self, failures: int) -> float:
        times = self._times
        longest = times.longest_wait_seconds
        seconds = min(times.first_wait_seconds * 2.0 ** min(max(failures - 1, 0), 40), longest)
        return seconds * (0.5 + self._dice())

    async def _session(self) -> None:
        client = await self._connect()
        try:
            if self._is_over():
                return
            self._client = client
            client.on_lost = self._awake
            await self._log_in(client)
            await self._follow(client)
            await client.logout()
        finally:
            self._client = None
            client.on_lost = lambda: None  # what is slept from now on is no part of it
            client.abort()

    # -- one connection -----------------------------------------------------------------------

    async def _follow(self, client: IMAPClient) -> None:
        tracker = self._tracker
        client.commands.observers.append(self._observe)
        await self._open(client)
        idles = client.offers("IDLE")
        while not self._is_over():
            await self._fetch_new(client)
            self._tell()
            if tracker.strayed:
                raise client.violated("the mailbox is not what the server has told of it")
            if not tracker.in_step:
                tracker.synchronised()
                self._in_step_at = self._clock.seconds()
                self._told_in_step()
            if not (idles and await self._idle(client)):
                await self._sleep(self._times.poll_seconds)
                if not self._is_over():
                    await client.noop()

    def _observe(self, response: Response) -> None:
        self._tracker.observe(response)
        self._tell()

    def _tell(self) -> None:
        if self._tracker.waiting:
            self._wake()

    async def _idle(self, client: IMAPClient) -> bool:
        """Wait for what happens; return whether that is a way to wait."""
        began = self._clock.seconds()
        tracker = self._tracker
        idling = Idling(client.commands, renewal_seconds=self._times.renewal_seconds, keep=1)
        try:
            async with idling as news:
                self._idling = idling
                if self._is_over():
                    return True
                async for _ in news:
                    if tracker.behind or tracker.strayed:
                        return True
        except Refusal:
            return False
        finally:
            self._idling = None
        # A server that ends it at once, each time, would be asked without end.
        return self._leaving or self._clock.seconds() > began

    async def _fetch_new(self, client: IMAPClient) -> None:
        tracker = self._tracker
        while tracker.behind and not tracker.strayed:
            known = len(tracker.uids)
            wanted = _WITH_MODSEQ if tracker.has_modseqs else _WANTED
            await client.fetch(SequenceSet(((known + 1, 0),)), wanted, by_uid=False)
            if len(tracker.uids) == known and tracker.behind:
                raise client.violated("messages that the server has told of cannot be fetched")

    # -- what has happened meanwhile ----------------------------------------------------------

    async def _open(self, client: IMAPClient) -> None:
        tracker = self._tracker
        resync = None
        qresync = client.offers("QRESYNC") and "QRESYNC" in await client.enable("QRESYNC")
        if qresync and tracker.modseq:
            resync = Resync(tracker.uid_validity, tracker.modseq)
        tracker.opening(resync=resync is not None)
        before = tracker.modseq
        condstore = client.offers("CONDSTORE") and not qresync
        await client.examine(self.mailbox, condstore=condstore, resync=resync)
        if resync is not None and not tracker.strayed:
            return
        since = tracker.modseq  # none any more where UIDVALIDITY is another
        if tracker.has_modseqs and (since or tracker.untold):
            await self._search(client)
            if since == before and since and tracker.uids:
                known = SequenceSet(((1, len(tracker.uids)),))
                await client.fetch(known, _WITH_MODSEQ, by_uid=False, changed_since=since)
        else:
            await self._list(client, *(_WITH_MODSEQ if tracker.has_modseqs else _WANTED))

    async def _search(self, client: IMAPClient) -> None:
        """Learn which UIDs there are."""
        self._tracker.searching()
        if client.offers("ESEARCH"):
            await client.esearch(_EVERYTHING, "ALL")
        else:
            await client.search(_EVERYTHING)
        if self._tracker.strayed:  # something was expunged just now
            await self._list(client, Item.UID)

    async def _list(self, client: IMAPClient, *items: Item) -> None:
        """Look at all messages."""
        self._tracker.listing()
        if self._tracker.exists:
            await client.fetch(SequenceSet(((1, 0),)), items, by_uid=False)
        self._tracker.listed()
