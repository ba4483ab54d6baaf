"""Commands that find messages: SEARCH, SORT and THREAD (RFC 3501, 6.4.4; RFC 4731; RFC 5256)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from netsuite.connection.errors import ProtocolViolation
from netsuite.imap.client.in_progress import Completed
from netsuite.imap.client.session import Session
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses as said
from netsuite.imap.commands.search import AllMessages, Returns, SearchKey, Window
from netsuite.imap.commands.sorting import (
    Algorithm,
    Criterion,
    Sort,
    SortData,
    Thread,
    ThreadData,
)

#: A search finds no more: a few octets can name every number there is.
FOUND_AT_MOST: Final = 10_000_000
#: Of everything.
EVERYTHING: Final = AllMessages()


class SearchCommands(Session):
    """Commands that find messages."""

    async def search(self, key: SearchKey, *, by_uid: bool = True) -> Sequence[int]:
        """Search; return UIDs, or numbers."""
        completed = await self.commands.run(ask.Search(key, by_uid=by_uid))
        found = [number for each in completed.data_of(said.SearchData) for number in each.numbers]
        for each in completed.data_of(said.ExtendedSearchData):  # IMAP4rev2 answers so
            if each.all is not None:
                if not each.all.is_fixed() or each.all.size() > FOUND_AT_MOST:
                    raise self.with_conversation(ProtocolViolation("no result of a search"))
                found += [n for low, high in each.all.ranges for n in range(low, high + 1)]
        return found

    async def esearch(
        self,
        key: SearchKey,
        *options: str,
        window: Window | None = None,
        by_uid: bool = True,
    ) -> said.ExtendedSearchData:
        """Search, and be told no more than is wanted of the result (ESEARCH).

        Args:
            options: some of ``MIN``, ``MAX``, ``COUNT``, ``ALL``, and ``SAVE``: then ``SAVED``
                stands for the result in what comes next (SEARCHRES).
            window: the first and the last wanted of the result, counted from its end where both
                are negative (PARTIAL).

        Returns:
            What was asked for; None for what is not there where nothing was found.
        """
        self.require("ESEARCH")
        if "SAVE" in options:
            self.require("SEARCHRES")
        request = ask.Search(key, by_uid=by_uid, returns=self._returns(options, window))
        return _extended(await self.commands.run(request), by_uid=by_uid)

    async def sort(
        self,
        criteria: Iterable[Criterion | tuple[Criterion, bool]],
        key: SearchKey = EVERYTHING,
        *,
        by_uid: bool = True,
    ) -> Sequence[int]:
        """Return UIDs, or numbers, of what is found, sorted by the server.

        Args:
            criteria: the first weighs most; (criterion, True) is the other way round.
        """
        request = self._sort(criteria, key, by_uid=by_uid)
        data = (await self.commands.run(request)).data_of(SortData)
        return [number for each in data for number in each.numbers]

    async def esort(
        self,
        criteria: Iterable[Criterion | tuple[Criterion, bool]],
        key: SearchKey = EVERYTHING,
        *options: str,
        window: Window | None = None,
        by_uid: bool = True,
    ) -> said.ExtendedSearchData:
        """Sort, and be told no more than is wanted, as by ``esearch`` (ESORT: RFC 5267, 3). The
        ranges of ``all`` stand in the result's order."""
        self.require("ESORT")
        request = self._sort(criteria, key, self._returns(options, window), by_uid=by_uid)
        return _extended(await self.commands.run(request), by_uid=by_uid)

    async def thread(
        self,
        algorithm: Algorithm = Algorithm.REFERENCES,
        key: SearchKey = EVERYTHING,
        *,
        by_uid: bool = True,
    ) -> ThreadData:
        """Return what is found as threads."""
        self.require(f"THREAD={algorithm.value}")
        data = (await self.commands.run(Thread(algorithm, key, by_uid=by_uid))).data_of(ThreadData)
        return data[0] if data else ThreadData(())

    def _sort(
        self,
        criteria: Iterable[Criterion | tuple[Criterion, bool]],
        key: SearchKey,
        returns: Returns | None = None,
        *,
        by_uid: bool,
    ) -> Sort:
        if not self.offers("SORT=DISPLAY"):
            self.require("SORT")
        pairs = tuple((each, False) if isinstance(each, Criterion) else each for each in criteria)
        return Sort(pairs, key, by_uid=by_uid, returns=returns)

    def _returns(self, options: Iterable[str], window: Window | None) -> Returns:
        if window is not None:
            self.require("PARTIAL")
        return Returns(frozenset(each.upper() for each in options), window)


def _extended(completed: Completed, *, by_uid: bool) -> said.ExtendedSearchData:
    """Return what is told of a result; of one that is only saved, nothing is (RFC 5182, 2.1)."""
    data = completed.data_of(said.ExtendedSearchData)
    return data[0] if data else said.ExtendedSearchData(None, by_uid)
