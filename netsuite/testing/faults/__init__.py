"""Faults of a server, made to order: refusals, broken transports, bad TLS, wrong words.

``Faults`` is what a test sets up; ``FaultProxy`` puts the same in front of a server of others.
"""

from netsuite.testing.faults.kinds import Direction, TLSFault
from netsuite.testing.faults.proxy import FaultProxy
from netsuite.testing.faults.rules import Rule, UnmetExpectation
from netsuite.testing.faults.service import Faults

__all__ = ["Direction", "FaultProxy", "Faults", "Rule", "TLSFault", "UnmetExpectation"]
