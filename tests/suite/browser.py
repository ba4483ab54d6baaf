"""A browser without a window, told what to do by pipes (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

#: Its programs, by the names they have.
PROGRAM: Final = shutil.which("chromium") or shutil.which("google-chrome")
_SECONDS: Final = 60.0
_ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
    "--disable-component-update", "--no-proxy-server", "--remote-debugging-pipe",
)  # fmt: skip


class GoneElsewhere(Exception):
    """The page that was asked is left for another."""


class Chromium:
    """One window.

    Args:
        folder: where it keeps what it keeps; made.
    """

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None
        folder.mkdir()
        told, self._tell = os.pipe()
        self._hear, said = os.pipe()
        arguments = " ".join(_ARGUMENTS)
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$0" {arguments} --user-data-dir="$1" 3<&{told} 4>&{said}',
             PROGRAM, str(folder)],
            pass_fds=(told, said),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
            start_new_session=True,
        )  # fmt: skip
        os.close(told)
        os.close(said)
        self._number = 0
        self._rest = b""
        self._window: str | None = None
        #: What it complained of: of pages that break their policy, above all.
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._window = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End it, and what it has started."""
        os.close(self._tell)
        os.close(self._hear)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()

    # -- what is said to it ---------------------------------------------------------------------

    def call(self, method: str, **parameters: object) -> Any:
        """Call a method of the protocol; return its result. Raises GoneElsewhere."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._window is not None:
            message["sessionId"] = self._window
        os.write(self._tell, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._next()
            if heard.get("id") == self._number:
                if "navigated" in heard.get("error", {}).get("message", ""):
                    raise GoneElsewhere
                assert "error" not in heard, heard
                return heard["result"]
            self._note(heard)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._hear], [], [], max(end - time.monotonic(), 0))
            assert ready, "the browser says nothing"
            octets = os.read(self._hear, 1 << 20)
            assert octets, "the browser has ended"
            self._rest += octets
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def _note(self, heard: dict[str, Any]) -> None:
        if heard.get("method") == "Log.entryAdded":
            entry = heard["params"]["entry"]
            self.complaints.append(f"{entry['level']}: {entry['text']}")
        elif heard.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(heard["params"]["exceptionDetails"]))

    # -- what a person does ---------------------------------------------------------------------

    def run(self, script: str) -> Any:
        """Run a script in the page; return its value."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, found: Callable[[], object]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + _SECONDS
        while True:
            with suppress(GoneElsewhere):
                if found():
                    return
            assert time.monotonic() < end, self.run("document.documentElement.outerHTML")
            time.sleep(0.02)

    def open(self, url: str) -> None:
        """Open a page."""
        self._leave(lambda: self.call("Page.navigate", url=url))

    def press(self, label: str) -> None:
        """Press the first button with a label, or follow the first link."""
        words = json.dumps(label)
        found = f"[...document.querySelectorAll('button, a')].find(e => e.innerText == {words})"
        self._leave(lambda: self.run(f"{found}.click()"))

    def type(self, field: str, text: str) -> None:
        """Type into a field."""
        self.run(f"document.getElementById('field-{field}').focus()")
        self.call("Input.insertText", text=text)

    def _leave(self, do: Callable[[], object]) -> None:
        """Do what leads to another page, and wait until that is there."""
        self.run("window.isOld = true")
        with suppress(GoneElsewhere):
            do()
        self.until(lambda: self.run("!window.isOld && document.readyState == 'complete'"))

    @property
    def words(self) -> str:
        """What is read on the page."""
        return str(self.run("document.body.innerText"))

    def look(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Be so large, in points, and light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """Return what is seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
