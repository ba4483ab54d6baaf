"""One request, one answer, however the network cuts it; and what is no request."""

from __future__ import annotations

from netsuite.gopher.commands import Item, Request
from netsuite.gopher.dialog import ClientDialog, Content, Menu, ServerDialog, State
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, PAUSED, BodyChunk, EndOfInput


def heard(*pieces: bytes, eof: bool = False) -> list[object]:
    """Feed a server dialog; give its events up to where it rests."""
    dialog = ServerDialog("h.test", 70)
    events: list[object] = []
    for piece in pieces:
        dialog.receive(piece)
        while (event := dialog.next_event()) not in (NEED_DATA, PAUSED):
            events.append(event)
    if eof:
        dialog.receive_eof()
        if (event := dialog.next_event()) not in (NEED_DATA, PAUSED):
            events.append(event)
    return events


class Server(SynchronousTestCase):
    """The server's side."""

    def test_every_cut(self) -> None:
        """The same request comes of every way to cut it, and of LF alone."""
        octets = b"/search\tblue sky\r\n"
        for cut in range(len(octets) + 1):
            self.assertEqual([Request("/search", "blue sky")], heard(octets[:cut], octets[cut:]))
        self.assertEqual(
            [Request("/search", "blue sky")], heard(*(bytes([octet]) for octet in octets))
        )
        self.assertEqual([Request("/a")], heard(b"/a\n"))

    def test_only_one(self) -> None:
        """What comes behind a request is not another."""
        self.assertEqual([Request("/a")], heard(b"/a\r\n/b\r\n"))

    def test_end_without_request(self) -> None:
        """A client that leaves without asking is let go, once."""
        self.assertEqual([EndOfInput()], heard(b"/a", eof=True))
        self.assertEqual([EndOfInput()], heard(eof=True))

    def test_hostile(self) -> None:
        """Each gets one menu with an error, and the connection ends."""
        for octets, text in [
            (b"x" * 2000, b"3The request is too long\t\terror.host\t1\r\n.\r\n"),
            (b"x" * 300 + b"\r\n", b"3That cannot be asked: the selector is too long"),
            (b"/\0\r\n", b"3That cannot be asked: a control character in the request"),
            # A client that tries TLS first is not left to wait for the end of a line.
            (b"\x16", b"3TLS is not spoken on this port\t\terror.host\t1\r\n.\r\n"),
            (b"\x16\x03\x01\x02\0\x01\0\r\n", b"3TLS is not spoken on this port"),
            (b"GET / HTTP/1.1\x1b\r\n", b"3That cannot be asked: a control character"),
        ]:
            dialog = ServerDialog("h.test", 70)
            dialog.receive(octets)
            error = self.assertRaises(RemoteProtocolError, dialog.next_event)
            self.assertTrue(error.close)
            self.assertTrue(dialog.send(error.reply).startswith(text), octets)
            self.assertIs(PAUSED, dialog.next_event())

    def test_answers(self) -> None:
        """A menu ends with a dot; there is only one answer, and none before the request."""
        dialog = ServerDialog("h.test", 7070)
        self.assertRaises(LocalProtocolError, dialog.send, Menu(()))
        dialog.receive(b"\r\n")
        self.assertEqual(Request(), dialog.next_event())
        self.assertIs(PAUSED, dialog.next_event())
        self.assertEqual(
            b"0a\t/a\th.test\t7070\r\n.\r\n", dialog.send(Menu((Item("0", "a", "/a"),)))
        )
        self.assertIs(State.CLOSED, dialog.state)
        self.assertRaises(LocalProtocolError, dialog.send, Content())


class Client(SynchronousTestCase):
    """The client's side."""

    def test_an_answer(self) -> None:
        """Octets come as they are, then the end."""
        dialog = ClientDialog()
        self.assertEqual(b"/a\r\n", dialog.send(Request("/a")))
        self.assertRaises(LocalProtocolError, dialog.send, Request("/b"))
        self.assertIs(NEED_DATA, dialog.next_event())
        dialog.receive(b"\0\r\n.\r\n")
        dialog.receive_eof()
        self.assertEqual(BodyChunk(b"\0\r\n.\r\n"), dialog.next_event())
        self.assertEqual(EndOfInput(), dialog.next_event())
        self.assertIs(NEED_DATA, dialog.next_event())
