"""SMTP's octets to values and back. See RFC 5321, 4.1.2, and the RFCs of its extensions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Final, NoReturn, TypeAlias

from netsuite.message.address import Address, parse_bare_path, parse_path, postmaster
from netsuite.sasl import lines as sasl
from netsuite.smtp import commands
from netsuite.smtp.parameters import (
    BAD_PARAMETERS,
    decode_xtext,
    encode_xtext,
    extended_mail,
    extended_rcpt,
    mail_parameters,
    rcpt_parameters,
)
from netsuite.wire import base64
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.reader import command_line

#: RFC 5321, 4.5.3.1.4 says 512, extensions add to it (SIZE 26, 8BITMIME 17, SMTPUTF8 10, AUTH=
#: 500, DSN 1,000 and more), and RFC 4954, 4 wants 12,288 for AUTH, whose responses are lines of
#: the same kind. One limit for all is simpler, and no larger than what must be held anyway.
COMMAND_OCTETS: Final = 12_288
#: RFC 5321, 4.5.3.1.5 says 512; servers write longer ones, with addresses of pages that explain.
REPLY_LINE_OCTETS: Final = 65_536
REPLY_LINES: Final = 256

#: A parameter that occurs more often, or longer values, nobody needs.
PARAMETERS: Final = 32
SIZE_DIGITS: Final = 20  # RFC 1870, 4: 1*20DIGIT

UNKNOWN: Final = commands.reply(500, "5.5.1", "Command not recognized")
NOT_A_LINE: Final = commands.reply(500, "5.5.2", "Lines end with CR LF, which stand nowhere else")
TOO_LONG: Final = commands.reply(500, "5.5.2", "Line too long")
AUTH_TOO_LONG: Final = commands.reply(500, "5.5.6", "Line too long")  # RFC 4954, 6
BAD_ARGUMENTS: Final = commands.reply(501, "5.5.4", "Syntax error in arguments")
BAD_PATH: Final = commands.reply(501, "5.1.3", "Syntax error in address")
BAD_SENDER: Final = commands.reply(501, "5.1.7", "Syntax error in address")
BAD_BASE64: Final = commands.reply(501, "5.5.2", "Not base64")
NO_SMTP: Final = commands.reply(554, "5.5.1", "This is an SMTP server")

# RFC 5321, 4.1.2:
#   Mail-parameters  = esmtp-param *(SP esmtp-param)
#   esmtp-param      = esmtp-keyword ["=" esmtp-value]
#   esmtp-keyword    = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
#   esmtp-value      = 1*(%d33-60 / %d62-126)      ; RFC 6531 adds UTF8-non-ascii
# A value with "=" in it is refused by none that we know, and AUTH= may hold one.
esmtp_param: Final = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-~\x80-\xff]+))?")
# "FROM:" and the path; a space after the colon is against the grammar but common.
_from: Final = re.compile(rb"FROM:[ ]{0,8}", re.IGNORECASE)
_to: Final = re.compile(rb"TO:[ ]{0,8}", re.IGNORECASE)
_bdat: Final = re.compile(rb"([0-9]{1,%d})( LAST)?" % SIZE_DIGITS, re.IGNORECASE)
#: What a browser or a web page says when it is sent here (cross-protocol attacks).
_HTTP: Final = frozenset(
    {b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"CONNECT", b"PATCH", b"TRACE"}
)


def refuse(message: str, answer: commands.Reply, *, close: bool = False) -> NoReturn:
    """Raise what the connection answers with *answer*."""
    raise RemoteProtocolError(message, answer, close=close)


# -- commands, read ---------------------------------------------------------------------------


def _text(arguments: bytes) -> str:
    try:
        return arguments.decode("utf-8")
    except UnicodeDecodeError:
        refuse("not UTF-8", BAD_ARGUMENTS)


def _domain(arguments: bytes) -> str:
    """Accept whatever a client calls itself, so long as it can be shown and does call itself
    something: many call themselves what no grammar allows. It comes before SMTPUTF8 could be
    said, and is repeated in replies: so it is ASCII (RFC 6531, 3.7.1)."""
    text = _text(arguments)
    if not text or not text.isascii() or len(text) > 255 or not text.isprintable() or " " in text:
        refuse("no domain", BAD_ARGUMENTS)
    return text


def _parameters(octets: bytes, start: int) -> list[tuple[str, str]]:
    """Read what follows a path: nothing, or a space and parameters."""
    rest = octets[start:]
    if not rest:
        return []
    if not rest.startswith(b" "):
        refuse("no space behind the path", BAD_PARAMETERS)
    words = rest.split()
    if len(words) > PARAMETERS:
        refuse("too many parameters", BAD_PARAMETERS)
    found: list[tuple[str, str]] = []
    for word in words:
        match = esmtp_param.fullmatch(word)
        if match is None:
            refuse("bad parameter", BAD_PARAMETERS)
        value = match.group(2)
        found.append((match.group(1).decode("ascii").upper(), _text(value) if value else ""))
    if len({name for name, _ in found}) != len(found):
        refuse("a parameter twice", BAD_PARAMETERS)
    return found


#: Reads a path at an offset, as ``parse_path`` does.
_ReadPath: TypeAlias = Callable[[bytes, int], tuple[Address | None, int] | None]


def _mail(arguments: bytes, read_path: _ReadPath = parse_path) -> commands.Mail:
    match = _from.match(arguments)
    if match is None:
        refuse("no FROM:", BAD_ARGUMENTS)
    path = read_path(arguments, match.end())
    if path is None:
        refuse("bad reverse path", BAD_SENDER)
    sender, end = path
    if end == len(arguments):
        return commands.Mail(sender)
    size: int | None = None
    body, utf8 = "", False
    auth: str | None = None
    others: list[tuple[str, str]] = []
    for name, value in _parameters(arguments, end):
        if name == "SIZE":
            if not value.isascii() or not value.isdigit() or len(value) > SIZE_DIGITS:
                refuse("bad SIZE", BAD_PARAMETERS)
            size = int(value)
        elif name == "BODY":
            body = value.upper()
            if body not in ("7BIT", "8BITMIME", "BINARYMIME"):
                refuse("bad BODY", BAD_PARAMETERS)
        elif name == "SMTPUTF8":
            if value:
                refuse("SMTPUTF8 takes no value", BAD_PARAMETERS)
            utf8 = True
        elif name == "AUTH":
            auth = _submitter(value)
        else:
            others.append((name, value))
    mail = commands.Mail(sender, size, body, utf8, auth)
    return extended_mail(mail, others) if others else mail


def _submitter(value: str) -> str:
    """Read the value of AUTH: ``<>`` or a mailbox (RFC 4954, 5)."""
    auth = decode_xtext(value)
    # Clients write all kinds of names there; it is but noted, so what can be shown will do.
    if not auth or not auth.isprintable():
        refuse("bad AUTH", BAD_PARAMETERS)
    return auth


def _rcpt(arguments: bytes, read_path: _ReadPath = parse_path) -> commands.Rcpt:
    match = _to.match(arguments)
    if match is None:
        refuse("no TO:", BAD_ARGUMENTS)
    start = match.end()
    path = read_path(arguments, start)
    recipient = path[0] if path is not None else None
    if path is not None and recipient is not None:
        end = path[1]
    else:
        bare = postmaster.match(arguments, start)
        if bare is None:
            refuse("bad forward path", BAD_PATH)
        recipient, end = Address("postmaster", ""), bare.end()
    if end == len(arguments):
        return commands.Rcpt(recipient)
    return extended_rcpt(commands.Rcpt(recipient), _parameters(arguments, end))


def _bdat_command(arguments: bytes) -> commands.Bdat:
    match = _bdat.fullmatch(arguments)
    if match is None:
        # How many octets follow that are no commands, nobody can tell.
        refuse("bad BDAT", BAD_ARGUMENTS, close=True)
    return commands.Bdat(int(match.group(1)), match.group(2) is not None)


def _alone(command: commands.Command) -> Callable[[bytes], commands.Command]:
    def parse(arguments: bytes) -> commands.Command:
        if arguments:
            refuse("arguments where there are none", BAD_ARGUMENTS)
        return command

    return parse


def _wants(argument: bytes) -> str:
    if not argument:
        refuse("no argument", BAD_ARGUMENTS)
    return _text(argument)


Parsers: TypeAlias = Mapping[bytes, Callable[[bytes], commands.Command]]

PARSERS: Final[Parsers] = {
    b"EHLO": lambda arguments: commands.Ehlo(_domain(arguments)),
    b"HELO": lambda arguments: commands.Helo(_domain(arguments)),
    b"LHLO": lambda arguments: commands.Lhlo(_domain(arguments)),
    b"MAIL": _mail,
    b"RCPT": _rcpt,
    b"DATA": _alone(commands.Data()),
    b"BDAT": _bdat_command,
    b"RSET": _alone(commands.Rset()),
    b"NOOP": lambda arguments: commands.Noop(_text(arguments)),
    b"QUIT": _alone(commands.Quit()),
    b"VRFY": lambda arguments: commands.Vrfy(_wants(arguments)),
    b"EXPN": lambda arguments: commands.Expn(_wants(arguments)),
    b"HELP": lambda arguments: commands.Help(_text(arguments)),
    b"STARTTLS": _alone(commands.StartTls()),
    b"AUTH": partial(sasl.parse_auth, bad_arguments=BAD_ARGUMENTS, bad_base64=BAD_BASE64),
}


#: For submission: devices and scripts leave the brackets of a path away, and nobody who submits
#: is told apart by it.
SUBMISSION_PARSERS: Final[Parsers] = {
    **PARSERS,
    b"MAIL": partial(_mail, read_path=parse_bare_path),
    b"RCPT": partial(_rcpt, read_path=parse_bare_path),
}


def parse_command(line: bytes, parsers: Parsers = PARSERS) -> commands.Command:
    """Read a command line without its line end.

    Args:
        parsers: by verb, what reads its arguments.

    Raises:
        RemoteProtocolError: with the reply to give; a verb of HTTP closes.
    """
    verb, _, arguments = line.partition(b" ")
    parser = parsers.get(verb) or parsers.get(verb.upper().rstrip())
    if parser is None:
        if verb in _HTTP:
            refuse("HTTP", NO_SMTP, close=True)
        refuse("unknown command", UNKNOWN)
    # RFC 5321, 4.1.1: trailing white space is tolerated.
    return parser(arguments.rstrip(b" \t"))


#: Reads a line of a SASL exchange. Raises RemoteProtocolError when it is no base64.
parse_auth_response: Final = partial(sasl.parse_response, bad_base64=BAD_BASE64)


# -- commands, said ---------------------------------------------------------------------------


def _path(address: Address | None) -> str:
    return f"<{address}>" if address is not None else "<>"


def _other_parameters(others: tuple[tuple[str, str], ...]) -> str:
    for name, value in others:
        if not esmtp_param.fullmatch(f"{name}={value}".encode() if value else name.encode()):
            raise LocalProtocolError(f"no parameter: {name}")
    return "".join(f" {name}={value}" if value else f" {name}" for name, value in others)


def _format_mail(command: commands.Mail) -> bytes:
    words = [f"MAIL FROM:{_path(command.sender)}"]
    if command.size is not None:
        words.append(f"SIZE={command.size}")
    if command.body:
        words.append(f"BODY={command.body}")
    if command.utf8:
        words.append("SMTPUTF8")
    if command.auth is not None:
        words.append(f"AUTH={encode_xtext(command.auth)}")
    words += mail_parameters(command)
    return command_line(" ".join(words) + _other_parameters(command.others))


def _format_rcpt(command: commands.Rcpt) -> bytes:
    words = [f"RCPT TO:{_path(command.recipient)}", *rcpt_parameters(command)]
    return command_line(" ".join(words) + _other_parameters(command.others))


def _verb(
    verb: str,
) -> Callable[[commands.Noop | commands.Help | commands.Vrfy | commands.Expn], bytes]:
    return lambda command: command_line(f"{verb} {command.argument}" if command.argument else verb)


_FORMATS: Final[Mapping[type, Callable[..., bytes]]] = {
    commands.Ehlo: lambda command: command_line(f"EHLO {command.domain}"),
    commands.Helo: lambda command: command_line(f"HELO {command.domain}"),
    commands.Lhlo: lambda command: command_line(f"LHLO {command.domain}"),
    commands.Mail: _format_mail,
    commands.Rcpt: _format_rcpt,
    commands.Data: lambda command: b"DATA\r\n",
    commands.Bdat: lambda c: command_line(
        f"BDAT {c.octets} LAST" if c.last else f"BDAT {c.octets}"
    ),
    commands.Rset: lambda command: b"RSET\r\n",
    commands.Noop: _verb("NOOP"),
    commands.Quit: lambda command: b"QUIT\r\n",
    commands.Vrfy: _verb("VRFY"),
    commands.Expn: _verb("EXPN"),
    commands.Help: _verb("HELP"),
    commands.StartTls: lambda command: b"STARTTLS\r\n",
    sasl.Auth: sasl.format_auth,
    sasl.AuthResponse: sasl.format_response,
}


def format_command(command: commands.Command) -> bytes:
    """Print a command with its line end. Raises LocalProtocolError for what cannot be said."""
    return _FORMATS[type(command)](command)


# -- replies ----------------------------------------------------------------------------------

# RFC 5321, 4.2:
#   Reply-line  = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
#   Reply-code  = %x32-35 %x30-35 %x30-39
# A second digit that is not known is no reason to lose the reply: the first says what it means
# (4.2.1), and 571 is said by many.
reply_line: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
# RFC 3463, 2: status-code = class "." subject "." detail
_enhanced: Final = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


# Nearly all that is said are the same few dozen replies.
@lru_cache(maxsize=256)
def format_reply(value: commands.Reply) -> bytes:
    """Print a reply with its line ends; line ends within its text become spaces."""
    code, enhanced = value.code, value.enhanced
    text = f"{enhanced} " if enhanced else ""
    lines = value.lines or ("",)
    if len(lines) == 1:
        printed = f"{code} {text}{lines[0]}"
    else:
        first = "\n".join(f"{code}-{text}{line}" for line in lines[:-1])
        printed = f"{first}\n{code} {text}{lines[-1]}"
    octets = printed.encode("utf-8", "replace")
    if b"\r" in octets or octets.count(b"\n") != len(lines) - 1:
        return format_reply(
            commands.Reply(code, enhanced, tuple(" ".join(x.split()) for x in lines))
        )
    return octets.replace(b"\n", b"\r\n") + b"\r\n"


def format_challenge(octets: bytes) -> bytes:
    """Print a SASL challenge (RFC 4954, 4)."""
    return b"334 " + base64.encode(octets) + b"\r\n"


def parse_reply_line(line: bytes) -> tuple[int, bool, str]:
    """Read one line of a reply.

    Returns:
        Its code, whether it is the reply's last, and its text.

    Raises:
        RemoteProtocolError: it is no reply line.
    """
    match = reply_line.fullmatch(line)
    if match is None:
        raise RemoteProtocolError("not a reply line", close=True)
    code, mark, text = match.groups()
    return int(code), mark != b"-", (text or b"").decode("utf-8", "replace")


def make_reply(code: int, texts: list[str]) -> commands.Reply:
    """Put a reply together from the texts of its lines, taking enhanced codes off them."""
    match = _enhanced.match(texts[0]) if texts else None
    if match is None or match.group(1)[0] != str(code)[0]:
        return commands.Reply(code, "", tuple(texts))
    enhanced = match.group(1)
    prefix = len(enhanced)
    lines = [t[prefix:].removeprefix(" ") if t.startswith(enhanced) else t for t in texts]
    return commands.Reply(code, enhanced, tuple(lines))


def challenge_of(answer: commands.Reply) -> bytes:
    """Return the challenge that a reply with 334 is. Raises RemoteProtocolError."""
    try:
        return base64.decode(answer.lines[0].encode("utf-8"))
    except base64.BadBase64:
        raise RemoteProtocolError("a challenge that is no base64") from None


def extensions_of(value: commands.Reply) -> dict[str, str]:
    """Read EHLO's reply: keyword in upper case to its parameters (RFC 5321, 4.1.1.1)."""
    found: dict[str, str] = {}
    for line in value.lines[1:]:
        # "AUTH=LOGIN" is how it was written before RFC 2554; clients of then are long gone, but
        # servers still say both.
        keyword, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
        known = found.get(keyword.upper())
        found[keyword.upper()] = f"{known} {parameters}".strip() if known else parameters.strip()
    return found
