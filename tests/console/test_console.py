"""The console as a browser meets it: who is let in, what is refused, what every answer says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from twisted.logger import globalLogPublisher

from netsuite.console import assets
from netsuite.console.console import FORM_OCTETS
from netsuite.console.routes import ROUTES
from netsuite.http.request import PARAMETERS
from netsuite.store.errors import Busy
from netsuite.store.model import AccountState
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.hashing import verifiers
from tests.console.worlds import Browser, World
from tests.logged import Lines

PATHS = (
    "/", "/sessions", "/accounts", "/new-account", "/accounts/bob", "/aliases", "/queue",
    "/groups", "/logins", "/certificates", "/storage", "/log", "/settings",
)  # fmt: skip


class Case(SynchronousTestCase):
    overrides: tuple[str, ...] = ()
    tls = False

    def setUp(self) -> None:
        self.world = World(*self.overrides, tls=self.tls)
        self.addCleanup(self.world.close)
        self.browser = Browser(self.world, scheme="https" if self.tls else "http")


class LoggingIn(Case):
    """Who is let in."""

    def test_in_and_out(self) -> None:
        """One comes to where one wanted to go, and is known from then on; after the logout an
        older copy of the cookie is good for nothing."""
        answer = self.browser.get("/queue?domain=a.test")
        self.assertEqual(
            (303, "/login?next=%2Fqueue%3Fdomain%3Da.test"), (answer.status, answer.goes_to)
        )
        answer = self.browser.get(answer.goes_to)
        self.assertIn('name="next" value="/queue?domain=a.test"', answer.text)
        answer = self.browser.post(
            "/login", account="ALICE@example.test", password="secret", next="/queue?domain=a.test"
        )
        self.assertEqual((303, "/queue?domain=a.test"), (answer.status, answer.goes_to))
        self.assertEqual(
            "; Path=/; HttpOnly; SameSite=Strict",
            answer.fields.get("set-cookie").partition(".")[2].rpartition(".")[2][64:],
        )
        self.assertEqual(200, self.browser.get("/").status)
        self.assertEqual("/", self.browser.get("/login").goes_to)
        kept = dict(self.browser.cookies)
        self.assertEqual("/login", self.browser.post("/logout").goes_to)
        self.assertEqual({}, self.browser.cookies)
        self.browser.cookies = kept
        self.assertEqual("/login", self.browser.get("/").goes_to)

    def test_refused(self) -> None:
        """Wrong passwords, accounts that are none, are no administrators, are disabled or may not
        use the console: all are told the same."""
        accounts = self.world.site.store.accounts
        carol = self.world.account("carol", "admin")
        self.world.run(accounts.update_account(carol.id, state=AccountState.DISABLED))
        dave = self.world.account("dave", "admin")
        self.world.run(accounts.update_account(dave.id, protocols=frozenset({"imap"})))
        said = set()
        for name, password in (
            ("alice", "wrong"), ("nobody", "secret"), ("bob", "secret"), ("carol", "secret"),
            ("dave", "secret"),
        ):  # fmt: skip
            answer = self.browser.log_in(name, password)
            said.add((answer.status, answer.words))
            self.assertEqual({}, self.browser.cookies)
        ((status, words),) = said
        self.assertEqual(403, status)
        self.assertIn("no administrator's account, or not its password", words)
        self.assertEqual(422, self.browser.log_in("alice", "").status)

    def test_app_passwords_do_not_do(self) -> None:
        """A password that is in some program of an administrator's is not theirs."""
        accounts = self.world.site.store.accounts
        self.world.run(accounts.add_app_password(self.world.alice.id, "phone", verifiers("app")))
        self.assertEqual(403, self.browser.log_in("alice", "app").status)

    def test_throttled(self) -> None:
        """Guesses are slowed down, as those by any protocol are."""
        for _ in range(8):
            answer = self.browser.log_in("alice", "guess")
        self.assertEqual(429, answer.status)
        self.assertIn("Too many wrong guesses", answer.words)
        self.assertEqual(429, self.browser.log_in().status)

    def test_store_is_away(self) -> None:
        """Nobody can be let in for the time being."""

        async def away(*_: Any) -> Any:
            raise Busy("for a test")

        accounts = self.world.site.store.accounts
        self.patch(accounts, "account", away)
        self.assertEqual(503, self.browser.log_in().status)

    def test_no_way_out(self) -> None:
        """Nobody is led to another host after the login."""
        for place in ("//evil.example", "https://evil.example/", "/\\evil.example", "x"):
            answer = self.browser.post("/login", account="alice", password="secret", next=place)
            self.assertEqual("/", answer.goes_to, place)
            self.browser.cookies.clear()
        self.assertNotIn("evil", self.browser.get("/login?next=//evil.example").text)

    def test_ends_with_the_account(self) -> None:
        """It ends at once when the account is disabled, leaves the group, may not use the console
        any more, changes its password or is removed."""
        accounts = self.world.site.store.accounts

        def changed(**values: Any) -> None:
            self.world.run(accounts.update_account(self.world.alice.id, **values))

        for away, back in (
            ({"state": AccountState.DISABLED}, {"state": AccountState.ACTIVE}),
            ({"groups": frozenset()}, {"groups": frozenset({"admin"})}),
            ({"protocols": frozenset({"imap"})}, {"protocols": None}),
        ):
            self.browser.log_in()
            self.assertEqual(200, self.browser.get("/").status)
            changed(**away)
            self.assertEqual(303, self.browser.get("/").status, away)
            changed(**back)
        self.browser.log_in()
        self.world.run(accounts.set_verifiers(self.world.alice.id, verifiers("new")))
        self.assertEqual(303, self.browser.get("/").status)
        self.browser.log_in("alice", "new")
        self.assertEqual(200, self.browser.get("/").status)
        self.world.run(accounts.remove_account(self.world.alice.id))
        self.assertEqual(303, self.browser.get("/").status)

    def test_refreshing_is_no_use(self) -> None:
        """A page that renews itself keeps no login alive."""
        self.browser.log_in()
        moment = [float(self.browser.cookies["netsuite-console"].split(".")[2])]
        console: Any = self.world.service.factory.shared.router
        console._cookies._now = lambda: moment[0]
        moment[0] += 1000
        answer = self.browser.get("/", ("X-Refresh", "1"))
        self.assertEqual((200, ""), (answer.status, answer.fields.get("set-cookie")))
        answer = self.browser.get("/")
        self.assertIn("netsuite-console=", answer.fields.get("set-cookie"))
        moment[0] += 1700
        self.assertEqual(200, self.browser.get("/", ("X-Refresh", "1")).status)
        moment[0] += 200
        self.assertEqual(303, self.browser.get("/", ("X-Refresh", "1")).status)

    def test_cookies_of_neighbours(self) -> None:
        """What somebody on another port has set beside ours does not shut anybody out, nor is
        anybody let in by it."""
        self.browser.log_in()
        name, value = self.browser.cookies.popitem()
        noise = "; ".join([f"{name}=x", f"{name}=1.2.3.4.5.6", "a", "=", ";;"] * 50)
        self.assertEqual(200, self.browser.get("/", ("Cookie", f"{noise}; {name}={value}")).status)
        self.assertEqual(303, self.browser.get("/", ("Cookie", noise)).status)


class ByTLS(Case):
    """What is otherwise under TLS."""

    tls = True

    def test_cookie(self) -> None:
        """Browsers take it from nobody else, and send it by TLS alone."""
        answer = self.browser.log_in()
        said = answer.fields.get("set-cookie")
        self.assertTrue(said.startswith("__Host-netsuite="), said)
        self.assertTrue(said.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure"), said)
        self.assertEqual(200, self.browser.get("/").status)
        value = self.browser.cookies.pop("__Host-netsuite")
        self.browser.cookies["netsuite-console"] = value
        self.assertEqual(303, self.browser.get("/").status)


class Traced(Case):
    """With a transcript of all that is said."""

    overrides = ("console.transcript=true",)

    def test_nothing_secret(self) -> None:
        """No password that is typed, and no cookie, is in it."""
        lines = Lines()
        globalLogPublisher.addObserver(lines)
        self.addCleanup(globalLogPublisher.removeObserver, lines)
        self.browser.log_in("alice", "wr0ng-w0rd")
        self.browser.log_in()
        form = {"action": "password", "password": "n3w-w0rd", "again": "n3w-w0rd"}
        self.browser.post("/accounts/bob", **form)
        text = "\n".join(lines)
        self.assertIn("S: HTTP/1.1 303", text)
        for secret in ("w0rd", "secret", self.browser.cookies["netsuite-console"][20:60]):
            self.assertNotIn(secret, text)


class WithoutTLS(Case):
    """Where no password may come in the clear."""

    overrides = ('accounts.clear_text="tls"',)

    def test_no_form(self) -> None:
        """The page says why, and asks for no password; one that comes all the same is refused."""
        answer = self.browser.get("/login")
        self.assertEqual(403, answer.status)
        self.assertIn("use https", answer.words)
        self.assertNotIn("<form", answer.text)
        self.assertEqual(403, self.browser.log_in().status)
        self.assertEqual({}, self.browser.cookies)


class Refusals(Case):
    """What is not looked at."""

    def test_strangers_see_nothing(self) -> None:
        """Every page leads to the login, every action does nothing."""
        for route in ROUTES:
            path = route.pattern.replace("{name}", "bob").replace("{id}", "1")
            answer = self.browser.get(path)
            self.assertEqual(303, answer.status, path)
            self.assertTrue(answer.goes_to.startswith("/login"), path)
            if route.act is not None:
                answer = self.browser.post(path, action="disable", sure="yes")
                self.assertTrue(answer.goes_to.startswith("/login"), path)
        self.assertIs(AccountState.ACTIVE, self.world.now("bob").state)

    def test_forms_of_others(self) -> None:
        """A form without the token, with another's, or from another page, does nothing."""
        self.browser.log_in()
        token = self.browser.token
        other = Browser(self.world)
        other.log_in()
        self.assertNotEqual(token, other.token)
        form = ("action", "disable")
        for tokens, fields in (
            ([], ()),
            ([("token", "")], ()),
            ([("token", "é")], ()),
            ([("token", other.token)], ()),
            ([("token", token)], (("Origin", "http://127.0.0.1:8080"),)),
            ([("token", token)], (("Origin", "null"),)),
            ([("token", token)], (("Sec-Fetch-Site", "same-site"),)),
        ):
            answer = self.browser.send("/accounts/bob", [*tokens, form], *fields)
            self.assertEqual(403, answer.status, (tokens, fields))
            self.assertEqual(403, self.browser.send("/logout", tokens, *fields).status)
        self.assertIs(AccountState.ACTIVE, self.world.now("bob").state)
        # A browser that says nothing of where a form is from, such as lynx.
        silent = (("Origin", ""), ("Sec-Fetch-Site", ""))
        answer = self.browser.send("/accounts/bob", [("token", token), form], *silent)
        self.assertEqual(303, answer.status)
        self.assertIs(AccountState.DISABLED, self.world.now("bob").state)

    def test_login_of_others(self) -> None:
        """No other page logs anybody in."""
        form = [("account", "alice"), ("password", "secret")]
        for field in (("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")):
            self.assertEqual(403, self.browser.send("/login", form, field).status)

    def test_bodies(self) -> None:
        """What is no form, or too large a one, is refused."""
        self.browser.log_in()
        kind = ("Content-Type", "multipart/form-data; boundary=x")
        self.assertEqual(415, self.browser.send("/accounts/bob", [], kind).status)
        many = [("a", "b")] * (PARAMETERS + 1)
        self.assertEqual(400, self.browser.send("/accounts/bob", many).status)
        large = [("a", "b" * FORM_OCTETS)]
        self.assertEqual(413, self.browser.send("/accounts/bob", large).status)

    def test_other_names(self) -> None:
        """A name that somebody made lead here is not answered to, and is told nothing."""
        self.browser.log_in()
        misled = Browser(self.world, host="evil.example")
        misled.cookies = self.browser.cookies
        for path in ("/", "/login", "/console.css"):
            answer = misled.get(path)
            self.assertEqual(421, answer.status, path)
            self.assertNotIn("alice", answer.text)
        self.world.site.configure("console", hosts=["Evil.example"])
        self.assertEqual(200, misled.get("/").status)

    def test_off_pages(self) -> None:
        """What is not there, or cannot be done, is said on a page that looks like the others."""
        self.browser.log_in()
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("GET", "/accounts/nobody", 404),
            ("GET", "/accounts/a/b", 404),
            ("GET", "/queue/99", 404),
            ("GET", "/queue/x", 404),
            ("GET", f"/queue/{10**30}", 404),
            ("GET", "/groups/nowhere", 404),
            ("GET", "/accounts/%2e%2e", 400),
            ("DELETE", "/", 405),
            ("POST", "/logins", 405),
            ("BREW", "/", 501),
        ):
            answer = self.browser.ask(method, path, ("Origin", self.browser.origin))
            self.assertEqual(status, answer.status, path)
            self.assertIn(f"<h1>{status} ", answer.text, path)
            self.assertIn('rel="stylesheet"', answer.text, path)
            self.assertIn("content-security-policy", answer.fields)

    def test_troubles(self) -> None:
        """A store that is busy is told of, and what nobody foresaw is in the log alone."""
        self.browser.log_in()

        async def busy(*_: Any, **__: Any) -> Any:
            raise Busy("secret words")

        async def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError("secret words")

        for function, status in ((busy, 503), (broken, 500)):
            self.patch(self.world.site.store.queue, "count", function)
            answer = self.browser.get("/queue")
            self.assertEqual(status, answer.status)
            self.assertNotIn("secret words", answer.text)
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_nul(self) -> None:
        """No store is asked for a text that PostgreSQL cannot keep."""
        self.browser.log_in()
        asked: list[str] = []

        async def noted(*, containing: str, **_: Any) -> Any:
            asked.append(containing)
            return []

        self.patch(self.world.site.store.accounts, "accounts", noted)
        self.browser.get("/accounts?find=a%00b")
        self.assertEqual(["a\ufffdb"], asked)
        form = {"action": "settings", "display_name": "a\0b", "services": "imap"}
        self.assertEqual(303, self.browser.post("/accounts/bob", **form).status)
        self.assertEqual("a\ufffdb", self.world.now("bob").display_name)


class EveryAnswer(Case):
    """What each says beside what it shows."""

    def test_fields(self) -> None:
        """Nothing runs or is loaded but from here, nobody frames it, nothing is kept."""
        self.browser.log_in()
        for path in (*PATHS, "/login", "/nowhere"):
            answer = self.browser.get(path)
            policy = answer.fields.get("content-security-policy")
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertEqual("DENY", answer.fields.get("x-frame-options"))
            self.assertEqual("nosniff", answer.fields.get("x-content-type-options"))
            self.assertEqual("same-origin", answer.fields.get("referrer-policy"))
            self.assertEqual("no-store", answer.fields.get("cache-control"))

    def test_nothing_from_elsewhere(self) -> None:
        """Every address on a page is a path of ours that is there; nothing runs from within."""
        self.browser.log_in()
        seen = set()
        for path in PATHS:
            answer = self.browser.get(path)
            self.assertEqual(200, answer.status, path)
            self.assertIsNone(
                re.search(r"<style|<script>|\son\w+=|\sstyle=|javascript:", answer.text), path
            )
            seen |= set(re.findall(r'(?:href|src|action)="([^"#]+)"', answer.text))
        for where in seen:
            self.assertTrue(where.startswith("/") and not where.startswith("//"), where)
            if where != "/logout":
                self.assertEqual(200, self.browser.get(where.replace("&amp;", "&")).status, where)

    def test_assets(self) -> None:
        """Files come to anybody, to be kept; another content has another address."""
        for where in (assets.STYLE, assets.SCRIPT, "/icon.svg"):
            answer = self.browser.get(where)
            self.assertEqual(200, answer.status)
            self.assertIn("immutable", answer.fields.get("cache-control"))
        for path in Path(assets.__file__).with_name("static").iterdir():
            self.assertIsNone(
                re.search(r"url\(|https?://(?!www\.w3\.org)|@import", path.read_text())
            )

    def test_can_be_used_by_all(self) -> None:
        """Each page has one heading of the first rank, a language, and a label for each field."""
        self.browser.log_in()
        texts = {path: self.browser.get(path).text for path in PATHS}
        texts["/login"] = Browser(self.world).get("/login").text
        for path, text in texts.items():
            self.assertEqual(1, text.count("<h1>"), path)
            self.assertIn('<html lang="en">', text)
            fields = re.findall(r'<input[^>]* id="([^"]+)"', text)
            labelled = re.findall(r'<label for="([^"]+)"', text)
            self.assertEqual(set(fields), set(labelled), path)
            self.assertEqual(len(fields), len(set(fields)), path)
            for tag in re.findall(r"<input[^>]*>", text):
                named = 'type="hidden"' in tag or " id=" in tag or 'type="checkbox"' in tag
                named = named or " hidden" in tag
                self.assertTrue(named, tag)
