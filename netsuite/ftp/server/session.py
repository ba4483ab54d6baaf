"""The control connection of an FTP server: one session, what it knows, how it ends."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, FileAccess
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.peer import openssl_of, where
from netsuite.connection.server import Login, ServerConnection
from netsuite.ftp import deflate, digests, replies
from netsuite.ftp.commands import Ended, Protection, Representation, reply
from netsuite.ftp.dialog import ServerDialog, ServerEvent, ServerSaid
from netsuite.ftp.listing import FACTS
from netsuite.ftp.paths import ROOT, TreePath, resolve
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.shared import Shared
from netsuite.ftp.transfer.channel import Core, DataChannel, Wanted, make_channel
from netsuite.ftp.transfer.connection import DataConnection
from netsuite.ftp.transfer.rates import Allowance, Bucket
from netsuite.wire.errors import LocalProtocolError

#: RFC 1635: names that need no password.
ANONYMOUS: Final = frozenset({"anonymous", "ftp"})


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One FTP session, the server's side. See RFC 959."""

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ServerDialog(), shared, name)
        self.username = ""
        #: Which of the server's hosts is meant (HOST); empty: none was named.
        self.host_name = ""
        self.wrong_passwords = 0
        #: The transfer under way.
        self.active: ActiveTransfer | None = None
        self._channel: DataChannel | None = None
        #: What the client says it is (CLNT, CSID).
        self.software = ""
        self.forget_options()
        self.log_out()

    def forget_options(self) -> None:
        """Forget what may be chosen before a login, and outlives one (REIN, AUTH)."""
        self.facts: tuple[str, ...] = FACTS
        self.hash_name = digests.DEFAULT
        self.deflate_level = deflate.LEVEL
        self.buffer_size_said = False  # PBSZ
        self.protection = Protection.CLEAR

    def log_out(self) -> None:
        """Forget who it is and all that was chosen since (REIN, AUTH, USER)."""
        self.logged_out()
        self._files: FileAccess | None = None
        self._allowance: Allowance | None = None
        #: Where in the tree the client's root is.
        self.root: TreePath = ROOT
        self.working: TreePath = ROOT
        self.representation = Representation.ASCII  # RFC 959, 5.1
        self.deflated = False  # MODE Z
        self.restart_at = 0
        #: The first octet of the next transfer or hash, and the last (RANG).
        self.range: tuple[int, int] | None = None
        self.allocated: int | None = None
        self.rename_from: TreePath = ROOT
        self.extended_only = False  # EPSV ALL
        if self._channel is not None:
            self._channel.reset()

    # -- the session --------------------------------------------------------------------------

    def say(self, value: ServerSaid) -> None:
        """Send a reply. Clients try commands that we do not have behind each file (SITE CHMOD,
        XCRC): who is logged in is ended only for refusals without a success between."""
        super().say(value)
        said = value.reply if isinstance(value, Ended) else value
        if self._files is not None and said.positive and said.final:
            self.bad_commands = 0

    def began(self) -> None:
        """Greet."""
        handle = self.transport.getHandle() if hasattr(self.transport, "getHandle") else None
        if isinstance(handle, socket.socket) and handle.family != socket.AF_UNIX:
            # ABOR comes as urgent data: let it stay in its place among the others.
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.say(reply(220, f"{self.shared.host} FTP {self.shared.software}"))

    def ended(self, reason: Failure) -> None:
        """Drop the data connection; a transfer that ran has been cancelled."""
        if self._channel is not None:
            self._channel.reset(for_good=True)

    def goodbye(self, reason: CloseReason) -> None:
        """Say why."""
        if self.dialog.pending is None and self.dialog.transfer is None:
            self.say(replies.GOODBYE.get(reason, replies.GOODBYE[CloseReason.SHUTDOWN]))

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
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
        self.forget_options()
        self.log_out()

    # -- what commands share ------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="ftp", host=self.shared.host)

    def is_guest_name(self, name: str) -> bool:
        """Return whether a name needs no password here."""
        return self.shared.anonymous is not None and name.lower() in ANONYMOUS

    @property
    def is_guest(self) -> bool:
        """Whether who is there needed no password."""
        return self.is_guest_name(self.username)

    def enter(self, files: FileAccess, login: Login | None = None) -> None:
        """Accept that somebody has logged in, who sees *files*; None for who need not."""
        self._files = files
        self.wrong_passwords = 0
        self.logged_in(login)

    @property
    def files(self) -> FileAccess:
        """What the user sees of the files; the dialog lets nobody ask for it before a login."""
        if self._files is None:
            raise LocalProtocolError("nobody has logged in")
        return self._files

    def resolved(self, path: str | None) -> TreePath:
        """Return the path in the tree that the client means."""
        return self.root + resolve(self.working, path)

    def seen(self, path: TreePath) -> TreePath:
        """Return a path in the tree as the client sees it."""
        return path[len(self.root) :]

    def forget_place(self) -> None:
        """Forget where the next transfer or hash begins and ends."""
        self.restart_at = 0
        self.range = None

    def meant_host(self) -> str:
        """Return the host that the client means: the one it has named, or that TLS has."""
        if self.host_name:
            return self.host_name
        handle = openssl_of(self.transport)
        name = handle and handle.get_servername()
        return name.decode("ascii", "replace").lower() if name else ""

    @property
    def allowance(self) -> Allowance:
        """How fast transfers may be; it keeps to what the settings say by then."""
        if self._allowance is None:
            name = self.files.name

            def of_account() -> int:
                settings = self.shared.settings
                each = settings.octets_per_second_per_account
                return settings.octets_per_second_of.get(name, each)

            rates = self.shared.rates
            self._allowance = Allowance(
                self.clock,
                (
                    (Bucket(), lambda: self.shared.settings.octets_per_second_per_session),
                    (rates.of_account(name), of_account),
                    (rates.everybody, lambda: self.shared.settings.octets_per_second),
                ),
            )
        return self._allowance

    def transfer_ended(self) -> None:
        """Leave to others what a transfer was allowed."""
        if self._allowance is not None:
            self._allowance.ended()

    def here(self) -> str:
        """Return our own address on this connection, empty where it has none."""
        address, _, _ = where(self.transport.getHost())
        return address

    def data(self) -> DataChannel:
        """Return the machine of this session's data connections."""
        if self._channel is None:
            settings = self.shared.settings
            wanted = Wanted(
                peer=self.peer.address,
                here=self.here(),
                connect_seconds=settings.connect_seconds,
                stalled_seconds=settings.stalled_seconds,
                make=self._data_connection,
                tls=self.data_tls,
            )
            self._channel = make_channel(Core(self.clock, self.shared.reactor, wanted))
        return self._channel

    def _data_connection(
        self,
        *,
        gone: Callable[[DataConnection], None],
        arrived: Callable[[DataConnection], None] = lambda connection: None,
        waits: bool = True,
    ) -> DataConnection:
        settings = self.shared.settings
        return DataConnection(
            self.clock,
            handshake_seconds=settings.connect_seconds,
            stalled_seconds=settings.stalled_seconds,
            arrived=arrived,
            gone=gone,
            waits=waits,
            strict_tls_end=settings.require_tls_end,
            name=f"{self.name}-data",
        )

    def data_tls(self) -> IOpenSSLServerConnectionCreator | None:
        """Return what data connections begin TLS with; None where they are not protected."""
        groups = self.shared.tls
        group = groups.group_of(self.transport) if groups is not None else None
        if self.protection is Protection.CLEAR or group is None:
            return None
        return group.resumed_only() if self.shared.settings.require_session_reuse else group
