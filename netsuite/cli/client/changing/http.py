"""Files removed by HTTP's DELETE; moved, and directories made, where WebDAV is spoken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from netsuite.cli.client.changing import Changes, Place, Removing
from netsuite.cli.client.http import http_client, judge
from netsuite.cli.client.problems import NotGiven, Usage
from netsuite.cli.client.results import Result
from netsuite.cli.client.urls import BadURL, Target, file_name, under
from netsuite.http.client import ClientResponse, HTTPClient
from netsuite.http.commands import NO_FIELDS, Fields

#: Answers of a server that has no such method.
_WITHOUT: Final = frozenset({405, 501})
_MULTI_STATUS: Final = 207


async def remove(place: Place[HTTPClient], how: Removing) -> AsyncIterator[Result]:
    """Remove a file; where that is wanted a directory, which the server empties itself."""
    check_named(place.target)
    if not how.recursive and (place.target.path.endswith("/") or await _is_directory(place)):
        raise Usage(f"{place.target.url} is a directory: -r removes it with all that is in it")
    await _done(place, "DELETE", place.target)
    yield Result("removed", {"url": place.target.url})


async def _is_directory(place: Place[HTTPClient]) -> bool:
    """Return whether a server sends us from a name to that of a directory, with ``/`` behind it:
    DELETE would remove all that is in it."""
    url = place.target.url
    async with await place.client.request("HEAD", url, login=place.session.login) as response:
        return response.status < 300 and response.url.partition("?")[0].endswith("/")


async def rename(place: Place[HTTPClient], to: Target) -> Result:
    """Rename a file or directory; what has the new name stays, and is told."""
    check_named(place.target)
    if to.path.endswith("/") and not place.target.path.endswith("/"):
        to = under(to, file_name(place.target))
    fields = Fields([("Destination", to.url), ("Overwrite", "F")])
    await _done(place, "MOVE", place.target, fields)
    return Result("moved", {"url": place.target.url, "to": to.url})


async def make_directory(place: Place[HTTPClient], *, parents: bool) -> Result | None:
    """Make a directory (a collection, as WebDAV calls it)."""
    check_named(place.target)
    names = [each for each in place.target.path.split("/") if each]
    if parents:
        for count in range(1, len(names)):
            async with await _asked(place, "MKCOL", _directory(place.target, names[:count])):
                pass  # it is there, or the last will tell
    target = _directory(place.target, names)
    async with await _asked(place, "MKCOL", target) as response:
        if parents and response.status == 405 and response.fields.get("allow"):
            return None  # RFC 4918, 9.3.1: there is something already
        _judge(response, "MKCOL")
    return Result("made", {"url": target.url})


def _directory(target: Target, names: list[str]) -> Target:
    return replace(target, path="/" + "".join(f"{each}/" for each in names))


def check_named(target: Target) -> None:
    """Raise BadURL for what may not be changed: the root, and what a query makes."""
    if not target.path.strip("/") or target.query:
        raise BadURL(f"{target.url} names nothing that can be changed")


async def _asked(
    place: Place[HTTPClient], method: str, target: Target, fields: Fields = NO_FIELDS
) -> ClientResponse:
    return await place.client.request(method, target.url, fields=fields, login=place.session.login)


async def _done(
    place: Place[HTTPClient], method: str, target: Target, fields: Fields = NO_FIELDS
) -> None:
    async with await _asked(place, method, target, fields) as response:
        _judge(response, method)


def _judge(response: ClientResponse, method: str) -> None:
    """Raise what a status means that is no success."""
    if response.status in _WITHOUT and method != "DELETE":
        raise NotGiven(f"{response.url}: the server has no {method}: WebDAV is not spoken there")
    if response.status == _MULTI_STATUS:
        raise NotGiven(f"{response.url}: some of it could not be changed")
    judge(response)


CHANGES: Final = Changes(
    opened=http_client,
    remove=remove,
    rename=rename,
    make_directory=make_directory,
)
