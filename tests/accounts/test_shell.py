"""The facet of a shell: all of an account, and a change of its password."""

from __future__ import annotations

from twisted.internet.defer import maybeDeferred

from netsuite.accounts.interfaces import ShellAccess, UnfitPassword, WrongPassword
from netsuite.accounts.passwords import Hashing
from netsuite.accounts.realm import AccountRealm
from netsuite.store.files import MemorySiteTrees
from netsuite.testing.cases import TestCase
from tests.accounts.worlds import World, verifiers_of


class Shells(TestCase):
    """What the realm gives for ShellAccess."""

    async def shell(self) -> tuple[World, ShellAccess]:
        """Give ann's."""
        world = World()
        await world.account("ann")
        realm = AccountRealm(
            world.store, world.resolver, MemorySiteTrees(), hashing=Hashing(maybeDeferred)
        )
        _, shell, logout = await realm.requestAvatar(b"ann", None, ShellAccess)
        self.addCleanup(logout)
        return world, shell

    async def test_all_of_it(self) -> None:
        """Mail, news and files are the account's own."""
        _, shell = await self.shell()
        names = {shell.name, shell.mail.name, shell.news.name, shell.files.name}
        self.assertEqual({"ann"}, names)

    async def test_change(self) -> None:
        """The new password is good from then on, the old one no longer."""
        world, shell = await self.shell()
        await shell.change_password("secret", "another secret")
        with self.assertRaises(WrongPassword):
            await shell.change_password("secret", "x")
        await shell.change_password("another secret", "secret")
        ann = await world.store.accounts.account("ann")
        kept = await world.store.accounts.verifiers(ann.id)
        assert kept is not None
        self.assertEqual({"SHA-1", "SHA-256"}, set(kept.scram))
        self.assertIsNone(kept.cram_md5)

    async def test_app_password(self) -> None:
        """A password for one program does not change the main one."""
        world, shell = await self.shell()
        ann = await world.store.accounts.account("ann")
        await world.store.accounts.add_app_password(ann.id, "phone", verifiers_of("for the phone"))
        with self.assertRaises(WrongPassword):
            await shell.change_password("for the phone", "mine now")

    async def test_unfit(self) -> None:
        """What cannot be a password is refused in words, and changes nothing."""
        _, shell = await self.shell()
        for unfit in ("", "\x07bell", "x" * 2000):
            with self.assertRaises(UnfitPassword) as caught:
                await shell.change_password("secret", unfit)
            self.assertTrue(str(caught.exception))
        await shell.change_password("secret", "secret")

    async def test_no_hashing(self) -> None:
        """A realm that cannot hash has no such facet."""
        world = World()
        await world.account("ann")
        with self.assertRaises(NotImplementedError):
            await world.realm.requestAvatar(b"ann", None, ShellAccess)
