"""Runs one session: the loop, the time limit, Ctrl-C, and the exit code in the end."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import click
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import react
from twisted.python.failure import Failure

from netsuite.cli.client.files import Sink
from netsuite.cli.client.problems import Exit, FileTrouble, TookTooLong, code_of, line_of
from netsuite.cli.client.session import Access, Session
from netsuite.cli.client.urls import Target


def run(
    target: Target,
    access: Access,
    login: tuple[str, str] | None,
    work: Callable[[Session], Awaitable[None]],
    *,
    sink: Sink | None = None,
) -> None:
    """Do the work in a session; exit with what became of it, unless that is done.

    Args:
        sink: what is fetched goes to; closed in any case.
    """
    outcome: list[BaseException | None] = []
    sessions: list[Session] = []

    def main(reactor: Any) -> Deferred[None]:
        over: Deferred[None] = Deferred()
        session = Session(reactor, target, access, login)
        sessions.append(session)

        def ended(result: object) -> None:
            if not outcome:
                outcome.append(result.value if isinstance(result, Failure) else None)
                over.callback(None)

        async def working() -> None:
            await work(session)
            if sink is not None:
                sink.finish()

        ensureDeferred(working()).addBoth(ended)
        seconds = access.total_seconds
        if seconds is not None and not outcome:
            late = Failure(TookTooLong(f"not done after {seconds:g} seconds"))
            timer = reactor.callLater(seconds, ended, late)
            over.addBoth(lambda _: timer.cancel() if timer.active() else None)
        return over

    with contextlib.suppress(SystemExit):
        react(main)
    if sink is not None:
        try:
            sink.close()
        except FileTrouble as error:
            outcome = [error] if not outcome or outcome[0] is None else outcome
    for session in sessions:
        session.bar.end()
    if not outcome:
        leave(Exit.INTERRUPTED, "interrupted")
    if outcome[0] is not None:
        leave(code_of(outcome[0]), line_of(outcome[0], target.place))


def leave(code: Exit, line: str) -> NoReturn:
    """End the command with a line and a code."""
    with contextlib.suppress(OSError):
        click.echo(f"netsuite: {line}", err=True)
    # What could not be written to standard output must not be tried again at exit.
    if code is Exit.FILE:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(int(code))
