"""Mailboxes and newsgroups of a suite under test: put mail in, wait for mail, look at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from email.utils import format_datetime
from functools import partial
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from netsuite.accounts.arrivals import MailEnvelope
from netsuite.message.news import message_id_of
from netsuite.store import model
from netsuite.store.changes import Change
from netsuite.store.errors import NoSuchFolder
from netsuite.store.interfaces import Store
from netsuite.store.model import FolderId, FolderKind, Placement

#: How long is waited for mail unless a test says otherwise.
SECONDS: Final = 5.0
#: So many other folders with messages, and messages of each, a failed wait tells of.
_TOLD: Final = 5


class Mail(EmailMessage):
    """A message as the standard library has it, with its line ends, and what the store knows of it.

    Attributes:
        octets: as it is in the store, lines ending with CRLF.
        uid: its number in its folder.
        flags: such as ``\\Seen``.
        envelope: the sender and the recipients, of one that was delivered; None of one that
            was put there in another way.
    """

    octets: bytes = b""
    uid: int = 0
    flags: frozenset[str] = frozenset()
    envelope: MailEnvelope | None = None


def any_mail(mail: Mail) -> bool:
    """Return that a message matches."""
    return True


def parsed(octets: bytes) -> Mail:
    """Return a message of its octets."""
    made = BytesParser(Mail, policy=default).parsebytes(octets.replace(b"\r\n", b"\n"))
    assert isinstance(made, Mail)
    made.octets = octets
    return made


class Surroundings(Protocol):
    """The part of a suite that a mailbox needs."""

    @property
    def clock(self) -> IReactorTime:
        """For time limits."""

    @property
    def store(self) -> Store:
        """Where it is."""

    @property
    def domain(self) -> str:
        """Of addresses."""

    @property
    def envelopes(self) -> Mapping[tuple[FolderId, int], MailEnvelope]:
        """Of what was delivered, by folder and UID."""

    def transcripts(self) -> str:
        """Return what was said last, for a message of a failed test."""

    def unique(self) -> str:
        """Return letters that no other message has."""

    def now(self) -> datetime:
        """Return the time of messages."""


class Folder:
    """A folder of mail, or a newsgroup, as a test sees it.

    Args:
        find: finds it in the store.
    """

    def __init__(
        self,
        suite: Surroundings,
        described: str,
        find: Callable[[], Awaitable[model.Folder]],
    ) -> None:
        self._suite = suite
        self._described = described
        self._find = find

    async def messages(self) -> list[Mail]:
        """Return what is there, oldest first."""
        return await self._messages({})

    async def _messages(self, known: dict[int, Mail]) -> list[Mail]:
        """Return what is there; what is known by its UID is not read again."""
        try:
            folder = await self._find()
        except NoSuchFolder:
            return []
        mail = self._suite.store.mail
        found = []
        for each in await mail.messages(folder.id, None, folder.owner):
            made = known.get(each.uid)
            if made is None:
                octets = b"".join([octets async for octets in mail.read(each.content)])
                made = known[each.uid] = parsed(octets)
            made.uid, made.flags = each.uid, each.flags
            made.envelope = self._suite.envelopes.get((folder.id, each.uid))
            found.append(made)
        return found

    async def put(self, octets: bytes, flags: Sequence[str] = ()) -> Mail:
        """Put a message there, as it is, its line ends too."""
        folder = await self._find()
        mail = self._suite.store.mail
        draft = mail.draft(len(octets))
        written = draft.write(octets)
        if written is not None:
            await written
        public = folder.kind is FolderKind.GROUP
        (placed,) = await mail.commit(
            draft,
            [Placement(folder.id, flags=frozenset(flags))],
            message_id=message_id_of(octets) if public else None,
        )
        made = parsed(octets)
        made.uid, made.flags = placed.uid, frozenset(flags)
        return made

    async def wait(
        self,
        count: int = 1,
        *,
        subject: str | None = None,
        matching: Callable[[Mail], bool] = any_mail,
        timeout: float = SECONDS,
    ) -> list[Mail]:
        """Wait until so many messages are there, and return all there are.

        Args:
            subject: count those alone that have it.
            matching: and of which this says so.
            timeout: in seconds of the suite's clock.

        Raises:
            AssertionError: there were not enough in time; the message shows what was there, and
                what was said.
        """
        clock, changes = self._suite.clock, self._suite.store.changes
        until = clock.seconds() + timeout
        heard: list[Deferred[None]] = []
        known: dict[int, Mail] = {}

        def wake() -> None:
            while heard:
                heard.pop().callback(None)

        def hear(change: Change) -> None:
            wake()

        watching = changes.watch_all(hear)
        try:
            while True:
                there = await self._messages(known)
                found = [
                    each
                    for each in there
                    if (subject is None or each["Subject"] == subject) and matching(each)
                ]
                if len(found) >= count:
                    return found
                left = until - clock.seconds()
                if left <= 0:
                    wanted = str(count)
                    if subject is not None:
                        wanted += f" with the subject {subject!r}"
                    if matching is not any_mail:
                        wanted += " that match"
                    few = f"{len(found)} messages after {timeout:g} seconds, wanted {wanted}"
                    raise AssertionError(await self._too_few(few, there))
                changed: Deferred[None] = Deferred()
                heard.append(changed)
                timer = clock.callLater(left, wake)
                try:
                    await changed
                finally:  # who waits may be cancelled
                    if timer.active():
                        timer.cancel()
                # Whoever delivered is told of it after the feed; then the envelope is known.
                await deferLater(clock, 0)
                await deferLater(clock, 0)
        finally:
            watching.cancel()

    async def _too_few(self, few: str, there: Sequence[Mail]) -> str:
        """Return what is said of a wait that has failed: what is there, and what elsewhere."""
        lines = [
            f"{self._described}: {few}",
            *(f"there is: {each['Subject']!r} from {each['From']}" for each in there),
            *await self._elsewhere(),
            self._suite.transcripts(),
        ]
        return "\n".join(lines)

    async def _elsewhere(self) -> list[str]:
        store = self._suite.store
        found: list[str] = []
        for owner in [None, *await store.accounts.accounts()]:
            whose = "" if owner is None else f"{owner.name}'s "
            for each in await store.mail.folders(None if owner is None else owner.id):
                folder = Folder(self._suite, whose + each.name, partial(_at_once, each))
                if folder._described == self._described or len(found) == _TOLD:
                    continue
                subjects = [repr(mail["Subject"]) for mail in await folder.messages()]
                if subjects:
                    more = [] if len(subjects) <= _TOLD else ["..."]
                    told = ", ".join(subjects[-_TOLD:] + more)
                    found.append(f"elsewhere, in {folder._described}: {told}")
        return found


async def _at_once(folder: model.Folder) -> model.Folder:
    return folder


def with_line_ends(octets: bytes) -> bytes:
    """Return a message with the line ends that it has in a store: files often have LF alone."""
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def message_of(
    suite: Surroundings,
    message: EmailMessage | bytes | str | None,
    subject: str,
    body: str,
    fields: Mapping[str, str],
) -> bytes:
    """Return the octets of a message that a test gives, or describes."""
    if isinstance(message, str):
        message = message.encode()
    if isinstance(message, bytes):
        return with_line_ends(message)
    if message is None:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = subject
        for name, value in fields.items():
            message[name.replace("_", "-")] = value
        message.set_content(body)
    if "Date" not in message:
        message["Date"] = format_datetime(suite.now())
    if "Message-ID" not in message:
        message["Message-ID"] = f"<{suite.unique()}@{suite.domain}>"
    return message.as_bytes(policy=SMTP)


class Mailbox:
    """An account of a suite, and its mail.

    Args:
        account: whose it is.
        password: what it logs in with.
    """

    def __init__(self, suite: Surroundings, account: model.Account, password: str) -> None:
        self._suite = suite
        self.id = account.id
        self.name = account.name
        self.password = password
        self.address = f"{account.name}@{suite.domain}"

    def folder(self, name: str = "INBOX") -> Folder:
        """Return one of its folders, whether it is there yet or not."""
        find = self._suite.store.mail.folder
        return Folder(self._suite, f"{self.name}'s {name}", lambda: find(self.id, name))

    async def deliver(
        self,
        message: EmailMessage | bytes | str | None = None,
        *,
        subject: str = "",
        body: str = "",
        sender: str = "sender@example.net",
        folder: str = "INBOX",
        flags: Sequence[str] = (),
        **fields: str,
    ) -> Mail:
        """Put a message into one of its folders, without any protocol.

        Args:
            message: it, its lines ending with LF or CRLF; or described by the others.
            folder: made where it is not there.
            fields: further ones, with underscores for hyphens.
        """
        mail = self._suite.store.mail
        try:
            await mail.folder(self.id, folder)
        except NoSuchFolder:
            await mail.create_folder(self.id, folder)
        described = {"From": sender, "To": self.address, **fields}
        octets = message_of(self._suite, message, subject, body, described)
        return await self.folder(folder).put(octets, flags)

    async def messages(self, folder: str = "INBOX") -> list[Mail]:
        """Return what is in one of its folders, oldest first."""
        return await self.folder(folder).messages()

    async def wait(
        self,
        count: int = 1,
        *,
        subject: str | None = None,
        matching: Callable[[Mail], bool] = any_mail,
        folder: str = "INBOX",
        timeout: float = SECONDS,
    ) -> list[Mail]:
        """Wait for messages in one of its folders; see ``Folder.wait``."""
        return await self.folder(folder).wait(
            count, subject=subject, matching=matching, timeout=timeout
        )


class Group(Folder):
    """A newsgroup of a suite."""

    def __init__(self, suite: Surroundings, name: str) -> None:
        super().__init__(suite, name, lambda: suite.store.mail.folder(None, name))
        self.name = name

    async def articles(self) -> list[Mail]:
        """Return its articles, oldest first."""
        return await self.messages()

    async def post(
        self,
        article: EmailMessage | bytes | str | None = None,
        *,
        subject: str = "",
        body: str = "",
        sender: str = "sender@example.net",
        **fields: str,
    ) -> Mail:
        """Put an article there, without any protocol."""
        described = {"From": sender, "Newsgroups": self.name, "Path": "test", **fields}
        return await self.put(message_of(self._suite, article, subject, body, described))
