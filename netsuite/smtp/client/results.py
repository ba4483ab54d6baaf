"""What became of a message for a recipient, and what the client says of it itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from netsuite.connection import errors
from netsuite.message.address import Address
from netsuite.sasl.lines import Auth, AuthResponse
from netsuite.smtp.commands import Command, Reply, reply

NEEDS_UTF8: Final = reply(553, "5.6.7", "The server does not take SMTPUTF8 (said by the client)")
NEEDS_BINARY: Final = reply(
    554, "5.6.1", "The server does not take BINARYMIME (said by the client)"
)
NEEDS_8BIT: Final = reply(554, "5.6.3", "The server does not take 8BITMIME (said by the client)")
NEEDS_REQUIRETLS: Final = reply(
    550, "5.7.30", "The server does not keep REQUIRETLS (said by the client)"
)
TOO_BIG: Final = reply(552, "5.3.4", "Larger than the server takes (said by the client)")
#: Said of a recipient by nobody: LMTP's server had answered for others when it went.
UNKNOWN: Final = reply(451, "4.4.2", "The server has gone without an answer (said by the client)")


def refusal(answer: Reply, command: Command | None = None) -> errors.Refusal:
    """Return the error that a negative reply is: transient, or permanent, or a login's."""
    kind: type[errors.Refusal] = errors.PermanentRefusal
    if not answer.permanent:
        kind = errors.TransientRefusal
    elif isinstance(command, Auth | AuthResponse):
        kind = errors.AuthenticationFailed
    return kind(answer.code, f"{answer.enhanced} {answer.text}".strip(), command)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message for one recipient.

    Args:
        reply: the one that decided: to MAIL, RCPT, DATA or the message's end.
    """

    recipient: Address
    reply: Reply

    @property
    def taken(self) -> bool:
        """Whether the server has taken charge of it."""
        return done(self.reply)

    @property
    def code(self) -> int:
        """The reply's code."""
        return self.reply.code

    @property
    def enhanced(self) -> str:
        """Its enhanced status code (RFC 3463); empty where it has none."""
        return self.reply.enhanced

    @property
    def text(self) -> str:
        """Its text."""
        return self.reply.text


def done(answer: Reply) -> bool:
    """Return whether a reply says that what was asked is done (RFC 5321, 4.2.1: 2yz)."""
    return 200 <= answer.code < 300
