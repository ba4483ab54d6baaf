"""The contract on searching: every kind of query, indexed or not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from netsuite.store import query as q
from netsuite.store.model import AccountId, FlagAction, Folder
from netsuite.testing.store_contract.case import StoreCase, message

_MULTIPART = (
    b"From: =?iso-8859-1?q?J=F6rg?= <joerg@example.test>\r\n"
    b"To: alice@example.test\r\n"
    b"Subject: =?utf-8?b?w4RyZ2VyIGltIELDvHJv?=\r\n"
    b"Date: Tue, 02 Jan 2024 23:30:00 -0500\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n'
    b"\r\n"
    b"--b\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"U3RyYcOfZW5iYWhuIGbDpGhydCBuaWNodC4=\r\n"
    b"--b--\r\n"
)

#: When the third message came.
_THIRD = int(datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC).timestamp())


class SearchContract(StoreCase):
    """Searches are exact, before and after whatever index there is was built."""

    async def _folder(self) -> Folder:
        inbox = await self.inbox()
        zone = timezone(timedelta(hours=5))
        await self.put(
            inbox,
            message(
                "Meeting notes", "The quick brown fox.\r\nOver the lazy dog.",
                From_="Bob <bob@example.test>", To="alice@example.test",
                Date="Mon, 01 Jan 2024 10:00:00 +0000", X_Empty="",
            ),
            {"\\Seen", "$Work"},
            date=datetime(2024, 3, 1, 1, 0, tzinfo=zone),
        )  # fmt: skip
        await self.put(inbox, _MULTIPART, {"\\Flagged"}, date=datetime(2024, 3, 2, tzinfo=UTC))
        await self.put(inbox, message("100%_sure", "a_b%c\\d \"quoted\" x"), date=datetime(
            2024, 2, 29, 23, 59, 59, tzinfo=UTC))  # fmt: skip
        await self.put(inbox, b"\r\nno fields; " + b"z" * 5000)
        return inbox

    async def _check(self, folder: Folder, cases: list[tuple[q.Query, list[int]]]) -> None:
        """Ask all, let the store index, ask again."""
        for moment in ("before", "after"):
            for query, expected in cases:
                found = await self.store.mail.search(folder.id, query, folder.owner)
                self.assertEqual(expected, list(found), f"{query} {moment} indexing")
            await self.catch_up()

    async def test_without_text(self) -> None:
        """Flags, sizes, UIDs and dates."""
        inbox = await self._folder()
        guid = (await self.store.mail.messages(inbox.id, [2], inbox.owner))[0].guid
        await self._check(
            inbox,
            [
                (q.All(), [1, 2, 3, 4]),
                (q.Uids(((2, 3), (9, 4_294_967_295))), [2, 3]),
                (q.Uids(()), []),
                (q.HasFlag("\\Seen"), [1]),
                (q.HasFlag("\\SEEN"), [1]),
                (q.HasFlag("$work"), [1]),
                (q.HasFlag("$wor"), []),
                (q.HasFlag("%"), []),
                (q.Not(q.HasFlag("\\Flagged")), [1, 3, 4]),
                (q.Larger(5000), [4]),
                (q.Smaller(5000), [1, 2, 3]),
                (q.Received(date(2024, 3, 1), date(2024, 3, 2)), [1]),
                (q.Received(since=date(2024, 3, 2)), [2, 4]),
                (q.Received(before=date(2024, 3, 1)), [3]),
                (q.Received(), [1, 2, 3, 4]),
                (q.Dated(since=_THIRD), [2, 3, 4]),
                (q.Dated(since=_THIRD + 1), [2, 4]),
                (q.Dated(until=_THIRD), [1, 3]),
                (q.Dated(until=_THIRD - 1), [1]),
                (q.Dated(), [1, 2, 3, 4]),
                (q.HasGuid(guid), [2]),
                (q.Not(q.HasGuid(guid)), [1, 3, 4]),
                (q.HasGuid("'"), []),
                (q.Saved(since=date(2024, 5, 17)), [1, 2, 3, 4]),
                (q.Saved(before=date(2024, 5, 17)), []),
                (q.ChangedSince(4), [3, 4]),
                (q.And(()), [1, 2, 3, 4]),
                (q.Or(()), []),
                (q.Or((q.HasFlag("\\Seen"), q.HasFlag("\\Flagged"))), [1, 2]),
                (q.And((q.Smaller(4000), q.Not(q.HasFlag("\\Seen")))), [2, 3]),
                (q.Not(q.Or((q.Uids(((1, 1),)), q.Larger(100_000)))), [2, 3, 4]),
            ],
        )

    async def test_text(self) -> None:
        """Substrings without regard to case, on decoded text."""
        inbox = await self._folder()
        await self._check(
            inbox,
            [
                (q.Body("QUICK BROWN"), [1]),
                (q.Body("fox.\r\nover"), [1]),
                (q.Body("ahn fährt"), [2]),
                (q.Body("STRASSENBAHN"), [2]),
                (q.Body("meeting"), []),
                (q.Body(""), [1, 2, 3, 4]),
                (q.Body("z" * 300), [4]),
                (q.Text("meeting"), [1]),
                (q.Text("lazy"), [1]),
                (q.Text("ärger im büro"), [2]),
                (q.Text(""), [1, 2, 3, 4]),
                (q.Text("notes\nfrom"), []),
                (q.Text("nothing like it"), []),
            ],
        )

    async def test_short_and_odd_text(self) -> None:
        """Text too short for an index, and characters an index or LIKE might take for more."""
        inbox = await self._folder()
        await self._check(
            inbox,
            [
                (q.Body("x"), [1, 3]),
                (q.Body("o"), [1, 3, 4]),
                (q.Body("ß"), [2]),
                (q.Body("_b"), [3]),
                (q.Body("%"), [3]),
                (q.Body("b%c\\D"), [3]),
                (q.Body('"QUOTED"'), [3]),
                (q.Body("_b%"), [3]),
                (q.Body("axb"), []),
                (q.Text("%_"), [3]),
                (q.Body("qui*"), []),
                (q.Body("fox OR dog"), []),
                (q.Body("\x00"), []),
                (q.Body("\ud800"), []),
            ],
        )

    async def test_long_text(self) -> None:
        """Text too long to index whole is searched to its end."""
        inbox = await self.inbox()
        words = " ".join(f"w{number}" for number in range(30_000))
        await self.put(inbox, message("long", words + " the very end"))
        await self.put(inbox, message("short", "w29999"))
        await self._check(
            inbox,
            [
                (q.Body("w29999 the very"), [1]),
                (q.Text("W29999"), [1, 2]),
                (q.Body("w30000"), []),
                (q.Field("subject", "long"), [1]),
            ],
        )

    async def test_fields(self) -> None:
        """A field of that name has the text; the same text elsewhere does not count."""
        inbox = await self._folder()
        await self._check(
            inbox,
            [
                (q.Field("from", "BOB@example"), [1]),
                (q.Field("From", "alice"), []),
                (q.Field("To", "alice"), [1, 2]),
                (q.Field("FROM", "jörg"), [2]),
                (q.Field("subject", "bü"), [2]),
                (q.Field("subject", "u"), [3]),
                (q.Field("subject", "100%_"), [3]),
                (q.Field("subject", ""), [1, 2, 3]),
                (q.Field("x-empty", ""), [1]),
                (q.Field("x-empty", "a"), []),
                (q.Field("x-none", ""), []),
                (q.Field("subj", ""), []),
                (q.Field("subject", "notes\nfrom"), []),
            ],
        )

    async def test_sent(self) -> None:
        """The Date field's own day counts, whatever its zone (RFC 3501, 6.4.4)."""
        inbox = await self._folder()
        await self._check(
            inbox,
            [
                (q.Sent(date(2024, 1, 1), date(2024, 1, 2)), [1]),
                (q.Sent(since=date(2024, 1, 2)), [2]),
                (q.Sent(before=date(2024, 1, 3)), [1, 2]),
                (q.Sent(), [1, 2]),
                (q.Not(q.Sent()), [3, 4]),
            ],
        )

    async def test_mixed(self) -> None:
        """Text and flags together, nested."""
        inbox = await self._folder()
        quick, seen = q.Body("quick"), q.HasFlag("\\Seen")
        await self._check(
            inbox,
            [
                (q.And((quick, seen)), [1]),
                (q.And((quick, q.Not(seen))), []),
                (q.And((q.Larger(10**9), quick)), []),
                (q.Or((quick, q.HasFlag("\\Flagged"))), [1, 2]),
                (q.Not(quick), [2, 3, 4]),
                (q.And((q.Not(quick), q.Text("e"))), [2, 3, 4]),
                (q.Not(q.And((q.Or((quick, q.Body("straße"))), q.All()))), [3, 4]),
            ],
        )

    async def test_partly_indexed(self) -> None:
        """Old messages are indexed, new ones not yet: both are found; expunged ones are not."""
        inbox = await self._folder()
        await self.catch_up()
        await self.put(inbox, message("quick again", "another brown fox"))
        mail = self.store.mail
        cases: list[tuple[q.Query, list[int]]] = [
            (q.Text("quick"), [1, 5]),
            (q.Not(q.Body("fox")), [2, 3, 4]),
        ]
        for query, expected in cases:
            self.assertEqual(expected, list(await mail.search(inbox.id, query, inbox.owner)))
        await mail.expunge(inbox.id, [1], deleted_only=False)
        self.assertEqual([5], list(await mail.search(inbox.id, q.Text("quick"), inbox.owner)))
        await self.catch_up()
        self.assertEqual([5], list(await mail.search(inbox.id, q.Text("quick"), inbox.owner)))

    async def test_only_that_folder(self) -> None:
        """A content in two folders is found in each under its own UID."""
        inbox = await self._folder()
        other = await self.store.mail.create_folder(inbox.owner, "other")
        await self.store.mail.copy(inbox.id, [2, 1], other.id, inbox.owner)
        await self._check(other, [(q.Body("quick"), [1]), (q.Body("bahn"), [2])])

    async def test_public(self) -> None:
        """On a public folder flags are what the asking account sees."""
        group = await self.group()
        alice, bob = (await self.account()).id, (await self.account("bob")).id
        await self.put(group, message("a", "quick"), {"$shared"})
        await self.put(group, message("b", "quick"))
        mail = self.store.mail
        start = (await mail.folder_by_id(group.id)).highest_modseq
        await mail.store_flags(
            group.id, [2], FlagAction.ADD, frozenset({"\\Seen", "$Own", "\\Flagged"}), alice
        )
        cases: list[tuple[AccountId | None, q.Query, list[int]]] = [
            (alice, q.HasFlag("\\Seen"), [2]),
            (bob, q.HasFlag("\\Seen"), []),
            (alice, q.HasFlag("\\Flagged"), [2]),
            (alice, q.HasFlag("$own"), [2]),
            (bob, q.HasFlag("$own"), []),
            (bob, q.HasFlag("$shared"), [1]),
            (alice, q.ChangedSince(start + 1), [2]),
            (bob, q.ChangedSince(start + 1), []),
            (alice, q.And((q.Body("quick"), q.Not(q.HasFlag("\\Seen")))), [1]),
            (None, q.And((q.Body("quick"), q.Not(q.HasFlag("\\Seen")))), [1, 2]),
        ]
        for moment in ("before", "after"):
            for who, query, expected in cases:
                found = await mail.search(group.id, query, who)
                self.assertEqual(expected, list(found), f"{query} by {who} {moment} indexing")
            await self.catch_up()
