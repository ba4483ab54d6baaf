"""Sections: which octets of a message are meant (the example of RFC 3501, 6.4.5)."""

from __future__ import annotations

from typing import ClassVar

from netsuite.imap.commands.fetch import BodySection, SectionText
from netsuite.imap.sections import OctetRange, cut, pick_fields, whole_range
from netsuite.message.structure import Part
from netsuite.testing.cases import SynchronousTestCase

HEADER, TEXT, MIME = SectionText.HEADER, SectionText.TEXT, SectionText.MIME

#: The tree of RFC 3501, 6.4.5: every part's header lies at 100 times its place, its body
#: from 20 behind that to 80 behind it; places are given in comments.


def leaf(place: int, kind: tuple[bytes, bytes] = (b"text", b"plain")) -> Part:
    return Part(kind, (), place * 100, place * 100 + 20, place * 100 + 80, 1)


def inner(place: int, children: tuple[Part, ...]) -> Part:
    start = place * 100
    return Part((b"multipart", b"mixed"), (), start, start + 20, start + 90, 1, children=children)


def message(place: int, root: Part) -> Part:
    start = place * 100
    return Part((b"message", b"rfc822"), (), start, start + 20, start + 95, 1, children=(root,))


ROOT = Part(
    (b"multipart", b"mixed"),
    (),
    0,
    50,
    9000,
    1,
    children=(
        leaf(1),  # 1
        leaf(2),  # 2
        message(3, inner(4, (leaf(5), leaf(6)))),  # 3, its message, 3.1, 3.2
        inner(
            7,  # 4
            (
                leaf(8, (b"image", b"gif")),  # 4.1
                message(9, inner(10, (leaf(11), inner(12, (leaf(13), leaf(14)))))),
                # 4.2, its message, 4.2.1, 4.2.2, 4.2.2.1, 4.2.2.2
            ),
        ),
    ),
)


def body(place: int) -> tuple[int, int]:
    return place * 100 + 20, place * 100 + 80


class Ranges(SynchronousTestCase):
    """Part numbers and what stands behind them."""

    CASES: ClassVar[list[tuple[BodySection, tuple[int, int] | None]]] = [
        (BodySection(), (0, 9001)),
        (BodySection(text=HEADER), (0, 50)),
        (BodySection(text=TEXT), (50, 9001)),
        (BodySection((1,)), body(1)),
        (BodySection((1,), MIME), (100, 120)),
        (BodySection((1,), HEADER), None),
        (BodySection((1,), TEXT), None),
        (BodySection((3,)), (320, 395)),
        (BodySection((3,), MIME), (300, 320)),
        (BodySection((3,), HEADER), (400, 420)),
        (BodySection((3,), TEXT), (420, 490)),
        (BodySection((3, 1)), body(5)),
        (BodySection((3, 2)), body(6)),
        (BodySection((3, 2), MIME), (600, 620)),
        (BodySection((3, 3)), None),
        (BodySection((4,)), (720, 790)),
        (BodySection((4,), MIME), (700, 720)),
        (BodySection((4, 1)), body(8)),
        (BodySection((4, 2), HEADER), (1000, 1020)),
        (BodySection((4, 2), TEXT), (1020, 1090)),
        (BodySection((4, 2, 1)), body(11)),
        (BodySection((4, 2, 2)), (1220, 1290)),
        (BodySection((4, 2, 2, 1)), body(13)),
        (BodySection((4, 2, 2, 2)), body(14)),
        (BodySection((4, 2, 2, 3)), None),
        (BodySection((1, 1)), None),
        (BodySection((5,)), None),
    ]

    def test_tree(self) -> None:
        """Each part of the RFC's example is found where it lies."""
        for section, expected in self.CASES:
            found = whole_range(section, ROOT, 9001)
            self.assertEqual(
                expected, found and (found.start, found.stop), f"{section.part} {section.text}"
            )

    def test_a_message_without_parts(self) -> None:
        """Its body is part 1 (RFC 3501, 6.4.5), and there is no part 2."""
        plain = leaf(0)
        self.assertEqual(OctetRange(20, 80), whole_range(BodySection((1,)), plain, 80))
        self.assertIsNone(whole_range(BodySection((2,)), plain, 80))
        self.assertIsNone(whole_range(BodySection((1, 1)), plain, 80))

    def test_a_message_that_is_a_message(self) -> None:
        """Part 1 of a forwarded message alone is that message."""
        root = message(0, leaf(5))
        self.assertEqual(OctetRange(20, 95), whole_range(BodySection((1,)), root, 95))
        self.assertEqual(OctetRange(*body(5)), whole_range(BodySection((1, 1)), root, 95))
        self.assertEqual(OctetRange(500, 520), whole_range(BodySection((1,), HEADER), root, 95))

    def test_partial(self) -> None:
        """A partial is cut to what is there."""
        whole = OctetRange(50, 60)
        self.assertEqual(OctetRange(52, 55), whole.part(2, 3))
        self.assertEqual(OctetRange(58, 60), whole.part(8, 100))
        self.assertEqual(OctetRange(60, 60), whole.part(100, 5))
        self.assertEqual(b"cd", cut(b"abcdef", BodySection(start=2, octets=2)))
        self.assertEqual(b"abc", cut(b"abc", BodySection()))


class Fields(SynchronousTestCase):
    """HEADER.FIELDS and its NOT."""

    HEADER = (
        b"Received: a\r\n\tb\r\nSubject : x\r\nTO: y\r\n no field: but folded\r\n"
        b"broken line\r\nTo: z\r\n\r\n"
    )

    def test_picked(self) -> None:
        """Fields come as they stand, folded lines, repeats and order included."""
        picked = pick_fields(self.HEADER, [b"to", b"RECEIVED"])
        self.assertEqual(
            b"Received: a\r\n\tb\r\nTO: y\r\n no field: but folded\r\nTo: z\r\n\r\n", picked
        )
        self.assertEqual(b"Subject : x\r\n\r\n", pick_fields(self.HEADER, [b"Subject"]))

    def test_left_out(self) -> None:
        """NOT gives the others."""
        rest = pick_fields(self.HEADER, [b"to", b"received"], exclude=True)
        self.assertEqual(b"Subject : x\r\n\r\n", rest)

    def test_the_empty_line(self) -> None:
        """It comes with an answer without fields, but not where the message has none."""
        self.assertEqual(b"\r\n", pick_fields(b"A: b\r\n\r\n", [b"x"]))
        self.assertEqual(b"A: b\r\n", pick_fields(b"A: b\r\n", [b"a"]))
        self.assertEqual(b"\r\n", pick_fields(b"\r\n", [b"a"]))
        self.assertEqual(b"", pick_fields(b"", [b"a"]))
