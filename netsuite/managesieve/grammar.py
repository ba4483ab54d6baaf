"""ManageSieve's octets to values and back. See RFC 5804, 4."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn, TypeAlias

from netsuite.managesieve import commands
from netsuite.managesieve.commands import Response
from netsuite.sasl.lines import Auth, AuthResponse, Challenge, sasl_mech
from netsuite.wire import base64
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

#: Of a line; RFC 5804, 4 has 1024 in quotes, and clients write the responses of SASL so.
LINE_OCTETS: Final = 16_384
#: Of a literal that is no script.
STRING_OCTETS: Final = 12_288
#: RFC 5804, 1.6: names have 128 characters at least.
NAME_OCTETS: Final = 512
#: Of a string that is sent in quotes rather than as a literal.
_QUOTED_OCTETS: Final = 1024
_LARGEST: Final = 0xFFFFFFFF

# literal-c2s = "{" number "+}" CRLF *OCTET
literal: Final = re.compile(rb"\{(0|[1-9][0-9]{0,19})\+\}\Z")
# quoted = DQUOTE *1024QUOTED-CHAR DQUOTE; QUOTED-SPECIALS = DQUOTE / "\"
_quoted: Final = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*+)"')
_escaped: Final = re.compile(rb'\\(["\\])')
_special: Final = re.compile(rb'["\\]')
# atom = 1*1024ATOM-CHAR; a number is one of digits.
_atom: Final = re.compile(rb"[!#-'*-\[\]-z|}~]{1,1024}")
_number: Final = re.compile(rb"0|[1-9][0-9]{0,9}")

BAD_SYNTAX: Final = commands.no("That is no command")
UNKNOWN: Final = commands.no("There is no such command")
BAD_ARGUMENTS: Final = commands.no("Those are no arguments of that command")
BAD_NAME: Final = commands.no("No script can have that name")
BAD_BASE64: Final = commands.no("Not base64")
TOO_LONG: Final = commands.no("The line is too long")
NOT_A_LINE: Final = commands.no("Lines end with CR LF, which stand nowhere else")
TOO_LARGE: Final = commands.no("The script is too large", "QUOTA/MAXSIZE")
STRING_TOO_LARGE: Final = commands.no("The string is too large")

#: What a command consists of: what stood on its lines, and its literals.
Part: TypeAlias = bytes | memoryview


class _Atom(bytes):
    """A word without quotes."""


def refuse(message: str, answer: Response, *, close: bool = False) -> NoReturn:
    """Raise what the connection answers with *answer*."""
    raise RemoteProtocolError(message, answer, close=close)


def _tokens(parts: Sequence[Part]) -> list[bytes]:
    """Return words and strings; a ``memoryview`` among the parts is a literal."""
    found: list[bytes] = []
    for part in parts:
        if isinstance(part, memoryview):
            found.append(bytes(part))
            continue
        position, end = 0, len(part)
        while position < end:
            if part[position] == 0x20:
                position += 1
                continue
            match = _quoted.match(part, position)
            if match:
                found.append(_escaped.sub(rb"\1", match.group(1)))
            else:
                match = _atom.match(part, position)
                if match is None:
                    refuse("neither a word nor a string", BAD_SYNTAX)
                found.append(_Atom(match.group()))
            position = match.end()
            if position < end and part[position] != 0x20:
                refuse("no space", BAD_SYNTAX)
    return found


# -- arguments ----------------------------------------------------------------------------------


def _string(token: bytes) -> bytes:
    if isinstance(token, _Atom):
        refuse("a string in quotes is wanted", BAD_ARGUMENTS)
    return token


def _text(token: bytes) -> str:
    try:
        return _string(token).decode("utf-8")
    except UnicodeDecodeError:
        refuse("not UTF-8", BAD_ARGUMENTS)


def _name(token: bytes) -> str:
    """Read a script's name. See RFC 5804, 1.6."""
    name = _text(token)
    if not name or len(token) > NAME_OCTETS or not is_name(name):
        refuse("no name", BAD_NAME)
    return name


def is_name(name: str) -> bool:
    """Return whether a script may be called so: no control characters, no line or paragraph
    separators, and not empty (RFC 5804, 1.6)."""
    return bool(name) and not any(
        ord(each) < 0x20 or 0x7F <= ord(each) <= 0x9F or each in "\u2028\u2029" for each in name
    )


def _active_name(token: bytes) -> str:
    return _name(token) if _string(token) else ""


def _size(token: bytes) -> int:
    # Some clients write it in quotes.
    if not _number.fullmatch(token) or int(token) > _LARGEST:
        refuse("no number", BAD_ARGUMENTS)
    return int(token)


def _decoded(token: bytes) -> bytes:
    try:
        return base64.decode(_string(token))
    except base64.BadBase64:
        refuse("not base64", BAD_BASE64)


def _auth(tokens: Sequence[bytes]) -> Auth:
    if not 1 <= len(tokens) <= 2 or not sasl_mech.fullmatch(_string(tokens[0])):
        refuse("no mechanism", BAD_ARGUMENTS)
    name = tokens[0].decode("ascii").upper()
    return Auth(name) if len(tokens) == 1 else Auth(name, _decoded(tokens[1]))


def _noop(tokens: Sequence[bytes]) -> commands.Noop:
    if len(tokens) > 1:
        refuse("more than a tag", BAD_ARGUMENTS)
    return commands.Noop(_text(tokens[0])) if tokens else commands.Noop()


_Parser: TypeAlias = Callable[[Sequence[bytes]], commands.Command]


def _with(make: Callable[..., commands.Command], *kinds: Callable[[bytes], object]) -> _Parser:
    """Return the parser of a command with as many arguments as *kinds*."""

    def parse(tokens: Sequence[bytes]) -> commands.Command:
        if len(tokens) != len(kinds):
            refuse("too many arguments, or too few", BAD_ARGUMENTS)
        return make(*(kind(token) for kind, token in zip(kinds, tokens, strict=True)))

    return parse


PARSERS: Final[Mapping[bytes, _Parser]] = {
    b"AUTHENTICATE": _auth,
    b"STARTTLS": _with(commands.StartTls),
    b"LOGOUT": _with(commands.Logout),
    b"CAPABILITY": _with(commands.Capability),
    b"HAVESPACE": _with(commands.HaveSpace, _name, _size),
    b"PUTSCRIPT": _with(commands.PutScript, _name, _string),
    b"LISTSCRIPTS": _with(commands.ListScripts),
    b"SETACTIVE": _with(commands.SetActive, _active_name),
    b"GETSCRIPT": _with(commands.GetScript, _name),
    b"DELETESCRIPT": _with(commands.DeleteScript, _name),
    b"RENAMESCRIPT": _with(commands.RenameScript, _name, _name),
    b"CHECKSCRIPT": _with(commands.CheckScript, _string),
    b"NOOP": _noop,
    b"UNAUTHENTICATE": _with(commands.Unauthenticate),
}
#: Commands whose literals may be scripts.
OF_SCRIPTS: Final = (b"PUTSCRIPT", b"CHECKSCRIPT")
_HTTP: Final = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"CONNECT"})


def word_of(line: bytes) -> bytes:
    """Return the word that a command begins with, in upper case."""
    return line.partition(b" ")[0].upper()


def parse_command(parts: Sequence[Part]) -> commands.Command:
    """Read a command. Raises RemoteProtocolError with the answer."""
    tokens = _tokens(parts)
    if not tokens or not isinstance(tokens[0], _Atom):
        refuse("no command", BAD_SYNTAX)
    word = tokens[0].upper()
    parser = PARSERS.get(word)
    if parser is None:
        refuse("unknown command", UNKNOWN, close=word in _HTTP)
    return parser(tokens[1:])


def parse_auth_response(parts: Sequence[Part]) -> AuthResponse:
    """Read what answers a challenge: a string; ``"*"`` cancels (RFC 5804, 2.1). Raises
    RemoteProtocolError."""
    tokens = _tokens(parts)
    if len(tokens) != 1:
        refuse("no response", BAD_SYNTAX)
    if tokens[0] == b"*":
        return AuthResponse(None)
    return AuthResponse(_decoded(tokens[0]))


# -- printed ------------------------------------------------------------------------------------


def string(octets: bytes) -> bytes:
    """Print a string: in quotes where it can be, else as a literal of the server's."""
    if len(octets) <= _QUOTED_OCTETS and not any(each in octets for each in b"\r\n\0"):
        return b'"' + _special.sub(rb"\\\g<0>", octets) + b'"'
    return b"{%d}\r\n%b" % (len(octets), octets)


def format_response(response: Response) -> bytes:
    """Print the end of an answer."""
    pieces = [response.status.value.encode()]
    if response.code:
        code = response.code.encode()
        argument = b"" if response.argument is None else b" " + string(response.argument)
        pieces.append(b"(" + code + argument + b")")
    if response.text:
        pieces.append(string(response.text.encode("utf-8", "replace")))
    return b" ".join(pieces) + b"\r\n"


def format_capability(line: commands.CapabilityLine) -> bytes:
    """Print a capability."""
    pieces = [line.name] if line.value is None else [line.name, line.value]
    return b" ".join(string(each.encode()) for each in pieces) + b"\r\n"


def format_script_line(line: commands.ScriptLine) -> bytes:
    """Print a script of a list."""
    return string(line.name.encode()) + (b" ACTIVE" if line.active else b"") + b"\r\n"


def format_script(script: commands.ScriptText) -> bytes:
    """Print a script; always as a literal, as clients expect it."""
    return b"{%d}\r\n%b\r\n" % (len(script.octets), script.octets)


def format_challenge(challenge: Challenge) -> bytes:
    """Print a challenge (RFC 5804, 2.1)."""
    return string(base64.encode(challenge.octets)) + b"\r\n"


FORMATS: Final[Mapping[type, Callable[..., bytes]]] = {
    Response: format_response,
    commands.CapabilityLine: format_capability,
    commands.ScriptLine: format_script_line,
    commands.ScriptText: format_script,
    Challenge: format_challenge,
}


def format_answer(value: object) -> bytes:
    """Print anything a server says. Raises LocalProtocolError for what it does not."""
    formatter = FORMATS.get(type(value))
    if formatter is None:
        raise LocalProtocolError(f"no answer: {value!r}")
    return formatter(value)
