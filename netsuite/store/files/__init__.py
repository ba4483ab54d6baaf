"""The trees of files: real directories (``disk``) and a reference in memory (``memory``)."""

from __future__ import annotations

from netsuite.store.files.disk import DiskTree
from netsuite.store.files.mapped import Mapped
from netsuite.store.files.memory import MemoryTree
from netsuite.store.files.site_trees import MemorySiteTrees, SiteTrees
from netsuite.store.files.subtree import Subtree

__all__ = ["DiskTree", "Mapped", "MemorySiteTrees", "MemoryTree", "SiteTrees", "Subtree"]
