"""A mechanism that says what a test has it say."""

from __future__ import annotations

from netsuite.wire.errors import RemoteProtocolError


class FakeMechanism:
    """The client's side: PLAIN, or one under another name; a server that says ``evil`` is not
    trusted.

    Args:
        secret: the initial response.
        answer: to every challenge.
    """

    def __init__(
        self, name: str = "PLAIN", secret: bytes = b"\0alice\0secret", answer: bytes = b""
    ) -> None:
        self.name = name
        self.secret = secret
        self.answer = answer
        #: The challenges.
        self.heard: list[bytes] = []
        self.done = False
        #: What came with the success.
        self.data: bytes | None = b"not yet"

    def initial(self) -> bytes | None:
        return self.secret

    def respond(self, challenge: bytes) -> bytes:
        self.heard.append(challenge)
        if challenge == b"evil":
            raise RemoteProtocolError("not to be trusted")
        return self.answer

    def finished(self, octets: bytes | None) -> None:
        self.done, self.data = True, octets
