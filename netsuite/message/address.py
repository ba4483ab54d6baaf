"""Addresses: of envelopes (RFC 5321 paths) and of header fields (RFC 5322 address lists)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from netsuite.message.parameters import quoted_pair, unquote
from netsuite.message.structure import Mailbox
from netsuite.message.words import decode_words, encode_words, needs_encoding

# -- RFC 5321: paths ----------------------------------------------------------------------------

# RFC 5321, 4.1.2, with RFC 6531, 3.3 (every octet of UTF8-non-ascii):
#   Path           = "<" [ A-d-l ":" ] Mailbox ">"
#   A-d-l          = At-domain *( "," At-domain )
#   At-domain      = "@" Domain
#   Mailbox        = Local-part "@" ( Domain / address-literal )
#   Domain         = sub-domain *("." sub-domain)
#   sub-domain     = Let-dig [Ldh-str]          / U-label
#   Local-part     = Dot-string / Quoted-string
#   Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
#   QcontentSMTP   = qtextSMTP / quoted-pairSMTP
#   address-literal  = "[" ( IPv4-address-literal / IPv6-address-literal /
#                      General-address-literal ) "]"
_atext: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_dot_string: Final = _atext + rb"++(?:\." + _atext + rb"++)*+"
_quoted_string: Final = rb'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*+"'
# No domain of mail may have an underscore, and the envelopes of some large senders do.
_let_dig: Final = rb"[A-Za-z0-9_\x80-\xff]"
_sub_domain: Final = _let_dig + rb"++(?:-++" + _let_dig + rb"++)*+"
_domain: Final = _sub_domain + rb"(?:\." + _sub_domain + rb")*+"
_literal: Final = rb"\[[!-Z^-~]{1,60}\]"
_mailbox: Final = (
    rb"(" + _dot_string + rb"|" + _quoted_string + rb")@(" + _domain + rb"|" + _literal
)
_route: Final = rb"(?:@" + _domain + rb"(?:,@" + _domain + rb")*+:)?"

#: Groups: local part, domain; both None for the null path.
path: Final = re.compile(rb"<(?:" + _route + _mailbox + rb"))?>")
mailbox: Final = re.compile(_mailbox + rb")")
domain_name: Final = re.compile(_domain)
#: What may follow RCPT without a domain (RFC 5321, 4.1.1.3).
postmaster: Final = re.compile(rb"<(postmaster)>", re.IGNORECASE)

DOMAIN_OCTETS: Final = 255  # RFC 5321, 4.5.3.1.2
#: RFC 5321, 4.5.3.1.1 has every server take 64; senders with variable envelope return paths
#: write more, and to refuse them gains nothing.
LOCAL_OCTETS: Final = 256

# _atext in text, by what it has not: to compile a range up to U+10FFFF takes 6 milliseconds, which
# every import would wait for.
_atext_of_text: Final = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f]'
_plain_local: Final = re.compile(rf"{_atext_of_text}+(?:\.(?!\.|$)|{_atext_of_text})*")


@dataclass(frozen=True, slots=True)
class Address:
    """An envelope address.

    Args:
        local: the local part, quoting undone.
        domain: as written; a literal keeps its brackets; empty only for ``postmaster``.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return _written(self.local, self.domain)

    @property
    def ascii(self) -> bool:
        """Whether it can go to a server without SMTPUTF8."""
        return self.local.isascii() and self.domain.isascii()


@lru_cache(maxsize=1024)
def _written(local: str, domain: str) -> str:
    """Write an address; a message's are written several times, and most mail is for few."""
    if not _plain_local.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{domain}" if domain else local


def valid_literal(octets: bytes) -> bool:
    """Return whether a bracketed domain is an IPv4 or IPv6 address literal.

    General-address-literal has no registered tag besides ``IPv6`` (RFC 5321, 4.1.3).
    """
    inside = octets[1:-1].decode("ascii", "replace")
    try:
        if inside[:5].upper() == "IPV6:":
            ipaddress.IPv6Address(inside[5:])
        else:
            ipaddress.IPv4Address(inside)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def _address(local: bytes, domain: bytes) -> Address | None:
    if len(local) > LOCAL_OCTETS or len(domain) > DOMAIN_OCTETS:
        return None
    if domain[0] == 0x5B and not valid_literal(domain):
        return None
    if local[0] == 0x22:
        local = unquote(local[1:-1])
    try:
        return Address(local.decode("utf-8"), domain.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def parse_path(octets: bytes, start: int = 0) -> tuple[Address | None, int] | None:
    """Read a path with its angle brackets, which begins at an offset.

    Returns:
        The address (None for the null path; a source route is dropped, RFC 5321, F.2) and the
        offset behind the path; None when there is no path.
    """
    match = path.match(octets, start)
    if match is None:
        return None
    local, domain = match.group(1, 2)
    if local is None:
        return None, match.end()
    address = _address(local, domain)
    return None if address is None else (address, match.end())


def parse_bare_path(octets: bytes, start: int = 0) -> tuple[Address | None, int] | None:
    """Read a path as ``parse_path`` does, also a mailbox whose angle brackets are missing."""
    if octets.startswith(b"<", start):
        return parse_path(octets, start)
    match = mailbox.match(octets, start)
    address = _address(match.group(1), match.group(2)) if match else None
    return (address, match.end()) if match and address else None


def parse_address(text: str) -> Address | None:
    """Read a bare address (``local@domain``), None when it is none."""
    octets = text.encode("utf-8", "replace")
    match = mailbox.fullmatch(octets)
    return _address(match.group(1), match.group(2)) if match else None


# -- RFC 5322: address lists --------------------------------------------------------------------

#: So many addresses are kept of one field.
ADDRESSES: Final = 10_000

_white: Final = re.compile(rb"[ \t\r\n]++")
_token: Final = re.compile(
    rb'(?P<atom>[^\x00-\x20()<>\[\]:;@\\,."\x7f]++)'
    rb'|"(?P<quoted>(?:[^"\\]++|\\.)*+)(?:"|\\?\Z)'
    rb"|(?P<literal>\[(?:[^\]\\]++|\\.)*+(?:\]|\\?\Z))"
    rb"|(?P<special>[<>@,;:.])",
    re.DOTALL,
)
_in_comment: Final = re.compile(rb"(?:[^()\\]++|\\.)++|\\\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    """A token of an address list; a special is its own kind."""

    kind: str  # atom, quoted, literal, comment, or the special itself
    text: bytes
    white: bool  # white space or a comment stands before it


def _comment(octets: bytes, position: int) -> tuple[bytes, int]:
    """Read a comment from its opening parenthesis; one that is never closed ends the field."""
    depth, start, end = 1, position + 1, len(octets)
    position = start
    while position < end:
        match = _in_comment.match(octets, position)
        if match:
            position = match.end()
            continue
        depth += 1 if octets[position] == 0x28 else -1
        position += 1
        if not depth:
            return quoted_pair.sub(rb"\1", octets[start : position - 1]), position
    return octets[start:end], end


def _tokens(octets: bytes) -> Iterator[_Token]:
    position, end, white = 0, len(octets), False
    while position < end:
        blank = _white.match(octets, position)
        if blank:
            position, white = blank.end(), True
            continue
        if octets[position] == 0x28:
            text, position = _comment(octets, position)
            yield _Token("comment", text, True)
            white = True
            continue
        match = _token.match(octets, position)
        if match is None:  # a control octet, a stray bracket or backslash
            position += 1
            continue
        position = match.end()
        kind = match.lastgroup or ""
        text = match.group(kind)
        if kind == "quoted":
            text = unquote(text)
        yield _Token(text.decode("ascii") if kind == "special" else kind, text, white)
        white = False


def _phrase(tokens: list[_Token]) -> bytes:
    """Join words as they stood: one space where there was white space."""
    pieces: list[bytes] = []
    for token in tokens:
        if pieces and token.white:
            pieces.append(b" ")
        pieces.append(token.text)
    return b"".join(pieces)


def _spec(tokens: list[_Token]) -> tuple[bytes | None, bytes, bytes]:
    """Split a route, a local part and a domain; white space within them is obsolete, dropped."""
    route: bytes | None = None
    kinds = [token.kind for token in tokens]
    if kinds and kinds[0] == "@" and ":" in kinds:
        colon = kinds.index(":")
        route = b"".join(token.text for token in tokens[:colon])
        tokens, kinds = tokens[colon + 1 :], kinds[colon + 1 :]
    if "@" not in kinds:
        return route, _phrase([t for t in tokens if t.kind != ":"]), b""
    at = kinds.index("@")
    local = b"".join(token.text for token in tokens[:at])
    return route, local, b"".join(token.text for token in tokens[at + 1 :])


class _AddressList:
    """Collects the mailboxes of one field from its tokens."""

    def __init__(self) -> None:
        self.found: list[Mailbox] = []
        self._words: list[_Token] = []
        self._angle: list[_Token] | None = None  # between < and >, then kept until the comma
        self._open = False  # within < and >
        self._comment: bytes | None = None
        self._group = False

    def take(self, token: _Token) -> None:
        kind = token.kind
        if kind == "comment":
            self._comment = token.text
        elif self._open and kind not in (">", ",", ";") and self._angle is not None:
            self._angle.append(token)
        elif self._open and kind == "," and self._angle and self._angle[0].kind == "@":
            # a route may hold commas: <@a,@b:c@d>
            if ":" not in [t.kind for t in self._angle[-8:]]:
                self._angle.append(token)
            else:
                self._end_of_mailbox()
        elif kind == "<":
            self._angle, self._open = [], True
        elif kind == ">":
            self._open = False
        elif kind == ",":
            self._end_of_mailbox()
        elif kind == ";":
            self._end_of_mailbox()
            self._end_of_group()
        elif kind == ":" and not self._group and not any(t.kind == "@" for t in self._words[:4]):
            self.found.append(Mailbox(None, None, _phrase(self._words), None))
            self._words, self._comment, self._group = [], None, True
        elif self._angle is None:
            self._words.append(token)

    def finish(self) -> tuple[Mailbox, ...]:
        self._end_of_mailbox()
        self._end_of_group()
        return tuple(self.found)

    def _end_of_mailbox(self) -> None:
        words, angle, comment = self._words, self._angle, self._comment
        self._words, self._angle, self._comment, self._open = [], None, None, False
        if angle is None and not words:
            return
        if angle is None:
            # the old form, with the name in a comment: jdoe@example.org (John Doe)
            route, local, domain = _spec(words)
            name = comment
        else:
            route, local, domain = _spec(angle)
            name = _phrase(words) if words else comment
        self.found.append(Mailbox(name or None, route, local, domain))

    def _end_of_group(self) -> None:
        if self._group:
            self.found.append(Mailbox(None, None, None, None))
            self._group = False


def parse_address_list(octets: bytes) -> tuple[Mailbox, ...]:
    """Read an address field's value; never raises.

    What has no domain gets an empty one, so that it cannot be taken for the start of a group.
    At most ``ADDRESSES`` are kept; a group that is cut there is closed.
    """
    addresses = _AddressList()
    for token in _tokens(octets):
        if len(addresses.found) >= ADDRESSES:
            addresses._words, addresses._angle = [], None
            break
        addresses.take(token)
    return addresses.finish()


def is_ambiguous(octets: bytes) -> bool:
    """Return whether others may read another address in a field's value than
    ``parse_address_list`` does: a mailbox goes on behind its angle brackets, as no grammar has it.
    """
    closed = False
    for token in _tokens(octets):
        if token.kind in (",", ";"):
            closed = False
        elif closed and token.kind != "comment":
            return True
        elif token.kind == ">":
            closed = True
    return False


# RFC 5322, 3.2.3: atoms of a phrase need no quotes.
_plain_phrase: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def format_mailbox(name: str, address: str) -> bytes:
    """Print a mailbox for a header field: its name, if any, quoted or in encoded words; address."""
    spec = address.encode("utf-8")
    if not name:
        return spec
    if needs_encoding(name):
        return encode_words(name) + b" <" + spec + b">"
    if _plain_phrase.fullmatch(name):
        return name.encode("ascii") + b" <" + spec + b">"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return b'"' + quoted.encode("ascii") + b'" <' + spec + b">"


def format_list(mailboxes: Iterable[tuple[str, str]]) -> bytes:
    """Print an address list from names and addresses."""
    return b", ".join(format_mailbox(name, address) for name, address in mailboxes)


def describe(item: Mailbox) -> str:
    """Return a mailbox as a person reads it: the decoded name, else the address."""
    if item.name:
        return decode_words(item.name)
    local = (item.local or b"").decode("utf-8", "replace")
    domain = (item.domain or b"").decode("utf-8", "replace")
    return f"{local}@{domain}" if domain else local
