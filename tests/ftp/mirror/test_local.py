"""The tree here: that nothing leads out of it, and that files come whole."""

from __future__ import annotations

import os
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netsuite.ftp.mirror.local import PIECE_OCTETS, LocalTree

WHEN = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a directory beside the tree."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"mine")
    return folder


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return the top of a tree."""
    folder = tmp_path / "top"
    folder.mkdir()
    return folder


def test_no_link_is_followed(top: Path, outside: Path) -> None:
    """Whatever is done below a link to a directory, or to a link to a file, fails, and harms
    nothing; it can be removed itself."""
    tree = LocalTree(top)
    (top / "link").symlink_to(outside)
    (top / "file").symlink_to(outside / "secret")
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        tree.scan(("link",))
    for work in (
        lambda: tree.make(("link",)),
        lambda: tree.make(("link", "new")),
        lambda: tree.write(("link", "secret"), 0, b"theirs"),
        lambda: tree.write(("file",), 0, b"theirs"),
        lambda: tree.read(("file",), 0, 10),
        lambda: tree.hash(("file",), "MD5"),
        lambda: tree.set_time(("file",), WHEN),
        lambda: tree.put_in_place(("link", "secret"), "other", WHEN),
        lambda: tree.put_in_place(("file",), "other", WHEN),
        lambda: tree.remove(("link", "secret")),
    ):
        with pytest.raises(OSError, match=r"Not a directory|symbolic"):
            work()
    assert {each.kind for each in tree.scan(()).values()} == {"other"}
    tree.remove(("link",))
    tree.remove(("file",))
    assert [each.name for each in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"mine"


def test_top_may_be_a_link(top: Path, tmp_path: Path) -> None:
    """Who names the top may name a link."""
    (tmp_path / "way").symlink_to(top)
    LocalTree(tmp_path / "way").write(("a",), 0, b"x")
    assert (top / "a").read_bytes() == b"x"


def test_no_device(top: Path) -> None:
    """A FIFO is no file, and nobody waits for who reads it."""
    os.mkfifo(top / "fifo")
    tree = LocalTree(top)
    for work in (lambda: tree.read(("fifo",), 0, 1), lambda: tree.write(("fifo",), 0, b"x")):
        with pytest.raises(OSError, match=r"it is no file|No such device"):
            work()
    tree.write(("part",), 0, b"x")
    tree.put_in_place(("part",), "fifo", None)
    assert (top / "fifo").read_bytes() == b"x"


def test_removes_all(top: Path, outside: Path) -> None:
    """A directory goes with all that is in it; links in it, and not what they point to."""
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/c").write_bytes(b"x")
    (top / "a/link").symlink_to(outside)
    LocalTree(top).remove(("a",))
    assert not list(top.iterdir())
    assert (outside / "secret").exists()


def test_parts(top: Path) -> None:
    """A part grows from an offset on, what was behind that goes; and takes the place of a file."""
    tree = LocalTree(top)
    tree.write(("part",), 0, b"0123456789")
    assert tree.size(("part",)) == 10
    tree.write(("part",), 5, b"abc")
    assert (top / "part").read_bytes() == b"01234abc"
    tree.write(("part",), 0, b"")
    assert tree.size(("part",)) == tree.size(("nothing",)) == 0
    big = os.urandom(PIECE_OCTETS + 1)
    tree.write(("part",), 0, big)
    assert tree.read(("part",), PIECE_OCTETS, 10) == big[-1:]
    (top / "file").write_bytes(b"old")
    (top / "file").chmod(0o640)
    tree.put_in_place(("part",), "file", WHEN)
    assert (top / "file").read_bytes() == big
    assert (top / "file").stat().st_mode & 0o7777 == 0o640
    assert tree.scan(())["file"].modified == WHEN
    assert tree.hash(("file",), "CRC32") == f"{zlib.crc32(big):08x}"
    (top / "dir").mkdir()
    tree.write(("part",), 0, b"x")
    with pytest.raises(OSError, match="directory"):
        tree.put_in_place(("part",), "dir", WHEN)
    assert tree.scan(("dir",)) == tree.scan(("nothing",)) == {}


def test_names_in_octets(top: Path) -> None:
    """Names are octets, and come back as they went."""
    tree = LocalTree(top)
    name = "caf\udce9 \udcff\\n"
    assert tree.make((name,))
    assert not tree.make((name,))
    tree.write((name, name), 0, b"x")
    assert os.listdir(os.fsencode(top)) == [b"caf\xe9 \xff\\n"]
    assert list(tree.scan((name,))) == [name]
