"""What subnegotiations hold: options' parameters to values, and back.

A value that makes no sense means nothing, and is ignored: no option has a word for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from netsuite.telnet import commands
from netsuite.telnet.commands import Code, Option, Verb
from netsuite.telnet.grammar.stream import format_token

#: RFC 1091, 6.
TERMINAL_TYPE_CHARACTERS: Final = 40
#: Variables that are read of what one side tells of its environment; the rest is left.
VARIABLES: Final = 64

# RFC 1091, 2 and RFC 859, 2; RFC 1572, 1; RFC 2066, 1; RFC 1184, 1.
_IS, _SEND, _INFO = 0, 1, 2
_VAR, _VALUE, _ESC, _USERVAR = 0, 1, 2, 3
_REQUEST, _ACCEPTED, _REJECTED, _TTABLE_IS, _TTABLE_REJECTED = 1, 2, 3, 4, 5
_MODE, _FORWARD_MASK, _SLC = 1, 2, 3
#: RFC 2066, 2: this and an octet of version before the list.
_TTABLE: Final = b"[TTABLE]"
#: A kind or VALUE, then what is not one of them but behind ESC (RFC 1572, 2).
_PIECE: Final = re.compile(rb"([\x00\x01\x03])((?:[^\x00-\x03]|\x02.)*)", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\x02(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(rb"([\x00-\x03])")


def parse_meaning(said: commands.Subnegotiation) -> commands.Meaning | None:
    """Return what a subnegotiation means; None where that cannot be told, and it is ignored."""
    parse = _PARSERS.get(said.option)
    return None if parse is None else parse(said.octets)


def _window_size(octets: bytes) -> commands.WindowSize | None:
    if len(octets) != 4:
        return None
    return commands.WindowSize(octets[0] << 8 | octets[1], octets[2] << 8 | octets[3])


def _terminal_type(octets: bytes) -> commands.Meaning | None:
    """Return the name of a terminal: it may be shown to people, so nothing but printable ASCII."""
    if octets == bytes([_SEND]):
        return commands.TerminalTypeSend()
    name = octets[1:]
    shown = name.strip() and all(0x20 <= octet <= 0x7E for octet in name)
    if octets[:1] != bytes([_IS]) or not shown or len(name) > TERMINAL_TYPE_CHARACTERS:
        return None
    return commands.TerminalTypeIs(name.decode("ascii"))


def _status(octets: bytes) -> commands.Meaning | None:
    if octets == bytes([_SEND]):
        return commands.StatusSend()
    return _status_is(octets[1:]) if octets[:1] == bytes([_IS]) else None


def _status_is(octets: bytes) -> commands.StatusIs | None:
    # RFC 859, 5: also SB option ... SE, with SE doubled; that says nothing that we look at.
    options: list[commands.Negotiation] = []
    at = 0
    while at + 1 < len(octets):
        if octets[at] == Code.SB:
            end = at + 2
            while True:
                end = octets.find(bytes([Code.SE]), end)
                if end < 0:
                    return None
                if octets[end + 1 : end + 2] != bytes([Code.SE]):
                    break
                end += 2
            at = end + 1
        elif Code.WILL <= octets[at] <= Code.DONT:
            options.append(commands.Negotiation(Verb(octets[at]), octets[at + 1]))
            at += 2
        else:
            return None
    return commands.StatusIs(tuple(options)) if at == len(octets) else None


def _charset(octets: bytes) -> commands.Meaning | None:
    kind, octets = int.from_bytes(octets[:1], "big"), octets[1:]
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


def _environment(octets: bytes) -> commands.Meaning | None:
    kind = octets[:1]
    if kind not in (bytes([_IS]), bytes([_SEND]), bytes([_INFO])):
        return None
    variables = _variables(octets[1:])
    if variables is None:
        return None
    if kind == bytes([_SEND]):
        return commands.EnvironmentSend(variables)
    return commands.EnvironmentIs(variables, changed=kind == bytes([_INFO]))


def _variables(octets: bytes) -> tuple[commands.Variable, ...] | None:
    found: list[commands.Variable] = []
    at = 0
    for piece in _PIECE.finditer(octets):
        if piece.start() != at or len(found) > VARIABLES:
            break
        at = piece.end()
        text = _ESCAPED.sub(rb"\1", piece[2]).decode("utf-8", "replace")
        if piece[1] != bytes([_VALUE]):
            found.append(commands.Variable(text, user=piece[1] == bytes([_USERVAR])))
        elif found and found[-1].value is None:
            found[-1] = commands.Variable(found[-1].name, text, user=found[-1].user)
        else:
            return None
    return tuple(found[:VARIABLES]) if at == len(octets) or len(found) > VARIABLES else None


def _flow_control(octets: bytes) -> commands.FlowControl | None:
    if len(octets) != 1 or octets[0] not in tuple(commands.Flow):
        return None
    return commands.FlowControl(commands.Flow(octets[0]))


def _linemode(octets: bytes) -> commands.Meaning | None:
    if octets[:1] == bytes([_MODE]):
        return commands.LineMode(octets[1]) if len(octets) == 2 else None
    if octets[:1] == bytes([_SLC]):
        if not 3 <= len(octets) - 1 <= 3 * 256 or (len(octets) - 1) % 3:
            return None
        each = [octets[at : at + 3] for at in range(1, len(octets), 3)]
        return commands.SpecialCharacters(tuple(commands.SpecialCharacter(*one) for one in each))
    if octets[1:2] == bytes([_FORWARD_MASK]) and Code.WILL <= octets[0] <= Code.DONT:
        return commands.ForwardMask(Verb(octets[0]), octets[2:]) if len(octets) <= 34 else None
    return None


_PARSERS: Final[Mapping[int, Callable[[bytes], commands.Meaning | None]]] = {
    Option.NAWS: _window_size,
    Option.TTYPE: _terminal_type,
    Option.STATUS: _status,
    Option.CHARSET: _charset,
    Option.NEW_ENVIRON: _environment,
    Option.TOGGLE_FLOW: _flow_control,
    Option.LINEMODE: _linemode,
}


def format_meaning(meaning: commands.Meaning) -> bytes:
    """Print a subnegotiation. Raises ValueError for a translation table, which nobody sends."""
    option, octets = _printed(meaning)
    return format_token(commands.Subnegotiation(option, octets))


def _printed(meaning: commands.Meaning) -> tuple[int, bytes]:
    match meaning:
        case commands.WindowSize(width, height):
            return Option.NAWS, width.to_bytes(2, "big") + height.to_bytes(2, "big")
        case commands.TerminalTypeSend():
            return Option.TTYPE, bytes([_SEND])
        case commands.TerminalTypeIs(name):
            return Option.TTYPE, bytes([_IS]) + name.encode("ascii", "replace")
        case commands.StatusSend():
            return Option.STATUS, bytes([_SEND])
        case commands.StatusIs(options):
            stated = b"".join(bytes([each.verb, each.option]) for each in options)
            return Option.STATUS, bytes([_IS]) + stated
        case commands.EnvironmentSend(wanted):
            return Option.NEW_ENVIRON, bytes([_SEND]) + _printed_variables(wanted)
        case commands.EnvironmentIs(variables, changed):
            kind = _INFO if changed else _IS
            return Option.NEW_ENVIRON, bytes([kind]) + _printed_variables(variables)
        case commands.FlowControl(flow):
            return Option.TOGGLE_FLOW, bytes([flow])
        case commands.LineMode(mask):
            return Option.LINEMODE, bytes([_MODE, mask])
        case commands.ForwardMask(verb, mask):
            return Option.LINEMODE, bytes([verb, _FORWARD_MASK]) + mask
        case commands.SpecialCharacters(characters):
            each = (bytes([one.function, one.modifiers, one.character]) for one in characters)
            return Option.LINEMODE, bytes([_SLC]) + b"".join(each)
        case _:
            return Option.CHARSET, _printed_charset(meaning)


def _printed_variables(variables: Sequence[commands.Variable]) -> bytes:
    octets = b""
    for each in variables:
        octets += bytes([_USERVAR if each.user else _VAR]) + _printed_text(each.name)
        if each.value is not None:
            octets += bytes([_VALUE]) + _printed_text(each.value)
    return octets


def _printed_text(text: str) -> bytes:
    return _TO_ESCAPE.sub(bytes([_ESC]) + rb"\1", text.encode("utf-8", "replace"))


def _printed_charset(meaning: commands.Meaning) -> bytes:
    match meaning:
        case commands.CharsetRequest(names):
            return bytes([_REQUEST]) + b"".join(b";" + name.encode("ascii") for name in names)
        case commands.CharsetAccepted(name):
            return bytes([_ACCEPTED]) + name.encode("ascii")
        case commands.CharsetRejected():
            return bytes([_REJECTED])
        case commands.TranslationTableRejected():
            return bytes([_TTABLE_REJECTED])
        case _:
            raise ValueError("translation tables are not sent")
