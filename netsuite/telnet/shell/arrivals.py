"""Word of new mail: as soon as it is there, and at the prompt what is left unread of it."""

from __future__ import annotations

from collections.abc import Callable

from netsuite.store.changes import Change, MessagesAdded, Subscription
from netsuite.store.errors import StoreError
from netsuite.store.model import SEEN
from netsuite.telnet.shell.command import Shell
from netsuite.telnet.shell.mailbox import INBOX


class NewMail:
    """Tells a user of what comes into INBOX.

    While a command shows something, a line in between would spoil it: what comes then is told at
    the next prompt.

    Args:
        tell: shows a line at once, what is being typed stays; returns whether that could be.
    """

    def __init__(self, tell: Callable[[str], bool]) -> None:
        self._tell = tell
        self._watched: Subscription | None = None
        self._waiting = 0
        self._at_prompt = False

    async def watch(self, shell: Shell) -> None:
        """Begin; an INBOX that cannot be watched is none that is told of."""
        try:
            inbox = await shell.access.mail.folder(INBOX)
        except StoreError:
            return
        self._watched = shell.access.mail.watch_folder(inbox.id, self._changed)

    def close(self) -> None:
        """Tell no more."""
        if self._watched is not None:
            self._watched.cancel()
            self._watched = None

    def prompting(self, at_prompt: bool) -> None:
        """Accept that a command is to be typed, or was."""
        self._at_prompt = at_prompt
        self._tell_waiting()

    def _changed(self, change: Change) -> None:
        """Note what has come; called by the store, which may not be asked meanwhile."""
        if isinstance(change, MessagesAdded):
            self._waiting += sum(SEEN not in flags for flags in change.flags)
            self._tell_waiting()

    def _tell_waiting(self) -> None:
        if self._at_prompt and self._waiting:
            messages = "a message" if self._waiting == 1 else f"{self._waiting} messages"
            if self._tell(f"New mail: {messages}; `mail` lists what there is."):
                self._waiting = 0
