"""A backup on its way into the places of a home."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from netsuite.cli.archives import BadBackup, Manifest
from netsuite.cli.backup import CERTIFICATES, CONFIGURATION, DATABASES, FILES, KEYS, SECRET
from netsuite.cli.context import Home
from netsuite.cli.settings import read_settings
from netsuite.cli.unpacking import give_away, unpack
from netsuite.config.load import ConfigError, read
from netsuite.config.schema import Settings
from netsuite.home import make_home, store_url
from netsuite.store.sql.backup import take
from netsuite.store.sql.database import Database
from netsuite.store.sql.presence import alone
from netsuite.store.sql.restoring import Given, Renewed, given_by, is_filled, put_back, renew

#: What SQLite keeps beside a database; with another database it would be taken for that one's.
BESIDE: Final = ("-wal", "-shm")
ASIDE: Final = "before-restore"


def restored(home: Home, source: Path, *, replace: bool) -> list[str]:
    """Make a home as a backup has it; return what is to be said.

    Args:
        replace: whether what is there is moved away.

    Raises:
        BadBackup: there is something, or the backup is damaged or of something else.
        StoreError: the store is in use, cannot be read or written, or is of a newer version.
    """
    with ExitStack() as held:
        make_home(home.path)
        current = Database(current_url(home))
        held.enter_context(alone(current))
        staged = Path(held.enter_context(TemporaryDirectory(prefix=".restoring-", dir=home.path)))
        manifest = unpack(source, staged)
        return _Restoration(home, staged, manifest, current, held, replace=replace).run()


def current_url(home: Home) -> str:
    """Return where the store is by now; where the configuration is broken, it is the home's."""
    try:
        settings = read(home.config_path, home.overrides).settings
    except ConfigError:
        settings = Settings()
    return store_url(settings, home.path)


def _led_to(path: Path) -> Path:
    """Return where a link in the home leads to: an installed netsuite has its configuration in
    /etc; the path itself where it is none."""
    return path.resolve() if path.is_symlink() else path


class _Restoration:
    """A backup that was unpacked, on its way into its places.

    Args:
        staged: the folder it is in.
        current: the store that the home has by now, which nobody uses.
        held: keeps what is locked until the end.
    """

    def __init__(
        self,
        home: Home,
        staged: Path,
        manifest: Manifest,
        current: Database,
        held: ExitStack,
        *,
        replace: bool,
    ) -> None:
        self._home = home.path
        self._staged = staged
        self._manifest = manifest
        self._replace = replace
        configuration = staged / CONFIGURATION
        settings = read_settings(configuration if configuration.exists() else None, home.overrides)
        self._database = database = Database(store_url(settings, home.path))
        if database.url != current.url:
            held.enter_context(alone(database))
        kind = "sqlite" if database.sqlite else "postgresql"
        if kind != manifest.store:
            raise BadBackup(
                f"the backup is of a store on {manifest.store}, and store.url names one on {kind}"
            )
        self._dump = DATABASES[kind]
        #: Where each part goes; the database last, as without it nothing is begun.
        self._places = {
            CONFIGURATION: _led_to(self._home / CONFIGURATION),
            SECRET: self._home / SECRET,
            CERTIFICATES: self._home / settings.tls.certificates,
            KEYS: self._home / KEYS,
            FILES: self._home / settings.files.root,
        }
        if database.sqlite:
            self._places[self._dump] = Path(database.url.database or "")
        self._aside = f"{ASIDE}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        self._moved: list[Path] = []

    def run(self) -> list[str]:
        """Put everything into its place; return what is to be said."""
        self._check_places()
        give_away(self._staged.iterdir(), self._home)
        given = given_by(self._database)
        renewed = self._restore_sqlite(given) if self._database.sqlite else self._load(given)
        os.sync()
        for name, place in self._places.items():
            for old in self._old_of(place):
                self._move_aside(old)
            if (self._staged / name).exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(self._staged / name, place)
        os.sync()
        return self._lines(renewed)

    def _old_of(self, place: Path) -> list[Path]:
        """Return what there is in a place, and beside it what belongs to it."""
        beside = BESIDE if place == self._places.get(self._dump) else ()
        found = [place, *(place.with_name(place.name + each) for each in beside)]
        return [each for each in found if os.path.lexists(each)]

    def _check_places(self) -> None:
        """Raise BadBackup where something would be replaced that may not be."""
        if self._replace:
            return
        taken = [old for place in self._places.values() for old in self._old_of(place)]
        if taken:
            raise BadBackup(f"{taken[0]} is there already; --replace moves it away")
        if not self._database.sqlite and is_filled(self._database):
            raise BadBackup(f"{self._database.place} has a store; --replace copies it away")

    def _restore_sqlite(self, given: Given | None) -> Renewed:
        staged = Database(f"sqlite:///{self._staged / self._dump}")
        renewed = renew(staged, given, time.time())
        for each in BESIDE:  # SQLite has emptied it
            Path(f"{staged.url.database}{each}").unlink(missing_ok=True)
        return renewed

    def _load(self, given: Given | None) -> Renewed:
        if is_filled(self._database):
            aside = self._folder_aside() / self._dump
            take(self._database, aside)
            self._moved.append(aside)
        put_back(self._database, self._staged / self._dump)
        return renew(self._database, given, time.time())

    def _folder_aside(self) -> Path:
        folder = self._home / self._aside
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _move_aside(self, old: Path) -> None:
        if old.parent == self._home:
            target = self._folder_aside() / old.name
        else:
            target = old.with_name(f"{old.name}.{self._aside}")
        os.rename(old, target)
        self._moved.append(target)

    def _lines(self, renewed: Renewed) -> list[str]:
        manifest = self._manifest
        lines = [
            f"restored {self._home} as it was at {manifest.made}, with netsuite "
            f"{manifest.netsuite} and schema {manifest.schema}"
        ]
        lines += [f"what was there is now {each}" for each in self._moved]
        lines.append(
            f"UIDVALIDITY raised for {renewed.raised} of {renewed.folders} folders: "
            "clients read them anew"
        )
        if renewed.waiting:
            lines.append(
                f"the queue has {renewed.waiting} items; those that left since the backup leave "
                "again, unless `netsuite queue hold` or `delete` keeps them before the start"
            )
        if os.geteuid() == 0:
            lines.append(f"all of it belongs to the owner of {self._home}")
        return lines
