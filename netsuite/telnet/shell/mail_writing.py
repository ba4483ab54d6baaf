"""Commands that write mail: write, reply, reply-all, forward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from netsuite.accounts.interfaces import NewMail, Sending, Unsendable
from netsuite.store.errors import FolderExists, StoreError
from netsuite.store.model import (
    ANSWERED,
    DELETED,
    DRAFT,
    SEEN,
    Described,
    FlagAction,
    Folder,
    SpecialUse,
)
from netsuite.store.tree import TreePath
from netsuite.telnet.sanitize import one_line
from netsuite.telnet.shell import answering, completion, mailbox
from netsuite.telnet.shell.answering import NoAddress, Pair
from netsuite.telnet.shell.columns import counted
from netsuite.telnet.shell.command import Command, CommandRefused, Shell, Usage, command
from netsuite.telnet.shell.composing import (
    Letter,
    attached_file,
    attached_message,
    composed,
    read_through,
)
from netsuite.telnet.shell.drafting import Attach, Header, TooLong
from netsuite.telnet.shell.message_lines import text_lines
from netsuite.telnet.shell.paths import resolved
from netsuite.telnet.shell.refusing import words_for
from netsuite.telnet.shell.terminal import EndOfText, HungUp, Interrupted
from netsuite.telnet.shell.writing import write_text

SUBJECT_CHARACTERS: Final = 400
_ADDRESS_CHARACTERS: Final = 4096
#: How often one is asked for addresses that can be written to.
_TRIES: Final = 10
_NOTHING: Final = "Nothing was sent."
_SENT: Final = "Sent"
#: A keyword that clients share for what was forwarded.
_FORWARDED: Final = "$Forwarded"


def _sending(shell: Shell) -> Sending:
    sending = shell.access.sending
    if sending is None:
        raise CommandRefused("Mail cannot be sent from here.")
    return sending


# -- the header --------------------------------------------------------------------------------


async def _ask_addresses(
    shell: Shell, sending: Sending, name: str, given: Sequence[Pair]
) -> Sequence[Pair]:
    """Ask for the addresses of a field until all of them can be written to."""
    text = answering.written(given)
    for _ in range(_TRIES):
        text = await shell.terminal.read_line(
            f"{name}: ",
            limit=_ADDRESS_CHARACTERS,
            text=text,
            complete=completion.of_addresses(shell),
        )
        try:
            return await _addresses(shell, sending, text)
        except CommandRefused as refusal:
            shell.terminal.say(str(refusal))
    raise CommandRefused(_NOTHING)


async def _addresses(shell: Shell, sending: Sending, text: str) -> Sequence[Pair]:
    """Return the addresses that were typed. Raises CommandRefused where one cannot be written
    to."""
    try:
        found = answering.only(answering.typed_addresses(text, shell.shared.domain))
        for _, address in found:
            await sending.check(address)
    except NoAddress as error:
        raise CommandRefused(f"{one_line(str(error))} is no address.") from None
    except Unsendable as error:
        raise CommandRefused(f"{one_line(str(error))}.") from None
    except StoreError as error:
        raise CommandRefused(words_for(error)) from None
    return found


async def _ask_header(shell: Shell, sending: Sending, letter: Letter) -> None:
    """Ask for all of the header; what is there already may be edited."""
    letter.to = await _ask_addresses(shell, sending, "To", letter.to)
    if not letter.to:
        raise CommandRefused(f"{_NOTHING} It is for nobody.")
    copies = await _ask_addresses(shell, sending, "Cc", letter.cc)
    letter.cc = answering.only(copies, [address for _, address in letter.to])
    letter.subject = await _ask_subject(shell, letter.subject)


async def _ask_subject(shell: Shell, subject: str) -> str:
    typed = await shell.terminal.read_line("Subject: ", limit=SUBJECT_CHARACTERS, text=subject)
    return typed.strip()


async def _change(shell: Shell, sending: Sending, letter: Letter, wanted: Header | Attach) -> None:
    """Change the header, or attach a file. Raises CommandRefused, StoreError."""
    if isinstance(wanted, Attach):
        await _attach(shell, letter, wanted.name)
    elif wanted.what == "all":
        await _ask_header(shell, sending, letter)
    elif wanted.what == "subject":
        letter.subject = wanted.value[:SUBJECT_CHARACTERS] or await _ask_subject(
            shell, letter.subject
        )
    elif wanted.what == "to":
        to = await _more(shell, sending, "To", letter.to, wanted.value)
        letter.to = to or letter.to
    else:
        letter.cc = await _more(shell, sending, "Cc", letter.cc, wanted.value)


async def _more(
    shell: Shell, sending: Sending, name: str, given: Sequence[Pair], value: str
) -> Sequence[Pair]:
    if not value:
        return await _ask_addresses(shell, sending, name, given)
    return answering.only((*given, *await _addresses(shell, sending, value)))


async def _attach(shell: Shell, letter: Letter, name: str) -> None:
    path: TreePath = resolved(shell.directory, name)
    files = shell.access.files
    file = await files.open(path)  # is it there, and a file
    octets = file.entry.octets
    file.close()

    async def content() -> AsyncIterator[bytes]:
        async for piece in read_through(await files.open(path)):
            yield piece

    letter.enclosures.append(attached_file(path[-1], content))
    shell.terminal.say(f"{one_line(path[-1])}, {octets} octets, goes with it.")


# -- on its way --------------------------------------------------------------------------------


async def _write_and_send(shell: Shell, letter: Letter, there: str = "of quotation") -> None:
    """Have a letter written, and send it. Raises CommandRefused: nothing was sent.

    Args:
        there: what the lines are that it begins with.
    """
    sending = _sending(shell)
    try:
        await _ask_header(shell, sending, letter)
        if letter.draft.lines:
            lines = counted(len(letter.draft.lines), "line")
            shell.terminal.say(f"{lines} {there}; ~p shows what is written.")
        for enclosure in letter.enclosures:
            shell.terminal.say(f"{one_line(enclosure.label)} goes with it.")
    except (Interrupted, EndOfText):
        raise CommandRefused(_NOTHING) from None
    change = partial(_change, shell, sending, letter)
    encloses = partial(bool, letter.enclosures)
    try:
        await write_text(shell, letter.draft, change, _NOTHING, may_be_empty=encloses)
    except HungUp:
        await _keep_unfinished(shell, sending, letter)
        raise
    await _send(shell, sending, letter)


async def _keep_unfinished(shell: Shell, sending: Sending, letter: Letter) -> None:
    """Keep a letter whose writer is gone among the drafts, where there are some."""
    drafts = await mailbox.special(shell, SpecialUse.DRAFTS)
    if drafts is not None and letter.draft.text.strip():
        unique = shell.shared.unique().hex()
        await _append(shell, drafts.name, _composed(shell, sending, letter, unique), DRAFT)


def _composed(shell: Shell, sending: Sending, letter: Letter, unique: str) -> AsyncIterator[bytes]:
    return composed(
        letter,
        shell.author(),
        date=shell.shared.now(),
        message_id=f"{unique}@{sending.host}",
        boundary=f"netsuite-{unique}",
    )


async def _send(shell: Shell, sending: Sending, letter: Letter) -> None:
    unique = shell.shared.unique().hex()
    made = partial(_composed, shell, sending, letter, unique)
    recipients = letter.recipients
    try:
        await sending.send(made(), recipients, identifier=unique)
    except Unsendable as error:
        raise CommandRefused(f"{_NOTHING} {one_line(str(error)).capitalize()}.") from None
    to = one_line(", ".join(recipients[:3]))
    more = f" and {len(recipients) - 3} more" if len(recipients) > 3 else ""
    shell.terminal.say(f"Sent to {to}{more}.")
    try:
        await _keep(shell, made())
    except StoreError as error:
        shell.terminal.say(f"It was sent, but there is no copy in {_SENT}: {words_for(error)}")


async def _keep(shell: Shell, pieces: AsyncIterator[bytes]) -> None:
    """Keep a copy of what was sent. Raises StoreError."""
    mail = shell.access.mail
    folder = await mailbox.special(shell, SpecialUse.SENT)
    name = _SENT if folder is None else folder.name
    if folder is None:
        with suppress(FolderExists):  # without that use, but it is what is meant all the same
            await mail.create(_SENT, SpecialUse.SENT)
    await _append(shell, name, pieces, SEEN)


async def _append(shell: Shell, name: str, pieces: AsyncIterator[bytes], *flags: str) -> None:
    """Put a message into one of the user's folders. Raises StoreError."""
    mail = shell.access.mail
    draft = mail.draft()
    try:
        async for piece in pieces:
            work = draft.write(piece)
            if work is not None:
                await work
        await mail.append(name, [NewMail(draft, frozenset(flags))])
    except BaseException:
        await draft.abort()
        raise


@command(
    "mail write",
    "[ADDRESS...]",
    "write a letter; a copy goes to Sent",
    completes=completion.accounts,
    more=(
        "Addresses are typed with commas between them, or blanks; who has an account here needs",
        "no more than a name. The text ends with a dot on a line of its own; what begins with ~",
        "edits what is written, changes the header or attaches a file: ~? lists it.",
    ),
)
async def write_mail(shell: Shell, words: Sequence[str]) -> None:
    """Ask for a letter's header and text, and send it."""
    sending = _sending(shell)
    to = await _addresses(shell, sending, ", ".join(words))
    await _write_and_send(shell, Letter(to=to))


@command(
    "mail reply",
    "NUMBER",
    "answer a message, which is quoted",
    completes=completion.messages,
    more=("It goes to Reply-To, or to who has written the message.",),
)
async def reply(shell: Shell, words: Sequence[str]) -> None:
    """Answer who has written a message."""
    await _reply(shell, words, everybody=False)


@command(
    "mail reply-all",
    "NUMBER",
    "answer a message; all who got it get a copy",
    completes=completion.messages,
)
async def reply_all(shell: Shell, words: Sequence[str]) -> None:
    """Answer who has written a message, with copies to all others."""
    await _reply(shell, words, everybody=True)


async def _reply(shell: Shell, words: Sequence[str], *, everybody: bool) -> None:
    if len(words) != 1:
        raise Usage
    sending = _sending(shell)
    folder, found = await mailbox.message(shell, words[0])
    letter = await letter_to_author(shell, found, everybody=everybody, is_own=sending.is_own)
    await _write_and_send(shell, letter)
    await _mark(shell, folder, found, ANSWERED)


async def letter_to_author(
    shell: Shell, found: Described, *, everybody: bool, is_own: answering.IsOwn
) -> Letter:
    """Return the beginning of an answer to a message."""
    read = shell.access.mail.read
    answered = await mailbox.answered(read, found)
    to, cc = answering.reply_recipients(answered, is_own, everybody=everybody)
    letter = Letter(
        to=to,
        cc=cc,
        subject=answering.reply_subject(answered.subject),
        headers=answering.thread(answered),
    )
    text = "\n".join([line async for line in text_lines(read, found)])
    for line in answering.quotation(answered, text):
        letter.draft.put(line)
    return letter


@command(
    "mail forward",
    "NUMBER [ADDRESS...]",
    "send a message on, as an attachment",
    completes=completion.messages_then(completion.accounts),
    more=(
        "It goes as message/rfc822: all of it, unchanged, with its attachments and its header,",
        "so that it can be answered, and its signatures hold. The text is what you say of it,",
        "and may be none.",
    ),
)
async def forward(shell: Shell, words: Sequence[str]) -> None:
    """Send a message on, as message/rfc822."""
    if not words:
        raise Usage
    sending = _sending(shell)
    folder, found = await mailbox.message(shell, words[0])
    if found.message.octets > sending.largest_octets:
        raise CommandRefused("That message is too large to be sent from here.")
    label = f"Message {words[0]}, {found.message.octets} octets,"
    letter = Letter(
        to=await _addresses(shell, sending, ", ".join(words[1:])),
        subject=answering.forward_subject(found.summary.subject),
    )
    content = partial(shell.access.mail.read, found.message.content)
    eight_bit = not all([piece.isascii() async for piece in content()])
    letter.enclosures.append(attached_message(label, content, eight_bit=eight_bit))
    await _write_and_send(shell, letter)
    await _mark(shell, folder, found, _FORWARDED)


@command(
    "mail resume",
    "NUMBER",
    "go on with a draft, and send it",
    completes=completion.messages,
    more=(
        "`mail list Drafts` lists them. The draft is gone once the letter is sent. A letter whose",
        "writer was cut off is kept there; files that went with it are to be attached again.",
    ),
)
async def resume(shell: Shell, words: Sequence[str]) -> None:
    """Write on in a draft."""
    if len(words) != 1:
        raise Usage
    _sending(shell)
    folder, found = await mailbox.message(shell, words[0])
    if DRAFT not in found.message.flags:
        raise CommandRefused("That is no draft; `mail list Drafts` lists those there are.")
    read = shell.access.mail.read
    answered = await mailbox.answered(read, found)
    letter = Letter(
        to=answered.addresses(b"to"),
        cc=answered.addresses(b"cc"),
        subject=one_line(answered.subject),
        headers=answering.kept(answered, ("In-Reply-To", "References")),
    )
    try:
        async for line in text_lines(read, found):
            letter.draft.put(line)
    except TooLong:
        raise CommandRefused("That draft is too long to be gone on with here.") from None
    await _write_and_send(shell, letter, "of the draft")
    mail = shell.access.mail
    await mail.store_flags(folder.id, [found.message.uid], FlagAction.ADD, frozenset({DELETED}))
    await mail.expunge(folder.id, [found.message.uid])


async def _mark(shell: Shell, folder: Folder, found: Described, flag: str) -> None:
    """Set a flag on what was answered, where one may; the answer is sent in any case."""
    try:
        await shell.access.mail.store_flags(
            folder.id, [found.message.uid], FlagAction.ADD, frozenset({flag})
        )
    except StoreError:
        return


COMMANDS: Sequence[Command] = (write_mail, resume, reply, reply_all, forward)
