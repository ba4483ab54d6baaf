"""Answers for the newsgroups: which page a path is, in which form, and whether it is new."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from netsuite.accounts.interfaces import Newsgroup, Newsroom
from netsuite.http.commands import FieldPairs, Fields, Response, ResponseHead, plain
from netsuite.http.conditions import Verdict, judge
from netsuite.http.media import choose
from netsuite.http.news import data, pages, parts
from netsuite.http.paths import join_path
from netsuite.http.replies import NOT_FOUND, RequestRefused, method_not_allowed
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse, Streamed
from netsuite.message.flowed import unflowed
from netsuite.message.news import is_message_id
from netsuite.message.reading import numbered, part_text, texts
from netsuite.store.model import Described
from netsuite.wire.dates import format_http_date

ALLOWED: Final = "GET, HEAD, OPTIONS"
#: What lists and articles are given in, the first where a client does not care.
OFFERED: Final = ("text/html", data.JSON)
#: Articles on a page, and in a feed.
PAGE: Final = 50
FEED: Final = 25
#: Text shown of an article, and parts that it may be in; the rest is in the article as it is.
TEXT_OCTETS: Final = 256 * 1024
TEXTS: Final = 20
#   article-number = 1*16DIGIT   ; RFC 3977, 9.8, and at most 2147483647 (6)
_number: Final = re.compile(r"[1-9][0-9]{0,9}")
_NEGOTIATED: Final = ("Vary", "Accept")
#: Caches may keep everything, and ask each time whether it is still so: articles are cancelled.
_ASK_FIRST: Final = ("Cache-Control", "no-cache")
_FAILED: Final = plain(412)
#: In every entity tag of something made here: to be changed when what is made changes.
_FORM: Final = "1"


class NewsSite:
    """Answers for a tree of newsgroups, for reading by everybody.

    ==================  ======================================================================
    below the prefix
    ==================  ======================================================================
    (nothing)           all groups; with ``?message-id=`` to one article
    ``GROUP/``          its newest articles; ``?before=NUMBER`` the ones before that
    ``GROUP/feed.atom`` the newest as a feed
    ``GROUP/17``        an article
    ``GROUP/17.eml``    its octets
    ``GROUP/17/2``      one of its parts, to save
    ==================  ======================================================================

    Args:
        room: the newsgroups.
        prefix: where it is mounted; begins and ends with a slash.
        now: the time.
        shown: whether there is anything to see for who has not logged in.
    """

    def __init__(
        self,
        room: Newsroom,
        prefix: str,
        *,
        now: Callable[[], datetime],
        shown: Callable[[], bool] = lambda: True,
    ) -> None:
        self._room = room
        self._depth = prefix.count("/") - 1
        self._prefix = tuple(prefix.split("/")[1:-1])
        self._now = now
        self._shown = shown

    async def __call__(self, request: IncomingRequest) -> AnyResponse:
        """Answer a request."""
        if request.method == "OPTIONS":
            return Response(204, (("Allow", ALLOWED),))
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed(ALLOWED)
        return await self._get(request) if self._shown() else NOT_FOUND

    async def _get(self, request: IncomingRequest) -> AnyResponse:
        match request.names()[self._depth :]:
            case ():
                return plain(301, "", ("Location", join_path((*self._prefix, ""))))
            case ("",):
                return await self._groups(request)
            case (name,):
                await self._room.group(name)
                query = request.head.query
                where = join_path((*self._prefix, name)) + "/"
                return plain(301, "", ("Location", where + (f"?{query}" if query else "")))
            case (name, ""):
                return await self._articles(request, await self._room.group(name))
            case (name, "feed.atom"):
                return await self._feed(request, await self._room.group(name))
            case (name, number) if number.endswith(".eml"):
                return await self._octets(request, name, number.removesuffix(".eml"))
            case (name, number):
                return await self._article(request, name, number)
            case (name, number, place):
                return await self._part(request, name, number, place)
        return NOT_FOUND

    # -- lists -----------------------------------------------------------------------------------

    async def _groups(self, request: IncomingRequest) -> AnyResponse:
        wanted = request.query().get("message-id")
        if wanted:
            return await self._found(f"<{wanted[0].strip('<>')}>")
        kind = choose(request.fields.get("accept"), OFFERED)
        groups = await self._room.groups()
        etag = _etag(kind, *[_state(group) for group in groups])
        if (judged := self._judged(request, etag, None)) is not None:
            return judged
        if kind == data.JSON:
            return _made(data.group_list(groups), etag, data.JSON_FIELDS)
        return _made(pages.group_list(groups), etag, pages.FIELDS)

    async def _found(self, message_id: str) -> AnyResponse:
        if not is_message_id(message_id.encode()):
            return NOT_FOUND
        article = await self._room.find(message_id)
        for group in await self._room.groups():
            if group.id == article.folder:
                where = join_path((*self._prefix, group.name, str(article.number)))
                return plain(302, "", ("Location", where), _ASK_FIRST)
        return NOT_FOUND

    async def _articles(self, request: IncomingRequest, group: Newsgroup) -> AnyResponse:
        kind = choose(request.fields.get("accept"), OFFERED)
        before = request.query().get("before", [""])[0]
        if before and not _number.fullmatch(before):
            return NOT_FOUND
        etag = _etag(kind, _state(group), before)
        if (judged := self._judged(request, etag, None)) is not None:
            return judged
        articles, older = await self._newest(group, PAGE, int(before) if before else None)
        if kind == data.JSON:
            body = data.group_page(group, self._named(articles), older=older)
            return _made(body, etag, data.JSON_FIELDS)
        body = pages.group_page(group, articles, older=older, newest=not before)
        return _made(body, etag, pages.FIELDS)

    async def _feed(self, request: IncomingRequest, group: Newsgroup) -> AnyResponse:
        etag = _etag("feed", _state(group))
        if (judged := self._judged(request, etag, None)) is not None:
            return judged
        articles, _ = await self._newest(group, FEED, None)
        return _made(data.feed(group, self._named(articles)), etag, data.ATOM_FIELDS)

    async def _newest(
        self, group: Newsgroup, count: int, before: int | None
    ) -> tuple[Sequence[Described], int | None]:
        """Return articles, the newest first, and what those behind them are before."""
        numbers = await self._room.numbers(group)
        stop = len(numbers) if before is None else bisect_left(numbers, before)
        start = max(0, stop - count)
        wanted = list(numbers[start:stop])
        found = await self._room.described(group.id, wanted)
        return found[::-1], wanted[0] if start else None

    def _named(self, articles: Sequence[Described]) -> list[tuple[Described, str]]:
        return [(each, self._room.message_id(each)) for each in articles]

    # -- articles --------------------------------------------------------------------------------

    async def _described(self, name: str, number: str) -> tuple[Newsgroup, Described]:
        """Return an article and its group. Raises RequestRefused."""
        group = await self._room.group(name)
        if _number.fullmatch(number):
            wanted = int(number)
            numbers = await self._room.numbers(group)
            index = bisect_left(numbers, wanted)
            if index < len(numbers) and numbers[index] == wanted:
                for found in await self._room.described(group.id, [wanted]):
                    return group, found
        raise RequestRefused(NOT_FOUND)

    async def _article(self, request: IncomingRequest, name: str, number: str) -> AnyResponse:
        group, described = await self._described(name, number)
        kind = choose(request.fields.get("accept"), OFFERED)
        uid = described.message.uid
        numbers = await self._room.numbers(group)
        index = bisect_left(numbers, uid)
        older = numbers[index - 1] if index else None
        newer = next(iter(numbers[index + 1 : index + 2]), None)
        etag = _etag(kind, described.message.guid, group.name, str(older), str(newer))
        if (judged := self._judged(request, etag, None)) is not None:
            return judged
        shown, cut = await self._texts(described)
        read = {part.body_start for part in texts(described.summary.root)[:TEXTS]}
        saved = [
            (place, part)
            for place, part in numbered(described.summary.root)
            if part.body_start not in read
        ]
        whole = pages.Shown(described, shown, cut, saved, older, newer)
        if kind == data.JSON:
            body = data.article(group, whole, self._room.message_id(described))
            return _made(body, etag, data.JSON_FIELDS)
        return _made(pages.article_page(group, whole), etag, pages.FIELDS)

    async def _texts(self, described: Described) -> tuple[Sequence[str], bool]:
        """Return the texts of an article, and whether something of them is left out."""
        found = texts(described.summary.root)
        room = TEXT_OCTETS
        shown = []
        for part in found[:TEXTS]:
            if room <= 0:
                break
            stop = min(part.body_end, part.body_start + room)
            pieces = self._room.read(described.message.content, part.body_start, stop)
            octets = b"".join([piece async for piece in pieces])
            room -= len(octets)
            text = unflowed(part_text(octets, part), part)
            if text.strip():
                shown.append(text)
        return shown, len(found) > TEXTS or sum(part.octets for part in found) > TEXT_OCTETS

    async def _octets(self, request: IncomingRequest, name: str, number: str) -> AnyResponse:
        group, described = await self._described(name, number)
        message = described.message
        etag = f'"{message.guid}"'
        if (judged := self._judged(request, etag, message.internal_date)) is not None:
            return judged
        fields = (
            # To save, and not to show: browsers take it for a web page in an archive.
            ("Content-Type", "message/rfc822"),
            parts.disposition(f"{group.name}-{number}.eml"),
            parts.NOSNIFF,
            parts.SANDBOX,
            ("ETag", etag),
            ("Last-Modified", self._modified(message.internal_date)),
            _ASK_FIRST,
        )
        head = ResponseHead(200, Fields(fields), message.octets)
        return await _begun(request, head, self._room.read(message.content))

    async def _part(
        self, request: IncomingRequest, name: str, number: str, place: str
    ) -> AnyResponse:
        _, described = await self._described(name, number)
        part = next((each for at, each in numbered(described.summary.root) if at == place), None)
        if part is None:
            return NOT_FOUND
        etag = f'"{described.message.guid}-{place}-{_FORM}"'
        if (judged := self._judged(request, etag, None)) is not None:
            return judged
        pieces = self._room.read(described.message.content, part.body_start, part.body_end)
        fields = (*parts.fields(part, place), ("ETag", etag), _ASK_FIRST)
        head = ResponseHead(200, Fields(fields))
        return await _begun(request, head, parts.decoded(pieces, part.encoding))

    # -- what all have in common -----------------------------------------------------------------

    def _modified(self, when: datetime) -> str:
        # Not later than the answer's own date (RFC 9110, 8.8.2.1).
        return format_http_date(min(when, self._now())).decode()

    def _judged(
        self, request: IncomingRequest, etag: str, modified: datetime | None
    ) -> Response | None:
        """Judge the preconditions; return the answer where it is not the content."""
        verdict = judge(
            request.method, request.fields, etag=etag, modified=modified, now=self._now()
        )
        if verdict is Verdict.FAILED:
            return _FAILED
        if verdict is Verdict.PERFORM:
            return None
        fields: FieldPairs = (("ETag", etag), _ASK_FIRST)
        if etag.startswith("W/"):
            return Response(304, (*fields, _NEGOTIATED))
        if modified is not None:
            fields = (*fields, ("Last-Modified", self._modified(modified)))
        return Response(304, fields)


async def _begun(
    request: IncomingRequest, head: ResponseHead, pieces: AsyncIterator[bytes]
) -> Streamed:
    """Return an answer whose body can be read. Raises what reading raises."""
    first = b"" if request.method == "HEAD" else await anext(pieces, b"")
    return Streamed(head, pieces, first)


def _state(group: Newsgroup) -> str:
    """Return what changes when a group does: articles are only ever added, and taken away."""
    return f"{group.name}\0{group.description}\0{group.low}\0{group.high}\0{group.count}"


def _etag(*made_from: str) -> str:
    """Return a weak entity tag of something made from what is named."""
    said = "\0\0".join((_FORM, *made_from)).encode("utf-8", "surrogateescape")
    return f'W/"{hashlib.blake2b(said, digest_size=12).hexdigest()}"'


def _made(body: bytes, etag: str, fields: FieldPairs) -> Response:
    return Response(200, (*fields, parts.NOSNIFF, _NEGOTIATED, _ASK_FIRST, ("ETag", etag)), body)
