"""The terminal that commands see: text out, lines and keys in, a screen at a time."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Iterator
from typing import Final, Protocol, TypeVar

from netsuite.telnet.dialog.server import Key, ReadKey, ReadLine
from netsuite.telnet.editing import LINE_CHARACTERS, Line
from netsuite.telnet.sanitize import cut, one_line, sanitized

T = TypeVar("T")

#: Where the client has not said how wide its window is.
COLUMNS: Final = 80
#: Lines that are printed at once, and characters.
_BATCH_LINES: Final = 200
_BATCH_CHARACTERS: Final = 32_768
#: Characters of a line that does not end; it is broken there.
_LINE_CHARACTERS: Final = 8192
#: Characters for each column of a row; there are more than one where marks are combined.
_ROW_CHARACTERS: Final = 4


class Interrupted(Exception):
    """The user wants no more of it (^C)."""


class EndOfText(Exception):
    """The user has nothing more to say (^D)."""


class HungUp(Exception):
    """The user is gone."""


class Wire(Protocol):
    """The connection, as the terminal uses it."""

    interrupted: bool
    hung_up: bool
    window: tuple[int, int]

    def print(self, text: str) -> None:
        """Show text; lines end with LF."""

    async def read_line(self, wanted: ReadLine) -> Line:
        """Let the user type a line. Raises Interrupted, EndOfText, HungUp."""

    async def read_key(self, wanted: ReadKey) -> Key:
        """Let the user press a key. Raises Interrupted, EndOfText, HungUp."""

    async def wait(self, work: Awaitable[T]) -> T:
        """Wait for something else, which is cancelled before Interrupted, HungUp are raised."""

    async def writable(self) -> None:
        """Wait until the user's terminal takes more. Raises ConnectionDone."""

    def takes_keys(self) -> bool:
        """Return whether single keys come, and not lines only."""

    def count_bad(self) -> None:
        """Count something that cannot be taken; the connection ends after too many."""


class Terminal:
    """Talks to the user.

    All that is printed is made harmless by the dialog. Printing raises ``Interrupted`` after an
    interrupt, so that a command ends where it would show something.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def columns(self) -> int:
        """The width of the window, in characters."""
        return self._wire.window[0] or COLUMNS

    def say(self, line: str = "") -> None:
        """Print a line. Raises Interrupted, HungUp."""
        self._print(line + "\n")

    def _print(self, text: str) -> None:
        if self._wire.hung_up:
            raise HungUp
        if self._wire.interrupted:
            self._wire.interrupted = False
            raise Interrupted
        self._wire.print(text)

    async def read_line(
        self, prompt: str, *, visible: bool = True, limit: int = LINE_CHARACTERS
    ) -> str:
        """Let the user type a line. Raises Interrupted, EndOfText, HungUp."""
        while True:
            line = await self._wire.read_line(ReadLine(one_line(prompt), visible, limit))
            if line.whole:
                return line.text
            self._wire.print(f"That line is too long: {limit} characters are taken.\n")
            self._wire.count_bad()

    async def wait(self, work: Awaitable[T]) -> T:
        """Return what something else gives: for commands that wait for more than the user.

        Raises:
            Interrupted, HungUp: the user does not wait for it; it was cancelled.
        """
        return await self._wire.wait(work)

    async def page(self, lines: AsyncIterable[str] | Iterable[str]) -> None:
        """Show lines, a screen at a time where the size of the window is known. Raises Interrupted,
        HungUp: nobody wants the rest.
        """
        pager = _Pager(self)
        if isinstance(lines, AsyncIterable):
            async for line in lines:
                if not await pager.show(line):
                    break
        else:
            for line in lines:
                if not await pager.show(line):
                    break
        await pager.flush()

    async def more(self) -> int | None:
        """Ask whether to go on; return the number of rows to show, None for none of them."""
        keys = self._wire.takes_keys()
        prompt = "--More--" if keys else "--More-- (Enter: go on, q: stop) "
        while True:
            try:
                pressed = (await self._wire.read_key(ReadKey(prompt))).key
            except (Interrupted, EndOfText):
                return None
            if pressed in "qQ":
                return None
            screen = max(1, self._wire.window[1] - 1)  # it may have another size by now
            if pressed == " ":
                return screen
            if pressed == "\n":
                return 1 if keys else screen


class _Pager:
    """Lines on their way to a screen."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._wire = terminal._wire
        self._batch: list[str] = []
        self._characters = 0
        self._rows = max(1, self._wire.window[1] - 1)

    async def show(self, line: str) -> bool:
        """Show a line; return whether more is wanted."""
        if not self._wire.window[1]:
            await self._put(line)
            return True
        for row in _rows(sanitized(line).expandtabs(), self._terminal.columns):
            if self._rows <= 0:
                await self.flush()
                rows = await self._terminal.more()
                if rows is None:
                    return False
                self._rows = rows
            self._rows -= 1
            await self._put(row)
        return True

    async def _put(self, row: str) -> None:
        self._batch.append(row)
        self._characters += len(row)
        if len(self._batch) >= _BATCH_LINES or self._characters >= _BATCH_CHARACTERS:
            await self.flush()

    async def flush(self) -> None:
        """Print what is there, no faster than the user's terminal takes it."""
        if self._batch:
            text = "\n".join([*self._batch, ""])
            self._batch.clear()
            self._characters = 0
            self._terminal._print(text)
            await self._wire.writable()


def _rows(line: str, columns: int) -> Iterator[str]:
    """Break a sanitized line into rows of a screen; each costs what it holds, however long the
    line is."""
    at = 0
    while True:
        # No more than this is looked at for one row: what takes no column is broken there, too.
        ahead = line[at : at + _ROW_CHARACTERS * columns]
        row = cut(ahead, columns) or ahead[:1]
        yield row
        at += len(row)
        if at >= len(line):
            return


async def lines_of(texts: AsyncIterable[str]) -> AsyncIterator[str]:
    """Return the lines of a text that comes in pieces, without their ends; a line that does not end
    is broken."""
    partial = ""
    async for text in texts:
        *lines, partial = (partial + text).split("\n")
        for line in lines:
            yield line.removesuffix("\r")
        while len(partial) > _LINE_CHARACTERS:
            yield partial[:_LINE_CHARACTERS]
            partial = partial[_LINE_CHARACTERS:]
    if partial:
        yield partial.removesuffix("\r")
