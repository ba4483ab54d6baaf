"""WSGI applications (PEP 3333) behind our server: an application as a handler, each call in a
thread of its own.

A thread that is ahead of the client waits for it, so a long answer takes no memory; and a body that
comes is on the disk when the application begins, where it is not small.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from tempfile import SpooledTemporaryFile
from threading import Condition, Thread
from types import TracebackType
from typing import IO, Final, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from netsuite.http.commands import BODILESS, Fields, Response, ResponseHead
from netsuite.http.replies import BAD_REQUEST, BROKEN, RequestRefused
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse, Chunks, Streamed, passed_on

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


class StartResponse(Protocol):
    """Begins a response; returns what writes to it without an iterable."""

    def __call__(
        self,
        status: str,
        headers: Sequence[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Accept status and fields."""


#: Environment and ``start_response`` to the pieces of a body.
WSGIApplication: TypeAlias = Callable[[dict[str, object], StartResponse], Iterable[bytes]]

#: Has a function called in a thread. Raises RuntimeError where the system allows no more.
Begin: TypeAlias = Callable[[Callable[[], None]], object]

#: Threads of one application; who comes then waits.
THREADS: Final = 20
#: More than this unsent, and the thread waits.
WAITING_OCTETS: Final = 65_536
#: The largest body, unless more is asked for: it is on the disk while it is answered.
BODY_OCTETS: Final = 100 * 1024**2
#: The largest body that is kept in memory.
MEMORY_OCTETS: Final = 262_144


class Gone(Exception):
    """Nobody wants the rest of a response: raised in the application."""


class WSGIHandler:
    """Answers from a WSGI application; a handler for ``Router.mount``.

    Args:
        application: called in a thread.
        reactor: what the threads do is told on its own; its threads write bodies to the disk.
        prefix: where it is mounted, with a slash at the end.
        limit_octets: the largest body, of what the service takes.
        threads: how many calls there may be at once.
    """

    def __init__(
        self,
        application: WSGIApplication,
        reactor: IReactorThreads,
        prefix: str = "/",
        *,
        limit_octets: int = BODY_OCTETS,
        threads: int = THREADS,
    ) -> None:
        self._application = application
        self._reactor = reactor
        self._threads = reactor.getThreadPool()
        # Twisted's own has few threads, in which names are looked up and passwords hashed: slow
        # clients would hold them. One of another kind, a test's, is to know of all threads.
        plain = type(self._threads) is ThreadPool
        self._begin: Begin = _in_new_thread if plain else self._threads.callInThread
        self._prefix = prefix
        self._limit_octets = limit_octets
        self._turns = DeferredSemaphore(threads)

    async def __call__(self, request: IncomingRequest) -> AnyResponse:
        """Answer a request."""
        path = unquote_to_bytes(request.path[len(self._prefix) - 1 :])
        if not {b".", b".."}.isdisjoint(path.replace(b"\\", b"/").split(b"/")) or b"\0" in path:
            raise RequestRefused(BAD_REQUEST)  # nothing that climbs reaches an application
        body, octets = await self._body(request)
        try:
            environ = self._environ(request, path, body, octets)
            await self._turns.acquire()
        except BaseException:
            body.close()
            raise
        call = _Call(
            self._application, environ, body, self._reactor, self._begin, self._turns.release
        )
        return await call.answer(silent=request.method == "HEAD")

    async def _body(self, request: IncomingRequest) -> tuple[IO[bytes], int]:
        """Return the whole body as a file, and its octets."""
        file = SpooledTemporaryFile(max_size=MEMORY_OCTETS)  # noqa: SIM115 - the thread closes it
        pieces: list[bytes] = []
        total = waiting = 0
        try:
            async for piece in request.chunks(self._limit_octets):
                pieces.append(piece)
                total += len(piece)
                waiting += len(piece)
                if waiting >= MEMORY_OCTETS:
                    ready, pieces, waiting = pieces, [], 0
                    await deferToThreadPool(self._reactor, self._threads, file.writelines, ready)
            file.writelines(pieces)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file, total

    def _environ(
        self, request: IncomingRequest, path: bytes, body: IO[bytes], octets: int
    ) -> dict[str, object]:
        scheme, standard = ("https", "443") if request.peer.secure else ("http", "80")
        host, ours = request.fields.get("host"), request.exchange.local_address
        port = getattr(ours, "port", None)  # a Unix socket has none
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        environ: dict[str, object] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": unquote_to_bytes(self._prefix.rstrip("/")).decode("latin-1"),
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": request.head.query or "",
            "REQUEST_URI": request.head.target,
            "CONTENT_TYPE": request.fields.get("content-type"),
            "CONTENT_LENGTH": "" if request.head.octets == 0 else str(octets),
            "REMOTE_ADDR": request.peer.address,
            "SERVER_NAME": name or request.exchange.channel().host,
            "SERVER_PORT": standard if port is None else str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": _Errors(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for field in {field for field, _ in request.fields}:
            # One with an underscore would be taken for another, which a proxy may have removed;
            # HTTP_PROXY is a setting of clients that an application may start.
            if "_" in field or field in ("content-type", "content-length", "proxy"):
                continue
            joint = "; " if field == "cookie" else ","
            variable = "HTTP_" + field.upper().replace("-", "_")
            environ[variable] = joint.join(request.fields.all(field))
        return environ


def _in_new_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="wsgi", daemon=True).start()


class _Errors(io.TextIOBase):
    """The ``wsgi.errors`` of an application: lines in the log."""

    log = Logger()

    def write(self, text: str, /) -> int:
        """Log it."""
        for line in text.splitlines():
            if line:
                self.log.warn("a WSGI application says: {line}", line=line)
        return len(text)


class _Call:
    """One call of an application: what its thread does, and what of that is sent.

    What both threads look at is guarded by ``_changed``.
    """

    log = Logger()

    def __init__(
        self,
        application: WSGIApplication,
        environ: dict[str, object],
        body: IO[bytes],
        reactor: IReactorThreads,
        begin: Begin,
        ended: Callable[[], object],
    ) -> None:
        self._application = application
        self._environ = environ
        self._body = body
        self._reactor = reactor
        self._begin = begin
        self._on_end = ended
        self._status: str | None = None  # as the application has said it
        self._fields: Sequence[tuple[str, str]] = ()
        self._left: int | None = None  # of the length it has announced
        self._changed = Condition()
        self._head: ResponseHead | None = None  # set when there is something of the body
        self._pieces: deque[bytes] = deque()
        self._octets = 0
        self._ended = False
        self._whole = False  # ended as it should
        self._gone = False
        self._woken = False
        self._wanted: Deferred[None] | None = None

    # -- in the reactor's thread ----------------------------------------------------------------

    async def answer(self, *, silent: bool) -> AnyResponse:
        """Run it; return the response once its head is known: all of it, where it is complete.

        Args:
            silent: its body is not wanted.
        """
        try:
            self._begin(self._run)
        except RuntimeError:  # the system allows no more
            self._body.close()
            self._on_end()
            raise
        try:
            while self._head is None and not self._ended:
                await self._more()
        except BaseException:
            self._leave()
            raise
        if self._head is None:
            return BROKEN
        head = self._head
        if self._whole and head.status in BODILESS:
            return Response(head.status, tuple(head.fields))
        if self._whole and not silent:
            body = b"".join(self._pieces)
            if head.octets in (None, len(body)):
                return Response(head.status, tuple(head.fields), body)
        return Streamed(head, Chunks(self._chunks(), self._leave))

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        while True:
            with self._changed:
                pieces, self._pieces, self._octets = self._pieces, deque(), 0
                ended = self._ended
                self._changed.notify()
            for octets in pieces:
                yield octets
            if not pieces:
                if ended:
                    break
                await self._more()
        if not self._whole:
            raise Gone("the application has failed, or given less than it has announced")

    async def _more(self) -> None:
        """Wait until the thread has done something."""
        with self._changed:
            self._woken = False
            if self._pieces or self._ended:
                return
            wanted: Deferred[None] = Deferred()
            self._wanted = wanted
        await wanted

    def _wake(self) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None and not wanted.called:
            wanted.callback(None)

    def _leave(self) -> None:
        """Nobody takes any more: the thread learns of it when it writes."""
        with self._changed:
            self._gone = True
            self._changed.notify()

    # -- in its own thread ----------------------------------------------------------------------

    def _run(self) -> None:
        """Call the application, and pass on what it gives."""
        made: Iterable[bytes] = ()
        whole = False
        try:
            try:
                made = self._application(self._environ, self._start)
                one = len(made) == 1 if isinstance(made, list | tuple) else False
                for octets in made:
                    if octets:
                        self._write(octets, last=one)
                if self._head is None:
                    self._write(b"", last=True)
                whole = True
            finally:
                close = getattr(made, "close", None)
                if close is not None:
                    close()
        except Gone:
            pass
        except BaseException:  # it has this thread to itself
            self.log.failure("the WSGI application {application}", application=self._application)
        finally:
            self._body.close()
            with self._changed:
                # Where a length was announced, that much counts, and no more.
                self._ended, self._whole = True, whole if self._left is None else not self._left
                self._tell(self._on_end)

    def _start(
        self,
        status: str,
        headers: Sequence[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        """Accept status and fields (``StartResponse``)."""
        if exc_info is not None:
            if self._head is not None:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._status is not None:
            raise AssertionError("start_response was called already")
        if not status[:3].isdigit():
            raise ValueError(f"no status: {status!r}")
        self._status, self._fields = status, list(headers)
        return self._write

    def _write(self, octets: bytes, *, last: bool = False) -> None:
        """Pass on some of the body, when the client has taken most of what came before.

        Args:
            last: that is all of it.
        """
        if self._status is None:
            raise AssertionError("start_response was not called")
        if self._head is None:
            fields, length = passed_on(self._fields)
            status = int(self._status[:3])
            self._left = length
            if length is None and last and status not in BODILESS:
                length = len(octets)
            if self._environ["REQUEST_METHOD"] == "HEAD" or status in BODILESS:
                self._left = None  # nothing of it is sent
            head = ResponseHead(status, Fields(fields), length)
        else:
            head = self._head
        too_long = self._left is not None and len(octets) > self._left
        octets = octets[: self._left] if self._left is not None else octets
        with self._changed:
            while self._octets > WAITING_OCTETS and not self._gone:
                self._changed.wait()
            if self._gone:
                raise Gone
            self._head = head
            if octets:
                self._pieces.append(octets)
                self._octets += len(octets)
            self._tell()
        if self._left is not None:
            self._left -= len(octets)
        if too_long:
            raise ValueError("more of a body than its Content-Length says")

    def _tell(self, also: Callable[[], object] | None = None) -> None:
        """Wake the reactor's thread, once for all that comes until it looks."""
        if also is not None:
            self._reactor.callFromThread(also)
        if not self._woken:
            self._woken = True
            self._reactor.callFromThread(self._wake)
