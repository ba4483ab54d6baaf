"""The kit for tests: real servers of all eight protocols in milliseconds, and what goes wrong.

``suite`` is any set of servers on one store in memory; ``grounds`` are where it runs: in memory,
on sockets, or on sockets in a thread; ``blocking`` is the same for tests that block. ``case`` is
trial's test case with a suite, ``pytest_plugin`` gives fixtures. ``faults`` breaks servers to
order, ``certificates`` has good and bad ones, ``fabric`` is a reactor in memory. ``daemon`` starts
a real one; ``transport`` and ``authenticator`` stand in for a network and for accounts;
``transcripts`` plays conversations, ``recordings`` are those that were had, ``replay`` plays them
again; ``foreground`` and ``control`` serve programs in other languages; ``names`` are a DNS to
order; ``cases`` are trial's test cases, typed. ``store_contract`` and ``files_contract`` are what
every store and every tree of files must do. Nothing of the package imports this; it may import
everything.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

#: Each name with its module; imported when it is asked for, since a plugin of pytest stands here.
_NAMES: Final = {
    "BlockingSuite": "blocking",
    "Fabric": "fabric",
    "Mail": "mail",
    "Memory": "grounds",
    "Sockets": "grounds",
    "Suite": "suite",
    "TestCase": "case",
    "Thread": "grounds",
    "authority": "certificates",
    "serve": "blocking",
}
__all__ = list(_NAMES)


def __getattr__(name: str) -> object:
    """Return a name of the kit, imported now."""
    if name in _NAMES:
        return vars(import_module(f"{__name__}.{_NAMES[name]}"))[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
