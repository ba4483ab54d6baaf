"""The IMAP client: a method a command, values in, values out (RFC 3501)."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from netsuite.connection.client import ClientTimeouts, connect
from netsuite.imap.client.conversation import (
    Answer,
    CommandFailed,
    Consumer,
    Conversation,
    Goodbye,
    one_of,
)
from netsuite.imap.client.idle import Idling
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData, FetchItem
from netsuite.imap.commands.responses import Response, Status
from netsuite.imap.commands.search import SearchKey
from netsuite.imap.dialog.client import ClientBounds
from netsuite.imap.sequences import SequenceSet
from netsuite.sasl.interfaces import ClientMechanism
from netsuite.wire.errors import RemoteProtocolError


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
        """Take what a response changes."""
        match response:
            case said.Exists(messages):
                self.messages = messages
            case said.Recent(messages):
                self.recent = messages
            case said.Expunged():
                self.messages -= 1
            case said.FlagsData(flags):
                self.flags = flags
            case said.Condition(_, _, said.Code(name, argument)):
                self._code(name, argument)

    def _code(self, name: str, argument: Any) -> None:
        match name:
            case "PERMANENTFLAGS":
                self.permanent_flags = argument
            case "UIDVALIDITY":
                self.uid_validity = argument
            case "UIDNEXT":
                self.uid_next = argument
            case "UNSEEN":
                self.unseen = argument
            case "HIGHESTMODSEQ":
                self.highest_modseq = argument


def numbers_of(numbers: SequenceSet | Iterable[int] | int) -> SequenceSet:
    """Take a set, some numbers, or one."""
    if isinstance(numbers, SequenceSet):
        return numbers
    return SequenceSet.of([numbers] if isinstance(numbers, int) else sorted(set(numbers)))


Numbers = SequenceSet | Iterable[int] | int


# Its length is the protocol's: one short method a command.
class IMAPClient(Conversation):
    """A client's connection.

    ::

        client = await IMAPClient.connect(endpoint, reactor)
        await client.starttls(client_options("mail.example.org"))
        await client.login("ann", "secret")
        mailbox = await client.select("INBOX")
        for message in await client.fetch(SequenceSet(((1, 0),)), [Item.UID, Item.ENVELOPE]):
            ...
        await client.logout()

    Every method may raise ``CommandFailed`` (the server said NO or BAD), ``Goodbye``,
    ``PeerError`` and ``RemoteProtocolError`` (the connection can be used no longer), and
    ``LocalProtocolError`` (what was given cannot be said: CR, LF or NUL in it).
    """

    def __init__(
        self,
        clock: IReactorTime,
        *,
        timeouts: ClientTimeouts | None = None,
        bounds: ClientBounds | None = None,
    ) -> None:
        super().__init__(clock, timeouts=timeouts, bounds=bounds)
        self.mailbox: SelectedMailbox | None = None
        self.on_news = self.news

    @classmethod
    async def connect(
        cls,
        endpoint: IStreamClientEndpoint,
        clock: IReactorTime,
        *,
        tls_context: Any = None,
        timeouts: ClientTimeouts | None = None,
        bounds: ClientBounds | None = None,
    ) -> IMAPClient:
        """Connect and await the greeting.

        Args:
            tls_context: see ``netsuite.tls.client_options``, for TLS from the first octet.
        """
        client = await connect(
            endpoint,
            lambda: cls(clock, timeouts=timeouts, bounds=bounds),
            tls_context=tls_context,
        )
        await client.greeted()
        return client

    async def greeted(self) -> None:
        """Await the greeting, and learn what the server can do."""
        greeting = await self.receive()
        if not isinstance(greeting, said.Condition) or greeting.status in (
            Status.NO,
            Status.BAD,
        ):
            self.abort()
            raise RemoteProtocolError("not a greeting", close=True)
        if greeting.status is Status.BYE:
            self.close()
            raise Goodbye(greeting.text)
        if greeting.code is not None and greeting.code.name == "CAPABILITY":
            self._learn(greeting.code.argument)
        else:
            await self.capability()

    def news(self, response: Response) -> None:
        """Take what no command asked for."""
        if self.mailbox is not None:
            self.mailbox.news(response)

    # -- any state ----------------------------------------------------------------------------

    async def capability(self) -> frozenset[str]:
        """Ask what the server can do; ``capabilities`` remembers it."""
        await self.run(ask.Capability())
        return self.capabilities

    async def noop(self) -> None:
        """Let the server tell its news."""
        await self.run(ask.Noop())

    async def id(
        self, parameters: Mapping[str, str | None] | None = None
    ) -> Mapping[str, str | None]:
        """Tell who we are, and ask who the server is."""
        pairs = None if parameters is None else tuple(parameters.items())
        data = one_of(await self.run(ask.Id(pairs)), said.IdData)
        return dict(data[0].parameters or ()) if data else {}

    async def logout(self) -> None:
        """Say goodbye, and close."""
        with suppress(Goodbye):  # it may close before its OK
            await self.run(ask.Logout())
        self.close()

    # -- before a login -----------------------------------------------------------------------

    async def starttls(self, context: Any) -> None:
        """Begin TLS. What the server said before is forgotten.

        Args:
            context: see ``netsuite.tls.client_options``.
        """
        await self.run(ask.StartTls())
        await self.secure(context)
        self.capabilities = frozenset()
        await self.capability()

    async def login(self, user: str, password: str) -> None:
        """Log in with a clear password."""
        await self.run(ask.Login(user.encode("utf-8"), password.encode("utf-8")))
        await self._after_login()

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in with a SASL mechanism.

        Raises:
            RemoteProtocolError: the server could not prove who it is.
        """
        initial = mechanism.initial()
        early = initial if "SASL-IR" in self.capabilities else None
        unsaid = [initial] if initial is not None and early is None else []
        distrusted: list[RemoteProtocolError] = []

        def respond(request: said.Continue) -> bytes:
            if request.challenge is None:
                distrusted.append(RemoteProtocolError("a challenge that is no base64"))
                return b"*"
            try:
                octets = unsaid.pop() if unsaid else mechanism.respond(request.challenge)
            except RemoteProtocolError as error:
                distrusted.append(error)
                return b"*"  # cancels, RFC 3501, 6.2.2
            return b2a_base64(octets, newline=False)

        try:
            await self.run(ask.Authenticate(mechanism.name, early), respond=respond)
        except CommandFailed:
            if distrusted:
                raise distrusted[0] from None
            raise
        mechanism.finished(None)
        await self._after_login()

    async def _after_login(self) -> None:
        if "IMAP4REV1" not in self.capabilities or any(
            name.startswith("AUTH=") for name in self.capabilities
        ):
            await self.capability()

    async def enable(self, *names: str) -> tuple[str, ...]:
        """Turn extensions on; give those the server turned on."""
        data = one_of(await self.run(ask.Enable(names)), said.EnabledData)
        return tuple(name for each in data for name in each.names)

    # -- mailboxes ----------------------------------------------------------------------------

    async def select(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox."""
        return await self._open(mailbox, ask.Select(mailbox))

    async def examine(self, mailbox: str) -> SelectedMailbox:
        """Open a mailbox for reading only."""
        return await self._open(mailbox, ask.Examine(mailbox))

    async def _open(self, name: str, request: ask.Request) -> SelectedMailbox:
        self.mailbox = None
        answer = await self.run(request)
        read_only = answer.code is not None and answer.code.name == "READ-ONLY"
        mailbox = SelectedMailbox(name, read_only)
        for response in answer.data:
            mailbox.news(response)
        self.mailbox = mailbox
        return mailbox

    async def create(self, mailbox: str, *, special_use: str | None = None) -> None:
        """Make a mailbox."""
        await self.run(ask.Create(mailbox, () if special_use is None else (special_use,)))

    async def delete(self, mailbox: str) -> None:
        """Remove a mailbox."""
        await self.run(ask.Delete(mailbox))

    async def rename(self, old: str, new: str) -> None:
        """Rename a mailbox."""
        await self.run(ask.Rename(old, new))

    async def subscribe(self, mailbox: str) -> None:
        """Subscribe a mailbox."""
        await self.run(ask.Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> None:
        """Take a subscription back."""
        await self.run(ask.Unsubscribe(mailbox))

    async def list(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List mailboxes."""
        return one_of(await self.run(ask.List(reference, (pattern,))), said.Listed)

    async def lsub(self, pattern: str = "*", *, reference: str = "") -> Sequence[said.Listed]:
        """List subscribed mailboxes."""
        return one_of(await self.run(ask.Lsub(reference, pattern)), said.Listed)

    async def namespace(self) -> said.NamespaceData:
        """Ask where the namespaces are."""
        data = one_of(await self.run(ask.Namespace()), said.NamespaceData)
        return data[0] if data else said.NamespaceData()

    async def status(self, mailbox: str, *items: str) -> Mapping[str, int]:
        """Count; without items, messages."""
        names = tuple(item.upper() for item in items) or ("MESSAGES",)
        data = one_of(await self.run(ask.StatusOf(mailbox, names)), said.StatusData)
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
            octets, content = len(content), _pieces(content)
        if octets is None:
            raise ValueError("octets is needed for a message in pieces")
        request = ask.Append(mailbox, octets, frozenset(flags), date)
        answer = await self.run(request, body=_counted(content, octets))
        return _copy_uid(answer)

    # -- the selected mailbox -----------------------------------------------------------------

    async def check(self) -> None:
        """Ask for a checkpoint."""
        await self.run(ask.Check())

    async def close_mailbox(self) -> None:
        """Leave the mailbox and remove what is marked as deleted."""
        await self.run(ask.Close())
        self.mailbox = None

    async def unselect(self) -> None:
        """Leave the mailbox as it is."""
        await self.run(ask.Unselect())
        self.mailbox = None

    async def search(self, key: SearchKey, *, by_uid: bool = True) -> Sequence[int]:
        """Search; give UIDs, or numbers."""
        data = one_of(await self.run(ask.Search(key, by_uid=by_uid)), said.SearchData)
        return [number for each in data for number in each.numbers]

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
        return one_of(await self.run(request, consumer=consumer), FetchData)

    async def store(
        self,
        numbers: Numbers,
        action: ask.StoreAction,
        flags: Iterable[str],
        *,
        silent: bool = False,
        by_uid: bool = True,
    ) -> Sequence[FetchData]:
        """Change flags; give the new ones, unless *silent*."""
        request = ask.Store(numbers_of(numbers), action, frozenset(flags), silent, by_uid)
        return one_of(await self.run(request), FetchData)

    async def copy(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Copy messages."""
        return _copy_uid(await self.run(ask.Copy(numbers_of(numbers), mailbox, by_uid)))

    async def move(
        self, numbers: Numbers, mailbox: str, *, by_uid: bool = True
    ) -> said.CopyUid | None:
        """Move messages (RFC 6851)."""
        answer = await self.run(ask.Move(numbers_of(numbers), mailbox, by_uid))
        self._all_news(answer)
        return _copy_uid(answer)

    async def expunge(self, uids: Numbers | None = None) -> Sequence[int]:
        """Remove what is marked as deleted (of *uids*); give the numbers as they went."""
        answer = await self.run(ask.Expunge(None if uids is None else numbers_of(uids)))
        self._all_news(answer)
        return [each.number for each in one_of(answer, said.Expunged)]

    def _all_news(self, answer: Answer) -> None:
        for response in answer.data:
            self.news(response)

    def idle(self) -> Idling:
        """Wait for news: ``async with client.idle() as news: async for response in news``."""
        return Idling(self)


def _copy_uid(answer: Answer) -> said.CopyUid | None:
    codes = [answer.code, *(each.code for each in one_of(answer, said.Condition))]
    for code in codes:
        if code is not None and isinstance(code.argument, said.CopyUid):
            return code.argument
    return None


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for place in range(0, len(content), 65_536):
        yield content[place : place + 65_536]


async def _counted(content: AsyncIterable[bytes], octets: int) -> AsyncIterator[bytes]:
    """Give exactly as many octets as were announced, or end the connection's use."""
    left = octets
    async for piece in content:
        left -= len(piece)
        if left < 0:
            raise ValueError("the message is longer than announced")
        yield piece
    if left:
        raise ValueError("the message is shorter than announced")
