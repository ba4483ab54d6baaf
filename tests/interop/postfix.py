"""A Postfix of a test's own: in a folder, on a port, with its own queue."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.programs import program

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
smtpd_relay_restrictions = permit_mynetworks, reject
mynetworks = 127.0.0.0/8
maillog_file = {home}/log
maillog_file_prefixes = /
{settings}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
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
virtual   unix  - n n - -   virtual
error     unix  - - n - -   error
retry     unix  - - n - -   error
postlog   unix-dgram n - n - 1 postlogd
tlsmgr    unix  - - n 1000? 1 tlsmgr
flush     unix  n - n 1000? 0 flush
"""


@contextmanager
def postfix(home: Path, port: int, settings: str) -> Iterator[None]:
    """Run a Postfix that takes mail on a port. Skips the test where that cannot be.

    Args:
        home: a folder that is there, and that others than its owner may enter.
        settings: more lines of main.cf.
    """
    command = [program("postfix"), "-c", str(home / "conf")]
    if os.geteuid() != 0:
        pytest.skip("Postfix can only be started as root")
    for name in ("conf", "queue", "data"):
        (home / name).mkdir(mode=0o755)
    owner = pwd.getpwnam("postfix")
    os.chown(home / "data", owner.pw_uid, owner.pw_gid)
    (home / "conf/main.cf").write_text(_MAIN.format(home=home, settings=settings))
    (home / "conf/master.cf").write_text(_MASTER.format(port=port))
    started = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=60)
    if started.returncode:
        pytest.skip(f"Postfix did not start: {started.stderr.strip()[-300:]}")
    try:
        yield
    finally:
        subprocess.run([*command, "stop"], capture_output=True, timeout=60)


def waited(wanted: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
