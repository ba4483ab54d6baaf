"""``netsuite dkim`` and ``netsuite dns``, as an operator uses them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue

from netsuite.testing.cases import TestCase
from netsuite.testing.names import DNSServer, Name
from tests.cli.commands import COMMAND, done, refused, run


class Keys(TestCase):
    """Keys of a home."""

    timeout = 60.0

    def setUp(self) -> None:
        self.home = Path(self.mktemp())

    def test_new_and_list(self) -> None:
        """Two keys are made, their records printed; another under the name is refused."""
        printed = done(self.home, "dkim", "new", "Example.org", "--selector", "s1")
        names = re.findall(r"(?m)^(\S+)\. IN TXT \"v=DKIM1; k=(\w+); p=", printed)
        self.assertEqual(
            [("s1r._domainkey.example.org", "rsa"), ("s1e._domainkey.example.org", "ed25519")],
            names,
        )
        listed = done(self.home, "dkim", "list").split()
        self.assertEqual(["example.org", "s1e", "ed25519", "example.org", "s1r", "rsa"], listed[3:])
        self.assertIn("there is a key s1r", refused(
            self.home, "dkim", "new", "example.org", "--selector", "s1"))  # fmt: skip
        self.assertIn("no domain", refused(self.home, "dkim", "new", "../x"))
        done(self.home, "dkim", "new", "example.org", "--selector", "x", "--kind", "ed25519")
        path = self.home / "dkim" / "example.org.x.pem"
        path.chmod(0o644)
        code, printed = run(self.home, "dkim", "list")
        self.assertEqual(1, code)
        self.assertIn("others may read it; say chmod 600 example.org.x.pem", printed)
        self.assertNotIn("PRIVATE", printed)

    def test_not_yet(self) -> None:
        """A host without a name, and what is no domain, have no records."""
        self.assertIn("set it to this host's name first", refused(self.home, "dns", "example.org"))
        self.assertIn("is no domain", refused(self.home, "dns", "example"))
        self.assertIn("is no domain", refused(self.home, "dns", "a b.test"))

    async def check(self, server: DNSServer) -> tuple[int, dict[str, str]]:
        """Run ``netsuite dns --check``; return its exit code, and by line what it says."""
        resolver = f'delivery.resolvers=["127.0.0.1:{server.address[1]}"]'
        settings = ["--set", "site.hostname=mx.example.org", "--set", resolver]
        arguments = [*COMMAND[1:], "--home", str(self.home), *settings, "dns", "example.org"]
        arguments.append("--check")
        running: Deferred[tuple[bytes, bytes, int]] = getProcessOutputAndValue(
            COMMAND[0], arguments, env=os.environ
        )
        printed, errors, code = await running
        self.assertEqual(b"", errors)
        lines = [line.split(None, 1) for line in printed.decode().splitlines() if line[0] != " "]
        return code, {line: state for state, line in lines}

    async def test_dns(self) -> None:
        """What is printed is found once it is published."""
        done(self.home, "dkim", "new", "example.org", "--selector", "s1")
        printed = done(self.home, "--set", "site.hostname=mx.example.org", "dns", "example.org")
        lines = [line for line in printed.splitlines() if not line.startswith(";")]
        names: dict[str, Name] = {}
        server = DNSServer(reactor, names)
        self.addCleanup(lambda: Deferred.fromCoroutine(server.stop()))
        code, states = await self.check(server)
        self.assertEqual((1, dict.fromkeys(lines, "missing")), (code, states))
        for line in lines:
            name, _, kind, data = line.split(None, 3)
            if kind == "TXT":
                names[name.rstrip(".")] = Name(txt=["".join(data[1:-1].split('" "')).encode()])
        names["example.org"].mx = [(10, "mx.example.org")]
        for host in ("mta-sts", "autoconfig", "autodiscover"):
            names[f"{host}.example.org"] = Name(alias="mx.example.org")
        names["mx.example.org"].addresses = ["192.0.2.1"]
        code, states = await self.check(server)
        self.assertEqual(1, code)
        self.assertEqual({line for line in lines if " SRV " in line},
                         {line for line, state in states.items() if state != "there"})  # fmt: skip
