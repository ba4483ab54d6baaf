"""What a web server tells of itself: methods, fields of an answer, and what ALPN agrees on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.cli.client.capabilities import CLEAR, SECURE, Told
from netsuite.cli.client.http import http_client
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.tls_examination import examine
from netsuite.connection.errors import ClientError
from netsuite.http.client import ClientResponse

#: Fields that tell what a server can, and what it wants.
FIELDS: Final = (
    "allow", "dav", "accept", "accept-patch", "accept-post", "accept-ranges", "alt-svc", "location",
    "strict-transport-security", "upgrade", "www-authenticate",
)  # fmt: skip


async def ask(session: ClientSession) -> Told:
    """Ask by OPTIONS and HEAD."""
    told = Told()
    stage = SECURE if session.target.tls else CLEAR
    lines: list[str] = []
    async with http_client(session) as client:
        for method in ("HEAD", "OPTIONS"):
            url = session.target.url
            async with await client.request(method, url, login=session.login) as response:
                told.greeting = told.greeting or response.fields.get("server")
                lines += _lines(method, response)
    told.stages[stage] = list(dict.fromkeys(lines))
    if session.target.tls:
        try:
            seen = await examine(
                session.endpoint(), session.target.host, session.clock,
                authorities=session.access.authorities, protocols=(b"h2", b"http/1.1"),
                seconds=session.access.connect_seconds,
            )  # fmt: skip
        except ClientError:
            return told  # it was asked, all the same
        told.tls = f"{seen.version} {seen.cipher}"
        if seen.alpn:
            told.stages[stage] = [f"ALPN: {seen.alpn}", *told.stages[stage]]
    return told


def _lines(method: str, response: ClientResponse) -> Sequence[str]:
    told = [f"{method} {response.status} {response.reason}".rstrip()]
    for name in FIELDS:
        if value := response.fields.get(name):
            told.append(f"{name}: {value}")
    return told
