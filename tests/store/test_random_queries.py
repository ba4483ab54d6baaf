"""Random queries: what both stores find is what a plain reading of the messages finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from random import Random

from netsuite.store import query as q
from netsuite.store.interfaces import Store
from netsuite.store.memory import MemoryStore
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract.case import StoreCase
from tests.store.reactors import reactor

WORDS = ("alpha", "beta", "gamma", "delta", "Straße", "al", "ph", "é", "x")
FLAGS = ("\\Seen", "\\Flagged", "$Work")
FIELDS = ("From", "To", "Cc", "Subject", "X-Other")


@dataclass(frozen=True, slots=True)
class Put:
    """A message as it was put there."""

    octets: bytes
    flags: frozenset[str]
    received: datetime

    def text(self, name: str) -> list[str]:
        """Return the fields of that name, decoded."""
        parsed = message_from_bytes(self.octets, policy=policy.default)
        return [str(each) for each in parsed.get_all(name, [])]

    def names(self) -> list[str]:
        """Return the names of all fields."""
        return list(dict.fromkeys(message_from_bytes(self.octets, policy=policy.default)))

    def body(self) -> str:
        """Return the body."""
        return self.octets.partition(b"\r\n\r\n")[2].decode()


def made(chance: Random) -> Put:
    """Return a message of some words."""

    def words() -> str:
        return " ".join(chance.choices(WORDS[:5], k=chance.randrange(4)))

    lines = [f"{name}: {words()} <{chance.choice(WORDS[:4])}@x>" for name in ("From", "To", "Cc")
             if chance.random() < 0.8]  # fmt: skip
    lines.append(f"Subject: {words()}")
    if chance.random() < 0.5:
        lines.append(f"X-Other: {words()}")
    if chance.random() < 0.8:
        day, hour = chance.randrange(1, 9), chance.randrange(24)
        lines.append(f"Date: {day} Jan 2024 {hour:02}:00:00 +0300")
    head = "\r\n".join(line if line.isascii() else line.replace("ß", "ss") for line in lines)
    kind = "Content-Type: text/plain; charset=utf-8"
    octets = f"{head}\r\n{kind}\r\n\r\n{words()}\r\n{words()}".encode()
    zone = timezone(timedelta(hours=chance.randrange(-11, 12)))
    received = datetime(2024, 1, chance.randrange(1, 9), chance.randrange(24), tzinfo=zone)
    return Put(octets, frozenset(chance.sample(FLAGS, chance.randrange(3))), received)


def asked(chance: Random, depth: int = 3) -> q.Query:
    """Return a query."""
    kind = chance.randrange(16 if depth else 12)
    word = chance.choice(WORDS)
    days = sorted(date(2024, 1, chance.randrange(1, 9)) for _ in range(2))
    since, before = (each if chance.random() < 0.7 else None for each in days)
    moment = int(datetime(2024, 1, chance.randrange(1, 9), 5, tzinfo=UTC).timestamp())
    match kind:
        case 0:
            return q.All()
        case 1:
            return q.HasFlag(chance.choice(FLAGS))
        case 2 | 3:
            return q.Field(chance.choice(FIELDS), chance.choice((word, word.upper(), "")))
        case 4:
            return q.Body(word)
        case 5:
            return q.Text(word)
        case 6:
            return q.Received(since, before)
        case 7:
            return q.Sent(since, before)
        case 8:
            return q.Larger(chance.randrange(100, 250))
        case 9:
            return q.Smaller(chance.randrange(100, 250))
        case 10:
            return q.Uids(((chance.randrange(1, 20), chance.randrange(20, 50)),))
        case 11:
            return q.Dated(moment if chance.random() < 0.7 else None, moment + 90_000)
        case 12 | 13:
            return q.Not(asked(chance, depth - 1))
        case 14:
            return q.And(tuple(asked(chance, depth - 1) for _ in range(chance.randrange(4))))
        case _:
            return q.Or(tuple(asked(chance, depth - 1) for _ in range(chance.randrange(4))))


def within(day: date, query: q.Received | q.Sent) -> bool:
    """Return whether a day is one of those."""
    return (query.since is None or query.since <= day) and (
        query.before is None or day < query.before
    )


def holds(query: q.Query, put: Put, uid: int) -> bool:
    """Return whether a message is found, read as it stands."""
    match query:
        case q.And(terms):
            return all(holds(term, put, uid) for term in terms)
        case q.Or(terms):
            return any(holds(term, put, uid) for term in terms)
        case q.Not(term):
            return not holds(term, put, uid)
        case q.Uids(ranges):
            return any(low <= uid <= high for low, high in ranges)
        case q.HasFlag(flag):
            return flag in put.flags
        case q.Larger(octets):
            return len(put.octets) > octets
        case q.Smaller(octets):
            return len(put.octets) < octets
        case q.Received():
            return within(put.received.date(), query)
        case q.Dated(since, until):
            moment = put.received.timestamp()
            return (since is None or since <= moment) and (until is None or moment <= until)
        case q.Sent():
            dates = put.text("Date")
            return bool(dates) and within(parsedate_to_datetime(dates[0]).date(), query)
        case q.Field(name, text):
            return any(text.casefold() in each.casefold() for each in put.text(name))
        case q.Body(text):
            return text.casefold() in put.body().casefold()
        case q.Text(text):
            fields = (f"{name}: {each}" for name in put.names() for each in put.text(name))
            return any(text.casefold() in each.casefold() for each in (put.body(), *fields))
        case _:
            return True


class RandomQueries(StoreCase, TestCase):
    """The memory store beside the plain reading."""

    async def make_store(self) -> Store:
        return MemoryStore(self.now)

    async def _compare(self, puts: list[Put], queries: list[q.Query]) -> None:
        store = self.store
        inbox = await self.inbox()
        for put in puts:
            await self.put(inbox, put.octets, put.flags, date=put.received)
        for _ in range(2):
            for query in queries:
                expected = [uid for uid, put in enumerate(puts, 1) if holds(query, put, uid)]
                found = await store.mail.search(inbox.id, query, inbox.owner)
                self.assertEqual(expected, list(found), query)
            await self.catch_up()

    async def test_agree(self) -> None:
        """A hundred and fifty queries on forty messages."""
        chance = Random(4)
        puts = [made(chance) for _ in range(40)]
        queries = [asked(chance) for _ in range(150)]
        await self._compare(puts, queries)


class RandomQueriesOfSQL(RandomQueries):
    """SQLite beside it, before and after it indexes."""

    async def make_store(self) -> Store:
        self.sql = SQLStore(f"sqlite:///{self.mktemp()}", clock=self.clock, threads=reactor)
        return self.sql

    async def catch_up(self) -> None:
        await self.sql.tidy()
