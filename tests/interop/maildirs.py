"""Maildirs as programs keep them that bring a mailbox and a folder of files in step."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_NAME: Final = re.compile(rb"^Message-ID: <([^>\r\n]+)>\r?$", re.MULTILINE)
#: Lines that a program adds to what it has sent or fetched.
_MARK: Final = re.compile(
    rb"^(?:X-TUID|X-OfflineIMAP|X-getmail-[a-z-]+|Return-Path): [^\n]*\n", re.MULTILINE
)


class Kept(NamedTuple):
    """A message in a Maildir: its letters of flags, and its octets with bare line feeds."""

    flags: str
    octets: bytes


def message(name: str, chance: random.Random) -> bytes:
    """Return a message with bare line feeds that says its name; its size differs, as its end
    does."""
    lines = b"".join(b".%x\n" % chance.getrandbits(200) for _ in range(chance.randrange(60)))
    end = chance.choice((b"", b"no line feed at the end", "Grüße\n".encode(), b"\n\n"))
    return (
        b"From: a@example.test\nTo: alice@example.test\nSubject: %b\nMessage-ID: <%b>\n\n"
        % (name.encode(), name.encode())
    ) + (lines + end or b"\n")


def make(path: Path) -> Path:
    """Make an empty one."""
    for each in ("cur", "new", "tmp"):
        (path / each).mkdir(parents=True, exist_ok=True)
    return path


def put(path: Path, name: str, octets: bytes, flags: str = "") -> None:
    """Put a message into one."""
    where = f"cur/1700000000.{name}.host:2,{flags}" if flags else f"new/1700000000.{name}.host"
    (path / "tmp" / name).write_bytes(octets)
    (path / "tmp" / name).rename(path / where)


def files(path: Path) -> list[Path]:
    """Return the files of one that hold messages."""
    return [each for sub in ("cur", "new") for each in sorted((path / sub).iterdir())]


def read(path: Path) -> dict[str, Kept]:
    """Return what is in one, by the names of messages; none may be there twice."""
    found = [(name_of(each.read_bytes()), each) for each in files(path)]
    twice = [name for name, count in Counter(name for name, _ in found).items() if count > 1]
    assert not twice, f"doubled in {path.name}: {twice}"
    return {
        name: Kept(each.name.partition(":2,")[2], plain(each.read_bytes())) for name, each in found
    }


def name_of(octets: bytes) -> str:
    """Return the name that a message says."""
    found = _NAME.search(octets)
    assert found is not None, octets[:500]
    return found[1].decode()


def plain(octets: bytes) -> bytes:
    """Return a message with bare line feeds, without what programs add."""
    return _MARK.sub(b"", octets.replace(b"\r\n", b"\n"))


def paths(path: Path, names: Iterable[str]) -> list[Path]:
    """Return the files that hold messages of those names, in their order."""
    found = {name_of(each.read_bytes()): each for each in files(path)}
    return [found[name] for name in names]


def remove(path: Path, names: Iterable[str]) -> None:
    """Remove messages."""
    for each in paths(path, names):
        each.unlink()


def flag(path: Path, names: Iterable[str], flags: str) -> None:
    """Give messages other flags."""
    for each in paths(path, names):
        base = each.name.partition(":")[0]
        each.rename(path / "cur" / f"{base}:2,{flags}")
