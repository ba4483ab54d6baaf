"""telnet and telnets: a conversation at a terminal, or through pipes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, ensureDeferred
from twisted.internet.error import ConnectionLost as TransportLost
from twisted.python.failure import Failure

from netsuite.cli.client.access import TLSUse
from netsuite.cli.client.keymap import ESCAPE, FUNCTIONS, LineEnds, Mode, mode_of
from netsuite.cli.client.problems import NoTLS
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.terminal import Terminal
from netsuite.connection.client import ClientTimeouts
from netsuite.telnet.client import TelnetClient, connect
from netsuite.telnet.commands import Code, Option, Verb
from netsuite.telnet.options import Side

PROMPT: Final = "netsuite telnet> "
HELP: Final = f"""\
  close     close the connection; so do quit and exit
  status    where we are connected, and which options are on
  send F    send a function: {", ".join(FUNCTIONS)};
            or escape, for Ctrl-] itself
  z         stop the program; fg goes on
  Enter     go on with the conversation"""
#: Of a terminal that has no name, or of none (RFC 1091; IANA's list).
UNKNOWN: Final = "UNKNOWN"
_NAMES: Final[Mapping[int, str]] = {
    number: name for name, number in vars(Option).items() if isinstance(number, int)
}
_SIDES: Final[Mapping[Verb, str]] = {Verb.WILL: "we", Verb.DO: "the server"}


def terminal_types(term: str) -> Sequence[str]:
    """Return what to call a terminal of a ``$TERM``, the most exact name first."""
    name = term.upper() or UNKNOWN
    base = name.partition("-")[0]
    return (name,) if base in (name, "") else (name, base)


async def begin(session: ClientSession, screen: Terminal) -> TelnetClient:
    """Connect. Raises NoTLS, and as ``telnet.client.connect``."""
    if not session.target.tls and session.tls is TLSUse.REQUIRED:
        raise NoTLS("telnet:// has no TLS, and it is required; use telnets://")
    term = os.environ.get("TERM", "") if screen.interactive else ""
    return await connect(
        session.endpoint(),
        clock=session.clock,
        tls_context=session.implicit(),
        # Somebody at a terminal may be silent, and may leave a server silent, for days.
        timeouts=ClientTimeouts(
            connect_seconds=session.access.connect_seconds, reply_seconds=None, write_seconds=None
        ),
        terminal_types=terminal_types(term),
        window=screen.size() if screen.interactive else (80, 0),  # of 0 lines: nothing is paged
    )


class Conversation:
    """The conversation of a screen with a server: what is typed is sent, what comes is shown,
    until one of them ends it.

    Args:
        client: connected.
        screen: the terminal.
        place: the server's host and port, for messages.
        quiet: whether nothing of our own is said that was not asked for.
    """

    def __init__(
        self, client: TelnetClient, screen: Terminal, place: str, *, quiet: bool = False
    ) -> None:
        self.client = client
        self.screen = screen
        self._place = place
        self._quiet = quiet or not screen.interactive
        self._line_ends = LineEnds()
        self._mode = Mode.LINES
        self._screen_free = DeferredLock()  # the prompt for commands keeps it
        self._over: Deferred[bool] = Deferred()
        self._reading: Deferred[bytes] | None = None
        self._prompting = False
        self._ends = 0

    async def run(self) -> None:
        """Converse. Raises ConnectionLost when the connection broke, FileTrouble."""
        if not self._quiet:
            self.screen.tell(f"Connected to {self._place}{self._how()}. Ctrl-] for commands.")
        self.client.negotiated = self._adapt
        self._adapt()
        for half in (self._show(), self._type()):
            ensureDeferred(half).addCallbacks(self._ended, self._failed)
        try:
            by_server = await self._over
        finally:
            if self._reading is not None:
                self._reading.cancel()
            self.screen.use(None)
            self.client.close()
        if by_server and not self._quiet:
            self.screen.begin_line()
            self.screen.tell(f"Connection closed by {self._place}.")

    # Only what ends first counts: the other half may be the very one that is running now, so it
    # is not cancelled, but finds that it is over.

    def _ended(self, by_server: bool | None) -> None:
        if by_server is not None and not self._over.called:
            self._over.callback(by_server)

    def _failed(self, failure: Failure) -> None:
        if not self._over.called:
            self._over.errback(failure)

    def _how(self) -> str:
        return " under TLS" if self.client.peer.secure else ""

    # -- what comes from the terminal beside octets --------------------------------------------

    def resized(self) -> None:
        """The window has another size."""
        self.client.resize(*self.screen.size())

    def interrupted(self) -> None:
        """Ctrl-C where the terminal takes it as that: the server's work, not ours, is meant."""
        if not self._prompting:
            self.client.press(Code.IP)
        elif self._reading is not None:
            self._reading.cancel()

    def quitted(self) -> None:
        r"""Ctrl-\, likewise."""
        if not self._prompting:
            self.client.press(Code.BRK)

    # -- the server's side ---------------------------------------------------------------------

    async def _show(self) -> bool | None:
        while octets := await self.client.read_octets():
            async with self._screen_free:
                if self._over.called:
                    return None
                await self.screen.write(octets)
        ending = self.client.ending
        if ending is not None and isinstance(ending.__cause__, TransportLost):
            raise ending
        return True

    def _adapt(self) -> None:
        """Have the terminal do what the server does not."""
        is_on = self.client.dialog.is_on
        self._mode = mode_of(
            echo=is_on(Side.HIM, Option.ECHO), suppress_go_ahead=is_on(Side.HIM, Option.SGA)
        )
        if not self._prompting:
            self.screen.use(self._mode)

    # -- the user's side -----------------------------------------------------------------------

    async def _type(self) -> bool | None:
        """Send what is typed; False when the user closes, None when nothing more will come."""
        while not self._over.called:
            octets = await self._read()
            if not octets:
                self._ends += 1
                at_lines = self._mode in (Mode.LINES, Mode.HIDDEN_LINES)
                if self.screen.interactive and (self._ends > 1 or not at_lines):
                    return False
                await self._send(b"")
                self.client.press(Code.EOF)
                if not self.screen.interactive:
                    return None
                continue
            self._ends = 0
            while self.screen.interactive and ESCAPE in octets:
                before, _, octets = octets.partition(ESCAPE)
                await self._send(before)
                if await self._command():
                    return False
            await self._send(octets)
        return None

    async def _read(self) -> bytes:
        self._reading = ensureDeferred(self.screen.read())
        try:
            return await self._reading
        finally:
            self._reading = None

    async def _send(self, octets: bytes) -> None:
        if not octets and self.screen.interactive:
            return
        if self.screen.interactive and self._mode is Mode.KEYS:
            binary = self.client.dialog.is_on(Side.US, Option.BINARY)
            said = self._line_ends.of_keys(octets, binary=binary)
        else:
            said = self._line_ends.of_lines(octets) if octets else self._line_ends.flush()
        if said:
            await self.client.write_octets(said)

    # -- commands ------------------------------------------------------------------------------

    async def _command(self) -> bool:
        """Take commands until one goes on; return whether the connection is to be closed."""
        async with self._screen_free:
            self._prompting = True
            self.screen.use(None)
            self.screen.begin_line()
            try:
                while True:
                    words = await self._ask()
                    if words in (["close"], ["quit"], ["exit"]):
                        return True
                    if await self._obey(words):
                        return False
            finally:
                self._prompting = False
                self.screen.use(self._mode)

    async def _ask(self) -> list[str]:
        self.screen.tell(PROMPT, ended=False)
        try:
            line = await self._read()
        except CancelledError:
            line = b""
        if not line.endswith(b"\n"):
            self.screen.tell("")
        return line.replace(ESCAPE, b"").decode("utf-8", "replace").lower().split()

    async def _obey(self, words: list[str]) -> bool:
        """Do what a line says; return whether the conversation goes on."""
        match words:
            case []:
                return True
            case ["z"]:
                self.screen.suspend()
                return True
            case ["send", "escape"]:
                await self.client.write_octets(ESCAPE)
                return True
            case ["send", name] if name in FUNCTIONS:
                self.client.press(FUNCTIONS[name])
                return True
            case ["status"]:
                self.screen.tell("\n".join(self._status()))
            case _:
                self.screen.tell(HELP)
        return False

    def _status(self) -> Sequence[str]:
        lines = [f"  connected to {self._place}{self._how()}", f"  {self._mode.value}"]
        on: dict[str, list[str]] = {}
        for each in self.client.dialog.options.status():
            sides = on.setdefault(_NAMES.get(each.option, str(each.option)), [])
            sides.append(_SIDES[each.verb])
        lines += [f"  {name}: {' and '.join(sides)}" for name, sides in on.items()]
        return lines


async def converse(session: ClientSession, terminal: Terminal, *, quiet: bool) -> None:
    """Connect a terminal, and converse."""
    client = await begin(session, terminal)
    conversation = Conversation(client, terminal, session.target.place, quiet=quiet)
    terminal.watch(
        resized=conversation.resized,
        interrupted=conversation.interrupted,
        quitted=conversation.quitted,
    )
    await conversation.run()
