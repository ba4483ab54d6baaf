"""The IMAP client: a method a command, values in, values out (RFC 3501)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from netsuite import tls
from netsuite.connection.client import ClientConnection, ClientTimeouts, connect_and_begin
from netsuite.connection.errors import ClientError, NotOffered, ProtocolViolation
from netsuite.connection.writer import pieces
from netsuite.imap.client.idle import Idling
from netsuite.imap.client.in_progress import CommandsInProgress, Completed, Consumer, Goodbye
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.append import Append, whole
from netsuite.imap.commands.fetch import FetchData, FetchItem
from netsuite.imap.commands.responses import Continue, Response, Status, Tagged
from netsuite.imap.commands.search import Every, Flagged, Negated, Numbered, SearchKey
from netsuite.imap.dialog.client import ClientBounds, ClientDialog, ClientEvent
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.sequences import SequenceSet
from netsuite.sasl.exchange import exchange
from netsuite.sasl.interfaces import ClientMechanism

#: A search finds no more: a few octets can name every number there is.
FOUND_AT_MOST: Final = 10_000_000


@dataclass(slots=True)
class SelectedMailbox:
    """What SELECT told, kept up to date with the news: numbers count from 1 to ``messages``."""

    name: str
    read_only: bool = False
    messages: int = 0
    recent: int = 0
    flags: tuple[str, ...] = ()
    permanent_flags: tuple[str, ...] = ()
    uid_validity: int = 0
    uid_next: int = 0
    unseen: int | None = None
    highest_modseq: int | None = None

    def news(self, response: Response) -> None:
        """Accept what a response changes."""
        match response:
            case said.Exists(messages):
                self.messages = messages
            case said.Recent(messages):
                self.recent = messages
            case said.Expunged():
                self.messages = max(0, self.messages - 1)
            case said.Vanished(uids, earlier=False):  # each was in the mailbox (RFC 7162, 3.2.10.2)
                self.messages = max(0, self.messages - max(0, uids.size()))
            case said.FlagsData(flags):
                self.flags = flags
            case said.Condition(code=said.Code() as code):
                self._code(code)

    def _code(self, code: said.Code) -> None:
        match code:
            case said.Code("PERMANENTFLAGS", tuple(flags)):
                self.permanent_flags = flags
            case said.Code("UIDVALIDITY", int(number)):
                self.uid_validity = number
            case said.Code("UIDNEXT", int(number)):
                self.uid_next = number
            case said.Code("UNSEEN", int(number)):
                self.unseen = number
            case said.Code("HIGHESTMODSEQ", int(number)):
                self.highest_modseq = number


def numbers_of(numbers: SequenceSet | Iterable[int] | int) -> SequenceSet:
    """Return a set, whether a set, some numbers, or one was given."""
    if isinstance(numbers, SequenceSet):
        return numbers
    return SequenceSet.of([numbers] if isinstance(numbers, int) else sorted(set(numbers)))


Numbers = SequenceSet | Iterable[int] | int


# Its length is the protocol's: one short method a command.
class IMAPClient(ClientConnection[ClientEvent, Segment]):
    """One IMAP session, the client's side. See RFC 3501.

    ::

        client = await connect(endpoint, clock=reactor, tls_context=context)
        await client.login("ann", "secret")
        mailbox = await client.select("INBOX")
        for message in await client.fetch(SequenceSet(((1, 0),)), [Item.UID, Item.ENVELOPE]):
            ...
        await client.logout()

    Every method may raise ``Refusal`` (the server said NO or BAD), any other ``ClientError`` (the
    connection can be used no longer; ``Goodbye`` where the server said BYE), and
    ``LocalProtocolError`` (what was given cannot be said: CR, LF or NUL in it).

    Args:
        bounds: how much of a response is held.
    """

    dialog: ClientDialog

    def __init__(
        self,
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        bounds: ClientBounds | None = None,
    ) -> None:
        super().__init__(ClientDialog(bounds), clock, timeouts=timeouts, name="imap-client")
        #: The commands that are said and not yet completed; for one that has no method here.
        self.commands = CommandsInProgress(self, self.dialog, self.news)
        #: The selected mailbox.
        self.mailbox: SelectedMailbox | None = None

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server can do, as it said last, in upper case."""
        return self.commands.capabilities

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that the server offers now."""
        return tuple(sorted(name[5:] for name in self.capabilities if name.startswith("AUTH=")))

    async def begin(self) -> None:
        """Accept the greeting, and learn what the server can do. Raises Goodbye."""
        greeting = await self.receive()
        if not isinstance(greeting, said.Condition) or greeting.status in (Status.NO, Status.BAD):
            raise self.violated("not a greeting")
        if greeting.status is Status.BYE:
            self.close()
            raise self.with_conversation(Goodbye(greeting.text, greeting.code))
        if not self.commands.learn_from(greeting.code):
            await self.capability()

    def news(self, response: Response) -> None:
        """Accept what no command asked for."""
        if self.mailbox is not None:
            self.mailbox.news(response)

    def ended(self, reason: Failure) -> None:
        """Nothing more will come."""
        super().ended(reason)
        self.commands.connection_lost()

    # -- any state ----------------------------------------------------------------------------

    async def capability(self) -> frozenset[str]:
        """Ask what the server can do; ``capabilities`` remembers it."""
        await self.commands.run(ask.Capability())
        return self.capabilities

    async def noop(self) -> None:
        """Let the server tell its news."""
        await self.commands.run(ask.Noop())

    async def id(
        self, parameters: Mapping[str, str | None] | None = None
    ) -> Mapping[str, str | None]:
        """Send who we are; return who the server is."""
        pairs = None if parameters is None else tuple(parameters.items())
        data = (await self.commands.run(ask.Id(pairs))).data_of(said.IdData)
        return dict(data[0].parameters or ()) if data else {}

    async def logout(self) -> None:
        """Send LOGOUT, and close. Where the connection is gone, or the server makes something else
        of it, the session is over all the same: nothing is raised."""
        with suppress(ClientError):
            await self.commands.run(ask.Logout())
        self.close()

    # -- before a login -----------------------------------------------------------------------

    async def starttls(self, context: tls.ClientContext) -> None:
        """Go on under TLS, the server's certificate verified; what it said before is forgotten.
        Raises NotOffered, Refusal, and as ``secure``."""
        if "STARTTLS" not in self.capabilities:
            raise self.with_conversation(NotOffered("STARTTLS"))
        await self.commands.run(ask.StartTls())
        await self.secure(context)
        self.commands.capabilities = frozenset()
        await self.capability()

    async def login(self, username: str, password: str) -> None:
        """Log in with a clear password. Raises AuthenticationFailed, TransientRefusal."""
        await self.commands.run(ask.Login(username.encode("utf-8"), password.encode("utf-8")))
        await self._after_login()

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with SASL. Raises AuthenticationFailed, TransientRefusal; ProtocolViolation where
        the server cannot prove itself or does not keep to the mechanism."""
        async with self.commands.turn() as turn:

            async def begin(initial: bytes | None) -> Continue | Tagged:
                return await turn.begin(ask.Authenticate(mechanism.name, initial))

            async def respond(octets: bytes | None) -> Continue | Tagged:
                # RFC 3501, 6.2.2: "*" cancels.
                line = b"*" if octets is None else b2a_base64(octets, newline=False)
                return await turn.respond(line)

            with self.protocol_violations(), self.exchanging(mechanism.name):
                answer = await exchange(
                    mechanism,
                    fits=lambda initial: "SASL-IR" in self.capabilities,  # RFC 4959
                    begin=begin,
                    respond=respond,
                    challenge=self._challenge,
                )
                if isinstance(answer, Tagged):
                    turn.completed(answer)
                mechanism.finished(None)
        await self._after_login()

    def _challenge(self, answer: Continue | Tagged) -> bytes | None:
        if isinstance(answer, Tagged):
            return None
        if answer.challenge is None:
            raise self.violated("a challenge that is no base64")
        return answer.challenge

    async def _after_login(self) -> None:
        if "IMAP4REV1" not in self.capabilities or any(
            name.startswith("AUTH=") for name in self.capabilities
        ):
            await self.capability()

    async def enable(self, *names: str) -> tuple[str, ...]:
        """Turn extensions on; return those the server turned on."""
        data = (await self.commands.run(ask.Enable(names))).data_of(said.EnabledData)
        return tuple(name for each in data for name in each.names)

    async def compress(self) -> None:
        """Compress what is said from now on, both ways (RFC 4978). Raises NotOffered, Refusal."""
        if "COMPRESS=DEFLATE" not in self.capabilities:
            raise self.with_conversation(NotOffered("COMPRESS=DEFLATE"))
        async with self.commands.turn() as turn:  # nobody else may speak before it is answered
            answer = await turn.begin(ask.Compress("DEFLATE"))
            if isinstance(answer, Continue):
                raise self.violated("a continuation that nobody asked for")
            turn.completed(answer)
            self.start_compression(self.dialog.take_input())
        await self.capability()

    # -- mailboxes ----------------------------------------------------------------------------

    async def select(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox."""
        return await self._open(mailbox, ask.Select(mailbox))

    async def examine(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox for reading only."""
        return await self._open(mailbox, ask.Examine(mailbox))

    async def _open(self, name: str, request: ask.Request) -> SelectedMailbox:
        self.mailbox = None
        completed = await self.commands.run(request)
        read_only = completed.code is not None and completed.code.name == "READ-ONLY"
        mailbox = SelectedMailbox(name, read_only)
        for response in completed.data:
            mailbox.news(response)
        self.mailbox = mailbox
        return mailbox

    async def create(self, mailbox: str, *, special_use: str | None = None) -> None:
        """Create a mailbox."""
        await self.commands.run(ask.Create(mailbox, () if special_use is None else (special_use,)))

    async def delete(self, mailbox: str) -> None:
        """Remove a mailbox."""
        await self.commands.run(ask.Delete(mailbox))

    async def rename(self, old: str, new: str) -> None:
        """Rename a mailbox."""
        await self.commands.run(ask.Rename(old, new))

    async def subscribe(self, mailbox: str) -> None:
        """Subscribe a mailbox."""
        await self.commands.run(ask.Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> None:
        """Take a subscription back."""
        await self.commands.run(ask.Unsubscribe(mailbox))

    async def list(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List mailboxes."""
        return (await self.commands.run(ask.List(reference, (pattern,)))).data_of(said.Listed)

    async def lsub(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List subscribed mailboxes."""
        return (await self.commands.run(ask.Lsub(reference, pattern))).data_of(said.Listed)

    async def namespace(self) -> said.NamespaceData:
        """Ask where the namespaces are."""
        data = (await self.commands.run(ask.Namespace())).data_of(said.NamespaceData)
        return data[0] if data else said.NamespaceData()

    async def status(self, mailbox: str, *items: str) -> Mapping[str, int]:
        """Count; without items, messages."""
        names = tuple(item.upper() for item in items) or ("MESSAGES",)
        data = (await self.commands.run(ask.StatusOf(mailbox, names))).data_of(said.StatusData)
        return {name: number for each in data for name, number in each.values}

    async def append(
        self,
        mailbox: str,
        content: bytes | AsyncIterable[bytes],
        *,
        octets: int | None = None,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> said.CopyUid | None:
        """Put a message into a mailbox.

        Args:
            content: the message, or its pieces.
            octets: how many, where it comes in pieces.

        Returns:
            UIDVALIDITY and UID, where the server tells (UIDPLUS).
        """
        if isinstance(content, bytes):
            octets = len(content)
        if octets is None:
            raise ValueError("octets is needed for a message in pieces")
        request = Append(mailbox, whole(octets, frozenset(flags), date))
        completed = await self.commands.run(request, body=_counted(pieces(content), octets))
        return _copy_uid(completed)

    # -- the selected mailbox -----------------------------------------------------------------

    async def check(self) -> None:
        """Ask for a checkpoint."""
        await self.commands.run(ask.Check())

    async def close_mailbox(self) -> None:
        """Leave the mailbox and remove what is marked as deleted."""
        await self.commands.run(ask.Close())
        self.mailbox = None

    async def unselect(self) -> None:
        """Leave the mailbox as it is."""
        await self.commands.run(ask.Unselect())
        self.mailbox = None

    async def search(self, key: SearchKey, *, by_uid: bool = True) -> Sequence[int]:
        """Search; return UIDs, or numbers."""
        completed = await self.commands.run(ask.Search(key, by_uid=by_uid))
        found = [number for each in completed.data_of(said.SearchData) for number in each.numbers]
        for each in completed.data_of(said.ExtendedSearchData):  # IMAP4rev2 answers so
            if each.all is not None:
                if not each.all.is_fixed() or each.all.size() > FOUND_AT_MOST:
                    raise self.with_conversation(ProtocolViolation("no result of a search"))
                found += [n for low, high in each.all.ranges for n in range(low, high + 1)]
        return found

    async def fetch(
        self,
        numbers: Numbers,
        items: Iterable[FetchItem],
        *,
        by_uid: bool = True,
        consumer: Consumer | None = None,
    ) -> Sequence[FetchData]:
        """Fetch; large contents go to *consumer* as they come."""
        request = ask.Fetch(numbers_of(numbers), tuple(items), by_uid)
        return (await self.commands.run(request, consumer=consumer)).data_of(FetchData)

    async def store(
        self,
        numbers: Numbers,
        action: ask.StoreAction,
        flags: Iterable[str],
        *,
        silent: bool = False,
        by_uid: bool = True,
    ) -> Sequence[FetchData]:
        """Change flags; return the new ones, unless *silent*."""
        request = ask.Store(numbers_of(numbers), action, frozenset(flags), silent, by_uid)
        return (await self.commands.run(request)).data_of(FetchData)

    async def copy(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Copy messages."""
        return _copy_uid(await self.commands.run(ask.Copy(numbers_of(numbers), mailbox, by_uid)))

    async def move(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Move messages (RFC 6851).

        Where the server cannot, they are copied and marked as deleted, and removed: by UID
        (UIDPLUS), else with EXPUNGE where nothing else is marked. Where that is not so they stay
        there, marked: EXPUNGE would take along what others have marked.
        """
        if not self._offers("MOVE"):
            return await self._copy_away(numbers_of(numbers), mailbox, by_uid=by_uid)
        completed = await self.commands.run(ask.Move(numbers_of(numbers), mailbox, by_uid))
        self._all_news(completed)
        return _copy_uid(completed)

    async def _copy_away(
        self, numbers: SequenceSet, mailbox: str, *, by_uid: bool
    ) -> said.CopyUid | None:
        if not by_uid:  # numbers may shift between the steps
            numbers = numbers_of(await self.search(Numbered(numbers)))
        copied = await self.copy(numbers, mailbox)
        await self.store(numbers, ask.StoreAction.ADD, ["\\Deleted"], silent=True)
        if self._offers("UIDPLUS"):
            await self.expunge(numbers)
        else:
            others = Every((Flagged("\\Deleted"), Negated(Numbered(numbers, by_uid=True))))
            if not await self.search(others):
                await self.expunge()
        return copied

    def _offers(self, name: str) -> bool:
        """Return whether the server has an extension that is a part of IMAP4rev2."""
        return not self.capabilities.isdisjoint({name, "IMAP4REV2"})

    async def expunge(self, uids: Numbers | None = None) -> Sequence[int]:
        """Remove what is marked as deleted (of *uids*); return the numbers as they went."""
        completed = await self.commands.run(ask.Expunge(None if uids is None else numbers_of(uids)))
        self._all_news(completed)
        return [each.number for each in completed.data_of(said.Expunged)]

    def _all_news(self, completed: Completed) -> None:
        for response in completed.data:
            self.news(response)

    def idle(self) -> Idling:
        """Wait for news: ``async with client.idle() as news: async for response in news``."""
        return Idling(self.commands)


def _copy_uid(completed: Completed) -> said.CopyUid | None:
    codes = [completed.code, *(each.code for each in completed.data_of(said.Condition))]
    for code in codes:
        if code is not None and isinstance(code.argument, said.CopyUid):
            return code.argument
    return None


async def _counted(content: AsyncIterable[bytes], octets: int) -> AsyncIterator[bytes]:
    """Return exactly as many octets as were announced, or end the connection's use."""
    left = octets
    async for piece in content:
        left -= len(piece)
        if left < 0:
            raise ValueError("the message is longer than announced")
        yield piece
    if left:
        raise ValueError("the message is shorter than announced")


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: tls.ClientContext | None = None,
    implicit: bool = False,
    timeouts: ClientTimeouts | None = None,
    bounds: ClientBounds | None = None,
) -> IMAPClient:
    """Connect and begin: see ``connect_and_begin``. TLS from the first octet is for port 993."""
    return await connect_and_begin(
        endpoint,
        lambda: IMAPClient(clock, timeouts=timeouts, bounds=bounds),
        upgrade=IMAPClient.starttls,
        tls_context=tls_context,
        implicit=implicit,
    )
