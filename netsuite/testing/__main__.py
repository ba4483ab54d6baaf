"""``python -m netsuite.testing serve``: servers under test, for programs in any language."""

from __future__ import annotations

import sys
from pathlib import Path

import click

PROGRAM = "python -m netsuite.testing"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Real servers of all eight protocols, on one store in memory, for tests."""


def _ports(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    """Return the ports that were named."""
    found = {}
    for value in values:
        name, equals, number = value.partition("=")
        if not (equals and number.isascii() and number.isdigit() and int(number) < 65_536):
            raise click.BadParameter(f"SERVICE=PORT, such as smtp=2525, not {value}")
        found[name] = int(number)
    return found


@commands.command()
@click.argument("services", nargs=-1)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to say in JSON, when everything listens, where; removed at the end.",
)
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the certificate of the authority that has signed the servers'.",
)
@click.option(
    "--control",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Have a control interface, JSON over HTTP, on this port; 0 for any.",
)
@click.option(
    "--port",
    "ports",
    multiple=True,
    callback=_ports,
    metavar="SERVICE=PORT",
    help="Where a service listens, smtp=2525; under TLS, smtp-tls=2465; else on any port.",
)
@click.option(
    "--load",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Put in what DIR has: mail/ACCOUNT/FOLDER/*.eml, news/GROUP/*, files/public/..., "
    "files/home/ACCOUNT/...",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="A setting, as of `netsuite describe-config`; may be repeated.",
)
@click.option("--seed", type=int, help="Have ids, dates and chance be the same every time.")
@click.option("--domain", default="example.test", show_default=True, help="Of the mailboxes.")
@click.option(
    "--refuse-unknown", is_flag=True,
    help="Refuse mail to who has no mailbox; else one is made for every address.",
)  # fmt: skip
def serve(
    services: tuple[str, ...],
    ready_file: Path | None,
    ca_file: Path | None,
    control: int | None,
    ports: dict[str, int],
    load: Path | None,
    settings: tuple[str, ...],
    seed: int | None,
    domain: str,
    refuse_unknown: bool,
) -> None:
    """Serve until Ctrl-C or SIGTERM: smtp, submission, lmtp, imap, pop3, managesieve, nntp, ftp,
    http, telnet, gopher; without a name, all.

    The exit code is 2 where the arguments are wrong, and 1 where it did not start, or a fault has
    not happened as often as it was to.
    """
    from netsuite.config.load import ConfigError
    from netsuite.testing.foreground import Foreground, Wishes
    from netsuite.testing.suite import SERVICES

    for name in ports:
        service = name.removesuffix("-tls")
        if service not in (services or SERVICES) or name == "lmtp-tls":
            raise click.UsageError(f"--port {name}: no such service is asked for")
    for path in (ready_file, ca_file):
        if path is not None and not path.absolute().parent.is_dir():
            raise click.UsageError(f"{path.parent} is no directory")
    try:
        foreground = Foreground(
            Wishes(
                services=tuple(dict.fromkeys(services)),
                settings=settings,
                seed=seed,
                domain=domain,
                anybody=not refuse_unknown,
                ports=ports,
                load=load,
                ready_file=ready_file,
                ca_file=ca_file,
                control=control,
            )
        )
    except (ConfigError, ValueError) as error:
        raise click.UsageError(" ".join(str(error).split())) from None
    sys.exit(foreground.run())


def main() -> None:
    """Run the command; what is wrong with its arguments is one line."""
    try:
        commands.main(prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        print(f"{PROGRAM}: {error.format_message()}", file=sys.stderr)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)


if __name__ == "__main__":
    main()
