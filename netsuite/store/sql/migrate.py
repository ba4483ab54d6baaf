"""Migration of a store to this version's schema; one that is newer is refused."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from netsuite import __version__
from netsuite.store.errors import StoreError
from netsuite.store.sql import postgresql
from netsuite.store.sql.database import Database, translated
from netsuite.store.sql.presence import give_to_owner

_FOLDER: Final = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Return what Alembic needs to know; there is no file of it."""
    config = Config()
    # ConfigParser would take a per cent sign in the path for an interpolation.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def migrate(database: Database) -> None:
    """Make or migrate the schema.

    Raises:
        StoreError: it cannot be opened, or a newer version wrote it.
    """
    config = configuration()
    if database.sqlite:
        _make_private(str(database.url.database))
    try:
        with database.engine.connect() as connection:
            _migrate(database, config, connection)
    except StoreError:
        raise
    except Exception as error:
        raise translated(error, database) from error


def revision_of(database: Database) -> str:
    """Return the revision of a database's schema. Raises StoreError where it has none."""
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except Exception as error:
        raise translated(error, database) from error
    if found is None:
        raise StoreError(f"{database.place} is no store of netsuite's")
    return found


def newest_revision() -> str:
    """Return the revision of this version's schema."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def _make_private(path: str) -> None:
    """Make the file, if it is not there, so that only its owner may read other people's mail.

    SQLite gives its -wal and -shm files the same permissions, and the same owner.
    """
    with suppress(OSError):  # SQLite tries too, and what it says is translated
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        give_to_owner(Path(path))


def _migrate(database: Database, config: Config, connection: Connection) -> None:
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    if database.sqlite:
        # The driver is in autocommit mode; this also keeps two processes from migrating at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(8025, 2)")
        except DBAPIError as error:
            if not postgresql.is_lacking(error):
                raise
            # Two that migrate at once are then told so by the table that both make.
    current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
            raise StoreError(
                f"{database.place} was written by a newer version of netsuite "
                f"(its schema is {current}, and netsuite {__version__}, which this is, knows none "
                f"after {head}); "
                "start that version, or restore a backup from before the upgrade"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if database.sqlite:
        connection.exec_driver_sql("COMMIT")
    else:
        connection.commit()
