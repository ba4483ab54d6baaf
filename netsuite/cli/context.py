"""What every command needs: the home, its settings, its store; errors as one line."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netsuite.cli.commands import INTERRUPTED, UNFORESEEN
from netsuite.home import STORE_FILE, SiteError, find_config, find_home, open_store
from netsuite.store.errors import (
    AccountExists,
    BadFolderName,
    Busy,
    FolderExists,
    NoSuchAccount,
    NoSuchFolder,
    NotPermitted,
    OverQuota,
    StorageFull,
    StoreError,
)

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from netsuite.config.schema import Settings
    from netsuite.config.services import ServiceSection
    from netsuite.store.interfaces import Store

#: What the store's refusals are on a terminal; their own text is a name.
_WORDS: Mapping[type[Exception], str] = {
    NoSuchAccount: "there is no account {}",
    AccountExists: "there is an account or alias called {} already",
    NoSuchFolder: "there is no folder {}",
    FolderExists: "there is a folder {} already",
    BadFolderName: "a folder cannot be called that: {}",
    OverQuota: "the quota is used up: {}",
    NotPermitted: "that may not be done: {}",
    Busy: "the store is busy; try again: {}",
    StorageFull: "the disk is full, or cannot be written: {}",
}


class Home:
    """The home directory that the command line named, and what is in it."""

    def __init__(self, home: str | None, config: str | None, overrides: Sequence[str]) -> None:
        self.path: Path = find_home(home)
        self.config_path: Path | None = find_config(self.path, config)
        self._overrides = overrides

    def settings(self) -> Settings:
        """Read the settings; every problem becomes a line on the terminal, and exit code 2."""
        from netsuite.config.load import ConfigError, load

        try:
            return load(self.config_path, self._overrides)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"netsuite: {problem}", err=True)
            raise SystemExit(2) from None

    def listening(self, settings: Settings) -> Sequence[tuple[str, Sequence[str]]]:
        """Give each service's name and endpoint strings; none when it is off."""
        from netsuite.config.schema import SERVICES

        result = []
        for name in SERVICES:
            section: ServiceSection = getattr(settings, name)
            both = [*section.listen, *(f"{each} (TLS)" for each in section.listen_tls)]
            result.append((name, both if section.enabled else []))
        return result

    def with_store(self, work: Callable[[Store], Awaitable[None]], *, make: bool = False) -> None:
        """Open the store, do the work, close the store; a refusal is one line and exit 1.

        Args:
            work: what to do.
            make: whether the store is made if it is not there. Otherwise that is an error.
        """
        settings = self.settings()
        if not make:
            self.insist_on_store(settings)
        error = _in_loop(lambda reactor: self._work(settings, reactor, work))
        if isinstance(error, StoreError | SiteError):
            raise click.ClickException(_line_of(error))
        if isinstance(error, click.ClickException):
            raise error
        if error is not None:
            text = f"unforeseen, please report it: {type(error).__name__}: {error}"
            raise Unforeseen(text) from error

    def insist_on_store(self, settings: Settings) -> None:
        """Raise ClickException where no store has been made: a mistyped home would look like one
        without accounts."""
        if not settings.store.url and not (self.path / STORE_FILE).exists():
            raise click.ClickException(
                f"there is no store in {self.path} yet: the first `netsuite account add` or the "
                "first start makes it, or name another home with --home"
            )

    async def _work(
        self, settings: Settings, reactor: object, work: Callable[[Store], Awaitable[None]]
    ) -> None:
        store = open_store(settings, self.path, reactor)
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()


class Interrupted(click.ClickException):
    """A signal ended it before it was done."""

    exit_code = INTERRUPTED


class Unforeseen(click.ClickException):
    """A fault of ours."""

    exit_code = UNFORESEEN


def _in_loop(work: Callable[[object], Awaitable[None]]) -> Exception | None:
    """Do something in Twisted's loop; give what it ended with, None when it is done."""
    # Here, because `netsuite account --help` needs no Twisted.
    from twisted.internet.defer import ensureDeferred
    from twisted.internet.task import react

    outcome: Exception | None = Interrupted("interrupted")

    async def run(reactor: object) -> None:
        nonlocal outcome
        try:
            await work(reactor)
        except Exception as error:
            outcome = error
        else:
            outcome = None

    def main(reactor: object) -> Deferred[None]:
        return ensureDeferred(run(reactor))

    with contextlib.suppress(SystemExit):
        react(main)
    return outcome


def _line_of(error: Exception) -> str:
    """Give what the store or the home says as a line."""
    text = _WORDS.get(type(error), "{}").format(error)
    return " ".join(text.split())  # a driver's may be several lines


pass_home = click.make_pass_decorator(Home)


def columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as their widest cell."""
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    for row in [titles, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
