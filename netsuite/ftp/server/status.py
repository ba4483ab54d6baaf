"""Facts about the server: FEAT, OPTS, SYST, STAT, HELP, NOOP."""

from __future__ import annotations

from typing import Final

from netsuite.connection.server import handlers
from netsuite.ftp import commands, replies
from netsuite.ftp.grammar import PARSERS
from netsuite.ftp.listing import chosen_facts, features, unix_line
from netsuite.ftp.paths import TreePath, quoted, sayable
from netsuite.ftp.server.lists import listed
from netsuite.ftp.server.session import Session
from netsuite.store.errors import TooLarge
from netsuite.store.tree import EntryKind

#: Lines that STAT gives of a directory: they go over the control connection, all at once.
STATUS_LINES: Final = 1000
_WORDS_A_LINE: Final = 8


async def feature_list(session: Session, command: commands.Feat) -> commands.Reply:
    """Say which extensions there are (RFC 2389, 3)."""
    settings = session.shared.settings
    lines: list[str] = []
    if session.shared.tls is not None:
        lines.extend(("AUTH TLS", "PBSZ", "PROT"))
    if settings.active:
        lines.append("EPRT")
    if settings.passive:
        lines.append("EPSV")
    lines += ["MDTM", "MFMT", features(session.facts), "REST STREAM", "SIZE", "TVFS", "UTF8"]
    return commands.listing(211, "Extensions:", lines, "End")


async def options(session: Session, command: commands.Opts) -> commands.Reply:
    """Choose how a command behaves (RFC 2389, 4)."""
    if command.command == "MLST":
        session.facts = chosen_facts(command.options)
        chosen = "".join(f"{fact};" for fact in session.facts)
        return commands.reply(200, f"MLST OPTS {chosen}".rstrip())
    if command.command not in ("UTF8", "UTF-8"):
        return replies.NO_OPTION
    if command.options.upper() in ("", "ON"):
        return commands.reply(200, "UTF-8, as always")
    return replies.NOT_OFFERED


async def system(session: Session, command: commands.Syst) -> commands.Reply:
    """Say how LIST looks: that is what clients ask this for."""
    return commands.reply(215, "UNIX Type: L8")


async def commands_known(session: Session, command: commands.Help) -> commands.Reply:
    """Say which commands there are."""
    if command.topic:
        word = command.topic.upper().encode("utf-8", "replace")
        known = word in PARSERS
        text = f"{command.topic.upper()} is known here" if known else "No such command"
        return commands.reply(214 if known else 501, text)
    words = sorted(word.decode("ascii") for word in PARSERS)
    lines = [
        " ".join(word.ljust(5) for word in words[start : start + _WORDS_A_LINE]).rstrip()
        for start in range(0, len(words), _WORDS_A_LINE)
    ]
    return commands.listing(214, "Commands:", lines, "End")


async def nothing(session: Session, command: commands.Noop) -> commands.Reply:
    """Be there."""
    return commands.reply(200, "Here")


async def status(session: Session, command: commands.Stat) -> commands.Reply:
    """Say how things stand, or list a directory on this session."""
    if session.active is not None:
        return commands.reply(213, f"{session.active.octets} octets have passed")
    if command.path is not None:
        return await _listing(session, session.resolved(command.path))
    return commands.listing(211, f"{session.shared.host} FTP", _standing(session), "End")


def _standing(session: Session) -> list[str]:
    peer = session.peer
    protected = "under TLS" if session.protection is commands.Protection.PRIVATE else "in the clear"
    return [
        f"Connected from {peer.address or 'a local socket'}",
        f"Logged in as {session.files.name}",
        f"TLS: {peer.tls_version or 'no'}, data {protected}",
        f"TYPE {session.representation.value}, MODE S, STRU F",
        f"Working directory {quoted(session.working)}",
    ]


async def _listing(session: Session, path: TreePath) -> commands.Reply:
    tree, now = session.files, session.shared.now()
    entry = await tree.entry(path)
    if entry.kind is EntryKind.FILE:
        lines = [unix_line(listed(session, path[:-1], entry), now)]
        return commands.listing(213, "Status follows", lines, "End")
    try:
        entries = await tree.sorted_listing(path, limit=STATUS_LINES)
    except TooLarge:
        return commands.reply(450, "Too many to be listed here; say LIST")
    lines = [unix_line(listed(session, path, each), now) for each in entries if sayable(each.name)]
    return commands.listing(212, "Status follows", lines, "End")


HANDLERS = handlers(feature_list, options, system, commands_known, nothing, status)
