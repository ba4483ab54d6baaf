"""What a policy costs that returns at once, and how many messages are signed and verified."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from netsuite.connection.coroutine_task import Work, start
from netsuite.message.headers import header_end
from netsuite.smtp.policy.interface import Facts, Policy, Verdict
from netsuite.smtp.policy.keys import KINDS, make_key
from netsuite.smtp.policy.signing import Signer
from netsuite.smtp.policy.verification import verify
from netsuite.testing.names import FakeDNS, Name
from tests.benchmarks import servers
from tests.benchmarks.acceptance import messages_per_second
from tests.benchmarks.report import Report
from tests.smtp.policy.samples import at_once, message

ROUNDS: Final = 5
MESSAGES: Final = 3000
SIGNATURES: Final = 1000
_GOAL_PER_CENT: Final = 5.0
_GOAL_SIGNATURES: Final = 500
_LETTER: Final = (
    b"From: a@example.org\r\nTo: b@example.net\r\nSubject: hello\r\nMessage-ID: <1@example.org>\r\n"
    b"Date: Fri, 2 Jan 2026 03:04:05 +0000\r\n\r\n" + b"A line of text, as letters have.\r\n" * 120
)


class AtOnce(Policy):
    """Accepts every sender."""

    async def mail(self, facts: Facts) -> Verdict:
        return None


def measure(report: Report) -> None:
    """Measure both."""
    _policy(report)
    _signatures(report)


def _policy(report: Report) -> None:
    """Compare what a message costs the server, by its processor time, as others need the machine,
    too."""
    chains = {"no policy": "[]", "a policy": f"['{AtOnce.__module__}:AtOnce']"}
    costs: dict[str, list[float]] = {name: [] for name in chains}
    for _ in range(ROUNDS):
        for name, chain in chains.items():
            with servers.netsuite(f"policy.smtp={chain}") as ours:
                smtp = ours["smtp"]
                messages_per_second(smtp.port, 20, MESSAGES // 10)
                before = _seconds(smtp.pid)
                messages_per_second(smtp.port, 20, MESSAGES)
                costs[name].append((_seconds(smtp.pid) - before) / MESSAGES * 1e6)
    least = {name: min(each) for name, each in costs.items()}
    for name, cost in least.items():
        report.row("processor time of a message accepted", name, f"{cost:.0f} microseconds")
    more = (least["a policy"] / least["no policy"] - 1) * 100
    report.judge(
        "a policy that returns at once", "netsuite", f"{more:+.1f} %",
        reached=more < _GOAL_PER_CENT, goal=f"< {_GOAL_PER_CENT:g} %",
    )  # fmt: skip


def _seconds(pid: int) -> float:
    """Return the processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _run(work: Work[None]) -> None:
    """Run a coroutine that does not wait."""
    outcome = start(work)
    if outcome is not None:
        raise AssertionError(outcome)


async def _body(octets: bytes) -> AsyncIterator[bytes]:
    yield octets


def _signatures(report: Report) -> None:
    end = header_end(_LETTER)
    for kind in KINDS:
        with TemporaryDirectory() as folder:
            key = make_key(Path(folder), "example.org", "s", kind)
        signer = Signer([key], at_once, time.time)
        dns = FakeDNS({key.name: Name(txt=[key.record.encode()])})
        signed: list[bytes] = []

        async def sign(signer: Signer = signer, signed: list[bytes] = signed) -> None:
            for _ in range(SIGNATURES):
                signed.append(await signer.sign(_LETTER[:end], _body(_LETTER[end:])))

        async def check(dns: FakeDNS = dns, signed: list[bytes] = signed) -> None:
            for each in signed:
                (found,) = await verify(message(each + _LETTER), dns, at_once, now=time.time())
                assert found.result == "pass"

        for what, work in (("signed", sign), ("verified", check)):
            before = time.process_time()
            _run(work())
            rate = SIGNATURES / (time.process_time() - before)
            report.judge(
                f"messages of 4 KB {what} by DKIM, a core", kind, f"{rate:,.0f}/s",
                reached=rate >= _GOAL_SIGNATURES, goal=f">= {_GOAL_SIGNATURES}/s",
            )  # fmt: skip
