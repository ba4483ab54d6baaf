"""A reactor in memory, whose time is virtual: servers and clients meet without sockets.

What listens on a ``Fabric`` and what connects on it meet there; nothing of the machine is used, so
a test neither waits nor is disturbed by what else runs. ``Fabric(seed=...)`` cuts and orders what
is sent as a network might, and always the same for the same seed.
"""

from netsuite.testing.fabric.reactor import Fabric

__all__ = ["Fabric"]
