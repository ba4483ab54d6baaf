"""Servers of others, each in a folder of a test's own, on a port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

#: What all that we start have in common; further lines say what becomes of the mail.
_POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
mynetworks = 127.0.0.0/8
{settings}
"""
_POSTFIX_MASTER = """\
127.0.0.1:{port} inet n - n - 100 smtpd
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n - 0   cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - -   trivial-rewrite
bounce    unix  - - n - 0   bounce
defer     unix  - - n - 0   bounce
trace     unix  - - n - 0   bounce
verify    unix  - - n - 1   verify
proxymap  unix  - - n - -   proxymap
anvil     unix  - - n - 1   anvil
scache    unix  - - n - 1   scache
lmtp      unix  - - n - -   lmtp
smtp      unix  - - n - -   smtp
relay     unix  - - n - -   smtp
local     unix  - n n - -   local
virtual   unix  - n n - -   virtual
error     unix  - - n - -   error
retry     unix  - - n - -   error
discard   unix  - - n - -   discard
postlog   unix-dgram n - n - 1 postlogd
tlsmgr    unix  - - n 1000? 1 tlsmgr
flush     unix  n - n 1000? 0 flush
showq     unix  n - n - -   showq
"""


class Absent(Exception):
    """A server is not installed, or cannot run here; the message says why."""


#: What ``free_port`` has returned in this process.
_returned: set[int] = set()


def free_port(interface: str = "127.0.0.1") -> int:
    """Return a port that was free a moment ago, another each time; on all of loopback for ""."""
    while True:
        with socket.create_server((interface, 0)) as listener:
            port: int = listener.getsockname()[1]
        if port not in _returned:
            _returned.add(port)
            return port


def start_postfix(home: Path, port: int, settings: str) -> Callable[[], None]:
    """Start a Postfix that takes mail on a port; return what stops it.

    Args:
        home: a folder that is there, and that others than its owner may enter.
        settings: more lines of main.cf.

    Raises:
        Absent: there is none, or it does not start.
    """
    if not shutil.which("postfix", path="/usr/sbin:/usr/bin"):
        raise Absent("Postfix is not installed")
    if os.geteuid() != 0:
        raise Absent("Postfix can only be started as root")
    for name in ("conf", "queue", "data"):
        (home / name).mkdir(mode=0o755)
    owner = pwd.getpwnam("postfix")
    os.chown(home / "data", owner.pw_uid, owner.pw_gid)
    (home / "conf/main.cf").write_text(_POSTFIX_MAIN.format(home=home, settings=settings))
    (home / "conf/master.cf").write_text(_POSTFIX_MASTER.format(port=port))
    command = ["/usr/sbin/postfix", "-c", str(home / "conf")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=60)
    if started.returncode:
        raise Absent(f"Postfix did not start: {started.stderr.strip()[-300:]}")

    def stop() -> None:
        subprocess.run([*command, "stop"], capture_output=True, timeout=60)

    return stop
