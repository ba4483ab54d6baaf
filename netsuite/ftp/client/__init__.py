"""The client's side of FTP: one session, and directory trees kept the same here and there."""

from netsuite.ftp.client.client import FTPClient, Reach, connect, refusal
from netsuite.ftp.client.remote_hashes import FileHash

__all__ = ["FTPClient", "FileHash", "Reach", "connect", "refusal"]
