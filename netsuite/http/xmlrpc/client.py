"""An XML-RPC client over the HTTP client: calls, multicall, a proxy to call methods by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from netsuite.http.client import HTTPClient, refusal
from netsuite.http.commands import Fields
from netsuite.http.xmlrpc import values
from netsuite.http.xmlrpc.values import Fault, Value


class XMLRPCClient:
    """Calls the methods of one server.

    ::

        rpc = XMLRPCClient(http, "https://user:password@example.org/RPC2")
        total = await rpc.call("math.add", 1, 2)
        total = await rpc.method("math.add")(1, 2)
    """

    def __init__(self, http: HTTPClient, url: str, *, limit_octets: int = 64 * 1024 * 1024) -> None:
        self._http = http
        self._url = url
        self._limit_octets = limit_octets

    async def call(self, method: str, *parameters: Value) -> Value:
        """Call a method.

        Raises:
            Fault: the server's refusal, or an answer that is none (its code is below -32000).
            Unmarshallable: a parameter cannot be said.
            ClientError: there was no XML-RPC answer; a Refusal for another status than 200.
        """
        body = values.format_call(values.Call(method, parameters))
        fields = Fields([("Content-Type", "text/xml; charset=utf-8"), ("Accept", "text/xml")])
        async with await self._http.request(
            "POST", self._url, fields=fields, body=body
        ) as response:
            if response.status != 200:
                raise refusal(response)
            return values.parse_answer(await response.read(self._limit_octets))

    def method(self, name: str) -> Callable[..., Awaitable[Value]]:
        """Return a method as something to call: ``await rpc.method("a.b")(1)``."""

        async def called(*parameters: Value) -> Value:
            return await self.call(name, *parameters)

        return called

    async def multicall(self, calls: Sequence[values.Call]) -> list[Value | Fault]:
        """Call several methods in one request (system.multicall); a refusal stands in the
        place of its answer. Raises as ``call``."""
        asked = [{"methodName": each.method, "params": list(each.parameters)} for each in calls]
        answers = await self.call("system.multicall", asked)
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise values.fault_of(None)
        return [
            each[0] if isinstance(each, list) and len(each) == 1 else values.fault_of(each)
            for each in answers
        ]
