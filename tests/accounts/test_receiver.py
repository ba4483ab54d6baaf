"""Whose mail is it: every way an address can be resolved or refused."""

from __future__ import annotations

from netsuite.accounts.interfaces import NotOurs
from netsuite.accounts.receiver import ALIAS_SECONDS
from netsuite.store.errors import Busy, NoSuchAccount, OverQuota
from netsuite.store.model import AccountState
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import World


class Resolving(TestCase):
    """RCPT TO, as it were."""

    async def world(self) -> World:
        """Make ann, bob and some aliases."""
        world = World()
        for name in ("ann", "bob"):
            await world.account(name)
        for alias, targets in {
            "sales": ["ann", "bob"],
            "info@example.test": ["sales"],
            "away": ["ann@elsewhere.test", "bob"],
            "loop": ["pool"],
            "pool": ["loop"],
            "bob": ["bob", "ann"],
        }.items():
            await world.store.accounts.set_alias(alias, targets)
        return world

    async def owners(self, world: World, address: str) -> list[str]:
        """Resolve; give whose INBOX and which addresses elsewhere it goes to."""
        local, _, domain = address.partition("@")
        found = await world.addresses.resolve(local, domain)
        names = []
        for account in await world.store.accounts.accounts():
            inbox = await world.store.mail.folder(account.id, "INBOX")
            if inbox.id in found.folders:
                names.append(account.name)
        return [*names, *found.onward]

    async def test_found(self) -> None:
        """Names in any case, details, aliases of aliases, addresses elsewhere."""
        world = World()
        for name in ("ann", "bob"):
            await world.account(name)
        for alias, targets in {
            "sales": ["ann", "bob"],
            "info@example.test": ["sales"],
            "away": ["ann@elsewhere.test", "bob"],
        }.items():
            await world.store.accounts.set_alias(alias, targets)
        for address, expected in {
            "ann@example.test": ["ann"],
            "ANN@EXAMPLE.TEST": ["ann"],
            "ann+news@example.test": ["ann"],
            "sales@example.test": ["ann", "bob"],
            "sales+x@example.test": ["ann", "bob"],
            "info@example.test": ["ann", "bob"],
            "away@example.test": ["bob", "ann@elsewhere.test"],
            "postmaster@example.test": ["ann"],
            "Postmaster@": ["ann"],
        }.items():
            self.assertEqual(expected, await self.owners(world, address), address)

    async def test_refused(self) -> None:
        """Unknown names, foreign domains and aliases that only stand for each other."""
        world = World()
        await world.account("ann")
        await world.store.accounts.set_alias("loop", ["pool"])
        await world.store.accounts.set_alias("pool", ["loop"])
        for address, error in {
            "nobody@example.test": NoSuchAccount,
            "+ann@example.test": NoSuchAccount,
            "loop@example.test": NoSuchAccount,
            "ann@elsewhere.test": NotOurs,
            "ann@example.test.evil.test": NotOurs,
        }.items():
            with self.assertRaises(error, msg=address):
                await self.owners(world, address)

    async def test_alias_with_its_own_account(self) -> None:
        """An alias may have the account of its name among its targets."""
        world = World()
        await world.account("ann")
        await world.account("bob")
        await world.store.accounts.set_alias("bob@example.test", ["bob", "ann"])
        self.assertEqual(["ann", "bob"], await self.owners(world, "bob@example.test"))

    async def test_catch_all(self) -> None:
        """What nobody has goes to the catch-all of its domain."""
        world = World()
        await world.account("ann")
        await world.store.accounts.set_alias("@example.test", ["ann"])
        self.assertEqual(["ann"], await self.owners(world, "whoever@example.test"))

    async def test_postmaster_as_configured(self) -> None:
        """postmaster goes to the account configured, or to an alias before all."""
        world = World()
        await world.account("ann")
        await world.account("bob")
        world.addresses.configure(domains=["example.test"], postmaster="bob", separator="+")
        self.assertEqual(["bob"], await self.owners(world, "postmaster@example.test"))
        await world.store.accounts.set_alias("postmaster", ["ann"])
        self.assertEqual(["ann"], await self.owners(world, "postmaster@example.test"))

    async def test_a_new_alias_is_known_at_once(self) -> None:
        """Whoever adds an account or an alias can mail to it in the next moment."""
        world = World()
        await world.account("ann")
        with self.assertRaises(NoSuchAccount):
            await self.owners(world, "new@example.test")
        await world.store.accounts.set_alias("new", ["ann"])
        self.assertEqual(["ann"], await self.owners(world, "new@example.test"))
        await world.account("newer")
        self.assertEqual(["newer"], await self.owners(world, "newer@example.test"))

    async def test_full_and_disabled(self) -> None:
        """A full mailbox is refused as full, a disabled one put off."""
        world = World()
        full = await world.account("ann", quota_octets=0)
        with self.assertRaises(OverQuota):
            await self.owners(world, "ann@example.test")
        await world.store.accounts.update_account(full.id, quota_octets=None)
        self.assertEqual(["ann"], await self.owners(world, "ann@example.test"))
        await world.store.accounts.update_account(full.id, state=AccountState.DISABLED)
        with self.assertRaises(Busy):
            await self.owners(world, "ann@example.test")

    async def test_known_without_asking(self) -> None:
        """An address resolved a moment ago is known at once, until anything that bears on it
        changes or a while has passed; so nobody is refused, or gets mail, by old news."""
        world = World()
        ann = await world.account("ann")
        book = world.addresses

        async def resolved() -> None:
            found = await book.resolve("ann", "example.test")
            self.assertEqual(found, book.resolve_now("ann", "example.test"))

        def forgotten() -> None:
            self.assertIsNone(book.resolve_now("ann", "example.test"))

        forgotten()
        await resolved()
        self.assertIsNone(book.resolve_now("ann", "elsewhere.test"))
        await world.store.accounts.set_alias("ann@example.test", ["x@elsewhere.test"])
        forgotten()
        await resolved()
        await world.store.accounts.update_account(ann.id, state=AccountState.DISABLED)
        forgotten()
        await resolved()  # the alias goes elsewhere
        world.clock.advance(ALIAS_SECONDS + 1)
        forgotten()
        await resolved()
        book.configure(domains=["other.test"], postmaster="", separator="+")
        forgotten()

    async def test_a_mailbox_with_a_quota_is_looked_at_each_time(self) -> None:
        """Whether there is room is asked for each message, never remembered."""
        world = World()
        await world.account("ann", quota_octets=1000)
        await world.addresses.resolve("ann", "example.test")
        self.assertIsNone(world.addresses.resolve_now("ann", "example.test"))

    async def test_international_domain(self) -> None:
        """A domain in Unicode and its A-label are one domain."""
        world = World()
        await world.account("ann")
        world.addresses.configure(domains=["bücher.example"], postmaster="", separator="+")
        self.assertEqual(["ann"], await self.owners(world, "ann@xn--bcher-kva.example"))
        self.assertEqual(["ann"], await self.owners(world, "ann@BÜCHER.example"))

    async def test_deliver_once_each(self) -> None:
        """Two recipients with one mailbox get one message."""
        world = World()
        await world.account("ann")
        draft = world.addresses.draft()
        draft.write(b"Subject: x\r\n\r\n")
        found = [
            await world.addresses.resolve("ann", "example.test"),
            await world.addresses.resolve("ann+x", "example.test"),
        ]
        await world.addresses.deliver(draft, found, "a@b.test", None)
        account = await world.store.accounts.account("ann")
        inbox = await world.store.mail.folder(account.id, "INBOX")
        self.assertEqual(1, inbox.messages)
