"""FTP's replies to octets and back, and what stands in them: ports, features."""

from __future__ import annotations

import re
from typing import Final

from netsuite.ftp.commands import Reply, reply
from netsuite.ftp.grammar import IAC, without_telnet
from netsuite.ftp.paths import octets_of, text_of
from netsuite.wire.errors import RemoteProtocolError

# RFC 959, 4.2: a code and a space; or a code and a hyphen, lines, and the code again with a space
_reply_line: Final = re.compile(rb"([1-6][0-9]{2})([ -]|\Z)(.*)", re.DOTALL)
#: What a client takes of one reply: a FEAT, a HELP, a STAT of a directory.
REPLY_LINES: Final = 20_000
REPLY_OCTETS: Final = 1 << 20
_line_ends: Final = re.compile(r"[\r\n\0]")


def format_reply(value: Reply) -> bytes:
    """Print a reply; lines between the first and the last are indented, so that none of them can
    be taken for the last (RFC 959, 4.2)."""
    lines = [_line_ends.sub(" ", line) for line in value.lines]
    code = value.code
    if len(lines) == 1:
        text = f"{code} {lines[0]}\r\n"
    else:
        between = "".join([f" {line}\r\n" for line in lines[1:-1]])
        text = f"{code}-{lines[0]}\r\n{between}{code} {lines[-1]}\r\n"
    return octets_of(text).replace(IAC, IAC + IAC)


class ReplyReader:
    """Gathers the lines of one reply."""

    def __init__(self) -> None:
        self._code = 0
        self._lines: list[str] = []
        self._octets = 0

    @property
    def within(self) -> bool:
        """Whether a reply has begun and not ended."""
        return bool(self._code)

    def line(self, octets: bytes) -> Reply | None:
        """Take a line without its line end; return the reply when that was its last.

        Raises:
            RemoteProtocolError: no reply, or one without end.
        """
        octets = without_telnet(octets)
        match = _reply_line.match(octets)
        if not self._code:
            if match is None:
                raise RemoteProtocolError("not a reply", close=True)
            if match[2] != b"-":
                return Reply(int(match[1]), (text_of(match[3]),))
            self._code = int(match[1])
            self._lines = [text_of(match[3])]
            self._octets = len(octets)
            return None
        self._octets += len(octets)
        if self._octets > REPLY_OCTETS or len(self._lines) >= REPLY_LINES:
            raise RemoteProtocolError("a reply without end", close=True)
        if match is None or int(match[1]) != self._code or match[2] == b"-":
            # A server may begin every line with code and hyphen.
            known = match is not None and int(match[1]) == self._code
            self._lines.append(text_of(match[3] if match is not None and known else octets))
            return None
        code, self._code = self._code, 0
        return Reply(code, (*self._lines, text_of(match[3])))


# -- what replies hold ------------------------------------------------------------------------

_passive: Final = re.compile(r"(?<![0-9,])" + ",".join(["([0-9]{1,3})"] * 6) + r"(?![0-9,])")
_extended_passive: Final = re.compile(r"\(([!-~])\1\1([0-9]{1,5})\1\)")


def passive_reply(address: str, port: int) -> Reply:
    """Make the 227 of PASV."""
    host = address.replace(".", ",")
    return reply(227, f"Entering Passive Mode ({host},{port >> 8},{port & 255})")


def extended_passive_reply(port: int) -> Reply:
    """Make the 229 of EPSV. See RFC 2428, 3."""
    return reply(229, f"Entering Extended Passive Mode (|||{port}|)")


def passive_port(value: Reply) -> int | None:
    """Read the port of a 227. Its address is for nobody: it may be a private one behind a
    translator, or that of somebody whom we are to attack."""
    match = _passive.search(value.text)
    numbers = [int(digits) for digits in match.groups()] if match else []
    if not numbers or max(numbers) > 255:
        return None
    return numbers[4] * 256 + numbers[5] or None


def extended_passive_port(value: Reply) -> int | None:
    """Read the port of a 229."""
    match = _extended_passive.search(value.text)
    port = int(match[2]) if match else 0
    return port if 0 < port < 65_536 else None


def features_of(value: Reply) -> dict[str, str]:
    """Read a 211 of FEAT: feature in upper case to its parameters (RFC 2389, 3.2)."""
    found: dict[str, str] = {}
    for line in value.lines[1:-1]:
        name, _, parameters = line.strip().partition(" ")
        name = name.upper()
        if name in found:
            found[name] += f" {parameters}"
        elif name:
            found[name] = parameters
    return found
