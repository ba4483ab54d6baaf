"""A crawl of every line of menus, of the demo and of trees in each form of map; the same trees
beside Gophernicus; UMN's client."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from netsuite.gopher.commands import Item, ItemType
from netsuite.gopher.grammar import parse_item
from netsuite.testing.daemon import Daemon
from netsuite.wire.dotted import DotUnstuffer
from tests.interop.programs import program
from tests.interop.screens import Screen

LEADS_NOWHERE: Final = (ItemType.INFORMATION.value, ItemType.TELNET.value)
MENUS: Final = (ItemType.MENU.value, ItemType.SEARCH.value)

#: A tree of files in each form of map: path to octets.
TREE: Final = {
    "gophermap": b"!The trees\n# not shown\n1Bucktooth\tbucktooth\n1gph\t/gph\n1UMN\tumn\n"
    b"1Plain\tplain\n-hidden.txt\n*\nnot shown either\n",
    "hidden.txt": b"hidden\n",
    "bucktooth/gophermap": b"Welcome\n\n0A text\ttext.txt\n0Caf\xe9\tcaf\xe9.txt\n1Up\t/\n"
    b"-----\n9Octets\t/bucktooth/octets\nhWeb\tURL:http://example.test/\n"
    b"hWeb\t/URL:http://example.test/\n=inner.map\n",
    "bucktooth/inner.map": b"Inner\n0Again\ttext.txt\n",
    "bucktooth/text.txt": b"text\n.\n",
    "bucktooth/caf\udce9.txt": b"Latin-1\n",
    "bucktooth/octets": b"\x7fELF\0\r\n.\r\n",
    "gph/index.gph": b"Hello\n[1|More|more.gph|server|port]\n"
    b"[0|A text|/gph/text.txt|server|port]\n",
    "gph/more.gph": b"[1|Back|/gph|server|port]\ntext\n",
    "gph/text.txt": b"text\n",
    "umn/.Links": b"Name=The plain one\nType=1\nPath=1/plain\nHost=+\nPort=+\nNumb=1\n",
    "umn/.names": b"Path=./b.txt\nName=The second\n#\nPath=./c.txt\nType=X\n",
    "umn/.cap/a.txt": b"Name=The first\n",
    "umn/a.txt": b"a\n", "umn/b.txt": b"b\n", "umn/c.txt": b"c\n",
    "plain/z/deep/file.json": b"{}\n", "plain/a.txt": (b"a" * 70 + b"\n") * 40,
    "plain/prog": b"\x7fELF\0",
    "plain/pic.png": b"\x89PNG\r\n\x1a\n", "plain/z/näme with ü.txt": b"x\n",
}  # fmt: skip


def ask(port: int, selector: bytes) -> bytes:
    """Return the answer to a selector."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(selector + b"\r\n")
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def items_of(menu: bytes) -> list[Item]:
    """Return the items of a menu, which must be one to its end."""
    assert menu.endswith(b".\r\n"), menu[-100:]
    lines = menu.removesuffix(b".\r\n").split(b"\r\n")[:-1]
    for line in lines:
        assert line.count(b"\t") == 3, line
    return [parse_item(line) for line in lines]


def crawl(port: int, most: int = 500) -> dict[str, str]:
    """Follow every line of every menu; return the types of what was found, by selector."""
    found: dict[str, str] = {}
    waiting = [Item("1", "", "", "", port)]
    while waiting and len(found) < most:
        item = waiting.pop()
        if item.selector in found or item.port != port or item.type in LEADS_NOWHERE:
            continue
        found[item.selector] = item.type
        asked = os.fsencode(item.selector)
        if item.type == ItemType.SEARCH.value:
            asked += b"\tthe"
        answer = ask(port, asked)
        assert not answer.startswith(b"3"), (item, answer[:200])
        if item.type in MENUS:
            waiting += items_of(answer)
        elif item.type == ItemType.TEXT.value:
            assert answer.endswith(b".\r\n"), item
    assert len(found) < most
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon whose public site is the tree above."""
    with Daemon(tmp_path_factory.mktemp("trees")) as running:
        public = running.home / "files/public"
        for path in public.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        write(public)
        yield running


def write(root: Path) -> None:
    """Write the tree."""
    for name, octets in TREE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    for path in [root, *root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_demo(daemon: Daemon) -> None:
    """Every line of every menu of the demo leads somewhere."""
    found = crawl(daemon.ports["gopher"])
    assert {"", "/news", "/search"} <= found.keys()
    assert sum(selector.startswith("/news/") for selector in found) > 5


def test_trees(tree: Daemon) -> None:
    """So does every line of each form of map; nothing that is to be hidden is among them."""
    found = crawl(tree.ports["gopher"])
    assert {
        "/bucktooth/text.txt", "/bucktooth/caf\udce9.txt", "/gph/more.gph", "/gph/text.txt",
        "/umn/a.txt", "/umn/b.txt", "/plain/z/deep/file.json",
        "/plain/z/näme with ü.txt",
    } <= found.keys()  # fmt: skip
    assert found["/plain/prog"] == found["/bucktooth/octets"] == "9"
    for hidden in ("hidden", "c.txt", ".cap", ".Links", "gophermap", "not shown"):
        assert not any(hidden in selector for selector in found), hidden


def test_beside_gophernicus(tree: Daemon, tmp_path: Path) -> None:
    """On the same tree it has the same types, names and selectors; what differs is said here."""
    gophernicus = program("gophernicus")
    write(tmp_path)
    tmp_path.chmod(0o755)
    theirs_of = [gophernicus, "-h", "127.0.0.1", "-p", str(tree.ports["gopher"]), "-r",
                 str(tmp_path), "-nf", "-nr", "-nm", "-nd", "-nx"]  # fmt: skip

    def theirs(selector: bytes) -> bytes:
        return subprocess.run(
            theirs_of, input=selector + b"\r\n", capture_output=True, timeout=20, check=True
        ).stdout

    for selector in (b"", b"/bucktooth", b"/plain", b"/plain/z/deep"):
        ours = _links(ask(tree.ports["gopher"], selector))
        assert ours == _links(theirs(selector)) | _ours_only(selector), selector
    for selector in (b"/bucktooth/text.txt", b"/bucktooth/octets", b"/plain/a.txt"):
        # Gophernicus sends texts as they are, without a dot at their end.
        theirs_sent = theirs(selector).replace(b"\r\n", b"\n")
        ours_sent = _content(ask(tree.ports["gopher"], selector)).replace(b"\r\n", b"\n")
        assert ours_sent == theirs_sent, selector


def _links(menu: bytes) -> set[tuple[str, str]]:
    """Return type and selector of what leads somewhere here; directories without a last slash."""
    items = [parse_item(line) for line in menu.split(b"\r\n") if line.count(b"\t") == 3]
    return {
        (each.type, each.selector.rstrip("/") or "/") for each in items if each.type not in "i3"
    }


def _ours_only(selector: bytes) -> set[tuple[str, str]]:
    """Return what Gophernicus has not, or has otherwise."""
    if selector == b"/bucktooth":
        return {("h", "/URL:http://example.test")}
    if selector == b"/plain":
        return {("9", "/plain/prog")}  # where the name tells nothing, text is what it says
    return set()


def _content(answer: bytes) -> bytes:
    """Return a text without its last dot, with dots no more doubled, as its author wrote it."""
    if not answer.endswith(b"\r\n.\r\n") or b"\0" in answer:
        return answer
    return DotUnstuffer().feed(answer).replace(b"\r\n", b"\n")


def test_web_browser(daemon: Daemon) -> None:
    """Who comes with HTTP sees a page that says what this is, and no reset."""
    curl = program("curl")
    url = f"http://127.0.0.1:{daemon.ports['gopher']}/a/path?q"
    done = subprocess.run([curl, "-sS", "-i", url], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.0 400 Bad Request")
    assert "This is a Gopher server" in done.stdout


def test_tls_on_the_port(daemon: Daemon) -> None:
    """The plain port takes TLS, too."""
    netsuite = [sys.executable, "-m", "netsuite", "ls", "-k", "--json"]
    url = f"gophers://127.0.0.1:{daemon.ports['gopher']}/"
    done = subprocess.run([*netsuite, url], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert '"url": "gophers://' in done.stdout


def test_umn_client(daemon: Daemon, tmp_path: Path) -> None:
    """The first client of all shows the root menu and follows a line."""
    port = str(daemon.ports["gopher"])
    screen = Screen(tmp_path, 80, 24, [program("gopher"), "-p", "", "127.0.0.1", port])
    try:
        screen.until(r"Press RETURN to continue")
        menu = screen.enter("", r"Page: 1/1")
        assert "News" in menu
        assert "Search the news" in menu
        assert "example.talk" in screen.enter("", r"Page: 1/1")
    finally:
        screen.end()
