"""Certificates by ACME in memory: an authority, HTTP and TLS that it looks at, a clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from netsuite import tls
from netsuite.acme.advice import HTTP, TLS
from netsuite.acme.authority import Authority
from netsuite.acme.challenges import Answers
from netsuite.acme.files import ACMEFolder
from netsuite.acme.ordering import Ordering
from netsuite.acme.renewal import Renewal
from netsuite.bus import OneProcess
from netsuite.certificates import Certificates
from tests.acme.authority_double import DIRECTORY, Double, Transport
from tests.http import worlds as http_worlds
from tests.http.test_files import body, status
from tests.test_tls import handshake

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


def at_once(function: Callable[..., Any], *arguments: object) -> Deferred[Any]:
    """Run in this thread what would run in another."""
    return maybeDeferred(function, *arguments)


class World:
    """One daemon with its certificates, and the authority it asks."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.clock = Clock()
        self.http = http_worlds.World()
        self.closed: set[str] = set()
        self.judged: list[str] = []
        self.double = Double(self.judge, now=self.now)
        self.transport = Transport(self.double)
        self.bus = OneProcess()
        self.certificates = Certificates(folder, self.clock, host="mail.test")
        self.certificates.open()
        self.folder = ACMEFolder(folder)
        self.answers = Answers(self.bus, self.certificates, self.http.router)
        self.more = more

    def now(self) -> datetime:
        """Return the present moment."""
        return NOW + timedelta(seconds=self.clock.seconds())

    def authority(self, **more: Any) -> Authority:
        """Make the client's view of the authority."""
        return Authority(DIRECTORY, self.folder, now=self.now, transport=self.transport, **more)

    def ordering(self, authority: Authority) -> Ordering:
        """Make what orders of it."""
        return Ordering(authority, self.answers, at_once, self.clock)

    def renewal(self, *names: str, kinds: Sequence[str] = (HTTP, TLS), **more: Any) -> Renewal:
        """Make the service, and start it."""
        keep_key = more.pop("keep_key", False)
        authority = self.authority(**more)
        made = Renewal(
            names,
            self.folder,
            self.certificates,
            self.ordering(authority),
            authority,
            directory=DIRECTORY,
            kinds=kinds,
            keep_key=keep_key,
            run=at_once,
            clock=self.clock,
            now=self.now,
            chance=lambda: 0.5,
            once_ours=lambda begin: begin(),
        )
        made.startService()
        return made

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass in small steps."""
        for _ in range(int(seconds / step)):
            self.clock.advance(step)

    # -- what the authority looks at -----------------------------------------------------------

    def judge(self, kind: str, name: str, token: str, authorization: str) -> str:
        """Look whether a challenge is met, as the authority does; return the error's code."""
        self.judged.append(kind)
        if kind in self.closed:
            return "connection"
        if kind == HTTP:
            return self._by_http(name, token, authorization)
        return self._by_tls(name, authorization)

    def _by_http(self, name: str, token: str, authorization: str) -> str:
        path = f"/.well-known/acme-challenge/{token}"
        heard = self.http.ask(f"GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        right = status(heard) == 200 and body(heard) == authorization.encode()
        return "" if right else "unauthorized"

    def _by_tls(self, name: str, authorization: str) -> str:
        client = tls.client_options(name, insecure=True, protocols=[b"acme-tls/1"])
        try:
            _, theirs = handshake(self.certificates.context_for(b"http/1.1"), client)
        except SSL.Error:
            return "tls"
        shown = theirs.get_peer_certificate(as_cryptography=True)
        assert shown is not None
        (names,) = (e for e in shown.extensions if isinstance(e.value, x509.SubjectAlternativeName))
        digest = hashlib.sha256(authorization.encode()).digest()
        try:
            proof = shown.extensions.get_extension_for_oid(IDENTIFIER)
        except x509.ExtensionNotFound:
            return "unauthorized"
        right = proof.critical and proof.value.public_bytes() == b"\x04\x20" + digest
        right = right and names.value.get_values_for_type(x509.DNSName) == [name]
        return "" if right and theirs.get_alpn_proto_negotiated() == b"acme-tls/1" else "tls"
