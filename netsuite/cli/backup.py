"""``netsuite backup``: the home and its store in a folder or a tar file, while they are used."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Final

import click

from netsuite import __version__
from netsuite.cli.archives import (
    MANIFEST,
    PARTIAL,
    SUFFIXES,
    BadBackup,
    Copied,
    Copying,
    FolderTarget,
    Manifest,
    Target,
    new_tar,
    read_manifest,
    sync_folder,
)
from netsuite.cli.context import Home, noted, one_line, pass_home

#: By kind of store, its database's name in a backup.
DATABASES: Final = {"sqlite": "netsuite.db", "postgresql": "netsuite.pgdump"}
#: Names of the other parts.
FILES: Final = "files"
CERTIFICATES: Final = "tls"
KEYS: Final = "dkim"
SECRET: Final = "secret"
CONFIGURATION: Final = "netsuite.toml"


@click.command()
@click.argument("target", metavar="DIR|FILE", type=click.Path(path_type=Path))
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="Of the backups in DIR, the newest N."
)
@pass_home
def backup(home: Home, target: Path, keep: int | None) -> None:
    """Write the whole home and its store into a new folder in DIR, or a new tar FILE.

    It may be in use. In DIR, files that are as they were at the backup before take no room.
    FILE ends in .tar, .tar.gz, .tgz or .tar.zst.
    """
    home.insist_on_store()
    os.umask(0o077)  # other people's mail, and the keys of the house
    target = target.absolute()
    is_file = target.name.endswith(SUFFIXES)
    if is_file and keep:
        raise click.UsageError("--keep is for a folder of backups")
    with one_line():
        if is_file:
            with new_tar(target) as tar:
                copied = _copy(home, tar, target.parent)
            made = target
        else:
            made, copied = _into_folder(home, target, keep)
    for remark in copied.remarks:
        click.echo(f"netsuite: {remark}", err=True)
    home.with_store(lambda store: noted(store, f"backed up to {made}"))
    click.echo(
        f"{made}: {copied.files:,} files, {copied.octets:,} octets copied, "
        f"{copied.unchanged:,} files unchanged"
    )


def _into_folder(home: Home, folder: Path, keep: int | None) -> tuple[Path, Copied]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(folder):
        for left in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        before = newest(folder)
        partial = folder / f"{PARTIAL}{token_hex(4)}"
        partial.mkdir(mode=0o700)
        try:
            copied = _copy(home, FolderTarget(partial, before), folder)
            # One for all: a thousand small files would wait for the disk a thousand times.
            os.sync()
            made = _new_name(folder)
            os.rename(partial, made)
            sync_folder(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        for old in backups(folder)[:-keep] if keep else ():
            os.rename(old, partial)  # a half removed one is no backup
            shutil.rmtree(partial)
    return made, copied


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder of backups, so that another backup does not take ours for a leftover."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BadBackup(f"another backup into {folder} is under way") from None
    finally:
        os.close(descriptor)


def _new_name(folder: Path) -> Path:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    made, number = folder / name, 1
    while made.exists():
        number += 1
        made = folder / f"{name}-{number}"
    return made


def backups(folder: Path) -> list[Path]:
    """Return the backups in a folder, the newest last."""
    found = (each.parent for each in folder.glob(f"*/{MANIFEST}"))
    return sorted(each for each in found if not each.name.startswith("."))


def newest(folder: Path) -> tuple[Path, Manifest] | None:
    """Return the newest backup in a folder, None where there is none. Raises BadBackup."""
    found = backups(folder)
    if not found:
        return None
    return found[-1], read_manifest((found[-1] / MANIFEST).read_bytes(), found[-1])


def _copy(home: Home, target: Target, beside: Path) -> Copied:
    """Copy all there is.

    Args:
        beside: a folder on the same disk.
    """
    from netsuite.cli.settings import read_settings
    from netsuite.home import store_url
    from netsuite.store.files.file_names import TEMPORARY
    from netsuite.store.sql.backup import take
    from netsuite.store.sql.database import Database

    settings = read_settings(home.config_path, home.overrides)
    trees = {
        CERTIFICATES: home.path / settings.tls.certificates,
        KEYS: home.path / KEYS,
        FILES: home.path / settings.files.root,
    }
    for each in trees.values():
        if beside.is_relative_to(each):
            raise BadBackup(f"{beside} is in {each}, which is backed up; name another place")
    database = Database(store_url(settings, home.path))
    kind = "sqlite" if database.sqlite else "postgresql"
    manifest = Manifest(__version__, datetime.now(UTC).isoformat(), kind, "")
    copying = Copying(target, manifest)
    if home.config_path is not None:
        copying.file(home.config_path, CONFIGURATION)
    copying.file(home.path / SECRET, SECRET)
    for name, path in trees.items():
        copying.tree(path, name, without=TEMPORARY)
    name = DATABASES[kind]
    with TemporaryDirectory(prefix=PARTIAL, dir=beside) as scratch:
        copy = Path(scratch) / name
        manifest.schema = take(database, copy)
        copying.take_in(copy, name)
    if settings.store.objects:
        copying.copied.remarks.append(
            "the messages that are in store.objects are not in the backup, which needs their "
            f"objects there for {settings.store.objects_keep_days} days"
        )
    target.add_octets(MANIFEST, manifest.written())
    return copying.copied
