"""The control interface of servers under test: JSON over HTTP, for programs in any language.

``Control`` puts it on a port of loopback of its own, beside the servers; what it can be asked for
stands at its ``/``, and in docs/reference/control.rst.
"""

from netsuite.testing.control.service import Control

__all__ = ["Control"]
