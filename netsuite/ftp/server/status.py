"""What is said about the server: FEAT, OPTS, SYST, STAT, HELP, NOOP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.ftp import replies
from netsuite.ftp.commands import (
    Feat,
    Help,
    Noop,
    Opts,
    Protection,
    Reply,
    Stat,
    Syst,
    listing,
    reply,
)
from netsuite.ftp.grammar import PARSERS
from netsuite.ftp.listing import chosen_facts, features, unix_line
from netsuite.ftp.paths import TreePath, quoted, sayable
from netsuite.ftp.server.navigation import listed
from netsuite.store.errors import TooLarge
from netsuite.store.tree import EntryKind

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer

#: Lines that STAT gives of a directory: they go over the control connection, all at once.
STATUS_LINES: Final = 1000
_WORDS_A_LINE: Final = 8


def feature_list(connection: FTPServer, event: Feat) -> None:
    """Say which extensions there are (RFC 2389, 3)."""
    settings = connection.settings
    lines: list[str] = []
    if connection.shared.tls is not None:
        lines.extend(("AUTH TLS", "PBSZ", "PROT"))
    if settings.active:
        lines.append("EPRT")
    if settings.passive:
        lines.append("EPSV")
    lines += ["MDTM", "MFMT", features(connection.facts), "REST STREAM", "SIZE", "TVFS", "UTF8"]
    connection.say(listing(211, "Extensions:", lines, "End"))


def options(connection: FTPServer, event: Opts) -> None:
    """Choose how a command behaves (RFC 2389, 4)."""
    if event.command == "MLST":
        connection.facts = chosen_facts(event.options)
        chosen = "".join(f"{fact};" for fact in connection.facts)
        connection.say(reply(200, f"MLST OPTS {chosen}".rstrip()))
    elif event.command in ("UTF8", "UTF-8") and event.options.upper() in ("", "ON"):
        connection.say(reply(200, "UTF-8, as always"))
    elif event.command in ("UTF8", "UTF-8"):
        connection.say(replies.NOT_OFFERED)
    else:
        connection.say(replies.NO_OPTION)


def system(connection: FTPServer, event: Syst) -> None:
    """Say how LIST looks: that is what clients ask this for."""
    connection.say(reply(215, "UNIX Type: L8"))


def help_(connection: FTPServer, event: Help) -> None:
    """Say which commands there are."""
    if event.topic:
        word = event.topic.upper().encode("utf-8", "replace")
        known = word in PARSERS
        text = f"{event.topic.upper()} is known here" if known else "No such command"
        connection.say(reply(214 if known else 501, text))
        return
    words = sorted(word.decode("ascii") for word in PARSERS)
    lines = [
        " ".join(word.ljust(5) for word in words[start : start + _WORDS_A_LINE]).rstrip()
        for start in range(0, len(words), _WORDS_A_LINE)
    ]
    connection.say(listing(214, "Commands:", lines, "End"))


def nothing(connection: FTPServer, event: Noop) -> None:
    """Be there."""
    connection.say(reply(200, "Here"))


def status(connection: FTPServer, event: Stat) -> Awaitable[None] | None:
    """Say how things stand, or list a directory on this connection."""
    running = connection.running
    if running is not None:
        connection.say(reply(213, f"{running.octets} octets have passed"))
        return None
    if event.path is not None:
        return connection.answer(_listing(connection, connection.resolved(event.path)))
    connection.say(listing(211, f"{connection.settings.host} FTP", _standing(connection), "End"))
    return None


def _standing(connection: FTPServer) -> list[str]:
    peer = connection.peer
    protected = "under TLS" if connection.protection is Protection.PRIVATE else "in the clear"
    return [
        f"Connected from {peer.address or 'a local socket'}",
        f"Logged in as {connection.tree().name}",
        f"TLS: {peer.tls_version or 'no'}, data {protected}",
        f"TYPE {connection.representation.value}, MODE S, STRU F",
        f"Working directory {quoted(connection.working)}",
    ]


async def _listing(connection: FTPServer, path: TreePath) -> Reply:
    tree, now = connection.tree(), connection.shared.now()
    entry = await tree.entry(path)
    if entry.kind is EntryKind.FILE:
        lines = [unix_line(listed(connection, path[:-1], entry), now)]
        return listing(213, "Status follows", lines, "End")
    try:
        entries = await tree.sorted_listing(path, limit=STATUS_LINES)
    except TooLarge:
        return reply(450, "Too many to be listed here; say LIST")
    lines = [
        unix_line(listed(connection, path, each), now) for each in entries if sayable(each.name)
    ]
    return listing(212, "Status follows", lines, "End")


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    Feat: feature_list,
    Opts: options,
    Syst: system,
    Help: help_,
    Noop: nothing,
    Stat: status,
}
