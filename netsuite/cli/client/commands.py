"""``netsuite get``, ``put``, ``mirror``, ``ls``, ``watch``, ``send``, ``post``, ``telnet``: their
command lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.envelope import envelope_of
from netsuite.cli.client.files import STANDARD, Output, letter, opened
from netsuite.cli.client.options import Common, client_command, terminal_command
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.urls import Target, check_server, file_name, telnet_target, under

#: The services that can do it.
GET: Final = "http ftp gopher pop3 imap nntp"
PUT: Final = "http ftp imap"
LS: Final = "http ftp gopher pop3 imap nntp"
WATCH: Final = "imap"
#: What can be continued where it broke off.
_CONTINUED: Final = frozenset({"http", "ftp"})
_SMTP: Final = "smtp://127.0.0.1"
_NNTP: Final = "nntp://127.0.0.1"

_VERIFY: Final = click.option(
    "--verify", is_flag=True, help="Compare what was transferred by its hash (ftp)."
)
_KEEP_ALIVE: Final = click.option(
    "--keep-alive", type=click.FloatRange(min=1), metavar="SECONDS",
    help="Say NOOP so often while a transfer goes on (ftp).",
)  # fmt: skip


@click.command("get")
@click.argument("url")
@click.option("-o", "--output", metavar="FILE", help="Where to; else to standard output.")
@click.option(
    "--continue", "resume", is_flag=True, help="Fetch what FILE lacks (http, ftp), if unchanged."
)
@_VERIFY
@_KEEP_ALIVE
@client_command
def get(
    common: Common,
    url: str,
    output: str | None,
    *,
    resume: bool,
    verify: bool,
    keep_alive: float | None,
) -> None:
    """Fetch a file, a message or an article."""
    target = common.target(url, GET)
    access = _for_ftp(common, target, verify=verify, keep_alive=keep_alive)
    to_file = output is not None and output != STANDARD
    if resume and not to_file:
        raise Usage("--continue needs a file: -o FILE")
    if resume and target.service not in _CONTINUED:
        raise Usage(f"{target.scheme}:// has no way to continue")
    login = common.login(target)
    path = Path(output) if output and to_file else None

    from netsuite.cli.client import transfers

    transfers.fetch(target, access, login, Output(path, resume=resume))


@click.command("put")
@click.argument("file")
@click.argument("url")
@click.option("--continue", "resume", is_flag=True, help="Send what the server lacks (ftp).")
@_VERIFY
@_KEEP_ALIVE
@client_command
def put(
    common: Common,
    file: str,
    url: str,
    *,
    resume: bool,
    verify: bool,
    keep_alive: float | None,
) -> None:
    """Store a file (http, ftp), or add a message to a mailbox (imap); FILE may be -."""
    target = common.target(url, PUT)
    access = _for_ftp(common, target, verify=verify, keep_alive=keep_alive, resume=resume)
    if target.service != "imap" and not file_name(target):
        if file == STANDARD:
            raise Usage("the URL must end with the file's name")
        target = under(target, Path(file).name)
    login = common.login(target)

    from netsuite.cli.client import transfers

    if target.service == "imap":
        with letter(file) as message:
            transfers.add(target, access, login, message)
    else:
        with opened(file) as source:
            transfers.store(target, access, login, source)


@click.command("mirror")
@click.argument("source")
@click.argument("target")
@click.option("--delete", is_flag=True, help="Remove from TARGET what SOURCE has not.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--include", multiple=True, metavar="PATTERN",
              help="Mirror these files only. May be repeated.")  # fmt: skip
@click.option("--exclude", multiple=True, metavar="PATTERN",
              help="Leave these files and directories as they are. May be repeated.")  # fmt: skip
@click.option(
    "--newer", is_flag=True, help="Only files that are newer than TARGET's, or not there."
)
@click.option("--checksum", is_flag=True, help="Compare files of one size by hash, not by time.")
@_VERIFY
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              help="Connections at once.")  # fmt: skip
@_KEEP_ALIVE
@client_command
def mirror(
    common: Common,
    source: str,
    target: str,
    *,
    verify: bool,
    keep_alive: float | None,
    **options: Any,
) -> None:
    """Make a directory tree like another, over FTP; one of both is a URL.

    A line for each thing that is done: fetched, stored, made, removed, dated (its time was set).
    Files are the same where size and time are. One that was broken off is gone on with, also when
    the command is given again. Exit code 8: something could not be done.
    """
    if ("://" in source) == ("://" in target):
        raise Usage("one of SOURCE and TARGET is an ftp:// or ftps:// URL, the other a directory")
    down = "://" in source
    url = common.target(source if down else target, "ftp")
    access = _for_ftp(common, url, verify=verify, keep_alive=keep_alive)
    login = common.login(url)

    from netsuite.cli.client import mirroring

    mirroring.mirror(url, access, login, Path(target if down else source), options, down=down)


def _for_ftp(
    common: Common,
    target: Target,
    *,
    verify: bool,
    keep_alive: float | None,
    resume: bool = False,
) -> Access:
    """Return the access with what FTP alone can. Raises Usage for another."""
    asked = {"--verify": verify, "--keep-alive": keep_alive is not None, "--continue": resume}
    if target.service != "ftp" and any(asked.values()):
        name = next(name for name, given in asked.items() if given)
        raise Usage(f"{target.scheme}:// has no way to do as {name} says")
    return replace(common.access, verify=verify, keep_alive_seconds=keep_alive, resume=resume)


@click.command("ls")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def ls(common: Common, url: str, *, as_json: bool) -> None:
    """List files, a menu, mailboxes, messages, newsgroups or articles."""
    target = common.target(url, LS)
    login = common.login(target)

    from netsuite.cli.client import transfers

    listing = transfers.listing(target, common.access, login)
    if as_json:
        listing.show_json()
    else:
        listing.show()


@click.command("watch")
@click.argument("url")
@click.option("--all", "everything", is_flag=True, help="Begin with what is there already.")
@client_command
def watch(common: Common, url: str, *, everything: bool) -> None:
    """Show what changes in a mailbox, until Ctrl-C.

    A line each: new, flags or gone and the message's UID, with its flags; renumbered where no UID
    means anything any more. A connection that is lost is made again.
    """
    target = common.target(url, WATCH)
    login = common.login(target)

    from netsuite.cli.client import transfers

    transfers.watch(target, common.access, login, everything=everything)


@click.command("send")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help='"" for the null path.')
@click.option("--to", "recipients", required=True, multiple=True, metavar="ADDRESS",
              help="May be repeated.")  # fmt: skip
@click.option("--server", default=_SMTP, show_default=True, metavar="URL",
              help="smtp://, smtps://, lmtp://HOST, or lmtp:///PATH of a Unix socket.")  # fmt: skip
@click.option("--notify", default="", metavar="WHEN",
              help="Report never, or some of success,failure,delay.")  # fmt: skip
@click.option("--return", "returned", type=click.Choice(["full", "headers"]),
              help="What of the message a report of a failure has.")  # fmt: skip
@click.option("--envelope-id", default="", metavar="TEXT",
              help="What reports call the message.")  # fmt: skip
@click.argument("file", default=STANDARD)
@client_command
def send(
    common: Common,
    sender: str,
    recipients: tuple[str, ...],
    server: str,
    notify: str,
    returned: str | None,
    envelope_id: str,
    file: str,
) -> None:
    """Send a message, header and all, from FILE or standard input.

    What the server says of each recipient that it takes is printed; of each other, complained of.
    """
    target = common.target(server, "smtp")
    check_server(target)
    if target.socket and common.access.tls not in (None, TLSUse.NONE):
        raise Usage("there is no TLS on a Unix socket")
    envelope = envelope_of(sender, recipients, notify, returned or "", envelope_id)
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import transfers

        transfers.send(target, common.access, login, message, envelope)


@click.command("post")
@click.option("--server", default=_NNTP, show_default=True, metavar="URL", help="nntp or nntps.")
@click.argument("file", default=STANDARD)
@client_command
def post(common: Common, server: str, file: str) -> None:
    """Post an article, header and all, from FILE or standard input."""
    target = common.target(server, "nntp")
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import transfers

        transfers.add(target, common.access, login, message)


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

    from netsuite.cli.client import transfers

    transfers.converse(target, common.access, quiet=common.quiet)
