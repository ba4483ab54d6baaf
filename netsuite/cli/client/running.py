"""The run of one session: the loop, the time limit, Ctrl-C, and the exit code in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import react

from netsuite.cli.client.access import Access
from netsuite.cli.client.exit_codes import code_of, conversation_of, line_of
from netsuite.cli.client.output import Output
from netsuite.cli.client.problems import FileTrouble, Interrupted, TookTooLong, leave
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target


class _Running:
    """One session under way; the first thing that ends it counts.

    Args:
        make: makes the session, of the reactor.
        work: what to do in it.
    """

    def __init__(
        self, make: Callable[[Any], ClientSession], work: Callable[[ClientSession], Awaitable[None]]
    ) -> None:
        self.outcome: BaseException | None = None
        self.session: ClientSession | None = None
        self._make = make
        self._work = work
        self._over: Deferred[None] = Deferred()

    def main(self, reactor: Any) -> Deferred[None]:
        """Begin, in the loop."""
        self.session = session = self._make(reactor)
        # Told before the connections are closed, which then complain.
        reactor.addSystemEventTrigger("before", "shutdown", self._end, Interrupted("interrupted"))
        seconds = session.access.total_seconds
        if seconds is not None:
            late = TookTooLong(f"not done after {seconds:g} seconds")
            timer = reactor.callLater(seconds, self._end, late)
            self._over.addBoth(lambda _: timer.cancel() if timer.active() else None)

        async def doing() -> None:
            await self._work(session)

        working: Deferred[None] = ensureDeferred(doing())
        working.addCallbacks(lambda _: self._end(None), lambda failure: self._end(failure.value))
        return self._over

    def _end(self, outcome: BaseException | None) -> None:
        if not self._over.called:
            self.outcome = outcome
            self._over.callback(None)


def run(
    target: Target,
    access: Access,
    login: Login | None,
    work: Callable[[ClientSession], Awaitable[None]],
    *,
    output: Output | None = None,
    release: Callable[[], None] | None = None,
) -> None:
    """Do the work in a session; exit with what became of it, unless that is done.

    Args:
        output: what is fetched goes there; closed in any case.
        release: called when the loop has ended, before anything is said.
    """
    running = _Running(lambda reactor: ClientSession(reactor, target, access, login), work)
    try:
        with contextlib.suppress(SystemExit):
            react(running.main)
    finally:
        if release is not None:
            release()
    outcome = running.outcome
    if output is not None:
        try:
            if outcome is None:
                output.finish()
            output.close()
        except FileTrouble as error:
            outcome = outcome or error
    if running.session is not None:
        running.session.progress.end()
    if outcome is not None:
        # With an observer all that was said stands on the terminal already.
        more = conversation_of(outcome) if access.observer is None else ()
        leave(code_of(outcome), line_of(outcome, target.place), more)
