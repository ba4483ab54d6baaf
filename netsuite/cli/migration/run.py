"""The run of one command line: its accounts, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorTime

from netsuite.cli.client.options import Common
from netsuite.cli.client.problems import CommandError, TookTooLong, printable
from netsuite.cli.client.running import line_of
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import Target
from netsuite.cli.context import Home, columns, done
from netsuite.cli.leftout import LeftOut
from netsuite.cli.message_bar import MessageBar
from netsuite.cli.migration.account import Migration
from netsuite.cli.migration.journal import JOURNAL_FILE, Journal
from netsuite.cli.migration.move import Move
from netsuite.connection.errors import ClientError
from netsuite.store.errors import NoSuchAccount
from netsuite.store.interfaces import Store


class Run:
    """The work of one command line."""

    def __init__(
        self, home: Home, common: Common, target: Target, exclude: Sequence[str], *, dry_run: bool
    ) -> None:
        self._path = home.path
        self._common = common
        self._target = target
        self._exclude = exclude
        self._dry_run = dry_run
        self.left_out = LeftOut()
        #: What the last account failed with.
        self.error: Exception | None = None

    async def in_time(self, store: Store, moves: Sequence[Move], *, go_on: bool) -> None:
        """Move all accounts; stop where that takes longer than it may. Raises as ``all``."""
        from twisted.internet import reactor

        seconds = self._common.access.total_seconds
        working = ensureDeferred(self.all(store, moves, go_on=go_on))
        timer = (
            None if seconds is None else IReactorTime(reactor).callLater(seconds, working.cancel)
        )
        try:
            await working
        except Exception:
            if timer is None or timer.active():
                raise
            self.error = TookTooLong(f"not done after {seconds:g} seconds")
            if go_on:
                self.left_out.say(str(self.error))
        finally:
            if timer is not None and timer.active():
                timer.cancel()

    async def all(self, store: Store, moves: Sequence[Move], *, go_on: bool) -> None:
        """Move all accounts.

        Args:
            go_on: whether the next is moved when one fails.

        Raises:
            StoreError: the store takes nothing.
        """
        path = self._path / JOURNAL_FILE
        journal = Journal(None if self._dry_run and not path.exists() else path)
        try:
            for each in moves:
                try:
                    await self._one(store, journal, each)
                except NoSuchAccount:
                    if not go_on:
                        raise
                    self.left_out.say(f"{each.user}: there is no account {each.account}")
                except (ClientError, CommandError) as error:
                    self.error = error
                    if go_on:
                        self.left_out.say(f"{each.user}: {line_of(error, self._target.place)}")
        finally:
            journal.close()

    async def _one(self, store: Store, journal: Journal, move: Move) -> None:
        from twisted.internet import reactor

        account = await store.accounts.account(move.account.lower())
        other = move.user if move.user != move.login[0] else ""
        session = ClientSession(reactor, self._target, self._common.access, move.login, other)
        place = f"{move.user}@{self._target.host}:{self._target.port}"
        with MessageBar(move.user, None, shown=self._common.access.progress) as bar:
            migration = Migration(
                store, journal, session, account, place, self.left_out,
                exclude=self._exclude, advance=bar.advance,
            )  # fmt: skip
            if not self._dry_run:
                counts = await migration.run(reactor)
        if self._dry_run:
            rows = [(printable(there), here, f"{count:,}", f"{new:,}")
                    for there, here, count, new in await migration.preview()]  # fmt: skip
            columns(("MAILBOX", f"FOLDER OF {account.name}", "MESSAGES", "NEW"), rows)
            return
        more = f", {counts.elsewhere:,} of other mailboxes" if counts.elsewhere else ""
        await done(
            store,
            f"{move.user} to {account.name}: {counts.mailboxes:,} mailboxes, {counts.copied:,} "
            f"messages copied, {counts.there:,} were here, {counts.changed:,} have changed flags"
            f"{more}",
            account.name,
        )
