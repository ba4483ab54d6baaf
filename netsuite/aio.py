"""The clients of all eight protocols for asyncio.

::

    from netsuite import aio

    async with aio.imap("imaps://mail.example.org", credentials=("ann", "secret")) as imap:
        await imap.select("INBOX")
        async for octets in imap.read(7):
            ...

The names and arguments are those of ``netsuite.clients``; what is awaited and iterated there is
here, on the loop that runs. No reactor is installed: the clients have one of their own on that
loop.
"""

from __future__ import annotations

from netsuite.clients import protocols
from netsuite.clients.derived import function
from netsuite.clients.on_asyncio import here

connect = function(protocols.connect, here, __name__)
ftp = function(protocols.ftp, here, __name__)
gopher = function(protocols.gopher, here, __name__)
http = function(protocols.http, here, __name__)
imap = function(protocols.imap, here, __name__)
nntp = function(protocols.nntp, here, __name__)
pop3 = function(protocols.pop3, here, __name__)
smtp = function(protocols.smtp, here, __name__)
telnet = function(protocols.telnet, here, __name__)
