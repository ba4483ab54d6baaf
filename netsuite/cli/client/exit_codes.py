"""The exit codes of what a session may end with, and the lines that tell of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError

from netsuite.cli.client.problems import CommandError, Exit, printable
from netsuite.cli.client.urls import BadURL
from netsuite.connection import errors
from netsuite.tls import BadCertificate
from netsuite.wire.errors import LocalProtocolError

#: Of an error, the first that fits; what is not here is a bug of ours.
_CODES: Final[Sequence[tuple[type[BaseException], Exit]]] = (
    (BadURL, Exit.USAGE),
    (LocalProtocolError, Exit.USAGE),
    (BadCertificate, Exit.FILE),
    (errors.TLSFailure, Exit.TLS),
    (errors.AuthenticationFailed, Exit.LOGIN),
    (errors.Timeout, Exit.TIMEOUT),
    (errors.ConnectionRefused, Exit.NO_CONNECTION),
    (errors.ConnectionLost, Exit.NO_CONNECTION),
    (errors.ClientError, Exit.REFUSED),
)


def code_of(error: BaseException) -> Exit:
    """Return the exit code of an error."""
    if isinstance(error, CommandError):
        return error.code
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return Exit.UNFORESEEN


def line_of(error: BaseException, place: str) -> str:
    """Return an error as one line for the terminal.

    Args:
        place: the server's host and port.
    """
    if isinstance(error, errors.TLSFailure):
        text = f"TLS with {place} failed: {_why_no_tls(error)}"
    elif isinstance(error, errors.ConnectionRefused):
        text = _why_no_connection(error.__cause__, place) or f"cannot connect to {place}: {error}"
    elif isinstance(error, errors.NotOffered):
        text = f"{place} does not offer {error}"
    elif isinstance(error, errors.ProtocolViolation):
        text = f"{place} does not keep to the protocol: {error}"
    elif isinstance(error, errors.ConnectionLost | errors.Timeout):
        text = f"{place}: {error}"
    elif code_of(error) is Exit.UNFORESEEN:
        text = f"unforeseen, please report it: {type(error).__name__}: {error}"
    else:
        text = str(error)
    return printable(" ".join(text.split()))


def conversation_of(error: BaseException) -> Sequence[str]:
    """Return the last lines that were said, where they tell more than the error: of a server that
    broke the protocol."""
    if isinstance(error, errors.ProtocolViolation):
        return [printable(line) for line in error.conversation]
    return ()


def _why_no_connection(cause: BaseException | None, place: str) -> str:
    if isinstance(cause, DNSLookupError):
        return f"there is no host {place}"
    if isinstance(cause, ConnectionRefusedError):
        why = "connection refused; is the server running, and is it the right port?"
        return f"cannot connect to {place}: {why}"
    if isinstance(cause, ConnectError) and isinstance(cause.osError, int):
        return f"cannot connect to {place}: {os.strerror(cause.osError)}"
    return ""


def _why_no_tls(error: errors.TLSFailure) -> str:
    """Return what was wrong with TLS, as its library tells."""
    cause = error.__cause__
    if isinstance(cause, VerificationError):
        return "the certificate is not for that name"
    if isinstance(cause, SSL.Error) and not isinstance(
        cause, SSL.SysCallError | SSL.ZeroReturnError
    ):
        reasons = cause.args[0] if cause.args and isinstance(cause.args[0], list) else []
        return ", ".join(str(each[-1]) for each in reasons) or "the handshake was broken off"
    return str(error) if cause is None else "the server has closed the connection"
