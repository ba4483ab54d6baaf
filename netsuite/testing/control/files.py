"""Files in the control interface: accounts' own, and the public site's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.testing.control.answers import Query, Route, answer, error, octets, refusal, text
from netsuite.testing.control.mail import mailbox_of
from netsuite.testing.files import Files
from netsuite.testing.suite import Suite

#: In the place of an account: the public site.
PUBLIC: Final = "public"


class FileRoutes:
    """The routes for files.

    Args:
        limit_octets: of a file.
    """

    def __init__(self, suite: Suite, limit_octets: int) -> None:
        self._suite = suite
        self._limit = limit_octets

    def routes(self) -> Sequence[Route]:
        """Return them."""
        return (
            Route(
                "GET PUT",
                "/files/",
                "/files/public/PATH or /files/ACCOUNT/PATH: return a file, or put one there, with "
                "the directories it is in; without a PATH, list all there are. With ?timeout= "
                "seconds, wait for the file; 408 where it does not come in time.",
                self.file,
            ),
        )

    async def file(self, request: IncomingRequest) -> Response:
        """Return a file, put one there, or list them."""
        _, owner, *path = request.names()
        if not owner:
            raise refusal(404, "whose files? /files/public/ or /files/ACCOUNT/")
        if owner == PUBLIC:
            files = self._suite.files()
        else:
            files = self._suite.files((await mailbox_of(self._suite, owner)).name)
        name = "/".join(path)
        if request.method == "PUT":
            return await self._put(request, files, name)
        if request.method not in ("GET", "HEAD"):
            return error(405, "GET, or PUT", ("Allow", "GET, HEAD, PUT"))
        query = Query(request, "timeout")
        if not name:
            return answer({"files": [text(each) for each in await files.names()]})
        return await self._get(files, name, query)

    async def _put(self, request: IncomingRequest, files: Files, name: str) -> Response:
        Query(request)
        if not name or name.endswith("/"):
            raise refusal(400, "a file has a name")
        body = await request.read(self._limit)
        await files.put(name, body)
        return answer({"file": text(name), "octets": len(body)}, 201)

    async def _get(self, files: Files, name: str, query: Query) -> Response:
        try:
            if "timeout" in query:
                return octets(await files.wait(name, timeout=query.seconds("timeout", 0.0)))
            return octets(await files.read(name))
        except KeyError:
            raise refusal(404, f"there is no file {text(name)}") from None
        except AssertionError as problem:
            said = {
                "error": text(problem).partition("\n")[0],
                "files": [text(each) for each in await files.names()],
                "transcripts": text(self._suite.transcripts()),
            }
            return answer(said, 408)
