"""The contract on Sieve scripts."""

from __future__ import annotations

from netsuite.store.changes import ScriptsChanged
from netsuite.store.errors import (
    NoSuchAccount,
    NoSuchScript,
    OverQuota,
    ScriptActive,
    ScriptExists,
    StoreClosed,
)
from netsuite.store.model import AccountId, ScriptEntry
from netsuite.testing.store_contract.case import StoreCase


class ScriptsContract(StoreCase):
    """Scripts of accounts, by name; one may be active."""

    async def test_put(self) -> None:
        """A script is there as it was put, until another takes its place."""
        scripts, account = self.store.scripts, (await self.account()).id
        other = (await self.account("bob")).id
        self.assertEqual([], list(await scripts.scripts(account)))
        await scripts.put(account, "b", "keep;\r\n# \u00e4\r\n", most=5)
        await scripts.put(account, "a \u00fc", "", most=5)
        await scripts.put(other, "b", "stop;", most=5)
        self.assertEqual("keep;\r\n# \u00e4\r\n", await scripts.script(account, "b"))
        self.assertEqual(
            [ScriptEntry("a \u00fc", False, 0), ScriptEntry("b", False, 13)],
            list(await scripts.scripts(account)),
        )
        await scripts.put(account, "b", "stop;", most=2)
        self.assertEqual("stop;", await scripts.script(account, "b"))
        await self.refused(OverQuota, scripts.put(account, "c", "stop;", most=2))
        await self.refused(NoSuchScript, scripts.script(account, "B"))
        await self.refused(NoSuchScript, scripts.script(AccountId(999), "b"))
        await self.refused(NoSuchAccount, scripts.put(AccountId(999), "b", "", most=9))
        self.assertEqual(
            [ScriptsChanged(each) for each in (account, account, other, account)],
            self.published_of(ScriptsChanged),
        )

    async def test_active(self) -> None:
        """One at most is active; it stays so when it is replaced or renamed."""
        scripts, account = self.store.scripts, (await self.account()).id
        await self.account("bob")
        self.assertIsNone(await scripts.active_script(account))
        self.assertEqual(frozenset(), await scripts.with_active())
        for name in "ab":
            await scripts.put(account, name, f"# {name}", most=5)
            await scripts.activate(account, name)
        self.assertEqual("# b", await scripts.active_script(account))
        self.assertEqual(frozenset([account]), await scripts.with_active())
        self.assertEqual([False, True], [e.active for e in await scripts.scripts(account)])
        await scripts.put(account, "b", "# c", most=5)
        await scripts.rename(account, "b", "c")
        self.assertEqual("# c", await scripts.active_script(account))
        await self.refused(NoSuchScript, scripts.activate(account, "b"))
        await self.refused(ScriptActive, scripts.delete(account, "c"))
        self.assertEqual("# c", await scripts.active_script(account))
        await scripts.activate(account, None)
        await scripts.activate(account, None)
        self.assertIsNone(await scripts.active_script(account))
        self.assertEqual(frozenset(), await scripts.with_active())
        await scripts.delete(account, "c")
        self.assertEqual(["a"], [each.name for each in await scripts.scripts(account)])

    async def test_renamed_and_deleted(self) -> None:
        """A name that is taken is nobody else's; what is not there can be neither."""
        scripts, account = self.store.scripts, (await self.account()).id
        await scripts.put(account, "a", "# a", most=5)
        await scripts.put(account, "b", "# b", most=5)
        await self.refused(ScriptExists, scripts.rename(account, "a", "b"))
        await self.refused(ScriptExists, scripts.rename(account, "a", "a"))
        await self.refused(NoSuchScript, scripts.rename(account, "x", "b"))
        await self.refused(NoSuchScript, scripts.delete(account, "x"))
        await scripts.rename(account, "a", "c")
        self.assertEqual("# a", await scripts.script(account, "c"))
        await self.refused(NoSuchScript, scripts.script(account, "a"))

    async def test_gone_with_the_account(self) -> None:
        """Scripts go with their account."""
        scripts, account = self.store.scripts, (await self.account()).id
        await scripts.put(account, "a", "# a", most=5)
        await scripts.activate(account, "a")
        await self.store.accounts.remove_account(account)
        self.assertEqual(frozenset(), await scripts.with_active())
        self.assertIsNone(await scripts.active_script(account))
        self.assertEqual([], list(await scripts.scripts(account)))

    async def test_scripts_while_closed(self) -> None:
        """A closed store has none."""
        account = (await self.account()).id
        await self.store.close()
        await self.refused(StoreClosed, self.store.scripts.scripts(account))
        await self.refused(StoreClosed, self.store.scripts.with_active())
        await self.refused(StoreClosed, self.store.scripts.put(account, "a", "", most=1))
