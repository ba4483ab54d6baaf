"""The examination by ``netsuite ftp check``: the passive ports, then the server as clients meet it.

It speaks with the standard library's client, so that it is another's word and not our own.
"""

from __future__ import annotations

import contextlib
import errno
import ftplib
import ipaddress
import selectors
import socket
import ssl
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netsuite.cli.diagnosis.findings import Finding, Level
from netsuite.cli.diagnosis.ports import (
    ANSWER_SECONDS,
    LOOPBACK,
    Place,
    judge_passive,
    own_ipv4,
    places,
    reason_against,
)
from netsuite.config.schema import Settings

#: With fewer passive ports than this, clients that make several connections at once wait.
FEW_PORTS: Final = 10
#: So many ports are named; of more it is told how many.
NAMED: Final = 5
#: Ports that are tried from outside, and of these at once.
TRIED: Final = 1_000
AT_ONCE: Final = 50
_KERNEL: Final = Path("/proc/sys/net/ipv4")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in to try."""

    name: str = "anonymous"
    password: str = "netsuite-ftp-check@"

    def __repr__(self) -> str:
        return f"Login({self.name!r}, ...)"


def examine(settings: Settings, login: Login, address: str | None = None) -> Iterator[Finding]:
    """Look at all of it.

    Args:
        address: where clients reach this host; None for what the settings or the DNS say.
    """
    ftp = settings.ftp
    if not ftp.enabled:
        yield Finding("fail", "settings", "the service is off", "ftp.enabled = true")
        return
    there = list(places(settings))
    own = [each for each in there if each.service == "ftp"]
    if ftp.passive_range is not None and ftp.passive:
        first, last = ftp.passive_range
        yield from judge_range(
            range(first, last + 1),
            taken=taken_ports(range(first, last + 1)),
            others={each.port: each.service for each in there},
            ephemeral=_kernel_range("ip_local_port_range"),
            reserved=_kernel_ranges("ip_local_reserved_ports"),
        )
    if not own:
        yield Finding("fail", "server", "no TCP port is named in ftp.listen", "see ftp.listen")
        return
    reached = False
    for place in own:
        for finding in _look_at_server(settings, place, login):
            reached = reached or finding.level == "ok"
            yield finding
    public = next((each for each in own if each.public and not each.tls), None)
    if reached and (public is not None or address) and ftp.passive:
        yield from _look_from_outside(settings, public or own[0], login, address)


# -- the passive ports ----------------------------------------------------------------------------


def taken_ports(ports: range) -> list[int]:
    """Return which ports somebody else listens on, or uses."""
    taken = []
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
                probe.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    taken.append(port)
    return taken


def _kernel_range(name: str) -> range:
    with contextlib.suppress(OSError, ValueError):
        first, last = (_KERNEL / name).read_text("ascii").split()
        return range(int(first), int(last) + 1)
    return range(0)


def _kernel_ranges(name: str) -> list[range]:
    found = []
    with contextlib.suppress(OSError, ValueError):
        for each in (_KERNEL / name).read_text("ascii").strip().split(","):
            first, _, last = each.partition("-")
            if first:
                found.append(range(int(first), int(last or first) + 1))
    return found


def judge_range(
    ports: range,
    *,
    taken: Sequence[int],
    others: Mapping[int, str],
    ephemeral: range,
    reserved: Collection[range],
) -> Iterator[Finding]:
    """Judge the range of passive ports.

    Args:
        taken: those that cannot be listened on by now.
        others: the ports that services are set to listen on.
        ephemeral: from where the kernel takes ports for connections of any program.
        reserved: what it leaves out of that.
    """
    said = f"{ports[0]}-{ports[-1]}"
    wrong = False
    services = sorted({f"{port} ({others[port]})" for port in ports if port in others})
    if services:
        wrong = True
        advice = "choose ports for ftp.passive_ports that nothing else is set to listen on"
        yield Finding("fail", "ports", f"{said} has {', '.join(services)} in it", advice)
    strangers = [port for port in taken if port not in others]
    if strangers:
        wrong = True
        advice = "see with `ss -tlnp` who listens there; transfers that run now hold some, too"
        level: Level = "fail" if len(strangers) == len(ports) else "warn"
        yield Finding(
            level, "ports", f"of {said}, {_some(strangers)} cannot be listened on", advice
        )
    if ports[0] < 1024:
        wrong = True
        advice = "choose ports from 1024 on for ftp.passive_ports"
        yield Finding("warn", "ports", f"{said}: only root may listen below 1024", advice)
    if any(port in ephemeral and not any(port in each for each in reserved) for port in ports):
        wrong = True
        advice = f"sysctl -w net.ipv4.ip_local_reserved_ports={said}"
        text = f"{said} lies where connections of any program take their ports from"
        yield Finding("warn", "ports", text, advice)
    if len(ports) < FEW_PORTS:
        wrong = True
        advice = "a transfer takes one while it begins; ftp.passive_ports with a hundred is usual"
        yield Finding("warn", "ports", f"{said} are {len(ports)} ports", advice)
    if not wrong:
        yield Finding("ok", "ports", f"{said} are free, {len(ports)} ports")


def unreachable(host: str, ports: Sequence[int], *, interface: str = "0.0.0.0") -> list[int]:
    """Listen on ports for a moment, and return those at which nobody who connects to a host comes
    to us. What is taken is left out; most are left to the server meanwhile.

    Args:
        host: an IPv4 address or a name.
        interface: our own address; all of them, unless told otherwise.
    """
    found = []
    at_once = max(1, min(AT_ONCE, len(ports) // 4))
    for start in range(0, len(ports), at_once):
        found += _unreachable(host, ports[start : start + at_once], interface)
    return found


def _unreachable(host: str, ports: Sequence[int], interface: str) -> list[int]:
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        listening: dict[int, socket.socket] = {}
        for port in ports:
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                listener.bind((interface, port))
                listener.listen()
                listener.setblocking(False)
                listening[port] = listener
        for port, listener in listening.items():
            selector.register(listener, selectors.EVENT_READ, port)
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex((host, port))
        missing = set(listening)
        deadline = time.monotonic() + ANSWER_SECONDS
        while missing and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                missing.discard(key.data)
                selector.unregister(key.fileobj)
        return sorted(missing)


def judge_unreachable(host: str, ports: Sequence[int], missing: Sequence[int]) -> Finding:
    """Judge which passive ports nobody can come to.

    Args:
        ports: that were tried.
    """
    said = f"{ports[0]}-{ports[-1]}"
    if not missing:
        return Finding("ok", "ports", f"who comes to {host} reaches {said}")
    if len(missing) == len(ports):
        text = f"who comes to {host} reaches none of {said}"
    else:
        text = f"who comes to {host} does not reach {_some(missing)}"
    advice = f"let {said} through the firewall, and forward them on the router to this host"
    return Finding("fail", "ports", text, advice)


def _some(ports: Sequence[int]) -> str:
    """Return ports in words; of many, some."""
    more = f" and {len(ports) - NAMED} more" if len(ports) > NAMED else ""
    return ", ".join(map(str, ports[:NAMED])) + more


# -- the server -----------------------------------------------------------------------------------


class _TLSClient(ftplib.FTP_TLS):
    """A client whose data connections resume the session of its control connection, or do not."""

    resumes = True

    def connect_under_tls(self, host: str, port: int) -> None:
        """Connect where TLS comes first, and be greeted."""
        self.host, self.port, self.timeout = host, port, ANSWER_SECONDS
        plain = socket.create_connection((host, port), ANSWER_SECONDS)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        """Begin a transfer; return its connection."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if self.resumes and self.sock else None  # type: ignore[attr-defined]
        return self.context.wrap_socket(connection, session=session), size


def _trusting() -> ssl.SSLContext:
    """Return what TLS is begun with: whose the certificate is, `netsuite doctor` looks at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def _connected(host: str, place: Place, *, tls: bool) -> Iterator[ftplib.FTP]:
    """Return a client that has been greeted, under TLS if that is wanted. Raises OSError,
    ftplib.Error, EOFError."""
    client = _TLSClient(context=_trusting()) if tls else ftplib.FTP()
    with contextlib.closing(client):
        if isinstance(client, _TLSClient) and place.tls:
            client.connect_under_tls(host, place.port)
        else:
            client.connect(host, place.port, ANSWER_SECONDS)
            if isinstance(client, _TLSClient):
                client.auth()
        yield client


_TROUBLE: Final = (OSError, ftplib.Error, EOFError)


def _look_at_server(settings: Settings, place: Place, login: Login) -> Iterator[Finding]:
    """Connect to a port, log in, and list a directory in each way there is."""
    host = LOOPBACK.get(place.interface, place.interface)
    where = f"{host}:{place.port}{' (TLS)' if place.tls else ''}"
    has_tls = place.tls or settings.tls.enabled
    try:
        with _connected(host, place, tls=place.tls) as client:
            welcome = (client.welcome or "").partition("\n")[0]
    except _TROUBLE as error:
        advice = "start the daemon, or see `netsuite status` and `netsuite doctor`"
        yield Finding("fail", "server", f"nobody serves at {where}: {reason(error)}", advice)
        return
    yield Finding("ok", "server", f"{where} says {welcome}")
    if not place.tls and not settings.ftp.require_tls:
        yield from _try_listings(settings, host, place, login, tls=False)
    if has_tls:
        yield from _try_listings(settings, host, place, login, tls=True)
    elif place.public:
        advice = "tls.enabled = true, and a certificate (netsuite certificate --help)"
        yield Finding("warn", "tls", f"{where} has no TLS: passwords can be read", advice)


def _try_listings(
    settings: Settings, host: str, place: Place, login: Login, *, tls: bool
) -> Iterator[Finding]:
    """Log in; list by EPSV and PASV, and under TLS with its session resumed and not."""
    way = "under TLS" if tls else "in the clear"
    try:
        with _connected(host, place, tls=tls) as client:
            client.login(login.name, login.password)
            if isinstance(client, ftplib.FTP_TLS):
                client.prot_p()
            ways = ["EPSV"] if ":" in host else ["EPSV", "PASV"]
            if settings.ftp.passive:
                for each in ways:
                    yield _listed(client, each, way)
            if isinstance(client, _TLSClient) and settings.ftp.passive:
                yield _without_resumption(client, required=settings.ftp.require_session_reuse)
    except ftplib.error_perm as error:
        level: Level = "warn" if login == Login() else "fail"
        advice = "try as an account: netsuite ftp check --user NAME"
        text = f"{login.name} cannot log in {way}: {reason(error)}"
        yield Finding(level, "login", text, advice if login == Login() else "")
    except _TROUBLE as error:
        advice = "see `netsuite log`"
        yield Finding("fail", "server", f"{way} it goes wrong: {reason(error)}", advice)


def _listed(client: ftplib.FTP, command: str, way: str) -> Finding:
    """List the root, over a port that EPSV or PASV names."""
    if command == "PASV":
        client.af = socket.AF_INET
        # which its types have forgotten
        setattr(client, "trust_server_pasv_ipv4_address", True)  # noqa: B010
    elif not isinstance(client.sock, socket.socket) or client.af == socket.AF_INET:
        # The standard library's client says EPSV only where IPv6 is spoken.
        client.makepasv = lambda: ftplib.parse229(  # type: ignore[method-assign]
            client.sendcmd("EPSV"), client.sock.getpeername() if client.sock else ("", 0)
        )
    try:
        names = client.nlst()
    except _TROUBLE as error:
        return Finding("fail", "data", f"no listing {way} by {command}: {reason(error)}", ADVICE)
    finally:
        vars(client).pop("makepasv", None)
    return Finding("ok", "data", f"a listing of {len(names)} names {way} by {command}")


ADVICE: Final = (
    "let ftp.passive_ports through the firewall; see which the daemon listens on in `netsuite log`"
)


def _without_resumption(client: _TLSClient, *, required: bool) -> Finding:
    """See what becomes of a data connection that does not resume its session."""
    client.resumes = False
    try:
        client.nlst()
    except _TROUBLE as error:
        if required:
            text = "sessions are resumed, and a data connection that does not is refused"
            return Finding("ok", "tls", text)
        return Finding("fail", "tls", f"without its session resumed: {reason(error)}", ADVICE)
    finally:
        client.resumes = True
    if required:
        text = "a data connection was taken that resumes no session"
        return Finding("fail", "tls", text, "restart the daemon: ftp.require_session_reuse is on")
    text = "a data connection need not resume its session; who is quicker can take its place"
    return Finding("warn", "tls", text, "ftp.require_session_reuse = true, if all clients can")


# -- from outside ---------------------------------------------------------------------------------


def _look_from_outside(
    settings: Settings, place: Place, login: Login, address: str | None
) -> Iterator[Finding]:
    """Look at the address that clients come to, as far as that can be seen from here."""
    ftp = settings.ftp
    named = _resolved(settings.site.hostname)
    if place.public:
        public = [each for each in named if not ipaddress.ip_address(each).is_loopback]
        yield judge_passive(ftp.passive_ports, ftp.masquerade_address, public, own_ipv4())
    host = address or ftp.masquerade_address or next(iter(named), "")
    if not host:
        return
    why = reason_against(host, place.port)
    if why:
        advice = (
            f"let {place.port} and {ftp.passive_ports or 'all ports'} through the firewall, and "
            "forward them on the router; try from outside: many do not answer from inside"
        )
        text = f"from here, {host} does not answer on {place.port}: {why.lower()}"
        yield Finding("warn", "address", text, advice)
        return
    if ftp.passive_range is not None:
        first, last = ftp.passive_range
        tried = range(first, last + 1)[:TRIED]
        yield judge_unreachable(host, tried, unreachable(host, tried))
    tls = settings.tls.enabled
    try:
        with _connected(host, place, tls=tls) as client:
            client.login(login.name, login.password)
            if isinstance(client, ftplib.FTP_TLS):
                client.prot_p()
            told, port = ftplib.parse227(client.sendcmd("PASV"))
            yield judge_told(told, host, _resolved(host), why=reason_against(told, port))
    except _TROUBLE as error:
        yield Finding("warn", "address", f"at {host}: {reason(error)}", "")


def _resolved(host: str) -> list[str]:
    """Return a host's IPv4 addresses."""
    with contextlib.suppress(OSError):
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
        return list(dict.fromkeys(str(each[4][0]) for each in found))
    return []


def judge_told(told: str, host: str, addresses: Sequence[str], *, why: str) -> Finding:
    """Judge the address that PASV has told.

    Args:
        host: where the client has come to.
        addresses: its addresses.
        why: nobody could connect to the port that was told; empty: somebody could.
    """
    if why:
        advice = "let the ports of ftp.passive_ports through the firewall, and forward them"
        return Finding("fail", "address", f"PASV tells {told}, and there {why.lower()}", advice)
    if told not in addresses:
        advice = f'ftp.masquerade_address = "{next(iter(addresses), host)}"'
        text = f"who comes to {host} is told {told} by PASV"
        return Finding("warn", "address", text, advice)
    return Finding("ok", "address", f"who comes to {host} is told {told} by PASV, and reaches it")


def reason(error: BaseException) -> str:
    """Return in words why something went wrong."""
    if isinstance(error, EOFError):
        return "the connection was closed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).partition("\n")[0] or type(error).__name__
