"""The disk: its kind, its room, who may read the home, and how old the newest backup is."""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from netsuite.cli.diagnosis.findings import Finding, Level

#: Of other machines, where neither SQLite's locks nor its shared memory hold.
NETWORKED: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
)
#: Gone with the machine's next start.
FLEETING: Final = frozenset({"tmpfs", "ramfs"})
LITTLE_ROOM: Final = 1024**3
NO_ROOM: Final = 100 * 1024**2
OLD_BACKUP_DAYS: Final = 2.0
#: In the home: what nobody but its owner may read. The configuration may be read by a group.
PRIVATE: Final = ("secret", "netsuite.db", "netsuite.db-wal", "netsuite.db-shm")


class Room(NamedTuple):
    """What is free on a disk, for those who are not root, and what there is."""

    free_octets: int
    octets: int
    free_files: int
    files: int


def look_at_home(home: Path, *, sqlite: bool) -> Iterator[Finding]:
    """Look at a home that is there, and at the disk it is on.

    Args:
        sqlite: whether the store is in it.
    """
    kind, options = file_system(home, Path("/proc/self/mountinfo").read_text("utf-8", "replace"))
    yield judge_file_system(kind, options, sqlite=sqlite)
    there = os.statvfs(home)
    room = Room(
        there.f_bavail * there.f_frsize,
        there.f_blocks * there.f_frsize,
        there.f_favail,
        there.f_files,
    )
    yield judge_room(room)
    owner = home.stat().st_uid
    yield judge_owner(home, owner, os.geteuid())
    wrong = [
        finding
        for path in private_files(home)
        for finding in judge_private(path, path.stat(), owner)
    ]
    yield from wrong or [Finding("ok", "files", "nobody else may read what is secret")]


def file_system(path: Path, mounts: str) -> tuple[str, str]:
    """Return the kind of the file system that a path is on, and how it is mounted.

    Args:
        mounts: as ``/proc/self/mountinfo`` has them (proc(5)).
    """
    best, found = -1, ("unknown", "")
    for line in mounts.splitlines():
        mine, separator, theirs = line.partition(" - ")
        fields, last = mine.split(), theirs.split()
        if not separator or len(fields) < 6 or not last:
            continue
        point = fields[4].replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= best:  # the later one lies above
            best, found = len(point), (last[0], fields[5])
    return found


def judge_file_system(kind: str, options: str, *, sqlite: bool) -> Finding:
    """Judge the file system of the home."""
    said = f"the home is on {kind}"
    if "ro" in options.split(","):
        advice = "mount it again for writing: mount -o remount,rw; look why in dmesg"
        return Finding("fail", "disk", f"{said}, which can only be read", advice)
    if kind in NETWORKED and sqlite:
        advice = (
            "SQLite's locks do not hold there, and two would write at once: keep the home on a "
            "disk of this machine, or the store on PostgreSQL (store.url)"
        )
        return Finding("fail", "disk", f"{said}, a disk of another machine", advice)
    if kind in FLEETING:
        advice = "all mail is gone with the next start of the machine; keep it on a disk"
        return Finding("warn", "disk", f"{said}, in memory", advice)
    return Finding("ok", "disk", said)


def judge_room(room: Room) -> Finding:
    """Judge what is free."""
    said = f"{room.free_octets / 1024**3:,.1f} GiB free of {room.octets / 1024**3:,.1f}"
    if room.files and room.free_files < 1000:
        advice = "remove many small files of that disk, or make it anew with more inodes"
        return Finding("fail", "disk", f"{room.free_files:,} files more can be made", advice)
    if room.free_octets < NO_ROOM:
        return Finding("fail", "disk", said, "mail is put off (452): make room")
    if room.free_octets < LITTLE_ROOM or room.free_octets * 20 < room.octets:
        return Finding("warn", "disk", said, "make room before mail is put off")
    return Finding("ok", "disk", said)


def judge_owner(home: Path, owner: int, us: int) -> Finding:
    """Judge whose a home is."""
    name = user_name(owner)
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o022:
        advice = f"chmod 700 {home}"
        return Finding("fail", "home", f"others than {name} may write into {home}", advice)
    if mode & 0o055:
        advice = f"chmod 700 {home}"
        return Finding("warn", "home", f"others than {name} may look into {home}", advice)
    if owner == 0:
        advice = (
            "run the daemon as a user of its own, who owns the home: see docs/howto/install.rst"
        )
        return Finding("warn", "home", f"{home} is root's", advice)
    if us not in (0, owner):
        advice = f"look as root, or as {name}"
        return Finding("warn", "home", f"{home} is {name}'s", advice)
    return Finding("ok", "home", f"{home} is {name}'s, and nobody else may look into it")


def private_files(home: Path) -> Iterator[Path]:
    """Return the files of a home that are nobody else's business, as far as they are there."""
    for name in (*PRIVATE, "netsuite.toml"):
        if (home / name).exists():
            yield home / name
    for folder in ("dkim", "tls"):
        with contextlib.suppress(OSError):
            for path in sorted((home / folder).rglob("*.pem")):
                if path.is_file() and "fullchain" not in path.name:
                    yield path


def judge_private(path: Path, found: os.stat_result, owner: int) -> Iterator[Finding]:
    """Judge a file that is nobody else's business.

    Args:
        owner: of the home.
    """
    configuration = path.suffix == ".toml"  # root's, where a package has it, for a group to read
    linked = path.is_symlink() or path.resolve() != path
    if found.st_mode & (0o007 if configuration or linked else 0o077):
        advice = f"chmod {'640' if configuration or linked else '600'} {path.resolve()}"
        level: Level = "warn" if configuration else "fail"
        yield Finding(level, "files", f"others may read {path}", advice)
    if found.st_uid not in ((owner, 0) if configuration or linked else (owner,)):
        whose = f"{path} is {user_name(found.st_uid)}'s, and the home {user_name(owner)}'s"
        yield Finding("fail", "files", whose, f"chown {user_name(owner)}: {path}")


def user_name(number: int) -> str:
    """Return the name of a user; the number of one who has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def look_at_backups(folder: Path | None, now: datetime) -> Finding:
    """Look how old the newest backup is; None: nobody has said where they are."""
    from netsuite.cli.archives import BadBackup
    from netsuite.cli.backup import newest

    if folder is None:
        advice = "say where they are with --backups DIR; see docs/howto/backup.rst to make some"
        return Finding("warn", "backup", "nobody has said where backups are", advice)
    try:
        found = newest(folder)
        made = None if found is None else datetime.fromisoformat(found[1].made)
    except (OSError, BadBackup, ValueError) as error:
        return Finding("fail", "backup", str(error), f"look what is in {folder}")
    return judge_backup(folder, made, now)


def judge_backup(folder: Path, made: datetime | None, now: datetime) -> Finding:
    """Judge when the newest backup was made."""
    advice = f"netsuite backup --keep 14 {folder}, each night"
    if made is None:
        return Finding("fail", "backup", f"there is none in {folder}", advice)
    age = (now - made.astimezone(UTC)).total_seconds() / 86_400
    said = f"the newest in {folder} is {age:,.1f} days old"
    if age > OLD_BACKUP_DAYS:
        return Finding("warn", "backup", said, advice)
    return Finding("ok", "backup", said)
