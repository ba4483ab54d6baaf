"""Every server against mutated sessions; what must hold is written in the folder's first file."""

from __future__ import annotations

import os
import time
from random import Random

import pytest
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider

from netsuite.testing.transcripts import Peer
from tests.fuzz.mutation import cut, mutated
from tests.fuzz.targets import TARGETS, Target

SECONDS = float(os.environ.get("NETSUITE_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("NETSUITE_FUZZ_SEED", time.time_ns() % 1_000_000_000))
#: Sessions in one world, so that what one leaves behind meets the next.
IN_A_WORLD = 20
_LEAST = 10


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_mutated_sessions(target: Target) -> None:
    """The invariant holds for as many sessions as the budget allows."""
    seeds = target.seeds()
    assert len(seeds) > 1
    end = time.monotonic() + SECONDS
    number = 0
    while number < _LEAST or time.monotonic() < end:
        seed = SEED + number // IN_A_WORLD * IN_A_WORLD
        _one_world(target, seeds, seed)
        number += IN_A_WORLD


def _one_world(target: Target, seeds: list[bytes], seed: int) -> None:
    random = Random(seed)
    errors: list[LogEvent] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.error, LogLevel.critical):
            errors.append(event)

    whole, pieces = target.world(), target.world()
    globalLogPublisher.addObserver(observe)
    try:
        for _ in range(IN_A_WORLD):
            octets = mutated(random, seeds)
            told = f"NETSUITE_FUZZ_SEED={seed}: {octets!r}"
            said = _session(whole(), [octets])
            cuts = cut(random, octets)
            again = _session(pieces(), cuts)
            assert not errors, f"{told}\nlogged {errors[0]}"
            if target.disordered is None or target.disordered not in octets.lower():
                assert said == again, f"{told}\ncut at {[len(each) for each in cuts]}"
            assert target.form.fullmatch(said), f"{told}\nanswered {said!r}"
            assert b"Traceback" not in said, told
        assert target.answer in _session(whole(), [target.good]), f"NETSUITE_FUZZ_SEED={seed}"
    finally:
        globalLogPublisher.removeObserver(observe)


def _session(peer: Peer, pieces: list[bytes]) -> bytes:
    said = peer.heard()
    for each in pieces:
        if peer.closed:
            break
        peer.say(each)
        said += peer.heard()
    return said + peer.heard()
