"""What a terminal is shown of what is fetched."""

from __future__ import annotations

from io import BytesIO

import pytest

from netsuite.cli.client.problems import FileTrouble
from netsuite.cli.client.screen import Screen

TEXT = "a\tb\r\nc\x1b[2Jé\x9b\r\nd\r".encode()
SHOWN = "a\tb\nc\ufffd[2Jé\ufffd\nd\ufffd"


@pytest.mark.parametrize("cut", range(len(TEXT)))
def test_text(cut: int) -> None:
    """Controls are replaced, wherever it is cut."""
    file = BytesIO()
    screen = Screen(file)
    screen.write(TEXT[:cut])
    screen.write(TEXT[cut:])
    screen.flush()
    assert file.getvalue().decode() == SHOWN


def test_binary() -> None:
    """What is no text is not written, and the way to have it is told."""
    file = BytesIO()
    with pytest.raises(FileTrouble, match="-o -"):
        Screen(file).write(b"\x7fELF\0\0")
    assert file.getvalue() == b""
