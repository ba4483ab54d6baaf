"""Waiting for news of a mailbox, with IDLE (RFC 2177)."""

from __future__ import annotations

from collections import deque
from typing import Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from netsuite.imap.client.in_progress import CommandsInProgress, Turn
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Continue, Response

#: RFC 2177, 3: a server may end it after 30 minutes, so it is begun again before.
RENEWAL_SECONDS: Final = 29 * 60.0
#: So much longer than a renewal takes to come an idle server may say nothing.
_SILENCE_SECONDS: Final = 60.0


class Idling:
    """News of the selected mailbox, as it comes.

    ::

        async with client.idle() as news:
            async for response in news:
                ...

    Leaving the block says DONE and awaits the end.

    Args:
        renewal_seconds: IDLE is begun again after so long.
        keep: how many responses wait to be taken, the last ones; None for all.
    """

    def __init__(
        self,
        commands: CommandsInProgress,
        *,
        renewal_seconds: float = RENEWAL_SECONDS,
        keep: int | None = None,
    ) -> None:
        self._commands = commands
        self._renewal_seconds = renewal_seconds
        self._on_news = commands.on_news
        self._news: deque[Response] = deque(maxlen=keep)
        self._stopped = False
        self._waiting: Deferred[None] | None = None
        self._turn: Turn | None = None
        self._running: Deferred[None] | None = None
        self._begun: Deferred[None] = Deferred()
        self._error: Failure | None = None
        self._renewal: IDelayedCall | None = None
        self._renewing: Deferred[None] | None = None

    async def __aenter__(self) -> Idling:
        self._on_news = self._commands.on_news
        self._commands.on_news = self._take
        try:
            await self._begin()
        except BaseException:
            self._forget()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            if self._renewing is not None:
                await self._renewing
            await self._done()
        finally:
            self._forget()

    def __aiter__(self) -> Idling:
        return self

    async def __anext__(self) -> Response:
        while not self._news or self._stopped:
            if self._error is not None:
                raise self._error.value or RuntimeError
            if self._stopped or (self._running is None and self._renewing is None):
                raise StopAsyncIteration  # or the server ended it
            self._waiting = Deferred()
            await self._waiting
        return self._news.popleft()

    def stop(self) -> None:
        """Let nothing come any more: whoever waits for news leaves."""
        self._stopped = True
        self._wake()

    # -- IDLE and DONE ------------------------------------------------------------------------

    async def _begin(self) -> None:
        begun = self._begun = Deferred()
        running = self._running = ensureDeferred(self._idle())
        running.addCallbacks(self._ended, self._failed)
        await begun
        clock = self._commands.connection.clock
        self._renewal = clock.callLater(self._renewal_seconds, self._renew)

    async def _idle(self) -> None:
        async with self._commands.turn() as turn:
            self._turn = turn
            try:
                heard = await turn.begin(ask.Idle())
                while isinstance(heard, Continue):
                    if not self._begun.called:
                        self._commands.reply_seconds = self._renewal_seconds + _SILENCE_SECONDS
                        self._begun.callback(None)
                    heard = await turn.next()
                turn.completed(heard)
            finally:
                self._turn = None

    async def _done(self) -> None:
        running = self._running
        if running is not None and self._turn is not None:
            self._turn.say_line(b"DONE")
            # An idle server says nothing, a server that is gone neither: this tells them apart.
            self._commands.reply_seconds = None
            self._commands.connection.hurry()
            await running

    def _renew(self) -> None:
        self._renewing = ensureDeferred(self._begin_again())

    async def _begin_again(self) -> None:
        try:
            await self._done()
            await self._begin()
        except Exception:
            self._error = Failure()
        finally:
            self._renewing = None
            self._wake()

    def _forget(self) -> None:
        self._running = None
        self._commands.on_news = self._on_news
        self._commands.reply_seconds = None
        if self._renewal is not None and self._renewal.active():
            self._renewal.cancel()

    # -- what comes ---------------------------------------------------------------------------

    def _ended(self, result: None) -> None:
        self._running = None
        if not self._begun.called:
            self._begun.callback(None)
        self._wake()

    def _failed(self, failure: Failure) -> None:
        self._running = None
        if self._begun.called:
            self._error = failure
            self._wake()
        else:
            self._begun.errback(failure)

    def _take(self, response: Response) -> None:
        self._on_news(response)
        self._news.append(response)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
