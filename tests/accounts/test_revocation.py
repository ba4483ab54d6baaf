"""Sessions end with what their login stands on, in all protocols, and with nothing else."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from netsuite import sasl
from netsuite.accounts.revocation import RETRY_SECONDS
from netsuite.store.errors import Busy
from netsuite.store.model import AccountState
from netsuite.testing.hashing import verifiers
from tests.control.worlds import LOGINS, Client, World

#: What each protocol says when a login is over.
GOODBYES = {
    "imap": b"* BYE [AUTHORIZATIONFAILED] The login is not valid any more\r\n",
    "submission": b"421 4.7.0 The login is not valid any more\r\n",
    "pop3": b"",
    "nntp": b"400 The login is not valid any more\r\n",
    "ftp": b"421 The login is not valid any more\r\n",
    "telnet": b"Your login is not valid any more. Goodbye.\r\n",
}
PUT = (b"PUT /~ann/x HTTP/1.1", b"Host: x", b"Content-Length: 0",
       b"Authorization: Basic YW5uOnNlY3JldA==", b"")  # fmt: skip


class Accounts(World):
    """Accounts that are changed under open sessions."""

    @property
    def accounts(self) -> Any:
        return self.suite.store.accounts

    def change(self, **changed: Any) -> None:
        """Change ann's account."""
        self.run_(self.accounts.update_account(self.ann.id, **changed))
        self.fabric.settle()

    def set_password(self, password: str) -> None:
        self.run_(self.accounts.set_verifiers(self.ann.id, verifiers(password)))
        self.fabric.settle()

    def all_in(self) -> dict[str, Client]:
        """Return a session of ann's by each protocol."""
        return {service: self.logged_in(service) for service in LOGINS}


class Ending(Accounts):
    """What ends sessions."""

    def test_disabled(self) -> None:
        """All say goodbye in their protocol's words."""
        clients = self.all_in()
        heard = {service: client.heard for service, client in clients.items()}
        self.change(state=AccountState.DISABLED)
        for service, client in clients.items():
            self.assertTrue(client.lost, service)
            told = client.since(heard[service])
            self.assertTrue(told.endswith(GOODBYES[service]), (service, told))

    def test_removed(self) -> None:
        """So they do when the account is gone."""
        clients = self.all_in()
        self.run_(self.accounts.remove_account(self.ann.id))
        self.fabric.settle()
        self.assertEqual([], [service for service, client in clients.items() if not client.lost])

    def test_password(self) -> None:
        """So they do when the password is another."""
        clients = self.all_in()
        self.set_password("other")
        self.assertEqual([], [service for service, client in clients.items() if not client.lost])

    def test_protocols(self) -> None:
        """Those end that the account may not use any more."""
        clients = self.all_in()
        self.change(protocols=frozenset({"imap", "ftp"}))
        stay = [service for service, client in clients.items() if not client.lost]
        self.assertEqual(["imap", "ftp"], stay)

    def test_http(self) -> None:
        """A kept connection is closed, and the next request is refused."""
        client = self.client("http")
        self.assertIn(b" 201 ", client.say(*PUT))
        self.assertFalse(client.lost)
        self.change(state=AccountState.DISABLED)
        self.assertTrue(client.lost)
        self.assertIn(b" 401 ", self.client("http").say(*PUT))

    def test_message_under_way(self) -> None:
        """A message that is being sent may end, if it does soon."""
        client = self.logged_in("submission")
        client.say(b"MAIL FROM:<ann@example.test>", b"RCPT TO:<bob@example.test>", b"DATA", b"a")
        self.change(state=AccountState.DISABLED)
        self.fabric.advance(5)
        said = client.say(b".")
        self.assertIn(b"250 2.6.0", said)
        self.assertTrue(said.endswith(GOODBYES["submission"]))
        self.assertTrue(client.lost)


class Staying(Accounts):
    """What ends nobody's session."""

    def test_something_else(self) -> None:
        """A name, a quota, a group, a further password; another's account."""
        clients = self.all_in()
        self.change(display_name="Ann", quota_octets=1_000_000, groups=frozenset({"web"}))
        self.change(protocols=frozenset({*LOGINS, "http"}))
        self.run_(self.accounts.add_app_password(self.ann.id, "phone", verifiers("phone")))
        self.run_(self.accounts.set_alias("an", ["ann"]))
        self.run_(self.accounts.set_verifiers(self.bob.id, verifiers("other")))
        self.run_(self.accounts.update_account(self.bob.id, state=AccountState.DISABLED))
        self.fabric.settle()
        self.assertEqual([], [service for service, client in clients.items() if client.lost])

    def test_changed_by_itself(self) -> None:
        """The session that changes its own password stays; others end."""
        client, other = self.logged_in("telnet"), self.logged_in("imap")
        client.say(b"passwd", b"secret", b"another secret", b"another secret")
        self.assertIn(b"Your password is changed.", client.heard)
        self.assertFalse(client.lost)
        self.assertTrue(other.lost)
        client.say(b"passwd", b"another secret", b"a third secret", b"a third secret")
        self.assertFalse(client.lost)
        self.set_password("of somebody else's choice")
        self.assertTrue(client.lost)

    def test_logged_out(self) -> None:
        """Who has logged out, or as somebody else since, has nothing to do with it."""
        client = self.logged_in("ftp")
        client.say(b"REIN")
        self.change(state=AccountState.DISABLED)
        self.assertFalse(client.lost)
        self.assertIn(b"230", client.say(b"USER bob", b"PASS secret"))
        self.change(state=AccountState.ACTIVE)
        self.assertFalse(client.lost)


class Proving(Accounts):
    """By which password somebody has come."""

    settings = ("accounts.cram_md5=true",)

    def test_app_password(self) -> None:
        """An app password that is taken away ends those who came by it, and them alone."""
        phone = self.run_(self.accounts.add_app_password(self.ann.id, "phone", verifiers("phone")))
        by_main, by_phone = self.logged_in("imap"), self.client("imap")
        self.assertIn(b"1 OK", by_phone.say(b"1 LOGIN ann phone"))
        again = self.client("imap")
        self.assertIn(b"1 OK", again.say(b"1 LOGIN ann phone"))  # from the cache
        self.set_password("other")
        self.assertEqual([True, False, False], [by_main.lost, by_phone.lost, again.lost])
        self.run_(self.accounts.remove_app_password(self.ann.id, phone.id))
        self.fabric.settle()
        self.assertEqual([True, True], [by_phone.lost, again.lost])

    def test_acting_as_another(self) -> None:
        """Who acts as another stands on both accounts, and on the right to do so."""
        told = base64.b64encode(b"ann\0bob\0secret")
        for change in (
            lambda: self.run_(self.accounts.update_account(self.bob.id, groups=frozenset())),
            lambda: self.run_(self.accounts.set_verifiers(self.bob.id, verifiers("other"))),
            lambda: self.change(state=AccountState.DISABLED),
        ):
            self.change(state=AccountState.ACTIVE)
            self.run_(self.accounts.set_verifiers(self.bob.id, verifiers("secret")))
            self.run_(self.accounts.update_account(self.bob.id, groups=frozenset({"proxy"})))
            client = self.client("imap")
            self.assertIn(b"1 OK", client.say(b"1 AUTHENTICATE PLAIN " + told))
            change()
            self.fabric.settle()
            self.assertTrue(client.lost)

    def test_scram(self) -> None:
        """Who came by an exchange that showed no password stands on it, too."""
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"):
            self.set_password("secret")
            client = self.by_exchange(mechanism)
            self.change(display_name=mechanism)
            self.assertFalse(client.lost)
            self.set_password("other")
            self.assertTrue(client.lost, mechanism)

    def test_hashed_anew(self) -> None:
        """A password that is only hashed anew is the same; what they came by is kept."""
        client = self.by_exchange("SCRAM-SHA-256")
        kept = self.run_(self.accounts.verifiers(self.ann.id))
        again = replace(verifiers("another"), scram=kept.scram)
        self.run_(self.accounts.set_verifiers(self.ann.id, again))
        self.fabric.settle()
        self.assertFalse(client.lost)

    def by_exchange(self, mechanism: str) -> Client:
        """Return a session of ann's, by an exchange that shows no password."""
        dialog = sasl.client(mechanism, nonce=lambda: b"fresh", username="ann", password="secret")
        assert dialog is not None
        client = self.client("imap")
        said = client.say(b"1 AUTHENTICATE " + mechanism.encode())
        response = dialog.initial()
        while said.startswith(b"+ "):
            if response is None:
                response = dialog.respond(base64.b64decode(said[2:]))
            said = client.say(base64.b64encode(response))
            response = None
        self.assertIn(b"1 OK", said)
        return client


class Troubles(Accounts):
    """What may happen meanwhile."""

    def test_store_away(self) -> None:
        """A store that cannot be read is asked again."""
        client = self.logged_in("imap")

        async def away(account: Any) -> Any:
            raise Busy("locked")

        patch = self.patch(self.accounts, "account_by_id", away)
        self.change(display_name="x")
        self.run_(self.accounts.set_verifiers(self.ann.id, verifiers("other")))
        self.fabric.advance(RETRY_SECONDS * 3)
        self.assertFalse(client.lost)
        patch.restore()
        self.fabric.advance(RETRY_SECONDS)
        self.assertTrue(client.lost)
