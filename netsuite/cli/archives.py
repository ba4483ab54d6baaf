"""Backups as they lie on a disk: a folder or a tar file of entries, with a manifest of them.

The manifest is ``manifest.json``: versions, and for each entry what it is, with a digest. It is
written last, and a backup gets its name when all of it is on the disk: so there is no half one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

import click

from netsuite.store.writeout import written_out

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
PARTIAL: Final = ".partial-"
PIECE_OCTETS: Final = 1 << 20
STEP_OCTETS: Final = 8 << 20
SUFFIXES: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst")
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class BadBackup(click.ClickException):
    """A backup cannot be made, read or believed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a backup, under its name.

    Args:
        kind: ``file``, ``folder`` or ``link``.
        mode: its permissions at home; in the backup nobody else may read it.
        modified: nanoseconds since 1970.
        identity: by which it is known again, unchanged, at the next backup.
        to: where a link leads.
    """

    kind: str
    mode: int = 0
    octets: int = 0
    modified: int = 0
    identity: str = ""
    sha256: str = ""
    to: str = ""


@dataclass(slots=True)
class Manifest:
    """The manifest: the entries of a backup, and what it was made of.

    Args:
        store: ``sqlite`` or ``postgresql``.
        schema: the revision of its database.
    """

    netsuite: str
    made: str
    store: str
    schema: str
    entries: dict[str, Entry] = field(default_factory=dict)

    def written(self) -> bytes:
        """Return it as a file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()


def read_manifest(octets: bytes, place: Path) -> Manifest:
    """Read a manifest. Raises BadBackup."""
    try:
        read = json.loads(octets)
        if read.pop("format") != FORMAT:
            raise BadBackup(f"{place} was made by another version of netsuite; use that one")
        entries = {name: Entry(**entry) for name, entry in read.pop("entries").items()}
        manifest = Manifest(**read, entries=entries)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadBackup(f"{place}: its manifest cannot be read") from None
    for name in manifest.entries:
        check_name(name, place)
    return manifest


def check_name(name: str, place: Path) -> None:
    """Raise BadBackup where a name would lead out of the place it is unpacked to."""
    path = PurePosixPath(name)
    if path.is_absolute() or str(path) != name or ".." in path.parts or "\0" in name:
        raise BadBackup(f"{place}: an entry is called {name!r}, which leads elsewhere")


class Source:
    """A file being copied: exactly as many octets as it had when it was opened, and their digest.

    Args:
        file: open for reading.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        found = os.fstat(file.fileno())
        self.octets = found.st_size
        self._left = found.st_size
        self._digest = hashlib.sha256()
        self._before = found

    def read(self, octets: int = PIECE_OCTETS) -> bytes:
        """Read some; zeros where the file has become shorter, as its size has been written."""
        wanted = min(octets, self._left)
        piece = self._file.read(wanted) if wanted else b""
        piece += bytes(wanted - len(piece))
        self._left -= wanted
        self._digest.update(piece)
        return piece

    def is_changed(self) -> bool:
        """Return whether somebody has written to it meanwhile."""
        return identity_of(os.fstat(self._file.fileno())) != identity_of(self._before)

    def entry(self) -> Entry:
        """Return what was copied."""
        found = self._before
        digest = self._digest.hexdigest()
        return Entry(
            "file",
            stat.S_IMODE(found.st_mode),
            self.octets,
            found.st_mtime_ns,
            identity_of(found),
            digest,
        )


def identity_of(found: os.stat_result) -> str:
    """Return what a file that nobody has touched has kept."""
    parts = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return "-".join(map(str, parts))


class Target(Protocol):
    """A backup that is being made."""

    def known(self, name: str, identity: str) -> Entry | None:
        """Return a file of the backup before, linked here, if it is the same; else None."""

    def add_file(self, name: str, source: Source) -> None:
        """Copy a file."""

    def add(self, name: str, entry: Entry) -> None:
        """Make a folder or a link."""

    def add_octets(self, name: str, octets: bytes) -> None:
        """Write a small file."""

    def take_in(self, name: str, path: Path) -> Entry:
        """Add a file that was made for it, which need not be there afterwards."""


class FolderTarget:
    """A backup as a folder.

    Args:
        path: the folder, which is there.
        before: the backup before, and its manifest.
    """

    def __init__(self, path: Path, before: tuple[Path, Manifest] | None) -> None:
        self._path = path
        self._before = before

    def known(self, name: str, identity: str) -> Entry | None:
        """As ``Target.known``."""
        if self._before is None:
            return None
        folder, manifest = self._before
        entry = manifest.entries.get(name)
        if entry is None or entry.kind != "file" or entry.identity != identity:
            return None
        try:
            os.link(folder / name, self._path / name)
        except OSError:  # a file system without links, or too many of one file
            return None
        return entry

    def add_file(self, name: str, source: Source) -> None:
        """As ``Target.add_file``."""
        with open(self._path / name, "xb", buffering=0) as file:
            written = 0
            while piece := source.read():
                file.write(piece)
                written += len(piece)
                if written >= STEP_OCTETS:  # see writeout; small ones wait for the end
                    os.fdatasync(file.fileno())
                    written = 0

    def add(self, name: str, entry: Entry) -> None:
        """As ``Target.add``."""
        if entry.kind == "folder":
            (self._path / name).mkdir(mode=0o700)
        else:
            os.symlink(entry.to, self._path / name)

    def add_octets(self, name: str, octets: bytes) -> None:
        """As ``Target.add_octets``."""
        with open(self._path / name, "xb") as file:
            file.write(octets)

    def take_in(self, name: str, path: Path) -> Entry:
        """As ``Target.take_in``."""
        os.rename(path, self._path / name)
        with open(self._path / name, "rb") as file:
            source = Source(file)
            while source.read():
                pass
        return source.entry()


class TarTarget:
    """A backup as a tar file, written from its beginning to its end."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def known(self, name: str, identity: str) -> Entry | None:
        """As ``Target.known``; there is none before."""
        return None

    def add_file(self, name: str, source: Source) -> None:
        """As ``Target.add_file``."""
        member = _member(name, source.octets)
        self._tar.addfile(member, source)

    def add(self, name: str, entry: Entry) -> None:
        """As ``Target.add``."""
        member = _member(name, 0)
        member.type = tarfile.DIRTYPE if entry.kind == "folder" else tarfile.SYMTYPE
        member.mode = 0o700
        member.linkname = entry.to
        self._tar.addfile(member)

    def add_octets(self, name: str, octets: bytes) -> None:
        """As ``Target.add_octets``."""
        self._tar.addfile(_member(name, len(octets)), BytesIO(octets))

    def take_in(self, name: str, path: Path) -> Entry:
        """As ``Target.take_in``."""
        with open(path, "rb") as file:
            source = Source(file)
            self.add_file(name, source)
        return source.entry()


def _member(name: str, octets: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = octets
    member.mode = 0o600
    return member


@contextmanager
def new_tar(path: Path) -> Iterator[TarTarget]:
    """Make a tar file; it has its name when the block is left, and else is not there.

    Raises:
        BadBackup: there is a file of that name, or what compresses it is not there.
    """
    if path.exists():
        raise BadBackup(f"{path} is there already; name a new file, or a folder of backups")
    partial = path.with_name(f"{PARTIAL}{secrets.token_hex(4)}-{path.name}")
    try:
        with (
            open(partial, "xb") as file,
            written_out(partial),
            _compressed(path, file) as stream,
            _tar("w|", stream) as tar,
        ):
            yield TarTarget(tar)
        with open(partial, "rb") as made:
            os.fsync(made.fileno())
        os.rename(partial, path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _tar(mode: str, stream: IO[bytes]) -> tarfile.TarFile:
    if mode == "w|":
        return tarfile.open(mode="w|", fileobj=stream, format=tarfile.PAX_FORMAT)
    return tarfile.open(mode="r|", fileobj=stream)


@contextmanager
def _compressed(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Return a file to write to, compressed where its name says so."""
    program = _program(path)
    if program is None:
        yield file
        return
    with subprocess.Popen([*program, "-c"], stdin=subprocess.PIPE, stdout=file) as running:
        assert running.stdin is not None
        yield running.stdin
    if running.returncode:
        raise BadBackup(f"{program[0]} failed with exit code {running.returncode}")


@contextmanager
def _expanded(path: Path) -> Iterator[IO[bytes]]:
    program = _program(path)
    with open(path, "rb") as file:
        if program is None:
            yield file
            return
        command = [*program, "-d", "-c"]
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            yield running.stdout
    if running.returncode:
        raise BadBackup(f"{path} is damaged: {program[0]} ended with {running.returncode}")


def _program(path: Path) -> list[str] | None:
    """Return what compresses a file of that name, in a process beside. Raises BadBackup."""
    if path.name.endswith(".tar"):
        return None
    program = "zstd" if path.name.endswith(".zst") else "gzip"
    found = shutil.which(program)
    if found is None:
        raise BadBackup(f"{program} is not installed, which {path.name} asks for")
    return [found, "-q"]


@contextmanager
def opened_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a tar file to be read from its beginning to its end. Raises BadBackup."""
    try:
        with _expanded(path) as stream, _tar("r|", stream) as tar:
            yield tar
            while stream.read(PIECE_OCTETS):
                pass  # so that the program that expands it comes to its end
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(f"{path} is damaged: {error}") from None


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class Copied:
    """The result of copying: what was copied, and what is to be said of it."""

    files: int = 0
    unchanged: int = 0
    octets: int = 0
    remarks: list[str] = field(default_factory=list)


class Copying:
    """Files of a home on their way into a backup."""

    def __init__(self, target: Target, manifest: Manifest) -> None:
        self._target = target
        self._entries = manifest.entries
        self.copied = Copied()

    def tree(self, path: Path, name: str, *, without: bytes) -> None:
        """Copy a folder and all below it, if it is there.

        Args:
            name: its name in the backup.
            without: what the names of files begin with that are left out.
        """
        if not path.is_dir():
            return
        self._add(name, Entry("folder", stat.S_IMODE(path.stat().st_mode)))
        for folder, folders, files, descriptor in os.fwalk(path, onerror=_fail):
            below = PurePosixPath(name, os.path.relpath(folder, path)).as_posix()
            for each in sorted(folders):
                self._folder(f"{below}/{each}", each, descriptor)
            for each in sorted(files):
                if not os.fsencode(each).startswith(without):
                    self._file(f"{below}/{each}", each, descriptor)

    def file(self, path: Path, name: str) -> None:
        """Copy a file, if it is there; where its name is a link, what that leads to."""
        with suppress(FileNotFoundError), open(path, "rb") as file:
            self._copy(name, file)

    def take_in(self, path: Path, name: str) -> None:
        """Add a file that was made for the backup."""
        entry = self._entries[name] = self._target.take_in(name, path)
        self.copied.files += 1
        self.copied.octets += entry.octets

    def _folder(self, name: str, base: str, descriptor: int) -> None:
        found = os.stat(base, dir_fd=descriptor, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            self._link(name, base, descriptor)
        else:
            self._add(name, Entry("folder", stat.S_IMODE(found.st_mode)))

    def _file(self, name: str, base: str, descriptor: int) -> None:
        try:
            found = os.stat(base, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                self._link(name, base, descriptor)
            elif not stat.S_ISREG(found.st_mode):
                self.copied.remarks.append(f"{name} is no file, and left out")
            elif known := self._target.known(name, identity_of(found)):
                self._entries[name] = known
                self.copied.files += 1
                self.copied.unchanged += 1
            else:
                opened = os.open(base, _READ, dir_fd=descriptor)
                with open(opened, "rb", buffering=0) as file:
                    self._copy(name, file)
        except FileNotFoundError:
            pass  # removed since its folder was listed

    def _copy(self, name: str, file: IO[bytes]) -> None:
        source = Source(file)
        self._target.add_file(name, source)
        self._entries[name] = source.entry()
        self.copied.files += 1
        self.copied.octets += source.octets
        if source.is_changed():
            self.copied.remarks.append(f"{name} was written to while it was copied")

    def _link(self, name: str, base: str, descriptor: int) -> None:
        to = os.readlink(base, dir_fd=descriptor)
        self._add(name, Entry("link", to=to))
        self.copied.remarks.append(f"{name} is a link: what {to} has is not in the backup")

    def _add(self, name: str, entry: Entry) -> None:
        self._target.add(name, entry)
        self._entries[name] = entry


def _fail(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
