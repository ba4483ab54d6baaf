"""Responses of an NNTP server to errors of the store, the accounts and the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.accounts import interfaces as accounts
from netsuite.connection.deadlines import CloseReason
from netsuite.message.injection import Unfit
from netsuite.nntp import commands
from netsuite.nntp.dialog import ServerSaid
from netsuite.nntp.wildmat import BadWildmat
from netsuite.store import errors
from netsuite.wire.errors import ErrorTable


class LoginRequired(Exception):
    """Only those who have logged in may read here."""


class NoGroupSelected(Exception):
    """No newsgroup is selected, or it is gone."""


class NoCurrentArticle(Exception):
    """The newsgroup selected has no current article."""


BROKEN: Final = commands.Status(403, "Something went wrong here; try again later")
STOPPING: Final = commands.Status(400, "Stopping; try again later")

NO_CURRENT: Final = commands.Status(420, "Current article number is invalid")
NO_NEXT: Final = commands.Status(421, "No next article in this group")
NO_PREVIOUS: Final = commands.Status(422, "No previous article in this group")
NO_NUMBER: Final = commands.Status(423, "No article with that number")
NO_RANGE: Final = commands.Status(423, "No articles in that range")
NONE_SELECTED: Final = commands.Status(420, "No article selected")
NO_MESSAGE_ID: Final = commands.Status(430, "No article with that Message-ID")

LOG_IN_FIRST: Final = commands.Status(480, "Log in first")
NO_POSTING: Final = commands.Status(440, "Posting is not permitted")
BAD_DATE: Final = commands.Status(501, "There is no such date")
NOT_KEPT: Final = commands.Status(503, "No such information is kept here")

NO_TLS: Final = commands.Status(580, "TLS is not available")
TLS_ALREADY: Final = commands.Status(502, "TLS is in place already")
ENCRYPT_FIRST: Final = commands.Status(483, "Say STARTTLS first: a password may not be sent here")
ACCEPTED: Final = commands.Status(281, "Logged in")

ERRORS: Final[ErrorTable[ServerSaid]] = ErrorTable(
    {
        LoginRequired: LOG_IN_FIRST,
        NoGroupSelected: commands.Status(412, "No newsgroup selected"),
        NoCurrentArticle: NO_CURRENT,
        BadWildmat: commands.Status(501, "Syntax error in the wildmat"),
        accounts.LoginRefused: commands.Status(481, "Wrong name or password"),
        accounts.Throttled: commands.Status(481, "Too many wrong guesses; try again later"),
        accounts.PlaintextRefused: ENCRYPT_FIRST,
        accounts.MalformedResponse: commands.Status(482, "Malformed response"),
        accounts.LoginCancelled: commands.Status(481, "Cancelled"),
        accounts.MechanismNotOffered: commands.Status(503, "No such mechanism here"),
        accounts.LoginUnavailable: commands.Status(
            403, "Logins are not possible now; try again later"
        ),
        errors.NoSuchFolder: commands.Status(411, "No such newsgroup"),
        errors.NoSuchMessage: NO_NUMBER,
        errors.StoreClosed: STOPPING,
        errors.StoreError: BROKEN,
    },
    counted=accounts.COUNTED_REFUSALS,
)

#: Why an article that came whole is not taken. RFC 3977, 6.3.1: always 441.
POSTING_BROKEN: Final = commands.Status(441, "The article could not be stored; try again later")
_POSTING: Final = ErrorTable(
    {
        errors.MessageExists: commands.Status(
            441, "There is an article with that Message-ID already"
        ),
        errors.NoSuchFolder: commands.Status(441, "A newsgroup is gone"),
        errors.TooLarge: commands.Status(441, "The article is too large"),
        errors.StoreError: POSTING_BROKEN,
    }
)

#: Unasked, a response would be taken for the answer to the next command; so only those who are not
#: served at all, or are about to lose the connection at once, are told why. The timeouts
#: say nothing (RFC 3977, 3.1).
GOODBYE: Final[Mapping[CloseReason, commands.Status]] = {
    CloseReason.BUSY: commands.Status(400, "Too many connections; try again later"),
    CloseReason.BUSY_ADDRESS: commands.Status(
        400, "Too many connections from there; try again later"
    ),
    CloseReason.SHUTDOWN: STOPPING,
    CloseReason.KICKED: commands.Status(400, "An administrator has ended the session"),
    CloseReason.REVOKED: commands.Status(400, "The login is not valid any more"),
    CloseReason.TOO_MANY_ERRORS: commands.Status(400, "Too many commands were refused"),
    CloseReason.TOO_MUCH_BEFORE_LOGIN: commands.Status(400, "Too much was said without a login"),
}


def not_posted(error: Exception) -> commands.Status | None:
    """Return why an article is not taken; None where that was not foreseen."""
    if isinstance(error, Unfit):
        return commands.Status(441, str(error))
    return _POSTING.find(error)


def no_article(event: object, error: Exception) -> commands.Status | None:
    """Return what is said where an article, or a range of them, is not there; that depends on how
    it was asked for (RFC 3977, 6.2.1, 8.3 and 8.5). None for all else."""
    if not isinstance(error, errors.NoSuchMessage | errors.NoSuchFolder):
        return None
    if isinstance(event, commands.Next | commands.Last):
        return NO_CURRENT
    if isinstance(event, commands.Article | commands.Head | commands.Body | commands.Stat):
        return _missing(event.article, NO_NUMBER)
    if isinstance(event, commands.Over | commands.Hdr):
        return _missing(event.articles, NONE_SELECTED if event.legacy else NO_RANGE)
    return None


def _missing(
    wanted: commands.ArticleRef | commands.RangeRef, nothing: commands.Status
) -> commands.Status:
    if wanted is None:
        return NO_CURRENT
    return NO_MESSAGE_ID if isinstance(wanted, str) else nothing
