"""The terminal, or the pipes in its place, for a conversation: modes, size, signals, octets.

Twisted's ``stdio`` is not used: it makes the descriptors non-blocking, which they then are for
the shell as well, also after we are gone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Final

import click
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor, IWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.cli.client.keymap import Discipline, Mode
from netsuite.cli.client.problems import FileTrouble
from netsuite.telnet.commands import Key

READ_OCTETS: Final = 4096
#: What no pipe that can be written to makes wait.
WRITE_OCTETS: Final = select.PIPE_BUF
#: Of a terminal that does not tell its own.
SIZE: Final = (80, 24)

# Where in what tcgetattr gives.
_IFLAG, _OFLAG, _LFLAG, _CC = 0, 1, 3, 6
_RAW_INPUT = (
    termios.BRKINT | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.INPCK
    | termios.ISTRIP | termios.IXON
)  # fmt: skip
_KEYS_OFF = termios.ICANON | termios.ISIG | termios.IEXTEN


#: Nothing beside a mode.
AS_FOUND: Final = Discipline()
#: Where a terminal keeps the keys of functions.
_KEYS: Final[Mapping[int, int]] = {
    Key.IP: termios.VINTR, Key.ABORT: termios.VQUIT, Key.EOF: termios.VEOF,
    Key.SUSP: termios.VSUSP, Key.EC: termios.VERASE, Key.EL: termios.VKILL,
    Key.EW: termios.VWERASE, Key.RP: termios.VREPRINT, Key.LNEXT: termios.VLNEXT,
    Key.XON: termios.VSTART, Key.XOFF: termios.VSTOP,
}  # fmt: skip


def settings_for(mode: Mode, original: list[Any], discipline: Discipline = AS_FOUND) -> list[Any]:
    """Return a terminal's settings for a mode, from those it had."""
    made = [*original[:_CC], list(original[_CC])]
    if mode is Mode.KEYS:
        made[_IFLAG] &= ~_RAW_INPUT
        made[_OFLAG] &= ~termios.OPOST
        made[_LFLAG] &= ~(_KEYS_OFF | termios.ECHO | termios.ECHONL)
    elif mode is Mode.KEYS_SHOWN:
        made[_LFLAG] &= ~_KEYS_OFF
        made[_LFLAG] |= termios.ECHO
    else:
        made[_LFLAG] |= termios.ICANON | termios.ISIG | termios.ECHO
        if discipline.escape:
            made[_CC][termios.VEOL] = discipline.escape  # ends a line, so that it is told at once
        if mode is Mode.HIDDEN_LINES:
            made[_LFLAG] &= ~(termios.ECHO | termios.ECHONL)
    if mode in (Mode.KEYS, Mode.KEYS_SHOWN):
        made[_CC][termios.VMIN], made[_CC][termios.VTIME] = 1, 0
    _disciplined(made, discipline)
    return made


def _disciplined(made: list[Any], discipline: Discipline) -> None:
    """Change settings to what user and server want beside the mode."""
    _set(made, _LFLAG, termios.ISIG, discipline.signals)
    _set(made, _IFLAG, termios.IXON, discipline.flow)
    _set(made, _IFLAG, termios.IXANY, discipline.restarts_with_any or None)
    _set(made, _OFLAG, termios.TAB3, discipline.soft_tabs or None)
    _set(made, _LFLAG, termios.ECHOCTL, False if discipline.literal else None)
    for function, octet in discipline.keys.items():
        if function in _KEYS:
            made[_CC][_KEYS[function]] = bytes([octet])


def _set(made: list[Any], where: int, flag: int, on: bool | None) -> None:
    if on is not None:
        made[where] = made[where] | flag if on else made[where] & ~flag


class Terminal:
    """Standard input and output.

    Args:
        reactor: tells when they can be read and written.
        stdin, stdout: descriptors.
    """

    def __init__(self, reactor: Any, *, stdin: int = 0, stdout: int = 1) -> None:
        self._reactor = reactor
        self._stdin, self._stdout = stdin, stdout
        self.interactive = os.isatty(stdin)
        self._original = termios.tcgetattr(stdin) if self.interactive else None
        self._mode: Mode | None = None
        self._discipline = AS_FOUND
        self._input = _Input(reactor, stdin)
        self._output = _Output(reactor, stdout)
        self._handlers: dict[int, Any] = {}
        self._line_open = False  # by what was shown last

    # -- modes ---------------------------------------------------------------------------------

    def use(self, mode: Mode | None, discipline: Discipline = AS_FOUND) -> None:
        """Put the terminal into a mode; None: as it was found."""
        self._mode, self._discipline = mode, discipline
        if self._original is not None:
            wanted = self._original
            if mode is not None:
                wanted = settings_for(mode, self._original, discipline)
            # Not when the output has drained: a terminal that was stopped would stop us.
            with contextlib.suppress(termios.error):  # it has been hung up
                termios.tcsetattr(self._stdin, termios.TCSANOW, wanted)

    def keys(self) -> Mapping[int, int]:
        """Return the keys that the terminal had for functions, by these."""
        if self._original is None:
            return {}
        characters = self._original[_CC]
        return {function: ord(characters[place]) for function, place in _KEYS.items()}

    def release(self) -> None:
        """Leave terminal and signals as they were found; may be called again."""
        self.use(None)
        self.begin_line()
        handlers, self._handlers = self._handlers, {}
        for number, handler in handlers.items():
            signal.signal(number, handler)
        self._output.close()

    def size(self) -> tuple[int, int]:
        """Return width and height in characters."""
        for each in (self._stdout, self._stdin):
            with contextlib.suppress(OSError):
                width, height = os.get_terminal_size(each)
                return width or SIZE[0], height or SIZE[1]
        return SIZE

    # -- signals -------------------------------------------------------------------------------

    def watch(
        self,
        *,
        resized: Callable[[], None],
        interrupted: Callable[[], None],
        quitted: Callable[[], None],
        stopped: Callable[[], None],
    ) -> None:
        """Have functions called at signals, in the loop; a hangup ends it, and a stop leaves the
        terminal usable."""
        if not self.interactive:
            return
        wanted: Mapping[int, Callable[[], None]] = {
            signal.SIGWINCH: resized,
            signal.SIGINT: interrupted,
            signal.SIGQUIT: quitted,
            signal.SIGTSTP: stopped,
            signal.SIGCONT: lambda: self._continued(resized),
            signal.SIGHUP: self._reactor.stop,
        }
        for number, call in wanted.items():
            self._handlers[number] = signal.signal(number, self._calling(call))

    def _calling(self, call: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
        return lambda number, frame: self._reactor.callFromThread(call)

    def suspend(self) -> None:
        """Stop, as Ctrl-Z does; ``fg`` goes on."""
        mode, discipline = self._mode, self._discipline
        self.use(None)
        self._mode, self._discipline = mode, discipline
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continued(self, resized: Callable[[], None]) -> None:
        self.use(self._mode, self._discipline)
        resized()

    # -- octets --------------------------------------------------------------------------------

    async def read(self) -> bytes:
        """Return what is typed next; empty at the end."""
        return await self._input.read()

    async def write(self, octets: bytes) -> None:
        """Show octets; wait until they have been taken. Raises FileTrouble."""
        self._line_open = not octets.endswith(b"\n")
        await self._output.write(octets)

    def begin_line(self) -> None:
        """End the line that the server has left open, if there is one."""
        if self.interactive and self._line_open:
            self.tell("")

    def tell(self, text: str, *, ended: bool = True) -> None:
        """Show something of our own, on standard error."""
        self._line_open = not ended
        with contextlib.suppress(OSError):
            click.echo(text, err=True, nl=ended)


class _Descriptor:
    """A descriptor that is read or written when the reactor says that it can be."""

    def __init__(self, reactor: IReactorFDSet, descriptor: int) -> None:
        self.reactor = reactor
        self.descriptor = descriptor

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.descriptor

    def logPrefix(self) -> str:  # noqa: N802 - Twisted's name
        """Name it in the log."""
        return type(self).__name__

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Accept that the reactor found it hung up: reading or writing tells it as well."""


@implementer(IReadDescriptor)
class _Input(_Descriptor):
    """Read when somebody asks, and not before."""

    _waiting: Deferred[bytes] | None = None

    async def read(self) -> bytes:
        """Return what comes next; empty at the end."""
        self._waiting = Deferred(lambda _: self._stop())
        self.reactor.addReader(self)
        return await self._waiting

    def doRead(self) -> None:  # noqa: N802 - Twisted's name
        """Read once: what select has announced does not block."""
        try:
            octets = os.read(self.descriptor, READ_OCTETS)
        except BlockingIOError:  # somebody else was quicker
            return
        except OSError:  # a terminal that was hung up
            octets = b""
        self._told(octets)

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """The other end of a pipe is gone and what it wrote has been read, or the loop ends.

        Nothing is read here: in a loop that ends nobody has said that it would not block.
        """
        self._told(b"")

    def _told(self, octets: bytes) -> None:
        waiting = self._waiting
        self._stop()
        if waiting is not None:
            waiting.callback(octets)

    def _stop(self) -> None:
        self._waiting = None
        self.reactor.removeReader(self)


@implementer(IWriteDescriptor)
class _Output(_Descriptor):
    """Written in pieces that cannot block.

    A terminal is opened anew for that: non-blocking is only what we have opened ourselves.
    """

    def __init__(self, reactor: IReactorFDSet, descriptor: int) -> None:
        super().__init__(reactor, descriptor)
        self._own: int | None = None
        self._pending = b""
        self._waiting: Deferred[None] | None = None
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            self._own = self.descriptor = os.open(os.ttyname(descriptor), flags)

    async def write(self, octets: bytes) -> None:
        """Write all of it. Raises FileTrouble."""
        self._pending = octets
        self._waiting = Deferred(lambda _: self._stop())
        self.reactor.addWriter(self)
        await self._waiting

    def doWrite(self) -> None:  # noqa: N802 - Twisted's name
        """Write a piece."""
        try:
            written = os.write(self.descriptor, self._pending[:WRITE_OCTETS])
        except BlockingIOError:
            return
        except OSError as error:
            self._failed(error.strerror or str(error))
            return
        self._pending = self._pending[written:]
        waiting = self._waiting
        if not self._pending and waiting is not None:
            self._stop()
            waiting.callback(None)

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Nobody reads any more."""
        self._failed("nobody reads it any more")

    def _failed(self, why: str) -> None:
        waiting = self._waiting
        self._stop()
        if waiting is not None:
            waiting.errback(FileTrouble(f"standard output cannot be written: {why}"))

    def _stop(self) -> None:
        self._waiting = None
        self.reactor.removeWriter(self)

    def close(self) -> None:
        """Close what was opened; may be called again."""
        own, self._own = self._own, None
        if own is not None:
            self.reactor.removeWriter(self)
            os.close(own)
