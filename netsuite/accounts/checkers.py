"""The ``twisted.cred`` credentials, their checkers, and the cache that spares hashing."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import (
    ICredentials,
    IUsernameHashedPassword,
    IUsernamePassword,
    UsernamePassword,
)
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import Attribute, implementer

from netsuite.accounts.interfaces import BadCredentials, Channel, LoginUnavailable
from netsuite.accounts.naming import account_name_problem
from netsuite.accounts.passwords import SCRAM_ITERATIONS, Hashing
from netsuite.accounts.revocation import Proof, mark, refuse_acting, refuse_unusable
from netsuite.sasl.prepare import Unpreparable, saslprep
from netsuite.store.changes import AccountChanged, Change, ChangeFeed, Subscription
from netsuite.store.errors import AccountExists, NoSuchAccount
from netsuite.store.interfaces import AccountStore
from netsuite.store.model import Account, AccountId, AppPassword, SpecialUse, Verifiers

#: App passwords are kept in programs, often on a telephone: one that names no services is not for
#: these.
NAMED_ONLY: Final = frozenset({"console"})
_REMEMBERED: Final = 10_000
#: Time for a checker of somebody else's.
CHECK_SECONDS: Final = 30.0


class IClearPassword(ICredentials):
    """A user name and a clear password, over some channel."""

    channel = Attribute("The Channel it came over.")
    username = Attribute("As the client sent it.")
    password = Attribute("As the client sent it.")


class IProvenName(ICredentials):
    """A user name that a SASL mechanism has proven, and whom it wants to act as."""

    channel = Attribute("The Channel it came over.")
    username = Attribute("Who was authenticated.")
    authorize_as = Attribute("Whom to act as; empty for the same.")


@implementer(IClearPassword)
@dataclass(frozen=True, slots=True)
class ClearPassword:
    """A clear password; its text form does not show it."""

    channel: Channel
    username: str
    password: str
    proof: Proof = field(default_factory=Proof, compare=False)

    def __repr__(self) -> str:
        return f"<ClearPassword of {self.username!r}>"


@implementer(IProvenName)
@dataclass(frozen=True, slots=True)
class ProvenName:
    """The name that a finished SASL exchange proved."""

    channel: Channel
    username: str
    authorize_as: str = ""
    proof: Proof = field(default_factory=Proof, compare=False)


class LoginNames:
    """The rule by which a login name, one of our domains behind it or not, becomes an account's."""

    def __init__(self, domains: tuple[str, ...]) -> None:
        self.configure(domains)

    def configure(self, domains: tuple[str, ...]) -> None:
        """Change the domains while it runs; they are compared without case."""
        self.domains = frozenset(domain.lower() for domain in domains)

    def account_name(self, username: str) -> str:
        """Return the account's name: without one of our domains, in lower case."""
        # No account has a name that cannot be prepared; that is found out where all names are.
        with contextlib.suppress(Unpreparable):
            username = saslprep(username)
        name = username.strip().lower()
        local, at, domain = name.rpartition("@")
        return local if at and domain in self.domains else name


def _is_for(app_password: AppPassword, protocol: str) -> bool:
    """Return whether an app password may be used for a service."""
    if app_password.protocols is None:
        return protocol not in NAMED_ONLY
    return protocol in app_password.protocols


class PasswordCache:
    """Passwords that were right a short while ago, so that clients that poll cost little.

    What is kept is an HMAC of name, protocol and password under a key that only this process
    has; it is forgotten in time, and at once when the account changes.
    """

    def __init__(self, clock: IReactorTime, seconds: float, changes: ChangeFeed) -> None:
        self.seconds = seconds
        self._clock = clock
        self._feed = changes
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, tuple[float, AccountId, frozenset[int]]] = OrderedDict()
        #: How many changes of accounts were heard of; see ``remember``.
        self.heard = 0
        self._changes: Subscription | None = None
        self.open()

    def open(self) -> None:
        """Listen to what changes, again after ``close``."""
        if self._changes is None:
            self._changes = self._feed.watch_accounts(self._heard)

    def close(self) -> None:
        """Forget all, and listen no longer."""
        if self._changes is not None:
            self._changes.cancel()
            self._changes = None
        self._known.clear()

    def _digest(self, account: AccountId, protocol: str, password: str) -> bytes:
        message = f"{account}\0{protocol}\0{password}".encode(errors="surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256)

    def marks(self, account: AccountId, protocol: str, password: str) -> frozenset[int] | None:
        """Return the marks of what that password was right for lately; None where it was not."""
        found = self._known.get(self._digest(account, protocol, password))
        return found[2] if found is not None and found[0] > self._clock.seconds() else None

    def remember(
        self, account: AccountId, protocol: str, password: str, marks: frozenset[int], heard: int
    ) -> None:
        """Note that it was right just now.

        Args:
            marks: of what it was right for.
            heard: ``self.heard`` from before it was compared. A password that was changed
                meanwhile was right only then.
        """
        if self.seconds <= 0 or heard != self.heard:
            return
        digest = self._digest(account, protocol, password)
        self._known.pop(digest, None)
        self._known[digest] = (self._clock.seconds() + self.seconds, account, marks)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _heard(self, change: Change) -> None:
        if isinstance(change, AccountChanged):
            self.heard += 1
            stale = [key for key, (_, who, _) in self._known.items() if who == change.account]
            for key in stale:
                del self._known[key]


class CheckedPassword(UsernamePassword):
    """A name and a password as ``twisted.cred``'s own checkers want them; its text form does not
    show the password."""

    def __repr__(self) -> str:
        return f"<CheckedPassword of {self.username!r}>"


class OtherPasswords:
    """Passwords that checkers of somebody else's verify: a directory's, another program's.

    They are asked in turn, and after them the accounts' own. Who is known to one of them is an
    account here, which is made when they come for the first time.

    Args:
        clock: for the time that one may take.
        folders: what an account has besides its INBOX.
    """

    log = Logger()

    #: What of ``twisted.cred`` a checker may want, to be of use here.
    WANTED: Final = (IUsernamePassword, IUsernameHashedPassword)

    def __init__(
        self,
        accounts: AccountStore,
        names: LoginNames,
        clock: IReactorTime,
        folders: Sequence[tuple[str, SpecialUse | None]] = (),
    ) -> None:
        self._accounts = accounts
        self._names = names
        self._clock = clock
        self._folders = folders
        self.checkers: list[ICredentialsChecker] = []

    def add(self, checker: ICredentialsChecker) -> None:
        """Add one. Raises TypeError where it verifies no passwords."""
        wanted = tuple(getattr(checker, "credentialInterfaces", ()))
        if not any(each in wanted for each in self.WANTED):
            names = " nor ".join(each.__name__ for each in self.WANTED)
            raise TypeError(f"{checker!r} has neither {names} in credentialInterfaces")
        self.checkers.append(checker)

    async def account(self, credentials: ClearPassword) -> Account | None:
        """Return the account that a password is right for; None where no checker says so.

        Raises:
            BadCredentials: the account is disabled, or no account can have the name.
            LoginUnavailable: a checker raises, takes too long, or names nobody.
        """
        try:
            username, password = credentials.username.encode(), credentials.password.encode()
        except UnicodeEncodeError:  # octets that are no UTF-8, which no checker has
            return None
        offered = CheckedPassword(username, password)
        for checker in self.checkers:
            asked = maybeDeferred(checker.requestAvatarId, offered)
            try:
                name = _named(await asked.addTimeout(CHECK_SECONDS, self._clock))
            except UnauthorizedLogin:
                continue
            except Exception as error:
                # Without its text, in which such a checker may have put what it was given.
                kind = type(error).__name__
                self.log.error("{checker} cannot check: {kind}", checker=checker, kind=kind)
                raise LoginUnavailable(kind) from None
            return await self._account(self._names.account_name(name), credentials.channel)
        return None

    async def _account(self, name: str, channel: Channel) -> Account:
        try:
            account = await self._accounts.account(name)
        except NoSuchAccount:
            account = await self._new_account(name)
        refuse_unusable(account, channel)
        return account

    async def _new_account(self, name: str) -> Account:
        """Make an account. Raises BadCredentials where none can have the name."""
        problem = account_name_problem(name)
        if problem is None:
            with contextlib.suppress(AccountExists):  # they came twice at once
                return await self._accounts.add_account(name, None, folders=self._folders)
            with contextlib.suppress(NoSuchAccount):
                return await self._accounts.account(name)
            problem = "an alias has that name"
        self.log.error("no account is made for {name!r}: {problem}", name=name, problem=problem)
        raise BadCredentials(f"no account can have the name: {problem}")


def _named(avatar: object) -> str:
    """Return the name that a checker gives. Raises TypeError for what is no name: nobody is let
    in by a checker that forgot to return one, or that says ``ANONYMOUS``."""
    if isinstance(avatar, bytes):
        return avatar.decode()
    if isinstance(avatar, str):
        return avatar
    raise TypeError("no name")


@implementer(ICredentialsChecker)
class PasswordChecker:
    """Checks clear passwords: the account's own, then its app passwords.

    Args:
        right: what was right lately.
        cram_md5: whether renewed verifiers keep a CRAM-MD5 secret.
        others: asked first.
    """

    credentialInterfaces = (IClearPassword,)  # noqa: N815 - Twisted's name

    def __init__(
        self,
        accounts: AccountStore,
        hashing: Hashing,
        *,
        right: PasswordCache,
        names: LoginNames,
        cram_md5: bool = False,
        others: OtherPasswords | None = None,
    ) -> None:
        self._accounts = accounts
        self._hashing = hashing
        self._right = right
        self._names = names
        self._cram_md5 = cram_md5
        self._others = others

    def requestAvatarId(self, credentials: ClearPassword) -> Deferred[bytes | tuple[()]]:  # noqa: N802
        """Return the account's name. Fails with BadCredentials."""
        return ensureDeferred(self._check(credentials))

    async def _check(self, credentials: ClearPassword) -> bytes | tuple[()]:
        channel, password = credentials.channel, credentials.password
        if self._others is not None and self._others.checkers:
            known = await self._others.account(credentials)
            if known is not None:
                credentials.proof.accounts = (known.id,)
                return known.name.encode()
        try:
            account = await self._accounts.account(self._names.account_name(credentials.username))
        except NoSuchAccount:
            await self._hashing.matching((), password)
            raise BadCredentials("no such account") from None
        marks = self._right.marks(account.id, channel.protocol, password)
        if marks is None:
            heard = self._right.heard
            marks = await self._compare(account, channel, password)
            self._right.remember(account.id, channel.protocol, password, marks, heard)
        refuse_unusable(account, channel)
        credentials.proof.accounts, credentials.proof.marks = (account.id,), marks
        return account.name.encode()

    async def _compare(self, account: Account, channel: Channel, password: str) -> frozenset[int]:
        """Return the marks of what a password fits. Raises BadCredentials."""
        own = await self._accounts.verifiers(account.id)
        further = [
            each
            for each in await self._accounts.app_passwords(account.id)
            if _is_for(each, channel.protocol)
        ]
        kept = [own] if own is not None else []
        index = await self._hashing.matching(
            [*kept, *(each.verifiers for each in further)], password
        )
        if index is None:
            raise BadCredentials("wrong password")
        if index >= len(kept):
            used = further[index - len(kept)]
            await self._accounts.used_app_password(used.id)
            return frozenset({mark(used.verifiers.argon2)})
        if self._hashing.outdated(kept[index]):
            return await self._renew(account.id, kept[index], password)
        return frozenset({mark(kept[index].argon2)})

    async def _renew(self, account: AccountId, old: Verifiers, password: str) -> frozenset[int]:
        """Hash a password anew; what is still good of the old verifiers stays, and so does whoever
        has logged in by it. Return the marks of both."""
        made = await self._hashing.make_verifiers(password, cram_md5=self._cram_md5)
        good = {
            name: each for name, each in old.scram.items() if each.iterations >= SCRAM_ITERATIONS
        }
        renewed = replace(made, scram={**made.scram, **good})
        if await self._accounts.verifiers(account) == old:  # nobody has changed it meanwhile
            await self._accounts.set_verifiers(account, renewed)
        return frozenset({mark(old.argon2), mark(renewed.argon2)})


@implementer(ICredentialsChecker)
class ProvenNameChecker:
    """Takes names that a SASL exchange has proven; checks the account and whom it acts as."""

    credentialInterfaces = (IProvenName,)  # noqa: N815 - Twisted's name

    def __init__(self, accounts: AccountStore, names: LoginNames) -> None:
        self._accounts = accounts
        self._names = names

    def requestAvatarId(self, credentials: ProvenName) -> Deferred[bytes | tuple[()]]:  # noqa: N802
        """Return the name of the account to act as. Fails with BadCredentials."""
        return ensureDeferred(self._check(credentials))

    async def _check(self, credentials: ProvenName) -> bytes | tuple[()]:
        account = await self._account(credentials.username, credentials.channel)
        credentials.proof.accounts = (account.id,)
        wanted = credentials.authorize_as
        if not wanted or self._names.account_name(wanted) == account.name:
            return account.name.encode()
        refuse_acting(account, wanted)
        other = await self._account(wanted, credentials.channel)
        credentials.proof.accounts = (account.id, other.id)
        return other.name.encode()

    async def _account(self, username: str, channel: Channel) -> Account:
        try:
            account = await self._accounts.account(self._names.account_name(username))
        except NoSuchAccount:
            raise BadCredentials("no such account") from None
        refuse_unusable(account, channel)
        return account
