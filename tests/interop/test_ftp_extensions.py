"""lftp and curl with what drafts and custom have added to FTP: MODE Z, SITE, HASH, HOST."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program, run

#: Half of it can be deflated.
BIG = os.urandom(1_000_000) + bytes(2_000_000)


@pytest.mark.parametrize("protected", [False, True])
def test_lftp_deflated(daemon: Daemon, tmp_path: Path, protected: bool) -> None:
    """MODE Z both ways and for listings, also resumed; times and permission bits by SITE."""
    lftp = program("lftp")
    (tmp_path / "up").write_bytes(BIG)
    (tmp_path / "cut").write_bytes(BIG[:700_000])
    os.utime(tmp_path / "up", (1_577_934_245, 1_577_934_245))
    name, tls = f"lftp-z-{protected}", "yes" if protected else "no"
    said = run(
        lftp, "-c",
        "set ftp:use-mode-z yes; set ftp:mode-z-level 9; set ftp:use-site-utime2 yes;"
        f"set ftp:ssl-force {tls}; set ftp:ssl-allow {tls}; set ftp:ssl-protect-data {tls};"
        f"set ssl:verify-certificate no; debug -o {tmp_path / 'said'} 9;"
        f"open -u alice,netsuite ftp://127.0.0.1:{daemon.ports['ftp']};"
        f"mkdir {name}; cd {name}; put up; chmod 640 up; get up -o down; get -c up -o cut; cls -l",
        home=tmp_path,
    )  # fmt: skip
    stored = daemon.home / f"files/home/alice/{name}/up"
    assert stored.read_bytes() == BIG
    assert (tmp_path / "down").read_bytes() == (tmp_path / "cut").read_bytes() == BIG
    assert stored.stat().st_mode & 0o777 == 0o640
    assert int(stored.stat().st_mtime) == 1_577_934_245
    assert "-rw-r-----" in said
    log = (tmp_path / "said").read_text("utf-8", "replace")
    assert "200 MODE Z" in log
    assert "SITE UTIME" in log


def test_curl_quotes(daemon: Daemon, tmp_path: Path) -> None:
    """What curl is told to say before and behind a transfer; a part by a range."""
    curl = program("curl", "ftp")
    (tmp_path / "up").write_bytes(BIG)
    url = f"ftp://127.0.0.1:{daemon.ports['ftp']}/"
    base = [curl, "-sS", "-v", "-u", "alice:netsuite"]
    said = run(
        *base, "-Q", "-SITE CHMOD 600 quoted", "-Q", "-HASH quoted", "-Q", "-XCRC quoted 0 1000",
        "-Q", "CLNT curl", "-Q", "OPTS HASH SHA-1", "-T", "up", f"{url}quoted", "--stderr", "-",
        home=tmp_path,
    )  # fmt: skip
    assert f"213 SHA-1 0-2999999 {hashlib.sha1(BIG).hexdigest()} /quoted" in said
    assert f"250 {zlib.crc32(BIG[:1000]):08x}" in said
    stored = daemon.home / "files/home/alice/quoted"
    assert stored.stat().st_mode & 0o777 == 0o600
    # It has asked for SIZE, and misses the rest.
    run(*base, "-Q", "RANG 999990 1000009", f"{url}quoted", "-o", "part", home=tmp_path, ok=False)
    assert (tmp_path / "part").read_bytes() == BIG[999_990:1_000_010]
    run(*base, "-Q", "DELE quoted", url, "-o", "list", home=tmp_path)
    assert not stored.exists()


def test_hash_while_cut(daemon: Daemon, tmp_path: Path) -> None:
    """A large file is hashed, and its client's going away hurts nobody else."""
    curl = program("curl", "ftp")
    large = daemon.home / "files/home/alice/large"
    with large.open("wb") as file:
        file.truncate(2_000_000_000)  # a hole: it takes time and no room
    base = [curl, "-sS", "-u", "alice:netsuite", f"ftp://127.0.0.1:{daemon.ports['ftp']}/"]
    try:
        with pytest.raises(AssertionError):
            run(*base, "-m", "1", "-Q", "HASH large", "-Q", "HASH large", "-Q", "HASH large",
                home=tmp_path)  # fmt: skip
        said = run(*base, "-v", "-Q", "XMD5 notes.txt", "--stderr", "-", home=tmp_path)
    finally:
        large.unlink()
    notes = (daemon.home / "files/home/alice/notes.txt").read_bytes()
    assert f"250 {hashlib.md5(notes).hexdigest()}" in said
