"""``netsuite rm``, ``mv`` and ``mkdir``: the work, each protocol's part in a module of its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

from netsuite.cli.client.access import Access
from netsuite.cli.client.on_each import Troubles, run_each
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import run
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import Target
from netsuite.cli.client.wanted import Wanted

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Place(Generic[C]):
    """What is changed: a URL, in a session that has begun.

    Args:
        client: the protocol's own.
    """

    client: C
    session: ClientSession
    target: Target


@dataclass(frozen=True, slots=True)
class Removing:
    """How things are removed.

    Args:
        recursive: whether with all that is in them.
        for_good: whether nothing is moved to a trash instead.
    """

    recursive: bool = False
    for_good: bool = False


class Remove(Protocol[C]):
    """Removes what a URL names; tells of each thing that is gone."""

    def __call__(self, place: Place[C], how: Removing) -> AsyncIterator[Result]:
        """Remove it."""


class Rename(Protocol[C]):
    """Gives what a URL names another place, on the same server."""

    async def __call__(self, place: Place[C], to: Target) -> Result:
        """Rename it."""


class MakeDirectory(Protocol[C]):
    """Makes a directory; with *parents* what is missing above it, and one that is there is fine."""

    async def __call__(self, place: Place[C], *, parents: bool) -> Result | None:
        """Make it."""


@dataclass(frozen=True, slots=True)
class Changes(Generic[C]):
    """What one protocol can change; None for what it cannot.

    Args:
        opened: begins and ends a session.
        at_the_end: whether what was removed is only gone when the session has ended well.
    """

    opened: Callable[[ClientSession], AbstractAsyncContextManager[C]]
    remove: Remove[C] | None = None
    rename: Rename[C] | None = None
    make_directory: MakeDirectory[C] | None = None
    at_the_end: bool = False


def changes_of(service: str) -> Changes[Any]:
    """Import what changes things by a protocol."""
    changes: Changes[Any] = vars(import_module(f"{__name__}.{service}"))["CHANGES"]
    return changes


def remove(
    wanted: Sequence[Wanted], access: Access, how: Removing, show: Callable[[Result], None]
) -> None:
    """Remove what URLs name."""

    async def work(session: ClientSession, targets: Sequence[Target], troubles: Troubles) -> None:
        changes = changes_of(session.target.service)
        assert changes.remove is not None  # by the command's table of services
        held: list[Result] = []
        async with changes.opened(session) as client:
            for target in targets:
                with troubles.of(target):
                    async for each in changes.remove(Place(client, session, target), how):
                        (held.append if changes.at_the_end else show)(each)
        for each in held:
            show(each)

    run_each(wanted, access, work)


def rename(wanted: Wanted, to: Target, access: Access, show: Callable[[Result], None]) -> None:
    """Give what a URL names another place on its server."""

    async def work(session: ClientSession) -> None:
        changes = changes_of(session.target.service)
        assert changes.rename is not None  # by the command's table of services
        async with changes.opened(session) as client:
            result = await changes.rename(Place(client, session, session.target), to)
        show(result)

    run(wanted.target, access, wanted.login, work)


def make_directories(
    wanted: Sequence[Wanted], access: Access, show: Callable[[Result], None], *, parents: bool
) -> None:
    """Make directories, or mailboxes."""

    async def work(session: ClientSession, targets: Sequence[Target], troubles: Troubles) -> None:
        changes = changes_of(session.target.service)
        make: Callable[..., Awaitable[Result | None]] | None = changes.make_directory
        assert make is not None  # by the command's table of services
        async with changes.opened(session) as client:
            for target in targets:
                with troubles.of(target):
                    result = await make(Place(client, session, target), parents=parents)
                    if result is not None:
                        show(result)

    run_each(wanted, access, work)
