"""FTP's commands to values and back: Telnet taken out, names as UTF-8, arguments checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn, TypeVar, get_args

from netsuite.ftp import commands
from netsuite.ftp.paths import octets_of, text_of
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError

T = TypeVar("T")

#: A path as long as file systems take them, doubled octets and the command included.
COMMAND_OCTETS: Final = 8_192
#: More digits than any file has octets.
NUMBER_DIGITS: Final = 19

UNKNOWN: Final = commands.reply(500, "Unknown command")
NOT_HERE: Final = commands.reply(502, "Not offered here")
BAD_ARGUMENTS: Final = commands.reply(501, "Syntax error in arguments")
TOO_LONG: Final = commands.reply(500, "Line too long")
NOT_A_LINE: Final = commands.reply(500, "Lines end with CR LF, which stand nowhere else")
ONLY_PERMISSIONS: Final = commands.reply(504, "Only permission bits can be set, 0000 to 0777")
FIXED_FACT: Final = commands.reply(504, "Only modify and UNIX.mode can be set")
NO_SITE: Final = commands.reply(504, "No such SITE command; see SITE HELP")
NO_FAMILY: Final = commands.reply(522, "Network protocol not supported, use (1,2)")

# time-val = 14DIGIT [ "." 1*DIGIT ]                                           RFC 3659, 2.3
time_val: Final = re.compile(r"[0-9]{14}(?:\.[0-9]{1,20})?")
# host-port = h1,h2,h3,h4,p1,p2                                                RFC 959, 5.3.2
host_port: Final = re.compile(rb"([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),"
                              rb"([0-9]{1,3}),([0-9]{1,3})")  # fmt: skip
# EPRT<space><d><net-prt><d><net-addr><d><tcp-port><d>, <d> of ASCII 33-126    RFC 2428, 2
eprt: Final = re.compile(rb"([!-~])([0-9]{1,10})\1([0-9A-Fa-f:.]{1,45})\1([0-9]{1,5})\1")

#: The X commands, and by which function they hash.
DIGESTS: Final[Mapping[str, str]] = {
    "XCRC": "CRC32",
    "XMD5": "MD5",
    "XSHA": "SHA-1",
    "XSHA1": "SHA-1",
    "XSHA256": "SHA-256",
    "XSHA512": "SHA-512",
}
# hostname = domain / IP-literal; domain = sub-domain *("." sub-domain)       RFC 7151, 3.1
_sub_domain: Final = rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
hostname: Final = re.compile(
    rb"%b(?:\.%b){0,126}|\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]{1,45}\]" % (_sub_domain, _sub_domain)
)
# tag = 1*8ALPHA *( "-" 1*8ALPHA )                                            RFC 2640, 4.2
_tag: Final = re.compile(rb"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,5}")
_mode: Final = re.compile(rb"[0-7]{3,4}")
# SITE UTIME YYYYMMDDhhmm[ss] path / path atime mtime ctime UTC: nobody wrote them down
_utime: Final = re.compile(rb"([0-9]{12}(?:[0-9]{2})?) (.+)", re.DOTALL)
_utimes: Final = re.compile(
    rb"(.+) ([0-9]{14}) ([0-9]{14}) ([0-9]{14}) UTC", re.DOTALL | re.IGNORECASE
)

_number: Final = re.compile(rb"[0-9]{1,%d}" % NUMBER_DIGITS)
_allo: Final = re.compile(rb"([0-9]{1,%d})(?: [Rr] [0-9]{1,%d})?" % (NUMBER_DIGITS, NUMBER_DIGITS))
_HTTP: Final = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"CONNECT"})

# -- Telnet -----------------------------------------------------------------------------------
# RFC 959, 4.1 puts Telnet under the control connection. What is left of that: ABOR comes behind
# IAC IP and the Synch (IAC DM), of which the network may take the DM away, since it is urgent
# data; and an octet 255 in a name is doubled. Options are not negotiated, so they are not answered.
# Many clients do not double it, and 255 is a letter in Latin-1 and CP1251: so Telnet's commands are
# looked for before a command only, and what stands alone in its arguments is part of them.

IAC: Final = b"\xff"
# IAC (WILL, WONT, DO, DONT) option / [IAC] command (a DM's may have been sent apart from it) / IAC
# that lost its command
_telnet: Final = re.compile(rb"\A(?:\xff[\xfb-\xfe][\x00-\xff]?|\xff?[\xf0-\xfa]|\xff)+", re.DOTALL)


def without_telnet(line: bytes) -> bytes:
    """Return a command line without the commands of Telnet in it."""
    if line[:1] >= b"\xf0":
        line = _telnet.sub(b"", line)
    return line.replace(IAC + IAC, IAC) if IAC in line else line


# -- commands, read ---------------------------------------------------------------------------


def refuse(message: str, answer: commands.Reply, *, close: bool = False) -> NoReturn:
    """Raise what the connection answers with *answer*."""
    raise RemoteProtocolError(message, answer, close=close)


def _text(arguments: bytes) -> str:
    if not arguments:
        refuse("no argument", BAD_ARGUMENTS)
    return text_of(arguments)


def _optional(arguments: bytes) -> str | None:
    return text_of(arguments) if arguments else None


def _listed(arguments: bytes) -> str | None:
    """Read the path of a listing, behind options of Unix's ls, which say nothing to us."""
    while arguments.startswith(b"-"):
        _, _, arguments = arguments.partition(b" ")
        arguments = arguments.lstrip(b" ")
    return _optional(arguments)


def _digits(arguments: bytes) -> int:
    if not _number.fullmatch(arguments):
        refuse("no number", BAD_ARGUMENTS)
    return int(arguments)


def _alone(command: commands.Command) -> Callable[[bytes], commands.Command]:
    def parse(arguments: bytes) -> commands.Command:
        if arguments:
            refuse("arguments where there are none", BAD_ARGUMENTS)
        return command

    return parse


def _type(arguments: bytes) -> commands.Type:
    # A [N|T|C], E [N|T|C], I, L byte-size                                     RFC 959, 5.3.2
    words = arguments.upper().split()
    if words in ([b"A"], [b"A", b"N"]):
        return commands.Type(commands.Representation.ASCII)
    if words in ([b"I"], [b"L", b"8"], [b"L8"]):
        return commands.Type(commands.Representation.IMAGE)
    if not words or words[0] not in (b"A", b"E", b"I", b"L"):
        refuse("no type", BAD_ARGUMENTS)
    return commands.Type(None)


def _letter(arguments: bytes) -> str:
    if len(arguments) != 1 or not arguments.isalpha():
        refuse("no code", BAD_ARGUMENTS)
    return arguments.decode("ascii").upper()


def _port(arguments: bytes) -> commands.Port:
    match = host_port.fullmatch(arguments)
    numbers = [int(digits) for digits in match.groups()] if match else []
    if not numbers or max(numbers) > 255:
        refuse("no host and port", BAD_ARGUMENTS)
    return commands.Port(".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])


def _eprt(arguments: bytes) -> commands.Port:
    match = eprt.fullmatch(arguments)
    if match is None:
        refuse("not an address", BAD_ARGUMENTS)
    family, port = int(match[2]), int(match[4])
    if family not in (1, 2):
        refuse("an unknown network protocol", NO_FAMILY)
    try:
        address = ipaddress.ip_address(match[3].decode("ascii"))
    except ValueError:
        refuse("not an address", BAD_ARGUMENTS)
    if address.version != (4 if family == 1 else 6) or port > 65_535:
        refuse("not an address of that family", BAD_ARGUMENTS)
    return commands.Port(str(address), port, family)


def _epsv(arguments: bytes) -> commands.Epsv:
    if not arguments:
        return commands.Epsv()
    if arguments.upper() == b"ALL":
        return commands.Epsv(all=True)
    family = _digits(arguments)
    if family not in (1, 2):
        refuse("an unknown network protocol", NO_FAMILY)
    return commands.Epsv(family)


def _prot(arguments: bytes) -> commands.Prot:
    # prot-code = "C" / "S" / "E" / "P"                                        RFC 2228, 9
    letter = _letter(arguments)
    if letter not in "CSEP":
        refuse("no protection level", commands.reply(504, "No such protection level"))
    return commands.Prot(commands.Protection(letter) if letter in "CP" else None)


def _allocate(arguments: bytes) -> commands.Allo:
    match = _allo.fullmatch(arguments)
    if match is None:
        refuse("no size", BAD_ARGUMENTS)
    return commands.Allo(int(match[1]))


def _mfmt(arguments: bytes) -> commands.Mfmt:
    when, _, path = arguments.partition(b" ")
    return commands.Mfmt(_moment(when), _text(path))


def _host(arguments: bytes) -> commands.Host:
    if len(arguments) > 255 or not hostname.fullmatch(arguments):
        refuse("no host name", BAD_ARGUMENTS)
    return commands.Host(arguments.decode("ascii").lower())


def _lang(arguments: bytes) -> commands.Lang:
    if arguments and not _tag.fullmatch(arguments):
        refuse("no language tag", BAD_ARGUMENTS)
    return commands.Lang(arguments.decode("ascii").lower() or None)


def _rang(arguments: bytes) -> commands.Rang:
    first, _, last = arguments.partition(b" ")
    return commands.Rang(_digits(first), _digits(last.lstrip(b" ")))


def _permissions(octal: bytes) -> int:
    if not _mode.fullmatch(octal):
        refuse("no permission bits", BAD_ARGUMENTS)
    mode = int(octal, 8)
    if mode > 0o777:
        refuse("more than permission bits", ONLY_PERMISSIONS)
    return mode


def _mff(arguments: bytes) -> commands.Mff:
    # mff = "Mff" [ SP mff-facts ] SP path CRLF; mff-facts = 1*( mff-fact ";" )
    #                                                         draft-somers-ftp-mfxx, 5
    written, space, path = arguments.partition(b" ")
    if not space or not written.endswith(b";"):
        refuse("no facts", BAD_ARGUMENTS)
    modified = mode = None
    for each in written[:-1].split(b";"):
        fact, equals, value = each.partition(b"=")
        if not equals:
            refuse("no fact", BAD_ARGUMENTS)
        if fact.lower() == b"modify":
            modified = _moment(value)
        elif fact.lower() == b"unix.mode":
            mode = _permissions(value)
        else:
            refuse("a fact that cannot be set", FIXED_FACT)
    return commands.Mff(modified, mode, _text(path))


def _moment(octets: bytes) -> str:
    moment = text_of(octets)
    if not time_val.fullmatch(moment):
        refuse("no time", BAD_ARGUMENTS)
    return moment


def _site_chmod(arguments: bytes) -> commands.SiteChmod:
    octal, _, path = arguments.partition(b" ")
    return commands.SiteChmod(_permissions(octal), _text(path))


def _site_utime(arguments: bytes) -> commands.SiteUtime:
    last = _utimes.fullmatch(arguments)
    if last is not None:
        return commands.SiteUtime(text_of(last[3]), text_of(last[1]))
    first = _utime.fullmatch(arguments)
    if first is None:
        refuse("no time", BAD_ARGUMENTS)
    return commands.SiteUtime(text_of(first[1]).ljust(14, "0"), text_of(first[2]))


def _site(arguments: bytes) -> commands.Command:
    word, _, rest = arguments.partition(b" ")
    if not word:
        refuse("SITE alone", BAD_ARGUMENTS)
    parser = SITE_PARSERS.get(word.upper())
    if parser is None:
        refuse("no such SITE command", NO_SITE)
    return parser(rest if word.upper() in (b"CHMOD", b"UTIME") else rest.strip(b" \t"))


def _digest(word: str) -> Callable[[bytes], commands.Command]:
    return lambda arguments: commands.Digest(word, _text(arguments))


def _opts(arguments: bytes) -> commands.Opts:
    command, _, options = arguments.partition(b" ")
    if not command.isalnum():
        refuse("no command", BAD_ARGUMENTS)
    return commands.Opts(command.decode("ascii").upper(), text_of(options.strip(b" ")))


def _auth(arguments: bytes) -> commands.Auth:
    if not arguments or len(arguments) > 20 or b" " in arguments or not arguments.isascii():
        refuse("no mechanism", BAD_ARGUMENTS)
    return commands.Auth(arguments.decode("ascii").upper())


def _reading(
    kind: Callable[[T], commands.Command], read: Callable[[bytes], T]
) -> Callable[[bytes], commands.Command]:
    return lambda arguments: kind(read(arguments))


def _word(kind: type) -> str:
    return kind.__name__.upper()


_BARE: Final[Sequence[type[commands.Bare]]] = get_args(commands.Bare)
_OF_PATH: Final[Sequence[type[commands.OfPath]]] = get_args(commands.OfPath)
_OF_MAYBE_PATH: Final[Sequence[type[commands.OfMaybePath]]] = get_args(commands.OfMaybePath)
_OF_LISTED_PATH: Final[Sequence[type[commands.OfListedPath]]] = get_args(commands.OfListedPath)

#: What to do with the arguments of SITE's commands.
SITE_PARSERS: Final[Mapping[bytes, Callable[[bytes], commands.Command]]] = {
    b"CHMOD": _site_chmod,
    b"UTIME": _site_utime,
    b"HELP": lambda arguments: commands.SiteHelp(text_of(arguments)),
    b"WHO": _alone(commands.SiteWho()),
}
#: What to do with the arguments.
PARSERS: Final[Mapping[bytes, Callable[[bytes], commands.Command]]] = {
    **{_word(kind).encode(): _alone(kind()) for kind in _BARE},
    **{_word(kind).encode(): _reading(kind, _text) for kind in _OF_PATH},
    **{_word(kind).encode(): _reading(kind, _optional) for kind in _OF_MAYBE_PATH},
    **{_word(kind).encode(): _reading(kind, _listed) for kind in _OF_LISTED_PATH},
    b"USER": lambda arguments: commands.User(_text(arguments)),
    b"PASS": lambda arguments: commands.Pass(text_of(arguments)),
    b"AUTH": _auth,
    b"PBSZ": lambda arguments: commands.Pbsz(_digits(arguments)),
    b"PROT": _prot,
    b"TYPE": _type,
    b"MODE": lambda arguments: commands.Mode(_letter(arguments)),
    b"STRU": lambda arguments: commands.Stru(_letter(arguments)),
    b"EPSV": _epsv,
    b"PORT": _port,
    b"EPRT": _eprt,
    b"REST": lambda arguments: commands.Rest(_digits(arguments)),
    b"ALLO": _allocate,
    b"MFMT": _mfmt,
    b"MFF": _mff,
    b"SITE": _site,
    b"ACCT": lambda arguments: commands.Acct(_text(arguments)),
    b"HOST": _host,
    b"CLNT": lambda arguments: commands.Clnt(_text(arguments)),
    b"CSID": lambda arguments: commands.Csid(_text(arguments)),
    b"LANG": _lang,
    b"RANG": _rang,
    **{word.encode(): _digest(word) for word in DIGESTS},
    b"HELP": lambda arguments: commands.Help(text_of(arguments)),
    b"OPTS": _opts,
    b"NOOP": lambda arguments: commands.Noop(),
}
#: Other names of the same (RFC 775, which RFC 1123, 4.1.3.1 wants understood).
ALIASES: Final[Mapping[bytes, bytes]] = {
    b"XPWD": b"PWD",
    b"XCWD": b"CWD",
    b"XCUP": b"CDUP",
    b"XMKD": b"MKD",
    b"XRMD": b"RMD",
}
#: Known, and not offered; the package says why.
ABSENT: Final = frozenset({b"ADAT", b"CCC", b"CONF", b"ENC", b"MIC", b"LPRT", b"LPSV"})


def parse_command(line: bytes) -> commands.Command:
    """Read a command line without its line end. Raises RemoteProtocolError with the reply."""
    line = without_telnet(line)
    keyword, _, arguments = line.partition(b" ")
    keyword = keyword.upper()
    keyword = ALIASES.get(keyword, keyword)
    parser = PARSERS.get(keyword)
    if parser is None:
        if keyword in ABSENT:
            refuse("a command not offered", NOT_HERE)
        refuse("unknown command", UNKNOWN, close=keyword in _HTTP)
    if b"\0" in arguments:
        refuse("NUL in an argument", BAD_ARGUMENTS)
    # A name or password may begin or end with a space; elsewhere clients are untidy.
    return parser(arguments if keyword in _VERBATIM else arguments.strip(b" \t"))


_VERBATIM: Final = frozenset(
    {
        b"PASS",
        b"MFMT",
        b"MFF",
        b"SITE",
        *(word.encode() for word in DIGESTS),
        *(_word(kind).encode() for kind in (*_OF_PATH, *_OF_MAYBE_PATH)),
    }
)


# -- commands, said ---------------------------------------------------------------------------


def _say(*words: str | int | None) -> bytes:
    """Return octets for one line. Raises LocalProtocolError for what would end it."""
    octets = b" ".join(octets_of(str(word)) for word in words if word is not None)
    if b"\r" in octets or b"\n" in octets or b"\0" in octets:
        raise LocalProtocolError("CR, LF or NUL within a command")
    return octets.replace(IAC, IAC + IAC) + b"\r\n"


def _path(word: str) -> Callable[..., bytes]:
    def say(command: commands.OfPath | commands.OfMaybePath | commands.Stat) -> bytes:
        if command.path == "":
            raise LocalProtocolError("an empty path")
        return _say(word, command.path)

    return say


def _bare(word: str) -> Callable[[commands.Command], bytes]:
    octets = _say(word)
    return lambda command: octets


def _format_listing(word: str) -> Callable[[commands.List | commands.Nlst], bytes]:
    def say(command: commands.List | commands.Nlst) -> bytes:
        path = command.path
        # A path that looks like options would be taken for them, here and elsewhere.
        return _say(word, f"./{path}" if path is not None and path.startswith("-") else path)

    return say


def _format_port(command: commands.Port) -> bytes:
    if command.family is not None:
        return _say("EPRT", f"|{command.family}|{command.address}|{command.port}|")
    host = command.address.replace(".", ",")
    return _say("PORT", f"{host},{command.port >> 8},{command.port & 255}")


def _format_type(command: commands.Type) -> bytes:
    if command.representation is None:
        raise LocalProtocolError("no representation")
    return _say("TYPE", command.representation.value)


def _format_facts(command: commands.Mff) -> bytes:
    facts = "" if command.modified is None else f"Modify={command.modified};"
    if command.mode is not None:
        facts += f"UNIX.mode={command.mode:04o};"
    if not facts:
        raise LocalProtocolError("no facts")
    return _say("MFF", facts, command.path)


_FORMATS: Final[Mapping[type, Callable[..., bytes]]] = {
    # RFC 959, 4.1.3 wants Telnet's IP and Synch before ABOR, for servers that read no command while
    # they transfer; a Synch needs urgent data, which nothing but them still knows.
    **{kind: _bare(_word(kind)) for kind in (*_BARE, commands.Noop)},
    **{kind: _path(_word(kind)) for kind in (*_OF_PATH, *_OF_MAYBE_PATH, commands.Stat)},
    **{kind: _format_listing(_word(kind)) for kind in (commands.List, commands.Nlst)},
    commands.User: lambda c: _say("USER", c.name),
    commands.Pass: lambda c: _say("PASS", c.password),
    commands.Auth: lambda c: _say("AUTH", c.mechanism),
    commands.Pbsz: lambda c: _say("PBSZ", c.octets),
    commands.Prot: lambda c: _say("PROT", c.level.value if c.level else "E"),
    commands.Type: _format_type,
    commands.Mode: lambda c: _say("MODE", c.code),
    commands.Stru: lambda c: _say("STRU", c.code),
    commands.Epsv: lambda c: _say("EPSV", "ALL" if c.all else c.family),
    commands.Port: _format_port,
    commands.Rest: lambda c: _say("REST", c.offset),
    commands.Allo: lambda c: _say("ALLO", c.octets),
    commands.Mfmt: lambda c: _say("MFMT", c.modified, c.path),
    commands.Mff: _format_facts,
    commands.Acct: lambda c: _say("ACCT", c.account),
    commands.Host: lambda c: _say("HOST", c.name),
    commands.Clnt: lambda c: _say("CLNT", c.software),
    commands.Csid: lambda c: _say("CSID", c.software),
    commands.Lang: lambda c: _say("LANG", c.tag),
    commands.Rang: lambda c: _say("RANG", c.start, c.end),
    commands.Digest: lambda c: _say(c.word, c.path),
    commands.SiteChmod: lambda c: _say("SITE CHMOD", f"{c.mode:03o}", c.path),
    commands.SiteUtime: lambda c: _say("SITE UTIME", c.modified, c.path),
    commands.SiteHelp: lambda c: _say("SITE HELP", c.topic or None),
    commands.SiteWho: lambda c: _say("SITE WHO"),
    commands.Help: lambda c: _say("HELP", c.topic or None),
    commands.Opts: lambda c: _say("OPTS", c.command, c.options or None),
}


def format_command(command: commands.Command) -> bytes:
    """Print a command with its line end. Raises LocalProtocolError for what cannot be said."""
    return _FORMATS[type(command)](command)
