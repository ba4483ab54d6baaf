"""``netsuite get``, ``put``, ``mirror``, ``ls``, ``watch``, ``send``, ``post``, ``telnet``: their
command lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click

from netsuite.cli.client.access import Access, TLSUse
from netsuite.cli.client.asking import (
    FORM,
    JSON,
    Asking,
    data_of,
    fields_of,
    json_of,
    method_of,
    part_of,
)
from netsuite.cli.client.destination import place_of
from netsuite.cli.client.files import STANDARD, letter, opened, size_of
from netsuite.cli.client.options import Common, client_command, terminal_command
from netsuite.cli.client.port import port_number
from netsuite.cli.client.problems import Usage
from netsuite.cli.client.urls import Target, check_server, file_name, telnet_target, under

#: The services that can do it.
GET: Final = "http ftp gopher pop3 imap nntp"
PUT: Final = "http ftp imap"
LS: Final = "http ftp gopher pop3 imap nntp"
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
_SERVER: Final = click.option(
    "--server", metavar="HOST",
    help="The news server of a URL without one: news:GROUP, news:MESSAGE-ID. Default: $NNTPSERVER.",
)  # fmt: skip
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Say as JSON what was done.")


class _Asked(TypedDict):
    """The options of what is asked for, as ``asking`` reads them."""

    part: str | None
    head: bool
    fail: bool
    method: str | None
    fields: tuple[str, ...]
    data: tuple[str, ...]
    json_data: tuple[str, ...]


@click.command("get")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE",
              help="Where to: a file, a directory (DIR/), or - for standard output even if it is "
              "a terminal and that no text.")  # fmt: skip
@click.option("-O", "--remote-name", "by_name", is_flag=True,
              help="Into files called as in the URL, or as the server says.")  # fmt: skip
@click.option(
    "-c", "--continue", "resume", is_flag=True,
    help="Fetch what FILE lacks (http, ftp), if unchanged.",
)  # fmt: skip
@click.option("-r", "--range", "part", metavar="FIRST-LAST",
              help="These octets only, from 0: 0-99, 100-, -100 (http, ftp).")  # fmt: skip
@click.option("-I", "--head", is_flag=True, help="What the server says of it only (http, ftp).")
@click.option("-X", "--request", "method", metavar="METHOD", help="Instead of GET (http).")
@click.option("-H", "--header", "fields", multiple=True, metavar="FIELD",
              help="'Name: value' of the request (http). May be repeated.")  # fmt: skip
@click.option("-d", "--data", multiple=True, metavar="DATA",
              help="POST this form, @FILE a file's; several are joined by & (http).")  # fmt: skip
@click.option("--json", "json_data", multiple=True, metavar="DATA",
              help="POST this JSON, @FILE a file's (http).")  # fmt: skip
@click.option("-f", "--fail", is_flag=True, help="Do not show the body of an error (http).")
@click.option(
    "-L", "--location", is_flag=True, help="As curl has it: redirects are followed anyway."
)
@click.option("-g", "--no-glob", "literal", is_flag=True, help="A URL's * ? [ are of the name.")
@_SERVER
@click.option("--results", is_flag=True,
              help="Print a JSON object a line for each thing that was fetched.")  # fmt: skip
@_VERIFY
@_KEEP_ALIVE
@client_command
def get(
    common: Common,
    urls: tuple[str, ...],
    output: str | None,
    server: str | None,
    *,
    by_name: bool,
    resume: bool,
    literal: bool,
    location: bool,
    results: bool,
    verify: bool,
    keep_alive: float | None,
    **asked: Unpack[_Asked],
) -> None:
    """Fetch files, messages or articles.

    The names in ftp and http URLs may be patterns, as in a shell; several messages are 1:9,12 (imap
    UIDs), 1-9 or * (pop3, nntp). They go to standard output, one after the other, or with -O, or
    -o DIR/, to a file each. An answer of 400 and more is shown, and ends with 1.
    """
    common.news_server = server or common.news_server
    targets = [common.target(url, GET) for url in urls]
    asking = _asking(targets, asked)
    access = _for_ftp(common, targets[0], verify=verify, keep_alive=keep_alive)
    place = place_of(output, by_name=by_name, resume=resume)
    if place.file is not None and len(targets) > 1:
        raise Usage("several URLs do not fit into one file: -o DIR/, or -O")
    if resume and place.is_standard:
        raise Usage("--continue needs a file: -o FILE, or -O")
    if resume and (asking.part is not None or asking.head or asking.body is not None):
        raise Usage("--continue asks for a part of its own")
    for target in targets:
        if resume and target.service not in _CONTINUED:
            raise Usage(f"{target.scheme}:// has no way to continue")

    from netsuite.cli.client import fetching
    from netsuite.cli.client.wanted import Wanted

    fetching.fetch(
        [Wanted(target, common.login(target)) for target in targets],
        replace(access, asking=asking),
        place,
        patterns=not literal,
        results=results,
    )


def _asking(targets: Sequence[Target], asked: _Asked) -> Asking:
    """Return what is asked for. Raises Usage for what the URLs cannot be asked."""
    data, json_data = asked["data"], asked["json_data"]
    method, part, head = asked["method"], asked["part"], asked["head"]
    if data and json_data:
        raise Usage("-d and --json are two bodies")
    body = json_of(json_data) if json_data else data_of(data) if data else None
    asking = Asking(
        method=method_of(method) if method else "",
        fields=fields_of(asked["fields"]),
        body=body,
        kind=JSON if json_data else FORM,
        head=head,
        part=part_of(part) if part else None,
        fail=asked["fail"],
    )
    if head and (body is not None or method):
        raise Usage("-I is a request of its own")
    for target in targets:
        if target.service != "http" and not asking.is_plain:
            raise Usage(f"{target.scheme}:// has no way to do as -X, -H, -d and --json say")
        if target.service not in _CONTINUED and (head or part):
            raise Usage(f"{target.scheme}:// has no way to do as -I and --range say")
    return asking


@click.command("put")
@click.argument("file")
@click.argument("url")
@click.option("--continue", "resume", is_flag=True, help="Send what the server lacks (ftp).")
@click.option("-X", "--request", "method", metavar="METHOD", help="Instead of PUT (http).")
@click.option("-H", "--header", "fields", multiple=True, metavar="FIELD",
              help="'Name: value' of the request (http). May be repeated.")  # fmt: skip
@_JSON
@_VERIFY
@_KEEP_ALIVE
@client_command
def put(
    common: Common,
    file: str,
    url: str,
    method: str | None,
    fields: tuple[str, ...],
    *,
    resume: bool,
    as_json: bool,
    verify: bool,
    keep_alive: float | None,
) -> None:
    """Store a file (http, ftp), or add a message to a mailbox (imap); FILE may be -."""
    target = common.target(url, PUT)
    access = _for_ftp(common, target, verify=verify, keep_alive=keep_alive, resume=resume)
    asking = Asking(method=method_of(method) if method else "", fields=fields_of(fields))
    if target.service != "http" and not asking.is_plain:
        raise Usage(f"{target.scheme}:// has no way to do as -X and -H say")
    if target.service != "imap" and not file_name(target):
        if file == STANDARD:
            raise Usage("the URL must end with the file's name")
        target = under(target, Path(file).name)
    login = common.login(target)

    from netsuite.cli.client import transfers

    if target.service == "imap":
        with letter(file) as message:
            transfers.add(target, access, login, message)
            octets: int | None = message.octets
    else:
        with opened(file) as source:
            octets = size_of(source)
            transfers.store(target, replace(access, asking=asking), login, source)
    if as_json:
        _result("stored", url=target.url, octets=octets)


def _result(what: str, **facts: str | int | None) -> None:
    """Print what was done, as JSON."""
    from netsuite.cli.client.results import Result

    Result(what, facts).show(as_json=True)


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
@_SERVER
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def ls(common: Common, url: str, server: str | None, *, as_json: bool) -> None:
    """List files, a menu, mailboxes, messages, newsgroups or articles."""
    common.news_server = server or common.news_server
    target = common.target(url, LS)
    login = common.login(target)

    from netsuite.cli.client import transfers

    listing = transfers.listing(target, common.access, login)
    if as_json:
        listing.show_json()
    else:
        listing.show()


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
@_JSON
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
    *,
    as_json: bool,
) -> None:
    """Send a message, header and all, from FILE or standard input.

    What the server says of each recipient that it takes is printed; of each other, complained of.
    """
    target = common.target(server, "smtp")
    check_server(target)
    if target.socket and common.access.tls not in (None, TLSUse.NONE):
        raise Usage("there is no TLS on a Unix socket")

    from netsuite.cli.client.envelope import envelope_of

    envelope = envelope_of(sender, recipients, notify, returned or "", envelope_id)
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client.smtp import send_letter

        send_letter(target, common.access, login, message, envelope, as_json=as_json)


@click.command("post")
@click.option("--server", metavar="URL",
              help=f"nntp or nntps. Default: $NNTPSERVER, else {_NNTP}.")  # fmt: skip
@_JSON
@click.argument("file", default=STANDARD)
@client_command
def post(common: Common, server: str | None, file: str, *, as_json: bool) -> None:
    """Post an article, header and all, from FILE or standard input."""
    where = server or common.news_server or _NNTP
    target = common.target(where if "://" in where else f"nntp://{where}", "nntp")
    login = common.login(target)
    with letter(file) as message:
        from netsuite.cli.client import transfers

        transfers.add(target, common.access, login, message)
        octets = message.octets
    if as_json:
        _result("posted", url=target.url, octets=octets)


@click.command("telnet")
@click.argument("place", metavar="URL|HOST[:PORT]")
@click.argument("port", required=False, type=port_number, metavar="[PORT]")
@terminal_command
def telnet(common: Common, place: str, port: int | None) -> None:
    """Converse with a Telnet server, from a terminal or through pipes.

    The port may be the name of a service: http, smtp; a server that speaks no Telnet is sent none.
    Ctrl-] asks for a command: close, status, mode, set, send, z. Controls that the server sends
    act on the terminal, as they must. Lines that are piped in should end with the one that logs
    out: what the server shows is written until it closes.
    """
    target = common.judge(telnet_target(place, port), "telnet")
    if target.username is not None:
        raise Usage("Telnet has no logins: answer when the server asks")

    from netsuite.cli.client import transfers

    transfers.converse(target, common.access, quiet=common.quiet)
