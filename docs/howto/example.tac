"""IMAP, FTP and Gopher over one home, beside a service of one's own."""

from twisted.application.internet import TimerService
from twisted.application.service import Application
from twisted.internet import reactor
from twisted.logger import Logger

from netsuite.config.load import load
from netsuite.ftp.service import make_ftp
from netsuite.gopher.service import make_gopher
from netsuite.home import find_config, find_home
from netsuite.imap.service import make_imap
from netsuite.site import Site

home = find_home(None)
site = Site(load(find_config(home, None)), home, reactor)

application = Application("three")
site.setServiceParent(application)
make_imap(site).setServiceParent(application)
make_ftp(site).setServiceParent(application)
make_gopher(site).setServiceParent(application)


async def count_accounts() -> None:
    """Something of one's own that uses the same store."""
    accounts = await site.store.accounts.accounts()
    Logger("example").info("{count} accounts", count=len(accounts))


timer = TimerService(60, lambda: site.when_open(count_accounts))
timer.setServiceParent(application)
