"""``netsuite get``: the work of the command, several URLs one after the other in one loop."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Final

from netsuite.certificates import BadCertificate
from netsuite.cli.client.access import Access
from netsuite.cli.client.destination import Destination, Place
from netsuite.cli.client.files import Output
from netsuite.cli.client.naming import name_of
from netsuite.cli.client.numbers import several_numbers
from netsuite.cli.client.on_each import SomeFailed
from netsuite.cli.client.problems import (
    CommandError,
    Exit,
    ReaderGone,
    Usage,
    complain,
    printable,
)
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import code_of, line_of, run
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.transfers import client_of
from netsuite.cli.client.urls import (
    BadURL,
    Target,
    file_pattern,
    is_directory,
    mailbox_path,
    news_path,
)
from netsuite.cli.client.wanted import Wanted
from netsuite.connection import errors
from netsuite.wire.errors import LocalProtocolError

#: What is wrong with one URL; the next is tried all the same.
_OF_ONE: Final = (
    CommandError, BadURL, BadCertificate, errors.ClientError, LocalProtocolError, OSError,
)  # fmt: skip


def names_several(target: Target) -> bool:
    """Return whether a URL has a pattern, or a set of numbers. Raises BadURL."""
    match target.service:
        case "ftp" | "http":
            return bool(file_pattern(target))
        case "imap":
            return bool(mailbox_path(target).several)
        case "nntp":
            return news_path(target).several is not None
        case "pop3":
            return several_numbers(target.path.removeprefix("/")) is not None
        case _:
            return False


def fetch(
    wanted: Sequence[Wanted],
    access: Access,
    place: Place,
    *,
    patterns: bool = True,
    results: bool = False,
) -> None:
    """Fetch what URLs name, in their order; exit with what became of it, unless all is done.

    Args:
        patterns: whether a URL may name several things.
        results: whether a JSON object is printed for each, on standard output unless what is
            fetched goes there.
    """
    destination = Destination(place)

    async def every(first: ClientSession) -> None:
        codes: list[Exit] = []
        for each in wanted:
            session = first
            if each is not wanted[0]:
                session = ClientSession(first.reactor, each.target, access, each.login)
            destination.progress = session.progress
            before = len(destination.done)
            try:
                await fetch_one(session, destination, patterns=patterns)
            except _OF_ONE as error:
                code = code_of(error)
                why = line_of(error, session.place)
                if results:
                    facts = {"url": each.target.url}
                    _tell(place, Result("failed", facts, {"why": why, "code": int(code)}))
                if len(wanted) == 1 or first.over or isinstance(error, ReaderGone):
                    raise
                complain(why if each.target.url in why else printable(f"{each.target.url}: {why}"))
                codes.append(code)
            finally:
                session.progress.end()
                if results:
                    for output in destination.done[before:]:
                        _tell(place, _result(each.target, output))
        _judge(codes, len(wanted))

    run(wanted[0].target, access, wanted[0].login, every, release=destination.close)


def _judge(codes: Sequence[Exit], count: int) -> None:
    """Raise SomeFailed where some URLs could not be fetched."""
    if codes:
        same = len(codes) == count and len({*codes}) == 1
        line = f"{len(codes)} of {count} could not be fetched"
        raise SomeFailed(line, codes[0] if same else Exit.PARTLY)


async def fetch_one(session: ClientSession, destination: Destination, *, patterns: bool) -> None:
    """Fetch what a session's URL names. Raises CommandError, ClientError.

    Args:
        patterns: whether it may name several things.
    """
    target, client = session.target, client_of(session.target.service)
    if patterns and names_several(target):
        assert client.get_several is not None  # by those that have patterns
        if destination.place.file is not None:
            raise Usage("there may be several: -o DIR/")
        if session.access.asking.part is not None or session.access.asking.head:
            raise Usage("several have no part, and no head")
        await client.get_several(session, destination)
        destination.finish()
        return
    assert client.get is not None  # by the command's table of services
    name = "" if destination.place.directory is None else _name(target)
    with destination.output(name) as output:
        await client.get(session, output)


def _name(target: Target) -> str:
    """Return what a file is called by its URL. Raises BadURL, Usage."""
    if target.service == "ftp" and is_directory(target):
        raise Usage("a directory's names are shown, or go to -o FILE")
    return name_of(target)


def _result(target: Target, output: Output) -> Result:
    file = None if output.path is None else str(output.path)
    return Result(
        "fetched", {"url": target.url, "file": file},
        {"octets": output.count, "modified": output.modified},
    )  # fmt: skip


def _tell(place: Place, result: Result) -> None:
    with contextlib.redirect_stdout(sys.stderr if place.is_standard else sys.stdout):
        result.show(as_json=True)
