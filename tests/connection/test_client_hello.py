"""The protocols of a client's first message, of OpenSSL's own and of octets that only look so."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from netsuite.connection.client_hello import HELLO_OCTETS, HelloConnection, offered_protocols
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.test_tls import exchange


def hello(*protocols: bytes) -> bytes:
    """Return what OpenSSL's client says first."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if protocols:
        context.set_alpn_protos(list(protocols))
    client = SSL.Connection(context, None)
    client.set_tlsext_host_name(b"mail.test")
    client.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        client.do_handshake()
    return client.bio_read(65_536)


def in_records(octets: bytes, size: int) -> bytes:
    """Return a record's content in smaller ones."""
    body = octets[5:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(octets[:3] + len(each).to_bytes(2) + each for each in pieces)


class Remembered(SynchronousTestCase):
    """``HelloConnection``."""

    def test_forgotten(self) -> None:
        """The first message is there while hands are shaken, and takes no room afterwards."""
        ours = HelloConnection(server_context(), None)
        ours.set_accept_state()
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_alpn_protos([b"one", b"two"])
        theirs = SSL.Connection(context, None)
        theirs.set_connect_state()
        with contextlib.suppress(SSL.WantReadError):
            theirs.do_handshake()
        ours.bio_write(theirs.bio_read(65_536))
        self.assertEqual((b"one", b"two"), ours.offered())
        exchange(ours, theirs)
        self.assertEqual((), ours.offered())
        theirs.send(b"x" * 10_000)
        ours.bio_write(theirs.bio_read(65_536))
        self.assertEqual((b"", 10_000), (ours._hello, len(ours.recv(65_536))))


def server_context() -> SSL.Context:
    """Return a context with a certificate."""
    made = authority.certificate("a.test")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(made.certificate)
    context.use_privatekey(made.key)
    return context


class Offered(SynchronousTestCase):
    """``offered_protocols``."""

    def test_of_openssl(self) -> None:
        """All names are found, in their order, in however many records they come."""
        for names in ((), (b"acme-tls/1",), (b"h2", b"http/1.1", b"x" * 255)):
            octets = hello(*names)
            self.assertEqual(names, offered_protocols(octets))
            for size in (1, 3, 100):
                self.assertEqual(names, offered_protocols(in_records(octets, size)))

    def test_cut(self) -> None:
        """A message that is not whole offers nothing."""
        octets = hello(b"acme-tls/1")
        for end in range(len(octets)):
            self.assertEqual((), offered_protocols(octets[:end]))
        self.assertEqual((b"acme-tls/1",), offered_protocols(octets + b"\x14\x03\x03\x00\x01\x01"))

    def test_bounded(self) -> None:
        """No more is looked at than a record has."""
        octets = in_records(hello(*[b"%0255d" % each for each in range(70)]), 4000)
        self.assertGreater(len(octets), HELLO_OCTETS)
        self.assertEqual((), offered_protocols(octets))

    @given(st.binary(max_size=600), st.integers(0, 400), st.binary(max_size=8))
    def test_anything(self, octets: bytes, at: int, changed: bytes) -> None:
        """No octets raise anything."""
        offered_protocols(octets)
        offered_protocols(b"\x16\x03\x01" + len(octets).to_bytes(2) + octets)
        offered_protocols(b"\x16\x03\x01" + (len(octets) + 4).to_bytes(2) + b"\x01\0"
                          + len(octets).to_bytes(2) + octets)  # fmt: skip
        said = hello(b"acme-tls/1")
        offered_protocols(said[:at] + changed + said[at + len(changed) :])
