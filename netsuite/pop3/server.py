"""The Twisted connection of a POP3 server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import (
    Authenticator,
    Challenged,
    Channel,
    DropItem,
    Exchange,
    IMaildrop,
    LoggedIn,
    LoginRefused,
    Maildrop,
)
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.factory import ServerFactory
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.settings import Limits, Timeouts
from netsuite.pop3 import replies
from netsuite.pop3.commands import (
    Auth,
    AuthResponse,
    Beginning,
    Capa,
    Challenge,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Status,
    Stls,
    Top,
    Uidl,
    User,
    ok,
)
from netsuite.pop3.dialog import ServerDialog, State
from netsuite.pop3.settings import Settings
from netsuite.pop3.top import TopLines
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput, Event

#: Lines of a listing that are sent in one piece.
LINES_AT_ONCE: Final = 1000


# Longer than 300 lines: one method a command, all of them short, and together the protocol.
class POP3Server(DialogConnection):
    """One POP3 session, the server's side. See RFC 1939.

    Sizes are those of the stored octets. Mail that came by SMTP has CRLF line ends only, so they
    are exact; a message that another way brought with bare line ends is sent with CRLF, as the
    protocol wants, and is then larger than LIST says.

    Args:
        factory: holds everything that sessions share.
        name: tells the connection apart in the log.
    """

    dialog: ServerDialog

    def __init__(self, factory: POP3ServerFactory, name: str = "") -> None:
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
        self.drop: Maildrop | None = None
        self.items: Sequence[DropItem] = ()
        self.deleted: set[int] = set()  # numbers from 0

    # -- the session --------------------------------------------------------------------------

    def began(self) -> None:
        """Greet; without a time stamp, since APOP is not offered."""
        self.say(ok(f"{self.settings.host} POP3 {self.settings.software}"))

    def ended(self, reason: Failure) -> None:
        """Give the maildrop back. A session that is lost removes nothing (RFC 1939, 6)."""
        self._release()

    def goodbye(self, cause: CloseReason) -> None:
        """Say why, but only to who was not served at all."""
        status = replies.GOODBYE.get(cause)
        if status is None and self.turned_away is not None:
            status = replies.STOPPING
        if status is not None:
            self.say(status)

    def failed(self, event: Event, failure: Failure) -> None:
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

    def channel(self) -> Channel:
        """Give what the door is to know of this connection."""
        return Channel.to(self.peer, protocol="pop3", host=self.settings.host)

    def _capa(self, event: Capa) -> None:
        authenticator, channel = self.shared.authenticator, self.channel()
        lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]
        # RFC 2449, 5 and RFC 5034, 3: the same list before and after a login, but for STLS.
        if authenticator.allows_password(channel):
            lines.append("USER")
        mechanisms = authenticator.mechanisms(channel)
        if mechanisms:
            lines.append(f"SASL {' '.join(mechanisms)}")
        before = self.dialog.state is not State.TRANSACTION
        if before and self.shared.tls is not None and not channel.secure:
            lines.append("STLS")
        lines.append(f"IMPLEMENTATION {self.settings.software}")
        self._say_lines("Capabilities follow", lines)

    def _say_lines(self, text: str, lines: Iterable[str]) -> None:
        self.say(Beginning(text))
        self.say(BodyChunk("".join([f"{line}\r\n" for line in lines]).encode("utf-8")))
        self.say(EndOfBody())

    def _stls(self, event: Stls) -> None:
        if self.peer.secure:
            self.say(replies.TLS_ALREADY)
        elif self.shared.tls is None:
            self.say(replies.NO_TLS)
        else:
            self.say(ok("Start TLS"))
            self.start_tls(self.shared.tls)

    def _quit(self, event: Quit) -> Awaitable[None] | None:
        if self.deleted:
            return self._update()
        self._leave(ok("Bye"))
        return None

    async def _update(self) -> None:
        """Remove what was marked, then say so: +OK means that it is gone for good."""
        assert self.drop is not None
        try:
            await self.drop.remove(sorted(self.deleted))
        except replies.EXPECTED:
            self._leave(replies.NOT_REMOVED)
        else:
            self._leave(ok("Bye"))

    def _leave(self, status: Status) -> None:
        self._release()
        self.say(status)
        self.close()

    def _release(self) -> None:
        drop, self.drop = self.drop, None
        if drop is not None:
            drop.release()

    def _end_of_input(self, event: EndOfInput) -> None:
        self.close()

    # -- logging in ---------------------------------------------------------------------------

    def _user(self, event: User) -> None:
        if not self.shared.authenticator.allows_password(self.channel()):
            self.say(replies.ENCRYPT_FIRST)  # before the password is sent
            return
        self.username = event.name
        self.say(ok("Send the password"))  # whether there is such a name or not

    async def _pass(self, event: Pass) -> None:
        try:
            logged_in = await self.shared.authenticator.log_in(
                self.channel(), self.username, event.password, IMaildrop
            )
        except LoginRefused as error:
            self._refuse_login(error)
            return
        await self._open(logged_in)

    def _auth(self, event: Auth) -> Awaitable[None] | None:
        channel = self.channel()
        if not event.mechanism:
            self._say_lines("Mechanisms follow", self.shared.authenticator.mechanisms(channel))
            return None
        exchange = self.shared.authenticator.exchange(channel, event.mechanism, IMaildrop)
        if exchange is not None:
            return self._log_in(exchange, event.initial)
        encrypt = not channel.secure and event.mechanism in ("PLAIN", "LOGIN")
        self.say(replies.ENCRYPT_FIRST if encrypt else replies.NO_MECHANISM)
        return None

    async def _log_in(self, exchange: Exchange, octets: bytes | None) -> None:
        try:
            while True:
                step = await exchange.respond(octets)
                if not isinstance(step, Challenged):
                    break
                octets = await self._challenge(step.octets)
                if octets is None:
                    self.say(replies.CANCELLED)
                    return
        except LoginRefused as error:
            self._refuse_login(error)
            return
        # RFC 5034, 4 has no place for data in +OK: it goes in a challenge of its own, which the
        # client answers with an empty line.
        if step.octets is not None and await self._challenge(step.octets) is None:
            self.say(replies.CANCELLED)
            return
        await self._open(step)

    async def _challenge(self, octets: bytes) -> bytes | None:
        self.say(Challenge(octets))
        event = await self.take()
        return event.octets if isinstance(event, AuthResponse) else None

    def _refuse_login(self, error: LoginRefused) -> None:
        self.log.info("{name}: login refused: {reason}", name=self.name, reason=error.reason)
        self.say(replies.for_error(error))
        self.count_bad()

    async def _open(self, logged_in: LoggedIn) -> None:
        """Lock the maildrop; without it there is no login (RFC 1939, 4)."""
        drop = cast(Maildrop, logged_in.avatar)
        self.drop = drop  # released when the connection goes, even while it is being opened
        try:
            self.items = await drop.open()
        except replies.EXPECTED as error:
            self._release()
            self.say(replies.for_error(error))
            return
        except BaseException:
            self._release()
            raise
        self.logged_in()
        self.say(ok(f"{len(self.items)} messages"))

    # -- the maildrop -------------------------------------------------------------------------

    def _refusal(self, number: int) -> Status | None:
        """Say why a message cannot be had by this number (from 1), if so."""
        if not 1 <= number <= len(self.items):
            return replies.NO_MESSAGE
        return replies.DELETED if number - 1 in self.deleted else None

    def _stat(self, event: Stat) -> None:
        deleted = self.deleted
        octets = sum(item.octets for item in self.items)
        octets -= sum(self.items[index].octets for index in deleted)
        self.say(ok(f"{len(self.items) - len(deleted)} {octets}"))

    def _list(self, event: List) -> Awaitable[None] | None:
        return self._listing(event, lambda item: str(item.octets))

    def _uidl(self, event: Uidl) -> Awaitable[None] | None:
        return self._listing(event, lambda item: item.uidl)

    def _listing(
        self, event: List | Uidl, value: Callable[[DropItem], str]
    ) -> Awaitable[None] | None:
        number = event.number
        if number is None:
            return self._list_all(value)
        refusal = self._refusal(number)
        self.say(refusal or ok(f"{number} {value(self.items[number - 1])}"))
        return None

    async def _list_all(self, value: Callable[[DropItem], str]) -> None:
        self.say(Beginning("Listing follows"))
        items, deleted = self.items, self.deleted
        for start in range(0, len(items), LINES_AT_ONCE):
            lines = [
                f"{index + 1} {value(items[index])}\r\n"
                for index in range(start, min(start + LINES_AT_ONCE, len(items)))
                if index not in deleted
            ]
            self.say(BodyChunk("".join(lines).encode("ascii")))
            await self.writable()
        self.say(EndOfBody())

    def _retr(self, event: Retr) -> Awaitable[None] | None:
        return self._message(event.number, None)

    def _top(self, event: Top) -> Awaitable[None] | None:
        return self._message(event.number, TopLines(event.lines))

    def _message(self, number: int, top: TopLines | None) -> Awaitable[None] | None:
        refusal = self._refusal(number)
        if refusal is not None:
            self.say(refusal)
            return None
        return self._send(number - 1, top)

    async def _send(self, index: int, top: TopLines | None) -> None:
        assert self.drop is not None
        chunks = self.drop.read(index)
        try:
            # The first piece is read before anything is said: until then it can be refused.
            first = await anext(chunks, None)
        except replies.EXPECTED as error:
            self.say(replies.for_error(error))
            return
        self.say(Beginning("Message follows"))
        await self.write_body(self._stuffed(first, chunks, top))
        self.say(EndOfBody())

    async def _stuffed(
        self, first: bytes | None, chunks: AsyncIterator[bytes], top: TopLines | None
    ) -> AsyncIterator[bytes]:
        octets = first
        try:
            while octets is not None:
                if top is not None:
                    octets = top.feed(octets)
                yield self.dialog.send(BodyChunk(octets))
                if top is not None and top.done:
                    break
                octets = await anext(chunks, None)
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    def _dele(self, event: Dele) -> None:
        refusal = self._refusal(event.number)
        if refusal is None:
            self.deleted.add(event.number - 1)
        self.say(refusal or ok("Marked as deleted"))

    def _rset(self, event: Rset) -> None:
        self.deleted.clear()
        self.say(ok(f"{len(self.items)} messages"))

    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
        User: _user,
        Pass: _pass,
        Auth: _auth,
        Capa: _capa,
        Stls: _stls,
        Stat: _stat,
        List: _list,
        Uidl: _uidl,
        Retr: _retr,
        Top: _top,
        Dele: _dele,
        Noop: lambda self, event: self.say(ok()),
        Rset: _rset,
        Quit: _quit,
        EndOfInput: _end_of_input,
    }


class POP3ServerFactory(ServerFactory):
    """Makes the connections of one POP3 service.

    Args:
        settings: of the service.
        authenticator: where accounts log in.
        clock: for all timeouts.
        timeouts: how long a peer may take; RFC 1939, 3 wants ten minutes at least when idle.
        limits: how much it may.
        tls: what STLS is begun with; None where there is no TLS.
        transcript: makes a connection's transcript from its name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        clock: IReactorTime,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        tls: Any = None,
        transcript: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(
            lambda factory, name: POP3Server(self, name),
            clock,
            name="pop3",
            timeouts=timeouts or Timeouts(idle_seconds=600.0),
            limits=limits,
            tls=tls,
            transcript=transcript,
        )
        self.settings = settings
        self.authenticator = authenticator
