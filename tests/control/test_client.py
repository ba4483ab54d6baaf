"""The client of ``control.sock``, and whom it finds in a home."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from netsuite.control.client import CommandFailed, Control, NoAnswer, living


@contextmanager
def serving(path: Path, answers: bytes) -> Iterator[list[bytes]]:
    """Answer each of the connections to a socket with the same octets; return what was heard."""
    heard: list[bytes] = []
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                octets = client.recv(65_536)
                heard.append(octets)
                if octets:
                    client.sendall(answers)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def asked(path: Path) -> Sequence[object]:
    control = Control(path)
    try:
        return list(control.ask("kick", {"account": "ann", "session": None}))
    finally:
        control.close()


def test_answers(tmp_path: Path) -> None:
    """Values up to the end; what is not given is not sent."""
    path = tmp_path / "control.sock"
    with serving(path, b'{"value": 1}\n{"value": [2]}\n{"done": true}\n') as heard:
        assert asked(path) == [1, [2]]
    assert heard == [b'{"netsuite":1,"do":"kick","account":"ann"}\n']


@pytest.mark.parametrize(
    ("answers", "kind", "text"),
    [
        (b'{"error": "it is so"}\n', CommandFailed, "it is so"),
        (b'{"value": 1}\n', NoAnswer, "closed the connection"),
        (b"hello\n", NoAnswer, "no JSON"),
        (b"{}\n", NoAnswer, "no answer"),
    ],
)
def test_fails(tmp_path: Path, answers: bytes, kind: type[Exception], text: str) -> None:
    """What went wrong is told in words."""
    path = tmp_path / "control.sock"
    with serving(path, answers), pytest.raises(kind, match=text):
        asked(path)


def test_living(tmp_path: Path) -> None:
    """All that listen are found, the whole suite's first; sockets that are dead are not."""
    one, alone = tmp_path / "control.sock", tmp_path / "control-imap.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control-pop3.sock"))
    with serving(one, b""), serving(alone, b""):
        found = list(living(tmp_path, "control.sock"))
        assert [each.path for each in found] == [one, alone]
        for each in found:
            each.close()
    assert list(living(tmp_path / "nowhere", "control.sock")) == []
