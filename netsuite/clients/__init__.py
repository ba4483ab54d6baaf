"""Clients of all eight protocols, of one shape: connected, secured and logged in by a URL.

::

    from netsuite import clients

    async with clients.imap("imaps://mail.example.org", credentials=("ann", "secret")) as imap:
        await imap.select("INBOX")
        await imap.read(7).into(file)

What is awaited here are Twisted's Deferreds, on the running reactor; ``netsuite.aio`` has the same
names for asyncio, ``netsuite.blocking`` for programs that wait.
"""

from netsuite.clients.connecting import Client, Connecting
from netsuite.clients.opening import TLS, How, TLSUse
from netsuite.clients.place import Where
from netsuite.clients.protocols import connect, ftp, gopher, http, imap, nntp, pop3, smtp, telnet
from netsuite.clients.site import SiteClient
from netsuite.connection.stream import Progress, Source, Stream

__all__ = [
    "TLS",
    "Client",
    "Connecting",
    "How",
    "Progress",
    "SiteClient",
    "Source",
    "Stream",
    "TLSUse",
    "Where",
    "connect",
    "ftp",
    "gopher",
    "http",
    "imap",
    "nntp",
    "pop3",
    "smtp",
    "telnet",
]
