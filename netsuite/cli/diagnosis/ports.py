"""The ports: free or taken, by whom, and whether they answer at every address."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.cli.diagnosis.findings import Finding
from netsuite.config.endpoints import listening_address, socket_path
from netsuite.config.schema import SERVICES, Settings
from netsuite.connection.settings import ServiceSettings

#: How long an address may take to answer.
ANSWER_SECONDS: Final = 3.0
_LISTENING: Final = "0A"
#: By what stands for all addresses, the one that leads here.
LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Place:
    """A TCP port that settings name.

    Args:
        interface: the address; 0.0.0.0 or :: for all.
        tls: whether TLS comes first.
    """

    service: str
    interface: str
    port: int
    tls: bool = False

    @property
    def everywhere(self) -> bool:
        """Return whether it is at all addresses."""
        return self.interface in LOOPBACK

    @property
    def public(self) -> bool:
        """Return whether other machines are to reach it."""
        with contextlib.suppress(ValueError):  # with a zone, it is of a network
            return not ipaddress.ip_address(self.interface).is_loopback
        return True


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who listens on a port.

    Args:
        inode: of the socket.
    """

    port: int
    inode: int


def places(settings: Settings) -> Iterator[Place]:
    """Return the TCP ports of the services that are enabled."""
    for name in SERVICES:
        section: ServiceSettings = vars(settings)[name]
        for tls, endpoints in ((False, section.listen), (True, section.listen_tls)):
            for each in endpoints if section.enabled else ():
                found = listening_address(each, Path())
                if isinstance(found, tuple) and found[1]:
                    yield Place(name, *found, tls=tls)


def daemon_of(settings: Settings, home: Path) -> int | None:
    """Return the number of the process that holds one of the home's Unix sockets, that is the
    daemon's; None where none does."""
    sockets = [home / settings.control.socket] if settings.control.enabled else []
    for name in SERVICES:
        section: ServiceSettings = vars(settings)[name]
        sockets += [path for each in section.listen if (path := socket_path(each, home))]
    for path in sockets:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(ANSWER_SECONDS)
            probe.connect(os.fspath(path))
            size = struct.calcsize("3i")
            pid, _, _ = struct.unpack(
                "3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
            )
            return int(pid)
    return None


# -- who listens ---------------------------------------------------------------------------------


def read_listeners(table: str) -> Iterator[Listener]:
    """Return who listens by ``/proc/net/tcp`` or ``tcp6`` (proc(5))."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTENING:
            with contextlib.suppress(ValueError):
                yield Listener(int(fields[1].rpartition(":")[2], 16), int(fields[9]))


def listeners() -> list[Listener]:
    """Return who listens on this machine."""
    found: list[Listener] = []
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            found += read_listeners(Path("/proc/net", name).read_text("ascii", "replace"))
    return found


def owners(inodes: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """Return by socket the numbers and names of the processes that hold it, as far as this user
    may see that."""
    found: dict[int, list[tuple[int, str]]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for each in os.scandir(process / "fd"):
                with contextlib.suppress(OSError):
                    kind, _, inode = os.readlink(each.path).partition(":")
                    if kind == "socket" and int(inode.strip("[]")) in inodes:
                        name = (process / "comm").read_text("utf-8", "replace").strip()
                        found.setdefault(int(inode.strip("[]")), []).append(
                            (int(process.name), name)
                        )
    return found


def look_at_ports(settings: Settings, pid: int | None) -> Iterator[Finding]:
    """Look who listens where the settings say.

    Args:
        pid: of the daemon; None where it does not run.
    """
    there = listeners()
    wanted = list(places(settings))
    ports = {place.port for place in wanted}
    held = owners({each.inode for each in there if each.port in ports})
    family = daemon_family(pid)
    for place in wanted:
        holders = [each for each in there if each.port == place.port]
        by = [one for each in holders for one in held.get(each.inode, ())]
        yield judge_port(place, taken=bool(holders), by=by, family=family, runs=pid is not None)


def daemon_family(pid: int | None) -> frozenset[int]:
    """Return the numbers of the daemon, its workers, and systemd, which may hold its ports."""
    if pid is None:
        return frozenset({1})
    found = {1, pid, _parent(pid)}
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        found |= {int(each) for each in children}
    return frozenset(found)


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        return int(text.rpartition(")")[2].split()[1])
    return pid


def judge_port(
    place: Place,
    *,
    taken: bool,
    by: Sequence[tuple[int, str]],
    family: Collection[int],
    runs: bool,
) -> Finding:
    """Judge a port.

    Args:
        by: who holds it, as far as that can be seen.
        family: processes of the daemon.
        runs: whether the daemon does.
    """
    key = f"{place.service}.{'listen_tls' if place.tls else 'listen'}"
    said = f"{place.port} ({place.service}{', TLS' if place.tls else ''})"
    strangers = [each for each in by if each[0] not in family]
    if by and len(strangers) == len(by):
        number, name = strangers[0]
        advice = f"stop {name}, or change {key}"
        return Finding("fail", "ports", f"{said} is taken by {name} (process {number})", advice)
    if taken and not by and not runs:
        advice = f"look as root who it is, stop it, or change {key}"
        return Finding("fail", "ports", f"{said} is taken by somebody", advice)
    if taken:
        return Finding("ok", "ports", f"{said} is open")
    if runs:
        advice = f"look into the log; restart the daemon if {key} was changed since its start"
        return Finding("fail", "ports", f"the daemon runs and does not listen on {said}", advice)
    return Finding("ok", "ports", f"{said} is free; the daemon does not run")


# -- whether it answers --------------------------------------------------------------------------


def look_at_reach(settings: Settings, addresses: Sequence[str]) -> Iterator[Finding]:
    """Look whether what is open to everybody answers at each address that the DNS names.

    Args:
        addresses: of this host.
    """
    open_to_all = {each.port: each for each in places(settings) if each.everywhere}
    for address in addresses:
        silent = {
            port: why for port in sorted(open_to_all) if (why := reason_against(address, port))
        }
        yield judge_reach(address, len(open_to_all), silent)


def reason_against(address: str, port: int) -> str:
    """Return why a port cannot be reached; empty where it can."""
    try:
        socket.create_connection((address, port), ANSWER_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error) or "it does not answer"
    return ""


def judge_reach(address: str, wanted: int, silent: Mapping[int, str]) -> Finding:
    """Judge how many ports of an address answer."""
    if not silent:
        return Finding("ok", "reach", f"all {wanted} public ports answer at {address}")
    ports = ", ".join(str(port) for port in silent)
    reason = next(iter(silent.values())).lower()
    return Finding(
        "warn",
        "reach",
        f"from here, {address} does not answer on {ports}: {reason}",
        "let them through in the firewall (docs/howto/install.rst); behind a router, forward them, "
        "and try from outside: many routers do not answer from inside",
    )


# -- FTP's data connections ----------------------------------------------------------------------


def look_at_passive(settings: Settings, addresses: Sequence[str]) -> Iterator[Finding]:
    """Look whether clients of FTP will find the ports of its data connections.

    Args:
        addresses: of this host, as the DNS has them.
    """
    ftp = settings.ftp
    public = [each for each in places(settings) if each.service == "ftp" and each.public]
    if not public or not ftp.passive:
        return
    public_ipv4 = [each for each in addresses if ":" not in each]
    yield judge_passive(ftp.passive_ports, ftp.masquerade_address, public_ipv4, own_ipv4())


def own_ipv4() -> str:
    """Return this machine's IPv4 address on its way out; empty where it has none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the kernel chooses its address
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def judge_passive(ports: str, masquerade: str, public: Sequence[str], own: str) -> Finding:
    """Judge where PASV sends clients.

    Args:
        ports: ``ftp.passive_ports``.
        masquerade: ``ftp.masquerade_address``.
        public: this host's IPv4 addresses by the DNS.
        own: that of its way out.
    """
    if not ports:
        advice = 'ftp.passive_ports = "50000-50100", and let these through the firewall'
        return Finding("warn", "ftp", "data connections come on any port there is", advice)
    told = masquerade or own
    if public and told not in public:
        advice = f'ftp.masquerade_address = "{public[0]}"'
        return Finding("fail", "ftp", f"PASV tells clients {told}, and the DNS {public[0]}", advice)
    if told and not public and ipaddress.ip_address(told).is_private:
        advice = "ftp.masquerade_address = the address that clients reach this host by"
        return Finding("warn", "ftp", f"PASV tells clients {told}, a private address", advice)
    return Finding("ok", "ftp", f"PASV tells clients {told or 'its own address'}, ports {ports}")
