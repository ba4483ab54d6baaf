"""Starts the servers that are measured: netsuite, Postfix, aiosmtpd, Dovecot, pymap.

Each is started in a fresh folder on a free loopback port and stopped by its process id. A peer
that is not installed raises Absent, and its rows are left out with that reason.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from netsuite.config.schema import SERVICES
from tests.servers import Absent as Absent
from tests.servers import free_port as free_port
from tests.servers import start_postfix

READY_SECONDS = 30.0
#: The services that speak first; when they do, the others listen too.
_GREETING = ("smtp", "imap", "pop3", "nntp", "ftp")


@dataclass(frozen=True, slots=True)
class Running:
    """A server under measurement: its name and version, port, and main process."""

    name: str
    port: int
    pid: int
    home: Path


def resident_octets(pid: int) -> int:
    """Return a process's resident memory that is its own."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def peak_octets(pid: int) -> int:
    """Return the most memory a process has had since ``forget_peak``."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def processor_seconds(pid: int) -> float:
    """Return the processor time a process has spent, in itself and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Begin anew to count the most memory a process has had."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def wait_for_port(
    port: int, process: subprocess.Popen[bytes] | None = None, *, asking: bytes = b""
) -> None:
    """Wait until something greets on a port, or answers what is asked there."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise Absent(f"it ended at once with exit code {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(5)
            s.sendall(asking)
            if s.recv(1):
                return
        time.sleep(0.05)
    raise Absent(f"nothing answered on port {port} in {READY_SECONDS:.0f} s")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Return a fresh folder, on the disk that TMPDIR names, that other users may enter."""
    path = Path(tempfile.mkdtemp(prefix="netsuite-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process we started: politely, then not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def netsuite(*settings: str) -> Iterator[dict[str, Running]]:
    """Run the composed daemon with the demo's accounts; by service name."""
    with folder() as home:
        ports = {name: free_port() for name in SERVICES if name != "submission"}
        command = [
            sys.executable, "-m", "twisted", "--log-file", str(home / "twisted.log"), "--log-level",
            "warn", "netsuite", "--demo", "--home", str(home),
        ]  # fmt: skip
        command += ["--set", "submission.enabled=false"]
        for name, port in ports.items():
            command += ["--set", f"{name}.listen=['tcp:{port}:interface=127.0.0.1:backlog=4096']"]
            command += ["--set", f"{name}.connections_per_address=20000"]
            command += ["--set", f"{name}.listen_tls=[]"]
        for setting in settings:
            command += ["--set", setting]
        process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL)
        try:
            for name in _GREETING:
                wait_for_port(ports[name], process)
            yield {
                name: Running("netsuite", port, process.pid, home) for name, port in ports.items()
            }
        finally:
            stop(process)
            log = (home / "twisted.log").read_text() if (home / "twisted.log").exists() else ""
            if "Traceback" in log:
                print(log[-4000:], file=sys.stderr)


@contextlib.contextmanager
def aiosmtpd() -> Iterator[Running]:
    """Run aiosmtpd with its Sink handler: it reads mail and stores nothing."""
    try:
        import aiosmtpd as package
    except ImportError:
        raise Absent("the package aiosmtpd is not installed") from None
    port = free_port()
    with folder() as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c",
             "aiosmtpd.handlers.Sink"],
            cwd=home,
        )  # fmt: skip
        try:
            wait_for_port(port, process)
            yield Running(f"aiosmtpd {package.__version__}", port, process.pid, home)
        finally:
            stop(process)


_POSTFIX_MAIN = """\
myhostname = bench.example.test
mydestination = example.test
local_recipient_maps =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
default_process_limit = 100
in_flow_delay = 0
maillog_file = /dev/null
maillog_file_prefixes = /var, /dev
"""

#: Accepted mail stays in the queue, as it would on a relay whose next hop is away: what is measured
#: is durable acceptance, and nothing else competes for the disk.
_POSTFIX_HOLDS = "smtpd_sender_restrictions = static:HOLD"
#: It goes on at once, over so many connections as ours does.
_POSTFIX_RELAYS = """\
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = {tls}
smtp_destination_concurrency_limit = {connections}
initial_destination_concurrency = {connections}"""


def postfix_relay(sink: int, *, tls: bool, connections: int) -> AbstractContextManager[Running]:
    """Run Postfix so that it sends all it takes on to a port."""
    level = "encrypt" if tls else "none"
    return postfix(_POSTFIX_RELAYS.format(sink=sink, tls=level, connections=connections))


@contextlib.contextmanager
def postfix(sending: str = _POSTFIX_HOLDS) -> Iterator[Running]:
    """Run Postfix's smtpd with its queue in a folder of ours; it must be started as root.

    Args:
        sending: lines of main.cf: what becomes of the mail.
    """
    port = free_port()
    with folder() as home:
        stop_it = start_postfix(home, port, _POSTFIX_MAIN + sending)
        try:
            version = subprocess.run(
                ["/usr/sbin/postconf", "-dh", "mail_version"], capture_output=True, text=True
            ).stdout.strip()
            wait_for_port(port)
            pid = int((home / "queue/pid/master.pid").read_text())
            yield Running(f"Postfix {version}", port, pid, home)
        finally:
            stop_it()


_DOVECOT = """\
protocols = imap pop3
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
mail_location = maildir:{home}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
first_valid_gid = 0
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password=netsuite
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextlib.contextmanager
def dovecot(messages: Iterator[bytes]) -> Iterator[tuple[Running, Running]]:
    """Run Dovecot's IMAP and POP3 over a Maildir that holds *messages*; it must be started as
    root."""
    binary = shutil.which("dovecot", path="/usr/sbin:/usr/bin")
    if not binary or not Path("/usr/lib/dovecot/imap").exists():
        raise Absent("Dovecot is not installed")
    if os.geteuid() != 0:
        raise Absent("Dovecot can only be started as root")
    port, pop3 = free_port(), free_port()
    owner = pwd.getpwnam("nobody")
    with folder() as home:
        for name in ("mail/cur", "mail/new", "mail/tmp", "run", "state"):
            (home / name).mkdir(parents=True)
        for number, octets in enumerate(messages):
            (home / f"mail/cur/{1_700_000_000 + number}.{number}.bench:2,S").write_bytes(octets)
        subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", home / "mail"], check=True)
        conf = home / "dovecot.conf"
        uid, gid = owner.pw_uid, owner.pw_gid
        conf.write_text(_DOVECOT.format(home=home, port=port, pop3=pop3, uid=uid, gid=gid))
        version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
        process = subprocess.Popen([binary, "-F", "-c", str(conf)])
        try:
            for each in (port, pop3):
                wait_for_port(each, process)
            name = f"Dovecot {version.split()[0]}"
            yield Running(name, port, process.pid, home), Running(name, pop3, process.pid, home)
        finally:
            stop(process)


@contextlib.contextmanager
def pymap(messages: Iterator[bytes]) -> Iterator[Running]:
    """Run pymap over a Maildir that holds *messages*; installed anywhere on the PATH, since what
    it needs is pinned apart from what we need."""
    binary = shutil.which("pymap")
    if not binary:
        raise Absent("pymap is not on the PATH")
    hashed = subprocess.run(
        [Path(binary).parent / "python", "-c",
         "from pysasl.hashing import BuiltinHash; print(BuiltinHash().hash('netsuite'))"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if hashed.returncode:
        raise Absent("the Python beside pymap cannot hash a password for it")
    port = free_port()
    with folder() as home:
        for name in ("alice/cur", "alice/new", "alice/tmp"):
            (home / name).mkdir(parents=True)
        for number, octets in enumerate(messages):
            (home / f"alice/cur/{1_700_000_000 + number}.{number}.bench:2,S").write_bytes(octets)
        (home / "pymap-etc-passwd").write_text("alice::1000:1000::alice:\n")
        (home / "pymap-etc-shadow").write_text(f"alice:{hashed.stdout.strip()}:::::::\n")
        (home / "pymap-etc-group").write_text("")
        version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
        process = subprocess.Popen(
            [binary, "--no-tls", "--host", "127.0.0.1", "--port", str(port),
             "maildir", str(home)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for_port(port, process)
            yield Running(version.strip(), port, process.pid, home)
        finally:
            stop(process)
