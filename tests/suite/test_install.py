"""A fresh Debian, from the first command of the README to a login by TLS; and the package.

Real systemd, the unit with all its hardening, packages from where this machine has them. It takes
minutes, most of them pip's and debootstrap's, so it is run where it is asked for:
``NETSUITE_TEST_INSTALL=1 pytest tests/suite/test_install.py``; ``-k readme`` is the README's part.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suite.machines import Machine, missing, removed

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "mail.example.org"
PASSWORD = "correct horse"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not os.environ.get("NETSUITE_TEST_INSTALL"),
        reason="it takes minutes; NETSUITE_TEST_INSTALL=1 runs it",
    ),
    pytest.mark.skipif(bool(missing()), reason=f"no fresh machine can be made: {missing()}"),
]


@pytest.fixture
def machine(fresh: Path, tmp_path: Path) -> Iterator[Machine]:
    """Return a machine that is fresh, and has a name."""
    subprocess.run(["cp", "-a", "--reflink=auto", fresh, tmp_path / "root"], check=True)
    made = Machine(tmp_path / "root")
    made.call_itself(HOST)
    yield made
    made.stop()
    removed(tmp_path / "root")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the root of a fresh Debian."""
    place = tmp_path_factory.mktemp("debian") / "root"
    yield Machine(place).root
    removed(place)


def typed() -> list[str]:
    """Return what the README has root type, from the first command on."""
    section = (ROOT / "README.md").read_text().partition("## Run it for real")[2]
    section = section.partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("# ")]


def checkout(to: Path) -> None:
    """Put the sources there, as a clone has them, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "netsuite",
         "twisted"], cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def answering(command: str) -> str:
    """Return a command with what a person answers to its questions."""
    if command.startswith(("netsuite account add", "netsuite ls")):
        asked = f"{PASSWORD}\n" * (2 if "account" in command else 1)
        return f"printf %s '{asked}' | setsid {command}"
    return command


def test_readme(machine: Machine) -> None:
    """Each line that the README has one type does what it says, in order, as it stands there."""
    checkout(machine.root / "root/netsuite")
    commands = typed()
    start = commands.index("systemctl enable --now netsuite")
    before, after = commands[:start], commands[start:]
    assert len(before) == 7
    assert [each.split()[1] for each in after] == ["enable", "ls", "doctor"]
    said = machine.install("\n".join(map(answering, before)), folder="/root/netsuite")
    assert f"for the host {HOST} and mail of example.org" in said
    assert PASSWORD not in said
    machine.start()
    machine.run(after[0])
    served(machine)
    assert "INBOX" in machine.run(answering(after[1]))
    mail_goes(machine)
    found = machine.run(f"{after[2]} || test $? = 8")
    assert "ok    ports        993 (imap, TLS) is open" in found
    assert "ok    home         /var/lib/netsuite is netsuite's" in found
    assert [
        line for line in found.splitlines() if line.startswith("fail") and " dns " not in line
    ] == []
    lives(machine)


def served(machine: Machine) -> None:
    """Check that the daemon runs, as whom and as what it should."""
    assert machine.run("systemctl is-active netsuite").strip() == "active"
    pid = machine.run("systemctl show -p MainPID --value netsuite").strip()
    assert machine.run(f"ps -o user= -p {pid}").strip() == "netsuite"
    status = machine.run(f"cat /proc/{pid}/status")
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0000000000000400$", status, re.MULTILINE)  # binding ports, alone
    mine = machine.run("find /var/lib/netsuite -not -type l -not -user netsuite")
    assert mine == ""


#: A client of the standard library's: mail in, by STARTTLS, and out of IMAP by TLS.
_CLIENT = f"""
import imaplib, smtplib, ssl
context = ssl._create_unverified_context()
with smtplib.SMTP("127.0.0.1", 587, timeout=30) as smtp:
    smtp.starttls(context=context)
    smtp.login("ann", "{PASSWORD}")
    smtp.sendmail("ann@example.org", ["ann@example.org"], "Subject: hello\\n\\nHello.\\n")
with imaplib.IMAP4_SSL("::1", 993, ssl_context=context, timeout=30) as imap:
    imap.login("ann", "{PASSWORD}")
    imap.select()
    print("found", imap.search(None, "SUBJECT", "hello"))
"""


def mail_goes(machine: Machine) -> None:
    """Check that mail is taken and read under TLS, by IPv4 and IPv6."""
    said = machine.run("python3 -", given=_CLIENT)
    assert re.search(r"found \('OK', \[b'[0-9 ]+'\]\)", said), said


def until(machine: Machine, command: str) -> None:
    """Wait until a command in the machine succeeds."""
    machine.run(f"for i in $(seq 300); do {command} && exit 0; sleep 0.2; done; exit 1")


def lives(machine: Machine) -> None:
    """Check that it is reloaded, comes back when it is killed, and ends in order."""
    first = machine.run("systemctl show -p MainPID --value netsuite").strip()
    machine.run("systemctl reload netsuite")
    until(machine, "journalctl -u netsuite --no-pager | grep -q 'the configuration was read again'")
    machine.run(f"kill -9 {first}")
    until(machine, f"systemctl is-active netsuite && ! test -d /proc/{first}")
    assert machine.run("systemctl show -p MainPID --value netsuite").strip() != first
    machine.run("systemctl stop netsuite")
    assert machine.run("systemctl show -p Result --value netsuite").strip() == "success"
    log = machine.run("journalctl -u netsuite --no-pager")
    assert "Traceback" not in log, log


def test_sockets(machine: Machine, package: Path) -> None:
    """Ports that systemd binds lead to the daemon, which the first client starts; so with workers,
    and who connects while it is started anew is served."""
    install(machine, package)
    machine.start()
    for workers in (0, 2):
        machine.run(
            "systemctl stop netsuite.socket netsuite; "
            f"sed -i 's/^#\\?workers = .*/workers = {workers}/' /etc/netsuite/netsuite.toml; "
            "netsuite check-config && systemctl start netsuite.socket"
        )
        mail_goes(machine)
        served(machine)
        machine.run("systemctl restart --no-block netsuite")
        mail_goes(machine)
    assert "Traceback" not in machine.run("journalctl -u netsuite --no-pager")


def test_package(machine: Machine, package: Path) -> None:
    """The package is installed, configured, upgraded while it runs, removed and purged; mail
    stays."""
    install(machine, package)
    machine.start()
    assert machine.run("systemctl is-enabled netsuite || true").strip() == "disabled"
    machine.run("systemctl enable --now netsuite")
    served(machine)
    mail_goes(machine)
    before = machine.run("systemctl show -p MainPID --value netsuite")
    machine.run("dpkg -i /root/netsuite.deb")
    assert machine.run("systemctl show -p MainPID --value netsuite") != before
    mail_goes(machine)
    assert f'hostname = "{HOST}"' in machine.run("cat /etc/netsuite/netsuite.toml")
    lives(machine)
    machine.run("systemctl start netsuite; dpkg -r netsuite")
    assert machine.run("systemctl is-active netsuite || true").strip() in ("inactive", "failed")
    assert machine.run("find /usr/lib/netsuite 2>/dev/null || true") == ""
    machine.run("dpkg -P netsuite")
    assert machine.run("ls -A /etc/netsuite 2>/dev/null || true") == ""
    assert "netsuite.db" in machine.run("ls /var/lib/netsuite")


def test_lint(package: Path) -> None:
    """Debian's own checker finds no errors."""
    if shutil.which("lintian") is None:
        pytest.skip("there is no lintian")
    done = subprocess.run(
        ["lintian", "--allow-root", package], capture_output=True, text=True, timeout=300
    )
    said = done.stdout + done.stderr
    assert not re.search("^E:", said, re.MULTILINE), said


@pytest.fixture(scope="module")
def package() -> Path:
    """Return the package, built now."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("there is no dpkg-deb")
    done = subprocess.run(
        [ROOT / "netsuite/packaging/debian/build", sys.executable],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return max((ROOT / "dist").glob("netsuite_*.deb"), key=lambda path: path.stat().st_mtime)


def install(machine: Machine, package: Path) -> None:
    """Install the package as the manual says, and make a home and an account."""
    shutil.copyfile(package, machine.root / "root/netsuite.deb")
    machine.install("apt-get update; apt-get install -y --no-install-recommends ./netsuite.deb",
                    folder="/root")  # fmt: skip
    machine.install(f"netsuite init --hostname {HOST}")
    machine.install(answering("netsuite account add ann"))
