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
LINE_OCTETS: Final = 1000
MASK: Final = "***"

#: What begins a line with a secret in it; the group is what may be told. After such a line all
#: that the client says is secret, until the server has answered finally. Looser than any grammar:
#: a line that the server does not understand may have a password in it all the same.
_SECRETS = re.compile(
    rb"((?:(?P<tag>[^ ]+) +)?(?:AUTHENTICATE|AUTHINFO\s+SASL|AUTH)\s+\"?[A-Z0-9_-]+\"?)(?=\s|$)"
    rb"|((?P<login>[^ ]+) +LOGIN)(?=\s|$)"  # IMAP, with a tag
    # POP3, FTP, NNTP
    rb"|((?:AUTHINFO\s+)?PASS|ACCT|SITE\s+(?:PSWD|PASSWD)|APOP|AUTHINFO\s+(?:SIMPLE|GENERIC))"
    rb"(?=\s|$)",
    re.IGNORECASE,
)
#: What may stand before a command: white space, and the commands of Telnet (RFC 959, 4.1).
_BEFORE = re.compile(rb"(?:\s|\xff[\xfb-\xfe][^A-Za-z]?|[\xf0-\xff])*")
#: HTTP's: such a secret ends with its line, and the lines that are folded behind it.
_FIELDS = re.compile(
    rb"((?:Proxy-)?Authorization|(?:Set-)?Cookie2?|(?:Proxy-)?Authentication-Info"
    rb"|X-(?:Auth-Token|Api-Key))\s*:",
    re.IGNORECASE,
)
#: The password in a URL.
_USER_INFO = re.compile(rb"(://[^/?#@\s:]*:)[^/?#@\s]*(?=@)")
#: A field of a form, sent as a body or in a URL, whose value is none's business.
_FORM = re.compile(
    rb"((?:^|[?&;])[^=&;?\s]{0,64}(?:passw|pwd|secret|token)[^=&;?\s]{0,64}=)[^&;\s]+",
    re.IGNORECASE,
)
#: A server's line that is not its final answer: IMAP's and POP3's ``+ ``, a 3xx reply, an
#: untagged response.
_NOT_FINAL = re.compile(rb"\+ |\+$|3[0-9][0-9]|\* ")
#: A final answer of a protocol without tags, to what looked like a command with one.
_FINAL_UNTAGGED = re.compile(rb"[1245][0-9][0-9](?: |-|$)|\+OK|-ERR")
#: Mechanisms whose challenges help nobody to guess anything. Those of the others do: salt and
#: signature (RFC 5802, 9), what a digest was made of.
_HARMLESS = re.compile(
    rb"(?:.*\s)?\"?(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|EXTERNAL|ANONYMOUS)\"?", re.IGNORECASE
)
#: A challenge; NNTP's last comes with its final answer (RFC 4643, 2.4).
_CHALLENGE = re.compile(rb"(\+ |334 |383 |283 )[A-Za-z0-9+/=]+")


class Transcript:
    """Splits a connection's octets into lines, masks secrets, and tells an observer.

    Args:
        observer: told of each line; ``add`` more.
        clock: for the time.
        limit_octets: after so many octets nothing more is told; 0 for no limit.
    """

    def __init__(
        self, observer: Observer, clock: IReactorTime, *, limit_octets: int = 1_000_000
    ) -> None:
        self._observers = [observer]
        self._clock = clock
        self._began = clock.seconds()
        self._left = limit_octets or None
        self._partial = {"C": bytearray(), "S": bytearray()}
        self._secret = False
        self._tag = b""  # of the command with the secret, where the protocol has tags
        self._secret_challenges = False
        self._exchanging = False
        self._folding = {"C": False, "S": False}  # whether a folded line goes on with a secret
        #: Whether all that the client says is masked: where nothing in it tells what is secret.
        self.masking = False
        #: Whether of the client that alone is told which ``typed`` is: where a line's octets come
        #: before anybody knows what was asked for, and may be the password that is asked for next.
        self.told_by_dialog = False
        self._begun_masked = False  # a line of which a part came while all was masked

    def add(self, observer: Observer) -> None:
        """Tell another observer, too, of what comes from now on."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> bool:
        """Tell an observer no more; return whether there is any left."""
        self._observers.remove(observer)
        return bool(self._observers)

    def heard(self, octets: bytes) -> None:
        """The client said something."""
        if not self.told_by_dialog:
            self._take("C", octets)

    def typed(self, line: str, *, secret: bool) -> None:
        """The dialog has taken a line of the client's for what it had asked for."""
        self._line("C", MASK.encode() if secret else line.encode(errors="backslashreplace"))

    def said(self, octets: bytes) -> None:
        """The server said something."""
        self._take("S", octets)

    def said_in_part(self, octets: bytes, told: int) -> None:
        """The server said something of which the first octets are told, and where its last line
        begins; all of it where something secret is awaited."""
        if len(octets) <= told or self._secret or self._exchanging:
            self._take("S", octets)
            return
        self._take("S", octets[:told])
        end = octets.rfind(b"\n", told) + 1
        if end and self._partial["S"]:
            self._take("S", b"\n")
        self._take("S", octets[end or told :][: LINE_OCTETS + 1])

    def exchange_began(self, mechanism: str) -> None:
        """A login by a mechanism is under way, as the dialog knows, whatever the lines look like:
        all that the client says is secret now, and what the server asks."""
        self._exchanging = True
        self._secret_challenges = _HARMLESS.fullmatch(mechanism.encode()) is None

    def exchange_ended(self) -> None:
        """It is over; the server's last words of it may still be to come."""
        self._exchanging = False

    def interrupted(self) -> None:
        """Report what was begun of a line: TLS begins, or the connection is gone."""
        for side, partial in self._partial.items():
            if partial:
                self._line(side, bytes(partial))
                partial.clear()

    def ended(self) -> None:
        """The connection is gone: tell what was not a whole line."""
        self.interrupted()
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
            self._begun_masked = self._begun_masked or self.masking or self._exchanging

    def _line(self, side: str, line: bytes) -> None:
        if self._left is not None:
            if self._left == 0:
                return
            self._left = max(0, self._left - len(line))
        self._tell(side, _shown(self._masked(side, line)))
        if self._left == 0:
            self._tell("-", "more than is kept")

    def _masked(self, side: str, line: bytes) -> bytes:
        line = self._masked_by_side(side, line)
        if b"=" in line:
            line = _FORM.sub(rb"\1***", line)
        return _USER_INFO.sub(rb"\1***", line) if b"://" in line else line

    def _masked_by_side(self, side: str, line: bytes) -> bytes:
        begun_masked = False
        if side == "C":
            begun_masked, self._begun_masked = self._begun_masked, False
        if self.masking and side == "C":
            return MASK.encode()
        if self._folding[side] and line[:1] in (b" ", b"\t"):
            return MASK.encode()
        field = _FIELDS.match(line)
        self._folding[side] = field is not None
        if field is not None:
            return field[1] + b": " + MASK.encode()
        return self._answer(line) if side == "S" else self._command(line, begun_masked)

    def _answer(self, line: bytes) -> bytes:
        challenge = _CHALLENGE.fullmatch(line) if self._secret_challenges else None
        if self._is_final(line):
            self._secret = False
            self._secret_challenges = self._secret_challenges and self._exchanging
        return line if challenge is None else challenge[1] + MASK.encode()

    def _is_final(self, line: bytes) -> bool:
        if self._secret and self._tag:  # of commands before it, answers may still come
            return line.startswith(self._tag) or _FINAL_UNTAGGED.match(line) is not None
        return not _NOT_FINAL.match(line)

    def _command(self, line: bytes, begun_masked: bool) -> bytes:
        if begun_masked and not self._exchanging:  # its end came when all was told again
            return MASK.encode()
        before = _BEFORE.match(line)
        found = _SECRETS.match(line, before.end() if before else 0)
        if found is None:
            return MASK.encode() if self._secret or self._exchanging else line
        told = found.group(found.lastindex or 0)
        self._secret = True
        tag = found["tag"] or found["login"]
        self._tag = tag + b" " if tag else b""
        if not self._exchanging:
            self._secret_challenges = _HARMLESS.fullmatch(told) is None
        return line if len(told) == len(line) else told + b" " + MASK.encode()

    def _tell(self, side: str, text: str) -> None:
        seconds = self._clock.seconds() - self._began
        for observer in tuple(self._observers):
            observer(side, text, seconds)


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
