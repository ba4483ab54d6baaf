"""The control connection of an FTP server: one session, what it knows, how it ends."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, FileAccess
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.peer import where
from netsuite.connection.protocol import DialogConnection
from netsuite.ftp import replies
from netsuite.ftp.commands import Ended, Protection, Quit, Reply, Representation, reply
from netsuite.ftp.dialog import ServerDialog
from netsuite.ftp.listing import FACTS
from netsuite.ftp.paths import ROOT, TreePath, resolve
from netsuite.ftp.server import changes, login, navigation, status, transfers
from netsuite.ftp.transfer.channel import DataChannel, Wanted, make_channel
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.wire.events import EndOfInput, Event

if TYPE_CHECKING:
    from netsuite.ftp.server.factory import FTPServerFactory


class FTPServer(DialogConnection):
    """One FTP session, the server's side. See RFC 959.

    Args:
        factory: holds everything that sessions share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: FTPServerFactory, name: str = "") -> None:
        super().__init__(
            ServerDialog(),
            factory.clock,
            timeouts=factory.timeouts,
            limits=factory.limits,
            name=name,
        )
        self.shared = factory
        self.settings = factory.settings
        self.username = ""
        self.wrong_passwords = 0
        self.buffer_size_said = False  # PBSZ
        self.protection = Protection.CLEAR
        self.running: transfers.ActiveTransfer | None = None
        self.leave_facet: Callable[[], None] | None = None
        self._channel: DataChannel | None = None
        self.log_out()

    def log_out(self) -> None:
        """Forget who it is and all that was chosen (REIN, AUTH, USER)."""
        self._leave_facet()
        #: What the user sees of the files; None before the login.
        self.files: FileAccess | None = None
        self.working: TreePath = ROOT
        self.representation = Representation.ASCII  # RFC 959, 5.1
        self.restart_at = 0
        self.allocated: int | None = None
        self.rename_from: TreePath = ROOT
        self.extended_only = False  # EPSV ALL
        self.facts: tuple[str, ...] = FACTS
        if self._channel is not None:
            self._channel.reset()

    def _leave_facet(self) -> None:
        leave, self.leave_facet = self.leave_facet, None
        if leave is not None:
            leave()

    # -- the session --------------------------------------------------------------------------

    def began(self) -> None:
        """Greet."""
        handle = self.transport.getHandle() if hasattr(self.transport, "getHandle") else None
        if isinstance(handle, socket.socket) and handle.family != socket.AF_UNIX:
            # ABOR comes as urgent data: let it stay in its place among the others.
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.say(reply(220, f"{self.settings.host} FTP {self.settings.software}"))

    def ended(self, reason: Failure) -> None:
        """Drop the data connection; a transfer that ran has been cancelled."""
        self._leave_facet()
        if self._channel is not None:
            self._channel.reset(for_good=True)

    def goodbye(self, cause: CloseReason) -> None:
        """Say why."""
        if self.dialog.pending is None and self.dialog.transfer is None:
            self.say(replies.GOODBYE.get(cause, replies.GOODBYE[CloseReason.SHUTDOWN]))

    def failed(self, event: Event, failure: Failure) -> None:
        """Say that it is our fault and temporary."""
        if event is not None and event is self.dialog.transfer:
            self.say(Ended(replies.BROKEN))
        elif self.dialog.pending is not None:
            self.say(replies.BROKEN)
        else:
            self.abort()

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 4217, 4)."""
        self.dialog.forget()
        self.username = ""
        self.buffer_size_said = False
        self.protection = Protection.CLEAR
        self.log_out()

    def channel(self) -> Channel:
        """Give what the door is to know of this connection."""
        return Channel.to(self.peer, protocol="ftp", host=self.settings.host)

    # -- what commands share ------------------------------------------------------------------

    def resolved(self, path: str | None) -> TreePath:
        """Give the path that the client means."""
        return resolve(self.working, path)

    def tree(self) -> FileAccess:
        """Give the files; commands that need them come only after a login."""
        assert self.files is not None
        return self.files

    def here(self) -> str:
        """Give our own address on this connection, empty where it has none."""
        address, _, _ = where(self.transport.getHost())
        return address

    def data(self) -> DataChannel:
        """Give the machine of this session's data connections."""
        if self._channel is None:
            self._channel = make_channel(
                clock=self.clock,
                reactor=self.shared.reactor,
                wanted=Wanted(
                    peer=self.peer.address,
                    here=self.here(),
                    connect_seconds=self.settings.connect_seconds,
                    stalled_seconds=self.settings.stalled_seconds,
                    make=self._data_connection,
                ),
            )
        return self._channel

    def _data_connection(
        self,
        *,
        gone: Callable[[DataConnection], None],
        **more: Any,
    ) -> DataConnection:
        return DataConnection(
            self.clock,
            handshake_seconds=self.settings.connect_seconds,
            stalled_seconds=self.settings.stalled_seconds,
            gone=gone,
            name=f"{self.name}-data",
            **more,
        )

    def data_tls(self) -> Any:
        """Give what data connections begin TLS with; None where they are not protected."""
        families = self.shared.families
        family = families.family_of(self.transport) if families is not None else None
        if self.protection is Protection.CLEAR or family is None:
            return None
        return family.resumed_only() if self.settings.require_session_reuse else family

    def pause(self, seconds: float) -> Deferred[None]:
        """Wait; whoever is cancelled meanwhile waits no more."""
        over: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self.clock.callLater(seconds, over.callback, None)
        return over

    async def answer(self, work: Awaitable[Reply]) -> None:
        """Say what comes of some work with files."""
        try:
            said = await work
        except replies.EXPECTED as error:
            said = replies.for_error(error)
        self.say(said)

    def _quit(self, event: Quit) -> None:
        self.say(replies.GOODBYE_REPLY)
        self.close()

    async def _end_of_input(self, event: EndOfInput) -> None:
        # A client that has gone while it sends a file ends both connections alike; what came is
        # then not whole, whatever its connection says.
        running = self.running
        if running is not None and running.done is not None:
            if not running.committing:
                running.done.cancel()
            await running.done
        self.close()

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        **login.ANSWERS,
        **navigation.ANSWERS,
        **changes.ANSWERS,
        **status.ANSWERS,
        **transfers.ANSWERS,
        Quit: _quit,
        EndOfInput: _end_of_input,
    }
