"""What the protocols see of accounts: the door one logs in through, and the facets behind it.

A facet is what an account offers one kind of protocol. Protocol code holds a facet and knows
neither accounts nor the store's ids of them.
"""

from netsuite.accounts.interfaces.files import FileAccess, IFileAccess, SiteFiles
from netsuite.accounts.interfaces.login import (
    Authenticator,
    BadCredentials,
    Challenged,
    Channel,
    Exchange,
    LoggedIn,
    LoginRefused,
    LoginStep,
    LoginUnavailable,
    MalformedResponse,
    PlaintextRefused,
    Throttled,
)
from netsuite.accounts.interfaces.mail import (
    DropItem,
    IMailAccess,
    IMaildrop,
    ISubmitter,
    MailAccess,
    Maildrop,
    MaildropInUse,
    NotOurs,
    Receiver,
    Recipient,
    Submitter,
)
from netsuite.accounts.interfaces.news import (
    INewsReader,
    NewsAccess,
    NewsArticle,
    Newsgroup,
    Newsroom,
    Posting,
)
from netsuite.accounts.interfaces.shell import IShell, ShellAccess, UnfitPassword, WrongPassword

__all__ = [
    "Authenticator",
    "BadCredentials",
    "Challenged",
    "Channel",
    "DropItem",
    "Exchange",
    "FileAccess",
    "IFileAccess",
    "IMailAccess",
    "IMaildrop",
    "INewsReader",
    "IShell",
    "ISubmitter",
    "LoggedIn",
    "LoginRefused",
    "LoginStep",
    "LoginUnavailable",
    "MailAccess",
    "Maildrop",
    "MaildropInUse",
    "MalformedResponse",
    "NewsAccess",
    "NewsArticle",
    "Newsgroup",
    "Newsroom",
    "NotOurs",
    "PlaintextRefused",
    "Posting",
    "Receiver",
    "Recipient",
    "ShellAccess",
    "SiteFiles",
    "Submitter",
    "Throttled",
    "UnfitPassword",
    "WrongPassword",
]
