"""The run of one session: the loop, the time limit, Ctrl-C, and the exit code in the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError
from twisted.internet.task import react

from netsuite.certificates import BadCertificate
from netsuite.cli.client import problems
from netsuite.cli.client.access import Access
from netsuite.cli.client.problems import Exit, printable
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import BadURL, Target
from netsuite.connection import errors
from netsuite.connection.through_proxy import ProxyLoginRefused, ProxyRefused
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
#: What says that a login is wanted, to something else than a login: of FTP and SMTP (RFC 4954, 6),
#: and of NNTP (RFC 4643, 2.2).
_LOGIN_WANTED: Final = frozenset({530, 480})


def code_of(error: BaseException) -> Exit:
    """Return the exit code of an error."""
    if isinstance(error, problems.CommandError):
        return error.code
    if isinstance(error, BrokenPipeError):  # our own output's: a connection's is a ClientError
        return Exit.READER_GONE
    if isinstance(error, errors.Refusal) and getattr(error, "code", "") in _LOGIN_WANTED:
        return Exit.LOGIN
    if isinstance(error.__cause__, ProxyLoginRefused):
        return Exit.LOGIN
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
    if isinstance(cause, ProxyRefused):
        return str(cause)
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


class _Running:
    """One session under way; the first thing that ends it counts."""

    def __init__(
        self, make: Callable[[Any], ClientSession], work: Callable[[ClientSession], Awaitable[None]]
    ) -> None:
        self.outcome: BaseException | None = None
        self.session: ClientSession | None = None
        self._make = make
        self._work = work
        self._working: Deferred[None] | None = None
        self._ended = False
        self._over: Deferred[None] = Deferred()

    def main(self, reactor: Any) -> Deferred[None]:
        """Begin, in the loop."""
        self.session = session = self._make(reactor)
        # Told before the connections are closed, which then complain.
        reactor.addSystemEventTrigger(
            "before", "shutdown", self._end, problems.Interrupted("interrupted")
        )
        seconds = session.access.total_seconds
        if seconds is not None:
            late = problems.TookTooLong(f"not done after {seconds:g} seconds")
            timer = reactor.callLater(seconds, self._end, late)
            self._over.addBoth(lambda _: timer.cancel() if timer.active() else None)

        async def doing() -> None:
            await self._work(session)

        self._working = ensureDeferred(doing())
        self._working.addCallbacks(
            lambda _: self._end(None), lambda failure: self._end(failure.value)
        )
        return self._over

    def _end(self, outcome: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        self.outcome = outcome
        if self.session is not None:
            self.session.over = True
        if self._working is not None:
            self._working.cancel()  # so that it does not see its connections go, and try again
        self._over.callback(None)


def run(
    target: Target,
    access: Access,
    login: Login | None,
    work: Callable[[ClientSession], Awaitable[None]],
    *,
    release: Callable[[], None] | None = None,
) -> None:
    """Do the work in a session; exit with what became of it, unless that is done.

    Args:
        release: called when the loop has ended, before anything is said.
    """
    running = _Running(lambda reactor: ClientSession(reactor, target, access, login), work)
    try:
        with contextlib.suppress(SystemExit):
            react(running.main)
    finally:
        if release is not None:
            release()
    outcome = running.outcome
    if running.session is not None:
        running.session.progress.end()
    if outcome is not None:
        place = target.place if running.session is None else running.session.place
        # With an observer all that was said stands on the terminal already.
        more = conversation_of(outcome) if access.observer is None else ()
        problems.leave(code_of(outcome), line_of(outcome, place), more)
