"""Octets to data and commands, and back (RFC 854, RFC 855).

::

    stream          = *( data / command )
    data            = %d0-254 / IAC IAC
    command         = IAC function / IAC verb option / IAC SB option *parameter IAC SE
    parameter       = %d0-254 / IAC IAC
"""

from __future__ import annotations

import re
from typing import Final

from netsuite.telnet import commands
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import OctetReader

IAC: Final = b"\xff"
_WILL: Final = int(commands.Code.WILL)
_DOUBLED: Final = b"\xff\xff"
_SE: Final = bytes([commands.Code.IAC, commands.Code.SE])
#: What a subnegotiation may hold.
SUBNEGOTIATION_OCTETS: Final = 4096
#: Data that is given at once.
CHUNK_OCTETS: Final = 65536
#: Data up to the next command.
_DATA: Final = re.compile(rb"[^\xff]*+(?:\xff\xff[^\xff]*+)*+")
#: Every negotiation there is: to look one up takes a fifth of the time of making one.
_NEGOTIATIONS: Final = {
    verb << 8 | option: commands.Negotiation(verb, option)
    for verb in commands.Verb
    for option in range(256)
}


class TelnetReader(OctetReader):
    """Reads tokens from octets, the same for every way of cutting them into pieces.

    Clean text is found by one search for IAC and given in one piece.
    """

    __slots__ = ("_parameters",)

    def __init__(self) -> None:
        super().__init__()
        self._parameters: bytearray | None = None  # of the subnegotiation we are in

    def discard(self) -> int:
        """Drop what is unread; return how many octets that was."""
        self._parameters = None
        return super().discard()

    def next(self) -> commands.Token | None:
        """Return the next token; None when it is not whole yet.

        Raises:
            RemoteProtocolError: a subnegotiation is longer than ``SUBNEGOTIATION_OCTETS``.
        """
        buffer = self._buffer
        while True:
            if self._parameters is not None:
                ended, whole = self._subnegotiation(self._parameters)
                if ended is not None or not whole:
                    return ended
                continue
            if not buffer:
                return None
            at = buffer.find(IAC, 0, CHUNK_OCTETS)
            if at < 0:
                return commands.Data(self.read_some(CHUNK_OCTETS) or b"")
            if buffer[at + 1 : at + 2] == IAC:
                return commands.Data(self._data(at))
            if at:
                octets = bytes(buffer[:at])
                del buffer[:at]
                return commands.Data(octets)
            if len(buffer) < 2:
                return None
            code = buffer[1]
            if code >= _WILL:
                if len(buffer) < 3:
                    return None
                negotiation = _NEGOTIATIONS[code << 8 | buffer[2]]
                del buffer[:3]
                return negotiation
            del buffer[:2]
            if code == commands.Code.SB:
                self._parameters = bytearray()
            elif code != commands.Code.SE:  # outside of a subnegotiation it ends nothing
                return commands.Function(code)

    def _data(self, at: int) -> bytes:
        """Read data up to the next command; *at* a doubled IAC stands in it."""
        buffer = self._buffer
        end = at
        if at + 2 <= CHUNK_OCTETS:
            end = buffer.find(IAC, at + 2, CHUNK_OCTETS)
            if end < 0:
                end = min(len(buffer), CHUNK_OCTETS)
            elif buffer[end + 1 : end + 2] == IAC:  # there are many, for which this is quicker
                match = _DATA.match(buffer, end, CHUNK_OCTETS)
                end = match.end() if match is not None else end
                del match  # it would keep the buffer from being cut
        octets = bytes(buffer[:end])
        del buffer[:end]
        return octets.replace(_DOUBLED, IAC)

    def _subnegotiation(self, parameters: bytearray) -> tuple[commands.Subnegotiation | None, bool]:
        """Go on reading a subnegotiation; return it, and whether it has ended."""
        while True:
            at = self.find(IAC, 0, SUBNEGOTIATION_OCTETS + 2)
            if at != 0:
                parameters += self.read_some(SUBNEGOTIATION_OCTETS + 2 if at < 0 else at) or b""
            if len(parameters) > SUBNEGOTIATION_OCTETS + 1:  # the option's number comes first
                self._parameters = None
                raise RemoteProtocolError(
                    f"a subnegotiation of more than {SUBNEGOTIATION_OCTETS} octets", close=True
                )
            if len(self) < 2:
                return None, False
            code = self.peek(2)[1]
            if code == commands.Code.IAC:
                self.read_exactly(2)
                parameters += IAC
                continue
            self._parameters = None
            if code != commands.Code.SE:
                # Not allowed (RFC 855): what was begun is dropped, the command taken as it is.
                return None, True
            self.read_exactly(2)
            if not parameters:
                return None, True
            return commands.Subnegotiation(parameters[0], bytes(parameters[1:])), True


def format_token(token: commands.Token) -> bytes:
    """Print a token."""
    if isinstance(token, commands.Data):
        return escape(token.octets)
    if isinstance(token, commands.Function):
        return bytes([commands.Code.IAC, token.code])
    if isinstance(token, commands.Negotiation):
        return bytes([commands.Code.IAC, token.verb, token.option])
    return bytes([commands.Code.IAC, commands.Code.SB, token.option]) + escape(token.octets) + _SE


def escape(octets: bytes) -> bytes:
    """Double every IAC."""
    return octets.replace(IAC, _DOUBLED)


def network_text(text: str, encoding: str) -> bytes:
    """Print text, its lines ending with LF, for the network virtual terminal: a line ends with CR
    LF, and a CR that ends none is CR NUL (RFC 854, "THE NVT PRINTER AND KEYBOARD"); what the
    encoding does not have is a question mark.
    """
    octets = text.encode(encoding, "replace")
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\r\0")
    return escape(octets.replace(b"\n", b"\r\n"))
