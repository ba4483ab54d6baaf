"""What a process of the daemon holds, asked for on a socket: a file of handlers.

``extend`` listens on ``probe.PID.sock`` in the daemon's home. Whoever connects is told, in a line
of JSON, how many objects of some classes there are, descriptors and delayed calls, and the memory
that is resident.
"""

from __future__ import annotations

import gc
import json
import os
from collections import Counter
from pathlib import Path
from typing import Final

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from netsuite.site import Site

_CLASSES: Final = ("IMAPServer", "Selected", "MailboxView", "MailboxNews", "ServerDialog")


class Probe(Protocol):
    """Tells what there is, and closes."""

    def connectionMade(self) -> None:
        """Tell."""
        gc.collect()
        counts: Counter[str] = Counter()
        for each in gc.get_objects():
            kind = type(each)
            if kind.__name__ in _CLASSES:
                counts[kind.__name__] += 1
            elif kind is Deferred and not each.called:
                counts["Deferred"] += 1
        counts["calls"] = len(reactor.getDelayedCalls())
        counts["descriptors"] = len(os.listdir("/proc/self/fd"))
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        counts["resident"] = pages * os.sysconf("SC_PAGE_SIZE")
        assert self.transport is not None
        self.transport.write(json.dumps(counts).encode() + b"\n")
        self.transport.loseConnection()


def extend(site: Site) -> None:
    """Listen, once the reactor runs."""
    assert site.home is not None
    path = site.home / f"probe.{os.getpid()}.sock"
    factory = Factory.forProtocol(Probe)
    listen = reactor.listenUNIX  # type: ignore[attr-defined]
    reactor.callWhenRunning(lambda: listen(str(path), factory))
