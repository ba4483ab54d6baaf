"""A mail host for one user, with netsuite: SMTP takes mail, POP3 and IMAP4 give it."""

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

from netsuite import compose


async def ann(store):
    """Have her mailbox before she first logs in, so that mail can come."""
    await store.accounts.add_account("ann", None)


def made(smtp=8025, pop3=8110, imap=8143):
    """Return the host, a Twisted service."""
    site = compose.Site(memory=True)
    site.configure("site", domains=["example.test"])
    site.once_open(ann)
    site.authenticator.add(InMemoryUsernamePasswordDatabaseDontUse(ann=b"secret"))
    return compose.compose(
        site,
        compose.smtp(f"tcp:{smtp}:interface=127.0.0.1"),
        compose.pop3(f"tcp:{pop3}:interface=127.0.0.1"),
        compose.imap(f"tcp:{imap}:interface=127.0.0.1"),
    )
