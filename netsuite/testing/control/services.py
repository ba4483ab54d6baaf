"""Services in the control interface: where they are, what was said, what goes wrong; and reset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from netsuite.http.commands import Response
from netsuite.http.request import IncomingRequest
from netsuite.testing.control.answers import Query, Route, answer, octets, refusal, text
from netsuite.testing.control.faults import StandingFaults
from netsuite.testing.faults import UnmetExpectation
from netsuite.testing.suite import Service, Suite

PEM: Final = "application/x-pem-file"
#: A fault is described in no more.
_FAULT_OCTETS: Final = 65_536


def described(service: Service) -> dict[str, object]:
    """Return where a service is, as JSON has it."""
    try:
        tls_port = service.tls_port
    except LookupError:
        tls_port = None
    return {"host": service.host, "port": service.port, "tls_port": tls_port, "url": service.url}


class ServiceRoutes:
    """The routes for services, for faults, and for the whole.

    Args:
        load: a directory whose content is there again after a reset.
    """

    def __init__(self, suite: Suite, load: Path | None) -> None:
        self._suite = suite
        self._load = load
        self._faults = StandingFaults()

    def routes(self) -> Sequence[Route]:
        """Return them."""
        one = "/services/{name}"
        return (
            Route(
                "GET", "/services", "Say where the services are, and what they serve.",
                self.services,
            ),
            Route(
                "GET", f"{one}/transcripts",
                "Return its sessions, with all lines; secrets are masked.", self.transcripts,
            ),
            Route(
                "GET", f"{one}/requests", "Return the requests that http was sent.", self.requests
            ),
            Route(
                "POST", f"{one}/faults",
                'Have something go wrong: {"kind": "refusing", "command": "RCPT", "code": 451, '
                '"times": 2}; see below. The answer has its id.',
                self.make_fault,
            ),
            Route(
                "GET DELETE", "/faults",
                "Return the faults, with how often each has happened (met), and what is missing "
                "(unmet); or end them all, and return them.",
                self.faults,
            ),
            Route("DELETE", "/faults/{id}", "End one, and return it.", self.end_fault),
            Route(
                "GET", "/unmet",
                "Return the faults that have not happened as often as was said, in words.",
                self.unmet,
            ),
            Route(
                "POST", "/reset",
                "Make it as it was at the start: no mailboxes, messages, articles, files, faults, "
                "transcripts but what was loaded then.",
                self.reset,
            ),
            Route(
                "GET", "/ca.pem", "Return the certificate of the authority that has signed the "
                "services'.", self.authority,
            ),
        )  # fmt: skip

    def _service(self, request: IncomingRequest) -> Service:
        name = request.parameters["name"]
        try:
            return self._suite[name]
        except KeyError:
            there = ", ".join(each.name for each in self._suite)
            raise refusal(404, f"no service {text(name)} runs here; there are: {there}") from None

    async def services(self, request: IncomingRequest) -> Response:
        """Return where they are."""
        there = {each.name: {**described(each), "sessions": each.sessions} for each in self._suite}
        return answer({"services": there, "domain": self._suite.domain})

    async def transcripts(self, request: IncomingRequest) -> Response:
        """Return the sessions of a service."""
        Query(request)
        sessions = [
            {
                "name": each.name,
                "ended": each.ended,
                "lines": [
                    {"side": said.side, "text": text(said.text), "seconds": said.seconds}
                    for said in each.lines
                ],
            }
            for each in self._service(request).transcripts
        ]
        return answer({"sessions": sessions})

    async def requests(self, request: IncomingRequest) -> Response:
        """Return what HTTP was asked."""
        Query(request)
        asked = [
            {
                "method": text(each.method),
                "path": text(each.path),
                "query": text(each.query),
                "fields": {text(name): text(value) for name, value in each.fields.items()},
                "body": text(each.body.decode("utf-8", "backslashreplace")),
            }
            for each in self._service(request).requests
        ]
        return answer({"requests": asked})

    # -- faults --------------------------------------------------------------------------------

    async def make_fault(self, request: IncomingRequest) -> Response:
        """Add a fault."""
        service = self._service(request)
        made = self._faults.make(service, await request.read(_FAULT_OCTETS))
        if made is None:
            return answer({"done": True})
        return answer(made.shown(), 201)

    async def faults(self, request: IncomingRequest) -> Response:
        """Return the faults; end them, if asked to."""
        there = self._faults.clear() if request.method == "DELETE" else self._faults.all()
        return answer({"faults": [each.shown() for each in there]})

    async def end_fault(self, request: IncomingRequest) -> Response:
        """End one."""
        return answer(self._faults.end(request.parameters["id"]).shown())

    async def unmet(self, request: IncomingRequest) -> Response:
        """Return what has not happened as often as it was to."""
        missing = []
        for service in self._suite:
            try:
                service.check()
            except UnmetExpectation as problem:
                missing.append(f"{service.name}: {text(problem).removeprefix('unmet: ')}")
        return answer({"unmet": missing})

    # -- the whole -----------------------------------------------------------------------------

    async def reset(self, request: IncomingRequest) -> Response:
        """Make it as it was."""
        self._faults.clear()
        await self._suite.reset()
        if self._load is not None:
            await self._suite.load(self._load)
        return answer({"done": True})

    async def authority(self, request: IncomingRequest) -> Response:
        """Return the certificate of the authority."""
        return octets(self._suite.authority.pem().encode("ascii"), PEM)
