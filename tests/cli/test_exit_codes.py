"""Exit codes and lines: each kind of error has its own, in words of the user's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.error import (
    ConnectBindError,
    ConnectionRefusedError,
    DNSLookupError,
    NoRouteError,
)

from netsuite.cli.client.problems import CommandError, Exit, FileTrouble, NotGiven, PartlyTaken
from netsuite.cli.client.running import code_of, conversation_of, line_of
from netsuite.cli.client.urls import BadURL
from netsuite.connection import errors
from netsuite.connection.through_proxy import ProxyLoginRefused, ProxyRefused
from netsuite.wire.errors import LocalProtocolError


def because(error: Exception, cause: BaseException) -> Exception:
    """Return an error with its cause."""
    error.__cause__ = cause
    return error


CASES = [
    (errors.PermanentRefusal(550, "No such file", "RETR"), Exit.REFUSED,
     "RETR was refused: 550 No such file"),
    (errors.TransientRefusal(450, "Busy\x1b[2J\nlater", "RETR"), Exit.REFUSED,
     "RETR was refused: 450 Busy\ufffd[2J later"),
    (errors.AuthenticationFailed(535, "Wrong", "AUTH"), Exit.LOGIN, "AUTH was refused: 535 Wrong"),
    (errors.PermanentRefusal(480, "Log in first", "POST"), Exit.LOGIN,
     "POST was refused: 480 Log in first"),
    (errors.PermanentRefusal(530, "Log in first", "MAIL"), Exit.LOGIN,
     "MAIL was refused: 530 Log in first"),
    (because(errors.ConnectionRefused("x"), ProxyRefused("the proxy p:1 is not there")),
     Exit.NO_CONNECTION, "the proxy p:1 is not there"),
    (because(errors.ConnectionRefused("x"), ProxyLoginRefused("the proxy p:1: 407")), Exit.LOGIN,
     "the proxy p:1: 407"),
    (errors.NotOffered("a login that may be used"), Exit.REFUSED,
     "h:1 does not offer a login that may be used"),
    (errors.ProtocolViolation("no number"), Exit.REFUSED,
     "h:1 does not keep to the protocol: no number"),
    (errors.Timeout("the server said nothing for 300 seconds"), Exit.TIMEOUT,
     "h:1: the server said nothing for 300 seconds"),
    (errors.ConnectionLost("the server has closed the connection"), Exit.NO_CONNECTION,
     "h:1: the server has closed the connection"),
    (because(errors.ConnectionRefused("x"), DNSLookupError()), Exit.NO_CONNECTION,
     "there is no host h:1"),
    (because(errors.ConnectionRefused("x"), ConnectionRefusedError()), Exit.NO_CONNECTION,
     "cannot connect to h:1: connection refused; is the server running, and is it the right port?"),
    (because(errors.ConnectionRefused("x"), NoRouteError(113)), Exit.NO_CONNECTION,
     "cannot connect to h:1: No route to host"),
    (because(errors.ConnectionRefused("it is not bound"), ConnectBindError()), Exit.NO_CONNECTION,
     "cannot connect to h:1: it is not bound"),
    (because(errors.TLSFailure("x"), VerificationError([])), Exit.TLS,
     "TLS with h:1 failed: the certificate is not for that name"),
    (because(errors.TLSFailure("x"), SSL.Error([("", "", "certificate verify failed")])), Exit.TLS,
     "TLS with h:1 failed: certificate verify failed"),
    (because(errors.TLSFailure("x"), SSL.Error()), Exit.TLS,
     "TLS with h:1 failed: the handshake was broken off"),
    (because(errors.TLSFailure("x"), SSL.SysCallError(-1, "Unexpected EOF")), Exit.TLS,
     "TLS with h:1 failed: the server has closed the connection"),
    (errors.TLSFailure("octets in the clear"), Exit.TLS,
     "TLS with h:1 failed: octets in the clear"),
    (FileTrouble("x cannot be read"), Exit.FILE, "x cannot be read"),
    (NotGiven("a@b: 550 no"), Exit.REFUSED, "a@b: 550 no"),
    (PartlyTaken("a@b: 550 no"), Exit.PARTLY, "a@b: 550 no"),
    (BadURL("no URL"), Exit.USAGE, "no URL"),
    (LocalProtocolError("a line end in a name"), Exit.USAGE, "a line end in a name"),
    (KeyError("x"), Exit.UNFORESEEN, "unforeseen, please report it: KeyError: 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "line"), CASES, ids=[repr(each[0]) for each in CASES])
def test_told(error: Exception, code: Exit, line: str) -> None:
    """What went wrong is one line, and a code that a script can go by."""
    assert (code, line) == (code_of(error), line_of(error, "h:1"))


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    """Return a kind of error and all below it."""
    yield kind
    for each in kind.__subclasses__():
        yield from below(each)


def test_the_whole_tree() -> None:
    """No error of a client, and none of the command's own, is unforeseen."""
    for kind in (*below(errors.ClientError), *below(CommandError)):
        assert code_of(kind.__new__(kind)) is not Exit.UNFORESEEN, kind


def test_conversation() -> None:
    """Of a server that breaks the protocol the last lines are shown; of others the line tells."""
    for error, shown in (
        (errors.ProtocolViolation("x"), ["C: STAT", "S: +OK \ufffd[2J"]),
        (errors.ConnectionLost("x"), []),
    ):
        error.conversation = ("C: STAT", "S: +OK \x1b[2J")
        assert list(conversation_of(error)) == shown
