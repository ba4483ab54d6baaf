"""One mirror: what is asked for, and the events of its work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TypeAlias

from twisted.internet.interfaces import IReactorTime

from netsuite.ftp.mirror.crew import Connect, Crew
from netsuite.ftp.mirror.direction import Context, RunInThread
from netsuite.ftp.mirror.down import Down
from netsuite.ftp.mirror.events import Event
from netsuite.ftp.mirror.local import LocalTree
from netsuite.ftp.mirror.rules import Options
from netsuite.ftp.mirror.up import Up

Advance: TypeAlias = Callable[[int], object]


def _nobody(octets: int) -> None:
    """Tell nobody."""


class Mirror:
    """Keeps a tree on a server and one here the same.

    Args:
        connect: makes a session that has logged in; called for each, and again when one was lost.
        clock: for the time between tries.
        run: runs what blocks, such as ``partial(deferToThreadPool, reactor, pool)``.
        options: how.
        advance: told how many octets have passed, as they do.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        clock: IReactorTime,
        run: RunInThread,
        options: Options | None = None,
        advance: Advance = _nobody,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._run = run
        self._options = options or Options()
        self._advance = advance

    def down(self, remote: str, local: Path) -> AsyncGenerator[Event, None]:
        """Make a tree here like one on the server.

        Args:
            remote: its top; empty for where a login leads.
            local: the top here, made if it is not there.

        Returns:
            What was done, as it is done. Close it (``contextlib.aclosing``) to stop.

        Raises:
            ClientError: no session can be had, or none any more.
        """
        context = self._context(remote, local)
        Down(context).begin()
        return context.crew.events()

    def up(self, local: Path, remote: str) -> AsyncGenerator[Event, None]:
        """Make a tree on the server like one here. As ``down``.

        Raises:
            FileNotFoundError: there is none here, and nothing was touched.
        """
        if not local.is_dir():
            raise FileNotFoundError(f"{local} is no directory")
        context = self._context(remote, local)
        Up(context).begin()
        return context.crew.events()

    def _context(self, remote: str, local: Path) -> Context:
        crew = Crew(self._connect, self._clock, self._options)
        return Context(crew, LocalTree(local), remote, self._options, self._run, self._advance)
