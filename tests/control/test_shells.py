"""What a daemon gives the shells of its users."""

from __future__ import annotations

from netsuite.accounts.mail import ADMIN_GROUP
from tests.control.worlds import Client, World


class Equipped(World):
    """Shells of a daemon that runs all services."""

    def administer(self, groups: frozenset[str] = frozenset({ADMIN_GROUP})) -> None:
        """Put ann into the group of administrators, or out of it."""
        accounts = self.suite.site.store.accounts
        account = self.run_(accounts.account("ann"))
        self.run_(accounts.update_account(account.id, groups=groups))

    def shell(self) -> Client:
        """Give ann's terminal."""
        return self.logged_in("telnet")

    def test_letter(self) -> None:
        """Mail goes to who is here, by way of the daemon's delivery."""
        client = self.shell()
        client.say(b"mail write bob", b"", b"", b"Hello", b"text")
        self.assertIn(b"Sent to bob@", client.say(b"."))
        self.assertIn("Hello", [str(each["Subject"]) for each in self.run_(self.bob.messages())])

    def test_limits(self) -> None:
        """They are those of submission."""
        self.suite.site.configure("submission", message_octets=1000)
        client = self.shell()
        client.say(b"mail write bob", b"", b"", b"Hello", b"x" * 1001)
        self.assertIn(b"Nothing was sent. It is larger than 1000 octets.", client.say(b"."))

    def test_urls(self) -> None:
        """Files are fetched by the services that listen."""
        said = self.shell().say(b"get /site/none", b"put")
        self.assertIn(f"ftp://ann@127.0.0.1:{self.suite.ftp.port}/".encode(), said)

    def test_administrator(self) -> None:
        """Accounts, the queue, sessions of all services, and their end, which is noted."""
        self.administer()
        self.logged_in("imap")
        client = self.shell()
        self.assertIn(b"bob", client.say(b"accounts"))
        self.assertIn(b"Nothing waits.", client.say(b"queue"))
        sessions = client.say(b"sessions ann")
        self.assertIn(b"imap-1", sessions)
        self.assertIn(b"telnet-1", sessions)
        self.assertIn(b"There are none.", client.say(b"sessions bob"))
        self.assertIn(b"It is ended.", client.say(b"kick imap-1"))
        self.assertNotIn(b"imap-1", client.say(b"sessions"))
        noted = self.run_(self.suite.site.store.accounts.logins(limit=1))
        self.assertIn("imap-1", repr(noted))

    def test_nobody_else(self) -> None:
        """Who is none, or is one no longer, sees and ends nothing."""
        self.assertIn(b"That is for administrators.", self.shell().say(b"sessions"))
        self.administer()
        client = self.logged_in("telnet")
        self.administer(frozenset())
        for line in (b"accounts", b"queue", b"sessions", b"kick imap-1"):
            self.assertIn(b"You may not do that.", client.say(line))
