"""``netsuite init``: a home directory with a configuration for the standard ports."""

from __future__ import annotations

from pathlib import Path

import click

from netsuite.cli.context import Home, pass_home

#: By section and setting, what init writes: the standard ports on every address.
_STANDARD = {
    "smtp": {"listen": ["tcp:25"]},
    "submission": {"listen": ["tcp:587"], "listen_tls": ["tcp:465"]},
    "imap": {"listen": ["tcp:143"], "listen_tls": ["tcp:993"]},
    "pop3": {"listen": ["tcp:110"], "listen_tls": ["tcp:995"]},
}


@click.command()
@click.option("--hostname", required=True, help="The name of this host, such as mail.example.org.")
@click.option(
    "--domain", "domains", multiple=True, help="A mail domain received for; may be repeated."
)
@pass_home
def init(home: Home, hostname: str, domains: tuple[str, ...]) -> None:
    """Write a home directory whose services listen on the standard ports."""
    from netsuite.config.describe import sample

    path = home.path / "netsuite.toml"
    if path.exists():
        raise click.ClickException(f"{path} is there already; edit it, or choose another --home")
    ours = list(domains) or [hostname.partition(".")[2] or hostname]
    try:
        _make(home.path)
        path.write_text(
            sample({"site": {"hostname": hostname, "domains": ours}, **_STANDARD}),
            encoding="utf-8",
        )
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None
    click.echo(f"wrote {path}")
    click.echo("next:")
    click.echo(f"  put PEM files into {home.path / 'tls'} (a self-signed one is made otherwise)")
    click.echo(f"  netsuite --home {home.path} account add NAME")
    click.echo(f"  twistd --uid USER --gid GROUP netsuite --home {home.path}")


def _make(home: Path) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "tls").mkdir(mode=0o700, exist_ok=True)
