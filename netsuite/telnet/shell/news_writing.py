"""Commands that write news: post, follow up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import Newsgroup
from netsuite.message.build import compose
from netsuite.store.errors import NoSuchFolder
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import answering, completion, mailbox
from netsuite.telnet.shell.columns import counted
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, command
from netsuite.telnet.shell.drafting import Attach, Draft, Header
from netsuite.telnet.shell.mail_writing import SUBJECT_CHARACTERS
from netsuite.telnet.shell.message_lines import text_lines
from netsuite.telnet.shell.news import article_of, chosen_group
from netsuite.telnet.shell.terminal import Interrupted
from netsuite.telnet.shell.writing import write_text

_NOTHING: Final = "Nothing was posted."


class _Article:
    """An article that is being written."""

    def __init__(
        self,
        groups: Sequence[Newsgroup],
        subject: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.groups = groups
        self.subject = subject
        self.headers = headers
        self.draft = Draft()

    @property
    def names(self) -> str:
        """The groups it goes to."""
        return ",".join(group.name for group in self.groups)


@command(
    "news post",
    "[GROUP]",
    "write an article for a group",
    completes=completion.groups,
    more=("The text ends with a dot on a line of its own; ~? there lists what else there is.",),
)
async def post(shell: Shell, words: Sequence[str]) -> None:
    """Ask for an article's subject and text, and post it."""
    await _write_and_post(shell, _Article([await chosen_group(shell, words)]))


@command(
    "news follow",
    "[GROUP] NUMBER",
    "follow up an article, which is quoted",
    completes=completion.groups,
    more=("It goes where the article wants followups (Followup-To), else to all of its groups.",),
)
async def follow(shell: Shell, words: Sequence[str]) -> None:
    """Write a followup (RFC 5537, 3.4.3)."""
    group, found = await article_of(shell, words)
    read = shell.access.mail.read
    answered = await mailbox.answered(read, found)
    try:
        names = answering.followup_groups(answered, group.name)
    except answering.ToPoster:
        to = answering.written(answered.addresses(b"reply-to") or answered.addresses(b"from"))
        raise CommandRefused(
            f"Its author wants answers by mail: mail write {one_line(to)}"
        ) from None
    groups = [each for each in [await _group(shell, name) for name in names] if each is not None]
    if not groups:
        raise CommandRefused(f"None of its groups is here: {one_line(', '.join(names))}.")
    references = [each for each in answering.thread(answered) if each[0] == "References"]
    article = _Article(groups, answering.reply_subject(answered.subject), references)
    text = "\n".join([line async for line in text_lines(read, found)])
    for line in answering.quotation(answered, text):
        article.draft.put(line)
    await _write_and_post(shell, article)


async def _group(shell: Shell, name: str) -> Newsgroup | None:
    try:
        return await shell.access.news.room.group(name)
    except NoSuchFolder:
        return None


async def _write_and_post(shell: Shell, article: _Article) -> None:
    access = shell.access.news
    if not access.may_post:
        raise CommandRefused("Posting is not permitted here.")
    approved = all(group.moderator and access.may_approve(group) for group in article.groups)
    access.check_groups(article.groups, approved=approved)  # before anything is typed

    async def change(wanted: Header | Attach) -> None:
        if not isinstance(wanted, Header) or wanted.what not in ("subject", "all"):
            raise CommandRefused("That is for letters; an article has a subject alone.")
        article.subject = wanted.value or await _subject(shell, article.subject)

    try:
        article.subject = await _subject(shell, article.subject)
    except Interrupted:
        raise CommandRefused(_NOTHING) from None
    if article.draft.lines:
        lines = counted(len(article.draft.lines), "line")
        shell.terminal.say(f"{lines} of quotation; ~p shows what is written.")
    await write_text(shell, article.draft, change, _NOTHING)
    await _post(shell, article, approved=approved)
    shell.terminal.say(f"Posted to {one_line(article.names)}.")


async def _subject(shell: Shell, subject: str) -> str:
    """Ask for a subject. Raises CommandRefused for none."""
    typed = await shell.terminal.read_line("Subject: ", limit=SUBJECT_CHARACTERS, text=subject)
    if not typed.strip():
        raise CommandRefused(f"{_NOTHING} An article needs a subject.")
    return typed.strip()


async def _post(shell: Shell, article: _Article, *, approved: bool) -> None:
    """Compose a proto-article, and post it; the injecting agent adds what it lacks (RFC 5537,
    3.4.1). Raises Unfit, StoreError."""
    author = shell.author()
    headers = [("Newsgroups", article.names), *article.headers]
    if approved:
        headers.append(("Approved", author[1]))
    octets = compose(
        sender=author,
        to=(),
        subject=article.subject,
        text=article.draft.text,
        date=None,
        message_id="",
        boundary=shell.shared.unique().hex(),
        headers=headers,
    )
    posting = shell.access.news.posting(
        now=shell.shared.now(), unique=shell.shared.unique().hex(), source=shell.channel.address
    )
    try:
        waiting = posting.take(octets)
        if waiting is not None:
            await waiting
        await posting.finish()
    finally:
        posting.abort()  # nothing, if it was stored


COMMANDS: Sequence[Command] = (post, follow)
