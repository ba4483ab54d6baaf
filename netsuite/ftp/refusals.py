"""What an FTP client raises when the server says no."""

from __future__ import annotations

from netsuite.ftp.commands import Reply


class FTPRefused(Exception):
    """The server refused a command, or a transfer did not come to its end.

    Args:
        reply: what it said.
        command: to what; None for what it said unasked.
    """

    def __init__(self, reply: Reply, command: object = None) -> None:
        what = type(command).__name__.upper() if command is not None else "the connection"
        super().__init__(f"{what} was refused: {reply}")
        self.reply = reply
        self.command = command


class LoginRefused(FTPRefused):
    """The login was refused."""


class NotOffered(Exception):
    """The server does not offer what was asked for; the message names it."""
