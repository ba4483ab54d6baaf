"""A pool whose threads work while the reactor waits for them, so that one at a time does."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Final, ParamSpec, TypeVar

from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from netsuite.testing.fabric.turns import Turns, name_of

P = ParamSpec("P")
R = TypeVar("R")

#: So long, in real seconds, a thread may work until it ends, or waits for something.
WORK_SECONDS: Final = 10.0
#: So long is waited, in real seconds, for what a thread that waits gets from another than us.
GRACE_SECONDS: Final = 0.1
#: So often, in real seconds, is looked whether a thread waits.
_LOOK_SECONDS: Final = 0.001
#: The functions of ``threading`` in which Python's threads wait; elsewhere they work.
_WAITING: Final = frozenset({"wait", "join", "_wait_for_tstate_lock"})
#: Of where a thread stands so many calls are told, the innermost.
_TOLD_CALLS: Final = 3


class TurnThreads(ThreadPool):
    """Threads for the work of a reactor that takes turns: a turn that begins some waits until it
    has ended, or waits for something itself. Work that asks nothing of the reactor is the same
    every time, and takes no virtual time; time stands still while any thread works.

    Args:
        turns: of the reactor.
    """

    def __init__(self, turns: Turns) -> None:
        super().__init__(0, 1, "fabric")
        self._turns = turns
        self._under_way: dict[threading.Thread, str] = {}

    def start(self) -> None:
        """Be started; there is nothing to start."""
        self.started = True

    def stop(self) -> None:
        """Be stopped; what was given still runs."""
        self.started = False

    def adjustPoolsize(self, minthreads: int | None = None, maxthreads: int | None = None) -> None:
        """Accept a size that makes no difference."""

    def callInThreadWithCallback(
        self,
        onResult: Callable[[bool, R], object] | None,
        func: Callable[P, R],
        *args: P.args,
        **kw: P.kwargs,
    ) -> None:
        """Call a function in a thread, from a later turn on, and tell there how it went."""

        def work() -> None:
            try:
                result = func(*args, **kw)
            except Exception:
                if onResult is None:
                    self._turns.log.failure("in a thread: {name}", name=name_of(func))
                else:
                    onResult(False, Failure())  # type: ignore[arg-type]  # as ThreadPool does
            else:
                if onResult is not None:
                    onResult(True, result)

        self._turns.call_soon(partial(self._begin, work, name_of(func)))

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=f"fabric: {name}", daemon=True)
        self._under_way[thread] = name
        thread.start()
        self._await_rest()

    def at_work(self) -> bool:
        """Return whether any work has not ended."""
        for thread in [each for each in self._under_way if not each.is_alive()]:
            del self._under_way[thread]
        return bool(self._under_way)

    def give_time(self) -> bool:
        """Let threads work, where nothing is due; return whether there is something to do then.

        Raises:
            AssertionError: one neither ends nor waits for anything.
        """
        self._await_rest()
        busy = [each for each in self._under_way if self._is_busy(each)]
        if busy:
            raise AssertionError(
                f"a thread has worked for {WORK_SECONDS:g} seconds, and the fabric has waited for "
                "it:\n  " + "\n  ".join(map(self._told, busy))
            )
        # What one waits for may come from a thread of others, which nobody sees.
        for _ in range(int(GRACE_SECONDS / _LOOK_SECONDS)):
            if self._turns.is_due() or not self.at_work():
                break
            next(iter(self._under_way)).join(_LOOK_SECONDS)
        return self._turns.is_due()

    def leftovers(self) -> list[str]:
        """Return what is still at work, each in words."""
        self.at_work()
        return [self._told(each) for each in self._under_way]

    def _await_rest(self) -> None:
        """Wait until each thread has ended, or waits."""
        for _ in range(int(WORK_SECONDS / _LOOK_SECONDS)):
            self.at_work()
            busy = next(filter(self._is_busy, self._under_way), None)
            if busy is None:
                return
            busy.join(_LOOK_SECONDS)

    def _is_busy(self, thread: threading.Thread) -> bool:
        frame = _frame_of(thread)
        if frame is None:
            return False
        inside = frame.f_globals.get("__name__") == threading.__name__
        return not (inside and frame.f_code.co_name in _WAITING)

    def _told(self, thread: threading.Thread) -> str:
        calls = traceback.extract_stack(_frame_of(thread))[-_TOLD_CALLS:]
        where = " > ".join(f"{each.name} ({each.filename}:{each.lineno})" for each in calls)
        return f"thread with {self._under_way[thread]}, in {where}"


def _frame_of(thread: threading.Thread) -> FrameType | None:
    """Return where a thread stands; None where it has ended."""
    return sys._current_frames().get(thread.ident or 0)
