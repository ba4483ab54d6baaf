"""Routes: from a path to its handler, exact paths first, then patterns, then prefixes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from netsuite.http.commands import Response
from netsuite.http.replies import NOT_FOUND, NOT_IMPLEMENTED, method_not_allowed
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse

#: Answers a request.
Handler: TypeAlias = Callable[[IncomingRequest], Awaitable[AnyResponse]]

#: What this server knows at all; others are 501, as RFC 9110, 9.1 wants.
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Route:
    """The handlers of one path, by method."""

    __slots__ = ("allowed", "handlers", "names")

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = names
        self.handlers: dict[str, Handler] = {}
        self.allowed = ""

    def add(self, methods: Iterable[str], handler: Handler) -> None:
        for method in methods:
            if method in self.handlers:
                raise ValueError(f"{method} has a handler there already")
            self.handlers[method] = handler
        if "GET" in self.handlers:
            self.handlers.setdefault("HEAD", self.handlers["GET"])
        self.allowed = ", ".join(sorted({*self.handlers, "OPTIONS"}))

    def answer(self, request: IncomingRequest) -> Awaitable[AnyResponse]:
        handler = self.handlers.get(request.head.method)
        if handler is not None:
            return handler(request)
        if request.head.method == "OPTIONS":
            return _at_once(Response(204, (("Allow", self.allowed),)))
        if request.head.method not in METHODS:
            return _at_once(NOT_IMPLEMENTED)
        return _at_once(method_not_allowed(self.allowed))


class Router:
    """Finds the handler of a request.

    A handler is ``async def handler(request)``, and returns a response. ``replies.RequestRefused``
    is raised to answer with the response in it; errors of the store and of logins are answered from
    ``replies.ERRORS``; anything else is logged, and answered with 500.

    ::

        async def hello(request):
            return Response(200, (), b"hello")

        router = Router()
        router.add("GET", "/hello", hello)
        router.add("GET", "/articles/{number}", article)   # request.parameters["number"]
        router.mount("/", files)                           # everything else, all methods
    """

    def __init__(self) -> None:
        self._exact: dict[str, _Route] = {}
        self._patterns: dict[int, list[_Route]] = {}
        self._mounted: list[tuple[str, Handler]] = []

    def add(self, methods: str, pattern: str, handler: Handler) -> None:
        """Add a handler.

        Args:
            methods: one, or several with spaces between; GET brings HEAD along.
            pattern: a path; ``{name}`` in the place of a segment stands for any one.
            handler: see above.

        Raises:
            ValueError: there is one already.
        """
        if not pattern.startswith("/"):
            raise ValueError("a path begins with a slash")
        if "{" not in pattern:
            route = self._exact.setdefault(pattern, _Route())
        else:
            names = tuple(pattern.split("/")[1:])
            routes = self._patterns.setdefault(len(names), [])
            for route in routes:
                if route.names == names:
                    break
            else:
                route = _Route(names)
                routes.append(route)
        route.add(methods.split(), handler)

    def remove(self, path: str) -> None:
        """Remove the handlers of one path without braces, if there are any."""
        self._exact.pop(path, None)

    def route(self, methods: str, pattern: str) -> Callable[[Handler], Handler]:
        """Return what adds a handler, as a decorator of it: ``@router.route("GET", "/hello")``."""

        def added(handler: Handler) -> Handler:
            self.add(methods, pattern, handler)
            return handler

        return added

    def mount(self, prefix: str, handler: Handler) -> None:
        """Route all paths below a prefix to one handler, all methods.

        Args:
            prefix: ends with a slash; the longest that fits wins.
            handler: answers 405 itself.

        Raises:
            ValueError: there is one at that prefix already.
        """
        if not (prefix.startswith("/") and prefix.endswith("/")):
            raise ValueError("a prefix begins and ends with a slash")
        if self.is_mounted(prefix):
            raise ValueError("there is a handler of all below it already")
        self._mounted.append((prefix, handler))
        self._mounted.sort(key=lambda each: -len(each[0]))

    def is_mounted(self, prefix: str) -> bool:
        """Return whether there is a handler of just that prefix."""
        return any(prefix == each for each, _ in self._mounted)

    # No coroutine, since each more in the way of a request would cost it half a microsecond.
    def answer(self, request: IncomingRequest) -> Awaitable[AnyResponse]:
        """Return what gives the response when it is awaited. Raises what the handler raises."""
        head = request.head
        route = self._exact.get(head.path)
        if route is not None:
            return route.answer(request)
        if head.method not in METHODS:
            return _at_once(NOT_IMPLEMENTED)
        if not head.path:
            return _at_once(Response(204, (("Allow", ", ".join(sorted(METHODS))),)))
        if self._patterns:
            found = self._pattern(request)
            if found is not None:
                return found.answer(request)
        for prefix, handler in self._mounted:
            if head.path.startswith(prefix):
                return handler(request)
        return _at_once(NOT_FOUND)

    def _pattern(self, request: IncomingRequest) -> _Route | None:
        names = request.names()
        for route in self._patterns.get(len(names), ()):
            parameters = {}
            for wanted, name in zip(route.names, names, strict=True):
                if wanted.startswith("{") and name:
                    parameters[wanted[1:-1]] = name
                elif wanted != name:
                    break
            else:
                request.parameters = parameters
                return route
        return None


async def _at_once(response: AnyResponse) -> AnyResponse:
    return response
