"""What can go wrong, as one line and an exit code."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.error import ConnectError, DNSLookupError, TCPTimedOutError
from twisted.internet.error import TimeoutError as ConnectTimeout

from netsuite.cli.client.urls import BadURL
from netsuite.connection.client import InputBeforeTLS, PeerError, PeerTimedOut
from netsuite.ftp import client as ftp
from netsuite.ftp.transfer.connection import DataError, DataStalled, HandshakeFailed, NotConnected
from netsuite.gopher.client import GopherRefused
from netsuite.http.client import BadCoding, HTTPError
from netsuite.imap.client.conversation import CommandFailed
from netsuite.nntp import client as nntp
from netsuite.pop3 import client as pop3
from netsuite.smtp import client as smtp
from netsuite.tls import BadCertificate
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError


class Exit(enum.IntEnum):
    """Exit codes; the manual's table says the same."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NO_CONNECTION = 3
    TLS = 4
    LOGIN = 5
    TIMEOUT = 6
    FILE = 7
    UNFORESEEN = 70
    INTERRUPTED = 130


class ClientError(Exception):
    """Our own refusals; never raised itself, only its children."""

    code = Exit.REFUSED


class Refused(ClientError):
    """The server does not give what was asked for."""


class LoginFailed(ClientError):
    """The server does not take the login, or offers no way that may be used."""

    code = Exit.LOGIN


class NoTLS(ClientError):
    """TLS is required, and there is none."""

    code = Exit.TLS


class TookTooLong(ClientError):
    """The time that was given is over."""

    code = Exit.TIMEOUT


class FileTrouble(ClientError):
    """A file here cannot be read or written."""

    code = Exit.FILE


class Interrupted(ClientError):
    """A signal ended it: Ctrl-C."""

    code = Exit.INTERRUPTED


class Usage(ClientError):
    """What was asked for makes no sense together."""

    code = Exit.USAGE


#: Of an exception and its children, the first that fits; what is not here is a bug of ours.
_CODES: Final[Sequence[tuple[tuple[type[BaseException], ...], Exit]]] = (
    ((BadURL, LocalProtocolError), Exit.USAGE),
    ((ftp.LoginRefused, nntp.LoginRefused, pop3.LoginRefused, smtp.LoginRefused), Exit.LOGIN),
    ((ftp.NotOffered, nntp.NotOffered, pop3.NotOffered, smtp.NotOffered), Exit.TLS),
    ((InputBeforeTLS, HandshakeFailed), Exit.TLS),
    ((BadCertificate,), Exit.FILE),
    ((PeerTimedOut, ConnectTimeout, TCPTimedOutError, DataStalled), Exit.TIMEOUT),
    ((ConnectError, DNSLookupError, PeerError, NotConnected), Exit.NO_CONNECTION),
    ((ftp.FTPRefused, nntp.NNTPRefused, pop3.POP3Refused, smtp.SMTPRefused), Exit.REFUSED),
    ((CommandFailed, GopherRefused, HTTPError, BadCoding, DataError), Exit.REFUSED),
    ((RemoteProtocolError,), Exit.REFUSED),
)
_NOT_OFFERED: Final = (ftp.NotOffered, nntp.NotOffered, pop3.NotOffered, smtp.NotOffered)


def code_of(error: BaseException) -> Exit:
    """Give the exit code of an exception."""
    if isinstance(error, ClientError):
        return error.code
    if tls_trouble(error):
        return Exit.TLS
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return Exit.UNFORESEEN


def line_of(error: BaseException, place: str) -> str:
    """Give an exception as one line for the terminal.

    Args:
        place: the server's host and port.
    """
    trouble = tls_trouble(error)
    code = code_of(error)
    if trouble:
        text = f"TLS with {place} failed: {trouble}"
    elif isinstance(error, _NOT_OFFERED):
        text = f"{place} does not offer {error}, and TLS is required"
    elif isinstance(error, DNSLookupError):
        text = f"there is no host {place}"
    elif isinstance(error, ConnectError) and code is Exit.NO_CONNECTION:
        text = f"cannot connect to {place}: {error}"
    elif isinstance(error, PeerError):
        text = f"{place}: {error}"
    elif isinstance(error, RemoteProtocolError):
        text = f"{place} does not keep to the protocol: {error}"
    elif code is Exit.UNFORESEEN:
        text = f"unforeseen, please report it: {type(error).__name__}: {error}"
    else:
        text = str(error)
    return printable(" ".join(text.split()))


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


def printable(text: str) -> str:
    """Give what a server said without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
