"""Migration from an IMAP server, in memory: what comes along, what comes again, what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IListeningPort, ITransport
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

from netsuite.cli.client.access import Access
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import Target
from netsuite.cli.leftout import LeftOut
from netsuite.cli.migration.account import Migration
from netsuite.cli.migration.copying import BATCH, Counts
from netsuite.cli.migration.journal import Journal, Row
from netsuite.cli.migration.mapping import mapped
from netsuite.cli.migration.marks import mark_of
from netsuite.connection.errors import ConnectionLost, ProtocolViolation
from netsuite.imap.commands.responses import Listed, NamespaceData
from netsuite.store.folder_names import STANDARD_FOLDERS, checked
from netsuite.store.model import (
    FlagAction,
    Folder,
    FolderId,
    FolderKind,
    SpecialUse,
)
from netsuite.testing.mail import Mailbox
from netsuite.testing.suite import Suite
from tests.testing.worlds import in_memory

#: Folder to its messages: octets, flags.
Mail = dict[str, list[tuple[bytes, frozenset[str]]]]


class Said(LeftOut):
    """Remembers what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.count += 1
        self.lines.append(line)

    def remark(self, line: str) -> None:
        self.lines.append(line)


class World:
    """A server in memory with ann's mail, which is to become bob's, in the same store."""

    def __init__(self, suite: Suite, journal: Path) -> None:
        self.suite = suite
        self.journal = journal
        self.ann = suite.mailbox("ann")
        self.bob = suite.mailbox("bob")
        self.said = Said()
        self.port = suite.imap.port
        self.ports: list[IListeningPort] = []

    def session(self, authorize_as: str = "") -> ClientSession:
        target = Target("imap", "127.0.0.1", self.port)
        login = (self.ann.name, self.ann.password)
        access = Access(progress=False)
        return ClientSession(self.suite.reactor, target, access, login, authorize_as)

    def migrate(
        self, journal: Journal | None = None, exclude: Collection[str] = (), name: str = "ann"
    ) -> Counts:
        """Run a migration to its end."""
        self.said = Said()

        async def work() -> Counts:
            account = await self.suite.store.accounts.account("bob")
            used = journal or Journal(self.journal)
            migration = Migration(
                self.suite.store, used, self.session(), account, name, self.said,
                exclude=tuple(exclude),
            )  # fmt: skip
            try:
                return await migration.run(self.suite.clock)
            finally:
                used.close()

        return self.suite.ground.run(work)

    def mail(self, whose: Mailbox) -> Mail:
        """Return what an account has, but for empty folders."""

        async def work() -> Mail:
            store = self.suite.store.mail
            found: Mail = {}
            for folder in await store.folders(whose.id):
                for each in await store.messages(folder.id, None, whose.id):
                    octets = b"".join([piece async for piece in store.read(each.content)])
                    found.setdefault(folder.name, []).append((octets, each.flags))
            return found

        return self.suite.ground.run(work)

    def deliver(self, folder: str, octets: bytes, *flags: str) -> None:
        self.suite.ground.run(lambda: self.ann.deliver(octets, folder=folder, flags=flags))

    def flag(
        self, whose: Mailbox, folder: str, uids: Iterable[int], action: str, flag: str
    ) -> None:
        async def work() -> None:
            found = await self.suite.store.mail.folder(whose.id, folder)
            await self.suite.store.mail.store_flags(
                found.id, list(uids), FlagAction(action), frozenset({flag}), whose.id
            )

        self.suite.ground.run(work)


def letter(number: object, size: int = 10) -> bytes:
    text = str(number).encode()
    return b"Message-ID: <%b@x>\r\nSubject: %b\r\n\r\n%b\r\n" % (text, text, b"x" * size)


@contextmanager
def world(tmp_path: Path) -> Iterator[World]:
    with in_memory("imap") as suite:
        made = World(suite, tmp_path / "journal")
        yield made
        for port in made.ports:
            port.stopListening()


def test_everything(tmp_path: Path) -> None:
    """Folders, flags, dates, subscriptions and uses come along; large messages in pieces."""
    with world(tmp_path) as w:
        w.deliver("INBOX", letter(1), "\\Seen", "$Forwarded", "work")
        w.deliver("INBOX", letter("large", 3_000_000), "\\Draft")
        w.deliver("Work/Gr\u00fcn", letter(2), "\\Deleted", "\\Flagged", "\\Answered")
        w.deliver("Sent", letter(3))

        async def subscribe() -> None:
            for name in ("Work/Gr\u00fcn", "Sent", "Gone"):
                await w.suite.store.mail.subscribe(w.ann.id, name, True)

        w.suite.ground.run(subscribe)
        counts = w.migrate()
        assert (counts.copied, counts.there, counts.changed) == (4, 0, 0)
        assert w.mail(w.bob) == w.mail(w.ann)
        assert w.said.lines == []

        async def rest() -> tuple[frozenset[str], list[list[datetime]]]:
            store = w.suite.store.mail
            dates: list[list[datetime]] = []
            for who in (w.ann, w.bob):
                dates.append([])
                for found in await store.folders(who.id):
                    for each in await store.messages(found.id, None, who.id):
                        dates[-1].append(each.internal_date.replace(microsecond=0))
            return await store.subscriptions(w.bob.id), dates

        subscribed, dates = w.suite.ground.run(rest)
        assert subscribed == {"INBOX", "Work/Gr\u00fcn", "Sent", "Gone"}
        assert dates[0] == dates[1]


def test_again(tmp_path: Path) -> None:
    """A second run copies what is new, and takes over flags; what was changed here stays."""
    with world(tmp_path) as w:
        for number in range(2 * BATCH + 5):
            w.deliver("INBOX", letter(number))
        assert w.migrate().copied == 2 * BATCH + 5
        w.deliver("INBOX", letter("new"))
        w.deliver("Later", letter("later"))
        w.flag(w.ann, "INBOX", (1, 2, 3), "add", "\\Seen")
        w.flag(w.bob, "INBOX", (2,), "add", "\\Flagged")

        async def remove() -> None:
            folder = await w.suite.store.mail.folder(w.bob.id, "INBOX")
            await w.suite.store.mail.expunge(folder.id, [4], deleted_only=False)

        w.suite.ground.run(remove)
        counts = w.migrate()
        assert (counts.copied, counts.there, counts.changed) == (2, 2 * BATCH + 5, 3)
        mail = dict(w.mail(w.bob)["INBOX"])
        assert mail[letter(1)] == {"\\Seen", "\\Flagged"}
        assert letter(3) not in mail
        w.flag(w.ann, "INBOX", (1,), "remove", "\\Seen")
        assert w.migrate().changed == 1
        assert dict(w.mail(w.bob)["INBOX"])[letter(0)] == frozenset()
        assert w.migrate() == Counts(w.migrate().mailboxes, 0, 2 * BATCH + 7, 0)


class Killed(BaseException):
    """As a kill would, no code here runs after it."""


class Mortal(Journal):
    """A journal whose process is killed in its Nth use."""

    def __init__(self, path: Path, uses: int) -> None:
        super().__init__(path)
        self.left = uses

    def _use(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def begin(self, *arguments: object) -> object:  # type: ignore[override]
        self._use()
        return super().begin(*arguments)  # type: ignore[arg-type]

    def add(self, mailbox: int, rows: Iterable[Row]) -> None:
        self._use()
        super().add(mailbox, rows)

    def end(self, mailbox: int) -> None:
        self._use()
        super().end(mailbox)


@pytest.mark.parametrize("uses", range(1, 16, 2))
def test_broken_off(tmp_path: Path, uses: int) -> None:
    """Wherever it is broken off, between a commit and the journal too, the next run doubles and
    misses nothing; not where the mailbox here gets other mail meanwhile."""
    with world(tmp_path) as w:
        for number in range(BATCH + 20):
            w.deliver("INBOX", letter(number))
        for _ in range(3):
            w.deliver("Same", b"Subject: no id\r\n\r\nsame\r\n")
        w.deliver("Z", letter("z"))
        for more in range(5):
            try:
                w.migrate(Mortal(w.journal, uses + more))
            except Killed:
                w.suite.imap.end_sessions()
        w.suite.ground.run(lambda: w.bob.deliver(letter("own")))
        w.migrate()
        expected = w.mail(w.ann)
        found = w.mail(w.bob)
        found["INBOX"].remove((letter("own"), frozenset()))
        assert found == expected
        assert w.migrate().copied == 0


def test_lost_journal(tmp_path: Path) -> None:
    """Without its journal it knows messages again by their headers."""
    with world(tmp_path) as w:
        for number in range(20):
            w.deliver("INBOX", letter(number), *(["\\Seen"] if number % 2 else []))
        w.migrate()
        w.journal.unlink()
        w.deliver("INBOX", letter("new"))
        assert w.migrate().copied == 1
        assert w.mail(w.bob) == w.mail(w.ann)


def test_new_uid_validity(tmp_path: Path) -> None:
    """Where UIDs mean other messages now, that is noticed, said, and doubles nothing."""
    with world(tmp_path) as w:
        for number in range(20):
            w.deliver("INBOX", letter(number))
        w.migrate()
        w.suite.imap.uid_validity(by=7, to="EXAMINE", times=None)
        w.deliver("INBOX", letter("new"))
        counts = w.migrate()
        assert (counts.copied, counts.there) == (1, 20)
        assert "INBOX has another UIDVALIDITY than before" in w.said.lines[0]
        assert w.mail(w.bob) == w.mail(w.ann)
        assert w.migrate().copied == 0
        assert w.said.lines == []
        w.suite.imap.clear()


def test_connections_lost(tmp_path: Path) -> None:
    """A connection that ends is made again, and what came is not fetched twice."""
    with world(tmp_path) as w:
        for number in range(2 * BATCH):
            w.deliver("INBOX", letter(number, 500))
        for after in (20_000, 60_000, 4000):
            w.suite.imap.drop(after=after, times=1)
        counts = w.migrate()
        assert counts.copied == 2 * BATCH
        assert w.mail(w.bob) == w.mail(w.ann)
        assert all("connecting again in" in line for line in w.said.lines), w.said.lines
        w.suite.imap.clear()


def test_server_that_is_gone(tmp_path: Path) -> None:
    """It does not try for ever."""
    with world(tmp_path) as w:
        w.deliver("INBOX", letter(1))
        w.suite.imap.drop(at="EXAMINE", times=None)
        with pytest.raises(ConnectionLost):
            w.migrate()
        w.suite.imap.clear()
        assert w.migrate().copied == 1


def test_mailbox_refused(tmp_path: Path) -> None:
    """A mailbox that cannot be opened is left out, and told; the others are taken."""
    with world(tmp_path) as w:
        w.deliver("INBOX", letter(1))
        w.deliver("Work", letter(2))
        w.suite.imap.refusing("EXAMINE", times=1)
        w.migrate()
        (line,) = w.said.lines
        assert line.startswith("INBOX cannot be taken: ")
        assert w.mail(w.bob) == {"Work": [(letter(2), frozenset())]}


def test_quota(tmp_path: Path) -> None:
    """What does not fit is told, and taken when there is room."""
    with world(tmp_path) as w:
        for number in range(5):
            w.deliver("INBOX", letter(number))

        async def limit(messages: int | None) -> None:
            await w.suite.store.accounts.update_account(w.bob.id, quota_messages=messages)

        w.suite.ground.run(lambda: limit(3))
        w.migrate()
        assert [line.partition(":")[0] for line in w.said.lines] == [
            "message 4 of INBOX cannot be taken", "message 5 of INBOX cannot be taken",
        ]  # fmt: skip
        w.suite.ground.run(lambda: limit(None))
        assert w.migrate().copied == 2
        assert w.mail(w.bob) == w.mail(w.ann)


def test_excluded(tmp_path: Path) -> None:
    """Patterns name what is left out."""
    with world(tmp_path) as w:
        for name in ("INBOX", "Junk/Old", "[x]/y", "Work"):
            w.deliver(name, letter(name))
        w.migrate(exclude=["Junk*", "[x]/*"])
        assert set(w.mail(w.bob)) == {"INBOX", "Work"}
        assert "[x]/y is excluded" in w.said.lines


# -- servers that are not ours -------------------------------------------------------------------


class Odd(LineReceiver):
    """A server of a few mailboxes, as odd as a test wants it.

    ``answers`` are tried in order: a pattern of the command without its tag, and what is said
    before its completion; a callable is given the match.
    """

    answers: tuple[tuple[bytes, object], ...] = ()
    asked: list[bytes]

    @property
    def _transport(self) -> ITransport:
        assert self.transport is not None
        return self.transport

    def connectionMade(self) -> None:
        self._transport.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")

    def lineReceived(self, line: bytes) -> None:
        tag, _, command = line.partition(b" ")
        self.asked.append(command)
        for pattern, answer in self.answers:
            match = re.match(pattern, command)
            if match is None:
                continue
            said = answer(match) if callable(answer) else answer
            if said is None:
                self._transport.loseConnection()
                return
            assert isinstance(said, bytes)
            end = b"" if said.startswith(b"NO ") else b"OK done\r\n"
            self._transport.write(tag + b" " + said if not end else said + tag + b" " + end)
            return
        self._transport.write(tag + b" OK done\r\n")


def fetched(uids: Iterable[int], *, lie: int = 0) -> Callable[[re.Match[bytes]], bytes | None]:
    """Return what answers UID FETCH for messages that are there."""

    def answer(match: re.Match[bytes]) -> bytes:
        wanted: set[int] = set()
        for word in match[1].split(b","):
            first, _, last = word.partition(b":")
            wanted |= set(range(int(first), int(last or first) + 1))
        said = []
        for number, uid in enumerate(uids, 1):
            if uid not in wanted:
                continue
            octets = letter(uid)
            known = b"UID %d FLAGS (\\Seen \\Recent) RFC822.SIZE %d" % (uid, len(octets) + lie)
            if b"HEADER.FIELDS" in match[2]:
                header = octets[: octets.index(b"\r\n\r\n") + 4]
                known += b" BODY[HEADER.FIELDS (X)] {%d}\r\n%b" % (len(header), header)
            elif b"BODY" in match[2]:
                known += b' INTERNALDATE "01-Jan-2020 10:00:00 +0000"'
                known += b" BODY[] {%d}\r\n%b" % (len(octets), octets)
            said.append(b"* %d FETCH (%b)\r\n" % (number, known))
        return b"".join(said)

    return answer


FETCH = rb"UID FETCH (\S+) (.*)"
LIST = b'* LIST () "/" INBOX\r\n'


def box(uids: Iterable[int]) -> tuple[tuple[bytes, object], ...]:
    """Return the answers for one mailbox of those messages."""
    listed = list(uids)
    numbers = b" ".join(b"%d" % uid for uid in listed)
    return (
        (rb"EXAMINE", b"* %d EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n" % len(listed)),
        (rb"UID SEARCH", b"* SEARCH %b\r\n" % numbers),
        (FETCH, fetched(listed)),
    )


def with_odd(w: World, *answers: tuple[bytes, object]) -> list[bytes]:
    """Have a world's account come from an odd server; return what that is asked."""
    asked: list[bytes] = []

    class Ours(Odd):
        pass

    Ours.answers, Ours.asked = answers, asked
    listening = w.suite.reactor.listenTCP(0, Factory.forProtocol(Ours), interface="127.0.0.1")
    w.ports.append(listening)
    w.port = listening.getHost().port
    return asked


def test_absurd_names(tmp_path: Path) -> None:
    """Names that lead elsewhere, break lines or are too long are names here, each its own."""
    names = [
        b"..", b"../../etc/passwd", b"{6}\r\na\tb/\x01c", b"/", b"a//b", b"x" * 400, b"x" * 401,
        b"a/b/c" * 100, b"&AAoACg-", b"inbox", b"&2D0-", b"Work", b"work",
    ]  # fmt: skip
    listed = b"".join(
        b'* LIST () "/" ' + (each if each[:1] == b"{" else b'"%b"' % each) + b"\r\n"
        for each in names
    )
    with world(tmp_path) as w:
        with_odd(w, (rb"LIST", listed), *box([1, 2]))
        counts = w.migrate()
        assert counts.mailboxes + w.said.count == len(names)
        assert w.said.count <= 1, w.said.lines  # that with line breaks cannot be asked for
        for name, mail in w.mail(w.bob).items():
            assert checked(name, private=True) == name
            assert [octets for octets, _ in mail] == [letter(1), letter(2)], name
        assert w.migrate().copied == 0


def test_a_thousand_mailboxes(tmp_path: Path) -> None:
    """Each is opened once."""
    listed = b"".join(b'* LIST () "/" box%d\r\n' % number for number in range(1000))
    with world(tmp_path) as w:
        asked = with_odd(w, (rb"LIST", listed), *box([]))
        assert w.migrate().mailboxes == 1000
        assert sum(each.startswith(b"EXAMINE") for each in asked) == 1000


def test_lies_about_sizes(tmp_path: Path) -> None:
    """What comes counts; that the server said otherwise is remarked."""
    with world(tmp_path) as w:
        lies = (FETCH, fetched([1, 2], lie=100_000_000))
        with_odd(w, (rb"LIST", LIST), lies, *box([1, 2]))
        assert w.migrate().copied == 2
        assert w.said.lines == [
            "2 messages of INBOX have another size than the server says; they are as it gave them"
        ]
        assert w.said.count == 0


def test_poison(tmp_path: Path) -> None:
    """A message at which the server gives up does not keep the others from coming."""

    def answer(match: re.Match[bytes]) -> bytes | None:
        octets = fetched(range(1, 21))(match)
        assert octets is not None
        return None if b"BODY[]" in octets and b"UID 7 " in octets else octets

    with world(tmp_path) as w:
        with_odd(w, (rb"LIST", LIST), (FETCH, answer), *box(range(1, 21)))
        assert w.migrate().copied == 19
        last = w.said.lines[-1]
        assert last.startswith("message 7 of INBOX cannot be taken: the connection is lost")
        assert w.said.count == 1


def test_refused_and_missing(tmp_path: Path) -> None:
    """What the server refuses, or passes over in silence, is told; nobody else's is taken."""

    def answer(match: re.Match[bytes]) -> bytes | None:
        if b"BODY.PEEK[]" in match[2]:
            if match[1] == b"3" or b":" in match[1] or b"," in match[1]:
                return b"NO cannot\r\n"
            if match[1] == b"4":
                return b"* 9 FETCH (UID 99 BODY[] {3}\r\nabc)\r\n"
            if match[1] == b"5":
                return b'* 5 FETCH (UID 5 FLAGS () BODY[] "")\r\n'
        return fetched(range(1, 6))(match)

    with world(tmp_path) as w:
        with_odd(w, (rb"LIST", LIST), (FETCH, answer), *box(range(1, 6)))
        assert w.migrate().copied == 2
        assert [line.partition(" cannot")[0] for line in w.said.lines if "cannot" in line] == [
            "message 3 of INBOX", "message 4 of INBOX", "message 5 of INBOX",
        ]  # fmt: skip


def test_more_than_was_asked_for(tmp_path: Path) -> None:
    """A server cannot fill the disk with messages that nobody wants."""

    def answer(match: re.Match[bytes]) -> bytes:
        if b"BODY.PEEK[]" not in match[2]:
            said = fetched([1])(match)
            assert said is not None
            return said
        large = b"* %d FETCH (BODY[] {100000}\r\n" + b"x" * 100_000 + b")\r\n"
        return b"".join(large % number for number in range(2, 9))

    with world(tmp_path) as w:
        with_odd(w, (rb"LIST", LIST), (FETCH, answer), *box([1]))
        assert w.migrate().copied == 0
        assert w.said.count == 1
        assert "more messages than were asked for" in w.said.lines[0]


def test_no_protocol(tmp_path: Path) -> None:
    """A server that speaks something else ends it, with words."""
    with world(tmp_path) as w:
        with_odd(w, (rb"LIST", b"* LIST what\r\n"))
        with pytest.raises(ProtocolViolation):
            w.migrate()


def test_login_for_another(tmp_path: Path) -> None:
    """It is said by a mechanism that can; a server without one is told of."""
    with world(tmp_path) as w:
        asked = with_odd(w, (rb"LIST", LIST), *box([]))

        async def work() -> None:
            account = await w.suite.store.accounts.account("bob")
            await Migration(
                w.suite.store, Journal(None), w.session("cyd"), account, "x", w.said
            ).run(w.suite.clock)

        w.suite.ground.run(work)
        assert asked[0] == b"AUTHENTICATE PLAIN Y3lkAGFubgBzZWNyZXQ="  # cyd NUL ann NUL secret


# -- parts ---------------------------------------------------------------------------------------


def folder(name: str, use: SpecialUse | None = None) -> Folder:
    return Folder(FolderId(1), None, name, FolderKind.MAILBOX, 1, 1, 1, 1, 0, 0, use)


HERE = [folder("INBOX"), *(folder(name, use) for name, use in STANDARD_FOLDERS)]


def test_names_of_gmail() -> None:
    """Special uses say where mailboxes go; what shows all comes last, other views not at all."""
    listed = [
        Listed(("\\HasNoChildren",), "/", "INBOX"),
        Listed(("\\HasChildren", "\\Noselect"), "/", "[Gmail]"),
        Listed(("\\All",), "/", "[Gmail]/All Mail"),
        Listed(("\\Drafts",), "/", "[Gmail]/Entw\u00fcrfe"),
        Listed(("\\Flagged",), "/", "[Gmail]/Starred"),
        Listed(("\\Sent",), "/", "[Gmail]/Sent Mail"),
        Listed((), "/", "Sent"),
        Listed((), "/", "Zoo"),
    ]
    found = mapped(listed, NamespaceData(), HERE)
    assert [(each.name, each.folder) for each in found.mailboxes] == [
        ("INBOX", "INBOX"), ("Sent", "Sent"), ("Zoo", "Zoo"), ("[Gmail]/Entw\u00fcrfe", "Drafts"),
        ("[Gmail]/Sent Mail", "[Gmail]/Sent Mail"), ("[Gmail]/All Mail", "Archive"),
    ]  # fmt: skip
    assert found.mailboxes[-1].shows_all
    assert found.passed_over == ["[Gmail]/Starred only shows messages of other mailboxes"]


def test_prefixes() -> None:
    """A prefix that all of an account's mailboxes have is none here; others' are passed over."""
    spaces = NamespaceData((("INBOX.", "."),), (("user.", "."),), (("Public.", "."),))
    listed = [
        Listed((), ".", "INBOX"), Listed((), ".", "INBOX.Work.a/b"), Listed((), ".", "user.cyd"),
        Listed((), ".", "Public"), Listed((), None, "flat.one"), Listed((), ".", "INBOX.INBOX"),
    ]  # fmt: skip
    found = mapped(listed, spaces, HERE)
    assert {each.name: each.folder for each in found.mailboxes} == {
        "INBOX": "INBOX", "INBOX.Work.a/b": "Work/a\N{REPLACEMENT CHARACTER}b",
        "flat.one": "flat.one", "INBOX.INBOX": "INBOX (2)",
    }  # fmt: skip
    assert len(found.passed_over) == 2


@given(st.lists(st.text(max_size=20), unique=True, max_size=20))
def test_no_two_mailboxes_are_one(names: list[str]) -> None:
    """Each goes to a folder of its own, whatever it is called."""
    found = mapped([Listed((), "/", name) for name in names], NamespaceData(), HERE)
    assert len({each.folder for each in found.mailboxes}) == len(names)
    for each in found.mailboxes:
        assert checked(each.folder, private=True) == each.folder


def test_marks() -> None:
    """A header as it is, folded otherwise, and with other fields around, has one mark."""
    mark = mark_of(b"Message-ID: <a@b>\r\nSubject: x  y\r\n\r\nbody", 5)
    assert mark == mark_of(b"X: z\nsubject: x\n  y\nMESSAGE-ID:<a@b>\n\n", 9)
    assert mark != mark_of(b"Message-ID: <a@c>\r\nSubject: x  y\r\n\r\n", 5)
    assert mark_of(b"Subject: x\r\n\r\n", 5) != mark_of(b"Subject: x\r\n\r\n", 6)
