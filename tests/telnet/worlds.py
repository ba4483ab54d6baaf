"""A Telnet server in memory: accounts, mail, news, files, and terminals on memory transports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred, maybeDeferred

from netsuite.accounts.authentication import AccountAuthenticator
from netsuite.accounts.checkers import LoginNames, PasswordCache, PasswordChecker
from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.interfaces import Administration, ShellAccess
from netsuite.accounts.news import StoreNewsroom
from netsuite.accounts.passwords import Hashing, make_verifiers
from netsuite.accounts.realm import AccountRealm
from netsuite.accounts.resolver import RecipientResolver
from netsuite.accounts.shell import AccountSending, AccountShell
from netsuite.accounts.throttle import Throttle
from netsuite.message.injection import PostingPolicy
from netsuite.store.files import MemorySiteTrees
from netsuite.store.memory import MemoryStore
from netsuite.store.model import Account, FolderKind, Placement, SpecialUse, Verifiers
from netsuite.store.tree import FileTree
from netsuite.telnet.server import Shared, TelnetServer, TelnetServerFactory
from netsuite.telnet.settings import Settings
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "open sesame"
DOMAIN = "example.test"

GREETING = (
    b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x2a\xff\xfb\x00\xff\xfd\x00"
    b"\xff\xfd\x27telnet.test: netsuite\r\nlogin: "
)
#: What a client says that echoes nothing itself: DO ECHO, DO SGA.
CHARACTERS = b"\xff\xfd\x01\xff\xfd\x03"

LETTER = (
    b"From: Bob <bob@example.test>\r\nTo: ann@example.test, c@example.test\r\n"
    b"Date: Sun, 1 Mar 2026 10:00:00 +0000\r\nSubject: %s\r\n\r\n%s"
)
ARTICLE = (
    b"From: Bob <bob@example.test>\r\nNewsgroups: example.talk\r\nSubject: %s\r\n"
    b"Message-ID: <%d@example.test>\r\n\r\nAn article.\r\n"
)


@cache
def verifiers() -> Verifiers:
    """Make what is kept of ``PASSWORD``, once; hashing is slow on purpose."""
    return make_verifiers(PASSWORD)


class QuickHashing(Hashing):
    """Knows ``PASSWORD`` without computing."""

    async def matching(self, kept: Sequence[Verifiers], password: str) -> int | None:
        """Compare, or compute where the password was changed."""
        if list(kept) == [verifiers()] or not kept:
            return 0 if kept and password == PASSWORD else None
        return await super().matching(kept, password)


class World:
    """The collaborators of a Telnet server."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Fabric(record=True)
        self.store = MemoryStore()
        self.homes = MemorySiteTrees()
        names = LoginNames((DOMAIN,))
        hashing = QuickHashing(_run)
        self.resolver = RecipientResolver(
            self.store, self.clock, domains=[DOMAIN], carries_onward=True
        )
        self.delivery = StoreDelivery(self.store, self.resolver, now=lambda: NOW)
        #: What a letter may have: octets, recipients.
        self.limits = (1_000_000, 100)
        #: Whether shells are given a way out for mail.
        self.sends = True
        #: Where the daemon's services listen.
        self.urls: Sequence[str] = ()
        #: What administrators have; bob is one where it is there.
        self.desk: Administration | None = None
        realm = AccountRealm(
            self.store,
            self.resolver,
            self.homes,
            StoreNewsroom(self.store, PostingPolicy("telnet.test", domain=DOMAIN)),
            hashing=hashing,
        )
        self._plain = realm.makers[ShellAccess]
        realm.makers[ShellAccess] = self._shell
        right = PasswordCache(self.clock, 60.0, self.store.changes)
        checker = PasswordChecker(self.store.accounts, hashing, right=right, names=names)
        self.authenticator = AccountAuthenticator(
            Portal(realm, [checker]),
            self.store.accounts,
            Throttle(self.clock, free_guesses=3, slowest_seconds=60),
            names=names,
            secret=b"s" * 32,
        )
        self.factory = TelnetServerFactory(
            Shared(
                clock=self.clock,
                host="telnet.test",
                domain=DOMAIN,
                settings=Settings(**settings),
                authenticator=self.authenticator,
                now=lambda: NOW,
                unique=lambda: b"unique",
            )
        )

    async def _shell(self, account: Account) -> tuple[object, Callable[[], None]]:
        """Give a shell what a daemon gives it (``control.shells``)."""
        shell, logout = await self._plain(account)
        assert isinstance(shell, AccountShell)
        if not self.sends:
            return shell, logout
        shell.sending = AccountSending(
            account,
            await self.resolver.addresses_of(account),
            self.resolver,
            self.delivery,
            host="telnet.test",
            limits=lambda: self.limits,
            moment=lambda: NOW,
        )
        shell.urls = lambda: self.urls
        shell.administration = self.desk if account.name == "bob" else None
        return shell, logout

    def configure(self, **changes: Any) -> None:
        """Change what the connections to come share."""
        self.factory.configure(replace(self.factory.shared, **changes))

    async def fill(self) -> World:
        """Put some of everything into it."""
        accounts, mail = self.store.accounts, self.store.mail
        ann = await accounts.add_account("ann", verifiers(), folders=[("Trash", SpecialUse.TRASH)])
        await accounts.add_account("bob", verifiers())
        inbox = await mail.folder(ann.id, "INBOX")
        await self.put(inbox.id, LETTER % (b"First", b"Hello\x1b[2J you\r\n"))
        await self.put(inbox.id, LETTER % (b"=?utf-8?q?Caf=C3=A9=1B]0;x=07?=", b"Second.\r\n"))
        group = await mail.create_folder(
            None, "example.talk", kind=FolderKind.GROUP, description="Talk"
        )
        for number in (1, 2):
            await self.put(group.id, ARTICLE % (b"Article %d" % number, number))
        await mail.create_folder(None, "example.closed", kind=FolderKind.GROUP, postable=False)
        home = await self.homes.home("ann")
        await self.write(home, ("notes.txt",), b"".join(b"line %d\r\n" % n for n in range(1, 31)))
        await self.write(
            home, ("public", "wild.txt"), "\x1b]0;owned\x07 \u202eright \x9b1m\n".encode()
        )
        await self.write(self.homes.public, ("welcome.txt",), "Grüße\n".encode())
        return self

    async def put(self, folder: Any, octets: bytes) -> None:
        """Put a message into a folder."""
        draft = self.store.mail.draft()
        draft.write(octets)
        await self.store.mail.commit(draft, [Placement(folder)])

    async def write(self, tree: FileTree, path: tuple[str, ...], octets: bytes) -> None:
        """Write a file."""
        upload = await tree.upload(path)
        waiting = upload.write(octets)
        if waiting is not None:
            await waiting
        await upload.commit()

    def connect(self, address: str = "127.0.0.1") -> Terminal:
        """Connect from an address."""
        return Terminal(self, address)

    def enter(self, first: bytes = b"", name: bytes = b"ann") -> Terminal:
        """Connect and log in; what was shown until then is forgotten."""
        terminal = self.connect()
        terminal.say(first + name + b"\r\n" + PASSWORD.encode() + b"\r\n")
        assert terminal.heard().endswith(name + b":/> ")
        return terminal


def _run(function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
    return maybeDeferred(function, *arguments)


class Terminal:
    """A client's end of a connection."""

    def __init__(self, world: World, address: str = "127.0.0.1") -> None:
        self.transport = MemoryTransport(address, 40000)
        connection = world.factory.buildProtocol(self.transport.getPeer())
        assert isinstance(connection, TelnetServer)
        self.connection = connection
        connection.makeConnection(self.transport)

    def say(self, octets: bytes) -> None:
        """Send octets."""
        if not self.closed:
            self.connection.dataReceived(octets)

    def heard(self) -> bytes:
        """Return what the server has said since this was last asked."""
        return self.transport.said()

    def ask(self, line: bytes) -> bytes:
        """Send a line; give what is shown up to the next prompt, without the prompt."""
        self.say(line + b"\r\n")
        heard = self.heard()
        before, newline, prompt = heard.rpartition(b"\r\n")
        assert prompt.endswith(b"> "), heard
        return before + newline

    @property
    def closed(self) -> bool:
        """Whether the server has closed."""
        return self.transport.closed
