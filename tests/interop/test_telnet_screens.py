"""Other people's telnets under tmux, at three sizes: what their users see of the shell.

Each logs in, reads a letter that came by SMTP, answers it, posts news, and finds a file that came
by FTP. The screens are kept in ``docs/protocols/telnet-screens``; ``NETSUITE_WRITE_SCREENS=1``
writes them anew.
"""

from __future__ import annotations

import ftplib
import imaplib
import io
import os
import re
import smtplib
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Final

import pytest

from netsuite.testing.daemon import Daemon
from tests.interop.programs import program
from tests.interop.screens import SECONDS, Screen

SCREENS: Final = Path(__file__).resolve().parents[2] / "docs" / "protocols" / "telnet-screens"
SIZES: Final = ((80, 24), (40, 24), (20, 5))
#: Programs, and how each is told where to go.
CLIENTS: Final[dict[str, Callable[[str, int], Sequence[str]]]] = {
    "inetutils-telnet": lambda path, port: (path, "127.0.0.1", str(port)),
    "telnet-ssl": lambda path, port: (path, "-z", "nossl", "127.0.0.1", str(port)),
    "plink": lambda path, port: (path, "-telnet", "-P", str(port), "127.0.0.1"),
    "busybox": lambda path, port: (path, "telnet", "127.0.0.1", str(port)),
}
LETTER: Final = """\
Dear Alice,

shall we meet at the Café on Thursday? They say that the soup is good, and that nobody has to wait.

Grüße
Bob
"""
FILE: Final = b"This file came by FTP.\n"
#: What is another one at each run, and what stands for it.
MASKS: Final = (
    (re.compile(r"\b[A-Z][a-z]{2} \d\d \d\d:\d\d\b"), "Mar 01 10:00"),
    (re.compile(r"\b\d\d:\d\d  (?=\S)"), "10:00  "),
    (re.compile(r"\b[A-Z][a-z]{2} \d\d (?=[a-zB])"), "10:00  "),
)


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Return a window's width and height."""
    found: tuple[int, int] = request.param
    return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Daemon]:
    """Return a demo daemon that nobody has used, with a letter and a file more."""
    program("tmux")
    with Daemon(tmp_path / "home") as running:
        letter = EmailMessage()
        letter["From"] = "Bob Example <bob@example.test>"
        letter["To"] = "alice@example.test"
        letter["Subject"] = "Soup on Thursday"
        letter["Message-ID"] = "<soup@example.test>"
        letter["Date"] = "Sun, 01 Mar 2026 10:00:00 +0000"
        letter.set_content(LETTER)
        with smtplib.SMTP("127.0.0.1", running.ports["smtp"], timeout=SECONDS) as smtp:
            smtp.send_message(letter)
        with ftplib.FTP() as ftp:
            ftp.connect("127.0.0.1", running.ports["ftp"], timeout=SECONDS)
            ftp.login("alice", "netsuite")
            ftp.mkd("letters")
            ftp.storbinary("STOR letters/from-bob.txt", io.BytesIO(FILE))
        yield running


def last(site: Daemon, account: str, folder: str) -> Message:
    """Return the last message of a folder, by IMAP."""
    with imaplib.IMAP4("127.0.0.1", site.ports["imap"], timeout=SECONDS) as imap:
        imap.login(account, "netsuite")
        _, (count,) = imap.select(folder, readonly=True)
        assert count is not None
        _, found = imap.fetch(count.decode(), "(RFC822)")
        assert isinstance(found[0], tuple)
        return message_from_bytes(found[0][1])


def paged(screen: Screen) -> None:
    """Page on to the end."""
    while screen.until(r"--More--|/>").endswith("--More--"):
        before = screen.seen()
        screen.press("Space")
        screen.leave(before)


def used(screen: Screen, site: Daemon) -> None:
    """Do what a user does."""
    screen.until("login:")
    screen.type("alice", "Password:")
    screen.enter("netsuite", "/>")
    screen.keep("log in", always=True)
    screen.type("mail", "/>")
    screen.keep("mail")
    screen.type("mail 3", "--More--|/>")
    screen.keep("mail 3")
    paged(screen)
    screen.keep("mail 3, to its end", always=True)
    answered(screen, site)
    screen.type("news post example.talk", "Subject:")
    screen.type("Soup", r"more\.|help\.")
    screen.type("It is good.", r"good\.")
    screen.type(".", "/>")
    screen.keep("news post example.talk")
    article = last(site, "bob", '"Public/example.talk"')
    assert (article["Subject"], article["From"]) == ("Soup", "Alice Example <alice@example.test>")
    screen.type("find *bob*", "/>")
    screen.type("cat letters/from*", "/>")
    screen.keep("find *bob*, and cat", always=True)
    screen.enter("quit", "Goodbye.*|Connection.*|Pane is dead.*")


def answered(screen: Screen, site: Daemon) -> None:
    """Answer the letter."""
    screen.type("mail reply 3", "test>")  # To
    screen.enter("", "Cc:")
    screen.enter("", "Thursday")  # Subject
    screen.enter("", r"more\.|help\.")
    screen.type("At eight.", r"eight\.")
    screen.keep("mail reply 3")
    screen.type(".", "/>")
    screen.keep("sent", always=True)
    answer = last(site, "bob", "INBOX")
    assert answer["In-Reply-To"] == "<soup@example.test>"
    assert answer["From"] == "Alice Example <alice@example.test>"
    assert "At eight." in str(answer.get_payload())


@pytest.mark.parametrize("client", CLIENTS)
def test_screens(client: str, size: tuple[int, int], site: Daemon, tmp_path: Path) -> None:
    """All of it works, and looks as it is kept."""
    command = CLIENTS[client](program(client), site.ports["telnet"])
    screen = Screen(tmp_path, *size, command)
    try:
        used(screen, site)
    finally:
        screen.end()
    shown = "\n".join(screen.shots)
    for pattern, mask in MASKS:
        shown = pattern.sub(mask, shown)
    kept = SCREENS / f"{client}-{size[0]}x{size[1]}.txt"
    if os.environ.get("NETSUITE_WRITE_SCREENS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(shown)
    assert kept.read_text() == shown
