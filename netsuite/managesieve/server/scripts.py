"""Scripts: HAVESPACE, PUTSCRIPT, CHECKSCRIPT, LISTSCRIPTS, SETACTIVE, GETSCRIPT, DELETESCRIPT,
RENAMESCRIPT. See RFC 5804, 2.5 to 2.12.
"""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.connection.server import handlers
from netsuite.managesieve import commands, replies
from netsuite.managesieve.commands import Response, ok
from netsuite.managesieve.grammar import TOO_LARGE
from netsuite.managesieve.server.session import Session
from netsuite.sieve.errors import ScriptError


async def have_space(session: Session, command: commands.HaveSpace) -> Response:
    """Say whether a script could be put."""
    scripts = session.scripts
    if command.octets > scripts.largest_octets:
        return TOO_LARGE
    names = {each.name for each in await scripts.scripts()}
    if command.name not in names and len(names) >= scripts.most:
        return replies.TOO_MANY
    return ok("There is room")


async def put_script(session: Session, command: commands.PutScript) -> Response:
    """Check and keep a script. What is active stays so, with its new text."""
    try:
        warnings = await session.scripts.put(command.name, command.script)
    except ScriptError as error:
        return commands.no(str(error))
    return _checked("Kept", warnings)


async def check_script(session: Session, command: commands.CheckScript) -> Response:
    """Check a script."""
    try:
        return _checked("It is right", session.scripts.check(command.script))
    except ScriptError as error:
        return commands.no(str(error))


def _checked(text: str, warnings: Sequence[tuple[int, str]]) -> Response:
    if not warnings:
        return ok(text)
    told = warnings[: replies.WARNINGS_TOLD]
    return ok("\r\n".join(f"line {line}: {warning}" for line, warning in told), "WARNINGS")


async def list_scripts(session: Session, command: commands.ListScripts) -> Response:
    """Say which there are."""
    found = await session.scripts.scripts()
    for each in found:
        session.say(commands.ScriptLine(each.name, each.active))
    return ok(f"{len(found)} scripts")


async def set_active(session: Session, command: commands.SetActive) -> Response:
    """Make one active, or none."""
    await session.scripts.activate(command.name or None)
    return ok("It is active" if command.name else "None is active")


async def get_script(session: Session, command: commands.GetScript) -> Response:
    """Send one."""
    session.say(commands.ScriptText(await session.scripts.script(command.name)))
    return ok("That is all")


async def delete_script(session: Session, command: commands.DeleteScript) -> Response:
    """Remove one."""
    await session.scripts.delete(command.name)
    return ok("Removed")


async def rename_script(session: Session, command: commands.RenameScript) -> Response:
    """Rename one."""
    await session.scripts.rename(command.name, command.new)
    return ok("Renamed")


HANDLERS = handlers(
    have_space,
    put_script,
    check_script,
    list_scripts,
    set_active,
    get_script,
    delete_script,
    rename_script,
)
