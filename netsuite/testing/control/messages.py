"""Messages in JSON: those that are in the store, and those that are to be put there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.message import EmailMessage, Message
from email.policy import SMTP
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from netsuite.testing.control.answers import refusal, text
from netsuite.testing.mail import Mail

#: A flag of IMAP's, or a keyword (RFC 9051, 2.3.2).
FLAG: Final = re.compile(r"\\?[A-Za-z0-9$_.-]{1,100}")


def shown(mail: Mail) -> dict[str, object]:
    """Return a message as JSON has it."""
    parts = list(_parts(mail))
    plain, html = _body(mail, "plain"), _body(mail, "html")
    envelope = mail.envelope
    return {
        "uid": mail.uid,
        "subject": _field(mail, "Subject"),
        "from": _field(mail, "From"),
        "to": _field(mail, "To"),
        "date": _field(mail, "Date"),
        "headers": [[text(name), text(value)] for name, value in _fields(mail)],
        "text": None if plain is None else _content(plain),
        "html": None if html is None else _content(html),
        "attachments": [
            {
                "name": _name(each),
                "type": each.get_content_type(),
                "octets": len(_octets(each)),
            }
            for each in parts
            if each is not plain and each is not html
        ],
        "envelope": None
        if envelope is None
        else {
            "sender": text(envelope.sender),
            "recipients": [text(each) for each in envelope.recipients],
            "account": envelope.account,
        },
        "flags": sorted(mail.flags),
        "octets": len(mail.octets),
    }


# A message may be anything: where the standard library gives up on one (it raises errors of many
# kinds then), the rest of it is shown all the same.


def _field(mail: Message, name: str) -> str | None:
    try:
        value = mail[name]
        return None if value is None else text(value)
    except Exception:
        return next((text(value) for each, value in _raw(mail) if each.lower() == name.lower()), "")


def _fields(mail: Message) -> Iterator[tuple[str, str]]:
    try:
        yield from [(name, str(value)) for name, value in mail.items()]
    except Exception:
        yield from _raw(mail)


def _raw(mail: Message) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in mail.raw_items()]


def _body(mail: EmailMessage, kind: str) -> Message | None:
    try:
        return mail.get_body((kind,))
    except Exception:
        return None


def _content(part: Message) -> str:
    """Return the text of a part; its lines end with LF."""
    octets = _octets(part).replace(b"\r\n", b"\n")
    try:
        return text(octets.decode(part.get_content_charset("utf-8"), "replace"))
    except (LookupError, ValueError):  # a charset that nobody knows, or no text's
        return octets.decode("ascii", "backslashreplace")


def _parts(part: Message) -> Iterator[Message]:
    """Return what is no multipart; a message in a message as one."""
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        yield part
        return
    for each in part.get_payload():
        if isinstance(each, Message):
            yield from _parts(each)


def _name(part: Message) -> str | None:
    try:
        name = part.get_filename()
    except Exception:
        return None
    return None if name is None else text(name)


def _octets(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    inner = part.get_payload()
    return b"".join(each.as_bytes() for each in inner if isinstance(each, Message))


# -- to be put there -----------------------------------------------------------------------------


class MessageForm(BaseModel):
    """A message that is described.

    Attributes:
        headers: further ones, by name.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: str = ""
    text: str = ""
    html: str | None = None
    sender: Annotated[str, Field(alias="from")] = "sender@example.net"
    to: str | None = None
    headers: Mapping[str, str] = {}

    def composed(self, to: str, **fields: str) -> EmailMessage:
        """Return the message.

        Args:
            to: the value of To where the form has none.
            fields: further ones.

        Raises:
            RequestRefused: with 400: there cannot be such a header.
        """
        made = EmailMessage(policy=SMTP)
        wanted = {"Subject": self.subject, "From": self.sender, "To": self.to or to, **fields}
        try:
            for name, value in {**wanted, **self.headers}.items():
                if value:
                    del made[name]
                    made[name] = value
            made.set_content(self.text)
            if self.html is not None:
                made.add_alternative(self.html, subtype="html")
            made.as_bytes()
        except (ValueError, UnicodeError, IndexError, KeyError) as problem:
            raise refusal(400, f"there is no such message: {problem}") from None
        return made


class DeliveryForm(MessageForm):
    """The same, and where it is put."""

    folder: str = "INBOX"
    flags: list[str] = []


def checked_flags(flags: list[str]) -> list[str]:
    """Return flags. Raises RequestRefused where one is none."""
    for each in flags:
        if not FLAG.fullmatch(each):
            raise refusal(400, f"no flag: {each!r}")
    return flags
