"""Quotas of files: what is judged when, what counts, and that nobody gets over together."""

from __future__ import annotations

from netsuite.store.errors import FileInTheWay, NoSuchFile, OverQuota, StoreError
from netsuite.store.file_usage import FileAmount
from netsuite.store.tree import Space, UploadRequest
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract.case import written
from tests.store.files.quota_case import DiskQuotaCase, MemoryQuotaCase, QuotaCase, counted

#: ``public`` in ann's home is a directory like any other.
PUBLIC = FileAmount(0, 1)


class Contract(QuotaCase):
    """What every tree promises."""

    async def test_octets(self) -> None:
        """A file that fits exactly is stored, one octet more is not, and nothing is left of it."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("a",), 600)
        error = await self.refused(OverQuota, self.put(home, ("b",), 401))
        self.assertEqual(("ann",), error.accounts)
        await self.refused(NoSuchFile, home.entry(("b",)))
        await self.put(home, ("b",), 400)
        await self.refused(OverQuota, self.put(home, ("c",), 1))
        await self.put(home, ("c",), 0)
        self.assertEqual(FileAmount(1000, 3) + PUBLIC, await self.used())

    async def test_announced(self) -> None:
        """One whose size is announced is refused at once."""
        await self.limit(octets=1000)
        home = await self.home()
        too_much = UploadRequest(expected_octets=1001)
        await self.refused(OverQuota, home.upload(("a",), too_much))
        await self.put(home, ("a",), 900)
        await self.refused(OverQuota, home.upload(("b",), UploadRequest(expected_octets=101)))
        more = UploadRequest(append=True, expected_octets=101)
        await self.refused(OverQuota, home.upload(("a",), more))
        await (await home.upload(("a",), UploadRequest(expected_octets=1000))).abort()
        await self.put(home, ("b",), 100, UploadRequest(expected_octets=100))
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())

    async def test_reserved(self) -> None:
        """Uploads at the same time cannot go over together; one that ends gives back."""
        await self.limit(octets=1000)
        home = await self.home()
        one = await self.begin(home, ("a",), 0, UploadRequest(expected_octets=700))
        await self.refused(OverQuota, home.upload(("b",), UploadRequest(expected_octets=301)))
        two = await self.begin(home, ("b",), 300)
        await self.refused(OverQuota, self.begin(home, ("c",), 1))
        await one.abort()
        await self.put(home, ("c",), 700)
        await two.commit()
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())

    async def test_files(self) -> None:
        """Files and directories are counted, whatever their size."""
        await self.limit(files=3)
        home = await self.home()
        await self.put(home, ("a",), 0)
        await home.make_directory(("d",))
        await self.refused(OverQuota, home.make_directory(("e",)))
        await self.refused(OverQuota, home.upload(("b",)))
        await self.put(home, ("a",), 10_000)
        await home.remove_directory(("d",))
        await self.put(home, ("b",), 0)
        self.assertEqual(FileAmount(10_000, 2) + PUBLIC, await self.used())

    async def test_replaced(self) -> None:
        """In place of another file only the difference counts; what is smaller is always taken."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("a",), 1000)
        await self.put(home, ("a",), 1000, UploadRequest(expected_octets=1000))
        await self.refused(OverQuota, self.put(home, ("a",), 1001))
        self.assertEqual(1000, (await home.entry(("a",))).octets)
        await self.limit(octets=100)
        await self.put(home, ("a",), 500)
        await self.refused(OverQuota, self.put(home, ("b",), 1))
        self.assertEqual(FileAmount(500, 1) + PUBLIC, await self.used())

    async def test_replaced_is_gone(self) -> None:
        """Room that the replaced file was to give is looked for again when that is gone."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("a",), 900)
        upload = await self.begin(home, ("a",), 900)
        await home.remove_file(("a",))
        await self.put(home, ("b",), 500)
        await self.refused(OverQuota, upload.commit())
        await self.refused(NoSuchFile, home.entry(("a",)))
        await self.put(home, ("a",), 500)
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())

    async def test_parts(self) -> None:
        """A part that is kept counts; where the quota has ended an upload none is kept."""
        await self.limit(octets=1000)
        home = await self.home()
        await (await self.begin(home, ("a",), 600)).abort(keep_partial=True)
        await (await self.begin(home, ("a",), 300, UploadRequest(resume_at=600))).abort(
            keep_partial=True
        )
        self.assertEqual(900, (await home.entry(("a",))).octets)
        upload = await home.upload(("b",))
        await self.refused(OverQuota, written(upload, b"x" * 101))
        await upload.abort(keep_partial=True)
        await self.refused(NoSuchFile, home.entry(("b",)))
        upload = await home.upload(("a",), UploadRequest(append=True))
        await self.refused(OverQuota, written(upload, b"x" * 101))
        await self.refused(OverQuota, upload.commit())
        self.assertEqual(FileAmount(900, 1) + PUBLIC, await self.used())

    async def test_asked_before(self) -> None:
        """Whoever may not replace a file keeps its room, and so does the part that came."""
        await self.limit(octets=1000)
        home = await self.home()
        await self.put(home, ("a",), 500)
        upload = await self.begin(home, ("a",), 800)

        async def refuse() -> None:
            raise FileInTheWay("no")

        await self.refused(FileInTheWay, upload.commit(may_replace=refuse))
        self.assertEqual(FileAmount(500, 1) + PUBLIC, await self.used())
        upload = await self.begin(home, ("a",), 800)

        async def allow() -> None:
            pass

        await upload.commit(may_replace=allow)
        self.assertEqual(FileAmount(800, 1) + PUBLIC, await self.used())

    async def test_renamed(self) -> None:
        """Within a home only what is replaced gives back; a directory takes all with it."""
        await self.limit(octets=1000, files=10)
        home = await self.home()
        await home.make_directory(("d",))
        await self.put(home, ("d", "a"), 500)
        await self.put(home, ("b",), 400)
        await home.rename(("d",), ("e",))
        self.assertEqual(FileAmount(900, 3) + PUBLIC, await self.used())
        await home.rename(("e", "a"), ("b",))
        self.assertEqual(FileAmount(500, 2) + PUBLIC, await self.used())
        await self.refused(FileInTheWay, home.rename(("b",), ("e",), replace=False))
        await home.rename(("b",), ("b",))
        self.assertEqual(FileAmount(500, 2) + PUBLIC, await self.used())

    async def test_moved(self) -> None:
        """What goes to the site is nobody's any more, and what comes from there has to fit."""
        await self.limit(octets=1000, files=6)
        site = await self.site()
        home = await site.home("ann")
        await self.put(home, ("a",), 600)
        await self.put(site.public, ("big",), 1001)
        await self.refused(OverQuota, site.public.move_to(("big",), home, ("big",)))
        self.assertEqual(1001, (await site.public.entry(("big",))).octets)
        await home.move_to(("a",), site.public, ("a",))
        self.assertEqual(PUBLIC, await self.used())
        await site.public.move_to(("a",), home, ("a",))
        self.assertEqual(FileAmount(600, 1) + PUBLIC, await self.used())
        await self.put(site.public, ("a",), 1000)
        await site.public.move_to(("a",), home, ("a",))
        self.assertEqual(FileAmount(1000, 1) + PUBLIC, await self.used())

    async def test_directories_moved(self) -> None:
        """All that is in a directory counts where it is."""
        await self.limit(octets=1000, files=5)
        site = await self.site()
        home = await site.home("ann")
        await site.public.make_directory(("d",))
        for name, octets in (("a", 300), ("b", 500)):
            await self.put(site.public, ("d", name), octets)
        await self.put(home, ("c",), 201)
        await self.refused(OverQuota, site.public.move_to(("d",), home, ("d",)))
        await self.put(home, ("c",), 200)
        await site.public.move_to(("d",), home, ("d",))
        await self.refused(OverQuota, self.put(home, ("d", "e"), 1))
        self.assertEqual(FileAmount(1000, 4) + PUBLIC, await self.used())
        await home.move_to(("d",), site.public, ("d",))
        await self.put(home, ("e",), 800)
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())

    async def test_directory_moved_under_an_upload(self) -> None:
        """What comes while its directory goes to somebody else is not stored there: it was judged
        by the quota of where it was begun."""
        await self.limit(octets=1000, files=6)
        site = await self.site()
        home = await site.home("ann")
        for keep in (False, True):
            for first, second in ((site.public, home), (home, site.public)):
                await first.make_directory(("d",))
                upload = await self.begin(first, ("d", "a"), 900)
                await first.move_to(("d",), second, ("d",))
                if keep:
                    await upload.abort(keep_partial=True)
                else:
                    await self.refused(NoSuchFile, upload.commit())
                await self.refused(NoSuchFile, second.entry(("d", "a")))
                await second.remove_directory(("d",))
                self.assertEqual(Space(1000, 5), await home.space(()))
        self.assertEqual(PUBLIC, await self.used())

    async def test_space(self) -> None:
        """What is left is told, without what is reserved."""
        home = await self.home()
        free = await home.space(())
        await self.limit(octets=1000, files=10)
        self.assertEqual(Space(1000, 9), await home.space(()))
        await self.put(home, ("a",), 300)
        upload = await self.begin(home, ("b",), 0, UploadRequest(expected_octets=200))
        self.assertEqual(Space(500, 7), await home.space(("a",)))
        await upload.abort()
        self.assertEqual(Space(700, 8), await home.space(("public",)))
        await self.limit(octets=100)
        self.assertEqual((0, free.files_left is None), self.shape(await home.space(())))
        await self.limit()
        self.assertEqual(free.octets_left is None, (await home.space(())).octets_left is None)

    @staticmethod
    def shape(space: Space) -> tuple[int | None, bool]:
        return space.octets_left, space.files_left is None

    async def test_set_later(self) -> None:
        """What was there before a quota is counted when it is first asked for; what was begun
        before is judged at its end."""
        home = await self.home()
        await self.put(home, ("a",), 700)
        upload = await self.begin(home, ("b",), 301)
        kept = await self.begin(home, ("c",), 300)
        await self.limit(octets=1000)
        await self.refused(OverQuota, upload.commit())
        await kept.commit()
        await self.refused(OverQuota, self.put(home, ("d",), 1))
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())
        await self.limit()
        await self.put(home, ("d",), 5000)
        self.assertIsNone(await self.used())
        await self.limit(octets=6000)
        await self.refused(OverQuota, self.put(home, ("e",), 1))
        self.assertEqual(FileAmount(6000, 3) + PUBLIC, await self.used())

    async def test_others_pay_nothing(self) -> None:
        """An account without a quota leaves no trace in the store."""
        ben = await self.store.accounts.add_account("ben", None)
        await self.limit(octets=10)
        home = await (await self.site()).home("ben")
        await self.put(home, ("a",), 5000)
        usage = await self.store.file_usage.usage(ben.id)
        self.assertEqual((None, frozenset()), (usage.used, usage.processes))

    async def test_full_of_directories(self) -> None:
        """Who has no room for a directory can log in all the same."""
        await self.limit(files=0)
        home = await self.home()
        self.assertEqual([], list(await home.sorted_listing(())))
        await self.refused(OverQuota, home.make_directory(("d",)))

    async def test_removed_account(self) -> None:
        """An account that is made again begins anew."""
        await self.limit(octets=1000)
        site = await self.site()
        await self.put(await site.home("ann"), ("a",), 900)
        await self.store.accounts.remove_account(self.ann.id)
        await (await site.home("ann")).remove_file(("a",))
        self.ann = await self.store.accounts.add_account("ann", None)
        await self.limit(octets=500)
        await self.refused(OverQuota, self.put(await site.home("ann"), ("a",), 501))
        await self.put(await site.home("ann"), ("a",), 500)
        self.assertEqual(FileAmount(500, 1) + PUBLIC, await self.used())

    async def test_failures_give_back(self) -> None:
        """What fails for other reasons has reserved nothing."""
        await self.limit(octets=1000, files=3)
        home = await self.home()
        await self.put(home, ("a",), 0)
        for doing in (
            home.upload(("x", "y"), UploadRequest(expected_octets=1000)),
            home.upload(("public",), UploadRequest(expected_octets=1000)),
            home.upload(("a",), UploadRequest(only_new=True, expected_octets=900)),
            home.upload(("b",), UploadRequest(resume_at=5, expected_octets=900)),
            home.make_directory(("a",)),
            home.make_directory(("x", "y")),
            home.remove_file(("x",)),
            home.remove_directory(("x",)),
            home.rename(("x",), ("y",)),
        ):
            await self.refused(StoreError, doing)
        await self.put(home, ("b",), 1000)
        self.assertEqual(FileAmount(1000, 2) + PUBLIC, await self.used())


class InMemory(MemoryQuotaCase, Contract, TestCase):
    """The reference."""


class OnDisk(DiskQuotaCase, Contract, TestCase):
    """Real files."""

    async def _tear_down(self) -> None:
        used, real = await self.used(), counted(self.root / "home" / "ann")
        if used is not None:
            self.assertEqual(real, used)
        await super()._tear_down()
        self.assertEqual(frozenset(), (await self._processes()))

    async def _processes(self) -> frozenset[str]:
        await self.store.open()
        try:
            return (await self.store.file_usage.usage(self.ann.id)).processes
        finally:
            await self.store.close()
