"""What is sent to every page of the console to do harm, by somebody who may see them all."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

from netsuite.console.routes import ROUTES
from netsuite.store.model import AccountState
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.hashing import verifiers
from tests.console.worlds import Browser, World

WORDS = (
    "", "a", "bob", "alice", "-1", "0", "1", "9" * 20, "x" * 300, "é", "\0", "%", "%00", "a b",
    "../..", "<script>", "'\"", "\r\nX: y", "local.test", "info@example.test", "@example.test",
    "yes", "imap", "admin", "²", "\u202e", "a,b c", "1e9", "[]",
)  # fmt: skip
FIELDS = (
    "sure", "item", "everything", "whom", "name", "display_name", "password", "again", "quota",
    "groups", "services", "alias", "targets", "id", "article", "description", "moderator",
    "read_only", "sender", "recipient", "domain", "held", "find", "after", "start", "before",
    "done", "count", "service",
)  # fmt: skip
ACTIONS = (
    "retry", "hold", "release", "bounce", "drop", "settings", "password", "alias", "drop-alias",
    "revoke", "enable", "disable", "set", "remove", "expunge", "session", "account", "reload", "",
)  # fmt: skip
REQUESTS = 400


class Hostile(SynchronousTestCase):
    """Anything in any field."""

    def setUp(self) -> None:
        self.world = World()
        self.addCleanup(self.world.close)
        self.browser = Browser(self.world)
        self.random = Random(11)

    def log_in(self) -> None:
        """Be alice again, whatever she has done to herself."""
        accounts, alice = self.world.site.store.accounts, self.world.alice.id
        self.world.run(accounts.set_verifiers(alice, verifiers("secret")))
        self.world.run(accounts.update_account(alice, groups=frozenset({"admin"}), protocols=None))
        self.browser.cookies.clear()
        self.browser.log_in()
        self.browser.get("/accounts")

    def pick(self, texts: tuple[str, ...]) -> str:
        return self.random.choice(texts)

    def test_any(self) -> None:
        """Every request is answered, none by a failure, and an administrator stays."""
        self.log_in()
        seen = set()
        for _ in range(REQUESTS):
            path = self.random.choice(ROUTES).pattern
            for brace in ("{name}", "{id}"):
                path = path.replace(brace, quote(self.pick(WORDS), safe="") or "x")
            if self.random.random() < 0.5:
                query = f"{self.pick(FIELDS)}={quote(self.pick(WORDS))}"
                answer = self.browser.get(f"{path}?{query}")
            else:
                form = [("token", self.browser.token), ("action", self.pick(ACTIONS))]
                form += [(self.pick(FIELDS), self.pick(WORDS)) for _ in range(6)]
                form.append(("sure", "yes"))
                answer = self.browser.send(path, form)
            self.assertLess(answer.status, 500, path)
            self.assertNotIn("<script>", answer.text.replace("</script>", ""))
            seen.add(answer.status)
            if answer.goes_to.startswith("/login"):
                self.log_in()
        self.assertTrue({200, 303, 404, 405, 422} <= seen, seen)
        alice = self.world.now("alice")
        self.assertIs(AccountState.ACTIVE, alice.state)
        self.assertIn("admin", alice.groups)
