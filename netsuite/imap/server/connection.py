"""One IMAP connection, the server's side: takes commands, gives them to their group's answers."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Mapping
from typing import Any, ClassVar

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Authenticator, Channel, MailAccess
from netsuite.connection.close_reason import CloseReason
from netsuite.connection.protocol import DialogConnection
from netsuite.connection.settings import Limits, Timeouts
from netsuite.imap import replies
from netsuite.imap.commands.requests import Command
from netsuite.imap.commands.responses import Code, Condition, Continue, Status, Tagged
from netsuite.imap.dialog import IdleDone, ServerDialog, State, WantsLiteral, rule_of
from netsuite.imap.server.answers import ANSWERS
from netsuite.imap.server.capabilities import capabilities
from netsuite.imap.server.selected import Selected
from netsuite.imap.settings import AUTOLOGOUT_SECONDS, Settings
from netsuite.store.errors import NoSuchFolder, StoreError


class IMAPServer(DialogConnection):
    """A client's connection.

    Args:
        authenticator: where its user logs in.
        clock: for every timeout, and the one wake-up after changes.
        settings: the service's.
        tls: what STARTTLS is begun with; None where there is no TLS.
    """

    dialog: ServerDialog

    def __init__(
        self,
        authenticator: Authenticator,
        clock: IReactorTime,
        *,
        settings: Settings | None = None,
        tls: Any = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        name: str = "",
    ) -> None:
        self.settings = settings or Settings()
        dialog = ServerDialog(self.settings.bounds)
        super().__init__(dialog, clock, timeouts=timeouts, limits=limits, name=name)
        self.authenticator = authenticator
        self.tls = tls
        self.mail: MailAccess | None = None
        self.selected: Selected | None = None
        self.modseqs = False  # the client knows CONDSTORE (RFC 7162, 3.1)
        self.vanished = False  # it enabled QRESYNC (RFC 7162, 3.2.3)
        self._wake: Any = None
        self._in_literal = False
        self._telling_later = False

    # -- hooks --------------------------------------------------------------------------------

    def began(self) -> None:
        """Greet."""
        code = Code("CAPABILITY", capabilities(self))
        self.say(Condition(Status.OK, f"{self.settings.software} at your service", code))

    def ended(self, reason: Failure) -> None:
        """Forget."""
        self.deselect()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def goodbye(self, cause: CloseReason) -> None:
        """Say why we close."""
        if not self._in_literal:
            self.say(replies.goodbye(cause))

    def failed(self, event: object, failure: Failure) -> None:
        """Say that it is our fault; within a literal nothing can be said any more."""
        if self._in_literal:
            self.abort()
        elif self.dialog.command is not None:
            self.finish(Status.NO, "Something went wrong here", Code("SERVERBUG"))

    # -- commands -----------------------------------------------------------------------------

    def _command(self, command: Command) -> Awaitable[None] | None:
        selected = self.selected
        if selected is not None:
            if selected.read_only and rule_of(command.request).changes_mailbox:
                self.finish(Status.NO, "The mailbox is open for reading only")
                return None
            if selected.view.waiting and selected.view.unread_flags():
                return self._guarded(self._after_reading_flags(selected, command))
        work = ANSWERS[type(command.request)](self, command.request)
        return None if work is None else self._guarded(work)

    async def _after_reading_flags(self, selected: Selected, command: Command) -> None:
        await selected.read_flags()
        work = ANSWERS[type(command.request)](self, command.request)
        if work is not None:
            await work

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Await an answer; a refusal of the store becomes the table's NO."""
        try:
            await work
        except StoreError as error:
            if self._in_literal:
                self.abort()
                return
            selected = self.selected
            if isinstance(error, NoSuchFolder) and selected and selected.view.closed:
                self.finish(Status.NO, "The mailbox is gone", Code("NONEXISTENT"))
                return
            code, text = replies.store_reply(error)
            self.finish(Status.NO, text, code)

    def _literal(self, event: WantsLiteral) -> None:
        self.say(Continue("go ahead"))

    def _idle_done(self, event: IdleDone) -> None:
        self.finish(Status.OK, "Idle ended")

    def ok(self, text: str, code: Code | None = None) -> None:
        """End the command well."""
        self.finish(Status.OK, text, code)

    def finish(self, status: Status, text: str, code: Code | None = None) -> None:
        """End the command: tell what happened meanwhile, then its answer."""
        command = self.dialog.command
        if command is None:
            return
        selected = self.selected
        if selected is not None:
            self.tell(may_expunge=rule_of(command.request).may_expunge)
        self.say(Tagged(command.tag, status, text, code))
        if status is Status.OK and self.mail is not None:
            self.counters.bad_commands = (
                0  # a session may last for weeks; only a row of errors counts
            )
        if selected is not None and selected.view.closed:
            self._mailbox_gone()

    async def stream_literal(self, chunks: AsyncIterable[bytes]) -> None:
        """Send the octets of a literal that was announced. If they do not come, nothing else
        can be said on this connection."""
        self._in_literal = True
        await self.write_body(chunks)
        self._in_literal = False

    # -- the selected mailbox -----------------------------------------------------------------

    def tell(self, *, may_expunge: bool) -> None:
        """Tell the client what happened in its mailbox, as far as it may be told now."""
        if self.selected is not None:
            told = self.selected.tell(
                may_expunge=may_expunge, modseqs=self.modseqs, vanished=self.vanished
            )
            self.write(told)

    def deselect(self) -> None:
        """Leave the selected mailbox, if there is one."""
        selected, self.selected = self.selected, None
        if selected is None:
            return
        selected.close()
        if selected.claims_recent and selected.view.told_new:
            # What came while it was open has been told of as recent: to no other session.
            self._leave_recent(selected)

    def _leave_recent(self, selected: Selected) -> None:
        # Beside everything else, and after the connection's own end: nobody waits for it.
        claim = ensureDeferred(_claim(selected))
        claim.addErrback(lambda failure: self.log.debug("claiming recent: {why}", why=failure))

    def wake(self) -> None:
        """Note that something can be told; a burst of changes becomes one answer."""
        if self._wake is None and not self.lost:
            selected = self.selected
            if self.dialog.idling or (selected is not None and selected.view.closed):
                self._wake = self.clock.callLater(0, self._woken)

    def _woken(self) -> None:
        self._wake = None
        selected = self.selected
        if selected is None or self.closing or self.lost:
            return
        if selected.view.closed:
            if self.dialog.command is None or self.dialog.idling:
                self._mailbox_gone()
        elif self.dialog.idling and not self._telling_later:
            if self.is_choked or selected.view.unread_flags():
                self._telling_later = True  # one for all that comes until then
                self.spawn(self._tell_later(selected))
            else:
                self.tell(may_expunge=True)

    async def _tell_later(self, selected: Selected) -> None:
        try:
            await self.writable()
            await selected.read_flags()
        except StoreError as error:
            # They stay unread, and are read with the next command.
            self.log.info("{name}: reading flags: {why!r}", name=self.name, why=error)
        finally:
            self._telling_later = False
        if self.dialog.idling and self.selected is selected:
            self.tell(may_expunge=True)

    @property
    def is_choked(self) -> bool:
        """Whether the client does not read what it was told already."""
        return self._choked

    def _mailbox_gone(self) -> None:
        # RFC 2180, 3.3: the client's numbers mean nothing any more and nothing in the protocol
        # takes a selection back, so the connection ends. Other mailboxes are a login away.
        self.say(Condition(Status.BYE, "The selected mailbox was deleted"))
        self.close()

    # -- logging in ---------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Say over what the user logs in."""
        return Channel.to(self.peer, protocol="imap", host=self.settings.host)

    def enter(self, mail: MailAccess) -> None:
        """Take who has logged in."""
        self.mail = mail
        self.logged_in()
        idle = self.deadlines.idle_seconds
        if idle is not None:
            self.deadlines.idle_seconds = max(idle, AUTOLOGOUT_SECONDS)

    @property
    def access(self) -> MailAccess:
        """The mail of who has logged in; the dialog lets nobody else come here."""
        assert self.mail is not None
        assert self.dialog.state is not State.NOT_AUTHENTICATED
        return self.mail

    @property
    def open_mailbox(self) -> Selected:
        """The selected mailbox; the dialog lets no command come here without one."""
        assert self.selected is not None
        return self.selected

    answers: ClassVar[Mapping[type, Any]] = {
        Command: _command,
        WantsLiteral: _literal,
        IdleDone: _idle_done,
    }


async def _claim(selected: Selected) -> None:
    await selected.mail.claim_recent(selected.folder.id)
