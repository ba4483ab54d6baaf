"""The certificates of a home at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from netsuite.acme.overview import Row, listeners, look_at, rows
from netsuite.certificates import SELF_SIGNED_DAYS, make_self_signed
from netsuite.config.load import load
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from tests.acme.worlds import World
from tests.connection.places import temporary


class Overview(SynchronousTestCase):
    """``rows``."""

    def setUp(self) -> None:
        self.path = temporary(self)
        self.world = World(self.path)

    def rows(self, *names: str) -> dict[str, Row]:
        self.world.certificates.look()
        found = rows(self.world.certificates, self.world.folder, names, datetime.now(UTC))
        return {each.file: each for each in found}

    def test_whose(self) -> None:
        """Those of ACME, of somebody else, and the self-made one are told apart."""
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        authority.certificate("other.test").write(self.path / "other.test.pem")
        found = self.rows("mail.test", "other.test")
        self.assertEqual({"mail.test": "acme", "other.test": "you", "default": "itself"},
                         {name: each.kept_by for name, each in found.items()})  # fmt: skip
        self.assertEqual(("Double", "2027-02-27 12:00", ""),
                         (found["mail.test"].issuer, found["mail.test"].until,
                          found["mail.test"].trouble))  # fmt: skip
        self.assertIn("mail.test", found["mail.test"].serves)
        self.assertEqual("itself", found["default"].issuer)

    def test_troubles(self) -> None:
        """What failed, what ends, and what there is none of yet."""
        made = datetime.now(UTC) + timedelta(days=3 - SELF_SIGNED_DAYS)
        make_self_signed(self.path / "ends.pem", "ends.test", made)
        self.world.closed = {"http-01", "tls-alpn-01"}
        self.world.renewal("mail.test")
        self.world.pass_time(30)
        found = self.rows("mail.test", "new.test")
        self.assertIn("is good only until", found["ends"].trouble)
        self.assertEqual(("", "acme"), (found["mail.test"].until, found["mail.test"].kept_by))
        self.assertRegex(found["mail.test"].trouble, "port 80.*tried again at 2026-11-29 12:31 UTC")
        self.assertEqual("there is none yet", found["new.test"].trouble)

    def test_enforced(self) -> None:
        """Who wants other hosts to insist on TLS is told for which names that cannot work."""
        wanted = ['site.hostname="mail.test"', 'site.domains=["a.test", "b.test"]']

        def said(*settings: str) -> list[str]:
            lines = look_at(self.path, load(None, [*wanted, *settings]))[1]
            return [line.split()[7] for line in lines if "enforce" in line]

        enforced = 'mta_sts.mode="enforce"'
        names = ["mail.test", "mta-sts.a.test", "mta-sts.b.test"]
        self.assertEqual([], said())
        self.assertEqual(names, said(enforced))
        self.assertEqual(names[1:], said(enforced, 'mta_sts.mx=["other.test"]'))
        self.assertEqual(names[:1], said(enforced, "http.enabled=false"))
        for name in ("mail.test", "*.a.test", "mta-sts.b.test"):
            authority.certificate(name).write(self.path / f"{name.replace('*', 'any')}.pem")
        self.assertEqual([], said(enforced))

    def test_listeners(self) -> None:
        """The ports that speak TLS from the first octet."""
        said = listeners(load(None, ['imap.listen_tls=["tcp6:993"]', "http.enabled=false"]))
        self.assertIn("imap at tcp6:993", said)
        self.assertNotIn("http at", said)
