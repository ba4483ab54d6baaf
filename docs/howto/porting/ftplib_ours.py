"""A page kept on an FTP server, with netsuite."""

import io

from netsuite import blocking
from netsuite.connection.errors import PermanentRefusal


def keep(url, user, password, page):
    """Store a page where others are; return its size, what comes back, the names, a refusal."""
    with blocking.ftp(url, credentials=(user, password), timeout=20) as ftp:
        ftp.mkd("pages")
        ftp.cwd("pages")
        ftp.store("page", page)
        back = io.BytesIO()
        ftp.read("page", offset=2).into(back)
        size = ftp.size("page")
        names = ftp.nlst()
        try:
            ftp.size("none")
        except PermanentRefusal as error:
            refusal = str(error.code)
        ftp.dele("page")
        ftp.cwd("..")
        ftp.rmd("pages")
    return size, back.getvalue(), names, refusal
