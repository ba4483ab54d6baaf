"""Errors of clients: one tree for all protocols.

::

    ClientError
     +-- ConnectionRefused      nobody listens there, or the host cannot be reached
     +-- ConnectionLost         the server has closed the connection while something was awaited
     +-- Timeout                the server took too long
     +-- TLSFailure             no TLS, or not with whom we meant to talk
     +-- NotOffered             the server does not offer what was asked for
     +-- ProtocolViolation      the server broke the protocol
     +-- Refusal                the server said no
          +-- PermanentRefusal      and would say so again
          |    +-- AuthenticationFailed    to a name and a password, or what proves them
          +-- TransientRefusal      for the time being
"""

from __future__ import annotations

from collections.abc import Sequence


class ClientError(Exception):
    """Something went wrong between a client and its server; never raised itself.

    Args:
        message: what, in words.

    Attributes:
        conversation: the last lines that were said, secrets masked: ``C:`` ours, ``S:`` the
            server's. Empty where nothing was.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.conversation: Sequence[str] = ()


class ConnectionRefused(ClientError):
    """No connection could be made; ``__cause__`` has the endpoint's own words."""


class ConnectionLost(ClientError):
    """The server has closed the connection while something was awaited of it."""


class Timeout(ClientError):
    """The server took too long."""


class TLSFailure(ClientError):
    """TLS could not be put in place: ``__cause__`` says why. A certificate that is not the
    server's is one reason, octets in the clear behind the go-ahead another: somebody may have put
    them there to be taken for the server's words under TLS."""


class NotOffered(ClientError):
    """The server does not offer what was asked for; the message names it. Where that is TLS, it may
    be an attacker's doing."""


class ProtocolViolation(ClientError):
    """The server broke the protocol; the connection is of no use any more."""


class Refusal(ClientError):
    """The server said no; never raised itself, only its children.

    Args:
        code: the protocol's word for why: a number, or a response code; empty where it has none.
        text: what the server says to people.
        command: to what: a command, or words for what was asked; None for the greeting.
    """

    def __init__(self, code: int | str, text: str, command: object = None) -> None:
        if command is None:
            what = "the connection"
        else:
            what = command if isinstance(command, str) else type(command).__name__.upper()
        why = " ".join(each for each in (str(code), text) if each)
        super().__init__(f"{what} was refused: {why}" if why else f"{what} was refused")
        self.code = code
        self.text = text
        self.command = command


class PermanentRefusal(Refusal):
    """The server would say so again."""


class TransientRefusal(Refusal):
    """The server may say otherwise later."""


class AuthenticationFailed(PermanentRefusal):
    """The name and the password, or what proves them, were refused."""
