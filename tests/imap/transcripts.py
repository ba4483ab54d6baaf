"""Runs conversations that are written down as text (tests/transcripts/imap).

Lines of a file::

    # a comment
    deliver FOLDER SUBJECT      a message comes in
    1                           from here on connection 1 talks (made when first named)
    C: a NOOP                   the client says this line
    C- octets                   the client says these octets, without a line end
    S: a OK Nothing done        the server answers this line; ``...`` stands for anything
    turn                        the reactor turns: IDLE's news come
    closed                      the server has closed the connection

Everything a connection says has to stand in the file, in order, before another line of that
client is said.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.imap.world import Client, World


class Mismatch(AssertionError):
    """The server said something else than the file has."""


class Transcript:
    """One file, played once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.world = World()
        self.clients: dict[str, Client] = {}
        self.heard: dict[str, list[str]] = {}
        self.current = ""

    def play(self) -> None:
        """Play the file. Raises Mismatch with its name and line."""
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), 1):
            try:
                self._line(line.rstrip())
            except Mismatch as error:
                raise Mismatch(f"{self.path.name}:{number}: {error}") from None
        for name in self.clients:
            self._nothing_left(name)

    def _line(self, line: str) -> None:
        if not line or line.startswith("#"):
            return
        word, _, rest = line.partition(" ")
        match word:
            case "deliver":
                folder, _, subject = rest.partition(" ")
                content = f"Subject: {subject}\r\n\r\nbody\r\n".encode()
                self.world.deliver(content, folder=folder)
            case "C:":
                self._say(rest.encode() + b"\r\n")
            case "C-":
                self._say(rest.encode())
            case "S:":
                self._expect(rest)
            case "turn":
                self._take(self.clients[self.current].turn())
            case "closed":
                if not self.clients[self.current].transport.disconnecting:
                    raise Mismatch("the connection is open")
            case _:
                self._connection(word)

    def _connection(self, name: str) -> None:
        self.current = name
        if name not in self.clients:
            self.clients[name] = self.world.connect()
            self.heard[name] = []
            self._take(self.clients[name].heard())

    def _say(self, octets: bytes) -> None:
        self._nothing_left(self.current)
        self._take(self.clients[self.current].say(octets))

    def _take(self, octets: bytes) -> None:
        lines = octets.decode("utf-8", "backslashreplace").split("\r\n")
        assert lines.pop() == ""
        self.heard[self.current] += lines

    def _nothing_left(self, name: str) -> None:
        if self.heard[name]:
            raise Mismatch(f"also said on {name}: {self.heard[name][0]!r}")

    def _expect(self, expected: str) -> None:
        heard = self.heard[self.current]
        if not heard:
            raise Mismatch(f"nothing was said; expected {expected!r}")
        pattern = ".*".join(map(re.escape, expected.split("...")))
        if re.fullmatch(pattern, heard[0]) is None:
            raise Mismatch(f"said {heard[0]!r}; expected {expected!r}")
        heard.pop(0)
