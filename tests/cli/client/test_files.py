"""Where what is fetched is written: files that have their name when they are whole."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netsuite.cli.client.files import SUFFIX, Output
from netsuite.cli.client.problems import FileTrouble

WHEN = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def part_of(path: Path) -> Path:
    """Return what a file is called that is not whole."""
    return path.with_name(path.name + SUFFIX)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that is there, which others may read."""
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o644)
    return path


def test_whole(path: Path) -> None:
    """What was there stays until all has come, and gives its permissions and its time."""
    path.chmod(0o640)
    output = Output(path)
    output.modified = WHEN
    output.write(b"new ")
    assert path.read_bytes() == b"old"
    output.write(b"file")
    output.finish()
    output.close()
    assert path.read_bytes() == b"new file"
    assert path.stat().st_mtime == 1e9
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["f"]


@pytest.mark.parametrize("modified", [WHEN, None])
def test_broken_off(path: Path, modified: datetime | None) -> None:
    """What is not whole is kept only where it can be gone on with."""
    output = Output(path)
    output.modified = modified
    output.write(b"ne")
    output.close()
    assert path.read_bytes() == b"old"
    assert part_of(path).exists() is (modified is not None)


def test_nothing(path: Path) -> None:
    """Before anything has come nothing is touched; a file that is empty is a file."""
    output = Output(path)
    output.close()
    assert os.listdir(path.parent) == ["f"]
    assert path.read_bytes() == b"old"
    output = Output(path)
    output.finish()
    output.close()
    assert path.read_bytes() == b""


def test_gone_on(path: Path) -> None:
    """A part is gone on with before the file itself, and takes its place."""
    path.write_bytes(b"ab")
    os.utime(path, (1e9, 1e9))
    output = Output(path, resume=True)
    assert output.there() == (2, WHEN)
    output.modified = WHEN
    output.begin(offset=2)
    assert not path.exists()  # it never was the file
    output.write(b"cd")
    output.close()
    assert part_of(path).read_bytes() == b"abcd"
    output = Output(path, resume=True)
    assert output.there() == (4, WHEN)
    assert b"".join(output.read(3)) == b"abc"
    output.begin(offset=4)
    output.write(b"e")
    output.finish()
    output.close()
    assert path.read_bytes() == b"abcde"
    assert os.listdir(path.parent) == ["f"]


def test_whole_already(path: Path) -> None:
    """A part that turns out to be all is the file; a file that is all stays as it is."""
    part_of(path).write_bytes(b"all")
    for _ in range(2):
        output = Output(path, resume=True)
        assert output.there() is not None
        output.keep()
        output.finish()
        output.close()
        assert path.read_bytes() == b"all"
        assert os.listdir(path.parent) == ["f"]


def test_links_and_devices(path: Path) -> None:
    """A link is followed to the file that is meant; a device is written as it is; a link in the
    part's place is not followed."""
    link = path.with_name("link")
    link.symlink_to(path)
    output = Output(link)
    output.write(b"new")
    output.finish()
    output.close()
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    null = Output(Path(os.devnull))
    null.write(b"x")
    null.finish()
    null.close()
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    part_of(path).symlink_to(path)
    with pytest.raises(FileTrouble):
        Output(path).write(b"evil")
    assert path.read_bytes() == b"new"


def test_two_at_once(path: Path) -> None:
    """Who comes second does not write into the first's."""
    first, second = Output(path), Output(path)
    first.write(b"first")
    with pytest.raises(FileTrouble, match="another command"):
        second.write(b"second")
    second.close()
    first.finish()
    first.close()
    assert path.read_bytes() == b"first"
    assert os.listdir(path.parent) == ["f"]


def test_long_names(tmp_path: Path) -> None:
    """A name of which there is none longer has room for a part all the same."""
    path = tmp_path / ("n" * 255)
    output = Output(path)
    output.write(b"x")
    output.finish()
    output.close()
    assert path.read_bytes() == b"x"


def test_no_place(tmp_path: Path) -> None:
    """A directory that is not there is told by the file's name."""
    with pytest.raises(FileTrouble, match="No such file"):
        Output(tmp_path / "none" / "x").write(b"x")
