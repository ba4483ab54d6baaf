"""ENVELOPE, BODY and BODYSTRUCTURE: what the part tree looks like on the wire, both ways."""

from __future__ import annotations

from dataclasses import replace

from netsuite.imap.commands.fetch import BodyStructure
from netsuite.imap.grammar.structure import parse_envelope, parse_structure
from netsuite.imap.grammar.tokens import BadSyntax, Cursor
from netsuite.message.form import format_envelope, format_structure
from netsuite.message.structure import Envelope, Mailbox, Part
from netsuite.testing.cases import SynchronousTestCase
from tests.imap.test_grammar import parts_of

ANN = Mailbox(b"Ann", None, b"ann", b"example.org")
PLAIN = Part(
    (b"text", b"plain"),
    ((b"charset", b"us-ascii"),),
    0,
    10,
    3038,
    73,
)
IMAGE = Part(
    (b"image", b"gif"),
    (),
    0,
    10,
    110,
    3,
    encoding=b"base64",
    id=b"<960723163407.20117h@cac.washington.edu>",
    description=b"Compiler\r\n diff",
    md5=b"abc==",
    disposition=(b"attachment", ((b"filename", b'a "b".gif'), (b"size", b"1"))),
    language=(b"de", b"en"),
    location=b"http://example.org/",
)
FORWARDED = Part(
    (b"message", b"rfc822"),
    (),
    0,
    10,
    500,
    12,
    language=(b"de",),
    children=(PLAIN,),
    envelope=Envelope(subject=b"inner", from_=(ANN,)),
)
MIXED = Part(
    (b"multipart", b"mixed"),
    ((b"boundary", b"x"),),
    0,
    10,
    9999,
    100,
    disposition=(b"inline", ()),
    children=(PLAIN, IMAGE, FORWARDED),
)

PLAIN_BODY = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3028 73)'
IMAGE_BODY = (
    b'("image" "gif" NIL "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "base64" 100)'
)
INNER = (
    b'(NIL "inner" (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org"))'
    b' (("Ann" NIL "ann" "example.org")) NIL NIL NIL NIL NIL)'
)
FORWARDED_BODY = (
    b'("message" "rfc822" NIL NIL NIL "7bit" 490 ' + INNER + b" " + PLAIN_BODY + b" 12)"
)

PLAIN_STRUCTURE = PLAIN_BODY[:-1] + b" NIL NIL NIL NIL)"
IMAGE_STRUCTURE = (
    IMAGE_BODY[:-1] + b' "abc==" ("attachment" ("filename" "a \\"b\\".gif" "size" "1"))'
    b' ("de" "en") "http://example.org/")'
)
FORWARDED_STRUCTURE = (
    FORWARDED_BODY.replace(PLAIN_BODY, PLAIN_STRUCTURE)[:-1] + b' NIL NIL "de" NIL)'
)

CASES = [
    (PLAIN, PLAIN_BODY, PLAIN_STRUCTURE),
    (IMAGE, IMAGE_BODY, IMAGE_STRUCTURE),
    (FORWARDED, FORWARDED_BODY, FORWARDED_STRUCTURE),
    (
        MIXED,
        b"(" + PLAIN_BODY + IMAGE_BODY + FORWARDED_BODY + b' "mixed")',
        b"("
        + PLAIN_STRUCTURE
        + IMAGE_STRUCTURE
        + FORWARDED_STRUCTURE
        + b' "mixed" ("boundary" "x") ("inline" NIL) NIL NIL)',
    ),
    (
        replace(MIXED, children=(), parameters=(), disposition=None),
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed")',
        b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)'
        b' "mixed" NIL NIL NIL NIL)',
    ),
    (
        replace(FORWARDED, children=(), envelope=None, language=()),
        b'("message" "rfc822" NIL NIL NIL "7bit" 490 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'
        b' ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) 12)',
        b'("message" "rfc822" NIL NIL NIL "7bit" 490 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'
        b' ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) 12'
        b" NIL NIL NIL NIL)",
    ),
]


def cursor(octets: bytes) -> Cursor:
    return Cursor(parts_of(octets + b"\r\n"))


def seen(part: Part) -> BodyStructure:
    """Say what a client can know of a part."""
    kind = part.type[0]
    counts = kind == b"text" or part.type == (b"message", b"rfc822")
    envelope = part.envelope
    if envelope is not None:
        envelope = replace(envelope, sender=envelope.from_, reply_to=envelope.from_)
    return BodyStructure(
        part.type,
        part.parameters,
        part.id,
        part.description and part.description.replace(b"\r\n", b""),
        part.encoding,
        0 if kind == b"multipart" else part.octets,
        part.lines if counts else None,
        part.md5,
        part.disposition,
        part.language,
        part.location,
        tuple(map(seen, part.children)),
        envelope,
    )


class Structures(SynchronousTestCase):
    """Part trees."""

    def test_written(self) -> None:
        """BODY and BODYSTRUCTURE have every field in its place."""
        for part, body, structure in CASES:
            self.assertEqual(body, format_structure(part, extended=False))
            self.assertEqual(structure, format_structure(part, extended=True))

    def test_read(self) -> None:
        """Our client sees the tree our server has."""
        for part, body, structure in CASES[:4]:
            self.assertEqual(seen(part), parse_structure(cursor(structure)))
            self.assertEqual(part.type, parse_structure(cursor(body)).type)

    def test_extensions(self) -> None:
        """What future servers add is passed over (RFC 3501, 9: body-extension)."""
        octets = PLAIN_STRUCTURE[:-1] + b' "x" 5 (1 ("y" NIL) ()))'
        self.assertEqual(seen(PLAIN), parse_structure(cursor(octets)))

    def test_not_a_structure(self) -> None:
        """Broken trees are not read, deep ones not followed."""
        for octets in (
            b"()",
            b'("text")',
            b'("text" "plain" ("a") NIL NIL "7bit" 1 1)',
            b'("a" "b" NIL NIL NIL "7bit" x)',
            b"(" * 60 + b'"a"',
        ):
            with self.assertRaises(BadSyntax):
                parse_structure(cursor(octets))


class Envelopes(SynchronousTestCase):
    """The header in short."""

    def test_senders(self) -> None:
        """From stands for Sender and Reply-To where these are missing, and not otherwise."""
        ben = replace(ANN, local=b"ben")
        shown = parse_envelope(cursor(format_envelope(Envelope(from_=(ANN,), sender=(ben,)))))
        self.assertEqual(((ben,), (ANN,)), (shown.sender, shown.reply_to))

    def test_hostile_words(self) -> None:
        """Folding, quotes, 8-bit octets and NUL in a header cannot break out of the response."""
        for octets, shown in [
            (b"a\r\n b", b'"a b"'),
            (b'") NIL (', b'"\\") NIL ("'),
            (b"\xff", b"{1}\r\n\xff"),
            (b"a\0b", b"{3}\r\na\x80b"),
            (b"x" * 2000, b"{2000}\r\n" + b"x" * 2000),
            (b"", b'""'),
        ]:
            envelope = format_envelope(Envelope(subject=octets))
            self.assertEqual(b"(NIL " + shown + b" NIL" * 8 + b")", envelope)
