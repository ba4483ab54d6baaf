"""telnet and telnets: a conversation at a terminal, or through pipes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, ensureDeferred
from twisted.internet.error import ConnectionLost as TransportLost
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from netsuite.cli.client.access import TLSUse
from netsuite.cli.client.keymap import Discipline, LineEnds, Mode, key_name, mode_of
from netsuite.cli.client.problems import NoTLS
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.telnet_prompt import Prompt
from netsuite.cli.client.terminal import Terminal
from netsuite.connection.client import ClientTimeouts
from netsuite.telnet.client import TelnetClient, connect
from netsuite.telnet.commands import Code, Edit, Option, Variable
from netsuite.telnet.dialog.linemode import KEYS
from netsuite.telnet.options import Side

#: Of a terminal that has no name, or of none (RFC 1091; IANA's list).
UNKNOWN: Final = "UNKNOWN"
#: What a server is told of the environment: which characters the terminal shows.
TOLD: Final = ("LANG", "LC_ALL", "LC_CTYPE")
#: So long it is waited for a server's first word when a pipe has ended, to know what it speaks.
FIRST_WORD_SECONDS: Final = 2.0


def terminal_types(term: str) -> Sequence[str]:
    """Return what to call a terminal of a ``$TERM``, the most exact name first."""
    name = term.upper() or UNKNOWN
    base = name.partition("-")[0]
    return (name,) if base in (name, "") else (name, base)


def _environment() -> Iterator[Variable]:
    for name in TOLD:
        value = os.environ.get(name)
        if value:
            yield Variable(name, value, user=True)


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
        environment=tuple(_environment()),
        keys={**KEYS, **screen.keys()},
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
        self.place = place
        #: The key for commands; empty for none. The user may choose another, and a mode, and
        #: whether what is typed is shown here.
        self.escape = Discipline().escape
        self.chosen_mode: Mode | None = None
        self.chosen_echo: bool | None = None
        self.mode = Mode.LINES
        self._discipline = Discipline()
        self._quiet = quiet or not screen.interactive
        self._line_ends = LineEnds()
        self._screen_free = DeferredLock()  # the prompt for commands keeps it
        self._over: Deferred[bool] = Deferred()
        self._reading: Deferred[bytes] | None = None
        self._prompting = False
        self._ends = 0
        self._heard = False
        self._first_word: IDelayedCall | None = None

    async def run(self) -> None:
        """Converse. Raises ConnectionLost when the connection broke, FileTrouble."""
        if not self._quiet:
            how = f"{self.place}{self.how}. {self._escape_name()} for commands."
            self.screen.tell(f"Connected to {how}")
        self.client.negotiated = self.adapt
        self.adapt()
        for half in (self._show(), self._type()):
            ensureDeferred(half).addCallbacks(self._ended, self._failed)
        try:
            by_server = await self._over
        finally:
            if self._reading is not None:
                self._reading.cancel()
            if self._first_word is not None and self._first_word.active():
                self._first_word.cancel()
            self.screen.use(None)
            self.client.close()
        if by_server and not self._quiet:
            self.screen.begin_line()
            self.screen.tell(f"Connection closed by {self.place}.")

    # Only what ends first counts: the other half may be the very one that is running now, so it
    # is not cancelled, but finds that it is over.

    def _ended(self, by_server: bool | None) -> None:
        if by_server is not None and not self._over.called:
            self._over.callback(by_server)

    def _failed(self, failure: Failure) -> None:
        if not self._over.called:
            self._over.errback(failure)

    @property
    def how(self) -> str:
        """What is to be said of the connection beside its place."""
        return " under TLS" if self.client.peer.secure else ""

    def _escape_name(self) -> str:
        name = key_name(self.escape)
        return f"Ctrl-{name[1]}" if len(name) > 1 else name

    # -- what comes from the terminal beside octets --------------------------------------------

    def resized(self) -> None:
        """The window has another size."""
        self.client.resize(*self.screen.size())

    def interrupted(self) -> None:
        """Ctrl-C where the terminal takes it as that: the server's work, not ours, is meant."""
        if not self._prompting:
            self._press(Code.IP)
        elif self._reading is not None:
            self._reading.cancel()

    def quitted(self) -> None:
        r"""Ctrl-\, likewise."""
        if not self._prompting:
            self._press(Code.ABORT if self.client.dialog.linemode.on else Code.BRK)

    def stopped(self) -> None:
        """Ctrl-Z: the server's where it has said that such keys are functions, else ours."""
        if self.client.dialog.linemode.on and not self._prompting:
            self._press(Code.SUSP)
        else:
            self.screen.suspend()

    def _press(self, code: Code) -> None:
        """Send a function, to a server that speaks Telnet: another would take it for text."""
        if self.client.dialog.speaks:
            self.client.press(code)
        elif not self._quiet:
            self.screen.tell(
                f"\nThat means nothing to this server, which speaks no Telnet; "
                f"{self._escape_name()} for commands."
            )

    # -- the server's side ---------------------------------------------------------------------

    async def _show(self) -> bool | None:
        while octets := await self.client.read_octets():
            self._has_spoken()
            async with self._screen_free:
                if self._over.called:
                    return None
                await self.screen.write(octets)
        ending = self.client.ending
        if ending is not None and isinstance(ending.__cause__, TransportLost):
            raise ending
        return True

    def adapt(self) -> None:
        """Have the terminal do what the server does not, and the user has not chosen otherwise."""
        dialog = self.client.dialog
        self._has_spoken()
        echo = dialog.is_on(Side.HIM, Option.ECHO)
        if self.chosen_echo is not None:
            echo = not self.chosen_echo
        line = dialog.linemode
        by_key = not line.edits if line.on else dialog.is_on(Side.HIM, Option.SGA)
        if self.chosen_mode is not None:
            by_key = self.chosen_mode in (Mode.KEYS, Mode.KEYS_SHOWN)
        self.mode = mode_of(echo=echo, suppress_go_ahead=by_key)
        self._discipline = Discipline(
            escape=self.escape,
            signals=bool(line.mask & Edit.TRAPSIG) if line.on else None,
            flow=dialog.flow,
            restarts_with_any=dialog.restarts_with_any,
            soft_tabs=line.on and bool(line.mask & Edit.SOFT_TAB),
            literal=line.on and bool(line.mask & Edit.LIT_ECHO),
            keys={each.function: each.character for each in line.keys.all()} if line.on else {},
        )
        if not self._prompting:
            self.screen.use(self.mode, self._discipline)

    # -- the user's side -----------------------------------------------------------------------

    async def _type(self) -> bool | None:
        """Send what is typed; False when the user closes, None when nothing more will come."""
        while not self._over.called:
            octets = await self._read()
            if not octets:
                self._ends += 1
                at_lines = self.mode in (Mode.LINES, Mode.HIDDEN_LINES)
                if self.screen.interactive and (self._ends > 1 or not at_lines):
                    return False
                await self._send(b"")
                self._end_input()
                if not self.screen.interactive:
                    return None
                continue
            self._ends = 0
            while self.screen.interactive and self.escape and self.escape in octets:
                before, _, octets = octets.partition(self.escape)
                await self._send(before)
                if await self._command():
                    return False
            await self._send(octets)
        return None

    def _end_input(self) -> None:
        """Tell the server that nothing more will be typed: in Telnet's word where it speaks that,
        else by the end of what is sent, as every other server understands it."""
        if self.client.dialog.speaks:
            self.client.press(Code.EOF)
        elif self._heard or self.screen.interactive:
            self.client.half_close()
        else:  # one that speaks Telnet may not have come to say so
            self._first_word = self.client.clock.callLater(FIRST_WORD_SECONDS, self._told_apart)

    def _has_spoken(self) -> None:
        """The server has said something, or may have."""
        self._heard = self._heard or self.client.octets_in > 0
        if self._heard and self._first_word is not None and self._first_word.active():
            self._first_word.cancel()
            self._told_apart()

    def _told_apart(self) -> None:
        """The server has been waited for long enough to know what it speaks."""
        self._heard = True
        self._end_input()

    async def _read(self) -> bytes:
        self._reading = ensureDeferred(self.screen.read())
        try:
            return await self._reading
        finally:
            self._reading = None

    async def _send(self, octets: bytes) -> None:
        if not octets and self.screen.interactive:
            return
        binary = self.client.dialog.is_on(Side.US, Option.BINARY)
        if self.screen.interactive and self.mode is Mode.KEYS:
            said = self._line_ends.of_keys(octets, binary=binary)
        else:
            lines = self._line_ends
            said = lines.of_lines(octets, binary=binary) if octets else lines.flush()
        if said:
            await self.client.write_octets(said)

    async def _command(self) -> bool:
        """Take commands until one goes on; return whether the connection is to be closed."""
        async with self._screen_free:
            self._prompting = True
            self.screen.use(None)
            self.screen.begin_line()
            try:
                return await Prompt(self).run()
            finally:
                self._prompting = False
                self.adapt()

    async def ask(self, prompt: str) -> list[str]:
        """Return the words of a line that is asked for; none after Ctrl-C."""
        self.screen.tell(prompt, ended=False)
        try:
            line = await self._read()
        except CancelledError:
            line = b""
        if not line.endswith(b"\n"):
            self.screen.tell("")
        return line.replace(Discipline().escape, b"").decode("utf-8", "replace").lower().split()


async def converse(session: ClientSession, terminal: Terminal, *, quiet: bool) -> None:
    """Connect a terminal, and converse."""
    client = await begin(session, terminal)
    conversation = Conversation(client, terminal, session.target.place, quiet=quiet)
    terminal.watch(
        resized=conversation.resized,
        interrupted=conversation.interrupted,
        quitted=conversation.quitted,
        stopped=conversation.stopped,
    )
    await conversation.run()
