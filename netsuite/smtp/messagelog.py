"""The message log: one line a message that was taken or refused, and a recipient that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from netsuite.connection.linelog import Line, fit
from netsuite.message.address import Address
from netsuite.smtp.commands import Reply

#: Of the recipients so many stand in the line; of the others it says how many they are.
NAMED = 10


def format_line(
    when: str,
    session: str,
    address: str,
    account: str | None,
    identifier: str,
    sender: str,
    recipients: Sequence[Address],
    octets: int,
    answer: Reply,
) -> str:
    """Return the line of a message or of a recipient; nothing a peer says can make it two.

    Args:
        when: as ``stamp`` gives it.
        session: the connection's name.
        address: the peer's; empty for a local socket.
        account: who had logged in; None for nobody.
        identifier: the message's, which its Received field has too; empty before there is one.
        sender: of the envelope; empty for the null path.
        recipients: of the envelope, as they were said.
        octets: of the content.
        answer: what the peer was told.
    """
    named = ",".join([f"<{fit(str(each))}>" for each in recipients[:NAMED]])
    if len(recipients) > NAMED:
        named += f",+{len(recipients) - NAMED}"
    login = f" account={fit(account)}" if account else ""
    return (
        f"{when} {session} [{address or 'local'}]{login} id={identifier or '-'} "
        f'from=<{fit(sender)}> to={named} octets={octets} "{fit(str(answer))}"\n'
    )


def line_fields(
    session: str,
    address: str,
    account: str | None,
    identifier: str,
    sender: str,
    recipients: Sequence[Address],
    octets: int,
    answer: Reply,
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    return {
        "session": session,
        "peer": address,
        "account": account,
        "id": identifier,
        "from": sender,
        "to": [str(each) for each in recipients],
        "octets": octets,
        "code": answer.code,
        "answer": str(answer),
    }


LINE: Final = Line(format_line, line_fields)


def stamp(when: datetime) -> str:
    """Return a moment as the log has it (RFC 3339)."""
    return when.isoformat(timespec="seconds")
