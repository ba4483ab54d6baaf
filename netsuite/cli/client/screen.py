"""A terminal to which others' octets are written: nothing that it would obey, and no binaries."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from netsuite.cli.client.problems import FileTrouble, printable


class Screen:
    """Text to a terminal.

    What is not text is not written at all; in text, controls but line ends and tabs are replaced.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""  # a CR that may have its LF yet

    def write(self, octets: bytes) -> None:
        """Write a piece. Raises FileTrouble for what is no text."""
        if b"\0" in octets:
            raise FileTrouble(
                "that is a binary, which a terminal cannot show: "
                "-o FILE keeps it, -o - shows it all the same"
            )
        self._write(self._decoder.decode(octets))

    def flush(self) -> None:
        """Write what is left."""
        self._write(self._decoder.decode(b"", final=True), last=True)
        self._file.flush()

    def _write(self, text: str, *, last: bool = False) -> None:
        text = self._held + text
        self._held = ""
        if text.endswith("\r") and not last:
            text, self._held = text[:-1], "\r"
        lines = text.replace("\r\n", "\n").split("\n")
        shown = "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)
        self._file.write(shown.encode())
