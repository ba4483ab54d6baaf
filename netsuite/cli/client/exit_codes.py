"""What an exception of a session means: an exit code and a line.

Each protocol's module brings its own exceptions' codes, so that one's import needs no other's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.error import (
    ConnectError,
    ConnectionRefusedError,
    DNSLookupError,
    TCPTimedOutError,
)
from twisted.internet.error import TimeoutError as ConnectTimeout

from netsuite.cli.client.problems import ClientError, Exit, printable
from netsuite.cli.client.urls import BadURL
from netsuite.connection.client import InputBeforeTLS, PeerError, PeerTimedOut
from netsuite.tls import BadCertificate
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

#: Of an exception and its children, the first that fits.
Codes: TypeAlias = Sequence[tuple[tuple[type[BaseException], ...], Exit]]


@dataclass(frozen=True, slots=True)
class Failures:
    """What one protocol's client may raise.

    Args:
        codes: the exit codes.
        not_offered: raised where the server cannot begin TLS.
    """

    codes: Codes = ()
    not_offered: tuple[type[BaseException], ...] = ()


NO_FAILURES: Final = Failures()

#: Of every protocol; what is neither here nor in the protocol's own is a bug of ours.
_CODES: Final[Codes] = (
    ((BadURL, LocalProtocolError), Exit.USAGE),
    ((InputBeforeTLS,), Exit.TLS),
    ((BadCertificate,), Exit.FILE),
    ((PeerTimedOut, ConnectTimeout, TCPTimedOutError), Exit.TIMEOUT),
    ((ConnectError, DNSLookupError, PeerError), Exit.NO_CONNECTION),
    ((RemoteProtocolError,), Exit.REFUSED),
)


def code_of(error: BaseException, failures: Failures = NO_FAILURES) -> Exit:
    """Give the exit code of an exception.

    Args:
        failures: the protocol's own.
    """
    if isinstance(error, ClientError):
        return error.code
    if tls_trouble(error) or isinstance(error, failures.not_offered):
        return Exit.TLS
    for kinds, code in (*failures.codes, *_CODES):
        if isinstance(error, kinds):
            return code
    return Exit.UNFORESEEN


def line_of(error: BaseException, place: str, failures: Failures = NO_FAILURES) -> str:
    """Give an exception as one line for the terminal.

    Args:
        place: the server's host and port.
        failures: the protocol's own.
    """
    trouble = tls_trouble(error)
    code = code_of(error, failures)
    if trouble:
        text = f"TLS with {place} failed: {trouble}"
    elif isinstance(error, failures.not_offered):
        text = f"{place} does not offer {error}, and TLS is required"
    elif isinstance(error, DNSLookupError):
        text = f"there is no host {place}"
    elif isinstance(error, ConnectError) and code is Exit.NO_CONNECTION:
        text = f"cannot connect to {place}: {_why_not(error)}"
    elif isinstance(error, PeerError):
        text = f"{place}: {error}"
    elif isinstance(error, RemoteProtocolError):
        text = f"{place} does not keep to the protocol: {error}"
    elif code is Exit.UNFORESEEN:
        text = f"unforeseen, please report it: {type(error).__name__}: {error}"
    else:
        text = str(error)
    return printable(" ".join(text.split()))


def _why_not(error: ConnectError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running, and is it the right port?"
    code = error.osError
    return os.strerror(code) if isinstance(code, int) else str(error)


def tls_trouble(error: BaseException) -> str:
    """Say what was wrong with TLS; nothing where it is not the cause."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, VerificationError):
            return "the certificate is not for that name"
        if isinstance(seen, SSL.SysCallError | SSL.ZeroReturnError):
            return ""  # the connection's end, not TLS's
        if isinstance(seen, SSL.Error):
            reasons = seen.args[0] if seen.args and isinstance(seen.args[0], list) else []
            return ", ".join(str(each[-1]) for each in reasons) or "the handshake was broken off"
        seen = seen.__cause__
    return ""
