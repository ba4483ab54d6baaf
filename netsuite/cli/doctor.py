"""``netsuite doctor``: this machine, the home and the DNS, and what is to be changed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from netsuite.cli.client.problems import Exit
from netsuite.cli.context import Home, pass_home
from netsuite.cli.diagnosis.findings import Finding, worst


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--offline", is_flag=True, help="Ask no name server, and connect to no address.")
@click.option(
    "--outgoing",
    metavar="HOST",
    help="A mail host elsewhere to connect to at port 25, whether mail can leave.",
)
@click.option(
    "--backups",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where `netsuite backup DIR` writes.",
)
@pass_home
def doctor(
    home: Home, *, as_json: bool, offline: bool, outgoing: str | None, backups: Path | None
) -> None:
    """Look at the machine, the home, the ports and the DNS, and say what to change.

    Each line is `ok`, `warn` or `fail`, with what to do below it. Nothing is changed, and no mail
    is sent. Run it as root, or as the home's owner. Exit code 0: nothing fails; 8: something does.
    """
    from netsuite.cli.diagnosis.examination import look_at_settings, look_here, look_outside_in
    from netsuite.config.load import read

    found: list[Finding] = []

    def tell(finding: Finding) -> None:
        found.append(finding)
        for line in [json.dumps(finding.as_json())] if as_json else finding.lines():
            click.echo(line)

    for finding in look_at_settings(home):
        tell(finding)
    if worst(found) != "fail":
        configuration = read(home.config_path, home.overrides)
        for finding in look_here(home, configuration, backups):
            tell(finding)
        if not offline:

            async def work(reactor: object) -> None:
                async for finding in look_outside_in(home, configuration, reactor, outgoing):
                    tell(finding)

            home.in_loop(work)
    if worst(found) == "fail":
        raise SystemExit(int(Exit.PARTLY))
