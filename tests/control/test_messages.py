"""Requests and answers as lines of JSON."""

from __future__ import annotations

from netsuite.control.messages import (
    LINE_OCTETS,
    BadMessage,
    ControlDialog,
    Done,
    Failed,
    Request,
    Told,
    read_answer,
    read_request,
    written_answer,
    written_request,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, EndOfInput

REQUESTS = (Request("status"), Request("kick", {"account": "añn", "n": 1, "deep": [{"a": None}]}))
ANSWERS = (Told(None), Told({"a": [1, "ü"]}), Failed('it is "so"'), Done())


class Messages(SynchronousTestCase):
    """What is written is read as what it was."""

    def test_round(self) -> None:
        """Both ways; a line has no line end within."""
        for request in REQUESTS:
            line = written_request(request)
            self.assertEqual((request, 1), (read_request(line), line.count(b"\n")))
        for answer in ANSWERS:
            self.assertEqual(answer, read_answer(written_answer(answer)))

    def test_bad(self) -> None:
        """What is none is refused with the reason."""
        for line, reason in (
            (b"", "no JSON"),
            (b"status", "no JSON"),
            (b"\xff\xfe", "no JSON"),
            (b"[" * 30_000, "no JSON"),
            (b"[1]", "no JSON object"),
            (b"null", "no JSON object"),
            (b'{"do":"status"}', '"netsuite" must be 1'),
            (b'{"netsuite":true,"do":"status"}', '"netsuite" must be 1'),
            (b'{"netsuite":2,"do":"status"}', '"netsuite" must be 1'),
            (b'{"netsuite":1}', '"do" must be a string'),
            (b'{"netsuite":1,"do":["status"]}', '"do" must be a string'),
        ):
            error = self.assertRaises(BadMessage, read_request, line)
            self.assertTrue(str(error).startswith(reason), (line, str(error)))
        self.assertRaises(BadMessage, read_answer, b"{}")


class Dialog(SynchronousTestCase):
    """The server's side."""

    def test_every_cut(self) -> None:
        """Requests are the same for every split of their octets; LF ends a line, and CRLF, too."""
        octets = written_request(REQUESTS[0]) + written_request(REQUESTS[1])[:-1] + b"\r\n"
        for cut in range(len(octets)):
            dialog = ControlDialog()
            found = []
            for piece in (octets[:cut], octets[cut:]):
                dialog.receive(piece)
                while isinstance(event := dialog.next_event(), Request):
                    found.append(event)
            self.assertEqual(list(REQUESTS), found)
        dialog.receive_eof()
        self.assertEqual((EndOfInput(), NEED_DATA), (dialog.next_event(), dialog.next_event()))

    def test_too_long(self) -> None:
        """A line without an end is refused once, with the reason, and the next is read."""
        dialog = ControlDialog()
        dialog.receive(b"x" * (LINE_OCTETS + 1))
        error = self.assertRaises(RemoteProtocolError, dialog.next_event)
        self.assertIsInstance(error.reply, Failed)
        dialog.receive(b"x" * LINE_OCTETS + b"\n" + written_request(REQUESTS[0]))
        self.assertEqual(REQUESTS[0], dialog.next_event())
