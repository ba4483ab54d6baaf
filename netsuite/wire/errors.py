"""Whose fault it is: ours (``LocalProtocolError``) or the peer's (``RemoteProtocolError``).

::

    ProtocolError
     +-- LocalProtocolError       we tried to say something illegal: a bug of ours
     +-- RemoteProtocolError      the peer did; carries the answer to give
          +-- LineTooLong         no line end within the limit
          +-- BareLineEnd         CR or LF alone
"""

from __future__ import annotations

from typing import Any


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

    def __init__(self, message: str, reply: Any = None, *, close: bool = False) -> None:
        super().__init__(message)
        self.reply = reply
        self.close = close


class LineTooLong(RemoteProtocolError):
    """The peer sent more octets than the limit without a line end. The reader has entered its
    skipping mode: the rest of the line is dropped, and the line after it is read normally."""


class BareLineEnd(RemoteProtocolError):
    """The peer sent CR or LF alone where only CRLF is allowed (RFC 5321, 2.3.8). The line it
    stands in has been consumed."""
