"""Trial's test cases with types for the assertions, which have none in Twisted itself.

``Asserts`` alone declares them for what is mixed into a test case.
"""

# ruff: noqa: N815 (trial chose the names)
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from twisted.python.failure import Failure
from twisted.trial import unittest


class Asserts:
    """Declares what mixins and test cases call; the methods are those of trial's ``TestCase``."""

    addCleanup: Callable[..., None]
    assertEqual: Callable[..., None]
    assertFalse: Callable[..., None]
    assertGreater: Callable[..., None]
    assertGreaterEqual: Callable[..., None]
    assertIn: Callable[..., None]
    assertIs: Callable[..., None]
    assertIsInstance: Callable[..., None]
    assertIsNone: Callable[..., None]
    assertIsNot: Callable[..., None]
    assertIsNotNone: Callable[..., None]
    assertLess: Callable[..., None]
    assertLessEqual: Callable[..., None]
    assertNoResult: Callable[..., None]
    assertNotEqual: Callable[..., None]
    assertNotIn: Callable[..., None]
    #: The exception, or without a function a context that has it: too much for a ``Callable``.
    assertRaises: Callable[..., Any]
    assertRegex: Callable[..., None]
    assertTrue: Callable[..., None]
    fail: Callable[..., NoReturn]
    failureResultOf: Callable[..., Failure]
    flushLoggedErrors: Callable[..., list[Failure]]
    mktemp: Callable[[], str]
    patch: Callable[..., object]


class TestCase(Asserts, unittest.TestCase):
    """``twisted.trial.unittest.TestCase``."""


class SynchronousTestCase(Asserts, unittest.SynchronousTestCase):
    """``twisted.trial.unittest.SynchronousTestCase``."""
