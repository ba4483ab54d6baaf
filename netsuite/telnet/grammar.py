"""Octets to data and commands, and back (RFC 854, RFC 855); what subnegotiations hold.

::

    stream          = *( data / command )
    data            = %d0-254 / IAC IAC
    command         = IAC function / IAC verb option / IAC SB option *parameter IAC SE
    parameter       = %d0-254 / IAC IAC
"""

from __future__ import annotations

from typing import Final

from netsuite.telnet import commands
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import OctetReader

IAC: Final = b"\xff"
_DOUBLED: Final = b"\xff\xff"
_SE: Final = bytes([commands.Code.IAC, commands.Code.SE])
#: What a subnegotiation may hold.
SUBNEGOTIATION_OCTETS: Final = 4096
#: Data that is given at once.
CHUNK_OCTETS: Final = 65536
#: RFC 1091, 6.
TERMINAL_TYPE_CHARACTERS: Final = 40

# RFC 1091, 2 and RFC 859, 2; RFC 2066, 1.
_IS, _SEND = 0, 1
_REQUEST, _ACCEPTED, _REJECTED, _TTABLE_IS, _TTABLE_REJECTED = 1, 2, 3, 4, 5
#: RFC 2066, 2: this and an octet of version before the list.
_TTABLE: Final = b"[TTABLE]"


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
        while True:
            if self._parameters is not None:
                ended, whole = self._subnegotiation(self._parameters)
                if ended is not None or not whole:
                    return ended
                continue
            at = self.find(IAC, 0, CHUNK_OCTETS)
            if at != 0:
                octets = self.read_some(CHUNK_OCTETS if at < 0 else at)
                return None if octets is None else commands.Data(octets)
            if len(self) < 2:
                return None
            code = self.peek(2)[1]
            if code == commands.Code.IAC:
                self.read_exactly(2)
                return commands.Data(IAC)
            if commands.Code.WILL <= code <= commands.Code.DONT:
                command = self.read_exactly(3)
                if command is None:
                    return None
                return commands.Negotiation(commands.Verb(code), command[2])
            self.read_exactly(2)
            if code == commands.Code.SB:
                self._parameters = bytearray()
            elif code != commands.Code.SE:  # outside of a subnegotiation it ends nothing
                return commands.Function(code)

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


# -- subnegotiations -----------------------------------------------------------------------------


def parse_meaning(said: commands.Subnegotiation) -> commands.Meaning | None:
    """Return what a subnegotiation means; None where that cannot be told, and it is ignored."""
    octets = said.octets
    if said.option == commands.Option.NAWS:
        if len(octets) != 4:
            return None
        return commands.WindowSize(octets[0] << 8 | octets[1], octets[2] << 8 | octets[3])
    if said.option == commands.Option.TTYPE:
        if octets == bytes([_SEND]):
            return commands.TerminalTypeSend()
        return _terminal_type(octets[1:]) if octets[:1] == bytes([_IS]) else None
    if said.option == commands.Option.STATUS:
        if octets == bytes([_SEND]):
            return commands.StatusSend()
        return _status(octets[1:]) if octets[:1] == bytes([_IS]) else None
    if said.option == commands.Option.CHARSET and octets:
        return _charset(octets[0], octets[1:])
    return None


def _terminal_type(octets: bytes) -> commands.TerminalTypeIs | None:
    """Return the name of a terminal: it may be shown to people, so nothing but printable ASCII."""
    shown = all(0x21 <= octet <= 0x7E for octet in octets)
    if not shown or not 0 < len(octets) <= TERMINAL_TYPE_CHARACTERS:
        return None
    return commands.TerminalTypeIs(octets.decode("ascii"))


def _status(octets: bytes) -> commands.StatusIs | None:
    # RFC 859, 5: also SB option ... SE, with SE doubled; that says nothing that we look at.
    options: list[commands.Negotiation] = []
    at = 0
    while at + 1 < len(octets):
        if octets[at] == commands.Code.SB:
            end = at + 2
            while True:
                end = octets.find(bytes([commands.Code.SE]), end)
                if end < 0:
                    return None
                if octets[end + 1 : end + 2] != bytes([commands.Code.SE]):
                    break
                end += 2
            at = end + 1
        elif commands.Code.WILL <= octets[at] <= commands.Code.DONT:
            options.append(commands.Negotiation(commands.Verb(octets[at]), octets[at + 1]))
            at += 2
        else:
            return None
    return commands.StatusIs(tuple(options)) if at == len(octets) else None


def _charset(kind: int, octets: bytes) -> commands.Meaning | None:
    if kind == _REQUEST:
        if octets.startswith(_TTABLE):
            octets = octets[len(_TTABLE) + 1 :]
        separator, names = octets[:1], octets[1:]
        if not separator or not names.isascii():
            return None
        return commands.CharsetRequest(
            tuple(name.decode() for name in names.split(separator) if name)
        )
    if kind == _ACCEPTED:
        return commands.CharsetAccepted(octets.decode("ascii")) if octets.isascii() else None
    if kind == _REJECTED:
        return commands.CharsetRejected()
    if kind == _TTABLE_IS:
        return commands.TranslationTable()
    return commands.TranslationTableRejected() if kind == _TTABLE_REJECTED else None


def format_meaning(meaning: commands.Meaning) -> bytes:
    """Print a subnegotiation. Raises ValueError for a translation table, which nobody sends."""
    option, octets = _printed(meaning)
    return format_token(commands.Subnegotiation(option, octets))


def _printed(meaning: commands.Meaning) -> tuple[int, bytes]:
    if isinstance(meaning, commands.WindowSize):
        size = meaning.width.to_bytes(2, "big") + meaning.height.to_bytes(2, "big")
        return commands.Option.NAWS, size
    if isinstance(meaning, commands.TerminalTypeSend):
        return commands.Option.TTYPE, bytes([_SEND])
    if isinstance(meaning, commands.TerminalTypeIs):
        return commands.Option.TTYPE, bytes([_IS]) + meaning.name.encode("ascii", "replace")
    if isinstance(meaning, commands.StatusSend):
        return commands.Option.STATUS, bytes([_SEND])
    if isinstance(meaning, commands.StatusIs):
        stated = b"".join(bytes([each.verb, each.option]) for each in meaning.options)
        return commands.Option.STATUS, bytes([_IS]) + stated
    if isinstance(meaning, commands.CharsetRequest):
        names = b"".join(b";" + name.encode("ascii") for name in meaning.names)
        return commands.Option.CHARSET, bytes([_REQUEST]) + names
    if isinstance(meaning, commands.CharsetAccepted):
        return commands.Option.CHARSET, bytes([_ACCEPTED]) + meaning.name.encode("ascii")
    if isinstance(meaning, commands.CharsetRejected):
        return commands.Option.CHARSET, bytes([_REJECTED])
    if isinstance(meaning, commands.TranslationTableRejected):
        return commands.Option.CHARSET, bytes([_TTABLE_REJECTED])
    raise ValueError("translation tables are not sent")
