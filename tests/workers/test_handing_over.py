"""What a new version is handed, and by which command it is started."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twisted.application.service import ServiceMaker
from twisted.scripts._twistd_unix import ServerOptions

from netsuite.testing.cases import SynchronousTestCase
from netsuite.workers.handing_over import (
    VARIABLE,
    Handed,
    HandedWorker,
    command_of,
    remove_pidfile,
    without_pidfile,
)


class Environment(SynchronousTestCase):
    """What stands in the environment."""

    def test_both_directions(self) -> None:
        """The new program finds what the old one has written, its descriptors open to it; and it
        is there once."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        handed = Handed(
            {"imap.listen tcp:0": [read]}, write, [HandedWorker(1, 7, read, "[", (), ("x",))]
        )
        started: list[Any] = []
        self.patch(os, "execve", lambda *arguments: started.append(arguments))
        kept = {number: signal.getsignal(number) for number in (1, 10, 12)}
        try:
            handed.replace(["/bin/program", "-n"])
            ignored = {signal.getsignal(number) for number in kept}
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        self.assertEqual({signal.SIG_IGN}, ignored)
        ((program, arguments, environ),) = started
        self.assertEqual(("/bin/program", ["/bin/program", "-n"]), (program, arguments))
        self.assertTrue(os.get_inheritable(read) and os.get_inheritable(write))
        found = Handed.take(environ, os.getpid())
        assert found is not None
        self.assertEqual(json.dumps(asdict(handed)), json.dumps(asdict(found)))
        self.assertIsNone(Handed.take(environ, os.getpid()))

    def test_nothing(self) -> None:
        """What is for another process, of another form, or nonsense, is nothing."""
        form = {"form": 1, "pid": 7, "sockets": {}, "table": 3, "workers": []}
        self.assertIsNotNone(Handed.take({VARIABLE: json.dumps(form)}, 7))
        for text in (
            "",
            "x",
            "[]",
            "null",
            json.dumps(form | {"pid": 8}),
            json.dumps(form | {"form": 2}),
            json.dumps(form | {"more": 2}),
            json.dumps({"form": 1, "pid": 7}),
            json.dumps(form | {"workers": [{"number": 1}]}),
            json.dumps(form | {"workers": 3}),
        ):
            self.assertIsNone(Handed.take({VARIABLE: text}, 7), text)


class Commands(SynchronousTestCase):
    """The command of the new version."""

    def command(self, *arguments: str, log: str | None = None) -> list[str]:
        """Return the command of a daemon that was started with these arguments."""

        maker = ServiceMaker("x", "netsuite.imap.service", "x", "netsuite-imap")

        class Options(ServerOptions):
            subCommands = [("netsuite-imap", None, lambda: maker.options(), "x")]  # noqa: N815

        twistd = Options()
        twistd.parseOptions(list(arguments))
        return command_of(
            twistd,
            argv=["/bin/twistd", *arguments],
            original=["python", "/bin/twistd", *arguments],
            log=log,
        )

    def test_what_is_kept(self) -> None:
        """What a process has become by its options it stays; the plugin's are as they were."""
        folder = self.mktemp()
        os.mkdir(folder)
        pidfile = os.path.abspath(f"{folder}/x.pid")
        plugin = ["netsuite-imap", "--home", "/srv", "--set", "imap.bad_commands=3"]
        done = ["--uid", "nobody", "-d", folder, "--umask=77", "--pidfile", pidfile, "-l", "x.log"]
        self.assertEqual(
            [
                *(sys.executable, "/bin/twistd", "--umask", "77", "--nodaemon"),
                *(f"--pidfile={pidfile}", f"--logfile={os.path.abspath('x.log')}", *plugin),
            ],
            self.command(*done, *plugin, log="x.log"),
        )
        self.assertEqual(
            [sys.executable, "/bin/twistd", "--nodaemon", "--pidfile=", *plugin],
            self.command("-n", "--pidfile=", *plugin),
        )

    def test_another_program(self) -> None:
        """Who was not started by twistd is started as it was."""
        found = command_of(
            None, argv=["-c", "x"], original=["python", "-c", "run()", "x"], log=None
        )
        self.assertEqual([sys.executable, "-c", "run()", "x"], found)

    def test_pidfile(self) -> None:
        """A trial looks at no pidfile; the program that takes over finds none, and writes it."""
        path = Path(self.mktemp())
        path.write_text("1")
        command = ["python", "twistd", f"--pidfile={path}", "netsuite"]
        self.assertEqual(["python", "twistd", "--pidfile=", "netsuite"], without_pidfile(command))
        remove_pidfile(command)
        self.assertFalse(path.exists())
        remove_pidfile(command)
        remove_pidfile(["--pidfile="])
