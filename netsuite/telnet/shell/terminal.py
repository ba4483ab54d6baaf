"""The terminal that commands see: text out, lines and keys in, a screen at a time."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Final, NamedTuple, Protocol, TypeAlias, TypeVar

from netsuite.telnet.dialog.server import Completion, Key, ReadKey, ReadLine, ServerDialog
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.editing import LINE_CHARACTERS, Line
from netsuite.telnet.sanitize import cut, one_line, sanitized
from netsuite.telnet.shell.columns import wrapped

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
#: Rows that one can go back in what is paged, and characters.
_KEPT_ROWS: Final = 20_000
_KEPT_CHARACTERS: Final = 1_000_000
#: What is searched for in it.
_SEARCH_CHARACTERS: Final = 200

_PAGER_HELP: Final = "space: on  Enter: a line  b: back  /: search  n: next  g, G: ends  q: stop"
_PAGER_HELP_SHORT: Final = "b / n g G q ?"


class Interrupted(Exception):
    """The user wants no more of it (^C)."""


class EndOfText(Exception):
    """The user has nothing more to say (^D)."""


class HungUp(Exception):
    """The user is gone."""


class Styled(NamedTuple):
    """A line that is set off where the terminal has colours."""

    text: str
    style: Style


#: What is shown as a line.
Shown: TypeAlias = str | Styled
#: Gives what a line may go on with, from what stands before the cursor and behind it.
Completing: TypeAlias = Callable[[str, str], Awaitable[Completion]]


class Wire(Protocol):
    """The connection, as the terminal uses it."""

    interrupted: bool
    hung_up: bool
    window: tuple[int, int]
    dialog: ServerDialog

    @property
    def colour(self) -> bool:
        """Whether the terminal has colours, and the user wants them."""

    @property
    def terminal_type(self) -> str:
        """What the user's terminal is; empty: unknown."""

    def use_colour(self, wanted: bool) -> None:
        """Have colours used where the terminal has them, or not."""

    def print(self, text: str, style: Style = Style.PLAIN) -> None:
        """Show text; lines end with LF."""

    def notice(self, text: str) -> None:
        """Show a line at once; a line that is being typed is shown anew below it."""

    async def read_line(self, wanted: ReadLine, complete: Completing | None = None) -> Line:
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

    What the user says of the window (``set_size``) goes before what the client says.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: What the user says of the window, in characters; 0 for nothing said.
        self.set_columns = 0
        self.set_rows = 0
        #: Whether long output stops at each screen.
        self.pages = True

    @property
    def columns(self) -> int:
        """The width of the window, in characters."""
        return self.set_columns or self._wire.window[0] or COLUMNS

    @property
    def wraps(self) -> int:
        """The width to wrap text to; 0 where nobody has said how wide the window is."""
        return self.set_columns or self._wire.window[0]

    @property
    def rows(self) -> int:
        """The height of the window, in lines; 0 where it is not known."""
        return self.set_rows or self._wire.window[1]

    @property
    def takes_keys(self) -> bool:
        """Whether single keys come, and not lines only."""
        return self._wire.takes_keys()

    def set_size(self, columns: int, rows: int) -> None:
        """Accept what the user says of the window, 0 for nothing: lines are edited in it, too."""
        self.set_columns, self.set_rows = columns, rows
        said = self._wire.window
        self._wire.dialog.terminal.window = (columns or said[0], rows or said[1])

    @property
    def type(self) -> str:
        """What the terminal calls itself; empty: unknown."""
        return self._wire.terminal_type

    @property
    def colour(self) -> bool:
        """Whether text is set off by colours."""
        return self._wire.colour

    def use_colour(self, wanted: bool) -> None:
        """Have colours used where the terminal has them, or not."""
        self._wire.use_colour(wanted)

    @property
    def charset(self) -> str:
        """The character set that text is sent in."""
        encoding = self._wire.dialog.encoding
        return "us-ascii" if encoding == "ascii" else encoding

    def use_charset(self, encoding: str | None) -> None:
        """Send text as ``ascii`` or ``utf-8``, whatever was agreed on; None for that."""
        self._wire.dialog.terminal.charset = encoding

    def say(self, line: str = "", style: Style = Style.PLAIN) -> None:
        """Print a line, wrapped where the width of the window is known. Raises Interrupted,
        HungUp."""
        rows = [
            row
            for each in (sanitized(line).expandtabs().split("\n") if self.wraps else ())
            for row in wrapped(each, self.wraps)
        ]
        self.print("\n".join([*(rows or [line]), ""]), style)

    def print(self, text: str, style: Style = Style.PLAIN) -> None:
        """Print text, whose lines end with LF. Raises Interrupted, HungUp."""
        if self._wire.hung_up:
            raise HungUp
        if self._wire.interrupted:
            self._wire.interrupted = False
            raise Interrupted
        self._wire.print(text, style)

    async def read_line(
        self,
        prompt: str,
        *,
        visible: bool = True,
        limit: int = LINE_CHARACTERS,
        text: str = "",
        complete: Completing | None = None,
    ) -> str:
        """Let the user type a line. Raises Interrupted, EndOfText, HungUp.

        Args:
            limit: how many characters it may have.
            text: what is there already; a client that edits lines itself cannot be given it, and
                so its user says what is to be there instead, or nothing for that.
            complete: asked at TAB.
        """
        given = text if not text or self.takes_keys else ""
        if given != text:
            self.say(f"{one_line(prompt)}{one_line(text)}")
        wanted = ReadLine(one_line(prompt), visible, limit, text=given)
        while True:
            line = await self._wire.read_line(wanted, complete)
            if line.whole:
                return line.text or ("" if given == text else text)
            self._wire.print(f"That line is too long: {limit} characters are taken.\n")
            self._wire.count_bad()

    async def wait(self, work: Awaitable[T]) -> T:
        """Return what something else gives: for commands that wait for more than the user.

        Raises:
            Interrupted, HungUp: the user does not wait for it; it was cancelled.
        """
        return await self._wire.wait(work)

    async def writable(self) -> None:
        """Wait until the terminal takes more. Raises ConnectionDone."""
        await self._wire.writable()

    async def read_key(self, prompt: str) -> str:
        """Let the user press a key. Raises Interrupted, EndOfText, HungUp."""
        return (await self._wire.read_key(ReadKey(prompt))).key

    async def page(self, lines: AsyncIterable[Shown] | Iterable[Shown]) -> None:
        """Show lines, a screen at a time where the size of the window is known. Raises Interrupted,
        HungUp: nobody wants the rest.
        """
        source = lines if isinstance(lines, AsyncIterable) else _each(lines)
        if self.rows and self.pages:
            await _Pager(self, source).run()
            return
        out = _Batch(self)
        async for line in source:
            await out.put(line if isinstance(line, Styled) else Styled(line, Style.PLAIN))
        await out.flush()


async def _each(lines: Iterable[Shown]) -> AsyncIterator[Shown]:
    for line in lines:
        yield line


class _Batch:
    """Lines that are printed together, no faster than the user's terminal takes them."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lines: list[Styled] = []
        self._characters = 0

    async def put(self, line: Styled) -> None:
        """Print a line, with those that come next."""
        self._lines.append(line)
        self._characters += len(line.text)
        if len(self._lines) >= _BATCH_LINES or self._characters >= _BATCH_CHARACTERS:
            await self.flush()

    async def flush(self) -> None:
        """Print what is there."""
        lines, self._lines, self._characters = self._lines, [], 0
        start = 0
        for end in range(1, len(lines) + 1):
            if end == len(lines) or lines[end].style is not lines[start].style:
                text = "\n".join([*(each.text for each in lines[start:end]), ""])
                self._terminal.print(text, lines[start].style)
                start = end
        if lines:
            await self._terminal.writable()


class _Screenfuls:
    """The rows of a text, taken from their source as far as they are looked at; the last of them
    are kept."""

    def __init__(self, source: AsyncIterable[Shown], columns: int) -> None:
        self._source = source.__aiter__()
        self._columns = columns
        self._kept: deque[Styled] = deque()
        self._characters = 0
        #: The first row that is kept.
        self.first = 0
        self.ended = False

    @property
    def end(self) -> int:
        """Behind the last row that was taken."""
        return self.first + len(self._kept)

    async def row(self, place: int) -> Styled | None:
        """Return a row, by its place from 0, that is kept or was not taken yet; None behind the
        last."""
        while place >= self.end and not self.ended:
            await self._take()
        return self._kept[place - self.first] if self.first <= place < self.end else None

    async def _take(self) -> None:
        """Take the next line."""
        try:
            line = await self._source.__anext__()
        except StopAsyncIteration:
            self.ended = True
            return
        text, style = line if isinstance(line, Styled) else (line, Style.PLAIN)
        for row in _rows(sanitized(text).expandtabs(), self._columns):
            self._kept.append(Styled(row, style))
            self._characters += len(row)
        while len(self._kept) > _KEPT_ROWS or self._characters > _KEPT_CHARACTERS:
            if len(self._kept) == 1:
                break
            self._characters -= len(self._kept.popleft().text)
            self.first += 1


class _Pager:
    """A text on its way to a screen, and back."""

    def __init__(self, terminal: Terminal, source: AsyncIterable[Shown]) -> None:
        self._terminal = terminal
        self._text = _Screenfuls(source, terminal.columns)
        self._at = 0  # the row that is shown next
        self._sought = ""
        self._walked = False  # the user has gone elsewhere than on, and so may want to at the end

    async def run(self) -> None:
        """Show it, until its end, or until the user wants no more."""
        rows: int | None = self._screen()
        while rows is not None:
            await self._show(rows)
            more = await self._text.row(self._at) is not None
            if not (more or self._walked):
                return
            rows = await self._ask(more)

    def _screen(self) -> int:
        rows = self._terminal.rows  # it may have another size by now, or none: all is shown
        return max(1, rows - 1) if rows else sys.maxsize

    async def _show(self, rows: int) -> None:
        out = _Batch(self._terminal)
        for _ in range(rows):
            row = await self._text.row(max(self._at, self._text.first))
            if row is None:
                break
            self._at = max(self._at, self._text.first) + 1
            await out.put(row)
        await out.flush()

    async def _ask(self, more: bool) -> int | None:
        """Ask what to do; return how many rows to show, None where nobody wants any more."""
        keys = self._terminal.takes_keys
        prompt = "--More--" if more else "--End--"
        while True:
            try:
                pressed = await self._terminal.read_key(
                    prompt if keys else f"{prompt} (Enter: go on, q: stop) "
                )
                if pressed in "qQ" or (pressed in " \n" and not more):
                    return None
                rows = await self._go(pressed, keys)
            except (Interrupted, EndOfText):
                return None
            if rows is not None:
                return rows

    async def _go(self, pressed: str, keys: bool) -> int | None:
        """Go where a key leads; return how many rows to show there, None for no such key."""
        screen = self._screen()
        if pressed == " ":
            return screen
        if pressed == "\n":
            return 1 if keys else screen
        if pressed in ("?", "h"):
            wide = self._terminal.columns > len(_PAGER_HELP)
            self._terminal.say(_PAGER_HELP if wide else _PAGER_HELP_SHORT)
            return None
        if pressed not in "bgGn/":
            return None
        self._walked = True
        if pressed == "b":
            self._at = max(self._text.first, self._at - 2 * screen)
        elif pressed == "g":
            self._at = self._text.first
        elif pressed == "G":
            await self._terminal.wait(self._to_the_end())
            self._at = max(self._text.first, self._text.end - screen)
        elif not await self._search(pressed):
            return None
        return screen

    async def _to_the_end(self) -> None:
        while not self._text.ended:
            await self._text.row(self._text.end)

    async def _search(self, pressed: str) -> bool:
        """Go to the next row that has a text, in any case; return whether there is one."""
        if pressed == "/":
            typed = await self._terminal.read_line("/", limit=_SEARCH_CHARACTERS)
            self._sought = typed.strip().casefold() or self._sought
        if not self._sought:
            return False
        found = await self._terminal.wait(self._found())
        if found is None:
            self._terminal.say("That is not there, from here on.")
            return False
        self._at = found
        return True

    async def _found(self) -> int | None:
        # From the second row on the screen: the first one may be what was found before.
        place = max(self._text.first, self._at - self._screen() + 1)
        while (row := await self._text.row(place)) is not None:
            if self._sought in row.text.casefold():
                return place
            place = max(place + 1, self._text.first)
        return None


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
