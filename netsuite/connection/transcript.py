"""Transcripts of connections, line by line, passwords masked: for finding faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

#: Told of each line: ``"C"`` or ``"S"``, or ``"-"`` for a remark; the text; seconds since the
#: connection began.
Observer: TypeAlias = Callable[[str, str, float], None]

#: Of each line so much is told.
LINE_OCTETS: Final = 512
MASK: Final = "***"

#: What begins a line with a secret in it; the group is what may be told. After such a line all
#: that the client says is secret, until the server has answered finally.
_SECRETS = re.compile(
    rb"((?:[^ ]{1,64} )?(?:AUTHENTICATE|AUTHINFO SASL|AUTH) [A-Z0-9_-]+)(?: |$)"  # SASL
    rb"|((?:[^ ]{1,64} )LOGIN)(?: |$)"  # IMAP, with a tag
    rb"|((?:AUTHINFO )?PASS|ACCT|APOP)(?: |$)"  # POP3, FTP, NNTP
    rb"|((?:Proxy-)?Authorization|Cookie):",  # HTTP
    re.IGNORECASE,
)
#: A server's line that is not its final answer: IMAP's and POP3's ``+ ``, a 3xx reply, an
#: untagged response.
_NOT_FINAL = re.compile(rb"\+ |\+$|3[0-9][0-9]|\* ")
#: Mechanisms whose challenges help to guess the password: salt and signature (RFC 5802, 9).
_TELLING = re.compile(rb".*(?:SCRAM|CRAM|DIGEST)-", re.IGNORECASE)
#: A challenge; NNTP's last comes with its final answer (RFC 4643, 2.4).
_CHALLENGE = re.compile(rb"(\+ |334 |383 |283 )[A-Za-z0-9+/=]+")


class Transcript:
    """Splits a connection's octets into lines, masks secrets, and tells an observer.

    Args:
        observer: told of each line.
        clock: for the time.
        limit_octets: after so many octets nothing more is told; 0 for no limit.
    """

    def __init__(
        self, observer: Observer, clock: IReactorTime, *, limit_octets: int = 1_000_000
    ) -> None:
        self._observer = observer
        self._clock = clock
        self._began = clock.seconds()
        self._left = limit_octets or None
        self._partial = {"C": bytearray(), "S": bytearray()}
        self._secret = False
        self._secret_challenges = False
        #: Whether all that the client says is masked: where nothing in it tells what is secret.
        self.masking = False
        self._begun_masked = False  # a line of which a part came while all was masked

    def heard(self, octets: bytes) -> None:
        """The client said something."""
        self._take("C", octets)

    def said(self, octets: bytes) -> None:
        """The server said something."""
        self._take("S", octets)

    def ended(self) -> None:
        """The connection is gone: tell what was not a whole line."""
        for side, partial in self._partial.items():
            if partial:
                self._line(side, bytes(partial))
                partial.clear()
        self._tell("-", "the connection has ended")

    def _take(self, side: str, octets: bytes) -> None:
        if self._left == 0:
            return
        partial = self._partial[side]
        lines = octets.split(b"\n")
        for line in lines[:-1]:
            partial += line[: LINE_OCTETS + 1 - len(partial)]
            self._line(side, bytes(partial).removesuffix(b"\r"))
            partial.clear()
        partial += lines[-1][: LINE_OCTETS + 1 - len(partial)]
        if side == "C" and lines[-1]:
            self._begun_masked = self._begun_masked or self.masking

    def _line(self, side: str, line: bytes) -> None:
        if self._left is not None:
            if self._left == 0:
                return
            self._left = max(0, self._left - len(line))
        self._tell(side, _shown(self._masked(side, line)))
        if self._left == 0:
            self._tell("-", "more than is kept")

    def _masked(self, side: str, line: bytes) -> bytes:
        if side == "S":
            challenge = _CHALLENGE.fullmatch(line) if self._secret_challenges else None
            if not _NOT_FINAL.match(line):
                self._secret = self._secret_challenges = False
            return line if challenge is None else challenge[1] + MASK.encode()
        begun_masked, self._begun_masked = self._begun_masked, False
        if self.masking or begun_masked:  # its end may come when all is told again
            return MASK.encode()
        found = _SECRETS.match(line)
        if found is not None:
            told = found.group(found.lastindex or 0)
            self._secret_challenges = _TELLING.match(told) is not None
            self._secret = not line.startswith(told + b":")  # HTTP's secrets end with the line
            return line if len(told) == len(line) else told + b" " + MASK.encode()
        return MASK.encode() if self._secret else line

    def _tell(self, side: str, text: str) -> None:
        self._observer(side, text, self._clock.seconds() - self._began)


def _shown(line: bytes) -> str:
    """Return a line as printable text."""
    cut = line[:LINE_OCTETS].decode("utf-8", "backslashreplace")
    text = cut
    if not cut.isprintable():
        text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)
    return text + "..." if len(line) > LINE_OCTETS else text


def logging_observer(name: str) -> Observer:
    """Return an observer that writes to the daemon's log, under a connection's name."""
    log = Logger(namespace="netsuite.transcript")

    def observe(side: str, text: str, seconds: float) -> None:
        log.info(
            "{name} {seconds:8.3f} {side}: {text}",
            name=name,
            side=side,
            text=text,
            seconds=seconds,
        )

    return observe
