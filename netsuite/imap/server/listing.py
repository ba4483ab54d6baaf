"""LIST and LSUB: the mailboxes there are, and those subscribed.

See RFC 3501, 6.3.8 and 6.3.9; RFC 5258 (options), RFC 3348 (children), RFC 6154 (special use),
RFC 5819 (status).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from twisted.internet.task import deferLater

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Completion, Listed, ok
from netsuite.imap.patterns import Patterns, parents
from netsuite.imap.server.folders import USE_ATTRIBUTES, status_data
from netsuite.imap.server.session import Session
from netsuite.store.errors import StoreError
from netsuite.store.model import SEPARATOR, Folder

#: Names that are looked at before others have their turn.
_NAMES_AT_ONCE: Final = 200


class _Tree:
    """All names a client may see: folders, and the names above them that are none."""

    def __init__(self, folders: Iterable[Folder], subscriptions: Iterable[str]) -> None:
        self.folders = {folder.name: folder for folder in folders}
        self.subscriptions = frozenset(subscriptions)
        special = (name for name, each in self.folders.items() if each.special_use is not None)
        self.above = _above(self.folders)
        self.above_subscribed = _above(self.subscriptions)
        self.above_special = _above(special)

    def names(self, *, subscribed: bool) -> list[str]:
        """Return every name, INBOX first; with those that are only subscribed, if wanted."""
        names = {*self.folders, *self.above, *(self.subscriptions if subscribed else ())}
        return sorted(names, key=lambda name: (name != "INBOX", name))

    def attributes(self, name: str) -> list[str]:
        """Return what a name is."""
        folder = self.folders.get(name)
        attributes = [] if folder else ["\\Noselect"]
        attributes.append("\\HasChildren" if name in self.above else "\\HasNoChildren")
        if folder is not None and folder.special_use is not None:
            attributes.append(USE_ATTRIBUTES[folder.special_use])
        return attributes


def _above(names: Iterable[str]) -> set[str]:
    return {above for name in names for above in parents(name, SEPARATOR)}


async def _tree(session: Session) -> _Tree:
    mail = session.mail
    return _Tree(await mail.folders(), await mail.subscriptions())


async def list_mailboxes(session: Session, request: ask.List) -> Completion:
    """List the mailboxes there are, or that are subscribed."""
    if request.patterns == ("",) and not request.select:
        # RFC 3501, 6.3.8: asks for the separator and the root of the reference.
        session.say(Listed(("\\Noselect",), SEPARATOR, ""))
        return ok("Separator given")
    patterns = Patterns((request.reference + each for each in request.patterns if each), SEPARATOR)
    tree = await _tree(session)
    chosen = []
    names = tree.names(subscribed="SUBSCRIBED" in request.select)
    async for name in _in_turns(session, names):
        if patterns.matches(name) and (listed := _listed(tree, name, request)) is not None:
            chosen.append(listed)
    for listed in chosen:
        session.say(listed)
        if request.status and listed.mailbox in tree.folders:
            try:
                session.say(await status_data(session, listed.mailbox, request.status))
            except StoreError:
                # Gone meanwhile; RFC 5819, 2: then there is no STATUS for it.
                continue
    return ok("Listed")


async def _in_turns(session: Session, names: Sequence[str]) -> AsyncIterator[str]:
    """Return names; every so many of them all other connections have their turn."""
    for index, name in enumerate(names):
        if index and index % _NAMES_AT_ONCE == 0:
            await deferLater(session.clock, 0)
        yield name


def _listed(tree: _Tree, name: str, request: ask.List) -> Listed | None:
    """Return what LIST shows of a name; None where the selection options leave it out."""
    folder = tree.folders.get(name)
    subscribed = name in tree.subscriptions
    chosen = True
    below: list[str] = []
    if "SUBSCRIBED" in request.select:
        chosen = subscribed
        below = ["SUBSCRIBED"] if name in tree.above_subscribed else []
    if "SPECIAL-USE" in request.select:
        chosen = chosen and folder is not None and folder.special_use is not None
        if not chosen and name in tree.above_special:
            below.append("SPECIAL-USE")
    recursive = "RECURSIVEMATCH" in request.select
    if not chosen and not (recursive and below):
        return None
    exists = folder is not None or name in tree.above
    attributes = tree.attributes(name) if exists else ["\\NonExistent"]
    if subscribed and ("SUBSCRIBED" in request.select or "SUBSCRIBED" in request.returns):
        attributes.append("\\Subscribed")
    childinfo = tuple(below) if recursive else ()
    return Listed(tuple(attributes), SEPARATOR, name, childinfo=childinfo)


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
            for above in parents(name, SEPARATOR):
                if above not in tree.subscriptions and pattern.matches(above):
                    shown[above] = ("\\Noselect",)
    for name in sorted(shown):
        session.say(Listed(shown[name], SEPARATOR, name, lsub=True))
    return ok("Listed")


HANDLERS = handlers(list_mailboxes, lsub)
