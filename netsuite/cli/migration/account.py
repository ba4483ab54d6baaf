"""One account on its way here: all its mailboxes, over as many connections as that takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from netsuite.cli.client.imap import logged_in
from netsuite.cli.client.running import line_of as line_of_client
from netsuite.cli.client.session import ClientSession
from netsuite.cli.leftout import LeftOut
from netsuite.cli.mailfiles.names import joined, tamed
from netsuite.cli.migration.copying import WINDOW, Copying, Counts, Progress
from netsuite.cli.migration.journal import Journal
from netsuite.cli.migration.mapping import Mapping, mapped, parts_of
from netsuite.cli.migration.source import Source
from netsuite.connection.errors import ConnectionLost, ProtocolViolation, Refusal, Timeout
from netsuite.imap.dialog.client import ClientBounds
from netsuite.store.errors import BadFolderName
from netsuite.store.interfaces import Store
from netsuite.store.model import Account

#: A SEARCH of a mailbox of three million messages is one line.
BOUNDS: Final = ClientBounds(line_octets=32 << 20)
#: So often a connection that was lost is made again, if nothing was copied meanwhile; after so
#: many seconds, then twice, four times ... as many.
ATTEMPTS: Final = 5
DELAY_SECONDS: Final = 1.0


class Migration:
    """The migration of one account.

    Args:
        session: gives connections to where it is.
        account: whose folders they come into here.
        place: what the journal calls the login there.
        exclude: see ``mapped``.
        advance: told of each message that was copied.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        session: ClientSession,
        account: Account,
        place: str,
        left_out: LeftOut,
        *,
        exclude: Sequence[str] = (),
        advance: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._store = store
        self._journal = journal
        self._session = session
        self._account = account
        self._number = journal.source(place, account.name)
        self._left_out = left_out
        self._exclude = exclude
        self._progress = Progress(advance=advance)

    async def run(self, clock: IReactorTime) -> Counts:
        """Copy everything. Raises ClientError, CommandError, StoreError."""
        attempts = 0
        while True:
            before = self._state
            try:
                await self._once()
                return self._progress.counts
            except (ConnectionLost, Timeout, ProtocolViolation) as error:
                attempts = 1 if self._state != before else attempts + 1
                if attempts >= ATTEMPTS:
                    raise
                seconds = DELAY_SECONDS * 2 ** (attempts - 1)
                line = line_of_client(error, self._session.target.place)
                self._left_out.remark(f"{line}; connecting again in {seconds:g} s")
                await deferLater(clock, seconds)

    @property
    def _state(self) -> tuple[int, int, int]:
        """What has grown where a connection was of use."""
        progress = self._progress
        return progress.counts.copied, len(progress.done), progress.suspects.total()

    async def _once(self) -> None:
        async with logged_in(self._session, BOUNDS) as client:
            source = Source(client)
            mapping = await self._mapping(source)
            if not self._progress.counts.mailboxes:
                for line in mapping.passed_over:
                    self._left_out.remark(line)
            copying = Copying(
                self._store, self._journal, self._number, self._account.id, self._progress,
                self._left_out,
            )  # fmt: skip
            for each in mapping.mailboxes:
                if each.name in self._progress.done:
                    continue
                try:
                    await copying.mailbox(source, each)
                except (Refusal, BadFolderName) as error:
                    self._left_out.say(f"{each.name} cannot be taken: {error}")
                self._progress.done.add(each.name)
            await self._subscribe(source, mapping)

    async def _mapping(self, source: Source) -> Mapping:
        folders = await self._store.mail.folders(self._account.id)
        return mapped(await source.mailboxes(), await source.namespaces(), folders, self._exclude)

    async def _subscribe(self, source: Source, mapping: Mapping) -> None:
        """Subscribe what is subscribed there, under the names that it has here."""
        names = {each.name: each.folder for each in mapping.mailboxes}
        namespaces = await source.namespaces()
        there = await self._store.mail.subscriptions(self._account.id)
        for each in await source.subscribed():
            name = names.get(each.mailbox) or joined(tamed(parts_of(each, namespaces)))
            if name not in there:
                await self._store.mail.subscribe(self._account.id, name, True)

    async def preview(self) -> list[tuple[str, str, int, int]]:
        """Return by mailbox its name there and here, how many messages it has, and how many of
        them would be copied; change nothing."""
        rows = []
        async with logged_in(self._session, BOUNDS) as client:
            source = Source(client)
            mapping = await self._mapping(source)
            for line in mapping.passed_over:
                self._left_out.remark(line)
            for each in mapping.mailboxes:
                try:
                    validity, uids = await source.examine(each.name)
                except Refusal as error:
                    self._left_out.say(f"{each.name} cannot be taken: {error}")
                    continue
                done = self._done(each.name, validity, uids)
                rows.append((each.name, each.folder, len(uids), len(uids) - done))
        return rows

    def _done(self, mailbox: str, validity: int, uids: Sequence[int]) -> int:
        """Return how many messages of a mailbox have been copied."""
        known = self._journal.mailbox(self._number, mailbox)
        if known is None or known.validity != validity:
            return 0
        parts = (uids[start : start + WINDOW] for start in range(0, len(uids), WINDOW))
        return sum(
            len(self._journal.known(known.id, some[0], some[-1]).keys() & set(some))
            for some in parts
        )
