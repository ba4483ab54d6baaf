"""``netsuite ftp check``: what it says of ports, addresses and a server, and beside a daemon."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from netsuite.cli.ftpcheck import (
    Login,
    judge_range,
    judge_told,
    judge_unreachable,
    taken_ports,
    unreachable,
)
from netsuite.testing.daemon import Daemon
from tests.cli.commands import run

#: Where connections take their ports from, as Linux has it.
EPHEMERAL = range(32_768, 61_000)


def test_ports() -> None:
    """What is wrong with a range of ports is said, each with what to do."""
    for ports, taken, others, reserved, wanted in (
        (range(20_000, 20_100), [], {21: "ftp"}, [], ["ok"]),
        (range(20_000, 20_100), [20_001], {}, [], ["warn"]),
        (range(20_000, 20_003), [20_000, 20_001, 20_002], {}, [], ["fail", "warn"]),
        (range(20_000, 20_100), [], {20_005: "imap"}, [], ["fail"]),
        (range(20_000, 20_100), [20_005], {20_005: "imap"}, [], ["fail"]),
        (range(40_000, 40_100), [], {}, [], ["warn"]),
        (range(40_000, 40_100), [], {}, [range(40_000, 41_000)], ["ok"]),
        (range(1_000, 1_100), [], {}, [], ["warn"]),
        (range(20_000, 20_009), [], {}, [], ["warn"]),
    ):
        found = list(
            judge_range(ports, taken=taken, others=others, ephemeral=EPHEMERAL, reserved=reserved)
        )
        assert [each.level for each in found] == wanted, (ports, taken, others)
        assert all(each.advice for each in found if each.level != "ok")


def test_many_taken() -> None:
    """Of many ports some are named."""
    (found,) = judge_range(
        range(20_000, 20_100),
        taken=range(20_000, 20_020),
        others={},
        ephemeral=EPHEMERAL,
        reserved=[],
    )
    assert "20000, 20001, 20002, 20003, 20004 and 15 more" in found.text


def test_taken() -> None:
    """A port that somebody listens on is taken, and free again when they stop."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert taken_ports(range(port, port + 1)) == [port]
    assert taken_ports(range(port, port + 1)) == []


def test_reached() -> None:
    """Ports are listened on for a moment: who cannot come to them there is told, and what is taken
    is left out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert unreachable("127.0.0.1", [port], interface="127.0.0.1") == []
    assert unreachable("127.0.0.1", range(port, port + 1)) == []
    assert unreachable("127.0.0.2", [port], interface="127.0.0.1") == [port]
    with socket.create_server(("127.0.0.1", port)):  # it is free again
        pass


def test_some_reached() -> None:
    """All, some, or none of the ports."""
    ports = range(20_000, 20_010)
    assert judge_unreachable("h", ports, []).level == "ok"
    some = judge_unreachable("h", ports, [20_003, 20_005])
    assert (some.level, some.text) == ("fail", "who comes to h does not reach 20003, 20005")
    none = judge_unreachable("h", ports, list(ports))
    assert (none.level, none.text) == ("fail", "who comes to h reaches none of 20000-20009")


def test_told() -> None:
    """What PASV tells is held against where the client came to, and tried."""
    host = "files.example.org"
    assert judge_told("192.0.2.1", host, ["192.0.2.1"], why="").level == "ok"
    other = judge_told("10.0.0.5", host, ["192.0.2.1"], why="")
    assert (other.level, other.advice) == ("warn", 'ftp.masquerade_address = "192.0.2.1"')
    dead = judge_told("10.0.0.5", host, ["192.0.2.1"], why="Connection refused")
    assert (dead.level, dead.text) == ("fail", "PASV tells 10.0.0.5, and there connection refused")


def test_password_is_not_shown() -> None:
    """Neither in a log nor in a traceback."""
    assert "secret" not in repr(Login("alice", "secret"))


def checked(home: Path, *arguments: str, stdin: str = "") -> tuple[int, list[dict[str, str]]]:
    """Return the exit code, and what was found."""
    options = [each for each in arguments if each.startswith("--set")]
    others = [each for each in arguments if each not in options]
    code, printed = run(home, *options, "ftp", "check", "--json", *others, stdin=stdin)
    return code, [json.loads(line) for line in printed.splitlines()]


def test_nobody_serves(tmp_path: Path) -> None:
    """It fails, and says to start the daemon; and that a service is off."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    place = f'--set=ftp.listen=["tcp:{port}:interface=127.0.0.1"]'
    code, found = checked(tmp_path, place, "--set=ftp.listen_tls=[]")
    assert code == 8
    assert [(each["level"], each["about"]) for each in found] == [("fail", "server")]
    code, found = checked(tmp_path, "--set=ftp.enabled=false")
    assert (code, found[0]["text"]) == (8, "the service is off")


def test_no_ftp(tmp_path: Path) -> None:
    """Somebody who listens there and says nothing, or something else, is found out in time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        place = f'--set=ftp.listen=["tcp:{port}:interface=127.0.0.1"]'
        code, found = checked(tmp_path, place, "--set=ftp.listen_tls=[]")
    assert code == 8
    assert found[0]["text"] == f"nobody serves at 127.0.0.1:{port}: timed out"


@pytest.mark.long
def test_beside_a_daemon(tmp_path: Path) -> None:
    """Each way to list works; what is set otherwise than the daemon has it is seen."""
    with Daemon(tmp_path, plugin="netsuite-ftp") as daemon:
        places = (
            f'--set=ftp.listen=["tcp:{daemon.ports["ftp"]}:interface=127.0.0.1"]',
            f'--set=ftp.listen_tls=["tcp:{daemon.tls_ports["ftp"]}:interface=127.0.0.1"]',
        )
        code, found = checked(tmp_path, *places)
        assert code == 0, found
        said = [each["text"].partition(" names ")[2] for each in found if each["about"] == "data"]
        under_tls = ["under TLS by EPSV", "under TLS by PASV"]
        assert said == ["in the clear by EPSV", "in the clear by PASV", *under_tls, *under_tls]
        assert [each["level"] for each in found if each["about"] == "tls"] == ["ok", "ok"]
        code, found = checked(
            tmp_path, *places, "--user=alice", "--password-stdin", "--address=127.0.0.1",
            stdin="netsuite\n",
        )  # fmt: skip
        assert code == 0, found
        assert (
            found[-1]["text"] == "who comes to 127.0.0.1 is told 127.0.0.1 by PASV, and reaches it"
        )
        code, found = checked(tmp_path, *places, "--address=127.0.0.9")
        assert (code, found[-1]["level"], found[-1]["about"]) == (0, "warn", "address")
        assert "127.0.0.9 does not answer" in found[-1]["text"]
        with socket.create_server(("127.0.0.1", 0)) as server:
            free = server.getsockname()[1]
        _, found = checked(
            tmp_path, *places, "--address=127.0.0.1", f"--set=ftp.passive_ports={free}-{free}"
        )
        assert found[-2]["text"] == f"who comes to 127.0.0.1 reaches {free}-{free}"
        code, found = checked(
            tmp_path, *places, "--user=alice", "--password-stdin", stdin="wrong\n"
        )
        assert code == 8
        assert "alice cannot log in" in found[1]["text"]
        assert not any("wrong\n" in each["text"] for each in found)
