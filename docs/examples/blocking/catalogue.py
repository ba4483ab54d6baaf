"""The shop's catalogue, brought to an FTP server; what was cut off goes on where it stopped."""

import ftplib
from pathlib import Path


def publish(path: Path, server: tuple[str, int], login: tuple[str, str], attempts: int = 3) -> None:
    """Upload a file under its own name.

    Raises:
        ftplib.Error, OSError, EOFError: it did not work, however often it was tried.
    """
    for attempt in range(1, attempts + 1):
        try:
            _upload(path, server, login)
        except (ftplib.error_temp, OSError, EOFError):
            if attempt == attempts:
                raise
        else:
            return


def _upload(path: Path, server: tuple[str, int], login: tuple[str, str]) -> None:
    with ftplib.FTP(timeout=10) as ftp, path.open("rb") as file:
        ftp.connect(*server)
        ftp.login(*login)
        ftp.voidcmd("TYPE I")
        file.seek(_octets_there(ftp, path.name))
        ftp.storbinary(f"STOR {path.name}", file, rest=file.tell() or None)


def _octets_there(ftp: ftplib.FTP, name: str) -> int:
    try:
        return ftp.size(name) or 0
    except ftplib.error_perm:  # nothing yet
        return 0
