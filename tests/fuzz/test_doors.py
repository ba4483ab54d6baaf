"""Every server against mutated sessions; what must hold is written in the folder's first file."""

from __future__ import annotations

import os
import time
from random import Random

import pytest
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from netsuite.testing.transcripts import Peer
from tests.fuzz.doors import DOORS, Door
from tests.fuzz.mutation import cut, mutated

SECONDS = float(os.environ.get("NETSUITE_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("NETSUITE_FUZZ_SEED", time.time_ns() % 1_000_000_000))
#: Sessions in one world, so that what one leaves behind meets the next.
IN_A_WORLD = 20
_LEAST = 10


@pytest.mark.parametrize("door", DOORS, ids=[door.name for door in DOORS])
def test_mutated_sessions(door: Door) -> None:
    """The invariant holds for as many sessions as the budget allows."""
    seeds = door.seeds()
    assert len(seeds) > 1
    end = time.monotonic() + SECONDS
    number = 0
    while number < _LEAST or time.monotonic() < end:
        seed = SEED + number // IN_A_WORLD * IN_A_WORLD
        _one_world(door, seeds, seed)
        number += IN_A_WORLD


def _one_world(door: Door, seeds: list[bytes], seed: int) -> None:
    random = Random(seed)
    errors: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.error, LogLevel.critical):
            errors.append(event)

    whole, pieces = door.world(), door.world()
    globalLogPublisher.addObserver(observe)
    try:
        for _ in range(IN_A_WORLD):
            octets = mutated(random, seeds)
            told = f"NETSUITE_FUZZ_SEED={seed}: {octets!r}"
            said = _session(whole(), [octets])
            cuts = cut(random, octets)
            again = _session(pieces(), cuts)
            assert not errors, f"{told}\nlogged {errors[0]}"
            if door.disordered is None or door.disordered not in octets.lower():
                assert said == again, f"{told}\ncut at {[len(each) for each in cuts]}"
            assert door.form.fullmatch(said), f"{told}\nanswered {said!r}"
            assert b"Traceback" not in said, told
        assert door.answer in _session(whole(), [door.good]), f"NETSUITE_FUZZ_SEED={seed}"
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
