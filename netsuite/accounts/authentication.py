"""Authentication: throttling, password policy, SASL exchanges, audit; behind it a cred portal."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, TypeVar

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.portal import Portal
from twisted.internet.defer import ensureDeferred, maybeDeferred
from twisted.logger import Logger

from netsuite import sasl
from netsuite.accounts.checkers import (
    ClearPassword,
    IClearPassword,
    IProvenName,
    LoginNames,
    OtherPasswords,
    ProvenName,
)
from netsuite.accounts.interfaces import (
    Ask,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    LoginRefused,
    LoginUnavailable,
    MalformedResponse,
    MechanismNotOffered,
    PlaintextRefused,
    Throttled,
)
from netsuite.accounts.passwords import SCRAM_ITERATIONS
from netsuite.accounts.revocation import OpenLogins, Proof, Standing, mark
from netsuite.accounts.throttle import KeyedLocks, Throttle
from netsuite.sasl import interfaces as steps
from netsuite.sasl.interfaces import Challenge, ServerMechanism, Step
from netsuite.store.errors import NoSuchAccount, StoreError
from netsuite.store.interfaces import AccountStore
from netsuite.store.model import Login, Verifiers
from netsuite.wire import base64
from netsuite.wire.ip_prefix import peer_prefix

F = TypeVar("F")
Checker = TypeVar("Checker", bound=ICredentialsChecker)

ClearText = Literal["tls", "loopback", "always"]
#: A bearer token to the user name it is good for, or None.
TokenCheck = Callable[[str, str], Any]
#: Mechanisms that send a password, or a token as good as one, in the clear.
_CLEAR: Final = frozenset({"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})
_DIGEST_OCTETS: Final = {"SHA-1": 20, "SHA-256": 32}
#: Refusals that cost a guesser nothing and would fill the audit log; they are in the daemon's log.
_UNRECORDED: Final = f"refused ({Throttled.__name__}"
#: Of a user name that somebody said; HTTP lets strangers say 48 KiB, and no account has so many.
_AUDITED_CHARACTERS: Final = 200


class AccountAuthenticator:
    """Implements ``interfaces.Authenticator`` over a ``twisted.cred`` portal.

    Args:
        portal: checks ``IClearPassword`` and ``IProvenName`` credentials, gives facets.
        accounts: verifiers for SCRAM and CRAM-MD5, the audit log.
        secret: from which the answers for unknown users are made; the same after a restart.
        nonce: gives fresh nonces to the mechanisms (see ``sasl.interfaces.Nonce``).
        check_token: checks bearer tokens, ``(username, token) -> username | None`` or an
            awaitable of it; None: OAUTHBEARER and XOAUTH2 are not offered.
        offered: the mechanisms that a service may offer, by its name; one not named offers all.
        logins: those that are open; None: nobody knows when a login is over.
        others: where further checkers of passwords are added, which *portal*'s asks.
    """

    log = Logger()

    def __init__(
        self,
        portal: Portal,
        accounts: AccountStore,
        throttle: Throttle,
        *,
        names: LoginNames,
        secret: bytes,
        clear_text: ClearText = "loopback",
        cram_md5: bool = False,
        offered: Mapping[str, Collection[str]] | None = None,
        check_token: TokenCheck | None = None,
        logins: OpenLogins | None = None,
        others: OtherPasswords | None = None,
        nonce: Callable[[], bytes] = lambda: base64.encode(os.urandom(18)),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.portal = portal
        self.accounts = accounts
        self.throttle = throttle
        self.names = names
        self.clear_text = clear_text
        self.cram_md5 = cram_md5
        self.offered = offered or {}
        self.check_token = check_token
        self.logins = logins
        self._others = others
        self.nonce = nonce
        self.secret = secret
        self._now = now
        self.address_locks = KeyedLocks()
        #: Of logins, by metric, service, mechanism, and why one was refused.
        self.counts: Counter[tuple[str, ...]] = Counter()

    def add(self, checker: Checker) -> Checker:
        """Add a checker of ``twisted.cred`` that verifies passwords: one that wants
        ``IUsernamePassword`` or ``IUsernameHashedPassword``. It is asked before the accounts' own
        are looked at; who is known to it has an account, which is made when they first come. Return
        it.

        From then on no mechanism is offered that a password alone does not satisfy: of somebody
        whom the checker knows nothing is kept that SCRAM or CRAM-MD5 could be answered from.

        Raises:
            TypeError: it verifies no passwords, or *portal* was made without ``others``.
        """
        if self._others is None:
            raise TypeError("the portal of this authenticator asks no other checkers")
        self._others.add(checker)
        return checker

    # -- what may be tried ---------------------------------------------------------------------

    def allows_password(self, channel: Channel) -> bool:
        """Whether a clear password may come over this channel."""
        return (
            channel.secure
            or self.clear_text == "always"
            or (self.clear_text == "loopback" and channel.local)
        )

    def mechanisms(self, channel: Channel) -> Sequence[str]:
        """SASL mechanisms to offer, strongest first."""
        offered = []
        checked = self.portal.checkers
        proven = IProvenName in checked
        if channel.certificate_names and proven:
            offered.append("EXTERNAL")
        if proven and not (self._others and self._others.checkers):
            if channel.binding is not None:
                offered += ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]
            offered += ["SCRAM-SHA-256", "SCRAM-SHA-1"]
            if self.cram_md5:
                offered.append("CRAM-MD5")
        if self.allows_password(channel):
            if self.check_token is not None and proven:
                offered += ["OAUTHBEARER", "XOAUTH2"]
            if IClearPassword in checked:
                offered += ["PLAIN", "LOGIN"]
        return [each for each in offered if self._wanted(channel, each)]

    def _wanted(self, channel: Channel, mechanism: str) -> bool:
        wanted = self.offered.get(channel.protocol)
        return wanted is None or mechanism in wanted

    # -- trying --------------------------------------------------------------------------------

    async def log_in(
        self, channel: Channel, username: str, password: str, facet: type[F]
    ) -> LoggedIn[F]:
        """Log in with a clear password. Raises LoginRefused."""
        attempt = LoginAttempt(self, channel, "password", facet)
        if not self.allows_password(channel):
            raise attempt.refused(PlaintextRefused("no TLS"), username, guess=False)
        return await attempt.enter_with_password(ClearPassword(channel, username, password))

    async def authenticate(
        self,
        channel: Channel,
        mechanism: str,
        facet: type[F],
        ask: Ask,
        initial: bytes | None = None,
        *,
        data_with_success: bool = False,
    ) -> LoggedIn[F]:
        """Log in by a SASL exchange. Raises LoginRefused. See ``interfaces.Authenticator``."""
        name = mechanism.upper()
        made = None
        offered = self.mechanisms(channel)
        if name in offered:
            # A client that could have bound the channel, and was not offered to, is no downgrade.
            bound = any(each.endswith("-PLUS") for each in offered)
            binding = channel.binding if bound else None
            made = sasl.server(name, nonce=self.nonce, host=channel.host, binding=binding)
        if made is None:
            # A mechanism with a clear password is offered under TLS only; say which it is.
            if not channel.secure and name in _CLEAR and self._wanted(channel, name):
                raise PlaintextRefused(f"{name} without TLS")
            raise MechanismNotOffered(name)
        exchange = SASLExchange(self, made, LoginAttempt(self, channel, name, facet))
        step = await exchange.begin(initial)
        while isinstance(step, Challenge):
            response = await ask(step.octets)
            if response is None:
                raise LoginCancelled(name)
            step = await exchange.respond(response)
        if step.octets is None or data_with_success:
            return step
        try:
            response = await ask(step.octets)
            if response is None:
                raise LoginCancelled(name)
            if response:
                raise MalformedResponse("an answer to the data that comes with the success")
        except BaseException:
            step.logout()
            raise
        return replace(step, octets=None)

    # -- answers for the mechanisms ------------------------------------------------------------

    async def verifiers(self, username: str) -> Verifiers | None:
        """Return what is kept of a user's main password; None for nothing or nobody."""
        try:
            account = await self.accounts.account(self.names.account_name(username))
        except NoSuchAccount:
            return None
        return await self.accounts.verifiers(account.id)

    def made_up(self, username: str, algorithm: str) -> tuple[bytes, int, bytes, bytes]:
        """Return a SCRAM verifier for somebody who has none: always the same for the same name,
        fitting no password."""
        name = self.names.account_name(username)

        def octets(what: str, count: int) -> bytes:
            message = f"{what}\0{algorithm}\0{name}".encode(errors="surrogatepass")
            return hmac.digest(self.secret, message, hashlib.sha256)[:count]

        size = _DIGEST_OCTETS[algorithm]
        return octets("salt", 16), SCRAM_ITERATIONS, octets("stored", size), octets("server", size)

    def audit(self, channel: Channel, account: str, mechanism: str, outcome: str) -> None:
        """Append to the audit log and to the daemon's log; nobody waits for it."""
        if len(account) > _AUDITED_CHARACTERS:
            account = account[:_AUDITED_CHARACTERS] + "..."
        self.log.info(
            "{outcome}: {account!r} by {mechanism} on {protocol} from {address}",
            outcome=outcome,
            account=account,
            mechanism=mechanism,
            protocol=channel.protocol,
            address=channel.address or "a local socket",
        )
        if outcome.startswith(_UNRECORDED):
            return
        login = Login(
            self._now(), account, channel.protocol, channel.address, mechanism,
            channel.secure, outcome,
        )  # fmt: skip
        ensureDeferred(self.accounts.record_login(login)).addErrback(
            lambda failure: self.log.failure("writing the audit log", failure)
        )


class LoginAttempt(Generic[F]):
    """One attempt to log in: over which channel, how, to which facet."""

    def __init__(
        self,
        authenticator: AccountAuthenticator,
        channel: Channel,
        mechanism: str,
        facet: type[F],
    ) -> None:
        self.authenticator = authenticator
        self.channel = channel
        self.mechanism = mechanism
        self.facet = facet
        logins = authenticator.logins
        self._heard = 0 if logins is None else logins.heard

    def refuse_when_throttled(self, username: str) -> None:
        """Raise Throttled when this address or account was wrong too often."""
        name = self.authenticator.names.account_name(username) if username else ""
        wait = self.authenticator.throttle.seconds_to_wait(self.channel.address, name)
        if wait > 0:
            raise self.refused(Throttled(f"for {wait:.0f} s more"), username, guess=False)

    def refused(self, error: LoginRefused, username: str, *, guess: bool) -> LoginRefused:
        """Note a refusal; return the error, to be raised."""
        name = self.authenticator.names.account_name(username) if username else ""
        if guess:
            self.authenticator.throttle.wrong(self.channel.address, name)
        reason = type(error).__name__
        outcome = f"refused ({reason}: {error.reason})"
        self._count("netsuite_logins_refused", reason)
        self.authenticator.audit(self.channel, name, self.mechanism, outcome)
        return error

    def _count(self, metric: str, *reason: str) -> None:
        key = metric, self.channel.protocol, self.mechanism, *reason
        self.authenticator.counts[key] += 1

    async def enter_with_password(self, password: ClearPassword) -> LoggedIn[F]:
        """Have a clear password checked, when its address's turn comes. Raises LoginRefused."""
        async with self.authenticator.address_locks.turn(peer_prefix(self.channel.address)):
            self.refuse_when_throttled(password.username)
            return await self.enter(password, password.username)

    async def enter(
        self, credentials: ClearPassword | ProvenName, username: str, octets: bytes | None = None
    ) -> LoggedIn[F]:
        """Hand credentials to the portal; return the facet. Raises LoginRefused."""
        # cred's annotation asks for zope interfaces; facets are asked for by their class.
        login: Any = self.authenticator.portal.login
        try:
            _, avatar, logout = await login(credentials, self.channel, self.facet)
        except BadCredentials as error:
            raise self.refused(error, username, guess=True) from None
        except NoSuchAccount:
            raise self.refused(BadCredentials("gone"), username, guess=True) from None
        except LoginUnavailable as error:  # a checker of somebody else's
            raise self.refused(error, username, guess=False) from None
        except StoreError as error:
            raise self.refused(LoginUnavailable(repr(error)), username, guess=False) from error
        name = getattr(avatar, "name", "")
        self.authenticator.throttle.right(self.channel.address, name)
        self._count("netsuite_logins")
        self.authenticator.audit(self.channel, name, self.mechanism, "logged in")
        return LoggedIn(avatar, name, octets, logout, self._standing(credentials.proof))

    def _standing(self, proof: Proof) -> Standing | None:
        logins = self.authenticator.logins
        if logins is None or not proof.accounts:  # a checker of somebody else's
            return None
        return Standing(logins, proof, self.channel, self._heard)


class SASLExchange(Generic[F]):
    """One SASL exchange: drives a mechanism, answers its questions from the accounts."""

    def __init__(
        self,
        authenticator: AccountAuthenticator,
        mechanism: ServerMechanism,
        attempt: LoginAttempt[F],
    ) -> None:
        self._authenticator = authenticator
        self._mechanism = mechanism
        self._attempt = attempt
        self._marks: frozenset[int] = frozenset()  # of the verifiers that were asked for

    async def begin(self, initial: bytes | None) -> Challenge | LoggedIn[F]:
        """Accept the initial response, None where there was none. Raises LoginRefused."""
        # Throttled or not is told when there is a name: friends of it are not.
        return await self._judged(self._mechanism.start(initial))

    async def respond(self, octets: bytes) -> Challenge | LoggedIn[F]:
        """Accept the next response. Raises LoginRefused."""
        return await self._judged(self._mechanism.respond(octets))

    async def _judged(self, step: Step) -> Challenge | LoggedIn[F]:
        try:
            return await self._follow(step)
        except StoreError as error:
            unavailable = LoginUnavailable(repr(error))
            raise self._attempt.refused(unavailable, "", guess=False) from error

    async def _follow(self, step: Step) -> Challenge | LoggedIn[F]:
        while True:
            if isinstance(step, Challenge):
                return step
            if isinstance(step, steps.Success):
                self._attempt.refuse_when_throttled(step.username)
                proven = ProvenName(
                    self._attempt.channel, step.username, step.authorize_as, Proof((), self._marks)
                )
                return await self._attempt.enter(proven, step.username, step.octets)
            if isinstance(step, steps.Failure):
                error = (MalformedResponse if step.malformed else BadCredentials)(step.reason)
                raise self._attempt.refused(error, step.username, guess=not step.malformed)
            if isinstance(step, steps.AskPassword):
                return await self._clear_password(step)
            step = self._mechanism.answer(await self._answer(step))

    async def _clear_password(self, asked: steps.AskPassword) -> Challenge | LoggedIn[F]:
        """PLAIN and LOGIN are clear passwords in other clothes: the portal checks them."""
        password = ClearPassword(self._attempt.channel, asked.username, asked.password)
        entered = await self._attempt.enter_with_password(password)
        account_name = self._authenticator.names.account_name
        wanted = account_name(asked.authorize_as or asked.username)
        # A checker may have another name for who it knows than the client has.
        if wanted in (entered.name, account_name(asked.username)):
            return entered
        entered.logout()
        # Proven as one, wants to act as another: the same question as of any mechanism.
        proven = ProvenName(
            self._attempt.channel, entered.name, asked.authorize_as, Proof((), password.proof.marks)
        )
        return await self._attempt.enter(proven, asked.username)

    async def _answer(self, asked: Step) -> object:
        if isinstance(asked, steps.AskCertificate):
            names = self._attempt.channel.certificate_names
            return next((name for name in names if "@" in name), names[0]) if names else None
        assert isinstance(asked, steps.AskScramVerifier | steps.AskSharedSecret | steps.AskToken)
        self._attempt.refuse_when_throttled(asked.username)
        if isinstance(asked, steps.AskScramVerifier):
            kept = await self._authenticator.verifiers(asked.username)
            found = kept.scram.get(asked.hash) if kept else None
            if found is None:
                return self._authenticator.made_up(asked.username, asked.hash)
            self._marks = frozenset({mark(found.stored_key)})
            return found.salt, found.iterations, found.stored_key, found.server_key
        if isinstance(asked, steps.AskSharedSecret):
            kept = await self._authenticator.verifiers(asked.username)
            shared = kept.cram_md5 if kept else None
            self._marks = frozenset({mark(shared)})
            return shared
        return await self._token_owner(asked)

    async def _token_owner(self, asked: steps.AskToken) -> object:
        """Return whose token it is. Raises LoginUnavailable where that cannot be checked."""
        check = self._authenticator.check_token
        if check is None:
            return None
        try:
            return await maybeDeferred(check, asked.username, asked.token)
        except Exception as error:
            # Without its text, in which the check may have put the token.
            kind = type(error).__name__
            self._authenticator.log.error("tokens cannot be checked: {kind}", kind=kind)
            unavailable = LoginUnavailable(kind)
            raise self._attempt.refused(unavailable, asked.username, guess=False) from None
