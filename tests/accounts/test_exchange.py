"""SASL exchanges at the authenticator: every mechanism, with a real client on the other side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite import sasl
from netsuite.accounts.interfaces import (
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    LoginRefused,
    LoginUnavailable,
    MailAccess,
    MalformedResponse,
    MechanismNotOffered,
    PlaintextRefused,
    Throttled,
)
from netsuite.accounts.throttle import KeyedLocks
from netsuite.store.errors import Busy
from netsuite.store.model import AccountState
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import CLEAR, DOMAIN, TLS, World, verifiers_of

BOUND = replace(TLS, binding=bytes(32))
PASSWORDS = [
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5",
    "PLAIN", "LOGIN",
]  # fmt: skip


class Exchanges(TestCase):
    """An authenticator with CRAM-MD5 and tokens turned on."""

    def setUp(self) -> None:
        self.world = World(cram_md5=True, check_token=self.check_token)

    async def check_token(self, username: str, token: str) -> str | None:
        return "ann" if token == "good" else None

    async def ann(self, **changes: Any) -> Any:
        account = await self.world.account("ann", **changes)
        await self.world.store.accounts.set_verifiers(
            account.id, verifiers_of("secret", cram_md5=True)
        )
        return account

    async def log_in(self, mechanism: str, channel: Channel = BOUND, **client: Any) -> str:
        """Give the name one comes in as, or the kind of refusal."""
        binding = channel.binding if mechanism.endswith("-PLUS") else None
        mine = sasl.client(mechanism, nonce=lambda: b"0123456789", binding=binding, **client)
        assert mine is not None

        async def ask(challenge: bytes) -> bytes:
            return mine.respond(challenge)

        try:
            login = await self.world.authenticator.authenticate(
                channel, mechanism, MailAccess, ask, mine.initial(), data_with_success=True
            )
        except MechanismNotOffered:
            return "not offered"
        except LoginRefused as error:
            return type(error).__name__
        mine.finished(login.octets)
        return login.name

    async def begin(
        self, mechanism: str, channel: Channel, initial: bytes | None = None
    ) -> LoggedIn[MailAccess]:
        """Log in by a mechanism that is not to ask anything."""

        async def ask(challenge: bytes) -> bytes:
            raise AssertionError(challenge)

        return await self.world.authenticator.authenticate(
            channel, mechanism, MailAccess, ask, initial
        )

    async def plain(self, initial: bytes) -> LoggedIn[MailAccess]:
        """Log in by PLAIN."""
        return await self.begin("PLAIN", TLS, initial)

    async def test_data_with_success(self) -> None:
        """Where the protocol has no place for it, it comes in a challenge of its own, which is
        answered with nothing; an answer with something is none."""
        await self.ann()
        for last, expected in ((b"", "ann"), (b"x", "MalformedResponse"), (None, "LoginCancelled")):
            client = sasl.client(
                "SCRAM-SHA-256", nonce=lambda: b"0123456789", username="ann", password="secret"
            )
            assert client is not None
            asked: list[bytes] = []

            async def ask(
                challenge: bytes,
                client: Any = client,
                asked: Any = asked,
                last: bytes | None = last,
            ) -> bytes | None:
                asked.append(challenge)
                if len(asked) == 1:
                    answer: bytes = client.respond(challenge)
                    return answer
                client.finished(challenge)
                final: bytes | None = last
                return final

            try:
                login = await self.world.authenticator.authenticate(
                    TLS, "SCRAM-SHA-256", MailAccess, ask, client.initial()
                )
            except LoginRefused as error:
                self.assertEqual(expected, type(error).__name__)
            else:
                self.assertEqual((expected, None), (login.name, login.octets))

    async def test_every_mechanism(self) -> None:
        """The right password lets in by every mechanism, a wrong one or nobody's by none."""
        await self.ann()
        for mechanism in PASSWORDS:
            for username, password, expected in [
                ("ann", "secret", "ann"),
                (f"Ann@{DOMAIN.upper()}", "secret", "ann"),
                ("ann", "Secret", "BadCredentials"),
                ("nobody", "secret", "BadCredentials"),
            ]:
                self.world.clock.advance(4000)
                found = await self.log_in(mechanism, username=username, password=password)
                self.assertEqual(expected, found, (mechanism, username))

    async def test_disabled(self) -> None:
        """An account that is disabled, or not for this protocol, is refused like a stranger."""
        account = await self.ann(state=AccountState.DISABLED)
        for mechanism in PASSWORDS:
            self.world.clock.advance(4000)
            found = await self.log_in(mechanism, username="ann", password="secret")
            self.assertEqual("BadCredentials", found, mechanism)
        await self.world.store.accounts.update_account(
            account.id, state=AccountState.ACTIVE, protocols=frozenset({"pop3"})
        )
        self.world.clock.advance(4000)
        found = await self.log_in("SCRAM-SHA-256", username="ann", password="secret")
        self.assertEqual("BadCredentials", found)

    async def test_strangers_have_salts(self) -> None:
        """Who has no account gets a salt too, always the same, and no two the same."""
        await self.ann()

        async def salt(username: str) -> bytes:
            asked: list[bytes] = []

            async def ask(challenge: bytes) -> None:
                asked.append(challenge)

            first = b"n,,n=" + username.encode() + b",r=abc"
            with self.assertRaises(LoginCancelled):
                await self.world.authenticator.authenticate(
                    TLS, "SCRAM-SHA-256", MailAccess, ask, first
                )
            return asked[0].partition(b",s=")[2]

        nobody = await salt("nobody")
        self.assertEqual(nobody, await salt("nobody"))
        self.assertEqual(nobody, await salt(f"NOBODY@{DOMAIN}"))
        self.assertNotEqual(nobody, await salt("nobody-else"))
        self.assertEqual(len(await salt("ann")), len(nobody))

    async def test_acting_as_another(self) -> None:
        """Only members of the proxy group act as others, and only as accounts that there are."""
        await self.world.account("bob")
        account = await self.ann()
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            said: dict[str, Any] = {"username": "ann", "password": "secret"}
            self.world.clock.advance(4000)
            for wanted, expected in [("ann", "ann"), ("bob", "BadCredentials")]:
                found = await self.log_in(mechanism, authorize_as=wanted, **said)
                self.assertEqual(expected, found)
        await self.world.store.accounts.update_account(account.id, groups=frozenset({"proxy"}))
        for wanted, expected in [("bob", "bob"), ("nobody", "BadCredentials")]:
            self.assertEqual(expected, await self.log_in("PLAIN", authorize_as=wanted, **said))

    async def test_token_not_checked(self) -> None:
        """Where a token cannot be checked that is a passing trouble; the log is told no token."""
        await self.ann()

        def broken(username: str, token: str) -> str:
            raise ConnectionError(f"the issuer of {token} is away")

        self.world.authenticator.check_token = broken
        for mechanism in ("OAUTHBEARER", "XOAUTH2"):
            outcome = await self.log_in(mechanism, username="ann", token="good")
            self.assertEqual("LoginUnavailable", outcome)
        (login, *_) = await self.world.store.accounts.logins()
        self.assertEqual("refused (LoginUnavailable: ConnectionError)", login.outcome)

    async def test_tokens(self) -> None:
        """A token lets in whom it is good for."""
        await self.ann()
        for mechanism in ("OAUTHBEARER", "XOAUTH2"):
            for username, token, expected in [
                ("ann", "good", "ann"),
                (f"ann@{DOMAIN}", "good", "ann"),
                ("bob", "good", "BadCredentials"),
                ("ann", "bad", "BadCredentials"),
            ]:
                found = await self.log_in(mechanism, username=username, token=token)
                self.assertEqual(expected, found, (mechanism, username, token))

    async def test_certificates(self) -> None:
        """A certificate lets in whom it names, where one was shown."""
        await self.ann()
        self.assertEqual("not offered", await self.log_in("EXTERNAL"))
        shown = replace(TLS, certificate_names=(f"ann@{DOMAIN}",))
        self.assertEqual("ann", await self.log_in("EXTERNAL", shown))
        self.assertEqual("BadCredentials", await self.log_in("EXTERNAL", shown, authorize_as="x"))

    async def test_not_in_the_clear(self) -> None:
        """Without TLS the mechanisms that show the password are not there."""
        await self.ann()
        for mechanism in ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"):
            with self.assertRaises(PlaintextRefused):
                await self.begin(mechanism, CLEAR)
        with self.assertRaises(MechanismNotOffered):
            await self.begin("SCRAM-SHA-256-PLUS", CLEAR)
        found = await self.log_in("SCRAM-SHA-256", CLEAR, username="ann", password="secret")
        self.assertEqual("ann", found)

    async def test_malformed_is_no_guess(self) -> None:
        """A client that cannot spell is not locked out for guessing."""
        await self.ann()
        for _ in range(20):
            with self.assertRaises(MalformedResponse):
                await self.plain(b"nonsense")
        self.assertEqual("ann", await self.log_in("PLAIN", username="ann", password="secret"))

    async def test_throttled(self) -> None:
        """Guesses by any mechanism count together, and then not even the right one is let in."""
        await self.ann()
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "CRAM-MD5", "LOGIN"):
            await self.log_in(mechanism, username="ann", password="x")
        for mechanism in PASSWORDS:
            found = await self.log_in(mechanism, username="ann", password="secret")
            self.assertEqual("Throttled", found, mechanism)
        lines = await self.world.store.accounts.logins()
        self.assertEqual(4, len(lines))  # what costs a guesser nothing fills no audit log

    async def test_many_guesses_at_once(self) -> None:
        """Many connections do not make many guesses: they are looked at one after the other."""
        await self.ann()
        running: list[Deferred[None]] = []

        def slowly(function: Any, *arguments: Any) -> Deferred[Any]:
            self.world.hashed += 1
            turn: Deferred[None] = Deferred()
            running.append(turn)
            return turn.addCallback(lambda _: function(*arguments))

        self.patch(self.world, "_run", slowly)
        checker = self.world.authenticator.portal.checkers
        for each in checker.values():
            if hasattr(each, "_hashing"):
                each._hashing._run = slowly
        tries = [
            ensureDeferred(self.log_in("PLAIN", username="ann", password=f"x{number}"))
            for number in range(20)
        ]
        while running:
            self.assertEqual(1, len(running))
            running.pop().callback(None)
        outcomes = [self.successResultOf(each) for each in tries]
        self.assertEqual(["BadCredentials"] * 4 + ["Throttled"] * 16, outcomes)
        self.assertEqual(0, len(self.world.authenticator.address_locks))

    async def test_store_unavailable(self) -> None:
        """A store that cannot be asked is a temporary failure, and no guess."""
        await self.ann()

        async def busy(*arguments: Any) -> Any:
            raise Busy("locked")

        self.patch(self.world.store.accounts, "account", busy)
        for mechanism in PASSWORDS:
            found = await self.log_in(mechanism, username="ann", password="secret")
            self.assertEqual(LoginUnavailable.__name__, found, mechanism)

    async def test_changed_while_it_was_compared(self) -> None:
        """A password that is changed while it is checked is not remembered as right."""
        account = await self.ann()
        right = self.world.right
        heard = right.heard
        await self.world.store.accounts.set_verifiers(account.id, verifiers_of("other"))
        right.remember(account.id, "imap", "secret", frozenset(), heard)
        self.assertIsNone(right.marks(account.id, "imap", "secret"))
        right.remember(account.id, "imap", "other", frozenset(), right.heard)
        self.assertIsNotNone(right.marks(account.id, "imap", "other"))

    async def test_kinds(self) -> None:
        """The facet comes with the success."""
        await self.ann()
        login = await self.plain(b"\0ann\0secret")
        self.assertEqual("ann", login.avatar.name)
        self.assertTrue(issubclass(Throttled, LoginRefused))
        self.assertFalse(issubclass(MalformedResponse, BadCredentials))


class KeyedLocksTest(TestCase):
    """Locks by name."""

    def test_order(self) -> None:
        """One after the other by name, others beside them, and nothing is kept."""
        turns = KeyedLocks()
        told: list[str] = []

        async def work(name: str, label: str, wait: Deferred[None]) -> None:
            async with turns.turn(name):
                told.append(label)
                await wait

        waits: list[Deferred[None]] = [Deferred() for _ in range(5)]
        labels = [("a", "1"), ("a", "2"), ("b", "3"), ("", "4"), ("", "5")]
        for (name, label), wait in zip(labels, waits, strict=True):
            ensureDeferred(work(name, label, wait))
        self.assertEqual(["1", "3", "4", "5"], told)
        waits[0].callback(None)
        self.assertEqual("2", told[-1])
        for wait in waits[1:]:
            wait.callback(None)
        self.assertEqual(0, len(turns))

    def test_cancelled(self) -> None:
        """Who gives up waiting leaves the line."""
        turns = KeyedLocks()
        first: Deferred[None] = Deferred()

        async def work(wait: Deferred[None] | None) -> None:
            async with turns.turn("a"):
                if wait is not None:
                    await wait

        ensureDeferred(work(first))
        second = ensureDeferred(work(None))
        third = ensureDeferred(work(None))
        second.cancel()
        self.failureResultOf(second)
        first.callback(None)
        self.successResultOf(third)
        self.assertEqual(0, len(turns))
