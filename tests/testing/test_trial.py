"""trial's test case with servers, as trial runs and reports it."""

from __future__ import annotations

import io
from typing import ClassVar, Literal

import pytest
from twisted.trial import reporter
from twisted.trial.unittest import SkipTest

from netsuite.connection.errors import ClientError
from netsuite.testing.case import TestCase


class Wrong(TestCase):
    """What goes wrong in tests of somebody else's, when a server has been talked to."""

    __test__ = False
    services = ("smtp",)
    ground: ClassVar[Literal["sockets", "memory"]] = "memory"

    async def _raise(self, error: Exception) -> None:
        self.netsuite.smtp.transcripts.transcript("smtp-1").heard(b"EHLO shop\r\n")
        raise error

    async def fails(self) -> None:
        await self._raise(AssertionError("one is two"))

    async def loses(self) -> None:
        await self._raise(ClientError("lost"))

    async def lacks(self) -> None:
        await self._raise(KeyError("x"))

    async def skips(self) -> None:
        await self._raise(SkipTest("not today"))


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("fails", "AssertionError: one is two\n\nsmtp-1:\n  C: EHLO shop\n"),
        ("loses", "errors.ClientError: lost\n\nsmtp-1:\n  C: EHLO shop\n"),
        ("lacks", "KeyError: 'x'\n"),
        ("skips", "not today\n"),
    ],
)
def test_what_trial_shows(method: str, shown: str) -> None:
    """A test that failed shows what was said, one that was skipped does not."""
    printed = io.StringIO()
    result = reporter.TreeReporter(printed, realtime=False)
    Wrong(method).run(result)
    result.done()
    assert shown in printed.getvalue()
    assert "EHLO" in printed.getvalue() or method in ("lacks", "skips")
