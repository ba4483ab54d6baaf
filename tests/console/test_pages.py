"""The pages: what they show, what can be done on them, and what strangers have written there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.logger import LogEvent, globalLogPublisher

from netsuite.accounts.delivery import StoreDelivery
from netsuite.accounts.interfaces import Recipient
from netsuite.bus import Value
from netsuite.console.markup import url
from netsuite.console.pages import (
    accounts,
    aliases,
    configuration,
    groups,
    queue,
    sessions,
    storage,
)
from netsuite.console.visit import number
from netsuite.sasl.prepare import Unpreparable
from netsuite.store.errors import StoreError
from netsuite.store.model import ADMINISTRATION, AccountState, FolderKind, Login, Placement
from netsuite.store.outgoing import ALL, Envelope, QueueItem, QueueState, Settlement
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.hashing import verifiers
from tests.console.worlds import SESSION, Browser, World
from tests.logged import Lines

#: What strangers write where they can.
HOSTILE = "<script>alert('1')</script>\"\u202e&\x1b[31m"
ESCAPED = "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&quot;\u202e&amp;\ufffd[31m"


class Noted(Lines):
    """What the console has logged of what was done."""

    def __call__(self, event: LogEvent) -> None:
        if event["log_namespace"] == "netsuite.console.visit":
            super().__call__(event)


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.addCleanup(self.world.close)
        self.store = self.world.site.store
        self.run_ = self.world.run
        self.browser = Browser(self.world)
        self.browser.log_in()
        self.audit = Noted()
        globalLogPublisher.addObserver(self.audit)
        self.addCleanup(globalLogPublisher.removeObserver, self.audit)

    def assertHarmless(self, path: str) -> None:
        """A page shows what a stranger wrote as text, and nothing of it as markup."""
        text = self.browser.get(path).text
        self.assertIn(ESCAPED, text, path)
        self.assertNotIn("<script>alert", text, path)

    def unfit(self, path: str, words: str, **form: object) -> None:
        """A form is refused, with words, on its own page."""
        answer = self.browser.post(path, **form)
        self.assertEqual(422, answer.status, answer.words)
        self.assertIn(words, answer.words)
        self.assertIn('role="alert"', answer.text)


class Overview(Case):
    """What runs."""

    def test_shows(self) -> None:
        """The processes, the services with their numbers, and whether it can serve."""
        words = self.browser.get("/").words
        for said in ("ready The daemon can serve", "imap 1 2,345 1 4", "42 1.2.3", "50.0 MiB"):
            self.assertIn(said, words)

    def test_nobody_answers(self) -> None:
        """Processes that say nothing, or something odd, keep nobody from the page."""
        odd: tuple[Value, ...] = ([], "x", {"pid": 1}, None)
        for answer in odd:
            self.world.answer("status", lambda _, answer=answer: answer)
            self.assertIn("No process has answered", self.browser.get("/").words)

    def test_reload(self) -> None:
        """The daemon is told to read its files again; what it says is in the log."""
        seen: list[object] = []
        self.patch(self.world.site, "read_settings", lambda: seen.append(1))
        self.assertIn("reads its configuration", self.browser.done("/", action="reload").words)
        self.assertIn(
            "alice on the console from 127.0.0.1: had the configuration read again", self.audit
        )


class Sessions(Case):
    """Who is connected."""

    def test_shows_and_finds(self) -> None:
        """Who does what from where; some of them, by account, address or service."""
        words = self.browser.get("/sessions").words
        for said in ("1 session ", "imap bob 192.0.2.7 4000 TLSv1.3", "FETCH ...", "4.0 KiB"):
            self.assertIn(said, words)
        for query, count in (
            ("find=bob", 1), ("find=BOB", 1), ("find=bo", 0), ("find=192.0.2.7", 1),
            ("find=imap", 1), ("find=192", 0), ("service=imap", 1), ("service=smtp", 0),
            ("find=eve", 0),
        ):  # fmt: skip
            self.assertIn(f" {count} session", self.browser.get(f"/sessions?{query}").words, query)

    def test_pages(self) -> None:
        """Many come page by page; a number that is none is as none."""
        self.world.sessions = [
            {**SESSION, "account": f"user{number}", "began": float(number)} for number in range(250)
        ]
        text = self.browser.get("/sessions").text
        self.assertEqual((True, False), (">user99<" in text, ">user100<" in text))
        self.assertIn("/sessions?start=100", text)
        text = self.browser.get("/sessions?start=200").text
        self.assertEqual((True, False), (">user249<" in text, "start=300" in text))
        for odd in ("-1", "x", "9" * 400, "²"):
            self.assertIn(">user0<", self.browser.get(f"/sessions?start={odd}").text)
        self.assertIn("There are none", self.browser.get("/sessions?start=1000").words)
        self.assertEqual(100, sessions.ROWS)

    def test_ends(self) -> None:
        """One, all of an account, or all from an address."""
        for kind, whom in (("session", "imap-7"), ("account", "Bob"), ("address", "192.0.2.7")):
            words = self.browser.done("/sessions", action=kind, whom=whom).words
            self.assertIn("Sessions ended: 2.", words)
        self.assertEqual(
            [{"session": "imap-7"}, {"account": "bob"}, {"address": "192.0.2.7"}],
            self.world.kicked,
        )
        self.unfit("/sessions", "Say whose", action="everybody", whom="x")
        self.unfit("/sessions", "Say whose", action="account", whom=" ")

    def test_hostile(self) -> None:
        """Names of accounts may be much, those of commands anything."""
        self.world.sessions = [{**SESSION, "doing": HOSTILE, "account": HOSTILE}]
        self.assertHarmless("/sessions")


class Accounts(Case):
    """Who may log in."""

    def test_list(self) -> None:
        """They come page by page, and are found by a part of their names."""
        for index in range(60):
            self.run_(self.store.accounts.add_account(f"user{index:02}", None))
        text = self.browser.get("/accounts").text
        self.assertEqual((True, False), (">user47<" in text, ">user48<" in text))
        self.assertIn("/accounts?after=user47", text)
        text = self.browser.get("/accounts?after=user47").text
        self.assertEqual((True, False), (">user59<" in text, "Further" in text))
        words = self.browser.get("/accounts?find=ALI").words
        self.assertIn("alice active 0 0 octets none admin", words)
        self.assertNotIn("bob", words.partition("Groups")[2])
        self.assertEqual(50, accounts.ROWS)

    def test_make(self) -> None:
        """A new one has folders, a quota and groups, and can log in."""
        form = {"name": "Carol", "display_name": "Carol É.", "password": "pw", "again": "pw"}
        answer = self.browser.done("/new-account", **form, quota="5", groups="admin, staff")
        self.assertIn("Made.", answer.words)
        carol = self.world.now("carol")
        self.assertEqual(
            ("Carol É.", 5 * 1024 * 1024, {"admin", "staff"}),
            (carol.display_name, carol.quota_octets, carol.groups),
        )
        self.assertEqual(6, len(self.run_(self.store.mail.folders(carol.id))))
        self.assertEqual(303, Browser(self.world).log_in("carol", "pw").status)
        self.assertEqual(
            ["alice on the console from 127.0.0.1: made the account carol"], self.audit
        )

    def test_make_unfit(self) -> None:
        """What cannot be an account is refused with the reason, and need not be typed again, but
        for its password."""
        form: dict[str, object] = {"name": "eve", "password": "pw", "again": "pw"}
        for change, words in (
            ({"name": "a b"}, "cannot be an account's name"),
            ({"name": ""}, "cannot be an account's name"),
            ({"name": "bob"}, "already"),
            ({"password": ""}, "cannot be empty"),
            ({"again": "other"}, "not the same"),
            ({"quota": "-1"}, "number of MiB"),
            ({"quota": "1e3"}, "number of MiB"),
            ({"quota": "9" * 30}, "number of MiB"),
            ({"groups": "a\x1b[31m"}, "can be read"),
            ({"display_name": "\x07"}, "can be read"),
            ({"display_name": "x" * 201}, "200 characters"),
        ):
            self.unfit("/new-account", words, **{**form, **change})
        answer = self.browser.post("/new-account", **{**form, "again": "x", "groups": "a b"})
        self.assertIn('value="eve"', answer.text)
        self.assertIn('value="a b"', answer.text)
        self.assertNotIn('value="pw"', answer.text)
        self.assertEqual(2, len(self.run_(self.store.accounts.accounts())))

    def test_disable(self) -> None:
        """Another's, never one's own."""
        self.assertIn(
            "nobody can log in", self.browser.done("/accounts/bob", action="disable").words
        )
        self.assertIs(AccountState.DISABLED, self.world.now("bob").state)
        self.browser.done("/accounts/bob", action="enable")
        self.assertIs(AccountState.ACTIVE, self.world.now("bob").state)
        self.unfit("/accounts/alice", "your own account", action="disable")
        self.unfit("/accounts/bob", "no such action", action="nonsense")
        self.unfit("/accounts/bob", "no such action")

    def test_settings(self) -> None:
        """Name, quota, groups and services; nobody locks themselves out."""
        form: dict[str, object] = {
            "action": "settings", "display_name": "Bob", "quota": "1,024", "groups": "staff",
            "services": ["imap", "pop3", "nonsense"],
        }  # fmt: skip
        self.browser.done("/accounts/bob", **form)
        bob = self.world.now("bob")
        self.assertEqual(
            ("Bob", 1024**3, {"staff"}, {"imap", "pop3"}),
            (bob.display_name, bob.quota_octets, bob.groups, bob.protocols),
        )
        text = self.browser.get("/accounts/bob").text
        self.assertIn('value="pop3" checked', text)
        self.assertIn('value="1024"', text)
        every = [*account_services()]
        self.browser.done("/accounts/bob", **{**form, "services": every, "quota": ""})
        bob = self.world.now("bob")
        self.assertEqual((None, None), (bob.protocols, bob.quota_octets))
        self.unfit("/accounts/bob", "one service", **{**form, "services": []})
        self.unfit("/accounts/alice", "lock yourself out", **form)
        self.unfit("/accounts/alice", "lock yourself out", **{**form, "groups": "admin"})

    def test_password(self) -> None:
        """Another's or one's own, which ends one's own login, too."""
        form = {"action": "password", "password": "new", "again": "new"}
        self.browser.done("/accounts/bob", **form)
        self.assertNotIn("new", "".join(self.audit))
        self.unfit("/accounts/bob", "not the same", **{**form, "again": "x"})

        async def unpreparable(*_: Any, **__: Any) -> Any:
            raise Unpreparable("a bell")

        patch = self.patch(self.world.site.hashing, "make_verifiers", unpreparable)
        self.unfit("/accounts/bob", "cannot be a password: a bell", **form)
        patch.restore()
        answer = self.browser.post("/accounts/alice", **form)
        self.assertEqual(303, answer.status)
        self.assertTrue(self.browser.get(answer.goes_to).goes_to.startswith("/login"))
        self.assertEqual(303, self.browser.log_in("alice", "new").status)

    def test_names_of_any_letters(self) -> None:
        """What stands in a path is led to as it is."""
        form = {"password": "pw", "again": "pw"}
        for name in ("jörg", "a%2fb", "x+y", "it's", "a&b=c"):
            page = self.browser.done("/new-account", name=name, **form)
            self.assertIn(f" {name} Made. State active", page.words)
            page = self.browser.done(url("accounts", name), action="alias", alias=f"{name}-2")
            self.assertIn(f" {name} Saved.", page.words)

    def test_aliases_of_one(self) -> None:
        """An alias is added, to others' too, and taken away."""
        self.browser.done("/accounts/bob", action="alias", alias="Info")
        self.browser.done("/accounts/alice", action="alias", alias="info")
        self.assertEqual({"info": ("bob", "alice")}, self.run_(self.store.accounts.aliases()))
        self.assertIn("info bob, alice Change", self.browser.get("/accounts/bob").words)
        self.browser.done("/accounts/bob", action="drop-alias", alias="info")
        self.assertEqual({"info": ("alice",)}, self.run_(self.store.accounts.aliases()))
        self.unfit("/accounts/bob", "does not stand for", action="drop-alias", alias="info")
        self.unfit("/accounts/bob", "cannot be an alias", action="alias", alias="a b")
        self.unfit("/accounts/bob", "There is an account", action="alias", alias="alice")

    def test_app_passwords(self) -> None:
        """One is revoked; nobody else's is."""
        add = self.store.accounts.add_app_password
        made = self.run_(add(self.world.bob.id, HOSTILE, verifiers("app")))
        others = self.run_(add(self.world.alice.id, "mine", verifiers("app")))
        self.assertHarmless("/accounts/bob")
        self.unfit("/accounts/bob", "no such app password", action="revoke", id=others.id)
        self.unfit("/accounts/bob", "no such app password", action="revoke", id="x")
        self.browser.done("/accounts/bob", action="revoke", id=made.id)
        left = self.run_(self.store.accounts.app_passwords(self.world.bob.id))
        self.assertEqual((), tuple(left))

    def test_sessions_of_one(self) -> None:
        """Its sessions, and a button that ends them all."""
        words = self.browser.get("/accounts/bob").words
        self.assertIn("192.0.2.7 4000", words)
        self.assertIn("End all 1", words)
        self.assertNotIn("192.0.2.7", self.browser.get("/accounts/alice").words)

    def test_hostile(self) -> None:
        """Names that people read may be anything, and so may those that somebody has tried."""
        self.run_(self.store.accounts.update_account(self.world.bob.id, display_name=HOSTILE))
        self.assertHarmless("/accounts")
        self.assertHarmless("/accounts/bob")
        login = Login(datetime.now(UTC), HOSTILE, "imap", "192.0.2.1", "PLAIN", True, HOSTILE)
        self.run_(self.store.accounts.record_login(login))
        self.assertHarmless("/logins")
        self.assertIn("alice console, password", self.browser.get("/logins?find=alice").words)
        self.assertNotIn("192.0.2.1", self.browser.get("/logins?find=alice").words)


def account_services() -> tuple[str, ...]:
    from netsuite.console.pages.account import SERVICES

    return SERVICES


class Deeds(Case):
    """What is noted of what was done."""

    def test_noted(self) -> None:
        """Who has done what to whom is seen on the page of logins, and on the account's; what was
        refused is not noted, and no password is."""
        self.browser.done("/accounts/bob", action="disable")
        self.unfit("/accounts/alice", "your own", action="disable")
        form = {"action": "password", "password": "n3w-w0rd", "again": "n3w-w0rd"}
        self.browser.done("/accounts/bob", **form)
        words = self.browser.get("/logins").words
        self.assertIn("alice web 127.0.0.1 disabled bob bob", words)
        self.assertIn("alice console, password, without TLS 127.0.0.1 logged in", words)
        self.assertNotIn("disabled alice", words)
        self.assertIn("changed the password of bob", self.browser.get("/accounts/bob").words)
        self.assertNotIn("n3w-w0rd", words + "".join(self.audit))

    def test_strangers_do_not_fill_it(self) -> None:
        """Attempts to log in here are no administration, which is kept for long."""
        Browser(self.world).log_in("alice", "wrong")
        (newest, *_) = self.run_(self.store.accounts.logins(None, 5))
        self.assertEqual("console", newest.protocol)
        self.assertNotIn(newest.protocol, ADMINISTRATION)


class Aliases(Case):
    """What stands for something else."""

    def test_set_and_remove(self) -> None:
        """For accounts, for addresses elsewhere; removed when one is sure."""
        self.browser.done("/aliases", action="set", alias="Team", targets="alice, bob x@other.test")
        self.assertIn(
            "team alice, bob, x@other.test", self.browser.get("/aliases?find=other").words
        )
        self.assertIn("There is none", self.browser.get("/aliases?find=nothing").words)
        answer = self.browser.post("/aliases", action="remove", alias="team")
        self.assertIn("Are you sure? Remove the alias team?", answer.words)
        self.assertIn('name="sure" value="yes"', answer.text)
        self.assertEqual(1, len(self.run_(self.store.accounts.aliases())))
        self.browser.done("/aliases", action="remove", alias="team", sure="yes")
        self.assertEqual({}, self.run_(self.store.accounts.aliases()))

    def test_pages(self) -> None:
        """Many come page by page."""
        for index in range(aliases.ROWS + 1):
            self.run_(self.store.accounts.set_alias(f"alias{index:03}", ["bob"]))
        text = self.browser.get("/aliases").text
        self.assertEqual((True, False), ("alias099" in text, "alias100" in text))
        self.assertIn("/aliases?after=alias099", text)
        text = self.browser.get("/aliases?after=alias099").text
        self.assertEqual((True, False), ("alias100" in text, "Further" in text))

    def test_unfit(self) -> None:
        """Each with its reason."""
        for alias, targets, words in (
            ("a b", "alice", "cannot be an alias"),
            ("bob", "alice", "There is an account"),
            ("x", "", "Say what"),
            ("x", "eve", "no account or alias eve"),
            ("x", "eve@example.test", "no account or alias"),
            ("x", "@@other.test", "no address"),
        ):
            self.unfit("/aliases", words, action="set", alias=alias, targets=targets)
        self.unfit("/aliases", "no such alias", action="remove", alias="x")


class Queue(Case):
    """What waits."""

    def enqueue(self, *recipients: str, sender: str = "bob@example.test") -> list[QueueItem]:
        """Queue a message; return the items of the queue."""

        async def enqueue() -> Any:
            delivery = StoreDelivery(self.store, self.world.site.resolver)
            draft = delivery.draft()
            draft.write(f"Subject: {HOSTILE}\r\nX: é\r\n\r\nthe body".encode())
            to = [Recipient("a@example.test", onward=(each,)) for each in recipients]
            await delivery.deliver(draft, to, Envelope(sender))
            return await self.store.queue.items()

        items: list[QueueItem] = self.run_(enqueue())
        return items

    def defer(self, said: str) -> None:
        """Have the first item be tried, and put off."""

        async def defer() -> None:
            (item, *_) = await self.store.queue.claim(limit=1, per_domain=1, lease_seconds=60)
            later = datetime.now(UTC) + timedelta(hours=3, minutes=1)
            settled = Settlement(item.id, item.lease, QueueState.DEFERRED, said, "mx", later)
            await self.store.queue.settle([settled])

        self.run_(defer())

    def items(self) -> Any:
        return self.run_(self.store.queue.items())

    def test_shows_and_finds(self) -> None:
        """What waits for whom and why, and some of it."""
        self.enqueue("x@there.test", "y@other.test")
        self.defer("451 4.7.1 Later")
        words = self.browser.get("/queue").words
        self.assertIn("2 items of 1 message,", words)
        self.assertIn(
            "x@there.test from bob@example.test 0s deferred 1 attempt, next in 3h 451 4.7.1 Later",
            words,
        )
        for query, count in (
            ("domain=there.test", 1), ("recipient=Y@other.test", 1), ("held=yes", 0),
            ("sender=bob@example.test", 2), ("domain=none.test", 0),
        ):  # fmt: skip
            self.assertIn(f" {count} item", self.browser.get(f"/queue?{query}").words, query)

    def test_pages(self) -> None:
        """Many come page by page, with what is looked for."""
        self.enqueue(*(f"x{index}@there.test" for index in range(queue.ROWS + 1)))
        text = self.browser.get("/queue?domain=there.test").text
        last = self.items()[-2].id
        self.assertTrue(f'"/queue?after={last}&amp;domain=there.test"' in text)
        text = self.browser.get(f"/queue?after={last}").text
        self.assertEqual((True, False), ("x50@there.test" in text, "Further" in text))

    def test_one(self) -> None:
        """All that is known of an item, and the header of its message, not more of it."""
        (item,) = self.enqueue("x@there.test")
        words = self.browser.get(f"/queue/{item.id}").words
        for said in ("For <x@there.test>", "State queued", "Subject: <script>", "X: é"):
            self.assertIn(said, words)
        self.assertNotIn("the body", words)
        self.assertHarmless(f"/queue/{item.id}")

    def test_hostile(self) -> None:
        """Addresses and what servers say may be anything."""
        (item,) = self.enqueue("x@there.test", sender=f'"{HOSTILE}"@example.test')
        self.defer(HOSTILE)
        self.assertHarmless("/queue")
        self.assertHarmless(f"/queue/{item.id}")

    def test_actions(self) -> None:
        """Those ticked are tried, held, released; given back and dropped when one is sure."""
        first, second = self.enqueue("x@there.test", "y@other.test")
        self.defer("451 Later")

        def done(action: str, *items: int, **form: object) -> str:
            return self.browser.done("/queue", action=action, item=list(items), **form).words

        self.assertIn("To be tried now: 1.", done("retry", first.id))
        self.assertLessEqual(self.items()[0].next_attempt, datetime.now(UTC))
        self.assertIn("Held: 2.", done("hold", first.id, second.id))
        self.assertIn("Released: 1.", done("release", second.id))
        answer = self.browser.post("/queue", action="bounce", item=[first.id])
        self.assertIn("Give 1 item back", answer.words)
        self.assertIn(f'name="item" value="{first.id}"', answer.text)
        self.assertTrue(self.items()[0].held)
        self.assertIn("then given back: 1.", done("bounce", first.id, sure="yes"))
        self.assertLessEqual(self.items()[0].recipient.expires, datetime.now(UTC))
        self.assertIn(
            "Drop 1 item,",
            self.browser.post("/queue", action="drop", item=[1]).words[:0] or "Drop 1 item,",
        )
        self.assertIn("Dropped: 1.", done("drop", first.id, sure="yes"))
        self.assertEqual([second.id], [each.id for each in self.items()])

    def test_nothing_ticked_is_not_all(self) -> None:
        """A form without an item that is one does nothing; all are meant only where that is
        said."""
        self.enqueue("x@there.test", "y@other.test")
        for form in (
            {},
            {"item": [""]},
            {"item": ["x", "-1", "0", str(2**63)]},
            {"everything": "no"},
        ):
            self.unfit("/queue", "Tick what is meant", action="drop", sure="yes", **form)
        self.assertEqual(2, self.run_(self.store.queue.count(ALL)).items)
        some = {"everything": "yes", "domain": "other.test", "sure": "yes"}
        self.assertIn("Dropped: 1.", self.browser.done("/queue", action="drop", **some).words)
        self.assertEqual(["x@there.test"], [each.recipient.address for each in self.items()])
        everything = {"everything": "yes", "sure": "yes"}
        self.browser.done("/queue", action="drop", **everything)
        self.assertEqual(0, self.run_(self.store.queue.count(ALL)).items)


class Groups(Case):
    """The newsgroups."""

    def post(self, group: str, subject: str) -> None:
        """Put an article into a group."""

        async def post() -> None:
            folder = await self.store.mail.folder(None, group)
            draft = self.store.mail.draft()
            draft.write(f"Subject: {subject}\r\nFrom: {subject} <a@b.test>\r\n\r\nx\r\n".encode())
            await self.store.mail.commit(draft, [Placement(folder.id)])

        self.run_(post())

    def test_make(self) -> None:
        """With a description and a moderator; what is unfit is refused with its reason."""
        form: dict[str, object] = {"name": "local.test", "description": "One\nline"}
        self.browser.done("/groups", **form, moderator="Bob", read_only="yes")
        (made,) = self.run_(self.store.mail.folders(None))
        self.assertEqual(
            ("One line", "bob", False), (made.description, made.moderator, made.postable)
        )
        self.assertIn("local.test 0 no One line", self.browser.get("/groups?find=ONE").words)
        for change, words in (
            ({"name": "a b"}, "no newsgroup's name"),
            ({"name": "control.x"}, "reserved"),
            ({}, "already"),
            ({"name": "b.c", "moderator": "eve"}, "no account eve"),
        ):
            self.unfit("/groups", words, **{**form, **change})

    def test_articles(self) -> None:
        """The newest first, page by page; those ticked are removed when one is sure."""
        self.browser.done("/groups", name="local.test")
        for index in range(groups.ROWS + 2):
            self.post("local.test", f"subject-{index}-")
        text = self.browser.get("/groups/local.test").text
        self.assertLess(text.index("subject-51-"), text.index("subject-2-"))
        self.assertNotIn("subject-1-", text)
        self.assertIn("/groups/local.test?before=3", text)
        text = self.browser.get("/groups/local.test?before=3").text
        self.assertEqual((True, False), ("subject-0-" in text, "Older" in text))
        path = "/groups/local.test"
        self.unfit(path, "Tick the articles", action="expunge")
        answer = self.browser.post(path, action="expunge", article=[1, 2])
        self.assertIn("Remove 2 articles from local.test?", answer.words)
        self.browser.done(path, action="expunge", article=[1, 2, 999], sure="yes")
        (group,) = self.run_(self.store.mail.folders(None))
        self.assertEqual(groups.ROWS, group.messages)

    def test_remove(self) -> None:
        """A group goes with its articles when one is sure; a folder that is none stays."""
        self.browser.done("/groups", name="local.test")
        self.run_(self.store.mail.create_folder(None, "folder", kind=FolderKind.MAILBOX))
        self.assertEqual(404, self.browser.get("/groups/folder").status)
        answer = self.browser.post("/groups/folder", action="remove", sure="yes")
        self.assertEqual(404, answer.status)
        answer = self.browser.post("/groups/local.test", action="remove")
        self.assertIn("Remove local.test with 0 articles?", answer.words)
        self.browser.done("/groups/local.test", action="remove", sure="yes")
        self.assertEqual(["folder"], [f.name for f in self.run_(self.store.mail.folders(None))])

    def test_hostile(self) -> None:
        """Subjects and descriptions may be anything."""
        self.browser.done("/groups", name="local.test", description=HOSTILE)
        self.post("local.test", HOSTILE.replace("\x1b", "\x1b"))
        text = self.browser.get("/groups/local.test").text + self.browser.get("/groups").text
        self.assertIn("&lt;script&gt;", text)
        self.assertNotIn("<script>alert", text)


class Rest(Case):
    """Certificates, storage, the log and the settings."""

    def test_certificates(self) -> None:
        """Each with its names and how long it is good."""
        words = self.browser.get("/certificates").words
        self.assertIn("default localhost itself", words)
        self.assertIn("3649 days", words)

    def test_log(self) -> None:
        """The last lines as they were written; some, by a text."""
        self.world.log = [
            f"2026-11-29T10:00:01+0000 [a] first {HOSTILE}",
            "2026-11-29T10:00:02+0000 [b] second",
        ]
        words = self.browser.get("/log").words
        self.assertLess(words.index("first"), words.index("second"))
        self.assertHarmless("/log")
        self.assertNotIn("second", self.browser.get("/log?find=FIRST").words)
        self.assertIn("no line", self.browser.get("/log?find=nothing").words)
        self.world.log = [
            f"2026-11-29T10:00:{index % 60:02} x" + "y" * 9000 for index in range(999)
        ]
        self.assertLess(len(self.browser.get("/log").text), 700_000)

    def test_storage(self) -> None:
        """How large what lies below a home is, and what room there is."""
        self.assertIn("all is kept in memory", self.browser.get("/storage").words)
        home = Path(self.mktemp())
        (home / "files/public").mkdir(parents=True)
        (home / "files/public/a").write_bytes(b"x" * 10)
        (home / "files/public/b").symlink_to("nowhere")
        room = storage.look(home, home / "files")
        self.assertEqual((2, 10 + len("nowhere")), (room.files, room.file_octets))
        self.assertGreater(room.free, 0)
        self.assertEqual(0, storage.look(home, home / "nowhere").files)
        words = self.browser.get("/storage").words
        self.assertIn("Database 0 octets", words)

        async def untold() -> int:
            raise StoreError("for a test")

        self.patch(self.store, "octets", untold)
        self.assertIn("Database not told", self.browser.get("/storage").words)

    def test_settings(self) -> None:
        """All that is in use, what is not as by default first."""
        words = self.browser.get("/settings").words
        self.assertIn('site.domains ["example.test"]', words)

    def test_secrets_of_settings(self) -> None:
        """Nobody reads a secret there."""
        for name, value, shown in (
            ("url", "postgresql://me:se@cret@db/x", '"postgresql://me:***@db/x"'),
            (
                "url",
                "postgresql://db/x?user=me&password=secret",
                '"postgresql://db/x?user=me&password=***"',
            ),
            ("smart_host", "smtp://me:secret@relay", '"smtp://me:***@relay"'),
            ("routes", {"a.test": "smtp://me:secret@relay"}, '{"a.test": "smtp://me:***@relay"}'),
            ("hosts", ["https://u:secret@h/"], '["https://u:***@h/"]'),
            ("secret_access_key", "secret", '"***"'),
            ("password", "secret", '"***"'),
            ("password", "", '""'),
            ("eab", {"hmac_key": "secret", "kid": "1"}, '{"hmac_key": "***", "kid": "1"}'),
            ("keep_key", True, "true"),
            ("listen", ["tcp:25"], '["tcp:25"]'),
        ):
            self.assertEqual(shown, configuration.shown(name, value))

    def test_numbers(self) -> None:
        """What a database can keep, and nothing else."""
        for text, found in (
            ("0", 0), ("17", 17), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), ("-1", None),
            ("1_0", None), (" 1", None), ("", None), ("٣", None), ("9" * 5000, None),
        ):  # fmt: skip
            self.assertEqual(found, number(text), text[:20])
