"""Files over HTTP: the public site, what accounts show of theirs, PUT and DELETE for owners."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from twisted.internet.interfaces import IReactorTime

from netsuite.accounts.interfaces import FileAccess, SiteFiles
from netsuite.http import listing, replies
from netsuite.http.commands import FieldPairs, Fields, Request, Response, ResponseHead, plain
from netsuite.http.conditions import CONDITIONAL, Verdict, judge, range_applies
from netsuite.http.media import GZIP, WORTH_PACKING, choose, media_type, takes_gzip
from netsuite.http.paths import join_path
from netsuite.http.ranges import Range, last_boundary, parse_ranges, part_head
from netsuite.http.replies import RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.response_cache import Cache, Representation
from netsuite.http.responses import AnyResponse, FilePart, SentFile, Streamed
from netsuite.http.router import METHODS
from netsuite.store import errors
from netsuite.store.tree import Entry, EntryKind, OpenFile, TreePath, UploadRequest
from netsuite.wire.dates import format_http_date

ALLOWED: Final = "DELETE, GET, HEAD, OPTIONS, PUT"
INDEX: Final = "index.html"
#: Smaller files are answered from memory, and remembered for a moment.
SMALL_OCTETS: Final = 65_536
#: Directories with more entries are listed as they come, not sorted.
SORTED_ENTRIES: Final = 2000

FAILED: Final = plain(412)
CODED: Final = plain(415, "Send it without a content coding.", ("Accept-Encoding", "identity"))
NO_NAME: Final = plain(409, "No file can have that name.")
NO_DIRECTORY: Final = plain(409, "There is no such directory to put it in.")


# Longer than 300 lines: the methods of one resource share how it is found and judged.
class FileSite:
    """Answers for a tree of files, and for those that accounts show.

    ``/`` is the public site, ``/~ACCOUNT/`` what an account has in its ``public`` directory. Who
    may see and do what there is not decided here, but by what *files* and the login give.

    Small files are kept in memory for *remember_seconds*. Who knows of a change calls ``forget``
    (subscribe it to the store's changes), so they are never out of date by that; a change that
    nobody tells of is seen that much later.

    Args:
        files: what needs no login.
        clock: for how long a file is remembered.
        now: the time.
        boundary: gives a fresh boundary for parts.
        remember_seconds: 0 for not at all.
        precompressed: whether ``a.css.gz`` is given for ``a.css`` to who takes it.
        links: what else there is on this server, for the listing of the root.
    """

    def __init__(
        self,
        files: SiteFiles,
        *,
        clock: IReactorTime,
        now: Callable[[], datetime],
        boundary: Callable[[], str],
        remember_seconds: float = 1.0,
        precompressed: bool = True,
        links: Callable[[], listing.Links] = tuple,
    ) -> None:
        self._files = files
        self._public = files.anonymous()
        self._now = now
        self._boundary = boundary
        self._precompressed = precompressed
        self._links = links
        self._cache = Cache(clock.seconds, remember_seconds)

    async def __call__(self, request: IncomingRequest) -> AnyResponse:
        """Answer a request."""
        method = request.head.method
        if method in ("GET", "HEAD"):
            head = request.head
            found = self._cache.fresh(head.path)
            if found is None or found.packed:
                found = self._other(head, found)
            if found is not None and found.body is not None:
                return self._small(head, found, found.body)
            return await self._get(request)
        if method == "PUT":
            return await self._change(request, self._put)
        if method == "DELETE":
            return await self._change(request, self._delete)
        if method == "OPTIONS":
            return Response(204, (("Allow", ALLOWED), ("Accept-Ranges", "bytes")))
        return replies.method_not_allowed(ALLOWED) if method in METHODS else replies.NOT_IMPLEMENTED

    def forget(self, *_: object) -> None:
        """Something has changed: look at every file again."""
        self._cache.forget()

    # -- reading -------------------------------------------------------------------------------

    async def _get(self, request: IncomingRequest) -> AnyResponse:
        names = request.names()
        tree: FileAccess = self._public
        path = names
        if names[0].startswith("~"):
            tree, path = await self._files.public_of(names[0][1:]), names[1:]
        directory = names[-1] == ""
        if directory:
            path = path[:-1]
        if "" in path:
            return replies.NOT_FOUND
        if directory:
            try:
                return await self._file(request, tree, (*path, INDEX))
            except (errors.NoSuchFile, errors.IsADirectory):
                return await self._listing(request, tree, path, names[:-1])
        try:
            return await self._file(request, tree, path)
        except errors.IsADirectory:
            query = request.head.query
            where = join_path(names) + "/" + ("" if query is None else f"?{query}")
            return plain(301, "", ("Location", where))

    def _other(self, head: Request, found: Representation | None) -> Representation | None:
        """Return what is remembered in gzip, to who takes it; *found* to who does not."""
        if "accept-encoding" in head.fields and takes_gzip(head.fields.get("accept-encoding")):
            return self._cache.fresh(f"{head.path} {GZIP}")
        return found

    async def _file(
        self, request: IncomingRequest, tree: FileAccess, path: TreePath
    ) -> AnyResponse:
        # Before it is opened: what changes from here on is not remembered as it was.
        forgotten = self._cache.forgotten
        file = await tree.open(path)
        kind = media_type(file.entry.name)
        packed: OpenFile | None = None
        if self._precompressed and WORTH_PACKING.match(kind):
            try:
                packed = await _packed(tree, path, file.entry)
            except BaseException:
                file.close()
                raise
        coding = ""
        if packed is not None:
            if takes_gzip(request.fields.get("accept-encoding")):
                file, other, coding = packed, file, GZIP
            else:
                other = packed
            other.close()
        found = self._represented(file.entry, kind, coding, packed=packed is not None)
        return await self._opened(request.head, file, found, forgotten)

    async def _opened(
        self, head: Request, file: OpenFile, found: Representation, forgotten: int
    ) -> AnyResponse:
        """Answer from a file; it is closed, or given along with the answer."""
        sent = False
        try:
            if found.octets > SMALL_OCTETS:
                answer = self._large(head, found, file)
                sent = isinstance(answer, SentFile)
                return answer
            body = await _whole(file)
            if len(body) != found.octets:
                raise errors.Busy("it changed while it was read")
            if self._cache.forgotten == forgotten:
                key = f"{head.path} {found.coding}" if found.coding else head.path
                self._cache.keep(key, found, body)
            return self._small(head, found, body)
        finally:
            if not sent:
                file.close()

    def _represented(self, entry: Entry, kind: str, coding: str, *, packed: bool) -> Representation:
        etag = f'"{entry.validator}"'
        # Not later than the answer's own date (RFC 9110, 8.8.2.1).
        modified = min(entry.modified, self._now())
        fields: FieldPairs = (
            ("Content-Type", kind),
            ("Last-Modified", format_http_date(modified).decode()),
            ("ETag", etag),
            ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"),
        )
        if coding:
            fields = (*fields, ("Content-Encoding", coding))
        if packed:
            fields = (*fields, ("Vary", "Accept-Encoding"))
        return Representation(etag, entry.modified, kind, entry.octets, fields, coding, packed)

    def _judged(self, head: Request, found: Representation) -> Response | Sequence[Range] | None:
        """Return an answer without content, the ranges to give, or None for all of it."""
        fields = head.fields
        now = self._now()
        verdict = judge(head.method, fields, etag=found.etag, modified=found.modified, now=now)
        if verdict is Verdict.NOT_MODIFIED:
            return Response(304, found.said_unchanged)
        if verdict is Verdict.FAILED:
            return FAILED
        if head.method != "GET" or "range" not in fields:
            return None
        if not range_applies(fields, etag=found.etag, modified=found.modified, now=now):
            return None
        ranges = parse_ranges(fields.get("range"), found.octets)
        if ranges is not None and not ranges:
            return plain(416, "", ("Content-Range", f"bytes */{found.octets}"))
        if ranges is not None and len(ranges) > 1 and found.coding:
            return None  # Content-Encoding would be said of the parts' frame
        return ranges

    def _small(self, head: Request, found: Representation, body: bytes) -> Response:
        if not head.fields.has_any(CONDITIONAL):
            return Response(200, found.fields, body)
        judged = self._judged(head, found)
        if judged is None:
            return Response(200, found.fields, body)
        if isinstance(judged, Response):
            return judged
        fields, parts, after = self._parts(found, judged)
        pieces = [part.before + body[part.offset : part.offset + part.octets] for part in parts]
        return Response(206, fields, b"".join([*pieces, after]))

    def _large(self, head: Request, found: Representation, file: OpenFile) -> AnyResponse:
        judged = self._judged(head, found)
        if isinstance(judged, Response):
            return judged
        if judged is None:
            whole = ResponseHead(200, Fields(found.fields), found.octets)
            return SentFile(whole, file, (FilePart(b"", 0, found.octets),))
        fields, parts, after = self._parts(found, judged)
        octets = sum(len(part.before) + part.octets for part in parts) + len(after)
        return SentFile(ResponseHead(206, Fields(fields), octets), file, parts, after)

    def _parts(
        self, found: Representation, ranges: Sequence[Range]
    ) -> tuple[FieldPairs, tuple[FilePart, ...], bytes]:
        """Return the fields of a 206, its parts, and what stands behind them."""
        if len(ranges) == 1:
            one = ranges[0]
            said = ("Content-Range", one.content_range(found.octets))
            return (*found.fields, said), (FilePart(b"", one.offset, one.octets),), b""
        boundary = self._boundary()
        parts = tuple(
            FilePart(
                part_head(boundary, found.media_type, each, found.octets), each.offset, each.octets
            )
            for each in ranges
        )
        kind = ("Content-Type", f"multipart/byteranges; boundary={boundary}")
        return (kind, *found.fields[1:]), parts, last_boundary(boundary)

    async def _listing(
        self, request: IncomingRequest, tree: FileAccess, path: TreePath, names: tuple[str, ...]
    ) -> AnyResponse:
        kind = choose(request.fields.get("accept"), listing.OFFERED)
        fields = listing.fields(kind)
        links = () if names else self._links()
        try:
            entries = await tree.sorted_listing(path, limit=SORTED_ENTRIES)
        except errors.TooLarge:
            pieces = listing.listing(kind, names, tree.listing(path), links)
            return Streamed(ResponseHead(200, Fields(fields)), pieces)
        return Response(200, fields, listing.whole_listing(kind, names, entries, links))

    # -- writing -------------------------------------------------------------------------------

    async def _change(
        self,
        request: IncomingRequest,
        change: Callable[[IncomingRequest, FileAccess, TreePath], Awaitable[AnyResponse]],
    ) -> AnyResponse:
        """Log in, and let an account change something of its tree."""
        login = await request.log_in(FileAccess)
        try:
            path = self._own(request.names(), login.name, login.avatar)
            return await change(request, login.avatar, path)
        finally:
            login.logout()

    def _own(self, names: tuple[str, ...], account: str, access: FileAccess) -> TreePath:
        """Return where in the account's tree a path is.

        Nobody hears whether something is there who may not write there: the refusal is the
        same. Raises Refused.
        """
        if names[0] == f"~{account}":
            path = ("public", *names[1:])
        elif names[0].startswith("~"):
            raise RequestRefused(replies.FORBIDDEN)
        else:
            path = ("site", *names)
        if access.permissions(path).isdisjoint(("store", "replace", "append", "remove")):
            raise RequestRefused(replies.FORBIDDEN)
        if "" in path or len(path) == 1:
            raise RequestRefused(plain(409, "A file's name does not end with a slash."))
        return path

    async def _checked(
        self, request: IncomingRequest, tree: FileAccess, path: TreePath
    ) -> Entry | None:
        """Judge the preconditions; return what is there. Raises Refused."""
        try:
            entry = await tree.entry(path)
        except errors.NoSuchFile:
            entry = None
        verdict = judge(
            request.method,
            request.fields,
            etag=f'"{entry.validator}"' if entry is not None else None,
            modified=entry.modified if entry is not None else None,
            now=self._now(),
        )
        if verdict is not Verdict.PERFORM:
            raise RequestRefused(FAILED)
        if entry is not None and entry.kind is EntryKind.DIRECTORY:
            raise errors.IsADirectory("/".join(path))
        return entry

    async def _put(self, request: IncomingRequest, tree: FileAccess, path: TreePath) -> AnyResponse:
        if "content-range" in request.fields:
            return replies.BAD_REQUEST  # RFC 9110, 14.5
        if request.fields.get("content-encoding", "identity").lower() not in ("", "identity"):
            return CODED  # it would be given out as something it is not (RFC 9110, 9.3.4)
        try:
            before = await self._checked(request, tree, path)
        except errors.BadFileName:
            return NO_NAME
        # What the preconditions were judged by must still be so when the file takes its name.
        conditional = not {"if-match", "if-none-match", "if-unmodified-since"}.isdisjoint(
            name for name, _ in request.fields
        )
        try:
            upload = await tree.upload(
                path,
                UploadRequest(
                    only_new=conditional and before is None,
                    if_validator=before.validator if conditional and before is not None else None,
                    expected_octets=request.head.octets,
                ),
            )
            try:
                async for octets in request.chunks():
                    waiting = upload.write(octets)
                    if waiting is not None:
                        await waiting
                entry = await upload.commit()
            except BaseException:
                await upload.abort()
                raise
        except errors.NoSuchFile:
            return NO_DIRECTORY
        except errors.FileInTheWay:
            if conditional:
                return FAILED
            raise
        self.forget()
        etag = ("ETag", f'"{entry.validator}"')  # as it was sent, so a strong one may be given
        if before is not None:
            return Response(204, (etag,))
        return Response(201, (etag, ("Location", request.path)))

    async def _delete(
        self, request: IncomingRequest, tree: FileAccess, path: TreePath
    ) -> AnyResponse:
        if await self._checked(request, tree, path) is None:
            return replies.NOT_FOUND
        await tree.remove_file(path)
        self.forget()
        return Response(204)


async def _packed(tree: FileAccess, path: TreePath, entry: Entry) -> OpenFile | None:
    """Open a file's copy in gzip. One that is older than the file is of another content."""
    try:
        packed = await tree.open((*path[:-1], f"{path[-1]}.gz"))
    except errors.StoreError:
        return None  # whatever is wrong with it, there is the file itself
    if packed.entry.modified < entry.modified.replace(microsecond=0):
        packed.close()
        return None
    return packed


async def _whole(file: OpenFile) -> bytes:
    pieces = []
    offset = 0
    while offset < file.entry.octets:
        piece = await file.read(offset, file.entry.octets - offset)
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)
