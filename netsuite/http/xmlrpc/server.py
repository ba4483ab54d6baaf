"""An XML-RPC server on a route: methods, introspection, multicall."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from twisted.logger import Logger

from netsuite.accounts.interfaces import LoginRefused
from netsuite.http.commands import Response, plain
from netsuite.http.replies import RequestRefused, method_not_allowed
from netsuite.http.request import IncomingRequest
from netsuite.http.responses import AnyResponse
from netsuite.http.xmlrpc import values
from netsuite.http.xmlrpc.values import Fault, Value
from netsuite.store.errors import StoreError

#: A page of another site can make a browser send any other type without asking us first; none
#: of those is XML.
MEDIA_TYPES: Final = frozenset({"text/xml", "application/xml"})
MOST_CALLS: Final = 100
FIELDS: Final = (("Content-Type", "text/xml; charset=utf-8"),)

#: system.getCapabilities: name to specification and its version.
CAPABILITIES: Final = {
    "xmlrpc": ("http://xmlrpc.com/spec.md", 1),
    "introspection": ("http://xmlrpc-c.sourceforge.net/introspection.html", 1),
    "faults_interop": ("http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php", 20010516),
    "nil": ("http://www.ontosys.com/xml-rpc/extensions.php", 1),
}


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Args:
        function: takes the parameters; plain, or gives something to await.
        signatures: each a list of types: of the answer, then of the parameters.
        help: a text for people.
        wants_request: *function* takes the ``IncomingRequest`` first.
        accepts: what it takes; None where that cannot be told, of some functions of Python's own.
    """

    function: Callable[..., Any]
    signatures: Sequence[Sequence[str]]
    help: str
    wants_request: bool
    accepts: inspect.Signature | None


class XMLRPCServer:
    """Answers calls; a handler for a router.

    ::

        rpc = XMLRPCServer()
        rpc.add("math.add", lambda a, b: a + b, signatures=[["int", "int", "int"]])
        router.add("POST", "/RPC2", rpc)

    A method raises ``Fault`` to refuse. Anything else that it raises is logged, and answered
    with a fault that tells nothing of it.

    Args:
        limit_octets: the largest call.
    """

    log = Logger()

    def __init__(self, *, limit_octets: int = 1024 * 1024) -> None:
        self.limit_octets = limit_octets
        self._methods: dict[str, Method] = {}
        for name, function, signature, text in (
            ("listMethods", self._list_methods, ["array"], "Gives the names of all methods."),
            ("methodHelp", self._method_help, ["string", "string"], "Says what a method does."),
            ("methodSignature", self._method_signature, ["array", "string"],
             "Gives the types of a method: of its answer, then of its parameters."),
            ("getCapabilities", self._capabilities, ["struct"],
             "Gives the specifications that are kept to."),
        ):  # fmt: skip
            self.add(f"system.{name}", function, signatures=[signature], help=text)
        self.add(
            "system.multicall",
            self._multicall,
            signatures=[["array", "array"]],
            help="Calls several methods; gives an array of one value, or a fault, for each.",
            wants_request=True,
        )

    def add(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        signatures: Sequence[Sequence[str]] = (),
        help: str = "",
        wants_request: bool = False,
    ) -> None:
        """Add a method; see ``Method``. Raises TypeError where it cannot be called."""
        accepts: inspect.Signature | None = None
        with suppress(ValueError):
            accepts = inspect.signature(function)
        text = help or inspect.getdoc(function) or ""
        self._methods[name] = Method(function, signatures, text, wants_request, accepts)

    def __setitem__(self, name: str, function: Callable[..., Any]) -> None:
        """Add a method of which no more is said than its function does."""
        self.add(name, function)

    async def __call__(self, request: IncomingRequest) -> AnyResponse:
        """Answer a request."""
        if request.method != "POST":
            return method_not_allowed("POST")
        kind, _, parameter = request.fields.get("content-type").partition(";")
        if kind.strip().lower() not in MEDIA_TYPES:
            return plain(415, "A call is sent as text/xml.")
        if "content-encoding" in request.fields:
            return plain(415, "A call is sent as it is.")
        octets = await request.read(self.limit_octets)
        name, _, value = parameter.strip().partition("=")
        charset = value.strip(' "') if name.lower() == "charset" else None
        try:
            result = await self._call(request, values.parse_call(octets, charset), 0)
        except Fault as fault:
            result = fault
        return Response(200, FIELDS, self._formatted(result))

    def _formatted(self, result: Value) -> bytes:
        try:
            return values.format_answer(result)
        except values.Unmarshallable:
            self.log.failure("an answer that XML-RPC cannot say")
            return values.format_answer(Fault(values.INTERNAL_ERROR, "The answer cannot be said."))

    async def _call(self, request: IncomingRequest, call: values.Call, depth: int) -> Value:
        method = self._methods.get(call.method)
        if method is None or (depth and method.function == self._multicall):
            raise Fault(values.METHOD_NOT_FOUND, "There is no such method.")
        first = (request,) if method.wants_request else ()
        try:
            if method.accepts is not None:
                method.accepts.bind(*first, *call.parameters)
        except TypeError:
            raise Fault(values.INVALID_PARAMETERS, "The method takes other parameters.") from None
        try:
            result = method.function(*first, *call.parameters)
            if inspect.isawaitable(result):
                result = await result
        except Fault:
            raise
        except (RequestRefused, StoreError, LoginRefused):
            raise Fault(values.APPLICATION_ERROR, "That cannot be done.") from None
        except Exception:
            self.log.failure("the XML-RPC method {method}", method=call.method)
            raise Fault(values.INTERNAL_ERROR, "Something went wrong here.") from None
        return result

    # -- the methods that every server has ------------------------------------------------------

    def _list_methods(self) -> list[str]:
        return sorted(self._methods)

    def _known(self, name: Value) -> Method:
        method = self._methods.get(name) if isinstance(name, str) else None
        if method is None:
            raise Fault(values.METHOD_NOT_FOUND, "There is no such method.")
        return method

    def _method_help(self, name: Value) -> str:
        return self._known(name).help

    def _method_signature(self, name: Value) -> Value:
        signatures = self._known(name).signatures
        return [list(each) for each in signatures] if signatures else "undef"

    def _capabilities(self) -> Value:
        return {
            name: {"specUrl": url, "specVersion": version}
            for name, (url, version) in CAPABILITIES.items()
        }

    async def _multicall(self, request: IncomingRequest, calls: Value) -> list[Value]:
        if not isinstance(calls, list) or len(calls) > MOST_CALLS:
            raise Fault(values.INVALID_PARAMETERS, f"An array of at most {MOST_CALLS} calls.")
        results: list[Value] = []
        for each in calls:
            try:
                results.append([await self._call(request, _call_of(each), 1)])
            except Fault as fault:
                results.append(fault.as_value())
        return results


def _call_of(value: Value) -> values.Call:
    name = value.get("methodName") if isinstance(value, dict) else None
    parameters = value.get("params", []) if isinstance(value, dict) else None
    if not isinstance(name, str) or not isinstance(parameters, list):
        raise Fault(values.INVALID_PARAMETERS, "A struct of methodName and params.")
    return values.Call(name, tuple(parameters))
