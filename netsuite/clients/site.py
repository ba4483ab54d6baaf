"""An HTTP client of one site: URLs within it, its login, files sent and fetched."""

from __future__ import annotations

from urllib.parse import urljoin

from netsuite.connection.stream import Progress, Source, pieces_of, size_of
from netsuite.http.client import ClientResponse, HTTPClient, parse_url
from netsuite.http.commands import NO_FIELDS, Fields
from netsuite.http.pool import RequestBody
from netsuite.http.xmlrpc.client import XMLRPCClient


class SiteClient(HTTPClient):
    """An HTTP client whose URLs are taken as links on a page of a site; made by ``clients.http``.

    Attributes:
        base: the URL of that page; empty for none.
        credentials: name and password, told to that site only.
        progress: told of every body that comes or goes.
    """

    base = ""
    credentials: tuple[str, str] | None = None
    progress: Progress | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        fields: Fields = NO_FIELDS,
        body: RequestBody = b"",
        octets: int | None = None,
        login: tuple[str, str] | None = None,
    ) -> ClientResponse:
        """Make a request. As ``HTTPClient.request``, with a URL such as ``/news?page=2``."""
        target = parse_url(url := urljoin(self.base, url))
        if login is None and self.base and target.origin == parse_url(self.base).origin:
            login = self.credentials
        response = await super().request(
            method, url, fields=fields, body=body, octets=octets, login=login
        )
        response.progress = self.progress
        return response

    async def send(
        self,
        method: str,
        url: str,
        source: Source,
        *,
        fields: Fields = NO_FIELDS,
        progress: Progress | None = None,
    ) -> ClientResponse:
        """Make a request with a body: octets, an open file, or what gives them. As ``request``.

        Args:
            method: PUT or POST.
            progress: told of what was sent.
        """
        body = source if isinstance(source, bytes) else pieces_of(source, progress or self.progress)
        return await self.request(method, url, fields=fields, body=body, octets=size_of(source))

    def xmlrpc(self, url: str = "/RPC2") -> XMLRPCClient:
        """Return what calls procedures of the site by XML-RPC."""
        return XMLRPCClient(self, url)
