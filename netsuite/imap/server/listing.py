"""LIST and LSUB: the mailboxes there are, and those subscribed.

See RFC 3501, 6.3.8 and 6.3.9; RFC 5258 (options), RFC 3348 (children), RFC 6154 (special use),
RFC 5819 (status), RFC 8440 (rights), RFC 9590 (annotations).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from twisted.internet.task import deferLater

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.metadata import MetadataData
from netsuite.imap.commands.responses import Completion, Listed, StatusData, ok
from netsuite.imap.commands.rights import MyRightsData
from netsuite.imap.patterns import Patterns, parents
from netsuite.imap.server.folders import USE_ATTRIBUTES, status_data
from netsuite.imap.server.metadata import listed_metadata
from netsuite.imap.server.session import Session
from netsuite.store import rights
from netsuite.store.errors import NoSuchFolder, NotPermitted, StoreError
from netsuite.store.model import SEPARATOR, Folder

#: Names that are looked at before others have their turn.
_NAMES_AT_ONCE: Final = 200
#: What a mailbox has to be, where LIST names them (RFC 5258, 3.1; REMOTE: there are none).
_CRITERIA: Final = ("SUBSCRIBED", "SPECIAL-USE")


class _Tree:
    """All names a client may see: folders, and the names above them that are none."""

    def __init__(self, folders: Iterable[Folder], subscriptions: Iterable[str]) -> None:
        self.folders = {folder.name: folder for folder in folders}
        self.subscriptions = frozenset(subscriptions)
        self.above = above(self.folders)

    def names(self, *, subscribed: bool) -> list[str]:
        """Return every name, INBOX first; with those that are only subscribed, if wanted."""
        names = {*self.folders, *self.above, *(self.subscriptions if subscribed else ())}
        ordered = sorted(names)
        if "INBOX" in names:
            ordered.remove("INBOX")
            ordered.insert(0, "INBOX")
        return ordered

    def meets(self, name: str, criteria: frozenset[str]) -> bool:
        """Return whether a name is what LIST selects."""
        if "SUBSCRIBED" in criteria and name not in self.subscriptions:
            return False
        if "SPECIAL-USE" in criteria:
            folder = self.folders.get(name)
            return folder is not None and folder.special_use is not None
        return True

    def attributes(self, name: str, *, extended: bool) -> tuple[str, ...]:
        """Return what a name is; one that is no mailbox as RFC 5258, 3.4 or RFC 3501 has it."""
        folder = self.folders.get(name)
        children = "\\HasChildren" if name in self.above else "\\HasNoChildren"
        if folder is None:
            if name in self.above:
                return ("\\NonExistent" if extended else "\\Noselect", children)
            return ("\\NonExistent",)
        attributes = [children]
        if folder.special_use is not None:
            attributes.append(USE_ATTRIBUTES[folder.special_use])
        if "r" not in folder.rights:
            attributes.append("\\Noselect")  # RFC 9051, 6.3.9.2
        return tuple(attributes)


def above(names: Iterable[str]) -> set[str]:
    """Return all names above some."""
    return {each for name in names if SEPARATOR in name for each in parents(name, SEPARATOR)}


async def _tree(session: Session) -> _Tree:
    mail = session.mail
    return _Tree(await mail.folders(), await mail.subscriptions())


async def list_mailboxes(session: Session, request: ask.List) -> Completion:
    """List the mailboxes there are, or that are subscribed."""
    if request.patterns == ("",) and not request.extended:
        # RFC 3501, 6.3.8: asks for the separator and the root of the reference; in the extended
        # syntax nothing does (RFC 5258, 3).
        session.say(Listed(("\\Noselect",), SEPARATOR, ""))
        return ok("Separator given")
    patterns = Patterns((request.reference + each for each in request.patterns if each), SEPARATOR)
    tree = await _tree(session)
    names = tree.names(subscribed="SUBSCRIBED" in request.select)
    listed = _lister(tree, names, patterns, request)
    async for name in _in_turns(session, names):
        line = listed(name) if patterns.matches(name) else None
        if line is None:
            continue
        folder = tree.folders.get(name)
        if folder is None or not tree.meets(name, request.select):
            session.say(line)
            continue
        for each in await _with_more(session, line, folder, request):
            session.say(each)
    return ok("Listed")


async def _with_more(
    session: Session, line: Listed, folder: Folder, request: ask.List
) -> Sequence[Listed | MyRightsData | StatusData | MetadataData]:
    """Return what is said of a mailbox that is listed, with what else is wanted of it."""
    name = folder.name
    found: list[Listed | MyRightsData | StatusData | MetadataData] = [line]
    if "MYRIGHTS" in request.returns:
        found.append(MyRightsData(name, rights.shown(folder.rights)))
    # Of what cannot be asked now there is nothing more.
    with suppress(StoreError):
        if request.status and "r" in folder.rights:
            try:
                found.append(await status_data(session, name, request.status))
            except (NoSuchFolder, NotPermitted):
                # Gone or hidden meanwhile: it cannot be selected any more (RFC 5819, 2).
                found[0] = replace(line, attributes=(*line.attributes, "\\Noselect"))
        if request.metadata:
            found.append(await listed_metadata(session, name, request.metadata))
    return found


async def _in_turns(session: Session, names: Sequence[str]) -> AsyncIterator[str]:
    """Return names; every so many of them all other connections have their turn, and what was
    said goes out before there is more."""
    for index, name in enumerate(names):
        if index and index % _NAMES_AT_ONCE == 0:
            await deferLater(session.clock, 0)
            await session.writer.writable()
        yield name


def _lister(
    tree: _Tree, names: Sequence[str], patterns: Patterns, request: ask.List
) -> Callable[[str], Listed | None]:
    """Return a function that returns what LIST shows of a name which its patterns mean; None where
    its options leave it out."""
    criteria = request.select.intersection(_CRITERIA)
    shows_subscribed = "SUBSCRIBED" in request.select | request.returns
    chosen = [name for name in names if tree.meets(name, criteria)] if criteria else []
    recursive = "RECURSIVEMATCH" in request.select
    above_chosen = above(chosen) if recursive else frozenset[str]()
    # A name that is not chosen itself is shown for those below it that are not (RFC 5258, 3.5).
    above_hidden = (
        above(name for name in chosen if not patterns.matches(name))
        if recursive
        else frozenset[str]()
    )
    childinfo = tuple(each for each in _CRITERIA if each in criteria)

    def listed(name: str) -> Listed | None:
        if criteria and not tree.meets(name, criteria) and name not in above_hidden:
            return None
        attributes = tree.attributes(name, extended=request.extended)
        if shows_subscribed and name in tree.subscriptions:
            attributes += ("\\Subscribed",)
        children = childinfo if name in above_chosen else ()
        return Listed(attributes, SEPARATOR, name, childinfo=children)

    return listed


async def lsub(session: Session, request: ask.Lsub) -> Completion:
    """List what is subscribed, whether it exists or not."""
    pattern = Patterns([request.reference + request.pattern], SEPARATOR)
    tree = await _tree(session)
    shown: dict[str, tuple[str, ...]] = {}
    async for name in _in_turns(session, sorted(tree.subscriptions)):
        if pattern.matches(name):
            shown[name] = () if name in tree.folders else ("\\Noselect",)
        elif "%" in request.pattern:
            # RFC 3501, 6.3.9: a name that "%" stops before is shown for those below it.
            for parent in parents(name, SEPARATOR):
                if parent not in tree.subscriptions and pattern.matches(parent):
                    shown[parent] = ("\\Noselect",)
    async for name in _in_turns(session, sorted(shown)):
        session.say(Listed(shown[name], SEPARATOR, name, lsub=True))
    return ok("Listed")


HANDLERS = handlers(list_mailboxes, lsub)
