"""One IMAP session: what it knows, what it tells, how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import replace
from typing import Final, Protocol

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from netsuite.accounts.interfaces import Channel, LoggedIn, MailAccess
from netsuite.connection.deadlines import CloseReason
from netsuite.connection.server import ServerConnection, ServerShared
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.append import Append, Replace
from netsuite.imap.commands.notify import USUAL
from netsuite.imap.commands.responses import (
    Code,
    Completion,
    Condition,
    Continue,
    Status,
    Tagged,
    bad,
    ok,
)
from netsuite.imap.dialog import ServerDialog, ServerEvent, ServerSaid, events
from netsuite.imap.dialog.rules import rule_of
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.server.selected import Manner, Selected
from netsuite.imap.server.shared import Shared
from netsuite.imap.view import BadNumber
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

#: Capabilities for whoever asks: what the grammar takes.
_ALWAYS: Final = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
#: After a login.
_INSIDE: Final = (
    "NAMESPACE",
    "UIDPLUS",
    "MULTIAPPEND",
    "CATENATE",
    "REPLACE",
    "BINARY",
    "UNSELECT",
    "CHILDREN",
    "MOVE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "CONDSTORE",
    "QRESYNC",
    "STATUS=SIZE",
    "NOTIFY",
    "ACL",
    "RIGHTS=texk",
    "LIST-MYRIGHTS",
    "METADATA",
    "LIST-METADATA",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE",
    "UIDONLY",
    "INPROGRESS",
    "UTF8=ACCEPT",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "SAVEDATE",
    "OBJECTID",
    "PREVIEW",
    "SEARCH=FUZZY",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "PARTIAL",
)


class News(Protocol):
    """What a session is told of beside its selected mailbox: since NOTIFY (RFC 5465), or of
    annotations that others change (RFC 5464, 4.4.2).

    Attributes:
        own: entries of annotations that the client is setting itself.
    """

    own: frozenset[str]

    def answered(self) -> None:
        """Accept that a command has been answered: what waited may be said."""

    def stop(self) -> None:
        """Hear of nothing any more."""


def _known_up_to(modseq: int) -> Condition:
    """Return the response that says up to which mod-sequence the client knows all."""
    return Condition(Status.OK, "All is known up to it", Code("HIGHESTMODSEQ", modseq))


# Longer than 300 lines: what is said, and when it may be, is one thing for all that say something.
class Session(ServerConnection[ServerEvent, ServerSaid]):
    """One IMAP session, the server's side. See RFC 3501."""

    # Thousands of sessions wait in IDLE. CPython keeps up to 30 attributes of an object without a
    # dictionary, and the connection has nearly as many: these beside them spare 1.3 KB each.
    __slots__ = (
        "_fetching",
        "_in_literal",
        "_mail",
        "_telling_later",
        "_unfetched",
        "_wake",
        "annotations",
        "compressed",
        "events",
        "modseqs",
        "news",
        "rev2",
        "selected",
        "uid_only",
        "vanished",
    )

    dialog: ServerDialog
    shared: Shared
    errors = replies.ERRORS

    def __init__(self, shared: Shared, name: str = "") -> None:
        super().__init__(ServerDialog(shared.settings.bounds), shared, name)
        self.selected: Selected | None = None
        self.modseqs = False  # the client knows CONDSTORE (RFC 7162, 3.1)
        self.vanished = False  # it enabled QRESYNC (RFC 7162, 3.2.3)
        self.uid_only = False  # it enabled UIDONLY (RFC 9586)
        self.rev2 = False  # it enabled IMAP4rev2 (RFC 9051, 6.3.1)
        self.events = USUAL  # of which it is told in the selected mailbox
        self.news: News | None = None  # what it is told of besides, since NOTIFY
        self.annotations: News | None = None  # since ENABLE METADATA
        self.compressed = False  # COMPRESS is on (RFC 4978)
        self._mail: MailAccess | None = None
        self._wake: IDelayedCall | None = None
        self._in_literal = False
        self._telling_later = False
        self._unfetched: tuple[int, int] | None = None  # UIDs of what NOTIFY is to fetch
        self._fetching: list[Deferred[None]] | None = None  # who waits for that

    # -- hooks --------------------------------------------------------------------------------

    def began(self) -> None:
        """Greet."""
        code = Code("CAPABILITY", self.capabilities())
        self.say(Condition(Status.OK, f"{self.shared.software} at your service", code))

    def ended(self, reason: Failure) -> None:
        """Leave the mailbox; nothing is told any more."""
        self.deselect()
        for news in (self.news, self.annotations):
            if news is not None:
                news.stop()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def goodbye(self, reason: CloseReason) -> None:
        """Say why we close."""
        if not self._in_literal:
            self.say(replies.GOODBYE.get(reason, replies.PLAIN_GOODBYE))

    def reply_to(self, event: ServerEvent | None, error: Exception) -> ServerSaid | None:
        """Return how the command ends that met an error; nothing within a literal."""
        command, selected = self.dialog.command, self.selected
        if self._in_literal or command is None:
            return None
        if isinstance(error, BadNumber):
            return bad(str(error))
        request = command.request
        if isinstance(request, Append | Replace):
            return replies.TARGET_ERRORS.find(error)
        if isinstance(error, NoSuchFolder) and selected is not None and selected.view.closed:
            return replies.MAILBOX_GONE
        if isinstance(request, ask.Copy | ask.Move):
            return replies.TARGET_ERRORS.find(error)
        return super().reply_to(event, error)

    def failed(self, event: ServerEvent | None, failure: Failure) -> None:
        """Say that it is our fault; within a literal nothing can be said any more."""
        if self._in_literal:
            self.abort()
        elif self.dialog.command is not None:
            self.say(replies.BROKEN)

    def configure(self, shared: ServerShared) -> None:
        """Accept other settings."""
        super().configure(shared)
        self.dialog.bounds = self.shared.settings.bounds

    # -- saying -------------------------------------------------------------------------------

    def say(self, value: ServerSaid) -> None:
        """Send a response; before a completion, what happened in the mailbox meanwhile."""
        if not isinstance(value, Completion):
            if isinstance(value, Tagged) and self.selected is not None:
                self._note_refusal(value, self.selected)
            super().say(value)
            return
        command, selected = self.dialog.command, self.selected
        if selected is not None and command is not None:
            rule = rule_of(command.request)
            self.tell(may_expunge=rule.may_expunge or self.events.at_once)
            value = self._with_whole(value, selected)
        if self.annotations is not None:
            self.annotations.answered()
        super().say(value)
        if value.status is Status.OK and self._mail is not None:
            # A session may last for weeks; only a row of errors counts.
            self.bad_commands = 0
        if selected is not None and selected.view.closed:
            self._mailbox_gone()
            return
        if self.news is not None:
            self.news.answered()
        if self._unfetched is not None:
            self.wake_soon()

    def _note_refusal(self, value: Tagged, selected: Selected) -> None:
        """Keep nothing of a search that the dialog has refused for its charset (RFC 5182, 2.2)."""
        if value.code is not None and value.code.name == "BADCHARSET":
            selected.view.saved = SequenceSet(())

    def _with_whole(self, value: Completion, selected: Selected) -> Completion:
        """Return a completion that says up to which mod-sequence the client knows all, where it
        would take that for another (RFC 7162, 3.2.5.1 and 3.2.7)."""
        whole = selected.view.whole() if self.vanished and value.status is Status.OK else None
        if whole is None:
            return value
        known = _known_up_to(whole)
        if value.code is None:
            return replace(value, code=known.code)
        self.say(known)
        return value

    @property
    def manner(self) -> Manner:
        """How the client is told of what happens."""
        vanished = self.vanished or self.uid_only
        return Manner(self.modseqs, vanished, self.uid_only, not self.rev2)

    def tell(self, *, may_expunge: bool, unasked: bool = False) -> bool:
        """Send what happened in the mailbox, as far as the client may be told of it now; return
        whether that was something."""
        selected = self.selected
        if selected is None:
            return False
        last = selected.view.last
        octets = selected.tell(self.manner, self.events, may_expunge=may_expunge, unasked=unasked)
        self.writer.write(octets)
        if self.events.items and selected.view.last > last:
            self._note_fresh(last + 1, selected.view.last)
        return bool(octets)

    def _note_fresh(self, first: int, last: int) -> None:
        """Have new messages fetched, but for those that the client brought itself (RFC 5465,
        5.2)."""
        command = self.dialog.command
        if command is None or not isinstance(
            command.request, Append | Replace | ask.Copy | ask.Move
        ):
            self._unfetched = (self._unfetched or (first, last))[0], last
            self.wake_soon()

    def say_between(self, word: Condition) -> None:
        """Send word while a command is answered, where it does not stand within a literal."""
        if not (self._in_literal or self.closing or self.lost):
            self.say(word)
            self.writer.flush()

    async def write_literal(self, chunks: AsyncIterable[bytes]) -> None:
        """Send the octets of a literal that was announced. If they do not come, nothing else
        can be said on this connection."""
        self._in_literal = True
        await self.writer.write_body(chunks)
        self._in_literal = False

    # -- logging in ---------------------------------------------------------------------------

    def channel(self) -> Channel:
        """Return over what the user logs in."""
        return Channel.to(self.peer, protocol="imap", host=self.shared.host)

    def capabilities(self) -> tuple[str, ...]:
        """Return what is there now, on this connection."""
        if self._mail is not None:
            limit = f"APPENDLIMIT={self.shared.settings.append_octets}"
            setting = ("QUOTASET",) if self._mail.quotas.may_limit else ()
            # Without compression only: where a stream of it ends, nobody could tell for sure.
            others = () if self.compressed else ("COMPRESS=DEFLATE", "UNAUTHENTICATE")
            return (*_ALWAYS, *_INSIDE, limit, *setting, *others)
        authenticator, channel = self.shared.authenticator, self.channel()
        names = list(_ALWAYS)
        if self.shared.tls is not None and not channel.secure:
            names.append("STARTTLS")
        if not authenticator.allows_password(channel):
            names.append("LOGINDISABLED")
        return (*names, *(f"AUTH={each}" for each in authenticator.mechanisms(channel)))

    async def challenge(self, octets: bytes) -> bytes | None:
        """Send a challenge; return the response, None where the client gave up."""
        self.say(Continue(challenge=octets))
        event = await self.take()
        if isinstance(event, events.AuthenticateResponse):
            return event.octets
        if isinstance(event, events.AuthenticateCancelled):
            return None
        raise RemoteProtocolError("a response was expected", close=True)

    def enter(self, login: LoggedIn[MailAccess]) -> Completion:
        """Accept who has logged in."""
        self._mail = login.avatar
        self.logged_in(login)
        return ok("Logged in", Code("CAPABILITY", self.capabilities()))

    def leave_account(self) -> None:
        """Be as before the login, but for TLS (RFC 8437)."""
        self.deselect()
        self.logged_out()
        self._mail = None
        self.modseqs = self.vanished = self.uid_only = self.rev2 = self.dialog.utf8 = False
        self.events = USUAL
        for news in (self.news, self.annotations):
            if news is not None:
                news.stop()
        self.news = self.annotations = None
        self.deadlines.logged_in = False

    @property
    def mail(self) -> MailAccess:
        """The mail of who has logged in; the dialog lets nobody else ask for it."""
        if self._mail is None:
            raise LocalProtocolError("nobody has logged in")
        return self._mail

    # -- the selected mailbox -----------------------------------------------------------------

    @property
    def mailbox(self) -> Selected:
        """The selected mailbox; the dialog lets nobody ask for it where there is none."""
        if self.selected is None:
            raise LocalProtocolError("no mailbox is selected")
        return self.selected

    def deselect(self) -> None:
        """Leave the selected mailbox, if there is one."""
        selected, self.selected = self.selected, None
        self._unfetched = None
        if selected is None:
            return
        selected.close()

    def wake(self) -> None:
        """Accept that something can be told; a burst of changes becomes one answer."""
        selected = self.selected
        if self._listens or (selected is not None and selected.view.closed):
            self.wake_soon()

    def wake_soon(self) -> None:
        """Look in the next turn of the reactor for what can be told."""
        if self._wake is None and not self.lost:
            self._wake = self.clock.callLater(0, self._woken)

    @property
    def may_be_told(self) -> bool:
        """Whether something may be said that answers nothing, and would not stand in the midst of
        something else."""
        between = self.dialog.command is None or self.dialog.idling
        return between and self._fetching is None and not self._in_literal

    async def undisturbed(self) -> None:
        """Wait until nothing is fetched for NOTIFY: an answer must not stand in its midst."""
        if self._fetching is not None:
            done: Deferred[None] = Deferred()
            self._fetching.append(done)
            await done

    async def give_way(self) -> None:
        """Let others have a turn, within an answer that takes long to work out."""
        later: Deferred[None] = Deferred()
        self.clock.callLater(0, later.callback, None)
        await later

    async def _fetch_new(self, selected: Selected, first: int, last: int) -> None:
        try:
            numbers = SequenceSet(((first, last),))
            request = ask.Fetch(numbers, self.events.items, by_uid=True)
            await self.handlers[ask.Fetch](self, request)
        except StoreError as error:
            self.log.info("{name}: fetching for NOTIFY: {why!r}", name=self.name, why=error)
        finally:
            waiting, self._fetching = self._fetching, None
            for each in waiting or ():
                each.callback(None)
        self.wake()

    @property
    def _listens(self) -> bool:
        """Whether the client may be told of things now, though it has asked nothing."""
        if self.dialog.idling:
            return True
        return self.events.always and self.dialog.command is None

    def _woken(self) -> None:
        self._wake = None
        selected = self.selected
        if selected is None or self.closing:
            return
        if selected.view.closed:
            if self.dialog.command is None or self.dialog.idling:
                self._mailbox_gone()
        elif self._fetching is not None:
            return  # and looks again when that is done
        elif self._unfetched is not None and self.may_be_told:
            (first, last), self._unfetched = self._unfetched, None
            self._fetching = []
            self.spawn(self._fetch_new(selected, first, last))
        elif self._listens and not self._telling_later:
            if self.writer.is_full or selected.wants_reading:
                self._telling_later = True  # one for all that comes until then
                self.spawn(self._tell_later(selected))
            else:
                self._tell_unasked(selected)

    def _tell_unasked(self, selected: Selected) -> None:
        if not (self._listens and self.selected is selected and self.may_be_told):
            return
        told = self.tell(may_expunge=self.dialog.idling or self.events.at_once, unasked=True)
        before = selected.view.before_untold() if told and self.vanished else None
        if before is not None:
            self.say(_known_up_to(before))

    async def _tell_later(self, selected: Selected) -> None:
        try:
            await self.writer.writable()
            reading = ensureDeferred(selected.read_news())
            if not reading.called:
                self._tell_unasked(selected)  # what is known already does not wait
            await reading
        except StoreError as error:
            # They stay unread, and are read with the next command.
            self.log.info("{name}: reading flags: {why!r}", name=self.name, why=error)
        else:
            if selected.wants_reading:
                self.wake()  # for what changed while it was read
        finally:
            self._telling_later = False
        self._tell_unasked(selected)

    def _mailbox_gone(self) -> None:
        # RFC 2180, 3.3: the client's numbers mean nothing any more and nothing in the protocol
        # takes a selection back, so the connection ends. Other mailboxes are a login away.
        self.say(replies.DELETED)
        self.close()
