"""The home that commands work on, and its store; errors as one line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import click

from netsuite.cli.client.problems import Exit
from netsuite.home import STORE_FILE, SiteError, find_config, find_home, is_there, open_store
from netsuite.store import errors
from netsuite.store.interfaces import Store
from netsuite.wire.errors import ErrorTable


class Number(int):
    """A number that names something: shown without separators."""


Cell: TypeAlias = str | int | None
#: Where it is noted that JSON is wanted.
_JSON: Final = f"{__name__}.json"
#: The store's refusals on a terminal; their own text is a name.
_WORDS: Final[ErrorTable[str]] = ErrorTable(
    {
        errors.NoSuchAccount: "there is no account {}",
        errors.AccountExists: "there is an account or alias called {} already",
        errors.NoSuchFolder: "there is no folder {}",
        errors.FolderExists: "there is a folder {} already",
        errors.BadFolderName: "a folder cannot be called that: {}",
        errors.OverQuota: "the quota is used up: {}",
        errors.NotPermitted: "that may not be done: {}",
        errors.Busy: "the store is busy; try again: {}",
        errors.StorageFull: "the disk is full, or cannot be written: {}",
    }
)


class Home:
    """The home directory that the command line named, and what is in it."""

    def __init__(self, home: str | None, config: str | None, overrides: Sequence[str]) -> None:
        self.path: Path = find_home(home)
        self._config = config
        self.overrides = overrides

    @property
    def config_path(self) -> Path | None:
        """The configuration file; None where there is none. Looked for only when it is asked for:
        commands on URLs need no home."""
        return find_config(self.path, self._config)

    def with_store(self, work: Callable[[Store], Awaitable[None]], *, make: bool = False) -> None:
        """Open the store, do the work, close the store; a refusal is one line and exit 1.

        Args:
            make: whether the store is made if it is not there. Otherwise that is an error.
        """
        from netsuite.cli.settings import read_settings

        settings = read_settings(self.config_path, self.overrides)
        if not make:
            self.insist_on_store()

        async def done(reactor: object) -> None:
            store = open_store(settings, self.path, reactor)
            await store.open()
            try:
                await work(store)
            finally:
                await store.close()

        self.in_loop(done)

    def in_loop(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """Do something with a reactor; a refusal is one line and exit 1."""
        error = _in_loop(work)
        if isinstance(error, errors.StoreError | SiteError):
            raise click.ClickException(line_of(error))
        if isinstance(error, click.ClickException):
            raise error
        if isinstance(error, OSError) and error.filename is not None:
            raise error  # the whole command's, which has a line for it
        if error is not None:
            text = f"unforeseen, please report it: {type(error).__name__}: {error}"
            raise Unforeseen(text) from error

    def has_store(self, url: str) -> bool:
        """Return whether there is a store: another database (``store.url``), or the home's own."""
        return bool(url) or is_there(self.path / STORE_FILE)

    def insist_on_store(self) -> None:
        """Raise ClickException where no store has been made: a mistyped home would look like one
        without accounts."""
        from netsuite.cli.settings import read_settings

        if not self.has_store(read_settings(self.config_path, self.overrides).store.url):
            raise click.ClickException(
                f"there is no store in {self.path} yet: the first `netsuite account add` or the "
                "first start makes it, or name another home with --home"
            )


class Interrupted(click.ClickException):
    """A signal ended it before it was done."""

    exit_code = int(Exit.INTERRUPTED)


class Unforeseen(click.ClickException):
    """A fault of ours."""

    exit_code = int(Exit.UNFORESEEN)


def _in_loop(work: Callable[[object], Awaitable[None]]) -> Exception | None:
    """Do something in Twisted's loop; return what it ended with, None when it is done."""
    # Here, because `netsuite account --help` needs no Twisted.
    from twisted.internet.defer import Deferred, ensureDeferred
    from twisted.internet.task import react

    outcome: Exception | None = Interrupted("interrupted")

    async def run(reactor: object) -> None:
        nonlocal outcome
        try:
            await work(reactor)
        except KeyboardInterrupt:
            pass  # before the loop ran, which has a handler of its own
        except Exception as error:
            outcome = error
        else:
            outcome = None

    def main(reactor: object) -> Deferred[None]:
        return ensureDeferred(run(reactor))

    with contextlib.suppress(SystemExit):
        react(main)
    return outcome


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Report in one line what the store, the home or the disk refuses; for work without a loop."""
    try:
        yield
    except (errors.StoreError, SiteError) as error:
        raise click.ClickException(line_of(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


def line_of(error: Exception) -> str:
    """Return what the store or the home says as a line."""
    text = (_WORDS.find(error) or "{}").format(error)
    return " ".join(text.split())  # a driver's may be several lines


pass_home = click.make_pass_decorator(Home)


async def done(store: Store, what: str, account: str = "") -> None:
    """Say what a command has done, and note it in the audit log.

    Args:
        account: that it is about; empty where it is about none.
    """
    await noted(store, what, account)
    click.echo(what)


async def noted(store: Store, what: str, account: str = "") -> None:
    """Note in the audit log what a command has done."""
    from netsuite.logs.audit import note, user, user_address

    who, where = user(), user_address()
    await note(store.accounts, what, who=who, way="command", address=where, account=account)


def _wants_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_JSON] = value


#: Of a command whose table programs read: with it ``columns`` prints JSON.
json_option: Final = click.option(
    "--json", is_flag=True, expose_value=False, callback=_wants_json,
    help="As JSON, an array of objects.",
)  # fmt: skip


def wants_json() -> bool:
    """Return whether the command that runs was given ``json_option``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_JSON))


def columns(
    titles: Sequence[str], rows: Sequence[Sequence[Cell]], *, last: str | None = None
) -> None:
    """Print a table whose columns are as wide as their widest cell, or with ``json_option`` an
    array of objects, whose keys are the titles.

    Args:
        rows: numbers as such; None for what there is not.
        last: the last key, where the last column has no title.
    """
    if wants_json():
        keys = [each.lower().replace(" ", "-") for each in (*titles[:-1], last or titles[-1])]
        objects = [json.dumps(dict(zip(keys, row, strict=True))) for row in rows]
        click.echo("[\n" + ",\n".join(objects) + "\n]" if objects else "[]")
        return
    table = [titles, *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(titles))]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _shown(cell: Cell) -> str:
    if isinstance(cell, Number):
        return str(int(cell))
    if isinstance(cell, int):
        return f"{cell:,}"
    return "-" if cell is None else cell
