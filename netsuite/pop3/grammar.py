"""POP3's octets to values and back. See RFC 2449, 4, which has the grammar RFC 1939 describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NoReturn

from netsuite.pop3 import commands
from netsuite.sasl import lines as sasl
from netsuite.wire import base64
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import command_line

#: RFC 2449, 4 allows 255 octets; RFC 5034, 4 wants whatever mechanisms need for a response, and
#: RFC 4954, 4 puts a number to that, which serves here as well.
COMMAND_OCTETS: Final = 12_288
#: RFC 2449, 4: 512.
STATUS_OCTETS: Final = 4_096
#: More digits than any maildrop has messages.
NUMBER_DIGITS: Final = 10

UNKNOWN: Final = commands.err("Unknown command")
BAD_ARGUMENTS: Final = commands.err("Syntax error in arguments")
BAD_BASE64: Final = commands.err("Not base64")
TOO_LONG: Final = commands.err("Line too long")
NOT_A_LINE: Final = commands.err("Lines end with CR LF, which stand nowhere else")

# language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"
_language_range: Final = re.compile(rb"\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_number: Final = re.compile(rb"[0-9]{1,%d}" % NUMBER_DIGITS)
_HTTP: Final = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"CONNECT"})


def refuse(message: str, answer: commands.Status, *, close: bool = False) -> NoReturn:
    """Raise what the connection answers with *answer*."""
    raise RemoteProtocolError(message, answer, close=close)


# -- commands, read ---------------------------------------------------------------------------


def _text(arguments: bytes) -> str:
    if not arguments:
        refuse("no argument", BAD_ARGUMENTS)
    try:
        return arguments.decode("utf-8")
    except UnicodeDecodeError:
        refuse("not UTF-8", BAD_ARGUMENTS)


def _message_number(arguments: bytes) -> int:
    if not _number.fullmatch(arguments):
        refuse("no number", BAD_ARGUMENTS)
    return int(arguments)


def _optional_number(arguments: bytes) -> int | None:
    return _message_number(arguments) if arguments else None


def _lang(arguments: bytes) -> commands.Lang:
    # lang-cmd = "LANG" [SP lang-range]                      (RFC 6856, 3; RFC 4647, 2.1)
    if not arguments:
        return commands.Lang()
    if not _language_range.fullmatch(arguments):
        refuse("no range of languages", BAD_ARGUMENTS)
    return commands.Lang(arguments.decode("ascii"))


def _top(arguments: bytes) -> commands.Top:
    words = arguments.split(b" ")
    if len(words) != 2:
        refuse("not two numbers", BAD_ARGUMENTS)
    return commands.Top(_message_number(words[0]), _message_number(words[1]))


def _auth(arguments: bytes) -> sasl.Auth:
    if not arguments:
        return sasl.Auth()
    return sasl.parse_auth(arguments, bad_arguments=BAD_ARGUMENTS, bad_base64=BAD_BASE64)


def _alone(command: commands.Command) -> Callable[[bytes], commands.Command]:
    def parse(arguments: bytes) -> commands.Command:
        if arguments:
            refuse("arguments where there are none", BAD_ARGUMENTS)
        return command

    return parse


#: What to do with the arguments, and whether white space at their end is part of them.
PARSERS: Final[Mapping[bytes, Callable[[bytes], commands.Command]]] = {
    b"USER": lambda arguments: commands.User(_text(arguments)),
    b"PASS": lambda arguments: commands.Pass(_text(arguments)),
    b"AUTH": _auth,
    b"CAPA": _alone(commands.Capa()),
    b"STLS": _alone(commands.Stls()),
    b"UTF8": _alone(commands.Utf8()),
    b"LANG": _lang,
    b"STAT": _alone(commands.Stat()),
    b"LIST": lambda arguments: commands.List(_optional_number(arguments)),
    b"UIDL": lambda arguments: commands.Uidl(_optional_number(arguments)),
    b"RETR": lambda arguments: commands.Retr(_message_number(arguments)),
    b"TOP": _top,
    b"DELE": lambda arguments: commands.Dele(_message_number(arguments)),
    b"NOOP": _alone(commands.Noop()),
    b"RSET": _alone(commands.Rset()),
    b"QUIT": _alone(commands.Quit()),
}


def parse_command(line: bytes) -> commands.Command:
    """Read a command line without its line end. Raises RemoteProtocolError with the answer."""
    keyword, _, arguments = line.partition(b" ")
    keyword = keyword.upper()
    parser = PARSERS.get(keyword)
    if parser is None:
        refuse("unknown command", UNKNOWN, close=keyword in _HTTP)
    # A password may begin or end with a space (RFC 1939, 7); elsewhere clients are untidy.
    return parser(arguments if keyword == b"PASS" else arguments.strip(b" \t"))


#: Reads a line of a SASL exchange. Raises RemoteProtocolError when it is no base64.
parse_auth_response: Final = partial(sasl.parse_response, bad_base64=BAD_BASE64)


# -- commands, said ---------------------------------------------------------------------------


def _with_number(word: str) -> Callable[[commands.List | commands.Uidl], bytes]:
    return lambda c: command_line(word if c.number is None else f"{word} {c.number}")


_FORMATS: Final[Mapping[type, Callable[..., bytes]]] = {
    commands.User: lambda command: command_line(f"USER {command.name}"),
    commands.Pass: lambda command: command_line(f"PASS {command.password}"),
    sasl.Auth: sasl.format_auth,
    sasl.AuthResponse: sasl.format_response,
    commands.Capa: lambda command: b"CAPA\r\n",
    commands.Stls: lambda command: b"STLS\r\n",
    commands.Utf8: lambda command: b"UTF8\r\n",
    commands.Lang: lambda command: command_line(
        "LANG" if command.language is None else f"LANG {command.language}"
    ),
    commands.Stat: lambda command: b"STAT\r\n",
    commands.List: _with_number("LIST"),
    commands.Uidl: _with_number("UIDL"),
    commands.Retr: lambda command: command_line(f"RETR {command.number}"),
    commands.Top: lambda command: command_line(f"TOP {command.number} {command.lines}"),
    commands.Dele: lambda command: command_line(f"DELE {command.number}"),
    commands.Noop: lambda command: b"NOOP\r\n",
    commands.Rset: lambda command: b"RSET\r\n",
    commands.Quit: lambda command: b"QUIT\r\n",
}


def format_command(command: commands.Command) -> bytes:
    """Print a command with its line end. Raises LocalProtocolError for what cannot be said."""
    return _FORMATS[type(command)](command)


# -- answers ----------------------------------------------------------------------------------

# RFC 2449, 4 and 8: single-line = status [SP text] CRLF; resp-code = "[" resp-level *("/" ...) "]"
status_line: Final = re.compile(rb"(\+OK|-ERR)(?:[ \t](?:\[([!-Z^-~]{1,64})\] ?)?(.*))?", re.DOTALL)


def format_status(status: commands.Status) -> bytes:
    """Print a status line; line ends within its text become spaces."""
    octets = str(status).encode("utf-8", "replace")
    if b"\r" in octets or b"\n" in octets:
        octets = b" ".join(octets.split())
    return octets + b"\r\n"


def format_challenge(octets: bytes) -> bytes:
    """Print a SASL challenge: ``+``, a space, base64 (RFC 5034, 4)."""
    return b"+ " + base64.encode(octets) + b"\r\n"


def parse_status(line: bytes) -> commands.Status:
    """Read a status line. Raises RemoteProtocolError when it is none."""
    match = status_line.fullmatch(line)
    if match is None:
        raise RemoteProtocolError("not a status line", close=True)
    word, code, text = match.groups()
    return commands.Status(
        word == b"+OK", (text or b"").decode("utf-8", "replace"), (code or b"").decode("ascii")
    )


def parse_challenge(line: bytes) -> bytes | None:
    """Read a challenge; None when the line is a status instead. Raises RemoteProtocolError."""
    if line != b"+" and not line.startswith(b"+ "):
        return None
    try:
        return base64.decode(line[2:])
    except base64.BadBase64:
        raise RemoteProtocolError("a challenge that is no base64", close=True) from None


def capabilities_of(octets: bytes) -> dict[str, str]:
    """Read CAPA's body: keyword in upper case to its parameters (RFC 2449, 5)."""
    found: dict[str, str] = {}
    for line in octets.decode("utf-8", "replace").split("\r\n"):
        keyword, _, parameters = line.partition(" ")
        if keyword:
            found[keyword.upper()] = parameters.strip()
    return found


def numbered(octets: bytes) -> list[tuple[int, str]]:
    """Read the body of LIST or UIDL. Raises RemoteProtocolError for a line that is none."""
    lines = octets.decode("utf-8", "replace").split("\r\n")
    return [numbered_line(line) for line in lines if line]


def numbered_line(text: str) -> tuple[int, str]:
    """Read ``number value``. Raises RemoteProtocolError."""
    words = text.split()
    if len(words) < 2 or not words[0].isascii() or not words[0].isdigit() or len(words[0]) > 10:
        raise RemoteProtocolError("not a line of a listing", close=True)
    return int(words[0]), words[1]
