"""The turns of a server's dialog: what it is told to say, what it gives, and when which may be.

Whose turn it is, the dialog is told: ``ReadLine`` and ``ReadKey`` give it to the client, and what
they lead to gives it back.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from netsuite.telnet import commands, editing
from netsuite.telnet.dialog.core import Echo
from netsuite.telnet.dialog.style import Style
from netsuite.telnet.editing import Complete, EndOfFile, Interrupt, Line
from netsuite.wire.events import EndOfInput
from netsuite.wire.machine import Machine


@dataclass(frozen=True, slots=True)
class Greet:
    """The connection is there: say which options we want."""


@dataclass(frozen=True, slots=True)
class Print:
    """Text for the terminal; lines end with LF.

    Args:
        style: how it is set off, where the terminal has colours and the user wants them.
    """

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class ReadLine:
    """It is the client's turn to type a line.

    Args:
        prompt: shown before it.
        visible: whether what is typed may be shown; a password's is not.
        limit: how many characters it may have.
        completes: whether TAB asks for what the line may go on with.
        text: what is in the line already, to be edited; where the client edits lines itself there
            is none.
    """

    prompt: str
    visible: bool = True
    limit: int = editing.LINE_CHARACTERS
    completes: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReadKey:
    """It is the client's turn to press a key; the prompt is taken away when it has."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to ``Complete``; the line goes on.

    Args:
        insert: put in at the cursor.
        candidates: shown below the line, to choose from; with neither, the bell rings.
    """

    insert: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Word of something, shown at once on a line of its own, wherever the conversation stands; a
    line that is being typed is shown anew below it."""

    text: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """The terminal is a program's from now on: what is typed and shown goes through as it is."""


@dataclass(frozen=True, slots=True)
class Output:
    """What the program shows."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Farewell:
    """Last words, wherever the conversation stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed."""

    key: str


@dataclass(frozen=True, slots=True)
class Input:
    """What is typed for the program."""

    octets: bytes


class State(enum.Enum):
    """The turns."""

    OURS = "we are at work; what is typed waits"
    LINE = "a line is being typed"
    COMPLETING = "we are asked how a line goes on; what is typed waits"
    KEY = "a key is awaited"
    PROGRAM = "a program has the terminal"
    CLOSED = "all has been said"


TRANSITIONS: Final[Mapping[tuple[State, type], State]] = {
    (State.OURS, Greet): State.OURS,
    (State.OURS, Print): State.OURS,
    (State.OURS, ReadLine): State.LINE,
    (State.OURS, ReadKey): State.KEY,
    (State.OURS, HandOver): State.PROGRAM,
    (State.OURS, Farewell): State.CLOSED,
    (State.OURS, Notice): State.OURS,
    (State.LINE, Line): State.OURS,
    (State.LINE, Interrupt): State.OURS,
    (State.LINE, EndOfFile): State.OURS,
    (State.LINE, Complete): State.COMPLETING,
    (State.LINE, Notice): State.LINE,
    (State.LINE, Farewell): State.CLOSED,
    (State.COMPLETING, Completion): State.LINE,
    (State.COMPLETING, Interrupt): State.OURS,
    (State.COMPLETING, Notice): State.COMPLETING,
    (State.COMPLETING, Farewell): State.CLOSED,
    (State.KEY, Key): State.OURS,
    (State.KEY, Interrupt): State.OURS,
    (State.KEY, EndOfFile): State.OURS,
    (State.KEY, Notice): State.KEY,
    (State.KEY, Farewell): State.CLOSED,
    (State.PROGRAM, Input): State.PROGRAM,
    (State.PROGRAM, Output): State.PROGRAM,
    (State.PROGRAM, Notice): State.PROGRAM,
    (State.PROGRAM, Farewell): State.CLOSED,
}
MACHINE: Final = Machine(TRANSITIONS, start=State.OURS, final=[State.CLOSED])


#: What a line or a key that was asked for may end as.
Typed: TypeAlias = Line | Key | Interrupt | EndOfFile
#: What a server's dialog gives, and takes.
ServerEvent: TypeAlias = Typed | Complete | Input | commands.WindowSize | Echo | EndOfInput
ServerSaid: TypeAlias = (
    Greet | Print | ReadLine | ReadKey | Completion | Notice | HandOver | Output | Farewell
)
