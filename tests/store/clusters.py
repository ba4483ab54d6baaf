"""Private PostgreSQL clusters for one test run: a temporary directory, a Unix socket."""

from __future__ import annotations

import atexit
import contextlib
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
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


class Cluster:
    """A server in a directory of its own, running.

    Args:
        fsync: whether what it commits would survive a loss of power.
        settings: more of its configuration: ``name=value``.

    Attributes:
        url: with a place for a database's name.
        home: where its socket is.

    Raises:
        LookupError: there is no PostgreSQL, or nobody to run it as.
    """

    def __init__(self, *settings: str, fsync: bool = False) -> None:
        initdb, pg_ctl = _tool("initdb"), _tool("pg_ctl")
        if not initdb or not pg_ctl:
            raise LookupError("no PostgreSQL server programs")
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise LookupError("no driver for PostgreSQL") from None
        before, self.user = _unprivileged()
        # Not below the working directory: a socket's path may have 107 octets only.
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        atexit.register(shutil.rmtree, self.home, ignore_errors=True)
        self.home.chmod(0o777)
        data = str(self.home / "data")
        sync = () if fsync else ("-N",)
        self._run([*before, initdb, "-D", data, "-U", self.user, "-A", "trust", *sync,
                   "--locale=C", "-E", "UTF8"])  # fmt: skip
        options = f"-k {self.home} -c listen_addresses='' -c max_connections=60"
        for setting in (f"fsync={'on' if fsync else 'off'}", *settings):
            options += f" -c {setting}"
        self._start = ["-o", options, "-l", str(self.home / "log"), "start"]
        self._control = [*before, pg_ctl, "-D", data, "-w", "-s"]
        self.start()
        self.url = f"postgresql://{self.user}@/{{}}?host={self.home}"
        atexit.register(self.stop)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run([*self._control, *self._start])

    def stop(self) -> None:
        """End it as a loss of power would."""
        with contextlib.suppress(subprocess.CalledProcessError):
            if (self.home / "data/postmaster.pid").exists():
                self._run([*self._control, "-m", "immediate", "stop"])

    def restart(self) -> None:
        """End it as a loss of power would, and start it again: it recovers."""
        self._run([*self._control, "-m", "immediate", *self._start[:-1], "restart"])

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database; return its URL."""
        import psycopg

        with psycopg.connect(self.url.format("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url.format(name)

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, cwd="/", check=True, timeout=60)


@cache
def shared_cluster() -> Cluster | None:
    """Return the one that all tests share; None where there cannot be one."""
    try:
        return Cluster()
    except LookupError:
        return None


def cluster() -> str | None:
    """Return the URL of the shared cluster, with a place for a database; None without one."""
    shared = shared_cluster()
    return None if shared is None else shared.url


_made = 0


@cache
def _migrated(shared: Cluster) -> str:
    """Make a database with the schema once, to copy from: migrating each takes longer."""
    migrate(Database(shared.create("migrated")))
    return "migrated"


def fresh_database(*, empty: bool = False) -> str | None:
    """Make a database in the shared cluster, with the schema unless it shall be empty.

    Returns:
        Its URL, None for no PostgreSQL.
    """
    global _made
    shared = shared_cluster()
    if shared is None:
        return None
    _made += 1
    return shared.create(f"store{_made}", "template0" if empty else _migrated(shared))
