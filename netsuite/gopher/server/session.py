"""One Gopher session: a request, an answer, the end."""

from __future__ import annotations

from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.gopher import replies
from netsuite.gopher.commands import Request
from netsuite.gopher.dialog import HANDSHAKE, ServerDialog, ServerEvent, ServerSaid, State
from netsuite.gopher.server import access
from netsuite.gopher.server.shared import Shared
from netsuite.store.tree import TreePath
from netsuite.wire.errors import RemoteProtocolError


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One Gopher session, the server's side. See RFC 1436."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        settings = shared.settings
        dialog = ServerDialog(shared.host, settings.port, marks=settings.mark_plus)
        super().__init__(dialog, shared, name)
        #: Where in the public site the client's root is.
        self.top: TreePath = ()

    def began(self) -> None:
        """Find out the port to put into menus; Gopher servers do not greet."""
        if not self.dialog.port:
            self.dialog.port = getattr(self.transport.getHost(), "port", 70)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Accept what came; where that is the beginning of TLS, begin it."""
        if data[:1] == HANDSHAKE and not self.octets_in and not self.peer.secure:
            context = self.shared.tls
            if context is not None and self.turned_away is None:
                self.start_tls(context)
                assert isinstance(self.transport, TLSMemoryBIOProtocol)
                self.transport.dataReceived(data)
                return
        super().dataReceived(data)

    def handshake_done(self) -> None:
        """TLS is there: it may have told which host is meant."""
        name = self.peer.server_name.lower()
        if name in self.shared.hosts:
            self.dialog.host, self.top = name, self.shared.hosts[name]

    def goodbye(self, reason: CloseReason) -> None:
        """Say why, where nothing has been said yet."""
        if reason in replies.GOODBYE and self.dialog.state is not State.CLOSED:
            self.dialog.state = State.ANSWERING
            self.say(replies.GOODBYE[reason])

    def refused(self, error: RemoteProtocolError) -> None:
        """Say what is wrong with the request."""
        super().refused(error)
        self.log_access(None, access.REFUSED)

    def reply_to(self, event: ServerEvent | None, error: Exception) -> ServerSaid | None:
        """Return what is said of an error; nothing where an answer has begun."""
        return None if self.dialog.state is State.CLOSED else super().reply_to(event, error)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault; in the middle of an answer just end."""
        if self.dialog.state is State.ANSWERING:
            self.say(replies.BROKEN)
        self.close()

    def log_access(self, request: Request | None, status: int) -> None:
        """Write into the access log what was asked for and how that went."""
        log = self.shared.line_log
        if log is not None:
            log.add(access.LINE, self.peer, request, status, self.writer.octets)
