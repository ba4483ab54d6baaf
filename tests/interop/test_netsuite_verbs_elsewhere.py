"""The verbs of the netsuite command with servers of others: vsftpd, nginx with WebDAV, Dovecot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.benchmarks import ftp_peers
from tests.benchmarks.servers import Absent
from tests.interop.programs import program
from tests.interop.test_dovecot import dovecot
from tests.interop.test_netsuite_command import refused, rows, run
from tests.interop.test_netsuite_verbs import events, found
from tests.servers import free_port

pytestmark = pytest.mark.long
_NGINX = """\
daemon off; pid {home}/pid; error_log {home}/errors; worker_processes 1; {user}
events {{ }}
http {{
    access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/p;
    fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    server {{
        listen 127.0.0.1:{port}; root {home}/files; autoindex on;
        dav_methods PUT DELETE MKCOL MOVE; create_full_put_path on;
    }}
}}
"""


@pytest.fixture
def nginx() -> Iterator[tuple[str, Path]]:
    """Run nginx with WebDAV and index pages; return its URL and its files."""
    path = program("nginx")
    if "http_dav_module" not in subprocess.run([path, "-V"], capture_output=True, text=True).stderr:
        pytest.skip("this nginx has no WebDAV")
    home, port = Path(tempfile.mkdtemp(prefix="ng-")), free_port()
    (home / "files").mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "conf").write_text(_NGINX.format(home=home, port=port, user=user))
    process = subprocess.Popen([path, "-c", home / "conf"], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 20
        while not (home / "pid").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        yield url, home / "files"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def test_nginx(nginx: tuple[str, Path], tmp_path: Path) -> None:
    """WebDAV's MKCOL, MOVE and DELETE; index pages searched, watched and mirrored."""
    url, files = nginx
    assert events("mkdir", "-p", f"{url}/a/b") == [{"event": "made", "url": f"{url}/a/b/"}]
    refused(1, "mkdir", f"{url}/a/b")
    (tmp_path / "x y.txt").write_text("hello")
    run("put", tmp_path / "x y.txt", f"{url}/a/")
    run("mv", f"{url}/a/x%20y.txt", f"{url}/a/b/")
    assert (files / "a" / "b" / "x y.txt").read_text() == "hello"
    assert [each["path"] for each in found(url, "*.txt")] == ["a/b/x y.txt"]
    os.utime(files / "a" / "b" / "x y.txt", (1e9, 1e9))
    assert {each["event"] for each in events("mirror", f"{url}/a", tmp_path / "m")} == {
        "made", "fetched",
    }  # fmt: skip
    assert (tmp_path / "m" / "b" / "x y.txt").stat().st_mtime == 1e9
    assert events("mirror", f"{url}/a", tmp_path / "m") == []
    assert "-r" in refused(2, "rm", f"{url}/a")
    assert (files / "a" / "b").exists()
    run("rm", f"{url}/a/b/x%20y.txt")
    run("rm", "-r", f"{url}/a/")
    assert not (files / "a").exists()
    told = json.loads(run("capabilities", "--json", url)[0])
    assert told["greeting"].startswith("nginx")


def test_vsftpd(tmp_path: Path) -> None:
    """A server with LIST only: the same changes, and what is not there is told."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(ftp_peers.vsftpd())
        except Absent as reason:
            pytest.skip(str(reason))
        url = f"ftp://127.0.0.1:{running.port}/{ftp_peers.UPLOADS}"
        files = running.home / "files" / ftp_peers.UPLOADS
        run("mkdir", "-p", f"{url}/a/b")
        assert events("mkdir", "-p", f"{url}/a/b") == []
        (tmp_path / "f.txt").write_text("hello")
        run("put", tmp_path / "f.txt", f"{url}/a/")
        run("mv", f"{url}/a/f.txt", f"{url}/a/b/")
        assert (files / "a" / "b" / "f.txt").read_text() == "hello"
        assert [each["path"] for each in found(url, "f.txt")] == ["a/b/f.txt"]
        refused(1, "rm", f"{url}/a")
        refused(1, "rm", "-r", f"{url}/nothing")
        printed, _ = run("rm", "-r", f"{url}/a")
        assert printed.endswith("removed up/a/\n")
        assert not (files / "a").exists()
        told = json.loads(run("capabilities", "--json", url)[0])
        assert "vsFTPd" in told["greeting"]


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that others may enter, whose sockets have short names."""
    folder = Path(tempfile.mkdtemp(prefix="dv-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_dovecot(place: Path, tmp_path: Path) -> None:
    """Mailboxes with dots between their names; a message is removed without a trash."""
    with dovecot(place) as port:
        ann, imap = ("-u", "ann:secret"), f"imap://127.0.0.1:{port}"
        run("mkdir", *ann, f"{imap}/INBOX.Work", f"{imap}/INBOX.Work.Old")
        (tmp_path / "letter").write_text("Subject: needle\n\nhello\n")
        run("put", *ann, tmp_path / "letter", f"{imap}/INBOX.Work")
        (mail,) = found(*ann, f"{imap}/", "needle")
        assert mail["mailbox"] == "INBOX.Work"
        (moved,) = events("mv", *ann, f"{imap}/INBOX.Work;UID=1", f"{imap}/INBOX.Work.Old")
        assert moved["to-uids"] == "1"
        events("mirror", *ann, f"{imap}/", tmp_path / "mail")
        assert (
            (tmp_path / "mail" / "INBOX" / "Work" / "Old" / "1.eml").read_text().endswith("hello\n")
        )
        run("rm", *ann, f"{imap}/INBOX.Work.Old;UID=1")
        assert rows(*ann, f"{imap}/INBOX.Work.Old") == []
        run("rm", "-r", *ann, f"{imap}/INBOX.Work")
        names = {each["mailbox"] for each in rows(*ann, f"{imap}/")}
        assert not any("Work" in str(each) for each in names)
        told = json.loads(run("capabilities", "--json", *ann, imap)[0])
        assert list(told["capabilities"]) == ["in the clear", "logged in"]
