"""The pieces of docs/howto/send-mail.rst, run against a real server."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint

from netsuite.smtp.server import SMTPServerFactory
from netsuite.testing.cases import TestCase
from tests.smtp.fakes import FakeReceiver, make_shared

PAGE = Path(__file__).resolve().parent.parent / "docs" / "howto" / "send-mail.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)


class SendMail(TestCase):
    """What a reader copies."""

    async def test_pieces(self) -> None:
        """Each piece does what it says."""
        shared = make_shared()
        receiver = shared.resolver
        assert isinstance(receiver, FakeReceiver)
        ann = receiver.resolve

        async def resolve(local: str, domain: str, **more: int) -> object:
            return await ann({"ann": "alice"}.get(local, local), domain)

        self.patch(receiver, "resolve", resolve)
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(
            SMTPServerFactory(shared)
        )
        self.addCleanup(port.stopListening)
        printed: list[tuple[object, ...]] = []
        pieces = BLOCK.findall(PAGE.read_text())
        for piece in pieces:
            text = piece.replace("127.0.0.1:8025", f"127.0.0.1:{port.getHost().port}")
            code = textwrap.indent(textwrap.dedent(text), "    ")
            made: dict[str, Callable[[], Awaitable[None]]] = {}
            names = {"reactor": reactor, "print": lambda *words: printed.append(words)}
            exec(f"async def piece():\n{code}", names, made)
            await made["piece"]()
        self.assertEqual(4, len(pieces))
        self.assertEqual([True, False], [words[1] for words in printed])
        self.assertEqual([250, 550], [words[2] for words in printed])
        subjects = [content.rpartition(b"Subject: ")[2] for _, _, content, _ in receiver.delivered]
        self.assertEqual(
            [b"Order 7", b"Order 8", b"Order 0", b"Order 1", b"Order 2", b"Order 9"],
            [each.partition(b"\r\n")[0] for each in subjects],
        )
