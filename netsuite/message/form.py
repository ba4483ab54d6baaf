"""ENVELOPE and BODYSTRUCTURE in the octets that IMAP sends, and back (RFC 3501, 7.4.2).

Stores keep them so: what is sent to nearly everybody is made once, and read back for the few who
want values. Nothing in them is NUL. Sender and Reply-To come back as IMAP shows them, filled in
from From; of a multipart only what BODYSTRUCTURE shows comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from netsuite.message.structure import Envelope, Mailbox, Part

#: Longer strings become literals, so that no line grows with what others wrote.
QUOTED_OCTETS: Final = 1024

_RFC822: Final = (b"message", b"rfc822")
#: Stands where a part must, and there is none; with extension data, and without.
_EMPTY: Final = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'
_NO_PART: Final = {False: _EMPTY + b")", True: _EMPTY + b" NIL NIL NIL NIL)"}

Parameters = tuple[tuple[bytes, bytes], ...]

# -- strings -----------------------------------------------------------------------------------

_QUOTABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*\Z")
#: Tells whether octets can stand between quotes as they are, and are short enough to.
is_plain = re.compile(
    rb"[\x01-\x09\x0b\x0c\x0e-!#-\[\]-\x7f]{0,%d}" % QUOTED_OCTETS
).fullmatch  # fmt: skip


def without_nul(octets: bytes) -> bytes:
    """Return octets as a literal has them. It holds no NUL (CHAR8 = %x01-ff); for those that a
    message brought along stands 0x80, so that the size stays true."""
    return octets.replace(b"\0", b"\x80") if b"\0" in octets else octets


def format_literal(octets: bytes) -> bytes:
    """Return a literal as a server prints it."""
    return b"{%d}\r\n%b" % (len(octets), without_nul(octets))


def format_string(octets: bytes) -> bytes:
    """Return ``string``: quoted where that can hold it."""
    if is_plain(octets):
        return b'"%b"' % octets
    if len(octets) <= QUOTED_OCTETS and _QUOTABLE.match(octets):
        return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return format_literal(octets)


def format_nstring(octets: bytes | None) -> bytes:
    """Return ``nstring``."""
    return b"NIL" if octets is None else format_string(octets)


def _unfolded(octets: bytes | None) -> bytes:
    # Envelope fields are one line each; what a header folded is shown unfolded. Nearly all of
    # them are plain short words, so these are told apart first.
    if octets is None:
        return b"NIL"
    if is_plain(octets):
        return b'"%b"' % octets
    if b"\n" in octets or b"\r" in octets:
        octets = octets.replace(b"\r", b"").replace(b"\n", b"")
    return format_string(octets)


# -- printed -----------------------------------------------------------------------------------


def _addresses(mailboxes: Sequence[Mailbox]) -> bytes:
    # address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
    if not mailboxes:
        return b"NIL"
    return b"(%b)" % b"".join(
        [
            b"(%b %b %b %b)"
            % (
                _unfolded(one.name),
                _unfolded(one.route),
                _unfolded(one.local),
                _unfolded(one.domain),
            )
            for one in mailboxes
        ]
    )


def format_envelope(envelope: Envelope) -> bytes:
    """Return ``envelope``. Sender and Reply-To stand for From where the message has none of
    them (RFC 3501, 7.4.2)."""
    from_ = _addresses(envelope.from_)
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        _unfolded(envelope.date),
        _unfolded(envelope.subject),
        from_,
        _addresses(envelope.sender) if envelope.sender else from_,
        _addresses(envelope.reply_to) if envelope.reply_to else from_,
        _addresses(envelope.to),
        _addresses(envelope.cc),
        _addresses(envelope.bcc),
        _unfolded(envelope.in_reply_to),
        _unfolded(envelope.message_id),
    )


def _parameters(parameters: Parameters) -> bytes:
    # body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    if not parameters:
        return b"NIL"
    words = [word for name, value in parameters for word in _coded(name, value)]
    return b"(%b)" % b" ".join(map(format_string, words))


def _coded(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a parameter whose value is UTF-8 as RFC 2231, 4 has it: in ASCII alone, and told."""
    if value.isascii():
        return name, value
    try:
        return name + b"*", b"utf-8''" + quote(value.decode("utf-8"), safe="").encode()
    except UnicodeDecodeError:
        return name, value


def _uncoded(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.endswith(b"*") and value.startswith(b"utf-8''"):
        return name[:-1], unquote_to_bytes(value[len(b"utf-8''") :])
    return name, value


def _extension(part: Part) -> bytes:
    # [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
    if part.disposition is None:
        disposition = b"NIL"
    else:
        kind, parameters = part.disposition
        disposition = b"(%b %b)" % (format_string(kind), _parameters(parameters))
    if len(part.language) > 1:
        language = b"(%b)" % b" ".join(map(format_string, part.language))
    else:
        language = format_string(part.language[0]) if part.language else b"NIL"
    return b" %b %b %b" % (disposition, language, format_nstring(part.location))


def format_structure(part: Part, *, extended: bool) -> bytes:
    """Return ``body``: BODYSTRUCTURE, or BODY, which has no extension data."""
    kind, subtype = part.type
    if kind == b"multipart":
        # body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
        # A multipart without parts cannot be said; an empty text stands in for them.
        children = b"".join([format_structure(child, extended=extended) for child in part.children])
        octets = (children or _NO_PART[extended]) + b" " + format_string(subtype)
        if extended:
            octets += b" " + _parameters(part.parameters) + _extension(part)
        return b"(%b)" % octets
    # body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
    #               body-fld-octets
    octets = b"%b %b %b %b %b %b %d" % (
        format_string(kind),
        format_string(subtype),
        _parameters(part.parameters),
        format_nstring(part.id),
        _unfolded(part.description),
        format_string(part.encoding),
        part.octets,
    )
    if part.type == _RFC822:
        # body-type-msg = media-message SP body-fields SP envelope SP body SP body-fld-lines
        octets += b" %b %b %d" % (
            format_envelope(part.envelope or Envelope()),
            format_structure(part.children[0], extended=extended)
            if part.children
            else _NO_PART[extended],
            part.lines,
        )
    elif kind == b"text":
        octets += b" %d" % part.lines
    if extended:
        octets += b" " + format_nstring(part.md5) + _extension(part)
    return b"(%b)" % octets


def format_offsets(root: Part) -> str:
    """Return the offsets of all parts in the order of ``walk``, four numbers each: where its header
    and its body start, where it ends, and how many lines it has; those less than 0 by one more
    than their number where an empty text stands in for the parts it should have."""
    numbers: list[int] = []
    for part in root.walk():
        stands_in = not part.children and (part.type[0] == b"multipart" or part.type == _RFC822)
        lines = ~part.lines if stands_in else part.lines
        numbers += (part.header_start, part.body_start, part.body_end, lines)
    return " ".join(map(str, numbers))


# -- read back ---------------------------------------------------------------------------------

_TOKEN: Final = re.compile(rb' *(?:"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n|([0-9A-Z]+))', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


class _Reader:
    """What was printed here, from its beginning on. Raises ValueError for anything else."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._place = 0

    def _take(self, octet: bytes) -> bool:
        while self._octets[self._place : self._place + 1] == b" ":
            self._place += 1
        taken = self._octets[self._place : self._place + 1] == octet
        self._place += taken
        return taken

    def opens(self) -> bool:
        """Step into a list; return False where it is NIL."""
        if self._take(b"("):
            return True
        if self.string() is not None:
            raise ValueError("not a list")
        return False

    def at_list(self) -> bool:
        """Return whether a list comes next."""
        return self._octets.startswith((b"(", b" ("), self._place)

    def closes(self) -> bool:
        """Step out of a list, if it ends here."""
        return self._take(b")")

    def close(self) -> None:
        """Step out of a list, which ends here."""
        if not self.closes():
            raise ValueError("a list does not end")

    def string(self) -> bytes | None:
        """Read ``nstring``."""
        found = _TOKEN.match(self._octets, self._place)
        if found is None:
            raise ValueError("not a string")
        quoted, octets, atom = found.groups()
        self._place = found.end()
        if quoted is not None:
            return _ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted
        if octets is not None:
            start = self._place
            self._place += int(octets)
            return self._octets[start : self._place]
        if atom != b"NIL":
            raise ValueError("neither a string nor NIL")
        return None

    def text(self) -> bytes:
        """Read ``string``."""
        return self.string() or b""

    def number(self) -> int:
        """Read ``number``."""
        found = _TOKEN.match(self._octets, self._place)
        if found is None or found[3] is None:
            raise ValueError("not a number")
        self._place = found.end()
        return int(found[3])

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Read addresses."""
        found = []
        if self.opens():
            while not self.closes():
                self.opens()
                found.append(Mailbox(self.string(), self.string(), self.string(), self.string()))
                self.close()
        return tuple(found)

    def envelope(self) -> Envelope:
        """Read ``envelope``."""
        self.opens()
        found = Envelope(
            self.string(),
            self.string(),
            self.mailboxes(),
            self.mailboxes(),
            self.mailboxes(),
            self.mailboxes(),
            self.mailboxes(),
            self.mailboxes(),
            self.string(),
            self.string(),
        )
        self.close()
        return found

    def parameters(self) -> Parameters:
        """Read ``body-fld-param``."""
        found = []
        if self.opens():
            while not self.closes():
                found.append(_uncoded(self.text(), self.text()))
        return tuple(found)

    def extension(
        self,
    ) -> tuple[tuple[bytes, Parameters] | None, tuple[bytes, ...], bytes | None]:
        """Read disposition, language and location, and the end of the part."""
        disposition = None
        if self.opens():
            disposition = self.text(), self.parameters()
            self.close()
        languages: list[bytes] = []
        if self.at_list():
            self.opens()
            while not self.closes():
                languages.append(self.text())
        else:
            language = self.string()
            languages += () if language is None else (language,)
        location = self.string()
        self.close()
        return disposition, tuple(languages), location

    def part(self, offsets: Iterator[int]) -> Part:
        """Read ``body`` with its extension data."""
        header_start, body_start, body_end, lines = (next(offsets) for _ in range(4))
        stands_in = lines < 0
        lines = ~lines if stands_in else lines
        self.opens()
        if self.at_list():
            children = self.children(offsets, stands_in)
            kind = b"multipart", self.text()
            parameters = self.parameters()
            disposition, language, location = self.extension()
            return Part(
                kind, parameters, header_start, body_start, body_end, lines,
                disposition=disposition, language=language, location=location, children=children,
            )  # fmt: skip
        kind = self.text(), self.text()
        parameters, ident, description = self.parameters(), self.string(), self.string()
        encoding, _ = self.text(), self.number()
        envelope: Envelope | None = None
        children = ()
        if kind == _RFC822:
            envelope = self.envelope()
            children = self.children(offsets, stands_in)
        if kind[0] == b"text" or kind == _RFC822:
            self.number()
        md5 = self.string()
        disposition, language, location = self.extension()
        return Part(
            kind, parameters, header_start, body_start, body_end, lines, encoding, ident,
            description, md5, disposition, language, location, children,
            None if stands_in else envelope,
        )  # fmt: skip

    def children(self, offsets: Iterator[int], stands_in: bool) -> tuple[Part, ...]:
        """Read the parts of a part; none where another stands in for them."""
        if stands_in:
            self._place = self._octets.index(_NO_PART[True], self._place) + len(_NO_PART[True])
            return ()
        found = []
        while self.at_list():
            found.append(self.part(offsets))
        return tuple(found)


def read_envelope(octets: bytes) -> Envelope:
    """Return what ``format_envelope`` printed."""
    return _Reader(octets).envelope()


def read_structure(octets: bytes, offsets: str) -> Part:
    """Return the part tree that ``format_structure`` printed with its extension data."""
    return _Reader(octets).part(iter(map(int, offsets.split())))
