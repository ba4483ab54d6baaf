"""A fresh Debian, from the first command of the README to a login by TLS; and the package.

Real systemd, the unit with all its hardening, packages from where this machine has them. It takes
minutes, most of them pip's and debootstrap's, so it is run where it is asked for (and by CI):
``NETSUITE_TEST_INSTALL=1 pytest tests/suite/test_install.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suite.machines import Machine, missing

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
    shutil.rmtree(tmp_path / "root", ignore_errors=True)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the root of a fresh Debian."""
    place = tmp_path_factory.mktemp("debian") / "root"
    yield Machine(place).root
    shutil.rmtree(place, ignore_errors=True)


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
    machine.run(after[0], seconds=90)
    served(machine)
    assert "INBOX" in machine.run(answering(after[1]))
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


def lives(machine: Machine) -> None:
    """Check that it is reloaded, comes back when it is killed, and ends in order."""
    first = machine.run("systemctl show -p MainPID --value netsuite").strip()
    machine.run("systemctl reload netsuite")
    assert "SIGHUP" in machine.run("journalctl -u netsuite --no-pager; sleep 1; "
                                   "journalctl -u netsuite --no-pager | tail -50")  # fmt: skip
    machine.run(f"kill -9 {first}")
    wait = "for i in $(seq 150); do test $(systemctl is-active netsuite) = active && exit 0; " \
           "sleep 0.2; done; exit 1"  # fmt: skip
    machine.run(f"sleep 1; {wait}")
    assert machine.run("systemctl show -p MainPID --value netsuite").strip() != first
    machine.run("systemctl stop netsuite")
    assert machine.run("systemctl show -p Result --value netsuite").strip() == "success"
    log = machine.run("journalctl -u netsuite --no-pager")
    assert "Traceback" not in log, log
