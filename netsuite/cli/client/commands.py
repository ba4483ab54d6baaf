"""``netsuite get``, ``put``, ``ls``, ``send`` and ``post``: which client does what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import click

from netsuite.cli.client import ftp, gopher, http, imap, nntp, pop3, smtp
from netsuite.cli.client.files import STANDARD, Sink, letter, opened
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.options import Common, client_command
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.running import run
from netsuite.cli.client.session import Session
from netsuite.cli.client.urls import file_name, under

Get: TypeAlias = Callable[[Session, Sink], Awaitable[None]]
Put: TypeAlias = Callable[[Session, BinaryIO], Awaitable[None]]
List: TypeAlias = Callable[[Session], Awaitable[Listing]]

_GET: Final[Mapping[str, Get]] = {
    "http": http.get,
    "ftp": ftp.get,
    "gopher": gopher.get,
    "pop3": pop3.get,
    "imap": imap.get,
    "nntp": nntp.get,
}
#: What can be continued where it broke off.
_CONTINUED: Final = frozenset({"http", "ftp"})
_PUT: Final[Mapping[str, Put]] = {"http": http.put, "ftp": ftp.put}
_LS: Final[Mapping[str, List]] = {
    "http": http.ls,
    "ftp": ftp.ls,
    "gopher": gopher.ls,
    "pop3": pop3.ls,
    "imap": imap.ls,
    "nntp": nntp.ls,
}
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
    target = common.target(url, " ".join(_GET))
    to_file = output is not None and output != STANDARD
    if resume and not to_file:
        raise Usage("--continue needs a file: -o FILE")
    if resume and target.service not in _CONTINUED:
        raise Usage(f"{target.scheme}:// has no way to continue")
    login = common.login(target)
    sink = Sink(Path(output) if output and to_file else None, resume=resume)

    async def work(session: Session) -> None:
        sink.bar = session.bar
        await _GET[target.service](session, sink)

    run(target, common.access, login, work, sink=sink)


@click.command("put")
@click.argument("file")
@click.argument("url")
@client_command
def put(common: Common, file: str, url: str) -> None:
    """Store a file (http, ftp), or add a message to a mailbox (imap); FILE may be -."""
    target = common.target(url, " ".join([*_PUT, "imap"]))
    login = common.login(target)
    if target.service == "imap":
        with letter(file) as message:
            run(target, common.access, login, lambda session: imap.put(session, message))
        return
    if not file_name(target):
        if file == STANDARD:
            raise Usage("the URL must end with the file's name")
        target = under(target, Path(file).name)
    with opened(file) as source:
        run(target, common.access, login, lambda session: _PUT[target.service](session, source))


@click.command("ls")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def ls(common: Common, url: str, *, as_json: bool) -> None:
    """List files, a menu, mailboxes, messages, newsgroups or articles."""
    target = common.target(url, " ".join(_LS))
    listings: list[Listing] = []

    async def work(session: Session) -> None:
        listings.append(await _LS[target.service](session))

    run(target, common.access, common.login(target), work)
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
    from_ = smtp.address_of(sender) if sender else None
    to = [smtp.address_of(each) for each in recipients]
    login = common.login(target)
    with letter(file) as message:
        run(target, common.access, login, lambda session: smtp.send(session, message, from_, to))


@click.command("post")
@click.option("--server", default=_NNTP, show_default=True, metavar="URL", help="nntp or nntps.")
@click.argument("file", default=STANDARD)
@client_command
def post(common: Common, server: str, file: str) -> None:
    """Post an article, header and all, from FILE or standard input."""
    target = common.target(server, "nntp")
    login = common.login(target)
    with letter(file) as message:
        run(target, common.access, login, lambda session: nntp.post(session, message))
