"""The keywords that servers announce: each stands in docs/conformance.rst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuite.testing.daemon import Daemon
from tests.regressions.clients import Client

PAGE = (Path(__file__).resolve().parent.parent / "docs/conformance.rst").read_text()


def named(keyword: str) -> bool:
    """Return whether the page has a keyword as a word of its own."""
    return re.search(rf"(?<![\w-]){re.escape(keyword)}(?![\w+-])", PAGE) is not None


def smtp(client: Client, *, login: bool = False) -> set[str]:
    """Return EHLO's keywords, and those of AUTH."""
    client.hear(b"220 ")
    heard = client.ask(b"EHLO x\r\n", b"250 ").decode()
    if login:
        client.ask(b"AUTH PLAIN AGFsaWNlAG5ldHN1aXRl\r\n", b"235 ")
        heard += client.ask(b"EHLO x\r\n", b"250 ").decode()
    lines = [line[4:].split() for line in heard.splitlines() if "greets" not in line]
    found = {words[0] for words in lines}
    return found.union(*(words[1:] for words in lines if words[0] == "AUTH"))


def pop3(client: Client) -> set[str]:
    """Return CAPA's keywords before and after a login, and those of SASL."""
    client.hear(b"+OK")
    heard = client.ask(b"CAPA\r\n", b".").decode()
    client.ask(b"USER alice\r\n", b"+OK")
    client.ask(b"PASS netsuite\r\n", b"+OK")
    heard += client.ask(b"CAPA\r\n", b".").decode()
    lines = [line.split() for line in heard.splitlines() if line[0] not in "+."]
    found = {words[0] for words in lines}
    return found.union(*(words[1:] for words in lines if words[0] == "SASL"))


def imap(client: Client) -> set[str]:
    """Return CAPABILITY's keywords before and after a login; of those with a value, what it is."""
    client.hear(b"* OK")
    heard = client.ask(b"a CAPABILITY\r\n", b"a OK")
    client.ask(b"b LOGIN alice netsuite\r\n", b"b OK")
    heard += client.ask(b"c CAPABILITY\r\n", b"c OK")
    words = {
        word
        for line in heard.decode().splitlines()
        if line.startswith("* CAPABILITY ")
        for word in line.split()[2:]
    }
    return {word.partition("=")[0] if word[-1:].isdigit() else word for word in words}


def managesieve(client: Client) -> set[str]:
    """Return CAPABILITY's keywords before and after a login, those of SASL, and the extensions of
    Sieve."""
    heard = client.hear(b"OK ") + client.ask(
        b'AUTHENTICATE "PLAIN" "AGFsaWNlAG5ldHN1aXRl"\r\n', b"OK "
    )
    heard += client.ask(b"CAPABILITY\r\n", b"OK ")
    found: set[str] = set()
    for name, words in re.findall(r'^"([A-Z]+)"(?: "(.*)")?\r$', heard.decode(), re.MULTILINE):
        found.add(name)
        if name in ("SASL", "SIEVE"):
            found.update(words.split())
    return found


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a daemon for all tests of this module."""
    with Daemon(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("service", ["smtp", "submission", "pop3", "imap", "managesieve"])
def test_every_keyword_is_on_the_page(daemon: Daemon, service: str, tls: bool) -> None:
    """Nobody has to guess what an announced keyword stands for here."""
    if service in ("smtp", "managesieve") and tls:
        pytest.skip(f"{service} has STARTTLS only")
    ports = daemon.tls_ports if tls else daemon.ports
    with Client(ports[service], tls=tls) as client:
        if service == "imap":
            keywords = imap(client)
        elif service == "managesieve":
            keywords = managesieve(client)
        elif service == "pop3":
            keywords = pop3(client)
        else:
            keywords = smtp(client, login=service == "submission")
    assert len(keywords) > 5
    missing = sorted(
        word
        for word in keywords
        if not named(word) and not named(word.removeprefix("AUTH=").removesuffix("-PLUS"))
    )
    assert not missing
