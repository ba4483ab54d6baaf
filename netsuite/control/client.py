"""The client of ``control.sock``, for commands: it blocks, and needs nothing of Twisted."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from netsuite.bus import Value
from netsuite.control.messages import (
    BadMessage,
    Done,
    Failed,
    Request,
    read_answer,
    written_request,
)

#: For the first answer and from one to the next; longer than processes may take to answer.
ANSWER_SECONDS: Final = 15.0
#: The longest answer, and what is read at once.
_LINE_OCTETS: Final = 16 * 1024 * 1024
_READ_OCTETS: Final = 65_536


class NoAnswer(Exception):
    """A daemon does not answer, or not in this protocol; the text says how."""


class CommandFailed(Exception):
    """A daemon says why it has not done something."""


class Control:
    """A connection to a daemon.

    Args:
        path: of its socket.

    Raises:
        NoAnswer: nobody listens there, or it may not be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unread = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_SECONDS)
        try:
            self._socket.connect(os.fspath(path))
        except OSError as error:
            self._socket.close()
            raise NoAnswer(f"{path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Close it; what streams ends."""
        self._socket.close()

    def ask(
        self, do: str, arguments: Mapping[str, Value] | None = None, *, streams: bool = False
    ) -> Iterator[Value]:
        """Ask for something; return its answers one by one.

        Args:
            arguments: those that are None are left out.
            streams: whether there may be nothing to tell for any time.

        Raises:
            NoAnswer, CommandFailed
        """
        asked = (arguments or {}).items()
        given = {name: value for name, value in asked if value is not None}
        self._socket.settimeout(None if streams else ANSWER_SECONDS)
        try:
            self._socket.sendall(written_request(Request(do, given)))
            while True:
                said = read_answer(self._line())
                if isinstance(said, Done):
                    return
                if isinstance(said, Failed):
                    raise CommandFailed(said.reason)
                yield said.value
        except (OSError, BadMessage) as error:
            raise NoAnswer(f"{self.path}: {error}") from None

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            octets = self._socket.recv(_READ_OCTETS)
            if not octets:
                raise BadMessage("it has closed the connection")
            self._unread += octets
            if len(self._unread) > _LINE_OCTETS:
                raise BadMessage("it says too much")
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def living(home: Path, name: str) -> Iterator[Control]:
    """Return a connection to each daemon that runs over a home.

    Args:
        name: of the socket, as settings have it; services that run alone put their own into it.
    """
    whole = home / name
    for path in (whole, *sorted(whole.parent.glob(f"{whole.stem}-*{whole.suffix}"))):
        with suppress(NoAnswer):
            yield Control(path)
