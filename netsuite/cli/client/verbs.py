"""``netsuite rm``, ``mv``, ``mkdir``, ``cat``, ``search``, ``watch``, ``mirror``,
``capabilities`` and ``probe``: their command lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from netsuite.cli.client.options import Common, client_command
from netsuite.cli.client.problems import Exit, Usage, leave
from netsuite.cli.client.results import Result
from netsuite.cli.client.urls import SCHEMES, BadURL, telnet_target
from netsuite.cli.client.wanted import Wanted

#: The services that can do it.
RM: Final = "ftp http imap pop3"
MV: Final = "ftp http imap"
MKDIR: Final = "ftp http imap"
CAT: Final = "http ftp gopher pop3 imap nntp"
SEARCH: Final = "imap nntp gopher ftp http"
WATCH: Final = "imap nntp ftp http"
MIRROR: Final = "ftp http imap"
CAPABILITIES: Final = "http ftp smtp pop3 imap nntp gopher telnet"

_JSON: Final = click.option("--json", "as_json", is_flag=True, help="As JSON, an object a line.")


def _wanted(common: Common, urls: Sequence[str], services: str) -> list[Wanted]:
    """Return what URLs mean, and who logs in: of one server the first that has a login."""
    targets = [common.target(url, services) for url in urls]
    logins: dict[tuple[object, ...], tuple[str, str] | None] = {}
    wanted = []
    for each in targets:
        place = (each.service, each.host, each.port, each.username, each.password)
        if place not in logins:
            logins[place] = common.login(each)
        wanted.append(Wanted(each, logins[place]))
    return wanted


def _shower(*, as_json: bool, quiet: bool = False) -> Callable[[Result], None]:
    """Return what shows results."""
    return lambda result: None if quiet and not as_json else result.show(as_json=as_json)


@click.command("rm")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-r", "--recursive", is_flag=True,
              help="A directory or mailbox too, with all that is in it.")  # fmt: skip
@click.option("--for-good", is_flag=True, help="Not into the trash, where there is one (imap).")
@_JSON
@client_command
def rm(
    common: Common, urls: tuple[str, ...], *, recursive: bool, for_good: bool, as_json: bool
) -> None:
    """Remove files (ftp, http), messages or mailboxes (imap, pop3).

    A line for each thing that is gone. A message goes to the mailbox for what is thrown away, where
    the server has one, and is removed where it is there already. With several URLs what cannot be
    removed is told, and the rest done: exit code 8.
    """
    wanted = _wanted(common, urls, RM)
    if for_good and any(each.target.service != "imap" for each in wanted):
        raise Usage("only mail by IMAP goes to a trash: --for-good says nothing here")

    from netsuite.cli.client import changing

    how = changing.Removing(recursive=recursive, for_good=for_good)
    shower = _shower(as_json=as_json, quiet=common.quiet)
    changing.remove(wanted, common.access, how, shower)


@click.command("mv")
@click.argument("source")
@click.argument("target")
@_JSON
@client_command
def mv(common: Common, source: str, target: str, *, as_json: bool) -> None:
    """Move a file (ftp, http with WebDAV), a message or a mailbox (imap) on its server.

    Into a directory where TARGET ends with /. Between servers: get and put, or mirror.
    """
    wanted, to = _wanted(common, [source], MV)[0], common.target(target, MV)
    own = wanted.target
    if (own.service, own.host, own.port) != (to.service, to.host, to.port):
        raise Usage("SOURCE and TARGET are on different servers: get and put, then rm")
    if to.username not in (None, own.username):
        raise Usage("SOURCE and TARGET have different logins")

    from netsuite.cli.client import changing

    shower = _shower(as_json=as_json, quiet=common.quiet)
    changing.rename(wanted, to, common.access, shower)


@click.command("mkdir")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("-p", "--parents", is_flag=True,
              help="What is missing above it, too; one that is there is no error.")  # fmt: skip
@_JSON
@client_command
def mkdir(common: Common, urls: tuple[str, ...], *, parents: bool, as_json: bool) -> None:
    """Make directories (ftp, http with WebDAV) or mailboxes (imap)."""
    wanted = _wanted(common, urls, MKDIR)

    from netsuite.cli.client import changing

    shower = _shower(as_json=as_json, quiet=common.quiet)
    changing.make_directories(wanted, common.access, shower, parents=parents)


@click.command("cat")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@client_command
def cat(common: Common, urls: tuple[str, ...]) -> None:
    """Write files, messages or articles to standard output, one after the other.

    What cannot be fetched is told, and the rest written: exit code 8.
    """
    wanted = _wanted(common, urls, CAT)

    from netsuite.cli.client.asking import Asking
    from netsuite.cli.client.destination import Place
    from netsuite.cli.client.fetching import fetch

    # An error's page is no part of what is joined.
    access = replace(common.access, asking=Asking(fail=True))
    fetch(wanted, access, Place())


@click.command("search")
@click.argument("url")
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option("--criteria", is_flag=True,
              help="WORDS are IMAP's: FROM ann SINCE 1-Nov-2026 UNSEEN.")  # fmt: skip
@click.option("--most", type=click.IntRange(min=1), default=10_000, show_default=True,
              metavar="N", help="So many results are enough.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def search(
    common: Common, url: str, words: tuple[str, ...], *, criteria: bool, most: int, as_json: bool
) -> None:
    """Find messages, articles, what a Gopher server searches, or files by their names.

    All WORDS have to be there: in a message's text (imap; the URL names a mailbox, or none for all
    of them), an article's subject or sender (nntp), a file's name, which may be a pattern such as
    *.pdf, in the directory or below it (ftp, http).
    """
    target = common.target(url, SEARCH)
    if criteria and target.service != "imap":
        raise Usage("--criteria are IMAP's")
    login = common.login(target)

    from netsuite.cli.client import searching

    wanted = searching.Wanted(words, criteria=criteria, most=most)
    listing = searching.search(target, common.access, login, wanted)
    if as_json:
        listing.show_json()
    else:
        listing.show()


@click.command("watch")
@click.argument("url")
@click.option("--all", "everything", is_flag=True, help="Begin with what is there already.")
@click.option("--interval", type=click.FloatRange(min=0.1), default=30, show_default=True,
              metavar="SECONDS", help="How often to ask (nntp, ftp, http).")  # fmt: skip
@_JSON
@client_command
def watch(common: Common, url: str, *, everything: bool, interval: float, as_json: bool) -> None:
    """Show what changes in a mailbox, newsgroup or directory, until Ctrl-C.

    A line each. Of a mailbox: new, flags or gone and the message's UID, with its flags; renumbered
    where no UID means anything any more. Of a newsgroup new articles, without one in the URL those
    of all groups. Of a directory (ftp, http) new, changed or gone and the name. A connection that
    is lost is made again.
    """
    target = common.target(url, WATCH)
    login = common.login(target)

    from netsuite.cli.client import watching

    how = watching.Watching(everything, interval, _shower(as_json=as_json))
    watching.watch(target, common.access, login, how)


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
@click.option("--checksum", is_flag=True,
              help="Compare files of one size by hash, not by time (ftp).")  # fmt: skip
@click.option("--verify", is_flag=True, help="Compare what was transferred by its hash (ftp).")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True,
              metavar="N", help="Connections at once.")  # fmt: skip
@click.option(
    "--keep-alive", type=click.FloatRange(min=1), metavar="SECONDS",
    help="Say NOOP so often while a transfer goes on (ftp).",
)  # fmt: skip
@_JSON
@client_command
def mirror(
    common: Common,
    source: str,
    target: str,
    *,
    verify: bool,
    keep_alive: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a directory tree like another; one of both is a URL.

    Over FTP in either direction, from a web server (http) whose directories are listed, and from
    mailboxes (imap), whose messages become files UID.eml.

    A line for each thing that is done: fetched, stored, made, removed, dated (its time was set).
    Files are the same where size and time are. One that was broken off is gone on with, also when
    the command is given again. Exit code 8: something could not be done.
    """
    if ("://" in source) == ("://" in target):
        raise Usage("one of SOURCE and TARGET is a URL, the other a directory")
    down = "://" in source
    url = common.target(source if down else target, MIRROR)
    if url.service != "ftp":
        if not down:
            raise Usage(f"{url.scheme}:// can be mirrored from, and not to")
        if verify or keep_alive is not None or options["checksum"]:
            raise Usage(f"{url.scheme}:// tells no hashes, and needs no NOOP")
    access = replace(common.access, verify=verify, keep_alive_seconds=keep_alive)
    login = common.login(url)

    from netsuite.cli.client import mirroring

    local = Path(target if down else source)
    mirroring.mirror(url, access, login, local, options, down=down, as_json=as_json)


@click.command("capabilities")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@client_command
def capabilities(common: Common, url: str, *, as_json: bool) -> None:
    """Show what a server says that it can, before TLS, under it, and logged in."""
    target = common.target(url, CAPABILITIES)
    login = None if target.service == "telnet" else common.login(target)

    from netsuite.cli.client import capabilities as work

    work.show(target, common.access, login, as_json=as_json)


@click.command("probe")
@click.argument("host")
@click.option("--offset", type=click.IntRange(0, 60_000), default=0, show_default=True,
              metavar="N", help="Added to the standard ports: 8000 for a demo.")  # fmt: skip
@click.option("--cacert", type=click.Path(path_type=Path), metavar="FILE",
              help="Authorities to trust instead of the system's, PEM.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(min=0.1), default=5.0, show_default=True,
              metavar="SECONDS", help="For each step.")  # fmt: skip
@click.option("--parallel", type=click.IntRange(1, 16), default=4, show_default=True,
              metavar="N", help="Connections at once.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def probe(
    host: str, *, offset: int, cacert: Path | None, timeout: float, parallel: int, as_json: bool
) -> None:
    """Look at what a host offers on the ports of the eight protocols, and what to change.

    Greetings, TLS (from the first octet or asked for), its versions, certificates and whom they
    convince; then advice. No login and no password is ever sent. Exit code 3: nothing answers.
    """
    try:
        target = telnet_target(host)
        if target.port != SCHEMES[target.scheme].port:
            raise BadURL("a host is probed on all ports; --offset shifts them")

        from netsuite.cli.client import probing

        probing.probe(target, offset, cacert, timeout, parallel, as_json=as_json)
    except BadURL as error:
        leave(Exit.USAGE, str(error))
