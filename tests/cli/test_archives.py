"""Backups on a disk: never half, never believed without their digests, never leading elsewhere."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from netsuite.cli.archives import (
    BadBackup,
    Copying,
    Entry,
    FolderTarget,
    Manifest,
    Source,
    new_tar,
    opened_tar,
    read_manifest,
)


def manifest() -> Manifest:
    return Manifest("1", "2026-01-01T00:00:00+00:00", "sqlite", "0005")


def test_manifest_there_and_back(tmp_path: Path) -> None:
    """It is read as it was written, names that are no UTF-8 included."""
    made = manifest()
    made.entries["files/a\udcff"] = Entry("file", 0o644, 3, 4, "5", "6")
    assert read_manifest(made.written(), tmp_path) == made


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "made by another version"),
        ({"entries": {"/etc/passwd": {"kind": "file"}}}, "leads elsewhere"),
        ({"entries": {"files/../../x": {"kind": "file"}}}, "leads elsewhere"),
        ({"entries": {"files//x": {"kind": "file"}}}, "leads elsewhere"),
        ({"entries": {"x": {"color": "red"}}}, "cannot be read"),
        ({"more": 1}, "cannot be read"),
    ],
)
def test_manifest_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    """One that is of another form, or names what is outside, is refused."""
    octets = json.dumps(json.loads(manifest().written()) | change).encode()
    with pytest.raises(BadBackup, match=says):
        read_manifest(octets, tmp_path)
    with pytest.raises(BadBackup, match="cannot be read"):
        read_manifest(octets[:-10], tmp_path)


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz", "b.tgz", "b.tar.zst"])
def test_tar_there_and_back(tmp_path: Path, name: str) -> None:
    """What was put into it comes out, compressed or not; it is nobody else's to read."""
    os.umask(0o077)
    path = tmp_path / name
    with new_tar(path) as target:
        target.add("files", Entry("folder"))
        target.add("files/l", Entry("link", to="elsewhere"))
        target.add_octets("files/a", b"octets" * 1000)
    with opened_tar(path) as tar:
        read = {
            each.name: each.isreg() and (file := tar.extractfile(each)) and file.read()
            for each in tar
        }
    assert read == {"files": False, "files/l": False, "files/a": b"octets" * 1000}
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadBackup, match="is there already"), new_tar(path):
        pass
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadBackup, match="damaged"), opened_tar(path) as tar:
        list(tar)


def test_tar_that_is_not_finished(tmp_path: Path) -> None:
    """Nothing is left of a backup that failed."""
    making = new_tar(tmp_path / "b.tar.gz")
    making.__enter__().add_octets("a", b"x" * 100_000)
    assert making.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None) is False
    assert list(tmp_path.iterdir()) == []


def test_unknown_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What compresses may not be there."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadBackup, match="zstd is not installed"), new_tar(tmp_path / "b.tar.zst"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_file_that_shrinks(tmp_path: Path) -> None:
    """A file keeps the size it had when it was opened, as a tar file has told it before."""
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    with open(path, "rb", buffering=0) as file:
        source = Source(file)
        assert source.read(3) == b"012"
        os.truncate(path, 5)
        assert source.read() == b"34" + bytes(5)
        assert source.read() == b""
        assert source.is_changed()
        assert source.entry().octets == 10


def test_tree(tmp_path: Path) -> None:
    """Files, folders and links are copied; uploads under way and what is no file are not."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    (home / "a/b").mkdir(parents=True)
    backup.mkdir()
    (home / "a/b/c").write_text("c")
    (home / ".netsuite-upload-1").write_text("half")
    (home / "link").symlink_to("/etc")
    os.mkfifo(home / "pipe")
    made = manifest()
    copying = Copying(FolderTarget(backup, None), made)
    copying.tree(home, "files", without=b".netsuite-upload-")
    copying.tree(tmp_path / "nowhere", "tls", without=b".")
    assert sorted(made.entries) == [
        "files", "files/a", "files/a/b", "files/a/b/c", "files/link"
    ]  # fmt: skip
    assert copying.copied.remarks == [
        "files/link is a link: what /etc has is not in the backup",
        "files/pipe is no file, and left out",
    ]
    assert (backup / "files/a/b/c").read_text() == "c"
    assert os.readlink(backup / "files/link") == "/etc"


def test_unchanged_files(tmp_path: Path) -> None:
    """What has not changed since is linked, what has is copied, in its content or its name."""
    home, old, new = (tmp_path / name for name in ("home", "old", "new"))
    for each in (home, old, new):
        each.mkdir()
    for name in ("same", "changed"):
        (home / name).write_text(name)
    before, after = manifest(), manifest()
    Copying(FolderTarget(old, None), before).tree(home, "files", without=b".")
    (home / "changed").write_text("CHANGED")
    copying = Copying(FolderTarget(new, (old, before)), after)
    copying.tree(home, "files", without=b".")
    assert (copying.copied.files, copying.copied.unchanged) == (2, 1)
    assert (new / "files/same").samefile(old / "files/same")
    assert (old / "files/changed").read_text() == "changed"
    assert (new / "files/changed").read_text() == "CHANGED"
    assert after.entries["files/same"] == before.entries["files/same"]


def test_tar_is_plain(tmp_path: Path) -> None:
    """Anybody's tar reads it."""
    with new_tar(tmp_path / "b.tar") as target:
        target.add_octets("a", b"x")
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tar.getnames() == ["a"]
