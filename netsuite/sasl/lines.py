"""AUTH and what follows it, as POP3 and SMTP write both (RFC 5034, 4; RFC 4954, 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from netsuite.wire import base64
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import command_line

# RFC 4422, 3.1: sasl-mech = 1*20mech-char
sasl_mech: Final = re.compile(rb"[A-Za-z0-9_-]{1,20}")


@dataclass(frozen=True, slots=True)
class Auth:
    """Begin a SASL exchange.

    Args:
        mechanism: empty to ask which there are, as POP3's clients did before CAPA.
        initial: the initial response, base64 undone; None when none was sent.
    """

    mechanism: str = ""
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The client's answer to a challenge, base64 undone; None cancels the exchange."""

    octets: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server's mechanism says within an exchange, base64 undone."""

    octets: bytes


def parse_auth(arguments: bytes, *, bad_arguments: object, bad_base64: object) -> Auth:
    """Read AUTH's arguments. Raises RemoteProtocolError with the answer that is given for it."""
    # sasl-mech [SP initial-response]; initial-response = base64 / "="
    mechanism, _, initial = arguments.partition(b" ")
    if not sasl_mech.fullmatch(mechanism):
        raise RemoteProtocolError("bad mechanism", bad_arguments)
    name = mechanism.decode("ascii").upper()
    if not initial:
        return Auth(name)
    return Auth(name, b"" if initial == b"=" else _decoded(initial, bad_base64))


def parse_response(line: bytes, *, bad_base64: object) -> AuthResponse:
    """Read a line of the exchange. Raises RemoteProtocolError when it is no base64."""
    return AuthResponse(None if line == b"*" else _decoded(line, bad_base64))


def _decoded(octets: bytes, bad_base64: object) -> bytes:
    try:
        return base64.decode(octets)
    except base64.BadBase64:
        raise RemoteProtocolError("bad base64", bad_base64) from None


def format_auth(command: Auth) -> bytes:
    """Print AUTH. Raises LocalProtocolError for a mechanism that cannot be said."""
    words = ["AUTH", command.mechanism] if command.mechanism else ["AUTH"]
    if command.initial is not None:
        words.append(base64.encode(command.initial).decode() or "=")
    return command_line(" ".join(words))


def format_response(command: AuthResponse) -> bytes:
    """Print a line of the exchange."""
    return (b"*" if command.octets is None else base64.encode(command.octets)) + b"\r\n"
