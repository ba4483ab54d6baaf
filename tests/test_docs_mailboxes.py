"""The pieces of docs/howto/mailboxes.rst and follow-mailboxes.rst, run against our server."""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred

from netsuite.imap.server import IMAPServerFactory
from tests.connection.joined import JoinedCase, reached
from tests.imap.world import World

HOWTO = Path(__file__).resolve().parent.parent / "docs" / "howto"
BLOCK = re.compile(r"^\.\. code-block:: python\n((?:\n|[ ]+.*\n)+)", re.MULTILINE)
LETTER = b"Subject: hello\r\n\r\n" + b"x" * 100_000 + b"\r\n"


class Pages(JoinedCase):
    """What a reader copies, piece after piece."""

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        reached(self.fabric, IMAPServerFactory(self.world.shared()), port=8143)
        self.world.deliver(LETTER, LETTER)
        self.printed: list[str] = []

    def page(self, name: str) -> dict[str, Any]:
        """Run a page; return the names it has made."""
        pieces = [textwrap.dedent(each) for each in BLOCK.findall((HOWTO / name).read_text())]
        text = "\n".join(pieces).replace('"alice", "netsuite"', '"ann", "secret"')
        code = f"async def page():\n{textwrap.indent(text, '    ')}\n    return locals()"
        names: dict[str, Any] = {"reactor": self.fabric, "print": self.print_}
        exec(code, names)
        found: dict[str, Any] = self.run_(names["page"]())
        return found

    def print_(self, *words: object) -> None:
        self.printed.append(" ".join(map(str, words)))

    def test_mailboxes(self) -> None:
        """Each piece does what it says."""
        folder = Path(self.mktemp())
        folder.mkdir()
        before = Path.cwd()
        self.addCleanup(os.chdir, before)
        os.chdir(folder)
        self.page("mailboxes.rst")
        os.chdir(before)
        letters = sorted(folder.glob("*.eml"))
        self.assertEqual([LETTER, LETTER], [each.read_bytes() for each in letters])
        self.assertEqual(
            [
                "INBOX 2 2",
                "Lists 0 0",
                "Lists/python 0 0",
                "Sent 0 0",
                "1 b'hello'",
                "2 b'hello'",
            ],
            self.printed[:6],
        )
        self.assertEqual("[1, 2, 0]", self.printed[7])
        self.assertEqual("NONEXISTENT There is no such mailbox", self.printed[8])
        self.assertTrue(all(each.client.disconnected for each in self.fabric.connections))

    def test_following(self) -> None:
        """Each piece does what it says, and what it defines works."""
        made = self.page("follow-mailboxes.rst")
        self.assertEqual(["gone ", "changed 1 \\Flagged", "1 ", "left alone 1"], self.printed[:4])
        self.assertEqual(["Lists 0", "Lists/python 0", "Sent 0", "1:2 1 1"], self.printed[4:])
        self.printed.clear()
        listening = ensureDeferred(made["listen"]())
        self.fabric.settle()
        self.world.deliver(LETTER, folder="Sent")
        self.fabric.settle()
        self.successResultOf(listening)
        self.assertEqual(["news in Sent"], self.printed)
        self.follow(made)

    def follow(self, made: dict[str, Any]) -> None:
        """Run what follows a mailbox, twice."""
        self.printed.clear()
        known = made["imap"].KnownMailbox()
        following = ensureDeferred(made["follow"](known))
        self.fabric.settle()
        self.assertEqual(["new 1", "new 2"], self.printed)
        following.addErrback(lambda failure: None)
        following.cancel()
        self.fabric.advance(6)
        self.fabric.settle()
        self.successResultOf(following)
        watch = made["watch_of"](made["log_in"])
        self.run_(watch.__aenter__())
        kept = json.loads(json.dumps(made["to_json"](watch.known)))
        self.assertEqual(watch.known, made["from_json"](kept))
        self.run_(watch.__aexit__())
