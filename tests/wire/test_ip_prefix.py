"""What one peer counts as."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.ip_prefix import peer_prefix


class Prefixes(SynchronousTestCase):
    """One host is one, whatever it calls itself."""

    def test_prefixes(self) -> None:
        """IPv4 addresses as they are, IPv6 by /64, mapped ones as IPv4, anything else as it is."""
        for address, prefix in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
            ("2001:db8:0:1::", "2001:db8:0:1::/64"),
            ("2001:db8:0:2::", "2001:db8:0:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("", ""),
            ("no:address", "no:address"),
        ]:
            self.assertEqual(prefix, peer_prefix(address))
