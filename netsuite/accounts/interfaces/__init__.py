"""The interfaces of accounts: the authenticator one logs in through, and the facets behind it.

A facet is what an account offers one kind of protocol. Protocol code holds a facet and knows
neither accounts nor the store's ids of them.
"""

from netsuite.accounts.interfaces.files import FileAccess, SiteFiles
from netsuite.accounts.interfaces.login import (
    COUNTED_REFUSALS,
    Ask,
    Authenticator,
    BadCredentials,
    Channel,
    LoggedIn,
    LoginCancelled,
    LoginRefused,
    LoginUnavailable,
    MalformedResponse,
    MechanismNotOffered,
    PlaintextRefused,
    Throttled,
)
from netsuite.accounts.interfaces.mail import (
    Delivery,
    DropItem,
    MailAccess,
    Maildrop,
    MaildropInUse,
    NotOurs,
    Recipient,
    Resolver,
    Submitter,
)
from netsuite.accounts.interfaces.news import (
    NewsAccess,
    NewsArticle,
    Newsgroup,
    Newsroom,
    Posting,
)
from netsuite.accounts.interfaces.shell import ShellAccess, UnfitPassword, WrongPassword

__all__ = [
    "COUNTED_REFUSALS",
    "Ask",
    "Authenticator",
    "BadCredentials",
    "Channel",
    "Delivery",
    "DropItem",
    "FileAccess",
    "LoggedIn",
    "LoginCancelled",
    "LoginRefused",
    "LoginUnavailable",
    "MailAccess",
    "Maildrop",
    "MaildropInUse",
    "MalformedResponse",
    "MechanismNotOffered",
    "NewsAccess",
    "NewsArticle",
    "Newsgroup",
    "Newsroom",
    "NotOurs",
    "PlaintextRefused",
    "Posting",
    "Recipient",
    "Resolver",
    "ShellAccess",
    "SiteFiles",
    "Submitter",
    "Throttled",
    "UnfitPassword",
    "WrongPassword",
]
