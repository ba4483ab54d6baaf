"""Directory trees kept the same on a server and here, by several FTP sessions at once.

::

    mirror = Mirror(connect, clock=reactor, run=run_in_thread, options=Options(delete=True))
    async for event in mirror.down("pub/photos", Path("photos")):
        print(event)

A file is the same where its size and its time are, or with ``checksum`` its hash; see ``rules``.
What is not goes whole or not at all to its name: it comes under another (``names``), whose octets
are gone on with when a connection or the program was cut, and gets its own in the end.
"""

from netsuite.ftp.mirror.events import (
    Event,
    Failed,
    FewerSessions,
    LeftOut,
    MadeDirectory,
    Removed,
    Retrying,
    TimeSet,
    Transferred,
)
from netsuite.ftp.mirror.mirror import Mirror
from netsuite.ftp.mirror.rules import Options

__all__ = [
    "Event",
    "Failed",
    "FewerSessions",
    "LeftOut",
    "MadeDirectory",
    "Mirror",
    "Options",
    "Removed",
    "Retrying",
    "TimeSet",
    "Transferred",
]
