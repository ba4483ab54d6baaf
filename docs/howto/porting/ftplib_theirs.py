"""A page kept on an FTP server, with ftplib of the standard library."""

import ftplib
import io


def keep(host, port, user, password, page):
    """Store a page where others are; return its size, what comes back, the names, a refusal."""
    with ftplib.FTP(timeout=20) as ftp:
        ftp.connect(host, port)
        ftp.login(user, password)
        ftp.mkd("pages")
        ftp.cwd("pages")
        ftp.storbinary("STOR page", io.BytesIO(page))
        back = io.BytesIO()
        ftp.retrbinary("RETR page", back.write, rest=2)
        size = ftp.size("page")
        names = ftp.nlst()
        try:
            ftp.size("none")
        except ftplib.error_perm as error:
            refusal = str(error)[:3]
        ftp.delete("page")
        ftp.cwd("..")
        ftp.rmd("pages")
    return size, back.getvalue(), names, refusal
