"""Many clients at once, who stop now and then to compare what they know with what there is."""

from __future__ import annotations

import asyncio
import imaplib
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tests.suite.crowd.deeds import found, something
from tests.suite.crowd.ledger import Box, Ledger, number_of
from tests.suite.crowd.member import KINDS, Gone, Member

#: What each mailbox of the ledger is called by each account.
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "ann": {
        "inbox": "INBOX", "archive": "Archive", "shared": "Shared", "public": "Public/club",
    },
    "ben": {"shared": "Other Users/ann/Shared", "public": "Public/club"},
}  # fmt: skip
_UID: Final = re.compile(rb"UID (\d+)")
_MODSEQ: Final = re.compile(rb"MODSEQ \((\d+)\)")
_PAUSE_SECONDS: Final = 3.0
#: Flags by UID.
Truth = dict[int, frozenset[str]]


class Wrong(AssertionError):
    """What is wrong, who noticed, and what was said last."""


class Crowd:
    """Clients of each kind, of two accounts.

    Args:
        port: of IMAP.
        patience_seconds: so long may pass until a client is told of what others have done; with
            one process none, with several they tell each other.
    """

    def __init__(self, port: int, count: int, seed: int, patience_seconds: float) -> None:
        self.port, self.seed, self._patience = port, seed, patience_seconds
        self.ledger = Ledger(sorted({name for names in NAMES.values() for name in names}))
        self.comparisons = 0
        self._modseqs: dict[tuple[str, int], int] = {}
        self._wrong: Wrong | None = None
        self._pausing = False
        self._ending = False
        self._resting = 0
        self._go = asyncio.Event()
        sides: dict[str, list[bytes]] = {account: [] for account in NAMES}
        self.members = [
            Member(
                port, self.ledger, account, dict(NAMES[account]), sides[account],
                KINDS[each // 3 % len(KINDS)], random.Random(f"{seed} {each}"), self._failed,
            )
            for each in range(count)
            for account in [("ann", "ann", "ben")[each % 3]]
        ]  # fmt: skip

    def _failed(self, member: Member, error: BaseException) -> None:
        if self._wrong is None:
            said = "\n".join(member.transcript)
            self._wrong = Wrong(
                f"seed {self.seed}: {member.account}, {member.kind.name}: {error!r}\n{said}"
            )
            self._wrong.__cause__ = error

    async def run(self, seconds: float) -> None:
        """Have all of them do something, for a while; then all leave.

        Raises:
            Wrong: of something.
        """
        self._ending, self._go = False, asyncio.Event()
        tasks = [asyncio.ensure_future(self._live(member)) for member in self.members]
        try:
            end = time.monotonic() + seconds
            while not self._ending:
                await self._until(lambda: False, min(end - time.monotonic(), _PAUSE_SECONDS))
                await self._compare(last=time.monotonic() >= end)
            await asyncio.gather(*tasks)
        finally:
            self._ending = True
            for member in self.members:
                member.abort()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._wrong is not None:
                raise self._wrong

    async def _until(self, so: Callable[[], bool], seconds: float) -> None:
        """Wait, as long as nothing is wrong."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not so():
            if self._wrong is not None:
                raise self._wrong
            await asyncio.sleep(0.01)

    async def _live(self, member: Member) -> None:
        try:
            await member.connect(member.chance.choice(sorted(member.names)))
            while not self._ending:
                if self._pausing:
                    self._resting += 1
                    await self._go.wait()
                    continue
                await something(member)
            await member.leave(abrupt=member.chance.random() < 0.5)
        except (Exception, Gone) as error:
            self._failed(member, error)

    # -- comparing ----------------------------------------------------------------------------

    async def _compare(self, *, last: bool) -> None:
        self._resting, self._pausing = 0, True
        await self._until(lambda: self._resting == len(self.members), 90)
        assert self._resting == len(self.members), "some do not come to an end"
        truths = {account: self._truths(account) for account in NAMES}
        await asyncio.gather(
            *(self._settle(each, truths[each.account][each.box().name]) for each in self.members)
        )
        self.comparisons += 1
        self._ending, self._pausing = last, False
        self._go.set()
        self._go = asyncio.Event()

    def _truths(self, account: str) -> dict[str, Truth]:
        """Return what is in each mailbox for an account, as another client library reads it."""
        truths = {}
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as imap:
            imap.login(account, "pw")
            for name, called in NAMES[account].items():
                assert imap.select(f'"{called}"', readonly=True)[0] == "OK"
                _, data = imap.uid("FETCH", "1:*", "(FLAGS MODSEQ)")
                truth: Truth = {}
                for line in data:
                    if isinstance(line, bytes):
                        uid = _number(_UID, line)
                        flags = {flag.decode() for flag in imaplib.ParseFlags(line)}
                        truth[uid] = frozenset(flags - {"\\Recent"})
                        modseq, key = _number(_MODSEQ, line), (f"{account} {name}", uid)
                        assert modseq >= self._modseqs.get(key, 0), f"the modseq of {key} went back"
                        self._modseqs[key] = modseq
                truths[name] = truth
                _, data = imap.uid("SEARCH", "ALL")
                assert [int(uid) for uid in data[0].split()] == list(truth)
                self._check(imap, self.ledger.boxes[name], list(truth))
        return truths

    def _check(self, imap: imaplib.IMAP4, box: Box, uids: Sequence[int]) -> None:
        """Hold what is there against what all were told."""
        for uid in self.ledger.check(box, list(uids)):
            _, data = imap.uid("FETCH", str(uid), "(BODY.PEEK[])")
            assert isinstance(data[0], tuple)
            assert number_of(data[0][1]) in self.ledger.uncertain, f"{uid} came from nowhere"
            self.ledger.read(box, uid, data[0][1])

    async def _settle(self, member: Member, truth: Truth) -> None:
        """Check that a client that has asked knows what there is."""
        try:
            known = member.known
            assert known is not None
            end = time.monotonic() + self._patience
            while True:
                await member.ask(b"NOOP")
                if (len(known.uids) == len(truth) and known.flags.items() <= truth.items()) or (
                    time.monotonic() >= end
                ):
                    break
                await asyncio.sleep(0.02)
            uids = [uid for uid in known.uids if uid is not None]
            assert set(uids) <= truth.keys(), f"there still: {set(uids) - truth.keys()}"
            assert len(known.uids) == len(truth), f"{len(known.uids)}, not {len(truth)} messages"
            for uid, flags in known.flags.items():
                assert truth[uid] == flags, f"{uid} has {truth[uid]}, not {flags}"
            assert sorted(found(await member.ask(b"UID SEARCH ALL"))) == list(truth)
            if truth and not (member.kind.by_uid or member.kind.at_once):
                await member.ask(b"FETCH 1:* (UID FLAGS)", numbers=True)
            else:
                await member.look()
            assert known.uids == list(truth)
            assert known.flags == truth
        except (Exception, Gone) as error:
            self._failed(member, error)


def _number(pattern: re.Pattern[bytes], line: bytes) -> int:
    found = pattern.search(line)
    assert found is not None, line
    return int(found[1])
