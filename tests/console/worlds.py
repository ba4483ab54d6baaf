"""A site in memory with a console, and a browser that asks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

from twisted.internet.endpoints import HostnameEndpoint

from netsuite.bus import Value
from netsuite.compose import compose, console
from netsuite.config.load import load
from netsuite.connection.listening import ListeningService
from netsuite.control.questions import KICK, LOG, SESSIONS, STATUS
from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.site import Site
from netsuite.storage import InMemory
from netsuite.store.folder_names import STANDARD_FOLDERS
from netsuite.store.model import Account
from netsuite.testing.fabric import Fabric
from netsuite.testing.hashing import NoHashing, verifiers
from netsuite.tls import client_options

SESSION: dict[str, Value] = {
    "session": "imap-7", "service": "imap", "worker": 0, "address": "192.0.2.7", "port": 4000,
    "tls": "TLSv1.3", "account": "bob", "began": 1.0, "doing": "FETCH", "busy": True,
    "idle_seconds": 3.0, "commands": 5, "octets_in": 10, "octets_out": 4096,
}  # fmt: skip
STATUS_OF_ONE: dict[str, Value] = {
    "pid": 42, "worker": 0, "version": "1.2.3", "started": 1.0, "ready": True,
    "memory_octets": 50 * 1024 * 1024, "cpu_seconds": 1.5, "store": "memory", "queue": 0,
    "services": [
        {"name": "imap", "urls": ["imap://127.0.0.1:8143/"], "sessions": 1, "accepted": 2345,
         "turned_away": 1, "logins": 4},
    ],
}  # fmt: skip


@dataclass
class Answer:
    """What the browser got."""

    status: int
    fields: Fields
    text: str

    @property
    def goes_to(self) -> str:
        return self.fields.get("location")

    @property
    def words(self) -> str:
        """What a person reads of it, markup and white space put together."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class World:
    """A site with alice, who is an administrator, and bob, who is none; both have ``secret``."""

    def __init__(self, *overrides: str, tls: bool = False) -> None:
        self.fabric = Fabric()
        settings = load(None, ['site.domains=["example.test"]', *overrides])
        storage = InMemory(settings, self.fabric, hashing=NoHashing())
        self.site = Site(settings=settings, reactor=self.fabric, storage=storage)
        where = "tcp:8090:interface=127.0.0.1"
        made = console(tls=[where]) if tls else console(where)
        self.daemon = compose(self.site, made)
        self.kicked: list[Value] = []
        self.sessions: list[Value] = [SESSION]
        self.log: list[str] = []
        self.answer(SESSIONS, self._told)
        self.answer(STATUS, lambda _: STATUS_OF_ONE)
        self.answer(KICK, self._kick)
        self.answer(LOG, lambda _: self.log)
        self.daemon.startService()
        self.run(self.site.when_open())
        self.alice = self.account("alice", "admin")
        self.bob = self.account("bob")
        (self.service,) = [each for each in self.daemon if isinstance(each, ListeningService)]

    def answer(self, question: str, answer: Any) -> None:
        """Answer a question in the place of who else would."""
        vars(self.site.bus)["_answers"][question] = answer

    def _told(self, wanted: Any) -> Value:
        return [
            each
            for each in self.sessions
            if isinstance(each, dict) and all(each[key] == value for key, value in wanted.items())
        ]

    def _kick(self, value: Value) -> Value:
        self.kicked.append(value)
        return 2

    def run(self, work: Any) -> Any:
        return self.fabric.run(work)

    def account(self, name: str, *groups: str) -> Account:
        """Make an account."""
        accounts = self.site.store.accounts
        made = self.run(accounts.add_account(name, verifiers("secret"), folders=STANDARD_FOLDERS))
        changed: Account = self.run(accounts.update_account(made.id, groups=frozenset(groups)))
        return changed

    def now(self, name: str) -> Account:
        """Return an account as it is now."""
        found: Account = self.run(self.site.store.accounts.account(name))
        return found

    def close(self) -> None:
        self.run(self.daemon.stopService())


class Browser:
    """Keeps cookies, and knows the tokens of the forms it was shown."""

    def __init__(self, world: World, *, scheme: str = "http", host: str = "127.0.0.1") -> None:
        self.world = world
        self.origin = f"{scheme}://{host}:8090"
        self.client = HTTPClient(
            world.fabric,
            redirects=0,
            tls_context=lambda name: client_options(name, insecure=True),
            endpoint=lambda _: HostnameEndpoint(world.fabric, "127.0.0.1", 8090),
        )
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, *fields: tuple[str, str], body: bytes = b"") -> Answer:
        """Make a request; follow nothing."""
        sent = [*fields]
        if self.cookies:
            said = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent.append(("Cookie", said))

        async def asked() -> Answer:
            response = await self.client.request(
                method, self.origin + path, fields=Fields(sent), body=body
            )
            text = (await response.read()).decode()
            return Answer(response.status, response.fields, text)

        answer: Answer = self.world.run(asked())
        for each in answer.fields.all("set-cookie"):
            name, _, rest = each.partition("=")
            value = rest.partition(";")[0]
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        found = re.search(r'name="token" value="([^"]+)"', answer.text)
        if found:
            self.token = found[1]
        return answer

    def get(self, path: str, *fields: tuple[str, str]) -> Answer:
        return self.ask("GET", path, *fields)

    def post(self, path: str, *fields: tuple[str, str], **form: object) -> Answer:
        """Send a form, as a browser does that shows a page of ours."""
        return self.send(path, [("token", self.token), *_pairs(form)], *fields)

    def send(self, path: str, form: list[tuple[str, str]], *fields: tuple[str, str]) -> Answer:
        given = {name.lower() for name, _ in fields}
        standing = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", self.origin),
            ("Sec-Fetch-Site", "same-origin"),
        ]
        return self.ask(
            "POST",
            path,
            *(each for each in standing if each[0].lower() not in given),
            *(each for each in fields if each[1]),
            body=urlencode(form).encode(),
        )

    def done(self, path: str, **form: object) -> Answer:
        """Send a form that is to succeed; return the page that says so."""
        answer = self.post(path, **form)
        assert answer.status == 303, (answer.status, answer.words)
        return self.get(answer.goes_to)

    def log_in(self, name: str = "alice", password: str = "secret") -> Answer:
        answer = self.post("/login", account=name, password=password)
        if answer.status == 303:
            self.get("/")
        return answer


def _pairs(form: dict[str, object]) -> list[tuple[str, str]]:
    return [
        (name, str(each))
        for name, value in form.items()
        for each in (value if isinstance(value, list) else [value])
    ]
