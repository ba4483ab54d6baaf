"""The client's methods for extensions, with our server, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from twisted.internet.defer import ensureDeferred

from netsuite.connection.errors import NotOffered, PermanentRefusal, ProtocolViolation
from netsuite.imap.client import IMAPClient, MessageToAppend, connect
from netsuite.imap.commands import search as key
from netsuite.imap.commands.fetch import BinarySection, BodySection, FetchItem, Item, Streamed
from netsuite.imap.commands.notify import Event, EventGroup, Watched
from netsuite.imap.commands.quota import QuotaData
from netsuite.imap.commands.requests import Resync, StoreAction
from netsuite.imap.commands.responses import (
    ExtendedSearchData,
    Listed,
    Response,
    StatusData,
)
from netsuite.imap.commands.rights import RightsAction
from netsuite.imap.commands.sorting import Algorithm, Criterion
from netsuite.imap.dialog.client import LiteralBegins
from netsuite.imap.sequences import SAVED, SequenceSet
from netsuite.imap.server import IMAPServerFactory
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.coroutines import run
from tests.imap.world import World

ALL = SequenceSet(((1, 0),))
EVERYTHING = key.AllMessages()


def mail(subject: str, body: str = "body", answers: str = "", name: str = "") -> bytes:
    """Return a message."""
    lines = [
        f"From: Ann <ann@example.org>\r\nSubject: {subject}\r\nMessage-ID: <{name or subject}>"
    ]
    lines += [f"References: <{answers}>"] if answers else []
    return ("\r\n".join(lines) + f"\r\n\r\n{body}\r\n").encode()


class Case(JoinedCase):
    """Ann's client, logged in, in an INBOX with three messages."""

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.endpoint = reached(self.fabric, IMAPServerFactory(self.world.shared()))
        self.world.deliver(mail("c"), mail("a", "longer" * 20), mail("b", answers="c"))
        self.client = self.entered("ann")
        self.run_(self.client.select("INBOX"))

    def entered(self, name: str) -> IMAPClient:
        """Return a client that has logged in."""
        client = self.run_(connect(self.endpoint, clock=self.fabric))
        self.run_(client.login(name, "secret"))
        return client

    def without(self, *names: str) -> IMAPClient:
        """Return the client, to which the server does not offer something."""
        self.client.commands.capabilities -= {*names, "IMAP4REV2"}
        return self.client


class Finding(Case):
    """ESEARCH, SORT and THREAD."""

    def test_esearch(self) -> None:
        """What is asked for of a result comes, and nothing else of it."""
        found = self.run_(self.client.esearch(EVERYTHING, "MIN", "MAX", "COUNT"))
        self.assertEqual((1, 3, 3, None), (found.lowest, found.highest, found.count, found.all))
        found = self.run_(self.client.esearch(EVERYTHING, "ALL", by_uid=False))
        self.assertEqual((SequenceSet(((1, 3),)), False), (found.all, found.by_uid))
        found = self.run_(self.client.esearch(key.BodyHas("nothing"), "min", "count"))
        self.assertEqual((None, 0), (found.lowest, found.count))

    def test_saved(self) -> None:
        """A result that is saved is not told, and stands for itself afterwards."""
        found = self.run_(self.client.esearch(key.HeaderHas("Subject", "a"), "SAVE"))
        self.assertEqual(ExtendedSearchData(None, True), found)
        (message,) = self.run_(self.client.fetch(SAVED, [Item.UID]))
        self.assertEqual(2, message.uid)

    def test_partial(self) -> None:
        """A part of a result, from either end."""
        for window, uids in (((1, 2), (1, 2)), ((-2, -1), (2, 3))):
            found = self.run_(self.client.esearch(EVERYTHING, window=window))
            self.assertEqual((window, SequenceSet((uids,))), found.window)
        (message,) = self.run_(self.client.fetch(ALL, [Item.UID], window=(-1, -1)))
        self.assertEqual(3, message.uid)

    def test_whose_result(self) -> None:
        """Of two searches at once each gets its own result."""
        one = ensureDeferred(self.client.esearch(EVERYTHING, "COUNT"))
        other = ensureDeferred(self.client.esearch(key.HeaderHas("Subject", "a"), "COUNT"))
        self.fabric.settle()
        counts = [self.successResultOf(each).count for each in (one, other)]
        self.assertEqual([3, 1], counts)

    def test_sort(self) -> None:
        """Sorted by what is said, and the other way round."""
        self.assertEqual([2, 3, 1], self.run_(self.client.sort([Criterion.SUBJECT])))
        turned = self.client.sort([(Criterion.SUBJECT, True)], key.Numbered(ALL), by_uid=False)
        self.assertEqual([1, 3, 2], self.run_(turned))
        some = self.client.sort([Criterion.SIZE, Criterion.ARRIVAL], key.BodyHas("body"))
        self.assertEqual([1, 3], self.run_(some))
        found = self.run_(self.client.esort([Criterion.SUBJECT], EVERYTHING, "COUNT", "ALL"))
        assert found.all is not None
        self.assertEqual((3, b"2:3,1"), (found.count, bytes(found.all)))
        found = self.run_(self.client.esort([Criterion.SUBJECT], window=(1, 1)))
        self.assertEqual(((1, 1), SequenceSet(((2, 2),))), found.window)

    def test_thread(self) -> None:
        """Answers stand below what they answer."""
        threads = self.run_(self.client.thread())
        self.assertEqual(((0, 1), (1, 3), (0, 2)), threads.rows)
        threads = self.run_(self.client.thread(Algorithm.ORDERED_SUBJECT, by_uid=False))
        self.assertEqual({1, 2, 3}, {number for _, number in threads.rows})

    def test_not_offered(self) -> None:
        """Nothing is asked of a server that does not know it."""
        client = self.without(
            "ESEARCH", "SORT", "SORT=DISPLAY", "ESORT", "THREAD=REFERENCES", "SEARCHRES"
        )
        self.fail_(client.esearch(EVERYTHING, "COUNT"), NotOffered)
        self.fail_(client.sort([Criterion.SUBJECT]), NotOffered)
        self.fail_(client.esort([Criterion.SUBJECT]), NotOffered)
        self.fail_(client.thread(), NotOffered)
        client.commands.capabilities |= {"ESEARCH"}
        client.commands.capabilities -= {"PARTIAL"}
        self.fail_(client.esearch(EVERYTHING, "SAVE"), NotOffered)
        self.fail_(client.esearch(EVERYTHING, window=(1, 2)), NotOffered)


class Messages(Case):
    """What is told of messages, and changed of them, by mod-sequence too."""

    def test_identities(self) -> None:
        """PREVIEW, SAVEDATE, EMAILID and THREADID come as values."""
        items = [Item.PREVIEW, Item.SAVEDATE, Item.EMAILID, Item.THREADID, Item.MODSEQ]
        one, _, three = self.run_(self.client.fetch(ALL, items))
        self.assertEqual("body", one.preview)
        self.assertEqual(datetime(2026, 3, 1, 12, tzinfo=UTC), one.save_date)
        assert one.email_id
        self.assertNotEqual(one.email_id, three.email_id)
        assert one.modseq is not None
        found = self.run_(self.client.search(key.HasObjectId(one.email_id)))
        self.assertEqual([1], found)

    def test_decoded(self) -> None:
        """A part comes without its transfer encoding, whole, in a range, and its size alone."""
        coded = b"Content-Transfer-Encoding: base64\r\n\r\nAGhlbGxv\r\n"  # NUL, hello
        self.run_(self.client.append("INBOX", coded))
        items = [BinarySection((1,)), BinarySection((1,), size=True)]
        (message,) = self.run_(self.client.fetch(4, items))
        decoded = {BinarySection((1,)): b"\0hello", BinarySection((1,), size=True): 6}
        self.assertEqual(decoded, message.binary)
        (message,) = self.run_(self.client.fetch(4, [BinarySection((1,), start=1, octets=4)]))
        self.assertEqual({BinarySection((1,), start=1): b"hell"}, message.binary)

    def test_large_decoded(self) -> None:
        """A large decoded part goes to a consumer, or is gathered, as others are."""
        coded = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"AGFi" * 40_000 + b"\r\n"
        self.run_(self.client.append("INBOX", coded))
        taken: list[bytes] = []

        async def consumer(begins: LiteralBegins, chunks: AsyncIterator[bytes]) -> None:
            self.assertEqual(BinarySection((1,)), begins.section)
            taken.append(b"".join([octets async for octets in chunks]))

        items = [BinarySection((1,))]
        (message,) = self.run_(self.client.fetch(4, items, consumer=consumer))
        self.assertEqual([b"\0ab" * 40_000], taken)
        self.assertEqual({BinarySection((1,)): Streamed(120_000)}, message.binary)
        both: list[FetchItem] = [BinarySection((1,)), BodySection(peek=True)]
        (message,) = self.run_(self.client.fetch(4, both))
        self.assertEqual({BinarySection((1,)): taken[0]}, message.binary)
        self.assertEqual({BodySection(): coded}, message.sections)

    def test_changed_since(self) -> None:
        """Only what has changed since a mod-sequence, and which UIDs have gone."""
        client = self.client
        self.run_(client.unselect())
        self.run_(client.enable("QRESYNC"))
        opened = self.run_(client.select("INBOX"))
        since = opened.highest_modseq
        assert since is not None
        self.run_(client.store(2, StoreAction.ADD, ["\\Seen"], silent=True))
        self.run_(client.store(3, StoreAction.ADD, ["\\Deleted"], silent=True))
        removed = self.run_(client.expunge())
        self.assertEqual(([], b"3"), (removed, bytes(removed.vanished)))
        fetched = self.run_(client.fetch(ALL, [Item.FLAGS], changed_since=since, vanished=True))
        self.assertEqual([2], [each.uid for each in fetched])
        self.assertEqual(b"3", bytes(fetched.vanished))
        self.assertEqual(2, opened.messages)

    def test_unchanged_since(self) -> None:
        """What has changed meanwhile is left alone, and named."""
        client = self.client
        self.run_(client.unselect())
        opened = self.run_(client.select("INBOX", condstore=True))
        since = opened.highest_modseq
        assert since is not None
        (stored,) = self.run_(client.store(2, StoreAction.ADD, ["\\Seen"], unchanged_since=since))
        assert stored.modseq is not None
        self.assertGreater(stored.modseq, since)
        stored_all = self.run_(
            client.store([1, 2], StoreAction.ADD, ["\\Flagged"], unchanged_since=since)
        )
        self.assertEqual(b"2", bytes(stored_all.modified))
        # RFC 7162, 3.1.3: of what was left alone the state is told as well.
        flags = {each.uid: each.flags for each in stored_all if each.flags is not None}
        self.assertIn("\\Flagged", flags[1])

    def test_removed(self) -> None:
        """Without QRESYNC numbers are told as they go."""
        self.run_(self.client.store([1, 2], StoreAction.ADD, ["\\Deleted"]))
        removed = self.run_(self.client.expunge([1, 2]))
        self.assertEqual(([1, 1], ()), (removed, removed.vanished.ranges))


class Selecting(Case):
    """SELECT with what is known already."""

    def test_resync(self) -> None:
        """What has gone and what has changed since is told with the selection."""
        client = self.client
        self.run_(client.unselect())
        self.run_(client.enable("QRESYNC"))
        opened = self.run_(client.select("INBOX"))
        self.assertEqual(((), ()), (opened.changed, opened.vanished.ranges))
        known = Resync(opened.uid_validity, opened.highest_modseq or 0)
        other = self.entered("ann")
        self.run_(other.select("INBOX"))
        self.run_(other.store(1, StoreAction.ADD, ["\\Deleted"]))
        self.run_(other.expunge())
        self.run_(other.store(2, StoreAction.ADD, ["\\Seen"]))
        self.world.deliver(mail("d"))
        opened = self.run_(client.select("INBOX", resync=known))
        self.assertEqual(b"1", bytes(opened.vanished))
        changed = {each.uid: each.flags for each in opened.changed}
        self.assertEqual({2, 4}, set(changed))
        self.assertIn("\\Seen", changed[2] or ())
        self.assertEqual(3, opened.messages)
        some = Resync(known.uid_validity, known.modseq, SequenceSet(((2, 3),)))
        opened = self.run_(client.examine("INBOX", resync=some))
        self.assertEqual(((), [2]), (opened.vanished.ranges, [each.uid for each in opened.changed]))
        opened = self.run_(client.select("INBOX", resync=Resync(known.uid_validity + 1, 1)))
        self.assertEqual(((), ()), (opened.changed, opened.vanished.ranges))

    def test_not_enabled(self) -> None:
        """Who has not enabled it is refused, and goes on."""
        self.fail_(self.client.select("INBOX", resync=Resync(7, 1)), PermanentRefusal)
        self.run_(self.client.select("INBOX"))


class Bringing(Case):
    """MULTIAPPEND and REPLACE."""

    def test_several(self) -> None:
        """Several messages come in one step, each with its flags, with and without leave."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"Subject: in "
            yield b"pieces\r\n\r\n"

        for plus in (True, False):
            if not plus:
                self.client.commands.capabilities -= {"LITERAL+"}
            placed = self.run_(
                self.client.append_all(
                    "Sent",
                    [
                        MessageToAppend(mail("x"), flags=["\\Seen"]),
                        MessageToAppend(pieces(), octets=22),
                        MessageToAppend(mail("z"), date=datetime(2020, 1, 2, tzinfo=UTC)),
                    ],
                )
            )
            assert placed is not None
            self.assertEqual(3, placed.uids.size())
        self.run_(self.client.select("Sent"))
        items: list[FetchItem] = [Item.FLAGS, Item.INTERNALDATE, BodySection()]
        *_, one, two, three = self.run_(self.client.fetch(ALL, items))
        self.assertIn("\\Seen", one.flags or ())
        self.assertEqual(b"Subject: in pieces\r\n\r\n", two.sections[BodySection()])
        self.assertEqual(datetime(2020, 1, 2, tzinfo=UTC), three.internal_date)

    def test_all_or_none(self) -> None:
        """Where the mailbox is missing nothing is sent, and the session goes on."""
        self.client.commands.capabilities -= {"LITERAL+"}
        messages = [MessageToAppend(mail("x"))] * 2
        error = self.fail_(self.client.append_all("Nowhere", messages), PermanentRefusal)
        self.assertEqual("TRYCREATE", error.code)
        self.assertIsNone(self.run_(self.client.append_all("Sent", [])))
        self.fail_(self.without("MULTIAPPEND").append_all("Sent", messages), NotOffered)

    def test_replace(self) -> None:
        """A message takes the place of another, in one step or in several."""
        for missing in ((), ("REPLACE",), ("REPLACE", "UIDPLUS")):
            for by_uid in (True, False):
                self.setUp()
                client = self.without(*missing) if missing else self.client
                draft = MessageToAppend(mail("new"), flags=["\\Draft"])
                placed = self.run_(client.replace(1, "INBOX", draft, by_uid=by_uid))
                assert placed is not None
                self.assertEqual(b"4", bytes(placed.uids))
                self.assertEqual([2, 3, 4], self.run_(client.search(EVERYTHING)))
                assert client.mailbox is not None
                self.assertEqual(3, client.mailbox.messages)
                (message,) = self.run_(client.fetch(4, [Item.FLAGS]))
                self.assertIn("\\Draft", message.flags or ())

    def test_lengths(self) -> None:
        """The octets of pieces must be said."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"x"

        self.fail_(self.client.append_all("Sent", [MessageToAppend(pieces())]), ValueError)


class Mailboxes(Case):
    """LIST with its options."""

    def test_special_use(self) -> None:
        """Mailboxes by their use, with counts and rights, in one command."""
        (sent,) = self.run_(
            self.client.list_extended(
                select=["SPECIAL-USE"], returns=["MYRIGHTS"], status=["MESSAGES", "UIDNEXT"]
            )
        )
        self.assertEqual("Sent", sent.listed.mailbox)
        self.assertIn("\\Sent", sent.listed.attributes)
        self.assertEqual({"MESSAGES": 0, "UIDNEXT": 1}, sent.status)
        assert sent.rights is not None
        self.assertIn("l", sent.rights)

    def test_subscribed(self) -> None:
        """Those that are subscribed, and several patterns."""
        self.run_(self.client.unsubscribe("Sent"))
        found = self.run_(self.client.list_extended("INBOX", "Sent", select=["SUBSCRIBED"]))
        self.assertEqual(["INBOX"], [each.listed.mailbox for each in found])
        self.assertEqual((None, None, {}), (found[0].status, found[0].rights, found[0].annotations))
        found = self.run_(self.client.list_extended("INBOX", "S%", returns=["SUBSCRIBED"]))
        marked = {each.listed.mailbox: each.listed.attributes for each in found}
        self.assertIn("\\Subscribed", marked["INBOX"])
        self.assertNotIn("\\Subscribed", marked["Sent"])
        self.fail_(self.without("LIST-EXTENDED").list_extended(), NotOffered)

    def test_annotations(self) -> None:
        """Annotations of each mailbox, too."""
        self.run_(self.client.set_metadata("Sent", {"/private/comment": b"mine"}))
        (sent,) = self.run_(self.client.list_extended("Sent", annotations=["/private/comment"]))
        self.assertEqual({"/private/comment": b"mine"}, sent.annotations)

    def test_beside_others(self) -> None:
        """A STATUS that is under way at the same time keeps its data."""
        listing = ensureDeferred(self.client.list())
        counting = ensureDeferred(self.client.status("INBOX"))
        self.fabric.settle()
        self.assertIn("INBOX", {each.mailbox for each in self.successResultOf(listing)})
        self.assertEqual({"MESSAGES": 3}, self.successResultOf(counting))


class Properties(Case):
    """Rights, quotas, annotations."""

    def test_rights(self) -> None:
        """Rights are given, told, changed and taken."""
        client = self.client
        self.run_(client.set_acl("Lists", "ben", "lr"))
        self.run_(client.set_acl("Lists", "ben", "s", RightsAction.ADD))
        self.assertEqual("lrs", self.run_(client.get_acl("Lists"))["ben"])
        self.run_(client.set_acl("Lists", "ben", "s", RightsAction.REMOVE))
        ben = self.entered("ben")
        others = self.run_(ben.namespace()).others[0][0]
        self.assertEqual("lr", self.run_(ben.my_rights(f"{others}ann/Lists")))
        may = self.run_(client.list_rights("Lists", "ben"))
        self.assertEqual(("Lists", "ben"), (may.mailbox, may.identifier))
        self.assertIn("s", may.may)
        self.run_(client.delete_acl("Lists", "ben"))
        self.assertNotIn("ben", self.run_(client.get_acl("Lists")))
        self.fail_(client.set_acl("Lists", "nobody", "l"), PermanentRefusal)
        self.fail_(self.without("ACL").my_rights("Lists"), NotOffered)

    def test_quotas(self) -> None:
        """One's own quota is told; an administrator sets it."""
        accounts = self.world.store.accounts
        ann = run(accounts.account("ann"))
        run(accounts.update_account(ann.id, quota_octets=4096, quota_messages=10))
        (quota,) = self.run_(self.client.get_quota_root("INBOX"))
        self.assertEqual({"STORAGE", "MESSAGE"}, {name for name, _, _ in quota.resources})
        self.assertEqual(("MESSAGE", 3, 10), quota.resources[1])
        self.assertEqual(quota, self.run_(self.client.get_quota(quota.root)))
        self.fail_(self.client.set_quota(quota.root, {}), PermanentRefusal)
        ben = run(accounts.account("ben"))
        run(accounts.update_account(ben.id, groups=frozenset({"admin"})))
        admin = self.entered("ben")
        told = self.run_(admin.set_quota(quota.root, {"message": 20}))
        self.assertEqual(QuotaData(quota.root, (("MESSAGE", 3, 20),)), told)
        self.fail_(self.without("QUOTA").get_quota(""), NotOffered)

    def test_annotations(self) -> None:
        """Annotations are set, told and removed; what is too large is told by its size."""
        client = self.client
        values = {"/private/comment": b"\0 \xff", "/shared/comment": b"x" * 100}
        self.run_(client.set_metadata("INBOX", values))
        told = self.run_(client.get_metadata("INBOX", *values))
        self.assertEqual((values, None), (told.values, told.longest))
        told = self.run_(client.get_metadata("INBOX", *values, max_octets=10))
        self.assertEqual(100, told.longest)
        self.assertEqual(b"\0 \xff", told.values["/private/comment"])
        told = self.run_(client.get_metadata("INBOX", "/private", depth=None))
        self.assertEqual({"/private/comment": b"\0 \xff"}, told.values)
        self.run_(client.set_metadata("INBOX", {"/private/comment": None}))
        told = self.run_(client.get_metadata("INBOX", "/private/comment"))
        self.assertEqual({"/private/comment": None}, told.values)
        self.fail_(self.without("METADATA").get_metadata("", "/shared/admin"), NotOffered)


class Noticing(Case):
    """NOTIFY."""

    def test_other_mailboxes(self) -> None:
        """In IDLE one is told of mailboxes that are not selected; and how they are, at once."""
        events = frozenset({Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE})
        group = EventGroup(Watched.MAILBOXES, events, ("Sent",))
        names = EventGroup(Watched.PERSONAL, frozenset({Event.MAILBOX_NAME}))
        told = self.run_(self.client.notify(group, names, status=True))
        self.assertEqual(["Sent"], [each.mailbox for each in told])
        heard: list[Response] = []

        async def listen() -> None:
            async with self.client.idle() as news:
                async for response in news:
                    heard.append(response)
                    if len(heard) == 2:
                        break

        listening = self.begin(listen())
        self.world.deliver(mail("x"), folder="Sent")
        self.fabric.settle()
        other = self.entered("ann")
        self.run_(other.rename("Lists", "Verteiler"))
        self.fabric.settle()
        self.successResultOf(listening)
        status, listed = heard
        assert isinstance(status, StatusData)
        self.assertEqual(("Sent", 1), (status.mailbox, dict(status.values)["MESSAGES"]))
        assert isinstance(listed, Listed)
        self.assertEqual(("Verteiler", "Lists"), (listed.mailbox, listed.oldname))
        self.run_(self.client.notify())
        self.fail_(self.without("NOTIFY").notify(), NotOffered)


class Leaving(Case):
    """UNAUTHENTICATE."""

    def test_another_login(self) -> None:
        """The next login on the same connection is another's."""
        self.run_(self.client.unauthenticate())
        self.assertIsNone(self.client.mailbox)
        self.assertIn("AUTH=PLAIN", self.client.capabilities)
        self.fail_(self.client.select("INBOX"), PermanentRefusal)
        self.run_(self.client.login("ben", "secret"))
        self.assertEqual(0, self.run_(self.client.select("INBOX")).messages)
        self.fail_(self.without("UNAUTHENTICATE").unauthenticate(), NotOffered)


class Enabled(Case):
    """What is enabled changes how names, and messages, are told."""

    def test_names_in_utf8(self) -> None:
        """Names go in UTF-8 from then on, wherever there are any, until the next login."""
        name = "Gr\u00fc\u00dfe & \U0001f600 100%"
        for extension in ("UTF8=ACCEPT", "IMAP4rev2"):
            client = self.entered("ann")
            self.assertEqual((extension,), self.run_(client.enable(extension)))
            self.run_(client.create(name))
            self.assertEqual([name], [each.mailbox for each in self.run_(client.list("Gr*%"))])
            self.assertEqual(0, self.run_(client.status(name, "MESSAGES"))["MESSAGES"])
            self.assertEqual({"ann"}, set(self.run_(client.get_acl(name))))
            self.run_(client.append(name, mail("x")))
            self.assertEqual(1, self.run_(client.select(name)).messages)
            self.run_(client.close_mailbox())
            # Who has not enabled it is told the same name in another way.
            names = [each.mailbox for each in self.run_(self.client.list("Gr*"))]
            self.assertEqual([name], names)
            self.run_(client.delete(name))
            self.run_(client.unauthenticate())
            self.run_(client.login("ann", "secret"))
            self.run_(client.create(name))
            self.run_(self.client.delete(name))

    def test_uids_only(self) -> None:
        """Messages that are told by their UIDs are read so."""
        self.run_(self.client.enable("UIDONLY"))
        messages = self.run_(self.client.fetch(ALL, [Item.FLAGS, BodySection(peek=True)]))
        self.assertEqual([(0, 1), (0, 2), (0, 3)], [(each.number, each.uid) for each in messages])
        self.assertEqual([mail("a", "longer" * 20)], list(messages[1].sections.values()))


class Odd(OddServerCase[IMAPClient]):
    """Servers that answer in another way than ours."""

    def made(self, **more: object) -> IMAPClient:
        return IMAPClient(self.fabric)

    def greet(self) -> IMAPClient:
        client = self.start(b"* PREAUTH [CAPABILITY IMAP4rev1 ESEARCH QRESYNC ACL] hello\r\n")
        self.successResultOf(self.beginning)
        return client

    def test_results_in_another_order(self) -> None:
        """A result goes to the search that it names, whichever is answered first."""
        client = self.greet()
        one = self.begin(client.esearch(EVERYTHING, "COUNT"))
        other = self.begin(client.esearch(EVERYTHING, "COUNT"))
        self.say(
            b'* ESEARCH (TAG "n2") UID COUNT 2\r\nn2 OK done\r\n',
            b'* ESEARCH (TAG "n1") UID COUNT 1\r\nn1 OK done\r\n',
        )
        counts = [self.successResultOf(each).count for each in (one, other)]
        self.assertEqual([1, 2], counts)

    def test_behind_closed(self) -> None:
        """What was still told of the mailbox before is not taken for the new one's."""
        client = self.greet()
        opening = self.begin(client.select("INBOX", resync=Resync(7, 9)))
        self.say(
            b"* 9 FETCH (UID 90 FLAGS ())\r\n* OK [CLOSED] gone\r\n* 2 EXISTS\r\n"
            b"* VANISHED (EARLIER) 5:6\r\n* VANISHED (EARLIER) 9\r\n"
            b"* 1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (12))\r\nn1 OK [READ-WRITE] open\r\n"
        )
        opened = self.successResultOf(opening)
        self.assertEqual([4], [each.uid for each in opened.changed])
        self.assertEqual(b"5:6,9", bytes(opened.vanished))
        self.assertEqual(2, opened.messages)

    def test_nothing_told(self) -> None:
        """A server that says OK and no more leaves an empty result."""
        client = self.greet()
        for asking, empty in (
            (client.my_rights("x"), ""),
            (client.get_acl("x"), {}),
            (client.esearch(EVERYTHING, "COUNT"), ExtendedSearchData(None, True)),
        ):
            running = self.begin(asking)
            tag = self.server.news().split(b"\r\n")[-2].partition(b" ")[0]
            self.say(tag + b" OK done\r\n")
            self.assertEqual(empty, self.successResultOf(running))

    def test_data_not_understood(self) -> None:
        """Rights that cannot be read fail the command, not the session."""
        client = self.greet()
        asking = self.begin(client.my_rights("x"))
        self.say(b"* MYRIGHTS x (l r)\r\nn1 OK done\r\n")
        self.failureResultOf(asking, ProtocolViolation)
        searching = self.begin(client.search(EVERYTHING))
        self.say(b"* SEARCH 3\r\nn2 OK done\r\n")
        self.assertEqual([3], self.successResultOf(searching))
