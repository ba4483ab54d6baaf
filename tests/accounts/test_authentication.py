"""Logging in: passwords, policy, throttling, states, the cache, the audit log."""

from __future__ import annotations

from dataclasses import replace

from netsuite.accounts.interfaces import (
    BadCredentials,
    Channel,
    LoginCancelled,
    LoginRefused,
    MailAccess,
    MechanismNotOffered,
    PlaintextRefused,
    Submitter,
    Throttled,
)
from netsuite.store.model import AccountState
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import CLEAR, LOCAL, TLS, World, verifiers_of


class Passwords(TestCase):
    """LOGIN, USER/PASS and the like."""

    def setUp(self) -> None:
        self.world = World()

    async def log_in(
        self, username: str = "ann", password: str = "secret", channel: Channel = TLS
    ) -> str:
        """Log in; give the account's name or the kind of refusal."""
        try:
            entered = await self.world.authenticator.log_in(channel, username, password, MailAccess)
        except LoginRefused as error:
            return type(error).__name__
        return entered.name

    async def test_right_and_wrong(self) -> None:
        """The right password opens, others do not, nor does one of nobody."""
        await self.world.account("ann")
        self.assertEqual("ann", await self.log_in())
        self.assertEqual("BadCredentials", await self.log_in(password="Secret"))
        self.assertEqual("BadCredentials", await self.log_in(password=""))
        self.assertEqual("BadCredentials", await self.log_in("nobody"))

    async def test_names(self) -> None:
        """Case does not matter, nor one of our domains behind the name; others do."""
        await self.world.account("ann")
        self.assertEqual("ann", await self.log_in("ANN"))
        self.assertEqual("ann", await self.log_in("Ann@Example.Test"))
        self.assertEqual("BadCredentials", await self.log_in("ann@elsewhere.test"))

    async def test_nobody_costs_as_much_as_somebody(self) -> None:
        """Time does not tell who has an account: a password is hashed either way."""
        await self.log_in("nobody")
        self.assertEqual(1, self.world.hashed)

    async def test_not_in_the_clear(self) -> None:
        """Off loopback and without TLS no password is looked at, right or wrong."""
        await self.world.account("ann")
        self.assertEqual("PlaintextRefused", await self.log_in(channel=CLEAR))
        self.assertEqual("ann", await self.log_in(channel=LOCAL))
        self.assertEqual(1, self.world.hashed)
        self.world.authenticator.clear_text = "tls"
        self.assertEqual("PlaintextRefused", await self.log_in(channel=LOCAL))
        self.world.authenticator.clear_text = "always"
        self.assertEqual("ann", await self.log_in(channel=CLEAR))

    async def test_cache(self) -> None:
        """Who polls is hashed once a minute, and at once after a change of the account."""
        account = await self.world.account("ann")
        for _ in range(5):
            await self.log_in()
        self.assertEqual(1, self.world.hashed)
        self.world.clock.advance(61)
        await self.log_in()
        self.assertEqual(2, self.world.hashed)
        await self.world.store.accounts.set_verifiers(account.id, verifiers_of("new"))
        self.assertEqual("BadCredentials", await self.log_in())
        self.assertEqual("ann", await self.log_in(password="new"))

    async def test_disabled_at_once(self) -> None:
        """A disabled account is closed to a password that was right a moment ago."""
        account = await self.world.account("ann")
        await self.log_in()
        await self.world.store.accounts.update_account(account.id, state=AccountState.DISABLED)
        self.assertEqual("BadCredentials", await self.log_in())

    async def test_only_for_some_protocols(self) -> None:
        """An account for POP3 alone is refused to IMAP."""
        await self.world.account("ann", protocols=frozenset({"pop3"}))
        self.assertEqual("BadCredentials", await self.log_in())
        self.assertEqual("ann", await self.log_in(channel=Channel("pop3", secure=True)))

    async def test_app_password(self) -> None:
        """An app password opens what it is for, is noted as used, and can be revoked."""
        account = await self.world.account("ann")
        accounts = self.world.store.accounts
        made = await accounts.add_app_password(
            account.id, "phone", verifiers_of("phone"), frozenset({"imap"})
        )
        self.assertEqual("ann", await self.log_in(password="phone"))
        (listed,) = await accounts.app_passwords(account.id)
        self.assertIsNotNone(listed.last_used)
        pop3 = Channel("pop3", secure=True)
        self.assertEqual("BadCredentials", await self.log_in(password="phone", channel=pop3))
        await accounts.remove_app_password(account.id, made.id)
        self.assertEqual("BadCredentials", await self.log_in(password="phone"))

    async def test_throttled(self) -> None:
        """After some wrong guesses even the right one is not looked at, until time has passed."""
        await self.world.account("ann")
        for _ in range(4):
            self.assertEqual("BadCredentials", await self.log_in(password="x"))
        hashed = self.world.hashed
        self.assertEqual("Throttled", await self.log_in())
        self.assertEqual(hashed, self.world.hashed)
        self.world.clock.advance(2)
        self.assertEqual("ann", await self.log_in())

    async def test_audit(self) -> None:
        """Every try is in the audit log: who, whence, how, and what became of it."""
        await self.world.account("ann")
        await self.log_in()
        await self.log_in(password="x")
        await self.log_in(channel=CLEAR)
        lines = await self.world.store.accounts.logins("ann")
        self.assertEqual(
            [
                "refused (PlaintextRefused: no TLS)",
                "refused (BadCredentials: wrong password)",
                "logged in",
            ],
            [line.outcome for line in lines],
        )
        self.assertEqual({"192.0.2.7"}, {line.address for line in lines})

    async def test_long_names(self) -> None:
        """Nobody fills the audit log with a name that no account could have."""
        self.assertEqual("BadCredentials", await self.log_in("a" * 50_000))
        (line,) = await self.world.store.accounts.logins()
        self.assertEqual("a" * 200 + "...", line.account)

    async def test_hostile_passwords(self) -> None:
        """A password of control characters, surrogates or a megabyte is just wrong."""
        await self.world.account("ann")
        for password in ("\0", "\ud800", "x" * 1_000_000, "\u0627a"):
            self.world.clock.advance(3600)
            self.assertEqual("BadCredentials", await self.log_in(password=password))

    async def test_submitter(self) -> None:
        """An account sends as itself, with a detail, and by aliases that stand for it."""
        await self.world.account("ann")
        await self.world.account("bob")
        await self.world.store.accounts.set_alias("sales", ["ann"])
        await self.world.store.accounts.set_alias("both@example.test", ["bob"])
        entered = await self.world.authenticator.log_in(TLS, "ann", "secret", Submitter)
        may = entered.avatar.may_send_as
        for address in ("ann@example.test", "ANN@Example.TEST", "ann+x@example.test",
                        "sales@example.test", ""):  # fmt: skip
            self.assertTrue(may(address), address)
        for address in ("bob@example.test", "both@example.test", "ann@elsewhere.test", "ann"):
            self.assertFalse(may(address), address)


async def refuse_to_answer(challenge: bytes) -> bytes | None:
    """Fail: nothing should be asked."""
    raise AssertionError(challenge)


async def cancel(challenge: bytes) -> bytes | None:
    """Break the exchange off."""
    return None


class Offer(TestCase):
    """Which mechanisms are offered over what."""

    def test_by_channel(self) -> None:
        """Clear passwords only where they are safe; channel binding only under TLS 1.3."""
        authenticator = World().authenticator
        scram = ["SCRAM-SHA-256", "SCRAM-SHA-1"]
        self.assertEqual(scram, authenticator.mechanisms(CLEAR))
        self.assertEqual([*scram, "PLAIN", "LOGIN"], authenticator.mechanisms(TLS))
        bound = Channel("imap", secure=True, binding=b"b" * 32)
        self.assertEqual(
            ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", *scram, "PLAIN", "LOGIN"],
            authenticator.mechanisms(bound),
        )

    async def test_by_service(self) -> None:
        """A service offers what it is told to, in the usual order; a client that can bind the
        channel, and may not, is no downgrade; the others offer all."""
        world = World(offered={"imap": ["PLAIN", "SCRAM-SHA-256"], "pop3": []})
        await world.account("ann")
        authenticator = world.authenticator
        bound = replace(TLS, binding=b"b" * 32)
        self.assertEqual(["SCRAM-SHA-256", "PLAIN"], authenticator.mechanisms(bound))
        self.assertEqual(["SCRAM-SHA-256"], authenticator.mechanisms(CLEAR))
        self.assertEqual([], authenticator.mechanisms(replace(bound, protocol="pop3")))
        self.assertEqual(6, len(authenticator.mechanisms(replace(bound, protocol="nntp"))))
        for name in ("LOGIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"):
            with self.assertRaises(MechanismNotOffered):
                await authenticator.authenticate(CLEAR, name, MailAccess, refuse_to_answer)
        with self.assertRaises(PlaintextRefused):
            await authenticator.authenticate(CLEAR, "PLAIN", MailAccess, refuse_to_answer)
        could_bind = b"y,,n=ann,r=x"
        with self.assertRaises(LoginCancelled):  # it went on, to a challenge
            await authenticator.authenticate(bound, "SCRAM-SHA-256", MailAccess, cancel, could_bind)
        with self.assertRaises(BadCredentials):
            await World().authenticator.authenticate(
                bound, "SCRAM-SHA-256", MailAccess, cancel, could_bind
            )

    async def test_not_offered(self) -> None:
        """What is offered elsewhere, and what is offered nowhere, is refused before it begins."""
        authenticator = World().authenticator
        with self.assertRaises(PlaintextRefused):
            await authenticator.authenticate(CLEAR, "PLAIN", MailAccess, refuse_to_answer)
        with self.assertRaises(MechanismNotOffered):
            await authenticator.authenticate(TLS, "NONSENSE", MailAccess, refuse_to_answer)

    def test_refusals_are_told_apart_by_type(self) -> None:
        """Protocols answer by the kind of refusal, never by its text."""
        self.assertTrue(issubclass(BadCredentials, LoginRefused))
        self.assertFalse(issubclass(Throttled, BadCredentials))
        self.assertFalse(issubclass(PlaintextRefused, BadCredentials))
