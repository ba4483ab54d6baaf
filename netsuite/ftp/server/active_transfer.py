"""A transfer under way, or a hash: what asked for it, its connection, how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.defer import Deferred

from netsuite.ftp.commands import Work
from netsuite.ftp.paths import TreePath
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.ftp.transfer.incoming import Incoming


@dataclass(slots=True)
class ActiveTransfer:
    """A transfer under way.

    Args:
        command: what asked for it.
        data: its connection, once there is one.
        done: fires when it has ended and that was said.
        committing: all has come and is being made durable, which is not called back.
        since: when it was asked for.
        path: of its file, where that is not the one that was asked for.
        at_once: octets that passed before ``data`` was made of the connection, if it was; or were
            hashed.
    """

    command: Work
    data: DataConnection | Incoming | None = None
    done: Deferred[None] | None = None
    committing: bool = False
    since: float = 0.0
    path: TreePath | None = None
    at_once: int = 0

    @property
    def octets(self) -> int:
        """How many have passed."""
        return self.at_once + (self.data.octets_passed if self.data is not None else 0)

    async def stop(self) -> None:
        """End it, unless it is too late for that, and wait until that was said."""
        if self.done is not None:
            if not self.committing:
                self.done.cancel()
            await self.done
