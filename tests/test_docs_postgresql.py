"""The page about PostgreSQL: its commands are run, its configurations read."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from netsuite.config.schema import Settings
from netsuite.store.sql.database import Database
from netsuite.store.sql.migrate import migrate
from tests.store.clusters import shared_cluster

PAGE = (Path(__file__).resolve().parent.parent / "docs/howto/postgresql.rst").read_text()


def blocks(language: str) -> list[str]:
    """Return the page's blocks of a language."""
    return re.findall(rf"\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", PAGE)


def test_set_up() -> None:
    """The commands make a user and a database, in which a store can be made by that user."""
    cluster = shared_cluster()
    if cluster is None:
        pytest.skip("no PostgreSQL server programs, or nobody to run them as")
    environment = {**os.environ, "PGHOST": str(cluster.home), "PGUSER": cluster.user}
    (console,) = blocks("console")
    lines = [line.strip().removeprefix("$ ") for line in console.splitlines() if line.strip()]
    assert lines[0] == "pip install 'netsuite[postgres]'"  # what this test runs in has it
    for line in lines[1:]:
        subprocess.run(line, shell=True, env=environment, check=True, timeout=60)
    migrate(Database(f"postgresql://netsuite@/netsuite?host={cluster.home}"))


def test_configurations() -> None:
    """Each is one, and its URL is a store's."""
    found = [Settings.model_validate(tomllib.loads(block)) for block in blocks("toml")]
    assert len(found) == 2
    for settings in found:
        assert not Database(settings.store.url).sqlite
    hosts = Database(found[1].store.url).url.query["host"]
    assert hosts == ("db1.example.net:5432", "db2.example.net:5432")
