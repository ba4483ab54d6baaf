"""What a user has typed and nobody has read: octets to characters, and the end of that which an
interrupt leaves."""

from __future__ import annotations

import codecs

from netsuite.telnet import editing


class TypedAhead:
    """Characters in the order they were typed; a line ends with LF."""

    __slots__ = (
        "_after_cr", "_decoder", "_interrupted", "_pieces", "_pieces_characters", "at", "text",
    )  # fmt: skip

    def __init__(self) -> None:
        #: What is unread, from ``at`` on; ``join`` adds what came since.
        self.text = ""
        self.at = 0
        self._pieces: list[str] = []
        self._pieces_characters = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._after_cr = False
        self._interrupted = False  # whether there may be an interrupt in it

    def __len__(self) -> int:
        return len(self.text) - self.at + self._pieces_characters

    def feed(self, octets: bytes) -> str:
        """Accept octets as characters, and return these. CR LF and CR NUL are one line end (RFC
        1123, 3.3.1), and so are CR and LF alone, which is what terminals in binary mode and netcat
        send."""
        if self._after_cr and octets[0] in b"\n\0":
            octets = octets[1:]
        self._after_cr = octets.endswith(b"\r")
        if b"\r" in octets:
            octets = octets.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")
        characters = self._decoder.decode(octets.replace(b"\0", b""))
        self.put(characters)
        return characters

    def octets(self, octets: bytes) -> bytes:
        """Return what was typed as a terminal gives it: CR, CR LF and CR NUL are all CR."""
        if self._after_cr and octets[0] in b"\n\0":
            octets = octets[1:]
        self._after_cr = octets.endswith(b"\r")
        return octets.replace(b"\r\n", b"\r").replace(b"\r\0", b"\r")

    def rest(self) -> str:
        """Take all that is there."""
        self.join()
        text, self.text, self.at = self.text[self.at :], "", 0
        self._interrupted = False
        return text

    def put(self, characters: str) -> None:
        """Accept characters."""
        if characters:
            self._pieces.append(characters)
            self._pieces_characters += len(characters)
            self._interrupted = self._interrupted or editing.INTERRUPT in characters

    def join(self) -> None:
        """Have all of it in ``text``."""
        if self._pieces:
            self.text = self.text[self.at :] + "".join(self._pieces)
            self.at = self._pieces_characters = 0
            self._pieces.clear()

    def drop_interrupted(self) -> bool:
        """Drop what was typed up to the last interrupt; return whether there was one."""
        if not self._interrupted:
            return False
        self.join()
        self._interrupted = False
        at = self.text.rfind(editing.INTERRUPT, self.at)
        if at >= 0:  # else an editor has met it
            self.at = at + 1
        return at >= 0
