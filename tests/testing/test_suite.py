"""A suite under test: what one may do with its services."""

from __future__ import annotations

from netsuite.testing.faults import Faults
from netsuite.testing.grounds import Memory
from netsuite.testing.suite import Suite


def test_a_service_has_all_faults() -> None:
    """``smtp.refusing`` is ``smtp.faults.refusing``, and no other name of a service hides one."""
    ground = Memory()
    suite = Suite("smtp", ground=ground)
    ground.run(suite.start)
    for name, of_class in vars(Faults).items():
        if callable(of_class) and not name.startswith("_"):
            assert getattr(suite.smtp, name).__func__ is of_class, name
    ground.run(suite.stop)
