"""A backup is believed when all of it is as its manifest says."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from netsuite.cli.archives import BadBackup, Copying, Entry, FolderTarget, Manifest, new_tar
from netsuite.cli.unpacking import give_away, unpack


def make(path: Path) -> Path:
    """Make a backup of some files: a folder, or a tar file as the name says."""
    home = path.with_name("home")
    (home / "open").mkdir(parents=True)
    (home / "open/file").write_text("content")
    (home / "open/file").chmod(0o640)
    os.utime(home / "open/file", (1, 2))
    (home / "open").chmod(0o555)
    (home / "link").symlink_to("/etc")
    manifest = Manifest("1", "2026-01-01T00:00:00+00:00", "sqlite", "0005")
    if path.suffix == ".tar":
        with new_tar(path) as tar:
            Copying(tar, manifest).tree(home, "files", without=b".")
            tar.add_octets("manifest.json", manifest.written())
        return path
    path.mkdir()
    target = FolderTarget(path, None)
    Copying(target, manifest).tree(home, "files", without=b".")
    target.add_octets("manifest.json", manifest.written())
    return path


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_all_comes_back(tmp_path: Path, name: str) -> None:
    """Content, permissions, times and links."""
    folder = tmp_path / "new"
    folder.mkdir()
    unpack(make(tmp_path / name), folder)
    path = folder / "files/open/file"
    assert path.read_text() == "content"
    assert (path.stat().st_mode & 0o777, path.stat().st_mtime) == (0o640, 2)
    assert (folder / "files/open").stat().st_mode & 0o777 == 0o555
    assert os.readlink(folder / "files/link") == "/etc"
    assert not (folder / "manifest.json").exists()
    give_away([folder / "files"], tmp_path)


def _change(backup: Path) -> None:
    (backup / "files/open/file").write_text("CONTENT")


def _remove(backup: Path) -> None:
    (backup / "files/open/file").unlink()


def _no_manifest(backup: Path) -> None:
    (backup / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_change, "is damaged: files/open/file is not what it was"),
        (_remove, "is damaged: files/open/file is not there"),
        (_no_manifest, "there is no backup in"),
    ],
)
def test_damaged_folder(tmp_path: Path, damage: Callable[[Path], None], says: str) -> None:
    """What has changed since is found."""
    backup = make(tmp_path / "backup")
    damage(backup)
    (tmp_path / "new").mkdir()
    with pytest.raises(BadBackup, match=says):
        unpack(backup, tmp_path / "new")


def _tar(path: Path, *members: tarfile.TarInfo, octets: bytes = b"") -> Path:
    with tarfile.open(path, "w") as tar:
        for each in members:
            each.size = len(octets) if each.isreg() else 0
            tar.addfile(each, io.BytesIO(octets))
    return path


def _hard_link() -> tarfile.TarInfo:
    member = tarfile.TarInfo("a")
    member.type, member.linkname = tarfile.LNKTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (tarfile.TarInfo("../x"), "leads elsewhere"),
        (tarfile.TarInfo("/tmp/x"), "leads elsewhere"),
        (_hard_link(), "neither a file nor a folder"),
        (tarfile.TarInfo("a"), "it has no manifest"),
    ],
)
def test_other_tar_files(tmp_path: Path, member: tarfile.TarInfo, says: str) -> None:
    """A tar file that is no backup of ours is refused."""
    (tmp_path / "new").mkdir()
    with pytest.raises(BadBackup, match=says):
        unpack(_tar(tmp_path / "b.tar", member), tmp_path / "new")
    assert not (tmp_path / "x").exists()


def test_tar_with_more(tmp_path: Path) -> None:
    """What the manifest does not know is refused, and what it knows has to be there."""
    manifest = Manifest("1", "now", "sqlite", "0005", {"b": Entry("file")})
    path = tmp_path / "b.tar"
    with new_tar(path) as tar:
        tar.add_octets("b", b"")
        tar.add_octets("c", b"")
        tar.add_octets("manifest.json", manifest.written())
    (tmp_path / "new").mkdir()
    with pytest.raises(BadBackup, match="is damaged: "):
        unpack(path, tmp_path / "new")


def test_no_backup(tmp_path: Path) -> None:
    """Any other file is none."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadBackup, match="is no backup: neither"):
        unpack(tmp_path / "file", tmp_path)
