"""Facts about the server and the client: FEAT, OPTS, SYST, STAT, HELP, NOOP; SITE HELP;
CLNT, CSID, LANG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.server import handlers
from netsuite.ftp import commands, deflate, digests, replies
from netsuite.ftp.grammar import DIGESTS, PARSERS, SITE_PARSERS
from netsuite.ftp.listing import chosen_facts, features, unix_line
from netsuite.ftp.paths import TreePath, quoted, sayable
from netsuite.ftp.server.lists import listed
from netsuite.ftp.server.session import Session
from netsuite.store.errors import TooLarge
from netsuite.store.tree import EntryKind

#: Lines that STAT gives of a directory: they go over the control connection, all at once.
STATUS_LINES: Final = 1000
_WORDS_A_LINE: Final = 8
#: So much is kept of what a client says it is.
SOFTWARE_CHARACTERS: Final = 100


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
    lines += [
        "AVBL",
        "CLNT",
        "CSID",
        digests.features(session.hash_name),
        "HOST",
        "LANG EN*",
    ]
    lines += ["MDTM", "MFF modify;UNIX.mode;", "MFMT", features(session.facts)]
    if settings.compression:
        lines.append("MODE Z")
    lines += ["RANG STREAM", "REST STREAM", "SITE CHMOD", "SITE UTIME", "SIZE", "TVFS", "UTF8"]
    lines += sorted(DIGESTS)
    return commands.listing(211, "Extensions:", lines, "End")


async def options(session: Session, command: commands.Opts) -> commands.Reply:
    """Choose how a command behaves (RFC 2389, 4)."""
    if command.command == "MLST":
        session.facts = chosen_facts(command.options)
        chosen = "".join(f"{fact};" for fact in session.facts)
        return commands.reply(200, f"MLST OPTS {chosen}".rstrip())
    if command.command == "HASH":
        return _choose_hash(session, command.options)
    if command.command == "MODE" and session.shared.settings.compression:
        level = deflate.level_of(command.options, session.deflate_level)
        if level is None:
            return replies.NO_OPTION
        session.deflate_level = level
        return commands.reply(200, f"MODE Z LEVEL {level}")
    if command.command not in ("UTF8", "UTF-8"):
        return replies.NO_OPTION
    if command.options.upper() in ("", "ON"):
        return commands.reply(200, "UTF-8, as always")
    return replies.NOT_OFFERED


def _choose_hash(session: Session, name: str) -> commands.Reply:
    """Say by which function HASH hashes, having chosen it if one is named."""
    name = name.upper()
    if name and name not in digests.FUNCTIONS:
        return replies.NO_HASH
    session.hash_name = name or session.hash_name
    return commands.reply(200, session.hash_name)


async def client_software(session: Session, command: commands.Clnt) -> commands.Reply:
    """Note which program the client is."""
    session.software = command.software[:SOFTWARE_CHARACTERS]
    return commands.reply(200, "Noted")


async def identify(session: Session, command: commands.Csid) -> commands.Reply:
    """Note the same, and say what a client should know of the server."""
    session.software = command.software[:SOFTWARE_CHARACTERS]
    name = session.shared.software
    return commands.reply(200, f"Name={name}; CaseSensitive=1; DirSep=/;")


async def language(session: Session, command: commands.Lang) -> commands.Reply:
    """Choose the language of replies: the server's own, English (RFC 2640, 4.1)."""
    if command.tag is not None and command.tag.partition("-")[0] != "en":
        return replies.NO_LANGUAGE
    return commands.reply(200, "English, as always")


async def system(session: Session, command: commands.Syst) -> commands.Reply:
    """Say how LIST looks: that is what clients ask this for."""
    return commands.reply(215, "UNIX Type: L8")


async def commands_known(session: Session, command: commands.Help) -> commands.Reply:
    """Say which commands there are."""
    if command.topic.upper() == "SITE":
        return _known(SITE_PARSERS, "", "SITE ")
    return _known(PARSERS, command.topic)


async def site_commands(session: Session, command: commands.SiteHelp) -> commands.Reply:
    """Say which SITE commands there are."""
    return _known(SITE_PARSERS, command.topic, "SITE ")


def _known(parsers: Mapping[bytes, object], topic: str, of: str = "") -> commands.Reply:
    if topic:
        word = topic.upper()
        known = word.encode("utf-8", "replace") in parsers
        text = f"{of}{word} is known here" if known else "No such command"
        return commands.reply(214 if known else 501, text)
    words = sorted(word.decode("ascii") for word in parsers)
    lines = [
        " ".join(word.ljust(7) for word in words[start : start + _WORDS_A_LINE]).rstrip()
        for start in range(0, len(words), _WORDS_A_LINE)
    ]
    return commands.listing(214, f"{of}Commands:", lines, "End")


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
        f"TYPE {session.representation.value}, MODE {'Z' if session.deflated else 'S'}, STRU F",
        f"Working directory {quoted(session.working)}",
    ]


async def _listing(session: Session, path: TreePath) -> commands.Reply:
    tree, now = session.files, session.shared.now()
    entry = await tree.entry(path)
    if entry.kind is EntryKind.FILE:
        lines = [unix_line(listed(entry, tree.permissions(path), entry.name), now)]
        return commands.listing(213, "Status follows", lines, "End")
    try:
        entries = await tree.sorted_listing(path, limit=STATUS_LINES)
    except TooLarge:
        return commands.reply(450, "Too many to be listed here; say LIST")
    permitted = tree.permissions_within(path)
    lines = [
        unix_line(listed(each, permitted(each.name), each.name), now)
        for each in entries
        if sayable(each.name)
    ]
    return commands.listing(212, "Status follows", lines, "End")


HANDLERS = handlers(
    feature_list, options, client_software, identify, language, system, commands_known,
    site_commands, nothing, status,
)  # fmt: skip
