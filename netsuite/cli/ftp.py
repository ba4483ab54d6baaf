"""``netsuite ftp``: whether clients of FTP can reach this server's data connections."""

from __future__ import annotations

import json
import sys

import click

from netsuite.cli.client.problems import Exit
from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, pass_home


@click.group(cls=Subcommands)
def ftp() -> None:
    """The FTP server: whether clients can reach it and its data connections."""


@ftp.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--user", metavar="NAME", help="Log in as this account; else as anonymous.")
@click.option("--password-stdin", is_flag=True, help="Its password is standard input's first line.")
@click.option(
    "--address",
    metavar="HOST",
    help="Where clients reach this host; else masquerade_address, or what the DNS says.",
)
@pass_home
def check(
    home: Home, *, as_json: bool, user: str | None, password_stdin: bool, address: str | None
) -> None:
    """Log in to the running server, list a directory in each way clients do, say what to change.

    Looks at the passive ports (too few, taken, in the way of others), at the address that PASV
    tells, whether a data connection can be made there, and whether TLS sessions are resumed. It
    runs where the daemon runs; what a firewall or router further out does is seen from outside
    only. Each line is `ok`, `warn` or `fail`, with what to do below it. Exit code 0: nothing fails;
    8: something does.
    """
    from netsuite.cli.diagnosis.findings import Finding, worst
    from netsuite.cli.ftpcheck import Login, examine
    from netsuite.cli.settings import read_settings

    settings = read_settings(home.config_path, home.overrides)
    login = Login()
    if user is not None:
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = click.prompt("Password", hide_input=True, err=True)
        login = Login(user, password)
    found: list[Finding] = []
    for finding in examine(settings, login, address):
        found.append(finding)
        for line in [json.dumps(finding.as_json())] if as_json else finding.lines():
            click.echo(line)
    if worst(found) == "fail":
        raise SystemExit(int(Exit.PARTLY))
