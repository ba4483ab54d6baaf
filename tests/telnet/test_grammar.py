"""Octets to tokens and back: whole, octet by octet, at every cut, and with a tail."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from netsuite.telnet.commands import (
    CharsetAccepted,
    CharsetRejected,
    CharsetRequest,
    Data,
    EnvironmentIs,
    EnvironmentSend,
    Flow,
    FlowControl,
    ForwardMask,
    Function,
    LineMode,
    Meaning,
    Negotiation,
    SpecialCharacter,
    SpecialCharacters,
    StatusIs,
    StatusSend,
    Subnegotiation,
    TerminalTypeIs,
    TerminalTypeSend,
    Token,
    TranslationTable,
    TranslationTableRejected,
    Variable,
    Verb,
    WindowSize,
)
from netsuite.telnet.grammar import (
    SUBNEGOTIATION_OCTETS,
    TelnetReader,
    escape,
    format_meaning,
    format_token,
    network_text,
    parse_meaning,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import RemoteProtocolError


def read(pieces: Iterable[bytes]) -> list[Token]:
    """Give the tokens of octets in pieces, data joined."""
    reader = TelnetReader()
    tokens: list[Token] = []
    for piece in pieces:
        reader.feed(piece)
        while (token := reader.next()) is not None:
            if isinstance(token, Data) and tokens and isinstance(tokens[-1], Data):
                tokens[-1] = Data(tokens[-1].octets + token.octets)
            else:
                tokens.append(token)
    return tokens


#: Both ways.
SAME: list[tuple[bytes, list[Token]]] = [
    (b"", []),
    (b"plain \x80\xfe text\r\n", [Data(b"plain \x80\xfe text\r\n")]),
    (b"a\xff\xffb", [Data(b"a\xffb")]),
    (b"\xff\xff\xff\xff", [Data(b"\xff\xff")]),
    (b"\xff\xf6", [Function(246)]),
    (b"a\xff\xf4\xff\xf2b", [Data(b"a"), Function(244), Function(242), Data(b"b")]),
    (b"\xff\xfb\x01\xff\xfe\xff", [Negotiation(Verb.WILL, 1), Negotiation(Verb.DONT, 255)]),
    (b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", [Subnegotiation(31, b"\0\x50\0\x18")]),
    (b"\xff\xfa\x1f\xff\xff\xff\xff\x00\x18\xff\xf0", [Subnegotiation(31, b"\xff\xff\0\x18")]),
    (b"\xff\xfa\x18\xff\xf0x", [Subnegotiation(24, b""), Data(b"x")]),
    (b"\xff\xec\xff\xed\xff\xee\xff\xef", [Function(code) for code in range(236, 240)]),
    (b"\xff\x00\xff\x41", [Function(0), Function(0x41)]),
]
#: Read so, but never said.
HEARD: list[tuple[bytes, list[Token]]] = [
    (b"a\xff\xf0b", [Data(b"ab")]),  # SE that ends nothing
    (b"\xff\xfa\xff\xf0x", [Data(b"x")]),  # nothing in it
    (b"\xff\xfa\x18\x01\xff\xf6x", [Function(246), Data(b"x")]),  # a command in it
    (b"\xff\xfa\x18\xff\xfa\x1f\0\1\0\1\xff\xf0", [Subnegotiation(31, b"\0\1\0\1")]),  # nested
    (b"\xff\xfa\x18a\xff\xfb\x01b", [Negotiation(Verb.WILL, 1), Data(b"b")]),
]


class Tokens(SynchronousTestCase):
    """One table for reading and printing."""

    def test_reading(self) -> None:
        """However the octets are cut, the tokens are the same; a tail is left alone."""
        for octets, tokens in SAME + HEARD:
            self.assertEqual(tokens, read([octets]), octets)
            self.assertEqual(tokens, read(octets[i : i + 1] for i in range(len(octets))), octets)
            for cut in range(len(octets) + 1):
                self.assertEqual(tokens, read([octets[:cut], octets[cut:]]), (octets, cut))
            self.assertEqual([*tokens, Function(246)], read([octets + b"\xff\xf6"]), octets)

    def test_printing(self) -> None:
        """What is read is printed as it was."""
        for octets, tokens in SAME:
            self.assertEqual(octets, b"".join(format_token(token) for token in tokens))

    def test_unfinished(self) -> None:
        """Half a command is none yet."""
        for octets in (b"\xff", b"\xff\xfb", b"\xff\xfa", b"\xff\xfa\x18", b"\xff\xfa\x18\xff"):
            self.assertEqual([], read([octets]), octets)

    def test_endless_subnegotiation(self) -> None:
        """One that does not end is given up, doubled IACs or not, however it comes."""
        for filler in (b"x" * 100, b"\xff\xff" * 50, b"\xff\xffy"):
            reader = TelnetReader()
            reader.feed(b"\xff\xfa\x18")
            fed = 0
            with self.assertRaises(RemoteProtocolError) as caught:
                while fed < 3 * SUBNEGOTIATION_OCTETS:
                    self.assertIsNone(reader.next())
                    reader.feed(filler)
                    fed += len(filler)
            self.assertTrue(caught.exception.close)

    def test_longest_subnegotiation(self) -> None:
        """One at the limit is taken, one beyond it is not, in one piece or in many."""
        for size in (SUBNEGOTIATION_OCTETS, SUBNEGOTIATION_OCTETS + 1):
            octets = b"\xff\xfa\x18" + b"x" * size + b"\xff\xf0"
            for step in (len(octets), 1, 7):
                pieces = [octets[i : i + step] for i in range(0, len(octets), step)]
                if size > SUBNEGOTIATION_OCTETS:
                    self.assertRaises(RemoteProtocolError, read, pieces)
                else:
                    self.assertEqual([Subnegotiation(24, b"x" * size)], read(pieces))

    def test_discard(self) -> None:
        """What came in the clear is forgotten, half a subnegotiation too."""
        reader = TelnetReader()
        reader.feed(b"\xff\xfa\x18abc")
        reader.next()
        reader.feed(b"de")
        self.assertEqual(2, reader.discard())
        reader.feed(b"x")
        self.assertEqual(Data(b"x"), reader.next())

    @given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4))
    def test_any_octets(self, octets: bytes, cuts: list[int]) -> None:
        """No octets are refused, and no cut changes what they mean."""
        octets = (
            octets.replace(b"\x7f", b"\xff").replace(b"\x01", b"\xfa").replace(b"\x02", b"\xf0")
        )
        edges = [0, *sorted(cuts), len(octets)]
        pieces = [octets[a:b] for a, b in itertools.pairwise(edges)]
        self.assertEqual(read([octets]), read(pieces))

    @given(st.binary())
    def test_escape(self, octets: bytes) -> None:
        """Any data comes through."""
        self.assertEqual([Data(octets)] if octets else [], read([escape(octets)]))


MEANINGS: list[tuple[Subnegotiation, Meaning]] = [
    (Subnegotiation(31, b"\x00\x50\x00\x18"), WindowSize(80, 24)),
    (Subnegotiation(31, b"\xff\xff\x01\x00"), WindowSize(65535, 256)),
    (Subnegotiation(24, b"\x01"), TerminalTypeSend()),
    (Subnegotiation(24, b"\x00XTERM-256COLOR"), TerminalTypeIs("XTERM-256COLOR")),
    (Subnegotiation(5, b"\x01"), StatusSend()),
    (
        Subnegotiation(5, b"\x00\xfb\x01\xfd\x03"),
        StatusIs((Negotiation(Verb.WILL, 1), Negotiation(Verb.DO, 3))),
    ),
    (Subnegotiation(42, b"\x01;UTF-8;US-ASCII"), CharsetRequest(("UTF-8", "US-ASCII"))),
    (Subnegotiation(42, b"\x02UTF-8"), CharsetAccepted("UTF-8")),
    (Subnegotiation(42, b"\x03"), CharsetRejected()),
    (Subnegotiation(42, b"\x05"), TranslationTableRejected()),
    (Subnegotiation(24, b"\x00MTTS 137"), TerminalTypeIs("MTTS 137")),
    (
        Subnegotiation(39, b"\x01\x00USER\x03LANG"),
        EnvironmentSend((Variable("USER"), Variable("LANG", user=True))),
    ),
    (Subnegotiation(39, b"\x01"), EnvironmentSend()),
    (
        Subnegotiation(39, b"\x00\x00USER\x01ann\x03A\x02\x01B\x01\x02\x02\x03EMPTY\x01\x00JOB"),
        EnvironmentIs(
            (
                Variable("USER", "ann"),
                Variable("A\x01B", "\x02", user=True),
                Variable("EMPTY", "", user=True),
                Variable("JOB"),
            )
        ),
    ),
    (
        Subnegotiation(39, b"\x02\x03LANG\x01de_DE.UTF-8"),
        EnvironmentIs((Variable("LANG", "de_DE.UTF-8", user=True),), changed=True),
    ),
    (Subnegotiation(33, b"\x02"), FlowControl(Flow.RESTART_ANY)),
    (Subnegotiation(34, b"\x01\x03"), LineMode(3)),
    (Subnegotiation(34, b"\xfd\x02\xff\x00"), ForwardMask(Verb.DO, b"\xff\x00")),
    (Subnegotiation(34, b"\xfc\x02"), ForwardMask(Verb.WONT)),
    (
        Subnegotiation(34, b"\x03\x03\x62\x03\x0a\x02\xff"),
        SpecialCharacters((SpecialCharacter(3, 0x62, 3), SpecialCharacter(10, 2, 255))),
    ),
]
HEARD_MEANINGS: list[tuple[Subnegotiation, Meaning | None]] = [
    (Subnegotiation(42, b"\x01[TTABLE]\x01 UTF-8 X"), CharsetRequest(("UTF-8", "X"))),
    (Subnegotiation(42, b"\x04\x01;a;b"), TranslationTable()),
    (
        Subnegotiation(5, b"\x00\xfb\x01\xfa\x18\x00A\xf0\xf0B\xf0\xfd\x03"),
        StatusIs((Negotiation(Verb.WILL, 1), Negotiation(Verb.DO, 3))),
    ),
    (Subnegotiation(31, b"\x00\x50\x00"), None),
    (Subnegotiation(31, b""), None),
    (Subnegotiation(24, b""), None),
    (Subnegotiation(24, b"\x00"), None),
    (Subnegotiation(24, b"\x00" + b"x" * 41), None),
    (Subnegotiation(24, b"\x00x\x1b[2J"), None),
    (Subnegotiation(24, b"\x02x"), None),
    (Subnegotiation(5, b"\x00\xfb"), None),
    (Subnegotiation(5, b"\x00\xfa\x18abc"), None),
    (Subnegotiation(5, b"\x00\x07\x07"), None),
    (Subnegotiation(42, b""), None),
    (Subnegotiation(42, b"\x01"), None),
    (Subnegotiation(42, b"\x01;\xff"), None),
    (Subnegotiation(42, b"\x02\xff"), None),
    (Subnegotiation(42, b"\x09"), None),
    (Subnegotiation(39, b""), None),
    (Subnegotiation(39, b"\x04"), None),
    (Subnegotiation(39, b"\x00\x01value"), None),
    (Subnegotiation(39, b"\x00\x00A\x01b\x01c"), None),
    (Subnegotiation(39, b"\x00text"), None),
    (Subnegotiation(39, b"\x00\x00A\x02"), None),
    (Subnegotiation(39, b"\x00\x00A\x01\xff"), EnvironmentIs((Variable("A", "\ufffd"),))),
    (
        Subnegotiation(39, b"\x00" + b"\x03A" * 1000),
        EnvironmentIs((Variable("A", user=True),) * 64),
    ),
    (Subnegotiation(33, b""), None),
    (Subnegotiation(33, b"\x04"), None),
    (Subnegotiation(34, b""), None),
    (Subnegotiation(34, b"\x01"), None),
    (Subnegotiation(34, b"\x01\x01\x01"), None),
    (Subnegotiation(34, b"\x03"), None),
    (Subnegotiation(34, b"\x03\x03\x02"), None),
    (Subnegotiation(34, b"\x03" + b"\x03\x02\x03" * 257), None),
    (Subnegotiation(34, b"\xfd\x02" + b"\0" * 33), None),
    (Subnegotiation(34, b"\xfd\x01"), None),
    (Subnegotiation(200, b"abc"), None),
]


class Meanings(SynchronousTestCase):
    """What subnegotiations hold."""

    def test_both_ways(self) -> None:
        """What is read is printed as it was."""
        for said, meaning in MEANINGS:
            self.assertEqual(meaning, parse_meaning(said))
            self.assertEqual(format_token(said), format_meaning(meaning))

    def test_heard(self) -> None:
        """What makes no sense means nothing, and does no harm."""
        for said, meaning in HEARD_MEANINGS:
            self.assertEqual(meaning, parse_meaning(said), said)

    @given(st.integers(0, 255), st.binary(max_size=30))
    def test_anything(self, option: int, octets: bytes) -> None:
        """Nothing that a peer sends raises."""
        for each in (option, 5, 24, 31, 33, 34, 39, 42):
            parse_meaning(Subnegotiation(each, octets))


class NetworkText(SynchronousTestCase):
    """Text for the network virtual terminal."""

    def test_line_ends(self) -> None:
        """LF is CR LF, CR is CR NUL, and what the encoding lacks is a question mark."""
        for text, encoding, octets in [
            ("a\nb\n", "ascii", b"a\r\nb\r\n"),
            ("a\r\nb", "ascii", b"a\r\nb"),
            ("a\rb", "ascii", b"a\r\0b"),
            ("Grüße", "ascii", b"Gr??e"),
            ("Grüße", "utf-8", "Grüße".encode()),
            ("\ud800", "utf-8", b"?"),
            ("\xff", "latin-1", b"\xff\xff"),
        ]:
            self.assertEqual(octets, network_text(text, encoding))
