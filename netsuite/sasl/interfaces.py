"""The interface of mechanisms: octets in; a challenge, a question to the accounts, or an end out.

A server mechanism never sees the account store. Where it needs something from it, it asks:
``respond`` returns one of the ``Ask...`` values, its driver finds out, and calls ``answer``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send this to the client (not yet base64) and give its response to ``respond``."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class AskPassword:
    """Is this the password? Answer with ``answer(True)`` or ``answer(False)``."""

    username: str
    password: str = field(repr=False)
    authorize_as: str = ""


@dataclass(frozen=True, slots=True)
class AskScramVerifier:
    """What is kept for SCRAM with this hash (``SHA-1``, ``SHA-256``)? Answer with
    ``(salt, iterations, stored_key, server_key)``; never None: for an unknown user the driver
    answers with a made-up but stable one, so that the two cannot be told apart."""

    username: str
    hash: str


@dataclass(frozen=True, slots=True)
class AskSharedSecret:
    """What is the clear secret (CRAM-MD5)? Answer with octets or None."""

    username: str


@dataclass(frozen=True, slots=True)
class AskToken:
    """Is this bearer token good? Answer with the user name it is good for, or None."""

    username: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskCertificate:
    """Whose is the TLS client certificate? Answer with the user name, or None."""

    authorize_as: str


@dataclass(frozen=True, slots=True)
class Success:
    """The client is who it says.

    Args:
        username: who was authenticated; empty for ANONYMOUS.
        authorize_as: whom it wants to act as; empty for itself. The driver decides.
        octets: additional data to send with the success (RFC 4422, 3.6), None for none.
        trace: what an anonymous client said of itself.
    """

    username: str
    authorize_as: str = ""
    octets: bytes | None = None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The exchange failed.

    Args:
        reason: for the log.
        malformed: the client broke the mechanism's grammar, rather than being wrong.
        username: as far as it is known, for throttling.
    """

    reason: str
    malformed: bool = False
    username: str = ""


Step: TypeAlias = (
    Challenge
    | AskPassword
    | AskScramVerifier
    | AskSharedSecret
    | AskToken
    | AskCertificate
    | Success
    | Failure
)


class ServerMechanism(Protocol):
    """One exchange, the server's side."""

    name: str

    def start(self, initial: bytes | None) -> Step:
        """Begin; *initial* is the initial response, None when the client sent none."""

    def respond(self, octets: bytes) -> Step:
        """Take the response to the last Challenge."""

    def answer(self, answer: object) -> Step:
        """Take the answer to the last question."""


class ClientFirst:
    """The server's side of a mechanism whose client speaks first."""

    def start(self, initial: bytes | None) -> Step:
        """Take the client's first message, or ask for it."""
        return Challenge(b"") if initial is None else self.respond(initial)

    def respond(self, octets: bytes) -> Step:
        """Take a message of the client's."""
        raise NotImplementedError


class ClientMechanism(Protocol):
    """One exchange, the client's side."""

    name: str

    def initial(self) -> bytes | None:
        """Return the initial response, None when the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Answer a challenge. Raises RemoteProtocolError when the server is not to be
        trusted; the caller then cancels with ``*``."""

    def finished(self, octets: bytes | None) -> None:
        """Take the server's success with its additional data. Raises RemoteProtocolError when
        a mutual mechanism has not seen the server's proof."""


#: Gives a fresh nonce for each call: printable ASCII without ``,``, ``<``, ``>`` or ``@``, such as
#: the base64 of 18 random octets.
Nonce: TypeAlias = Callable[[], bytes]
