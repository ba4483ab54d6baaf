"""``netsuite get``, ``put``, ``ls``, ``send``, ``post`` and ``telnet``: which client does what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from netsuite.cli.client.clients import client_of
from netsuite.cli.client.files import STANDARD, Sink, letter, opened
from netsuite.cli.client.options import Common, client_command, terminal_command
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.urls import Target, file_name, telnet_target, under
from netsuite.message.address import Address, parse_address

if TYPE_CHECKING:
    from netsuite.cli.client.listing import Listing
    from netsuite.cli.client.session import Session

#: The services that can do it.
GET: Final = "http ftp gopher pop3 imap nntp"
PUT: Final = "http ftp imap"
LS: Final = "http ftp gopher pop3 imap nntp"
#: What can be continued where it broke off.
_CONTINUED: Final = frozenset({"http", "ftp"})
_SMTP: Final = "smtp://127.0.0.1"
_NNTP: Final = "nntp://127.0.0.1"


@click.command("get")
@click.argument("url")
@click.option("-o", "--output", metavar="FILE", help="Where to; else to standard output.")
@click.option(
    "--continue", "resume", is_flag=True, help="Fetch what FILE lacks (http, ftp), if unchanged."
)
@client_command
def get(common: Common, url: str, output: str | None, *, resume: bool) -> None:
    """Fetch a file, a message or an article."""
    target = common.target(url, GET)
    to_file = output is not None and output != STANDARD
    if resume and not to_file:
        raise Usage("--continue needs a file: -o FILE")
    if resume and target.service not in _CONTINUED:
        raise Usage(f"{target.scheme}:// has no way to continue")
    login = common.login(target)
    sink = Sink(Path(output) if output and to_file else None, resume=resume)

    from netsuite.cli.client.running import run

    client = client_of(target.service)
    fetch = client.get
    assert fetch is not None

    async def work(session: Session) -> None:
        sink.bar = session.bar
        await fetch(session, sink)

    run(target, common.access, login, work, failures=client.failures, sink=sink)


@click.command("put")
@click.argument("file")
@click.argument("url")
@client_command
def put(common: Common, file: str, url: str) -> None:
    """Store a file (http, ftp), or add a message to a mailbox (imap); FILE may be -."""
    target = common.target(url, PUT)
    if target.service == "imap":
        _add(common, target, file)
        return
    if not file_name(target):
        if file == STANDARD:
            raise Usage("the URL must end with the file's name")
        target = under(target, Path(file).name)
    login = common.login(target)
    with opened(file) as source:
        from netsuite.cli.client.running import run

        client = client_of(target.service)
        store = client.put
        assert store is not None
        run(
            target,
            common.access,
            login,
            lambda session: store(session, source),
            failures=client.failures,
        )


def _add(common: Common, target: Target, file: str) -> None:
    """Add a message to a mailbox."""
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import imap
        from netsuite.cli.client.running import run

        run(
            target,
            common.access,
            login,
            lambda session: imap.put(session, message),
            failures=imap.CLIENT.failures,
        )


@click.command("ls")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def ls(common: Common, url: str, *, as_json: bool) -> None:
    """List files, a menu, mailboxes, messages, newsgroups or articles."""
    target = common.target(url, LS)
    login = common.login(target)
    listings: list[Listing] = []

    from netsuite.cli.client.running import run

    client = client_of(target.service)
    tell = client.ls
    assert tell is not None

    async def work(session: Session) -> None:
        listings.append(await tell(session))

    run(target, common.access, login, work, failures=client.failures)
    for listing in listings:
        if as_json:
            listing.show_json()
        else:
            listing.show()


@click.command("send")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help='"" for the null path.')
@click.option("--to", "recipients", required=True, multiple=True, metavar="ADDRESS",
              help="May be repeated.")  # fmt: skip
@click.option("--server", default=_SMTP, show_default=True, metavar="URL", help="smtp or smtps.")
@click.argument("file", default=STANDARD)
@client_command
def send(common: Common, sender: str, recipients: tuple[str, ...], server: str, file: str) -> None:
    """Send a message, header and all, from FILE or standard input."""
    target = common.target(server, "smtp")
    from_ = address_of(sender) if sender else None
    to = [address_of(each) for each in recipients]
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import smtp
        from netsuite.cli.client.running import run

        run(
            target,
            common.access,
            login,
            lambda session: smtp.send(session, message, from_, to),
            failures=smtp.CLIENT.failures,
        )


@click.command("post")
@click.option("--server", default=_NNTP, show_default=True, metavar="URL", help="nntp or nntps.")
@click.argument("file", default=STANDARD)
@client_command
def post(common: Common, server: str, file: str) -> None:
    """Post an article, header and all, from FILE or standard input."""
    target = common.target(server, "nntp")
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import nntp
        from netsuite.cli.client.running import run

        run(
            target,
            common.access,
            login,
            lambda session: nntp.post(session, message),
            failures=nntp.CLIENT.failures,
        )


@click.command("telnet")
@click.argument("place", metavar="URL|HOST[:PORT]")
@click.argument("port", required=False, type=click.IntRange(1, 65535))
@terminal_command
def telnet(common: Common, place: str, port: int | None) -> None:
    """Converse with a Telnet server, from a terminal or through pipes.

    Ctrl-] asks for a command: close, status, send, z. Controls that the server sends act on the
    terminal, as they must. Lines that are piped in should end with the one that logs out: what the
    server shows is written until it closes.
    """
    target = common.judge(telnet_target(place, port), "telnet")
    if target.username is not None:
        raise Usage("Telnet has no logins: answer when the server asks")
    from twisted.internet import reactor

    from netsuite.cli.client.running import run
    from netsuite.cli.client.telnet import converse
    from netsuite.cli.client.terminal import Terminal

    terminal = Terminal(reactor)
    run(
        target,
        common.access,
        None,
        lambda session: converse(session, terminal, quiet=common.quiet),
        release=terminal.release,
    )


def address_of(text: str) -> Address:
    """Read an address. Raises Usage."""
    address = parse_address(text)
    if address is None:
        raise Usage(f"{text} is no address")
    return address
