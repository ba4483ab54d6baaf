"""The options that a Telnet server offers by itself, read out of what it shows."""

from __future__ import annotations

import pytest

from netsuite.cli.client.capabilities.telnet import read


@pytest.mark.parametrize(
    ("octets", "text", "said"),
    [
        (b"hello\r\n", "hello\r\n", []),
        (b"\xff\xfd\x18\xff\xfb\x01login: ", "login: ", ["DO TTYPE", "WILL ECHO"]),
        (b"\xff\xfd\x22\xff\xfd\xc8x", "x", ["DO LINEMODE", "DO 200"]),
        (b"a\xff\xfa\x18\x01\xff\xf0b", "ab", []),
        (b"a\xff\xfa\x18\x01", "a", []),
        (b"\xff\xf9\xff", "", []),
        (b"\xff\xfd", "", []),
        (b"\xff\xff", "\ufffd", []),
    ],
)
def test_telnet(octets: bytes, text: str, said: list[str]) -> None:
    """What a Telnet server negotiates is read out of what it shows, however it is cut off."""
    assert read(octets) == (text, said)
    for end in range(len(octets)):
        read(octets[:end])
