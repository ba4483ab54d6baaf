"""Protocol errors, ours (``LocalProtocolError``) or the peer's (``RemoteProtocolError``).

::

    ProtocolError
     +-- LocalProtocolError       we tried to say something illegal: a bug of ours
     +-- RemoteProtocolError      the peer did; carries the answer to give
          +-- InputEnded          the input ended in the middle of something
          +-- LineTooLong         no line end within the limit
          +-- BareLineEnd         CR or LF alone
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

R = TypeVar("R")


class ProtocolError(Exception):
    """The protocol was broken; never raised itself, only its two children."""


class LocalProtocolError(ProtocolError):
    """We were about to break the protocol: wrong state, unsayable value, CR or LF in a word."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol.

    Args:
        message: what was wrong, for the log.
        reply: the value to say to the peer (the protocol's own reply type), or None when the
            dialog's protocol has nothing better than its generic syntax error.
        close: whether the connection can only be closed after the reply, because it is no
            longer known where the next command begins.
    """

    def __init__(
        self,
        message: str,
        reply: Any = None,  # of the type that its dialog says
        *,
        close: bool = False,
    ) -> None:
        super().__init__(message)
        self.reply = reply
        self.close = close


class InputEnded(RemoteProtocolError):
    """The peer has ended its input in the middle of something."""


class LineTooLong(RemoteProtocolError):
    """The peer sent more octets than the limit without a line end. The reader has entered its
    skipping mode: the rest of the line is dropped, and the line after it is read normally."""


class BareLineEnd(RemoteProtocolError):
    """The peer sent CR or LF alone where only CRLF is allowed (RFC 5321, 2.3.8). The line it
    stands in has been consumed.

    Args:
        message: what was wrong, for the log.
        line: the line, with its end.
    """

    def __init__(self, message: str, line: bytes) -> None:
        super().__init__(message)
        self.line = line


class ErrorTable(Generic[R]):
    """Replies by the kind of error: that of its own class, or of the nearest of its bases.

    What is in no table was not foreseen, and is a bug.

    Args:
        replies: by class of error.
        counted: whose errors count as commands that were wrong, a number of which ends a
            connection: wrong guesses of a password.
    """

    def __init__(
        self, replies: Mapping[type[Exception], R], *, counted: tuple[type[Exception], ...] = ()
    ) -> None:
        self.replies = dict(replies)
        self._counted = counted

    def find(self, error: Exception) -> R | None:
        """Return the reply to an error; None where none was foreseen."""
        for kind in type(error).__mro__:
            if kind in self.replies:
                return self.replies[kind]
        return None

    def counts(self, error: Exception) -> bool:
        """Return whether an error counts against the peer."""
        return isinstance(error, self._counted)
