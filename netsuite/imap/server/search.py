"""SEARCH and UID SEARCH, and what they answer (RFC 3501, 6.4.4; RFC 4731; RFC 5182; RFC 9394)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import search as key
from netsuite.imap.commands.responses import (
    Completion,
    ExtendedSearchData,
    SearchData,
    ok,
)
from netsuite.imap.commands.sorting import Sort, Thread
from netsuite.imap.sequences import SequenceSet, window_of
from netsuite.imap.server.search_keys import as_query
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.store import query
from netsuite.store.model import Column

#: What is answered where RETURN names nothing (RFC 4731, 3.1).
_USUAL = key.Returns(frozenset({"ALL"}))
_NOTHING = SequenceSet(())


async def search(session: Session, request: ask.Search) -> Completion:
    """Send which messages are found."""
    returns = request.returns
    if returns is None and session.rev2:
        returns = _USUAL  # RFC 9051, 6.4.4: ESEARCH in any case
    selected = session.mailbox
    saves = returns is not None and "SAVE" in returns.options
    uids = await find(session, request, saves=saves)
    wants_modseq = any(isinstance(each, key.ModifiedSince) for each in key.walk(request.key))
    if returns is None:
        modseq = await highest(selected, uids) if wants_modseq else None
        session.say(SearchData(named(session, uids, by_uid=request.by_uid), modseq))
        return ok("Searched")
    found = Found(session, uids, request.by_uid, returns)
    await found.answer(wants_modseq=wants_modseq)
    return ok("Searched, and saved" if saves else "Searched")


async def find(
    session: Session, request: ask.Search | Sort | Thread, *, saves: bool = False
) -> Sequence[int]:
    """Return the UIDs that are found, ascending. Messages the client has not been told of are not
    found yet.

    Args:
        saves: whether they are to be kept as ``$``, which is empty where this fails (RFC 5182,
            2.1); until then it is what it was, and may be searched.
    """
    selected = session.mailbox
    view = selected.view
    if any(isinstance(each, key.ModifiedSince) for each in key.walk(request.key)):
        session.modseqs = True
    asked = as_query(request.key, view, session.shared.now)
    if saves:
        view.saved = _NOTHING
    if isinstance(asked, query.All):
        # The view itself knows; nothing is gone that the client may be told of now.
        return view.uids()
    return view.known(await selected.mail.search(selected.folder.id, asked))


def named(session: Session, uids: Sequence[int], *, by_uid: bool) -> Sequence[int]:
    """Return ascending UIDs as the client is to hear of them."""
    return uids if by_uid else session.mailbox.view.numbers(uids)


async def highest(selected: Selected, uids: Sequence[int]) -> int | None:
    """Return the highest mod-sequence of messages; None where there are none."""
    if not uids:
        return None
    found = await selected.mail.columns(selected.folder.id, sorted(uids), {Column.MODSEQ})
    return max(found.modseqs, default=None)


@dataclass(slots=True)
class Found:
    """What was found, for an ESEARCH.

    Args:
        uids: in their order: of UIDs, or that of a SORT (RFC 5267, 3).
    """

    session: Session
    uids: Sequence[int]
    by_uid: bool
    returns: key.Returns

    async def answer(self, *, wants_modseq: bool) -> None:
        """Send what is wanted of it, and save what is to be."""
        returns, uids = self.returns, self.uids
        options = returns.options
        selected = self.session.mailbox
        ends = {name: uids[at] for name, at in (("MIN", 0), ("MAX", -1)) if uids}
        picked = {uid for name, uid in ends.items() if name in options}
        window = None
        if returns.window is not None:
            first, stop = window_of(returns.window, len(uids))
            inside = uids[first:stop]
            window = returns.window, self._set(inside)
            picked.update(inside)
        # RFC 5182, 2.4; RFC 4731, 3.2: of some only where only some are asked for.
        some = (options & {"MIN", "MAX"} or returns.window is not None) and not (
            options & {"ALL", "COUNT"}
        )
        concerned = sorted(picked if some else uids)
        modseq = await highest(selected, concerned) if wants_modseq else None
        if "SAVE" in options:
            selected.view.saved = SequenceSet.of(concerned)
            if options == {"SAVE"} and returns.window is None:
                return
        everything = "ALL" in options or not (options or returns.window)
        command = self.session.dialog.command
        self.session.say(
            ExtendedSearchData(
                None if command is None else command.tag,
                self.by_uid,
                self._one(ends.get("MIN")) if "MIN" in options else None,
                self._one(ends.get("MAX")) if "MAX" in options else None,
                self._set(uids) if everything else None,
                len(uids) if "COUNT" in options else None,
                window,
                modseq,
            )
        )

    def _one(self, uid: int | None) -> int | None:
        return uid if uid is None or self.by_uid else self.session.mailbox.view.number(uid)

    def _set(self, uids: Sequence[int]) -> SequenceSet | None:
        if not uids:
            return None
        numbers = uids if self.by_uid else map(self.session.mailbox.view.number, uids)
        return SequenceSet.of(numbers)


HANDLERS = handlers(search)
