"""Waiting for news of a mailbox, with IDLE (RFC 2177)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from netsuite.imap.client.conversation import Answer
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Continue, Response
from netsuite.imap.grammar.compose import Segment

if TYPE_CHECKING:
    from netsuite.imap.client.client import IMAPClient

#: RFC 2177, 3: a server may end it after 30 minutes, so it is begun again before.
RENEWAL_SECONDS: Final = 29 * 60.0


class Idling:
    """News of the selected mailbox, as it comes.

    ::

        async with client.idle() as news:
            async for response in news:
                ...

    Leaving the block says DONE and awaits the end.
    """

    def __init__(self, client: IMAPClient) -> None:
        self._client = client
        self._news: deque[Response] = deque()
        self._waiting: Deferred[None] | None = None
        self._answer: Deferred[None] | None = None
        self._begun: Deferred[None] | None = None
        self._error: Failure | None = None
        self._renewal: Any = None
        self._renewing: Deferred[None] | None = None

    async def __aenter__(self) -> Idling:
        self._client.on_news = self._take
        self._client.patience_seconds = RENEWAL_SECONDS + 60.0
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
        while not self._news:
            if self._error is not None:
                raise self._error.value or RuntimeError
            if self._answer is None and self._renewing is None:
                raise StopAsyncIteration  # the server ended it
            self._waiting = Deferred()
            await self._waiting
        return self._news.popleft()

    # -- IDLE and DONE ------------------------------------------------------------------------

    async def _begin(self) -> None:
        begun = self._begun = Deferred()
        running = ensureDeferred(self._client.run(ask.Idle(), respond=self._respond))
        self._answer = running.addCallbacks(self._ended, self._failed)
        await begun
        self._renewal = self._client.clock.callLater(RENEWAL_SECONDS, self._renew)

    async def _done(self) -> None:
        answer = self._answer
        if answer is not None and not self._client.lost:
            self._client.say(Segment(b"DONE\r\n", last=True))
            await answer

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
        self._answer = None
        self._client.on_news = self._client.news
        self._client.patience_seconds = None
        if self._renewal is not None and self._renewal.active():
            self._renewal.cancel()

    # -- what comes ---------------------------------------------------------------------------

    def _respond(self, request: Continue) -> None:
        if self._begun is not None and not self._begun.called:
            self._begun.callback(None)

    def _ended(self, answer: Answer) -> None:
        self._answer = None
        self._wake()

    def _failed(self, failure: Failure) -> None:
        self._answer = None
        if self._begun is not None and not self._begun.called:
            self._begun.errback(failure)
        else:
            self._error = failure
            self._wake()

    def _take(self, response: Response) -> None:
        self._client.news(response)
        self._news.append(response)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)
