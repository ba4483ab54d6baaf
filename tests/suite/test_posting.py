"""One injecting agent behind two doors: what Telnet posts and refuses, NNTP does word for word."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from netsuite.testing.daemon import Daemon
from tests.cli.commands import COMMAND
from tests.suite.doors import Lines, at_the_shell

#: What the injecting agent writes (RFC 5537, 3.5, points 5 to 11).
TRACE = ("Path", "Message-ID", "Date", "Injection-Info", "Injection-Date")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon that tells all it can of posters, with groups of every kind."""
    with Daemon(
        tmp_path_factory.mktemp("posting"),
        "nntp.tell_source=true",
        "nntp.complaints='abuse@example.test'",
        "nntp.article_octets=2000",
    ) as running:
        for words in (
            ("group", "add", "misc.closed", "--read-only"),
            ("group", "add", "misc.moderated", "--moderator", "bob"),
            ("account", "groups", "alice"),  # an administrator moderates, too
        ):
            subprocess.run(
                [*COMMAND, "--home", running.home, *words],
                check=True, timeout=60, capture_output=True,
            )  # fmt: skip
        yield running


def post(daemon: Daemon, user: str, group: str, text: str = "Hello.", extra: str = "") -> bytes:
    """Post by NNTP; return the answer."""
    with Lines(daemon.ports["nntp"]) as news:
        news.hear()
        news.ask(f"AUTHINFO USER {user}")
        news.ask("AUTHINFO PASS netsuite")
        assert news.ask("POST").startswith(b"340")
        return news.ask(
            f"From: {user} <{user}@example.test>\r\nNewsgroups: {group}\r\n"
            f"Subject: by two doors\r\n{extra}\r\n{text}\r\n."
        )


def shell_post(daemon: Daemon, user: str, group: str, text: str = "Hello.") -> bytes:
    """Post by Telnet; return what was shown."""
    return at_the_shell(daemon, user, f"news post {group}\r\nby two doors\r\n{text}\r\n.")


def last_header(daemon: Daemon, group: str) -> dict[str, str]:
    """Return the header fields of a group's last article."""
    with Lines(daemon.ports["nntp"]) as news:
        news.hear()
        high = news.ask(f"GROUP {group}").split()[3].decode()
        assert news.ask(f"HEAD {high}").startswith(b"221")
        unfolded = re.sub(r"\r\n[ \t]", " ", news.body().decode())
    return dict(line.split(": ", 1) for line in unfolded.splitlines())


def blurred(value: str) -> str:
    """Take away what differs between any two articles: unique words and times."""
    value = re.sub(r"<[0-9a-f]{24}@", "<unique@", value)
    return re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000", "time", value)


def test_the_same_trace(daemon: Daemon) -> None:
    """Both articles have the same trace fields, as many, with the same values."""
    assert post(daemon, "alice", "example.talk").startswith(b"240")
    by_nntp = last_header(daemon, "example.talk")
    assert b"Posted to example.talk." in shell_post(daemon, "alice", "example.talk")
    by_telnet = last_header(daemon, "example.talk")
    assert by_nntp["Message-ID"] != by_telnet["Message-ID"]
    for name in TRACE:
        assert blurred(by_nntp[name]) == blurred(by_telnet[name]), name
    assert by_telnet["Path"] == "localhost!.POSTED.127.0.0.1!not-for-mail"
    assert by_telnet["Injection-Info"] == (
        'localhost; posting-host="127.0.0.1"; posting-account="alice"; '
        'mail-complaints-to="abuse@example.test"'
    )
    assert list(by_telnet)[:2] == list(by_nntp)[:2] == ["Xref", "Path"]


def test_the_same_refusals(daemon: Daemon) -> None:
    """What the one refuses, the other refuses with the same reason; nothing is posted."""
    large = "\r\n".join(["x" * 70] * 40)
    for group, text, reason in (
        ("misc.closed", "Hello.", b"misc.closed does not take articles"),
        ("misc.moderated", "Hello.",
         b"misc.moderated is moderated: mail the article to bob@example.test"),
        ("example.talk", large, b"The article is too large"),
    ):  # fmt: skip
        assert post(daemon, "alice", group, text) == b"441 " + reason
        assert b"Nothing was posted: " + reason + b".\r\n" in shell_post(
            daemon, "alice", group, text
        )


def test_the_same_moderator(daemon: Daemon) -> None:
    """Its moderator posts to a moderated group through both; the article says who approved it."""
    approved = "Approved: bob@example.test\r\n"
    assert post(daemon, "bob", "misc.moderated", extra=approved).startswith(b"240")
    by_nntp = last_header(daemon, "misc.moderated")
    assert b"Posted to misc.moderated." in shell_post(daemon, "bob", "misc.moderated")
    by_telnet = last_header(daemon, "misc.moderated")
    for name in (*TRACE, "Approved"):
        assert blurred(by_nntp[name]) == blurred(by_telnet[name]), name
