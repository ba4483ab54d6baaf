"""``netsuite watch``: the work, each protocol's part in a module of its name.

IMAP tells of changes by itself; of the others a connection is kept, and they are asked again and
again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeAlias, TypeVar

from twisted.internet.task import deferLater

from netsuite.cli.client.access import Access
from netsuite.cli.client.problems import complain
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import line_of, run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target
from netsuite.connection import errors

C = TypeVar("C")

#: Between two tries to connect, at the most.
MOST_WAIT_SECONDS: Final = 300.0
#: What another connection may mend.
_LOST: Final = (
    errors.ConnectionRefused,
    errors.ConnectionLost,
    errors.Timeout,
    errors.TransientRefusal,
)


@dataclass(frozen=True, slots=True)
class Watching:
    """How is watched.

    Args:
        everything: whether what is there at first is told as new.
        interval_seconds: how often is asked, where the server does not tell by itself.
        show: shows an event.
    """

    everything: bool
    interval_seconds: float
    show: Callable[[Result], None]


#: Shows what changes where a session's URL says, until it is stopped.
Watch: TypeAlias = Callable[[ClientSession, Watching], Awaitable[None]]
#: Asks once; returns what has happened since.
Look: TypeAlias = Callable[[C], Awaitable[Iterable[Result]]]


def watch(target: Target, access: Access, login: Login | None, watching: Watching) -> None:
    """Show what changes where a URL says."""
    show: Watch = vars(import_module(f"{__name__}.{target.service}"))["watch"]
    run(target, access, login, lambda session: show(session, watching))


async def ask_again_and_again(
    session: ClientSession,
    opened: Callable[[ClientSession], AbstractAsyncContextManager[C]],
    look: Look[C],
    watching: Watching,
) -> None:
    """Ask every interval, in one session as long as that lasts. One that cannot be made at first
    is an error; one that is lost is complained of, and made again."""
    began = False
    failures = 0
    while True:
        try:
            async with opened(session) as client:
                while True:
                    for event in await look(client):
                        watching.show(event)
                    began, failures = True, 0
                    await deferLater(session.clock, watching.interval_seconds)
        except errors.ClientError as error:
            if session.over or not began or not isinstance(error, _LOST):
                raise
            failures += 1
            seconds = min(watching.interval_seconds * 2 ** (failures - 1), MOST_WAIT_SECONDS)
            complain(f"{line_of(error, session.place)}; again in {seconds:.0f} seconds")
        await deferLater(session.clock, seconds)
