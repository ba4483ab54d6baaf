"""Scripts run on what is delivered: to what account, into which folders, and what else is sent."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from twisted.logger import Logger

from netsuite.accounts.answers import Writer
from netsuite.accounts.interfaces import AccountDisabled, NotOurs, Recipient
from netsuite.accounts.resolver import RecipientResolver
from netsuite.message.address import parse_address
from netsuite.message.headers import header_end
from netsuite.sieve.compiler import compile_script
from netsuite.sieve.errors import ScriptError
from netsuite.sieve.facts import Facts, Folders
from netsuite.sieve.interpreter import run
from netsuite.sieve.limits import INCLUDED
from netsuite.sieve.message import MessageView
from netsuite.sieve.outcome import FileInto, Keep, Outcome, Redirect, Reject, Vacation
from netsuite.sieve.script import Inclusion, Script
from netsuite.sieve.state import Wanted
from netsuite.store.changes import Change, ScriptsChanged, Subscription
from netsuite.store.errors import (
    BadFolderName,
    FolderExists,
    NoSuchAccount,
    NoSuchFolder,
    NoSuchScript,
    StoreError,
)
from netsuite.store.interfaces import Store
from netsuite.store.model import INBOX, Account, AccountId, FolderId

#: Of a message, so much is looked at by tests of the body; and for the header at least.
BODY_OCTETS: Final = 1024 * 1024
HEADER_OCTETS: Final = 64 * 1024
LARGEST_HEADER_OCTETS: Final = 512 * 1024
#: Compiled scripts that are kept.
COMPILED: Final = 1000
#: Scripts that one message may run through, by way of redirections here.
RUNS: Final = 32
#: What is remembered of messages (``RememberedStore``).
ANSWERED: Final = "vacation"
SEEN: Final = "duplicate"


class Source(Protocol):
    """A message that is being delivered."""

    @property
    def octets(self) -> int:
        """Return how large it is."""

    async def beginning(self, octets: int) -> bytes:
        """Return its first octets."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes without a script.

    Args:
        mailbox: the address of the mailbox that the folder is of.
        recipient: of the transaction, by way of whom.
        address: the address that the mail came to.
        redirected: a script has sent it there.
    """

    folder: FolderId
    mailbox: str
    recipient: Recipient
    address: str
    redirected: bool = False


@dataclass(slots=True)
class Plan:
    """Where scripts have a message go.

    Args:
        folders: with the address of the mailbox of each.
        flags: by folder.
        of: by address of a recipient of the transaction, the folders it got it into.
        onward: addresses of other hosts, each with the place that it was redirected at.
        put_off: addresses of mailboxes here that cannot take it for now.
        refused: places where it is refused, and why.
        replies: whom to send what.
        answered: keys of answers, remembered already.
        seen: keys to remember, and until when.
    """

    folders: dict[FolderId, str] = field(default_factory=dict)
    flags: dict[FolderId, frozenset[str]] = field(default_factory=dict)
    of: dict[str, set[FolderId]] = field(default_factory=dict)
    onward: dict[str, Place] = field(default_factory=dict)
    put_off: dict[str, Place] = field(default_factory=dict)
    refused: list[tuple[Place, Reject]] = field(default_factory=list)
    replies: list[tuple[str, bytes]] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    seen: list[tuple[str, datetime]] = field(default_factory=list)

    def put(self, place: Place, folder: FolderId, flags: Sequence[str] = ()) -> None:
        """Put it into a folder; what is put there twice is there once, with all flags."""
        self.folders.setdefault(folder, place.mailbox)
        self.flags[folder] = self.flags.get(folder, frozenset()) | frozenset(flags)
        self.of.setdefault(place.recipient.address, set()).add(folder)


@dataclass(frozen=True, slots=True)
class _Filter:
    """An account's active script, and those that it may include."""

    script: Script
    library: Mapping[Inclusion, Script | ScriptError]

    def wants(self, what: str) -> bool:
        """Return whether one of them needs more than the header: see ``Script.wants``."""
        return what in self.script.wants or any(
            isinstance(each, Script) and what in each.wants for each in self.library.values()
        )


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One message on its way through scripts."""

    source: Source
    sender: str
    plan: Plan
    waiting: deque[Place]


class Filters:
    """Runs the scripts of accounts.

    Who has an active script is known, so that deliveries to others cost nothing; a script is
    compiled once, and again when it changes.

    Args:
        writer: of answers.
        now: returns the present moment, in UTC.
        environment: what scripts may ask for by name (RFC 5183).
        everybodys: the name of the account whose scripts all may include; empty for none.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        resolver: RecipientResolver,
        writer: Writer,
        *,
        now: Callable[[], datetime],
        environment: Mapping[str, str],
        everybodys: str = "",
    ) -> None:
        self._writer = writer
        self._store = store
        self._resolver = resolver
        self._now = now
        self._environment = environment
        self._everybodys = everybodys
        self._shared: AccountId | None = None  # that account, as it was found last
        self._active: set[AccountId] | None = None
        self._compiled: OrderedDict[AccountId, _Filter | None] = OrderedDict()
        self._heard_of = 0
        self._changes: Subscription | None = None
        self.open()

    def open(self) -> None:
        """Listen to what changes, again after ``close``."""
        if self._changes is None:
            self._changes = self._store.changes.watch_scripts(self._heard)
            self._active = None
            self._compiled.clear()

    def configure(self, everybodys: str) -> None:
        """Accept another account whose scripts all may include; empty for none."""
        if everybodys != self._everybodys:
            self._everybodys, self._shared = everybodys, None
            self._compiled.clear()

    def close(self) -> None:
        """Listen no longer."""
        if self._changes is not None:
            self._changes.cancel()
            self._changes = None

    def _heard(self, change: Change) -> None:
        if isinstance(change, ScriptsChanged):
            self._heard_of += 1
            self._active = None
            if self._everybodys and self._shared in (None, change.account):
                self._compiled.clear()  # that account's, perhaps
            self._compiled.pop(change.account, None)

    async def any(self) -> bool:
        """Return whether anybody has an active script."""
        return bool(await self._with_active())

    async def _with_active(self) -> set[AccountId]:
        if self._active is not None:
            return self._active
        heard_of = self._heard_of
        found = set(await self._store.scripts.with_active())
        if heard_of == self._heard_of:
            self._active = found
        return found

    async def applies(self, folder: FolderId, mailbox: str) -> bool:
        """Return whether a script says what becomes of mail for a mailbox that would go into a
        folder: not of what a policy has filed elsewhere."""
        known = await self._resolver.owner(mailbox)
        if known is None or known[0].id not in await self._with_active():
            return False
        try:
            return await self._resolver.mailbox(mailbox) == folder
        except (StoreError, AccountDisabled):
            return False  # since it was resolved; the commit will say so

    async def _script(self, account: AccountId) -> _Filter | None:
        """Return an account's active script, compiled; None where none can be run."""
        if account in self._compiled:
            self._compiled.move_to_end(account)
            return self._compiled[account]
        heard_of = self._heard_of
        text = await self._store.scripts.active_script(account)
        found = None
        if text is not None:
            try:
                script = compile_script(text.encode())
                found = _Filter(script, await self._library(account, script))
            except ScriptError as error:  # checked when it was put, by another version perhaps
                self.log.error(
                    "the script of account {account} is not run: {error}",
                    account=account,
                    error=error,
                )
        if heard_of == self._heard_of:
            self._compiled[account] = found
            if len(self._compiled) > COMPILED:
                self._compiled.popitem(last=False)
        return found

    async def _library(
        self, account: AccountId, script: Script
    ) -> Mapping[Inclusion, Script | ScriptError]:
        """Return the scripts that one may include, directly or by way of others; what is not there
        is left out."""
        found: dict[Inclusion, Script | ScriptError] = {}
        waiting, known = list(script.includes), set(script.includes)
        while waiting and len(found) < INCLUDED:
            each = waiting.pop()
            try:
                owner = await self._shared_account() if each.everybodys else account
                text = await self._store.scripts.script(owner, each.name)
                compiled = found[each] = compile_script(text.encode())
            except NoSuchScript:
                continue
            except ScriptError as error:
                found[each] = error
                continue
            waiting += compiled.includes - known
            known |= compiled.includes
        return found

    async def _shared_account(self) -> AccountId:
        """Return the account whose scripts all may include. Raises NoSuchScript: none is."""
        try:
            self._shared = (await self._store.accounts.account(self._everybodys)).id
        except NoSuchAccount:
            self._shared = None
            raise NoSuchScript(self._everybodys) from None
        return self._shared

    # -- one message ---------------------------------------------------------------------------

    async def plan(self, source: Source, sender: str, places: Sequence[Place]) -> Plan:
        """Return where the message goes that would go to some places."""
        delivery = _Delivery(source, sender, Plan(), deque(places))
        visited: set[tuple[AccountId, FolderId]] = set()
        while delivery.waiting:
            place = delivery.waiting.popleft()
            known = await self._resolver.owner(place.mailbox)
            script = None
            if known is not None and (not place.redirected or await self._is_filtered(place)):
                script = await self._script(known[0].id)
            if known is None or script is None:
                delivery.plan.put(place, place.folder)
                continue
            account = known[0]
            if (account.id, place.folder) in visited or len(visited) >= RUNS:
                if place.redirected:  # in a circle: it is kept rather than lost
                    delivery.plan.put(place, place.folder)
                continue
            visited.add((account.id, place.folder))
            try:
                await self._file(delivery, place, account, script)
            except Exception:
                self.log.failure("running the script of {name}", name=account.name)
                delivery.plan.put(place, place.folder)
        return delivery.plan

    async def _is_filtered(self, place: Place) -> bool:
        return await self.applies(place.folder, place.mailbox)

    async def _file(
        self, delivery: _Delivery, place: Place, account: Account, script: _Filter
    ) -> None:
        message = await self._view(delivery.source, script)
        outcome = await self._outcome(delivery, place, account, script, message)
        if outcome.error:
            # What it was about may be of the message; its author can try it out.
            self.log.warn(
                "the script of {name} has failed, and the message is kept: {line}",
                name=account.name,
                line=outcome.error.partition(":")[0],
            )
        plan = delivery.plan
        for action in outcome.actions:
            match action:
                case Keep():
                    plan.put(place, place.folder, action.flags)
                case FileInto():
                    folder = await self._folder(account, action)
                    plan.put(place, folder or place.folder, action.flags)
                case Redirect():
                    await self._redirect(delivery, place, message, action.address)
                case Reject():
                    plan.refused.append((place, action))
                case Vacation():
                    await self._answer(plan, place, account, action)
        until = [(f"{account.id} {each.key}", each.seconds) for each in outcome.seen]
        now = self._now()
        plan.seen += [(key, now + timedelta(seconds=seconds)) for key, seconds in until]

    async def _view(self, source: Source, script: _Filter) -> MessageView:
        """Return as much of a message as a script looks at."""
        wanted = BODY_OCTETS if script.wants("body") else HEADER_OCTETS
        octets = await source.beginning(wanted)
        if header_end(octets) == len(octets) < source.octets:
            octets = await source.beginning(LARGEST_HEADER_OCTETS)
        return MessageView(octets, source.octets, lambda: octets)

    async def _outcome(
        self,
        delivery: _Delivery,
        place: Place,
        account: Account,
        script: _Filter,
        message: MessageView,
    ) -> Outcome:
        own = await self._resolver.addresses_of(account, fresh=False)
        seen: dict[str, bool] = {}
        facts = Facts(
            delivery.sender,
            place.address,
            own.has,
            self._now().astimezone(),
            await self._folders(account) if script.wants("folders") else Folders(),
            self._environment,
            seen,
            self._resolver.separator,
            script.library,
        )
        while True:
            try:
                return run(script.script, message, facts)
            except Wanted as wanted:
                key = f"{account.id} {wanted.key}"
                seen[wanted.key] = await self._store.remembered.recall(SEEN, key) is not None

    # -- folders -------------------------------------------------------------------------------

    async def _folders(self, account: Account) -> Folders:
        found = await self._store.mail.folders(account.id)
        uses = {
            f"\\{each.special_use.value.capitalize()}": each.name
            for each in found
            if each.special_use is not None
        }
        return Folders(frozenset(each.name for each in found), uses)

    async def _folder(self, account: Account, action: FileInto) -> FolderId | None:
        """Return the folder that a script names; None where there is none, and none can be."""
        mail, name = self._store.mail, action.mailbox
        if action.special_use:
            uses = (await self._folders(account)).uses
            name = {use.lower(): there for use, there in uses.items()}.get(
                action.special_use.lower(), name
            )
        try:
            return (await mail.folder(account.id, INBOX if name.upper() == INBOX else name)).id
        except (NoSuchFolder, BadFolderName):
            if not action.create:
                self.log.warn("a script of {name} names no folder", name=account.name)
                return None
        try:
            made = (await mail.create_folder(account.id, name)).id
            await mail.subscribe(account.id, name, True)  # who has it made wants to see it
        except FolderExists:
            return (await mail.folder(account.id, name)).id
        except BadFolderName:
            self.log.warn("a script of {name} names what no folder can be", name=account.name)
            return None
        return made

    # -- what is sent --------------------------------------------------------------------------

    async def _redirect(
        self, delivery: _Delivery, place: Place, message: MessageView, written: str
    ) -> None:
        """Send the message on; where that cannot be, it is kept."""
        plan = delivery.plan
        before = {each.decode("utf-8", "replace").lower() for each in message.raw("delivered-to")}
        address = parse_address(written)
        if address is None or place.mailbox.lower() in before:
            self.log.warn("a message for {mailbox} goes in a circle", mailbox=place.mailbox)
            plan.put(place, place.folder)
            return
        try:
            found = await self._resolver.resolve(
                address.local, address.domain, octets=delivery.source.octets, relay=True
            )
        except (StoreError, NotOurs, AccountDisabled) as error:
            self.log.warn(
                "what {mailbox} redirects is kept: {error}", mailbox=place.mailbox, error=error
            )
            plan.put(place, place.folder)
            return
        for each in found.onward:
            plan.onward.setdefault(each, place)
        for each in found.put_off:
            plan.put_off.setdefault(each, place)
        for folder, mailbox in found.folders.items():
            delivery.waiting.append(
                Place(folder, mailbox, place.recipient, str(address), redirected=True)
            )

    async def _answer(self, plan: Plan, place: Place, account: Account, answer: Vacation) -> None:
        """Answer the sender, unless that was done a while ago (RFC 5230, 4.2)."""
        remembered, key = self._store.remembered, f"{account.id} {answer.key}"
        own = await self._resolver.addresses_of(account, fresh=False)
        octets = self._writer.vacation(answer, own.first, account.display_name)
        if answer.seconds:
            # At once, so that the next message is not answered, too, whichever process has it.
            until = self._now() + timedelta(seconds=answer.seconds)
            if not await remembered.claim(ANSWERED, key, until):
                return
            plan.answered.append(key)
        plan.replies.append((answer.to, octets))

    async def tell(
        self, plan: Plan, told: Sequence[tuple[Place, Reject]], source: Source, sender: str
    ) -> None:
        """Have reports tell the sender of refusals."""
        for place, reject in told:
            if sender and place.recipient.notify != "NEVER":
                original = await source.beginning(HEADER_OCTETS)
                report = self._writer.refusal(sender, place.address, reject.reason, original)
                plan.replies.append((sender, report))

    def done(self, plan: Plan) -> None:
        """Note that all of a plan is durable."""
        for key, until in plan.seen:
            self._store.remembered.remember(SEEN, key, "", until)

    def undone(self, plan: Plan) -> None:
        """Note that nothing of a plan is."""
        for key in plan.answered:
            self._store.remembered.forget(ANSWERED, key)
