"""The clients of all eight protocols for programs that wait.

::

    from netsuite import blocking

    with blocking.imap("imaps://mail.example.org", credentials=("ann", "secret")) as imap:
        imap.select("INBOX")
        for octets in imap.read(7):
            ...

The names and arguments are those of ``netsuite.clients``; what is awaited there is waited for here,
and what is iterated is a plain iterator. The clients run on a reactor of their own in a thread,
which begins with the first of them and ends with the process.
"""

from __future__ import annotations

from netsuite.clients import protocols
from netsuite.clients.derived import function
from netsuite.clients.in_thread import here

connect = function(protocols.connect, here, __name__)
ftp = function(protocols.ftp, here, __name__)
gopher = function(protocols.gopher, here, __name__)
http = function(protocols.http, here, __name__)
imap = function(protocols.imap, here, __name__)
nntp = function(protocols.nntp, here, __name__)
pop3 = function(protocols.pop3, here, __name__)
smtp = function(protocols.smtp, here, __name__)
telnet = function(protocols.telnet, here, __name__)
