"""The newsroom over a store that takes its time: what happens while it reads is not missed."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite.accounts import news
from netsuite.accounts.news import StoreNewsroom
from netsuite.store.errors import NoSuchFolder, NoSuchMessage
from netsuite.store.interfaces import Store
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.nntp.fakes import World, article

T = TypeVar("T")


class SlowMail:
    """A mail store whose reads are done at once and told when the test says so."""

    def __init__(self, mail: Any) -> None:
        self._mail = mail
        self.waiting: list[Deferred[None]] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._mail, name)
        if name not in ("folders", "uids", "described", "first_uids"):
            return method

        async def slow(*arguments: Any) -> Any:
            result = await method(*arguments)
            waiting: Deferred[None] = Deferred()
            self.waiting.append(waiting)
            await waiting
            return result

        return slow

    def tell(self) -> None:
        """Tell what was read, and what that leads to."""
        while self.waiting:
            self.waiting.pop(0).callback(None)


class SlowStore:
    def __init__(self, world: World) -> None:
        self.mail: Any = SlowMail(world.store.mail)
        self.changes = world.store.changes


class Newsroom(SynchronousTestCase):
    """Groups, numbers and articles kept at hand."""

    def setUp(self) -> None:
        self.world = World()
        self.store = SlowStore(self.world)
        self.room = StoreNewsroom(cast(Store, self.store))

    def told(self, work: Coroutine[Any, Any, T]) -> T:
        running = ensureDeferred(work)
        self.store.mail.tell()
        return self.successResultOf(running)

    def test_many_ask_at_once(self) -> None:
        """The list of groups is read once for all who ask while it is being read."""
        asking: list[Deferred[Any]] = [
            ensureDeferred(self.room.group(name)) for name in ("misc.test", "talk.other")
        ]
        asking += [ensureDeferred(self.room.groups()), ensureDeferred(self.room.group("no.where"))]
        self.assertEqual(1, len(self.store.mail.waiting))
        asking[1].addErrback(lambda failure: None)
        asking[1].cancel()  # who gives up does not take it from the others
        self.store.mail.tell()
        self.assertEqual("misc.test", self.successResultOf(asking[0]).name)
        self.assertEqual(5, len(self.successResultOf(asking[2])))
        self.failureResultOf(asking[3], NoSuchFolder)

    def test_changes_while_groups_are_read(self) -> None:
        """What comes, goes, is made and removed meanwhile is known afterwards."""
        asking = ensureDeferred(self.room.groups())
        self.world.put(article(4))
        self.world.remove(1)
        self.world.add_group("new.one", "")
        gone = run(self.world.store.mail.folder(None, "talk.other"))
        run(self.world.store.mail.delete_folder(gone.id))
        kept = run(self.world.store.mail.folder(None, "misc.empty"))
        run(self.world.store.mail.rename_folder(kept.id, "misc.renamed"))
        self.store.mail.tell()
        groups = {each.name: each for each in self.successResultOf(asking)}
        self.assertEqual(
            {"misc.closed", "misc.moderated", "misc.renamed", "misc.test", "new.one"}, set(groups)
        )
        group = groups["misc.test"]
        self.assertEqual((2, 4, 3), (group.low, group.high, group.count))

    def known(self, work: Coroutine[Deferred[Any], Any, T]) -> T | None:
        """Return what is known without waiting for the store; None for what is not."""
        results: list[T] = []
        asking = ensureDeferred(work)
        asking.addCallbacks(results.append, lambda failure: None)
        return results[0] if results else None

    def test_changes_while_numbers_are_read(self) -> None:
        """Articles that come and go while the numbers are read are counted once."""
        group = self.told(self.room.group("misc.test"))
        asking: list[Deferred[Sequence[int]]] = [
            ensureDeferred(self.room.numbers(group)) for _ in range(2)
        ]
        self.assertEqual(1, len(self.store.mail.waiting))
        self.world.put(article(4))
        self.world.remove(1, 3)
        self.store.mail.tell()
        for each in asking:
            told: Sequence[int] = self.successResultOf(each)
            self.assertEqual([2, 4], list(told))
        self.world.put(article(5))
        self.world.remove(2)
        numbers = self.known(self.room.numbers(group))
        assert numbers is not None
        self.assertEqual([4, 5], list(numbers))
        self.assertEqual((4, 5, 2), (group.low, group.high, group.count))

    def test_article_that_goes_while_it_is_read(self) -> None:
        """It is not kept, so it is never found where it no longer is."""
        group = self.told(self.room.group("misc.test"))
        self.told(self.room.numbers(group))
        asking = ensureDeferred(self.room.article(group, 2))
        self.world.remove(2)
        self.store.mail.tell()
        self.failureResultOf(asking, NoSuchMessage)
        self.assertIsNone(self.known(self.room.article(group, 2)))
        self.assertIsNone(self.known(self.room.find("<2@example.test>")))
        found = self.known(self.room.find("<3@example.test>"))  # read ahead
        assert found is not None
        self.assertEqual(3, found.number)
        self.world.remove(3)
        self.assertIsNone(self.known(self.room.find("<3@example.test>")))

    def test_memory_is_bounded(self) -> None:
        """The oldest articles and numbers make room, and are read again when asked for."""
        self.patch(news, "ARTICLES", 2)
        self.patch(news, "NUMBERS", 3)
        self.world.put(article(9, "talk.other"), "talk.other")
        test, other = (self.told(self.room.group(name)) for name in ("misc.test", "talk.other"))
        self.assertEqual(1, self.told(self.room.article(test, 1)).number)
        self.assertEqual(2, len(self.room._articles))
        self.assertEqual(2, len(self.room._found))
        self.told(self.room.article(other, 1))
        self.assertIsNone(self.known(self.room.numbers(test)))
        self.assertEqual("<3@example.test>", self.told(self.room.article(test, 3)).message_id)
        self.assertEqual([1, 2, 3], list(self.told(self.room.numbers(test))))

    def test_group_that_goes_while_it_is_read(self) -> None:
        """Its numbers are nobody's."""
        group = self.told(self.room.group("misc.test"))
        asking = ensureDeferred(self.room.numbers(group))
        run(self.world.store.mail.delete_folder(group.id))
        self.store.mail.tell()
        self.successResultOf(asking)
        self.assertTrue(group.gone)
        self.assertIsNone(self.known(self.room.numbers(group)))
        self.assertEqual({}, dict(self.room._numbered))

    def test_only_groups(self) -> None:
        """A public folder that is no group is none; what is closed begins anew."""
        self.assertNotIn("Notices", [each.name for each in self.told(self.room.groups())])
        before = self.told(self.room.group("misc.test"))
        self.room.close()
        self.room.close()
        self.world.put(article(4))
        self.assertTrue(before.gone)
        self.assertEqual(3, before.high)
        self.assertEqual(4, self.told(self.room.group("misc.test")).high)
        self.world.put(article(5))
        self.assertEqual(5, self.told(self.room.group("misc.test")).high)
