"""A home directory: where it is, what is in it, and how its store is opened.

The command and the daemon both begin here, so nothing is imported before it is needed.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from netsuite.config.schema import Settings
    from netsuite.store.interfaces import Store
    from netsuite.store.objects import ObjectStore

#: A reactor of Twisted's: for all that is asked of one here it has no interface.
Reactor: TypeAlias = Any
#: Where the store is unless its setting says otherwise.
STORE_FILE: Final = "netsuite.db"
SECRET_OCTETS: Final = 32


class SiteError(Exception):
    """The home cannot be used; the message is one line that says what to change."""


def find_home(given: str | None) -> Path:
    """Return the home directory: the one given, else ``$NETSUITE_HOME``, else below the user's
    data directory."""
    if named := given or os.environ.get("NETSUITE_HOME"):
        return Path(named).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "netsuite"


def find_config(home: Path, given: str | None) -> Path | None:
    """Return the configuration file: the one given, else the home's, None when it has none.
    Raises SiteError when that cannot be seen."""
    if given:
        return Path(given).expanduser().absolute()
    path = home / "netsuite.toml"
    return path if is_there(path) else None


def is_there(path: Path) -> bool:
    """Return whether something of the home is there. Raises SiteError when that cannot be seen."""
    try:
        path.stat()
    except PermissionError:
        raise SiteError(
            f"user {os.geteuid()} may not look into the home {path.parent}; "
            "become its owner, or name another with --home"
        ) from None
    except OSError:
        return False
    return True


def make_home(home: Path) -> None:
    """Make the home directory if it is not there. Raises SiteError when it cannot be used."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SiteError(f"the home {home} cannot be made: {error.strerror}") from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise SiteError(
            f"the home {home} cannot be written by user {os.geteuid()}; "
            "change its owner, or name another with --home"
        )


def store_url(settings: Settings, home: Path) -> str:
    """Return where the store is: the database that the settings name, else the home's own."""
    return settings.store.url or f"sqlite:///{home / STORE_FILE}"


def open_store(settings: Settings, home: Path, reactor: Reactor) -> Store:
    """Make the store that the settings name; the caller awaits its ``open``.

    Raises:
        SiteError: the home cannot be used.
    """
    from netsuite.store.sql import SQLStore
    from netsuite.store.sql.reserve import RESERVE_OCTETS

    make_home(home)
    section = settings.store
    return SQLStore(
        store_url(settings, home),
        clock=reactor,
        threads=reactor,
        now=time.time,
        reserve_octets=RESERVE_OCTETS,
        objects=open_objects(settings),
        objects_from_octets=section.objects_from_octets,
        objects_keep_seconds=section.objects_keep_days * 86_400.0,
    )


def open_objects(settings: Settings) -> ObjectStore | None:
    """Make the object store that the settings name; None where they name none. Raises
    SiteError."""
    if not settings.store.objects:
        return None
    from netsuite.store.errors import StoreError
    from netsuite.store.objects import S3Objects

    try:
        return S3Objects(settings.store.objects)
    except StoreError as error:
        raise SiteError(str(error)) from None


def read_secret(path: Path) -> bytes:
    """Read the site's secret; make it the first time.

    It only has to stay the same: from it the answers for unknown user names are made.
    """
    try:
        found = path.read_bytes()
        if len(found) >= SECRET_OCTETS:
            return found
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SiteError(f"{path} cannot be read: {error.strerror}") from None
    made = secrets.token_bytes(SECRET_OCTETS)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made)
    except OSError as error:
        raise SiteError(f"{path} cannot be written: {error.strerror}") from None
    return made
