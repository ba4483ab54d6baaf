"""twistd's own log: a file that may be moved away at any time, as logrotate does.

twistd's goes on writing into the file that was moved, whatever it is told: at SIGUSR1 it moves the
file itself, and where that is gone, does nothing.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from twisted.application.service import IService, MultiService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver, textFileLogObserver
from twisted.python.components import Componentized
from twisted.python.logfile import LogFile

from netsuite.connection.rotation import Rotation
from netsuite.logs.form import JSONLog
from netsuite.logs.settings import LogSection

#: Where twistd logs in the background when it is not told.
DEFAULT: Final = "twistd.log"


class WatchedLogFile(LogFile):
    """A log that looks at each line whether its name still leads to it, and else opens it anew.

    Where it cannot be opened, as by the user that a daemon has become, in a directory of root's, it
    goes on in the old file, and tries again at the next line. It moves itself away when that is
    due, where it may.
    """

    _file: BinaryIO
    path: str
    #: When it is moved away.
    rotation = Rotation()

    def shouldRotate(self) -> bool:  # noqa: N802 - Twisted's name
        """Return whether it is to be moved; asked before each line."""
        ours = os.fstat(self._file.fileno())
        self._follow(ours)
        return self.rotation.is_due(self.size, ours.st_mtime, time.time())

    def _follow(self, ours: os.stat_result) -> None:
        """Open what is there now by the name, where that is another file, or none."""
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
        self._open_anew()

    def rotate(self) -> None:
        """Move the log away, and go on in a new one, where that may be done."""
        with suppress(OSError):
            self.rotation.move_away(Path(self.path))
            self._open_anew()

    def _open_anew(self) -> None:
        """Open what is there by the name; where that cannot be done, go on in the old file."""
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


def prints_log(options: Mapping[str, object] | None) -> bool:
    """Return whether twistd logs to standard output by its options."""
    if options is None or "logfile" not in options or options.get("syslog"):
        return False
    given = options["logfile"]
    return not options.get("logger") and (given == "-" or bool(not given and options["nodaemon"]))


class LoggedService(MultiService):
    """A daemon whose log twistd leaves to it.

    Args:
        service: the daemon.
        path: of the log; None: standard output, as it is now.
        settings: of logs.
        reactor: by which SIGUSR1 is answered.
    """

    def __init__(
        self,
        service: IService,
        path: str | None,
        settings: LogSection,
        reactor: IReactorFromThreads,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._settings = settings
        self._output = sys.stdout
        self._reactor = reactor
        service.setServiceParent(self)

    def setServiceParent(self, parent: object) -> None:  # noqa: N802 - Twisted's name
        """Accept the application, which twistd asks for an observer before it makes its own."""
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]
        if isinstance(parent, Componentized):
            # A log file of Twisted's has of a file what its observers need.
            log: Any = self._output if self._path is None else self._opened(self._path)
            written = JSONLog if self._settings.form == "json" else textFileLogObserver
            parent.setComponent(ILogObserver, written(log))

    def _opened(self, path: str) -> WatchedLogFile:
        log: WatchedLogFile = WatchedLogFile.fromFullPath(path)  # type: ignore[no-untyped-call]
        log.rotation = self._settings.rotation
        number = getattr(signal, "SIGUSR1", None)  # not everywhere
        # As twistd takes it, for those who send it after they have moved the file.
        if number is not None and not signal.getsignal(number):
            signal.signal(number, lambda *_: self._reactor.callFromThread(log.write, b""))
        return log


def logged(
    service: IService,
    options: Mapping[str, object] | None,
    settings: LogSection,
    reactor: IReactorFromThreads,
) -> IService:
    """Return what twistd is to run: a service whose log is as the settings want it, as far as that
    is not left to twistd. What goes to syslog, or to an observer of somebody's own, is.

    Args:
        options: twistd's.
    """
    path = log_path(options)
    if path is not None or (settings.form == "json" and prints_log(options)):
        return LoggedService(service, path, settings, reactor)
    return service
