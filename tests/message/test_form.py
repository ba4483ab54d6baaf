"""ENVELOPE and BODYSTRUCTURE printed, and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netsuite.message import form
from netsuite.message.scan import scan
from netsuite.message.structure import Envelope, Mailbox, Part
from netsuite.testing.cases import SynchronousTestCase

ANN = Mailbox(b"Ann", None, b"ann", b"example.org")
FULL = Envelope(
    b"Mon, 1 Jan 2024 00:00:00 +0000",
    b'Gr\xfc\xdfe "and" \\more',
    (ANN,),
    (ANN,),
    (Mailbox(None, b"@relay", b"b", b"c"),),
    (Mailbox(None, None, b"friends", None), ANN, Mailbox(None, None, None, None)),
    (),
    (),
    b"<1@x>",
    b"x" * 1025,
)
TREES = (
    b"\r\nplain",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\nContent-Language: de, en\r\n\r\nSubject: in\r\n\r\ninner\r\n"
    b'--b\r\nContent-Type: image/png; name="a\\"b"\r\nContent-ID: <i@x>\r\n'
    b"Content-Disposition: attachment; filename=x.png\r\nContent-Location: http://x/\r\n"
    b"Content-Description: a\r\n b\r\nContent-MD5: abc\r\nContent-Language: de\r\n\r\n\x00\xff\r\n"
    b"--b--\r\n",
    b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n",
    b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSubject: x\r\n\r\ny\r\n--b--\r\n",
    b"Content-Type: message/rfc822\r\n\r\n"
    b"Content-Type: multipart/mixed; boundary=q\r\n\r\nno parts",
)


def shown(part: Part) -> Part:
    """Return what of a part tree BODYSTRUCTURE shows."""
    kind = part.type[0]
    children = tuple(shown(child) for child in part.children)
    if kind == b"multipart":
        return Part(
            part.type, part.parameters, part.header_start, part.body_start, part.body_end,
            part.lines, disposition=part.disposition, language=part.language,
            location=part.location, children=children,
        )  # fmt: skip
    description = part.description
    if description is not None:
        description = description.replace(b"\r", b"").replace(b"\n", b"")
    envelope = part.envelope
    if envelope is not None:
        envelope = form.read_envelope(form.format_envelope(envelope))
    return Part(
        part.type, part.parameters, part.header_start, part.body_start, part.body_end, part.lines,
        part.encoding, part.id, description, part.md5, part.disposition, part.language,
        part.location, children, envelope,
    )  # fmt: skip


class Forms(SynchronousTestCase):
    """What was printed comes back."""

    def test_envelope(self) -> None:
        """An envelope, its strings quoted or as literals; Sender filled in from From."""
        self.assertEqual(FULL, form.read_envelope(form.format_envelope(FULL)))
        bare = Envelope(from_=(ANN,))
        there = form.read_envelope(form.format_envelope(bare))
        self.assertEqual(((ANN,), (ANN,)), (there.sender, there.reply_to))
        self.assertEqual(Envelope(), form.read_envelope(form.format_envelope(Envelope())))

    def test_structures(self) -> None:
        """Part trees, those with an empty text in place of parts too, with all their offsets."""
        for octets in TREES:
            root = scan(octets).root
            printed = form.format_structure(root, extended=True)
            self.assertNotIn(b"\0", printed)
            self.assertEqual(shown(root), form.read_structure(printed, form.format_offsets(root)))

    def test_others(self) -> None:
        """What was not printed here is refused."""
        for octets in (b"", b"NIL", b"(", b'("a"', b'("a" x)', b"(NIL NIL 5)"):
            self.assertRaises(ValueError, form.read_envelope, octets)
        self.assertRaises(ValueError, form.read_structure, b'("text" "plain" NIL NIL', "0 0 0 0")

    @given(st.binary(max_size=300), st.sampled_from(TREES))
    def test_any(self, octets: bytes, before: bytes) -> None:
        """Whatever a message is, its form comes back."""
        summary = scan(before + octets)
        structure = form.format_structure(summary.root, extended=True)
        offsets = form.format_offsets(summary.root)
        there = form.read_structure(structure, offsets)
        self.assertEqual(structure, form.format_structure(there, extended=True))
        self.assertEqual(offsets, form.format_offsets(there))
        envelope = form.format_envelope(summary.envelope)
        self.assertEqual(envelope, form.format_envelope(form.read_envelope(envelope)))
