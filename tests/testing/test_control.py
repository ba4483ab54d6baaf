"""The control interface, in memory: services, the whole, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.endpoints import HostnameEndpoint

from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.testing.control.faults import KINDS
from tests.testing.control.worlds import World


@pytest.fixture
def world() -> Iterator[World]:
    """SMTP, IMAP, HTTP and LMTP, and their control."""
    made = World("smtp", "imap", "http", "lmtp")
    yield made
    made.end()


# -- services ------------------------------------------------------------------------------------


def test_services(world: World) -> None:
    """The services are named, with their ports."""
    said = world.get("services")
    assert list(said["services"]) == ["smtp", "imap", "http", "lmtp"]
    assert said["domain"] == "example.test"
    smtp, lmtp = said["services"]["smtp"], said["services"]["lmtp"]
    suite = world.suite
    assert (smtp["port"], smtp["tls_port"]) == (suite.smtp.port, suite.smtp.tls_port)
    assert (smtp["host"], smtp["url"]) == ("127.0.0.1", suite.smtp.url)
    assert lmtp["tls_port"] is None
    assert smtp["sessions"] == 0


def test_index(world: World) -> None:
    """It says what there is; the documentation has each route."""
    status, octets = world.ask("GET", "")
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "control.rst"
    text = page.read_text()
    assert status == 200
    for route in world.control.routes:
        assert f" {route.pattern}\n    ".encode() in octets
        assert f"``{route.pattern}``" in text, route.pattern
    for kind in KINDS:
        assert f"\n{kind}".encode() in octets
        assert f"``{kind}``" in text


def test_authority(world: World) -> None:
    """Who has signed the certificates is there to be trusted."""
    assert world.ask("GET", "ca.pem") == (200, world.suite.authority.pem().encode())


def test_transcripts_and_requests(world: World) -> None:
    """What was said to services is told."""
    world.send()
    (session,) = world.get("services/smtp/transcripts")["sessions"]
    assert session["name"] == "smtp-1"
    assert {"side": "C", "text": "QUIT"} in [
        {"side": each["side"], "text": each["text"]} for each in session["lines"]
    ]
    url = world.suite.http.url + "a%20b?c=d"

    async def got() -> int:
        async with await world.http.get(url) as response:
            return response.status

    assert world.run(got) == 404
    (asked,) = world.get("services/http/requests")["requests"]
    assert (asked["method"], asked["path"], asked["query"]) == ("GET", "/a%20b", "c=d")
    assert asked["fields"]["host"] == urlsplit(url).netloc
    assert world.get("services/smtp/requests") == {"requests": []}
    assert world.refused("GET", "services/pop3/transcripts", None, 404) == (
        "no service pop3 runs here; there are: smtp, imap, http, lmtp"
    )


# -- the whole -----------------------------------------------------------------------------------


def test_reset(tmp_path: Path) -> None:
    """What came is gone, and what was loaded is there again."""
    letter = tmp_path / "mail" / "ann" / "INBOX" / "1.eml"
    letter.parent.mkdir(parents=True)
    letter.write_text("Subject: loaded\n\nx\n")
    world = World("smtp", "http", load=tmp_path)
    world.send()
    world.json("POST", "services/smtp/faults", {"kind": "refusing", "times": 1}, 201)
    world.json("PUT", "files/public/a", b"a", 201)
    assert world.json("POST", "reset") == {"done": True}
    (message,) = world.get("mailboxes/ann/messages")["messages"]
    assert message["subject"] == "loaded"
    assert world.get("files/public/") == {"files": []}
    assert world.get("unmet") == {"unmet": []}
    assert world.get("services/smtp/transcripts") == {"sessions": []}
    world.end()


def test_foreign(world: World) -> None:
    """What a page elsewhere can have a browser ask is refused."""
    port = world.control.port
    endpoint = HostnameEndpoint(world.ground.reactor, "127.0.0.1", port)
    world.http = HTTPClient(world.ground.reactor, endpoint=lambda origin: endpoint)

    async def asked(host: str, **fields: str) -> int:
        response = await world.http.request(
            "GET", f"http://{host}/services", fields=Fields(fields.items())
        )
        async with response:
            assert json.loads(await response.read(10_000))
            return response.status

    for host, status in (
        (f"localhost:{port}", 200),
        (f"LOCALHOST:{port}", 200),
        (f"[::1]:{port}", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        (f"evil.example:{port}", 403),
        ("127.0.0.1.evil.example", 403),
    ):
        assert world.run(lambda host=host: asked(host)) == status, host  # type: ignore[misc]
    for origin, status in (
        ("http://localhost:3000", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://", 403),
    ):
        found = world.run(lambda origin=origin: asked("localhost", Origin=origin))  # type: ignore[misc]
        assert found == status, origin


def test_too_large(world: World) -> None:
    """A body beyond the limit is refused, whether it is announced or not."""
    assert world.refused("PUT", "files/ann/a", b"x" * 5001, 413) == "a body has 5000 octets at most"
    world.json("PUT", "files/ann/a", b"x" * 5000, 201)

    async def pieces() -> Any:
        async def body() -> Any:
            for _ in range(6):
                yield b"x" * 1000

        answer = await world.http.request("PUT", world.control.url + "files/ann/b", body=body())
        async with answer as response:
            return response.status, json.loads(await response.read(1000))

    assert world.run(pieces) == (413, {"error": "413 Content Too Large"})
    assert world.get("files/ann/") == {"files": ["a"]}


def test_no_such_route(world: World) -> None:
    """Other paths and methods are refused in JSON, too."""
    assert world.refused("GET", "nothing", None, 404) == "404 Not Found"
    assert world.refused("DELETE", "services", None, 405) == "405 Method Not Allowed"
    assert world.refused("BREW", "services", None, 501) == "501 Not Implemented"
