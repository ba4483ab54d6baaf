"""The tables of commands: for people, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from netsuite.cli import SECTIONS, main
from netsuite.cli.context import Number, columns, json_option
from tests.cli.commands import done

#: Commands that list something of a home that has accounts.
LISTS = (
    "account list", "account logins", "alias list", "folder list ann", "folder list",
    "folder rights INBOX --account ann", "group list", "sieve list ann", "dkim list", "queue list",
)  # fmt: skip


@click.command()
@json_option
def table() -> None:
    """Print a table."""
    columns(("ID", "LAST USED", ""), [(Number(1234), 5678, "x"), (Number(1), None, "y")], last="z")


def test_shown() -> None:
    """People see numbers with separators, but for those that name something; programs as such."""
    assert (
        CliRunner().invoke(table).output
        == "ID    LAST USED\n1234  5,678      x\n1     -          y\n"
    )
    told = json.loads(CliRunner().invoke(table, ["--json"]).output)
    assert told == [
        {"id": 1234, "last-used": 5678, "z": "x"}, {"id": 1, "last-used": None, "z": "y"},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with an account."""
    made = tmp_path_factory.mktemp("home")
    done(made, "account", "add", "ann", "--password-stdin", stdin="secret\n")
    return made


@pytest.mark.parametrize("line", LISTS)
def test_lists(home: Path, line: str) -> None:
    """Each prints an array of objects, and nothing else."""
    told = json.loads(done(home, *line.split(), "--json"))
    assert isinstance(told, list)
    if line in ("account list", "folder list ann"):
        assert told
        assert told[0]["name"]
        assert isinstance(told[0]["messages"], int)


def test_every_command_of_the_client_has_it() -> None:
    """Whatever lists or tells of something by URL can do so as JSON; ``get --json`` is curl's, and
    its results are told with ``--results``."""
    with click.Context(main) as context:
        for name in SECTIONS["Any server, by URL"]:
            command = main.get_command(context, name)
            assert command is not None
            options = {each for param in command.params for each in param.opts}
            assert ("--json" in options) == (name not in ("cat", "telnet")), name
