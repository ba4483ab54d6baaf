"""The console of a running daemon, in a browser as people have it, and in one without scripts."""

from __future__ import annotations

import http.client
import imaplib
import os
import pty
import re
import select
import shutil
import smtplib
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.interfaces import Recipient
from netsuite.accounts.resolver import RecipientResolver
from netsuite.store.outgoing import Envelope, QueueState, Settlement
from netsuite.store.sql import SQLStore
from netsuite.testing.daemon import Daemon
from tests.cli.commands import done
from tests.store.reactors import reactor
from tests.suite.browser import PROGRAM, Chromium
from tests.suite.fleet import Fleet, home_with_accounts, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
browsing = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")

#: Where pictures are kept that the documentation shows; without it nowhere.
PICTURES: Final = os.environ.get("NETSUITE_PICTURES")
WIDE, PHONE = (1100, 640), (390, 700)
#: What a browser says of a page that is in order; the second where a test types before it has shown
#: the cursor where one begins.
_HARMLESS: Final = ("verbose", "info: Autofocus processing was blocked")
_WAITING: Final = (
    ("carol@mail.example.net", 2, "451 4.7.1 Greylisted, try again in 5 minutes"),
    ("dan@lists.example.org", 26, "The connection to mx1.lists.example.org timed out"),
    ("erin@example.com", 1, "452 4.2.2 The recipient's mailbox is full"),
)


async def fill(home: Path) -> None:
    """Have mail wait in the queue of a home, which has been tried."""
    store = SQLStore(f"sqlite:///{home / 'netsuite.db'}", clock=reactor, threads=reactor)
    await store.open()
    try:
        resolver = RecipientResolver(store, reactor, domains=["example.test"])
        delivery = StoreDelivery(store, resolver)
        for address, hours, said in _WAITING:
            draft = delivery.draft()
            draft.write(f"Subject: For {address}\r\nFrom: a@example.test\r\n\r\nText".encode())
            to = [Recipient("x@example.test", onward=(address,))]
            await delivery.deliver(draft, to, Envelope("alice@example.test"))
            (item,) = await store.queue.claim(limit=1, per_domain=1, lease_seconds=60)
            later = datetime.now(UTC) + timedelta(hours=hours, minutes=1)
            settled = Settlement(
                item.id, item.lease, QueueState.DEFERRED, said, "mx", next_attempt=later
            )
            await store.queue.settle([settled])
    finally:
        await store.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Return a demo daemon with mail that waits, and accounts beside the demo's."""
    home = tmp_path_factory.mktemp("console") / "home"
    with Daemon(home, 'site.hostname="mail.example.test"') as daemon:
        for name, shown in (("carol", "Carol Example"), ("dave", "Dave Example")):
            given = ("--display-name", shown, "--quota", "512", "--password-stdin")
            done(home, "account", "add", name, *given)
        done(home, "alias", "set", "info", "carol", "dave")
        pytest_twisted.blockon(Deferred.fromCoroutine(fill(home)))
        yield daemon


@pytest.fixture
def browser(tmp_path: Path, running: Daemon) -> Iterator[Chromium]:
    """Return a browser in which alice has logged in."""
    opened = Chromium(tmp_path / "chromium")
    try:
        opened.look(*WIDE)
        opened.open(f"http://127.0.0.1:{running.ports['console']}/")
        opened.type("account", "alice")
        opened.type("password", "netsuite")
        opened.press("Log in")
        assert "Overview" in opened.words
        yield opened
        assert not [each for each in opened.complaints if not each.startswith(_HARMLESS)]
    finally:
        opened.close()


def where(daemon: Daemon, path: str) -> str:
    return f"http://127.0.0.1:{daemon.ports['console']}{path}"


def imap(daemon: Daemon, name: str, password: str = "netsuite") -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", daemon.ports["imap"], timeout=30)
    client.login(name, password)
    return client


@browsing
def test_accounts(running: Daemon, browser: Chromium) -> None:
    """One is made, logs in, is disabled, logs in no more."""
    browser.open(where(running, "/new-account"))
    for field, text in (("name", "erin"), ("password", "pw-erin"), ("again", "pw-erin")):
        browser.type(field, text)
    browser.press("Make the account")
    assert "Made." in browser.words
    imap(running, "erin", "pw-erin").logout()
    browser.press("Disable")
    assert "nobody can log in" in browser.words
    with pytest.raises(imaplib.IMAP4.error):
        imap(running, "erin", "pw-erin")
    browser.press("Enable")
    imap(running, "erin", "pw-erin").logout()


@browsing
def test_sessions(running: Daemon, browser: Chromium) -> None:
    """A session is seen while it is there, without asking again; ended, it is gone."""
    browser.open(where(running, "/sessions"))
    assert "bob" not in browser.words
    client = imap(running, "bob")
    browser.until(lambda: "bob" in browser.words)
    browser.open(where(running, "/sessions?find=bob"))
    browser.press("End")
    assert "Sessions ended: 1." in browser.words
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        client.noop()


@browsing
def test_queue(running: Daemon, browser: Chromium) -> None:
    """An item is looked at, and dropped when one is sure."""
    browser.open(where(running, "/queue?domain=example.com"))
    assert "mailbox is full" in browser.words
    number = browser.run("document.querySelector('tbody a').innerText")
    browser.press(number)
    assert "Subject: For erin@example.com" in browser.words
    browser.press("Drop")
    assert "Drop 1 item, and tell nobody?" in browser.words
    browser.press("No, go back")
    browser.open(where(running, "/queue?domain=example.com"))
    browser.run("document.querySelector('tbody input').click()")
    browser.press("Hold")
    assert "Held: 1." in browser.words


@browsing
def test_out(running: Daemon, browser: Chromium) -> None:
    """After the logout nothing is seen, by the way back neither."""
    browser.press("Log out")
    assert "Log in" in browser.words
    browser.run("history.back()")
    browser.until(lambda: "/login" in str(browser.run("location.href")))
    assert "Overview" not in browser.words


@browsing
def test_neighbour(running: Daemon, browser: Chromium) -> None:
    """A page of another port of the same host, which has the same cookies, can send no form."""
    token = browser.run("document.querySelector('[name=token]').value")
    browser.open(f"http://127.0.0.1:{running.ports['http']}/")
    form = (
        f"<form method=post action='{where(running, '/accounts/bob')}'>"
        f"<input name=action value=disable><input name=token value={token}></form>"
    )
    browser.run(f'document.body.innerHTML = "{form}"; document.forms[0].submit()')
    browser.until(lambda: str(running.ports["console"]) in str(browser.run("location.href")))
    browser.until(lambda: "403 Forbidden" in browser.words)
    imap(running, "bob").logout()
    browser.complaints.clear()  # of the refusal


@browsing
def test_pictures(tmp_path: Path, running: Daemon, browser: Chromium) -> None:
    """Every page fits its window, wide or narrow, light or dark; some are kept."""
    folder = Path(PICTURES) if PICTURES else tmp_path
    clients = [imap(running, name) for name in ("alice", "bob", "bob")]
    clients[1].select("INBOX")
    smtp = smtplib.SMTP("127.0.0.1", running.ports["smtp"], timeout=30)
    smtp.ehlo("mx.example.net")
    with pytest.raises(imaplib.IMAP4.error):
        imap(running, "bob", "wrong")
    for name, path, size, dark in (
        ("overview", "/", WIDE, False),
        ("queue", "/queue", WIDE, False),
        ("sessions-dark", "/sessions", WIDE, True),
        ("phone", "/queue", PHONE, False),
    ):
        browser.look(*size, dark=dark, phone=size is PHONE)
        browser.open(where(running, path))
        octets = browser.picture()
        assert octets.startswith(b"\x89PNG")
        assert len(octets) > 10_000
        (folder / f"console-{name}.png").write_bytes(octets)
    for path in (
        "/", "/sessions", "/accounts", "/accounts/bob", "/new-account", "/aliases", "/queue",
        "/groups", "/groups/example.talk", "/logins", "/certificates", "/storage", "/log",
        "/settings",
    ):  # fmt: skip
        for size in (WIDE, PHONE):
            browser.look(*size, phone=size is PHONE)
            browser.open(where(running, path))
            assert "500" not in browser.run("document.title"), path
            beyond = browser.run("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, (path, size, beyond)
    for client in clients:
        client.logout()
    smtp.quit()


def test_workers(tmp_path: Path) -> None:
    """Who has logged in by one worker is known to each, and no more once they have logged out."""
    home = home_with_accounts(tmp_path, "ann")
    done(home, "account", "groups", "ann", "admin")
    with Fleet(home, ["console"]) as fleet:
        port = fleet.wait().ports["console"]
        cookie, token = "", ""

        def ask(path: str, **form: str) -> int:
            nonlocal cookie, token
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            fields = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
            client.request("POST" if form else "GET", path, urlencode(form), fields)
            answer = client.getresponse()
            text = answer.read().decode()
            cookie = answer.headers.get("set-cookie", cookie).partition(";")[0]
            if found := re.search('name="token" value="([^"]+)"', text):
                token = found[1]
            client.close()
            return answer.status

        assert ask("/login", account="ann", password="pw") == 303
        assert {ask("/sessions") for _ in range(20)} == {200}
        kept = cookie
        assert ask("/logout", token=token) == 303
        cookie = kept
        until(
            lambda: {ask("/sessions") for _ in range(20)} == {303}, "the cookie is still good", 0.5
        )


@pytest.mark.skipif(shutil.which("lynx") is None, reason="there is no lynx on this machine")
def test_lynx(running: Daemon, tmp_path: Path) -> None:
    """Without scripts, styles or a mouse one logs in, walks, and does something."""
    with Terminal(["lynx", "-accept_all_cookies", where(running, "/login")], tmp_path) as lynx:
        lynx.until("Password")
        lynx.say("\t")
        lynx.say("alice\t")
        lynx.say("netsuite\t")
        lynx.say("\r")
        lynx.until("The daemon can serve")
        lynx.say("g" + where(running, "/accounts/dave") + "\r")
        lynx.until("Dave Example")
        lynx.say("/Disable\r")
        lynx.say("\r")
        lynx.until("nobody can log in")
        lynx.say("q")
    with pytest.raises(imaplib.IMAP4.error):
        imap(running, "dave", "")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self._shown = ""
        environment = {**os.environ, "TERM": "vt100", "HOME": str(folder), "LINES": "40"}
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def say(self, keys: str) -> None:
        """Press keys."""
        self._shown = ""
        os.write(self._ours, keys.encode())
        self._shown = self._heard(0.3)

    def _heard(self, seconds: float) -> str:
        heard = b""
        while select.select([self._ours], [], [], seconds)[0]:
            try:
                piece = os.read(self._ours, 65_536)
            except OSError:
                break
            if not piece:
                break
            heard += piece
        return re.sub(r"\x1b[\[(][0-9;?]*[A-Za-z]", " ", heard.decode(errors="replace"))

    def until(self, words: str) -> None:
        """Wait until words are shown."""
        end = time.monotonic() + 30
        while words.replace(" ", "") not in re.sub(r"\s", "", self._shown):
            assert time.monotonic() < end, self._shown
            self._shown += self._heard(0.2)
