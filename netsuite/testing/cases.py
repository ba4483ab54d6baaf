"""trial's test cases, with types: ``cases.pyi`` says what the assert methods take and return.

Twisted's own are not annotated. The types cost nothing at run time: these are trial's classes.
"""

from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

__all__ = ["Assertions", "SkipTest", "SynchronousTestCase", "TestCase"]


class Assertions:
    """What a class that is mixed into a test case may call of it; the test case brings it."""
