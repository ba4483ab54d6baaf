"""Files in the control interface."""

from __future__ import annotations

from netsuite.testing.control.files import PUBLIC
from tests.testing.control.worlds import World


def test_files(world: World) -> None:
    """Files are put, read, listed and waited for."""
    assert world.json("PUT", "files/ann/a%20b/c.bin", b"\0\xff", 201) == {
        "file": "a b/c.bin", "octets": 2,
    }  # fmt: skip
    assert world.ask("GET", "files/ann/a%20b/c.bin") == (200, b"\0\xff")
    assert world.get("files/ann/") == world.get("files/ann") == {"files": ["a b/c.bin"]}
    world.json("PUT", "files/public/index.html", b"<p>hello", 201)
    assert world.get(f"files/{PUBLIC}/") == {"files": ["index.html"]}
    assert world.ask("GET", "files/public/index.html?timeout=1") == (200, b"<p>hello")
    said = world.get("files/public/x?timeout=2", 408)
    assert said["error"] == "the public site: no x after 2 seconds; there is: index.html"
    assert said["files"] == ["index.html"]
    assert world.refused("GET", "files/ann/x", None, 404) == "there is no file x"
    assert world.refused("GET", "files/ann/a%20b", None, 409).startswith("that is a directory")
    assert world.refused("PUT", "files/ann/", b"", 400) == "a file has a name"
    assert world.refused("PUT", "files/ann/d/", b"", 400) == "a file has a name"
    assert "whose files" in world.refused("GET", "files/", None, 404)
    assert world.refused("DELETE", "files/ann/x", None, 405) == "GET, or PUT"
    assert world.ask("GET", "files/ann/../x")[0] == 400
