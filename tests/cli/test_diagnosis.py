"""What the doctor says of a machine, a disk, ports, names, certificates and mail: every case."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from netsuite.certificates import Pair, make_self_signed, self_signed
from netsuite.cli.diagnosis import certificates, disk, machine, mail, names, ports
from netsuite.cli.diagnosis.disk import Room
from netsuite.cli.diagnosis.findings import Finding, worst
from netsuite.cli.diagnosis.ports import Place
from netsuite.config.schema import Settings
from netsuite.dns import Answer, LookupFailed
from netsuite.smtp.records import Found, Published
from netsuite.testing.cases import TestCase
from netsuite.testing.names import FakeDNS, Name

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
GIB = 1024**3


def levels(findings: Iterable[Finding]) -> list[str]:
    return [each.level for each in findings]


def judged(finding: Finding, level: str, *words: str) -> None:
    """Check a finding: its level, words of it, and that whatever is not ok has advice."""
    assert finding.level == level, finding
    for word in words:
        assert word in f"{finding.text} -> {finding.advice}", finding
    assert bool(finding.advice) is (level != "ok"), finding


# -- findings ------------------------------------------------------------------------------------


def test_worst() -> None:
    """The worst of all counts; nothing is nothing wrong."""
    found = [Finding(level, "x", "y") for level in ("ok", "fail", "warn")]
    assert worst(found) == "fail"
    assert worst([]) == "ok"


def test_no_terminal_obeys_a_stranger() -> None:
    """What strangers have said is printed without what a terminal would obey."""
    (line, advice) = Finding("warn", "dns", "\x1b[2Jx\ny", "\x07z").lines()
    assert line.endswith("?[2Jx?y")
    assert advice.endswith("-> ?z")


# -- the machine ---------------------------------------------------------------------------------


def test_versions() -> None:
    """Versions that are too old fail; a SQLite with a known fault is told of."""
    judged(machine.judge_python((3, 11, 0)), "ok")
    judged(machine.judge_python((3, 10, 9)), "fail", "3.11")
    judged(machine.judge_sqlite((3, 33, 0)), "fail", "3.34")
    for version, told in [
        ((3, 40, 1), True), ((3, 44, 6), False), ((3, 50, 6), True), ((3, 50, 7), False),
        ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 0), False),
    ]:  # fmt: skip
        assert ("WAL" in machine.judge_sqlite(version).text) is told, version


@pytest.mark.parametrize(
    ("soft", "hard", "level", "word"),
    [
        (65_536, 65_536, "ok", "65,536"),
        (-1, -1, "ok", "any number"),
        (1024, -1, "warn", "ulimit -n"),
        (1024, 1024, "warn", "root has to raise"),
    ],
)
def test_descriptors(soft: int, hard: int, level: str, word: str) -> None:
    """Few descriptors are few connections."""
    judged(machine.judge_descriptors(soft, hard, of_daemon=True), level, word, "the daemon")


def test_limits_of_another_process() -> None:
    """The limits of the daemon are looked at, where it runs; else those of this process."""
    assert machine.descriptor_limits(os.getpid()) == machine.descriptor_limits(None)
    assert machine.descriptor_limits(2**22 + 1) == machine.descriptor_limits(None)


def test_memory() -> None:
    """A machine with little memory is told of hashing."""
    judged(machine.judge_memory(256 * 1024**2), "warn", "256 MiB", "hash_threads")
    judged(machine.judge_memory(4 * GIB), "ok")


def test_clock() -> None:
    """A clock that nobody sets, and one that is behind what was written."""
    judged(machine.judge_synchronized(True), "ok")
    judged(machine.judge_synchronized(None), "ok", "nobody says")
    judged(machine.judge_synchronized(False), "warn", "chrony")
    judged(machine.judge_time(1000.0, 1059.0), "ok")
    judged(machine.judge_time(1000.0, 4600.0), "fail", "3,600 seconds")
    assert machine.is_synchronized() in (True, False, None)


def test_newest_change(tmp_path: Path) -> None:
    """The newest file of a home counts; of none there is none."""
    assert machine.newest_change(tmp_path / "nowhere") == 0.0
    for name, moment in (("old", 5.0), ("new", 9.0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (moment, moment))
    assert machine.newest_change(tmp_path) == 9.0


def test_encodings() -> None:
    """Names that are not UTF-8 fail, a terminal that is not is told of."""
    judged(machine.judge_encoding("utf-8", "UTF-8"), "ok")
    judged(machine.judge_encoding("utf-8", "ANSI_X3.4-1968"), "warn", "C.UTF-8")
    judged(machine.judge_encoding("ascii", "UTF-8"), "fail", "ascii")


def test_ipv6() -> None:
    """A machine without IPv6 is not to be published with it."""
    judged(machine.judge_ipv6(True), "ok")
    judged(machine.judge_ipv6(False), "ok", "AAAA")


def test_a_whole_machine(tmp_path: Path) -> None:
    """This machine can be looked at."""
    found = list(machine.look_at_machine(tmp_path, os.getpid()))
    assert {"python", "sqlite", "limits", "memory", "clock", "ipv6", "locale"} == {
        each.about for each in found
    }


# -- the disk ------------------------------------------------------------------------------------

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:30 / /srv/my\\040mail rw,relatime - nfs4 host:/mail rw,vers=4.2
24 22 0:31 / /srv ro,nosuid - xfs /dev/vdb ro
25 24 0:32 / /srv rw - btrfs /dev/vdc rw
bad line
"""


@pytest.mark.parametrize(
    ("path", "kind", "options"),
    [
        ("/var/lib/netsuite", "ext4", "rw,relatime"),
        ("/srv/my mail/home", "nfs4", "rw,relatime"),
        ("/srv/my", "btrfs", "rw"),
        ("/srvices", "ext4", "rw,relatime"),
    ],
)
def test_file_system(path: str, kind: str, options: str) -> None:
    """The deepest mount above a path is its file system, the later one of two in one place."""
    assert disk.file_system(Path(path), MOUNTS) == (kind, options)
    assert disk.file_system(Path(path), "") == ("unknown", "")


@pytest.mark.parametrize(
    ("kind", "options", "sqlite", "level"),
    [
        ("ext4", "rw", True, "ok"),
        ("ext4", "noatime,ro", True, "fail"),
        ("nfs4", "rw", True, "fail"),
        ("nfs4", "rw", False, "ok"),
        ("cifs", "rw", True, "fail"),
        ("fuse.sshfs", "rw", True, "fail"),
        ("tmpfs", "rw", True, "warn"),
        ("ext4", "errors=remount-ro,rw", True, "ok"),
    ],
)
def test_kinds_of_disks(kind: str, options: str, sqlite: bool, level: str) -> None:
    """SQLite is kept off the disks of other machines; PostgreSQL's homes may be there."""
    judged(disk.judge_file_system(kind, options, sqlite=sqlite), level, kind)


@pytest.mark.parametrize(
    ("room", "level"),
    [
        (Room(50 * GIB, 100 * GIB, 10**6, 10**7), "ok"),
        (Room(4 * GIB, 100 * GIB, 10**6, 10**7), "warn"),
        (Room(GIB // 2, 2 * GIB, 10**6, 10**7), "warn"),
        (Room(GIB // 100, 2 * GIB, 10**6, 10**7), "fail"),
        (Room(50 * GIB, 100 * GIB, 12, 10**7), "fail"),
        (Room(50 * GIB, 100 * GIB, 0, 0), "ok"),  # a file system without inodes to count
    ],
)
def test_room(room: Room, level: str) -> None:
    """Little room is told of before mail is put off."""
    judged(disk.judge_room(room), level)


@pytest.mark.parametrize(
    ("mode", "owner", "us", "level"),
    [
        (0o700, 4711, 0, "ok"),
        (0o700, 4711, 4711, "ok"),
        (0o700, 4711, 4712, "warn"),
        (0o700, 0, 0, "warn"),
        (0o755, 4711, 0, "warn"),
        (0o770, 4711, 0, "fail"),
        (0o702, 4711, 0, "fail"),
    ],
)
def test_owner(tmp_path: Path, mode: int, owner: int, us: int, level: str) -> None:
    """A home is a user's own, and nobody else looks into it."""
    tmp_path.chmod(mode)
    judged(disk.judge_owner(tmp_path, owner, us), level)
    tmp_path.chmod(0o700)


def _status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, owner, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("name", "mode", "owner", "found"),
    [
        ("secret", 0o600, 4711, []),
        ("secret", 0o640, 4711, ["fail"]),
        ("netsuite.db", 0o600, 0, ["fail"]),
        ("netsuite.db-wal", 0o644, 0, ["fail", "fail"]),
        ("netsuite.toml", 0o640, 0, []),
        ("netsuite.toml", 0o644, 4711, ["warn"]),
        ("netsuite.toml", 0o640, 4712, ["fail"]),
    ],
)
def test_private(tmp_path: Path, name: str, mode: int, owner: int, found: list[str]) -> None:
    """What is secret is the owner's, and nobody else reads it."""
    assert levels(disk.judge_private(tmp_path / name, _status(mode, owner), 4711)) == found


def test_a_whole_home(tmp_path: Path) -> None:
    """Secrets are found where they are: also keys, and not the chains beside them."""
    tmp_path.chmod(0o700)
    for name in ("secret", "netsuite.toml", "tls/x/fullchain.pem", "tls/x/privkey.pem",
                 "dkim/example.org.s.pem"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
    assert {path.name for path in disk.private_files(tmp_path)} == {
        "secret", "netsuite.toml", "privkey.pem", "example.org.s.pem",
    }  # fmt: skip
    assert not any(each.about == "files" and each.level != "ok"
                   for each in disk.look_at_home(tmp_path, sqlite=True))  # fmt: skip
    (tmp_path / "tls/x/privkey.pem").chmod(0o644)
    wrong = [each for each in disk.look_at_home(tmp_path, sqlite=True) if each.about == "files"]
    (finding,) = wrong
    judged(finding, "fail", "privkey.pem", "chmod 600")


def test_backups(tmp_path: Path) -> None:
    """Where there is none, or an old one, or one that cannot be read; or nobody knows."""
    judged(disk.look_at_backups(None, NOW), "warn", "--backups")
    judged(disk.look_at_backups(tmp_path, NOW), "fail", "there is none")
    judged(disk.judge_backup(tmp_path, NOW - timedelta(hours=30), NOW), "ok", "1.2 days")
    judged(disk.judge_backup(tmp_path, NOW - timedelta(days=30), NOW), "warn", "30.0 days")
    (tmp_path / "20261129T000000Z").mkdir()
    (tmp_path / "20261129T000000Z/manifest.json").write_text("{")
    judged(disk.look_at_backups(tmp_path, NOW), "fail")


# -- ports ---------------------------------------------------------------------------------------

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17225 1 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 17226 1 0
   2: 00000000000000000000000000000000:008F 0:0000 0A 0:0 0:0 0 0 0 9 1
   3: half a line
"""
SMTP = Place("smtp", "::", 25)


def test_listeners() -> None:
    """Those of the kernel's table who listen, by IPv4 and IPv6."""
    found = [(each.port, each.inode) for each in ports.read_listeners(TABLE)]
    assert found == [(25, 17225), (143, 9)]


@pytest.mark.parametrize(
    ("taken", "by", "runs", "level", "word"),
    [
        (False, [], False, "ok", "free"),
        (False, [], True, "fail", "does not listen"),
        (True, [(7, "twistd")], True, "ok", "open"),
        (True, [(1, "systemd")], False, "ok", "open"),
        (True, [(1, "systemd"), (7, "twistd")], True, "ok", "open"),
        (True, [(812, "master")], True, "fail", "master (process 812)"),
        (True, [(812, "master")], False, "fail", "stop master"),
        (True, [], True, "ok", "open"),  # whose it is, only root could see
        (True, [], False, "fail", "look as root"),
    ],
)
def test_port(
    taken: bool, by: Sequence[tuple[int, str]], runs: bool, level: str, word: str
) -> None:
    """Free, ours, or somebody else's."""
    found = ports.judge_port(SMTP, taken=taken, by=by, family={1, 7}, runs=runs)
    judged(found, level, word, "25 (smtp)")


def test_own_ports() -> None:
    """A port that this very process holds is seen, and whose it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = f"tcp:{port}:interface=127.0.0.1"
        settings = Settings.model_validate(
            {**{name: {"enabled": False} for name in ("submission", "imap", "pop3", "nntp", "ftp",
                "http", "telnet", "gopher", "lmtp", "console", "managesieve")},
             "smtp": {"listen": [text, "unix:x.sock", "tcp:0"]}}
        )  # fmt: skip
        (place,) = ports.places(settings)
        assert place == Place("smtp", "127.0.0.1", port)
        assert not place.public
        (mine,) = ports.look_at_ports(settings, os.getpid())
        judged(mine, "ok", "open")
        (stranger,) = ports.look_at_ports(settings, None)
        judged(stranger, "fail", f"process {os.getpid()}")
    (gone,) = ports.look_at_ports(settings, None)
    judged(gone, "ok", "free")


def test_daemon_is_known_by_its_socket(tmp_path: Path) -> None:
    """Whoever listens on a socket of the home is the daemon; a dead socket is nobody."""
    settings = Settings()
    path = tmp_path / settings.control.socket
    assert ports.daemon_of(settings, tmp_path) is None
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.fspath(path))
    assert ports.daemon_of(settings, tmp_path) is None
    server.listen()
    assert ports.daemon_of(settings, tmp_path) == os.getpid()
    assert {1, os.getpid(), os.getppid()} <= ports.daemon_family(os.getpid())
    server.close()


def test_reach() -> None:
    """Which ports of an address do not answer, and what may be done."""
    judged(ports.judge_reach("192.0.2.1", 7, {}), "ok", "all 7")
    judged(ports.judge_reach("192.0.2.1", 7, {25: "timed out", 465: "x"}), "warn", "25, 465")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.reason_against("127.0.0.1", port) == ""
    assert "refused" in ports.reason_against("127.0.0.1", port)


@pytest.mark.parametrize(
    ("range_", "masquerade", "public", "own", "level", "word"),
    [
        ("50000-50100", "", ["203.0.113.5"], "203.0.113.5", "ok", "50000-50100"),
        ("50000-50100", "203.0.113.5", ["203.0.113.5"], "10.0.0.5", "ok", "203.0.113.5"),
        ("", "", ["203.0.113.5"], "203.0.113.5", "warn", "passive_ports"),
        ("50000-50100", "", ["203.0.113.5"], "10.0.0.5", "fail", 'masquerade_address = "203'),
        ("50000-50100", "203.0.113.6", ["203.0.113.5"], "10.0.0.5", "fail", "203.0.113.6"),
        ("50000-50100", "", [], "10.0.0.5", "warn", "private"),
        ("50000-50100", "", [], "", "ok", "its own address"),
    ],
)
def test_passive(
    range_: str, masquerade: str, public: list[str], own: str, level: str, word: str
) -> None:
    """Where PASV sends clients: to the address that they reach this host by."""
    judged(ports.judge_passive(range_, masquerade, public, own), level, word)


def test_passive_where_it_matters() -> None:
    """FTP that others cannot reach, or without PASV, is left in peace."""
    assert list(ports.look_at_passive(Settings(), [])) == []
    for ftp, count in (
        ({"listen": ["tcp:21"]}, 1),
        ({"listen": ["tcp:21"], "passive": False}, 0),
        ({"listen": ["tcp:21"], "enabled": False}, 0),
    ):
        settings = Settings.model_validate({"ftp": {**ftp, "listen_tls": []}})
        assert len(list(ports.look_at_passive(settings, []))) == count


# -- names ---------------------------------------------------------------------------------------


async def _all(found: AsyncIterator[Finding]) -> list[Finding]:
    return [each async for each in found]


class Names(TestCase):
    """The DNS, as it is told."""

    HOST = "mail.example.org"

    async def test_addresses(self) -> None:
        """A host without an address, with one that nobody reaches, with a public one."""
        for addresses, level, word in [
            ((), "fail", "publish"),
            (("10.0.0.5",), "warn", "10.0.0.5"),
            (("8.8.8.8",), "ok", "8.8.8.8"),
            (("8.8.8.8", "fe80::1"), "warn", "fe80::1"),
        ]:
            dns = FakeDNS({self.HOST: Name(addresses=addresses)})
            found, finding = await names.addresses_of(dns, self.HOST)
            self.assertEqual(sorted(addresses), sorted(found or ()))
            judged(finding, level, word)

    async def test_nobody_answers(self) -> None:
        """A name server that fails is no host without an address."""
        dns = FakeDNS({self.HOST: Name(failing=True)})
        found, finding = await names.addresses_of(dns, self.HOST)
        self.assertIsNone(found)
        judged(finding, "fail", "cannot be looked up", "resolver")
        found, finding = await names.addresses_of(FakeDNS({}), self.HOST)
        self.assertEqual([], list(found or ()))
        judged(finding, "fail", "has no address")

    async def test_reverse(self) -> None:
        """Each address leads back to the name, or mail is refused."""
        dns = FakeDNS(
            {
                "5.2.0.192.in-addr.arpa": Name(ptr=["Mail.Example.org."]),
                "6.2.0.192.in-addr.arpa": Name(ptr=["host6.isp.example"]),
            }
        )
        addresses = [f"192.0.2.{number}" for number in (5, 6, 7)]
        found = await _all(names.look_at_reverse(dns, self.HOST, addresses))
        self.assertEqual(["ok", "fail", "fail"], levels(found))
        judged(found[1], "fail", "host6.isp.example", "PTR")
        judged(found[2], "fail", "without a name")
        (unknown,) = await _all(names.look_at_reverse(_Failing(), self.HOST, ["192.0.2.5"]))
        judged(unknown, "warn", "cannot be looked up")


class _Failing(FakeDNS):
    async def ptr(self, address: str) -> Answer[str]:
        raise LookupFailed(address)


@pytest.mark.parametrize(
    ("host", "level"),
    [
        ("mail.example.org", "ok"), ("localhost", "fail"), ("mail", "fail"),
        ("mail.example.test", "fail"), ("x.example", "fail"), ("a.localhost", "fail"),
        ("latest", "fail"), ("mail.latest", "ok"),
    ],
)  # fmt: skip
def test_hostname(host: str, level: str) -> None:
    """A name that nobody can have is no name of a mail host."""
    judged(names.judge_hostname(host), level, host)


@pytest.mark.parametrize(
    ("name", "state", "level"),
    [
        ("example.org", "there", "ok"), ("example.org", "missing", "fail"),
        ("example.org", "differs", "fail"), ("example.org", "unknown", "warn"),
        ("_mta-sts.example.org", "missing", "warn"), ("_imaps._tcp.example.org", "differs", "warn"),
    ],
)  # fmt: skip
def test_record(name: str, state: str, level: str) -> None:
    """What mail needs fails where it is missing; what would be good is told."""
    record = Published(name, "TXT", "v=spf1 mx -all")
    judged(names.judge_record(Found(record, state, ["v=spf1 ?all"])), level, name)


# -- certificates --------------------------------------------------------------------------------


def signed(host: str, begins: datetime, ends: datetime, *, chain: int = 2) -> Pair:
    """Return a certificate of an authority of the test's own.

    Args:
        chain: how many certificates are shown; 3: the last is of somebody else.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    made = {}
    for name, issuer in ((host, "authority"), ("authority", "root"), ("other", "root")):
        subject, by = (
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)])
            for each in (name, issuer)
        )
        made[name] = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(begins)
            .not_valid_after(ends)
            .sign(key, hashes.SHA256())
        )
    shown = {
        1: (made[host],),
        2: (made[host], made["authority"]),
        3: (made[host], made["other"]),
    }[chain]
    return Pair(shown, key, (host,), ends)


@pytest.mark.parametrize(
    ("begun", "left", "chain", "host", "level", "word"),
    [
        (30, 60, 2, "mail.example.org", ["ok"], "good until"),
        (30, 5, 2, "mail.example.org", ["warn"], "5 days"),
        (30, -1, 2, "mail.example.org", ["fail"], "ended"),
        (-1, 60, 2, "mail.example.org", ["fail"], "clock"),
        (30, 60, 1, "mail.example.org", ["warn", "ok"], "chain"),
        (30, 60, 3, "mail.example.org", ["fail", "ok"], "order"),
        (30, 60, 2, "www.example.org", ["fail", "ok"], "www.example.org"),
    ],
)
def test_certificate(
    begun: int, left: int, chain: int, host: str, level: list[str], word: str
) -> None:
    """One that is good, ends soon, has ended, has not begun, stands alone, is for another."""
    pair = signed(
        host, NOW - timedelta(days=begun), NOW + timedelta(days=left, hours=1), chain=chain
    )
    found = list(certificates.judge_certificate(pair, "mail.example.org", NOW))
    assert levels(found) == level
    judged(found[0], level[0], word)


def test_names_of_certificates() -> None:
    """A name, or a wildcard for its last word but one; not for two words, nor the domain itself."""
    assert certificates.covers(["mail.example.org"], "Mail.example.org")
    assert certificates.covers(["*.example.org"], "mail.example.org")
    assert not certificates.covers(["*.example.org"], "a.mail.example.org")
    assert not certificates.covers(["*.example.org"], "example.org")
    assert not certificates.covers([], "example.org")


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    """None, one that we made, one that cannot be read: nothing is made by looking."""
    look = certificates.look_at_certificates
    (none,) = look(tmp_path / "nowhere", "mail.example.org", NOW)
    judged(none, "warn", "acme.names")
    (none,) = look(tmp_path, "mail.example.org", NOW)
    assert list(tmp_path.iterdir()) == []
    make_self_signed(tmp_path / "default.pem", "mail.example.org", NOW)
    found = list(look(tmp_path, "mail.example.org", NOW))
    assert levels(found) == ["warn", "ok"]
    judged(found[0], "warn", "vouched for by nobody")
    made = self_signed("mail.example.org", NOW)
    (tmp_path / "mail.example.org.pem").write_bytes(
        made.chain[0].public_bytes(serialization.Encoding.PEM)
    )
    found = list(look(tmp_path, "mail.example.org", NOW))
    assert levels(found) == ["fail", "warn", "ok"]
    judged(found[0], "fail", "no private key")


# -- mail ----------------------------------------------------------------------------------------


def conversing(*answers: bytes) -> tuple[int, threading.Thread]:
    """Return the port of a server that says one thing after another, and its thread."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def serve() -> None:
        with server:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                for answer in answers:
                    connection.sendall(answer)
                    if not connection.recv(1000):
                        return

    thread = threading.Thread(target=serve)
    thread.start()
    return server.getsockname()[1], thread


@pytest.mark.parametrize(
    ("answers", "level", "word"),
    [
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"550 no\r\n", b"221 x\r\n"), "ok", "550 no"),
        ((b"220 x\r\n", b"250 x\r\n", b"530 first log in\r\n", b"221 x\r\n"), "ok", "530"),
        ((b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"451 x\r\n", b"221 x\r\n"), "warn", "later"),
        (
            (b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 sure\r\n", b"221 x\r\n"),
            "fail",
            "sure",
        ),
        ((b"554 go away\r\n", b"221 x\r\n"), "warn", "cannot be asked"),
        ((b"220 x\r\n",), "warn", "cannot be asked"),
    ],
)
def test_relaying(answers: Sequence[bytes], level: str, word: str) -> None:
    """Only who lets strangers send to strangers fails."""
    port, thread = conversing(*answers)
    judged(mail.look_at_relaying("127.0.0.1", port), level, word)
    thread.join(10)


@pytest.mark.parametrize(
    ("answers", "level", "word"),
    [
        ((b"220 hello\r\n", b"221 x\r\n"), "ok", "can be reached"),
        ((b"554 not from there\r\n", b"221 x\r\n"), "fail", "not from there"),
        ((b"nonsense\r\n",), "fail", "smart_host"),
    ],
)
def test_outside(answers: Sequence[bytes], level: str, word: str) -> None:
    """Another host that greets, refuses to, or says what is no greeting."""
    port, thread = conversing(*answers)
    judged(mail.look_outside("127.0.0.1", port), level, word)
    thread.join(10)


def test_nobody_outside() -> None:
    """A port that nobody answers on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    judged(mail.look_outside("127.0.0.1", port), "fail", "refused", "smart_host")
