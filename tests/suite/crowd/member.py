"""One of many IMAP clients: what it says, and that all it hears fits what it knows."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from netsuite.imap.commands.fetch import BodySection, FetchData, Streamed
from netsuite.imap.commands.responses import (
    Condition,
    Continue,
    CopyUid,
    Exists,
    Expunged,
    Status,
    Tagged,
    Vanished,
)
from netsuite.imap.dialog.client import ClientDialog, LiteralBegins, NotUnderstood
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.sequences import TOP
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfBody, EndOfInput
from tests.suite.crowd.ledger import Box, KnownBox, Ledger

ANSWER_SECONDS: Final = 60.0
_COMPRESS: Final = b"COMPRESS DEFLATE"
_WHOLE: Final = BodySection()
_EVENTS: Final = b"(MessageNew MessageExpunge FlagChange)"
_PERSONAL: Final = b"(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)"


@dataclass(frozen=True)
class Kind:
    """What a client says when it has logged in, and what that entitles it to.

    Args:
        modseqs: it is told mod-sequences.
    """

    name: str
    begins: Sequence[bytes] = ()
    qresync: bool = False
    modseqs: bool = False
    at_once: bool = False
    by_uid: bool = False


KINDS: Final = (
    Kind("plain"),
    Kind("rev2", (b"ENABLE IMAP4rev2",)),
    Kind("condstore", (b"ENABLE CONDSTORE",), modseqs=True),
    Kind("qresync", (b"ENABLE QRESYNC",), qresync=True, modseqs=True),
    Kind("uidonly", (b"ENABLE UIDONLY",), by_uid=True),
    Kind("uidonly qresync", (b"ENABLE UIDONLY QRESYNC",), qresync=True, modseqs=True, by_uid=True),
    Kind(
        "notify",
        (b"NOTIFY SET (selected %b) (personal %b)" % (_EVENTS, _PERSONAL),),
        at_once=True,
    ),
    Kind(
        "notify delayed",
        (
            b"ENABLE QRESYNC",
            b"NOTIFY SET (selected-delayed %b) (subscribed %b)" % (_EVENTS, _EVENTS),
        ),
        qresync=True,
        modseqs=True,
    ),
)


def shown(event: object) -> str:
    """Return what was heard, as a transcript has it."""
    if isinstance(event, FetchData):
        flags = sorted(event.flags) if event.flags is not None else None
        return f"FETCH {event.number} UID {event.uid} {flags} MODSEQ {event.modseq}"
    return str(event)


class Gone(Exception):
    """The server has ended the connection, as it may."""


@dataclass
class Answer:
    """What came of a command.

    Args:
        numbers: whether it names messages by their numbers, which must not change meanwhile.
        may: codes with which it may end with NO.
        began: the moment when it was said.
        after: what it may see was there by then.
    """

    tag: bytes
    line: bytes
    numbers: bool
    may: Collection[str]
    began: int
    done: asyncio.Future[Tagged]
    events: list[object] = field(default_factory=list)

    @property
    def tagged(self) -> Tagged:
        """How it ended."""
        return self.done.result()

    @property
    def ok(self) -> bool:
        """Whether it ended with OK."""
        return self.tagged.status is Status.OK

    def code(self, name: str) -> object:
        """Return the argument of a code, in its end or in what came before; None for none."""
        for event in (self.tagged, *self.events):
            code = event.code if isinstance(event, Condition | Tagged) else None
            if code is not None and code.name == name:
                return code.argument
        return None

    def copied(self) -> CopyUid | None:
        """Return what COPYUID or APPENDUID says."""
        found = self.code("COPYUID") or self.code("APPENDUID")
        return found if isinstance(found, CopyUid) else None


class Member(asyncio.Protocol):
    """A client.

    Args:
        names: of the mailboxes, by those that the ledger has.
        sides: mailboxes of the account that come and go.
        failed: told of what is wrong, with this client.
    """

    def __init__(
        self,
        port: int,
        ledger: Ledger,
        account: str,
        names: dict[str, str],
        sides: list[bytes],
        kind: Kind,
        chance: random.Random,
        failed: Callable[[Member, BaseException], None],
    ) -> None:
        self.port, self.ledger, self.account, self.names = port, ledger, account, names
        self.sides = sides
        self.kind, self.chance, self._failed = kind, chance, failed
        self.transcript: deque[str] = deque(maxlen=80)
        self.known: KnownBox | None = None
        self.may_be_thrown_out = False
        self.connected = False
        self.commands = 0
        self._remembered: dict[str, KnownBox] = {}
        self._opening: KnownBox | None = None
        self._waiting: list[Answer] = []
        self._continued: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport
        self._lost: asyncio.Future[None]

    # -- the connection -----------------------------------------------------------------------

    async def connect(self, mailbox: str) -> None:
        """Connect, log in, and open a mailbox with what is known of it."""
        loop = asyncio.get_running_loop()
        self._dialog = ClientDialog()
        self._held = b""
        self._streamed = bytearray()
        self._pack: zlib._Compress | None = None
        self._unpack: zlib._Decompress | None = None
        self._waiting = []
        self.known = self._opening = None
        self._by_uid = False
        self._lost = loop.create_future()
        self._greeted = loop.create_future()
        self.connected = True
        await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        await asyncio.wait_for(self._greeted, ANSWER_SECONDS)
        await self.ask(b"LOGIN %b pw" % self.account.encode())
        if self.chance.random() < 0.3:
            await self.ask(_COMPRESS)
        for line in self.kind.begins:
            await self.ask(line)
            self._by_uid = self.kind.by_uid
        await self.select(mailbox)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.connected = False
        self.transcript.append(f"-- lost: {exc!r}")
        for answer in self._waiting:
            if not answer.done.done():
                answer.done.set_exception(Gone())
        for waits in (self._continued, self._greeted):
            if waits is not None and not waits.done():
                waits.set_exception(Gone())
        if not self._lost.done():
            self._lost.set_result(None)

    async def leave(self, *, abrupt: bool) -> None:
        """End the connection."""
        if abrupt:
            self._transport.abort()
        else:
            await self.ask(b"LOGOUT")
        await asyncio.wait_for(self._lost, ANSWER_SECONDS)

    def abort(self) -> None:
        """Have no connection any more."""
        if self.connected:
            self._transport.abort()

    # -- saying -------------------------------------------------------------------------------

    def say(self, line: bytes, *, numbers: bool = False, may: Collection[str] = ()) -> Answer:
        """Say a command, literals and all; its answer comes."""
        if not self.connected:
            raise Gone
        self.commands += 1
        tag = b"a%d" % self.commands
        done = asyncio.get_running_loop().create_future()
        # Nobody may wait for it any more when the connection is lost.
        done.add_done_callback(lambda each: each.cancelled() or each.exception())
        answer = Answer(tag, line, numbers, may, self.ledger.tick(), done)
        self._waiting.append(answer)
        self._dialog.send(Segment(line, last=True, tag=tag))
        self.write(tag + b" " + line)
        return answer

    async def ask(self, line: bytes, *, numbers: bool = False, may: Collection[str] = ()) -> Answer:
        """Say a command, and wait for its end."""
        answer = self.say(line, numbers=numbers, may=may)
        await asyncio.wait_for(answer.done, ANSWER_SECONDS)
        return answer

    async def idle(self, seconds: float) -> None:
        """Be told of what happens for a while."""
        self._continued = asyncio.get_running_loop().create_future()
        answer = self.say(b"IDLE")
        await asyncio.wait_for(self._continued, ANSWER_SECONDS)
        await asyncio.sleep(seconds)
        if not self.connected:
            raise Gone
        self.write(b"DONE")
        await asyncio.wait_for(answer.done, ANSWER_SECONDS)

    def write(self, line: bytes) -> None:
        """Send a line."""
        self.transcript.append(f"C: {line[:300]!r}")
        octets = line + b"\r\n"
        if self._pack is not None:
            octets = self._pack.compress(octets) + self._pack.flush(zlib.Z_SYNC_FLUSH)
        self._transport.write(octets)

    # -- mailboxes ----------------------------------------------------------------------------

    def box(self) -> Box:
        """Return the mailbox that is open."""
        assert self.known is not None
        return self.known.box

    async def select(self, name: str) -> None:
        """Open a mailbox of the ledger, with what is known of it."""
        box = self.ledger.boxes[name]
        known = self._remembered.get(name)
        if known is None:
            known = self._remembered[name] = KnownBox(
                self.ledger, box, qresync=self.kind.qresync, at_once=self.kind.at_once,
                by_uid=self.kind.by_uid,
            )  # fmt: skip
        if self.known is not None and (self.kind.at_once or self.chance.random() < 0.3):
            await self.unselect()
        before = box.highest, box.highest_modseq
        line = b'SELECT "%b"' % self.names[name].encode() + known.selects()
        self._opening = known
        if self.known is None:
            self._open()
        answer = await self.ask(line)
        assert self.known is known, "no CLOSED"
        for code, least in zip(("UIDNEXT", "HIGHESTMODSEQ"), before, strict=True):
            said = answer.code(code)
            assert isinstance(said, int)
            assert said >= least + (code == "UIDNEXT"), f"{code} {said} after {least}"
        await self.look()

    def _open(self) -> None:
        self.known, self._opening = self._opening, None

    async def visit(self, name: bytes) -> None:
        """Open a mailbox that somebody may remove meanwhile; leave it again, or be thrown out."""
        if self.known is not None:
            await self.unselect()
        side = KnownBox(
            self.ledger, Box(name.decode()), qresync=self.kind.qresync, at_once=self.kind.at_once,
            by_uid=self.kind.by_uid,
        )  # fmt: skip
        side.selects()
        self.known = side
        self.may_be_thrown_out = True
        answer = await self.ask(b'SELECT "%b"' % name, may=("NONEXISTENT",))
        if answer.ok:
            await self.ask(b"UID FETCH 1:* (UID FLAGS)", may=("NONEXISTENT",))
            await self.idle(self.chance.random() / 5)
            await self.unselect()
        self.known = None
        self.may_be_thrown_out = False

    async def unselect(self) -> None:
        """Leave the mailbox."""
        await self.ask(b"UNSELECT")
        self.known = None

    async def look(self) -> None:
        """Look at all messages there are."""
        await self.ask(b"UID FETCH 1:* (UID FLAGS)")

    # -- hearing ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        try:
            self._receive(data)
        except BaseException as error:
            self._failed(self, error)
            self._transport.abort()

    def _receive(self, data: bytes) -> None:
        if self._unpack is not None:
            data = self._unpack.decompress(data)
        if self._by_uid:
            # What the parser does not read yet is read as FETCH, whose number is the UID.
            whole, end, rest = (self._held + data).rpartition(b"\n")
            data, self._held = (whole + end).replace(b" UIDFETCH (", b" FETCH ("), rest
        self._dialog.receive(data)
        while (event := self._dialog.next_event()) is not NEED_DATA:
            match event:
                case BodyChunk(octets):
                    self._streamed += octets
                case LiteralBegins():
                    self._streamed.clear()
                case EndOfBody() | EndOfInput():
                    pass
                case _:
                    self._hear(event)

    def _hear(self, event: object) -> None:
        self.transcript.append(f"S: {shown(event)[:300]}")
        assert not isinstance(event, NotUnderstood), event
        if self._by_uid and isinstance(event, FetchData):
            event = replace(event, uid=event.number)
        current = self._waiting[0] if self._waiting else None
        if isinstance(event, Tagged):
            self._ended(event)
            return
        if isinstance(event, Continue):
            # Who leaves in the midst of IDLE has not waited for it.
            assert current is not None
            assert current.line == b"IDLE"
            if self._continued is not None and not self._continued.done():
                self._continued.set_result(None)
            return
        if isinstance(event, Condition):
            self._condition(event)
            if current is not None and event.code is not None and event.code.name == "CLOSED":
                current.events.clear()  # they are of the mailbox before (RFC 7162, 3.2.11)
        if current is not None:
            current.events.append(event)
        if self.known is not None:
            self._tell_known(event, current)
        else:
            assert not isinstance(event, Exists | Expunged | Vanished | FetchData), event

    def _condition(self, event: Condition) -> None:
        if not self._greeted.done():
            self._greeted.set_result(None)
        if event.status is Status.BYE:
            logout = any(each.line == b"LOGOUT" for each in self._waiting)
            assert logout or self.may_be_thrown_out, event
        elif event.code is not None and event.code.name == "CLOSED":
            self._open()
        else:
            assert event.status is Status.OK, event

    def _tell_known(self, event: object, current: Answer | None) -> None:
        assert self.known is not None
        may = bool(self._waiting) and not any(each.numbers for each in self._waiting)
        self.known.hear(event, may_expunge=may)
        if isinstance(event, FetchData):
            box, uid = self.known.box, event.uid
            octets = event.sections.get(_WHOLE)
            if octets is None:
                return
            assert uid is not None
            assert current is not None, "contents that nobody asked for"
            if isinstance(octets, Streamed):
                octets = bytes(self._streamed)
            self.ledger.read(box, uid, octets)
            assert box.gone.get(uid, TOP) > current.began, f"{uid} is back"

    def _ended(self, tagged: Tagged) -> None:
        answer = self._waiting.pop(0)
        assert tagged.tag == answer.tag, f"{tagged} answers {answer.line[:100]!r}"
        if tagged.status is not Status.OK:
            code = tagged.code.name if tagged.code is not None else ""
            assert tagged.status is Status.NO, f"{answer.line[:200]!r}: {tagged}"
            assert code in answer.may, f"{answer.line[:200]!r}: {tagged}"
        if self.known is not None:
            self.known.hear(tagged, may_expunge=False)
        if answer.line.startswith(b"SELECT ") and tagged.status is Status.OK:
            assert self.known is not None
            self.known.selected()
        if answer.line == _COMPRESS:
            self._pack = zlib.compressobj(wbits=-15)
            self._unpack = zlib.decompressobj(wbits=-15)
        answer.done.set_result(tagged)
