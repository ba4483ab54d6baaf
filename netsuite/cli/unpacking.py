"""Backups unpacked into a folder of ours, each file held against its digest."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from netsuite.cli.archives import (
    MANIFEST,
    PIECE_OCTETS,
    SUFFIXES,
    BadBackup,
    Entry,
    Manifest,
    check_name,
    opened_tar,
    read_manifest,
)
from netsuite.cli.backup import newest

#: A manifest of millions of files has less.
_MANIFEST_OCTETS: Final = 2 << 30
_PERMISSIONS: Final = 0o777


def unpack(backup: Path, folder: Path) -> Manifest:
    """Copy all that a backup has, and check it; permissions are as they were.

    Args:
        backup: a folder, the newest backup of a folder of several, or a tar file.
        folder: empty, and nobody else's to write to.

    Raises:
        BadBackup: there is no backup, or it is not what its manifest says.
    """
    if backup.is_dir():
        return _unpack_folder(backup, folder)
    if not backup.name.endswith(SUFFIXES):
        raise BadBackup(f"{backup} is no backup: neither a folder nor one of {', '.join(SUFFIXES)}")
    return _unpack_tar(backup, folder)


def _unpack_folder(backup: Path, folder: Path) -> Manifest:
    if (backup / MANIFEST).exists():
        manifest = read_manifest((backup / MANIFEST).read_bytes(), backup)
    else:
        found = newest(backup)
        if found is None:
            raise BadBackup(f"there is no backup in {backup}")
        backup, manifest = found
    for name, entry in manifest.entries.items():
        if entry.kind == "folder":
            (folder / name).mkdir(mode=0o700)
        elif entry.kind == "file":
            try:
                with open(backup / name, "rb") as file:
                    _check(name, entry, _write(file, folder / name), backup)
            except FileNotFoundError:
                raise BadBackup(f"{backup} is damaged: {name} is not there") from None
    _finish(folder, manifest.entries)
    return manifest


def _unpack_tar(backup: Path, folder: Path) -> Manifest:
    digests: dict[str, str] = {}
    octets = b""
    with opened_tar(backup) as tar:
        for member in tar:
            name = member.name
            check_name(name, backup)
            if name == MANIFEST and member.size < _MANIFEST_OCTETS:
                octets = _content(tar, member).read()
            elif member.isdir():
                (folder / name).mkdir(mode=0o700)
            elif member.isreg():
                digests[name] = _write(_content(tar, member), folder / name)
            elif not member.issym():  # the manifest knows where links lead
                raise BadBackup(f"{backup}: {name} is neither a file nor a folder")
    if not octets:
        raise BadBackup(f"{backup} is no backup, or not whole: it has no {MANIFEST}")
    manifest = read_manifest(octets, backup)
    files = {name: each for name, each in manifest.entries.items() if each.kind == "file"}
    for name in {*files, *digests}:
        if name not in files or name not in digests:
            raise BadBackup(f"{backup} is damaged: {name} is there or in the manifest, not both")
        _check(name, files[name], digests[name], backup)
    _finish(folder, manifest.entries)
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(member)
    if found is None:
        raise BadBackup(f"{member.name} has no content")
    return found


def _write(source: IO[bytes], path: Path) -> str:
    """Copy a file; return its digest."""
    digest = hashlib.sha256()
    with open(path, "xb") as file:
        while piece := source.read(PIECE_OCTETS):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _check(name: str, entry: Entry, sha256: str, backup: Path) -> None:
    if entry.sha256 != sha256:
        raise BadBackup(f"{backup} is damaged: {name} is not what it was")


def _finish(folder: Path, entries: dict[str, Entry]) -> None:
    """Make the links, through which nothing can be written any more; then set permissions, those
    of folders after all that is in them."""
    for name, entry in entries.items():
        if entry.kind == "link":
            os.symlink(entry.to, folder / name)
    for name, entry in reversed(entries.items()):
        if entry.kind != "link":
            os.chmod(folder / name, entry.mode & _PERMISSIONS)
        if entry.kind == "file":
            os.utime(folder / name, ns=(entry.modified, entry.modified))


def give_away(paths: Iterable[Path], like: Path) -> None:
    """Change the owner of files, and of all in folders, to that of another; only root does."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for path in paths:
        found = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
        for each in found:
            os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)
