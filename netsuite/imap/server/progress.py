"""Word of commands that take long, so that clients and what stands between do not give up.

See RFC 9585 (INPROGRESS).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Condition, Status
from netsuite.imap.commands.sorting import Sort, Thread
from netsuite.imap.server.session import Session

#: So long after the command, and after each word.
SECONDS: Final = 15
#: Those that may be silent for long.
LONG: Final = frozenset(
    {
        ask.Select,
        ask.Examine,
        ask.Search,
        Sort,
        Thread,
        ask.Store,
        ask.Copy,
        ask.Move,
        ask.Expunge,
        ask.Close,
        ask.Delete,
        ask.Rename,
    }
)


@contextmanager
def progress_told(session: Session, tag: bytes) -> Iterator[None]:
    """Tell the client every so often that the command goes on."""
    # inprogress-code = "INPROGRESS" [SP "(" tag SP progress SP goal ")"], which may be NIL; a "]",
    # which a tag may hold, ends a code.
    code = Code("INPROGRESS", None if b"]" in tag else b'("%b" NIL NIL)' % tag)
    word = Condition(Status.OK, "Still at it", code)

    def tell() -> None:
        later.append(session.clock.callLater(SECONDS, tell))
        session.say_between(word)

    later = deque([session.clock.callLater(SECONDS, tell)], maxlen=1)
    try:
        yield
    finally:
        later.pop().cancel()
