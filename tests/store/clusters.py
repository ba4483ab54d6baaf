"""A private PostgreSQL cluster for one test run: a temporary directory, a Unix socket, no fsync."""

from __future__ import annotations

import atexit
import contextlib
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache, partial
from pathlib import Path

from netsuite.store.sql.database import Database
from netsuite.store.sql.migrate import migrate


def _tool(name: str) -> str | None:
    found = shutil.which(name)
    if found:
        return found
    for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True):
        return str(path)
    return None


def _unprivileged() -> tuple[list[str], str]:
    """Return what to put before a command, and the name of the user it then runs as."""
    if os.geteuid() != 0:
        return [], getpass.getuser()
    setpriv = shutil.which("setpriv")
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            if setpriv:
                ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
                return [setpriv, *ids], name
    raise LookupError("no unprivileged user to run PostgreSQL as")


@cache
def cluster() -> str | None:
    """Start the cluster; return its server's URL without a database, None without PostgreSQL."""
    initdb, pg_ctl = _tool("initdb"), _tool("pg_ctl")
    if not initdb or not pg_ctl:
        return None
    try:
        import psycopg  # noqa: F401

        before, user = _unprivileged()
    except (ImportError, LookupError):
        return None
    # Not below the working directory: a socket's path may have 107 octets only.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    home.chmod(0o777)
    data = str(home / "data")
    run = partial(subprocess.run, stdout=subprocess.DEVNULL, cwd=home, check=True, timeout=60)
    run([*before, initdb, "-D", data, "-U", user, "-A", "trust", "-N", "--locale=C", "-E", "UTF8"])
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=60"
    control = [*before, pg_ctl, "-D", data, "-w", "-s"]
    run([*control, "-o", options, "-l", str(home / "log"), "start"])
    stop = [*control, "-m", "immediate", "stop"]
    atexit.register(subprocess.run, stop, stdout=subprocess.DEVNULL, cwd="/", check=False)
    return f"postgresql://{user}@/{{}}?host={home}"


_made = 0


def _create(url: str, name: str, template: str) -> str:
    import psycopg

    with psycopg.connect(url.format("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return url.format(name)


@cache
def _migrated(url: str) -> str:
    """Make a database with the schema once, to copy from: migrating each takes longer."""
    migrate(Database(_create(url, "migrated", "template0")))
    return "migrated"


def fresh_database(*, empty: bool = False) -> str | None:
    """Make a database in the cluster, with the schema unless it shall be empty.

    Returns:
        Its URL, None for no PostgreSQL.
    """
    global _made
    url = cluster()
    if url is None:
        return None
    _made += 1
    return _create(url, f"store{_made}", "template0" if empty else _migrated(url))
