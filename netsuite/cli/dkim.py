"""``netsuite dkim``: the keys that mail is signed with."""

from __future__ import annotations

import click

from netsuite.cli.commands import Subcommands
from netsuite.cli.context import Home, columns, json_option, pass_home


@click.group(cls=Subcommands)
def dkim() -> None:
    """The keys that mail is signed with."""


@dkim.command("new")
@click.argument("domain")
@click.option("--selector", metavar="NAME", help="The key's name in the DNS; else today's date.")
@click.option(
    "--kind", type=click.Choice(["both", "rsa", "ed25519"]), default="both", show_default=True
)
@pass_home
def new(home: Home, domain: str, selector: str | None, kind: str) -> None:
    """Make keys for a domain, and print the records to publish.

    A key is used once its record can be looked up, by the daemon's next start or SIGHUP; of
    several of one kind the last by its selector. Then older ones may go: remove their files, and
    their records a week later.
    """
    from datetime import date

    from netsuite.cli.unpacking import give_away
    from netsuite.home import SiteError, make_home
    from netsuite.smtp.policy.authors import a_labels
    from netsuite.smtp.policy.keys import FOLDER, KINDS, BadKey, make_key
    from netsuite.smtp.records import Published

    base = selector or f"{date.today():%Y%m%d}"
    kinds = KINDS if kind == "both" else (kind,)
    try:
        make_home(home.path)
        for each in kinds:
            name = base if selector and kind != "both" else f"{base}{each[0]}"
            key = make_key(home.path / FOLDER, a_labels(domain), name.lower(), each)
            click.echo(Published(key.name, "TXT", key.record).line)
        give_away([home.path / FOLDER], like=home.path)
    except (BadKey, SiteError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


@dkim.command("list")
@json_option
@pass_home
def list_keys(home: Home) -> None:
    """List the keys."""
    from netsuite.smtp.policy.keys import FOLDER, read_keys

    keys, problems = read_keys(home.path / FOLDER)
    columns(
        ("DOMAIN", "SELECTOR", "KIND"), [(each.domain, each.selector, each.kind) for each in keys]
    )
    for problem in problems:
        click.echo(f"netsuite: {problem}", err=True)
    if problems:
        raise SystemExit(1)
