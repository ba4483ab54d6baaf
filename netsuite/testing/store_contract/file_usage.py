"""The contract on the tally of files."""

from __future__ import annotations

from netsuite.store.errors import NoSuchAccount, StoreClosed
from netsuite.store.file_usage import NO_FILES, FileAmount, FileUsage
from netsuite.store.model import AccountId
from netsuite.testing.store_contract.case import StoreCase

SOME = FileAmount(100, 2)


class FileUsageContract(StoreCase):
    """What accounts have of files, and what processes claim."""

    async def _limited(self, octets: int | None = 1000, files: int | None = 10) -> AccountId:
        account = (await self.account()).id
        await self.store.accounts.update_account(
            account, quota_file_octets=octets, quota_files=files
        )
        return account

    async def test_with_quota(self) -> None:
        """Those are told of that have a quota of either kind."""
        usage, accounts = self.store.file_usage, self.store.accounts
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        self.assertEqual({}, await usage.with_quota())
        await accounts.update_account(alice, quota_file_octets=0)
        await accounts.update_account(bob, quota_files=7)
        self.assertEqual({alice: "alice", bob: "bob"}, await usage.with_quota())
        now = await accounts.account_by_id(bob)
        self.assertEqual((None, 7), (now.quota_file_octets, now.quota_files))
        self.assertEqual(FileUsage(None, NO_FILES, None, 7), await usage.usage(bob))
        await accounts.update_account(alice, quota_file_octets=None)
        await accounts.remove_account(bob)
        self.assertEqual({}, await usage.with_quota())

    async def test_uncounted(self) -> None:
        """Nothing is granted before the files were counted, and nothing is settled."""
        usage, account = self.store.file_usage, await self._limited()
        await usage.mark(account, "a")
        claimed = await usage.claim(account, "a", SOME, NO_FILES)
        self.assertEqual((None, None), (claimed.granted, claimed.usage.used))
        await usage.settle(account, "a", SOME, NO_FILES)
        self.assertIsNone((await usage.usage(account)).used)
        await usage.set_counted(account, SOME, ())
        self.assertEqual(SOME, (await usage.usage(account)).used)

    async def test_claims(self) -> None:
        """What is granted to all together is no more than the quota has room for; of what is asked
        for in advance an eighth of the rest is granted."""
        usage, account = self.store.file_usage, await self._limited()
        await usage.set_counted(account, SOME, ())
        for process in ("a", "b", "a"):
            await usage.mark(account, process)
        claimed = await usage.claim(account, "a", FileAmount(500, 0), FileAmount(1 << 40, 1 << 40))
        self.assertEqual(FileAmount(550, 1), claimed.granted)
        self.assertEqual(FileUsage(SOME, NO_FILES, 1000, 10, frozenset("ab")), claimed.usage)
        claimed = await usage.claim(account, "b", FileAmount(351, 0), NO_FILES)
        self.assertIsNone(claimed.granted)
        self.assertEqual(FileAmount(550, 1), claimed.usage.claimed)
        self.assertIsNone((await usage.claim(account, "b", FileAmount(0, 8), NO_FILES)).granted)
        claimed = await usage.claim(account, "b", FileAmount(350, 7), FileAmount(9, 9))
        self.assertEqual(FileAmount(350, 7), claimed.granted)
        claimed = await usage.claim(account, "b", NO_FILES, FileAmount(9, 9))
        self.assertEqual(NO_FILES, claimed.granted)

    async def test_no_limit(self) -> None:
        """What is not limited is granted as it is asked for."""
        usage, account = self.store.file_usage, await self._limited(files=None)
        await usage.set_counted(account, SOME, ())
        await usage.mark(account, "a")
        claimed = await usage.claim(account, "a", FileAmount(0, 5), FileAmount(0, 100))
        self.assertEqual(FileAmount(0, 105), claimed.granted)

    async def test_settle(self) -> None:
        """What has changed is in the tally, and what was not used can be claimed again."""
        usage, account = self.store.file_usage, await self._limited()
        await usage.set_counted(account, SOME, ())
        await usage.mark(account, "a")
        await usage.claim(account, "a", FileAmount(800, 8), NO_FILES)
        await usage.settle(account, "a", FileAmount(300, 3), FileAmount(400, 5))
        self.assertEqual(
            FileUsage(FileAmount(400, 5), FileAmount(400, 3), 1000, 10, frozenset("a")),
            await usage.usage(account),
        )
        await usage.settle(account, "a", FileAmount(-50, -1), NO_FILES, done=True)
        self.assertEqual(
            FileUsage(FileAmount(350, 4), NO_FILES, 1000, 10), await usage.usage(account)
        )
        await usage.settle(account, "a", SOME, NO_FILES, uncounted=True)
        self.assertIsNone((await usage.usage(account)).used)

    async def test_dead(self) -> None:
        """A count forgets the processes that are named, and leaves the claims of others."""
        usage, account = self.store.file_usage, await self._limited()
        await usage.set_counted(account, SOME, ())
        for process in "abc":
            await usage.mark(account, process)
            await usage.claim(account, process, FileAmount(10, 1), NO_FILES)
        await usage.set_counted(account, NO_FILES, ("a", "b", "x"))
        self.assertEqual(
            FileUsage(NO_FILES, FileAmount(10, 1), 1000, 10, frozenset("c")),
            await usage.usage(account),
        )

    async def test_quota_goes(self) -> None:
        """Without a quota nothing is counted, and another quota begins with a count."""
        usage, account = self.store.file_usage, await self._limited()
        await usage.set_counted(account, SOME, ())
        accounts = self.store.accounts
        await accounts.update_account(account, quota_file_octets=None)
        self.assertEqual(SOME, (await usage.usage(account)).used)
        await accounts.update_account(account, quota_files=None)
        await usage.set_counted(account, SOME, ())
        await accounts.update_account(account, quota_files=5)
        self.assertIsNone((await usage.usage(account)).used)

    async def test_nobody(self) -> None:
        """An account that is not there is told of."""
        usage, nobody = self.store.file_usage, AccountId(999)
        await self.refused(NoSuchAccount, usage.usage(nobody))
        await self.refused(NoSuchAccount, usage.mark(nobody, "a"))
        await self.refused(NoSuchAccount, usage.claim(nobody, "a", SOME, SOME))
        account = await self._limited()
        await self.store.close()
        for doing in (
            usage.with_quota(),
            usage.usage(account),
            usage.mark(account, "a"),
            usage.claim(account, "a", SOME, SOME),
            usage.settle(account, "a", SOME, SOME),
            usage.set_counted(account, SOME, ()),
        ):
            await self.refused(StoreClosed, doing)
