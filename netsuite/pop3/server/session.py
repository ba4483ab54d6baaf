"""One POP3 session: what it knows, what it says, how it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, DropList, LoggedIn, Maildrop
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection
from netsuite.pop3 import replies
from netsuite.pop3.commands import Beginning, Quit, Status, ok
from netsuite.pop3.dialog import ServerDialog, ServerEvent, ServerSaid
from netsuite.pop3.server.shared import Shared
from netsuite.sasl.lines import AuthResponse, Challenge
from netsuite.wire.errors import LocalProtocolError
from netsuite.wire.events import BodyChunk, EndOfBody


@dataclass(slots=True)
class OpenMaildrop:
    """The maildrop of who has logged in.

    Args:
        drop: where the messages are.
        items: the messages, as they were numbered at the login.
        deleted: those marked to be removed, by their place in *items*.
        fetched: those that were sent whole.
    """

    drop: Maildrop
    items: DropList
    deleted: set[int] = field(default_factory=set)
    fetched: set[int] = field(default_factory=set)


class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One POP3 session, the server's side. See RFC 1939.

    Sizes are those of the stored octets, and exact: line ends are mended where a message comes in,
    whatever the door.
    """

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ServerDialog(), shared, name)
        self.username = ""
        self.utf8 = False  # UTF-8 mode was asked for (RFC 6856, 2.1)
        self._maildrop: OpenMaildrop | None = None

    def began(self) -> None:
        """Greet; without a time stamp, since APOP is not offered."""
        self.say(ok(f"{self.shared.host} POP3 {self.shared.software}"))

    def goodbye(self, reason: CloseReason) -> None:
        """Say why, but only to who was not served at all."""
        status = replies.GOODBYE.get(reason)
        if status is None and self.turned_away is not None:
            status = replies.STOPPING
        if status is not None:
            self.say(status)

    def reply_to(self, event: ServerEvent | None, error: Exception) -> ServerSaid | None:
        """Return what is said of an error; nothing where a message has begun."""
        return None if self.dialog.in_body else super().reply_to(event, error)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault and temporary; within a message, nothing can be said."""
        if self.dialog.pending is None or self.dialog.in_body:
            self.abort()
            return
        self.say(replies.BROKEN)
        if isinstance(event, Quit):
            self.close()

    def reset_for_tls(self) -> None:
        """Forget everything said in the clear (RFC 2595, 4)."""
        self.dialog.forget()
        self.username = ""
        self.utf8 = False

    # -- verbs ---------------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="pop3", host=self.shared.host)

    async def challenge(self, octets: bytes) -> bytes | None:
        """Send a challenge; return the response, None for a cancellation."""
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, AuthResponse) else None

    async def open(self, login: LoggedIn[Maildrop]) -> Status:
        """Lock the maildrop; without it there is no login (RFC 1939, 4). Raises MaildropInUse,
        OpenedLately."""
        delay = self.shared.settings.login_delay_seconds
        now = datetime.fromtimestamp(self.clock.seconds(), UTC)
        # It is given back when the connection goes, even while it is being opened.
        self.logged_in(login)
        try:
            items = await login.avatar.open(now + timedelta(seconds=delay) if delay else None)
        except BaseException:
            self.logged_out()
            raise
        self._maildrop = OpenMaildrop(login.avatar, items)
        return ok(f"{len(items)} messages")

    @property
    def has_maildrop(self) -> bool:
        """Whether somebody has logged in."""
        return self._maildrop is not None

    @property
    def maildrop(self) -> OpenMaildrop:
        """The maildrop; the dialog lets nobody ask for it before a login."""
        if self._maildrop is None:
            raise LocalProtocolError("no maildrop is open")
        return self._maildrop

    def say_lines(self, text: str, lines: Iterable[str]) -> None:
        """Say a status and a body of lines."""
        self.say(Beginning(text))
        self.say(BodyChunk("".join([f"{line}\r\n" for line in lines]).encode("utf-8")))
        self.say(EndOfBody())

    def finish(self, status: Status) -> None:
        """Give the maildrop back, say the last status, and close."""
        self.logged_out()
        self.say(status)
        self.close()
