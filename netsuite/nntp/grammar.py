"""NNTP's octets to values and back. See RFC 3977, 9."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from netsuite.nntp import commands as c
from netsuite.wire import base64
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.reader import command_line

#: RFC 3977, 3.1: 512 octets with the CRLF.
COMMAND_OCTETS: Final = 512
#: AUTHINFO SASL and its responses may be longer (RFC 4643, 2.4); RFC 4954, 4 puts a number to it.
SASL_OCTETS: Final = 12_288
#: RFC 3977, 3.1: 512; SASL challenges may be longer.
STATUS_OCTETS: Final = 16_384

UNKNOWN: Final = c.Status(500, "Unknown command")
BAD_ARGUMENTS: Final = c.Status(501, "Syntax error in arguments")
BAD_VARIANT: Final = c.Status(501, "Unknown variant of the command")
TOO_LONG: Final = c.Status(501, "Line too long")
NOT_A_LINE: Final = c.Status(501, "Lines end with CR LF, which stand nowhere else")
BAD_BASE64: Final = c.Status(504, "Not base64")

# RFC 3977, 9.8. Names of groups are compared, not judged: what is no name is no group of ours.
message_id: Final = re.compile(r"<[!-=?-~]{1,248}>")
#: Digits of an article-number (RFC 3977, 9.8: 1*16DIGIT).
NUMBER_DIGITS: Final = 16
range_: Final = re.compile(r"([0-9]{1,16})(?:(-)([0-9]{1,16})?)?")
header_meta_name: Final = re.compile(r":?[!-9;-~]+")
_date: Final = re.compile(r"(?:[0-9]{2})?[0-9]{6}")
_time: Final = re.compile(r"[0-9]{6}")
_control: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_white: Final = re.compile(r"[ \t]+")
# RFC 4643, 3.1: mechanism = 1*20mech-char, of RFC 4422, 3.1
sasl_mech: Final = re.compile(r"[A-Za-z0-9_-]{1,20}")
_HTTP: Final = frozenset({"GET", "PUT", "OPTIONS", "DELETE", "CONNECT"})

#: Variants of LIST: whether they take a wildmat (RFC 3977, 7.6; RFC 6048, 2).
LIST_KEYWORDS: Final[Mapping[str, bool]] = {
    "ACTIVE": True,
    "ACTIVE.TIMES": True,
    "COUNTS": True,
    "NEWSGROUPS": True,
    "HEADERS": False,
    "SUBSCRIPTIONS": True,
    "OVERVIEW.FMT": False,
    "DISTRIB.PATS": False,
    "DISTRIBUTIONS": False,
    "MODERATORS": False,
    "MOTD": False,
}


def refuse(message: str, answer: c.Status, *, close: bool = False) -> NoReturn:
    """Raise what the connection answers with *answer*."""
    raise RemoteProtocolError(message, answer, close=close)


# -- commands, read ---------------------------------------------------------------------------


def _article_ref(word: str) -> int | str:
    # Without a pattern: it is a tenth of what reading STAT takes.
    if word.isdigit() and word.isascii() and len(word) <= NUMBER_DIGITS:
        return int(word)
    if message_id.fullmatch(word):
        return word
    refuse("no article", BAD_ARGUMENTS)


def _range(word: str) -> c.Range:
    found = range_.fullmatch(word)
    if found is None:
        refuse("no range", BAD_ARGUMENTS)
    first = int(found[1])
    if not found[2]:
        return c.Range(first, first)
    return c.Range(first, int(found[3]) if found[3] else None)


def _range_ref(word: str) -> c.Range | str:
    return word if message_id.fullmatch(word) else _range(word)


def _field(word: str) -> str:
    if not header_meta_name.fullmatch(word):
        refuse("no field", BAD_ARGUMENTS)
    return word


Words = list[str]
Parser = Callable[[Words], c.Command]


def _with(most: int, make: Parser, *, least: int = 0) -> Parser:
    """Return a parser that takes so many words."""

    def parse(words: Words) -> c.Command:
        if not least <= len(words) <= most:
            refuse("too many or too few arguments", BAD_ARGUMENTS)
        return make(words)

    return parse


def _on_article(kind: Callable[[int | str | None], c.Command]) -> Parser:
    def parse(words: Words) -> c.Command:
        if not words:
            return kind(None)
        if len(words) > 1:
            refuse("too many arguments", BAD_ARGUMENTS)
        return kind(_article_ref(words[0]))

    return parse


def _list(words: Words) -> c.ListCommand:
    if not words:
        return c.ListCommand()
    keyword = words[0].upper()
    takes_wildmat = LIST_KEYWORDS.get(keyword)
    if takes_wildmat is None:
        refuse("unknown LIST", BAD_VARIANT)
    if len(words) == 1:
        return c.ListCommand(keyword)
    if keyword == "HEADERS":
        if len(words) > 2 or words[1].upper() not in ("MSGID", "RANGE"):
            refuse("no MSGID or RANGE", BAD_ARGUMENTS)
        return c.ListCommand(keyword, words[1].upper())
    if len(words) > 2 or not takes_wildmat:
        refuse("too many arguments", BAD_ARGUMENTS)
    return c.ListCommand(keyword, words[1])


def _listgroup(words: Words) -> c.ListGroup:
    return c.ListGroup(words[0] if words else None, _range(words[1]) if len(words) > 1 else None)


def _since(words: Words) -> tuple[str, str]:
    """Read date, time, and GMT, which changes nothing: the server's own time is no other."""
    if (
        not _date.fullmatch(words[0])
        or not _time.fullmatch(words[1])
        or not "".join(words[:2]).isascii()
        or (len(words) > 2 and words[2].upper() != "GMT")
    ):
        refuse("no date", BAD_ARGUMENTS)
    return words[0], words[1]


def _post(words: Words) -> c.Post:
    if words:
        # Also the beginning of an HTTP request that somebody's browser was made to send here.
        refuse("arguments", BAD_ARGUMENTS, close=words[-1].startswith("HTTP/"))
    return c.Post()


def _mode(words: Words) -> c.ModeReader:
    if len(words) != 1 or words[0].upper() != "READER":
        refuse("another mode", BAD_VARIANT if words else BAD_ARGUMENTS)
    return c.ModeReader()


def _capabilities(words: Words) -> c.Capabilities:
    return c.Capabilities(words[0].upper() if words else "")


def _over(*, legacy: bool) -> Parser:
    read = _range if legacy else _range_ref
    return _with(1, lambda words: c.Over(read(words[0]) if words else None, legacy))


def _hdr(*, legacy: bool) -> Parser:
    def make(words: Words) -> c.Hdr:
        articles = _range_ref(words[1]) if len(words) > 1 else None
        return c.Hdr(_field(words[0]), articles, legacy)

    return _with(2, make, least=1)


PARSERS: Final[Mapping[str, Parser]] = {
    "CAPABILITIES": _with(1, _capabilities),
    "MODE": _mode,
    "GROUP": _with(1, lambda words: c.Group(words[0]), least=1),
    "LISTGROUP": _with(2, _listgroup),
    "NEXT": _with(0, lambda words: c.Next()),
    "LAST": _with(0, lambda words: c.Last()),
    "ARTICLE": _on_article(c.Article),
    "HEAD": _on_article(c.Head),
    "BODY": _on_article(c.Body),
    "STAT": _on_article(c.Stat),
    "OVER": _over(legacy=False),
    "XOVER": _over(legacy=True),
    "HDR": _hdr(legacy=False),
    "XHDR": _hdr(legacy=True),
    "LIST": _list,
    "NEWGROUPS": _with(3, lambda words: c.NewGroups(*_since(words)), least=2),
    "NEWNEWS": _with(4, lambda words: c.NewNews(words[0], *_since(words[1:])), least=3),
    "POST": _post,
    "DATE": _with(0, lambda words: c.Date()),
    "HELP": _with(0, lambda words: c.Help()),
    "STARTTLS": _with(0, lambda words: c.StartTLS()),
    "QUIT": _with(0, lambda words: c.Quit()),
}


def parse_command(line: bytes) -> c.Command:
    """Read a command line without its line end. Raises RemoteProtocolError with the answer."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
        refuse("not UTF-8", BAD_ARGUMENTS if _is_known(text) else UNKNOWN)
    words = text.split(" ") if "\t" not in text else _white.split(text)
    keyword = words[0].upper()
    parser = PARSERS.get(keyword)
    if len(line) > COMMAND_OCTETS - 2 and keyword != "AUTHINFO":
        refuse("line too long", TOO_LONG)
    if parser is None:
        if keyword == "AUTHINFO":
            return _authinfo(text)
        refuse("unknown command", UNKNOWN, close=keyword in _HTTP)
    if not text.isprintable() and _control.search(text):
        refuse("control characters", BAD_ARGUMENTS)
    del words[0]
    return parser([word for word in words if word] if "" in words else words)


def _is_known(text: str) -> bool:
    keyword = _white.split(text)[0].upper()
    return keyword in PARSERS or keyword == "AUTHINFO"


def _authinfo(text: str) -> c.Command:
    # RFC 4643, 3.1: authinfo-user-command = "AUTHINFO" WS "USER" WS username, and so on.
    _, variant, rest = ([*_white.split(text, 2), "", ""])[:3]
    match variant.upper():
        case "SASL":
            return _authinfo_sasl(rest.rstrip(" \t"))
        case "USER" | "PASS" as kind:
            if len(text.encode()) > COMMAND_OCTETS - 2:
                refuse("line too long", TOO_LONG)
            if not rest or _control.search(rest):
                refuse("no argument", BAD_ARGUMENTS)
            # A password may end with a space, and a client that lets it has no other way.
            return c.AuthInfoUser(rest.strip(" \t")) if kind == "USER" else c.AuthInfoPass(rest)
        case _:
            refuse("another AUTHINFO", BAD_VARIANT if variant else BAD_ARGUMENTS)


def _authinfo_sasl(rest: str) -> c.AuthInfoSASL:
    words = _white.split(rest)
    if len(words) > 2 or not sasl_mech.fullmatch(words[0]):
        refuse("no mechanism", BAD_ARGUMENTS)
    initial = parse_sasl_data(words[1].encode()) if len(words) == 2 else None
    return c.AuthInfoSASL(words[0].upper(), initial)


def parse_sasl_data(octets: bytes) -> bytes:
    """Undo base64; ``=`` stands for nothing (RFC 4643, 2.4.2). Raises RemoteProtocolError: 504."""
    if octets == b"=":
        return b""
    try:
        return base64.decode(octets)
    except base64.BadBase64:
        refuse("bad base64", BAD_BASE64)


def parse_sasl_response(line: bytes) -> c.SASLResponse:
    """Read a line of a SASL exchange. Raises RemoteProtocolError when it is no base64."""
    line = line.strip(b" \t")
    if line == b"*":
        return c.SASLResponse(None)
    if not line:
        refuse("an empty line", BAD_BASE64)
    return c.SASLResponse(parse_sasl_data(line))


# -- commands, said ---------------------------------------------------------------------------


def _say(*words: object) -> bytes:
    """Return octets for one line. Raises LocalProtocolError for what cannot be said in one."""
    text = " ".join(str(word) for word in words if word is not None)
    octets = command_line(text)
    if len(octets) > COMMAND_OCTETS:
        raise LocalProtocolError(f"a command of {len(octets)} octets")
    return octets


def _word(word: str | None) -> str | None:
    """Return an argument, which must be one word. Raises LocalProtocolError."""
    if word is not None and (not word or " " in word or "\t" in word):
        raise LocalProtocolError(f"not one word: {word!r}")
    return word


def _reference(word: object) -> object:
    if isinstance(word, str) and not message_id.fullmatch(word):
        raise LocalProtocolError(f"no Message-ID: {word!r}")
    return word


def sasl_data(octets: bytes) -> bytes:
    """Return base64, ``=`` for nothing."""
    return base64.encode(octets) or b"="


def _format_sasl(command: c.AuthInfoSASL) -> bytes:
    line = b"AUTHINFO SASL " + (_word(command.mechanism) or "").encode()
    if command.initial is not None:
        line += b" " + sasl_data(command.initial)
    return line + b"\r\n"


def _format_listgroup(command: c.ListGroup) -> bytes:
    if command.name is None and command.range is not None:
        raise LocalProtocolError("a range needs a group's name")
    return _say("LISTGROUP", _word(command.name), command.range)


_FORMATS: Final[Mapping[type, Callable[..., bytes]]] = {
    c.Capabilities: lambda k: _say("CAPABILITIES", _word(k.keyword or None)),
    c.ModeReader: lambda k: b"MODE READER\r\n",
    c.Group: lambda k: _say("GROUP", _word(k.name)),
    c.ListGroup: _format_listgroup,
    c.Next: lambda k: b"NEXT\r\n",
    c.Last: lambda k: b"LAST\r\n",
    c.Article: lambda k: _say("ARTICLE", _reference(k.article)),
    c.Head: lambda k: _say("HEAD", _reference(k.article)),
    c.Body: lambda k: _say("BODY", _reference(k.article)),
    c.Stat: lambda k: _say("STAT", _reference(k.article)),
    c.Over: lambda k: _say("XOVER" if k.legacy else "OVER", _reference(k.articles)),
    c.Hdr: lambda k: _say("XHDR" if k.legacy else "HDR", _word(k.field), _reference(k.articles)),
    c.ListCommand: lambda k: _say("LIST", _word(k.keyword), _word(k.argument)),
    c.NewGroups: lambda k: _say("NEWGROUPS", _word(k.date), _word(k.time), "GMT"),
    c.NewNews: lambda k: _say("NEWNEWS", _word(k.wildmat), _word(k.date), _word(k.time), "GMT"),
    c.Post: lambda k: b"POST\r\n",
    c.Date: lambda k: b"DATE\r\n",
    c.Help: lambda k: b"HELP\r\n",
    c.AuthInfoUser: lambda k: _say("AUTHINFO USER", _word(k.name)),
    c.AuthInfoPass: lambda k: _say("AUTHINFO PASS", k.password),
    c.AuthInfoSASL: _format_sasl,
    c.SASLResponse: lambda k: (b"*" if k.octets is None else sasl_data(k.octets)) + b"\r\n",
    c.StartTLS: lambda k: b"STARTTLS\r\n",
    c.Quit: lambda k: b"QUIT\r\n",
}


def format_command(command: c.Command) -> bytes:
    """Print a command with its line end. Raises LocalProtocolError for what cannot be said."""
    return _FORMATS[type(command)](command)


# -- answers ----------------------------------------------------------------------------------

# RFC 3977, 9.4.1: initial-response-line = initial-response-content [SP trailing-comment] CRLF
status_line: Final = re.compile(rb"([1-5][0-9]{2})(?: (.*))?", re.DOTALL)


def format_status(code: int, text: str) -> bytes:
    """Print a response line; line ends within its text become spaces."""
    if "\r" in text or "\n" in text or "\0" in text:
        text = " ".join(text.replace("\0", " ").split())
    return f"{code:03d} {text}\r\n".encode("utf-8", "replace")


def parse_status(line: bytes) -> c.Status:
    """Read a response line. Raises RemoteProtocolError when it is none."""
    found = status_line.fullmatch(line)
    if found is None:
        raise RemoteProtocolError("not a response line", close=True)
    return c.Status(int(found[1]), (found[2] or b"").decode("utf-8", "replace"))


def format_challenge(octets: bytes, *, final: bool) -> bytes:
    """Print a SASL challenge, or what comes with success (RFC 4643, 2.4)."""
    return (b"283 " if final else b"383 ") + sasl_data(octets) + b"\r\n"


def parse_challenge(status: c.Status) -> bytes:
    """Read the data of 383 or 283. Raises RemoteProtocolError when it is no base64."""
    word = status.text.strip().encode("utf-8", "replace")
    if word == b"=":
        return b""
    try:
        return base64.decode(word)
    except base64.BadBase64:
        raise RemoteProtocolError("a challenge that is no base64", close=True) from None


# -- what answers and listings say ------------------------------------------------------------


def number_of(text: str) -> int:
    """Read a number. Raises RemoteProtocolError."""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise RemoteProtocolError(f"no number: {text[:20]!r}")
    return int(text)


def group_of(status: c.Status, name: str) -> c.GroupStatus:
    """Read what 211 says. Raises RemoteProtocolError."""
    words = status.text.split()
    if len(words) < 3:
        raise RemoteProtocolError(f"no group: {status}")
    count, low, high = (number_of(word) for word in words[:3])
    return c.GroupStatus(words[3] if len(words) > 3 else name, count, low, high)


def active_of(line: str) -> c.ActiveGroup:
    """Read a line of a list of groups. Raises RemoteProtocolError."""
    words = line.split()
    if len(words) < 4:
        raise RemoteProtocolError(f"no line of a list of groups: {line[:60]!r}")
    return c.ActiveGroup(words[0], number_of(words[1]), number_of(words[2]), words[3])


def name_of(status: c.Status) -> c.ArticleName:
    """Read what 220 to 223 say. Raises RemoteProtocolError."""
    words = status.text.split()
    if len(words) < 2:
        raise RemoteProtocolError(f"no article: {status}")
    return c.ArticleName(number_of(words[0]), words[1])


def overview_of(line: str) -> c.Overview:
    """Read a line of OVER. Raises RemoteProtocolError."""
    fields = line.split("\t")
    fields += [""] * (8 - len(fields))
    others = {}
    for field in fields[8:]:
        name, colon, value = field.partition(": ")
        if colon:
            others[name.lower()] = value
    return c.Overview(
        number=number_of(fields[0]),
        subject=fields[1],
        sender=fields[2],
        date=fields[3],
        message_id=fields[4],
        references=fields[5],
        octets=number_of(fields[6]) if fields[6] else None,
        lines=number_of(fields[7]) if fields[7] else None,
        others=others,
    )
