"""Whose mail is it: every way an address can be resolved or refused."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from unittest import mock

from netsuite.accounts.interfaces import AccountDisabled, NotOurs
from netsuite.accounts.resolver import ALIAS_SECONDS
from netsuite.store.errors import NoSuchAccount, OverQuota
from netsuite.store.model import Account, AccountState, Placement
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
        }.items():
            await world.store.accounts.set_alias(alias, targets)
        return world

    async def owners(self, world: World, address: str) -> list[str]:
        """Resolve; give whose INBOX and which addresses elsewhere it goes to."""
        local, _, domain = address.partition("@")
        found = await world.resolver.resolve(local, domain)
        names = []
        for account in await world.store.accounts.accounts():
            inbox = await world.store.mail.folder(account.id, "INBOX")
            if inbox.id in found.folders:
                names.append(account.name)
        return [*names, *found.onward]

    async def test_finders(self) -> None:
        """Functions of a program's own say first, each time, whom an address stands for."""
        world = await self.world()
        known: dict[str, list[str]] = {"club": ["ann", "bob@example.test", "c@elsewhere.test"]}
        asked: list[tuple[str, str]] = []

        async def first(local: str, domain: str) -> list[str] | None:
            asked.append((local, domain))
            return known.get(local)

        world.resolver.add(first)
        self.assertEqual(["ann"], await self.owners(world, "ann@example.test"))
        for _ in range(2):
            self.assertEqual(
                ["ann", "bob", "c@elsewhere.test"], await self.owners(world, "Club@Example.Test")
            )
        self.assertEqual([("ann", "example.test"), *[("club", "example.test")] * 2], asked)
        known["club"] = ["bob"]
        self.assertEqual(["bob"], await self.owners(world, "club@example.test"))
        known["club"], known["ann"] = [], ["sales"]
        with self.assertRaises(NoSuchAccount):
            await self.owners(world, "club@example.test")
        self.assertEqual(["ann", "bob"], await self.owners(world, "ann@example.test"))
        with self.assertRaises(NotOurs):
            await self.owners(world, "club@elsewhere.test")

    async def test_wrong_finder(self) -> None:
        """One that returns a text is at fault, and nobody's mail is refused for good."""
        world = await self.world()

        async def wrong(local: str, domain: str) -> str:
            return "ann"

        world.resolver.add(wrong)
        with self.assertRaises(TypeError):
            await self.owners(world, "bob@example.test")

    async def test_found(self) -> None:
        """Names in any case, details, aliases of aliases, addresses elsewhere."""
        world = await self.world()
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
            "abuse@example.test": ["ann"],
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
        world.resolver.configure(domains=["example.test"], postmaster="bob", separator="+")
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
        with self.assertRaises(AccountDisabled):
            await self.owners(world, "ann@example.test")

    async def test_size(self) -> None:
        """What is told of the size is judged at once."""
        world = World()
        await world.account("ann", quota_octets=100)
        for octets, fits in ((0, True), (100, True), (101, False)):
            with self.subTest(octets=octets):
                asked = world.resolver.resolve("ann", "example.test", octets=octets)
                if fits:
                    await asked
                else:
                    with self.assertRaises(OverQuota):
                        await asked

    async def test_members_of_an_alias_that_cannot_take_it_now(self) -> None:
        """Their mail is queued, unless there is nobody to empty the queue, or no other member."""
        world = World()
        await world.account("ann")
        await world.account("full", quota_octets=0)
        await world.account("off", state=AccountState.DISABLED)
        await world.store.accounts.set_alias("all", ["ann", "full", "off"])
        await world.store.accounts.set_alias("none", ["full", "off"])
        found = await world.resolver.resolve("all", "example.test")
        self.assertEqual(("full@example.test", "off@example.test"), tuple(found.put_off))
        self.assertTrue(found.by_alias)
        with self.assertRaises(OverQuota):
            await world.resolver.resolve("none", "example.test")
        world.resolver.carries_onward = False
        with self.assertRaises(OverQuota):
            await world.resolver.resolve("all", "example.test")

    async def test_relay(self) -> None:
        """Who may send to other hosts does."""
        world = World()
        found = await world.resolver.resolve("x y", "elsewhere.test", relay=True)
        self.assertEqual(('"x y"@elsewhere.test',), found.onward)
        world.resolver.carries_onward = False
        with self.assertRaises(NotOurs):
            await world.resolver.resolve("x", "elsewhere.test", relay=True)

    async def test_detail_folder(self) -> None:
        """Mail for user+detail goes into the user's folder of that name, where that is wanted."""
        world = World()
        ann = await world.account("ann")
        lists = await world.store.mail.create_folder(ann.id, "Lists")
        asked = [("ann+lists", "example.test"), ("ann+none", "example.test")]
        found = [await world.resolver.resolve(*each) for each in asked]
        self.assertNotIn(lists.id, found[0].folders)
        world.resolver.configure(
            domains=["example.test"], postmaster="", separator="+", detail_folders=True
        )
        found = [await world.resolver.resolve(*each) for each in asked]
        self.assertEqual({lists.id: "ann+lists@example.test"}, found[0].folders)
        self.assertNotIn(lists.id, found[1].folders)

    async def asked_for(self, world: World, local: str) -> int:
        """Resolve, as far as that goes; return how often the store was asked for an account or
        for aliases."""
        asked = 0
        accounts = world.store.accounts
        account, aliases = accounts.account, accounts.aliases

        async def asked_account(name: str) -> Account:
            nonlocal asked
            asked += 1
            return await account(name)

        async def asked_aliases() -> Mapping[str, tuple[str, ...]]:
            nonlocal asked
            asked += 1
            return await aliases()

        with (
            mock.patch.object(accounts, "account", asked_account),
            mock.patch.object(accounts, "aliases", asked_aliases),
            contextlib.suppress(AccountDisabled, NotOurs),
        ):
            await world.resolver.resolve(local, "example.test")
        return asked

    async def test_filed(self) -> None:
        """A message is filed into the folder of a name where a mailbox has one, in any case, and
        goes where it went where it has none."""
        world = World()
        for name in ("ann", "bob"):
            await world.account(name)
        await world.store.accounts.set_alias("sales", ["ann", "bob"])
        await world.store.accounts.set_alias("away", ["x@elsewhere.test"])
        accounts = {each.name: each.id for each in await world.store.accounts.accounts()}
        junk = await world.store.mail.create_folder(accounts["ann"], "Junk")
        found = await world.resolver.resolve("sales", "example.test")
        filed = await world.resolver.filed(found, "junk")
        inbox = await world.store.mail.folder(accounts["bob"], "INBOX")
        self.assertEqual({junk.id, inbox.id}, set(filed.folders))
        self.assertEqual(set(found.folders.values()), set(filed.folders.values()))
        onward = await world.resolver.resolve("away", "example.test")
        self.assertEqual(onward.onward, (await world.resolver.filed(onward, "Junk")).onward)

    async def test_known_without_asking(self) -> None:
        """An address resolved a moment ago is known at once, until anything that bears on it
        changes or a while has passed; so nobody is refused, or gets mail, by old news."""
        world = World()
        ann = await world.account("ann")

        async def forgotten() -> None:
            self.assertNotEqual(0, await self.asked_for(world, "ann"))
            self.assertEqual(0, await self.asked_for(world, "ann"))

        await forgotten()
        with self.assertRaises(NotOurs):
            await world.resolver.resolve("ann", "elsewhere.test")
        await world.store.accounts.set_alias("ann@example.test", ["x@elsewhere.test"])
        await forgotten()
        found = await world.resolver.resolve("ann", "example.test")
        self.assertEqual(("x@elsewhere.test",), found.onward)
        await world.store.accounts.update_account(ann.id, state=AccountState.DISABLED)
        await forgotten()  # the alias goes elsewhere
        world.clock.advance(ALIAS_SECONDS + 1)
        await forgotten()
        world.resolver.configure(domains=["other.test"], postmaster="", separator="+")
        with self.assertRaises(NotOurs):
            await world.resolver.resolve("ann", "example.test")

    async def test_a_mailbox_with_a_quota_is_looked_at_each_time(self) -> None:
        """Whether there is room is asked for each message, never remembered."""
        world = World()
        ann = await world.account("ann", quota_messages=1)
        await world.resolver.resolve("ann", "example.test")
        inbox = await world.store.mail.folder(ann.id, "INBOX")
        draft = world.delivery.draft()
        draft.write(b"Subject: x\r\n")
        await world.store.mail.commit(draft, [Placement(inbox.id)])
        with self.assertRaises(OverQuota):
            await world.resolver.resolve("ann", "example.test")

    async def test_international_domain(self) -> None:
        """A domain in Unicode and its A-label are one domain."""
        world = World()
        await world.account("ann")
        world.resolver.configure(domains=["bücher.example"], postmaster="", separator="+")
        self.assertEqual(["ann"], await self.owners(world, "ann@xn--bcher-kva.example"))
        self.assertEqual(["ann"], await self.owners(world, "ann@BÜCHER.example"))
