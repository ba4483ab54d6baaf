"""IMAP, FTP and Gopher over one home, beside a service of one's own."""

from twisted.application.internet import TimerService
from twisted.application.service import Application
from twisted.logger import Logger

from netsuite.compose import Site, compose, ftp, gopher, imap

site = Site()


async def count_accounts() -> None:
    """Something of one's own that uses the same store."""
    accounts = await site.store.accounts.accounts()
    Logger("example").info("{count} accounts", count=len(accounts))


timer = TimerService(60, lambda: site.when_open(count_accounts))
application = Application("three")
compose(site, imap(), ftp(), gopher(), timer).setServiceParent(application)
