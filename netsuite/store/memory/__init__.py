"""The reference store: everything in dictionaries, one step at a time, gone with the process.

It keeps every promise of ``netsuite.store.interfaces`` but durability, and is written to be
obviously right; ``netsuite.store.sql`` is compared with it.
"""

from __future__ import annotations

from netsuite.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
