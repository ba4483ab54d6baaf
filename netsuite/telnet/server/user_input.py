"""The input of a user: what is typed, interrupts, the size of the window, the end."""

from __future__ import annotations

from typing import Final

from netsuite.connection.server import Handlers, handlers
from netsuite.telnet.commands import WindowSize
from netsuite.telnet.dialog.core import Echo
from netsuite.telnet.dialog.server import Input, Key
from netsuite.telnet.editing import Complete, EndOfFile, Interrupt, Line
from netsuite.telnet.server.session import Session
from netsuite.telnet.shell.terminal import EndOfText, Interrupted
from netsuite.wire.events import EndOfInput


async def typed(session: Session, event: Line | Key) -> None:
    """Pass it on to the shell, which has asked for it."""
    session.typed(event)


async def complete(session: Session, event: Complete) -> None:
    """Have the shell tell how the line may go on."""
    session.complete(event)


async def program_input(session: Session, event: Input) -> None:
    """Pass it on to the program that has the terminal, as fast as it takes it."""
    await session.type(event.octets)


async def interrupt(session: Session, event: Interrupt) -> None:
    """Have the shell stop, where it waits for the user or with what it shows next."""
    if not session.break_off(Interrupted()):
        session.interrupted = True


async def end_of_file(session: Session, event: EndOfFile) -> None:
    """Tell the shell that the user has nothing more to say."""
    session.break_off(EndOfText())


async def resize(session: Session, event: WindowSize) -> None:
    """Accept the size of the window (RFC 1073)."""
    session.resize(event.width, event.height)


async def echo(session: Session, event: Echo) -> None:
    """Send what the dialog itself answers: an echo, a negotiation."""
    session.writer.write(event.octets)


async def end_of_input(session: Session, event: EndOfInput) -> None:
    """Accept that the user is gone; what was typed before has been done."""
    session.hang_up()


HANDLERS: Final[Handlers[Session, None]] = handlers(
    typed, complete, program_input, interrupt, end_of_file, resize, echo, end_of_input
)
