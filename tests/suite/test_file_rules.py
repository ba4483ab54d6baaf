"""Rules, mapped directories and links of a running daemon: the same behind every door."""

from __future__ import annotations

import ftplib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.suite.doors import at_the_shell
from tests.suite.test_one_file import by_ftp, by_gopher, by_http, ftp


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of the host's, with a link in it."""
    directory = tmp_path_factory.mktemp("mirror").resolve()
    (directory / "pool").mkdir()
    (directory / "pool" / "page.txt").write_text("mirrored")
    (directory / "stable").symlink_to("pool")
    (directory / "out").symlink_to("/etc")
    return directory


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Iterator[Daemon]:
    """Return a daemon whose configuration says who may do what."""
    home = tmp_path_factory.mktemp("ruled")
    public = home / "files" / "public"
    for name in ("incoming", "log", "private"):
        (public / name).mkdir(parents=True)
    (public / "private" / "f.txt").write_text("private")
    rules = """files.rules=[
        {path="/site/incoming", may={anonymous="incoming", bob="incoming", alice="all"}},
        {path="/site/log", may={bob="append-only"}},
        {path="/site/private", may={bob="read-only"}},
    ]"""
    mapped = f'files.mapped=[{{path="/site/mirror", directory="{mirror}"}}]'
    with Daemon(home, rules, mapped, 'files.links="inside"') as running:
        yield running


def refused(doing: object, *arguments: object) -> str:
    """Do something that is refused by FTP; return the code."""
    assert callable(doing)
    with pytest.raises(ftplib.error_perm) as caught:
        doing(*arguments)
    return str(caught.value)[:3]


def perms(client: ftplib.FTP, path: str) -> dict[str, str]:
    """Return what MLSD says may be done, by name."""
    return {name: facts["perm"] for name, facts in client.mlsd(path)}


def test_incoming(ruled: Daemon) -> None:
    """Whoever leaves something there sees nothing of it, by no door, until it is moved."""
    for user, root in (("", ""), ("bob", "/site")):
        client = ftp(ruled, user)
        name = f"gift-{user}"
        path = f"{root}/incoming/{name}"
        client.cwd(f"{root}/incoming")
        client.storbinary(f"STOR {name}", io.BytesIO(b"gift"))
        assert refused(client.storbinary, f"STOR {name}", io.BytesIO(b"x")) in ("550", "553")
        for command in ("SIZE", "MDTM", "MLST", "DELE", "RNFR", "SITE CHMOD 777", "HASH"):
            assert refused(client.sendcmd, f"{command} {path}") == "550"
        for command in ("RETR", "APPE", "MLSD", "NLST", "LIST"):
            said = refused(client.transfercmd, f"{command} {path}")
            assert said in ("550", "501"), command
        assert refused(client.transfercmd, f"MLSD {root}/incoming") == "550"
        assert refused(client.mkd, "d") == "550"
        assert perms(client, root or "/")["incoming"] == "ce"
        lines: list[str] = []
        client.dir(root or "/", lines.append)
        (line,) = [line for line in lines if line.endswith(" incoming")]
        assert line.startswith("d-wx--x--x"), line
        client.close()
        assert by_http(ruled, "GET", f"/incoming/{name}")[0] in (403, 404)
        assert by_http(ruled, "GET", "/incoming/")[0] in (403, 404)
        assert by_gopher(ruled, f"/incoming/{name}").startswith(b"3")
        assert by_gopher(ruled, "/incoming").startswith(b"3")
    shell = at_the_shell(ruled, "bob", "cat site/incoming/gift-", "ls site/incoming")
    assert shell.count(b"You may not do that") == 2
    assert by_http(ruled, "PUT", "/incoming/by-http", b"gift", "bob")[0] == 201
    assert by_http(ruled, "PUT", "/incoming/by-http", b"other", "bob")[0] in (403, 409)
    alice = ftp(ruled)
    names = [name for name, _ in alice.mlsd("/site/incoming")]
    assert names == ["by-http", "gift-", "gift-bob"]
    alice.rename("/site/incoming/gift-", "/site/gift.txt")
    alice.close()
    assert by_http(ruled, "GET", "/gift.txt")[1] == b"gift"


def test_append_only(ruled: Daemon) -> None:
    """Nothing is lost where files may only become longer."""
    client = ftp(ruled, "bob")
    client.cwd("/site/log")
    client.storbinary("STOR day.txt", io.BytesIO(b"one"))
    client.storbinary("APPE day.txt", io.BytesIO(b" two"))
    assert refused(client.storbinary, "STOR day.txt", io.BytesIO(b"x")) in ("550", "553")
    assert refused(client.delete, "day.txt") == "550"
    assert refused(client.rename, "day.txt", "night.txt") == "550"
    assert perms(client, ".")["day.txt"] == "ar"
    client.mkd("sub")
    assert refused(client.rmd, "sub") == "550"
    assert by_ftp(client, "day.txt") == b"one two"
    client.close()
    assert by_http(ruled, "PUT", "/log/day.txt", b"x", "bob")[0] in (403, 409)
    assert by_http(ruled, "DELETE", "/log/day.txt", None, "bob")[0] == 403


def test_for_some(ruled: Daemon) -> None:
    """What is for some is not there for others, whichever way they ask."""
    anybody, bob = ftp(ruled, ""), ftp(ruled, "bob")
    assert "private" not in [name for name, _ in anybody.mlsd("/")]
    assert refused(anybody.cwd, "/private") == "550"
    assert refused(anybody.transfercmd, "RETR /private/f.txt") == "550"
    assert by_http(ruled, "GET", "/private/f.txt")[0] == 404
    assert by_http(ruled, "GET", "/private/")[0] == 404
    assert b"private" not in by_http(ruled, "GET", "/")[1]
    assert by_gopher(ruled, "/private/f.txt").startswith(b"3")
    assert b"private" not in by_gopher(ruled, "/")
    assert by_ftp(bob, "/site/private/f.txt") == b"private"
    assert b"private" in at_the_shell(ruled, "bob", "cat site/private/f.txt")
    assert perms(bob, "/site/private")["f.txt"] == "r"
    assert perms(bob, "/site")["private"] == "el"
    anybody.close()
    bob.close()


def test_mapped_and_links(ruled: Daemon) -> None:
    """A directory of the host is there for all, for reading, and its links that stay inside."""
    anybody, alice = ftp(ruled, ""), ftp(ruled)
    assert "mirror" in [name for name, _ in anybody.mlsd("/")]
    assert perms(alice, "/site")["mirror"] == "el"
    assert perms(alice, "/site/mirror") == {"pool": "el", "stable": "el"}
    for path in ("/mirror/pool/page.txt", "/mirror/stable/page.txt"):
        assert by_ftp(anybody, path) == b"mirrored"
        assert by_http(ruled, "GET", path)[1] == b"mirrored"
        assert b"mirrored" in by_gopher(ruled, path)
        assert refused(alice.storbinary, f"STOR /site{path}", io.BytesIO(b"x")) == "550"
        assert refused(alice.delete, f"/site{path}") == "550"
        assert refused(alice.rename, f"/site{path}", "/site/page.txt") == "550"
        assert by_http(ruled, "PUT", path, b"x", "alice")[0] == 403
    for path in ("/mirror/out/passwd", "/mirror/out"):
        assert by_http(ruled, "GET", path)[0] == 404
        assert refused(anybody.transfercmd, f"RETR {path}") == "550"
    assert refused(alice.rmd, "/site/mirror") == "550"
    anybody.close()
    alice.close()
