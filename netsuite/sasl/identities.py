"""Mechanisms without a password: EXTERNAL, by TLS certificate, and ANONYMOUS."""

from __future__ import annotations

from netsuite.sasl.interfaces import AskCertificate, ClientFirst, Failure, Step, Success
from netsuite.sasl.passwords import decoded
from netsuite.wire.errors import RemoteProtocolError

#: RFC 4505, 2: a trace is at most 255 characters.
TRACE_CHARACTERS = 255


class ExternalServer(ClientFirst):
    """EXTERNAL, the server's side (RFC 4422, appendix A): whom the client wants to be, empty for
    whom its certificate names."""

    name = "EXTERNAL"

    def __init__(self) -> None:
        self._authorize_as = ""

    def respond(self, octets: bytes) -> Step:
        """Take whom the client wants to be."""
        text = decoded(octets)
        if text is None:
            return Failure("not an EXTERNAL message", malformed=True)
        self._authorize_as = text
        return AskCertificate(text)

    def answer(self, answer: object) -> Step:
        """Take whose certificate it is."""
        if isinstance(answer, str) and answer:
            return Success(answer, self._authorize_as)
        return Failure("no certificate of anybody's", username=self._authorize_as)


class AnonymousServer(ClientFirst):
    """ANONYMOUS, the server's side (RFC 4505)."""

    name = "ANONYMOUS"

    def respond(self, octets: bytes) -> Step:
        """Take what the client says of itself."""
        trace = decoded(octets)
        if trace is None or len(trace) > TRACE_CHARACTERS:
            return Failure("not an ANONYMOUS message", malformed=True)
        return Success("", trace=trace)

    def answer(self, answer: object) -> Step:
        """Nothing is asked."""
        return Failure("nothing was asked", malformed=True)


class MessageClient:
    """The client's side of PLAIN, EXTERNAL and ANONYMOUS: one message and no challenge."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self._message = message.encode()

    def initial(self) -> bytes:
        """Return the message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """There is nothing to ask for. Raises RemoteProtocolError."""
        raise RemoteProtocolError(f"{self.name} has no challenges")

    def finished(self, octets: bytes | None) -> None:
        """Nothing is proved by the server."""
