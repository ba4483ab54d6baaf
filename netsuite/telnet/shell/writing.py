"""Writing a text at a terminal, line by line, with the tilde commands of ``drafting``."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from netsuite.store.errors import StoreError
from netsuite.telnet import replies
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell.columns import counted
from netsuite.telnet.shell.command import CommandRefused, Shell
from netsuite.telnet.shell.composing import read_through
from netsuite.telnet.shell.drafting import (
    Abandon,
    Attach,
    Done,
    Draft,
    Edit,
    Header,
    Outcome,
    ReadIn,
    Show,
    TooLong,
)
from netsuite.telnet.shell.paths import resolved
from netsuite.telnet.shell.terminal import EndOfText, Interrupted, lines_of

_INVITATION: Final = "Now the text; a dot on a line of its own ends it; ~? lists more."
_INVITATION_SHORT: Final = "Text; . ends it, ~? help."


async def write_text(
    shell: Shell,
    draft: Draft,
    change: Callable[[Header | Attach], Awaitable[None]],
    nothing: str,
    *,
    may_be_empty: Callable[[], bool] = lambda: False,
) -> None:
    """Let the user write a text.

    Args:
        change: changes the header, or attaches something.
        nothing: what is said where it is thrown away.
        may_be_empty: returns whether it may be none: something goes with it.

    Raises:
        CommandRefused: it was thrown away, or is empty.
    """
    terminal = shell.terminal
    terminal.say(_INVITATION if terminal.columns >= len(_INVITATION) else _INVITATION_SHORT)
    try:
        while True:
            try:
                outcome = draft.take(await terminal.read_line(""))
            except EndOfText:
                break
            if isinstance(outcome, Done):
                break
            if isinstance(outcome, Abandon):
                raise CommandRefused(nothing)
            await _do(shell, draft, outcome, change)
    except TooLong:
        raise CommandRefused(f"{nothing} That text is too long.") from None
    except Interrupted:
        raise CommandRefused(nothing) from None
    if not (may_be_empty() or draft.text.strip()):
        raise CommandRefused(f"{nothing} There is no text.")


async def _do(
    shell: Shell,
    draft: Draft,
    outcome: Outcome,
    change: Callable[[Header | Attach], Awaitable[None]],
) -> None:
    """Do what a tilde command asks for; what cannot be done is said, and the text goes on."""
    try:
        if isinstance(outcome, Show):
            await shell.terminal.page(outcome.lines)
        elif isinstance(outcome, Edit):
            prompt = f"{outcome.number}: "
            draft.replace(outcome.number, await shell.terminal.read_line(prompt, text=outcome.text))
        elif isinstance(outcome, ReadIn):
            await _read_in(shell, draft, outcome.name)
        elif outcome is not None and not isinstance(outcome, Done | Abandon):
            await change(outcome)
    except EndOfText:
        shell.terminal.say("That stays as it was.")
    except StoreError as error:
        shell.terminal.say(replies.text_for(error))
    except CommandRefused as refusal:
        shell.terminal.say(str(refusal))


async def _read_in(shell: Shell, draft: Draft, name: str) -> None:
    """Put in the lines of a file."""
    file = await shell.access.files.open(resolved(shell.directory, name))
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def texts() -> AsyncIterator[str]:
        async for piece in read_through(file):
            yield decoder.decode(piece)

    before = len(draft.lines)
    try:
        async for line in lines_of(texts()):
            draft.put(line)
    except TooLong:
        shell.terminal.say("There is no room for more of it.")
    finally:
        file.close()
    shell.terminal.say(f"{counted(len(draft.lines) - before, 'line')} of {one_line(name)}.")
