"""``netsuite get`` of web servers that answer as they like."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from netsuite.cli.client import http
from netsuite.cli.client.access import Access
from netsuite.cli.client.asking import JSON, Asking, Part
from netsuite.cli.client.destination import Destination, Place
from netsuite.cli.client.fetching import fetch_one
from netsuite.cli.client.problems import FileTrouble, LoginFailed, NotGiven
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import parse_url
from netsuite.connection import errors
from netsuite.testing.fabric import Fabric
from tests.connection.joined import Puppet, Saying, reached

DATE = b"Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n"


def answer(status: bytes, body: bytes = b"", *fields: bytes) -> bytes:
    """Return an answer of a server that keeps the connection."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n" + DATE + b"\r\n" + body


class Web:
    """A web server that gives its answers in order, at every origin."""

    def __init__(self, *answers: bytes) -> None:
        self.fabric = Fabric()
        self.saying = Saying(b"", *answers, to=b"\r\n\r\n")
        self.endpoint = reached(self.fabric, self.saying)
        self.session: ClientSession | None = None

    def get(
        self,
        place: Place,
        url: str = "http://h/d/file",
        asking: Asking | None = None,
        login: Login | None = None,
    ) -> Destination:
        """Fetch; return where to."""
        endpoint = self.endpoint

        class Session(ClientSession):
            def direct(self, host: str, port: int) -> IStreamClientEndpoint:
                return endpoint

        access = Access(progress=False, proxy="", asking=asking or Asking())
        self.session = Session(self.fabric, parse_url(url), access, login)
        destination = Destination(place)
        self.fabric.run(fetch_one(self.session, destination, patterns=True), timeout=0)
        return destination


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that was begun, with the server's time."""
    path = tmp_path / "x"
    path.write_bytes(b"0123")
    os.utime(path, (1e9, 1e9))
    return path


@pytest.mark.parametrize(
    "first",
    [
        answer(b"206 Part", b"3456789", b"Content-Range: bytes 3-9/10"),
        answer(b"206 Part", b"56789", b"Content-Range: bytes 5-9/10"),
        answer(b"206 Part", b"456789", b"Content-Range: lines 4-9/10"),
        answer(b"206 Part", b"456789"),
        answer(b"206 Part", b"x", b"Content-Type: multipart/byteranges; boundary=y"),
        answer(b"206 Part", b"x", b"Content-Range: bytes 4-9/10", b"Content-Encoding: gzip"),
        answer(b"416 No", b"no", b"Content-Range: bytes */3"),
    ],
)
def test_another_part(first: bytes, file: Path) -> None:
    """What does not begin where the file ends is not put there: all is fetched anew."""
    web = Web(first, answer(b"200 OK", b"0123456789"))
    web.get(Place(file=file, resume=True))
    assert file.read_bytes() == b"0123456789"
    assert os.listdir(file.parent) == ["x"]


def test_the_rest(file: Path) -> None:
    """What fits is put behind; a file that is whole is left alone."""
    part = answer(b"206 Part", b"456789", b"Content-Range: bytes 4-9/10")
    Web(part).get(Place(file=file, resume=True))
    assert file.read_bytes() == b"0123456789"
    Web(answer(b"416 No", b"", b"Content-Range: bytes */10")).get(Place(file=file, resume=True))
    assert file.read_bytes() == b"0123456789"


def test_less_than_the_rest(file: Path) -> None:
    """A part that ends before the file does is not taken for its end."""
    part = answer(b"206 Part", b"45", b"Content-Range: bytes 4-5/10")
    with pytest.raises(NotGiven, match="6 of 10"):
        Web(part).get(Place(file=file, resume=True))
    assert not file.exists()
    assert file.with_name("x.netsuite-part").read_bytes() == b"012345"


@pytest.mark.parametrize(
    "said",
    [
        [b"Content-Range: bytes 0-3/10"],
        [b"Content-Range: bytes 6-9/10"],
        [b"Content-Range: bytes 0-3/*"],
        [],
    ],
)
def test_part_not_asked_for(said: Sequence[bytes], tmp_path: Path) -> None:
    """A part that nobody asked for is not the file, unless it is all of it."""
    path = tmp_path / "p"
    with pytest.raises(NotGiven, match="all was asked for"):
        Web(answer(b"206 P", b"0123", *said)).get(Place(file=path))
    assert os.listdir(tmp_path) == []
    Web(answer(b"206 P", b"0123", b"Content-Range: bytes 0-3/4")).get(Place(file=path))
    assert path.read_bytes() == b"0123"


def test_coding_not_asked_for(tmp_path: Path) -> None:
    """A coding that nobody asked for stays: x.tar.gz is fetched as it is."""
    path, octets = tmp_path / "x.tar.gz", gzip.compress(b"tar")
    Web(answer(b"200 OK", octets, b"Content-Encoding: gzip")).get(Place(file=path))
    assert path.read_bytes() == octets


@pytest.mark.parametrize(
    ("part", "server", "expected"),
    [
        (Part(2, 4), answer(b"206 P", b"234", b"Content-Range: bytes 2-4/10"), b"234"),
        (Part(2, 4), answer(b"200 OK", b"0123456789"), b"234"),
        (Part(8), answer(b"200 OK", b"0123456789"), b"89"),
        (Part(None, 3), answer(b"200 OK", b"0123456789"), b"789"),
        (Part(None, 3), answer(b"206 P", b"789", b"Content-Range: bytes 7-9/10"), b"789"),
        (Part(8, 20), answer(b"206 P", b"89", b"Content-Range: bytes 8-9/10"), b"89"),
        (Part(2, 4), answer(b"206 P", b"345", b"Content-Range: bytes 3-5/10"), None),
        (Part(20), answer(b"200 OK", b"0123456789"), None),
        (Part(20), answer(b"416 No", b"", b"Content-Range: bytes */10"), None),
    ],
)
def test_part(part: Part, server: bytes, expected: bytes | None, tmp_path: Path) -> None:
    """A part is that part, also of a server that gives all of it."""
    path = tmp_path / "p"
    if expected is None:
        with pytest.raises(NotGiven):
            Web(server).get(Place(file=path), asking=Asking(part=part))
        assert not path.exists()
    else:
        Web(server).get(Place(file=path), asking=Asking(part=part))
        assert path.read_bytes() == expected


def names(place: Path) -> list[str]:
    """Return what there is in a directory."""
    return sorted(os.listdir(place))


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ([answer(b"200 OK", b"x")], "file"),
        ([answer(b"200 OK", b"x", b'Content-Disposition: attachment; filename="../r.pdf"')],
         "r.pdf"),
        ([answer(b"302 F", b"", b"Location: /e/other.txt?a=/b"), answer(b"200 OK", b"x")],
         "other.txt"),
        ([answer(b"302 F", b"", b"Location: http://i/"), answer(b"200 OK", b"x")], "index.html"),
    ],
)  # fmt: skip
def test_names(answers: Sequence[bytes], name: str, tmp_path: Path) -> None:
    """With -O it is the server that names a file, if it does, or the place that it sends us to."""
    Web(*answers).get(Place(directory=tmp_path))
    assert names(tmp_path) == [name]


def test_names_that_are_taken(tmp_path: Path) -> None:
    """A server does not choose which of one's files it replaces; the user does."""
    for each in ("file", "r.pdf"):
        (tmp_path / each).write_bytes(b"mine")
    named = answer(b"200 OK", b"x", b"Content-Disposition: attachment; filename=r.pdf")
    with pytest.raises(FileTrouble, match="is there"):
        Web(named).get(Place(directory=tmp_path))
    assert (tmp_path / "r.pdf").read_bytes() == b"mine"
    Web(answer(b"200 OK", b"x")).get(Place(directory=tmp_path))
    assert (tmp_path / "file").read_bytes() == b"x"
    assert names(tmp_path) == ["file", "r.pdf"]


def test_redirected_to_nowhere(tmp_path: Path) -> None:
    """Errors are of the place where they happen."""
    web = Web(answer(b"301 M", b"", b"Location: http://other.example:81/x"), b"HTTP/1.1 200 OK\r\n")
    web.saying.close = True
    with pytest.raises(errors.ClientError):
        web.get(Place(file=tmp_path / "x"))
    assert web.session is not None
    assert web.session.place == "other.example:81"
    with pytest.raises(errors.ClientError, match="http://h/d/file redirects to ftp://i/x"):
        Web(answer(b"301 M", b"", b"Location: ftp://i/x")).get(Place())
    with pytest.raises(NotGiven, match="http://i/y: 404 Gone"):
        Web(answer(b"302 M", b"", b"Location: http://i/y"), answer(b"404 Gone")).get(Place())


@pytest.mark.parametrize("fail", [False, True])
def test_errors(fail: bool, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The body of an error is shown where nobody has named a file, unless -f is given."""
    for status, kind in ((b"404 Not Found", NotGiven), (b"401 Who", LoginFailed)):
        with pytest.raises(kind):
            Web(answer(status, b"why")).get(Place(), asking=Asking(fail=fail))
        assert capsysbinary.readouterr().out == (b"" if fail else b"why")
        with pytest.raises(kind):
            Web(answer(status, b"why")).get(Place(file=tmp_path / "f"))
        assert names(tmp_path) == []


class Listening:
    """A server that keeps what it hears."""

    def __init__(self, asking: Asking, **more: Any) -> None:
        web = Web()
        self.puppet = Puppet(web.fabric)
        web.saying.buildProtocol = lambda addr: self.puppet  # type: ignore[method-assign]
        endpoint: TCP4ClientEndpoint = web.endpoint

        class Session(ClientSession):
            def direct(self, host: str, port: int) -> IStreamClientEndpoint:
                return endpoint

        access = Access(progress=False, asking=asking, **more)
        session = Session(web.fabric, parse_url("http://h:81/p?q"), access, None)
        running = ensureDeferred(http.get(session, Destination(Place()).begin("x")))
        running.addErrback(lambda _: None)
        web.fabric.settle()
        self.heard = self.puppet.heard
        self.puppet.hang_up()


def test_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command line says is what the server hears."""
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    heard = Listening(Asking(body=b"a=b", fields=[("X-Y", "z"), ("Host", "v.example")])).heard
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /p?q HTTP/1.1"
    assert body == b"a=b"
    assert {b"X-Y: z", b"Host: v.example", b"Content-Length: 3",
            b"Content-Type: application/x-www-form-urlencoded"} <= {*fields}  # fmt: skip
    heard = Listening(Asking(body=b"{}", kind=JSON, fields=[("Content-Type", "x/y")])).heard
    assert b"\r\nAccept: application/json" in heard
    assert b"application/json\r\n" not in heard.partition(b"Content-Type")[2][:20]
    assert Listening(Asking(method="DELETE")).heard.startswith(b"DELETE /p?q ")
    assert Listening(Asking(head=True)).heard.startswith(b"HEAD /p?q ")
    proxied = Listening(Asking(), proxy="http://u:p@p:3128").heard
    assert proxied.startswith(b"GET http://h:81/p?q HTTP/1.1\r\nHost: h:81\r\n")
    assert b"\r\nProxy-Authorization: Basic dTpw\r\n" in proxied
