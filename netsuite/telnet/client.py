"""The Twisted connection of a Telnet client, for programs that talk to what people log in to.

::

    telnet = await connect(endpoint, clock=reactor)
    await telnet.login("alice", "netsuite")
    await telnet.write_line("uname -a")
    print(await telnet.read_until("$ "))
    found = await telnet.expect([r"(\\d+) new", "no mail"])
    print(found.index, found.match, found.text)
    await telnet.closed()

Negotiation runs by itself beside that: terminal type, window size, character set, binary.
What is not awaited waits, and the transport stops reading when that becomes much.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import (
    IReactorTime,
    ISSLTransport,
    IStreamClientEndpoint,
    ITCPTransport,
)

from netsuite import tls
from netsuite.connection import errors
from netsuite.connection.client import ClientConnection, ClientTimeouts
from netsuite.connection.client import connect as connect_any
from netsuite.telnet.commands import Code, Variable, WindowSize
from netsuite.telnet.dialog import ClientDialog, ClientEvent, ClientSaid
from netsuite.telnet.dialog.client import Ask, Octets, Press, Prompted, Shown, Text
from netsuite.telnet.dialog.core import ANSWER_SECONDS, Echo
from netsuite.telnet.dialog.linemode import KEYS
from netsuite.telnet.urgent import keep_urgent_octets

TIMEOUTS: Final = ClientTimeouts(reply_seconds=60.0)
#: Characters that are kept while a pattern is looked for.
BUFFER_CHARACTERS: Final = 1024 * 1024

#: What a login asks, says when it has refused, and says when it has not (RFC 1123 has no words
#: for that; these are the ones in use).
_NAME: Final = r"(?i)(?:(?<!last )login|username|user ?name|name): ?$"
_PASSWORD: Final = r"(?i)password: ?$"
_REFUSED: Final = r"(?i)login incorrect|authentication failure|access denied|too many wrong"
_PROMPT: Final = r"[$#%>] ?$"


class TooMuchOutput(errors.ClientError):
    """What was waited for did not come within ``BUFFER_CHARACTERS`` of text; the connection
    stays."""


@dataclass(frozen=True, slots=True)
class Found:
    """What ``expect`` found: which pattern, where it matched, all that was shown up to its end."""

    index: int
    match: re.Match[str]
    text: str


class TelnetClient(ClientConnection[ClientEvent, ClientSaid]):
    """A connection to a Telnet server; made by ``connect``."""

    dialog: ClientDialog
    masks_all = True  # a password is typed as everything else is

    def __init__(
        self, clock: IReactorTime, *, timeouts: ClientTimeouts, dialog: ClientDialog
    ) -> None:
        super().__init__(dialog, clock, timeouts=timeouts, name="telnet-client")
        self._buffer = ""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoding = ""
        #: Why nothing more comes; None as long as something may.
        self.ending: errors.ConnectionLost | None = None
        #: Called when options have been negotiated, with what was shown before them read.
        self.negotiated: Callable[[], None] = lambda: None
        self._replenished = clock.seconds()

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Begin."""
        keep_urgent_octets(self.transport)
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Accept what came."""
        now = self.clock.seconds()
        if now - self._replenished >= ANSWER_SECONDS:
            self._replenished = now
            self.dialog.replenish()
        super().dataReceived(data)

    # -- saying --------------------------------------------------------------------------------

    async def write_text(self, text: str) -> None:
        """Send text; LF is sent as CR LF. Waits while the server does not read. Raises
        ConnectionLost."""
        self.say(Text(text))
        await self.writable()

    async def write_line(self, line: str = "") -> None:
        """Send a line."""
        await self.write_text(line + "\n")

    async def write_octets(self, octets: bytes) -> None:
        """Send octets as they are, IAC doubled."""
        self.say(Octets(octets))
        await self.writable()

    def press(self, code: Code) -> None:
        """Send a function: ``Code.IP`` to interrupt, ``Code.AYT`` to ask for a sign of life."""
        self.say(Press(code))

    def want(self, option: int, *, on: bool) -> None:
        """Ask the server to turn an option on its side on or off."""
        self.say(Ask(option, on))

    def half_close(self) -> None:
        """Tell the server that nothing more will be sent, where the transport can: one under TLS
        cannot. What the server shows still comes."""
        self.writer.flush()
        plain = ITCPTransport(self.transport, None)
        if plain is not None and not ISSLTransport.providedBy(self.transport):
            plain.loseWriteConnection()

    def resize(self, width: int, height: int) -> None:
        """Tell the server of a new size of the window."""
        self.say(WindowSize(width, height))

    # -- hearing -------------------------------------------------------------------------------

    async def read(self, *, seconds: float | None = None) -> str:
        """Return what the server shows next; empty when it has closed. Raises Timeout."""
        if not self._buffer and self.ending is None:
            await self._more(self._until(seconds))
        text, self._buffer = self._buffer, ""
        return text

    async def read_octets(self) -> bytes:
        """Return what the server shows next as it came, for a terminal; empty when it has closed.

        Raises:
            Timeout: after ``reply_seconds``.
        """
        while self.ending is None:
            try:
                event = await self.receive()
            except errors.ConnectionLost as error:
                self.ending = error
                break
            if isinstance(event, Shown):
                return event.octets
        return b""

    async def read_until(self, marker: str, *, seconds: float | None = None) -> str:
        """Return what the server shows, up to and with a text.

        Raises:
            Timeout: it did not come in time; what came can still be read.
            ConnectionLost: the server closed before; likewise.
            TooMuchOutput: too much came before it.
        """
        deadline = self._until(seconds)
        start = 0
        while True:
            at = self._buffer.find(marker, start)
            if at >= 0:
                return self._take(at + len(marker))
            start = max(0, len(self._buffer) - len(marker) + 1)
            await self._more_or_fail(deadline)

    async def expect(
        self, patterns: Sequence[str | re.Pattern[str]], *, seconds: float | None = None
    ) -> Found:
        """Wait until one of several patterns matches what the server shows; the first of them
        that does counts. Raises as ``read_until``."""
        deadline = self._until(seconds)
        compiled = [re.compile(each) for each in patterns]
        while True:
            for index, pattern in enumerate(compiled):
                match = pattern.search(self._buffer)
                if match is not None:
                    return Found(index, match, self._take(match.end()))
            await self._more_or_fail(deadline)

    async def read_all(self, *, seconds: float | None = None) -> str:
        """Return all that the server shows until it closes. Raises Timeout, TooMuchOutput."""
        deadline = self._until(seconds)
        while self.ending is None:
            await self._more(deadline)
        return self._take(len(self._buffer))

    async def output(self) -> AsyncIterator[str]:
        """Return what the server shows, as it comes, until it closes. Raises Timeout."""
        while text := await self.read():
            yield text

    async def login(
        self,
        name: str,
        password: str,
        *,
        prompt: str = _PROMPT,
        asks_name: str = _NAME,
        asks_password: str = _PASSWORD,
        refused: str = _REFUSED,
        seconds: float | None = None,
    ) -> str:
        """Answer a login's two questions.

        Args:
            prompt: a pattern that matches when we are in; by default a shell's last character.
            asks_name, asks_password, refused: patterns of what a login says.

        Returns:
            What was shown from the password to the prompt.

        Raises:
            AuthenticationFailed: the server refused, or asked again.
            Timeout, ConnectionLost: it said something else.
        """
        await self.expect([asks_name], seconds=seconds)
        await self.write_line(name)
        await self.expect([asks_password], seconds=seconds)
        await self.write_line(password)
        found = await self.expect([refused, asks_name, prompt], seconds=seconds)
        if found.index < 2:
            raise self.with_conversation(
                errors.AuthenticationFailed("", found.text.strip(), "the login")
            )
        return found.text

    # -- inside --------------------------------------------------------------------------------

    def _until(self, seconds: float | None) -> float | None:
        return None if seconds is None else self.clock.seconds() + seconds

    def _take(self, characters: int) -> str:
        text, self._buffer = self._buffer[:characters], self._buffer[characters:]
        return text

    async def _more_or_fail(self, deadline: float | None) -> None:
        if self.ending is not None:
            raise self.with_conversation(
                errors.ConnectionLost("the server closed before it showed what was waited for")
            )
        await self._more(deadline)

    async def _more(self, deadline: float | None) -> None:
        """Put what the server shows next into the buffer."""
        if len(self._buffer) > BUFFER_CHARACTERS:
            raise self.with_conversation(TooMuchOutput(f"more than {BUFFER_CHARACTERS} characters"))
        seconds = None if deadline is None else deadline - self.clock.seconds()
        if seconds is not None and seconds <= 0:
            raise self._not_in_time()
        hearing = ensureDeferred(self.receive())
        if seconds is not None:
            hearing.addTimeout(seconds, self.clock)
        try:
            event = await hearing
        except DeferredTimeout:  # the connection stays: something else may be waited for
            raise self._not_in_time() from None
        except errors.ConnectionLost as error:
            self.ending = error
            return
        if isinstance(event, Shown):
            self._buffer += self._decoded(event.octets)

    def _not_in_time(self) -> errors.Timeout:
        return self.with_conversation(errors.Timeout("it was not shown in time"))

    def _decoded(self, octets: bytes) -> str:
        encoding = self.dialog.encoding
        if self._decoder is None or encoding != self._encoding:
            self._encoding = encoding
            self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        return self._decoder.decode(octets)

    def unasked(self, event: ClientEvent) -> bool:
        """Send what the dialog itself answers; a prompt's mark says nothing that its text does
        not."""
        if isinstance(event, Echo):
            self.writer.write(event.octets)
            self.negotiated()
        return isinstance(event, Echo | Prompted)


async def connect(
    endpoint: IStreamClientEndpoint,
    *,
    clock: IReactorTime,
    tls_context: tls.ClientContext | None = None,
    timeouts: ClientTimeouts = TIMEOUTS,
    terminal_types: Sequence[str] = ("XTERM",),
    window: tuple[int, int] = (80, 0),
    charsets: Sequence[str] = ("UTF-8", "US-ASCII"),
    environment: Sequence[Variable] = (),
    keys: Mapping[int, int] = KEYS,
) -> TelnetClient:
    """Connect to a Telnet server.

    Args:
        tls_context: for TLS from the first octet (telnets), see ``netsuite.tls.client_options``.
        terminal_types: what we are, the most wanted first.
        window: width and height in characters; 0 for unknown, so that nothing is paged.
        charsets: what we understand.
        environment: what a server is told that asks for it (NEW-ENVIRON), and nothing else.
        keys: those that edit and interrupt, by their functions (LINEMODE).

    Raises:
        ClientError: see ``netsuite.connection.client.connect``.
    """

    def make() -> TelnetClient:
        dialog = ClientDialog(
            terminal_types=terminal_types,
            window=window,
            charsets=charsets,
            environment=environment,
            keys=keys,
        )
        return TelnetClient(clock, timeouts=timeouts, dialog=dialog)

    return await connect_any(endpoint, make, tls_context=tls_context)
