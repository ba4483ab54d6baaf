"""A suite in memory with its control interface, and a client of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from netsuite.http.client import HTTPClient
from netsuite.http.commands import Fields
from netsuite.smtp import client as smtp
from netsuite.testing.control import Control
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite


class World:
    """A suite in memory, its control interface, and a client of that."""

    def __init__(self, *services: str, load: Path | None = None, **more: Any) -> None:
        self.ground = Memory()
        self.suite = Suite(*services, ground=self.ground, **more)
        self.run = self.ground.run
        self.run(self.suite.start)
        self.control = Control(self.suite, load=load, limit_octets=5000)
        self.run(self.control.start)
        self.http = HTTPClient(self.ground.reactor)

    def end(self) -> None:
        """Stop everything; nothing is left."""
        self.run(self.http.close)
        self.run(self.control.stop)
        self.run(self.suite.stop)
        assert not self.ground.open()

    def ask(self, method: str, path: str, body: object = None, **fields: str) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        octets = body if isinstance(body, bytes) else b"" if body is None else dumped(body)

        async def asked() -> tuple[int, bytes]:
            answer = await self.http.request(
                method,
                self.control.url + path,
                fields=Fields((name.replace("_", "-"), value) for name, value in fields.items()),
                body=octets,
            )
            async with answer as response:
                return response.status, await response.read(1_000_000)

        return self.run(asked)

    def get(self, path: str, status: int = 200) -> Any:
        """Return what is got, read from JSON."""
        return self.json("GET", path, None, status)

    def json(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """Return an answer read from JSON; it has this status."""
        found, octets = self.ask(method, path, body)
        assert found == status, octets
        return json.loads(octets)

    def refused(self, method: str, path: str, body: object = None, status: int = 400) -> str:
        """Return what is said of a request that is refused."""
        said = self.json(method, path, body, status)
        assert set(said) == {"error"}
        return str(said["error"])

    def send(self, to: str = "ann@example.test", subject: str = "hello") -> int:
        """Send a message by SMTP; return the code of the answer."""

        async def sent() -> int:
            endpoint, clock = self.suite.smtp.endpoint, self.suite.clock
            client = await smtp.connect(endpoint, clock=clock, helo="me.test")
            text = f"Subject: {subject}\r\nFrom: bob@example.org\r\n\r\nHi.\r\n".encode()
            (result,) = await client.send_message("bob@example.org", [to], text)
            await client.quit()
            return result.reply.code

        return self.run(sent)


def dumped(body: object) -> bytes:
    """Return a body in JSON."""
    return json.dumps(body).encode()
