"""twistd's own log: a file that may be moved away at any time, as logrotate does.

twistd's goes on writing into the file that was moved, whatever it is told: at SIGUSR1 it moves the
file itself, and where that is gone, does nothing.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Mapping
from typing import BinaryIO, Final

from twisted.application.service import IService, MultiService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver, textFileLogObserver
from twisted.python.components import Componentized
from twisted.python.logfile import LogFile

#: Where twistd logs in the background when it is not told.
DEFAULT: Final = "twistd.log"


class WatchedLogFile(LogFile):
    """A log that looks at each line whether its name still leads to it, and else opens it anew.

    Where it cannot be opened, as by the user that a daemon has become, in a directory of root's, it
    goes on in the old file, and tries again at the next line. As twistd's, it moves itself away
    when it has a million octets, where it may.
    """

    _file: BinaryIO
    path: str

    def shouldRotate(self) -> bool:  # noqa: N802 - Twisted's name
        """Return whether it is long enough to be moved; asked before each line."""
        self._follow()
        return bool(super().shouldRotate())  # type: ignore[no-untyped-call]

    def _follow(self) -> None:
        """Open what is there now by the name, where that is another file, or none."""
        ours = os.fstat(self._file.fileno())
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            pass
        except OSError:
            return
        else:
            if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                return
            self.defaultMode = stat.S_IMODE(there.st_mode)  # as whoever made it wants it
        old = self._file
        try:
            self._openFile()  # type: ignore[no-untyped-call]
        except OSError:
            return
        old.close()


def log_path(options: Mapping[str, object] | None) -> str | None:
    """Return the file that twistd logs to by its options; None for none."""
    if options is None or options.get("syslog") or options.get("logger"):
        return None
    given = options.get("logfile")
    if "logfile" not in options or given == "-" or (not given and options.get("nodaemon")):
        return None
    return str(given or DEFAULT)


class LoggedService(MultiService):
    """A daemon whose log twistd leaves to it.

    Args:
        service: the daemon.
        path: of the log.
        reactor: by which SIGUSR1 is answered.
    """

    def __init__(self, service: IService, path: str, reactor: IReactorFromThreads) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._reactor = reactor
        service.setServiceParent(self)

    def setServiceParent(self, parent: object) -> None:  # noqa: N802 - Twisted's name
        """Accept the application, which twistd asks for an observer before it makes its own."""
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]
        if not isinstance(parent, Componentized):
            return
        log = WatchedLogFile.fromFullPath(self._path)  # type: ignore[no-untyped-call]
        parent.setComponent(ILogObserver, textFileLogObserver(log))
        number = getattr(signal, "SIGUSR1", None)  # not everywhere
        # As twistd takes it, for those who send it after they have moved the file.
        if number is not None and not signal.getsignal(number):
            signal.signal(number, lambda *_: self._reactor.callFromThread(log.write, b""))
