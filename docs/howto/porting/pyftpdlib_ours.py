"""A place where scanners leave pages, with netsuite."""

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

from netsuite.compose import Site, compose, ftp


def made(home, pages, port=8021):
    """Return the server, a Twisted service."""
    site = Site(home)  # the scanner's files are in home/files/home/scanner
    site.authenticator.add(InMemoryUsernamePasswordDatabaseDontUse(scanner=b"secret"))

    @site.on_upload
    async def page(file):
        pages.append((file.account, file.name, len(await file.read())))

    return compose(site, ftp(f"tcp:{port}:interface=127.0.0.1"))
