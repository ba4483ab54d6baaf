"""``netsuite install-system``, and who owns what root makes in a home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from netsuite.cli import configuration, main
from netsuite.cli.system import OTHERS, PLACES, text_of, write_files
from tests.cli.commands import done

#: What systemd thinks of a unit: 0 is shut off from everything, 10 from nothing.
EXPOSURE = 2.0
#: A user of no account here.
STRANGER = 4711


def written(root: Path) -> dict[str, str]:
    """Return what is written below a root, by its path from there."""
    paths = write_files(root, vendor=False, programs=str(Path(sys.executable).parent))
    return {str(path.relative_to(root)): path.read_text() for path in paths}


def test_files(tmp_path: Path) -> None:
    """Each file goes where its program looks, and the unit starts this very environment."""
    files = written(tmp_path)
    assert len(files) == len(PLACES) + len(OTHERS) + 1
    assert not any("@BIN@" in text for text in files.values())
    unit = files["etc/systemd/system/netsuite.service"]
    assert f"ExecStart={Path(sys.executable).parent}/twistd --nodaemon" in unit
    assert _mode(tmp_path / "etc/systemd/system/netsuite.service") == "-rw-r--r--"
    assert _mode(tmp_path / "usr/local/bin/netsuite") == "-rwxr-xr-x"


def test_the_command(tmp_path: Path) -> None:
    """Root's home is the daemon's, unless another is named; a link that was there before is no way
    to the program itself."""
    link = tmp_path / "usr/local/bin/netsuite"
    link.parent.mkdir(parents=True)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho $NETSUITE_HOME $*\n")
    link.symlink_to(program)
    before = program.read_text()
    write_files(tmp_path, vendor=False, programs=str(tmp_path))
    assert program.read_text() == before
    program.rename(tmp_path / "netsuite")
    (tmp_path / "netsuite").chmod(0o755)
    for environment, home in (({}, "/var/lib/netsuite"), ({"NETSUITE_HOME": "/srv/x"}, "/srv/x")):
        found = subprocess.run(
            [link, "account", "two words"],
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            timeout=10,
        )
        theirs = home if os.geteuid() == 0 else environment.get("NETSUITE_HOME", "")
        assert found.stdout.split() == [*theirs.split(), "account", "two", "words"]


def _mode(path: Path) -> str:
    import stat

    return stat.filemode(path.stat().st_mode)


def test_as_a_package_does(tmp_path: Path) -> None:
    """systemd's files are below usr/lib then, and another place of the programs is named."""
    line = ["install-system", "--root", str(tmp_path), "--vendor", "--bin", "/usr/lib/netsuite/bin"]
    result = CliRunner().invoke(main, line)
    assert result.exit_code == 0, result.output
    unit = (tmp_path / "usr/lib/systemd/system/netsuite.service").read_text()
    assert "ExecStart=/usr/lib/netsuite/bin/twistd " in unit
    assert (tmp_path / "etc/logrotate.d/netsuite").exists()
    assert "systemctl" not in result.output


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (["--bin", "/opt/my programs"], "there is a space in it"),
        (["--root", "/dev/null/root"], "Not a directory"),
    ],
)
def test_refused(line: list[str], reason: str) -> None:
    """What cannot be done is said in a line."""
    result = CliRunner().invoke(main, ["install-system", *line])
    assert result.exit_code in (1, 2)
    assert reason in result.output
    assert result.output.count("\n") == 1


def analyze(*arguments: object) -> str:
    """Run systemd-analyze, which must be content; return what it said."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    command = ["systemd-analyze", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_units_are_right(tmp_path: Path) -> None:
    """systemd understands every line of both units."""
    written(tmp_path)
    units = tmp_path / "etc/systemd/system"
    said = analyze("verify", units / "netsuite.service", units / "netsuite.socket")
    assert "netsuite" not in said, said


def test_unit_is_shut_off(tmp_path: Path) -> None:
    """By systemd's own reckoning the daemon is exposed to little."""
    written(tmp_path)
    said = analyze("security", "--offline=true", tmp_path / "etc/systemd/system/netsuite.service")
    found = re.search(r"Overall exposure level for netsuite\.service: ([0-9.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= EXPOSURE


def test_ports_of_the_sockets() -> None:
    """The unit of sockets has the ports that init opens, and no others."""
    ports = {
        port
        for name in configuration._OPENED
        for of_kind in configuration._PORTS[name]
        for port in of_kind
    }
    named = re.findall(r"^ListenStream=(\d+)$", text_of("netsuite.socket"), re.MULTILINE)
    assert {int(each) for each in named} == ports
    opened = re.search(r"^ +tcp dport \{ ([0-9, ]+) \} accept$", text_of("nftables.conf"), re.M)
    assert opened is not None
    assert {int(each) for each in opened[1].split(",")} == ports


# -- a home that is not root's -------------------------------------------------------------------


def test_init_over_a_file_of_comments(tmp_path: Path) -> None:
    """A package's file without settings is written to, through the link of the home; one with
    settings, or one that cannot be read, is not."""
    place = tmp_path / "etc" / "netsuite.toml"
    place.parent.mkdir()
    place.write_text("# nothing yet\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "netsuite.toml").symlink_to(place)
    said = done(home, "init", "--hostname", "mail.example.org")
    assert f"wrote {place}" in said
    assert (home / "netsuite.toml").is_symlink()
    assert 'hostname = "mail.example.org"' in place.read_text()
    for text in (place.read_text(), "not TOML ["):
        place.write_text(text)
        result = CliRunner().invoke(main, ["--home", str(home), "init", "--hostname", "x.test"])
        assert result.exit_code == 1
        assert "is there already" in result.output
        assert place.read_text() == text


@pytest.mark.parametrize("name", ["", "localhost", "mail", "mail.local", "vm.localdomain"])
def test_init_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A host whose own name is none for others is to be named; one that has a name need not."""
    monkeypatch.setattr("socket.getfqdn", lambda: name)
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "init"])
    assert result.exit_code == 2
    assert "--hostname mail.example.org" in result.output
    assert not (tmp_path / "netsuite.toml").exists()


@pytest.mark.parametrize(
    ("name", "domain"), [("Mail.Example.org.", "example.org"), ("example.org", "example.org")]
)
def test_init_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, domain: str
) -> None:
    """The host's own name is taken, and its domain; a country's is never received for."""
    monkeypatch.setattr("socket.getfqdn", lambda: name)
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "init"])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "netsuite.toml").read_text()
    assert f'hostname = "{name.lower().rstrip(".")}"' in text
    assert f'domains = ["{domain}"]' in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_is_the_daemon_s(tmp_path: Path) -> None:
    """In a home of another user all that root's commands make belongs to that user, and nobody else
    may read it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, STRANGER, STRANGER)
    done(home, "init", "--hostname", "mail.example.org")
    done(home, "account", "add", "ann", "--password-stdin")
    done(home, "dkim", "new", "example.org")
    made = list(home.rglob("*"))
    assert {"netsuite.toml", "netsuite.db", "tls", "dkim"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_uid != STRANGER] == []
    assert [path for path in made if path.stat().st_mode & 0o007] == []
