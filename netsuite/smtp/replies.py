"""Everything an SMTP server says, and the tables from store and account errors to replies.

Enhanced codes: RFC 3463, RFC 5248, RFC 4954, RFC 6531.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts import interfaces as accounts
from netsuite.connection.deadlines import CloseReason
from netsuite.smtp.commands import Reply, reply
from netsuite.smtp.dialog import ServerSaid
from netsuite.smtp.submission import NotOwnFrom
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable

OK: Final = reply(250, "2.0.0", "OK")
RESET: Final = reply(250, "2.0.0", "Forgotten")
DELIVERED: Final = reply(250, "2.6.0", "Message taken")
SENDER_OK: Final = reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK: Final = reply(250, "2.1.5", "Recipient OK")
CHUNK_OK: Final = reply(250, "2.0.0", "Chunk taken")
SEND_DATA: Final = reply(354, "", "Send the message; a dot on a line of its own ends it")
BYE: Final = reply(221, "2.0.0", "Bye")
START_TLS: Final = reply(220, "2.0.0", "Start TLS")
HELP: Final = reply(
    214,
    "2.0.0",
    "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP",
    "VRFY EXPN HELP QUIT AUTH STARTTLS",
    "See RFC 5321",
)
LMTP_HELP: Final = reply(
    214,
    "2.0.0",
    "LHLO MAIL RCPT DATA BDAT RSET NOOP",
    "VRFY EXPN HELP QUIT STARTTLS",
    "See RFC 2033",
)
#: RFC 5321, 3.5.3: an address is neither confirmed nor denied.
TRY_IT: Final = reply(252, "2.5.0", "Neither confirmed nor denied; send to it and see")
NO_LISTS: Final = reply(502, "5.5.1", "Lists are not expanded")

LOGGED_IN: Final = reply(235, "2.7.0", "Logged in")
ALREADY_LOGGED_IN: Final = reply(503, "5.5.1", "Logged in already")
NO_AUTH: Final = reply(502, "5.5.1", "AUTH is not offered here")
ENCRYPT_FIRST: Final = reply(538, "5.7.11", "Say STARTTLS first: a password may not be sent here")
LOG_IN_FIRST: Final = reply(530, "5.7.0", "Log in first")
TLS_FIRST: Final = reply(530, "5.7.0", "Say STARTTLS first")
#: Not 454, which says that another time there may be some (RFC 3207, 4).
NO_TLS: Final = reply(502, "5.5.1", "STARTTLS is not offered here")
TLS_ALREADY: Final = reply(503, "5.5.1", "TLS is in place already")

NOT_YOUR_ADDRESS: Final = reply(550, "5.7.1", "Not an address of yours")
BAD_PARAMETER: Final = reply(555, "5.5.4", "A parameter is not known here")
NO_BINARYMIME: Final = reply(501, "5.5.4", "BODY=BINARYMIME is not offered")
CHUNKS_ONLY: Final = reply(503, "5.5.1", "What is BINARYMIME comes by BDAT; say RSET first")
REQUIRETLS_FIRST: Final = reply(530, "5.7.10", "Say STARTTLS first: REQUIRETLS is not taken before")
HELD_TOO_LONG: Final = reply(501, "5.5.4", "Nothing is held so long")
HELD_BEYOND_BY: Final = reply(501, "5.5.4", "It would be held for longer than BY allows")
TOO_MANY_MESSAGES: Final = reply(421, "4.7.0", "Too many messages; connect again for more")
UTF8_SENDER: Final = reply(553, "5.6.7", "Such an address needs SMTPUTF8")
TOO_BIG: Final = reply(552, "5.3.4", "Message too big")
HEADER_TOO_BIG: Final = reply(552, "5.3.4", "Header too big")
MAILBOX_FULL: Final = reply(552, "5.2.2", "Mailbox full")
TOO_MANY_RECIPIENTS: Final = reply(452, "4.5.3", "Too many recipients; send to others separately")
#: Said, and the connection closed: what is taken for a second message by whoever sent the first
#: may be glued to its end.
BARE_LINE_END: Final = reply(
    554, "5.6.0", "A CR or LF stands alone in the message; lines end with CR LF"
)
LOOP: Final = reply(554, "5.4.6", "Too many Received fields; the message is in a loop")
BROKEN: Final = reply(451, "4.3.0", "Something went wrong here; try again later")
NOT_IN_TIME: Final = reply(451, "4.4.7", "No host could be reached in time")
TOO_LATE: Final = reply(451, "4.4.7", "It could not be delivered in time")
LOGIN_BROKEN: Final = reply(454, "4.7.0", "Something went wrong here; try again later")

#: To somebody who has logged in, and may send elsewhere where anybody may.
NOT_CARRIED: Final = reply(550, "5.7.1", "Mail for other hosts is not taken here")
#: What the store may refuse when a recipient is named.
_RECIPIENT: Final[Mapping[type[Exception], Reply]] = {
    accounts.NotOurs: reply(550, "5.7.1", "Relaying denied"),
    errors.NoSuchAccount: reply(550, "5.1.1", "No such recipient here"),
    errors.NoSuchFolder: reply(550, "5.1.1", "No such recipient here"),
    errors.NotPermitted: reply(550, "5.7.1", "Not permitted"),
    # RFC 3463, 3.3: a full mailbox is a persistent transient failure.
    errors.OverQuota: reply(452, "4.2.2", "Mailbox full"),
    accounts.NotCarried: reply(451, "4.3.5", "It leads to another host, and none is carried there"),
    accounts.AccountDisabled: reply(451, "4.2.1", "The account is disabled"),
    errors.TooLarge: TOO_BIG,
    errors.StorageFull: reply(452, "4.3.1", "Not enough storage"),
    errors.Busy: reply(451, "4.3.0", "Busy; try again later"),
    errors.StoreClosed: reply(421, "4.3.2", "Stopping; try again later"),
    errors.StoreError: BROKEN,
}
AT_RECIPIENT: Final = ErrorTable(_RECIPIENT)
#: And when the message is there: the size is known now, and trying again will not make it fit.
AT_END: Final = ErrorTable(
    {
        **_RECIPIENT,
        NotOwnFrom: reply(550, "5.7.1", "From is not an address of yours"),
        accounts.PartlyFull: reply(452, "4.2.2", "Not every mailbox has room; nothing was taken"),
        errors.OverQuota: MAILBOX_FULL,
    }
)

#: A script's reason is said on so many lines of so many characters.
_REASON_LINES: Final = 20
_REASON_CHARACTERS: Final = 400
REFUSED: Final = reply(550, "5.7.1", "The recipient refuses this message")


def rejected(error: accounts.Rejected) -> Reply:
    """Return the reply to a message that a script has refused, in its words where they are ASCII
    (RFC 5429, 2.5)."""
    lines = [" ".join(line.split())[:_REASON_CHARACTERS] for line in error.reason.splitlines()]
    said = [line for line in lines if line.isprintable() and line][:_REASON_LINES]
    return reply(550, "5.7.1", *said) if said and error.reason.isascii() else REFUSED


#: Everything else that is met.
ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        **_RECIPIENT,
        accounts.LoginRefused: reply(535, "5.7.8", "Wrong name or password"),
        accounts.Throttled: reply(454, "4.7.0", "Too many wrong guesses; try again later"),
        accounts.PlaintextRefused: ENCRYPT_FIRST,
        accounts.MalformedResponse: reply(501, "5.5.2", "Malformed response"),
        accounts.LoginCancelled: reply(501, "5.7.0", "Cancelled"),
        accounts.MechanismNotOffered: reply(504, "5.5.4", "No such mechanism here"),
        accounts.LoginUnavailable: reply(
            454, "4.7.0", "Logins are not possible now; try again later"
        ),
    },
    counted=accounts.COUNTED_REFUSALS,
)

GOODBYE: Final[Mapping[CloseReason, Reply]] = {
    CloseReason.SHUTDOWN: reply(421, "4.3.2", "Stopping; try again later"),
    CloseReason.KICKED: reply(421, "4.3.2", "An administrator has ended the session"),
    CloseReason.REVOKED: reply(421, "4.7.0", "The login is not valid any more"),
    CloseReason.IDLE: reply(421, "4.4.2", "No command for too long"),
    CloseReason.SLOW_GREETING: reply(421, "4.4.2", "No command in time"),
    CloseReason.SLOW_COMMAND: reply(421, "4.4.2", "The command came too slowly"),
    CloseReason.SLOW_BODY: reply(421, "4.4.2", "The message came too slowly"),
    CloseReason.SLOW_LOGIN: reply(421, "4.4.2", "Nobody logged in in time"),
    CloseReason.TOO_MANY_ERRORS: reply(421, "4.7.0", "Too many errors"),
    CloseReason.TOO_MUCH_BEFORE_LOGIN: reply(421, "4.7.0", "Too much without a login"),
    CloseReason.BUSY: reply(421, "4.3.2", "Too many connections; try again later"),
    CloseReason.BUSY_ADDRESS: reply(
        421, "4.7.0", "Too many connections from there; try again later"
    ),
}
